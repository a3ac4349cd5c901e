"""`dynacli bake`: writes a command line of its own for one API, as an executable file or as a package."""

import re
from shlex import quote

import click

from dynacli.commands.run import Run
from dynacli.environment import DISTRIBUTION
from dynacli.errors import UsageError
from dynacli.registry.configuration.configuration import check_name

__all__ = ["bake"]

_MOST_NAMED = 5


@click.pass_obj
def bake(
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
    """Run `bake`."""
    from dynacli.commands._subcommands.bake.baked_tool import (
        ToolOptions,
        baked_tool,
        depends_on_another_project,
        write_executable,
        write_package,
    )

    check_name(name)
    hooks = [(kind, hook) for kind, hook in (("before", before), ("after", after)) if hook]
    for kind, hook in hooks:
        if not re.fullmatch(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*", hook):
            raise UsageError(f"`{hook}` is not a function", hint=f"Write `--{kind} PACKAGE.MODULE:FUNCTION`")
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
            f"`{name} {operation}` is the command of that name; the operation is `{name} {place}`, "
            f"or `{name} {tool.program.api} {operation}`"
        )
    if len(hidden) > _MOST_NAMED:
        run.warn(f"and {len(hidden) - _MOST_NAMED} more operations have the name of a command")
    run.note(f"Written: {file}")
    for path in kept:
        run.note(f"`{path}` exists and is unchanged")
        if depends_on_another_project(path):
            run.warn(
                f"`{path}` depends on `dynacli`, which is another project: write `{DISTRIBUTION}` instead"
            )
    if package:
        run.note(f"Install it: pipx install {quote(file if '/' in file else f'./{file}')}")
