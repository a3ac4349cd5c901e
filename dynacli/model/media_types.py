"""Kinds of media types, which of them a body can be built for, and which is preferred among several."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dynacli.model.operation import MediaType

__all__ = [
    "best_match",
    "body_schema",
    "essence",
    "is_as_good_as_json",
    "is_binary",
    "is_built",
    "is_event_stream",
    "is_form",
    "is_json",
    "is_json_lines",
    "is_json_sequence",
    "is_media_type",
    "is_multipart",
    "is_object_of_bytes",
    "is_sent_as_bytes",
    "is_sequence",
    "is_text_type",
    "preferred",
    "sent_as",
    "split_media_type",
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
    """Return whether a media type is `application/x-www-form-urlencoded`."""
    return essence(media_type) == "application/x-www-form-urlencoded"


def is_multipart(media_type: str) -> bool:
    """Return whether a media type is made of parts: `multipart/form-data`, `multipart/mixed`, ..."""
    return media_type.strip().lower().startswith("multipart/")


def is_json_lines(media_type: str) -> bool:
    """Return whether a media type is JSON Lines: a JSON value on each line, under any of its names."""
    return essence(media_type) in _JSON_LINES


def is_json_sequence(media_type: str) -> bool:
    """Return whether a media type is a JSON text sequence, with a separator before each text (RFC 7464, RFC 8091)."""
    return essence(media_type).endswith(("/json-seq", "+json-seq"))


def is_event_stream(media_type: str) -> bool:
    """Return whether a media type is that of server-sent events."""
    return essence(media_type) == "text/event-stream"


def is_sequence(media_type: str) -> bool:
    """Return whether a media type is a sequence of JSON values or of events, which may come as a stream.

    `application/stream+json`, Spring's name for JSON Lines, counts although its suffix says a single JSON value.
    """
    kinds = (is_json_lines, is_json_sequence, is_event_stream)
    return essence(media_type) == "application/stream+json" or any(is_kind(media_type) for is_kind in kinds)


def is_built(media_type: str) -> bool:
    """Return whether a body of this media type can be built from options; other bodies are given whole."""
    kinds = (is_json, is_form, is_multipart, is_json_lines, is_json_sequence)
    return any(is_kind(media_type) for is_kind in kinds)


def body_schema(media: Mapping[str, Any]) -> Any:
    """Return the schema of a whole body; a sequence (`itemSchema`, OpenAPI 3.2) has the schema of an array."""
    if "schema" not in media and "itemSchema" in media:
        return {"type": "array", "items": media["itemSchema"]}
    return media.get("schema")


def preferred(content: Sequence["MediaType"]) -> "MediaType":
    """Return the media type that a body is sent as unless the person says otherwise.

    JSON comes first, unless a multipart takes files that JSON has no way to carry; then multipart where an option takes
    a file, then a form, then any multipart.
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


def sent_as(media_type: "MediaType") -> "MediaType":
    """Return the media type with a name that can be sent, where the document has a range, the word `json` or nothing.

    A `Content-Type` cannot be a range (RFC 9110, section 8.3). A string is sent as text, any other value as JSON.
    """
    if not is_as_good_as_json(media_type.name) or media_type.value.format == "binary":
        return media_type
    from dynacli.record import replace

    name = "text/plain" if media_type.value.type == "string" else "application/json"
    return replace(media_type, name=name)


def is_patch(method: str, media_type: str) -> bool:
    """Return whether a body changes an object, so that what it leaves out stays as it is (RFC 5789, RFC 7396)."""
    return method == "PATCH" or essence(media_type) == "application/merge-patch+json"


def is_as_good_as_json(name: str) -> bool:
    """Return whether a document's name for a media type names none exactly, and allows JSON: `*/*`, `json`, empty."""
    return name.strip().lower() in {"", "*", "*/*", "application/*", "json"}


def takes_options(media_type: "MediaType") -> bool:
    """Return whether options build a body of this media type, as the document spells it."""
    return is_built(sent_as(media_type).name)


def _takes_file(media_type: "MediaType") -> bool:
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
    """Return whether a schema calls bytes an object: `type: object` with `format: binary` or `file`, no properties."""
    is_file = schema.get("format") in ("binary", "file") and not schema.get("properties")
    return is_file and schema.get("type") in ("object", "file")


def is_text_type(media_type: str) -> bool:
    """Return whether content of a media type is text: `text/...`, or JSON."""
    return is_json(media_type) or media_type.strip().lower().startswith("text/")


def split_media_type(text: str) -> tuple[str, dict[str, str]]:
    """Return a media type's name in lower case, and its parameters."""
    name, *rest = text.split(";")
    parameters = {}
    for item in rest:
        key, has_value, value = item.partition("=")
        if has_value:
            parameters[key.strip().lower()] = value.strip().strip('"')
    return name.strip().lower(), parameters


def is_media_type(text: str) -> bool:
    """Return whether a text has the form of a media type or of a range of them."""
    main, slash, sub = split_media_type(text)[0].partition("/")
    return bool(main and slash and sub) or main == "*"


def is_sent_as_bytes(name: str) -> bool:
    """Return whether OpenAPI takes bodies of a media type as bytes: not as text, JSON, XML, a form or parts."""
    return not (
        is_json(name)
        or name.endswith(("/xml", "+xml", "/x-www-form-urlencoded"))
        or name.startswith(("text/", "multipart/"))
    )


def best_match(text: str, keys: Iterable[str]) -> str | None:
    """Return the key that matches a media type most closely, None where none does.

    Args:
        text: The value of `Content-Type`. It is empty where there is none, and then only `*/*` matches.
        keys: The media types and ranges of the document.
    """
    name, parameters = split_media_type(text)
    best, best_rank = None, 0
    for key in keys:
        if name and _without_spaces(key) == _without_spaces(text):
            return key  # a key such as `application/json;simple`, where `simple` is no parameter
        rank = _rank(name, parameters, key)
        if rank > best_rank:
            best, best_rank = key, rank
    return best


def _without_spaces(text: str) -> str:
    return "".join(text.split()).lower()


def _rank(name: str, parameters: Mapping[str, str], key: str) -> int:
    wanted, wanted_parameters = split_media_type(key)
    if wanted == name:
        return 10 + sum(
            1 if parameters.get(item, "").lower() == value.lower() else -1
            for item, value in wanted_parameters.items()
        )
    main, _, sub = name.partition("/")
    if wanted.startswith((f"{main}/*+", "*/*+")) and sub.rpartition("+")[2] == wanted.rpartition("+")[2]:
        return 3
    if name and wanted == f"{main}/*":
        return 2
    return 1 if wanted in {"*/*", "*"} else 0
