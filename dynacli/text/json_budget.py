"""Limits of JSON: the number of values, which take up to 30 times the size of the text, and the number of levels.

Most functions for values are recursive, so the number of levels must stay small.
"""

import json
from typing import Any, Final

MAX_VALUES: Final = 2_000_000
"""Maximum number of values in a document, a body or an item of a stream, including objects and lists."""

_MAX_LEVELS: Final = 200
"""Maximum number of levels of a value that is read from text."""
_NO_BRACKETS: Final = bytes(set(range(256)) - set(b"[]{}"))


class TooManyValuesError(ValueError):
    """A JSON text has too many values. The message has the maximum."""

    def __init__(self) -> None:
        super().__init__(f"it has more than {MAX_VALUES:,} values")


def check_values(text: str | bytes) -> None:
    """Check that a JSON text does not have too many values. An empty object or list may count as two.

    The check takes a second for 64 MiB.

    Raises:
        TooManyValuesError: The text has more than `MAX_VALUES` values.
    """
    if len(text) <= MAX_VALUES or _separators(text) < MAX_VALUES:
        return
    # Strings may contain the same characters, so they are removed if the first count is too high. An unterminated
    # string is removed, too; the parser will report it. Possessive quantifiers, because a group would otherwise
    # remember each repetition.
    import re

    if isinstance(text, bytes):
        text = text.decode("latin-1")
    if _separators(re.sub(r'(?s)"[^"\\]*+(?:\\.[^"\\]*+)*+"?', "", text)) >= MAX_VALUES:
        raise TooManyValuesError


def _separators(text: str | bytes) -> int:
    """Return the number of commas and opening brackets, because each value except the first follows one of them."""
    if isinstance(text, bytes):
        return text.count(b",") + text.count(b"[") + text.count(b"{")
    return text.count(",") + text.count("[") + text.count("{")


def may_be_deep(text: str) -> bool:
    """Return whether JSON text may have more than `_MAX_LEVELS` levels; brackets in strings count, too."""
    if text.count("[") + text.count("{") <= _MAX_LEVELS:
        return False
    brackets = text.encode("ascii", "ignore").translate(None, _NO_BRACKETS)
    for _ in range(_MAX_LEVELS):
        if not brackets:
            return False
        brackets = brackets.replace(b"[]", b"").replace(b"{}", b"")
    return bool(brackets)


def is_deep(value: Any, most: int = _MAX_LEVELS) -> bool:
    """Return whether a JSON value has more than `most` levels of lists and objects."""
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
    """Return the value of a JSON text with a limited number of levels.

    Args:
        text: The JSON text.
        has_constants: Whether to accept `NaN` and `Infinity`, which Python writes although JSON does not have them.

    Raises:
        ValueError: The text is not JSON.
        RecursionError: The value has too many levels.
    """
    return check_levels(json.loads(text, parse_constant=None if has_constants else refuse_constant))


def is_json_tree(text: str | bytes) -> bool:
    """Return whether a text is a JSON object or array."""
    try:
        return isinstance(json.loads(text), dict | list)
    except (ValueError, RecursionError):
        return False


def refuse_constant(constant: str) -> Any:
    """Raise the error for a constant that `json` accepts although it is not JSON: `NaN`, `Infinity`.

    Raises:
        ValueError: Always.
    """
    raise ValueError(f"`{constant}` is not JSON")


def check_levels(value: Any) -> Any:
    """Return a JSON value after checking its levels.

    Raises:
        RecursionError: The value has more than `_MAX_LEVELS` levels.
    """
    if is_deep(value):
        raise RecursionError("it is nested too deeply")
    return value
