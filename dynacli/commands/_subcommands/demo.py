"""`dynacli demo`: calls the built-in demo API; `demo serve` keeps it running."""

import signal
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from dynacli.commands._operation_command import OperationCommand
from dynacli.commands.command_groups import ApiGroup, TableGroup, note_options_ahead
from dynacli.commands.run import Run
from dynacli.environment import invocation
from dynacli.errors import UsageError
from dynacli.record import replace
from dynacli.registry.configuration import DEMO
from dynacli.registry.opened_api import OpenedApi

if TYPE_CHECKING:
    from dynacli.demo.demo_facts import DemoServer

_WITH_NEXT, _WITH_NEXT_API = "dynacli.demo.with_next", "dynacli.demo.with_next_api"
"""Keys of `click.Context.meta`: whether `--next` was given, and the API whose document it serves."""
_FLAGS = {"role": "--role", "next_": "--next", "misbehave": "--misbehave"}
_NO_PARAMS: Mapping[str, Any] = {}


class _DemoOptions(NamedTuple):
    """The demo API's own options.

    Args:
        role: The role of `--role`; empty if none is asked for.
        with_next: Whether `--next` was given.
        misbehave: The words of `--misbehave`.
    """

    role: str
    with_next: bool
    misbehave: tuple[str, ...]


def _options_of(params: Mapping[str, Any]) -> _DemoOptions:
    """Return the options among the values of a command's own options; each may be missing there."""
    return _DemoOptions(params.get("role") or "", bool(params.get("next_")), params.get("misbehave") or ())


def _options_before(ctx: click.Context) -> _DemoOptions:
    """Return the options that stand before the word that names a command of `demo`."""
    return _options_of(ctx.parent.params if ctx.parent else {})


class _DemoCommand(OperationCommand):
    """The command of an operation of the demo API, whose server runs as long as the call."""

    def invoke(self, ctx: click.Context) -> None:
        """Make the call while the server runs."""
        with _live_api(ctx.obj, self.described.api, _options_before(ctx)) as api:
            operation = self.described.operation
            if self.described.is_documented:
                operation = api.catalog.operation(operation.name)
            self.table.described = replace(self.described, api=api, operation=operation)
            super().invoke(ctx)


@contextmanager
def opened_api(ctx: click.Context, word: str, params: Mapping[str, Any] = _NO_PARAMS) -> Iterator[OpenedApi]:
    """Open the API that a word names, for a command that calls it; the demo API runs until the end of the block.

    Args:
        params: The values of `--role`, `--next` and `--misbehave`.

    Raises:
        UsageError: One is given with an API that is not the demo API.
    """
    if word == DEMO:
        options = _options_of(params)
        ctx.meta[_WITH_NEXT] = options.with_next
        with _live_api(ctx.obj, _api_for_help(ctx), options) as api:
            yield api
        return
    flags = [_FLAGS[name] for name, value in params.items() if value]
    if flags:
        raise UsageError(
            f"`{flags[0]}` is for the demo API only",
            hint=f"Write `{invocation(str(ctx.command.name), DEMO)}`",
        )
    yield ctx.obj.api(word)


def demo_params(params: dict[str, Any]) -> dict[str, Any]:
    """Take the values of the demo API's options out of the parameters of a command, and return them."""
    return {name: params.pop(name) for name in _FLAGS if name in params}


@contextmanager
def _live_api(run: Run, api: OpenedApi, options: _DemoOptions) -> Iterator[OpenedApi]:
    from dynacli.client.live_demo import live_demo

    # `edit` reads the resource in a dry run, too.
    is_sent = not run.options.dry_run or run.act is not None
    with live_demo(
        run.env,
        api,
        role=options.role,
        with_next=options.with_next,
        misbehave=_misbehaviours(options.misbehave, api),
        is_sent=is_sent,
    ) as (live, server):
        if run.options.verbose:
            from dynacli.output.standard_error import write_stderr

            state = "runs for this call" if is_sent else "does not run for a dry run"
            role = options.role or "editor"
            write_stderr(
                run.env, f"* the demo API {state}; its origin is {server.origin}, and you sign in as {role}\n"
            )
        yield live


def _api_for_help(ctx: click.Context) -> OpenedApi:
    """Return the demo API for lists and help pages, which start no server."""
    run: Run = ctx.obj
    if not ctx.meta.get(_WITH_NEXT):
        return run.api(DEMO)
    if _WITH_NEXT_API not in ctx.meta:
        from dynacli.demo.demo_server import served_document
        from dynacli.openapi.document.fetched import Fetched
        from dynacli.registry.revise import open_content

        content = served_document(with_next=True).content
        ctx.meta[_WITH_NEXT_API] = open_content(DEMO, Fetched(content), "the demo API's document", run.env)
    api: OpenedApi = ctx.meta[_WITH_NEXT_API]
    return api


def _misbehaviours(words: tuple[str, ...], api: OpenedApi) -> dict[str, str]:
    """Return operationId → kind of misbehaviour, of words that have the name of an operation or its operationId."""
    ids = {operation.name: operation.operation_id for operation in api.catalog.summaries()}
    kinds = {}
    for word in words:
        operation, equals, kind = word.partition("=")
        if not equals:
            raise UsageError(
                f"`--misbehave {word}` has no `=`", hint="Write `--misbehave search-runs=wrong-type`"
            )
        kinds[ids.get(operation, operation)] = kind
    return kinds


@click.pass_context
def serve(ctx: click.Context, port: int, next_: bool, misbehave: tuple[str, ...]) -> None:
    """Run `demo serve`."""
    run: Run = ctx.obj
    from dynacli.demo.demo_server import serve_forever
    from dynacli.output.standard_error import write_stderr

    before = _options_before(ctx)
    ctx.meta[_WITH_NEXT] = with_next = next_ or before.with_next

    def on_ready(server: "DemoServer") -> None:
        lines = [
            f"The demo API runs on {server.origin}; Ctrl-C stops it",
            f"  document  {server.document_url}",
        ]
        lines.extend(f"  {role.ljust(8)}  {key}" for role, key in server.api_keys.items())
        lines.append(f"Try: {invocation('api add')} armature {server.document_url}")
        lines.append(
            f"     DYNACLI_ARMATURE_TOKEN={server.api_keys['editor']} dynacli armature search-runs --range 7d"
        )
        write_stderr(run.env, "\n".join(lines) + "\n")

    number = serve_forever(
        port=port,
        with_next=with_next,
        misbehave=_misbehaviours((*before.misbehave, *misbehave), _api_for_help(ctx)),
        on_ready=on_ready,
        announce=run.warn_of_defect,
    )
    signal.raise_signal(number)


class DemoGroup(TableGroup):
    """The verb `demo`: the demo API's operations, and `serve`."""

    def named(self, ctx: click.Context, words: list[str]) -> tuple[click.Command, list[str]]:
        """Return the command that the words name."""
        note_options_ahead(ctx.obj, words[1:])
        command, rest = self._find(ctx, words)
        if command is None:
            from dynacli.client.search_operations import unknown_operation

            raise unknown_operation(_api_for_help(ctx), words[0])
        return command, rest

    def _find(self, ctx: click.Context, words: list[str]) -> tuple[click.Command | None, list[str]]:
        if words[:1] == ["serve"] and not ctx.obj.is_read_only:
            return self.get_command(words[0]), words[1:]
        group = ApiGroup(_api_for_help(ctx))
        command, rest = group.find_command(words)
        if command is None and group.has_path(words):
            command, rest = group.undocumented_command(words)
        if isinstance(command, ApiGroup) and rest:  # a tag
            operation_command, words_behind = command.find_command(rest)
            if operation_command is not None:
                command, rest = operation_command, words_behind
        return (_DemoCommand(command.described) if isinstance(command, OperationCommand) else command), rest

    def note_options(self, ctx: click.Context, flags: Collection[str]) -> None:
        """Note what the help page depends on."""
        ctx.meta[_WITH_NEXT] = "--next" in flags

    def page(self, ctx: click.Context) -> str:
        """Return the help page."""
        from dynacli.commands._help.api_overview import overview_page

        run: Run = ctx.obj
        run.note_quotes()
        return overview_page(
            run.env,
            _api_for_help(ctx),
            run.all_options,
            server="started by each command, on this machine only",
            identity="as an editor; no set-up needed",
            notes=("Options before the operation: --role, --next, --misbehave; server: `demo serve`",),
        )
