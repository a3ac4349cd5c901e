"""Writing values in a form: items of a list one by one, as they come or when all are there, or one whole value."""

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from dynacli.environment import Environment
from dynacli.errors import FormError
from dynacli.openapi.model.find_items import Items, KnownItems, find_items
from dynacli.output.output_form import ITEM_FORMATS, TABLES, OutputForm
from dynacli.output.stream_body import Write
from dynacli.output.written_text import blocks, written_text
from dynacli.record import replace
from dynacli.text.exact_json import compact_json, read_json

__all__ = ["write_items", "write_value", "written_items", "written_sequence"]

_MOST_VALUES = 10_000
"""How many items of a table are kept as they are; from then on their text is."""

WriteItem = Callable[[Any], None]


@contextmanager
def written_items(env: Environment, form: OutputForm, *, columns: Sequence[str] = ()) -> Iterator[WriteItem]:
    """Write items: lines as they come, tables at the end of the block, also where an exception ends it.

    A table of any length takes little more memory than its text. The filter of the form is applied to each item, and
    an item of which it leaves null is left out.

    Args:
        columns: The names of columns whose order is known, in that order.

    Yields:
        A function that writes an item, a value of `dynacli.text.exact_json`.

    Raises:
        FormError: The filter fails on an item, which ends the writing; or the items make no table, and were written
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

        def write_filtered(item: Any) -> None:
            found = filtered(item, form.filter)
            if found is not None:
                write(found)

        yield write_filtered


def write_items(env: Environment, items: Iterable[Any], form: OutputForm) -> None:
    """Write the items of a list that needs not be written as soon as they come.

    Args:
        form: Its filter counts for nothing.

    Raises:
        FormError: The items make no table, and were written as JSON.
        FileError: The file or standard output cannot be written.
        BrokenPipeError: The reader of standard output is gone.
    """
    if form.format in TABLES:
        with _collected(env, form, ()) as write_item:
            for item in items:
                write_item(item)
        return
    from dynacli.output.formats._value_text import ItemText

    text = ItemText(env, form)
    with written_text(env, form) as write:
        for block in blocks(itertools.chain(map(text.of, items), (text.end() for _ in (None,)))):
            write(block)


@contextmanager
def _as_they_come(env: Environment, form: OutputForm) -> Iterator[WriteItem]:
    from dynacli.output.formats._value_text import ItemText

    text = ItemText(env, form)
    with written_text(env, replace(form, may_page=False)) as write:
        try:
            yield lambda item: write(text.of(item))
        finally:
            end = text.end()
            if end:
                write(end)


@contextmanager
def _collected(env: Environment, form: OutputForm, known: Sequence[str]) -> Iterator[WriteItem]:
    from dynacli.output.formats._table_rows import Columns

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
    except FormError:
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
        FormError: The items make no table; nothing was written.
    """
    columns.names()
    is_shown = env.stdout_is_terminal and not form.file
    note = ""
    if form.format == "table":
        from dynacli.output.formats._table_rows import Table

        table = Table(env, items(), columns, is_shown=is_shown)
        pieces, note = table.pieces(), table.note
    else:
        from dynacli.output.formats._table_rows import separated_lines

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
        known: What the document says of its items; None where it says nothing. After a filter it says nothing, either.

    Raises:
        FormError: It cannot be written in this form, and was written as JSON.
        FileError: The file or standard output cannot be written.
        BrokenPipeError: The reader of standard output is gone.
    """
    try:
        shown = value
        if form.filter:
            from dynacli.text.filter_value import filtered

            shown = filtered(value, form.filter)
        if form.format in ITEM_FORMATS:
            _write_items(env, shown, replace(form, filter=""), None if form.filter else known)
        else:
            _write_text(env, shown, form)
    except FormError:
        _write_text(env, value, form.unfiltered("json"))
        raise


def _write_text(env: Environment, value: Any, form: OutputForm) -> None:
    from dynacli.output.formats._value_text import value_text

    with written_text(env, form) as write:
        write(value_text(env, value, form))


def _write_items(env: Environment, value: Any, form: OutputForm, known: KnownItems | None) -> None:
    from dynacli.output.formats._value_text import LINE_OF

    found = find_items(value, known)
    items = found.values if isinstance(found, Items) else [value]
    if form.format in LINE_OF:
        write_items(env, items, form)
        return
    from dynacli.output.formats._table_rows import Columns

    names = () if known is None else known.names
    if isinstance(found, Items) and found.is_keyed and found.values:
        names = tuple(dict.fromkeys((next(iter(found.values[0])), *names)))
    columns = Columns(form.columns, names)
    for item in items:
        columns.note(item)
    if not isinstance(found, Items) and form.format == "table" and isinstance(value, dict):
        from dynacli.output.formats._table_rows import object_lines

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
def written_sequence(env: Environment, media_type: str, form: OutputForm) -> Iterator[Write]:
    """Write the items of a body in the format of a form, as the body comes.

    Args:
        media_type: The value of `Content-Type`, of a sequence.

    Yields:
        A function that writes a piece of the body.

    Raises:
        FormError: An item cannot be read, filtered or written; those that could be read were written.
        FileError: The file or standard output cannot be written.
        BrokenPipeError: The reader of standard output is gone.
    """
    from dynacli.http.item_reader import ItemReader

    reader = ItemReader(media_type)
    with written_items(env, form) as write_item:

        def write(piece: bytes) -> None:
            for item in reader.feed(piece):
                write_item(item)

        yield write
        for item in reader.end():
            write_item(item)
    if reader.unread:
        raise FormError(
            f"{reader.unread:,} of the answer's items could not be read",
            reason="they are not JSON, or too large, and were left out",
            hint="`-o raw` writes the answer as it comes",
        )
