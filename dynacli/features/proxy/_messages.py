"""HTTP/1.1 messages with their start lines, headers and bodies, and the responses of the proxy itself.

The responses of the proxy are problems (RFC 9457), which `Proxy-Status` marks as its own (RFC 9209).

The proxy passes bytes on unchanged, and refuses a message that two servers may read in two ways (RFC 9112, section
11.2). No library does both. These were tried: h11 0.16, httptools 0.9, and Starlette on uvicorn 0.54.

- ASGI has header names in lower case, and no reason phrases, sizes of chunks or upgrades
  (https://asgi.readthedocs.io/en/latest/specs/www.html). uvicorn adds `Date` and `Server`, and drops trailers.
- h11 drops blanks and chunk extensions. It accepts lines that end with LF, folded lines, two equal lengths,
  and a length beside chunks.
- httptools refuses these. It drops the blanks before a value and the chunk extensions, and returns trailers as headers.
  The proxy would have to read headers and chunks a second time for their bytes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from http import HTTPStatus
from typing import Protocol

from dynacli.errors import DynacliError, InternalError, TimedOutError
from dynacli.record import record

MAX_HEAD = 64 * 1024
"""Maximum bytes of the start line and the headers of a message."""
RawHeaders = list[tuple[bytes, bytes]]
"""Names and values as received, in their order."""

_TOKEN = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]++"
_ALL_FIELDS = rb"(?>(?:" + _TOKEN + rb":[^\x00\n\r\x0b\x0c]*+\r\n)*)"
"""Matches the lines of headers in linear time, because it never backtracks.

The group is atomic: up to Python 3.11.4, a possessive one takes a part of a line as well (python/cpython#106052).
"""
_FIELD_LINES = re.compile(_ALL_FIELDS)
_REQUEST_LINE = re.compile(rb"(" + _TOKEN + rb") ([!-~]++) HTTP/(1\.[01])\r\n")
_STATUS_LINE = re.compile(rb"HTTP/(1\.[01]) ([1-9][0-9][0-9])(?: ([^\x00\n\r\x0b\x0c]*+))?\r\n")
_EXTENSION = rb"[ \t]*(?:;[^\x00-\x08\x0a-\x1f\x7f]*+)?\r\n"
_SIZE_LINE = re.compile(rb"([0-9A-Fa-f]{1,15})" + _EXTENSION)
_LAST = re.compile(rb"0++" + _EXTENSION + rb"(" + _ALL_FIELDS + rb")\r\n")
_WITHOUT_BODY = frozenset({204, 304})


class BadMessageError(Exception):
    """A message is not HTTP/1.1, or can be misread.

    Attributes:
        reason: The reason, without any part of the message, which may hold secrets.
        status: The status of the response, if the message is a request.
    """

    def __init__(self, reason: str, status: int = 400) -> None:
        super().__init__(reason)
        self.reason, self.status = reason, status


class MessageHead:
    """The headers of a message.

    Attributes:
        headers: Names and values, without blanks around the values.
        values: Lower-case name → value; several values of a name are joined by commas.
        block: The lines of the headers as received.
        version: `1.0` or `1.1`.
        length: The length of the body in bytes; None if no header has it.

    Raises:
        BadMessageError: A line is not a header, or the headers about the body are invalid.
    """

    def __init__(self, version: bytes, block: bytes) -> None:
        if not _FIELD_LINES.fullmatch(block):
            raise BadMessageError("one of its lines is not a header")
        self.version, self.block = version, block
        self.headers: RawHeaders = []
        values: dict[bytes, list[bytes]] = {}
        for line in block.split(b"\r\n")[:-1]:
            name, _, value = line.partition(b":")
            value = value.strip(b" \t")
            self.headers.append((name, value))
            values.setdefault(name.lower(), []).append(value)
        self.values = {key: b", ".join(found) for key, found in values.items()}
        if b"transfer-encoding" in self.values:
            self._check_encoding()
        self.length = self._length()

    def _check_encoding(self) -> None:
        if self.values[b"transfer-encoding"].lower() != b"chunked":
            raise BadMessageError("it has another transfer encoding than `chunked`", 501)
        if b"content-length" in self.values:
            raise BadMessageError("it has both a length and a transfer encoding")
        if self.version == b"1.0":
            raise BadMessageError("it has a transfer encoding, which HTTP/1.0 does not know")

    def _length(self) -> int | None:
        value = self.values.get(b"content-length")
        if value is None:
            return None
        if not value.isdigit() or len(value) > 18:
            raise BadMessageError("its length is not a number, or there is more than one")
        return int(value)

    @property
    def is_chunked(self) -> bool:
        """Whether the body is sent in chunks."""
        return b"transfer-encoding" in self.values

    @property
    def closes(self) -> bool:
        """Whether the connection ends after the message."""
        return self.version == b"1.0" or self.has_token(b"connection", b"close")

    def has_token(self, name: bytes, token: bytes) -> bool:
        """Return whether a header lists a token, ignoring case."""
        return name in self.values and token in tokens(self.values[name])


class RequestHead(MessageHead):
    """The request line and the headers of a request.

    Attributes:
        method: The method as received.
        target: The target as received.
    """

    def __init__(self, method: bytes, target: bytes, version: bytes, block: bytes) -> None:
        super().__init__(version, block)
        self.method, self.target = method, target
        hosts = [value for name, value in self.headers if name.lower() == b"host"]
        if len(hosts) > 1 or (not hosts and version == b"1.1"):
            raise BadMessageError("it has no `Host`, or more than one")

    @classmethod
    def taken(cls, received: bytearray) -> RequestHead | None:
        """Take the request line and the headers from received bytes; None if they are incomplete.

        Raises:
            BadMessageError: The bytes are not a valid request.
        """
        while received.startswith(b"\r\n"):  # which some clients send after a body (RFC 9112, section 2.2)
            del received[:2]
        head = _taken(received)
        if head is None:
            return None
        line = _REQUEST_LINE.match(head)
        if line is None:
            raise BadMessageError("its first line is not a request line")
        return cls(line[1], line[2], line[3], head[line.end() :])


class ResponseMessageHead(MessageHead):
    """The status line and the headers of a response.

    Attributes:
        line: The status line as received.
        status: The status code.
        reason: The reason phrase.
    """

    def __init__(self, line: bytes, status: int, reason: bytes, version: bytes, block: bytes) -> None:
        super().__init__(version, block)
        self.line, self.status, self.reason = line, status, reason

    @classmethod
    def taken(cls, received: bytearray) -> ResponseMessageHead | None:
        """Take the status line and the headers from received bytes; None if they are incomplete.

        Raises:
            BadMessageError: The bytes are not a valid response.
        """
        head = _taken(received)
        if head is None:
            return None
        line = _STATUS_LINE.match(head)
        if line is None:
            raise BadMessageError("its first line is not a status line")
        return cls(line[0], int(line[2]), line[3] or b"", line[1], head[line.end() :])


def _taken(received: bytearray) -> bytes | None:
    """Take the lines before the first empty line, with their ends; None if there is no empty line yet."""
    end = received.find(b"\r\n\r\n")
    if end > MAX_HEAD or (end < 0 and len(received) > MAX_HEAD):
        raise BadMessageError("its headers are too large", 431)
    if end < 0:
        # Each new piece causes a scan of everything. Counting takes an eighth of the time of a search for a bare LF.
        if received.count(b"\n") != received.count(b"\r\n"):
            raise BadMessageError("a line of its headers ends without CR")
        return None
    head = bytes(received[: end + 2])
    del received[: end + 4]
    return head


def tokens(value: bytes) -> list[bytes]:
    """Return the tokens that a header lists, in lower case."""
    return [word.strip().lower() for word in value.split(b",")]


class MessageBody(Protocol):
    """A body that arrives piece by piece.

    Attributes:
        is_over: Whether the body is complete.
        has_trailers: Whether trailers follow it.
    """

    is_over: bool
    has_trailers: bool

    def take(self, received: bytearray) -> tuple[bytes, bytes]:
        """Take the body from received bytes; return its bytes as received, and its content.

        Raises:
            BadMessageError: The body is malformed.
        """
        ...


class _SizedBody:
    """A body with a known length."""

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
    """The body of a response that ends with its connection, which sets `is_over`."""

    has_trailers = False

    def __init__(self) -> None:
        self.is_over = False

    def take(self, received: bytearray) -> tuple[bytes, bytes]:
        """Take all received bytes."""
        piece = bytes(received)
        received.clear()
        return piece, piece


class _ChunkedBody:
    """A body in chunks (RFC 9112, section 7.1). Trailers follow the last chunk."""

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
    """Check that bytes without a match are only incomplete, not malformed."""
    if received.find(end, at) >= 0:
        raise BadMessageError("its chunks are malformed")
    if len(received) - at > MAX_HEAD:
        raise BadMessageError("the line of a chunk, or the trailers, are too large")


def request_body(head: RequestHead) -> MessageBody:
    """Return the body of a request, before its first byte is read (RFC 9112, section 6.3)."""
    return _ChunkedBody() if head.is_chunked else _SizedBody(head.length or 0)


def response_body(head: ResponseMessageHead, method: bytes) -> MessageBody:
    """Return the body of a response, before its first byte is read (RFC 9112, section 6.3).

    Args:
        method: The method of the request.
    """
    if method == b"HEAD" or head.status in _WITHOUT_BODY:
        return _SizedBody(0)
    if head.is_chunked:
        return _ChunkedBody()
    return BodyUntilEnd() if head.length is None else _SizedBody(head.length)


def as_chunk(piece: bytes) -> bytes:
    """Return a piece of a body as a chunk; empty for an empty piece, whose chunk would end the body."""
    return b"%x\r\n%b\r\n" % (len(piece), piece) if piece else b""


@record
class OwnResponse:
    """A response of the proxy itself.

    Args:
        error: The proxy error type (RFC 9209, section 2.3).
        title: The problem, in a sentence without its period.
        detail: The reason; empty if it is unknown.
        hint: Advice; empty if there is none.
    """

    status: int
    error: str
    title: str
    detail: str = ""
    hint: str = ""

    @property
    def sentence(self) -> str:
        """The problem and its reason."""
        return ": ".join(filter(None, (self.title, self.detail)))


def from_error(error: DynacliError) -> OwnResponse:
    """Return the response to a request if the connection with the upstream failed."""
    is_late = isinstance(error, TimedOutError)
    kind = "connection_timeout" if is_late else "destination_unavailable"
    return OwnResponse(504 if is_late else 502, kind, error.message, error.reason, error.hint)


def broken_upstream(reason: str) -> OwnResponse:
    """Return the response to a request if the upstream did not send a complete response."""
    return OwnResponse(502, "connection_terminated", "The upstream gave no response", reason)


def defective(error: BaseException) -> OwnResponse:
    """Return the 502 response after an unexpected exception."""
    defect = InternalError.caused_by(error)
    return OwnResponse(502, "proxy_internal_error", defect.message, defect.reason)


def no_room(heads: Sequence[RequestHead], most: int) -> OwnResponse:
    """Return the response to a client above the limit of connections.

    A loop through another proxy shows only here: each round adds a request until the limit is reached. `Via` would show
    it at once (RFC 9110, section 7.6.3), but would change the headers of every message.

    Args:
        heads: The requests in progress.
        most: Maximum number of clients.
    """
    shortest = min((head.target for head in heads), key=len, default=b"")
    # Each round adds the path of the base URL before the target.
    is_same = len(heads) > most // 2 and all(
        head.method == heads[0].method and head.target.endswith(shortest) for head in heads
    )
    reason, hint = "The proxy serves a limited number at a time", "Try again later"
    if is_same:
        reason = f"All {len(heads)} requests that pass ask for the same, so the upstream may lead back to this proxy"
        hint = "If it is another proxy, check its upstream"
    return OwnResponse(503, "connection_limit_reached", "There are too many connections", reason, hint)


def own_response(response: OwnResponse, *, must_close: bool, is_to_head: bool) -> bytes:
    """Return a response as bytes.

    Args:
        must_close: Whether the connection ends after it.
        is_to_head: Whether the method is HEAD, so that the body is left out.
    """
    problem = {
        "type": "about:blank",
        "title": response.title,
        "status": response.status,
        "detail": response.detail,
        "hint": response.hint,
        "source": "dynacli proxy",
    }
    content = json.dumps({key: value for key, value in problem.items() if value}).encode() + b"\n"
    lines = [
        f"HTTP/1.1 {response.status} {HTTPStatus(response.status).phrase}",
        "Content-Type: application/problem+json",
        f"Content-Length: {len(content)}",
        "Cache-Control: no-store",
        f"Proxy-Status: dynacli; error={response.error}",
        *(["Connection: close"] if must_close else []),
    ]
    return "\r\n".join([*lines, "", ""]).encode() + (b"" if is_to_head else content)
