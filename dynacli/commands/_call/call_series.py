"""Several calls for one command, made one after the other.

`--all` and `--max-items`: the pages of a list are written as one result. `--wait` and `--follow`: the last response is
written.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import parse_qsl, unquote_plus

from dynacli.client.call import Call, Page, base_url_of
from dynacli.client.described_operation import DescribedOperation
from dynacli.client.engine.call_engine import Engine, MadeCall
from dynacli.client.inputs.call_inputs import CallInputs
from dynacli.client.pages.known_items import known_items
from dynacli.client.pages.page_loop import MergedValidation, PageLoop, merged_text, text_around
from dynacli.client.pages.page_rule import ResponsePlace
from dynacli.client.parallel_calls import noting_interrupt
from dynacli.commands._call.conclude_call import conclude, report_validation_so_far, write_head
from dynacli.commands._call.receive_response import note_if_large, write_response
from dynacli.commands.run import Run
from dynacli.environment import Environment, invocation_words, program
from dynacli.errors import DynacliError, FileError, FormatError, UsageError
from dynacli.openapi.model.operation import Parameter
from dynacli.openapi.model.wording import counted, option_pair, shell_line
from dynacli.options.standard_options import Options
from dynacli.output.output_format import ITEM_FORMATS, OutputFormat
from dynacli.output.standard_output import is_unchanged, written_text
from dynacli.record import replace
from dynacli.text.exact_json import compact_json
from dynacli.text.json_text import reindent
from dynacli.urls import split_url

if TYPE_CHECKING:
    from dynacli.commands._call.call_report import CallReport
    from dynacli.http.exchange import Response


def _may_grow(env: Environment, form: OutputFormat) -> bool:
    """Return whether a form writes JSON to where no one pages through it: to a pipe or into a file."""
    is_json = form.format == "json" and not (
        form.filter or form.columns or form.include or env.stdout_is_terminal
    )
    return is_json or is_unchanged(env, form)


class GrowingList:
    """Writes items as they come, within what stands around them in their first page.

    It is a context manager: if an exception leaves the block, the value is complete anyway, and a file is as
    it was before.

    Attributes:
        last: The value of the page that came last.

    Args:
        first: The value of the first page.
        place: Where that has its items.
    """

    def __init__(self, env: Environment, form: OutputFormat, first: Any, place: ResponsePlace) -> None:
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
            self._is_ended = True  # nothing could stand after a part of it
            raise


_WRITTEN_WHOLE = 1024 * 1024
"""Characters of items up to which a list is written only when it is complete."""


class Listing:
    """One list, whose pages are called one after the other.

    Attributes:
        inputs: The inputs of the first page: those that were given, and the largest page that the document allows.

    Args:
        engine: Makes the calls.
        report: The report for machines; None if none is asked for.

    Raises:
        UsageError: The document says that the response has several lists.
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
        self._form = run.output_format(engine.settings.output)
        is_keyset_asked = run.options.all == "keyset"
        self._loop = PageLoop(
            engine,
            described,
            inputs,
            reading="exact",
            max_items=run.options.max_items,
            is_keyset_asked=is_keyset_asked,
        )
        self._loop.check_list()
        self.inputs = inputs if self._loop.position is None else self._loop.position.inputs
        self._validation = MergedValidation()
        self._first: Page | None = None
        self._last: Page | None = None
        self._write_item: Callable[[Any], None] | None = None
        self._texts: list[str] = []
        self._size = 0
        self._may_grow = _may_grow(run.env, self._form)
        self._growing: GrowingList | None = None
        self._open = ExitStack()

    def call(self) -> None:
        """Call the pages, and write and validate what came; also if an error or an interruption ends it.

        Raises:
            DynacliError: The list does not end well; the exit code is the error's.
            KeyboardInterrupt: The person interrupted it.
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
            ended_by = error.__context__
            if isinstance(ended_by, DynacliError | KeyboardInterrupt):
                # The pages had ended with an error before their items made no table.
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
        """Whether items are written one by one, so that they need not be kept: a filter is about the whole result."""
        return self._form.format in ITEM_FORMATS and not self._form.filter and not self._form.include

    @contextmanager
    def _writing_items(self) -> Iterator[None]:
        """Enter with what writes the items as they come, or when all are there."""
        with ExitStack() as stack:
            if self._is_streamed:

                def begin(item: Any) -> None:
                    # The format of items is that of a result; a response without any is written as it is.
                    from dynacli.output.written_items import written_items

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
        """Take a page that came: its items are kept, and its value only if it is the first or the last one."""
        if self._form.include and not self._form.is_whole and page.number == 1:
            write_head(self._run.env, page.call.signed, page.response)
        is_success = page.response.is_success
        items, count = page.items or (), self._loop.count - len(page.items or ())
        self._validation.add(page, self._loop.items, count)
        if is_success:
            # Of the pages between them, nothing is kept but the items.
            self._last = page._replace(items=None)
            if self._growing is not None:
                self._growing.last = page.value
        if self._first is None:
            self._first = page._replace(items=None if page.items is None else [])
        self._take_items(items)
        if not is_success and page.number > 1:
            from dynacli.client.responses.response_errors import http_error

            raise http_error(page.call, page.response)

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

    def _write(self) -> FileError | FormatError | None:
        """Write what came, unless it was written as it came; return why it could not be written."""
        first, last = self._first, self._last
        if first is None:
            return None
        if self._growing is not None:
            self._first = first._replace(response=replace(first.response, body=b""))
            try:
                self._growing.end()
            except FileError as error:
                return error
            return None
        body, form = first.call.received(first.response), self._form
        if first.items is not None and last is not None and self._loop.items is not None:
            if self._is_streamed and self._loop.count:
                self._first = first._replace(response=replace(first.response, body=b""))
                return None
            text = merged_text(first.value, last.value, self._loop.items, self._texts) + "\n"
            body = replace(body, content=text.encode("utf-8", "surrogatepass"), media_type="application/json")
        elif not first.response.is_success:
            form = form.of_error
        response = replace(first.response, body=body.content, size=len(body.content))
        self._first = first._replace(response=response)
        try:
            write_response(self._run, first.call, response, form, body, self._loop)
        except (FileError, FormatError) as error:
            return error
        return None

    def _conclude(self, unwritten: FileError | FormatError | None) -> None:
        """Report the result on all pages, and raise the error that the run ends with."""
        page = self._first
        if page is None:
            return
        if page.response.is_success:
            self._say_what_is_missing()
            self._say_what_came()
        note_if_large(self._run, page.call, page.response, self._form, self._loop)
        validation = None if page.validation is None else self._validation
        conclude(self._run, page.call, page.response, validation, self._report, unwritten)

    def _say_what_is_missing(self) -> None:
        """Say why this is one page, if nothing says how to ask for another, or the response is not a list."""
        if note := self._loop.note:
            is_no_list = self._loop.items is None and not self._loop.is_keyed
            (self._run.warn if is_no_list else self._run.note)(note)
        if self._validation.dropped:
            self._run.note(f"{self._validation.dropped:,} more findings are not shown")

    def _say_what_came(self) -> None:
        """Write on a terminal how many items of how many pages came; nothing of a single page."""
        run, last = self._run, self._last
        if last is not None and last.number > 1 and run.env.stderr_is_terminal and run.error_format == "text":
            run.note(f"{counted(self._loop.count, 'item')}, {counted(last.number, 'page')}")

    def _end_early(self, error: BaseException) -> None:
        """Write what came before an error or an interruption, and say how to go on."""
        page = self._first
        if page is None:
            return
        count = self._loop.count
        unwritten = self._write()
        if unwritten is not None:
            self._run.warn(f"{unwritten.message}: {unwritten.reason}")
        if page.validation is not None:
            first = self._first or page
            report_validation_so_far(self._run, page.call, first.response, self._validation, self._report)
        came = f"{counted(count, 'item')} came before that"

        line = _go_on_line(
            self._run.words, self._run.options.max_items, self._described, page.call, self._loop
        )
        details = {"items": count, "go_on": line or None}
        if isinstance(error, DynacliError):
            error.details.update(details)
        self._run.note(f"{came}; go on with: {line}" if line else came)


_MAX_ITEMS = "--max-items"


def _go_on_line(
    typed: Sequence[str], max_items: int | None, described: DescribedOperation, first: Call, loop: PageLoop
) -> str:
    """Return the command line that begins with the page which is missing; empty if no command can.

    Args:
        typed: The words after the program's name.
        max_items: How many items are wanted; None for all.
        first: The call of the first page.
        loop: The pages, which an error has ended.
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
    words = _without(words, _flags_of(described, options))
    end = words.index("--") if "--" in words else len(words)
    added = [word for flag, text in options.items() for word in option_pair(flag, text)]
    line = shell_line([program().name, *words[:end], *added, *words[end:]])
    return first.signed.masker.mask(line)


def _path_of(described: DescribedOperation, first: Call, url: str) -> str:
    """Return path and query of a URL, as `dynacli request` takes them; empty if it is not below the API's server."""
    base = base_url_of(described, first.settings).rstrip("/")
    parts = split_url(url)
    keys = {name for _, name in described.operation.api_keys}
    kept = [pair for pair in parts.query.split("&") if unquote_plus(pair.partition("=")[0]) not in keys]
    plain = parts._replace(query="&".join(kept)).geturl()
    return plain.removeprefix(base) if plain.startswith(f"{base}/") else ""


def _standard_words(words: list[str]) -> list[str]:
    """Return dynacli's own options among the words of a command line."""
    from dynacli.options.parsed_words import parse, standard_rules

    return [
        item for word in parse(words, standard_rules()).given if word.rule is not None for item in word.words
    ]


def _changed_inputs(loop: PageLoop) -> dict[str, str] | None:
    """Return flag → text of the input that changes from page to page."""
    from dynacli.client.pages.next_page import given_value
    from dynacli.openapi.schema.example_call import option_text

    place = loop.rule.input
    if place is None or loop.position is None:
        return None
    return {f"--{place.option}": option_text(given_value(place, loop.position.inputs))}


def _options_of_url(described: DescribedOperation, first: Call, url: str) -> dict[str, str] | None:
    """Return flag → text of the query of a URL; None if options of the operation cannot say it."""
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
    """Return all flags by which the options may have been given."""
    flags = set(options)
    for parameter in described.operation.parameters:
        if f"--{parameter.option}" in options:
            flags.update(_spellings(parameter))
    return flags


def _spellings(parameter: Parameter) -> set[str]:
    names = {parameter.option, parameter.word, parameter.name, *parameter.aliases}
    return {f"--{name}" for name in names} | {f"--{parameter.location}.{name}" for name in names}


def _without(words: list[str], flags: set[str]) -> list[str]:
    kept: list[str] = []
    index = 0
    while index < len(words):
        word = words[index]
        if word == "--":
            return [*kept, *words[index:]]
        flag, equals, _ = word.partition("=")
        if flag in flags:
            index += 1 if equals else 2
            continue
        kept.append(word)
        index += 1
    return kept


class LastResponse:
    """The response in which a series of calls ends.

    Args:
        engine: Makes the calls.
        report: The report for machines; None if none is asked for.

    Raises:
        UsageError: The options do not go together, or say what cannot be.
    """

    def __init__(
        self, run: Run, engine: Engine, described: DescribedOperation, report: "CallReport | None"
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
        """Make the calls, and write and validate the last response; also if an error ends them.

        Raises:
            DynacliError: The calls do not end well; the exit code is the error's.
        """
        from dynacli.client.engine.series import Series

        run, options = self._run, self._run.options
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

    def _begin_next(self, made: MadeCall, described: DescribedOperation) -> None:
        self._announce(made)
        if self._report is not None:
            self._report.begin_next(made.call.described, described)

    def _announce(self, made: MadeCall) -> None:
        """Report, unless it was reported, what is to report of a response that is not the result."""
        if made.validation is not None and made.call is not self._shown:
            report_validation_so_far(self._run, made.call, made.response, made.validation, self._report)
        self._shown = made.call

    def _write(self, call: Call, response: "Response") -> FileError | FormatError | None:
        """Write a response; return why it could not be written."""
        form = self._form
        if form.include and not form.is_whole:
            write_head(self._run.env, call.signed, response)
        try:
            is_success = response.is_success
            write_response(self._run, call, response, form if is_success else form.of_error)
        except (FileError, FormatError) as error:
            return error
        return None


def _check_options(options: Options) -> None:
    """Check that the options go together.

    Raises:
        UsageError: They do not.
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
