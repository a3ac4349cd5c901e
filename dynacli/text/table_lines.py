"""Tables as aligned columns."""

from collections.abc import Callable, Collection, Sequence

from dynacli.text.terminal import cell_width
from dynacli.text.wrapping import shortened

__all__ = ["GAP", "table_lines"]

GAP = "  "
_NARROWEST_COLUMN = 12
_NONE: frozenset[int] = frozenset()


def _cut(cell: str, width: int) -> list[str]:
    return [shortened(cell, width)]


def table_lines(
    rows: Sequence[Sequence[str]],
    width: int | None,
    wrap: Callable[[str, int], list[str]] = _cut,
    *,
    has_header: bool = True,
    right: Collection[int] = _NONE,
    paint_header: Callable[[str], str] = str,
    paint_cell: Callable[[int, int, str], str] = lambda row, column, text: text,  # noqa: ARG005
) -> list[str]:
    """Return a table's lines.

    Cells are wrapped where the table is too wide; where even that does not fit, each row becomes
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
    available = None if width is None else width - len(GAP) * (len(natural) - 1)
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
            text = GAP.join(padded).rstrip()
            lines.append(paint_header(text) if is_header else text)
        if is_header:
            lines.append(GAP.join("-" * column for column in widths))
    return lines


def _lines_of(cell: str, width: int, wrap: Callable[[str, int], list[str]]) -> list[str]:
    if cell.isascii() and len(cell) <= width and "\n" not in cell:
        return [cell]
    return wrap(cell, width) or [""]


def _padded(text: str, width: int, painted: str, *, is_right: bool) -> str:
    blank = " " * (width - cell_width(text))
    return blank + painted if is_right else painted + blank


def _fitted(natural: list[int], least: list[int], available: int) -> list[int]:
    """Return the columns' widths, the widest columns narrowed until all fit; empty where they cannot."""
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
