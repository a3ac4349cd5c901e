"""The call of a step: its parameters and its body as inputs of the engine."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import unquote

from dynacli.client.call_settings import CallSettings
from dynacli.client.described_operation import DescribedOperation
from dynacli.client.inputs.call_inputs import CallInputs
from dynacli.client.inputs.query_pairs import with_pairs
from dynacli.client.inputs.read_plain_inputs import whole_body
from dynacli.errors import UsageError
from dynacli.features.workflows.expressions import (
    RuntimeExpression,
    json_piece,
    parse_reference,
    references_in,
    text_of,
)
from dynacli.features.workflows.scope import RunScope
from dynacli.features.workflows.selectors import json_nodes, selector_type
from dynacli.http.semantics import is_json, is_xml
from dynacli.openapi.document.json_trees import MISSING, copy_json, dict_or_empty, list_or_empty, split
from dynacli.openapi.model.operation import Parameter
from dynacli.openapi.model.path_templates import path_values
from dynacli.record import replace
from dynacli.text.exact_json import read_json
from dynacli.urls import split_url

if TYPE_CHECKING:
    from dynacli.http.exchange import WireResponse
    from dynacli.http.send import Pieces


class BuiltCall(NamedTuple):
    """The call of a step, ready for the engine.

    Args:
        described: The operation, with the media type of the body.
        inputs: The inputs.
        settings: The settings, with headers that the document does not declare.
    """

    described: DescribedOperation
    inputs: CallInputs
    settings: CallSettings


def build_call(
    described: DescribedOperation,
    settings: CallSettings,
    parameters: list[dict[str, Any]],
    step: Mapping[str, Any],
    scope: RunScope,
) -> BuiltCall:
    """Return the call of a step.

    Args:
        parameters: The parameters of the step and its workflow.

    Raises:
        MissingValueError: An expression has no value.
        ValueError: A selector or a replacement cannot be applied.
        UsageError: The operation does not have a path parameter, or its value is empty.
    """
    given: dict[tuple[str, str], Any] = {}
    pairs: list[tuple[str, Any]] = []
    headers = list(settings.headers)
    for parameter in parameters:
        name, location = str(parameter["name"]), str(parameter.get("in"))
        value = scope.resolve(parameter["value"])
        declared = declared_parameter(described, location, name)
        if location == "path" and isinstance(value, str):
            value = located_values(described.operation.path, value).get(name, value)
        if location == "path" and (declared is None or value in ("", None)):
            raise UsageError(
                f"The path parameter `{name}` cannot be sent",
                reason="Its value is empty"
                if declared is not None
                else f"`{described.operation.name}` has no such parameter",
            )
        if value is None:
            continue
        if declared is not None:
            given[declared.key] = value
        elif location == "query":
            pairs.append(
                (name, [text_of(item) for item in value] if isinstance(value, list) else text_of(value))
            )
        elif location == "header":
            headers.append((name, text_of(value)))
        elif location == "cookie":
            headers.append(("Cookie", f"{name}={text_of(value)}"))
        else:
            raise UsageError(
                f"The parameter `{name}` cannot be sent",
                reason=f"`{described.operation.name}` has no such parameter in `{location}`",
            )
    settings = replace(settings, headers=tuple(headers), ends_with_redirects=True)
    described, body, content_type = _body(described, dict_or_empty(step.get("requestBody")), scope)
    inputs = CallInputs(given, body=body, content_type=content_type)
    if pairs or settings.query or settings.default_query:
        inputs = with_pairs(described, inputs, settings, pairs)
    return BuiltCall(described, inputs, settings)


def read_step_response(response: WireResponse, pieces: Pieces) -> bytes:  # noqa: ARG001
    """Return the body of a response, read into memory for expressions.

    Raises:
        NetworkError: The body is too large.
    """
    from dynacli.http.exchange import RENDER_LIMIT

    return pieces.joined(
        RENDER_LIMIT,
        "Let the step request less; a separate call writes the response to a file: `-o @FILE`",
    )


def located_values(template: str, url: str) -> dict[str, str]:
    """Return the path parameters of an operation in a URL of it, such as the header `Location` of a create response.

    Arazzo has no expression for a part of a text, so a step gives the whole `Location` as a path parameter.

    Args:
        template: The path of the operation.
        url: An absolute URL, or a path from the root of a server. Other texts have no values.
    """
    template = template.partition("#")[0].rstrip("/")
    steps = template.split("/")[1:]
    if not url.startswith(("/", "http://", "https://")) or all("{" in step for step in steps):
        return {}  # without a literal segment each path would match
    try:
        path = split_url(url).path.rstrip("/")
    except ValueError:
        return {}
    values = path_values(template, "/" + "/".join(path.split("/")[-len(steps) :])) or {}
    return {name: unquote(value) for name, value in values.items()}


def declared_parameter(described: DescribedOperation, location: str, name: str) -> Parameter | None:
    """Return the parameter of an operation at a location; None if the operation does not declare it."""
    for parameter in described.operation.parameters:
        if parameter.location == location and (
            parameter.name == name or (location == "header" and parameter.name.lower() == name.lower())
        ):
            return parameter
    return None


def _body(
    described: DescribedOperation, request_body: Mapping[str, Any], scope: RunScope
) -> tuple[DescribedOperation, Any, str]:
    """Return the operation with the media type of the body, the body or None, and the media type that was asked for."""
    if "payload" not in request_body:
        return described, None, ""
    content_type = str(request_body.get("contentType") or "")
    if described.operation.body is None:
        described = described.with_any_body()
    described = described.sending(content_type)
    media_type = described.media_type.name if described.media_type is not None else content_type
    return described, _body_content(request_body, media_type, scope), content_type


def _body_content(request_body: Mapping[str, Any], media_type: str, scope: RunScope) -> Any:
    """Return the content of a Request Body Object.

    A string that is not an expression is the text of the body. Text that is not JSON becomes a JSON string.

    Raises:
        MissingValueError: An expression has no value.
        ValueError: A replacement cannot be applied.
        UsageError: The value cannot be written in the media type.
    """
    payload, value = request_body["payload"], MISSING
    if isinstance(payload, str) and parse_reference(payload) is None:
        text = scope.filled(payload, json_piece if is_json(media_type) else None)
        if not is_json(media_type):
            value = text
        else:
            try:
                value = read_json(text)
            except (ValueError, RecursionError):
                value = text
    else:
        value = scope.resolve(payload)
    replacements = list_or_empty(request_body.get("replacements"))
    if replacements:
        value = copy_json(value)
    for replacement in replacements:
        value = _with_replacement(value, replacement, media_type, scope)
    return whole_body(value, media_type)


def _with_replacement(value: Any, replacement: Mapping[str, Any], media_type: str, scope: RunScope) -> Any:
    """Return a payload with the value of a Payload Replacement Object in it."""
    target, new = str(replacement["target"]), scope.resolve(replacement["value"])
    usual = "xpath" if is_xml(media_type) else "jsonpointer"
    name, _, version = selector_type(replacement.get("targetSelectorType", usual)).partition(" ")
    if name == "xpath":
        from dynacli.features.workflows.xpath import with_text

        return with_text(value, target, text_of(new))
    if name == "jsonpath":
        places = [location for location, _ in json_nodes(value, target, version)]
        if not places:
            raise ValueError(f"The target `{target}` is not in the payload")
    else:
        places = [split(target)]
    for place in places:
        value = _set_at(value, place, new, target)
    return value


def _set_at(value: Any, steps: tuple[str | int, ...], new: Any, target: str) -> Any:
    if not steps:
        return new
    node = value
    try:
        for step in steps[:-1]:
            node = node[int(step)] if isinstance(node, list) else node[step]
        if isinstance(node, list):
            node[int(steps[-1])] = new
        elif isinstance(node, dict):
            node[str(steps[-1])] = new
        else:
            raise KeyError(target)
    except (LookupError, TypeError, ValueError) as error:
        raise ValueError(f"The target `{target}` is not in the payload") from error
    return value


def unknown_references(
    parameters: list[dict[str, Any]], step: Mapping[str, Any], scope: RunScope
) -> list[RuntimeExpression]:
    """Return the expressions in the inputs of a step that have no value yet."""
    used = references_in([[parameter["value"] for parameter in parameters], step.get("requestBody")])
    return list(
        {reference.text: reference for reference in used if scope.value_of(reference) is MISSING}.values()
    )
