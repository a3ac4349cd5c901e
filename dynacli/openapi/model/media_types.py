"""Media types of a body: which ones options can build, and which one is preferred.

Also finds the successful response of an operation and the schema of its value.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from dynacli.http.semantics import (
    is_form,
    is_json,
    is_json_lines,
    is_json_sequence,
    is_multipart,
    is_structured,
    is_text_type,
)

if TYPE_CHECKING:
    from dynacli.openapi.model.operation import MediaType


def is_built(media_type: str) -> bool:
    """Return whether options can build a body of this media type; other bodies must be given whole."""
    kinds = (is_json, is_structured, is_multipart, is_json_lines, is_json_sequence)
    return any(is_kind(media_type) for is_kind in kinds)


def body_schema(media: Mapping[str, Any]) -> Any:
    """Return the schema of a whole body: an array for a sequence (`itemSchema`, OpenAPI 3.2)."""
    if "schema" not in media and "itemSchema" in media:
        return {"type": "array", "items": media["itemSchema"]}
    return media.get("schema")


def preferred(content: Sequence[MediaType]) -> MediaType:
    """Return the media type of a body if the user gives none.

    The order: JSON without files, multipart with files, other JSON, a form, other multipart, and any other media
    type that options can build.
    """
    ranks: tuple[Callable[[MediaType], bool], ...] = (
        lambda media_type: is_json(media_type.name) and not _takes_file(media_type),
        lambda media_type: is_multipart(media_type.name) and _takes_file(media_type),
        lambda media_type: is_json(media_type.name),
        lambda media_type: is_form(media_type.name),
        lambda media_type: is_multipart(media_type.name),
        takes_options,
    )
    ranked = (media_type for has_rank in ranks for media_type in content if has_rank(media_type))
    return next(ranked, content[0])


def sent_as(media_type: MediaType) -> MediaType:
    """Return the media type with a name that can be sent, if the document names a range, `json` or nothing.

    A `Content-Type` cannot be a range (RFC 9110, section 8.3). A string is sent as text, any other value as JSON.
    Binary content stays as it is.
    """
    if not is_as_good_as_json(media_type.name) or media_type.value.format == "binary":
        return media_type
    from dynacli.record import replace

    name = "text/plain" if media_type.value.type == "string" else "application/json"
    return replace(media_type, name=name)


def is_as_good_as_json(name: str) -> bool:
    """Return whether the name of a media type is not exact and allows JSON: `*/*`, `json`, empty."""
    return name.strip().lower() in {"", "*", "*/*", "application/*", "json"}


def takes_options(media_type: MediaType) -> bool:
    """Return whether options can build a body of this media type, as the document spells it."""
    return is_built(sent_as(media_type).name)


def _takes_file(media_type: MediaType) -> bool:
    values = [field.value for field in media_type.fields]
    items = [value.items for value in values if value.items]
    return any(value.format == "binary" for value in [*values, *items])


def is_binary(schema: Mapping[str, Any]) -> bool:
    """Return whether a schema describes raw bytes instead of text.

    OpenAPI 3.0 writes `format: binary`, 3.1 a `contentMediaType` without `contentEncoding` ("Working With Binary
    Data"); some documents write `contentEncoding: binary`, or call a file an object.
    """
    if is_object_of_bytes(schema):
        return True
    kinds = schema.get("type", "string")
    if kinds != "string" and not (isinstance(kinds, list) and set(map(str, kinds)) <= {"string", "null"}):
        return False
    media_type, encoding = schema.get("contentMediaType"), schema.get("contentEncoding")
    if schema.get("format") == "binary" or encoding == "binary":
        return True
    return isinstance(media_type, str) and encoding is None and not is_text_type(media_type)


def is_object_of_bytes(schema: Mapping[str, Any]) -> bool:
    """Return whether a schema has `type: object` or `file`, but `format: binary` or `file`, and no properties."""
    is_file = schema.get("format") in ("binary", "file") and not schema.get("properties")
    return is_file and schema.get("type") in ("object", "file")


def documented_success(responses: Any, follow: Callable[[Any], Any]) -> tuple[str, Mapping[str, Any]]:
    """Return the status and the Response Object of a success; both are empty if the document has none.

    Args:
        responses: The Responses Object of an operation.
        follow: Function that follows a reference.
    """
    if not isinstance(responses, Mapping):
        return "", {}
    codes = [str(code) for code in responses]
    successes = sorted(code for code in codes if code[:1] == "2")
    usual = [code for code in ("200", "206") if code in codes]
    # If the document has a success, even without a body, `default` describes errors.
    others = ["default"] if not successes and "default" in codes else []
    empty: tuple[str, Mapping[str, Any]] = "", {}
    for code in (*usual, *successes, *others):
        response = follow(responses.get(code))
        if isinstance(response, Mapping) and (code == "200" or response.get("content")):
            return code, response
        empty = (code, response) if isinstance(response, Mapping) and not empty[0] else empty
    return empty


def success_response(responses: Any, follow: Callable[[Any], Any]) -> Mapping[str, Any]:
    """Return the Response Object of a success; empty if the document has none."""
    return documented_success(responses, follow)[1]


def success_schema(response: Mapping[str, Any], follow: Callable[[Any], Any]) -> Any:
    """Return the schema of a response, JSON first; None if the response has no structured content."""
    content = response.get("content")
    names = list(content) if isinstance(content, Mapping) else []
    of_json = [name for name in names if is_json(name) or is_as_good_as_json(name)]
    for name in (*of_json, *filter(is_structured, names)):
        media = follow(response["content"][name])
        if isinstance(media, Mapping):
            return body_schema(media)
    return None
