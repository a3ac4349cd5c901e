"""A check as a person reads it: a line for each operation, then what was found."""

from collections.abc import Callable, Iterable
from typing import Any

from dynacli.catalog.example_call import option_text
from dynacli.commands.checking.coverage import coverage_of, total
from dynacli.commands.checking.model import Checked, Exchange
from dynacli.commands.checking.results import Results, error_of, suppressed_of, unchecked_of
from dynacli.output.terminal import Painter, cell_width, visible
from dynacli.output.wrapping import wrapped
from dynacli.wire.failures import without_query

__all__ = ["table"]

_MOST_FINDINGS = 20
"""Findings of one operation that are listed."""
_ERROR = 4
"""The first digit from which on a status is that of an error."""
_WIDE = 70
"""Columns from which on methods and times are shown."""
_WIDE_EXCERPT = 80
"""Columns from which on the part of the answer is shown that a finding is about."""


def table(results: Results, paint: Painter, width: int) -> str:
    """Return the text."""
    sections = [
        _rows(results, paint, width),
        _section("Not called", _skipped(results), paint, width),
        _findings(results, paint, width),
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
    sizes[0] = min(sizes[0], max(width - 2 - sum(sizes[1:]) - 2 * len(sizes), 12))
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


def _cells(checked: Checked) -> tuple[str, ...]:
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


def _word(checked: Checked) -> str:
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


def _colour(checked: Checked, paint: Painter) -> Callable[[str], str]:
    word = _word(checked)
    if word == "ok":
        return paint.green
    return paint.red if word.endswith(("finding", "findings", "answer")) else paint.yellow


def _skipped(results: Results) -> list[tuple[str, str]]:
    found = [(one.operation.name, one.skipped) for one in results.checked if one.skipped]
    found.extend(
        (f"{one.operation.name}, one of its calls", why)
        for one in results.checked
        if one.exchanges
        for _, why in one.unsent
    )
    return found


def _each(results: Results, told: Callable[[Exchange], Iterable[str]]) -> list[tuple[str, str]]:
    """Return (operation, text) of what is told of any call, each once."""
    found = [(one.operation, text) for one in results.exchanges for text in told(one) if text]
    return list(dict.fromkeys(found))


def _no_answer(exchange: Exchange) -> list[str]:
    # Without the URL, so that what many operations share is said once.
    return [error_of(exchange).replace(f"`{without_query(exchange.shown.url)}` ", "")]


def _invented(exchange: Exchange) -> list[str]:
    return [
        exchange.masker.mask(f"{one.name} = {option_text(one.value)}") for one in exchange.planned.invented
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


def _findings(results: Results, paint: Painter, width: int) -> list[str]:
    lines: list[str] = []
    for checked in results.checked:
        seen: set[tuple[str, str, str]] = set()
        more = 0
        for exchange in checked.exchanges:
            fresh = {
                number: one
                for number, one in enumerate(results.findings(exchange))
                if _row_key(one) not in seen
            }
            room = max(_MOST_FINDINGS - len(seen), 0)
            seen.update(map(_row_key, fresh.values()))
            shown = dict(list(fresh.items())[:room])
            more += len(fresh) - len(shown)
            if shown:
                lines.extend(_heading(exchange, checked, paint))
            excerpts = _excerpts(exchange, list(shown)) if width >= _WIDE_EXCERPT else {}
            for number, one in shown.items():
                lines.extend(_finding(results, one, excerpts.get(number, ""), paint, width))
        lines.extend([f"    and {more} more"] if more else [])
    return [paint.bold("Findings"), *lines] if lines else []


def _excerpts(exchange: Exchange, numbers: list[int]) -> dict[int, str]:
    """Return by its number the part of the answer that a finding is about."""
    from dynacli.commands.evidence import Evidence

    if exchange.verdict is None or exchange.answer is None:
        return {}
    found = [exchange.verdict.findings[number] for number in numbers]
    excerpts = Evidence.of_answer(exchange.answer).excerpts(found)
    return {number: exchange.masker.mask(text) for number, text in zip(numbers, excerpts, strict=True)}


def _row_key(finding: dict[str, Any]) -> tuple[str, str, str]:
    return finding["rule"], finding["pointer"], finding["message"]


def _heading(exchange: Exchange, checked: Checked, paint: Painter) -> list[str]:
    status = exchange.answer.status if exchange.answer is not None else ""
    url = visible(exchange.shown.url, keep="")
    return [
        f"  {paint.cyan(visible(checked.operation.name, keep=''))}  {checked.operation.method} {url} answered {status}"
    ]


def _finding(
    results: Results, finding: dict[str, Any], excerpt: str, paint: Painter, width: int
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
    at = finding["document"]
    if at["line"] is not None:
        from dynacli.document.file_names import shown_file

        file = "document" if len(results.api.catalog.files()) < 2 else shown_file(at["file"])
        lines.append(paint.dim(visible(f"        {file} line {at['line']}: {at['pointer']}", keep="")))
    return lines


def _summary(results: Results, paint: Painter, width: int) -> list[str]:
    called = [one for one in results.checked if one.exchanges]
    seen, documented = total(called)
    findings = len(
        {
            (one.operation.name, _row_key(each))
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
        _count(findings, "finding") if findings else "nothing found",
    ]
    text = ("Interrupted: " if results.is_interrupted else "") + "; ".join(parts)
    lines = [paint.bold(line) for line in wrapped(text, width)]
    if results.left:
        many = len(results.left) > 1
        told = (
            f"{_count(len(results.left), 'operation')} that may change something {'are' if many else 'is'} not called: "
            "`--operation NAME` adds one"
        )
        lines.extend(wrapped(told, width))
    return lines


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
