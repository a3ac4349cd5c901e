"""Writes the OpenAPI document of observed operations. The order of the exchanges does not matter."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from http import HTTPStatus
from operator import itemgetter
from typing import Any
from urllib.parse import unquote

from dynacli.features.learn.observed_operations import (
    ObservedBodies,
    ObservedForm,
    ObservedOperation,
    ObservedText,
    SchemeKey,
)
from dynacli.features.learn.path_templates import first_literal, singular_name
from dynacli.http.semantics import is_text_type
from dynacli.openapi.model.kebab_names import free_name
from dynacli.openapi.schema.observed_shape import (
    DOCUMENT_RULES,
    InferenceRules,
    ObservedShape,
    SchemaDialect,
    SchemaWriter,
    joined_shape,
)
from dynacli.record import record
from dynacli.urls import split_url

_DIALECT: SchemaDialect = "3.1"
_FEWEST_REQUIRED = 3
"""Minimum number of exchanges to require a query parameter that all of them have."""
_FEWEST_NAMES = 2
"""Minimum number of properties of a component."""
_VERBS = {"POST": "create", "PUT": "replace", "PATCH": "update", "DELETE": "delete", "HEAD": "check"}
_METHOD_ORDER = ("get", "head", "post", "put", "patch", "delete")
_ENVELOPES = frozenset(
    {"data", "items", "result", "results", "rows", "values", "value", "records", "entries", "content"}
)
"""The names of properties, in lower case, that hold the resource of a response."""
_WORDS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")


@record
class LearnedDocument:
    """A document, and what a reader has to look at.

    Args:
        tree: The document.
        operations: Number of operations.
        reviews: Path from the root to a part of the document → the reason to look at it.
    """

    tree: dict[str, Any]
    operations: int
    reviews: dict[tuple[str, ...], str]


def make_document(
    operations: Iterable[ObservedOperation], server: str, rules: InferenceRules = DOCUMENT_RULES
) -> LearnedDocument:
    """Return the document that describes operations.

    Args:
        operations: The operations, in any order.
        server: The base URL of the server.
        rules: How much the schemas say.
    """
    listed = sorted(operations, key=lambda item: (item.path, _METHOD_ORDER.index(item.method.lower())))
    for operation in listed:
        for bodies in (operation.request, *operation.responses.values()):
            for shape in bodies.shapes.values():
                shape.settle(has_alternatives=True)
    components = _Components(listed)
    schemes = _scheme_names(listed)
    writer = SchemaWriter(rules, _DIALECT, components.references if rules.has_components else None)
    names = _operation_ids(listed)
    paths: dict[str, Any] = {}
    reviews: dict[tuple[str, ...], str] = {}
    for operation in listed:
        method = operation.method.lower()
        described = _OperationWriter(operation, writer, schemes, rules).operation(names[id(operation)])
        paths.setdefault(operation.path, {})[method] = described
        if reason := _review(operation):
            reviews["paths", operation.path, method] = reason
    tags = sorted(
        {tag for item in paths.values() for operation in item.values() for tag in operation.get("tags", ())}
    )
    host = split_url(server).netloc.rpartition("@")[2]
    tree: dict[str, Any] = {
        "openapi": "3.1.0",
        "info": {"title": host, "version": "1"},
        "servers": [{"url": server}],
        **({"tags": [{"name": tag} for tag in tags]} if tags else {}),
        "paths": paths,
    }
    described_components = {
        "schemas": components.schemas(writer),
        "securitySchemes": {
            name: _scheme(key) for key, name in sorted(schemes.items(), key=lambda item: item[1])
        },
    }
    described_components = {key: value for key, value in described_components.items() if value}
    if described_components:
        tree["components"] = described_components
    return LearnedDocument(tree, len(listed), reviews)


def _review(operation: ObservedOperation) -> str:
    if operation.is_guessed:
        return "a parameter of the path was recognized by the responses"
    if not operation.successes:
        return "no response was a success"
    return ""


class _OperationWriter:
    def __init__(
        self,
        operation: ObservedOperation,
        writer: SchemaWriter,
        schemes: Mapping[SchemeKey, str],
        rules: InferenceRules,
    ) -> None:
        self._operation, self._writer, self._schemes = operation, writer, schemes
        self._required_from = rules.required_from
        self._query_required_from = _FEWEST_REQUIRED if rules is DOCUMENT_RULES else rules.required_from

    def operation(self, operation_id: str) -> dict[str, Any]:
        """Return the Operation Object."""
        operation = self._operation
        tag = first_literal(tuple(step for step in operation.path.split("/") if not step.startswith("{")))
        described: dict[str, Any] = {"operationId": operation_id}
        if tag:
            described["tags"] = [unquote(tag)]
        if parameters := [*self._path_parameters(), *self._query_parameters()]:
            described["parameters"] = parameters
        if content := self._content(operation.request):
            is_required = not operation.request.empty
            described["requestBody"] = {**({"required": True} if is_required else {}), "content": content}
        described["responses"] = {
            str(status): self._response(status, bodies)
            for status, bodies in sorted(operation.responses.items())
        }
        if security := self._security():
            described["security"] = security
        return described

    def _path_parameters(self) -> Iterator[dict[str, Any]]:
        for name in re.findall(r"\{([^{}]+)\}", self._operation.path):
            texts = self._operation.path_values.get(name, ObservedText())
            yield {"name": name, "in": "path", "required": True, "schema": self._text_schema(texts, "")}

    def _query_parameters(self) -> Iterator[dict[str, Any]]:
        for name, texts in sorted(self._operation.query.items()):
            described: dict[str, Any] = {"name": name, "in": "query"}
            if texts.exchanges == self._operation.exchanges >= self._query_required_from:
                described["required"] = True
            if texts.is_empty:
                described["allowEmptyValue"] = True
            yield {**described, "schema": self._text_schema(texts, name)}

    def _text_schema(self, texts: ObservedText, name: str) -> dict[str, Any]:
        schema = self._writer.schema(texts.shape, name) or {"type": "string"}
        return {"type": "array", "items": schema} if texts.is_repeated else schema

    def _content(self, bodies: ObservedBodies) -> dict[str, Any]:
        content: dict[str, Any] = {}
        for name, shape in bodies.shapes.items():
            content[name] = {"schema": self._writer.schema(shape)}
        for name, form in bodies.forms.items():
            content[name] = {"schema": self._form_schema(form)}
        for name in bodies.opaque:
            content.setdefault(name, {"schema": {"type": "string"}} if is_text_type(name) else {})
        return dict(sorted(content.items()))

    def _form_schema(self, form: ObservedForm) -> dict[str, Any]:
        required = [name for name, texts in sorted(form.fields.items()) if texts.exchanges == form.count]
        is_required = required and form.count >= self._required_from
        properties = {name: self._text_schema(texts, name) for name, texts in sorted(form.fields.items())}
        return {"type": "object", **({"required": required} if is_required else {}), "properties": properties}

    def _response(self, status: int, bodies: ObservedBodies) -> dict[str, Any]:
        content = self._content(bodies)
        return {"description": _phrase(status), **({"content": content} if content else {})}

    def _security(self) -> list[dict[str, list[str]]]:
        alternatives = sorted(sorted(self._schemes[key] for key in keys) for keys in self._operation.security)
        if alternatives == [[]]:
            return []
        # The empty alternative comes last.
        return [
            {name: [] for name in names}
            for names in sorted(alternatives, key=lambda names: (not names, names))
        ]


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return f"Status {status}"


def _scheme(key: SchemeKey) -> dict[str, Any]:
    if key.kind == "apiKey":
        return {"type": "apiKey", "in": key.location, "name": key.name}
    return {"type": "http", "scheme": key.kind}


def _scheme_names(operations: Iterable[ObservedOperation]) -> dict[SchemeKey, str]:
    """Return a unique name for each security scheme."""
    keys = {key for operation in operations for keys in operation.security for key in keys}
    names: dict[SchemeKey, str] = {}
    for key in sorted(keys):
        base = (
            f"{key.kind}Auth" if key.kind != "apiKey" else _camel([*_WORDS.findall(key.name), key.location])
        )
        names[key] = free_name(base, set(names.values()))
    return names


def _camel(words: Iterable[str]) -> str:
    first, *rest = [word for word in words if word] or ["value"]
    return first.lower() + "".join(word[:1].upper() + word[1:].lower() for word in rest)


def _words_of(step: str) -> list[str]:
    return _WORDS.findall(unquote(step))


def _operation_ids(operations: list[ObservedOperation]) -> dict[int, str]:
    """Return `id` of an operation → its operationId, by its method and path."""
    names: dict[int, str] = {}
    taken: set[str] = set()
    for operation in operations:
        name = names[id(operation)] = free_name(_operation_id(operation), taken)
        taken.add(name)
    return names


def _operation_id(operation: ObservedOperation) -> str:
    steps = [step for step in operation.path.split("/") if step]
    while len(steps) > 1 and not first_literal(steps[:1]) and not steps[0].startswith("{"):
        steps = steps[1:]  # `api` and `v1`
    words: list[str] = []
    is_item = bool(steps) and steps[-1].startswith("{")
    literals = [step for step in steps if not step.startswith("{")]
    for number, step in enumerate(literals):
        found = _words_of(step)
        is_last = number == len(literals) - 1
        if found and (not is_last or is_item or operation.method == "POST"):
            found[-1] = singular_name(found[-1])
        words += found
    verb = _VERBS.get(operation.method, "get")
    if operation.method == "GET" and not is_item and _is_list(operation):
        verb = "list"
    if is_item and operation.method == "POST":
        verb = "post"
    return _camel([verb, *(words or ["root"])])


def _is_list(operation: ObservedOperation) -> bool:
    """Return whether a success is a list, or an object with a list of objects."""
    for status, bodies in operation.responses.items():
        for shape in bodies.shapes.values() if 200 <= status < 300 else ():
            arrays = [shape, *shape.properties.values()]
            if any(
                part.types["array"] and (part.items is None or part.items.types["object"]) for part in arrays
            ):
                return True
    return False


class _Components:
    """Names the shapes of objects that repeat, and joins the shapes that are alike.

    Attributes:
        references: `id` of a shape → the reference to its component.
    """

    def __init__(self, operations: Iterable[ObservedOperation]) -> None:
        self.references: dict[int, str] = {}
        self._shapes: dict[str, ObservedShape] = {}
        repeated = [group for group in _groups_of_shapes(operations) if len(group) > 1]
        members: dict[str, list[ObservedShape]] = {}
        named = [(_best_name(group), repr(_likeness(group[0][1])), group) for group in repeated]
        for best, _, group in sorted(named, key=itemgetter(0, 1)):
            name = free_name(best, members)
            members[name] = [shape for _, shape in group]
            for shape in members[name]:
                self.references[id(shape)] = f"#/components/schemas/{name}"
        for name, shapes in members.items():
            self._shapes[name] = joined_shape(shapes).settle(has_alternatives=True)
            self._refer(self._shapes[name], shapes)

    def _refer(self, joined: ObservedShape, parts: Iterable[ObservedShape]) -> None:
        """Let a joined shape refer to the components that all its parts refer to."""
        listed = list(parts)
        for name, member in joined.properties.items():
            self._refer_member(member, [part.properties[name] for part in listed if name in part.properties])
        if joined.items is not None:
            self._refer_member(joined.items, [part.items for part in listed if part.items is not None])

    def _refer_member(self, member: ObservedShape, parts: list[ObservedShape]) -> None:
        references = {
            self.references.get(id(part), "") for part in parts if part.types["object"] or part.variants
        }
        reference = next(iter(references)) if len(references) == 1 else ""
        if reference:
            self.references[id(member)] = reference
        else:
            self._refer(member, parts)

    def schemas(self, writer: SchemaWriter) -> dict[str, Any]:
        """Return the schemas of the components."""
        return {name: writer.component(shape) for name, shape in sorted(self._shapes.items())}


def _named_shapes(operation: ObservedOperation) -> Iterator[tuple[str, ObservedShape]]:
    """Yield the shapes of objects in an operation that may become components, with a name for each."""
    literals = [step for step in operation.path.split("/") if step and not step.startswith("{")]
    words = _words_of(literals[-1]) if literals else []
    resource = _type_name(words)
    for shape in operation.request.shapes.values():
        yield from _object_shapes(shape, f"{resource}Request" if resource else "Request")
    for status, bodies in operation.responses.items():
        for shape in bodies.shapes.values():
            yield from _object_shapes(shape, "Error" if status >= 400 else resource or "Response")


def _type_name(words: list[str]) -> str:
    """Return the name of a component: `RunStep` for `run`, `steps`."""
    return "".join(word[:1].upper() + word[1:] for word in [*words[:-1], *map(singular_name, words[-1:])])


def _object_shapes(shape: ObservedShape, name: str) -> Iterator[tuple[str, ObservedShape]]:
    if shape.variants:
        return
    is_object = shape.types["object"] and not set(shape.types) - {"object", "null"}
    if is_object and not shape.has_names_of_data and len(shape.properties) >= _FEWEST_NAMES:
        yield name, shape
    for key, member in shape.properties.items():
        of_member = "" if key.lower() in _ENVELOPES else _type_name(_words_of(key))
        yield from _object_shapes(member, of_member or name)
    if shape.items is not None:
        yield from _object_shapes(shape.items, name)


_Likeness = tuple[tuple[str, tuple[str, ...]], ...]


def _groups_of_shapes(operations: Iterable[ObservedOperation]) -> Iterator[list[tuple[str, ObservedShape]]]:
    """Yield the shapes that are one kind of object: the same properties, with the same types."""
    by_names: dict[tuple[str, ...], dict[_Likeness, list[tuple[str, ObservedShape]]]] = {}
    for operation in operations:
        for name, shape in _named_shapes(operation):
            likeness = _likeness(shape)
            by_names.setdefault(tuple(name for name, _ in likeness), {}).setdefault(likeness, []).append(
                (name, shape)
            )
    for alike in by_names.values():
        groups: list[tuple[_Likeness, list[tuple[str, ObservedShape]]]] = []
        # Those with the most types come first, because a property that was always null has no type.
        for likeness in sorted(alike, key=lambda item: (sum(not types for _, types in item), item)):
            group = next((group for other, group in groups if _is_part(likeness, other)), None)
            if group is None:
                groups.append((likeness, alike[likeness]))
            else:
                group.extend(alike[likeness])
        yield from (group for _, group in groups)


def _likeness(shape: ObservedShape) -> _Likeness:
    """Return the properties of a shape with their types, except null."""
    return tuple(
        (name, tuple(sorted(set(member.types) - {"null"})))
        for name, member in sorted(shape.properties.items())
    )


def _is_part(likeness: _Likeness, other: _Likeness) -> bool:
    pairs = zip(likeness, other, strict=True)
    return all(not types or types == of_other for (_, types), (_, of_other) in pairs)


def _best_name(group: list[tuple[str, ObservedShape]]) -> str:
    counts = Counter(name for name, _ in group)
    return min(counts, key=lambda name: (-counts[name], len(name), name))
