"""The help page of dynacli itself."""

import re
from collections.abc import Sequence

from dynacli.commands.help.page_lines import usage_lines
from dynacli.environment import Environment, invocation, program
from dynacli.errors import FileError
from dynacli.library.configuration.configuration import Configuration
from dynacli.options.command_table import COMMANDS
from dynacli.options.standard_options import INPUT_OPTIONS, STANDARD_OPTIONS
from dynacli.text.terminal import Painter, terminal_width
from dynacli.text.wrapping import wrapped

__all__ = ["further_lines", "root_help"]

_VERBS = (
    ("API", "what it has, who is signed in, and what to do next; `API TAG` lists a tag"),
    *(row for command in COMMANDS.values() for row in command.rows),
)

_ABOUT = (
    "Turns any OpenAPI document into a command line. API is a registered name, a URL of a document, "
    "a path to one, or - for standard input; nothing has to be registered first."
)


def root_help(env: Environment, contents: Sequence[str] = ()) -> str:
    """Return the page.

    Args:
        contents: The lines that list what the API of a tool has.
    """
    paint = Painter.for_stdout(env)
    width = terminal_width(env, env.stdout)
    if program().api:
        return "\n".join(_of_tool(paint, width, contents))
    lines = [
        *usage_lines("dynacli [OPTIONS] API OPERATION [ARGUMENTS] [OPTIONS]", width),
        "       dynacli VERB ...",
        "",
        *(f"  {line}" for line in wrapped(_ABOUT, width - 2)),
        "",
        f"  {invocation('demo')} search-runs --range 7d --status fail",
        "  dynacli ./openapi.yaml list-pets --limit 3",
        "",
        paint.bold("Verbs"),
        *_rows(_VERBS, width),
        "",
    ]
    try:
        apis = sorted(Configuration(env).apis())
    except FileError:  # help is there even if the configuration is broken
        apis = []
    if apis:
        lines.extend([paint.bold("Registered APIs"), *(f"  {name}" for name in apis), ""])
    heading = paint.bold("Options, before the API or after the operation")
    lines.extend([heading, *_options(width, "that of an API or operation")])
    return "\n".join(lines)


def _of_tool(paint: Painter, width: int, contents: Sequence[str]) -> list[str]:
    """Return the lines of the page of a tool, which is bound to one API."""
    from dynacli.commands.available_commands import TOOL_VERBS

    name = program().name
    verbs = [(_without_api(left), right) for left, right in _VERBS if left.split()[0] in TOOL_VERBS - {"api"}]
    verbs.insert(
        0, ("api show|refresh|set|history|rollback|pin", "its document, the revisions, the settings")
    )
    return [
        *usage_lines(f"{name} [OPTIONS] OPERATION [ARGUMENTS] [OPTIONS]", width),
        f"       {name} VERB ...",
        "",
        f"  {name}                 what the API has, who is signed in, and what to do next",
        f"  {name} operations      every operation, a line each",
        "",
        *([*contents, ""] if contents else ()),
        paint.bold("Verbs"),
        *_rows(verbs, width),
        "",
        *further_lines(paint),
        paint.bold("Options, before or after the operation"),
        *_options(width, "that of an operation"),
    ]


def further_lines(paint: Painter) -> list[str]:
    """Return the lines about the commands that other packages have."""
    from dynacli.commands.available_commands import further_names

    names = further_names()
    return [paint.bold("Commands of other packages"), *(f"  {name}" for name in names), ""] if names else []


def _without_api(usage: str) -> str:
    return re.sub(r" (?:\[API(?:\.\.\.)?\]|API)(?= |$)", "", usage)


def _options(width: int, other_pages: str) -> list[str]:
    options = [
        (", ".join(option.flags) + (f" {option.metavar}" if option.metavar else ""), option.help)
        for option in (*STANDARD_OPTIONS, *INPUT_OPTIONS)
    ]
    options.extend([("--version", "the version"), ("-h, --help", f"this page, or {other_pages}")])
    return _rows(options, width)


def _rows(rows: "tuple[tuple[str, str], ...] | list[tuple[str, str]]", width: int) -> list[str]:
    lines = []
    column = 40 if width >= 72 else 8
    for left, right in rows:
        text = wrapped(right, max(width - column, 24))
        if len(left) + 4 > column:
            lines.append(f"  {left}")
        else:
            lines.append(f"  {left.ljust(column - 2)}{text.pop(0)}")
        lines.extend(f"{' ' * column}{line}" for line in text)
    return lines
