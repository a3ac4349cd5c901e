"""Where each place of the document that is worked on stands in the files that were read.

Putting several files into one, and turning Swagger 2.0 into OpenAPI 3.0, move parts of a document.
Messages name the place that a person can open, so each step says what it moved from where.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

__all__ = ["Move", "Origins", "Place"]


_MAX_COPIES = 100


class Move(NamedTuple):
    """One part of a document that came from elsewhere, with all that is below it.

    Args:
        pointer: The JSON pointer of the part in the document that is worked on.
        file: Which of the files it came from; 0 is the one that was named.
        origin: Its JSON pointer in that file.
    """

    pointer: str
    file: int
    origin: str


class Place(NamedTuple):
    """A place in a file.

    Args:
        file: Which of the files; 0 is the one that was named.
        pointer: A JSON pointer in it.
    """

    file: int
    pointer: str


class Origins:
    """Finds where a place came from; what was not moved stands in the first file, at the same pointer."""

    def __init__(self, moves: Iterable[Move] = ()) -> None:
        self._moves = {move.pointer: move for move in moves}

    def __iter__(self) -> Iterator[Move]:
        return iter(self._moves.values())

    def locate(self, pointer: str) -> Place:
        """Return where the place of a JSON pointer came from, by the nearest part around it that was moved."""
        start = pointer
        while start:
            if start in self._moves:
                move = self._moves[start]
                return Place(move.file, move.origin + pointer[len(start) :])
            start = start.rpartition("/")[0]
        move = self._moves.get("", Move("", 0, ""))
        return Place(move.file, move.origin + pointer)

    def after(self, earlier: "Origins") -> "Origins":
        """Return the origins of this step and of the one before it in one.

        Args:
            earlier: Says where the places of the file 0, as this step found it, came from themselves.
        """
        if not self._moves:
            return earlier
        moves = {move.pointer: self._with_origin(move, earlier) for move in self}
        went: dict[str, list[str]] = {}
        for move in self:
            if move.file == 0:
                went.setdefault(move.origin, []).append(move.pointer)
        for move in earlier:
            # What was moved before, inside of what this step moved, is inside of it still.
            for pointer in self._now_at(move.pointer, went):
                moves.setdefault(pointer, Move(pointer, move.file, move.origin))
        return Origins(moves.values())

    @staticmethod
    def _with_origin(move: Move, earlier: "Origins") -> Move:
        return move if move.file else Move(move.pointer, *earlier.locate(move.origin))

    def _now_at(self, pointer: str, went: dict[str, list[str]]) -> Iterator[str]:
        """Yield where a place of the document before this step is after it.

        Args:
            pointer: The place.
            went: Where each part that was moved went.
        """
        start = pointer
        while True:
            # Places are for messages: of a part that was copied to very many the first ones do.
            for moved in [*went.get(start, ()), start][:_MAX_COPIES]:
                now = moved + pointer[len(start) :]
                if self.locate(now) == (0, pointer):
                    yield now
            if not start:
                return
            start = start.rpartition("/")[0]
