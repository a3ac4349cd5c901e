"""`dynacli operations`: lists the operations of an API."""

import click

from dynacli.commands.command_groups import Verb
from dynacli.commands.help.operation_list import operation_lines
from dynacli.commands.operation_json import operation_row
from dynacli.commands.run import Run
from dynacli.commands.standard_options import STANDARD_OPTIONS
from dynacli.text.terminal import Painter

__all__ = ["command"]


def _operations(run: Run, api: str, tag: str | None) -> None:
    from dynacli.output.render import write_data

    opened = run.api(api)
    operations = opened.catalog.summaries(tag or "")
    if tag and not operations:
        from dynacli.errors import UsageError

        tags = ", ".join(f"`{key}`" for key in list(opened.catalog.tags())[:20])
        raise UsageError(
            f"No operation has the tag `{tag}`", why=f"The tags are {tags}" if tags else "There are no tags"
        )
    rows = [operation_row(opened.name, operation) for operation in operations]

    def text(paint: Painter, width: int) -> str:
        longest = max((len(operation.name) for operation in operations), default=0)
        return "\n".join(operation_lines(operations, longest, opened.catalog.has_name, width, paint))

    write_data(run.env, rows, run.options.output, text)


command = Verb(
    "operations",
    params=[
        click.Argument(["api"]),
        click.Option(["--tag"], metavar="TAG", help="only those with this tag"),
    ],
    options=STANDARD_OPTIONS,
    callback=click.pass_obj(_operations),
    help="List every operation of API, a line each.",
)
