"""Reading documents as they are: whatever has the wrong type counts as absent."""

from collections.abc import Mapping
from typing import Any

from dynacli.document.pointer import MISSING, follow, from_fragment

__all__ = ["follow_references", "listed", "lookup", "text"]

_MAX_HOPS = 50


def text(value: Any) -> str:
    """Return a scalar as text; anything else is the empty string."""
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else ""


def listed(value: Any) -> list[Any]:
    """Return a list; anything else is the empty list."""
    return value if isinstance(value, list) else []


def lookup(tree: Any, ref: str) -> Any:
    """Return what an internal reference leads to.

    Raises:
        LookupError: It leads nowhere, or out of the document.
    """
    steps = from_fragment(ref)
    found = MISSING if steps is None else follow(tree, steps)
    if found is MISSING:
        raise LookupError(ref)
    return found


def follow_references(tree: Any, value: Any) -> Any:
    """Return what stands at the end of a chain of references; None where it leads nowhere or around."""
    for _ in range(_MAX_HOPS):
        if not isinstance(value, Mapping) or not isinstance(value.get("$ref"), str):
            return value
        try:
            value = lookup(tree, value["$ref"])
        except LookupError:
            return None
    return None
