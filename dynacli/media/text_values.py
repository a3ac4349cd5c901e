"""Converts text to typed values by a schema, for media types with only text: forms and XML."""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from dynacli.openapi.schema.read_schema import (
    Resolve,
    json_type,
    list_of,
    other_properties,
    possible_schemas,
    properties_of,
    types_of,
)
from dynacli.record import record
from dynacli.text.exact_json import exact_number, read_json

_MOST_BRANCHES: Final = 50
_NUMBER: Final = re.compile(r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?")
_INTEGER: Final = re.compile(r"[-+]?[0-9]+")
_BOOLEANS: Final = {"true": True, "false": False, "1": True, "0": False}
"""The lexical forms of `xs:boolean` (XML Schema 1.1, part 2, section 3.3.2)."""


def _nowhere(reference: str) -> Any:
    raise LookupError(reference)


@record
class BodySchema:
    """The document's description of the value of a body.

    Args:
        schema: The schema in the normal form; True if there is none.
        resolve: Returns the target of an internal `$ref`.
    """

    schema: Any = True
    resolve: Resolve = _nowhere


def schemas_of(schema: Any, resolve: Resolve) -> list[Mapping[str, Any]]:
    """Return the schemas that apply or may apply to a value, with references resolved."""
    return list(possible_schemas(schema, resolve, _MOST_BRANCHES))


def text_types(schemas: Iterable[Mapping[str, Any]]) -> set[str]:
    """Return all types that schemas name, or that their constants have."""
    types: set[str] = set()
    for schema in schemas:
        if "type" in schema:
            types.update(types_of(schema))
            continue
        constants = [schema["const"]] if "const" in schema else list_of(schema, "enum")
        types.update(map(json_type, constants))
    return types


def typed_text(text: str, types: set[str], *, is_text_first: bool = True) -> Any:
    """Return the value of a text, or the text itself if it does not match a type.

    Args:
        text: The text.
        types: The allowed types; empty for a string.
        is_text_first: Whether a text that may be a string or another type is read as a string.
    """
    if not types or types == {"string"} or ("string" in types and is_text_first):
        return text
    plain = text.strip()
    if "boolean" in types and plain in _BOOLEANS and not (types & {"integer", "number"} and plain in "01"):
        return _BOOLEANS[plain]
    if (types & {"integer", "number"} and _INTEGER.fullmatch(plain)) or (
        "number" in types and _NUMBER.fullmatch(plain)
    ):
        return exact_number(plain)
    return None if "null" in types and plain in {"", "null"} else text


def field_value(text: Any, types: set[str], *, is_text_first: bool = True) -> Any:
    """Return the value of a field of a form: a string, or JSON for other types. Invalid JSON stays text.

    Args:
        text: The text, or the content of a file.
        types: The allowed types; empty for a string.
        is_text_first: Whether a text that may be a string or another type is read as a string.
    """
    is_string = not types or types == {"string"} or ("string" in types and is_text_first)
    # The content of a file is an instance of a subclass of `str`, and is not converted.
    if is_string or type(text) is not str:
        return text
    try:
        return read_json(text)
    except (ValueError, RecursionError):
        return text


def form_value(
    pairs: Iterable[tuple[str, Any]], schema: Any, resolve: Resolve, *, is_text_first: bool = True
) -> dict[str, Any]:
    """Return the fields of a form as an object.

    Args:
        pairs: Name of each field, and its text or the content of its file.
        schema: The schema of the form.
        resolve: Returns the target of an internal `$ref`.
    """
    fields: dict[str, list[Any]] = {}
    for name, text in pairs:
        fields.setdefault(name, []).append(text)
    schemas = schemas_of(schema, resolve)
    known, others = properties_of(schemas), _undescribed(schemas, resolve)
    form: dict[str, Any] = {}
    for name, texts in fields.items():
        described = schemas_of(known[name], resolve) if name in known else others
        types = text_types(described)

        if "array" in types and (is_text_first or len(texts) > 1 or types <= {"array", "null"}):
            items = [part for entry in described for part in schemas_of(entry.get("items"), resolve)]
            item_types = text_types(items)
            form[name] = [field_value(text, item_types, is_text_first=is_text_first) for text in texts]
        else:
            form[name] = field_value(texts[-1], types, is_text_first=is_text_first)
    return form


def _undescribed(schemas: Iterable[Mapping[str, Any]], resolve: Resolve) -> list[Mapping[str, Any]]:
    """Return the schemas for properties without a name in the schema."""
    others = (other for schema in schemas for other in other_properties(schema))
    return [found for other in others for found in schemas_of(other, resolve)]
