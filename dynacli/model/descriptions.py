"""Where the objects of a document have their descriptions: Markdown, as it is written."""

from collections.abc import Mapping
from typing import Any

from dynacli.model.lenient_reading import text_or_empty

__all__ = ["operation_description", "parameter_description"]

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
