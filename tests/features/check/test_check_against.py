"""`check --against`: each call that only reads is made on two servers, and the responses are compared."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests.documents import BEARER, document, get, operation, parameter, register, save_api
from tests.harness import Recorder, Response, Result, assert_ended, free_port, json_response, run_cli

_AT = {"type": "string", "format": "date-time"}
_THING = {"type": "object", "properties": {"id": {}, "token": {}, "at": _AT}}
_ITEM = {"content": {"application/json": {"schema": _THING}}, "description": "OK"}
_ID = parameter("id", {"type": "string"}, "path")
_PATHS = {
    "/things": {"get": operation("listThings"), "post": operation("createThing", body={"type": "object"})},
    "/things/{id}": {"get": operation("getThing", _ID, responses={"200": _ITEM})},
}


@pytest.fixture
def api(server: Recorder, other_server: Recorder) -> str:
    """Register an API, with a profile for the other server; both respond alike."""
    register("things", document(_PATHS, [server.origin]), staging=other_server.origin)
    for side in (server, other_server):
        side.responses["/things"] = json_response([{"id": "a"}, {"id": "b"}])
        side.responses["/things/a"] = json_response({"id": "a", "at": "2026-01-01T00:00:00Z"})
    return "things"


def _check(api: str, *words: str) -> Result:
    return run_cli("check", api, *words)


def _compared(result: Result) -> dict[str, list[Any]]:
    return {row["operation"]: row["against"] for row in result.json}


def test_equal_servers(api: str, server: Recorder, other_server: Recorder) -> None:
    """Both get the same calls, those with values from responses, too; the table counts them."""
    result = _check(api, "--against", "staging")
    assert 0 == result.exit_code, result.stderr
    assert sorted(request.target for request in server.requests) == sorted(
        request.target for request in other_server.requests
    )
    assert "/things/a" in {request.target for request in other_server.requests}
    assert {"GET"} == {request.method for request in other_server.requests}
    rows = [line.split() for line in result.stdout.splitlines()]
    assert ["list-things", "1/1", "0", "0", "0"] in rows
    assert ["get-thing", "1/1", "0", "0", "0"] in rows


def test_servers_that_differ(api: str, other_server: Recorder) -> None:
    """The places are listed once for all items, the data have the values, and the exit code is 9."""
    other_server.responses["/things"] = json_response([{"id": "b", "n": 1}, {"id": "a", "n": 2}, {"id": "c"}])
    result = _check(api, "--against", other_server.origin)
    assert 9 == result.exit_code
    assert "The responses of `list-things` differ" in result.stderr
    assert ["list-things", "0/1", "0", "0", "3"] in [line.split() for line in result.stdout.splitlines()]
    assert "list-things: /body/*/n (2), /body/* (1)" in result.stdout
    found = _compared(_check(api, "--against", other_server.origin, "-o", "json"))
    assert [{"operation": "get-thing", "equal": True, "differences": []}] == found["get-thing"]
    (listed,) = found["list-things"]
    assert ("list-things", False) == (listed["operation"], listed["equal"])
    assert {"pointer": "/body/2", "kind": "added", "left": None, "right": {"id": "c"}} in listed[
        "differences"
    ]
    ignoring = ("--ignore", "/body/*", "-o", "json")
    assert 0 == _check(api, "--against", other_server.origin, *ignoring).exit_code
    assert 0 == _check(api, "--against", other_server.origin, "--no-fail").exit_code


def test_reports_have_the_differences(api: str, other_server: Recorder) -> None:
    """They are findings of the second call, and the page has the table."""
    other_server.responses["/things"] = json_response([{"id": "a", "n": "<b>"}, {"id": "b"}])
    files = [f"{name}=out.{name}" for name in ("json", "junit", "sarif", "github")]
    reports = [word for file in files for word in ("--report", file)]
    assert 9 == _check(api, "--against", "staging", *reports).exit_code
    report = json.loads(Path("out.json").read_text())
    (finding,) = report["findings"]
    assert ("differs", "/body/0/n", "<b>") == tuple(finding[key] for key in ("rule", "pointer", "got"))
    assert f"{other_server.origin}/things" == report["calls"][finding["call"]]["url"]
    assert "/body/0/n: only the other server has it [differs]" in Path("out.junit").read_text()
    assert "/body/0/n: only the other server has it [differs]" in Path("out.github").read_text()
    (run,) = json.loads(Path("out.sarif").read_text())["runs"]
    assert ["Two servers respond alike"] == [
        rule["shortDescription"]["text"] for rule in run["tool"]["driver"]["rules"]
    ]
    page = _check(api, "--against", "staging", "-o", "html").stdout
    assert "Compared with the other server" in page
    assert "/body/*/n (1)" in page
    assert "Compared" not in _check(api, "-o", "html").stdout


def test_dates_are_left_out(api: str, other_server: Recorder) -> None:
    """They are compared with `--all-values` alone."""
    other_server.responses["/things/a"] = json_response({"id": "a", "at": "2026-01-02T00:00:00Z"})
    result = _check(api, "--against", "staging")
    assert_ended(result, 0, "Not compared: 1 value")
    assert 9 == _check(api, "--against", "staging", "--all-values").exit_code


def test_a_finding_comes_before_a_difference(api: str, server: Recorder) -> None:
    """Both are shown, and the error names what does not match the document."""
    server.responses["/things/a"] = json_response({"id": "a", "at": 7})
    result = _check(api, "--against", "staging")
    assert 9 == result.exit_code
    assert "do not match the document" in result.stderr
    assert "get-thing: /body/at (1)" in result.stdout


def test_another_server_that_fails(api: str, server: Recorder) -> None:
    """The results of the first server are shown, and the exit code is that of the failure."""
    result = _check(api, "--against", f"http://127.0.0.1:{free_port()}", "--retries", "0")
    assert 6 == result.exit_code
    assert "2 calls could not be compared: `127.0.0.1:" in result.stderr
    assert "list-things" in result.stdout
    assert {"GET"} == {request.method for request in server.requests}


def test_another_server_without_a_credential(
    api: str, server: Recorder, other_server: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The exit code does not say that nothing was sent, because the first server was called."""
    save_api(
        get("/things", "listThings", security=[{"token": []}]),
        server=server,
        schemes={"token": BEARER},
        file="things.json",
    )
    assert 0 == run_cli("api", "refresh", api, "--accept").exit_code
    configuration = Path(os.environ["DYNACLI_CONFIG_DIR"], "config.toml")
    mine = '[apis.things.auth.token]\ntoken = "env:MINE"\n'
    none = '[apis.things.profiles.staging.auth.token]\ntoken = "env:NO_SUCH_VARIABLE"\n'
    configuration.write_text(f"{configuration.read_text()}\n{mine}{none}")
    monkeypatch.setenv("MINE", "s3cret")
    result = _check(api, "--against", "staging", "--accept-origin", server.origin)
    assert (13, 1, 0) == (result.exit_code, len(server.requests), len(other_server.requests)), result.stderr
    assert "Not all responses could be compared" in result.stderr
    assert "NO_SUCH_VARIABLE" in result.stderr


def test_secrets_are_masked(api: str, other_server: Recorder) -> None:
    """Fields with the names of secrets are masked on both sides."""
    other_server.responses["/things/a"] = json_response({"id": "a", "token": "t0ken-of-theirs"})
    result = _check(api, "--against", "staging", "-o", "json")
    assert 9 == result.exit_code
    assert "t0ken" not in result.stdout + result.stderr


def test_a_get_that_acts_is_made_once(server: Recorder, other_server: Recorder) -> None:
    """What `check` calls only because it was named is not called on the other server."""
    paths = {**_PATHS, "/cache/resetAll": {"get": operation("resetAll", summary="Reset the cache")}}
    for side in (server, other_server):
        side.responses |= {"/things": json_response([]), "/cache/resetAll": json_response({})}
    api = save_api(paths, server=server)
    result = _check(api, "--operation", "reset-all", "--against", other_server.origin, "--yes")
    assert 0 == result.exit_code, result.stderr
    assert "/cache/resetAll" in {request.target for request in server.requests}
    assert "/cache/resetAll" not in {request.target for request in other_server.requests}


def test_what_changes_something_is_made_once(api: str, server: Recorder, other_server: Recorder) -> None:
    """An operation that is not safe is never called on the other server."""
    server.responses["/things"] = lambda sent: (
        json_response([{"id": "a"}]) if sent.method == "GET" else Response(201, b'{"id": "n"}')
    )
    _check(api, "--operation", "create-thing", "--against", "staging", "--no-fail", "--yes")
    assert "POST" in {request.method for request in server.requests}
    assert {"GET"} == {request.method for request in other_server.requests}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--against", "prod"), "has no profile `prod`"),
        (("--against", "ftp://x"), "Give one: `--against https://api.example.com`"),
        (("--against", "history:1"), "cannot be compared with `history:1`"),
        (("--against", "rev:abcd"), "cannot be compared with `rev:abcd`"),
        (("--against", "staging", "--ignore", "rows"), "`rows` is an invalid value"),
    ],
)
def test_a_wrong_line_sends_nothing(
    words: tuple[str, ...], message: str, api: str, server: Recorder, other_server: Recorder
) -> None:
    """The error comes before any call."""
    result = _check(api, *words)
    assert_ended(result, 2, message)
    assert [] == server.requests + other_server.requests


def test_profiles_are_completed(api: str) -> None:
    """They are what a person most likely compares with."""
    assert ["staging"] == run_cli("__complete", "bash", "check", api, "--against", "").stdout.split()
