"""Sequential media types: a body that is one value after the other (OpenAPI 3.2.0, "Sequential Media Types")."""

from collections.abc import Iterator, Mapping
from typing import Any

from dynacli.catalog.media import is_json_lines, is_json_sequence
from dynacli.validation.media_types import is_json, split
from dynacli.validation.multipart import split_parts
from dynacli.validation.reading import UnreadableError, read_json, read_json_text, read_text

__all__ = ["is_sequence", "is_sequence_of_parts", "read_items"]

_EVENTS = "text/event-stream"
_STREAM = "application/stream+json"
"""JSON values one after the other on lines, by Spring's name, which looks like that of one JSON value."""

_RECORD_SEPARATOR = "\x1e"  # RFC 7464, section 2.2


def is_sequence(name: str) -> bool:
    """Return whether bodies of a media type are sequences of JSON values or of events."""
    return name in {_EVENTS, _STREAM} or is_json_lines(name) or is_json_sequence(name)


def is_sequence_of_parts(name: str) -> bool:
    """Return whether bodies of a media type are parts whose order counts; those of a form have names instead."""
    return name.startswith("multipart/") and name != "multipart/form-data"


def read_items(name: str, parameters: Mapping[str, str], value: bytes) -> list[Any]:
    """Return the items of a body.

    Args:
        name: The media type's name in lower case.
        parameters: Those of the media type.
        value: The body.

    Raises:
        UnreadableError: It is not what its media type says.
        UncheckedError: It is, and cannot be read here.
    """
    if is_sequence_of_parts(name):
        return list(_parts(parameters, value))
    text = read_text(value, parameters)
    if name == _EVENTS:
        return list(_events(text))
    return list(_records(text) if is_json_sequence(name) else _lines(text))


def _lines(text: str) -> Iterator[Any]:
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            yield read_json_text(line, f"line {number} of the body")


def _records(text: str) -> Iterator[Any]:
    before, *records = text.split(_RECORD_SEPARATOR)
    if before.strip():
        raise UnreadableError("the body does not begin with a record separator (RFC 7464)")
    for number, record in enumerate(records, 1):
        if record.strip():  # several separators in a row mean no more than one
            yield read_json_text(record, f"record {number} of the body")


def _events(text: str) -> Iterator[dict[str, Any]]:
    """Yield each event as the object that OpenAPI 3.2.0 makes of it ("Server-Sent Event Streams").

    Read by the HTML standard's rules: https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream
    An event without data is none. A last one without the empty line after it counts here, although a browser
    would wait for more: the answer is complete, and what is in it is to be judged.
    """
    event: dict[str, Any] = {}
    for line in (*text.replace("\r\n", "\n").replace("\r", "\n").split("\n"), ""):
        if not line:
            if "data" in event:
                yield event
            event = {}
            continue
        field, _, content = line.partition(":")
        content = content.removeprefix(" ")
        if field == "data":
            event["data"] = f"{event['data']}\n{content}" if "data" in event else content
        elif field == "event" or (field == "id" and "\0" not in content):
            event[field] = content
        elif field == "retry" and content.isascii() and content.isdigit():
            event["retry"] = int(content[:18])


def _parts(parameters: Mapping[str, str], value: bytes) -> Iterator[Any]:
    for part in split_parts(value, parameters):
        name, own = split(part.media_type or "text/plain")  # RFC 2046, section 5.1
        if is_json(name):
            yield read_json(part.content, own)
        elif name.startswith("text/"):
            yield read_text(part.content, own)
        else:
            yield part.content
