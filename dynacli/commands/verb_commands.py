"""click's commands and groups, with the words arranged the way all of dynacli takes them."""

from typing import Any

import click

from dynacli.commands.arrange_words import arrange, kinds_of
from dynacli.commands.standard_options import StandardOption, click_options

__all__ = ["Verb", "VerbGroup"]


class Verb(click.Command):
    """A verb; an option's optional value and a positional word that looks like an option are told apart."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse the words behind the verb."""
        options, positional = arrange(args, kinds_of(self.get_params(ctx)), ctx=ctx)
        return super().parse_args(ctx, [*options, "--", *positional])


class VerbGroup(click.Group):
    """A group that takes options of its own before the word that names one of its commands.

    Args:
        options: dynacli's options that it takes; they are made when there is one to parse,
            which on the way to a command there seldom is.
    """

    def __init__(self, name: str, *, options: tuple[StandardOption, ...] = (), **settings: Any) -> None:
        # click's own help option asks gettext for its text, which loads `locale`.
        super().__init__(name, no_args_is_help=True, add_help_option=False, **settings)
        self._own_params = list(self.params)
        self._options = options

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse the options before the first positional word; the words from there on belong to the command."""
        options: list[str] = []
        rest = args
        if args and args[0].startswith("-"):
            self.params = [*self._own_params, *click_options(self._options)]
            options, rest = arrange(args, kinds_of(self.params), stop_at_positional=True, ctx=ctx)
            self.note_options(ctx, options)
            if not set(ctx.help_option_names).isdisjoint(options):
                click.echo(self.get_help(ctx), file=ctx.obj.env.stdout)
                ctx.exit()
        return super().parse_args(ctx, [*options, *(["--", *rest] if rest else [])])

    def note_options(self, ctx: click.Context, options: list[str]) -> None:
        """Take note of the words of options before anything is made of them; the help page may depend on them."""
