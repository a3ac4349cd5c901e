"""Of `oneOf` and `anyOf` the branch that was meant is explained, and every keyword has a sentence with names in it."""

import json
from typing import Any

import pytest

from tests.validation.in_process_validator import validate_value

_START = "#/components/schemas/"


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"{_START}{name}"}


_SCHEMAS: dict[str, Any] = {
    "Cat": {
        "type": "object",
        "required": ["kind", "lives"],
        "properties": {"kind": {"enum": ["cat"]}, "lives": {"type": "integer"}},
    },
    "Dog": {
        "type": "object",
        "required": ["kind"],
        "properties": {"kind": {"enum": ["dog"]}, "age": {"type": "integer"}},
    },
    "Fish": {
        "title": "A fish",
        "type": "object",
        "required": ["fins"],
        "properties": {"fins": {"type": "integer"}, "name": {"type": "string"}},
    },
    "Pet": {"oneOf": [_ref("Cat"), _ref("Dog")]},
    "Shown": {
        "oneOf": [_ref("Cat"), _ref("Dog")],
        "discriminator": {"propertyName": "kind", "mapping": {"cat": f"{_START}Cat", "dog": "Dog"}},
    },
    "Named": {"oneOf": [_ref("Cat"), _ref("Dog")], "discriminator": {"propertyName": "type"}},
    "Tree": {
        "type": "object",
        "required": ["node"],
        "properties": {"node": {"oneOf": [{"type": "integer"}, _ref("Tree")]}},
    },
}


def _id(value: Any) -> str:
    return json.dumps(value)[:60]


def _said(schema: Any, value: Any, version: str = "3.1.0") -> list[tuple[str, str, str]]:
    found = validate_value(schema, value, version, **_SCHEMAS).findings
    return sorted((finding.pointer, finding.rule, finding.message) for finding in found)


_NEAREST = "comes nearest"
_MEANS_CAT = "`kind` means `Cat` of 2 alternatives"


@pytest.mark.sampled(12)
@pytest.mark.parametrize("version", ["3.0.3", "3.1.0", "3.2.0"])
@pytest.mark.parametrize(
    ("schema", "value", "expected"),
    [
        (
            _ref("Shown"),
            {"kind": "dog", "age": "x"},
            [("/age", "type", "expected integer, got string `x`; `kind` means `Dog` of 2 alternatives")],
        ),
        (
            _ref("Shown"),
            {"kind": "bird", "age": "x"},
            [("/kind", "discriminator", "`kind` is `bird`, and the document has `cat`, `dog`")],
        ),
        (
            _ref("Named"),
            {"type": "Bird", "kind": "cat"},
            [("/type", "discriminator", "`type` is `Bird`, and the document has `Cat`, `Dog`")],
        ),
        (
            _ref("Shown"),
            {"age": "x"},
            [
                (
                    "",
                    "required",
                    "`kind` is missing, which tells `cat`, `dog` apart, and the document requires it",
                )
            ],
        ),
        (
            _ref("Pet"),
            {"kind": "dog", "age": "x"},
            [("/age", "type", "expected integer, got string `x`; `kind` means `Dog` of 2 alternatives")],
        ),
        (_ref("Pet"), {"kind": "bird"}, [("/kind", "enum", "`bird` is not one of `cat`, `dog`")]),
        (
            {"anyOf": [_SCHEMAS["Fish"], {"type": "object", "required": ["a", "b"]}, {"type": "string"}]},
            {"fins": "x", "name": "n"},
            [("/fins", "type", f"expected integer, got string `x`; `A fish` of 3 alternatives {_NEAREST}")],
        ),
        (
            {
                "anyOf": [
                    {"type": "object", "required": ["a"]},
                    {"type": "array", "items": {"type": "integer"}},
                ]
            },
            ["x"],
            [("/0", "type", f"expected integer, got string `x`; alternative 2 of 2 {_NEAREST}")],
        ),
        # The one that knows the value's properties, although more is wrong with it.
        (
            {
                "anyOf": [
                    {"type": "object", "required": ["id"]},
                    {"type": "object", "properties": {"a": {"type": "integer"}, "b": {"type": "integer"}}},
                ]
            },
            {"a": "x", "b": "y"},
            [
                ("/a", "type", f"expected integer, got string `x`; alternative 2 of 2 {_NEAREST}"),
                ("/b", "type", f"expected integer, got string `y`; alternative 2 of 2 {_NEAREST}"),
            ],
        ),
        (
            {"oneOf": [_ref("Pet"), _ref("Fish")]},
            {"kind": "cat", "lives": "x"},
            [
                (
                    "/lives",
                    "type",
                    f"expected integer, got string `x`; {_MEANS_CAT}; `Pet` of 2 alternatives {_NEAREST}",
                )
            ],
        ),
        (
            {"oneOf": [{"anyOf": [{"type": "string"}, {"type": "boolean"}]}, {"type": "integer"}]},
            [],
            [("", "type", "expected string, boolean or integer, got array")],
        ),
        (
            {"anyOf": [{"enum": ["a"]}, {"enum": ["b", "a"]}]},
            "c",
            [("", "enum", "`c` is not one of `a`, `b`")],
        ),
        (
            {"allOf": [{"oneOf": [_ref("Cat"), _ref("Dog")]}, {"required": ["id"]}]},
            {"kind": "dog", "age": "x"},
            [
                ("", "required", "`id` is missing, and the document requires it"),
                ("/age", "type", "expected integer, got string `x`; `kind` means `Dog` of 2 alternatives"),
            ],
        ),
    ],
    ids=_id,
)
def test_the_branch_that_was_meant_is_explained(
    schema: Any, value: Any, expected: list[tuple[str, str, str]], version: str
) -> None:
    """The discriminator, a constant or its likeness decides which branch is explained; the message names the branch."""
    assert expected == _said(schema, value, version)


def test_alternatives_inside_of_alternatives() -> None:
    """The innermost is explained, and each choice on the way there is named, from the inside out."""
    (found,) = _said(_ref("Tree"), {"node": {"node": {"node": "x"}}})
    tree = f"`Tree` of 2 alternatives {_NEAREST}"
    assert ("/node/node/node", "type", f"expected integer or object, got string `x`; {tree}; {tree}") == found


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"anyOf": [{"type": "string", "format": "date"}, {"type": "null"}]}, "x"),
        ({"oneOf": [{"type": "null"}, {"type": "string", "format": "date"}]}, "x"),
    ],
    ids=_id,
)
def test_a_value_or_null_is_no_choice(schema: Any, value: Any) -> None:
    """If the other branch is null alone, the message does not name the branch."""
    assert [("", "format", "`x` is not a valid date")] == _said(schema, value)


def test_a_discriminator_is_a_hint() -> None:
    """A value that names no branch and fits one anyway is right (OpenAPI 3.1.1, "Discriminator Object")."""
    assert [] == _said(
        {"oneOf": [_ref("Fish")], "discriminator": {"propertyName": "name"}}, {"fins": 1, "name": "x"}
    )


def test_the_discriminator_has_its_place_in_the_document() -> None:
    """The finding points to it, through the references."""
    (finding,) = validate_value(_ref("Shown"), {"kind": "x"}, **_SCHEMAS).findings
    assert ("/components/schemas/Shown/discriminator", ["cat", "dog"], "x") == (
        finding.schema_pointer,
        finding.expected,
        finding.got,
    )


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("schema", "value", "messages"),
    [
        (
            {"dependentRequired": {"a": ["b", "c"], "d": ["e"]}},
            {"a": 1},
            [
                "`b` is missing, and the document requires it beside `a`",
                "`c` is missing, and the document requires it beside `a`",
            ],
        ),
        (
            {"dependentSchemas": {"a": {"required": ["b"]}}},
            {"a": 1},
            ["`b` is missing, and the document requires it; this applies because `a` is there"],
        ),
        (
            {"if": {"required": ["a"]}, "then": {"required": ["b"]}},
            {"a": 1},
            ["`b` is missing, and the document requires it; this applies because its `if` matches"],
        ),
        (
            {"if": {"required": ["a"]}, "else": {"minProperties": 1}},
            {},
            [
                "the object has 0 properties, and must have at least 1; this applies because its `if` does not match"
            ],
        ),
        (
            {"properties": {"then": {"properties": {"propertyNames": {"type": "string"}}}}},
            {"then": {"propertyNames": 1}},
            ["expected string, got integer `1`"],
        ),
        (
            {"propertyNames": {"maxLength": 1}},
            {"ab": 1, "c": 1},
            ["the name of the property `ab`: the text has 2 characters, and may have at most 1"],
        ),
        (
            {"propertyNames": {"pattern": "^x-"}},
            {"ab": 1},
            ["the name of the property `ab`: `ab` does not match the pattern `^x-`"],
        ),
        ({"contains": _ref("Cat")}, [1], ["none of the items is a `Cat`"]),
        ({"contains": {"type": "integer"}}, ["a"], ["none of the items is an integer"]),
        ({"contains": {"const": "x"}}, ["a"], ["none of the items is `x`"]),
        (
            {"contains": {"type": "integer"}, "minContains": 2},
            [1, "a"],
            ["at least 2 of the items must be an integer"],
        ),
        (
            {"contains": {"type": "integer"}, "maxContains": 1},
            [1, 2],
            ["at most 1 of the items may be an integer"],
        ),
        (
            {"not": {"required": ["a", "b"]}},
            {"a": 1, "b": 1},
            ["the object has `a` and `b`, which the document excludes"],
        ),
        ({"not": {"type": "string"}}, "x", ["string `x` is a type that the document excludes here"]),
        ({"const": {"a": 1}}, {"a": 2}, ['expected `{"a": 1}`, got `{"a": 2}`']),
        ({"enum": [{"a": 1}, [1]]}, [2], ['`[2]` is not one of `{"a": 1}`, `[1]`']),
        ({"enum": [None, True]}, "", ["an empty text is not one of `null`, `true`"]),
        ({"not": {"enum": ["x"]}}, "x", ["`x` is what the document excludes"]),
        ({"not": {}}, [1], ["the array is what the document excludes"]),
        ({"not": True}, {"a": 1}, ["the object is what the document excludes"]),
        ({"uniqueItems": True}, [1, 2, 1], ["the items 0 and 2 are the same, and all must differ"]),
        ({"contains": {"enum": ["a", "b"]}}, [1], ["none of the items is `a` or `b`"]),
        ({"contains": {"minimum": 9}}, [1], ["none of the items is what the document asks for"]),
        (
            {"contains": {"type": "string", "maxLength": 1}, "minContains": 2},
            ["a"],
            ["at least 2 of the items must be a string as the document asks for"],
        ),
        ({"properties": {"a": False}}, {"a": 1}, ["the document allows nothing here"]),
    ],
    ids=_id,
)
def test_every_keyword_has_its_sentence(schema: Any, value: Any, messages: list[str]) -> None:
    """Each keyword has a sentence with the names and numbers of the error."""
    assert messages == [finding[2] for finding in _said(schema, value)]


@pytest.mark.parametrize(
    "schema",
    [
        {"prefixItems": [{"type": "string"}], "items": False},
        {"prefixItems": [{"type": "string"}], "unevaluatedItems": False},
        {"$schema": "http://json-schema.org/draft-07/schema#", "items": [{}], "additionalItems": False},
    ],
    ids=_id,
)
def test_items_that_are_too_many(schema: Any) -> None:
    """The message speaks of items, whichever keyword forbids them."""
    found = _said(schema, ["a", 2])
    assert found
    assert all("item" in message and "does not meet" not in message for _, _, message in found)


_BRANCHES = [
    {"type": "string", "minLength": 3},
    {"type": "array", "minItems": 1},
    {"type": "object", "required": ["a"], "additionalProperties": False},
    {"enum": [1, 2]},
    {"const": "x"},
    {"not": {"type": "number"}},
    False,
    {"allOf": [{"type": "object"}, {"minProperties": 2}]},
    {"anyOf": [{"type": "integer", "minimum": 5}, {"multipleOf": 7}]},
    {"$ref": f"{_START}Shown"},
]


@pytest.mark.sampled(3)
@pytest.mark.parametrize("keyword", ["oneOf", "anyOf"])
@pytest.mark.parametrize(
    "value", ["a", [], {"b": 1}, 3, 0.5, True, None, {"kind": "dog", "age": "x"}], ids=_id
)
def test_no_message_says_that_nothing_fits(keyword: str, value: Any) -> None:
    """If a value breaks two branches, the message explains a branch, in a sentence of dynacli's own."""
    for first in _BRANCHES:
        pairs = {str(number): {keyword: [first, second]} for number, second in enumerate(_BRANCHES)}
        for _, rule, message in _said({"properties": pairs}, dict.fromkeys(pairs, value)):
            assert "fits none" not in message
            assert "does not meet" not in message
            assert "not valid under" not in message
            assert rule != "anyOf"
