"""A check as a person reads it: a line for each operation, then what was found."""

import re
from collections.abc import Callable, Iterable
from typing import Any

from dynacli.check.check_records import CheckedOperation, Exchange
from dynacli.check.reporting.coverage import coverage_of, total
from dynacli.check.reporting.findings_text import findings_lines
from dynacli.check.reporting.folding import folded, row_key
from dynacli.check.reporting.hints import hint_of
from dynacli.check.reporting.results import Results, error_of, suppressed_of, unchecked_of
from dynacli.schema.example_call import option_text
from dynacli.text.terminal import Painter, cell_width, visible
from dynacli.text.wrapping import wrapped
from dynacli.urls import without_query

__all__ = ["table"]

_ERROR = 4
"""The first digit from which on a status is that of an error."""
_LEAST_OF_A_NAME = 4
_WIDE = 70
"""Columns from which on methods and times are shown."""


def table(results: Results, paint: Painter, width: int) -> str:
    """Return the text."""
    sections = [
        _rows(results, paint, width),
        _section("Not called", _skipped(results), paint, width),
        findings_lines(results, paint, width),
        _section("No answer", _each(results, _no_answer), paint, width),
        _section("Called with invented values", _each(results, _invented), paint, width),
        _section("Not judged", _each(results, unchecked_of), paint, width),
        _section("Switched off by the configuration", _each(results, _switched_off), paint, width),
        _summary(results, paint, width),
    ]
    return "\n\n".join("\n".join(lines) for lines in sections if lines)


def _rows(results: Results, paint: Painter, width: int) -> list[str]:
    is_wide = width >= _WIDE
    head = ("operation", "method", "calls", "status", "answers", "time", "verdict")
    cells = [head, *(_cells(one) for one in results.checked)]
    columns = [0, 1, 2, 3, 4, 5, 6] if is_wide else [0, 2, 3, 6]
    sizes = [max(cell_width(row[column]) for row in cells) for column in columns]
    # A name is never cut: it is what is typed.
    sizes[0] = min(sizes[0], max(width - sum(sizes[1:]) - 2 * len(sizes), _LEAST_OF_A_NAME))
    colours = [paint.dim, *(_colour(one, paint) for one in results.checked)]
    lines = []
    for row, colour in zip(cells, colours, strict=True):
        name, *rest = [visible(row[column], keep="") for column in columns]
        padded = [text + " " * (size - cell_width(text)) for text, size in zip(rest, sizes[1:], strict=True)]
        tail = "  ".join(
            [*(paint.dim(text) if row is head else text for text in padded[:-1]), colour(rest[-1])]
        )
        if cell_width(name) > sizes[0]:
            lines.append(f"  {paint.cyan(name)}")
            lines.append(f"  {' ' * sizes[0]}  {tail}".rstrip())
        else:
            shown = paint.dim(name) if row is head else paint.cyan(name)
            lines.append(f"  {shown}{' ' * (sizes[0] - cell_width(name))}  {tail}".rstrip())
    return lines if results.checked else []


def _cells(checked: CheckedOperation) -> tuple[str, ...]:
    coverage = coverage_of(checked)
    times = [one.seconds for one in checked.exchanges]
    operation = checked.operation
    return (
        operation.name,
        operation.method,
        str(len(checked.exchanges)) if checked.exchanges else "-",
        " ".join(map(str, checked.statuses)) or "-",
        f"{len(coverage.seen)}/{len(coverage.documented)}"
        if checked.exchanges and coverage.documented
        else "-",
        _time(max(times)) if times else "-",
        _word(checked),
    )


def _time(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.1f} s"


def _word(checked: CheckedOperation) -> str:
    if not checked.exchanges:
        return "not called"
    count = len({_key(one) for each in checked.exchanges if each.verdict for one in each.verdict.findings})
    if count:
        return f"{count} finding{'s' if count > 1 else ''}"
    if any(one.error for one in checked.exchanges):
        return "no answer"
    if not any(one.is_judged for one in checked.exchanges):
        return "not judged"
    kinds = sorted({status // 100 for status in checked.statuses})
    if all(one >= _ERROR for one in kinds):
        return f"only {' and '.join(f'{one}xx' for one in kinds)}"
    return "ok, not all judged" if any(map(unchecked_of, checked.exchanges)) else "ok"


def _key(finding: Any) -> tuple[str, str, str]:
    return finding.rule, finding.pointer, finding.message


def _colour(checked: CheckedOperation, paint: Painter) -> Callable[[str], str]:
    word = _word(checked)
    if word == "ok":
        return paint.green
    return paint.red if word.endswith(("finding", "findings", "answer")) else paint.yellow


def _skipped(results: Results) -> list[tuple[str, str]]:
    found = [(one.operation.name, one.skip_reason) for one in results.checked if one.skip_reason]
    found.extend(
        (f"{one.operation.name}, one of its calls", why)
        for one in results.checked
        if one.exchanges
        for _, why in one.unsent
    )
    return found


def _each(results: Results, told: Callable[[Exchange], Iterable[str]]) -> list[tuple[str, str]]:
    """Return (operation, text) of what is told of any call, each once."""
    found = [(one.operation_name, text) for one in results.exchanges for text in told(one) if text]
    return list(dict.fromkeys(found))


def _no_answer(exchange: Exchange) -> list[str]:
    # Without the URL, so that what many operations share is said once: `The answer of URL broke off`, `URL refused`.
    url = re.escape(f"`{without_query(exchange.shown.url)}`")
    return [re.sub(rf" (?:of|from|to|at) {url}|{url} ", "", error_of(exchange))]


def _invented(exchange: Exchange) -> list[str]:
    return [
        exchange.masker.mask(f"{one.name} = {option_text(one.value)}")
        for one in exchange.planned.invented_values
    ]


def _switched_off(exchange: Exchange) -> list[str]:
    return [f"{one['pointer'] or 'body'} [{one['rule']}]: {one['reason']}" for one in suppressed_of(exchange)]


def _section(title: str, rows: list[tuple[str, str]], paint: Painter, width: int) -> list[str]:
    """Return a heading, and the texts with the operations that they are about; a text that many share stands once."""
    if not rows:
        return []
    by_text: dict[str, list[str]] = {}
    for name, text in rows:
        by_text.setdefault(text, []).append(name)
    lines = [paint.bold(title)]
    for text, names in by_text.items():
        if len(names) == 1 and cell_width(names[0]) + cell_width(text) + 4 <= width and "\n" not in text:
            lines.append(f"  {paint.cyan(visible(names[0], keep=''))}: {visible(text, keep='')}")
            continue
        listed = wrapped(", ".join(visible(name, keep="") for name in names), width - 2)
        lines.extend(f"  {paint.cyan(line)}" for line in listed)
        lines.extend(f"    {line}" for line in wrapped(visible(text), width - 4))
    return lines


def _summary(results: Results, paint: Painter, width: int) -> list[str]:
    called = [one for one in results.checked if one.exchanges]
    seen, documented = total(called)
    findings = len(
        {
            (one.operation.name, row_key(each))
            for one in called
            for exchange in one.exchanges
            for each in results.findings(exchange)
        }
    )
    requests = len(results.exchanges)
    of_all = f"{len(called)} of {_count(len(results.checked), 'operation')}"
    parts = [
        f"{of_all} called with {_count(requests, 'request')} in {results.seconds:.1f} s",
        f"{seen} of {_count(documented, 'documented answer')} seen",
        _found(findings, len(folded(results))) if findings else "nothing found",
    ]
    text = ("Interrupted: " if results.is_interrupted else "") + "; ".join(parts)
    hint = visible(hint_of(results), keep="")
    lines = [paint.yellow(line) for line in wrapped(hint, width)] if hint else []
    lines.extend(paint.bold(line) for line in wrapped(text, width))
    if results.left:
        many = len(results.left) > 1
        told = (
            f"{_count(len(results.left), 'operation')} that may change something {'are' if many else 'is'} not called: "
            "`--operation NAME` adds one"
        )
        lines.extend(wrapped(told, width))
    return lines


def _found(findings: int, defects: int) -> str:
    told = _count(findings, "finding")
    return f"{told}, {defects} different" if 0 < defects < findings else told


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
