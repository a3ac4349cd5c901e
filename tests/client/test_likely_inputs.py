"""An error of the server says which inputs of the call it is about."""

import json
import shlex
import time
from typing import Any

import pytest

from tests.documents import api_of, get, parameter, post, save_api
from tests.harness import Recorder, Response, Result, json_response, run_cli

STRING: dict[str, Any] = {"type": "string"}
BODY: dict[str, Any] = {
    "type": "object",
    "properties": {
        "name": STRING,
        "ownerId": STRING,
        "schedule": {"type": "object", "properties": {"cron": STRING}},
        "criteria": {"type": "array", "items": {"type": "object", "properties": {"text": STRING}}},
    },
}

SHAPES: dict[str, tuple[Any, list[str]]] = {
    "RFC 9457": (
        {"title": "No", "errors": [{"detail": "is bad", "pointer": "#/schedule/cron"}]},
        ["--schedule.cron"],
    ),
    "RFC 9457, parameter": ({"errors": [{"detail": "is bad", "parameter": "pageSize"}]}, ["--page-size"]),
    "RFC 7807": ({"invalid-params": [{"name": "name", "reason": "is bad"}]}, ["--name"]),
    "FastAPI": (
        {
            "detail": [
                {"loc": ["body", "criteria", 0, "text"], "msg": "x"},
                {"loc": ["query", "page_size"], "msg": "x"},
            ]
        },
        ["--criteria.0.text", "--page-size"],
    ),
    "FastAPI, path": ({"detail": [{"loc": ["path", "id"], "msg": "x"}]}, ["ID"]),
    "Armature": (
        {"error": {"details": {"fieldErrors": [{"field": "criteria[1].text", "message": "x"}]}}},
        ["--criteria.1.text"],
    ),
    "GitHub": ({"errors": [{"resource": "Issue", "field": "name", "code": "missing_field"}]}, ["--name"]),
    "Google": (
        {"error": {"details": [{"fieldViolations": [{"field": "thing.owner_id", "description": "x"}]}]}},
        ["--owner-id"],
    ),
    "JSON:API": (
        {"errors": [{"source": {"pointer": "/data/attributes/name"}}, {"source": {"parameter": "pageSize"}}]},
        ["--name", "--page-size"],
    ),
    "Stripe": ({"error": {"param": "schedule[cron]", "message": "x"}}, ["--schedule.cron"]),
    "Rails": ({"errors": {"name": ["is bad"], "nothing": ["is bad"]}}, ["--name"]),
    "Django": ({"name": ["This field is required."]}, ["--name"]),
    "ASP.NET": (
        {"errors": {"$.schedule.cron": ["is bad"], "PageSize": ["is bad"]}},
        ["--schedule.cron", "--page-size"],
    ),
    "Rails, within": ({"errors": {"criteria[1].text": ["is bad"]}}, ["--criteria.1.text"]),
    "Rails, sentences": (
        {"errors": ["Page size must be a number", "Name can't be blank"]},
        ["--page-size", "--name"],
    ),
    "drafts of RFC 7807": ({"invalid_params": [{"name": "ownerId", "reason": "is bad"}]}, ["--owner-id"]),
    "Spring": (
        {"path": "/name", "errors": [{"field": "schedule.cron", "code": "NotBlank"}]},
        ["--schedule.cron"],
    ),
    "Jakarta": ({"violations": [{"propertyPath": "change.body.name", "message": "x"}]}, ["--name"]),
    "zod": ({"issues": [{"path": ["criteria", 0, "text"], "message": "x"}]}, ["--criteria.0.text"]),
    "Ajv": ({"errors": [{"instancePath": "/schedule/cron", "message": "x"}]}, ["--schedule.cron"]),
    "a quoted name": ({"message": "Unknown value for the parameter 'page_size'"}, ["--page-size"]),
    "a sentence": ({"title": "Bad Request", "detail": "cron is not valid"}, ["--schedule.cron"]),
    "a name within": ({"message": "There is no user with this ownerId here"}, ["--owner-id"]),
    "a sentence about another name": ({"message": "This text is not valid; the owner of it is"}, []),
    "nothing that the document has": ({"errors": [{"field": "$(reboot)"}, {"field": "else"}]}, []),
    "no object": (["x", 1, None], []),
    "deep": ({"a": [[[{"b": {"field": "name"}}]]]}, ["--name"]),
}


def _call(server: Recorder, status: int, body: Any) -> Result:
    text = body if isinstance(body, bytes) else json.dumps(body).encode()
    server.responses["/things/nope"] = Response(status, text)
    api = save_api(
        get("/things", "listThings"),
        post(
            "/things/{id}",
            "changeThing",
            parameter("id", STRING, "path"),
            parameter("pageSize", STRING),
            body=BODY,
        ),
        server=server,
    )
    return run_cli(api, "change-thing", "nope", "--name", "x", "--error-format", "json")


@pytest.mark.sampled(3)
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("status", [400, 422])
def test_fields_that_an_error_names_are_options(shape: str, status: int, server: Recorder) -> None:
    """Whatever form a server has for it, the inputs have the names of the command line, and nothing else is named."""
    body, inputs = SHAPES[shape]
    error = _call(server, status, body).error
    assert inputs == error.get("inputs", [])
    assert ("Check " + " and ".join(inputs) in error["hint"]) is bool(inputs)
    assert "reboot" not in error["hint"]


@pytest.mark.parametrize("body", [b"", b"not json", b"{", b"[" * 5000, b'{"errors": [{"field": 7}]}'])
def test_a_response_that_says_nothing_names_nothing(body: bytes, server: Recorder) -> None:
    """What cannot be read leaves the usual hint."""
    error = _call(server, 422, body).error
    assert "inputs" not in error
    assert "describe" in error["hint"]


@pytest.mark.exhaustive
def test_an_error_cannot_keep_the_program_busy(server: Recorder) -> None:
    """A megabyte of places and of names with many steps is looked through at once."""
    body = [*({"field": ".".join(["step"] * 200)} for _ in range(600)), *({} for _ in range(100_000))]
    began = time.process_time()
    assert "inputs" not in _call(server, 422, body).error
    assert time.process_time() - began < 5


@pytest.mark.parametrize("status", [404, 410])
def test_what_is_not_there_is_an_argument(status: int, server: Recorder) -> None:
    """The error names the arguments of the path, with what was given for them."""
    error = _call(server, status, {}).error
    assert error["hint"].startswith("Check ID (`nope`)")


def test_an_unknown_id_has_the_command_that_lists_ids() -> None:
    """The hint is a command that runs and prints valid values."""
    error = run_cli("demo", "get-run", "nope", "--error-format", "json").error
    command = "dynacli demo search-runs -f 'rows[].id'"
    assert f"Check ID (`nope`). List valid values: `{command}`" == error["hint"].split(". Each command")[0]
    assert 0 == run_cli(*shlex.split(command)[1:]).exit_code


def test_a_path_that_is_not_there_may_be_below_another_server(server: Recorder) -> None:
    """A document without servers, whose API is below `/api`, has the way to say so in the error of the first call."""
    server.responses["/openapi.json"] = json_response(api_of(get("/runs", "listRuns"), server=None))
    server.responses["/api/runs"] = json_response([])
    run_cli("api", "add", "shop", f"{server.origin}/openapi.json")
    said = (
        "The document names no server, so its own server was called: "
        "if the API is at another URL, such as one that ends in "
    )
    by_name = run_cli("shop", "list-runs", "--error-format", "json").error
    assert (4, f"{said}`/api`, give it with `dynacli api set shop server=URL`") == (
        by_name["exit_code"],
        by_name["hint"],
    )
    by_url = run_cli(f"{server.origin}/openapi.json", "list-runs", "--error-format", "json").error
    assert f"{said}`/api`, give it with `--server URL`" == by_url["hint"]
    chosen = run_cli("shop", "list-runs", "--server", f"{server.origin}/x", "--error-format", "json").error
    assert "names no server" not in chosen["hint"]
    run_cli("api", "set", "shop", f"server={server.origin}/api")
    assert (0, "[]") == (run_cli("shop", "list-runs").exit_code, run_cli("shop", "list-runs").stdout)


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("status", "is_retryable"), [(400, False), (404, False), (429, True), (500, False), (503, True)]
)
def test_an_error_says_whether_the_call_may_succeed_later(
    status: int, is_retryable: bool, server: Recorder
) -> None:
    """408, 425, 429 and 502 to 504 pass; other statuses do not."""
    assert is_retryable is _call(server, status, {}).error["retryable"]


def test_a_connection_that_is_refused_may_be_made_later() -> None:
    """No one listens there now; a host that does not exist will not be there later either."""
    api = save_api(get("/a", "getA"))
    standard = ("--error-format", "json", "--retries", "0")
    assert run_cli(api, "get-a", *standard).error["retryable"] is True
    refused = run_cli(api, "get-a", "--server", "http://[", *standard)
    assert refused.error["retryable"] is False
