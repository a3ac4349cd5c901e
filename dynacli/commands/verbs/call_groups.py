"""`dynacli read`, `request` and `edit`: groups before an API that change how the call behind them is made."""

import click

from dynacli.commands.command_groups import ApiGroup, VerbGroup, make_command, note_options_of_call
from dynacli.commands.run import Run
from dynacli.environment import invocation
from dynacli.errors import UsageError
from dynacli.library.configuration.configuration import DEMO
from dynacli.options.command import Command
from dynacli.options.command_table import COMMANDS
from dynacli.options.standard_options import INPUT_OPTIONS, STANDARD_OPTIONS

__all__ = ["EditGroup", "ReadGroup", "RequestGroup"]


class _ApiCalls(VerbGroup):
    """A verb behind which calls stand as they do without it."""

    def __init__(self, entry: Command) -> None:
        super().__init__(entry, (*INPUT_OPTIONS, *STANDARD_OPTIONS))

    def named(self, ctx: click.Context, words: list[str]) -> tuple[click.Command, list[str]]:
        """Return the group of the API that the first word names."""
        run: Run = ctx.obj
        self.begin(run, words)
        word, rest = words[0], words[1:]
        note_options_of_call(run, word, rest)
        return make_command(COMMANDS[DEMO]) if word == DEMO else ApiGroup(run.api(word)), rest

    def begin(self, run: Run, words: list[str]) -> None:
        """Say in the run what is different about its calls.

        Args:
            words: Those behind the verb.

        Raises:
            UsageError: They cannot be a call.
        """
        raise NotImplementedError


class ReadGroup(_ApiCalls):
    """The APIs, of which only operations with safe methods can be called."""

    def begin(self, run: Run, words: list[str]) -> None:  # noqa: ARG002
        """Let nothing be changed."""
        run.is_read_only = True

    def page(self, ctx: click.Context) -> str:  # noqa: ARG002
        """Return the help page."""
        return (
            f"Usage: {invocation('read', 'API')} OPERATION [ARGUMENTS] [OPTIONS]\n\n"
            "  Make a call that changes nothing: whatever is not GET, HEAD, OPTIONS, TRACE or QUERY is "
            "refused (exit 11).\n"
            f"  Otherwise it is the call `{invocation(api='API')} OPERATION`, with its arguments and options.\n\n"
            f"  You can allow a script or an agent the prefix `{invocation('read')}`. It permits no more than this:\n\n"
            "  Requests     GET, HEAD, OPTIONS, TRACE and QUERY to any host, with any input and header of the caller\n"
            "  Credentials  those of registered APIs, to the origins in your configuration; they are never shown.\n"
            "               `--server`, the URL of a document and `--accept-origin` add no origin\n"
            "  Reading      standard input, and an OpenAPI document at a path with the files beside it that "
            "it refers to;\n"
            "               no other file: `@FILE`, `--editor` and `--allow-ref DIRECTORY` are refused\n"
            "  Writing      new files at relative paths below the working directory, never over one that is there\n"
            "               (`-o @FILE`, `-O`, `--resume`, `--report FORMAT=FILE`); the cache and the history\n"
            "  Policy       that of the API holds; `--yes` confirms what it wants confirmed\n\n"
            "  `--allow-files` also takes input from files. A prefix permits every option after it, so deny "
            "this one in\n"
            "  your list if it is for an agent. It is refused if an agent runs the command, as far as variables tell:\n"
            f"  `{invocation('help environment')}`.\n"
        )


class RequestGroup(_ApiCalls):
    """The APIs, of which paths are called by their method."""

    def begin(self, run: Run, words: list[str]) -> None:  # noqa: ARG002
        """Check that the words are a method and a path."""
        if not words[2:3] or not words[2].startswith("/"):
            raise UsageError(
                "A request needs an API, a method and a path",
                why=f"`{words[2]}` does not begin with `/`" if words[2:3] else "",
                hint=f"For example: `{invocation('request', 'demo')} GET /workflows`",
            )

    def page(self, ctx: click.Context) -> str:  # noqa: ARG002
        """Return the help page."""
        return (
            f"Usage: {invocation('request', 'API')} METHOD PATH [OPTIONS]\n\n"
            "  Make a call to any path, with the API's server and credentials; a query may stand in the path.\n"
            "  Where an operation of the document has the method and the path, it is that operation, with "
            "its options,\n"
            f"  and is judged; else nothing is, and a body is given with --body. `{invocation(api='API')} "
            "METHOD PATH` is the same."
        )


class EditGroup(_ApiCalls):
    """The APIs, of which an operation that reads is called, and the one that belongs to it."""

    def begin(self, run: Run, words: list[str]) -> None:  # noqa: ARG002
        """Let the answer of the call be edited."""
        from dynacli.commands.call.edit_resource import edit_resource

        run.act = edit_resource

    def page(self, ctx: click.Context) -> str:  # noqa: ARG002
        """Return the help page."""
        return (
            f"Usage: {invocation('edit', 'API')} OPERATION [ARGUMENTS] [OPTIONS]\n\n"
            "  Call an operation that reads a thing (GET), change the answer in $VISUAL or $EDITOR, look "
            "at the difference,\n"
            "  and send it by the PATCH or PUT of the same path; with If-Match where the answer had an ETag.\n"
            f"  --yes sends it without asking. For example: {invocation('edit', 'demo')} get-workflow WORKFLOW_ID"
        )
