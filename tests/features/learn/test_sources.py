"""The traffic of `learn`: HAR files in any state, the history, and a proxy."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.documents import pets, save
from tests.features.learn.traffic import SERVER, call, learn, learned
from tests.features.proxy.through_proxy import exchanged, until_interrupted
from tests.harness import Recorder, assert_ended, json_response, run_cli

_GOOD = call("GET", "/orders/1", {"id": 1})
_BROTLI = {"headers": [{"name": "Content-Encoding", "value": "br"}]}
_NO_BASE64 = {"content": {"mimeType": "application/json", "text": "!", "encoding": "base64"}}
_CANARY = "c4narY-Zq8" * 3


def _learn_bytes(directory: Path, content: bytes) -> Any:
    path = directory / "traffic.har"
    path.write_bytes(content)
    return run_cli("learn", str(path), "--out", str(directory / "openapi.yaml"))


def _har(*entries: Any) -> bytes:
    return json.dumps({"log": {"entries": entries}}).encode()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"openapi: 3.1.0",
        b"[]",
        b"{}",
        b'{"log": {"entries": []}}',
        b'{"log": {"entries": "x"}}',
        b"\xff\xfe\x00",
        b'{"log": {"entries": [' + b"[" * 100_000,
        _har(1, None, {}),
        _har(call("GET", "/", "<p>", media_type="text/html")),
        _har(call("OPTIONS", "/a", status=204)),
        _har(call("GET", "/a", status=302)),
        _har(call("GET", "/a", {"e": 1}, status=404)),
    ],
)
def test_what_has_nothing_to_learn_from_is_an_error(content: bytes, tmp_path: Path) -> None:
    """The exit code is 8, and there is no file."""
    result = _learn_bytes(tmp_path, content)
    assert (8, "error: ") == (result.exit_code, result.stderr[:7]), result
    assert not (tmp_path / "openapi.yaml").exists()


def test_a_truncated_file_gives_what_came_before(tmp_path: Path) -> None:
    """A note says that something is missing."""
    content = json.dumps({"log": {"entries": [_GOOD, call("GET", "/users/1", {"id": 2})]}}).encode()
    result = _learn_bytes(tmp_path, content[:-60])
    assert_ended(result, 0, "1 operation from 1 exchange", "1 exchange left out", "truncated")


@pytest.mark.parametrize(
    "broken",
    [
        call("GET", "/users/1", "{not json"),
        call(
            "GET",
            "/users/1",
            "\x1b\x03\x00brotli",
            response={"headers": [{"name": "Content-Encoding", "value": "br"}]},
        ),
        {"request": {"method": "GET"}},
        call(
            "GET",
            "/users/1",
            response={"content": {"mimeType": "application/json", "text": "!", "encoding": "base64"}},
        ),
    ],
)
def test_an_exchange_that_cannot_be_described_is_left_out(broken: dict[str, Any], tmp_path: Path) -> None:
    """The others are learned."""
    result = learn(tmp_path, [_GOOD, broken])
    assert_ended(result, 0, "openapi.yaml")
    document = yaml.safe_load((tmp_path / "openapi.yaml").read_text())
    assert "/orders/{orderId}" in document["paths"]


def test_bodies_in_base64_and_wrong_sizes_are_read(tmp_path: Path) -> None:
    """A wrong `Content-Length` or `size` does not matter."""
    content = {
        "mimeType": "application/json",
        "encoding": "base64",
        "text": base64.b64encode(b'{"a":1}').decode(),
        "size": 1,
    }
    headers = [{"name": "Content-Length", "value": "999"}]
    document = learned(
        tmp_path, [call("GET", "/orders/1", response={"content": content, "headers": headers})]
    )
    response = document["paths"]["/orders/{orderId}"]["get"]["responses"]["200"]
    assert {"a": {"type": "integer"}} == response["content"]["application/json"]["schema"]["properties"]


def test_hostile_names_are_data(tmp_path: Path) -> None:
    """Names with control characters, quotes and YAML are in the document as they are."""
    names = [
        "\x1b[31m",
        "a: b\n- c",
        "'\"",
        "\u202e",
        "~",
        "null",
        "{x}",
        "#",
        "*a",
        "&b",
        "!t",
        "\x00",
        "$ref",
        "é",
    ]
    document = learned(
        tmp_path, [call("GET", f"/x%7By/a%0Ab?{'q' * 500}=1&a%1b=2&%7B=3", dict.fromkeys(names, 1))] * 3
    )
    path, item = next(iter(document["paths"].items()))
    assert "/x%7By/a%0Ab" == path
    schema = item["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    assert set(names) == set(schema["properties"])
    assert b"\x1b" not in (tmp_path / "openapi.yaml").read_bytes()


def test_no_secret_is_in_the_document(tmp_path: Path) -> None:
    """Whatever part of an exchange has it."""
    headers = {
        "Authorization": f"Bearer {_CANARY}",
        "X-Api-Key": _CANARY,
        "Cookie": f"sessionid={_CANARY}; a={_CANARY}",
    }
    entries = [
        call(
            "POST",
            f"/login?api_key={_CANARY}&name={_CANARY}",
            {"token": _CANARY, "deep": [{"kind": "x", "password": _CANARY}] * 60},
            sent={"password": _CANARY, "pin": "secretword"},
            headers=headers,
            response={"headers": [{"name": "Set-Cookie", "value": f"s={_CANARY}"}], "statusText": _CANARY},
        ),
        call("GET", f"/orders/{_CANARY}", {"id": _CANARY}, headers={"Authorization": f"Basic {_CANARY}"}),
        call(
            "GET",
            f"https://user:{_CANARY}@shop.example/orders/2",
            {"id": _CANARY},
            headers={"Authorization": _CANARY},
        ),
    ]
    result = learn(tmp_path, entries * 20)
    assert 0 == result.exit_code
    text = (tmp_path / "openapi.yaml").read_text()
    assert _CANARY not in text + result.stdout + result.stderr
    assert "secretword" not in text
    assert {
        "bearerAuth",
        "basicAuth",
        "authorizationHeader",
        "apiKeyQuery",
        "sessionidCookie",
        "xApiKeyHeader",
    } == set(yaml.safe_load(text)["components"]["securitySchemes"])


def test_the_server_with_most_json_is_taken(tmp_path: Path) -> None:
    """The others are named, and `--server` takes one with its path."""
    entries = [
        _GOOD,
        _GOOD,
        *[call("GET", f"https://cdn.example/{number}", "x", media_type="text/plain") for number in range(5)],
    ]
    assert_ended(learn(tmp_path, entries), 0, "with https://shop.example", "https://cdn.example (5)")
    assert_ended(learn(tmp_path, entries, "--server", "https://cdn.example/"), 0, "with https://cdn.example")
    assert ["/{orderId}"] != list(learned(tmp_path, [_GOOD], "--server", f"{SERVER}/orders")["paths"])
    assert_ended(learn(tmp_path, entries, "--server", "https://none.example"), 8, "none.example")
    assert_ended(learn(tmp_path, entries, "--server", "shop"), 2, "not the URL")


def test_calls_of_the_history_are_learned(
    server: Recorder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Their bodies must be stored."""
    server.responses["/pets/7"] = json_response({"id": 7, "token": _CANARY})
    api = save(pets("1", server.origin), "pets.json")
    out = tmp_path / "openapi.yaml"
    run_cli(api, "get-pet", "7")
    assert_ended(run_cli("learn", "--history", api, "--out", str(out)), 8, "no response", "HISTORY=full")
    monkeypatch.setenv("DYNACLI_HISTORY", "full")
    run_cli(api, "get-pet", "7")
    for wanted in (api, server.origin):
        out.unlink(missing_ok=True)
        assert_ended(
            run_cli("learn", "--history", wanted, "--out", str(out)), 0, "1 operation from 1 exchange"
        )
    assert ["/pets/{petId}"] == list(yaml.safe_load(out.read_text())["paths"])
    assert _CANARY not in out.read_text()


def test_an_api_that_moves_from_port_to_port_is_one_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The demo API has another port in each run, and is learned as a whole."""
    monkeypatch.setenv("DYNACLI_HISTORY", "full")
    run_cli("demo", "search-runs")
    run_cli("demo", "list-workflows")
    result = run_cli("learn", "--history", "demo", "--out", str(tmp_path / "demo.yaml"))
    assert_ended(result, 0, "2 operations from 2 exchanges", without=["Other servers"])


def test_requests_through_the_proxy_are_learned(server: Recorder, tmp_path: Path) -> None:
    """The document is written at the end, and the run ends with 0."""
    for number in (1, 2):
        server.responses[f"/orders/{number}"] = json_response({"id": number, "state": "open"})
    out = tmp_path / "openapi.yaml"

    def client(port: int) -> None:
        for number in (1, 2):
            request = f"GET /orders/{number} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n"
            assert b"200" in exchanged(port, request.encode())

    result = until_interrupted(client, "learn", "--proxy", server.origin, "--out", str(out))
    assert_ended(result, 0, "1 operation from 2 exchanges")
    assert ["/orders/{orderId}"] == list(yaml.safe_load(out.read_text())["paths"])


def test_a_proxy_without_requests_writes_nothing(server: Recorder, tmp_path: Path) -> None:
    """A note says so."""
    out = tmp_path / "openapi.yaml"
    result = until_interrupted(lambda _: None, "learn", "--proxy", server.origin, "--out", str(out))
    assert_ended(result, 0, "No request passed")
    assert not out.exists()


@pytest.mark.parametrize(
    "words",
    [
        ("--out", "x.yaml"),
        ("a.har",),
        ("a.har", "--history", "demo", "--out", "x.yaml"),
        ("a.har", "--out", "x.yaml", "--into", "y.yaml"),
        ("a.har", "--out", "x.yaml", "--path", "users"),
        ("--proxy", "nothing", "--out", "x.yaml"),
    ],
)
def test_wrong_arguments_are_refused(words: tuple[str, ...]) -> None:
    """Nothing is read."""
    assert 2 == run_cli("learn", *words).exit_code


def test_missing_files_are_errors(tmp_path: Path) -> None:
    """A recording, or the document of `--into`, that does not exist."""
    out = str(tmp_path / "x.yaml")
    assert 12 == run_cli("learn", str(tmp_path / "none.har"), "--out", out).exit_code
    assert 12 == run_cli("learn", str(tmp_path / "none.har"), "--into", out).exit_code
    assert_ended(run_cli("learn", "--history", "none", "--out", out), 8, "history has no call")
