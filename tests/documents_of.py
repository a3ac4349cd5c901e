"""Small documents for tests, and the request that a command line makes of one."""

import json
from pathlib import Path
from typing import Any

from tests.harness import Result, run_cli

__all__ = ["SERVER", "dry", "error", "operation", "parameter", "write"]

SERVER = "http://127.0.0.1:9"
OK = {"200": {"description": "ok"}}


def write(paths: dict[str, Any], components: dict[str, Any] | None = None, version: str = "3.0.3") -> str:
    """Write a document with these paths into the working directory; return the word that names it."""
    document = {
        "openapi": version,
        "info": {"title": "Small", "version": "1"},
        "servers": [{"url": SERVER}],
        "paths": paths,
        "components": components or {},
    }
    Path("api.json").write_text(json.dumps(document))
    return "./api.json"


def parameter(name: str, schema: dict[str, Any], location: str = "query", **more: Any) -> dict[str, Any]:
    """Return a Parameter Object."""
    required = {"required": True} if location == "path" else {}
    return {"name": name, "in": location, "schema": schema, **required, **more}


def operation(
    operation_id: str,
    *parameters: dict[str, Any],
    body: dict[str, Any] | None = None,
    media_type: str = "application/json",
    **more: Any,
) -> dict[str, Any]:
    """Return an Operation Object; `body` is the schema of its body, which is then required."""
    made: dict[str, Any] = {"operationId": operation_id, "responses": OK, "parameters": list(parameters)}
    if body is not None:
        made["requestBody"] = {"required": True, "content": {media_type: {"schema": body}}}
    return {**made, **more}


def dry(*words: str, before: tuple[str, ...] = (), stdin: bytes = b"") -> dict[str, Any]:
    """Return the request that a call on the written document would send, its body decoded where it is JSON."""
    result = run_cli("--dry-run", "json", *before, "./api.json", *words, stdin=stdin)
    # What could not be judged is a note, and not what those who call this are about.
    told = [line for line in result.stderr.splitlines() if not line.startswith("Not judged: ")]
    assert (0, []) == (result.exit_code, told)
    request: dict[str, Any] = result.json
    request["target"] = request["url"].removeprefix(SERVER)
    if "application/json" in dict(request["headers"]).get("Content-Type", ""):
        request["json"] = json.loads(request["body"])
    return request


def error(*words: str, before: tuple[str, ...] = (), stdin: bytes = b"") -> Result:
    """Return the result of a call on the written document that is refused with 2 before anything is sent."""
    result = run_cli("--dry-run", "json", *before, "./api.json", *words, stdin=stdin)
    assert (2, "") == (result.exit_code, result.stdout)
    return result
