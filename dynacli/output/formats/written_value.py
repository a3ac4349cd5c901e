"""Writing a whole value in a form that is made of it: filtered, as rows or lines of its items, as assignments."""

from typing import Any

from dynacli.environment import Environment
from dynacli.errors import FormError
from dynacli.model.find_items import Items, KnownItems, find_items
from dynacli.output.formats.value_text import LINE_OF, value_text
from dynacli.output.formats.written_items import write_items, write_table
from dynacli.output.output_form import ITEM_FORMATS, OutputForm
from dynacli.output.written_text import written_text
from dynacli.record import replace

__all__ = ["write_value"]


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
    with written_text(env, form) as write:
        write(value_text(env, value, form))


def _write_items(env: Environment, value: Any, form: OutputForm, known: KnownItems | None) -> None:
    found = find_items(value, known)
    items = found.values if isinstance(found, Items) else [value]
    if form.format in LINE_OF:
        write_items(env, items, form)
        return
    from dynacli.output.formats.table_rows import Columns

    names = () if known is None else known.names
    if isinstance(found, Items) and found.is_keyed and found.values:
        names = tuple(dict.fromkeys((next(iter(found.values[0])), *names)))
    columns = Columns(form.columns, names)
    for item in items:
        columns.note(item)
    if not isinstance(found, Items) and form.format == "table" and isinstance(value, dict):
        from dynacli.output.formats.table_rows import object_lines

        (row,) = columns.rows(items)
        shown = dict(zip(columns.names(), row, strict=True))
        lines, note = object_lines(env, shown, is_shown=env.stdout_is_terminal and not form.file)
        with written_text(env, form) as write:
            write("".join(lines))
        if note:
            from dynacli.output.standard_error import write_stderr

            write_stderr(env, note)
    else:
        write_table(env, form, lambda: items, columns)
