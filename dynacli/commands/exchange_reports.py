"""Reports of `mock` and `proxy` on each finished exchange."""

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
    """An exchange that can be reported."""

    def lines(self, paint: Painter, *, is_verbose: bool) -> str:
        """Return the exchange as text."""

    def row(self) -> dict[str, Any]:
        """Return the exchange as data."""


def is_for_reader(form: OutputFormat) -> bool:
    """Return whether exchanges are printed as text instead of data. A filter needs data."""
    return is_for_people(form) and not form.filter


@contextmanager
def shown_exchanges(run: Run) -> Iterator[Callable[[_Shown], None]]:
    """Yield a function that prints an exchange to standard output, or to the requested file.

    An exchange on which the filter fails is skipped, because a client must not be able to stop the server.

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
        form = replace(form, format="ndjson")  # a JSON array would be incomplete until the end
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
