"""The units of documents, which merging keeps whole, and the units that two documents share."""

import hashlib
import json
from collections.abc import Iterator
from typing import Any

from dynacli.document.merging.merged_source import is_reference
from dynacli.document.merging.object_walk import all_sites, objects_of, requirements_of
from dynacli.document.objects import WEBHOOKS
from dynacli.document.path_items import operations_of
from dynacli.document.pointer import follow
from dynacli.document.references.scan import Locator, Site, Steps, steps_of

__all__ = ["Unit", "Units", "digest_of", "is_kin", "operations_by_id", "unit_of"]

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
