"""Several documents merged into one."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from dynacli.document.file_names import file_name
from dynacli.document.load import Document
from dynacli.document.merging.assembly import OF_THE_FIRST, Assembly
from dynacli.document.merging.component_names import UnitNames, is_named
from dynacli.document.merging.merged_paths import MergedPath, plan_paths
from dynacli.document.merging.merged_references import redirect_references
from dynacli.document.merging.merged_security import settle_security
from dynacli.document.merging.merged_source import SourceDocument
from dynacli.document.merging.shared_units import Unit, Units
from dynacli.document.path_items import operations_of
from dynacli.document.pointer import join
from dynacli.document.reading.plain_json import check_limits
from dynacli.document.references.document_files import absolute
from dynacli.document.references.place_origins import Place
from dynacli.document.references.scan import NEWEST_DIALECTS, Steps, follow_references
from dynacli.errors import DocumentError

__all__ = ["merge"]


def merge(documents: Sequence[Document], name: str) -> Document:
    """Return a document that has the operations of several documents; none of these is changed.

    Title, version and URI are those of the first document. What the others state for all their operations, such as
    servers and security, is stated in each of those operations.
    Of an operation that several documents have, the first is kept.
    Where components of two documents have the same name and other content, one is renamed with all references to it.

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
    settle_security(sources)
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
    assembly = Assembly(sources, names)
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
        unread={ref: why for source in reversed(sources) for ref, why in source.unread.items()},
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
                why=f"`{file_name(lead.uri)}` is {_written(lead)} and `{file_name(document.uri)}` is"
                f" {_written(document)}; schemas of 3.0 are read by other rules than those of 3.1 and later",
                hint="Give the two names of their own, or convert the older one",
            )
        if _dialect_of(document) != _dialect_of(lead):
            raise DocumentError(
                f"`{name}` cannot be made of documents of two dialects",
                why=f"The `jsonSchemaDialect` of `{file_name(document.uri)}` is not that of `{file_name(lead.uri)}`",
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
