"""The styles of parameters: which styles a location allows, and which applies by default.

OpenAPI 3.2.0, "Style Values". Building requests and validating them both use these rules.
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
    """Return the style of a location for which the document names no style."""
    return _STYLES[location][0]


def has_style(location: str, declared: Any) -> bool:
    """Return whether the `style` that a document declares is allowed at the location."""
    return isinstance(declared, str) and declared in _STYLES[location]


def style_of(location: str, declared: Any) -> str:
    """Return the style that applies: the declared one where the location allows it, else the default."""
    return str(declared) if has_style(location, declared) else default_style(location)


def explodes(style: str, declared: Any) -> bool:
    """Return whether each member of an array or object is written by itself: the declared `explode`, or the default."""
    return declared if isinstance(declared, bool) else style in {"form", "cookie"}
