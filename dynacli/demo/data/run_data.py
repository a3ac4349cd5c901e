"""The runs of the last 30 days."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from dynacli.demo.data.data_reference import NOW, chance, identifier, timestamp
from dynacli.demo.data.workflow_data import PLANS, Plan

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

_DAYS = 30

# (verdict, classification, summary of the judge) for runs that did not pass; a run takes one of them by its `chance`.
_TROUBLE = (
    ("partial", "incomplete_answer", "Part of what was asked for is missing."),
    ("partial", "incomplete_answer", "Part of what was asked for is missing."),
    ("partial", "slow_answer", "The answer is right and came late."),
    ("fail", "wrong_answer", "The answer does not match what the tools returned."),
    ("fail", "wrong_answer", "The answer does not match what the tools returned."),
    ("fail", "wrong_tool", "The tester used a tool that cannot answer the question."),
    ("fail", "regression", "It used to pass with the version before."),
    ("error", "tool_unavailable", ""),
    ("error", "tool_unavailable", ""),
    ("error", "time_limit", ""),
)


def runs(workflows: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return id → run, newest first, in the form of `getRun`."""
    found = [run for plan in PLANS for run in _runs_of(plan, workflows[plan.id])]
    # Pending runs have not started, and count as the newest.
    found.sort(key=lambda run: (run["startedAt"] or "~", run["id"]), reverse=True)
    return {run["id"]: run for run in found}


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


def _runs_of(plan: Plan, workflow: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    midnight = NOW.replace(hour=0)
    for day in range(plan.quiet_days, _DAYS, plan.every_days):
        for hour in plan.hours:
            due = midnight - timedelta(days=day) + timedelta(hours=hour)
            if due > NOW:
                continue
            for model in plan.models:
                yield _run(plan, workflow, due, model)


def _run(plan: Plan, workflow: Mapping[str, Any], due: datetime, model: str) -> dict[str, Any]:
    seed = (plan.id, timestamp(due), model)
    is_by_hand = plan.cron is None
    run = pending_run(
        workflow,
        model,
        identifier("run", *seed),
        trigger="manual" if is_by_hand else "scheduled",
        reason=f"checked by hand on {due:%Y-%m-%d}" if is_by_hand else None,
    )
    if due == NOW:
        # The run of the first workflow is running, all others are pending.
        if plan is PLANS[0]:
            run |= {"status": "running", "startedAt": timestamp(due)}
        return run
    started = due + timedelta(seconds=chance("lag", *seed) % 90)
    return _ended(run, started, seed, trouble=plan.trouble)


def advanced_run(run: dict[str, Any], now: datetime) -> dict[str, Any]:
    """Return a run one step further: a pending one has started, and one that was running has passed."""
    if run["status"] == "pending":
        return run | {"status": "running", "startedAt": timestamp(now)}
    if run["status"] == "running":
        return _ended(run, datetime.fromisoformat(run["startedAt"]), (run["id"],), trouble=0)
    return run


def _ended(run: dict[str, Any], started: datetime, seed: tuple[str, ...], *, trouble: int) -> dict[str, Any]:
    """Return a run with its outcome.

    Args:
        seed: What the outcome is made of.
        trouble: How many of a thousand runs don't pass.
    """
    duration = 4000 + 53 * chance("duration", *seed)
    verdict, classification, words = "pass", "as_expected", "Everything that was asked for is there."
    if chance("outcome", *seed) < trouble:
        verdict, classification, words = _TROUBLE[chance("trouble", *seed) % len(_TROUBLE)]
    return run | {
        "status": verdict,
        "classification": classification,
        "startedAt": timestamp(started),
        "finishedAt": timestamp(started + timedelta(milliseconds=duration)),
        "durationMs": duration,
        "costUsd": round(0.004 + 0.00003 * chance("cost", *seed), 5),
        "evaluation": {"verdict": verdict, "summary": words} if words else None,
    }
