"""`dynacli demo`: calls the built-in demo API; `demo serve` keeps it running."""

from __future__ import annotations

import signal
from collections.abc import Collection
from typing import TYPE_CHECKING

import click

from dynacli.commands.command_groups import ApiGroup, TableGroup
from dynacli.commands.demo_api import (
    WITH_NEXT,
    DemoOptions,
    api_for_help,
    demo_options,
    live_api,
    misbehaviours_of,
)
from dynacli.commands.operation_command import OperationCommand
from dynacli.commands.run import Run
from dynacli.environment import invocation
from dynacli.record import replace

if TYPE_CHECKING:
    from dynacli.registry.demo_facts import DemoServer


def _options_before(ctx: click.Context) -> DemoOptions:
    """Return the options between `demo` and its subcommand."""
    return demo_options(ctx.parent.params if ctx.parent else {})


class _DemoCommand(OperationCommand):
    """The command of a demo operation. The server runs as long as the call."""

    def invoke(self, ctx: click.Context) -> None:
        """Make the call while the server runs."""
        with live_api(ctx.obj, self.described.api, _options_before(ctx)) as api:
            operation = self.described.operation
            if self.described.is_documented:
                operation = api.catalog.operation(operation.name)
            self.table.described = replace(self.described, api=api, operation=operation)
            super().invoke(ctx)


@click.pass_context
def serve(ctx: click.Context, port: int, next_: bool, misbehave: tuple[str, ...]) -> None:
    """Run `demo serve`."""
    run: Run = ctx.obj
    from dynacli.features.demo.demo_server import serve_forever
    from dynacli.output.standard_error import write_stderr

    before = _options_before(ctx)
    ctx.meta[WITH_NEXT] = with_next = next_ or before.with_next

    def on_ready(server: DemoServer) -> None:
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
        misbehave=misbehaviours_of((*before.misbehave, *misbehave), api_for_help(ctx)),
        on_ready=on_ready,
        announce=run.warn_of_defect,
    )
    signal.raise_signal(number)


class DemoGroup(TableGroup):
    """The command `demo`: the demo API's operations, and `serve`."""

    def named(self, ctx: click.Context, words: list[str]) -> tuple[click.Command, list[str]]:
        """Return the command that the arguments name, and the remaining arguments."""
        ctx.obj.ahead = words[1:]
        command, rest = self._find(ctx, words)
        if command is None:
            from dynacli.client.search_operations import unknown_operation

            raise unknown_operation(api_for_help(ctx), words[0])
        return command, rest

    def _find(self, ctx: click.Context, words: list[str]) -> tuple[click.Command | None, list[str]]:
        if words[:1] == ["serve"] and not ctx.obj.is_read_only:
            return self.get_command(words[0]), words[1:]
        group = ApiGroup(api_for_help(ctx))
        command, rest = group.find_command(words)
        group.note_alias(ctx.obj, words)
        if command is None and group.has_path(words):
            command, rest = group.undocumented_command(words)
        if isinstance(command, ApiGroup) and rest:  # a tag
            operation_command, words_behind = command.find_command(rest)
            if operation_command is not None:
                command, rest = operation_command, words_behind
        return (_DemoCommand(command.described) if isinstance(command, OperationCommand) else command), rest

    def note_options(self, ctx: click.Context, flags: Collection[str]) -> None:
        """Note whether `--next` is given, because the help page depends on it."""
        ctx.meta[WITH_NEXT] = "--next" in flags

    def page(self, ctx: click.Context) -> str:
        """Return the help page."""
        from dynacli.commands.help_pages.api_overview import overview_page

        run: Run = ctx.obj
        run.note_quotes()
        return overview_page(
            run.env,
            api_for_help(ctx),
            run.all_options,
            server="started by each command, on this machine only",
            identity="as an editor; no set-up needed",
            notes=("Options before the operation: --role, --next, --misbehave; server: `demo serve`",),
        )
