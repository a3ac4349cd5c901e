"""The operations of the tag workflows."""

from typing import Any

from dynacli.demo.body_shapes import DISPATCH, NEW_WORKFLOW, WORKFLOW_CHANGE
from dynacli.demo.error_answers import FieldError, Problem, invalid, not_found
from dynacli.demo.operations.demo_operation import Answer, Call, Operation
from dynacli.demo.operations.server_operations import CATEGORIES, in_categories

__all__ = ["NEXT_OPERATION", "WORKFLOW_OPERATIONS"]


def _list(call: Call) -> Answer:
    rows = [
        workflow
        for workflow in call.store.workflows.values()
        if workflow["status"] != "archived" and in_categories(call, workflow["categories"])
    ]
    return Answer(200, {"rows": sorted(rows, key=lambda row: (row["name"].casefold(), row["id"]))})


def _create(call: Call) -> Answer:
    _check_server(call)
    return Answer(201, call.store.add_workflow(call.body))


def _get(call: Call) -> Answer:
    return Answer(200, _workflow(call))


def _update(call: Call) -> Answer:
    workflow = _live_workflow(call)
    _check_server(call)
    return Answer(200, call.store.change_workflow(workflow, call.body))


def _archive(call: Call) -> Answer:
    call.store.archive_workflow(_workflow(call))
    return Answer(200, {"ok": True})


def _dispatch(call: Call) -> Answer:
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
    return Answer(202, answer)


def _versions(call: Call) -> Answer:
    versions = call.store.versions[_workflow(call)["id"]]
    return Answer(200, {"rows": versions[::-1]})


def _workflow(call: Call) -> dict[str, Any]:
    workflow = call.store.workflows.get(call.id)
    if workflow is None:
        raise not_found("workflow", call.id)
    return workflow


def _live_workflow(call: Call) -> dict[str, Any]:
    workflow = _workflow(call)
    if workflow["status"] == "archived":
        raise Problem(404, "not_found", f"The workflow `{call.id}` is archived")
    return workflow


def _check_server(call: Call) -> None:
    server = call.body.get("mcpServerId")
    if server is not None and server.lower() not in call.store.servers:
        raise invalid([FieldError("mcpServerId", "names no MCP server")])


WORKFLOW_OPERATIONS = (
    Operation("listWorkflows", "GET", "/workflows", _list, query=CATEGORIES),
    Operation(
        "createWorkflow", "POST", "/workflows", _create, body=NEW_WORKFLOW, needs_body=True, writes=True
    ),
    Operation("getWorkflow", "GET", "/workflows/{id}", _get),
    Operation(
        "updateWorkflow",
        "PATCH",
        "/workflows/{id}",
        _update,
        body=WORKFLOW_CHANGE,
        needs_body=True,
        writes=True,
    ),
    Operation("archiveWorkflow", "DELETE", "/workflows/{id}", _archive, writes=True),
    Operation("dispatchWorkflowRun", "POST", "/workflows/{id}/runs", _dispatch, body=DISPATCH, writes=True),
)

NEXT_OPERATION = Operation("listWorkflowVersions", "GET", "/workflows/{id}/versions", _versions)
