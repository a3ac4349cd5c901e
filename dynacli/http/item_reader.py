"""Reading the items of a sequence of JSON values or events while its bytes arrive."""

import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

from dynacli.http.semantics import is_event_stream, is_json_sequence
from dynacli.text.exact_json import read_json

_MAX_ITEM = 16 * 1024 * 1024
"""Maximum size of an item in bytes. Larger items are left out."""
_BYTE_ORDER_MARK = "\ufeff"
# The end of an event is an empty line; a line may end in three ways.
# https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream
_END_OF_EVENT = re.compile(rb"\r\n\r\n|\n\n|\r\r")


class ItemReader:
    """Reads items: JSON values from lines or records, and objects from server-sent events.

    An event becomes `{"event", "id", "data"}`, without the fields that it does not have. Its data is a JSON value if
    possible, else text. The HTML standard has the rules, and drops an event without data:
    https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream

    Attributes:
        unread: Number of items that were left out because they are too large or not JSON.

    Args:
        media_type: The value of `Content-Type`, of a sequence.
        parse: Returns the value of a text; ValueError if it is not JSON.
    """

    def __init__(self, media_type: str, parse: Callable[[str], Any] = read_json) -> None:
        self._parse = parse
        self._has_events = is_event_stream(media_type)
        self._separator = b"\x1e" if is_json_sequence(media_type) else b"\n"
        self._rest: list[bytes] = []
        self._size = 0
        self._has_ended_line = False
        self._fields: dict[str, Any] = {}
        self._data: list[str] = []
        self._is_first = True
        self.unread = 0

    def feed(self, piece: bytes) -> Iterator[Any]:
        """Yield the items that a piece of the body completes."""
        if self._has_events:
            # CR and LF end one line together, even if the LF arrives with the next piece.
            if self._has_ended_line and piece:
                piece = piece.removeprefix(b"\n")
            self._has_ended_line = piece.endswith(b"\r")
            piece = piece.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        head, *others = piece.split(self._separator)
        self._keep(head)
        for text in others:
            yield from self._items(self._taken())
            self._keep(text)

    def end(self) -> Iterator[Any]:
        """Yield the items that the end of the body completes."""
        yield from self._items(self._taken())
        if self._has_events:
            yield from self._event()

    def _keep(self, text: bytes) -> None:
        self._size += len(text)
        if self._size <= _MAX_ITEM:
            self._rest.append(text)

    def _taken(self) -> str | None:
        """Return the collected text and clear it; None if it was too large."""
        text = b"".join(self._rest).decode("utf-8", "backslashreplace") if self._size <= _MAX_ITEM else None
        self._rest, self._size = [], 0
        if self._is_first and text is not None:
            text = text.removeprefix(_BYTE_ORDER_MARK)
        self._is_first = False
        return text

    def _items(self, text: str | None) -> Iterator[Any]:
        if self._has_events and text is not None:
            if text:
                self._add_line(text)
            else:
                yield from self._event()
        elif text is None or text.strip():
            try:
                yield self._parse(text or "")
            except (ValueError, RecursionError):
                self.unread += 1

    def _add_line(self, line: str) -> None:
        name, _, content = line.partition(":")
        content = content.removeprefix(" ")
        if name == "data":
            self._data.append(content)
        elif name == "event" or (name == "id" and "\0" not in content):
            self._fields[name] = content

    def _event(self) -> Iterator[Any]:
        if self._data:
            data: Any = "\n".join(self._data)
            with suppress(ValueError, RecursionError):
                data = self._parse(data)
            yield {**self._fields, "data": data}
        self._fields, self._data = {}, []


def complete_items(content: bytes, media_type: str) -> bytes:
    """Return the items of the beginning of a stream that are complete.

    Args:
        media_type: Of the stream, without parameters.
    """
    if is_event_stream(media_type):
        ends = [found.end() for found in _END_OF_EVENT.finditer(content)]
        return content[: ends[-1]] if ends else b""
    separator = b"\x1e" if is_json_sequence(media_type) else b"\n"
    end = content.rfind(separator)
    return content[: end if separator == b"\x1e" else end + 1] if end >= 0 else b""
