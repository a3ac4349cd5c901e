"""Harmless fields of the wrong type are given the one that they should have, and nothing else is touched."""

import copy
import json
import time
from typing import Any

import pytest

from dynacli.openapi.document.load import load
from dynacli.openapi.document.workarounds import work_around


def _document(**more: Any) -> dict[str, Any]:
    return {"openapi": "3.0.3", "info": {"title": "t", "version": "1"}, "paths": {}, **more}


def _schema(schema: Any) -> dict[str, Any]:
    return _document(components={"schemas": {"A": schema}})


@pytest.mark.parametrize(
    ("schema", "expected", "message", "keyword"),
    [
        (
            {"nullable": "true"},
            {"nullable": True},
            "`nullable` should be true or false; it is read as true",
            "nullable",
        ),
        (
            {"readOnly": "No"},
            {"readOnly": False},
            "`readOnly` should be true or false; it is read as false",
            "readOnly",
        ),
        ({"uniqueItems": {}}, {}, "`uniqueItems` is neither true nor false; it is ignored", "uniqueItems"),
        (
            {"minLength": "3"},
            {"minLength": 3},
            "`minLength` should be a number; it is read as 3",
            "minLength",
        ),
        ({"maximum": "1.5"}, {"maximum": 1.5}, "`maximum` should be a number; it is read as 1.5", "maximum"),
        ({"maxItems": "-1"}, {}, "`maxItems` is not a number; it is ignored", "maxItems"),
        ({"minimum": "1e999"}, {}, "`minimum` is not a number; it is ignored", "minimum"),
        ({"maximum": "many"}, {}, "`maximum` is not a number; it is ignored", "maximum"),
        ({"required": True}, {}, "`required` of a schema must be a list of names; it is ignored", "required"),
        (
            {"required": "a", "properties": {"a": {}}},
            {"required": ["a"], "properties": {"a": {}}},
            "`required` should be a list; it is read as a list of one",
            "required",
        ),
        ({"type": "int"}, {"type": "integer"}, "There is no type `int`; it is read as `integer`", "type"),
        (
            {"type": "date", "format": "mine"},
            {"type": "string", "format": "mine"},
            "There is no type `date`; it is read as `string`",
            "type",
        ),
        (
            {"type": "file"},
            {"type": "string", "format": "binary"},
            "There is no type `file`; it is read as `string`",
            "type",
        ),
        (
            {"pattern": "/^[a-z]+$/i"},
            {"pattern": "(?i:^[a-z]+$)"},
            "`pattern` has slashes around it; it is read without them",
            "pattern",
        ),
        (
            {"pattern": "/^\\d+/"},
            {"pattern": "^\\d+"},
            "`pattern` has slashes around it; it is read without them",
            "pattern",
        ),
        ({"type": "any"}, {}, "`type` is `any`, which means the same as no `type`", "type"),
        ({"type": "Pet"}, {}, "There is no type `Pet`; it is ignored", "type"),
        ({"type": 7}, {}, "`type` must be the name of a type; it is ignored", "type"),
        ({"enum": "a"}, {"enum": ["a"]}, "`enum` should be a list; it is read as a list of one", "enum"),
        ({"enum": None}, {}, "`enum` should be a list; it is ignored", "enum"),
        (
            {"type": "string", "enum": [False, 1.0, "x", None]},
            {"type": "string", "enum": ["false", "1.0", "x", None]},
            "`enum` of strings has other values; they are read as strings",
            "enum",
        ),
        (
            {"type": ["string", "null"], "default": 7},
            {"type": ["string", "null"], "default": "7"},
            "`default` should be a string; it is read as one",
            "default",
        ),
    ],
    ids=lambda value: str(value)[:40] if isinstance(value, dict) else "",
)
def test_a_keyword_of_a_schema_is_mended(schema: Any, expected: Any, message: str, keyword: str) -> None:
    """A value with a plain meaning is corrected, any other is removed; message and pointer say so."""
    tree = _schema(schema)
    worked_around = work_around(tree)
    assert expected == tree["components"]["schemas"]["A"]
    assert ((message, f"/components/schemas/A/{keyword}"),) == worked_around.warnings
    assert ((), ()) == work_around(tree)


def test_schemas_are_mended_wherever_they_stand() -> None:
    """Under every keyword that holds schemas, in bodies, responses, headers, parameters, callbacks and webhooks."""

    def odd() -> dict[str, Any]:
        return {"type": "int"}

    media = {
        "content": {"a/b": {"schema": {"items": odd(), "anyOf": [odd()], "additionalProperties": odd()}}}
    }
    operation = {
        "parameters": [{"name": "q", "in": "query", "schema": odd()}],
        "requestBody": {
            "content": {"a/b": {"schema": {"properties": {"p": odd()}}, "encoding": {"p": {"explode": "no"}}}}
        },
        "responses": {"200": {"description": "d", "headers": {"H": {"schema": odd()}}, **media}},
    }
    callback = {"onEvent": {"{$request.body#/url}": {"post": copy.deepcopy(operation)}}}
    tree = _document(
        paths={"/a": {"get": {**operation, "callbacks": callback}}},
        webhooks={"w": {"post": copy.deepcopy(operation)}},
        components={"schemas": {"S": {"$defs": {"D": {"not": odd()}}}}},
    )
    worked_around = work_around(tree)
    assert '"int"' not in json.dumps(tree)
    assert 3 * 7 + 1 == len(worked_around.warnings)
    assert 3 == sum("`explode`" in message for message, _ in worked_around.warnings)


def test_data_and_names_are_left_alone() -> None:
    """What is in `example`, `default`, `enum`, `const` and `x-*` is data; a property may be called like a keyword."""
    odd = {"type": "int", "required": True, "nullable": "true", "enum": "x", "minLength": "3"}
    schema = {
        "type": "object",
        "properties": {
            "type": {"type": "string"},
            "required": {"type": "boolean"},
            "enum": {"type": "array"},
        },
        "example": odd,
        "default": odd,
        "const": odd,
        "enum": [odd],
        "x-any": odd,
    }
    tree = _document(
        components={"schemas": {"A": schema, "required": {"type": "string"}}, "x-any": odd},
        paths={"/a": {"get": {"x-any": {"deprecated": "yes"}, "responses": {"x-any": odd}}}, "x-any": odd},
    )
    before = copy.deepcopy(tree)
    assert ((), ()) == work_around(tree)
    assert before == tree


@pytest.mark.parametrize(
    "tree",
    [
        _document(paths=5, components=[], servers={"a": 1}, tags="x"),
        _document(
            paths={
                "/a": None,
                "/b": {"get": [], "parameters": 5, "put": {"parameters": {"x": 1}, "tags": None}},
            }
        ),
        _schema([{"type": "int"}]),
        _schema({"items": [5, None], "properties": [], "allOf": {"type": "int"}, "required": {}}),
        _document(components={"schemas": 5, "callbacks": {"c": []}, "headers": {"h": "x"}}),
    ],
    ids=["roots", "items", "list", "keywords", "components"],
)
def test_values_of_any_shape_are_accepted(tree: dict[str, Any]) -> None:
    """A value with an unexpected shape is left as it is."""
    assert isinstance(work_around(tree).warnings, tuple)


def test_items_of_a_mended_list_keep_their_origins() -> None:
    """Places in a list that was made of an object lead back to the object in the file."""
    paths = {"/a": {"get": {"parameters": {"q": {"in": "query"}, "r": {"in": "query", "required": "1"}}}}}
    content = json.dumps(_document(paths=paths)).encode()
    document = load(content, "it")
    assert [("q", "query"), ("r", "query")] == [
        (parameter["name"], parameter["in"])
        for parameter in document.tree["paths"]["/a"]["get"]["parameters"]
    ]
    where = "/paths/~1a/get/parameters"
    assert f"{where}/r/required" == document.origins.locate(f"{where}/1/required").pointer
    assert [f"{where}", f"{where}/r/required"] == [place.pointer for _, place in document.warnings]


def test_patterns_of_names_are_read_without_slashes() -> None:
    """As `pattern` is; what is reported of a schema under one names the place in the file."""
    named = {"/^x-/i": {"type": "int"}, "^y": {}, "/^y/": {"type": "string"}, "/^z/": {}, "/^z/g": {}}
    tree = _schema({"patternProperties": named})
    worked_around = work_around(tree)
    expected = {"(?i:^x-)": {"type": "integer"}, "^y": {}, "/^y/": {"type": "string"}, "^z": {}, "/^z/g": {}}
    schema = tree["components"]["schemas"]["A"]
    assert list(expected.items()) == list(schema["patternProperties"].items())
    reported = "A pattern of names has slashes around it; it is read without them"
    place = "/components/schemas/A/patternProperties/"
    assert (
        (reported, f"{place}~1^x-~1i"),
        (reported, f"{place}~1^z~1"),
        ("There is no type `int`; it is read as `integer`", f"{place}~1^x-~1i/type"),
    ) == worked_around.warnings


@pytest.mark.parametrize("pattern", ["/a/", "/a", "/^a", "^/a/$", "/a\\$/", "/.*/items$"])
def test_a_pattern_that_can_mean_its_slashes_keeps_them(pattern: str) -> None:
    """Only what could never be found is not a pattern as it stands."""
    tree = _schema({"pattern": pattern})
    assert () == work_around(tree).warnings


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("applicationjson", "application/json"),
        ("application\\json", "application/json"),
        ("application.json; charset=utf-8", "application/json; charset=utf-8"),
        ("aplication/json", "application/json"),
        ("application / json", "application/json"),
        ("multipartform-data", "multipart/form-data"),
    ],
)
def test_a_media_type_with_a_typo_is_read_as_what_it_means(name: str, meant: str) -> None:
    """The order stays, and the warning leads to the place in the file."""
    responses = {
        "200": {"description": "d", "content": {"text/plain": {}, name: {"schema": {"type": "int"}}}}
    }
    content = json.dumps(_document(paths={"/a": {"get": {"responses": responses}}})).encode()
    document = load(content, "it")
    assert ["text/plain", meant] == list(document.tree["paths"]["/a"]["get"]["responses"]["200"]["content"])
    where = "/paths/~1a/get/responses/200/content/" + name.replace("/", "~1")
    assert [where, f"{where}/schema/type"] == [place.pointer for _, place in document.warnings]


@pytest.mark.parametrize(
    "name", ["application/jose", "application/jsonx", "json", "*/*", "", "x-chemical/xyz", "audio/mp3", "ref"]
)
def test_a_media_type_that_there_can_be_is_kept(name: str) -> None:
    """However like a usual one it is."""
    content = {"200": {"description": "d", "content": {name: {}, "text/plain": {}}}}
    tree = _document(paths={"/a": {"get": {"responses": content}}})
    assert () == work_around(tree).warnings


def test_mending_is_linear() -> None:
    """A document of thirty times the operations takes about thirty times as long."""
    operation = {
        "parameters": [{"name": "q", "in": "query", "required": "true", "schema": {"type": "int"}}] * 3
    }

    def seconds(size: int) -> float:
        tree = _document(paths={f"/{number}": {"get": copy.deepcopy(operation)} for number in range(size)})
        start = time.process_time()
        work_around(tree)
        return time.process_time() - start

    seconds(100)
    assert seconds(3_000) < 120 * max(seconds(100), 0.001)
