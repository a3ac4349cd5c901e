"""Values for `--example` are the same every time, and pass validation wherever a schema allows that."""

import time
from collections.abc import Callable
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dynacli.openapi.model.operation import Parameter, ValueType
from dynacli.openapi.schema.document_schemas import DocumentSchemas, NoExampleError
from dynacli.openapi.schema.example_call import parameter_example
from dynacli.openapi.schema.example_value import (
    example_value,
    example_value_for_parameter,
    matches_pattern,
)
from dynacli.openapi.schema.normal_form import normal_tree
from tests.sampling import examples

SCHEMAS: dict[str, Any] = {
    "Cat": {
        "allOf": [
            {"$ref": "#/components/schemas/Pet"},
            {
                "type": "object",
                "required": ["lives"],
                "properties": {"lives": {"type": "integer", "minimum": 9}},
            },
        ]
    },
    "Dog": {
        "allOf": [
            {"$ref": "#/components/schemas/Pet"},
            {"type": "object", "required": ["barks"], "properties": {"barks": {"type": "boolean"}}},
        ]
    },
    "Pet": {
        "type": "object",
        "required": ["kind"],
        "properties": {"kind": {"type": "string"}},
        "discriminator": {"propertyName": "kind", "mapping": {"feline": "#/components/schemas/Cat"}},
    },
    "AnyPet": {
        "oneOf": [{"$ref": "#/components/schemas/Dog"}, {"$ref": "#/components/schemas/Cat"}],
        "discriminator": {"propertyName": "kind"},
    },
    "Closed": {
        "type": "object",
        "required": ["next"],
        "properties": {"next": {"$ref": "#/components/schemas/Closed"}},
    },
    "Tree": {
        "type": "object",
        "required": ["name", "children"],
        "properties": {
            "name": {"type": "string"},
            "children": {"type": "array", "items": {"$ref": "#/components/schemas/Tree"}},
        },
    },
    "List": {
        "type": "object",
        "required": ["next"],
        "properties": {"next": {"oneOf": [{"$ref": "#/components/schemas/List"}, {"type": "null"}]}},
    },
    "Nullable": {
        "type": "object",
        "nullable": True,
        "required": ["next"],
        "properties": {"next": {"$ref": "#/components/schemas/Nullable"}},
    },
    "Parent": {
        "type": "object",
        "properties": {"name": {"type": "string"}, "parent": {"$ref": "#/components/schemas/Parent"}},
    },
    "Leaf": {
        "oneOf": [
            {
                "type": "object",
                "required": ["leaf"],
                "properties": {"leaf": {"$ref": "#/components/schemas/Leaf"}},
            },
            {"type": "integer"},
        ]
    },
    "Id": {"type": "integer", "readOnly": True},
    "Name": {"type": "string", "minLength": 8},
}


def resolve(ref: str) -> Any:
    """Return the schema that a reference of these tests leads to."""
    prefix, _, name = ref.rpartition("/")
    if prefix != "#/components/schemas":
        raise KeyError(ref)
    return SCHEMAS[name]


def refer(name: str) -> dict[str, Any]:
    """Return a reference to a schema of these tests."""
    return {"$ref": f"#/components/schemas/{name}"}


def case(name: str, schema: Any, expected: Any) -> Any:
    """Return a test case of a table."""
    return pytest.param(schema, expected, id=name)


OFFERED = [
    case("const", {"const": 0, "default": 1}, 0),
    case("example", {"type": "integer", "default": 2, "example": 3, "examples": [4]}, 3),
    case("examples", {"type": "integer", "examples": [4, 5], "default": 2}, 4),
    case("default", {"type": "integer", "default": 2, "enum": [1, 2]}, 2),
    case("enum", {"enum": ["a", "b"]}, "a"),
    case("enum-by-type", {"type": "integer", "enum": ["a", 7]}, 7),
    case("false-is-an-offer", {"type": "boolean", "default": False}, False),
    case("null-is-not", {"type": ["integer", "null"], "default": None}, 1),
    case("wrong-type", {"type": "integer", "example": "12"}, 1),
    case("boolean-is-no-number", {"type": "integer", "example": True}, 1),
    case("not-in-the-enum", {"enum": ["a"], "example": "b"}, "a"),
    case("too-long", {"type": "string", "example": "longer", "maxLength": 3}, "str"),
    case("wrong-format", {"type": "string", "format": "date", "example": "1st May"}, "2025-01-01"),
    case("no-day", {"type": "string", "format": "date", "example": "2025-02-30"}, "2025-01-01"),
    case("unevaluated", {"type": "object", "unevaluatedProperties": False, "example": {"b": 1}}, {}),
    case("missing-required", {"type": "object", "required": ["a"], "example": {}}, {"a": "string"}),
    case("extra-property", {"type": "object", "additionalProperties": False, "example": {"b": 1}}, {}),
    case("example-of-a-part", {"allOf": [{"type": "string", "example": "part"}, {"minLength": 2}]}, "part"),
    case(
        "part-is-not-all",
        {"allOf": [{"example": {"a": 1}}, {"type": "object", "required": ["b"]}]},
        {"b": "string"},
    ),
]

STRINGS = [
    case("plain", {"type": "string"}, "string"),
    case("date", {"type": "string", "format": "date"}, "2025-01-01"),
    case("date-time", {"type": "string", "format": "date-time"}, "2025-01-01T00:00:00Z"),
    case("time", {"type": "string", "format": "time"}, "00:00:00Z"),
    case("duration", {"type": "string", "format": "duration"}, "P1D"),
    case("email", {"type": "string", "format": "email"}, "user@example.com"),
    case("uuid", {"type": "string", "format": "uuid"}, "00000000-0000-4000-8000-000000000000"),
    case("uri", {"type": "string", "format": "uri"}, "https://example.com/"),
    case("uri-reference", {"type": "string", "format": "uri-reference"}, "/path"),
    case("hostname", {"type": "string", "format": "hostname"}, "example.com"),
    case("ipv4", {"type": "string", "format": "ipv4"}, "192.0.2.1"),
    case("ipv6", {"type": "string", "format": "ipv6"}, "2001:db8::1"),
    case("byte", {"type": "string", "format": "byte"}, "c3RyaW5n"),
    case("base64", {"type": "string", "contentEncoding": "base64"}, "c3RyaW5n"),
    case("binary", {"type": "string", "format": "binary"}, "string"),
    case("password", {"type": "string", "format": "password"}, "password"),
    case("regex", {"type": "string", "format": "regex"}, "^a$"),
    case("json-pointer", {"type": "string", "format": "json-pointer"}, "/path"),
    case("unknown-format", {"type": "string", "format": "colour"}, "string"),
    case("longer", {"type": "string", "minLength": 8}, "stringst"),
    case("shorter", {"type": "string", "maxLength": 2}, "st"),
    case("empty", {"type": "string", "maxLength": 0}, ""),
    case("longer-email", {"type": "string", "format": "email", "minLength": 19}, "uuuuser@example.com"),
    case("longer-uri", {"type": "string", "format": "uri", "minLength": 22}, "https://example.com/aa"),
    case("pattern", {"type": "string", "pattern": r"^[a-z]{3}-\d+$"}, "aaa-0"),
    case("pattern-that-string-fits", {"type": "string", "pattern": "^[a-z]+$"}, "string"),
    case("pattern-and-length", {"type": "string", "pattern": r"^[A-Z]\d*$", "minLength": 4}, "A000"),
    case("pattern-of-branches", {"type": "string", "pattern": "^(ab|cd)(?:ef)?$"}, "ab"),
    case(
        "pattern-and-format",
        {"type": "string", "format": "uri", "pattern": "^https://"},
        "https://example.com/",
    ),
    case("open-pattern", {"type": "string", "pattern": "^gid:", "minLength": 6}, "gid:aa"),
    case("negated-class", {"type": "string", "pattern": "^[^a-z]{2}$"}, "00"),
    case("look-ahead", {"type": "string", "pattern": r"^(?=.*\d)(?=.*[A-Z]).{8,}$"}, "0AAa0Aa0Aa"),
    case("letters-of-any-script", {"type": "string", "pattern": r"^\p{L}{2}-[\p{Nd}\]]$"}, "aa-0"),
    case("negated-set", {"type": "string", "pattern": "^[^a-z]{3}$"}, "00A"),
    case("ecma-escapes", {"type": "string", "pattern": r"^\/v\d+\/[\w-]+$"}, "/v0/0"),
    case("group-reference", {"type": "string", "pattern": r"^(\d{4})/\1$"}, "0000/0000"),
    case("outside-ascii", {"type": "string", "pattern": "^[à-ü]$"}, "à"),
]

NUMBERS = [
    case("integer", {"type": "integer"}, 1),
    case("number", {"type": "number"}, 1),
    case("int32", {"type": "integer", "format": "int32"}, 1),
    case("int64", {"type": "integer", "format": "int64"}, 1),
    case("double", {"type": "number", "format": "double"}, 1),
    case("minimum", {"type": "integer", "minimum": 5}, 5),
    case("maximum", {"type": "integer", "maximum": -5}, -5),
    case("fraction", {"type": "integer", "minimum": 2.5}, 3),
    case("exclusive", {"type": "integer", "exclusiveMinimum": 5}, 6),
    case("between", {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1}, 0.5),
    case("largest-minimum", {"type": "number", "minimum": 1.7e308}, int(1.7e308)),
    case("smallest-multiple", {"type": "number", "multipleOf": 5e-324, "minimum": 1e308}, int(1e308)),
    case("multiple", {"type": "integer", "multipleOf": 7, "minimum": 8}, 14),
    case(
        "multiple-of-a-fraction", {"type": "number", "multipleOf": 0.1, "minimum": 0.25, "maximum": 0.35}, 0.3
    ),
    case("negative-multiple", {"type": "integer", "multipleOf": 7, "exclusiveMaximum": 0}, -7),
]

ARRAYS = [
    case("one-item", {"type": "array", "items": {"type": "integer"}}, [1]),
    case("untyped", {"type": "array"}, []),
    case("none-allowed", {"type": "array", "items": {"type": "integer"}, "maxItems": 0}, []),
    case("min-items", {"type": "array", "items": {"type": "integer"}, "minItems": 2}, [1, 1]),
    case(
        "unique",
        {"type": "array", "items": {"type": "integer"}, "minItems": 3, "uniqueItems": True},
        [1, 2, 0],
    ),
    case(
        "unique-strings",
        {"type": "array", "items": {"type": "string", "maxLength": 6}, "minItems": 2, "uniqueItems": True},
        ["string", "strin1"],
    ),
    case(
        "unique-enum",
        {"type": "array", "items": {"enum": ["a", "b"]}, "minItems": 2, "uniqueItems": True},
        ["a", "b"],
    ),
    case(
        "unique-objects",
        {
            "type": "array",
            "items": {"type": "object", "required": ["id"], "properties": {"id": {"type": "integer"}}},
            "minItems": 2,
            "uniqueItems": True,
        },
        [{"id": 1}, {"id": 2}],
    ),
    case("prefix", {"type": "array", "prefixItems": [{"type": "integer"}, {"const": "x"}]}, [1, "x"]),
    case("contains", {"type": "array", "contains": {"const": 7}}, [7]),
]

OBJECTS = [
    case(
        "required-only",
        {"type": "object", "properties": {"a": {}, "b": {}}, "required": ["b"]},
        {"b": "string"},
    ),
    case("untyped", {"properties": {"a": {"type": "integer"}}, "required": ["a"]}, {"a": 1}),
    case("undescribed", {"type": "object", "required": ["a"]}, {"a": "string"}),
    case(
        "additional",
        {"type": "object", "required": ["a"], "additionalProperties": {"type": "integer"}},
        {"a": 1},
    ),
    case(
        "by-pattern", {"required": ["x-a"], "patternProperties": {"^x-": {"type": "boolean"}}}, {"x-a": True}
    ),
    case(
        "read-only",
        {
            "type": "object",
            "required": ["id", "name"],
            "properties": {"id": refer("Id"), "name": {"type": "string"}},
        },
        {"name": "string"},
    ),
    case(
        "read-only-in-an-example",
        {"type": "object", "properties": {"id": refer("Id"), "name": {}}, "example": {"id": 1, "name": "x"}},
        {"name": "x"},
    ),
    case(
        "min-properties",
        {"type": "object", "minProperties": 1, "properties": {"a": {"type": "integer"}, "b": {}}},
        {"a": 1},
    ),
    case(
        "min-of-a-map",
        {"type": "object", "minProperties": 2, "additionalProperties": {"type": "integer"}},
        {"key1": 1, "key2": 1},
    ),
    case(
        "any-of-required",
        {
            "type": "object",
            "properties": {"a": {"type": "integer"}, "b": {"type": "string"}},
            "anyOf": [{"required": ["b"]}, {"required": ["a"]}],
        },
        {"b": "string"},
    ),
    case("dependent", {"required": ["a"], "dependentRequired": {"a": ["b"]}}, {"a": "string", "b": "string"}),
]

COMBINED = [
    case("boolean", {"type": "boolean"}, True),
    case("anything", {}, "string"),
    case("true", True, "string"),
    case("null", {"type": "null"}, None),
    case("type-array", {"type": ["null", "integer"]}, 1),
    case("reference", refer("Name"), "stringst"),
    case("beside-a-reference", {"$ref": "#/components/schemas/Name", "minLength": 9}, "stringstr"),
    case(
        "all-of-bounds", {"allOf": [{"type": "number", "minimum": 3}, {"type": "integer", "minimum": 2}]}, 3
    ),
    case(
        "all-of-properties",
        {
            "allOf": [
                {"required": ["a"], "properties": {"a": {"type": "integer"}}},
                {"required": ["a"], "properties": {"a": {"minimum": 4}}},
            ]
        },
        {"a": 4},
    ),
    case("one-of", {"oneOf": [{"type": "integer"}, {"type": "string"}]}, 1),
    case(
        "one-of-exactly-one",
        {"oneOf": [{"type": "number"}, {"type": "integer"}, {"type": "string"}]},
        "string",
    ),
    case(
        "one-of-objects-told-apart-by-optional-properties",
        {
            "oneOf": [
                {"type": "object", "additionalProperties": False, "properties": {"a": {"type": "integer"}}},
                {"type": "object", "additionalProperties": False, "properties": {"b": {"type": "integer"}}},
            ]
        },
        {"a": 1},
    ),
    case("impossible-branch", {"anyOf": [False, {"type": "integer"}]}, 1),
    case("not", {"type": "string", "not": {"const": "string"}, "enum": ["string", "other"]}, "other"),
    case(
        "if-then",
        {"if": {"required": ["a"]}, "then": {"required": ["b"]}, "type": "object", "required": ["a"]},
        {"a": "string", "b": "string"},
    ),
    case("discriminator-mapping", refer("Cat"), {"kind": "feline", "lives": 9}),
    case("discriminator-name", refer("Dog"), {"kind": "Dog", "barks": True}),
    case("discriminator-of-branches", refer("AnyPet"), {"kind": "Dog", "barks": True}),
    case(
        "discriminator-example-of-another-branch",
        {**SCHEMAS["AnyPet"], "example": {"kind": "Dog", "lives": 9}},
        {"kind": "Dog", "barks": True},
    ),
    case("discriminator-of-subtypes", refer("Pet"), {"kind": "feline", "lives": 9}),
    case("recursive-array", refer("Tree"), {"name": "string", "children": []}),
    case("recursive-null", refer("List"), {"next": None}),
    case("recursive-branch", refer("Leaf"), 1),
]


@pytest.mark.sampled(3)
@pytest.mark.parametrize(("schema", "expected"), [*OFFERED, *STRINGS, *NUMBERS, *ARRAYS, *OBJECTS, *COMBINED])
def test_a_schema_has_one_example(schema: Any, expected: Any) -> None:
    """Each schema has exactly this example: what the document offers, else the simplest value."""
    actual = example_value(schema, resolve)
    assert (type(expected), expected) == (type(actual), actual)


def test_a_reference_to_nowhere_stands_for_anything() -> None:
    """What is required after it has an example, and what stands beside it counts."""
    part = {"type": "object", "required": ["a"], "properties": {"a": refer("Missing")}}
    assert {"a": "string"} == example_value({"allOf": [refer("Lost"), part]}, resolve)


@pytest.mark.sampled(3)
@pytest.mark.parametrize(("schema", "expected"), [*OFFERED, *STRINGS, *NUMBERS, *ARRAYS, *COMBINED])
def test_examples_pass_validation(schema: Any, expected: Any) -> None:
    """The expected values of the tables are valid by a full validator."""
    document = {"components": {"schemas": SCHEMAS}, "allOf": [schema]}
    assert jsonschema_rs.Draft202012Validator(document, validate_formats=True).is_valid(expected)


VERSION_3_0 = [
    case("exclusive-minimum", {"type": "integer", "minimum": 5, "exclusiveMinimum": True}, 6),
    case("exclusive-maximum", {"type": "integer", "maximum": 0, "exclusiveMaximum": True}, -1),
    case("nullable", {"type": "string", "nullable": True}, "string"),
    case("recursive-nullable", refer("Nullable"), {"next": None}),
    case(
        "nullable-branch",
        {"nullable": True, "type": "object", "required": ["a"], "properties": {"a": False}},
        None,
    ),
    case("ignored-beside-a-reference", {"$ref": "#/components/schemas/Name", "minLength": 9}, "stringst"),
]


@pytest.mark.parametrize(("schema", "expected"), VERSION_3_0)
def test_schemas_of_openapi_3_0_are_read_as_such(schema: Any, expected: Any) -> None:
    """`nullable`, boolean `exclusiveMinimum` and `$ref` mean in 3.0 what its specification says."""
    written = {"openapi": "3.0.4", "components": {"schemas": {**SCHEMAS, "Root": schema}}}
    schemas = normal_tree(written, "3.0")["components"]["schemas"]
    assert expected == example_value(schemas["Root"], lambda ref: schemas[ref.rpartition("/")[2]])


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        case(
            "all-properties",
            {"type": "object", "properties": {"a": {"type": "integer"}, "b": {"type": "array", "items": {}}}},
            {"a": 1, "b": ["string"]},
        ),
        case("recursion-left-out", refer("Parent"), {"name": "string"}),
        case("map", {"type": "object", "additionalProperties": {"type": "integer"}}, {"key1": 1}),
        case("max-properties", {"properties": {"a": {}, "b": {}}, "maxProperties": 0}, {}),
    ],
)
def test_all_properties_are_shown_on_request(schema: Any, expected: Any) -> None:
    """Optional properties are there when asked for, as far as they can be made."""
    assert expected == example_value(schema, resolve, required_only=False)


def test_overlapping_branches_still_have_an_example() -> None:
    """If each value matches several branches of a `oneOf`, one that does is better than none."""
    assert example_value({"oneOf": [{"type": "object"}, {"type": "object"}]}, resolve) == {}


def test_an_example_fits_one_branch_where_there_is_such_a_value() -> None:
    """The first branch offers a value that fits the second one, too."""
    schema = {"oneOf": [{"enum": ["ADMIN"]}, {"type": "string"}]}
    assert example_value(schema, resolve) == "string"


def test_what_is_left_out_is_kept_where_nothing_is_valid_without() -> None:
    """A property that is read-only is in a request only if it must be, whichever schema requires it."""
    parts = [{"required": ["id", "name"]}, {"properties": {"id": refer("Id"), "name": {"type": "string"}}}]
    assert example_value({"allOf": parts}, resolve) == {"name": "string"}
    closed = {"properties": {"id": refer("Id")}, "minProperties": 1, "additionalProperties": False}
    assert example_value({"type": "object", **closed}, resolve) == {"id": 1}


def test_a_made_response_is_the_last_page() -> None:
    """A boolean that says whether more follow is false, unless the document offers or wants true."""
    boolean = {"type": "boolean"}
    schema = {
        "properties": {
            "has_more": boolean,
            "hasNextPage": {"type": "boolean", "example": True},
            "more": {"type": "boolean", "enum": [True]},
            "isOpen": boolean,
        },
        "type": "object",
    }
    made = example_value(schema, resolve, direction="response", required_only=False)
    assert {"has_more": False, "hasNextPage": True, "more": True, "isOpen": True} == made
    asked = example_value(schema, resolve, required_only=False)
    assert asked["has_more"] is True


def test_requests_and_responses_have_different_examples() -> None:
    """A response has `readOnly` properties and no `writeOnly` ones."""
    schema = {
        "type": "object",
        "required": ["id", "secret"],
        "properties": {"id": refer("Id"), "secret": {"type": "string", "writeOnly": True}},
    }
    request, response = (
        example_value(schema, resolve, direction=direction) for direction in ("request", "response")
    )
    assert request == {"secret": "string"}
    assert response == {"id": 1}


@pytest.mark.parametrize(
    "schema",
    [
        False,
        refer("Closed"),
        {"type": "integer", "minimum": 10, "maximum": 5},
        {"type": "integer", "multipleOf": 1.7976931348623157e308, "minimum": 1, "maximum": 9},
        {"allOf": [{"type": "integer"}, {"type": "string"}]},
        {"type": "string", "minLength": 2, "maxLength": 1},
        {"type": "string", "minLength": 10**9},
        {"type": "string", "pattern": r"^\p{Script=Greek}$"},
        {"type": "string", "pattern": "^a$", "minLength": 2},
        {"type": "array", "minItems": 10**9, "items": {}},
        {"type": "array", "minItems": 3, "uniqueItems": True, "items": {"type": "boolean"}},
        {"type": "object", "required": ["a"], "additionalProperties": False},
        {"type": "object", "required": ["a"], "properties": {"a": False}},
        {"type": "object", "minProperties": 10**9},
        {"oneOf": [False, False]},
    ],
    ids=str,
)
def test_a_schema_without_an_example_raises(schema: Any) -> None:
    """A schema that allows no value, or none that can be made by simple rules, raises `NoExampleError`."""
    with pytest.raises(NoExampleError):
        example_value(schema, resolve)


def nested(depth: int, wrap: Callable[[Any], Any]) -> Any:
    """Return a schema wrapped in others a number of times."""
    schema = {"type": "string", "not": {}}
    for _ in range(depth):
        schema = wrap(schema)
    return schema


@pytest.mark.sampled(1)
@pytest.mark.no_cover
@pytest.mark.parametrize(
    "schema",
    [
        nested(40, lambda inner: {"oneOf": [{"properties": {"a": inner}, "required": ["a"], "not": {}}] * 2}),
        nested(
            300, lambda inner: {"properties": {"a": {"oneOf": [inner, inner]}}, "required": ["a"], "not": {}}
        ),
        nested(5_000, lambda inner: {"type": "object", "required": ["a"], "properties": {"a": inner}}),
        {"type": "string", "pattern": "^(a+)+$", "example": "a" * 40 + "!", "minLength": 42},
        {"type": "string", "pattern": "^(a|a)*b(a|a)*c$", "minLength": 60},
    ],
    ids=["cases", "schemas", "depth", "nested-repetition", "overlapping-branches"],
)
def test_hostile_schemas_cost_little(schema: Any) -> None:
    """A schema with countless cases or a costly pattern ends soon: with a value that is valid, or an error."""
    start = time.process_time()
    try:
        value = example_value(schema, resolve)
    except NoExampleError:
        value = None
    assert time.process_time() - start < 5
    assert value is None or jsonschema_rs.Draft202012Validator(schema).is_valid(value)


MULTIPLIED = "(" * 20 + "a{99}" + "){99}" * 20


@pytest.mark.no_cover
@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        (r"^[0-9]{2}\Z", "00"),
        (r"^\p{XDigit}{2}-\p{XDigit}{2}$", "a0-Aa"),
        (r"[\p{all}]*", "string"),
        (r"[^/:|\000-\037]+", "a"),
        ("(?<!a+)b", "b"),
        (MULTIPLIED, "string"),
        ("^(" + "|".join(f"name{number}" for number in range(80)) + ")$", "name0"),
    ],
    ids=[
        "end-of-python",
        "class-of-java",
        "class-of-everything",
        "octal",
        "look-behind",
        "multiplied",
        "long",
    ],
)
def test_an_undecidable_pattern_gets_a_guess(pattern: str, expected: Any) -> None:
    """A text is generated from the readable part of the pattern, soon, and the rest of the example does not suffer."""
    start = time.process_time()
    assert expected == example_value({"type": "string", "pattern": pattern}, resolve)
    assert time.process_time() - start < 5


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("^arn:.{16,2044}$", "arn:a0Aa0Aa0Aa0Aa0Aa"),
        (r"^\S{1,2000}$", "string"),
        (r"^[\w- ]+\.$", "a."),
        (r"^[+-\d]{2}$", "00"),
        (r"^[\w-.+]+@[\w-.+]+$", "a@0"),
        (r"^[{1,2048}]$", "0"),
        (r"\Asnap-([0-9a-f]{8}|[0-9a-f]{17})\z", "snap-a0aa0aa0"),
        ("^[[a]{2}$", "aa"),
    ],
    ids=[
        "repetition",
        "repetition-of-a-class",
        "hyphen-after",
        "hyphen-before",
        "hyphens",
        "braces-in-a-class",
        "anchors",
        "bracket-in-a-class",
    ],
)
def test_patterns_as_documents_write_them_are_followed(pattern: str, expected: Any) -> None:
    """Long repetitions and the lenient spelling of classes are matched, without a warning of Python's."""
    assert expected == example_value({"type": "string", "pattern": pattern}, resolve)
    assert matches_pattern(expected, pattern)


PARAMETERS = [
    case("example", {"example": "own", "schema": {"type": "string", "example": "other"}}, "own"),
    case("examples", {"examples": {"a": {"value": "own"}}, "schema": {"example": "other"}}, "own"),
    case("false", {"example": False, "schema": {"type": "boolean"}}, False),
    case("wrong-shape", {"example": "1,2", "schema": {"type": "array", "items": {"type": "integer"}}}, [1]),
    case("schema", {"schema": {"type": "integer", "minimum": 3}}, 3),
    case("nothing", {}, "string"),
    case("content", {"content": {"application/json": {"schema": {"type": "object"}}}}, {}),
    case("content-example", {"content": {"application/json": {"example": {"a": 1}}}}, {"a": 1}),
    case("summary-only", {"examples": {"a": {"summary": "none"}}, "schema": {"type": "integer"}}, 1),
]


@pytest.mark.parametrize(("parameter", "expected"), PARAMETERS)
def test_a_parameter_has_one_example(parameter: Any, expected: Any) -> None:
    """The example beside a parameter comes before its schema's, if it matches the schema."""
    assert expected == example_value_for_parameter({"name": "x", "in": "query"} | parameter, resolve)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-3, 5)
    | st.floats()
    | st.sampled_from(["", "a", "string", "^a", "("]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=4,
)
WORDS = [
    "type",
    "enum",
    "const",
    "example",
    "examples",
    "default",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "multipleOf",
    "minLength",
    "maxLength",
    "pattern",
    "format",
    "items",
    "prefixItems",
    "contains",
    "minItems",
    "maxItems",
    "uniqueItems",
    "properties",
    "required",
    "additionalProperties",
    "patternProperties",
    "dependentRequired",
    "minProperties",
    "allOf",
    "anyOf",
    "oneOf",
    "not",
    "if",
    "then",
    "discriminator",
    "nullable",
    "readOnly",
    "$ref",
    "contentEncoding",
    "propertyNames",
]
ANY_SCHEMA = st.recursive(
    st.booleans()
    | st.dictionaries(st.sampled_from(WORDS), JSON, max_size=3)
    | st.sampled_from([{"type": name} for name in ("string", "integer", "array", "object", "null")])
    | st.sampled_from([refer(name) for name in SCHEMAS]),
    lambda inner: st.fixed_dictionaries(
        {},
        optional={
            "items": inner,
            "allOf": st.lists(inner, max_size=2),
            "oneOf": st.lists(inner, max_size=2),
            "not": inner,
            "properties": st.dictionaries(st.sampled_from("abc"), inner, max_size=2),
            "required": st.lists(st.sampled_from("abc")),
            "additionalProperties": inner,
        },
    ),
    max_leaves=6,
)


@settings(max_examples=examples(100), deadline=None)
@given(ANY_SCHEMA, st.booleans())
def test_malformed_schemas_raise_nothing_else(schema: Any, required_only: bool) -> None:
    """Any value in place of a schema gives the same example each time, or `NoExampleError`."""

    def attempt() -> str:
        try:
            return repr(example_value(schema, resolve, required_only=required_only))
        except NoExampleError:
            return "none"

    assert attempt() == attempt()


@pytest.mark.parametrize("location", ["query", "path", "header"])
@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({"type": "object", "properties": {"a": {"type": "integer"}, "b": {}}}, {"a": 1}),
        (
            {"type": "object", "properties": {"a": {"type": "array", "items": {"type": "integer"}}}},
            {"a": [1]},
        ),
        ({"type": "object", "additionalProperties": {"type": "integer"}}, {"key1": 1}),
        ({"type": "object"}, {"key1": "string"}),
        ({"type": "array", "example": [], "items": {"type": "integer"}}, [1]),
        ({"type": "object", "example": {}, "properties": {"a": {"type": "integer"}}}, {"a": 1}),
    ],
    ids=["object", "array-inside", "map", "anything", "empty-array", "empty-object"],
)
def test_a_required_parameter_is_never_empty(location: Any, schema: Any, expected: Any) -> None:
    """Nothing would be sent for an empty object or array, so the example of a required parameter has a member."""
    described = {"name": "p", "in": location, "required": True, "schema": schema}
    parameter = Parameter("p", location, "p", ValueType("any"), is_required=True)
    assert expected == parameter_example(parameter, described, resolve)


def test_a_large_enumeration_is_not_compared_with_each_of_its_values(monkeypatch: pytest.MonkeyPatch) -> None:
    """The steps of a value that does not fit grow with the enumeration, so that quadratic time is given up."""
    deep: Any = []
    for _ in range(150):
        deep = [deep]
    tried: list[Any] = []
    monkeypatch.setattr(DocumentSchemas, "fits", lambda _self, value, _schema: tried.append(value))
    with pytest.raises(NoExampleError):
        example_value({"enum": [deep] * 1_000}, lambda _: None)
    assert 2 < len(tried) < 50
