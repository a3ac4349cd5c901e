"""What a check found as a person reads it: each defect once, with the part of the answer that it is about."""

from collections.abc import Mapping, Sequence
from typing import Any

from dynacli.check.check_records import Exchange
from dynacli.check.reporting.folding import Fold, folded
from dynacli.check.reporting.results import Results
from dynacli.client.verdict_text import placed
from dynacli.library.document_locations import Location
from dynacli.model.wording import enumerated
from dynacli.text.terminal import Painter, visible
from dynacli.text.wrapping import wrapped

__all__ = ["findings_lines"]

_MOST = 20
"""Defects that are listed below the operation where each was met first."""
_MOST_PLACES = 3
_WIDE = 80
"""Columns from which on the part of the answer is shown that a finding is about."""


def findings_lines(results: Results, paint: Painter, width: int) -> list[str]:
    """Return the lines; none where nothing was found."""
    by_operation: dict[str, list[Fold]] = {}
    for fold in folded(results):
        by_operation.setdefault(fold.checked.operation.name, []).append(fold)
    lines: list[str] = []
    for folds in by_operation.values():
        shown = folds[:_MOST]
        for exchange in folds[0].checked.exchanges:
            own = [one for one in shown if one.exchange is exchange]
            if own:
                lines.extend(_of_exchange(results, exchange, own, paint, width))
        if len(folds) > _MOST:
            lines.append(f"    and {len(folds) - _MOST} more")
    return [paint.bold("Findings"), *lines] if lines else []


def _of_exchange(
    results: Results, exchange: Exchange, folds: Sequence[Fold], paint: Painter, width: int
) -> list[str]:
    operation = folds[0].checked.operation
    status = exchange.answer.status if exchange.answer is not None else ""
    url = visible(exchange.shown.url, keep="")
    lines = [
        f"  {paint.cyan(visible(operation.name, keep=''))}  {operation.method} {url} answered {status}",
    ]
    excerpts = _excerpts(exchange, [one.number for one in folds]) if width >= _WIDE else {}
    for one in folds:
        lines.extend(_of_finding(results, one.finding, excerpts.get(one.number, ""), paint, width))
        lines.extend(f"        {line}" for line in _like_it(one, width - 8))
    return lines


def _excerpts(exchange: Exchange, numbers: list[int]) -> dict[int, str]:
    """Return by its number the part of the answer that a finding is about."""
    from dynacli.client.evidence import Evidence

    if exchange.verdict is None or exchange.answer is None:
        return {}
    found = [exchange.verdict.findings[number] for number in numbers]
    excerpts = Evidence.of_answer(exchange.answer).excerpts(found)
    return {number: exchange.masker.mask(text) for number, text in zip(numbers, excerpts, strict=True)}


def _of_finding(
    results: Results, finding: Mapping[str, Any], excerpt: str, paint: Painter, width: int
) -> list[str]:
    place = finding["pointer"] or "body"
    text = visible(f"{place}: {finding['message']} [{finding['rule']}]")
    lines = [f"    {paint.red(line)}" for line in wrapped(text, width - 4)]
    # Only the marker stands out, and what it is under.
    shown = excerpt.splitlines()
    marked = next((number for number, line in enumerate(shown) if "^" in line and not line.strip(" |^")), 0)
    for number, line in enumerate(shown):
        colour = paint.red if number == marked else paint.bold if number == marked - 1 else paint.dim
        lines.append(f"    {colour(line)}")
    location = Location(**finding["document"])
    if location.line is not None:
        is_one_file = len(results.api.catalog.files()) < 2
        text = placed(location, location.line, is_one_file=is_one_file)
        lines.append(paint.dim(visible(f"        {text}", keep="")))
    return lines


def _like_it(fold: Fold, width: int) -> list[str]:
    """Return what else is the same defect."""
    lines = []
    if fold.more:
        places = enumerated([f"`{one or 'body'}`" for one in fold.places], most=_MOST_PLACES)
        lines.extend(wrapped(visible(f"and {fold.more:,} more like it, at {places}", keep=""), width))
    if fold.others:
        count = f" {len(fold.others)} more operations:" if len(fold.others) > 1 else ""
        lines.extend(wrapped(visible(f"and the same in{count} {', '.join(fold.others)}", keep=""), width))
    return lines
