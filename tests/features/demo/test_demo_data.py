"""The demo API's data is the same at every start, and filters, paging and changes mean something."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import httpx
import pytest

from dynacli.features.demo.demo_server import running
from dynacli.registry.demo_facts import BASE_PATH, DemoServer

_TOTAL = 1002


def _client(server: DemoServer) -> httpx.Client:
    headers = {"Authorization": f"Bearer {server.api_keys['editor']}"}
    return httpx.Client(base_url=f"{server.origin}{BASE_PATH}", headers=headers)


@pytest.fixture
def client() -> Iterator[httpx.Client]:
    """An editor's client of a fresh demo API."""
    with running() as server, _client(server) as made:
        yield made


def _runs(client: httpx.Client, **query: Any) -> dict[str, Any]:
    response = client.get("/runs", params=query)
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()
    return found


def _row(client: httpx.Client, **query: Any) -> dict[str, Any]:
    row: dict[str, Any] = _runs(client, **query)["rows"][0]
    return row


def test_two_starts_response_alike() -> None:
    """Two demo APIs give the same bytes, before and after the same changes."""
    responses = []
    for _ in range(2):
        with running() as server, _client(server) as client:
            reads = [client.get(path).content for path in ("/runs", "/workflows", "/insights/overview")]
            made = client.post("/mcp-servers", json={"name": "x"}).content
            queued = client.post("/workflows/wf_search-issues/runs", json={"reason": "again"}).content
            responses.append([*reads, made, queued])
    assert responses[0] == responses[1]


def test_the_organization(client: httpx.Client) -> None:
    """The organization and the caller look as documented, nulls included."""
    expected = {
        "organization": {"id": "org_demo", "slug": "your-org", "name": "Your organization"},
        "actor": {
            "apiKeyId": "key_demoeditor",
            "apiKeyName": "demo editor",
            "userProfileId": None,
            "role": "editor",
            "email": None,
        },
    }
    assert expected == client.get("/org").json()


def test_run_ids_are_uuids_made_from_names(client: httpx.Client) -> None:
    """Every run's id is a UUIDv5."""
    rows = _runs(client, range="30d", pageSize=100)["rows"]
    assert {5} == {UUID(row["id"]).version for row in rows}


@pytest.mark.sampled(4)
@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, 36),
        ({"range": "7d"}, 230),
        ({"range": "30d"}, _TOTAL),
        ({"range": "30d", "workflowId": "wf_plan-meeting"}, 30),
        ({"range": "30d", "workflowId": "wf_nothing"}, 0),
        ({"range": "30d", "status": "pending"}, 3),
        ({"range": "30d", "status": "running"}, 1),
        ({"range": "30d", "search": "INVOICES"}, 60),
        ({"range": "30d", "search": "by hand", "workflowId": "wf_roll-back-release"}, 9),
    ],
    ids=["day", "week", "month", "workflow", "unknown", "pending", "running", "search", "reason"],
)
def test_filters_count(query: dict[str, str], expected: int, client: httpx.Client) -> None:
    """Each filter narrows the runs down, and `total` counts what is left over all pages."""
    assert expected == _runs(client, **query)["total"]


def test_statuses_and_classifications_divide_the_runs(client: httpx.Client) -> None:
    """The runs of the statuses add up to all runs, and a classification is one status at most."""
    statuses = ("pending", "running", "pass", "partial", "fail", "error")
    totals = [_runs(client, range="30d", status=status)["total"] for status in statuses]
    assert all(totals)
    assert sum(totals) == _TOTAL
    wrong = _runs(client, range="30d", classification="wrong_answer", pageSize=100)["rows"]
    assert {("fail", "wrong_answer")} == {(row["status"], row["classification"]) for row in wrong}


def test_pages_divide_the_runs(client: httpx.Client) -> None:
    """The pages hold every run once, and the page after the last is empty."""
    pages = [_runs(client, range="30d", page=page, pageSize=100) for page in range(1, 13)]
    assert [len(page["rows"]) for page in pages] == [100] * 10 + [2, 0]
    assert len({row["id"] for page in pages for row in page["rows"]}) == _TOTAL
    assert (pages[-1]["page"], pages[-1]["pageSize"], pages[-1]["total"]) == (12, 100, _TOTAL)


@pytest.mark.parametrize("key", ["startedAt", "status", "workflowName"])
def test_sort_keys_order_the_runs(key: str, client: httpx.Client) -> None:
    """A sort key orders by that field, and a hyphen in front turns the order round."""
    for sort, is_reversed in ((key, False), (f"-{key}", True)):
        rows = _runs(client, range="7d", pageSize=100, sort=sort, workflowId="wf_triage-issue")["rows"]
        values = [row[key] for row in rows if row["startedAt"]]
        assert sorted(values, reverse=is_reversed) == values


def test_a_long_run_is_sorted_before_a_short_one(client: httpx.Client) -> None:
    """Runs sort by a field that only the single run shows, with unknown values last."""
    rows = _runs(client, sort="-durationMs", pageSize=100)["rows"]
    durations = [client.get(f"/runs/{row['id']}").json()["durationMs"] for row in rows]
    known = [duration for duration in durations if duration is not None]
    assert sorted(known, reverse=True) + [None] * 4 == durations


def test_categories_filter(client: httpx.Client) -> None:
    """`category` takes any of its slugs, `categorySlug` the one, and both together narrow each other down."""

    def names(query: str) -> list[str]:
        return [row["name"] for row in client.get(f"/mcp-servers?{query}").json()["rows"]]

    assert names("category=dev-tools,finance") == ["Billing MCP", "Deploy CLI", "Production GitHub MCP"]
    assert names("categorySlug=operations") == ["Deploy CLI"]
    assert names("category=dev-tools&categorySlug=operations") == ["Deploy CLI"]
    assert names("category=unheard-of") == []
    assert len(client.get("/workflows").json()["rows"]) == 12


def test_a_trace_shows_the_tool_calls(client: httpx.Client) -> None:
    """A run's trace has a span for each of its tool calls, and the same calls as the list of them."""
    run = _row(client, status="pass")["id"]
    trace = client.get(f"/runs/{run}/trace").json()
    calls = client.get(f"/runs/{run}/tool-calls").json()["rows"]
    assert calls == trace["toolCalls"]
    spanned = [span["attributes"]["toolCallId"] for span in trace["spans"] if span["kind"] == "tool"]
    assert [call["id"] for call in calls] == spanned


@pytest.mark.parametrize("status", ["pass", "partial", "fail"])
def test_an_evaluation_agrees_with_the_run(status: str, client: httpx.Client) -> None:
    """The result, and that of the worst required criterion, is the run's status."""
    run = _row(client, range="30d", status=status)["id"]
    judged = client.get(f"/runs/{run}/evaluation").json()
    assert status == judged["verdict"]
    required = [criterion["verdict"] for criterion in judged["criteria"] if criterion["isRequired"]]
    assert status == max(required, key=("pass", "partial", "fail").index)


@pytest.mark.parametrize("status", ["pending", "running", "error"])
def test_what_was_not_judged_has_no_evaluation(status: str, client: httpx.Client) -> None:
    """A run without a result has a trace, and 404 in place of an evaluation."""
    run = _row(client, range="30d", status=status)["id"]
    assert client.get(f"/runs/{run}/trace").status_code == 200
    assert client.get(f"/runs/{run}/evaluation").status_code == 404


def test_an_update_writes_a_version(client: httpx.Client) -> None:
    """Each update counts the version up, null takes the schedule away, and what is left out stays."""
    before = client.get("/workflows/wf_search-issues").json()
    first = client.patch("/workflows/wf_search-issues", json={"name": "Renamed"}).json()
    second = client.patch("/workflows/wf_search-issues", json={"schedule": None}).json()
    numbers = [record["currentVersion"]["version"] for record in (before, first, second)]
    assert numbers == [1, 2, 3]
    assert before["schedule"] == first["schedule"]
    assert second["schedule"] is None
    assert ("Renamed", before["description"]) == (second["name"], second["description"])
    assert before["currentVersion"]["criteria"] == second["currentVersion"]["criteria"]
    assert second == client.get("/workflows/wf_search-issues").json()


def test_an_update_leaves_earlier_runs_alone(client: httpx.Client) -> None:
    """A run is validated by the criteria of the version that it was made with."""
    run = _row(client, status="pass", workflowId="wf_search-issues")["id"]
    before = client.get(f"/runs/{run}/evaluation").json()
    client.patch("/workflows/wf_search-issues", json={"criteria": []})
    assert before == client.get(f"/runs/{run}/evaluation").json()


def test_the_next_revision_lists_the_versions() -> None:
    """`with_next` responds to `listWorkflowVersions`, newest first."""
    with running(with_next=True) as server, _client(server) as client:
        client.patch("/workflows/wf_plan-meeting", json={"testerPrompt": "Shorter."})
        rows = client.get("/workflows/wf_plan-meeting/versions").json()["rows"]
    assert [(row["version"], row["testerPrompt"]) for row in rows] == [
        (2, "Shorter."),
        (1, "Find half an hour this week in which all three are free."),
    ]


def test_an_archived_workflow_is_out_of_the_way(client: httpx.Client) -> None:
    """Archiving responses `ok`, twice; the workflow leaves the list, can be read, and does nothing any more."""
    for _ in range(2):
        response = client.delete("/workflows/wf_plan-meeting")
        assert (response.status_code, response.json()) == (200, {"ok": True})
    assert "wf_plan-meeting" not in {row["id"] for row in client.get("/workflows").json()["rows"]}
    record = client.get("/workflows/wf_plan-meeting").json()
    assert (record["status"], record["schedule"]) == ("archived", None)
    assert client.patch("/workflows/wf_plan-meeting", json={"name": "x"}).status_code == 404
    assert client.post("/workflows/wf_plan-meeting/runs").status_code == 404


def test_a_key_is_good_for_one_run(client: httpx.Client) -> None:
    """A repeated idempotency key returns the run of the first time, unless a new one is forced."""
    path = "/workflows/wf_search-issues/runs"
    body = {"reason": "r", "idempotencyKey": "k"}
    first = client.post(path, json=body).json()
    again = client.post(path, json=body | {"reason": "another"}).json()
    forced = client.post(path, json=body | {"forceNewRun": True}).json()
    afterwards = client.post(path, json=body).json()
    keyless = client.post(path).json()
    assert [response["deduplicated"] for response in (first, again, forced, afterwards, keyless)] == [
        False,
        True,
        False,
        True,
        False,
    ]
    assert first["runId"] == again["runId"]
    assert forced["runId"] == afterwards["runId"]
    assert len({first["runId"], forced["runId"], keyless["runId"]}) == 3
    assert tuple(client.get(f"/runs/{first['runId']}").json()[key] for key in ("status", "reason")) == (
        "pending",
        "r",
    )
    assert _runs(client, range="30d")["total"] == _TOTAL + 3


def test_a_run_for_each_model(client: httpx.Client) -> None:
    """A workflow with several models queues a run for each of them."""
    response = client.post("/workflows/wf_review-pull-request/runs").json()
    assert [run["modelId"] for run in response["runs"]] == ["tester-large", "tester-small"]
    assert response["runId"] == response["runs"][0]["runId"]


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        ({}, 0),
        ({"schedule": {"cron": "0 * * * *"}}, 1),
        ({"schedule": {"cron": "0 * * * *", "enabled": False}}, 0),
    ],
    ids=["manual-only", "scheduled", "paused"],
)
def test_a_new_workflow_is_there_at_once(
    schedule: dict[str, Any], expected: int, client: httpx.Client
) -> None:
    """A created workflow can be read; with a schedule its first run is queued."""
    server = client.get("/mcp-servers").json()["rows"][0]["id"]
    body = {"name": "New", "mcpServerId": server, "testerPrompt": "Do it.", **schedule}
    response = client.post("/workflows", json=body)
    assert response.status_code == 201
    record = response.json()
    assert record == client.get(f"/workflows/{record['id']}").json()
    assert expected == _runs(client, workflowId=record["id"])["total"]


def test_secrets_are_not_returned(client: httpx.Client) -> None:
    """The secret of an authentication profile is in no response."""
    profile = {"type": "bearer", "token": "a-secret-of-mine"}
    response = client.post("/mcp-servers", json={"name": "x", "authProfile": profile})
    assert response.json()["default_auth_profile_id"] is not None
    assert "a-secret-of-mine" not in response.text + client.get("/mcp-servers").text


def test_a_topic_can_be_changed_and_hidden(client: httpx.Client) -> None:
    """A topic takes a new label and a mark, and leaves the list when it is archived."""
    path = "/insights/topics/topic_refunds"
    changed = client.patch(path, json={"label": "Money back", "is_unmet_demand": True}).json()
    assert (changed["label"], changed["is_unmet_demand"]) == ("Money back", True)
    client.patch(path, json={"archived": True})
    listed = {topic["id"] for topic in client.get("/insights/topics?range=90d").json()["topics"]}
    assert len(listed) == 7
    assert "topic_refunds" not in listed
    assert client.get(path).json()["topic"]["archived"] is True


@pytest.mark.parametrize("key", ["volume", "frustration", "trend"])
def test_topics_are_ranked(key: str, client: httpx.Client) -> None:
    """Topics are ranked by the sort key, largest first, and cut at the limit."""
    topics = client.get("/insights/topics", params={"range": "30d", "sort": key, "limit": 4}).json()["topics"]
    ranks = [topic[key] for topic in topics]
    assert len(ranks) == 4
    assert sorted(ranks, reverse=True) == ranks


def test_sessions_are_found_by_intent(client: httpx.Client) -> None:
    """`intent` finds sessions by a part of what was wanted, and each has as many events as it says."""
    query: dict[str, str | int] = {"range": "90d", "intent": "OVERDUE", "limit": 3}
    sessions = client.get("/insights/sessions", params=query).json()["sessions"]
    assert [session["raw_intent"] for session in sessions] == ["list overdue invoices"] * 3
    for session in sessions:
        trace = client.get(f"/insights/sessions/{session['id']}/trace").json()
        assert session == trace["session"]
        failed = sum(not event["ok"] for event in trace["events"])
        assert (session["event_count"], session["error_count"]) == (len(trace["events"]), failed)


@pytest.mark.parametrize(("period", "expected"), [("24h", 16), ("7d", 52), ("30d", 114), ("90d", 200)])
def test_the_overview_counts_a_period(period: str, expected: int, client: httpx.Client) -> None:
    """The overview counts the sessions of its period, and the days of its line add up to them."""
    overview = client.get("/insights/overview", params={"range": period}).json()
    assert (period, expected) == (overview["range"], overview["kpis"]["sessions"])
    assert expected == sum(day["sessions"] for day in overview["trends"])
