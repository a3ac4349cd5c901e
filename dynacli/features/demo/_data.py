"""The data of the demo API: runs, sessions of agents, records derived from them, and changes by requests.

The initial data depends on no clock and no random number, so quoted output stays true.
"""

import json
import os
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha1, sha256
from typing import Any, NamedTuple

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)

TIME_RANGES = {
    "24h": timedelta(hours=24),
    "7d": timedelta(days=7),
    "30d": timedelta(days=30),
    "90d": timedelta(days=90),
}

_NAMESPACE = bytes.fromhex("6e8f0f6a5f0c5d0a8c390a7d5a1c2b11")
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
_UNAVAILABLE = "The server did not respond within 10 seconds"


def shipped_data(name: str) -> dict[str, Any]:
    """Return the data of a JSON file that ships beside this module; the caller may change it."""
    with open(os.path.join(os.path.dirname(__file__), name), encoding="utf-8") as file:
        data: dict[str, Any] = json.load(file)
    return data


def _rows_of(table: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the rows of a table as objects. The data file stores large collections as tables, newest first."""
    columns = table["columns"]
    return [dict(zip(columns, row, strict=True)) for row in table["rows"]]


def _identifier(*parts: str) -> str:
    """Return the UUIDv5 (RFC 9562, section 5.5) of a record, from the strings that identify it.

    Importing `uuid` would take longer than the response to a request.
    """
    made = bytearray(sha1(_NAMESPACE + "/".join(parts).encode(), usedforsecurity=False).digest()[:16])
    made[6] = made[6] & 0x0F | 0x50
    made[8] = made[8] & 0x3F | 0x80
    digits = made.hex()
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def _chance(*parts: str) -> int:
    """Return a number from 0 to 999 that looks random, but depends only on the parts."""
    return int.from_bytes(sha256("/".join(parts).encode()).digest()[:4], "big") % 1000


def timestamp(moment: datetime) -> str:
    """Return a time, which must be in UTC, in the format of RFC 3339, to the second."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _later(moment: str, **passed: float) -> str:
    """Return a time plus a duration."""
    return timestamp(datetime.fromisoformat(moment) + timedelta(**passed))


def _runs(data: Mapping[str, Any], workflows: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return id → run of the initial data, newest first, in the format of `getRun`.

    Args:
        data: The initial data.
        workflows: Id → workflow.
    """
    runs = {}
    for row in _rows_of(data["runs"]):
        workflow = workflows[row["workflowId"]]
        trigger = "scheduled" if workflow["schedule"] else "manual"
        summary = data["summaries"].get(row["classification"])
        run = _pending_run(workflow, row["modelId"], row["id"], trigger=trigger)
        runs[row["id"]] = run | row | {"evaluation": _outcome(row["status"], summary)}
    return runs


def _outcome(verdict: str, summary: str | None) -> dict[str, Any] | None:
    """Return the evaluation that `getRun` shows; None without a summary, which only evaluated runs have."""
    return {"verdict": verdict, "summary": summary} if summary else None


def _pending_run(
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


def _advanced_run(run: dict[str, Any], now: datetime) -> dict[str, Any]:
    """Return a run one step further: a pending run has started, a running one has passed."""
    if run["status"] == "pending":
        return run | {"status": "running", "startedAt": timestamp(now)}
    if run["status"] == "running":
        duration = 4000 + 53 * _chance("duration", run["id"])
        return run | {
            "status": "pass",
            "classification": "as_expected",
            "finishedAt": _later(run["startedAt"], milliseconds=duration),
            "durationMs": duration,
            "costUsd": round(0.004 + 0.00003 * _chance("cost", run["id"]), 5),
            "evaluation": _outcome("pass", "Everything that was asked for is there."),
        }
    return run


def tool_calls(run: Mapping[str, Any], tools: Sequence[str]) -> list[dict[str, Any]]:
    """Return the tool calls of a run in order; an empty list before its start.

    Args:
        run: The run as the API shows it.
        tools: The names of its server's tools.
    """
    if run["startedAt"] is None:
        return []
    count = 1 if run["status"] == "running" else 2 + _chance("calls", run["id"]) % 3
    calls = []
    for number in range(1, count + 1):
        has_failed = run["status"] == "error" and number == count
        tool = tools[_chance("tool", run["id"], str(number)) % len(tools)]
        calls.append(
            {
                "id": f"call_{run['id'][:8]}_{number}",
                "toolName": tool,
                "arguments": {"query": run["workflowName"].lower(), "limit": 5 * number},
                "result": None if has_failed else {"count": number, "token": "[redacted]"},
                "durationMs": 80 + _chance("call", run["id"], str(number)),
                "status": "error" if has_failed else "ok",
                "error": _UNAVAILABLE if has_failed else None,
                "startedAt": _later(run["startedAt"], seconds=number),
            }
        )
    return calls


def trace(run: Mapping[str, Any], tools: Sequence[str]) -> dict[str, Any]:
    """Return the trace of a run: the agent as the root, a turn before each tool call, and the evaluator at the end."""
    calls = tool_calls(run, tools)
    spans = []
    if run["startedAt"] is not None:
        prefix = f"span_{run['id'][:8]}"
        failed = run["status"] == "error"
        root = _trace_span(
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
            spans.append(
                _trace_span(turn, root["id"], ("turn", "model"), started=start, duration=0, number=number)
            )
            spans.append(
                _trace_span(
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
            spans.append(_trace_span(judge, None, ("judge", "evaluator"), started=start, duration=900))
    return {"runId": run["id"], "redacted": True, "spans": spans, "toolCalls": calls}


def evaluation(
    run: Mapping[str, Any], criteria: Sequence[Mapping[str, Any]], tools: Sequence[str]
) -> dict[str, Any] | None:
    """Return the evaluation of a run; None if it has none."""
    if run["evaluation"] is None:
        return None
    verdict = run["evaluation"]["verdict"]
    call = tool_calls(run, tools)[-1]
    results = []
    for criterion in criteria:
        # Only the first criterion can fail, because it is always required.
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
    return {
        "runId": run["id"],
        "verdict": verdict,
        "classification": run["classification"],
        "judgeModelId": "judge-large",
        "summary": run["evaluation"]["summary"],
        "criteria": results,
        "evaluatedAt": _later(run["finishedAt"], seconds=1),
    }


def _trace_span(
    identity: str,
    parent: str | None,
    named: tuple[str, str],
    *,
    started: str,
    duration: int | None,
    error: str | None = None,
    **attributes: Any,
) -> dict[str, Any]:
    return {
        "id": identity,
        "parentId": parent,
        "name": named[0],
        "kind": named[1],
        "status": "error" if error else "ok",
        "startedAt": started,
        "endedAt": None if duration is None else _later(started, milliseconds=duration),
        "durationMs": duration or 0,
        "attributes": attributes,
        "error": error,
    }


class Visit(NamedTuple):
    """A session, with a fact that the API does not show.

    Args:
        session: The session as the API shows it.
        search: The id of its failed search cluster, if it belongs to one.
    """

    session: Mapping[str, Any]
    search: str | None


def _visits(data: Mapping[str, Any]) -> tuple[Visit, ...]:
    """Return the sessions of the initial data, newest first."""
    return tuple(Visit(row, row.pop("search_id")) for row in _rows_of(data["sessions"]))


def since(start: datetime, sessions: Iterable[Visit]) -> list[Visit]:
    """Return the sessions that started at a time or later."""
    first = timestamp(start)
    return [visit for visit in sessions if visit.session["started_at"] >= first]


def topic_record(
    identity: str, topic: Mapping[str, Any], sessions: Sequence[Visit], period: str
) -> dict[str, Any]:
    """Return a topic as the API shows it, counted over a period that ends at the reference date."""
    own = [visit for visit in sessions if visit.session["topic_id"] == identity]
    length = TIME_RANGES[period]
    now = since(NOW - length, own)
    before = since(NOW - 2 * length, own)[len(now) :]
    annoyed = sum(visit.session["error_count"] > 0 for visit in now)
    return {
        "id": identity,
        "label": topic["label"],
        "is_unmet_demand": topic["is_unmet_demand"],
        "archived": topic["archived"],
        "volume": len(now),
        "frustration": round(annoyed / len(now), 3) if now else 0.0,
        "trend": round((len(now) - len(before)) / len(before), 3) if before else 0.0,
        "first_seen_at": own[-1].session["started_at"],
        "last_seen_at": own[0].session["last_event_at"],
    }


def search_record(search: Mapping[str, Any], sessions: Sequence[Visit]) -> dict[str, Any]:
    """Return a failed search cluster as the API shows it, counted over the given sessions."""
    own = [visit for visit in sessions if visit.search == search["id"]]
    return {
        "id": search["id"],
        "label": search["label"],
        "count": len(own),
        "last_seen_at": own[0].session["last_event_at"] if own else timestamp(NOW),
        "suggested_gap": search["suggested_gap"],
        "sample_queries": search["sample_queries"],
    }


def overview(period: str, sessions: Sequence[Visit]) -> dict[str, Any]:
    """Return the key figures and daily trends of the sessions of a period."""
    events = sum(visit.session["event_count"] - 1 for visit in sessions)
    errors = sum(visit.session["error_count"] for visit in sessions)
    per_day: Counter[str] = Counter()
    errors_per_day: Counter[str] = Counter()
    for visit in sessions:
        day = visit.session["started_at"][:10]
        per_day[day] += 1
        errors_per_day[day] += visit.session["error_count"]
    days = [f"{NOW - timedelta(days=back):%Y-%m-%d}" for back in range(TIME_RANGES[period].days, -1, -1)]
    return {
        "range": period,
        "kpis": {
            "sessions": len(sessions),
            "tool_calls": events,
            "unique_actors": len({visit.session["actor_id"] for visit in sessions}),
            "error_rate": round(errors / events, 4) if events else 0.0,
            "failed_searches": sum(visit.search is not None for visit in sessions),
        },
        "trends": [{"date": day, "sessions": per_day[day], "errors": errors_per_day[day]} for day in days],
    }


def session_trace(session: Mapping[str, Any], tools: Sequence[str]) -> dict[str, Any]:
    """Return a session with its events: the handshake, then tool calls; the last ones failed.

    Args:
        session: The session as the API shows it.
        tools: The names of its server's tools.
    """
    client = session["client_name"]
    begin: dict[str, Any] = {"tool_name": None, "workflow_run_id": None, "client_name": client}
    begin["protocol_version"] = "2025-06-18"
    events = [_session_event(session, 0, "session_init", begin, failed=False)]
    for number in range(1, session["event_count"]):
        failed = number >= session["event_count"] - session["error_count"]
        metadata = {
            "tool_name": tools[number % len(tools)],
            "workflow_run_id": None,
            "user_intent": session["raw_intent"],
            "user_frustration": "high" if failed else "low",
        }
        events.append(_session_event(session, number, "tool_call", metadata, failed=failed))
    return {"session": session, "events": events}


def _session_event(
    session: Mapping[str, Any], number: int, kind: str, metadata: Mapping[str, Any], *, failed: bool
) -> dict[str, Any]:
    started = _later(session["started_at"], seconds=20 * number)
    duration = 100 + _chance("event", session["id"], str(number))
    return {
        "event_id": _identifier("event", session["id"], str(number)),
        "kind": kind,
        "started_at": started,
        "finished_at": _later(started, milliseconds=duration),
        "duration_ms": duration,
        "ok": not failed,
        "error": "Nothing was found" if failed else None,
        "result_preview": None if failed or kind == "session_init" else '{"count": 1}',
        "result_truncated": False,
        "metadata": metadata,
    }


def _targets(fields: Mapping[str, Any]) -> list[dict[str, Any]] | None:
    """Return the tester targets that a body names in one of three ways; None if it names none."""
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
    """Return a schedule with its defaults filled in; None if the workflow runs only by hand."""
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
        before: The previous version, whose fields replace those missing in the body; empty for the first version.
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
    """The data of a server, in memory. Every server starts with the same data.

    The clock starts at the reference date, and advances by a second with every write. If a request has started a run,
    each read of that run advances it by a step.
    """

    def __init__(self) -> None:
        data = shipped_data("starting_data.json")
        self.servers: dict[str, dict[str, Any]] = _by_id(data["servers"])
        self.workflows: dict[str, dict[str, Any]] = _by_id(data["workflows"])
        self.versions = {identity: [record["currentVersion"]] for identity, record in self.workflows.items()}
        self.runs = _runs(data, self.workflows)
        self.topics: dict[str, dict[str, Any]] = data["topics"]
        self.searches: dict[str, dict[str, Any]] = _by_id(data["searches"])
        self.visits = _visits(data)
        self._tools: dict[str, list[str]] = data["tools"]
        self._writes = 0
        self._begun: set[str] = set()
        self._keys: dict[tuple[str, str], list[str]] = {}

    def look_at(self, run: dict[str, Any]) -> dict[str, Any]:
        """Return a run. If a request has started it, advance it by a step for the next read."""
        identity = run["id"]
        if identity in self._begun:
            self.runs[identity] = _advanced_run(run, NOW + timedelta(seconds=self._writes))
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
        """Add an MCP server, without the secrets of its `authProfile`."""
        created_at = self._tick()
        identity = _identifier("new-mcp-server", str(self._writes), fields["name"])
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
                _identifier("auth-profile", identity) if "authProfile" in fields else None
            ),
            "created_at": created_at,
            "updated_at": created_at,
        }
        self.servers[identity] = record
        return record

    def add_workflow(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Add a workflow, and its first run if it has a schedule."""
        created_at = self._tick()
        identity = f"wf_{_identifier('new-workflow', str(self._writes), fields['name'])[:13]}"
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
        # Without a key, or if a new run is forced, the count of writes makes the ids unique.
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
            identity = _identifier("dispatch", workflow["id"], *seed, str(position))
            queued.append(
                _pending_run(workflow, model, identity, trigger=trigger, reason=reason, baseline=baseline)
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
