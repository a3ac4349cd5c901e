"""Responses of Swagger 2.0 → Response Objects of OpenAPI 3.0."""

from typing import Any

from dynacli.document.pointer import join
from dynacli.document.swagger2.convert_media_types import MediaTypes, convert_content
from dynacli.document.swagger2.convert_parameters import convert_header
from dynacli.document.swagger2.converted_places import ConvertedPlace

__all__ = ["convert_response", "convert_responses"]

_EMPTY = frozenset({"204", "205"})
"""The successful statuses without content (RFC 9110, sections 15.3.5 and 15.3.6)."""


def convert_responses(raw: Any, types: MediaTypes, shared_types: MediaTypes, place: ConvertedPlace) -> Any:
    """Return the responses of an operation; a value that is no object is returned unchanged.

    A shared response has the media types that the document produces.
    An operation that produces others gets a copy of it.

    Args:
        types: The media types that the operation produces.
        shared_types: The media types that the document produces.
    """
    if not isinstance(raw, dict):
        return raw
    converted: dict[str, Any] = {}
    succeeding = _succeeding(raw)
    for status, response in raw.items():
        here, is_success = place.below(status), status in succeeding
        if status.startswith("x-") or not isinstance(response, dict):
            converted[status] = response
        elif not isinstance(response.get("$ref"), str):
            converted[status] = convert_response(response, types, here, is_success=is_success)
        else:
            target, steps = place.ledger.follow(response)
            is_shared = steps[:1] == ("responses",) and isinstance(target, dict)
            if (
                is_shared
                and _needs_copy(target, types, shared_types, is_success=is_success)
                and here.may_copy(target)
            ):
                copy_place = place.at(join(steps), here.new)
                copy_place.note_origin()
                converted[status] = convert_response(target, types, copy_place, is_success=is_success)
            else:
                converted[status] = place.ledger.copy_reference(response, "responses")
    return converted


def _succeeding(responses: dict[str, Any]) -> frozenset[str]:
    """Return the successful statuses of an operation that have content; `default` where it has none."""
    successful = {status for status in responses if status.startswith("2")}
    return frozenset((successful or {"default"}) - _EMPTY)


def _needs_copy(
    shared: dict[str, Any], types: MediaTypes, shared_types: MediaTypes, *, is_success: bool
) -> bool:
    """Return whether a shared response is different in an operation that produces these media types."""
    if "schema" in shared or "examples" in shared:
        return types.names != shared_types.names
    return is_success and bool(types.names)


def convert_response(raw: Any, types: MediaTypes, place: ConvertedPlace, *, is_success: bool = False) -> Any:
    """Return a response; a value that is no object is returned unchanged.

    Without `produces`, its media type can be any. In Swagger 2.0 a response without schema has no content,
    but documents leave the schema out where there is content: a successful response gets the types of `produces`.
    """
    if not isinstance(raw, dict):
        return raw
    if isinstance(raw.get("$ref"), str):
        return place.ledger.copy_reference(raw, "responses")
    converted = {key: value for key, value in raw.items() if key not in {"schema", "examples", "headers"}}
    headers = raw.get("headers")
    if isinstance(headers, dict):
        headers_place = place.below("headers")
        converted["headers"] = {
            name: convert_header(header, headers_place.below(name)) for name, header in headers.items()
        }
    elif "headers" in raw:
        converted["headers"] = headers
    schema = raw.get("schema")
    if "schema" in raw and not isinstance(schema, dict):
        place.below("schema").warn("The schema of the response is no object and is ignored")
        schema = None
    examples = _examples(raw, place)
    if schema is not None:
        all_types = types.or_else("*/*")
    else:
        all_types = types if is_success else types.only([])
        if not all_types.names and not examples:
            return converted
    other_types = [name for name in examples if name not in all_types.names]
    all_types = MediaTypes(
        (*all_types.names, *other_types),
        (*all_types.pointers, *(place.below("examples", name).old for name in other_types)),
        all_types.old,
    )
    content = convert_content(schema, all_types, place, ("schema",))
    for name, value in examples.items():
        if name in content:
            place.relocated(("examples", name), ("content", name, "example")).note_origin()
            content[name]["example"] = value
    converted["content"] = content
    return converted


def _examples(raw: dict[str, Any], place: ConvertedPlace) -> dict[str, Any]:
    """Return the examples by media type."""
    examples = raw.get("examples")
    if not isinstance(examples, dict):
        if "examples" in raw:
            place.below("examples").warn("Examples are given by media type; these are left out")
        return {}
    by_type = {}
    for name, value in examples.items():
        if "/" in name:
            by_type[name] = value
        elif not name.startswith("x-"):
            place.below("examples", name).warn("An example is given by media type; this one is left out")
    return by_type
