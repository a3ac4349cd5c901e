"""`dynacli help`: prints the manual, the list of all options, and the help pages of commands."""

import click

from dynacli.commands.command_groups import make_command
from dynacli.commands.run import Run
from dynacli.environment import Environment, invocation, program
from dynacli.options.command_table import COMMANDS, further_names

_OPTIONS = "options"
"""The page that comes from the table of options instead of the manual."""

_SUBJECTS = {
    "certificate": "auth-config",
    "certificates": "auth-config",
    "http_proxy": "environment",
    "https_proxy": "environment",
    "proxies": "environment",
    "ssl": "auth-config",
    "tls": "auth-config",
    "token": "auth",
}
"""Search term → topic that explains it."""


@click.pass_context
def show_topic(ctx: click.Context, topic: str | None, kind: str | None) -> None:
    """Run `help`."""
    run: Run = ctx.obj
    if topic is not None and kind is not None:
        topic = f"{topic} {kind}"
    if topic is None:
        page = _contents(run.env)
    elif topic == _OPTIONS or topic.startswith(f"{_OPTIONS} "):
        from dynacli.commands.help_pages.command_help import options_page

        page = options_page(run.env, topic.removeprefix(_OPTIONS).strip())
    else:
        from dynacli.commands.help_pages.command_help import manual_page

        page = manual_page(run.env, topic) or _command_page(ctx, topic)
    run.env.stdout.write(f"{page}\n")


def _contents(env: Environment) -> str:
    from dynacli.commands.help_pages.page_lines import PageRow, row_lines, usage_lines
    from dynacli.guide.pages import grouped_topics
    from dynacli.text.terminal import Painter, terminal_width

    paint, width = Painter.for_stdout(env), terminal_width(env, env.stdout)
    lines = [*usage_lines(f"{invocation('help')} TOPIC", width), ""]
    for title, topics in grouped_topics((_OPTIONS, "All options")):
        rows = [PageRow(*topic) for topic in topics]
        lines += [paint.heading(title), *row_lines(rows, width, paint=paint), ""]
    if further := further_names():
        names = (f"  {paint.command(name)}" for name in further)
        lines += [paint.heading("Commands of other packages"), *names, ""]
    lines.append(
        f"`{invocation('help')} COMMAND` explains a command; `{program().name} --help` lists the commands."
    )
    return "\n".join(lines)


def _command_page(ctx: click.Context, topic: str) -> str:
    """Return the help page of a command or a subcommand.

    Raises:
        UsageError: The topic is neither a command nor a page of the manual.
    """
    name, _, subcommand = topic.partition(" ")
    entry, above = COMMANDS.get(name), ctx.parent
    if entry is not None and program().api and not entry.is_of_tool:
        entry = None
    if entry is not None and subcommand:
        above = click.Context(make_command(entry), above, name, obj=ctx.obj)
        entry = next((command for command in entry.commands if command.name == subcommand), None)
    if entry is not None:
        command = make_command(entry)
        page: str = command.page(click.Context(command, above, entry.name, obj=ctx.obj))  # type: ignore[attr-defined]
        return page
    from dynacli.errors import UsageError
    from dynacli.guide.pages import ERRORS, error_kinds, topic_names
    from dynacli.openapi.model.wording import did_you_mean, near_names

    names = sorted({*topic_names(), *COMMANDS, _OPTIONS, *(f"{ERRORS} {kind}" for kind in error_kinds())})
    near = [_SUBJECTS[topic]] if topic in _SUBJECTS else near_names(topic, names)
    raise UsageError(
        f"There is no help on `{topic}`",
        hint=did_you_mean(near, f"`{invocation('help')}` lists the topics"),
        near=near,
    )
