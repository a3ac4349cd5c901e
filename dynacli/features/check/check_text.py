"""A check as text: its plan, its results, the next step, and the error that ends it."""

import re
from collections import Counter
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from typing import Any

from dynacli.client.responses.validation_text import Evidence, document_place
from dynacli.environment import invocation
from dynacli.errors import (
    AuthError,
    DynacliError,
    MismatchError,
    NetworkError,
    RefusedError,
    TimedOutError,
    UsageError,
)
from dynacli.features.check._call_planner import OperationPlan
from dynacli.features.check.check_records import (
    INVENTED,
    CheckedOperation,
    CheckResults,
    Defect,
    Exchange,
    InputValue,
    coverage_of,
    curl_of,
    deprecations_of,
    error_of,
    find_defects,
    finding_key,
    is_secret,
    merged_defects,
    not_validated_of,
    planned_values,
    starred,
    suppressed_of,
    tolerated_of,
    total_coverage,
)
from dynacli.features.check.operation_validator import GONE
from dynacli.features.check.resource_chains import ResourceChain
from dynacli.http.semantics import ReceivedBody
from dynacli.media.body_value import error_value
from dynacli.openapi.document.positions import Location
from dynacli.openapi.model.operation import Operation
from dynacli.openapi.model.wording import counted, enumerated
from dynacli.openapi.schema.example_call import option_text
from dynacli.secrets import MASK
from dynacli.text.body_text import server_message
from dynacli.text.terminal import Painter, cell_width, visible
from dynacli.text.wrapping import folded, quoted, table_lines, wrapped
from dynacli.urls import without_query
from dynacli.validation.validator import UNAUTHORIZED

Rows = list[tuple[str, str]]
"""Pairs of the name of an operation and a text about it."""
_MAX_DEFECTS = 20
"""Maximum number of listed defects of one operation."""
_MAX_PLACES = 12
_MAX_OPERATIONS = 5
"""Maximum number of named operations with the same defect."""
_WIDE_FOR_EXCERPTS = 80
"""Minimum width in columns for showing the affected part of a response."""
_LEAST_RESPONSES = 3
_NEARLY_ALL = 0.9
_SERVER_ERROR = 500
_LEAST_FAILED = 5
"""Minimum number of 5xx responses that suggest that the server broke during the check."""
_NARROWEST_NAME = 4
_WIDE = 70
"""Minimum width in columns for showing methods, responses and times."""
_PLACES = 5
"""Maximum number of listed differences of an operation."""
_MAX_LISTED = 5
_PROBE_TEXTS = {
    "method": "TRACE or OPTIONS for its path",
    "credentials": "the same without a credential",
    "request": "the same with a value that is not allowed",
}


OperationPlans = Sequence[tuple[Operation, OperationPlan]]
Sources = Mapping[str, Sequence[str]]
"""Operation → the operations whose responses may supply better values."""
PlannedProbes = Mapping[str, Sequence[str]]
"""Operation → the kinds of its probes."""


def notes_before_findings(results: CheckResults) -> dict[str, Rows]:
    """Return the notes before the findings of a report: title → rows."""
    return {"Not called": _not_called(results)}


def notes_after_findings(results: CheckResults) -> dict[str, Rows]:
    """Return the notes after the findings of a report: title → rows, which may be empty."""
    return {
        "No response": _rows_of_calls(results, _no_response),
        "Failed, as the body says": _rows_of_calls(results, _refusal),
        "Called with invented values": _rows_of_calls(results, _invented),
        "Tolerated": _rows_of_calls(results, _tolerated),
        "Not validated": _rows_of_calls(results, not_validated_of),
        "Suppressed": _rows_of_calls(results, _suppressed),
        "Deprecated by the server": _rows_of_calls(results, deprecations_of),
    }


def check_summary(results: CheckResults) -> str:
    """Return one line with the number of calls, the coverage of the document, and the number of findings."""
    called = [checked for checked in results.checked if checked.exchanges]
    seen, documented = total_coverage(called)
    findings = {
        (exchange.operation_name, finding_key(finding))
        for exchange in results.all_exchanges
        for finding in results.findings(exchange)
    }
    probes = len(results.all_exchanges) - len(results.exchanges)
    of_all = f"{len(called)} of {counted(len(results.checked), 'operation')}"
    made = f"called with {counted(len(results.exchanges), 'request')}"
    if results.is_recorded:
        of_all = f"{len(called)} of {counted(len(results.checked) + len(results.left_out), 'operation')}"
        count = sum(checked.count for checked in called)
        made = f"seen in {counted(count, 'exchange')}, validated"
    parts = [
        f"{of_all} {made} in {results.seconds:.1f} s",
        f"{seen} of {counted(documented, 'documented response')} seen",
        *([counted(probes, "probe")] if probes else []),
        _findings_count(len(findings), len(find_defects(results))) if findings else "nothing found",
    ]
    return ("Interrupted: " if results.is_interrupted else "") + "; ".join(parts)


def unsafe_text(results: CheckResults) -> str:
    """Return a sentence about the operations that were not called because they may change something; else empty."""
    unsafe = [checked for checked in results.left_out if checked.skip_kind == "unsafe"]
    if not unsafe:
        return ""
    are = "are" if len(unsafe) > 1 else "is"
    return (
        f"{counted(len(unsafe), 'operation')} that may change something {are} not called: "
        "`--operation NAME` adds one"
    )


def validation_word(checked: CheckedOperation) -> str:
    """Return a short result of an operation: `ok`, `2 findings`, `no response`, ..."""
    if not checked.exchanges and not checked.has_findings:
        return "not called"
    validations = [
        exchange.validation for exchange in checked.all_exchanges if exchange.validation is not None
    ]
    keys = {finding_key(finding.as_json()) for validation in validations for finding in validation.findings}
    if keys:
        return counted(len(keys), "finding")
    if any(exchange.error for exchange in checked.exchanges):
        return "no response"
    if not any(exchange.is_validated for exchange in checked.exchanges):
        return "not validated"
    if all(status >= 400 for status in checked.statuses):
        return f"only {' and '.join(f'{digit}xx' for digit in sorted({s // 100 for s in checked.statuses}))}"
    if all(exchange.response is not None and exchange.response.is_refusal for exchange in checked.exchanges):
        return "only failures"
    return "ok, not all validated" if any(map(not_validated_of, checked.exchanges)) else "ok"


def duration_text(seconds: float) -> str:
    """Return a duration as text: `12 ms`, `1.5 s`."""
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.1f} s"


def _not_called(results: CheckResults) -> Rows:
    rows = [
        (checked.operation.name, checked.skip_reason)
        for checked in (*results.checked, *results.left_out)
        # These are too many to list.
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


def _no_response(exchange: Exchange) -> list[str]:
    if exchange.has_findings:
        return []
    # Without the URL, so that many operations can share an error: `The response of URL broke off`, `URL refused`.
    url = re.escape(f"`{without_query(exchange.shown.url)}`")
    return [re.sub(rf" (?:of|from|to|at) {url}|{url} ", "", error_of(exchange))]


def _refusal(exchange: Exchange) -> list[str]:
    """Return the message in a 2xx response that the expression `success` of the configuration marks as a failure."""
    response = exchange.response
    if response is None or not response.is_refusal:
        return []
    body = ReceivedBody(response.body, response.header("content-type"))
    said = server_message(error_value(body), exchange.masker.mask)
    return [quoted(said) or f"{response.status}"]


def _invented(exchange: Exchange) -> list[str]:
    texts = (f"{value.name} = {option_text(value.value)}" for value in exchange.planned.invented_values)
    return [exchange.masker.mask(text) for text in texts]


def _tolerated(exchange: Exchange) -> list[str]:
    return [f"{starred(row['pointer']) or 'body'} [{row['rule']}]" for row in tolerated_of(exchange)]


def _suppressed(exchange: Exchange) -> list[str]:
    return [f"{row['pointer'] or 'body'} [{row['rule']}]: {row['reason']}" for row in suppressed_of(exchange)]


def _findings_count(findings: int, defects: int) -> str:
    count = counted(findings, "finding")
    return f"{count}, {defects} different" if 0 < defects < findings else count


def defects_by_operation(results: CheckResults) -> dict[str, list[Defect]]:
    """Return name of an operation → the merged defects that were found there first."""
    by_operation: dict[str, list[Defect]] = {}
    for defect in find_defects(results):
        by_operation.setdefault(defect.checked.operation.name, []).append(defect)
    return {name: merged_defects(defects) for name, defects in by_operation.items()}


def findings_lines(results: CheckResults, paint: Painter, width: int) -> list[str]:
    """Return the lines about findings, each defect below the first operation that has it; empty without findings."""
    lines: list[str] = []
    for defects in defects_by_operation(results).values():
        shown = defects[:_MAX_DEFECTS]
        for exchange in defects[0].checked.all_exchanges:
            in_exchange = [defect for defect in shown if defect.exchange is exchange]
            if in_exchange:
                lines.extend(_exchange_lines(results, exchange, in_exchange, paint, width))
        if len(defects) > _MAX_DEFECTS:
            lines.append(f"    and {len(defects) - _MAX_DEFECTS} more")
    return [paint.heading("Findings"), *lines] if lines else []


def _exchange_lines(
    results: CheckResults, exchange: Exchange, defects: Sequence[Defect], paint: Painter, width: int
) -> list[str]:
    operation = defects[0].checked.operation
    status = f"responded with {exchange.response.status}" if exchange.response is not None else "broke off"
    url = visible(exchange.shown.url, keep="")
    request = f"{paint.method(visible(exchange.shown.method, keep=''))} {url} {status}"
    lines = folded(f"  {paint.command(visible(operation.name, keep=''))}  {request}", width)
    if exchange.response is None:
        lines.append(f"    {visible(curl_of(exchange), keep='')}")  # on one line, so that you can copy it
    numbers = [defect.number for defect in defects]
    excerpts = excerpts_of(exchange, operation.path, numbers) if width >= _WIDE_FOR_EXCERPTS else {}
    for defect in defects:
        excerpt = excerpts.get(defect.number, "")
        lines.extend(_finding_lines(results, defect, excerpt, paint, width))
        for text in repetition_texts(defect):
            lines.extend(f"        {line}" for line in wrapped(visible(text, keep=""), width - 8))
    return lines


def excerpts_of(exchange: Exchange, path: str, numbers: list[int]) -> dict[int, str]:
    """Return index of a finding → the affected part of the response, or of a recorded request.

    Args:
        path: The path template of the operation.
    """
    if exchange.validation is None or exchange.response is None:
        return {}
    found: dict[int, str] = {}
    for of_request in (True, False):
        chosen = [
            number
            for number in numbers
            if _is_in_request(exchange, exchange.validation.findings[number].where) == of_request
        ]
        if chosen:
            request = exchange.request
            evidence = (
                Evidence.of_request(request.method, path, request, request.header("content-type") or "")
                if of_request
                else Evidence.of_response(exchange.response)
            )
            texts = evidence.excerpts([exchange.validation.findings[number] for number in chosen])
            found |= {number: exchange.masker.mask(text) for number, text in zip(chosen, texts, strict=True)}
    return found


def _is_in_request(exchange: Exchange, where: str) -> bool:
    """Return whether a finding is in a request, except in a probe, which is invalid on purpose."""
    return where == "request" and not exchange.planned.probe


def place_text(exchange: Exchange, finding: Mapping[str, Any]) -> str:
    """Return the location of a finding in the request or response."""
    place: str = finding["pointer"]
    if _is_in_request(exchange, finding["where"]) and (not place or place.startswith("/")):
        return f"request body {place}".rstrip()
    return place or "body"


def marker_line(excerpt: str) -> int:
    """Return the number of the line with the marker `^` below the wrong value; 0 if there is none."""
    lines = enumerate(excerpt.splitlines())
    return next((number for number, line in lines if "^" in line and not line.strip(" |^")), 0)


def _finding_lines(
    results: CheckResults, defect: Defect, excerpt: str, paint: Painter, width: int
) -> list[str]:
    finding = defect.finding
    place = place_text(defect.exchange, finding)
    text = visible(f"{place}: {finding['message']} [{finding['rule']}]")
    lines = [f"    {paint.red(line)}" for line in wrapped(text, width - 4)]
    # Only the marker and the line above it are highlighted.
    marked = marker_line(excerpt)
    for number, line in enumerate(excerpt.splitlines()):
        colour = paint.red if number == marked else paint.bold if number == marked - 1 else paint.dim
        lines.append(f"    {colour(line)}")
    place_in_document = location_text(results, finding)
    if place_in_document:
        lines.append(paint.dim(visible(f"        {place_in_document}", keep="")))
    return lines


def location_text(results: CheckResults, finding: Mapping[str, Any]) -> str:
    """Return the line of the document for a finding as text; empty if it is unknown."""
    location = Location(**finding["document"])
    if location.line is None:
        return ""
    return document_place(location, location.line, is_one_file=len(results.api.catalog.files()) < 2)


def repetition_texts(defect: Defect) -> list[str]:
    """Return texts about the repetitions of a defect, in the same operation and in other operations."""
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


def check_hint(results: CheckResults) -> str:
    """Return a hint for the most likely mistake, such as a wrong server; empty if there is none.

    If the ids in all paths were invented, a 404 does not suggest a wrong server.
    """
    responded = [exchange for exchange in results.exchanges if exchange.response is not None]
    gone = _with_status(GONE, responded)
    if gone and not all(map(_has_invented_path, gone)):
        bases = {exchange.masker.mask(_base_url(results, exchange)) for exchange in gone}
        server = f"`{bases.pop()}`" if len(bases) == 1 else "what they were sent to"
        return f"{_share(gone, responded)}: is {server} the right server? (`--server`)"
    unauthorized = _with_status(UNAUTHORIZED, responded)
    if unauthorized:
        count = _share(unauthorized, responded)
        return f"{count}: how to give credentials is in `{invocation('help auth')}`"
    return _failing_hint(responded)


def _failing_hint(responded: Sequence[Exchange]) -> str:
    """Return a hint if nearly all responses after some call are 5xx; empty if they are 5xx from the start or never."""
    calls = sorted(responded, key=lambda exchange: exchange.started)
    failed = [call for call in calls if call.response is not None and call.response.status >= _SERVER_ERROR]
    before = 0
    for first, call in enumerate(calls):
        is_failed, since = call in failed[before : before + 1], len(failed) - before
        is_broken = since >= max(_NEARLY_ALL * (len(calls) - first), _LEAST_FAILED)
        if is_failed and is_broken and first and before <= first // 10:
            begun = f"call {first + 1:,}, `{call.operation_name}`"
            return f"{_share(failed, responded)}, nearly all since {begun}: does the server still work?"
        before += is_failed
    return ""


def _with_status(statuses: Container[int], responded: Sequence[Exchange]) -> list[Exchange]:
    """Return the calls with one of the statuses if they are nearly all; else an empty list."""
    found = [exchange for exchange in responded if exchange.response and exchange.response.status in statuses]
    is_nearly_all = len(responded) >= _LEAST_RESPONSES and len(found) >= _NEARLY_ALL * len(responded)
    return found if is_nearly_all else []


def _share(alike: Sequence[Exchange], responded: Sequence[Exchange]) -> str:
    statuses = sorted({exchange.response.status for exchange in alike if exchange.response is not None})
    count = f"All {len(alike)}" if len(alike) == len(responded) else f"{len(alike)} of {len(responded)}"
    return f"{count} responses are {' or '.join(map(str, statuses))}"


def _has_invented_path(exchange: Exchange) -> bool:
    return any(value.location == "path" and value.origin == INVENTED for value in exchange.planned.values)


def _base_url(results: CheckResults, exchange: Exchange) -> str:
    """Return the URL before the path of the operation."""
    operations = (checked.operation for checked in results.checked)
    path = next(operation.path for operation in operations if operation.name == exchange.operation_name)
    return without_query(exchange.shown.url).rsplit("/", path.partition("?")[0].count("/"))[0]


def check_table(results: CheckResults, paint: Painter, width: int) -> str:
    """Return the report of a check as text."""
    sections = [
        _operation_lines(results, paint, width),
        *_sections(notes_before_findings(results), paint, width),
        findings_lines(results, paint, width),
        *_sections(notes_after_findings(results), paint, width),
        _compared_lines(results, paint, width),
        _summary_lines(results, paint, width),
    ]
    return "\n\n".join("\n".join(lines) for lines in sections if lines)


def _operation_lines(results: CheckResults, paint: Painter, width: int) -> list[str]:
    if not results.checked:
        return []
    head = ("operation", "method", "calls", "status", "responses", "time", "result")
    columns = [0, 1, 2, 3, 4, 5, 6] if width >= _WIDE else [0, 2, 3, 6]
    rows = [
        [visible(row[column], keep="") for column in columns]
        for row in (head, *(_cells(checked) for checked in results.checked))
    ]
    others = sum(
        max(cell_width(cell) for cell in cells) + 2 for cells in zip(*(row[1:] for row in rows), strict=True)
    )
    room = max(width - others - 2, _NARROWEST_NAME)
    # You type the names, so a name is never cut. A longer one gets a separate line.
    names = [row[0] for row in rows]
    for row in rows:
        row[0] = row[0] if cell_width(row[0]) <= room else ""
    colours = [paint.dim, *(_colour(checked, paint) for checked in results.checked)]

    def paint_cell(row: int, column: int, text: str) -> str:
        if column == 0:
            return paint.command(text) if row else paint.dim(text)
        if column == 1 and row and rows[0][1] == "method":
            return paint.method(text)
        return colours[row](text) if column == len(columns) - 1 or row == 0 else text

    lines = []
    table = table_lines(rows, None, has_header=False, paint_cell=paint_cell)
    for name, row, line in zip(names, rows, table, strict=True):
        if name != row[0]:
            lines.append(f"  {paint.command(name)}")
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
        validation_word(checked),
    )


def _colour(checked: CheckedOperation, paint: Painter) -> Callable[[str], str]:
    word = validation_word(checked)
    if word == "ok":
        return paint.green
    return paint.red if word.endswith(("finding", "findings", "response")) else paint.yellow


def compared_rows(results: CheckResults) -> tuple[list[list[str]], Rows]:
    """Return the rows of the comparison with another server, the header first, and the differing locations."""
    rows = [["operation", "equal", "differs", "only left", "only right"]]
    places: Rows = []
    for checked in results.checked:
        name, calls = checked.operation.name, results.compared(checked)
        if not calls:
            continue
        differing = [difference for call in calls for difference in call.differences]
        kinds = Counter(difference.kind for difference in differing)
        equal = sum(not call.differences for call in calls)
        counts = (kinds[kind] for kind in ("changed", "removed", "added"))
        rows.append([name, f"{equal}/{len(calls)}", *map(str, counts)])
        starred_places = Counter(difference.place for difference in differing)
        listed = [f"{place} ({count})" for place, count in starred_places.most_common(_PLACES)]
        more = len(starred_places) - _PLACES
        if listed:
            places.append((name, ", ".join(listed) + (f" and {more} more" if more > 0 else "")))
    return rows, places


def _compared_lines(results: CheckResults, paint: Painter, width: int) -> list[str]:
    """Return the lines about the comparison with another server; empty without one."""
    if not results.against:
        return []
    rows, places = compared_rows(results)
    shown = [[visible(cell, keep="") for cell in row] for row in rows]
    table = table_lines(shown, width - 2, right={1, 2, 3, 4}, paint_header=paint.dim)
    lines = [paint.heading("Compared with the other server"), *(f"  {line}" for line in table)]
    differences = _section("Differences", places, paint, width)
    return [*lines, *(["", *differences] if differences else [])]


def _sections(notes: dict[str, Rows], paint: Painter, width: int) -> list[list[str]]:
    return [_section(title, rows, paint, width) for title, rows in notes.items()]


def _section(title: str, rows: Rows, paint: Painter, width: int) -> list[str]:
    """Return a heading, and each text once with its operations."""
    if not rows:
        return []
    by_text: dict[str, list[str]] = {}
    for name, text in rows:
        by_text.setdefault(text, []).append(name)
    lines = [paint.heading(title)]
    for text, names in by_text.items():
        if len(names) == 1 and cell_width(names[0]) + cell_width(text) + 4 <= width and "\n" not in text:
            lines.append(f"  {paint.cyan(visible(names[0], keep=''))}: {visible(text, keep='')}")
            continue
        listed = wrapped(", ".join(visible(name, keep="") for name in names), width - 2)
        lines.extend(f"  {paint.cyan(line)}" for line in listed)
        lines.extend(f"    {line}" for line in wrapped(visible(text), width - 4))
    return lines


def _summary_lines(results: CheckResults, paint: Painter, width: int) -> list[str]:
    hint = visible(check_hint(results), keep="")
    lines = [paint.yellow(line) for line in wrapped(hint, width)] if hint else []
    lines.extend(paint.bold(line) for line in wrapped(check_summary(results), width))
    lines.extend(wrapped(unsafe_text(results), width))
    return lines


def check_error(results: CheckResults, *, is_strict: bool) -> DynacliError | None:
    """Return the error that ends a check; None if it succeeded.

    Args:
        is_strict: Whether findings are a failure.
    """
    mismatch = (_mismatch(results) if is_strict else None) or _different(results)
    if results.is_recorded:
        return mismatch  # a recorded call without a response does not violate the document
    if not results.exchanges and mismatch is None:
        return None if results.is_interrupted else _nothing_called(results)
    errors = [exchange.error for exchange in results.exchanges if exchange.error is not None]
    return (
        _first_of_kind(RefusedError, errors)
        or mismatch
        or _first_of_kind(TimedOutError, errors)
        or _first_of_kind(NetworkError, errors)
        or next(iter(errors), None)
    )


def _first_of_kind(kind: type[DynacliError], errors: Sequence[DynacliError]) -> DynacliError | None:
    """Return the first error of a kind, with the number of others; None if there is none."""
    found = [error for error in errors if isinstance(error, kind)]
    if len(found) < 2:
        return next(iter(found), None)
    first, more = found[0], len(found) - 1
    calls = "calls" if more > 1 else "call"
    return type(first)(
        f"{first.message}, and {more} more {calls} failed in the same way",
        reason=first.reason,
        hint=first.hint,
    )


def _mismatch(results: CheckResults) -> MismatchError | None:
    names = [checked.operation.name for checked in results.checked if checked.has_findings]
    if not names:
        return None
    what = "exchanges" if results.is_recorded else "responses"
    return MismatchError(
        f"The {what} of {len(names)} operations do not match the document"
        if len(names) > 1
        else f"The {what} of `{names[0]}` do not match the document",
        hint="The findings are listed above; `-o json` and `--report` give them as data",
        findings=[
            {**finding, "operation": exchange.operation_name}
            for exchange in results.all_exchanges
            for finding in results.findings(exchange)
        ],
    )


def _different(results: CheckResults) -> MismatchError | None:
    names = dict.fromkeys(
        compared_call.operation_name for compared_call in results.against or () if compared_call.differences
    )
    if not names:
        return None
    listed = list(names)
    return MismatchError(
        f"The responses of {len(listed)} operations differ"
        if len(listed) > 1
        else f"The responses of `{listed[0]}` differ",
        hint=f"Each difference is above; `-o json` has the values, and `{invocation('diff')}` compares one call",
    )


def _nothing_called(results: CheckResults) -> DynacliError:
    checked = results.checked
    if not checked and not results.left_out:
        return UsageError("There is nothing to check", reason="The document has no such operations")
    reads = [checked for checked in results.left_out if checked.skip_kind != "unsafe"]
    if not checked and reads:
        listed = [f"`{checked.operation.name}`: {checked.skip_reason}" for checked in reads[:_MAX_LISTED]]
        is_refused = all(checked.skip_kind == "refused" for checked in reads)
        kind = RefusedError if is_refused else UsageError
        return kind("All read-only operations are left out", reason="\n".join(listed))
    if not checked:
        return UsageError(
            "There is no read-only operation",
            reason="Only GET and HEAD operations are called, unless you name others",
            hint="Name others with `--operation NAME`",
        )
    message, hint = "No operation could be called", "The reason is beside each operation"
    reasons = {item.skip_kind: item.skip_reason for item in reversed(checked)}  # the first of each kind
    if reasons.get("auth") and reasons.keys() <= {"auth", "values", "request"}:
        return AuthError(
            message, reason=reasons["auth"], hint=f"`{invocation('help auth')}` says how to give one"
        )
    if reasons.get("refused"):
        return RefusedError(message, reason=reasons["refused"], hint=hint)
    return UsageError(message, reason=checked[0].skip_reason, hint=hint)


def plan_of_left_out(checked: CheckedOperation) -> tuple[Operation, OperationPlan]:
    """Return the plan of an operation that was not selected, with the reason."""
    return checked.operation, OperationPlan(skip_reason=checked.skip_reason)


def plan_rows(
    plans: OperationPlans, sources: Sources, chains: Sequence[ResourceChain], probes: PlannedProbes
) -> list[dict[str, Any]]:
    """Return the plan for `-o json`: an object for each operation, then one for each chain."""
    rows: list[dict[str, Any]] = [
        {
            "operation": operation.name,
            "method": operation.method,
            "path": operation.path,
            "skipped": plan.skip_reason or None,
            "fed_by": list(sources.get(operation.name, ())),
            "calls": [{"values": planned_values(operation, planned)} for planned in plan.calls],
            "probes": list(probes.get(operation.name, ())),
        }
        for operation, plan in plans
    ]
    rows.extend({"chain": list(chain.steps), "path": chain.item_path} for chain in chains)
    return rows


def plan_text(
    plans: OperationPlans,
    sources: Sources,
    chains: Sequence[ResourceChain],
    probes: PlannedProbes,
    paint: Painter,
    width: int,
) -> str:
    """Return the plan as text."""
    lines = []
    for operation, plan in plans:
        name, path = visible(operation.name, keep=""), visible(operation.path, keep="")
        lines.append(f"{paint.cyan(name)}  {operation.method} {path}")
        if plan.skip_reason:
            lines.extend(f"  {line}" for line in wrapped(f"not called: {plan.skip_reason}", width - 2))
        if sources.get(operation.name):
            text = f"values from responses of {', '.join(sources[operation.name])}, once they are there; else"
            lines.extend(f"  {paint.dim(line)}" for line in wrapped(visible(text), width - 2))
        for planned in plan.calls:
            text = ", ".join(_planned_text(operation, value) for value in planned.values) or "no values"
            lines.extend(f"  {line}" for line in wrapped(f"- {visible(text, keep='')}", width - 2))
        if probes.get(operation.name):
            text = f"probes: {'; '.join(_PROBE_TEXTS[kind] for kind in probes[operation.name])}"
            lines.extend(f"  {line}" for line in wrapped(f"- {text}", width - 2))
    for chain in chains:
        text = f"{' -> '.join(chain.steps)}  at {chain.item_path}"
        lines.extend(wrapped(visible(text, keep=""), width))
    count = sum(len(plan.calls) for _, plan in plans)
    lines.append("")
    most = sum(map(len, probes.values()))
    more = f", and at most {most} probes" if most else ""
    lines.extend(wrapped(f"Planned: {count} calls of {len(plans)} operations{more}; nothing was sent", width))
    return "\n".join(lines)


def _planned_text(operation: Operation, value: InputValue) -> str:
    text = MASK if is_secret(operation, value) else option_text(value.value)
    return f"{value.name} = {text} ({value.shown_origin})"
