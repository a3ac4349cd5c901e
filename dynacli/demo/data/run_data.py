"""Runs of workflows: those of the last 30 days, and those that requests start."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from dynacli.demo.data.data_reference import chance, rows_of, timestamp

__all__ = ["SUMMARY_FIELDS", "advanced_run", "pending_run", "runs"]

SUMMARY_FIELDS = (
    "id",
    "workflowId",
    "workflowName",
    "status",
    "classification",
    "triggerType",
    "startedAt",
    "finishedAt",
)


def runs(data: Mapping[str, Any], workflows: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return id → run of the starting data, newest first, in the form of `getRun`.

    Args:
        data: The starting data.
        workflows: Id → workflow.
    """
    return {
        row["id"]: _run(row, workflows[row["workflowId"]], data["outcomes"]) for row in rows_of(data["runs"])
    }


def _run(
    row: Mapping[str, Any], workflow: Mapping[str, Any], outcomes: Mapping[str, Mapping[str, Any]]
) -> dict[str, Any]:
    run = pending_run(
        workflow,
        row["modelId"],
        row["id"],
        trigger="scheduled" if workflow["schedule"] else "manual",
        reason=row["reason"],
    )
    if row["startedAt"] is None:
        return run
    if row["classification"] is None:
        return run | {"status": "running", "startedAt": row["startedAt"]}
    outcome = outcomes[row["classification"]]
    return run | _ended(
        row["startedAt"],
        row["durationMs"],
        row["costUsd"],
        status=outcome["status"],
        classification=row["classification"],
        summary=outcome["summary"],
    )


def pending_run(
    workflow: Mapping[str, Any],
    model: str,
    identity: str,
    *,
    trigger: str,
    reason: str | None = None,
    baseline: str | None = None,
) -> dict[str, Any]:
    """Return a run that has not started."""
    return {
        "id": identity,
        "workflowId": workflow["id"],
        "workflowName": workflow["name"],
        "status": "pending",
        "classification": None,
        "triggerType": trigger,
        "startedAt": None,
        "finishedAt": None,
        "workflowVersionId": workflow["currentVersion"]["id"],
        "reason": reason,
        "baselineRunId": baseline,
        "modelId": model,
        "durationMs": None,
        "costUsd": None,
        "evaluation": None,
    }


def advanced_run(run: dict[str, Any], now: datetime) -> dict[str, Any]:
    """Return a run one step further: a pending one has started, and one that was running has passed."""
    if run["status"] == "pending":
        return run | {"status": "running", "startedAt": timestamp(now)}
    if run["status"] == "running":
        return run | _ended(
            run["startedAt"],
            4000 + 53 * chance("duration", run["id"]),
            round(0.004 + 0.00003 * chance("cost", run["id"]), 5),
            status="pass",
            classification="as_expected",
            summary="Everything that was asked for is there.",
        )
    return run


def _ended(
    started_at: str, duration: int, cost: float, *, status: str, classification: str, summary: str | None
) -> dict[str, Any]:
    """Return the fields of a run that tell its end.

    Args:
        duration: In milliseconds.
        cost: In US dollars.
        summary: The judge's words; None where nothing was judged.
    """
    ended = datetime.fromisoformat(started_at) + timedelta(milliseconds=duration)
    return {
        "status": status,
        "classification": classification,
        "startedAt": started_at,
        "finishedAt": timestamp(ended),
        "durationMs": duration,
        "costUsd": cost,
        "evaluation": {"verdict": status, "summary": summary} if summary else None,
    }
