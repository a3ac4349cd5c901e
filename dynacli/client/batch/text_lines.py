"""The lines of a file of rows as text: UTF-8, with or without a byte order mark, and of a bounded length."""

from typing import IO

from dynacli.errors import UsageError

__all__ = ["LineError", "line_text", "read_line"]

_MIB = 1024 * 1024
_LONGEST = 64 * _MIB


class LineError(UsageError):
    """A line that is no text."""


def read_line(file: IO[bytes]) -> bytes:
    """Return the next line with its end; empty at the end of the file.

    Raises:
        UsageError: The line is too long to be a row.
        OSError: The file cannot be read.
    """
    line = file.readline(_LONGEST + 1)
    if len(line) > _LONGEST:
        while line and not line.endswith(b"\n"):
            line = file.readline(_LONGEST)
        raise LineError(f"A line is longer than {_LONGEST // _MIB} MiB", hint="A row is one call")
    return line


def line_text(line: bytes, number: int) -> str:
    """Return the text of a line.

    Args:
        number: That of the line, counted from 1.

    Raises:
        UsageError: The line is not UTF-8.
    """
    try:
        return line.decode("utf-8-sig" if number == 1 else "utf-8")
    except UnicodeDecodeError as error:
        raise LineError(
            "The line is not UTF-8",
            why=f"Byte {error.start + 1} of it is 0x{error.object[error.start]:02x}",
            hint="Convert the file first, for example: `iconv -f WINDOWS-1252 -t UTF-8`",
        ) from None
