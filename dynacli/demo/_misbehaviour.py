"""Spoiling good answers on purpose, so that a client's checks have something to find."""

from collections.abc import Mapping
from typing import Any

from dynacli.demo._demo_exchange import Answer, json_answer
from dynacli.demo._operations.demo_operation import DemoAnswer, DemoOperation
from dynacli.demo.demo_facts import MISBEHAVIOURS
from dynacli.errors import UsageError

__all__ = ["check_misbehaviours", "misbehaving_answer"]

_UNDOCUMENTED_STATUS = 203

# operationId → the path to the required field that is spoiled in its answer.
_TARGETS: Mapping[str, tuple[str | int, ...]] = {
    "getOrg": ("organization", "slug"),
    "listMcpServers": ("rows", 0, "name"),
    "createMcpServer": ("name",),
    "getMcpServer": ("categories",),
    "listWorkflows": ("rows", 0, "categories"),
    "createWorkflow": ("currentVersion", "version"),
    "getWorkflow": ("currentVersion", "version"),
    "updateWorkflow": ("currentVersion", "version"),
    "archiveWorkflow": ("ok",),
    "dispatchWorkflowRun": ("deduplicated",),
    "searchRuns": ("rows", 0, "workflowName"),
    "getRun": ("modelId",),
    "getRunTrace": ("spans", 0, "durationMs"),
    "getRunEvaluation": ("criteria", 0, "position"),
    "listRunToolCalls": ("rows", 0, "toolName"),
    "getInsightsOverview": ("kpis", "sessions"),
    "listInsightTopics": ("topics", 0, "volume"),
    "getInsightTopic": ("topic", "label"),
    "updateInsightTopic": ("archived",),
    "listInsightSearches": ("searches", 0, "count"),
    "getInsightSearch": ("sample_queries",),
    "listInsightSessions": ("sessions", 0, "event_count"),
    "getInsightSessionTrace": ("session", "session_key"),
    "listWorkflowVersions": ("rows", 0, "version"),
}


def check_misbehaviours(misbehave: Mapping[str, str], operations: Mapping[str, DemoOperation]) -> None:
    """Check that the operations and misbehaviours exist.

    Args:
        misbehave: operationId → misbehaviour.
        operations: operationId → operation, for all operations of the demo API.

    Raises:
        UsageError: An operation or a kind is unknown.
    """
    for operation_id, kind in misbehave.items():
        if operation_id not in operations:
            raise UsageError(
                f"`{operation_id}` cannot misbehave",
                reason="The demo API has no operation of that name",
                hint=f"Choose one of {', '.join(operations)}",
            )
        if kind not in MISBEHAVIOURS:
            raise UsageError(
                f"`{operation_id}` cannot misbehave by `{kind}`",
                reason="The demo API has no such way to misbehave",
                hint=f"Choose one of {', '.join(MISBEHAVIOURS)}",
            )


def misbehaving_answer(kind: str, operation_id: str, good: DemoAnswer) -> Answer:
    """Return the spoiled answer for a good one.

    Args:
        kind: One of `MISBEHAVIOURS`.
        operation_id: The operationId of the operation.
        good: The good answer, which stays unchanged.
    """
    if kind == "hang":
        return Answer(good.status, (), None)
    if kind == "undocumented-status":
        return json_answer(_UNDOCUMENTED_STATUS, good.body)
    if kind == "wrong-media-type":
        page = b"<!doctype html>\n<title>Armature</title>\n<p>Please sign in.</p>\n"
        return Answer(good.status, (("content-type", "text/html; charset=utf-8"),), page)
    if kind == "truncated-json":
        whole = json_answer(good.status, good.body)
        return whole._replace(body=whole.body[: len(whole.body) // 2]) if whole.body else whole
    return json_answer(good.status, _broken(kind, good.body, _TARGETS[operation_id]))


def _broken(kind: str, value: Any, path: tuple[str | int, ...]) -> Any:
    """Return a copy of a JSON value with the field at a path spoiled."""
    step, rest = path[0], path[1:]
    # An empty list has no first item to spoil, so the list itself is spoiled.
    if rest and value[step]:
        changed = value.copy()
        changed[step] = _broken(kind, value[step], rest)
        return changed
    changed = dict(value)
    if kind == "undocumented-field":
        changed["internalNote"] = "not in the document"
    elif kind == "missing-field":
        del changed[step]
    else:
        changed[step] = _of_another_type(changed[step])
    return changed


def _of_another_type(value: Any) -> Any:
    return 12345 if isinstance(value, str) else "of another type"
