"""The answers that the document has for an operation, and which of them a mock gives."""

from collections.abc import Mapping, Sequence
from typing import Any

from dynacli.client.described_operation import DescribedOperation
from dynacli.model.operation import documented_status
from dynacli.record import record
from dynacli.schema.success_answer import success_answer

__all__ = ["DocumentedAnswer", "answer_for", "plain_answer"]

_FINAL = range(200, 600)
_REDIRECTS = range(300, 400)


@record
class DocumentedAnswer:
    """A documented answer.

    Args:
        status: The status that is sent.
        key: By which key the document describes it: a status, a range or `default`; empty if the document has no
            success.
        raw: Its Response Object.
    """

    status: int
    key: str
    raw: Mapping[str, Any]


def plain_answer(described: DescribedOperation) -> DocumentedAnswer:
    """Return the answer to a right request: the plain success, else a redirect, else a success without a body.

    Documents that tell of errors alone mean that a right request succeeds, and OpenAPI does not ask for more: "not
    necessarily expected to cover all possible HTTP response codes" (3.1.1, "Responses Object").
    """
    responses = _responses(described)
    key, _ = success_answer(responses, described.follow)
    others = sorted(each for each in responses if _status_of(each, responses, 0) in _REDIRECTS)
    for found in (key, *others[:1]):
        if _status_of(found, responses, 200) in _FINAL:
            return _documented(described, _status_of(found, responses, 200), found)
    return DocumentedAnswer(200, "", {})


def answer_for(described: DescribedOperation, statuses: Sequence[int]) -> DocumentedAnswer | None:
    """Return the answer with the first status that is documented; by a range or `default` only for the first one."""
    responses = _responses(described)
    for status in statuses:
        if str(status) in responses:
            return _documented(described, status, str(status))
    key = documented_status(statuses[0], map(str, responses))
    return _documented(described, statuses[0], key) if key else None


def _responses(described: DescribedOperation) -> Mapping[str, Any]:
    return {str(key): value for key, value in described.raw_responses.items()}


def _documented(described: DescribedOperation, status: int, key: str) -> DocumentedAnswer:
    raw = described.follow(_responses(described).get(key))
    return DocumentedAnswer(status, key, raw if isinstance(raw, Mapping) else {})


def _status_of(key: str, responses: Mapping[str, Any], by_default: int) -> int:
    """Return a status that a key describes; 0 where it describes none."""
    if key.isascii() and key.isdecimal():
        return int(key)
    if key.lower() == "default":
        return by_default
    if len(key) == 3 and key[0].isdecimal() and key[1:].upper() == "XX":
        first = int(key[0]) * 100
        # A status of its own is described by its own key.
        return next(status for status in range(first, first + 100) if str(status) not in responses)
    return 0
