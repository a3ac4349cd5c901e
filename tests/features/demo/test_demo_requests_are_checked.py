"""The demo API notices a request that the API would not take, and names what is wrong with it."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from dynacli.features.demo.demo_server import running
from dynacli.registry.demo_facts import API_KEYS, BASE_PATH, ROLES

SERVER = "5a752c7f-fd08-58e3-bf88-3a2aad8a092e"
WORKFLOW = {"name": "New", "mcpServerId": SERVER, "testerPrompt": "Do it."}


@pytest.fixture
def client() -> Iterator[httpx.Client]:
    """An editor's client of a fresh demo API."""
    with running() as server:
        headers = {"Authorization": f"Bearer {server.api_keys['editor']}"}
        with httpx.Client(base_url=f"{server.origin}{BASE_PATH}", headers=headers) as made:
            yield made


@pytest.fixture(scope="module")
def reader() -> Iterator[httpx.Client]:
    """An editor's client of a demo API that the tests share, because they change nothing there."""
    with running() as server:
        headers = {"Authorization": f"Bearer {server.api_keys['editor']}"}
        with httpx.Client(base_url=f"{server.origin}{BASE_PATH}", headers=headers) as made:
            yield made


def _fields(response: httpx.Response) -> list[str]:
    assert response.status_code == 400, response.text
    error = response.json()["error"]
    assert error["code"] == "validation_failed"
    return [entry["field"] for entry in error["details"]["fieldErrors"]]


def test_a_refusal_says_all_there_is(reader: httpx.Client) -> None:
    """A 400 carries the code, a sentence, and every wrong field with what it should be."""
    expected = {
        "error": {
            "code": "validation_failed",
            "message": "The request is not valid",
            "details": {
                "fieldErrors": [
                    {"field": "pageSize", "message": "is at most 100"},
                    {"field": "range", "message": "is one of 24h, 7d, 30d"},
                ],
                "warnings": [],
            },
        }
    }
    assert expected == reader.get("/runs?pageSize=101&range=90d").json()


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/runs?colour=red", ["colour"]),
        ("/org?range=7d", ["range"]),
        ("/runs?range=90d", ["range"]),
        ("/insights/topics?sort=name", ["sort"]),
        ("/runs?status=passed", ["status"]),
        ("/runs?sort=shoeSize", ["sort"]),
        ("/runs?page=two", ["page"]),
        ("/runs?page=1.0", ["page"]),
        ("/runs?page=0", ["page"]),
        ("/runs?pageSize=101", ["pageSize"]),
        ("/insights/sessions?limit=", ["limit"]),
        ("/insights/sessions?limit=0", ["limit"]),
        ("/runs?search=", ["search"]),
        ("/insights/sessions?intent=" + "x" * 201, ["intent"]),
        ("/mcp-servers?category=dev-tools&category=finance", ["category"]),
        ("/mcp-servers?category=dev-tools|finance", ["category"]),
        ("/mcp-servers?category=a,,b", ["category"]),
        ("/mcp-servers?categorySlug=a,b", ["categorySlug"]),
        ("/runs?range=1h&page=x&x=1", ["range", "page", "x"]),
    ],
)
def test_wrong_queries_are_named(path: str, expected: list[str], reader: httpx.Client) -> None:
    """An unknown, repeated or wrong query parameter is 400, and each one is named."""
    assert expected == _fields(reader.get(path))


@pytest.mark.parametrize(
    ("path", "body", "expected"),
    [
        ("/workflows", {}, ["name", "mcpServerId", "testerPrompt"]),
        ("/workflows", [], ["body"]),
        ("/workflows", None, ["body"]),
        ("/workflows", WORKFLOW | {"colour": "red"}, ["colour"]),
        ("/workflows", WORKFLOW | {"name": ""}, ["name"]),
        ("/workflows", WORKFLOW | {"name": "x" * 201}, ["name"]),
        ("/workflows", WORKFLOW | {"name": 7}, ["name"]),
        ("/workflows", WORKFLOW | {"mcpServerId": "github"}, ["mcpServerId"]),
        ("/workflows", WORKFLOW | {"mcpServerId": "00000000-0000-0000-0000-000000000000"}, ["mcpServerId"]),
        ("/workflows", WORKFLOW | {"schedule": None}, ["schedule"]),
        ("/workflows", WORKFLOW | {"schedule": {"cron": "hourly"}}, ["schedule.cron"]),
        ("/workflows", WORKFLOW | {"schedule": {"enabled": "yes"}}, ["schedule.cron", "schedule.enabled"]),
        ("/workflows", WORKFLOW | {"criteria": {}}, ["criteria"]),
        ("/workflows", WORKFLOW | {"criteria": [{"isRequired": True}]}, ["criteria[0].criterionText"]),
        ("/workflows", WORKFLOW | {"criteria": [{"criterionText": "x", "is": 1}]}, ["criteria[0].is"]),
        ("/workflows", WORKFLOW | {"schedule": {"cron": "0 * * * *", "enabled": 1}}, ["schedule.enabled"]),
        ("/workflows", WORKFLOW | {"testerModelIds": ["a", 1]}, ["testerModelIds[1]"]),
        ("/workflows", WORKFLOW | {"testerTargets": [{"skillMode": "inline"}]}, ["testerTargets[0].modelId"]),
        ("/workflows", WORKFLOW | {"testerTargets": [{"modelId": "a", "x": 1}]}, ["testerTargets[0].x"]),
        ("/workflows", WORKFLOW | {"limits": "none"}, ["limits"]),
        ("/mcp-servers", {"name": "x", "transportType": "smoke_signals"}, ["transportType"]),
        ("/mcp-servers", {"name": "x", "baseUrl": "ftp://host/"}, ["baseUrl"]),
        ("/mcp-servers", {"name": "x", "authProfile": {"type": "magic"}}, ["authProfile.type"]),
        ("/workflows/wf_search-issues/runs", {"forceNewRun": "true"}, ["forceNewRun"]),
        ("/workflows/wf_search-issues/runs", {"baselineRunId": "nothing"}, ["baselineRunId"]),
    ],
)  # fmt: skip
def test_wrong_bodies_are_named(path: str, body: Any, expected: list[str], reader: httpx.Client) -> None:
    """A wrong body is 400, and each wrong field is named by its path."""
    assert expected == _fields(reader.post(path, json=body))


@pytest.mark.parametrize(
    ("path", "body", "expected"),
    [
        ("/workflows/wf_search-issues", {}, ["body"]),
        ("/workflows/wf_search-issues", {"description": None}, ["description"]),
        ("/insights/topics/topic_refunds", {}, ["body"]),
        ("/insights/topics/topic_refunds", {"isUnmetDemand": True}, ["isUnmetDemand"]),
        ("/insights/topics/topic_refunds", {"archived": 1}, ["archived"]),
    ],
    ids=["empty-workflow", "null", "empty-topic", "wrong-casing", "number-for-boolean"],
)
def test_wrong_changes_are_named(path: str, body: Any, expected: list[str], reader: httpx.Client) -> None:
    """A change without a field, or with a wrong one, is 400."""
    assert expected == _fields(reader.patch(path, json=body))


@pytest.mark.parametrize(
    ("content", "media_type", "expected"),
    [
        (b"", "application/json", ["body"]),
        (b"{", "application/json", ["body"]),
        (b'{"name": NaN}', "application/json", ["body"]),
        (b'{"name": "a", "name": "b"}', "application/json", ["body"]),
        (b'{"name": "\xff"}', "application/json", ["body"]),
        (b"[" * 100_000, "application/json", ["body"]),
        (b'{"metadata": {"x": 1e999}}', "application/json", ["body"]),
        (b'{"name": "\\ud800"}', "application/json", ["body"]),
        (json.dumps(WORKFLOW).encode(), "text/plain", ["Content-Type"]),
        (json.dumps(WORKFLOW).encode(), "application/x-www-form-urlencoded", ["Content-Type"]),
        (json.dumps(WORKFLOW).encode(), None, ["Content-Type"]),
    ],
    ids=[
        "none",
        "cut",
        "nan",
        "duplicate",
        "not-utf-8",
        "deep",
        "infinite",
        "surrogate",
        "text",
        "form",
        "no-type",
    ],
)
def test_wrong_encodings_are_named(
    content: bytes, media_type: str | None, expected: list[str], reader: httpx.Client
) -> None:
    """A body that is not JSON, or does not say so, is 400."""
    headers = {} if media_type is None else {"Content-Type": media_type}
    assert expected == _fields(reader.post("/workflows", content=content, headers=headers))


def test_a_charset_parameter_is_fine(client: httpx.Client) -> None:
    """A media type with a parameter is the same media type."""
    headers = {"Content-Type": "application/json; charset=utf-8"}
    response = client.post("/workflows", content=json.dumps(WORKFLOW), headers=headers)
    assert response.status_code == 201


def test_a_body_where_none_belongs(reader: httpx.Client) -> None:
    """A body is refused on GET and let pass on DELETE."""
    assert _fields(reader.request("GET", "/org", json={})) == ["body"]
    assert reader.request("DELETE", "/workflows/wf_legacy-import", json={}).json() == {"ok": True}


@pytest.mark.parametrize(
    ("authorization", "expected"),
    [
        (None, "The API key is missing"),
        ("Bearer", "malformed"),
        (f"Basic {API_KEYS['editor']}", "malformed"),
        ("Bearer sk-1234", "malformed"),
        ("Bearer amt_1_2", "unknown or revoked"),
    ],
    ids=["missing", "no-key", "other-scheme", "other-form", "unknown"],
)
def test_no_good_key_no_response(authorization: str | None, expected: str, reader: httpx.Client) -> None:
    """Without a key, with a malformed or an unknown one, the response is 401 with a challenge."""
    headers = {} if authorization is None else {"Authorization": authorization}
    response = httpx.get(f"{reader.base_url}org", headers=headers)
    assert response.status_code == 401
    assert response.headers["www-authenticate"] == 'Bearer realm="armature"'
    assert response.json()["error"]["code"] == "unauthenticated"
    assert expected in response.json()["error"]["message"]


def test_a_key_sent_twice_is_malformed(reader: httpx.Client) -> None:
    """Two `Authorization` headers are refused, even if one of them is good."""
    headers = [("Authorization", f"Bearer {API_KEYS['editor']}")] * 2
    assert httpx.get(f"{reader.base_url}org", headers=headers).status_code == 401


_WRITES = (
    ("POST", "/mcp-servers", {"name": "x"}, 201),
    ("POST", "/workflows", WORKFLOW, 201),
    ("PATCH", "/workflows/wf_plan-meeting", {"name": "x"}, 200),
    ("DELETE", "/workflows/wf_plan-meeting", None, 200),
    ("POST", "/workflows/wf_search-issues/runs", None, 202),
    ("PATCH", "/insights/topics/topic_refunds", {"archived": True}, 200),
)


@pytest.mark.parametrize("role", ROLES)
def test_roles_decide_about_writing(role: str, client: httpx.Client) -> None:
    """A viewer may only read and is told 403 `forbidden_role`; every other role may write."""
    headers = {"Authorization": f"Bearer {API_KEYS[role]}"}
    assert client.get("/org", headers=headers).json()["actor"]["role"] == role
    for method, path, body, good in _WRITES:
        sent: dict[str, Any] = {} if body is None else {"json": body}
        response = client.request(method, path, headers=headers, **sent)
        assert (403 if role == "viewer" else good) == response.status_code, (method, path)
        if role == "viewer":
            assert response.json()["error"]["code"] == "forbidden_role"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/mcp-servers/x"),
        ("GET", "/workflows/x"),
        ("PATCH", "/workflows/x"),
        ("DELETE", "/workflows/x"),
        ("POST", "/workflows/x/runs"),
        ("GET", "/workflows/wf_search-issues/versions"),
        ("GET", "/runs/x"),
        ("GET", "/runs/x/trace"),
        ("GET", "/runs/x/evaluation"),
        ("GET", "/runs/x/tool-calls"),
        ("GET", "/insights/topics/x"),
        ("PATCH", "/insights/topics/x"),
        ("GET", "/insights/searches/x"),
        ("GET", "/insights/sessions/x/trace"),
        ("GET", "/insights/sessions/x"),
        ("GET", "/org/"),
        ("GET", "/nothing"),
    ],
)
def test_what_is_not_there_is_404(method: str, path: str, reader: httpx.Client) -> None:
    """An unknown thing and an unknown route are both 404 `not_found` in the error shape."""
    bodies: dict[str, Any] = {"/workflows/x": {"name": "x"}, "/insights/topics/x": {"archived": True}}
    sent = {"json": bodies[path]} if method == "PATCH" else {}
    response = reader.request(method, path, **sent)
    assert response.status_code == 404
    assert response.json()["error"]["code"] == "not_found"


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("PUT", "/workflows/wf_search-issues", "DELETE, GET, HEAD, PATCH"),
        ("GET", "/workflows/wf_search-issues/runs", "POST"),
        ("DELETE", "/runs", "GET, HEAD"),
    ],
    ids=["put", "get", "delete"],
)
def test_other_methods_are_405(method: str, path: str, expected: str, reader: httpx.Client) -> None:
    """A method that a path does not have is 405 with the ones that it has."""
    response = reader.request(method, path)
    assert (405, expected) == (response.status_code, response.headers["allow"])
    assert response.json()["error"]["code"] == "method_not_allowed"


def test_the_document_is_read_only(reader: httpx.Client) -> None:
    """A write to the document's own route is 405 in the error shape, too."""
    response = reader.post("/openapi")
    assert response.status_code == 405
    assert "GET" in response.headers["allow"]
    assert response.json()["error"]["code"] == "method_not_allowed"
