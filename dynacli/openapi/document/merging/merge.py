"""Several documents merged into one."""

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from dynacli.errors import DocumentError
from dynacli.openapi.document._document_files import absolute
from dynacli.openapi.document._plain_json import check_limits
from dynacli.openapi.document.json_trees import MISSING, copy_json, follow, fragment_of, join
from dynacli.openapi.document.load import Document
from dynacli.openapi.document.merging._merged_paths import (
    Hoisted,
    MergedPath,
    plan_paths,
    redirect_references,
)
from dynacli.openapi.document.merging._merged_source import (
    SourceDocument,
    Unit,
    UnitNames,
    Units,
    digest_of,
    is_named,
    path_items_of,
)
from dynacli.openapi.document.merging.object_walk import objects_of, requirements_of, security_of
from dynacli.openapi.document.objects import operations_of
from dynacli.openapi.document.references.place_origins import Move, Origins, Place
from dynacli.openapi.document.references.scan import NEWEST_DIALECTS, Steps, follow_references
from dynacli.openapi.document.source import file_name

__all__ = ["merge"]

OF_THE_FIRST = frozenset(
    {"openapi", "info", "servers", "security", "externalDocs", "jsonSchemaDialect", "$self"}
)
"""The fields that the merged document has from the first document alone."""


class _Assembly:
    """The merged document while it is put together.

    Attributes:
        tree: The merged document; it starts as the first of the documents.

    Args:
        sources: The documents, with their references redirected to places in the merged document.
    """

    def __init__(self, sources: Sequence[SourceDocument], names: UnitNames) -> None:
        self._sources = sources
        self._names = names
        self.tree = sources[0].tree
        self._placed: dict[str, tuple[int, str]] = {"": (0, "")}
        self._removable: set[Unit] = set()

    def add_components(self, units: Sequence[Units], hoisted: Sequence[Hoisted]) -> None:
        """Add the components, the webhooks, and the other top-level fields of the later documents."""
        for source, later_units in zip(self._sources[1:], units[1:], strict=True):
            for unit in later_units.texts:
                self._add_unit(source, unit)
        for source, parts in zip(self._sources, hoisted, strict=True):
            for steps, unit in parts.items():
                self._put(unit, source.number, steps, copy_json(follow(source.tree, steps)))
                self._removable.add(unit)

    def _add_unit(self, source: SourceDocument, unit: Unit) -> None:
        if unit[0] in OF_THE_FIRST or unit[0] in {"paths", "tags"}:
            return
        new = self._names.of(source.number, unit)
        if self._names.owner(source.number, unit) == source.number and follow(self.tree, new) is MISSING:
            self._put(new, source.number, unit, copy_json(follow(source.tree, unit)))
            if new != unit and new[0] == "components":
                self._removable.add(new)

    def add_paths(self, plan: Mapping[str, MergedPath]) -> None:
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
        """Remove the components with new names that no reference leads to any more."""
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
        """Remove an object that was made for a component that was removed."""
        if join(steps) in self._placed and follow(self.tree, steps) == {}:
            del follow(self.tree, steps[:-1])[steps[-1]]
            del self._placed[join(steps)]

    def _put(self, steps: Steps, number: int, origin: Steps, value: Any) -> None:
        """Put a part at its place, and make the objects around it that are missing."""
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
        """Return the innermost part around a place that was put there as a whole."""
        while pointer not in self._placed:
            pointer = pointer.rpartition("/")[0]
        return pointer


_SCHEMES = ("components", "securitySchemes")


def _settle_security(sources: Sequence[SourceDocument]) -> None:
    """Rename schemes that have the name of another scheme, and put a document's requirements into its operations.

    A name that a document requires and does not define stays undefined: it must not become the scheme of another
    document, because that scheme's credentials would be sent.

    Args:
        sources: The documents; those after the first are changed.
    """
    units = [Units(_schemes_alone(source)) for source in sources]
    schemes = [_schemes_of(source, own) for source, own in zip(sources, units, strict=True)]
    shared = {
        (earlier, later): _shared(units, schemes, earlier, later)
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
    """Return a document that has nothing but the security schemes of a document."""
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


def _shared(units: list[Units], schemes: list[set[Unit]], earlier: int, later: int) -> set[Unit]:
    """Return the schemes that mean the same in two documents, including those that neither defines."""
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
            if isinstance(entry.operation, dict) and "$ref" not in entry.operation:
                yield (*steps, *entry.steps), entry.operation


def merge(documents: Sequence[Document], name: str) -> Document:
    """Return a document that has the operations of several documents; none of these is changed.

    Title, version and URI are those of the first document. What the others state for all their operations, such as
    servers and security, is stated in each of those operations.
    Of an operation that several documents have, the first is kept.
    If components of two documents have the same name and other content, one is renamed with all references to it.

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
    paths = plan_paths(sources, units, shared)
    operations = _operations(sources, paths)

    def is_kept(number: int, unit: Unit) -> bool:
        if is_named(unit) or number == 0:
            return True
        if any(unit in shared[earlier, number] for earlier in range(number)):
            return True
        return unit[0] not in OF_THE_FIRST and not any(unit in earlier.texts for earlier in units[:number])

    uris = {absolute(document.uri, "") for document in documents if document.uri}
    hoisted = [redirect_references(source, names, paths, is_kept, operations, uris) for source in sources]
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
        DocumentError: There is none in which all documents keep their meaning.
    """
    lead = documents[0]
    for document in documents[1:]:
        if (document.version == "3.0") != (lead.version == "3.0"):
            raise DocumentError(
                f"`{name}` cannot be made of documents of OpenAPI {lead.version} and {document.version}",
                reason=f"`{file_name(lead.uri)}` is {_written(lead)} and `{file_name(document.uri)}` is"
                f" {_written(document)}; schemas of 3.0 are read by other rules than those of 3.1 and later",
                hint="Give the two names of their own, or convert the older one",
            )
        if _dialect_of(document) != _dialect_of(lead):
            raise DocumentError(
                f"`{name}` cannot be made of documents of two dialects",
                reason=f"The `jsonSchemaDialect` of `{file_name(document.uri)}` is not that of `{file_name(lead.uri)}`",
                hint="Give the two names of their own",
            )
    return max(document.version for document in documents)


def _written(document: Document) -> str:
    is_swagger = document.written_in.startswith("2")
    return f"{'Swagger' if is_swagger else 'OpenAPI'} {document.written_in}"


def _dialect_of(document: Document) -> str:
    dialect = document.tree.get("jsonSchemaDialect")
    if document.version == "3.0" or not isinstance(dialect, str) or dialect in NEWEST_DIALECTS:
        return ""
    return dialect


def _operations(
    sources: Sequence[SourceDocument], paths: Mapping[str, MergedPath]
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


def _warnings_of(sources: Sequence[SourceDocument]) -> list[tuple[str, Place]]:
    return [
        (message, place._replace(file=place.file + source.first_file))
        for source in sources
        for message, place in source.document.warnings
    ]


def _left_out(
    sources: Sequence[SourceDocument], paths: Mapping[str, MergedPath]
) -> Iterator[tuple[str, Place]]:
    """Yield a warning and its place for the operations that several documents have."""
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
