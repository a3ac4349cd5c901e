"""The bodies of messages, piece by piece: where they end, and which bytes of them are content."""

import re
from typing import Protocol

from dynacli.proxy.message_head import FIELD_LINES, MAX_HEAD, BadMessageError, RequestHead, ResponseHead

__all__ = ["Body", "BodyUntilEnd", "as_chunk", "request_body", "response_body"]

_EXTENSION = rb"[ \t]*(?:;[^\x00-\x08\x0a-\x1f\x7f]*+)?\r\n"
_SIZE_LINE = re.compile(rb"([0-9A-Fa-f]{1,15})" + _EXTENSION)
_LAST = re.compile(rb"0++" + _EXTENSION + rb"(" + FIELD_LINES + rb")\r\n")
_WITHOUT_BODY = frozenset({204, 304})


class Body(Protocol):
    """A body of which more and more comes.

    Attributes:
        is_over: Whether all of it has come.
        has_trailers: Whether headers came behind it.
    """

    is_over: bool
    has_trailers: bool

    def take(self, received: bytearray) -> tuple[bytes, bytes]:
        """Take what is there of it from what has come: as it came, and the content in it.

        Raises:
            BadMessageError: It is none.
        """
        ...


class _SizedBody:
    """A body whose length is known."""

    has_trailers = False

    def __init__(self, length: int) -> None:
        self._left, self.is_over = length, not length

    def take(self, received: bytearray) -> tuple[bytes, bytes]:
        piece = bytes(received[: self._left])
        del received[: self._left]
        self._left -= len(piece)
        self.is_over = not self._left
        return piece, piece


class BodyUntilEnd:
    """The body of an answer that lasts as long as its connection, whose end makes it `is_over`."""

    has_trailers = False

    def __init__(self) -> None:
        self.is_over = False

    def take(self, received: bytearray) -> tuple[bytes, bytes]:
        """Take what has come."""
        piece = bytes(received)
        received.clear()
        return piece, piece


class _ChunkedBody:
    """A body in chunks (RFC 9112, section 7.1), the last of which stands before the trailers."""

    def __init__(self) -> None:
        self._left, self._is_in_chunk, self.is_over = 0, False, False
        self.has_trailers = False

    def take(self, received: bytearray) -> tuple[bytes, bytes]:
        at, pieces = 0, []
        while not self.is_over:
            if self._is_in_chunk:
                piece = received[at : at + self._left]
                pieces.append(piece)
                at, self._left = at + len(piece), self._left - len(piece)
                if not received.startswith(b"\r\n", at):
                    if not self._left and not b"\r".startswith(received[at:]):
                        raise BadMessageError("a chunk is longer than it says")
                    break
                at, self._is_in_chunk = at + 2, False
            line = _SIZE_LINE.match(received, at)
            if line is not None and (size := int(line[1], 16)):
                self._left, self._is_in_chunk, at = size, True, line.end()
                continue
            last = _LAST.match(received, at)
            if last is None:
                _check_cut(received, at, b"\n" if line is None else b"\r\n\r\n")
                break
            self.is_over, self.has_trailers, at = True, bool(last[1]), last.end()
        raw = bytes(received[:at])
        del received[:at]
        return raw, b"".join(pieces)


def _check_cut(received: bytearray, at: int, end: bytes) -> None:
    """Check that what does not match is only not whole yet."""
    if received.find(end, at) >= 0:
        raise BadMessageError("its chunks are none")
    if len(received) - at > MAX_HEAD:
        raise BadMessageError("the line of a chunk, or the trailers, are too large")


def request_body(head: RequestHead) -> Body:
    """Return the body of a request, of which nothing has come yet (RFC 9112, section 6.3)."""
    return _ChunkedBody() if head.is_chunked else _SizedBody(head.length or 0)


def response_body(head: ResponseHead, method: bytes) -> Body:
    """Return the body of an answer, of which nothing has come yet (RFC 9112, section 6.3).

    Args:
        method: That of the request.
    """
    if method == b"HEAD" or head.status in _WITHOUT_BODY:
        return _SizedBody(0)
    if head.is_chunked:
        return _ChunkedBody()
    return BodyUntilEnd() if head.length is None else _SizedBody(head.length)


def as_chunk(piece: bytes) -> bytes:
    """Return a piece of a body as a chunk; empty for an empty one, which would be the last."""
    return b"%x\r\n%b\r\n" % (len(piece), piece) if piece else b""
