"""The first items of a sequence of JSON values or events, as bytes: the rest is not waited for."""

import re
from collections.abc import Iterable, Iterator

from dynacli.model.media_types import is_event_stream, is_json_sequence
from dynacli.transport.event_stream import END_OF_EVENT, MAX_EVENT

__all__ = ["first_items"]

_LINE = re.compile(rb"\n")
_RECORD = re.compile(rb"\x1e")
_LONG = b"data:"
"""In the place of an item that is too long to keep: it is one, of whatever kind."""
_DATA = re.compile(rb"(?:^|\r|\n)data(?:[:\r\n]|$)")
"""A field of an event without which it is none."""


def first_items(pieces: Iterable[bytes], media_type: str, count: int) -> Iterator[bytes]:
    """Yield the beginning of a body, up to the end of as many items.

    Args:
        pieces: The body as it comes.
        media_type: The value of `Content-Type`, of a sequence.
        count: The number of items, at least 1.
    """
    end_of_item = (
        END_OF_EVENT if is_event_stream(media_type) else _RECORD if is_json_sequence(media_type) else _LINE
    )
    left, rest = count, b""
    for piece in pieces:
        # What is yielded never waits for the end of an item, but `rest` keeps it to see whether it is one.
        begun, rest, start = len(rest), rest + piece, 0
        for found in end_of_item.finditer(rest):
            is_item = _is_item(rest[start : found.start()], media_type)
            start = found.end()
            left -= is_item
            if left == 0:
                # The separator of the next record belongs to that one.
                end = found.start() if end_of_item is _RECORD else found.end()
                if end > begun:
                    yield rest[begun:end]
                return
        yield piece
        rest = rest[start:] if len(rest) - start < MAX_EVENT else _LONG


def _is_item(text: bytes, media_type: str) -> bool:
    return bool(_DATA.search(text)) if is_event_stream(media_type) else bool(text.strip())
