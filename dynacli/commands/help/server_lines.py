"""A server of a document as a line, with the index that `--server` takes."""

from collections.abc import Mapping
from typing import Any

from dynacli.text.terminal import Painter
from dynacli.text.wrapping import quoted, word_or_quoted

__all__ = ["server_line"]


def server_line(index: int, server: Mapping[str, Any], paint: Painter) -> str:
    """Return the line of a server: index, URL, name and description."""
    about = quoted(", ".join(text for text in (server.get("name", ""), server["description"]) if text))
    return f"  {index}  {word_or_quoted(server['url'])}" + (paint.dim(f"  {about}") if about else "")
