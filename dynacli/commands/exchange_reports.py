"""How `mock` and `proxy` report each exchange when it is over."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from dynacli.commands.run import Run
from dynacli.errors import FormatError
from dynacli.output.output_format import OutputFormat
from dynacli.output.render import is_for_people
from dynacli.record import replace
from dynacli.text.terminal import Painter


class _Shown(Protocol):
    """An exchange as it is reported."""

    def lines(self, paint: Painter, *, is_verbose: bool) -> str:
        """Return it as text."""

    def row(self) -> dict[str, Any]:
        """Return it as data."""


def is_for_reader(form: OutputFormat) -> bool:
    """Return whether exchanges are reported in lines for a person: a filter needs the objects."""
    return is_for_people(form) and not form.filter


@contextmanager
def shown_exchanges(run: Run) -> Iterator[Callable[[_Shown], None]]:
    """Yield a function that tells an exchange on standard output, or in the file that is asked for.

    An exchange on which the filter fails is left out: what a client sends must not end the server.

    Raises:
        FormatError: The filter failed on an exchange; raised at the end of the block.
        FileError: The file or standard output cannot be written.
        BrokenPipeError: The reader of standard output is gone.
    """
    env, form = run.env, run.data_format
    if is_for_reader(form):
        from dynacli.output.standard_output import written_text

        paint, is_verbose = Painter.for_stdout(env), bool(run.options.verbose)
        with written_text(env, replace(form, may_page=False)) as write:
            yield lambda reported: write(f"{reported.lines(paint, is_verbose=is_verbose)}\n")
        return
    from dynacli.output.written_items import written_items

    if form.format in {"auto", "json"}:
        form = replace(form, format="ndjson")  # there is no last item before the end
    failures: list[FormatError] = []
    with written_items(env, form) as write_item:

        def announce(reported: _Shown) -> None:
            try:
                write_item(reported.row())
            except FormatError as error:
                if not failures:
                    run.warn(f"{error.message}: such exchanges are left out")
                    failures.append(error)

        yield announce
    if failures:
        raise failures[0]
