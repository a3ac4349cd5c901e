"""The right side: the answer in the view that was chosen, and the calls that were made."""

from collections.abc import Mapping
from typing import NamedTuple

from rich.text import Text
from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.message import Message
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from dynacli.explorer.answer.answer_views import VIEWS, AnswerScreen, answer_screen, status_text, view_text
from dynacli.explorer.answer.text_pane import TextPane
from dynacli.explorer.calls.running_call import Begun, Came, Ended, Event, Paused
from dynacli.explorer.form.draft import Draft
from dynacli.explorer.work_aside import work_aside
from dynacli.output.output_form import OutputForm
from dynacli.output.stream_body import written_body
from dynacli.text.terminal import visible

__all__ = ["AnswerPane", "MadeCall"]

_SMALL = 100_000
"""The size in bytes of a body that is laid out before anything else is done."""
_HISTORY = "history"
_TABS = (*VIEWS, _HISTORY)
_KEYS = {**{view: view[0] for view in VIEWS}, _HISTORY: "y"}
"""View → its key."""


class MadeCall(NamedTuple):
    """A call that was made, with what came of it.

    Args:
        at: The time of day, for the list.
        draft: What was sent.
    """

    at: str
    draft: Draft
    ended: Ended


class _Tab(Static):
    """The name of a view, which is chosen by a click."""

    def __init__(self, view: str) -> None:
        at = view.index(_KEYS[view])
        name = Text.assemble(view[:at], (view[at], "underline"), view[at + 1 :])
        super().__init__(name, id=f"tab-{view}", classes="tab")
        self.view = view


class AnswerPane(Vertical):
    """The answer and the calls that were made."""

    BINDINGS = [  # noqa: RUF012
        *(Binding(key, f"view('{view}')", show=False) for view, key in _KEYS.items()),
        Binding("left", "step(-1)", show=False),
        Binding("right", "step(1)", show=False),
    ]

    class Recalled(Message):
        """A call of the list was chosen."""

        def __init__(self, made: MadeCall) -> None:
            super().__init__()
            self.made = made

    class _LaidOut(Message):
        def __init__(self, ended: Ended, view: str, text: str) -> None:
            super().__init__()
            self.ended, self.view, self.text = ended, view, text

    def __init__(self, variables: Mapping[str, str], *, id: str) -> None:  # noqa: A002
        super().__init__(id=id)
        self._variables = variables
        self._view = VIEWS[0]
        self._ended: Ended | None = None
        self._made: list[MadeCall] = []
        self._stream: _StreamText | None = None

    def compose(self) -> ComposeResult:
        """Make the parts."""
        with Vertical(id="tabs"):
            for view in _TABS:
                yield _Tab(view)
        yield Static("Nothing was called yet.", id="status", markup=False)
        yield TextPane(id="text")
        yield OptionList(id="made", markup=False, compact=True)

    def on_mount(self) -> None:
        """Begin with the first view."""
        self.action_view(VIEWS[0])

    @property
    def text(self) -> str:
        """The text that is shown."""
        return self.query_one(TextPane).text

    def begin(self) -> None:
        """Show that a call is under way."""
        self._ended, self._stream = None, None
        if self._view == _HISTORY:
            self.action_view(VIEWS[0])
        self.query_one(TextPane).show("")

    def show_status(self, text: str) -> None:
        """Show a line above the answer."""
        self.query_one("#status", Static).update(visible(text, keep=""))

    def tell(self, event: Event, draft: Draft, at: str) -> None:
        """Show what came of the call that is under way."""
        pane = self.query_one(TextPane)
        if isinstance(event, Begun):
            self._stream = _StreamText(event, self._screen())
        elif isinstance(event, Came) and self._stream is not None:
            pane.append(self._stream.text_of(event.piece))
        elif isinstance(event, Paused):
            self.show_status(event.text)
        elif isinstance(event, Ended):
            self._ended = event
            self.show_status(status_text(event))
            self._made.insert(0, MadeCall(at, draft, event))
            self._list_made()
            if self._stream is not None:
                pane.append(self._stream.end())
                rest = event._replace(answer=None)
                pane.append(view_text(self._view, rest, self._columns, self._variables))
            else:
                self._show()

    def recall(self, made: MadeCall) -> None:
        """Show the answer of an earlier call."""
        self._ended, self._stream = made.ended, None
        self.show_status(status_text(made.ended))
        self.action_view(VIEWS[0])

    @property
    def _columns(self) -> int:
        return max(self.query_one(TextPane).scrollable_content_region.width, 20)

    def _screen(self) -> AnswerScreen:
        return answer_screen(self._columns, self._variables)

    def _show(self) -> None:
        ended, view, columns = self._ended, self._view, self._columns
        if ended is None or view == _HISTORY:
            return
        pane = self.query_one(TextPane)
        if ended.answer is None or len(ended.answer.body) <= _SMALL:
            pane.show(view_text(view, ended, columns, self._variables))
            return
        pane.show("Laying out ...")
        work_aside(self, lambda: self._LaidOut(ended, view, view_text(view, ended, columns, self._variables)))

    @on(_LaidOut)
    def _take_text(self, message: _LaidOut) -> None:
        if message.ended is self._ended and message.view == self._view:
            self.query_one(TextPane).show(message.text)

    def _list_made(self) -> None:
        listed = self.query_one("#made", OptionList)
        listed.clear_options()
        listed.add_options([Option(Text(_line_of(made), no_wrap=True)) for made in self._made])
        listed.highlighted = 0

    def action_view(self, view: str) -> None:
        """Show another view."""
        self._view, self._stream = view, None
        for tab in self.query(_Tab):
            tab.set_class(tab.view == view, "chosen")
        is_history = view == _HISTORY
        had_focus = self.has_focus_within
        self.query_one("#made").display = is_history
        self.query_one(TextPane).display = not is_history
        self._show()
        if had_focus:
            self.focus_content()

    def action_step(self, step: int) -> None:
        """Show the next view."""
        self.action_view(_TABS[(_TABS.index(self._view) + step) % len(_TABS)])

    def focus_content(self) -> None:
        """Give the focus to what is shown."""
        self.screen.set_focus(self.query_one("#made" if self._view == _HISTORY else "#text"))

    @on(OptionList.OptionSelected, "#made")
    def _selected(self, event: OptionList.OptionSelected) -> None:
        self.post_message(self.Recalled(self._made[event.option_index]))

    def on_click(self, event: events.Click) -> None:
        """Show the view whose name was clicked on."""
        if isinstance(event.widget, _Tab):
            self.action_view(event.widget.view)

    def on_resize(self) -> None:
        """Lay a table out anew."""
        if self._view == "table":
            self._show()


class _StreamText:
    """The text of a stream, as the command line writes it while it comes."""

    def __init__(self, begun: Begun, screen: AnswerScreen) -> None:
        self._screen = screen
        self._writing = written_body(screen.env, begun.answer.header("content-type"), OutputForm("text"))
        self._write = self._writing.__enter__()

    def text_of(self, piece: bytes) -> str:
        """Return the text of a piece."""
        self._write(piece)
        return self._screen.take()

    def end(self) -> str:
        """Return the text that was kept back until the end."""
        self._writing.__exit__(None, None, None)
        return self._screen.take()


def _line_of(made: MadeCall) -> str:
    operation = made.draft.described.operation
    return f"{made.at} {operation.method} {visible(operation.name, keep='')} {status_text(made.ended)}"
