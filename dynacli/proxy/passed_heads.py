"""The heads of messages as they are passed on: line by line as they came, without what is about one connection."""

from dynacli.proxy.message_head import MessageHead, RequestHead, ResponseHead, tokens

__all__ = ["passed_interim", "passed_request", "passed_response"]

# RFC 9110, section 7.6.1; `Transfer-Encoding` stays, because the framing does.
_OF_CONNECTION = frozenset(
    (
        *(b"connection", b"keep-alive", b"proxy-connection", b"te", b"upgrade", b"http2-settings"),
        *(b"proxy-authenticate", b"proxy-authorization"),
    )
)
# A sender must not name them in `Connection`, and without them the message would be another one.
_NEVER_OF_CONNECTION = frozenset({b"content-length", b"transfer-encoding", b"host"})


def _passed_lines(head: MessageHead, host: bytes = b"", *, is_unchunked: bool = False) -> bytes:
    """Return the lines of the headers that are meant for the other end, and not for the proxy.

    Args:
        host: The value of `Host` in them; empty where it stays as it came.
        is_unchunked: Whether the body is passed on without its transfer encoding.
    """
    if _OF_CONNECTION.isdisjoint(head.values) and not host and not is_unchunked:
        return head.block
    dropped = _OF_CONNECTION.union(tokens(head.values.get(b"connection", b""))) - _NEVER_OF_CONNECTION
    if is_unchunked:
        dropped = dropped.union((b"transfer-encoding", b"trailer"))
    lines = []
    for (name, _), line in zip(head.headers, head.block.splitlines(keepends=True), strict=True):
        key = name.lower()
        if key == b"host" and host:
            lines.append(b"%b: %b\r\n" % (name, host))
        elif key not in dropped:
            lines.append(line)
    return b"".join(lines)


def passed_request(head: RequestHead, target: bytes, host: bytes, further: bytes) -> bytes:
    """Return the head of a request as the upstream gets it.

    Args:
        host: The value of `Host`; empty where the client's own is kept.
        further: Lines that a proxy on the way wants.
    """
    lines = _passed_lines(head, host)
    if host and b"host" not in head.values:
        lines = b"Host: %b\r\n%b" % (host, lines)  # a client that speaks HTTP/1.0
    if any(word.partition(b";")[0].strip() == b"trailers" for word in tokens(head.values.get(b"te", b""))):
        # Trailers are passed on, so that the upstream may send some (RFC 9110, section 10.1.4).
        further += b"TE: trailers\r\nConnection: TE\r\n"
    return b"%b %b HTTP/1.1\r\n%b%b\r\n" % (head.method, target, lines, further)


def passed_interim(head: ResponseHead) -> bytes:
    """Return the head of an answer before the answer (RFC 9110, section 15.2)."""
    return b"%b%b\r\n" % (head.line, _passed_lines(head))


def passed_response(head: ResponseHead, further: bytes, *, is_unchunked: bool) -> bytes:
    """Return the head of an answer as the client gets it.

    Args:
        further: Lines about the connection with the client.
        is_unchunked: Whether the body is passed on without its transfer encoding, which HTTP/1.0 does not know.
    """
    line = head.line if head.version == b"1.1" else b"HTTP/1.1" + head.line[8:]
    return b"%b%b%b\r\n" % (line, _passed_lines(head, is_unchunked=is_unchunked), further)
