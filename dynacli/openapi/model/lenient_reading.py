"""Values of a document read leniently: a value of the wrong type counts as absent. Descriptions are such values."""

from collections.abc import Mapping
from typing import Any

__all__ = [
    "dict_or_empty",
    "list_or_empty",
    "operation_description",
    "parameter_description",
    "text_or_empty",
]


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


_FOR_COMMAND_LINES = "x-cli-description"


def operation_description(operation: Mapping[str, Any], path_item: Mapping[str, Any]) -> str:
    """Return the description of an operation, else that of its path; empty where neither has one."""
    return _first_text(operation, path_item)


def parameter_description(parameter: Mapping[str, Any]) -> str:
    """Return the description of a Parameter Object; empty where its schema alone may have one."""
    return _first_text(parameter)


def _first_text(*holders: Mapping[str, Any]) -> str:
    texts = (
        text_or_empty(holder.get(key)) for holder in holders for key in (_FOR_COMMAND_LINES, "description")
    )
    return next(filter(None, texts), "")
