"""`dynacli help`: shows the manual."""

import click

from dynacli.commands.run import Run
from dynacli.environment import invocation, program

__all__ = ["show_page"]


@click.pass_obj
def show_page(run: Run, topic: str | None) -> None:
    """Run `help`."""
    from dynacli.guide.pages import page, topics

    if topic is None:
        from dynacli.commands.help.root_help import further_lines, root_help
        from dynacli.text.terminal import Painter

        lines = "\n".join(f"  {name.ljust(14)}{title}" for name, title in topics())
        more = [] if program().api else further_lines(Painter.for_stdout(run.env))
        further = "\n".join(["", *more]) if more else ""
        run.env.stdout.write(f"{root_help(run.env)}\n{further}\nTopics of `{invocation('help')}`\n{lines}\n")
        return
    text = page(topic)
    if text is None:
        from dynacli.errors import UsageError
        from dynacli.model.wording import did_you_mean, listed_near, near_names

        names = [name for name, _ in topics()]
        near = near_names(topic, names)
        raise UsageError(
            f"There is no help on `{topic}`",
            why=f"The topics are {listed_near(topic, names)}",
            hint=did_you_mean(near, f"See them all: `{invocation('help')}`"),
            near=near,
        )
    from dynacli.text.markdown import to_text
    from dynacli.text.terminal import terminal_width

    run.env.stdout.write(to_text(text, terminal_width(run.env, run.env.stdout)) + "\n")
