"""Bodies that are bytes: of their schema the lengths are judged, which count bytes."""

from collections.abc import Mapping, Sized
from typing import Any

from dynacli.validation.bodies.read_forms import BinaryText
from dynacli.validation.schemas.keywords import SchemaError

__all__ = ["errors", "is_of_bytes"]

_ABOUT_BYTES = frozenset(
    {"minLength", "maxLength", "format", "contentMediaType", "contentEncoding", "title", "description"}
    | {"default", "example", "examples", "deprecated", "readOnly", "writeOnly", "externalDocs", "$comment"}
)


def is_of_bytes(schema: Any) -> bool:
    """Return whether a schema says nothing but what can be said of bytes, which have no type.

    OpenAPI 3.1.1, "Working With Binary Data": it has no `type`, and may have none of its other keywords.
    """
    return schema is True or (isinstance(schema, Mapping) and _ABOUT_BYTES.issuperset(schema))


def errors(schema: Any, value: Sized) -> list[SchemaError]:
    """Return what in the length of a body breaks its schema.

    OpenAPI 3.1.1, "Working With Binary Data": a body as it is has no type of JSON Schema, and `maxLength`
    may limit its size. What else stands in the schema is about text.
    """
    if not isinstance(schema, Mapping):
        return []
    found = []
    shortest, longest = schema.get("minLength"), schema.get("maxLength")
    if isinstance(shortest, int) and len(value) < shortest:
        found.append(_error("minLength", shortest, value))
    if isinstance(longest, int) and len(value) > longest:
        found.append(_error("maxLength", longest, value))
    return found


def _error(keyword: str, limit: int, value: Sized) -> SchemaError:
    details: dict[str, Any] = {"validator": keyword, "validator_value": limit}
    details.update(instance=BinaryText(len(value)), schema_path=(keyword,))
    return SchemaError("another length", **details)
