"""`dynacli replay`: makes a call of the history once more, with other options laid over it."""

import click

from dynacli.commands.command_groups import show_page
from dynacli.commands.earlier_call import earlier_call, replay
from dynacli.commands.run import Run
from dynacli.environment import invocation
from dynacli.errors import UsageError
from dynacli.options.command import Command

__all__ = ["Replay"]


class Replay(click.Command):
    """`dynacli replay`; the words behind the number are the operation's to read."""

    def __init__(self, entry: Command) -> None:
        super().__init__(entry.name, callback=click.pass_context(_replay))

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read no word but the first."""
        if not args or args[0] in ctx.help_option_names:
            show_page(ctx, _page())
        ctx.args = list(args)
        return ctx.args


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


def _page() -> str:
    return (
        f"Usage: {invocation('replay')} N [OPTIONS]\n\n"
        f"  Make the call N of `{invocation('history')}` once more.\n\n"
        "  OPTIONS are those of its operation, and take the place of the ones that it was made with:\n"
        f"  `{invocation('replay')} 1 --page 2`. With `--dry-run` the request is shown instead."
    )
