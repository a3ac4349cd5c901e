"""`--body` of an operation whose document declares no body: handlers that read the raw request are documented so."""

import json
from pathlib import Path

import pytest

from dynacli import open_api
from tests.documents import operation, parameter, save_api
from tests.harness import Recorder, json_response, run_cli

NAME = parameter("name", {"type": "string"}, "path")
NO_CONTENT = {"required": True, "content": {}}
PATHS = {
    "/images/{name}": {"post": operation("uploadImage", NAME), "put": operation("replaceImage", NAME)},
    "/empty": {"post": operation("postEmpty", requestBody=NO_CONTENT)},
    "/declared": {"post": operation("postDeclared", body={"type": "object"})},
    "/called": {"post": operation("postCalled", parameter("body", {"type": "string"}))},
    "/images": {"get": operation("listImages")},
}
NOTE = "The body is not in the OpenAPI document"
BYTES = b"QFI\xfb\x00\x01"


@pytest.fixture
def api(server: Recorder) -> str:
    """Save the document of a server that accepts everything, with files to send, and return its path."""
    for path in ("/images/a", "/empty", "/declared", "/called", "/images", "/nowhere"):
        server.responses[path] = json_response({})
    Path("disk.qcow2").write_bytes(BYTES)
    Path("plain").write_bytes(BYTES)
    Path("tree").write_text('[{"a": 1}]')
    Path("tree.json").write_text('{"a": 1}')
    Path("rows.csv").write_text("a,b\n")
    return save_api(PATHS, server=server)


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("words", "media_type", "body"),
    [
        (("--body", "@disk.qcow2"), "application/octet-stream", BYTES),
        (("--body=@disk.qcow2",), "application/octet-stream", BYTES),
        (("--body", "@plain"), "application/octet-stream", BYTES),
        (("--body", "@tree"), "application/json", b'[{"a": 1}]'),
        (("--body", "@tree.json"), "application/json", b'{"a": 1}'),
        (("--body", "@rows.csv"), "text/csv", b"a,b\n"),
        (("--body", '{"a": 1}'), "application/json", b'{"a": 1}'),
        (("--body", "@tree.json", "--content-type", "text/plain"), "text/plain", b'{"a": 1}'),
        (("--body", "a", "--content-type", "text/plain"), "text/plain", b"a"),
        (("--inputs", '{"body": {"a": 1}}'), "application/json", b'{"a":1}'),
    ],
)
@pytest.mark.parametrize(
    "command",
    [
        ("./api.json", "upload-image", "a"),
        ("./api.json", "POST", "/images/a"),
        ("request", "./api.json", "POST", "/images/a"),
    ],
)
def test_a_body_that_the_document_does_not_declare_is_sent(
    command: tuple[str, ...], words: tuple[str, ...], media_type: str, body: bytes, api: str, server: Recorder
) -> None:
    """The suffix of a file names its media type, else JSON is JSON, and a note says that nothing declares it."""
    assert api == "./api.json"
    result = run_cli(*command, *words)
    assert (0, [media_type], body) == (
        result.exit_code,
        server.last.headers.get("content-type"),
        server.last.body,
    )
    assert [NOTE] == [line for line in result.stderr.splitlines() if NOTE in line]


@pytest.mark.parametrize(
    ("given", "media_type"),
    [
        (b' {"a": 1}', "application/json"),
        (BYTES, "application/octet-stream"),
        (b"1", "application/octet-stream"),
    ],
)
@pytest.mark.parametrize("path", ["/images/a", "/nowhere"])
def test_standard_input_is_json_if_it_is_an_object_or_an_array(
    path: str, given: bytes, media_type: str, api: str, server: Recorder
) -> None:
    """Standard input has no name that says what it is."""
    assert 0 == run_cli(api, "POST", path, "--body", "-", stdin=given).exit_code
    assert ([media_type], given) == (server.last.headers["content-type"], server.last.body)


@pytest.mark.parametrize(
    ("words", "has_note"),
    [
        (("upload-image", "a", "--validate", "strict"), True),
        (("upload-image", "a", "--validate", "off"), False),
        (("post-empty",), True),
        (("post-declared",), False),
    ],
)
def test_an_undeclared_body_is_noted(words: tuple[str, ...], has_note: bool, api: str) -> None:
    """A body without a media type is none, and no one wants to know it at `off`."""
    result = run_cli(api, *words, "--body", "{}")
    assert 0 == result.exit_code
    assert has_note == (NOTE in result.stderr), result.stderr


@pytest.mark.parametrize("name", ["upload-image", "post-empty"])
def test_exact_refuses_an_undeclared_body(name: str, api: str, server: Recorder) -> None:
    """Nothing is sent, and no corrected command loses the file."""
    path = ("a",) if name == "upload-image" else ()
    result = run_cli(
        api, name, *path, "--body", "@disk.qcow2", "--validate", "exact", "--error-format", "json"
    )
    assert (2, [], None) == (result.exit_code, server.requests, result.error["try"])
    assert ["undocumented-body"] == [finding["rule"] for finding in result.error["findings"]]


@pytest.mark.parametrize(
    ("words", "corrected"),
    [
        (("upload-image", "--body", "@disk.qcow2"), "upload-image NAME --body @disk.qcow2"),
        (("upload-image", "a", "--body", "disk.qcow2"), "upload-image a --body @disk.qcow2"),
        (("upload-image", "a", "-d", "@disk.qcow2"), "upload-image a --body @disk.qcow2"),
        (("upload-image", "a", "b", "--body", "@disk.qcow2"), "upload-image --help"),
    ],
)
def test_the_corrected_command_keeps_the_file(words: tuple[str, ...], corrected: str, api: str) -> None:
    """Whatever else is wrong, the body is given again."""
    result = run_cli(api, *words)
    assert 2 == result.exit_code
    assert f"try: dynacli ./api.json {corrected}\n" in result.stderr


@pytest.mark.parametrize("words", [("list-images", "--body", "{}"), ("--body", "{}", "list-images")])
def test_a_get_has_no_body(words: tuple[str, ...], api: str, server: Recorder) -> None:
    """It is refused with the reason, also before the API, and not left out."""
    ahead = words[: words.index("list-images")]
    result = run_cli(*ahead, api, *words[len(ahead) :])
    assert (2, []) == (result.exit_code, server.requests)
    assert "`list-images` takes no body\n  reason: A GET request has none" in result.stderr


def test_an_input_called_body_stays_what_it_is(api: str, server: Recorder) -> None:
    """An undeclared body is given before the API if the operation has an option of that name."""
    assert 0 == run_cli(api, "post-called", "--body", "x").exit_code
    assert ("/called?body=x", b"") == (server.last.target, server.last.body)
    assert 0 == run_cli("--body", "{}", api, "post-called", "--body", "x").exit_code
    assert ("/called?body=x", b"{}") == (server.last.target, server.last.body)


def test_options_of_fields_need_a_declared_body(api: str, server: Recorder) -> None:
    """The error says how the body is given instead."""
    result = run_cli(api, "upload-image", "a", "--set", "a=1")
    assert (2, []) == (result.exit_code, server.requests)
    assert "hint: Give the whole body: `--body @FILE`" in result.stderr


def test_python_and_rows_give_an_undeclared_body(api: str, server: Recorder) -> None:
    """A file is sent with the media type of its name, and a value as JSON; `notes` names the body."""
    with open_api(api) as opened:
        response = opened.call("upload-image", name="a", body=Path("disk.qcow2"))
        assert ((NOTE,), BYTES) == (response.notes, server.last.body)
        assert ["application/octet-stream"] == server.last.headers["content-type"]
        opened.call("upload-image", name="a", body={"a": 1})
        assert {"a": 1} == json.loads(server.last.body)
    result = run_cli("batch", api, "upload-image", "-", stdin=b'{"name": "a", "body": {"b": 2}}\n')
    assert (0, {"b": 2}) == (result.exit_code, json.loads(server.last.body))
    assert NOTE in result.stderr


def test_a_plan_has_the_undeclared_body(api: str, server: Recorder) -> None:
    """It is applied with the bytes that were reviewed."""
    made = run_cli(api, "upload-image", "a", "--body", "@disk.qcow2", "--plan", "plan.json")
    assert (0, []) == (made.exit_code, server.requests)
    assert 0 == run_cli("plan", "apply", "plan.json", "--yes").exit_code
    assert (["application/octet-stream"], BYTES) == (server.last.headers["content-type"], server.last.body)


def test_read_sends_no_undeclared_body(api: str, server: Recorder) -> None:
    """A body is no way around `read`."""
    run_cli("api", "add", "images", api)
    server.requests.clear()
    assert 11 == run_cli("read", "images", "upload-image", "a", "--body", "{}").exit_code
    assert 2 == run_cli("read", "images", "list-images", "--body", "{}").exit_code
    assert [] == server.requests
