"""Reading a body as what its media type says."""

import json
from collections.abc import Mapping
from typing import Any

__all__ = ["UncheckedError", "UnreadableError", "read_json", "read_json_text", "read_text"]

_MAX_DIGITS = 1_000
_LARGE = 64 * 1024


class UncheckedError(Exception):
    """A value cannot be judged; the text says why."""


class UnreadableError(Exception):
    """A body is not what its media type says; the text says why."""


def read_text(value: bytes, parameters: Mapping[str, str]) -> str:
    """Return a text body.

    Raises:
        UnreadableError: It is not text in its charset.
        UncheckedError: Its charset is unknown.
    """
    charset = parameters.get("charset") or "utf-8"
    try:
        text = value.decode("utf-8-sig" if charset.lower() in {"utf-8", "utf8"} else charset)
    except UnicodeError:
        raise UnreadableError(f"the body is not text in {charset}") from None
    except (LookupError, ValueError):
        raise UncheckedError(f"the body is text in `{charset}`, which is unknown") from None
    if not isinstance(text, str):  # `charset=hex` and the like: codecs from bytes to bytes
        raise UncheckedError(f"the body is text in `{charset}`, which is unknown")
    return text


def read_json(value: bytes, parameters: Mapping[str, str] | None = None) -> Any:
    """Return a JSON body.

    Raises:
        UnreadableError: It is not JSON.
        UncheckedError: It is, and cannot be read here.
    """
    charset = (parameters or {}).get("charset") or "utf-8"
    if len(value) >= _LARGE and charset.lower() in {"utf-8", "utf8"}:
        found = _read_fast(value)
        if found is not _UNREAD:
            return found
    return read_json_text(read_text(value, parameters or {}))


_UNREAD: Any = object()


def _read_fast(value: bytes) -> Any:
    """Return a JSON body as orjson reads it, where that is what Python reads, else `_UNREAD`.

    orjson takes less than Python does: what it refuses (`NaN`, `1e400`, lone surrogates, a byte order mark, text that
    is not UTF-8) is read the other way, if only for the message.
    What it takes is the same but for whole numbers that need over 64 bits, which become floats beyond
    `plain_values.LIMIT`, and for depth: Python counts its own stack with it.
    """
    import orjson

    from dynacli.validation.bodies.plain_values import is_plain

    try:
        found = orjson.loads(value)
    except orjson.JSONDecodeError:
        return _UNREAD
    return found if is_plain(found) else _UNREAD


def read_json_text(text: str, what: str = "the body") -> Any:
    """Return the value of a JSON text.

    Args:
        what: How messages call it.

    Raises:
        UnreadableError: It is not JSON.
        UncheckedError: It is, and cannot be read here.
    """
    try:
        return _decoder.decode(text)
    except json.JSONDecodeError as error:
        if text[:200].lstrip().lower().startswith(("<!doctype", "<html")):
            raise UnreadableError(f"{what} is an HTML page, not JSON") from None
        # A line of a body says itself which one it is.
        line = f"line {error.lineno}, " if what == "the body" or "\n" in text else ""
        place = f"{line}column {error.colno}"
        why = (
            f"{error.msg[0].lower()}{error.msg[1:]}".partition(" (")[0]
            .rstrip(":")
            .removesuffix(" at")
            .removesuffix(" starting")
        )
        if error.pos >= len(text.rstrip()):
            why = "it ends too early"
        raise UnreadableError(f"{what} is not JSON: {why}, at {place}") from None
    except RecursionError:
        raise UncheckedError(f"{what} is nested too deeply") from None


def _refuse_constant(constant: str) -> Any:
    raise UnreadableError(f"the body is not JSON, which has no `{constant}`")


def _integer(text: str) -> int:
    if len(text) > _MAX_DIGITS:
        raise UncheckedError(f"the body has a number of {len(text)} digits")
    return int(text)


# `json.loads` would make one for each text, and a stream has many.
_decoder = json.JSONDecoder(parse_constant=_refuse_constant, parse_int=_integer)
