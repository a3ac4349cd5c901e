"""Text wrapped into lines of a given width."""

from dynacli.text.terminal import cell_width

__all__ = ["shortened", "wrapped"]


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
