"""Descriptions as plain blocks, which the compiler makes of Markdown, and their lines on a terminal of any width."""

from collections.abc import Sequence
from typing import Any

from dynacli.text.terminal import visible
from dynacli.text.wrapping import wrapped

__all__ = [
    "CODE",
    "GAP",
    "HEADING",
    "LONGEST_SENTENCE",
    "RULE",
    "TABLE",
    "Blocks",
    "block_text",
    "short_sentence",
]

Blocks = list[Any]
"""Blocks are JSON, so that a catalog holds them as they are. Each of them is one of these:

- a text is a paragraph, in which a line feed breaks the line;
- `GAP` is an empty line;
- `[HEADING, text]`, `[CODE, text]` and `[RULE]` are what they say;
- `[TABLE, rows]` has lists of as many cells each, the header first;
- any other list is an item or a quote: what stands in front of it, such as `-`, `1.` or `>`, and the blocks in it.
"""

GAP, HEADING, CODE, RULE, TABLE = "", "#", "```", "---", "|"

LONGEST_SENTENCE = 160
"""How many characters of a description's first sentence are kept."""

_NARROWEST = 20
_CODE_INDENT = " " * 4


def block_text(blocks: Sequence[Any], width: int) -> str:
    """Return blocks as plain text, wrapped, `visible`, without a line feed at its end.

    Args:
        width: How many columns a line may have; words and code that are longer stay whole.
    """
    return visible("\n".join(_lines(blocks, width)))


def _lines(blocks: Sequence[Any], width: int) -> list[str]:
    width = max(width, _NARROWEST)
    lines: list[str] = []
    for block in blocks:
        if isinstance(block, str):
            lines += wrapped(block, width) or [""]
            continue
        kind, *content = block
        if kind == HEADING:
            lines += wrapped(content[0], width)
        elif kind == CODE:
            lines += [(_CODE_INDENT + line).rstrip() for line in content[0].split("\n")]
        elif kind == RULE:
            lines.append("-" * min(width, 20))
        elif kind == TABLE:
            from dynacli.text.table_lines import table_lines

            lines += table_lines(content[0], width, wrapped)
        else:
            first = f"{kind} "
            hanging = first if kind == ">" else " " * len(first)
            inner = _lines(content, width - len(first)) or [""]
            lines += [((hanging if at else first) + line).rstrip() for at, line in enumerate(inner)]
    return lines


def short_sentence(sentence: str, limit: int) -> str:
    """Return a sentence as one `visible` line; a longer one is cut between words and ends in `...`.

    Args:
        limit: The most characters.
    """
    text = visible(sentence, keep="")
    if len(text) <= limit:
        return text
    cut = text[: max(limit - 3, 1)]
    if " " in cut[limit // 2 :]:
        cut = cut.rsplit(" ", 1)[0]
    return cut.rstrip(" ,;:.-") + "..."
