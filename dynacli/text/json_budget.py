"""How many values a JSON text has, counted before it is read: in memory they take up to thirty times its size.

And how many levels a value has: most functions that go through one call themselves for each level.
"""

import json
from typing import Any, Final

MAX_VALUES: Final = 2_000_000
"""How many values a document, a body or an item of a stream may have; members and items count, as does the whole."""

_MAX_LEVELS: Final = 200
"""How many levels a value may have that is read of a text."""
_NO_BRACKETS: Final = bytes(set(range(256)) - set(b"[]{}"))


class TooManyValuesError(ValueError):
    """A JSON text has too many values to be read; the text of the exception says how many are allowed."""

    def __init__(self) -> None:
        super().__init__(f"it has more than {MAX_VALUES:,} values")


def check_values(text: str | bytes) -> None:
    """Check that a JSON text has no more values than can be read; an empty object or list may count as two.

    It takes no memory but that of the text, and a second for 64 MiB.

    Raises:
        TooManyValuesError: It has more.
    """
    if len(text) <= MAX_VALUES or _separators(text) < MAX_VALUES:
        return
    # The same characters stand in strings, which are left out only when it matters. A string that never ends is left
    # out, too: its reader will find that the text is not JSON. Possessive, because a group that repeats otherwise
    # remembers each repetition.
    import re

    if isinstance(text, bytes):
        text = text.decode("latin-1")
    if _separators(re.sub(r'(?s)"[^"\\]*+(?:\\.[^"\\]*+)*+"?', "", text)) >= MAX_VALUES:
        raise TooManyValuesError


def _separators(text: str | bytes) -> int:
    """Return how many commas and opening brackets there are: each value but the first follows one of them."""
    if isinstance(text, bytes):
        return text.count(b",") + text.count(b"[") + text.count(b"{")
    return text.count(",") + text.count("[") + text.count("{")


def may_be_deep(text: str) -> bool:
    """Return whether JSON text may have more than `_MAX_LEVELS` levels; brackets in strings may make it look so."""
    if text.count("[") + text.count("{") <= _MAX_LEVELS:
        return False
    brackets = text.encode("ascii", "ignore").translate(None, _NO_BRACKETS)
    for _ in range(_MAX_LEVELS):
        if not brackets:
            return False
        brackets = brackets.replace(b"[]", b"").replace(b"{}", b"")
    return bool(brackets)


def is_deep(value: Any, most: int = _MAX_LEVELS) -> bool:
    """Return whether a value of JSON has more than so many levels of lists and objects."""
    level = [value]
    for _ in range(most + 1):
        containers = [item for item in level if isinstance(item, dict | list)]
        if not containers:
            return False
        level = []
        for item in containers:
            level.extend(item.values() if isinstance(item, dict) else item)
    return True


def read_limited(text: str | bytes, *, has_constants: bool = True) -> Any:
    """Return the value of a JSON text that has no more levels than `check_levels` allows.

    Args:
        has_constants: Whether `NaN` and `Infinity` are read, which Python writes and JSON does not have.

    Raises:
        ValueError: It is not JSON.
        RecursionError: It has too many levels.
    """
    return check_levels(json.loads(text, parse_constant=None if has_constants else refuse_constant))


def is_json_tree(text: str | bytes) -> bool:
    """Return whether a text is a JSON object or array."""
    try:
        return isinstance(json.loads(text), dict | list)
    except (ValueError, RecursionError):
        return False


def refuse_constant(constant: str) -> Any:
    """Raise the error for what `json` reads although it is not JSON: `NaN`, `Infinity`.

    Raises:
        ValueError: In any case.
    """
    raise ValueError(f"`{constant}` is not JSON")


def check_levels(value: Any) -> Any:
    """Return a value of JSON.

    Raises:
        RecursionError: It has more than `_MAX_LEVELS` levels, as if the parser of JSON had found it.
    """
    if is_deep(value):
        raise RecursionError("it is nested too deeply")
    return value
