"""The options of further items of arrays: `--criteria.1.text` once `--criteria.0.text` is typed."""

import re
from collections.abc import Iterable, Iterator

from dynacli.commands.completion.offered_options import Offered, Offers

__all__ = ["item_options"]

_FIRST = "[0]"
"""The index in the options of the first item, as they are spelled with brackets."""
_INDEX = re.compile(r"\.(\d{1,4})(?=\.|$)|\[(\d{1,4})\]")


def item_options(options: Offers, words: Iterable[str]) -> dict[str, Offered]:
    """Return the options of the items that words name, and of the items behind those.

    Args:
        options: The options of a call, with those of the first item of each array in both spellings.
        words: The words of the line, with the one that is completed.
    """
    # An array at the top is named by its index alone: `--0.text`.
    flags = {re.sub(r"^--(?=\d)", "--.", word.partition("=")[0]) for word in words if word.startswith("--")}
    found: dict[str, Offered] = {}
    for name, option in options.items():
        parts = name.split(_FIRST)
        count = len(parts) - 1
        for flag in flags if count else ():
            has_brackets = "[" in flag
            first = _spelled(parts, [0] * count, has_brackets=has_brackets)
            for place in _places(_indexes(flag, parts), count):
                found[_spelled(parts, place, has_brackets=has_brackets)] = options.get(first, option)
    return found


def _indexes(flag: str, parts: list[str]) -> list[int]:
    """Return the indexes that a flag has in the places between the parts of an option."""
    indexes: list[int] = []
    for part in parts[:-1]:
        match = _INDEX.match(flag, len(part)) if flag.startswith(part) else None
        if match is None:
            break
        indexes.append(int(match[1] or match[2]))
        flag = flag[match.end() :]
    return indexes


def _places(indexes: list[int], count: int) -> Iterator[list[int]]:
    """Yield the indexes themselves, and those of the next item at each depth, filled up with the first ones."""
    if indexes:
        yield indexes + [0] * (count - len(indexes))
    for depth, index in enumerate(indexes):
        yield [*indexes[:depth], index + 1] + [0] * (count - depth - 1)


def _spelled(parts: list[str], place: list[int], *, has_brackets: bool) -> str:
    indexes = (f"[{index}]" if has_brackets else f".{index}" for index in place)
    pairs = zip(parts, (*indexes, ""), strict=True)
    return "".join(part + index for part, index in pairs).replace("--.", "--", 1)
