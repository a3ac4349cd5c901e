"""Where in the document stands what speaks of an answer: its Response Object, and the schemas of its body."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from dynacli.catalog.store.catalog_file import Catalog
from dynacli.document.pointer import split
from dynacli.model.media_types import best_match
from dynacli.model.operation import Operation
from dynacli.validation.operation_document import locate, operation_document, pointer_below

__all__ = ["Place", "Places"]

_MAX_HOPS = 50


class Place(NamedTuple):
    """A part of the document.

    Args:
        pointer: JSON pointer into the document as it was put together, behind all references.
        node: What stands there; None where nothing does.
    """

    pointer: str
    node: Any

    def below(self, *steps: str | int) -> "Place":
        """Return a part of it as it stands there, its own references not followed."""
        pointer, node = self
        for step in steps:
            pointer = pointer_below(pointer, step)
            try:
                node = node[step]
            except (KeyError, IndexError, TypeError):
                node = None
        return Place(pointer, node)


class Places:
    """The places of one operation.

    Args:
        catalog: The compiled document.
        operation: The operation.
    """

    def __init__(self, catalog: Catalog, operation: Operation) -> None:
        self._document, steps = operation_document(catalog, operation)
        self._version: str = catalog.meta["dialect"]
        self._operation = ["paths", operation.path, *steps]

    def operation(self) -> Place:
        """Return the Operation Object."""
        return self._at(self._operation)

    def response(self, status: int) -> Place | None:
        """Return the Response Object that speaks of a status; None where there is none."""
        holder = self.responses()
        if not isinstance(holder.node, Mapping):
            return None
        # As the judge does: `4xx` is meant as `4XX`.
        found = {str(key).upper(): key for key in holder.node if not str(key).startswith("x-")}
        for wanted in (str(status), f"{status // 100}XX", "DEFAULT"):
            if wanted in found:
                return self.followed(holder.below(found[wanted]))
        return None

    def responses(self) -> Place:
        """Return the Responses Object."""
        return self.followed(self.operation().below("responses"))

    def header(self, status: int, name: str) -> Place | None:
        """Return the Header Object of an answer; None where there is none."""
        response = self.response(status)
        headers = self.followed(response.below("headers")) if response is not None else None
        for key in headers.node if headers is not None and isinstance(headers.node, Mapping) else ():
            if headers is not None and str(key).lower() == name.lower():
                return self.followed(headers.below(key))
        return None

    def body_schema(self, status: int, content_type: str) -> Place | None:
        """Return the Schema Object of a body."""
        response = self.response(status)
        content = self.followed(response.below("content")) if response is not None else None
        if content is None or not isinstance(content.node, Mapping):
            return None
        key = best_match(content_type, map(str, content.node))
        media = self.followed(content.below(key)) if key is not None else None
        if media is None or not isinstance(media.node, Mapping):
            return None
        for keyword in ("itemSchema", "schema"):
            if keyword in media.node:
                return media.below(keyword)
        return None

    def object_schema(self, schema: Place, value: Any, steps: tuple[str, ...]) -> Place | None:
        """Return the schema that a property can be added to, of an object in a body.

        Args:
            schema: Of the body.
            value: The body.
            steps: To the object.
        """
        level = list(self._parts(schema, value, frozenset()))
        for step in steps:
            below = [one for part in level for one in self._inside(part, value, step)]
            value = value[int(step)] if isinstance(value, list) else value[step]
            level = [part for one in below for part in self._parts(one, value, frozenset())]
        with_properties = [one for one in level if isinstance(one.node.get("properties"), Mapping)]
        return next(iter([*with_properties, *level]), None)

    def followed(self, place: Place) -> Place:
        """Return what stands at the end of the references of a place."""
        for _ in range(_MAX_HOPS):
            if not isinstance(place.node, Mapping) or not isinstance(place.node.get("$ref"), str):
                break
            place = self._target(place.node["$ref"])
        return place

    def _target(self, ref: str) -> Place:
        from urllib.parse import unquote

        return (
            self._at(list(split(unquote(ref.removeprefix("#"))))) if ref.startswith("#") else Place("", None)
        )

    def _at(self, steps: list[Any]) -> Place:
        pointer = locate(self._document, steps).pointer
        node: Any = self._document
        for step in split(pointer):
            try:
                node = node[int(step)] if isinstance(node, list) else node[step]
            except (KeyError, IndexError, TypeError, ValueError):
                return Place(pointer, None)
        return Place(pointer, node)

    def _parts(self, place: Place, value: Any, above: frozenset[str]) -> Iterator[Place]:
        """Yield the schemas that speak of a value: the schema itself, and those that it is made of."""
        if place.pointer in above or not isinstance(place.node, Mapping) or len(above) > _MAX_HOPS:
            return
        above |= {place.pointer}
        if isinstance(place.node.get("$ref"), str):
            yield from self._parts(self._target(place.node["$ref"]), value, above)
            if self._version < "3.1":
                return  # what stands beside it counts for nothing
        yield place
        for index, _ in enumerate(_listed(place.node, "allOf")):
            yield from self._parts(place.below("allOf", index), value, above)
        for keyword in ("oneOf", "anyOf"):
            branches = [place.below(keyword, index) for index, _ in enumerate(_listed(place.node, keyword))]
            if branches:
                parts = [list(self._parts(one, value, above)) for one in branches]
                yield from max(parts, key=lambda each: _nearness(each, value))

    def _inside(self, part: Place, value: Any, step: str) -> Iterator[Place]:
        """Yield the schemas that one schema has for what is inside of a value."""
        node = part.node
        if isinstance(value, list):
            if int(step) < len(_listed(node, "prefixItems")):
                yield part.below("prefixItems", int(step))
            elif isinstance(node.get("items"), Mapping):
                yield part.below("items")
            return
        properties = node.get("properties")
        if isinstance(properties, Mapping) and step in properties:
            yield part.below("properties", step)
            return
        for keyword in ("additionalProperties", "unevaluatedProperties"):
            if isinstance(node.get(keyword), Mapping):
                yield part.below(keyword)


def _listed(node: Mapping[str, Any], keyword: str) -> list[Any]:
    value = node.get(keyword)
    return value if isinstance(value, list) else []


def _nearness(parts: list[Place], value: Any) -> tuple[int, int]:
    """Return how well an alternative fits a value: whether its constants do, then how many names it knows."""
    if not isinstance(value, Mapping):
        return 0, len(parts)
    wrong = known = 0
    for part in parts:
        properties = part.node.get("properties")
        for name, schema in properties.items() if isinstance(properties, Mapping) else ():
            if name not in value:
                continue
            known += 1
            if isinstance(schema, Mapping):
                allowed = schema.get("enum") if isinstance(schema.get("enum"), list) else None
                allowed = [schema["const"]] if "const" in schema else allowed
                wrong += allowed is not None and value[name] not in allowed
        required = part.node.get("required")
        wrong += sum(one not in value for one in required) if isinstance(required, list) else 0
    return -wrong, known
