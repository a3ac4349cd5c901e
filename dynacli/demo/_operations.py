"""The operations of the demo API: method and path, checks of the inputs, and the functions that response."""

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

from dynacli.demo._data import (
    NOW,
    RANGES,
    SUMMARY_FIELDS,
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
from dynacli.demo._requests import (
    DISPATCH,
    MCP_SERVER,
    NEW_WORKFLOW,
    TOPIC_CHANGE,
    WORKFLOW_CHANGE,
    Check,
    ChoiceParameter,
    FieldError,
    IntegerParameter,
    Problem,
    QueryParameter,
    SlugsParameter,
    TextParameter,
    invalid,
    not_found,
)
from dynacli.record import record


@record
class DemoCall:
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


@record
class DemoResponse:
    """A good response: the status code and the JSON value."""

    status: int
    body: Any


_NO_PARAMETERS: Mapping[str, QueryParameter] = MappingProxyType({})

Handler = Callable[[DemoCall], DemoResponse]


@record
class DemoOperation:
    """An operation of the API.

    Args:
        id: Its operationId.
        method: The HTTP method, in upper case.
        path: The path under the base path.
        handle: Returns the response, or raises a Problem.
        query: Name → query parameter.
        body: The check of the body; None if the operation takes none.
        needs_body: Whether the body is required.
        writes: Whether the role must be editor or above.
    """

    id: str
    method: str
    path: str
    handle: Handler
    query: Mapping[str, QueryParameter] = _NO_PARAMETERS
    body: Check | None = None
    needs_body: bool = False
    writes: bool = False


_CATEGORIES: dict[str, QueryParameter] = {
    "category": SlugsParameter(),
    "categorySlug": SlugsParameter(is_list=False),
}


def _in_categories(call: DemoCall, categories: list[str]) -> bool:
    """Return whether a record with these categories passes both category filters."""
    any_of, exactly = call.query["category"], call.query["categorySlug"]
    return (any_of is None or not set(any_of).isdisjoint(categories)) and (
        exactly is None or exactly in categories
    )


def _org(call: DemoCall) -> DemoResponse:
    actor = {
        "apiKeyId": f"key_demo{call.role}",
        "apiKeyName": f"demo {call.role}",
        "userProfileId": None,
        "role": call.role,
        "email": None,
    }
    organization = {"id": "org_demo", "slug": "your-org", "name": "Your organization"}
    return DemoResponse(200, {"organization": organization, "actor": actor})


def _list_servers(call: DemoCall) -> DemoResponse:
    rows = [server for server in call.store.servers.values() if _in_categories(call, server["categories"])]
    return DemoResponse(200, {"rows": sorted(rows, key=_by_name)})


def _create_server(call: DemoCall) -> DemoResponse:
    return DemoResponse(201, call.store.add_server(call.body))


def _get_server(call: DemoCall) -> DemoResponse:
    server = call.store.servers.get(call.id)
    if server is None:
        raise not_found("MCP server", call.id)
    return DemoResponse(200, server)


def _by_name(record: dict[str, Any]) -> tuple[str, str]:
    return record["name"].casefold(), record["id"]


SERVER_OPERATIONS = (
    DemoOperation("getOrg", "GET", "/org", _org),
    DemoOperation("listMcpServers", "GET", "/mcp-servers", _list_servers, query=_CATEGORIES),
    DemoOperation(
        "createMcpServer",
        "POST",
        "/mcp-servers",
        _create_server,
        body=MCP_SERVER,
        needs_body=True,
        writes=True,
    ),
    DemoOperation("getMcpServer", "GET", "/mcp-servers/{id}", _get_server),
)


def _list_workflows(call: DemoCall) -> DemoResponse:
    rows = [
        workflow
        for workflow in call.store.workflows.values()
        if workflow["status"] != "archived" and _in_categories(call, workflow["categories"])
    ]
    return DemoResponse(200, {"rows": sorted(rows, key=lambda row: (row["name"].casefold(), row["id"]))})


def _create_workflow(call: DemoCall) -> DemoResponse:
    _check_server(call)
    return DemoResponse(201, call.store.add_workflow(call.body))


def _get_workflow(call: DemoCall) -> DemoResponse:
    return DemoResponse(200, _workflow(call))


def _update_workflow(call: DemoCall) -> DemoResponse:
    workflow = _live_workflow(call)
    _check_server(call)
    return DemoResponse(200, call.store.change_workflow(workflow, call.body))


def _archive_workflow(call: DemoCall) -> DemoResponse:
    call.store.archive_workflow(_workflow(call))
    return DemoResponse(200, {"ok": True})


def _dispatch_workflow(call: DemoCall) -> DemoResponse:
    workflow = _live_workflow(call)
    fields = call.body or {}
    if fields.get("baselineRunId", None) not in {None, *call.store.runs}:
        raise invalid([FieldError("baselineRunId", "names no run")])
    runs, was_there = call.store.dispatch(workflow, fields)
    response = {
        "runId": runs[0]["id"],
        "workflowId": workflow["id"],
        "status": runs[0]["status"],
        "deduplicated": was_there,
        "runs": [{"runId": run["id"], "modelId": run["modelId"]} for run in runs],
    }
    return DemoResponse(202, response)


def _list_versions(call: DemoCall) -> DemoResponse:
    versions = call.store.versions[_workflow(call)["id"]]
    return DemoResponse(200, {"rows": versions[::-1]})


def _workflow(call: DemoCall) -> dict[str, Any]:
    workflow = call.store.workflows.get(call.id)
    if workflow is None:
        raise not_found("workflow", call.id)
    return workflow


def _live_workflow(call: DemoCall) -> dict[str, Any]:
    workflow = _workflow(call)
    if workflow["status"] == "archived":
        raise Problem(404, "not_found", f"The workflow `{call.id}` is archived")
    return workflow


def _check_server(call: DemoCall) -> None:
    server = call.body.get("mcpServerId")
    if server is not None and server.lower() not in call.store.servers:
        raise invalid([FieldError("mcpServerId", "names no MCP server")])


WORKFLOW_OPERATIONS = (
    DemoOperation("listWorkflows", "GET", "/workflows", _list_workflows, query=_CATEGORIES),
    DemoOperation(
        "createWorkflow",
        "POST",
        "/workflows",
        _create_workflow,
        body=NEW_WORKFLOW,
        needs_body=True,
        writes=True,
    ),
    DemoOperation("getWorkflow", "GET", "/workflows/{id}", _get_workflow),
    DemoOperation(
        "updateWorkflow",
        "PATCH",
        "/workflows/{id}",
        _update_workflow,
        body=WORKFLOW_CHANGE,
        needs_body=True,
        writes=True,
    ),
    DemoOperation("archiveWorkflow", "DELETE", "/workflows/{id}", _archive_workflow, writes=True),
    DemoOperation(
        "dispatchWorkflowRun", "POST", "/workflows/{id}/runs", _dispatch_workflow, body=DISPATCH, writes=True
    ),
)

NEXT_OPERATION = DemoOperation("listWorkflowVersions", "GET", "/workflows/{id}/versions", _list_versions)


_INSIGHT_RANGE = ChoiceParameter(tuple(RANGES), "7d")
_INSIGHT_LIMIT = IntegerParameter(1, 100, 20)

# The period over which a topic is counted if the operation takes no range.
_LONGEST_RANGE = "90d"


def _get_overview(call: DemoCall) -> DemoResponse:
    period = call.query["range"]
    return DemoResponse(
        200,
        {
            **overview(period, _within(call, period)),
            "top_topics": _topics(call, period, "volume")[:5],
            "top_searches": _searches(call, period)[:5],
        },
    )


def _list_topics(call: DemoCall) -> DemoResponse:
    topics = _topics(call, call.query["range"], call.query["sort"])
    return DemoResponse(200, {"topics": topics[: call.query["limit"]]})


def _get_topic(call: DemoCall) -> DemoResponse:
    topic = _topic(call)
    visits = [visit for visit in call.store.visits if visit.session["topic_id"] == call.id]
    related = sorted({visit.search for visit in visits if visit.search})
    return DemoResponse(
        200,
        {
            "topic": topic,
            "sample_sessions": [visit.session for visit in visits[:3]],
            "related_searches": [
                search_record(call.store.searches[search], call.store.visits) for search in related
            ],
        },
    )


def _update_topic(call: DemoCall) -> DemoResponse:
    _topic(call)
    call.store.change_topic(call.id, call.body)
    return DemoResponse(200, _topic(call))


def _list_searches(call: DemoCall) -> DemoResponse:
    return DemoResponse(200, {"searches": _searches(call, call.query["range"])[: call.query["limit"]]})


def _get_search(call: DemoCall) -> DemoResponse:
    search = call.store.searches.get(call.id)
    if search is None:
        raise not_found("search", call.id)
    sessions = [visit.session for visit in call.store.visits if visit.search == call.id]
    return DemoResponse(200, {**search_record(search, call.store.visits), "sessions": sessions[:10]})


def _list_sessions(call: DemoCall) -> DemoResponse:
    words = (call.query["intent"] or "").casefold()
    visits = _within(call, call.query["range"])
    sessions = [visit.session for visit in visits if words in visit.session["raw_intent"].casefold()]
    return DemoResponse(200, {"sessions": sessions[: call.query["limit"]]})


def _get_session_trace(call: DemoCall) -> DemoResponse:
    session = next((visit.session for visit in call.store.visits if visit.session["id"] == call.id), None)
    if session is None:
        raise not_found("session", call.id)
    return DemoResponse(200, session_trace(session, call.store.tools_of(session["mcp_server_id"])))


def _within(call: DemoCall, period: str) -> list[Visit]:
    return since(NOW - RANGES[period], call.store.visits)


def _topic(call: DemoCall) -> dict[str, Any]:
    topic = call.store.topics.get(call.id)
    if topic is None:
        raise not_found("topic", call.id)
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


INSIGHT_OPERATIONS = (
    DemoOperation(
        "getInsightsOverview", "GET", "/insights/overview", _get_overview, query={"range": _INSIGHT_RANGE}
    ),
    DemoOperation(
        "listInsightTopics",
        "GET",
        "/insights/topics",
        _list_topics,
        query={
            "range": _INSIGHT_RANGE,
            "sort": ChoiceParameter(("volume", "frustration", "trend"), "volume"),
            "limit": _INSIGHT_LIMIT,
        },
    ),
    DemoOperation("getInsightTopic", "GET", "/insights/topics/{id}", _get_topic),
    DemoOperation(
        "updateInsightTopic",
        "PATCH",
        "/insights/topics/{id}",
        _update_topic,
        body=TOPIC_CHANGE,
        needs_body=True,
        writes=True,
    ),
    DemoOperation(
        "listInsightSearches",
        "GET",
        "/insights/searches",
        _list_searches,
        query={"range": _INSIGHT_RANGE, "limit": _INSIGHT_LIMIT},
    ),
    DemoOperation("getInsightSearch", "GET", "/insights/searches/{id}", _get_search),
    DemoOperation(
        "listInsightSessions",
        "GET",
        "/insights/sessions",
        _list_sessions,
        query={"range": _INSIGHT_RANGE, "intent": TextParameter(max_length=200), "limit": _INSIGHT_LIMIT},
    ),
    DemoOperation("getInsightSessionTrace", "GET", "/insights/sessions/{id}/trace", _get_session_trace),
)


_RUN_STATUSES = ("pending", "running", "pass", "partial", "fail", "error")

_RUN_SORT_KEYS = ("startedAt", "durationMs", "costUsd", "status", "workflowName")

_RUN_QUERY: dict[str, QueryParameter] = {
    "range": ChoiceParameter(("24h", "7d", "30d"), "24h"),
    "workflowId": TextParameter(),
    "status": ChoiceParameter(_RUN_STATUSES),
    "classification": TextParameter(),
    "search": TextParameter(max_length=200),
    "page": IntegerParameter(1, None, 1),
    "pageSize": IntegerParameter(1, 100, 20),
    "sort": TextParameter(default="-startedAt"),
}


def _search_runs(call: DemoCall) -> DemoResponse:
    rows = _sorted_runs(list(_matching_runs(call)), call.query["sort"])
    page, size = call.query["page"], call.query["pageSize"]
    first = (page - 1) * size
    shown = [{name: run[name] for name in SUMMARY_FIELDS} for run in rows[first : first + size]]
    return DemoResponse(200, {"rows": shown, "page": page, "pageSize": size, "total": len(rows)})


def _matching_runs(call: DemoCall) -> Iterator[dict[str, Any]]:
    query = call.query
    since = timestamp(NOW - RANGES[query["range"]])
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


def _get_run(call: DemoCall) -> DemoResponse:
    return DemoResponse(200, call.store.look_at(_run(call)))


def _get_run_trace(call: DemoCall) -> DemoResponse:
    run = _run(call)
    return DemoResponse(200, trace(run, call.store.tools_of_run(run)))


def _get_evaluation(call: DemoCall) -> DemoResponse:
    run = _run(call)
    found = evaluation(run, call.store.criteria_of(run), call.store.tools_of_run(run))
    if found is None:
        raise Problem(404, "not_found", f"The run `{call.id}` has no evaluation: it is {run['status']}")
    return DemoResponse(200, found)


def _list_tool_calls(call: DemoCall) -> DemoResponse:
    run = _run(call)
    return DemoResponse(200, {"rows": tool_calls(run, call.store.tools_of_run(run))})


def _run(call: DemoCall) -> dict[str, Any]:
    run = call.store.runs.get(call.id)
    if run is None:
        raise not_found("run", call.id)
    return run


RUN_OPERATIONS = (
    DemoOperation("searchRuns", "GET", "/runs", _search_runs, query=_RUN_QUERY),
    DemoOperation("getRun", "GET", "/runs/{id}", _get_run),
    DemoOperation("getRunTrace", "GET", "/runs/{id}/trace", _get_run_trace),
    DemoOperation("getRunEvaluation", "GET", "/runs/{id}/evaluation", _get_evaluation),
    DemoOperation("listRunToolCalls", "GET", "/runs/{id}/tool-calls", _list_tool_calls),
)
