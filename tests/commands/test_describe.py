"""`describe`: all about one operation or one field, for people and for programs."""

import shlex
from typing import Any

import pytest

from tests.documents import document, operation, parameter, save
from tests.dry_runs import request_of
from tests.harness import run_cli

STRING: dict[str, Any] = {"type": "string"}
NODE = {
    "type": "object",
    "required": ["id"],
    "properties": {"id": {"type": "integer"}, "next": {"$ref": "#/components/schemas/Node"}},
}


@pytest.fixture
def api() -> str:
    """A document with one operation that has everything that `describe` shows."""
    raw = operation(
        "putThing",
        parameter("id", STRING, "path", description="Which one."),
        parameter("sort", {"type": "string", "enum": ["a", "b"], "default": "a"}),
        body={
            "type": "object",
            "required": ["name"],
            "properties": {
                "name": {**STRING, "description": "What it is called. At length."},
                "parts": {
                    "type": "array",
                    "items": {"type": "object", "required": ["text"], "properties": {"text": STRING}},
                },
                "labels": {"type": "object", "additionalProperties": {"type": "integer"}},
                "node": {"$ref": "#/components/schemas/Node"},
            },
        },
        tags=["things"],
        summary="Put a thing",
        description="Puts it.",
        security=[{"key": []}, {}],
    )
    raw["responses"] = {
        "200": {
            "description": "The thing",
            "headers": {"X-Rate": {"schema": {"type": "integer"}}},
            "content": {
                "application/json": {
                    "schema": {
                        "type": "object",
                        "properties": {
                            "rows": {"type": "array", "items": {"$ref": "#/components/schemas/Node"}}
                        },
                    }
                }
            },
            "links": {"again": {"operationId": "putThing"}},
        },
        "404": {"$ref": "#/components/responses/Missing"},
    }
    return save(
        document(
            {"/things/{id}": {"put": raw}},
            components={
                "schemas": {"Node": NODE},
                "responses": {"Missing": {"description": "There is none"}},
                "securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": "X-Key"}},
            },
        )
    )


def test_the_data_has_the_promised_shape(api: str) -> None:
    """Every member that the command line's contract names, with its value."""
    data = run_cli("describe", api, "put-thing", "-o", "json").json
    assert {
        "api": api,
        "name": "put-thing",
        "operation_id": "putThing",
        "method": "PUT",
        "path": "/things/{id}",
        "summary": "Put a thing",
        "description": "Puts it.",
        "tags": ["things"],
        "deprecated": False,
        "parameters": [
            {
                "name": "id",
                "in": "path",
                "option": "--id",
                "required": True,
                "schema": {"type": "string"},
                "style": "simple",
                "explode": False,
                "description": "Which one.",
            },
            {
                "name": "sort",
                "in": "query",
                "option": "--sort",
                "required": False,
                "schema": {"type": "string", "enum": ["a", "b"], "default": "a"},
                "style": "form",
                "explode": True,
                "description": "",
            },
        ],
        "security": [{"key": []}, {}],
        "servers": [{"url": "http://127.0.0.1:9", "description": "", "variables": {}}],
        "links": {
            "again": {
                "operationId": "putThing",
                "status": "200",
                "operation": "put-thing",
                "fills": [],
                "example": f"dynacli {api} put-thing id --example",
            }
        },
        "pages": None,
        "callbacks": {},
        "example": f"dynacli {api} put-thing id --name string",
    } == {key: value for key, value in data.items() if key not in {"body", "responses"}}
    assert {"200", "404"} == set(data["responses"])
    assert "There is none" == data["responses"]["404"]["description"]
    assert {"X-Rate": {"schema": {"type": "integer"}}} == data["responses"]["200"]["headers"]


def test_the_options_of_a_body_are_those_that_a_call_takes(api: str) -> None:
    """Each listed option can be typed as it is; the required ones are those that no body can be without."""
    body = run_cli("describe", api, "put-thing", "-o", "json").json["body"]
    options = body["content"]["application/json"]["options"]
    assert (True, [True, False]) == (body["required"], [options[0]["required"], options[1]["required"]])
    assert [
        ("--name", "string"),
        ("--parts", "array"),
        ("--parts[0].text", "string"),
        ("--labels", "object"),
        ("--node.id", "integer"),
    ] == [(option["option"], option["type"]) for option in options[:5]]
    # A recursion is listed for a few levels, and can be given at any depth.
    assert {"object"} == {option["type"] for option in options if option["option"].endswith(".next")}
    values = {"string": "x", "integer": "1", "array": "[]", "object": "{}"}
    for part in options[2:]:
        words = () if "parts" not in part["option"] else ("--name", "n")
        assert request_of(
            "put-thing",
            "i",
            *(words or ("--name", "n")),
            part["option"],
            values[part["type"]],
            before=("--validate", "off"),
        )["json"]


def test_the_example_runs_as_it_stands(api: str) -> None:
    """The example is a command line that the document allows."""
    words = shlex.split(run_cli("describe", api, "put-thing", "-o", "json").json["example"])
    assert "/things/id" == request_of(*words[2:])["target"]


@pytest.mark.parametrize("words", [("put-thing",), ("putThing",), ("PUTTHING",), ("things", "put-thing")])
def test_an_operation_is_named_as_for_a_call(api: str, words: tuple[str, ...]) -> None:
    """By its name, its operationId in any case, or through its tag."""
    assert "put-thing" == run_cli("describe", api, *words, "-o", "json").json["name"]


@pytest.mark.sampled(6)
@pytest.mark.parametrize(
    ("place", "where", "kind", "required"),
    [
        ("id", "path", "string", True),
        ("sort", "query", "string", False),
        ("query.sort", "query", "string", False),
        ("name", "body", "string", True),
        ("body.name", "body", "string", True),
        ("body", "body", "object", True),
        ("parts", "body", "array", False),
        ("parts[0]", "body", "object", True),
        ("parts[0].text", "body", "string", True),
        ("parts.text", "body", "string", True),
        ("labels.anything", "body", "integer", False),
        ("node.next.next.id", "body", "integer", True),
        ("response.rows.id", "answer 200", "integer", True),
        ("response.200.rows", "answer 200", "array", False),
        ("answer.rows.id", "answer 200", "integer", True),
    ],
)
def test_one_field_alone(api: str, place: str, where: str, kind: str, required: bool) -> None:
    """FIELD.PATH leads to a parameter, into the body, or with `answer.` or `response.` into an answer."""
    data = run_cli("describe", api, "put-thing", place, "-o", "json").json
    assert (place, where, kind, required) == tuple(data[key] for key in ("field", "in", "type", "required"))


@pytest.mark.parametrize("place", ["sort", "query.sort"])
def test_a_parameter_alone_tells_what_the_document_says_of_it(place: str) -> None:
    """Its description often stands beside its schema, and is told whole."""
    text = run_cli("describe", "demo", "search-runs", place).stdout
    assert "with a `-` in front, largest first" in " ".join(text.split())


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ("`put-thing` has no field `nam`", ("put-thing", "nam")),
        ("`put-thing` has no field `response.nope`", ("put-thing", "response.nope")),
        ("`a..b` is not a path of a field", ("put-thing", "a..b")),
        ("`x` is one word too many", ("put-thing", "name", "x")),
        ("`./api.json` has no operation `put-thin`", ("put-thin",)),
    ],
)
def test_what_there_is_not_is_said(api: str, message: str, words: tuple[str, ...]) -> None:
    """An unknown operation or field is exit 2, by its name."""
    result = run_cli("--error-format", "json", "describe", api, *words)
    assert (2, "", message) == (result.exit_code, result.stdout, result.error["message"])


def test_the_text_shows_trees_and_stops_at_recursion(api: str) -> None:
    """For a person: parameters, the body and the answers as trees, each recursion shown once."""
    page = run_cli("-o", "text", "describe", api, "put-thing").stdout
    assert page.startswith("put-thing  PUT /things/{id}\nPut a thing\n\nPuts it.\n")
    for line in (
        "  --id TEXT  path [required]",
        "  --sort TEXT  query [one of a, b; default a]",
        "Body (application/json, required)",
        "    name*  string  What it is called",
        "      text*  string",
        "      <any name>  integer",
        "      next  object  (recursive)",
        "Answer 404  There is none",
        "  header X-Rate",
        "Security  key or none",
        "Links",
    ):
        assert line in page.splitlines(), line
    assert page.rstrip().endswith(f"Example\n  dynacli {api} put-thing id --name string")


def test_the_text_of_one_field(api: str) -> None:
    """A field is shown with what it holds."""
    page = run_cli("-o", "text", "describe", api, "put-thing", "parts").stdout
    assert "parts  body\n    array of object\n    text*  string\n" == page
