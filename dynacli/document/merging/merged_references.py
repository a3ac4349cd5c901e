"""Turns every reference of a document to where its target is once several documents are one."""

from collections.abc import Callable, Collection, Mapping

from dynacli.document.merging.component_names import Names
from dynacli.document.merging.merged_paths import Path
from dynacli.document.merging.merged_source import Source
from dynacli.document.merging.object_walk import Found, objects_of
from dynacli.document.merging.shared_units import Unit, Units, is_kin, operations_by_id, unit_of
from dynacli.document.objects import PATH_ITEM
from dynacli.document.pointer import follow, fragment_of, from_fragment
from dynacli.document.references.document_files import absolute
from dynacli.document.references.scan import Site, Steps, looks_like_reference, steps_of

__all__ = ["Hoisted", "turn_references"]

Hoisted = dict[Steps, Unit]
"""The steps to each part of a document that something refers to and that would be lost → where it goes."""

_ELSEWHERE = "x-referenced"
_NOT_IN_NAMES = str.maketrans(dict.fromkeys("/~{}[]() #?&=:,;'\"", "_"))


def turn_references(
    source: Source,
    names: Names,
    paths: Mapping[str, Path],
    is_kept: Callable[[int, Unit], bool],
    operations: Mapping[str, list[tuple[int, Steps]]],
    uris: Collection[str],
) -> Hoisted:
    """Turn the references of a document in place.

    Args:
        source: The document.
        names: Of the units of all documents.
        paths: How each path is made.
        is_kept: Tells of a document whether something at its top is there in the one document.
        operations: For each operationId the operations of the one document that have it.
        uris: Where the documents are.

    Returns:
        What has to be added to the components, as it is referred to.
    """
    work = _Turning(source, names, paths, is_kept)
    for site, steps, target in work.units.sites:
        if target is not None:
            work.turn(site, steps, target)
    by_id = operations_by_id(source.tree)
    for found in objects_of(source.tree):
        if found.kind.section == "links":
            work.turn_link(found, by_id, operations, uris)
    return work.hoisted


class _Turning:
    def __init__(
        self,
        source: Source,
        names: Names,
        paths: Mapping[str, Path],
        is_kept: Callable[[int, Unit], bool],
    ) -> None:
        self.source = source
        self.names = names
        self.paths = paths
        self.is_kept = is_kept
        self.units = Units(source.tree)
        self.hoisted: Hoisted = {}
        self._mapped: dict[Steps, set[Steps]] = {}
        for site, steps, target in self.units.sites:
            if site.keyword == "mapping" and target is not None:
                self._mapped.setdefault(steps, set()).add(target)

    def turn(self, site: Site, steps: Steps, target: Steps) -> None:
        """Turn one reference, and let the names that a discriminator knows lead to the same schemas."""
        new = self.where(target, site)
        if new != target or self._is_detour(site, target):
            site.node[site.name if site.keyword == "mapping" else site.keyword] = fragment_of(new)
        is_named = target[:2] == ("components", "schemas") and len(target) == 3
        if new != target and site.keyword == "$ref" and is_named:
            self._name(site, target, new)
        if is_kin(steps):
            self._name_kin(steps[:3], target)

    def where(self, steps: Steps, site: Site) -> Steps:
        """Return where a place goes that something refers to."""
        unit, number = unit_of(steps), self.source.number
        if unit[:1] == ("paths",) and len(unit) == 2:
            is_kept = self.paths[unit[1]].keeps(number, steps[2:])
        else:
            is_kept = self.is_kept(number, unit)
        if is_kept:
            return self.names.of(number, unit) + steps[len(unit) :]
        if steps not in self.hoisted:
            self.hoisted[steps] = self.names.add(_component_of(site, steps))
        return self.hoisted[steps]

    def turn_link(
        self,
        found_link: Found,
        by_id: Mapping[str, Steps],
        operations: Mapping[str, list[tuple[int, Steps]]],
        uris: Collection[str],
    ) -> None:
        """Let a link lead to the operation that it leads to in its own document."""
        link, steps = found_link.node, found_link.steps
        wanted, ref = link.get("operationId"), link.get("operationRef")
        if isinstance(wanted, str) and wanted in by_id:
            target = by_id[wanted]
            found = operations.get(wanted, [])
            if target not in [place for _, place in found] or len({number for number, _ in found}) > 1:
                del link["operationId"]
                link["operationRef"] = fragment_of(target)
                self.source.made((*steps, "operationRef"), (*steps, "operationId"))
        elif isinstance(ref, str) and not ref.startswith("#"):
            own = self.source.document.uri
            meant = absolute(own, ref)
            is_of_all = meant in uris and (self.source.number or meant != own)
            link["operationRef"] = f"#{ref.partition('#')[2]}" if is_of_all else self.source.away(ref)

    def _is_detour(self, site: Site, target: Steps) -> bool:
        """Tell whether a reference goes by a place that is another one in the one document."""
        written = from_fragment(site.ref) if looks_like_reference(site.ref) else None
        if not written or written == target or not self.source.number:
            return False
        return self.names.is_new(self.source.number, unit_of(written)) or written[:1] == ("paths",)

    def _name(self, site: Site, target: Steps, new: Steps) -> None:
        """Keep the name of a branch for the discriminator beside `oneOf` or `anyOf`."""
        around = site.link[0] if site.link else None
        if around and around[1] in ("oneOf", "anyOf"):
            self._map(steps_of(around[0]), target, new)

    def _name_kin(self, child: Steps, parent: Steps) -> None:
        """Keep the name of a schema for the discriminator of the one that it is made of."""
        new = self.names.of(self.source.number, child)
        if new != child:
            self._map(parent, child, new)

    def _map(self, schema: Steps, target: Steps, new: Steps) -> None:
        here = (*schema, "discriminator")
        discriminator = follow(self.source.tree, here)
        if not isinstance(discriminator, dict) or target in self._mapped.get((*here, "mapping"), ()):
            return
        if "mapping" not in discriminator:
            discriminator["mapping"] = {}
            self.source.made((*here, "mapping"), here)
        mapping = discriminator["mapping"]
        if isinstance(mapping, dict) and target[2] not in mapping:
            mapping[target[2]] = fragment_of(new)
            self.source.made((*here, "mapping", target[2]), here)


def _component_of(site: Site, steps: Steps) -> Unit:
    """Return where a part goes that has no place of its own any more, before its name is made unique."""
    section = "pathItems" if site.kind is PATH_ITEM else site.kind.section
    name = "_".join(steps).translate(_NOT_IN_NAMES).strip("_")
    return ("components", section, name) if section else (_ELSEWHERE, name)
