"""Writing values in an output format: one whole value, or the items of a list while they arrive or at the end.

Items become rows of a table, of CSV or of TSV, or lines.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from dynacli.environment import Environment
from dynacli.errors import FormatError
from dynacli.openapi.model.find_items import Items, KnownItems, find_items
from dynacli.output._columns import Columns, cell_text, ranks_of
from dynacli.output._terminal_table import TerminalTable
from dynacli.output.output_format import AT_THE_END, ITEM_FORMATS, TABLES, OutputFormat
from dynacli.output.standard_error import write_filter_note
from dynacli.output.standard_output import Write, blocks, written_text
from dynacli.record import replace
from dynacli.text.exact_json import compact_json, read_json
from dynacli.text.terminal import Painter, cell_width, terminal_width, visible
from dynacli.text.wrapping import COLUMN_GAP, shortened, table_lines, wrapped

if TYPE_CHECKING:
    from dynacli.http.semantics import ReceivedBody
    from dynacli.text.filter_value import SqlRows

_UNKNOWN = KnownItems()
_MOST_VALUES = 10_000
"""Maximum number of items of a table that are kept as values. Further items are kept as text."""

WriteItem = Callable[[Any], None]
_WORD = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]*")
_RESERVED = re.compile(
    "break|case|catch|class|const|continue|debugger|default|delete|do|else|export|extends|false|finally|for|function"
    "|if|import|in|instanceof|new|null|return|super|switch|this|throw|true|try|typeof|var|void|while|with|yield"
)
"""The keys that gron writes in brackets, because JavaScript reserves them."""
_MOST_TEXT = 512 * 1024 * 1024
"""Maximum number of characters of the format `gron`, which repeats the path before each value."""
_LONGEST_LINE = 2_000
"""Maximum width of a line that is not for a terminal."""
_CUT = f"Note: some cells are cut, so that no line is longer than {_LONGEST_LINE:,} characters (`-o csv` has all)"
_LEAST_CELL = 20
"""Minimum width of a column with longer text."""
_LONGEST_KEY = 40
_MOST_NAMED = 5
_WIDEST = 1000
_ESCAPES = str.maketrans({"\t": "\\t", "\n": "\\n", "\r": "\\r"})
_TSV_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


@contextmanager
def written_items(
    env: Environment,
    form: OutputFormat,
    *,
    known: KnownItems = _UNKNOWN,
    is_later: Callable[[], bool] | None = None,
) -> Iterator[WriteItem]:
    """Write items: lines at once, and tables at the end of the block, even if an exception ends it.

    A table takes little more memory than its text. The filter applies to each item, and drops items for which it
    returns null. A `SqlQuery` applies to all items together, at the end.

    Args:
        env: The environment of the run.
        form: The output settings.
        known: Facts from the document about the items, such as the order of their columns.
        is_later: Returns whether an item is of a page after the first one; None if the items have no pages. The header
            of CSV and TSV never depends on later pages.

    Yields:
        A function that writes an item, a value of `dynacli.text.exact_json`.

    Raises:
        FormatError: The filter fails on an item, or the items do not form a table and were written as JSON.
        FileError: The file or standard output cannot be written.
        BrokenPipeError: The reader of standard output is gone.
    """
    if form.filter:
        from dynacli.text.filter_value import SqlQuery

        if isinstance(form.filter, SqlQuery):  # it applies to all items together
            items: list[Any] = []
            try:
                yield items.append
            finally:
                write_value(env, items, form)
            return
    write_all = (
        _collected(env, form, known, is_later) if form.format in AT_THE_END else _as_they_come(env, form)
    )
    with write_all as write:
        if not form.filter:
            yield write
            return
        from dynacli.text.filter_value import filtered_item

        count, last = 0, None

        def write_filtered(item: Any) -> None:
            nonlocal count, last
            last = item
            for found in filtered_item(item, form.filter):
                count += 1
                write(found)

        yield write_filtered
    if last is not None and not count:
        write_filter_note(env, last, form.filter, None, "an item")


def write_items(env: Environment, items: Iterable[Any], form: OutputFormat) -> None:
    """Write the items of a list in blocks.

    Args:
        env: The environment of the run.
        items: The items.
        form: The output settings. The filter is not applied.

    Raises:
        FormatError: The items do not form a table, and were written as JSON.
        FileError: The file or standard output cannot be written.
        BrokenPipeError: The reader of standard output is gone.
    """
    if form.format in AT_THE_END:
        with _collected(env, form, _UNKNOWN) as write_item:
            for item in items:
                write_item(item)
        return

    text = _ItemText(env, form)
    with written_text(env, form) as write:
        for block in blocks(itertools.chain(map(text.of, items), (text.end() for _ in (None,)))):
            write(block)


@contextmanager
def _as_they_come(env: Environment, form: OutputFormat) -> Iterator[WriteItem]:

    text = _ItemText(env, form)
    with written_text(env, replace(form, may_page=False)) as write:
        try:
            yield lambda item: write(text.of(item))
        finally:
            end = text.end()
            if end:
                write(end)


@contextmanager
def _collected(
    env: Environment, form: OutputFormat, known: KnownItems, is_later: Callable[[], bool] | None = None
) -> Iterator[WriteItem]:

    has_pages = is_later is not None and form.format in {"csv", "tsv"}
    columns = Columns(form.columns, known.names, known.states, known.identity, of_first_page=has_pages)
    values: list[Any] = []
    # Text takes a tenth of the memory of Python's values, but writing and reading it takes time.
    texts: list[bytes] = []

    def write(item: Any) -> None:
        if is_later is not None and is_later():
            columns.end_page()
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
    env: Environment, form: OutputFormat, items: Callable[[], Iterable[Any]], columns: Columns
) -> None:
    try:
        if form.format in TABLES:
            _write_table(env, form, items, columns)
        elif form.format == "agent":
            _write_for_agent(env, list(items()), form, is_repeatable=False)
        else:
            _write_text(env, list(items()), form)
    except FormatError:
        with written_items(env, form.unfiltered("json")) as write:
            for item in items():
                write(item)
        raise


def _write_table(
    env: Environment, form: OutputFormat, items: Callable[[], Iterable[Any]], columns: Columns
) -> None:
    """Write a table of items after collecting their columns.

    Args:
        env: The environment of the run.
        form: The output settings.
        columns: The columns.
        items: Returns a new iterator over all items.

    Raises:
        FormatError: The items do not form a table. Nothing was written.
    """
    names = columns.names()
    is_shown = env.stdout_is_terminal and not form.file
    note = ""
    if form.format == "table":
        rows = list(columns.rows(items()))
        right = _number_columns(rows)
        if is_shown:
            table = TerminalTable(env, columns, names, rows, right)
            pieces, note = table.lines(), table.note
        else:
            pieces, note = _plain_table(columns, names, rows, right)
    else:
        pieces = separated_lines(items(), columns, is_csv=form.format == "csv")
        if is_shown:
            pieces = (visible(piece.replace("\r\n", "\n")) for piece in pieces)
    with written_text(env, form) as write:
        for block in blocks(pieces):
            write(block)
    if left_out := columns.left_out():
        from dynacli.openapi.model.wording import enumerated
        from dynacli.output.standard_error import write_stderr

        named = enumerated(
            [f"`{visible(name, keep='')[:_LONGEST_KEY]}`" for name in left_out], most=_MOST_NAMED
        )
        write_stderr(
            env, f"Note: the header is that of the first page, without {named}; `--columns` chooses columns"
        )
    if note and not env.is_quiet:
        from dynacli.output.standard_error import write_stderr

        write_stderr(env, note)


def write_value(
    env: Environment,
    value: Any,
    form: OutputFormat,
    *,
    body: ReceivedBody | None = None,
    is_one: bool = False,
) -> None:
    """Write a value, filtered and formatted by the output settings.

    Args:
        env: The environment of the run.
        value: A value of `dynacli.text.exact_json`.
        form: The output settings.
        body: The body of a response that the value comes from; None if there is none.
        is_one: Whether to write the value as a whole, even if it contains lists.

    Raises:
        FormatError: The value cannot be written in this format, and was written as JSON.
        FileError: The file or standard output cannot be written.
        BrokenPipeError: The reader of standard output is gone.
    """
    try:
        shown = value
        if form.filter:
            from dynacli.text.filter_value import JqResults, SqlRows, filtered

            shown = filtered(value, form.filter, body=None if is_one else body)
            schema = None if body is None else body.schema
            write_filter_note(env, value, form.filter, shown, schema=schema)
            if isinstance(shown, JqResults) and form.format != "agent":
                is_json = form.format in {"auto", "json", "text"}
                write_items(env, shown, replace(form, format="ndjson") if is_json else form)
                return
            if isinstance(shown, SqlRows):
                form = _of_query(env, form, shown)
        if form.format == "agent":
            _write_for_agent(env, shown, form, is_one=is_one and not form.filter)
        elif form.format in ITEM_FORMATS:
            whole = None if form.filter or is_one else body
            _write_items(env, shown, replace(form, filter=""), whole, is_one=is_one and not form.filter)
        else:
            _write_text(env, shown, form)
    except FormatError:
        if form.format == "agent":
            _write_for_agent(env, value, form.unfiltered("agent"), is_one=is_one)
        else:
            _write_text(env, value, form.unfiltered("json"))
        raise


def write_rows_of_query(env: Environment, rows: SqlRows, form: OutputFormat) -> None:
    """Write the rows of a query over a mirror as those of a query over a response.

    Raises:
        FormatError: The rows cannot be written in this format, and were written as JSON.
        FileError: The file or standard output cannot be written.
        BrokenPipeError: The reader of standard output is gone.
    """
    write_value(env, rows, form if form.filter else _of_query(env, form, rows))


def _of_query(env: Environment, form: OutputFormat, rows: SqlRows) -> OutputFormat:
    """Return the format of the rows of a query: with its columns in their order, and a table on a terminal."""
    if rows and form.format == "auto" and env.stdout_is_terminal and not (env.is_agent or form.file):
        form = replace(form, format="table")
    is_table = form.format in TABLES and not form.columns
    return replace(form, columns=rows.columns) if is_table else form


def _write_for_agent(
    env: Environment,
    value: Any,
    form: OutputFormat,
    *,
    is_one: bool = False,
    is_repeatable: bool = True,
) -> None:
    """Write a value for an agent. If it was cut, name the size that the whole value needs.

    Args:
        env: The environment of the run.
        value: The value.
        form: The output settings.
        is_one: Whether to write the value as a whole, even if it contains lists.
        is_repeatable: Whether the user may run the command again.
    """
    from dynacli.output.agent_text import Around, rounded_up, view_of_value, write_view

    view = view_of_value(value, form.max_bytes, form.columns, () if is_one else find_items(value))
    is_cut = view.shown is not None and view.shown < len(view.items)
    needed = (f"--max-bytes {rounded_up(view.size)} prints all",) if is_cut and is_repeatable else ()
    write_view(env, view, form, Around(notes=needed))


def _write_text(env: Environment, value: Any, form: OutputFormat) -> None:

    with written_text(env, form) as write:
        write(_value_text(env, value, form))


def _write_items(
    env: Environment, value: Any, form: OutputFormat, body: ReceivedBody | None, *, is_one: bool
) -> None:
    known = _UNKNOWN
    found: Items | tuple[Items, ...] = ()
    if body is not None:
        from dynacli.media.body_value import body_items

        found, known = body_items(body), (body.known and body.known()) or _UNKNOWN
    elif not is_one:
        found = find_items(value)
    items = found.values if isinstance(found, Items) else [value]
    if form.format in _LINE_OF:
        write_items(env, items, form)
        return

    names = known.names
    if isinstance(found, Items) and found.is_keyed and found.values:
        names = tuple(dict.fromkeys((next(iter(found.values[0])), *names)))
    columns = Columns(form.columns, names, known.states, known.identity)
    for item in items:
        columns.note(item)
    if not isinstance(found, Items) and form.format == "table" and isinstance(value, dict):
        (row,) = columns.rows(items)
        shown = dict(zip(columns.names(), row, strict=True))
        lines, note = _object_lines(env, shown, is_shown=env.stdout_is_terminal and not form.file)
        with written_text(env, form) as write:
            write("".join(lines))
        notes = [] if env.is_quiet else filter(None, (note, "" if form.filter else _note_on_lists(shown)))
        for text in notes:
            from dynacli.output.standard_error import write_stderr

            write_stderr(env, text)
    else:
        _write_table(env, form, lambda: items, columns)


@contextmanager
def written_sequence(
    env: Environment, media_type: str, form: OutputFormat, *, head: Mapping[str, Any] | None = None
) -> Iterator[Write]:
    """Write the items of a body while it arrives.

    Args:
        env: The environment of the run.
        media_type: The value of `Content-Type`, of a sequence.
        form: The output settings.
        head: Status and headers, if each result is an object with them and an item as the body.

    Yields:
        A function that writes a piece of the body.

    Raises:
        FormatError: An item cannot be read, filtered or written. Readable items were written.
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


def _plain_line(item: Any) -> str:
    if not isinstance(item, str):
        return f"{compact_json(item)}\n"
    return item.replace("\r", "\\r").replace("\n", "\\n") + "\n"


def _is_raw(form: OutputFormat) -> bool:
    """Return whether strings are written unchanged, which the user requested even for a terminal."""
    return form.format == "raw" and bool(form.filter)


def _raw_line(item: Any) -> str:
    return f"{item if isinstance(item, str) else compact_json(item)}\n"


_LINE_OF: dict[str, Callable[[Any], str]] = {
    "ndjson": lambda item: f"{compact_json(item)}\n",
    "lines": _plain_line,
}
"""Format → the line of an item."""


def _gron_string(key: str) -> str:
    # gron treats a quote after a backslash as escaped, even after a double backslash.
    return compact_json(key).replace("\\\\", "\\u005c")


def _gron_of(value: Any, path: str = "json") -> str:
    """Return the assignments for each value within a value.

    Raises:
        MemoryError: The assignments are too long, for example because of a long key.
    """
    lines, left = list[str](), _MOST_TEXT
    for line in gron_lines(value, path):
        lines.append(line)
        left -= len(line)
        if left < 0:
            raise MemoryError
    return "".join(lines)


def gron_lines(value: Any, path: str = "json") -> Iterator[str]:
    """Yield an assignment for each value within a value, as the program gron writes and reads them."""
    if isinstance(value, dict):
        yield f"{path} = {{}};\n"
        for key, child in value.items():
            is_word = _WORD.fullmatch(key) and not _RESERVED.fullmatch(key)
            yield from gron_lines(child, f"{path}.{key}" if is_word else f"{path}[{_gron_string(key)}]")
    elif isinstance(value, list):
        yield f"{path} = [];\n"
        for index, child in enumerate(value):
            yield from gron_lines(child, f"{path}[{index}]")
    else:
        yield f"{path} = {compact_json(value)};\n"


def _shown_json(env: Environment, form: OutputFormat) -> Callable[[str], str]:
    """Return a function that makes JSON text safe and coloured on a terminal, and returns it unchanged elsewhere."""
    if form.file or not env.stdout_is_terminal:
        return str
    from dynacli.text.json_text import colourise, escape_unsafe

    painter = Painter.for_stdout(env)
    return lambda text: colourise(escape_unsafe(text), painter)


def _shown_text(env: Environment, form: OutputFormat) -> Callable[[str], str]:
    return str if form.file or not env.stdout_is_terminal else visible


def _value_text(env: Environment, value: Any, form: OutputFormat) -> str:
    """Return the text of a whole value in a format that does not list items.

    Raises:
        FormatError: The value is nested too deeply for the format.
    """
    if _is_raw(form):
        return _raw_line(value)
    if form.format not in _TEXT_OF:
        from dynacli.text.json_text import reindent

        if form.format == "auto" and (form.file or not env.stdout_is_terminal):
            return compact_json(value) + "\n"  # a pipe also gets a response without a filter unindented
        return _shown_json(env, form)(reindent(compact_json(value))) + "\n"
    try:
        return _shown_text(env, form)(_TEXT_OF[form.format](value))
    except RecursionError as error:
        raise FormatError(
            f"The response cannot be shown as `{form.format}`",
            reason="it is nested too deeply",
            hint="It is printed as JSON, which has no such limit",
        ) from error


def _yaml_of(value: Any) -> str:
    from dynacli.text.yaml_text import yaml_of

    return yaml_of(value)


def _toon_of(value: Any) -> str:
    from dynacli.text.toon_text import toon_of

    return toon_of(value)


_TEXT_OF: dict[str, Callable[[Any], str]] = {
    "gron": _gron_of,
    "toon": _toon_of,
    "yaml": _yaml_of,
}
"""Format other than JSON → its text of a value; it raises RecursionError if the value is nested too deeply."""


class _ItemText:
    """The text of a list, item by item.

    Args:
        env: The environment of the run.
        form: Output settings with a format that is not a table.
    """

    def __init__(self, env: Environment, form: OutputFormat) -> None:
        self._format, self._is_raw = form.format, _is_raw(form)
        self._json = _shown_json(env, form)
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
        if self._is_raw:
            return _raw_line(item)
        if self._format == "gron":
            return self._text(("" if count else "json = [];\n") + _gron_of(item, f"json[{count}]"))
        if self._format == "yaml":
            # A sequence in block style has only its entries, without a beginning or an end.
            return self._text(_yaml_of([item]))
        return (",\n" if count else "[\n") + self._json(compact_json(item))

    def end(self) -> str:
        """Return the text after the last item."""
        if self._format in _LINE_OF or self._is_raw:
            return ""
        if self._format == "gron":
            return "" if self._count else "json = [];\n"
        if self._format == "yaml":
            return "" if self._count else "[]\n"
        return "\n]\n" if self._count else "[]\n"


def _number_columns(rows: Sequence[Sequence[Any]]) -> frozenset[int]:
    """Return the columns whose values are all numbers or null."""
    return frozenset(
        column
        for column, values in enumerate(zip(*rows, strict=True))
        if any(map(_is_number, values)) and all(value is None or _is_number(value) for value in values)
    )


def _plain_table(
    columns: Columns, names: Sequence[str], rows: Sequence[Sequence[Any]], right: Collection[int]
) -> tuple[Iterator[str], str]:
    """Return the lines of a table in a pipe or a file, the ids first, and a note if cells are cut."""
    order = list(range(len(names)))
    if not columns.is_chosen:
        order.sort(key=ranks_of(names, rows, columns.identity).__getitem__)
    texts = [names, *([cell_text(value) for value in row] for row in rows)]
    cells, width = _within_line([[row[column].translate(_ESCAPES) for column in order] for row in texts])
    if not order:
        return iter(()), ""
    right = {position for position, column in enumerate(order) if column in right}
    return (f"{line}\n" for line in table_lines(cells, width, right=right)), _CUT if width else ""


def _within_line(rows: list[list[str]]) -> tuple[list[list[str]], int | None]:
    """Return the rows of a table in a pipe, and the width to which its lines are cut; None if all lines fit."""
    widths = [max(map(cell_width, cells)) for cells in zip(*rows, strict=True)]
    if sum(widths) + len(COLUMN_GAP) * (len(widths) - 1) <= _LONGEST_LINE:
        return rows, None
    # A cell that is cut to the whole line is cut again to its column.
    return [
        [shortened(cell[: _LONGEST_LINE + 1], _LONGEST_LINE) for cell in row] for row in rows
    ], _LONGEST_LINE


def _note_on_lists(value: Mapping[str, Any]) -> str:
    """Return the note on the longest list of objects in the cells of one object; empty if there is none."""
    lists = {
        key: child
        for key, child in value.items()
        if isinstance(child, list) and child and isinstance(child[0], dict) and _WORD.fullmatch(key)
    }
    key = max(lists, key=lambda name: len(lists[name]), default="")
    return f"`{key}` has {len(lists[key]):,} items; as a table: `-f {key} -o table`" if key else ""


def _object_lines(env: Environment, value: dict[str, Any], *, is_shown: bool) -> tuple[list[str], str]:
    """Return the lines of one object as a table of keys and values, and a note about them."""
    note = ""
    if not is_shown:
        cells = [
            [key.translate(_ESCAPES), cell_text(child).translate(_ESCAPES)] for key, child in value.items()
        ]
        cells, limit = _within_line(cells)
        note = _CUT if limit else ""
        lines = table_lines(cells, limit, has_header=False) if cells else []
    else:
        width = terminal_width(env, env.stdout, widest=_WIDEST)
        painter = Painter.for_stdout(env)
        lines = []
        keys = {key: shortened(visible(key, keep=""), _LONGEST_KEY) for key in value}
        column = max(map(cell_width, keys.values()), default=0)
        for key, child in value.items():
            text = visible(cell_text(child), keep="\n")
            room = max(width - column - len(COLUMN_GAP), _LEAST_CELL)
            first, *others = (wrapped(text, room) if isinstance(child, str) else [shortened(text, room)]) or [
                ""
            ]
            label = painter.bold(keys[key]) + " " * (column - cell_width(keys[key]))
            lines.append(f"{label}{COLUMN_GAP}{first}".rstrip())
            lines.extend(f"{' ' * column}{COLUMN_GAP}{line}".rstrip() for line in others)
    return [f"{line}\n" for line in lines], note


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def separated_lines(items: Iterable[Any], columns: Columns, *, is_csv: bool) -> Iterator[str]:
    """Yield the lines of CSV or TSV, first the names of the columns.

    Raises:
        FormatError: The items do not form a table.
    """
    names, line = columns.names(), _csv_line if is_csv else _tsv_line
    if names:
        yield line(names)
        yield from map(line, columns.rows(items))


def _csv_line(row: Sequence[Any]) -> str:
    # `csv.writer` checks each character for a line end, and takes twice as long.
    return (",".join(map(_csv_cell, row)) or '""') + "\r\n"  # an empty line is not a row with an empty cell


def _csv_cell(value: Any) -> str:
    text = value if type(value) is str else cell_text(value)
    if '"' in text or "," in text or "\n" in text or "\r" in text:
        return '"' + text.replace('"', '""') + '"'
    return text


def _tsv_line(row: Sequence[Any]) -> str:
    return "\t".join(cell_text(value).translate(_TSV_ESCAPES) for value in row) + "\n"
