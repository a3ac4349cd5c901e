"""The heads of messages as they are passed on: in their order and spelling, without what is about one connection."""

from collections.abc import Iterable, Iterator

import h11

__all__ = [
    "Headers",
    "has_token",
    "header",
    "passed_headers",
    "request_head",
    "response_head",
    "upstream_headers",
]

Headers = list[tuple[bytes, bytes]]
"""Names and values as they were sent, in their order."""

# RFC 9110, section 7.6.1; `Transfer-Encoding` stays, because the framing does.
_OF_CONNECTION = frozenset(
    (
        *(b"connection", b"keep-alive", b"proxy-connection", b"te", b"upgrade", b"http2-settings"),
        *(b"proxy-authenticate", b"proxy-authorization"),
    )
)
# A sender must not name them in `Connection`, and without them the message would be another one.
_NEVER_OF_CONNECTION = frozenset({b"content-length", b"transfer-encoding", b"host"})


def header(headers: Headers, name: bytes) -> bytes:
    """Return the value of a header, several of one name joined; empty where there is none."""
    return b", ".join(value for key, value in headers if key.lower() == name)


def has_token(headers: Headers, name: bytes, token: bytes) -> bool:
    """Return whether a header lists a word, in any case of letters."""
    return token in _tokens(header(headers, name))


def _tokens(value: bytes) -> Iterator[bytes]:
    return (word.strip().lower() for word in value.split(b","))


def passed_headers(headers: Headers) -> Headers:
    """Return the headers that are meant for the other end, and not for the proxy; the same object for all of them."""
    if _OF_CONNECTION.isdisjoint(name.lower() for name, _ in headers):
        return headers
    dropped = _OF_CONNECTION.union(_tokens(header(headers, b"connection"))) - _NEVER_OF_CONNECTION
    return [pair for pair in headers if pair[0].lower() not in dropped]


def upstream_headers(headers: Headers, host: bytes) -> Headers:
    """Return the headers of a request as the upstream gets them.

    Args:
        host: The value of `Host`; empty where the client's own is kept.
    """
    passed = passed_headers(headers)
    if any(word.partition(b";")[0].strip() == b"trailers" for word in _tokens(header(headers, b"te"))):
        # Trailers are passed on, so that the upstream may send some (RFC 9110, section 10.1.4).
        passed = [*passed, (b"TE", b"trailers"), (b"Connection", b"TE")]
    if not host:
        return passed
    if not header(passed, b"host"):
        return [(b"Host", host), *passed]  # a client that speaks HTTP/1.0
    return [(name, host if name.lower() == b"host" else value) for name, value in passed]


def request_head(method: bytes, target: bytes, headers: Iterable[tuple[bytes, bytes]]) -> bytes:
    """Return the head of a request; h11 would write `Host` first."""
    lines = b"".join(b"%b: %b\r\n" % pair for pair in headers)
    return b"%b %b HTTP/1.1\r\n%b\r\n" % (method, target, lines)


def response_head(connection: h11.Connection, response: h11.Response, *, is_to_head: bool) -> bytes:
    """Return the head of an answer, framed as its client understands it.

    Args:
        is_to_head: Whether it answers HEAD, so that nothing follows whatever its headers say.
    """
    head = bytes(connection.send(response) or b"")
    if is_to_head and not header(response.headers.raw_items(), b"transfer-encoding"):
        # h11 announces what would have followed to GET, where the server says nothing of it.
        head = head.replace(b"\r\nTransfer-Encoding: chunked\r\n", b"\r\n", 1)
    return head
