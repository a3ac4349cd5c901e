"""The entries of a HAR file of any size: one after the other is in memory.

The fastest library that reads JSON piece by piece, ijson 3.6, ends the whole process at a deeply nested value.
"""

import codecs
import json
import re
from collections.abc import Iterator
from typing import Any, Protocol

__all__ = ["Readable", "har_entries"]

_PIECE = 256 * 1024
_SEPARATORS = " \t\r\n,"
_LONGEST_WORD = 12
"""Characters of the longest word or escape that may be cut in two: `\\ud83d\\ude00`."""
_TOKEN = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|["{}\[\]]', re.DOTALL)
"""A string, or the beginning of one that is not all there yet, or a bracket."""


class Readable(Protocol):
    """What can be read piece by piece."""

    def read(self, size: int, /) -> bytes | None:
        """Return at most so many bytes; none at the end."""


def har_entries(file: Readable) -> Iterator[Any]:
    """Yield the items of `log.entries`; what stands behind them is not looked at.

    Raises:
        UnicodeDecodeError: The file is no text.
        ValueError: The file is not JSON, or not all of it is there.
        RecursionError: An entry is nested too deeply.
        OSError: The file cannot be read.
    """
    text = _Text(file)
    if not _skip_to_entries(text):
        return
    decode = json.JSONDecoder().raw_decode
    while True:
        text.rest = text.rest.lstrip(_SEPARATORS)
        if text.rest.startswith("]"):
            return
        try:
            entry, end = decode(text.rest)
        except json.JSONDecodeError as error:
            is_cut = error.pos >= len(text.rest) - _LONGEST_WORD or error.msg.startswith("Unterminated")
            if not is_cut or not text.read_more():
                raise
            continue
        yield entry
        text.skip(end)


class _Text:
    """A file as text, of which the part is in memory that is not done with."""

    def __init__(self, file: Readable) -> None:
        self._file = file
        self._decode = codecs.getincrementaldecoder("utf-8-sig")().decode
        self.rest = ""

    def read_more(self) -> bool:
        """Read on, and return whether there was more.

        What is begun is looked at again, so pieces grow with it: it is not looked at more than twice on average.
        """
        piece = self._file.read(max(_PIECE, len(self.rest)))
        self.rest += self._decode(piece or b"", final=not piece)
        return bool(piece)

    def skip(self, end: int) -> None:
        self.rest = self.rest[end:]


def _skip_to_entries(text: _Text) -> bool:
    """Read up to the bracket that opens `log.entries`, and return whether there is one."""
    depth, names, is_log = 0, ["", "", ""], False
    while text.read_more():
        text.rest = text.rest if depth else text.rest.lstrip()
        if depth == 0 and text.rest and not text.rest.startswith("{"):
            raise ValueError("no object")
        end = 0
        for match in _TOKEN.finditer(text.rest):
            word = match[0]
            if word == '"':
                break  # a string that is not all there
            end = match.end()
            if word in "{[":
                if depth == 1:
                    is_log = word == "{" and names[1] == '"log"'
                elif depth == 2 and is_log and word == "[" and names[2] == '"entries"':
                    text.skip(end)
                    return True
                depth += 1
            elif word in "}]":
                depth -= 1
            elif depth < len(names):
                names[depth] = word
        text.skip(end)
    if depth:
        raise ValueError("it ends too early")
    return False
