"""Parameters of Swagger 2.0 that are in the body or in a form → Request Bodies of OpenAPI 3.0."""

from typing import Any, NamedTuple

from dynacli.document.mending.mend_schema import meant_boolean
from dynacli.document.swagger2.conversion_ledger import Ledger
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
        entry: The JSON pointer of the list's entry, which is another one where that is a reference.
        schema: The JSON pointer of its schema in the new document where that is shared; else empty.
    """

    raw: dict[str, Any]
    old: str
    entry: str
    schema: str


def convert_body(
    raw: dict[str, Any], types: MediaTypes, spot: ConvertedPlace, ledger: Ledger
) -> dict[str, Any]:
    """Return the request body that a parameter `in: body` is.

    Args:
        raw: The Parameter Object of 2.0.
        types: What the operation consumes.
        spot: The parameter, on its way to the request body.
        ledger: Takes references, and what moved.
    """
    ledger.moved(spot)
    made = {
        key: value
        for key, value in raw.items()
        if key in ("description", "required") or (key.startswith("x-") and key not in _EXAMPLES)
    }
    schema = raw.get("schema")
    schema_at: tuple[str, ...] = ("schema",)
    if not isinstance(schema, dict):
        if "schema" in raw:
            ledger.warn("The schema of the body is no object and is ignored", spot.below("schema"))
        schema = None
        if keywords := keywords_of_value(raw):
            ledger.warn("The body has no `schema`; what stands in the parameter itself is taken", spot)
            schema, schema_at = keywords, ()
    made["content"] = convert_content(schema, types.or_else("application/json"), spot, schema_at, ledger)
    _examples(raw, made, spot, ledger)
    name = raw.get("name")
    if isinstance(name, str) and name:
        # A body has no name in 3.0; generators of code read it here.
        made["x-body-name"] = ledger.made(name, spot.below("x-body-name"), spot.below("name").old)
    return made


_EXAMPLES = ("x-example", "x-examples")


def _examples(raw: dict[str, Any], made: dict[str, Any], spot: ConvertedPlace, ledger: Ledger) -> None:
    """Carry over the vendors' names for an example of the body: one value, or one for each media type."""
    by_type = raw.get("x-examples")
    if isinstance(by_type, dict) and not any(name in made["content"] for name in by_type):
        made["x-examples"] = by_type
        by_type = None
    for name, media in made["content"].items():
        at = spot.below("content", name, "example")
        if isinstance(by_type, dict) and name in by_type:
            media["example"] = by_type[name]
            ledger.came(spot.moved(("x-examples", name), ("content", name, "example")))
        elif "x-example" in raw:
            media["example"] = ledger.made(raw["x-example"], at, spot.below("x-example").old)


def convert_form(
    fields: list[Field], types: MediaTypes, spot: ConvertedPlace, ledger: Ledger
) -> dict[str, Any]:
    """Return the request body that parameters `in: formData` are.

    Args:
        fields: At least one, each name once.
        types: Media types of forms.
        spot: The list of parameters, on its way to the request body.
        ledger: Takes references, and what moved.
    """
    ledger.came(spot)
    ledger.made({}, spot.below("content"), types.old or spot.old)
    content: dict[str, Any] = {}
    for name, place in zip(types.names, types.places, strict=True):
        if content and not ledger.affords(name, *(field.raw for field in fields), spot=spot):
            break
        ledger.made({}, spot.below("content", name), place or spot.old)
        content[name] = _form(fields, spot.moved((), ("content", name)), ledger, name)
    made: dict[str, Any] = {"content": content}
    for field in fields:
        _tell_of_required(field, ledger)
    for field in fields:
        if meant_boolean(field.raw.get("required")):
            made["required"] = ledger.made(True, spot.below("required"), _required(field))
            break
    return made


def _tell_of_required(field: Field, ledger: Ledger) -> None:
    """Warn of a `required` that is neither true nor false; elsewhere it is copied, and mended later."""
    value = field.raw.get("required", False)
    if not isinstance(value, bool):
        meant = meant_boolean(value)
        read = "ignored" if meant is None else f"read as {str(meant).lower()}"
        place = ConvertedPlace(field.old, "").below("required")
        ledger.warn(f"`required` should be true or false; it is {read}", place)


def _form(fields: list[Field], spot: ConvertedPlace, ledger: Ledger, media_type: str) -> dict[str, Any]:
    properties: dict[str, Any] = {}
    required: list[str] = []
    encoding: dict[str, Any] = {}
    schema = spot.below("schema")
    ledger.made({"type": 0, "properties": 0}, schema, spot.old)
    for field in fields:
        name = str(field.raw["name"])
        new = schema.below("properties", name).new
        if field.schema:
            properties[name] = {"$ref": to_fragment(field.schema)}
            ledger.came(ConvertedPlace(field.entry, new))
        else:
            properties[name] = convert_field(field.raw, ConvertedPlace(field.old, new), ledger)
        if meant_boolean(field.raw.get("required")):
            ledger.made(name, schema.below("required", len(required)), _required(field))
            required.append(name)
        at = ConvertedPlace(field.old, spot.below("encoding", name).new)
        if media_type.startswith("multipart/"):
            # There 3.0 ignores `style` and `explode` (3.0.4, "Encoding Object").
            if field.raw.get("type") == "array" and field.raw.get("collectionFormat", "multi") != "multi":
                ledger.warn(
                    "OpenAPI 3.0 has no `collectionFormat` for multipart forms; each item is sent as a part of its own",
                    at.below("collectionFormat"),
                )
            continue
        style = convert_encoding(field.raw, at, ledger)
        if style:
            ledger.came(at)
            encoding[name] = style
    made: dict[str, Any] = {"schema": {"type": "object", "properties": properties}}
    if required:
        ledger.made([], schema.below("required"), spot.old)
        made["schema"]["required"] = required
    if encoding:
        ledger.made({}, spot.below("encoding"), spot.old)
        made["encoding"] = encoding
    return made


def _required(field: Field) -> str:
    return field.old + "/required"
