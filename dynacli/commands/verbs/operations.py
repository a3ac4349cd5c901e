"""`dynacli operations`: every operation of an API, a line each."""

import click

from dynacli.commands.command_groups import Verb
from dynacli.commands.help.api_help import operation_lines
from dynacli.commands.operation_json import operation_row
from dynacli.commands.read_options import click_options
from dynacli.commands.run import Run
from dynacli.commands.standard_options import STANDARD_OPTIONS
from dynacli.text.terminal import Painter

__all__ = ["command"]


def _operations(ctx: click.Context, api: str, tag: str | None) -> None:
    run: Run = ctx.obj
    from dynacli.output.render import write_data

    opened = run.api(api)
    found = opened.catalog.summaries(tag or "")
    if tag and not found:
        from dynacli.errors import UsageError

        tags = ", ".join(f"`{key}`" for key in list(opened.catalog.tags())[:20])
        raise UsageError(
            f"No operation has the tag `{tag}`", why=f"The tags are {tags}" if tags else "There are no tags"
        )
    rows = [operation_row(opened.name, one) for one in found]

    def text(paint: Painter, width: int) -> str:
        return "\n".join(operation_lines(found, width, paint))

    write_data(run.env, rows, run.options.output, text)


command = Verb(
    "operations",
    params=[
        click.Argument(["api"]),
        click.Option(["--tag"], metavar="TAG", help="only those with this tag"),
        *click_options(STANDARD_OPTIONS),
    ],
    callback=click.pass_context(_operations),
    help="List every operation of API, a line each.",
)
