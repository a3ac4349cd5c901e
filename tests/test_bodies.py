"""Bodies: given by options at any depth, whole, by `--set`, or as an example."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.documents_of import dry, error, operation, parameter, write
from tests.harness import Recorder, run_cli

STRING: dict[str, Any] = {"type": "string"}
INTEGER: dict[str, Any] = {"type": "integer"}


def _object(required: tuple[str, ...] = (), **properties: Any) -> dict[str, Any]:
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
    return write({"/a": {"post": operation("a", body=WORKFLOW)}})


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
            {"name": "n", "criteria": [{"criterionText": "x"}]},
            ("--name", "n", "--criteria", '{"criterionText": "x"}'),
        ),
        ({"name": "n", "matrix": [[1, 2]]}, ("--name", "n", "--matrix[0][0]", "1", "--matrix[0][1]", "2")),
        (
            {"name": "n", "labels": {"TEAM": "q", "a-b": "1"}},
            ("--name", "n", "--labels.TEAM", "q", "--labels.a-b", "1"),
        ),
        ({"name": "n", "limits": {"turns": 3}}, ("--name", "n", "--limits.turns", "3")),
        ({"name": "n", "limits": {"turns": 3}}, ("--name", "n", "--limits", '{"turns": 3}')),
        ({"name": "n", "anything": [1]}, ("--name", "n", "--anything", "[1]")),
        ({"name": "n", "anything": "text"}, ("--name", "n", "--anything", "text")),
        ({"name": "n", "note": None}, ("--name", "n", "--set", "note=null")),
        ({"name": "n", "new": {"x": 1}}, ("--name", "n", "--set", 'new={"x": 1}')),
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
    assert body == dry("a", *words)["json"]


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ("`a` needs --name", ()),
        ("`a` needs --name", ("--tags", "x")),
        ("Item 0 of `criteria` is missing", ("--name", "n", "--criteria[1].criterion-text", "x")),
        ("Item 1 of `tags` is missing", ("--name", "n", "--tags[0]", "x", "--tags[2]", "x")),
        (
            "--criteria[99999].weight leaves out over 1000 items",
            ("--name", "n", "--criteria[99999].weight", "1"),
        ),
        ("`x` is not a value for --criteria[0].weight", ("--name", "n", "--criteria[0].weight", "x")),
        ("There is no option `--labels.a.b`", ("--name", "n", "--labels.a.b", "x")),
        ("There is no option `--schedule.nope`", ("--name", "n", "--schedule.nope", "x")),
        ("There is no option `--tags[x]`", ("--name", "n", "--tags[x]", "y")),
        ("The value of --body is not JSON", ("--body", "{name: n}")),
        ("The value of --set note is not JSON", ("--name", "n", "--set", "note=text")),
        ("`--set note` cannot be read", ("--name", "n", "--set", "note")),
        (
            "--schedule.cron gives a property of an object where there is a string",
            ("--body", '{"name": "n", "schedule": "x"}', "--schedule.cron", "1"),
        ),
        (
            "--tags[0] gives an item of an array where there is an object",
            ("--body", '{"name": "n", "tags": {}}', "--tags[0]", "1"),
        ),
        ("The document does not allow this request", ("--name", "n", "--id", "7")),
        ("The document does not allow this request", ("--body", "[]")),
        ("The document does not allow this request", ("--body", "null")),
    ],
)
def test_what_cannot_be_built_is_refused(api: str, message: str, words: tuple[str, ...]) -> None:
    """A gap, a wrong value, an unknown field, a text that is not JSON: exit 2, and the place is named."""
    assert api
    assert message == error("a", *words, before=("--error-format", "json")).error["message"]


def test_everything_that_is_missing_is_named_at_once() -> None:
    """Parameters and required fields of the body, those of required objects too, in one message."""
    body = _object(("name", "amount"), name=STRING, amount=_object(("value",), value=INTEGER, unit=STRING))
    write({"/a/{id}": {"post": operation("a", parameter("id", STRING, "path"), body=body)}})
    refused = error("a", before=("--error-format", "json")).error
    assert ["ID", "--name", "--amount.value"] == refused["missing"]
    refused = error("a", "x", "--amount.unit", "EUR", before=("--error-format", "json")).error
    assert ["--name", "--amount.value"] == refused["missing"]


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
    assert "`nope.json` cannot be read" in result.stderr


def test_a_property_called_like_an_input_option_wins() -> None:
    """A body that has `body`, `set` or `example` has options of these names; dynacli's own stand before the API."""
    write({"/a": {"post": operation("a", body=_object(body=STRING, set=STRING, example=STRING))}})
    assert {"body": "b", "set": "s", "example": "e"} == (
        dry("a", "--body", "b", "--set", "s", "--example", "e")["json"]
    )
    assert {"set": "x", "body": "b"} == dry("a", "--body", "b", before=("--body", '{"set": "x"}'))["json"]
    assert {"body": "q"} == dry("a", before=("--set", 'body="q"'))["json"]


def test_a_property_called_like_a_standard_option_wins() -> None:
    """The standard option then works before the API."""
    write({"/a": {"post": operation("a", body=_object(output=STRING, server=STRING))}})
    request = dry("a", "--output", "o", "--server", "s", before=("--server", "http://127.0.0.1:5"))
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
    write({"/a": {"post": operation("a", body=schema)}})
    assert body == dry("a", *words)["json"]


def test_a_mistyped_option_is_no_key_of_a_map() -> None:
    """A body that takes any property takes it as `--body.NAME`; `--dryrun` stays a mistake."""
    write({"/a": {"post": operation("a", body={"type": "object", "additionalProperties": True})}})
    refused = error("a", "--dryrun", "x", before=("--error-format", "json")).error
    assert ("There is no option `--dryrun`", ["--dry-run"]) == (refused["message"], refused["near"])


CAT = _object(("kind", "meow"), kind={"type": "string", "enum": ["cat"]}, meow=INTEGER)
DOG = _object(("kind", "bark"), kind={"type": "string", "enum": ["dog"]}, bark=STRING)


@pytest.mark.parametrize("keyword", ["oneOf", "anyOf"])
def test_branches_offer_the_union_of_their_options(keyword: str) -> None:
    """Every branch can be given; a mixture of them is refused."""
    write({"/a": {"post": operation("a", body={keyword: [CAT, DOG]})}})
    assert {"kind": "cat", "meow": 1} == dry("a", "--kind", "cat", "--meow", "1")["json"]
    assert {"kind": "dog", "bark": "w"} == dry("a", "--kind", "dog", "--bark", "w")["json"]
    assert error("a", "--kind", "dog", "--meow", "1").stderr
    assert "it takes one of `cat`, `dog`" in error("a", "--kind", "cow").stderr


def test_all_of_is_one_object() -> None:
    """The parts of `allOf` are options of one body, and what any of them requires is required."""
    write({"/a": {"post": operation("a", body={"allOf": [_object(("x",), x=STRING), _object(y=INTEGER)]})}})
    assert {"x": "a", "y": 1} == dry("a", "--x", "a", "--y", "1")["json"]
    assert "needs --x" in error("a", "--y", "1").stderr


def test_a_schema_that_holds_itself_is_followed_as_deep_as_asked() -> None:
    """Options of a recursive schema reach any depth; help and description end all the same."""
    node = _object(
        ("name",),
        name=STRING,
        child={"$ref": "#/components/schemas/Node"},
        children={"type": "array", "items": {"$ref": "#/components/schemas/Node"}},
    )
    api = write(
        {"/a": {"post": operation("a", body={"$ref": "#/components/schemas/Node"})}},
        {"schemas": {"Node": node}},
    )
    words = ("--name", "a", "--child.name", "b", "--child.children[0].name", "c")
    assert {"name": "a", "child": {"name": "b", "children": [{"name": "c"}]}} == dry("a", *words)["json"]
    for page in (run_cli(api, "a", "--help"), run_cli("describe", api, "a")):
        assert 0 == page.exit_code


def test_an_optional_body_is_left_out() -> None:
    """Without a word for it no body is sent, with `--example` neither; one option makes one."""
    raw = operation("a", body=WORKFLOW)
    raw["requestBody"]["required"] = False
    write({"/a": {"post": raw}})
    assert (None, None) == (dry("a")["body"], dry("a", "--example")["body"])
    assert {"name": "n"} == dry("a", "--name", "n")["json"]
    assert "needs --name" in error("a", "--draft").stderr


def test_example_fills_the_body_and_options_lie_over_it() -> None:
    """The document's example, or a value made from the schema; what was given wins."""
    raw = operation("a", body=_object(("name", "size"), name=STRING, size={"type": "integer", "minimum": 3}))
    write({"/a": {"post": raw}})
    assert {"name": "string", "size": 3} == dry("a", "--example")["json"]
    assert {"name": "n", "size": 3} == dry("a", "--name", "n", "--example")["json"]
    raw["requestBody"]["content"]["application/json"]["example"] = {"name": "Mine", "size": 8}
    write({"/a": {"post": raw}})
    assert {"name": "Mine", "size": 8} == dry("a", "--example")["json"]
    # An example that the document itself does not allow is passed over.
    raw["requestBody"]["content"]["application/json"]["example"] = {"name": "Mine", "size": 1}
    write({"/a": {"post": raw}})
    assert {"name": "string", "size": 3} == dry("a", "--example")["json"]


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
    write({"/a": {"post": raw}})
    request = dry("a", *words)
    assert (body, FORM) == (request["body"], dict(request["headers"])["Content-Type"])
    assert "`deep` cannot be sent" in error("a", "--name", "n", "--deep.x.y", "1").stderr


@pytest.mark.parametrize(
    ("message", "media_type", "words"),
    [
        ("A body of `multipart/form-data` cannot be built from options", "multipart/form-data", ("--x", "1")),
        ("A body of `multipart/form-data` needs the boundary", "multipart/form-data", ("--body", "raw")),
        ("A body of `application/xml` cannot be built from options", "application/xml", ("--x", "1")),
        ("options cannot be laid over it", "application/xml", ("--body", "<x/>", "--x", "1")),
    ],
)
def test_what_is_not_supported_yet_is_refused(message: str, media_type: str, words: tuple[str, ...]) -> None:
    """A body that cannot be built is refused, and never sent wrong."""
    write({"/a": {"post": operation("a", body=_object(x=STRING), media_type=media_type)}})
    assert message in error("a", *words).stderr


def test_another_media_type_is_sent_as_it_is(server: Recorder) -> None:
    """`--body @FILE` goes out byte for byte, under the document's media type or that of `--content-type`."""
    raw = operation("a", body=_object(x=STRING), media_type="application/xml")
    raw["requestBody"]["content"]["multipart/form-data"] = {"schema": _object(y=STRING)}
    api = write({"/a": {"post": raw}})
    Path("b").write_bytes(b"<x>\xff\r\n</x>")
    common = ("--server", server.origin, "--no-fail", "--validate", "off", api, "a")
    run_cli(*common, "--body", "@b")
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
    write({"/a": {"post": raw}})
    assert {"y": "1"} == dry("a", "--y", "1")["json"]
    assert "z=1" == dry("a", "--z", "1", "--content-type", FORM)["body"]
    assert "z=1" == dry("a", "--z", "1", before=("--content-type", FORM))["body"]
    assert "There is no option `--z`" in error("a", "--z", "1").stderr
    assert "takes no body of `text/csv`" in error("a", "--content-type", "text/csv").stderr


def test_standard_input_is_the_document_or_the_body() -> None:
    """One run cannot take both from standard input; the second one is refused instead of being empty."""
    document = Path(write({"/a": {"post": operation("a", body=WORKFLOW)}})).read_bytes()
    result = run_cli("-", "a", "--body", "-", "--dry-run", stdin=document)
    assert (2, "") == (result.exit_code, result.stdout)
    assert "Standard input cannot be the document and the body at once" in result.stderr


@pytest.mark.usefixtures("api")
def test_a_body_from_standard_input_outlives_a_damaged_cache(home: Path) -> None:
    """When the catalog is compiled again on the way, the body that was read already is not lost."""
    assert {"name": "n"} == json.loads(dry("a", "--body", "-", stdin=b'{"name": "n"}')["body"])
    for catalog in home.rglob("*.sqlite"):
        content = bytearray(catalog.read_bytes())
        # The description of the operation, which is read behind the command line.
        place = content.index(b'"requestBody"')
        content[place : place + 4] = b"\0\0\0\0"
        catalog.write_bytes(bytes(content))
    assert {"name": "n"} == json.loads(dry("a", "--body", "-", stdin=b'{"name": "n"}')["body"])
