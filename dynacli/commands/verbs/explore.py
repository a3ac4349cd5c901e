"""`dynacli explore`: an API on the whole screen."""

import click

from dynacli.commands.command_groups import Verb
from dynacli.commands.run import Run
from dynacli.commands.standard_options import STANDARD_OPTIONS
from dynacli.commands.verbs.demo import opened_api
from dynacli.commands.verbs.verb_options import named_options

__all__ = ["command"]

_OF_EXPLORER = (
    *("validate", "server", "server_var", "profile", "auth", "header", "timeout", "retries", "retry_unsafe"),
    *("rate", "accept_origin", "allow_ref", "refresh"),
)
_OF_LINES = frozenset((*_OF_EXPLORER, "offline")) - {"refresh"}
"""The names of the options that a command line of the same call needs."""


def _explore(ctx: click.Context, api: str) -> None:
    from dynacli.explorer.run_explorer import explore

    run: Run = ctx.obj
    with opened_api(ctx, api) as opened:
        lines = explore(run.env, opened, run.call_options, _words_before(run))
    for line in lines:
        click.echo(line, file=run.env.stdout)


def _words_before(run: Run) -> list[str]:
    """Return the standard options that a command line of the same call needs."""
    words: list[str] = []
    for option in STANDARD_OPTIONS:
        value, flag = getattr(run.options, option.name), option.flags[-1]
        if option.name not in _OF_LINES or not value:
            continue
        if not option.metavar:
            words.append(flag)
            continue
        values = value if isinstance(value, tuple) else (value,)
        words.extend(f"{flag}={each:g}" if isinstance(each, float) else f"{flag}={each}" for each in values)
    return words


command = Verb(
    "explore",
    params=[click.Argument(["api"])],
    options=named_options(_OF_EXPLORER),
    callback=click.pass_context(_explore),
    help="Explore API on the whole screen: find an operation, fill in its form, send it, and read what came and what "
    "is wrong with it. Each request is one key away from its command line.",
)
