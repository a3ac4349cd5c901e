"""click's command of one operation: its options are made from the operation's parameters and body."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import pairwise
from typing import Any

import click

from dynacli.client.described_operation import DescribedOperation
from dynacli.commands._read_options import check_values, click_options, options_in
from dynacli.commands.run import GivenWords, Run
from dynacli.environment import invocation
from dynacli.errors import UsageError
from dynacli.http.semantics import is_multipart
from dynacli.openapi.model.operation import Field, Parameter
from dynacli.options.parsed_words import (
    BOOLEAN,
    EMPTY_BOOLEAN,
    SWITCH,
    VALUE,
    ParsedWords,
    ValueRule,
    parse,
    rules_of,
    standard_rules,
)
from dynacli.options.standard_options import (
    BODY,
    FILE,
    GUARDED_OPTIONS,
    PART,
    STANDARD_OPTIONS,
    Option,
    Options,
    options_of,
)

_HELP = ("-h", "--help")
_BODY_FLAG = "--body"


class OperationCommand(click.Command):
    """The command of one operation.

    Attributes:
        described: The operation; its media type is the one that `--content-type` asks for.
        inputs: Name of a click parameter → the operation's parameter, and the field of it; for an option of the body
            no parameter, and the field of the body.
        guarded: Flag of a standard option → the flag of the operation's own input of that name: the former is refused
            after the operation.
        rules: Flag → rule of all options, with those that `find` has made.
        more: The options that the command before the API takes after the operation, besides the standard ones.
    """

    more: tuple[Option, ...] = ()

    def __init__(self, described: DescribedOperation) -> None:
        operation = described.operation
        called = click.pass_context(self._called)
        super().__init__(operation.name, help=operation.summary, add_help_option=False, callback=called)
        self.described = described
        self.inputs: dict[str, tuple[Parameter | None, Field | None]] = {}
        self.guarded: dict[str, str] = {}
        self.rules: dict[str, ValueRule] = {}
        self._names: dict[str, str] = {}
        self._standard: tuple[Option, ...] = ()
        self._given: set[str] = set()

    def prepare(self, content_type: str) -> None:
        """Make the options, with those of the body for the media type that is asked for."""
        operation = self.described.operation
        if operation.body is not None:
            self.described = self.described.sending(content_type)
        media_type = self.described.media_type
        about_body = {"example"} if operation.body is None else {BODY}
        if media_type is not None and is_multipart(media_type.name):
            about_body |= {PART} if media_type.fields else {FILE, PART}
        self._standard = (*options_of(about_body), *STANDARD_OPTIONS, *self.more)
        self.rules = {**dict.fromkeys(_HELP, SWITCH), **rules_of(self._standard)}
        self.inputs, self.guarded, self._names = {}, {}, {}
        for parameter in operation.parameters:
            self._add(parameter, None, parameter.option, *parameter.aliases)
            for field in parameter.fields:
                self._add(parameter, field, field.option)
        for field in media_type.fields if media_type else ():
            # The option of `criteria[].name` has an index, such as `--criteria[0].name`: `find` makes it.
            if "[]" not in field.option:
                self._add(None, field, field.option)

    def _add(self, parameter: Parameter | None, field: Field | None, *options: str) -> None:
        name, rule = f"option{len(self.inputs)}", _rule_of(parameter, field)
        self.inputs[name] = (parameter, field)
        for option in options:
            # An option of the operation wins over a standard one, and the first over others of its name.
            if self._names.setdefault(f"--{option}", name) == name:
                self.rules[f"--{option}"] = rule
        word = options[0].removeprefix(f"{parameter.location if parameter is not None else 'body'}.")
        if word in GUARDED_OPTIONS:
            self.guarded.setdefault(f"--{word}", f"--{options[0]}")

    def parsed(self, words: list[str], content_type: str = "") -> ParsedWords:
        """Return the words after the operation, read; the options are made for the media type among them.

        Args:
            content_type: The media type that was asked for before the API.

        Raises:
            UsageError: The operation takes no body of the media type.
        """
        self.prepare(content_type)
        parsed = parse(words, self.rules, self.find)
        if self.described.operation.body is None:
            if _BODY_FLAG not in parsed.flags or _BODY_FLAG in self.rules:
                return parsed
            self.described = self.described.with_any_body()
            if self.described.operation.body is None:
                return parsed
            self.prepare(content_type)
            parsed = parse(words, self.rules, self.find)
        wanted = self.standard_options(parsed).content_type
        if wanted and wanted != content_type:
            # Each media type has options of its own, and other words may be their values.
            self.prepare(wanted)
            parsed = parse(words, self.rules, self.find)
        return parsed

    def standard_options(self, parsed: ParsedWords) -> Options:
        """Return the standard options among words; an option of the operation wins over one of the same name."""
        return options_in(parsed, self._names)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse the words after the operation."""
        run: Run = ctx.obj
        self.more = run.act_options
        if run.laid_over is not None:
            from dynacli.commands._call.lay_over import lay_over

            args = lay_over(run, args, self.described, self.parsed, self.input_of)
        run.asked = (self.described, args)
        if run.options.body is not None:
            self.described = self.described.with_any_body()
            if self.described.operation.body is None:
                from dynacli.client.inputs.find_input import no_body

                raise no_body(self.described, _BODY_FLAG)
        parsed = self.parsed(args, run.options.content_type)
        self._given = parsed.flags
        with self._useful_of_namesakes():
            return self._parse(ctx, parsed, args)

    def _parse(self, ctx: click.Context, parsed: ParsedWords, words: list[str]) -> list[str]:
        run: Run = ctx.obj
        operation = self.described.operation
        if not parsed.flags.isdisjoint(_HELP):
            run.options = run.options.followed_by(self.standard_options(parsed))
            click.echo(self.page(run), file=run.env.stdout)
            ctx.exit()
        if run.is_read_only:
            from dynacli.client.call_settings import settings_of
            from dynacli.client.policy.permission import check_that_it_reads

            settings = settings_of(run.env, self.described.api, run.call_options)
            check_that_it_reads(self.described, settings.bounds)
        self._check_options(parsed, ctx)
        given: dict[str, list[str]] = {}
        given_by_option: set[Parameter | None] = set()
        for flag in sorted(parsed.flags & self._names.keys()):
            name = self._names[flag]
            given.setdefault(name, []).append(flag)
            given_by_option.add(self.inputs[name][0])
        in_path = [
            parameter
            for parameter in operation.parameters
            if parameter.location == "path" and parameter not in given_by_option
        ]
        if len(parsed.positional) > len(in_path):
            raise self._too_many(parsed.positional, in_path, words)
        # click's options for those that are given: an operation may have hundreds of others.
        self.params = [click.Option([name, *flags], multiple=True, help="") for name, flags in given.items()]
        standard = [option for option in self._standard if not parsed.flags.isdisjoint(option.flags)]
        self.params += click_options(standard, self._names)
        for index, parameter in enumerate(in_path):
            name = f"argument{index}"
            self.inputs[name] = (parameter, None)
            self.params.append(click.Argument([name], required=False, metavar=parameter.argument))
        rest = super().parse_args(ctx, parsed.for_click())
        run.options_ahead = None
        return rest

    def _check_options(self, parsed: ParsedWords, ctx: click.Context) -> None:
        """Check the options, before positional words: the value of an unknown one would be an unexpected argument.

        Raises:
            UsageError: An option is unknown, with similar names; or it may be dynacli's as well as the operation's,
                and the difference is dangerous, with both spellings.
            click.BadOptionUsage: The last one needs a value.
        """
        for word in parsed.given:
            if word.flag in self.guarded:
                from dynacli.commands.command_line_errors import ambiguous_option

                raise ambiguous_option(self.described, word.flag, self.guarded[word.flag])
        check_values(parsed, ctx)
        for word in parsed.given:
            if word.rule is None:
                from dynacli.client.inputs.find_input import no_such_input

                known = self.rules.keys() - _HELP
                raise no_such_input(self.described, word.flag, known, f"{ctx.command_path} --help")

    @contextmanager
    def _useful_of_namesakes(self) -> Iterator[None]:
        """Let each error of the command line say which options are not dynacli's, though they have its names."""
        try:
            yield
        except (UsageError, click.UsageError) as error:
            standard = standard_rules().keys() | rules_of(self.more).keys()
            namesakes = self._given & self._names.keys() & standard
            if not namesakes:
                raise
            from dynacli.commands.command_line_errors import with_namesakes

            raise with_namesakes(error, sorted(namesakes)) from None

    def find(self, flag: str) -> tuple[str, ValueRule] | None:
        """Make the option of a place that is not listed: a deeper field, an item of an array, a key of a map.

        Returns:
            The flag and its rule; None if it leads to no place.
        """
        from dynacli.client.inputs.find_input import find_input

        parameter, field = find_input(self.described, flag.removeprefix("--"))
        if parameter is None and field is None:
            return None
        if flag not in self._names:  # an option that is repeated is made once
            self._add(parameter, field, flag.removeprefix("--"))
        return flag, _rule_of(parameter, field)

    def input_of(self, flag: str) -> tuple[Parameter | None, Field | None]:
        """Return the parameter and the field that an option gives; neither for one that is not the operation's own."""
        return self.inputs.get(self._names.get(flag, ""), (None, None))

    def _too_many(self, positional: list[str], in_path: list[Parameter], words: list[str]) -> UsageError:
        operation = self.described.operation
        surplus = positional[len(in_path)]
        for flag, following in pairwise(words):
            # `--draft yes`: the value of a boolean may be left out, so that it was not taken for one.
            if following == surplus and self.rules.get(flag) in (BOOLEAN, EMPTY_BOOLEAN):
                return UsageError(
                    f"`{surplus}` is not a value for {flag}", reason="Expected `true` or `false`"
                )
        takes = " ".join(parameter.argument for parameter in in_path) or "no positional words"
        by_option = [
            parameter
            for parameter in operation.parameters
            if parameter.location == "path" and parameter not in in_path
        ]
        others = " and ".join(
            f"{parameter.argument} is given by `--{parameter.option}`" for parameter in by_option
        )
        return UsageError(
            f"`{surplus}` is an unexpected argument",
            reason=f"`{operation.name}` takes {takes}{f' here: {others}' if others else ''}",
            hint="Give query parameters and the body as options (`--help` lists them), and quote values with spaces"
            if operation.takes_options
            else "Quote values with spaces",
        )

    def _called(self, ctx: click.Context, /, **params: Any) -> None:
        with self._useful_of_namesakes():
            self.call(ctx, params)

    def call(self, ctx: click.Context, params: Mapping[str, Any]) -> None:
        """Make the call.

        Args:
            params: Name of a click parameter → its value.
        """
        from dynacli.commands._call.make_call import make_call

        given = GivenWords([], [], [])
        for name, (parameter, field) in self.inputs.items():
            value = params.get(name)
            if value is None or value == ():
                continue
            words = [value] if isinstance(value, str) else list(value)
            if parameter is None and field is not None:
                given.body_fields.append((field, words))
            elif parameter is not None and field is not None:
                given.parameter_fields.append((parameter, field, words))
            elif parameter is not None:
                given.parameters.append((parameter, words))
        (ctx.obj.act or make_call)(ctx.obj, self.described, given)

    def page(self, run: Run) -> str:
        """Return the help page."""
        from dynacli.client.operation_description import OperationDescription
        from dynacli.commands._help.operation_help import operation_help

        self.prepare(run.options.content_type)
        run.note_quotes()
        operation = self.described.operation
        words = [parameter.argument for parameter in operation.parameters if parameter.location == "path"]
        usage = " ".join([invocation(api=self.described.api.name), operation.name, *words, "[OPTIONS]"])
        description, own_flags = (
            OperationDescription(self.described),
            self._names.keys() | self.guarded.keys(),
        )
        return operation_help(run.env, description, usage, own_flags)


def _rule_of(parameter: Parameter | None, field: Field | None) -> ValueRule:
    value = field.value if field is not None else parameter.value if parameter else None
    if value is None or value.type != "boolean":
        return VALUE
    return EMPTY_BOOLEAN if field is None and parameter is not None and parameter.allow_empty else BOOLEAN
