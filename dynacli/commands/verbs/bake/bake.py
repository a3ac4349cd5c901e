"""`dynacli bake`: writes a command line of its own for one API, as an executable file or as a package."""

import re
from shlex import quote

import click

from dynacli.commands.command_groups import Verb
from dynacli.commands.run import Run
from dynacli.commands.verbs.verb_options import OPENING
from dynacli.environment import DISTRIBUTION
from dynacli.errors import UsageError
from dynacli.library.configuration.configuration import check_name

__all__ = ["command"]

_MOST_NAMED = 5


def _bake(
    run: Run,
    name: str,
    api: str,
    only: tuple[str, ...],
    without: tuple[str, ...],
    name_style: str,
    package: bool,
    before: str | None,
    after: str | None,
    out: str | None,
) -> None:
    from dynacli.commands.verbs.bake.baked_tool import ToolOptions, baked_tool
    from dynacli.commands.verbs.bake.write_tool import (
        depends_on_another_project,
        write_executable,
        write_package,
    )

    check_name(name)
    hooks = [(kind, hook) for kind, hook in (("before", before), ("after", after)) if hook]
    for kind, hook in hooks:
        if not re.fullmatch(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*", hook):
            raise UsageError(f"`{hook}` is no function", hint=f"Write `--{kind} PACKAGE.MODULE:FUNCTION`")
    options = ToolOptions(
        api, only, without, run.options.profile, name_style == "short", package, hooks=tuple(hooks)
    )
    tool = baked_tool(run.env, name, run.api(api), options)
    file = out or name
    kept: list[str] = []
    if package:
        kept = write_package(tool, file)
    else:
        write_executable(tool, file)
    hidden = tool.hidden
    for operation, place in hidden[:_MOST_NAMED]:
        run.warn(
            f"`{name} {operation}` is the verb of that name; the operation is `{name} {place}`, "
            f"or `{name} {tool.program.api} {operation}`"
        )
    if len(hidden) > _MOST_NAMED:
        run.warn(f"and {len(hidden) - _MOST_NAMED} more operations have the name of a verb")
    run.note(f"Written: {file}")
    for path in kept:
        run.note(f"`{path}` was there, and stays as it is")
        if depends_on_another_project(path):
            run.warn(
                f"`{path}` depends on `dynacli`, which is another project: write `{DISTRIBUTION}` instead"
            )
    if package:
        run.note(f"Install it: pipx install {quote(file if '/' in file else f'./{file}')}")


command = Verb(
    "bake",
    params=[
        click.Argument(["name"]),
        click.Option(["--api"], required=True, metavar="API", help="the API whose command line it is"),
        click.Option(
            ["--only"],
            multiple=True,
            metavar="TAG|OPERATION",
            help="the operations that it has; given again, more",
        ),
        click.Option(
            ["without", "--except"],
            multiple=True,
            metavar="TAG|OPERATION",
            help="operations that it does not have",
        ),
        click.Option(
            ["--name-style"],
            type=click.Choice(("usual", "short")),
            default="usual",
            help="`short`: names of operations without the tag in front, where they stay unique",
        ),
        click.Option(
            ["--package"], is_flag=True, help="a directory that `pip install` and `pipx install` take"
        ),
        click.Option(["--before"], metavar="MODULE:FUNCTION", help="is called before each call"),
        click.Option(["--after"], metavar="MODULE:FUNCTION", help="is called behind each call"),
        click.Option(["--out"], metavar="FILE|DIR", help="what to write  [default: ./NAME]"),
    ],
    options=OPENING,
    callback=click.pass_obj(_bake),
    help="Write a command line of its own for API: its operations stand right behind NAME, and its help, completion, "
    "variables and directories have that name. It needs dynacli installed, has the document inside, which it "
    "refreshes, and holds no secret.",
)
