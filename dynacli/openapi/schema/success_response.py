"""Which response of an operation is its plain success, and the schema of its JSON."""

from collections.abc import Callable, Mapping
from typing import Any

from dynacli.http.semantics import is_json
from dynacli.openapi.model.media_types import body_schema, is_as_good_as_json

__all__ = ["documented_success", "success_response", "success_schema"]


def documented_success(responses: Any, follow: Callable[[Any], Any]) -> tuple[str, Mapping[str, Any]]:
    """Return status and Response Object of a plain success; both are empty if the document has none.

    Args:
        responses: The Responses Object of an operation.
        follow: Follows references.
    """
    if not isinstance(responses, Mapping):
        return "", {}
    codes = [str(code) for code in responses]
    successes = sorted(code for code in codes if code[:1] == "2")
    usual = [code for code in ("200", "206") if code in codes]
    # What gets a response by default is an error if the document tells of a success without a body.
    others = ["default"] if not successes and "default" in codes else []
    empty: tuple[str, Mapping[str, Any]] = "", {}
    for code in (*usual, *successes, *others):
        response = follow(responses.get(code))
        if isinstance(response, Mapping) and (code == "200" or response.get("content")):
            return code, response
        empty = (code, response) if isinstance(response, Mapping) and not empty[0] else empty
    return empty


def success_response(responses: Any, follow: Callable[[Any], Any]) -> Mapping[str, Any]:
    """Return the Response Object of a plain success; empty if the document has none."""
    return documented_success(responses, follow)[1]


def success_schema(response: Mapping[str, Any], follow: Callable[[Any], Any]) -> Any:
    """Return the schema of the JSON of a response; None if it has none."""
    content = response.get("content")
    for name, raw in content.items() if isinstance(content, Mapping) else ():
        media = follow(raw)
        if isinstance(media, Mapping) and (is_json(name) or is_as_good_as_json(name)):
            return body_schema(media)
    return None
