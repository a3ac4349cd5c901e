"""A check as a person reads it: a line for each operation, then what was found."""

import re
from collections.abc import Callable, Iterable

from dynacli.check.check_records import CheckedOperation, Exchange
from dynacli.check.reporting.answer_coverage import coverage_of, total_coverage
from dynacli.check.reporting.check_hint import check_hint
from dynacli.check.reporting.check_results import (
    CheckResults,
    error_of,
    suppressed_of,
    tolerated_of,
    unchecked_of,
)
from dynacli.check.reporting.defects import find_defects, finding_key, starred
from dynacli.check.reporting.findings_section import findings_lines
from dynacli.schema.example_call import option_text
from dynacli.text.table_lines import table_lines
from dynacli.text.terminal import Painter, cell_width, visible
from dynacli.text.wrapping import wrapped
from dynacli.urls import without_query

__all__ = ["check_table"]

_NARROWEST_NAME = 4
_WIDE = 70
"""Columns from which on methods, answers and times are shown."""

_Rows = list[tuple[str, str]]
"""(name of an operation, text about it)"""


def check_table(results: CheckResults, paint: Painter, width: int) -> str:
    """Return the text."""
    sections = [
        _operation_lines(results, paint, width),
        _section("Not called", _not_called(results), paint, width),
        findings_lines(results, paint, width),
        _section("No answer", _rows_of_calls(results, _no_answer), paint, width),
        _section("Called with invented values", _rows_of_calls(results, _invented), paint, width),
        _section("Findings at `exact` alone", _rows_of_calls(results, _tolerated), paint, width),
        _section("Not judged", _rows_of_calls(results, unchecked_of), paint, width),
        _section("Switched off by the configuration", _rows_of_calls(results, _suppressed), paint, width),
        _summary(results, paint, width),
    ]
    return "\n\n".join("\n".join(lines) for lines in sections if lines)


def _operation_lines(results: CheckResults, paint: Painter, width: int) -> list[str]:
    if not results.checked:
        return []
    head = ("operation", "method", "calls", "status", "answers", "time", "verdict")
    columns = [0, 1, 2, 3, 4, 5, 6] if width >= _WIDE else [0, 2, 3, 6]
    rows = [
        [visible(row[column], keep="") for column in columns]
        for row in (head, *(_cells(checked) for checked in results.checked))
    ]
    others = sum(
        max(cell_width(cell) for cell in cells) + 2 for cells in zip(*(row[1:] for row in rows), strict=True)
    )
    room = max(width - others - 2, _NARROWEST_NAME)
    # A name is never cut, because it is what a person types: a longer name has a line of its own.
    names = [row[0] for row in rows]
    for row in rows:
        row[0] = row[0] if cell_width(row[0]) <= room else ""
    colours = [paint.dim, *(_colour(checked, paint) for checked in results.checked)]

    def paint_cell(row: int, column: int, text: str) -> str:
        if column == 0:
            return paint.cyan(text) if row else paint.dim(text)
        return colours[row](text) if column == len(columns) - 1 or row == 0 else text

    lines = []
    table = table_lines(rows, None, lambda cell, _: [cell], has_header=False, paint_cell=paint_cell)
    for name, row, line in zip(names, rows, table, strict=True):
        if name != row[0]:
            lines.append(f"  {paint.cyan(name)}")
        lines.append(f"  {line}")
    return lines


def _cells(checked: CheckedOperation) -> tuple[str, ...]:
    operation, exchanges, coverage = checked.operation, checked.exchanges, coverage_of(checked)
    return (
        operation.name,
        operation.method,
        str(len(exchanges)) if exchanges else "-",
        " ".join(map(str, checked.statuses)) or "-",
        f"{len(coverage.seen)}/{len(coverage.documented)}" if exchanges and coverage.documented else "-",
        _time(max(exchange.seconds for exchange in exchanges)) if exchanges else "-",
        _verdict_word(checked),
    )


def _time(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.1f} s"


def _verdict_word(checked: CheckedOperation) -> str:
    if not checked.exchanges and not checked.has_findings:
        return "not called"
    verdicts = [exchange.verdict for exchange in checked.all_exchanges if exchange.verdict is not None]
    keys = {finding_key(finding.as_json()) for verdict in verdicts for finding in verdict.findings}
    if keys:
        return _count(len(keys), "finding")
    if any(exchange.error for exchange in checked.exchanges):
        return "no answer"
    if not any(exchange.is_judged for exchange in checked.exchanges):
        return "not judged"
    if all(status >= 400 for status in checked.statuses):
        return f"only {' and '.join(f'{digit}xx' for digit in sorted({s // 100 for s in checked.statuses}))}"
    return "ok, not all judged" if any(map(unchecked_of, checked.exchanges)) else "ok"


def _colour(checked: CheckedOperation, paint: Painter) -> Callable[[str], str]:
    word = _verdict_word(checked)
    if word == "ok":
        return paint.green
    return paint.red if word.endswith(("finding", "findings", "answer")) else paint.yellow


def _not_called(results: CheckResults) -> _Rows:
    rows = [
        (checked.operation.name, checked.skip_reason)
        for checked in (*results.checked, *results.left_out)
        if checked.skip_reason and checked.skip_kind != "unsafe"  # of which there are too many to list
    ]
    rows.extend(
        (f"{checked.operation.name}, one of its calls", reason)
        for checked in results.checked
        if checked.exchanges
        for _, reason in checked.unsent
    )
    return rows


def _rows_of_calls(results: CheckResults, texts_of: Callable[[Exchange], Iterable[str]]) -> _Rows:
    """Return the texts about all calls, each once for an operation."""
    rows = [
        (exchange.operation_name, text)
        for exchange in results.exchanges
        for text in texts_of(exchange)
        if text
    ]
    return list(dict.fromkeys(rows))


def _no_answer(exchange: Exchange) -> list[str]:
    if exchange.has_findings:
        return []
    # Without the URL, so that what many operations share is said once: `The answer of URL broke off`, `URL refused`.
    url = re.escape(f"`{without_query(exchange.shown.url)}`")
    return [re.sub(rf" (?:of|from|to|at) {url}|{url} ", "", error_of(exchange))]


def _invented(exchange: Exchange) -> list[str]:
    texts = (f"{value.name} = {option_text(value.value)}" for value in exchange.planned.invented_values)
    return [exchange.masker.mask(text) for text in texts]


def _tolerated(exchange: Exchange) -> list[str]:
    return [f"{starred(row['pointer']) or 'body'} [{row['rule']}]" for row in tolerated_of(exchange)]


def _suppressed(exchange: Exchange) -> list[str]:
    return [f"{row['pointer'] or 'body'} [{row['rule']}]: {row['reason']}" for row in suppressed_of(exchange)]


def _section(title: str, rows: _Rows, paint: Painter, width: int) -> list[str]:
    """Return a heading, and each text once, with the operations that it is about."""
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


def _summary(results: CheckResults, paint: Painter, width: int) -> list[str]:
    called = [checked for checked in results.checked if checked.exchanges]
    seen, documented = total_coverage(called)
    findings = {
        (exchange.operation_name, finding_key(finding))
        for exchange in results.all_exchanges
        for finding in results.findings(exchange)
    }
    probes = len(results.all_exchanges) - len(results.exchanges)
    of_all = f"{len(called)} of {_count(len(results.checked), 'operation')}"
    requests = _count(len(results.exchanges), "request")
    parts = [
        f"{of_all} called with {requests} in {results.seconds:.1f} s",
        f"{seen} of {_count(documented, 'documented answer')} seen",
        *([_count(probes, "probe")] if probes else []),
        _findings_count(len(findings), len(find_defects(results))) if findings else "nothing found",
    ]
    text = ("Interrupted: " if results.is_interrupted else "") + "; ".join(parts)
    hint = visible(check_hint(results), keep="")
    lines = [paint.yellow(line) for line in wrapped(hint, width)] if hint else []
    lines.extend(paint.bold(line) for line in wrapped(text, width))
    unsafe = [checked for checked in results.left_out if checked.skip_kind == "unsafe"]
    if unsafe:
        count = _count(len(unsafe), "operation")
        are = "are" if len(unsafe) > 1 else "is"
        text = f"{count} that may change something {are} not called: `--operation NAME` adds one"
        lines.extend(wrapped(text, width))
    return lines


def _findings_count(findings: int, defects: int) -> str:
    count = _count(findings, "finding")
    return f"{count}, {defects} different" if 0 < defects < findings else count


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
