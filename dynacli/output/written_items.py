"""Writing values in a form: items of a list one by one, as they come or when all are there, or one whole value."""

import itertools
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from dynacli.environment import Environment
from dynacli.errors import FormatError
from dynacli.openapi.model.find_items import Items, KnownItems, find_items
from dynacli.output.output_form import ITEM_FORMATS, TABLES, OutputForm
from dynacli.output.standard_output import Write, blocks, written_text
from dynacli.record import replace
from dynacli.text.exact_json import compact_json, read_json
from dynacli.text.terminal import Painter, visible

__all__ = ["gron_lines", "write_items", "write_value", "written_items", "written_sequence"]

_MOST_VALUES = 10_000
"""How many items of a table are kept as they are; from then on their text is."""

WriteItem = Callable[[Any], None]


@contextmanager
def written_items(env: Environment, form: OutputForm, *, columns: Sequence[str] = ()) -> Iterator[WriteItem]:
    """Write items: lines as they come, tables at the end of the block, even if an exception ends it.

    A table of any length takes little more memory than its text. The filter is applied to each item. An item is
    left out if the filter gives null.

    Args:
        columns: The names of columns whose order is known, in that order.

    Yields:
        A function that writes an item, a value of `dynacli.text.exact_json`.

    Raises:
        FormatError: The filter fails on an item, which ends the writing; or the items make no table, and were written
            as JSON.
        FileError: The file or standard output cannot be written.
        BrokenPipeError: The reader of standard output is gone.
    """
    write_all = _collected(env, form, columns) if form.format in TABLES else _as_they_come(env, form)
    with write_all as write:
        if not form.filter:
            yield write
            return
        from dynacli.text.filter_value import filtered

        count, last = 0, None

        def write_filtered(item: Any) -> None:
            nonlocal count, last
            last, found = item, filtered(item, form.filter)
            if found is not None:
                count += 1
                write(found)

        yield write_filtered
    if last is not None and not count:
        _note_null(env, last, "an item")


def _note_null(env: Environment, value: Any, subject: str = "the response") -> None:
    from dynacli.media.body_value import null_note
    from dynacli.output.standard_error import write_note

    write_note(env, null_note(value, subject))


def write_items(env: Environment, items: Iterable[Any], form: OutputForm) -> None:
    """Write the items of a list that needs not be written as soon as they come.

    Args:
        form: Its filter counts for nothing.

    Raises:
        FormatError: The items make no table, and were written as JSON.
        FileError: The file or standard output cannot be written.
        BrokenPipeError: The reader of standard output is gone.
    """
    if form.format in TABLES:
        with _collected(env, form, ()) as write_item:
            for item in items:
                write_item(item)
        return

    text = _ItemText(env, form)
    with written_text(env, form) as write:
        for block in blocks(itertools.chain(map(text.of, items), (text.end() for _ in (None,)))):
            write(block)


@contextmanager
def _as_they_come(env: Environment, form: OutputForm) -> Iterator[WriteItem]:

    text = _ItemText(env, form)
    with written_text(env, replace(form, may_page=False)) as write:
        try:
            yield lambda item: write(text.of(item))
        finally:
            end = text.end()
            if end:
                write(end)


@contextmanager
def _collected(env: Environment, form: OutputForm, known: Sequence[str]) -> Iterator[WriteItem]:
    from dynacli.output._table_rows import Columns

    columns = Columns(form.columns, known)
    values: list[Any] = []
    # Text takes a tenth of the memory of Python's values, and time to be written and read again.
    texts: list[bytes] = []

    def write(item: Any) -> None:
        columns.note(item)
        if len(values) < _MOST_VALUES:
            values.append(item)
        else:
            texts.append(compact_json(item).encode("utf-8", "surrogatepass"))

    def items() -> Iterator[Any]:
        yield from values
        for text in texts:
            yield read_json(text.decode("utf-8", "surrogatepass"))

    try:
        yield write
    except BrokenPipeError:
        raise
    except BaseException:
        if values:
            _write_or_fall_back(env, form, items, columns)
        raise
    _write_or_fall_back(env, form, items, columns)


def _write_or_fall_back(
    env: Environment, form: OutputForm, items: Callable[[], Iterable[Any]], columns: Any
) -> None:
    try:
        _write_table(env, form, items, columns)
    except FormatError:
        with written_items(env, form.unfiltered("json")) as write:
            for item in items():
                write(item)
        raise


def _write_table(
    env: Environment, form: OutputForm, items: Callable[[], Iterable[Any]], columns: Any
) -> None:
    """Write a table of items whose columns were noted.

    Args:
        items: Returns the items, from the first one each time.

    Raises:
        FormatError: The items make no table; nothing was written.
    """
    columns.names()
    is_shown = env.stdout_is_terminal and not form.file
    note = ""
    if form.format == "table":
        from dynacli.output._table_rows import Table

        table = Table(env, items(), columns, is_shown=is_shown)
        pieces, note = table.pieces(), table.note
    else:
        from dynacli.output._table_rows import separated_lines

        pieces = separated_lines(items(), columns, is_csv=form.format == "csv")
        if is_shown:
            from dynacli.text.terminal import visible

            pieces = (visible(piece.replace("\r\n", "\n")) for piece in pieces)
    with written_text(env, form) as write:
        for block in blocks(pieces):
            write(block)
    if note:
        from dynacli.output.standard_error import write_stderr

        write_stderr(env, note)


def write_value(env: Environment, value: Any, form: OutputForm, *, known: KnownItems | None = None) -> None:
    """Write a value: what the filter of the form leaves of it, in the format of the form.

    Args:
        value: A value of `dynacli.text.exact_json`.
        known: What the document says of its items; None if it says nothing. After a filter it says nothing, either.

    Raises:
        FormatError: It cannot be written in this form, and was written as JSON.
        FileError: The file or standard output cannot be written.
        BrokenPipeError: The reader of standard output is gone.
    """
    try:
        shown = value
        if form.filter:
            from dynacli.text.filter_value import filtered

            shown = filtered(value, form.filter)
            if shown is None and value is not None:
                _note_null(env, value)
        if form.format in ITEM_FORMATS:
            _write_items(env, shown, replace(form, filter=""), None if form.filter else known)
        else:
            _write_text(env, shown, form)
    except FormatError:
        _write_text(env, value, form.unfiltered("json"))
        raise


def _write_text(env: Environment, value: Any, form: OutputForm) -> None:

    with written_text(env, form) as write:
        write(_value_text(env, value, form))


def _write_items(env: Environment, value: Any, form: OutputForm, known: KnownItems | None) -> None:

    found = find_items(value, known)
    items = found.values if isinstance(found, Items) else [value]
    if form.format in _LINE_OF:
        write_items(env, items, form)
        return
    from dynacli.output._table_rows import Columns

    names = () if known is None else known.names
    if isinstance(found, Items) and found.is_keyed and found.values:
        names = tuple(dict.fromkeys((next(iter(found.values[0])), *names)))
    columns = Columns(form.columns, names)
    for item in items:
        columns.note(item)
    if not isinstance(found, Items) and form.format == "table" and isinstance(value, dict):
        from dynacli.output._table_rows import object_lines

        (row,) = columns.rows(items)
        shown = dict(zip(columns.names(), row, strict=True))
        lines, note = object_lines(env, shown, is_shown=env.stdout_is_terminal and not form.file)
        with written_text(env, form) as write:
            write("".join(lines))
        if note:
            from dynacli.output.standard_error import write_stderr

            write_stderr(env, note)
    else:
        _write_table(env, form, lambda: items, columns)


@contextmanager
def written_sequence(
    env: Environment, media_type: str, form: OutputForm, *, head: Mapping[str, Any] | None = None
) -> Iterator[Write]:
    """Write the items of a body in the format of a form, as the body comes.

    Args:
        media_type: The value of `Content-Type`, of a sequence.
        head: Status and headers, if each result is an object of them and an item as the body.

    Yields:
        A function that writes a piece of the body.

    Raises:
        FormatError: An item cannot be read, filtered or written; those that could be read were written.
        FileError: The file or standard output cannot be written.
        BrokenPipeError: The reader of standard output is gone.
    """
    from dynacli.http.item_reader import ItemReader

    reader = ItemReader(media_type)
    with written_items(env, form) as write_item:

        def write_all(items: Iterable[Any]) -> None:
            for item in items:
                write_item(item if head is None else {**head, "body": item})

        yield lambda piece: write_all(reader.feed(piece))
        write_all(reader.end())
    if reader.unread:
        raise FormatError(
            f"{reader.unread:,} of the response's items could not be read",
            reason="they are not JSON, or too large, and were left out",
            hint="`-o raw` writes the response as it comes",
        )


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


_LINE_OF: dict[str, Callable[[Any], str]] = {
    "ndjson": lambda item: f"{compact_json(item)}\n",
    "lines": _plain_line,
}
"""Format → the line of an item."""


def _quoted(key: str) -> str:
    # gron takes a quote after any backslash for an escaped one, also after the second of two.
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


def _value_text(env: Environment, value: Any, form: OutputForm) -> str:
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


class _ItemText:
    """The text of a list, item by item.

    Args:
        form: Its format is not a table.
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
            return self._json(_LINE_OF["ndjson"](item))
        if self._format == "lines":
            return self._text(_LINE_OF["lines"](item))
        if self._format == "gron":
            return self._text(("" if count else "json = [];\n") + "".join(gron_lines(item, f"json[{count}]")))
        if self._format == "yaml":
            from dynacli.text.yaml_text import yaml_of

            # A sequence in block style is nothing but its entries.
            return self._text(yaml_of([item]))
        return (",\n" if count else "[\n") + self._json(compact_json(item))

    def end(self) -> str:
        """Return the text after the last item."""
        if self._format in _LINE_OF:
            return ""
        if self._format == "gron":
            return "" if self._count else "json = [];\n"
        if self._format == "yaml":
            return "" if self._count else "[]\n"
        return "\n]\n" if self._count else "[]\n"
