"""`--resume` and `-O`: the answer goes into a file that is gone on with, or that the server has a name for."""

from typing import TYPE_CHECKING

from dynacli.client.call import request_of
from dynacli.client.call_settings import CallSettings
from dynacli.client.described_operation import DescribedOperation
from dynacli.client.engine.call_engine import Engine
from dynacli.client.inputs.call_inputs import CallInputs, collect_values
from dynacli.commands.call.receive_response import AnswerReceiver, DownloadFile
from dynacli.commands.run import Run
from dynacli.errors import UsageError
from dynacli.record import replace
from dynacli.transport.partial_download import OutdatedPartError, PartialDownload

if TYPE_CHECKING:
    from dynacli.commands.call.call_report import CallReport

__all__ = ["check_options", "into_file"]

_OWN_HEADERS = frozenset(("accept-encoding", "if-range", "range"))


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
