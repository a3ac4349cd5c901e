"""Requests and responses in the form in which they are validated."""

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
    """A request as it is validated: the decoded texts of the wire, and the values that they were written from.

    Args:
        path: Name → text of each path parameter.
        query: (name, text) of each query parameter.
        headers: Name → text of each header.
        cookies: (name, text) of each cookie.
        media_type: The value of `Content-Type`; empty if there is none.
        body: The body; None if there is none.
        values: (location, name) → the value that a parameter's text was written from.
        querystring: (name, percent-encoded text) of a parameter that is the whole query; None if there is none.
        credentials: The names of the security schemes whose credentials go with the request; None if they
            are unknown, so that none counts as missing.
        end: The time by `time.perf_counter` after which nothing of it is validated.
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
    """A response as it is validated.

    Args:
        headers: Name → value, or pairs, in which a header may occur repeatedly.
        content_type: The value of `Content-Type`; empty if there is none.
        body: The body. A `StreamedBody` may not be read to its end, if validating does not need that.
        redirects: The statuses of the redirects that led to the response.
        received: The body with what was read of it, so that it is not read again; None if nothing else reads it.
        end: The time by `time.perf_counter` after which nothing of it is validated.
    """

    status: int
    headers: Mapping[str, str] | Iterable[tuple[str, str]]
    content_type: str
    body: bytes | StreamedBody | UnreadBody
    redirects: tuple[int, ...] = ()
    received: ReceivedBody | None = None
    end: float = inf

    def as_json_lines(self) -> ValidatedResponse:
        """Return a response that is described as the JSON that the server calls it, and read item by item."""
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
        """Return whether a method or the status allows no body, whatever the document says (RFC 9110)."""
        return method.lower() == "head" or self.status in WITHOUT_BODY
