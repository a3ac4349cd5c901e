"""The schema that judges each item of a sequence, in whole bodies and in streams."""

from collections.abc import Mapping
from typing import Any, Protocol

__all__ = ["chooses_between_arrays", "has_schema_for_each_item", "item_schema", "may_be_of_array"]

_EVENT_FIELDS = frozenset({"data", "event", "id", "retry"})


class _Place(Protocol):
    """A place in the document whose references are followed, such as a `SchemaPath` of jsonschema-path."""

    def __contains__(self, key: str) -> bool: ...

    def __truediv__(self, key: Any) -> Any: ...

    def read_value(self) -> Any: ...


def item_schema(media_type: _Place, name: str, version: str) -> tuple[str, ...] | None:
    """Return the steps from a Media Type Object to the schema that each item of the sequence is judged by.

    | the Media Type Object has | 3.0 and 3.1 | 3.2 |
    |---|---|---|
    | `itemSchema` | `itemSchema` | `itemSchema` |
    | `schema` of an array, with `items` | `schema/items` | `schema/items` |
    | `schema` of an array, without `items` | None | None |
    | `schema` that chooses between arrays | None | None |
    | `schema` that no array fits, such as that of an object | `schema` | `schema` |
    | any other `schema` | `schema` | None |

    Where some alternatives of that other `schema` are arrays, it may describe all items together all the same, and a
    sequence is right by either reading.
    OpenAPI 3.2.0, "Sequential Media Types": `schema` describes the whole sequence as if it were an array.
    No sequence fits one that excludes arrays, so that it can only be meant for each item.
    Older versions do not say what it describes: some documents mean the array of all items, others a single item.
    Both are read as they are meant.
    For events (`text/event-stream`) it may also describe the content of an event's `data`. So before 3.2, and where no
    array fits, a schema counts as that of an event only where it describes the fields of an event, `data` among them,
    and no others.

    Args:
        media_type: The Media Type Object.
        name: The media type's name in lower case.
        version: The version of OpenAPI: `3.0`, `3.1` or `3.2`.

    Returns:
        None where no schema describes a single item; `schema` may still describe all of them together: in 3.2, and
            where it chooses between arrays.
    """
    if "itemSchema" in media_type:
        return ("itemSchema",)
    if "schema" not in media_type:
        return None
    schema = (media_type / "schema").read_value()
    steps: tuple[str, ...] | None
    if chooses_between_arrays(media_type / "schema"):
        steps = None
    elif _is_of_array(schema):
        steps = ("schema", "items") if has_schema_for_each_item(schema) else None
    else:
        steps = ("schema",) if version < "3.2" or _excludes_arrays(media_type / "schema") else None
    if steps is not None and (version < "3.2" or steps == ("schema",)) and name == "text/event-stream":
        for step in steps:
            media_type = media_type / step
        return steps if _is_of_event(media_type.read_value()) else None
    return steps


def chooses_between_arrays(schema: _Place) -> bool:
    """Return whether all alternatives of a schema are arrays, so that it describes all items of a sequence together."""
    alternatives = _are_arrays(schema)
    return bool(alternatives) and all(alternatives)


def may_be_of_array(schema: _Place) -> bool:
    """Return whether some alternatives of a schema are arrays: it describes all items together, or each by itself."""
    return any(_are_arrays(schema))


def _excludes_arrays(schema: _Place) -> bool:
    """Return whether a schema, or each of its alternatives, plainly names the type of something else than an array."""
    value = schema.read_value()
    kind = value.get("type") if isinstance(value, Mapping) else None
    if kind is not None:
        return not _is_of_array(value)
    for keyword in ("oneOf", "anyOf"):
        if keyword in schema:
            branches = schema / keyword
            count = len(branches.read_value())
            return count > 0 and all(_excludes_arrays(branches / index) for index in range(count))
    return False


def _are_arrays(schema: _Place) -> list[bool]:
    """Return for each alternative of a schema whether it is an array."""
    for keyword in ("oneOf", "anyOf"):
        branches = schema / keyword if keyword in schema else None
        count = len(branches.read_value()) if branches is not None else 0
        if branches is not None and count:
            return [_is_of_array((branches / index).read_value()) for index in range(count)]
    return []


def has_schema_for_each_item(schema: Any) -> bool:
    """Return whether a schema of an array describes all of its items by the same `items`."""
    is_uniform = isinstance(schema, Mapping) and "prefixItems" not in schema
    return is_uniform and isinstance(schema.get("items"), Mapping | bool)


def _is_of_event(schema: Any) -> bool:
    """Return whether a Schema Object without `$ref` plainly describes a server-sent event."""
    properties = schema.get("properties") if isinstance(schema, Mapping) else None
    return isinstance(properties, Mapping) and "data" in properties and properties.keys() <= _EVENT_FIELDS


def _is_of_array(schema: Any) -> bool:
    """Return whether a Schema Object without `$ref` describes an array."""
    if not isinstance(schema, Mapping):
        return False
    kind = schema.get("type")
    kinds = kind if isinstance(kind, list) else [kind]
    if kind is None:
        return "items" in schema or "prefixItems" in schema
    return "array" in kinds
