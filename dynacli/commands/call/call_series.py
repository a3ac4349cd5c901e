"""`--wait`: calls are made until an answer is the one that is wanted; each is judged, and the last one is written."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING

from dynacli.catalog.store.catalog_file import DamagedCatalogError
from dynacli.client.call import Call
from dynacli.client.call_settings import CallSettings
from dynacli.client.described_operation import DescribedOperation
from dynacli.client.inputs.call_inputs import CallInputs
from dynacli.client.pages.page_calls import PageCalls, Waiting
from dynacli.client.wait_until import WAIT_SECONDS, Until, WaitPause, check_wait, wait_until
from dynacli.commands.call.conclude_call import conclude, report_verdict_so_far, warn_of_request
from dynacli.commands.run import Run
from dynacli.errors import DynacliError, FileError, FormError, UsageError
from dynacli.output.output_form import OutputForm
from dynacli.record import replace
from dynacli.wire.exchange import ClientPool

if TYPE_CHECKING:
    from dynacli.commands.call.call_report import CallReport
    from dynacli.commands.call.make_call import MadeCall
    from dynacli.transport.send import Answer
    from dynacli.validation.findings.finding import Verdict

__all__ = ["CallSeries"]


class CallSeries:
    """Calls of which the last answer is the result.

    Args:
        ask: Asks the person whether credentials may go to a new origin; None where nobody can be asked.
        waiting: Makes the block in which a call waits before it is made again.
        noted: Makes what the history keeps of a call.

    Raises:
        UsageError: The options do not go together, or say what cannot be.
    """

    def __init__(
        self,
        run: Run,
        described: DescribedOperation,
        settings: CallSettings,
        ask: Callable[[str], bool] | None,
        waiting: Waiting,
        noted: "Callable[[Call], MadeCall]",
    ) -> None:
        self._run, self._described, self._settings = run, described, settings
        self._ask, self._waiting, self._noted = ask, waiting, noted
        self._form = run.options.output_form_for(settings.output)
        self._until = _until(run)
        check_wait(described, self._until)
        self._clients = ClientPool()
        self._report: CallReport | None = None
        self._last: tuple[Call, Answer, Verdict | None] | None = None

    def call(self, inputs: CallInputs, report: "CallReport | None") -> None:
        """Make the calls, and write and judge the last answer; also where an error ends them.

        Raises:
            DynacliError: The calls do not end well; the exit code is the error's.
        """
        self._report = report
        try:
            self._wait(inputs)
        except DynacliError as error:
            self._end_early()
            raise error from error.__cause__
        except DamagedCatalogError as damage:
            from dynacli.client.damaged_cache import explain_damage

            explain_damage(damage, has_sent=self._last is not None)
        finally:
            self._clients.close()
        if self._last is not None:
            call, answer, verdict = self._last
            conclude(self._run, call, answer, verdict, report, self._write(call, answer))

    def _wait(self, inputs: CallInputs) -> None:
        # A call that fails is made again all the same, when it is time.
        calls = self._calls(replace(self._settings, retries=0))

        def exchange(seconds: float) -> "Answer":
            return self._make(calls, inputs, seconds)

        wait_until(
            exchange,
            self._until,
            retries=self._settings.retries,
            waiting=lambda pause: self._say(calls, pause),
        )

    def _calls(self, settings: CallSettings) -> PageCalls:
        calls = PageCalls(
            self._run.env,
            self._described,
            settings,
            self._clients,
            ask=self._ask,
            before_sending=lambda call: self._before_sending(calls, call),
            waiting=self._waiting,
        )
        return calls

    def _say(self, calls: PageCalls, pause: WaitPause) -> AbstractContextManager[None]:
        return nullcontext() if calls.last is None else self._waiting(calls.last, pause)

    def _make(self, calls: PageCalls, inputs: CallInputs, seconds: float | None = None) -> "Answer":
        """Make a call, and keep its answer as the last one."""
        call, answer, verdict = self._last = calls(inputs, seconds=seconds)
        if self._run.options.verbose:
            from dynacli.commands.call.message_heads import show_answer, show_size

            show_answer(self._run, call.signed, answer)
            show_size(self._run, answer)
        self._run.made_call = self._noted(call)
        self._run.made_call.note_answer(call, answer, verdict)
        return answer

    def _before_sending(self, calls: PageCalls, call: Call) -> None:
        if call is calls.first and call.judging is not None and not call.judging.verdict.is_valid:
            warn_of_request(self._run, call.judging, call.signed.masker, self._report)
        if self._run.options.verbose:
            from dynacli.commands.call.message_heads import show_request

            show_request(self._run, call.signed)

    def _end_early(self) -> None:
        """Write the last answer that came before an error, and what is to be said of it."""
        if self._last is None:
            return
        call, answer, verdict = self._last
        unwritten = self._write(call, answer)
        if unwritten is not None:
            self._run.warn(f"{unwritten.message}: {unwritten.why}")
        if verdict is not None:
            report_verdict_so_far(self._run, call, answer, verdict, self._report)

    def _write(self, call: Call, answer: "Answer") -> FileError | FormError | None:
        """Write an answer; return why it could not be written."""
        form = self._form
        if form.include:
            from dynacli.commands.call.message_heads import write_head

            write_head(self._run, call.signed, answer)
        if form.is_of_value and not 200 <= answer.status < 300:
            form = OutputForm(file=form.file)
        from dynacli.output.render import write_body

        try:
            write_body(self._run.env, answer.body, answer.header("content-type"), form)
        except (FileError, FormError) as error:
            return error
        return None


def _until(run: Run) -> Until:
    """Return what is waited for.

    Raises:
        UsageError: The options do not go together.
    """
    options = run.options
    if not options.wait:
        raise UsageError(
            "Nothing says what is waited for",
            why="`--wait-timeout` and `--wait-interval` are about `--wait`",
            hint="Say it: `--wait \"status == 'done'\"`",
        )
    if options.all or options.max_items is not None:
        raise UsageError(
            "`--wait` and `--all` do not go together",
            why="`--wait` looks at one answer, and `--all` makes one of many",
            hint="Wait first, and list then",
        )
    if options.resume or options.remote_name:
        raise UsageError(
            f"`--wait` and `{'--resume' if options.resume else '-O'}` do not go together",
            why="An answer that is looked at is not written as it comes",
            hint="Wait first, and download then",
        )
    return Until(options.wait, options.wait_timeout or WAIT_SECONDS, options.wait_interval)
