"""The origins of places: where each place of a loaded document is in the files that were read.

Putting several files into one tree, and converting Swagger 2.0 to OpenAPI 3.0, move parts of a document.
Messages name a place that a person can open, so each of these steps records the parts that it moved.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

_MAX_COPIES = 100


class Move(NamedTuple):
    """A part of a document that was moved, with all that is below it.

    Args:
        pointer: The JSON pointer of the part in the document after the step.
        file: The number of the file that it came from; 0 is the file that the person named.
        origin: Its JSON pointer in that file.
    """

    pointer: str
    file: int
    origin: str


class PlaceInFile(NamedTuple):
    """A place in a file.

    Args:
        file: The number of the file; 0 is the file that the person named.
        pointer: A JSON pointer in it.
    """

    file: int
    pointer: str


class Origins:
    """The origins of the places of a document; a part that was not moved has the same pointer in file 0."""

    def __init__(self, moves: Iterable[Move] = ()) -> None:
        self._moves = {move.pointer: move for move in moves}

    def __iter__(self) -> Iterator[Move]:
        return iter(self._moves.values())

    def locate(self, pointer: str) -> PlaceInFile:
        """Return the origin of a place, by the innermost moved part that the place is in."""
        start = pointer
        while start:
            if start in self._moves:
                move = self._moves[start]
                return PlaceInFile(move.file, move.origin + pointer[len(start) :])
            start = start.rpartition("/")[0]
        move = self._moves.get("", Move("", 0, ""))
        return PlaceInFile(move.file, move.origin + pointer)

    def after(self, earlier: Origins) -> Origins:
        """Return the origins after two steps; this is the second one.

        Args:
            earlier: The origins after the first step, whose document is file 0 of this step.
        """
        if not self._moves:
            return earlier
        moves = {
            move.pointer: move if move.file else Move(move.pointer, *earlier.locate(move.origin))
            for move in self
        }
        moved_to: dict[str, list[str]] = {}
        for move in self:
            if move.file == 0:
                moved_to.setdefault(move.origin, []).append(move.pointer)
        for move in earlier:
            # A part that the first step moved may be inside of a part that this step moved.
            for pointer in self._pointers_after(move.pointer, moved_to):
                moves.setdefault(pointer, Move(pointer, move.file, move.origin))
        return Origins(moves.values())

    def _pointers_after(self, pointer: str, moved_to: dict[str, list[str]]) -> Iterator[str]:
        """Yield the pointers that a place has after this step.

        Args:
            pointer: The place before this step.
            moved_to: Pointer of a part before this step → its pointers after it.
        """
        start = pointer
        while True:
            # Origins are for messages: of very many copies of a part, the first ones are enough.
            for moved in [*moved_to.get(start, ()), start][:_MAX_COPIES]:
                now = moved + pointer[len(start) :]
                if self.locate(now) == (0, pointer):
                    yield now
            if not start:
                return
            start = start.rpartition("/")[0]
