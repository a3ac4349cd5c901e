"""Parameters, bodies and forms of Swagger 2.0 documents, as OpenAPI 3.0 has them."""

from typing import Any

import pytest

from dynacli.features.swagger2.conversion import convert_swagger
from tests.documents import swagger
from tests.features.swagger2.conversions import RESPONSES, converted_operation
from tests.validation.in_process_validator import compact, responded, validate_response

ARRAY = {"type": "array", "items": {"type": "string"}}

PARAMETERS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "keywords of the type": (
        {
            "in": "query",
            "type": "integer",
            "format": "int64",
            "default": 1,
            "enum": [1, 2],
            "minimum": 1,
            "exclusiveMinimum": True,
            "multipleOf": 1,
        },
        {
            "in": "query",
            "schema": {
                "type": "integer",
                "format": "int64",
                "default": 1,
                "enum": [1, 2],
                "minimum": 1,
                "exclusiveMinimum": True,
                "multipleOf": 1,
            },
        },
    ),
    "what is not of the type": (
        {
            "in": "header",
            "type": "string",
            "pattern": "a+",
            "maxLength": 3,
            "required": True,
            "description": "d",
            "x-a": 1,
        },
        {
            "in": "header",
            "required": True,
            "description": "d",
            "x-a": 1,
            "schema": {"type": "string", "pattern": "a+", "maxLength": 3},
        },
    ),
    "allowEmptyValue": (
        {"in": "query", "type": "string", "allowEmptyValue": True},
        {"in": "query", "allowEmptyValue": True, "schema": {"type": "string"}},
    ),
    "without a type": ({"in": "query"}, {"in": "query", "schema": {}}),
    "x-nullable": (
        {"in": "query", "type": "integer", "x-nullable": True},
        {"in": "query", "schema": {"type": "integer", "nullable": True}},
    ),
    "x-nullable with enum": (
        {"in": "query", "type": "string", "enum": ["a"], "x-nullable": True},
        {"in": "query", "schema": {"type": "string", "enum": ["a", None], "nullable": True}},
    ),
    "x-example": (
        {"in": "query", "type": "string", "x-example": "e"},
        {"in": "query", "schema": {"type": "string"}, "example": "e"},
    ),
    "x-examples": (
        {"in": "query", "type": "string", "x-examples": {"one": "e"}},
        {"in": "query", "schema": {"type": "string"}, "examples": {"one": {"value": "e"}}},
    ),
    "schema, style and explode of 3.0": (
        {"in": "query", "schema": {"type": "object"}, "style": "form", "explode": True},
        {"in": "query", "schema": {"type": "object"}, "style": "form", "explode": True},
    ),
    "style of 3.0 on a list": (
        {"in": "query", **ARRAY, "explode": True},
        {"in": "query", "schema": ARRAY, "explode": True},
    ),
    "file where there is none": (
        {"in": "header", "type": "file"},
        {"in": "header", "schema": {"type": "string", "format": "binary"}},
    ),
    "list in the query": (
        {"in": "query", **ARRAY},
        {"in": "query", "schema": ARRAY, "style": "form", "explode": False},
    ),
    "csv in the query": (
        {"in": "query", **ARRAY, "collectionFormat": "csv"},
        {"in": "query", "schema": ARRAY, "style": "form", "explode": False},
    ),
    "ssv in the query": (
        {"in": "query", **ARRAY, "collectionFormat": "ssv"},
        {"in": "query", "schema": ARRAY, "style": "spaceDelimited", "explode": False},
    ),
    "pipes in the query": (
        {"in": "query", **ARRAY, "collectionFormat": "pipes"},
        {"in": "query", "schema": ARRAY, "style": "pipeDelimited", "explode": False},
    ),
    "multi in the query": (
        {"in": "query", **ARRAY, "collectionFormat": "multi"},
        {"in": "query", "schema": ARRAY, "style": "form", "explode": True},
    ),
    "csv in the path": (
        {"in": "path", **ARRAY, "collectionFormat": "csv"},
        {"in": "path", "schema": ARRAY},
    ),
    "tsv in the query": (
        {"in": "query", **ARRAY, "collectionFormat": "tsv"},
        {"in": "query", "schema": ARRAY, "style": "tsv", "explode": False},
    ),
    "pipes in the path": (
        {"in": "path", **ARRAY, "collectionFormat": "pipes"},
        {"in": "path", "schema": ARRAY, "style": "pipes", "explode": False},
    ),
    "list in a header": ({"in": "header", **ARRAY}, {"in": "header", "schema": ARRAY}),
    "collectionFormat without a list": (
        {"in": "query", "type": "string", "collectionFormat": "csv"},
        {"in": "query", "schema": {"type": "string"}},
    ),
}


@pytest.mark.parametrize(("given", "expected"), PARAMETERS.values(), ids=PARAMETERS)
def test_a_parameter_gets_a_schema(given: dict[str, Any], expected: dict[str, Any]) -> None:
    """The keywords of a parameter's type become its schema, and its `collectionFormat` style and explode."""
    before = swagger({"/a": {"post": {"parameters": [{"name": "n", **given}], "responses": RESPONSES}}})
    conversion = convert_swagger(before)
    assert [{"name": "n", **expected}] == conversion.tree["paths"]["/a"]["post"]["parameters"]
    assert () == conversion.warnings


LOST: dict[str, tuple[dict[str, Any], str]] = {
    "an unknown format": ({"in": "query", **ARRAY, "collectionFormat": "semicolons"}, "/collectionFormat"),
    "no text": ({"in": "query", **ARRAY, "collectionFormat": ["csv"]}, "/collectionFormat"),
    "multi in a header": ({"in": "header", **ARRAY, "collectionFormat": "multi"}, "/collectionFormat"),
    "multi within a list": (
        {"in": "query", "type": "array", "items": {**ARRAY, "collectionFormat": "multi"}},
        "/items/collectionFormat",
    ),
    "a type beside a schema": ({"in": "query", "type": "string", "schema": {"type": "integer"}}, "/type"),
    "an empty number in a form": (
        {"in": "formData", "type": "integer", "allowEmptyValue": True},
        "/allowEmptyValue",
    ),
}


@pytest.mark.parametrize(("given", "place"), LOST.values(), ids=LOST)
def test_what_3_0_cannot_say_about_a_parameter_is_warned_of(given: dict[str, Any], place: str) -> None:
    """The warning has its place in the Swagger document."""
    before = swagger({"/a": {"post": {"parameters": [{"name": "n", **given}], "responses": RESPONSES}}})
    assert [f"/paths/~1a/post/parameters/0{place}"] == [
        where for _, where in convert_swagger(before).warnings
    ]


@pytest.mark.parametrize(
    ("outer", "inner", "text", "expected"),
    [
        ("csv", "pipes", "1|2,3", []),
        ("csv", "pipes", "1|2, 3|x", ["header/X/1/1 type"]),
        ("pipes", "csv", "1,2|3,x", ["header/X/1/1 type"]),
        ("ssv", "tsv", "1\t2 x\t3", ["header/X/1/0 type"]),
        ("csv", "csv", "1,2,x", ["header/X/2/0 type"]),
    ],
)
def test_a_list_within_a_list_in_a_responses_header_is_validated(
    outer: str, inner: str, text: str, expected: list[str]
) -> None:
    """Each list is read by its own `collectionFormat`."""
    numbers = {"type": "array", "items": {"type": "integer"}, "collectionFormat": inner}
    header = {"type": "array", "items": numbers, "collectionFormat": outer}
    responses = {"200": {"description": "fine", "headers": {"X": header}}}
    conversion = convert_swagger(swagger({"/a": {"get": {"responses": responses}}}))
    assert () == conversion.warnings
    converted = conversion.tree["paths"]["/a"]["get"]["responses"]
    response = responded(b"", 200, "")._replace(headers={"X": text})
    assert expected == compact(validate_response(converted, response, version="3.0.3"))


JSON = {"schema": {"type": "object"}}
BODIES: dict[str, tuple[dict[str, Any], dict[str, Any], dict[str, Any]]] = {
    "without consumes": ({}, {"in": "body", **JSON}, {"content": {"application/json": JSON}}),
    "what the document consumes": (
        {"document": ["a/b", "c/d"]},
        {"in": "body", **JSON},
        {"content": {"a/b": JSON, "c/d": JSON}},
    ),
    "what the operation consumes": (
        {"document": ["a/b"], "operation": ["c/d"]},
        {"in": "body", **JSON},
        {"content": {"c/d": JSON}},
    ),
    "nothing is consumed": (
        {"document": ["a/b"], "operation": []},
        {"in": "body", **JSON},
        {"content": {"application/json": JSON}},
    ),
    "required and described": (
        {},
        {"in": "body", "required": True, "description": "d", "x-a": 1, **JSON},
        {"required": True, "description": "d", "x-a": 1, "content": {"application/json": JSON}},
    ),
    "with a name": (
        {},
        {"in": "body", "name": "pet", **JSON},
        {"content": {"application/json": JSON}, "x-body-name": "pet"},
    ),
    "no object": (
        {"operation": ["application/octet-stream"]},
        {"in": "body", "schema": {"type": "string", "format": "binary"}},
        {"content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}},
    ),
    "without a schema": ({}, {"in": "body"}, {"content": {"application/json": {}}}),
    "x-example": (
        {},
        {"in": "body", **JSON, "x-example": {"a": 1}},
        {"content": {"application/json": {**JSON, "example": {"a": 1}}}},
    ),
    "x-examples by media type": (
        {},
        {"in": "body", **JSON, "x-examples": {"application/json": {"a": 1}}},
        {"content": {"application/json": {**JSON, "example": {"a": 1}}}},
    ),
    "x-examples by other names": (
        {},
        {"in": "body", **JSON, "x-examples": {"one": {"a": 1}}},
        {"content": {"application/json": JSON}, "x-examples": {"one": {"a": 1}}},
    ),
}


@pytest.mark.parametrize(("consumes", "given", "expected"), BODIES.values(), ids=BODIES)
def test_a_body_becomes_a_request_body(
    consumes: dict[str, Any], given: dict[str, Any], expected: dict[str, Any]
) -> None:
    """The parameter `in: body` becomes the request body, with the media types that are consumed."""
    own = {"consumes": consumes["operation"]} if "operation" in consumes else {}
    more = {"consumes": consumes["document"]} if "document" in consumes else {}
    assert {"requestBody": expected} == converted_operation({"parameters": [given], **own}, **more)


def _form(properties: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"schema": {"type": "object", "properties": properties}, **more}


BINARY = {"type": "string", "format": "binary"}
URLENCODED, MULTIPART = "application/x-www-form-urlencoded", "multipart/form-data"
FORMS: dict[str, tuple[list[str] | None, list[dict[str, Any]], dict[str, Any]]] = {
    "without consumes": (
        None,
        [{"name": "a", "type": "integer", "description": "d", "default": 1, "x-a": 2}],
        {URLENCODED: _form({"a": {"type": "integer", "description": "d", "default": 1, "x-a": 2}})},
    ),
    "a file without consumes": (None, [{"name": "a", "type": "file"}], {MULTIPART: _form({"a": BINARY})}),
    "multipart": (
        [MULTIPART],
        [{"name": "a", "type": "string"}],
        {MULTIPART: _form({"a": {"type": "string"}})},
    ),
    "both, and a file": (
        [URLENCODED, MULTIPART],
        [{"name": "a", "type": "file"}],
        {MULTIPART: _form({"a": BINARY}), URLENCODED: _form({"a": BINARY})},
    ),
    "both, and no file": (
        [URLENCODED, MULTIPART],
        [{"name": "a", "type": "string"}],
        {URLENCODED: _form({"a": {"type": "string"}}), MULTIPART: _form({"a": {"type": "string"}})},
    ),
    "a vendor's kind of form": (
        ["multipart/vnd.a+form-data;version=1"],
        [{"name": "a", "type": "file"}],
        {"multipart/vnd.a+form-data;version=1": _form({"a": BINARY})},
    ),
    "several files": (
        None,
        [{"name": "a", "type": "array", "items": {"type": "file"}, "collectionFormat": "multi"}],
        {MULTIPART: _form({"a": {"type": "array", "items": BINARY}})},
    ),
    "a list": (
        None,
        [{"name": "a", **ARRAY}],
        {URLENCODED: _form({"a": ARRAY}, encoding={"a": {"style": "form", "explode": False}})},
    ),
    "a list, pipes": (
        None,
        [{"name": "a", **ARRAY, "collectionFormat": "pipes"}],
        {URLENCODED: _form({"a": ARRAY}, encoding={"a": {"style": "pipeDelimited", "explode": False}})},
    ),
    "a list, multi": (
        None,
        [{"name": "a", **ARRAY, "collectionFormat": "multi"}],
        {URLENCODED: _form({"a": ARRAY})},
    ),
    "an example": (
        None,
        [{"name": "a", "type": "string", "x-example": "e"}],
        {URLENCODED: _form({"a": {"type": "string", "example": "e"}})},
    ),
    "null": (
        None,
        [{"name": "a", "type": "string", "x-nullable": True}],
        {URLENCODED: _form({"a": {"type": "string", "nullable": True}})},
    ),
}


@pytest.mark.parametrize(("consumes", "fields", "expected"), FORMS.values(), ids=FORMS)
def test_a_form_becomes_a_request_body(
    consumes: list[str] | None, fields: list[dict[str, Any]], expected: dict[str, Any]
) -> None:
    """Parameters `in: formData` become one object, in the media types of forms."""
    own = {} if consumes is None else {"consumes": consumes}
    parameters = [{"in": "formData", **field} for field in fields]
    made = converted_operation({"parameters": parameters, **own})
    assert {"requestBody": {"content": expected}} == made
    assert list(expected) == list(made["requestBody"]["content"])


def test_required_fields_make_a_form_required() -> None:
    """A form with a required field has to be sent; which fields are required stands in its schema."""
    fields = [
        {"in": "formData", "name": "a", "type": "string", "required": True},
        {"in": "formData", "name": "b", "type": "string", "required": False},
    ]
    body = converted_operation({"parameters": fields})["requestBody"]
    assert (True, ["a"]) == (body["required"], body["content"][URLENCODED]["schema"]["required"])


def test_other_parameters_stay_beside_a_body() -> None:
    """What is not of the body keeps its order."""
    parameters = [
        {"name": "a", "in": "query", "type": "string"},
        {"name": "b", "in": "body"},
        {"name": "c", "in": "header", "type": "string"},
    ]
    made = converted_operation({"parameters": parameters})
    assert ["a", "c"] == [parameter["name"] for parameter in made["parameters"]]


@pytest.mark.parametrize("consumes", [["multipartform-data"], "multipartform-data"])
def test_a_form_whose_media_type_has_a_typo_is_of_the_kind_that_is_meant(consumes: Any) -> None:
    """The typo is told once."""
    operation = {"parameters": [{"in": "formData", "name": "a", "type": "string"}], "responses": RESPONSES}
    conversion = convert_swagger(swagger({"/a": {"post": {**operation, "consumes": consumes}}}))
    assert [MULTIPART] == list(conversion.tree["paths"]["/a"]["post"]["requestBody"]["content"])
    (reported,) = conversion.warnings
    assert "There is no media type `multipartform-data`; it is read as `multipart/form-data`" == reported[0]


def test_json_cannot_be_a_form() -> None:
    """A form in an operation that consumes only JSON is sent as a form; the document's default is not a mistake."""
    field = {"in": "formData", "name": "a", "type": "string"}
    for own, reported in (({"consumes": ["application/json"]}, ["/paths/~1a/post/consumes"]), ({}, [])):
        conversion = convert_swagger(
            swagger(
                {"/a": {"post": {"parameters": [field], "responses": RESPONSES, **own}}},
                consumes=["application/json"],
            )
        )
        body = conversion.tree["paths"]["/a"]["post"]["requestBody"]
        assert [URLENCODED] == list(body["content"])
        assert reported == [where for _, where in conversion.warnings]


def test_the_body_of_a_path_is_that_of_all_its_operations() -> None:
    """Body and fields among the parameters of a path go to each operation that has none of its own."""
    paths = {
        "/body": {
            "parameters": [{"in": "body", **JSON}, {"in": "query", "name": "q", "type": "string"}],
            "post": {"responses": RESPONSES},
            "put": {"parameters": [{"in": "body", "schema": {"type": "array"}}], "responses": RESPONSES},
        },
        "/form": {
            "parameters": [{"in": "formData", "name": "a", "type": "string"}],
            "post": {"responses": RESPONSES},
            "put": {
                "parameters": [
                    {"in": "formData", "name": "a", "type": "integer"},
                    {"in": "formData", "name": "b", "type": "string"},
                ],
                "responses": RESPONSES,
            },
        },
    }
    made = convert_swagger(swagger(paths)).tree["paths"]
    assert [{"in": "query", "name": "q", "schema": {"type": "string"}}] == made["/body"]["parameters"]
    assert {"content": {"application/json": JSON}} == made["/body"]["post"]["requestBody"]
    assert {"application/json": {"schema": {"type": "array"}}} == made["/body"]["put"]["requestBody"][
        "content"
    ]
    assert "parameters" not in made["/form"]
    assert {URLENCODED: _form({"a": {"type": "string"}})} == made["/form"]["post"]["requestBody"]["content"]
    both = {"a": {"type": "integer"}, "b": {"type": "string"}}
    assert {URLENCODED: _form(both)} == made["/form"]["put"]["requestBody"]["content"]


@pytest.mark.parametrize(
    "parameters",
    [
        [{"in": "body", "name": "a"}, {"in": "body", "name": "b"}],
        [{"in": "body", "name": "a"}, {"in": "formData", "name": "b", "type": "string"}],
    ],
    ids=["two bodies", "a body and a form"],
)
def test_a_further_body_or_form_is_left_out(parameters: list[dict[str, Any]]) -> None:
    """Of two bodies the first counts, of a body and a form the body; a warning names the other."""
    before = swagger({"/a": {"post": {"parameters": parameters, "responses": RESPONSES}}})
    conversion = convert_swagger(before)
    assert "a" == conversion.tree["paths"]["/a"]["post"]["requestBody"]["x-body-name"]
    assert 1 == len(conversion.warnings)


@pytest.mark.parametrize("collection_format", ["csv", "pipes", "tsv", "multi", None])
def test_a_list_in_a_multipart_form_is_written_as_its_format_says(collection_format: str | None) -> None:
    """3.0 has no style there but a part for each item (`multi`), so that the others keep the names of 2.0."""
    field = {"in": "formData", "name": "a", **ARRAY, "collectionFormat": collection_format}
    if collection_format is None:
        del field["collectionFormat"]
    consumes = ["multipart/form-data"]
    conversion = convert_swagger(
        swagger({"/a": {"post": {"parameters": [field], "consumes": consumes, "responses": RESPONSES}}})
    )
    content = conversion.tree["paths"]["/a"]["post"]["requestBody"]["content"]
    style = {"a": {"style": collection_format or "csv", "explode": False}}
    expected = None if collection_format == "multi" else style
    assert (expected, ()) == (content["multipart/form-data"].get("encoding"), conversion.warnings)


@pytest.mark.parametrize(
    ("value", "read"), [("yes", "read as true"), (0, "read as false"), ("perhaps", "ignored")]
)
def test_required_of_a_field_may_be_a_word(value: Any, read: str) -> None:
    """It means what it says, and is told with its place, however many media types the form has."""
    field = {"in": "formData", "name": "a", "type": "string", "required": value}
    forms = ["multipart/form-data", "application/x-www-form-urlencoded"]
    operation = {"parameters": [field], "consumes": forms, "responses": RESPONSES}
    conversion = convert_swagger(swagger({"/a": {"post": operation}}))
    place = "/paths/~1a/post/parameters/0/required"
    assert ((f"`required` should be true or false; it is {read}", place),) == conversion.warnings
    body = conversion.tree["paths"]["/a"]["post"]["requestBody"]
    assert ("true" in read) is body.get("required", False)
