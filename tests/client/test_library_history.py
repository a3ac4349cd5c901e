"""Calls of Python programs are in the history, as the commands that would make them."""

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dynacli import Api, open_api
from dynacli.errors import HttpError, UsageError
from tests.documents import document, operation, parameter, serve
from tests.harness import Recorder, Response, json_response, run_cli

_LINES = {"200": {"description": "", "content": {"application/jsonl": {"itemSchema": {"type": "object"}}}}}


@pytest.fixture
def api(server: Recorder) -> Iterator[Api]:
    """An API that is registered and open, with a list, an item, a login and a stream."""
    page = parameter("page", {"type": "integer"})
    login = {"type": "object", "properties": {"user": {}, "pin": {"type": "string", "format": "password"}}}
    first = {"item": {"operationId": "getItem", "parameters": {"itemId": "$response.body#/0/id"}}}
    listed = {"200": {"description": "", "links": first}}
    paths = {
        "/items": {"get": operation("listItems", page, responses=listed)},
        "/items/{itemId}": {"get": operation("getItem", parameter("itemId", {"type": "string"}, "path"))},
        "/login": {"post": operation("logIn", body=login)},
        "/lines": {"get": operation("watchLines", responses=_LINES)},
    }
    url = serve(server, document(paths, [server.origin], version="3.2.0"))
    assert 0 == run_cli("api", "add", "shop", url).exit_code
    server.responses["/items"] = lambda request: json_response(
        [] if "page=2" in request.target else [{"id": 1}]
    )
    server.responses["/login"] = Response()
    server.responses["/lines"] = Response(200, b'{"a":1}\n{"a":2}\n', {"Content-Type": "application/jsonl"})
    with open_api("shop") as opened:
        yield opened


def _rows() -> list[dict[str, Any]]:
    """Return the calls of the history, the latest first."""
    rows: list[dict[str, Any]] = run_cli("history", "-o", "json").json
    return rows


def test_a_call_is_in_the_history_and_can_be_made_again(api: Api, server: Recorder) -> None:
    """Its command has all inputs as JSON, and the exit code is that of the command line."""
    api.call("list-items", page=1)
    with pytest.raises(HttpError):
        api.call("getItem", {"itemId": "x y"}).raise_for_status()
    second, first = _rows()
    assert ("dynacli shop list-items --inputs '{\"page\": 1}'", 200, 0) == (
        first["command"],
        first["status"],
        first["exit_code"],
    )
    assert ("get-item", 404, 4) == (second["operation"], second["status"], second["exit_code"])
    for number, target in ((1, "/items/x%20y"), (3, "/items?page=1")):
        run_cli("replay", str(number))
        assert target == server.last.target


def test_the_pages_of_a_list_a_wait_and_a_stream_are_one_call_each(api: Api, tmp_path: Path) -> None:
    """Also if a program takes only a part of them; a download is one, too."""
    assert [{"id": 1}] == list(api.items("list-items"))
    next(iter(api.pages("list-items")))
    api.wait("list-items", "[0].id")
    with api.stream("watch-lines") as response:
        assert 2 == len(list(response))
    api.download("list-items", tmp_path / "items.json")
    assert [
        ("list-items", 0),
        ("watch-lines", 0),
        ("list-items", 0),
        ("list-items", 0),
        ("list-items", 0),
    ] == [(row["operation"], row["exit_code"]) for row in _rows()]
    assert "dynacli shop list-items --wait '[0].id' --inputs '{}'" == _rows()[2]["command"]


def test_a_followed_link_is_a_call(api: Api, server: Recorder) -> None:
    """Its command makes the call before, too, and can be repeated."""
    server.responses["/items/1"] = json_response({"id": 1})
    assert {"id": 1} == api.follow(api.call("list-items", page=1), "item").data
    followed, listed = _rows()
    assert "dynacli shop list-items --inputs '{\"page\": 1}'" == listed["command"]
    assert "dynacli shop list-items --follow item --inputs '{\"page\": 1}'" == followed["command"]
    assert ("get-item", 200) == (followed["operation"], followed["status"])
    run_cli("replay", "1")
    assert ["/items?page=1", "/items/1"] == [request.target for request in server.requests[-2:]]


def test_a_comparison_is_a_call_to_each_server(api: Api, server: Recorder) -> None:
    """Also of several pages; a response that the program has is no call."""
    other = f"{server.origin}/other"
    server.responses["/other/items"] = lambda request: json_response(
        [] if "page=2" in request.target else [{"id": 2}]
    )
    assert api.diff("list-items", against=other, page=1).differences
    given = "--inputs '{\"page\": 1}'"
    assert [
        (f"dynacli shop list-items --server {other} {given}", 200, f"{other}/items?page=1"),
        (f"dynacli shop list-items {given}", 200, f"{server.origin}/items?page=1"),
    ] == [(row["command"], row["status"], row["url"]) for row in _rows()]
    api.diff("list-items", against=other, pages=True)
    assert f"dynacli shop list-items --all --server {other} --inputs '{{}}'" == _rows()[0]["command"]
    api.diff("list-items", against=api.call("list-items"))
    assert 6 == len(_rows())


def test_each_row_of_a_batch_is_a_call(api: Api) -> None:
    """With its own inputs and status, whatever the others are."""
    list(api.batch([{"itemId": "a"}, {"itemId": "b"}], "get-item", parallel=2))
    command = 'dynacli shop get-item --inputs \'{{"itemId": "{}"}}\''
    expected = {(command.format(name), 404, 4) for name in "ab"}
    assert expected == {(row["command"], row["status"], row["exit_code"]) for row in _rows()}


def test_a_secret_of_a_call_is_masked(api: Api, home: Path, canary: str) -> None:
    """In the command, and with `full` in the messages."""
    run_cli("config", "set", "history=full")
    api.call("log-in", user="ann", pin=canary)
    api.call("list-items", query={"api_key": canary})
    found = run_cli("history", "-o", "json").stdout + run_cli("history", "show", "2").stdout
    assert "ann" in found
    assert canary not in found
    assert canary.encode() not in (home / "state" / "history.sqlite").read_bytes()


def test_what_was_not_sent_is_not_in_the_history(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor is any call if the history is off."""
    with pytest.raises(UsageError):
        api.call("list-items", page="x")
    monkeypatch.setenv("DYNACLI_HISTORY", "off")
    api.call("list-items")
    monkeypatch.delenv("DYNACLI_HISTORY")
    assert [] == _rows()


def test_calls_of_several_threads_are_all_in_the_history(api: Api) -> None:
    """Each with its own inputs and response."""
    threads = [
        threading.Thread(target=api.call, args=("list-items",), kwargs={"page": number})
        for number in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    commands = {json.loads(row["command"].partition("--inputs ")[2].strip("'"))["page"] for row in _rows()}
    assert set(range(8)) == commands
