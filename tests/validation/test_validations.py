"""A response is validated by what the document says of it: every finding, and nothing but findings."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.harness import Recorder, Response, run_cli
from tests.validation.in_process_validator import (
    JSON,
    compact,
    responded,
    response_document,
    validate_response,
    validate_value,
    validator_of,
)

_UNKNOWN_CHARSET = "? the body is text in `no-such`, which is unknown"
VERSIONS = ["3.0.3", "3.1.0", "3.2.0"]


def _id(value: Any) -> str | None:
    return json.dumps(value)[:60] if isinstance(value, dict | list | bool) else None


_EITHER_VERSION: list[tuple[Any, Any, list[str]]] = [
    ({"type": "integer"}, 1, []),
    ({"type": "integer"}, "1", ["- type"]),
    ({"type": "integer"}, True, ["- type"]),
    ({"type": "boolean"}, 1, ["- type"]),
    ({"type": "number"}, 1, []),
    ({"type": "string"}, None, ["- type"]),
    ({"type": "object"}, [], ["- type"]),
    ({"enum": [1, "a"]}, 1.0, []),
    ({"enum": [1]}, True, ["- enum"]),
    ({"enum": [True]}, 1, ["- enum"]),
    ({"enum": [[1]]}, [True], ["- enum"]),
    ({"enum": [{"a": 1}]}, {"a": 1.0}, []),
    ({"multipleOf": 0.1}, 0.3, []),
    ({"multipleOf": 0.01}, 19.99, []),
    ({"multipleOf": 0.1}, 0.35, ["- multipleOf"]),
    ({"multipleOf": 3}, 10**400 * 3, []),
    ({"multipleOf": 3}, 10**400, ["- multipleOf"]),
    ({"multipleOf": 0.5}, 1e300, []),
    ({"multipleOf": 3}, b"1e400", []),
    ({"type": "integer", "format": "int64"}, 2**63 - 1, []),
    ({"type": "integer", "format": "int64"}, 2**63, ["- format"]),
    ({"type": "integer", "format": "int32"}, -(2**31), []),
    ({"type": "integer", "format": "int32"}, 2**31, ["- format"]),
    ({"type": "integer"}, 10**900, []),
    ({"format": "date"}, "2026-02-29", ["- format"]),
    ({"format": "date"}, "2024-02-29", []),
    ({"format": "date-time"}, "2026-01-01T00:00:00Z", []),
    ({"format": "date-time"}, "2026-01-01T00:00:00.123+01:00", []),
    ({"format": "date-time"}, "2026-01-01 00:00:00", ["- format"]),
    ({"format": "time"}, "10:00:00Z", []),
    ({"format": "time"}, "10:00", ["- format"]),
    ({"format": "uuid"}, "98fdfbb9-72f3-5398-ba5c-56a30a50eba7", []),
    ({"format": "uuid"}, "98fdfbb9", ["- format"]),
    ({"format": "email"}, "nobody", ["- format"]),
    ({"format": "ipv4"}, "256.0.0.1", ["- format"]),
    ({"format": "ipv6"}, "::1", []),
    ({"format": "byte"}, "YQ==", []),
    ({"format": "byte"}, "é", ["- format"]),
    ({"format": "regex"}, "^(?<n>a)$", []),
    ({"format": "regex"}, "(", ["- format"]),
    ({"format": "no-such-format"}, "x", []),
    ({"format": "date"}, 5, []),
    ({"minLength": 2}, "é", ["- minLength"]),
    ({"maxLength": 1}, "😀", []),
    ({"maxLength": 1}, "ab", ["- maxLength"]),
    ({"minItems": 1}, [], ["- minItems"]),
    ({"maxItems": 1}, [1, 2], ["- maxItems"]),
    ({"minProperties": 1}, {}, ["- minProperties"]),
    ({"maxProperties": 0}, {"a": 1}, ["- maxProperties"]),
    ({"minimum": 5}, 4, ["- minimum"]),
    ({"maximum": 5}, 5, []),
    ({"uniqueItems": True}, [1, 1.0], ["- uniqueItems"]),
    ({"uniqueItems": True}, [1, True, "1", None, False, 0], []),
    ({"uniqueItems": True}, [[1], [True], [1]], ["- uniqueItems"]),
    ({"uniqueItems": True}, [{"a": 1, "b": 2}, {"b": 2, "a": 1}], ["- uniqueItems"]),
    ({"uniqueItems": True}, [{"a": n} for n in range(20_000)], []),
    ({"required": ["a", "b", "c"]}, {"b": 1}, ["- required", "- required"]),
    ({"required": ["a"]}, [], []),
    ({"properties": {"a": {"type": "string"}}}, {"a": 1, "b": 2}, ["/a type"]),
    ({"properties": {"a/b~c": {"type": "string"}}}, {"a/b~c": 1}, ["/a~1b~0c type"]),
    (
        {"additionalProperties": False, "properties": {"a": {}}},
        {"a": 1, "b": 2, "c": 3},
        ["/b additionalProperties", "/c additionalProperties"],
    ),
    ({"additionalProperties": {"type": "integer"}}, {"a": 1, "b": "x"}, ["/b type"]),
    ({"type": "array", "items": {"type": "integer"}}, [1, "x", 2, None], ["/1 type", "/3 type"]),
    ({"allOf": [{"minimum": 5}, {"multipleOf": 2}]}, 3, ["- minimum", "- multipleOf"]),
    ({"anyOf": [{"type": "string"}, {"type": "integer"}]}, {}, ["- type"]),
    ({"anyOf": [{"type": "string"}, {"minimum": 5}]}, 3, ["- minimum"]),
    ({"oneOf": [{"type": "integer"}, {"type": "number"}]}, 1, ["~ - oneOf"]),
    ({"oneOf": [{"type": "integer"}, {"type": "number"}]}, 1.5, []),
    (
        {
            "oneOf": [
                {"type": "object", "required": ["x", "y", "z"]},
                {"type": "object", "required": ["a"], "properties": {"a": {"type": "string"}}},
            ]
        },
        {"a": 1},
        ["/a type"],
    ),
    (
        {
            "oneOf": [
                {"properties": {"k": {"enum": ["cat"]}}, "required": ["k", "lives"]},
                {
                    "properties": {
                        "k": {"enum": ["dog"]},
                        "bark": {"type": "string"},
                        "age": {"type": "integer"},
                    }
                },
            ]
        },
        {"k": "dog", "bark": 1, "age": "x"},
        ["/age type", "/bark type"],
    ),
    (
        {"oneOf": [{"properties": {"k": {"enum": ["cat"]}}}, {"properties": {"k": {"enum": ["dog"]}}}]},
        {"k": "bird"},
        ["/k enum"],
    ),
    ({"not": {"type": "string"}}, "x", ["- not"]),
    ({}, {"any": ["thing"]}, []),
]

_ONLY_3_0: list[tuple[Any, Any, list[str]]] = [
    ({"type": "string", "nullable": True}, None, []),
    ({"type": "string", "nullable": False}, None, ["- type"]),
    ({"nullable": True, "enum": ["a"]}, None, ["~ - enum"]),
    ({"type": "string", "nullable": True, "format": "date"}, None, []),
    ({"type": "integer"}, 1.0, ["- type"]),
    ({"minimum": 5, "exclusiveMinimum": True}, 5, ["- exclusiveMinimum"]),
    ({"maximum": 5, "exclusiveMaximum": True}, 4.9, []),
    ({"$ref": "#/components/schemas/Int", "maximum": 0}, 5, []),
    (
        {"type": "object", "properties": {"a": {"$ref": "#/components/schemas/Int", "nullable": True}}},
        {"a": None},
        ["~ /a type"],
    ),
    ({"const": 1}, 2, []),
    ({"type": ["string", "null"]}, None, []),
]

_ONLY_3_1: list[tuple[Any, Any, list[str]]] = [
    ({"type": ["string", "null"]}, None, []),
    ({"type": ["string", "integer"]}, 1.5, ["- type"]),
    ({"type": "string", "nullable": True}, None, ["- type"]),
    ({"type": "null"}, 0, ["- type"]),
    ({"type": "integer"}, 1.0, []),
    ({"exclusiveMinimum": 5}, 5, ["- exclusiveMinimum"]),
    ({"exclusiveMaximum": 5}, 4.9, []),
    ({"const": 1}, 1.0, []),
    ({"const": 1}, True, ["- const"]),
    ({"const": None}, False, ["- const"]),
    (True, 1, []),
    (False, 1, ["- false"]),
    ({"$ref": "#/components/schemas/Int", "maximum": 0}, 5, ["- maximum"]),
    ({"$ref": "#/components/schemas/Int", "required": ["a"]}, "x", ["- type"]),
    ({"prefixItems": [{"type": "string"}], "items": False}, [1, 2], ["- items", "/0 type"]),
    ({"contains": {"type": "string"}}, [1], ["- contains"]),
    ({"dependentRequired": {"a": ["b"]}}, {"a": 1}, ["- dependentRequired"]),
    ({"if": {"required": ["a"]}, "then": {"required": ["b"]}}, {"a": 1}, ["- required"]),
    (
        {"if": {"required": ["a"]}, "then": {"required": ["b"]}, "else": {"minProperties": 1}},
        {},
        ["- minProperties"],
    ),
    (
        {
            "allOf": [{"properties": {"a": {}}}, {"patternProperties": {"^x": {}}}],
            "unevaluatedProperties": False,
        },
        {"a": 1, "x": 1, "b": 1},
        ["/b unevaluatedProperties"],
    ),
    (
        {"$ref": "#/components/schemas/Obj", "unevaluatedProperties": False},
        {"a": 1, "b": 2},
        ["/b unevaluatedProperties"],
    ),
    (
        {
            "anyOf": [{"properties": {"a": {"type": "integer"}}}, {"properties": {"b": {}}}],
            "unevaluatedProperties": False,
        },
        {"a": "x", "b": 1},
        ["/a unevaluatedProperties"],
    ),
    (
        {
            "if": {"properties": {"a": {"const": 1}}},
            "then": {"properties": {"b": {}}},
            "unevaluatedProperties": False,
        },
        {"a": 1, "b": 1},
        [],
    ),
    ({"propertyNames": {"maxLength": 1}}, {"ab": 1}, ["- maxLength"]),
    ({"$schema": "http://json-schema.org/draft-07/schema#", "items": [{"type": "string"}]}, [1], ["/0 type"]),
    (
        {"$schema": "http://json-schema.org/draft-04/schema#", "minimum": 5, "exclusiveMinimum": True},
        5,
        ["- exclusiveMinimum"],
    ),
]

_SCHEMAS: dict[str, Any] = {
    "Int": {"type": "integer"},
    "Obj": {"type": "object", "properties": {"a": {}}},
}


@pytest.mark.sampled(16)
@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(("schema", "value", "expected"), _EITHER_VERSION, ids=_id)
def test_values_of_either_version(schema: Any, value: Any, expected: list[str], version: str) -> None:
    """Keywords that both versions have in common are validated alike."""
    assert expected == compact(validate_value(schema, value, version, **_SCHEMAS))


@pytest.mark.parametrize(("schema", "value", "expected"), _ONLY_3_0, ids=_id)
def test_values_of_3_0(schema: Any, value: Any, expected: list[str]) -> None:
    """3.0 has `nullable`, flags for exclusive bounds, no siblings of `$ref`, and 1.0 is not an integer."""
    assert expected == compact(validate_value(schema, value, "3.0.3", **_SCHEMAS))


@pytest.mark.sampled(8)
@pytest.mark.parametrize(("schema", "value", "expected"), _ONLY_3_1, ids=_id)
def test_values_of_3_1(schema: Any, value: Any, expected: list[str]) -> None:
    """3.1 is JSON Schema 2020-12, or the dialect that a schema names."""
    assert expected == compact(validate_value(schema, value, "3.1.0", **_SCHEMAS))


_PET = {
    "oneOf": [{"$ref": "#/components/schemas/Cat"}, {"$ref": "#/components/schemas/Dog"}],
    "discriminator": {"propertyName": "kind", "mapping": {"cat": "Cat", "dog": "#/components/schemas/Dog"}},
}
_CAT = {"type": "object", "required": ["kind", "lives"], "properties": {"kind": {"type": "string"}}}
_DOG = {
    "type": "object",
    "required": ["kind"],
    "properties": {"kind": {"type": "string"}, "age": {"type": "integer"}},
}


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"kind": "dog", "age": 1}, []),
        ({"kind": "dog", "age": "x", "lives": 1}, ["/age type"]),
        ({"kind": "cat"}, ["- required"]),
        ({"kind": "Cat", "lives": 9}, []),
        ({"age": 1}, ["- required"]),
        (5, ["- type"]),
    ],
    ids=["mapped", "mapped-wrong", "mapped-by-name", "by-name", "missing", "no-object"],
)
def test_the_discriminator_names_the_branch(value: Any, expected: list[str], version: str) -> None:
    """The branch that the discriminator names validates a value; without one, the alternatives do."""
    validation = validate_value(
        {"$ref": "#/components/schemas/Pet"}, value, version, Pet=_PET, Cat=_CAT, Dog=_DOG
    )
    assert sorted(set(expected)) == sorted(set(compact(validation)))


@pytest.mark.parametrize("version", VERSIONS)
def test_a_discriminator_of_a_parent_is_no_circle(version: str) -> None:
    """Children that refer to their parent by `allOf`, and a parent with `allOf` itself, are validated."""
    parent = {
        "discriminator": {"propertyName": "kind"},
        "allOf": [{"required": ["id"]}, {"properties": {"kind": {"type": "string"}}}],
    }
    child = {"allOf": [{"$ref": "#/components/schemas/Parent"}, {"properties": {"n": {"type": "integer"}}}]}
    validation = validate_value(
        {"$ref": "#/components/schemas/Child"},
        {"kind": "Child", "n": "x"},
        version,
        Parent=parent,
        Child=child,
    )
    assert ["- required", "/n type"] == compact(validation)


@pytest.mark.parametrize("version", VERSIONS)
def test_properties_that_a_response_does_not_have(version: str) -> None:
    """A required property that is write-only is not missed in a response, wherever it says so."""
    schema = {
        "required": ["a", "b", "c", "d"],
        "properties": {
            "a": {"type": "string", "writeOnly": True},
            "b": {"$ref": "#/components/schemas/Secret"},
            "c": {"allOf": [{"writeOnly": True}]},
            "d": {"type": "string", "readOnly": True},
        },
    }
    validation = validate_value(schema, {}, version, Secret={"type": "string", "writeOnly": True})
    assert ["`d` is missing, and the document requires it"] == [
        finding.message for finding in validation.findings
    ]


def test_a_write_only_property_in_a_response() -> None:
    """What is write-only is a secret, in every version."""
    schema = {"properties": {"password": {"type": "string", "writeOnly": True}}}
    for version in ("3.0.3", "3.1.0", "3.2.0"):
        assert ["/password writeOnly"] == compact(validate_value(schema, {"password": "x"}, version))
    # It is about properties: at the root or on an item it means nothing.
    assert [] == compact(validate_value({"type": "array", "items": {"writeOnly": True}}, [1], "3.0.3"))


@pytest.mark.sampled(8)
@pytest.mark.parametrize(
    ("schema", "value", "message"),
    [
        ({"type": "string"}, 12345, "expected string, got integer `12345`"),
        ({"type": "string"}, None, "expected string, got null"),
        ({"type": "integer"}, {"a": 1}, "expected integer, got object"),
        ({"type": ["string", "null"]}, 1, "expected string or null, got integer `1`"),
        ({"required": ["name"]}, {}, "`name` is missing, and the document requires it"),
        ({"additionalProperties": False}, {"x": 1}, "`x` is not in the document, which allows no others"),
        ({"enum": ["a", "b"]}, "c", "`c` is not one of `a`, `b`"),
        (
            {"enum": list(range(12))},
            99,
            "`99` is not one of " + ", ".join(f"`{n}`" for n in range(10)) + " and 2 more",
        ),
        ({"enum": ["a"]}, "", "expected `a`, got an empty text"),
        ({"const": "a"}, "b", "expected `a`, got `b`"),
        ({"format": "date"}, "x", "`x` is not a valid date"),
        ({"pattern": "^a$"}, "b", "`b` does not match the pattern `^a$`"),
        ({"minimum": 5}, 3, "`3` is less than the minimum of `5`"),
        ({"maximum": 5}, 7, "`7` is more than the maximum of `5`"),
        ({"exclusiveMinimum": 5}, 5, "`5` is not more than `5`"),
        ({"exclusiveMaximum": 5}, 5, "`5` is not less than `5`"),
        ({"multipleOf": 0.1}, 0.35, "`0.35` is not a multiple of `0.1`"),
        ({"minLength": 3}, "ab", "the text has 2 characters, and must have at least 3"),
        ({"maxItems": 0}, [1], "the array has 1 item, and may have at most 0"),
        ({"minProperties": 2}, {}, "the object has 0 properties, and must have at least 2"),
        ({"uniqueItems": True}, [1, 2, 1], "the items 0 and 2 are the same, and all must differ"),
        (
            {"oneOf": [{"$ref": "#/components/schemas/Int"}, {"minimum": 0}]},
            1,
            "matches `Int` and alternative 2, but only one may match; the document is probably wrong",
        ),
        ({"anyOf": [{"type": "string"}, {"type": "integer"}]}, [], "expected string or integer, got array"),
        ({"not": {}}, 1, "`1` is what the document excludes"),
        (False, 1, "the document allows nothing here"),
        ({"type": "integer"}, "x" * 500, f"expected integer, got string `{'x' * 60}...`"),
    ],
    ids=_id,
)
def test_messages_read_aloud(schema: Any, value: Any, message: str) -> None:
    """A message is a sentence with the value in it, shortened, and no dump of JSON."""
    assert [message] == [finding.message for finding in validate_value(schema, value, **_SCHEMAS).findings]


@pytest.mark.parametrize("version", VERSIONS)
def test_a_finding_says_all_there_is(version: str) -> None:
    """Rule, pointer, expected, got, and the pointer into the document through its references."""
    odd_name: dict[str, Any] = {"A{1}/": {"properties": {"n": {"type": "integer"}}}}
    validation = validate_value(
        {"type": "array", "items": {"$ref": "#/components/schemas/A"}},
        [{"b": {"n": "x"}}],
        version,
        A={"$ref": "#/components/schemas/B"},
        B={"properties": {"b": {"allOf": [{"$ref": "#/components/schemas/A%7B1%7D~1"}]}}},
        **odd_name,
    )
    assert [
        {
            "where": "response",
            "rule": "type",
            "pointer": "/0/b/n",
            "message": "expected integer, got string `x`",
            "expected": "integer",
            "got": "x",
            "schema_pointer": "/components/schemas/A{1}~1/properties/n/type",
            "via": [
                "/paths/~1a/get/responses/200/content/application~1json/schema/items/$ref",
                "/components/schemas/A/$ref",
                "/components/schemas/B/properties/b/allOf/0/$ref",
            ],
        }
    ] == [finding.as_json() for finding in validation.findings]


def test_siblings_of_a_reference_have_their_own_place() -> None:
    """In 3.1 keywords beside a `$ref` and those of its target have places of their own."""
    validation = validate_value(
        {"$ref": "#/components/schemas/A", "properties": {"a": {"minimum": 5}}},
        {"a": 1.5},
        A={"properties": {"a": {"type": "integer"}}},
    )
    root = "/paths/~1a/get/responses/200/content/application~1json/schema"
    assert ["/components/schemas/A/properties/a/type", f"{root}/properties/a/minimum"] == sorted(
        finding.schema_pointer for finding in validation.findings
    )


def test_references_of_every_kind_are_followed() -> None:
    """Into components, into paths, over hops, in circles, to `$defs` and to anchors."""
    tree = {
        "type": "object",
        "$dynamicAnchor": "node",
        "properties": {
            "value": {"$ref": "#/components/schemas/Tree/$defs/value"},
            "left": {"$ref": "#node"},
            "right": {"$dynamicRef": "#node"},
            "up": {"$ref": "#/paths/~1a/get/responses/200/content/application~1json/schema"},
        },
        "$defs": {"value": {"$ref": "#/components/schemas/Hop"}},
    }
    value = {"value": "x", "left": {"left": {"value": "x"}}, "right": {"value": "x"}, "up": {"value": "x"}}
    validation = validate_value(
        {"$ref": "#/components/schemas/Tree"},
        value,
        Tree=tree,
        Hop={"$ref": "#/components/schemas/Int"},
        **_SCHEMAS,
    )
    assert ["/left/left/value type", "/right/value type", "/up/value type", "/value type"] == compact(
        validation
    )
    assert {"/components/schemas/Int/type"} == {finding.schema_pointer for finding in validation.findings}


_OK: dict[str, Any] = {"description": ""}


def _content(*names: str) -> dict[str, Any]:
    return {"200": {**_OK, "content": {name: {"schema": {"type": "integer"}} for name in names}}}


@pytest.mark.parametrize(
    ("documented", "came", "expected"),
    [
        (["application/json"], "application/json; charset=utf-8", ["- type"]),
        (["application/json"], "Application/JSON", ["- type"]),
        (["APPLICATION/Json"], "application/json", ["- type"]),
        (["application/json; charset=utf-8"], "application/json", ["- type"]),
        (["application/vnd.api+json"], "application/vnd.api+json", ["- type"]),
        (["application/*+json"], "application/vnd.api+json", ["- type"]),
        (["application/problem+json", "application/*"], "application/json", ["- type"]),
        (["*/*"], "application/json", ["- type"]),
        (["text/*"], "text/plain", ["- type"]),
        (["application/json"], "application/vnd.api+json", ["header/Content-Type undocumented-media-type"]),
        (["application/json"], "text/html", ["header/Content-Type undocumented-media-type"]),
        (["application/json"], "", ["header/Content-Type undocumented-media-type"]),
        (["*/*"], "", ["- type"]),
        (["image/*"], "image/png", ["? a body of `image/png` cannot be validated yet"]),
    ],
    ids=str,
)
def test_media_types_match_as_http_has_it(documented: list[str], came: str, expected: list[str]) -> None:
    """Names are compared in any case, parameters do not matter if they are missing, ranges are ranges."""
    assert expected == compact(validate_response(_content(*documented), responded(b'"x"', media_type=came)))


def test_the_closest_media_type_validates() -> None:
    """The media type with the same parameters is taken first, then the exact name, then ranges."""
    content = {
        "*/*": {"schema": False},
        "application/json": {"schema": {"enum": ["plain"]}},
        "application/json; v=2": {"schema": {"enum": ["two"]}},
    }
    responses = {"200": {**_OK, "content": content}}
    for came, value in (("application/json", "plain"), ("application/json;V=2", "two")):
        body = json.dumps(value).encode()
        assert [] == compact(validate_response(responses, responded(body, media_type=came)))


def test_a_wrong_media_type_names_both() -> None:
    """The message has what came and what the document has."""
    found = validate_response(_content(JSON), responded(b"<p>", media_type="text/html")).findings[0]
    assert (
        "the media type is `text/html`, and the document has `application/json`",
        [JSON],
        "text/html",
    ) == (
        found.message,
        found.expected,
        found.got,
    )
    missing = validate_response(_content(JSON), responded(b"1", media_type="")).findings[0]
    assert "there is no media type, and the document has `application/json`" == missing.message


@pytest.mark.parametrize(
    ("documented", "status", "expected"),
    [
        (["200"], 200, ["- type"]),
        (["2XX", "200"], 200, ["- type"]),
        (["2XX"], 299, ["- type"]),
        (["2xx"], 201, ["- type"]),
        (["4xx", "200"], 404, ["- type"]),
        (["200", "default"], 500, ["- type"]),
        (["Default"], 500, ["- type"]),
        (["200"], 201, ["status undocumented-status"]),
        (["200"], 404, ["status undocumented-status"]),
        (["404"], 200, ["status undocumented-status"]),
        ([], 200, ["status undocumented-status"]),
        (["200"], 401, ["status undocumented-status"]),
        (["200"], 429, ["? the status 429 is not documented, and only says that the calls came too fast"]),
    ],
    ids=str,
)
def test_statuses_match_exactly_then_by_range_then_by_default(
    documented: list[str], status: int, expected: list[str]
) -> None:
    """A status that the document does not have is a finding, except for what any server may say of too many calls."""
    responses = {code: _content(JSON)["200"] for code in documented}
    assert expected == compact(validate_response(responses, responded(b'"x"', status)))


@pytest.mark.parametrize("status", [201, 404, 429])
def test_an_undocumented_status_is_a_finding_at_exact(status: int) -> None:
    """At `exact` every undocumented status is a finding."""
    found = validate_response(_content(JSON), responded(b'"x"', status), is_exact=True).findings
    assert [("undocumented-status", ["200"], status)] == [
        (finding.rule, finding.expected, finding.got) for finding in found
    ]


@pytest.mark.parametrize(
    ("response", "status", "expected"),
    [
        ({"content": {JSON: {}}}, 200, ["- missing-body"]),
        ({"content": {JSON: {}}}, 204, []),
        ({"content": {JSON: {}}}, 205, []),
        ({"content": {JSON: {}}}, 304, []),
        ({"content": {}}, 200, []),
        ({}, 200, []),
        (
            {"content": {JSON: {}}, "headers": {"X-A": {"required": True, "schema": {}}}},
            204,
            ["header/X-A missing-header"],
        ),
    ],
    ids=["200", "204", "205", "304", "no-media-types", "none-documented", "headers-all-the-same"],
)
def test_empty_bodies(response: dict[str, Any], status: int, expected: list[str]) -> None:
    """A documented body that is missing is a finding, except if HTTP has none; headers are validated anyway."""
    responses = {str(status): {**_OK, **response}}
    assert expected == compact(validate_response(responses, responded(b"", status, "")))


@pytest.mark.parametrize("version", ["3.0.3", "3.1.0", "3.2.0"])
@pytest.mark.parametrize("schema", [None, "x", 5, ["a"]], ids=repr)
def test_what_is_no_schema_is_said_to_be_none(schema: Any, version: str) -> None:
    """A value instead of a schema is named in the note."""
    responses = {"200": {**_OK, "content": {JSON: {"schema": schema}}}}
    validation = validate_response(responses, responded(b"{}"), version=version)
    reported = f"the document has `{json.dumps(schema)}` instead of a schema"
    assert ([], [], [reported]) == (validation.findings, validation.failures, validation.not_validated)


def test_head_has_no_body() -> None:
    """A response to HEAD is validated without the body that it stands for."""
    document = response_document(_content(JSON))
    document["paths"]["/a"] = {"head": document["paths"]["/a"]["get"]}
    assert [] == compact(validator_of(document).response(responded(b"")))


def test_a_body_that_the_document_does_not_describe() -> None:
    """An undescribed body is a note, and a finding at `exact`."""
    for response in (_OK, {**_OK, "content": {}}):
        assert ["? the document describes no body for this response"] == compact(
            validate_response({"200": response}, responded(b"{}"))
        )
        assert ["- undocumented-body"] == compact(
            validate_response({"200": response}, responded(b"{}"), is_exact=True)
        )


@pytest.mark.sampled(8)
@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("header", "values", "expected"),
    [
        ({"schema": {"type": "integer"}, "required": True}, {"x-count": "5"}, []),
        ({"schema": {"type": "integer"}, "required": True}, {"X-COUNT": "5"}, []),
        ({"schema": {"type": "integer"}, "required": True}, {}, ["header/X-Count missing-header"]),
        ({"schema": {"type": "integer"}}, {}, []),
        ({"schema": {"type": "integer"}}, {"x-count": "x"}, ["header/X-Count type"]),
        ({"schema": {"type": "integer", "minimum": 9}}, {"x-count": "5"}, ["header/X-Count minimum"]),
        ({"schema": {"type": "array", "items": {"type": "integer"}}}, {"x-count": "1,2"}, []),
        ({"schema": {"type": "string", "format": "date"}}, {"x-count": "x"}, ["header/X-Count format"]),
        ({"content": {JSON: {"schema": {"type": "object"}}}}, {"x-count": "[1]"}, ["header/X-Count type"]),
        ({"$ref": "#/components/headers/Count"}, {"x-count": "x"}, ["header/X-Count type"]),
    ],
    ids=_id,
)
def test_headers_of_a_response(
    header: dict[str, Any], values: dict[str, str], expected: list[str], version: str
) -> None:
    """Headers are found in any case and validated by their schema; only required ones can be missing."""
    document = response_document({"200": {**_OK, "headers": {"X-Count": header}}}, version)
    document["components"]["headers"] = {"Count": {"schema": {"type": "integer"}}}
    assert expected == compact(validator_of(document).response(responded(b"", headers=values)))


@pytest.mark.parametrize(
    ("body", "media_type", "expected"),
    [
        (b"<!DOCTYPE html><p>", JSON, "the body is an HTML page, not JSON"),
        (b'{"a": ', JSON, "the body is not JSON: it ends too early, at line 1, column 7"),
        (b'{"a" 1}', JSON, "the body is not JSON: expecting ':' delimiter, at line 1, column 6"),
        (b"{}{}", JSON, "the body is not JSON: extra data, at line 1, column 3"),
        (b"NaN", JSON, "the body is not JSON, which has no `NaN`"),
        (b"-Infinity", JSON, "the body is not JSON, which has no `-Infinity`"),
        (b'"\xff"', JSON, "the body is not text in utf-8"),
        ('"é"'.encode("latin-1"), "application/json; charset=us-ascii", "the body is not text in us-ascii"),
        (b" ", JSON, "the body is not JSON: it ends too early, at line 1, column 2"),
    ],
    ids=["html", "cut", "syntax", "two", "nan", "infinity", "utf-8", "charset", "blank"],
)
def test_a_body_that_is_not_what_it_says(body: bytes, media_type: str, expected: str) -> None:
    """A body that cannot be read as its media type is one finding that says why."""
    found = validate_response(_content(JSON), responded(body, media_type=media_type)).findings
    assert [("unreadable-body", expected)] == [(finding.rule, finding.message) for finding in found]


@pytest.mark.parametrize(
    ("body", "media_type", "expected"),
    [
        (b"[" * 100_000 + b"]" * 100_000, JSON, "the body is nested too deeply"),
        (b"1" * 5_000, JSON, "the body has a number of 5000 digits"),
        (b"1", "application/json; charset=klingon", "the body is text in `klingon`, which is unknown"),
        (b"1", "application/json; charset=hex", "the body is text in `hex`, which is unknown"),
        (b"1", "application/json; charset=", None),
        ('"é"'.encode("latin-1"), "application/json; charset=latin-1", None),
        (b"\xef\xbb\xbf1", JSON, None),
    ],
    ids=["deep", "digits", "unknown-charset", "codec", "empty-charset", "latin-1", "byte-order-mark"],
)
def test_a_body_that_cannot_be_read_here(body: bytes, media_type: str, expected: str | None) -> None:
    """A body that dynacli cannot read, through no fault of the response, is a note and no finding."""
    responses = {"200": {**_OK, "content": {JSON: {"schema": {}}}}}
    validation = validate_response(responses, responded(body, media_type=media_type))
    assert ([], [expected] if expected else []) == (validation.findings, validation.not_validated)


def test_text_bodies_are_values() -> None:
    """A text body is validated as a string, or as the number or boolean that it spells if the schema asks for one."""
    for schema, body, expected in (
        ({"type": "string", "maxLength": 2}, b"abc", ["- maxLength"]),
        ({"type": "integer"}, b"5", []),
        ({"type": "integer"}, b"x", ["- type"]),
        ({"type": "boolean"}, b"true", []),
        ({}, b"x", []),
    ):
        responses = {"200": {**_OK, "content": {"text/plain": {"schema": schema}}}}
        assert expected == compact(validate_response(responses, responded(body, media_type="text/plain")))


@pytest.mark.sampled(8)
@pytest.mark.parametrize(
    ("key", "came", "expected"),
    [
        ("application/json", "application/json; charset=utf-8", ["/n type"]),
        ("application/json; charset=utf-8", "application/json", ["/n type"]),
        ("application/json;version=1", "application/json; version=1", ["/n type"]),
        ("APPLICATION/JSON", "application/json", ["/n type"]),
        ("application/problem+json", "application/problem+json", ["/n type"]),
        ("application/*", "application/json", ["/n type"]),
        ("application/*+json", "application/hal+json", ["/n type"]),
        ("*/*", "application/json", ["/n type"]),
        ("*", "application/json", ["/n type"]),
        ("*/*", "", ["/n type"]),
        ("", "", ["/n type"]),
        ("", "application/json", ["? the document has an empty text instead of a media type"]),
        ("json", "application/json", ["? the document has `json` instead of a media type"]),
        ("json", "", ["? the document has `json` instead of a media type"]),
        ("/", "application/json", ["? the document has `/` instead of a media type"]),
        ("text/html", "application/json", ["header/Content-Type undocumented-media-type"]),
        ("application/json", "json", ["header/Content-Type undocumented-media-type"]),
        ("application/json", ";;", ["header/Content-Type undocumented-media-type"]),
        ("application/json", "application/json; charset=no-such", [_UNKNOWN_CHARSET]),
        ("application/xml", "application/xml", ["- unreadable-body"]),
        ("text/xml", "text/xml; charset=utf-8", ["- unreadable-body"]),
        ("text/yaml", "text/yaml", ["/n type"]),
        ("application/json-patch+json", "application/json-patch+json", ["/n type"]),
        ("application/merge-patch+json", "application/merge-patch+json", ["/n type"]),
    ],
)
def test_media_types_as_they_are_written(key: str, came: str, expected: list[str]) -> None:
    """A media type is matched with parameters, ranges and case in mind; what is none is a note."""
    schema = {"type": "object", "properties": {"n": {"type": "string"}}}
    responses = {"200": {**_OK, "content": {key: {"schema": schema}}}}
    assert expected == compact(validate_response(responses, responded(b'{"n": 5}', media_type=came)))


def test_hundreds_of_media_types() -> None:
    """Among three hundred media types the response's own validates the body."""
    content = {
        f"application/vnd.v{number}+json": {"schema": {"required": [f"n{number}"]}} for number in range(300)
    }
    validation = validate_response(
        {"200": {**_OK, "content": content}}, responded(b"{}", media_type="application/vnd.v217+json")
    )
    assert ["n217"] == [finding.expected for finding in validation.findings]


@pytest.mark.parametrize(
    ("keys", "status", "expected"),
    [
        (["200", "4xx"], 404, ["- type"]),
        (["200", "4XX", "404"], 404, ["? the document gives no schema for `text/plain`"]),
        (["200", "default"], 503, ["- type"]),
        (["200"], 404, ["status undocumented-status"]),
        (["201"], 200, ["status undocumented-status"]),
        (["2xx"], 204, []),
    ],
    ids=["lower-case", "exact-before-range", "default", "another-error", "another-success", "no-content"],
)
def test_statuses_as_they_are_written(keys: list[str], status: int, expected: list[str]) -> None:
    """The exact status comes before the range, in upper or lower case, and that before `default`."""
    media = {"text/plain": {"schema": {"type": "integer"}}}
    responses: dict[str, Any] = {key: {**_OK, "content": media} for key in keys}
    if "404" in keys:
        responses["404"] = {**_OK, "content": {"text/plain": {}}}
    body = b"" if status == 204 else b"x"
    assert expected == compact(validate_response(responses, responded(body, status, "text/plain")))


def test_statuses_that_yaml_makes_numbers(server: Recorder) -> None:
    """`200:` in YAML is an integer, and means the status anyway."""
    Path("a.yaml").write_text(
        f"openapi: 3.1.0\ninfo: {{title: t, version: 1}}\nservers: [{{url: '{server.origin}'}}]\n"
        "paths: {/a: {get: {operationId: a, responses: {200: {description: ok, content: "
        "{application/json: {schema: {type: array}}}}}}}}\n"
    )
    server.responses["/a"] = Response()
    result = run_cli("./a.yaml", "a", "--validate", "strict", "--error-format", "json")
    assert (9, ["type"]) == (result.exit_code, [finding["rule"] for finding in result.error["findings"]])


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({"type": "string", "format": "binary"}, []),
        ({"type": "string", "format": "binary", "maxLength": 2}, ["- maxLength"]),
        ({"type": "string", "format": "binary", "minLength": 4}, ["- minLength"]),
        ({"type": "string", "format": "binary", "minLength": 3, "maxLength": 3}, []),
        (
            {"type": "string", "format": "binary", "pattern": "^x"},
            ["? the bytes of a file are not compared with a `pattern`"],
        ),
        ({"$ref": "#/components/schemas/Bytes"}, ["- maxLength"]),
    ],
    ids=_id,
)
def test_bytes_are_validated_by_their_number(schema: Any, expected: list[str], version: str) -> None:
    """The length of a body of bytes is validated, and no keyword about text."""
    responses = {"200": {**_OK, "content": {"application/octet-stream": {"schema": schema}}}}
    response = responded(b"\0\xff\x80", media_type="application/octet-stream")
    bytes_of_two = {"type": "string", "format": "binary", "maxLength": 2}
    validation = validate_response(responses, response, version=version, Bytes=bytes_of_two)
    assert expected == compact(validation)
    if expected == ["- maxLength"]:
        (finding,) = validation.findings
        assert ("the content has 3 bytes, and may have at most 2", "3 bytes") == (
            finding.message,
            finding.got,
        )


@pytest.mark.parametrize("version", ["3.1.0", "3.2.0"])
@pytest.mark.parametrize(
    ("schema", "value", "expected"),
    [
        ({"maximum": 20, "exclusiveMaximum": True}, 12, []),
        ({"maximum": 20, "exclusiveMaximum": True}, 20, ["- exclusiveMaximum"]),
        ({"minimum": 5, "exclusiveMinimum": False}, 5, []),
        ({"exclusiveMinimum": True}, 5, []),
        ({"exclusiveMinimum": 5}, 5, ["- exclusiveMinimum"]),
    ],
    ids=_id,
)
def test_the_flags_of_3_0_in_a_later_document(
    schema: Any, value: Any, expected: list[str], version: str
) -> None:
    """`exclusiveMaximum: true` has its meaning of 3.0, and is not the bound 1."""
    assert expected == compact(validate_value(schema, value, version))


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("keyword", "about"), [("minimum", 0), ("maxLength", ""), ("maxItems", []), ("minProperties", {})]
)
def test_a_boolean_is_no_number(keyword: str, about: Any, version: str) -> None:
    """If the document has `true` for a number, the keyword is not evaluated, and a value that it is about tells so."""
    responses = {"200": {**_OK, "content": {JSON: {"schema": {keyword: True}}}}}
    validator = validator_of(response_document(responses, version), is_fixed=False)
    values: list[Any] = [0, "", [], {}]
    for value in values:
        validation = validator.response(responded(json.dumps(value).encode()))
        note = f"? the document's `{keyword}` cannot be used: `true`"
        assert ([note] if value == about else []) == compact(validation)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"kind": "cat", "lives": "9"}, ["/lives type"]),
        ({"lives": "9"}, ["/lives type"]),
        ({"kind": "unknown", "lives": "9"}, ["/lives type"]),
        ({"kind": "Dog"}, ["- required"]),
    ],
    ids=_id,
)
def test_a_default_mapping_names_the_branch(value: Any, expected: list[str]) -> None:
    """If the discriminating property names no branch, `defaultMapping` of 3.2 does."""
    cat = {"type": "object", "properties": {"lives": {"type": "integer"}}}
    dog = {"type": "object", "required": ["barks"]}
    schema = {
        "oneOf": [{"$ref": "#/components/schemas/Dog"}, {"$ref": "#/components/schemas/Cat"}],
        "discriminator": {
            "propertyName": "kind",
            "mapping": {"cat": "#/components/schemas/Cat"},
            "defaultMapping": "Cat",
        },
    }
    assert expected == compact(validate_value(schema, value, "3.2.0", Cat=cat, Dog=dog))


@pytest.mark.parametrize(
    ("pattern", "fits", "fails"),
    [
        (r"^\d+$", "12", "a"),
        (r"^\p{L}+$", "äb", "1"),
        (r"^\p{Lu}\p{Ll}$", "Äb", "äb"),
        (r"^(?<year>\d{4})$", "2026", "26"),
        (r"^a\/b$", "a/b", "ab"),
        (r"^[\w-]+$", "a-b", "a b"),
        (r"^[\w.\-]+$", "a.b", "a b"),
        (r"^\u0041$", "A", "B"),
        (r"^(?!x)a", "ab", "xa"),
    ],
)
def test_patterns_that_python_reads_otherwise_or_not_at_all(pattern: str, fits: str, fails: str) -> None:
    """A pattern is one of ECMA-262, whatever Python's `re` makes of it."""
    assert [] == compact(validate_value({"pattern": pattern}, fits))
    assert ["- pattern"] == compact(validate_value({"pattern": pattern}, fails))


@pytest.mark.parametrize("pattern", ["^[a-z", r"^\S+\Z", "\\", "^[^]$", "("])
def test_patterns_that_nobody_reads_are_a_note(pattern: str) -> None:
    """A pattern that is not a regular expression of ECMA-262 is a note."""
    text = f"? the pattern `{pattern}` is not a supported pattern of ECMA-262"
    assert [text] == compact(validate_value({"pattern": pattern}, "x"))


@pytest.mark.sampled(8)
@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("schema", "reason"),
    [
        ({"type": 12}, "the document's `type` cannot be used: `12`"),
        ({"type": "strnig"}, "the document's `type` cannot be used: `strnig`"),
        ({"minimum": "a"}, "the document's `minimum` cannot be used: `a`"),
        ({"multipleOf": 0}, "the document's `multipleOf` cannot be used: `0`"),
        ({"enum": 5}, "the document's `enum` cannot be used: `5`"),
        ({"required": "n"}, "the document's `required` cannot be used: `n`"),
        ({"properties": []}, "the document's `properties` cannot be used: `[]`"),
        ({"properties": {"n": 7}}, "the document's `properties` cannot be used: `{'n': 7}`"),
        (
            {"allOf": [{"$ref": "#/components/schemas/No"}]},
            "the document's reference `#/components/schemas/No` leads nowhere",
        ),
        ({"allOf": [{"$ref": "#no-anchor"}]}, "the document's reference `#no-anchor` leads nowhere"),
    ],
    ids=_id,
)
def test_a_wrong_schema_is_a_note_and_the_rest_is_validated(schema: Any, reason: str, version: str) -> None:
    """A defect of the document is a note, and hides no finding."""
    inner = {"properties": {"n": {"type": "string", "format": "date"}}, "required": ["z"]}
    whole = {"allOf": [{"properties": {"n": schema}}, {"allOf": [schema]}, inner]}
    value = {"n": 5} if "properties" in schema or "required" in schema else 5
    value = value if isinstance(value, dict) else {"n": 5}
    responses = {"200": {**_OK, "content": {JSON: {"schema": whole}}}}
    validator = validator_of(response_document(responses, version), is_fixed=False)
    validation = validator.response(responded(json.dumps(value).encode()))
    assert [reason] == validation.failures
    assert ["- required", "/n type"] == [
        line for line in compact(validation) if not line.startswith("?") and "/n/" not in line
    ]


@pytest.mark.parametrize("version", VERSIONS)
def test_a_reference_to_nowhere_at_the_root(version: str) -> None:
    """The broken reference is a note, and there is no finding."""
    validation = validate_value({"$ref": "#/components/schemas/No"}, 1, version)
    assert ["? the document's reference `#/components/schemas/No` leads nowhere"] == compact(validation)


@pytest.mark.parametrize("is_exact", [False, True], ids=["strict", "exact"])
def test_responses_that_lead_elsewhere(is_exact: bool) -> None:
    """A response by a reference that is not followed is named; the others are validated as if it were not there."""
    elsewhere = "https://schemas.example.org/responses.yaml#/NotFound"
    responses = {
        "200": {**_OK, "content": {JSON: {"schema": {"type": "string"}}}},
        "404": {"$ref": elsewhere},
    }
    validator = validator_of(response_document(responses))
    headers = {"x-header": "1"}
    assert ["- type"] == compact(validator.response(responded(b"1", headers=headers), is_exact=is_exact))
    validation = validator.response(responded(b"1", 404, headers=headers), is_exact=is_exact)
    assert [f"? the document's reference `{elsewhere}` leads nowhere"] == compact(validation)


@pytest.mark.parametrize("version", VERSIONS)
def test_a_schema_that_is_only_itself(version: str) -> None:
    """A reference in a circle ends in a note."""
    validation = validate_value(
        {"$ref": "#/components/schemas/A"}, 1, version, A={"$ref": "#/components/schemas/A"}
    )
    assert ["? the value or its schema is nested too deeply"] == compact(validation)


_HOSTILE_BODIES = {
    "html": (b"<html>", 9),
    "cut": (b'{"a":', 9),
    "bytes": (b'"\xff\xfe"', 9),
    "deep": (b"[" * 100_000 + b"]" * 100_000, 0),
    "digits": (b"1" * 5_000, 0),
    "surrogate": (b'{"n": "\\ud800"}', 9),
    "big-float": (b'{"n": 1e400}', 9),
    "nan": (b"NaN", 9),
}


@pytest.mark.sampled(6)
@pytest.mark.parametrize(("body", "code"), _HOSTILE_BODIES.values(), ids=_HOSTILE_BODIES)
@pytest.mark.parametrize("error_format", ["text", "json"])
def test_whatever_comes_is_printed(server: Recorder, body: bytes, code: int, error_format: str) -> None:
    """No body is lost to its result, however bad it is, and none is a defect of dynacli."""
    document = response_document(
        {"200": {**_OK, "content": {JSON: {"schema": {"properties": {"n": {"type": "boolean"}}}}}}}
    )
    document["servers"] = [{"url": server.origin}]
    Path("document.json").write_text(json.dumps(document), encoding="utf-8")
    server.responses["/a"] = Response(200, body)
    words = ("./document.json", "a", "--validate", "strict", "-o", "raw", "--error-format", error_format)
    result = run_cli(*words)
    assert (code, body) == (result.exit_code, result.stdout_bytes)
    assert "Traceback" not in result.stderr


def test_findings_in_both_forms(server: Recorder) -> None:
    """On the command line a finding has its place in the body and in the document, as text and as JSON."""
    document = response_document({"200": {**_OK, "content": {JSON: {"schema": {"type": "integer"}}}}})
    document["servers"] = [{"url": server.origin}]
    Path("document.json").write_text(json.dumps(document, indent=1), encoding="utf-8")
    server.responses["/a"] = Response(200, b'"x"')
    text = run_cli("./document.json", "a", "--validate", "strict")
    pointer = "/paths/~1a/get/responses/200/content/application~1json/schema/type"
    line = 1 + next(
        index
        for index, written in enumerate(Path("document.json").read_text().splitlines())
        if '"integer"' in written
    )
    assert 9 == text.exit_code
    assert "body: expected integer, got string `x` [type]" in text.stderr
    assert f"document line {line}: {pointer}" in text.stderr
    found = run_cli("./document.json", "a", "--validate", "strict", "--error-format", "json").error[
        "findings"
    ]
    assert [("type", "", "integer", "x", pointer, line)] == [
        (
            finding["rule"],
            finding["pointer"],
            finding["expected"],
            finding["got"],
            finding["schema_pointer"],
            finding["document"]["line"],
        )
        for finding in found
    ]
