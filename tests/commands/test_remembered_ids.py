"""Completion offers the ids that earlier responses had: as values of arguments, options and fields, offline."""

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from dynacli.registry import record_call
from tests.documents import operation, parameter, save_api
from tests.harness import Recorder, Response, run_cli

_TEXT, _NUMBER = {"type": "string"}, {"type": "integer"}


def _get(operation_id: str, *names: str, schema: Any = _TEXT) -> dict[str, Any]:
    """Return a path item whose GET takes these parameters in its path."""
    return {"get": operation(operation_id, *(parameter(name, schema, "path") for name in names))}


@pytest.fixture
def api(server: Recorder) -> str:
    """An API of repositories with issues, of runs, pets and keys."""
    in_repo = [parameter(name, _TEXT, "path") for name in ("owner", "repo")]
    run = {"type": "object", "properties": {"runId": _TEXT, "runIds": {"type": "array", "items": _TEXT}}}
    paths = {
        "/runs": {
            "get": operation("listRuns", parameter("page", _NUMBER)),
            "post": operation("addRun", body={"type": "object"}),
        },
        "/runs/{id}": {
            **_get("getRun", "id"),
            "delete": operation("dropRun", parameter("id", _TEXT, "path")),
        },
        "/runs/{id}/log": _get("getLog", "id"),
        "/pets/search": {"get": operation("searchPets")},
        "/pets/{petId}": _get("getPet", "petId", schema=_NUMBER),
        "/repos/{owner}/{repo}/issues": _get("listIssues", "owner", "repo"),
        "/repos/{owner}/{repo}/issues/{number}": {
            "get": operation("getIssue", *in_repo, parameter("number", _NUMBER, "path"))
        },
        "/report": {
            "post": operation("report", parameter("runId", _TEXT), parameter("other", _TEXT), body=run)
        },
        "/states": {"get": operation("listStates")},
        "/states/{state}": _get("getState", "state", schema={"enum": ["on", "off"]}),
    }
    return save_api(paths, server=server)


def _response(server: Recorder, path: str, value: Any, status: int = 200) -> None:
    server.responses[path] = Response(status, json.dumps(value).encode())


def _offered(*words: str, script: str = "zsh") -> list[str]:
    """Return the candidates for the last word, with their descriptions."""
    result = run_cli("__complete", script, *words)
    assert (0, "") == (result.exit_code, result.stderr)
    return result.stdout.splitlines()


def test_the_ids_of_a_list_are_values_of_its_items(api: str, server: Recorder) -> None:
    """An id is offered with the name of its item, but in Bash, which shows no descriptions."""
    _response(
        server, "/runs", {"rows": [{"id": "r1", "name": "One"}, {"id": "r2", "title": "Two"}, {"id": "r3"}]}
    )
    assert [] == _offered(api, "get-run", "")
    run_cli(api, "list-runs")
    expected = ["r1\tOne", "r2\tTwo", "r3"]
    assert expected == _offered(api, "get-run", "") == _offered(api, "get-run", "", script="fish")
    assert ["r1", "r2", "r3"] == _offered(api, "get-run", "", script="bash")
    assert ["r2\tTwo"] == _offered(api, "get-log", "r2")
    assert ["--id=r1\tOne"] == _offered(api, "get-run", "--id=r1")
    assert expected == _offered(api, "get-run", "--id", "")
    assert [] == _offered(api, "get-run", "r1", "")


def test_inputs_are_completed_that_name_a_thing(api: str, server: Recorder) -> None:
    """`runId` in the query or in the body is a run, and an option that names nothing gets no values."""
    _response(server, "/runs", [{"id": "r1", "name": "One"}])
    run_cli(api, "list-runs")
    assert ["r1\tOne"] == _offered(api, "report", "--run-id", "")
    assert ["r1\tOne"] == _offered(api, "report", "--body.run-id", "")
    assert ["r1\tOne"] == _offered(api, "report", "--run-ids", "")
    _response(server, "/runs/r2", {"name": "Two"})
    run_cli(api, "get-run", "r2")
    assert ["r2\tTwo", "r1\tOne"] == _offered(api, "report", "--run-id", "")
    assert [] == _offered(api, "report", "--other", "")
    assert [] == _offered(api, "report", "--nothing", "")


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("response", "offered"),
    [
        pytest.param(["r1", "r2"], ["r1", "r2"], id="texts"),
        pytest.param([{"id": 7, "name": "Seven"}], ["7\tSeven"], id="numbers"),
        pytest.param({"data": {"runs": [{"uuid": "u1"}]}}, ["u1"], id="deep"),
        pytest.param({"r1": {"state": "on"}, "r2": {"state": "off"}}, ["r1", "r2"], id="keys"),
        pytest.param({"runs": [{"run_id": "r1", "owner_id": "o"}]}, ["r1"], id="its-own-id"),
        pytest.param(
            [{"id": "a b"}, {"id": "x" * 101}, {"id": ""}, {"id": None}, {"id": "$(x)"}], [], id="not-safe"
        ),
        pytest.param({"count": 3}, [], id="no-list"),
        pytest.param([], [], id="empty"),
    ],
)
def test_where_the_ids_of_a_response_are(
    response: Any, offered: list[str], api: str, server: Recorder
) -> None:
    """Items are found as a check finds them; what could harm a shell is left out."""
    _response(server, "/runs", response)
    run_cli(api, "list-runs", "--validate", "off")
    assert offered == _offered(api, "get-run", "")


def test_a_response_that_breaks_off_has_no_ids(api: str, server: Recorder) -> None:
    """JSON that is none is not a response to learn from, and what was read of it before stays."""
    _response(server, "/runs", [{"id": "r1"}])
    run_cli(api, "list-runs")
    server.responses["/runs"] = Response(body=b'[{"id": "r2"')
    run_cli(api, "list-runs", "--page", "2")
    assert ["r1"] == _offered(api, "get-run", "")


def test_a_path_that_chooses_from_a_collection_lists_its_items(api: str, server: Recorder) -> None:
    """`/pets/search` responds with pets, whose ids are numbers here."""
    _response(server, "/pets/search", {"items": [{"id": 3, "name": "Tom"}, {"id": "x"}]})
    run_cli(api, "search-pets")
    assert ["3\tTom"] == _offered(api, "get-pet", "")


def test_ids_belong_to_the_path_above_them(api: str, server: Recorder) -> None:
    """The issues of one repository are not offered for another; what was called is known itself."""
    _response(server, "/repos/ann/one/issues", [{"number": 1, "title": "First"}])
    _response(server, "/repos/bob/two/issues", [{"number": 2, "title": "Second"}])
    run_cli(api, "list-issues", "ann", "one")
    run_cli(api, "list-issues", "bob", "two")
    assert ["bob", "ann"] == _offered(api, "get-issue", "")
    assert ["one"] == _offered(api, "get-issue", "ann", "")
    assert ["1\tFirst"] == _offered(api, "get-issue", "ann", "one", "")
    assert ["2\tSecond"] == _offered(api, "get-issue", "--owner", "bob", "--repo=two", "")
    assert ["2\tSecond", "1\tFirst"] == _offered(api, "get-issue", "--number", "")


def test_what_is_gone_is_not_offered(api: str, server: Recorder) -> None:
    """Neither what was deleted, nor what the server does not find any more, unless it is listed again."""
    _response(server, "/runs", [{"id": "r1"}, {"id": "r2"}, {"id": "r3"}])
    run_cli(api, "list-runs")
    _response(server, "/runs/r1", {})
    run_cli(api, "drop-run", "r1")
    run_cli(api, "get-run", "r2")
    assert ["r3"] == _offered(api, "get-run", "")
    run_cli(api, "list-runs")
    assert ["r1", "r2", "r3"] == _offered(api, "get-run", "")


def test_what_is_new_is_offered_first(api: str, server: Recorder) -> None:
    """A response that creates a thing, and one that describes it, tell its id and its name."""
    _response(server, "/runs", [{"id": "r1", "name": "One"}])
    run_cli(api, "list-runs")
    _response(server, "/runs", {"id": "r2", "name": "Two", "tags": ["x"]}, 201)
    run_cli(api, "add-run", "--body", "{}")
    _response(server, "/runs/r3", {"data": {"id": "r3", "name": "Three"}})
    run_cli(api, "get-run", "r3")
    server.responses["/runs/r4/log"] = Response(body=b"text", headers={"Content-Type": "text/plain"})
    run_cli(api, "get-log", "r4", "--validate", "off")
    assert ["r4", "r3\tThree", "r2\tTwo", "r1\tOne"] == _offered(api, "get-run", "")


def test_documented_values_are_all_there_is(api: str, server: Recorder) -> None:
    """If the document lists the values of an argument, none are remembered for it."""
    _response(server, "/states", ["on", "unknown"])
    run_cli(api, "list-states")
    assert ["on", "off"] == _offered(api, "get-state", "")


def test_so_many_ids_are_remembered_of_a_kind(
    api: str, server: Recorder, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The latest responses stay, with as many items as are wanted; a page that is asked for again replaces itself."""
    monkeypatch.setattr(record_call, "MOST_REMEMBERED", 4)
    for page in (1, 2, 2, 3):
        _response(server, "/runs", [{"id": f"r{page}{number}"} for number in range(2)])
        run_cli(api, "list-runs", "--page", str(page))
    assert ["r30", "r31", "r20", "r21"] == _offered(api, "get-run", "")
    with sqlite3.connect(home / "state" / "history.sqlite") as db:
        assert [("page=2",), ("page=3",)] == db.execute("SELECT query FROM responses ORDER BY n").fetchall()


def test_all_pages_of_a_list_are_remembered(api: str, server: Recorder) -> None:
    """With `--all` each page gives its ids, and the history has one call."""
    pages = {"": ([{"id": "r1"}], "/runs?page=2"), "page=2": ([{"id": "r2"}], "")}

    def response(request: Any) -> Response:
        items, following = pages[request.target.partition("?")[2]]
        link = {"Link": f'<{following}>; rel="next"'} if following else {}
        return Response(body=json.dumps(items).encode(), headers={"Content-Type": "application/json", **link})

    server.responses["/runs"] = response
    assert [{"id": "r1"}, {"id": "r2"}] == run_cli(api, "list-runs", "--all").json
    assert ["r2", "r1"] == _offered(api, "get-run", "")
    (row,) = run_cli("history", "-o", "json").json
    assert (f"{server.origin}/runs", 200, 28) == (row["url"], row["status"], row["bytes"])


@pytest.mark.parametrize("state", ["off", "gone", "damaged", "later"])
def test_without_a_history_nothing_is_offered(
    state: str, api: str, server: Recorder, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Completion is silent if there is no history, or none that it can read."""
    if state == "off":
        monkeypatch.setenv("DYNACLI_HISTORY", "off")
    _response(server, "/runs", [{"id": "r1"}])
    run_cli(api, "list-runs")
    path = home / "state" / "history.sqlite"
    if state == "gone":
        assert 0 == run_cli("history", "clear").exit_code
    elif state == "damaged":
        path.write_bytes(b"damaged" * 1000)
    elif state == "later":
        with sqlite3.connect(path) as db:
            db.execute("PRAGMA user_version = 99")
    assert [] == _offered(api, "get-run", "")


def test_damaged_rows_are_left_out(api: str, server: Recorder, home: Path) -> None:
    """A row that is not JSON costs nothing but its own ids."""
    _response(server, "/runs", [{"id": "r1"}])
    run_cli(api, "list-runs")
    with sqlite3.connect(home / "state" / "history.sqlite") as db:
        db.execute(
            "INSERT INTO responses (source, template, path_values, query, items, body)"
            " SELECT source, template, '[', 'x', 1, '{' FROM responses"
        )
    assert ["r1"] == _offered(api, "get-run", "")


def test_the_numbers_of_calls_are_completed(api: str, server: Recorder) -> None:
    """`history show` and `replay` offer the latest calls, with their command lines."""
    _response(server, "/runs", [])
    run_cli(api, "list-runs", "--page", "1")
    line = f"1\t{api} list-runs --page 1"
    assert [line] == _offered("history", "show", "") == _offered("replay", "")
    assert ["clear", "export", "show"] == _offered("history", "")[:3]
    assert ["--failed", "--since"] == [
        word for word in _offered("history", "--") if word in ("--failed", "--since")
    ]
    assert ["curl", "har", "http"] == _offered("history", "show", "1", "--as", "")
    assert [] == _offered("history", "show", "1", "")
    assert [] == _offered("history", "clear", "")
    assert ["--help"] == _offered("replay", "--")
    assert "--dry-run" in _offered("replay", "1", "--")
    assert [] == _offered("replay", "1", "")
