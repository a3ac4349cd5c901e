"""allOf, anyOf, oneOf, not, if, and the discriminator."""

from typing import Any

from tests.validation.pairs.model import BOTH, V31, V32, value

_INT = {"type": "integer"}
_TEXT = {"type": "string"}
_CAT = {"type": "object", "required": ["kind", "lives"], "properties": {"kind": _TEXT, "lives": _INT}}
_DOG = {"type": "object", "required": ["kind"], "properties": {"kind": _TEXT, "age": _INT}}
_PETS = {"Cat": _CAT, "Dog": _DOG}
_REFS = [{"$ref": "#/components/schemas/Cat"}, {"$ref": "#/components/schemas/Dog"}]
_ALL = (*BOTH, *V32)
_DECIDING = ("3.0.3", "3.1.0")
"""Versions in which the discriminator "decides which schema definition validates the structure of the model"
("Composition and Inheritance"); since 3.0.4 and 3.1.1 it hints at it, and "MUST NOT change the validation outcome".
"""


def _pet(
    name: str,
    given: Any,
    *expected: str,
    keyword: str = "oneOf",
    versions: tuple[str, ...] = _ALL,
    **mapping: str,
) -> Any:
    discriminator: dict[str, Any] = {"propertyName": "kind"}
    if mapping:
        discriminator["mapping"] = mapping
    schema = {keyword: _REFS, "discriminator": discriminator}
    return value(name, schema, given, *expected, schemas=_PETS, versions=versions)


PAIRS = [
    value("all of them", {"allOf": [{"minimum": 5}, {"multipleOf": 2}]}, 6),
    value("each that fails", {"allOf": [{"minimum": 5}, {"multipleOf": 2}]}, 3, "- minimum", "- multipleOf"),
    value("beside all of them", {"allOf": [{"minimum": 5}], "maximum": 7}, 9, "- maximum"),
    value("properties of all of them", {"allOf": [{"properties": {"a": _INT}}]}, {"a": "x"}, "/a type"),
    value("one of any", {"anyOf": [{"maximum": 5}, {"multipleOf": 2}]}, 8),
    value("several of any", {"anyOf": [{"maximum": 5}, {"multipleOf": 2}]}, 4),
    value("none of any, by type", {"anyOf": [_TEXT, _INT]}, [], "- type"),
    value("none of any, by value", {"anyOf": [_TEXT, {"type": "integer", "minimum": 5}]}, 3, "- minimum"),
    value(
        "any beside more", {"type": "object", "anyOf": [{"required": ["a"]}, {"required": ["b"]}]}, {"b": 1}
    ),
    value("exactly one", {"oneOf": [{"type": "integer"}, {"type": "number", "minimum": 9}]}, 1),
    value("more than one", {"oneOf": [{"type": "integer"}, {"type": "number"}]}, 1, "- oneOf"),
    value(
        "the one that was meant",
        {"oneOf": [_CAT, {"type": "string"}]},
        {"kind": "c", "lives": "9"},
        "/lives type",
    ),
    value(
        "alternatives told apart by a constant",
        {"oneOf": [{"properties": {"k": {"enum": ["a"]}}}, {"properties": {"k": {"enum": ["b"]}}}]},
        {"k": "c"},
        "/k enum",
    ),
    value(
        "the alternative of the constant",
        {
            "oneOf": [
                {"properties": {"k": {"enum": ["a"]}}, "required": ["k", "x", "y"]},
                {"properties": {"k": {"enum": ["b"]}, "n": _INT, "m": _INT}},
            ]
        },
        {"k": "b", "n": "1", "m": "2"},
        "/m type",
        "/n type",
    ),
    value(
        "alternatives of alternatives",
        {"oneOf": [{"anyOf": [_TEXT, _INT]}, {"type": "array", "items": {}}]},
        "x",
    ),
    value("not", {"not": _TEXT}, 5),
    value("not what it is", {"not": _TEXT}, "x", "- not"),
    value("not all that is required", {"not": {"required": ["a", "b"]}}, {"a": 1}),
    value("not not", {"not": {"not": _TEXT}}, 5, "- not"),
    value("nothing is allowed", {"not": {}}, {"a": 1}, "- not"),
    value("anything is allowed", {}, {"a": [None]}),
    value("true allows all", True, {"a": 1}, versions=V31),
    value("false allows nothing", False, {"a": 1}, "- false", versions=V31),
    value("an alternative that is false", {"anyOf": [False, _INT]}, 5, versions=V31),
    value("alternatives that are all false", {"anyOf": [False, False]}, 5, "- false", versions=V31),
    value("if and then", {"if": {"minimum": 5}, "then": {"multipleOf": 2}}, 7, "- multipleOf", versions=V31),
    value(
        "if not and else", {"if": {"minimum": 5}, "else": {"multipleOf": 2}}, 3, "- multipleOf", versions=V31
    ),
    value("if alone", {"if": {"minimum": 5}}, 3, versions=V31),
    value("then without if", {"then": False}, 3, versions=V31, source="JSON Schema Core 2020-12, 10.2.2.2"),
    value(
        "if of what is missing",
        {"if": {"properties": {"a": {"const": 1}}}, "then": {"required": ["b"]}},
        {},
        "- required",
        versions=V31,
        source="JSON Schema Core 2020-12, 10.3.2.1: a property that is missing makes nothing invalid",
    ),
    _pet("a discriminator by name", {"kind": "Dog", "age": 3}),
    _pet("a discriminator by name, wrong inside", {"kind": "Dog", "age": "3"}, "/age type"),
    _pet("a discriminator chooses among two that fit", {"kind": "Dog", "lives": 9}, versions=_DECIDING),
    _pet(
        "a discriminator with a mapping", {"kind": "d", "age": "3"}, "/age type", d="#/components/schemas/Dog"
    ),
    _pet("a mapping by name", {"kind": "c"}, "- required", c="Cat", versions=_DECIDING),
    _pet(
        "a name beside a mapping",
        {"kind": "Cat"},
        "- required",
        d="#/components/schemas/Dog",
        versions=_DECIDING,
    ),
    _pet(
        "a discriminator of anyOf",
        {"kind": "Cat", "lives": "x"},
        "/lives type",
        keyword="anyOf",
        versions=_DECIDING,
    ),
    value(
        "a discriminator of a parent",
        {"$ref": "#/components/schemas/Cat"},
        {"kind": "Cat", "lives": "x"},
        "/lives type",
        schemas={
            "Pet": {"type": "object", "required": ["kind"], "discriminator": {"propertyName": "kind"}},
            "Cat": {"allOf": [{"$ref": "#/components/schemas/Pet"}, {"properties": {"lives": _INT}}]},
        },
        versions=_ALL,
    ),
    value(
        "a discriminator with a default",
        {"oneOf": _REFS, "discriminator": {"propertyName": "kind", "defaultMapping": "Dog"}},
        {"kind": "bird", "age": "x"},
        "/age type",
        schemas=_PETS,
        versions=V32,
        source="OpenAPI 3.2.0, Discriminator Object, defaultMapping",
    ),
    _pet("a discriminator that names nothing, where one fits", {"kind": "bird", "age": 3}),
    _pet(
        "a discriminator that names nothing, where none fits",
        {"kind": "bird", "age": "x"},
        "/kind discriminator",
    ),
]
