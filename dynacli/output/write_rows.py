"""Writing a list row by row as it is read, so that a list of any length takes no memory and begins at once."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from dynacli.environment import Environment
from dynacli.output.output_form import OutputForm
from dynacli.output.render import is_for_people, list_width, write_data
from dynacli.output.written_text import blocks, written_text
from dynacli.text.terminal import Painter, visible_painted

__all__ = ["write_rows"]


def write_rows(
    env: Environment,
    rows: Iterable[Mapping[str, Any]],
    form: OutputForm,
    lines: Callable[[Painter, int], Iterable[str]],
) -> None:
    """Write the rows that one of dynacli's own verbs lists, as `write_data` would write the list of them.

    Args:
        env: The surroundings of the run.
        rows: JSON objects.
        form: As `write_data` takes it.
        lines: Makes the lines for a person, in the place of the rows, from a painter and a width in columns.

    Raises:
        FormError: The rows cannot be shown in this form, and were written as JSON.
        FileError: The file or standard output cannot be written.
        BrokenPipeError: The reader of standard output is gone.
    """
    if form.filter:
        write_data(env, list(rows), form)
    elif is_for_people(form):
        made = lines(Painter.for_stdout(env), list_width(env))
        pieces = _text_pieces(made, visible_painted if env.stdout_is_terminal else str)
        with written_text(env, form) as write:
            for block in blocks(pieces):
                write(block)
    else:
        from dynacli.output.formats.written_items import write_items

        write_items(env, rows, form)


def _text_pieces(lines: Iterable[str], shown: Callable[[str], str]) -> Iterator[str]:
    line = None
    for line in lines:
        yield f"{shown(line)}\n"
    if line is None:
        yield "\n"
