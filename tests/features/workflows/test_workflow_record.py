"""`dynacli workflow record`: calls of the history and HAR files become workflows that run again."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.documents import get, post, save_api
from tests.harness import Recorder, Response, assert_ended, json_response, run_cli

ORDER = {
    "type": "object",
    "properties": {
        "customer": {"type": "string"},
        "count": {"type": "integer"},
        "password": {"type": "string"},
    },
}
ID = {"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}}


@pytest.fixture
def shop(server: Recorder, monkeypatch: pytest.MonkeyPatch) -> Recorder:
    """A registered API that creates orders, with a history of whole calls."""
    monkeypatch.setenv("DYNACLI_HISTORY", "full")
    save_api(
        get("/customers", "listCustomers"),
        post("/orders", "createOrder", body=ORDER),
        get("/orders/{id}", "getOrder", parameters=[ID]),
        server=server.origin,
    )
    run_cli("api", "add", "shop", "./api.json")
    server.responses = {
        "/customers": json_response([{"number": "cust-00417"}]),
        "/orders": Response(201, b'{"id": 7, "count": 3}', {"Content-Type": "application/json"}),
        "/orders/7": json_response({"id": 7, "state": "open"}),
    }
    return server


def _call() -> None:
    run_cli("shop", "list-customers")
    body = ("--customer", "cust-00417", "--count", "3", "--password", "hush-hush")
    run_cli("shop", "create-order", *body)
    run_cli("shop", "get-order", "7")


def _recorded(*words: str) -> dict[str, Any]:
    assert_ended(run_cli("workflow", "record", *words, "--out", "again.arazzo.yaml"), 0, "Run it")
    workflow: dict[str, Any] = yaml.safe_load(Path("again.arazzo.yaml").read_text())["workflows"][0]
    return workflow


@pytest.mark.exhaustive
def test_values_of_responses_become_expressions_and_others_inputs(shop: Recorder) -> None:
    """An id is taken from the response that first had it, and a secret is an input without a value."""
    _call()
    workflow = _recorded("--from", "3..1")
    create, read = workflow["steps"][1:]
    assert {
        "customer": "$steps.list-customers.outputs.number",
        "count": "$inputs.count",
        "password": "$inputs.password",
    } == create["requestBody"]["payload"]
    assert [{"name": "id", "in": "path", "value": "$steps.create-order.outputs.id"}] == read["parameters"]
    assert ["password"] == workflow["inputs"]["required"]
    assert "default" not in workflow["inputs"]["properties"]["password"]
    assert "hush-hush" not in Path("again.arazzo.yaml").read_text()
    assert_ended(run_cli("workflow", "validate", "again.arazzo.yaml"), 0)
    assert 3 == len(shop.requests)


def test_a_recorded_workflow_runs_with_other_inputs(shop: Recorder) -> None:
    """What the server responds now goes into the later requests."""
    _call()
    _recorded("--from", "1..3")
    shop.responses |= {
        "/customers": json_response([{"number": "cust-00900"}]),
        "/orders": Response(201, b'{"id": 8}', {"Content-Type": "application/json"}),
        "/orders/8": json_response({"id": 8, "state": "open"}),
    }
    result = run_cli("workflow", "run", "again.arazzo.yaml", "--password", "new", "--count", "5")
    assert_ended(result, 0)
    assert {"result": {"id": 8, "state": "open"}} == result.json
    sent = json.loads(shop.requests[-2].body)
    assert {"customer": "cust-00900", "count": 5, "password": "new"} == sent


def _entry(
    method: str, url: str, status: int, body: Any = None, *, location: str = "", second: int = 0
) -> dict[str, Any]:
    text = "" if body is None else json.dumps(body)
    headers = [{"name": "Content-Type", "value": "application/json"}]
    headers += [{"name": "Location", "value": location}] if location else []
    content = {"size": len(text), "mimeType": "application/json", "text": text}
    request: dict[str, Any] = {"method": method, "url": url, "headers": []}
    if method == "POST":
        request["postData"] = {"mimeType": "application/json", "text": '{"count": 3}'}
    return {
        "startedDateTime": f"2026-01-01T00:00:{second:02}Z",
        "request": request,
        "response": {"status": status, "headers": headers, "content": content},
    }


def _recorded_har(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    Path("traffic.har").write_text(json.dumps({"log": {"entries": entries}}))
    steps: list[dict[str, Any]] = _recorded("--har", "traffic.har", "--api", "shop")["steps"]
    assert_ended(run_cli("workflow", "validate", "again.arazzo.yaml"), 0)
    return steps


def test_calls_that_wait_become_one_step_with_a_retry(shop: Recorder) -> None:
    """It waits for the state that only the last response had, as long as the recorded calls did."""
    states = [("queued", 1), ("working", 4), ("working", 8), ("shipped", 11), ("shipped", 11)]
    _, wait = _recorded_har(
        [
            _entry("POST", f"{shop.origin}/orders", 201, {"id": 7}),
            *(
                _entry("GET", f"{shop.origin}/orders/7", 200, {"id": 7, "state": state, "at": at}, second=at)
                for state, at in states
            ),
        ]
    )
    retry = {"name": "not-finished", "type": "retry", "retryAfter": 3, "retryLimit": 30}
    assert [retry] == wait["onFailure"]
    assert ["$statusCode == 200", "$response.body#/state == 'shipped'"] == [
        criterion["condition"] for criterion in wait["successCriteria"]
    ]
    states_now = iter(["new", "shipped"])

    def respond(_: Any) -> Response:
        body = {"id": 7, "state": next(states_now)}
        return Response(
            200, json.dumps(body).encode(), {"Content-Type": "application/json", "Retry-After": "0"}
        )

    shop.responses["/orders/7"] = respond
    result = run_cli("workflow", "run", "again.arazzo.yaml")
    assert_ended(result, 0, "retried 1 time")
    assert "shipped" == result.json["result"]["state"]


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("responses", "retries", "condition"),
    [
        ([(404, {}), (200, {"n": 1})], True, "$statusCode == 200"),
        ([(200, {"done": False}), (200, {"done": True})], True, "$response.body#/done == true"),
        ([(200, {"progress": 5}), (200, {"progress": 100})], True, "$response.body#/progress == 100"),
        ([(200, {"at": 1}), (200, {"at": 2})], False, "$statusCode == 200"),
        ([(200, {"state": "a"}), (200, {"state": "b"}), (200, {"state": "a"})], False, "$statusCode == 200"),
        ([(200, {"state": "a"}), (200, {"state": "a"})], False, "$statusCode == 200"),
    ],
)
def test_only_calls_that_wait_for_something_are_joined(
    shop: Recorder, responses: list[tuple[int, Any]], retries: bool, condition: str
) -> None:
    """A status, a flag or a state that changes once is a reason to wait; a counter or a time is none."""
    url = f"{shop.origin}/orders/7"
    steps = _recorded_har([_entry("GET", url, status, body) for status, body in responses])
    assert (1 if retries else len(responses)) == len(steps)
    assert condition == steps[-1]["successCriteria"][-1]["condition"]
    assert retries is ("onFailure" in steps[-1])


def test_a_location_becomes_an_expression(shop: Recorder) -> None:
    """The call of a created resource takes its id from `Location`, if the body does not have it."""
    create, read = _recorded_har(
        [
            _entry("POST", f"{shop.origin}/orders", 201, location="/api/orders/7"),
            _entry("GET", f"{shop.origin}/orders/7", 200, {"id": 7}),
        ]
    )
    assert {"Location": "$response.header.Location"} == create["outputs"]
    value = f"$steps.{create['stepId']}.outputs.Location"
    assert [{"name": "id", "in": "path", "value": value}] == read["parameters"]
    shop.responses |= {
        "/orders": Response(201, b"", {"Location": f"{shop.origin}/orders/8"}),
        "/orders/8": json_response({"id": 8}),
    }
    assert_ended(run_cli("workflow", "run", "again.arazzo.yaml"), 0)
    assert "/orders/8" == shop.requests[-1].target


def test_a_har_is_recorded_without_its_credentials(shop: Recorder) -> None:
    """Requests of no operation are left out with a note; credentials are left to the API."""
    origin = shop.origin

    def entry(method: str, url: str, status: int, body: Any, sent: Any = None) -> dict[str, Any]:
        request: dict[str, Any] = {
            "method": method,
            "url": url,
            "headers": [
                {"name": "Authorization", "value": "Bearer hush"},
                {"name": "Cookie", "value": "s=hush"},
            ],
        }
        if sent is not None:
            request["postData"] = {"mimeType": "application/json", "text": json.dumps(sent)}
        content = {"mimeType": "application/json", "text": json.dumps(body)}
        headers = [{"name": "Content-Type", "value": "application/json"}]
        return {"request": request, "response": {"status": status, "headers": headers, "content": content}}

    entries = [
        entry("GET", f"{origin}/style.css", 200, {}),
        entry("POST", f"{origin}/orders", 201, {"id": 7}, {"count": 3, "password": "hush"}),
        entry("GET", f"{origin}/orders/7?api_key=hush", 200, {"id": 7}),
    ]
    Path("traffic.har").write_text(json.dumps({"log": {"entries": entries}}))
    result = run_cli("workflow", "record", "--har", "traffic.har", "--out", "again.arazzo.yaml")
    assert_ended(result, 0, "Left out: 1 request", "2 steps", "--password")
    text = Path("again.arazzo.yaml").read_text()
    assert "hush" not in text
    assert "$steps.create-order.outputs.id" in text
    assert_ended(run_cli("workflow", "run", "again.arazzo.yaml", "--password", "x"), 0)


def test_an_existing_file_is_not_replaced(shop: Recorder) -> None:  # noqa: ARG001
    """The file is new."""
    _call()
    Path("mine.yaml").write_text("mine")
    assert_ended(run_cli("workflow", "record", "--from", "1", "--out", "mine.yaml"), 12, "exists")
    assert "mine" == Path("mine.yaml").read_text()


@pytest.mark.parametrize(
    ("words", "code", "text"),
    [
        ((), 2, "Give either"),
        (("--from", "x"), 2, "names no calls"),
        (("--from", "9"), 2, "has no call 9"),
        (("--from", "0..1"), 2, "counted from 1"),
        (("--har", "none.har"), 12, "none.har"),
        (("--har", "api.json"), 2, "not a HAR"),
    ],
)
def test_a_wrong_recording_is_an_error(
    shop: Recorder,  # noqa: ARG001
    words: tuple[str, ...],
    code: int,
    text: str,
) -> None:
    """The error says what is wrong with it."""
    assert_ended(run_cli("workflow", "record", *words), code, text)


def test_a_history_without_messages_names_its_mode(shop: Recorder, monkeypatch: pytest.MonkeyPatch) -> None:
    """By default the history stores no bodies."""
    assert [] == shop.requests
    monkeypatch.setenv("DYNACLI_HISTORY", "headers")
    _call()
    assert_ended(run_cli("workflow", "record", "--from", "1"), 2, "DYNACLI_HISTORY=full")


def test_a_body_that_no_workflow_can_hold_is_named(shop: Recorder) -> None:
    """Bodies of several parts are refused, with the call."""
    posted = {"mimeType": "multipart/form-data; boundary=x", "text": "--x--"}
    request = {"method": "POST", "url": f"{shop.origin}/orders", "headers": [], "postData": posted}
    entry = {"request": request, "response": {"status": 201, "headers": [], "content": {}}}
    Path("traffic.har").write_text(json.dumps({"log": {"entries": [entry]}}))
    assert_ended(run_cli("workflow", "record", "--har", "traffic.har"), 2, "`create-order`", "multipart")
