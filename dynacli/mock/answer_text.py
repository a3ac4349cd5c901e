"""A value written as the body of an answer, in any media type."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from dynacli.client.described_operation import DescribedOperation
from dynacli.errors import UsageError
from dynacli.model.media_types import is_event_stream, is_form, is_json, is_multipart, is_sequence
from dynacli.request.assemble_body import encode, json_text
from dynacli.request.form_body import encode_form
from dynacli.request.multipart_body import PREVIEW_BOUNDARY, Multipart, make_parts
from dynacli.request.text_body import text_body
from dynacli.schema.example_call import option_text
from dynacli.schema.form_encoding import Encodings

__all__ = ["written_value"]

_EVENT_FIELDS = ("event", "id", "retry", "data")
_JSON_LINES = "application/x-ndjson"
_LARGEST = 1 << 26


def written_value(
    value: Any, media_type: str, media: Mapping[str, Any], schema: Any, described: DescribedOperation
) -> tuple[bytes, str]:
    """Return the bytes of a value, and their `Content-Type`.

    Args:
        media: The Media Type Object.
        schema: The schema of the body; None where it has none.

    Raises:
        UsageError: The value has no form in the media type.
    """
    if is_event_stream(media_type):
        items = value if isinstance(value, list) else [value]
        return "".join(map(_event, items)).encode(), media_type
    if is_sequence(media_type):
        is_single_json = is_json(media_type)  # `application/stream+json`
        return encode(value, _JSON_LINES if is_single_json else media_type), media_type
    if is_json(media_type):
        return json_text(value).encode(), media_type
    is_parts = is_multipart(media_type)
    if isinstance(value, Mapping | list) and (is_parts or is_form(media_type)):
        encodings = Encodings(
            media, described.resolve, described.version, is_multipart=is_parts, has_examples=True
        )
        if not is_parts:
            return encode_form(value, media_type, encodings.of, json_text, is_strict=False), media_type
        parts = make_parts(value, encodings, {}, is_strict=False)
        made = Multipart(parts, media_type.partition(";")[0].strip(), PREVIEW_BOUNDARY)
        return made.whole(_LARGEST) or b"", made.media_type
    try:
        content = text_body(value, media_type, schema, described.resolve)
    except UsageError:
        content = option_text(value).encode("utf-8", "replace")
    is_text = media_type.lower().startswith("text/") and "charset" not in media_type.lower()
    return content, f"{media_type}; charset=utf-8" if is_text else media_type


def _event(item: Any) -> str:
    """Return an event (HTML standard, "Server-sent events"): an item with the fields of one, or its data."""
    is_event = isinstance(item, Mapping) and "data" in item and item.keys() <= set(_EVENT_FIELDS)
    fields: Iterable[tuple[str, Any]] = (
        ((name, item[name]) for name in _EVENT_FIELDS if name in item) if is_event else [("data", item)]
    )
    return "".join(f"{line}\n" for name, value in fields for line in _lines(name, value)) + "\n"


def _lines(name: str, value: Any) -> Iterator[str]:
    for line in option_text(value).splitlines() or [""]:
        yield f"{name}: {line}"
