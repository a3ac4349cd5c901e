"""click's commands and groups, with the words arranged the way all of dynacli takes them."""

import click

from dynacli.commands.words import arrange, kinds_of

__all__ = ["Verb", "VerbGroup"]


class Verb(click.Command):
    """A verb; an option's optional value and a positional word that looks like an option are told apart."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse the words behind the verb."""
        options, positional = arrange(args, kinds_of(self.get_params(ctx)), ctx=ctx)
        return super().parse_args(ctx, [*options, "--", *positional])


class VerbGroup(click.Group):
    """A group that takes options of its own before the word that names one of its commands."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse the options before the first positional word; the words from there on belong to the command."""
        options, rest = arrange(args, kinds_of(self.get_params(ctx)), stop_at_positional=True, ctx=ctx)
        return super().parse_args(ctx, [*options, *(["--", *rest] if rest else [])])
