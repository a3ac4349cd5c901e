"""What users of other spec-driven tools asked for or complained about, each with the smallest document for it."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from dynacli.openapi.model.kebab_names import kebab
from tests.documents import delete, get, operation, parameter, patch, post, put, ref, save_api
from tests.dry_runs import refusal_of, request_of
from tests.harness import Recorder, Response, examples_of, run_cli

STRING = {"type": "string"}
INTEGER = {"type": "integer"}


def _object(required: list[str] | None = None, **properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, **({"required": required} if required else {})}


# A run that may have no more than so many megabytes of memory beyond what Python itself takes.
_LIMITED = """
import resource, sys
resource.setrlimit(resource.RLIMIT_DATA, (400 << 20, 400 << 20))
from dynacli.__main__ import main
sys.exit(main(sys.argv[1:]))
"""


def _limited(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", _LIMITED, *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


# --- Documents that crash, hang or eat the memory


def _web(size: int) -> dict[str, Any]:
    """Return schemas of which each refers to every other one."""
    return {
        f"S{number}": _object(["id"], id=INTEGER, **{f"to{other}": ref(f"S{other}") for other in range(size)})
        for number in range(size)
    }


@pytest.mark.exhaustive
@pytest.mark.sampled(1)
@pytest.mark.parametrize(
    "schemas",
    [
        {"S0": _object(id=INTEGER, me=ref("S0"))},
        {"S0": _object(id=INTEGER, other=ref("S1")), "S1": _object(back=ref("S0"))},
        {"S0": {"type": "array", "items": ref("S0")}},
        {"S0": {"allOf": [ref("S0"), _object(id=INTEGER)]}},
        {"S0": {"oneOf": [ref("S1"), STRING]}, "S1": {"anyOf": [ref("S0"), ref("S1")]}},
        {"S0": _object(additional={"type": "object", "additionalProperties": ref("S0")})},
        _web(40),
    ],
    ids=["itself", "pair", "array", "allOf", "oneOf", "map", "web"],
)
def test_circular_schemas_do_not_eat_the_memory(schemas: dict[str, Any]) -> None:
    """Cycles stay references and are followed as far as is asked for.

    restish#21, restish#188, restish#295, RonnyPfannschmidt/prance#124, prance#40, schemathesis#671.
    """
    responses = {"200": {"description": "d", "content": {"application/json": {"schema": ref("S0")}}}}
    made = {**operation("make", body=ref("S0")), "responses": responses}
    made["requestBody"]["required"] = False
    api = save_api({"/a": {"post": made}}, schemas=schemas)
    for words in (
        ("operations", api),
        (api, "make", "--help"),
        ("describe", api, "make"),
        (api, "make", "--body", "{}", "--validate", "off", "--dry-run"),
        (api, "make", "--example", "--dry-run"),
    ):
        done = _limited(*words)
        assert (0, "") == (done.returncode, done.stderr), words


def test_a_circular_schema_is_validated() -> None:
    """Values of it are checked at any depth.

    stoplightio/prism#1456.
    """
    save_api(post("/a", "make", body=ref("N")), schemas={"N": _object(["id"], id=INTEGER, next=ref("N"))})
    deep = {"id": 1, "next": {"id": 2, "next": {"id": 3}}}
    assert deep == request_of("make", "--id", "1", "--next.id", "2", "--next.next.id", "3")["json"]
    assert "/next/next/id" in refusal_of("make", "--body", json.dumps(deep).replace("3", '"x"')).stderr


def test_one_bad_operation_is_skipped_and_named() -> None:
    """With its line; all others work.

    restish#222.
    """
    save_api(get("/good"), {"/bad": {"get": ["no", "operation"]}})
    Path("api.json").write_text(json.dumps(json.loads(Path("api.json").read_text()), indent=1))
    result = run_cli("--dry-run", "json", "./api.json", "good")
    assert 0 == result.exit_code
    assert "`GET /bad` is left out: it is not an object (line " in result.stderr


def test_a_minimal_document_has_commands() -> None:
    """No responses, no operationId, nothing but a path.

    restish#237.
    """
    Path("api.json").write_text(
        '{"openapi":"3.1.0","info":{"title":"t","version":"1"},"paths":{"/items":{"get":{}}}}'
    )
    assert ["get-items"] == [row["name"] for row in run_cli("operations", "./api.json", "-o", "json").json]
    result = run_cli("./api.json", "get-items", "--server", "http://127.0.0.1:9", "--dry-run", "json")
    assert (0, "http://127.0.0.1:9/items") == (result.exit_code, result.json["url"])


@pytest.mark.parametrize(
    ("text", "place", "reason"),
    [
        ('{\n "openapi": "3.0.3",\n "paths": {,}\n}', "line 3, column", "JSON has no"),
        ("openapi: 3.0.3\npaths:\n\t/a: {}\n", "line 3, column 1", "this is a tab"),
        ('{"openapi": "3.0.3"', "line 1, column 20", "cut off"),
    ],
    ids=["json", "yaml", "cut"],
)
def test_a_document_that_cannot_be_read_says_where_and_why(text: str, place: str, reason: str) -> None:
    """Line, column, what was expected.

    restish#76.
    """
    path = "api.yaml" if text.startswith("openapi") else "api.json"
    Path(path).write_text(text)
    result = run_cli("operations", f"./{path}", "--error-format", "json")
    assert (8, "") == (result.exit_code, result.stdout)
    assert place in result.error["message"]
    if reason != "JSON has no":
        assert reason in result.error["reason"]


@pytest.mark.parametrize(
    ("text", "exit_code"),
    [
        ('{"openapi" : "3.0.3", "info" : {}, "paths" : {"/a" : {"get" : {}}}}', 0),
        ('{"info": {}, "paths": {"/a": {"get": {}}}, "openapi":"3.0.3"}', 0),
        ("'openapi': '3.0.3'\n\"paths\": {/a: {get: {}}}\n", 0),
        ('{"openapi": "https://api.example.com/openapi.json", "name": "root"}', 8),
        ('{"description": "openapi: 3.0.3"}', 8),
    ],
    ids=["spaces", "last", "quoted", "address", "text"],
)
def test_a_document_is_known_by_its_version_field_alone(text: str, exit_code: int) -> None:
    """It is parsed first; an API's root that has the address of its document in `openapi` is none.

    restish#197, restish PR#416.
    """
    Path("api.yaml").write_text(text)
    result = run_cli("operations", "./api.yaml", "-o", "json")
    assert exit_code == result.exit_code
    if exit_code == 0:
        assert ["get-a"] == [row["name"] for row in result.json]


def test_a_document_that_is_not_quite_valid_is_used() -> None:
    """Where it breaks the specification is a report and no gate.

    schemathesis#1304.
    """
    api = save_api(get("/a", responses={}, unknown=1))
    assert "/a" == request_of("a")["target"]
    assert run_cli("api", "show", api, "-o", "json").json["problems"]


def test_a_name_clash_stops_nothing() -> None:
    """Both operations are there, with names of their own, and so are all others.

    vercel-labs/specli PR#8, PR#9.
    """
    api = save_api(get("/priorities", "listPriorities"), get("/v2/priorities", "list_priorities"), get("/a"))
    names = ["list-priorities", "list-priorities-get-v2-priorities", "a"]
    assert names == [row["name"] for row in run_cli("operations", api, "-o", "json").json]
    assert ["/priorities", "/v2/priorities", "/a"] == [request_of(name)["target"] for name in names]


# --- What a generator of command lines wrote down as its own defects (shivaam/openapi-cli-gen, docs/bugs)


def test_a_body_of_all_of_keeps_its_options() -> None:
    """Those of every part.

    shivaam/openapi-cli-gen, docs/bugs.
    """
    body = {"allOf": [ref("Base"), _object(["size"], size=INTEGER)]}
    save_api(post("/a", "make", body=body), schemas={"Base": _object(["name"], name=STRING)})
    assert {"name": "x", "size": 3} == request_of("make", "--name", "x", "--size", "3")["json"]
    assert "needs --name and --size" in refusal_of("make").stderr


def test_a_discriminated_union_can_be_sent() -> None:
    """The discriminator picks the branch.

    shivaam/openapi-cli-gen, docs/bugs.
    """
    kinds = {
        name: _object(["kind", field], kind={"type": "string", "enum": [name.lower()]}, **{field: STRING})
        for name, field in (("Cat", "purr"), ("Dog", "bark"))
    }
    mapping = {"cat": "#/components/schemas/Cat", "dog": "#/components/schemas/Dog"}
    body = {
        "oneOf": [ref("Cat"), ref("Dog")],
        "discriminator": {"propertyName": "kind", "mapping": mapping},
    }
    save_api(post("/a", "make", body=body), schemas=kinds)
    assert {"kind": "dog", "bark": "wuff"} == request_of("make", "--kind", "dog", "--bark", "wuff")["json"]


def test_dates_are_sent_as_they_are_given() -> None:
    """In the body and in the query.

    shivaam/openapi-cli-gen, docs/bugs.
    """
    when = {"type": "string", "format": "date-time"}
    save_api(post("/a", "make", parameter("since", when), body=_object(at=when)))
    request = request_of("make", "--since", "2024-01-31T10:00:00Z", "--at", "2024-01-31T10:00:00+01:00")
    assert ("/a?since=2024-01-31T10%3A00%3A00Z", {"at": "2024-01-31T10:00:00+01:00"}) == (
        request["target"],
        request["json"],
    )


def test_path_and_body_may_share_a_name() -> None:
    """None of them is dropped.

    shivaam/openapi-cli-gen, docs/bugs.
    """
    body = _object(["id", "name"], id=INTEGER, name=STRING)
    save_api(put("/a/{id}", "put", parameter("id", STRING, "path"), body=body))
    request = request_of("put", "7", "--body.id", "8", "--name", "x")
    assert ("/a/7", {"id": 8, "name": "x"}) == (request["target"], request["json"])


def test_an_empty_body_is_an_object() -> None:
    """`{}` and not `null`, if one is wanted and nothing in it is.

    shivaam/openapi-cli-gen, docs/bugs.
    """
    save_api(post("/a", "make", body=_object(x=STRING)))
    assert "{}" == request_of("make", "--example")["body"]
    assert "{}" == request_of("make", "--body", "{}")["body"]


def test_a_response_without_content_is_not_parsed(server: Recorder) -> None:
    """204 ends with 0 and prints nothing.

    shivaam/openapi-cli-gen, docs/bugs.
    """
    server.responses["/a"] = Response(204, b"", {})
    api = save_api(delete("/a", "drop", responses={"204": {"description": "gone"}}))
    result = run_cli(api, "drop", "--server", server.origin)
    assert (0, "", "") == (result.exit_code, result.stdout, result.stderr)


@pytest.mark.parametrize("tag", ["Pets (beta)", "My Pets", "pets/cats", "Größe & Gewicht"])
def test_a_tag_of_any_spelling_is_a_group(tag: str) -> None:
    """Spaces, parentheses, slashes and letters with marks.

    shivaam/openapi-cli-gen, docs/bugs.
    """
    api = save_api(get("/a", "list", tags=[tag]))
    assert tag in run_cli(api, "--help").stdout
    assert "/a" == request_of(kebab(tag), "list")["target"]


# --- Bodies


def test_positional_arguments_and_bodies_have_options() -> None:
    """Typed ones for every leaf, at any depth, with what they take in the help.

    restish#236, danielgtaylor/openapi-cli-generator#43, danielgtaylor/openapi-cli-generator#23.
    """
    size = {"type": "string", "enum": ["small", "large"], "default": "small"}
    body = _object(
        ["address"], address=_object(["city"], city=STRING, geo=_object(lat={"type": "number"})), size=size
    )
    api = save_api(post("/a/{id}", "make", parameter("id", INTEGER, "path"), body=body))
    given = ("--address.city", "Ulm", "--address.geo.lat", "48.4", "--size", "large")
    sent = {"address": {"city": "Ulm", "geo": {"lat": 48.4}}, "size": "large"}
    for words in (("7", *given), ("--id", "7", *given)):
        request = request_of("make", *words)
        assert ("/a/7", sent) == (request["target"], request["json"])
    page = run_cli(api, "make", "--help").stdout
    for word in ("--address.city", "--address.geo.lat", "small", "large", "Required inputs"):
        assert word in page
    assert 2 == refusal_of("make", "7", *given[:-1], "huge").exit_code


def test_the_help_begins_with_an_example_that_runs() -> None:
    """Made from the examples of the document.

    restish#243.
    """
    body = _object(
        ["name", "tags"],
        name={"type": "string", "example": "Rex"},
        tags={"type": "array", "items": STRING, "minItems": 1},
    )
    api = save_api(post("/a", "make", body=body))
    page = run_cli(api, "make", "--help").stdout
    words = examples_of(page)[0]
    assert ["dynacli", api, "make"] == words[:3]
    result = run_cli(*words[1:], "--dry-run", "json")
    assert (0, "Rex") == (result.exit_code, json.loads(result.json["body"])["name"])


def test_a_polymorphic_field_has_options() -> None:
    """Of all its branches, and JSON for what is a choice of its own.

    restish#257, stripe/stripe-cli#352, stripe-cli PR#988, stripe-cli PR#1097, stripe-cli PR#1317.
    """
    product = {"anyOf": [STRING, _object(["name"], name=STRING, active={"type": "boolean"})]}
    save_api(post("/plans", "create-plan", body=_object(["product"], product=product)))
    assert {"product": "prod_1"} == request_of("create-plan", "--product", "prod_1")["json"]
    inside = {"product": {"name": "Gold", "active": True}}
    assert inside == request_of("create-plan", "--product.name", "Gold", "--product.active", "true")["json"]
    assert inside == request_of("create-plan", "--product", json.dumps(inside["product"]))["json"]


def test_a_list_of_objects_is_grouped_by_its_index() -> None:
    """Repeated options never guess what belongs together.

    linode/linode-cli#166, linode-cli PR#206, linode-cli#577, linode-cli#578.
    """
    pool = _object(["type"], type=STRING, count=INTEGER)
    save_api(post("/lke", "create", body=_object(pools={"type": "array", "items": pool})))
    pools = {"pools": [{"type": "a", "count": 3}, {"type": "b"}]}
    given = ("--pools[0].type", "a", "--pools[1].type", "b", "--pools[0].count", "3")
    assert pools == request_of("create", *given)["json"]
    assert (
        pools == request_of("create", "--pools", '{"type":"a","count":3}', "--pools", '{"type":"b"}')["json"]
    )
    assert pools == request_of("create", "--pools", json.dumps(pools["pools"]))["json"]


def test_a_body_is_given_inline_from_a_file_or_from_a_pipe() -> None:
    """`--body JSON`, `--body @FILE`, `--body -`.

    cli/cli#4640.
    """
    save_api(post("/a", "make", body=_object(x=INTEGER)))
    Path("body.json").write_text('{"x": 1}')
    for words, stdin in ((('{"x": 1}',), b""), (("@body.json",), b""), (("-",), b'{"x": 1}')):
        assert {"x": 1} == request_of("make", "--body", *words, stdin=stdin)["json"]


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"type": "array", "items": INTEGER}, [1, 2]),
        (STRING, "x"),
        (INTEGER, 7),
        ({"type": "boolean"}, False),
    ],
    ids=["array", "string", "integer", "boolean"],
)
def test_a_body_may_be_any_json(schema: dict[str, Any], value: Any) -> None:
    """An array or a scalar is sent as it is, not wrapped, and what is in the query is not repeated in it.

    knowsuchagency/mcp2cli#99, PrefectHQ/fastmcp#5096, tadata-org/fastapi_mcp#319.
    """
    save_api(post("/a", "make", parameter("id", INTEGER, required=True), body=schema))
    request = request_of("make", "--id", "9", "--body", json.dumps(value))
    assert ("/a?id=9", value) == (request["target"], request["json"])


def test_a_list_in_a_body_is_given_by_repetition() -> None:
    """It is an option like any other.

    vercel-labs/specli#1, tryAGI/AutoSDK#339, exploreomni/cli PR#42.
    """
    save_api(patch("/a", "label", body=_object(newLabels={"type": "array", "items": STRING})))
    assert {"newLabels": ["a", "b"]} == request_of("label", "--new-labels", "a", "--new-labels", "b")["json"]
    assert {"newLabels": ["a"]} == request_of("label", "--newLabels", "a")["json"]


def test_a_file_is_uploaded(server: Recorder) -> None:
    """As a part of a multipart body, beside text.

    restish#218.
    """
    body = _object(["file"], file={"type": "string", "format": "binary"}, note=STRING)
    server.responses["/a"] = Response()
    api = save_api(post("/a", "up", body=body, media_type="multipart/form-data"))
    Path("photo.png").write_bytes(b"\x89PNG\x00\xff")
    result = run_cli(api, "up", "--file", "@photo.png", "--note", "hi", "--server", server.origin)
    assert 0 == result.exit_code, result.stderr
    assert server.last.headers["content-type"][0].startswith("multipart/form-data; boundary=")
    for piece in (b'name="file"; filename="photo.png"', b"\x89PNG\x00\xff", b'name="note"', b"hi"):
        assert piece in server.last.body


# --- Names, groups, help


def test_hundreds_of_operations_are_grouped_by_tag() -> None:
    """`API TAG OPERATION` and `API OPERATION` mean the same; duplicate operationIds are both there.

    restish#224.
    """
    api = save_api(
        *(
            get(f"/{tag}/{number}", "list" if number == 0 else f"{tag}{number}", tags=[tag])
            for tag in ("cats", "dogs")
            for number in range(150)
        )
    )
    assert 300 == len(run_cli("operations", api, "-o", "json").json)
    assert 150 == len(run_cli("operations", api, "--tag", "dogs", "-o", "json").json)
    assert ("/cats/0", "/dogs/0") == (
        request_of("cats", "list")["target"],
        request_of("dogs", "list")["target"],
    )
    assert "/dogs/7" == request_of("dogs7")["target"] == request_of("dogs", "dogs7")["target"]
    page = run_cli(api, "dogs", "--help").stdout
    assert "dogs149" in page
    assert "cats1" not in page


def test_the_help_tells_of_the_query() -> None:
    """Each parameter with what it takes, and no raw schema.

    restish#51, restish PR#195.
    """
    state = {"type": "string", "enum": ["open", "closed"], "default": "open"}
    q = parameter("state", state, description="Which of them.")
    page = run_cli(save_api(get("/a", "list", q)), "list", "--help").stdout
    for word in ("--state", "open", "closed", "Which of them"):
        assert word in page
    assert '"type"' not in page
    assert "enum" not in page


def test_a_name_is_never_handed_to_another_operation() -> None:
    """An update of the document that adds, moves and removes operations renames none.

    vercel-labs/specli PR#9, heygen-com/heygen-cli PR#260, Jamf-Concepts/jamf-cli PR#377.
    """
    save_api(get("/a", "list"), get("/b", "List"))
    assert ["/a", "/b"] == [request_of(name)["target"] for name in ("list", "list-get-b")]
    save_api(get("/new", "list"), get("/b", "LIST"))
    assert "/b" == request_of("list-get-b")["target"]
    assert "/new" == request_of("list-get-new")["target"]
    rows = {row["path"]: row["name"] for row in run_cli("operations", "./api.json", "-o", "json").json}
    assert {"/new": "list-get-new", "/b": "list-get-b"} == rows


def test_the_example_names_a_branch_and_not_what_all_branches_share() -> None:
    """A discriminator that stands in a schema which all branches take by `allOf` picks one of the branches."""

    def branch(**properties: Any) -> dict[str, Any]:
        return {"allOf": [ref("Common"), _object(list(properties), **properties)]}

    schemas: dict[str, Any] = {
        "Common": {**_object(["kind"], kind=STRING), "discriminator": {"propertyName": "kind"}},
        "Paper": branch(pages=INTEGER),
        "Audio": branch(minutes=INTEGER),
    }
    body = {"oneOf": [ref("Paper"), ref("Audio")]}
    api = save_api(post("/books", "addBook", body=body), schemas=schemas)
    words = examples_of(run_cli(api, "add-book", "--help").stdout)[0][2:]
    assert ["add-book", "--kind", "Paper", "--pages", "1"] == words
    assert {"kind": "Paper", "pages": 1} == request_of(*words)["json"]
