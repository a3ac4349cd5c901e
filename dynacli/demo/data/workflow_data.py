"""Making a version of a workflow."""

from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["schedule", "version_record"]


def _targets(fields: Mapping[str, Any]) -> list[dict[str, Any]] | None:
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
        "testerTargets": _targets(fields) or before.get("testerTargets", [default_target]),
        "criteria": criteria,
        **{
            name: fields.get(name, before.get(name, {}))
            for name in ("limits", "retryPolicy", "toolPolicy", "metadata")
        },
        "createdAt": created_at,
    }
