"""Several successive calls of one command.

`--all` and `--max-items` print the pages of a list as one result. `--wait` and `--follow` print the last response.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from time import monotonic
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote_plus

from dynacli.client.call import Call, Page, base_url_of
from dynacli.client.described_operation import DescribedOperation
from dynacli.client.engine.call_engine import Engine, MadeCall
from dynacli.client.inputs.call_inputs import CallInputs
from dynacli.client.pages.merged_pages import MergedPages
from dynacli.client.pages.page_loop import PageLoop
from dynacli.client.parallel_calls import noting_interrupt
from dynacli.commands.call._receive_response import ResponseReceiver, note_if_large, write_response
from dynacli.commands.call.conclude_call import conclude, report_validation_so_far, write_head
from dynacli.commands.read_line import read_words, words_with_values
from dynacli.commands.run import Run
from dynacli.environment import Environment, invocation_words, program
from dynacli.errors import DynacliError, FileError, FormatError, UsageError
from dynacli.media.body_value import NoValueError, exact_value
from dynacli.openapi.model.find_items import KnownItems
from dynacli.openapi.model.operation import Parameter
from dynacli.openapi.model.wording import counted, shell_line
from dynacli.options.standard_options import Options
from dynacli.output.output_format import ITEM_FORMATS, OutputFormat
from dynacli.output.standard_output import writes_unchanged, written_text
from dynacli.record import replace
from dynacli.text.json_text import reindent
from dynacli.text.terminal import visible
from dynacli.urls import split_url

if TYPE_CHECKING:
    from dynacli.commands.call.call_report import CallReport
    from dynacli.http.exchange import WireResponse

_WRITTEN_WHOLE = 1024 * 1024
"""Maximum characters of a list that is written only when it is complete."""
_MAX_ITEMS = "--max-items"
_LITERALS = re.compile(r"'(?:[^'\\\\]|\\\\.)*'|`[^`]*`")
_NAMES = re.compile(r"[A-Za-z_][\w.]*")
_LONGEST_STATE = 40


def _may_grow(env: Environment, form: OutputFormat) -> bool:
    """Return whether JSON may be written in parts: it goes unchanged or formatted to a pipe or a file."""
    is_json = form.format == "json" and not (
        form.filter or form.columns or form.include or env.stdout_is_terminal
    )
    return is_json or writes_unchanged(env, form)


@contextmanager
def written_list(
    env: Environment,
    form: OutputFormat,
    around: Callable[[Callable[[str], str]], tuple[str, str]],
    depth: int,
) -> Iterator[Callable[[Sequence[str]], None]]:
    """Write the items of a list on arrival, together with the value around the list.

    If the block raises an exception, the printed JSON is still complete, and a file stays unchanged.

    Args:
        around: Returns the JSON before and after the list, formatted by the given function.
        depth: Number of objects around the list.

    Yields:
        A function that immediately writes the JSON of more items.

    Raises:
        FileError: The value cannot be written.
        BrokenPipeError: The reader of standard output is gone.
    """
    lay_out: Callable[[str], str] = str
    line = end = ""
    if form.format == "json":
        lay_out, end = reindent, "\n" + "  " * depth
        line = end + "  "
    with written_text(env, form) as write:
        is_begun, is_whole = False, True

        def put(text: str) -> None:
            nonlocal is_whole
            is_whole = False  # after an interrupted write, nothing may follow
            write(text)
            is_whole = True

        def add(items: Sequence[str]) -> None:
            nonlocal is_begun
            if items:
                texts = [lay_out(item).replace("\n", line) if line else item for item in items]
                comma = "," if is_begun else ""
                is_begun = True
                put(f"{comma}{line}" + f",{line}".join(texts))

        def complete() -> None:
            if is_whole:
                write(f"{end if is_begun else ''}]{around(lay_out)[1]}\n")

        put(f"{around(lay_out)[0]}[")
        try:
            yield add
        except BaseException:
            if not form.file:
                complete()
            raise
        complete()


class Listing:
    """Fetches the pages of a list.

    Attributes:
        inputs: The inputs of the first page: the given ones, and the largest page size that the document allows.

    Args:
        engine: Engine that makes the calls.
        report: The report for programs; None if none is requested.

    Raises:
        UsageError: The response has several lists according to the document.
        FileError: The pagination rule in the configuration is malformed.
    """

    def __init__(
        self,
        run: Run,
        engine: Engine,
        described: DescribedOperation,
        inputs: CallInputs,
        report: CallReport | None,
    ) -> None:
        self._run, self._engine, self._described, self._report = run, engine, described, report
        self._form = run.output_format(engine.settings.output)
        is_keyset_asked = run.options.all == "keyset"
        self._loop = PageLoop(
            engine,
            described,
            inputs,
            reading="exact",
            max_items=run.options.max_items,
            is_keyset_asked=is_keyset_asked,
            make_first=self._make_first,
        )
        self._loop.check_list()
        self.inputs = inputs if self._loop.position is None else self._loop.position.inputs
        self._pages = MergedPages(self._loop)
        self._response: WireResponse | None = None
        self._write_item: Callable[[Any], None] | None = None
        self._may_grow = _may_grow(run.env, self._form)
        self._write_more: Callable[[Sequence[str]], None] | None = None
        self._open = ExitStack()

    def _make_first(self, call: Call) -> MadeCall | None:
        """Make the call of the first page. A stream is written at once, as without pagination."""
        return ResponseReceiver(self._run, self._engine, call, self._report).make(may_be_page=True)

    def call(self) -> None:
        """Fetch the pages, then write and validate them, even after an error or an interruption.

        Raises:
            DynacliError: A call fails. The error has the exit code.
            KeyboardInterrupt: The user interrupted the calls.
        """
        with self._open:
            self._call()

    def _call(self) -> None:
        unwritten: FileError | FormatError | None = None
        try:
            with self._writing_items():
                for page in self._loop:
                    self._take_whole(page)
        except BrokenPipeError:
            raise
        except FormatError as error:
            if self._pages.first is None:
                raise
            ended_by = error.__context__
            if isinstance(ended_by, DynacliError | KeyboardInterrupt):
                # The pages ended with an error first. Then their items did not fit a table.
                self._run.warn(f"{error.message}: {error.reason}")
                self._end_early(ended_by)
                raise ended_by from None
            unwritten = error
        except (DynacliError, KeyboardInterrupt) as error:
            self._end_early(error)
            raise
        self._conclude(unwritten or self._write())

    @property
    def _is_streamed(self) -> bool:
        """Whether items are written one by one and need not be stored. A filter applies to the whole result."""
        return self._form.format in ITEM_FORMATS and not self._form.filter and not self._form.include

    @contextmanager
    def _writing_items(self) -> Iterator[None]:
        """Enter a context in which the first item opens the output if items are written one by one."""
        with ExitStack() as stack:
            if self._is_streamed:

                def begin(item: Any) -> None:
                    # Opened with the first item: a response without items is written unchanged.
                    from dynacli.output.written_items import written_items

                    known = self._described.known_items or KnownItems()
                    writing = written_items(self._run.env, self._form, known=known, is_later=self._is_later)
                    self._write_item = stack.enter_context(writing)
                    self._write_item(item)

                self._write_item = begin
            yield

    def _is_later(self) -> bool:
        """Return whether the page that is written is not the first one."""
        return self._pages.last is not None and self._pages.last.number > 1

    def _take_whole(self, page: Page) -> None:
        """Handle a page. An interruption waits until the page is written.

        Raises:
            KeyboardInterrupt: The user interrupted the calls.
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
        """Handle a page: write its items, or store them while the list is small.

        Raises:
            HttpError: A later page is an error response.
        """
        if self._form.include and not self._form.is_whole and page.number == 1:
            write_head(self._run.env, page.call.signed, page.response)
        pages, items = self._pages, page.items or ()
        pages.add(page)
        if self._write_item is not None:
            for item in items:
                self._write_item(item)
            return
        pages.keep(items)
        if self._write_more is None and pages.size > _WRITTEN_WHOLE and self._may_grow and pages.is_list:
            writing = written_list(self._run.env, self._form, pages.around, pages.depth)
            self._write_more = self._open.enter_context(writing)
        if self._write_more is not None:
            self._write_more(pages.taken_texts())

    def _write(self) -> FileError | FormatError | None:
        """Write the pages, unless they were written on arrival. Return the error if that fails."""
        first = self._pages.first
        if first is None:
            return None
        is_streamed = self._pages.is_list and self._is_streamed and bool(self._loop.count)
        if self._write_more is not None or is_streamed:
            self._response = replace(first.response, body=b"")
            try:
                self._open.close()
            except FileError as error:
                return error
            return None
        self._response = response = self._pages.response(first, "\n")
        form = self._form if response.is_success else self._form.of_error
        try:
            write_response(self._run, first.call, response, form, self._loop)
        except (FileError, FormatError) as error:
            return error
        return None

    def _conclude(self, unwritten: FileError | FormatError | None) -> None:
        """Report the validation result of all pages, and raise the error that ends the run, if there is one."""
        page = self._pages.first
        if page is None:
            return
        response = self._response or page.response
        if response.is_success:
            self._say_what_is_missing()
            self._say_what_came()
        note_if_large(self._run, page.call, response, self._form, self._loop)
        validation = None if page.validation is None else self._pages.validation
        conclude(self._run, page.call, response, validation, self._report, unwritten)

    def _say_what_is_missing(self) -> None:
        """Report why there is only one page, and how many findings are omitted."""
        if note := self._loop.note:
            is_no_list = self._loop.items is None and not self._loop.is_keyed
            (self._run.warn if is_no_list else self._run.note)(note)
        if self._pages.validation.dropped:
            self._run.note(f"{self._pages.validation.dropped:,} more findings are not shown")

    def _say_what_came(self) -> None:
        """Print the number of items and pages on a terminal; nothing for a single page."""
        run, last = self._run, self._pages.last
        if last is not None and last.number > 1 and run.env.stderr_is_terminal and run.error_format == "text":
            run.note(f"{counted(self._loop.count, 'item')}, {counted(last.number, 'page')}")

    def _end_early(self, error: BaseException) -> None:
        """Write the pages that arrived before an error or an interruption, and print the command that continues."""
        page = self._pages.first
        if page is None:
            return
        count = self._loop.count
        unwritten = self._write()
        if unwritten is not None:
            self._run.warn(f"{unwritten.message}: {unwritten.reason}")
        if page.validation is not None:
            response = self._response or page.response
            report_validation_so_far(self._run, page.call, response, self._pages.validation, self._report)
        came = f"{counted(count, 'item')} came before that"

        line = _go_on_line(
            self._run.words, self._run.options.max_items, self._described, page.call, self._loop
        )
        details = {"items": count, "go_on": line or None}
        if isinstance(error, DynacliError):
            error.details.update(details)
        self._run.note(f"{came}; go on with: {line}" if line else came)


def _go_on_line(
    typed: Sequence[str], max_items: int | None, described: DescribedOperation, first: Call, loop: PageLoop
) -> str:
    """Return the command that continues with the next page; empty if there is none.

    Args:
        typed: The arguments of the program.
        max_items: Maximum number of items; None for all.
        first: The call of the first page.
        loop: The pages so far.
    """
    position = loop.position
    if position is None or loop.count == 0:
        return ""
    options = _options_of_url(described, first, position.url) if position.url else _changed_inputs(loop)
    words = list(typed)
    if options is None:
        target = _path_of(described, first, position.url) if position.url else ""
        if not target:
            return ""
        method = described.operation.method
        verb = invocation_words("request", described.api.name)[1:]
        words, options = [*verb, method, target, *_standard_words(words)], {}
    if max_items is not None:
        options[_MAX_ITEMS] = str(max_items - loop.count)
    words = words_with_values(words, options, _flags_of(described, options))
    return first.signed.masker.mask(shell_line([program().name, *words]))


def _path_of(described: DescribedOperation, first: Call, url: str) -> str:
    """Return path and query of a URL for `dynacli request`; empty if it is not below the server of the API."""
    base = base_url_of(described, first.settings).rstrip("/")
    parts = split_url(url)
    keys = {name for _, name in described.operation.api_keys}
    kept = [pair for pair in parts.query.split("&") if unquote_plus(pair.partition("=")[0]) not in keys]
    plain = parts._replace(query="&".join(kept)).geturl()
    return plain.removeprefix(base) if plain.startswith(f"{base}/") else ""


def _standard_words(words: list[str]) -> list[str]:
    """Return the options of dynacli among the arguments."""
    return [item for word in read_words(words).given if word.binding is not None for item in word.words]


def _changed_inputs(loop: PageLoop) -> dict[str, str] | None:
    """Return flag → value of the input that changes from page to page; None if there is none."""
    from dynacli.client.pages.next_page import given_value
    from dynacli.openapi.schema.example_call import option_text

    place = loop.rule.input
    if place is None or loop.position is None:
        return None
    return {f"--{place.option}": option_text(given_value(place, loop.position.inputs))}


def _options_of_url(described: DescribedOperation, first: Call, url: str) -> dict[str, str] | None:
    """Return flag → value for the query of a URL; None if options of the operation cannot express it."""
    parts, began = split_url(url), split_url(first.signed.request.url)
    if parts.path != began.path:
        return None
    parameters = {
        parameter.name: parameter
        for parameter in described.operation.parameters
        if parameter.location == "query" and parameter.value.type not in ("array", "object")
    }
    before = dict(parse_qsl(began.query, keep_blank_values=True))
    options = {}
    for name, text in parse_qsl(parts.query, keep_blank_values=True):
        if before.get(name) == text:
            continue
        if name not in parameters:
            return None
        options[f"--{parameters[name].option}"] = text
    return options or None


def _flags_of(described: DescribedOperation, options: dict[str, Any]) -> set[str]:
    """Return all spellings of the options on the command line."""
    flags = set(options)
    for parameter in described.operation.parameters:
        if f"--{parameter.option}" in options:
            flags.update(_spellings(parameter))
    return flags


def _spellings(parameter: Parameter) -> set[str]:
    names = {parameter.option, parameter.word, parameter.name, *parameter.aliases}
    return {f"--{name}" for name in names} | {f"--{parameter.location}.{name}" for name in names}


class LastResponse:
    """The last response of a series of calls.

    Args:
        engine: Engine that makes the calls.
        report: The report for programs; None if none is requested.

    Raises:
        UsageError: The options cannot be combined, or a condition or link is invalid.
    """

    def __init__(
        self, run: Run, engine: Engine, described: DescribedOperation, report: CallReport | None
    ) -> None:
        from dynacli.client.engine.series import WAIT_SECONDS, Until, check_wait
        from dynacli.client.links.follow_link import check_links

        self._run, self._engine, self._described, self._report = run, engine, described, report
        settings = engine.settings
        self._form = run.output_format(settings.output)
        _check_options(run.options)
        options = run.options
        targets = [described]
        if options.follow:
            targets = check_links(
                described,
                options.follow,
                settings,
                is_read_only=run.is_read_only,
                wants_example=options.example,
            )
        self._until: Until | None = None
        if options.wait:
            self._until = Until(options.wait, options.wait_timeout or WAIT_SECONDS, options.wait_interval)
            for target in targets:
                check_wait(target, self._until)
        self._shown: Call | None = None

    def call(self, inputs: CallInputs) -> None:
        """Make the calls, then write and validate the last response, even after an error.

        Raises:
            DynacliError: A call fails. The error has the exit code.
        """
        from dynacli.client.engine.series import Series

        run, options = self._run, self._run.options
        began = monotonic()
        series = Series(
            self._engine,
            follow=options.follow,
            until=self._until,
            wants_example=options.example,
            ends_with_findings=self._engine.settings.is_strict and not options.no_fail,
            on_next=self._begin_next,
        )
        try:
            last = series.make(self._described, inputs)
        except DynacliError:
            if series.last is not None:
                unwritten = self._write(series.last.call, series.last.response)
                if unwritten is not None:
                    run.warn(f"{unwritten.message}: {unwritten.reason}")
                self._announce(series.last)
            raise
        call, response, validation = last
        unwritten = self._write(call, response)
        note_if_large(run, call, response, self._form)
        conclude(run, call, response, validation, self._report, unwritten)
        if self._until is not None and series.pauses:
            self._note_wait(last, series.pauses + 1, monotonic() - began)

    def _note_wait(self, last: MadeCall, calls: int, seconds: float) -> None:
        """Say on a terminal how long a wait took, with the value that it waited for."""
        run = self._run
        if self._until is None or not (run.env.stderr_is_terminal and run.error_format == "text"):
            return
        reached = _value_waited_for(last, self._until.expression) or "true"
        run.note(f"{reached} after {counted(calls, 'call')}, {seconds:.1f} s")

    def _begin_next(self, made: MadeCall, described: DescribedOperation) -> None:
        self._announce(made)
        if self._report is not None:
            self._report.begin_next(made.call.described, described)

    def _announce(self, made: MadeCall) -> None:
        """Report on a response that is not the result, unless that was done before."""
        if made.validation is not None and made.call is not self._shown:
            report_validation_so_far(self._run, made.call, made.response, made.validation, self._report)
        self._shown = made.call

    def _write(self, call: Call, response: WireResponse) -> FileError | FormatError | None:
        """Write a response. Return the error if that fails."""
        form = self._form
        if form.include and not form.is_whole:
            write_head(self._run.env, call.signed, response)
        try:
            is_success = response.is_success
            write_response(self._run, call, response, form if is_success else form.of_error)
        except (FileError, FormatError) as error:
            return error
        return None


def _value_waited_for(made: MadeCall, expression: str) -> str:
    """Return the text that the only name of an expression has in a response; empty if there is none."""
    names = {*_NAMES.findall(_LITERALS.sub("", expression))}
    if len(names) != 1:
        return ""
    try:
        value = exact_value(made.call.received(made.response))
    except NoValueError:
        return ""
    found = value.get(names.pop()) if isinstance(value, dict) else None
    text = found if isinstance(found, str) else ""
    masked = made.call.signed.response_masker(made.response.headers).mask(text[:_LONGEST_STATE])
    return visible(masked, keep="")


def _check_options(options: Options) -> None:
    """Check that the options can be combined.

    Raises:
        UsageError: The options cannot be combined.
    """
    if not options.wait and (options.wait_timeout, options.wait_interval) != (None, None):
        raise UsageError(
            "`--wait` is missing",
            reason="`--wait-timeout` and `--wait-interval` need `--wait`",
            hint="For example: `--wait \"status == 'done'\"`",
        )
    several = "--wait" if options.wait else "--follow"
    if options.all or options.max_items is not None:
        raise UsageError(
            f"`{several}` and `{'--all' if options.all else '--max-items'}` cannot be combined",
            reason=f"`{several}` looks at one response, and a list of many pages has many",
            hint="Make two calls",
        )
    if options.resume or options.remote_name:
        raise UsageError(
            f"`{several}` and `{'--resume' if options.resume else '-O'}` cannot be combined",
            reason="A response that is looked at is not written as it comes",
            hint="Make two calls",
        )
