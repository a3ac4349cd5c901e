"""The workflows that the stand-in starts with, and making a version of a workflow."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from dynacli.demo.data.data_reference import NOW, timestamp
from dynacli.demo.data.server_data import server_id

__all__ = ["PLANS", "Plan", "schedule", "targets", "version_record", "workflows"]

_EVERY_DAY_AT_NINE = (9,)


@dataclass(frozen=True)
class Plan:
    """A workflow and how its runs went.

    Args:
        id: The workflow's id.
        name: Its name.
        server: The slug of its MCP server.
        prompt: The task of the tester agent.
        criteria: The criteria that its runs are judged by; all but the last of several are required.
        hours: The hours of the day, in UTC, at which it runs.
        cron: The hours as a cron expression; None where it runs by hand.
        models: The models that it is tested with.
        trouble: The number of runs in 1,000 that do not pass.
        every_days: The number of days from a day of runs to the next.
        quiet_days: The number of days before the reference date without runs.
        is_paused: Whether its schedule is switched off.
    """

    id: str
    name: str
    server: str
    prompt: str
    criteria: tuple[str, ...]
    hours: tuple[int, ...]
    cron: str | None
    models: tuple[str, ...] = ("tester-large",)
    trouble: int = 200
    every_days: int = 1
    quiet_days: int = 0
    is_paused: bool = False


PLANS = (
    Plan(
        "wf_search-issues",
        "Search returns recent issues",
        "github",
        "Search for issues updated in the last week and list their titles.",
        (
            "At least one issue title is returned.",
            "Every title belongs to an open issue.",
            "The answer is a list.",
        ),
        tuple(range(0, 24, 2)),
        "0 */2 * * *",
        trouble=260,
    ),
    Plan(
        "wf_triage-issue",
        "Triage a new issue",
        "github",
        "Read the newest issue and give it a fitting label.",
        ("One label is set.", "The label fits the issue's text."),
        tuple(range(0, 24, 4)),
        "0 */4 * * *",
    ),
    Plan(
        "wf_review-pull-request",
        "Review a small pull request",
        "github",
        "Review the smallest open pull request and leave one comment.",
        ("A comment is left.", "It names a line of the change."),
        _EVERY_DAY_AT_NINE,
        "0 9 * * *",
        models=("tester-large", "tester-small"),
    ),
    Plan(
        "wf_refund-order",
        "Refund an order",
        "billing",
        "Refund the last order of the customer in full.",
        ("The refund is made once.", "The amount equals the order's total.", "The customer is told."),
        tuple(range(0, 24, 6)),
        "0 */6 * * *",
        trouble=330,
    ),
    Plan(
        "wf_list-overdue-invoices",
        "List overdue invoices",
        "billing",
        "List the invoices that are overdue by more than 30 days.",
        ("Every invoice listed is overdue.", "None is left out."),
        (0, 12),
        "0 0,12 * * *",
    ),
    Plan(
        "wf_export-ledger",
        "Export the ledger",
        "billing",
        "Export the ledger of last month.",
        ("A file is named.",),
        _EVERY_DAY_AT_NINE,
        "0 9 * * *",
        trouble=500,
    ),
    Plan(
        "wf_find-handbook-page",
        "Find a handbook page",
        "handbook",
        "Find the page about parental leave and quote its first rule.",
        ("The quote is on the page.", "The page is linked."),
        (0, 8, 16),
        "0 */8 * * *",
        trouble=90,
    ),
    Plan(
        "wf_answer-policy-question",
        "Answer a policy question",
        "handbook",
        "Say how far in advance a business trip has to be asked for.",
        ("The number of days is right.",),
        _EVERY_DAY_AT_NINE,
        "0 9 * * *",
        models=("tester-small",),
    ),
    Plan(
        "wf_plan-meeting",
        "Plan a meeting of three",
        "calendar",
        "Find half an hour this week in which all three are free.",
        ("All three are free.", "It is within working hours."),
        (7,),
        "0 7 * * *",
    ),
    Plan(
        "wf_roll-back-release",
        "Roll back a release",
        "deploy-cli",
        "Roll the last release of the staging cluster back.",
        ("The release before is live.", "Nothing else is touched."),
        (15,),
        None,
        every_days=3,
    ),
    Plan(
        "wf_enrich-contact",
        "Enrich a contact",
        "crm",
        "Fill in the missing company of the newest contact.",
        ("The company is filled in.",),
        (0, 12),
        "0 0,12 * * *",
        quiet_days=10,
        is_paused=True,
    ),
    Plan(
        "wf_legacy-import",
        "Import from the old tracker",
        "github",
        "Import the open issues of the old tracker.",
        ("All open issues are there.",),
        (6,),
        None,
        every_days=9,
        quiet_days=14,
    ),
)


def targets(fields: Mapping[str, Any]) -> list[dict[str, Any]] | None:
    """Return the tester targets that a body names in one of three ways; None where it names none."""
    if "testerTargets" in fields:
        asked: Sequence[Mapping[str, Any]] = fields["testerTargets"]
    elif "testerModelIds" in fields:
        asked = [{"modelId": model} for model in fields["testerModelIds"]]
    elif "testerModelId" in fields:
        asked = [{"modelId": fields["testerModelId"]}]
    else:
        return None
    names = ("modelId", "skillMode", "skillVersionId")
    return [{name: target.get(name) for name in names} for target in asked]


def schedule(fields: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Return a schedule with its defaults filled in; None where the workflow runs only by hand."""
    return None if fields is None else {"timezone": "UTC", "enabled": True, **fields}


def version_record(
    workflow_id: str, number: int, *, created_at: str, fields: Mapping[str, Any], before: Mapping[str, Any]
) -> dict[str, Any]:
    """Return a version of a workflow.

    Args:
        workflow_id: The id of the workflow.
        number: The number of the version, from 1 on.
        created_at: An RFC 3339 timestamp.
        fields: The fields of the request body.
        before: The version before, from which fields are taken that the body leaves out; empty for the first.
    """
    slug = workflow_id.removeprefix("wf_")
    criteria = before.get("criteria", [])
    if "criteria" in fields:
        criteria = [
            {
                "id": f"crit_{slug}_{position}",
                "position": position,
                "criterionText": criterion["criterionText"],
                "isRequired": criterion.get("isRequired", True),
            }
            for position, criterion in enumerate(fields["criteria"], start=1)
        ]
    default_target = {"modelId": "tester-large", "skillMode": None, "skillVersionId": None}
    return {
        "id": f"ver_{slug}_{number:03}",
        "version": number,
        "testerPrompt": fields.get("testerPrompt", before.get("testerPrompt")),
        "testerTargets": targets(fields) or before.get("testerTargets", [default_target]),
        "criteria": criteria,
        **{
            name: fields.get(name, before.get(name, {}))
            for name in ("limits", "retryPolicy", "toolPolicy", "metadata")
        },
        "createdAt": created_at,
    }


def workflows(servers: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return the workflows by id, each at its first version."""
    return {
        plan.id: _record(index, plan, servers[server_id(plan.server)]) for index, plan in enumerate(PLANS)
    }


def _record(index: int, plan: Plan, server: Mapping[str, Any]) -> dict[str, Any]:
    created_at = timestamp(NOW - timedelta(days=90 - index))
    last = len(plan.criteria)
    fields = {
        "testerPrompt": plan.prompt,
        "testerModelIds": plan.models,
        "criteria": [
            {"criterionText": words, "isRequired": last == 1 or position < last}
            for position, words in enumerate(plan.criteria, start=1)
        ],
        "limits": {"maxTurns": 12},
        "metadata": {"team": plan.server},
    }
    cron = {"cron": plan.cron, "enabled": not plan.is_paused} if plan.cron else None
    return {
        "id": plan.id,
        "name": plan.name,
        "description": plan.prompt,
        "mcpServerId": server["id"],
        "status": "paused" if plan.is_paused else "active",
        "categories": list(server["categories"]),
        "defaultMcpAuthProfileId": server["default_auth_profile_id"],
        "schedule": schedule(cron),
        "currentVersion": version_record(plan.id, 1, created_at=created_at, fields=fields, before={}),
        "createdAt": created_at,
        "updatedAt": created_at,
    }
