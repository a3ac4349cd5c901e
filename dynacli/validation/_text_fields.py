"""Reading values that come as text: the fields of a form, and headers.

Only `dynacli.validation._openapi_core_setup` and the modules that it imports may import this module.
"""

from collections.abc import Iterator
from typing import Any

from jsonschema_path import SchemaPath

from dynacli.validation import read_body
from dynacli.validation.operation_document import child

__all__ = ["all_types", "form_of", "plain_value", "types_of", "value_of", "with_branches"]

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


def form_of(schema: SchemaPath, pairs: list[tuple[str, Any]], *, is_text_first: bool) -> dict[str, Any]:
    """Return the fields of a form; a text that cannot be read as its type stays a text.

    Args:
        schema: The schema of the form.
        pairs: The name of each field, and its text or the content of its file.
        is_text_first: Whether a field that may be a string or another type is read as a string.
    """
    fields: dict[str, list[Any]] = {}
    for name, text in pairs:
        fields.setdefault(name, []).append(text)
    form: dict[str, Any] = {}
    for name, texts in fields.items():
        known = list(_described(schema, name))
        types = all_types(known)
        if "array" in types and (is_text_first or len(texts) > 1 or types <= {"array", "null"}):
            items = [part / "items" for part in with_branches(known) if "items" in part]
            form[name] = [value_of(text, all_types(items), is_text_first=is_text_first) for text in texts]
        else:
            form[name] = value_of(texts[-1], types, is_text_first=is_text_first)
    return form


def value_of(text: Any, types: set[str], *, is_text_first: bool) -> Any:
    """Return the value of a text.

    Args:
        text: The text, or the content of a file.
        types: The types that the value may have; without any it is a string.
        is_text_first: Whether a text that may be a string or another type is read as a string.
    """
    is_string = not types or types == {"string"} or ("string" in types and is_text_first)
    # The content of a file is an instance of a subclass of `str`, and stays as it is.
    return text if is_string or type(text) is not str else plain_value(text)


def _described(schema: SchemaPath, name: str) -> Iterator[SchemaPath]:
    """Yield the schemas of a property: those under its name, else those of properties that are not named."""
    parts = list(with_branches([schema]))
    found = [
        child(part / "properties", name)
        for part in parts
        if "properties" in part and name in part / "properties"
    ]
    if not found:
        found = [child(part, "additionalProperties") for part in parts if "additionalProperties" in part]
        for part in parts:
            if "patternProperties" in part:
                found.extend(place for _, place in (part / "patternProperties").str_items())
    yield from found


def with_branches(schemas: list[SchemaPath], hops: int = 0) -> Iterator[SchemaPath]:
    """Yield schemas and their branches of `allOf`, `anyOf` and `oneOf`, however nested."""
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
            types.update(types_of(schema))
            continue
        values = (schema / "enum").read_value() if "enum" in schema else []
        if "const" in schema:
            values = [(schema / "const").read_value()]
        types.update(name for value in values for kind, name in _NAMES if isinstance(value, kind))
    return types


def types_of(schema: SchemaPath | None) -> list[str]:
    """Return the types that a schema names; `string` if it names none."""
    types = "string" if schema is None else (schema / "type").read_str_or_list(default="string")
    return [types] if isinstance(types, str) else types


def plain_value(text: str) -> Any:
    """Return the JSON value that a text is, such as a number or boolean; else the text."""
    try:
        return read_body.read_json(text.encode("utf-8", "surrogatepass"))
    except (read_body.UnreadableError, read_body.NotValidatedError):
        return text
