"""What a report of a check says in words: a word for each operation, notes by title, and the summary."""

import re
from collections.abc import Callable, Iterable

from dynacli.check.check_records import CheckedOperation, Exchange
from dynacli.check.reporting.answer_coverage import total_coverage
from dynacli.check.reporting.check_results import (
    CheckResults,
    error_of,
    suppressed_of,
    tolerated_of,
    unchecked_of,
)
from dynacli.check.reporting.defects import find_defects, finding_key, starred
from dynacli.schema.example_call import option_text
from dynacli.urls import without_query

__all__ = [
    "Rows",
    "duration_text",
    "notes_after_findings",
    "notes_before_findings",
    "summary_text",
    "unsafe_text",
    "verdict_word",
]

Rows = list[tuple[str, str]]
"""(name of an operation, text about it)"""


def notes_before_findings(results: CheckResults) -> dict[str, Rows]:
    """Return the notes that a report has before the findings: title → rows."""
    return {"Not called": _not_called(results)}


def notes_after_findings(results: CheckResults) -> dict[str, Rows]:
    """Return the notes that a report has behind the findings: title → rows, which may be none."""
    return {
        "No answer": _rows_of_calls(results, _no_answer),
        "Called with invented values": _rows_of_calls(results, _invented),
        "Findings at `exact` alone": _rows_of_calls(results, _tolerated),
        "Not judged": _rows_of_calls(results, unchecked_of),
        "Switched off by the configuration": _rows_of_calls(results, _suppressed),
    }


def summary_text(results: CheckResults) -> str:
    """Return one line: what was called, how much of the document was seen, and how much was found."""
    called = [checked for checked in results.checked if checked.exchanges]
    seen, documented = total_coverage(called)
    findings = {
        (exchange.operation_name, finding_key(finding))
        for exchange in results.all_exchanges
        for finding in results.findings(exchange)
    }
    probes = len(results.all_exchanges) - len(results.exchanges)
    of_all = f"{len(called)} of {_count(len(results.checked), 'operation')}"
    made = f"called with {_count(len(results.exchanges), 'request')}"
    if results.is_recorded:
        of_all = f"{len(called)} of {_count(len(results.checked) + len(results.left_out), 'operation')}"
        count = sum(checked.count for checked in called)
        made = f"seen in {_count(count, 'exchange')}, judged"
    parts = [
        f"{of_all} {made} in {results.seconds:.1f} s",
        f"{seen} of {_count(documented, 'documented answer')} seen",
        *([_count(probes, "probe")] if probes else []),
        _findings_count(len(findings), len(find_defects(results))) if findings else "nothing found",
    ]
    return ("Interrupted: " if results.is_interrupted else "") + "; ".join(parts)


def unsafe_text(results: CheckResults) -> str:
    """Return how many operations were left out because they may change something; empty where none was."""
    unsafe = [checked for checked in results.left_out if checked.skip_kind == "unsafe"]
    if not unsafe:
        return ""
    are = "are" if len(unsafe) > 1 else "is"
    return (
        f"{_count(len(unsafe), 'operation')} that may change something {are} not called: "
        "`--operation NAME` adds one"
    )


def verdict_word(checked: CheckedOperation) -> str:
    """Return what became of an operation, in a few words: `ok`, `2 findings`, `no answer`, ..."""
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


def duration_text(seconds: float) -> str:
    """Return a time as a person reads it: `12 ms`, `1.5 s`."""
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.1f} s"


def _not_called(results: CheckResults) -> Rows:
    rows = [
        (checked.operation.name, checked.skip_reason)
        for checked in (*results.checked, *results.left_out)
        # There are too many of these to list them.
        if checked.skip_reason and checked.skip_kind not in {"unsafe", "unseen"}
    ]
    rows.extend(
        (f"{checked.operation.name}, one of its calls", reason)
        for checked in results.checked
        if checked.exchanges
        for _, reason in checked.unsent
    )
    return rows


def _rows_of_calls(results: CheckResults, texts_of: Callable[[Exchange], Iterable[str]]) -> Rows:
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


def _findings_count(findings: int, defects: int) -> str:
    count = _count(findings, "finding")
    return f"{count}, {defects} different" if 0 < defects < findings else count


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
