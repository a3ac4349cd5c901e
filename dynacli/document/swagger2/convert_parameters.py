"""Parameters, headers and form fields of Swagger 2.0 → those of OpenAPI 3.0, whose types are schemas."""

from typing import Any

from dynacli.document.swagger2.convert_schemas import convert_schema
from dynacli.document.swagger2.converted_places import ConvertedPlace

__all__ = ["convert_encoding", "convert_field", "convert_header", "convert_parameter", "keywords_of_value"]

_OF_SCHEMA = frozenset(
    {"type", "format", "items", "default", "enum", "multipleOf", "pattern", "uniqueItems"}
    | {"maximum", "exclusiveMaximum", "minimum", "exclusiveMinimum"}
    | {"maxLength", "minLength", "maxItems", "minItems"}
    # Swagger 2.0 does not have these in parameters; documents do.
    | {"properties", "additionalProperties", "allOf", "anyOf", "oneOf", "not", "const", "$schema", "id"}
    | {"maxProperties", "minProperties", "discriminator"}
)
"""The keywords that describe a parameter's value."""

_NOT_OF_FIELD = frozenset(
    {
        "name",
        "in",
        "required",
        "allowEmptyValue",
        "collectionFormat",
        "schema",
        "style",
        "explode",
        "x-example",
    }
)
"""The keywords of a form field that its schema does not take over."""

_STYLES = {
    "csv": ("form", False),
    "ssv": ("spaceDelimited", False),
    "tsv": ("tsv", False),
    "pipes": ("pipeDelimited", False),
    "multi": ("form", True),
}
"""`collectionFormat` (2.0, "Parameter Object") → `style` and `explode` (3.0.4, "Style Values") in a query or a form.

Where 3.0 has no such style, the style has the name that 2.0 gives it.
"""

_ITEM_FORMATS = "x-dynacli-item-formats"
"""The key of the `collectionFormat` of each list within a list, the outer first, which 3.0 has no word for."""

_DEFAULTS = {"path": "csv", "header": "csv", "multipart": "multi"}
"""Location where 3.0 has a single style for lists → the `collectionFormat` that it is."""


def keywords_of_value(raw: dict[str, Any]) -> dict[str, Any]:
    """Return the keywords of a parameter that describe its value."""
    return {
        key: value
        for key, value in raw.items()
        if key in _OF_SCHEMA or (key == "x-nullable" and isinstance(value, bool))
    }


def convert_parameter(raw: dict[str, Any], place: ConvertedPlace) -> dict[str, Any]:
    """Return a parameter in the path, the query, a header or a cookie."""
    converted = _described(raw, place)
    converted.update(_style(raw, str(raw.get("in")).strip().lower(), place))
    return converted


def convert_header(raw: Any, place: ConvertedPlace) -> Any:
    """Return a header of a response; a value that is no object is returned unchanged."""
    if not isinstance(raw, dict):
        return raw
    if isinstance(raw.get("$ref"), str):
        return place.ledger.copy_reference(raw, "headers")
    converted = _described(raw, place)
    converted.update(_style(raw, "header", place))
    return converted


def convert_field(raw: dict[str, Any], place: ConvertedPlace) -> Any:
    """Return the schema of a form field."""
    place.note_move()
    keywords = {key: value for key, value in raw.items() if key not in _NOT_OF_FIELD}
    if isinstance(raw.get("schema"), dict):  # as in OpenAPI 3.0
        schema = place.relocated(("schema",), ())
        for key in raw["schema"]:
            schema.below(key).note_move()
        converted = convert_schema(raw["schema"], schema)
        return {**keywords, **converted} if "$ref" not in converted else converted
    if raw.get("allowEmptyValue") is True and raw.get("type") not in (None, "string", "file"):
        place.below("allowEmptyValue").warn("`allowEmptyValue` of a form field cannot be carried over")
    converted = convert_schema(_plain_items(keywords, place), place)
    if "x-example" in raw and "example" not in converted:
        old = place.below("x-example").old
        converted["example"] = place.below("example").note_made(raw["x-example"], old)
    return converted


def convert_encoding(
    raw: dict[str, Any], place: ConvertedPlace, *, is_multipart: bool
) -> dict[str, Any] | None:
    """Return the encoding of a form field; None where it is the default of 3.0 (3.0.4, "Encoding Object")."""
    if is_multipart:
        # There 3.0 ignores its own styles.
        is_file = isinstance(raw.get("items"), dict) and raw["items"].get("type") == "file"
        return None if is_file or "style" in raw else _style(raw, "multipart", place) or None
    # `multi` is how 3.0 writes a list in a form by default.
    is_multi = raw.get("collectionFormat") == "multi" and not _holds_lists(raw)
    is_needed = not is_multi or "style" in raw or "explode" in raw
    return _style(raw, "formData", place) or None if is_needed else None


def _described(raw: dict[str, Any], place: ConvertedPlace) -> dict[str, Any]:
    """Return a parameter or a header without its style."""
    keywords = keywords_of_value(raw)
    converted: dict[str, Any] = {
        key: value
        for key, value in raw.items()
        if key not in keywords and key not in {"collectionFormat", "schema"}
    }
    if isinstance(raw.get("schema"), dict):  # as in OpenAPI 3.0, or in a body
        converted["schema"] = convert_schema(raw["schema"], place.below("schema"))
        for key, value in keywords.items():
            if converted["schema"].get(key) != value and key != "x-nullable":
                place.below(key).warn(f"`{key}` beside `schema` is ignored")
    else:
        schema = place.relocated((), ("schema",))
        schema.note_origin()
        if isinstance(keywords.get("items"), dict):
            schema.below("items").note_move()
        converted["schema"] = convert_schema(_plain_items(keywords, place), schema)
    _examples(converted, place)
    return converted


def _examples(converted: dict[str, Any], place: ConvertedPlace) -> None:
    """Replace the extensions for examples of parameters, for which 2.0 has no field."""
    if "example" in converted or "examples" in converted:
        return
    if "x-example" in converted:
        old = place.below("x-example").old
        converted["example"] = place.below("example").note_made(converted.pop("x-example"), old)
    elif isinstance(converted.get("x-examples"), dict) and converted["x-examples"]:
        old = place.below("x-examples").old
        examples = converted.pop("x-examples")
        converted["examples"] = {}
        for name, value in examples.items():
            example = place.relocated(("x-examples", name), ("examples", name, "value"))
            place.below("examples", name).note_made({}, example.old)
            example.note_origin()
            converted["examples"][name] = {"value": value}
        place.below("examples").note_made({}, old)


def _plain_items(keywords: dict[str, Any], place: ConvertedPlace) -> dict[str, Any]:
    """Return the keywords of a value without the `collectionFormat` of lists within lists."""
    items = keywords.get("items")
    if not isinstance(items, dict):
        return keywords
    inner = place.below("items")
    if "collectionFormat" in items:
        items = {key: value for key, value in items.items() if key != "collectionFormat"}
    return {**keywords, "items": _plain_items(items, inner)}


def _holds_lists(raw: dict[str, Any]) -> bool:
    items = raw.get("items")
    return isinstance(items, dict) and items.get("type") == "array"


def _item_formats(raw: dict[str, Any], place: ConvertedPlace) -> list[str]:
    """Return the `collectionFormat` of each list within a list (2.0, "Items Object"), the outer first."""
    formats = []
    while _holds_lists(raw):
        raw, place = raw["items"], place.below("items")
        collection_format = raw.get("collectionFormat", "csv")
        if collection_format not in ("csv", "ssv", "tsv", "pipes"):
            _warn_of_format(collection_format, place.below("collectionFormat"))
            collection_format = "csv"
        formats.append(collection_format)
    return formats


def _warn_of_format(collection_format: Any, place: ConvertedPlace) -> None:
    place.warn(f"`collectionFormat: {_shown(collection_format)}` is unknown; commas separate the items")


def _style(raw: dict[str, Any], location: str, place: ConvertedPlace) -> dict[str, Any]:
    """Return `style` and `explode` of a list where they are not the default, and the formats of lists within it."""
    schema = raw.get("schema")
    value_keywords = schema if isinstance(schema, dict) and "type" not in raw else raw
    is_array = value_keywords.get("type", "array" if value_keywords.get("items") else None) == "array"
    if not is_array:
        return {}
    if "style" in raw or "explode" in raw:
        # As in OpenAPI 3.0: they are in the right place already, except in a form.
        own = {key: value for key, value in raw.items() if key in ("style", "explode")}
        return own if location == "formData" else {}
    collection_format = raw.get("collectionFormat", "csv")
    old = place.below("collectionFormat") if "collectionFormat" in raw else place
    if not isinstance(collection_format, str) or collection_format not in _STYLES:
        _warn_of_format(collection_format, old)
        collection_format = "csv"
    formats = _item_formats(raw, place)
    written = {_ITEM_FORMATS: place.below(_ITEM_FORMATS).note_made(formats, old.old)} if formats else {}
    style, explode = _STYLES[collection_format]
    if location in _DEFAULTS:
        if collection_format == "multi" and location != "multipart":
            old.warn(
                f"`collectionFormat: multi` is none for a {location} parameter; commas separate the items"
            )
            collection_format = "csv"
        if collection_format == _DEFAULTS[location]:
            return written
        style, explode = collection_format, False
    return {
        **written,
        "style": place.below("style").note_made(style, old.old),
        "explode": place.below("explode").note_made(explode, old.old),
    }


def _shown(value: Any) -> str:
    return value[:20] if isinstance(value, str) else type(value).__name__
