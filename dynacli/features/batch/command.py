"""`dynacli batch`: makes a call for each row of a file, in parallel if wanted, and writes a result for each row."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator
from contextlib import ExitStack, closing
from functools import cache
from shlex import quote
from typing import TYPE_CHECKING, Any

import click

from dynacli.client.call import CacheUnusable, Call, CallEvent, RequestBuilt, RowDone, base_url_of
from dynacli.commands.call.make_call import asker
from dynacli.commands.demo_api import opened_api
from dynacli.commands.read_line import words_with_values
from dynacli.commands.run import Run
from dynacli.environment import invocation, program
from dynacli.errors import DynacliError, FailedRowsError, FileError, FormatError, RefusedError, UsageError
from dynacli.openapi.model.find_items import KnownItems
from dynacli.openapi.model.wording import counted, enumerated, shell_line
from dynacli.options.command_table import feature
from dynacli.options.standard_options import UNNAMED
from dynacli.record import record, replace
from dynacli.registry.opened_api import OpenedApi

if TYPE_CHECKING:
    from dynacli.client.call import RowResult
    from dynacli.client.call_settings import CallSettings
    from dynacli.client.shards import Shard
    from dynacli.features.batch.batch_run import BatchPlan, BatchRun, RowCalls
    from dynacli.features.batch.rows import Row, RowFile, WrongRow
    from dynacli.output.output_format import OutputFormat
    from dynacli.output.status_line import CallsLine

_ROWS = KnownItems(names=("row", "status", "exit_code"))
_SHOWN_EACH = 500
_NO_FAIL = frozenset((0, 3, 4, 5, 9))
"""Exit codes of rows that count as success with `--no-fail`."""


@record
class _BatchOptions:
    """The arguments and options that only `batch` has.

    Args:
        operation: The operation of all rows; empty if each row names one.
        file: The file of rows, or `-`.
    """

    operation: str
    file: str
    parallel: int
    stop_on_error: bool
    resume: str | None
    shard: Shard


@click.pass_context
def make_calls(
    ctx: click.Context,
    api: str,
    words: tuple[str, ...],
    *,
    parallel: int,
    stop_on_error: bool,
    resume_: str | None,
    shard: str | None,
    shard_count: int | None,
) -> None:
    """Run `batch`."""
    from dynacli.client.shards import asked_shard

    if not 1 <= len(words) <= 2:
        raise UsageError(
            "A batch needs an API and a file of rows"
            if not words
            else f"`{words[2]}` is an unexpected argument",
            hint=f"For example: `{invocation('batch')} github issues-create rows.csv`, or `-` for standard input",
        )
    run: Run = ctx.obj
    options = _BatchOptions(
        words[0] if len(words) == 2 else "",
        words[-1],
        parallel,
        stop_on_error,
        resume_,
        asked_shard(run.env, shard, shard_count),
    )
    with opened_api(ctx, api) as opened:
        _run_batch(run, opened, options)


def _run_batch(run: Run, api: OpenedApi, options: _BatchOptions) -> None:
    from dynacli.client.call_settings import settings_of
    from dynacli.client.engine.call_engine import Engine
    from dynacli.features.batch.batch_run import (
        BatchRun,
        RowCalls,
        RunSettings,
        check_rows,
        open_earlier_results,
    )
    from dynacli.features.batch.rows import open_row_file
    from dynacli.http.exchange import ClientPool

    form = _result_format(run)
    if run.options.plan:
        feature("plans.planned_call").check_options(run)
        if options.parallel > 1:
            raise UsageError(
                "`--parallel` and `--plan` cannot be combined",
                reason="A plan sends its requests one after the other",
                hint="Leave out `--parallel`",
            )
    if options.operation and api.catalog.find(options.operation) is None:  # it may be new
        api = run.fetch_again(api) or api
    settings = settings_of(run.env, api, run.call_options)
    settings = replace(settings, rate=options.shard.rate(settings.rate))
    if run.options.plan:
        settings = feature("plans.make_plan").planning(settings)
    settings.consent.ask = lambda question: True  # noqa: ARG005  - `_confirm_rows` asks once about all rows
    shows_requests = run.options.dry_run not in ("", UNNAMED)
    reporting = _Reporting(run)
    with ExitStack() as stack:
        clients = None if run.options.dry_run else stack.enter_context(closing(ClientPool()))
        engine = Engine(
            run.env,
            settings,
            clients=clients,
            ask=None if run.options.plan else _once_each(asker(run)),
            on_event=reporting,
            on_unsigned=_warner_once(run) if shows_requests else None,
        )
        calls = RowCalls(engine, api)
        rows = stack.enter_context(open_row_file(run.env, options.file))
        earlier = stack.enter_context(open_earlier_results(options.resume)) if options.resume else None
        _check_columns(rows, calls, options)
        plan = check_rows(
            _with_progress(run, rows.rows(options.operation)), calls, options.shard, earlier or ()
        )
        if run.options.plan:
            _plan(run, api, calls, rows.rows(options.operation), options.shard, earlier or ())
            return
        if shows_requests:
            from dynacli.commands.call.dry_run import show_requests

            show_requests(
                run, _calls_to_show(run, rows.rows(options.operation), calls, options.shard, earlier or ())
            )
        if run.options.dry_run:
            right = "row is right" if plan.count == 1 else "rows are right"
            run.note(f"{plan.count:,} {right}, as far as dynacli can check before sending; nothing was sent")
            return
        _confirm_rows(run, calls, settings, plan)
        batch = reporting.batch = BatchRun(
            rows.rows(options.operation),
            plan,
            calls,
            RunSettings(
                options.parallel,
                options.shard,
                options.stop_on_error,
                _NO_FAIL if run.options.no_fail else frozenset((0,)),
            ),
            earlier=earlier,
        )
        reporting.begin(plan)
        writer = _ResultWriter(run, batch, form, reporting)
        try:
            writer.write_all()
        except FileError:
            _warn_of_lost_results(run, batch, form)
            raise
    _conclude(run, batch, plan, is_interrupted=writer.is_interrupted)
    if writer.unfiltered is not None:
        raise writer.unfiltered


def _plan(
    run: Run,
    api: OpenedApi,
    calls: RowCalls,
    rows: Iterator[Row | WrongRow],
    shard: Shard,
    done: Container[int],
) -> None:
    """Write a plan of the checked rows.

    Raises:
        UsageError: A row cannot be planned. The error names the row.
        DynacliError: The state of a resource cannot be read.
    """
    plans = feature("plans.planned_call")
    planner = plans.planner_of(run, api, calls.engine, run.call_options)
    for row in _rows_left(rows, shard, done):
        try:
            planner.add(_call_of(row, calls), row.number)
        except UsageError as error:
            error.message = f"Row {row.number:,}: {error.message}"
            raise
    plans.write_plan(run, planner)


def _call_of(row: Row, calls: RowCalls) -> Call:
    """Return the call of a row.

    Raises:
        UsageError: The row uses the response of an earlier row.
    """
    from dynacli.features.batch.batch_run import needed_names
    from dynacli.features.batch.rows import fill_placeholders

    if needed_names(row):
        raise UsageError(
            "It is not planned",
            reason="It uses the response of an earlier row, which is not known before that is sent",
            hint="Plan the rows before it, apply the plan, and plan the rest",
        )
    return calls.call(row, fill_placeholders(row.inputs, str) if row.may_refer else row.inputs).call


def _rows_left(rows: Iterator[Row | WrongRow], shard: Shard, done: Container[int]) -> Iterator[Row]:
    """Yield the checked rows of the shard that are not done."""
    from dynacli.features.batch.rows import WrongRow

    for row in rows:
        if not isinstance(row, WrongRow) and shard.has(row.number) and row.number not in done:
            yield row


def _once_each(ask: Callable[[str], bool] | None) -> Callable[[str], bool] | None:
    """Return a function that asks only once about each origin."""
    return ask and cache(ask)


def _warner_once(run: Run) -> Callable[[DynacliError], None]:
    """Return a function that warns, once for each reason, that requests are shown without a credential."""
    reported = set()

    def warn(error: DynacliError) -> None:
        if error.message not in reported:
            reported.add(error.message)
            run.warn(f"{error.message}; the requests are shown without it")

    return warn


def _calls_to_show(
    run: Run, rows: Iterator[Row | WrongRow], calls: RowCalls, shard: Shard, done: Container[int]
) -> Iterator[Call]:
    """Yield the calls of the checked rows; note the rows whose inputs are not known before other rows are sent."""
    from dynacli.features.batch.batch_run import needed_names

    unknown = []
    for row in _rows_left(rows, shard, done):
        if needed_names(row):
            unknown.append(f"{row.number:,}")
        else:
            yield _call_of(row, calls)
    if unknown:
        which = f"{'Row' if len(unknown) == 1 else 'Rows'} {enumerated(unknown, 'and', most=10)}"
        run.note(f"Not shown, because their inputs are in responses of earlier rows: {which}")


def _warn_of_lost_results(run: Run, batch: BatchRun, form: OutputFormat) -> None:
    """Warn about the rows that were sent, and whose results could not be written."""
    from dynacli.output.output_format import AT_THE_END

    lost = enumerated([f"{number:,}" for number in batch.untold], most=10)
    if form.format in AT_THE_END or form.file:  # such a result is written whole at the end
        lost = f"all {batch.done:,}"
    if lost:
        run.warn(f"The results of rows that were sent are lost, and `--resume` would send them again: {lost}")


def _with_progress(run: Run, rows: Iterator[Row | WrongRow]) -> Iterator[Row | WrongRow]:
    """Yield rows; on a terminal, show the progress of many rows."""
    from dynacli.output.status_line import StatusLine

    line, is_shown = StatusLine(run.env), run.shows_progress
    try:
        for row in rows:
            if is_shown and row.number % _SHOWN_EACH == 0:
                line.show(f"Checking row {row.number:,} ...")
            yield row
    finally:
        line.clear()


def _result_format(run: Run) -> OutputFormat:
    """Return the format of the result: NDJSON by default."""
    form = run.data_format
    if form.format in {"raw", "text"}:
        raise UsageError(
            f"A batch has no result in the format `{form.format}`",
            reason="A batch prints one value per row",
            hint="Leave out `-o` for NDJSON, or use `csv`, `json` or another format",
        )
    return replace(form, format="ndjson") if form.format == "auto" else form


def _check_columns(rows: RowFile, calls: RowCalls, options: _BatchOptions) -> None:
    """Check the operation and the columns of CSV, which all rows share."""
    if options.operation:
        calls.described(options.operation)
    elif rows.is_csv:
        raise UsageError(
            "The operation is missing: rows of CSV do not name one",
            hint=f"Name one for all rows: `{invocation('batch', 'API')} OPERATION {quote(options.file)}`",
        )
    if rows.is_csv:
        calls.check_columns(options.operation, rows.columns())


def _confirm_rows(run: Run, calls: RowCalls, settings: CallSettings, plan: BatchPlan) -> None:
    """Ask once, on a terminal, about all rows that need confirmation; do not ask with `--yes`.

    Raises:
        RefusedError: You did not confirm, so nothing was sent.
    """
    consent, asked = settings.consent, plan.asked_about
    consent.ask = None
    if not asked or consent.is_given:
        return
    from dynacli.commands.questions import agrees
    from dynacli.urls import origin_of

    described = calls.described(next(iter(asked)))
    name, count = described.operation.name, sum(asked.values())
    ending = "s" if count == 1 else ""
    is_removal = described.operation.method == "DELETE"
    what = f"remove{ending} something" if is_removal else f"need{ending} confirmation"
    rows = f"{counted(count, 'row')} {what} at {origin_of(base_url_of(described, settings))}"
    refusal = RefusedError(
        "Nothing was sent",
        reason=f"{rows}, and you did not confirm",
        hint="Add `--yes` to allow it",
    )
    consent.agreed.clear()
    if run.may_ask:
        if not agrees(run.env, f"{rows} (`{name}`). Send the batch?"):
            raise RefusedError.declined("Nothing was sent")
        consent.agreed.update(asked)
        return
    try:
        for name in asked:
            settings.permit(calls.described(name))
    except RefusedError as error:
        refusal.details = error.details
        raise refusal from error


class _Reporting:
    """Shows the progress of a batch on a terminal, and with `--verbose` a line for each row."""

    batch: BatchRun

    def __init__(self, run: Run) -> None:
        self._run = run
        self._line: CallsLine | None = None
        self._notes: set[str] = set()

    def begin(self, plan: BatchPlan) -> None:
        """Start the progress line of a batch."""
        if self._run.shows_progress:
            from dynacli.output.status_line import CallsLine

            self._line = CallsLine(self._run.env, plan.count, plan.done)

    def __call__(self, event: CallEvent) -> None:
        """Handle an event of the engine."""
        if isinstance(event, RequestBuilt):
            self._note_undeclared(event.call)
        if isinstance(event, CacheUnusable) and event.text not in self._notes:
            self._notes.add(event.text)
            self.clear()
            self._run.warn(event.text)
        if not isinstance(event, RowDone):
            return
        if self._run.options.verbose and event.call is not None:
            from dynacli.output.standard_error import write_trace

            shown, response = event.call.signed.shown, event.response
            came = (
                f"{response.status} ({response.seconds * 1000:.0f} ms)"
                if response is not None
                else "no response"
            )
            self.clear()
            write_trace(self._run.env, f"* row {event.result.row}: {shown.method} {shown.url}: {came}")
        if self._line is not None:
            self._line.show(self.batch.done, self.batch.failed)

    def _note_undeclared(self, call: Call) -> None:
        """Note each query parameter or body that the document does not declare, once for each name."""
        if not (call.values.query or call.described.has_undeclared_body):
            return
        from dynacli.client.inputs.query_pairs import undeclared_notes

        for note in undeclared_notes(call.described, call.values.query, call.settings.level):
            if note not in self._notes:
                self._notes.add(note)
                self._run.note(note)

    def clear(self) -> None:
        if self._line is not None:
            self._line.clear()

    def report_end(self, batch: BatchRun) -> None:
        """End the batch after Ctrl-C, and say how many rows are still in progress."""
        batch.end()
        self.clear()
        self._run.note(f"{counted(batch.running, 'row')} under way; press Ctrl-C again to stop at once")


class _ResultWriter:
    """Writes the results of a batch as they arrive.

    Attributes:
        is_interrupted: Whether Ctrl-C ended the batch early.
        unfiltered: The first error of the filter; None if it never failed. Such a result is written whole.
    """

    def __init__(self, run: Run, batch: BatchRun, form: OutputFormat, reporting: _Reporting) -> None:
        self._run, self._batch, self._form, self._reporting = run, batch, form, reporting
        self._is_shared = run.env.stdout_is_terminal and run.env.stderr_is_terminal and not form.file
        self._is_asked_as_a_whole = bool(run.options.sql)
        self.is_interrupted = False
        self.unfiltered: FormatError | None = None
        self._left_out: Any = None
        self._has_written = False

    def write_all(self) -> None:
        """Send the rows, and write their results.

        Raises:
            FileError: The result cannot be written, or the rows can no longer be read.
        """
        from dynacli.client.parallel_calls import noting_interrupt
        from dynacli.output.written_items import written_items

        form = self._form if self._is_asked_as_a_whole else replace(self._form, filter="")
        try:
            with written_items(self._run.env, form, known=_ROWS) as write:
                try:
                    with noting_interrupt(self._note_interrupt):
                        for result in self._batch:
                            self._write(write, result)
                except KeyboardInterrupt:
                    self.is_interrupted = True
                    for result in self._batch.abandoned():
                        self._write(write, result)
        finally:
            self._reporting.clear()
        if self._left_out is not None and not self._has_written:
            from dynacli.media.body_value import filter_note

            self._run.note(filter_note(self._left_out, self._form.filter, None, "a row"))

    def _note_interrupt(self) -> None:
        self.is_interrupted = True
        self._reporting.report_end(self._batch)

    def _write(self, write: Callable[[Any], None], result: RowResult) -> None:
        if self._is_shared:
            self._reporting.clear()
        line = result.as_json(has_headers=self._form.include)
        results = self._filtered(line)
        if not results:
            self._left_out = line
        for found in results:
            self._has_written = True
            write(found)

    def _filtered(self, line: Any) -> list[Any]:
        if not self._form.filter or self._is_asked_as_a_whole:
            return [line]
        from dynacli.text.filter_value import filtered_item

        try:
            return filtered_item(line, self._form.filter)
        except FormatError as error:  # other rows are in progress, and their results must not be lost
            self.unfiltered = self.unfiltered or error
            return [line]


def _conclude(run: Run, batch: BatchRun, plan: BatchPlan, *, is_interrupted: bool) -> None:
    """Print the command to resume if rows are left, and raise the error of the first failed row."""
    left = plan.count - batch.done
    if left:
        run.note(f"{batch.done:,} of {plan.count:,} rows are done; resume with: {_go_on_line(run)}")
    if is_interrupted:
        raise KeyboardInterrupt
    first = batch.first_failure
    if first is None:
        if not left:
            run.note(f"{batch.done:,} of {counted(plan.count, 'row')} succeeded")
        return
    error, number = first.error, first.result.row
    said = f": {error.message}" if isinstance(error, DynacliError) else ""
    raise FailedRowsError(
        first.result.exit_code,
        f"{batch.failed:,} of {counted(plan.count, 'row')} failed",
        reason=f"Row {number}{said}" + (f"\n{error.reason}" if error is not None and error.reason else ""),
        hint="See the result; `--resume RESULT` sends the failed rows again",
        row=number,
        failed=batch.failed,
    )


def _go_on_line(run: Run) -> str:
    """Return the command that resumes the batch from its result."""
    from dynacli.secrets import Masker, secrets_in

    words = words_with_values(run.words, {"--resume": run.options.output_file or "RESULT"})
    line = shell_line([program().name, *words])
    return Masker(secrets_in(run.env.variables, run.options.header)).mask(line)
