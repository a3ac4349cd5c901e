"""The head of a message of HTTP/1.1, taken from what has come of a connection, and refused where it can be misread.

Whatever is passed on as it came must mean the same to whoever reads it next, or a client smuggles a request past the
judge and the policy (RFC 9112, section 11.2). So what the RFC leaves to the recipient is refused here: lines that end
without CR, folded lines, more than one length.

Neither h11 nor httptools keeps the bytes of a message as they came, and httptools cannot stop between two messages.
Both messages of a small exchange take 120 µs of processor time with h11, with httptools 3, and here 10.
"""

import re

__all__ = [
    "FIELD_LINES",
    "MAX_HEAD",
    "BadMessageError",
    "Headers",
    "MessageHead",
    "RequestHead",
    "ResponseHead",
    "tokens",
]

MAX_HEAD = 64 * 1024
"""The largest head of a message in bytes."""
Headers = list[tuple[bytes, bytes]]
"""Names and values as they were sent, in their order."""

_TOKEN = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]++"
FIELD_LINES = rb"(?:" + _TOKEN + rb":[^\x00\n\r\x0b\x0c]*+\r\n)*+"
"""Matches the lines of headers; no quantifier goes back, so that the time is linear."""
_FIELD_LINES = re.compile(FIELD_LINES)
_REQUEST_LINE = re.compile(rb"(" + _TOKEN + rb") ([!-~]++) HTTP/(1\.[01])\r\n")
_STATUS_LINE = re.compile(rb"HTTP/(1\.[01]) ([1-9][0-9][0-9])(?: ([^\x00\n\r\x0b\x0c]*+))?\r\n")


class BadMessageError(Exception):
    """A message is not HTTP/1.1, or can be misread.

    Attributes:
        why: Without anything of the message, which may hold secrets.
        status: Of the answer, where it is a request.
    """

    def __init__(self, why: str, status: int = 400) -> None:
        super().__init__(why)
        self.why, self.status = why, status


class MessageHead:
    """What a head consists of.

    Attributes:
        headers: Names without blanks around their values.
        values: The same by names in small letters, several of one name joined by commas.
        block: The lines of the headers as they came.
        version: `1.0` or `1.1`.
        length: Of the body in bytes; None where the head does not tell it.

    Raises:
        BadMessageError: Some line is none of a header.
    """

    def __init__(self, version: bytes, block: bytes) -> None:
        if not _FIELD_LINES.fullmatch(block):
            raise BadMessageError("a line of its head is no header")
        self.version, self.block = version, block
        self.headers: Headers = []
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
            raise BadMessageError("its length is no number, or there is more than one")
        return int(value)

    @property
    def is_chunked(self) -> bool:
        """Whether the body comes in chunks."""
        return b"transfer-encoding" in self.values

    @property
    def closes(self) -> bool:
        """Whether the connection ends after the message."""
        return self.version == b"1.0" or self.has_token(b"connection", b"close")

    def has_token(self, name: bytes, token: bytes) -> bool:
        """Return whether a header lists a word, in any case of letters."""
        return name in self.values and token in tokens(self.values[name])


class RequestHead(MessageHead):
    """The head of a request.

    Attributes:
        method: As it came.
        target: As it came.
    """

    def __init__(self, method: bytes, target: bytes, version: bytes, block: bytes) -> None:
        super().__init__(version, block)
        self.method, self.target = method, target
        hosts = [value for name, value in self.headers if name.lower() == b"host"]
        if len(hosts) > 1 or (not hosts and version == b"1.1"):
            raise BadMessageError("it has no `Host`, or more than one")

    @classmethod
    def taken(cls, received: bytearray) -> "RequestHead | None":
        """Take a head from what has come; None where it is not whole yet.

        Raises:
            BadMessageError: It is none.
        """
        while received.startswith(b"\r\n"):  # which some clients send behind a body (RFC 9112, section 2.2)
            del received[:2]
        head = _taken(received)
        if head is None:
            return None
        line = _REQUEST_LINE.match(head)
        if line is None:
            raise BadMessageError("its first line is none of a request")
        return cls(line[1], line[2], line[3], head[line.end() :])


class ResponseHead(MessageHead):
    """The head of an answer.

    Attributes:
        line: Its first line, as it came.
        status: Its code.
        reason: The phrase behind it.
    """

    def __init__(self, line: bytes, status: int, reason: bytes, version: bytes, block: bytes) -> None:
        super().__init__(version, block)
        self.line, self.status, self.reason = line, status, reason

    @classmethod
    def taken(cls, received: bytearray) -> "ResponseHead | None":
        """Take a head from what has come; None where it is not whole yet.

        Raises:
            BadMessageError: It is none.
        """
        head = _taken(received)
        if head is None:
            return None
        line = _STATUS_LINE.match(head)
        if line is None:
            raise BadMessageError("its first line is none of an answer")
        return cls(line[0], int(line[2]), line[3] or b"", line[1], head[line.end() :])


def _taken(received: bytearray) -> bytes | None:
    """Take the lines before the first empty one, each with its end; None where there is no empty one yet."""
    end = received.find(b"\r\n\r\n")
    if end > MAX_HEAD or (end < 0 and len(received) > MAX_HEAD):
        raise BadMessageError("its head is too large", 431)
    if end < 0:
        # It looks at the whole again with each piece that comes: counting takes an eighth of a search for one.
        if received.count(b"\n") != received.count(b"\r\n"):
            raise BadMessageError("a line of its head ends without CR")
        return None
    head = bytes(received[: end + 2])
    del received[: end + 4]
    return head


def tokens(value: bytes) -> list[bytes]:
    """Return the words that a header lists, in small letters."""
    return [word.strip().lower() for word in value.split(b",")]
