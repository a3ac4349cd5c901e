"""What a workflow may call and read, and the checks before its first request."""

import json
import time
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.documents import BEARER, get, post, save_api
from tests.harness import Recorder, Response, assert_ended, json_response, run_cli

_SOURCE = {"name": "api", "url": "api.json", "type": "openapi"}


def workflow(*steps: dict[str, Any], source: dict[str, Any] | None = None, **fields: Any) -> str:
    """Write a document with one workflow, and return its path."""
    tree = {
        "arazzo": "1.1.0",
        "info": {"title": "Case", "version": "1"},
        "sourceDescriptions": [source or _SOURCE],
        "workflows": [{"workflowId": "main", "steps": list(steps), **fields}],
    }
    Path("case.arazzo.yaml").write_text(yaml.safe_dump(tree))
    return "case.arazzo.yaml"


READ = {"stepId": "one", "operationId": "getA"}
CHANGE = {"stepId": "two", "operationId": "postB"}


@pytest.fixture
def api(server: Recorder) -> Recorder:
    """An API with a read-only operation and one that changes something."""
    save_api(get("/a", "getA"), post("/b", "postB", body={"type": "object"}), server=server.origin)
    server.responses = {"/a": json_response({}), "/b": json_response({})}
    return server


def test_read_runs_a_workflow_only_if_each_step_is_read_only(api: Recorder) -> None:
    """`read workflow run` refuses a workflow that can reach a change, before the first request."""
    run_cli("api", "add", "shop", "./api.json")
    assert_ended(run_cli("read", "workflow", "run", workflow(READ)), 0)
    assert 1 == len(api.requests)
    change = {**CHANGE, "requestBody": {"payload": {}}}
    assert_ended(run_cli("read", "workflow", "run", workflow(READ, change)), 11, "post-b")
    assert 1 == len(api.requests)


def test_read_shows_no_line_of_a_file_that_is_no_workflow(api: Recorder) -> None:  # noqa: ARG001
    """`read` could otherwise print any file."""
    Path("secret.yaml").write_text("a: [secret-line")
    result = run_cli("read", "workflow", "run", "secret.yaml")
    assert_ended(result, 8, without=["secret-line"])


def test_a_policy_refuses_the_whole_workflow(api: Recorder) -> None:
    """A step that the policy denies is refused before the first request."""
    run_cli("api", "add", "shop", "./api.json")
    run_cli("api", "set", "shop", "policy.deny=post-b")
    change = {**CHANGE, "requestBody": {"payload": {}}}
    assert_ended(run_cli("workflow", "run", workflow(READ, change)), 11, "policy")
    assert [] == api.requests


def test_a_missing_credential_is_known_before_the_first_request(server: Recorder) -> None:
    """The credentials of all steps are checked first."""
    secured = {"securitySchemes": {"token": BEARER}}
    save_api(
        get("/a", "getA"),
        post("/b", "postB", body={"type": "object"}, security=[{"token": []}]),
        server=server.origin,
        components=secured,
    )
    run_cli("api", "add", "shop", "./api.json")
    change = {**CHANGE, "requestBody": {"payload": {}}}
    assert_ended(run_cli("workflow", "run", workflow(READ, change)), 10)
    assert [] == server.requests


def test_a_terminal_asks_once_about_a_workflow_with_changes(api: Recorder) -> None:
    """The question has the list of the steps; `--yes` answers it."""
    path = workflow(READ, {**CHANGE, "requestBody": {"payload": {}}})
    terminal = ("stdin", "stderr")
    refused = run_cli("workflow", "run", path, stdin=b"n\n", terminal=terminal)
    assert_ended(refused, 11, "two  POST post-b", "1 step may change something")
    assert [] == api.requests
    assert_ended(run_cli("workflow", "run", path, stdin=b"y\n", terminal=terminal), 0)
    assert 2 == len(api.requests)
    assert_ended(run_cli("workflow", "run", path, "--yes", terminal=terminal), 0, without=["[y/N]"])


def test_a_read_only_workflow_is_not_asked_about(api: Recorder) -> None:
    """Only changes need the question."""
    result = run_cli("workflow", "run", workflow(READ), terminal=("stdin", "stderr"))
    assert_ended(result, 0, without=["[y/N]"])
    assert 1 == len(api.requests)


def test_a_workflow_from_a_url_names_no_local_file(server: Recorder) -> None:
    """Its sources are of its own origin or registered."""
    for url, text in (
        ("file:///etc/passwd", "files of this machine"),
        ("https://other.example/a.json", "another"),
    ):
        tree = yaml.safe_load(Path(workflow(READ, source={**_SOURCE, "url": url})).read_text())
        server.responses = {"/w.json": json_response(tree)}
        assert_ended(run_cli("workflow", "run", f"{server.origin}/w.json"), 11, text, "--source api=")


def test_a_workflow_from_a_url_has_sources_of_its_origin(api: Recorder) -> None:
    """A relative URL starts from the URL of the workflow."""
    api.responses["/w.yaml"] = Response(200, Path(workflow(READ)).read_bytes(), {"Content-Type": "text/yaml"})
    api.responses["/api.json"] = Response(200, Path("api.json").read_bytes())
    assert_ended(run_cli("workflow", "run", f"{api.origin}/w.yaml"), 0)
    assert "/a" == api.last.target


@pytest.mark.parametrize("url", ["api.json", "copy.json"])
def test_a_source_with_the_document_of_a_registered_api_is_that_api(api: Recorder, url: str) -> None:
    """By its location or its content, a source is the registered API, with its settings."""
    Path("copy.json").write_bytes(Path("api.json").read_bytes())
    run_cli("api", "add", "shop", "./api.json")
    run_cli("api", "set", "shop", "headers.X-Of-Shop=yes")
    assert_ended(run_cli("workflow", "run", workflow(READ, source={**_SOURCE, "url": url})), 0)
    assert ["yes"] == api.last.headers.get("x-of-shop")


def test_a_source_that_is_missing_can_be_replaced(api: Recorder) -> None:
    """The hint names the option, and the option runs the workflow."""
    path = workflow(READ, source={**_SOURCE, "url": "of-the-author.json"})
    assert_ended(run_cli("workflow", "run", path), 8, "of-the-author.json", "--source api=API")
    assert_ended(run_cli("workflow", "run", path, "--source", "api=./api.json"), 0)
    assert "/a" == api.last.target


def test_self_alone_makes_no_registered_api(api: Recorder) -> None:
    """Another document with the same `$self` gets nothing of a registered API."""
    tree = json.loads(Path("api.json").read_text())
    tree |= {"openapi": "3.2.0", "$self": "https://shop.example/api.json"}
    Path("first.json").write_text(json.dumps(tree))
    Path("other.json").write_text(json.dumps({**tree, "info": {"title": "Other", "version": "2"}}))
    run_cli("api", "add", "shop", "./first.json")
    run_cli("api", "set", "shop", "headers.X-Of-Shop=yes")
    assert_ended(run_cli("workflow", "run", workflow(READ, source={**_SOURCE, "url": "other.json"})), 0)
    assert None is api.last.headers.get("x-of-shop")


def test_one_server_does_not_fit_several_sources(api: Recorder) -> None:
    """`--server` needs a workflow with one source."""
    path = workflow({"stepId": "one", "operationId": "$sourceDescriptions.api.getA"})
    tree = yaml.safe_load(Path(path).read_text())
    tree["sourceDescriptions"].append({**_SOURCE, "name": "second"})
    Path(path).write_text(yaml.safe_dump(tree))
    assert_ended(run_cli("workflow", "run", path, "--server", api.origin), 2, "one source")


def test_the_time_of_the_whole_run_is_limited(api: Recorder) -> None:
    """`--timeout-total` ends a run that waits for too long, with the step and what was done."""
    again = {"name": "again", "type": "retry", "retryAfter": 60, "retryLimit": 3}
    criteria = [{"condition": "$statusCode == 201"}]
    path = workflow(READ, {**READ, "stepId": "wait", "successCriteria": criteria, "onFailure": [again]})
    result = run_cli("workflow", "run", path, "--timeout-total", "5")
    assert_ended(result, 7, "within 5 s", "`wait`", "Done before: `one`")
    assert 2 == len(api.requests)


def test_a_lost_connection_names_the_step_and_what_was_done(api: Recorder) -> None:
    """If the server drops the connection, the error is as for a call, with the step."""
    api.responses["/b"] = Response(
        200, b"{}", {"Content-Type": "application/json", "Content-Length": "100", "Connection": "close"}
    )
    path = workflow(READ, {**CHANGE, "requestBody": {"payload": {}}})
    result = run_cli("workflow", "run", path, "--error-format", "json")
    assert (6, "two", ["one"]) == (result.exit_code, result.error["step"], result.error["done"])
    assert "begins at the first step" in result.error["hint"]


def test_an_unknown_workflow_names_the_others(api: Recorder) -> None:  # noqa: ARG001
    """Of several workflows one must be named."""
    path = workflow(READ)
    tree = yaml.safe_load(Path(path).read_text())
    tree["workflows"].append({"workflowId": "second", "steps": [READ]})
    Path(path).write_text(yaml.safe_dump(tree))
    assert_ended(run_cli("workflow", "run", path), 2, "`main` and `second`")
    assert_ended(run_cli("workflow", "run", path, "third"), 2, "There is no workflow `third`")
    assert_ended(run_cli("workflow", "run", path, "second"), 0)


@pytest.mark.exhaustive
def test_many_steps_are_read_in_time(api: Recorder) -> None:  # noqa: ARG001
    """A document with 10,000 steps is validated in seconds."""
    steps = [{"stepId": f"s{number}", "operationId": "getA"} for number in range(10_000)]
    assert_ended(run_cli("workflow", "validate", workflow(*steps)), 0)


@pytest.mark.parametrize(
    ("step", "text"),
    [
        (
            {**READ, "parameters": [{"name": "id", "in": "path", "value": "1"}]},
            "It has no path parameter `id`",
        ),
        (CHANGE, "The operation needs a body"),
    ],
)
def test_a_step_that_does_not_fit_its_operation_is_an_error_of_the_document(
    api: Recorder, step: dict[str, Any], text: str
) -> None:
    """Required inputs and path parameters are known before the first request."""
    assert_ended(run_cli("workflow", "run", workflow({**READ, "stepId": "first"}, step)), 8, text)
    assert [] == api.requests


def test_an_unknown_option_is_reported_before_its_value(api: Recorder) -> None:  # noqa: ARG001
    """The value of an unknown option looks like a workflow."""
    assert_ended(run_cli("workflow", "run", workflow(READ), "main", "--nothing", "x"), 2, "`--nothing`")
    assert_ended(run_cli("workflow", "run", workflow(READ), "main", "x"), 2, "`x` is an unexpected argument")


def test_a_response_that_is_too_large_has_a_hint_that_helps(
    api: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`-o @FILE` of a workflow writes its outputs, so the hint names a separate call."""
    monkeypatch.setattr("dynacli.http.exchange.RENDER_LIMIT", 1 << 20)
    api.responses["/a"] = json_response("a" * (2 << 20))
    assert_ended(run_cli("workflow", "run", workflow(READ)), 6, "larger than 1 MiB", "a separate call")


def _seconds_per_step(count: int) -> float:
    first = {**READ, "stepId": "s0", "outputs": {"v": "$statusCode"}}
    others = [
        {
            **first,
            "stepId": f"s{number}",
            "parameters": [{"name": "q", "in": "query", "value": f"$steps.s{number - 1}.outputs.v"}],
        }
        for number in range(1, count)
    ]
    path = workflow(first, *others)
    began = time.perf_counter()
    assert_ended(run_cli("workflow", "run", path, "--mock", "--max-steps", "9999"), 0, f"s{count - 1} ")
    return (time.perf_counter() - began) / count


@pytest.mark.long
def test_the_time_of_a_step_does_not_grow_with_their_number(api: Recorder) -> None:  # noqa: ARG001
    """A step of a workflow with 2,000 steps takes as long as one of 200."""
    few = _seconds_per_step(200)
    assert _seconds_per_step(2000) < 2 * few
