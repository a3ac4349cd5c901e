"""The schemas that may apply to a value, those of its branches too, and what they say together."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from dynacli.schema.read_schema import applied_schemas, following, list_of, mapping_of, types_of

__all__ = ["possible_schemas", "properties_of", "value_types_of"]

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
