"""A request before it is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from dynacli.record import record

if TYPE_CHECKING:
    from dynacli.http.payload import Payload


class Pair(NamedTuple):
    """A `name=value` of a query or of a `Cookie` header.

    Attributes:
        name: The name, decoded.
        value: The value, as a server reads it.
        encoded: `name=value`, encoded. Pairs are joined by `&` in a query and by `; ` in a header.
    """

    name: str
    value: str
    encoded: str


@record
class RequestParts:
    """The parameters of a request, as text by their names.

    Validation reads them here, instead of parsing the URL.

    Args:
        path: Name → percent-encoded text.
        query: The pairs of the query, including pairs in the document's path.
        headers: Name → field value.
        cookies: The cookies in the order in which they are sent.
        querystring: Name and percent-encoded text of the parameter that is the whole query.
        added: Names of the query pairs that are not parameters of the document.
    """

    path: dict[str, str]
    query: tuple[Pair, ...]
    headers: dict[str, str]
    cookies: tuple[Pair, ...]
    querystring: tuple[str, str] | None = None
    added: frozenset[str] = frozenset()


_NO_PARTS = RequestParts({}, (), {}, ())
"""The parts of a request that no document describes."""


class Request(NamedTuple):
    """A request.

    Never print its `repr`: headers and URL may hold a credential.

    Args:
        method: The method, which is case-sensitive (RFC 9110, section 9.1).
        url: The absolute, percent-encoded URL.
        headers: The headers in the order in which they are sent.
        body: The body; None if there is none. A `Payload` is read during sending, and only once.
        parts: The parameters of the document that the request was built from.
    """

    method: str
    url: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes | Payload | None = None
    parts: RequestParts = _NO_PARTS

    def header(self, name: str) -> str | None:
        """Return the value of the first header with a name, ignoring case; None if there is none."""
        lowered = name.lower()
        return next((value for key, value in self.headers if key.lower() == lowered), None)
