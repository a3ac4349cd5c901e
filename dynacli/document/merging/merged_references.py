"""The references of a document, redirected to the places of their targets in the merged document."""

from collections.abc import Callable, Collection, Mapping

from dynacli.document.merging.component_names import UnitNames
from dynacli.document.merging.merged_paths import MergedPath
from dynacli.document.merging.merged_source import SourceDocument
from dynacli.document.merging.object_walk import WalkedObject, objects_of
from dynacli.document.merging.shared_units import Unit, Units, is_kin, operations_by_id, unit_of
from dynacli.document.objects import PATH_ITEM
from dynacli.document.pointer import follow, fragment_of, from_fragment
from dynacli.document.references.document_files import absolute
from dynacli.document.references.scan import Site, Steps, looks_like_reference, steps_of

__all__ = ["Hoisted", "redirect_references"]

Hoisted = dict[Steps, Unit]
"""The steps to a referenced part of a document that would be lost → the component that it becomes."""

_ELSEWHERE = "x-referenced"
_NOT_IN_NAMES = str.maketrans(dict.fromkeys("/~{}[]() #?&=:,;'\"", "_"))


def redirect_references(
    source: SourceDocument,
    names: UnitNames,
    paths: Mapping[str, MergedPath],
    is_kept: Callable[[int, Unit], bool],
    operations: Mapping[str, list[tuple[int, Steps]]],
    uris: Collection[str],
) -> Hoisted:
    """Redirect the references of a document in place.

    Args:
        is_kept: Tells whether a unit of a document, given by its number, is in the merged document.
        operations: operationId → its operations in the merged document.
        uris: The URIs of the documents.

    Returns:
        The parts that have to be added to the components, because references lead to them.
    """
    redirection = _Redirection(source, names, paths, is_kept, operations, uris)
    for site, steps, target in redirection.units.sites:
        if target is not None:
            redirection.redirect(site, steps, target)
    for walked in objects_of(source.tree):
        if walked.kind.section == "links":
            redirection.redirect_link(walked)
    return redirection.hoisted


class _Redirection:
    """The redirection of a document's references."""

    def __init__(
        self,
        source: SourceDocument,
        names: UnitNames,
        paths: Mapping[str, MergedPath],
        is_kept: Callable[[int, Unit], bool],
        operations: Mapping[str, list[tuple[int, Steps]]],
        uris: Collection[str],
    ) -> None:
        self.source = source
        self.names = names
        self.paths = paths
        self.is_kept = is_kept
        self.operations = operations
        self.own_operations = operations_by_id(source.tree)
        self.uris = uris
        self.units = Units(source.tree)
        self.hoisted: Hoisted = {}
        self._mapped: dict[Steps, set[Steps]] = {}
        for site, steps, target in self.units.sites:
            if site.keyword == "mapping" and target is not None:
                self._mapped.setdefault(steps, set()).add(target)

    def redirect(self, site: Site, steps: Steps, target: Steps) -> None:
        """Redirect a reference, and keep the names of schemas that a discriminator goes by."""
        new = self.new_place(target, site)
        if new != target or self._is_detour(site, target):
            site.node[site.name if site.keyword == "mapping" else site.keyword] = fragment_of(new)
        is_named = target[:2] == ("components", "schemas") and len(target) == 3
        if new != target and site.keyword == "$ref" and is_named:
            self._keep_name(site, target, new)
        if is_kin(steps):
            self._keep_child_name(steps[:3], target)

    def new_place(self, steps: Steps, site: Site) -> Steps:
        """Return where the target of a reference is in the merged document."""
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

    def redirect_link(self, walked: WalkedObject) -> None:
        """Make a link lead to the same operation as in its own document."""
        link, steps = walked.node, walked.steps
        operation_id, ref = link.get("operationId"), link.get("operationRef")
        if isinstance(operation_id, str) and operation_id in self.own_operations:
            target = self.own_operations[operation_id]
            merged = self.operations.get(operation_id, [])
            if target not in [place for _, place in merged] or len({number for number, _ in merged}) > 1:
                del link["operationId"]
                link["operationRef"] = fragment_of(target)
                self.source.note_origin((*steps, "operationRef"), (*steps, "operationId"))
        elif isinstance(ref, str) and not ref.startswith("#"):
            own = self.source.document.uri
            uri = absolute(own, ref)
            is_merged = uri in self.uris and (self.source.number or uri != own)
            fragment = f"#{ref.partition('#')[2]}"
            link["operationRef"] = fragment if is_merged else self.source.as_seen_from_lead(ref)

    def _is_detour(self, site: Site, target: Steps) -> bool:
        """Return whether a reference goes through a place that is not the same in the merged document."""
        written = from_fragment(site.ref) if looks_like_reference(site.ref) else None
        if not written or written == target or not self.source.number:
            return False
        return self.names.is_new(self.source.number, unit_of(written)) or written[:1] == ("paths",)

    def _keep_name(self, site: Site, target: Steps, new: Steps) -> None:
        """Keep the name of a branch of `oneOf` or `anyOf` for the discriminator beside it."""
        around = site.link[0] if site.link else None
        if around and around[1] in ("oneOf", "anyOf"):
            self._add_to_mapping(steps_of(around[0]), target, new)

    def _keep_child_name(self, child: Steps, parent: Steps) -> None:
        """Keep the name of a schema for the discriminator of a schema in its `allOf`."""
        new = self.names.of(self.source.number, child)
        if new != child:
            self._add_to_mapping(parent, child, new)

    def _add_to_mapping(self, schema: Steps, target: Steps, new: Steps) -> None:
        here = (*schema, "discriminator")
        discriminator = follow(self.source.tree, here)
        if not isinstance(discriminator, dict) or target in self._mapped.get((*here, "mapping"), ()):
            return
        if "mapping" not in discriminator:
            discriminator["mapping"] = {}
            self.source.note_origin((*here, "mapping"), here)
        mapping = discriminator["mapping"]
        if isinstance(mapping, dict) and target[2] not in mapping:
            mapping[target[2]] = fragment_of(new)
            self.source.note_origin((*here, "mapping", target[2]), here)


def _component_of(site: Site, steps: Steps) -> Unit:
    """Return a component for a part that loses its place; its name may be taken already."""
    section = "pathItems" if site.kind is PATH_ITEM else site.kind.section
    name = "_".join(steps).translate(_NOT_IN_NAMES).strip("_")
    return ("components", section, name) if section else (_ELSEWHERE, name)
