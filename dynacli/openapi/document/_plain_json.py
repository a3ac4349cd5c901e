"""Parsed values made plain JSON, and held to the limits of depth and number."""

import sys
from itertools import chain
from typing import Any

from dynacli.errors import DocumentError
from dynacli.openapi.document.limits import MAX_DEPTH, MAX_NODES

__all__ = ["check_limits", "to_plain"]

_MERGE = "<<"
_LONGEST_WORD = 40


def check_limits(tree: Any, name: str) -> int:
    """Check that a tree is within the limits, and return how many keys its objects have.

    Raises:
        DocumentError: The tree is nested too deep or has too many values.
    """
    count, keys, level = 1, 0, [tree]
    for _ in range(MAX_DEPTH + 1):
        objects = [value for value in level if isinstance(value, dict)]
        lists = [value for value in level if isinstance(value, list)]
        if not objects and not lists:
            return keys
        members = sum(map(len, objects))
        keys += members
        count += members + sum(map(len, lists))
        if count > MAX_NODES:
            raise too_many_nodes(name)
        level = list(chain(*map(dict.values, objects), *lists))
    raise too_deep(name)


def too_deep(name: str) -> DocumentError:
    """Return the error for a document that is nested too deep."""
    return DocumentError(f"`{name}` is nested deeper than {MAX_DEPTH} levels")


def too_many_nodes(name: str) -> DocumentError:
    """Return the error for a document that has too many values."""
    reason = "YAML aliases count as often as they are used"
    return DocumentError(f"`{name}` has more than {MAX_NODES:,} values", reason=reason)


def to_plain(tree: Any, name: str, clashes: list[str] | None = None, *, is_consumed: bool = False) -> Any:
    """Return a copy of a tree as plain JSON: string keys, finite numbers of 64 bits, valid Unicode, nothing shared.

    - A key such as `200` or `true` becomes the string that it was written as.
    - A YAML merge key (`<<`) is applied: YAML 1.2 has none, yet documents use it.
    - An infinite number becomes the largest finite number, not-a-number becomes null, an integer over
      64 bits becomes a float, so that serialisers can write them.
    - A lone surrogate becomes U+FFFD.

    Args:
        tree: The parsed values.
        name: The name of the document in messages.
        clashes: Filled with keys that are equal as strings, such as `200` and `"200"`; the last counts.
        is_consumed: Whether the tree is emptied meanwhile, so that both together take little more memory than one;
            nothing in it may be shared.

    Raises:
        DocumentError: The copy would be too deep or too large, or a key is a list or an object.
    """
    top: list[Any] = [tree]
    count = 1
    # Equal keys and words become one object: a document has few of them, and each many times.
    words: dict[str, str] = {}
    # The copies whose members are still those of the tree, each with the depth of its members.
    stack: list[tuple[Any, int]] = [(top, 0)]
    while stack:
        copy, depth = stack.pop()
        for place, value in copy.items() if isinstance(copy, dict) else enumerate(copy):
            if isinstance(value, (dict, list, tuple, set, frozenset)):
                if depth >= MAX_DEPTH:
                    raise too_deep(name)
                is_object = isinstance(value, dict)
                inner: Any = _with_words(value, words, name, clashes) if is_object else list(value)
                count += len(inner)
                if count > MAX_NODES:
                    raise too_many_nodes(name)
                copy[place] = inner
                stack.append((inner, depth + 1))
                if is_consumed and isinstance(value, (dict, list)):
                    value.clear()
            else:
                scalar = _scalar(value)
                is_word = isinstance(scalar, str) and len(scalar) <= _LONGEST_WORD
                copy[place] = words.setdefault(scalar, scalar) if is_word else scalar
    return top[0]


def _with_words(node: Any, words: dict[str, str], name: str, clashes: list[str] | None) -> dict[str, Any]:
    """Return an object with strings as keys, and with its merge key applied.

    Args:
        words: Each known string → itself; filled with those that are new.
    """
    if _MERGE in node:
        node = _merge(node)
    copy = {}
    for key, value in node.items():
        word = _key(key, name)
        copy[words.setdefault(word, word)] = value
    if clashes is not None and len(copy) < len(node):
        clashes.extend(str(key) for key in node if not isinstance(key, str))
    return copy


def _merge(node: dict[Any, Any]) -> dict[Any, Any]:
    """Return an object with its merge key applied (yaml.org/type/merge.html): its own keys win."""
    value = node[_MERGE]
    sources = value if isinstance(value, list) else [value]
    if not all(isinstance(source, dict) for source in sources):
        return node
    merged: dict[Any, Any] = {}
    for source in reversed(sources):
        merged.update(_merge(source) if _MERGE in source and source is not node else source)
    merged.update((key, value) for key, value in node.items() if key != _MERGE)
    return merged


def _key(key: Any, name: str) -> str:
    if isinstance(key, str):
        return _text(key)
    if isinstance(key, bool):
        return "true" if key else "false"
    if key is None:
        return "null"
    if isinstance(key, (int, float)):
        return str(key)
    reason = "The keys of a document are strings"
    raise DocumentError(f"`{name}` has a key that is a list or an object", reason=reason)


def _text(value: str) -> str:
    try:
        value.encode()
    except UnicodeEncodeError:
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return value


def _scalar(value: Any) -> Any:
    if isinstance(value, str):
        return _text(value)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return value if -(2**63) <= value < 2**64 else _finite(_to_float(value))
    if isinstance(value, float):
        return _finite(value)
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return str(value)


def _to_float(value: int) -> float:
    try:
        return float(value)
    except OverflowError:
        return float("inf") if value > 0 else float("-inf")


def _finite(value: float) -> float | None:
    if value != value:  # noqa: PLR0124 - only not-a-number differs from itself
        return None
    return max(-sys.float_info.max, min(sys.float_info.max, value))
