"""The styles of parameters: which ones a location has, and which one holds where the document names none of them.

OpenAPI 3.2.0, "Style Values". How a request is written and how it is judged both go by this.
"""

from typing import Any

__all__ = ["default_style", "explodes", "has_style", "style_of"]

_STYLES = {
    "path": ("simple", "label", "matrix"),
    "query": ("form", "spaceDelimited", "pipeDelimited", "deepObject"),
    "querystring": ("form",),
    "header": ("simple",),
    "cookie": ("form", "cookie"),
}
"""Location → its styles, the default first."""


def default_style(location: str) -> str:
    """Return the style of a location where the document says nothing."""
    return _STYLES[location][0]


def has_style(location: str, declared: Any) -> bool:
    """Return whether what a document says is a style of the location."""
    return isinstance(declared, str) and declared in _STYLES[location]


def style_of(location: str, declared: Any) -> str:
    """Return the style that holds: the declared one, or the default where that is none of the location's."""
    return str(declared) if has_style(location, declared) else default_style(location)


def explodes(style: str, declared: Any) -> bool:
    """Return whether members of arrays and objects are written apart from each other."""
    return declared if isinstance(declared, bool) else style in {"form", "cookie"}
