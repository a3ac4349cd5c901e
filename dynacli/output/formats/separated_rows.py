r"""Rows whose cells are separated: CSV (RFC 4180), and TSV with `\t`, `\n` and `\\` for what would break a row.

Cells that begin with `=`, `+`, `-` or `@` stay as they are, although a spreadsheet may take them for formulas: a
program that reads the rows gets what the API said.
"""

import csv
from collections.abc import Iterable, Iterator
from typing import Any

from dynacli.output.formats.item_rows import Columns, cell_text

__all__ = ["csv_lines", "tsv_lines"]

_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


class _Line:
    """A file for `csv.writer` that hands on what is written."""

    def write(self, line: str) -> str:
        """Return a line; the writer returns it again."""
        return line


def csv_lines(items: Iterable[Any], columns: Columns) -> Iterator[str]:
    """Yield the lines of CSV, the names of the columns first.

    Raises:
        FormError: The items make no table.
    """
    write = csv.writer(_Line()).writerow
    names = columns.names()
    if names:
        yield str(write(names))
    for row in columns.rows(items) if names else ():
        yield str(write(map(cell_text, row)))


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
