"""A pane of text of any length, of which only the lines on the screen are drawn."""

import re
from collections.abc import Iterable, Iterator

from rich.style import Style
from rich.text import Text
from textual.binding import Binding
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from dynacli.text.terminal import cell_width

__all__ = ["TextPane"]

_COLOUR = re.compile("\x1b\\[[0-9]+m")
_EXCERPT = re.compile("\\s*(?:\x1b\\[[0-9]+m)*\\| ")
"""The beginning of a line of an excerpt, whose marker would stand elsewhere if it were folded."""
_LONGEST = 2_000
"""Columns of a line that is folded between words, and has colours."""
_MOST_FOLDED = 2_000
"""Lines of a text whose long lines are folded; in a longer text they are scrolled to."""
_MOST_APPENDED = 20_000
"""Lines that are kept of a text that grows without an end."""


class TextPane(ScrollView, can_focus=True):
    """Lines of text, with the colours of a `Painter`; the caller has made them `visible`."""

    BINDINGS = [  # noqa: RUF012  - textual's own form
        Binding("home", "scroll_home", show=False),
        Binding("end", "scroll_end", show=False),
        Binding("space", "page_down", show=False),
    ]

    def __init__(self, *, id: str) -> None:  # noqa: A002
        super().__init__(id=id)
        self._source: list[str] = []
        self._lines: list[str | Text] = []
        self._width = self._room = 0
        self._sought = ""
        self._found: int | None = None

    @property
    def text(self) -> str:
        """All lines as they are laid out, without colours."""
        return "\n".join(self._plain(number).rstrip() for number in range(len(self._lines)))

    def show(self, text: str) -> None:
        """Show a text in the place of the one before, from its beginning."""
        self._source, self._lines, self._width = [], [], 0
        self._found = None
        self.scroll_to(0, 0, animate=False)
        self._extend(text)

    def append(self, text: str) -> None:
        """Add to the end of a text, of which the last lines are kept, and go on showing the end if that is shown."""
        is_at_end = self.is_vertical_scroll_end
        self._extend(text)
        surplus = len(self._source) - _MOST_APPENDED
        if surplus > 0:
            self._source = self._source[surplus + _MOST_APPENDED // 2 :]
            self._lines, self._width, self._found = [], 0, None
            self._add(self._source)
        if is_at_end:
            self.scroll_end(animate=False, x_axis=False)

    def _extend(self, text: str) -> None:
        lines = text.removesuffix("\n").expandtabs().split("\n") if text else []
        self._source += lines
        self._add(lines)

    def find(self, part: str, step: int = 1) -> bool:
        """Go to the next line that has a text, whatever the case of its letters, or from the last to the first one.

        Args:
            part: The text; empty to mark none any more.
            step: 1 for the next line, -1 for the one before, 0 for the next one or the same again.

        Returns:
            Whether there is one.
        """
        self._sought = part.lower()
        count, base = len(self._lines), self.scroll_offset.y
        direction, skipped = (-1, 1) if step < 0 else (1, step)
        if self._found is None:
            skipped = 0
        else:
            base = self._found
        self._found = None
        for number in range(skipped, count + skipped) if part else ():
            line = (base + direction * number) % count
            if self._sought in self._plain(line).lower():
                self._found = line
                self.scroll_to(0, max(line - self.size.height // 2, 0), animate=False)
                break
        self.refresh()
        return self._found is not None

    def _plain(self, number: int) -> str:
        line = self._lines[number]
        return line.plain if isinstance(line, Text) else _COLOUR.sub("", line)

    def _add(self, lines: Iterable[str]) -> None:
        self._room = self.scrollable_content_region.width
        if not self._room:
            return  # it is hidden
        room = self._room
        for line in lines:
            if len(line) <= room and line.isascii():  # as nearly all are
                self._lines.append(line)
            else:
                self._lines.extend(self._laid_out(line))
        self.virtual_size = Size(self._width, len(self._lines))
        self.refresh()

    def on_resize(self) -> None:
        """Fold the lines anew, as one that was hidden had no width at all."""
        if self._room != self.scrollable_content_region.width:
            self._lines, self._width, self._found = [], 0, None
            self._add(self._source)

    def _laid_out(self, line: str) -> Iterator[str | Text]:
        """Yield a line, folded where it is too long for the pane and no part of an excerpt."""
        plain = _COLOUR.sub("", line)
        width = cell_width(plain)
        if width > _LONGEST:
            yield from (plain[at : at + self._room] for at in range(0, len(plain), self._room))
        elif width <= self._room or len(self._source) > _MOST_FOLDED or _EXCERPT.match(line):
            self._width = max(self._width, width)
            yield line
        else:
            yield from Text.from_ansi(line).wrap(self.app.console, self._room)

    def render_line(self, y: int) -> Strip:
        """Draw a line of the screen."""
        left, top = self.scroll_offset
        width, style = self.size.width, self.rich_style
        number = top + y
        if number >= len(self._lines):
            return Strip.blank(width, style)
        line = self._lines[number]
        text = line.copy() if isinstance(line, Text) else Text.from_ansi(line)
        text.end = ""
        text.stylize_before(Style(color=style.color, bgcolor=style.bgcolor))
        if self._sought:
            marked = Style(reverse=True, underline=number == self._found)
            text.highlight_regex(f"(?i){re.escape(self._sought)}", marked)
        return Strip(text.render(self.app.console)).crop_extend(left, left + width, style)
