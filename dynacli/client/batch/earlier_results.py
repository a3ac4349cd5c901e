"""The result of an earlier run of a batch: which rows went well, and what was answered to them."""

import os
from array import array
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import IO

from dynacli.client.batch.row_result import RowResult, read_result
from dynacli.environment import invocation
from dynacli.errors import FileError, UsageError

__all__ = ["EarlierResults", "open_earlier_results"]


class EarlierResults:
    """The rows that went well, of a result in NDJSON; of each it keeps the place in the file alone.

    Args:
        file: The result.
        name: Of the file, for messages.

    Raises:
        UsageError: A line of it is no result; the last one may be cut.
        OSError: It cannot be read.
    """

    def __init__(self, file: IO[bytes], name: str) -> None:
        self._file = file
        self._places = array("Q")  # row → the place of its line, plus one
        number = place = 0
        while line := file.readline():
            number += 1
            result = read_result(line) if line.strip() else None
            if result is None and line.strip() and line.endswith(b"\n"):
                raise UsageError(
                    f"Line {number} of `{name}` is no result of a batch",
                    hint=f"Give `--resume` what `{invocation('batch')}` wrote as NDJSON",
                )
            if result is not None and result.exit_code == 0:
                if result.row > 100_000_000:
                    raise UsageError(
                        f"Line {number} of `{name}` is about row {result.row}, of which there is none"
                    )
                self._places.extend([0] * (result.row + 1 - len(self._places)))
                self._places[result.row] = place + 1
            place += len(line)

    def __contains__(self, row: object) -> bool:
        """Return whether a row went well."""
        return isinstance(row, int) and row < len(self._places) and self._places[row] > 0

    def __getitem__(self, row: int) -> RowResult:
        """Return the result of a row that went well."""
        self._file.seek(self._places[row] - 1)
        result = read_result(self._file.readline())
        if result is None or result.row != row:
            raise FileError("The earlier result was changed while it was read", hint="Start again")
        return result


@contextmanager
def open_earlier_results(path: str) -> Iterator[EarlierResults]:
    """Open the result of an earlier run.

    Raises:
        FileError: It cannot be read.
        UsageError: It is no result.
    """
    with ExitStack() as stack:
        try:
            results = EarlierResults(stack.enter_context(open(os.path.expanduser(path), "rb")), path)
        except (OSError, ValueError) as error:
            why = getattr(error, "strerror", None) or "it is no file name"
            raise FileError(f"The earlier result `{path}` cannot be read", why=why) from error
        yield results
