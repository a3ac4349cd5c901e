"""Media types that a body can be built for, and which one is taken where the document offers several."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dynacli.model.operation import MediaType

__all__ = [
    "body_schema",
    "essence",
    "is_as_good_as_json",
    "is_built",
    "is_event_stream",
    "is_form",
    "is_json",
    "is_json_lines",
    "is_json_sequence",
    "is_multipart",
    "is_sequence",
    "preferred",
    "sent_as",
    "takes_options",
]

_JSON_LINES = frozenset(
    f"{main}/{name}"
    for main in ("application", "text")
    for name in ("jsonl", "x-jsonl", "jsonlines", "x-jsonlines", "json-lines", "ndjson", "x-ndjson")
)


def essence(media_type: str) -> str:
    """Return a media type without its parameters, in lower case (RFC 9110, section 8.3.1)."""
    return media_type.partition(";")[0].strip().lower()


def is_json(media_type: str) -> bool:
    """Return whether a media type is JSON: `application/json`, `text/json` or a `+json` suffix (RFC 6839)."""
    return essence(media_type).endswith(("/json", "+json"))


def is_form(media_type: str) -> bool:
    """Return whether a media type is the form that a URL's query looks like."""
    return essence(media_type) == "application/x-www-form-urlencoded"


def is_multipart(media_type: str) -> bool:
    """Return whether a media type is made of parts: `multipart/form-data`, `multipart/mixed`, ..."""
    return media_type.strip().lower().startswith("multipart/")


def is_json_lines(media_type: str) -> bool:
    """Return whether a media type has one JSON value on each line, under any of the names that it goes by."""
    return essence(media_type) in _JSON_LINES


def is_json_sequence(media_type: str) -> bool:
    """Return whether a media type is a sequence of JSON texts with a separator before each (RFC 7464, RFC 8091)."""
    return essence(media_type).endswith(("/json-seq", "+json-seq"))


def is_event_stream(media_type: str) -> bool:
    """Return whether a media type is that of server-sent events."""
    return essence(media_type) == "text/event-stream"


def is_sequence(media_type: str) -> bool:
    """Return whether bodies of a media type are sequences of JSON values or of events, which may come as a stream.

    Spring's name for JSON values on lines, `application/stream+json`, looks like that of one JSON value.
    """
    kinds = (is_json_lines, is_json_sequence, is_event_stream)
    return essence(media_type) == "application/stream+json" or any(fits(media_type) for fits in kinds)


def is_built(media_type: str) -> bool:
    """Return whether a body of this media type can be built from options; all others are given whole."""
    kinds = (is_json, is_form, is_multipart, is_json_lines, is_json_sequence)
    return any(fits(media_type) for fits in kinds)


def body_schema(media: Mapping[str, Any]) -> Any:
    """Return the schema of a body as a whole: 3.2 has `itemSchema` for one that is a sequence of items."""
    if "schema" not in media and "itemSchema" in media:
        return {"type": "array", "items": media["itemSchema"]}
    return media.get("schema")


def preferred(content: Sequence["MediaType"]) -> "MediaType":
    """Return the media type that a body is sent as unless the person says otherwise.

    JSON, else a form, else one of parts; where there are files among the options, that one comes before a form.
    """
    ranks: tuple[Callable[[MediaType], bool], ...] = (
        lambda one: is_json(one.name),
        lambda one: is_multipart(one.name) and _takes_file(one),
        lambda one: is_form(one.name),
        lambda one: is_multipart(one.name),
    )
    named = next((one for fits in ranks for one in content if fits(one)), None)
    return named or next((one for one in content if takes_options(one)), content[0])


def sent_as(media_type: "MediaType") -> "MediaType":
    """Return the media type that is sent where the document has a range, the word `json`, or no name at all.

    None of them can be sent (RFC 9110, section 8.3). What has options, or is said to be JSON's kind of value, is JSON.
    """
    if not is_as_good_as_json(media_type.name) or media_type.value.format == "binary":
        return media_type
    from dataclasses import replace

    name = "text/plain" if media_type.value.type == "string" else "application/json"
    return replace(media_type, name=name)


def is_as_good_as_json(name: str) -> bool:
    """Return whether what a document has for a media type is no name of one, and leaves room for JSON."""
    return name.strip().lower() in {"", "*", "*/*", "application/*", "json"}


def takes_options(media_type: "MediaType") -> bool:
    """Return whether options build a body of this media type, as the document spells it."""
    return is_built(sent_as(media_type).name)


def _takes_file(media_type: "MediaType") -> bool:
    values = [one.value for one in media_type.fields]
    return any(one.format == "binary" for one in [*values, *(each.items for each in values if each.items)])


def is_binary(schema: Mapping[str, Any]) -> bool:
    """Return whether a schema says that its value is bytes as they are, not text.

    3.0 says `format: binary`, 3.1 a `contentMediaType` without `contentEncoding` ("Working With Binary Data");
    some documents say `contentEncoding: binary`.
    """
    kinds = schema.get("type", "string")
    if kinds != "string" and not (isinstance(kinds, list) and set(map(str, kinds)) <= {"string", "null"}):
        return False
    media_type, encoding = schema.get("contentMediaType"), schema.get("contentEncoding")
    if schema.get("format") == "binary" or encoding == "binary":
        return True
    return isinstance(media_type, str) and encoding is None and not is_text_type(media_type)


def is_text_type(media_type: str) -> bool:
    """Return whether content of a media type is text: `text/...`, or JSON."""
    return is_json(media_type) or media_type.strip().lower().startswith("text/")
