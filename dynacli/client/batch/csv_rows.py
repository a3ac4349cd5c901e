"""Rows of CSV (RFC 4180): a header names the inputs, and each cell is a word; an empty one is not given."""

import csv
from collections.abc import Iterator
from typing import IO

from dynacli.client.batch.row import Row, WrongRow
from dynacli.client.batch.text_lines import LineError, line_text, read_line
from dynacli.errors import UsageError
from dynacli.model.wording import counted

__all__ = ["csv_columns", "csv_rows"]

_QUOTES = (
    "A cell that holds the separator, a quote or a line break stands in quotes, with quotes in it doubled"
)


class _Lines:
    """The lines of a file as csv.reader takes them, and what was wrong with the one that ended them."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self.number = file, 0
        self.first = ""

    def __iter__(self) -> Iterator[str]:
        while raw := read_line(self._file):
            self.number += 1
            text = line_text(raw, self.number)
            self.first = self.first or text
            yield text


def csv_columns(file: IO[bytes], delimiter: str) -> tuple[str, ...]:
    """Return the names in the header of a file.

    Raises:
        UsageError: There is no header, or a column has no name, or that of another one.
    """
    return _header(_Lines(file), delimiter)[0]


def csv_rows(file: IO[bytes], operation: str, delimiter: str) -> Iterator[Row | WrongRow]:
    """Yield the rows behind the header of a file; a row whose end cannot be told is the last one.

    Args:
        operation: The operation that all rows call.
        delimiter: What stands between two cells; empty where the header tells.

    Raises:
        UsageError: The header is wrong.
        OSError: The file cannot be read.
    """
    lines = _Lines(file)
    columns, reader = _header(lines, delimiter)
    number, line = 0, lines.number + 1
    while True:
        number += 1
        try:
            cells = next(reader, None)
        except (csv.Error, LineError) as error:
            yield WrongRow(number, line, _unreadable(error, lines.number, line))
            return
        if cells is None:
            return
        if not cells:
            number -= 1  # an empty line
        elif len(cells) != len(columns):
            yield WrongRow(number, line, _misfit(len(cells), len(columns)))
        else:
            inputs = {column: cell for column, cell in zip(columns, cells, strict=True) if cell}
            yield Row(number, line, operation, inputs, are_words=True)
        line = lines.number + 1


def _header(lines: _Lines, delimiter: str) -> "tuple[tuple[str, ...], Iterator[list[str]]]":
    """Return the columns, and what reads the cells of the rows."""
    source = iter(lines)
    try:
        first = next(source, "")
        if not delimiter:
            delimiter = next((each for each in ",\t;" if each in first), ",")

        def texts() -> Iterator[str]:
            yield first
            yield from source

        reader = csv.reader(texts(), delimiter=delimiter, strict=True)
        columns = tuple(name.strip() for name in next(reader, []))
    except (csv.Error, LineError) as error:
        raise _in_header(_unreadable(error, lines.number, 1)) from None
    if not any(columns):
        raise UsageError("The CSV has no header", hint="Its first line names the inputs: `owner,title`")
    for index, name in enumerate(columns):
        if not name:
            raise UsageError(f"Column {index + 1} of the CSV has no name", why="The header is line 1")
        if name in columns[:index]:
            raise UsageError(f"The CSV has two columns `{name[:60]}`", why="The header is line 1")
    return columns, reader


def _in_header(error: UsageError) -> UsageError:
    return UsageError(
        f"The header of the CSV cannot be read: {error.message}", why=error.why, hint=error.hint
    )


def _unreadable(error: Exception, number: int, begin: int) -> UsageError:
    """Return the error for a row that cannot be told from the next one."""
    if isinstance(error, LineError):
        error.why = f"Line {number}" + (f": {error.why}" if error.why else "")
        return error
    text = str(error)
    if "end of data" in text:
        return UsageError("A quote is opened and not closed", why=f"It is in line {begin}", hint=_QUOTES)
    return UsageError(f"Line {number} is no CSV", why=text, hint=_QUOTES)


def _misfit(found: int, wanted: int) -> UsageError:
    return UsageError(
        f"The row has {counted(found, 'cell')}, and the header {counted(wanted, 'column')}", hint=_QUOTES
    )
