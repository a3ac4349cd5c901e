"""The groups of commands: dynacli's verbs, an API's operations, a tag's. A command is made when it is named."""

from collections.abc import Callable, Collection, Iterable, Mapping
from functools import cached_property
from importlib import import_module
from typing import Any, cast

import click

from dynacli.client.described_operation import DescribedOperation
from dynacli.commands._operation_command import OperationCommand
from dynacli.commands._read_options import check_values, click_options, options_in
from dynacli.commands.run import Run
from dynacli.environment import program
from dynacli.errors import DynacliError, UsageError
from dynacli.files import looks_like_source
from dynacli.options.command import FORMATS_OF_COMMANDS, Argument, Command
from dynacli.options.command_table import (
    COMMAND_NAMES,
    COMMANDS,
    bound_words,
    further_command,
    is_of_other_apis,
)
from dynacli.options.parsed_words import SWITCH, ParsedWords, parse, rules_of, standard_rules
from dynacli.options.standard_options import (
    EVERY_RUN,
    INPUT_OPTIONS,
    OPTIONS,
    STANDARD_OPTIONS,
    Option,
    Options,
)
from dynacli.record import replace
from dynacli.registry.configuration import Configuration
from dynacli.registry.opened_api import OpenedApi

_HELP = ("-h", "--help")


def _parsed(
    ctx: click.Context, args: list[str], options: Iterable[Option], *, stop_at_positional: bool = False
) -> ParsedWords:
    """Return the words of a command, read, and note the options among them in case click refuses another word."""
    run: Run = ctx.obj
    rules = {**rules_of(options), **dict.fromkeys(_HELP, SWITCH)}
    parsed = parse(args, rules, stop_at_positional=stop_at_positional)
    run.options_ahead = options_in(parsed)
    check_values(parsed, ctx)
    return parsed


def show_page(ctx: click.Context, page: str) -> None:
    """Write a help page, and end the run: click would write it to the standard output of the process."""
    click.echo(page, file=ctx.obj.env.stdout)
    ctx.exit()


def note_options_ahead(run: Run, words: list[str]) -> None:
    """Note the standard options among the words of a command that is not made yet."""
    run.options_ahead = options_in(parse(words, standard_rules()))


class TableCommand(click.Command):
    """A verb of dynacli.

    Attributes:
        entry: Its entry in the table of commands.

    Args:
        entry: Its entry in the table of commands.
        function: What it calls, decorated as a callback of click.
    """

    def __init__(self, entry: Command, function: Callable[..., Any]) -> None:
        super().__init__(entry.name, callback=function)
        self.entry, self._options = entry, entry.all_options
        self._help = click.Option(
            [*_HELP], is_flag=True, expose_value=False, help="Show this message and exit."
        )

    def get_help_option(self, ctx: click.Context) -> click.Option:  # noqa: ARG002
        """Return the option for the help page; click would import `locale`, to translate its text."""
        return self._help

    def page(self, ctx: click.Context) -> str:
        """Return the help page."""
        from dynacli.commands._help.command_help import command_help

        return command_help(ctx.obj.env, self.entry, ctx.command_path)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse the words after the verb."""
        run: Run = ctx.obj
        parsed = _parsed(ctx, args, self._options)
        if not parsed.flags.isdisjoint(_HELP):
            show_page(ctx, self.page(ctx))
        self._check_use(ctx, run.options, parsed)
        # click has to know all options only if it is to say which one is like an unknown one.
        has_unknown = any(word.rule is None for word in parsed.given)
        options = [
            option
            for option in self._options
            if not option.group or has_unknown or not parsed.flags.isdisjoint(option.flags)
        ]
        self.params = [*map(_argument, self.entry.arguments), *click_options(options)]
        rest = super().parse_args(ctx, parsed.for_click())
        run.options_ahead = None
        return rest

    def _check_use(self, ctx: click.Context, options: Options, parsed: ParsedWords) -> None:
        """Check that no standard option is given that would be forgotten.

        Args:
            options: Those that stand before the verb.
            parsed: The words after the verb.

        Raises:
            UsageError: The verb has no use for one of them.
        """
        used = {EVERY_RUN, *self.entry.before, *(option.name for option in self._options if option.group)}
        forgotten = [option for option in options.given if used.isdisjoint((option.group, option.name))]
        behind = parsed.flags - {flag for option in self._options for flag in option.flags}
        forgotten += [option for option in OPTIONS if not behind.isdisjoint(option.flags)]
        if forgotten:
            from dynacli.commands.command_line_errors import unused_option

            raise unused_option(ctx.command_path.partition(" ")[2], min(forgotten, key=OPTIONS.index))


def make_command(entry: Command) -> click.Command:
    """Return click's command for an entry in the table of commands."""
    if not entry.runs:
        return TableGroup(entry)
    module, _, name = entry.runs.partition(":")
    found = getattr(import_module(f"dynacli.commands._subcommands.{module}"), name)
    made: click.Command = found(entry) if isinstance(found, type) else TableCommand(entry, found)
    return made


def _argument(entry: Argument) -> click.Argument:
    settings: dict[str, Any] = {"required": entry.is_required, "nargs": -1 if entry.is_multiple else 1}
    if entry.metavar:
        settings["metavar"] = entry.metavar
    if entry.values:
        settings["type"] = click.Choice(entry.values)
    elif entry.least is not None:
        settings["type"] = click.IntRange(entry.least)
    return click.Argument([entry.name], **settings)


class TableGroup(click.Group):
    """A group of commands, with options of its own before the word that names a command.

    click's options are made if there is one to parse, since most command lines have none in this place.
    Groups differ in what they make of words: in `completed`, `named` and `page`, which are not click's.

    Args:
        entry: Its entry in the table of commands.
        standard: The standard options that may stand there.
    """

    def __init__(
        self, entry: Command, standard: tuple[Option, ...] = STANDARD_OPTIONS, **settings: Any
    ) -> None:
        # click's own help option would import `locale`, for gettext.
        super().__init__(entry.name, add_help_option=False, **settings)
        self.entry = entry
        self._default = entry.default
        self._standard = standard

    @cached_property
    def entries(self) -> Mapping[str, Command]:
        """Name → entry of the commands."""
        return {command.name: command for command in self.entry.commands}

    def options(self) -> tuple[Option, ...]:
        """Return the options that may stand before the word that names a command."""
        return (*self.entry.options, *self._standard)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse the options before the first positional word; the words from there on belong to the command."""
        run: Run = ctx.obj
        options: list[str] = []
        words = self.completed(args)
        rest, options_ahead = words, run.options_ahead
        if words and words[0].startswith("-"):
            own = self.options()
            parsed = _parsed(ctx, words, own, stop_at_positional=True)
            options, rest = parsed.options, parsed.positional
            self.note_options(ctx, parsed.flags)
            if not parsed.flags.isdisjoint(_HELP):
                show_page(ctx, self.page(ctx))
            self.params = [*click_options(own)]
        if not options and not rest:
            show_page(ctx, self.first_page(ctx))
        parsed_words = super().parse_args(ctx, [*options, *(["--", *rest] if rest else [])])
        run.options_ahead = options_ahead
        return parsed_words

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command that words name, and the words after it."""
        command, rest = self.named(ctx, args)
        return command.name, command, rest

    def completed(self, words: list[str]) -> list[str]:
        """Return the words with those that may be left out."""
        is_complete = not self._default or (words and words[0] in {*self.entries, *_HELP} - {self._default})
        return words if is_complete else [self._default, *words]

    def named(self, ctx: click.Context, words: list[str]) -> tuple[click.Command, list[str]]:
        """Return the command that words name, and the words after it.

        Raises:
            UsageError: They name none.
        """
        if words[0] not in self.entries or self._is_of_other_apis(words[0]):
            note_options_ahead(ctx.obj, words[1:])  # which say how the error is written
        _, command, rest = super().resolve_command(ctx, words)
        return cast("click.Command", command), rest

    def page(self, ctx: click.Context) -> str:
        """Return the help page."""
        from dynacli.commands._help.command_help import command_help

        names = self.list_commands(ctx)
        commands = [entry for name, entry in self.entries.items() if name in names]
        return command_help(ctx.obj.env, self.entry, ctx.command_path, commands)

    def first_page(self, ctx: click.Context) -> str:
        """Return what is shown if there are no words."""
        return self.page(ctx)

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Return the names of the commands that the program has."""
        names = self.entries.keys() - {self._default}
        return sorted(name for name in names if not self._is_of_other_apis(name))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Return the command of a name; None if the program has none."""
        if self._is_of_other_apis(cmd_name):
            raise UsageError(f"`{self.name} {cmd_name}` is for several APIs, and `{program().name}` has one")
        entry = self.entries.get(cmd_name)
        return make_command(entry) if entry is not None else None

    def _is_of_other_apis(self, name: str) -> bool:
        if not program().api:
            return False

        return is_of_other_apis(str(self.name), name)

    def note_options(self, ctx: click.Context, flags: Collection[str]) -> None:
        """Note which options are given before they are parsed, for a help page that depends on them."""


class Root(TableGroup):
    """`dynacli`.

    Args:
        run: The run whose words it parses.
    """

    def __init__(self, run: Run) -> None:
        super().__init__(
            Command(program().name),
            (*INPUT_OPTIONS, *STANDARD_OPTIONS),
            context_settings={"obj": run, "help_option_names": [*_HELP]},
        )
        self.entries = COMMANDS

    def first_page(self, ctx: click.Context) -> str:
        """Return the help page; for an agent the manual's page that is written for it."""
        env = ctx.obj.env
        if not env.is_agent:
            return self.page(ctx)
        from dynacli.commands._help.command_help import manual_page

        return manual_page(env, "agents")

    def completed(self, words: list[str]) -> list[str]:
        """Return the words; a tool of one API shows what that has if there are none."""
        return words or list(filter(None, [program().api]))

    def named(self, ctx: click.Context, words: list[str]) -> tuple[click.Command, list[str]]:
        """Return the verb that the first word names, or the group of the API."""
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
                raise  # the error is about something else
            further = None if program().api else further_command(word)
            if further is not None:
                run.options_ahead = None  # its words are its own
                return further, rest
            from dynacli.openapi.model.wording import did_you_mean, near_names

            near = near_names(word, [*error.details.get("near", ()), *sorted(COMMAND_NAMES)])
            if near:
                error.hint = did_you_mean(near)
                error.details["near"] = near
            raise

    def options(self) -> tuple[Option, ...]:
        """Return the options that may stand before a command, which may have an output format of its own."""
        return tuple(
            replace(option, more=FORMATS_OF_COMMANDS) if option.name == "output" else option
            for option in super().options()
        )

    def page(self, ctx: click.Context) -> str:
        """Return the help page."""
        from dynacli.commands._help.command_help import root_help

        return root_help(ctx.obj.env, self._contents(ctx.obj) if program().api else ())

    def _contents(self, run: Run) -> list[str]:
        """Return the lines that list what the API of a tool has; none if its document cannot be had at once."""
        from dynacli.commands._help.api_overview import operations_or_tags

        try:
            api = run.open_apart(program().api, refresh=False, offline=True, is_asked=False)
        except DynacliError:  # help is there in any state
            return []
        run.note_quotes()
        try:
            return operations_or_tags(run.env, api)
        finally:
            api.catalog.close()


def note_options_of_call(run: Run, word: str, rest: list[str]) -> None:
    """Note the standard options after an API before it is opened: some of them say how its document is fetched.

    Only the operation can tell which words are options and which are values of its own. So if a word looks like an
    option that matters here, the words are read for the operation as the cache has it; if the cache does not
    have it, the word counts as the option.
    """
    note_options_ahead(run, rest)
    if run.options_ahead is None or run.options_ahead.opens_like(Options()):
        return
    from dynacli.registry.open_by_name import open_from_cache

    api = open_from_cache(word, run.env)
    if api is not None:
        try:
            run.options_ahead = _options_behind(ApiGroup(api), rest)
        finally:
            api.catalog.close()


def _options_behind(group: "ApiGroup", words: list[str]) -> Options:
    """Return the standard options after an API, by the options of the operation that is named."""
    before = parse(words, standard_rules(), stop_at_positional=True)
    given = options_in(before)
    command, rest = group.find_command(before.positional)
    if isinstance(command, OperationCommand):
        return given.followed_by(command.standard_options(command.parsed(rest)))
    if isinstance(command, ApiGroup):
        return given.followed_by(_options_behind(command, rest))
    return options_in(parse(words, standard_rules()))


class ApiGroup(TableGroup):
    """The operations of an API, or of one of its tags.

    Args:
        tag: The kebab form of the tag; empty for the whole API.
    """

    def __init__(self, api: OpenedApi, tag: str = "") -> None:
        super().__init__(Command(tag or api.name), (*INPUT_OPTIONS, *STANDARD_OPTIONS))
        self.api = api
        self.tag = tag

    def find_command(self, words: list[str]) -> "tuple[OperationCommand | ApiGroup | None, list[str]]":
        """Return the command that the first word names, or a method and a path, and the words after it.

        The command is None if there is none.
        """
        if not words:
            return None, []
        word, rest, catalog = words[0], words[1:], self.api.catalog
        if self.has_path(words) and (word.isupper() or catalog.find(word) is None):
            from dynacli.client.operation_at import operation_at

            at = operation_at(catalog, word, rest[0])
            if at is not None:
                return OperationCommand(DescribedOperation(self.api, at[0])), [*at[1], *rest[1:]]
        # If a tag and an operation have the same name, it is the operation: the word after it may be a value.
        name = catalog.find(word, self.tag)
        if name is not None:
            return OperationCommand(DescribedOperation(self.api, catalog.operation(name))), rest
        tag = "" if self.tag else catalog.tag(word)
        return (ApiGroup(self.api, tag) if tag else None), rest

    def has_path(self, words: list[str]) -> bool:
        """Return whether the second word is a path, before which the first one is a method."""
        return not self.tag and len(words) > 1 and words[1].startswith("/")

    def undocumented_command(self, words: list[str]) -> tuple[OperationCommand, list[str]]:
        """Return the command of a method and a path that the document does not have, and the words after it.

        Raises:
            UsageError: There cannot be such a method or path.
        """
        from dynacli.client.operation_at import undocumented_operation

        return OperationCommand(undocumented_operation(self.api, *words[:2])), words[2:]

    def named(self, ctx: click.Context, words: list[str]) -> tuple[click.Command, list[str]]:
        """Return the command that the first word names, or a method and a path.

        Raises:
            UsageError: It names none.
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
        return command, rest

    def page(self, ctx: click.Context) -> str:
        """Return the help page."""
        run: Run = ctx.obj
        run.note_quotes()
        if self.tag:
            from dynacli.commands._help.operation_list import tag_help

            return tag_help(run.env, self.api, self.tag)
        from dynacli.commands._help.api_overview import overview_page

        return overview_page(run.env, self.api, run.all_options)
