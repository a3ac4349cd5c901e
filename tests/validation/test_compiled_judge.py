"""What is compiled accepts what the keywords accept, and nothing else; findings are the keywords' own.

Over real documents this is `python -m tests.validation.compiled_against_keywords`; here it is a part of that, and
schemas that were written to tell the two apart.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dynacli.validation.accepting import acceptance
from dynacli.validation.accepting.plain_schema import UntranslatableError
from dynacli.validation.accepting.plain_values import LIMIT, MAX_LEVELS, is_plain
from dynacli.validation.bodies import read_body
from dynacli.validation.findings.finding import Verdict
from dynacli.validation.judging_notes import JudgingNotes
from dynacli.validation.schemas import dialects
from tests.real_documents import OWN, documents
from tests.sampling import examples
from tests.validation import json_schema_suite
from tests.validation.compiled_against_keywords import (
    Tally,
    compare_document,
    compare_values,
    plain_schema_of,
    resolver_of,
)
from tests.validation.golden_findings import told
from tests.validation.in_process_judge import answer_document, compact, judge_value

_BIG = 2**53
_VALUES: list[Any] = [
    *(
        None,
        True,
        False,
        0,
        1,
        -1,
        2,
        3,
        5,
        10,
        11,
        1.0,
        1.5,
        0.1,
        0.3,
        0.30000000000000004,
        -0.0,
        4.02,
        1e15 + 0.01,
    ),
    *(
        _BIG,
        _BIG + 1,
        float(_BIG),
        float(_BIG) + 2,
        2**62,
        10**18,
        1e18,
        2**63,
        2**64,
        10**30,
        1e30,
        1e308,
        -1e308,
    ),
    *(
        float("inf"),
        float("-inf"),
        "",
        "a",
        "ab",
        "abc",
        "b",
        "\u00e9",
        "e\u0301",
        "\U0001f600",
        "\ud800",
        "1",
        "null",
    ),
    *(
        "A",
        "B",
        "x-a",
        "x" * 300,
        "2020-01-01",
        "2020-01-01T00:00:00Z",
        "https://a.example/",
        "#/components/schemas/A",
    ),
    *(
        [],
        [1],
        [1, 2],
        [1, 1],
        [1, 1.0],
        [1, True],
        [0, False],
        [[1], [1.0]],
        [{"a": 1}, {"a": 1.0}],
        ["a", "b", "c"],
    ),
    *(
        [None],
        [[]],
        [{}],
        [1, "a"],
        [_BIG + 1, float(_BIG)],
        list(range(30)),
        [{"a": "x"}] * 30,
        [1, "a", None],
    ),
    *(
        {},
        {"a": 1},
        {"a": None},
        {"a": "x"},
        {"a": 1.0},
        {"a": True},
        {"b": 1},
        {"a": 1, "b": 2},
        {"a": {"a": {}}},
    ),
    *(
        {"a": {"a": 1}},
        {"x-a": 1},
        {"a": [1, "x"]},
        {"\ud800": 1},
        {"a": "\ud800"},
        {"c": 1, "a": 1},
        {"": 1},
    ),
    *(
        {"kind": "A"},
        {"kind": "A", "a": 1},
        {"kind": "B"},
        {"kind": "B", "b": 1},
        {"kind": "C"},
        {"kind": None},
    ),
    *(
        {"kind": 1},
        {"kind": "one", "a": 1},
        {"kind": "one"},
        {"kind": "#/components/schemas/B", "b": 2},
        {"kind": []},
    ),
]
_COMPONENTS: dict[str, Any] = {
    "A": {"type": "object", "required": ["a"], "properties": {"a": {"type": "integer"}}},
    "B": {"type": "object", "required": ["b"], "properties": {"b": {"type": "number"}}},
    "Hidden": {"type": "string", "readOnly": True},
    "HiddenToo": {"allOf": [{"writeOnly": True}, {"type": "string"}]},
    "Tree": {
        "type": "object",
        "properties": {"a": {"$ref": "#/components/schemas/Tree"}},
        "additionalProperties": False,
    },
    "Circle": {"allOf": [{"$ref": "#/components/schemas/Circle"}]},
    "Long/name~": {"type": "integer"},
}
_REF = "#/components/schemas/"
_EITHER = [{"$ref": f"{_REF}A"}, {"$ref": f"{_REF}B"}]
_SCHEMAS: dict[str, Any] = {
    "anything": {},
    "true": {"properties": {"a": True}},
    "false": {"properties": {"a": False}},
    "integer": {"type": "integer"},
    "number": {"type": "number"},
    "integer or number": {"type": ["integer", "number"]},
    "integer or null": {"type": ["integer", "null"]},
    "several types": {"type": ["string", "array", "object"]},
    "boolean": {"type": "boolean"},
    "nullable": {"type": "string", "nullable": True},
    "nullable without a type": {"nullable": True, "enum": ["a"]},
    "nullable and an enumeration": {"type": "string", "nullable": True, "enum": ["a"]},
    "nullable integer": {"type": "integer", "nullable": True},
    "not nullable": {"type": "string", "nullable": False},
    "bounds": {"minimum": 1, "maximum": 10},
    "bounds as fractions": {"minimum": 0.1, "maximum": 1.5},
    "flags of 3.0": {"minimum": 1, "exclusiveMinimum": True, "maximum": 10, "exclusiveMaximum": True},
    "flags of 3.0 that are off": {"minimum": 1, "exclusiveMinimum": False},
    "flags alone": {"exclusiveMinimum": True, "exclusiveMaximum": False},
    "exclusive bounds": {"exclusiveMinimum": 1, "exclusiveMaximum": 10},
    "an exclusive bound beside another": {"minimum": 3, "exclusiveMinimum": 1},
    "a bound beside 53 bits": {"maximum": _BIG + 1},
    "a bound beside 53 bits, as a fraction": {"maximum": float(_BIG)},
    "a lower bound beside 53 bits": {"minimum": _BIG + 1},
    "bounds of 64 bits": {"minimum": -(2**63), "maximum": 2**63 - 1},
    "bounds that none of those reaches": {"minimum": -1.7e308, "maximum": 1.7e308},
    "multiples of a decimal": {"multipleOf": 0.1},
    "multiples of a hundredth": {"multipleOf": 0.01},
    "multiples of a whole number": {"multipleOf": 3},
    "multiples of one": {"multipleOf": 1.0},
    "lengths": {"minLength": 1, "maxLength": 2},
    "lengths as fractions": {"minLength": 1.0, "maxLength": 2.0},
    "a pattern": {"pattern": "^[a-z]+$"},
    "a pattern that looks around": {"pattern": "^(?!ab)"},
    "a pattern of Annex B": {"pattern": "[\\w-.]"},
    "a pattern with a brace": {"pattern": "{"},
    "a pattern and a format": {"pattern": "^2", "format": "date"},
    "several formats": {"allOf": [{"format": "date"}, {"format": "uri-reference"}]},
    "a number's format": {"format": "int32", "minimum": 1},
    "an unknown format": {"format": "phone"},
    "an enumeration": {"enum": ["a", 1, None]},
    "an enumeration of numbers": {"enum": [0, 1.0, _BIG + 1]},
    "an enumeration of values": {"enum": [{"a": 1}, [1], [True], {"a": {"a": {}}}]},
    "a constant": {"const": 1},
    "a constant that is true": {"const": True},
    "a constant beside 53 bits": {"const": float(_BIG)},
    "a constant value": {"const": {"a": [1, "x"]}},
    "items": {"type": "array", "items": {"type": "integer"}},
    "counted items": {"minItems": 1, "maxItems": 2},
    "all differ": {"uniqueItems": True},
    "none need to differ": {"uniqueItems": False},
    "first items": {"prefixItems": [{"type": "integer"}, {"type": "string"}]},
    "first items and no others": {"prefixItems": [{"type": "integer"}], "items": False},
    "first items and others": {"prefixItems": [{"type": "integer"}], "items": {"type": "string"}},
    "contains": {"contains": {"type": "string"}},
    "contains some": {"contains": {"type": "integer"}, "minContains": 2, "maxContains": 3},
    "contains none or more": {"contains": {"type": "string"}, "minContains": 0},
    "counts without contains": {"minContains": 2},
    "properties": {"properties": {"a": {"type": "integer"}, "b": {"maximum": 1}}},
    "required": {"required": ["a", "a", "b"]},
    "required as Swagger 1 had it": {"properties": {"a": {"required": True, "type": "integer"}}},
    "counted properties": {"minProperties": 1, "maxProperties": 1},
    "no others": {"properties": {"a": {}}, "additionalProperties": False},
    "others": {"properties": {"a": {}}, "additionalProperties": {"type": "string"}},
    "others, by nothing that is known": {"additionalProperties": "no"},
    "others without properties": {"additionalProperties": {"type": "integer"}},
    "names": {"propertyNames": {"maxLength": 1, "pattern": "^[a-c]"}},
    "dependent names": {"dependentRequired": {"a": ["b", "b"]}},
    "dependent schemas": {"dependentSchemas": {"a": {"required": ["b"]}}},
    "read-only": {"required": ["a"], "properties": {"a": {"readOnly": True}}},
    "write-only": {"required": ["a", "b"], "properties": {"a": {"writeOnly": True}}},
    "read-only by a reference": {"required": ["a"], "properties": {"a": {"$ref": f"{_REF}Hidden"}}},
    "write-only by a part": {"required": ["a"], "properties": {"a": {"$ref": f"{_REF}HiddenToo"}}},
    "read-only and no others": {"properties": {"a": {"readOnly": True}}, "additionalProperties": False},
    "not": {"not": {"type": "string"}},
    "not not": {"not": {"not": {"required": ["a"]}}},
    "all": {"allOf": [{"type": "object"}, {"required": ["a"]}]},
    "all of none": {"allOf": []},
    "any": {"anyOf": [{"type": "string"}, {"minimum": 2}, False]},
    "one": {"oneOf": [{"type": "integer"}, {"minimum": 2}, {"type": "object"}]},
    "one of two alike": {"oneOf": [{"type": "integer"}, {"type": "integer"}, {"type": "string"}]},
    "if": {"if": {"type": "integer"}, "then": {"minimum": 2}, "else": {"minLength": 2}},
    "if without then": {"if": {"type": "integer"}, "else": {"type": "string"}},
    "then without if": {"then": False, "else": False},
    "a reference": {"$ref": f"{_REF}A"},
    "a reference and what is beside it": {"$ref": f"{_REF}A", "required": ["b"], "maxProperties": 2},
    "a reference with an escape": {"$ref": f"{_REF}Long~1name~0"},
    "a reference into a schema": {"$ref": f"{_REF}A/properties/a"},
    "a dynamic reference": {"$dynamicRef": f"{_REF}A"},
    "both references": {"$ref": f"{_REF}A", "$dynamicRef": f"{_REF}B"},
    "a tree": {"$ref": f"{_REF}Tree"},
    "a forest": {"type": "array", "items": {"$ref": f"{_REF}Tree"}},
    "evaluated or not": {"unevaluatedProperties": True, "unevaluatedItems": True},
    "a discriminator": {"oneOf": _EITHER, "discriminator": {"propertyName": "kind"}},
    "a discriminator over any": {"anyOf": _EITHER, "discriminator": {"propertyName": "kind"}},
    "a mapping": {
        "oneOf": _EITHER,
        "discriminator": {"propertyName": "kind", "mapping": {"one": f"{_REF}A", "A": "B", "two": "nowhere"}},
    },
    "a default": {
        "oneOf": _EITHER,
        "discriminator": {"propertyName": "kind", "defaultMapping": f"{_REF}B", "mapping": {"one": "A"}},
    },
    "a discriminator beside other alternatives": {
        "oneOf": [*_EITHER, {"type": "string"}],
        "allOf": [{"minProperties": 1}],
        "discriminator": {"propertyName": "kind"},
    },
    "a discriminator with nothing to choose from": {"discriminator": {"propertyName": "kind"}},
    "a discriminator that is none": {"oneOf": _EITHER, "discriminator": {"mapping": 3}},
    "the dialect itself": {"$schema": "https://spec.openapis.org/oas/3.1/dialect/base", "type": "integer"},
    "annotations": {
        "title": 3,
        "description": [],
        "x-any": {},
        "default": "x",
        "examples": 1,
        "$id": "urn:x",
    },
}
_DOUBTFUL: dict[str, Any] = {
    "a minimum that is text": {"minimum": "a"},
    "a bound that is true": {"maximum": True},
    "a bound that all of them miss": {"minimum": 10**40},
    "a length below nothing": {"maxLength": -1},
    "half a length": {"minLength": 0.5},
    "required as text": {"required": "a"},
    "properties as a list": {"properties": ["a"], "additionalProperties": False},
    "a property that is text": {"properties": {"a": "integer"}, "additionalProperties": False},
    "items as a list": {"items": [{"type": "integer"}]},
    "an unknown type": {"type": "file"},
    "no type": {"type": []},
    "an enumeration as an object": {"enum": {"a": 1}},
    "an empty enumeration": {"enum": []},
    "multiples of nothing": {"multipleOf": 0},
    "a reference to nowhere": {"properties": {"a": {"$ref": f"{_REF}Nowhere"}}},
    "a reference that is a number": {"$ref": 3},
    "a pattern that is none": {"pattern": "("},
    "a pattern that is too long": {"pattern": "a" * 513},
    "a pattern that is a number": {"pattern": 3},
    "a format that is a list": {"format": ["date"]},
    "any of nothing": {"anyOf": []},
    "any as an object": {"anyOf": {"type": "string"}},
    "names by patterns": {"patternProperties": {"^x-": {"type": "integer"}}, "additionalProperties": False},
    "unevaluated properties": {"properties": {"a": {}}, "unevaluatedProperties": False},
    "unevaluated items": {"prefixItems": [{}], "unevaluatedItems": False},
    "a dynamic anchor": {"$dynamicRef": "#node"},
    "another dialect": {
        "properties": {"a": {"$schema": "http://json-schema.org/draft-04/schema#", "type": "integer"}}
    },
    "an unknown dialect": {"properties": {"a": {"$schema": "https://schema.example/own", "type": "integer"}}},
    "a doubt in a branch": {"anyOf": [{"minimum": "a"}, {"type": "string"}]},
    "a doubt that is excluded": {"not": {"minimum": "a"}},
    "a doubt in one of several": {"oneOf": [{"minimum": "a"}, {"type": "number"}]},
    "a doubt in a condition": {
        "if": {"minimum": "a"},
        "then": {"type": "string"},
        "else": {"type": "number"},
    },
    "doubtful properties, and others excluded": {"not": {"properties": ["a"], "additionalProperties": False}},
}
"""Schemas of which some values are left to the keywords, which say why."""

_DIRECTIONS: Any = ("request", "response")


def _resolver(version: str) -> Any:
    return resolver_of(answer_document({}, f"{version}.0", **_COMPONENTS))


@pytest.mark.sampled(16)
@pytest.mark.parametrize("version", ["3.0", "3.1", "3.2"])
@pytest.mark.parametrize("name", _SCHEMAS)
def test_what_is_compiled_accepts_what_the_keywords_accept(name: str, version: str) -> None:
    """Each schema, each value, each direction."""
    tally = Tally()
    for direction in _DIRECTIONS:
        compare_values(name, _SCHEMAS[name], _resolver(version), version, direction, _VALUES, tally)
    assert [] == tally.differing
    assert tally.schemas == 2
    assert tally.accepted


@pytest.mark.sampled(8)
@pytest.mark.parametrize("version", ["3.0", "3.1", "3.2"])
@pytest.mark.parametrize("name", _DOUBTFUL)
def test_what_the_document_misuses_is_left_to_the_keywords(name: str, version: str) -> None:
    """Nothing is accepted that they find anything in, or have anything to note of."""
    tally = Tally()
    for direction in _DIRECTIONS:
        compare_values(name, _DOUBTFUL[name], _resolver(version), version, direction, _VALUES, tally)
    assert [] == tally.differing


def test_values_of_another_dialect_as_a_whole_are_left_to_the_keywords() -> None:
    """Draft 4's `exclusiveMinimum` is not read by a compiled schema of 2020-12."""
    maker = dialects.SchemaValidators("3.1", "response", JudgingNotes())
    schema = {
        "$schema": "http://json-schema.org/draft-04/schema#",
        "items": {"minimum": 0, "exclusiveMinimum": True},
    }
    value = [0] * 5_000
    assert len(value) > len(maker.errors(maker.validator(schema, _resolver("3.1")), value)) > 0


def test_compiling_a_schema_notes_nothing() -> None:
    """An unknown dialect and a reference to nowhere are noted where a value leads to them."""
    notes = JudgingNotes()
    maker = dialects.SchemaValidators("3.1", "response", notes)
    schema = {
        "items": {"type": "integer"},
        "properties": {
            "a": {"$schema": "https://schema.example/own"},
            "b": {"$ref": f"{_REF}Nowhere"},
            "c": {"required": ["d"], "properties": {"d": {"$ref": f"{_REF}Nowhere"}}, "pattern": "("},
        },
    }
    assert maker._acceptance.accepts(maker.validator(schema, _resolver("3.1")), [1] * 5_000)
    assert 0 == notes.count


@pytest.mark.parametrize(
    ("schema", "why"),
    [
        ({"$ref": f"{_REF}Circle"}, "it leads back to itself"),
        ({"allOf": [{"$ref": f"{_REF}Circle"}]}, "it leads back to itself"),
        ({"enum": [1], "properties": {str(number): {} for number in range(3_000)}}, "it is too large"),
    ],
)
def test_a_schema_without_a_plain_form_says_why(schema: Any, why: str) -> None:
    """A schema without a plain form names the reason, and the keywords judge its values."""
    maker = dialects.SchemaValidators("3.1", "response", JudgingNotes())
    with pytest.raises(UntranslatableError, match=why):
        plain_schema_of(maker.validator(schema, _resolver("3.1")), 2_000)


def test_a_schema_that_takes_many_steps_on_one_value_is_not_compiled() -> None:
    """Compiled code has no recursion limit that would end it."""
    nested: Any = {"type": "integer"}
    for _ in range(100):
        nested = {"anyOf": [nested]}
    maker = dialects.SchemaValidators("3.1", "response", JudgingNotes())
    with pytest.raises(UntranslatableError, match="too deep"):
        plain_schema_of(maker.validator(nested, _resolver("3.1")), 2_000)


def test_over_whole_documents_both_say_the_same(folder: Path) -> None:
    """A part of what `python -m tests.validation.compiled_against_keywords` compares."""
    tally = Tally()
    for path in documents(folder):
        tally.add(compare_document(path, most=8, values=5))
    assert [] == tally.differing
    assert min(tally.schemas, tally.accepted) > (30 if folder == OWN else 1_000)


@pytest.mark.outside
@pytest.mark.parametrize(("draft", "version"), [("draft2020-12", "3.1"), ("draft4", "3.0")])
def test_over_the_official_suite_both_say_the_same(draft: str, version: str) -> None:
    """Its schemas were written to find the corners of the keywords."""
    tally = Tally()
    for pattern in ("*.json", "optional/*.json", "optional/format/*.json"):
        for group in json_schema_suite.groups(draft, pattern):
            with json_schema_suite.judge_of_group(group.schema, f"{version}.0")._spec.resolve() as resolved:
                schema = {"$ref": f"{_REF}Case"}
                values = [case.value for case in group.cases] + _VALUES[::4]
                compare_values(group.name, schema, resolved.resolver, version, "response", values, tally)
    assert [] == tally.differing
    assert tally.accepted > 1_000


_ISSUES: dict[str, Any] = {
    "type": "object",
    "required": ["items"],
    "properties": {"items": {"type": "array", "items": {"$ref": f"{_REF}Item"}}},
}
_ITEM: dict[str, Any] = {
    "type": "object",
    "required": ["id", "state"],
    "properties": {
        "id": {"type": "integer"},
        "state": {"enum": ["open", "closed"]},
        "name": {"type": "string", "pattern": "^[a-z]+$", "nullable": True},
        "price": {"type": "number", "multipleOf": 0.01},
        "misused": {"type": "integer", "multipleOf": 0},
        "of": {"oneOf": [{"$ref": f"{_REF}A"}, {"$ref": f"{_REF}B"}]},
    },
}


def _many(count: int, **changes: dict[str, Any]) -> dict[str, Any]:
    made: list[Any] = [
        {"id": number, "state": "open", "name": "abc", "price": 4.02, "of": {"a": 1}}
        for number in range(count)
    ]
    for place, change in changes.items():
        made[int(place[1:])].update(change)
    return {"items": made}


def _judged(value: Any, version: str = "3.1.0") -> Verdict:
    return judge_value(_ISSUES, value, version, Item=_ITEM, **_COMPONENTS)


_WRONG: dict[str, dict[str, Any]] = {
    "_7": {"state": "ajar"},
    "_400": {"name": "ABC", "price": 4.025},
    "_401": {"of": {"a": "x"}},
    "_499": {"misused": 3},
}


@pytest.mark.parametrize("version", ["3.0.4", "3.1.1"])
def test_findings_of_a_large_body_are_those_of_the_keywords(
    version: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only the items that are not accepted are judged by them, and nothing is lost by that."""
    value = _many(500, **_WRONG)
    found = _judged(value, version)
    monkeypatch.setattr(acceptance, "_MIN_VALUES", float("inf"))
    assert told(_judged(value, version)) == told(found)
    assert [
        "/items/400/name pattern",
        "/items/400/price multipleOf",
        "/items/401/of/a type",
        "/items/7/state enum",
        "? the document's `multipleOf` cannot be used: `0`",
    ] == compact(found)


def test_findings_of_a_large_map_are_those_of_the_keywords(monkeypatch: pytest.MonkeyPatch) -> None:
    """A large map has the findings that the keywords alone would give."""
    schema = {"properties": {"name5": {"type": "string"}}, "additionalProperties": {"$ref": f"{_REF}Item"}}
    value = {f"name{number}": item for number, item in enumerate(_many(500, **_WRONG)["items"])}
    found = judge_value(schema, value, Item=_ITEM, **_COMPONENTS)
    monkeypatch.setattr(acceptance, "_MIN_VALUES", float("inf"))
    assert told(judge_value(schema, value, Item=_ITEM, **_COMPONENTS)) == told(found)
    assert "/name5 type" in compact(found)
    assert "/name400/price multipleOf" in compact(found)


def test_of_a_large_body_that_is_wrong_throughout_a_thousand_findings_are_enough() -> None:
    """The list ends after a thousand findings, with a note that there may be more."""
    value = _many(3_000, **{f"_{number}": {"state": "ajar"} for number in range(3_000)})
    verdict = _judged(value)
    assert len(verdict.findings) == 1_000
    assert ["the rest of an array that has over 1,000 errors"] == verdict.unchecked


def test_a_small_value_is_not_worth_compiling_a_schema_and_many_are() -> None:
    """Items of a stream come one by one, so that their sizes add up."""
    maker = dialects.SchemaValidators("3.1", "response", JudgingNotes())
    resolver = resolver_of(answer_document({}, Item=_ITEM, **_COMPONENTS))
    validator = maker.validator({"$ref": f"{_REF}Item"}, resolver)
    item = _many(1)["items"][0]
    accepted = [maker._acceptance.accepts(validator, item) for _ in range(1_000)]
    assert not accepted[0]
    assert accepted[-1]


def test_a_schema_much_larger_than_the_value_is_not_compiled() -> None:
    """In a densely connected document a schema leads to nearly all of it."""
    maker = dialects.SchemaValidators("3.1", "response", JudgingNotes())
    schema = {"properties": {f"p{number}": {"type": "integer"} for number in range(2_000)}}
    validator = maker.validator(schema, _resolver("3.1"))
    assert not maker._acceptance.accepts(validator, [1] * 2_500)
    assert maker._acceptance.accepts(validator, [1] * 20_000)


@pytest.mark.parametrize("number", ["1e400", "-1e400", "1" * 30, "9223372036854775808", "1e30"])
def test_numbers_beyond_64_bits_are_left_to_the_keywords(number: str) -> None:
    """jsonschema-rs takes an infinite number to keep every bound, and orjson reads large whole ones as fractions."""
    body = f"[{'1,' * 40_000}{number}]".encode()
    found = judge_value({"items": {"maximum": 10, "minimum": -10}}, body)
    assert ["maximum" if not number.startswith("-") else "minimum"] == [
        finding.rule for finding in found.findings
    ]
    assert "/40000" == found.findings[0].pointer


def test_a_pattern_of_a_large_body_has_the_time_of_the_message(monkeypatch: pytest.MonkeyPatch) -> None:
    """Compiled schemas share the message's time for patterns; a text that ran out of time does not pass."""
    monkeypatch.setattr("dynacli.model.patterns._SECONDS", 0.0)
    notes = JudgingNotes()
    notes.patterns._seconds_left = 0.0
    maker = dialects.SchemaValidators("3.1", "response", notes)
    validator = maker.validator({"items": {"pattern": "^a"}}, _resolver("3.1"))
    errors = maker.errors(validator, ["a"] * 3_000)
    assert ["the pattern takes too long"] == [*{error.message for error in errors}]


def test_a_text_that_is_too_long_for_a_pattern_is_noted_in_a_large_body() -> None:
    """A large body has the same note as a small one."""
    value = ["a"] * 3_000 + ["a" * 60_000]
    verdict = judge_value({"items": {"pattern": "^a"}}, value)
    assert ["? a text of 60000 characters is too long for `^a`"] == compact(verdict)


_DEEP = """
import threading
from dynacli.validation.schemas import dialects
from dynacli.validation.judging_notes import JudgingNotes
from tests.validation.compiled_against_keywords import compiled_schema_of, resolver_of
from tests.validation.in_process_judge import answer_document

names = [f"N{number}" for number in range(20)]
schemas = {name: {KEYWORD: [{"$ref": "#/components/schemas/" + after}, OTHER]} for name, after in zip(names, names[1:])}
schemas["N19"] = {"additionalProperties": {"$ref": "#/components/schemas/N0"}}
value = {}
for _ in range(99):
    value = {"a": value}

def run():
    maker = dialects.SchemaValidators("3.1", "response", JudgingNotes())
    validator = maker.validator({"$ref": "#/components/schemas/N0"}, resolver_of(answer_document({}, **schemas)))
    print(compiled_schema_of(validator, 1_000).accepts(value))

run()
thread = threading.Thread(target=run)
thread.start()
thread.join()
"""


@pytest.mark.sampled(1)
@pytest.mark.parametrize(("keyword", "other"), [("anyOf", False), ("oneOf", False), ("allOf", True)])
def test_the_deepest_value_on_the_longest_way_does_not_use_up_the_stack(keyword: str, other: bool) -> None:
    """Neither on the main thread nor on another."""
    code = _DEEP.replace("KEYWORD", repr(keyword)).replace("OTHER", repr(other))
    checkout = Path(__file__).resolve().parents[2]
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=checkout, timeout=60, check=False
    )
    assert (0, "True\nTrue\n", "") == (done.returncode, done.stdout, done.stderr)


def test_a_value_is_plain_up_to_its_limits() -> None:
    """The limits are what the proof of equality rests on."""
    nested: Any = 1
    for _ in range(MAX_LEVELS):
        nested = [nested]
    assert is_plain(nested)
    assert not is_plain([nested])
    assert not is_plain([[[[[[[[[[[[[[[[[[LIMIT + 1]]]]]]]]]]]]]]]]]])
    assert is_plain({"a": [LIMIT, -LIMIT, float(LIMIT), None, True, "x", 0.5]})
    for number in (LIMIT + 1, -LIMIT - 1, float("inf"), float("-inf"), float("nan"), 10**999, 1e19):
        assert not is_plain({"a": [number]})


_TEXTS = [
    *(
        "1",
        "-0",
        "-0.0",
        "1.0",
        "1E5",
        "0.1e1",
        "1e-400",
        "5e-324",
        "2.2250738585072011e-308",
        "0.1",
        "1e22",
        "1e23",
    ),
    *(
        "9007199254740993",
        "9007199254740993.0",
        "9223372036854775807",
        "9223372036854775808",
        "18446744073709551616",
    ),
    *(
        "-9223372036854775808",
        "-9223372036854775809",
        "123456789012345678901234567890",
        "1e400",
        "-1e400",
        "1" * 400,
    ),
    *(
        "1" * 1_001,
        "NaN",
        "-Infinity",
        "Infinity",
        "01",
        "1.",
        ".5",
        "+1",
        "0x1",
        "1_0",
        "--1",
        "1e",
        "tru",
        "nul",
    ),
    *(
        '"\\ud800"',
        '"\\ud83d\\ude00"',
        '"\\udc00\\ud800"',
        '"\\u0000"',
        '"\x7f"',
        '"\t"',
        '"\\x"',
        '"',
        "'a'",
        '"\\"',
    ),
    *(
        '{"a":1,"b":2,"a":3}',
        "{a:1}",
        '{"a"}',
        '{"a":1,}',
        "[1,]",
        "[1 2]",
        "[",
        "]",
        "",
        "\x0b1",
        "\u00a01",
        "\ufeff1",
    ),
    *(
        "/**/1",
        "1 2",
        "null x",
        "[" * 120 + "]" * 120,
        "[" * 600 + "]" * 600,
        "[" * 20_000 + "]" * 20_000,
        "<html>",
    ),
    *(
        '{"a":{"b":[1,2.5,"x",null,true,false]}}',
        '"\u00e9\U0001f600\u2028"',
        '{"\\u0061":1,"a":2}',
        "[[]]",
        "{}",
    ),
]


def _read(body: bytes) -> str:
    """What is read, told apart by type and order, or why it is not."""
    try:
        return repr(read_body.read_json(body))
    except (read_body.UncheckedError, read_body.UnreadableError) as error:
        return f"{type(error).__name__} {error}"


def _in_a_large_body(body: bytes, monkeypatch: pytest.MonkeyPatch) -> tuple[str, str]:
    with monkeypatch.context() as context:
        context.setattr("dynacli.is_own_process", True)
        context.setattr(read_body, "_LARGE", 0)
        fast = _read(body)
        context.setattr(read_body, "_LARGE", float("inf"))
        return fast, _read(body)


@pytest.mark.parametrize("text", _TEXTS, ids=lambda text: ascii(text)[1:30])
def test_a_large_body_is_read_as_a_small_one(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same value with the same types in the same order, or the same refusal."""
    fast, slow = _in_a_large_body(text.encode("utf-8", "surrogatepass"), monkeypatch)
    assert slow == fast


@pytest.mark.parametrize(
    "body", [b'"\xff"', b"\xef\xbb\xbf1", "1".encode("utf-16"), b'"\xed\xa0\x80"', b"\xc0\x80"]
)
def test_a_large_body_that_is_not_utf_8_is_refused_like_a_small_one(
    body: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wrong UTF-8 is refused at every size, and a byte order mark is read at every size."""
    fast, slow = _in_a_large_body(body, monkeypatch)
    assert slow == fast


class _Written:
    """A JSON text as it stands."""

    def __init__(self, text: str) -> None:
        self.text = text


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)
_NUMBER = st.from_regex(r"-?(0|[1-9][0-9]{0,40})(\.[0-9]{1,40})?([eE][+-]?[0-9]{1,3})?", fullmatch=True)


@settings(max_examples=examples(300), deadline=None)
@given(value=_JSON | _NUMBER.map(_Written))
def test_any_body_is_read_alike(value: Any) -> None:
    """Numbers of any length among them."""
    text = value.text if isinstance(value, _Written) else json.dumps(value)
    with pytest.MonkeyPatch.context() as monkeypatch:
        fast, slow = _in_a_large_body(text.encode(), monkeypatch)
    assert slow == fast
