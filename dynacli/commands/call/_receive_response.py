"""Receives a response: writes and validates it on arrival, or reads the whole body first.

With `--resume` the response continues a file. With `-O` it goes to a file that the server names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING, Any

from dynacli.client.call import Call, request_of
from dynacli.client.call_settings import CallSettings
from dynacli.client.described_operation import DescribedOperation
from dynacli.client.engine.call_engine import Engine, MadeCall, read_whole
from dynacli.client.inputs.call_inputs import CallInputs
from dynacli.client.inputs.collect_values import collect_values
from dynacli.commands.run import Run
from dynacli.errors import DynacliError, FileError, FormatError, NetworkError, TimedOutError, UsageError
from dynacli.files import replace_named_file
from dynacli.http.exchange import RENDER_LIMIT, WireResponse, stated_length
from dynacli.http.semantics import (
    essence,
    is_json,
    is_sent_as_bytes,
    is_sequence,
    is_structured,
)
from dynacli.http.send import FILE_LIMIT, VALIDATED_LIMIT, WARNED_LIMIT, Pieces
from dynacli.openapi.catalog.catalog_file import DamagedCatalogError
from dynacli.output.output_format import OutputFormat
from dynacli.output.standard_output import (
    Write,
    is_redirected,
    watched_reader,
    writes_unchanged,
    written_body,
)
from dynacli.record import replace

if TYPE_CHECKING:
    from dynacli.client.pages.page_loop import PageLoop, RespondedPage
    from dynacli.commands.call.call_report import CallReport
    from dynacli.http.downloads import PartialDownload
    from dynacli.validation.read_body import UnreadBody

_WRITTEN_WHOLE = 1024 * 1024
"""Maximum bytes of a body that is written only when complete, so that no part of a broken response is printed."""
_KEPT_OF_STREAM = 1024 * 1024
"""Maximum bytes of a stream to store for messages that quote it."""
_MANY_BYTES = 8_000
"""Bytes on standard output from which a response is large for an agent."""
_OWN_HEADERS = frozenset(("accept-encoding", "if-range", "range"))


class DownloadFile:
    """The file to which a successful response is written.

    Args:
        url: The URL of the call. Its last segment is the file name if the server gives none.
        partial: The partial download to continue; None if the server gives the name.
    """

    def __init__(self, run: Run, url: str, partial: PartialDownload | None) -> None:
        self._run, self._url, self._partial = run, url, partial

    @property
    def is_part(self) -> bool:
        """Whether the response was only the rest of a file, or said that the file is complete."""
        return self._partial is not None and self._partial.is_part

    @property
    def had(self) -> int:
        """Number of bytes of the file from an earlier download."""
        return 0 if self._partial is None else self._partial.had

    def is_complete(self, response: WireResponse) -> bool:
        """Return whether the server says that nothing is missing.

        Raises:
            OutdatedPartError: The file has more bytes than the server.
            FileError: The file cannot be written.
        """
        return self._partial is not None and self._partial.is_there(response)

    def takes(self, response: WireResponse) -> bool:
        """Return whether the body of a response goes to the file: an error response does not."""
        return response.is_success

    @contextmanager
    def written(self, response: WireResponse, pieces: Pieces) -> Iterator[Callable[[bytes], None]]:
        """Enter with the function that writes the body. The file is complete at the end of the block.

        Raises:
            FileError: The file cannot be written, or a file with the name from the server exists.
            NetworkError: The response is not the missing part.
        """
        if self._partial is not None:
            with self._partial.written(response, pieces) as write:
                yield write
            return
        from dynacli.http.downloads import download_name

        name = download_name(response.header("content-disposition"), self._url)
        with replace_named_file(name, may_replace=False) as write:
            yield write
        self._run.note(f"Saved as `{name}`")


class ResponseReceiver:
    """Receives a response: reads, writes and validates it.

    | body | destination | written | stored |
    |---|---|---|---|
    | a sequence: JSON lines, events | any | on arrival | up to 1 MiB |
    | any other | a pipe or a file, unchanged | on arrival | for the validator: up to 12 MiB, or 128 MiB if a
    finding is a failure; of bytes that are neither text nor JSON 1 MiB |
    | | a terminal, or converted | when complete | up to 64 MiB; a larger body is an error |

    Attributes:
        response: The response, without its body until it is finished; None before its headers arrived.
        is_finished: Whether the whole response arrived and was validated.
        unwritten: The error that prevented writing the response in the requested format; None if it was written.

    Args:
        engine: The engine that prepared the call.
        call: The call to make.
        report: The report for programs; None if none is requested.
        file: The file for `--resume` or `-O`; None without these options.
    """

    def __init__(
        self,
        run: Run,
        engine: Engine,
        call: Call,
        report: CallReport | None,
        file: DownloadFile | None = None,
    ) -> None:
        self._run, self._engine, self._call, self._report, self._file = run, engine, call, report, file
        self._is_written = False
        self._saved = 0
        self._limit = 0
        self.is_finished = False
        self.response: WireResponse | None = None
        self.unwritten: FileError | FormatError | None = None
        self._form = run.output_format(call.settings.output)

    @property
    def is_part(self) -> bool:
        """Whether the response is only the rest of a file, which the document does not describe."""
        return self._file is not None and self._file.is_part

    @property
    def may_be_resumed(self) -> bool:
        """Whether `--resume` would have kept the first part of an interrupted response."""
        response = self.response
        return (
            response is not None
            and response.status < 300
            and bool(self._form.file)
            and self._file is None
            and response.header("accept-ranges").strip().lower() == "bytes"
        )

    def receive(self, response: WireResponse, pieces: Pieces) -> bytes:
        """Read the body, and write it on arrival if the table says so. Return the stored part.

        Raises:
            DynacliError: The call fails.
            BrokenPipeError: The reader of standard output is gone.
        """
        self.response = response
        if self._form.include and not self._form.is_whole:
            from dynacli.commands.call.conclude_call import write_head

            write_head(self._run.env, self._call.signed, response)
        media_type = response.header("content-type")
        if self._file is not None:
            if self._file.is_complete(response):
                self._is_written = True
                return b""
            if self._file.takes(response):
                return self._copy(response, pieces.as_sent())
            self._form = OutputFormat()  # an error response is not part of the file
        if not 200 <= response.status < 300:
            self._form = self._form.of_error
        if is_sequence(media_type):
            return self._stream(response, pieces)
        if writes_unchanged(self._run.env, self._form):
            return self._copy(response, pieces)
        return pieces.joined(RENDER_LIMIT, "Write it to a file: `-o @FILE`")

    def _receive_stream(self, response: WireResponse, pieces: Pieces) -> bytes:
        """Receive a stream, or return any other body as a whole."""
        is_stream = response.is_success and is_sequence(response.header("content-type"))
        return (self.receive if is_stream else read_whole)(response, pieces)

    def _stream(self, response: WireResponse, pieces: Pieces) -> bytes:
        """Write and validate a stream on arrival. If it breaks off, a file has all complete items."""
        from dynacli.http.event_stream import WholeItems, pieces_of_items

        env, media_type = self._run.env, response.header("content-type")
        self._is_written = True
        kept: list[bytes] = []
        wanted = pieces_of_items(pieces, media_type, self._run.options.max_items)
        whole = WholeItems(wanted, media_type)

        def written() -> Iterator[bytes]:
            try:
                for piece in whole if self._form.file else wanted:
                    write(piece)
                    if pieces.size <= _KEPT_OF_STREAM:
                        kept.append(piece)
                    else:
                        kept.clear()
                    yield piece
            except Exception:
                if is_gone():
                    raise BrokenPipeError from None
                raise

        try:
            with (
                watched_reader(env, self._form, pieces.cut) as is_gone,
                self._written(response) as write,
            ):
                try:
                    self._call.validate_stream(response, written())
                except BaseException as error:
                    if error is not whole.ended_by or not whole.count:
                        raise
                    self._saved = whole.count
        except (FileError, FormatError) as error:
            if not self._saved:
                raise
            self.unwritten = error
        if self._saved and whole.ended_by is not None:
            raise whole.ended_by
        return b"".join(kept) if self._call.validating is not None else b""

    def _written(self, response: WireResponse) -> AbstractContextManager[Write]:
        """Return a context with the function that writes the pieces of a stream."""
        media_type = response.header("content-type")
        if self._form.format in {"auto", "raw", "text"} and not self._form.filter:
            return written_body(self._run.env, media_type, self._form)
        from dynacli.output.written_items import written_sequence

        return written_sequence(self._run.env, media_type, self._form, head=self._head(response))

    def _head(self, response: WireResponse) -> dict[str, Any] | None:
        """Return the status and the headers if the result includes them; else None."""
        return self._call.signed.head_of(response) if self._form.is_whole else None

    def _copy(self, response: WireResponse, pieces: Pieces) -> bytes:
        self._is_written = True
        # A compressed body may be a decompression bomb: limit only compressed bodies.
        source = pieces.up_to(FILE_LIMIT) if pieces.is_encoded else iter(pieces)
        self._limit = self._limit_of(response)
        kept: list[bytes] | None = [] if self._limit else None
        if not pieces.is_encoded and (stated_length(response) or 0) > self._limit:
            kept = None
        with self._opened(response, pieces) as write, self._shown(response, pieces) as announce:
            for piece in source if self._file else _join_first(source, _WRITTEN_WHOLE):
                announce(len(piece))
                if pieces.size > self._limit:
                    kept = None
                if kept is not None:
                    kept.append(piece)
                write(piece)
        return b"".join(kept or ())

    def _opened(self, response: WireResponse, pieces: Pieces) -> AbstractContextManager[Write]:
        """Return a context with the function that writes a body unchanged."""
        if self._file is not None and self._file.takes(response):
            return self._file.written(response, pieces)
        return written_body(self._run.env, response.header("content-type"), self._form)

    def _shown(
        self, response: WireResponse, pieces: Pieces
    ) -> AbstractContextManager[Callable[[int], object]]:
        """Return a context with the function that shows the progress of a transfer to a file."""
        if not (self._file or self._form.file) or not self._run.shows_progress:
            return nullcontext(int)
        from dynacli.output.status_line import shown_transfer

        had = 0 if self._file is None else self._file.had
        length = None if pieces.is_encoded else stated_length(response)
        return shown_transfer(self._run.env, None if length is None else had + length, had)

    def _limit_of(self, response: WireResponse) -> int:
        """Return the maximum number of bytes to store of a body that is written on arrival."""
        if self._call.validating is None:
            # Messages quote the body of an error, and the ids of a small response are remembered.
            is_remembered = is_json(response.header("content-type"))
            return _KEPT_OF_STREAM if response.status >= 400 or is_remembered else 0
        media_type = response.header("content-type")
        if is_sent_as_bytes(essence(media_type)) and not is_structured(media_type):
            return _KEPT_OF_STREAM  # only the size is validated
        return WARNED_LIMIT if self._call.settings.may_accept else VALIDATED_LIMIT

    def make(self, *, may_be_page: bool = False) -> MadeCall | None:
        """Send the call, then write, validate and report its response.

        Args:
            may_be_page: Whether the response may be a page: only a stream is written, any other response is returned.

        Raises:
            DynacliError: The call fails.
            BrokenPipeError: The reader of standard output is gone.
        """
        call = self._call
        try:
            response = self._engine.send(call, self._receive_stream if may_be_page else self.receive)
            if self.response is None:
                return self._engine.validate(call, response)
            self._finish(response)
            self._conclude(response)
        except BaseException as error:
            if not isinstance(error, BrokenPipeError):
                self._report_failure(error)
            if not isinstance(error, DynacliError):
                raise
            raise call.signed.masker.mask_error(error) from error.__cause__
        return None

    def _report_failure(self, error: BaseException) -> None:
        """Report what is known of an incomplete response, and add to the error how to continue.

        Raises:
            FileError: The cache was damaged, and the request may have been sent.
            DamagedCatalogError: The cache was damaged, and nothing was sent.
        """
        call = self._call
        if not self.is_finished and call.validation is not None and self.response is not None:
            from dynacli.commands.call.conclude_call import report_validation_so_far

            report_validation_so_far(self._run, call, self.response, call.validation, self._report)
        if isinstance(error, DamagedCatalogError):
            from dynacli.client.damaged_cache import explain_damage

            explain_damage(error, has_sent=call.has_sent)
        if self._saved:
            self._report_saved(error)
        elif self.may_be_resumed and isinstance(error, NetworkError | TimedOutError):
            error.hint = "Give `--resume` with it: what comes is kept then, and the next call goes on"

    def _report_saved(self, error: BaseException) -> None:
        """Report how many items of an interrupted stream are in the file."""
        from dynacli.openapi.model.wording import counted

        if self.unwritten is not None:
            self._run.warn(f"{self.unwritten.message}: {self.unwritten.reason}")
        if isinstance(self.unwritten, FileError):
            return
        if isinstance(error, DynacliError):
            error.details["items"] = self._saved
        filtered = "what the filter gives of " if self._form.filter else ""
        self._run.note(f"`{self._form.file}` has {filtered}the {counted(self._saved, 'item')} that came")

    def _finish(self, response: WireResponse) -> None:
        """Write and validate the response, unless that was done on arrival."""
        if not self._is_written:
            if response.is_refusal:
                self._form = self._form.of_error
            try:
                self._write(response)
            except (FileError, FormatError) as error:
                self.unwritten = error  # validate the response anyway
        body: UnreadBody | None = None
        if (
            len(response.body) < response.size
            and self._call.validating is not None
            and self._call.validation is None
        ):
            from dynacli.validation.streamed_body import DroppedBody

            more = VALIDATED_LIMIT if self._call.settings.may_accept else 0
            body = DroppedBody(response.size, self._limit, more)
        self._engine.validate(self._call, response, body, is_part=self.is_part)
        self.is_finished, self.response = True, response

    def _conclude(self, response: WireResponse) -> None:
        """Report on a response that was written."""
        run, call = self._run, self._call
        if run.env.stdout_size > _MANY_BYTES:
            note_if_large(run, call, response, self._form)
        of_response = call.validation
        of_request = None if call.validating is None else call.validating.validation
        if run.options.verbose and of_request is not None and of_response is not None:
            from dynacli.commands.call.conclude_call import show_validators

            show_validators(run.env, of_request, of_response)
        if self.is_part:
            from dynacli.commands.call.conclude_call import conclude_part

            conclude_part(run, call, response, self._report)
            return
        is_plain = (
            200 <= response.status < 300
            and not response.is_refusal
            and self._report is None
            and self.unwritten is None
            and not (of_request is not None and of_request.has_something_to_report)
            and not (of_response is not None and of_response.has_something_to_report)
            and not (response.header("deprecation") or response.header("sunset"))
        )
        if not is_plain:
            from dynacli.commands.call.conclude_call import conclude

            conclude(run, call, response, call.validation, self._report, self.unwritten)
        form = self._form
        if response.body and (
            run.env.stdout_is_terminal
            or form.format != "auto"
            or form.filter
            or form.file
            or run.env.is_agent
            or "next" in response.header("link")
        ):
            # Not for plain bytes in a pipe: parsing them again takes longer than the whole validation.
            _note_items(run, call, response, form)
        is_change = call.described.operation.method in ("PATCH", "POST", "PUT") and response.is_success
        if is_change and (run.env.is_agent or run.env.stderr_is_terminal) and form.format != "agent":
            from dynacli.commands.call.conclude_call import note_next_call

            note_next_call(run, call, response)

    def _write(self, response: WireResponse) -> None:
        write_response(self._run, self._call, response, self._form)


def write_response(
    run: Run,
    call: Call,
    response: WireResponse,
    form: OutputFormat,
    pages: PageLoop | None = None,
) -> None:
    """Write the whole body of a response in a format.

    Args:
        pages: The pages that make up the body; None for a single response.

    Raises:
        FormatError: The body does not fit the format, and was written as JSON or unchanged.
        FileError: The file or standard output cannot be written.
        BrokenPipeError: The reader of standard output is gone.
    """
    from dynacli.output.render import write_body

    around = None
    if form.format == "agent":
        from dynacli.commands.call._agent_response import around_response

        around = around_response(run, call, response, pages)
    write_body(
        run.env,
        call.received(response),
        form,
        head=call.signed.head_of(response) if form.is_whole else None,
        around=around,
    )


def note_if_large(
    run: Run, call: Call, response: WireResponse, form: OutputFormat, pages: PageLoop | None = None
) -> None:
    """Print a note if an agent gets a large response on standard output that could be shorter."""
    is_much = run.env.stdout_size > _MANY_BYTES and run.env.is_agent and form.format != "agent"
    if is_much and not is_redirected(run.env):
        from dynacli.commands.call._agent_response import note_large_response

        note_large_response(run, call, response, pages)


def _join_first(pieces: Iterator[bytes], size: int) -> Iterator[bytes]:
    """Yield the pieces. The first ones are joined until they reach a size."""
    first, length = [], 0
    for piece in pieces:
        first.append(piece)
        length += len(piece)
        if length >= size:
            break
    if first:
        yield b"".join(first)
    yield from pieces


def _note_items(run: Run, call: Call, response: WireResponse, form: OutputFormat) -> None:
    """Print a note if a response is one of several pages, or if `auto` printed it as a table.

    Without the note, one page looks like the whole list. The format `agent` has it in the first line.
    """
    if form.format == "agent":
        return
    from dynacli.client.pages.page_loop import received_page
    from dynacli.openapi.model.wording import counted
    from dynacli.output.render import items_of_table

    page = received_page(call, response)
    shown, more = "", []
    if page is not None and _shows_items(form, page):
        is_part = page.total is not None and page.total > page.items
        shown = f"{page.items:,} of {page.total:,}" if is_part else counted(page.items, "item")
        more.append("--all for the rest")
    if count := items_of_table(run.env, call.received(response), form):
        shown = shown or counted(count, "item")
        more.append("-o json for the response as sent")
    if more:
        run.note(f"{shown}; {', '.join(more)}")


def _shows_items(form: OutputFormat, page: RespondedPage) -> bool:
    """Return whether the output shows the items of a page. A filter such as `total` does not."""
    steps = None if page.place is None else page.place.steps
    return not (form.filter and steps) or any(name in form.filter for name in (str(steps[-1]), "@", "*"))


def check_file_options(run: Run, settings: CallSettings) -> None:
    """Check that the options for files can be combined.

    Raises:
        UsageError: The options cannot be combined.
    """
    options = run.options
    form = run.data_format
    own = [name for name, _ in settings.headers if name.lower() in _OWN_HEADERS]
    if form.is_of_value or options.all or options.max_items is not None:
        raise UsageError(
            f"`{'--resume' if options.resume else '-O'}` writes a response as it comes",
            hint="Leave out what would change it: `-f`, formats, `--all`, `--max-items`",
        )
    if options.resume and (options.remote_name or not form.file):
        raise UsageError(
            "`--resume` needs the name of the file", hint="Write `-o @FILE --resume`, without `-O`"
        )
    if options.remote_name and form.file:
        raise UsageError("`-O` and `-o @FILE` exclude each other", hint="Give one of them")
    if options.resume and own:
        raise UsageError(f"`--resume` sets the header `{own[0]}`", hint="Leave it out")


def into_file(
    run: Run,
    engine: Engine,
    described: DescribedOperation,
    inputs: CallInputs,
    report: CallReport | None,
) -> None:
    """Make a call and write its response to a file.

    Raises:
        DynacliError: The call fails.
    """
    from dynacli.http.downloads import OutdatedPartError, PartialDownload

    settings = engine.settings
    values = collect_values(described, inputs, is_strict=settings.level != "off")
    url = request_of(described, settings, values).url
    if run.options.remote_name:
        call = engine.prepare(described, values, is_checked=False)
        ResponseReceiver(run, engine, call, report, DownloadFile(run, url, None)).make()
        return
    for _ in range(2):
        partial = PartialDownload(run.data_format.file, url)
        with partial.held() as headers:
            asking = replace(settings, headers=(*settings.headers, *headers))
            call = engine.prepare(described, values, asking, is_checked=False)
            try:
                ResponseReceiver(run, engine, call, report, DownloadFile(run, url, partial)).make()
            except OutdatedPartError as error:
                run.note(f"{error.message}: restarting the download")
            else:
                return
