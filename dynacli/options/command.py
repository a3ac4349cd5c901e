"""The records of the table of commands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from dynacli.options.standard_options import (
    DATA_OUTPUT,
    DOCUMENT_READING,
    EVERY_RUN,
    STANDARD_OPTIONS,
    Option,
)
from dynacli.record import record, replace

OPENING: Final = (DOCUMENT_READING, "profile")
"""Options of a command that reads a document."""
LISTING: Final = (DATA_OUTPUT, *OPENING)
"""Options of a command that prints data of a document."""

ALONE: Final = "alone"
API: Final = "api"
CALL: Final = "call"
"""Values of `Command.of_tool`."""

FIND: Final = "Find"
MAKE_CALLS: Final = "Call"
TEST: Final = "Test"
MANAGE: Final = "Manage"
SHARE: Final = "Share"
SECTIONS: Final = (FIND, MAKE_CALLS, TEST, MANAGE, SHARE)
"""The groups of commands on the help page of dynacli, in their order."""

HTML: Final = "html"
MARKDOWN: Final = "markdown"
"""Output formats that only some commands have."""
FORMATS_OF_COMMANDS: Final = (HTML, MARKDOWN)

CALL_USAGE: Final = "API OPERATION [ARGUMENTS] [OPTIONS]"
"""Usage of a command that calls an operation, after its name."""

PORT = Option(
    ("--port",),
    help="Listen at PORT; 0 is a free port",
    metavar="PORT",
    kind="integer",
    between=(0, 65535),
    shows_default=True,
)
HOST = Option(
    ("--host",),
    help="Listen at HOST; 0.0.0.0 admits other machines",
    kind="text",
    default="127.0.0.1",
    shows_default=True,
)
"""The address at which a local server listens."""
LEARN = Option(
    ("--learn",),
    help="Write an overlay that makes the document match the responses",
    metavar="FILE",
)
SHARD_COUNT = Option(
    ("--shard-count",),
    help="Set the number of shards of --shard auto",
    metavar="N",
    kind="integer",
    between=(1, 999_999),
)
ROLE = Option(
    ("--role",), help="Choose the role in the demo API", values=("viewer", "editor", "admin", "owner")
)
DEMO_PORT: Final = 8642
"""The default port of `demo serve`. A dry run of the demo API shows requests to this port, too."""
NEXT = Option(("--next",), help="Serve the demo API with one more operation", name="next_")
MISBEHAVE = Option(
    ("--misbehave",),
    help="Make responses of the demo API invalid",
    metavar="OPERATION=KIND",
    is_multiple=True,
)
OF_DEMO = (NEXT, MISBEHAVE)
"""Options for the demo API, on commands that take any API."""

_NO_TEXTS: Mapping[str, str] = {}
_NO_VALUES: Mapping[str, tuple[str, ...]] = {}


@record
class Argument:
    """One argument of a command, or several that end the command line.

    Args:
        name: Parameter of the command's function that receives the value.
        metavar: Its name in help pages; if empty, `name` in capitals.
        values: The allowed values; empty if any value is allowed.
        least: The lowest number that is allowed; None if the value is not a number.
        is_required: Whether the command needs it.
        is_multiple: Whether it takes all remaining arguments.
        offers: The values that completion offers besides `values`; empty for none.
    """

    name: str
    metavar: str = ""
    values: tuple[str, ...] = ()
    least: int | None = None
    is_required: bool = True
    is_multiple: bool = False
    offers: str = ""


@record
class Command:
    """A command, or a group of commands.

    Args:
        name: Its name on the command line.
        runs: Module in `dynacli.commands.subcommands`, `:`, and a function. A command that parses its own arguments
            names its click class instead. Empty for a plain group.
        section: Its section on the help page of dynacli; empty for a subcommand.
        help: Its summary: an imperative of at most 60 characters.
        about: Further text of its help page, in Markdown.
        examples: Command lines of its help page. They run as they are; a test runs them.
        usage: The usage after its name, if `arguments` does not describe it.
        arguments: Its positional arguments.
        options: Its own options that come first on its help page.
        last: Its own options that come last on its help page.
        takes: The standard options that it takes besides the group `EVERY_RUN`: names of groups or of options.
        groups: Title → flags of the options below it on the help page. Others come last, below `Options`.
        texts: Name of a standard option → help text that replaces the usual one.
        formats: Output formats that only this command has.
        values: Name of a standard option → values that only this command has.
        before: The options about a body that may precede its name.
        is_plain: Whether it takes no standard options after its name.
        switches: Names of the standard options that take no value here.
        commands: The subcommands of a group.
        default: The subcommand to run if none is named; empty for none.
        of_tool: Use of the command in a tool for one API. `api`: the tool adds the name of the API. `call`: a call
            follows the command. `alone`: the command needs no API. Empty: the tool does not have the command.
    """

    name: str
    runs: str = ""
    section: str = ""
    help: str = ""
    about: str = ""
    examples: tuple[str, ...] = ()
    usage: str = ""
    arguments: tuple[Argument, ...] = ()
    options: tuple[Option, ...] = ()
    last: tuple[Option, ...] = ()
    takes: tuple[str, ...] = ()
    groups: tuple[tuple[str, tuple[str, ...]], ...] = ()
    texts: Mapping[str, str] = _NO_TEXTS
    formats: tuple[str, ...] = ()
    values: Mapping[str, tuple[str, ...]] = _NO_VALUES
    before: tuple[str, ...] = ()
    is_plain: bool = False
    switches: tuple[str, ...] = ()
    commands: tuple[Command, ...] = ()
    default: str = ""
    of_tool: str = ""

    @property
    def is_of_tool(self) -> bool:
        """Whether a tool for one API has the command or one of its subcommands."""
        return bool(self.of_tool) or any(command.of_tool for command in self.commands)

    def argument_at(self, position: int) -> Argument | None:
        """Return the argument at a position. A last argument that takes several values covers all further positions."""
        if position < len(self.arguments):
            return self.arguments[position]
        return self.arguments[-1] if self.arguments and self.arguments[-1].is_multiple else None

    @property
    def all_options(self) -> tuple[Option, ...]:
        """Its own options and the standard options that it takes, in the order of its help page."""
        return (*self.options, *self.standard_options, *self.last)

    @property
    def standard_options(self) -> tuple[Option, ...]:
        """The standard options that the command takes, with its changes to their help, formats and values."""
        if self.is_plain:
            return ()
        taken = {EVERY_RUN, *self.takes}
        options = (option for option in STANDARD_OPTIONS if not taken.isdisjoint((option.group, option.name)))
        return tuple(map(self._as_taken, options))

    def _as_taken(self, option: Option) -> Option:
        values = (*option.values, *self.values.get(option.name, ()))
        option = replace(option, help=self.texts.get(option.name, option.help), values=values)
        if option.name == "output":
            return replace(option, more=self.formats)
        if option.name in self.switches:
            return replace(option, metavar="", values=(), value_alone="")
        return option
