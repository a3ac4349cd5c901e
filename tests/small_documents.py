"""Small OpenAPI documents for tests that are about something else, and what they are served and saved by."""

import json
from pathlib import Path
from typing import Any

from tests.harness import Answer, Recorder

__all__ = ["API_KEY", "BASIC", "BEARER", "document", "operation", "save", "serve"]

BEARER = {"type": "http", "scheme": "bearer"}
BASIC = {"type": "http", "scheme": "basic"}
API_KEY = {"type": "apiKey", "in": "header", "name": "X-Api-Key"}


def operation(operation_id: str, **more: Any) -> dict[str, Any]:
    """Return an Operation Object whose answer is any JSON, unless something else is given."""
    answer = {"description": "fine", "content": {"application/json": {"schema": {}}}}
    return {"operationId": operation_id, "responses": {"200": answer}, **more}


def document(
    paths: dict[str, Any],
    servers: list[str] | None = None,
    schemes: dict[str, Any] | None = None,
    **more: Any,
) -> dict[str, Any]:
    """Return a document.

    Args:
        servers: Their URLs.
        schemes: Its security schemes.
    """
    made: dict[str, Any] = {"openapi": "3.0.3", "info": {"title": "Small", "version": "1"}, "paths": paths}
    if servers is not None:
        made["servers"] = [{"url": url} for url in servers]
    if schemes is not None:
        made["components"] = {"securitySchemes": schemes}
    return {**made, **more}


def save(made: dict[str, Any], name: str = "api.json") -> str:
    """Write a document into the working directory and return the word that calls it."""
    Path(name).write_text(json.dumps(made))
    return f"./{name}"


def serve(server: Recorder, made: dict[str, Any]) -> str:
    """Let a server have a document and return its URL."""
    server.answers["/openapi.json"] = Answer(body=json.dumps(made).encode())
    return f"{server.origin}/openapi.json"
