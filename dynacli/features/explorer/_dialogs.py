"""The dialogs of the explorer: a question, a choice, information about an input, a file, and a text."""

import os
from collections.abc import Mapping, Sequence

from rich.text import Text
from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Button, Input, OptionList, Static
from textual.widgets.option_list import Option

from dynacli.text.terminal import visible

_NOT_GIVEN = "(not given)"


class QuestionDialog(ModalScreen[str]):
    """A question before a call. The result is `yes`, `plan` or `no`.

    Args:
        question: The question. Text from the document is not escaped in it.
        is_dangerous: Whether the button to cancel has the focus at first.
        action: The label of the first button.
        may_plan: Whether to offer a plan.
    """

    BINDINGS = [  # noqa: RUF012
        Binding("y", "dismiss('yes')", show=False),
        Binding("p", "plan", show=False),
        Binding("n,escape", "dismiss('no')", show=False),
        Binding("left,right", "app.focus_next", show=False),
    ]

    def __init__(
        self, question: str, *, is_dangerous: bool, action: str = "Send", may_plan: bool = False
    ) -> None:
        super().__init__()
        self._question, self._is_dangerous = question, is_dangerous
        self._action, self._may_plan = action, may_plan

    def compose(self) -> ComposeResult:
        """Make the dialog."""
        with Vertical(classes="dialog"):
            yield Static(visible(self._question), markup=False)
            with Horizontal(classes="buttons"):
                yield Button(f"{self._action} (y)", id="yes", compact=True)
                if self._may_plan:
                    yield Button("Plan (p)", id="plan", compact=True)
                yield Button("Cancel (n)", id="no", compact=True)

    def on_mount(self) -> None:
        """Give the focus to the first button, or to the one that cancels a dangerous call."""
        self.query_one("#no" if self._is_dangerous else "#yes").focus()

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        self.dismiss(event.button.id or "no")

    def action_plan(self) -> None:
        """Plan the call."""
        if self._may_plan:
            self.dismiss("plan")


class ChoiceDialog(ModalScreen[str | None]):
    """A choice among values. Typing a part of a value finds it.

    Args:
        title: The title.
        words: The values.
        current: The current value; empty for none.
        may_be_empty: Whether to offer no value.
    """

    BINDINGS = [  # noqa: RUF012
        Binding("escape", "dismiss_none", show=False),
        Binding("up", "move('cursor_up')", show=False, priority=True),
        Binding("down", "move('cursor_down')", show=False, priority=True),
        Binding("pageup", "move('page_up')", show=False, priority=True),
        Binding("pagedown", "move('page_down')", show=False, priority=True),
    ]

    AUTO_FOCUS = "Input"

    def __init__(self, title: str, words: Sequence[str], current: str, *, may_be_empty: bool) -> None:
        super().__init__()
        self._title, self._current = title, current
        self._words = ["", *words] if may_be_empty else list(words)
        self._shown: list[str] = []

    def compose(self) -> ComposeResult:
        """Make the dialog."""
        with Vertical(classes="dialog"):
            yield Static(visible(self._title, keep=""), markup=False)
            yield Input(placeholder="type to find", compact=True)
            yield OptionList(markup=False, compact=True)

    def on_mount(self) -> None:
        """List all values."""
        self._list("")

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        self._list(event.value)

    def _list(self, part: str) -> None:
        self._shown = [word for word in self._words if part.lower() in word.lower()]
        options = self.query_one(OptionList)
        options.clear_options()
        options.add_options(
            [Option(Text(visible(word, keep="")) if word else Text(_NOT_GIVEN)) for word in self._shown]
        )
        if self._shown:
            options.highlighted = self._shown.index(self._current) if self._current in self._shown else 0

    def action_move(self, action: str) -> None:
        """Move the cursor of the list while the box has the focus."""
        getattr(self.query_one(OptionList), f"action_{action}")()

    @on(Input.Submitted)
    def _submitted(self) -> None:
        options = self.query_one(OptionList)
        if options.highlighted is not None:
            self.dismiss(self._shown[options.highlighted])

    @on(OptionList.OptionSelected)
    def _selected(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(self._shown[event.option_index])

    def action_dismiss_none(self) -> None:
        """Close the dialog without a choice."""
        self.dismiss(None)


class AboutDialog(ModalScreen[str | None]):
    """A text to read, with values to choose from below it.

    Args:
        text: The text. Text from the document is not escaped in it.
        values: Value → its label.
    """

    BINDINGS = [Binding("escape", "leave", show=False)]  # noqa: RUF012

    def __init__(self, text: str, values: Mapping[str, str]) -> None:
        super().__init__()
        self._text, self._values = text, values

    def compose(self) -> ComposeResult:
        """Make the dialog."""
        with Vertical(classes="dialog"):
            with VerticalScroll(id="about"):
                yield Static(visible(self._text), markup=False)
            if self._values:
                yield Static("Values that it may have; Enter takes one:", classes="heading")
                lines = [" ".join(filter(None, pair)) for pair in self._values.items()]
                listed = [Option(Text(visible(line, keep=""), no_wrap=True)) for line in lines]
                yield OptionList(*listed, markup=False, compact=True)

    def on_mount(self) -> None:
        """Give the focus to the values, else to the text."""
        self.query_one(OptionList if self._values else "#about").focus()

    @on(OptionList.OptionSelected)
    def _selected(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(list(self._values)[event.option_index])

    def action_leave(self) -> None:
        """Close the dialog without a choice."""
        self.dismiss(None)


class PathDialog(ModalScreen[str | None]):
    """A file to save the response in. A second Enter is needed to replace an existing file.

    Args:
        name: The proposed name.
    """

    BINDINGS = [Binding("escape", "leave", show=False)]  # noqa: RUF012
    AUTO_FOCUS = "Input"

    def __init__(self, name: str) -> None:
        super().__init__()
        self._proposed = name
        self._agreed = ""

    def compose(self) -> ComposeResult:
        """Make the dialog."""
        with Vertical(classes="dialog"):
            yield Static("Save the response in", markup=False)
            yield Input(self._proposed, compact=True)
            yield Static("Enter saves, Esc leaves", id="advice", markup=False)

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        path = event.value.strip()
        if not path:
            return
        if os.path.exists(os.path.expanduser(path)) and path != self._agreed:
            self._agreed = path
            self.query_one("#advice", Static).update("The file exists; Enter again replaces it, Esc leaves")
            return
        self.dismiss(path)

    def action_leave(self) -> None:
        """Close the dialog without a file."""
        self.dismiss(None)


class TextDialog(ModalScreen[None]):
    """A text to read; any key closes it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self._text = text

    def compose(self) -> ComposeResult:
        """Make the dialog."""
        with Vertical(classes="dialog"):
            yield Static(visible(self._text), markup=False)

    def on_key(self, event: events.Key) -> None:
        """Close the dialog."""
        event.stop()
        self.dismiss()

    def on_click(self) -> None:
        """Close the dialog."""
        self.dismiss()
