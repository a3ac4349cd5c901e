r"""Rows whose cells are separated: CSV (RFC 4180), and TSV with `\t`, `\n` and `\\` for what would break a row.

Cells that begin with `=`, `+`, `-` or `@` stay as they are, although a spreadsheet may take them for formulas: a
program that reads the rows gets what the API said.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from dynacli.output.formats.item_rows import Columns, cell_text

__all__ = ["separated_lines"]

_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def separated_lines(items: Iterable[Any], columns: Columns, *, is_csv: bool) -> Iterator[str]:
    """Yield the lines of CSV or TSV, the names of the columns first.

    Raises:
        FormError: The items make no table.
    """
    names, line = columns.names(), _csv_line if is_csv else _tsv_line
    if names:
        yield line(names)
        yield from map(line, columns.rows(items))


def _csv_line(row: Sequence[Any]) -> str:
    # `csv.writer` looks for the end of a line at each character, and takes twice as long.
    return (",".join(map(_csv_cell, row)) or '""') + "\r\n"  # an empty line is no row with an empty cell


def _csv_cell(value: Any) -> str:
    text = value if type(value) is str else cell_text(value)
    if '"' in text or "," in text or "\n" in text or "\r" in text:
        return '"' + text.replace('"', '""') + '"'
    return text


def _tsv_line(row: Sequence[Any]) -> str:
    return "\t".join(cell_text(value).translate(_ESCAPES) for value in row) + "\n"
