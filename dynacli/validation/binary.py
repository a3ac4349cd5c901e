"""Bodies that are bytes: of their schema the lengths are judged, which count bytes."""

from collections.abc import Mapping, Sized
from typing import Any

from dynacli.validation.keywords import SchemaError
from dynacli.validation.multipart import BinaryText

__all__ = ["errors"]


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
