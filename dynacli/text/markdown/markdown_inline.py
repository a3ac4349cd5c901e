"""The inline content of a Markdown paragraph as plain text: emphasis, code, links, entities, inline HTML.

A single pass from left to right over the special characters looks at each a bounded number of times,
so that the time is linear for any text
(CommonMark 0.31, "Inlines"; GitHub Flavored Markdown, "Strikethrough" and "Autolinks").
"""

import re
from collections.abc import Mapping
from functools import cache

__all__ = ["code_spans", "inline_text"]

_PUNCTUATION = frozenset("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~")
_ENTITIES = {
    "amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'", "nbsp": " ", "mdash": "\u2014",
    "ndash": "\u2013", "hellip": "\u2026", "copy": "\u00a9", "reg": "\u00ae", "rarr": "\u2192",
    "larr": "\u2190", "bull": "\u2022", "times": "\u00d7", "lsquo": "\u2018", "rsquo": "\u2019",
    "ldquo": "\u201c", "rdquo": "\u201d", "middot": "\u00b7",
}  # fmt: skip
# Tags that are removed; any other word in angle brackets is most likely a placeholder, and stays.
_SILENT_TAGS = frozenset((
    "a", "abbr", "b", "big", "blockquote", "body", "caption", "center", "cite", "dd", "del", "details", "dfn",
    "div", "dl", "dt", "em", "embed", "figcaption", "figure", "font", "footer", "h1", "h2", "h3", "h4", "h5", "h6",
    "header", "hr", "html", "i", "iframe", "ins", "kbd", "label", "li", "mark", "nobr", "ol", "p", "pre", "q", "s",
    "samp", "section", "small", "source", "span", "strike", "strong", "sub", "summary", "sup", "svg", "table",
    "tbody", "td", "tfoot", "th", "thead", "tr", "tt", "u", "ul", "var", "video", "wbr",
))  # fmt: skip


@cache
def _pattern(name: str) -> re.Pattern[str]:
    # Compiled at first use, because most descriptions do not need the rarer patterns.
    return re.compile(_PATTERNS[name], re.IGNORECASE)


# Possessive quantifiers keep a failing match from being tried in other ways.
_PATTERNS = {
    "special": r"[\\`*_~\[\]!<&\n]",
    "target": r"\(\s*+(?:<([^<>\n]*+)>|([^\s()]*+(?:\([^\s()]*+\)[^\s()]*+)*+))"
    r"(?:\s++(?:\"[^\"]*+\"|'[^']*+'|\([^()]*+\)))?+\s*+\)",
    "reference": r"\[([^\[\]\n]{0,200}+)\]",
    "autolink": r"<((?:https?|ftp|mailto|tel):[^\s<>]*+|[\w.+-]++@[\w.-]++)>",
    "tag": r"<(/?)([a-z][a-z0-9-]*+)((?:\s[^<>]*+)?)/?>",
    "entity": r"&(?:#x([0-9a-f]{1,6})|#([0-9]{1,7})|([a-z][a-z0-9]{1,31}));",
    "href": r"\bhref\s*+=\s*+(?:\"([^\"]*+)\"|'([^']*+)'|([^\s\"'>]++))",
    "alt": r"\balt\s*+=\s*+(?:\"([^\"]*+)\"|'([^']*+)'|([^\s\"'>]++))",
}


def code_spans(text: str) -> dict[int, int]:
    """Return the code spans of a text: position of the first backtick → position behind the last backtick.

    A span does not reach over an empty line (CommonMark, "Code spans": inlines are within a paragraph).
    """
    if "`" not in text:
        return {}
    runs = [found.span() for found in re.finditer("`+", text)]
    following: dict[int, int] = {}  # length of a run -> index of the next run of that length
    partner = [0] * len(runs)
    for index, (start, end) in reversed(list(enumerate(runs))):
        partner[index] = following.get(end - start, 0)
        following[end - start] = index
    spans: dict[int, int] = {}
    index = 0
    while index < len(runs):
        start, end = runs[index]
        closing = partner[index]
        is_escaped = start > 0 and text[start - 1] == "\\" and (start < 2 or text[start - 2] != "\\")
        if closing and not is_escaped and text.find("\n\n", end, runs[closing][0]) < 0:
            spans[start] = runs[closing][1]
            index = closing
        index += 1
    return spans


def inline_text(source: str, references: Mapping[str, str] | None = None, *, urls: bool = True) -> str:
    r"""Return inline content as plain text: a hard line break becomes `\n`, any other line break a space.

    Args:
        source: The paragraph's lines.
        references: The document's link reference definitions, label in lower case to URL.
        urls: Whether links show their URL: `text (URL)`.
    """
    first = _pattern("special").search(source)
    if not first:
        return source
    return _Inline(source, references or {}, urls=urls).run(first.start())


class _Inline:
    """A single pass over a paragraph."""

    def __init__(self, source: str, references: Mapping[str, str], *, urls: bool) -> None:
        self.source = source
        self.references = references
        self.urls = urls
        self.spans = code_spans(source)
        self.pieces: list[str] = []
        # Open delimiter runs by character: [index of the piece, how many delimiters are still open].
        self.openers: dict[str, list[list[int]]] = {"*": [], "_": [], "~": []}
        # Open brackets: (index of the piece, position behind the bracket, whether it starts an image).
        self.brackets: list[tuple[int, int, bool]] = []
        # Open HTML anchors: (position behind the tag, URL).
        self.anchors: list[tuple[int, str]] = []
        self.has_no_comment_end = False

    def run(self, position: int) -> str:
        source, pieces = self.source, self.pieces
        special = _pattern("special")
        pieces.append(source[:position])
        while position < len(source):
            position = self._step(source[position], position)
            found = special.search(source, position)
            following = found.start() if found else len(source)
            if following > position:
                pieces.append(source[position:following])
                position = following
        return "".join(pieces)

    def _step(self, character: str, at: int) -> int:
        if character == "\\":
            return self._backslash(at)
        if character == "`":
            return self._code(at)
        if character in "*_~":
            return self._delimiter(character, at)
        if character == "[":
            return self._open_bracket(at, at + 1, is_image=False)
        if character == "!":
            if self.source.startswith("[", at + 1):
                return self._open_bracket(at, at + 2, is_image=True)
        elif character == "]":
            return self._close_bracket(at)
        elif character == "<":
            return self._angle(at)
        elif character == "&":
            return self._entity(at)
        elif character == "\n":
            is_hard = self.source.endswith("  ", 0, at)
            self.pieces.append("\n" if is_hard else " ")
            return at + 1
        self.pieces.append(character)
        return at + 1

    def _backslash(self, at: int) -> int:
        following = self.source[at + 1 : at + 2]
        if following and (following in _PUNCTUATION or following == "\n"):
            self.pieces.append(following)
            return at + 2
        self.pieces.append("\\")
        return at + 1

    def _code(self, at: int) -> int:
        end = self.spans.get(at) or _run_end(self.source, at)
        self.pieces.append(self.source[at:end].replace("\n", " "))
        return end

    def _delimiter(self, character: str, at: int) -> int:
        source = self.source
        end = _run_end(source, at)
        length = end - at
        before, after = source[at - 1 : at] or " ", source[end : end + 1] or " "
        opens = not after.isspace() and (_is_word(after) or before.isspace() or not _is_word(before))
        closes = not before.isspace() and (_is_word(before) or after.isspace() or not _is_word(after))
        if character == "_":
            opens, closes = opens and not _is_word(before), closes and not _is_word(after)
        if character == "~" and length != 2:
            opens = closes = False
        openers = self.openers[character]
        while closes and length and openers:
            opener = openers[-1]
            matched = min(length, opener[1])
            length -= matched
            opener[1] -= matched
            self.pieces[opener[0]] = character * opener[1]
            if not opener[1]:
                openers.pop()
        if opens and length:
            openers.append([len(self.pieces), length])
        self.pieces.append(character * length)
        return end

    def _open_bracket(self, at: int, end: int, *, is_image: bool) -> int:
        self.brackets.append((len(self.pieces), end, is_image))
        self.pieces.append(self.source[at:end])
        return end

    def _close_bracket(self, at: int) -> int:
        if self.brackets:
            piece, start, is_image = self.brackets.pop()
            url, end = self._target(start, at)
            if end:
                self.pieces[piece] = ""
                if not is_image and self.urls:
                    self.pieces.append(self._url_suffix(start, at, url))
                return end
        self.pieces.append("]")
        return at + 1

    def _target(self, start: int, at: int) -> tuple[str, int]:
        """Return the URL of a link and the position behind the link, 0 where this is no link."""
        found = _pattern("target").match(self.source, at + 1)
        if found:
            return found[1] or found[2] or "", found.end()
        if not self.references:
            return "", 0
        label = self.source[start : min(at, start + 200)]
        end = at + 1
        found = _pattern("reference").match(self.source, at + 1)
        if found:
            label, end = found[1] or label, found.end()
        url = self.references.get(" ".join(label.lower().split()))
        return (url, end) if url is not None else ("", 0)

    def _angle(self, at: int) -> int:
        source = self.source
        found = _pattern("autolink").match(source, at)
        if found:
            self.pieces.append(found[1].removeprefix("mailto:"))
            return found.end()
        if source.startswith("<!--", at) and not self.has_no_comment_end:
            end = source.find("-->", at + 4)
            if end >= 0:
                return end + 3
            self.has_no_comment_end = True
        found = _pattern("tag").match(source, at)
        if found and self._tag(found):
            return found.end()
        self.pieces.append("<")
        return at + 1

    def _tag(self, found: re.Match[str]) -> bool:
        """Translate a tag; return whether it is an HTML tag."""
        is_end, name, attributes = bool(found[1]), found[2].lower(), found[3]
        at, end = found.span()
        if name == "br":
            self.pieces.append("\n")
        elif name == "img":
            self.pieces.append(_attribute("alt", attributes))
        elif name == "code":
            self.pieces.append("`")
        elif name == "a" and not is_end:
            self.anchors.append((end, _attribute("href", attributes)))
        elif name == "a" and self.anchors:
            start, url = self.anchors.pop()
            if self.urls:
                self.pieces.append(self._url_suffix(start, at, url))
        else:
            return name in _SILENT_TAGS
        return True

    def _url_suffix(self, start: int, end: int, url: str) -> str:
        """Return ` (URL)`, which follows a link's text; empty where the text is the URL itself."""
        shown = url.removeprefix("mailto:")
        is_text = end - start == len(shown) and self.source.startswith(shown, start)
        return "" if not url or is_text or url.startswith("#") else f" ({entities(url)})"

    def _entity(self, at: int) -> int:
        found = _pattern("entity").match(self.source, at)
        self.pieces.append(entity_text(found) if found else "&")
        return found.end() if found else at + 1


def entity_text(found: re.Match[str]) -> str:
    """Return the character of an entity or numeric reference, or the reference itself where its name is unknown."""
    hexadecimal, decimal, name = found.groups()
    if name in _ENTITIES:
        return _ENTITIES[name]
    if hexadecimal or decimal:
        code = int(hexadecimal, 16) if hexadecimal else int(decimal)
        return " " if code == 0xA0 else chr(code) if 0 < code < 0x110000 else "\ufffd"
    from html import unescape

    return unescape(found[0])


def entities(text: str) -> str:
    """Return the text with its character references replaced."""
    return _pattern("entity").sub(entity_text, text) if "&" in text else text


def _attribute(name: str, attributes: str) -> str:
    found = _pattern(name).search(attributes)
    return (found[1] or found[2] or found[3] or "").strip() if found else ""


def _run_end(source: str, at: int) -> int:
    end = at + 1
    while source.startswith(source[at], end):
        end += 1
    return end


def _is_word(character: str) -> bool:
    return character.isalnum() or not (character.isascii() or character.isspace())
