"""Converts descriptions of OpenAPI documents, which are CommonMark (OpenAPI 3.1, "Rich Text Formatting"), to blocks.

Most descriptions use GitHub's flavour, with HTML. markdown-it-py parses them: it implements CommonMark completely,
gives the lines of each block, and limits the nesting of blocks. Importing it takes longer than a help page may take.
So only the compiler imports it, and runs that show uncompiled text. Plain descriptions do not need it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache, lru_cache
from html import unescape
from typing import TYPE_CHECKING

from dynacli.text.terminal import visible_line
from dynacli.text.wrapping import (
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

_DEEPEST_BLOCK = 20
_MOST_COLUMNS = 50

# Comments and tags. Possessive quantifiers prevent backtracking.
_MARKUP = re.compile(r"<!--.*?(?:-->|\Z)|<(/?)([a-zA-Z][a-zA-Z0-9-]*+)((?:\s[^<>]*+)?)/?>", re.DOTALL)
_ATTRIBUTE = r"\b{}\s*+=\s*+(?:\"([^\"]*+)\"|'([^']*+)'|([^\s\"'>]++))"
_HREF = re.compile(_ATTRIBUTE.format("href"), re.IGNORECASE)
_ALT = re.compile(_ATTRIBUTE.format("alt"), re.IGNORECASE)

_BLOCKS = frozenset((
    "blockquote", "center", "dd", "details", "div", "dl", "dt", "figcaption", "figure", "footer", "h1", "h2",
    "h3", "h4", "h5", "h6", "header", "hr", "li", "ol", "p", "section", "summary", "ul",
))  # fmt: skip
# Tags without a meaning in plain text. Any other name in angle brackets is most likely a placeholder.
_SILENT = frozenset((
    "abbr", "b", "big", "body", "caption", "cite", "del", "dfn", "em", "embed", "font", "html", "i",
    "iframe", "ins", "kbd", "label", "mark", "nobr", "q", "s", "samp", "small", "source", "span", "strike",
    "strong", "sub", "sup", "svg", "tbody", "tfoot", "thead", "tt", "u", "var", "video", "wbr",
))  # fmt: skip
_LONGEST = 50_000
"""Maximum length of a description that is parsed as Markdown: three times a long one of a real document."""
_MOST_BRACKETS = 2000
"""Maximum number of brackets, because markdown-it may search the rest of the text for the partner of each."""
_MOST_OF_SENTENCE = 4000
_DEEPEST = 40
"""Maximum number of levels of blocks; an item takes two. markdown-it leaves out deeper blocks."""
# Paragraphs whose lines begin with a letter and have no Markdown except code. Half of the longer descriptions are like
# this, and parsing them would change nothing.
# Atomic groups, because possessive ones match wrongly up to Python 3.11.4 (python/cpython#106052).
_LINE = (
    r"[^\W\d_](?>(?:[^\\`*_~\[\]<>&|\n\r\t\0]|(?<=\w)_(?=\w)"
    r"|(?<!`)`[^`\s\0](?:[^`\n\r\t\0]*[^`\s\0])?`(?!`))*)(?<! )"
)
_SIMPLE = re.compile(rf"{_LINE}(?>(?:\n+{_LINE})*)\n*")
# GitHub's alerts: `> [!NOTE]`, with text on the next lines.
_ALERT = re.compile(r"\[!([A-Za-z]+)\]")
_NO_PROSE = frozenset((HEADING, CODE, RULE, TABLE))
_ABBREVIATIONS = ("e.g.", "i.e.", "etc.", "vs.", "cf.", "approx.", "incl.", "no.", "resp.", "max.", "min.")
_SENTENCE_END = re.compile(r"[.!?。][)\"'”\u2019]*+(?=\s+[^a-z\s]|\s*$)|。")


class _BlockBuilder:
    """Builds blocks from text and the starts and ends of blocks, in order.

    Args:
        has_urls: Whether links show their URL.
    """

    def __init__(self, *, has_urls: bool = True) -> None:
        self.is_verbatim = False
        """Whether the text is preformatted HTML."""
        self._has_urls = has_urls
        # Open blocks, the outermost first, which contains all others.
        self._open: list[Blocks] = [[]]
        # Number of open blocks at each item or quote of Markdown, which HTML tags must not close.
        self._floors = [1]
        # Open HTML lists, each with the number of open blocks around it, and the number of its last item or None.
        self._lists: list[tuple[int, int | None]] = []
        self._pieces: list[str] = []
        # Open links, each with the number of pieces before it, and its URL.
        self._links: list[tuple[int, str]] = []
        self._rows: list[list[str]] | None = None
        self._is_in_cell = self._is_heading = self._is_below_gap = False
        self._skipped = ""

    def end(self) -> Blocks:
        """Return the finished blocks."""
        self._end_table()
        self.flush()
        return self._open[0]

    def gap(self) -> None:
        """Insert an empty line before the next block, unless it is the first."""
        self._is_below_gap = True

    def open(self, marker: str) -> None:
        """Start an item or a quote of Markdown."""
        self._end_table()
        self.flush()
        self._push(marker)
        self._floors.append(len(self._open))

    def close(self) -> None:
        """End an item or a quote of Markdown, with all open blocks in it."""
        self._end_table()
        self.flush()
        self._close_to(self._floors.pop() - 1)

    def is_at_start_of_quote(self) -> bool:
        """Return whether the next text is the first in a quote."""
        return self._open[-1][:1] == [">"] and len(self._open[-1]) == 1 and not self._pieces

    def _push(self, marker: str) -> None:
        block = [marker]
        self._add(block)
        self._open.append(block)

    def _close_to(self, depth: int) -> None:
        while self._lists and self._lists[-1][0] > depth:
            self._lists.pop()
        if len(self._open) > depth:
            del self._open[depth:]
            # A gap at the end of an item does not separate it from the next item.
            self._is_below_gap = False

    def _add(self, block: str | Blocks) -> None:
        inside = self._open[-1]
        if self._is_below_gap and len(inside) > (len(self._open) > 1):
            inside.append(GAP)
        self._is_below_gap = False
        inside.append(block)

    def text(self, text: str) -> None:
        """Add text. A line feed in it starts a new line."""
        if not self._skipped:
            self._pieces.append(text)

    def link(self, url: str) -> None:
        """Begin a link."""
        self._links.append((len(self._pieces), url))

    def end_link(self) -> None:
        """End a link, and add its URL after the text unless the text is the URL."""
        if not self._links:
            return
        start, url = self._links.pop()
        is_text = len(self._pieces) == start + 1 and self._pieces[start] == url.removeprefix("mailto:")
        if self._has_urls and url and not is_text and not url.startswith("#"):
            self.text(f" ({url})")

    def flush(self) -> None:
        """End a paragraph or heading, if there is one; in a cell, end a line."""
        if self._is_in_cell:
            self._pieces.append("\n")
            return
        self._skipped = ""
        if not self._pieces:
            return
        text = "".join(self._pieces)
        self._pieces = []
        self._links = []
        if self.is_verbatim:
            self._add_code(text.strip("\n"), is_apart=True)
            return
        text = "\n".join(" ".join(line.split()) for line in text.split("\n")).strip("\n")
        if text:
            self._add([HEADING, text] if self._is_heading else text)

    def heading(self, *, is_end: bool) -> None:
        """Begin or end a heading."""
        self._end_table()
        self.flush()
        self._is_heading = not is_end
        if not is_end:
            self.gap()

    def rule(self) -> None:
        """Add a thematic break."""
        self._end_table()
        self.flush()
        self.gap()
        self._add([RULE])
        self.gap()

    def code(self, code: str, *, is_apart: bool) -> None:
        """Add a block of code.

        Args:
            is_apart: Whether an empty line follows.
        """
        if self._is_in_cell:
            self.text(f"\n{code}\n")
            return
        self._end_table()
        self.flush()
        self._add_code(code, is_apart=is_apart)

    def _add_code(self, code: str, *, is_apart: bool) -> None:
        if code:
            self._add([CODE, code])
            if is_apart:
                self.gap()

    def table(self, *, is_end: bool) -> None:
        """Begin or end a table."""
        self._end_table()
        self.flush()
        self.gap()
        self._rows = None if is_end else []

    def row(self) -> None:
        """Begin a row of a table."""
        if self._rows is not None:
            self._end_cell()
            self._rows.append([])

    def cell(self) -> None:
        """Begin a cell of a table."""
        if self._rows is None:
            return
        self._end_cell()
        if not self._rows:
            self._rows.append([])
        self._is_in_cell = True

    def _end_cell(self) -> None:
        text = "".join(self._pieces)
        self._pieces, self._links = [], []
        text = "\n".join(filter(None, (" ".join(line.split()) for line in text.split("\n"))))
        if self._is_in_cell and self._rows:
            row = self._rows[-1]
            if len(row) < _MOST_COLUMNS:
                row.append(text)
            else:
                row[-1] += f" {text}"
        elif text:  # text of a table outside of its cells is put before it
            self._add(text)
        self._is_in_cell = False

    def _end_table(self) -> None:
        if self._rows is None:
            return
        self._end_cell()
        rows = [row for row in self._rows if row]
        self._rows = None
        if rows:
            columns = max(map(len, rows))
            self.gap()
            self._add([TABLE, [row + [""] * (columns - len(row)) for row in rows]])
            self.gap()

    def html(self, source: str) -> None:
        """Add a piece of HTML: tags, and the text between them."""
        position = 0
        for found in _MARKUP.finditer(source):
            self._html_text(source[position : found.start()])
            position = found.end()
            if found[2] and not self._tag(found[2].lower(), found[3], is_end=bool(found[1])):
                self.text(found[0])
        self._html_text(source[position:])

    def _html_text(self, text: str) -> None:
        if text:
            text = unescape(text)
            self.text(text if self.is_verbatim else text.replace("\n", " "))

    def _tag(self, name: str, attributes: str, *, is_end: bool) -> bool:
        """Convert a tag; return whether it is an HTML tag."""
        if self._skipped or name in {"script", "style"}:
            self._skipped = (self._skipped or name) if not is_end or name != self._skipped else ""
        elif name == "pre":
            self._preformatted(is_end=is_end)
        elif self.is_verbatim:
            return name in _SILENT or name in _BLOCKS or name in {"a", "code"}
        elif name == "br":
            self.text("\n")
        elif name == "img":
            self.text("" if is_end else _attribute(_ALT, attributes))
        elif name == "code":
            self.text("`")
        elif name == "a" and is_end:
            self.end_link()
        elif name == "a":
            self.link(_attribute(_HREF, attributes))
        elif name == "table":
            self.table(is_end=is_end)
        elif name in {"tr", "td", "th"}:
            self._row_or_cell(name, is_end=is_end)
        elif name in _BLOCKS and self._rows is not None:
            self.text("\n- " if name == "li" and not is_end else " ")
        elif name in _BLOCKS:
            self._block(name, is_end=is_end)
        else:
            return name in _SILENT
        return True

    def _preformatted(self, *, is_end: bool) -> None:
        if self._rows is None and is_end == self.is_verbatim:
            self.flush()
            self.gap()
            self.is_verbatim = not is_end

    def _row_or_cell(self, name: str, *, is_end: bool) -> None:
        if is_end:
            if self._is_in_cell:
                self._end_cell()
        elif name == "tr":
            self.row()
        else:
            self.cell()

    def _block(self, name: str, *, is_end: bool) -> None:
        """Start or end a block of HTML other than preformatted text and tables."""
        if name == "hr":
            self.rule()
        elif name[0] == "h" and name[1:].isdigit():
            self.heading(is_end=is_end)
            self.gap()
        elif name in {"ul", "ol"}:
            self._list(name, is_end=is_end)
        elif name == "li":
            self._item(is_end=is_end)
        elif name == "blockquote":
            self._list("quote", is_end=is_end)
            if not is_end:
                self._push_in_list(">")
        else:
            self.flush()
            # The end of a paragraph separates it from the rest of its item, but does not separate two items.
            if not (is_end and self._lists):
                self.gap()

    def _list(self, name: str, *, is_end: bool) -> None:
        self.flush()
        if not is_end:
            if not self._lists:
                self.gap()
            self._lists.append((len(self._open), 0 if name == "ol" else None))
        elif self._lists and self._lists[-1][0] >= self._floors[-1]:
            self._close_to(self._lists.pop()[0])
            if not self._lists:
                self.gap()

    def _item(self, *, is_end: bool) -> None:
        self.flush()
        if not self._lists or self._lists[-1][0] < self._floors[-1]:
            if is_end:
                return
            self._lists.append((len(self._open), None))
        depth, count = self._lists[-1]
        self._close_to(depth)
        if not is_end:
            self._lists[-1] = depth, None if count is None else count + 1
            self._push_in_list("-" if count is None else f"{count + 1}.")

    def _push_in_list(self, marker: str) -> None:
        # Deeper items are put beside their list, because reading nested JSON takes a stack frame for each level.
        if len(self._open) < _DEEPEST_BLOCK:
            self._push(marker)


def _attribute(pattern: re.Pattern[str], attributes: str) -> str:
    found = pattern.search(attributes)
    return unescape(found[1] or found[2] or found[3] or "").strip() if found else ""


def to_text(markdown: str, width: int, paint_heading: Callable[[str], str] = str) -> str:
    """Return a description as the text of its blocks.

    Args:
        markdown: The description.
        width: Maximum width of a line.
        paint_heading: Colours a line of a heading.
    """
    return block_text(blocks_of(markdown), width, paint_heading)


def blocks_of(markdown: str, *, has_urls: bool = True) -> Blocks:
    """Return the blocks of a description, without emphasis, with links as `text (URL)` and code in backticks.

    HTML for formatting is converted, other HTML is dropped, and names in angle brackets that are not HTML stay.
    A description that is too long or too deep keeps its paragraphs without being parsed.

    Args:
        markdown: The description.
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
    ):  # after a defect in the parser, the description is shown unformatted
        return _as_it_stands(markdown)
    if any(token.level >= _DEEPEST - 2 for token in tokens):
        return _as_it_stands(markdown)
    return _Reading(markdown, has_urls=has_urls).blocks(tokens)


def _as_it_stands(markdown: str) -> Blocks:
    paragraphs = [" ".join(part.split()) for part in re.split(r"\n[ \t\r]*\n", markdown)]
    blocks = [block for paragraph in paragraphs if paragraph for block in (paragraph, GAP)]
    return blocks[:-1]


@cache
def _parser() -> MarkdownIt:
    from markdown_it import MarkdownIt

    class Parser(MarkdownIt):
        """Keeps URLs unchanged, with any scheme, because they are only shown as text."""

        def normalizeLink(self, url: str) -> str:  # noqa: N802
            return url

        def normalizeLinkText(self, link: str) -> str:  # noqa: N802
            return link

        def validateLink(self, url: str) -> bool:  # noqa: N802, ARG002
            return True

    options = {"html": True, "maxNesting": _DEEPEST}
    return Parser("commonmark", options).enable(["table", "strikethrough"])


class _Reading:
    """Converts the tokens of a description to blocks; markdown-it documents its `Token`."""

    def __init__(self, markdown: str, *, has_urls: bool) -> None:
        self.lines = markdown.splitlines() if "\r" in markdown else markdown.split("\n")
        self.builder = _BlockBuilder(has_urls=has_urls)

    def blocks(self, tokens: list[Token]) -> Blocks:
        """Return the blocks."""
        for token in tokens:
            self._block(token)
        return self.builder.end()

    def _block(self, token: Token) -> None:
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

    def _inlines(self, tokens: list[Token]) -> None:
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
                # A space separates backticks in the code from the backticks around it.
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
def plain_line(text: str) -> str:
    """Return plain text as Markdown on one `visible` line, with links, emphasis and HTML escaped."""
    return re.sub(r"([\\*\[<])", r"\\\1", visible_line(text))


def first_sentence(markdown: str, limit: int = LONGEST_SENTENCE) -> str:
    """Return the first sentence of a description as one plain, `visible` line without a final period.

    Args:
        markdown: The description.
        limit: Maximum number of characters. A longer sentence is cut between words and ends in `...`.
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


def _first_prose(blocks: Blocks, *, of_quotes: bool = False) -> str:
    """Return the first paragraph, or its beginning up to two line breaks."""
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
