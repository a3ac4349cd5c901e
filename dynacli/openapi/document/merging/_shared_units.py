"""The units of documents, which merging keeps whole, and the units that two documents share."""

import hashlib
import json
from collections.abc import Collection, Iterable, Iterator
from typing import Any

from dynacli.openapi.document.merging._merged_source import is_reference
from dynacli.openapi.document.merging.object_walk import all_sites, objects_of, requirements_of
from dynacli.openapi.document.objects import WEBHOOKS, operations_of
from dynacli.openapi.document.pointer import follow
from dynacli.openapi.document.references.scan import Locator, Site, Steps, steps_of

__all__ = ["Unit", "UnitNames", "Units", "digest_of", "is_kin", "is_named", "operations_by_id", "unit_of"]

Unit = Steps
"""The steps to a component, a path, a webhook, or another top-level field of a document."""

_SECTIONS = frozenset({"paths", *WEBHOOKS})


class Units:
    """The units of a document.

    Attributes:
        locator: Finds the targets of references.
        sites: All references, each with the steps to its object and to its target; None where it leads nowhere.
        texts: Unit → a digest, which two units share only if they are equal, references as written.
        needs: Unit → the units that it refers to, and dangling references as written.
    """

    def __init__(self, tree: dict[str, Any]) -> None:
        sites = list(all_sites(tree))
        self.locator = Locator(tree, "", sites)
        self.sites: list[tuple[Site, Steps, Steps | None]] = [
            (site, steps_of(site.link), self.locator.locate(site)) for site in sites if is_reference(site)
        ]
        self.texts = {unit: digest_of(follow(tree, unit)) for unit in _units_of(tree)}
        self.needs: dict[Unit, set[Unit]] = {unit: set() for unit in self.texts}
        for site, steps, target in self.sites:
            self._add(steps, unit_of(target) if target is not None else ("", site.ref))
            self._add_kin(tree, steps, target)
        by_id = operations_by_id(tree)
        for walked in objects_of(tree):
            if walked.kind.section == "links":
                self._add_link(walked.steps, walked.node, by_id)
            for requirement in requirements_of(walked.node):
                for name in requirement:
                    self._add(walked.steps, ("components", "securitySchemes", str(name)))

    def shared(self, other: "Units") -> set[Unit]:
        """Return the units that are the same in another document, together with all that they refer to."""
        same = {unit for unit, text in self.texts.items() if other.texts.get(unit) == text}
        same -= {unit for unit in same if self.needs[unit] != other.needs[unit]}
        users: dict[Unit, list[Unit]] = {}
        for unit in same:
            for need in self.needs[unit]:
                users.setdefault(need, []).append(unit)
        # A reference that dangles in both documents counts as the same.
        different = [
            need for need in users if need not in same and (need in self.texts or need in other.texts)
        ]
        while different:
            for unit in users.get(different.pop(), ()):
                if unit in same:
                    same.discard(unit)
                    different.append(unit)
        return same

    def _add(self, steps: Steps, need: Unit) -> None:
        here = unit_of(steps)
        if here in self.needs and here != need:
            self.needs[here].add(need)

    def _add_kin(self, tree: dict[str, Any], steps: Steps, target: Steps | None) -> None:
        """Let a schema need the schemas that extend it, because its discriminator may mean them by their names."""
        if is_kin(steps) and target is not None and len(target) == 3:
            parent = follow(tree, target)
            if isinstance(parent, dict) and "discriminator" in parent:
                self._add(target, steps[:3])

    def _add_link(self, steps: Steps, link: dict[str, Any], by_id: dict[str, Steps]) -> None:
        operation_id, ref = link.get("operationId"), link.get("operationRef")
        target = by_id.get(operation_id) if isinstance(operation_id, str) else None
        if target is None and isinstance(ref, str):
            target = self.locator.locate_ref(ref)
        if target is not None:
            self._add(steps, unit_of(target))


def is_kin(steps: Steps) -> bool:
    """Return whether a place is an item in the `allOf` of a component.

    A schema with such a reference takes part in its target's discriminator (OpenAPI 3.1.1, "Discriminator Object").
    """
    return len(steps) == 5 and steps[:2] == ("components", "schemas") and steps[3] == "allOf"


def unit_of(steps: Steps) -> Unit:
    """Return the unit that a place belongs to."""
    if steps[:1] == ("components",):
        return steps[:3]
    return steps[:2] if steps[:1] and steps[0] in _SECTIONS else steps[:1]


def digest_of(value: Any) -> bytes:
    """Return a digest that two JSON values share only if they are equal, whatever the order of their keys."""
    from dynacli.import_orjson import orjson

    try:
        text = orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    except TypeError:  # integers beyond 64 bits, lone surrogates
        text = json.dumps(value, sort_keys=True).encode()
    return hashlib.sha256(text).digest()


def operations_by_id(tree: dict[str, Any]) -> dict[str, Steps]:
    """Return operationId → the steps to the first operation that has it."""
    operations: dict[str, Steps] = {}
    paths = tree.get("paths")
    for path, item in paths.items() if isinstance(paths, dict) else ():
        if isinstance(item, dict) and not path.startswith("x-"):
            for entry in operations_of(item):
                name = entry.operation.get("operationId") if isinstance(entry.operation, dict) else None
                if isinstance(name, str):
                    operations.setdefault(name, ("paths", path, *entry.steps))
    return operations


def _units_of(tree: dict[str, Any]) -> Iterator[Unit]:
    for key, value in tree.items():
        if key == "components" and isinstance(value, dict):
            for section, entries in value.items():
                if isinstance(entries, dict):
                    yield from ((key, section, name) for name in entries)
                else:
                    yield key, section
        elif key in _SECTIONS and isinstance(value, dict):
            yield from ((key, name) for name in value)
        else:
            yield (key,)


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
