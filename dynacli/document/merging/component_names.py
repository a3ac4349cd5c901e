"""The names of components and webhooks in a merged document."""

from collections.abc import Collection, Iterable

from dynacli.document.merging.shared_units import Unit
from dynacli.document.objects import WEBHOOKS

__all__ = ["UnitNames", "is_named"]


class UnitNames:
    """The names of the units of all documents.

    The first document that has a name keeps it. In a later document the same name for the same unit stays;
    for another unit it becomes `Name-2`, in the next document `Name-3`. No name depends on the order of the
    components in a document.

    Args:
        shared: Numbers of two documents, the earlier first → the units that are the same in both.
    """

    def __init__(
        self, documents: Iterable[Collection[Unit]], shared: dict[tuple[int, int], set[Unit]]
    ) -> None:
        self._units = [set(units) for units in documents]
        self._shared = shared
        self._taken = set().union(*self._units)
        self._new: list[dict[Unit, Unit]] = []
        self._owners: list[dict[Unit, int]] = []
        for number, units in enumerate(self._units):
            self._new.append({})
            self._owners.append({})
            for unit in sorted(units):
                if is_named(unit):
                    self._name(number, unit)

    def of(self, number: int, unit: Unit) -> Unit:
        """Return the unit of the merged document that a unit of a document becomes."""
        return self._new[number].get(unit, unit)

    def owner(self, number: int, unit: Unit) -> int:
        """Return the number of the document that a unit is taken from: the first that has the same unit."""
        return self._owners[number].get(unit, number)

    def is_new(self, number: int, unit: Unit) -> bool:
        """Return whether a unit gets another name than in its document."""
        return unit in self._new[number]

    def renamed(self, number: int) -> dict[Unit, Unit]:
        """Return the units of a document that get other names → the units that they become."""
        return self._new[number]

    def add(self, unit: Unit) -> Unit:
        """Return a new unit under a free name: its own, or its own with the first free number."""
        new, number = unit, 1
        while new in self._taken:
            number += 1
            new = (*unit[:-1], f"{unit[-1]}-{number}")
        self._taken.add(new)
        return new

    def _name(self, number: int, unit: Unit) -> None:
        for earlier in range(number):
            if unit in self._shared[earlier, number]:
                self._owners[number][unit] = self._owners[earlier].get(unit, earlier)
                if unit in self._new[earlier]:
                    self._new[number][unit] = self._new[earlier][unit]
                return
        if any(unit in units for units in self._units[:number]):
            self._new[number][unit] = self.add(unit)


def is_named(unit: Unit) -> bool:
    """Return whether a unit may be renamed."""
    in_components = len(unit) == 3 and unit[0] == "components" and not unit[1].startswith("x-")
    return in_components or (len(unit) == 2 and unit[0] in WEBHOOKS)
