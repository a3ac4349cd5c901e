"""Schemas of Swagger 2.0 → Schema Objects of OpenAPI 3.0.

Both are JSON Schema of draft 4 with some keywords more, so nearly all of it stays as it is.
"""

from collections.abc import Mapping
from typing import Any

from dynacli.document.swagger2.conversion_ledger import Ledger
from dynacli.document.swagger2.converted_places import ConvertedPlace

__all__ = ["convert_schema"]

_SCHEMA, _MAP, _LIST, _ITEMS = range(4)
_HOLD_SCHEMAS = {
    "additionalProperties": _SCHEMA,
    "not": _SCHEMA,
    # Not of Swagger 2.0, and used in it all the same.
    "contains": _SCHEMA,
    "propertyNames": _SCHEMA,
    "if": _SCHEMA,
    "then": _SCHEMA,
    "else": _SCHEMA,
    "properties": _MAP,
    "patternProperties": _MAP,
    "definitions": _MAP,
    "$defs": _MAP,
    "dependencies": _MAP,
    "allOf": _LIST,
    "anyOf": _LIST,
    "oneOf": _LIST,
    "items": _ITEMS,
}
"""The keywords with schemas in them, by how they hold them; those of all others are data."""

_DESCRIBE = frozenset(
    {"title", "description", "default", "example", "externalDocs", "readOnly", "deprecated", "xml"}
)
"""Keywords that describe a value and do not restrict it."""


def convert_schema(schema: Any, spot: ConvertedPlace, ledger: Ledger) -> Any:
    """Return a schema in 3.0; what is no object is returned as it is.

    - `discriminator: NAME` becomes `discriminator: {propertyName: NAME}`. That a schema's name stands for it
      is so in both versions.
    - `x-nullable: true`, and `null` among several types, become `nullable: true`.
    - Several types, several `items`: any of them.
    - `type: file` becomes a binary string.
    - `id` and `$schema` are left out: Swagger 2.0 has neither, and JSON Schema would read others by them.

    Args:
        schema: The schema.
        spot: Where it is.
        ledger: Takes its references, and what moved.
    """
    if not isinstance(schema, dict):
        return schema
    if schema.get("x-nullable") is True and "type" not in schema:
        return _or_null(schema, spot, ledger)
    made: dict[str, Any] = {}
    for key, value in schema.items():
        holds = _HOLD_SCHEMAS.get(key)
        if holds is None or not isinstance(value, (dict, list)):
            made[key] = value
        elif holds == _MAP:
            made[key] = _map(value, spot.below(key), ledger)
        elif holds == _ITEMS and isinstance(value, list):
            made[key] = _items(value, spot.below(key), ledger)
        else:
            made[key] = _one_or_list(value, spot.below(key), ledger)
    for key in ("id", "$schema"):
        if isinstance(made.get(key), str):
            del made[key]
    # They are those after the last of several `items`, and mean nothing beside a single one.
    made.pop("additionalItems", None)
    if isinstance(made.get("$ref"), str):
        ledger.refer(made, "$ref", "schemas")
    if "type" in made:
        _type(made, spot, ledger)
    if "discriminator" in made:
        made["discriminator"] = _discriminator(made["discriminator"], spot.below("discriminator"), ledger)
    if isinstance(made.get("x-nullable"), bool) and made.pop("x-nullable"):
        _allow_null(made, spot, ledger)
    return made


def _map(schemas: Any, spot: ConvertedPlace, ledger: Ledger) -> Any:
    if not isinstance(schemas, dict):
        return schemas
    made = {name: convert_schema(schema, spot.below(name), ledger) for name, schema in schemas.items()}
    if isinstance(made.get("$ref"), str):
        # Files are split at such maps although no version provides for it.
        ledger.refer(made, "$ref", "")
    return made


def _one_or_list(value: Any, spot: ConvertedPlace, ledger: Ledger) -> Any:
    if isinstance(value, list):
        return [convert_schema(one, spot.below(index), ledger) for index, one in enumerate(value)]
    return convert_schema(value, spot, ledger)


def _items(value: list[Any], spot: ConvertedPlace, ledger: Ledger) -> Any:
    """Return the one schema of all items where JSON Schema has one for each place, which 3.0 does not know."""
    if not value:
        return {}
    if len(value) == 1:
        first = spot.moved((0,), ())
        ledger.moved(first)
        return convert_schema(value[0], first, ledger)
    ledger.warn(
        "A schema for each place of a list cannot be carried over; each item may be any of them", spot
    )
    choices = spot.moved((), ("anyOf",))
    ledger.moved(choices)
    return {"anyOf": _one_or_list(value, choices, ledger)}


def _type(made: dict[str, Any], spot: ConvertedPlace, ledger: Ledger) -> None:
    """Replace types that 3.0 does not have: lists of them, `null` and `file`."""
    kinds = [made["type"]]
    if isinstance(made["type"], list):
        kinds = [kind for kind in made["type"] if isinstance(kind, str)]
    if len(kinds) == 1 and kinds[0] not in ("null", "file"):
        made["type"] = kinds[0]
        return
    old = spot.below("type").old
    real = [kind for kind in kinds if kind != "null"]
    del made["type"]
    if len(real) > 1:
        _any_type(real, len(real) < len(kinds), made, spot, ledger)
        return
    if len(real) < len(kinds):
        made["nullable"] = ledger.made(True, spot.below("nullable"), old)
    if real:
        made["type"] = real[0]
    elif kinds:
        made["enum"] = ledger.made([None], spot.below("enum"), old)
    if real == ["file"]:
        made["type"] = "string"
        if "format" not in made:
            made["format"] = ledger.made("binary", spot.below("format"), old)


def _any_type(
    kinds: list[Any], is_nullable: bool, made: dict[str, Any], spot: ConvertedPlace, ledger: Ledger
) -> None:
    choices: list[Any] = [{"type": kind} for kind in kinds]
    if is_nullable:
        choices[0]["nullable"] = True
    old = spot.below("type").old
    if "anyOf" not in made:
        made["anyOf"] = ledger.made(choices, spot.below("anyOf"), old)
        return
    all_of = made.get("allOf")
    all_of = all_of if isinstance(all_of, list) else []
    made["allOf"] = [*all_of, ledger.made({"anyOf": choices}, spot.below("allOf", len(all_of)), old)]


def _discriminator(value: Any, spot: ConvertedPlace, ledger: Ledger) -> Any:
    if isinstance(value, str):
        return ledger.made({"propertyName": value}, spot, spot.old)
    if not isinstance(value, dict):
        return value
    made = dict(value)
    if isinstance(made.get("mapping"), dict):
        # As in 3.0 already, with references of the Swagger document.
        made["mapping"] = dict(made["mapping"])
        for name, ref in made["mapping"].items():
            if isinstance(ref, str) and ref.startswith("#"):
                ledger.refer(made["mapping"], name, "schemas")
    return made


def _allow_null(made: dict[str, Any], spot: ConvertedPlace, ledger: Ledger) -> None:
    """Let null fit a schema, which takes `nullable` and null among the values of `enum`."""
    old = spot.below("x-nullable").old
    made["nullable"] = ledger.made(True, spot.below("nullable"), old)
    choices = made.get("enum")
    if isinstance(choices, list) and None not in choices:
        ledger.made(None, spot.below("enum", len(choices)), old)
        made["enum"] = [*choices, None]


def _or_null(schema: Mapping[str, Any], spot: ConvertedPlace, ledger: Ledger) -> dict[str, Any]:
    """Return a schema without a `type` that null fits too.

    `nullable` works on the `type` beside it alone (OpenAPI 3.0.4, "Schema Object"), and beside a `$ref`
    nothing works ("Reference Object").
    """
    old = spot.below("x-nullable").old
    outer = {key: value for key, value in schema.items() if key in _DESCRIBE or key.startswith("x-")}
    del outer["x-nullable"]
    inner = {key: value for key, value in schema.items() if key not in outer and key != "x-nullable"}
    if not inner:  # anything fits, null too
        return outer
    ledger.made([{}, {}], spot.below("anyOf"), old)
    first = spot.moved((), ("anyOf", 0))
    ledger.came(first)
    for key in inner:
        ledger.moved(first.below(key))
    null = ledger.made({"nullable": True, "enum": [None]}, spot.below("anyOf", 1), old)
    return {**outer, "anyOf": [convert_schema(inner, first, ledger), null]}
