"""The explorer as a program of textual: panes, keys, and what goes between them."""

import time
from collections.abc import Sequence
from threading import Event as ThreadEvent
from typing import TYPE_CHECKING

from textual import events, on
from textual.app import App, ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Footer, Input, Static

from dynacli.client.call_settings import CallOptions, CallSettings, Consent, settings_of
from dynacli.client.described_operation import DescribedOperation
from dynacli.environment import Environment
from dynacli.errors import DynacliError
from dynacli.explorer.answer.answer_pane import AnswerPane
from dynacli.explorer.calls.keep_call import keep_call
from dynacli.explorer.calls.running_call import Ended, Event, RunningCall
from dynacli.explorer.dialogs import QuestionDialog, TextDialog
from dynacli.explorer.explorer_style import PLAIN, STYLE
from dynacli.explorer.form.command_line import command_line, command_words, option_words
from dynacli.explorer.form.draft import Checked, Draft, check
from dynacli.explorer.form.request_form import RequestForm
from dynacli.explorer.operations.find_operations import find_operations
from dynacli.explorer.operations.operations_pane import OperationGroup, OperationList, grouped
from dynacli.explorer.work_aside import FailedWork, work_aside
from dynacli.library.opened_api import OpenedApi
from dynacli.model.operation import SAFE_METHODS, OperationSummary
from dynacli.record import replace
from dynacli.text.terminal import visible

if TYPE_CHECKING:
    from textual.timer import Timer

__all__ = ["ExplorerApp"]

_PAUSE_BEFORE_CHECK = 0.2
"""Seconds without a key after which the form is checked."""
_GRACE = 1.0
"""Seconds after which a call that was cancelled is left to itself."""
_WIDE = 110
"""Columns from which on all three panes are side by side."""

_KEYS = """\
F1        this page                  F2, /     search the operations
F3        the request                F4        the answer
F5, ^S    send                       Esc       cancel the call, or back
F6        body as form or as text    F7        fill in an example
F8        give an empty text
F9, ^Y    copy the command line      F10, ^Q   leave

Tab, Shift-Tab and the arrows move; Enter opens, chooses and closes.
In the answer p, t, r, h, v and y show its views: pretty, table, raw,
headers, verdict and the history of calls.
What was copied is printed on leaving, too. The mouse works as well.\
"""


class ExplorerApp(App[None]):
    """The explorer.

    Attributes:
        copied: The command lines that were copied.
        failure: What ended the explorer before the person did; None where nothing did.
        is_checked: Whether the form was checked as it stands.

    Args:
        options: How calls are made and judged.
        opening: The options by which the document was opened, as words that stand before the API.
    """

    CSS = STYLE
    ENABLE_COMMAND_PALETTE = False
    AUTO_FOCUS = "OperationList"
    BINDINGS = [  # noqa: RUF012
        Binding("f1", "keys", "Keys", priority=True),
        Binding("f2", "search", show=False, priority=True),
        Binding("slash", "search", show=False),
        Binding("f3", "request", show=False, priority=True),
        Binding("f4", "answer", show=False, priority=True),
        Binding("f5", "send", "Send", priority=True),
        Binding("ctrl+s", "send", show=False, priority=True),
        Binding("escape", "cancel", "Cancel"),
        Binding("escape", "go_left", show=False),
        Binding("f6", "text", "Body", priority=True),
        Binding("f7", "example", "Example", priority=True),
        Binding("f8", "empty", show=False, priority=True),
        Binding("f9", "copy", "Copy", priority=True),
        Binding("ctrl+y", "copy", show=False, priority=True),
        Binding("f10", "quit", "Leave", priority=True),
        Binding("ctrl+q", "quit", show=False, priority=True),
    ]

    class _Told(Message):
        def __init__(self, call: RunningCall, event: Event) -> None:
            super().__init__()
            self.call, self.event = call, event

    class _Checked(Message):
        def __init__(self, draft: Draft, checked: Checked) -> None:
            super().__init__()
            self.draft, self.checked = draft, checked

    class _Found(Message):
        def __init__(self, text: str, operations: list[OperationSummary]) -> None:
            super().__init__()
            self.text, self.operations = text, operations

    class _Asked(Message):
        def __init__(self, origin: str, answers: list[bool], is_answered: ThreadEvent) -> None:
            super().__init__()
            self.origin, self.answers, self.is_answered = origin, answers, is_answered

    def __init__(
        self, env: Environment, api: OpenedApi, options: CallOptions, opening: Sequence[str] = ()
    ) -> None:
        is_plain = bool(env.variables.get("NO_COLOR"))
        super().__init__(
            ansi_color=True if is_plain else None
        )  # which chooses the filter that takes colours out
        self._env, self._api, self._options, self._opening = env, api, options, tuple(opening)
        settings_of(env, api, options)  # options that do not fit are told before the screen is taken
        self._operations: list[OperationSummary] = []
        self._sought = ""
        self._is_hurried = False
        self._call: RunningCall | None = None
        self._began = 0.0
        self._check_timer: Timer | None = None
        self.copied: list[str] = []
        self.is_checked = True
        self.failure: Exception | None = None
        self.register_theme(PLAIN)
        if is_plain:
            self.theme = PLAIN.name
        elif self.console.color_system == "standard":
            self.theme = "ansi-dark"

    def compose(self) -> ComposeResult:
        """Make the panes."""
        meta = self._api.catalog.meta
        head = f"{self._api.name}  {meta['title']} {meta['version']}"
        yield Static(visible(head, keep=""), id="head", markup=False)
        with Horizontal(id="panes"):
            with Vertical(id="operations", classes="pane"):
                yield Input(placeholder="search", id="search", compact=True)
                yield OperationList(id="list")
            yield RequestForm(id="request")
            yield AnswerPane(self._env.variables, id="answer")
        yield Footer(compact=True, show_command_palette=False)

    def on_mount(self) -> None:
        """List the operations."""
        for name, title in (
            ("operations", "F2 Operations"),
            ("request", "F3 Request"),
            ("answer", "F4 Answer"),
        ):
            pane = self.query_one(f"#{name}")
            pane.border_title = title
            pane.add_class("pane")
        self._operations = [each for each in self._api.catalog.each_summary() if not each.is_hidden]
        self.query_one(OperationList).show(grouped(self._operations))
        profiles = self._api.entry.get("profiles", {})
        self.query_one(RequestForm).set_up(
            self._options, list(profiles) if isinstance(profiles, dict) else ()
        )
        self.set_interval(0.25, self._show_time)

    def on_resize(self, event: events.Resize) -> None:
        """Lay the panes out for the width."""
        self.screen.set_class(event.size.width < _WIDE, "narrow")

    def _handle_exception(self, error: Exception) -> None:
        # textual would print a traceback with the values of all variables.
        self.failure = self.failure or error
        self.exit()

    @on(FailedWork)
    def _fail(self, message: FailedWork) -> None:
        raise message.error

    def on_unmount(self) -> None:
        """End the call that is under way."""
        if self._call is not None:
            self._call.cancel()

    # Operations

    @on(Input.Changed, "#search")
    def _searched(self, event: Input.Changed) -> None:
        text = event.value
        if not text.strip():
            self.query_one(OperationList).show(grouped(self._operations))
            self._sought = ""
        else:
            self._sought = text
            work_aside(self, lambda: self._search(text))

    def _search(self, text: str) -> Message | None:
        if text != self._sought:  # the next letter was typed meanwhile
            return None
        return self._Found(text, find_operations(self._api, self._operations, text))

    @on(_Found)
    def _take_found(self, message: _Found) -> None:
        if message.text != self._sought:
            return
        self._sought = ""
        groups = [OperationGroup("found", message.operations)] if message.operations else []
        self.query_one(OperationList).show(groups, is_open=True)
        if self._is_hurried:
            self._is_hurried = False
            self._submitted()

    @on(Input.Submitted, "#search")
    def _submitted(self) -> None:
        if self._sought:  # the search is not done yet
            self._is_hurried = True
            return
        operations = self.query_one(OperationList)
        operations.focus()
        if operations.current is not None:
            operations.action_choose()

    @on(OperationList.Chosen)
    async def _chosen(self, event: OperationList.Chosen) -> None:
        operation = self._api.catalog.operation(event.operation.name)
        form = self.query_one(RequestForm)
        await form.show(DescribedOperation(self._api, operation))
        form.focus_first()

    # The request

    def _settings(self, draft: Draft) -> CallSettings:
        """Return how the call of a draft is made.

        Raises:
            DynacliError: Its server or profile does not fit.
        """
        return settings_of(self._env, self._api, self._options_of(draft))

    def _options_of(self, draft: Draft) -> CallOptions:
        return replace(self._options, server=draft.server, profile=draft.profile)

    def _words(self, draft: Draft, *, is_masked: bool) -> list[str]:
        """Return the words of the command line that makes the request of a draft."""
        options = option_words(self._options_of(draft), is_masked=is_masked)
        return command_words(draft, [*self._opening, *options], is_masked=is_masked)

    def _line(self, draft: Draft, *, is_masked: bool) -> str:
        return command_line(self._words(draft, is_masked=is_masked))

    @on(RequestForm.Changed)
    def _changed(self) -> None:
        self.is_checked = False
        self._show_line()
        if self._check_timer is not None:
            self._check_timer.stop()
        self._check_timer = self.set_timer(_PAUSE_BEFORE_CHECK, self._check)

    def _show_line(self) -> None:
        form = self.query_one(RequestForm)
        draft = form.draft
        if draft is not None:
            form.show_line(self._line(draft, is_masked=True))

    def _check(self) -> None:
        form = next(iter(self.query(RequestForm)), None)  # it is gone where the person has left meanwhile
        draft = form.draft if form is not None else None
        if draft is not None:
            work_aside(self, lambda: self._checked(draft))

    def _checked(self, draft: Draft) -> Message:
        try:
            return self._Checked(draft, check(draft, self._settings(draft)))
        except DynacliError as error:
            return self._Checked(draft, Checked({}, error.message))

    @on(_Checked)
    def _take_check(self, message: _Checked) -> None:
        form = self.query_one(RequestForm)
        if form.draft == message.draft:
            form.mark(message.checked)
            self.is_checked = True

    def on_descendant_focus(self) -> None:
        """Show what is known of the input that has the focus, and in a narrow terminal its pane."""
        focused = self.focused
        self.query_one(RequestForm).show_hint(focused)
        if focused is not None:
            self.screen.set_class(self._is_in_answer(focused), "at-answer")

    def _is_in_answer(self, widget: Widget) -> bool:
        return any(each.id == "answer" for each in widget.ancestors_with_self)

    @property
    def answer_text(self) -> str:
        """The text of the answer as it is laid out."""
        return self.query_one(AnswerPane).text

    def is_showing(self, name: str) -> bool:
        """Return whether the form is that of an operation."""
        draft = self.query_one(RequestForm).draft
        return draft is not None and draft.described.operation.name == name

    # The call

    @property
    def is_calling(self) -> bool:
        """Whether a call is under way."""
        return self._call is not None

    def action_send(self) -> None:
        """Send the request, once the person agreed where that is to be asked."""
        draft = self.query_one(RequestForm).draft
        if draft is None:
            self.notify("Choose an operation first", severity="warning")
            return
        if self._call is not None:
            self.notify("A call is under way; Esc cancels it", severity="warning")
            return
        try:
            settings = self._settings(draft)
        except DynacliError as error:
            self.notify(f"{error.message}: {error.why}", severity="error", markup=False)
            return
        described, operation = draft.described, draft.described.operation
        is_asked = operation.method not in SAFE_METHODS or settings.is_asked_about(described)
        if not is_asked or settings.consent.is_given or settings.denial(described):
            self._send(draft, settings)
            return

        def take(is_agreed: bool | None) -> None:
            if is_agreed:
                self._send(draft, settings)

        line = self._line(draft, is_masked=True)
        question = f"Send {operation.method} {operation.path}?\n\n$ {line}"
        self.push_screen(QuestionDialog(question, "Send", is_dangerous=operation.method == "DELETE"), take)

    def _send(self, draft: Draft, settings: CallSettings) -> None:
        settings = replace(settings, consent=Consent(is_given=True))
        running = RunningCall(self._env, draft, settings, self._ask_origin, self._tell)
        self._call, self._began = running, time.monotonic()
        pane = self.query_one(AnswerPane)
        pane.begin()
        self.screen.add_class("at-answer")
        pane.focus_content()
        self._show_time()
        self.refresh_bindings()
        running.start()

    def _tell(self, call: RunningCall, event: Event) -> None:
        self.post_message(self._Told(call, event))

    @on(_Told)
    def _take_event(self, message: _Told) -> None:
        if message.call is not self._call:
            return
        if isinstance(message.event, Ended):
            self._call = None
            self.refresh_bindings()
            self._keep(message.call.draft, message.event)
        at = time.strftime("%H:%M:%S")
        self.query_one(AnswerPane).tell(message.event, message.call.draft, at)

    def _keep(self, draft: Draft, ended: Ended) -> None:
        words, started = self._words(draft, is_masked=True), time.time() - (time.monotonic() - self._began)

        def keep() -> None:
            keep_call(self._env, draft, words, ended, started)

        work_aside(self, keep)

    def _show_time(self) -> None:
        if self._call is not None:
            seconds = time.monotonic() - self._began
            self.query_one(AnswerPane).show_status(f"Under way for {seconds:.1f} s; Esc cancels")

    def _ask_origin(self, origin: str) -> bool:
        """Ask the person in the thread of a call."""
        answers: list[bool] = []
        is_answered = ThreadEvent()
        self.post_message(self._Asked(origin, answers, is_answered))
        is_answered.wait()
        return bool(answers and answers[0])

    @on(_Asked)
    def _ask(self, message: _Asked) -> None:
        def take(is_agreed: bool | None) -> None:
            message.answers.append(bool(is_agreed))
            message.is_answered.set()

        question = f"Send the credential to {message.origin} from now on?"
        self.push_screen(QuestionDialog(question, "Send", is_dangerous=True), take)

    def action_cancel(self) -> None:
        """End the call that is under way."""
        call = self._call
        if call is not None:
            call.cancel()
            # What looks up the name of a host, or waits for a connection, cannot be ended: nobody waits for it then.
            self.set_timer(_GRACE, lambda: self._take_event(self._Told(call, _cancelled(call))))

    def action_go_left(self) -> None:
        """Go to the pane on the left."""
        focused = self.focused
        if focused is not None and self._is_in_answer(focused):
            self.action_request()
        else:
            self.set_focus(self.query_one(OperationList))

    # Keys

    def get_key_display(self, binding: Binding) -> str:
        """Return a key as the footer shows it."""
        return "Esc" if binding.key == "escape" else binding.key.upper()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002
        """Return whether a key does anything now; the footer shows only those that do."""
        return self._call is not None if action == "cancel" else True

    def action_keys(self) -> None:
        """Show the keys."""
        self.push_screen(TextDialog(_KEYS))

    def action_search(self) -> None:
        """Go to the search box."""
        self.set_focus(self.query_one("#search"))

    def action_request(self) -> None:
        """Go to the form."""
        self.query_one(RequestForm).focus_first()

    def action_answer(self) -> None:
        """Go to the answer."""
        self.screen.add_class("at-answer")
        self.query_one(AnswerPane).focus_content()

    async def action_text(self) -> None:
        """Show the body as text, or as a form."""
        await self.query_one(RequestForm).toggle_text()

    async def action_example(self) -> None:
        """Fill in an example."""
        await self.query_one(RequestForm).fill_example()

    def action_empty(self) -> None:
        """Give an empty text for the input that has the focus, or none."""
        self.query_one(RequestForm).give_empty(self.focused)

    def action_copy(self) -> None:
        """Copy the command line of what the form shows."""
        draft = self.query_one(RequestForm).draft
        if draft is None:
            self.notify("Choose an operation first", severity="warning")
            return
        line = self._line(draft, is_masked=False)
        self.copied.append(line)
        self.copy_to_clipboard(line)
        self.notify("Copied the command line; it is printed on leaving, too", markup=False)

    @on(AnswerPane.Recalled)
    async def _recalled(self, event: AnswerPane.Recalled) -> None:
        draft = event.made.draft
        await self.query_one(RequestForm).recall(draft)
        self.query_one(AnswerPane).recall(event.made)


def _cancelled(call: RunningCall) -> Ended:
    return Ended(call.call, None, None, None, was_cancelled=True)
