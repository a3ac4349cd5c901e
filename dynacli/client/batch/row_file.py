"""A file of rows, NDJSON or CSV, that is read as often as it is needed and never held in memory."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import IO, TYPE_CHECKING

from dynacli.catalog.store.catalog_file import DamagedCatalogError
from dynacli.client.batch.csv_rows import csv_columns, csv_rows
from dynacli.client.batch.ndjson_rows import ndjson_rows
from dynacli.client.batch.row import Row, WrongRow
from dynacli.environment import Environment, invocation
from dynacli.errors import FileError, UsageError
from dynacli.record import record

if TYPE_CHECKING:
    from dynacli.transport.upload import Readable

__all__ = ["RowFile", "open_row_file"]

_HEAD = 4096
_OF_CSV = {".csv": "", ".tsv": "\t"}
_OF_NDJSON = frozenset((".ndjson", ".jsonl", ".json"))


@record
class RowFile:
    """A file of rows.

    Args:
        file: It can be read again from its beginning.
        name: As the person named it.
        is_csv: Whether it is CSV, else NDJSON.
        delimiter: What stands between two cells of CSV; empty where the header tells.
    """

    file: IO[bytes]
    name: str
    is_csv: bool
    delimiter: str = ""

    def columns(self) -> tuple[str, ...]:
        """Return the columns of CSV, as its header names them; none of NDJSON.

        Raises:
            UsageError: There is no header, or a column of it has no name, or that of another one.
        """
        self.file.seek(0)
        return csv_columns(self.file, self.delimiter) if self.is_csv else ()

    def rows(self, operation: str) -> Iterator[Row | WrongRow]:
        """Yield the rows from the first one on.

        Args:
            operation: The operation that all rows call; empty where each names its own.

        Raises:
            UsageError: The header of CSV is wrong.
            FileError: The file cannot be read.
        """
        self.file.seek(0)
        try:
            if self.is_csv:
                yield from csv_rows(self.file, operation, self.delimiter)
            else:
                yield from ndjson_rows(self.file, operation)
        except OSError as error:
            raise _unreadable(self.name, error.strerror or "it broke off") from error


@contextmanager
def open_row_file(env: Environment, word: str) -> Iterator[RowFile]:
    """Open a file of rows; what can be read only once is copied into a temporary file first.

    Args:
        word: The path of the file, or `-` for standard input.

    Raises:
        FileError: The file cannot be read.
        UsageError: It is neither NDJSON nor CSV in UTF-8, or standard input is a terminal.
    """
    with ExitStack() as stack:
        if word in env.copies:
            file = stack.enter_context(_kept(env, word, env.copies.pop(word)))
        elif word == "-":
            if env.stdin_is_terminal:
                raise UsageError("The rows come from standard input, and nothing is piped into it")
            copy = _copied(env.open_stdin("the rows of a batch"), word)
            file = stack.enter_context(_kept(env, word, copy))
        else:
            try:
                file = stack.enter_context(open(os.path.expanduser(word), "rb"))
            except (OSError, ValueError) as error:
                why = getattr(error, "strerror", None) or "it is no file name"
                raise _unreadable(word, why) from error
            if not file.seekable():
                file = stack.enter_context(_kept(env, word, _copied(file, word)))
        yield _recognised(file, word)


def _recognised(file: IO[bytes], name: str) -> RowFile:
    """Return the file with its format: by the ending of its name, else by its first character."""
    try:
        head = file.read(_HEAD)
    except OSError as error:
        raise _unreadable(name, error.strerror or "it cannot be read") from error
    if head[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        raise UsageError(
            f"`{name}` is not UTF-8",
            why="It begins with the byte order mark of UTF-16",
            hint="Convert it first: `iconv -f UTF-16 -t UTF-8`",
        )
    ending = os.path.splitext(name)[1].lower()
    if ending in _OF_CSV:
        return RowFile(file, name, True, _OF_CSV[ending])
    first = head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
    if first == b"[":
        raise UsageError(
            f"`{name}` is a JSON array",
            why="A batch reads NDJSON, an object in each line, or CSV",
            hint=f"Give each item a line: `jq -c '.[]' FILE | {invocation('batch')} ... -`",
        )
    return RowFile(file, name, first not in {b"{", b""} and ending not in _OF_NDJSON)


def _copied(stream: "Readable", name: str) -> IO[bytes]:
    """Copy a stream into a temporary file without a name, which is gone when it is closed."""
    from dynacli.transport.upload import StreamUpload

    with ExitStack() as stack:
        file = stack.enter_context(tempfile.TemporaryFile())
        for chunk in StreamUpload(stream, name).chunks():
            try:
                file.write(chunk)
                file.flush()
            except OSError as error:
                why = error.strerror or "it cannot be written"
                raise FileError("The rows cannot be kept in a temporary file", why=why) from error
        stack.pop_all()
    return file


@contextmanager
def _kept(env: Environment, name: str, copy: IO[bytes]) -> Iterator[IO[bytes]]:
    """Enter with a copy at its beginning, and close it, unless the run begins anew with a new catalog."""
    try:
        copy.seek(0)
        yield copy
    except DamagedCatalogError:
        env.copies[name] = copy
        raise
    except BaseException:
        copy.close()
        raise
    copy.close()


def _unreadable(name: str, why: str) -> FileError:
    return FileError(
        f"The file `{name}` cannot be read", why=why, hint="Check the path; `-` is standard input"
    )
