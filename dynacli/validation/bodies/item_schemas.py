"""Which schema says what one item of a sequence is: the rule that whole bodies and streams share."""

from collections.abc import Mapping
from typing import Any, Protocol

__all__ = ["has_one_for_each", "item_schema"]

_OF_AN_EVENT = frozenset({"data", "event", "id", "retry"})


class _Place(Protocol):
    """A place in the document, as jsonschema-path's `SchemaPath` is one: its references are followed."""

    def __contains__(self, key: str) -> bool: ...

    def __truediv__(self, key: Any) -> Any: ...

    def read_value(self) -> Any: ...


def item_schema(media_type: _Place, name: str, version: str) -> tuple[str, ...] | None:
    """Return the steps from a Media Type Object to the schema that each item of the sequence is judged by.

    | what the Media Type Object has | 3.0 and 3.1 | 3.2 |
    |---|---|---|
    | `itemSchema` | `itemSchema` | `itemSchema` |
    | `schema` of an array, with `items` | `schema/items` | `schema/items` |
    | `schema` of an array, without | None | None |
    | any other `schema` | `schema` | None |

    OpenAPI 3.2.0, "Sequential Media Types": `schema` is about the whole sequence as if it were an array.
    Older versions do not say what it is about, and documents describe by it the array of what comes or the one
    thing that each line is; both are read as they are meant.
    Of events (`text/event-stream`) it may be about an event or about what stands in its `data`; before 3.2, where
    nothing says which, a schema counts that describes no properties but those of an event, `data` among them.

    Args:
        media_type: The Media Type Object.
        name: The media type's name in lower case.
        version: Of OpenAPI: `3.0`, `3.1` or `3.2`.

    Returns:
        None where nothing is said of a single item; in 3.2 the `schema` may still speak of all of them together.
    """
    if "itemSchema" in media_type:
        return ("itemSchema",)
    if "schema" not in media_type:
        return None
    schema = (media_type / "schema").read_value()
    steps: tuple[str, ...] | None
    if _is_of_array(schema):
        steps = ("schema", "items") if has_one_for_each(schema) else None
    else:
        steps = None if version >= "3.2" else ("schema",)
    if steps is not None and version < "3.2" and name == "text/event-stream":
        for step in steps:
            media_type = media_type / step
        return steps if _is_of_event(media_type.read_value()) else None
    return steps


def has_one_for_each(schema: Any) -> bool:
    """Return whether a schema of an array has one schema for each of its items, the first ones too."""
    is_each = isinstance(schema, Mapping) and "prefixItems" not in schema
    return is_each and isinstance(schema.get("items"), Mapping | bool)


def _is_of_event(schema: Any) -> bool:
    """Return whether a Schema Object, its own `$ref` followed, plainly describes a server-sent event."""
    properties = schema.get("properties") if isinstance(schema, Mapping) else None
    return isinstance(properties, Mapping) and "data" in properties and properties.keys() <= _OF_AN_EVENT


def _is_of_array(schema: Any) -> bool:
    """Return whether a Schema Object, its own `$ref` followed, describes an array."""
    if not isinstance(schema, Mapping):
        return False
    kind = schema.get("type")
    kinds = kind if isinstance(kind, list) else [kind]
    if kind is None:
        return "items" in schema or "prefixItems" in schema
    return "array" in kinds
