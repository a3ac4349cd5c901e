"""Runs of workflows: those of the last 30 days, those that requests start, and the trace of each."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from dynacli.demo._data.data_reference import chance, rows_of, timestamp

__all__ = ["SUMMARY_FIELDS", "advanced_run", "evaluation", "pending_run", "runs", "tool_calls", "trace"]

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


_UNAVAILABLE = "The server did not answer within 10 seconds"


def tool_calls(run: Mapping[str, Any], tools: Sequence[str]) -> list[dict[str, Any]]:
    """Return the tool calls of a run in order; none for a run that has not started.

    Args:
        run: The run as the API shows it.
        tools: The names of its server's tools.
    """
    if run["startedAt"] is None:
        return []
    started = datetime.fromisoformat(run["startedAt"])
    count = 1 if run["status"] == "running" else 2 + chance("calls", run["id"]) % 3
    calls = []
    for number in range(1, count + 1):
        started += timedelta(seconds=1)
        has_failed = run["status"] == "error" and number == count
        tool = tools[chance("tool", run["id"], str(number)) % len(tools)]
        calls.append(
            {
                "id": f"call_{run['id'][:8]}_{number}",
                "toolName": tool,
                "arguments": {"query": run["workflowName"].lower(), "limit": 5 * number},
                "result": None if has_failed else {"count": number, "token": "[redacted]"},
                "durationMs": 80 + chance("call", run["id"], str(number)),
                "status": "error" if has_failed else "ok",
                "error": _UNAVAILABLE if has_failed else None,
                "startedAt": timestamp(started),
            }
        )
    return calls


def trace(run: Mapping[str, Any], tools: Sequence[str]) -> dict[str, Any]:
    """Return the trace of a run: the agent as the root, a turn before each tool call, and the judge at the end."""
    calls = tool_calls(run, tools)
    spans = []
    if run["startedAt"] is not None:
        prefix = f"span_{run['id'][:8]}"
        failed = run["status"] == "error"
        root = _span(
            f"{prefix}_0",
            None,
            ("tester", "agent"),
            started=run["startedAt"],
            duration=run["durationMs"],
            error=_UNAVAILABLE if failed else None,
            model=run["modelId"],
        )
        spans.append(root)
        for number, call in enumerate(calls, start=1):
            turn, start = f"{prefix}_{2 * number - 1}", call["startedAt"]
            spans.append(_span(turn, root["id"], ("turn", "model"), started=start, duration=0, number=number))
            spans.append(
                _span(
                    f"{prefix}_{2 * number}",
                    turn,
                    (call["toolName"], "tool"),
                    started=start,
                    duration=call["durationMs"],
                    error=call["error"],
                    toolCallId=call["id"],
                )
            )
        if run["evaluation"]:
            judge, start = f"{prefix}_{2 * len(calls) + 1}", run["finishedAt"]
            spans.append(_span(judge, None, ("judge", "evaluator"), started=start, duration=900))
    return {"runId": run["id"], "redacted": True, "spans": spans, "toolCalls": calls}


def evaluation(
    run: Mapping[str, Any], criteria: Sequence[Mapping[str, Any]], tools: Sequence[str]
) -> dict[str, Any] | None:
    """Return the judge's evaluation of a run; None where it was not judged."""
    if run["evaluation"] is None:
        return None
    verdict = run["evaluation"]["verdict"]
    call = tool_calls(run, tools)[-1]
    results = []
    for criterion in criteria:
        # The first criterion was missed, because it is always required.
        own = verdict if criterion["position"] == 1 else "pass"
        results.append(
            {
                "criterionId": criterion["id"],
                "position": criterion["position"],
                "criterionText": criterion["criterionText"],
                "isRequired": criterion["isRequired"],
                "verdict": own,
                "explanation": run["evaluation"]["summary"]
                if own != "pass"
                else "Shown by the tool's result.",
                "excerpts": [
                    {
                        "text": f"{call['toolName']} returned {call['result']['count']} of them",
                        "toolCallId": call["id"],
                        "traceEventId": None,
                    }
                ],
            }
        )
    judged = datetime.fromisoformat(run["finishedAt"]) + timedelta(seconds=1)
    return {
        "runId": run["id"],
        "verdict": verdict,
        "classification": run["classification"],
        "judgeModelId": "judge-large",
        "summary": run["evaluation"]["summary"],
        "criteria": results,
        "evaluatedAt": timestamp(judged),
    }


def _span(
    identity: str,
    parent: str | None,
    named: tuple[str, str],
    *,
    started: str,
    duration: int | None,
    error: str | None = None,
    **attributes: Any,
) -> dict[str, Any]:
    ended = None
    if duration is not None:
        ended = timestamp(datetime.fromisoformat(started) + timedelta(milliseconds=duration))
    return {
        "id": identity,
        "parentId": parent,
        "name": named[0],
        "kind": named[1],
        "status": "error" if error else "ok",
        "startedAt": started,
        "endedAt": ended,
        "durationMs": duration or 0,
        "attributes": attributes,
        "error": error,
    }
