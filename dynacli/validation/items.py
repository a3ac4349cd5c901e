"""Which schema says what one item of a sequence is: the rule that whole bodies and streams share."""

from collections.abc import Mapping
from typing import Any, Protocol

__all__ = ["has_one_for_each", "item_schema"]


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
    Of events (`text/event-stream`) nobody can tell before 3.2 whether it is about an event or about what stands in
    its `data`, so no schema but `itemSchema` counts.

    Args:
        media_type: The Media Type Object.
        name: The media type's name in lower case.
        version: Of OpenAPI: `3.0`, `3.1` or `3.2`.

    Returns:
        None where nothing is said of a single item; in 3.2 the `schema` may still speak of all of them together.
    """
    if "itemSchema" in media_type:
        return ("itemSchema",)
    if "schema" not in media_type or (version < "3.2" and name == "text/event-stream"):
        return None
    schema = (media_type / "schema").read_value()
    if _is_of_array(schema):
        return ("schema", "items") if has_one_for_each(schema) else None
    return None if version >= "3.2" else ("schema",)


def has_one_for_each(schema: Any) -> bool:
    """Return whether a schema of an array has one schema for each of its items, the first ones too."""
    is_each = isinstance(schema, Mapping) and "prefixItems" not in schema
    return is_each and isinstance(schema.get("items"), Mapping | bool)


def _is_of_array(schema: Any) -> bool:
    """Return whether a Schema Object, its own `$ref` followed, describes an array."""
    if not isinstance(schema, Mapping):
        return False
    kind = schema.get("type")
    kinds = kind if isinstance(kind, list) else [kind]
    if kind is None:
        return "items" in schema or "prefixItems" in schema
    return "array" in kinds
