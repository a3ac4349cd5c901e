"""What comes as text and may stand for more: the fields of a form, and headers.

Only `dynacli.validation.bodies.body_hooks` and `dynacli.validation.header_hooks` import this module.
"""

from collections.abc import Iterator
from typing import Any

from jsonschema_path import SchemaPath

from dynacli.validation.bodies import read_body

__all__ = ["all_kinds", "child", "form_of", "kinds_of", "parts", "plain_value", "typed", "value_of"]

_MAX_HOPS = 16
_TOGETHER = ("allOf", "anyOf", "oneOf")
_NAMES = (
    (bool, "boolean"),
    (int, "integer"),
    (float, "number"),
    (str, "string"),
    (list, "array"),
    (dict, "object"),
)


def child(path: SchemaPath, key: str) -> SchemaPath:
    """Return the place under a key, whatever is in the key: `/` would take a `#` for a separator."""
    return path._make_child_relpath(key)  # noqa: SLF001  - there is no public way


def form_of(schema: SchemaPath, pairs: list[tuple[str, Any]], *, is_text_first: bool) -> dict[str, Any]:
    """Return the fields of a form, those that are not of their type as text.

    Args:
        schema: Of the form.
        pairs: Name and text of each field, or the content of a file.
        is_text_first: Whether what may be a text is one, though it may be a number, too.
    """
    fields: dict[str, list[Any]] = {}
    for name, text in pairs:
        fields.setdefault(name, []).append(text)
    form: dict[str, Any] = {}
    for name, texts in fields.items():
        known = list(_described(schema, name))
        kinds = all_kinds(known)
        if "array" in kinds and (is_text_first or len(texts) > 1 or kinds <= {"array", "null"}):
            items = [one / "items" for one in parts(known) if "items" in one]
            form[name] = [value_of(text, all_kinds(items), is_text_first=is_text_first) for text in texts]
        else:
            form[name] = value_of(texts[-1], kinds, is_text_first=is_text_first)
    return form


def value_of(text: Any, kinds: set[str], *, is_text_first: bool) -> Any:
    """Return what a text stands for.

    Args:
        text: The text, or the content of a file.
        kinds: The types that it may be of; a text where there is none.
        is_text_first: Whether what may be a text is one, though it may be a number, too.
    """
    if not is_text_first and kinds - {"string"}:
        kinds = kinds - {"string"}
    return typed(text, list(kinds) or ["string"])


def _described(schema: SchemaPath, name: str) -> Iterator[SchemaPath]:
    """Yield the schemas that may be a property's, those of others where none has its name."""
    makers = list(parts([schema]))
    found = [
        child(one / "properties", name)
        for one in makers
        if "properties" in one and name in one / "properties"
    ]
    if not found:
        found = [child(one, "additionalProperties") for one in makers if "additionalProperties" in one]
        for one in makers:
            if "patternProperties" in one:
                found.extend(place for _, place in (one / "patternProperties").str_items())
    yield from found


def parts(schemas: list[SchemaPath], hops: int = 0) -> Iterator[SchemaPath]:
    """Yield schemas, and those that they are made of."""
    for schema in schemas:
        if not isinstance(schema.read_value(), dict):
            continue
        yield schema
        for keyword in _TOGETHER if hops < _MAX_HOPS else ():
            if keyword in schema:
                branches = schema / keyword
                yield from parts([branches / index for index in range(len(branches))], hops + 1)


def all_kinds(schemas: list[SchemaPath]) -> set[str]:
    """Return all types that schemas name, or that their constants are of."""
    kinds: set[str] = set()
    for one in parts(schemas):
        if "type" in one:
            kinds.update(kinds_of(one))
            continue
        values = (one / "enum").read_value() if "enum" in one else []
        if "const" in one:
            values = [(one / "const").read_value()]
        kinds.update(name for value in values for kind, name in _NAMES if isinstance(value, kind))
    return kinds


def kinds_of(schema: SchemaPath | None) -> list[str]:
    """Return the types that a schema names; text where it names none."""
    kinds = "string" if schema is None else (schema / "type").read_str_or_list(default="string")
    return [kinds] if isinstance(kinds, str) else kinds


def typed(value: Any, kinds: list[str]) -> Any:
    """Return what a text stands for where it may not be a text, else the text."""
    is_text = type(value) is str  # a file's content is a kind of string, too
    return value if "string" in kinds or not is_text else plain_value(value)


def plain_value(text: str) -> Any:
    """Return the number, boolean or the like that a text stands for."""
    try:
        return read_body.read_json(text.encode("utf-8", "surrogatepass"))
    except (read_body.UnreadableError, read_body.UncheckedError):
        return text
