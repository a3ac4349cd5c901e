"""`--resume` and `-O`: the answer goes into a file that is gone on with, or that the server has a name for."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from dynacli.client.call import request_of
from dynacli.client.call_settings import CallSettings
from dynacli.client.described_operation import DescribedOperation
from dynacli.client.engine.call_engine import Engine
from dynacli.client.inputs.call_inputs import CallInputs, collect_values
from dynacli.commands.call.receive_response import AnswerReceiver
from dynacli.commands.run import Run
from dynacli.errors import UsageError
from dynacli.files import replace_named_file
from dynacli.http.send import Answer, Pieces
from dynacli.record import replace
from dynacli.transport.partial_download import OutdatedPartError, PartialDownload
from dynacli.transport.remote_name import file_name

if TYPE_CHECKING:
    from dynacli.commands.call.call_report import CallReport

__all__ = ["DownloadFile", "check_options", "into_file"]

_OWN_HEADERS = frozenset(("accept-encoding", "if-range", "range"))


class DownloadFile:
    """The file that a successful answer goes into.

    Args:
        url: The URL that is called, whose last segment names the file where the server does not.
        partial: The part of it that is there; None where the server gives the name.
    """

    def __init__(self, run: Run, url: str, partial: PartialDownload | None) -> None:
        self._run, self._url, self._partial = run, url, partial

    @property
    def is_part(self) -> bool:
        """Whether the answer was only the rest of a file, or said that nothing is missing."""
        return self._partial is not None and self._partial.is_part

    @property
    def had(self) -> int:
        """The number of bytes that were there before and are kept."""
        return 0 if self._partial is None else self._partial.had

    def is_complete(self, answer: Answer) -> bool:
        """Return whether a server says that nothing is missing.

        Raises:
            OutdatedPartError: There are more bytes than the server has.
            FileError: The file cannot be written.
        """
        return self._partial is not None and self._partial.is_there(answer)

    def takes(self, answer: Answer) -> bool:
        """Return whether the body of an answer goes into the file: an error does not."""
        return 200 <= answer.status < 300

    @contextmanager
    def written(self, answer: Answer, pieces: Pieces) -> Iterator[Callable[[bytes], None]]:
        """Write the body of an answer; the file is complete at the end of the block.

        Raises:
            FileError: The file cannot be written, or is there already where the server named it.
            NetworkError: The answer is not what is missing.
        """
        if self._partial is not None:
            with self._partial.written(answer, pieces) as write:
                yield write
            return
        name = file_name(answer.header("content-disposition"), self._url)
        with replace_named_file(name, may_replace=False) as write:
            yield write
        self._run.note(f"Saved as `{name}`")


def check_options(run: Run, settings: CallSettings) -> None:
    """Check that the options go together.

    Raises:
        UsageError: They do not.
    """
    options = run.options
    form = run.data_form
    own = [name for name, _ in settings.headers if name.lower() in _OWN_HEADERS]
    if form.is_of_value or options.all or options.max_items is not None:
        raise UsageError(
            f"`{'--resume' if options.resume else '-O'}` writes an answer as it comes",
            hint="Leave out what would change it: `-f`, formats, `--all`, `--max-items`",
        )
    if options.resume and (options.remote_name or not form.file):
        raise UsageError(
            "`--resume` goes on with a file that you name", hint="Write `-o @FILE --resume`, without `-O`"
        )
    if options.remote_name and form.file:
        raise UsageError("`-O` and `-o @FILE` both name the file", hint="Give one of them")
    if options.resume and own:
        raise UsageError(f"`--resume` sets the header `{own[0]}` itself", hint="Leave it out")


def into_file(
    run: Run,
    engine: Engine,
    described: DescribedOperation,
    inputs: CallInputs,
    report: "CallReport | None",
) -> None:
    """Make a call whose answer goes into a file.

    Raises:
        DynacliError: The call does not end well.
    """
    settings = engine.settings
    values = collect_values(described, inputs, is_strict=settings.level != "off")
    url = request_of(described, settings, values).url
    if run.options.remote_name:
        call = engine.prepare(described, values, is_checked=False)
        AnswerReceiver(run, engine, call, report, DownloadFile(run, url, None)).make()
        return
    for _ in range(2):
        partial = PartialDownload(run.data_form.file, url)
        with partial.held() as headers:
            asking = replace(settings, headers=(*settings.headers, *headers))
            call = engine.prepare(described, values, asking, is_checked=False)
            try:
                AnswerReceiver(run, engine, call, report, DownloadFile(run, url, partial)).make()
            except OutdatedPartError as error:
                run.note(f"{error.message}: the download begins anew")
            else:
                return
