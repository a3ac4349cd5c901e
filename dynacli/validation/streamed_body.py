"""Streamed bodies: sequences of items, bodies that are validated while they arrive, and bodies that are too large.

Sequential media types: OpenAPI 3.2.0, "Sequential Media Types". Both streams and complete bodies are read item by item.
"""

import codecs
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from dynacli.http.semantics import is_event_stream, is_json, is_json_sequence, split_media_type
from dynacli.validation.finding import Finding
from dynacli.validation.read_body import (
    NotValidatedError,
    UnreadableError,
    UnreadBody,
    ValidatedValue,
    read_json_body,
    read_json_text,
    read_text,
    split_parts,
)

MAX_FINDINGS = 1_000
KEPT = 8 * 1024 * 1024
"""Maximum size of a stream that is stored for keywords that need all items, in bytes."""
_MAX_ITEM = 16 * 1024 * 1024
"""Maximum size of an item in bytes."""
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_RECORD_SEPARATOR = b"\x1e"  # RFC 7464, section 2.2
_LITERALS = (b"true", b"false", b"null")


class BrokenOffError(Exception):
    """A stream was interrupted before its end."""


class DroppedBody(UnreadBody):
    """A body that was too large to keep in memory.

    Args:
        size: Size of the body in bytes.
        limit: Maximum size in bytes.
        strict_limit: Maximum size in bytes at the level `strict`; 0 if it is the same.
    """

    def __init__(self, size: int, limit: int, strict_limit: int = 0) -> None:
        super().__init__(size)
        self.reason = f"the body is larger than {limit // 1024 // 1024} MiB"
        if limit < size <= strict_limit:
            self.reason += f" (`--validate strict` validates up to {strict_limit // 1024 // 1024} MiB)"


class StreamedBody:
    """A body that is validated while it arrives.

    Attributes:
        error: The exception that interrupted the body; None if there is none.
        media_type: Media type of the body if it differs from the server's `Content-Type`; else empty.

    Args:
        pieces: The body in pieces, which may be cut anywhere and are not empty.
    """

    media_type = ""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = iter(pieces)
        self._first: list[bytes] | None = None
        self.error: BaseException | None = None

    def __bool__(self) -> bool:
        """Wait for the first byte, and return whether the body has any."""
        if self._first is None:
            try:
                self._first = [piece for piece in (next(self._pieces, b""),) if piece]
            except BaseException as error:  # noqa: BLE001  - raised again by `__iter__` or `finish`
                self.error, self._first = error, []
        return bool(self._first) or self.error is not None

    def __iter__(self) -> Iterator[bytes]:
        """Yield the pieces.

        Raises:
            BrokenOffError: An exception interrupted the body.
        """
        if self:
            yield from self._first or ()
        self._first = []
        while self.error is None:
            # Not `yield from`: a reader that stops must not close the pieces, because another reader may continue.
            try:
                piece = next(self._pieces, b"")
            except BaseException as error:  # noqa: BLE001  - raised again below or by `finish`
                self.error = error
                break
            if not piece:
                return
            yield piece
        if self.error is not None:
            raise BrokenOffError from self.error

    def finish(self) -> None:
        """Read the rest of the body.

        Raises:
            BaseException: The exception that interrupted the body.
        """
        try:
            for _ in self:
                pass
        except BrokenOffError:
            pass
        if self.error is not None:
            raise self.error

    def whole(self) -> bytes:
        """Return the whole body.

        Raises:
            NotValidatedError: The body is too large, or was interrupted.
        """
        body = bytearray()
        try:
            for piece in self:
                body += piece
                if len(body) > KEPT:
                    raise NotValidatedError(
                        f"the stream is larger than {KEPT // 1024 // 1024} MiB, and its schema is about all of it"
                    )
        except BrokenOffError:
            raise NotValidatedError("the response broke off") from None
        return bytes(body)


class PassingValues(list[ValidatedValue]):
    """A list that inspects each appended value and stores only the findings.

    It serves for streams, whose values would not fit into memory.

    Attributes:
        findings: The findings, at most `MAX_FINDINGS`.
        cut: Number of values with omitted findings.

    Args:
        inspect: Returns the findings of a value.
    """

    def __init__(self, inspect: Callable[[ValidatedValue], Iterable[Finding]]) -> None:
        super().__init__()
        self._inspect = inspect
        self.findings: list[Finding] = []
        self.cut = 0

    def append(self, value: ValidatedValue) -> None:
        """Inspect a value without storing it."""
        found = list(self._inspect(value))
        left = MAX_FINDINGS - len(self.findings)
        self.findings.extend(found[:left])
        self.cut += len(found) > left


class Item(NamedTuple):
    """An item of a sequence.

    Args:
        value: The value; None if it is unreadable.
        size: Size of its text in bytes.
        error: The reason for an unreadable item; None if it is readable.
    """

    value: Any
    size: int
    error: UnreadableError | NotValidatedError | None = None


def is_sequence_of_parts(name: str) -> bool:
    """Return whether bodies of a media type are a sequence of parts, unlike the named parts of a form."""
    return name.startswith("multipart/") and name != "multipart/form-data"


def read_items(name: str, parameters: Mapping[str, str], value: bytes) -> list[Any]:
    """Return the items of a body.

    Args:
        name: The media type's name in lower case.
        parameters: The parameters of the media type.
        value: The body.

    Raises:
        UnreadableError: The body or an item does not match its media type.
        NotValidatedError: An item cannot be read by dynacli.
    """
    if is_sequence_of_parts(name):
        return list(_parts(parameters, value))
    values = []
    for item in streamed_items(name, parameters, (value,)):
        if item.error is not None:
            raise item.error
        values.append(item.value)
    return values


def streamed_items(name: str, parameters: Mapping[str, str], pieces: Iterable[bytes]) -> Iterator[Item]:
    """Yield the items of a body while it arrives, with one item in memory at a time.

    An unreadable item has an error, and reading continues after it.

    Args:
        name: The media type's name in lower case, not a multipart one.
        parameters: The parameters of the media type.
        pieces: The body in pieces, which may be cut anywhere. After an exception, an incomplete item is left out.
    """
    read = _events if is_event_stream(name) else _records if is_json_sequence(name) else _line_items
    try:
        yield from read(_as_utf8(pieces, parameters))
    except (UnreadableError, NotValidatedError) as error:
        # The charset is wrong, so the rest is unreadable.
        yield Item(None, 0, error)


def _as_utf8(pieces: Iterable[bytes], parameters: Mapping[str, str]) -> Iterator[bytes]:
    charset = parameters.get("charset") or "utf-8"
    if charset.lower() in {"utf-8", "utf8"}:
        # Each item is decoded separately later, so that a wrong byte only affects its own item.
        yield from pieces
        return
    try:
        decoder: Any = codecs.getincrementaldecoder(charset)()
        decoder.decode(b"").encode()
    except (LookupError, ValueError, AttributeError):
        # AttributeError: `charset=hex` and similar names are codecs from bytes to bytes.
        raise NotValidatedError(f"the body is text in `{charset}`, which is unknown") from None
    try:
        for piece in pieces:
            yield decoder.decode(piece).encode("utf-8", "surrogatepass")
        yield decoder.decode(b"", True).encode("utf-8", "surrogatepass")
    except UnicodeError:
        raise UnreadableError(f"the body is not text in {charset}") from None


def _split(pieces: Iterable[bytes], separator: bytes) -> Iterator[bytes | None]:
    """Yield the texts between separators, without a leading byte order mark; None for a text that is too large."""
    rest, is_over, is_first = bytearray(), False, True
    for piece in pieces:
        head, *others = piece.split(separator)
        if not is_over:
            rest += head
            if len(rest) > _MAX_ITEM:
                is_over = True
                rest = bytearray()
        if not others:
            continue
        yield None if is_over else bytes(rest).removeprefix(_BYTE_ORDER_MARK if is_first else b"")
        is_first = False
        for text in others[:-1]:
            yield text if len(text) <= _MAX_ITEM else None
        is_over = len(others[-1]) > _MAX_ITEM
        rest = bytearray(b"" if is_over else others[-1])
    yield None if is_over else bytes(rest).removeprefix(_BYTE_ORDER_MARK if is_first else b"")


def _line_items(pieces: Iterable[bytes]) -> Iterator[Item]:
    for number, line in enumerate(_split(pieces, b"\n"), 1):
        if line is None or line.strip():
            yield _json_item(line, f"line {number} of the body")


def _records(pieces: Iterable[bytes]) -> Iterator[Item]:
    records = _split(pieces, _RECORD_SEPARATOR)
    before = next(records)
    if before is None or before.strip():
        error = UnreadableError("the body does not begin with a record separator (RFC 7464)")
        yield Item(None, len(before or b""), error)
    number = 0
    for record in records:
        if record is not None and not record.strip():  # several separators in a row count as one
            continue
        number += 1
        yield _record(record, f"record {number} of the body")


def _record(record: bytes | None, subject: str) -> Item:
    item = _json_item(record, subject)
    # A number or literal may be cut off and still be JSON. White space after it shows that it is complete (RFC 7464,
    # section 2.4).
    if record is None or item.error is not None or record[-1:].isspace():
        return item
    if record.strip() in _LITERALS or (
        isinstance(item.value, int | float) and not isinstance(item.value, bool)
    ):
        return Item(
            None, item.size, UnreadableError(f"{subject} may be cut off: no line feed ends it (RFC 7464)")
        )
    return item


def _json_item(text: bytes | None, subject: str) -> Item:
    if text is None:
        return Item(None, _MAX_ITEM, _too_large(subject))
    try:
        return Item(read_json_text(_decoded_item(text, subject), subject), len(text))
    except (UnreadableError, NotValidatedError) as error:
        return Item(None, len(text), error)


def _too_large(subject: str) -> NotValidatedError:
    return NotValidatedError(f"{subject} is larger than {_MAX_ITEM // 1024 // 1024} MiB")


def _decoded_item(text: bytes, subject: str) -> str:
    try:
        return text.decode()
    except UnicodeDecodeError:
        raise UnreadableError(f"{subject} is not text in utf-8") from None


def _events(pieces: Iterable[bytes]) -> Iterator[Item]:
    """Yield each event as an object (OpenAPI 3.2.0, "Server-Sent Event Streams").

    The rules of the HTML standard apply:
    https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream
    An event without data is dropped. Unlike in a browser, a last event without an empty line after it counts, so that
    the whole response is validated.
    """
    event = _Event(1)
    for line in _split(_with_line_feeds(pieces), b"\n"):
        if line != b"":
            event.add(line)
        elif (item := event.item()) is not None:
            yield item
            event = _Event(event.number + 1)
        else:
            event = _Event(event.number)
    if (item := event.item()) is not None:
        yield item


def _with_line_feeds(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Yield pieces with each line end (CR, LF or CRLF) as a line feed."""
    rest = b""
    for piece in pieces:
        text = rest + piece
        # The next byte decides whether a final CR is half of a CRLF.
        rest = b"\r" if text.endswith(b"\r") else b""
        yield text.removesuffix(b"\r").replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    if rest:
        yield b"\n"


class _Event:
    """A server-sent event that is built from its lines."""

    def __init__(self, number: int) -> None:
        self.number = number
        self._fields: dict[str, Any] = {}
        self._data: list[str] = []
        self._size = 0
        self._error: UnreadableError | NotValidatedError | None = None

    def add(self, line: bytes | None) -> None:
        """Add a line; None for a line that is too large."""
        if line is not None and line.startswith(b":"):
            return
        subject = f"event {self.number} of the body"
        self._size += _MAX_ITEM + 1 if line is None else len(line)
        if self._size > _MAX_ITEM:
            self._error, self._fields, self._data = _too_large(subject), {}, []
        if line is None or self._error is not None:
            return
        try:
            field, _, content = _decoded_item(line, subject).partition(":")
        except UnreadableError as error:
            self._error = error
            return
        content = content.removeprefix(" ")
        if field == "data":
            self._data.append(content)
        elif field == "event" or (field == "id" and "\0" not in content):
            self._fields[field] = content
        elif field == "retry" and content.isascii() and content.isdigit():
            self._fields["retry"] = int(content[:18])

    def item(self) -> Item | None:
        """Return the event; None if it has no data."""
        if self._error is not None:
            return Item(None, self._size, self._error)
        if not self._data:
            return None
        return Item({**self._fields, "data": "\n".join(self._data)}, self._size)


def _parts(parameters: Mapping[str, str], value: bytes) -> Iterator[Any]:
    for part in split_parts(value, parameters):
        name, own = split_media_type(part.media_type or "text/plain")  # RFC 2046, section 5.1
        if is_json(name):
            yield read_json_body(part.content, own)
        elif name.startswith("text/"):
            yield read_text(part.content, own)
        else:
            yield part.content
