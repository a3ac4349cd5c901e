"""The pane on the right: the response in the chosen view, and the list of calls."""

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from rich.style import Style
from rich.text import Text
from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.geometry import Size
from textual.markup import escape
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from dynacli.client.call import ResponseHead, ResponsePart
from dynacli.errors import AuthError, FileError, UsageError
from dynacli.features.explorer._dialogs import PathDialog
from dynacli.features.explorer._response_views import (
    BODY_VIEWS,
    VIEWS,
    KeptCall,
    ResponseScreen,
    kept_text,
    line_of_kept,
    response_screen,
    status_line,
    view_text,
)
from dynacli.features.explorer._running_call import Ended, Event, ProgressText, work_aside
from dynacli.features.explorer._styles import painted_method
from dynacli.features.explorer.drafts import Draft
from dynacli.files import write_named_file
from dynacli.http.downloads import download_name
from dynacli.openapi.model.wording import counted, option_pair
from dynacli.output.output_format import OutputFormat
from dynacli.output.standard_output import written_body
from dynacli.record import replace
from dynacli.registry.call_history import HistoryRow
from dynacli.text.filter_value import check_filter
from dynacli.text.terminal import cell_width, visible

if TYPE_CHECKING:
    from textual.timer import Timer

_COLOUR = re.compile("\x1b\\[[0-9]+m")
_EXCERPT = re.compile("\\s*(?:\x1b\\[[0-9]+m)*\\| ")
"""The beginning of a line of an excerpt. Such a line is not folded: its marker would move."""
_LONGEST = 2_000
"""Maximum width in columns of a line that is folded between words, with its colours."""
_MOST_FOLDED = 2_000
"""Maximum number of lines of a text whose long lines are folded; a longer text scrolls sideways."""
_MOST_APPENDED = 20_000
"""Maximum number of lines of a growing text. When it is exceeded, the last half stays."""
_SMALL = 100_000
"""Maximum size in bytes of a body that is laid out at once; a larger one is laid out in a thread."""
_LONGEST_COPY = 500_000
"""Maximum characters of a copied text. The text of a long stream is cut to as many."""
_PAUSE_BEFORE_FILTER = 0.3
"""Seconds without a key until a typed filter is applied, if it is valid."""
_NOT_CALLED = "^S sends the request."
_UNFILTERED = OutputFormat(may_page=False)
_HISTORY = "history"
_TABS = (*VIEWS, _HISTORY)
_KEYS = {**{view: view[0] for view in VIEWS}, _HISTORY: "y"}
"""View → its key."""


class _TextPane(ScrollView, can_focus=True):
    """Lines of text with the colours of a `Painter`. The caller escapes them with `visible`."""

    BINDINGS = [  # noqa: RUF012  - textual's own way
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
        """All lines as laid out, without colours."""
        return "\n".join(self._plain(number).rstrip() for number in range(len(self._lines)))

    def show(self, text: str) -> None:
        """Replace the text, and scroll to its beginning."""
        self._source, self._lines, self._width = [], [], 0
        self._found = None
        self.scroll_to(0, 0, animate=False)
        self._extend(text)

    def append(self, text: str) -> None:
        """Append to the text, whose first lines may go, and stay at the end if that is visible."""
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
        """Go to the next line that contains a text, ignoring case. After the last line comes the first one.

        Args:
            part: The text; empty to remove the marks.
            step: 1 for the next line, -1 for the previous one, 0 for the same line or the next one.

        Returns:
            Whether a line contains the text.
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
            return  # a hidden pane has no width
        room = self._room
        for line in lines:
            if len(line) <= room and line.isascii():  # which is true of nearly all lines
                self._lines.append(line)
            else:
                self._lines.extend(self._laid_out(line))
        self.virtual_size = Size(self._width, len(self._lines))
        self.refresh()

    def on_resize(self) -> None:
        """Fold the lines for the new width, which is the first one after the pane was hidden."""
        if self._room != self.scrollable_content_region.width:
            self._lines, self._width, self._found = [], 0, None
            self._add(self._source)

    def _laid_out(self, line: str) -> Iterator[str | Text]:
        """Yield a line, folded if it is too wide for the pane and not part of an excerpt."""
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


class FormCall(NamedTuple):
    """A call from the form, with its result.

    Args:
        at: The time of day, for the list.
        draft: The request.
    """

    at: str
    draft: Draft
    ended: Ended


class _Tab(Static):
    """The name of a view. A click opens the view."""

    def __init__(self, view: str) -> None:
        at = view.index(_KEYS[view])
        name = Text.assemble(view[:at], (view[at], "underline"), view[at + 1 :])
        super().__init__(name, id=f"tab-{view}", classes="tab")
        self.view = view


class ResponsePane(Vertical):
    """The response, and the list of calls.

    Args:
        variables: The environment variables, which may turn colours off.
        earlier: Returns the calls of earlier sessions; FileError if they cannot be read.
    """

    BINDINGS = [  # noqa: RUF012
        *(Binding(key, f"view('{view}')", show=False) for view, key in _KEYS.items()),
        Binding("left", "step(-1)", show=False),
        Binding("right", "step(1)", show=False),
        Binding("slash", "find", show=False),
        Binding("f", "filter", show=False),
        Binding("i", "include", show=False),
        Binding("n", "find_next(1)", show=False),
        Binding("N", "find_next(-1)", show=False),
        Binding("s", "save", show=False),
        Binding("c", "copy_text", show=False),
        Binding("l", "app.sign_in", show=False),
    ]

    class Recalled(Message):
        """A call in the list was chosen."""

        def __init__(self, made: FormCall | HistoryRow) -> None:
            super().__init__()
            self.made = made

    class Filtered(Message):
        """The filter, or the choice to show headers, was changed."""

    class _Listed(Message):
        def __init__(self, rows: list[HistoryRow], error: str) -> None:
            super().__init__()
            self.rows, self.error = rows, error

    class _LaidOut(Message):
        def __init__(self, ended: Ended | KeptCall, view: str, asked: OutputFormat, text: str) -> None:
            super().__init__()
            self.ended, self.view, self.asked, self.text = ended, view, asked, text

    def __init__(
        self,
        variables: Mapping[str, str],
        earlier: Callable[[], list[HistoryRow]],
        *,
        id: str,  # noqa: A002
    ) -> None:
        super().__init__(id=id)
        self._variables, self._earlier = variables, earlier
        self._view = VIEWS[0]
        self._operation = ""
        self._asked = _UNFILTERED
        self._filter_timer: Timer | None = None
        self._ended: Ended | KeptCall | None = None
        self._rows: list[HistoryRow] = []
        self._made: list[FormCall] = []
        self._stream: _StreamText | None = None
        self._progress = ""
        self._is_under_way = False

    def compose(self) -> ComposeResult:
        """Make the parts."""
        with Vertical(id="tabs"):
            for view in _TABS:
                yield _Tab(view)
        yield Static(_NOT_CALLED, id="status", markup=False)
        yield _TextPane(id="text")
        yield OptionList(id="made", markup=False, compact=True)
        yield Input(placeholder="find in the response", id="find", compact=True)
        yield Input(placeholder="filter, such as rows[].id", id="filter", compact=True)

    def on_mount(self) -> None:
        """Show the first view."""
        self.query_one("#find").display = self.query_one("#filter").display = False
        self.action_view(VIEWS[0])

    @property
    def text(self) -> str:
        """The text in the pane."""
        return self.query_one(_TextPane).text

    def words_for(self, operation: str) -> list[str]:
        """Return the options that filter the response as the pane does; none for another operation."""
        if operation != self._operation:
            return []
        words = option_pair("-f", self._asked.filter) if self._asked.filter else []
        return [*words, *(("-i",) if self._asked.include else ())]

    def _turn_to(self, operation: str) -> None:
        """Show the response of an operation. A filter applies to one operation alone."""
        if operation != self._operation:
            self._operation, self._asked = operation, _UNFILTERED
            self.border_title = f"F4 Response: {escape(operation)}"
            self._close("#filter")

    def open(self, operation: str) -> None:
        """Remove the response of another operation. A call in progress, and the history, stay."""
        if operation != self._operation and self._stream is None and not self._is_under_way:
            self._turn_to(operation)
            self._empty()

    def begin(self, operation: str) -> None:
        """Show that a call of an operation is in progress."""
        self._turn_to(operation)
        if self._view == _HISTORY:
            self.action_view(VIEWS[0])
        self._empty()
        self._is_under_way = True
        self.show_time(0)

    def _empty(self) -> None:
        self._ended, self._stream, self._progress = None, None, ""
        self.query_one(_TextPane).show("")
        self._show_status(_NOT_CALLED)

    def show_time(self, seconds: float) -> None:
        """Show the time since the start of the call, and its progress."""
        size = counted(self._stream.size, "byte") if self._stream is not None else ""
        parts = (f"Under way for {seconds:.1f} s", self._progress, size)
        self._show_status(f"{' · '.join(part for part in parts if part)}; Esc cancels")

    def _show_status(self, *lines: Content | str) -> None:
        shown = [Content(visible(line)) if isinstance(line, str) else line for line in lines]
        self.query_one("#status", Static).update(Content("\n").join(shown))

    def announce(self, event: Event, draft: Draft, at: str) -> None:
        """Show an event of the call in progress."""
        pane = self.query_one(_TextPane)
        if isinstance(event, ResponseHead):
            self._stream = _StreamText(event, self._screen())
            self._show()
        elif isinstance(event, ResponsePart) and self._stream is not None:
            text = self._stream.text_of(event.content)
            if self._view == VIEWS[0]:
                pane.append(text)
        elif isinstance(event, ProgressText):
            self._progress = event.text
        elif isinstance(event, Ended) and not event.is_last:
            self._ended = event
            self._show()
        elif isinstance(event, Ended):
            self._end(event, FormCall(at, draft, event))

    def _end(self, ended: Ended, made: FormCall) -> None:
        stream, self._stream, self._ended = self._stream, None, ended
        self._is_under_way = False
        self._show_status(*_status_of(ended))
        self._made.insert(0, made)
        self._list_made()
        if stream is not None and self._view == VIEWS[0] and self._asked == _UNFILTERED:  # its text stays
            pane = self.query_one(_TextPane)
            pane.append(stream.end())
            pane.append(self._text_of(self._view, ended._replace(response=None), _UNFILTERED, self._columns))
        else:
            self._show()

    def recall(self, made: FormCall | KeptCall) -> None:
        """Show the response of an earlier call."""
        self._stream = None
        self._turn_to(made.draft.described.operation.name)
        if isinstance(made, KeptCall):
            self._ended = made
            self._show_status(*made.status_lines)
        else:
            self._ended = made.ended
            self._show_status(*_status_of(made.ended))
        self.action_view(VIEWS[0])

    def _text_of(self, view: str, ended: Ended | KeptCall, asked: OutputFormat, columns: int) -> str:
        if isinstance(ended, KeptCall):
            return kept_text(view, ended, asked, columns, self._variables)
        return view_text(view, ended, asked, columns, self._variables)

    @property
    def _columns(self) -> int:
        return max(self.query_one(_TextPane).scrollable_content_region.width, 20)

    def _screen(self) -> ResponseScreen:
        return response_screen(self._columns, self._variables)

    def _show(self) -> None:
        ended, view, asked, columns = self._ended, self._view, self._asked, self._columns
        pane = self.query_one(_TextPane)
        if self._stream is not None and view != _HISTORY:
            is_first = view == VIEWS[0]
            pane.show("" if is_first else "The stream continues. p shows new items; this works at its end.")
            if is_first:
                pane.append(self._stream.text)
        elif ended is None or view == _HISTORY:
            return
        elif ended.response is None or (len(ended.response.body) <= _SMALL and not asked.filter):
            pane.show(self._text_of(view, ended, asked, columns))
        else:
            pane.show("Laying out ...")
            work_aside(
                self,
                lambda: self._LaidOut(ended, view, asked, self._text_of(view, ended, asked, columns)),
            )

    @on(_LaidOut)
    def _take_text(self, message: _LaidOut) -> None:
        if (message.ended, message.view, message.asked) == (self._ended, self._view, self._asked):
            self.query_one(_TextPane).show(message.text)

    def _list_made(self) -> None:
        listed = self.query_one("#made", OptionList)
        number = listed.highlighted or 0
        listed.clear_options()
        lines = [*map(_line_of, self._made), *map(line_of_kept, self._rows)]
        listed.add_options([Option(line) for line in lines])
        listed.highlighted = min(number, len(lines) - 1) if lines else None

    def _list_earlier(self) -> Message:
        try:
            return self._Listed(self._earlier(), "")
        except FileError as error:
            return self._Listed([], f"{error.message}: {error.reason}")

    @on(_Listed)
    def _take_earlier(self, message: _Listed) -> None:
        self._rows = message.rows
        self._list_made()
        if message.error:
            self.notify(message.error, markup=False, severity="error")

    def action_view(self, view: str) -> None:
        """Show another view."""
        self._view = view
        for tab in self.query(_Tab):
            tab.set_class(tab.view == view, "chosen")
        is_history = view == _HISTORY
        if is_history:
            work_aside(self, self._list_earlier)
        had_focus = self.has_focus_within
        self.query_one("#made").display = is_history
        self.query_one(_TextPane).display = not is_history
        self._show()
        if had_focus:
            self.focus_content()

    def action_step(self, step: int) -> None:
        """Show the next or the previous view."""
        self.action_view(_TABS[(_TABS.index(self._view) + step) % len(_TABS)])

    def focus_content(self) -> None:
        """Give the focus to the text, or to the list of calls."""
        self.screen.set_focus(self.query_one("#made" if self._view == _HISTORY else "#text"))

    @on(OptionList.OptionSelected, "#made")
    def _selected(self, event: OptionList.OptionSelected) -> None:
        listed: list[FormCall | HistoryRow] = [*self._made, *self._rows]
        self.post_message(self.Recalled(listed[event.option_index]))

    def action_find(self) -> None:
        """Open the box to find a text in the response."""
        if self._view != _HISTORY:
            box = self.query_one("#find", Input)
            box.display = True
            self.screen.set_focus(box)

    @on(Input.Changed, "#find")
    def _sought(self, event: Input.Changed) -> None:
        self._find(event.value, 0)

    @on(Input.Submitted, "#find")
    def _found(self) -> None:
        self.focus_content()

    def action_find_next(self, step: int) -> None:
        """Go to the next match, or to the previous one."""
        self._find(self.query_one("#find", Input).value, step)

    def _find(self, text: str, step: int) -> None:
        if not self.query_one(_TextPane).find(text, step) and text:
            self.notify(f"The response has no `{visible(text, keep='')}`", markup=False, severity="warning")

    def leave_box(self) -> bool:
        """Close the filter box if it has the focus, else the find box; return whether it was open."""
        box = self.query_one("#filter", Input)
        was_shown = self._close("#filter" if box.has_focus else "#find")
        if box.has_focus:
            self._apply("")
        if was_shown:
            self.focus_content()
        return was_shown

    def _close(self, selector: str) -> bool:
        """Empty and hide a box; return whether it was open."""
        box = self.query_one(selector, Input)
        was_shown = bool(box.display)
        box.value, box.display = "", False
        return was_shown

    @property
    def _may_filter(self) -> bool:
        """Whether there is a response to filter. If so, a view of it opens, else a message says why not."""
        if self._stream is not None:
            self.notify("A stream can be filtered at its end", severity="warning")
        elif self._ended is None or self._ended.response is None:
            self.notify("There is no response to filter", severity="warning")
        else:
            if self._view not in BODY_VIEWS or self._view == "raw":
                self.action_view(VIEWS[0])
            return True
        return False

    def action_filter(self) -> None:
        """Open the box to filter the response."""
        if self._may_filter:
            box = self.query_one("#filter", Input)
            box.display = True
            self.screen.set_focus(box)

    def action_include(self) -> None:
        """Show or hide the status and the headers above the body."""
        if self._may_filter:
            self._ask_for(replace(self._asked, include=not self._asked.include))

    @on(Input.Changed, "#filter")
    def _filter_typed(self, event: Input.Changed) -> None:
        if self._filter_timer is not None:
            self._filter_timer.stop()
        self._filter_timer = self.set_timer(_PAUSE_BEFORE_FILTER, lambda: self._apply_typed(event.value))

    def _apply_typed(self, text: str) -> None:
        """Apply a typed filter if it is valid; it may be incomplete."""
        with suppress(UsageError):
            check_filter(text.strip() or "@")
            self._apply(text)

    @on(Input.Submitted, "#filter")
    def _filter_entered(self, event: Input.Submitted) -> None:
        self._apply(event.value)
        if not event.value.strip():
            self._close("#filter")
        self.focus_content()

    def _apply(self, text: str) -> None:
        self._ask_for(replace(self._asked, filter=text.strip()))

    def _ask_for(self, asked: OutputFormat) -> None:
        if asked != self._asked:
            self._asked = asked
            self._show()
            self.post_message(self.Filtered())

    def action_copy_text(self) -> None:
        """Copy the text in the pane."""
        text = self.text
        if len(text) > _LONGEST_COPY:
            self.notify("That is too much for the clipboard of a terminal; s saves it", severity="warning")
        elif text:
            self.app.copy_to_clipboard(text)
            self.notify("Copied what is shown")

    def action_save(self) -> None:
        """Ask for a file, and save the body of the response in it."""
        response = self._ended.response if self._ended is not None else None
        if response is None or self._ended is None:
            self.notify("There is no response to save", severity="warning")
            return

        def take(path: str | None) -> None:
            if path:
                self._write(path, response.body, is_whole=len(response.body) == response.size)

        name = download_name(response.header("content-disposition"), response.url)
        self.app.push_screen(PathDialog(name), take)

    def _write(self, path: str, body: bytes, *, is_whole: bool) -> None:
        try:
            write_named_file(os.path.expanduser(path), body)
        except FileError as error:
            self.notify(f"{error.message}: {error.reason}", markup=False, severity="error")
        else:
            rest = "" if is_whole else "; it is not the whole response"
            self.notify(f"{counted(len(body), 'byte')} in {path}{rest}", markup=False)

    def on_click(self, event: events.Click) -> None:
        """Show the view whose name was clicked."""
        if isinstance(event.widget, _Tab):
            self.action_view(event.widget.view)

    def on_resize(self) -> None:
        """Lay out a table again."""
        if self._view == "table":
            self._show()


class _StreamText:
    """The text of a stream, as the command line prints it during the call.

    Attributes:
        size: Number of received bytes.
        text: The last part of the text.
    """

    def __init__(self, begun: ResponseHead, screen: ResponseScreen) -> None:
        self._screen = screen
        self.size, self.text = 0, ""
        self._writing = written_body(screen.env, begun.response.header("content-type"), OutputFormat("text"))
        self._write = self._writing.__enter__()

    def text_of(self, piece: bytes) -> str:
        """Return the text of a piece."""
        self.size += len(piece)
        self._write(piece)
        text = self._screen.take()
        self.text += text
        if len(self.text) > 2 * _LONGEST_COPY:
            self.text = self.text[-_LONGEST_COPY:].partition("\n")[2]
        return text

    def end(self) -> str:
        """Return the text that was held back until the end."""
        self._writing.__exit__(None, None, None)
        return self._screen.take()


def _status_of(ended: Ended) -> list[Content | str]:
    """Return the lines above a response: its status, its notes, and how to sign in."""
    lines: list[Content | str] = [status_line(ended), *ended.notes]
    if isinstance(ended.error, AuthError) or (ended.response is not None and ended.response.status == 401):
        lines.append("l signs in")
    return lines


def _line_of(made: FormCall) -> Content:
    operation = made.draft.described.operation
    name = f" {visible(operation.name, keep='')} "
    return Content.assemble(f"{made.at} ", painted_method(operation.method), name, status_line(made.ended))
