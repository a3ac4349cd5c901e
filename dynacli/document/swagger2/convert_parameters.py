"""Parameters, headers and form fields of Swagger 2.0: the keywords of a type become a schema."""

from typing import Any

from dynacli.document.swagger2.conversion_ledger import Ledger
from dynacli.document.swagger2.convert_schemas import convert_schema
from dynacli.document.swagger2.converted_places import ConvertedPlace

__all__ = ["convert_encoding", "convert_field", "convert_header", "convert_parameter", "keywords_of_value"]

_OF_SCHEMA = frozenset(
    {"type", "format", "items", "default", "enum", "multipleOf", "pattern", "uniqueItems"}
    | {"maximum", "exclusiveMaximum", "minimum", "exclusiveMinimum"}
    | {"maxLength", "minLength", "maxItems", "minItems"}
    # Not of a parameter in Swagger 2.0, and found in them all the same.
    | {"properties", "additionalProperties", "allOf", "anyOf", "oneOf", "not", "const", "$schema", "id"}
    | {"maxProperties", "minProperties", "discriminator"}
)
"""The keywords that describe a parameter's value."""

_STYLES = {
    "csv": ("form", False),
    "ssv": ("spaceDelimited", False),
    "pipes": ("pipeDelimited", False),
    "multi": ("form", True),
}
"""`collectionFormat` (2.0, "Parameter Object") → `style` and `explode` (3.0.4, "Style Values")."""


def keywords_of_value(raw: dict[str, Any]) -> dict[str, Any]:
    """Return those keywords of a parameter that describe its value."""
    return {
        key: value
        for key, value in raw.items()
        if key in _OF_SCHEMA or (key == "x-nullable" and isinstance(value, bool))
    }


def convert_parameter(raw: dict[str, Any], spot: ConvertedPlace, ledger: Ledger) -> dict[str, Any]:
    """Return a parameter in the path, the query, a header or a cookie.

    Args:
        raw: The Parameter Object of 2.0.
        spot: Where it is.
        ledger: Takes its references, and what moved.
    """
    made = _described(raw, spot, ledger)
    made.update(_style(raw, str(raw.get("in")).strip().lower(), spot, ledger))
    return made


def convert_header(raw: Any, spot: ConvertedPlace, ledger: Ledger) -> Any:
    """Return a header of a response; what is no object is returned as it is."""
    if not isinstance(raw, dict):
        return raw
    if isinstance(raw.get("$ref"), str):
        return ledger.referring(raw, "headers")
    _style(raw, "header", spot, ledger)  # `simple` is the only one, so this can but warn
    return _described(raw, spot, ledger)


def convert_field(raw: dict[str, Any], spot: ConvertedPlace, ledger: Ledger) -> Any:
    """Return the schema of a form field.

    Args:
        raw: The Parameter Object of 2.0, which is in `formData`.
        spot: The parameter, on its way to the schema.
        ledger: Takes its references, and what moved.
    """
    ledger.moved(spot)
    keywords = {
        key: value
        for key, value in raw.items()
        if key not in {"name", "in", "required", "allowEmptyValue", "collectionFormat", "schema", "style"}
        and key not in {"explode", "x-example"}
    }
    if isinstance(raw.get("schema"), dict):  # of 3.0
        schema = spot.moved(("schema",), ())
        for key in raw["schema"]:
            ledger.moved(schema.below(key))
        converted = convert_schema(raw["schema"], schema, ledger)
        return {**keywords, **converted} if "$ref" not in converted else converted
    if raw.get("allowEmptyValue") is True and raw.get("type") not in (None, "string", "file"):
        ledger.warn("`allowEmptyValue` of a form field cannot be carried over", spot.below("allowEmptyValue"))
    converted = convert_schema(_plain_items(keywords, spot, ledger), spot, ledger)
    if "x-example" in raw and "example" not in converted:
        old = spot.below("x-example").old
        converted["example"] = ledger.made(raw["x-example"], spot.below("example"), old)
    return converted


def convert_encoding(raw: dict[str, Any], spot: ConvertedPlace, ledger: Ledger) -> dict[str, Any] | None:
    """Return how a form field is written where that is not by the rules of 3.0 (3.0.4, "Encoding Object").

    Args:
        raw: The Parameter Object of 2.0, which is in `formData`.
        spot: The parameter, on its way to the Encoding Object.
        ledger: Takes its references, and what moved.
    """
    # `multi` is how 3.0 writes a list in a form without being told.
    is_told = raw.get("collectionFormat") != "multi" or "style" in raw or "explode" in raw
    return _style(raw, "formData", spot, ledger) or None if is_told else None


def _described(raw: dict[str, Any], spot: ConvertedPlace, ledger: Ledger) -> dict[str, Any]:
    """Return what parameters and headers have in common."""
    keywords = keywords_of_value(raw)
    made: dict[str, Any] = {
        key: value
        for key, value in raw.items()
        if key not in keywords and key not in {"collectionFormat", "schema"}
    }
    if isinstance(raw.get("schema"), dict):  # of 3.0, or of a body
        made["schema"] = convert_schema(raw["schema"], spot.below("schema"), ledger)
        for key, value in keywords.items():
            if made["schema"].get(key) != value and key != "x-nullable":
                ledger.warn(f"`{key}` beside `schema` is ignored", spot.below(key))
    else:
        schema = spot.moved((), ("schema",))
        ledger.came(schema)
        if isinstance(keywords.get("items"), dict):
            ledger.moved(schema.below("items"))
        made["schema"] = convert_schema(_plain_items(keywords, spot, ledger), schema, ledger)
    _examples(made, spot, ledger)
    return made


def _examples(made: dict[str, Any], spot: ConvertedPlace, ledger: Ledger) -> None:
    """Replace the vendors' names for examples, which 2.0 has none of for parameters."""
    if "example" in made or "examples" in made:
        return
    if "x-example" in made:
        old = spot.below("x-example").old
        made["example"] = ledger.made(made.pop("x-example"), spot.below("example"), old)
    elif isinstance(made.get("x-examples"), dict) and made["x-examples"]:
        old = spot.below("x-examples").old
        examples = made.pop("x-examples")
        made["examples"] = {}
        for name, value in examples.items():
            example = spot.moved(("x-examples", name), ("examples", name, "value"))
            ledger.made({}, spot.below("examples", name), example.old)
            ledger.came(example)
            made["examples"][name] = {"value": value}
        ledger.made({}, spot.below("examples"), old)


def _plain_items(keywords: dict[str, Any], spot: ConvertedPlace, ledger: Ledger) -> dict[str, Any]:
    """Return the keywords of a value without the `collectionFormat` of lists within lists."""
    items = keywords.get("items")
    if not isinstance(items, dict):
        return keywords
    inner = spot.below("items")
    if "collectionFormat" in items or items.get("type") == "array":
        if items.get("type") == "array":
            ledger.warn("How a list within a list is written cannot be carried over", inner)
        items = {key: value for key, value in items.items() if key != "collectionFormat"}
    return {**keywords, "items": _plain_items(items, inner, ledger)}


def _style(raw: dict[str, Any], location: str, spot: ConvertedPlace, ledger: Ledger) -> dict[str, Any]:
    """Return `style` and `explode` of a list, where they are not what goes without saying."""
    schema = raw.get("schema")
    described = schema if isinstance(schema, dict) and "type" not in raw else raw
    if described.get("type") != "array" and not (described.get("items") and "type" not in described):
        return {}
    if "style" in raw or "explode" in raw:
        # Of 3.0: they stand where they should already, but in a form.
        own = {key: value for key, value in raw.items() if key in ("style", "explode")}
        return own if location == "formData" else {}
    given = raw.get("collectionFormat", "csv")
    old = spot.below("collectionFormat") if "collectionFormat" in raw else spot
    if location in ("path", "header"):
        if given != "csv":
            ledger.warn(
                f"`collectionFormat: {_shown(given)}` cannot be carried over for a {location} parameter;"
                " commas separate the items",
                old,
            )
        return {}
    if not isinstance(given, str) or given not in _STYLES:
        ledger.warn(
            f"`collectionFormat: {_shown(given)}` cannot be carried over; commas separate the items", old
        )
        given = "csv"
    style, explode = _STYLES[given]
    return {
        "style": ledger.made(style, spot.below("style"), old.old),
        "explode": ledger.made(explode, spot.below("explode"), old.old),
    }


def _shown(value: Any) -> str:
    return value[:20] if isinstance(value, str) else type(value).__name__
