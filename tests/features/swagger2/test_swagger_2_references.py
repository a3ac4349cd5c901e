"""References of Swagger 2.0 documents lead to where their targets went, and places to where they came from."""

import copy
import json
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from dynacli.features.swagger2.conversion import convert_swagger
from dynacli.openapi.document.json_trees import MISSING, follow, from_fragment
from dynacli.openapi.document.references.place_origins import Move, Origins, PlaceInFile
from dynacli.openapi.document.references.scan import scan
from tests.documents import places_in, swagger
from tests.features.swagger2.conversions import RESPONSES, faults_of_places
from tests.sampling import examples

STRING = {"type": "string"}
WHOLE = swagger(
    {
        "/pets/{id}": {
            "parameters": [
                {"name": "id", "in": "path", "required": True, "type": "string"},
                {"$ref": "#/parameters/pet"},
            ],
            "get": {
                "produces": ["image/png"],
                "schemes": ["wss", "http"],
                "parameters": [
                    {"$ref": "#/parameters/limit"},
                    {
                        "name": "q",
                        "in": "query",
                        "type": "array",
                        "items": STRING,
                        "collectionFormat": "multi",
                    },
                ],
                "responses": {
                    "200": {"description": "d", "schema": {"type": "file"}},
                    "default": {"$ref": "#/responses/Error"},
                },
            },
            "post": {
                "consumes": ["text/plain"],
                "parameters": [{"$ref": "#/parameters/other-pet"}],
                "responses": {"200": {"$ref": "#/paths/~1pets~1%7Bid%7D/get/responses/200"}},
            },
            "put": {
                "consumes": ["multipart/form-data", "application/x-www-form-urlencoded"],
                "parameters": [
                    {"$ref": "#/parameters/field"},
                    {"$ref": "#/parameters/choices"},
                    {"name": "file", "in": "formData", "type": "file", "required": True},
                    {"name": "h", "in": "header", "type": "string"},
                ],
                "responses": {
                    "200": {"description": "d", "schema": {"$ref": "#/paths/~1toys/post/parameters/1/schema"}}
                },
            },
        },
        "/toys": {
            "post": {
                "parameters": [
                    {"name": "z", "in": "query", "type": "string", "x-example": "e"},
                    {"name": "body", "in": "body", "schema": {"type": "object", "properties": {"q": STRING}}},
                ],
                "responses": {"201": {"$ref": "#/responses/Error"}},
            }
        },
        "/kept": {"$ref": "#/x-kept/item"},
    },
    host="a.example",
    schemes=["http", "https", "ws"],
    consumes=["application/json"],
    produces=["application/json", "application/xml"],
    parameters={
        "limit": {"name": "limit", "in": "query", "type": "integer", "x-nullable": True},
        "pet": {"name": "pet", "in": "body", "required": True, "schema": {"$ref": "#/definitions/Pet"}},
        "other-pet": {"$ref": "#/parameters/pet"},
        "choices": {
            "name": "c",
            "in": "formData",
            "type": "array",
            "items": STRING,
            "collectionFormat": "multi",
        },
        "field": {"name": "f", "in": "formData", "type": "array", "items": STRING, "required": True},
    },
    responses={
        "Error": {
            "description": "d",
            "schema": {"$ref": "#/definitions/Error«x»"},
            "headers": {"A": {"type": "array", "items": STRING, "collectionFormat": "tsv"}},
            "examples": {"application/json": {"a": 1}, "text/plain": "x"},
        }
    },
    definitions={
        "Pet": {
            "type": "object",
            "discriminator": "kind",
            "properties": {
                "kind": STRING,
                "null": {"type": ["string", "integer", "null"]},
                "error": {"$ref": "#/definitions/Error%C2%ABx%C2%BB", "x-nullable": True, "description": "d"},
                "letter": {"type": "string", "enum": ["a"], "x-nullable": True},
                "list": {"type": "array", "items": [STRING, {"$ref": "#/definitions/Pet"}]},
                "one": {"type": "array", "items": [{"$ref": "#/definitions/Pet/properties/list/items/1"}]},
            },
        },
        "Cat": {
            "allOf": [{"$ref": "#/definitions/Pet"}, {"properties": {"x": {"$ref": "#/x-kept/Schema"}}}],
            "x-ms-discriminator-value": "#cat",
        },
        "Error«x»": {"type": "object", "properties": {"p": {"$ref": "#/definitions/Pet/properties/kind"}}},
    },
    securityDefinitions={
        "a b": {"type": "basic"},
        "o": {
            "type": "oauth2",
            "flow": "accessCode",
            "authorizationUrl": "u",
            "tokenUrl": "t",
            "scopes": {"s": "S"},
        },
    },
    security=[{"a b": []}, {"o": ["s"]}],
    **{
        "x-kept": {
            "Schema": {"type": "string", "x-nullable": True},
            "item": {
                "get": {"operationId": "kept", "responses": {"200": {"description": "d", "schema": STRING}}}
            },
        }
    },
)
"""A document with something of everything."""

TARGETS = {
    "a definition": ("#/definitions/It", "#/components/schemas/It"),
    "a part of a definition": ("#/definitions/It/properties/a~1b", "#/components/schemas/It/properties/a~1b"),
    "percent-encoded": ("#/definitions/%49t/properties/a%7E1b", "#/components/schemas/It/properties/a~1b"),
    "a name that was changed": ("#/definitions/It«x»", "#/components/schemas/It_x"),
    "the items of a parameter": ("#/parameters/list/items", "#/components/parameters/list/schema/items"),
    "the schema of a body": (
        "#/parameters/body/schema",
        "#/components/requestBodies/body/content/application~1json/schema",
    ),
    "the schema of a response": ("#/responses/It/schema", "#/components/responses/It/content/a~1b/schema"),
    "the items of a header": (
        "#/responses/It/headers/X/items",
        "#/components/responses/It/headers/X/schema/items",
    ),
    "the schema of an operation's body": (
        "#/paths/~1a~1{id}/post/parameters/0/schema",
        "#/paths/~1a~1%7Bid%7D/post/requestBody/content/application~1json/schema",
    ),
    "the items of a parameter after a body": (
        "#/paths/~1a~1{id}/post/parameters/1/items",
        "#/paths/~1a~1%7Bid%7D/post/parameters/0/schema/items",
    ),
    "the schema of an operation's response": (
        "#/paths/~1a~1{id}/post/responses/200/schema",
        "#/paths/~1a~1%7Bid%7D/post/responses/200/content/a~1b/schema",
    ),
    "through a reference": (
        "#/paths/~1a~1{id}/post/responses/400/schema",
        "#/components/responses/It/content/a~1b/schema",
    ),
    "in an extension": ("#/x-kept/It", "#/components/schemas/It_2"),
    "nowhere": ("#/definitions/Nobody", "#/definitions/Nobody"),
    "another file": ("other.json#/definitions/It", "other.json#/definitions/It"),
}


@pytest.mark.parametrize(("ref", "expected"), TARGETS.values(), ids=TARGETS)
def test_a_reference_leads_to_where_its_target_went(ref: str, expected: str) -> None:
    """A reference is turned to the new place of what it means; one that leads nowhere stays as it is written."""
    items = {"type": "array", "items": STRING}
    source = swagger(
        {
            "/a/{id}": {
                "post": {
                    "parameters": [
                        {"in": "body", "name": "b", "schema": STRING},
                        {"in": "query", "name": "q", **items},
                    ],
                    "responses": {
                        "200": {"description": "d", "schema": STRING},
                        "400": {"$ref": "#/responses/It"},
                    },
                }
            }
        },
        produces=["a/b", "c/d"],
        definitions={"It": {"properties": {"a/b": STRING}}, "It«x»": {}, "From": {"$ref": ref}},
        parameters={"list": {"in": "query", "name": "l", **items}, "body": {"in": "body", "schema": STRING}},
        responses={"It": {"description": "d", "schema": STRING, "headers": {"X": items}}},
        **{"x-kept": {"It": STRING}},
    )
    tree = convert_swagger(source).tree
    assert expected == tree["components"]["schemas"]["From"]["$ref"]
    steps = from_fragment(expected)
    is_there = steps is not None and follow(tree, steps) is not MISSING
    assert is_there is (ref not in ("#/definitions/Nobody", "other.json#/definitions/It"))


def test_shared_inputs_go_where_their_kind_is() -> None:
    """A shared body becomes a request body and a shared form field a schema; references follow them."""
    tree = convert_swagger(WHOLE).tree
    components, item = tree["components"], tree["paths"]["/pets/{id}"]
    assert ["limit"] == list(components["parameters"])
    assert ["pet", "other-pet"] == list(components["requestBodies"])
    assert {"$ref": "#/components/requestBodies/pet"} == components["requestBodies"]["other-pet"]
    assert {"type": "array", "items": STRING} == components["schemas"]["field"]
    assert {"$ref": "#/components/parameters/limit"} == item["get"]["parameters"][0]
    assert {"$ref": "#/components/requestBodies/pet"} == item["get"]["requestBody"]
    assert {"schema": {"$ref": "#/components/schemas/Pet"}} == item["post"]["requestBody"]["content"][
        "text/plain"
    ]
    form = item["put"]["requestBody"]["content"]["multipart/form-data"]
    assert {"$ref": "#/components/schemas/field"} == form["schema"]["properties"]["f"]
    assert "kept" == tree["paths"]["/kept"]["get"]["operationId"]


def test_a_parameter_among_the_definitions_is_a_parameter() -> None:
    """A component in the wrong section is converted as the kind that the reference to it needs."""
    source = swagger(
        {"/a": {"get": {"parameters": [{"$ref": "#/definitions/limit"}], "responses": RESPONSES}}},
        definitions={"limit": {"name": "limit", "in": "query", "type": "integer"}},
    )
    tree = convert_swagger(source).tree
    assert {"$ref": "#/components/parameters/limit"} == tree["paths"]["/a"]["get"]["parameters"][0]
    expected = {"name": "limit", "in": "query", "schema": {"type": "integer"}}
    assert expected == tree["components"]["parameters"]["limit"]


def test_converted_references_and_origins_lead_to_existing_places() -> None:
    """No reference dangles after the conversion, every place has an origin, and the source is not changed."""
    before = json.dumps(WHOLE)
    conversion = convert_swagger(WHOLE)
    assert () == scan(conversion.tree).dangling
    assert [] == faults_of_places(WHOLE, conversion)
    assert before == json.dumps(WHOLE)


PLACES = list(places_in(WHOLE))[1:]
ODD: list[Any] = [
    *(
        None,
        True,
        0,
        1.5,
        "",
        "x",
        [],
        {},
        [[]],
        [{}],
        [None],
        ["array", "null"],
        {"": None},
        {"type": "array"},
    ),
    *(
        "#/definitions/Pet",
        {"$ref": "#/definitions/Pet"},
        {"$ref": "#/parameters/field"},
        {"$ref": "#/parameters/pet"},
    ),
    *({"$ref": "#"}, {"$ref": 5}, {"$ref": "#/x-kept"}, {"in": "body"}, {"in": "formData", "name": "a"}),
]


@settings(max_examples=examples(100), deadline=None)
@example([(("responses", "Error", "headers", "A", "items"), {"type": "array"})])
@given(st.lists(st.tuples(st.sampled_from(PLACES), st.sampled_from(ODD)), min_size=1, max_size=5))
def test_any_value_in_a_document_can_be_converted(changes: list[tuple[tuple[Any, ...], Any]]) -> None:
    """Values that are no Swagger are left alone, the rest is converted, and all places have origins."""
    source = copy.deepcopy(WHOLE)
    for steps, odd in changes:
        holder = follow(source, [str(step) for step in steps[:-1]])
        if isinstance(holder, (dict, list)) and isinstance(holder, dict) is isinstance(steps[-1], str):
            if isinstance(holder, list) and steps[-1] >= len(holder):
                continue
            holder[steps[-1]] = copy.deepcopy(odd)
    before = json.dumps(source)
    conversion = convert_swagger(source)
    assert [] == faults_of_places(source, conversion)
    assert before == json.dumps(source)


LONG = "x" * 1_000_000
SHARED: dict[str, dict[str, Any]] = {
    "a response": swagger(
        {
            f"/{number}": {"get": {"produces": ["a/b"], "responses": {"200": {"$ref": "#/responses/It"}}}}
            for number in range(300)
        },
        responses={"It": {"description": LONG, "schema": {}}},
    ),
    "a body": swagger(
        {
            f"/{number}": {
                "post": {
                    "consumes": ["a/b"],
                    "parameters": [{"$ref": "#/parameters/It"}],
                    "responses": RESPONSES,
                }
            }
            for number in range(300)
        },
        parameters={"It": {"in": "body", "name": "b", "schema": {"description": LONG}}},
    ),
    "a field of another operation": swagger(
        {
            "/a": {"post": {"parameters": [{"in": "formData", "name": "b", "description": LONG}]}},
            **{
                f"/{number}": {
                    "post": {
                        "parameters": [{"$ref": "#/paths/~1a/post/parameters/0"}],
                        "responses": RESPONSES,
                    }
                }
                for number in range(300)
            },
        }
    ),
    "media types": swagger(
        {
            f"/{number}": {
                "get": {"responses": {"200": {"description": "d", "schema": {"description": "x" * 1000}}}}
            }
            for number in range(1000)
        },
        produces=[f"a/{number}" for number in range(1000)],
    ),
    "an item of an extension": swagger(
        {f"/{number}": {"$ref": "#/x-kept"} for number in range(300)},
        **{"x-kept": {"get": {"description": LONG, "responses": RESPONSES}}},
    ),
}


@pytest.mark.sampled(2)
@pytest.mark.parametrize("source", SHARED.values(), ids=SHARED)
def test_copies_of_shared_parts_are_limited(source: dict[str, Any]) -> None:
    """Media types, bodies and responses that 2.0 states once go into each operation up to a limit, with a warning."""
    conversion = convert_swagger(source)
    assert 30_000_000 > len(json.dumps(conversion.tree))
    assert 1 == sum("is shared by too many operations" in message for message, _ in conversion.warnings)
    assert list(source["paths"]) == list(conversion.tree["paths"])


def test_origins_of_two_steps_are_combined() -> None:
    """A part that was moved twice, and a part within a moved part, are found in their files."""
    bundled = Origins([Move("/definitions/Pet", 1, ""), Move("/paths/~1a/get", 2, "/get")])
    converted = Origins(
        [
            Move("/components/schemas", 0, "/definitions"),
            Move("/paths/~1a/get/requestBody", 0, "/paths/~1a/get/parameters/0"),
        ]
    )
    both = converted.after(bundled)
    assert [
        PlaceInFile(1, "/type"),
        PlaceInFile(0, "/definitions/Toy/type"),
        PlaceInFile(2, "/get/parameters/0/description"),
        PlaceInFile(2, "/get/summary"),
        PlaceInFile(0, "/info"),
    ] == [
        both.locate("/components/schemas/Pet/type"),
        both.locate("/components/schemas/Toy/type"),
        both.locate("/paths/~1a/get/requestBody/description"),
        both.locate("/paths/~1a/get/summary"),
        both.locate("/info"),
    ]
