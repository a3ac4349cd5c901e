"""`dynacli check`: calls every safe operation, and validates every response."""

from __future__ import annotations

import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dynacli.client.described_operation import DescribedOperation
from dynacli.commands.call.call_report import check_files, write_reports
from dynacli.commands.demo_api import demo_params, opened_api
from dynacli.commands.run import Run
from dynacli.environment import invocation
from dynacli.errors import AuthError, DocumentError, DynacliError, FormatError, UsageError
from dynacli.features.check.check_records import CheckResults
from dynacli.features.check.check_text import check_error, check_table, plan_of_left_out, plan_rows, plan_text
from dynacli.features.check.input_values import fields_of_other_ids, read_preset_values
from dynacli.files import is_url, write_named_file
from dynacli.openapi.model.wording import counted
from dynacli.options.command import HTML
from dynacli.output.output_format import OutputFormat
from dynacli.output.render import write_data
from dynacli.output.standard_error import write_stderr, write_trace
from dynacli.output.standard_output import written_text
from dynacli.record import record, replace
from dynacli.registry.opened_api import OpenedApi

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dynacli.client.call_settings import CallSettings
    from dynacli.client.shards import Shard
    from dynacli.features.check.check_records import CheckedOperation, ComparedCall, Exchange
    from dynacli.features.check.check_run import CheckRun
    from dynacli.features.check.resource_chains import ResourceChain

_MAX_INPUTS = 5
_MAX_LISTED = 10


@record
class _CheckOptions:
    """The options that only `check` has, by their names.

    Args:
        set_: The values of `--set`, the ones before the name of the API first.
    """

    operation: tuple[str, ...]
    only: tuple[str, ...]
    tag: tuple[str, ...]
    skip: tuple[str, ...]
    set_: tuple[str, ...]
    most: int
    parallel: int
    write: bool
    probe: bool
    har: str | None
    learn: str | None
    shard: Shard


@click.pass_context
def check(ctx: click.Context, /, api: str, **params: Any) -> None:
    """Run `check`."""
    run: Run = ctx.obj

    of_demo = demo_params(params)
    from dynacli.client.shards import asked_shard

    shard = asked_shard(run.env, params.pop("shard"), params.pop("shard_count"))
    options = _CheckOptions(**{**params, "set_": (*run.options.set, *params["set_"]), "shard": shard})
    with opened_api(ctx, api, of_demo) as opened:
        _check_api(run, opened, options)


@record
class _Chosen:
    """The operations that a check calls, and those that it leaves out.

    Args:
        api: The API, which may have been fetched again.
        operations: The operations to call, including operations of chains, in the order of the document.
        chains: The chains that create, read, change and remove resources.
        changing_names: The names of called operations outside of chains that may change something.
        left_out: The operations that are not called, each with the reason.
    """

    api: OpenedApi
    operations: list[DescribedOperation]
    chains: Sequence[ResourceChain]
    changing_names: list[str]
    left_out: list[CheckedOperation]

    @property
    def refused(self) -> list[DescribedOperation]:
        """The operations that the policy denies."""
        denied = [checked.operation for checked in self.left_out if checked.skip_kind == "refused"]
        return [DescribedOperation(self.api, operation) for operation in denied]


def _check_api(run: Run, api: OpenedApi, options: _CheckOptions) -> None:
    from dynacli.client.damaged_cache import explain_damage
    from dynacli.features.check.check_run import CheckRun, CheckSettings
    from dynacli.openapi.catalog.catalog_file import DamagedCatalogError

    options_of_parts = (run.options.filter, run.options.jq, run.options.sql, run.options.columns)
    if run.options.output_format == HTML and (run.options.dry_run or any(options_of_parts)):
        raise UsageError(
            "`-o html` needs a complete check",
            hint="Leave out `--dry-run`, `-f`, `--sql` and `--columns`",
        )
    settings = _settings(run, api, options)
    other = _other_settings(run, api, options) if run.options.against else None
    check_files(run.options, har=options.har, learn=options.learn)
    chosen = _choose(run, api, options, settings)
    if not chosen.operations and options.shard.count > 1:
        run.note(f"Nothing to call in shard {options.shard.index}/{options.shard.count}")
        return
    if other is not None and is_url(run.options.against):
        from dynacli.client.responses.compare_calls import check_other_server

        for described in chosen.operations[:1]:
            check_other_server(described, other)
    progress = _Progress(run)
    check_run = CheckRun(
        run.env,
        chosen.operations,
        settings,
        CheckSettings(
            options.parallel,
            options.most,
            run.options.content_type,
            has_probes=options.probe,
        ),
        chains=chosen.chains,
        changing_names=chosen.changing_names,
        preset=read_preset_values(options.set_, [*chosen.operations, *chosen.refused]),
        on_progress=progress.show_counts,
        on_exchange=progress.show_exchange,
    )
    if run.options.dry_run:
        _show_plan(run, check_run, chosen)
        return
    if options.write and not chosen.chains:
        run.note("The document does not show how to create and remove resources, so nothing is written")
    _confirm_calls(run, settings, chosen.operations, chosen.chains)
    settings.consent.ask = None  # `_confirm_calls` has asked
    try:
        _run_check(run, chosen, check_run, progress, options, other)
    except DamagedCatalogError as damage:
        explain_damage(damage, has_sent=check_run.has_sent)


def _settings(run: Run, api: OpenedApi, options: _CheckOptions) -> CallSettings:
    """Return the settings of the calls of a check.

    Raises:
        UsageError: `--probe` is given, but validation is off.
    """
    from dynacli.features.check.check_run import settings_of_check

    settings = settings_of_check(run.env, api, run.call_options)
    if options.probe and settings.level == "off":
        raise UsageError(
            "`--probe` finds nothing without validation",
            reason="The level of validation is `off`",
            hint="Add `--validate strict`, or leave out `--probe`",
        )
    return replace(settings, rate=options.shard.rate(settings.rate))


def _other_settings(run: Run, api: OpenedApi, options: _CheckOptions) -> CallSettings:
    """Return the settings of the calls to the server of `--against`.

    Raises:
        UsageError: The profile does not exist, or `--against` names neither a profile nor a URL.
    """
    from dynacli.client.responses.compare_calls import options_of_other
    from dynacli.features.check.check_run import settings_of_check

    against = run.options.against
    if against.startswith(("history:", "rev:")):
        raise UsageError(
            f"A check cannot be compared with `{against}`",
            reason="`--against` takes a profile or the URL of a server here",
            hint=f"`{invocation('diff')}` compares a single call with it",
        )
    other = settings_of_check(run.env, api, options_of_other(run.call_options, against))
    other.consent.ask = None
    return replace(other, rate=options.shard.rate(other.rate))


def _compared(
    run: Run, chosen: _Chosen, check_run: CheckRun, other: CallSettings
) -> tuple[list[ComparedCall], DynacliError | None]:
    """Repeat the calls on the other server; return the compared calls, and the first error of a repetition."""
    from dynacli.client.responses.compare_calls import ReceivedResponse, compare_calls, comparison_rules
    from dynacli.client.responses.compare_responses import left_out_note
    from dynacli.features.check.check_records import ComparedCall

    rules, found = comparison_rules(run.options), list[ComparedCall]()
    described = {operation.operation.name: operation for operation in chosen.operations}
    failure: DynacliError | None = None
    failed = 0
    for first, second in check_run.repeat(other):
        if isinstance(second, DynacliError):
            failure, failed = failure or second, failed + 1
        elif first.response is not None and second.response is not None and not second.cut_reason:
            left = ReceivedResponse("", first.response, first.masker)
            right = ReceivedResponse("", second.response, second.masker)
            comparison = compare_calls(described[first.operation_name], left, right, rules)
            found.append(ComparedCall(second, tuple(comparison.differences), comparison.left_out))
    left_out = sum(compared_call.left_out for compared_call in found)
    if left_out:
        run.note(left_out_note(left_out))
    if failure is not None:
        run.note(f"{counted(failed, 'call')} could not be compared: {failure.message}")
    return found, failure


def _choose(run: Run, api: OpenedApi, options: _CheckOptions, settings: CallSettings) -> _Chosen:
    """Choose the operations to call; with `--shard`, only the ones of the shard."""
    from dynacli.features.check.select_operations import may_change, select_chains, select_operations

    select = partial(
        select_operations,
        only=options.only,
        named=options.operation,
        tags=options.tag,
        skipped=options.skip,
        may_write=options.write,
        policy=settings.policy,
        refusal=lambda operation: settings.denial(DescribedOperation(api, operation)),
    )
    try:
        selection = select(api)
    except (DocumentError, UsageError):  # the named operation or tag may be new
        api = run.fetch_again(api) or api
        selection = select(api)
    chains = select_chains(api, selection) if options.write else []
    of_others: set[str] = set()
    if options.shard.count > 1:
        from dynacli.features.check.select_operations import shard_chains, shard_operations

        in_all = _in_chains(chains)
        selection, chains = (
            shard_operations(api, selection, options.shard),
            shard_chains(chains, options.shard),
        )
        of_others = in_all - _in_chains(chains)
    called = (_in_chains(chains) | {operation.name for operation in selection.called}) - of_others
    names = [summary.name for summary in api.catalog.summaries() if summary.name in called]
    return _Chosen(
        api,
        [DescribedOperation(api, api.catalog.operation(name)) for name in names],
        chains,
        [operation.name for operation in selection.called if may_change(operation)],
        [checked for checked in selection.left_out if checked.operation.name not in called | of_others],
    )


def _in_chains(chains: Sequence[ResourceChain]) -> set[str]:
    """Return the names of the operations that are only called in chains."""
    names = {name for chain in chains for name in chain.changing}
    return names | {chain.read for chain in chains if chain.is_created_by_put}


def _run_check(
    run: Run,
    chosen: _Chosen,
    check_run: CheckRun,
    progress: _Progress,
    options: _CheckOptions,
    other: CallSettings | None,
) -> None:
    """Run a check, and report its results."""
    start = time.monotonic()
    against: list[ComparedCall] | None = None
    failure: DynacliError | None = None
    try:
        checked = check_run.run()
        if other is not None and not check_run.is_interrupted:
            against, failure = _compared(run, chosen, check_run, other)
    finally:
        progress.clear()
        for leftover in check_run.leftovers:  # even if the run failed
            run.warn(leftover)
    if check_run.left_out_probes:
        from dynacli.features.check.probes import MAX_PROBES

        count = check_run.left_out_probes
        run.note(f"{count} probes were not sent: the limit is {MAX_PROBES} of each kind")

    results = CheckResults(
        chosen.api,
        checked,
        chosen.left_out,
        seconds=time.monotonic() - start,
        is_interrupted=check_run.is_interrupted,
        against=against,
    )
    is_strict = check_run.call_settings.is_strict
    conclude_check(run, results, is_strict=is_strict, learn=options.learn, har=options.har)
    if isinstance(failure, UsageError | AuthError | DocumentError):
        # The exit code of such an error would mean that nothing was sent.
        raise FormatError(
            "Not all responses could be compared",
            reason=": ".join(filter(None, (failure.message, failure.reason))),
            hint=failure.hint,
        ) from failure
    if failure is not None:
        raise failure


def _show_plan(run: Run, check_run: CheckRun, chosen: _Chosen) -> None:

    left_out = [checked for checked in chosen.left_out if checked.skip_kind != "unsafe"]
    plans, sources = [*check_run.plans(), *map(plan_of_left_out, left_out)], check_run.sources()
    chains = chosen.chains
    probes = check_run.possible_probes()
    write_data(
        run.env,
        plan_rows(plans, sources, chains, probes),
        run.data_format,
        lambda paint, width: plan_text(plans, sources, chains, probes, paint, width),
    )


class _Progress:
    """Shows the progress of a check on a terminal, and with `--verbose` a line for each call."""

    def __init__(self, run: Run) -> None:
        from dynacli.output.status_line import StatusLine

        self._run, self._line, self._is_shown = run, StatusLine(run.env), run.shows_progress

    def show_counts(self, done: int, running: int, planned: int) -> None:
        if self._is_shown:
            self._line.show(f"{done} of {planned} calls done, {running} under way; Ctrl-C ends the check")

    def show_exchange(self, exchange: Exchange) -> None:
        if not self._run.options.verbose:
            return

        self._line.clear()
        status = str(exchange.response.status) if exchange.response is not None else "no response"
        call = f"{exchange.operation_name}: {exchange.shown.method} {exchange.shown.url}"
        write_trace(self._run.env, f"* {call}: {status} ({exchange.seconds * 1000:.0f} ms)")

    def clear(self) -> None:
        self._line.clear()


def _confirm_calls(
    run: Run,
    settings: CallSettings,
    operations: Sequence[DescribedOperation],
    chains: Sequence[ResourceChain],
) -> None:
    """Ask before chains create, change and remove resources; do not ask with `--yes`.

    Without chains, ask on a terminal about the operations that need confirmation. Without a terminal, the check itself
    leaves these out.

    Raises:
        UsageError: You did not confirm, so nothing was sent.
    """
    from dynacli.client.call import base_url_of
    from dynacli.commands.questions import agrees
    from dynacli.text.terminal import visible
    from dynacli.urls import origin_of

    asked = [operation for operation in operations if settings.is_asked_about(operation)]
    if run.options.yes or not (chains or (asked and run.may_ask)):
        return
    lines = [
        " -> ".join(chain.steps if chain.delete else (*chain.steps, "nothing removes it")) for chain in chains
    ]
    lines += _attachments(operations, chains)
    in_chains = {name for chain in chains for name in chain.changing}
    lines += [described.operation.name for described in asked if described.operation.name not in in_chains]
    names = in_chains | {described.operation.name for described in asked}
    urls = [base_url_of(described, settings) for described in operations if described.operation.name in names]
    origins = " and ".join(visible(origin) for origin in dict.fromkeys(map(origin_of, urls)))
    if chains:
        operations_change = "One operation changes" if len(names) == 1 else f"{len(names)} operations change"
        announcement = f"{operations_change} something at {origins}"
    else:
        operations_are = "One operation is" if len(names) == 1 else f"{len(names)} operations are"
        announcement = f"{operations_are} to be confirmed at {origins}"
    env = run.env
    if not run.may_ask:
        raise UsageError(
            f"{announcement}, but there is no terminal to confirm it",
            reason="\n".join(lines),
            hint="Add `--yes` to allow it; `--dry-run` shows what would be called",
        )
    write_stderr(env, f"{announcement}:\n")
    write_stderr(env, "".join(f"  {visible(line)}\n" for line in lines))
    if not agrees(env, "Call them?"):
        raise UsageError.declined("Nothing was sent")
    settings.consent.agreed.update(names)


def _attachments(operations: Sequence[DescribedOperation], chains: Sequence[ResourceChain]) -> list[str]:
    """Return a line about inputs that may attach new resources to existing ones; empty if there are none."""
    from dynacli.openapi.model.path_templates import parameter_names

    creations = {chain.create: chain for chain in chains}
    inputs = [
        f"{described.operation.name}.{name}"
        for described in operations
        if (chain := creations.get(described.operation.name)) is not None
        for name in (
            *parameter_names(described.operation.path)[: -1 if chain.is_created_by_put else None],
            *fields_of_other_ids(described),
        )
    ]
    if not inputs:
        return []
    shown = ", ".join(f"`{name}`" for name in inputs[:_MAX_INPUTS])
    more = f" and {len(inputs) - _MAX_INPUTS} more" if len(inputs) > _MAX_INPUTS else ""
    return [f"What is created may become part of what is there, by {shown}{more}; `--set` chooses of what"]


def _write_har(file: str, results: CheckResults) -> None:
    """Write all calls, with masked secrets, into an HTTP Archive that only you may read.

    Raises:
        FileError: The file cannot be written.
    """
    from dynacli.features.check.check_page import har_calls
    from dynacli.output.har import har_of

    # Private, because bodies of responses may contain private data that is not masked.
    content = har_of(har_calls(results.all_exchanges)).encode("utf-8", "backslashreplace")
    write_named_file(Path(file), content, is_private=True)


def _write_overlay(run: Run, file: str, results: CheckResults) -> None:
    """Write an overlay that makes the document match the responses, if it needs one.

    Raises:
        DocumentError: The text of the document was removed from the cache.
        FileError: The file cannot be written.
    """
    from dynacli.features.check.learn_overlay import learn_overlay, observed_responses, overlay_text

    responses = observed_responses(results.checked)
    learned = learn_overlay(results.api, responses)
    # Without locations, so that each finding is listed once; the report has the locations.
    unmended = list(
        dict.fromkeys(f"{name}: {finding.message} [{finding.rule}]" for name, finding in learned.unmended)
    )
    if unmended:
        lines = ["What is left here no overlay can fix:", *unmended[:_MAX_LISTED]]
        if len(unmended) > _MAX_LISTED:
            lines.append(f"and {len(unmended) - _MAX_LISTED} more")
        text = "\n".join(lines)
        for exchange in results.all_exchanges:
            text = exchange.masker.mask(text)
        run.warn(text)
    if learned.overlay is None:
        reason = "There is nothing to learn" if responses else "No response was validated"
        run.note(f"{reason}: `{file}` is not written")
        return
    write_named_file(Path(file), overlay_text(learned.overlay, file))
    count = len(learned.overlay["actions"])
    run.note(f"`{file}` has {count} change{'s' if count > 1 else ''} of the document")


def conclude_check(
    run: Run,
    results: CheckResults,
    *,
    is_strict: bool,
    learn: str | None,
    har: str | None = None,
    is_shown: bool = True,
) -> None:
    """Write the results, reports and files of a check, and raise its error.

    Args:
        is_strict: Whether findings are a failure.
        learn: The file for the overlay; None for no overlay.
        har: The file for the traffic; None for no archive.
        is_shown: Whether to print the results to standard output, in addition to reports and files.

    Raises:
        DynacliError: The check failed, or a file cannot be written.
        KeyboardInterrupt: The check was interrupted.
    """
    error = check_error(results, is_strict=is_strict)
    if error is not None and error.kind == "mismatch" and run.options.no_fail:
        error = None
    try:
        write_reports(run.env, run.options, results.calls())
        if har:
            _write_har(har, results)
        if learn:
            _write_overlay(run, learn, results)
    except DynacliError as second:
        if error is None and not results.is_interrupted:
            error = second
        else:
            run.warn(f"{second.message}: {second.reason}")  # the exit code is for the first error
    if not is_shown:
        pass  # the caller has printed the results
    elif run.options.output_format == HTML:
        from dynacli.features.check.check_page import check_page

        with written_text(run.env, OutputFormat(file=run.options.output_file)) as write:
            write(check_page(results, time.time()))
    else:
        write_data(
            run.env,
            results.rows(),
            run.data_format,
            lambda paint, width: check_table(results, paint, width),
        )
    if results.is_interrupted:
        raise KeyboardInterrupt
    if error is not None:
        raise error
