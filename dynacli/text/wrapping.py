"""Text wrapped into lines of a given width."""

import re
from collections.abc import Iterable

from dynacli.text.terminal import cell_width, visible

__all__ = ["closed", "quoted", "quoted_lines", "quoted_within", "shortened", "word_or_quoted", "wrapped"]


def wrapped(text: str, width: int) -> list[str]:
    r"""Return a text as lines of at most `width` columns; `\n` breaks a line, and `\n\n` leaves an empty line."""
    lines: list[str] = []
    for part in text.strip().split("\n"):
        words = part.split()
        line = ""
        used = 0
        for word in words:
            size = cell_width(word)
            if line and used + 1 + size > width:
                lines.append(line)
                line, used = "", 0
            if size > width and not word.isascii():
                # Some languages put no spaces between words.
                *full, word = _cut(word, width)  # noqa: PLW2901 - the last piece begins the next line
                lines += full
                size = cell_width(word)
            line += f" {word}" if line else word
            used += size + (1 if used else 0)
        lines.append(line)
    return lines if text.strip() else []


def shortened(text: str, width: int) -> str:
    """Return a line cut to at most `width` columns; one that is cut ends in `...`."""
    if len(text) <= width // 2 or cell_width(text) <= width:
        return text
    return _cut(text, max(width - 3, 1))[0].rstrip() + "..."


def _cut(word: str, width: int) -> list[str]:
    pieces = [""]
    used = 0
    for character in word:
        size = cell_width(character)
        if used + size > width and pieces[-1]:
            pieces.append("")
            used = 0
        pieces[-1] += character
        used += size
    return pieces


_QUOTE = '"'


def quoted(text: str) -> str:
    """Return a text as one `visible` line in quotes; an empty one stays empty.

    Its own quotes get a backslash, and backslashes before a quote are doubled; others stay as they are, as in patterns.
    """
    if not text:
        return ""
    shown = visible(text, keep="")
    if _QUOTE in shown or shown[-1:] == "\\":
        shown = re.sub(r'(\\*)("|$)', lambda found: 2 * found[1] + ('\\"' if found[2] else ""), shown)
    return f"{_QUOTE}{shown}{_QUOTE}"


def quoted_within(text: str, width: int) -> str:
    """Return a text as `quoted` does, cut so that it takes at most so many columns with its quotes."""
    shown = shortened(visible(text, keep=""), width - 2)
    excess = cell_width(quoted(shown)) - width
    return quoted(shortened(shown, cell_width(shown) - excess) if excess > 0 else shown)


def quoted_lines(lines: Iterable[str]) -> list[str]:
    """Return lines, which are `visible`, each behind the mark of a quote."""
    return [f"> {line}".rstrip() for line in lines]


def word_or_quoted(text: str) -> str:
    """Return a name or a value: as it is where it is one word, else in quotes."""
    if text.split() == [text] and _QUOTE not in text:
        return visible(text, keep="")
    return quoted(text) or _QUOTE + _QUOTE


def closed(text: str) -> str:
    """Return a line that was cut, with the quote closed that it may have been cut in."""
    quotes = _QUOTE in text and re.findall(r'\\.|"', text).count(_QUOTE)
    return text + _QUOTE if quotes % 2 else text
