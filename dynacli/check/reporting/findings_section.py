"""The findings of a check as a person reads them: each defect once, with the part of the answer that it is about."""

from collections.abc import Mapping, Sequence
from typing import Any

from dynacli.check.check_records import Exchange
from dynacli.check.reporting.check_results import CheckResults, curl_of
from dynacli.check.reporting.defects import Defect, find_defects, merged_defects
from dynacli.client.answers.verdict_text import placed
from dynacli.library.document_locations import Location
from dynacli.model.wording import enumerated
from dynacli.text.terminal import Painter, visible
from dynacli.text.wrapping import wrapped

__all__ = [
    "defects_by_operation",
    "excerpts_of",
    "findings_lines",
    "location_text",
    "marker_line",
    "place_text",
    "repetition_texts",
]

_MAX_DEFECTS = 20
"""Defects that are listed below one operation."""
_MAX_PLACES = 12
_MAX_OPERATIONS = 5
"""Operations that are named as having the same defect."""
_WIDE = 80
"""Columns from which on the part of the answer is shown that a finding is about."""


def defects_by_operation(results: CheckResults) -> dict[str, list[Defect]]:
    """Return name of an operation → the defects that were found there first, one of a rule that many fields break."""
    by_operation: dict[str, list[Defect]] = {}
    for defect in find_defects(results):
        by_operation.setdefault(defect.checked.operation.name, []).append(defect)
    return {name: merged_defects(defects) for name, defects in by_operation.items()}


def findings_lines(results: CheckResults, paint: Painter, width: int) -> list[str]:
    """Return the lines, each defect below the operation where it was found first; none where nothing was found."""
    lines: list[str] = []
    for defects in defects_by_operation(results).values():
        shown = defects[:_MAX_DEFECTS]
        for exchange in defects[0].checked.all_exchanges:
            in_exchange = [defect for defect in shown if defect.exchange is exchange]
            if in_exchange:
                lines.extend(_exchange_lines(results, exchange, in_exchange, paint, width))
        if len(defects) > _MAX_DEFECTS:
            lines.append(f"    and {len(defects) - _MAX_DEFECTS} more")
    return [paint.bold("Findings"), *lines] if lines else []


def _exchange_lines(
    results: CheckResults, exchange: Exchange, defects: Sequence[Defect], paint: Painter, width: int
) -> list[str]:
    operation = defects[0].checked.operation
    status = f"answered {exchange.answer.status}" if exchange.answer is not None else "broke off"
    url = visible(exchange.shown.url, keep="")
    lines = [f"  {paint.cyan(visible(operation.name, keep=''))}  {exchange.shown.method} {url} {status}"]
    if exchange.answer is None:
        lines.append(f"    {visible(curl_of(exchange), keep='')}")  # in one line, to be copied
    numbers = [defect.number for defect in defects]
    excerpts = excerpts_of(exchange, operation.path, numbers) if width >= _WIDE else {}
    for defect in defects:
        excerpt = excerpts.get(defect.number, "")
        lines.extend(_finding_lines(results, defect, excerpt, paint, width))
        for text in repetition_texts(defect):
            lines.extend(f"        {line}" for line in wrapped(visible(text, keep=""), width - 8))
    return lines


def excerpts_of(exchange: Exchange, path: str, numbers: list[int]) -> dict[int, str]:
    """Return number of a finding → the part of the answer, or of a recorded request, that it is about.

    Args:
        path: The path template of the operation.
    """
    from dynacli.client.answers.evidence import Evidence

    if exchange.verdict is None or exchange.answer is None:
        return {}
    found: dict[int, str] = {}
    for of_request in (True, False):
        chosen = [
            number
            for number in numbers
            if _is_in_request(exchange, exchange.verdict.findings[number].where) == of_request
        ]
        if chosen:
            request = exchange.request
            evidence = (
                Evidence.of_request(request.method, path, request, request.header("content-type") or "")
                if of_request
                else Evidence.of_answer(exchange.answer)
            )
            texts = evidence.excerpts([exchange.verdict.findings[number] for number in chosen])
            found |= {number: exchange.masker.mask(text) for number, text in zip(chosen, texts, strict=True)}
    return found


def _is_in_request(exchange: Exchange, where: str) -> bool:
    """Return whether a finding is one in a request; that of a probe, which is wrong on purpose, has none."""
    return where == "request" and not exchange.planned.probe


def place_text(exchange: Exchange, finding: Mapping[str, Any]) -> str:
    """Return where in a message a finding is."""
    place: str = finding["pointer"]
    if _is_in_request(exchange, finding["where"]) and (not place or place.startswith("/")):
        return f"request body {place}".rstrip()
    return place or "body"


def marker_line(excerpt: str) -> int:
    """Return the number of the line that points at the value in the line above; 0 where there is none."""
    lines = enumerate(excerpt.splitlines())
    return next((number for number, line in lines if "^" in line and not line.strip(" |^")), 0)


def _finding_lines(
    results: CheckResults, defect: Defect, excerpt: str, paint: Painter, width: int
) -> list[str]:
    finding = defect.finding
    place = place_text(defect.exchange, finding)
    text = visible(f"{place}: {finding['message']} [{finding['rule']}]")
    lines = [f"    {paint.red(line)}" for line in wrapped(text, width - 4)]
    # Only the marker and the line above it stand out.
    marked = marker_line(excerpt)
    for number, line in enumerate(excerpt.splitlines()):
        colour = paint.red if number == marked else paint.bold if number == marked - 1 else paint.dim
        lines.append(f"    {colour(line)}")
    place_in_document = location_text(results, finding)
    if place_in_document:
        lines.append(paint.dim(visible(f"        {place_in_document}", keep="")))
    return lines


def location_text(results: CheckResults, finding: Mapping[str, Any]) -> str:
    """Return the line of the document that a finding is about, in words; empty where it is unknown."""
    location = Location(**finding["document"])
    if location.line is None:
        return ""
    return placed(location, location.line, is_one_file=len(results.api.catalog.files()) < 2)


def repetition_texts(defect: Defect) -> list[str]:
    """Return where else the same defect was found, a text for the operation itself and one for the others."""
    texts = []
    if defect.more:
        places = enumerated([f"`{place or 'body'}`" for place in defect.places], most=_MAX_PLACES)
        texts.append(f"and {defect.more:,} more like it, at {places}")
    if defect.others:
        count = f" {len(defect.others)} more operations:" if len(defect.others) > 1 else ""
        names = ", ".join(defect.others[:_MAX_OPERATIONS])
        if len(defect.others) > _MAX_OPERATIONS:
            names += f" and {len(defect.others) - _MAX_OPERATIONS} more"
        texts.append(f"and the same in{count} {names}")
    return texts
