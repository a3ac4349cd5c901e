"""`dynacli check`: every operation that only reads is called, and every answer is judged."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from dynacli.commands.command_groups import Verb
from dynacli.commands.read_options import click_options
from dynacli.commands.run import Run
from dynacli.commands.standard_options import STANDARD_OPTIONS, StandardOption
from dynacli.commands.verbs.demo import behaviour_options, live_api, role_option
from dynacli.errors import DynacliError, UsageError
from dynacli.library.configuration.configuration import DEMO
from dynacli.library.opened_api import OpenedApi
from dynacli.text.terminal import Painter

if TYPE_CHECKING:
    from dynacli.check.planning.resource_chains import ResourceChain
    from dynacli.check.running.check_run import CheckRun
    from dynacli.model.operation import Operation

__all__ = ["command"]

_OF_THE_DEMO = {"role": "--role", "next_": "--next", "misbehave": "--misbehave"}
_TIMEOUT = 30.0
"""Seconds for one call: nobody waits for a check as they would for an answer that they asked for."""
_MOST_PARALLEL = 64


def _check(ctx: click.Context, api: str, **params: Any) -> None:
    run: Run = ctx.obj

    # What stands before the verb is meant for it as well.
    params["set_"] = (*run.options.set, *params["set_"])
    with _opened(ctx, api, params) as opened:
        _check_api(run, opened, params)


@contextmanager
def _opened(ctx: click.Context, word: str, params: Mapping[str, Any]) -> Iterator[OpenedApi]:
    """Give the API; the stand-in runs until the end of the block."""
    if word == DEMO:
        with live_api(ctx, params) as api:
            yield api
        return
    given = [flag for name, flag in _OF_THE_DEMO.items() if params.get(name)]
    if given:
        raise UsageError(f"`{given[0]}` is for the stand-in alone", hint="Write `dynacli check demo`")
    yield ctx.obj.api(word)


def _check_api(run: Run, api: OpenedApi, params: Mapping[str, Any]) -> None:
    from dynacli.catalog.store.catalog_file import DamagedCatalogError
    from dynacli.check.planning.preset_values import read_preset_values
    from dynacli.check.planning.select_operations import READING_METHODS, select_operations
    from dynacli.check.running.check_run import CheckRun, CheckSettings
    from dynacli.client.call_settings import settings_of
    from dynacli.client.damaged_cache import explain_damage
    from dynacli.client.described_operation import DescribedOperation
    from dynacli.commands.verbs.check.check_files import check_files
    from dynacli.commands.verbs.check.confirmation import confirm

    settings = settings_of(run.env, api, run.options.call_options, default_level="exact")
    settings = replace(settings, timeout=settings.timeout or _TIMEOUT)
    check_files(run, har=params["har"], learn=params["learn"])
    if any(api.catalog.find(word) is None for word in (*params["only"], *params["operation"])):
        api = run.asked_again(api) or api  # it may have appeared a moment ago
    selection = select_operations(api, only=params["only"], named=params["operation"], tags=params["tag"])
    chains = _chains(api, selection) if params["write"] else []
    written = {name for chain in chains for name in chain.changing}
    reads = {chain.read for chain in chains if chain.is_created_by_put}
    called = written | reads | {operation.name for operation in selection.called}
    left = [operation for operation in selection.left_out if operation.name not in written]
    names = [summary.name for summary in api.catalog.summaries() if summary.name in called]
    operations = [DescribedOperation(api, api.catalog.operation(name)) for name in names]
    progress = _Progress(run)
    check_run = CheckRun(
        run.env,
        operations,
        settings,
        CheckSettings(params["parallel"], params["rate"] or 0.0, params["most"], run.options.content_type),
        chains=chains,
        changing_names=[
            operation.name for operation in selection.called if operation.method not in READING_METHODS
        ],
        preset=read_preset_values(params["set_"], operations),
        on_progress=progress.tell,
        on_exchange=progress.seen,
    )
    if run.options.dry_run:
        _show_plan(run, check_run, chains)
        return
    if params["write"] and not chains:
        run.note("The document does not make plain how anything is created and removed: nothing is written")
    confirm(run, settings, operations, chains)
    try:
        _run_check(run, api, check_run, progress, left, params)
    except DamagedCatalogError as damage:
        explain_damage(damage, has_sent=check_run.has_sent)


def _run_check(
    run: Run,
    api: OpenedApi,
    check_run: "CheckRun",
    progress: "_Progress",
    left: "list[Operation]",
    params: Mapping[str, Any],
) -> None:
    """Run a check, and report what it finds.

    Args:
        left: The operations that are not called.
    """
    start = time.monotonic()
    try:
        checked = check_run.run()
    finally:
        progress.clear()
        for text in check_run.leftovers:  # however it ended
            run.warn(text)
    from dynacli.check.reporting.results import Results

    results = Results(
        api,
        checked,
        left,
        seconds=time.monotonic() - start,
        is_interrupted=check_run.is_interrupted,
        may_write=params["write"],
    )
    _conclude(run, results, params, is_failing=check_run.call_settings.is_strict)


def _chains(api: OpenedApi, selection: Any) -> "list[ResourceChain]":
    """Return the chains of what was selected; what is named by itself is a part of its chain, too."""
    from dynacli.check.planning.select_chains import select_chains

    return select_chains(api, [*selection.called, *selection.left_out])


def _conclude(run: Run, results: Any, params: Mapping[str, Any], *, is_failing: bool) -> None:
    """Write everything that is asked for, and end the run by what was found.

    Raises:
        DynacliError: What was found, or a file that cannot be written.
        KeyboardInterrupt: The check was interrupted.
    """
    from dynacli.check.reporting.check_outcome import conclusion
    from dynacli.commands.call.call_report import write_reports
    from dynacli.commands.verbs.check.check_files import write_har, write_overlay

    error = conclusion(results, is_failing=is_failing)
    if error is not None and error.kind == "mismatch" and run.options.no_fail:
        error = None
    try:
        write_reports(run, results.calls())
        if params["har"]:
            write_har(params["har"], results)
        if params["learn"]:
            write_overlay(run, params["learn"], results)
    except DynacliError as second:
        if error is None and not results.is_interrupted:
            error = second
        else:
            run.warn(f"{second.what}: {second.why}")  # the first cause wins
    _write(run, results)
    if results.is_interrupted:
        raise KeyboardInterrupt
    if error is not None:
        raise error


def _show_plan(run: Run, check_run: Any, chains: "list[ResourceChain]") -> None:
    from dynacli.check.reporting.planned_text import plan_rows, plan_text
    from dynacli.output.render import write_data

    plans, sources = check_run.plans(), check_run.sources()

    def text(paint: Painter, width: int) -> str:
        return plan_text(plans, sources, chains, paint, width)

    write_data(run.env, plan_rows(plans, sources, chains), run.options.output, text)


def _write(run: Run, results: Any) -> None:
    from dynacli.check.reporting.check_table import table
    from dynacli.output.render import write_data

    def text(paint: Painter, width: int) -> str:
        return table(results, paint, width)

    write_data(run.env, results.rows(), run.options.output, text)


class _Progress:
    """Says how far a check is, on a terminal; and with `--verbose` what was called."""

    def __init__(self, run: Run) -> None:
        from dynacli.output.status_line import StatusLine

        self._run, self._line = run, StatusLine(run.env)

    def tell(self, done: int, running: int, planned: int) -> None:
        self._line.show(f"{done} of {planned} calls done, {running} under way; Ctrl-C ends the check")

    def seen(self, exchange: Any) -> None:
        if not self._run.options.verbose:
            return
        from dynacli.output.standard_error import write_stderr

        self._line.clear()
        came = f"{exchange.answer.status}" if exchange.answer is not None else "no answer"
        request = exchange.shown
        told = f"* {exchange.operation_name}: {request.method} {request.url}: {came} ({exchange.seconds * 1000:.0f} ms)"
        write_stderr(self._run.env, told)

    def clear(self) -> None:
        self._line.clear()


_TEXTS = {
    "output": "auto (a table on a terminal, else json), json, yaml, text, or @FILE for json",
    "validate": "off, warn (findings are no failure), strict, or exact (the default: what the document does not "
    "mention is found, too)",
    "dry_run": "show what would be called, with which values from where, and send nothing",
    "header": "a header of every request",
    "timeout": f"for each call  [default: {_TIMEOUT:.0f}]",
    "verbose": "a line on standard error for each call",
    "no_fail": "exit 0 although an answer breaks the document",
    "yes": "agree to what --write asks; where a credential goes is never answered by it",
}
"""What standard options mean here, where it is not what they mean for one call."""


def _standard_options() -> tuple[StandardOption, ...]:
    made = []
    for one in STANDARD_OPTIONS:
        if one.name == "show_secrets":
            continue  # nothing here shows any
        if one.name == "dry_run":
            made.append(
                StandardOption(one.name, one.flags, _TEXTS[one.name])
            )  # a switch: `-o` has the format
        else:
            made.append(one._replace(help=_TEXTS.get(one.name, one.help)))
    return tuple(made)


def _demo_options() -> list[click.Option]:
    options = [role_option(), *behaviour_options()]
    for one in options:
        one.help = f"(demo) {one.help}"
    return options


command = Verb(
    "check",
    params=[
        click.Argument(["api"]),
        click.Option(
            ["--operation"],
            multiple=True,
            metavar="NAME",
            help="call this operation too, although it may change something",
        ),
        click.Option(["--only"], multiple=True, metavar="NAME", help="look at this operation alone"),
        click.Option(["--tag"], multiple=True, metavar="TAG", help="look at operations with this tag alone"),
        click.Option(
            ["set_", "--set"],
            multiple=True,
            metavar="[OPERATION.]NAME=VALUE",
            help="a value for an input, of all operations that have it or of one",
        ),
        click.Option(
            ["--most"],
            type=click.IntRange(1, 1000),
            default=5,
            show_default=True,
            help="calls of one operation, where the document has several examples",
        ),
        click.Option(
            ["--parallel"],
            type=click.IntRange(1, _MOST_PARALLEL),
            default=4,
            show_default=True,
            help="calls at once",
        ),
        click.Option(
            ["--rate"],
            type=click.FloatRange(0, 1e6, min_open=True),
            default=None,
            metavar="PER_SECOND",
            help="calls that begin within a second, at most",
        ),
        click.Option(
            ["--write"],
            is_flag=True,
            help="also create, read, change and remove things, where the document makes plain how; asks before",
        ),
        click.Option(["--har"], metavar="FILE", help="write all that was sent and came to FILE, as HAR 1.2"),
        click.Option(
            ["--learn"],
            metavar="FILE",
            help="write an OpenAPI overlay that makes the document agree with the answers",
        ),
        *click_options(_standard_options()),
        *_demo_options(),
    ],
    callback=click.pass_context(_check),
    help="Call every operation of API that only reads, judge every answer, and report.",
)
