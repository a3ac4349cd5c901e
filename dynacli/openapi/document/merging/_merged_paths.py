"""The paths of a merged document: which document each operation is taken from, and where its references lead."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

from dynacli.openapi.document._document_files import absolute
from dynacli.openapi.document.json_trees import copy_json, follow, fragment_of, from_fragment
from dynacli.openapi.document.merging._merged_source import (
    SourceDocument,
    Unit,
    UnitNames,
    Units,
    digest_of,
    is_kin,
    operations_by_id,
    unit_of,
)
from dynacli.openapi.document.merging.object_walk import WalkedObject, objects_of
from dynacli.openapi.document.objects import PATH_ITEM, PathOperation, operations_of
from dynacli.openapi.document.references.scan import (
    Site,
    Steps,
    follow_references,
    looks_like_reference,
    sites_of,
    steps_of,
)

__all__ = ["Hoisted", "MergedPath", "plan_paths", "redirect_references"]

_MAX_HOPS = 100
_OF_ONE_OPERATION = frozenset({"x-cli-name", "x-cli-aliases"})


class MergedPath:
    """A path of the merged document.

    Attributes:
        taken: Document that the path is made of → the steps from the path to the operations that are taken from it.
            The path of a single document is taken as a whole.
        same: Document whose path is the same as that of an earlier document → the earlier document.
        methods: Method → the document that its operation is taken from.
        left_out: The operations that an earlier document has already, each with its document.
        is_pushed: Whether the fields that a path has for all its operations are put into each operation instead.
    """

    def __init__(self) -> None:
        self.taken: dict[int, list[Steps]] = {}
        self.same: dict[int, int] = {}
        self.methods: dict[str, int] = {}
        self.left_out: list[tuple[int, PathOperation]] = []
        self.is_pushed = False

    @property
    def is_joined(self) -> bool:
        """Whether the path is made of several documents."""
        return len(self.taken) > 1

    def keeps(self, number: int, rest: Steps) -> bool:
        """Return whether a place in a document's path is at the same place in the merged document.

        Args:
            rest: The steps from the path to the place.
        """
        number = self.same.get(number, number)
        if not self.is_joined:
            return number in self.taken
        return any(rest[: len(steps)] == steps for steps in self.taken.get(number, ()))


def plan_paths(
    sources: Sequence[SourceDocument], units: Sequence[Units], shared: dict[tuple[int, int], set[Unit]]
) -> dict[str, MergedPath]:
    """Return how each path is made; the trees of documents that share a path are prepared for that.

    Args:
        shared: Numbers of two documents, the earlier first → the units that are the same in both.
    """
    paths = [source.tree.get("paths") for source in sources]
    holders = {number: value for number, value in enumerate(paths) if isinstance(value, dict)}
    plan = {path: MergedPath() for value in holders.values() for path in value}
    for name, path in plan.items():
        for number in (number for number, value in holders.items() if name in value):
            _take(path, name, number, sources[number].tree, shared)
        if path.is_joined:
            items = {number: _own_item(sources[number], units[number], name) for number in path.taken}
            rests = {number: _rest_of(item) for number, item in items.items()}
            first, *others = path.taken
            path.is_pushed = not all(
                digest_of(rests[first]) == digest_of(rests[number])
                and _needs_of(rests[number], units[number]) <= shared[first, number]
                for number in others
            )
            for number in path.taken if path.is_pushed else ():
                _push(sources[number], name, items[number], rests[number], path.taken[number])
    return plan


def _take(
    path: MergedPath, name: str, number: int, tree: dict[str, Any], shared: dict[tuple[int, int], set[Unit]]
) -> None:
    for earlier in range(number):
        if ("paths", name) in shared[earlier, number]:
            path.same[number] = path.same.get(earlier, earlier)
            return
    if name.startswith("x-"):
        path.taken = path.taken or {number: []}
        return
    item = follow_references(tree, tree["paths"][name])
    entries = list(operations_of(item)) if isinstance(item, dict) else []
    # A value that is not an operation must not keep out the operation of another document.
    entries = [entry for entry in entries if isinstance(entry.operation, dict)]
    new = [entry for entry in entries if entry.method not in path.methods]
    path.left_out.extend((number, entry) for entry in entries if entry.method in path.methods)
    if new or not path.taken:
        path.taken[number] = [entry.steps for entry in new]
        path.methods.update((entry.method, number) for entry in new)


def _own_item(source: SourceDocument, units: Units, name: str) -> dict[str, Any]:
    """Return the path item of a document; if it is a reference, its target takes its place."""
    paths = source.tree["paths"]
    here = ("paths", name)
    beside: set[str] = set()
    for _ in range(_MAX_HOPS):
        item = paths[name]
        if not isinstance(item, dict) or not isinstance(item.get("$ref"), str):
            break
        target = units.locator.locate_ref(item["$ref"])
        value = None if target is None else follow(source.tree, target)
        if target is None or not isinstance(value, dict):
            break
        own = {key: member for key, member in item.items() if key != "$ref"}
        beside |= own.keys()
        paths[name] = {**copy_json(value), **own}
        source.note_copy(here, target, value)
    for key in beside:
        source.note_origin((*here, key), (*here, key))
    item = paths[name]
    return item if isinstance(item, dict) else {}


def _rest_of(item: dict[str, Any]) -> dict[str, Any]:
    """Return the fields of a path item that are for all its operations."""
    fields = {entry.steps[0] for entry in operations_of(item)} | {"additionalOperations"}
    return {key: value for key, value in item.items() if key not in fields}


def _needs_of(rest: dict[str, Any], units: Units) -> set[Unit]:
    targets = (units.locator.locate(site) for site in sites_of(rest, PATH_ITEM))
    return {unit_of(target) for target in targets if target is not None}


def _push(
    source: SourceDocument, name: str, item: dict[str, Any], rest: dict[str, Any], taken: Iterable[Steps]
) -> None:
    """Put the fields that a path has for all its operations into each operation."""
    is_only_operation = len(list(operations_of(item))) == 1
    for steps in taken:
        operation = follow(item, steps)
        if not isinstance(operation, dict):
            continue
        here = ("paths", name, *steps)
        for key, value in rest.items():
            if key == "parameters" and isinstance(value, list):
                _push_parameters(source, ("paths", name, key), value, here, operation)
            elif not operation.get(key) and (is_only_operation or key not in _OF_ONE_OPERATION):
                operation[key] = copy_json(value)
                source.note_copy((*here, key), ("paths", name, key), value)


def _push_parameters(
    source: SourceDocument, origin: Steps, parameters: list[Any], here: Steps, operation: dict[str, Any]
) -> None:
    own = operation.get("parameters")
    own = own if isinstance(own, list) else []
    known = {_identity_of(source.tree, parameter) for parameter in own}
    # Appended, because references may lead to the operation's own parameters by their index.
    if "parameters" not in operation:
        source.note_origin((*here, "parameters"), origin)
    operation["parameters"] = own
    for index, parameter in enumerate(parameters):
        if _identity_of(source.tree, parameter) not in known:
            source.note_copy((*here, "parameters", str(len(own))), (*origin, str(index)), parameter)
            own.append(copy_json(parameter))


def _identity_of(tree: dict[str, Any], parameter: Any) -> Any:
    """Return location and name of a parameter, by which a parameter of an operation replaces that of its path."""
    target = follow_references(tree, parameter)
    if not isinstance(target, dict):
        return id(parameter)
    return str(target.get("in")), str(target.get("name"))


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
