"""Text for terminals: foreign text made safe, colour and width.

A terminal executes escape sequences (ECMA-48). In a response they could change the title of the window, fill the
clipboard or overwrite earlier lines. Invisible and reordering characters can disguise text. So all text from outside
passes through `visible` first.

Every `--help` imports this module, so it imports only modules that the interpreter has already loaded.
"""

from __future__ import annotations

import os
import re
from functools import cache
from typing import TextIO

from dynacli.environment import Environment

_SHORT = {"\n": "\\n", "\t": "\\t", "\r": "\\r"}

_NARROWEST, _USUAL, _WIDEST = 40, 80, 120
_BOLD, _DIM, _ITALIC = (1, 22), (2, 22), (3, 23)
_RED, _GREEN, _YELLOW, _CYAN = (31, 39), (32, 39), (33, 39), (36, 39)
_CODES = {"red": _RED, "green": _GREEN, "yellow": _YELLOW, "cyan": _CYAN}
_READING = frozenset(("GET", "HEAD", "OPTIONS", "QUERY", "TRACE"))
"""Methods that only read (RFC 9110, "Safe Methods")."""
_COLOURS_OF_STATUSES = {"2": "green", "3": "cyan", "4": "yellow", "5": "red"}
_PRINTABLE_AND_UNSEEN = frozenset(
    "\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u3164\uffa0"
    + "".join(map(chr, (*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))))
)
"""The characters of the pattern that are printable to Python."""


@cache
def unsafe() -> re.Pattern[str]:
    """Return the pattern of the characters to escape. It is compiled on first use, because that takes a millisecond."""
    # C0 except tab and line feed; DEL and C1; the soft hyphen; zero-width and bidi controls; line and paragraph
    # separators; invisible fillers and joiners; invisible operators; byte order mark; annotation marks; lone
    # surrogates; shorthand and music controls; variation selectors, except the two for emoji after an emoji; tags and
    # the rest of their plane (Unicode 16.0, "Default_Ignorable_Code_Point").
    return re.compile(
        "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e"
        "\u2060-\u206f\u3164\ud800-\udfff\ufe00-\ufe0d\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3"
        "\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
        "|(?<![#*0-9\xa9\xae\u203c-\u3299\U0001f000-\U0001faff])[\ufe0e\ufe0f]"
    )


def visible(text: str, *, keep: str = "\n\t") -> str:
    r"""Return the text with every character that could control a terminal or deceive readers as an escape.

    ESC becomes `\x1b`, a right-to-left override `\u202e`, and a tag character `\U000e0041`.

    Args:
        text: The text.
        keep: The control characters that stay unchanged.
    """
    if _is_plain(text):
        return text
    if not _is_plain(text.replace("\n", "").replace("\t", "")):
        text = unsafe().sub(lambda found: found[0] if found[0] in keep else _escape(found[0]), text)
    # The pattern does not include these two, because nearly every text has many of them.
    for kept_by_pattern in "\n\t":
        if kept_by_pattern not in keep:
            text = text.replace(kept_by_pattern, _SHORT[kept_by_pattern])
    return text


def _is_plain(text: str) -> bool:
    return text.isprintable() and (text.isascii() or _PRINTABLE_AND_UNSEEN.isdisjoint(text))


def visible_line(text: str) -> str:
    """Return the text on one `visible` line, with single spaces."""
    return visible(" ".join(text.split()), keep="")


def visible_painted(text: str) -> str:
    """Return the text made `visible`, except for the sequences of a `Painter`.

    If a caller forgets `visible`, foreign text can at most change colours.
    """
    if "\x1b" not in text:
        return visible(text)
    # `split` with a group returns plain text at even positions and the painter's sequences at odd ones.
    pieces = re.split("(\x1b\\[(?:1|2|22|3|23|3[1-9])m)", text)
    pieces[::2] = map(visible, pieces[::2])
    return "".join(pieces)


def _escape(character: str) -> str:
    if character in _SHORT:
        return _SHORT[character]
    code = ord(character)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


class Painter:
    """Colours text, or returns it unchanged if colour is disabled.

    Make foreign text `visible` before painting it: a painter does not remove its sequences.

    Args:
        enabled: Whether to add sequences (ECMA-48, SGR).
    """

    __slots__ = ("enabled",)

    def __init__(self, *, enabled: bool) -> None:
        self.enabled = enabled

    @classmethod
    def for_stdout(cls, env: Environment) -> Painter:
        """Return the painter for standard output, which paints only on a terminal that allows colour."""
        return cls(enabled=env.allows_colour and env.stdout_is_terminal)

    @classmethod
    def for_stderr(cls, env: Environment) -> Painter:
        """Return the painter for standard error, which paints only on a terminal that allows colour."""
        return cls(enabled=env.allows_colour and env.stderr_is_terminal)

    def bold(self, text: str) -> str:
        """Return the text in bold."""
        return self._paint(text, _BOLD)

    def dim(self, text: str) -> str:
        """Return the text dimmed. Only text that a reader may skip is dim."""
        return self._paint(text, _DIM)

    def italic(self, text: str) -> str:
        """Return the text in italics, which are reserved for texts of a document."""
        return self._paint(text, _ITALIC)

    def red(self, text: str) -> str:
        """Return the text in red: errors."""
        return self._paint(text, _RED)

    def green(self, text: str) -> str:
        """Return the text in green: strings, success."""
        return self._paint(text, _GREEN)

    def yellow(self, text: str) -> str:
        """Return the text in yellow: warnings, numbers."""
        return self._paint(text, _YELLOW)

    def cyan(self, text: str) -> str:
        """Return the text in cyan: names, keys."""
        return self._paint(text, _CYAN)

    # The roles. All screens use these, so that one colour has one meaning. They are readable on light and dark
    # backgrounds, because each terminal adjusts the eight ANSI colours to its background.

    def heading(self, text: str) -> str:
        """Return the heading of a section."""
        return self._paint(text, _BOLD, _GREEN)

    def command(self, text: str) -> str:
        """Return the name of a command, an operation or an option."""
        return self._paint(text, _BOLD, _CYAN)

    def placeholder(self, text: str) -> str:
        """Return a part of a command that the user replaces, such as `TEXT`."""
        return self._paint(text, _CYAN)

    def hint(self, text: str) -> str:
        """Return the label of a hint, or of a next step."""
        return self._paint(text, _CYAN)

    def method(self, text: str) -> str:
        """Return the method of a request in its colour (see `method_colour`)."""
        return self._paint(text, _CODES[method_colour(text)])

    def status(self, text: str) -> str:
        """Return a text that begins with the status of a response in its colour (see `status_colour`)."""
        colour = status_colour(text)
        return self._paint(text, _CODES[colour]) if colour else text

    def usage(self, text: str) -> str:
        """Return a usage such as `--limit INTEGER`: words of the roles `command` and `placeholder`."""
        return re.sub(r"\{[^}]*\}|[^ ,]+", self._usage_word, text) if self.enabled else text

    def _usage_word(self, found: re.Match[str]) -> str:
        word = found[0]
        is_placeholder = word[0] in "{[@." or (word[0] != "-" and (word.isupper() or "|" in word))
        return self.placeholder(word) if is_placeholder else self.command(word)

    def _paint(self, text: str, *codes: tuple[int, int]) -> str:
        # Each style ends with its own "off" code, not with a general reset, so that styles can be nested.
        if self.enabled and text:
            for on, off in codes:
                text = f"\x1b[{on}m{text}\x1b[{off}m"
        return text


def method_colour(method: str) -> str:
    """Return the name of the ANSI colour of a method: reading is green, deleting red, any other change yellow."""
    upper = method.strip().upper()
    return "green" if upper in _READING else "red" if upper == "DELETE" else "yellow"


def status_colour(status: str | int) -> str:
    """Return the name of the ANSI colour of a status such as `404` or `4XX`; empty if it has none.

    Success is green, a redirect cyan, an error of the client yellow, and an error of the server red.
    """
    return _COLOURS_OF_STATUSES.get(str(status)[:1], "")


def terminal_width(env: Environment, stream: TextIO, *, widest: int = _WIDEST) -> int:
    """Return the width for text on a stream: at least 40 columns and at most `widest`.

    `COLUMNS` takes precedence over the size of the terminal. Without both, the width is 80.
    """
    columns = env.variables.get("COLUMNS", "")
    width = int(columns) if columns.isascii() and columns.isdigit() and len(columns) < 6 else 0
    if not width:
        try:
            width = os.get_terminal_size(stream.fileno()).columns
        except (OSError, ValueError, AttributeError):  # no terminal, a closed stream, or no descriptor
            width = 0
    return min(max(width, _NARROWEST), widest) if width else _USUAL


def terminal_height(env: Environment, stream: TextIO) -> int:
    """Return the number of lines of the terminal of a stream; 0 if it is not a terminal.

    `LINES` takes precedence over the size of the terminal.
    """
    try:
        if not stream.isatty():
            return 0
        lines = env.variables.get("LINES", "")
        if lines.isascii() and lines.isdigit() and len(lines) < 6:
            return int(lines)
        return os.get_terminal_size(stream.fileno()).lines
    except (OSError, ValueError, AttributeError):  # a closed stream, or no descriptor
        return 0


def cell_width(text: str) -> int:
    """Return the number of terminal columns of a text (Unicode Standard Annex 11)."""
    if text.isascii():
        return len(text)
    from unicodedata import combining, east_asian_width

    return sum(0 if combining(c) else 2 if east_asian_width(c) in "WF" else 1 for c in text)
