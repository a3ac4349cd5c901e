"""One call from the command line: turn arguments into inputs, then send the request or print it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import TYPE_CHECKING, Any

from dynacli.client.call import (
    CacheUnusable,
    CallEvent,
    Progress,
    ResponseHead,
    ResponseReceived,
    Retrying,
    Sending,
)
from dynacli.client.call_settings import CallSettings, settings_of
from dynacli.client.described_operation import DescribedOperation
from dynacli.client.engine.call_engine import CallHistory, Engine
from dynacli.client.inputs.call_inputs import CallInputs, ParameterKey, TypedWords
from dynacli.client.inputs.collect_values import input_name
from dynacli.commands.read_line import CommandLine
from dynacli.commands.run import Run
from dynacli.openapi.model.operation import Field, Parameter
from dynacli.options.command_table import feature
from dynacli.record import replace
from dynacli.request.convert_words import convert_all, convert_parameter

if TYPE_CHECKING:
    from dynacli.client.call import Call
    from dynacli.commands.call.call_report import CallReport
    from dynacli.commands.call.editor import EditedText
    from dynacli.http.exchange import ClientPool
    from dynacli.output.status_line import TransferLine


def make_call(run: Run, described: DescribedOperation, line: CommandLine) -> None:
    """Make one call, or print its request with `--dry-run`.

    Raises:
        DynacliError: The call fails. The error has the exit code.
    """
    settings = settings_of(run.env, described.api, run.call_options)
    settings.asking_later().permit(described)  # first: without permission, inputs do not matter
    if not described.is_documented:
        from dynacli.client.operation_at import undocumented_note

        run.note(undocumented_note(described))
        settings = replace(settings, level="off")
    if run.options.resume or run.options.remote_name:
        from dynacli.commands.call._receive_response import check_file_options

        check_file_options(run, settings)
    if run.options.plan:
        feature("plans.planned_call").check_options(run)
    if settings.cache is not None and (run.options.remote_name or run.output_format(settings.output).file):
        settings = settings.without_storing()
    with _reporting(run, described, settings) as report:
        described, inputs, draft = read_inputs(run, described, line, settings)
        if inputs.query or (described.media_type is not None and described.has_undeclared_body):
            from dynacli.client.inputs.query_pairs import undeclared_notes

            for note in undeclared_notes(described, inputs.query, settings.level):
                run.note(note)
        try:
            _make(run, described, inputs, settings, report)
        except BaseException:
            if draft is not None:
                run.warn(draft.kept())
            raise
        if draft is not None:
            draft.discard()


def _make(
    run: Run,
    described: DescribedOperation,
    inputs: CallInputs,
    settings: CallSettings,
    report: CallReport | None,
) -> None:
    """Make the call or calls, write a plan, or print the first request."""
    options = run.options
    if options.plan:
        feature("plans.planned_call").plan_call(run, described, inputs, settings)
        return
    is_list = options.all or options.max_items is not None
    clients = None
    if (options.asks_for_several_calls or is_list) and not options.dry_run:
        from dynacli.http.exchange import ClientPool

        clients = ClientPool()
    engine = engine_of(run, settings, report, clients)
    listing = series = None
    try:
        if options.asks_for_several_calls:
            from dynacli.commands.call._call_series import LastResponse

            series = LastResponse(run, engine, described, report)
        elif is_list:
            from dynacli.commands.call._call_series import Listing

            listing = Listing(run, engine, described, inputs, report)
            inputs = listing.inputs
        if options.dry_run:
            from dynacli.commands.call.dry_run import show_request

            show_request(run, engine, described, inputs, report)
        elif listing is not None:
            listing.call()
        elif series is not None:
            series.call(inputs)
        else:
            send_call(run, engine, described, inputs, report)
    finally:
        if clients is not None:
            clients.close()


def _reporting(
    run: Run, described: DescribedOperation, settings: CallSettings
) -> AbstractContextManager[CallReport | None]:
    """Return a context with the report on a call, or with None if no report is requested."""
    if not run.options.report:
        return nullcontext()
    from dynacli.commands.call.call_report import reporting

    return reporting(run, described, settings)


def read_inputs(
    run: Run, described: DescribedOperation, line: CommandLine, settings: CallSettings
) -> tuple[DescribedOperation, CallInputs, EditedText | None]:
    """Return the operation with the media type to send, the inputs, and the draft of a body from an editor.

    Args:
        settings: At the level `off`, values need not match the document.

    Raises:
        UsageError: An argument is invalid.
        FileError: An input file cannot be read.
    """
    is_strict, draft = settings.level != "off", None
    whole = CallInputs({})
    if run.options.inputs is not None:
        from dynacli.commands.call.whole_inputs import read_whole_inputs, without_given_pairs

        described, whole = read_whole_inputs(run, described, settings)
        whole = without_given_pairs(described, whole, settings)
    given = list(line.inputs())
    parameters = _parameters(given, whole.parameters, is_strict=is_strict)
    if described.media_type is None:
        inputs = CallInputs(parameters, wants_example=run.options.example)
    else:
        # Imported here because calls without a body do not need it.
        from dynacli.commands.call._read_body_words import read_body_words

        fields = [(field, words) for parameter, field, words in given if field and parameter is None]
        described, inputs, draft = read_body_words(
            run, described, parameters, fields, whole, is_strict=is_strict
        )
    if settings.query or settings.default_query or whole.query:
        from dynacli.client.inputs.query_pairs import with_pairs

        inputs = with_pairs(described, inputs, settings, [(pair.name, pair.value) for pair in whole.query])
    if run.options.inputs is not None:
        from dynacli.commands.call.whole_inputs import check_unmasked

        check_unmasked(inputs, whole)
    return described, inputs, draft


def _parameters(
    given: Sequence[tuple[Parameter | None, Field | None, list[str]]],
    whole: Mapping[ParameterKey, Any],
    *,
    is_strict: bool,
) -> dict[ParameterKey, Any]:
    parameters = dict(whole)
    has_fields = False
    for parameter, field, words in given:
        if parameter is not None and field is None:
            option = input_name(parameter)
            parameters[parameter.key] = convert_parameter(parameter, words, option, is_strict=is_strict)
        has_fields = has_fields or (parameter is not None and field is not None)
    if not has_fields:
        return parameters
    from dynacli.request.assemble_body import Assignment, assemble

    fields: dict[ParameterKey, list[Assignment]] = {}
    for parameter, field, words in given:
        if parameter is None or field is None:
            continue
        option = f"--{field.option}"
        value = convert_all(words, field.value, option, is_strict=is_strict, fields=parameter.fields)
        fields.setdefault((parameter.location, parameter.name), []).append(
            Assignment(field.path, value, option)
        )
    for key, assignments in fields.items():
        parameters[key] = assemble(parameters.get(key), assignments)
    return parameters


def send_call(
    run: Run,
    engine: Engine,
    described: DescribedOperation,
    inputs: CallInputs,
    report: CallReport | None = None,
) -> None:
    """Send a call, then print and validate its response.

    Raises:
        DynacliError: The call fails.
    """
    if run.options.resume or run.options.remote_name:
        from dynacli.commands.call._receive_response import into_file

        into_file(run, engine, described, inputs, report)
    else:
        call = engine.prepare(described, inputs, is_checked=False)
        from dynacli.commands.call._receive_response import ResponseReceiver

        ResponseReceiver(run, engine, call, report).make()


def engine_of(
    run: Run, settings: CallSettings, report: CallReport | None, clients: ClientPool | None = None
) -> Engine:
    """Return the engine for the calls of a run, which reports on the terminal and records in the history.

    The engine of a dry run does neither, and never asks.

    Args:
        report: The report for programs; None if none is requested.
        clients: Pool that keeps connections open between calls; None for one connection per call.
    """
    options = run.options
    if options.dry_run:
        from dynacli.commands.call.dry_run import engine_of_dry_run

        return engine_of_dry_run(run, settings)
    typed = TypedWords(
        options.header,
        options.part_header,
        (*options.query, *options.server_var, *options.set),
        (options.body or "", options.inputs or ""),
    )
    run.engine = Engine(
        run.env,
        settings,
        clients=clients,
        ask=asker(run),
        on_event=TerminalListener(run, report),
        keep=partial(CallHistory, run.env, typed=typed, warn=run.warn),
    )
    return run.engine


class TerminalListener:
    """Prints to standard error during a call: details with `-v`, progress on a terminal, and an invalid request.

    Args:
        report: The report for programs, which already has the findings; None if none is requested.
    """

    def __init__(self, run: Run, report: CallReport | None) -> None:
        self._run, self._report = run, report
        self._line: Callable[[], object] | None = None
        self._transfer: TransferLine | None = None
        self._validated: DescribedOperation | None = None
        self._sent, self._has_warned = 0, False

    def close(self) -> None:
        """Clear the status line about a pause or an upload."""
        if self._line is not None:
            clear, self._line, self._transfer = self._line, None, None
            clear()

    def __call__(self, event: CallEvent) -> None:
        """Handle an event of a call."""
        if self._line is not None and not isinstance(event, Progress):
            self.close()
        is_verbose = self._run.options.verbose
        if isinstance(event, ResponseHead) and event.response.cache:
            self._report_cache(event)
        if isinstance(event, Sending):
            if event.tries == 1:
                self._begin(event.call)
        elif isinstance(event, CacheUnusable):
            self._warn_of_cache(event.text)
        elif isinstance(event, Retrying):
            self._wait(event.call.signed.masker.mask(str(event.pause)))
        elif isinstance(event, Progress):
            self._report_upload(event)
        elif is_verbose and isinstance(event, ResponseHead | ResponseReceived):
            from dynacli.commands.call.conclude_call import show_response, show_size

            if isinstance(event, ResponseHead):
                show_response(self._run.env, event.call.signed, event.response)
            else:
                show_size(self._run.env, event.response)

    def _begin(self, call: Call) -> None:
        """Report on a request before it is sent."""
        is_wrong = call.validating is not None and not call.validating.validation.is_valid
        if self._run.options.verbose or is_wrong:
            from dynacli.commands.call.conclude_call import report_request

            # Of several pages or repeated calls, report only the first invalid request.
            report_request(self._run, call, self._report, is_first=call.described is not self._validated)
        self._validated = call.described

    def _report_cache(self, event: ResponseHead) -> None:
        """Report that a response is from the cache: with `-v`, or if no request may be sent."""
        response, spec = event.response, event.call.settings.cache
        is_offline = spec is not None and spec.is_offline
        if response.cache == "hit":
            self._begin(event.call)  # nothing was sent
        if self._run.options.verbose or is_offline:
            from dynacli.commands.call.conclude_call import cache_text, cached_age

            if self._run.options.verbose:
                from dynacli.output.standard_error import write_trace

                write_trace(self._run.env, f"* cache: {cache_text(response)}")
            else:
                self._run.note(f"The response is from the cache, {cached_age(response)} old")

    def _warn_of_cache(self, text: str) -> None:
        """Warn once that the response cache cannot be used."""
        if not self._has_warned:
            self._has_warned = True
            self._run.warn(text)

    def _wait(self, text: str) -> None:
        """Show the reason for a pause."""
        env = self._run.env
        if self._run.options.verbose:
            from dynacli.output.standard_error import write_trace

            write_trace(env, f"* {text}")
        elif env.stderr_is_terminal:
            from dynacli.output.status_line import StatusLine

            line = StatusLine(env)
            self._line = line.clear
            line.show(text)

    def _report_upload(self, event: Progress) -> None:
        """Show the progress of an upload."""
        if event.sent == 0 and self._run.shows_progress:
            from dynacli.output.status_line import TransferLine

            self._transfer = TransferLine(self._run.env)
            self._line, self._sent = self._transfer.clear, 0
            self._transfer.begin(event.total)
        elif self._transfer is not None:
            self._transfer.add(event.sent - self._sent)
            self._sent = event.sent
            if event.sent == event.total:
                self.close()


def asker(run: Run) -> Callable[[str], bool] | None:
    """Return the function that asks whether a credential may go to an origin; None if dynacli must not ask.

    `--yes` does not accept an origin, because the user has not seen it yet.
    """
    if run.options.yes or not run.may_ask:
        return None

    def ask(origin: str) -> bool:
        from dynacli.commands.questions import agrees

        return agrees(run.env, f"Send the credential to {origin} from now on?")

    return ask
