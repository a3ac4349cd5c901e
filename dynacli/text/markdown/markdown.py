"""Descriptions of OpenAPI documents as plain text for a terminal.

Descriptions are CommonMark (OpenAPI 3.1, "Rich Text Formatting"), in practice GitHub's flavour with HTML
in it. Markdown libraries produce HTML, take longer to import than a whole `--help` may take, and some need
time with the square of hostile input; here blocks are read line by line into wrapped text, in linear time.
"""

import re
from collections.abc import Mapping

from dynacli.text.markdown.markdown_inline import inline_text
from dynacli.text.terminal import visible
from dynacli.text.wrapping import wrapped

__all__ = ["first_sentence", "to_text"]

# Deeper quotes and lists are read as text: nobody writes them, and each level reads its lines once more.
_DEEPEST = 12
_NARROWEST = 20
_CODE_INDENT = " " * 4

_HEADING = re.compile(r"#{1,6}(?:\s++|$)(.*?)(?:\s#+)?\s*$", re.DOTALL)
_ITEM = re.compile(r"([-*+]|[0-9]{1,9}[.)])( +|$)")
# GitHub's alerts: `> [!NOTE]` and the text on the lines below.
_ALERT = re.compile(r"\[!([A-Za-z]+)\]\s*$")
_FENCE = re.compile(r"(`{3,}+(?=[^`]*$)|~{3,})")


def _has_html_blocks(text: str) -> bool:
    return "<" in text and bool(
        re.search(
            r"<(?:!--|(?:[uo]l|li|p|div|table|tr|hr|h[1-6]|pre|d[ltd]|details|section|center|blockquote"
            r"|script|style)\b)",
            text,
            re.IGNORECASE,
        )
    )


def _normalised(markdown: str) -> str:
    text = markdown.replace("\r\n", "\n").replace("\r", "\n").expandtabs(4)
    if _has_html_blocks(text):
        from dynacli.text.markdown.markdown_html import without_html_blocks

        return without_html_blocks(text)
    return text


def to_text(markdown: str, width: int) -> str:
    """Return a description as plain text, wrapped, `visible`, without a line feed at its end.

    Code is kept verbatim, indented by four columns; emphasis is dropped; links become `text (URL)`;
    tables become aligned columns; HTML that shapes the text is translated, other HTML is dropped.

    Args:
        markdown: The description, CommonMark with GitHub's tables and strikethrough, and HTML.
        width: How many columns a line may have; URLs, words and code that are longer stay whole.
    """
    lines = _normalised(markdown).split("\n")
    references: dict[str, str] = {}
    if "]:" in markdown:
        lines = _without_references(lines, references)
    return visible("\n".join(_Blocks(lines, width, references).render()).strip("\n"))


def _without_references(lines: list[str], references: dict[str, str]) -> list[str]:
    """Take the link reference definitions out of the lines (CommonMark, "Link reference definitions")."""
    definition = re.compile(r" {0,3}\[([^\[\]]{1,200})\]:\s*+(\S++)(?:\s++[\"'(].*)?\s*$")
    kept = []
    fence = ""
    for line in lines:
        mark = line.lstrip(" ")[:3]
        if mark in {"```", "~~~"} and fence in {"", mark}:
            fence = "" if fence else mark
        found = None if fence or "]:" not in line else definition.match(line)
        if found:
            label = " ".join(found[1].lower().split())
            references.setdefault(label, found[2].removeprefix("<").removesuffix(">"))
        else:
            kept.append(line)
    return kept


def _indent_of(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _is_break(stripped: str) -> bool:
    """Return whether a line is a thematic break: three or more of `-`, `*` or `_` and nothing else."""
    marks = stripped.replace(" ", "")
    return len(marks) >= 3 and marks[0] in "-*_" and marks == marks[0] * len(marks)


def _starts_block(line: str, *, in_paragraph: bool) -> bool:
    """Return whether the line starts a block other than a paragraph."""
    stripped = line.lstrip(" ")
    if not stripped or len(line) - len(stripped) > 3:
        return False
    first = stripped[0]
    if first == "#":
        return bool(_HEADING.match(stripped))
    if first in "`~":
        return bool(_FENCE.match(stripped))
    if first == ">":
        return True
    if first in "-*_" and _is_break(stripped):
        return True
    if first in "-*+" or first.isdigit():
        item = _ITEM.match(stripped)
        # Only an item with content may interrupt a paragraph, and a numbered item only if its number is 1.
        return bool(item) and not (
            in_paragraph and item and (item.end() >= len(stripped.rstrip()) or item[1] not in "-*+1.1)")
        )
    return False


def _is_sibling(line: str, item: re.Match[str]) -> bool:
    """Return whether the line is an item of the same list: an item with the same kind of marker."""
    other = _ITEM.match(line.lstrip(" "))
    return other is not None and other[1][-1] == item[1][-1]


class _Blocks:
    """The blocks of a description, or of a list item or quote in it."""

    def __init__(self, lines: list[str], width: int, references: Mapping[str, str], depth: int = 0) -> None:
        self.lines = lines
        self.width = max(width, _NARROWEST)
        self.references = references
        self.depth = depth
        self.out: list[str] = []
        self.paragraph: list[str] = []
        self.is_after_gap = False

    def render(self) -> list[str]:
        """Return the lines of the text; blocks are as far apart as in the source."""
        at = 0
        while at < len(self.lines):
            line = self.lines[at]
            stripped = line.strip(" ")
            if not stripped:
                self._end_paragraph()
                self.is_after_gap = True
                at += 1
            elif (
                self.paragraph
                and _indent_of(line) < 4
                and not stripped.strip(stripped[0])
                and stripped[0] in "=-"
            ):
                self._heading("\n".join(self.paragraph))
                at += 1
            elif _indent_of(line) > 3 and not self.paragraph:
                at = self._indented_code(at)
            elif _starts_block(line, in_paragraph=bool(self.paragraph)):
                at = self._block(at, stripped)
            elif "|" in line and self._is_table(at):
                at = self._table(at)
            else:
                self.paragraph.append(line.lstrip(" "))
                at += 1
        self._end_paragraph()
        return self.out

    def _inline(self, source: str) -> str:
        return inline_text(source, self.references)

    def _add(self, lines: list[str], *, apart: bool = False) -> None:
        if self.out and (self.is_after_gap or apart):
            self.out.append("")
        self.is_after_gap = False
        self.out += lines

    def _end_paragraph(self) -> None:
        if self.paragraph:
            source = "\n".join(self.paragraph)
            self.paragraph = []
            self._add_text(source)

    def _heading(self, source: str) -> None:
        self.paragraph = []
        self._add_text(source, apart=True)

    def _add_text(self, source: str, *, apart: bool = False) -> None:
        if lines := wrapped(self._inline(source), self.width):
            self._add(lines, apart=apart)

    def _block(self, at: int, stripped: str) -> int:
        heading = _HEADING.match(stripped) if stripped[0] == "#" else None
        item = _ITEM.match(stripped)
        if self.depth >= _DEEPEST and (item or stripped[0] == ">") and not _is_break(stripped):
            self.paragraph.append(stripped)
            return at + 1
        self._end_paragraph()
        if heading:
            self._heading(heading[1])
            return at + 1
        if stripped[0] in "`~":
            return self._fenced_code(at)
        if stripped[0] == ">":
            return self._quote(at)
        if _is_break(stripped):
            self._add(["-" * min(self.width, 20)], apart=True)
            self.is_after_gap = True
            return at + 1
        return self._item(at, item) if item else at + 1

    def _indented_code(self, at: int) -> int:
        end = at
        while end < len(self.lines) and (not self.lines[end].strip() or _indent_of(self.lines[end]) > 3):
            end += 1
        while not self.lines[end - 1].strip():
            end -= 1
        self._add([(_CODE_INDENT + line[4:]).rstrip() for line in self.lines[at:end]])
        return end

    def _fenced_code(self, at: int) -> int:
        indent = _indent_of(self.lines[at])
        found = _FENCE.match(self.lines[at], indent)
        mark = found[1] if found else "```"
        code = []
        at += 1
        while at < len(self.lines):
            stripped = self.lines[at].strip()
            if stripped.startswith(mark) and not stripped.strip(mark[0]):
                at += 1
                break
            line = self.lines[at]
            code.append((_CODE_INDENT + line[min(indent, _indent_of(line)) :]).rstrip())
            at += 1
        if code:
            self._add(code)
            self.is_after_gap = True
        return at

    def _quote(self, at: int) -> int:
        inner: list[str] = []
        while at < len(self.lines):
            line = self.lines[at]
            stripped = line.strip(" ")
            if stripped.startswith(">"):
                inner.append(stripped[1:].removeprefix(" "))
            elif not stripped or not inner[-1].strip(" >") or _starts_block(line, in_paragraph=True):
                break
            else:  # a lazy continuation line
                inner.append(stripped)
            at += 1
        alert = _ALERT.match(inner[0])
        if alert:
            inner[0] = f"{alert[1].capitalize()}:"
        blocks = _Blocks(inner, self.width - 2, self.references, self.depth + 1).render()
        self._add([f"> {line}".rstrip() for line in blocks])
        return at

    def _item(self, at: int, item: re.Match[str]) -> int:
        line = self.lines[at]
        margin = _indent_of(line)
        spaces = len(item[2])
        # Of five or more spaces, one ends the marker and the others indent code (CommonMark, "List items").
        offset = margin + len(item[1]) + (spaces if 0 < spaces < 5 else 1)
        inner = [line[offset:]]
        at += 1
        while at < len(self.lines):
            line = self.lines[at]
            indent = _indent_of(line)
            is_empty = not line.strip()
            if is_empty or indent >= offset:
                inner.append(line[offset:])
            elif indent >= margin + 2 and _ITEM.match(line, indent):
                # Items under a numbered item are often indented by two columns, where three are needed.
                inner.append(line[indent:])
            elif not inner[-1].strip() or _is_sibling(line, item) or _starts_block(line, in_paragraph=True):
                break
            else:
                inner.append(line.lstrip())
            at += 1
        gap = 0
        while inner and not inner[-1].strip():
            inner.pop()
            gap += 1
        marker = "- " if item[1] in "-*+" else f"{item[1]} "
        blocks = _Blocks(inner, self.width - len(marker), self.references, self.depth + 1).render()
        hanging = " " * len(marker)
        first, *more = blocks or [""]
        self._add([(marker + first).rstrip(), *((hanging + line).rstrip() for line in more)])
        self.is_after_gap = gap > 0
        return at

    def _is_table(self, at: int) -> bool:
        if at + 1 >= len(self.lines) or "-" not in self.lines[at + 1]:
            return False
        from dynacli.text.markdown.markdown_table import is_delimiter_row

        return is_delimiter_row(self.lines[at + 1], self.lines[at])

    def _table(self, at: int) -> int:
        from dynacli.text.markdown.markdown_table import cells_of, table_lines

        self._end_paragraph()
        rows = [header := cells_of(self.lines[at])]
        at += 2
        while at < len(self.lines):
            line = self.lines[at]
            if not line.strip() or _starts_block(line, in_paragraph=True):
                break
            cells = cells_of(line)[: len(header)]
            rows.append(cells + [""] * (len(header) - len(cells)))
            at += 1
        shown = [[self._inline(cell).strip() for cell in row] for row in rows]
        self._add(table_lines(shown, self.width, wrapped), apart=True)
        self.is_after_gap = True
        return at


_ABBREVIATIONS = ("e.g.", "i.e.", "etc.", "vs.", "cf.", "approx.", "incl.", "no.", "resp.", "max.", "min.")


def first_sentence(markdown: str, limit: int = 100) -> str:
    """Return the first sentence of a description as one plain, `visible` line without a final period.

    Args:
        limit: The most characters; a longer sentence is cut between words and ends in `...`.
    """
    text = " ".join(_first_prose(markdown[:4000]).split())
    position = 0
    while found := re.compile(r"[.!?。][)\"'”\u2019]*+(?=\s+[^a-z\s]|\s*$)|。").search(text, position):
        position = found.end()
        word = text[:position].rsplit(" ", 1)[-1].lower().lstrip("(")
        is_code = text.count("`", 0, position) % 2
        is_abbreviation = word in _ABBREVIATIONS and position < len(text)
        if not (is_code or is_abbreviation or re.fullmatch(r"\w\.", word)):
            text = text[:position]
            break
    if text.endswith(".") and not text.lower().endswith(("..", *_ABBREVIATIONS)):
        text = text[:-1]
    text = visible(text, keep="")
    if len(text) <= limit:
        return text
    cut = text[: max(limit - 3, 1)]
    if " " in cut[limit // 2 :]:
        cut = cut.rsplit(" ", 1)[0]
    return cut.rstrip(" ,;:.-") + "..."


def _first_prose(markdown: str) -> str:
    """Return the first paragraph as plain text, else the first quote, else the first heading.

    Quotes come after paragraphs, because a description often starts with a notice (GitHub's alerts).
    """
    heading = ""
    quote: list[str] = []
    paragraph: list[str] = []
    is_code = False
    for line in _normalised(markdown).split("\n"):
        stripped = line.strip()
        if _FENCE.match(stripped):
            is_code = not is_code
        elif is_code:
            continue
        elif paragraph and stripped and not stripped.strip("=-"):
            heading = heading or " ".join(paragraph)
            paragraph = []
        elif not stripped or (paragraph and _starts_block(line, in_paragraph=True)):
            if _shown(paragraph):
                break
            paragraph = []
        elif stripped[0] == "#" and (found := _HEADING.match(stripped)):
            heading = heading or found[1]
        elif stripped[0] == ">":
            quote.append(stripped.lstrip("> "))
        elif stripped[0] != "|" and not _is_break(stripped):
            item = _ITEM.match(stripped)
            paragraph.append(line.lstrip(" ")[item.end() :] if item else line.lstrip(" "))
    if quote and _ALERT.match(quote[0]):
        quote = quote[1:]
    return _shown(paragraph) or _shown(quote) or inline_text(heading, urls=False)


def _shown(paragraph: list[str]) -> str:
    # Two line breaks in a row end the paragraph for a reader.
    return inline_text("\n".join(paragraph), urls=False).strip().partition("\n\n")[0] if paragraph else ""
