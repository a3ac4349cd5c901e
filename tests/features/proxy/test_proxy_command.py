"""`dynacli proxy` tells what is wrong in what passes, and refuses what it must not pass on."""

import contextlib
import json
import re
import socket
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from dynacli.features.proxy import _validation_thread as validating_thread
from dynacli.features.proxy import run_proxy
from dynacli.features.proxy._passing_exchange import PolicyCheck
from dynacli.features.proxy._validation_thread import CopyBudget, PassedExchange, ValidationThread
from dynacli.features.proxy.run_proxy import ClientConnection, ShownPassage
from dynacli.registry.demo_facts import API_KEYS
from dynacli.traffic.recorded_request import OperationFinder
from tests.documents import operation, parameter, save_api
from tests.features.proxy.through_proxy import exchanged, raw_server, through_proxy
from tests.harness import Recorder, Response, assert_ended, free_port, run_cli

_ITEM = {"type": "object", "required": ["id"], "properties": {"id": {"type": "integer"}}}
_RESPONSES = {"200": {"description": "", "content": {"application/json": {"schema": _ITEM}}}}


def _document(more: Mapping[str, Any] = MappingProxyType({})) -> str:
    identifier = parameter("id", {"type": "integer"}, "path")
    get, delete = (operation(f"{verb}Item", identifier, responses=_RESPONSES) for verb in ("get", "delete"))
    post = operation("addItem", responses=_RESPONSES)
    post["requestBody"] = {"content": {"application/json": {"schema": _ITEM}, "multipart/form-data": {}}}
    secret = operation("secret", responses=_RESPONSES)
    paths = {
        **more,
        "/secret": {"get": secret},
        "/items/{id}": {"get": get, "delete": delete},
        "/items": {"post": post},
    }
    return save_api(paths)


def _request(line: str, *headers: str, body: str = "") -> bytes:
    lines = [f"{line} HTTP/1.1", "Connection: close", *headers]
    if not any(header.startswith("Host:") for header in headers):
        lines.append("Host: localhost")
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return ("\r\n".join([*lines, "", ""]) + body).encode()


def _sent(*requests: bytes) -> tuple[Callable[[int], None], list[tuple[int, Any]]]:
    """A client that sends requests, and the list of its responses: status and body."""
    responses: list[tuple[int, Any]] = []

    def client(port: int) -> None:
        for request in requests:
            head, _, body = exchanged(port, request.replace(b"PORT", str(port).encode())).partition(
                b"\r\n\r\n"
            )
            responses.append((int(head.split()[1]), json.loads(body) if body else None))

    return client, responses


def test_what_is_found_is_told_and_ends_the_run(server: Recorder, canary: str) -> None:
    """A line for each exchange without secrets, the findings below it, the table at the end, files, and exit code 9."""
    server.responses = {
        "/items/1": Response(body=b'{"id":"1"}'),
        "/items": Response(201, json.dumps({"token": canary}).encode()),
    }
    client, _ = _sent(
        _request(f"GET /items/1?access_token={canary}", f"Authorization: Bearer {canary}"),
        _request("POST /items", "Content-Type: application/json", body=json.dumps({"password": canary})),
        _request("GET /logo.png"),
    )
    words = (_document(), "--upstream", server.origin, "--report", "junit=report.xml", "--learn", "o.yaml")
    result = through_proxy(client, *words)
    lines = re.sub(r"\d\d:\d\d:\d\d|\d+ ms", "*", result.stdout)
    assert 9 == result.exit_code
    assert lines.startswith(
        "*  GET  /items/1?access_token=***  200  get-item  *  1 finding\n"
        "    /id: expected integer, got string `1` [type]\n"
        "*  POST  /items  201  add-item  *  2 findings\n"
    ), lines
    assert "*  GET  /logo.png  404  not in the document  *\n" in lines
    assert "2 of 4 operations seen in 2 exchanges" in lines
    assert "1 exchange belongs to no operation" in result.stderr
    assert "get-item" in Path("report.xml").read_text(encoding="utf-8")
    assert "actions" in Path("o.yaml").read_text(encoding="utf-8")


def test_lines_for_programs(server: Recorder) -> None:
    """Each is an object, which a filter is applied to; without findings of weight the run ends well."""
    server.responses["/items/1"] = Response(body=b'{"id":"1"}')
    words = (_document(), "--upstream", server.origin, "--validate", "warn")
    client, _ = _sent(_request("GET /items/1"))
    row = through_proxy(client, *words, "-o", "json").json
    assert ("get-item", "GET", "/items/1", 200, 10, False) == tuple(
        row[key] for key in ("operation", "method", "path", "status", "response_bytes", "valid")
    )
    assert ("type", "/id") == (row["findings"][0]["rule"], row["findings"][0]["pointer"])
    result = through_proxy(client, *words, "-f", "findings[].rule")
    assert (0, '["type"]\n') == (result.exit_code, result.stdout)


def test_a_misbehaving_stand_in_is_found_through_the_proxy() -> None:
    """The demo API runs as long as the proxy, and whoever asks it brings the key."""
    client, responses = _sent(
        _request("GET /org", f"Authorization: Bearer {API_KEYS['viewer']}"), _request("GET /org")
    )
    words = ("demo", "--misbehave", "get-org=wrong-type", "-o", "ndjson", "-f", "findings[].[where, rule]")
    result = through_proxy(client, *words)
    assert [200, 401] == [status for status, _ in responses]
    found = ['[["response","type"]]', '[["request","missing-security"]]']
    assert found == [line.replace(" ", "") for line in result.stdout.splitlines()]


_REFUSED = [
    (_request("GET /items/1", "Upgrade: websocket"), 501, "http_upgrade_failed"),
    (_request("CONNECT example.com:443"), 501, "http_request_error"),
    (_request("GET /items/1", "Host: evil.example"), 421, "http_request_denied"),
    (_request("GET /items/1", "Host: evil"), 421, "http_request_denied"),
    (_request("GET /items/1", "Host: evil.local:80"), 421, "http_request_denied"),
    (_request("GET /items/1", "Host: localhost:.evil.example"), 421, "http_request_denied"),
    (_request("GET http://evil.example/items/1"), 421, "http_request_denied"),
    (_request("GET http://evil.example@localhost/items/1"), 421, "http_request_denied"),
    (_request("GET http://[evil.example/items/1"), 421, "http_request_denied"),
    (_request("GET items"), 400, "http_request_error"),
    (_request("GET /items/1", "X-A: " + "a" * 200_000), 431, "http_request_error"),
    (b"nonsense\r\n\r\n", 400, "http_request_error"),
]


def test_requests_that_cannot_be_passed_on(server: Recorder) -> None:
    """The response is a problem, which says that it is the proxy's own, and the server sees nothing."""
    responses: list[bytes] = []

    def client(port: int) -> None:
        responses.extend(exchanged(port, request) for request, _, _ in _REFUSED)

    result = through_proxy(client, _document(), "--upstream", server.origin)
    for response, (_, status, error) in zip(responses, _REFUSED, strict=True):
        head, _, body = response.partition(b"\r\n\r\n")
        assert status == int(head.split()[1])
        assert f"Proxy-Status: dynacli; error={error}".encode() in head.split(b"\r\n")
        assert ("dynacli proxy", status) == (json.loads(body)["source"], json.loads(body)["status"])
    assert ([], 0) == (server.requests, result.exit_code)


def test_a_policy_holds_for_what_passes(server: Recorder, home: Path) -> None:
    """What it denies is not passed on, by whatever spelling or override, and what it allows is."""
    server.responses = {
        path: Response(body=b'{"id":1}') for path in ("/items/1", "/items", "/items/1/", "/x")
    }
    actions = {
        f"/do#Action={name}": {"get": operation(name, parameter("Action", {"enum": [name]}, required=True))}
        for name in ("list", "erase")
    }
    assert 0 == run_cli("api", "add", "shop", _document(actions)).exit_code
    with (home / "config" / "config.toml").open("a", encoding="utf-8") as file:
        file.write('[apis.shop.policy]\ndeny = ["DELETE", "secret", "erase"]\nconfirm = ["PUT"]\n')
    part = '--b\r\nContent-Disposition: form-data; name="_method"\r\n\r\nDELETE\r\n--b--\r\n'
    form, large = "application/x-www-form-urlencoded", "_method=DELETE&x=" + "x" * 1_100_000
    client, responses = _sent(
        _request("GET /items/1"),
        _request("DELETE /items/1"),
        _request("DELETE /items/1/"),
        _request("GET /items/%2e%2e%2fsecret"),
        _request("GET /do?Action=erase"),
        _request("POST /items", "X-HTTP-Method-Override: DELETE", body='{"id":1}'),
        _request("POST /items", body='{"_method":"DELETE"}'),
        _request("POST /items", "Content-Type: multipart/form-data; boundary=b", body=part),
        _request("POST /items", "Content-Type: application/json", "Content-Encoding: gzip", body="x"),
        _request("POST /items", "Content-Type: text/csv", body="x" * 1_100_000),
        _request("delete /items/1"),
        _request("Delete /items/1"),
        _request("get /SECRET"),
        _request("HEAD /secret"),
        _request("GET //secret"),
        _request("GET /secret;x"),
        _request("GET /items/../secret"),
        _request("POST /items", "X_HTTP_Method_Override: DELETE, POST", body='{"id":1}'),
        _request("POST /items", "Content-Type: image/png", f"Content-Type: {form}", body=large),
        _request("POST /items", f"Content-Type: image/png, {form}", body=large),
        _request("POST /items", "Content-Type: image/png", "Connection: content-type", body=large),
        _request("GET /items/1", f"Content-Type: {form}", body="_method=DELETE"),
        _request("POST /items", body='{"id":1,"_method":"PUT","_method":"POST"}'),
        _request("POST /items", "Content-Type: application/json", body='{"id":1}'),
        _request("POST /items", "Content-Type: image/png", body="x" * 1_100_000),
    )
    result = through_proxy(client, "shop", "--upstream", server.origin, "--validate", "off")
    assert [200, *[403] * 22, 200, 200] == [status for status, _ in responses]
    assert ["GET", "POST", "POST"] == [request.method for request in server.requests]
    assert "refused: `delete-item` is not called: the policy denies it" in result.stdout
    assert "the policy denies it" in responses[1][1]["title"]


@pytest.mark.exhaustive
def test_no_target_ends_the_proxy(server: Recorder) -> None:
    """A target that is not an URL, or the server itself, is held against a policy, and the proxy goes on."""
    assert 0 == run_cli("api", "add", "shop", _document()).exit_code
    assert 0 == run_cli("api", "set", "shop", "policy.deny=DELETE").exit_code
    other = _document({"/other": {"get": operation("other")}})
    targets = (
        "GET //[",
        "GET //[::1/x",
        "GET //]",
        "GET //a[b/",
        "OPTIONS *",
        "GET //%5b",
        "GET http://[::1/x",
    )
    for api in ("shop", other):
        server.requests.clear()
        client, responses = _sent(*map(_request, targets), _request("DELETE //["), _request("GET /items/1"))
        result = through_proxy(client, api, "--upstream", server.origin, "--no-fail")
        assert [*[404] * 6, 421, 403, 404] == [status for status, _ in responses]
        assert 0 == result.exit_code, result.stderr
        assert "defect" not in result.stdout + result.stderr


def test_what_a_server_may_read_otherwise_is_not_passed_on(server: Recorder) -> None:
    """A target with a fragment, and with a policy trailers, which some servers take for headers."""
    assert 0 == run_cli("api", "add", "shop", _document()).exit_code
    assert 0 == run_cli("api", "set", "shop", "policy.deny=DELETE").exit_code
    end = b"Host: localhost\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n"
    override = b"X-HTTP-Method-Override: DELETE\r\n"
    requests = (
        _request("GET /items/1#/../2"),
        b"POST /items HTTP/1.1\r\n" + end + override + b"\r\n",
        b"POST /items HTTP/1.1\r\n" + end + b"\r\n",
    )
    client, responses = _sent(*requests)
    through_proxy(client, "shop", "--upstream", server.origin, "--no-fail")
    assert [400, 400, 404] == [status for status, _ in responses]
    assert ["POST"] == [request.method for request in server.requests]


@pytest.mark.sampled(2)
@pytest.mark.parametrize("name", ["__call__", "find_request", "recorded_exchange", "row", "data_received"])
def test_a_defect_ends_one_exchange(name: str, server: Recorder, monkeypatch: pytest.MonkeyPatch) -> None:
    """What no one has foreseen, before, after or around an exchange, is told on one line, and the proxy goes on."""
    owners = {
        "__call__": PolicyCheck,
        "find_request": OperationFinder,
        "recorded_exchange": run_proxy,
        "row": ShownPassage,
        "data_received": ClientConnection,
    }
    usual, defects = getattr(owners[name], name), [1]

    def defective(*given: Any) -> Any:
        return usual(*given) if not defects else defects.pop() // 0

    server.responses = {"/items/1": Response(body=b'{"id":1}')}
    assert 0 == run_cli("api", "add", "shop", _document()).exit_code
    assert 0 == run_cli("api", "set", "shop", "policy.deny=DELETE").exit_code
    monkeypatch.setattr(owners[name], name, defective)
    responses: list[bytes] = []

    def client(port: int) -> None:
        for _ in range(2):
            with contextlib.suppress(ConnectionError):
                responses.append(exchanged(port, _request("GET /items/1"))[:12])

    result = through_proxy(client, "shop", "--upstream", server.origin, "-o", "json")
    expected = {"__call__": b"HTTP/1.1 502", "find_request": b"HTTP/1.1 502", "data_received": b""}
    assert [expected.get(name, b"HTTP/1.1 200"), b"HTTP/1.1 200"] == [
        *[b""] * (2 - len(responses)),
        *responses,
    ]
    assert (0, []) == (result.exit_code, defects)
    assert 1 == (result.stdout + result.stderr).count("ZeroDivisionError")
    assert "Traceback" not in result.stderr


@pytest.mark.exhaustive
def test_a_server_that_cannot_be_reached_or_does_not_respond() -> None:
    """The client is told by the proxy, and the validator finds that the server closed the connection."""
    client, responses = _sent(_request("GET /items/1"))
    result = through_proxy(client, _document(), "--upstream", f"http://127.0.0.1:{free_port()}")
    assert (502, 0) == (responses[0][0], result.exit_code)
    assert "refuses the connection" in responses[0][1]["title"]
    with socket.create_server(("127.0.0.1", 0)) as silent:
        origin = f"http://127.0.0.1:{silent.getsockname()[1]}"
        words = (_document(), "--upstream", origin, "-o", "ndjson", "-f", "[findings[].rule, error]")
        client, responses = _sent(_request("GET /items/1"))
        result = through_proxy(client, *words, "--timeout", "0.2")
        assert (504, '[[],"The server did not respond within 0.2 s"]\n') == (responses[0][0], result.stdout)
    assert 0 == result.exit_code
    with raw_server(lambda *_: b"") as closing:
        words = (_document(), "--upstream", closing.origin, "-o", "ndjson", "-f", "findings[].rule")
        result = through_proxy(client, *words)
    assert (502, 9, '["no-response"]\n') == (responses[-1][0], result.exit_code, result.stdout)


def test_a_way_back_to_the_proxy_is_found_by_the_request_that_takes_it() -> None:
    """The upstream has another address than the proxy was started with, and is it anyway."""
    port = free_port()
    responses: list[bytes] = []

    def client(port: int) -> None:
        responses.append(exchanged(port, _request("GET /items/1")))

    words = (_document(), "--host", "0.0.0.0", "--upstream", f"http://127.0.0.2:{port}", "-f", "refused")
    result = through_proxy(client, *words, "-o", "json", port=port)
    assert responses[0].startswith(b"HTTP/1.1 508 Loop Detected\r\n")
    assert '"The upstream is this proxy itself' in result.stdout


def test_exchanges_that_wait_too_long_are_told_but_not_validated(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither a response nor memory waits for the validator."""
    monkeypatch.setattr(validating_thread, "_MOST_VALIDATED", 500)
    monkeypatch.setattr(validating_thread, "_MOST_WAITING", 600)
    go_on, seen = threading.Event(), list[PassedExchange]()

    def validator(passed: PassedExchange) -> None:
        go_on.wait()
        seen.append(passed)

    budget = CopyBudget()
    thread = ValidationThread(validator, budget)
    thread.start_with(lambda: None)
    for _ in range(700):
        passed = PassedExchange("GET", "/", "http://127.0.0.1/", [], budget)
        passed.body.add(b"x")
        thread.put(passed)
    go_on.set()
    thread.finish()
    skipped = [passed for passed in seen if passed.skipped]
    assert len(seen) - 502 <= len(skipped) < len(seen)
    assert (700, True) == (len(seen) + thread.lost, thread.lost > 0)


def test_bad_starts(server: Recorder) -> None:
    """An address that is taken, the proxy as its own server, and a server that only the document names."""
    api = _document()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        result = run_cli("proxy", api, "--upstream", server.origin, "--port", port)
        assert_ended(result, 2, "Address already in use")
    port = str(free_port())
    for host in ("127.0.0.1", "localhost"):
        result = run_cli("proxy", api, "--upstream", f"http://{host}:{port}/v1", "--port", port)
        assert_ended(result, 2, "is this proxy itself")
    result = run_cli("proxy", api, "--port", port)
    assert_ended(result, 11, "If you trust it: `--upstream http")
    assert 2 == run_cli("proxy", api, "--upstream", "ftp://x", "--port", port).exit_code
    assert 2 == run_cli("proxy", api, "--upstream", "http://a", "--server", "http://b").exit_code
    assert 2 == run_cli("proxy", api, "--upstream", "http://a", "--misbehave", "get-org=hang").exit_code
