"""One operation → one click command."""

from typing import Any

import click

from dynacli.client.described_operation import DescribedOperation
from dynacli.client.inputs.find_input import find_input, no_such_input
from dynacli.commands.read_options import (
    BOOLEAN,
    EMPTY_BOOLEAN,
    SWITCH,
    VALUE,
    Arranged,
    Kind,
    arrange,
    click_options,
    kinds_of,
    options_in,
)
from dynacli.commands.standard_options import INPUT_OPTIONS, PART_OPTIONS, STANDARD_OPTIONS
from dynacli.errors import UsageError
from dynacli.model.media_types import is_multipart
from dynacli.model.operation import Field, Parameter

__all__ = ["OperationCommand"]

_HELP = ("-h", "--help")


class OperationCommand(click.Command):
    """The command of one operation.

    Args:
        described: The operation.
    """

    def __init__(self, described: DescribedOperation) -> None:
        operation = described.operation
        super().__init__(operation.name, params=[], help=operation.summary, add_help_option=False)
        self.described = described
        self.inputs: dict[str, tuple[Parameter | None, Field | None]] = {}

    def prepare(self, content_type: str) -> None:
        """Make the options, those of the body for the media type that is asked for."""
        operation = self.described.operation
        if operation.body is not None:
            self.described = self.described.sending(content_type)
        media_type = self.described.media_type
        self.params = []
        self.inputs = {}
        for parameter in operation.parameters:
            flags = [f"--{parameter.option}", *(f"--{alias}" for alias in parameter.aliases)]
            self._add(flags, parameter, None)
            for field in parameter.fields:
                self._add([f"--{field.option}"], parameter, field)
        for field in media_type.fields if media_type else ():
            # `--criteria[].name` has no value before the index is known; such an option is found when it is used.
            if "[]" not in field.option:
                self._add([f"--{field.option}"], None, field)
        taken = frozenset(flag for param in self.params for flag in param.opts)
        standard = STANDARD_OPTIONS if operation.body is None else (*INPUT_OPTIONS, *STANDARD_OPTIONS)
        if operation.body is None:
            standard = (INPUT_OPTIONS[-1], *standard)  # --example
        elif media_type is not None and is_multipart(media_type.name):
            standard = (*PART_OPTIONS, *standard)
        self.params.extend(click_options(standard, taken))

    def _add(self, flags: list[str], parameter: Parameter | None, field: Field | None) -> None:
        name = f"i{len(self.inputs)}"
        self.inputs[name] = (parameter, field)
        self.params.append(click.Option([name, *flags], multiple=True, help=""))

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """Return the options, made now if nothing was parsed yet."""
        if not self.params:
            self.prepare(ctx.obj.options.content_type)
        return super().get_params(ctx)

    def arranged(self, words: list[str], content_type: str = "") -> Arranged:
        """Return the words of a call, each option joined to its value; the options are made on the way.

        Args:
            content_type: The media type of the body that was asked for before the API.

        Raises:
            UsageError: There is no such body.
        """
        self.prepare(content_type)
        arranged = arrange(words, self._kinds(), self._find)
        wanted = options_in(self.standard_words(arranged)).content_type
        if wanted and wanted != content_type:
            # Which options a body has, and what stands behind them, is another question for another media type.
            self.prepare(wanted)
            arranged = arrange(words, self._kinds(), self._find)
        return arranged

    def standard_words(self, arranged: Arranged) -> list[str]:
        """Return the words of dynacli's own options: an option of the operation wins over one of the same name."""
        own = self._own_flags()
        return [word for word in arranged.options if word.partition("=")[0] not in own]

    def _own_flags(self) -> set[str]:
        """Return the flags of the operation's own options."""
        return {flag for param in self.params if param.name in self.inputs for flag in param.opts}

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse the words of the call."""
        run, operation = ctx.obj, self.described.operation
        arranged = self.arranged(args, run.options.content_type)
        if not set(_HELP).isdisjoint(arranged.options):
            run.options = run.options.followed_by(options_in(self.standard_words(arranged)))
            click.echo(self.get_help(ctx), file=run.env.stdout)
            ctx.exit()
        arranged.check(ctx)
        given_by_name = {
            self.inputs[param.name][0]
            for param in self.params
            if param.name in self.inputs and any(_has_flag(arranged.options, flag) for flag in param.opts)
        }
        in_path = [
            parameter
            for parameter in operation.parameters
            if parameter.location == "path" and parameter not in given_by_name
        ]
        for index, parameter in enumerate(in_path):
            name = f"a{index}"
            self.inputs[name] = (parameter, None)
            self.params.append(click.Argument([name], required=False, metavar=_metavar(parameter)))
        self._check_flags(arranged.options, ctx)
        if len(arranged.positional) > len(in_path):
            raise self._too_many(arranged.positional, in_path)
        rest = super().parse_args(ctx, [*arranged.options, "--", *arranged.positional])
        run.ahead = None
        return rest

    def _check_flags(self, options: list[str], ctx: click.Context) -> None:
        """Refuse what is no option before anything is said of its value, which looks like a word too many.

        Raises:
            UsageError: The first such option, with the names that come near.
        """
        known = {flag for param in self.params for flag in param.opts}
        for word in options:
            flag = word.partition("=")[0]
            if flag.startswith("--") and flag not in known and flag not in _HELP:
                raise no_such_input(self.described, flag, known, f"{ctx.command_path} --help")

    def _kinds(self) -> dict[str, Kind]:
        kinds = {**dict.fromkeys(_HELP, SWITCH), **kinds_of(self.params)}
        for param in self.params:
            if param.name in self.inputs:
                kinds.update(dict.fromkeys(param.opts, _kind_of(*self.inputs[param.name])))
        return kinds

    def _find(self, flag: str) -> tuple[str, Kind] | None:
        """Make the option of a deeper field, of an item of an array, of a key of a map."""
        parameter, field = find_input(self.described, flag.removeprefix("--"))
        if parameter is None and field is None:
            return None
        if not any(flag in param.opts for param in self.params):  # it may be repeated
            self._add([flag], parameter, field)
        return flag, _kind_of(parameter, field)

    def _too_many(self, positional: list[str], in_path: list[Parameter]) -> UsageError:
        operation = self.described.operation
        extra = positional[len(in_path)]
        takes = " ".join(_metavar(parameter) for parameter in in_path) or "no positional words"
        by_option = [
            parameter
            for parameter in operation.parameters
            if parameter.location == "path" and parameter not in in_path
        ]
        given = " and ".join(
            f"{_metavar(parameter)} is given by `--{parameter.option}`" for parameter in by_option
        )
        return UsageError(
            f"`{extra}` is one word too many",
            why=f"`{operation.name}` takes {takes}{f' here: {given}' if given else ''}",
            hint="Query parameters and the body are options: see `--help`; a value with spaces needs quotes",
        )

    def invoke(self, ctx: click.Context) -> Any:
        """Make the call."""
        from dynacli.commands.call.make_call import GivenWords, make_call

        given = GivenWords([], [], [])
        for name, (parameter, field) in self.inputs.items():
            value = ctx.params.get(name)
            if value is None or value == ():
                continue
            words = [value] if isinstance(value, str) else list(value)
            if parameter is None and field is not None:
                given.body_fields.append((field, words))
            elif parameter is not None and field is not None:
                given.parameter_fields.append((parameter, field, words))
            elif parameter is not None:
                given.parameters.append((parameter, words))
        return make_call(ctx.obj, self.described, given)

    def get_help(self, ctx: click.Context) -> str:
        """Return the help page."""
        from dynacli.commands.help.operation_help import operation_help

        self.prepare(ctx.obj.options.content_type)
        return operation_help(ctx.obj.env, self.described, self.get_usage(ctx), self._own_flags())

    def get_usage(self, ctx: click.Context) -> str:  # noqa: ARG002
        """Return the usage line."""
        operation = self.described.operation
        words = [_metavar(parameter) for parameter in operation.parameters if parameter.location == "path"]
        return " ".join(["dynacli", self.described.api.name, operation.name, *words, "[OPTIONS]"])


def _has_flag(options: list[str], flag: str) -> bool:
    return any(word == flag or word.startswith(f"{flag}=") for word in options)


def _metavar(parameter: Parameter) -> str:
    return parameter.option.removeprefix("path.").upper().replace("-", "_")


def _kind_of(parameter: Parameter | None, field: Field | None) -> Kind:
    value = field.value if field is not None else parameter.value if parameter else None
    if value is None or value.type != "boolean":
        return VALUE
    return EMPTY_BOOLEAN if field is None and parameter is not None and parameter.allow_empty else BOOLEAN
