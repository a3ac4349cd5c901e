"""The operations of the tag workflows."""

from typing import Any

from dynacli.demo._error_answers import FieldError, Problem, invalid, not_found
from dynacli.demo._operations.demo_operation import DemoAnswer, DemoCall, DemoOperation
from dynacli.demo._operations.server_operations import CATEGORIES, in_categories
from dynacli.demo._request_body import DISPATCH, NEW_WORKFLOW, WORKFLOW_CHANGE

__all__ = ["NEXT_OPERATION", "WORKFLOW_OPERATIONS"]


def _list(call: DemoCall) -> DemoAnswer:
    rows = [
        workflow
        for workflow in call.store.workflows.values()
        if workflow["status"] != "archived" and in_categories(call, workflow["categories"])
    ]
    return DemoAnswer(200, {"rows": sorted(rows, key=lambda row: (row["name"].casefold(), row["id"]))})


def _create(call: DemoCall) -> DemoAnswer:
    _check_server(call)
    return DemoAnswer(201, call.store.add_workflow(call.body))


def _get(call: DemoCall) -> DemoAnswer:
    return DemoAnswer(200, _workflow(call))


def _update(call: DemoCall) -> DemoAnswer:
    workflow = _live_workflow(call)
    _check_server(call)
    return DemoAnswer(200, call.store.change_workflow(workflow, call.body))


def _archive(call: DemoCall) -> DemoAnswer:
    call.store.archive_workflow(_workflow(call))
    return DemoAnswer(200, {"ok": True})


def _dispatch(call: DemoCall) -> DemoAnswer:
    workflow = _live_workflow(call)
    fields = call.body or {}
    if fields.get("baselineRunId", None) not in {None, *call.store.runs}:
        raise invalid([FieldError("baselineRunId", "names no run")])
    runs, was_there = call.store.dispatch(workflow, fields)
    answer = {
        "runId": runs[0]["id"],
        "workflowId": workflow["id"],
        "status": runs[0]["status"],
        "deduplicated": was_there,
        "runs": [{"runId": run["id"], "modelId": run["modelId"]} for run in runs],
    }
    return DemoAnswer(202, answer)


def _versions(call: DemoCall) -> DemoAnswer:
    versions = call.store.versions[_workflow(call)["id"]]
    return DemoAnswer(200, {"rows": versions[::-1]})


def _workflow(call: DemoCall) -> dict[str, Any]:
    workflow = call.store.workflows.get(call.id)
    if workflow is None:
        raise not_found("workflow", call.id)
    return workflow


def _live_workflow(call: DemoCall) -> dict[str, Any]:
    workflow = _workflow(call)
    if workflow["status"] == "archived":
        raise Problem(404, "not_found", f"The workflow `{call.id}` is archived")
    return workflow


def _check_server(call: DemoCall) -> None:
    server = call.body.get("mcpServerId")
    if server is not None and server.lower() not in call.store.servers:
        raise invalid([FieldError("mcpServerId", "names no MCP server")])


WORKFLOW_OPERATIONS = (
    DemoOperation("listWorkflows", "GET", "/workflows", _list, query=CATEGORIES),
    DemoOperation(
        "createWorkflow", "POST", "/workflows", _create, body=NEW_WORKFLOW, needs_body=True, writes=True
    ),
    DemoOperation("getWorkflow", "GET", "/workflows/{id}", _get),
    DemoOperation(
        "updateWorkflow",
        "PATCH",
        "/workflows/{id}",
        _update,
        body=WORKFLOW_CHANGE,
        needs_body=True,
        writes=True,
    ),
    DemoOperation("archiveWorkflow", "DELETE", "/workflows/{id}", _archive, writes=True),
    DemoOperation(
        "dispatchWorkflowRun", "POST", "/workflows/{id}/runs", _dispatch, body=DISPATCH, writes=True
    ),
)

NEXT_OPERATION = DemoOperation("listWorkflowVersions", "GET", "/workflows/{id}/versions", _versions)
