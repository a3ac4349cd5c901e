"""`dynacli history` and `replay`: list, show, clear and repeat earlier calls."""

import json
import time
from typing import Any

import click

from dynacli.commands.command_groups import Root, show_page
from dynacli.commands.command_line_errors import missing_argument
from dynacli.commands.read_line import read_words
from dynacli.commands.run import Run
from dynacli.environment import invocation, program, variable
from dynacli.errors import FileError, UsageError
from dynacli.openapi.model.operation import is_documented_name
from dynacli.openapi.model.wording import did_you_mean, near_names
from dynacli.options.command import Argument, Command
from dynacli.output.standard_error import write_stderr
from dynacli.registry.call_history import HistoryRow, clear_history, earlier_call, filtered_calls
from dynacli.registry.configuration import DEMO, Configuration, is_name
from dynacli.registry.record_call import history_mode
from dynacli.secrets import MASK
from dynacli.text.terminal import Painter, visible
from dynacli.text.wrapping import table_lines

_HEADER = ["n", "at", "status", "exit", "seconds", "command"]
_OF_OPENING = ("refresh", "offline", "profile", "allow_ref")
"""The options for opening a document, which apply before the arguments of its operation are read."""


def replay(run: Run, row: HistoryRow, laid_over: list[str]) -> None:
    """Repeat a call of the history.

    Args:
        laid_over: Options that override the options of the call.

    Raises:
        UsageError: The call has a URL with a masked secret.
        DynacliError: The call failed.
    """
    words = row.words
    is_documented = is_documented_name(row.call.operation)
    if any(
        MASK in word and ("://" in word or (not is_documented and word.startswith("/"))) for word in words
    ):
        raise UsageError(
            "The call has a URL with a secret, which the history does not store",
            hint=f"Write the command again: `{row.as_json()['command']}`",
        )
    given = read_words(laid_over).options
    for name in _OF_OPENING:
        value = getattr(given, name)
        if value:
            run.options = run.options.with_value(name, value)
    run.laid_over, run.words = laid_over, tuple(words)
    with Root(run).make_context(program().name, list(words)) as context:
        context.command.invoke(context)


@click.pass_obj
def list_calls(run: Run, api: str | None, failed: bool, since: str | None) -> None:
    """Run `history list`."""
    from dynacli.output.render import write_rows

    wanted_rows = filtered_calls(run.env, api, failed=failed, since=since)
    if history_mode(run.env) == "off":
        run.note(f"The history is off: `{variable('HISTORY')}`, or `history` in the configuration, is `off`")

    if api is not None:
        _check_name(run, api)

    def lines(paint: Painter, width: int) -> list[str]:
        # A program that reads a pipe needs the whole lines.
        return _table(list(wanted_rows), paint, width if run.env.stdout_is_terminal else None)

    write_rows(run.env, (row.as_json() for row in wanted_rows), run.data_format, lines)


def _check_name(run: Run, api: str) -> None:
    """Check that calls of an API can be in the history.

    Raises:
        UsageError: No API has the name, and the history has no call of it.
    """
    names = {DEMO, *Configuration(run.env).apis()}
    has_calls = next(filtered_calls(run.env, api, failed=False, since=None), None) is not None
    if not is_name(api) or api in names or has_calls:
        return
    hint = did_you_mean(near_names(api, names), f"`{invocation('history')}` lists the calls of all APIs")
    raise UsageError(f"The history has no call of `{api}`", reason="No API has this name", hint=hint)


def _table(rows: list[HistoryRow], paint: Painter, width: int | None) -> list[str]:
    if not rows:
        return []
    cells = [
        [
            str(row.number),
            time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(row.call.at)),
            str(row.call.status or ""),
            str(row.call.exit_code or ""),
            f"{row.call.seconds:.3f}",
            visible(row.as_json()["command"], keep=""),
        ]
        for row in rows
    ]
    return table_lines([_HEADER, *cells], width, right={0, 2, 3, 4}, paint_header=paint.bold)


@click.pass_obj
def show_call(run: Run, number: int, form: str | None) -> None:
    """Run `history show`."""
    from dynacli.output.render import write_content, write_data

    row = earlier_call(run.env, number, with_messages=True)
    if form is None:
        data = row.as_json()
        messages = json.loads(row.call.messages) if row.call.messages else {}
        data.update({name: messages.get(name) for name in ("request", "response") if messages})
        write_data(run.env, data, run.data_format, lambda paint, _: _call_text(data, paint))
        return
    if form != "har" and not row.call.messages:
        # The request was not stored, so it is built again from the same arguments.
        replay(run, row, ["--dry-run", form])
        return
    from dynacli.output.har import history_text

    text = history_text(row, form).encode("utf-8", "surrogateescape")
    media_type = "application/json" if form == "har" else "text/plain; charset=utf-8"
    write_content(run.env, text, media_type, run.output_format())


def _call_text(data: dict[str, Any], paint: Painter) -> str:
    lines = []
    for name, value in data.items():
        if isinstance(value, dict):
            lines.extend(["", paint.heading(name)])
            lines.extend(f"  {visible(header)}: {visible(text)}" for header, text in value["headers"])
            if value["body"]:
                lines.extend(["", visible(value["body"])])
        elif value is not None:
            lines.append(f"{name.replace('_', ' '):<10} {visible(str(value), keep='')}")
    return "\n".join(lines)


@click.pass_obj
def forget_calls(run: Run) -> None:
    """Run `history clear`."""
    try:
        clear_history(run.env)
    except OSError as error:
        raise FileError(
            "Could not delete the history",
            reason=error.strerror or "",
            hint=f"Check the permissions of `{run.env.state_dir}`",
        ) from error
    write_stderr(run.env, "The history and what was remembered of responses is forgotten\n")


class Replay(click.Command):
    """`dynacli replay`, which leaves the arguments after the number to the operation."""

    def __init__(self, entry: Command) -> None:
        super().__init__(entry.name, callback=click.pass_context(_replay))
        self.entry = entry

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Store the arguments unread, or show the help page if they ask for it.

        Raises:
            UsageError: There are no arguments.
        """
        if not args:
            raise missing_argument(Argument("n"), f"See `{ctx.command_path} --help`")
        if args[0] in ctx.help_option_names:
            show_page(ctx, self.page(ctx))
        ctx.args = list(args)
        return ctx.args

    def page(self, ctx: click.Context) -> str:
        """Return the help page."""
        from dynacli.commands.help_pages.command_help import command_help

        return command_help(ctx.obj.env, self.entry, ctx.command_path)


def _replay(ctx: click.Context) -> None:
    number, *laid_over = ctx.args
    if not number.isdecimal() or not int(number):
        raise UsageError(
            f"`{number}` is not the number of a call",
            hint=f"Write `{invocation('replay')} N OPTIONS`; `{invocation('history')}` lists the "
            "calls, the latest is 1",
        )
    run: Run = ctx.obj
    replay(run, earlier_call(run.env, int(number)), laid_over)
