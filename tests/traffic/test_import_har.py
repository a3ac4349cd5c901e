"""`import har` prints a line for each request of a HAR that belongs to a known operation."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.documents import api_of, get, operation, parameter, post, register
from tests.harness import run_cli


def har_of(*requests: dict[str, Any]) -> str:
    """Save a HAR of requests, and return its name."""
    entries = [{"request": {"headers": [], **request}} for request in requests]
    Path("traffic.har").write_text(
        json.dumps({"log": {"version": "1.2", "entries": entries}}), encoding="utf-8"
    )
    return "traffic.har"


def _register() -> None:
    post = operation("addPet")
    post["requestBody"] = {
        "content": {
            "application/json": {"schema": {"type": "object", "properties": {"name": {"type": "string"}}}}
        }
    }
    api = api_of(
        {"/pets": {"post": post}},
        get("/pets/{id}", "getPet", parameter("id", {}, "path")),
        server="https://api.example.com",
    )
    register("pets", api)


def test_the_requests_of_a_har() -> None:
    """Each known one has its line; others are counted by a note; credentials are named alone."""
    _register()
    result = run_cli(
        "import",
        "har",
        har_of(
            {
                "method": "GET",
                "url": "https://api.example.com/pets/7",
                "headers": [{"name": ":path", "value": "/pets/7"}],
            },
            {"method": "GET", "url": "https://cdn.example.com/logo.png?token=s3cr3t-token"},
            {
                "method": "POST",
                "url": "https://api.example.com/pets",
                "headers": [{"name": "authorization", "value": "Bearer s3cr3t-token"}],
                "postData": {"mimeType": "application/json; charset=utf-8", "text": '{"name":"Rex"}'},
            },
            {
                "method": "POST",
                "url": "https://api.example.com/pets",
                "headers": [{"name": "content-type", "value": "multipart/form-data; boundary=B"}],
                "bodySize": -1,
            },
        ),
    )
    assert result.exit_code == 0
    lines = ["dynacli pets get-pet 7", "dynacli pets add-pet --name Rex", "dynacli pets add-pet"]
    assert lines == result.stdout.splitlines()
    assert "The recording does not have the body of this request" in result.stderr
    assert "No operation matches GET https://cdn.example.com/logo.png" in result.stderr
    assert "s3cr3t" not in result.stdout + result.stderr


def test_operations_of_one_path() -> None:
    """What a request has in its query and headers tells them apart, and so does what the path spells out."""

    def word(name: str, location: str, value: str) -> dict[str, Any]:
        return parameter(name, {"type": "string", "enum": [value]}, location, required=True)

    api = api_of(
        post("/#Target=list", "listQueues", word("X-Target", "header", "Queues.List")),
        post("/#Target=drop", "dropQueue", word("X-Target", "header", "Queues.Drop")),
        get("/pets", "listPets", parameter("size", {"type": "integer"})),
        get("/pets#find", "findPets", parameter("text", {}, required=True)),
        get("/pulls/{id}", "getPull", parameter("id", {"type": "integer"}, "path")),
        get("/pulls/{id}.{kind}", "getDiff", parameter("id", {}, "path"), parameter("kind", {}, "path")),
        server="https://api.example.com",
    )
    register("odd", api)
    sent = [
        ("POST", "/", "Queues.Drop", "drop-queue"),
        ("POST", "/", "Queues.List", "list-queues"),
        ("GET", "/pets?size=3", "", "list-pets"),
        ("GET", "/pets?text=Rex", "", "find-pets"),
        ("GET", "/pulls/7", "", "get-pull"),
        ("GET", "/pulls/7.diff", "", "get-diff"),
    ]
    requests = [
        {
            "method": method,
            "url": f"https://api.example.com{path}",
            "headers": [{"name": "x-target", "value": target}] if target else [],
        }
        for method, path, target, _ in sent
    ]
    rows = json.loads(run_cli("import", "har", har_of(*requests), "-o", "json").stdout)
    assert [name for *_, name in sent] == [row["operation"] for row in rows]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"{", "It is not JSON"),
        (b"{}", "It has no `log.entries`"),
        (b'{"log": {"entries": [{"request": {"method": "GET"}}]}}', "It has no `log.entries`"),
        (b"[" * 200_000, "It is not JSON"),
        (b'{"log": {"entries": [' + b"[" * 200_000, "It is not JSON"),
        (b'{"log": {"entries": [{"request": {"method": "GET", "url": ""}, "time": 1', "It is not JSON"),
        (
            b'{"log": {"entries": [{"request": {"method": "GET", "url": ""}, "response": {"status": 1e999}}]}}',
            "It has no `log.entries`",
        ),
    ],
)
def test_what_is_no_har(content: bytes, reason: str) -> None:
    """It is refused with the reason."""
    _register()
    result = run_cli("import", "har", "-", stdin=content)
    assert (2, "") == (result.exit_code, result.stdout)
    assert reason in result.stderr


def test_a_file_that_is_no_text() -> None:
    """It is refused as a file."""
    _register()
    Path("x.har").write_bytes(b"\xff\xfe")
    assert run_cli("import", "har", "x.har").exit_code == 12


def test_a_body_of_many_levels_is_left_out() -> None:
    """It is not gone through for secrets, so nothing of it is shown."""
    _register()
    body = '{"password":"s3cret","a":' + "[" * 50_000 + "]" * 50_000 + "}"
    request = {"method": "POST", "url": "https://api.example.com/pets"}
    post = {"mimeType": "application/json", "text": body}
    result = run_cli("import", "har", har_of({**request, "postData": post}))
    assert 0 == result.exit_code, result.stderr
    assert "--body TEXT" in result.stdout.replace("=", " ")
    assert "s3cret" not in result.stdout + result.stderr
    assert "nested too deeply" in result.stderr
