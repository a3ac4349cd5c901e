"""The widgets that a form is made of: a box for a text, a box for a choice, and a line that does something."""

from collections.abc import Sequence

from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Input, Static, TextArea

from dynacli.apps.explorer._dialogs import ChoiceDialog
from dynacli.apps.explorer.form_rows import BODY, FormRow
from dynacli.openapi.model.wording import constraints, placeholder
from dynacli.text.exact_json import compact_json, read_json
from dynacli.text.terminal import visible

__all__ = ["ActionLine", "BodyText", "ChoiceBox", "FieldRow", "SettingRow", "TextBox"]


def _facts_of(row: FormRow) -> str:
    """Return in words what an input takes."""
    kind = "@FILE" if row.file == "only" else placeholder(row.value).replace(" ...", ", or a JSON array")
    facts = [fact for fact in constraints(row.value) if fact != "may be repeated"]
    if row.is_required and row.location == BODY and not row.is_needed:
        facts.insert(0, f"required in {row.option.rpartition('.')[0] or 'the body'}")
    if row.choices and facts:
        return "; ".join(facts)
    return f"{kind} [{'; '.join(facts)}]" if facts else kind


_EMPTY = "sent as an empty text"


class ChoiceBox(Static, can_focus=True):
    """A value that is chosen among words.

    Args:
        title: What is chosen.
        words: The words.
        value: The one that is chosen; empty for none.
        may_be_empty: Whether none may be chosen.
        hint: What is shown while none is.
    """

    BINDINGS = [  # noqa: RUF012
        Binding("enter,space", "choose", "Choose", show=False),
        Binding("right", "step(1)", show=False),
        Binding("left", "step(-1)", show=False),
        Binding("delete,backspace", "clear", show=False),
    ]

    class Changed(Message):
        """Another word was chosen."""

        def __init__(self, box: "ChoiceBox") -> None:
            super().__init__()
            self.box = box

    def __init__(
        self, title: str, words: Sequence[str], value: str = "", *, may_be_empty: bool = True, hint: str = ""
    ) -> None:
        super().__init__(markup=False, classes="choice")
        self._title, self._words, self._may_be_empty, self._hint = title, list(words), may_be_empty, hint
        self.value = value

    def render(self) -> Text:
        """Draw the value, or the hint."""
        shown = Text(visible(self.value or self._hint, keep=""), no_wrap=True, overflow="ellipsis")
        if not self.value:
            shown.stylize("dim")
        return Text.assemble("▾ ", shown, no_wrap=True, overflow="ellipsis")

    def show_hint(self, hint: str) -> None:
        """Show another hint."""
        self._hint = hint
        self.refresh()

    def choose(self, value: str) -> None:
        """Choose a word, and tell of it if it is another one."""
        if value != self.value:
            self.value = value
            self.refresh()
            self.post_message(self.Changed(self))

    def action_choose(self) -> None:
        """Let the person choose in a dialog."""

        def take(word: str | None) -> None:
            if word is not None:
                self.choose(word)

        self.app.push_screen(
            ChoiceDialog(self._title, self._words, self.value, may_be_empty=self._may_be_empty), take
        )

    def action_step(self, step: int) -> None:
        """Choose the next word."""
        words = ["", *self._words] if self._may_be_empty else self._words
        if words:
            at = words.index(self.value) if self.value in words else -1
            self.choose(words[(at + step) % len(words)])

    def action_clear(self) -> None:
        """Choose none."""
        if self._may_be_empty:
            self.choose("")

    def on_click(self) -> None:
        """Let the person choose in a dialog."""
        self.action_choose()


class ActionLine(Static, can_focus=True):
    """A line that does something when it is chosen.

    Args:
        text: What it does.
        name: What is done, for whoever does it.
    """

    BINDINGS = [Binding("enter,space", "press", show=False)]  # noqa: RUF012

    class Pressed(Message):
        """The line was chosen."""

        def __init__(self, line: "ActionLine") -> None:
            super().__init__()
            self.line = line

    def __init__(self, text: str, *, name: str) -> None:
        super().__init__(visible(text, keep=""), markup=False, name=name, classes="action")

    def action_press(self) -> None:
        """Tell that it was chosen."""
        self.post_message(self.Pressed(self))

    def on_click(self) -> None:
        """Tell that it was chosen."""
        self.action_press()


class _Name(Static):
    """The name of an input. A narrow form shows its end: inputs within one object begin alike."""

    def __init__(self, name: str) -> None:
        super().__init__(markup=False, classes="name")
        self._shown = visible(name, keep="")

    def render(self) -> Text:
        """Draw the name."""
        width = self.content_size.width
        return Text(
            self._shown if len(self._shown) <= width else f"…{self._shown[1 - width :]}", no_wrap=True
        )


class TextBox(Input):
    """A box for a text of one line, which shows as much of its hint as there is room for while it is empty.

    Args:
        value: What stands in it.
        hint: What it takes.
        is_secret: Whether what is typed is not shown.
    """

    def __init__(
        self,
        value: str,
        hint: str,
        *,
        is_secret: bool = False,
        id: str | None = None,  # noqa: A002
    ) -> None:
        super().__init__(value, password=is_secret, compact=True, select_on_focus=False, id=id)
        self._hint = hint

    def show_hint(self, hint: str) -> None:
        """Show another hint."""
        self._hint = hint
        self._fit()

    def on_resize(self) -> None:
        """Cut the hint again, which textual would fold, and show no more than its first line."""
        self._fit()

    def _fit(self) -> None:
        hint = Text(self._hint)
        hint.truncate(max(self.content_size.width, 1), overflow="ellipsis")
        self.placeholder = hint.plain

    def on_paste(self, event: events.Paste) -> None:
        """Take all pasted lines, though textual takes only the first: JSON as one line, others joined."""
        lines = event.text.splitlines()
        if len(lines) < 2:
            return
        event.prevent_default()
        event.stop()
        try:
            text = compact_json(read_json(event.text))
        except (ValueError, RecursionError):
            text = " ".join(line.strip() for line in lines if line.strip())
            self.notify(
                "The lines that were pasted stand in one; F6 takes a body with its lines", markup=False
            )
        self.replace(text, *self.selection)


class BodyText(TextArea, inherit_bindings=False):
    """The body as text; F6 and F7 are the explorer's."""

    BINDINGS = [  # noqa: RUF012
        each for each in TextArea.BINDINGS if not (isinstance(each, Binding) and each.key in {"f6", "f7"})
    ]


class FieldRow(Horizontal):
    """An input of an operation.

    Args:
        row: The input.
        word: What stands in it.
        facts: What it takes, in words.
        is_empty: Whether it is given, and empty.
    """

    def __init__(self, row: FormRow, word: str, facts: str = "", *, is_empty: bool = False) -> None:
        super().__init__(classes="field")
        self.row, self.facts = row, facts or _facts_of(row)
        self._word, self._is_empty = word, is_empty
        self._error: Static | None = None

    def compose(self) -> ComposeResult:
        """Make the name and the box."""
        mark = "*" if self.row.is_needed else ""
        yield _Name(f"{self.row.option}{mark}")
        if self.row.choices:
            yield ChoiceBox(self.row.option, self.row.choices, self._word, hint=self._hint)
        else:
            yield TextBox(self._word, self._hint, is_secret=self.row.is_secret)

    @property
    def _hint(self) -> str:
        return _EMPTY if self._is_empty else self.facts

    def show_empty(self, *, is_empty: bool) -> None:
        """Show whether it is given, and empty, or not given."""
        self._is_empty = is_empty
        box = self.children[1]
        if isinstance(box, ChoiceBox | TextBox):
            box.show_hint(self._hint)

    @property
    def word(self) -> str:
        """What stands in it."""
        box = self.children[1]
        return box.value if isinstance(box, Input | ChoiceBox) else ""

    def fill(self, word: str) -> None:
        """Put a word into its box."""
        box = self.children[1]
        if isinstance(box, ChoiceBox):
            box.choose(word)
        elif isinstance(box, Input):
            box.value, box.cursor_position = word, len(word)

    def focus_box(self) -> None:
        """Give the focus to its box."""
        self.children[1].focus()

    def mark(self, error: str) -> None:
        """Show what is wrong with its value, in a line below; nothing if that is empty."""
        self.set_class(bool(error), "wrong")
        text = f"  ^ {visible(error, keep='')}"
        if self._error is None and error and self.parent is not None:
            self._error = Static(text, markup=False, classes="error")
            self.screen.mount(self._error, after=self)
        elif self._error is not None:
            self._error.update(text)
            self._error.display = bool(error)

    def on_click(self, event: events.Click) -> None:
        """Give the focus to the box if its name was clicked on."""
        if event.widget is self.children[0]:
            self.focus_box()


class SettingRow(FieldRow):
    """A setting of the call that is not an input of the operation: its server, profile or media type."""
