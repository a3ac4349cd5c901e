"""Text in lines of a given width: wrapped words, tables, and the blocks that the compiler makes of Markdown."""

import re
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any

from dynacli.text.terminal import Painter, cell_width, visible

_QUOTE = '"'
COLUMN_GAP = "  "
_NARROWEST_COLUMN = 12
_NONE: frozenset[int] = frozenset()
GAP, HEADING, CODE, RULE, TABLE = "", "#", "```", "---", "|"
LONGEST_SENTENCE = 160
"""How many characters of a description's first sentence are kept."""
_NARROWEST = 20
_CODE_INDENT = " " * 4


Blocks = list[Any]
"""Blocks are JSON, so that a catalog holds them as they are. Each of them is one of these:

- a text is a paragraph, in which a line feed breaks the line;
- `GAP` is an empty line;
- `[HEADING, text]`, `[CODE, text]` and `[RULE]` are what they say;
- `[TABLE, rows]` has lists of as many cells each, the header first;
- any other list is an item or a quote: what stands in front of it, such as `-`, `1.` or `>`, and the blocks in it.
"""


def wrapped(text: str, width: int) -> list[str]:
    r"""Return a text as lines of at most `width` columns; `\n` breaks a line, and `\n\n` leaves an empty line."""
    lines: list[str] = []
    for part in text.strip().split("\n"):
        words = part.split()
        line = ""
        used = 0
        for word in words:
            size = cell_width(word)
            if line and used + 1 + size > width:
                lines.append(line)
                line, used = "", 0
            if size > width and not word.isascii():
                # Some languages put no spaces between words.
                *full, word = _pieces_of_word(word, width)  # noqa: PLW2901 - the last piece begins the next line
                lines += full
                size = cell_width(word)
            line += f" {word}" if line else word
            used += size + (1 if used else 0)
        lines.append(line)
    return lines if text.strip() else []


def shortened(text: str, width: int, mark: str = "...") -> str:
    """Return a line cut to at most `width` columns; one that is cut ends in the mark."""
    if len(text) <= width // 2 or cell_width(text) <= width:
        return text
    return _pieces_of_word(text, max(width - len(mark), 1))[0].rstrip() + mark


def ellipsis_for(encoding: str | None) -> str:
    """Return `…` if an encoding has it, else `...`."""
    try:
        "…".encode(encoding or "ascii")
    except (LookupError, UnicodeEncodeError):
        return "..."
    return "…"


def _pieces_of_word(word: str, width: int) -> list[str]:
    pieces = [""]
    used = 0
    for character in word:
        size = cell_width(character)
        if used + size > width and pieces[-1]:
            pieces.append("")
            used = 0
        pieces[-1] += character
        used += size
    return pieces


def quoted(text: str) -> str:
    """Return a text as one `visible` line in quotes; an empty one stays empty.

    Its own quotes get a backslash, and backslashes before a quote are doubled; others stay as they are, as in patterns.
    """
    if not text:
        return ""
    shown = visible(text, keep="")
    if _QUOTE in shown or shown[-1:] == "\\":
        shown = re.sub(r'(\\*)("|$)', lambda found: 2 * found[1] + ('\\"' if found[2] else ""), shown)
    return f"{_QUOTE}{shown}{_QUOTE}"


def quoted_within(text: str, width: int) -> str:
    """Return a text as `quoted` does, cut so that it takes at most so many columns with its quotes."""
    shown = shortened(visible(text, keep=""), width - 2)
    excess = cell_width(quoted(shown)) - width
    return quoted(shortened(shown, cell_width(shown) - excess) if excess > 0 else shown)


def _quoted_lines(lines: Iterable[str]) -> list[str]:
    """Return lines, which are `visible`, each after the mark of a quote."""
    return [f"> {line}".rstrip() for line in lines]


def foreign(text: str, paint: Painter) -> str:
    """Return what a document says as one `visible` line: in italics on a terminal, which it cannot end, else in quotes.

    An agent and a pipe get quotes, because their painter is not enabled.
    """
    return paint.italic(visible(text, keep="")) if paint.enabled else quoted(text)


def foreign_within(text: str, width: int, paint: Painter) -> str:
    """Return what a document says as `foreign` does, cut so that it takes at most so many columns."""
    if not paint.enabled:
        return quoted_within(text, width)
    return paint.italic(shortened(visible(text, keep=""), width))


def foreign_lines(lines: Iterable[str], paint: Painter) -> list[str]:
    """Return lines of what a document says, which are `visible`: in italics on a terminal, else after `>`."""
    return [paint.italic(line.rstrip()) for line in lines] if paint.enabled else _quoted_lines(lines)


def word_or_quoted(text: str) -> str:
    """Return a name or a value: as it is if it is one word, else in quotes."""
    if text.split() == [text] and _QUOTE not in text:
        return visible(text, keep="")
    return quoted(text) or _QUOTE + _QUOTE


def closed(text: str) -> str:
    """Return a line that was cut, with the quote closed that it may have been cut in."""
    quotes = _QUOTE in text and re.findall(r'\\.|"', text).count(_QUOTE)
    return text + _QUOTE if quotes % 2 else text


def _cut_cell(cell: str, width: int) -> list[str]:
    return [shortened(cell, width)]


def table_lines(
    rows: Sequence[Sequence[str]],
    width: int | None,
    wrap: Callable[[str, int], list[str]] = _cut_cell,
    *,
    has_header: bool = True,
    right: Collection[int] = _NONE,
    paint_header: Callable[[str], str] = str,
    paint_cell: Callable[[int, int, str], str] = lambda row, column, text: text,  # noqa: ARG005
) -> list[str]:
    """Return a table's lines.

    Cells are wrapped if the table is too wide; if even that does not fit, each row becomes
    a group of lines, one for each cell.

    Args:
        rows: The cells; all rows have the same number.
        width: How many columns a line may have; None for any number.
        wrap: Returns the lines of a cell for a width; by default a cell is cut to one line.
        has_header: Whether the first row is the header.
        right: The numbers of the columns that are aligned to the right.
        paint_header: Colours a line of the header.
        paint_cell: Colours a line of a cell, whose row and column it is given.
    """
    # `<br>` in a cell is a line break; the widest line of a cell counts.
    natural = [
        max(1, *(cell_width(line) for row in rows for line in row[column].split("\n")))
        for column in range(len(rows[0]))
    ]
    available = None if width is None else width - len(COLUMN_GAP) * (len(natural) - 1)
    if available is None or sum(natural) <= available:
        widths = natural
    else:
        # A word that cannot be broken keeps its column wide.
        least = [
            max(cell_width(line) for row in rows for line in _lines_of(row[column], _NARROWEST_COLUMN, wrap))
            for column in range(len(natural))
        ]
        widths = _fitted(natural, least, available)
    if not widths:
        return _as_groups(rows, width or 0, wrap)
    lines: list[str] = []
    for index, row in enumerate(rows):
        wrapped = [_lines_of(cell, column, wrap) for cell, column in zip(row, widths, strict=True)]
        is_header = has_header and index == 0
        for line in range(max(map(len, wrapped))):
            parts = [cell[line] if line < len(cell) else "" for cell in wrapped]
            padded = (
                _padded(part, column, paint_cell(index, number, part), is_right=number in right)
                for number, (part, column) in enumerate(zip(parts, widths, strict=True))
            )
            text = COLUMN_GAP.join(padded).rstrip()
            lines.append(paint_header(text) if is_header else text)
        if is_header:
            lines.append(COLUMN_GAP.join("-" * column for column in widths))
    return lines


def _lines_of(cell: str, width: int, wrap: Callable[[str, int], list[str]]) -> list[str]:
    if cell.isascii() and len(cell) <= width and "\n" not in cell:
        return [cell]
    return wrap(cell, width) or [""]


def _padded(text: str, width: int, painted: str, *, is_right: bool) -> str:
    blank = " " * (width - cell_width(text))
    return blank + painted if is_right else painted + blank


def _fitted(natural: list[int], least: list[int], available: int) -> list[int]:
    """Return the columns' widths, the widest columns narrowed until all fit; empty if they cannot."""
    # The largest common limit for which the sum fits.
    for limit in range(min(max(natural), available), _NARROWEST_COLUMN - 1, -1):
        widths = [
            min(column, max(limit, narrowest)) for column, narrowest in zip(natural, least, strict=True)
        ]
        rest = available - sum(widths)
        if rest >= 0:
            # The remaining width goes to the first columns that can use it.
            for index, column in enumerate(natural):
                added = min(rest, column - widths[index])
                widths[index] += added
                rest -= added
            return widths
    return []


def _as_groups(rows: Sequence[Sequence[str]], width: int, wrap: Callable[[str, int], list[str]]) -> list[str]:
    header, *others = rows
    if not others:
        return [line for cell in header for line in wrap(cell, width)]
    lines: list[str] = []
    for row in others:
        if lines:
            lines.append("")
        for name, cell in zip(header, row, strict=True):
            if cell:
                first, *more = wrap(f"{name}: {cell}" if name else cell, width - 2) or [""]
                lines += [first, *(f"  {line}" for line in more)]
    return lines


def block_text(blocks: Sequence[Any], width: int, paint_heading: Callable[[str], str] = str) -> str:
    """Return blocks as plain text, wrapped, `visible`, without a line feed at its end.

    Args:
        width: How many columns a line may have; words and code that are longer stay whole.
        paint_heading: Colours a line of a heading that stands in no other block.
    """
    if paint_heading is str:
        return visible("\n".join(_block_lines(blocks, width)))
    lines: list[str] = []
    for block in blocks:
        shown = map(visible, _block_lines([block], width))
        lines += map(paint_heading, shown) if block[:1] == [HEADING] else shown
    return "\n".join(lines)


def _block_lines(blocks: Sequence[Any], width: int) -> list[str]:
    width = max(width, _NARROWEST)
    lines: list[str] = []
    for block in blocks:
        if isinstance(block, str):
            lines += wrapped(block, width) or [""]
            continue
        kind, *content = block
        if kind == HEADING:
            lines += wrapped(content[0], width)
        elif kind == CODE:
            lines += [(_CODE_INDENT + line).rstrip() for line in content[0].split("\n")]
        elif kind == RULE:
            lines.append("-" * min(width, 20))
        elif kind == TABLE:
            lines += table_lines(content[0], width, wrapped)
        else:
            first = f"{kind} "
            hanging = first if kind == ">" else " " * len(first)
            inner = _block_lines(content, width - len(first)) or [""]
            lines += [((hanging if at else first) + line).rstrip() for at, line in enumerate(inner)]
    return lines


def short_sentence(sentence: str, limit: int) -> str:
    """Return a sentence as one `visible` line; a longer one is cut between words and ends in `...`.

    Args:
        limit: The most characters.
    """
    text = visible(sentence, keep="")
    if len(text) <= limit:
        return text
    cut = text[: max(limit - 3, 1)]
    if " " in cut[limit // 2 :]:
        cut = cut.rsplit(" ", 1)[0]
    return cut.rstrip(" ,;:.-") + "..."
