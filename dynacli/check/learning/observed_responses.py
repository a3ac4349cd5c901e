"""The responses that a document is to agree with, with the values in them that findings point to."""

from collections.abc import Iterable
from functools import cached_property
from typing import Any

from dynacli.auth.secret import Masker
from dynacli.check.check_records import CheckedOperation
from dynacli.http.semantics import is_json, is_media_type, split_media_type
from dynacli.openapi.document.json_trees import MISSING, follow, split

__all__ = ["ObservedResponse", "observed_responses"]

_UNDOCUMENTED_STATUS = ("undocumented-status", "status")
_MISSING_BODY = ("missing-body", "")


class ObservedResponse:
    """A response.

    Args:
        operation_name: The name of the operation that was called.
        method: The operation's method in upper case.
        path: The operation's path template.
        status: The status of the response.
        headers: The headers of the response.
        body: The body, without its content encoding.
        masker: Takes the secrets of the call out; no value that holds one is learned.
        ignored: (rule, pointer) of findings that teach nothing.
    """

    def __init__(
        self,
        operation_name: str,
        method: str,
        path: str,
        status: int,
        headers: tuple[tuple[str, str], ...],
        body: bytes,
        masker: Masker,
        ignored: frozenset[tuple[str, str]] = frozenset(),
    ) -> None:
        self.operation_name = operation_name
        self.method = method
        self.path = path
        self.status = status
        self.headers = {name.lower(): value for name, value in headers}
        self.body = body
        self.masker = masker
        self.ignored = ignored

    @property
    def content_type(self) -> str:
        """The value of `Content-Type`; empty if there is none."""
        return self.headers.get("content-type", "")

    @property
    def media_type(self) -> str:
        """The media type's name in lower case; empty if there is none that could stand in a document."""
        name = split_media_type(self.content_type)[0]
        return name if is_media_type(name) and "*" not in name else ""

    @property
    def is_sequence(self) -> bool:
        """Whether the body is one value after the other."""
        from dynacli.validation.streamed_body import is_sequence

        return is_sequence(self.media_type)

    @cached_property
    def value(self) -> Any:
        """The body as a JSON value, a sequence as the list of its items; `MISSING` if it is neither."""
        from dynacli.validation.read_body import NotValidatedError, UnreadableError, read_json
        from dynacli.validation.streamed_body import read_items

        name, parameters = split_media_type(self.content_type)
        try:
            if self.is_sequence:
                return self.masker.mask_value(read_items(name, parameters, self.body))
            if is_json(name):
                return self.masker.mask_value(read_json(self.body, parameters))
        except (UnreadableError, NotValidatedError, RecursionError):
            return MISSING
        return MISSING

    def at(self, pointer: str) -> Any:
        """Return the value that a finding points to; `MISSING` if it cannot be had."""
        if pointer.startswith("header/"):
            name = pointer.split("/")[1].lower()
            return self.masker.mask(self.headers[name]) if name in self.headers else MISSING
        if pointer and not pointer.startswith("/"):
            return MISSING
        return follow(self.value, split(pointer)) if self.value is not MISSING else MISSING


def observed_responses(operations: Iterable[CheckedOperation]) -> list[ObservedResponse]:
    """Return the responses of a check that were validated."""
    responses = []
    for checked in operations:
        operation = checked.operation
        for exchange in checked.exchanges:
            response, validation = exchange.response, exchange.validation
            if response is None or validation is None:
                continue
            ignored = {(finding.rule, finding.pointer) for finding, _ in validation.suppressed}
            if all(
                (finding.rule, finding.pointer) != _UNDOCUMENTED_STATUS for finding in validation.findings
            ):
                # The check excused the status: a 404 for an invented value says nothing of the document.
                ignored.add(_UNDOCUMENTED_STATUS)
            if exchange.cut_reason and not response.body:
                ignored.add(_MISSING_BODY)
            responses.append(
                ObservedResponse(
                    operation.name,
                    operation.method,
                    operation.path,
                    response.status,
                    response.headers,
                    response.body,
                    exchange.masker,
                    frozenset(ignored),
                )
            )
    return responses
