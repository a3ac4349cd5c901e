"""Small documents that tests change, and the one call that shows whether a document can be used."""

import json
from pathlib import Path
from typing import Any

from tests.harness import Recorder, Result, run_cli

__all__ = ["NAMES", "api_of", "call", "operation", "pets", "write"]

NAMES = ["list-pets", "create-pet", "get-pet"]


def operation(operation_id: str, **more: Any) -> dict[str, Any]:
    """Return an operation that answers with nothing in particular."""
    return {"operationId": operation_id, "responses": {"200": {"description": "Good."}}, **more}


def pets(version: str = "1", **paths: Any) -> dict[str, Any]:
    """Return a document with three operations and those of further path items."""
    pet = {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}}
    body = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Pet"}}}}
    petid = {"name": "petId", "in": "path", "required": True, "schema": {"type": "integer"}}
    return {
        "openapi": "3.0.3",
        "info": {"title": "Pets", "version": version},
        "servers": [{"url": "http://127.0.0.1:9"}],
        "paths": {
            "/pets": {
                "get": operation("listPets", tags=["pets"], summary="List pets"),
                "post": operation("createPet", tags=["pets"], requestBody=body),
            },
            "/pets/{petId}": {"get": operation("getPet", parameters=[petid])},
            **paths,
        },
        "components": {"schemas": {"Pet": pet}},
    }


def write(document: dict[str, Any], path: str = "pets.json") -> Path:
    """Write a document to a file."""
    target = Path(path)
    target.write_text(json.dumps(document), encoding="utf-8")
    return target


def call(api: str = "./pets.json", *words: str, stdin: bytes = b"") -> Result:
    """Build one request of an API and send nothing."""
    return run_cli(api, *(words or ("list-pets",)), "--dry-run", "json", stdin=stdin)


def api_of(server: Recorder, paths: dict[str, Any], **more: Any) -> str:
    """Write a document whose server is a recorder, and return its path."""
    document = {
        "openapi": "3.1.0",
        "info": {"title": "T", "version": "1"},
        "servers": [{"url": server.origin}],
        "paths": paths,
        **more,
    }
    return str(write(document))
