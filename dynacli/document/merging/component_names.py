"""What components and webhooks are called where several documents are one."""

from collections.abc import Collection, Iterable

from dynacli.document.merging.object_walk import WEBHOOKS
from dynacli.document.merging.shared_units import Unit

__all__ = ["Names", "is_named"]


class Names:
    """The names of the units of all documents.

    The first document that has a name keeps it. Another one that has it for the same gets the same;
    one that has it for something else gets `Name-2`, the next one `Name-3`: no name hangs on the order
    in which a document has its components.

    Args:
        documents: The units of each.
        shared: For two documents, the earlier one first, what is the same in both.
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
        """Return what a unit of a document is in the one document."""
        return self._new[number].get(unit, unit)

    def owner(self, number: int, unit: Unit) -> int:
        """Return the document that a unit is taken from, the first one that has it like this."""
        return self._owners[number].get(unit, number)

    def is_new(self, number: int, unit: Unit) -> bool:
        """Tell whether a unit has another name than in its document."""
        return unit in self._new[number]

    def renamed(self, number: int) -> dict[Unit, Unit]:
        """Return the units of a document that have other names, with those."""
        return self._new[number]

    def add(self, unit: Unit) -> Unit:
        """Return the name for a new unit: its own, or that with the first number that is free."""
        found, number = unit, 1
        while found in self._taken:
            number += 1
            found = (*unit[:-1], f"{unit[-1]}-{number}")
        self._taken.add(found)
        return found

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
    """Tell whether the name of a unit is one that may be another."""
    in_components = len(unit) == 3 and unit[0] == "components" and not unit[1].startswith("x-")
    return in_components or (len(unit) == 2 and unit[0] in WEBHOOKS)
