"""Parts of an operation as data: parameters, body and responses with their schemas, and callbacks.

Callbacks and webhooks are requests from the server. dynacli cannot call them.
"""

from collections.abc import Mapping
from typing import Any

from dynacli.client.described_operation import DescribedOperation, schema_of_parameter
from dynacli.openapi.document.json_trees import list_or_empty, parameter_description, string_or_empty
from dynacli.openapi.document.objects import operations_of
from dynacli.openapi.model.media_types import body_schema, takes_options
from dynacli.openapi.model.operation import MediaType, of_first_items
from dynacli.openapi.references import follow_reference
from dynacli.openapi.schema.flatten_schema import FlatSchemas, flatten
from dynacli.openapi.schema.option_fields import list_fields
from dynacli.openapi.schema.read_schema import Resolve
from dynacli.registry.opened_api import OpenedApi


def parameters_of(described: DescribedOperation) -> list[dict[str, Any]]:
    """Return the parameters in the order of the operation."""
    raw_parameters = described.raw_parameters
    parameters = [
        (parameter, raw_parameters.get(parameter.key, {})) for parameter in described.operation.parameters
    ]
    return [
        {
            "name": parameter.name,
            "in": parameter.location,
            "option": f"--{parameter.option}",
            "required": parameter.is_required,
            "schema": schema_of_parameter(raw),
            "style": parameter.style,
            "explode": parameter.explode,
            "description": _parameter_description(raw, described.api.catalog.resolve),
        }
        for parameter, raw in parameters
    ]


def body_of(described: DescribedOperation) -> dict[str, Any] | None:
    """Return whether a body is required, and schema and options by media type; None without a body."""
    body = described.operation.body
    if body is None:
        return None
    raw = described.follow(described.part["operation"].get("requestBody"))
    content = raw.get("content") if isinstance(raw, Mapping) else {}
    return {
        "required": body.is_required,
        "content": {
            media_type.name: _described_media_type(
                described, media_type, content.get(media_type.name) if isinstance(content, Mapping) else None
            )
            for media_type in body.content
        },
    }


def _described_media_type(described: DescribedOperation, media_type: MediaType, raw: Any) -> dict[str, Any]:
    schema = _schema_of_media_type(described, raw)
    fields = media_type.fields if takes_options(media_type) else ()
    # The catalog has only the first sentence of each description.
    listed = list_fields(schema, FlatSchemas(described.api.catalog.resolve)).fields if fields else ()
    descriptions = {field.path: field.description for field in listed}
    return {
        "schema": schema,
        "options": [
            {
                "option": f"--{of_first_items(field.option)}",
                "type": field.value.type,
                "required": field.is_needed,
                "enum": list(field.value.enum) or None,
                "default": field.value.default,
                "description": descriptions.get(field.path, field.description),
            }
            for field in fields
        ],
    }


def _parameter_description(raw: dict[str, Any], resolve: Resolve) -> str:
    return parameter_description(raw) or flatten(schema_of_parameter(raw), resolve).description


def responses_of(described: DescribedOperation) -> dict[str, Any]:
    """Return status → description, content and headers."""
    responses: dict[str, Any] = {}
    for status, reference in described.raw_responses.items():
        response = described.follow(reference)
        if not isinstance(response, Mapping):
            continue
        content = response.get("content")
        responses[str(status)] = {
            "description": response.get("description") or response.get("summary", ""),
            "content": {
                media_type: {"schema": _schema_of_media_type(described, raw_media_type)}
                for media_type, raw_media_type in (content.items() if isinstance(content, Mapping) else ())
            },
            "headers": response.get("headers") or {},
        }
    return responses


def _schema_of_media_type(described: DescribedOperation, raw_media_type: Any) -> Any:
    """Return the schema of a Media Type Object. In OpenAPI 3.2 it may be a reference, or have an `itemSchema`."""
    target = described.follow(raw_media_type)
    return body_schema(target) if isinstance(target, Mapping) else None


def describe_callbacks(part: Mapping[str, Any], resolve: Resolve) -> dict[str, Any]:
    """Return the callbacks of an operation: name → expression of the URL → method → description of the request.

    Args:
        part: Part of the document with the operation.
        resolve: Returns the target of an internal `$ref`.
    """
    callbacks = follow_reference(part["operation"].get("callbacks"), resolve)
    return {
        name: {
            expression: _requests(item, resolve)
            for expression, item in _pairs_of(follow_reference(callback, resolve))
            if not expression.startswith("x-")
        }
        for name, callback in _pairs_of(callbacks)
        if not name.startswith("x-")
    }


def describe_webhook(api: OpenedApi, row: Mapping[str, Any]) -> dict[str, Any]:
    """Return the description of a webhook: `webhook`, and its `requests` by method."""
    is_found, item = api.catalog.component(row["pointer"])
    return {
        "api": api.name,
        "webhook": row["name"],
        "sent_by": "server",
        "requests": _requests(item if is_found else None, api.catalog.resolve),
    }


def _requests(item: Any, resolve: Resolve) -> dict[str, Any]:
    """Return the descriptions of the requests of a Path Item Object, by method."""
    item = follow_reference(item, resolve)
    if not isinstance(item, Mapping):
        return {}
    shared = list_or_empty(item.get("parameters"))
    return {
        entry.method: _described_request(entry.operation, shared, resolve)
        for entry in operations_of(item)
        if isinstance(entry.operation, Mapping)
    }


def _described_request(operation: Mapping[str, Any], shared: list[Any], resolve: Resolve) -> dict[str, Any]:
    parameters: dict[tuple[Any, Any], dict[str, Any]] = {}
    for raw in [*shared, *list_or_empty(operation.get("parameters"))]:
        parameter = follow_reference(raw, resolve)
        if isinstance(parameter, dict) and isinstance(parameter.get("name"), str):
            parameters[parameter["name"], str(parameter.get("in"))] = {
                "name": parameter["name"],
                "in": str(parameter.get("in")),
                "required": parameter.get("required") is True,
                "schema": schema_of_parameter(parameter),
                "description": string_or_empty(parameter.get("description")),
            }
    body = follow_reference(operation.get("requestBody"), resolve)
    return {
        "operation_id": string_or_empty(operation.get("operationId")) or None,
        "summary": string_or_empty(operation.get("summary")),
        "description": string_or_empty(operation.get("description")),
        "deprecated": operation.get("deprecated") is True,
        "parameters": list(parameters.values()),
        "body": {"required": body.get("required") is True, "content": _schemas_by_media_type(body, resolve)}
        if isinstance(body, Mapping)
        else None,
        "responses": {
            str(status): {
                "description": string_or_empty(response.get("description")),
                "content": _schemas_by_media_type(response, resolve),
            }
            for status, raw in _pairs_of(follow_reference(operation.get("responses"), resolve))
            if isinstance(response := follow_reference(raw, resolve), Mapping)
        },
    }


def _schemas_by_media_type(holder: Mapping[str, Any], resolve: Resolve) -> dict[str, Any]:
    return {
        name: {"schema": body_schema(media_type)}
        for name, raw in _pairs_of(follow_reference(holder.get("content"), resolve))
        if isinstance(media_type := follow_reference(raw, resolve), Mapping)
    }


def _pairs_of(value: Any) -> list[tuple[str, Any]]:
    return list(value.items()) if isinstance(value, Mapping) else []
