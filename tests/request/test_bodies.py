"""Bodies: given by options at any depth, whole, by `--set`, or as an example."""

import base64
import contextlib
import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from tests.documents import operation, parameter, post, route, save_api
from tests.dry_runs import refusal_of, request_of
from tests.harness import Recorder, run_cli

STRING: dict[str, Any] = {"type": "string"}
INTEGER: dict[str, Any] = {"type": "integer"}


def _object(required: tuple[str, ...] = (), /, **properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, **({"required": list(required)} if required else {})}


WORKFLOW = _object(
    ("name",),
    id={"type": "string", "readOnly": True},
    note={"type": "string", "nullable": True},
    name=STRING,
    size={"type": "integer", "nullable": True},
    draft={"type": "boolean"},
    tags={"type": "array", "items": STRING},
    schedule=_object(("cron",), cron=STRING, isEnabled={"type": "boolean"}),
    criteria={"type": "array", "items": _object(("criterionText",), criterionText=STRING, weight=INTEGER)},
    matrix={"type": "array", "items": {"type": "array", "items": INTEGER}},
    labels={"type": "object", "additionalProperties": STRING},
    limits={"type": "object"},
    anything={},
)


@pytest.fixture
def api() -> str:
    """A document with one operation that takes a body."""
    return save_api(post("/a", body=WORKFLOW))


@pytest.mark.sampled(8)
@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"name": "n"}, ("--name", "n")),
        ({"name": "n", "size": -3}, ("--name", "n", "--size", "-3")),
        ({"name": "n", "size": None}, ("--name", "n", "--size", "null")),
        ({"name": "n", "note": "null"}, ("--name", "n", "--note", "null")),
        ({"name": "n", "draft": False}, ("--name", "n", "--no-draft")),
        ({"name": "n", "tags": ["a", "b"]}, ("--name", "n", "--tags", "a", "--tags", "b")),
        ({"name": "n", "tags": ["a", "b"]}, ("--name", "n", "--tags", '["a", "b"]')),
        ({"name": "n", "tags": ["x", "b"]}, ("--name", "n", "--tags", "a", "--tags", "b", "--tags[0]", "x")),
        (
            {"name": "n", "schedule": {"cron": "0 * * * *", "isEnabled": False}},
            ("--name", "n", "--schedule.cron", "0 * * * *", "--no-schedule.is-enabled"),
        ),
        ({"name": "n", "schedule": {"cron": "1"}}, ("--name", "n", "--schedule", '{"cron": "1"}')),
        (
            {"name": "n", "schedule": {"cron": "2", "isEnabled": True}},
            ("--name", "n", "--schedule.cron", "2", "--schedule", '{"cron": "1", "isEnabled": true}'),
        ),
        (
            {"name": "n", "criteria": [{"criterionText": "x", "weight": 2}, {"criterionText": "y"}]},
            (
                "--name",
                "n",
                "--criteria[1].criterion-text",
                "y",
                "--criteria[0].weight",
                "2",
                "--criteria[0].criterionText",
                "x",
            ),
        ),
        (
            {"name": "n", "criteria": [{"criterionText": "x"}, {"criterionText": "y"}]},
            ("--name", "n", "--criteria.1.criterion-text", "y", "--criteria.0.criterionText", "x"),
        ),
        (
            {"name": "n", "criteria": [{"criterionText": "x"}]},
            ("--name", "n", "--criteria", '{"criterionText": "x"}'),
        ),
        ({"name": "n", "matrix": [[1, 2]]}, ("--name", "n", "--matrix[0][0]", "1", "--matrix[0][1]", "2")),
        ({"name": "n", "matrix": [[1, 2]]}, ("--name", "n", "--matrix.0.0", "1", "--matrix.0[1]", "2")),
        ({"name": "n", "matrix": [[1, 2]]}, ("--name", "n", "--matrix", "[1, 2]")),
        ({"name": "n", "matrix": [[1], [2]]}, ("--name", "n", "--matrix", "[[1], [2]]")),
        ({"name": "n", "matrix": [[1], [2]]}, ("--name", "n", "--matrix", "[1]", "--matrix", "[2]")),
        ({"name": "n", "matrix": []}, ("--name", "n", "--matrix", "[]")),
        (
            {"name": "n", "labels": {"TEAM": "q", "a-b": "1"}},
            ("--name", "n", "--labels.TEAM", "q", "--labels.a-b", "1"),
        ),
        ({"name": "n", "labels": {"0": "q"}}, ("--name", "n", "--labels.0", "q")),
        ({"name": "n", "limits": {"turns": 3}}, ("--name", "n", "--limits.turns", "3")),
        ({"name": "n", "limits": {"turns": 3}}, ("--name", "n", "--limits", '{"turns": 3}')),
        ({"name": "n", "anything": [1]}, ("--name", "n", "--anything", "[1]")),
        ({"name": "n", "anything": "text"}, ("--name", "n", "--anything", "text")),
        ({"name": "n", "note": None}, ("--name", "n", "--set", "note=null")),
        ({"name": "n", "labels": {"a.b": "x"}}, ("--name", "n", "--set", 'labels={"a.b": "x"}')),
        (
            {"name": "n", "criteria": [{"criterionText": "z"}]},
            ("--name", "n", "--set", 'criteria[0].criterion-text="z"'),
        ),
        ({"name": "n", "tags": ["c"]}, ("--body", '{"name": "n", "tags": ["a", "b"]}', "--tags", "c")),
        ({"name": "m", "x": 1}, ("--body", '{"name": "n", "x": 1}', "--name", "m")),
        ({"name": "n"}, ("--body.name", "n")),
    ],
    ids=lambda value: json.dumps(value)[:60],
)
def test_options_build_the_body(api: str, body: dict[str, Any], words: tuple[str, ...]) -> None:
    """Each option sets the place that it is called by; `--body` lies below them all."""
    assert api
    assert body == request_of("a", *words)["json"]


@pytest.mark.sampled(6)
@pytest.mark.parametrize(
    ("message", "words"),
    [
        ("`a` needs --name", ()),
        ("`a` needs --name", ("--tags", "x")),
        ("Item 0 of `criteria` is missing", ("--name", "n", "--criteria[1].criterion-text", "x")),
        ("Item 1 of `tags` is missing", ("--name", "n", "--tags[0]", "x", "--tags[2]", "x")),
        (
            "--criteria[99999].weight skips more than 1000 items",
            ("--name", "n", "--criteria[99999].weight", "1"),
        ),
        (
            "An option gives a field 5,001 levels below the body",
            ("--name", "n", f"--set={'b.' * 5000}c=1", "--validate", "off"),
        ),
        ("`x` is not a value for --criteria[0].weight", ("--name", "n", "--criteria[0].weight", "x")),
        ("There is no option `--labels.a.b`", ("--name", "n", "--labels.a.b", "x")),
        ("There is no option `--schedule.nope`", ("--name", "n", "--schedule.nope", "x")),
        ("There is no option `--tags[x]`", ("--name", "n", "--tags[x]", "y")),
        ("The value of --body is not JSON", ("--body", "{name: n}")),
        ("The value of --set note is not JSON", ("--name", "n", "--set", "note=text")),
        ("`--set note` cannot be read", ("--name", "n", "--set", "note")),
        (
            "--schedule.cron needs an object, but the value is a string",
            ("--body", '{"name": "n", "schedule": "x"}', "--schedule.cron", "1"),
        ),
        (
            "--tags[0] needs an array, but the value is an object",
            ("--body", '{"name": "n", "tags": {}}', "--tags[0]", "1"),
        ),
        ("The document does not allow this request", ("--body", "[]")),
        ("The document does not allow this request", ("--body", "null")),
    ],
)
def test_what_cannot_be_built_is_refused(api: str, message: str, words: tuple[str, ...]) -> None:
    """A gap, a wrong value, an unknown field, a text that is not JSON: exit 2, and the place is named."""
    assert api
    assert message == refusal_of("a", *words, before=("--error-format", "json")).error["message"]


def test_everything_that_is_missing_is_named_at_once() -> None:
    """Parameters and required fields of the body, those of required objects too, in one message."""
    body = _object(("name", "amount"), name=STRING, amount=_object(("value",), value=INTEGER, unit=STRING))
    save_api(post("/a/{id}", "a", parameter("id", STRING, "path"), body=body))
    refused = refusal_of("a", before=("--error-format", "json")).error
    assert ["ID", "--name", "--amount.value"] == refused["missing"]
    refused = refusal_of("a", "x", "--amount.unit", "EUR", before=("--error-format", "json")).error
    assert ["--name", "--amount.value"] == refused["missing"]


def test_a_required_object_without_required_properties_is_an_input_of_its_own() -> None:
    """Help lists it as required and an error names it; an option below it gives it, too."""
    reference = _object(id=INTEGER, url=STRING)
    named = _object(("name",), name=STRING)
    body = _object(
        ("status", "owner"), status=reference, owner=named, parent=_object(("kind",), kind=reference)
    )
    api = save_api(post("/a", body=body))
    required, _, optional = run_cli(api, "a", "--help").stdout.partition("Optional inputs")
    options = [line.split()[:2] for line in required.partition("Required inputs")[2].splitlines() if line]
    assert [["--status", "JSON"], ["--owner.name", "TEXT"]] == options
    assert "--parent.kind JSON" in optional
    assert "[required in parent]" in optional
    error = refusal_of("a", "--owner.name", "x", before=("--error-format", "json")).error
    assert ["--status"] == error["missing"]
    sent = request_of("a", "--owner.name", "x", "--status.id", "5")
    assert {"status": {"id": 5}, "owner": {"name": "x"}} == json.loads(sent["body"])


TEXT = '{"name":  "n",\n "x": 1.50, "\\u00e9": "é"}'


@pytest.mark.parametrize("how", ["inline", "file", "stdin"])
def test_a_whole_body_is_sent_byte_for_byte(server: Recorder, api: str, how: str) -> None:
    """`--body JSON|@FILE|-` without other options: not a byte is changed."""
    Path("body.json").write_text(TEXT, encoding="utf-8")
    word = {"inline": TEXT, "file": "@body.json", "stdin": "-"}[how]
    stdin = TEXT.encode() if how == "stdin" else b""
    run_cli("--server", server.origin, "--no-fail", api, "a", "--body", word, stdin=stdin)
    assert TEXT.encode() == server.last.body
    assert ["application/json"] == server.last.headers["content-type"]


def test_a_body_file_that_is_missing_is_named(api: str) -> None:
    """A file that cannot be read is exit 12, and nothing is sent."""
    result = run_cli("--dry-run", "json", api, "a", "--body", "@nope.json")
    assert (12, "") == (result.exit_code, result.stdout)
    assert "Cannot read the body's file `nope.json`" in result.stderr


def test_a_property_called_like_an_input_option_wins() -> None:
    """A body that has `body`, `set` or `example` has options of these names; dynacli's own stand before the API."""
    save_api(post("/a", body=_object(body=STRING, set=STRING, example=STRING)))
    assert {"body": "b", "set": "s", "example": "e"} == (
        request_of("a", "--body", "b", "--set", "s", "--example", "e")["json"]
    )
    assert {"set": "x", "body": "b"} == request_of("a", "--body", "b", before=("--body", '{"set": "x"}'))[
        "json"
    ]
    assert {"body": "q"} == request_of("a", before=("--set", 'body="q"'))["json"]


def test_a_property_called_like_a_standard_option_wins() -> None:
    """The standard option then works before the API; `--server`, which must not be mistaken, needs its place."""
    save_api(post("/a", body=_object(output=STRING, server=STRING)))
    request = request_of(
        "a", "--output", "o", "--body.server", "s", before=("--server", "http://127.0.0.1:5")
    )
    assert ("http://127.0.0.1:5/a", {"output": "o", "server": "s"}) == (request["url"], request["json"])


@pytest.mark.parametrize(
    ("body", "schema", "words"),
    [
        (["a"], {"type": "array", "items": STRING}, ("--body", '["a"]')),
        ([{"x": "y"}], {"type": "array", "items": _object(x=STRING)}, ("--[0].x", "y")),
        ([{"x": "y"}], {"type": "array", "items": _object(x=STRING)}, ("--body[0].x", "y")),
        ([{"x": "y"}], {"type": "array", "items": _object(x=STRING)}, ("--set", '[0].x="y"')),
        (5, INTEGER, ("--body", "5")),
        ("text", STRING, ("--body", '"text"')),
        (False, {"type": "boolean"}, ("--body", "false")),
        (None, {"type": "string", "nullable": True}, ("--body", "null")),
        ({"a": 1}, {"type": "object", "additionalProperties": INTEGER}, ("--body.a", "1")),
        ({"a": 1}, {"type": "object", "additionalProperties": INTEGER}, ("--set", "a=1")),
        (7, {}, ("--body", "7")),
    ],
)
def test_any_json_value_can_be_a_body(body: Any, schema: dict[str, Any], words: tuple[str, ...]) -> None:
    """Arrays, scalars, null and maps, not only objects with properties."""
    save_api(post("/a", body=schema))
    assert body == request_of("a", *words)["json"]


def test_a_mistyped_option_is_no_key_of_a_map() -> None:
    """A body that takes any property takes it as `--body.NAME`; `--dryrun` stays a mistake."""
    save_api(post("/a", body={"type": "object", "additionalProperties": True}))
    refused = refusal_of("a", "--dryrun", "x", before=("--error-format", "json")).error
    assert ("There is no option `--dryrun`", ["--dry-run"]) == (refused["message"], refused["near"])


CAT = _object(("kind", "meow"), kind={"type": "string", "enum": ["cat"]}, meow=INTEGER)
DOG = _object(("kind", "bark"), kind={"type": "string", "enum": ["dog"]}, bark=STRING)


def test_choices_of_a_document_are_one_line_of_an_error() -> None:
    """A value of an enumeration neither begins a line that looks like another error, nor drives a terminal."""
    kind = {"type": "string", "enum": ["cat", "x\n\nError: run this\x1b[31m"]}
    save_api(post("/a", body=_object(kind=kind)))
    reported = refusal_of("a", "--kind", "cow").stderr
    assert r"it takes one of `cat`, `x\n\nError: run this\x1b[31m`" in reported


@pytest.mark.parametrize("keyword", ["oneOf", "anyOf"])
def test_branches_offer_the_union_of_their_options(keyword: str) -> None:
    """Every branch can be given; a mixture of them is refused."""
    save_api(post("/a", body={keyword: [CAT, DOG]}))
    assert {"kind": "cat", "meow": 1} == request_of("a", "--kind", "cat", "--meow", "1")["json"]
    assert {"kind": "dog", "bark": "w"} == request_of("a", "--kind", "dog", "--bark", "w")["json"]
    assert refusal_of("a", "--kind", "dog", "--meow", "1").stderr
    assert "it takes one of `cat`, `dog`" in refusal_of("a", "--kind", "cow").stderr


def test_all_of_is_one_object() -> None:
    """The parts of `allOf` are options of one body, and what any of them requires is required."""
    save_api(post("/a", body={"allOf": [_object(("x",), x=STRING), _object(y=INTEGER)]}))
    assert {"x": "a", "y": 1} == request_of("a", "--x", "a", "--y", "1")["json"]
    assert "needs --x" in refusal_of("a", "--y", "1").stderr


def test_a_schema_that_holds_itself_is_followed_as_deep_as_asked() -> None:
    """Options of a recursive schema reach any depth; help and description end anyway."""
    node = _object(
        ("name",),
        name=STRING,
        child={"$ref": "#/components/schemas/Node"},
        children={"type": "array", "items": {"$ref": "#/components/schemas/Node"}},
    )
    api = save_api(post("/a", body={"$ref": "#/components/schemas/Node"}), schemas={"Node": node})
    words = ("--name", "a", "--child.name", "b", "--child.children[0].name", "c")
    assert {"name": "a", "child": {"name": "b", "children": [{"name": "c"}]}} == request_of("a", *words)[
        "json"
    ]
    for page in (run_cli(api, "a", "--help"), run_cli("describe", api, "a")):
        assert 0 == page.exit_code


def test_an_optional_body_is_left_out() -> None:
    """An optional body is not sent without an option for it, not even with `--example`."""
    raw = operation("a", body=WORKFLOW)
    raw["requestBody"]["required"] = False
    save_api({"/a": {"post": raw}})
    assert (None, None) == (request_of("a")["body"], request_of("a", "--example")["body"])
    assert {"name": "n"} == request_of("a", "--name", "n")["json"]
    assert "needs --name" in refusal_of("a", "--draft").stderr


MEANT = {
    "POST": ("post", {}, {"name": "string"}),
    "PUT": ("put", {}, {"name": "string"}),
    "PATCH": ("patch", {}, {"name": "string"}),
    "DELETE": ("delete", {}, None),
    "the document's example": ("post", {"example": {"name": "Mine"}}, {"name": "Mine"}),
    "no example can be made": ("post", {"schema": False}, None),
    "what is made fits two of one": (
        "post",
        {"schema": {"oneOf": [{"type": "object"}, {"minProperties": 0}]}},
        None,
    ),
}


@pytest.mark.parametrize(("method", "media", "expected"), MEANT.values(), ids=MEANT)
def test_example_fills_a_body_of_which_nobody_said_that_it_is_optional(
    method: str, media: dict[str, Any], expected: Any
) -> None:
    """If the document does not say `required`, `--example` sends a body by methods that usually have one alone."""
    raw = operation("a", body=_object(("name",), name=STRING))
    raw["requestBody"].pop("required", None)
    raw["requestBody"]["content"]["application/json"].update(media)
    save_api({"/a": {method: raw}})
    made = request_of("a", "--example")
    assert expected == (None if made["body"] is None else made["json"])
    assert request_of("a")["body"] is None


def test_example_fills_the_body_and_options_lie_over_it() -> None:
    """The document's example, or a value made from the schema; what was given wins."""
    raw = operation("a", body=_object(("name", "size"), name=STRING, size={"type": "integer", "minimum": 3}))
    save_api({"/a": {"post": raw}})
    assert {"name": "string", "size": 3} == request_of("a", "--example")["json"]
    assert {"name": "n", "size": 3} == request_of("a", "--name", "n", "--example")["json"]
    raw["requestBody"]["content"]["application/json"]["example"] = {"name": "Mine", "size": 8}
    save_api({"/a": {"post": raw}})
    assert {"name": "Mine", "size": 8} == request_of("a", "--example")["json"]
    # An example that the document itself does not allow is passed over.
    raw["requestBody"]["content"]["application/json"]["example"] = {"name": "Mine", "size": 1}
    save_api({"/a": {"post": raw}})
    assert {"name": "string", "size": 3} == request_of("a", "--example")["json"]


FORM = "application/x-www-form-urlencoded"


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("name=x%20y%26z", ("--name", "x y&z")),
        ("name=n&ids=1&ids=2", ("--name", "n", "--ids", "1", "--ids", "2")),
        ("name=n&ok=true", ("--name", "n", "--ok")),
        ("name=n&ids=3", ("--body", '{"name": "n"}', "--ids", "3")),
        ("name=n&free=1", ("--body", "name=n&free=1")),
        ("name=n&csv=a,b", ("--name", "n", "--csv", "a", "--csv", "b")),
    ],
)
def test_a_form_takes_the_same_options(body: str, words: tuple[str, ...]) -> None:
    """Form bodies are built from options, by the document's encoding, or given whole."""
    properties = {
        "name": STRING,
        "ids": {"type": "array", "items": INTEGER},
        "ok": {"type": "boolean"},
        "csv": {"type": "array", "items": STRING},
        "deep": _object(x=_object(y=STRING)),
    }
    raw = operation("a", body=_object(("name",), **properties), media_type=FORM)
    raw["requestBody"]["content"][FORM]["encoding"] = {
        "csv": {"style": "form", "explode": False},
        "deep": {"style": "deepObject", "explode": True},
    }
    save_api({"/a": {"post": raw}})
    request = request_of("a", *words)
    assert (body, FORM) == (request["body"], dict(request["headers"])["Content-Type"])
    assert "name=n&deep%5Bx%5D%5By%5D=1" == request_of("a", "--name", "n", "--deep.x.y", "1")["body"]


@pytest.mark.parametrize(
    ("message", "media_type", "words"),
    [
        ("A body of `multipart/form-data` needs the boundary", "multipart/form-data", ("--body", "raw")),
        ("Options cannot build a body of `application/x-a`", "application/x-a", ("--x", "1")),
        ("Options cannot build a body", "application/x-a", ("--body", "<x/>", "--x", "1")),
        ("Options cannot change parts of a body", "application/xml", ("--body", "<x/>", "--x", "1")),
        ("Options cannot change parts of a body", FORM, ("--body", "x=2", "--x", "1")),
    ],
)
def test_what_is_not_supported_yet_is_refused(message: str, media_type: str, words: tuple[str, ...]) -> None:
    """A body that cannot be built is refused, and never sent wrong."""
    save_api(post("/a", body=_object(x=STRING), media_type=media_type))
    assert message in refusal_of("a", *words).stderr


def test_another_media_type_is_sent_as_it_is(server: Recorder) -> None:
    """`--body @FILE` goes out byte for byte, under the document's media type or that of `--content-type`."""
    raw = operation("a", body=_object(x=STRING), media_type="application/xml")
    raw["requestBody"]["content"]["multipart/form-data"] = {"schema": _object(y=STRING)}
    api = save_api({"/a": {"post": raw}})
    Path("b").write_bytes(b"<x>\xff\r\n</x>")
    common = ("--server", server.origin, "--no-fail", "--validate", "off", api, "a")
    run_cli(*common, "--body", "@b", "--content-type", "application/xml")
    assert (b"<x>\xff\r\n</x>", ["application/xml"]) == (
        server.last.body,
        server.last.headers["content-type"],
    )
    wanted = "multipart/form-data; boundary=q"
    run_cli(*common, "--body", "--q--", "--content-type", wanted)
    assert (b"--q--", [wanted]) == (server.last.body, server.last.headers["content-type"])


def test_the_content_type_chooses_among_bodies() -> None:
    """JSON first; `--content-type` chooses another, whose options then are the operation's."""
    raw = operation("a", body=_object(x=STRING), media_type="application/xml")
    raw["requestBody"]["content"]["application/json"] = {"schema": _object(y=STRING)}
    raw["requestBody"]["content"][FORM] = {"schema": _object(z=STRING)}
    save_api({"/a": {"post": raw}})
    assert {"y": "1"} == request_of("a", "--y", "1")["json"]
    assert "z=1" == request_of("a", "--z", "1", "--content-type", FORM)["body"]
    assert "z=1" == request_of("a", "--z", "1", before=("--content-type", FORM))["body"]
    assert "There is no option `--z`" in refusal_of("a", "--z", "1").stderr
    assert "takes no body of `text/csv`" in refusal_of("a", "--content-type", "text/csv").stderr


def test_standard_input_is_the_document_or_the_body() -> None:
    """Document and body cannot both come from standard input; the second is refused instead of being empty."""
    content = Path(save_api(post("/a", body=WORKFLOW))).read_bytes()
    result = run_cli("-", "a", "--body", "-", "--dry-run", stdin=content)
    assert (2, "") == (result.exit_code, result.stdout)
    assert "Standard input cannot be the document and the body at once" in result.stderr


@pytest.mark.usefixtures("api")
def test_a_body_from_standard_input_outlives_a_damaged_cache(home: Path) -> None:
    """When the catalog is compiled again on the way, the body that was read already is not lost."""
    assert {"name": "n"} == json.loads(request_of("a", "--body", "-", stdin=b'{"name": "n"}')["body"])
    for catalog in home.rglob("*.sqlite"):
        with contextlib.closing(sqlite3.connect(catalog)) as db, db:
            # The description of the operation, which is read after the command line.
            assert db.execute("UPDATE details SET part = x'00' WHERE part IS NOT NULL").rowcount
    assert {"name": "n"} == json.loads(request_of("a", "--body", "-", stdin=b'{"name": "n"}')["body"])


def _several(*names: str) -> str:
    """Write a document whose operation takes each of these media types, with an option of its own each."""
    raw = operation("a", body=_object(x0=STRING), media_type=names[0])
    for number, name in enumerate(names[1:], 1):
        raw["requestBody"]["content"][name] = {"schema": _object(**{f"x{number}": STRING})}
    return save_api({"/a": {"post": raw}})


MERGE = "application/merge-patch+json"


@pytest.mark.parametrize(
    ("sent", "wanted"),
    [
        ("application/json", "application/json"),
        ("application/json", "APPLICATION/JSON"),
        ("application/json", "json"),
        (MERGE, "merge"),
        (MERGE, MERGE),
        (FORM, "urlencoded"),
        ("application/json; charset=utf-8", "application/json; charset=utf-8"),
    ],
)
def test_a_part_of_a_media_type_is_enough(sent: str, wanted: str) -> None:
    """`--content-type` takes a part that no other media type has, or a whole name with the person's own parameters."""
    _several("application/json", MERGE, FORM)
    option = {"application/json": "--x0", MERGE: "--x1", FORM: "--x2"}[sent.partition(";")[0]]
    request = request_of("a", option, "1", "--content-type", wanted)
    assert sent == dict(request["headers"])["Content-Type"]


def test_an_example_of_a_token_has_the_claims_of_the_document() -> None:
    """`application/jwt` is text, whatever its schema is about: a token without a signature (RFC 7519, section 6)."""
    claims = _object(("iss",), iss={"type": "string", "enum": ["me"]})
    save_api(post("/a", body=claims, media_type="application/jwt"))
    header, payload, signature = request_of("a", "--example")["body"].split(".")
    read = [json.loads(base64.urlsafe_b64decode(part + "==")) for part in (header, payload)]
    assert ([{"alg": "none"}, {"iss": "me"}], "") == (read, signature)


def test_a_part_of_several_media_types_is_refused() -> None:
    """The message names the matching media types, but never three hundred."""
    names = [f"application/vnd.v{number}+json" for number in range(300)]
    api = _several(*names)
    refused = refusal_of("a", "--content-type", "vnd").stderr
    assert "`vnd` matches 300 media types" in refused
    assert "`application/vnd.v11+json` and 288 more" in refused
    page = " ".join(run_cli(api, "a", "--help").stdout.split())
    assert "Other media types, with --content-type: application/vnd.v1+json," in page
    assert "application/vnd.v6+json and 293 more." in page
    assert {"x299": "1"} == json.loads(request_of("a", "--x299", "1", "--content-type", "v299")["body"])


LINES = "application/x-ndjson"


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ('{"x":1}\n{"x":2}\n', ("--body", '[{"x": 1}, {"x": 2}]')),
        ('{"x":1}\n{"x":2}\n', ("--[0].x", "1", "--[1].x", "2")),
        ('{"x": 1}\n{"x": 2}', ("--body", '{"x": 1}\n{"x": 2}')),
        ('{"x":1}\n{"x":3}\n', ("--body", '[{"x": 1}, {"x": 2}]', "--[1].x", "3")),
    ],
)
@pytest.mark.parametrize("how", ["schema", "itemSchema"])
def test_a_body_of_lines_has_a_value_on_each(body: str, words: tuple[str, ...], how: str) -> None:
    """NDJSON and JSON Lines: an array is written an item a line, lines are sent as they are."""
    item = _object(x=INTEGER)
    raw = operation("a", body={}, media_type=LINES)
    raw["requestBody"]["content"][LINES] = (
        {"schema": {"type": "array", "items": item}} if how == "schema" else {"itemSchema": item}
    )
    save_api({"/a": {"post": raw}}, version="3.2.0")
    request = request_of("a", *words)
    assert (body, LINES) == (request["body"], dict(request["headers"])["Content-Type"])


@pytest.mark.parametrize("keyword", ["oneOf", "anyOf"])
def test_lines_of_a_choice_between_arrays_are_validated_as_the_array_that_they_are(keyword: str) -> None:
    """Before 3.2 a schema may be that of each line, or of all of them; such a choice is of all of them."""
    arrays = [{"type": "array", "items": _object((name,), **{name: INTEGER})} for name in ("x", "y")]
    save_api(post("/a", body={keyword: arrays}, media_type=LINES))
    assert '{"x":1}\n' == request_of("a", "--example")["body"]
    assert '{"y":1}\n{"y":2}\n' == request_of("a", "--body", '[{"y": 1}, {"y": 2}]')["body"]
    assert "does not allow this request" in refusal_of("a", "--body", '[{"x": 1}, {"y": 2}]').stderr


@pytest.mark.parametrize("version", ["3.0.3", "3.2.0"])
def test_lines_of_a_choice_of_array_or_text_are_the_items_of_the_array(version: str) -> None:
    """Before 3.2 each line may be one of the choices as well; since 3.2 a text is none that there can be."""
    array = {"type": "array", "items": _object(("x",), x=INTEGER)}
    choices = {"anyOf": [STRING, array]} if version == "3.2.0" else {"anyOf": [array, STRING]}
    save_api(post("/a", body=choices, media_type=LINES), version=version)
    assert '{"x":1}\n' == request_of("a", "--example")["body"]
    assert '{"x":1}\n{"x":2}\n' == request_of("a", "--body", '[{"x": 1}, {"x": 2}]')["body"]
    assert "does not allow this request" in refusal_of("a", "--body", '[{"x": 1}, {}]').stderr
    if version == "3.0.3":
        assert '"a"\n[{"x":1}]\n' == request_of("a", "--body", '["a", [{"x": 1}]]')["body"]
        assert "line 2 of the body is not JSON" in refusal_of("a", "--body", '"a"\nb').stderr


def test_a_json_sequence_has_a_separator_before_each_text() -> None:
    """RFC 7464: a record separator, the text, a line feed."""
    schema = {"type": "array", "items": _object(x=INTEGER)}
    save_api(post("/a", body=schema, media_type="application/json-seq"), version="3.2.0")
    result = run_cli("--dry-run", "json", "./api.json", "a", "--[0].x", "1", "--[1].x", "2")
    assert '\x1e{"x":1}\n\x1e{"x":2}\n' == result.json["body"]


@pytest.mark.parametrize(
    ("media_type", "schema", "words", "body", "sent"),
    [
        ("*/*", _object(x=STRING), ("--x", "1"), '{"x":"1"}', "application/json"),
        ("", _object(x=STRING), ("--x", "1"), '{"x":"1"}', "application/json"),
        ("json", _object(x=STRING), ("--x", "1"), '{"x":"1"}', "application/json"),
        ("json", _object(x=STRING), ("--x", "1", "--content-type", "json"), '{"x":"1"}', "application/json"),
        ("text/plain", STRING, ("--body", "any text"), "any text", "text/plain"),
        (
            "application/json-patch+json",
            {"type": "array", "items": _object(("op", "path"), op=STRING, path=STRING, value={})},
            ("--[0].op", "add", "--[0].path", "/a", "--[0].value", "1"),
            '[{"op":"add","path":"/a","value":1}]',
            "application/json-patch+json",
        ),
        (MERGE, _object(a={**STRING, "nullable": True}), ("--set", "a=null"), '{"a":null}', MERGE),
    ],
)
def test_media_types_of_every_kind(
    media_type: str, schema: dict[str, Any], words: tuple[str, ...], body: str, sent: str
) -> None:
    """A range or no name at all is JSON if there are options; patches are JSON; text is given as it is."""
    save_api(post("/a", body=schema, media_type=media_type))
    request = request_of("a", *words)
    assert (body, sent) == (request["body"], dict(request["headers"]).get("Content-Type"))


@pytest.mark.parametrize("method", ["get", "delete", "put", "patch"])
def test_every_method_takes_a_body_where_the_document_says_so(method: str) -> None:
    """A GET or DELETE with one too."""
    save_api(route(method, "/a", body=_object(x=STRING)))
    assert {"x": "1"} == request_of("a", "--x", "1")["json"]


@pytest.mark.parametrize(
    ("place", "near"),
    [
        ("nmae", ["name"]),
        ("schedule.crom", ["schedule.cron"]),
        ("criteria[0].critrionText", ["criteria[0].criterionText", "criteria[0].criterion-text"]),
        ("schedule[0]", []),
        ("name.x", []),
    ],
)
@pytest.mark.usefixtures("api")
def test_set_leads_to_places_that_there_are(place: str, near: list[str]) -> None:
    """A path that the schema does not have is refused with those that come near, unless nothing is to be checked."""
    refused = refusal_of("a", "--name", "n", "--set", f"{place}=1", before=("--error-format", "json")).error
    assert f"`--set {place}` does not match a field of the body" == refused["message"]
    assert near == refused["near"]


def test_set_leads_anywhere_where_the_schema_says_so() -> None:
    """`additionalProperties`, a schema that names none, and `--validate off`."""
    for schema in (
        {**_object(x=STRING), "additionalProperties": True},
        {"type": "object"},
        {},
        {**_object(x=STRING), "patternProperties": {"^n": {}}},
    ):
        save_api(post("/a", body=schema), version="3.1.0")
        assert {"new": {"y": 1}} == request_of("a", "--set", "new.y=1")["json"]
    save_api(post("/a", body=_object(x=STRING)))
    assert {"new": 1} == request_of("a", "--set", "new=1", "--validate", "off")["json"]


@pytest.mark.parametrize(
    ("message", "hint", "words"),
    [
        (
            "There is no option `--labels.a.b`",
            'Give the key as JSON: `--labels \'{"a.b": "value"}\'`',
            ("--labels.a.b", "x"),
        ),
        (
            "--criteria got a whole array and further items",
            "Give one array, or each item by itself",
            ("--criteria", '[{"criterionText": "x"}]', "--criteria", '{"criterionText": "x"}'),
        ),
    ],
)
@pytest.mark.usefixtures("api")
def test_what_an_option_cannot_say_is_explained(message: str, hint: str, words: tuple[str, ...]) -> None:
    """A key with a dot, and an array that is given twice."""
    refused = refusal_of("a", "--name", "n", *words, before=("--error-format", "json")).error
    assert message == refused["message"]
    assert hint in refused["hint"]


def test_maps_of_maps_and_of_objects_have_options() -> None:
    """`--m.KEY.KEY`, `--m.KEY.field`, and items in between."""
    schema = _object(
        deep={"additionalProperties": {"additionalProperties": INTEGER}},
        by={"additionalProperties": _object(name=STRING)},
        lists={"additionalProperties": {"type": "array", "items": _object(x=INTEGER)}},
    )
    save_api(post("/a", body=schema))
    words = ("--deep.a.b", "1", "--by.k.name", "n", "--lists.k[0].x", "2")
    assert {"deep": {"a": {"b": 1}}, "by": {"k": {"name": "n"}}, "lists": {"k": [{"x": 2}]}} == (
        request_of("a", *words)["json"]
    )


def test_an_option_below_a_map_or_an_item_may_be_repeated(recwarn: pytest.WarningsRecorder) -> None:
    """A repeated option below a map or an item is an array's, without a warning."""
    lists = {"type": "object", "additionalProperties": {"type": "array", "items": STRING}}
    schema = _object(
        by=lists, many={"type": "array", "items": _object(tags={"type": "array", "items": STRING})}
    )
    save_api(post("/a", body=schema))
    words = ("--by.k", "1", "--by.k", "2", "--many[0].tags", "a", "--many[0].tags", "b")
    assert {"by": {"k": ["1", "2"]}, "many": [{"tags": ["a", "b"]}]} == request_of("a", *words)["json"]
    assert [] == [str(warning.message) for warning in recwarn]


def test_where_nothing_is_said_of_the_type_repeated_words_are_an_array() -> None:
    """A value of any type that is given twice is an array of both; given once, it is that value."""
    schema = _object(note={}, free={"type": "object"})
    save_api(post("/a", body=schema))
    words = ("--note", "1", "--note", "b", "--free.labels", "a", "--free.labels", "b", "--free.one", "x")
    assert {"note": [1, "b"], "free": {"labels": ["a", "b"], "one": "x"}} == request_of("a", *words)["json"]


def test_what_is_read_only_is_not_asked_for() -> None:
    """A read-only property has no option, required or not; a write-only property has one."""
    schema = _object(("id", "secret"), id={**STRING, "readOnly": True}, secret={**STRING, "writeOnly": True})
    api = save_api(post("/a", body=schema))
    assert {"secret": "s"} == request_of("a", "--secret", "s")["json"]
    assert ["--secret"] == refusal_of("a", before=("--error-format", "json")).error["missing"]
    assert "--id" not in run_cli(api, "a", "--help").stdout


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("", ("--text", "")),
        ("null", ("--text", "null")),
        (None, ("--set", "text=null")),
        (None, ("--choice", "null")),
        (None, ("--number", "null")),
        (None, ("--list", "null")),
        (None, ("--object", "null")),
    ],
)
def test_null_and_the_empty_string_are_two_things(value: Any, words: tuple[str, ...]) -> None:
    """If `null` could be the text of a string it is; everywhere else it is null."""
    schema = _object(
        text={"type": ["string", "null"]},
        choice={"type": ["string", "null"], "enum": ["a", None]},
        number={"type": ["number", "null"]},
        list={"type": ["array", "null"], "items": STRING},
        object={"anyOf": [_object(x=STRING), {"type": "null"}]},
    )
    save_api(post("/a", body=schema), version="3.1.0")
    (found,) = request_of("a", *words)["json"].values()
    assert value == found


def test_defaults_are_shown_and_not_sent() -> None:
    """The server knows them."""
    api = save_api(post("/a", body=_object(x=STRING, y={**INTEGER, "default": 3})))
    assert {"x": "1"} == request_of("a", "--x", "1")["json"]
    assert "[default 3]" in run_cli(api, "a", "--help").stdout


def test_options_of_large_bodies_are_listed_as_far_as_they_go() -> None:
    """Beyond the listed ones every option works; help says where there are more, and where a schema holds itself."""
    wide = _object(**{f"p{number}": STRING for number in range(140)})
    schema = _object(
        small=_object(x=STRING),
        node={"$ref": "#/components/schemas/Node"},
        wide=wide,
        wider=wide,
    )
    node = _object(name=STRING, next={"$ref": "#/components/schemas/Node"})
    api = save_api(post("/a", body=schema), schemas={"Node": node})
    page = run_cli(api, "a", "--help").stdout
    assert "--small.x TEXT" in page
    assert "--node.next JSON" in page
    assert "[holds itself: the same options below]" in " ".join(page.split())
    assert "[more options below]" in " ".join(page.split())
    words = ("--wider.p139", "1", "--node.next.next.next.name", "n", "--small.x", "s")
    assert {
        "wider": {"p139": "1"},
        "node": {"next": {"next": {"next": {"name": "n"}}}},
        "small": {"x": "s"},
    } == request_of("a", *words)["json"]


def test_names_that_options_cannot_spell_have_options_all_the_same() -> None:
    """Names with dots, brackets and blanks, the empty name, and two that differ in case alone."""
    names = ("a.b", "c[d]", "e f", "", "X", "x", "$", "ünï")
    api = save_api(post("/a", body=_object(o=_object(**dict.fromkeys(names, STRING)))))
    page = run_cli(api, "a", "--help").stdout
    flags = [line.split()[0] for line in page.splitlines() if line.startswith("  --o.")]
    assert len(names) == len(set(flags))
    words = [word for number, flag in enumerate(flags) for word in (flag, str(number))]
    assert {"o": {name: str(number) for number, name in enumerate(names)}} == request_of("a", *words)["json"]
