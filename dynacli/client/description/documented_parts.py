"""The parameters, body and answers of an operation with their schemas, as the document has them."""

from collections.abc import Mapping
from typing import Any

from dynacli.client.described_operation import DescribedOperation, schema_of_parameter
from dynacli.model.descriptions import parameter_description
from dynacli.model.media_types import body_schema, takes_options
from dynacli.model.operation import MediaType, of_first_items
from dynacli.schema.flatten_schema import FlatSchemas, Resolve, flatten
from dynacli.schema.option_fields import list_fields

__all__ = ["body_of", "parameters_of", "responses_of"]


def parameters_of(described: DescribedOperation) -> list[dict[str, Any]]:
    """Return the parameters, in the order of the operation's own."""
    raw_parameters = described.raw_parameters
    parameters = [(each, raw_parameters.get(each.key, {})) for each in described.operation.parameters]
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
    """Return whether a body is required, and its schema and options by media type; None where none is taken."""
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
