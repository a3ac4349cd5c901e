"""What the document does not mention."""

from typing import Any

from tests.validation.in_process_judge import answered
from tests.validation.pairs.model import V31, Pair, answer, value

_A = {"type": "object", "properties": {"a": {"type": "integer"}}}
_B = {"type": "object", "properties": {"b": {"type": "integer"}}}
_SCHEMAS = {"A": _A, "B": _B}
_REF_A, _REF_B = {"$ref": "#/components/schemas/A"}, {"$ref": "#/components/schemas/B"}


def _exact(name: str, schema: Any, given: Any, *expected: str, **more: Any) -> Pair:
    found = (f"{expectation} undocumented-property" for expectation in expected)
    return value(name, schema, given, *found, is_exact=True, schemas=_SCHEMAS, **more)


PAIRS = [
    _exact("nothing that is not mentioned", _A, {"a": 1}),
    _exact("a property that is not mentioned", _A, {"a": 1, "x": {"y": 1}}, "/x"),
    _exact("not mentioned behind a reference", _REF_A, {"x": 1, "y": 2}, "/x", "/y"),
    _exact("not mentioned inside", {"properties": {"o": _REF_A}}, {"o": {"x": 1}}, "/o/x"),
    _exact("not mentioned in an item", {"type": "array", "items": _REF_A}, [{"a": 1}, {"x": 1}], "/1/x"),
    _exact("mentioned by the other of allOf", {"allOf": [_REF_A, _REF_B]}, {"a": 1, "b": 1}),
    _exact("mentioned by none of allOf", {"allOf": [_REF_A, _REF_B]}, {"a": 1, "x": 1}, "/x"),
    _exact("mentioned beside allOf", {"allOf": [_REF_A], "properties": {"c": {}}}, {"a": 1, "c": 1}),
    _exact(
        "mentioned by one alternative",
        {"oneOf": [{**_A, "required": ["a"]}, {**_B, "required": ["b"]}]},
        {"b": 1},
    ),
    _exact(
        "mentioned by no alternative",
        {"oneOf": [{**_A, "required": ["a"]}, {**_B, "required": ["b"]}]},
        {"b": 1, "x": 1},
        "/x",
    ),
    _exact("a free-form object", {"type": "object"}, {"x": {"y": 1}}),
    _exact("an empty schema", {}, {"x": {"y": 1}}),
    _exact("a free-form property", {"properties": {"a": {"type": "object"}}}, {"a": {"x": 1}}),
    _exact("a map of integers", {"type": "object", "additionalProperties": {"type": "integer"}}, {"x": 1}),
    _exact("a map beside properties", {**_A, "additionalProperties": {"type": "integer"}}, {"a": 1, "x": 1}),
    _exact("in the values of a map", {"additionalProperties": _REF_A}, {"k": {"x": 1}}, "/k/x"),
    _exact("where more may come", {**_A, "additionalProperties": True}, {"x": 1}),
    _exact("where more may come in allOf", {"allOf": [_REF_A, {"additionalProperties": True}]}, {"x": 1}),
    _exact("an alternative that is free", {"anyOf": [_REF_A, {"type": "object"}]}, {"x": 1}),
    _exact("a name by pattern", {**_A, "patternProperties": {"^x-": {}}}, {"x-1": 1}, versions=V31),
    _exact("a name by a condition", {"if": _A, "then": _B}, {"a": 1, "b": 1}, versions=V31),
    _exact(
        "beside a reference",
        {**_REF_A, "properties": {"c": {}}},
        {"a": 1, "c": 1, "x": 1},
        "/x",
        versions=V31,
    ),
    value(
        "not mentioned, and wrong",
        _A,
        {"a": "x", "b": 1},
        "/a type",
        "/b undocumented-property",
        is_exact=True,
    ),
    answer(
        "a header of another answer",
        {"200": {"description": ""}, "429": {"description": "", "headers": {"X-Rate": {"schema": {}}}}},
        answered(b"", media_type="", headers={"x-rate": "5", "x-other": "1", "date": "now"}),
        "header/X-Rate undocumented-header",
        is_exact=True,
    ),
    answer(
        "a header of another answer where nobody asks",
        {"200": {"description": ""}, "429": {"description": "", "headers": {"X-Rate": {"schema": {}}}}},
        answered(b"", media_type="", headers={"x-rate": "5"}),
    ),
]
