"""`--validate exact` reports each property that the document does not mention, and nothing that may come."""

import json
from typing import Any

import pytest

from tests.judging import compact, judge_value

_A = {"type": "object", "properties": {"a": {"type": "integer"}}}
_B = {"type": "object", "properties": {"b": {"type": "integer"}}}
_SCHEMAS = {
    "A": _A,
    "B": _B,
    "Tree": {
        "properties": {"n": {}, "children": {"type": "array", "items": {"$ref": "#/components/schemas/Tree"}}}
    },
}


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def _id(value: Any) -> str:
    return json.dumps(value)[:70]


@pytest.mark.parametrize("version", ["3.0.3", "3.1.0"])
@pytest.mark.parametrize(
    ("schema", "value", "undocumented"),
    [
        (_A, {"a": 1, "x": 2}, ["/x"]),
        (_A, {"a": 1, "x": 2, "y": {}}, ["/x", "/y"]),
        (_ref("A"), {"x": 1}, ["/x"]),
        ({"properties": {"a": _A}}, {"a": {"a": 1, "x/y": 1}}, ["/a/x~1y"]),
        ({"type": "array", "items": _ref("A")}, [{"a": 1}, {"x": 1}], ["/1/x"]),
        (
            _ref("Tree"),
            {"n": 1, "children": [{"n": 1, "children": [{"x": 1}]}]},
            ["/children/0/children/0/x"],
        ),
        ({"allOf": [_A, _ref("B")]}, {"a": 1, "b": 2, "x": 3}, ["/x"]),
        ({"oneOf": [{**_A, "required": ["a"]}, {**_B, "required": ["b"]}]}, {"x": 3, "a": 1}, ["/x"]),
        ({"anyOf": [_ref("A"), {"type": "string"}]}, {"x": 3}, ["/x"]),
        ({"properties": {"a": {"anyOf": [_A, _B]}}}, {"a": {"x": 1}}, ["/a/x"]),
        ({"additionalProperties": _ref("A")}, {"k1": {"a": 1}, "k2": {"x": 1}}, ["/k2/x"]),
        ({"properties": {"a": {}}, "allOf": [{"type": "object"}]}, {"x": 1}, ["/x"]),
    ],
    ids=_id,
)
def test_what_is_not_mentioned(schema: Any, value: Any, undocumented: list[str], version: str) -> None:
    """A property that no schema which may apply mentions is a finding at any depth."""
    verdict = judge_value(schema, value, version, is_exact=True, **_SCHEMAS)
    assert [f"{one} undocumented-property" for one in undocumented] == compact(verdict)
    assert [] == compact(judge_value(schema, value, version, **_SCHEMAS))


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
    assert [] == compact(judge_value(schema, value, version, is_exact=True, **_SCHEMAS))


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
        ({**_ref("A"), "properties": {"c": {}}}, {"a": 1, "c": 1, "x": 1}, ["/x undocumented-property"]),
        (True, {"x": 1}, []),
    ],
    ids=_id,
)
def test_what_3_1_adds(schema: Any, value: Any, expected: list[str]) -> None:
    """Conditions, patterns and positions mention properties too."""
    assert expected == compact(judge_value(schema, value, "3.1.0", is_exact=True, **_SCHEMAS))


def test_the_finding_names_the_property() -> None:
    """The message has the name, and what came is there, shortened."""
    found = judge_value(_A, {"note": "x" * 200}, is_exact=True).findings[0]
    assert ("the document does not mention `note`", f"{'x' * 80}...") == (found.message, found.got)
