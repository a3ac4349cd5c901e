"""Reading a body as JSON or text, as its media type says."""

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

import dynacli
from dynacli.text.json_budget import MAX_VALUES, TooManyValuesError, check_values

__all__ = ["JudgedValue", "UncheckedError", "UnreadableError", "read_json", "read_json_text", "read_text"]

_MAX_DIGITS = 1_000
_LARGE = 64 * 1024
"""The size of a body that orjson reads sooner than json although it has to be imported for that."""


class JudgedValue(NamedTuple):
    """A value of a body that was judged by a schema.

    Args:
        schema: The Schema Object as it is written, its references in place.
        value: The JSON value.
        pointer: JSON pointer into the body.
    """

    schema: Any
    value: Any
    pointer: str


class UncheckedError(Exception):
    """A value cannot be judged; the text says why."""


class UnreadableError(Exception):
    """A body is not of its media type; the text says why."""


def read_text(value: bytes, parameters: Mapping[str, str]) -> str:
    """Return a body as text.

    Args:
        value: The body.
        parameters: The parameters of its media type.

    Raises:
        UnreadableError: The body is not text in its charset.
        UncheckedError: The charset is unknown.
    """
    charset = parameters.get("charset") or "utf-8"
    try:
        if charset.lower() in {"utf-8", "utf8"}:
            return value.decode().removeprefix("\ufeff")  # as the codec `utf-8-sig` does, which takes longer
        text = value.decode(charset)
    except UnicodeError:
        raise UnreadableError(f"the body is not text in {charset}") from None
    except (LookupError, ValueError):
        raise UncheckedError(f"the body is text in `{charset}`, which is unknown") from None
    if not isinstance(text, str):  # `charset=hex` and the like: codecs from bytes to bytes
        raise UncheckedError(f"the body is text in `{charset}`, which is unknown")
    return text


def read_json(
    value: bytes,
    parameters: Mapping[str, str] | None = None,
    *,
    size_before: int = 0,
) -> Any:
    """Return the JSON value of a body.

    Args:
        value: The body.
        parameters: The parameters of its media type.
        size_before: The size of the bodies that were read before this one; of a list there is one for each page.

    Raises:
        UnreadableError: The body is not JSON.
        UncheckedError: The body is JSON that cannot be read here.
    """
    charset = (parameters or {}).get("charset") or "utf-8"
    _check_values(value, "the body")
    # A program that makes one call has read a small body before it could import orjson.
    is_worth_it = size_before + len(value) >= _LARGE
    if (is_worth_it or not dynacli.is_own_process) and charset.lower() in {"utf-8", "utf8"}:
        found = _read_fast(value)
        if found is not _UNREAD:
            return found
    return read_json_text(read_text(value, parameters or {}))


_UNREAD: Any = object()


def _read_fast(value: bytes) -> Any:
    """Return the JSON value of a body as orjson reads it; `_UNREAD` where Python might read something else.

    orjson refuses more than Python does (`NaN`, `1e400`, lone surrogates, a byte order mark, text that is not UTF-8);
    such bodies are read by Python, if only for the message.
    orjson reads the same values, except for integers of over 64 bits, which become floats, and for values that are too
    deep for Python's stack.
    """
    from dynacli.import_orjson import orjson
    from dynacli.schema.evaluation.plain_values import is_plain

    try:
        found = orjson.loads(value)
    except orjson.JSONDecodeError:
        return _UNREAD
    except SystemError:  # how orjson says that there is not enough memory for an object
        raise MemoryError from None
    return found if is_plain(found) else _UNREAD


def read_json_text(text: str, subject: str = "the body") -> Any:
    """Return the value of a JSON text.

    Args:
        text: The JSON text.
        subject: The words that messages use for the text.

    Raises:
        UnreadableError: The text is not JSON.
        UncheckedError: The text is JSON that cannot be read here.
    """
    _check_values(text, subject)
    try:
        return _decoder.decode(text)
    except json.JSONDecodeError as error:
        if text[:200].lstrip().lower().startswith(("<!doctype", "<html")):
            raise UnreadableError(f"{subject} is an HTML page, not JSON") from None
        # The subject of a single line of a body has its number already.
        line = f"line {error.lineno}, " if subject == "the body" or "\n" in text else ""
        place = f"{line}column {error.colno}"
        why = (
            f"{error.msg[0].lower()}{error.msg[1:]}".partition(" (")[0]
            .rstrip(":")
            .removesuffix(" at")
            .removesuffix(" starting")
        )
        if error.pos >= len(text.rstrip()):
            why = "it ends too early"
        raise UnreadableError(f"{subject} is not JSON: {why}, at {place}") from None
    except RecursionError:
        raise UncheckedError(f"{subject} is nested too deeply") from None


def _check_values(text: str | bytes, subject: str) -> None:
    try:
        check_values(text)
    except TooManyValuesError:
        raise UncheckedError(f"{subject} has more than {MAX_VALUES:,} values") from None


def _refuse_constant(constant: str) -> Any:
    raise UnreadableError(f"the body is not JSON, which has no `{constant}`")


def _integer(text: str) -> int:
    if len(text) > _MAX_DIGITS:
        raise UncheckedError(f"the body has a number of {len(text)} digits")
    return int(text)


# Made once: `json.loads` would make a decoder for each item of a stream.
_decoder = json.JSONDecoder(parse_constant=_refuse_constant, parse_int=_integer)
