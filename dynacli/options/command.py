"""What the table of commands consists of."""

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
"""What a command takes that reads a document."""
LISTING: Final = (DATA_OUTPUT, *OPENING)
"""What a command takes that prints data of a document."""

ALONE: Final = "alone"
API: Final = "api"
CALL: Final = "call"
"""How a tool of one API has a command, as `Command.of_tool` says it."""

FIND: Final = "Find"
MAKE_CALLS: Final = "Call"
TEST: Final = "Test"
MANAGE: Final = "Manage"
SHARE: Final = "Share"
SECTIONS: Final = (FIND, MAKE_CALLS, TEST, MANAGE, SHARE)
"""The groups of commands on the help page of dynacli, in their order."""

HTML: Final = "html"
MARKDOWN: Final = "markdown"
"""Output formats that some commands alone have."""
FORMATS_OF_COMMANDS: Final = (HTML, MARKDOWN)

CALL_USAGE: Final = "API OPERATION [ARGUMENTS] [OPTIONS]"
"""The usage of a command that calls an operation, after its name."""

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
"""Where a server of this machine listens."""
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
"""The usual port of `demo serve`. The requests that a dry run of the demo API shows are for it, too."""
NEXT = Option(("--next",), help="Serve the demo API with one more operation", name="next_")
MISBEHAVE = Option(
    ("--misbehave",),
    help="Make responses of the demo API invalid",
    metavar="OPERATION=KIND",
    is_multiple=True,
)
OF_DEMO = (NEXT, MISBEHAVE)
"""The options about the demo API of a command that takes any API."""

_NO_TEXTS: Mapping[str, str] = {}


@record
class Argument:
    """An argument of a command, or several.

    Args:
        name: The parameter of the command's function that has its value.
        metavar: Its name in help pages; empty for its name in capitals.
        values: The only values that it takes; empty if there are others.
        least: The least number that it takes; None if it is not a number.
        is_required: Whether the command cannot do without it.
        is_multiple: Whether it takes all words that are left.
        offers: What completion offers for it besides `values`; empty for nothing.
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
        name: The word that names it.
        runs: The module in `dynacli.commands.subcommands`, then `:` and the function that it calls, or the class of
            its click command if its arguments are parsed in another way; empty for a plain group.
        section: Its group on the help page of dynacli; empty for a subcommand.
        help: What it does: an imperative of at most 60 characters.
        about: What else its help page says, in Markdown.
        examples: Command lines for its help page, which run as they are. A test runs them.
        usage: What follows its name, if `arguments` does not say so.
        arguments: Its positional words.
        options: Its own options, which come first on its help page.
        last: Its own options that come last on its help page.
        takes: The standard options that it takes besides those of every run: groups of them, or single names.
        texts: Name of a standard option → its help, if that is another one than for a single call.
        formats: The output formats that it has besides those of every command.
        before: The options about a body that it takes before its name.
        is_plain: Whether it takes no standard option after its name.
        switches: The standard options that take no value here.
        commands: Those of a group.
        default: The one of a group that words mean which name none; empty for none.
        of_tool: How a tool of one API has it: `api` if it names the API for the person, `call` if a call stands after
            it, `alone` if it needs no API; empty if it does not have it.
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
    texts: Mapping[str, str] = _NO_TEXTS
    formats: tuple[str, ...] = ()
    before: tuple[str, ...] = ()
    is_plain: bool = False
    switches: tuple[str, ...] = ()
    commands: tuple[Command, ...] = ()
    default: str = ""
    of_tool: str = ""

    @property
    def is_of_tool(self) -> bool:
        """Whether a tool of one API has it, or a command of it; the others are about more than one API."""
        return bool(self.of_tool) or any(command.of_tool for command in self.commands)

    def argument_at(self, position: int) -> Argument | None:
        """Return the argument that a positional word is, or the last one if that takes all that are left."""
        if position < len(self.arguments):
            return self.arguments[position]
        return self.arguments[-1] if self.arguments and self.arguments[-1].is_multiple else None

    @property
    def all_options(self) -> tuple[Option, ...]:
        """Its own options and the standard ones that it takes, in the order of its help page."""
        return (*self.options, *self.standard_options, *self.last)

    @property
    def standard_options(self) -> tuple[Option, ...]:
        """The standard options that it takes, as it takes them."""
        if self.is_plain:
            return ()
        taken = {EVERY_RUN, *self.takes}
        options = (option for option in STANDARD_OPTIONS if not taken.isdisjoint((option.group, option.name)))
        return tuple(map(self._as_taken, options))

    def _as_taken(self, option: Option) -> Option:
        option = replace(option, help=self.texts.get(option.name, option.help))
        if option.name == "output":
            return replace(option, more=self.formats)
        if option.name in self.switches:
            return replace(option, metavar="", values=(), value_alone="")
        return option
