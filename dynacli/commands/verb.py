"""The command of a verb: click's own, with the words arranged the way all of dynacli takes them."""

import click

from dynacli.commands.words import arrange, kinds_of

__all__ = ["Verb"]


class Verb(click.Command):
    """A verb; an option's optional value and a positional word that looks like an option are told apart."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse the words behind the verb."""
        options, positional = arrange(args, kinds_of(self.get_params(ctx)), ctx=ctx)
        return super().parse_args(ctx, [*options, "--", *positional])
