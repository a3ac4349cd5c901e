"""Validation of the calls of one operation: strict about statuses, but tolerant if the check itself caused an error.

The body of a response is read whole, but only the beginning of a stream, because a stream may be endless.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from dynacli.client.call_settings import CallSettings
from dynacli.features.check.check_records import Exchange, InputValue
from dynacli.http.exchange import RENDER_LIMIT, WireResponse
from dynacli.http.item_reader import complete_items
from dynacli.http.semantics import essence, is_sequence
from dynacli.http.send import Pieces
from dynacli.openapi.model.field_names import names_another_thing
from dynacli.openapi.model.operation import Operation, documented_status
from dynacli.openapi.model.path_templates import item_templates, nouns_of_paths, parameter_names
from dynacli.registry.opened_api import OpenedApi
from dynacli.validation.finding import ValidationResult, broken_off_validation
from dynacli.validation.operation_document import DocumentPlace
from dynacli.validation.validated_messages import ValidatedRequest, ValidatedResponse
from dynacli.validation.validator import Validator, excuse_of_status

GONE = frozenset({404, 410})
"""Statuses of a resource that does not exist."""
_GONE_OR_WRONG = frozenset({*GONE, 422})
_MAX_NODES = 5_000
_KNOWN_ORIGINS = frozenset({"set", "link", "response"})
"""Origins of values that the server should know."""
_STREAM_SECONDS = 5.0
"""Maximum time for reading a stream, in seconds, if at least one item has arrived."""
_STREAM_BYTES = 1024 * 1024
"""Maximum number of bytes to read of a stream, if they contain at least one item."""


class OperationValidator:
    """Validates the requests and responses of one operation.

    Args:
        settings: Settings with the validation level and the suppressed findings.
    """

    def __init__(self, api: OpenedApi, operation: Operation, settings: CallSettings) -> None:
        self._api, self._operation, self._settings = api, operation, settings
        self._validator = Validator(api.catalog, operation)
        self._documented = [response.status for response in operation.responses]

    def request(self, sent: ValidatedRequest) -> ValidationResult:
        """Validate a request."""
        validation = self._validator.request(sent)
        self._settings.set_apart(validation, self._operation)
        return validation

    def response(self, exchange: Exchange, response: WireResponse) -> ValidationResult:
        """Validate a response.

        OpenAPI asks documents "to cover a successful operation response and any known errors" (3.1.1, "Responses
        Object"). A check makes errors known, so an undocumented status is a finding, unless the check itself caused it.

        Args:
            exchange: The call with this response.
        """
        cut_reason = exchange.cut_reason
        is_documented = bool(documented_status(response.status, self._documented))
        excuse = "" if is_documented else self._excuse(exchange, response.status)
        redirects = tuple(status for status, _ in response.hops)
        validated = ValidatedResponse(
            response.status, response.headers, response.header("content-type"), response.body, redirects
        )
        if response.is_json_lines:
            validated = validated.as_json_lines()
        validation = self._validator.response(validated, is_exact=self._settings.level == "exact")
        if cut_reason:
            validation.note_cut_body(cut_reason, has_body=bool(response.body))
        if excuse:
            validation.drop("undocumented-status")
            validation.not_validated[:] = [f"the status {response.status} is not documented, and {excuse}"]
        self._settings.set_apart(validation, self._operation, response.status)
        return validation

    @property
    def responses_place(self) -> DocumentPlace:
        """Location of the operation's responses in the document."""
        return self._validator.responses_place

    def broken_off(self) -> ValidationResult:
        """Return the validation result of a call whose connection the server closed too early."""
        validation = broken_off_validation(self.responses_place)
        self._settings.set_apart(validation, self._operation)
        return validation

    def is_described(self, response: WireResponse) -> bool:
        """Return whether the document describes a response. A description of the redirect to it is not enough."""
        last = documented_status(response.status, self._documented)
        if not response.hops or last not in {"", "default"}:
            return bool(last)
        first = documented_status(response.hops[0][0], self._documented)
        return bool(last) and first in {"", "default"}

    def _excuse(self, exchange: Exchange, status: int) -> str:
        """Return the reason why an undocumented status is not a defect; empty if it is one."""
        values = exchange.planned.values
        outside = [value for value in values if value.location != "body"]
        if status in GONE and any(value.origin not in _KNOWN_ORIGINS for value in outside):
            return "may only mean that the made-up value of the call does not exist"
        if status in GONE and self._is_from_elsewhere(outside):
            return "may only mean that the values of the call are not from the same resource"
        known = {str(value.value) for value in values if value.origin in _KNOWN_ORIGINS}
        if status in _GONE_OR_WRONG and any(
            str(id_) not in known for id_ in self._ids_in(exchange.sent_json)
        ):
            return "may only mean that the made-up id in the body does not exist"
        return excuse_of_status(status, self._operation)

    def _is_from_elsewhere(self, values: Sequence[InputValue]) -> bool:
        """Return whether a value is from the response of another resource, which may refer to a deleted one.

        Two values from different responses need not belong together, either.
        """
        received = [value for value in values if value.location == "path" and value.origin == "response"]
        if len({value.source for value in received}) > 1:
            return True
        names = parameter_names(self._operation.path)
        for value in received:
            template = (
                item_templates(self._operation.path)[names.index(value.name)] if value.name in names else ""
            )
            resource = self._api.catalog.resource_at(template)
            if resource is not None and value.source and value.source not in resource.operations:
                return True
        return False

    def _ids_in(self, body: Any) -> Iterator[Any]:
        """Yield the strings and numbers in a JSON value whose fields are named like the id of another resource."""
        if not isinstance(body, Mapping | list):
            return
        nouns = nouns_of_paths(summary.path for summary in self._api.catalog.summaries())
        waiting: list[tuple[Any, bool]] = [(body, False)]
        for _ in range(_MAX_NODES):
            if not waiting:
                return
            node, is_id = waiting.pop()
            if isinstance(node, Mapping):
                waiting.extend((value, names_another_thing(str(name), nouns)) for name, value in node.items())
            elif isinstance(node, list):
                waiting.extend((value, is_id) for value in node)
            elif is_id and isinstance(node, str | int) and not isinstance(node, bool):
                yield node


class ResponseReader:
    """Reads the body of one response, but only the beginning of a long stream."""

    def __init__(self) -> None:
        self._head: WireResponse | None = None
        self._is_stream = False
        self._start = time.monotonic()
        self._content = bytearray()
        self._is_complete = False

    def __call__(self, response: WireResponse, pieces: Pieces) -> bytes:
        """Read a body; `send` calls this with the status and headers of the response.

        Raises:
            NetworkError: The body is too large or incomplete.
        """
        self._head, self._is_stream = response, is_sequence(essence(response.header("content-type")))
        if not self._is_stream:
            self._is_complete = True
            return pieces.joined(RENDER_LIMIT)
        for piece in pieces:
            self._content += piece
            is_long = time.monotonic() - self._start > _STREAM_SECONDS
            if (is_long or len(self._content) > _STREAM_BYTES) and self._complete_items():
                return self._complete_items()
        self._is_complete = True
        return bytes(self._content)

    @property
    def is_cut(self) -> bool:
        """Whether the body is only the beginning of a stream."""
        return self._head is not None and self._is_stream and not self._is_complete

    def partial_response(self) -> WireResponse | None:
        """Return the beginning of a stream after the call has timed out; None if there is no stream."""
        if self._head is None or not self._is_stream:
            return None
        # The timeout closed the connection, which looks like the normal end of a body without a length.
        self._is_complete = False
        return replace(self._head, body=self._complete_items(), seconds=time.monotonic() - self._start)

    def _complete_items(self) -> bytes:
        """Return the complete items of the stream, without an incomplete last one."""
        media_type = essence(self._head.header("content-type") if self._head else "")
        return complete_items(bytes(self._content), media_type)
