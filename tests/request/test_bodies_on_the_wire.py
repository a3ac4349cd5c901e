"""Bodies of every media type, from the command line to a server that keeps what it got."""

from pathlib import Path
from typing import Any

import pytest

from tests.documents import operation, post, save_api
from tests.harness import Recorder, Response, run_cli

STRING: dict[str, Any] = {"type": "string"}
PET: dict[str, Any] = {
    "type": "object",
    "required": ["name"],
    "properties": {"name": STRING, "age": {"type": "integer"}, "note": {"type": "string", "nullable": True}},
}
PETS: dict[str, Any] = {"type": "array", "items": PET}
PATCH: dict[str, Any] = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["op", "path"],
        "properties": {"op": {"enum": ["add", "remove"]}, "path": STRING, "value": {}},
    },
}
FILE: dict[str, Any] = {"type": "string", "format": "binary"}
LINES = b'{"name":"a"}\n{"name":"b"}\n'
TWO = ("--[0].name", "a", "--[1].name", "b")
XML = b"<?xml version='1.0'?>\r\n<pet><name>\xc3\xa9</name></pet>\n"

REMOVED = ("--[1].op", "remove", "--[1].path", "/b")

CASES = [
    ("application/json", PET, ("--name", "é"), '{"name":"é"}'.encode()),
    ("application/vnd.pet+json;v=2", PET, ("--name", "a", "--age", "1"), b'{"name":"a","age":1}'),
    ("application/x-ndjson", PETS, TWO, LINES),
    ("application/jsonl", PETS, ("--body", '[{"name":"a"},{"name":"b"}]'), LINES),
    ("application/x-ndjson", PETS, ("--body", "@lines"), LINES),
    ("application/x-ndjson", PETS, ("--body", "-"), LINES),
    ("application/x-ndjson", PET, ("--name", "a"), b'{"name":"a"}\n'),
    ("application/json-seq", PETS, TWO, b'\x1e{"name":"a"}\n\x1e{"name":"b"}\n'),
    (
        "application/json-patch+json",
        PATCH,
        ("--[0].op", "add", "--[0].path", "/a", "--[0].value", '{"x":[null]}', *REMOVED),
        b'[{"op":"add","path":"/a","value":{"x":[null]}},{"op":"remove","path":"/b"}]',
    ),
    (
        "application/merge-patch+json",
        PET,
        ("--name", "a", "--set", "note=null"),
        b'{"name":"a","note":null}',
    ),
    ("application/xml", PET, ("--body", "@xml"), XML),
    ("text/xml", STRING, ("--body", "<a/>"), b"<a/>"),
    ("text/plain", STRING, ("--body", "null"), b"null"),
    ("text/plain", {"type": "integer"}, ("--body", "12"), b"12"),
    ("text/csv", STRING, ("--body", "a,b\r\n"), b"a,b\r\n"),
    ("application/octet-stream", FILE, ("--body", "@bytes"), bytes(range(256))),
    ("application/octet-stream", FILE, ("--body", "-"), LINES),
    ("image/png", {}, ("--body", "@bytes"), bytes(range(256))),
    ("application/x-www-form-urlencoded", PET, ("--name", "a b&c", "--age", "1"), b"name=a%20b%26c&age=1"),
]


@pytest.mark.sampled(6)
@pytest.mark.parametrize(
    ("media_type", "schema", "words", "body"),
    CASES,
    ids=[f"{case[0]} {' '.join(case[2])[:24]}" for case in CASES],
)
def test_a_body_reaches_the_server_as_its_media_type_says(
    server: Recorder, media_type: str, schema: dict[str, Any], words: tuple[str, ...], body: bytes
) -> None:
    """The bytes and the media type that come are those of the document, built or given."""
    Path("lines").write_bytes(LINES)
    Path("xml").write_bytes(XML)
    Path("bytes").write_bytes(bytes(range(256)))
    server.responses["/a"] = Response()
    content = {media_type: {"schema": schema}}
    made = {"/a": {"post": operation("a", requestBody={"required": True, "content": content})}}
    result = run_cli(save_api(made, server=server), "a", *words, stdin=LINES)
    # What is read only while it is sent is not validated, and that is reported.
    notes = {
        line
        for line in result.stderr.splitlines()
        if not line.startswith("Not validated: a body that is read")
    }
    assert (0, set()) == (result.exit_code, notes)
    (request,) = server.requests
    assert (body, [media_type]) == (request.body, request.headers["content-type"])


NOT_BUILT: dict[str, Any] = {"application/xml": {"schema": PET}, "application/json": {"schema": PET}}


def _two_media_types(**more: Any) -> str:
    body = {"content": NOT_BUILT, **more}
    return save_api(post("/a", requestBody=body), server="http://a.test")


def test_what_no_option_builds_has_no_options() -> None:
    """Help, completion and `describe` have none for a body that is sent as it is; help says how it is given."""
    content = {"application/x-a": {"schema": PET}}
    api = save_api(post("/a", requestBody={"content": content}), server="http://a.test")
    page = run_cli(api, "a", "--help").stdout
    assert "--name" not in page
    assert "--set" not in page
    assert "--body TEXT|@FILE|-" in page
    assert f"`dynacli describe {api} a`" in page
    assert (
        []
        == run_cli("describe", api, "a", "-o", "json").json["body"]["content"]["application/x-a"]["options"]
    )
    offered = run_cli("__complete", "bash", api, "a", "--").stdout.split()
    assert {"--name", "--set"}.isdisjoint(offered)
    assert "--body" in offered


def test_help_is_that_of_the_media_type_that_is_asked_for() -> None:
    """`--content-type` before or after `--help` picks the body that the page tells of."""
    api = _two_media_types()
    assert "Body (application/json)" in run_cli(api, "a", "--help").stdout
    for words in (("--help", "--content-type", "xml"), ("--content-type=xml", "--help")):
        assert "Body (application/xml)" in run_cli(api, "a", *words).stdout


def test_a_media_type_that_is_named_gets_an_example_also_where_the_body_may_be_left_out() -> None:
    """`--example` alone leaves an optional body out; whoever names its media type wants it."""
    api = _two_media_types(required=False)
    assert run_cli(api, "a", "--example", "--dry-run", "json").json["body"] is None
    shown = run_cli(api, "a", "--example", "--content-type", "json", "--dry-run", "json").json
    assert '{"name":"string"}' == shown["body"]
