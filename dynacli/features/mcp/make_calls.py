"""Calls of an agent: one call, the pages of a list, a comparison of two servers."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from dynacli.client.api_client import Api
from dynacli.client.call import CallEvent, ResponseHead
from dynacli.client.engine.series import NeverTrueError
from dynacli.client.responses.response import Response, StreamedResponse
from dynacli.errors import DynacliError, FormatError, HttpError, UsageError
from dynacli.files import is_url
from dynacli.http.semantics import ReceivedBody, is_sequence
from dynacli.media.body_value import filter_note
from dynacli.openapi.model.find_items import KnownItems
from dynacli.openapi.model.wording import counted
from dynacli.record import record
from dynacli.secrets import Masker
from dynacli.text.filter_value import filtered

if TYPE_CHECKING:
    from dynacli.media.body_value import FindSchema

_USUAL_ITEMS = 50
_MOST_SECONDS = 20.0
"""Seconds for which a call waits for the items of a stream; clients give up after a minute."""
FILTER = "`filter`"
"""Name of the filter in messages."""
_MOST_FINDINGS = 5
Report = Callable[[str], None]
"""Reports the progress of a call."""


def _is_streaming(api: Api, operation: str) -> bool:
    """Return whether an operation responds with a stream of items, according to the document.

    Raises:
        UsageError: The operation does not exist.
        DocumentError: The operation cannot be called.
    """
    responses = api.operation(operation).responses
    return any(
        is_sequence(media_type)
        for response in responses
        if response.status.startswith("2")
        for media_type in response.media_types
    )


def _take_items(response: StreamedResponse, most: int | None, announce: Report) -> tuple[list[Any], bool]:
    """Return the first items of a stream, and True if the stream ended after them.

    Args:
        most: The number of items to wait for; None for the usual number.
        announce: Reports the number of items so far.

    Raises:
        DynacliError: The response is not a success, is not a stream, or breaks off.
    """
    items: list[Any] = []
    end = threading.Timer(_MOST_SECONDS, response.close)
    end.daemon = True
    since = time.monotonic()
    end.start()
    try:
        for item in response:
            items.append(item)
            announce(counted(len(items), "item"))
            if len(items) >= (most or _USUAL_ITEMS):
                return items, False
    except UsageError:
        if time.monotonic() - since < _MOST_SECONDS:
            raise
        return items, False  # the timer has closed the response
    finally:
        end.cancel()
    return items, True


@record
class AskedCall:
    """A call that a client requests.

    Args:
        operation: The name of the operation, or its operationId.
        inputs: Input → value.
        expression: The filter or the query for the response, already checked; empty for none.
        max_items: The number of items to get, from as many pages as needed; None for one call.
        has_head: Whether the response includes status and headers, as with `--include`.
        against: A profile, to compare the responses of its server; empty for none.
        wait: An expression to wait for: the call is repeated until it is true of the response; empty for none.
        path: A file for the body of the response; empty to return the body.
    """

    operation: str
    inputs: Mapping[str, Any]
    expression: str = ""
    max_items: int | None = None
    has_head: bool = False
    against: str = ""
    wait: str = ""
    path: str = ""


@record
class Outcome:
    """The result of a call.

    Args:
        reported: The report by dynacli: status, number of items, next page, error.
        data: The data that the server sent, with masked secrets; None for none.
        is_error: Whether the call failed.
        schema: Finds the document's schema of the data; None if the document has none.
        known: The items of the data according to the document; None if unknown.
    """

    reported: dict[str, Any]
    data: Any = None
    is_error: bool = False
    schema: FindSchema | None = None
    known: KnownItems | None = None


def call_for_agent(api: Api, asked: AskedCall, masker: Masker, announce: Report) -> Outcome:
    """Make a call, and return its result.

    Args:
        masker: Masks secrets other than those of the call.
        announce: Reports the progress.

    Raises:
        DynacliError: The call failed before there was any data.
    """
    if asked.path:
        return _download(api, asked, masker)
    if asked.wait:
        outcome = _wait(api, asked, masker, announce)
    elif asked.against:
        outcome = _difference(api, asked, masker)
    elif asked.max_items is None or _is_streaming(api, asked.operation):
        outcome = _one_call(api, asked, masker, announce)
    else:
        outcome = _pages(api, asked, asked.max_items, masker, announce)
    if not asked.expression or (outcome.is_error and not asked.has_head):
        return outcome
    return filtered_outcome(outcome, asked.expression)


def filtered_outcome(outcome: Outcome, expression: str) -> Outcome:
    """Return an outcome with its filtered data; if the filter fails, with the error and all data."""
    try:
        body = ReceivedBody(b"", "application/json", outcome.schema, lambda: outcome.known)
        found = filtered(outcome.data, expression, FILTER, body=body)
        reported = outcome.reported
        if note := filter_note(outcome.data, expression, found, schema=outcome.schema):
            reported = {**reported, "filter": note}
        return Outcome(reported, found, is_error=outcome.is_error)
    except FormatError as error:
        error.hint = "The response is here as it came; fix the filter"
        reported = {**outcome.reported, **error.as_json()}
        return Outcome(reported, outcome.data, is_error=True, known=outcome.known)


def _with_head(asked: AskedCall, response: Response, body: Any) -> Any:
    """Return the body, together with the status and the headers if the client wants them."""
    if not asked.has_head:
        return body
    return {"status": response.status, "headers": response.masked_headers, "body": body}


def _one_call(api: Api, asked: AskedCall, masker: Masker, announce: Report) -> Outcome:
    """Make one call; if the response is a stream, take only its first items."""
    with api.stream(asked.operation, asked.inputs) as response:
        error = _status_error(response)
        if error is None and response.is_stream:
            items, is_whole = _take_items(response, asked.max_items, announce)
            reported = _shown_of([response])
            reported["stream"] = {"items": len(items), "is_whole": is_whole}
            if response.unread:
                reported["stream"]["unread"] = response.unread
            data = response.masker.joined(masker).mask_value(items)
            return Outcome(reported, _with_head(asked, response, data), schema=response.body_schema)
        reported = _shown_of([response])
        following = response.following
        data = _with_head(asked, response, _data_of(response, reported, masker))
        if following:
            reported["pages"] = {"items": following.items, "total": following.total}
            next_inputs = response.masker.mask_value(following.next_inputs)
            reported["pages"]["next"] = (
                {"inputs": next_inputs} if next_inputs else {"max_items": following.items * 2}
            )
        if error is not None:
            reported |= error.as_json()
        known = None if asked.has_head else response.described.known_items
        return Outcome(reported, data, error is not None, response.body_schema, known)


def _wait(api: Api, asked: AskedCall, masker: Masker, announce: Report) -> Outcome:
    """Repeat a call until an expression is true of its response, and return that response; else the last one."""
    calls = 0

    def count(event: CallEvent) -> None:
        nonlocal calls
        if isinstance(event, ResponseHead):
            calls += 1
            announce(f"{counted(calls, 'call')}, the last status is {event.response.status}")

    error: DynacliError | None = None
    try:
        response = api.wait(asked.operation, asked.wait, asked.inputs, on_event=count)
        error = _status_error(response)
    except NeverTrueError as never:
        if never.response is None:
            raise
        response, error = never.response, never
    reported = {**_shown_of([response]), "calls": calls}
    data = _with_head(asked, response, _data_of(response, reported, masker))
    if error is not None:
        reported |= error.as_json()
    known = None if asked.has_head else response.described.known_items
    return Outcome(reported, data, error is not None, response.body_schema, known)


def _download(api: Api, asked: AskedCall, masker: Masker) -> Outcome:
    """Make a call, and write the body of a success to the file; return the body of another response."""
    response = api.download(asked.operation, asked.path, asked.inputs)
    reported = _shown_of([response])
    error = _status_error(response)
    if error is not None:
        data = _data_of(response, reported, masker)
        return Outcome({**reported, **error.as_json()}, data, is_error=True)
    size = os.path.getsize(asked.path) if os.path.exists(asked.path) else 0
    reported["saved"] = {"bytes": size, "media_type": response.headers.get("content-type", "")}
    return Outcome(reported)


def _difference(api: Api, asked: AskedCall, masker: Masker) -> Outcome:
    """Return the differences between the responses of two servers.

    Raises:
        UsageError: `against` is a URL, which clients may not choose, or `include` is given, too.
    """
    if asked.has_head or is_url(asked.against):
        raise UsageError(
            "`against` needs the name of a profile, and no `include`",
            reason="It compares the status, the headers and the body with the response of a profile's server",
        )
    found = api.diff(asked.operation, asked.inputs, against=asked.against, max_items=asked.max_items)
    reported = {
        "equal": not found.differences,
        "differences": len(found.differences),
        "not_compared": found.left_out,
    }
    return Outcome(reported, masker.mask_value([difference.as_json() for difference in found.differences]))


def _pages(api: Api, asked: AskedCall, most: int, masker: Masker, announce: Report) -> Outcome:
    responses: list[Response] = []
    items: list[Any] = []
    error: DynacliError | None = None
    leaving: threading.Timer | None = None
    left = threading.Event()

    def leave_stream(event: CallEvent) -> None:
        """Start a timer that ends a response if it is a stream; the items so far are kept."""
        nonlocal leaving
        if not isinstance(event, ResponseHead) or not is_sequence(event.response.header("content-type")):
            return
        pieces = event.call.pieces
        if pieces is not None:

            def cut() -> None:
                left.set()  # first: a timer sets its own `finished` only after this function
                pieces.cut()

            leaving = threading.Timer(_MOST_SECONDS, cut)
            leaving.daemon = True
            leaving.start()

    try:
        for response in api.pages(asked.operation, asked.inputs, max_items=most, on_event=leave_stream):
            responses.append(response)
            error = _status_error(response)
            if error is None and response.items is None:
                raise UsageError(
                    f"`{asked.operation}` has a response with no list, or with several",
                    hint="Call it without `max_items`",
                )
            items += response.masker.joined(masker).mask_value(response.items or [])
            announce(f"{counted(len(responses), 'page')}, {counted(len(items), 'item')}")
    except DynacliError as failure:
        if not items:
            raise
        error = None if left.is_set() else failure  # a stream that the timer ended has not failed
    finally:
        if leaving is not None:
            leaving.cancel()
    reported = _shown_of(responses)
    following = responses[-1].following
    total = following.total if following is not None else None
    if leaving is None:
        reported["pages"] = {"fetched": len(responses), "items": len(items), "total": total}
    else:
        is_whole = not left.is_set() and error is None and len(items) < most
        reported["stream"] = {"items": len(items), "is_whole": is_whole}
    if error is not None:
        reported |= error.as_json()
    # The body of an error response says what is wrong.
    data = items if items or error is None else _data_of(responses[-1], reported, masker)
    shown = _with_head(asked, responses[0], data)
    return Outcome(reported, shown, error is not None, responses[0].body_schema)


def _status_error(response: Response) -> HttpError | None:
    try:
        response.raise_for_status()
    except HttpError as error:
        return error
    return None


def _shown_of(responses: list[Response]) -> dict[str, Any]:
    """Return the report of some responses: the last status, and the findings, each of them once."""
    last = responses[-1]
    reported: dict[str, Any] = {"status": last.status, "valid": None}
    if location := last.headers.get("location"):
        reported["location"] = last.masker.mask(location)
    findings = {
        (finding.where, finding.rule, finding.schema_pointer, finding.message): finding
        for response in responses
        for finding in response.findings
    }
    if all(response.is_validated for response in responses):
        reported["valid"] = not findings
    reported["findings"] = [
        {"where": finding.where, "rule": finding.rule, "pointer": finding.pointer, "message": finding.message}
        for finding in list(findings.values())[:_MOST_FINDINGS]
    ]
    if len(findings) > _MOST_FINDINGS:
        reported["more_findings"] = len(findings) - _MOST_FINDINGS
    if last.notes:
        reported["notes"] = list(last.notes)[:_MOST_FINDINGS]
    not_validated = dict.fromkeys(reason for response in responses for reason in response.not_validated)
    if not_validated:
        reported["not_validated"] = list(not_validated)[:_MOST_FINDINGS]
    return reported


def _data_of(response: Response, reported: dict[str, Any], masker: Masker) -> Any:
    """Return the value of the body; for binary data, only report the size and the media type."""
    data = response.data
    if isinstance(data, bytes):
        media_type = response.headers.get("content-type", "")
        reported["binary"] = {"bytes": len(data), "media_type": media_type}
        return None
    return response.masker.joined(masker).mask_value(data)
