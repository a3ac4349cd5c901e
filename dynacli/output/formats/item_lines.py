r"""Formats with a line for each item, or for each value: ndjson, lines, gron."""

import re
from collections.abc import Callable, Iterator
from typing import Any

from dynacli.text.exact_json import compact_json

__all__ = ["LINE_OF", "gron_lines"]

_WORD = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]*")
_RESERVED = re.compile(
    "break|case|catch|class|const|continue|debugger|default|delete|do|else|export|extends|false|finally|for|function"
    "|if|import|in|instanceof|new|null|return|super|switch|this|throw|true|try|typeof|var|void|while|with|yield"
)
"""The words that gron writes in brackets, as JavaScript reserves them."""


def _plain_line(item: Any) -> str:
    if not isinstance(item, str):
        return f"{compact_json(item)}\n"
    return item.replace("\r", "\\r").replace("\n", "\\n") + "\n"


LINE_OF: dict[str, Callable[[Any], str]] = {
    "ndjson": lambda item: f"{compact_json(item)}\n",
    "lines": _plain_line,
}
"""Format → the line of an item."""


def _quoted(key: str) -> str:
    # gron takes a quote behind any backslash for an escaped one, also behind the second of two.
    return compact_json(key).replace("\\\\", "\\u005c")


def gron_lines(value: Any, path: str = "json") -> Iterator[str]:
    """Yield an assignment for each value within a value, as the program gron writes and reads them."""
    if isinstance(value, dict):
        yield f"{path} = {{}};\n"
        for key, child in value.items():
            is_word = _WORD.fullmatch(key) and not _RESERVED.fullmatch(key)
            yield from gron_lines(child, f"{path}.{key}" if is_word else f"{path}[{_quoted(key)}]")
    elif isinstance(value, list):
        yield f"{path} = [];\n"
        for index, child in enumerate(value):
            yield from gron_lines(child, f"{path}[{index}]")
    else:
        yield f"{path} = {compact_json(value)};\n"
