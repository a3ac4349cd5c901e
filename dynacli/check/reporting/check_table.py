"""A check as a person reads it: a line for each operation, then what was found."""

from collections.abc import Callable

from dynacli.check.check_records import CheckedOperation
from dynacli.check.reporting.answer_coverage import coverage_of
from dynacli.check.reporting.check_hint import check_hint
from dynacli.check.reporting.check_results import CheckResults
from dynacli.check.reporting.check_sections import (
    Rows,
    duration_text,
    notes_after_findings,
    notes_before_findings,
    summary_text,
    unsafe_text,
    verdict_word,
)
from dynacli.check.reporting.findings_section import findings_lines
from dynacli.text.table_lines import table_lines
from dynacli.text.terminal import Painter, cell_width, visible
from dynacli.text.wrapping import wrapped

__all__ = ["check_table"]

_NARROWEST_NAME = 4
_WIDE = 70
"""Columns from which on methods, answers and times are shown."""


def check_table(results: CheckResults, paint: Painter, width: int) -> str:
    """Return the text."""
    sections = [
        _operation_lines(results, paint, width),
        *_sections(notes_before_findings(results), paint, width),
        findings_lines(results, paint, width),
        *_sections(notes_after_findings(results), paint, width),
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
    table = table_lines(rows, None, has_header=False, paint_cell=paint_cell)
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
        str(checked.count) if exchanges else "-",
        " ".join(map(str, checked.statuses)) or "-",
        f"{len(coverage.seen)}/{len(coverage.documented)}" if exchanges and coverage.documented else "-",
        duration_text(max(exchange.seconds for exchange in exchanges)) if exchanges else "-",
        verdict_word(checked),
    )


def _colour(checked: CheckedOperation, paint: Painter) -> Callable[[str], str]:
    word = verdict_word(checked)
    if word == "ok":
        return paint.green
    return paint.red if word.endswith(("finding", "findings", "answer")) else paint.yellow


def _sections(notes: dict[str, Rows], paint: Painter, width: int) -> list[list[str]]:
    return [_section(title, rows, paint, width) for title, rows in notes.items()]


def _section(title: str, rows: Rows, paint: Painter, width: int) -> list[str]:
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
    hint = visible(check_hint(results), keep="")
    lines = [paint.yellow(line) for line in wrapped(hint, width)] if hint else []
    lines.extend(paint.bold(line) for line in wrapped(summary_text(results), width))
    lines.extend(wrapped(unsafe_text(results), width))
    return lines
