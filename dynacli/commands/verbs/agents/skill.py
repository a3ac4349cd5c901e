"""`dynacli skill`: writes what an agent needs to know of an API as a SKILL.md."""

import os

import click

from dynacli.commands.run import Run
from dynacli.environment import invocation

__all__ = ["write_skill"]


@click.pass_obj
def write_skill(run: Run, api: str, out: str | None) -> None:
    """Run `skill`."""
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
