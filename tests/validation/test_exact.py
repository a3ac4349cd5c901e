"""`--validate exact` reports each property that the document does not mention, and nothing that may come."""

import json
import time
from typing import Any

import pytest

from tests.documents import ref
from tests.validation.in_process_validator import compact, validate_value

_A = {"type": "object", "properties": {"a": {"type": "integer"}}}
_B = {"type": "object", "properties": {"b": {"type": "integer"}}}
_SCHEMAS: dict[str, Any] = {
    "A": _A,
    "B": _B,
    "Tree": {
        "properties": {"n": {}, "children": {"type": "array", "items": {"$ref": "#/components/schemas/Tree"}}}
    },
}


def _id(value: Any) -> str:
    return json.dumps(value)[:70]


@pytest.mark.sampled(8)
@pytest.mark.parametrize("version", ["3.0.3", "3.1.0"])
@pytest.mark.parametrize(
    ("schema", "value", "undocumented"),
    [
        (_A, {"a": 1, "x": 2}, ["/x"]),
        (_A, {"a": 1, "x": 2, "y": {}}, ["/x", "/y"]),
        (ref("A"), {"x": 1}, ["/x"]),
        ({"properties": {"a": _A}}, {"a": {"a": 1, "x/y": 1}}, ["/a/x~1y"]),
        ({"type": "array", "items": ref("A")}, [{"a": 1}, {"x": 1}], ["/1/x"]),
        (
            ref("Tree"),
            {"n": 1, "children": [{"n": 1, "children": [{"x": 1}]}]},
            ["/children/0/children/0/x"],
        ),
        ({"allOf": [_A, ref("B")]}, {"a": 1, "b": 2, "x": 3}, ["/x"]),
        ({"oneOf": [{**_A, "required": ["a"]}, {**_B, "required": ["b"]}]}, {"x": 3, "a": 1}, ["/x"]),
        ({"anyOf": [ref("A"), {"type": "string"}]}, {"x": 3}, ["/x"]),
        ({"properties": {"a": {"anyOf": [_A, _B]}}}, {"a": {"x": 1}}, ["/a/x"]),
        ({"additionalProperties": ref("A")}, {"k1": {"a": 1}, "k2": {"x": 1}}, ["/k2/x"]),
        ({"properties": {"a": {}}, "allOf": [{"type": "object"}]}, {"x": 1}, ["/x"]),
    ],
    ids=_id,
)
def test_what_is_not_mentioned(schema: Any, value: Any, undocumented: list[str], version: str) -> None:
    """A property that no schema which may apply mentions is a finding at any depth."""
    validation = validate_value(schema, value, version, is_exact=True, **_SCHEMAS)
    assert [f"{place} undocumented-property" for place in undocumented] == compact(validation)
    assert [] == compact(validate_value(schema, value, version, **_SCHEMAS))


@pytest.mark.sampled(12)
@pytest.mark.parametrize("version", ["3.0.3", "3.1.0"])
@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({}, {"x": 1}),
        ({"type": "object"}, {"x": {"y": 1}}),
        ({"type": "object", "properties": {}}, {"x": 1}),
        ({"properties": {"a": {}}}, {"a": {"x": 1}}),
        ({"properties": {"a": {"type": "object"}}}, {"a": {"x": {"y": 1}}}),
        ({"type": "object", "additionalProperties": {"type": "integer"}}, {"x": 1}),
        ({**_A, "additionalProperties": True}, {"a": 1, "x": {"y": 1}}),
        ({**_A, "additionalProperties": {}}, {"a": 1, "x": {"y": 1}}),
        ({**_A, "additionalProperties": _B}, {"a": 1, "x": {"b": 1}}),
        ({"allOf": [_A, {"additionalProperties": True}]}, {"x": 1}),
        ({"anyOf": [_A, {"type": "object"}]}, {"x": 1}),
        ({"oneOf": [{"type": "string"}, {"type": "object"}]}, {"x": 1}),
        ({"anyOf": [_A, {}]}, {"x": 1}),
        ({"type": "array"}, [{"x": 1}]),
        ({"type": "array", "items": {}}, [{"x": 1}]),
        ({"allOf": [_A, _B]}, {"a": 1, "b": 1}),
        ({"oneOf": [{**_A, "required": ["a"]}, {**_B, "required": ["b"]}]}, {"b": 1}),
        (_A, {}),
    ],
    ids=_id,
)
def test_what_may_come(schema: Any, value: Any, version: str) -> None:
    """Free-form objects, maps, and schemas that say themselves that more may come are never flagged."""
    assert [] == compact(validate_value(schema, value, version, is_exact=True, **_SCHEMAS))


@pytest.mark.parametrize(
    ("schema", "value", "expected"),
    [
        ({**_A, "patternProperties": {"^x-": {}}}, {"x-1": 1}, []),
        ({**_A, "patternProperties": {"^x-": _B}}, {"x-1": {"y": 1}}, ["/x-1/y undocumented-property"]),
        ({**_A, "unevaluatedProperties": True}, {"x": 1}, []),
        (
            {**_A, "if": _B, "then": {"properties": {"c": {}}}, "else": {"properties": {"d": {}}}},
            {"b": 1, "c": 1},
            [],
        ),
        (
            {**_A, "dependentSchemas": {"a": {"properties": {"c": {}}}}},
            {"a": 1, "c": 1, "x": 1},
            ["/x undocumented-property"],
        ),
        ({"prefixItems": [_A], "items": _B}, [{"a": 1}, {"b": 1}, {"x": 1}], ["/2/x undocumented-property"]),
        ({**ref("A"), "properties": {"c": {}}}, {"a": 1, "c": 1, "x": 1}, ["/x undocumented-property"]),
        (True, {"x": 1}, []),
        ({**_A, "patternProperties": {"^x-": {}}}, {"x-1": 1, "y": 1}, ["/y undocumented-property"]),
        ({"propertyNames": {"maxLength": 3}}, {"x": 1}, []),
        ({**_A, "propertyNames": {"maxLength": 3}}, {"x": 1}, ["/x undocumented-property"]),
        ({"type": "array", "contains": {**_A, "required": ["a"]}}, [{"a": 1, "x": 1}], []),
        ({"type": "object", "not": {"required": ["z"]}}, {"x": 1}, []),
        ({"anyOf": [ref("A"), {"type": "null"}]}, {"a": 1, "x": 1}, ["/x undocumented-property"]),
        (
            {"prefixItems": [_A, _B], "unevaluatedItems": _A},
            [{"x": 1}, {"b": 1}, {"a": 1, "b": 1}],
            ["/0/x undocumented-property", "/2/b undocumented-property"],
        ),
    ],
    ids=_id,
)
def test_what_3_1_adds(schema: Any, value: Any, expected: list[str]) -> None:
    """Conditions, patterns and positions mention properties too."""
    assert expected == compact(validate_value(schema, value, "3.1.0", is_exact=True, **_SCHEMAS))


def test_the_finding_names_the_property() -> None:
    """The message has the name, and the finding has the value, shortened."""
    found = validate_value(_A, {"note": "x" * 200}, is_exact=True).findings[0]
    assert ("the document does not mention `note`", f"{'x' * 80}...") == (found.message, found.got)


_EITHER = {"oneOf": [{**_A, "required": ["a"]}, {**_B, "required": ["b"]}]}
_PARENT = {
    "type": "object",
    "required": ["kind"],
    "properties": {"kind": {"type": "string"}},
    "discriminator": {"propertyName": "kind", "mapping": {"hund": "Dog"}},
}
_FAMILY = {
    "Parent": _PARENT,
    "Dog": {"allOf": [ref("Parent"), {"properties": {"bark": {}}}]},
    "Cat": {"allOf": [ref("Parent"), {"properties": {"meow": {}}}]},
}


@pytest.mark.sampled(12)
@pytest.mark.parametrize("version", ["3.0.3", "3.1.0", "3.2.0"])
@pytest.mark.parametrize(
    ("schema", "value", "expected"),
    [
        # A branch that the value does not fit says nothing of it.
        (_EITHER, {"a": 1, "b": "x"}, ["/b undocumented-property"]),
        ({**_A, **_EITHER}, {"a": 1, "b": "x"}, ["/b undocumented-property"]),
        ({"anyOf": [{**_A, "required": ["a"]}, {**_B, "required": ["b"]}]}, {"a": 1, "b": 1}, []),
        # If it fits none, which is a finding, all of them count.
        (_EITHER, {"a": "x", "b": "x", "x": 1}, ["/a type", "/x undocumented-property"]),
        # What is forbidden is found once.
        ({**_A, "additionalProperties": False}, {"a": 1, "x": 1}, ["/x additionalProperties"]),
        (
            {"allOf": [_A, {**_B, "additionalProperties": False}]},
            {"b": 1, "x": 1},
            ["/x additionalProperties"],
        ),
        # All that `allOf` has is seen together, with what stands beside it.
        ({"allOf": [_A, ref("B")], "properties": {"c": {}}}, {"a": 1, "b": 1, "c": 1}, []),
        ({"allOf": [_A, {"allOf": [ref("B"), _EITHER]}]}, {"a": 1, "x": 1}, ["/x undocumented-property"]),
        # Alternatives that only say what must be there describe nothing.
        (
            {**_A, "anyOf": [{"required": ["a"]}, {"required": ["b"]}]},
            {"a": 1, "x": 1},
            ["/x undocumented-property"],
        ),
        ({**_A, "not": {"required": ["z"]}}, {"a": 1, "x": 1}, ["/x undocumented-property"]),
        ({**_A, "oneOf": [{"type": "object"}]}, {"x": 1}, []),
        (
            {"properties": {"m": {"additionalProperties": _A}}},
            {"m": {"k": {"x": 1}}},
            ["/m/k/x undocumented-property"],
        ),
        # A discriminator names the child, of which its parent says nothing.
        (ref("Parent"), {"kind": "Dog", "bark": 1}, []),
        (ref("Parent"), {"kind": "hund", "bark": 1, "x": 1}, ["/x undocumented-property"]),
        (ref("Parent"), {"kind": "Cat", "bark": 1}, ["/bark undocumented-property"]),
        (ref("Parent"), {"kind": "Bird", "wings": 2}, []),
        (ref("Dog"), {"kind": "Dog", "bark": 1, "meow": 1}, ["/meow undocumented-property"]),
        (
            {"oneOf": [ref("Dog"), ref("Cat")], "discriminator": {"propertyName": "kind"}},
            {"kind": "Cat", "bark": 1},
            ["/bark undocumented-property"],
        ),
    ],
    ids=_id,
)
def test_only_schemas_that_apply_mention_anything(
    schema: Any, value: Any, expected: list[str], version: str
) -> None:
    """Properties count as mentioned by all branches that the value fits, like with `unevaluatedProperties: false`."""
    assert expected == compact(validate_value(schema, value, version, is_exact=True, **_SCHEMAS, **_FAMILY))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"a": 1, "then": 1}, []),
        ({"a": 2, "else": 1}, []),
        ({"a": 1, "else": 1}, ["/else undocumented-property"]),
        ({"a": 2, "then": 1}, ["/then undocumented-property"]),
    ],
    ids=_id,
)
def test_of_a_condition_one_side_applies(value: Any, expected: list[str]) -> None:
    """`then` if `if` fits, else `else`."""
    schema = {
        "if": {"properties": {"a": {"const": 1}}},
        "then": {"properties": {"then": {}}},
        "else": {"properties": {"else": {}}},
        "properties": {"a": {}},
    }
    assert expected == compact(validate_value(schema, value, is_exact=True))


def test_siblings_of_a_reference_in_3_0_mention_nothing() -> None:
    """Keywords beside a `$ref` are ignored in 3.0 (OpenAPI 3.0.4, "Reference Object"), and count since 3.1."""
    schema = {"properties": {"a": {**ref("A"), "properties": {"c": {}}}}}
    expected = {"3.0.3": ["/a/c undocumented-property"], "3.1.0": []}
    for version, found in expected.items():
        assert found == compact(validate_value(schema, {"a": {"c": 1}}, version, is_exact=True, **_SCHEMAS))


def test_schemas_in_circles_end() -> None:
    """A schema that leads to itself by all ways there are is looked at once."""
    node = {
        "allOf": [_A, {"anyOf": [{"$ref": "#/components/schemas/Leaf"}, {"type": "null"}]}],
        "properties": {},
    }
    leaf = {"properties": {"next": ref("Node"), "more": {"type": "array", "items": ref("Node")}}}
    value = {"a": 1, "next": {"a": 1, "x": 1, "next": {"a": 1}}, "more": [{"a": 1, "y": 1}]}
    found = compact(validate_value(ref("Node"), value, is_exact=True, Node=node, Leaf=leaf))
    assert ["/more/0/y undocumented-property", "/next/x undocumented-property"] == found


@pytest.mark.no_cover
def test_large_responses_are_looked_through_in_no_time() -> None:
    """Three thousand objects with alternatives in them take less than a second, not one for each branch of each."""
    schema = {
        "type": "array",
        "items": {
            "properties": {
                "a": ref("A"),
                "maybe": {"anyOf": [ref("A"), {"type": "null"}]},
                "either": _EITHER,
                "some": {"type": "array", "items": {"oneOf": [{"type": "string"}, ref("B")]}},
            }
        },
    }
    item = {"a": {"a": 1}, "maybe": {"a": 1}, "either": {"b": 1}, "some": ["x", {"b": 1}]}
    value = [*([item] * 3_000), {"a": {"x": 1}}]
    began = time.process_time()
    assert ["/3000/a/x undocumented-property"] == compact(
        validate_value(schema, value, is_exact=True, **_SCHEMAS)
    )
    assert time.process_time() - began < 3
