"""A list that is written while its pages come: one JSON value, of which nothing is kept that was written."""

from collections.abc import Callable, Iterable
from contextlib import ExitStack
from types import TracebackType
from typing import Any, Self

from dynacli.client.pages.merge_pages import text_around
from dynacli.client.pages.page_rule import AnswerPlace
from dynacli.environment import Environment
from dynacli.output.output_form import OutputForm
from dynacli.output.stream_body import is_unchanged
from dynacli.output.written_text import written_text
from dynacli.text.json_text import reindent

__all__ = ["GrowingList", "may_grow"]


def may_grow(env: Environment, form: OutputForm) -> bool:
    """Return whether a form writes JSON to where nobody pages through it: to a pipe or into a file."""
    is_json = form.format == "json" and not (form.filter or form.columns or env.stdout_is_terminal)
    return is_json or is_unchanged(env, form)


class GrowingList:
    """Writes items as they come, within what stands around them in their first page.

    It is a context manager: where an exception leaves the block, the value is complete all the same, and a file is as
    it was before.

    Attributes:
        last: The value of the page that came last.

    Args:
        first: The value of the first page.
        place: Where that has its items.
    """

    def __init__(self, env: Environment, form: OutputForm, first: Any, place: AnswerPlace) -> None:
        self._env, self._form, self._first, self._place = env, form, first, place
        self.last = first
        depth = len(place.steps or ())
        self._lay_out: Callable[[str], str] = str
        self._break = self._end = ""
        if form.format == "json":
            self._lay_out, self._end = reindent, "\n" + "  " * depth
            self._break = self._end + "  "
        self._opened = ExitStack()
        self._is_begun = self._is_ended = False

    def __enter__(self) -> Self:
        """Begin the value."""
        self._write = self._opened.enter_context(written_text(self._env, self._form))
        before, _ = text_around(self._first, self._first, self._place, self._lay_out)
        self._put(f"{before}[")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Complete the value, unless it is complete, or could not be written."""
        if not self._is_ended and not self._form.file and kind is not None:
            self._put_end()
        self._opened.__exit__(kind, error, traceback)

    def add(self, items: Iterable[str]) -> None:
        """Write further items, the JSON of each, at once.

        Raises:
            FileError: They cannot be written.
            BrokenPipeError: The reader of standard output is gone.
        """
        texts = [self._lay_out(item).replace("\n", self._break) if self._break else item for item in items]
        if texts:
            comma = "," if self._is_begun else ""
            self._is_begun = True
            self._put(f"{comma}{self._break}" + f",{self._break}".join(texts))

    def end(self) -> None:
        """Complete the value, and put the file in its place.

        Raises:
            FileError: It cannot be written, or could not be before.
            BrokenPipeError: The reader of standard output is gone.
        """
        if not self._is_ended:
            self._put_end()
            self._opened.close()

    def _put_end(self) -> None:
        _, after = text_around(self._first, self.last, self._place, self._lay_out)
        self._is_ended = True
        self._write(f"{self._end if self._is_begun else ''}]{after}\n")

    def _put(self, text: str) -> None:
        try:
            self._write(text)
        except BaseException:
            self._is_ended = True  # nothing could stand behind a part of it
            raise
