"""`dynacli explore`: an API on the whole screen."""

from functools import partial

import click

from dynacli.commands.command_groups import Verb
from dynacli.commands.run import Run
from dynacli.commands.verbs.demo import opened_api
from dynacli.commands.verbs.verb_options import named_options

__all__ = ["command"]

_OF_CALLS = (
    *("validate", "server", "server_var", "profile", "auth", "header", "timeout", "retries", "retry_unsafe"),
    *("retry_status", "rate", "accept_origin", "allow_ref", "refresh"),
)


def _explore(ctx: click.Context, api: str) -> None:
    from dynacli.explorer.run_explorer import check_terminal, explore

    run: Run = ctx.obj
    check_terminal(run.env, api)
    from dynacli.commands.explored_line import explored_line

    opening = [f"--allow-ref={place}" for place in run.options.allow_ref]
    if run.options.offline:
        opening.append("--offline")
    with opened_api(ctx, api) as opened:
        lines = explore(run.env, opened, run.call_options, opening, partial(explored_line, run.env))
    for line in lines:
        click.echo(line, file=run.env.stdout)


command = Verb(
    "explore",
    params=[click.Argument(["api"])],
    options=named_options(_OF_CALLS),
    callback=click.pass_context(_explore),
    help="Explore API on the whole screen: find an operation, fill in its form, send it, and read what came and what "
    "is wrong with it. F1 shows the keys. F9 copies the command line of the request, and leaving prints it, too.",
)
