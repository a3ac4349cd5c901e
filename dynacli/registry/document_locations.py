"""Where a place of the document stands: in which of its files, and at which line and column of it.

Looked up only when a message needs it, in the files as the cache has them.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from dynacli.errors import DocumentError
from dynacli.openapi.document.reading.positions import Position, positions_of
from dynacli.openapi.document.reading.source_text import to_utf8

__all__ = ["Location", "find_locations", "line_of"]

_LONG = 120
"""Columns from which on a line alone does not tell where in it to look, as in a document without line breaks."""


class Location(NamedTuple):
    """A place in a file.

    Args:
        file: The absolute path or URL of the file, `-` for standard input.
        line: 1-based, None where the text has no such place or is lost.
        column: 1-based, in characters.
        pointer: The JSON pointer in that file.
    """

    file: str
    line: int | None
    column: int | None
    pointer: str


def line_of(line: int, column: int | None) -> str:
    """Return the line of a place as messages name it, with the column where the line is a long one."""
    return f"line {line}, column {column}" if column is not None and column > _LONG else f"line {line}"


def find_locations(
    files: Sequence[tuple[str, str]],
    content_of: Callable[[int], bytes | None],
    places: Iterable[tuple[int, str]],
) -> list[Location]:
    """Return where each place is; every file is read once, however many pointers into it there are.

    Args:
        files: The URI and the name of each file of the document.
        content_of: Returns the bytes of a file by its number; None where they are lost.
        places: The number of a file, and a JSON pointer in it.
    """
    places = list(places)
    pointers: dict[int, list[str]] = {}
    for number, pointer in places:
        pointers.setdefault(number, []).append(pointer)
    positions = {
        number: _find_positions(content_of(number), files[number][1], pointers[number])
        for number in pointers
        if 0 <= number < len(files)
    }
    locations = []
    for number, pointer in places:
        line, column = positions.get(number, {}).get(pointer) or (None, None)
        name = files[number][1] if number < len(files) else ""
        locations.append(Location(name, line, column, pointer))
    return locations


def _find_positions(content: bytes | None, name: str, pointers: list[str]) -> dict[str, Position]:
    if content is None:
        return {}
    try:
        return positions_of(to_utf8(content, name), pointers)
    except DocumentError:
        return {}  # it is not the file that was compiled
