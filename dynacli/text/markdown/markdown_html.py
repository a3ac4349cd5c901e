"""HTML blocks in a description, translated to Markdown.

Only block tags are translated here (lists, paragraphs, headings, tables, preformatted text);
inline tags are left to `markdown_inline`. Code is not touched.
"""

import re

from dynacli.text.markdown.markdown_inline import code_spans, entities

__all__ = ["without_html_blocks"]

_PARAGRAPHS = (
    "p|div|section|details|summary|center|blockquote|dl|dt|dd|thead|tbody|tfoot|caption|figure|header|footer"
)
_TOKEN = re.compile(
    rf"(?P<fence>^[ ]{{0,3}}(?P<marks>```+|~~~+))|(?P<code>`+)|(?P<comment><!--)"
    rf"|<(?P<end>/?)(?P<name>ul|ol|li|pre|table|tr|td|th|hr|h[1-6]|script|style|{_PARAGRAPHS})(?:\s[^<>]*+)?/?>",
    re.IGNORECASE | re.MULTILINE,
)
_DEEPEST = 20


def without_html_blocks(text: str) -> str:
    """Return the Markdown text with HTML's block tags replaced by Markdown."""
    return _Translation(text).run()


class _Translation:
    def __init__(self, text: str) -> None:
        self.text = text
        self.lowered = text.lower() if len(text.lower()) == len(text) else text
        self.out: list[str] = []
        # Open lists, outermost first: the number of items so far of an ordered list, None for an unordered list.
        self.lists: list[int | None] = []
        self.cells = 0
        self.rows = 0
        self.is_in_table = False
        self.unclosed: set[str] = set()

    def run(self) -> str:
        position = 0
        spans = code_spans(self.text)
        while found := _TOKEN.search(self.text, position):
            self._plain(self.text[position : found.start()])
            if found["fence"]:
                position = self._fence(found)
            elif found["code"]:
                position = spans.get(found.start("code"), found.end())
                self.out.append(self.text[found.start() : position])
            elif found["comment"]:
                position = self._skip(found, "-->")
            elif found["name"].lower() in {"script", "style", "pre"} and not found["end"]:
                position = self._verbatim(found)
            else:
                position = found.end()
                self._tag(found["name"].lower(), is_end=bool(found["end"]))
        self._plain(self.text[position:])
        return "".join(self.out)

    def _plain(self, text: str) -> None:
        if text and (self.lists or self.is_in_table):
            if "\n\n" in text and text.strip():
                # An empty line ends an HTML block (CommonMark, "HTML blocks"), so the end tag is missing.
                self.lists.clear()
                self.is_in_table = False
            else:
                before, after = (" " if text[edge].isspace() else "" for edge in (0, -1))
                text = before + " ".join(text.split()) + after
                # Four or more spaces behind the marker of an item would turn its text into code.
                text = text.lstrip(" ") if self._is_at_space() else text
        if text:
            self.out.append(text)

    def _is_at_space(self) -> bool:
        return bool(self.out) and self.out[-1][-1:].isspace()

    def _fence(self, found: re.Match[str]) -> int:
        closing = re.compile(
            rf"^[ ]{{0,3}}{found['marks'][0]}{{{len(found['marks'])},}}[ \t]*$", re.MULTILINE
        )
        end = closing.search(self.text, found.end())
        position = end.end() if end else len(self.text)
        self.out.append(self.text[found.start() : position])
        return position

    def _skip(self, found: re.Match[str], mark: str) -> int:
        """Return the position behind the mark; where there is none, the token stays and its end is returned."""
        if mark not in self.unclosed:
            end = self.lowered.find(mark, found.end())
            if end >= 0:
                return end + len(mark)
            self.unclosed.add(mark)
        self.out.append(found[0])
        return found.end()

    def _verbatim(self, found: re.Match[str]) -> int:
        name = found["name"].lower()
        mark = f"</{name}>"
        end = self._skip(found, mark)
        if mark not in self.unclosed and name == "pre":
            content = self.text[found.end() : end - len(mark)]
            content = re.sub(r"</?[a-zA-Z][^<>]*>", "", content).strip("\n")
            self.out.append(f"\n\n~~~~~~\n{entities(content)}\n~~~~~~\n\n")
        return end

    def _tag(self, name: str, *, is_end: bool) -> None:
        if name in {"ul", "ol"}:
            self._list(name, is_end=is_end)
        elif name == "li":
            if not is_end:
                self._item()
        elif name in {"table", "tr", "td", "th"}:
            self._table(name, is_end=is_end)
        elif name == "hr":
            self.out.append("\n\n---\n\n")
        elif name[0] == "h" and name[1:].isdigit():
            self.out.append("\n\n" if is_end else f"\n\n{'#' * int(name[1])} ")
        elif not self.is_in_table:
            # An empty line would end a list item, so a paragraph inside it becomes a space.
            if not self.lists:
                self.out.append("\n\n")
            elif not self._is_at_space():
                self.out.append(" ")

    def _list(self, name: str, *, is_end: bool) -> None:
        if not is_end:
            if not self.lists:
                self.out.append("\n\n")
            if len(self.lists) < _DEEPEST:
                self.lists.append(0 if name == "ol" else None)
        elif self.lists:
            self.lists.pop()
            if not self.lists:
                self.out.append("\n\n")

    def _item(self) -> None:
        if not self.lists:
            self.out.append("\n- ")
            return
        count = self.lists[-1]
        marker = "- "
        if count is not None:
            self.lists[-1] = count + 1
            marker = f"{count + 1}. "
        # Indented behind the markers of the outer items.
        indent = sum(2 if outer is None else len(f"{outer}. ") for outer in self.lists[:-1])
        self.out.append("\n" + " " * indent + marker)

    def _table(self, name: str, *, is_end: bool) -> None:
        if name == "table":
            self.is_in_table = not is_end
            self.rows = self.cells = 0
            self.out.append("\n\n")
        elif name == "tr":
            if not is_end:
                self.cells = 0
                self.out.append("\n|")
            else:
                self.rows += 1
                self.out.append("\n" + "|---" * min(self.cells, 100) + "|" if self.rows == 1 else "")
        elif is_end:
            self.out.append(" |")
        else:
            self.cells += 1
