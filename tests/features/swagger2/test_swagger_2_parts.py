"""Servers, security, schemas and responses of Swagger 2.0 documents, as OpenAPI 3.0 has them."""

from typing import Any

import pytest

from dynacli.features.swagger2.conversion import convert_swagger
from tests.documents import swagger
from tests.features.swagger2.conversions import RESPONSES, converted_operation

SERVERS: dict[str, tuple[dict[str, Any], str, list[str], int]] = {
    "nothing": ({}, "", ["/"], 0),
    "a path": ({"basePath": "/v1"}, "", ["/v1"], 0),
    "a path with schemes": ({"basePath": "/v1/", "schemes": ["https"]}, "", ["/v1"], 0),
    "a path without a slash": ({"basePath": "v1"}, "", ["/v1"], 0),
    "all": ({"host": "a.example", "basePath": "/v1", "schemes": ["https"]}, "", ["https://a.example/v1"], 0),
    "the root": ({"host": "a.example", "basePath": "/", "schemes": ["https"]}, "", ["https://a.example"], 0),
    "https first": (
        {"host": "a.example", "schemes": ["http", "https"]},
        "",
        ["https://a.example", "http://a.example"],
        0,
    ),
    "this machine": (
        {"host": "localhost:8080", "schemes": ["http", "https"]},
        "",
        ["http://localhost:8080", "https://localhost:8080"],
        0,
    ),
    "no scheme, read from a file": ({"host": "a.example"}, "file:///a.json", ["https://a.example"], 1),
    "no scheme, this machine": ({"host": "127.0.0.1:1"}, "", ["http://127.0.0.1:1"], 1),
    "no scheme, fetched": ({"host": "a.example"}, "http://b.example/a.json", ["http://a.example"], 0),
    "web sockets": ({"host": "a.example", "schemes": ["wss", "https"]}, "", ["https://a.example"], 1),
    "web sockets only": ({"host": "a.example", "schemes": ["ws"]}, "", ["https://a.example"], 1),
    "one scheme as text": ({"host": "a.example", "schemes": "http"}, "", ["http://a.example"], 0),
    "a scheme in the host": ({"host": "http://a.example/"}, "", ["http://a.example"], 1),
    "no text": ({"host": ["a.example"], "basePath": 7}, "", ["/"], 2),
}


@pytest.mark.parametrize(("given", "uri", "expected", "warnings"), SERVERS.values(), ids=SERVERS)
def test_host_path_and_schemes_become_servers(
    given: dict[str, Any], uri: str, expected: list[str], warnings: int
) -> None:
    """A server for each scheme, https first but on this machine; without a host relative to the document."""
    conversion = convert_swagger(swagger(**given), uri)
    assert expected == [server["url"] for server in conversion.tree["servers"]]
    assert warnings == len(conversion.warnings)


def test_a_host_with_a_variable_asks_for_it() -> None:
    """2.0 has no variables; a host that is written with one becomes a server with one."""
    (server,) = convert_swagger(swagger(host="{shop}.example", schemes=["https"])).tree["servers"]
    assert {"url": "https://{shop}.example", "variables": {"shop": {"default": ""}}} == server


def test_an_operation_with_schemes_has_servers_of_its_own() -> None:
    """`schemes` of an operation replace those of the document."""
    made = converted_operation({"schemes": ["http"]}, host="a.example", basePath="/v1", schemes=["https"])
    assert [{"url": "http://a.example/v1"}] == made["servers"]


URLS = {"authorizationUrl": "https://a.example/in", "tokenUrl": "https://a.example/token"}
SCHEMES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "basic": (
        {"type": "basic", "description": "d", "x-a": 1},
        {"type": "http", "scheme": "basic", "description": "d", "x-a": 1},
    ),
    "apiKey": (
        {"type": "apiKey", "in": "query", "name": "k"},
        {"type": "apiKey", "in": "query", "name": "k"},
    ),
    "implicit": (
        {"type": "oauth2", "flow": "implicit", **URLS, "scopes": {"s": "S"}},
        {
            "type": "oauth2",
            "flows": {"implicit": {"authorizationUrl": URLS["authorizationUrl"], "scopes": {"s": "S"}}},
        },
    ),
    "password": (
        {"type": "oauth2", "flow": "password", "tokenUrl": "t", "scopes": {}},
        {"type": "oauth2", "flows": {"password": {"tokenUrl": "t", "scopes": {}}}},
    ),
    "application": (
        {"type": "oauth2", "flow": "application", "tokenUrl": "t", "x-a": 1},
        {"type": "oauth2", "x-a": 1, "flows": {"clientCredentials": {"tokenUrl": "t", "scopes": {}}}},
    ),
    "accessCode": (
        {"type": "oauth2", "flow": "accessCode", **URLS, "scopes": {"s": "S"}},
        {"type": "oauth2", "flows": {"authorizationCode": {**URLS, "scopes": {"s": "S"}}}},
    ),
    "as in 3.0": ({"type": "http", "scheme": "bearer"}, {"type": "http", "scheme": "bearer"}),
}


@pytest.mark.parametrize(("given", "expected"), SCHEMES.values(), ids=SCHEMES)
def test_security_definitions_become_security_schemes(
    given: dict[str, Any], expected: dict[str, Any]
) -> None:
    """Basic authentication is a scheme of HTTP now, and flows have a place and names of their own."""
    tree = convert_swagger(swagger(securityDefinitions={"it": given}, security=[{"it": []}])).tree
    assert {"it": expected} == tree["components"]["securitySchemes"]
    assert [{"it": []}] == tree["security"]


def test_an_unknown_flow_is_told() -> None:
    """A flow that 2.0 does not have cannot be carried over."""
    before = swagger(securityDefinitions={"it": {"type": "oauth2", "flow": "device"}})
    conversion = convert_swagger(before)
    assert {"type": "oauth2", "flows": {}} == conversion.tree["components"]["securitySchemes"]["it"]
    assert ["/securityDefinitions/it/flow"] == [where for _, where in conversion.warnings]


REF = {"$ref": "#/definitions/Other"}
NEW_REF = {"$ref": "#/components/schemas/Other"}
NULL = {"nullable": True, "enum": [None]}
SCHEMAS: dict[str, tuple[Any, Any]] = {
    "nothing special": (
        {
            "type": "object",
            "required": ["a"],
            "properties": {"a": {"type": "string", "readOnly": True}},
            "xml": {"name": "x"},
        },
        {
            "type": "object",
            "required": ["a"],
            "properties": {"a": {"type": "string", "readOnly": True}},
            "xml": {"name": "x"},
        },
    ),
    "draft 4's exclusive bounds": (
        {"type": "number", "minimum": 0, "exclusiveMinimum": True},
        {"type": "number", "minimum": 0, "exclusiveMinimum": True},
    ),
    "discriminator": ({"discriminator": "kind"}, {"discriminator": {"propertyName": "kind"}}),
    "discriminator of 3.0": (
        {"discriminator": {"propertyName": "kind", "mapping": {"o": "#/definitions/Other"}}},
        {"discriminator": {"propertyName": "kind", "mapping": {"o": "#/components/schemas/Other"}}},
    ),
    "x-nullable": ({"type": "string", "x-nullable": True}, {"type": "string", "nullable": True}),
    "x-nullable: false": ({"type": "string", "x-nullable": False}, {"type": "string"}),
    "x-nullable, enum": (
        {"type": "string", "enum": ["a"], "x-nullable": True},
        {"type": "string", "enum": ["a", None], "nullable": True},
    ),
    "x-nullable beside $ref": (
        {**REF, "x-nullable": True, "description": "d"},
        {"description": "d", "anyOf": [NEW_REF, NULL]},
    ),
    "x-nullable without type": (
        {"allOf": [REF], "x-nullable": True, "x-a": 1},
        {"x-a": 1, "anyOf": [{"allOf": [NEW_REF]}, NULL]},
    ),
    "x-nullable alone": ({"x-nullable": True}, {}),
    "null among the types": ({"type": ["string", "null"]}, {"type": "string", "nullable": True}),
    "one type in a list": ({"type": ["string"]}, {"type": "string"}),
    "several types": (
        {"type": ["string", "integer"]},
        {"anyOf": [{"type": "string"}, {"type": "integer"}]},
    ),
    "several types and null": (
        {"type": ["string", "integer", "null"]},
        {"anyOf": [{"type": "string", "nullable": True}, {"type": "integer"}]},
    ),
    "several types beside anyOf": (
        {"type": ["string", "integer"], "anyOf": [{"maxLength": 1}]},
        {"anyOf": [{"maxLength": 1}], "allOf": [{"anyOf": [{"type": "string"}, {"type": "integer"}]}]},
    ),
    "type null": ({"type": "null"}, NULL),
    "type file": ({"type": "file"}, {"type": "string", "format": "binary"}),
    "one of several items": ({"type": "array", "items": [REF]}, {"type": "array", "items": NEW_REF}),
    "id and $schema": ({"id": "a", "$schema": "b", "type": "string"}, {"type": "string"}),
    "properties named as keywords": (
        {
            "properties": {
                "id": {"type": "string"},
                "$ref": REF,
                "discriminator": {"type": "string"},
                "type": {"type": "file"},
            }
        },
        {
            "properties": {
                "id": {"type": "string"},
                "$ref": NEW_REF,
                "discriminator": {"type": "string"},
                "type": {"type": "string", "format": "binary"},
            }
        },
    ),
    "references in every place of a schema": (
        {
            "items": REF,
            "additionalProperties": REF,
            "not": REF,
            "allOf": [REF],
            "anyOf": [REF],
            "oneOf": [REF],
            "patternProperties": {"a": REF},
            "dependencies": {"a": REF, "b": ["c"]},
        },
        {
            "items": NEW_REF,
            "additionalProperties": NEW_REF,
            "not": NEW_REF,
            "allOf": [NEW_REF],
            "anyOf": [NEW_REF],
            "oneOf": [NEW_REF],
            "patternProperties": {"a": NEW_REF},
            "dependencies": {"a": NEW_REF, "b": ["c"]},
        },
    ),
    "data is no reference": (
        {"example": REF, "default": REF, "enum": [REF], "x-a": REF},
        {"example": REF, "default": REF, "enum": [REF], "x-a": REF},
    ),
    "no object": (True, True),
}


@pytest.mark.parametrize(("given", "expected"), SCHEMAS.values(), ids=SCHEMAS)
def test_definitions_become_schemas(given: Any, expected: Any) -> None:
    """A schema stays as it is but for the keywords that 3.0 has in another form."""
    conversion = convert_swagger(swagger(definitions={"It": given, "Other": {}}))
    assert {"It": expected, "Other": {}} == conversion.tree["components"]["schemas"]
    assert () == conversion.warnings


def test_a_schema_for_each_item_is_told() -> None:
    """3.0 has one schema for all items: any of those that there were."""
    items = [{"type": "string"}, {"type": "integer"}]
    schema = {"type": "array", "items": items, "additionalItems": {"$ref": "#/definitions/It"}}
    conversion = convert_swagger(swagger(definitions={"It": schema}))
    assert {"type": "array", "items": {"anyOf": items}} == conversion.tree["components"]["schemas"]["It"]
    assert ["/definitions/It/items"] == [where for _, where in conversion.warnings]


def test_names_that_3_0_does_not_allow_are_changed() -> None:
    """Letters, digits, `.`, `-` and `_` stay; a schema keeps its old name as title and for discriminators."""
    before = swagger(
        definitions={
            "Pet_Big": {"type": "object"},
            "Pet«Big»": {"allOf": [{"$ref": "#/definitions/Base"}]},
            "Cat": {"allOf": [{"$ref": "#/definitions/Base"}], "x-ms-discriminator-value": "#cat"},
            "Base": {"type": "object", "discriminator": "kind"},
            "宠物": {"type": "object", "title": "Pet"},
        },
        securityDefinitions={"API Key": {"type": "apiKey", "in": "header", "name": "k"}},
        security=[{"API Key": []}],
    )
    tree = convert_swagger(before).tree
    schemas = tree["components"]["schemas"]
    assert ["Pet_Big", "Pet_Big_2", "Cat", "Base", "schema"] == list(schemas)
    assert ("Pet«Big»", "Pet") == (schemas["Pet_Big_2"]["title"], schemas["schema"]["title"])
    assert {
        "Pet«Big»": "#/components/schemas/Pet_Big_2",
        "#cat": "#/components/schemas/Cat",
        "Base": "#/components/schemas/Base",
    } == schemas["Base"]["discriminator"]["mapping"]
    assert ["API_Key"] == list(tree["components"]["securitySchemes"])
    assert [{"API_Key": []}] == tree["security"]


STRING = {"type": "string"}
RESPONSE: dict[str, tuple[dict[str, Any], dict[str, Any], dict[str, Any]]] = {
    "nothing but a description": ({}, {"description": "d", "x-a": 1}, {"description": "d", "x-a": 1}),
    "without produces": (
        {},
        {"description": "d", "schema": STRING},
        {"description": "d", "content": {"*/*": {"schema": STRING}}},
    ),
    "what the document produces": (
        {"document": ["a/b", "c/d"]},
        {"description": "d", "schema": STRING},
        {"description": "d", "content": {"a/b": {"schema": STRING}, "c/d": {"schema": STRING}}},
    ),
    "what the operation produces": (
        {"document": ["a/b"], "operation": ["c/d"]},
        {"description": "d", "schema": STRING},
        {"description": "d", "content": {"c/d": {"schema": STRING}}},
    ),
    "a file": (
        {"operation": ["image/png"]},
        {"description": "d", "schema": {"type": "file"}},
        {"description": "d", "content": {"image/png": {"schema": {"type": "string", "format": "binary"}}}},
    ),
    "examples": (
        {"operation": ["a/b"]},
        {"description": "d", "schema": STRING, "examples": {"a/b": "e", "c/d": "f"}},
        {
            "description": "d",
            "content": {"a/b": {"schema": STRING, "example": "e"}, "c/d": {"schema": STRING, "example": "f"}},
        },
    ),
    "an example and no schema": (
        {"operation": ["a/b"]},
        {"description": "d", "examples": {"c/d": {"$ref": "x"}}},
        {"description": "d", "content": {"a/b": {}, "c/d": {"example": {"$ref": "x"}}}},
    ),
    "no schema": ({"operation": ["a/b"]}, {"description": "d"}, {"description": "d", "content": {"a/b": {}}}),
    "no schema, of all operations": (
        {"document": ["a/b", "c/d"]},
        {"description": "d"},
        {"description": "d", "content": {"a/b": {}, "c/d": {}}},
    ),
    "no schema, and nothing is produced": ({}, {"description": "d"}, {"description": "d"}),
    "headers": (
        {},
        {
            "description": "d",
            "headers": {
                "A": {"type": "integer", "description": "h"},
                "B": {"type": "array", "items": STRING, "collectionFormat": "csv"},
                "C": {"type": "string", "x-nullable": True, "x-example": "e"},
            },
        },
        {
            "description": "d",
            "headers": {
                "A": {"description": "h", "schema": {"type": "integer"}},
                "B": {"schema": {"type": "array", "items": STRING}},
                "C": {"schema": {"type": "string", "nullable": True}, "example": "e"},
            },
        },
    ),
}


@pytest.mark.parametrize(("produces", "given", "expected"), RESPONSE.values(), ids=RESPONSE)
def test_a_response_gets_content(
    produces: dict[str, Any], given: dict[str, Any], expected: dict[str, Any]
) -> None:
    """A response says under which media types its schema comes; without `produces` under any."""
    own = {"produces": produces["operation"]} if "operation" in produces else {}
    more = {"produces": produces["document"]} if "document" in produces else {}
    made = converted_operation({"responses": {"default": given, "x-a": 1}, **own}, **more)
    assert {"responses": {"default": expected, "x-a": 1}} == made


def test_an_example_without_a_media_type_is_told() -> None:
    """Examples of 2.0 are named by media types; another one has no place in 3.0."""
    responses = {"200": {"description": "d", "schema": STRING, "examples": {"one": "e"}}}
    conversion = convert_swagger(swagger({"/a": {"get": {"responses": responses}}}))
    assert ["/paths/~1a/get/responses/200/examples/one"] == [where for _, where in conversion.warnings]


def test_a_shared_response_has_the_media_types_of_its_operation() -> None:
    """An operation that produces something else than most gets a copy of the response that they share."""
    shared = {"description": "d", "schema": STRING, "headers": {"A": STRING}}
    paths = {
        "/usual": {"get": {"responses": {"200": {"$ref": "#/responses/It"}}}},
        "/other": {"get": {"produces": ["c/d"], "responses": {"200": {"$ref": "#/responses/It"}}}},
    }
    tree = convert_swagger(swagger(paths, responses={"It": shared}, produces=["a/b"])).tree
    expected = {"description": "d", "headers": {"A": {"schema": STRING}}}
    assert {**expected, "content": {"a/b": {"schema": STRING}}} == tree["components"]["responses"]["It"]
    assert {"$ref": "#/components/responses/It"} == tree["paths"]["/usual"]["get"]["responses"]["200"]
    own = tree["paths"]["/other"]["get"]["responses"]["200"]
    assert {**expected, "content": {"c/d": {"schema": STRING}}} == own


SUCCESS = {
    "the success": (["200", "404"], ["200"]),
    "any success": (["201", "2XX", "default"], ["201", "2XX"]),
    "one without content": (["204", "205", "default"], []),
    "nothing but errors": (["400", "default"], ["default"]),
}


@pytest.mark.parametrize(("statuses", "expected"), SUCCESS.values(), ids=SUCCESS)
@pytest.mark.parametrize("is_shared", [False, True], ids=["its own", "shared"])
def test_a_success_without_a_schema_has_the_media_types_of_its_operation(
    statuses: list[str], expected: list[str], is_shared: bool
) -> None:
    """What an operation produces is kept if its success has no schema, which is how images are described."""
    given = {"$ref": "#/responses/It"} if is_shared else {"description": "d"}
    operation = {"produces": ["image/png"], "responses": dict.fromkeys(statuses, given)}
    tree = convert_swagger(swagger({"/a": {"get": operation}}, responses={"It": {"description": "d"}})).tree
    made = tree["paths"]["/a"]["get"]["responses"]
    with_content = [status for status, value in made.items() if value.get("content") == {"image/png": {}}]
    assert (expected, expected) == (with_content, [status for status in made if "content" in made[status]])


def test_all_else_stays() -> None:
    """Descriptions, tags, extensions and what is not known stay where they are."""
    operation = {
        "tags": ["t"],
        "summary": "s",
        "description": "d",
        "externalDocs": {"url": "u"},
        "operationId": "o",
        "deprecated": True,
        "x-a": {"$ref": "#/definitions/It"},
        "security": [],
        "unknown": 1,
        "responses": RESPONSES,
    }
    rest = {"tags": [{"name": "t"}], "externalDocs": {"url": "u"}, "x-a": 1, "unknown": [1]}
    tree = convert_swagger(swagger({"/a": {"x-b": 1, "get": operation}, "x-c": 1}, **rest)).tree
    assert {
        "paths": {"/a": {"x-b": 1, "get": operation}, "x-c": 1},
        "openapi": "3.0.3",
        "info": {"title": "Small", "version": "1"},
        "servers": [{"url": "/"}],
        **rest,
    } == tree
