"""Findings are complete, each once and in its place; what cannot be validated is said, and nothing ends a call."""

import json
import time
from pathlib import Path
from typing import Any

import pytest

from dynacli.openapi.schema.evaluation.schema_error import shortened_value
from dynacli.validation.finding import Finding, ValidationResult
from dynacli.validation.validator import Validator
from tests.harness import Recorder, Response, run_cli
from tests.validation.in_process_validator import (
    JSON,
    compact,
    responded,
    response_document,
    sent,
    validate_response,
    validate_value,
    validator_of,
)

VERSIONS = ["3.0.3", "3.1.0", "3.2.0"]
_OK: dict[str, Any] = {"description": ""}


def _id(value: Any) -> str:
    return value[:40].decode("ascii", "replace") if isinstance(value, bytes) else json.dumps(value)[:70]


# All of them, each once


def test_every_defect_is_a_finding() -> None:
    """A thousand wrong items give a thousand findings, in order."""
    found = validate_value({"type": "array", "items": {"type": "integer"}}, ["x"] * 1000).findings
    assert [f"/{index}" for index in range(1000)] == [finding.pointer for finding in found]


def test_a_defect_that_two_ways_lead_to_is_one_finding() -> None:
    """Two branches of `allOf` that refer to the same schema find the same thing."""
    base = {"type": "object", "properties": {"a": {"type": "integer"}}}
    schema_of_both = {"allOf": [{"$ref": "#/components/schemas/Base"}]}
    schema = {"allOf": [{"$ref": "#/components/schemas/One"}, {"$ref": "#/components/schemas/Two"}]}
    assert ["/a type"] == compact(
        validate_value(schema, {"a": "x"}, Base=base, One=schema_of_both, Two=schema_of_both)
    )


@pytest.mark.exhaustive
@pytest.mark.no_cover
def test_many_findings_are_added_in_no_time() -> None:
    """Adding is not slower for those that are there already."""
    findings = [Finding("response", "type", f"/{index}", "m") for index in range(50_000)]
    validation, began = ValidationResult(), time.process_time()
    for finding in findings:
        validation.extend([finding])
    validation.extend(findings)
    assert 50_000 == len(validation.findings)
    assert time.process_time() - began < 5


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("x" * 81, "x" * 80 + "..."),
        ("x" * 80, "x" * 80),
        ({"a": [1, None]}, {"a": [1, None]}),
        (
            list(range(100)),
            "[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 2...",
        ),
        (float("inf"), "inf"),
        ([float("inf")], ["Infinity"]),
        ("\ud800", "\\ud800"),
        (["\ud800"], ["?"]),
        ({"a" * 100: "\ud800"}, '{"' + "a" * 78 + "..."),
        (10**5000, "an integer of 16610 bits"),
    ],
    ids=[
        "cut",
        "whole",
        "small",
        "list",
        "infinite",
        "infinite-inside",
        "surrogate",
        "inside",
        "key",
        "huge",
    ],
)
def test_what_came_is_shortened(value: Any, expected: Any) -> None:
    """A report shows a short form of each value, which can always be written."""
    assert expected == shortened_value(value)
    json.dumps(shortened_value(value), ensure_ascii=False, allow_nan=False).encode()


@pytest.mark.exhaustive
@pytest.mark.no_cover
def test_a_large_and_deep_value_is_shortened_in_no_time() -> None:
    """Only the beginning of a value of megabytes, or of a thousand levels, is looked at."""
    deep: Any = 1
    for _ in range(50_000):
        deep = [deep]
    began = time.process_time()
    assert "[" * 80 + "..." == shortened_value(deep)
    assert 83 == len(shortened_value([{"n": index} for index in range(1_000_000)]))
    assert time.process_time() - began < 5


# Places


@pytest.mark.parametrize("version", VERSIONS)
def test_a_finding_names_the_references_on_its_way(version: str) -> None:
    """Each `$ref` that was followed, as a pointer into the document, in order; the last schema apart."""
    schema = {"type": "array", "items": {"$ref": "#/components/schemas/A"}}
    tree = {"properties": {"sub": {"allOf": [{"$ref": "#/components/schemas/B"}]}}}
    document = response_document(
        {"200": {"$ref": "#/components/responses/R"}}, version, A=tree, B={"type": "integer"}
    )
    document["components"]["responses"] = {"R": {**_OK, "content": {JSON: {"schema": schema}}}}
    (found,) = validator_of(document).response(responded(b'[{"sub": "x"}]')).findings
    assert "/components/schemas/B/type" == found.schema_pointer
    assert (
        "/paths/~1a/get/responses/200/$ref",
        "/components/responses/R/content/application~1json/schema/items/$ref",
        "/components/schemas/A/properties/sub/allOf/0/$ref",
    ) == found.via
    assert list(found.via) == found.as_json()["via"]


def test_anchors_have_their_place() -> None:
    """A `$dynamicRef` or a reference to an anchor leads to the schema that has it."""
    for keyword, anchor in (("$dynamicRef", "$dynamicAnchor"), ("$ref", "$anchor")):
        tree = {anchor: "n", "properties": {"l": {keyword: "#n"}, "v": {"type": "string"}}}
        (found,) = validate_value({"$ref": "#/components/schemas/T"}, {"l": {"v": 1}}, T=tree).findings
        assert "/components/schemas/T/properties/v/type" == found.schema_pointer
        # One that can only lead to one place is written as a `$ref` when the document is compiled.
        assert found.via[-1] in {f"/components/schemas/T/properties/l/{key}" for key in (keyword, "$ref")}


@pytest.mark.parametrize(
    ("described", "response", "rule", "place"),
    [
        (
            {"content": {JSON: {}}},
            responded(b"x", media_type="text/plain"),
            "undocumented-media-type",
            "200/content",
        ),
        ({"content": {JSON: {}}}, responded(b""), "missing-body", "200/content"),
        ({"content": {JSON: {}}}, responded(b"{"), "unreadable-body", "200/content"),
        ({"headers": {"X-A": {"required": True}}}, responded(b""), "missing-header", "200/headers/X-A"),
        ({}, responded(b"{}"), "undocumented-body", "200"),
        ({}, responded(b"", 299), "undocumented-status", ""),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_no_schema_says_has_a_place_too(described: Any, response: Any, rule: str, place: str) -> None:
    """A finding about a status, a header or a media type points to its description in the document."""
    (found,) = validate_response({"200": {**_OK, **described}}, response, is_exact=True).findings
    assert (rule, f"/paths/~1a/get/responses/{place}".rstrip("/")) == (found.rule, found.schema_pointer)


def test_a_missing_parameter_has_a_place() -> None:
    """The finding points to the operation's description of the parameter."""
    document = response_document({"200": _OK})
    document["paths"]["/a"]["get"]["parameters"] = [{"$ref": "#/components/parameters/P"}]
    parameter = {"name": "p", "in": "query", "required": True, "schema": {"type": "string"}}
    document["components"]["parameters"] = {"P": parameter}
    (found,) = validator_of(document).request(sent()).findings
    assert ("missing-parameter", "/paths/~1a/get/parameters/0") == (found.rule, found.schema_pointer)


# Requests


def _guarded_by(*alternatives: tuple[str, ...]) -> Validator:
    document = response_document({"200": _OK})
    names = {name for alternative in alternatives for name in alternative}
    document["components"]["securitySchemes"] = {
        name: {"type": "apiKey", "in": "header", "name": f"X-{name}"} for name in names
    }
    document["security"] = [{name: [] for name in alternative} for alternative in alternatives]
    return validator_of(document)


@pytest.mark.parametrize(
    ("alternatives", "credentials", "is_missing"),
    [
        ([("key",)], None, False),
        ([("key",)], frozenset(), True),
        ([("key",)], frozenset({"key"}), False),
        ([("key", "token")], frozenset({"key"}), True),
        ([("key", "token")], frozenset({"key", "token"}), False),
        ([("key",), ("token",)], frozenset({"token"}), False),
        ([("key",), ()], frozenset(), False),
        ([], frozenset(), False),
    ],
    ids=["not-told", "none", "there", "half", "both", "one-of-two", "anonymous", "no-security"],
)
def test_missing_credentials(alternatives: Any, credentials: Any, is_missing: bool) -> None:
    """A request with the credentials of no alternative is a finding, if its credentials are known."""
    found = compact(_guarded_by(*alternatives).request(sent(credentials=credentials)))
    assert (["security missing-security"] if is_missing else []) == found


def _posting(schema: Any, version: str = "3.1.0") -> Validator:
    document = response_document({"200": _OK}, version)
    document["paths"]["/a"] = {"post": {**document["paths"]["/a"]["get"]}}
    document["paths"]["/a"]["post"]["requestBody"] = {"content": {JSON: {"schema": schema}}}
    return validator_of(document)


@pytest.mark.parametrize("version", VERSIONS)
def test_undocumented_properties_of_a_request(version: str) -> None:
    """`exact` finds undocumented properties of the body; headers that the person adds never count."""
    request = sent(media_type=JSON, body=b'{"a": 1, "b": 2}', headers={"X-Mine": "1"})
    validator = _posting({"type": "object", "properties": {"a": {}}}, version)
    assert [("request", "undocumented-property", "/b")] == [
        (finding.where, finding.rule, finding.pointer)
        for finding in validator.request(request, is_exact=True).findings
    ]
    assert [] == compact(validator.request(request))


def test_a_parameter_with_a_media_type_is_no_body() -> None:
    """A parameter with `content` is validated by its schema, without a search for undocumented properties."""
    document = response_document({"200": _OK})
    schema = {"type": "object", "properties": {"a": {"type": "integer"}}}
    parameter = {"name": "p", "in": "query", "content": {JSON: {"schema": schema}}}
    document["paths"]["/a"]["get"]["parameters"] = [parameter]
    validator = validator_of(document)
    assert [] == compact(validator.request(sent(query=[("p", '{"b": 1}')]), is_exact=True))
    assert ["query/p/a type"] == compact(validator.request(sent(query=[("p", '{"a": "x"}')]), is_exact=True))


def test_exact_tells_of_a_request_in_a_call() -> None:
    """The whole way: the document allows the property, so it is named, and the request is not refused."""
    document = response_document({"200": _OK})
    schema = {"type": "object", "properties": {"a": {"type": "integer"}}}
    document["paths"]["/a"] = {
        "post": {**document["paths"]["/a"]["get"], "requestBody": {"content": {JSON: {"schema": schema}}}}
    }
    document["servers"] = [{"url": "http://127.0.0.1:9"}]
    Path("a.json").write_text(json.dumps(document), encoding="utf-8")
    words = ("./a.json", "a", "--body", '{"a": 1, "b": 2}', "--dry-run", "json", "--error-format", "json")
    result = run_cli(*words, "--validate", "exact")
    reported = json.loads(result.stderr)["warning"]
    assert (0, ["/b"]) == (result.exit_code, [finding["pointer"] for finding in reported["findings"]])
    assert 0 == run_cli(*words).exit_code


@pytest.mark.parametrize("name", ["Accept", "content-type", "AUTHORIZATION"])
def test_header_parameters_that_openapi_ignores(name: str) -> None:
    """A document that requires them asks for nothing (OpenAPI 3.1.1, "Parameter Object")."""
    document = response_document({"200": _OK})
    parameter = {"name": name, "in": "header", "required": True, "schema": {"type": "integer"}}
    document["paths"]["/a"]["get"]["parameters"] = [parameter]
    assert [] == compact(validator_of(document, is_fixed=False).request(sent()))


# What cannot be validated is said


@pytest.mark.parametrize(
    ("content", "response", "expected"),
    [
        ({JSON: {}}, responded(b"{}"), "the document gives no schema for `application/json`"),
        (
            {"text/plain": {}},
            responded(b"x", media_type="text/plain"),
            "the document gives no schema for `text/plain`",
        ),
        (
            {"*/*": {}},
            responded(b"x", media_type=""),
            "the document gives no schema for a body without a media type",
        ),
        (
            {"*/*": {"schema": {"type": "object"}}},
            responded(b"x", media_type=""),
            "there is no media type, and the body does not look like JSON",
        ),
        (
            {"application/x-protobuf": {"schema": {"type": "object"}}},
            responded(b"<a/>", media_type="application/x-protobuf"),
            "a body of `application/x-protobuf` cannot be validated yet",
        ),
        ({}, responded(b"{}"), "the document describes no body for this response"),
    ],
    ids=["json", "text", "nothing-at-all", "no-type-no-json", "protobuf", "no-content"],
)
def test_what_is_not_validated_has_a_reason(content: Any, response: Any, expected: str) -> None:
    """A part that is not validated gives one plain sentence, and no finding."""
    validation = validate_response({"200": {**_OK, "content": content}}, response)
    assert ([], [expected]) == (validation.findings, validation.not_validated)


@pytest.mark.parametrize(
    ("key", "came", "expected"),
    [
        ("*/*", "application/json", ["- type"]),
        ("application/*", "application/problem+json", ["- type"]),
        ("application/json", 'application/json; profile="https://a.example/b"', ["- type"]),
        ("application/json", "application/json;charset=UTF-8", ["- type"]),
        ("application/json", "APPLICATION/JSON", ["- type"]),
        ("*/*", "", ["- type"]),
        ("application/json", "", ["header/Content-Type undocumented-media-type"]),
        ("text/*", "application/json", ["header/Content-Type undocumented-media-type"]),
    ],
)
def test_a_json_response_is_validated_as_json(key: str, came: str, expected: list[str]) -> None:
    """JSON is validated under every range and spelling of its media type, and without one if the document allows it."""
    responses = {"200": {**_OK, "content": {key: {"schema": {"type": "object"}}}}}
    assert expected == compact(validate_response(responses, responded(b"[]", media_type=came)))


# Bad input

_BODIES: list[tuple[bytes, str, list[str]]] = [
    (b"<!DOCTYPE html><html></html>", JSON, ["- unreadable-body"]),
    (b'{"a": "\xff"}', JSON, ["- unreadable-body"]),
    (b'{"a": [1, 2', JSON, ["- unreadable-body"]),
    (b"[" * 100_000 + b"]" * 100_000, JSON, ["? the body is nested too deeply"]),
    (b'{"a": NaN}', JSON, ["- unreadable-body"]),
    (b'{"a": ' + b"1" * 5_000 + b"}", JSON, ["? the body has a number of 5000 digits"]),
    (b'{"a": 1e999999}', JSON, ["/a maximum"]),
    (b'{"a": "\\ud800"}', JSON, ["/a type"]),
    (b"{}", "application/json; charset=klingon", ["? the body is text in `klingon`, which is unknown"]),
    (b"{}", "", ["header/Content-Type undocumented-media-type"]),
    (b"\0\0\0", JSON, ["- unreadable-body"]),
    (b"[" * 900 + b"]" * 900, JSON, ["- type"]),
]


@pytest.mark.sampled(12)
@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(("body", "media_type", "expected"), _BODIES, ids=_id)
def test_bodies_that_are_not_what_they_say(
    body: bytes, media_type: str, expected: list[str], version: str
) -> None:
    """A finding or a reason, at every level, and a report of it can be written."""
    schema = {"type": "object", "properties": {"a": {"type": "integer", "maximum": 10**1000}}}
    if expected == ["/a maximum"]:
        schema["properties"] = {"a": {"type": "number", "maximum": 10}}
    responses = {"200": {**_OK, "content": {JSON: {"schema": schema}}}}
    for is_exact in (False, True):
        validation = validate_response(
            responses, responded(body, media_type=media_type), version=version, is_exact=is_exact
        )
        assert expected == compact(validation)
        json.dumps(
            [finding.as_json() for finding in validation.findings], ensure_ascii=False, allow_nan=False
        ).encode()


_WRONG: list[Any] = [
    {"type": 5},
    {"type": ["object", 5]},
    {"properties": []},
    {"properties": {"a": 5}},
    {"$ref": "#/components/schemas/Nowhere"},
    {"properties": {"a": {"$ref": "#/components/schemas/Nowhere"}}},
    {"properties": {"a": {"$ref": 5}}},
    {"properties": {"a": {"type": "string", "pattern": "("}}},
    {"properties": {"a": {"minimum": "a"}}},
    {"patternProperties": {"(": {}}},
    {"patternProperties": []},
    {"additionalProperties": 5},
    {"allOf": {}},
    {"anyOf": 5},
    {"oneOf": [5]},
    {"anyOf": []},
    {"required": "a"},
    {"enum": 5},
    {"discriminator": 5, "oneOf": [{}]},
    {"discriminator": {"propertyName": 5}, "oneOf": [{}]},
    {"discriminator": {"propertyName": "a", "mapping": []}, "oneOf": [{"type": "string"}]},
    {"discriminator": {"propertyName": "a", "mapping": {"b": 5}}, "anyOf": [{"type": "string"}, {"$ref": 7}]},
    {"if": 5, "then": {}},
    {"dependentRequired": []},
    {"dependentSchemas": {"a": 5}},
    {"not": 5},
    {"items": 5},
    {"prefixItems": 5},
    {"contains": 5},
    {"unevaluatedProperties": 5},
    {"propertyNames": 5},
    {"$dynamicRef": "#nowhere"},
    {"$schema": "https://example.com/unknown"},
    {"$schema": 5},
    {"multipleOf": 0},
    {"format": 5},
    {"type": "nothing"},
    5,
    "text",
    None,
]


@pytest.mark.sampled(3)
@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("schema", _WRONG, ids=_id)
def test_a_schema_that_is_wrong_ends_no_call(schema: Any, version: str) -> None:
    """A malformed document never stops the validating of a response, at any level."""
    for value in ({"a": "x", "b": [1]}, [{"a": 1}], "x", 5, None):
        for is_exact in (False, True):
            validation = validate_value(schema, value, version, is_exact=is_exact)
            for finding in validation.findings:
                assert finding.message
                assert "does not meet" not in finding.message or "5" in json.dumps(schema)
            assert all(
                isinstance(reason, str) and reason
                for reason in (*validation.failures, *validation.not_validated)
            )


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({"properties": {"a": {"type": "string", "pattern": "("}, "b": {"type": "integer"}}}, "/b type"),
        ({"properties": {"c": {"minimum": "a"}, "b": {"type": "integer"}}}, "/b type"),
        (
            {"properties": {"b": {"type": "integer"}, "a": {"$ref": "#/components/schemas/Nowhere"}}},
            "/b type",
        ),
        ({"dependentRequired": 5, "properties": {"b": {"type": "integer"}}}, "/b type"),
    ],
    ids=_id,
)
def test_what_is_right_of_a_wrong_schema_is_validated(schema: Any, expected: str) -> None:
    """A keyword that cannot be used is noted, and the other keywords of its schema are validated."""
    document = response_document({"200": {**_OK, "content": {JSON: {"schema": schema}}}})
    validator = validator_of(document, is_fixed=False)
    found = compact(validator.response(responded(b'{"a": "5", "b": "x", "c": 5}')))
    assert expected == found[0]
    assert 2 == len(found)
    assert found[1].startswith("? ")


@pytest.mark.parametrize(
    ("schema", "body", "code"),
    [
        ({"type": "object"}, b"<html>no</html>", 9),
        ({"type": "object"}, b"[" * 100_000 + b"]" * 100_000, 0),
        ({"properties": {"a": {"$ref": "#/components/schemas/Nowhere"}}}, b'{"a": 1}', 0),
        ({"type": "object", "properties": {"a": {"type": "integer"}}}, b'{"a": "\\ud800"}', 9),
    ],
    ids=["html", "deep", "nowhere", "surrogate"],
)
def test_a_call_ends_well_all_the_same(server: Recorder, schema: Any, body: bytes, code: int) -> None:
    """The body is on standard output as it came, with the right exit code and no traceback."""
    document = response_document({"200": {**_OK, "content": {JSON: {"schema": schema}}}})
    document["servers"] = [{"url": server.origin}]
    Path("a.json").write_text(json.dumps(document), encoding="utf-8")
    server.responses["/a"] = Response(200, body, {"Content-Type": JSON})
    result = run_cli("./a.json", "a", "--validate", "strict", "-o", "raw")
    assert (code, body) == (result.exit_code, result.stdout_bytes)
    assert "Traceback" not in result.stderr
    assert result.stderr


_REF_TO_IT = {"$ref": "#/components/schemas/It"}
_OBJECT = {"type": "object", "properties": {"a": {"type": "integer"}}}
_BESIDE = "`nullable` counts only beside a `type` (OpenAPI 3.0.4)"
NULLABLE: dict[str, tuple[Any, Any, str]] = {
    "beside allOf": (
        {"nullable": True, "allOf": [_REF_TO_IT]},
        None,
        f"expected object, got null; {_BESIDE}",
    ),
    "beside $ref": ({**_REF_TO_IT, "nullable": True}, None, f"expected object, got null; {_BESIDE}"),
    "of a property": (
        {"type": "object", "properties": {"schema": {"nullable": True, "allOf": [_REF_TO_IT]}}},
        {"schema": None},
        f"expected object, got null; {_BESIDE}",
    ),
    "of an item": (
        {"type": "array", "items": {"nullable": True, "oneOf": [_REF_TO_IT, {"type": "string"}]}},
        [None],
        f"expected object or string, got null; {_BESIDE}",
    ),
    "further in": (
        {"allOf": [{"allOf": [{"nullable": True, "allOf": [_REF_TO_IT]}]}]},
        None,
        f"expected object, got null; {_BESIDE}",
    ),
    "beside enum": (
        {"type": "string", "nullable": True, "enum": ["a", "b"]},
        None,
        "`null` is not one of `a`, `b`; `nullable` adds no null to `enum` (OpenAPI 3.0.4)",
    ),
    "of what is around it": (
        {"nullable": True, "properties": {"a": {"type": "integer"}}},
        {"a": None},
        "expected integer, got null",
    ),
    "not there": ({"allOf": [_REF_TO_IT]}, None, "expected object, got null"),
    "false": ({"nullable": False, "allOf": [_REF_TO_IT]}, None, "expected object, got null"),
}


@pytest.mark.parametrize(("schema", "value", "message"), NULLABLE.values(), ids=NULLABLE)
def test_null_where_nullable_does_not_count(schema: Any, value: Any, message: str) -> None:
    """The message says why OpenAPI 3.0 does not allow null if the document says `nullable`."""
    (found,) = validate_value(schema, value, "3.0.3", is_exact=True, It=_OBJECT).findings
    assert message == found.message


@pytest.mark.parametrize(("schema", "value", "message"), NULLABLE.values(), ids=NULLABLE)
def test_null_is_tolerated_where_nullable_stands(schema: Any, value: Any, message: str) -> None:
    """Below `exact` null is not a finding if the document says `nullable` of this very value."""
    validation = validate_value(schema, value, "3.0.3", It=_OBJECT)
    reported = validation.tolerated if "`nullable`" in message else validation.findings
    assert ([message], 1) == (
        [finding.message for finding in reported],
        len(validation.tolerated) + len(validation.findings),
    )


def test_nullable_is_no_word_of_later_versions() -> None:
    """Since 3.1 it is an annotation that no one defined, and no message speaks of it."""
    (found,) = validate_value({"nullable": True, "allOf": [_REF_TO_IT]}, None, "3.1.0", It=_OBJECT).findings
    assert "expected object, got null" == found.message
