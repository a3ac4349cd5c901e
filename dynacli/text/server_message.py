"""The message of a server in the body of an error, in one line."""

import json
from collections.abc import Callable, Iterator
from typing import Any

from dynacli.text.content_kind import decoded, is_json
from dynacli.text.terminal import visible

__all__ = ["server_message"]

_MAX_LENGTH = 300
_MAX_BODY = 1024 * 1024
_MAX_ERRORS = 3
_MAX_DEPTH = 3
_TEXTS = (
    # RFC 9457 (problem details), RFC 6749 (OAuth 2.0), and what most APIs write
    *("title", "detail", "message", "error_description", "error_message", "errorMessage"),
    *("error", "msg", "reason", "description", "faultstring"),
)
_HOLDERS = ("error", "errors", "detail", "details", "fault", "message")


def server_message(body: bytes, media_type: str, mask: Callable[[str], str] = str) -> str:
    """Return what the body of an error says to a person; empty where it has no such text.

    Args:
        body: The body; only JSON is looked into.
        media_type: The value of `Content-Type`.
        mask: Takes the secrets out of a text.

    Returns:
        One line that a terminal can show, at most 300 characters.
    """
    text = decoded(body, media_type) if 0 < len(body) <= _MAX_BODY else None
    if text is None or not is_json(media_type, text):
        return ""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return ""
    found = [" ".join(mask(part).split()) for part in _texts_of(value, 0)]
    line = visible("; ".join(dict.fromkeys(filter(None, found))), keep="")
    return line if len(line) <= _MAX_LENGTH else line[:_MAX_LENGTH] + "..."


def _texts_of(value: Any, depth: int) -> Iterator[str]:
    """Yield the texts of an error object, or of the first errors of a list."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in value[:_MAX_ERRORS]:
            yield from _texts_of(item, depth + 1)
    elif isinstance(value, dict) and depth <= _MAX_DEPTH:
        place = _place_of(value)
        # A code says something to a person where there is nothing else, and belongs to one of several errors.
        names = [name for name in _TEXTS if isinstance(value.get(name), str)] or ["code"] * bool(depth)
        yield from (f"{place}{value[name]}" for name in names if isinstance(value.get(name), str))
        for name in _HOLDERS:
            if isinstance(value.get(name), dict | list):
                yield from _texts_of(value[name], depth + 1)


def _place_of(error: dict[str, Any]) -> str:
    """Return the input that an error names, for example FastAPI's `loc`, in front of its message."""
    place = error.get("loc", error.get("field"))
    if isinstance(place, list):
        place = ".".join(str(step) for step in place if isinstance(step, str | int))
    return f"{place}: " if isinstance(place, str) and place else ""
