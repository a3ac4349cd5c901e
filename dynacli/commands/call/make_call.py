"""One call from the command line: words become the inputs of the call, which is made or shown."""

import json
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from functools import partial
from typing import TYPE_CHECKING, Any

from dynacli.client.call import Call, request_of
from dynacli.client.call_settings import CallSettings, settings_of
from dynacli.client.described_operation import DescribedOperation
from dynacli.client.inputs.call_inputs import CallInputs, CallValues, ParameterKey, collect_values, input_name
from dynacli.client.sign_request import is_secret_parameter, is_secret_value
from dynacli.commands.run import Run
from dynacli.environment import variable
from dynacli.errors import DynacliError, FileError
from dynacli.library.history.record_call import (
    MODES,
    MOST_REMEMBERED,
    AnsweredPath,
    RecordedCall,
    UnusualHistoryError,
    api_key,
    history_mode,
    record_call,
)
from dynacli.model.operation import Field, Parameter
from dynacli.record import record, replace
from dynacli.request.convert_words import convert_all, is_given_as_text
from dynacli.urls import with_masked_query, with_masked_secrets

if TYPE_CHECKING:
    from dynacli.commands.call.call_report import CallReport
    from dynacli.commands.call.download_file import DownloadFile
    from dynacli.commands.call.receive_response import AnswerReceiver
    from dynacli.commands.call.words.editor import Draft
    from dynacli.commands.call.words.mask_words import MaskedWords
    from dynacli.http.payload import Payload
    from dynacli.http.send import Answer
    from dynacli.validation.findings.finding import Verdict

__all__ = ["GivenWords", "MadeCall", "asker", "is_streamed", "make_call", "read_inputs", "send_call"]

_NOTHING_SENT = (2, 8, 10)
"""The exit codes that say that nothing reached the API."""


@record
class GivenWords:
    """The words that were given for the inputs of one operation.

    Args:
        parameters: (parameter, its words).
        parameter_fields: (parameter, field of it, the field's words).
        body_fields: (field of the body, its words).
    """

    parameters: list[tuple[Parameter, list[str]]]
    parameter_fields: list[tuple[Parameter, Field, list[str]]]
    body_fields: list[tuple[Field, list[str]]]


def make_call(run: Run, described: DescribedOperation, given: GivenWords) -> None:
    """Make one call, or with `--dry-run` show its request.

    Raises:
        DynacliError: The call does not end well; the exit code is the error's.
    """
    settings = settings_of(run.env, described.api, run.call_options)
    settings.asking_later().permit(described)  # whoever may not call it need not hear what its inputs are
    if not described.is_documented:
        from dynacli.client.undocumented_operation import undocumented_note

        run.note(undocumented_note(described))
        settings = replace(settings, level="off")
    if run.options.resume or run.options.remote_name:
        from dynacli.commands.call.download_file import check_options

        check_options(run, settings)
    with _reporting(run, described, settings) as report:
        inputs, draft = read_inputs(run, described, given, is_strict=settings.level != "off")
        listing = series = None
        waiting, noted = partial(_waiting, run), partial(MadeCall, run)
        try:
            if run.options.asks_for_several_calls:
                from dynacli.commands.call.series.call_series import CallSeries

                series = CallSeries(run, described, settings, asker(run), waiting, noted)
            elif (run.options.all or run.options.max_items is not None) and not is_streamed(described):
                from dynacli.commands.call.series.call_pages import Listing

                listing = Listing(run, described, inputs, settings, asker(run), waiting, noted)
                inputs = listing.inputs
            values = collect_values(described, inputs, is_strict=settings.level != "off")
            if run.options.dry_run:
                from dynacli.commands.call.dry_run import show_request

                show_request(run, described, values, settings, report)
            elif listing is not None:
                listing.call(report)
            elif series is not None:
                series.call(inputs, report)
            else:
                send_call(run, described, values, settings, report)
        except BaseException:
            if draft is not None:
                run.warn(draft.kept())
            raise
        if draft is not None:
            draft.discard()


def is_streamed(described: DescribedOperation) -> bool:
    """Return whether the items of an operation come in one answer: as lines, as records or as events."""
    from dynacli.model.media_types import is_sequence

    answers = described.operation.responses
    names = [name for answer in answers if answer.status[:1] == "2" for name in answer.media_types]
    return bool(names) and all(map(is_sequence, names))


def _reporting(
    run: Run, described: DescribedOperation, settings: CallSettings
) -> "AbstractContextManager[CallReport | None]":
    """Enter with the report on a call; with None where none is asked for."""
    if not run.options.report:
        return nullcontext()
    from dynacli.commands.call.call_report import reporting

    return reporting(run, described, settings)


def read_inputs(
    run: Run, described: DescribedOperation, given: GivenWords, *, is_strict: bool
) -> tuple[CallInputs, "Draft | None"]:
    """Return the inputs of a call, and the draft that a person wrote its body in.

    Args:
        is_strict: Whether words must fit the document; False at the level `off`.

    Raises:
        UsageError: A word does not fit.
        FileError: A file that was named cannot be read.
    """
    parameters = _parameters(given, is_strict=is_strict)
    if described.media_type is None:
        return CallInputs(parameters, wants_example=run.options.example), None
    # Imported here, because calls without a body do not need it.
    from dynacli.commands.call.words.read_body_words import read_body_words

    return read_body_words(run, described, parameters, given.body_fields, is_strict=is_strict)


def _parameters(given: GivenWords, *, is_strict: bool) -> dict[ParameterKey, Any]:
    parameters: dict[ParameterKey, Any] = {}
    for parameter, words in given.parameters:
        if is_given_as_text(parameter, words):
            value: Any = words[-1]
        else:
            value = convert_all(words, parameter.value, input_name(parameter), is_strict=is_strict)
        parameters[(parameter.location, parameter.name)] = value
    if not given.parameter_fields:
        return parameters
    from dynacli.request.assemble_body import Assignment, assemble

    fields: dict[ParameterKey, list[Assignment]] = {}
    for parameter, field, words in given.parameter_fields:
        option = f"--{field.option}"
        value = convert_all(words, field.value, option, is_strict=is_strict)
        fields.setdefault((parameter.location, parameter.name), []).append(
            Assignment(field.path, value, option)
        )
    for key, assignments in fields.items():
        parameters[key] = assemble(parameters.get(key), assignments)
    return parameters


def send_call(
    run: Run,
    described: DescribedOperation,
    values: CallValues,
    settings: CallSettings,
    report: "CallReport | None",
) -> None:
    """Send a call, write and judge its answer.

    Raises:
        DynacliError: The call does not end well.
    """
    if run.options.resume or run.options.remote_name:
        from dynacli.commands.call.download_file import into_file

        def send(settings: CallSettings, file: "DownloadFile") -> None:
            _send(run, described, values, settings, report, file)

        into_file(run, request_of(described, settings, values).url, settings, send)
    else:
        _send(run, described, values, settings, report)


def _send(
    run: Run,
    described: DescribedOperation,
    values: CallValues,
    settings: CallSettings,
    report: "CallReport | None",
    file: "DownloadFile | None" = None,
) -> None:
    """Send a call, write and judge its answer.

    Args:
        file: Where the answer goes with `--resume` or `-O`; None without them.
    """
    call = Call(run.env, described, values, settings, ask=asker(run))
    from dynacli.commands.call.receive_response import AnswerReceiver, shows_progress

    receiver = AnswerReceiver(run, call, file)
    if values.body is not None and not isinstance(values.body, bytes) and shows_progress(run):
        _tell_upload(run, call, values.body)
    run.made_call = made = MadeCall(run, call)

    def before_sending() -> None:
        if run.options.verbose or not (call.judging is None or call.judging.verdict.is_valid):
            from dynacli.commands.call.conclude_call import tell_request

            tell_request(run, call, report, is_first=True)

    try:
        answer = call.send(
            receiver.receive, before_sending=before_sending, waiting=lambda pause: _waiting(run, call, pause)
        )
        verdict = receiver.finish(answer)
        made.note_answer(call, answer, verdict)
        _conclude(run, call, receiver, answer, verdict, report)
    except BaseException as error:
        if not receiver.is_finished and receiver.answer is not None:
            made.note_beginning(receiver.answer, receiver.verdict)
        if not isinstance(error, BrokenPipeError):
            from dynacli.commands.call.conclude_call import tell_failure

            tell_failure(run, call, receiver, error, report)
        if not isinstance(error, DynacliError):
            raise
        raise call.signed.masker.mask_error(error) from error.__cause__


def _conclude(
    run: Run,
    call: Call,
    receiver: "AnswerReceiver",
    answer: "Answer",
    verdict: "Verdict | None",
    report: "CallReport | None",
) -> None:
    """Say what there is to say of an answer that was written."""
    verdicts = [verdict, call.judging.verdict if call.judging is not None else None]
    judged = [each for each in verdicts if each is not None]
    if run.options.verbose and len(judged) > 1:
        from dynacli.commands.call.message_heads import show_judges

        show_judges(run, judged[1], judged[0])
    if receiver.is_part:
        from dynacli.commands.call.conclude_call import conclude_part

        conclude_part(run, call, answer, report)
        return
    is_plain = (
        200 <= answer.status < 300
        and report is None
        and receiver.unwritten is None
        and not any(each.has_something_to_tell for each in judged)
    )
    if not is_plain:
        from dynacli.commands.call.conclude_call import conclude

        conclude(run, call, answer, verdict, report, receiver.unwritten)
    if run.env.stdout_is_terminal and run.env.stderr_is_terminal and answer.body:
        from dynacli.commands.call.series.more_pages import note_more_pages

        note_more_pages(run, call, answer)


def _tell_upload(run: Run, call: Call, body: "Payload") -> None:
    """Let a line on a terminal tell how far the body of a call is sent."""
    from dynacli.output.status_line import told_transfer
    from dynacli.transport.upload import WatchedPayload

    watched = WatchedPayload(body, lambda: told_transfer(run.env, body.length))
    call.signed = call.signed._replace(request=call.signed.request._replace(body=watched))


def _waiting(run: Run, call: Call, pause: object) -> AbstractContextManager[None]:
    """Enter while a call waits for its next try, which `-v` and a line on a terminal tell."""
    text = call.signed.masker.mask(str(pause))
    if run.options.verbose:
        from dynacli.output.standard_error import write_stderr

        write_stderr(run.env, f"* {text}")
    elif run.env.stderr_is_terminal:
        from dynacli.output.status_line import pause_line

        return pause_line(run.env, text)
    return nullcontext()


class MadeCall:
    """A call that was made, or failed on the way, as the history keeps it.

    Args:
        call: The call; the first one where several pages are called.
    """

    def __init__(self, run: Run, call: Call) -> None:
        self._run, self._call, self._masker = run, call, call.signed.masker
        self._started = time.time()
        self._answer: Answer | None = None
        self._findings: int | None = None
        self._size: int | None = None
        self._seconds = 0.0
        self._answered: list[AnsweredPath] = []
        self._mode = ""
        self._masked: MaskedWords | None = None

    def note_beginning(self, answer: "Answer", verdict: "Verdict | None") -> None:
        """Note an answer that did not come whole."""
        self._answer = answer
        judging = self._call.judging
        if verdict is not None and judging is not None:
            self._findings = len(verdict.findings) + len(judging.verdict.findings)

    def note_answer(self, call: Call, answer: "Answer", verdict: "Verdict | None") -> None:
        """Note an answer, and what it tells of ids; as long as the API is open.

        Args:
            call: The call that it answers.
            verdict: The verdict on all that came so far.
        """
        self.note_beginning(answer, verdict)
        self._size = (self._size or 0) + answer.size
        self._seconds += answer.seconds
        if self._find_mode() == "off" or sum(each.items for each in self._answered) >= MOST_REMEMBERED:
            return
        self._find_secrets(())
        answered = call.ids_of_answer(answer, self._started, self._masker.mask)
        if answered is not None:
            self._answered.append(answered)

    def _find_mode(self) -> str:
        """Return what is to be kept; a history that cannot be asked for is none."""
        if not self._mode:
            try:
                self._mode = history_mode(self._run.env)
            except FileError:
                self._mode = "off"
            if self._mode not in MODES:
                self._run.warn(
                    f"`{self._mode}` says nothing of the history, which keeps nothing now\n"
                    f"`{variable('HISTORY')}`, and `history` in the configuration, are one of `off`, `heads`, `full`"
                )
                self._mode = "off"
        return self._mode

    def record(self, words: Sequence[str], exit_code: int) -> None:
        """Write the call into the history, at the end of the run.

        Args:
            words: The command line behind the program's name.
        """
        if exit_code in _NOTHING_SENT or self._find_mode() == "off":
            return
        call = self._recorded(words, exit_code)
        if self._mode == "full":
            from dynacli.client.answers.kept_messages import kept_messages

            call = replace(call, messages=kept_messages(self._call, self._answer, self._masker))
        # A history that cannot be written is not worth a word; a ValueError comes of text that is not Unicode.
        with suppress(OSError, ValueError, FileError):
            self._write(call)

    def _write(self, call: RecordedCall) -> None:
        env = self._run.env
        try:
            is_time_to_sweep = record_call(env, call, self._answered)
        except UnusualHistoryError as unusual:
            from dynacli.library.history.history_file import record_with_care

            note = record_with_care(env, call, self._answered, unusual)
            if note:
                self._run.warn(note)
            return
        if is_time_to_sweep:
            from dynacli.library.history.history_file import sweep

            sweep(env)

    def _recorded(self, words: Sequence[str], exit_code: int) -> RecordedCall:
        signed, described = self._call.signed, self._call.described
        self._find_secrets(words)
        shown, url, masked = list(words), signed.shown.url, self._masked
        if masked is not None:
            shown, url = masked.words(words), masked.url(url)
        return RecordedCall(
            self._started,
            json.dumps([self._masker.mask(word) for word in shown]),
            with_masked_query(described.api.name),
            api_key(described.api.revisions.directory),
            described.operation.name,
            signed.request.method,
            with_masked_secrets(url),
            self._answer.status if self._answer is not None else None,
            self._seconds or time.time() - self._started,
            self._size,
            self._findings,
            exit_code,
        )

    def _find_secrets(self, words: Sequence[str]) -> None:
        """Find the secrets among the inputs of the call, once, if a word or an input may be one."""
        if self._masked is None and self._may_hold_secrets(words):
            from dynacli.commands.call.words.mask_words import MaskedWords

            self._masked = MaskedWords(self._run.options, self._call)
            self._masker = self._masked.masker

    def _may_hold_secrets(self, words: Sequence[str]) -> bool:
        """Return whether a word may hold a secret besides the credentials of the call."""
        options, described = self._run.options, self._call.described
        if options.header or options.body or options.set or options.server_var or options.part_header:
            return True
        fields = described.media_type.fields if described.media_type is not None else ()
        return (
            any("?" in word or "@" in word for word in words)
            or any(is_secret_parameter(parameter) for parameter in described.operation.parameters)
            or any(is_secret_value(field.path[-1], field.value) for field in fields)
        )


def asker(run: Run) -> Callable[[str], bool] | None:
    """Return the function that asks the person whether a credential may go to an origin; None where none may be asked.

    `--yes` does not answer this question, because the person does not know the origin yet.
    """
    if run.options.yes or not run.may_ask:
        return None

    def ask(origin: str) -> bool:
        from dynacli.commands.questions import agrees

        return agrees(run.env, f"Send the credential to {origin} from now on?")

    return ask
