"""Where a place of the document stands: which of its files, and the line and column in it.

Looked up only when a message needs it, in the files that were kept.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

from dynacli.document.reading.positions import Position, positions_of
from dynacli.document.reading.source_text import to_utf8
from dynacli.errors import DocumentError

if TYPE_CHECKING:
    from dynacli.library.opened_api import OpenedApi

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


def find_locations(api: "OpenedApi", places: Iterable[tuple[int, str]]) -> list[Location]:
    """Return where each place is; every file is gone through once, however many pointers into it there are.

    Args:
        places: Which of the document's files, and a JSON pointer in it.
    """
    files, places = api.catalog.files(), list(places)
    wanted: dict[int, list[str]] = {}
    for number, pointer in places:
        wanted.setdefault(number, []).append(pointer)
    positions = {number: _positions(api, number, files, pointers) for number, pointers in wanted.items()}
    found = []
    for number, pointer in places:
        line, column = positions[number].get(pointer) or (None, None)
        found.append(Location(files[number][1] if number < len(files) else "", line, column, pointer))
    return found


def _positions(
    api: "OpenedApi", number: int, files: list[tuple[str, str]], pointers: list[str]
) -> dict[str, Position]:
    if not 0 <= number < len(files):
        return {}
    content = api.part(files[number][0]) if number else api.content()
    if content is None:
        return {}
    try:
        return positions_of(to_utf8(content, api.name), pointers)
    except DocumentError:
        return {}  # it is not the file that was compiled
