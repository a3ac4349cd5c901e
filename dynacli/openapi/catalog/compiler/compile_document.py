"""The compiler: it turns a document into operations, components and names.

It reads a `Document` and returns a `Compiled`, which `catalog_writer` writes. An operation that cannot be compiled is
left out with a warning, and all others work.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any, NamedTuple

from dynacli.openapi.catalog.compiler._compile_overview import compile_overview, shared_errors
from dynacli.openapi.catalog.compiler._compile_resources import compile_resources
from dynacli.openapi.catalog.compiler._generated_names import NamedOperation, names_without_tags, short_names
from dynacli.openapi.catalog.compiler._operation_inputs import (
    Inputs,
    SkippedOperationError,
    usable_parameters,
)
from dynacli.openapi.document.json_trees import (
    dict_or_empty,
    follow,
    from_fragment,
    join,
    list_or_empty,
    operation_description,
    split,
    text_or_empty,
)
from dynacli.openapi.document.load import Document
from dynacli.openapi.document.objects import PathOperation, operations_of
from dynacli.openapi.document.positions import positions_of
from dynacli.openapi.document.references.place_origins import Move, PlaceInFile
from dynacli.openapi.document.references.scan import follow_references, lookup, past_references
from dynacli.openapi.document.source import file_name
from dynacli.openapi.model.kebab_names import NameBook, kebab
from dynacli.openapi.model.operation import (
    WEBHOOKS_POINTER,
    DocumentedResponse,
    Operation,
    SecurityScheme,
    has_password_flow,
    prefix_in_prose,
)
from dynacli.openapi.model.overview import Overview
from dynacli.openapi.model.resources import Resource
from dynacli.openapi.model.server_objects import read_servers, server_row
from dynacli.openapi.model.tag_tree import compile_tag_tree
from dynacli.openapi.references import reference_chain, reference_of
from dynacli.openapi.schema.normal_form import normal_tree, with_implied_mappings
from dynacli.record import replace
from dynacli.text.markdown import blocks_of, first_sentence
from dynacli.text.terminal import visible

_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
"""Control characters and Unicode line separators."""
_TYPES = frozenset({"http", "apiKey", "oauth2", "openIdConnect", "mutualTLS"})
"""Types of security schemes (OpenAPI 3.2.0, "Security Scheme Object")."""
_WITH_TOKEN = frozenset({"oauth2", "openIdConnect"})
_KEYS = ("webhooks", "x-webhooks")
"""Fields with webhooks: the field of OpenAPI 3.1 and later, and the extension for OpenAPI 3.0."""


@dataclass(frozen=True)
class CompileWarning:
    """A mistake in the document, and how dynacli handles it.

    Args:
        pointer: JSON pointer into the file.
        line: 1-based line in the file; None if it is not known.
        column: 1-based column in characters; None if it is not known.
        file: The number of the file; 0 is the document itself.
    """

    message: str
    pointer: str
    line: int | None = None
    column: int | None = None
    file: int = 0


@dataclass
class CompileWarnings:
    """The warnings of a compilation, in the order in which they were found.

    Args:
        items: Messages, each with the JSON pointer to its location in the tree.
    """

    items: list[tuple[str, str]] = field(default_factory=list)

    def add(self, message: str, *steps: str) -> None:
        """Add a warning, with the steps of the pointer to its location."""
        self.items.append((message, join(steps)))

    def locate(self, document: Document) -> tuple[CompileWarning, ...]:
        """Return the warnings with their locations in the files; warnings from loading the document come first."""
        own = (
            (message, document.origins.locate(_past_references(document, pointer)))
            for message, pointer in self.items
        )
        return _locate(document, [*document.warnings, *own])


def _past_references(document: Document, pointer: str) -> str:
    """Return the pointer to a location after following the references along the given pointer."""
    steps = past_references(document.tree, split(pointer))
    return pointer if steps is None else join(steps)


def _locate(document: Document, messages: Iterable[tuple[str, PlaceInFile]]) -> tuple[CompileWarning, ...]:
    """Return a warning for each message and location; each file is searched at most once."""
    messages = list(dict.fromkeys(messages))
    pointers: dict[int, list[str]] = {}
    for _, place in messages:
        if place.pointer:  # a message about the whole file has no line
            pointers.setdefault(place.file, []).append(place.pointer)
    positions = {
        file: positions_of(document.files[file].content, wanted) for file, wanted in pointers.items()
    }
    warnings = []
    for message, place in messages:
        line, column = positions.get(place.file, {}).get(place.pointer) or (None, None)
        warnings.append(CompileWarning(message, place.pointer, line, column, place.file))
    return tuple(warnings)


@dataclass
class _LeftOut:
    """The operations that are left out of a catalog.

    Args:
        warn: Called with a message and the steps of a pointer.
        rows: For each operation its `names` and the `reason` why it is left out.
    """

    warn: Callable[..., None]
    rows: list[dict[str, Any]] = field(default_factory=list)

    def add(self, method: str, path: str, operation: Any, reason: str, where: tuple[str, ...]) -> None:
        """Leave an operation out, with a warning."""
        path = visible(path, keep="")
        self.warn(f"`{method} {path}` is left out: {reason}", *where)
        own = dict_or_empty(operation)
        texts = (*map(text_or_empty, (own.get("x-cli-name"), own.get("operationId"))), f"{method} {path}")
        names = [name for text in texts if (name := kebab(text))]
        self.rows.append({"names": names, "reason": f"`{method} {path}`: {reason}"})


def _path_fault(path: str) -> str:
    """Return why no operation of a path can be called; empty if they can."""
    return "the path has a line break or another control character" if _CONTROLS.search(path) else ""


def _check_is_readable(document: Document, operation: Mapping[str, Any]) -> None:
    """Check that neither an operation nor its body is in an unreadable file.

    An operation with an unreadable parameter can still be called.

    Args:
        operation: The Operation Object with unresolved references.

    Raises:
        SkippedOperationError: The operation or its body is in an unreadable file.
    """
    if not document.unread:
        return
    body = operation.get("requestBody")
    followed = follow_references(document.tree, body)
    for part in (operation, body, followed.get("content") if isinstance(followed, Mapping) else None):
        if reason := _why_unread(document, part):
            raise SkippedOperationError(reason)


def _why_unread(document: Document, value: Any) -> str:
    """Return why the reference of an object to another file cannot be followed; empty if there is no such problem."""
    with suppress(LookupError):
        for node in reference_chain(value, partial(lookup, document.tree)):
            ref = reference_of(node)
            if ref is not None and ref in document.unread:
                return f"`{ref}` cannot be followed: {document.unread[ref]}"
    return ""


def _with_one_token(schemes: tuple[SecurityScheme, ...]) -> Iterator[tuple[SecurityScheme, ...]]:
    """Yield the alternatives of a security requirement, each with at most one token.

    A token is sent in the `Authorization` header, which a request has once (RFC 9110, section 11.6.2). The documents
    of Google's APIs require two flows of OAuth 2 together.
    """
    tokens = [scheme for scheme in schemes if scheme.type in _WITH_TOKEN or scheme.scheme == "bearer"]
    if len(tokens) < 2:
        yield schemes
        return
    for token in tokens:
        yield tuple(scheme for scheme in schemes if scheme is token or scheme not in tokens)


class _Security:
    """Reads the security requirements of operations; a mistake in a scheme is reported once."""

    def __init__(self, tree: Mapping[str, Any], warn: Callable[..., None]) -> None:
        self._tree = tree
        self._warn = warn
        components = tree.get("components")
        schemes = components.get("securitySchemes") if isinstance(components, Mapping) else None
        self._schemes: Mapping[str, Any] = schemes if isinstance(schemes, Mapping) else {}
        self._warned: set[str] = set()

    def of_operation(
        self, operation: Mapping[str, Any], where: tuple[str, ...]
    ) -> tuple[tuple[SecurityScheme, ...], ...]:
        """Return the security alternatives of an operation, each with the schemes that are used together."""
        is_own = "security" in operation
        declared = operation["security"] if is_own else self._tree.get("security")
        steps = (*where, "security") if is_own else ("security",)
        # Some documents have a single requirement instead of a list.
        alternatives = [declared] if isinstance(declared, Mapping) else list_or_empty(declared)
        return tuple(
            schemes
            for alternative in alternatives
            if isinstance(alternative, Mapping)
            for schemes in _with_one_token(
                tuple(self._scheme(str(name), scopes, steps) for name, scopes in alternative.items())
            )
        )

    def _scheme(self, name: str, scopes: Any, steps: tuple[str, ...]) -> SecurityScheme:
        scheme = follow_references(self._tree, self._schemes.get(name))
        if not isinstance(scheme, Mapping):
            self._warn_once(name, f"security scheme `{name}` is not defined; nothing is sent for it", steps)
            return SecurityScheme(name)
        kind = text_or_empty(scheme.get("type"))
        if kind not in _TYPES:
            place = ("components", "securitySchemes", name)
            reason = f"there is no type `{kind}`" if kind else "it has no type"
            message = f"security scheme `{name}` cannot be used, {reason}; nothing is sent for it"
            self._warn_once(name, message, place)
        return SecurityScheme(
            name=name,
            type=kind,
            scheme=text_or_empty(scheme.get("scheme")).lower(),  # case-insensitive (RFC 9110, section 11.1)
            location=text_or_empty(scheme.get("in")),
            parameter=text_or_empty(scheme.get("name")),
            scopes=tuple(scope for scope in list_or_empty(scopes) if isinstance(scope, str)),
            prefix=prefix_in_prose(scheme),
            has_password_flow=has_password_flow(scheme),
        )

    def _warn_once(self, name: str, message: str, steps: tuple[str, ...]) -> None:
        if name not in self._warned:  # a thousand operations may use the same scheme
            self._warned.add(name)
            self._warn(message, *steps)


def _webhook_components(tree: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield `WEBHOOKS_POINTER` with a row for each webhook, then the pointer and the Path Item of each."""
    rows = _webhook_rows(tree)
    if rows:
        yield WEBHOOKS_POINTER, rows
    for pointer, _, raw in _webhooks(tree):
        yield pointer, raw


def _webhook_rows(tree: Mapping[str, Any]) -> list[dict[str, Any]]:
    rows = []
    for pointer, name, raw in _webhooks(tree):
        item = follow_references(tree, raw)
        if not isinstance(item, Mapping):
            continue
        entries = [entry for entry in operations_of(item) if isinstance(entry.operation, Mapping)]
        holders = [*(entry.operation for entry in entries), item]
        summaries = [text_or_empty(holder.get("summary")) for holder in holders]
        rows.append(
            {
                "name": name,
                "pointer": pointer,
                "methods": [entry.method for entry in entries],
                "summary": next(filter(None, summaries), ""),
            }
        )
    return rows


def _webhooks(tree: Mapping[str, Any]) -> Iterator[tuple[str, str, Any]]:
    for key in _KEYS:
        webhooks = tree.get(key)
        for name, raw in webhooks.items() if isinstance(webhooks, Mapping) else ():
            if not name.startswith("x-"):
                yield join((key, name)), name, raw


class OperationSelection(NamedTuple):
    """The operations of a document that are compiled.

    A tag is named in kebab case, an operation by its method and path: `GET /runs`.

    Args:
        only: Tags and operations to compile; all if empty.
        without: Tags and operations to leave out.
        is_short: Whether names omit the tag at their beginning if they stay unique.
        reserved: Names that cannot be short names.
    """

    only: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    is_short: bool = False
    reserved: frozenset[str] = frozenset()

    def has(self, method: str, path: str, tags: Iterable[str]) -> bool:
        """Return whether an operation is selected."""
        words = {f"{method} {path}", *map(kebab, tags)}
        return (not self.only or not words.isdisjoint(self.only)) and words.isdisjoint(self.without)


EVERYTHING = OperationSelection()
"""All operations, under their usual names."""


@dataclass(frozen=True)
class CompiledOperation:
    """An operation and its part of the document.

    Args:
        part: The fields that all operations of the path item share, and the Operation Object, with unresolved
            references and schemas in the normal form.
    """

    operation: Operation
    part: Mapping[str, Any]


@dataclass(frozen=True)
class Compiled:
    """The content of a compiled document.

    Args:
        components: Pointer → a possible target of references, with schemas in the normal form.
        given_names: (method, path) → name of each operation that this or an earlier revision has named.
        files: URI and name of each file of the document; the first is the document itself.
        origins: Parts of the tree that come from another location in these files.
    """

    meta: Mapping[str, Any]
    operations: tuple[CompiledOperation, ...]
    overview: Overview
    components: Mapping[str, Any]
    resources: tuple[Resource, ...]
    tags: Mapping[str, str]
    given_names: Mapping[tuple[str, str], str]
    warnings: tuple[CompileWarning, ...]
    files: tuple[tuple[str, str], ...] = ()
    origins: tuple[Move, ...] = ()


def compile_document(
    document: Document,
    given_names: Mapping[tuple[str, str], str] | None = None,
    selection: OperationSelection = EVERYTHING,
    resources: Mapping[str, Any] | None = None,
) -> Compiled:
    """Compile a document.

    Args:
        document: The loaded document.
        given_names: (method, path) → name from an earlier revision.
        selection: The operations to compile.
        resources: Name of a resource → the facts that the configuration gives.
    """
    warnings = CompileWarnings()
    normal = with_implied_mappings(normal_tree(document.tree, document.version, warnings.add))
    document = document.with_tree(normal)
    tree = document.tree
    for reference in document.scan.dangling:
        warnings.items.append((f"`{reference.ref}` has no target; any value is accepted", reference.pointer))
    names = NameBook(given_names)
    # A separate document, so that its tree with resolved references is freed before warnings are located.
    operations, left_out = _compile_operations(document.with_tree(tree), names, warnings, selection)
    components = dict(_components(document))
    info = dict_or_empty(tree.get("info"))
    servers = read_servers(tree.get("servers"), warnings.add, "servers")
    meta = {
        "openapi": document.written_in,
        "dialect": document.version,
        "title": text_or_empty(info.get("title")),
        "version": text_or_empty(info.get("version")),
        "uri": document.uri,
        "json_schema_dialect": text_or_empty(tree.get("jsonSchemaDialect")),
        "servers": [server_row(server) for server in servers],
        "operations": len(operations),
        "left_out": left_out,
        "tag_tree": compile_tag_tree(tree),
    }
    tags = _tag_descriptions(tree)
    overview = compile_overview(
        [operation.operation for operation in operations],
        first_sentence(text_or_empty(info.get("description"))),
        tags,
        len(components.get(WEBHOOKS_POINTER, ())),
    )
    errors, error_fields = shared_errors(
        (
            (operation.operation, operation.part["operation"])
            for operation in operations
            if not operation.operation.is_hidden
        ),
        lambda value: follow_references(tree, value),
        lambda reference: lookup(tree, reference),
    )
    found_resources = compile_resources(
        ((operation.operation, operation.part["operation"]) for operation in operations),
        partial(lookup, tree),
        resources or {},
        warnings.add,
        document.uri,
    )
    return Compiled(
        meta,
        tuple(operations),
        replace(overview, shared_errors=errors, error_fields=error_fields),
        components,
        found_resources,
        tags,
        names.lock,
        warnings.locate(document),
        tuple((file.uri, file_name(file.uri)) for file in document.files),
        tuple(document.origins),
    )


def _compile_operations(
    document: Document, names: NameBook, warnings: CompileWarnings, selection: OperationSelection
) -> tuple[list[CompiledOperation], list[dict[str, Any]]]:
    """Return the compiled operations, and a row for each operation that cannot be called."""
    entries = [
        item for item in _each_operation(document, warnings) if _is_selected(selection, item[0], item[1])
    ]
    named = list(_named_operations(document.tree, entries))
    short = short_names(named, names.is_of_another)
    if selection.is_short:
        short = names_without_tags(named, short, selection.reserved)
    compiler = _OperationCompiler(document, names, short, warnings.add)
    operations = []
    left_out = _LeftOut(warnings.add)
    for path, entry, item, raw_item in entries:
        raw, resolved = entry.operation, follow(item, entry.steps)
        where = ("paths", path, *entry.steps)
        fault = entry.fault or _path_fault(path)
        if fault or not isinstance(raw, Mapping) or not isinstance(resolved, Mapping):
            left_out.add(entry.method, path, raw, fault or "it is not an object", where)
            continue
        if raw.get("x-cli-ignore") is True or raw_item.get("x-cli-ignore") is True:
            continue
        try:
            _check_is_readable(document, raw)
            operations.append(compiler.compile(path, entry, item, raw_item, resolved))
        except SkippedOperationError as error:
            left_out.add(entry.method, path, raw, str(error), where)
        except (AttributeError, KeyError, TypeError, ValueError, RecursionError) as error:
            # A document can have any value anywhere; an unexpected one must not affect other operations.
            reason = f"its description has an unexpected shape ({type(error).__name__})"
            left_out.add(entry.method, path, raw, reason, where)
    return operations, left_out.rows


def _each_operation(
    document: Document, warnings: CompileWarnings
) -> Iterator[tuple[str, PathOperation, Mapping[str, Any], Mapping[str, Any]]]:
    """Yield the path, the operation, and the path item with resolved and with unresolved references."""
    paths = document.resolved_parameters.get("paths")
    raw_paths = follow_references(document.tree, document.tree.get("paths"))
    if not isinstance(paths, Mapping) or not isinstance(raw_paths, Mapping):
        if document.tree.get("paths") is not None:
            warnings.add("`paths` is not an object, so there are no operations", "paths")
        return
    for path, raw in raw_paths.items():
        if path.startswith("x-"):
            continue
        item = paths.get(path)
        raw_item = follow_references(document.tree, raw)  # a path item may be a reference
        if not isinstance(item, Mapping) or not isinstance(raw_item, Mapping):
            reason = _why_unread(document, raw) or "it is not an object"
            warnings.add(f"`{path}` is left out: {reason}", "paths", path)
            continue
        for entry in operations_of(raw_item):
            yield path, entry, item, raw_item


def _is_selected(selection: OperationSelection, path: str, entry: PathOperation) -> bool:
    return selection is EVERYTHING or selection.has(entry.method, path, _tags_of(entry))


def _tags_of(entry: PathOperation) -> list[str]:
    """Return the tags of an operation, as they are written."""
    tags = entry.operation.get("tags") if isinstance(entry.operation, Mapping) else None
    return [tag for tag in list_or_empty(tags) if isinstance(tag, str)]


def _named_operations(
    tree: Mapping[str, Any],
    entries: Iterable[tuple[str, PathOperation, Mapping[str, Any], Mapping[str, Any]]],
) -> Iterator[NamedOperation]:
    """Yield each operation with its operationId and the text that names it."""
    for path, entry, _, raw_item in entries:
        if isinstance(entry.operation, Mapping):
            wanted = _wanted(tree, raw_item, entry.operation)
            by_path = f"{entry.method} {path}"
            name = next(filter(kebab, wanted), by_path)
            yield NamedOperation(entry.method, path, wanted[-1], name, _tags_of(entry))


def _wanted(tree: Mapping[str, Any], item: Mapping[str, Any], operation: Mapping[str, Any]) -> list[str]:
    """Return the texts that may name an operation, in order of preference; the last one is its operationId."""
    operation_id = text_or_empty(follow_references(tree, operation.get("operationId")))
    return [text_or_empty(operation.get("x-cli-name")), _name_of_path(item), operation_id]


class _OperationCompiler:
    """Compiles the operations of a document.

    Args:
        document: The document with its schemas in the normal form.
        short: (method, path) → the short name, which is preferred to the operationId.
        warn: Called with a message and the steps of a pointer.
    """

    def __init__(
        self,
        document: Document,
        names: NameBook,
        short: Mapping[tuple[str, str], str],
        warn: Callable[..., None],
    ) -> None:
        self._tree = document.tree
        self._names = names
        self._short = short
        self._warn = warn
        self._inputs = Inputs(document, warn)
        self._security = _Security(document.tree, warn)
        self._parts = _Parts(document)
        self._responses = _Responses(document)

    def compile(
        self,
        path: str,
        entry: PathOperation,
        item: Mapping[str, Any],
        raw_item: Mapping[str, Any],
        resolved: Mapping[str, Any],
    ) -> CompiledOperation:
        """Compile an operation.

        Args:
            item: The path item with resolved references.
            raw_item: The path item with unresolved references.
            resolved: The Operation Object with resolved references.

        Raises:
            SkippedOperationError: The operation cannot be called.
        """
        raw = entry.operation
        where = ("paths", path, *entry.steps)
        parameters = self._inputs.parameters(path, item, resolved, where)
        body = self._inputs.body(raw.get("requestBody"), parameters, entry.method)
        wanted = _wanted(self._tree, raw_item, raw)
        operation_id = wanted[-1]
        wanted.insert(-1, self._short.get((entry.method, path), ""))
        # The name comes last, so that an operation that is left out does not take one.
        name = self._names.name(entry.method, path, wanted)
        operation = Operation(
            name=name,
            operation_id=operation_id,
            method=entry.method,
            path=path,
            summary=_one_line(raw.get("summary")) or _one_line(item.get("summary")),
            description=tuple(blocks_of(operation_description(raw, raw_item))),
            tags=tuple(tag for tag in list_or_empty(raw.get("tags")) if isinstance(tag, str)),
            is_deprecated=raw.get("deprecated") is True,
            is_hidden=raw.get("x-cli-hidden") is True or raw_item.get("x-cli-hidden") is True,
            aliases=tuple(
                alias
                for alias in _aliases(raw_item, raw, wanted)
                if alias != name and not self._names.is_of_another(alias, entry.method, path)
            ),
            parameters=parameters,
            body=body,
            responses=tuple(self._responses.of_operation(raw.get("responses"))),
            security=self._security.of_operation(raw, where),
            servers=read_servers(raw.get("servers"), self._warn, *where, "servers")
            or read_servers(raw_item.get("servers"), self._warn, "paths", path, "servers"),
            example=self._inputs.example(
                entry.method, item, resolved, raw.get("requestBody"), parameters, body
            ),
            media_headers=self._inputs.media_headers(item, resolved) or None,
        )
        return CompiledOperation(operation, self._parts.of_operation(path, entry))


def _name_of_path(item: Mapping[str, Any]) -> str:
    """Return the `x-cli-name` of a path item; empty if it does not have exactly one operation."""
    name = text_or_empty(item.get("x-cli-name"))
    return name if name and len(list(operations_of(item))) == 1 else ""


def _aliases(item: Mapping[str, Any], raw: Mapping[str, Any], wanted: list[str]) -> list[str]:
    """Return the aliases of an operation; other operations may have the same aliases.

    Args:
        wanted: The names that the document gives it, in order of preference.
    """
    of_path = list_or_empty(item.get("x-cli-aliases"))
    if of_path and len(list(operations_of(item))) != 1:
        of_path = []
    declared = [*list_or_empty(raw.get("x-cli-aliases")), *of_path]
    aliases = [kebab(text_or_empty(alias)) for alias in declared]
    # An operation keeps its name from an earlier revision. Its name in this revision becomes an alias, and so does the
    # whole operationId.
    aliases += [next(filter(None, map(kebab, wanted)), ""), kebab(wanted[-1])]
    return [alias for alias in dict.fromkeys(aliases) if alias]


class _Parts:
    """Extracts the part of a document about each operation, without ignored parameters."""

    def __init__(self, document: Document) -> None:
        self._tree = document.tree
        self._paths = dict_or_empty(follow_references(document.tree, document.tree.get("paths")))
        # Operations of a path share their path item and its fields for all operations.
        self._shared: dict[str, tuple[Mapping[str, Any], dict[str, Any]]] = {}

    def of_operation(self, path: str, entry: PathOperation) -> dict[str, Any]:
        """Return the part about an operation, with its steps unless these are only the method in lower case."""
        if path not in self._shared:
            found = dict_or_empty(follow_references(self._tree, self._paths.get(path)))
            fields = ("parameters", "summary", "description", "x-cli-description")
            holder = {key: value for key, value in found.items() if key in fields}
            self._shared[path] = found, self._usable(holder, path)
        item, shared = self._shared[path]
        own = self._usable(dict(dict_or_empty(follow(item, entry.steps))), path)
        part = {"path_item": shared, "operation": own}
        return part if entry.steps == (entry.method.lower(),) else {**part, "steps": list(entry.steps)}

    def _usable(self, holder: dict[str, Any], path: str) -> dict[str, Any]:
        if "parameters" in holder:
            holder["parameters"] = usable_parameters(self._tree, holder["parameters"], path)
        return holder


class _Responses:
    """Reads the responses of operations; a response that several operations refer to is read once."""

    def __init__(self, document: Document) -> None:
        self._tree = document.tree
        self._known: dict[tuple[str, str], DocumentedResponse | None] = {}

    def of_operation(self, raw: Any) -> Iterator[DocumentedResponse]:
        """Yield the documented responses of an operation."""
        if not isinstance(raw, Mapping):
            return
        for status, reference in raw.items():
            ref = reference_of(reference)
            if ref is None:
                response = self._response(str(status), reference)
            else:
                key = str(status), ref
                if key not in self._known:
                    self._known[key] = self._response(str(status), reference)
                response = self._known[key]
            if response is not None:
                yield response

    def _response(self, status: str, reference: Any) -> DocumentedResponse | None:
        response = follow_references(self._tree, reference)
        if not isinstance(response, Mapping) or status.startswith("x-"):
            return None
        content = dict_or_empty(response.get("content"))
        medias = [follow_references(self._tree, media) for media in content.values()]
        names = [_media_schema_name(media) for media in medias if isinstance(media, Mapping)]
        return DocumentedResponse(
            status,
            first_sentence(
                text_or_empty(response.get("description")) or text_or_empty(response.get("summary"))
            ),
            tuple(content),
            names[0] if names else "",
        )


def _one_line(text: Any) -> str:
    """Return a summary on one line, as lists show it: YAML's `|` leaves a line break at its end."""
    return " ".join(text_or_empty(text).split())


def _media_schema_name(media: Mapping[str, Any]) -> str:
    """Return the name of the schema of a media type; OpenAPI 3.2 has `itemSchema` for a sequence."""
    if "schema" not in media and "itemSchema" in media:
        return f"sequence of {_schema_name(media['itemSchema']) or 'any'}"
    return _schema_name(media.get("schema"))


def _schema_name(schema: Any) -> str:
    if not isinstance(schema, Mapping):
        return ""
    ref = reference_of(schema)
    if ref is not None:
        return ref.rpartition("/")[2]
    kind = schema.get("type")
    if kind == "array":
        return f"array of {_schema_name(schema.get('items')) or 'any'}"
    return kind if isinstance(kind, str) else ""


def _tag_descriptions(tree: Mapping[str, Any]) -> dict[str, str]:
    return {
        tag["name"]: first_sentence(text_or_empty(tag.get("description")))
        for tag in list_or_empty(tree.get("tags"))
        if isinstance(tag, Mapping) and isinstance(tag.get("name"), str)
    }


def _components(document: Document) -> Iterator[tuple[str, Any]]:
    """Yield the pointer and the value of each webhook and each possible target of a reference."""
    components = document.tree.get("components")
    if isinstance(components, Mapping):
        for kind, entries in components.items():
            if isinstance(entries, Mapping) and not kind.startswith("x-"):
                for name, value in entries.items():
                    yield join(("components", kind, name)), value
    yield from _webhook_components(document.tree)
    for ref in document.scan.internal:
        if not ref.startswith("#/components/") and ref.startswith("#/"):
            try:
                # The reader looks up the pointer in one spelling, however the document escapes it.
                yield join(from_fragment(ref) or ()), lookup(document.tree, ref)
            except LookupError:
                continue
