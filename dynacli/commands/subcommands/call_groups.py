"""`dynacli read` and `request`: groups before an API that change how the call after them is made."""

import click

from dynacli.commands.command_groups import ApiGroup, TableGroup, make_command, note_options_of_call
from dynacli.commands.run import Run
from dynacli.environment import invocation
from dynacli.errors import UsageError
from dynacli.options.command_table import COMMANDS
from dynacli.options.standard_options import CALL_OPTIONS
from dynacli.registry.configuration import DEMO


class CallGroup(TableGroup):
    """A command that precedes a call without changing how it is written."""

    standard = CALL_OPTIONS

    def named(self, ctx: click.Context, words: list[str]) -> tuple[click.Command, list[str]]:
        """Return the group of the API that the first argument names."""
        run: Run = ctx.obj
        self.begin(run, words)
        word, rest = words[0], words[1:]
        note_options_of_call(run, word, rest)
        return make_command(COMMANDS[DEMO]) if word == DEMO else ApiGroup(run.api(word)), rest

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
