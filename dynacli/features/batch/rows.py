r"""The rows of a batch: NDJSON or CSV (RFC 4180), read from a file as often as needed and never held in memory.

A row is a call to make, or an error. A placeholder in the inputs of a row is `{{NAME.PATH}}`: a part of the response of
an earlier row with that name.

PATH is a dotted path (`items.0.id`) or a JMESPath expression. If a placeholder is the whole string, the part replaces
it with its type. In a longer string, the part is inserted as text. A backslash (`\{{`) makes it plain text.
"""

from __future__ import annotations

import csv
import json
import os
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import IO, TYPE_CHECKING, Any

from dynacli.environment import Environment, invocation
from dynacli.errors import DynacliError, FileError, FormatError, UsageError
from dynacli.openapi.catalog.catalog_file import DamagedCatalogError
from dynacli.openapi.model.wording import counted
from dynacli.record import record
from dynacli.text.json_budget import read_limited

if TYPE_CHECKING:
    from dynacli.http.payload import Readable

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_PLACEHOLDER = re.compile(r"(\\?)\{\{\s*(.+?)\s*\}\}(?!\})", re.DOTALL)
_PATH = re.compile(r"(?:\.[\w-]+|\[\d+\])*")
_STEP = re.compile(r"[\w-]+")
_HINT = r"Write `{{NAME.PATH}}` with the name of an earlier row, or `\{{` for plain text"
_HEAD = 4096
_OF_CSV = {".csv": "", ".tsv": "\t"}
_OF_NDJSON = frozenset((".ndjson", ".jsonl", ".json"))
_MIB = 1024 * 1024
_LONGEST = 64 * _MIB
_OWN_KEYS = ("operation", "inputs", "as")
_EXAMPLE = '{"operation": "get-pet", "inputs": {"pet-id": 7}}'
_QUOTES = "Put a cell with the separator, a quote or a line break in quotes, and double the quotes in it"


@record
class Row:
    """A row that was read.

    Args:
        number: Its number in the file, counted from 1, even if only some rows are called.
        line: Its first line in the file; 0 if it is not from a file.
        operation: The operation that it calls, as it is named there.
        inputs: Input → value.
        name: The name by which later rows may use its response; empty for none.
        are_words: Whether the values are strings that are parsed like arguments of the command line.
        may_refer: Whether `{{NAME.PATH}}` in a string is a placeholder.
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
        error: The reason.
    """

    number: int
    line: int
    error: DynacliError


def row_place(row: Row | WrongRow) -> str:
    """Return the name of a row in messages: its number, and its line if the two differ."""
    return f"row {row.number}" + (f" (line {row.line})" if row.line not in {0, row.number} else "")


@record
class Placeholder:
    """A placeholder in the inputs of a row, for a part of an earlier response.

    Args:
        name: Name of the row with the response.
        path: The rest of the placeholder, after the name.
    """

    name: str
    path: str

    def __str__(self) -> str:
        """Return the placeholder as messages show it."""
        return f"`{{{{{self.name}{self.path[:60]}}}}}`"

    def find(self, response: Any) -> Any:
        """Return the part of a response.

        Raises:
            UsageError: The response has no such part.
        """
        if _PATH.fullmatch(self.path):
            for step in _STEP.findall(self.path):
                response = self._child(response, step)
            return response
        from dynacli.text.filter_value import filtered

        try:
            found = filtered({self.name: response}, f"{self.name}{self.path}")
        except FormatError as error:
            raise UsageError(f"{self} fails on the response", reason=error.reason) from None
        if found is None:
            raise self._missing("the expression finds nothing in it")
        return found

    def _child(self, response: Any, step: str) -> Any:
        if isinstance(response, Mapping) and step in response:
            return response[step]
        if isinstance(response, list) and step.isdecimal() and int(step[:9]) < len(response):
            return response[int(step[:9])]
        keys = ", ".join(f"`{key}`" for key in [*response][:8]) if isinstance(response, Mapping) else ""
        raise self._missing(f"there is no `{step[:60]}`" + (f" beside {keys}" if keys else " in it"))

    def _missing(self, reason: str) -> UsageError:
        return UsageError(f"The response has nothing for {self}", reason=reason)


def _parsed(text: str) -> Placeholder:
    """Parse the text between the braces of a placeholder.

    Raises:
        UsageError: The text is not a placeholder.
    """
    name = _NAME.match(text)
    if name is None:
        raise UsageError(f"`{{{{{text[:60]}}}}}` is not a placeholder", hint=_HINT)
    found = Placeholder(name[0], text[name.end() :].rstrip())
    if _PATH.fullmatch(found.path):
        return found
    from dynacli.text.filter_value import check_filter

    try:
        check_filter(text)
    except UsageError as error:
        raise UsageError(f"{found} is neither a path nor JMESPath", reason=error.reason, hint=_HINT) from None
    return found


def placeholders_in(value: Any) -> Iterator[Placeholder]:
    """Yield the placeholders in a JSON value.

    Raises:
        UsageError: A placeholder is malformed.
    """
    if isinstance(value, str):
        for slash, text in _PLACEHOLDER.findall(value) if "{{" in value else ():
            if not slash:
                yield _parsed(text)
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from placeholders_in(item)
    elif isinstance(value, list):
        for item in value:
            yield from placeholders_in(item)


def fill_placeholders(value: Any, response_of: Callable[[str], Any]) -> Any:
    """Return a JSON value in which parts of responses replace the placeholders.

    Args:
        response_of: Function from the name of a row to its response.

    Raises:
        UsageError: A response has no such part.
    """
    if isinstance(value, str):
        if "{{" not in value:
            return value
        whole = _PLACEHOLDER.fullmatch(value)
        if whole is not None and not whole[1] and len(_PLACEHOLDER.findall(value)) == 1:
            return _response_part(whole[2], response_of)
        return _PLACEHOLDER.sub(lambda found: _placeholder_text(found, response_of), value)
    if isinstance(value, Mapping):
        return {key: fill_placeholders(item, response_of) for key, item in value.items()}
    if isinstance(value, list):
        return [fill_placeholders(item, response_of) for item in value]
    return value


def _response_part(text: str, response_of: Callable[[str], Any]) -> Any:
    placeholder = _parsed(text)
    return placeholder.find(response_of(placeholder.name))


def _placeholder_text(found: re.Match[str], response_of: Callable[[str], Any]) -> str:
    if found[1]:
        return found[0][1:]
    part = _response_part(found[2], response_of)
    return part if isinstance(part, str) else json.dumps(part, ensure_ascii=False, separators=(",", ":"))


@record
class RowFile:
    """A file of rows.

    Args:
        file: The open file, which must be seekable.
        name: Its path, as the command line names it.
        is_csv: Whether it is CSV; otherwise it is NDJSON.
        delimiter: Delimiter of CSV; empty if the header shows it.
    """

    file: IO[bytes]
    name: str
    is_csv: bool
    delimiter: str = ""

    def columns(self) -> tuple[str, ...]:
        """Return the names of the columns of CSV; empty for NDJSON.

        Raises:
            UsageError: The header is missing, or the name of a column is empty or not unique.
        """
        self.file.seek(0)
        return _csv_columns(self.file, self.delimiter) if self.is_csv else ()

    def rows(self, operation: str) -> Iterator[Row | WrongRow]:
        """Yield all rows.

        Args:
            operation: The operation of all rows; empty if each row names one.

        Raises:
            UsageError: The header of CSV is invalid.
            FileError: The file cannot be read.
        """
        self.file.seek(0)
        try:
            if self.is_csv:
                yield from _csv_rows(self.file, operation, self.delimiter)
            else:
                yield from _ndjson_rows(self.file, operation)
        except OSError as error:
            raise _unreadable_file(self.name, error.strerror or "it broke off") from error


@contextmanager
def open_row_file(env: Environment, word: str) -> Iterator[RowFile]:
    """Open a file of rows; copy a stream that can be read only once into a temporary file.

    Args:
        word: The path of the file, or `-` for standard input.

    Raises:
        FileError: The file cannot be read.
        UsageError: The file is in UTF-16 or is a JSON array, or standard input is a terminal.
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
                reason = getattr(error, "strerror", None) or "it is not a file name"
                raise _unreadable_file(word, reason) from error
            if not file.seekable():
                file = stack.enter_context(_kept(env, word, _copied(file, word)))
        yield _recognised(file, word)


def _recognised(file: IO[bytes], name: str) -> RowFile:
    """Return the file with its format, by its file extension, or else by its first character."""
    try:
        head = file.read(_HEAD)
    except OSError as error:
        raise _unreadable_file(name, error.strerror or "it cannot be read") from error
    if head[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        raise UsageError(
            f"`{name}` is not UTF-8",
            reason="It begins with the byte order mark of UTF-16",
            hint="Convert it first: `iconv -f UTF-16 -t UTF-8`",
        )
    ending = os.path.splitext(name)[1].lower()
    if ending in _OF_CSV:
        return RowFile(file, name, True, _OF_CSV[ending])
    first = head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
    if first == b"[":
        raise UsageError(
            f"`{name}` is a JSON array",
            reason="A batch reads NDJSON, an object in each line, or CSV",
            hint=f"Give each item a line: `jq -c '.[]' FILE | {invocation('batch')} ... -`",
        )
    return RowFile(file, name, first not in {b"{", b""} and ending not in _OF_NDJSON)


def _copied(stream: Readable, name: str) -> IO[bytes]:
    """Copy a stream into a temporary file without a name, which disappears when it is closed."""
    from dynacli.http.payload import StreamUpload

    with ExitStack() as stack:
        file = stack.enter_context(tempfile.TemporaryFile())
        for chunk in StreamUpload(stream, name).chunks():
            try:
                file.write(chunk)
                file.flush()
            except OSError as error:
                reason = error.strerror or "it cannot be written"
                raise FileError("The rows cannot be kept in a temporary file", reason=reason) from error
        stack.pop_all()
    return file


@contextmanager
def _kept(env: Environment, name: str, copy: IO[bytes]) -> Iterator[IO[bytes]]:
    """Rewind a copy, and close it at the end, unless dynacli starts again because the cache is damaged."""
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


def _unreadable_file(name: str, reason: str) -> FileError:
    return FileError(
        f"The file `{name}` cannot be read", reason=reason, hint="Check the path; `-` is standard input"
    )


class _LineError(UsageError):
    """A line that is not text."""


def _read_line(file: IO[bytes]) -> bytes:
    """Return the next line with its line break; empty at the end of the file.

    Raises:
        UsageError: The line is too long for a row.
        OSError: The file cannot be read.
    """
    line = file.readline(_LONGEST + 1)
    if len(line) > _LONGEST:
        while line and not line.endswith(b"\n"):
            line = file.readline(_LONGEST)
        raise _LineError(f"A line is longer than {_LONGEST // _MIB} MiB", hint="A row is one call")
    return line


def _line_text(line: bytes, number: int) -> str:
    """Return the text of a line.

    Args:
        number: Number of the line, counted from 1.

    Raises:
        UsageError: The line is not UTF-8.
    """
    try:
        return line.decode("utf-8-sig" if number == 1 else "utf-8")
    except UnicodeDecodeError as error:
        raise _LineError(
            "The line is not UTF-8",
            reason=f"Byte {error.start + 1} of it is 0x{error.object[error.start]:02x}",
            hint="Convert the file first, for example: `iconv -f WINDOWS-1252 -t UTF-8`",
        ) from None


def _ndjson_rows(file: IO[bytes], operation: str) -> Iterator[Row | WrongRow]:
    """Yield the rows of a file; skip blank lines.

    Args:
        operation: The operation of all rows; empty if each row names one.

    Raises:
        OSError: The file cannot be read.
    """
    number = line = 0
    while True:
        line += 1
        try:
            raw = _read_line(file)
        except _LineError as error:
            number += 1
            yield WrongRow(number, line, error)
            continue
        if not raw:
            return
        if not raw.strip():
            continue
        number += 1
        try:
            yield _row_of(_value_of_line(_line_text(raw, line)), operation, number, line)
        except UsageError as error:
            yield WrongRow(number, line, error)


def _value_of_line(text: str) -> Any:
    try:
        return read_limited(text, has_constants=False)
    except (ValueError, RecursionError) as error:
        place = f" at column {error.colno}" if isinstance(error, json.JSONDecodeError) else ""
        reason = error.msg if isinstance(error, json.JSONDecodeError) else "it is not a JSON value"
        raise UsageError("The line is not JSON", reason=f"{reason}{place}") from None


def rows_of(values: Iterable[Any], operation: str) -> Iterator[Row | WrongRow]:
    """Yield a row for each JSON value, as for the lines of a file."""
    for number, value in enumerate(values, 1):
        try:
            yield _row_of(value, operation, number)
        except UsageError as error:
            yield WrongRow(number, 0, error)


def _row_of(value: Any, operation: str, number: int, line: int = 0) -> Row:
    """Return the row for a JSON value.

    Raises:
        UsageError: The value is not a valid row.
    """
    if not isinstance(value, Mapping):
        raise UsageError("The row is not a JSON object", hint='Its members are inputs: `{"limit": 3}`')
    if operation:
        return Row(number, line, operation, value)
    own, inputs, name = value.get("operation"), value.get("inputs", {}), value.get("as", "")
    unknown = [key for key in value if key not in _OWN_KEYS]
    if not isinstance(own, str) or not own:
        raise UsageError(
            "The row names no operation",
            hint=f"Name one for all rows before the file, or in each row: `{_EXAMPLE}`",
        )
    if unknown:
        raise UsageError(
            f"`{str(unknown[0])[:60]}` is not a member of a row that names its operation",
            reason="Allowed are `operation`, `inputs` and `as`",
            hint=f"Put inputs into `inputs`: `{_EXAMPLE}`",
        )
    if not isinstance(inputs, Mapping):
        raise UsageError("`inputs` of the row is not a JSON object", hint=f"For example: `{_EXAMPLE}`")
    if not isinstance(name, str) or (name and not _NAME.fullmatch(name)):
        raise UsageError(
            "`as` of the row is not a name",
            hint="A name has letters, digits and `_`, and begins with no digit",
        )
    return Row(number, line, own, inputs, name, may_refer=True)


class _Lines:
    """The lines of a file for csv.reader, with their count and the first line."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self.number = file, 0
        self.first = ""

    def __iter__(self) -> Iterator[str]:
        while raw := _read_line(self._file):
            self.number += 1
            text = _line_text(raw, self.number)
            self.first = self.first or text
            yield text


def _csv_columns(file: IO[bytes], delimiter: str) -> tuple[str, ...]:
    """Return the names in the header of a file.

    Raises:
        UsageError: The header is missing, or the name of a column is empty or not unique.
    """
    return _header(_Lines(file), delimiter)[0]


def _csv_rows(file: IO[bytes], operation: str, delimiter: str) -> Iterator[Row | WrongRow]:
    """Yield the rows after the header of a file; stop after a row that has no end.

    Args:
        operation: The operation of all rows.
        delimiter: Delimiter of the cells; empty if the header shows it.

    Raises:
        UsageError: The header is invalid.
        OSError: The file cannot be read.
    """
    lines = _Lines(file)
    columns, reader = _header(lines, delimiter)
    number, line = 0, lines.number + 1
    while True:
        number += 1
        try:
            cells = next(reader, None)
        except (csv.Error, _LineError) as error:
            yield WrongRow(number, line, _wrong_row(error, lines.number, line))
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


def _header(lines: _Lines, delimiter: str) -> tuple[tuple[str, ...], Iterator[list[str]]]:
    """Return the columns, and an iterator over the cells of each row."""
    source = iter(lines)
    try:
        first = next(source, "")
        if not delimiter:
            delimiter = next((item for item in ",\t;" if item in first), ",")

        def texts() -> Iterator[str]:
            yield first
            yield from source

        reader = csv.reader(texts(), delimiter=delimiter, strict=True)
        columns = tuple(name.strip() for name in next(reader, []))
    except (csv.Error, _LineError) as error:
        raise _in_header(_wrong_row(error, lines.number, 1)) from None
    if not any(columns):
        raise UsageError("The CSV has no header", hint="Its first line names the inputs: `owner,title`")
    names: set[str] = set()
    for number, name in enumerate(columns, 1):
        if not name:
            raise UsageError(f"Column {number} of the CSV has no name", reason="The header is line 1")
        if name in names:
            raise UsageError(f"The CSV has two columns `{name[:60]}`", reason="The header is line 1")
        names.add(name)
    return columns, reader


def _in_header(error: UsageError) -> UsageError:
    return UsageError(
        f"The header of the CSV cannot be read: {error.message}", reason=error.reason, hint=error.hint
    )


def _wrong_row(error: Exception, number: int, begin: int) -> UsageError:
    """Return the error for a row that cannot be parsed."""
    if isinstance(error, _LineError):
        error.reason = f"Line {number}" + (f": {error.reason}" if error.reason else "")
        return error
    text = str(error)
    if "end of data" in text:
        return UsageError("A quote is opened and not closed", reason=f"It is in line {begin}", hint=_QUOTES)
    return UsageError(f"Line {number} is not CSV", reason=text, hint=_QUOTES)


def _misfit(found: int, wanted: int) -> UsageError:
    return UsageError(
        f"The row has {counted(found, 'cell')}, and the header {counted(wanted, 'column')}", hint=_QUOTES
    )
