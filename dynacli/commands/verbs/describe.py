"""`dynacli describe`: all about one operation, or about one field of it."""

import click

from dynacli.commands.options import STANDARD_OPTIONS, click_options
from dynacli.commands.run import Run
from dynacli.commands.verb import Verb

__all__ = ["command"]


def _describe(ctx: click.Context, api: str, operation: tuple[str, ...]) -> None:
    run: Run = ctx.obj
    from dynacli.commands.api_group import unknown_operation
    from dynacli.commands.description import describe_field, describe_operation
    from dynacli.errors import UsageError
    from dynacli.output.render import check_format, write_data

    check_format(run.output_format)
    opened = run.api(api)
    words = list(operation)
    tag = words.pop(0) if len(words) > 1 and words[0] in opened.catalog.tags() else ""
    name = opened.catalog.find(words[0], tag)
    if name is None:
        raise unknown_operation(opened, words[0], tag)
    if len(words) > 2:
        raise UsageError(
            f"`{words[2]}` is one word too many", hint="Write `describe API OPERATION [FIELD.PATH]`"
        )
    if len(words) == 2:
        data, text = describe_field(opened, name, words[1])
    else:
        data, text = describe_operation(opened, name)
    write_data(run.env, data, run.output_format, text)


command = Verb(
    "describe",
    params=[
        click.Argument(["api"]),
        click.Argument(["operation"], nargs=-1, required=True, metavar="OPERATION [FIELD.PATH]"),
        *click_options(STANDARD_OPTIONS),
    ],
    callback=click.pass_context(_describe),
    help="Show all of one operation: parameters, body, answers, security, servers and an example. "
    "With FIELD.PATH, such as `schedule.cron`, `response.rows.id` or a parameter's name, that field alone.",
)
