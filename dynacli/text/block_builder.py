"""Makes blocks of what a reader of Markdown comes upon, and of the HTML in it."""

import re
from html import unescape

from dynacli.text.text_blocks import CODE, GAP, HEADING, RULE, TABLE, Blocks

__all__ = ["BlockBuilder"]

_DEEPEST = 20
_MOST_COLUMNS = 50

# Comments, and tags. Possessive quantifiers keep a failing match from being tried in other ways.
_MARKUP = re.compile(r"<!--.*?(?:-->|\Z)|<(/?)([a-zA-Z][a-zA-Z0-9-]*+)((?:\s[^<>]*+)?)/?>", re.DOTALL)
_ATTRIBUTE = r"\b{}\s*+=\s*+(?:\"([^\"]*+)\"|'([^']*+)'|([^\s\"'>]++))"
_HREF = re.compile(_ATTRIBUTE.format("href"), re.IGNORECASE)
_ALT = re.compile(_ATTRIBUTE.format("alt"), re.IGNORECASE)

_BLOCKS = frozenset((
    "blockquote", "center", "dd", "details", "div", "dl", "dt", "figcaption", "figure", "footer", "h1", "h2",
    "h3", "h4", "h5", "h6", "header", "hr", "li", "ol", "p", "section", "summary", "ul",
))  # fmt: skip
# Tags that say nothing to a reader of plain text. Any other word in angle brackets is most likely a placeholder.
_SILENT = frozenset((
    "abbr", "b", "big", "body", "caption", "cite", "del", "dfn", "em", "embed", "font", "html", "i",
    "iframe", "ins", "kbd", "label", "mark", "nobr", "q", "s", "samp", "small", "source", "span", "strike",
    "strong", "sub", "sup", "svg", "tbody", "tfoot", "thead", "tt", "u", "var", "video", "wbr",
))  # fmt: skip


class BlockBuilder:
    """Blocks in the making, to which text and the beginnings and ends of blocks are added in their order.

    Args:
        has_urls: Whether links show their URL.
    """

    def __init__(self, *, has_urls: bool = True) -> None:
        self.is_verbatim = False
        """Whether the text is preformatted HTML."""
        self._has_urls = has_urls
        # Open blocks, outermost first; the outermost holds all others.
        self._open: list[Blocks] = [[]]
        # How many blocks are open below each item or quote of Markdown, which no tag of HTML closes.
        self._floors = [1]
        # Open lists of HTML: how many blocks are open below the list, and the number of its last item or None.
        self._lists: list[tuple[int, int | None]] = []
        self._pieces: list[str] = []
        # Open links: how many pieces stand before the link, and its URL.
        self._links: list[tuple[int, str]] = []
        self._rows: list[list[str]] | None = None
        self._is_in_cell = self._is_heading = self._is_below_gap = False
        self._skipped = ""

    def end(self) -> Blocks:
        """Return the blocks; nothing can be added after that."""
        self._end_table()
        self.flush()
        return self._open[0]

    def gap(self) -> None:
        """Leave an empty line in front of the next block, if there is a block before it."""
        self._is_below_gap = True

    def open(self, marker: str) -> None:
        """Begin an item or a quote of Markdown."""
        self._end_table()
        self.flush()
        self._push(marker)
        self._floors.append(len(self._open))

    def close(self) -> None:
        """End an item or a quote of Markdown, and all that is open in it."""
        self._end_table()
        self.flush()
        self._close_to(self._floors.pop() - 1)

    def is_at_start_of_quote(self) -> bool:
        """Return whether what comes next is the beginning of a quote."""
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
            # A gap at the end of an item is none between the item and the next.
            self._is_below_gap = False

    def _add(self, block: str | Blocks) -> None:
        inside = self._open[-1]
        if self._is_below_gap and len(inside) > (len(self._open) > 1):
            inside.append(GAP)
        self._is_below_gap = False
        inside.append(block)

    def text(self, text: str) -> None:
        """Add text, in which a line feed breaks the line."""
        if not self._skipped:
            self._pieces.append(text)

    def link(self, url: str) -> None:
        """Begin a link."""
        self._links.append((len(self._pieces), url))

    def end_link(self) -> None:
        """End a link: its URL follows the text, where that is not the URL itself."""
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
        elif text:  # text of a table that is in none of its cells stands before it
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
        """Translate a tag; return whether it is one of HTML."""
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
        """Begin or end a block of HTML that is neither preformatted nor a table."""
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
            # The end of a paragraph in an item parts it from what follows there, but not the item from the next.
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
        # Deeper items stand beside their list, because reading back nested JSON takes a level of the stack each.
        if len(self._open) < _DEEPEST:
            self._push(marker)


def _attribute(pattern: re.Pattern[str], attributes: str) -> str:
    found = pattern.search(attributes)
    return unescape(found[1] or found[2] or found[3] or "").strip() if found else ""
