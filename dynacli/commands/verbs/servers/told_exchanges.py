"""Where a server tells its exchanges: in lines for a person, in objects for a program, each as soon as it is over."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from dynacli.commands.run import Run
from dynacli.errors import FormError
from dynacli.output.output_form import OutputForm
from dynacli.output.render import is_for_people
from dynacli.record import replace
from dynacli.text.terminal import Painter

__all__ = ["Told", "is_text", "told_exchanges"]


class Told(Protocol):
    """An exchange as it is told."""

    def lines(self, paint: Painter, *, is_verbose: bool) -> str:
        """Return it as text."""

    def row(self) -> dict[str, Any]:
        """Return it as data."""


def is_text(form: OutputForm) -> bool:
    """Return whether exchanges are told in lines for a person: a filter needs the objects."""
    return is_for_people(form) and not form.filter


@contextmanager
def told_exchanges(run: Run) -> Iterator[Callable[[Told], None]]:
    """Yield a function that tells an exchange on standard output, or in the file that is asked for.

    An exchange on which the filter fails is left out: what a client sends must not end the server.

    Raises:
        FormError: The filter failed on an exchange; raised at the end of the block.
        FileError: The file or standard output cannot be written.
        BrokenPipeError: The reader of standard output is gone.
    """
    env, form = run.env, run.data_form
    if is_text(form):
        from dynacli.output.written_text import written_text

        paint, is_verbose = Painter.for_stdout(env), bool(run.options.verbose)
        with written_text(env, replace(form, may_page=False)) as write:
            yield lambda told: write(f"{told.lines(paint, is_verbose=is_verbose)}\n")
        return
    from dynacli.output.formats.written_items import written_items

    if form.format in {"auto", "json"}:
        form = replace(form, format="ndjson")  # there is no last item before the end
    failures: list[FormError] = []
    with written_items(env, form) as write_item:

        def tell(told: Told) -> None:
            try:
                write_item(told.row())
            except FormError as error:
                if not failures:
                    run.warn(f"{error.message}: such exchanges are left out")
                    failures.append(error)

        yield tell
    if failures:
        raise failures[0]
