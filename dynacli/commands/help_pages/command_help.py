"""The help pages of dynacli and its commands, and the list of all options. All come from the tables."""

import re
from collections.abc import Sequence

from dynacli.commands.help_pages.page_lines import PageRow, column_of, option_row, row_lines, usage_lines
from dynacli.environment import Environment, invocation, program
from dynacli.errors import FileError, UsageError
from dynacli.options.command import SECTIONS, Argument, Command
from dynacli.options.command_table import COMMANDS, further_names
from dynacli.options.standard_options import (
    BODY,
    CACHE,
    CALLS,
    COMPARING,
    DATA_OUTPUT,
    DOCUMENT_READING,
    EVERY_RUN,
    FILE,
    FURTHER_CALLS,
    KEYS,
    OPTIONS,
    OPTIONS_BY_NAME,
    PART,
    REGISTERED,
    REQUEST,
    RESENDING,
    RESPONSE,
)
from dynacli.record import replace
from dynacli.registry.configuration import Configuration
from dynacli.text.terminal import Painter, terminal_width
from dynacli.text.wrapping import shortened, wrapped

_HELP_ROW = PageRow("-h, --help", "Show this page")

OPTION_GROUPS = (
    ("Output", (DATA_OUTPUT,)),
    ("Response", (RESPONSE,)),
    ("Pages, waiting and links", (FURTHER_CALLS,)),
    ("Request", (REQUEST,)),
    ("Body", (BODY,)),
    ("Multipart bodies", (FILE, PART)),
    ("Servers, credentials, validation and limits", (CALLS, CACHE, RESENDING)),
    ("Comparing", (COMPARING,)),
    ("OpenAPI document", (DOCUMENT_READING,)),
    ("Every command", (EVERY_RUN,)),
)
"""Title → groups of options, for each page that lists all options."""
ROOT_EXAMPLES = (
    ("dynacli demo", "show what an API offers"),
    ("dynacli search demo runs that failed", "find an operation"),
    ("dynacli demo search-runs --range 7d -o table", "call it"),
    ("dynacli ./openapi.yaml list-pets --dry-run", "print the request only"),
)
"""Commands for the help page of dynacli, and their purpose. They run if the document has the operation."""
_MOST_LINES = 60
_COMMON = ("output", "filter", "sql", "all", "wait", "dry_run", "plan")
ROOT_ABOUT = "Call any HTTP API by its OpenAPI document: a registered name, URL, path or -."


def command_help(env: Environment, entry: Command, name: str, commands: Sequence[Command] = ()) -> str:
    """Return the help page of a command: usage, summary, subcommands, examples, description and options.

    Args:
        name: The command as it is typed, such as `dynacli api add`.
        commands: The subcommands of a group.
    """
    from dynacli.guide.pages import as_of_program
    from dynacli.text.markdown import to_text

    paint, width = Painter.for_stdout(env), terminal_width(env, env.stdout)
    of_group = default_of(entry)
    called = entry if of_group is None else replace(of_group, help=entry.help)
    is_group = bool(commands) and of_group is None
    usage, *others = command_usages(entry, name)
    lines = [*usage_lines(usage, width), *(f"       {other}" for other in others)]
    lines += ["", f"  {entry.help}.", ""]
    if commands:
        lines += [
            paint.heading("Commands"),
            *row_lines([PageRow(command.name, command.help) for command in commands], width, paint=paint),
            "",
        ]
    lines += [paint.heading("Examples"), *(f"  {line}" for line in entry.examples), ""]
    if entry.about:
        lines += [*(f"  {line}".rstrip() for line in to_text(entry.about, width - 2).splitlines()), ""]
    if {REGISTERED, KEYS} <= {argument.offers for argument in called.arguments}:
        from dynacli.commands.setting_keys import KEYS_OF_API

        text = f"Keys: {', '.join(KEYS_OF_API)}; `{invocation('help')} config` describes them."
        lines += [*(f"  {line}" for line in wrapped(text, width - 2)), ""]
    own = [*called.options, *called.last]
    reported = [
        standard_option
        for standard_option in called.standard_options
        if standard_option.name in called.texts or (standard_option.name == "output" and called.formats)
    ]
    rows = [option_row(item) for item in (*own, *(() if is_group or entry.usage else reported))]
    lines += _option_lines(entry, rows, width, paint)
    others = [
        standard_option.flags[0]
        for standard_option in called.standard_options
        if standard_option not in reported
    ]
    if entry.usage:
        lines += ["", f"All options: `{invocation('help')} options`."]
    elif rows and others:
        lines += ["", *wrapped(f"Also: {', '.join(others)}; see `{invocation('help')} options`.", width)]
    if is_group:
        lines += ["", f"`{name} COMMAND --help` explains a command."]
    return as_of_program("\n".join([*lines, *_topic_line(name.split()[1])]))


def _option_lines(entry: Command, rows: Sequence[PageRow], width: int, paint: Painter) -> list[str]:
    """Return the lines of the options of a command, below the titles of their groups if it has any."""
    by_flag = {flag: row for row in rows for flag in re.findall(r"--[\w-]+", row.left)}
    groups = {title: [by_flag[flag] for flag in flags if flag in by_flag] for title, flags in entry.groups}
    named = [row for listed in groups.values() for row in listed]
    others = [*(row for row in rows if row not in named), _HELP_ROW]
    title = "Options" if len(others) > 1 or not groups else [*groups][-1]
    groups[title] = [*groups.get(title, ()), *others]
    column = column_of([row for listed in groups.values() for row in listed])
    lines: list[str] = []
    for title, listed in groups.items():
        if listed:
            lines += [
                *([""] if lines else []),
                paint.heading(title),
                *row_lines(listed, width, column, paint),
            ]
    return lines


def _topic_line(topic: str) -> list[str]:
    from dynacli.guide.pages import topic_names

    return [f"Manual: `{invocation('help')} {topic}`."] if topic in topic_names() else []


def default_of(group: Command) -> Command | None:
    """Return the default subcommand of a group; None if it has none."""
    return next((command for command in group.commands if command.name == group.default), None)


def command_usages(entry: Command, name: str) -> list[str]:
    """Return the usages of a command, and of the subcommands of a group.

    Args:
        name: The command as it is typed, such as `dynacli api add`.
    """
    called = default_of(entry) if entry.commands else entry
    of_subcommands = [f"{name} COMMAND"] if entry.commands else []
    if called is None:
        return of_subcommands
    options = [] if called.is_plain else ["[OPTIONS]"]
    words = entry.usage or " ".join([*options, *map(_argument, called.arguments)])
    return [f"{name} {words}".rstrip(), *of_subcommands]


def _argument(argument: Argument) -> str:
    if argument.metavar:
        return argument.metavar
    word = "|".join(argument.values) or argument.name.upper() + ("..." if argument.is_multiple else "")
    return word if argument.is_required else f"[{word}]"


def options_page(env: Environment, word: str = "") -> str:
    """Return the page of all standard options.

    Args:
        word: Start of a title, or a string in the rows to list; empty for all options.

    Raises:
        UsageError: No option contains the string.
    """
    from dynacli.guide.pages import as_of_program

    paint, width = Painter.for_stdout(env), terminal_width(env, env.stdout)
    listed = [
        line
        for title, rows in _option_rows(word)
        for line in (
            *filter(None, [title and paint.heading(title)]),
            *row_lines(rows, width, 34 if width >= 72 else 8, paint),
            "",
        )
    ]
    if word:
        return as_of_program("\n".join(listed[:-1]))
    lines = [*usage_lines(f"{invocation(api='API')} OPERATION [ARGUMENTS] [OPTIONS]", width), ""]
    about = (
        "Give these options before the API or after the operation. If an operation has an option of the same name, "
        "give dynacli's before the API. A command accepts those that its help page lists."
    )
    lines += [*(f"  {line}" for line in wrapped(about, width - 2)), "", *listed]
    repeated = [f"`{option.flags[0]}`" for option in OPTIONS if option.is_multiple]
    lines += wrapped(f"You can repeat {', '.join(repeated[:-1])} and {repeated[-1]}.", width)
    return as_of_program("\n".join(lines))


def _option_rows(word: str) -> list[tuple[str, list[PageRow]]]:
    """Return title → rows of the groups that match a string. If none matches, return the rows that contain it.

    A group matches if a word of its title starts with the string: `wait` matches "Pages, waiting and links".

    Raises:
        UsageError: No option contains the string.
    """
    groups = [
        (title, [option_row(option) for option in OPTIONS if option.group in groups])
        for title, groups in OPTION_GROUPS
    ]
    begins = re.compile(rf"\b{re.escape(word)}", re.IGNORECASE)
    if named := [(title, rows) for title, rows in groups if begins.search(title)]:
        return named
    found = [row for _, rows in groups for row in rows if word.lower() in " ".join(row).lower()]
    if found:
        return [("", found)]
    from dynacli.openapi.model.wording import did_you_mean, near_names

    titles = {part.lower() for title, _ in OPTION_GROUPS for part in re.findall(r"\w{3,}", title)}
    near = near_names(
        word.lower().lstrip("-"), {*titles, *(option.flags[-1].strip("-") for option in OPTIONS)}
    )
    otherwise = f"`{invocation('help options')}` lists all options, and `{invocation('help')}` the topics"
    raise UsageError(
        f"No option has `{word}` in its name or help", hint=did_you_mean(near, otherwise), near=near
    )


def root_help(env: Environment, contents: Sequence[str] = ()) -> str:
    """Return the help page of dynacli: at most 60 lines and 3,500 bytes.

    Args:
        contents: The lines that list the operations or tags of a tool's API.
    """
    paint, width = Painter.for_stdout(env), terminal_width(env, env.stdout)
    name = program().name
    is_tool = bool(program().api)
    called = "OPERATION" if is_tool else "API OPERATION"
    lines = [
        *([] if is_tool else map(paint.bold, wrapped(ROOT_ABOUT, width))),
        *usage_lines(f"{name} [OPTIONS] {called} [ARGUMENTS] [OPTIONS] | COMMAND", width),
        *(() if is_tool else _root_examples(paint, width)),
        "",
        *([*contents, ""] if contents else ()),
    ]
    sections = {section: _commands(section) for section in SECTIONS}
    column = max(len(row.left) for rows in sections.values() for row in rows) + 4
    for section, rows in sections.items():
        lines += [paint.heading(section), *row_lines(rows, width, column, paint), ""]
    lines[-1:] = [paint.heading("Options"), *row_lines(_common_options(), width, paint=paint)]
    title, names = _further(env)
    lines += [shortened(f"{title}: {', '.join(names)}", width)] if names else []
    pages = invocation("help")
    more = f"More: `{pages} [options|agents|COMMAND]`, `{pages}`, `--version`."
    lines += wrapped(more, width)
    empty = [number for number, line in enumerate(lines) if not line]
    while len(lines) > _MOST_LINES and empty:  # the last sections move together
        del lines[empty.pop()]
    return "\n".join(lines)


def _root_examples(paint: Painter, width: int) -> list[str]:
    column = max(len(line) for line, _ in ROOT_EXAMPLES) + 2
    return [
        f"  {line.ljust(column)}{paint.dim(f'# {about}')}"
        if column + len(about) + 4 <= width
        else f"  {line}"
        for line, about in ROOT_EXAMPLES
    ]


def _commands(section: str) -> list[PageRow]:
    """Return the rows of the commands in a section."""
    entries = [entry for entry in COMMANDS.values() if entry.section == section]
    if not program().api:
        return [PageRow(entry.name, entry.help) for entry in entries]
    from dynacli.guide.pages import as_of_program

    document = "Manage the document of the API"
    return [
        PageRow(entry.name, document if entry.name == "api" else as_of_program(entry.help))
        for entry in entries
        if entry.is_of_tool
    ]


def _common_options() -> list[PageRow]:
    """Return the rows of the most common options."""
    common = (OPTIONS_BY_NAME[name] for name in _COMMON)
    return [
        PageRow(", ".join(option.flags) + ("" if option.value_alone else f" {option.metavar}"), option.help)
        for option in common
    ]


def _further(env: Environment) -> tuple[str, list[str]]:
    """Return a title and further names that can follow `dynacli`: APIs, or for a tool commands of other packages."""
    if program().api:
        return "Commands of other packages", further_names()
    try:
        return "Registered APIs", sorted(Configuration(env).apis())
    except FileError:  # help must work even if the configuration is broken
        return "", []


def manual_page(env: Environment, topic: str) -> str:
    """Return a page of the manual as text; empty if there is no such topic."""
    from dynacli.guide.pages import page

    text = page(topic)
    if text is None:
        return ""
    from dynacli.text.markdown import to_text

    return to_text(text, terminal_width(env, env.stdout), Painter.for_stdout(env).heading)
