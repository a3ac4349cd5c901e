"""How many values a JSON text has, counted before it is read: in memory they take up to thirty times its size."""

from typing import Final

MAX_VALUES: Final = 2_000_000
"""How many values a document, a body or an item of a stream may have; members and items count, as does the whole."""


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
