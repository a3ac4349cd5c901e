"""A pane of text of any length, of which only the lines on the screen are drawn."""

import re

from rich.style import Style
from rich.text import Text
from textual.binding import Binding
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from dynacli.text.terminal import cell_width

__all__ = ["TextPane"]

_COLOUR = re.compile("\x1b\\[[0-9]+m")
_LONGEST = 2_000
"""Characters of a line; a longer one goes on in the next, because drawing any line takes time."""


class TextPane(ScrollView, can_focus=True):
    """Lines of text, with the colours of a `Painter`; the caller has made them `visible`."""

    BINDINGS = [  # noqa: RUF012  - textual's own form
        Binding("home", "scroll_home", show=False),
        Binding("end", "scroll_end", show=False),
        Binding("space", "page_down", show=False),
    ]

    def __init__(self, *, id: str) -> None:  # noqa: A002
        super().__init__(id=id)
        self._lines: list[str] = []
        self._width = 0

    @property
    def text(self) -> str:
        """All lines."""
        return "\n".join(self._lines)

    def show(self, text: str) -> None:
        """Show a text in the place of the one before, from its beginning."""
        self._lines, self._width = [], 0
        self.scroll_to(0, 0, animate=False)
        self.append(text)

    def append(self, text: str) -> None:
        """Add to the end of the text, and go on showing the end where that is shown."""
        is_at_end = self.is_vertical_scroll_end and bool(self._lines)
        lines: list[str] = []
        for line in text.removesuffix("\n").expandtabs().split("\n") if text else ():
            lines.extend(line[at : at + _LONGEST] for at in range(0, max(len(line), 1), _LONGEST))
        self._lines += lines
        widths = (cell_width(_COLOUR.sub("", line)) for line in lines)
        self._width = max(self._width, max(widths, default=0))
        self.virtual_size = Size(self._width, len(self._lines))
        if is_at_end:
            self.scroll_end(animate=False, x_axis=False)
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """Draw a line of the screen."""
        left, top = self.scroll_offset
        width, style = self.size.width, self.rich_style
        number = top + y
        if number >= len(self._lines):
            return Strip.blank(width, style)
        text = Text.from_ansi(self._lines[number], no_wrap=True, end="")
        text.stylize_before(Style(color=style.color, bgcolor=style.bgcolor))
        segments = list(text.render(self.app.console))
        return Strip(segments).crop_extend(left, left + width, style)
