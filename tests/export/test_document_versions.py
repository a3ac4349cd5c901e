"""`document --version` writes a document in another version of OpenAPI, and says what that version cannot say."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from dynacli.export.convert_version import Converted, convert_version
from dynacli.openapi.document.json_trees import split
from dynacli.openapi.document.load import Document
from dynacli.openapi.document.references.cut_document import make_portable
from dynacli.openapi.document.references.scan import scan
from dynacli.validation.validated_messages import ValidatedResponse
from tests.converted_documents import VERSIONS, is_valid
from tests.documents import api_of, document, get, load_tree, operation, save
from tests.harness import run_cli
from tests.validation.in_process_validator import validator_of
from tests.validation.pairs import PAIRS, Pair

_NULL = {"type": "null"}
_NULL_IN_3_0 = {"type": "string", "nullable": True, "enum": [None]}
_PET = {"$ref": "#/components/schemas/Pet"}


def _convert(tree: dict[str, Any], wanted: str) -> Converted:
    loaded = load_tree(tree)
    return convert_version(make_portable(loaded.tree).tree, loaded.version, wanted)


def _schema(schema: Any, version: str, wanted: str) -> tuple[Any, list[str]]:
    """Return a schema of one version in another, and where something got lost."""
    schemas = {"Pet": {"type": "object"}, "Made": schema}
    converted = _convert(document({}, version=version, components={"schemas": schemas}), wanted)
    places = [loss.pointer.removeprefix("/components/schemas/Made") for loss in converted.losses]
    return converted.tree["components"]["schemas"]["Made"], places


@pytest.mark.parametrize(
    ("schema", "expected", "lost"),
    [
        ({"type": ["string", "null"]}, {"type": "string", "nullable": True}, []),
        (_NULL, _NULL_IN_3_0, []),
        ({"type": ["string", "integer"]}, {"anyOf": [{"type": "string"}, {"type": "integer"}]}, []),
        (
            {"type": ["string", "integer", "null"], "anyOf": [{}]},
            {
                "anyOf": [{}],
                "allOf": [{"anyOf": [{"type": "string", "nullable": True}, {"type": "integer"}]}],
            },
            [],
        ),
        ({"const": 1, "title": "a"}, {"enum": [1], "title": "a"}, []),
        ({"enum": [1], "const": 1}, {"enum": [1], "allOf": [{"enum": [1]}]}, []),
        ({"enum": []}, {"not": {}}, []),
        ({"exclusiveMinimum": 1}, {"minimum": 1, "exclusiveMinimum": True}, []),
        ({"exclusiveMinimum": 1, "minimum": 2}, {"minimum": 2}, []),
        ({"exclusiveMaximum": 2, "maximum": 2}, {"maximum": 2, "exclusiveMaximum": True}, []),
        ({"examples": [1]}, {"example": 1}, []),
        ({"examples": [1, 2]}, {"example": 1}, ["/examples"]),
        ({"type": "string", "contentEncoding": "base64"}, {"type": "string", "format": "byte"}, []),
        (
            {"contentMediaType": "image/png"},
            {"type": "string", "format": "binary"},
            [],
        ),
        ({"type": "array"}, {"type": "array", "items": {}}, []),
        ({"items": False, "not": True}, {"items": {"not": {}}, "not": {}}, []),
        ({"type": "null", "enum": [1, None]}, {"type": "string", "nullable": True, "enum": [None]}, []),
        ({"type": "null", "enum": [1]}, {"type": "string", "nullable": True, "not": {}}, []),
        ({"type": []}, {}, []),
        ({"examples": []}, {}, []),
        ({"examples": [1], "example": 2}, {"example": 2}, ["/examples"]),
        (
            {"contentMediaType": "application/octet-stream", "contentEncoding": "base64"},
            {"type": "string", "format": "byte"},
            [],
        ),
        ({"prefixItems": [_PET], "items": True}, {"items": {}}, ["/prefixItems"]),
        ({"patternProperties": {"^a": {}}}, {}, ["/patternProperties"]),
        (
            {"patternProperties": {"^a": {"const": 1}}, "additionalProperties": _PET},
            {"additionalProperties": {"anyOf": [{"enum": [1]}, _PET]}},
            ["/patternProperties"],
        ),
        (
            {"prefixItems": [_PET, {"const": 1}], "items": False},
            {"items": {"anyOf": [_PET, {"enum": [1]}]}, "maxItems": 2},
            ["/prefixItems"],
        ),
        (
            {"patternProperties": {"^a": {"const": 1}}, "additionalProperties": False},
            {"additionalProperties": {"enum": [1]}},
            ["/patternProperties"],
        ),
        ({"type": "object", "unevaluatedProperties": False}, {"type": "object", "additionalProperties": False}, []),
        ({**_PET, "description": "a"}, {"description": "a", "allOf": [_PET]}, []),
        (
            {"oneOf": [{**_PET, "title": "a"}], "discriminator": {"propertyName": "k"}},
            {"oneOf": [_PET], "discriminator": {"propertyName": "k"}},
            ["/oneOf/0"],
        ),
        ({"if": {}, "then": {}, "required": [], "$comment": "a"}, {}, ["/if", "/then"]),
        ({"$schema": "https://spec.openapis.org/oas/3.1/dialect/2024-11-10"}, {}, []),
        ({"$schema": "http://json-schema.org/draft-07/schema#"}, {}, ["/$schema"]),
        ({"properties": {"if": {}, "const": {}}}, {"properties": {"if": {}, "const": {}}}, []),
        ({"default": {"const": 1}, "x-a": {"const": 1}}, {"default": {"const": 1}, "x-a": {"const": 1}}, []),
    ],
)  # fmt: skip
def test_a_schema_in_3_0(schema: Any, expected: Any, lost: list[str]) -> None:
    """What 3.0 can say otherwise is said, and what it cannot is left out and named."""
    made, places = _schema(schema, "3.1.0", "3.0")
    assert (expected, lost) == (made, places)
    assert [key for key in expected if key in schema] == [key for key in made if key in schema]


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({"type": "string", "nullable": True}, {"type": ["string", "null"]}),
        ({"type": "string", "nullable": True, "enum": ["a"]}, {"type": ["string", "null"], "enum": ["a", None]}),
        ({"allOf": [_PET], "nullable": True, "title": "a"}, {"title": "a", "anyOf": [_PET, _NULL]}),
        ({"anyOf": [_PET], "nullable": True}, {"anyOf": [_PET, _NULL]}),
        ({"oneOf": [_PET, {}], "nullable": True}, {"anyOf": [{"oneOf": [_PET, {}]}, _NULL]}),
        ({"nullable": True, "title": "a"}, {"title": "a"}),
        ({"nullable": True, "enum": [1]}, {"anyOf": [{"enum": [1]}, _NULL]}),
        ({"minimum": 1, "exclusiveMinimum": True, "title": "a"}, {"exclusiveMinimum": 1, "title": "a"}),
        ({"minimum": 1, "exclusiveMinimum": False}, {"minimum": 1}),
        ({"example": 1}, {"examples": [1]}),
        ({"type": "string", "format": "byte"}, {"type": "string", "contentEncoding": "base64"}),
        (
            {"type": "string", "format": "binary"},
            {"type": "string", "contentMediaType": "application/octet-stream"},
        ),
        ({**_PET, "minLength": 1, "description": "a"}, {**_PET, "description": "a"}),
        ({"properties": {"nullable": {}, "example": {}}}, {"properties": {"nullable": {}, "example": {}}}),
    ],
)  # fmt: skip
def test_a_schema_in_3_1(schema: Any, expected: Any) -> None:
    """The keywords of 3.0 have those of JSON Schema in their place, in the same order."""
    made, lost = _schema(schema, "3.0.3", "3.1")
    assert (expected, []) == (made, lost)
    assert [key for key in expected if key in schema] == [key for key in made if key in schema]


@pytest.mark.parametrize(
    ("schema", "expected", "lost"),
    [
        (
            {"oneOf": [_PET], "discriminator": {"propertyName": "k", "defaultMapping": "Pet"}},
            {"oneOf": [_PET], "discriminator": {"propertyName": "k"}},
            ["/discriminator/defaultMapping"],
        ),
        ({"xml": {"nodeType": "attribute"}}, {"xml": {"attribute": True}}, []),
        ({"type": "array", "xml": {"nodeType": "element"}}, {"type": "array", "xml": {"wrapped": True}}, []),
        ({"type": "string", "xml": {"nodeType": "element"}}, {"type": "string", "xml": {}}, []),
        ({"type": "array", "xml": {"nodeType": "none"}}, {"type": "array", "xml": {}}, []),
        ({"type": "object", "xml": {"nodeType": "none"}}, {"type": "object", "xml": {}}, ["/xml/nodeType"]),
        ({"xml": {"nodeType": "text", "name": "b"}}, {"xml": {"name": "b"}}, ["/xml/nodeType"]),
    ],
)
def test_a_schema_of_3_2_in_3_1(schema: Any, expected: Any, lost: list[str]) -> None:
    """The kinds of nodes in XML are those of 3.1 if it has them; a default of a discriminator is lost."""
    assert (expected, lost) == _schema(schema, "3.2.0", "3.1")


def _parameter(name: str, place: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "in": place, "schema": {}, **more}


_GET = "/paths/~1a/get"
_HOOK = {"made": {"post": {"responses": {"200": {"description": ""}}}}}
_DEVICE = {"deviceAuthorizationUrl": "https://a.example", "tokenUrl": "https://a.example", "scopes": {}}
_PARTS: list[tuple[str, str, str, Any, Any, list[str]]] = [
    ("3.1.0", "3.0", "/jsonSchemaDialect", "https://a.example", None, ["/jsonSchemaDialect"]),
    (
        "3.1.0",
        "3.0",
        "/info/license",
        {"name": "MIT", "identifier": "MIT"},
        {"name": "MIT", "url": "https://spdx.org/licenses/MIT.html"},
        [],
    ),
    ("3.1.0", "3.0", f"{_GET}/responses", {}, {"default": {"description": ""}}, []),
    (
        "3.0.3",
        "3.1",
        f"{_GET}/parameters",
        [_parameter("h", "header", allowReserved=True), _parameter("q", "query", allowReserved=True)],
        [_parameter("h", "header"), _parameter("q", "query", allowReserved=True)],
        [f"{_GET}/parameters/0/allowReserved"],
    ),
    (
        "3.2.0",
        "3.1",
        f"{_GET}/parameters",
        [
            {"name": "w", "in": "querystring", "content": {"a/b": {}}},
            _parameter("c", "cookie", style="cookie"),
        ],
        [_parameter("c", "cookie")],
        [f"{_GET}/parameters/0", f"{_GET}/parameters/1/style"],
    ),
    (
        "3.2.0",
        "3.1",
        f"{_GET}/requestBody",
        {"content": {"a/b": {"encoding": {"x": {"contentType": "c/d", "itemEncoding": {}}}}}},
        {"content": {"a/b": {"encoding": {"x": {"contentType": "c/d"}}}}},
        [f"{_GET}/requestBody/content/a~1b/encoding/x/itemEncoding"],
    ),
    (
        "3.2.0",
        "3.1",
        f"{_GET}/responses",
        {"200": {"content": {"a/b": {"examples": {"e": {"dataValue": 1, "serializedValue": "1"}}}}}},
        {"200": {"content": {"a/b": {"examples": {"e": {"value": 1}}}}, "description": ""}},
        [f"{_GET}/responses/200/content/a~1b/examples/e/serializedValue"],
    ),
    (
        "3.2.0",
        "3.1",
        "/components",
        {"responses": {"R": {"$ref": "#/components/responses/S"}, "S": {"summary": "s"}}},
        {"responses": {"R": {"$ref": "#/components/responses/S"}, "S": {"description": "s"}}},
        [],
    ),
    (
        "3.2.0",
        "3.1",
        "/components",
        {"securitySchemes": {"o": {"type": "oauth2", "flows": {"deviceAuthorization": _DEVICE}}}},
        {"securitySchemes": {"o": {"type": "oauth2", "flows": {}}}},
        ["/components/securitySchemes/o/flows/deviceAuthorization"],
    ),
    ("3.2.0", "3.1", "/jsonSchemaDialect", "https://spec.openapis.org/oas/3.2/dialect/2025-09-17", None, []),
]


@pytest.mark.parametrize(("version", "wanted", "pointer", "value", "expected", "lost"), _PARTS)
def test_a_part_of_a_document_in_another_version(
    version: str, wanted: str, pointer: str, value: Any, expected: Any, lost: list[str]
) -> None:
    """What is not in a schema has a counterpart, or is named with its place."""
    tree = api_of(get("/a"), version=version)
    *above, last = split(pointer)
    node: Any = tree
    for step in above:
        node = node[step]
    node[last] = value
    converted = _convert(tree, wanted)
    made: Any = converted.tree
    for step in above:
        made = made[step]
    assert (expected, lost) == (made.get(last), [loss.pointer for loss in converted.losses])


def test_webhooks_of_an_extension_are_those_of_3_1() -> None:
    """Many programs read `x-webhooks` in 3.0, which has no webhooks."""
    tree = {**document({}, version="3.0.3"), "x-webhooks": _HOOK}
    converted = _convert(tree, "3.1")
    assert _HOOK == converted.tree["webhooks"]
    assert "x-webhooks" not in converted.tree


def _modern() -> dict[str, Any]:
    """Return a document of 3.2 that has much of what earlier versions do not have."""
    item = {
        "get": operation("getPet", {"$ref": "#/components/parameters/Limit", "description": "How many."})
        | {"callbacks": {"on": {"{$url}": {"$ref": "#/components/pathItems/Pet"}}}},
        "query": operation("askPets"),
        "additionalOperations": {"COPY": operation("copyPet")},
    }
    lines = {"application/jsonl": {"itemSchema": _PET}}
    ends = {
        "first": {"$ref": "#/components/schemas/Pair/prefixItems/0"},
        "told": {"$ref": "#/webhooks/new/post/requestBody/content/application~1json/schema"},
        "hidden": {"$ref": "#/components/schemas/Pair/$defs/Hidden"},
        "response": {"$ref": "#/components/pathItems/Pet/get/responses/200/content/application~1json/schema"},
    }
    reported = operation("told", body={"type": ["string", "null"]})
    links = {"ask": {"operationId": "askPets"}, "again": {"operationId": "told"}}
    responses = {
        "200": {
            "content": {"application/json": {"$ref": "#/components/mediaTypes/Ends"}, **lines},
            "links": {"ask": {"operationId": "askPets"}, "get": {"operationId": "getPet"}},
        }
    }
    return document(
        {
            "/a": {"$ref": "#/components/pathItems/Pet"},
            "/b": {"get": {"security": [{"key": ["role"], "tls": []}], "responses": responses}},
        },
        version="3.2.0",
        jsonSchemaDialect="https://spec.openapis.org/oas/3.2/dialect/2025-09-17",
        webhooks={"new": {"post": {**reported, "responses": {"200": {"description": "", "links": links}}}}},
        tags=[{"name": "a", "kind": "nav"}],
        components={
            "pathItems": {"Pet": item},
            "mediaTypes": {"Ends": {"schema": {"properties": ends}}},
            "parameters": {"Limit": {"name": "limit", "in": "query", "schema": {"type": ["integer", "null"]}}},
            "schemas": {
                "Pet": {"type": "object"},
                "Pair": {
                    "prefixItems": [{"const": 1}],
                    "items": {},
                    "$defs": {"Hidden": {"$ref": "#/components/schemas/Pair/$defs/Deeper"}, "Deeper": {"const": 2}},
                },
            },
            "securitySchemes": {
                "key": {"type": "apiKey", "in": "header", "name": "X-Key"},
                "tls": {"type": "mutualTLS"},
            },
        },
    )  # fmt: skip


@pytest.mark.parametrize("version", VERSIONS)
def test_a_whole_document(version: str) -> None:
    """It is valid, every reference leads somewhere, and warnings name what was left out with its place."""
    source = save(_modern())
    before = Path(source).read_bytes()
    made = run_cli("document", source, "--version", version)
    assert 0 == made.exit_code, made.stderr
    tree = json.loads(made.stdout)
    assert is_valid(tree, version)
    assert () == scan(tree).dangling
    assert "jsonSchemaDialect" not in tree
    lines = made.stderr.splitlines()
    for place in (
        "`kind` of a tag: #/tags/0/kind",
        "method QUERY: #/components/pathItems/Pet/query",
        "method COPY: #/components/pathItems/Pet/additionalOperations/COPY",
        "`itemSchema` of a media type: #/paths/~1b/get/responses/200/content/application~1jsonl/itemSchema",
    ):
        assert any(line.endswith(place) for line in lines), lines
    assert ["get"] == list(tree["paths"]["/b"]["get"]["responses"]["200"]["links"])
    webhooks = tree["x-webhooks" if version == "3.0" else "webhooks"]
    assert ["again"] == list(webhooks["new"]["post"]["responses"]["200"]["links"])
    assert run_cli("document", source, "--version", version).stdout == made.stdout
    assert before == Path(source).read_bytes()
    if version == "3.0":
        schemas = tree["components"]["schemas"]
        assert {"enum": [2]} == schemas["Deeper"]
        assert {"$ref": "#/components/schemas/Deeper"} == schemas["Hidden"]
        properties = tree["paths"]["/b"]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
        assert {
            "#/components/schemas/Pair/items/anyOf/0",
            "#/x-webhooks/new/post/requestBody/content/application~1json/schema",
            "#/components/schemas/Hidden",
            "#/paths/~1a/get/responses/200/content/application~1json/schema",
        } == {part["$ref"] for part in properties["properties"].values()}
        assert [{"key": []}] == tree["paths"]["/b"]["get"]["security"]
        assert ["key"] == list(tree["components"]["securitySchemes"])
        assert "told" == tree["x-webhooks"]["new"]["post"]["operationId"]


def test_a_part_and_yaml() -> None:
    """A version goes with the other choices; texts that a reader of YAML 1.1 or 1.2 would take for more are quoted."""
    texts = ["no", "1e3", "2026-01-01", "0x1f", "~"]
    whole = api_of(get("/a", body={"type": "string", "enum": texts}), get("/b"))
    made = run_cli(
        "document", save(whole), "--version", "3.1", "--only", "a", "--resolved", "-o", "yaml"
    )  # fmt: skip
    read = yaml.safe_load(made.stdout)
    assert ["/a"] == list(read["paths"])
    assert texts == read["paths"]["/a"]["get"]["requestBody"]["content"]["application/json"]["schema"]["enum"]
    assert 2 == run_cli("document", "./api.json", "--version", "2.0").exit_code


_OF_THE_VERSION = {
    # Draft 4 of JSON Schema, which is that of 3.0, has no integer with a point or an exponent.
    *("1.0 for an integer since 3.1", "1.0 for an integer in 3.0", "1e2 for an integer since 3.1"),
    # Only 3.2 says what the schema of a sequence of items is about.
    "too few lines",
    # An older dialect ignores what stands beside a reference; it is named as lost.
    "beside a reference in an older dialect",
    # To the letter, a document without patterns of names does not mention what it had by pattern; named as lost.
    "a name by pattern",
    # Swagger 2.0 says of a response without a schema that it has no body.
    *("2.0: no schema, and no body", "2.0: no schema, at exact", "2.0: a header that is an array"),
}


def _validated(pair: Pair, converted: Converted) -> bool:
    validator = validator_of(converted.tree, is_fixed=pair.is_fixed)
    if isinstance(pair.message, ValidatedResponse):
        return validator.response(pair.message, is_exact=pair.is_exact).is_valid
    return validator.request(pair.message, is_exact=pair.is_exact).is_valid


@pytest.mark.sampled(6)
@pytest.mark.parametrize(
    ("pair", "version", "wanted"),
    [
        pytest.param(pair, version, wanted, id=f"{pair.name}: {version} in {wanted}")
        for pair in PAIRS
        for version in pair.versions
        for wanted in VERSIONS
        if not version.startswith(wanted) and pair.name not in _OF_THE_VERSION
    ],
)
def test_validations_stay_the_same(pair: Pair, version: str, wanted: str) -> None:
    """A message is as right by a conversion as by the document; if something got lost, it may be right, too."""
    loaded: Document = load_tree(pair.document_in(version))
    converted = convert_version(make_portable(loaded.tree).tree, loaded.version, wanted)
    is_right = all(expected.startswith(("?", "~")) for expected in pair.expected)
    is_now_right = _validated(pair, converted)
    assert is_now_right == is_right or (is_now_right and converted.losses)
