"""What real documents do, and no specification allows or expects: each of it is used for what it means."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from tests.documents import SERVER, api_of, get, operation, parameter, post, put, save, save_api
from tests.dry_runs import refusal_of
from tests.harness import Recorder, Response, assert_ended, run_cli

STRING = {"type": "string"}
HEAD = "openapi: 3.0.3\ninfo: {title: Wild, version: '1'}\nservers: [{url: 'http://127.0.0.1:9'}]\n"


def listed(api: str) -> list[str]:
    """Return the names of the operations, after each has shown its help."""
    names = [row["name"] for row in run_cli("operations", api, "-o", "json").json]
    assert 0 == run_cli(api, "--help").exit_code
    for name in names:
        page = run_cli(api, name, "--help")
        assert (0, "") == (page.exit_code, page.stderr)
        assert page.stdout.startswith("Usage: dynacli ")
    return names


def built(api: str, name: str, *words: str) -> dict[str, Any]:
    """Return the request that `--example` makes of an operation, its target without the server."""
    result = run_cli(api, name, *words, "--example", "--dry-run", "json")
    assert (0, name, "") == (result.exit_code, name, result.stderr)
    request: dict[str, Any] = result.json
    request["target"] = request["url"].removeprefix(SERVER)
    return request


def warnings(api: str) -> list[dict[str, Any]]:
    """Return what the program says that it did not use as it stands, without what is not a valid OpenAPI."""
    rows: list[dict[str, Any]] = run_cli("api", "show", api, "-o", "json").json["warnings"]
    return rows


def reported(api: str) -> list[tuple[str, int | None, str]]:
    """Return the warnings: message, line and pointer."""
    return [(row["message"], row["line"], row["pointer"]) for row in warnings(api)]


# --- Several operations on one URL


def test_operations_on_one_url_are_told_apart_by_the_fragment_of_the_path() -> None:
    """The fragment of a path key names another operation and is not sent."""
    plain, two = operation("get_file"), operation("get_file#thumbnail")
    api = save_api({"/files/{id}": {"get": plain}, "/files/{id}#thumbnail": {"get": two}})
    assert ["get-file", "get-file-thumbnail"] == listed(api)
    assert ["/files/7"] * 2 == [built(api, name, "7")["target"] for name in listed(api)]


def test_operations_on_one_url_are_told_apart_by_the_query_of_the_path() -> None:
    """The query part of a path key is sent, before what is given."""
    q = parameter("q", STRING)
    api = save_api(get("/a?action=list", "list", q), get("/a?action=count", "count", q))
    assert ["list", "count"] == listed(api)
    assert "/a?action=list&q=x" == built(api, "list", "--q", "x")["target"]
    assert "/a?action=count" == built(api, "count")["target"]


# --- References


def test_a_property_may_be_called_ref() -> None:
    """A schema's property named `$ref` is a property, and refers to nothing."""
    schema = {
        "type": "object",
        "required": ["$ref"],
        "properties": {"$ref": {"type": "string", "example": "v"}},
    }
    api = save_api(post("/a", body=schema))
    assert ["a"] == listed(api)
    assert {"$ref": "v"} == json.loads(built(api, "a")["body"])
    assert {"$ref": "w"} == json.loads(built(api, "a", "--ref", "w")["body"])
    assert [] == warnings(api)


@pytest.mark.parametrize(
    "ref",
    [
        "#/paths/~1a~1{id}/get/parameters/0/schema",
        "#/paths/~1a~1%7Bid%7D/get/parameters/0/schema",
        "#/paths/%7E1a%7E1%7bid%7d/get/parameters/0/schema",
        "#/paths/~1a~1{id}/get/parameters/0/../0/schema",
    ],
    ids=["escaped", "percent-encoded", "twice", "nonsense"],
)
def test_a_reference_may_lead_into_paths(ref: str) -> None:
    """A reference into `paths` is followed, however its steps are escaped; a dangling one is warned of."""
    id_ = parameter("id", {"type": "string", "enum": ["x"]}, "path")
    again = parameter("kind", {"$ref": ref}, required=True)
    api = save_api(get("/a/{id}", "a", id_), get("/b", "b", again))
    assert ["a", "b"] == listed(api)
    if ".." in ref:
        assert [f"`{ref}` has no target; any value is accepted"] == [row["message"] for row in warnings(api)]
    else:
        assert "/b?kind=x" == built(api, "b")["target"]


def test_paths_an_operation_id_and_a_path_item_may_be_references() -> None:
    """A `$ref` if the specification has none is followed anyway."""
    more: dict[str, Any] = {
        "x-paths": {"/a": {"$ref": "#/x-items/a"}},
        "x-items": {"a": {"get": {**operation("a"), "operationId": {"$ref": "#/x-ids/list"}}}},
        "x-ids": {"list": "listAll"},
    }
    api = save_api({"$ref": "#/x-paths"}, **more)
    assert ["list-all"] == listed(api)
    assert "/a" == built(api, "list-all")["target"]


def test_an_operation_with_a_dangling_reference_is_left_out_alone() -> None:
    """All others work; a call of this operation ends with 8 and names the reference."""
    bad = operation("bad", requestBody={"$ref": "#/components/requestBodies/Gone"})
    api = save_api(get("/good"), {"/bad": {"get": bad}})
    assert ["good"] == listed(api)
    assert "/good" == built(api, "good")["target"]
    messages = [row["message"] for row in warnings(api)]
    assert any("`GET /bad` is left out" in message and "Gone" in message for message in messages)
    refused = run_cli(api, "bad", "--dry-run")
    assert (8, "") == (refused.exit_code, refused.stdout)
    assert "Gone" in refused.stderr


@pytest.mark.parametrize("ref", ["http://127.0.0.1:1/schemas.json#/A", "https://schemas.invalid/a.yaml"])
def test_an_operation_with_a_remote_reference_is_left_out_alone(ref: str) -> None:
    """No other host is asked, and the rest of the document works."""
    bad = operation("bad", parameter("q", {"$ref": ref}, required=True), body={"$ref": ref})
    api = save_api(get("/good"), {"/bad": {"post": bad}})
    assert "good" in listed(api)
    assert "/good" == built(api, "good")["target"]
    assert any(ref.partition("#")[0] in row["message"] for row in warnings(api))


# --- Path parameters


@pytest.mark.parametrize(
    ("path", "words", "target"),
    [
        ("/a/{Sid}.json", ("x",), "/a/x.json"),
        ("/a/{from}...{to}", ("x", "y"), "/a/x...y"),
        ("/a/{id}:cancel", ("x",), "/a/x:cancel"),
        ("/a/({id})", ("x",), "/a/(x)"),
        ("/a/{id}/b/{id}", ("x",), "/a/x/b/x"),
        ("/a/{file-name}", ("x",), "/a/x"),
        ("/a/{path}", ("src/main.py",), "/a/src%2Fmain.py"),
    ],
    ids=["suffix", "two", "verb", "parentheses", "twice", "hyphen", "slash"],
)
def test_a_path_parameter_may_stand_in_the_middle_of_a_segment(
    path: str, words: tuple[str, ...], target: str
) -> None:
    """The text around it is kept; a slash in a value stays within its segment."""
    names = dict.fromkeys(name.partition("}")[0] for name in path.split("{")[1:])
    api = save_api(get(path, "a", *(parameter(name, STRING, "path") for name in names)))
    assert ["a"] == listed(api)
    assert target == built(api, "a", *words)["target"]


def test_a_path_parameter_need_not_be_declared() -> None:
    """It is taken as a string, with a warning."""
    api = save_api(get("/a/{id}/{more}", "a", parameter("id", STRING, "path")))
    assert ["a"] == listed(api)
    assert "/a/x/y" == built(api, "a", "x", "y")["target"]
    assert ["path parameter `more` is not declared; it is taken as a string"] == [
        row["message"] for row in warnings(api)
    ]


def test_a_path_parameter_need_not_be_marked_required() -> None:
    """Without it there is no URL."""
    id_ = {"name": "id", "in": "path", "schema": STRING}
    api = save_api(get("/a/{id}", "a", id_), put("/a/{id}", "b", {**id_, "required": False}))
    assert ["a", "b"] == listed(api)
    assert ["/a/x"] * 2 == [built(api, name, "x")["target"] for name in listed(api)]
    assert "needs ID" in refusal_of("a").stderr


def test_a_path_parameter_may_be_declared_twice_or_too_much() -> None:
    """The last declaration counts, a parameter that is not in the path is ignored; warnings name their places."""
    twice = [parameter("id", {"enum": ["x"]}, "path"), parameter("id", {"enum": ["y"]}, "path")]
    made = api_of(get("/a/{id}", "a", *twice, parameter("no", STRING, "path")))
    api = save(json.dumps(made, indent=1))
    assert ["a"] == listed(api)
    assert "/a/y" == built(api, "a", "y")["target"]
    assert "/a/y" == built(api, "a")["target"]
    assert 2 == run_cli(api, "a", "x", "--dry-run").exit_code
    lines = Path("api.json").read_text().splitlines()
    second = [number for number, line in enumerate(lines, 1) if '"name": "id"' in line][1] - 1
    assert [
        (
            "path parameter `id` is declared twice; the last one counts",
            second,
            "/paths/~1a~1{id}/get/parameters/1",
        )
    ] == reported(api)[:1]
    assert "path parameter `no` is not in the path; it is ignored" in [
        row["message"] for row in warnings(api)
    ]


# --- Names of parameters


def _asked(names: Mapping[str, str] | list[str], *words: str, where: str = "query") -> str:
    api = save_api(get("/a", "a", *(parameter(name, STRING, where) for name in names)))
    assert ["a"] == listed(api)
    return unquote(built(api, "a", *words)["target"])


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("names", "words", "target"),
    [
        (
            ["StartTime", "StartTime<", "StartTime>"],
            ("--start-time", "1", "--start-time-lt", "2", "--start-time-gt", "3"),
            "/a?StartTime=1&StartTime<=2&StartTime>=3",
        ),
        (
            ["StartTime<", "StartTime>", "StartTime"],
            ("--StartTime", "1", "--StartTime<", "2", "--StartTime>", "3"),
            "/a?StartTime<=2&StartTime>=3&StartTime=1",
        ),
        (["x", "x[]"], ("--x", "1", "--x-array", "2"), "/a?x=1&x[]=2"),
        (["x[]", "x"], ("--x", "1", "--x[]", "2"), "/a?x[]=2&x=1"),
        (
            ["page[cursor]", "fields[x]"],
            ("--page-cursor", "c", "--fields[x]", "f"),
            "/a?page[cursor]=c&fields[x]=f",
        ),
        (["..."], ("--dot-dot-dot", "1"), "/a?...=1"),
        (["..."], ("--...", "1"), "/a?...=1"),
        (["help"], ("--query.help", "1"), "/a?help=1"),
        (["output"], ("--output", "1"), "/a?output=1"),
        (["o", "v", "f"], ("--o", "1", "--v", "2", "--f", "3"), "/a?o=1&v=2&f=3"),
        (["日本", "p\u0430y", "pay"], ("--日本", "1", "--pay", "2"), "/a?日本=1&pay=2"),
        (["\u202etxt", "a b"], ("--txt", "1", "--a-b", "2"), "/a?\u202etxt=1&a b=2"),
        ([""], ("--empty", "1"), "/a?=1"),
        (
            ["dry-run", "timeout", "profile"],
            ("--timeout", "1", "--query.profile", "2"),
            "/a?timeout=1&profile=2",
        ),
    ],
    ids=lambda value: ascii(value)[:40] if isinstance(value, list) else "",
)
def test_a_parameter_may_have_any_name(names: list[str], words: tuple[str, ...], target: str) -> None:
    """Each has an option of letters, digits and hyphens, its own spelling works too, and it is sent as it is called."""
    if "dry-run" in names:
        api = save_api(get("/a", "a", *(parameter(name, STRING) for name in names)))
        result = run_cli("--dry-run", "json", api, "a", *words)
        assert target == result.json["url"].removeprefix(SERVER)
    else:
        assert target == _asked(names, *words)


def test_path_and_query_parameters_may_have_the_same_name() -> None:
    """The path parameter has the plain option, the query parameter the qualified one."""
    both = [parameter("id", STRING, "path"), parameter("id", STRING, required=True)]
    api = save_api(get("/a/{id}", "a", *both))
    assert ["a"] == listed(api)
    assert "/a/x?id=y" == built(api, "a", "x", "--query.id", "y")["target"]
    assert "/a/x?id=y" == built(api, "a", "--id", "x", "--query.id", "y")["target"]


# --- Operation ids


@pytest.mark.sampled(4)
@pytest.mark.parametrize(
    ("ids", "names"),
    [
        (["", ""], ["get-0", "get-1"]),
        (["List a user's pets", "List a user\u2019s toys"], ["list-a-users-pets", "list-a-users-toys"]),
        ([".listPets", "..."], ["list-pets", "get-1"]),
        (["getPet", "GetPet", "GETPET"], ["get-pet", "get-pet-get-1", "getpet"]),
        (["2fa/enable", "123"], ["2fa-enable", "123"]),
        (["x" * 300, "x" * 300], ["x" * 120, "x" * 120 + "-2"]),
        (["\u202eevil", "\x1b[31mred"], ["evil", "31mred"]),
    ],
    ids=["empty", "sentences", "dots", "case", "digits", "long", "control"],
)
def test_an_operation_may_have_any_id(ids: list[str], names: list[str]) -> None:
    """Each operation has a name of its own, and the exact operationId finds it if it is the only one."""
    api = save_api(*(get(f"/{index}", name) for index, name in enumerate(ids)))
    assert names == listed(api)
    assert [f"/{index}" for index in range(len(ids))] == [built(api, name)["target"] for name in names]
    for index, operation_id in enumerate(ids):
        if operation_id and ids.count(operation_id) == 1 and not operation_id.startswith("."):
            assert f"/{index}" == built(api, operation_id)["target"]


def test_an_operation_need_not_have_an_id_or_responses() -> None:
    """Method and path name it."""
    api = save_api({"/a/{id}": {"get": {}, "delete": {"operationId": None}}})
    assert ["get-a-id", "delete-a-id"] == listed(api)
    assert ["/a/x"] * 2 == [built(api, name, "x")["target"] for name in listed(api)]


def test_one_operation_id_may_be_given_to_several_operations() -> None:
    """Both are there, and the problem is reported."""
    api = save_api(get("/a", "same"), get("/b", "same"))
    assert ["same", "same-get-b"] == listed(api)
    assert ["/a", "/b"] == [built(api, name)["target"] for name in listed(api)]
    problems = run_cli("api", "show", api, "-o", "json").json["problems"]
    assert any("`same`" in row["message"] for row in problems)


# --- YAML 1.1, numbers and dates


def test_words_dates_and_numbers_of_yaml_are_what_they_look_like() -> None:
    """`no` is a word, a date is text, a key that is a number is its digits."""
    api = save(
        HEAD + "paths:\n  /a:\n    get:\n      operationId: a\n      parameters:\n"
        "      - {name: country, in: query, required: true, schema: {type: string, enum: [no, se]}}\n"
        "      - {name: since, in: query, required: true, schema: {type: string, enum: [2024-01-31]}}\n"
        "      - {name: level, in: query, required: true, schema: {type: string, enum: [1, 2.5, true]}}\n"
        "      responses:\n        200: {description: good}\n        4xx: {description: bad}\n",
        "api.yaml",
    )
    assert ["a"] == listed(api)
    assert "/a?country=no&since=2024-01-31&level=1" == built(api, "a")["target"]
    assert "level=true" in built(api, "a", "--level", "true")["target"]
    assert "level=2.5" in built(api, "a", "--level", "2.5")["target"]
    assert 2 == run_cli(api, "a", "--level", "9", "--example", "--dry-run").exit_code
    ((message, line, pointer),) = reported(api)
    assert ("`enum` of strings has other values; they are read as strings", 11) == (message, line)
    assert "/paths/~1a/get/parameters/2/schema/enum" == pointer
    shown = run_cli("describe", api, "a", "-o", "json").json
    assert ["200", "4xx"] == list(shown["responses"])


@pytest.mark.parametrize(("status", "exit_code"), [(200, 0), (404, 4), (503, 5)])
def test_codes_that_are_numbers_or_in_lower_case_describe_their_responses(
    server: Recorder, status: int, exit_code: int
) -> None:
    """A response is held against `200` that YAML reads as a number, against `4xx` and against `5XX`."""
    body = "{description: d, content: {application/json: {schema: {type: object, required: [ok]}}}}"
    api = save(
        HEAD.replace(SERVER, server.origin) + "paths:\n  /a:\n    get:\n      operationId: a\n"
        f"      responses:\n        200: {body}\n        4xx: {body}\n        5XX: {body}\n",
        "api.yaml",
    )
    server.responses["/a"] = Response(status, b'{"ok": 1}')
    good = run_cli(api, "a")
    assert (exit_code, '{"ok": 1}') == (good.exit_code, good.stdout)
    assert "does not match" not in good.stderr
    server.responses["/a"] = Response(status, b"{}")
    assert "`ok`" in run_cli(api, "a").stderr


@pytest.mark.parametrize("version", ["3.1", "3", "3.0", "3.2"])
def test_the_version_may_be_a_number(version: str) -> None:
    """YAML reads `openapi: 3.1` as a number."""
    api = save(
        f"openapi: {version}\nservers: [{{url: '{SERVER}'}}]\npaths: {{/a: {{get: {{}}}}}}\n", "api.yaml"
    )
    assert ["get-a"] == listed(api)
    assert "/a" == built(api, "get-a")["target"]


# --- Byte order marks, keys given twice


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("encoding", "mark"),
    [
        ("utf-8", b"\xef\xbb\xbf"),
        ("utf-8", b"\xef\xbb\xbf" * 2),
        ("utf-16-le", b"\xff\xfe"),
        ("utf-16-be", b"\xfe\xff"),
    ],
    ids=["utf-8", "two marks", "utf-16-le", "utf-16-be"],
)
@pytest.mark.parametrize("name", ["api.json", "api.yaml"])
def test_a_byte_order_mark_is_no_part_of_a_document(name: str, encoding: str, mark: bytes) -> None:
    """Files from Windows start with one."""
    text = (
        json.dumps(api_of(get("/a", "ä")))
        if name == "api.json"
        else (HEAD + "paths: {/a: {get: {operationId: ä}}}\n")
    )
    api = save(mark + text.encode(encoding), name)
    assert ["a"] == listed(api)
    assert "/a" == built(api, "a")["target"]


def test_a_duplicate_key_in_json_is_warned_of() -> None:
    """The last one counts, as in other parsers; message, line and place say so."""
    text = json.dumps(api_of(get("/a", "one"), get("/b", "two")), indent=1)
    api = save(text.replace('"/b"', '"/a"'))
    assert ["two"] == listed(api)
    line = next(number for number, written in enumerate(text.splitlines(), 1) if '"/b"' in written)
    assert [("Duplicate key `/a`; the last value counts", line, "/paths/~1a")] == reported(api)


def test_every_duplicate_key_in_yaml_is_warned_of() -> None:
    """Each warning has its own place; a number and its text are the same key."""
    api = save(
        HEAD + "paths:\n  /a:\n    get:\n      operationId: one\n      operationId: two\n"
        "      responses:\n        200: {description: a}\n        '200': {description: b}\n",
        "api.yaml",
    )
    assert ["two"] == listed(api)
    assert [
        (
            "Duplicate key `operationId`; the last value counts",
            8,
            "/paths/~1a/get/operationId",
        ),
        (
            "Duplicate key `200`; the last value counts",
            11,
            "/paths/~1a/get/responses/200",
        ),
    ] == reported(api)
    assert "b" == run_cli("describe", api, "two", "-o", "json").json["responses"]["200"]["description"]


# --- Harmless fields of the wrong type


def _places(api: str) -> list[tuple[str, str]]:
    return [(row["message"], row["pointer"]) for row in warnings(api)]


def test_a_tag_may_be_a_string() -> None:
    """It is a list of one."""
    api = save_api(get("/a", tags="my pets"), get("/b", tags=[7]))
    assert ["a", "b"] == listed(api)
    assert [["my pets"], ["7"]] == [row["tags"] for row in run_cli("operations", api, "-o", "json").json]
    assert "/a" == built(api, "my-pets", "a")["target"]
    assert [
        ("`tags` should be a list; it is read as a list of one", "/paths/~1a/get/tags"),
        ("`tags` should be a list of strings; it is read as one", "/paths/~1b/get/tags"),
    ] == _places(api)


@pytest.mark.parametrize("tag", ["a b", "a/b", "A & B (beta)", "/admin/", "Überblick", "..."])
def test_a_tag_may_have_any_name(tag: str) -> None:
    """Its kebab form is a word of the command line, unless nothing is left of it."""
    api = save_api(get("/a", tags=[tag]))
    assert ["a"] == listed(api)
    assert tag in run_cli(api, "--help").stdout
    assert ["a"] == [row["name"] for row in run_cli("operations", api, "--tag", tag, "-o", "json").json]
    if tag != "...":
        assert "/a" == built(api, tag, "a")["target"]
        assert 0 == run_cli("describe", api, tag, "a").exit_code


@pytest.mark.parametrize(
    ("value", "is_required"),
    [("true", True), ("yes", True), (1, True), ("false", False), (0, False), ("maybe", False)],
)
def test_required_may_be_a_word(value: Any, is_required: bool) -> None:
    """A word with a plain meaning is true or false, any other is ignored; both with a warning."""
    api = save_api(get("/a", "a", parameter("q", STRING, required=value)))
    assert ["a"] == listed(api)
    assert (2 if is_required else 0) == run_cli(api, "a", "--dry-run").exit_code
    read = "is neither true nor false; it is ignored"
    if value != "maybe":
        read = f"should be true or false; it is read as {str(is_required).lower()}"
    assert [(f"`required` {read}", "/paths/~1a/get/parameters/0/required")] == _places(api)


def test_deprecated_may_be_a_word() -> None:
    """`deprecated: "yes"` is shown as what it means."""
    api = save_api(get("/a", deprecated="yes"))
    assert ["a"] == listed(api)
    assert [True] == [row["deprecated"] for row in run_cli("operations", api, "-o", "json").json]
    assert [
        ("`deprecated` should be true or false; it is read as true", "/paths/~1a/get/deprecated")
    ] == _places(api)


@pytest.mark.parametrize(
    ("parameters", "pointer"),
    [
        ({"q": {"in": "query", "schema": STRING}, "r": {"in": "query", "schema": STRING}}, "q/in"),
        ({"name": "q", "in": "query", "schema": STRING}, ""),
    ],
    ids=["by name", "one"],
)
def test_parameters_may_be_an_object(parameters: dict[str, Any], pointer: str) -> None:
    """Names with a parameter each, or one parameter, are read as the list that they should be."""
    del pointer
    api = save_api(get("/a", parameters=parameters))
    assert ["a"] == listed(api)
    assert "/a?q=x" == built(api, "a", "--q", "x")["target"]
    assert [("`parameters` should be a list; it is read as one", "/paths/~1a/get/parameters")] == _places(api)


def test_a_place_in_a_mended_list_is_named_as_in_the_file() -> None:
    """Pointer and line are those of the object in the file, not of the list that was made of it."""
    q = {"in": "query", "required": "true", "schema": STRING}
    api = save_api(get("/a", parameters={"p": {"in": "header"}, "q": q}))
    lines = Path("api.json").read_text().splitlines()
    line = next(number for number, text in enumerate(lines, 1) if '"required": "true"' in text)
    assert (
        "`required` should be true or false; it is read as true",
        line,
        "/paths/~1a/get/parameters/q/required",
    ) == reported(api)[1]


def test_parameters_without_schema_name_or_place() -> None:
    """A parameter without a schema takes any text, one without a name or a known place is ignored with a warning."""
    odd: list[Any] = [
        {"name": "q", "in": "query"},
        {"in": "query", "schema": STRING},
        {"name": "b", "in": "body"},
        7,
    ]
    api = save_api(get("/a", "a", *odd))
    assert ["a"] == listed(api)
    assert "/a?q=x" == built(api, "a", "--q", "x")["target"]
    where = "/paths/~1a/get/parameters"
    assert {
        ("this parameter has no name; it is ignored", f"{where}/1"),
        (
            "parameter `b` is in `body`, not path, query, querystring, header or cookie; it is ignored",
            f"{where}/2",
        ),
        ("this parameter has no name; it is ignored", f"{where}/3"),
    } == set(_places(api))


def test_the_place_of_a_parameter_may_be_spelled_otherwise() -> None:
    """`in: Query` is `query`."""
    api = save_api(get("/a", "a", parameter("q", STRING, "Query ")))
    assert ["a"] == listed(api)
    assert "/a?q=x" == built(api, "a", "--q", "x")["target"]
    assert [("`in` is `Query `; it is read as `query`", "/paths/~1a/get/parameters/0/in")] == _places(api)


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("schema", "example", "refused"),
    [
        ({"type": "int", "minimum": "2"}, "2", "1"),
        ({"type": "String", "maxLength": "3", "example": "abc"}, "abc", "abcd"),
        ({"type": "bool", "example": True}, "true", "7"),
        ({"type": "datetime", "example": "2024-01-31T00:00:00Z"}, "2024-01-31T00:00:00Z", "x"),
        ({"type": "string", "enum": "only"}, "only", "x"),
        ({"type": "string", "required": True, "enum": [1, 2]}, "1", "3"),
    ],
    ids=["int", "String", "bool", "datetime", "enum", "required"],
)
def test_schemas_of_other_languages_mean_what_they_say(
    schema: dict[str, Any], example: str, refused: str
) -> None:
    """Types of other languages, numbers that are text, a value if a list should be."""
    api = save_api(get("/a", "a", parameter("q", schema, required=True)))
    assert ["a"] == listed(api)
    assert f"/a?q={example}" == unquote(built(api, "a")["target"])
    assert 2 == run_cli(api, "a", "--q", refused, "--dry-run").exit_code
    assert warnings(api)


def test_a_document_may_lack_nearly_everything() -> None:
    """No `info`, no responses, a server that is text: what is there works."""
    api = save({"openapi": "3.0.3", "servers": SERVER, "paths": {"/a": {"get": {}}}})
    assert ["get-a"] == listed(api)
    assert "/a" == built(api, "get-a")["target"]
    problems = run_cli("api", "show", api, "-o", "json").json["problems"]
    assert "`info` is missing" in [row["message"] for row in problems]


# --- Media types


@pytest.mark.parametrize(
    "media_type", ["", "json", "*/*", "application/json; charset=utf-8", "  text/plain "]
)
def test_a_media_type_may_be_anything(media_type: str) -> None:
    """A body of it can be given whole."""
    api = save_api(post("/a", body={}, media_type=media_type))
    assert ["a"] == listed(api)
    result = run_cli(api, "a", "--body", '{"x":1}', "--dry-run", "json")
    assert (0, '{"x":1}') == (result.exit_code, result.json["body"])


def test_a_body_may_have_hundreds_of_media_types() -> None:
    """The help stays readable, and any of them can be sent."""
    schema = {"type": "object", "properties": {"x": STRING}}
    content = {f"application/vnd.v{number}+json": {"schema": schema} for number in range(300)}
    api = save_api(post("/a", requestBody={"required": True, "content": content}))
    assert ["a"] == listed(api)
    assert 150 > len(run_cli(api, "a", "--help").stdout.splitlines())
    result = run_cli(api, "a", "--x", "1", "--content-type", "application/vnd.v299+json", "--dry-run", "json")
    assert '{"x":"1"}' == result.json["body"].replace(" ", "")
    assert ["Content-Type", "application/vnd.v299+json"] in result.json["headers"]


# --- Security


@pytest.mark.parametrize(
    ("schemes", "message", "pointer"),
    [
        ({}, "security scheme `key` is not defined; nothing is sent for it", "/paths/~1a/get/security"),
        (
            {"key": {"type": "magic"}},
            "security scheme `key` cannot be used, there is no type `magic`; nothing is sent for it",
            "/components/securitySchemes/key",
        ),
        (
            {"key": {"$ref": "#/components/securitySchemes/gone"}},
            "security scheme `key` is not defined; nothing is sent for it",
            "/paths/~1a/get/security",
        ),
    ],
    ids=["undefined", "unknown type", "dangling"],
)
def test_a_security_scheme_may_be_unknown(
    server: Recorder, schemes: dict[str, Any], message: str, pointer: str
) -> None:
    """The call is made without it, and the problem is reported with its place."""
    server.responses["/a"] = Response()
    made = api_of(get("/a", security=[{"key": []}]), components={"securitySchemes": schemes})
    api = save({**made, "servers": [{"url": server.origin}]})
    assert ["a"] == listed(api)
    assert (message, pointer) in _places(api)
    result = run_cli(api, "a")
    assert (0, 1) == (result.exit_code, len(server.requests)), result.stderr


def test_authorization_is_no_parameter() -> None:
    """A header that OpenAPI says to ignore is not an option and never asked for; credentials are another matter."""
    api = save_api(get("/a", "a", parameter("Authorization", STRING, "header", required=True)))
    assert ["a"] == listed(api)
    request = built(api, "a")
    assert "Authorization" not in dict(request["headers"])
    assert "--authorization" not in run_cli(api, "a", "--help").stdout
    assert 0 == run_cli(api, "a", "--dry-run").exit_code


# --- Schemas


@pytest.mark.sampled(4)
@pytest.mark.parametrize(
    "pattern",
    [
        r"^(?<year>\d{4})$",
        r"^\p{L}+$",
        r"\/a\/",
        "^[\\w-\\.]+$",
        "(",
        "[z-a]",
        r"^\cA$",
        "(?i)^abc$",
        "^a++$",
        "\\",
    ],
)
def test_a_pattern_that_python_refuses_is_harmless(pattern: str) -> None:
    """Values are validated by the pattern if an engine reads it; otherwise a note says that they are not."""
    schema = {"type": "string", "pattern": pattern}
    api = save_api(get("/a", "a", parameter("q", schema)))
    assert ["a"] == listed(api)
    result = run_cli(api, "a", "--q", "2024", "--dry-run", "json")
    assert result.exit_code in {0, 2}
    assert "defect" not in result.stderr
    assert 0 == run_cli(api, "a", "--q", "2024", "--dry-run", "--validate", "off").exit_code


def test_a_list_parameter_may_want_several_items() -> None:
    """The example has as many as it wants, and fewer are refused."""
    schema = {"type": "array", "minItems": 2, "uniqueItems": True, "items": {"type": "integer"}}
    api = save_api(get("/a", "a", parameter("n", schema, required=True)))
    assert ["a"] == listed(api)
    assert 2 == built(api, "a")["target"].count("n=")
    assert 2 == run_cli(api, "a", "--n", "1", "--dry-run").exit_code


def test_servers_may_share_their_variables() -> None:
    """A variable that is given is that of the server that is chosen."""
    variables = {"region": {"default": "eu", "enum": ["eu", "us"]}, "port": {"default": "9"}}
    servers = [
        {"url": "http://{region}.127.0.0.1:{port}", "variables": variables},
        {
            "url": "http://127.0.0.1:{port}/{region}",
            "variables": {**variables, "region": {"default": "asia"}},
        },
    ]
    api = save({**api_of(get("/a")), "servers": servers})
    assert ["a"] == listed(api)
    assert "http://eu.127.0.0.1:9/a" == built(api, "a")["url"]
    assert "http://us.127.0.0.1:9/a" == built(api, "a", "--server-var", "region=us")["url"]
    second = ("--server", "1")
    assert "http://127.0.0.1:9/asia/a" == built(api, "a", *second)["url"]
    assert (
        "http://127.0.0.1:8/mars/a"
        == built(api, "a", *second, "--server-var", "region=mars", "--server-var", "port=8")["url"]
    )


def test_a_choice_may_have_dozens_of_branches() -> None:
    """The discriminator picks one, whose options are those of its schema."""
    branches = {
        f"Kind{number}": {
            "type": "object",
            "required": ["kind", f"field{number}"],
            "properties": {
                "kind": {"type": "string", "enum": [f"k{number}"]},
                f"field{number}": {"type": "integer"},
            },
        }
        for number in range(25)
    }
    refs = {f"k{number}": f"#/components/schemas/Kind{number}" for number in range(25)}
    body = {
        "oneOf": [{"$ref": ref} for ref in refs.values()],
        "discriminator": {"propertyName": "kind", "mapping": refs},
    }
    api = save_api(post("/a", body=body), schemas=branches)
    assert ["a"] == listed(api)
    assert json.loads(built(api, "a")["body"])["kind"] == "k0"
    result = run_cli(api, "a", "--kind", "k24", "--field24", "7", "--dry-run", "json")
    assert {"kind": "k24", "field24": 7} == json.loads(result.json["body"])


def test_schemas_may_go_round_over_dozens_of_others() -> None:
    """A cycle over sixty schemas is listed, explained and built as far as is needed."""
    schemas = {
        f"S{number}": {
            "type": "object",
            "required": ["id"],
            "properties": {
                "id": {"type": "integer"},
                "next": {"$ref": f"#/components/schemas/S{(number + 1) % 60}"},
                "all": {"type": "array", "items": {"$ref": f"#/components/schemas/S{(number * 7) % 60}"}},
            },
        }
        for number in range(60)
    }
    api = save_api(post("/a", body={"$ref": "#/components/schemas/S0"}), schemas=schemas)
    assert ["a"] == listed(api)
    assert ["id"] == list(json.loads(built(api, "a")["body"]))
    deep = run_cli(
        api,
        "a",
        "--id",
        "1",
        "--next.id",
        "2",
        "--next.next.next.id",
        "3",
        "--next.next.id",
        "4",
        "--dry-run",
        "json",
    )
    assert {"id": 1, "next": {"id": 2, "next": {"id": 4, "next": {"id": 3}}}} == json.loads(deep.json["body"])


# --- From public directories of documents


def test_a_path_may_begin_with_two_slashes() -> None:
    """The empty segment is sent, and the path differs from the same path without it."""
    api = save_api(get("//a/{id}", "a", parameter("id", STRING, "path")))
    assert "//a/7" == built(api, "a", "7")["target"]


def test_a_required_object_of_options_is_sent_with_one_of_them() -> None:
    """The example of a required query parameter is not empty, for nothing would be sent."""
    schema = {"type": "object", "properties": {"To": {"type": "string"}, "Cc": {"type": "string"}}}
    api = save_api(get("/a", "a", parameter("Destination", schema, required=True)))
    assert "/a?To=string" == built(api, "a")["target"]


def test_names_of_resources_are_long_and_follow_a_pattern() -> None:
    """A pattern with a repetition of a thousand characters has an example, and is validated."""
    arn = {
        "type": "string",
        "minLength": 5,
        "maxLength": 1600,
        "pattern": "arn:[a-z0-9-\\.]{1,63}:[^/].{0,1023}",
    }
    body = {"type": "object", "required": ["Arn"], "properties": {"Arn": arn}}
    api = save_api(post("/a", body=body))
    assert {"Arn": "arn:a:0"} == json.loads(built(api, "a")["body"])
    refused = run_cli(api, "a", "--arn", "urn:a:b", "--dry-run")
    assert_ended(refused, 2, "[pattern]")


def test_a_field_may_be_called_like_an_option_of_ours() -> None:
    """After the operation's name, `--content-type` is the API's if it has one; before it, it is dynacli's."""
    schema = {"type": "object", "required": ["ContentType"], "properties": {"ContentType": STRING}}
    content = {name: {"schema": schema} for name in ("application/json", "application/vnd.a+json")}
    api = save_api(post("/a", requestBody={"content": content}))
    given = run_cli(api, "a", "--content-type", "text/plain", "--dry-run", "json").json
    assert ("application/json", '{"ContentType":"text/plain"}') == (
        dict(given["headers"])["Content-Type"],
        given["body"],
    )
    words = ("--content-type", "application/vnd.a+json", api, "a", "--content-type", "x", "--dry-run", "json")
    assert "application/vnd.a+json" == dict(run_cli(*words).json["headers"])["Content-Type"]


def test_a_server_may_be_its_url_alone() -> None:
    """In a list of servers, on each level; it keeps its index, with a warning."""
    item = {"servers": ["http://127.0.0.1:8"], "get": operation("a", servers=["http://127.0.0.1:7/v1"])}
    servers = [{"url": "http://127.0.0.1:9"}, "http://127.0.0.1:6"]
    api = save({**api_of({"/a": item}, get("/b")), "servers": servers})
    assert ["a", "b"] == listed(api)
    assert "http://127.0.0.1:7/v1/a" == built(api, "a")["url"]
    assert "http://127.0.0.1:6/b" == built(api, "b", "--server", "1")["url"]
    read = "A server should be an object; it is read as its `url`"
    assert [
        (read, "/servers/1"),
        (read, "/paths/~1a/servers/0"),
        (read, "/paths/~1a/get/servers/0"),
    ] == _places(api)


def test_a_place_behind_a_reference_is_named_where_it_stands() -> None:
    """A path that is a reference to another one has no operation of its own to name the line of."""
    bad = operation("bad", requestBody={"$ref": "#/nowhere"})
    shared = {"get": operation("a", parameter("q", STRING, "querry")), "delete": bad}
    api = save_api({"/a": shared, "/b": {"$ref": "#/paths/~1a"}})
    assert ["a", "a-get-b"] == listed(api)
    rows = [row for row in warnings(api) if "/b" in row["message"]]
    assert ["/paths/~1a/delete"] == [row["pointer"] for row in rows]
    assert all(row["line"] and row["column"] for row in warnings(api))
