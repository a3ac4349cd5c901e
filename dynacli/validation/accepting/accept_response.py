"""Accepting an answer whose status, headers and body are plainly as the document describes them."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from dynacli.model.media_types import is_json
from dynacli.model.operation import documented_status
from dynacli.validation.accepting.accept_request import accepts_content
from dynacli.validation.accepting.operation_schemas import OperationSchemas
from dynacli.validation.judged_messages import JudgedResponse

__all__ = ["accepts_response", "can_accept_success"]

_INTEGER = re.compile("-?(?:0|[1-9][0-9]*)", re.ASCII)
_SEPARATE = frozenset({"set-cookie"})
"""Headers whose values are never joined (RFC 9110, section 5.3)."""


def accepts_response(schemas: OperationSchemas, response: JudgedResponse) -> bool:
    """Return whether an answer is certainly as the document describes it.

    Args:
        schemas: The operation's part of the document.
        response: The answer.

    Raises:
        LookupError: A reference of the document leads nowhere.
    """
    schemas.begin()
    body = response.body
    if response.redirects or not isinstance(body, bytes):
        return False
    responses = schemas.responses
    key = documented_status(response.status, responses) if isinstance(responses, Mapping) else ""
    described = schemas.object_of(responses[key]) if key else None
    if described is None:
        return False
    headers = described.get("headers", {})
    if not isinstance(headers, Mapping) or not all(
        _accepts_header(schemas, name, schemas.object_of(header), response.headers)
        for name, header in headers.items()
    ):
        return False
    content = described.get("content", {})
    if not isinstance(content, Mapping):
        return False
    if not content:
        return not body
    if not body:
        return response.may_be_empty(schemas.method)
    return accepts_content(schemas, content, response.content_type, body, "response")


def can_accept_success(schemas: OperationSchemas) -> bool:
    """Return whether an answer with a status of success may be accepted, and compile the schemas of its body.

    Raises:
        LookupError: A reference of the document leads nowhere.
    """
    responses = schemas.responses
    keys = responses if isinstance(responses, Mapping) else ()
    for status in (key for key in keys if key.startswith("2")):
        described = schemas.object_of(responses[status])
        content = described.get("content", {}) if described is not None else None
        if not isinstance(content, Mapping):
            return False
        for name, value in content.items():
            media_type = schemas.object_of(value)
            if media_type is None or not is_json(name):
                return False
            schema = media_type.get("schema")
            if schema is not True and schemas.compiled(schema, "response") is None:
                return False
    return True


def _accepts_header(
    schemas: OperationSchemas,
    name: str,
    header: Mapping[str, Any] | None,
    headers: Mapping[str, str] | Iterable[tuple[str, str]],
) -> bool:
    if name.lower() == "content-type":  # OpenAPI 3.1.1, "Response Object": it is ignored
        return True
    if header is None:
        return False
    pairs = headers.items() if isinstance(headers, Mapping) else headers
    texts = [text for key, text in pairs if key.lower() == name.lower()]
    if not texts:
        return header.get("required", False) is False
    if "schema" not in header and "content" not in header:
        return True
    schema = header.get("schema")
    if len(texts) > 1 or name.lower() in _SEPARATE or not isinstance(schema, Mapping) or "content" in header:
        return False
    shape = schemas.object_of(schema)
    kind = shape.get("type") if shape is not None else None
    if kind == "string":
        return schemas.accepts(schema, texts[0], "response")
    if kind == "integer" and _INTEGER.fullmatch(texts[0]):
        return schemas.accepts(schema, int(texts[0]), "response")
    return False
