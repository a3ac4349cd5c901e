"""Descriptions of OpenAPI documents, which are CommonMark (OpenAPI 3.1, "Rich Text Formatting"), as plain blocks.

In practice they are GitHub's flavour, with HTML. markdown-it-py reads them: it follows CommonMark to the letter,
says on which line each block stands, and bounds how deep blocks nest. Its import takes longer than a help page may:
the compiler imports this module, and of the runs only those that show what is not compiled; and it takes a tenth of
the time in which a small document is compiled, whose descriptions are often plain.
"""

import re
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from dynacli.text.block_builder import BlockBuilder
from dynacli.text.text_blocks import (
    CODE,
    GAP,
    HEADING,
    LONGEST_SENTENCE,
    RULE,
    TABLE,
    Blocks,
    block_text,
    short_sentence,
)

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

__all__ = ["blocks_of", "first_sentence", "to_text"]

_LONGEST = 50_000
"""Characters of a description that is read as Markdown; a long one of a real document has a third of that."""
_MOST_BRACKETS = 2000
"""Of each of which markdown-it may look for the partner up to the end of the text."""
_MOST_OF_SENTENCE = 4000
_DEEPEST = 40
"""Levels of blocks, of which an item takes two; what nests deeper than that, markdown-it leaves out."""

# Paragraphs whose lines begin with a letter and have nothing that Markdown gives a meaning, except code. Half of the
# descriptions that are no plain sentence are like that, and reading them as Markdown would change nothing.
_LINE = (
    r"[^\W\d_](?:[^\\`*_~\[\]<>&|\n\r\t\0]|(?<=\w)_(?=\w)"
    r"|(?<!`)`[^`\s\0](?:[^`\n\r\t\0]*[^`\s\0])?`(?!`))*+(?<! )"
)
_SIMPLE = re.compile(rf"{_LINE}(?:\n+{_LINE})*+\n*")
# GitHub's alerts: `> [!NOTE]` and the text on the lines below.
_ALERT = re.compile(r"\[!([A-Za-z]+)\]")
_NO_PROSE = frozenset((HEADING, CODE, RULE, TABLE))
_ABBREVIATIONS = ("e.g.", "i.e.", "etc.", "vs.", "cf.", "approx.", "incl.", "no.", "resp.", "max.", "min.")


def to_text(markdown: str, width: int) -> str:
    """Return a description as the text of its blocks.

    Args:
        width: How many columns a line may have.
    """
    return block_text(blocks_of(markdown), width)


def blocks_of(markdown: str, *, has_urls: bool = True) -> Blocks:
    """Return the blocks of a description: emphasis is dropped, links become `text (URL)`, code stays in backticks.

    HTML that shapes the text is translated, other HTML is dropped, and words in angle brackets that are no HTML stay.
    Of what is too long or too deep for Markdown, the paragraphs stay as they stand.

    Args:
        has_urls: Whether links show their URL.
    """
    is_too_much = len(markdown) > _LONGEST or markdown.count("[") > _MOST_BRACKETS
    if not markdown or is_too_much or _SIMPLE.fullmatch(markdown):
        return _as_it_stands(markdown)
    try:
        tokens = _parser().parse(markdown)
    except (
        LookupError,
        ValueError,
        RecursionError,
    ):  # a defect there costs a description its form, and no more
        return _as_it_stands(markdown)
    if any(token.level >= _DEEPEST - 2 for token in tokens):
        return _as_it_stands(markdown)
    return _Reading(markdown, has_urls=has_urls).blocks(tokens)


def _as_it_stands(markdown: str) -> Blocks:
    paragraphs = [" ".join(part.split()) for part in re.split(r"\n[ \t\r]*\n", markdown)]
    blocks = [block for paragraph in paragraphs if paragraph for block in (paragraph, GAP)]
    return blocks[:-1]


@cache
def _parser() -> "MarkdownIt":
    from markdown_it import MarkdownIt

    class Parser(MarkdownIt):
        """Leaves URLs as they are written, whatever their scheme: nothing is linked here."""

        def normalizeLink(self, url: str) -> str:  # noqa: N802
            return url

        def normalizeLinkText(self, link: str) -> str:  # noqa: N802
            return link

        def validateLink(self, url: str) -> bool:  # noqa: N802, ARG002
            return True

    options = {"html": True, "maxNesting": _DEEPEST}
    return Parser("commonmark", options).enable(["table", "strikethrough"])


class _Reading:
    """Reads the tokens of a description, each of which markdown-it describes in its `Token`."""

    def __init__(self, markdown: str, *, has_urls: bool) -> None:
        self.lines = markdown.splitlines() if "\r" in markdown else markdown.split("\n")
        self.builder = BlockBuilder(has_urls=has_urls)

    def blocks(self, tokens: "list[Token]") -> Blocks:
        """Return the blocks."""
        for token in tokens:
            self._block(token)
        return self.builder.end()

    def _block(self, token: "Token") -> None:
        builder, kind = self.builder, token.type
        if token.map and token.nesting >= 0 and kind != "inline":
            builder.flush()
            if self._is_below_gap(token.map[0]):
                builder.gap()
        if kind == "inline":
            self._inlines(token.children or [])
        elif kind in {"fence", "code_block"}:
            builder.code(token.content.rstrip("\n").expandtabs(4), is_apart=kind == "fence")
        elif kind == "html_block":
            builder.html(token.content)
        elif kind == "hr":
            builder.rule()
        elif kind == "list_item_open":
            builder.open(f"{token.info}{token.markup}" if token.info else "-")
        elif kind == "blockquote_open":
            builder.open(">")
        elif kind in {"list_item_close", "blockquote_close"}:
            builder.close()
        elif kind in {"heading_open", "heading_close"}:
            builder.heading(is_end=token.nesting < 0)
        elif kind in {"th_open", "td_open"}:
            builder.cell()
        elif kind == "tr_open":
            builder.row()
        elif kind in {"table_open", "table_close"}:
            builder.table(is_end=token.nesting < 0)
        elif kind == "paragraph_close":
            builder.flush()

    def _is_below_gap(self, line: int) -> bool:
        return 0 < line <= len(self.lines) and not self.lines[line - 1].strip(" \t>")

    def _inlines(self, tokens: "list[Token]") -> None:
        builder = self.builder
        alert = _ALERT.fullmatch(tokens[0].content) if tokens and builder.is_at_start_of_quote() else None
        if alert:
            builder.text(f"{alert[1].capitalize()}: ")
            tokens = tokens[2:]
        for token in tokens:
            kind = token.type
            if kind == "text":
                builder.text(token.content)
            elif kind == "softbreak":
                builder.text("\n" if builder.is_verbatim else " ")
            elif kind == "hardbreak":
                builder.text("\n")
            elif kind == "code_inline":
                # A space keeps backticks in the code apart from those around it.
                space = " " if "`" in (token.content[:1], token.content[-1:]) else ""
                builder.text(f"{token.markup}{space}{token.content}{space}{token.markup}")
            elif kind == "link_open":
                builder.link(str(token.attrs.get("href", "")))
            elif kind == "link_close":
                builder.end_link()
            elif kind == "image":
                self._inlines(token.children or [])
            elif kind == "html_inline":
                builder.html(token.content)


@lru_cache(2000)
def first_sentence(markdown: str, limit: int = LONGEST_SENTENCE) -> str:
    """Return the first sentence of a description as one plain, `visible` line without a final period.

    Args:
        limit: The most characters; a longer sentence is cut between words and ends in `...`.
    """
    blocks = blocks_of(markdown[:_MOST_OF_SENTENCE], has_urls=False)
    # Quotes come after paragraphs, because a description often starts with a notice (GitHub's alerts).
    prose = _first_prose(blocks) or _first_prose(blocks, of_quotes=True) or _first_heading(blocks)
    text = " ".join(prose.split())
    position = 0
    while found := _SENTENCE_END.search(text, position):
        position = found.end()
        word = text[:position].rsplit(" ", 1)[-1].lower().lstrip("(")
        is_code = text.count("`", 0, position) % 2
        is_abbreviation = word in _ABBREVIATIONS and position < len(text)
        if not (is_code or is_abbreviation or re.fullmatch(r"\w\.", word)):
            text = text[:position]
            break
    if text.endswith(".") and not text.lower().endswith(("..", *_ABBREVIATIONS)):
        text = text[:-1]
    return short_sentence(text, limit)


_SENTENCE_END = re.compile(r"[.!?。][)\"'”\u2019]*+(?=\s+[^a-z\s]|\s*$)|。")


def _first_prose(blocks: Blocks, *, of_quotes: bool = False) -> str:
    """Return the first paragraph, or the first part of it that two line breaks end."""
    for block in blocks:
        if isinstance(block, str):
            if block:
                return block.partition("\n\n")[0]
        elif block[0] not in _NO_PROSE and (of_quotes or block[0] != ">"):
            found = _first_prose(block[1:], of_quotes=of_quotes)
            if found:
                return found
    return ""


def _first_heading(blocks: Blocks) -> str:
    return next((str(block[1]) for block in blocks if block[0:1] == [HEADING]), "")
