"""`import` keeps a body that the document does not declare, since a call can send it."""

import shlex
from pathlib import Path

import pytest

from tests.documents import operation, register_api
from tests.harness import Recorder, json_response, run_cli
from tests.traffic.test_import_har import har_of

_NOTE = "The body is not in the OpenAPI document"
_FORM = "application/x-www-form-urlencoded"
_MULTIPART = "multipart/form-data"


@pytest.fixture(autouse=True)
def api(server: Recorder) -> None:
    """Register an API whose document declares no body."""
    server.responses["/up"] = json_response({})
    paths = {"/up": {"post": operation("up"), "get": operation("look"), "delete": operation("drop")}}
    register_api("x", paths, server=server)
    Path("f").write_bytes(b"\x00\x01")


@pytest.mark.parametrize(
    ("words", "line", "media_type", "body"),
    [
        ("--json '{\"a\": 1}'", "--body '{\"a\":1}'", "application/json", '{"a":1}'),
        ("-d 'a=b&a=%7B'", f"--content-type {_FORM} --body a=b&a=%7B", _FORM, "a=b&a=%7B"),
        (
            "-H 'Content-Type: text/plain' --data-raw @x",
            "--content-type text/plain --body @@x",
            "text/plain",
            "@x",
        ),
        ("-H 'Content-Type:' --data-raw x", "--content-type text/plain --body x", "text/plain", "x"),
        (
            "-H 'Content-Type: application/octet-stream' --data-binary @f",
            "--content-type application/octet-stream --body @f",
            "application/octet-stream",
            "\x00\x01",
        ),
        (
            "-H 'Content-Type: application/x+json' --data-raw '[\"@f\"]'",
            "--content-type application/x+json --body '[\"@f\"]'",
            "application/x+json",
            '["@f"]',
        ),
        ("-X DELETE --json '{}'", "--body '{}'", "application/json", "{}"),
    ],
)
def test_the_command_of_a_curl_line_sends_the_same_body(
    words: str, line: str, media_type: str, body: str, server: Recorder
) -> None:
    """The command has the body with its media type, a note says that nothing declares it, and the server gets it."""
    made = run_cli("import", "curl", f"curl -X POST {server.origin}/up {words}")
    command = shlex.split(made.stdout)
    assert shlex.split(line.replace("&", "\\&")) == command[3:]
    assert _NOTE in made.stderr
    assert 0 == run_cli(*command[1:]).exit_code
    assert ([media_type], body) == (server.last.headers["content-type"], server.last.body.decode())


def test_the_parts_of_a_multipart_body_are_sent(server: Recorder) -> None:
    """Texts are in `--body`, files have `--file`, and a text is never the name of a file."""
    made = run_cli("import", "curl", f"curl {server.origin}/up -F f=@f -F t=a -F t=b --form-string u=@f")
    command = shlex.split(made.stdout)
    assert ["--file", "f=@f", "--content-type", _MULTIPART] == command[3:7]
    assert ["--body", '{"t":["a","b"],"u":"@f"}'] == command[7:]
    assert 0 == run_cli(*command[1:]).exit_code
    assert [1, 2, 1] == [server.last.body.count(b'; name="%b"' % name) for name in (b"f", b"t", b"u")]


def test_a_name_of_a_part_names_no_file(server: Recorder) -> None:
    """A recording cannot choose a file by a name with `=@` in it."""
    params = [{"name": "a=@/etc/hosts", "fileName": "x"}, {"name": "b=@c", "value": "d"}]
    posted = {"mimeType": _MULTIPART, "params": params}
    made = run_cli(
        "import", "har", har_of({"method": "POST", "url": f"{server.origin}/up", "postData": posted})
    )
    assert ["--content-type", _MULTIPART, "--body", '{"b=@c":"d"}'] == shlex.split(made.stdout)[3:]
    assert "`a=@/etc/hosts`, which is left out" in made.stderr


@pytest.mark.parametrize("words", ["-d 'a=b&token=s3cr3t'", "-F a=b -F token=s3cr3t"])
def test_a_secret_in_an_undeclared_body_is_left_out(words: str, server: Recorder) -> None:
    """Its name is noted."""
    made = run_cli("import", "curl", f"curl {server.origin}/up {words}")
    assert "s3cr3t" not in made.stdout + made.stderr
    assert "the field token: a credential" in made.stderr


def test_the_body_of_a_get_is_left_out(server: Recorder) -> None:
    """A GET request has none, and a note says so."""
    made = run_cli("import", "curl", f"curl -X GET {server.origin}/up --json '{{}}'")
    assert "dynacli x look\n" == made.stdout
    assert "A GET request has no body, and this one is left out" in made.stderr
