"""Values of a document read leniently: a value of the wrong type counts as absent."""

from typing import Any

__all__ = ["dict_or_empty", "list_or_empty", "text_or_empty"]


def text_or_empty(value: Any) -> str:
    """Return a string or number as text; anything else gives the empty string."""
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else ""


def list_or_empty(value: Any) -> list[Any]:
    """Return a list; anything else gives an empty list."""
    return value if isinstance(value, list) else []


def dict_or_empty(value: Any) -> dict[str, Any]:
    """Return an object; anything else gives an empty object."""
    return value if isinstance(value, dict) else {}
