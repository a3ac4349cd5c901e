"""The manual pages of dynacli(1) and its commands, from the tables of commands and options and the pages of the guide.

They are written in man(7): https://man7.org/linux/man-pages/man7/man.7.html. The build of a wheel calls this module, so
that an installer puts them below `share/man`; no run of dynacli does.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from dynacli.commands.help_pages.command_help import OPTION_GROUPS, ROOT_ABOUT, ROOT_EXAMPLES, command_usages
from dynacli.commands.help_pages.page_lines import option_row
from dynacli.guide.pages import ERRORS, page, section_of, topic_names
from dynacli.options.command import SECTIONS, Command
from dynacli.options.command_table import COMMANDS
from dynacli.options.standard_options import OPTIONS, Option
from dynacli.text.markdown import blocks_of
from dynacli.text.wrapping import CODE, GAP, HEADING, RULE, TABLE, wrapped

_WIDTH = 78
_ESCAPES = str.maketrans(
    {"\\": r"\e", "-": r"\-", "'": r"\(aq", "`": r"\(ga", "^": r"\(ha", "~": r"\(ti", '"': r"\(dq"}
)
"""Characters that groff replaces by others, which a shell does not accept (groff_char(7))."""


def man_pages(version: str, date: str) -> dict[str, str]:
    """Return name of a file → page.

    Args:
        version: Of dynacli.
        date: When that was made, such as `2026-11-30`; empty if that is not known.
    """
    pages = {"dynacli": _root_page(), **{f"dynacli-{name}": _page(entry) for name, entry in COMMANDS.items()}}
    return {
        f"{name}.1": "\n".join((_title(name, version, date), *_without_surplus(lines), ""))
        for name, lines in pages.items()
    }


def _without_surplus(lines: Sequence[str]) -> Iterator[str]:
    """Yield lines without the beginnings of paragraphs beside what begins one anyway."""
    before = (".SH", ".SS", ".PP")
    for last, line, following in zip(("", *lines), lines, (*lines[1:], ".SH"), strict=False):
        if line != ".PP" or not (last.startswith(before) or following.startswith((*before, ".IP", ".TP"))):
            yield line


def _title(name: str, version: str, date: str) -> str:
    return f'.TH "{_copyable(name.upper())}" 1 "{date}" "dynacli {version}" "dynacli"'


def _root_page() -> list[str]:
    lines = [*_head("dynacli", "call any HTTP API that has an OpenAPI document")]
    lines += _usage("dynacli", "[OPTIONS] API OPERATION [ARGUMENTS] [OPTIONS]")
    lines += [".br", *_usage("dynacli", "COMMAND ...")]
    lines += [".SH DESCRIPTION", *_paragraph(ROOT_ABOUT), ".SH COMMANDS"]
    for section in SECTIONS:
        entries = [entry for entry in COMMANDS.values() if entry.section == section]
        lines += [
            f".SS {section}",
            *_tagged((_page_reference(f"dynacli-{item.name}"), item.help) for item in entries),
        ]
    lines.append(".SH OPTIONS")
    for title, groups in OPTION_GROUPS:
        lines += [
            f'.SS "{title}"',
            *_option_paragraphs(option for option in OPTIONS if option.group in groups),
        ]
    lines += [".SH ENVIRONMENT", *_guide(page("environment") or "")]
    lines += ['.SH "EXIT STATUS"', *_guide(section_of(ERRORS, "Exit codes"))]
    lines += _examples_section(f"{line}  # {about}" for line, about in ROOT_EXAMPLES)
    return [
        *lines,
        '.SH "SEE ALSO"',
        _page_reference("dynacli-help"),
        ".PP",
        *_paragraph("`dynacli help` lists the pages of the manual, `dynacli help TOPIC` prints one."),
    ]


def _page(entry: Command) -> list[str]:
    lines = [*_head(f"dynacli-{entry.name}", entry.help), *_synopsis(f"dynacli {entry.name}", entry)]
    lines += [".SH DESCRIPTION", *_paragraph(f"{entry.help}."), *_markdown(entry.about)]
    if entry.name in topic_names():
        lines += [".PP", *_guide(page(entry.name) or "")]
    if entry.commands:
        lines.append(".SH COMMANDS")
        for command in entry.commands:
            name = f"dynacli {entry.name} {command.name}"
            lines += [f'.SS "{_copyable(name)}"', *_synopsis(name, command), ".PP"]
            lines += [
                *_paragraph(f"{command.help}."),
                *_markdown(command.about),
                *_option_paragraphs(command.all_options),
            ]
    lines += [
        ".SH OPTIONS",
        *_option_paragraphs(entry.all_options if entry.runs else (*entry.options, *entry.last)),
        *_tagged([(r"\fB\-h\fR, \fB\-\-help\fR", "Show help")]),
    ]
    return [*lines, *_examples_section(entry.examples), '.SH "SEE ALSO"', _page_reference("dynacli")]


def _synopsis(name: str, entry: Command) -> Iterator[str]:
    for usage in command_usages(entry, name):
        yield from _usage(name, usage.removeprefix(f"{name} "))


def _head(name: str, about: str) -> list[str]:
    return [".SH NAME", rf"{_copyable(name)} \- {_inline(about)}", ".SH SYNOPSIS"]


def _usage(name: str, rest: str) -> list[str]:
    return [".PP", rf"\fB{_copyable(name)}\fR {_copyable(rest)}".rstrip()]


def _page_reference(name: str) -> str:
    return rf"\fB{_copyable(name)}\fR(1)"


def _examples_section(lines: Iterable[str]) -> list[str]:
    return [".SH EXAMPLES", *_verbatim("\n".join(lines))]


def _option_paragraphs(options: Iterable[Option]) -> Iterator[str]:
    for option in options:
        left, right, _ = option_row(option)
        flags = ", ".join(option.flags)
        value = left.removeprefix(flags)
        yield from _tagged(
            [(rf"\fB{_copyable(flags)}\fR" + (rf"\fI{_copyable(value)}\fR" if value else ""), right)]
        )


def _tagged(rows: Iterable[tuple[str, str]]) -> Iterator[str]:
    """Yield paragraphs, each with a tag that is in roff already."""
    for tag, text in rows:
        yield from (".TP", tag, *(_paragraph(text) or [r"\&"]))


def _guide(text: str) -> list[str]:
    """Return a page or section of the guide without its title."""
    return _blocks(blocks_of(text, has_urls=False)[1:])


def _markdown(text: str) -> list[str]:
    return [".PP", *_blocks(blocks_of(text))] if text else []


def _blocks(blocks: Sequence[Any], gap: str = ".PP") -> list[str]:
    """Return blocks of Markdown.

    Args:
        gap: What parts paragraphs; `.PP` would end the item that they are in.
    """
    lines: list[str] = []
    for block in blocks:
        if isinstance(block, str):
            lines += [gap] if block == GAP else _paragraph(block)
            continue
        kind, *content = block
        if kind == HEADING:
            lines.append(f'.SS "{_inline(content[0])}"')
        elif kind == CODE:
            lines += [".RS 4", *_verbatim(content[0]), ".RE"]
        elif kind == TABLE:
            lines += [*_tagged_table(content[0]), gap]
        elif kind != RULE:
            mark = r"\(bu" if kind == "-" else _copyable(kind)
            lines += [f'.IP "{mark}" 4', *_blocks(content, ".sp")]
    return lines


def _tagged_table(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yield a table as tagged paragraphs, which fit into any width: a table of tbl(1) is as wide as its cells."""
    header, *others = rows
    for tag, *cells in others:
        named = [
            f"{name}: {cell}" if at and name else cell
            for at, (name, cell) in enumerate(zip(header[1:], cells, strict=True))
            if cell
        ]
        yield from _tagged([(_inline(tag) or r"\&", "\n".join(named))])


def _verbatim(text: str) -> list[str]:
    return [".EX", *(_guarded(_copyable(line)) or r"\&" for line in text.split("\n")), ".EE"]


def _paragraph(text: str) -> list[str]:
    """Return the lines of a paragraph, in which a line feed breaks the line."""
    lines: list[str] = []
    for part in text.split("\n"):
        lines += [".br"] if lines else []
        lines += [_guarded(line) for line in wrapped(_inline(part), _WIDTH)]
    return lines


def _inline(text: str) -> str:
    """Return a text with its parts in backticks in bold."""
    return re.sub(
        r"`([^`]+)`", lambda code: rf"\fB{code[1]}\fR", text.translate(_ESCAPES).replace(r"\(ga", "`")
    )


def _copyable(text: str) -> str:
    """Return a text so that each of its characters can be copied into a shell."""
    return text.translate(_ESCAPES)


def _guarded(line: str) -> str:
    """Return a line of text that roff does not take for a request."""
    return rf"\&{line}" if line.startswith((".", "'")) else line
