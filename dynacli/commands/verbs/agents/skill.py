"""`dynacli skill`: writes what an agent needs to know of an API as a SKILL.md."""

import os

import click

from dynacli.commands.command_groups import Verb
from dynacli.commands.run import Run
from dynacli.commands.verbs.verb_options import OPENING
from dynacli.environment import invocation

__all__ = ["command"]


def _skill(run: Run, api: str, out: str | None) -> None:
    from dynacli.commands.verbs.agents.skill_text import skill_text
    from dynacli.output.render import write_body

    if api == "-":
        from dynacli.errors import UsageError

        raise UsageError(
            "The commands of a skill have to name the API again",
            why="Standard input can be read once alone",
            hint=f"Name a file or a URL, or register it: `{invocation('api add')} NAME SOURCE`",
        )
    text = skill_text(run.env, run.api(api), run.options.profile)
    if out is None:
        write_body(run.env, text.encode(), "text/markdown; charset=utf-8", run.output_form())
        return
    from dynacli.output.written_files import write_named_files

    write_named_files(out, {"SKILL.md": text.encode()})
    run.note(f"Written: {os.path.join(out, 'SKILL.md')}")


command = Verb(
    "skill",
    params=[
        click.Argument(["api"]),
        click.Option(
            ["--out"], metavar="DIRECTORY", help="into SKILL.md of a directory, and not to standard output"
        ),
    ],
    options=OPENING,
    callback=click.pass_obj(_skill),
    help="Write what an agent needs to know of API, as a SKILL.md of at most 60 lines: when to use it, how to "
    "search, describe and call, and what the exit codes mean. No secret is in it.",
)
