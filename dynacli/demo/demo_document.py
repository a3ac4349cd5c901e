"""The OpenAPI document that the demo API serves."""

import json
from hashlib import sha256
from typing import Any

from dynacli.demo.demo_facts import document_path
from dynacli.environment import how_to_install
from dynacli.errors import FileError
from dynacli.record import record

__all__ = ["ServedDocument", "served_document"]


@record
class ServedDocument:
    """The document as it is sent.

    Args:
        content: Its bytes.
        etag: Its strong entity tag, quoted (RFC 9110, section 8.8.3).
    """

    content: bytes
    etag: str

    def is_known_to(self, if_none_match: str | None) -> bool:
        """Return whether an `If-None-Match` header (RFC 9110, section 13.1.2) names this document."""
        tags = [tag.strip().removeprefix("W/") for tag in (if_none_match or "").split(",")]
        return "*" in tags or self.etag in tags


def served_document(*, with_next: bool = False) -> ServedDocument:
    """Return the shipped document, byte for byte, or the next revision of it.

    Args:
        with_next: Whether it is the next revision, which has the operation `listWorkflowVersions`.

    Raises:
        FileError: The document cannot be read.
    """
    path = document_path()
    try:
        with open(path, "rb") as file:
            content = file.read()
    except OSError as error:
        raise FileError(
            f"Cannot read `{path}`",
            reason=error.strerror or "It is not readable",
            hint=f"Install it again: {how_to_install()}",
        ) from error
    if with_next:
        document = _with_versions(json.loads(content))
        content = json.dumps(document, indent=2, ensure_ascii=False).encode() + b"\n"
    return ServedDocument(content, f'"{sha256(content).hexdigest()[:32]}"')


def _with_versions(document: dict[str, Any]) -> dict[str, Any]:
    """Return the document with the operation `listWorkflowVersions`, which follows the path of the workflow's runs."""
    versions = {
        "parameters": [{"$ref": "#/components/parameters/WorkflowId"}],
        "get": {
            "tags": ["workflows"],
            "operationId": "listWorkflowVersions",
            "summary": "List a workflow's versions",
            "description": "Every version of the workflow, newest first; none ever changes.",
            "x-evidence": "inferred",
            "responses": {
                "200": {
                    "description": "The versions.",
                    "content": {
                        "application/json": {"schema": {"$ref": "#/components/schemas/WorkflowVersionList"}}
                    },
                },
                **{
                    status: {"$ref": f"#/components/responses/{name}"}
                    for status, name in (("401", "Unauthorized"), ("403", "Forbidden"), ("404", "NotFound"))
                },
            },
        },
    }
    paths: dict[str, Any] = {}
    for path, item in document["paths"].items():
        paths[path] = item
        if path == "/workflows/{id}/runs":
            paths["/workflows/{id}/versions"] = versions
    rows = {"type": "array", "items": {"$ref": "#/components/schemas/WorkflowVersion"}}
    version_list = {
        "x-evidence": "inferred",
        "type": "object",
        "required": ["rows"],
        "properties": {"rows": rows},
    }
    components = document["components"]
    schemas = components["schemas"] | {"WorkflowVersionList": version_list}
    return document | {"paths": paths, "components": components | {"schemas": schemas}}
