"""Several documents merged into one: which document each operation is taken from, and where its references lead."""

from bisect import bisect_left
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from dynacli.errors import DocumentError
from dynacli.features.merging._merged_source import (
    SourceDocument,
    Unit,
    UnitNames,
    Units,
    digest_of,
    is_kin,
    is_named,
    operations_by_id,
    path_items_of,
    unit_of,
)
from dynacli.openapi.document.document_files import absolute
from dynacli.openapi.document.json_trees import MISSING, copy_json, follow, fragment_of, from_fragment, join
from dynacli.openapi.document.load import Document
from dynacli.openapi.document.objects import PATH_ITEM, PathOperation, operations_of
from dynacli.openapi.document.plain_json import check_limits
from dynacli.openapi.document.references.place_origins import Move, Origins, PlaceInFile
from dynacli.openapi.document.references.scan import (
    NEWEST_DIALECTS,
    Site,
    Steps,
    WalkedObject,
    follow_references,
    looks_like_reference,
    objects_of,
    requirements_of,
    security_of,
    sites_of,
    steps_of,
)
from dynacli.openapi.document.source import file_name
from dynacli.openapi.references import REFERENCE, DanglingReferenceError, beside_reference, follow_reference

_OF_ONE_OPERATION = frozenset({"x-cli-name", "x-cli-aliases"})
_ELSEWHERE = "x-referenced"
_NOT_IN_NAMES = str.maketrans(dict.fromkeys("/~{}[]() #?&=:,;'\"", "_"))
_OF_THE_FIRST = frozenset(
    {"openapi", "info", "servers", "security", "externalDocs", "jsonSchemaDialect", "$self"}
)
"""Fields that the merged document takes from the first document alone."""
_SCHEMES = ("components", "securitySchemes")


_Hoisted = dict[Steps, Unit]
"""Steps to a referenced part that would otherwise be lost → the new component for it."""


class _MergedPath:
    """A path of the merged document.

    Attributes:
        taken: Document → the steps from the path to the operations that are taken from it. If the path comes from a
            single document, it is taken as a whole.
        same: Document with the same path as an earlier document → the earlier document.
        methods: Method → the document of its operation.
        left_out: The operations that an earlier document already has, each with its document.
        is_pushed: Whether fields of the path for all its operations move into each operation.
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
        """Return whether a part of a document's path has the same location in the merged document.

        Args:
            rest: The steps from the path to the part.
        """
        number = self.same.get(number, number)
        if not self.is_joined:
            return number in self.taken
        return any(rest[: len(steps)] == steps for steps in self.taken.get(number, ()))


def _plan_paths(
    sources: Sequence[SourceDocument], units: Sequence[Units], shared: dict[tuple[int, int], set[Unit]]
) -> dict[str, _MergedPath]:
    """Return how each path is made; the trees of documents that share a path are prepared for that.

    Args:
        shared: Numbers of two documents, the earlier first → the units that are the same in both.
    """
    paths = [source.tree.get("paths") for source in sources]
    holders = {number: value for number, value in enumerate(paths) if isinstance(value, dict)}
    plan = {path: _MergedPath() for value in holders.values() for path in value}
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
                _push_path(sources[number], name, items[number], rests[number], path.taken[number])
    return plan


def _take(
    path: _MergedPath, name: str, number: int, tree: dict[str, Any], shared: dict[tuple[int, int], set[Unit]]
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
    # An invalid value does not count as an operation, so another document may provide the operation.
    entries = [entry for entry in entries if isinstance(entry.operation, dict)]
    new = [entry for entry in entries if entry.method not in path.methods]
    path.left_out.extend((number, entry) for entry in entries if entry.method in path.methods)
    if new or not path.taken:
        path.taken[number] = [entry.steps for entry in new]
        path.methods.update((entry.method, number) for entry in new)


def _own_item(source: SourceDocument, units: Units, name: str) -> dict[str, Any]:
    """Return the path item of a document; if it is a reference, replace it by its target."""
    paths = source.tree["paths"]
    here = ("paths", name)
    beside: set[str] = set()

    def bring(ref: str) -> Any:
        target = units.locator.locate_ref(ref)
        value = None if target is None else follow(source.tree, target)
        if target is None or not isinstance(value, dict):
            raise DanglingReferenceError(ref)
        own = beside_reference(paths[name])
        beside.update(own)
        paths[name] = {**copy_json(value), **own}
        source.note_copy(here, target, value)
        return paths[name]

    follow_reference(paths[name], bring)
    for key in beside:
        source.note_origin((*here, key), (*here, key))
    item = paths[name]
    return item if isinstance(item, dict) else {}


def _rest_of(item: dict[str, Any]) -> dict[str, Any]:
    """Return the fields of a path item for all its operations."""
    fields = {entry.steps[0] for entry in operations_of(item)} | {"additionalOperations"}
    return {key: value for key, value in item.items() if key not in fields}


def _needs_of(rest: dict[str, Any], units: Units) -> set[Unit]:
    targets = (units.locator.locate(site) for site in sites_of(rest, PATH_ITEM))
    return {unit_of(target) for target in targets if target is not None}


def _push_path(
    source: SourceDocument, name: str, item: dict[str, Any], rest: dict[str, Any], taken: Iterable[Steps]
) -> None:
    """Move the fields of a path for all its operations into each operation."""
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
    # New parameters come last, because references may have the index of an existing one.
    if "parameters" not in operation:
        source.note_origin((*here, "parameters"), origin)
    operation["parameters"] = own
    for index, parameter in enumerate(parameters):
        if _identity_of(source.tree, parameter) not in known:
            source.note_copy((*here, "parameters", str(len(own))), (*origin, str(index)), parameter)
            own.append(copy_json(parameter))


def _identity_of(tree: dict[str, Any], parameter: Any) -> Any:
    """Return location and name of a parameter; a parameter of an operation replaces an identical one of its path."""
    target = follow_references(tree, parameter)
    if not isinstance(target, dict):
        return id(parameter)
    return str(target.get("in")), str(target.get("name"))


def _redirect_references(
    source: SourceDocument,
    names: UnitNames,
    paths: Mapping[str, _MergedPath],
    is_kept: Callable[[int, Unit], bool],
    operations: Mapping[str, list[tuple[int, Steps]]],
    uris: Collection[str],
) -> _Hoisted:
    """Rewrite the references of a document, and change the document itself.

    Args:
        is_kept: Returns whether a unit of the document with a number is in the merged document.
        operations: operationId → its operations in the merged document.
        uris: The URIs of the documents.

    Returns:
        The parts that must become components, because they are targets of references.
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
        paths: Mapping[str, _MergedPath],
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
        self.hoisted: _Hoisted = {}
        self._mapped: dict[Steps, set[Steps]] = {}
        for site, steps, target in self.units.sites:
            if site.keyword == "mapping" and target is not None:
                self._mapped.setdefault(steps, set()).add(target)

    def redirect(self, site: Site, steps: Steps, target: Steps) -> None:
        """Rewrite a reference, and keep the names of schemas for discriminators."""
        new = self.new_place(target, site)
        if new != target or self._is_detour(site, target):
            site.node[site.name if site.keyword == "mapping" else site.keyword] = fragment_of(new)
        is_named = target[:2] == ("components", "schemas") and len(target) == 3
        if new != target and site.keyword == REFERENCE and is_named:
            self._keep_name(site, target, new)
        if is_kin(steps):
            self._keep_child_name(steps[:3], target)

    def new_place(self, steps: Steps, site: Site) -> Steps:
        """Return the steps to the target of a reference in the merged document."""
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
        """Rewrite a link so that it still refers to the same operation."""
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
        """Return whether a reference passes through a part with another location in the merged document."""
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
    """Return the component for a part that is not kept at its location; its name may not be unique."""
    section = "pathItems" if site.kind is PATH_ITEM else site.kind.section
    name = "_".join(steps).translate(_NOT_IN_NAMES).strip("_")
    return ("components", section, name) if section else (_ELSEWHERE, name)


class _Assembly:
    """The merged document while it is put together.

    Attributes:
        tree: The merged document; it starts as the first of the documents.

    Args:
        sources: The documents, with references that are rewritten for the merged document.
    """

    def __init__(self, sources: Sequence[SourceDocument], names: UnitNames) -> None:
        self._sources = sources
        self._names = names
        self.tree = sources[0].tree
        self._placed: dict[str, tuple[int, str]] = {"": (0, "")}
        self._removable: set[Unit] = set()

    def add_components(self, units: Sequence[Units], hoisted: Sequence[_Hoisted]) -> None:
        """Add the components, the webhooks, and the other top-level fields of the later documents."""
        for source, later_units in zip(self._sources[1:], units[1:], strict=True):
            for unit in later_units.texts:
                self._add_unit(source, unit)
        for source, parts in zip(self._sources, hoisted, strict=True):
            for steps, unit in parts.items():
                self._put(unit, source.number, steps, copy_json(follow(source.tree, steps)))
                self._removable.add(unit)

    def _add_unit(self, source: SourceDocument, unit: Unit) -> None:
        if unit[0] in _OF_THE_FIRST or unit[0] in {"paths", "tags"}:
            return
        new = self._names.of(source.number, unit)
        if self._names.owner(source.number, unit) == source.number and follow(self.tree, new) is MISSING:
            self._put(new, source.number, unit, copy_json(follow(source.tree, unit)))
            if new != unit and new[0] == "components":
                self._removable.add(new)

    def add_paths(self, plan: Mapping[str, _MergedPath]) -> None:
        """Add the paths of the later documents, and join the paths that several documents have."""
        for name, path in plan.items():
            first, *others = path.taken
            here = ("paths", name)
            if first and not path.is_joined:
                self._put(here, first, here, copy_json(self._sources[first].tree["paths"][name]))
            if not path.is_joined:
                continue
            item = copy_json(self._sources[first].tree["paths"][name])
            if not isinstance(item, dict):
                item = {}
            if path.is_pushed:
                kept = {steps[0] for steps in path.taken[first]}
                item = {key: value for key, value in item.items() if key in kept}
            if first:
                self._put(here, first, here, item)
            else:
                self.tree["paths"][name] = item
            for number in others:
                for steps in path.taken[number]:
                    place = (*here, *steps)
                    self._put(place, number, place, copy_json(follow(self._sources[number].tree, place)))

    def add_tags(self) -> None:
        """Add the tags that the first document does not have, and descriptions to tags without one."""
        for source in self._sources[1:]:
            tags = source.tree.get("tags")
            for index, tag in enumerate(tags if isinstance(tags, list) else ()):
                self._add_tag(source.number, index, tag)

    def _add_tag(self, number: int, index: int, tag: Any) -> None:
        name = tag.get("name") if isinstance(tag, dict) else None
        tags = self.tree.setdefault("tags", [])
        if not isinstance(name, str) or not isinstance(tags, list):
            return
        origin = ("tags", str(index))
        for known, own in enumerate(tags):
            if isinstance(own, dict) and own.get("name") == name:
                if tag.get("description") and not own.get("description"):
                    own["description"] = tag["description"]
                    place = join(("tags", str(known), "description"))
                    self._placed[place] = (number, join((*origin, "description")))
                return
        self._placed[join(("tags", str(len(tags))))] = (number, join(origin))
        tags.append(copy_json(tag))

    def remove_unused(self) -> None:
        """Remove the added components with new names that are not used."""
        units = Units(self.tree)
        used: set[Unit] = set()
        waiting = [unit for unit in units.texts if unit not in self._removable]
        while waiting:
            unit = waiting.pop()
            if unit not in used and unit in units.needs:
                used.add(unit)
                waiting.extend(units.needs[unit])
        for unit in sorted(self._removable - used):
            holder = follow(self.tree, unit[:-1])
            if isinstance(holder, dict):
                holder.pop(unit[-1], None)
                del self._placed[join(unit)]
                for length in range(len(unit) - 1, 0, -1):
                    self._drop_empty(unit[:length])

    def _drop_empty(self, steps: Steps) -> None:
        """Remove an empty object that was created for a removed component."""
        if join(steps) in self._placed and follow(self.tree, steps) == {}:
            del follow(self.tree, steps[:-1])[steps[-1]]
            del self._placed[join(steps)]

    def _put(self, steps: Steps, number: int, origin: Steps, value: Any) -> None:
        """Put a part into the merged document, and create missing objects around it."""
        node = self.tree
        for length, step in enumerate(steps[:-1], 1):
            if not isinstance(node.get(step), dict):
                node[step] = {}
                self._placed[join(steps[:length])] = (number, join(origin[:length]))
            node = node[step]
        node[steps[-1]] = value
        self._placed[join(steps)] = (number, join(origin))

    def origins(self) -> Origins:
        """Return the origins of the parts of the merged document in the files of all documents."""
        return Origins(self._moves())

    def _moves(self) -> Iterator[Move]:
        all_origins = [source.origins() for source in self._sources]
        moves = [{move.pointer: move for move in origins} for origins in all_origins]
        sorted_pointers = [sorted(origin_by_pointer) for origin_by_pointer in moves]
        for pointer, (number, old) in self._placed.items():
            offset = self._sources[number].first_file
            place = all_origins[number].locate(old)
            if (number, old) != (0, pointer) or place.file or place.pointer != pointer:
                yield Move(pointer, place.file + offset, place.pointer)
            inside = sorted_pointers[number]
            for index in range(bisect_left(inside, f"{old}/"), len(inside)):
                if not inside[index].startswith(f"{old}/"):
                    break
                new = pointer + inside[index][len(old) :]
                if self._around(new) == pointer:
                    move = moves[number][inside[index]]
                    yield Move(new, move.file + offset, move.origin)

    def _around(self, pointer: str) -> str:
        """Return the JSON pointer of the innermost part around a pointer that was added as a whole."""
        while pointer not in self._placed:
            pointer = pointer.rpartition("/")[0]
        return pointer


def _settle_security(sources: Sequence[SourceDocument]) -> None:
    """Rename schemes with the name of another scheme, and move a document's requirements into its operations.

    A scheme that a document requires without defining it stays undefined. Otherwise, credentials for the scheme of
    another document would be sent.

    Args:
        sources: The documents; those after the first are changed.
    """
    units = [Units(_schemes_alone(source)) for source in sources]
    schemes = [_schemes_of(source, own) for source, own in zip(sources, units, strict=True)]
    shared = {
        (earlier, later): _same_schemes(units, schemes, earlier, later)
        for later in range(len(sources))
        for earlier in range(later)
    }
    names = UnitNames(schemes, shared)
    for source in sources[1:]:
        _rename(source, {old[2]: new[2] for old, new in names.renamed(source.number).items()})
    lead = security_of(sources[0].tree)
    for source in sources[1:]:
        own = security_of(source.tree)
        if digest_of(own) != digest_of(lead):
            _push(source, own)


def _schemes_alone(source: SourceDocument) -> dict[str, Any]:
    """Return a document with only the security schemes of a document."""
    components = source.tree.get("components")
    schemes = components.get("securitySchemes") if isinstance(components, dict) else None
    return {"components": {"securitySchemes": schemes}} if isinstance(schemes, dict) else {}


def _schemes_of(source: SourceDocument, units: Units) -> set[Unit]:
    """Return the schemes that a document defines or requires."""
    defined = {unit for unit in units.texts if unit[:2] == _SCHEMES}
    required = {
        (*_SCHEMES, str(name))
        for walked in objects_of(source.tree)
        for requirement in requirements_of(walked.node)
        for name in requirement
    }
    return defined | required


def _same_schemes(units: list[Units], schemes: list[set[Unit]], earlier: int, later: int) -> set[Unit]:
    """Return the schemes that are equal in two documents, including schemes that neither document defines."""
    neither = {
        unit
        for unit in schemes[earlier] & schemes[later]
        if unit not in units[earlier].texts and unit not in units[later].texts
    }
    return units[earlier].shared(units[later]) | neither


def _rename(source: SourceDocument, names: dict[str, str]) -> None:
    if not names:
        return
    for site, _, target in Units(_schemes_alone(source)).sites:
        if target is not None and target[:2] == _SCHEMES and target[2] in names:
            site.node[site.keyword] = fragment_of((*_SCHEMES, names[target[2]], *target[3:]))
    schemes = _schemes_alone(source).get("components", {}).get("securitySchemes")
    if schemes is not None:
        renamed = {names.get(name, name): scheme for name, scheme in schemes.items()}
        for old, new in names.items():
            if old in schemes:
                source.note_origin((*_SCHEMES, new), (*_SCHEMES, old))
        schemes.clear()
        schemes.update(renamed)
    for walked in objects_of(source.tree):
        for index, requirement in enumerate(security_of(walked.node)):
            if not isinstance(requirement, dict):
                continue
            here = (*walked.steps, "security", str(index))
            for name in requirement.keys() & names.keys():
                source.note_origin((*here, names[name]), (*here, name))
            named = {names.get(name, name): scopes for name, scopes in requirement.items()}
            requirement.clear()
            requirement.update(named)


def _push(source: SourceDocument, security: list[Any]) -> None:
    for steps, operation in _operations_of(source.tree):
        if "security" in operation:
            continue
        operation["security"] = copy_json(security)
        if "security" in source.tree:
            source.note_copy((*steps, "security"), ("security",), security)
        else:
            source.note_origin((*steps, "security"), steps)


def _operations_of(tree: dict[str, Any]) -> Iterator[tuple[Steps, dict[str, Any]]]:
    for steps, item in path_items_of(tree):
        for entry in operations_of(item):
            if isinstance(entry.operation, dict) and REFERENCE not in entry.operation:
                yield (*steps, *entry.steps), entry.operation


def merge(documents: Sequence[Document], name: str) -> Document:
    """Return a document with the operations of several documents, without changing these.

    Title, version and URI come from the first document. Settings of the others for all their operations, such as
    servers and security, move into the paths or operations. If several documents have an operation, the first is kept.
    If components of two documents have the same name and different content, one is renamed with all references to it.

    Args:
        documents: The loaded documents, at least one.
        name: The name of the result in messages.

    Raises:
        DocumentError: The versions of OpenAPI have different rules for schemas, or the result is over a limit.
    """
    if len(documents) == 1:
        return documents[0]
    version = _version_of(documents, name)
    sources, first_file = [], 0
    for number, document in enumerate(documents):
        sources.append(SourceDocument(number, document, documents[0], first_file))
        first_file += len(document.files)
    _settle_security(sources)
    units = [Units(source.tree) for source in sources]
    shared = {
        (earlier, later): units[earlier].shared(units[later])
        for later in range(len(sources))
        for earlier in range(later)
    }
    names = UnitNames([own.texts for own in units], shared)
    paths = _plan_paths(sources, units, shared)
    operations = _operations(sources, paths)

    def is_kept(number: int, unit: Unit) -> bool:
        if is_named(unit) or number == 0:
            return True
        if any(unit in shared[earlier, number] for earlier in range(number)):
            return True
        return unit[0] not in _OF_THE_FIRST and not any(unit in earlier.texts for earlier in units[:number])

    uris = {absolute(document.uri, "") for document in documents if document.uri}
    hoisted = [_redirect_references(source, names, paths, is_kept, operations, uris) for source in sources]
    assembly = _Assembly(sources, names)
    assembly.add_components(units, hoisted)
    assembly.add_paths(paths)
    assembly.add_tags()
    assembly.remove_unused()
    tree = assembly.tree
    if version != documents[0].version:
        tree["openapi"] = f"{version}.0"
    check_limits(tree, name)
    return replace(
        documents[0],
        tree=tree,
        version=version,
        files=tuple(file for document in documents for file in document.files),
        origins=assembly.origins(),
        warnings=(*_warnings_of(sources), *_left_out(sources, paths)),
        missing=tuple(dict.fromkeys(uri for document in documents for uri in document.missing)),
        unread={ref: reason for source in reversed(sources) for ref, reason in source.unread.items()},
    )


def _version_of(documents: Sequence[Document], name: str) -> Any:
    """Return the version of the merged document.

    Raises:
        DocumentError: The documents have versions or dialects that cannot be combined.
    """
    lead = documents[0]
    for document in documents[1:]:
        if (document.version == "3.0") != (lead.version == "3.0"):
            raise DocumentError(
                f"`{name}` cannot be made of documents of OpenAPI {lead.version} and {document.version}",
                reason=f"`{file_name(lead.uri)}` is {_dialect_text(lead)} and `{file_name(document.uri)}` is"
                f" {_dialect_text(document)}; schemas of 3.0 follow other rules than later schemas",
                hint="Give the two different names, or convert the older one",
            )
        if _dialect_of(document) != _dialect_of(lead):
            raise DocumentError(
                f"`{name}` cannot be made of documents of two dialects",
                reason=f"The `jsonSchemaDialect` of `{file_name(document.uri)}` is not that of `{file_name(lead.uri)}`",
                hint="Give the two different names",
            )
    return max(document.version for document in documents)


def _dialect_text(document: Document) -> str:
    is_swagger = document.written_in.startswith("2")
    return f"{'Swagger' if is_swagger else 'OpenAPI'} {document.written_in}"


def _dialect_of(document: Document) -> str:
    dialect = document.tree.get("jsonSchemaDialect")
    if document.version == "3.0" or not isinstance(dialect, str) or dialect in NEWEST_DIALECTS:
        return ""
    return dialect


def _operations(
    sources: Sequence[SourceDocument], paths: Mapping[str, _MergedPath]
) -> dict[str, list[tuple[int, Steps]]]:
    """Return operationId → its operations in the merged document: each with its document's number and its steps."""
    operations: dict[str, list[tuple[int, Steps]]] = {}
    for name, path in paths.items():
        for number, taken in path.taken.items():
            tree = sources[number].tree
            item = follow_references(tree, tree["paths"][name])
            for entry in operations_of(item) if isinstance(item, dict) else ():
                operation = entry.operation if isinstance(entry.operation, dict) else {}
                operation_id = operation.get("operationId")
                if isinstance(operation_id, str) and entry.steps in taken:
                    operations.setdefault(operation_id, []).append((number, ("paths", name, *entry.steps)))
    return operations


def _warnings_of(sources: Sequence[SourceDocument]) -> list[tuple[str, PlaceInFile]]:
    return [
        (message, place._replace(file=place.file + source.first_file))
        for source in sources
        for message, place in source.document.warnings
    ]


def _left_out(
    sources: Sequence[SourceDocument], paths: Mapping[str, _MergedPath]
) -> Iterator[tuple[str, PlaceInFile]]:
    """Yield (warning, location) for the operations that several documents have."""
    for source in sources[1:]:
        same: dict[int, int] = {}
        for name, path in paths.items():
            if source.number in path.same:
                owner = path.same[source.number]
                same[owner] = same.get(owner, 0) + 1
            for number, entry in path.left_out:
                if number == source.number:
                    owner_name = sources[path.methods[entry.method]].name
                    message = (
                        f"`{entry.method} {name}` of {source.name} is left out: {owner_name} has it already"
                    )
                    yield message, source.place(join(("paths", name, *entry.steps)))
        for owner, count in same.items():
            counted, are = ("1 path", "is") if count == 1 else (f"{count:,} paths", "are")
            message = f"{counted} of {source.name} {are} the same as in {sources[owner].name}"
            yield message, source.place("/paths")
