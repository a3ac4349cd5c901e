"""The compiler: a document becomes the operations, components and names of a catalog.

Pure: it reads a `Document` and returns a `Compiled`; the store writes it.
It is lenient. An operation that cannot be understood is left out with a warning that names it;
all others work.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from dynacli.catalog.inputs import Inputs, SkippedOperationError, is_ignored_header
from dynacli.catalog.lenient import follow_references, listed, lookup, text
from dynacli.catalog.model import Operation, Response, SecurityScheme, Server
from dynacli.catalog.names import NameBook, kebab
from dynacli.document.load import Document
from dynacli.document.pointer import join
from dynacli.document.positions import lines_of
from dynacli.errors import DocumentError

__all__ = ["CompileWarning", "Compiled", "CompiledOperation", "compile_document"]

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")


@dataclass(frozen=True)
class CompileWarning:
    """Something in the document that dynacli could not use as it stands.

    Args:
        pointer: JSON pointer into the document.
        line: 1-based line of the document's text, None where it is not known.
    """

    message: str
    pointer: str
    line: int | None = None


@dataclass(frozen=True)
class CompiledOperation:
    """An operation and its part of the document.

    Args:
        part: The path item's shared parts and the operation object as they stand, references included.
    """

    operation: Operation
    part: Mapping[str, Any]


@dataclass(frozen=True)
class Compiled:
    """What a catalog is made of."""

    meta: Mapping[str, Any]
    operations: tuple[CompiledOperation, ...]
    components: Mapping[str, Any]
    tags: Mapping[str, str]
    lock: Mapping[tuple[str, str], str]
    warnings: tuple[CompileWarning, ...]


@dataclass
class _Warnings:
    items: list[tuple[str, str]] = field(default_factory=list)

    def add(self, message: str, *steps: str) -> None:
        self.items.append((message, join(steps)))

    def located(self, content: bytes) -> tuple[CompileWarning, ...]:
        lines = lines_of(content, [pointer for _, pointer in self.items]) if self.items else {}
        return tuple(CompileWarning(message, pointer, lines.get(pointer)) for message, pointer in self.items)


def compile_document(document: Document, lock: Mapping[tuple[str, str], str] | None = None) -> Compiled:
    """Compile a document.

    Args:
        document: As loaded; its references were resolved by prance, recursive ones are still `$ref`.
        lock: The names that earlier revisions gave.
    """
    _check_references(document)
    tree = document.tree
    warnings = _Warnings()
    for found in document.scan.dangling:
        warnings.items.append((f"`{found.ref}` leads nowhere", found.pointer))
    names = NameBook(lock)
    inputs = Inputs(document, warnings.add)
    operations = []
    for path, method, item, raw_item in _each_operation(document, warnings):
        raw = raw_item.get(method)
        resolved = item.get(method)
        if not isinstance(raw, Mapping) or not isinstance(resolved, Mapping):
            warnings.add(f"`{method.upper()} {path}` is left out: it is not an object", "paths", path, method)
            continue
        if raw.get("x-cli-ignore") is True or raw_item.get("x-cli-ignore") is True:
            continue
        try:
            operations.append(_operation(document, inputs, names, path, method, item, raw_item, resolved))
        except SkippedOperationError as error:
            warnings.add(f"`{method.upper()} {path}` is left out: {error}", "paths", path, method)
        except (AttributeError, KeyError, TypeError, ValueError, RecursionError) as error:
            # A document can have anything anywhere: what trips on it concerns this operation alone.
            why = f"its description has an unexpected shape ({type(error).__name__})"
            warnings.add(f"`{method.upper()} {path}` is left out: {why}", "paths", path, method)
    info = tree.get("info")
    info = info if isinstance(info, Mapping) else {}
    meta = {
        "openapi": document.written_in,
        "dialect": document.version,
        "title": text(info.get("title")),
        "version": text(info.get("version")),
        "description": text(info.get("description")),
        "uri": document.uri,
        "json_schema_dialect": text(tree.get("jsonSchemaDialect")),
        "servers": [_server_row(server) for server in _servers(tree.get("servers"))],
        "operations": len(operations),
    }
    return Compiled(
        meta,
        tuple(operations),
        dict(_components(document)),
        _tags(tree),
        names.lock,
        warnings.located(document.content),
    )


def _check_references(document: Document) -> None:
    """Refuse a document that is spread over several files, which cannot be put together yet.

    Raises:
        DocumentError: It refers to another document.
    """
    external = document.scan.external
    if not external:
        return
    first = external[0]
    line = lines_of(document.content, [first.pointer]).get(first.pointer)
    others = f" and {len(external) - 1} more like it" if len(external) > 1 else ""
    raise DocumentError(
        f"The document refers to another one: `{first.ref}`{others}",
        why=f"References to other files and URLs are not followed yet ({first.pointer}, line {line})",
        hint="Put the document into one file first, with a bundler for OpenAPI",
    )


def _each_operation(
    document: Document, warnings: _Warnings
) -> Iterator[tuple[str, str, Mapping[str, Any], Mapping[str, Any]]]:
    paths, raw_paths = document.resolved.get("paths"), document.tree.get("paths")
    if not isinstance(paths, Mapping) or not isinstance(raw_paths, Mapping):
        if raw_paths is not None:
            warnings.add("`paths` is not an object, so there are no operations", "paths")
        return
    for path, raw_item in raw_paths.items():
        if path.startswith("x-"):
            continue
        item = paths.get(path)
        raw_item = follow_references(document.tree, raw_item)  # noqa: PLW2901  - a path item may be a reference
        if not isinstance(item, Mapping) or not isinstance(raw_item, Mapping):
            warnings.add(f"`{path}` is left out: it is not an object", "paths", path)
            continue
        for method in raw_item:
            if method in METHODS:
                yield path, method, item, raw_item


def _operation(
    document: Document,
    inputs: Inputs,
    names: NameBook,
    path: str,
    method: str,
    item: Mapping[str, Any],
    raw_item: Mapping[str, Any],
    resolved: Mapping[str, Any],
) -> CompiledOperation:
    raw = raw_item[method]
    where = ("paths", path, method)
    parameters = inputs.parameters(path, item, resolved, where)
    body = inputs.body(resolved.get("requestBody"), parameters)
    operation_id = text(raw.get("operationId"))
    # The name comes last: an operation that is left out takes none.
    wanted = [text(raw.get("x-cli-name")), _name_of_path(raw_item), operation_id]
    name = names.name(method.upper(), path, wanted)
    aliases = [kebab(text(alias)) for alias in _aliases(raw_item, raw)]
    # The name that an earlier revision gave stays; what the document calls the operation now means it too.
    aliases.append(next((word for each in wanted if (word := kebab(each))), ""))
    description = next(
        (
            told
            for holder, key in (
                (raw, "x-cli-description"),
                (raw, "description"),
                (raw_item, "x-cli-description"),
                (item, "description"),
            )
            if (told := text(holder.get(key)))
        ),
        "",
    )
    operation = Operation(
        name=name,
        operation_id=operation_id,
        method=method.upper(),
        path=path,
        summary=text(raw.get("summary")) or text(item.get("summary")),
        description=description,
        tags=tuple(tag for tag in listed(raw.get("tags")) if isinstance(tag, str)),
        is_deprecated=raw.get("deprecated") is True,
        is_hidden=raw.get("x-cli-hidden") is True or raw_item.get("x-cli-hidden") is True,
        aliases=tuple(dict.fromkeys(alias for alias in aliases if alias and alias != name)),
        parameters=parameters,
        body=body,
        responses=tuple(_responses(document, raw.get("responses"))),
        security=_security(document, raw),
        servers=_servers(raw.get("servers")) or _servers(raw_item.get("servers")),
        example=inputs.example(item, resolved, parameters, body),
    )
    return CompiledOperation(operation, _part(document, raw_item, raw))


def _name_of_path(item: Mapping[str, Any]) -> str:
    """Return the name that a path gives to its one operation; several cannot share one."""
    return text(item.get("x-cli-name")) if sum(method in item for method in METHODS) == 1 else ""


def _aliases(item: Mapping[str, Any], raw: Mapping[str, Any]) -> list[Any]:
    of_path = listed(item.get("x-cli-aliases")) if sum(method in item for method in METHODS) == 1 else []
    return [*listed(raw.get("x-cli-aliases")), *of_path]


def _part(document: Document, raw_item: Mapping[str, Any], raw: Mapping[str, Any]) -> dict[str, Any]:
    """Return the operation's part of the document, without what OpenAPI says is to be ignored."""
    shared = {
        key: value for key, value in raw_item.items() if key in {"parameters", "summary", "description"}
    }
    own = dict(raw)
    for holder in (shared, own):
        if "parameters" in holder:
            holder["parameters"] = [
                one
                for one in listed(holder["parameters"])
                if not _is_ignored(follow_references(document.tree, one))
            ]
    return {"path_item": shared, "operation": own}


def _is_ignored(parameter: Any) -> bool:
    return not isinstance(parameter, Mapping) or is_ignored_header(parameter)


def _responses(document: Document, raw: Any) -> Iterator[Response]:
    if not isinstance(raw, Mapping):
        return
    for status, reference in raw.items():
        response = follow_references(document.tree, reference)
        if not isinstance(response, Mapping) or str(status).startswith("x-"):
            continue
        content = response.get("content")
        content = content if isinstance(content, Mapping) else {}
        schemas = [media.get("schema") for media in content.values() if isinstance(media, Mapping)]
        yield Response(
            str(status),
            text(response.get("description")),
            tuple(content),
            _schema_name(schemas[0]) if schemas else "",
        )


def _schema_name(schema: Any) -> str:
    if not isinstance(schema, Mapping):
        return ""
    ref = schema.get("$ref")
    if isinstance(ref, str):
        return ref.rpartition("/")[2]
    kind = schema.get("type")
    if kind == "array":
        return f"array of {_schema_name(schema.get('items')) or 'any'}"
    return kind if isinstance(kind, str) else ""


def _security(document: Document, raw: Mapping[str, Any]) -> tuple[tuple[SecurityScheme, ...], ...]:
    declared = raw["security"] if "security" in raw else document.tree.get("security")
    components = document.tree.get("components")
    schemes = components.get("securitySchemes") if isinstance(components, Mapping) else None
    alternatives = []
    for alternative in listed(declared):
        if isinstance(alternative, Mapping):
            alternatives.append(  # noqa: PERF401  - a comprehension of this would be two
                tuple(
                    _scheme(
                        document, name, schemes.get(name) if isinstance(schemes, Mapping) else None, scopes
                    )
                    for name, scopes in alternative.items()
                )
            )
    return tuple(alternatives)


def _scheme(document: Document, name: str, raw: Any, scopes: Any) -> SecurityScheme:
    scheme = follow_references(document.tree, raw)
    if not isinstance(scheme, Mapping):
        return SecurityScheme(name)
    return SecurityScheme(
        name=name,
        type=text(scheme.get("type")),
        scheme=text(scheme.get("scheme")).lower(),  # RFC 9110, section 11.1: case-insensitive
        location=text(scheme.get("in")),
        parameter=text(scheme.get("name")),
        scopes=tuple(scope for scope in listed(scopes) if isinstance(scope, str)),
    )


def _servers(raw: Any) -> tuple[Server, ...]:
    servers = []
    for item in listed(raw):
        if isinstance(item, Mapping) and isinstance(item.get("url"), str):
            variables = item.get("variables")
            servers.append(
                Server(
                    item["url"],
                    text(item.get("description")),
                    {
                        name: {
                            "default": text(one.get("default")),
                            "enum": [text(v) for v in listed(one.get("enum"))],
                        }
                        for name, one in variables.items()
                        if isinstance(one, Mapping)
                    }
                    if isinstance(variables, Mapping)
                    else None,
                )
            )
    return tuple(servers)


def _server_row(server: Server) -> dict[str, Any]:
    return {"url": server.url, "description": server.description, "variables": server.variables}


def _tags(tree: Mapping[str, Any]) -> dict[str, str]:
    return {
        tag["name"]: text(tag.get("description"))
        for tag in listed(tree.get("tags"))
        if isinstance(tag, Mapping) and isinstance(tag.get("name"), str)
    }


def _components(document: Document) -> Iterator[tuple[str, Any]]:
    """Yield pointer → value of everything that a reference may lead to, each once."""
    components = document.tree.get("components")
    if isinstance(components, Mapping):
        for kind, entries in components.items():
            if isinstance(entries, Mapping) and not kind.startswith("x-"):
                for name, value in entries.items():
                    yield join(("components", kind, name)), value
    for ref in document.scan.internal:
        if not ref.startswith("#/components/") and ref.startswith("#/"):
            try:
                yield ref[1:], lookup(document.tree, ref)
            except LookupError:
                continue
