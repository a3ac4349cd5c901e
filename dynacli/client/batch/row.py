"""One row of a batch: a call to make, or what is wrong with it."""

from collections.abc import Mapping
from typing import Any

from dynacli.errors import DynacliError
from dynacli.record import record

__all__ = ["Row", "WrongRow", "row_place"]


@record
class Row:
    """A row that was read.

    Args:
        number: Its number, counted from 1; it is that of the file, also where only some rows are called.
        line: The line of the file that it begins in; 0 where it is from no file.
        operation: The operation that it calls, as it is named there.
        inputs: Input → value.
        name: The name by which later rows may use its answer; empty for none.
        are_words: Whether the values are texts that are read as words of the command line are.
        may_refer: Whether `{{NAME.PATH}}` in a text stands for a part of an earlier answer.
    """

    number: int
    line: int
    operation: str
    inputs: Mapping[str, Any]
    name: str = ""
    are_words: bool = False
    may_refer: bool = False


@record
class WrongRow:
    """A row that cannot be called.

    Args:
        number: As in `Row`.
        line: As in `Row`.
        error: What is wrong with it.
    """

    number: int
    line: int
    error: DynacliError


def row_place(row: Row | WrongRow) -> str:
    """Return what messages call a row: its number, and its line, which differs from it where there is a header."""
    return f"row {row.number}" + (f" (line {row.line})" if row.line not in {0, row.number} else "")
