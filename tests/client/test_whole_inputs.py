"""`--inputs` gives all inputs of a call as one object, `--dry-run inputs` prints it; `--set-file` gives one field."""

import json
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest

import dynacli
from tests.documents import operation, parameter, post, register_api, save_api
from tests.harness import Recorder, Response, json_response, run_cli

STRING, INTEGER = {"type": "string"}, {"type": "integer"}
PASSWORD = {"type": "string", "format": "password"}
ITEM = {
    "type": "object",
    "required": ["name"],
    "properties": {
        "name": STRING,
        "size": INTEGER,
        "tags": {"type": "array", "items": STRING},
        "by": {"type": "object", "properties": {"id": INTEGER, "note": STRING}},
        "secret": PASSWORD,
        "body": STRING,
        "bytes": {"type": "string", "format": "byte"},
        "raw": {"allOf": [{"type": "string", "format": "binary"}]},
        "coded": {"type": "string", "contentEncoding": "base64"},
        "notes": {"type": "array", "items": {"type": "object", "properties": {"text": STRING}}},
    },
}
FORM = {"type": "object", "properties": {"title": STRING, "file": {"type": "string", "format": "binary"}}}
TYPED = {"type": "object", "properties": {"content_type": STRING}}
FILTER = {"type": "object", "properties": {"status": STRING}}
PATHS = {
    "/items/{owner}/{id}": {
        "get": operation(
            "getItem",
            parameter("owner", STRING, "path"),
            parameter("id", INTEGER, "path"),
            parameter("pageSize", INTEGER),
            parameter("tag", {"type": "array", "items": STRING}),
            parameter("filter", FILTER, style="deepObject", explode=True),
            parameter("since", {"type": "string", "format": "date"}),
            parameter("X-Trace", STRING, "header"),
            parameter("session", STRING, "cookie"),
            parameter("api_key", STRING),
        )
    },
    "/search": {"get": operation("search", parameter("query", STRING), parameter("body", STRING))},
    "/items": {"post": operation("makeItem", parameter("dry", {"type": "boolean"}), body=ITEM)},
    "/named": {"post": operation("makeNamed", parameter("body", STRING), body=ITEM)},
    "/lines": {"post": operation("sendLines", body={"type": "array"}, media_type="application/x-ndjson")},
    "/form": {"post": operation("sendForm", body=FORM, media_type="application/x-www-form-urlencoded")},
    "/parts": {"post": operation("sendParts", body=FORM, media_type="multipart/form-data")},
    "/free": {"post": operation("sendFree", body={}, media_type="multipart/form-data")},
    "/text": {"post": operation("sendText", body=STRING, media_type="text/plain")},
    "/file": {"post": operation("sendFile", body={}, media_type="application/octet-stream")},
    "/typed": {"post": operation("makeTyped", body=TYPED)},
    "/once": {"post": operation("sendOnce", parameter("Idempotency-Key", STRING, "header"), body=ITEM)},
}


@pytest.fixture
def api(server: Recorder) -> str:
    """Save the document of a server that accepts everything, and return its path."""
    for path in ("/items/o/7", *PATHS):
        server.responses[path] = json_response({})
    Path("photo.png").write_bytes(b"\x89PNG\xff")
    Path("finished.txt").write_text("@title=a")
    return save_api(PATHS, server=server)


_CALLS: list[tuple[str, ...]] = [
    ("get-item", "o", "7", "--page-size", "3", "--tag", "a", "--tag", "b", "--filter.status", "x"),
    ("get-item", "o", "7", "--since", "2020-01-02", "--x-trace", "t", "--query", "a=1", "--query", "a=2"),
    ("search", "--query", "q", "--body", "b", "-Q", "other=1"),
    ("make-item", "--name", "A", "--size", "3", "--tags", "x", "--by.id", "1", "--dry"),
    ("make-item", "--set", "by=null", "--name", "A", "--validate", "off"),
    ("make-named", "--name", "A", "--body.body", "inner", "--body", "outer"),
    ("send-lines", "--body", '[{"a": 1}, 2.50, "x"]'),
    ("send-form", "--title", "a b&c"),
    ("send-parts", "--title", "t", "--file", "@photo.png"),
    ("send-parts", "--title", "@@t"),
    ("send-free", "--file", "any=@photo.png"),
    ("send-text", "--body", "plain"),
    ("send-text", "--body", "@@at"),
    ("send-file", "--body", "@photo.png"),
    ("make-item", "--example"),
    ("send-form", "--body", "title=a&b=@c"),
    ("send-form", "--body", "@finished.txt"),
    ("send-parts", "--content-type", "multipart/form-data; boundary=x", "--body", "@finished.txt"),
]


@pytest.mark.sampled(3)
@pytest.mark.parametrize("words", _CALLS, ids=" ".join)
def test_what_is_printed_makes_the_same_call(words: tuple[str, ...], api: str, server: Recorder) -> None:
    """The same request comes of the call, of what `--dry-run inputs` prints of it, and that is printed again."""
    level = ("--validate", "off") if "off" in words else ()
    printed = run_cli(api, *words, "--dry-run", "inputs")
    assert 0 == printed.exit_code, printed.stderr
    again = run_cli("--inputs", "-", api, words[0], "--dry-run", "inputs", *level, stdin=printed.stdout_bytes)
    assert (0, printed.json) == (again.exit_code, again.json), again.stderr
    Path("in.json").write_bytes(printed.stdout_bytes)
    for given in (words, ("--inputs", "@in.json", words[0], *level)):
        before = given[:2] if given[0] == "--inputs" else ()
        assert 0 == run_cli(*before, api, *given[len(before) :]).exit_code
    first, second = server.requests
    content = first.headers.get("content-type", [""])[0]
    boundary = content.partition("boundary=")[2].encode() or b"\0"
    other = second.headers.get("content-type", [""])[0].partition("boundary=")[2].encode() or b"\0"
    assert (first.method, first.target, first.headers.get("x-trace")) == (
        second.method,
        second.target,
        second.headers.get("x-trace"),
    )
    assert first.body.replace(boundary, b"") == second.body.replace(other, b"")


@pytest.mark.sampled(5)
@pytest.mark.parametrize(
    ("words", "inputs"),
    [
        (_CALLS[0], {"owner": "o", "id": 7, "page-size": 3, "tag": ["a", "b"], "filter": {"status": "x"}}),
        (_CALLS[2], {"query.query": "q", "body": "b", "query": {"other": "1"}}),
        (_CALLS[5], {"query.body": "outer", "body": {"name": "A", "body": "inner"}}),
        (_CALLS[8], {"body": {"title": "t", "file": "@photo.png"}}),
        (_CALLS[9], {"body": {"title": "@@t"}}),
        (_CALLS[13], {"body": "@photo.png"}),
        (("send-once", "--name", "A"), {"body": {"name": "A"}}),
        (
            ("send-once", "--name", "A", "--idempotency-key", "k"),
            {"idempotency-key": "k", "body": {"name": "A"}},
        ),
    ],
)
def test_inputs_are_called_like_their_options(words: tuple[str, ...], inputs: Any, api: str) -> None:
    """`body` is the whole body, and a key that is made for one call is not an input of it."""
    assert inputs == run_cli(api, *words, "--dry-run", "inputs").json


_GIVEN = json.dumps(
    {"name": "A", "tags": ["x", "y"], "by": {"id": 1, "note": "n"}, "size": 2, "dry": True, "query": {"a": 1}}
)


@pytest.mark.sampled(5)
@pytest.mark.parametrize(
    ("words", "target", "changes"),
    [
        ((), "/items?dry=true&a=1", {}),
        (("--name", "B", "--size", "3"), "/items?dry=true&a=1", {"name": "B", "size": 3}),
        (("--tags", "z"), "/items?dry=true&a=1", {"tags": ["z"]}),
        (("--by.id", "2"), "/items?dry=true&a=1", {"by": {"id": 2, "note": "n"}}),
        (("--by", '{"id": 3}'), "/items?dry=true&a=1", {"by": {"id": 3}}),
        (("--set", "by=null", "--validate", "off"), "/items?dry=true&a=1", {"by": None}),
        (("--no-dry", "--query", "a=2"), "/items?dry=false&a=2", {}),
        (("--query", "dry=false"), "/items?dry=false&a=1", {}),
    ],
)
def test_what_is_given_beside_it_wins(
    words: tuple[str, ...], target: str, changes: Any, api: str, server: Recorder
) -> None:
    """Options override the same inputs, and what is inside of them."""
    result = run_cli(api, "make-item", "--inputs", _GIVEN, *words)
    sent = {name: value for name, value in json.loads(_GIVEN).items() if name not in {"dry", "query"}}
    assert (0, target) == (result.exit_code, server.last.target), result.stderr
    assert {**sent, **changes} == json.loads(server.last.body)


def test_a_body_that_is_given_beside_it_wins(api: str, server: Recorder) -> None:
    """`--body` replaces the body as a whole, `body` in the object is one, and arguments win over both."""
    run_cli("--body", '{"name": "C"}', api, "make-named", "--inputs", _GIVEN.replace('"dry": true, ', ""))
    assert {"name": "C"} == json.loads(server.last.body)
    run_cli(api, "make-item", "--inputs", '{"body": {"name": "D", "size": 1}}', "--size", "2")
    assert {"name": "D", "size": 2} == json.loads(server.last.body)
    result = run_cli(api, "get-item", "o", "--inputs", '{"owner": "x", "id": 7, "pageSize": 2}')
    assert (0, "/items/o/7?pageSize=2") == (result.exit_code, server.last.target), result.stderr


@pytest.mark.sampled(5)
@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (("make-item", "--inputs", "[]"), 2, "The value of --inputs is not an object"),
        (("make-item", "--inputs", '"x"'), 2, "The value of --inputs is not an object"),
        (("make-item", "--inputs", "{name: 1}"), 2, "The value of --inputs is not JSON"),
        (("make-item", "--inputs", ""), 2, "The value of --inputs is not JSON"),
        (("make-item", "--inputs", '{"name": NaN}'), 2, "The value of --inputs is not JSON"),
        (("make-item", "--inputs", "@binary"), 2, "It is not UTF-8 text"),
        (("make-item", "--inputs", "@missing.json"), 12, "Cannot read the file of `--inputs` `missing.json`"),
        (("make-item", "--inputs", '{"nam": "x"}'), 2, "Did you mean `name`?"),
        (
            ("make-item", "--inputs", '{"nam": "x"}'),
            2,
            'try: dynacli ./api.json make-item --inputs \'{"name"',
        ),
        (
            ("make-item", "--inputs", '{"query": "x"}'),
            2,
            "`query` in --inputs is not an input of `make-item`",
        ),
        (("make-item", "--inputs", '{"name": "x", "size": "y"}'), 2, "`y` is not a value for --size"),
        (("make-item", "--inputs", '{"size": 1}'), 2, "needs --name"),
        (("get-item", "o", "7", "--inputs", '{"body": {}}'), 2, "`body` in --inputs is not an input"),
        (("send-parts", "--inputs", '{"file": "@missing"}'), 12, "missing"),
        (("make-item", "--inputs", '{"name": "***"}'), 2, "`name` in --inputs is masked"),
        (
            ("make-item", "--inputs", '{"body": {"name": "x", "secret": "***"}}'),
            2,
            "`secret` in --inputs is masked",
        ),
        (
            ("make-item", "--name", "x", "--set-file", "by.note=missing"),
            12,
            "Cannot read the file of `--set-file by",
        ),
        (("make-item", "--name", "x", "--set-file", "by.note=binary"), 2, "is not text in UTF-8"),
        (
            ("make-item", "--name", "x", "--set-file", "by.nte=binary"),
            2,
            "Did you mean `--set-file by.note=...`",
        ),
        (("make-item", "--name", "x", "--set-file", "by.note"), 2, "cannot be read"),
        (("make-item", "--name", "x", "--set-file", "=binary"), 2, "cannot be read"),
        (("make-item", "--name", "x", "--set-file", "by.note="), 2, "cannot be read"),
        (("make-item", "--name", "x", "--set-file", "by.note=."), 12, "Is a directory"),
    ],
)
def test_nothing_is_sent_of_what_cannot_be_read(
    words: tuple[str, ...], code: int, message: str, api: str, server: Recorder
) -> None:
    """The error says what is wrong, without a traceback."""
    Path("binary").write_bytes(b"ab\xff")
    result = run_cli(api, *words)
    assert (code, []) == (result.exit_code, server.requests), result.stderr
    assert message in result.stderr


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("place", "body"),
    [
        ("by.note", {"by": {"note": "ä\r\n\n"}}),
        ("notes.0.text", {"notes": [{"text": "ä\r\n\n"}]}),
        ("notes[0].text", {"notes": [{"text": "ä\r\n\n"}]}),
        *((name, {name: b64encode("ä\r\n\n".encode()).decode()}) for name in ("bytes", "raw", "coded")),
    ],
)
def test_a_field_is_the_content_of_a_file(place: str, body: Any, api: str, server: Recorder) -> None:
    """As text, or as base64 if the document says so; bytes that are no text are base64, too."""
    Path("a=b.txt").write_bytes("ä\r\n\n".encode())
    result = run_cli(api, "make-item", "--name", "x", "--set-file", f"{place}=a=b.txt")
    assert (0, {"name": "x", **body}) == (result.exit_code, json.loads(server.last.body)), result.stderr
    run_cli(api, "make-item", "--name", "x", "--set-file", "coded=photo.png")
    assert b64encode(b"\x89PNG\xff").decode() == json.loads(server.last.body)["coded"]


def test_the_body_alone_is_printed(api: str) -> None:
    """Byte for byte as it would be sent, also one from a file; a call without one prints nothing."""
    assert b'{"name":"x"}' == run_cli(api, "make-item", "--name", "x", "--dry-run", "body").stdout_bytes
    assert (
        b"\x89PNG\xff" == run_cli(api, "send-file", "--body", "@photo.png", "--dry-run", "body").stdout_bytes
    )
    parts = run_cli(api, "send-parts", "--file", "@photo.png", "--dry-run", "body").stdout_bytes
    assert b"\r\n\r\n\x89PNG\xff\r\n--" in parts
    none = run_cli(api, "search", "--dry-run", "body")
    assert (0, b"", "The request has no body\n") == (none.exit_code, none.stdout_bytes, none.stderr)


def test_secrets_are_masked(api: str, home: Path) -> None:
    """By `--dry-run` of both kinds, and in the history, unless they are asked for; replays want them again."""
    get = ("get-item", "o", "7", "--session", "s3cr3t-one", "--api-key", "s3cr3t-two")
    make = (
        "make-item",
        "--inputs",
        '{"name": "x", "secret": "s3cr3t-three", "query": {"token": "s3cr3t-four"}}',
    )
    for words in (get, make):
        for form in ("inputs", "body"):
            result = run_cli(api, *words, "--dry-run", form)
            assert 0 == result.exit_code
            assert "s3cr3t" not in f"{result.stdout}{result.stderr}"
    shown = run_cli(api, *get, "--dry-run", "inputs", "--show-secrets").json
    assert ("s3cr3t-one", "s3cr3t-two") == (shown["session"], shown["api-key"])
    assert {"secret": "***"}.items() <= run_cli(api, *make, "--dry-run", "inputs").json["body"].items()
    assert (
        0 == run_cli(api, *make, "--accept-origin", "http://127.0.0.1:9", "--server", _server(api)).exit_code
    )
    assert "s3cr3t" not in run_cli("history").stdout
    assert not any(b"s3cr3t" in file.read_bytes() for file in home.rglob("*") if file.is_file())
    assert 2 == run_cli("replay", "1").exit_code


def _server(api: str) -> str:
    url: str = json.loads(Path(api).read_text())["servers"][0]["url"]
    return url


@pytest.mark.parametrize(
    "words",
    [
        ("--inputs", "@in.json"),
        ("--inputs", '{"body": "@photo.png"}'),
        ("--inputs", "{}", "--set-file", "name=in.json"),
    ],
)
def test_read_takes_none_of_it_from_a_file(words: tuple[str, ...], server: Recorder) -> None:
    """Unless `--allow-files` lets it; standard input is no file."""
    server.responses["/q"] = json_response({})
    Path("in.json").write_text('{"name": "x"}')
    Path("photo.png").write_bytes(b"\xff")
    media_type = "application/octet-stream" if "photo" in words[1] else "application/json"
    query = operation("askIt", body={"properties": {"name": STRING}}, media_type=media_type)
    api = register_api("asked", {"/q": {"query": query}}, server=server, version="3.2.0")
    refused = run_cli("read", api, "ask-it", *words)
    assert (11, []) == (refused.exit_code, server.requests), refused.stderr
    allowed = run_cli("read", api, "ask-it", *words, "--allow-files")
    assert (0, 1) == (allowed.exit_code, len(server.requests)), allowed.stderr
    if media_type == "application/json":
        piped = run_cli("read", api, "ask-it", "--inputs", "-", stdin=b'{"name": "x"}')
        assert (0, b'{"name":"x"}') == (piped.exit_code, server.last.body)


def test_a_replay_changes_single_inputs(api: str, server: Recorder) -> None:
    """Options override the object of the earlier call, and another object replaces it."""
    assert 0 == run_cli(api, "make-item", "--inputs", '{"name": "A", "size": 1}').exit_code
    assert 0 == run_cli("replay", "1", "--size", "2").exit_code
    assert {"name": "A", "size": 2} == json.loads(server.last.body)
    assert 0 == run_cli("replay", "2", "--inputs", '{"name": "B"}').exit_code
    assert {"name": "B"} == json.loads(server.last.body)
    words = ("o", "7", "--page-size", "1", "--filter.status", "x", "--tag", "t")
    assert 0 == run_cli(api, "get-item", *words).exit_code
    inputs = '{"pageSize": 2, "filter.status": "y", "owner": "p"}'
    run_cli("replay", "1", "--inputs", inputs)
    assert "/items/p/7?pageSize=2&tag=t&filter%5Bstatus%5D=y" == server.last.target


def test_a_batch_shows_the_inputs_of_its_rows(api: str, server: Recorder) -> None:
    """A line each, which are rows again."""
    rows = b'{"name": "A", "tags": ["x"]}\n{"name": "B", "query": {"a": "1"}}\n'
    shown = run_cli("batch", api, "make-item", "-", "--dry-run", "inputs", stdin=rows)
    lines = [json.loads(line) for line in shown.stdout.splitlines()]
    assert [{"body": {"name": "A", "tags": ["x"]}}, {"query": {"a": "1"}, "body": {"name": "B"}}] == lines
    assert '{"name":"A","tags":["x"]}\n{"name":"B"}\n' == (
        run_cli("batch", api, "make-item", "-", "--dry-run", "body", stdin=rows).stdout
    )
    assert [] == server.requests


def test_a_media_type_is_an_input(server: Recorder) -> None:
    """`content_type` chooses it, as `--content-type` does, which wins."""
    content = {"application/json": {"schema": ITEM}, "text/plain": {"schema": STRING}}
    server.responses["/s"] = json_response({})
    api = save_api(post("/s", "send", requestBody={"required": True, "content": content}), server=server)
    printed = run_cli(api, "send", "--content-type", "text/plain", "--body", "x", "--dry-run", "inputs")
    assert {"content_type": "text/plain", "body": "x"} == printed.json
    assert 0 == run_cli(api, "send", "--inputs", "-", stdin=printed.stdout_bytes).exit_code
    assert (["text/plain"], b"x") == (server.last.headers["content-type"], server.last.body)


@pytest.mark.parametrize("media_type", ["text/plain", "multipart/form-data", "application/json"])
def test_no_example_of_a_document_becomes_a_file(media_type: str, server: Recorder) -> None:
    """What `--example` prints is sent as the text that the document has, whatever it begins with."""
    Path("secret.txt").write_text("hush")
    text = {**STRING, "example": "@secret.txt"}
    schema = (
        text
        if media_type == "text/plain"
        else {"type": "object", "required": ["t"], "properties": {"t": text}}
    )
    server.responses["/a"] = json_response({})
    api = save_api(post("/a", body=schema, media_type=media_type), server=server)
    printed = run_cli(api, "a", "--example", "--dry-run", "inputs").stdout_bytes
    assert 0 == run_cli(api, "a", "--inputs", "-", stdin=printed).exit_code
    assert b"@secret.txt" in server.last.body
    assert b"hush" not in server.last.body


@pytest.mark.parametrize(
    ("inputs", "sent"),
    [
        ({"name": "A", "body": "text"}, {"name": "A", "body": "text"}),
        ({"name": "A", "body.body": "text"}, {"name": "A", "body": "text"}),
        ({"body": {"name": "A", "body": "text"}, "size": 2}, {"name": "A", "body": "text", "size": 2}),
        ({"name": "A", "body": '{"size": 1}'}, {"name": "A", "body": '{"size": 1}'}),
    ],
)
def test_body_is_the_whole_body_or_the_text_of_its_field(
    inputs: dict[str, Any], sent: dict[str, Any], api: str, server: Recorder
) -> None:
    """One rule for `--inputs`, for the rows of a batch and for Python, whatever is in the text."""
    Path("rows.ndjson").write_text(json.dumps(inputs))
    run_cli(api, "make-item", "--inputs", json.dumps(inputs))
    run_cli("batch", api, "make-item", "rows.ndjson")
    with dynacli.open_api(api) as opened:
        opened.call("make-item", inputs=inputs)
    assert [sent] * 3 == [json.loads(request.body) for request in server.requests]


def test_neither_a_cell_nor_an_earlier_response_becomes_the_whole_body(api: str, server: Recorder) -> None:
    """What somebody else wrote stays the text of the field: it chooses no other field."""
    Path("rows.csv").write_text('name,body\nA,"{""name"": ""B"", ""size"": 1}"\n')
    run_cli("batch", api, "make-item", "rows.csv")
    assert {"name": "A", "body": '{"name": "B", "size": 1}'} == json.loads(server.last.body)
    server.responses["/items"] = Response(200, b'{"note": {"name": "B", "size": 1}}')
    rows = [
        {"operation": "make-item", "inputs": {"name": "A"}, "as": "w"},
        {"operation": "make-item", "inputs": {"name": "A", "body": "{{w.note}}"}},
    ]
    Path("rows.ndjson").write_text("\n".join(map(json.dumps, rows)))
    result = run_cli("batch", api, "rows.ndjson")
    assert (13, 2) == (result.exit_code, len(server.requests)), result.stdout


@pytest.mark.parametrize(
    "words",
    [
        ("--body", '"text"', "make-item", "--validate", "off"),
        ("--content-type", "json", "make-typed", "--content_type", "x"),
    ],
)
def test_inputs_that_would_be_read_in_another_way_are_not_printed(
    words: tuple[str, ...], api: str, server: Recorder
) -> None:
    """A whole body that is a text, and a media type, if a field has their name."""
    before, (name, *after) = words[:2], words[2:]
    result = run_cli(*before, api, name, *after, "--dry-run", "inputs")
    assert (2, []) == (result.exit_code, server.requests), result.stdout
    assert "These inputs cannot be printed" in result.stderr
