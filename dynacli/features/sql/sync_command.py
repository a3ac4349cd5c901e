"""`dynacli sync`: copies lists of an API into a SQLite file, and repeats it.

| command | what it does |
|---|---|
| `sync API OPERATION [INPUTS]` | fetches a list, and remembers the call as a feed |
| `sync API`, `sync API/TABLE` | repeats all feeds, or the feeds of one table |
| `sync list`, `sync show API` | lists mirrors, or the feeds of one |
| `sync drop API[/TABLE]` | removes a mirror, or a table with its feeds |
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack, closing
from typing import Any

import click

from dynacli.client.call_settings import CallSettings, settings_of
from dynacli.client.described_operation import DescribedOperation
from dynacli.client.engine.call_engine import Engine
from dynacli.client.inputs.call_inputs import CallInputs
from dynacli.client.inputs.find_input import no_body
from dynacli.client.pages.page_rule import is_listing
from dynacli.client.policy.permission import check_that_it_reads
from dynacli.client.shards import asked_shard
from dynacli.commands.call.make_call import TerminalListener, asker, read_inputs
from dynacli.commands.call.whole_inputs import inputs_json
from dynacli.commands.command_groups import TableGroup, make_command
from dynacli.commands.command_line_errors import unused_option
from dynacli.commands.demo_api import opened_api
from dynacli.commands.read_line import CommandLine, bindings_of, read_words
from dynacli.commands.run import Run
from dynacli.commands.subcommands.call_groups import CallGroup
from dynacli.environment import invocation
from dynacli.errors import DynacliError, FailedRowsError, FileError, RefusedError, UsageError
from dynacli.features.sql.children import ChildrenRun, calls_to_make
from dynacli.features.sql.feed import CHANGES, Feed
from dynacli.features.sql.make_feed import FeedOptions, filled_inputs, make_feed
from dynacli.features.sql.mirror_file import MirrorFile
from dynacli.features.sql.mirrors import api_and_table, of_api, open_mirror
from dynacli.features.sql.run_feed import DocumentedColumns, FeedResult, FeedRun
from dynacli.http.caching import REVALIDATE, CacheSpec
from dynacli.http.exchange import ClientPool
from dynacli.openapi.model.wording import counted
from dynacli.options.standard_options import FURTHER_CALLS, OPTIONS_BY_NAME
from dynacli.output.render import is_for_people, write_data
from dynacli.record import replace
from dynacli.registry.opened_api import OpenedApi

_UNUSED = frozenset(
    {
        *("include", "resume", "remote_name", "report", "columns", "filter", "jq", "dry_run", "show_secrets"),
        *("plan", "plan_expires", "allow_files"),
    }
)
"""Names of the options of a call that `sync` rejects, besides the group about further calls."""
_MOST_UNASKED = 100
"""Maximum number of calls for parents that are made without a question."""


def _add_feed(run: Run, described: DescribedOperation, line: CommandLine) -> None:
    """Fetch a list, and remember the call.

    Raises:
        RefusedError: The operation may change something.
        DynacliError: A call failed, or a page cannot be stored.
    """
    for option in run.options.given:
        if (option.group == FURTHER_CALLS and option.name != "max_items") or option.name in _UNUSED:
            raise unused_option("sync", option)
    params = click.get_current_context().params
    parents, named = params.get("for_") or "", run.options.set
    if parents:
        run.options = replace(run.options, set=())
    elif named and described.operation.body is None:
        raise no_body(described, "--set")
    settings = settings_of(run.env, described.api, run.call_options)
    _check_reads(described, settings)
    described, inputs, _ = read_inputs(run, described, line, settings)
    api = described.api
    with ExitStack() as stack:
        engine = _making_engine(run, settings, stack.enter_context(closing(ClientPool())))
        given = _given_inputs(engine, described, inputs, is_partial=bool(parents))
        mirror = stack.enter_context(open_mirror(run, api.name, params.get("into")))
        filled = filled_inputs(described, given, parents, mirror.feeds(parents), named) if parents else {}
        key = tuple(name for name in (params.get("key") or "").split(",") if name)
        options = FeedOptions(key, bool(params.get("append")), params.get("since_") or "", parents, filled)
        feed = make_feed(described, given, options)
        is_new = all(
            (feed.operation, feed.inputs) != (other.operation, other.inputs) for other in mirror.feeds()
        )
        _check_key(mirror, feed)
        work = _Work(run, mirror, api, engine, params)
        work.sync_all([mirror.keep(feed)], repeated_by=invocation("sync", api.name) if is_new else "")


def _check_key(mirror: MirrorFile, feed: Feed) -> None:
    """Check that the rows of a feed fit the table that other feeds have made.

    Raises:
        UsageError: The table has another key.
    """
    others = [other for other in mirror.feeds(feed.table) if other.key != feed.key]
    if others:
        keys = [", ".join(f"`{name}`" for name in one.key) or "no column" for one in (others[0], feed)]
        raise UsageError(
            f"The table `{feed.table}` has another key",
            reason=f"Its rows are identified by {keys[0]}, and the new ones by {keys[1]}",
            hint="Use another file for one of the feeds: `--into FILE`",
        )


def _check_reads(described: DescribedOperation, settings: CallSettings) -> None:
    """Check that an operation only reads: by its method, or as a search by POST that the policy permits.

    Raises:
        RefusedError: The operation may change something, or the policy denies it.
    """
    is_search = described.operation.method == "POST" and is_listing(described)
    if not is_search:
        check_that_it_reads(described, settings.bounds._replace(reads_only_by=f"`{invocation('sync')}`"))
    settings.asking_later().permit(described)


def _given_inputs(
    engine: Engine, described: DescribedOperation, inputs: CallInputs, *, is_partial: bool
) -> dict[str, Any]:
    """Return the inputs of a call in the format of `--inputs`.

    Args:
        is_partial: Whether required inputs may be missing, because each parent fills them.

    Raises:
        UsageError: An input is missing, or is a secret.
    """
    call = engine.prepare(described, replace(inputs, wants_example=True) if is_partial else inputs)
    given = inputs_json(call, call.signed.masker, shows_secrets=True)
    if given != inputs_json(call, call.signed.masker, shows_secrets=False):
        raise UsageError(
            f"`{described.operation.name}` cannot be a feed with these inputs",
            reason="One of them is a secret, and a mirror stores no secrets",
            hint="Store it as a credential or in the configuration",
        )
    examples = {
        parameter.option
        for parameter in described.operation.parameters
        if parameter.key not in inputs.parameters
    }
    return {name: value for name, value in given.items() if name not in examples}


class _Work:
    """The feeds that one run fetches, and what it did.

    Args:
        params: The options of `sync`.
    """

    def __init__(
        self, run: Run, mirror: MirrorFile, api: OpenedApi, engine: Engine, params: Mapping[str, Any]
    ) -> None:
        self._run, self._mirror, self._api, self._engine = run, mirror, api, engine
        self._is_full = bool(params.get("full"))
        self._parallel = params.get("parallel") or 1
        self._shard = asked_shard(run.env, params.get("shard"), params.get("shard_count"))
        self._results: list[FeedResult] = []
        self._reported: set[str] = set()
        self._documented = DocumentedColumns()
        self._failures: list[tuple[Feed, DynacliError]] = []

    def sync_all(self, feeds: Sequence[Feed], *, repeated_by: str = "") -> None:
        """Fetch feeds, and say what changed. If one fails, the others go on.

        Args:
            repeated_by: The command that repeats a new feed; empty for feeds that were known.

        Raises:
            DynacliError: A call failed, or a page cannot be stored.
        """
        try:
            for feed in feeds:
                try:
                    self._sync(feed, repeated_by)
                except FileError:  # the mirror cannot be written
                    raise
                except DynacliError as error:
                    self._failures.append((feed, error))
        finally:
            self._write()
        if len(self._failures) == 1:
            raise self._failures[0][1]
        if self._failures:
            raise FailedRowsError(
                self._failures[0][1].exit_code,
                f"{len(self._failures)} of {len(feeds)} feeds failed",
                reason="\n".join(f"{feed.name}: {error.message}" for feed, error in self._failures),
                hint="The same command repeats all feeds",
                failed=len(self._failures),
            )

    def _sync(self, feed: Feed, repeated_by: str) -> None:
        run = self._run
        described = self._described(feed)
        result = self._sync_children(feed, described) if feed.parents else self._pass(feed, described)
        self._results.append(result)
        run.note(_first_line(result, repeated_by) if repeated_by else _result_line(result))
        for warning in result.warnings:
            run.warn(f"{feed.name}: {warning}")

    def _write(self) -> None:
        """Write an object for each feed to standard output, unless standard error says it all."""
        form = self._run.data_format
        if not is_for_people(form):
            write_data(self._run.env, [result.as_json() for result in self._results], form)

    def _described(self, feed: Feed) -> DescribedOperation:
        """Return the operation of a feed.

        Raises:
            UsageError: The API does not have it any more.
            RefusedError: The operation may change something.
        """
        api = self._api
        found = api.catalog.find(feed.operation)
        if found is None:
            raise UsageError(
                f"`{api.name}` has no operation `{feed.operation}` any more",
                reason=f"The feed `{feed.name}` needs it",
                hint=f"`{invocation('sync')} drop {api.name}/{feed.table}` removes the feed with its table",
            )
        described = DescribedOperation(api, api.catalog.operation(found)).sending("")
        _check_reads(described, self._engine.settings)  # another user may have made the file
        return described

    def _pass(self, feed: Feed, described: DescribedOperation, parent: str = "") -> FeedResult:
        run = self._run
        making = FeedRun(
            self._mirror,
            feed,
            self._engine,
            described,
            is_full=self._is_full,
            max_items=run.options.max_items,
            parent=parent,
            confirm_loss=self._confirms_loss,
            documented=self._documented,
        )
        try:
            return making.run()
        except KeyboardInterrupt:
            run.note(f"{feed.name}: the pages so far are stored; the same command goes on")
            raise
        except DynacliError:
            if not parent:
                self._results.append(making.result_so_far())
            raise
        finally:
            self._report_findings(making)

    def _report_findings(self, making: FeedRun) -> None:
        """Report the findings of a pass, unless earlier passes had findings of the same rules."""
        latest = making.latest
        if latest is None or making.pages is None:
            return
        validation = making.pages.validation
        rules = {finding.rule for finding in validation.findings}
        if not rules <= self._reported:
            from dynacli.commands.call.conclude_call import report_validation_so_far

            self._reported |= rules
            report_validation_so_far(self._run, latest.call, latest.response, validation, None)

    def _confirms_loss(self, name: str, gone: int, before: int) -> bool:
        run = self._run
        if run.options.yes or not run.may_ask:
            return run.options.yes
        from dynacli.commands.questions import agrees

        return agrees(run.env, f"{gone:,} of {before:,} rows of `{name}` are gone. Mark them as deleted?")

    def _sync_children(self, feed: Feed, described: DescribedOperation) -> FeedResult:
        calls = [
            (number, call)
            for number, call in calls_to_make(self._mirror, feed, described.operation, is_full=self._is_full)
            if self._shard.has(number)
        ]
        self._confirm_calls(feed, len(calls))
        children = ChildrenRun(
            feed, lambda call: self._pass(call.feed, described, call.parent), self._parallel
        )
        result = children.run(calls)
        if children.failure is not None:
            self._failures.append((feed, children.failure))
        return result

    def _confirm_calls(self, feed: Feed, count: int) -> None:
        """Say how many calls will be made, and ask about many.

        Raises:
            RefusedError: You did not confirm.
        """
        run, calls = self._run, f"{counted(count, 'call')} for `{feed.parents}`"
        run.note(f"{feed.table}: {calls}")
        if count > _MOST_UNASKED:
            refusal = RefusedError(
                f"{calls} were not made",
                reason=f"You did not confirm more than {_MOST_UNASKED} calls",
                hint="Add `--yes`",
            )
            run.confirm(f"Make {calls}?", refusal)


def _making_engine(run: Run, settings: CallSettings, clients: ClientPool) -> Engine:
    """Return the engine for the calls of a feed; the history does not record each page.

    Pages that did not change since the last run are not sent again, if the server gives them validators (ETag).
    """
    if settings.cache is None and run.options.cache != "off":
        settings = replace(settings, cache=CacheSpec(REVALIDATE))
    return Engine(run.env, settings, clients=clients, ask=asker(run), on_event=TerminalListener(run, None))


def _first_line(result: FeedResult, repeated_by: str) -> str:
    current = result.current
    rows = (
        f"{counted(current.received, 'row')}, {current.added:,} new in {counted(current.requests, 'request')}"
    )
    return f"{result.feed.table}: {rows}; kept as a feed, `{repeated_by}` repeats it"


def _result_line(result: FeedResult) -> str:
    current, feed = result.current, result.feed
    parts = [f"{current.changed:,} changed", f"{current.added:,} new"]
    if current.deleted:
        parts.append(f"{current.deleted:,} deleted")
    since = f" (since {current.since})" if current.kind == CHANGES else ""
    return f"{feed.name}: {', '.join(parts)} in {counted(current.requests, 'request')}{since}"


@click.pass_context
def repeat_feeds(ctx: click.Context, /, api: str, **params: Any) -> None:
    """Run `sync API` and `sync API/TABLE`."""
    run: Run = ctx.obj
    name, table = api_and_table(run.env, api)
    with ExitStack() as stack:
        opened = stack.enter_context(opened_api(ctx, name))
        mirror = stack.enter_context(open_mirror(run, name, params.get("into")))
        feeds = of_api(mirror, name, table)
        clients = stack.enter_context(closing(ClientPool()))
        engine = _making_engine(run, settings_of(run.env, opened, run.call_options), clients)
        _Work(run, mirror, opened, engine, params).sync_all(feeds)


class SyncGroup(CallGroup):
    """The APIs of `sync`, and its subcommands."""

    def named(self, ctx: click.Context, words: list[str]) -> tuple[click.Command, list[str]]:
        """Return the subcommand, the operation to fetch, or the command that repeats the feeds of an API."""
        if words[0] in self.entries:
            return TableGroup.named(self, ctx, words)
        bindings = bindings_of((*self.entry.options, *self.standard))
        if not read_words(words[1:], bindings, stop_at_positional=True).positional:
            entry = replace(self.entry, commands=(), runs="features.sql.sync_command:repeat_feeds")
            return make_command(entry), words
        return super().named(ctx, words)

    def begin(self, run: Run, words: list[str]) -> None:  # noqa: ARG002
        """Set the run to store the items of the call."""
        # With `--for`, an operation without a body takes `--set`, too.
        run.act, run.act_options = _add_feed, (*self.entry.options, OPTIONS_BY_NAME["set"])
