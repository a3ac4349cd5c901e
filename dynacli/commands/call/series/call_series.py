"""`--wait` and `--follow`: calls are made one after the other, each is judged, and the last answer is written."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING

from dynacli.catalog.store.catalog_file import DamagedCatalogError
from dynacli.client.call import Call
from dynacli.client.call_settings import CallSettings
from dynacli.client.described_operation import DescribedOperation
from dynacli.client.inputs.call_inputs import CallInputs
from dynacli.client.links.follow_link import (
    FollowedLink,
    check_links,
    followed_inputs,
    link_of_answer,
    missing_link,
    settings_for,
)
from dynacli.client.pages.page_calls import PageCalls, Waiting
from dynacli.client.wait_until import WAIT_SECONDS, Until, WaitPause, check_wait, wait_until
from dynacli.commands.call.conclude_call import conclude, report_verdict_so_far, tell_request
from dynacli.commands.run import Run
from dynacli.errors import AuthError, DocumentError, DynacliError, FileError, FormError, UsageError
from dynacli.http.exchange import ClientPool
from dynacli.output.output_form import OutputForm
from dynacli.record import replace

if TYPE_CHECKING:
    from dynacli.commands.call.call_report import CallReport
    from dynacli.commands.call.make_call import MadeCall
    from dynacli.http.send import Answer
    from dynacli.validation.findings.finding import Verdict

    _Exchange = tuple[Call, Answer, Verdict | None]

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
        self._form = run.output_form(settings.output)
        _check_options(run)
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
        self._clients = ClientPool()
        self._report: CallReport | None = None
        self._last: tuple[Call, Answer, Verdict | None] | None = None
        self._is_told = False

    def call(self, inputs: CallInputs, report: "CallReport | None") -> None:
        """Make the calls, and write and judge the last answer; also where an error ends them.

        Raises:
            DynacliError: The calls do not end well; the exit code is the error's.
        """
        self._report = report
        try:
            self._make_all(inputs)
        except (UsageError, AuthError, DocumentError) as error:
            # Their exit codes say that nothing was sent.
            if self._last is None:
                raise
            self._end_early()
            why = ": ".join(text for text in (error.message, error.why) if text)
            raise FormError("The next call cannot be made", why=why, hint=error.hint) from error
        except DynacliError:
            self._end_early()
            raise
        except DamagedCatalogError as damage:
            from dynacli.client.damaged_cache import explain_damage

            explain_damage(damage, has_sent=self._last is not None)
        finally:
            self._clients.close()
        if self._last is not None:
            call, answer, verdict = self._last
            conclude(self._run, call, answer, verdict, report, self._write(call, answer))

    def _make_all(self, inputs: CallInputs) -> None:
        described, settings = self._described, self._settings
        for name in self._run.options.follow:
            last = self._make(self._calls(described, settings), inputs)
            link = self._link(described, name, last)
            if link is None or link.target is None:
                return
            inputs = followed_inputs(link, *last[:2], wants_example=self._run.options.example)
            self._tell()
            if self._report is not None:
                self._report.begin_next(described, link.target)
            described, settings = link.target, settings_for(link, settings)
        if self._until is None:
            self._make(self._calls(described, settings), inputs)
        else:
            self._wait(described, settings, inputs, self._until)

    def _link(self, described: DescribedOperation, name: str, last: "_Exchange") -> FollowedLink | None:
        """Return the link by which an answer is followed; None where the answer itself ends the series.

        Raises:
            FormError: It has no link of this name.
        """
        _, answer, verdict = last
        link = link_of_answer(described, name, answer.status)
        is_success = 200 <= answer.status < 300
        if link is None and is_success:
            raise missing_link(described, name, answer.status)
        is_wrong = verdict is not None and not verdict.is_valid
        if is_wrong and self._settings.is_strict and not self._run.options.no_fail:
            return None
        return link

    def _wait(
        self, described: DescribedOperation, settings: CallSettings, inputs: CallInputs, until: Until
    ) -> None:
        # A call that fails is made again all the same, when it is time.
        calls = self._calls(described, replace(settings, retries=0))

        def exchange(seconds: float) -> "Answer":
            return self._make(calls, inputs, seconds)[1]

        wait_until(
            exchange,
            until,
            retries=self._settings.retries,
            statuses=self._settings.retry_statuses,
            waiting=lambda pause: self._say(calls, pause),
        )

    def _calls(self, described: DescribedOperation, settings: CallSettings) -> PageCalls:
        calls = PageCalls(
            self._run.env,
            described,
            settings,
            self._clients,
            ask=self._ask,
            before_sending=lambda call: self._before_sending(calls, call),
            waiting=self._waiting,
        )
        return calls

    def _say(self, calls: PageCalls, pause: WaitPause) -> AbstractContextManager[None]:
        return nullcontext() if calls.last is None else self._waiting(calls.last, pause)

    def _make(self, calls: PageCalls, inputs: CallInputs, seconds: float | None = None) -> "_Exchange":
        """Make a call, and keep its answer as the last one."""
        call, answer, verdict = self._last = calls(inputs, seconds=seconds)
        self._is_told = False
        if self._run.options.verbose:
            from dynacli.commands.call.message_heads import show_answer, show_size

            show_answer(self._run, call.signed, answer)
            show_size(self._run, answer)
        self._run.made_call = self._noted(call)
        self._run.made_call.note_answer(call, answer, verdict)
        return self._last

    def _before_sending(self, calls: PageCalls, call: Call) -> None:
        tell_request(self._run, call, self._report, is_first=call is calls.first)

    def _end_early(self) -> None:
        """Write the last answer that came before an error, and what is to be said of it."""
        if self._last is None:
            return
        call, answer, _ = self._last
        unwritten = self._write(call, answer)
        if unwritten is not None:
            self._run.warn(f"{unwritten.message}: {unwritten.why}")
        self._tell()

    def _tell(self) -> None:
        """Tell, unless it was told, what is to be said of an answer that is not the result."""
        if self._last is None or self._is_told:
            return
        self._is_told = True
        call, answer, verdict = self._last
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


def _check_options(run: Run) -> None:
    """Check that the options go together.

    Raises:
        UsageError: They do not.
    """
    options = run.options
    if not options.wait and (options.wait_timeout, options.wait_interval) != (None, None):
        raise UsageError(
            "Nothing says what is waited for",
            why="`--wait-timeout` and `--wait-interval` are about `--wait`",
            hint="Say it: `--wait \"status == 'done'\"`",
        )
    several = "--wait" if options.wait else "--follow"
    if options.all or options.max_items is not None:
        raise UsageError(
            f"`{several}` and `{'--all' if options.all else '--max-items'}` do not go together",
            why=f"`{several}` looks at one answer, and a list of many pages has many",
            hint="Make two calls",
        )
    if options.resume or options.remote_name:
        raise UsageError(
            f"`{several}` and `{'--resume' if options.resume else '-O'}` do not go together",
            why="An answer that is looked at is not written as it comes",
            hint="Make two calls",
        )
