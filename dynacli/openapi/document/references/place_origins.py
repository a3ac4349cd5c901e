"""The origins of locations: the file and the pointer that each location of a loaded document comes from.

Parts of a document move when its files are joined, and when Swagger 2.0 is converted to OpenAPI 3.0.
Each of these steps records the moved parts, so that messages can name a line of a file.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

_MAX_COPIES = 100


class Move(NamedTuple):
    """A part of a document that was moved, with all that is below it.

    Args:
        pointer: The JSON pointer of the part in the document after the step.
        file: The number of the file that it came from; 0 is the file that the user named.
        origin: Its JSON pointer in that file.
    """

    pointer: str
    file: int
    origin: str


class PlaceInFile(NamedTuple):
    """A location in a file.

    Args:
        file: The number of the file; 0 is the file that the user named.
        pointer: A JSON pointer in it.
    """

    file: int
    pointer: str


class Origins:
    """The origins of the locations of a document; a part that was not moved has the same pointer in file 0."""

    def __init__(self, moves: Iterable[Move] = ()) -> None:
        self._moves = {move.pointer: move for move in moves}

    def __iter__(self) -> Iterator[Move]:
        return iter(self._moves.values())

    def locate(self, pointer: str) -> PlaceInFile:
        """Return the origin of a location, which the innermost moved part around it decides."""
        start = pointer
        while start:
            if start in self._moves:
                move = self._moves[start]
                return PlaceInFile(move.file, move.origin + pointer[len(start) :])
            start = start.rpartition("/")[0]
        move = self._moves.get("", Move("", 0, ""))
        return PlaceInFile(move.file, move.origin + pointer)

    def after(self, earlier: Origins) -> Origins:
        """Return the origins after an earlier step and this step.

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
            # A part that the first step moved may be inside a part that this step moved.
            for pointer in self._pointers_after(move.pointer, moved_to):
                moves.setdefault(pointer, Move(pointer, move.file, move.origin))
        return Origins(moves.values())

    def _pointers_after(self, pointer: str, moved_to: dict[str, list[str]]) -> Iterator[str]:
        """Yield the pointers of a location after this step.

        Args:
            pointer: The pointer of the location before this step.
            moved_to: Pointer of a part before this step → its pointers after it.
        """
        start = pointer
        while True:
            # Origins are only for messages, so the first copies of a part are enough.
            for moved in [*moved_to.get(start, ()), start][:_MAX_COPIES]:
                now = moved + pointer[len(start) :]
                if self.locate(now) == (0, pointer):
                    yield now
            if not start:
                return
            start = start.rpartition("/")[0]
