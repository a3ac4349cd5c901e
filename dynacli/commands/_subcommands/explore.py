"""`dynacli explore`: an API on the whole screen."""

from functools import partial

import click

from dynacli.commands._subcommands.demo import opened_api
from dynacli.commands.run import Run

__all__ = ["explore_api"]


@click.pass_context
def explore_api(ctx: click.Context, api: str) -> None:
    """Run `explore`."""
    from dynacli.apps.explorer.run_explorer import check_terminal, explore

    run: Run = ctx.obj
    check_terminal(run.env, api)
    from dynacli.commands._explored_line import explored_line

    opening = [f"--allow-ref={place}" for place in run.options.allow_ref]
    if run.options.offline:
        opening.append("--offline")
    with opened_api(ctx, api) as opened:
        lines = explore(run.env, opened, run.call_options, opening, partial(explored_line, run.env))
    for line in lines:
        click.echo(line, file=run.env.stdout)
