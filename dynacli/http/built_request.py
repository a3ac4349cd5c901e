"""A request that is built and not yet sent."""

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
        encoded: `name=value`, encoded; pairs are joined by `&` in a query, by `; ` in a header.
    """

    name: str
    value: str
    encoded: str


@record
class RequestParts:
    """The parts of a request as the document describes them: each parameter's text by its name.

    A request is validated by these, so that nothing has to be parsed back out of the URL.

    Args:
        path: Name → percent-encoded text.
        query: The pairs of the query, with those that stand in the document's path.
        headers: Name → field value.
        cookies: The cookies in the order in which they are sent.
        querystring: Name and percent-encoded text of the parameter that is the whole query.
        added: The names of those pairs of the query that are no parameters.
    """

    path: dict[str, str]
    query: tuple[Pair, ...]
    headers: dict[str, str]
    cookies: tuple[Pair, ...]
    querystring: tuple[str, str] | None = None
    added: frozenset[str] = frozenset()


_NO_PARTS = RequestParts({}, (), {}, ())
"""Those of a request that no document describes."""


class Request(NamedTuple):
    """A request.

    Never show its `repr`: headers and URL may hold a credential.

    Args:
        method: The method; methods are case-sensitive (RFC 9110, section 9.1).
        url: The absolute, percent-encoded URL.
        headers: The headers in the order in which they are sent.
        body: None if there is no body; a `Payload` is read while it is sent, and only once.
        parts: The parts that the request was built from, if it was built by a document.
    """

    method: str
    url: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes | Payload | None = None
    parts: RequestParts = _NO_PARTS

    def header(self, name: str) -> str | None:
        """Return the value of the first header with a name, whose case does not matter."""
        lowered = name.lower()
        return next((value for key, value in self.headers if key.lower() == lowered), None)
