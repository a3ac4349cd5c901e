"""JSON trees copied, compared and counted."""

from collections.abc import Mapping
from typing import Any

__all__ = ["copy_json", "count_values", "is_same_json"]


def copy_json(value: Any) -> Any:
    """Return a copy of a JSON value, which shares no object or list with it."""
    if isinstance(value, Mapping):
        return {key: copy_json(member) for key, member in value.items()}
    if isinstance(value, list):
        return [copy_json(item) for item in value]
    return value


def count_values(value: Any) -> int:
    """Return how many values a JSON value is made of, itself included."""
    count, waiting = 0, [value]
    while waiting:
        node = waiting.pop()
        count += 1
        waiting.extend(node.values() if isinstance(node, Mapping) else node if isinstance(node, list) else ())
    return count


def is_same_json(left: Any, right: Any) -> bool:
    """Return whether two JSON values are equal; `true` does not equal 1."""
    if isinstance(left, Mapping) and isinstance(right, Mapping):
        return left.keys() == right.keys() and all(
            is_same_json(member, right[key]) for key, member in left.items()
        )
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(is_same_json, left, right))
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    return bool(left == right)
