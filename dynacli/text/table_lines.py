"""Tables as aligned columns."""

from collections.abc import Callable

from dynacli.text.terminal import cell_width

__all__ = ["table_lines"]

_GAP = "  "
_NARROWEST_COLUMN = 12


def table_lines(rows: list[list[str]], width: int, wrap: Callable[[str, int], list[str]]) -> list[str]:
    """Return a table's lines; the first row is its header.

    Cells are wrapped where the table is too wide; where even that does not fit, each row becomes
    a group of lines, one for each cell.

    Args:
        rows: The cells; all rows have the same number.
        width: How many columns a line may have.
    """
    # `<br>` in a cell is a line break; the widest line of a cell counts.
    natural = [
        max(1, *(cell_width(line) for row in rows for line in row[column].split("\n")))
        for column in range(len(rows[0]))
    ]
    widths = _fitted(natural, width - len(_GAP) * (len(natural) - 1))
    if not widths:
        return _as_groups(rows, width, wrap)
    lines: list[str] = []
    for index, row in enumerate(rows):
        wrapped = [wrap(cell, column) or [""] for cell, column in zip(row, widths, strict=True)]
        for line in range(max(map(len, wrapped))):
            parts = [cell[line] if line < len(cell) else "" for cell in wrapped]
            padded = (
                part + " " * (column - cell_width(part)) for part, column in zip(parts, widths, strict=True)
            )
            lines.append(_GAP.join(padded).rstrip())
        if index == 0:
            lines.append(_GAP.join("-" * column for column in widths))
    return lines


def _fitted(natural: list[int], available: int) -> list[int]:
    """Return the columns' widths, the widest columns narrowed until all fit; empty where they cannot."""
    if sum(natural) <= available:
        return natural
    # The largest common limit for which the sum fits.
    for limit in range(min(max(natural), available), _NARROWEST_COLUMN - 1, -1):
        widths = [min(column, limit) for column in natural]
        rest = available - sum(widths)
        if rest >= 0:
            # The remaining width goes to the first columns that can use it.
            for index, column in enumerate(natural):
                added = min(rest, column - widths[index])
                widths[index] += added
                rest -= added
            return widths
    return []


def _as_groups(rows: list[list[str]], width: int, wrap: Callable[[str, int], list[str]]) -> list[str]:
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
