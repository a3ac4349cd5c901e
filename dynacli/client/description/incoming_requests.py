"""Callbacks and webhooks as data: requests that the server sends, and that dynacli cannot call."""

from collections.abc import Mapping
from typing import Any

from dynacli.client.described_operation import schema_of_parameter
from dynacli.document.objects import operations_of
from dynacli.library.opened_api import OpenedApi
from dynacli.model.lenient_reading import list_or_empty
from dynacli.model.media_types import body_schema
from dynacli.schema.documented_values import follow_reference
from dynacli.schema.flatten_schema import Resolve

__all__ = ["describe_callbacks", "describe_webhook"]


def describe_callbacks(part: Mapping[str, Any], resolve: Resolve) -> dict[str, Any]:
    """Return the callbacks of an operation: name → expression of the URL → method → description of the request.

    Args:
        part: The operation's part of the document.
        resolve: Returns the target of an internal `$ref`.
    """
    callbacks = follow_reference(part["operation"].get("callbacks"), resolve)
    return {
        name: {
            expression: _requests(item, resolve)
            for expression, item in _entries(follow_reference(callback, resolve))
            if not expression.startswith("x-")
        }
        for name, callback in _entries(callbacks)
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
        entry.method: _request(entry.operation, shared, resolve)
        for entry in operations_of(item)
        if isinstance(entry.operation, Mapping)
    }


def _request(operation: Mapping[str, Any], shared: list[Any], resolve: Resolve) -> dict[str, Any]:
    parameters: dict[tuple[Any, Any], dict[str, Any]] = {}
    for raw in [*shared, *list_or_empty(operation.get("parameters"))]:
        parameter = follow_reference(raw, resolve)
        if isinstance(parameter, dict) and isinstance(parameter.get("name"), str):
            parameters[parameter["name"], str(parameter.get("in"))] = {
                "name": parameter["name"],
                "in": str(parameter.get("in")),
                "required": parameter.get("required") is True,
                "schema": schema_of_parameter(parameter),
                "description": _text(parameter.get("description")),
            }
    body = follow_reference(operation.get("requestBody"), resolve)
    return {
        "operation_id": _text(operation.get("operationId")) or None,
        "summary": _text(operation.get("summary")),
        "description": _text(operation.get("description")),
        "deprecated": operation.get("deprecated") is True,
        "parameters": list(parameters.values()),
        "body": {"required": body.get("required") is True, "content": _content(body, resolve)}
        if isinstance(body, Mapping)
        else None,
        "responses": {
            str(status): {
                "description": _text(response.get("description")),
                "content": _content(response, resolve),
            }
            for status, raw in _entries(follow_reference(operation.get("responses"), resolve))
            if isinstance(response := follow_reference(raw, resolve), Mapping)
        },
    }


def _content(holder: Mapping[str, Any], resolve: Resolve) -> dict[str, Any]:
    return {
        name: {"schema": body_schema(media_type)}
        for name, raw in _entries(follow_reference(holder.get("content"), resolve))
        if isinstance(media_type := follow_reference(raw, resolve), Mapping)
    }


def _entries(value: Any) -> list[tuple[str, Any]]:
    return list(value.items()) if isinstance(value, Mapping) else []


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
