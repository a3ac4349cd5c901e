"""What a document says, marked as its own words, so that neither a person nor an agent takes them for dynacli's.

Within a line they stand in quotes, and on lines of their own behind `>`. A name or a value of one word stays as it is.
"""

import re
from collections.abc import Iterable

from dynacli.text.terminal import cell_width, visible
from dynacli.text.wrapping import shortened

__all__ = ["closed", "quoted", "quoted_lines", "quoted_within", "word_or_quoted"]

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
