"""Writing the items of a list one by one, in any format, as they come or when all are there."""

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from dynacli.environment import Environment
from dynacli.errors import FormError
from dynacli.output.output_form import TABLES, OutputForm
from dynacli.output.written_text import blocks, written_text
from dynacli.record import replace
from dynacli.text.exact_json import compact_json, read_json

__all__ = ["write_items", "write_table", "written_items"]

_MOST_VALUES = 10_000
"""How many items of a table are kept as they are; from then on their text is."""

Write = Callable[[Any], None]


@contextmanager
def written_items(env: Environment, form: OutputForm, *, columns: Sequence[str] = ()) -> Iterator[Write]:
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
    from dynacli.output.formats.value_text import ItemText

    text = ItemText(env, form)
    with written_text(env, form) as write:
        for block in blocks(itertools.chain(map(text.of, items), (text.end() for _ in (None,)))):
            write(block)


@contextmanager
def _as_they_come(env: Environment, form: OutputForm) -> Iterator[Write]:
    from dynacli.output.formats.value_text import ItemText

    text = ItemText(env, form)
    with written_text(env, replace(form, may_page=False)) as write:
        try:
            yield lambda item: write(text.of(item))
        finally:
            end = text.end()
            if end:
                write(end)


@contextmanager
def _collected(env: Environment, form: OutputForm, known: Sequence[str]) -> Iterator[Write]:
    from dynacli.output.formats.table_rows import Columns

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
        write_table(env, form, items, columns)
    except FormError:
        with written_items(env, form.unfiltered("json")) as write:
            for item in items():
                write(item)
        raise


def write_table(env: Environment, form: OutputForm, items: Callable[[], Iterable[Any]], columns: Any) -> None:
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
        from dynacli.output.formats.table_rows import Table

        table = Table(env, items(), columns, is_shown=is_shown)
        pieces, note = table.pieces(), table.note
    else:
        from dynacli.output.formats.table_rows import separated_lines

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
