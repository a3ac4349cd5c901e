"""Text in lines of a given width: paragraphs, tables, and the blocks that the compiler makes from Markdown."""

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
"""Maximum length of the first sentence of a description."""
_NARROWEST = 20
_CODE_INDENT = " " * 4
_COMMAND_INDENT = " " * 6
_SEQUENCE = re.compile(r"\x1b\[(\d+)m")
_ENDS = {"1": "22", "2": "22", "3": "23", "": "39"}
"""Code of a style of a painter → the code that ends it; of a colour for the empty one."""


Blocks = list[Any]
"""Blocks of text as JSON values, so that a compiled document can store them. A block is one of these:

- a string: a paragraph, in which a line feed starts a new line;
- `GAP`: an empty line;
- `[HEADING, text]`, `[CODE, text]` or `[RULE]`: a heading, code or a horizontal line;
- `[TABLE, rows]`: a table, whose first row is the header;
- any other list: an item or a quote. It has a marker, such as `-`, `1.` or `>`, and then the blocks in it.
"""


def wrapped(text: str, width: int) -> list[str]:
    r"""Return a text as lines of at most `width` columns. `\n` starts a new line, and `\n\n` adds an empty line."""
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
                # Some languages do not separate words by spaces.
                *full, word = _pieces_of_word(word, width)  # noqa: PLW2901 - the last piece begins the next line
                lines += full
                size = cell_width(word)
            line += f" {word}" if line else word
            used += size + (1 if used else 0)
        lines.append(line)
    return lines if text.strip() else []


def folded(line: str, width: int, hanging: int = 2) -> list[str]:
    """Return a painted line as lines of at most `width` columns. A word that is wider is broken.

    Args:
        hanging: Columns by which further lines are indented, beyond the indent of the line.
    """
    plain = _SEQUENCE.sub("", line) if "\x1b" in line else line
    if len(plain) <= width // 2 or cell_width(plain) <= width:
        return [line]
    indent = len(plain) - len(plain.lstrip(" "))
    margin = min(indent + hanging, width // 2)
    spans = _spans(plain, width, margin)
    shown = [plain[start:end] for start, end in spans] if plain == line else _painted_spans(line, spans)
    return [" " * margin * (number > 0) + part for number, part in enumerate(shown)]


def _spans(plain: str, width: int, margin: int) -> list[tuple[int, int]]:
    """Return the start and end of each line of a text. All lines but the first begin after a margin."""
    spans: list[tuple[int, int]] = []
    start, used = 0, 0
    for word in re.finditer("( *)([^ ]+)", plain):
        size = cell_width(word[0])
        if used + size > width and word.start() > start:
            spans.append((start, word.start()))
            start, used, size = word.start(2), margin, cell_width(word[2])
        used += size
        while used > width:
            room, cut = width - (margin if spans else 0), start + 1
            while cell_width(plain[start : cut + 1]) <= room:
                cut += 1
            spans.append((start, cut))
            start, used = cut, margin + cell_width(plain[cut : word.end()])
    return [*spans, (start, len(plain))]


def _painted_spans(line: str, spans: Sequence[tuple[int, int]]) -> list[str]:
    """Return the parts of a painted line. Each part begins and ends its own styles."""
    parts = [""] * len(spans)
    position, active = 0, list[str]()
    # `split` with a group returns text at even positions and the codes of sequences at odd ones.
    for number, piece in enumerate(_SEQUENCE.split(line)):
        if number % 2:
            is_end = piece in _ENDS.values()
            active = [code for code in active if _end_of(code) != piece] if is_end else [*active, piece]
            continue
        for at, (start, end) in enumerate(spans):
            if text := piece[max(start - position, 0) : max(end - position, 0)]:
                begin = "".join(f"\x1b[{code}m" for code in active)
                parts[at] += begin + text + "".join(f"\x1b[{_end_of(code)}m" for code in reversed(active))
        position += len(piece)
    return parts


def _end_of(code: str) -> str:
    """Return the code that ends a style of a painter."""
    return _ENDS.get(code, _ENDS[""])


def command_lines(words: Iterable[str], width: int) -> list[str]:
    r"""Return the lines of a command, broken with `\` between its options.

    An option and its value stay together if they fit. Only an argument that does not fit alone is wider.
    """
    parts: list[str] = []
    for word in words:
        if parts and re.match(r"--\S+$", parts[-1]) and not word.startswith("--"):
            parts[-1:] = (
                [f"{parts[-1]} {word}"] if _fits_line(f"{parts[-1]} {word}", width) else [parts[-1], word]
            )
        else:
            parts.append(word)
    lines = ["  " + parts[0]]
    for part in parts[1:]:
        if cell_width(lines[-1]) + cell_width(part) + 3 > width and lines[-1].strip():
            lines[-1] += " \\"
            lines.append((_COMMAND_INDENT if _fits_line(part, width) else "  ") + part)
        else:
            lines[-1] += f" {part}"
    return lines


def _fits_line(part: str, width: int) -> bool:
    """Return whether a part of a command fits a further line."""
    return len(_COMMAND_INDENT) + cell_width(part) + len(" \\") <= width


def shortened(text: str, width: int, mark: str = "...") -> str:
    """Return a line cut to at most `width` columns. A cut line ends with the mark."""
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
    """Return a text as one `visible` line in quotes; an empty text stays empty.

    Quotes in it get a backslash, and backslashes before a quote are doubled. Other backslashes stay.
    """
    if not text:
        return ""
    shown = visible(text, keep="")
    if _QUOTE in shown or shown[-1:] == "\\":
        shown = re.sub(r'(\\*)("|$)', lambda found: 2 * found[1] + ('\\"' if found[2] else ""), shown)
    return f"{_QUOTE}{shown}{_QUOTE}"


def quoted_within(text: str, width: int) -> str:
    """Return a text in quotes, cut to at most `width` columns including the quotes."""
    shown = shortened(visible(text, keep=""), width - 2)
    excess = cell_width(quoted(shown)) - width
    return quoted(shortened(shown, cell_width(shown) - excess) if excess > 0 else shown)


def _quoted_lines(lines: Iterable[str]) -> list[str]:
    """Return `visible` lines, each after the marker of a quote."""
    return [f"> {line}".rstrip() for line in lines]


def foreign(text: str, paint: Painter) -> str:
    """Return a text of a document as one `visible` line: in italics on a terminal, else in quotes.

    The text cannot end its italics. An agent and a pipe get quotes, because their painter is disabled.
    """
    return paint.italic(visible(text, keep="")) if paint.enabled else quoted(text)


def foreign_within(text: str, width: int, paint: Painter) -> str:
    """Return a text of a document as `foreign` does, cut to at most `width` columns."""
    if not paint.enabled:
        return quoted_within(text, width)
    return paint.italic(shortened(visible(text, keep=""), width))


def foreign_lines(lines: Iterable[str], paint: Painter) -> list[str]:
    """Return `visible` lines of a document in italics on a terminal, else after `>`."""
    return [paint.italic(line.rstrip()) for line in lines] if paint.enabled else _quoted_lines(lines)


def word_or_quoted(text: str) -> str:
    """Return a name or a value, in quotes unless it is a single word."""
    if text.split() == [text] and _QUOTE not in text:
        return visible(text, keep="")
    return quoted(text) or _QUOTE + _QUOTE


def closed(text: str) -> str:
    """Return a cut line, with a closing quote if it ends within a quotation."""
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
    """Return the lines of a table.

    If the table is too wide, its cells are wrapped. If it is still too wide, each cell gets a line.

    Args:
        rows: The cells. All rows have the same number of cells.
        width: Maximum width of a line; None for no maximum.
        wrap: Returns the lines of a cell for a width. By default a cell is cut to one line.
        has_header: Whether the first row is the header.
        right: Numbers of the right-aligned columns.
        paint_header: Colours a line of the header.
        paint_cell: Colours a line of a cell, given its row and column.
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
        # A column must be at least as wide as its longest unbreakable word.
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
    """Return the widths of the columns, with the widest narrowed until all fit; empty if they cannot fit."""
    # Find the largest common limit for which the sum fits.
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
    """Return blocks as plain, wrapped, `visible` text, without a line feed at the end.

    Args:
        blocks: The blocks.
        width: Maximum width of a line. Longer words and lines of code are not broken.
        paint_heading: Colours a line of a heading at the top level.
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
    """Return a sentence as one `visible` line. A longer sentence is cut between words and ends in `...`.

    Args:
        sentence: The sentence.
        limit: Maximum number of characters.
    """
    text = visible(sentence, keep="")
    if len(text) <= limit:
        return text
    cut = text[: max(limit - 3, 1)]
    if " " in cut[limit // 2 :]:
        cut = cut.rsplit(" ", 1)[0]
    return cut.rstrip(" ,;:.-") + "..."
