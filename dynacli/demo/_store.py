"""The data of a running demo API, and the changes that requests make to it."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from dynacli.demo._records import (
    NOW,
    advanced_run,
    identifier,
    pending_run,
    runs,
    starting_data,
    timestamp,
    visits,
)

__all__ = ["Store"]


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


def _schedule(fields: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Return a schedule with its defaults filled in; None where the workflow runs only by hand."""
    return None if fields is None else {"timezone": "UTC", "enabled": True, **fields}


def _version_record(
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


class Store:
    """The data of a server in memory; the same at every start, and gone at its end.

    The time starts at the reference date, and advances by a second with every write. A run that a request has started
    goes on each time it is looked at.
    """

    def __init__(self) -> None:
        data = starting_data()
        self.servers: dict[str, dict[str, Any]] = _by_id(data["servers"])
        self.workflows: dict[str, dict[str, Any]] = _by_id(data["workflows"])
        self.versions = {identity: [record["currentVersion"]] for identity, record in self.workflows.items()}
        self.runs = runs(data, self.workflows)
        self.topics: dict[str, dict[str, Any]] = data["topics"]
        self.searches: dict[str, dict[str, Any]] = _by_id(data["searches"])
        self.visits = visits(data)
        self._tools: dict[str, list[str]] = data["tools"]
        self._writes = 0
        self._begun: set[str] = set()
        self._keys: dict[tuple[str, str], list[str]] = {}

    def look_at(self, run: dict[str, Any]) -> dict[str, Any]:
        """Return a run as it is; one that a request has started is a step further for whoever looks next."""
        identity = run["id"]
        if identity in self._begun:
            self.runs[identity] = advanced_run(run, NOW + timedelta(seconds=self._writes))
        return run

    def tools_of(self, server_id: str) -> list[str]:
        """Return the names of the tools of an MCP server."""
        return self._tools.get(server_id, ["call"])

    def tools_of_run(self, run: Mapping[str, Any]) -> list[str]:
        """Return the names of the tools that a run could use."""
        return self.tools_of(self.workflows[run["workflowId"]]["mcpServerId"])

    def criteria_of(self, run: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Return the criteria of the version that a run was made with."""
        versions = self.versions[run["workflowId"]]
        criteria: list[dict[str, Any]] = next(
            version["criteria"] for version in versions if version["id"] == run["workflowVersionId"]
        )
        return criteria

    def add_server(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Add an MCP server; secrets in the body are not kept."""
        created_at = self._tick()
        identity = identifier("new-mcp-server", str(self._writes), fields["name"])
        record = {
            "id": identity,
            "name": fields["name"],
            "transport_type": fields.get("transportType", "streamable_http"),
            "target_kind": fields.get("targetKind", "mcp"),
            "base_url": fields.get("baseUrl"),
            "categories": [],
            "environment": fields.get("environment", "production"),
            "connection_config": fields.get("connectionConfig", {}),
            "network_policy": fields.get("networkPolicy", {}),
            "default_auth_profile_id": (
                identifier("auth-profile", identity) if "authProfile" in fields else None
            ),
            "created_at": created_at,
            "updated_at": created_at,
        }
        self.servers[identity] = record
        return record

    def add_workflow(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Add a workflow, and its first run where it has a schedule."""
        created_at = self._tick()
        identity = f"wf_{identifier('new-workflow', str(self._writes), fields['name'])[:13]}"
        server = self.servers[fields["mcpServerId"].lower()]
        planned = _schedule(fields.get("schedule"))
        version = _version_record(identity, 1, created_at=created_at, fields=fields, before={})
        record = {
            "id": identity,
            "name": fields["name"],
            "description": fields.get("description"),
            "mcpServerId": server["id"],
            "status": _status(planned),
            "categories": list(server["categories"]),
            "defaultMcpAuthProfileId": fields.get(
                "defaultMcpAuthProfileId", server["default_auth_profile_id"]
            ),
            "schedule": planned,
            "currentVersion": version,
            "createdAt": created_at,
            "updatedAt": created_at,
        }
        self.workflows[identity] = record
        self.versions[identity] = [version]
        if planned is not None and planned["enabled"]:
            self._queue(record, trigger="scheduled")
        return record

    def change_workflow(self, workflow: dict[str, Any], fields: Mapping[str, Any]) -> dict[str, Any]:
        """Change a workflow and add its next version; earlier versions stay as they are."""
        changed_at = self._tick()
        for name in ("name", "description", "defaultMcpAuthProfileId"):
            if name in fields:
                workflow[name] = fields[name]
        if "mcpServerId" in fields:
            server = self.servers[fields["mcpServerId"].lower()]
            workflow |= {"mcpServerId": server["id"], "categories": list(server["categories"])}
        if "schedule" in fields:
            workflow["schedule"] = _schedule(fields["schedule"])
            workflow["status"] = _status(workflow["schedule"])
        history = self.versions[workflow["id"]]
        version = _version_record(
            workflow["id"], len(history) + 1, created_at=changed_at, fields=fields, before=history[-1]
        )
        history.append(version)
        workflow |= {"currentVersion": version, "updatedAt": changed_at}
        return workflow

    def archive_workflow(self, workflow: dict[str, Any]) -> None:
        """Archive a workflow and remove its schedule."""
        if workflow["status"] != "archived":
            workflow |= {"status": "archived", "schedule": None, "updatedAt": self._tick()}

    def dispatch(
        self, workflow: Mapping[str, Any], fields: Mapping[str, Any]
    ) -> tuple[list[dict[str, Any]], bool]:
        """Queue a run for each of a workflow's models, unless the idempotency key is known.

        Returns:
            The runs, and whether an earlier dispatch with the same key had queued them.
        """
        key = fields.get("idempotencyKey")
        known = self._keys.get((workflow["id"], key)) if key else None
        if known and not fields.get("forceNewRun", False):
            return [self.runs[identity] for identity in known], True
        self._tick()
        reason = fields.get("reason")
        # Without a key, or where a new run is forced, the count of writes makes the ids unique.
        salt = key if key and not known else f"{key}#{self._writes}"
        queued = self._queue(
            workflow,
            trigger="manual",
            seed=(reason or "", salt),
            reason=reason,
            baseline=fields.get("baselineRunId"),
        )
        if key:
            self._keys[workflow["id"], key] = [run["id"] for run in queued]
        return queued, False

    def change_topic(self, identity: str, fields: Mapping[str, Any]) -> None:
        """Change the editable fields of a topic."""
        self._tick()
        self.topics[identity] |= fields

    def _queue(
        self,
        workflow: Mapping[str, Any],
        *,
        trigger: str,
        seed: tuple[str, str] = ("", ""),
        reason: str | None = None,
        baseline: str | None = None,
    ) -> list[dict[str, Any]]:
        queued = []
        for position, target in enumerate(workflow["currentVersion"]["testerTargets"]):
            model = target["modelId"]
            identity = identifier("dispatch", workflow["id"], *seed, str(position))
            queued.append(
                pending_run(workflow, model, identity, trigger=trigger, reason=reason, baseline=baseline)
            )
        self._begun.update(run["id"] for run in queued)
        self.runs = {run["id"]: run for run in queued} | self.runs
        return queued

    def _tick(self) -> str:
        self._writes += 1
        return timestamp(NOW + timedelta(seconds=self._writes))


def _by_id(records: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {record["id"]: record for record in records}


def _status(planned: Mapping[str, Any] | None) -> str:
    return "active" if planned is None or planned["enabled"] else "paused"
