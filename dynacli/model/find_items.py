"""The items of a list within an answer: its pages are merged by them, and they are the rows of tables."""

from collections.abc import Iterator
from typing import Any, NamedTuple

__all__ = ["WRAPPERS", "Items", "KnownItems", "arrays_in", "find_items"]

WRAPPERS = ("data", "items", "results", "value", "records", "rows", "entries", "content")
"""The names under which answers usually keep their items, the likeliest first."""
_EMBEDDED = "_embedded"
"""The object of HAL under which each array holds items (draft-kelly-json-hal, section 4.1.2)."""
_DEEPEST = 4


class Items(NamedTuple):
    """An array within an answer.

    Args:
        path: The keys that lead to it; none where the answer itself is the array.
        values: The array.
    """

    path: tuple[str, ...]
    values: list[Any]


class KnownItems(NamedTuple):
    """What a document says of the items of an answer.

    Args:
        path: The keys that lead to the array.
        names: The names of their fields, in the order of the document.
    """

    path: tuple[str, ...] = ()
    names: tuple[str, ...] = ()


def find_items(value: Any, known: KnownItems | None = None, *, is_list: bool = False) -> Items | None:
    """Return the items of an answer.

    They are the only array of the answer; else the one whose items have an id; else the one with a usual name. An
    array of something that has an `id` of its own, or of plain values beside text, is a property of that something.

    Args:
        value: The JSON value of an answer.
        known: What the document says, which goes before everything else where the answer agrees with it.
        is_list: Whether the answer is known to be a list, so that its only array holds the items, whatever is
            beside it.

    Returns:
        The items; None where the answer has none, or where it does not show which of its arrays holds them.
    """
    arrays = arrays_in(value)
    for array in arrays if known is not None else ():
        if known is not None and array.path == known.path:
            return array
    if not is_list:
        arrays = [array for array in arrays if not array.path or _is_list(value, array)]
    if len(arrays) == 1:
        return arrays[0]
    identified = [
        array
        for array in arrays
        if array.values and isinstance(array.values[0], dict) and "id" in array.values[0]
    ]
    if len(identified) == 1:
        return identified[0]
    usual = sorted((array for array in arrays if array.path and _is_wrapper(array.path)), key=_rank)
    if not usual or (len(usual) > 1 and _rank(usual[0]) == _rank(usual[1])):
        return None
    return usual[0]


def arrays_in(value: Any) -> list[Items]:
    """Return the arrays of an answer in its order, without those within other arrays."""
    return list(_arrays(value, ()))


def _arrays(value: Any, path: tuple[str, ...]) -> Iterator[Items]:
    if isinstance(value, list):
        yield Items(path, value)
    elif isinstance(value, dict) and len(path) < _DEEPEST:
        for key, child in value.items():
            yield from _arrays(child, (*path, key))


def _is_wrapper(path: tuple[str, ...]) -> bool:
    return path[-1] in WRAPPERS or _EMBEDDED in path[-2:-1]


def _rank(array: Items) -> tuple[int, int]:
    """Return the place of an array among those with usual names; the smallest comes first."""
    name = array.path[-1]
    return WRAPPERS.index(name) if name in WRAPPERS else len(WRAPPERS), len(array.path)


def _is_list(value: Any, array: Items) -> bool:
    """Return whether an array holds items, and is not a property of one thing."""
    if _is_wrapper(array.path):
        return True
    for key in array.path:
        if "id" in value:
            return False
        owner, value = value, value[key]
    has_text = any(isinstance(sibling, str) for sibling in owner.values())
    return not has_text or not array.values or isinstance(array.values[0], dict)
