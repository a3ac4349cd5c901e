"""Words filled into lines of a width."""

from dynacli.text.terminal import cell_width

__all__ = ["wrapped"]


def wrapped(text: str, width: int) -> list[str]:
    r"""Return the lines of a text, words filled up to a width; `\n` breaks a line, two leave one empty."""
    lines: list[str] = []
    for part in text.strip().split("\n"):
        words = part.split()
        line = ""
        taken = 0
        for word in words:
            size = cell_width(word)
            if line and taken + 1 + size > width:
                lines.append(line)
                line, taken = "", 0
            if size > width and not word.isascii():
                # Languages that do not put spaces between words.
                *full, word = _cut(word, width)  # noqa: PLW2901 - the rest is what goes on
                lines += full
                size = cell_width(word)
            line += f" {word}" if line else word
            taken += size + (1 if taken else 0)
        lines.append(line)
    return lines if text.strip() else []


def _cut(word: str, width: int) -> list[str]:
    pieces = [""]
    taken = 0
    for character in word:
        size = cell_width(character)
        if taken + size > width and pieces[-1]:
            pieces.append("")
            taken = 0
        pieces[-1] += character
        taken += size
    return pieces
