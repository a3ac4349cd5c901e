"""`dynacli workflow run`: steps, retries, outputs and the errors before the first request."""

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
import yaml

from tests.harness import assert_ended, run_cli

NIGHTLY = """
arazzo: 1.0.1
info: {title: Nightly, version: "1"}
sourceDescriptions:
- {name: demo, url: openapi.json, type: openapi}
workflows:
- workflowId: nightly
  summary: Create a workflow and wait for its first run
  inputs:
    type: object
    required: [prompt]
    properties:
      prompt: {type: string}
      name: {type: string, default: Nightly}
  steps:
  - stepId: servers
    operationId: listMcpServers
    outputs: {id: $response.body#/rows/0/id}
  - stepId: create
    operationId: createWorkflow
    requestBody:
      payload:
        name: $inputs.name
        mcpServerId: $steps.servers.outputs.id
        testerPrompt: $inputs.prompt
    successCriteria: [{condition: $statusCode == 201}]
    outputs: {id: $response.body#/id}
  - stepId: start
    operationId: dispatchWorkflowRun
    parameters: [{name: id, in: path, value: $steps.create.outputs.id}]
    requestBody: {payload: {}}
    outputs: {run: $response.body#/runId}
  - stepId: wait
    operationId: getRun
    parameters: [{name: id, in: path, value: $steps.start.outputs.run}]
    successCriteria: [{condition: $response.body#/status == 'pass'}]
    onFailure:
    - {name: again, type: retry, retryAfter: 0.3, retryLimit: 50}
    outputs: {verdict: $response.body#/status}
  outputs:
    run: $steps.start.outputs.run
    verdict: $steps.wait.outputs.verdict
"""
OF_DEMO = ("--source", "demo=demo")


@pytest.fixture
def nightly() -> str:
    """The path of a workflow of the demo API."""
    Path("nightly.arazzo.yaml").write_text(NIGHTLY)
    return "nightly.arazzo.yaml"


def changed(**fields: Any) -> str:
    """Write the workflow with other fields, and return its path."""
    tree = yaml.safe_load(NIGHTLY)
    tree["workflows"][0].update(fields)
    Path("changed.arazzo.yaml").write_text(yaml.safe_dump(tree))
    return "changed.arazzo.yaml"


@pytest.mark.exhaustive
def test_a_workflow_runs_its_steps_until_the_last_one_passes(nightly: str) -> None:
    """Standard output is the outputs as JSON, and standard error has a line for each step."""
    result = run_cli("workflow", "run", nightly, *OF_DEMO, "--prompt", "List overdue invoices")
    assert_ended(result, 0)
    assert "pass" == result.json["verdict"]
    lines = [line.split()[:4] for line in result.stderr.splitlines()]
    assert ["create", "POST", "create-workflow", "201"] == lines[1]
    assert ["wait", "GET", "get-run", "200"] == lines[3]
    assert "retried" in result.stderr


@pytest.mark.exhaustive
def test_each_step_is_in_the_history(nightly: str) -> None:
    """The history has each call, as a command that makes it again."""
    run_cli("workflow", "run", nightly, *OF_DEMO, "--prompt", "Hello")
    listed = run_cli("history", "demo", "-o", "json").stdout
    for name in ("list-mcp-servers", "create-workflow", "dispatch-workflow-run", "get-run"):
        assert name in listed


def test_a_missing_input_is_an_error_before_the_first_request(nightly: str) -> None:
    """The inputs are options, which are checked by the schema of the workflow."""
    assert_ended(run_cli("workflow", "run", nightly, *OF_DEMO), 2, "--prompt")


def test_a_dry_run_shows_the_steps_and_what_they_wait_for(nightly: str) -> None:
    """A dry run prints the requests that can be built, and sends nothing."""
    result = run_cli("workflow", "run", nightly, *OF_DEMO, "--prompt", "Hello", "--dry-run", "-o", "json")
    assert_ended(result, 0, "Nothing was sent")
    assert [
        ("servers", []),
        ("create", ["$steps.servers.outputs.id"]),
        ("start", ["$steps.create.outputs.id"]),
        ("wait", ["$steps.start.outputs.run"]),
    ] == [(row["step"], row["waits_for"]) for row in result.json]
    assert {"step", "method", "url", "body", "waits_for"} == result.json[0].keys()


def test_the_list_has_the_inputs_of_each_workflow(nightly: str) -> None:
    """As JSON, the list has the id, the summary and the schema of the inputs."""
    result = run_cli("workflow", "list", nightly, "-o", "json")
    assert [("nightly", "Create a workflow and wait for its first run", ["prompt"])] == [
        (item["workflowId"], item["summary"], item["inputs"]["required"]) for item in result.json
    ]
    assert "--prompt" in run_cli("workflow", "list", nightly).stdout


def test_validate_names_the_line_of_an_error(nightly: str) -> None:
    """A wrong document is 8, `run` refuses it and sends nothing."""
    assert_ended(run_cli("workflow", "validate", nightly), 0)
    Path(nightly).write_text(NIGHTLY.replace("$steps.servers.outputs.id", "$steps.server.outputs.id"))
    result = run_cli("workflow", "validate", nightly, "-o", "json")
    line = next(number for number, text in enumerate(NIGHTLY.splitlines(), 1) if "requestBody" in text)
    assert_ended(result, 8, "there is no step `server`", "Did you mean `servers`?")
    assert [(False, line, "/workflows/0/steps/1/requestBody")] == [
        (result.json["valid"], error["line"], error["pointer"]) for error in result.json["errors"]
    ]
    run = run_cli("workflow", "run", nightly, *OF_DEMO, "--prompt", "Hello")
    assert_ended(run, 8, "there is no step `server`")


def test_a_criterion_that_is_not_met_ends_with_9_and_its_values() -> None:
    """The error has the step, the criterion, and the values that it saw."""
    steps = yaml.safe_load(NIGHTLY)["workflows"][0]["steps"][:1]
    steps[0]["successCriteria"] = [{"condition": "$statusCode == 204"}]
    path = changed(steps=steps, outputs={}, inputs={"type": "object"})
    result = run_cli("workflow", "run", path, *OF_DEMO, "--error-format", "json")
    assert 9 == result.exit_code
    assert ("servers", "$statusCode == 204", {"$statusCode": 200}) == (
        result.error["step"],
        result.error["criterion"],
        result.error["values"],
    )


def _one_step(inputs: dict[str, Any], condition: str) -> str:
    steps = yaml.safe_load(NIGHTLY)["workflows"][0]["steps"][:1]
    steps[0]["successCriteria"] = [{"condition": condition}]
    return changed(steps=steps, outputs={}, inputs={"type": "object", "properties": inputs})


def test_the_values_of_a_criterion_are_masked_if_they_are_secrets() -> None:
    """An input is a secret by its name or as a password, also inside another value."""
    path = _one_step(
        {"token": {"type": "string"}, "pin": {"type": "string", "format": "password"}},
        "$inputs.token == 'a' || $inputs.pin == 'b' || $inputs.pin > 3",
    )
    given = ("--token", "hush-hush", "--pin", "secret-pin")
    result = run_cli("workflow", "run", path, *OF_DEMO, *given, "--report", "json=r.json")
    assert_ended(result, 9, "`***` and `3` have no order", without=["hush-hush", "secret-pin"])
    assert "secret-pin" not in Path("r.json").read_text()
    path = _one_step({"token": {"type": "string"}}, "$inputs.token == 'a'")
    result = run_cli("workflow", "run", path, *OF_DEMO, "--token", "hush-hush")
    assert_ended(result, 9, "`$inputs.token` was `***`", without=["hush-hush"])


@pytest.mark.exhaustive
def test_reports_have_the_calls_by_step(nightly: str) -> None:
    """JUnit and JSON name the step of each call, and the HAR has all requests."""
    reports = ("--report", "junit=r.xml", "--report", "json=r.json", "--report", "har=r.har")
    assert_ended(run_cli("workflow", "run", nightly, *OF_DEMO, "--prompt", "Hello", *reports), 0)
    names = [case.get("name") for case in ET.parse("r.xml").iter("testcase")]  # noqa: S314
    assert ["servers: list-mcp-servers", "create: create-workflow", "start: dispatch-workflow-run"] == names[
        :3
    ]
    calls = json.loads(Path("r.json").read_text())["calls"]
    assert ["servers", "create", "start"] == [call["step"] for call in calls[:3]]
    entries = json.loads(Path("r.har").read_text())["log"]["entries"]
    assert len(calls) == len(entries)
    assert 0o600 == Path("r.har").stat().st_mode & 0o777


def test_a_report_has_the_failed_step_and_those_that_did_not_run() -> None:
    """The step that ended the workflow has the error, and later steps are skipped."""
    steps = yaml.safe_load(NIGHTLY)["workflows"][0]["steps"][:2]
    steps[0]["successCriteria"] = [{"condition": "$statusCode == 204"}]
    path = changed(steps=steps, outputs={})
    run_cli("workflow", "run", path, *OF_DEMO, "--prompt", "Hello", "--report", "json=r.json")
    first, second = json.loads(Path("r.json").read_text())["calls"]
    assert "is not met" in first["error"]
    assert ("create", "The workflow did not run this step") == (second["step"], second["skipped"])


@pytest.mark.parametrize(
    ("report", "code", "text"),
    [("har", 2, "names no file"), ("xls=r.xls", 2, "`har`"), ("junit=none/r.xml", 12, "is not a directory")],
)
def test_a_wrong_report_is_an_error_before_the_first_request(
    nightly: str, report: str, code: int, text: str
) -> None:
    """Formats and directories are checked first."""
    result = run_cli("workflow", "run", nightly, *OF_DEMO, "--prompt", "Hello", "--report", report)
    assert_ended(result, code, text, without=["servers  "])


def test_the_inputs_of_another_workflow_are_validated() -> None:
    """The workflow that runs it ends with 9, and names the step and the input."""
    tree = yaml.safe_load(NIGHTLY)
    first, *_ = tree["workflows"][0]["steps"]
    count = {"type": "object", "required": ["count"], "properties": {"count": {"type": "integer"}}}
    sub = {"stepId": "sub", "workflowId": "inner", "parameters": [{"name": "count", "value": "many"}]}
    tree["workflows"] = [
        {"workflowId": "outer", "steps": [first, sub]},
        {"workflowId": "inner", "inputs": count, "steps": [first]},
    ]
    Path("both.arazzo.yaml").write_text(yaml.safe_dump(tree))
    result = run_cli("workflow", "run", "both.arazzo.yaml", "outer", *OF_DEMO)
    assert_ended(
        result, 9, "The step `sub` cannot be sent", "/count: expected integer", "Done before: `servers`"
    )


def test_an_action_whose_inputs_have_no_value_is_an_error() -> None:
    """The error names the action and the expression."""
    tree = yaml.safe_load(NIGHTLY)
    first, *_ = tree["workflows"][0]["steps"]
    parameters = [{"name": "count", "value": "$response.body#/none"}]
    go = {"name": "go", "type": "goto", "workflowId": "inner", "parameters": parameters}
    tree["arazzo"] = "1.1.0"
    tree["workflows"] = [
        {"workflowId": "outer", "steps": [{**first, "onSuccess": [go]}]},
        {"workflowId": "inner", "steps": [first]},
    ]
    Path("both.arazzo.yaml").write_text(yaml.safe_dump(tree))
    result = run_cli("workflow", "run", "both.arazzo.yaml", "outer", *OF_DEMO)
    assert_ended(
        result, 9, "The action `go` after `servers` cannot run", "`$response.body#/none` has no value"
    )


def test_the_help_page_describes_the_inputs_like_those_of_an_operation(nightly: str) -> None:
    """Required and optional inputs have their types, descriptions and defaults."""
    page = run_cli("workflow", "run", nightly, "--help").stdout
    assert "Create a workflow and wait for its first run" in page
    assert page.index("Required inputs") < page.index("--prompt TEXT") < page.index("Optional inputs")
    assert "[default Nightly]" in page


def test_a_secret_without_a_value_is_shown_as_null() -> None:
    """Only a value is masked, so that the reason of a failure is visible."""
    result = run_cli("workflow", "run", _one_step({}, "$response.body#/access_token != null"), *OF_DEMO)
    assert_ended(result, 9, "`$response.body#/access_token` was `null`")


def test_an_unknown_name_in_the_inputs_says_where_the_names_are(nightly: str) -> None:
    """The hint names the command with the inputs of the workflow."""
    result = run_cli("workflow", "run", nightly, *OF_DEMO, "--inputs", '{"none": 1}')
    assert_ended(result, 2, "`none`", "`dynacli workflow run FILE --help` lists the inputs")
