"""A value, or the items of a list one by one, as the text of a format."""

import re
from collections.abc import Callable, Iterator
from typing import Any

from dynacli.environment import Environment
from dynacli.output.output_form import OutputForm
from dynacli.text.exact_json import compact_json
from dynacli.text.terminal import Painter, visible

__all__ = ["LINE_OF", "ItemText", "gron_lines", "value_text"]

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


def shown_json(env: Environment, form: OutputForm) -> Callable[[str], str]:
    """Return what makes JSON text safe and coloured for a terminal, and leaves it alone elsewhere."""
    if form.file or not env.stdout_is_terminal:
        return str
    from dynacli.text.json_text import colourise, escape_unsafe

    painter = Painter.for_stdout(env)
    return lambda text: colourise(escape_unsafe(text), painter)


def _shown_text(env: Environment, form: OutputForm) -> Callable[[str], str]:
    return str if form.file or not env.stdout_is_terminal else visible


def value_text(env: Environment, value: Any, form: OutputForm) -> str:
    """Return the text of a whole value in a format that is not about its items.

    Raises:
        RecursionError: The value is nested too deeply.
    """
    if form.format == "gron":
        return _shown_text(env, form)("".join(gron_lines(value)))
    if form.format == "yaml":
        from dynacli.text.yaml_text import yaml_of

        return _shown_text(env, form)(yaml_of(value))
    from dynacli.text.json_text import reindent

    return shown_json(env, form)(reindent(compact_json(value))) + "\n"


class ItemText:
    """The text of a list, item by item.

    Args:
        form: Its format is no table.
    """

    def __init__(self, env: Environment, form: OutputForm) -> None:
        self._format = form.format
        self._json = shown_json(env, form)
        self._text = _shown_text(env, form)
        self._count = 0

    def of(self, item: Any) -> str:
        """Return the text of the next item."""
        count = self._count
        self._count += 1
        if self._format == "ndjson":
            return self._json(LINE_OF["ndjson"](item))
        if self._format == "lines":
            return self._text(LINE_OF["lines"](item))
        if self._format == "gron":
            return self._text(("" if count else "json = [];\n") + "".join(gron_lines(item, f"json[{count}]")))
        if self._format == "yaml":
            from dynacli.text.yaml_text import yaml_of

            # A sequence in block style is nothing but its entries.
            return self._text(yaml_of([item]))
        return (",\n" if count else "[\n") + self._json(compact_json(item))

    def end(self) -> str:
        """Return the text behind the last item."""
        if self._format in LINE_OF:
            return ""
        if self._format == "gron":
            return "" if self._count else "json = [];\n"
        if self._format == "yaml":
            return "" if self._count else "[]\n"
        return "\n]\n" if self._count else "[]\n"
