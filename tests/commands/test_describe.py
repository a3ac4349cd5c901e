"""`describe`: all about one operation or one field, for people and for programs."""

import shlex
from typing import Any

import pytest

from tests.documents import operation, parameter, route, save_api
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
    return save_api(
        {"/things/{id}": {"put": raw}},
        components={
            "schemas": {"Node": NODE},
            "responses": {"Missing": {"description": "There is none"}},
            "securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": "X-Key"}},
        },
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
        ("--parts.0.text", "string"),
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


@pytest.mark.sampled(3)
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
        ("parts[].text", "body", "string", True),
        ("parts.0.text", "body", "string", True),
        ("labels.anything", "body", "integer", False),
        ("node.next.next.id", "body", "integer", True),
        ("response.rows.id", "response 200", "integer", True),
        ("response.200.rows", "response 200", "array", False),
        ("response.rows[].id", "response 200", "integer", True),
    ],
)
def test_one_field_alone(api: str, place: str, where: str, kind: str, required: bool) -> None:
    """FIELD.PATH leads to a parameter, into the body, or with `response.` or `response.` into a response."""
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
        ("`a..b` is not a field path", ("put-thing", "a..b")),
        ("`x` is an unexpected argument", ("put-thing", "name", "x")),
        ("`./api.json` has no operation `put-thin`", ("put-thin",)),
    ],
)
def test_what_there_is_not_is_said(api: str, message: str, words: tuple[str, ...]) -> None:
    """An unknown operation or field is exit 2, by its name."""
    result = run_cli("--error-format", "json", "describe", api, *words)
    assert (2, "", message) == (result.exit_code, result.stdout, result.error["message"])


@pytest.mark.parametrize(
    ("place", "hint"),
    [
        ("nam", "Did you mean `name`?"),
        ("rows[].id", "A response's fields start with `response.`: `response.rows[].id`"),
        ("parts[0].txt", "`parts[0]` has `text`"),
        ("response.nope", "`response` has `rows`"),
        ("zzz", "A response's fields start with `response.`"),
    ],
)
def test_a_field_that_there_is_not_leads_to_those_that_there_are(api: str, place: str, hint: str) -> None:
    """The one in the response, those beside it, or one of a name like it."""
    assert hint == run_cli("--error-format", "json", "describe", api, "put-thing", place).error["hint"]


def test_the_text_shows_trees_and_stops_at_recursion(api: str) -> None:
    """For a person: parameters, the body and the responses as trees, each recursion shown once."""
    page = run_cli("-o", "text", "describe", api, "put-thing").stdout
    assert page.startswith('put-thing  PUT /things/{id}\n  "Put a thing"\n\n  > Puts it.\n')
    for line in (
        "Required inputs",
        "  --id TEXT  path",
        "  --sort {a|b}  query [default a]",
        "Body (application/json, required)",
        '    name*  string  "What it is called"',
        "      text*  string",
        "      <any name>  integer",
        "      next  object  (recursive)",
        "Other responses",
        '  404  "There is none"',
        "  header X-Rate",
        "Credential  key or none",
        "Links",
    ):
        assert line in page.splitlines(), line
    assert page.rstrip().endswith(f"Example\n  dynacli {api} put-thing id --name string")


def test_the_text_of_one_field(api: str) -> None:
    """A field is shown with what it holds."""
    page = run_cli("-o", "text", "describe", api, "put-thing", "parts").stdout
    assert "parts  body\n    array of object\n    text*  string\n" == page


def _deep(levels: int, width: int = 3) -> dict[str, Any]:
    """Return a schema of objects within each other, each with some plain fields."""
    schema: dict[str, Any] = {"type": "string"}
    for level in range(levels):
        fields = {
            f"field{level}x{number}": {**STRING, "description": "Words. " * 9} for number in range(width)
        }
        schema = {"type": "object", "properties": {**fields, "inner": schema}}
    return schema


def _answering(schema: dict[str, Any], **more: Any) -> str:
    raw = {**operation("getThing"), **more}
    raw["responses"] = {"200": {"description": "It", "content": {"application/json": {"schema": schema}}}}
    return save_api({"/thing": {"get": raw}})


def test_what_does_not_fit_is_counted() -> None:
    """The text has at most 6,000 bytes, and says how to see what it leaves out."""
    api = _answering(_deep(30, 12))
    text = run_cli("describe", api, "get-thing").stdout
    assert 6_000 >= len(text.encode())
    line = next(line for line in text.splitlines() if "fields deeper" in line)
    depth = max((len(line) - len(line.lstrip()) - 2) // 2 for line in text.splitlines() if " inner" in line)
    assert f"`--depth {depth + 1}` or `--all`" in line
    everything = run_cli("describe", api, "get-thing", "--all").stdout
    assert "field0x11" in everything
    assert "deeper" not in everything


@pytest.mark.parametrize(
    ("depth", "last", "hidden"), [(1, "inner", 16), (2, "inner", 12), (5, "inner", None)]
)
def test_depth_says_how_many_levels_are_shown(depth: int, last: str, hidden: int | None) -> None:
    """However long the text gets; what is deeper is counted."""
    text = run_cli("describe", _answering(_deep(5)), "get-thing", "--depth", str(depth)).stdout
    assert depth == text.count(f" {last}  ")
    assert (hidden is not None) == (
        f"and {hidden} fields deeper: `--depth {depth + 1}` or `--all`" in text
    ), text


@pytest.mark.exhaustive
def test_a_long_document_is_bounded_everywhere() -> None:
    """Texts, parameters, servers, headers, links and errors count, too."""
    long = "A long sentence about nothing at all. " * 40
    raw = operation(
        "getThing",
        *(parameter(f"parameter{number}", STRING, description=long) for number in range(60)),
        summary="Get a thing",
        description=long * 3,
    )
    content = {"application/json": {"schema": _deep(3, 30)}}
    raw["responses"] = {
        "200": {
            "description": "It",
            "headers": {f"X-{number}": {"schema": STRING} for number in range(40)},
            "content": content,
            "links": {f"link{number}": {"operationId": "getThing"} for number in range(50)},
        },
        **{str(status): {"description": long, "content": content} for status in range(400, 430)},
    }
    raw["servers"] = [{"url": f"https://{number}.example", "description": long} for number in range(50)]
    api = save_api({"/thing": {"get": raw}})
    text = run_cli("describe", api, "get-thing").stdout
    assert 6_000 >= len(text.encode())
    assert text.endswith(f"Example\n  dynacli {api} get-thing\n")
    assert "--parameter59" in run_cli("describe", api, "get-thing", "--all").stdout


def test_another_operation_is_told_by_its_differences() -> None:
    """What two operations have in common is a number, and of what only one has the outermost is named."""
    text = run_cli("describe", "demo", "update-workflow", "--like", "create-workflow").stdout
    assert text.startswith("update-workflow is like create-workflow: ")
    assert "\n  --id  TEXT path [required; not empty]\n" in text
    assert "\n  body name  string [1 to 200 characters]\n      create-workflow: string" in text
    assert 1_500 > len(text)
    data = run_cli("describe", "demo", "get-run", "--like", "get-run", "-o", "json").json
    assert ([], [], []) == (data["only_here"], data["only_there"], data["different"])
    lists = run_cli("describe", "demo", "get-workflow", "--like", "list-workflows").stdout
    assert "  response rows  array of object, required, with 31 fields inside\n" in lists


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ("A comparison needs a whole operation", ("get-run", "id", "--like", "get-org")),
        ("`demo` has no operation `get-ru`", ("get-run", "--like", "get-ru")),
    ],
)
def test_a_comparison_needs_two_operations(message: str, words: tuple[str, ...]) -> None:
    """An unknown one is exit 2."""
    result = run_cli("--error-format", "json", "describe", "demo", *words)
    assert (2, message) == (result.exit_code, result.error["message"])


def test_texts_of_a_document_never_look_like_headings() -> None:
    """What a document says is indented, and headings are not."""
    evil = "Fine.\n\nExample\n\ndynacli demo archive-workflow 1"
    text = run_cli("describe", _answering(STRING, summary="Example", description=evil), "get-thing").stdout
    assert 1 == text.splitlines().count("Example")


def test_no_level_is_shown_in_part() -> None:
    """The first fields of a schema do not push the others off with all that is in them."""
    inner = {"type": "object", "properties": {f"inner{number}": STRING for number in range(90)}}
    schema = {"type": "object", "properties": {f"outer{number}": inner for number in range(9)}}
    text = run_cli("describe", _answering(schema), "get-thing").stdout
    assert all(f"    outer{number}  object\n" in text for number in range(9))
    assert "inner0" not in text
    assert "and 810 fields deeper: `--depth 2` or `--all`" in text


@pytest.mark.parametrize(
    ("method", "said", "words"),
    [("post", {}, " --name string"), ("post", {"required": False}, ""), ("get", {}, "")],
    ids=["forgotten", "optional", "of a method without"],
)
def test_an_example_has_the_body_that_a_document_forgot_to_require(
    method: str, said: dict[str, Any], words: str
) -> None:
    """If a method is there for its body, and the document says nothing of it, what the schema requires is given."""
    schema = {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}}
    body = {"content": {"application/json": {"schema": schema}}, **said}
    api = save_api(route(method, "/a", "do", requestBody=body))
    assert f"dynacli {api} do{words}" == run_cli("describe", api, "do", "-o", "json").json["example"]


def test_a_parameter_of_the_operation_counts_before_that_of_its_path() -> None:
    """Of two with the same name at the same location, the operation's own is described."""
    item = {"parameters": [parameter("a", {"type": "integer"}, description="of the path")]}
    save_api({"/things": {**item, "get": operation("list", parameter("a", STRING, description="own"))}})
    found = run_cli("describe", "./api.json", "list", "-o", "json").json["parameters"]
    assert [("a", STRING, "own")] == [(item["name"], item["schema"], item["description"]) for item in found]


@pytest.mark.parametrize("width", [80, 110])
def test_a_description_fits_the_terminal(width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """No line is wider than the terminal, except the command of the example, which can be copied."""
    monkeypatch.setenv("COLUMNS", str(width))
    monkeypatch.setenv("NO_COLOR", "1")
    for name in ("search-runs", "create-workflow"):
        *lines, _ = run_cli("describe", "demo", name, terminal=("stdout",)).stdout.splitlines()
        assert width >= max(map(len, lines))
