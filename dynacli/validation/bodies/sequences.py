"""Sequential media types: a body that is one value after the other (OpenAPI 3.2.0, "Sequential Media Types").

Bodies are read item by item, as their bytes come, whether they are there as a whole or come as a stream.
"""

import codecs
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from dynacli.model.media_types import is_event_stream, is_json_sequence, is_sequence
from dynacli.validation.bodies.media_type_match import is_json, split
from dynacli.validation.bodies.read_body import (
    UncheckedError,
    UnreadableError,
    read_json,
    read_json_text,
    read_text,
)
from dynacli.validation.bodies.read_forms import split_parts

__all__ = ["MAX_ITEM", "Item", "is_sequence", "is_sequence_of_parts", "items_of", "read_items"]

MAX_ITEM = 16 * 1024 * 1024
"""Bytes of an item that is read."""

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_RECORD_SEPARATOR = b"\x1e"  # RFC 7464, section 2.2
_MAY_BE_CUT = (b"true", b"false", b"null")


class Item(NamedTuple):
    """One item of a sequence.

    Args:
        value: What it is; None where it cannot be read.
        size: Of its text in bytes.
        error: Why it cannot be read.
    """

    value: Any
    size: int
    error: UnreadableError | UncheckedError | None = None


def is_sequence_of_parts(name: str) -> bool:
    """Return whether bodies of a media type are parts whose order counts; those of a form have names instead."""
    return name.startswith("multipart/") and name != "multipart/form-data"


def read_items(name: str, parameters: Mapping[str, str], value: bytes) -> list[Any]:
    """Return the items of a body.

    Args:
        name: The media type's name in lower case.
        parameters: Those of the media type.
        value: The body.

    Raises:
        UnreadableError: It is not what its media type says.
        UncheckedError: It is, and cannot be read here.
    """
    if is_sequence_of_parts(name):
        return list(_parts(parameters, value))
    values = []
    for item in items_of(name, parameters, (value,)):
        if item.error is not None:
            raise item.error
        values.append(item.value)
    return values


def items_of(name: str, parameters: Mapping[str, str], pieces: Iterable[bytes]) -> Iterator[Item]:
    """Yield the items of a body as it comes; no more than one of them is in memory.

    An item that cannot be read says so, and those behind it are read all the same.

    Args:
        name: The media type's name in lower case; no multipart one.
        parameters: Those of the media type.
        pieces: The body, cut anywhere. What it raises ends the reading, and the item that it cuts is not read.
    """
    read = _events if is_event_stream(name) else _records if is_json_sequence(name) else _lines
    try:
        yield from read(_as_utf8(pieces, parameters))
    except (UnreadableError, UncheckedError) as error:  # of the charset: nothing behind it is readable
        yield Item(None, 0, error)


def _as_utf8(pieces: Iterable[bytes], parameters: Mapping[str, str]) -> Iterator[bytes]:
    charset = parameters.get("charset") or "utf-8"
    if charset.lower() in {"utf-8", "utf8"}:
        # Each item is decoded alone, so that one that is no text does not hide the others.
        yield from pieces
        return
    try:
        decoder: Any = codecs.getincrementaldecoder(charset)()
        decoder.decode(b"").encode()
    except (
        LookupError,
        ValueError,
        AttributeError,
    ):  # the last one: `charset=hex` and the like, from bytes to bytes
        raise UncheckedError(f"the body is text in `{charset}`, which is unknown") from None
    try:
        for piece in pieces:
            yield decoder.decode(piece).encode("utf-8", "surrogatepass")
        yield decoder.decode(b"", True).encode("utf-8", "surrogatepass")
    except UnicodeError:
        raise UnreadableError(f"the body is not text in {charset}") from None


def _split(pieces: Iterable[bytes], separator: bytes) -> Iterator[bytes | None]:
    """Yield what stands between separators, without a byte order mark before it; None for what is too large."""
    rest, is_over, is_first = bytearray(), False, True
    for piece in pieces:
        head, *others = piece.split(separator)
        if not is_over:
            rest += head
            if len(rest) > MAX_ITEM:
                is_over = True
                rest = bytearray()
        if not others:
            continue
        yield None if is_over else bytes(rest).removeprefix(_BYTE_ORDER_MARK if is_first else b"")
        is_first = False
        for whole in others[:-1]:
            yield whole if len(whole) <= MAX_ITEM else None
        is_over = len(others[-1]) > MAX_ITEM
        rest = bytearray(b"" if is_over else others[-1])
    yield None if is_over else bytes(rest).removeprefix(_BYTE_ORDER_MARK if is_first else b"")


def _lines(pieces: Iterable[bytes]) -> Iterator[Item]:
    for number, line in enumerate(_split(pieces, b"\n"), 1):
        if line is None or line.strip():
            yield _json(line, f"line {number} of the body")


def _records(pieces: Iterable[bytes]) -> Iterator[Item]:
    records = _split(pieces, _RECORD_SEPARATOR)
    before = next(records)
    if before is None or before.strip():
        error = UnreadableError("the body does not begin with a record separator (RFC 7464)")
        yield Item(None, len(before or b""), error)
    number = 0
    for record in records:
        if record is not None and not record.strip():  # several separators in a row mean no more than one
            continue
        number += 1
        yield _record(record, f"record {number} of the body")


def _record(record: bytes | None, what: str) -> Item:
    item = _json(record, what)
    # RFC 7464, section 2.4: of a text that is right when cut, too, white space behind it tells that it is whole.
    if record is None or item.error is not None or record[-1:].isspace():
        return item
    if record.strip() in _MAY_BE_CUT or (
        isinstance(item.value, int | float) and not isinstance(item.value, bool)
    ):
        return Item(
            None, item.size, UnreadableError(f"{what} may be cut off: no line feed ends it (RFC 7464)")
        )
    return item


def _json(text: bytes | None, what: str) -> Item:
    if text is None:
        return Item(None, MAX_ITEM, _too_large(what))
    try:
        return Item(read_json_text(_decoded(text, what), what), len(text))
    except (UnreadableError, UncheckedError) as error:
        return Item(None, len(text), error)


def _too_large(what: str) -> UncheckedError:
    return UncheckedError(f"{what} is larger than {MAX_ITEM // 1024 // 1024} MiB")


def _decoded(text: bytes, what: str) -> str:
    try:
        return text.decode()
    except UnicodeDecodeError:
        raise UnreadableError(f"{what} is not text in utf-8") from None


def _events(pieces: Iterable[bytes]) -> Iterator[Item]:
    """Yield each event as the object that OpenAPI 3.2.0 makes of it ("Server-Sent Event Streams").

    Read by the HTML standard's rules: https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream
    An event without data is none. A last one without the empty line after it counts here, although a browser
    would wait for more: the answer is complete, and what is in it is to be judged.
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
    """Yield the same with each end of a line, which may be of three kinds, as a line feed."""
    rest = b""
    for piece in pieces:
        text = rest + piece
        # Whether it is half of a pair is known when the next byte is there.
        rest = b"\r" if text.endswith(b"\r") else b""
        yield text.removesuffix(b"\r").replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    if rest:
        yield b"\n"


class _Event:
    """An event whose lines come one after the other."""

    def __init__(self, number: int) -> None:
        self.number = number
        self._fields: dict[str, Any] = {}
        self._data: list[str] = []
        self._size = 0
        self._error: UnreadableError | UncheckedError | None = None

    def add(self, line: bytes | None) -> None:
        """Add a line; None for one that is too large."""
        if line is not None and line.startswith(b":"):
            return
        what = f"event {self.number} of the body"
        self._size += MAX_ITEM + 1 if line is None else len(line)
        if self._size > MAX_ITEM:
            self._error, self._fields, self._data = _too_large(what), {}, []
        if line is None or self._error is not None:
            return
        try:
            field, _, content = _decoded(line, what).partition(":")
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
        """Return the event; None where there is none."""
        if self._error is not None:
            return Item(None, self._size, self._error)
        if not self._data:
            return None
        return Item({**self._fields, "data": "\n".join(self._data)}, self._size)


def _parts(parameters: Mapping[str, str], value: bytes) -> Iterator[Any]:
    for part in split_parts(value, parameters):
        name, own = split(part.media_type or "text/plain")  # RFC 2046, section 5.1
        if is_json(name):
            yield read_json(part.content, own)
        elif name.startswith("text/"):
            yield read_text(part.content, own)
        else:
            yield part.content
