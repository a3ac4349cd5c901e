"""`dynacli bake`: writes an executable file that is a command line of its own for one API."""

import click

from dynacli.commands.command_groups import Verb
from dynacli.commands.run import Run
from dynacli.commands.verbs.verb_options import OPENING

__all__ = ["command"]


def _bake(run: Run, name: str, api: str, out: str | None) -> None:
    from dynacli.commands.verbs.bake.baked_file import baked_file, write_executable

    opened = run.api(api)
    text = baked_file(run.env, name, api, opened, run.options.profile)
    file = out or name
    write_executable(file, text)
    run.note(f"Written: {file}")


command = Verb(
    "bake",
    params=[
        click.Argument(["name"]),
        click.Option(["--api"], required=True, metavar="API", help="the API whose command line it is"),
        click.Option(["--out"], metavar="FILE", help="the file to write  [default: ./NAME]"),
    ],
    options=OPENING,
    callback=click.pass_obj(_bake),
    help="Write an executable file NAME that is a command line of its own for API: its operations stand right behind "
    "its name, and its help, completion, variables and directories have that name. It needs dynacli installed, "
    "follows the document, and holds no secret.",
)
