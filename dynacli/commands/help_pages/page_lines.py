"""Lines that several help pages share: usage, rows of options or commands, and servers of a document."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from dynacli.options.standard_options import Option
from dynacli.text.terminal import Painter, cell_width, visible
from dynacli.text.wrapping import folded, foreign, quoted, word_or_quoted, wrapped

_LABEL = "Usage: "
_WIDEST_LEFT = 34
_NARROWEST_RIGHT = 24
_NARROW_MARGIN = 8
"""Indent of a text with a word that does not fit its column."""
_HANGING = 4
_PLAIN = Painter(enabled=False)


class PageRow(NamedTuple):
    """The left column of a row, and the text beside it.

    Args:
        reported: A text of the document, which precedes the text.
    """

    left: str
    right: str
    reported: str = ""


def usage_lines(text: str, width: int) -> list[str]:
    """Return the usage, wrapped to a width. Further lines are indented to the column after `Usage:`."""
    first, *others = wrapped(_LABEL + text, width - len(_LABEL))
    return lines_within([first, *(" " * len(_LABEL) + line for line in others)], width)


def row_lines(
    rows: Sequence[PageRow],
    width: int,
    column: int = 0,
    paint: Painter = _PLAIN,
    paint_left: Callable[[str], str] | None = None,
) -> list[str]:
    """Return the lines of rows. The texts are wrapped in their own column.

    Args:
        column: Column of the texts; 0 for the leftmost column that the rows allow.
        paint: Marks texts of the document. Without colour they are quoted.
        paint_left: Colours the left column; by default as a usage.
    """
    paint_left = paint_left or paint.usage
    column = column or column_of(rows)
    lines = []
    for left, right, reported in rows:
        shown = visible(reported, keep="") if paint.enabled else quoted(reported)
        gap = " " if shown and right[:1] not in ("", "\n") else ""
        beside = f"{shown}{gap}{right}"
        is_long = max(map(cell_width, beside.split()), default=0) > max(width - column, _NARROWEST_RIGHT)
        margin = min(column, _NARROW_MARGIN) if is_long else column
        text = wrapped(beside, max(width - margin, _NARROWEST_RIGHT))
        if paint.enabled:
            text = _with_start_in_italics(text, len("".join(shown.split())), paint)
        if len(left) + 4 > column or is_long:
            lines.append(f"  {paint_left(left)}")
        else:
            first = text.pop(0) if text else ""
            lines.append(f"  {paint_left(left)}{' ' * (column - 2 - len(left))}{first}".rstrip())
        lines.extend(f"{' ' * margin}{line}" for line in text)
    return lines_within(lines, width)


def lines_within(lines: Sequence[str], width: int) -> list[str]:
    """Return lines that are no wider than the page. A word that does not fit alone is broken."""
    return [part for line in lines for part in folded(line, width, _HANGING)]


def column_of(rows: Sequence[PageRow]) -> int:
    """Return the leftmost column for the texts of rows; a longer left column has a line of its own."""
    return min(max((len(row.left) for row in rows), default=0) + 4, _WIDEST_LEFT)


def _with_start_in_italics(lines: Sequence[str], count: int, paint: Painter) -> list[str]:
    """Return lines with their first characters in italics. Blanks do not count, because wrapping changes them."""
    painted = []
    for line in lines:
        place = [found.start() for found in re.finditer(r"\S", line)]
        end = place[count] if count < len(place) else len(line)
        head = line[:end].rstrip()
        painted.append(paint.italic(head) + line[len(head) :])
        count = max(count - len(place), 0)
    return painted


def option_row(option: Option) -> PageRow:
    """Return the row of an option: its flags and value, and its help with the allowed values and the default."""
    value = option.metavar
    if option.choices and not option.value_alone:
        value = "|".join((*option.choices, *option.more))
    text = option.help
    if option.shows_default:
        least_most = f"; {option.between[0]} to {option.between[1]}" if option.between else ""
        text += f" [default: {option.default}{least_most}]"
    if option.kind and (values := [item for item in option.values if item not in option.metavar.split("|")]):
        text += f"\n{', '.join((*values, *option.more))}"
    return PageRow(" ".join(filter(None, (", ".join(option.flags), value))), text)


def server_line(index: int, server: Mapping[str, Any], paint: Painter) -> str:
    """Return the line of a server: index, URL, name and description."""
    reported = ", ".join(text for text in (server.get("name", ""), server["description"]) if text)
    return f"  {index}  {word_or_quoted(server['url'])}" + (
        f"  {foreign(reported, paint)}" if reported else ""
    )
