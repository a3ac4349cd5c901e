"""The help pages of commands, and the list of all options: both from the tables."""

from collections.abc import Sequence

from dynacli.commands._help.page_lines import Row, option_row, row_lines, usage_lines
from dynacli.environment import Environment, invocation
from dynacli.guide.pages import as_of_program, topic_names
from dynacli.options.command import Argument, Command
from dynacli.options.standard_options import (
    BODY,
    CALLS,
    DATA,
    DOCUMENT,
    EVERY_RUN,
    FILE,
    FURTHER_CALLS,
    OPTIONS,
    PART,
    REQUEST,
    RESENDING,
    RESPONSE,
)
from dynacli.record import replace
from dynacli.text.markdown import to_text
from dynacli.text.terminal import Painter, terminal_width
from dynacli.text.wrapping import wrapped

__all__ = ["command_help", "options_page"]

_HELP_ROW = Row("-h, --help", "Show this page")

_OPTION_GROUPS = (
    ("Output", (DATA,)),
    ("Response", (RESPONSE,)),
    ("Pages, waiting and links", (FURTHER_CALLS,)),
    ("Request", (REQUEST,)),
    ("Body", (BODY,)),
    ("Multipart bodies", (FILE, PART)),
    ("Servers, credentials, validation and limits", (CALLS, RESENDING)),
    ("OpenAPI document", (DOCUMENT,)),
    ("Every command", (EVERY_RUN,)),
)


def command_help(env: Environment, entry: Command, name: str, commands: Sequence[Command] = ()) -> str:
    """Return the help page of a command: usage, examples, what it does, and the options that it takes.

    Args:
        name: The words that call it, such as `dynacli api add`.
        commands: The subcommands of a group, which come first.
    """
    paint, width = Painter.for_stdout(env), terminal_width(env, env.stdout)
    of_group = next((each for each in entry.commands if each.name == entry.default), None)
    called = entry if of_group is None else replace(of_group, help=entry.help)
    is_group = bool(commands) and of_group is None
    usage = f"{name} COMMAND" if is_group else f"{name} {entry.usage or _usage(called)}"
    lines = [*usage_lines(usage.rstrip(), width)]
    if commands and not is_group:
        lines.append(f"       {name} COMMAND")
    lines += ["", f"  {entry.help}.", ""]
    if commands:
        lines += [
            paint.bold("Commands"),
            *row_lines([Row(each.name, each.help) for each in commands], width),
            "",
        ]
    lines += [paint.bold("Examples"), *(f"  {line}" for line in entry.examples), ""]
    if entry.about:
        lines += [*(f"  {line}".rstrip() for line in to_text(entry.about, width - 2).splitlines()), ""]
    own = [*called.options, *called.last]
    told = [
        each
        for each in called.standard_options
        if each.name in called.texts or (each.name == "output" and called.formats)
    ]
    rows = [] if is_group or entry.usage else [option_row(each) for each in (*own, *told)]
    lines += [paint.bold("Options"), *row_lines([*rows, _HELP_ROW], width)]
    others = [each.flags[0] for each in called.standard_options if each not in told]
    if rows and others:
        lines += ["", *wrapped(f"Also: {', '.join(others)}; see `{invocation('help')} options`.", width)]
    elif entry.usage:
        lines += ["", f"All options: `{invocation('help')} options`."]
    if is_group:
        lines += ["", f"`{name} COMMAND --help` explains a command."]
    return as_of_program("\n".join([*lines, *_topic_line(name.split()[1])]))


def _topic_line(topic: str) -> list[str]:
    return [f"Manual: `{invocation('help')} {topic}`."] if topic in topic_names() else []


def _usage(entry: Command) -> str:
    options = [] if entry.is_plain else ["[OPTIONS]"]
    return " ".join([*options, *map(_argument, entry.arguments)])


def _argument(argument: Argument) -> str:
    if argument.metavar:
        return argument.metavar
    word = "|".join(argument.values) or argument.name.upper() + ("..." if argument.is_multiple else "")
    return word if argument.is_required else f"[{word}]"


def options_page(env: Environment) -> str:
    """Return the page of all options that dynacli has besides those of single commands and operations."""
    paint, width = Painter.for_stdout(env), terminal_width(env, env.stdout)
    lines = [*usage_lines(f"{invocation(api='API')} OPERATION [ARGUMENTS] [OPTIONS]", width), ""]
    about = (
        "Give these options before the API or after the operation. If an operation has an option of the same name, "
        "give dynacli's before the API. A command accepts those that its help page lists."
    )
    lines += [*(f"  {line}" for line in wrapped(about, width - 2)), ""]
    for title, groups in _OPTION_GROUPS:
        rows = [option_row(each) for each in OPTIONS if each.group in groups]
        lines += [paint.bold(title), *row_lines(rows, width, 34 if width >= 72 else 8), ""]
    repeated = [f"`{each.flags[0]}`" for each in OPTIONS if each.is_multiple]
    lines += wrapped(f"You can repeat {', '.join(repeated[:-1])} and {repeated[-1]}.", width)
    return as_of_program("\n".join(lines))
