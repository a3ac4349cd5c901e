"""The command of one operation. Its options come from the operation's parameters and body."""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise

import click

from dynacli.client.described_operation import DescribedOperation
from dynacli.commands.operation_table import BODY_FLAG, OperationTable
from dynacli.commands.read_line import HELP, CommandLine, bindings_of, standard_bindings
from dynacli.commands.run import Run
from dynacli.environment import invocation
from dynacli.errors import UsageError


class LineCommand(click.Command):
    """A click command whose arguments `read_line` parses. click only receives the values in `ctx.params`."""

    def help_hint(self, ctx: click.Context) -> str:
        """Return the hint that names the help page of the command."""
        return f"See `{ctx.command_path} --help`"

    def without_value(self, ctx: click.Context, line: CommandLine) -> UsageError:
        """Return the error for a last option without its value."""
        return UsageError(f"The option `{line.without_value}` needs a value", hint=self.help_hint(ctx))

    def take_options(self, ctx: click.Context, line: CommandLine) -> None:
        """Add the standard options to the run, and the values of the command's own options to `ctx.params`.

        Raises:
            UsageError: An option is unknown or has an invalid value, or a switch has a value.
        """
        for word in line.given:
            if word.binding is None:
                from dynacli.commands.command_line_errors import unknown_option

                raise unknown_option(word.flag, line.bindings, self.help_hint(ctx))
            if word.value is not None and not word.binding.takes_value:
                raise UsageError(f"The option `{word.flag}` takes no value", hint="Leave out the value")
        try:
            ctx.obj.options, own = line.take_options(ctx.obj.options)
        except UsageError as error:
            error.hint = error.hint or self.help_hint(ctx)
            raise
        ctx.params.update(own)
        ctx.obj.env.is_quiet = ctx.obj.options.quiet


class OperationCommand(LineCommand):
    """The command of one operation.

    Attributes:
        table: The options of the operation.
        line: The arguments after the operation; empty before they are parsed.
    """

    def __init__(self, described: DescribedOperation) -> None:
        # click's own help option would import `locale` for gettext.
        super().__init__(described.operation.name, add_help_option=False)
        self.table = OperationTable(described)
        self.line = CommandLine([], {})

    @property
    def described(self) -> DescribedOperation:
        """The operation, with the chosen media type."""
        return self.table.described

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse the arguments after the operation."""
        run: Run = ctx.obj
        table = self.table
        table.more = run.act_options
        if run.laid_over is not None:
            from dynacli.commands.call.lay_over import lay_over

            args = lay_over(run, args, table)
        run.asked = (table.described, args)
        if run.options.body is not None:
            table.described = table.described.with_any_body()
            if table.described.operation.body is None:
                from dynacli.client.inputs.find_input import no_body

                raise no_body(table.described, BODY_FLAG)
        self.line = table.read(args, run.options.content_type)
        with self._useful_of_namesakes():
            self._parse(ctx)
        return []

    def _parse(self, ctx: click.Context) -> None:
        run: Run = ctx.obj
        line = self.line
        if line.asks_for_help:
            run.options = run.options.followed_by(line.options)
            click.echo(self.page(run), file=run.env.stdout)
            ctx.exit()
        if run.is_read_only:
            from dynacli.client.call_settings import settings_of
            from dynacli.client.policy.permission import check_that_it_reads

            settings = settings_of(run.env, self.described.api, run.call_options)
            check_that_it_reads(self.described, settings.bounds)
        self._check_options(ctx)
        parameters = self.described.operation.parameters
        if len(line.positional) > len(line.arguments_of(parameters)):
            raise self._too_many()
        if line.given:
            self.take_options(ctx, line)
        if line.positional:
            self.line = line.with_arguments(parameters)
        run.ahead = None

    def _check_options(self, ctx: click.Context) -> None:
        """Check options before positional arguments: the value of an unknown option looks like an unexpected argument.

        Raises:
            UsageError: An option is unknown, lacks its value, or could dangerously be confused with one of dynacli.
        """
        guarded = self.table.guarded
        for word in self.line.given if guarded else ():
            if word.flag in guarded:
                from dynacli.commands.command_line_errors import ambiguous_option

                raise ambiguous_option(self.described, word.flag, guarded[word.flag])
        if self.line.without_value:
            raise self.without_value(ctx, self.line)
        for word in self.line.given:
            if word.binding is None:
                from dynacli.client.inputs.find_input import no_such_input

                known = self.line.bindings.keys() - HELP.keys()
                raise no_such_input(self.described, word.flag, known, f"{ctx.command_path} --help")

    @contextmanager
    def _useful_of_namesakes(self) -> Iterator[None]:
        """Add to each usage error which options are the operation's, though dynacli has the same names."""
        try:
            yield
        except UsageError as error:
            standard = standard_bindings().keys() | bindings_of(self.table.more).keys()
            own = {
                word.flag for word in self.line.given if word.binding is not None and word.binding.is_input
            }
            namesakes = own & standard
            if namesakes:
                from dynacli.commands.command_line_errors import name_namesakes

                name_namesakes(error, sorted(namesakes))
            raise

    def _too_many(self) -> UsageError:
        operation = self.described.operation
        in_path = self.line.arguments_of(operation.parameters)
        surplus = [word for word in self.line.words if not word.flag][len(in_path)]
        for before, word in pairwise(self.line.words):
            # `--draft yes`: the value of a boolean is optional, so that the parser did not take `yes` as the value.
            is_of_boolean = before.binding is not None and before.binding.is_boolean and before.value is None
            if word is surplus and is_of_boolean:
                return UsageError(
                    f"`{word.value}` is not a value for {before.flag}", reason="Expected `true` or `false`"
                )
        takes = " ".join(parameter.argument for parameter in in_path) or "no positional arguments"
        by_option = [
            parameter
            for parameter in operation.parameters
            if parameter.location == "path" and parameter not in in_path
        ]
        others = " and ".join(
            f"{parameter.argument} is given by `--{parameter.option}`" for parameter in by_option
        )
        return UsageError(
            f"`{surplus.value}` is an unexpected argument",
            reason=f"`{operation.name}` takes {takes}{f' here: {others}' if others else ''}",
            hint="Give query parameters and the body as options (`--help` lists them), and quote values with spaces"
            if operation.takes_options
            else "Quote values with spaces",
        )

    def invoke(self, ctx: click.Context) -> None:
        """Make the call, or run the command that precedes the API."""
        from dynacli.commands.call.make_call import make_call

        with self._useful_of_namesakes():
            (ctx.obj.act or make_call)(ctx.obj, self.table.described, self.line)

    def page(self, run: Run) -> str:
        """Return the help page of the operation."""
        from dynacli.client.operation_description import OperationDescription
        from dynacli.commands.help_pages.operation_help import operation_help

        self.table.prepare(run.options.content_type)
        run.note_quotes()
        operation = self.described.operation
        words = [parameter.argument for parameter in operation.parameters if parameter.location == "path"]
        usage = " ".join([invocation(api=self.described.api.name), operation.name, *words, "[OPTIONS]"])
        inputs = {flag for flag, binding in self.table.bindings.items() if binding.is_input}
        own_flags = inputs | self.table.guarded.keys()
        return operation_help(run.env, OperationDescription(self.described), usage, own_flags)
