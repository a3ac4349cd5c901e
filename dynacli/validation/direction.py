"""The direction of a message, and the properties that a direction leaves out."""

from collections.abc import Callable
from typing import Any, Literal

__all__ = ["LEFT_OUT", "Direction", "Follow", "is_marked"]

Direction = Literal["request", "response"]

LEFT_OUT: dict[Direction, str] = {"request": "readOnly", "response": "writeOnly"}
"""Direction → the keyword that marks the properties that it leaves out."""

Follow = Callable[[str], tuple[Any, Any]]
"""Reference → (its target, the `Follow` for references in the target)."""

_MAX_HOPS = 100


def is_marked(schema: Any, keyword: str, follow: Follow) -> bool:
    """Return whether a schema says `readOnly` or `writeOnly`, itself, in its `allOf`, or where it refers to.

    Args:
        schema: The schema as it is written.
        keyword: `readOnly` or `writeOnly`.
        follow: Follows references; what it raises is raised here.
    """
    for _ in range(_MAX_HOPS):
        if not isinstance(schema, dict):
            return False
        if schema.get(keyword) is True:
            return True
        branches = schema.get("allOf")
        if isinstance(branches, list) and any(
            isinstance(branch, dict) and branch.get(keyword) is True for branch in branches
        ):
            return True
        if "$ref" not in schema:
            return False
        schema, follow = follow(schema["$ref"])
    return False
