"""Lines that several help pages have: the usage of a command, a server of a document."""

from collections.abc import Mapping
from typing import Any

from dynacli.text.terminal import Painter
from dynacli.text.wrapping import quoted, word_or_quoted, wrapped

__all__ = ["server_line", "usage_lines"]

_LABEL = "Usage: "


def usage_lines(text: str, width: int) -> list[str]:
    """Return the usage, wrapped at a width; further lines are indented up to its first word."""
    first, *others = wrapped(_LABEL + text, width - len(_LABEL))
    return [first, *(" " * len(_LABEL) + line for line in others)]


def server_line(index: int, server: Mapping[str, Any], paint: Painter) -> str:
    """Return the line of a server: index, URL, name and description."""
    about = quoted(", ".join(text for text in (server.get("name", ""), server["description"]) if text))
    return f"  {index}  {word_or_quoted(server['url'])}" + (paint.dim(f"  {about}") if about else "")
