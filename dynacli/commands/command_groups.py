"""Groups of commands: dynacli itself, an API, a tag. A group creates a command only when the user names it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from functools import cached_property
from importlib import import_module
from typing import Any

import click

from dynacli.client.described_operation import DescribedOperation
from dynacli.commands.operation_command import LineCommand, OperationCommand
from dynacli.commands.read_line import (
    HELP,
    CommandLine,
    bindings_of,
    check_choice,
    may_say_how_to_open,
    read_words,
)
from dynacli.commands.run import Run
from dynacli.environment import invocation, program
from dynacli.errors import DynacliError, FileError, UsageError
from dynacli.files import looks_like_source
from dynacli.options.command import FORMATS_OF_COMMANDS, Command
from dynacli.options.command_table import (
    COMMAND_NAMES,
    COMMANDS,
    bound_words,
    further_command,
    is_of_other_apis,
)
from dynacli.options.standard_options import (
    CALL_OPTIONS,
    EVERY_RUN,
    OPTIONS,
    STANDARD_OPTIONS,
    Option,
    Options,
)
from dynacli.record import replace
from dynacli.registry.configuration import Configuration
from dynacli.registry.opened_api import OpenedApi


def show_page(ctx: click.Context, page: str) -> None:
    """Print a help page and end the run. click would print to the standard output of the process instead."""
    click.echo(page, file=ctx.obj.env.stdout)
    ctx.exit()


class TableCommand(LineCommand):
    """A command of the tables.

    Attributes:
        entry: Its entry in the table of commands.

    Args:
        entry: Its entry in the table of commands.
        function: The callback of click; None for a group.
    """

    def __init__(self, entry: Command, function: Callable[..., Any] | None = None, **settings: Any) -> None:
        # click's own help option would import `locale` for gettext.
        super().__init__(entry.name, callback=function, add_help_option=False, **settings)
        self.entry = entry

    def options(self) -> tuple[Option, ...]:
        """Return the options of the command."""
        return self.entry.all_options

    def page(self, ctx: click.Context) -> str:
        """Return the help page of the command."""
        from dynacli.commands.help_pages.command_help import command_help

        return command_help(ctx.obj.env, self.entry, ctx.command_path)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse the arguments after the command."""
        run: Run = ctx.obj
        options = self.options()
        line = self.read(ctx, args, options)
        if line.asks_for_help:
            show_page(ctx, self.page(ctx))
        self._check_use(ctx, run.options, line)
        self.take_options(ctx, line)
        for option in options:
            if not option.group:
                ctx.params.setdefault(option.argument, _without_value(option))
        self._take_arguments(ctx, line.positional)
        run.ahead = None
        return []

    def read(
        self,
        ctx: click.Context,
        words: list[str],
        options: Iterable[Option],
        *,
        stop_at_positional: bool = False,
    ) -> CommandLine:
        """Parse arguments, and note the standard options among them, which decide how errors are printed.

        Raises:
            UsageError: An option lacks its value.
        """
        line = read_words(words, {**bindings_of(options), **HELP}, stop_at_positional=stop_at_positional)
        ctx.obj.ahead = line
        if line.without_value:
            raise self.without_value(ctx, line)
        return line

    def _take_arguments(self, ctx: click.Context, words: list[str]) -> None:
        """Add the values of the arguments to `ctx.params`.

        Raises:
            UsageError: An argument is missing, invalid or unexpected.
        """
        rest = words
        for argument in self.entry.arguments:
            count = len(rest) if argument.is_multiple else 1
            given, rest = rest[:count], rest[count:]
            if argument.is_required and not given:
                from dynacli.commands.command_line_errors import argument_as_value, missing_argument

                missing = missing_argument(argument, self.help_hint(ctx))
                raise argument_as_value(missing, ctx.command_path, ctx.obj.ahead)
            values: list[Any] = list(given)
            try:
                for index, word in enumerate(given):
                    if argument.values:
                        check_choice(word, argument.name, argument.values)
                    elif argument.least is not None:
                        from dynacli.commands._option_values import whole_number

                        values[index] = whole_number(word, argument.name, (argument.least, None))
            except UsageError as error:
                error.hint = self.help_hint(ctx)
                raise
            ctx.params[argument.name] = (
                tuple(values) if argument.is_multiple else values[0] if values else None
            )
        if rest:
            from dynacli.commands.command_line_errors import surplus_argument

            raise surplus_argument(self.entry.name, rest, self.help_hint(ctx))

    def _check_use(self, ctx: click.Context, options: Options, line: CommandLine) -> None:
        """Check that the command has a use for each standard option that is given.

        Args:
            options: The options that precede the command.
            line: The arguments after the command.

        Raises:
            UsageError: The command has no use for one of the options.
        """
        used = {EVERY_RUN, *self.entry.before, *(option.name for option in self.options() if option.group)}
        forgotten = [option for option in options.given if used.isdisjoint((option.group, option.name))]
        unknown = line.flags - line.bindings.keys()
        forgotten += [option for option in OPTIONS if not unknown.isdisjoint(option.flags)]
        if forgotten:
            from dynacli.commands.command_line_errors import unused_option

            raise unused_option(ctx.command_path.partition(" ")[2], min(forgotten, key=OPTIONS.index))


def make_command(entry: Command) -> click.Command:
    """Return the click command for an entry of the table of commands."""
    if not entry.runs:
        return TableGroup(entry)
    module, _, name = entry.runs.partition(":")
    found = getattr(import_module(f"dynacli.{module}"), name)
    made: click.Command = found(entry) if isinstance(found, type) else TableCommand(entry, found)
    return made


def _without_value(option: Option) -> Any:
    """Return the value of a command's own option if it is not given."""
    if option.is_multiple:
        return ()
    return option.default if option.takes_value else False


class TableGroup(TableCommand):
    """A group of commands, which may have its own options before the name of a command.

    Subclasses override `completed`, `named` and `page`.

    Attributes:
        standard: The standard options that are allowed before the name of a command.
    """

    standard = STANDARD_OPTIONS

    @cached_property
    def entries(self) -> Mapping[str, Command]:
        """Name → entry of the commands in the group."""
        return {command.name: command for command in self.entry.commands}

    def options(self) -> tuple[Option, ...]:
        """Return the options that are allowed before the name of a command."""
        return (*self.entry.options, *self.standard)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse the options before the first positional argument. The other arguments belong to the command."""
        run: Run = ctx.obj
        rest, ahead = self.completed(args), run.ahead
        is_alone = not rest
        if rest and rest[0].startswith("-"):
            line = self.read(ctx, rest, self.options(), stop_at_positional=True)
            rest, is_alone = line.positional, not line.words
            self.note_options(ctx, line.flags)
            if line.asks_for_help:
                show_page(ctx, self.page(ctx))
            self.take_options(ctx, line)
        if is_alone:
            show_page(ctx, self.first_page(ctx))
        run.ahead = ahead
        ctx.args = rest
        return rest

    def invoke(self, ctx: click.Context) -> Any:
        """Run the named command.

        Raises:
            UsageError: No command is named, or it does not exist.
        """
        if not ctx.args:
            raise self.nothing_named(ctx)
        command, rest = self.named(ctx, ctx.args)
        with command.make_context(command.name, rest, parent=ctx) as below:
            return command.invoke(below)

    def nothing_named(self, ctx: click.Context) -> UsageError:
        """Return the error for options without the name of a command."""
        hint = self.help_hint(ctx)
        return UsageError(
            f"Missing subcommand after `{ctx.command_path}`",
            hint=f"Give the options after the subcommand; {hint[0].lower()}{hint[1:]}",
        )

    def completed(self, words: list[str]) -> list[str]:
        """Return the arguments, with the default command added if none is named."""
        is_complete = not self.entry.default or (
            words and words[0] in {*self.entries, *HELP} - {self.entry.default}
        )
        return words if is_complete else [self.entry.default, *words]

    def named(self, ctx: click.Context, words: list[str]) -> tuple[click.Command, list[str]]:
        """Return the command that the first argument names, and the remaining arguments.

        Raises:
            UsageError: The group has no such command.
        """
        name, *rest = words
        if name not in self.entries or self._is_of_other_apis(name):
            ctx.obj.ahead = rest  # these may contain the options that decide how the error is printed
        command = self.get_command(name)
        if command is None:
            from dynacli.commands.command_line_errors import unknown_command

            raise unknown_command(name, self.list_commands(), self.help_hint(ctx))
        return command, rest

    def page(self, ctx: click.Context) -> str:
        """Return the help page of the group."""
        from dynacli.commands.help_pages.command_help import command_help

        names = self.list_commands()
        commands = [entry for name, entry in self.entries.items() if name in names]
        return command_help(ctx.obj.env, self.entry, ctx.command_path, commands)

    def first_page(self, ctx: click.Context) -> str:
        """Return the text to print without any argument."""
        return self.page(ctx)

    def list_commands(self) -> list[str]:
        """Return the names of the commands, without those that a tool for one API lacks."""
        names = self.entries.keys() - {self.entry.default}
        return sorted(name for name in names if not self._is_of_other_apis(name))

    def get_command(self, name: str) -> click.Command | None:
        """Return the command of a name; None if there is none.

        Raises:
            UsageError: The command is for several APIs, and this tool has one.
        """
        if self._is_of_other_apis(name):
            raise UsageError(f"`{self.name} {name}` is for several APIs, and `{program().name}` has one")
        entry = self.entries.get(name)
        return make_command(entry) if entry is not None else None

    def _is_of_other_apis(self, name: str) -> bool:
        if not program().api:
            return False

        return is_of_other_apis(str(self.name), name)

    def note_options(self, ctx: click.Context, flags: Collection[str]) -> None:
        """Take note of the given options before they are parsed, for a help page that depends on them."""


class Root(TableGroup):
    """The command `dynacli`.

    Args:
        run: The run whose arguments it parses.
    """

    standard = CALL_OPTIONS

    def __init__(self, run: Run) -> None:
        settings = {"obj": run, "help_option_names": [*HELP]}
        super().__init__(Command(program().name), context_settings=settings)
        self.entries = COMMANDS

    def first_page(self, ctx: click.Context) -> str:
        """Return the help page; for an agent, the manual page for agents."""
        env = ctx.obj.env
        if not env.is_agent:
            return self.page(ctx)
        from dynacli.commands.help_pages.command_help import manual_page

        return manual_page(env, "agents")

    def completed(self, words: list[str]) -> list[str]:
        """Return the arguments; if there are none, a tool for one API shows the overview of that API."""
        return words or list(filter(None, [program().api]))

    def named(self, ctx: click.Context, words: list[str]) -> tuple[click.Command, list[str]]:
        """Return the command that the first argument names, or the group of the API."""
        run: Run = ctx.obj
        if program().api:
            words = bound_words(words)
        word, rest = words[0], words[1:]
        entry = COMMANDS[word] if word in COMMAND_NAMES else None
        form = run.options.output_format
        if form in FORMATS_OF_COMMANDS and (entry is None or form not in entry.formats):
            from dynacli.output.output_format import check_format

            check_format(form)
        if entry is not None:
            return make_command(entry), rest
        try:
            note_options_of_call(run, word, rest)
            return ApiGroup(run.api(word)), rest
        except UsageError as error:
            if looks_like_source(word) or Configuration(run.env).registered(word) is not None:
                raise  # the name is right, so the error has another cause
            further = None if program().api else further_command(word)
            if further is not None:
                run.ahead = None  # the other package parses its own arguments
                return further, rest
            from dynacli.openapi.model.wording import did_you_mean, near_names

            near = near_names(word, [*error.details.get("near", ()), *sorted(COMMAND_NAMES)])
            if near:
                error.hint = did_you_mean(near)
                error.details["near"] = near
            raise

    def options(self) -> tuple[Option, ...]:
        """Return the options that are allowed before a command, with the output formats of all commands."""
        return tuple(
            replace(option, more=FORMATS_OF_COMMANDS) if option.name == "output" else option
            for option in super().options()
        )

    def page(self, ctx: click.Context) -> str:
        """Return the help page of dynacli."""
        from dynacli.commands.help_pages.command_help import root_help

        return root_help(ctx.obj.env, self._contents(ctx.obj) if program().api else ())

    def _contents(self, run: Run) -> list[str]:
        """Return the lines with the operations or tags of a tool's API; empty if the cache lacks its document."""
        from dynacli.commands.help_pages.api_overview import operations_or_tags

        try:
            api = run.open_apart(program().api, refresh=False, offline=True, is_asked=False)
        except DynacliError:  # help must work in any state
            return []
        run.note_quotes()
        try:
            return operations_or_tags(run.env, api)
        finally:
            api.catalog.close()


def note_options_of_call(run: Run, word: str, rest: list[str]) -> None:
    """Note the standard options after an API before opening it: some of them decide how to fetch its document.

    Only the operation can tell whether an argument is an option or the value of one. So if an argument looks like
    such an option, the arguments are parsed with the cached document. Without a cached document, the argument counts
    as the option.
    """
    run.ahead = rest
    if not may_say_how_to_open(rest) or read_words(rest).options.opens_like(Options()):
        return
    from dynacli.registry.open_by_name import open_from_cache

    api = open_from_cache(word, run.env)
    if api is not None:
        try:
            run.ahead = _line_after(ApiGroup(api), rest)
        finally:
            api.catalog.close()


def _line_after(group: ApiGroup, words: list[str]) -> CommandLine:
    """Parse the arguments after an API with the options of the operation that they name."""
    before = read_words(words, stop_at_positional=True)
    command, rest = group.find_command(before.positional)
    if command is None:
        return read_words(words)
    after = command.table.read(rest) if isinstance(command, OperationCommand) else _line_after(command, rest)
    return CommandLine([*before.given, *after.words], after.bindings)


class ApiGroup(TableGroup):
    """The operations of an API, or of one of its tags.

    Args:
        tag: Name of the tag in kebab case; empty for the whole API.

    Attributes:
        expanded: The arguments of `find_command` with the line of an alias instead of its name; empty without an alias.
    """

    standard = CALL_OPTIONS

    def __init__(self, api: OpenedApi, tag: str = "") -> None:
        super().__init__(Command(tag or api.name))
        self.api = api
        self.tag = tag
        self.expanded: list[str] = []

    def find_command(self, words: list[str]) -> tuple[OperationCommand | ApiGroup | None, list[str]]:
        """Return the operation or tag that the arguments start with, and the remaining arguments.

        The arguments start with a name, or with a method and a path. If nothing matches, the command is None.
        """
        if not words:
            return None, []
        word, rest, catalog = words[0], words[1:], self.api.catalog
        if self.has_path(words) and (word.isupper() or catalog.find(word) is None):
            from dynacli.client.operation_at import operation_at

            at = operation_at(catalog, word, rest[0])
            if at is not None:
                return OperationCommand(DescribedOperation(self.api, at[0])), [*at[1], *rest[1:]]
        # If a tag and an operation share a name, the operation wins: the next argument may be a value.
        name = catalog.find(word, self.tag)
        if name is not None:
            return OperationCommand(DescribedOperation(self.api, catalog.operation(name))), rest
        if self.tag:
            return None, rest
        tag = catalog.tag(word)
        if tag:
            return ApiGroup(self.api, tag), rest
        line = [] if self.expanded or self.has_path(words) else _alias_words(self.api, word)
        if not line:
            return None, rest
        self.expanded = [*line, *rest]
        return self.find_command(self.expanded)

    def note_alias(self, run: Run, words: list[str]) -> None:
        """Let the run continue with the line of the alias that `find_command` found: the history has what was called.

        If an operation has the name of an alias, print a warning.

        Args:
            words: The arguments of `find_command`.
        """
        if self.expanded:
            start = run.start_of(words)
            run.words = (*run.words[:start], *self.expanded) if start is not None else run.words
        elif _alias_words(self.api, words[0]):
            run.warn(
                f"`{words[0]}` is an operation of `{self.api.name}`, so your alias of that name is not used"
            )

    def has_path(self, words: list[str]) -> bool:
        """Return whether the second argument is a path, so that the first one is a method."""
        return not self.tag and len(words) > 1 and words[1].startswith("/")

    def undocumented_command(self, words: list[str]) -> tuple[OperationCommand, list[str]]:
        """Return the command of a method and a path that the document lacks, and the remaining arguments.

        Raises:
            UsageError: The method or the path is invalid.
        """
        from dynacli.client.operation_at import undocumented_operation

        return OperationCommand(undocumented_operation(self.api, *words[:2])), words[2:]

    def named(self, ctx: click.Context, words: list[str]) -> tuple[click.Command, list[str]]:
        """Return the operation or tag that the arguments start with, and the remaining arguments.

        Raises:
            UsageError: The API has no such operation or tag.
        """
        command, rest = self.find_command(words)
        if command is None:
            run: Run = ctx.obj
            if program().api and not self.tag:
                further = further_command(words[0])
                if further is not None:
                    return further, words[1:]
            newer = run.fetch_again(self.api)
            if newer is not None:
                return ApiGroup(newer, self.tag).named(ctx, words)
            if self.has_path(words):
                return self.undocumented_command(words)
            from dynacli.client.search_operations import unknown_operation

            raise unknown_operation(self.api, words[0], self.tag)
        if self.expanded or "aliases" in self.api.entry:
            self.note_alias(ctx.obj, words)
        return command, rest

    def page(self, ctx: click.Context) -> str:
        """Return the overview of the API, or the help page of the tag."""
        run: Run = ctx.obj
        run.note_quotes()
        if self.tag:
            from dynacli.commands.help_pages.operation_list import tag_help

            return tag_help(run.env, self.api, self.tag)
        from dynacli.commands.help_pages.api_overview import overview_page

        return overview_page(run.env, self.api, run.all_options)


def _alias_words(api: OpenedApi, name: str) -> list[str]:
    """Return the arguments that an alias stands for; empty if the API has no such alias.

    Raises:
        UsageError: The line of the alias has an open quote.
    """
    try:
        line = Configuration(api.open_request.env).aliases(api.name).get(name, "")
    except FileError:  # a command that needs the configuration reports the error
        return []
    if not line:
        return []
    from shlex import split

    try:
        return split(line)
    except ValueError as error:
        raise UsageError(
            f"The alias `{name}` of `{api.name}` cannot be read",
            reason=str(error),
            hint=f"Set it again: `{invocation('alias set', api.name)} {name} LINE`",
        ) from None
