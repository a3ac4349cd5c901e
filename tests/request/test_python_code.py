"""`--dry-run python` and `--dry-run har`: a request for another program."""

import contextlib
import gc
import io
import json
from typing import Any

import pytest

from tests.documents import operation, parameter, save_api
from tests.harness import RecordedRequest, Recorder, Response, run_cli

STRING = {"type": "string"}
BINARY = {"type": "string", "format": "binary"}
FORM = {"type": "object", "properties": {"file": BINARY, "name": STRING, "more": {"type": "object"}}}
OPERATIONS = {
    "/get": {"get": operation("get", parameter("q", STRING), parameter("X-Name", STRING, "header"))},
    "/json": {"post": operation("json", body={"type": "object"})},
    "/file": {"put": operation("file", body=BINARY, media_type="application/octet-stream")},
    "/form": {"post": operation("form", body=FORM, media_type="multipart/form-data")},
    "/text": {"post": operation("text", body=STRING, media_type="text/plain")},
}
CASES = {
    "query-and-headers": ["get", "--q", "a b&c='\"", "--x-name", "caf\u00e9"],
    "json": ["json", "--body", '{"name": "O\'Neill", "text": "\u4f60"}'],
    "bytes": ["file", "--body", "@data.bin"],
    "parts": ["form", "--file", "@data.bin", "--name", "x'y", "--more", '{"a": 1}'],
    "text": ["text", "--body", "line\nline"],
}


@pytest.fixture
def api(server: Recorder) -> str:
    """A document with bodies of several kinds, and a file to send."""
    with open("data.bin", "wb") as file:
        file.write(b"\x00\xffdata")
    for path in OPERATIONS:
        server.responses[path] = Response(body=b"{}")
    return save_api(OPERATIONS, server=server)


def _compared(request: RecordedRequest) -> tuple[Any, ...]:
    """Return what a server makes of a request; the boundary of a form is random."""
    media_type = "".join(request.headers.get("content-type", []))
    boundary = media_type.partition("boundary=")[2].encode()
    body = request.body.replace(boundary, b"BOUNDARY") if boundary else request.body
    body = body.replace(b"Content-Type: text/plain\r\n", b"")  # what a part without a type is
    headers = [request.headers.get(name) for name in ("accept", "x-name")]
    return request.method, request.target, media_type.partition(";")[0], headers, body


@pytest.mark.sampled(2)
@pytest.mark.filterwarnings("ignore:.*unclosed file")  # the program ends without closing its files
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("name", CASES)
def test_the_program_sends_the_same_request(name: str, api: str, server: Recorder) -> None:
    """The server sees no difference between the call and the program that is shown for it."""
    assert 0 == run_cli(api, *CASES[name]).exit_code
    shown = run_cli(api, *CASES[name], "--dry-run", "python")
    assert 0 == shown.exit_code
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        exec(shown.stdout, {})  # noqa: S102  - it is what is tested
    gc.collect()  # its open files end here, and not in a test that does not expect their warning
    assert "200\n{}\n" == printed.getvalue()
    call, program = server.requests
    assert _compared(call) == _compared(program)


def test_standard_input_is_read_by_the_program(api: str) -> None:
    """A body that is read while it is sent is read by the program as well."""
    shown = run_cli(api, "file", "--body", "-", "--dry-run", "python", stdin=b"x" * 2_000_000).stdout
    assert "content=" in shown
    compile(shown, "shown", "exec")


@pytest.mark.parametrize("form", ["python", "har"])
def test_credentials_are_masked(form: str, api: str, canary: str) -> None:
    """As in every dry run."""
    result = run_cli(api, "get", "-H", f"Authorization: Bearer {canary}", "--dry-run", form)
    assert "Bearer ***" in result.stdout


def test_an_archive_has_the_request_and_no_response(api: str, server: Recorder) -> None:
    """Other tools import it; it holds no credential, whoever asks for one."""
    result = run_cli(
        api, *CASES["json"], "-H", "Authorization: Bearer abc", "--dry-run", "har", "--show-secrets"
    )
    (entry,) = json.loads(result.stdout)["log"]["entries"]
    assert ("POST", f"{server.origin}/json", 0) == (
        entry["request"]["method"],
        entry["request"]["url"],
        entry["response"]["status"],
    )
    assert json.loads(CASES["json"][-1]) == json.loads(entry["request"]["postData"]["text"])
    assert "abc" not in result.stdout
    assert "HAR never contains credentials" in result.stderr
    assert [] == server.requests
