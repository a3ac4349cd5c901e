"""The lines of `config.toml` at which keys stand, for messages that name the place."""

import tomllib
from collections.abc import Sequence
from typing import Any

__all__ = ["line_of"]


def line_of(text: str, path: Sequence[str], word: str = "") -> int | None:
    """Return the line, from 1, at which a key stands; None if it is not there, or the text is not TOML.

    However the file is written (tables, dotted keys, inline tables), a key is there from the first beginning of the
    file on that has it, and a beginning can be read unless it ends within a value.

    Args:
        text: That of the file.
        path: The key, from the top of the file.
        word: A text in its value, whose line is wanted if the value has several.
    """
    lines = text.splitlines(keepends=True)

    def read(count: int) -> dict[str, Any] | None:
        try:
            return tomllib.loads("".join(lines[:count]))
        except (tomllib.TOMLDecodeError, RecursionError):
            return None

    if not _has(read(len(lines)), path):
        return None
    low, end = 0, len(lines)
    high = end
    while low < high:
        middle = (low + high) // 2
        count, tables = next(
            (count, tables) for count in range(middle, end + 1) if (tables := read(count)) is not None
        )
        if _has(tables, path):
            end, high = min(end, count), middle
        else:
            low = count + 1
    begin = next(count for count in range(end - 1, -1, -1) if read(count) is not None)
    return next((number + 1 for number in range(begin, end) if word and word in lines[number]), begin + 1)


def _has(tables: Any, path: Sequence[str]) -> bool:
    for part in path:
        if not isinstance(tables, dict) or part not in tables:
            return False
        tables = tables[part]
    return True
