"""The operations of the demo API: a function for each operationId of the document."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple, TypeVar

from dynacli.features.demo._data import (
    NOW,
    SUMMARY_FIELDS,
    TIME_RANGES,
    Store,
    Visit,
    evaluation,
    overview,
    search_record,
    session_trace,
    since,
    timestamp,
    tool_calls,
    topic_record,
    trace,
)
from dynacli.features.demo._requests import FieldError, ProblemResponse, invalid, not_found

# The period over which a topic is counted if the operation takes no range.
_LONGEST_RANGE = "90d"
_RUN_SORT_KEYS = ("startedAt", "durationMs", "costUsd", "status", "workflowName")

_Record = TypeVar("_Record")


class DemoCall(NamedTuple):
    """A request that passed the checks.

    Args:
        store: The data of the demo API.
        role: The caller's role.
        id: The `{id}` of the path; empty if the path has none.
        query: Name → value for every query parameter, defaults filled in.
        body: The JSON value of the body; None if there is none.
    """

    store: Store
    role: str
    id: str
    query: Mapping[str, Any]
    body: Any


def _in_categories(call: DemoCall, categories: list[str]) -> bool:
    """Return whether a record with these categories passes both category filters."""
    any_of, exactly = call.query["category"], call.query["categorySlug"]
    return (any_of is None or not set(any_of).isdisjoint(categories)) and (
        exactly is None or exactly in categories
    )


def _org(call: DemoCall) -> dict[str, Any]:
    actor = {
        "apiKeyId": f"key_demo{call.role}",
        "apiKeyName": f"demo {call.role}",
        "userProfileId": None,
        "role": call.role,
        "email": None,
    }
    organization = {"id": "org_demo", "slug": "your-org", "name": "Your organization"}
    return {"organization": organization, "actor": actor}


def _list_servers(call: DemoCall) -> dict[str, Any]:
    rows = [server for server in call.store.servers.values() if _in_categories(call, server["categories"])]
    return {"rows": sorted(rows, key=_by_name)}


def _create_server(call: DemoCall) -> dict[str, Any]:
    return call.store.add_server(call.body)


def _get_server(call: DemoCall) -> dict[str, Any]:
    return _one_of(call.store.servers, call.id, "MCP server")


def _one_of(records: Mapping[str, _Record], identity: str, kind: str) -> _Record:
    if identity not in records:
        raise not_found(kind, identity)
    return records[identity]


def _by_name(record: dict[str, Any]) -> tuple[str, str]:
    return record["name"].casefold(), record["id"]


def _list_workflows(call: DemoCall) -> dict[str, Any]:
    rows = [
        workflow
        for workflow in call.store.workflows.values()
        if workflow["status"] != "archived" and _in_categories(call, workflow["categories"])
    ]
    return {"rows": sorted(rows, key=_by_name)}


def _create_workflow(call: DemoCall) -> dict[str, Any]:
    _check_server(call)
    return call.store.add_workflow(call.body)


def _update_workflow(call: DemoCall) -> dict[str, Any]:
    workflow = _live_workflow(call)
    _check_server(call)
    return call.store.change_workflow(workflow, call.body)


def _archive_workflow(call: DemoCall) -> dict[str, Any]:
    call.store.archive_workflow(_workflow(call))
    return {"ok": True}


def _dispatch_workflow(call: DemoCall) -> dict[str, Any]:
    workflow = _live_workflow(call)
    fields = call.body or {}
    if fields.get("baselineRunId", None) not in {None, *call.store.runs}:
        raise invalid([FieldError("baselineRunId", "names no run")])
    runs, was_there = call.store.dispatch(workflow, fields)
    return {
        "runId": runs[0]["id"],
        "workflowId": workflow["id"],
        "status": runs[0]["status"],
        "deduplicated": was_there,
        "runs": [{"runId": run["id"], "modelId": run["modelId"]} for run in runs],
    }


def _list_versions(call: DemoCall) -> dict[str, Any]:
    versions = call.store.versions[_workflow(call)["id"]]
    return {"rows": versions[::-1]}


def _workflow(call: DemoCall) -> dict[str, Any]:
    return _one_of(call.store.workflows, call.id, "workflow")


def _live_workflow(call: DemoCall) -> dict[str, Any]:
    workflow = _workflow(call)
    if workflow["status"] == "archived":
        raise ProblemResponse(404, "not_found", f"The workflow `{call.id}` is archived")
    return workflow


def _check_server(call: DemoCall) -> None:
    server = call.body.get("mcpServerId")
    if server is not None and server.lower() not in call.store.servers:
        raise invalid([FieldError("mcpServerId", "names no MCP server")])


def _get_overview(call: DemoCall) -> dict[str, Any]:
    period = call.query["range"]
    return {
        **overview(period, _within(call, period)),
        "top_topics": _topics(call, period, "volume")[:5],
        "top_searches": _searches(call, period)[:5],
    }


def _list_topics(call: DemoCall) -> dict[str, Any]:
    topics = _topics(call, call.query["range"], call.query["sort"])
    return {"topics": topics[: call.query["limit"]]}


def _get_topic(call: DemoCall) -> dict[str, Any]:
    topic = _topic(call)
    visits = [visit for visit in call.store.visits if visit.session["topic_id"] == call.id]
    related = sorted({visit.search for visit in visits if visit.search})
    return {
        "topic": topic,
        "sample_sessions": [visit.session for visit in visits[:3]],
        "related_searches": [
            search_record(call.store.searches[search], call.store.visits) for search in related
        ],
    }


def _update_topic(call: DemoCall) -> dict[str, Any]:
    _topic(call)
    call.store.change_topic(call.id, call.body)
    return _topic(call)


def _list_searches(call: DemoCall) -> dict[str, Any]:
    return {"searches": _searches(call, call.query["range"])[: call.query["limit"]]}


def _get_search(call: DemoCall) -> dict[str, Any]:
    search = _one_of(call.store.searches, call.id, "search")
    sessions = [visit.session for visit in call.store.visits if visit.search == call.id]
    return {**search_record(search, call.store.visits), "sessions": sessions[:10]}


def _list_sessions(call: DemoCall) -> dict[str, Any]:
    words = (call.query["intent"] or "").casefold()
    visits = _within(call, call.query["range"])
    sessions = [visit.session for visit in visits if words in visit.session["raw_intent"].casefold()]
    return {"sessions": sessions[: call.query["limit"]]}


def _get_session_trace(call: DemoCall) -> dict[str, Any]:
    sessions = {visit.session["id"]: visit.session for visit in call.store.visits}
    session = _one_of(sessions, call.id, "session")
    return session_trace(session, call.store.tools_of(session["mcp_server_id"]))


def _within(call: DemoCall, period: str) -> list[Visit]:
    return since(NOW - TIME_RANGES[period], call.store.visits)


def _topic(call: DemoCall) -> dict[str, Any]:
    topic = _one_of(call.store.topics, call.id, "topic")
    return topic_record(call.id, topic, call.store.visits, _LONGEST_RANGE)


def _topics(call: DemoCall, period: str, key: str) -> list[dict[str, Any]]:
    records = [
        topic_record(identity, topic, call.store.visits, period)
        for identity, topic in call.store.topics.items()
        if not topic["archived"]
    ]
    seen = [record for record in records if record["volume"]]
    return sorted(seen, key=lambda record: record[key], reverse=True)


def _searches(call: DemoCall, period: str) -> list[dict[str, Any]]:
    visits = _within(call, period)
    records = [search_record(search, visits) for search in call.store.searches.values()]
    seen = [record for record in records if record["count"]]
    return sorted(seen, key=lambda record: record["count"], reverse=True)


def _search_runs(call: DemoCall) -> dict[str, Any]:
    rows = _sorted_runs(list(_matching_runs(call)), call.query["sort"] or "-startedAt")
    page, size = call.query["page"], call.query["pageSize"]
    first = (page - 1) * size
    shown = [{name: run[name] for name in SUMMARY_FIELDS} for run in rows[first : first + size]]
    return {"rows": shown, "page": page, "pageSize": size, "total": len(rows)}


def _matching_runs(call: DemoCall) -> Iterator[dict[str, Any]]:
    query = call.query
    since = timestamp(NOW - TIME_RANGES[query["range"]])
    exact = ("workflowId", "status", "classification")
    wanted = {name: query[name] for name in exact if query[name] is not None}
    words = (query["search"] or "").casefold()
    for run in call.store.runs.values():
        # Pending runs have no start yet, and belong to every range that ends now.
        if run["startedAt"] is not None and run["startedAt"] < since:
            continue
        if any(run[name] != value for name, value in wanted.items()):
            continue
        if words in f"{run['workflowName']}\n{run['reason'] or ''}".casefold():
            yield run


def _sorted_runs(rows: list[dict[str, Any]], sort: str) -> list[dict[str, Any]]:
    key, descending = sort.removeprefix("-"), sort.startswith("-")
    if key not in _RUN_SORT_KEYS:
        raise invalid(
            [FieldError("sort", f"is one of {', '.join(_RUN_SORT_KEYS)}, with or without a `-` in front")]
        )
    if key == "startedAt":
        # The store holds the newest first, pending ones before them.
        return rows if descending else rows[::-1]
    known = [run for run in rows if run[key] is not None]
    return [
        *sorted(known, key=lambda run: run[key], reverse=descending),
        *(run for run in rows if run[key] is None),
    ]


def _get_run(call: DemoCall) -> dict[str, Any]:
    return call.store.look_at(_run(call))


def _get_run_trace(call: DemoCall) -> dict[str, Any]:
    run = _run(call)
    return trace(run, call.store.tools_of_run(run))


def _get_evaluation(call: DemoCall) -> dict[str, Any]:
    run = _run(call)
    found = evaluation(run, call.store.criteria_of(run), call.store.tools_of_run(run))
    if found is None:
        raise ProblemResponse(
            404, "not_found", f"The run `{call.id}` has no evaluation: it is {run['status']}"
        )
    return found


def _list_tool_calls(call: DemoCall) -> dict[str, Any]:
    run = _run(call)
    return {"rows": tool_calls(run, call.store.tools_of_run(run))}


def _run(call: DemoCall) -> dict[str, Any]:
    return _one_of(call.store.runs, call.id, "run")


RESPONDERS: Mapping[str, Callable[[DemoCall], dict[str, Any]]] = {
    "getOrg": _org,
    "listMcpServers": _list_servers,
    "createMcpServer": _create_server,
    "getMcpServer": _get_server,
    "listWorkflows": _list_workflows,
    "createWorkflow": _create_workflow,
    "getWorkflow": _workflow,
    "updateWorkflow": _update_workflow,
    "archiveWorkflow": _archive_workflow,
    "dispatchWorkflowRun": _dispatch_workflow,
    "searchRuns": _search_runs,
    "getRun": _get_run,
    "getRunTrace": _get_run_trace,
    "getRunEvaluation": _get_evaluation,
    "listRunToolCalls": _list_tool_calls,
    "getInsightsOverview": _get_overview,
    "listInsightTopics": _list_topics,
    "getInsightTopic": _get_topic,
    "updateInsightTopic": _update_topic,
    "listInsightSearches": _list_searches,
    "getInsightSearch": _get_search,
    "listInsightSessions": _list_sessions,
    "getInsightSessionTrace": _get_session_trace,
    "listWorkflowVersions": _list_versions,
}
"""operationId → function that returns the JSON value of a good response, or raises a `ProblemResponse`."""
