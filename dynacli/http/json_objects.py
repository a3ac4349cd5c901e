"""Bodies with the type JSON that are a sequence of JSON objects: some servers send streams like this."""

import json
import re
from collections.abc import Iterable, Iterator

from dynacli.http.semantics import is_json, is_sequence

_MAX_BEGINNING = 1024 * 1024
"""Maximum number of bytes held back while searching for the second object."""
_MAX_TRIES = 100
"""Maximum number of candidates for the end of the first object. Some are text in a string."""
_SPACE = b" \t\r\n"
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_BETWEEN_OBJECTS = re.compile(rb"\}[ \t\r\n]*\{")
"""The boundary of two objects, which a JSON text can have only in a string."""
_MARK = re.compile(rb'[\\"{}\[\]\r\n]')


def may_be_objects(status: int, media_type: str) -> bool:
    """Return whether a response without `Content-Length` may be a stream with the type JSON.

    Args:
        status: Status of the response.
        media_type: Value of `Content-Type`.
    """
    return 200 <= status < 300 and is_json(media_type) and not is_sequence(media_type)


def begins_with_two_objects(pieces: Iterator[bytes], begun: list[bytes]) -> bool:
    """Return whether a body begins with two JSON objects without a comma between them.

    Reading stops at the second object, or when it is clear that there is none.

    Args:
        pieces: The body as it arrives.
        begun: A list to which the pieces that were read are added.
    """
    text, last, left = bytearray(), 0, _MAX_TRIES
    for piece in pieces:
        begun.append(piece)
        text += piece
        if not (end := len(piece.rstrip(_SPACE))) and len(text) <= _MAX_BEGINNING:
            continue
        if not last and bytes(text.lstrip(_SPACE + _BYTE_ORDER_MARK)[:1]) not in {b"", b"{"}:
            return False
        for found in _BETWEEN_OBJECTS.finditer(text, last):
            if _is_object(bytes(text[: found.start() + 1])):
                return True
            left -= 1
        if len(text) > _MAX_BEGINNING or left < 0:
            return False
        last = len(text) - len(piece) + end - 1
    return False


def _is_object(text: bytes) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def one_a_line(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Yield a body of JSON values with each value on a separate line, and a line feed as soon as a value ends."""
    depth, escaped, is_in_string, is_ended = 0, -1, False, False
    for piece in pieces:
        lines, start, after = list[bytes](), 0, 0
        for found in _MARK.finditer(piece):
            at, mark = found.start(), found[0]
            if at == escaped:
                continue
            if is_in_string:
                is_in_string = mark != b'"'
                escaped = at + 1 if mark == b"\\" else escaped
                continue
            is_ended = is_ended and not piece[after:at].strip()
            after = at + 1
            if mark in b"\r\n":
                if depth or is_ended:
                    lines += piece[start:at], b" " * bool(depth)
                    start = after
                is_ended = not depth
                continue
            is_in_string = mark == b'"'
            depth = max(depth + (mark in b"{[") - (mark in b"}]"), 0)
            is_ended = not depth and mark in b"}]"
            if is_ended:
                lines += piece[start:after], b"\n"
                start = after
        is_ended = is_ended and not piece[after:].strip()
        escaped -= len(piece)
        if made := b"".join([*lines, piece[start:]]):
            yield made
