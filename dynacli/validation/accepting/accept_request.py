"""Accepting a request whose parameters and body are plainly as the document describes them."""

from collections.abc import Mapping
from typing import Any

from dynacli.model import media_types
from dynacli.model.operation import IGNORED_HEADERS
from dynacli.schema.read_schema import Direction
from dynacli.validation.accepting.operation_schemas import OperationSchemas
from dynacli.validation.bodies.read_body import UncheckedError, UnreadableError, read_json
from dynacli.validation.judged_messages import JudgedRequest

__all__ = ["accepts_content", "accepts_request"]

_MISSING: Any = object()


def accepts_request(schemas: OperationSchemas, request: JudgedRequest) -> bool:
    """Return whether a request is certainly as the document describes it.

    Raises:
        LookupError: A reference of the document leads nowhere.
    """
    schemas.begin()
    if request.querystring is not None or request.credentials is not None:
        return False
    return all(
        parameter is not None and _accepts_parameter(schemas, parameter, request)
        for parameter in schemas.parameters
    ) and _accepts_body(schemas, request)


def _accepts_parameter(
    schemas: OperationSchemas, parameter: Mapping[str, Any], request: JudgedRequest
) -> bool:
    name, location = parameter["name"], parameter.get("in")
    if location == "header" and name.lower() in IGNORED_HEADERS:
        return True
    value = request.values.get((str(location), name), _MISSING)
    if value is _MISSING:
        is_needed = parameter.get("required", False) is not False or location == "path"
        return not is_needed and not _is_sent(name, location, request)
    # openapi-core judges what it reads back from the text of the parameter. Where a text cannot be read, or what was
    # read is wrong, the value that it was written from decides; so with a valid value there is never a finding.
    return "content" not in parameter and schemas.accepts(parameter.get("schema"), value, "request")


def _is_sent(name: str, location: Any, request: JudgedRequest) -> bool:
    """Return whether a request may have a parameter, whose value is not known."""
    if location == "header":
        return any(key.lower() == name.lower() for key in request.headers)
    if location not in {"query", "cookie"}:
        return True
    pairs = request.query if location == "query" else request.cookies
    return any(key == name or key.startswith(f"{name}[") for key, _ in pairs)


def _accepts_body(schemas: OperationSchemas, request: JudgedRequest) -> bool:
    described = schemas.request_body
    if described is None:
        return request.body is None
    body = schemas.object_of(described)
    if body is None:
        return False
    if request.body is None:
        return body.get("required", False) is False
    content = body.get("content")
    if not isinstance(content, Mapping) or not isinstance(request.body, bytes):
        return False
    return accepts_content(schemas, content, request.media_type, request.body, "request")


def accepts_content(
    schemas: OperationSchemas, content: Mapping[str, Any], media_type: str, body: bytes, direction: Direction
) -> bool:
    """Return whether a body is JSON that is certainly as the document describes it.

    Args:
        content: Media type → Media Type Object.
        media_type: The value of `Content-Type`.
        body: The body.
        direction: The direction of the message.

    Raises:
        LookupError: A reference of the document leads nowhere.
    """
    best = media_types.best_match(media_type, content)
    if best is None or not media_types.is_json(media_type) or media_types.is_sequence(media_type):
        return False
    described = schemas.object_of(content[best])
    if described is None or "schema" not in described or "itemSchema" in described:
        return False
    try:
        value = read_json(body, media_types.split_media_type(media_type)[1])
    except (UnreadableError, UncheckedError):
        return False
    return schemas.accepts(described["schema"], value, direction)
