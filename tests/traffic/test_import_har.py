"""`import har` prints a line for each request of a HAR that belongs to a known operation."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.documents import document, operation, parameter, save
from tests.harness import run_cli


def _har(*requests: dict[str, Any]) -> str:
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
    api = document(
        {"/pets": {"post": post}, "/pets/{id}": {"get": operation("getPet", parameter("id", {}, "path"))}},
        ["https://api.example.com"],
    )
    run_cli("api", "add", "pets", save(api))


def test_the_requests_of_a_har() -> None:
    """Each known one has its line; others are counted by a note; credentials are named alone."""
    _register()
    result = run_cli(
        "import",
        "har",
        _har(
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
        ),
    )
    assert result.exit_code == 0
    assert ["dynacli pets get-pet 7", "dynacli pets add-pet --name Rex"] == result.stdout.splitlines()
    assert "No operation is known for GET https://cdn.example.com/logo.png" in result.stderr
    assert "s3cr3t" not in result.stdout + result.stderr


@pytest.mark.parametrize(
    ("content", "why"),
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
def test_what_is_no_har(content: bytes, why: str) -> None:
    """It is refused with the reason."""
    _register()
    result = run_cli("import", "har", "-", stdin=content)
    assert (2, "") == (result.exit_code, result.stdout)
    assert why in result.stderr


def test_a_file_that_is_no_text() -> None:
    """It is refused as a file."""
    _register()
    Path("x.har").write_bytes(b"\xff\xfe")
    assert run_cli("import", "har", "x.har").exit_code == 12
