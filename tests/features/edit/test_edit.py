"""`dynacli edit`: what a GET gives is changed in an editor, and sent by the operation that belongs to it."""

import json
import shlex
from pathlib import Path
from typing import Any

import pytest

from tests.documents import operation, parameter, save_api
from tests.harness import Recorder, Response, Result, run_cli

STRING = {"type": "string"}
ID = parameter("id", STRING, "path")
THING = {"id": "7", "name": "old", "tags": ["a"], "owner": {"name": "Ann", "age": 3}}
CHANGED = {"id": "7", "name": "new", "tags": ["a", "b"], "owner": {"name": "Bea", "age": 3}}
CLOSED: dict[str, Any] = {
    "type": "object",
    "properties": {"name": STRING, "tags": {}},
    "additionalProperties": False,
}
JSON_PATCH, MERGE_PATCH = "application/json-patch+json", "application/merge-patch+json"
TERMINAL = ("stdin", "stderr")

pytestmark = pytest.mark.usefixtures("drafts")


@pytest.fixture
def saving(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return a function that says which text the editor saves; it keeps what it was given in `shown`."""

    def saves(text: str) -> None:
        Path("saved").write_text(text)
        script = Path("editor")
        here = shlex.quote(str(Path.cwd()))
        script.write_text(f'#!/bin/sh\ncp "$1" {here}/shown; cp {here}/saved "$1"\n')
        script.chmod(0o700)
        monkeypatch.setenv("EDITOR", str(script.resolve()))

    return saves


def _api(server: Recorder, updates: dict[str, Any], etag: str = '"v1"') -> str:
    """Save a document whose `/things/{id}` can be read and updated."""
    server.responses["/things/7"] = Response(body=json.dumps(THING).encode(), headers={"ETag": etag})
    paths = {"/things/{id}": {"get": operation("getThing", ID), **updates}}
    return save_api(paths, server=server)


def _update(name: str, body: Any = True, media_type: str = "application/json") -> Any:
    return operation(name, ID, body=body, media_type=media_type)


def _edit(api: str, *words: str, stdin: bytes = b"y\n") -> Result:
    return run_cli("edit", api, "get-thing", "7", *words, stdin=stdin, terminal=TERMINAL)


UPDATES = {
    "put": ({"put": _update("setThing")}, CHANGED),
    "put-what-it-takes": ({"put": _update("setThing", CLOSED)}, {"name": "new", "tags": ["a", "b"]}),
    "patch": (
        {"patch": _update("changeThing"), "put": _update("setThing")},
        {"name": "new", "tags": ["a", "b"], "owner": {"name": "Bea", "age": 3}},
    ),
    "merge-patch": (
        {"patch": _update("changeThing", media_type=MERGE_PATCH)},
        {"name": "new", "tags": ["a", "b"], "owner": {"name": "Bea"}},
    ),
    "json-patch": (
        {"patch": _update("changeThing", media_type=JSON_PATCH)},
        [
            {"op": "replace", "path": "/name", "value": "new"},
            {"op": "replace", "path": "/tags", "value": ["a", "b"]},
            {"op": "replace", "path": "/owner/name", "value": "Bea"},
        ],
    ),
}


@pytest.mark.parametrize("name", UPDATES)
def test_the_operation_that_belongs_to_it_sends_the_change(name: str, server: Recorder, saving: Any) -> None:
    """A PATCH says what differs, a PUT all that it takes, and `If-Match` that no one else changed it meanwhile."""
    updates, body = UPDATES[name]
    api = _api(server, updates)
    kept = {
        key: value for key, value in CHANGED.items() if "takes" not in name or key in CLOSED["properties"]
    }
    saving(json.dumps(kept))
    result = _edit(api)
    assert 0 == result.exit_code, result.stderr
    read, sent = server.requests
    assert ("GET", next(iter(updates)).upper()) == (read.method, sent.method)
    assert body == json.loads(sent.body)
    assert ['"v1"'] == sent.headers["if-match"]
    assert '-  "name": "old"' in result.stderr
    assert '+  "name": "new"' in result.stderr
    shown = json.loads(Path("shown").read_text())
    assert {key: value for key, value in THING.items() if key in kept} == shown


@pytest.mark.parametrize(
    ("text", "stdin", "message"),
    [
        (json.dumps(THING), b"y\n", "Nothing was changed"),
        (json.dumps(CHANGED), b"n\n", "Nothing was sent: you answered no"),
        (json.dumps(CHANGED), b"", "Nothing was sent: you answered no"),
        ("{", b"n\n", "is kept in"),
        ("", b"", "The body was left empty"),
    ],
    ids=["unchanged", "refused", "no-response", "no-json", "empty"],
)
def test_nothing_is_sent_that_nobody_wants(
    text: str, stdin: bytes, message: str, server: Recorder, saving: Any
) -> None:
    """The exit code is 2, and what was written is kept if it was changed."""
    api = _api(server, {"put": _update("setThing")})
    saving(text)
    result = _edit(api, stdin=stdin)
    assert (2, ["GET"]) == (result.exit_code, [request.method for request in server.requests])
    assert message in result.stderr


def test_a_change_that_the_server_refuses_is_kept(server: Recorder, saving: Any, drafts: Path) -> None:
    """The thing was changed meanwhile: the exit code is that of the response, and the text is not lost."""
    api = _api(server, {"put": _update("setThing")}, etag='W/"weak"')
    saving(json.dumps(CHANGED))
    read = server.responses["/things/7"]
    assert isinstance(read, Response)
    server.responses["/things/7"] = lambda sent: read if sent.method == "GET" else Response(412, b"{}")
    result = _edit(api, "--yes")
    assert (4, ["GET", "PUT"]) == (result.exit_code, [request.method for request in server.requests])
    assert "if-match" not in server.requests[1].headers
    assert 1 == len(list(drafts.glob("*/body.json")))


@pytest.mark.parametrize(
    ("updates", "response", "message"),
    [
        ({}, None, "has no PATCH and no PUT"),
        ({"put": _update("setThing", media_type="text/plain")}, None, "has no PATCH and no PUT"),
        (
            {"put": _update("setThing")},
            Response(body=b"<p>", headers={"Content-Type": "text/html"}),
            "It is not JSON",
        ),
    ],
    ids=["no-update", "no-json-update", "html"],
)
def test_what_cannot_be_edited_is_said(
    updates: dict[str, Any], response: Response | None, message: str, server: Recorder, saving: Any
) -> None:
    """Before an editor is opened."""
    api = _api(server, updates)
    if response is not None:
        server.responses["/things/7"] = response
    saving("{}")
    result = _edit(api)
    assert 2 == result.exit_code
    assert message in result.stderr
    assert not Path("shown").exists()


def test_an_operation_that_changes_something_is_not_edited(server: Recorder) -> None:
    """A resource is read first."""
    api = _api(server, {"put": _update("setThing")})
    result = run_cli("edit", api, "set-thing", "7", "--body", "{}")
    assert (2, []) == (result.exit_code, server.requests)


def test_without_a_terminal_there_is_no_editor(server: Recorder, saving: Any) -> None:
    """The message names the command that needs it; the demo API can be edited as well."""
    saving("{}")
    result = run_cli("edit", _api(server, {"put": _update("setThing")}), "get-thing", "7")
    assert "`dynacli edit` needs a terminal" in result.stderr
    assert 2 == run_cli("edit", "demo", "list-workflows").exit_code


def test_numbers_that_nobody_changed_keep_their_digits(server: Recorder, saving: Any) -> None:
    """`1.10` is shown and sent as it came."""
    api = _api(server, {"patch": _update("changeThing")})
    server.responses["/things/7"] = Response(
        body=b'{"name": "old", "price": 1.10, "size": 12345678901234567890}'
    )
    saving('{"name": "new", "price": 1.10, "size": 123456789012345678901}')
    assert 0 == _edit(api).exit_code
    assert '"price": 1.10,' in Path("shown").read_text()
    assert b'{"name":"new","size":123456789012345678901}' == server.last.body


def test_a_dry_run_shows_the_change_and_sends_nothing(server: Recorder, saving: Any) -> None:
    """The thing is read and edited, and no one is asked."""
    api = _api(server, {"put": _update("setThing")})
    saving(json.dumps(CHANGED))
    result = _edit(api, "--dry-run", "json", stdin=b"")
    assert (0, ["GET"]) == (result.exit_code, [request.method for request in server.requests])
    assert ("PUT", CHANGED) == (result.json["method"], json.loads(result.json["body"]))
    assert '+  "name": "new"' in result.stderr


@pytest.mark.parametrize("words", [["--all"], ["--report", "json"], ["--wait", "a"], ["-O"]], ids=" ".join)
def test_an_option_that_editing_would_forget_is_refused(server: Recorder, words: list[str]) -> None:
    """Before anything is read."""
    result = _edit(_api(server, {"put": _update("setThing")}), *words)
    assert (2, []) == (result.exit_code, server.requests)
    assert "`edit` does not accept `--" in result.stderr
