"""The origins of the parts of a document, kept up to date while overlays change it in place."""

from collections.abc import Iterator, Sequence

from dynacli.document.pointer import join
from dynacli.document.references.place_origins import Move, Origins

__all__ = ["Steps", "TrackedOrigins"]

Steps = tuple[str | int, ...]
_Origin = tuple[int, Steps]


class _TrackedPlace:
    """A place and the places below it whose origins are known.

    Attributes:
        origin: The file and the steps that the place came from; None where it came along with the value around it.
        below: Key or index → the place below.
    """

    __slots__ = ("below", "origin")

    def __init__(self, origin: _Origin | None = None) -> None:
        self.origin = origin
        self.below: dict[str | int, _TrackedPlace] = {}


class TrackedOrigins:
    """The origins of the parts of a document; at first each has its own pointer in file 0."""

    def __init__(self) -> None:
        self._top = _TrackedPlace((0, ()))

    def put(self, steps: Steps, file: int, origin: Steps) -> None:
        """Note that a value was put at a place.

        Args:
            steps: The steps to the place.
            file: The number of the file that the value came from.
            origin: The steps to it in that file.
        """
        self._reach(steps[:-1])[0].below[steps[-1]] = _TrackedPlace((file, origin))

    def take(self, steps: Steps, removed: Sequence[str | int], length: int | None = None) -> None:
        """Note that members were removed from an object, or items from a list.

        Args:
            steps: The steps to the object or the list.
            removed: The keys or indexes that were removed.
            length: How many items the list had before; None for an object.
        """
        place, (file, origin) = self._reach(steps)
        if length is None:
            for key in removed:
                place.below.pop(key, None)
            return
        removed_indexes = set(removed)
        below: dict[str | int, _TrackedPlace] = {}
        for after, before in enumerate(index for index in range(length) if index not in removed_indexes):
            item = place.below.get(before)
            if after != before:
                item = item or _TrackedPlace()
                item.origin = item.origin or (file, (*origin, before))
            if item is not None:
                below[after] = item
        place.below = below

    def origins(self) -> Origins:
        """Return the origins of all parts that are not where they were."""
        return Origins(self._moves())

    def _moves(self) -> Iterator[Move]:
        waiting: list[tuple[_TrackedPlace, Steps, _Origin]] = [(self._top, (), (0, ()))]
        while waiting:
            place, steps, (file, origin) = waiting.pop()
            for key, below in place.below.items():
                here, implied = (*steps, key), (file, (*origin, key))
                if below.origin is not None and below.origin != implied:
                    yield Move(join(here), below.origin[0], join(below.origin[1]))
                waiting.append((below, here, below.origin or implied))

    def _reach(self, steps: Steps) -> tuple[_TrackedPlace, _Origin]:
        """Return the tracked place at some steps, added where it was missing, and its origin."""
        place = self._top
        origin: _Origin = (0, ())
        for step in steps:
            place = place.below.setdefault(step, _TrackedPlace())
            origin = place.origin or (origin[0], (*origin[1], step))
        return place, origin
