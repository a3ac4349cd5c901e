"""Read the keywords of a Schema Object in the normal form; a keyword of the wrong type counts as absent.

Schemas stay plain JSON, because a run reads only a few keywords, and records for hundreds of schemas would be slow.

The value of a discriminating property picks the branch of a `oneOf` or `anyOf` (OpenAPI 3.0.4, 3.1.1 and 3.2.0,
"Discriminator Object").
"""

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, Literal, NamedTuple, TypeGuard
from urllib.parse import unquote

Direction = Literal["request", "response"]
"""Whether a message is sent or received."""

LEFT_OUT: dict[Direction, str] = {"request": "readOnly", "response": "writeOnly"}
"""Direction → the keyword of the properties that it leaves out."""

Resolve = Callable[[str], Any]
"""Reference → its target; raises LookupError if there is none."""

Follow = Callable[[str], tuple[Any, Any]]
"""Reference → (its target, the `Follow` for references in the target)."""

_MOST_APPLIED = 500
_LARGEST = sys.float_info.max
_NULL_DESCRIBED = frozenset({"nullable", "description", "title"})
_MOST_BRANCHES = 12
_MOST_SCHEMAS = 5_000
_SCHEMAS = "#/components/schemas/"


def list_of(schema: Mapping[str, Any], keyword: str) -> list[Any]:
    """Return the list at a keyword; an empty list for any other value."""
    value = schema.get(keyword)
    return value if isinstance(value, list) else []


def mapping_of(schema: Mapping[str, Any], keyword: str) -> Mapping[str, Any]:
    """Return the object at a keyword; an empty object for any other value."""
    value = schema.get(keyword)
    return value if isinstance(value, Mapping) else {}


def names_in(value: Any) -> list[str]:
    """Return the strings in a list such as `required`; an empty list for any other value."""
    return [name for name in value if isinstance(name, str)] if isinstance(value, list) else []


def other_properties(schema: Mapping[str, Any]) -> list[Any]:
    """Return the schemas in `additionalProperties` and `patternProperties`."""
    patterns = mapping_of(schema, "patternProperties").values()
    return [found for found in (schema.get("additionalProperties"), *patterns) if isinstance(found, Mapping)]


def types_of(schema: Mapping[str, Any]) -> list[str]:
    """Return the types that a schema names, including null; empty if it names none."""
    named = schema.get("type")
    return [named] if isinstance(named, str) else names_in(named)


def json_type(value: Any) -> str:
    """Return the JSON Schema type of a value; any float is a number, even `2.0`."""
    types = ((type(None), "null"), (bool, "boolean"), (int, "integer"), (str, "string"), (list, "array"))
    names = (name for type_, name in types if isinstance(value, type_))
    return next(names, "object" if isinstance(value, Mapping) else "number")


def is_number(value: Any) -> TypeGuard[float]:
    """Return whether a value is a number in the range of floats; Python reads `1e400` as infinite."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= _LARGEST


def common_types(types: Iterable[str], others: Iterable[str]) -> list[str]:
    """Return the types in both lists, in the order of the first; an integer is also a number."""
    either, rest = list(types), set(others)
    common = [name for name in either if name in rest or (name == "integer" and "number" in rest)]
    if "number" in either and "integer" in rest and "integer" not in common:
        common.append("integer")
    return common


def is_only_null(schema: Any) -> bool:
    """Return whether a schema allows only null."""
    return isinstance(schema, Mapping) and (
        schema.get("type") in ("null", ["null"])
        # Generators for 3.0 write null this way, although such a schema allows all values.
        or (schema.get("nullable") is True and schema.keys() <= _NULL_DESCRIBED)
        or schema.get("enum") == [None]
        or ("const" in schema and schema["const"] is None)
    )


def says_nullable(schema: Any) -> bool:
    """Return whether a schema of 3.0 is `nullable`; in the normal form, null may be among its types instead."""
    return isinstance(schema, Mapping) and (schema.get("nullable") is True or "null" in types_of(schema))


def applied_schemas(schema: Any, follow: Follow) -> Iterator[Mapping[str, Any]]:
    """Yield the schemas that every value of a schema must match: itself, the target of its `$ref`, and its `allOf`.

    Args:
        follow: Follows references; its exceptions are not caught.
    """
    waiting: list[tuple[Any, Follow]] = [(schema, follow)]
    seen: set[int] = set()
    while waiting and len(seen) < _MOST_APPLIED:
        part, follow = waiting.pop()
        if not isinstance(part, Mapping) or id(part) in seen:
            continue
        seen.add(id(part))
        yield part
        if "allOf" in part:
            waiting.extend((branch, follow) for branch in reversed(list_of(part, "allOf")))
        if isinstance(part.get("$ref"), str):
            waiting.append(follow(part["$ref"]))


def following(resolve: Resolve) -> Follow:
    """Return a `Follow` that uses a `Resolve`; the target of a dangling reference is None."""
    return _Following(resolve)


class _Following:
    """Follows references; a nested function would refer to itself, so that only the garbage collector frees it."""

    def __init__(self, resolve: Resolve) -> None:
        self._resolve = resolve

    def __call__(self, ref: str) -> tuple[Any, Follow]:
        try:
            return self._resolve(ref), self
        except LookupError:
            return None, self


def is_marked(schema: Any, keyword: str, follow: Follow) -> bool:
    """Return whether a schema, the target of its `$ref`, or its `allOf` is `readOnly` or `writeOnly`.

    Args:
        keyword: `readOnly` or `writeOnly`.
        follow: Follows references; its exceptions are not caught.
    """
    if isinstance(schema, dict) and schema.keys().isdisjoint(
        ("$ref", "allOf")
    ):  # the usual case: no other schema applies
        return schema.get(keyword) is True
    return any(part.get(keyword) is True for part in applied_schemas(schema, follow))


def possible_schemas(
    schema: Any, resolve: Resolve, most_branches: int = _MOST_BRANCHES
) -> Iterator[Mapping[str, Any]]:
    """Yield the schemas that apply to a value or may apply to it, including the branches of `oneOf` and `anyOf`."""
    follow = following(resolve)
    waiting, count = [schema], 0
    seen: dict[int, Mapping[str, Any]] = {}
    while waiting and count < most_branches:
        count += 1
        for part in applied_schemas(waiting.pop(0), follow):
            if id(part) not in seen:
                seen[id(part)] = part
                yield part
                waiting += [*list_of(part, "oneOf"), *list_of(part, "anyOf")]


def properties_of(schemas: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the properties of several schemas as a map from name to schema; the first schema of a name counts."""
    found: dict[str, Any] = {}
    for schema in schemas:
        for name, below in mapping_of(schema, "properties").items():
            if isinstance(name, str):
                found.setdefault(name, below)
    return found


class PossibleNames(NamedTuple):
    """The properties that a value may have.

    Args:
        names: The properties that schemas name.
        is_open: Whether the value may have other properties, because the schemas allow them or describe none.
    """

    names: set[str]
    is_open: bool


def property_names(schema: Any, resolve: Resolve) -> set[str]:
    """Return the names of properties at any depth of a schema."""
    return possible_names([schema], resolve)[1].names


def possible_names(schemas: Iterable[Any], resolve: Resolve) -> tuple[PossibleNames, PossibleNames]:
    """Return the properties that a value of some schemas may have, first without and then with nested values."""
    top, waiting = _names_at(schemas, resolve)
    names, is_open, seen = set(top.names), top.is_open, {id(schema): schema for schema in waiting}
    while waiting and len(seen) < _MOST_SCHEMAS:
        found, below = _names_at([waiting.pop()], resolve)
        names |= found.names
        is_open = is_open or found.is_open
        waiting += [schema for schema in below if id(schema) not in seen]
        seen.update((id(schema), schema) for schema in below)
    return top, PossibleNames(names, is_open or bool(waiting))


def _names_at(schemas: Iterable[Any], resolve: Resolve) -> tuple[PossibleNames, list[Any]]:
    """Return the properties that a value of some schemas may have, and the schemas of the values in it."""
    applied = [found for schema in schemas for found in possible_schemas(schema, resolve, _MOST_SCHEMAS)]
    types = value_types_of(applied)
    properties = [below for found in applied for below in mapping_of(found, "properties").values()]
    others = [schema for found in applied for schema in other_properties(found)]
    items = [found[keyword] for found in applied for keyword in ("items", "contains") if keyword in found]
    items += [schema for found in applied for schema in list_of(found, "prefixItems")]
    is_open = (
        bool(others)
        or any(found.get("additionalProperties") is True for found in applied)
        or ("object" in types and not properties)
        or ("array" in types and not items)
        or not (types or any("enum" in found or "const" in found for found in applied))
    )
    return PossibleNames(set(properties_of(applied)), is_open), [*properties, *others, *items]


def value_types_of(schemas: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return the types of a value except null, including types that schemas only imply; empty for any type."""
    types: dict[str, None] = {}
    for schema in schemas:
        named = types_of(schema)
        types.update(dict.fromkeys(named))
        if not named and "items" in schema:
            types["array"] = None
        if not named and "properties" in schema:
            types["object"] = None
    types.pop("null", None)
    return list(types)


class Discriminator(NamedTuple):
    """The property whose value picks a branch.

    Args:
        property: The property's name.
        mapping: Value → reference to a branch, as a URI fragment.
        default: The reference to the branch for all other values (3.2); empty if there is none.
        is_implied: Whether the document has no discriminator, but each branch allows different values.
    """

    property: str
    mapping: Mapping[str, str]
    default: str = ""
    is_implied: bool = False

    def values_for(self, refs: Iterable[str], name: str, allowed: tuple[Any, ...]) -> tuple[str, ...]:
        """Return the values that pick a branch, the best value to send first.

        Args:
            refs: The references to the branch.
            name: The branch's name; empty for an inline schema.
            allowed: The values that the branch's own schema allows for the property; empty for all.
        """
        names = {reference_name(ref) for ref in refs}
        values = [value for value, target in self.mapping.items() if reference_name(target) in names]
        values = values or ([name] if name else [])
        own = [value for value in allowed if isinstance(value, str)]
        # The branch's own schema overrides the mapping, which many documents lack.
        return tuple([value for value in values if value in own] or own or values)

    def branches(self) -> list[dict[str, str]]:
        """Return a reference to each schema of the mapping, each once."""
        return [{"$ref": ref} for ref in dict.fromkeys(self.mapping.values())]

    def references_to(self, value: Any) -> list[str]:
        """Return possible references to the schema for a value of the property, the likeliest first.

        The mapping decides; a value without a mapping is the schema's own name.
        """
        refs = []
        if isinstance(value, str):
            refs = [self.mapping[value]] if value in self.mapping else [f"{_SCHEMAS}{value}", value]
        return [*refs, self.default] if self.default else refs

    def branch_of(self, value: Any, branches: Sequence[Any]) -> int | None:
        """Return the index of the branch that an object picks; None if it picks none, or is not an object."""
        if not isinstance(value, Mapping):
            return None
        numbers = {ref: index for index, ref in _references(branches)}
        refs = self.references_to(value.get(self.property))
        return next((numbers[ref] for ref in refs if ref in numbers), None)

    def values(self, branches: Sequence[Any]) -> list[str]:
        """Return the values of the property that pick a branch: the keys of the mapping, then names of schemas."""
        mapped = set(self.mapping.values())
        names = [ref.rpartition("/")[2] for _, ref in _references(branches) if ref not in mapped]
        return [*self.mapping, *names]


def discriminator_of(schema: Any) -> Discriminator | None:
    """Return the discriminator of a schema; None if it has no valid discriminator."""
    written = schema.get("discriminator") if isinstance(schema, Mapping) else None
    if not isinstance(written, Mapping) or not isinstance(written.get("propertyName"), str):
        return None
    mapping = written.get("mapping")
    entries = mapping.items() if isinstance(mapping, Mapping) else ()
    default = written.get("defaultMapping")
    return Discriminator(
        written["propertyName"],
        {str(value): as_reference(target) for value, target in entries if isinstance(target, str)},
        as_reference(default) if isinstance(default, str) else "",
    )


def _references(branches: Sequence[Any]) -> list[tuple[int, str]]:
    return [
        (index, branch["$ref"])
        for index, branch in enumerate(branches)
        if isinstance(branch, Mapping) and isinstance(branch.get("$ref"), str)
    ]


# Cached, because the whole mapping of a base schema is read for each of its branches.
@lru_cache(maxsize=1 << 14)
def as_reference(target: str) -> str:
    """Return the reference for a target in a mapping, which is a reference or the name of a component."""
    is_name = not any(char in target for char in "/#") and not target.endswith((".json", ".yaml", ".yml"))
    return f"{_SCHEMAS}{target}" if is_name else target


@lru_cache(maxsize=1 << 14)
def reference_name(ref: str) -> str:
    """Return the last step of a reference, which is the name of a component."""
    return unquote(ref.rpartition("/")[2]).replace("~1", "/").replace("~0", "~")
