"""`dynacli read` and `request`: groups before an API that change how the call after them is made."""

import click

from dynacli.commands.command_groups import ApiGroup, TableGroup, make_command, note_options_of_call
from dynacli.commands.command_line_errors import missing_argument
from dynacli.commands.run import Run
from dynacli.environment import invocation
from dynacli.errors import UsageError
from dynacli.options.command import Argument
from dynacli.options.command_table import COMMAND_NAMES, COMMANDS
from dynacli.options.standard_options import CALL_OPTIONS
from dynacli.registry.configuration import DEMO


class CallGroup(TableGroup):
    """A command that precedes a call without changing how it is written.

    Attributes:
        before: The commands that make calls, besides the names of APIs.
    """

    standard = CALL_OPTIONS
    before: frozenset[str] = frozenset()

    def named(self, ctx: click.Context, words: list[str]) -> tuple[click.Command, list[str]]:
        """Return the group of the API that the first argument names."""
        run: Run = ctx.obj
        self.begin(run, words)
        word, rest = words[0], words[1:]
        if word in self.before:
            return make_command(COMMANDS[word]), rest
        note_options_of_call(run, word, rest)
        return make_command(COMMANDS[DEMO]) if word == DEMO else ApiGroup(run.api(word)), rest

    def first_page(self, ctx: click.Context) -> str:
        """Return the help page if the command has subcommands.

        Raises:
            UsageError: It has none, so that its first argument is missing.
        """
        if self.entry.commands:
            return super().first_page(ctx)
        raise self.nothing_named(ctx)

    def nothing_named(self, ctx: click.Context) -> UsageError:
        """Return the error for a command without the name of an API."""
        return missing_argument(Argument("api"), self.help_hint(ctx))

    def begin(self, run: Run, words: list[str]) -> None:
        """Prepare the run for the calls of this group.

        Args:
            words: The arguments after the command.

        Raises:
            UsageError: The arguments are not a call of this group.
        """
        raise NotImplementedError


class ReadGroup(CallGroup):
    """`dynacli read`, which allows only read-only calls."""

    before = frozenset({"workflow"} & COMMAND_NAMES)

    def begin(self, run: Run, words: list[str]) -> None:  # noqa: ARG002
        """Make the run read-only."""
        run.is_read_only = True


class RequestGroup(CallGroup):
    """`dynacli request`, which calls a path with a method."""

    def begin(self, run: Run, words: list[str]) -> None:  # noqa: ARG002
        """Check that the arguments are an API, a method and a path."""
        if not words[2:3] or not words[2].startswith("/"):
            raise UsageError(
                "A request needs an API, a method and a path",
                reason=f"`{words[2]}` does not begin with `/`" if words[2:3] else "",
                hint=f"For example: `{invocation('request', 'demo')} GET /workflows`",
            )
