"""The value in a request: its body by the media type, or its query if the operation has no body."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from dynacli.client.described_operation import DescribedOperation
from dynacli.features.mock._mock_responses import ProblemError
from dynacli.http.semantics import best_match, is_json, is_multipart, is_structured, split_media_type
from dynacli.media.body_value import NoValueError, structured_value
from dynacli.media.text_values import BodySchema, form_value
from dynacli.openapi.document.json_trees import dict_or_empty
from dynacli.openapi.model.media_types import body_schema
from dynacli.text.json_budget import MAX_VALUES
from dynacli.traffic.recorded_request import RecordedExchange
from dynacli.urls import split_url
from dynacli.validation.read_body import NotValidatedError, UnreadableError, read_fields, read_json_body


def request_schema(described: DescribedOperation, media_type: str = "application/json") -> BodySchema | None:
    """Return the schema of the bodies of requests; None if the operation has none.

    Args:
        media_type: The preferred media type. Without it, JSON counts, else the first one.
    """
    body = dict_or_empty(described.follow(described.part["operation"].get("requestBody")))
    content = dict_or_empty(body.get("content"))
    if not content:
        return None
    name = best_match(media_type, content) or next(filter(is_json, content), next(iter(content)))
    schema = body_schema(dict_or_empty(described.follow(content[name])))
    return BodySchema(True if schema is None else schema, described.resolve)


def request_value(
    described: DescribedOperation, received: RecordedExchange, properties: Mapping[str, Any]
) -> Any:
    """Return the value of a request; None if its body cannot be read as a value.

    Without a body, it is an object of the query parameters that are named like properties of the item, but only if
    the operation has no body: `POST /pets/1?name=Rex`.

    Args:
        properties: Name → schema of the properties of the item in the response.

    Raises:
        ProblemError: The body is valid, but too large or too deep.
    """
    header = received.request.header("content-type")
    media_type, parameters = split_media_type(header)
    schema = request_schema(described, media_type)
    if not received.content:
        if schema is not None:
            return {}
        pairs = parse_qsl(split_url(received.request.url).query, keep_blank_values=True)
        given = [(name, text) for name, text in pairs if name in properties]
        return form_value(given, {"properties": dict(properties)}, described.resolve)
    schema = schema or BodySchema(True, described.resolve)
    try:
        if is_json(media_type):
            return read_json_body(received.content, parameters)
        if is_multipart(media_type):
            fields = read_fields(received.content, parameters)
            known = (str, dict, list, int, float, bool)
            texts = [(name, value if isinstance(value, known) else "file") for name, value in fields]
            return form_value(texts, schema.schema, schema.resolve)
        return structured_value(received.content, header, schema) if is_structured(media_type) else None
    except NotValidatedError as error:
        status = 413 if len(received.content) > MAX_VALUES else 422
        raise ProblemError(status, f"The mock cannot remember this: {error}") from error
    except (UnreadableError, NoValueError):
        return None
