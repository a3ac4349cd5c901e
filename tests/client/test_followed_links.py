"""`--follow`: the call that a link of the document describes is made, filled from the response before."""

import json
from pathlib import Path
from typing import Any

import pytest

from dynacli import open_api
from dynacli.client.engine import series
from dynacli.errors import FormatError, UsageError
from tests.documents import operation, parameter, save_api
from tests.harness import Recorder, Response, json_response, run_cli

_STRING = {"type": "string"}
_HTML = Response(200, b"<p>", {"Content-Type": "text/html"})


def _responses(status: str = "200", schema: Any = None, **links: Any) -> dict[str, Any]:
    content = {"application/json": {"schema": schema or {}}}
    return {status: {"description": "", "content": content, "links": links}}


_RUN: dict[str, dict[str, Any]] = {
    "run": {
        "operationId": "getRun",
        "parameters": {"id": "$response.body#/run/id", "trace": "t-{$request.query.q}"},
    },
    "at": {"operationId": "getRun", "parameters": {"path.id": "$response.header.X-Id"}},
    "deleted": {"operationId": "deleteRun", "parameters": {"id": "$response.body#/run/id"}},
    "renamed": {
        "operationRef": "#/paths/~1runs~1{id}/put",
        "parameters": {"id": "$request.query.q"},
        "requestBody": "$response.body#/run",
    },
    "noted": {"operationId": "note", "parameters": {}, "requestBody": "$request.body#/name"},
    "nowhere": {"operationId": "getNothing"},
    "unfilled": {"operationId": "getRun", "parameters": {}},
    "bodiless": {"operationId": "putRun", "parameters": {"id": "$request.query.q"}},
}


def _api(server: Recorder, links: dict[str, Any] | None = None, **more: Any) -> str:
    """Save an API whose `start` has links to what can be done with a run; return its word."""
    links = _RUN if links is None else links
    start = operation(
        "start", parameter("q", _STRING), body={"type": "object"}, responses=_responses("201", **links)
    )
    start["requestBody"]["required"] = False
    look = operation("look", parameter("q", _STRING), responses=_responses(**links))
    on_run = parameter("id", _STRING, "path")
    step = {"operationId": "getStep", "parameters": {"id": "$response.body#/step"}}
    schema = {"type": "object", "properties": {"step": {"type": "integer"}}}
    get_run = operation(
        "getRun", on_run, parameter("trace", _STRING), responses=_responses("200", schema, step=step)
    )
    paths = {
        "/start": {"post": start},
        "/look": {"get": look},
        "/runs/{id}": {
            "get": get_run,
            "delete": operation("deleteRun", on_run),
            "put": operation(
                "putRun", on_run, body={"type": "object", "properties": {"id": {"type": "integer"}}}
            ),
        },
        "/steps/{id}": {"get": operation("getStep", parameter("id", {"type": "integer"}, "path"))},
        "/note": {"post": operation("note", body=_STRING, media_type="text/plain")},
    }
    run = {"run": {"id": 7}}
    server.responses["/start"] = json_response(run, 201, **{"X-Id": "a/b"})
    server.responses["/look"] = json_response(run, 200, **{"X-Id": "a/b"})
    server.responses["/runs/7"] = json_response({"step": 3})
    server.responses["/runs/a%2Fb"] = json_response({"step": 4})
    server.responses["/runs/x"] = json_response({"put": True})
    server.responses["/steps/3"] = json_response({"is": "step"})
    server.responses["/note"] = json_response({"is": "note"})
    return save_api(paths, server=server, **more)


@pytest.mark.sampled(2)
@pytest.mark.parametrize(
    ("words", "targets", "written"),
    [
        (["start", "--follow", "run", "--q", "x"], ["/start?q=x", "/runs/7?trace=t-x"], {"step": 3}),
        (["look", "--follow", "200.at"], ["/look", "/runs/a%2Fb"], {"step": 4}),
        (
            ["look", "--follow", "run", "--follow", "step", "--q", "x"],
            ["/look?q=x", "/runs/7?trace=t-x", "/steps/3"],
            {"is": "step"},
        ),
        (["look", "--follow", "renamed", "--q", "x"], ["/look?q=x", "/runs/x"], {"put": True}),
        (["start", "--follow", "noted", "--set", 'name="n"'], ["/start", "/note"], {"is": "note"}),
    ],
    ids=["body-and-template", "header", "chain", "request-body", "text-from-the-request"],
)
def test_the_call_of_a_link_is_made(
    server: Recorder, words: list[str], targets: list[str], written: dict[str, Any]
) -> None:
    """Filled from the call before and its response; the last response is written alone."""
    result = run_cli(_api(server), *words)
    assert (0, written) == (result.exit_code, result.json), result.stderr
    assert targets == [request.target for request in server.requests]


def test_a_body_is_sent_as_the_media_type_wants_it(server: Recorder) -> None:
    """A JSON value as JSON, and text as text."""
    api = _api(server)
    run_cli(api, "look", "--follow", "renamed", "--q", "x")
    assert ("PUT", b'{"id": 7}') == (server.last.method, server.last.body.replace(b":7", b": 7"))
    run_cli(api, "start", "--follow", "noted", "--set", 'name="n"')
    assert b"n" == server.last.body


@pytest.mark.sampled(6)
@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--follow", "runs"], 2, "`look` has no link `runs`"),
        (["--follow", "runs"], 2, "It has `run` (200), `at` (200)"),
        (["--follow", "run", "--follow", "run"], 2, "`get-run` has no link `run`"),
        (["--follow", "run", "--follow", "step", "--follow", "x"], 2, "has no links for its responses"),
        (["--follow", "nowhere"], 2, "the document has no operation `getNothing`"),
        (["--follow", "unfilled"], 2, "`get-run` needs ID, which the link does not provide"),
        (["--follow", "bodiless"], 2, "`put-run` needs a body"),
        (["--follow", "run", "--all"], 2, "`--follow` and `--all` cannot be combined"),
        (["--follow", "run", "--max-items", "2"], 2, "`--follow` and `--max-items` cannot"),
        (["--follow", "run", "-O"], 2, "`--follow` and `-O` cannot"),
        (["--follow", "deleted", "--wait", "step"], 2, "DELETE request may change data"),
    ],
)
def test_what_the_document_alone_shows_is_said_before_anything_is_sent(
    server: Recorder, words: list[str], code: int, said: str
) -> None:
    """Exit 2, with the links that there are."""
    result = run_cli(_api(server), "look", *words)
    assert (code, [], "") == (result.exit_code, server.requests, result.stdout)
    assert said in result.stderr


def test_read_follows_to_what_changes_nothing_alone(server: Recorder) -> None:
    """A link to anything else is refused before the first call."""
    api = _api(server)
    assert 0 == run_cli("api", "add", "runs", api).exit_code
    refused = run_cli("read", api, "look", "--follow", "deleted")
    assert (11, []) == (refused.exit_code, server.requests)
    assert "`delete-run` may change data: its method is DELETE" in refused.stderr
    assert 0 == run_cli("read", api, "look", "--follow", "at").exit_code


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("response", "code", "said", "written"),
    [
        (
            json_response({"run": {}}),
            13,
            "value of `id` comes from `$response.body#/run/id`, which is missing",
            True,
        ),
        (json_response({"run": {"id": None}}), 13, "which is missing", True),
        (_HTML, 13, "which is missing", True),
        (
            json_response({"run": {"id": 7}}, 202),
            13,
            "Its status is 202, and the document has the link for 200",
            True,
        ),
        (json_response({"run": {"id": ""}}), 13, "`$response.body#/run/id`, which is empty", True),
        (json_response({"run": {"id": 7}}, 404), 4, "responded with 404", True),
        (json_response({"run": {"id": 8}}), 4, "responded with 404", False),
    ],
    ids=["missing", "null", "html", "another-status", "not-to-be-sent", "failed", "next-failed"],
)
def test_a_response_that_cannot_be_followed_is_the_last(
    server: Recorder, response: Response, code: int, said: str, written: bool
) -> None:
    """It is printed; what it lacks is exit 13, and a status that is not a success ends it as it ends any call."""
    api = _api(server)
    server.responses["/look"] = response
    result = run_cli(api, "look", "--follow", "run", "--q", "x", "--validate", "off")
    assert (code, written) == (result.exit_code, response.body == result.stdout_bytes)
    assert said in result.stderr


def test_every_response_is_validated(server: Recorder) -> None:
    """The findings of each are reported once; at `strict` the first wrong response ends it."""
    api = _api(server)
    server.responses["/runs/7"] = json_response({"step": "x"})
    words = (api, "look", "--follow", "run", "--q", "x", "--follow", "step")
    warned = run_cli(*words, "--report", "json=out.json")
    assert (13, 1) == (warned.exit_code, warned.stderr.count("does not match the document"))
    assert '{"step": "x"}' == warned.stdout
    report = json.loads(Path("out.json").read_text())
    assert "/step" in json.dumps(report)
    strict = run_cli(*words, "--validate", "strict")
    assert (9, '{"step": "x"}') == (strict.exit_code, strict.stdout)


def test_what_came_is_printed_where_the_next_call_fails(server: Recorder) -> None:
    """As a thing that was made may be found by it."""
    api = _api(server)
    broken = {"Content-Type": "application/json", "Content-Length": "9", "Connection": "close"}
    server.responses["/runs/7"] = Response(200, b"{", broken)
    result = run_cli(api, "start", "--follow", "run", "--q", "x", "--retries", "0")
    assert (6, '{"run": {"id": 7}}') == (result.exit_code, result.stdout)


def test_a_wait_is_for_the_last_response(server: Recorder, monkeypatch: pytest.MonkeyPatch) -> None:
    """So a thing is made once, and looked at until it is ready."""
    monkeypatch.setattr(series, "sleep", lambda _: None)
    api = _api(server)
    steps = iter([1, 2, 3])
    server.responses["/runs/7"] = lambda _: json_response({"step": next(steps)})
    result = run_cli(api, "start", "--follow", "run", "--q", "x", "--wait", "step == `3`")
    assert (0, '{"step": 3}') == (result.exit_code, result.stdout)
    assert ["POST", "GET", "GET", "GET"] == [request.method for request in server.requests]


def test_another_server_is_refused_unless_it_is_named(server: Recorder, other_server: Recorder) -> None:
    """A link's own `server` gets the call only if it is the same origin, or a person accepted it."""
    variables = {"v": {"default": "v1"}}
    there = {**_RUN["run"], "server": {"url": f"{other_server.origin}/{{v}}", "variables": variables}}
    here = {**_RUN["run"], "server": {"url": f"{server.origin}/base"}}
    api = _api(server, {"there": there, "here": here})
    server.responses["/base/runs/7"] = other_server.responses["/v1/runs/7"] = json_response({"step": 5})
    words = (api, "look", "--q", "x", "--follow")
    refused = run_cli(*words, "there")
    assert (11, [], []) == (refused.exit_code, server.requests, other_server.requests)
    assert f"--accept-origin {other_server.origin}" in refused.stderr
    assert {"step": 5} == run_cli(*words, "here").json
    accepted = run_cli(*words, "there", "--accept-origin", other_server.origin)
    assert {"step": 5} == accepted.json
    assert ["/v1/runs/7?trace=t-x"] == [request.target for request in other_server.requests]
    assert {"step": 3} == run_cli(*words, "there", "--server", server.origin).json


def test_each_kind_of_expression_is_filled(server: Recorder) -> None:
    """The method, the status, the URL without secrets, a part of the body that was sent, and constants."""
    link = {
        "operationId": "getRun",
        "parameters": {"id": "{$method}-{$statusCode}-{$request.body#/a/0}", "trace": "$url"},
    }
    api = _api(server, {"all": link, "constant": {"operationId": "getRun", "parameters": {"id": 7}}})
    server.responses["/runs/POST-201-b"] = json_response({"step": 6})
    assert {"step": 6} == run_cli(api, "start", "--set", 'a=["b"]', "--follow", "all").json
    assert server.last.target.endswith(
        "?trace=http%3A%2F%2F" + server.origin[7:].replace(":", "%3A") + "%2Fstart"
    )
    assert {"step": 3} == run_cli(api, "look", "--follow", "constant").json
    missing = run_cli(api, "start", "--follow", "all")
    assert 13 == missing.exit_code


def test_the_links_of_an_operation_are_completed(server: Recorder) -> None:
    """Whatever status they belong to; the value may be joined to the option."""
    api = _api(server)
    run_cli(api)
    assert list(_RUN) == run_cli("__complete", "bash", api, "look", "--follow", "").stdout.split()
    assert ["--follow=run", "--follow=renamed"] == run_cli(
        "__complete", "bash", api, "look", "--follow=r"
    ).stdout.split()
    assert "" == run_cli("__complete", "bash", api, "get-step", "--follow", "").stdout


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (["--follow", "run", "--follow"], ["step"]),
        (["--follow=run", "--follow", "step", "--follow"], []),
        (["--follow", "renamed", "--follow"], []),
        (["--follow", "nowhere", "--follow"], []),
    ],
    ids=["next", "end", "by place", "nowhere"],
)
def test_behind_a_link_the_links_of_what_it_leads_to_are_completed(
    server: Recorder, words: list[str], offered: list[str]
) -> None:
    """A chain of links is completed one after the other."""
    api = _api(server)
    run_cli(api)
    assert offered == run_cli("__complete", "bash", api, "look", *words, "").stdout.split()


def test_the_first_request_is_shown_alone(server: Recorder) -> None:
    """What follows it is not known yet."""
    result = run_cli(_api(server), "look", "--follow", "run", "--dry-run")
    assert (0, []) == (result.exit_code, server.requests)
    assert result.stdout.startswith("GET /look")


def test_edit_neither_waits_nor_follows(server: Recorder) -> None:
    """What it sends is decided by a person."""
    api = _api(server)
    assert 2 == run_cli("edit", api, "get-run", "7", "--follow", "step").exit_code
    assert [] == server.requests


def test_a_python_program_follows_a_link(server: Recorder) -> None:
    """The call is filled from the response, and the same is refused as on the command line."""
    source = _api(server)
    server.responses["/start"] = json_response({"run": {"id": 7}}, 201)
    server.responses["/runs/7"] = json_response({"step": 3})
    with open_api(source) as api:
        started = api.call("start", q="x")
        followed = api.follow(started, "run")
        assert ({"step": 3}, "/runs/7?trace=t-x") == (followed.data, server.last.target)
        with pytest.raises(UsageError, match="has no link `other`"):
            api.follow(started, "other")
        with pytest.raises(FormatError, match="cannot be followed"):
            api.follow(started, "at")  # without the header that it takes
        server.responses["/start"] = json_response({}, 404)
        with pytest.raises(FormatError, match="has no link `run`"):
            api.follow(api.call("start", q="x"), "run")
    with pytest.raises(UsageError, match="is closed"):
        api.follow(started, "run")
