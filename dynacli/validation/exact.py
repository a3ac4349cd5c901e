"""What an answer holds and the document does not mention: the part of `--validate exact`."""

from collections.abc import Iterator, Mapping
from typing import Any

from dynacli.catalog.schema import Resolve
from dynacli.validation.findings import Finding, shortened

__all__ = ["undocumented_properties"]

_MAX_HOPS = 100


def undocumented_properties(
    schema: Any, value: Any, resolve: Resolve, pointer: str = ""
) -> Iterator[Finding]:
    """Yield a finding for each property that no schema which may apply mentions.

    An object whose schema lists no properties, a map, and a schema that says itself
    that more may come are free: nothing in them is undocumented.

    Args:
        schema: A Schema Object with its references in place.
        value: The JSON value.
        resolve: Returns the target of an internal `$ref`.
        pointer: Where the value stands.
    """
    yield from _undocumented([schema], value, resolve, pointer)


def _undocumented(schemas: list[Any], value: Any, resolve: Resolve, pointer: str) -> Iterator[Finding]:
    if not isinstance(value, Mapping | list) or not value:
        return
    mentioned = _Mentioned()
    for schema in schemas:
        mentioned.add(schema, resolve)
    if isinstance(value, list):
        for index, item in enumerate(value):
            below = mentioned.positions.get(index, []) + mentioned.items
            yield from _undocumented(below, item, resolve, f"{pointer}/{index}")
        return
    for name, item in value.items():
        here = f"{pointer}/{name.replace('~', '~0').replace('/', '~1')}"
        if name in mentioned.properties or mentioned.others:
            below = mentioned.properties.get(name) or mentioned.others
            yield from _undocumented(below, item, resolve, here)
        elif mentioned.properties and not mentioned.is_open:
            text = f"the document does not mention `{name}`"
            yield Finding("response", "undocumented-property", here, text, got=shortened(item))


class _Mentioned:
    """What schemas that apply to one value together, all or in part, say of what is inside of it."""

    def __init__(self) -> None:
        self.properties: dict[str, list[Any]] = {}
        self.others: list[Any] = []
        self.items: list[Any] = []
        self.positions: dict[int, list[Any]] = {}
        self.is_open = False
        self._seen: set[str] = set()

    def add(self, schema: Any, resolve: Resolve, hops: int = 0) -> None:
        """Add a schema, with everything that it is made of."""
        if not isinstance(schema, Mapping) or hops > _MAX_HOPS:
            return
        for keyword in ("$ref", "$dynamicRef"):
            ref = schema.get(keyword)
            if isinstance(ref, str) and ref not in self._seen:
                self._seen.add(ref)
                try:
                    self.add(resolve(ref), resolve, hops + 1)
                except LookupError:
                    self.is_open = True  # nobody knows what it would have mentioned
        self._add_own(schema)
        for keyword in ("if", "then", "else"):
            self.add(schema.get(keyword), resolve, hops + 1)
        for branch in (*_listed(schema, "allOf"), *_values(schema, "dependentSchemas")):
            self.add(branch, resolve, hops + 1)
        for branch in (*_listed(schema, "anyOf"), *_listed(schema, "oneOf")):
            self.add(branch, resolve, hops + 1)
            self.is_open |= _is_free(branch, resolve, hops)

    def _add_own(self, schema: Mapping[str, Any]) -> None:
        properties = schema.get("properties")
        for name, one in properties.items() if isinstance(properties, Mapping) else ():
            self.properties.setdefault(name, []).append(one)
        for keyword in ("additionalProperties", "unevaluatedProperties"):
            others = schema.get(keyword)
            if isinstance(others, Mapping):
                self.others.append(others)
            self.is_open |= isinstance(others, Mapping) or others is True
        patterns = _values(schema, "patternProperties")
        if patterns:
            self.others.extend(patterns)
            self.is_open = True
        if isinstance(schema.get("items"), list):  # of drafts before 2020-12
            self._add_positions(schema["items"])
        elif "items" in schema:
            self.items.append(schema["items"])
        self._add_positions(_listed(schema, "prefixItems"))
        for keyword in ("contains", "unevaluatedItems", "additionalItems"):
            if isinstance(schema.get(keyword), Mapping):
                self.items.append(schema[keyword])

    def _add_positions(self, schemas: list[Any]) -> None:
        for index, one in enumerate(schemas):
            self.positions.setdefault(index, []).append(one)


def _is_free(branch: Any, resolve: Resolve, hops: int) -> bool:
    """Return whether an alternative may be an object of which nothing is said."""
    for _ in range(_MAX_HOPS):
        if not isinstance(branch, Mapping):
            return branch is True
        if not isinstance(branch.get("$ref"), str):
            break
        try:
            branch = resolve(branch["$ref"])
        except LookupError:
            return True
    kind = branch.get("type")
    kinds = kind if isinstance(kind, list) else [kind]
    if (kind is not None and "object" not in kinds) or not branch.keys().isdisjoint(
        {"enum", "const", "items"}
    ):
        return False
    alone = _Mentioned()
    alone.add(branch, resolve, hops + 1)
    is_constrained = not branch.keys().isdisjoint({"required", "not"})
    return not alone.properties and not alone.items and not is_constrained


def _listed(schema: Mapping[str, Any], keyword: str) -> list[Any]:
    value = schema.get(keyword)
    return value if isinstance(value, list) else []


def _values(schema: Mapping[str, Any], keyword: str) -> list[Any]:
    value = schema.get(keyword)
    return list(value.values()) if isinstance(value, Mapping) else []
