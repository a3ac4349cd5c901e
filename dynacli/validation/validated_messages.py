"""Requests and responses as records for validation."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import inf
from typing import TYPE_CHECKING, Any, NamedTuple

from dynacli.openapi.model.operation import WITHOUT_BODY

if TYPE_CHECKING:
    from dynacli.http.semantics import ReceivedBody
    from dynacli.validation.read_body import UnreadBody
    from dynacli.validation.streamed_body import StreamedBody


class ValidatedRequest(NamedTuple):
    """A request for validation: the decoded texts that are sent, and their original values.

    Args:
        path: Name → text of each path parameter.
        query: (name, text) of each query parameter.
        headers: Name → text of each header.
        cookies: (name, text) of each cookie.
        media_type: The value of `Content-Type`; empty if there is none.
        body: The body; None if there is none.
        values: (location, name) → original value of a parameter.
        querystring: (name, percent-encoded text) of a parameter that is the whole query; None if there is none.
        credentials: Names of the security schemes that have credentials in the request; None if unknown, so that none
            counts as missing.
        end: The time by `time.perf_counter` at which validation must end.
    """

    path: Mapping[str, str]
    query: list[tuple[str, str]]
    headers: Mapping[str, str]
    cookies: list[tuple[str, str]]
    media_type: str
    body: bytes | None
    values: Mapping[tuple[str, str], Any]
    querystring: tuple[str, str] | None = None
    credentials: frozenset[str] | None = None
    end: float = inf


class ValidatedResponse(NamedTuple):
    """A response for validation.

    Args:
        status: The status code.
        headers: Name → value, or pairs in which a header may be repeated.
        content_type: The value of `Content-Type`; empty if there is none.
        body: The body. A `StreamedBody` is read only as far as validation needs it.
        redirects: Statuses of the redirects before the response.
        received: The body with its cached value, so that it is not parsed twice; None if only the validator reads it.
        end: The time by `time.perf_counter` at which validation must end.
    """

    status: int
    headers: Mapping[str, str] | Iterable[tuple[str, str]]
    content_type: str
    body: bytes | StreamedBody | UnreadBody
    redirects: tuple[int, ...] = ()
    received: ReceivedBody | None = None
    end: float = inf

    def as_json_lines(self) -> ValidatedResponse:
        """Return the response with a body that is read item by item, although its type is JSON."""
        from dynacli.http.exchange import values_of
        from dynacli.http.json_objects import one_a_line
        from dynacli.http.semantics import JSON_LINES
        from dynacli.validation.streamed_body import StreamedBody

        body = self.body
        if isinstance(body, bytes):
            body = StreamedBody(one_a_line((body,)))
        if isinstance(body, StreamedBody):
            body.media_type = JSON_LINES
        pairs = self.headers.items() if isinstance(self.headers, Mapping) else self.headers
        return self._replace(content_type=", ".join(values_of(pairs, "content-type")), body=body)

    def may_be_empty(self, method: str) -> bool:
        """Return whether the method or the status forbids a body, regardless of the document (RFC 9110)."""
        return method.lower() == "head" or self.status in WITHOUT_BODY
