"""`dynacli demo`: calls to the embedded stand-in of Armature's API, and `demo serve`."""

import signal
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import FrameType
from typing import Any

import click

from dynacli.client.described_operation import DescribedOperation
from dynacli.client.unknown_operation import unknown_operation
from dynacli.commands.command_groups import ApiGroup, Verb, VerbGroup, note_options_ahead
from dynacli.commands.operation_command import OperationCommand
from dynacli.commands.read_options import click_options
from dynacli.commands.run import Run
from dynacli.commands.standard_options import STANDARD_OPTIONS
from dynacli.errors import UsageError
from dynacli.library.configuration.configuration import DEMO
from dynacli.library.opened_api import OpenedApi

__all__ = ["behaviour_options", "command", "live_api", "role_option"]

_DEFAULT_PORT = 8642
_WITH_NEXT, _WITH_NEXT_API = "dynacli.demo.with_next", "dynacli.demo.with_next_api"


class _DemoCommand(OperationCommand):
    """An operation of the stand-in, which runs from the beginning of the call to its end."""

    def invoke(self, ctx: click.Context) -> Any:
        with _live_api(ctx.obj, self.described.api, ctx.parent.params if ctx.parent else {}) as api:
            operation = api.catalog.operation(self.described.operation.name)
            self.described = DescribedOperation(api, operation, self.described.media_type)
            return super().invoke(ctx)


@contextmanager
def live_api(ctx: click.Context, params: Mapping[str, Any]) -> Iterator[OpenedApi]:
    """Run the stand-in for as long as the block lasts, for a verb that takes it as its API.

    Args:
        params: The values of `behaviour_options` and of `role_option`.
    """
    ctx.meta[_WITH_NEXT] = bool(params.get("next_"))
    with _live_api(ctx.obj, _described(ctx), params) as api:
        yield api


@contextmanager
def _live_api(run: Run, described: OpenedApi, params: Mapping[str, Any]) -> Iterator[OpenedApi]:
    from dynacli.client.live_demo import live_demo

    role = str(params.get("role") or "")
    with live_demo(
        run.env,
        run.api(DEMO),
        role=role,
        with_next=bool(params.get("next_")),
        misbehave=_misbehaviours(params.get("misbehave") or (), described),
    ) as (api, server):
        if run.options.verbose:
            from dynacli.output.standard_error import write_stderr

            signed_in = role or "editor"
            write_stderr(
                run.env, f"* the stand-in runs on {server.origin} for this call, signed in as {signed_in}\n"
            )
        yield api


def _described(ctx: click.Context) -> OpenedApi:
    """Return the stand-in's API for lists and help pages, which start no server."""
    run: Run = ctx.obj
    if not ctx.meta.get(_WITH_NEXT):
        return run.api(DEMO)
    if _WITH_NEXT_API not in ctx.meta:
        from dynacli.demo.demo_document import served_document
        from dynacli.document.fetched import Fetched
        from dynacli.library.open_content import open_content

        content = served_document(with_next=True).content
        ctx.meta[_WITH_NEXT_API] = open_content(DEMO, Fetched(content), "the stand-in's document", run.env)
    api: OpenedApi = ctx.meta[_WITH_NEXT_API]
    return api


def _misbehaviours(words: tuple[str, ...], api: OpenedApi) -> dict[str, str]:
    """Return operationId → kind; a person may write the operation's name as well."""
    ids = {one.name: one.operation_id for one in api.catalog.summaries()}
    chosen = {}
    for word in words:
        operation, equals, kind = word.partition("=")
        if not equals:
            raise UsageError(
                f"`--misbehave {word}` has no `=`", hint="Write `--misbehave search-runs=wrong-type`"
            )
        chosen[ids.get(operation, operation)] = kind
    return chosen


def _serve(ctx: click.Context, port: int, next_: bool, misbehave: tuple[str, ...]) -> None:
    run: Run = ctx.obj
    from dynacli.demo.stand_in import serve_forever
    from dynacli.output.standard_error import write_stderr

    before = ctx.parent.params if ctx.parent else {}
    ctx.meta[_WITH_NEXT] = with_next = next_ or bool(before.get("next_"))
    came: list[int] = []

    def on_ready(server: Any) -> None:
        _note_signals(came)
        lines = [
            f"Armature's stand-in runs on {server.origin}; Ctrl-C stops it",
            f"  document  {server.document_url}",
        ]
        lines.extend(f"  {role.ljust(8)}  {key}" for role, key in server.api_keys.items())
        lines.append(f"Try: dynacli api add armature {server.document_url}")
        lines.append(
            f"     DYNACLI_ARMATURE_TOKEN={server.api_keys['editor']} dynacli armature search-runs --range 7d"
        )
        write_stderr(run.env, "\n".join(lines) + "\n")

    serve_forever(
        port=port,
        with_next=with_next,
        misbehave=_misbehaviours((*(before.get("misbehave") or ()), *misbehave), _described(ctx)),
        on_ready=on_ready,
    )
    if came:
        # The server has ended in good order; now the program ends the way that the signal asks for.
        signal.raise_signal(came[0])


def _note_signals(came: list[int]) -> None:
    """Remember which signal ends the server, beside what it does about it."""
    if threading.current_thread() is not threading.main_thread():
        return
    for number in (signal.SIGINT, signal.SIGTERM):
        handle = signal.getsignal(number)
        if callable(handle):

            def note(number: int, frame: FrameType | None, handle: Any = handle) -> None:
                came.append(number)
                handle(number, frame)

            signal.signal(number, note)


def role_option() -> click.Option:
    """Return the option for who signs in."""
    return click.Option(
        ["--role"], type=click.Choice(("viewer", "editor", "admin", "owner")), help="sign in as"
    )


def behaviour_options() -> list[click.Option]:
    """Return the options that let the stand-in serve another document, or break its own."""
    return [
        click.Option(["next_", "--next"], is_flag=True, help="serve a document with one operation more"),
        click.Option(
            ["misbehave", "--misbehave"],
            multiple=True,
            metavar="OPERATION=KIND",
            help="let an operation break the document: wrong-type, missing-field, undocumented-field, "
            "undocumented-status, wrong-media-type, truncated-json, hang",
        ),
    ]


class _DemoGroup(VerbGroup):
    """The stand-in's operations, and `serve`."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return ["serve", *ApiGroup(_described(ctx)).list_commands(ctx)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        return self._find(ctx, [cmd_name])[0]

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        note_options_ahead(ctx.obj, args[1:])
        command, rest = self._find(ctx, args)
        if command is None:
            raise unknown_operation(_described(ctx), args[0])
        return command.name, command, rest

    def _find(self, ctx: click.Context, words: list[str]) -> tuple[click.Command | None, list[str]]:
        if words[:1] == ["serve"]:
            return _SERVE, words[1:]
        group = ApiGroup(_described(ctx))
        command, rest = group.find_command(words)
        if isinstance(command, ApiGroup) and rest:  # a tag
            inner, behind = command.find_command(rest)
            if inner is not None:
                command, rest = inner, behind
        return (_DemoCommand(command.described) if isinstance(command, OperationCommand) else command), rest

    def note_options(self, ctx: click.Context, options: list[str]) -> None:
        ctx.meta[_WITH_NEXT] = "--next" in options

    def get_help(self, ctx: click.Context) -> str:
        from dynacli.commands.help.api_help import api_help
        from dynacli.text.terminal import terminal_width
        from dynacli.text.wrapping import wrapped

        notes = (
            "`dynacli demo serve` keeps the stand-in running, for `api add` and for other tools.",
            "Before the operation: --role viewer|editor|admin|owner, --next, --misbehave OPERATION=KIND",
        )
        width = terminal_width(ctx.obj.env, ctx.obj.env.stdout)
        lines = [line for note in notes for line in wrapped(note, width)]
        return "\n".join([api_help(ctx.obj.env, _described(ctx)), *lines])


_SERVE = Verb(
    "serve",
    params=[
        click.Option(["--port"], type=click.IntRange(0, 65535), default=_DEFAULT_PORT, show_default=True),
        *behaviour_options(),
        *click_options(STANDARD_OPTIONS),
    ],
    callback=click.pass_context(_serve),
    help="Keep the stand-in running on 127.0.0.1 until Ctrl-C.",
)

command = _DemoGroup(
    "demo",
    params=[
        role_option(),
        *behaviour_options(),
    ],
    options=STANDARD_OPTIONS,
    help="Call the embedded stand-in of Armature's API.",
)
