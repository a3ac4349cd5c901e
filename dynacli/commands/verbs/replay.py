"""`dynacli replay`: makes a call of the history once more, with other options laid over it."""

import click

from dynacli.commands.earlier_call import earlier_call, replay
from dynacli.commands.run import Run
from dynacli.environment import invocation
from dynacli.errors import UsageError
from dynacli.options.command import Command

__all__ = ["Replay"]


class Replay(click.Command):
    """`dynacli replay`; the words behind the number are the operation's to read."""

    def __init__(self, entry: Command) -> None:
        super().__init__(entry.name)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the words behind the verb."""
        if not args or args[0] in ctx.help_option_names:
            click.echo(self.get_help(ctx), file=ctx.obj.env.stdout)
            ctx.exit()
        ctx.args = list(args)
        return ctx.args

    def invoke(self, ctx: click.Context) -> None:
        """Run the verb."""
        run: Run = ctx.obj
        number, *laid_over = ctx.args
        if not number.isdecimal() or not int(number):
            raise UsageError(
                f"`{number}` is not the number of a call",
                hint=f"Write `{invocation('replay')} N OPTIONS`; `{invocation('history')}` lists the "
                "calls, the latest is 1",
            )
        replay(run, earlier_call(run.env, int(number)), laid_over)

    def get_help(self, ctx: click.Context) -> str:  # noqa: ARG002
        """Return the help page."""
        return (
            f"Usage: {invocation('replay')} N [OPTIONS]\n\n"
            f"  Make the call N of `{invocation('history')}` once more.\n\n"
            "  OPTIONS are those of its operation, and take the place of the ones that it was made with:\n"
            f"  `{invocation('replay')} 1 --page 2`. With `--dry-run` the request is shown instead."
        )
