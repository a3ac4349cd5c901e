"""Reads values that are sent as text, such as headers.

Only `dynacli.validation._openapi_core_setup` and the modules that it imports may import this module.
"""

from collections.abc import Iterator
from typing import Any

from jsonschema_path import SchemaPath

from dynacli.validation import read_body

_MAX_HOPS = 16
_BRANCHES = ("allOf", "anyOf", "oneOf")
_NAMES = (
    (bool, "boolean"),
    (int, "integer"),
    (float, "number"),
    (str, "string"),
    (list, "array"),
    (dict, "object"),
)


def with_branches(schemas: list[SchemaPath], hops: int = 0) -> Iterator[SchemaPath]:
    """Yield schemas and their branches in `allOf`, `anyOf` and `oneOf`, also nested ones."""
    for schema in schemas:
        if not isinstance(schema.read_value(), dict):
            continue
        yield schema
        for keyword in _BRANCHES if hops < _MAX_HOPS else ():
            if keyword in schema:
                branches = schema / keyword
                yield from with_branches([branches / index for index in range(len(branches))], hops + 1)


def all_types(schemas: list[SchemaPath]) -> set[str]:
    """Return all types that schemas name, or that their constants have."""
    types: set[str] = set()
    for schema in with_branches(schemas):
        if "type" in schema:
            types.update(types_or_string(schema))
            continue
        values = (schema / "enum").read_value() if "enum" in schema else []
        if "const" in schema:
            values = [(schema / "const").read_value()]
        types.update(name for value in values for kind, name in _NAMES if isinstance(value, kind))
    return types


def types_or_string(schema: SchemaPath | None) -> list[str]:
    """Return the types that a schema names; `string` if it names none."""
    types = "string" if schema is None else (schema / "type").read_str_or_list(default="string")
    return [types] if isinstance(types, str) else types


def plain_value(text: str) -> Any:
    """Return the value of a text that is JSON, such as a number or boolean; else the text."""
    try:
        return read_body.read_json_body(text.encode("utf-8", "surrogatepass"))
    except (read_body.UnreadableError, read_body.NotValidatedError):
        return text
