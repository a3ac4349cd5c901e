"""Schemas of Swagger 2.0 → Schema Objects of OpenAPI 3.0.

Both are JSON Schema draft 4 with a few more keywords, so nearly all stays the same.
"""

from collections.abc import Mapping
from typing import Any

from dynacli.document.swagger2.converted_places import ConvertedPlace

__all__ = ["convert_schema"]

_SCHEMA, _MAP, _LIST, _ITEMS = range(4)
_HOLD_SCHEMAS = {
    **dict.fromkeys(("additionalProperties", "not"), _SCHEMA),
    # Swagger 2.0 does not have these; documents do.
    **dict.fromkeys(("contains", "propertyNames", "if", "then", "else"), _SCHEMA),
    **dict.fromkeys(("properties", "patternProperties", "definitions", "$defs", "dependencies"), _MAP),
    **dict.fromkeys(("allOf", "anyOf", "oneOf"), _LIST),
    "items": _ITEMS,
}
"""Keyword with schemas in its value → how it holds them; the values of all other keywords are data."""

_DESCRIBE = frozenset(
    {"title", "description", "default", "example", "externalDocs", "readOnly", "deprecated", "xml"}
)
"""The keywords that describe a value and do not restrict it."""


def convert_schema(schema: Any, place: ConvertedPlace) -> Any:
    """Return a schema in OpenAPI 3.0; a value that is no object is returned unchanged.

    - `discriminator: NAME` becomes `discriminator: {propertyName: NAME}`. In both versions a value of it is the name of
      a schema.
    - `x-nullable: true`, and `null` among several types, become `nullable: true`.
    - Several types, or several `items`, become `anyOf`.
    - `type: file` becomes a binary string.
    - `id` and `$schema` are left out: Swagger 2.0 has neither, and in JSON Schema they change what references mean.
    """
    if not isinstance(schema, dict):
        return schema
    if schema.get("x-nullable") is True and "type" not in schema:
        return _or_null(schema, place)
    converted: dict[str, Any] = {}
    for key, value in schema.items():
        holds = _HOLD_SCHEMAS.get(key)
        if holds is None or not isinstance(value, (dict, list)):
            converted[key] = value
        elif holds == _MAP:
            converted[key] = _map(value, place.below(key))
        elif holds == _ITEMS and isinstance(value, list):
            converted[key] = _items(value, place.below(key))
        else:
            converted[key] = _schema_or_list(value, place.below(key))
    for key in ("id", "$schema"):
        if isinstance(converted.get(key), str):
            del converted[key]
    # `additionalItems` is for the items after the last of several `items`, and means nothing beside a single schema.
    converted.pop("additionalItems", None)
    if isinstance(converted.get("$ref"), str):
        place.ledger.add_referrer(converted, "$ref", "schemas")
    if "type" in converted:
        _type(converted, place)
    if "discriminator" in converted:
        below = place.below("discriminator")
        converted["discriminator"] = _discriminator(converted["discriminator"], below)
    if isinstance(converted.get("x-nullable"), bool) and converted.pop("x-nullable"):
        _allow_null(converted, place)
    return converted


def _map(schemas: Any, place: ConvertedPlace) -> Any:
    if not isinstance(schemas, dict):
        return schemas
    converted = {name: convert_schema(schema, place.below(name)) for name, schema in schemas.items()}
    if isinstance(converted.get("$ref"), str):
        # Documents are split into files at such maps, although no version allows a reference here.
        place.ledger.add_referrer(converted, "$ref", "")
    return converted


def _schema_or_list(value: Any, place: ConvertedPlace) -> Any:
    if isinstance(value, list):
        return [convert_schema(schema, place.below(index)) for index, schema in enumerate(value)]
    return convert_schema(value, place)


def _items(value: list[Any], place: ConvertedPlace) -> Any:
    """Return a schema for all items in place of a list with a schema for each index, which 3.0 does not have."""
    if not value:
        return {}
    if len(value) == 1:
        first = place.relocated((0,), ())
        first.note_move()
        return convert_schema(value[0], first)
    place.warn("A schema for each place of a list cannot be carried over; each item may be any of them")
    choices = place.relocated((), ("anyOf",))
    choices.note_move()
    return {"anyOf": _schema_or_list(value, choices)}


def _type(converted: dict[str, Any], place: ConvertedPlace) -> None:
    """Replace types that 3.0 does not have: lists of types, `null` and `file`."""
    kinds = [converted["type"]]
    if isinstance(converted["type"], list):
        kinds = [kind for kind in converted["type"] if isinstance(kind, str)]
    if len(kinds) == 1 and kinds[0] not in ("null", "file"):
        converted["type"] = kinds[0]
        return
    old = place.below("type").old
    real = [kind for kind in kinds if kind != "null"]
    del converted["type"]
    if len(real) > 1:
        _any_type(real, len(real) < len(kinds), converted, place)
        return
    if len(real) < len(kinds):
        converted["nullable"] = place.below("nullable").note_made(True, old)
    if real:
        converted["type"] = real[0]
    elif kinds:
        converted["enum"] = place.below("enum").note_made([None], old)
    if real == ["file"]:
        converted["type"] = "string"
        if "format" not in converted:
            converted["format"] = place.below("format").note_made("binary", old)


def _any_type(kinds: list[Any], is_nullable: bool, converted: dict[str, Any], place: ConvertedPlace) -> None:
    choices: list[Any] = [{"type": kind} for kind in kinds]
    if is_nullable:
        choices[0]["nullable"] = True
    old = place.below("type").old
    if "anyOf" not in converted:
        converted["anyOf"] = place.below("anyOf").note_made(choices, old)
        return
    all_of = converted.get("allOf")
    all_of = all_of if isinstance(all_of, list) else []
    added = place.below("allOf", len(all_of)).note_made({"anyOf": choices}, old)
    converted["allOf"] = [*all_of, added]


def _discriminator(value: Any, place: ConvertedPlace) -> Any:
    if isinstance(value, str):
        return place.note_made({"propertyName": value}, place.old)
    if not isinstance(value, dict):
        return value
    converted = dict(value)
    if isinstance(converted.get("mapping"), dict):
        # As in OpenAPI 3.0, with references into the Swagger document.
        converted["mapping"] = dict(converted["mapping"])
        for name, ref in converted["mapping"].items():
            if isinstance(ref, str) and ref.startswith("#"):
                place.ledger.add_referrer(converted["mapping"], name, "schemas")
    return converted


def _allow_null(converted: dict[str, Any], place: ConvertedPlace) -> None:
    """Make a schema accept null: by `nullable`, and by null among the values of its `enum`."""
    old = place.below("x-nullable").old
    converted["nullable"] = place.below("nullable").note_made(True, old)
    choices = converted.get("enum")
    if isinstance(choices, list) and None not in choices:
        place.below("enum", len(choices)).note_made(None, old)
        converted["enum"] = [*choices, None]


def _or_null(schema: Mapping[str, Any], place: ConvertedPlace) -> dict[str, Any]:
    """Return a schema that accepts null or what a schema without `type` accepts.

    `nullable` has an effect only beside a `type` (OpenAPI 3.0.4, "Schema Object"), and nothing has an effect beside a
    `$ref` ("Reference Object").
    """
    old = place.below("x-nullable").old
    outer = {key: value for key, value in schema.items() if key in _DESCRIBE or key.startswith("x-")}
    del outer["x-nullable"]
    inner = {key: value for key, value in schema.items() if key not in outer and key != "x-nullable"}
    if not inner:  # it accepts any value, null included
        return outer
    place.below("anyOf").note_made([{}, {}], old)
    first = place.relocated((), ("anyOf", 0))
    first.note_origin()
    for key in inner:
        first.below(key).note_move()
    null = place.below("anyOf", 1).note_made({"nullable": True, "enum": [None]}, old)
    return {**outer, "anyOf": [convert_schema(inner, first), null]}
