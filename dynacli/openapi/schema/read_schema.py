"""Reading the keywords of a Schema Object in the normal form: a keyword of the wrong type counts as absent.

A schema stays the JSON that it is. A record for each schema would have to be made for hundreds of schemas, and a
run reads a few keywords of them. Of a value it is read which schemas may apply, those of its branches too.
"""

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Literal, TypeGuard

__all__ = [
    "LEFT_OUT",
    "Direction",
    "Follow",
    "applied_schemas",
    "common_types",
    "following",
    "is_marked",
    "is_number",
    "is_only_null",
    "json_type",
    "list_of",
    "mapping_of",
    "names_in",
    "possible_schemas",
    "properties_of",
    "says_nullable",
    "types_of",
    "value_types_of",
]

Direction = Literal["request", "response"]
"""Whether a message is sent or received."""

LEFT_OUT: dict[Direction, str] = {"request": "readOnly", "response": "writeOnly"}
"""Direction → the keyword that marks the properties that it leaves out."""

Follow = Callable[[str], tuple[Any, Any]]
"""Reference → (its target, the `Follow` for references in the target)."""

_MOST_APPLIED = 500
_LARGEST = sys.float_info.max
_NULL_DESCRIBED = frozenset({"nullable", "description", "title"})


def list_of(schema: Mapping[str, Any], keyword: str) -> list[Any]:
    """Return the value of a keyword that is a list; an empty list if it is not."""
    value = schema.get(keyword)
    return value if isinstance(value, list) else []


def mapping_of(schema: Mapping[str, Any], keyword: str) -> Mapping[str, Any]:
    """Return the value of a keyword that is an object; an empty object if it is not."""
    value = schema.get(keyword)
    return value if isinstance(value, Mapping) else {}


def names_in(value: Any) -> list[str]:
    """Return the strings in a list such as `required`; empty if there is no list."""
    return [name for name in value if isinstance(name, str)] if isinstance(value, list) else []


def types_of(schema: Mapping[str, Any]) -> list[str]:
    """Return the types that a schema names, null among them; empty if it names none."""
    named = schema.get("type")
    return [named] if isinstance(named, str) else names_in(named)


def json_type(value: Any) -> str:
    """Return the type that JSON Schema has for a value; a float is a number, `2.0` as well."""
    types = ((type(None), "null"), (bool, "boolean"), (int, "integer"), (str, "string"), (list, "array"))
    names = (name for type_, name in types if isinstance(value, type_))
    return next(names, "object" if isinstance(value, Mapping) else "number")


def is_number(value: Any) -> TypeGuard[float]:
    """Whether a value is a JSON number; Python reads a number such as `1e400` as infinite, which is not a number."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= _LARGEST


def common_types(types: Iterable[str], others: Iterable[str]) -> list[str]:
    """Return the types that values of both have, in the order of the first; an integer is also a number."""
    either, rest = list(types), set(others)
    common = [name for name in either if name in rest or (name == "integer" and "number" in rest)]
    if "number" in either and "integer" in rest and "integer" not in common:
        common.append("integer")
    return common


def is_only_null(schema: Any) -> bool:
    """Return whether a schema allows null alone."""
    return isinstance(schema, Mapping) and (
        schema.get("type") in ("null", ["null"])
        # Generators for 3.0 write null this way, though such a schema allows everything.
        or (schema.get("nullable") is True and schema.keys() <= _NULL_DESCRIBED)
        or schema.get("enum") == [None]
        or ("const" in schema and schema["const"] is None)
    )


def says_nullable(schema: Any) -> bool:
    """Return whether a schema of 3.0 says `nullable`, which the normal form has among the types if there are any."""
    return isinstance(schema, Mapping) and (schema.get("nullable") is True or "null" in types_of(schema))


def applied_schemas(schema: Any, follow: Follow) -> Iterator[Mapping[str, Any]]:
    """Yield the schemas that every value of a schema must match: itself, if it refers to, and its `allOf`.

    Args:
        follow: Follows references; what it raises is raised here.
    """
    waiting: list[tuple[Any, Follow]] = [(schema, follow)]
    seen: set[int] = set()
    while waiting and len(seen) < _MOST_APPLIED:
        part, follow = waiting.pop()
        if not isinstance(part, Mapping) or id(part) in seen:
            continue
        seen.add(id(part))
        yield part
        waiting.extend((branch, follow) for branch in reversed(list_of(part, "allOf")))
        if isinstance(part.get("$ref"), str):
            waiting.append(follow(part["$ref"]))


def following(resolve: Callable[[str], Any]) -> Follow:
    """Return what follows references by a function; one that leads nowhere leads to None."""
    return _Following(resolve)


class _Following:
    """Follows references. A function within `following` would keep itself, and all that `resolve` keeps."""

    def __init__(self, resolve: Callable[[str], Any]) -> None:
        self._resolve = resolve

    def __call__(self, ref: str) -> tuple[Any, Follow]:
        try:
            return self._resolve(ref), self
        except LookupError:
            return None, self


def is_marked(schema: Any, keyword: str, follow: Follow) -> bool:
    """Return whether a schema says `readOnly` or `writeOnly`, itself, in its `allOf`, or where it refers to.

    Args:
        keyword: `readOnly` or `writeOnly`.
        follow: Follows references; what it raises is raised here.
    """
    return any(part.get(keyword) is True for part in applied_schemas(schema, follow))


_MOST_BRANCHES = 12


def possible_schemas(
    schema: Any, resolve: Callable[[str], Any], most_branches: int = _MOST_BRANCHES
) -> Iterator[Mapping[str, Any]]:
    """Yield the schemas that apply to a value, or may apply to it: those of `oneOf` and `anyOf`, too."""
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
    """Return name → schema of the properties that any of the schemas has; the first schema of a name counts."""
    found: dict[str, Any] = {}
    for schema in schemas:
        for name, below in mapping_of(schema, "properties").items():
            if isinstance(name, str):
                found.setdefault(name, below)
    return found


def value_types_of(schemas: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return the types that a value may have, without null, also those that schemas only imply; empty for all."""
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
