"""Parameters of Swagger 2.0 that are in the body or in a form → Request Bodies of OpenAPI 3.0."""

from typing import Any, NamedTuple

from dynacli.document.mending.mend_schema import meant_boolean
from dynacli.document.swagger2.convert_media_types import MediaTypes, convert_content
from dynacli.document.swagger2.convert_names import to_fragment
from dynacli.document.swagger2.convert_parameters import convert_encoding, convert_field, keywords_of_value
from dynacli.document.swagger2.converted_places import ConvertedPlace

__all__ = ["Field", "convert_body", "convert_form"]


class Field(NamedTuple):
    """A form field.

    Args:
        raw: The Parameter Object of 2.0.
        old: Its JSON pointer.
        entry: The JSON pointer of its entry in the list of parameters; another one where the entry is a reference.
        schema: The JSON pointer of its schema in the new document, where the field is shared; else empty.
    """

    raw: dict[str, Any]
    old: str
    entry: str
    schema: str


def convert_body(raw: dict[str, Any], types: MediaTypes, place: ConvertedPlace) -> dict[str, Any]:
    """Return the request body for a parameter `in: body`."""
    place.note_move()
    converted = {
        key: value
        for key, value in raw.items()
        if key in ("description", "required") or (key.startswith("x-") and key not in _EXAMPLES)
    }
    schema = raw.get("schema")
    schema_at: tuple[str, ...] = ("schema",)
    if not isinstance(schema, dict):
        if "schema" in raw:
            place.below("schema").warn("The schema of the body is no object and is ignored")
        schema = None
        if keywords := keywords_of_value(raw):
            place.warn("The body has no `schema`; what stands in the parameter itself is taken")
            schema, schema_at = keywords, ()
    converted["content"] = convert_content(schema, types.or_else("application/json"), place, schema_at)
    _examples(raw, converted, place)
    name = raw.get("name")
    if isinstance(name, str) and name:
        # A body has no name in 3.0; code generators read it from this extension.
        converted["x-body-name"] = place.below("x-body-name").note_made(name, place.below("name").old)
    return converted


_EXAMPLES = ("x-example", "x-examples")


def _examples(raw: dict[str, Any], converted: dict[str, Any], place: ConvertedPlace) -> None:
    """Carry over the extensions for examples of the body: a single value, or a value for each media type."""
    by_type = raw.get("x-examples")
    if isinstance(by_type, dict) and not any(name in converted["content"] for name in by_type):
        converted["x-examples"] = by_type
        by_type = None
    for name, media in converted["content"].items():
        example = place.below("content", name, "example")
        if isinstance(by_type, dict) and name in by_type:
            media["example"] = by_type[name]
            place.relocated(("x-examples", name), ("content", name, "example")).note_origin()
        elif "x-example" in raw:
            media["example"] = example.note_made(raw["x-example"], place.below("x-example").old)


def convert_form(fields: list[Field], types: MediaTypes, place: ConvertedPlace) -> dict[str, Any]:
    """Return the request body for parameters `in: formData`: at least one field, each name once."""
    place.note_origin()
    place.below("content").note_made({}, types.old or place.old)
    content: dict[str, Any] = {}
    for name, pointer in zip(types.names, types.pointers, strict=True):
        if content and not place.may_copy(name, *(field.raw for field in fields)):
            break
        place.below("content", name).note_made({}, pointer or place.old)
        content[name] = _form(fields, place.relocated((), ("content", name)), name)
    converted: dict[str, Any] = {"content": content}
    for field in fields:
        _warn_of_required(field, place)
    for field in fields:
        if meant_boolean(field.raw.get("required")):
            converted["required"] = place.below("required").note_made(True, _required(field))
            break
    return converted


def _warn_of_required(field: Field, place: ConvertedPlace) -> None:
    """Warn of a `required` that is neither true nor false; that of other parameters is copied, and mended later."""
    value = field.raw.get("required", False)
    if not isinstance(value, bool):
        meant = meant_boolean(value)
        read = "ignored" if meant is None else f"read as {str(meant).lower()}"
        place.at(field.old).below("required").warn(f"`required` should be true or false; it is {read}")


def _form(fields: list[Field], place: ConvertedPlace, media_type: str) -> dict[str, Any]:
    properties: dict[str, Any] = {}
    required: list[str] = []
    encoding: dict[str, Any] = {}
    schema = place.below("schema")
    schema.note_made({"type": 0, "properties": 0}, place.old)
    for field in fields:
        name = str(field.raw["name"])
        new = schema.below("properties", name).new
        if field.schema:
            properties[name] = {"$ref": to_fragment(field.schema)}
            place.at(field.entry, new).note_origin()
        else:
            properties[name] = convert_field(field.raw, place.at(field.old, new))
        if meant_boolean(field.raw.get("required")):
            schema.below("required", len(required)).note_made(name, _required(field))
            required.append(name)
        field_place = place.at(field.old, place.below("encoding", name).new)
        style = convert_encoding(field.raw, field_place, is_multipart=media_type.startswith("multipart/"))
        if style:
            field_place.note_origin()
            encoding[name] = style
    converted: dict[str, Any] = {"schema": {"type": "object", "properties": properties}}
    if required:
        schema.below("required").note_made([], place.old)
        converted["schema"]["required"] = required
    if encoding:
        place.below("encoding").note_made({}, place.old)
        converted["encoding"] = encoding
    return converted


def _required(field: Field) -> str:
    return field.old + "/required"
