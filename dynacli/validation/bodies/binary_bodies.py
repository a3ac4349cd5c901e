"""Bodies that are bytes: of their schema only `minLength` and `maxLength` are judged, in bytes."""

from collections.abc import Mapping, Sized
from typing import Any

from dynacli.schema.evaluation.schema_error import SchemaError
from dynacli.schema.evaluation.shown_values import BinaryText

__all__ = ["describes_bytes", "length_errors"]

_ABOUT_BYTES = frozenset(
    {"minLength", "maxLength", "format", "contentMediaType", "contentEncoding", "title", "description"}
    | {"default", "example", "examples", "deprecated", "readOnly", "writeOnly", "externalDocs", "$comment"}
)


def describes_bytes(schema: Any) -> bool:
    """Return whether a schema has only keywords that can be about bytes.

    OpenAPI 3.1.1, "Working With Binary Data": the schema of bytes has no `type`.
    """
    return schema is True or (isinstance(schema, Mapping) and _ABOUT_BYTES.issuperset(schema))


def length_errors(schema: Any, value: Sized) -> list[SchemaError]:
    """Return the errors in the length of a body that is bytes.

    OpenAPI 3.1.1, "Working With Binary Data": raw bytes have no type of JSON Schema, but `maxLength`
    may limit their number. All other keywords are about text.
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
    return SchemaError(keyword, limit, BinaryText(len(value)), schema_path=(keyword,))
