"""`--all` and `--max-items`: the pages of a list are called one after the other, and written as one result."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

from dynacli.client.described_operation import DescribedOperation
from dynacli.client.engine.call_engine import Engine
from dynacli.client.inputs.call_inputs import CallInputs
from dynacli.client.pages.known_items import known_items
from dynacli.client.pages.merge_pages import MergedVerdict, merged_text
from dynacli.client.pages.page_loop import Page, PageLoop
from dynacli.commands.call.series.growing_list import GrowingList, may_grow
from dynacli.commands.run import Run
from dynacli.errors import DynacliError, FileError, FormError
from dynacli.model.wording import counted
from dynacli.output.output_form import ITEM_FORMATS
from dynacli.record import replace
from dynacli.text.exact_json import compact_json, read_json
from dynacli.transport.interrupts import noting_interrupt

if TYPE_CHECKING:
    from dynacli.commands.call.call_report import CallReport

__all__ = ["Listing"]

_WRITTEN_WHOLE = 1024 * 1024
"""Characters of items up to which a list is written only when it is complete."""


class Listing:
    """One list, whose pages are called one after the other.

    Attributes:
        inputs: The inputs of the first page: those that were given, and the largest page that the document allows.

    Args:
        engine: Makes the calls.
        report: The report for machines; None where none is asked for.

    Raises:
        UsageError: The document says that the answer has several lists.
        FileError: The rule in the configuration is malformed.
    """

    def __init__(
        self,
        run: Run,
        engine: Engine,
        described: DescribedOperation,
        inputs: CallInputs,
        report: "CallReport | None",
    ) -> None:
        self._run, self._described, self._report = run, described, report
        self._form = run.output_form(engine.settings.output)
        is_keyset_asked = run.options.all == "keyset"
        self._loop = PageLoop(
            engine,
            described,
            inputs,
            parse=read_json,
            max_items=run.options.max_items,
            is_keyset_asked=is_keyset_asked,
        )
        self._loop.check_list()
        self.inputs = inputs if self._loop.position is None else self._loop.position.inputs
        self._verdict = MergedVerdict()
        self._first: Page | None = None
        self._last: Page | None = None
        self._write_item: Callable[[Any], None] | None = None
        self._texts: list[str] = []
        self._size = 0
        self._may_grow = may_grow(run.env, self._form)
        self._growing: GrowingList | None = None
        self._open = ExitStack()

    def call(self) -> None:
        """Call the pages, and write and judge what came; also where an error or an interruption ends it.

        Raises:
            DynacliError: The list does not end well; the exit code is the error's.
            KeyboardInterrupt: The person interrupted it.
        """
        with self._open:
            self._call()

    def _call(self) -> None:
        unwritten: FileError | FormError | None = None
        try:
            with self._writing_items():
                for page in self._loop:
                    self._take_whole(page)
        except BrokenPipeError:
            raise
        except FormError as error:
            ended_by = error.__context__
            if isinstance(ended_by, DynacliError | KeyboardInterrupt):
                # The pages had ended with an error before their items made no table.
                self._run.warn(f"{error.message}: {error.why}")
                self._end_early(ended_by)
                raise ended_by from None
            unwritten = error
        except (DynacliError, KeyboardInterrupt) as error:
            self._end_early(error)
            raise
        self._conclude(unwritten or self._write())

    @property
    def _is_streamed(self) -> bool:
        """Whether items are written one by one, so that they need not be kept: a filter is about the whole result."""
        return self._form.format in ITEM_FORMATS and not self._form.filter

    @contextmanager
    def _writing_items(self) -> Iterator[None]:
        """Enter with what writes the items as they come, or when all are there."""
        with ExitStack() as stack:
            if self._is_streamed:

                def begin(item: Any) -> None:
                    # The format of items is that of a result; an answer without any is written as it is.
                    from dynacli.output.formats.written_items import written_items

                    known = known_items(self._described)
                    columns = () if known is None else known.names
                    writing = written_items(self._run.env, self._form, columns=columns)
                    self._write_item = stack.enter_context(writing)
                    self._write_item(item)

                self._write_item = begin
            yield

    def _take_whole(self, page: Page) -> None:
        """Take a page that came; an interruption waits until all of it was written.

        Raises:
            KeyboardInterrupt: The person interrupted it.
        """
        is_interrupted = False

        def note() -> None:
            nonlocal is_interrupted
            is_interrupted = True

        with noting_interrupt(note):
            self._take(page)
        if is_interrupted:
            raise KeyboardInterrupt

    def _take(self, page: Page) -> None:
        """Take a page that came: its items are kept, and its value only where it is the first or the last one."""
        if self._form.include and page.number == 1:
            from dynacli.commands.call.message_heads import write_head

            write_head(self._run.env, page.call.signed, page.answer)
        is_success = 200 <= page.answer.status < 300
        items, count = page.items or (), self._loop.count - len(page.items or ())
        self._verdict.add(page, self._loop.items, count)
        if is_success:
            # Of the pages between them, nothing is kept but the items.
            self._last = page._replace(items=None)
            if self._growing is not None:
                self._growing.last = page.value
        if self._first is None:
            self._first = page._replace(items=None if page.items is None else [])
        self._take_items(items)
        if not is_success and page.number > 1:
            from dynacli.client.answers.answer_errors import http_error

            raise http_error(page.call, page.answer)

    def _take_items(self, items: Iterable[Any]) -> None:
        """Take items: they are written, or kept up to a size from which the list is written while it grows."""
        if self._write_item is not None:
            for item in items:
                self._write_item(item)
            return
        texts = [compact_json(item) for item in items]
        if self._growing is None:
            self._texts += texts
            self._size += sum(map(len, texts))
            place, first, last = self._loop.items, self._first, self._last
            if self._size > _WRITTEN_WHOLE and self._may_grow and place and first and last:
                growing = GrowingList(self._run.env, self._form, first.value, place)
                growing.last = last.value
                self._growing = self._open.enter_context(growing)
                texts, self._texts = self._texts, []
        if self._growing is not None:
            self._growing.add(texts)

    def _write(self) -> FileError | FormError | None:
        """Write what came, unless it was written as it came; return why it could not be written."""
        first, last = self._first, self._last
        if first is None:
            return None
        if self._growing is not None:
            self._first = first._replace(answer=replace(first.answer, body=b""))
            try:
                self._growing.end()
            except FileError as error:
                return error
            return None
        body, media_type = first.answer.body, first.answer.header("content-type")
        form = self._form
        if first.items is not None and last is not None and self._loop.items is not None:
            if self._is_streamed and self._loop.count:
                self._first = first._replace(answer=replace(first.answer, body=b""))
                return None
            text = merged_text(first.value, last.value, self._loop.items, self._texts) + "\n"
            body, media_type = text.encode("utf-8", "surrogatepass"), "application/json"
        elif form.is_of_value and not 200 <= first.answer.status < 300:
            form = form.unfiltered()
        self._first = first._replace(answer=replace(first.answer, body=body, size=len(body)))
        from dynacli.output.render import write_body

        try:
            write_body(self._run.env, body, media_type, form, known=known_items(self._described))
        except (FileError, FormError) as error:
            return error
        return None

    def _conclude(self, unwritten: FileError | FormError | None) -> None:
        """Report the verdict on all pages, and raise the error that the run ends with."""
        page = self._first
        if page is None:
            return
        if 200 <= page.answer.status < 300:
            self._say_what_is_missing()
        from dynacli.commands.call.conclude_call import conclude

        verdict = None if page.verdict is None else self._verdict
        conclude(self._run, page.call, page.answer, verdict, self._report, unwritten)

    def _say_what_is_missing(self) -> None:
        """Say why this is one page, where nothing says how to ask for another, or the answer is no list."""
        if note := self._loop.note:
            is_no_list = self._loop.items is None and not self._loop.is_keyed
            (self._run.warn if is_no_list else self._run.note)(note)
        if self._verdict.dropped:
            self._run.note(f"{self._verdict.dropped:,} more findings are not told")

    def _end_early(self, error: BaseException) -> None:
        """Write what came before an error or an interruption, and say how to go on."""
        page = self._first
        if page is None:
            return
        count = self._loop.count
        unwritten = self._write()
        if unwritten is not None:
            self._run.warn(f"{unwritten.message}: {unwritten.why}")
        if page.verdict is not None:
            from dynacli.commands.call.conclude_call import report_verdict_so_far

            first = self._first or page
            report_verdict_so_far(self._run, page.call, first.answer, self._verdict, self._report)
        came = f"{counted(count, 'item')} came before that"
        from dynacli.commands.call.series.go_on import go_on_line

        line = go_on_line(
            self._run.words, self._run.options.max_items, self._described, page.call, self._loop
        )
        details = {"items": count, "go_on": line or None}
        if isinstance(error, DynacliError):
            error.details.update(details)
        self._run.note(f"{came}; go on with: {line}" if line else came)
