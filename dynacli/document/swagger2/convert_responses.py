"""Responses of Swagger 2.0 → Response Objects of OpenAPI 3.0."""

from typing import Any

from dynacli.document.pointer import join
from dynacli.document.swagger2.conversion_ledger import Ledger
from dynacli.document.swagger2.convert_media_types import MediaTypes, convert_content
from dynacli.document.swagger2.convert_parameters import convert_header
from dynacli.document.swagger2.converted_places import ConvertedPlace

__all__ = ["convert_response", "convert_responses"]

_EMPTY = frozenset({"204", "205"})
"""The statuses of success that have no content (RFC 9110, sections 15.3.5 and 15.3.6)."""


def convert_responses(
    raw: Any, types: MediaTypes, shared_types: MediaTypes, spot: ConvertedPlace, ledger: Ledger
) -> Any:
    """Return the responses of an operation; what is no object is returned as it is.

    A shared response says what all operations produce.
    An operation that produces something else gets a copy of its own.

    Args:
        raw: The Responses Object of 2.0.
        types: What the operation produces.
        shared_types: What operations produce that say nothing of it.
        spot: Where it is.
        ledger: Takes references, and what moved.
    """
    if not isinstance(raw, dict):
        return raw
    made: dict[str, Any] = {}
    succeeding = _succeeding(raw)
    for status, response in raw.items():
        at, is_success = spot.below(status), status in succeeding
        if status.startswith("x-") or not isinstance(response, dict):
            made[status] = response
        elif not isinstance(response.get("$ref"), str):
            made[status] = convert_response(response, types, at, ledger, is_success=is_success)
        else:
            target, steps = ledger.follow(response)
            if (
                steps[:1] == ("responses",)
                and isinstance(target, dict)
                and _is_of_operation(target, types, shared_types, is_success=is_success)
                and ledger.affords(target, spot=at)
            ):
                own = ConvertedPlace(join(steps), at.new)
                ledger.came(own)
                made[status] = convert_response(target, types, own, ledger, is_success=is_success)
            else:
                made[status] = ledger.referring(response, "responses")
    return made


def _succeeding(responses: dict[str, Any]) -> frozenset[str]:
    """Return the statuses by which an operation succeeds and has content: `default` where it has no other."""
    found = {status for status in responses if status.startswith("2")}
    return frozenset((found or {"default"}) - _EMPTY)


def _is_of_operation(
    shared: dict[str, Any], types: MediaTypes, shared_types: MediaTypes, *, is_success: bool
) -> bool:
    """Tell whether a shared response is another one in an operation that produces these media types."""
    if "schema" in shared or "examples" in shared:
        return types.names != shared_types.names
    return is_success and bool(types.names)


def convert_response(
    raw: Any, types: MediaTypes, spot: ConvertedPlace, ledger: Ledger, *, is_success: bool = False
) -> Any:
    """Return a response; what is no object is returned as it is.

    Without `produces` its media type can be any. A response without a schema has no content by the letter of 2.0;
    documents leave the schema out all the same, and of a success `produces` then tells what to ask for.

    Args:
        raw: The Response Object of 2.0.
        types: What the operation produces.
        spot: Where it is.
        ledger: Takes references, and what moved.
        is_success: Whether it is what the operation is called for.
    """
    if not isinstance(raw, dict):
        return raw
    if isinstance(raw.get("$ref"), str):
        return ledger.referring(raw, "responses")
    made = {key: value for key, value in raw.items() if key not in {"schema", "examples", "headers"}}
    headers = raw.get("headers")
    if isinstance(headers, dict):
        at = spot.below("headers")
        made["headers"] = {
            name: convert_header(header, at.below(name), ledger) for name, header in headers.items()
        }
    elif "headers" in raw:
        made["headers"] = headers
    schema = raw.get("schema")
    if "schema" in raw and not isinstance(schema, dict):
        ledger.warn("The schema of the response is no object and is ignored", spot.below("schema"))
        schema = None
    examples = _examples(raw, spot, ledger)
    if schema is not None:
        all_types = types.or_else("*/*")
    else:
        all_types = types if is_success else types.only([])
        if not all_types.names and not examples:
            return made
    more = [name for name in examples if name not in all_types.names]
    all_types = MediaTypes(
        (*all_types.names, *more),
        (*all_types.places, *(spot.below("examples", name).old for name in more)),
        all_types.old,
    )
    content = convert_content(schema, all_types, spot, ("schema",), ledger)
    for name, value in examples.items():
        if name in content:
            ledger.came(spot.moved(("examples", name), ("content", name, "example")))
            content[name]["example"] = value
    made["content"] = content
    return made


def _examples(raw: dict[str, Any], spot: ConvertedPlace, ledger: Ledger) -> dict[str, Any]:
    """Return the examples by media type."""
    examples = raw.get("examples")
    if not isinstance(examples, dict):
        if "examples" in raw:
            ledger.warn("Examples are given by media type; these are left out", spot.below("examples"))
        return {}
    found = {}
    for name, value in examples.items():
        if "/" in name:
            found[name] = value
        elif not name.startswith("x-"):
            ledger.warn(
                "An example is given by media type; this one is left out", spot.below("examples", name)
            )
    return found
