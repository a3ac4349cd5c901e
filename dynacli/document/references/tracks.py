"""Follows where the parts of a document came from while it is being changed in place."""

from collections.abc import Iterator, Sequence

from dynacli.document.pointer import join
from dynacli.document.references.place_origins import Move, Origins

__all__ = ["Steps", "Tracks"]

Steps = tuple[str | int, ...]
_At = tuple[int, Steps]


class _Track:
    """What is known of one place.

    Attributes:
        at: File and steps that it came from; None where it came along with what is around it.
        below: The places in it of which something is known.
    """

    __slots__ = ("at", "below")

    def __init__(self, at: _At | None = None) -> None:
        self.at = at
        self.below: dict[str | int, _Track] = {}


class Tracks:
    """Where each part of one document came from; at first all of it stands where it is, in the file 0."""

    def __init__(self) -> None:
        self._top = _Track((0, ()))

    def put(self, steps: Steps, file: int, origin: Steps) -> None:
        """Note that another value stands at a place now.

        Args:
            steps: To the place.
            file: Which of the files it came from.
            origin: The steps to it in that file.
        """
        self._reach(steps[:-1])[0].below[steps[-1]] = _Track((file, origin))

    def take(self, steps: Steps, gone: Sequence[str | int], length: int | None = None) -> None:
        """Note that something was taken out of an object or a list.

        Args:
            steps: To the object or the list.
            gone: The keys or the indexes that were taken out.
            length: How many items a list had before.
        """
        track, (file, origin) = self._reach(steps)
        if length is None:
            for key in gone:
                track.below.pop(key, None)
            return
        taken = set(gone)
        below: dict[str | int, _Track] = {}
        for now, before in enumerate(index for index in range(length) if index not in taken):
            item = track.below.get(before)
            if now != before:
                item = item or _Track()
                item.at = item.at or (file, (*origin, before))
            if item is not None:
                below[now] = item
        track.below = below

    def origins(self) -> Origins:
        """Return where each part came from, as far as it is not where it was."""
        return Origins(self._moves())

    def _moves(self) -> Iterator[Move]:
        waiting: list[tuple[_Track, Steps, _At]] = [(self._top, (), (0, ()))]
        while waiting:
            track, steps, at = waiting.pop()
            for key, below in track.below.items():
                here, implied = (*steps, key), (at[0], (*at[1], key))
                if below.at is not None and below.at != implied:
                    yield Move(join(here), below.at[0], join(below.at[1]))
                waiting.append((below, here, below.at or implied))

    def _reach(self, steps: Steps) -> tuple[_Track, _At]:
        """Return the track of a place, made where there is none, and where the place came from."""
        track = self._top
        at: _At = (0, ())
        for step in steps:
            track = track.below.setdefault(step, _Track())
            at = track.at or (at[0], (*at[1], step))
        return track, at
