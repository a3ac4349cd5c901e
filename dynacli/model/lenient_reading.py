"""Reading documents as they are: whatever has the wrong type counts as absent."""

from typing import Any

__all__ = ["listed", "mapped", "text"]


def text(value: Any) -> str:
    """Return a scalar as text; anything else is the empty string."""
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else ""


def listed(value: Any) -> list[Any]:
    """Return a list; anything else is the empty list."""
    return value if isinstance(value, list) else []


def mapped(value: Any) -> dict[str, Any]:
    """Return an object; anything else is the empty one."""
    return value if isinstance(value, dict) else {}
