"""The parts of a document that describe an answer: its Response Object, its headers, and the schemas of its body."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from dynacli.catalog.store.catalog_file import Catalog
from dynacli.document.pointer import split
from dynacli.model.lenient_reading import list_or_empty
from dynacli.model.media_types import best_match
from dynacli.model.operation import Operation, documented_status
from dynacli.validation.operation_document import locate, operation_document, pointer_below

__all__ = ["AnswerDescription", "DocumentPart"]

_MAX_HOPS = 50


class DocumentPart(NamedTuple):
    """A part of the document.

    Args:
        pointer: The JSON pointer to it in the document as it was put together, past all references.
        node: Its value; None where the document has none.
    """

    pointer: str
    node: Any

    def child(self, *steps: str | int) -> "DocumentPart":
        """Return a part of it as it stands there, its own references not followed."""
        pointer, node = self
        for step in steps:
            pointer = pointer_below(pointer, step)
            try:
                node = node[step]
            except (KeyError, IndexError, TypeError):
                node = None
        return DocumentPart(pointer, node)


class AnswerDescription:
    """What the document says of the answers of one operation.

    Args:
        catalog: The compiled document.
        operation: The operation.
    """

    def __init__(self, catalog: Catalog, operation: Operation) -> None:
        self._document, steps = operation_document(catalog, operation)
        self._version: str = catalog.meta["dialect"]
        self._operation_steps = ["paths", operation.path, *steps]

    def operation(self) -> DocumentPart:
        """Return the Operation Object."""
        return self._part(self._operation_steps)

    def responses(self) -> DocumentPart:
        """Return the Responses Object."""
        return self.follow(self.operation().child("responses"))

    def response(self, status: int) -> DocumentPart | None:
        """Return the Response Object of a status; None where there is none."""
        responses = self.responses()
        if not isinstance(responses.node, Mapping):
            return None
        key = documented_status(status, responses.node)
        return self.follow(responses.child(key)) if key else None

    def header(self, status: int, name: str) -> DocumentPart | None:
        """Return the Header Object of an answer; None where there is none."""
        response = self.response(status)
        headers = self.follow(response.child("headers")) if response is not None else None
        if headers is None or not isinstance(headers.node, Mapping):
            return None
        key = next((key for key in headers.node if str(key).lower() == name.lower()), None)
        return self.follow(headers.child(key)) if key is not None else None

    def body_schema(self, status: int, content_type: str) -> DocumentPart | None:
        """Return the Schema Object of a body, or of its items; None where there is none."""
        response = self.response(status)
        content = self.follow(response.child("content")) if response is not None else None
        if content is None or not isinstance(content.node, Mapping):
            return None
        key = best_match(content_type, map(str, content.node))
        media_type = self.follow(content.child(key)) if key is not None else None
        if media_type is None or not isinstance(media_type.node, Mapping):
            return None
        for keyword in ("itemSchema", "schema"):
            if keyword in media_type.node:
                return media_type.child(keyword)
        return None

    def object_schema(self, schema: DocumentPart, value: Any, steps: tuple[str, ...]) -> DocumentPart | None:
        """Return the schema of an object in a body that a property can be added to; None where there is none.

        Args:
            schema: The schema of the body.
            value: The body.
            steps: The steps from the body to the object.
        """
        schemas = list(self._schemas(schema, value, frozenset()))
        for step in steps:
            children = [child for each in schemas for child in _child_schemas(each, value, step)]
            value = value[int(step)] if isinstance(value, list) else value[step]
            schemas = [each for child in children for each in self._schemas(child, value, frozenset())]
        with_properties = [each for each in schemas if isinstance(each.node.get("properties"), Mapping)]
        return next(iter([*with_properties, *schemas]), None)

    def follow(self, part: DocumentPart) -> DocumentPart:
        """Return the part at the end of a chain of references."""
        for _ in range(_MAX_HOPS):
            if not isinstance(part.node, Mapping) or not isinstance(part.node.get("$ref"), str):
                break
            part = self._target(part.node["$ref"])
        return part

    def _target(self, reference: str) -> DocumentPart:
        from urllib.parse import unquote

        if not reference.startswith("#"):
            return DocumentPart("", None)
        return self._part(list(split(unquote(reference.removeprefix("#")))))

    def _part(self, steps: list[Any]) -> DocumentPart:
        pointer = locate(self._document, steps).pointer
        node: Any = self._document
        for step in split(pointer):
            try:
                node = node[int(step)] if isinstance(node, list) else node[step]
            except (KeyError, IndexError, TypeError, ValueError):
                return DocumentPart(pointer, None)
        return DocumentPart(pointer, node)

    def _schemas(self, schema: DocumentPart, value: Any, above: frozenset[str]) -> Iterator[DocumentPart]:
        """Yield the schemas that apply to a value: the schema itself, those of its references, and of its branches.

        Args:
            above: The pointers of the schemas that led here.
        """
        if schema.pointer in above or not isinstance(schema.node, Mapping) or len(above) > _MAX_HOPS:
            return
        above |= {schema.pointer}
        if isinstance(schema.node.get("$ref"), str):
            yield from self._schemas(self._target(schema.node["$ref"]), value, above)
            if self._version < "3.1":
                return  # the keywords beside the reference are ignored
        yield schema
        for branch in _branches(schema, "allOf"):
            yield from self._schemas(branch, value, above)
        for keyword in ("oneOf", "anyOf"):
            alternatives = [
                list(self._schemas(branch, value, above)) for branch in _branches(schema, keyword)
            ]
            if alternatives:
                yield from max(alternatives, key=lambda schemas: _nearness(schemas, value))


def _branches(schema: DocumentPart, keyword: str) -> list[DocumentPart]:
    branches = list_or_empty(schema.node.get(keyword))
    return [schema.child(keyword, index) for index in range(len(branches))]


def _child_schemas(schema: DocumentPart, value: Any, step: str) -> Iterator[DocumentPart]:
    """Yield the schemas that a schema has for a member or an item of a value."""
    node = schema.node
    if isinstance(value, list):
        if int(step) < len(list_or_empty(node.get("prefixItems"))):
            yield schema.child("prefixItems", int(step))
        elif isinstance(node.get("items"), Mapping):
            yield schema.child("items")
        return
    properties = node.get("properties")
    if isinstance(properties, Mapping) and step in properties:
        yield schema.child("properties", step)
        return
    for keyword in ("additionalProperties", "unevaluatedProperties"):
        if isinstance(node.get(keyword), Mapping):
            yield schema.child(keyword)


def _nearness(schemas: list[DocumentPart], value: Any) -> tuple[int, int]:
    """Return how well an alternative fits a value, as a key for `max`.

    First counts what the value breaks, constants and required names; then how many of its names are known.
    """
    if not isinstance(value, Mapping):
        return 0, len(schemas)
    wrong = known = 0
    for schema in schemas:
        properties = schema.node.get("properties")
        for name, property_schema in properties.items() if isinstance(properties, Mapping) else ():
            if name not in value:
                continue
            known += 1
            if isinstance(property_schema, Mapping):
                enum = property_schema.get("enum")
                allowed = [property_schema["const"]] if "const" in property_schema else enum
                wrong += isinstance(allowed, list) and value[name] not in allowed
        wrong += sum(name not in value for name in list_or_empty(schema.node.get("required")))
    return -wrong, known
