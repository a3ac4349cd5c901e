"""The value of a body, by its media type."""

from collections.abc import Callable
from typing import Any

from dynacli.http.semantics import is_json_lines, is_json_sequence
from dynacli.openapi.model.wording import counted, enumerated
from dynacli.openapi.schema.read_schema import json_type
from dynacli.text.body_text import decoded, is_json
from dynacli.text.exact_json import read_json
from dynacli.text.json_budget import TooManyValuesError
from dynacli.text.terminal import visible

__all__ = ["NoValueError", "TooDeepError", "binary_name", "body_value", "null_note", "shown_value"]


class NoValueError(ValueError):
    """A body has no value that can be read; the text says why, and goes on from the word "response"."""


class TooDeepError(NoValueError):
    """A body is nested too deeply."""


def body_value(content: bytes, media_type: str, parse: Callable[[str], Any] = read_json) -> Any:
    """Return the value of a body, null if it is empty.

    Args:
        content: The content, after transfer and content codings are undone.
        media_type: The value of `Content-Type` (RFC 9110, section 8.3); empty if there is none.
        parse: Reads JSON text; `read_json` remembers every digit of numbers.

    Raises:
        NoValueError: It is text or bytes without a structure, has too many values, or is not of its media type.
    """
    if not content:
        return None
    text = decoded(content, media_type)
    if text is None:
        raise NoValueError(f"it is binary: {binary_name(content, media_type)}")
    try:
        if is_json_lines(media_type) or is_json_sequence(media_type):
            pieces = text.split("\x1e" if is_json_sequence(media_type) else "\n")
            return [parse(piece) for piece in pieces if piece.strip()]
        if is_json(media_type, text):
            return parse(text)
    except TooManyValuesError as error:
        raise NoValueError(str(error)) from error
    except ValueError as error:
        raise NoValueError("it is called JSON, and is not") from error
    except RecursionError as error:
        raise TooDeepError("it is nested too deeply") from error
    named = f"it is `{visible(media_type, keep='')}`" if media_type else "it has no media type"
    raise NoValueError(f"{named}, and is not JSON")


def shown_value(content: bytes, media_type: str) -> Any:
    """Return a body as a part of JSON: its value, else its text, else an object whose only member is `base64`."""
    try:
        return body_value(content, media_type)
    except NoValueError:
        text = decoded(content, media_type)
    if text is not None:
        return text
    from base64 import b64encode

    return {"base64": b64encode(content).decode()}


_MOST_KEYS = 12
_LONGEST_KEY = 40


def null_note(value: Any, subject: str = "the response") -> str:
    """Return what a note says of a filter that gives null for a value that is not null: what there is to filter."""
    if isinstance(value, dict):
        keys = [f"`{visible(key, keep='')[:_LONGEST_KEY]}`" for key in value]
        said = f"has the keys {enumerated(keys, most=_MOST_KEYS)}" if keys else "is an empty object"
    elif isinstance(value, list):
        said = f"is a list of {counted(len(value), 'item')}"
    else:
        said = f"is a {json_type(value)}"
    return f"The filter gives `null`: {subject} {said}"


def binary_name(content: bytes, media_type: str) -> str:
    """Return what messages call content that is not text."""
    name = f"`{visible(media_type, keep='')}`" if media_type else "of no declared type"
    return f"{name}, {len(content):,} bytes"
