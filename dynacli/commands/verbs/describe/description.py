"""The description of an operation as data."""

from collections.abc import Mapping
from typing import Any

from dynacli.client.described_operation import DescribedOperation, schema_of_parameter
from dynacli.client.links.describe_links import describe_links
from dynacli.client.pages.document_rule import describe_pages
from dynacli.commands.verbs.describe.incoming_requests import describe_callbacks
from dynacli.library.opened_api import OpenedApi
from dynacli.model.descriptions import operation_description, parameter_description
from dynacli.model.media_types import body_schema, takes_options
from dynacli.model.operation import MediaType, Operation, of_first_items
from dynacli.model.server_objects import server_row
from dynacli.schema.flatten_schema import FlatSchemas, Resolve, flatten
from dynacli.schema.option_fields import list_fields

__all__ = ["describe_operation", "described_responses"]


def describe_operation(described: DescribedOperation) -> dict[str, Any]:
    """Return the description of an operation as `describe -o json` writes it."""
    api, operation = described.api, described.operation
    raw_parameters = described.raw_parameters
    parameters = [(each, raw_parameters.get(each.key, {})) for each in operation.parameters]
    return {
        "api": api.name,
        "name": operation.name,
        "operation_id": operation.operation_id or None,
        "method": operation.method,
        "path": operation.path,
        "summary": operation.summary,
        "description": operation_description(described.part["operation"], described.part["path_item"]),
        "tags": list(operation.tags),
        "deprecated": operation.is_deprecated,
        "parameters": [
            {
                "name": parameter.name,
                "in": parameter.location,
                "option": f"--{parameter.option}",
                "required": parameter.is_required,
                "schema": schema_of_parameter(raw),
                "style": parameter.style,
                "explode": parameter.explode,
                "description": _parameter_description(raw, api.catalog.resolve),
            }
            for parameter, raw in parameters
        ],
        "body": _body(described),
        "responses": described_responses(described),
        "security": [
            {scheme.name: list(scheme.scopes) for scheme in alternative} for alternative in operation.security
        ],
        "servers": _servers(api, operation),
        "links": describe_links(described),
        "pages": describe_pages(described),
        "callbacks": describe_callbacks(described.part, api.catalog.resolve),
        "example": described.example_line,
    }


def _body(described: DescribedOperation) -> dict[str, Any] | None:
    body = described.operation.body
    if body is None:
        return None
    raw = described.follow(described.part["operation"].get("requestBody"))
    content = raw.get("content") if isinstance(raw, Mapping) else {}
    return {
        "required": body.is_required,
        "content": {
            media_type.name: _media_type(
                described, media_type, content.get(media_type.name) if isinstance(content, Mapping) else None
            )
            for media_type in body.content
        },
    }


def _media_type(described: DescribedOperation, media_type: MediaType, raw: Any) -> dict[str, Any]:
    schema = _schema(described, raw)
    fields = media_type.fields if takes_options(media_type) else ()
    # The compiled fields have the first sentences of their descriptions alone.
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


def described_responses(described: DescribedOperation) -> dict[str, Any]:
    """Return status → description, content and headers of the answers of an operation."""
    responses: dict[str, Any] = {}
    for status, reference in described.raw_responses.items():
        response = described.follow(reference)
        if not isinstance(response, Mapping):
            continue
        content = response.get("content")
        responses[str(status)] = {
            "description": response.get("description") or response.get("summary", ""),
            "content": {
                media_type: {"schema": _schema(described, raw_media_type)}
                for media_type, raw_media_type in (content.items() if isinstance(content, Mapping) else ())
            },
            "headers": response.get("headers") or {},
        }
    return responses


def _schema(described: DescribedOperation, raw_media_type: Any) -> Any:
    """Return the schema of a Media Type Object; in OpenAPI 3.2 that may be a reference, or have an `itemSchema`."""
    target = described.follow(raw_media_type)
    return body_schema(target) if isinstance(target, Mapping) else None


def _servers(api: OpenedApi, operation: Operation) -> list[dict[str, Any]]:
    return [server_row(server) for server in operation.servers or api.servers]
