r"""Rows whose cells are separated: CSV (RFC 4180), and TSV with `\t`, `\n` and `\\` for what would break a row.

Cells that begin with `=`, `+`, `-` or `@` stay as they are, although a spreadsheet may take them for formulas: a
program that reads the rows gets what the API said.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from dynacli.output.formats.item_rows import Columns, cell_text

__all__ = ["csv_lines", "tsv_lines"]

_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def csv_lines(items: Iterable[Any], columns: Columns) -> Iterator[str]:
    """Yield the lines of CSV, the names of the columns first.

    Raises:
        FormError: The items make no table.
    """
    names = columns.names()
    if names:
        yield _csv_line(names)
    for row in columns.rows(items) if names else ():
        yield _csv_line(row)


def _csv_line(row: Sequence[Any]) -> str:
    # `csv.writer` looks for the end of a line at each character, and takes twice as long.
    return (",".join(map(_csv_cell, row)) or '""') + "\r\n"  # an empty line is no row with an empty cell


def _csv_cell(value: Any) -> str:
    text = value if type(value) is str else cell_text(value)
    if '"' in text or "," in text or "\n" in text or "\r" in text:
        return '"' + text.replace('"', '""') + '"'
    return text


def tsv_lines(items: Iterable[Any], columns: Columns) -> Iterator[str]:
    """Yield the lines of TSV, the names of the columns first.

    Raises:
        FormError: The items make no table.
    """
    names = columns.names()
    if names:
        yield _joined(names)
    for row in columns.rows(items) if names else ():
        yield _joined(map(cell_text, row))


def _joined(cells: Iterable[str]) -> str:
    return "\t".join(cell.translate(_ESCAPES) for cell in cells) + "\n"
