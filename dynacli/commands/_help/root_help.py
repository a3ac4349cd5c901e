"""The help page of dynacli itself."""

from collections.abc import Sequence

from dynacli.commands._help.page_lines import Row, row_lines, usage_lines
from dynacli.environment import Environment, invocation, program
from dynacli.errors import FileError
from dynacli.options.command import SECTIONS
from dynacli.options.command_table import COMMANDS
from dynacli.options.standard_options import OPTIONS_BY_NAME
from dynacli.registry.configuration import Configuration
from dynacli.text.terminal import Painter, terminal_width
from dynacli.text.wrapping import shortened, wrapped

__all__ = ["ROOT_EXAMPLES", "root_help"]

ROOT_EXAMPLES = (
    ("dynacli demo", "show what an API offers"),
    ("dynacli search demo runs that failed", "find an operation"),
    ("dynacli demo search-runs --range 7d -o table", "call it"),
    ("dynacli ./openapi.yaml list-pets --dry-run", "print the request only"),
)
"""Command lines that run as they are if there is a document with the operation, and what each is for."""
_COMMON = ("output", "filter", "all", "validate", "dry_run", "profile")
_ABOUT = "API is a registered name, a URL or path of an OpenAPI document, or - (stdin)."


def root_help(env: Environment, contents: Sequence[str] = ()) -> str:
    """Return the page: at most 60 lines and 3,500 bytes.

    Args:
        contents: The lines that list what the API of a tool has.
    """
    paint, width = Painter.for_stdout(env), terminal_width(env, env.stdout)
    name = program().name
    is_tool = bool(program().api)
    called = "OPERATION" if is_tool else "API OPERATION"
    lines = [
        *usage_lines(f"{name} [OPTIONS] {called} [ARGUMENTS] [OPTIONS]", width),
        f"       {name} COMMAND ...",
        *([] if is_tool else [f"  {line}" for line in wrapped(_ABOUT, width - 2)]),
        "",
        *([] if is_tool else [*_examples(paint, width), ""]),
        *([*contents, ""] if contents else ()),
    ]
    sections = {section: _commands(section) for section in SECTIONS}
    column = max(len(row.left) for rows in sections.values() for row in rows) + 4
    for section, rows in sections.items():
        lines += [paint.bold(section), *row_lines(rows, width, column), ""]
    lines += [paint.bold("Options"), *row_lines(_options(), width)]
    title, names = _further(env)
    lines += [shortened(f"{title}: {', '.join(names)}", width)] if names else []
    pages = invocation("help")
    more = f"More: `{pages} options`, `{pages} COMMAND`; manual: `{pages}`."
    return "\n".join([*lines, *wrapped(more, width)])


def _examples(paint: Painter, width: int) -> list[str]:
    column = max(len(line) for line, _ in ROOT_EXAMPLES) + 2
    return [
        f"  {line.ljust(column)}{paint.dim(f'# {about}')}"
        if column + len(about) + 4 <= width
        else f"  {line}"
        for line, about in ROOT_EXAMPLES
    ]


def _commands(section: str) -> list[Row]:
    """Return the rows of the commands of a section that the program has."""
    entries = [entry for entry in COMMANDS.values() if entry.section == section]
    if not program().api:
        return [Row(entry.name, entry.help) for entry in entries]
    from dynacli.guide.pages import as_of_program
    from dynacli.options.command_table import TOOL_VERBS

    document = "Manage the document of the API"
    return [
        Row(entry.name, document if entry.name == "api" else as_of_program(entry.help))
        for entry in entries
        if entry.name in TOOL_VERBS
    ]


def _options() -> list[Row]:
    """Return the rows of the options that most people need."""
    common = (OPTIONS_BY_NAME[name] for name in _COMMON)
    return [
        Row(", ".join(each.flags) + ("" if each.value_alone else f" {each.metavar}"), each.help)
        for each in common
    ]


def _further(env: Environment) -> tuple[str, list[str]]:
    """Return what else can follow the name of the program, and its title: APIs, or of a tool commands."""
    if program().api:
        from dynacli.options.command_table import further_names

        return "Commands of other packages", further_names()
    try:
        return "Registered APIs", sorted(Configuration(env).apis())
    except FileError:  # help is there even if the configuration is broken
        return "", []
