"""The tool `call`: one call, or the calls of the pages of a list, as what is told of it and what the server sent."""

import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from dynacli.auth.secret import Masker
from dynacli.client.answers.answer import Answer
from dynacli.client.answers.streamed_answer import StreamedAnswer
from dynacli.client.api_client import Api
from dynacli.errors import DynacliError, FormError, HttpError, UsageError
from dynacli.http.semantics import is_sequence
from dynacli.openapi.model.wording import counted
from dynacli.record import record
from dynacli.text.filter_value import check_filter, filtered

__all__ = ["AskedCall", "Outcome", "make_call"]

_USUAL_ITEMS = 50
_MOST_SECONDS = 20.0
"""How long items are waited for; clients give up after a minute."""


def _is_streaming(api: Api, operation: str) -> bool:
    """Return whether the document says that an operation answers with a stream of items.

    Raises:
        UsageError: There is no such operation.
        DocumentError: It cannot be called.
    """
    responses = api.operation(operation).responses
    return any(
        is_sequence(media_type)
        for response in responses
        if response.status.startswith("2")
        for media_type in response.media_types
    )


def _take_items(
    answer: StreamedAnswer, most: int | None, tell: Callable[[str], None]
) -> tuple[list[Any], bool]:
    """Return the first items, and whether the stream has ended with them.

    Args:
        most: How many are wanted; None for as many as come in a little while.
        tell: Called with words for how many came.

    Raises:
        DynacliError: The answer is no success, or no stream, or it breaks off.
    """
    items: list[Any] = []
    end = threading.Timer(_MOST_SECONDS, answer.close)
    end.daemon = True
    since = time.monotonic()
    end.start()
    try:
        for item in answer:
            items.append(item)
            tell(counted(len(items), "item"))
            if len(items) >= (most or _USUAL_ITEMS):
                return items, False
    except UsageError:
        if time.monotonic() - since < _MOST_SECONDS:
            raise
        return items, False  # the time is over
    finally:
        end.cancel()
    return items, True


_FILTER = "`filter`"
_MOST_FINDINGS = 5


@record
class AskedCall:
    """What a client asks for.

    Args:
        operation: The name of the operation, or its operationId.
        inputs: Input → value.
        expression: JMESPath over the answer; empty for all of it.
        max_items: How many items of a list are wanted, from as many pages as they need; None for one call.
    """

    operation: str
    inputs: Mapping[str, Any]
    expression: str = ""
    max_items: int | None = None


@record
class Outcome:
    """What became of a call.

    Args:
        told: What dynacli tells of it: the status, the verdict, the next page, the error.
        data: What the server sent, without secrets; None where it sent nothing.
        is_error: Whether it failed.
    """

    told: dict[str, Any]
    data: Any = None
    is_error: bool = False


def make_call(api: Api, asked: AskedCall, masker: Masker, tell: Callable[[str], None]) -> Outcome:
    """Make a call, and return what became of it.

    Args:
        masker: Takes out the secrets that are not the call's own.
        tell: Called with words for how far it is.

    Raises:
        DynacliError: Nothing came.
    """
    if asked.expression:
        check_filter(asked.expression, _FILTER)
    if _is_streaming(api, asked.operation):
        outcome = _stream(api, asked, masker, tell)
    elif asked.max_items is None:
        outcome = _one_call(api, asked, masker)
    else:
        outcome = _pages(api, asked, asked.max_items, masker, tell)
    if not asked.expression or outcome.is_error:
        return outcome
    try:
        return Outcome(outcome.told, filtered(outcome.data, asked.expression, _FILTER))
    except FormError as error:
        error.hint = "The answer is here as it came; mend the filter by it"
        return Outcome({**outcome.told, **error.as_json()}, outcome.data, is_error=True)


def _one_call(api: Api, asked: AskedCall, masker: Masker) -> Outcome:
    answer = api.call(asked.operation, asked.inputs)
    told = _told_of([answer])
    data = _data_of(answer, told, masker)
    if following := answer.following:
        told["pages"] = {"items": following.items, "total": following.total}
        next_inputs = answer.masker.mask_value(following.next_inputs)
        told["pages"]["next"] = {"inputs": next_inputs} if next_inputs else {"max_items": following.items * 2}
    error = _status_error(answer)
    if error is not None:
        told = {**told, **error.as_json()}
    return Outcome(told, data, is_error=error is not None)


def _pages(api: Api, asked: AskedCall, most: int, masker: Masker, tell: Callable[[str], None]) -> Outcome:
    answers: list[Answer] = []
    items: list[Any] = []
    error: DynacliError | None = None
    try:
        for answer in api.pages(asked.operation, asked.inputs, max_items=most):
            answers.append(answer)
            error = _status_error(answer)
            if error is None and answer.items is None:
                raise UsageError(
                    f"`{asked.operation}` answers with no list, or with several",
                    hint="Call it without `max_items`",
                )
            items += answer.masker.joined(masker).mask_value(answer.items or [])
            tell(f"{counted(len(answers), 'page')}, {counted(len(items), 'item')}")
    except DynacliError as failure:
        if not items:
            raise
        error = failure  # what came is whole
    told = _told_of(answers)
    following = answers[-1].following
    total = following.total if following is not None else None
    told["pages"] = {"fetched": len(answers), "items": len(items), "total": total}
    if error is not None:
        told |= error.as_json()
    # Of an answer that is no success, the body says why.
    data = items if items or error is None else _data_of(answers[-1], told, masker)
    return Outcome(told, data, is_error=error is not None)


def _stream(api: Api, asked: AskedCall, masker: Masker, tell: Callable[[str], None]) -> Outcome:
    with api.stream(asked.operation, asked.inputs) as answer:
        error = _status_error(answer)
        if error is None and answer.is_stream:
            items, is_whole = _take_items(answer, asked.max_items, tell)
            told = _told_of([answer])
            told["stream"] = {"items": len(items), "is_whole": is_whole}
            return Outcome(told, answer.masker.joined(masker).mask_value(items))
        told = _told_of([answer])
        if error is not None:
            told |= error.as_json()
        return Outcome(told, _data_of(answer, told, masker), is_error=error is not None)


def _status_error(answer: Answer) -> HttpError | None:
    try:
        answer.raise_for_status()
    except HttpError as error:
        return error
    return None


def _told_of(answers: list[Answer]) -> dict[str, Any]:
    """Return the status and the verdict; the findings of several answers are each told once."""
    last = answers[-1]
    told: dict[str, Any] = {"status": last.status, "valid": None}
    if location := last.headers.get("location"):
        told["location"] = last.masker.mask(location)
    findings = {
        (each.where, each.rule, each.schema_pointer, each.message): each
        for answer in answers
        for each in answer.findings
    }
    if all(answer.is_judged for answer in answers):
        told["valid"] = not findings
    told["findings"] = [
        {"where": each.where, "rule": each.rule, "pointer": each.pointer, "message": each.message}
        for each in list(findings.values())[:_MOST_FINDINGS]
    ]
    if len(findings) > _MOST_FINDINGS:
        told["more_findings"] = len(findings) - _MOST_FINDINGS
    not_validated = dict.fromkeys(reason for answer in answers for reason in answer.not_validated)
    if not_validated:
        told["not_validated"] = list(not_validated)[:_MOST_FINDINGS]
    return told


def _data_of(answer: Answer, told: dict[str, Any], masker: Masker) -> Any:
    """Return the value of the body; of one that is no text, only the size and the type are told."""
    data = answer.data
    if isinstance(data, bytes):
        media_type = answer.headers.get("content-type", "")
        told["binary"] = {"bytes": len(data), "media_type": media_type}
        return None
    return answer.masker.joined(masker).mask_value(data)
