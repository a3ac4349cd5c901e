"""`--wait` and `--follow`: calls are made one after the other, and the last response is written."""

from typing import TYPE_CHECKING

from dynacli.client.call import Call
from dynacli.client.described_operation import DescribedOperation
from dynacli.client.engine.call_engine import Engine, MadeCall
from dynacli.client.engine.series import WAIT_SECONDS, Series, Until, check_wait
from dynacli.client.inputs.call_inputs import CallInputs
from dynacli.client.links.follow_link import check_links
from dynacli.commands._call.conclude_call import conclude, report_validation_so_far
from dynacli.commands.run import Run
from dynacli.errors import DynacliError, FileError, FormatError, UsageError
from dynacli.options.standard_options import Options
from dynacli.output.output_form import OutputForm

if TYPE_CHECKING:
    from dynacli.commands._call.call_report import CallReport
    from dynacli.http.exchange import Response

__all__ = ["LastResponse"]


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
        self._run, self._engine, self._described, self._report = run, engine, described, report
        settings = engine.settings
        self._form = run.output_form(settings.output)
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
        self._told: Call | None = None

    def call(self, inputs: CallInputs) -> None:
        """Make the calls, and write and validate the last response; also if an error ends them.

        Raises:
            DynacliError: The calls do not end well; the exit code is the error's.
        """
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
                self._tell(series.last)
            raise
        call, response, validation = last
        conclude(run, call, response, validation, self._report, self._write(call, response))

    def _begin_next(self, made: MadeCall, described: DescribedOperation) -> None:
        self._tell(made)
        if self._report is not None:
            self._report.begin_next(made.call.described, described)

    def _tell(self, made: MadeCall) -> None:
        """Tell, unless it was reported, what is to report of a response that is not the result."""
        if made.validation is not None and made.call is not self._told:
            report_validation_so_far(self._run, made.call, made.response, made.validation, self._report)
        self._told = made.call

    def _write(self, call: Call, response: "Response") -> FileError | FormatError | None:
        """Write a response; return why it could not be written."""
        from dynacli.commands._call.conclude_call import head_value, write_head
        from dynacli.output.render import write_body

        form = self._form
        head = head_value(call.signed, response) if form.is_whole else None
        if form.include and head is None:
            write_head(self._run.env, call.signed, response)
        if form.is_of_value and head is None and not 200 <= response.status < 300:
            form = OutputForm(file=form.file)

        try:
            media_type, schema = response.header("content-type"), call.described.schema_of(response)
            write_body(self._run.env, response.body, media_type, form, head=head, schema=schema)
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
