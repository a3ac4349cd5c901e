"""Traffic for the tests of `learn`."""

import json
from pathlib import Path
from typing import Any

import yaml

from tests.harness import Result, run_cli

SERVER = "https://shop.example"


def call(
    method: str,
    path: str,
    body: Any = None,
    *,
    status: int = 200,
    sent: Any = None,
    headers: dict[str, str] | None = None,
    media_type: str = "application/json",
    **changes: Any,
) -> dict[str, Any]:
    """Return an entry of a HAR file. Bodies are JSON, unless they are strings."""
    request: dict[str, Any] = {
        "method": method,
        "url": path if "://" in path else f"{SERVER}{path}",
        "headers": [{"name": name, "value": value} for name, value in (headers or {}).items()],
    }
    if sent is not None:
        request["postData"] = {"mimeType": "application/json", "text": _text(sent)}
    content = {"size": 0} if body is None else {"size": 1, "mimeType": media_type, "text": _text(body)}
    response = {"status": status, "statusText": "", "headers": [], "content": content}
    return {
        "request": {**request, **changes.get("request", {})},
        "response": {**response, **changes.get("response", {})},
    }


def _text(body: Any) -> str:
    return body if isinstance(body, str) else json.dumps(body)


def write_har(directory: Path, entries: list[dict[str, Any]], name: str = "traffic.har") -> str:
    """Write entries as a HAR file, and return its path."""
    path = directory / name
    path.write_text(json.dumps({"log": {"version": "1.2", "entries": entries}}))
    return str(path)


def learn(directory: Path, entries: list[dict[str, Any]], *words: str, name: str = "openapi.yaml") -> Result:
    """Run `learn` for entries. The document is `openapi.yaml` in the directory."""
    out = directory / name
    out.unlink(missing_ok=True)
    return run_cli("learn", write_har(directory, entries), "--out", str(out), *words)


def learned(directory: Path, entries: list[dict[str, Any]], *words: str) -> Any:
    """Return the document that is learned from entries, after checking that they are valid against it."""
    result = learn(directory, entries, *words)
    assert 0 == result.exit_code, result
    document = str(directory / "openapi.yaml")
    validated = run_cli("validate", document, str(directory / "traffic.har"), "--validate", "exact")
    assert 0 == validated.exit_code, validated
    return yaml.safe_load(Path(document).read_text())
