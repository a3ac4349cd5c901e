"""The explorer of an API as an application of textual.

It connects the panes and handles the keys. The first pane lists the operations of the API and searches them.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from textual import events, on
from textual.app import App, ComposeResult, SuspendNotSupported, SystemCommand
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.dom import DOMNode
from textual.message import Message
from textual.screen import ModalScreen, Screen
from textual.widget import Widget
from textual.widgets import Footer, Input, Static

from dynacli.client.call import ResponsePart, base_url_of
from dynacli.client.call_settings import CallSettings, settings_of
from dynacli.client.described_operation import DescribedOperation
from dynacli.environment import Environment, invocation
from dynacli.errors import DynacliError
from dynacli.features.explorer._dialogs import QuestionDialog, TextDialog
from dynacli.features.explorer._operation_list import (
    OperationGroup,
    OperationList,
    SearchBox,
    find_operations,
    grouped,
)
from dynacli.features.explorer._plans import Plans
from dynacli.features.explorer._request_form import RequestForm
from dynacli.features.explorer._response_pane import FormCall, ResponsePane
from dynacli.features.explorer._response_views import KeptCall
from dynacli.features.explorer._running_call import Caller, FailedWork, work_aside
from dynacli.features.explorer._styles import ANSI_LIGHT, PLAIN, STYLE_SHEET
from dynacli.features.explorer.drafts import (
    PROFILE,
    SERVER,
    Checked,
    Draft,
    ReadLine,
    changes,
    check_draft,
    command_line,
    command_words,
    draft_of,
    earlier_calls,
    option_arguments,
    question_before,
    with_messages,
)
from dynacli.openapi.model.operation import OperationSummary
from dynacli.openapi.model.tag_tree import tag_tree
from dynacli.options.standard_options import Options
from dynacli.record import replace
from dynacli.registry.background_refresh import process_words
from dynacli.registry.opened_api import OpenedApi
from dynacli.secrets import mask_url
from dynacli.text.terminal import visible

if TYPE_CHECKING:
    from textual.timer import Timer

_KEYS: Final = """\
/, F2    search operations            F3, F4   request, response
?, F1    these keys                   z        zoom, and back
^S, F5   send                         Esc      cancel, or go back
^Y, F9   copy the command             ^P       commands and themes
q, ^Q    quit                         ^L       plans

In the request
Tab, arrows  move                     F6   body as rows or as text
Enter        open or choose           F7   fill in an example
F12, ^O      details of an input      F8   send an empty string

In the response
p t r h v    pretty, table, raw, headers, validation
y            history of calls         s    save to a file
/ n N        find, next, previous     c    copy what you see
f            filter with JMESPath     l    sign in
i            add status and headers

While you type, use the keys with F or ^. The mouse works, too.\
"""
_FOOTER_KEYS: Final = (
    ("Esc", "Esc", "Cancel", "cancel"),
    ("/", "F2", "Search", "search"),
    ("^S", "^S", "Send", "send"),
    ("^Y", "^Y", "Copy", "copy"),
    ("?", "F1", "Keys", "keys"),
    ("q", "^Q", "Quit", "quit"),
)
"""Key, key while you type, label and action."""
_RESPONSE_KEYS: Final = (("/", "Find", "find"), ("f", "Filter", "filter"), ("z", "Zoom", "app.zoom"))
"""Key, label and action, in the response instead of the search."""
_COMMANDS: Final = (
    ("Send", "^S", "Send the request", "send"),
    ("Copy", "^Y", "Copy the command of the request", "copy"),
    ("Search", "F2", "Search an operation", "search"),
    ("Example", "F7", "Fill the empty rows with an example", "example"),
    ("Body", "F6", "Show the body as rows or as text", "text"),
    ("Details", "F12", "Show everything about the input or operation", "about"),
    ("Plans", "^L", "Plan the request, or open a plan", "plans"),
    ("Zoom", "z", "Show the pane alone, or all again", "zoom"),
    ("Sign in", "l", "Sign in on the terminal", "sign_in"),
    ("Theme", "", "Choose other colors", "change_theme"),
    ("Keys", "F1", "Show the keys", "keys"),
    ("Quit", "^Q", "Leave the explorer", "quit"),
)
"""The commands of the palette: title, key, description and action."""
_PAUSE_BEFORE_CHECK = 0.2
"""Seconds without a key until the form is checked."""
_WIDE, _MIDDLE, _HALF = 140, 100, 70
"""Minimum widths in columns for three panes side by side; for the request beside the response, or beside the
operations; and for the request beside the operations alone.
"""
_LEFT, _LEFT_WITH_FOCUS = 30, 46
"""Minimum widths of the pane of operations beside another one."""
_NOT_IN_DIALOGS = frozenset(
    (
        "keys",
        "zoom",
        "search",
        "request",
        "response",
        "send",
        "cancel",
        "go_left",
        "text",
        "example",
        "empty",
        "about",
        "copy",
        "plans",
    )
)
"""Actions of the panes that are disabled while a dialog is open."""


def explore(
    env: Environment, api: OpenedApi, options: Options, opening: Sequence[str], read_line: ReadLine
) -> list[str]:
    """Run the explorer, and return the command lines that were copied.

    Args:
        options: The options of calls and validation.
        opening: The arguments that opened the document.
        read_line: Parses the command line of an earlier call.

    Raises:
        DamagedCatalogError: The catalog is damaged.
        DynacliError: The options do not fit the API.
        BaseException: A signal came, whose handler raises this exception.
    """
    # textual obeys even an empty variable, against https://no-color.org, and removes it.
    no_colour = os.environ.get("NO_COLOR")
    if no_colour == "":
        del os.environ["NO_COLOR"]
    app = ExplorerApp(env, api, options, opening, read_line)
    if no_colour is not None:
        os.environ["NO_COLOR"] = no_colour

    caught: list[int] = []

    def leave(number: int, _: object) -> None:
        caught.append(number)
        app.exit()

    # An exception of a handler would be lost in a callback of asyncio.
    handlers = {number: signal.signal(number, leave) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        app.run()
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
    if caught:
        signal.raise_signal(caught[0])
    if app.failure is not None:
        raise app.failure
    return list(dict.fromkeys(app.copied))


def _sign_in(env: Environment, api: str, options: list[str]) -> bool:
    """Run `auth login` for an API, and return whether it succeeded.

    Args:
        options: The options of `auth login`.
    """
    # Ctrl-C is for the child process, which does not inherit a handler as it would inherit SIG_IGN.
    before = signal.signal(signal.SIGINT, lambda *_: None)
    words = process_words("auth", "login", api, *options)
    try:
        while True:
            # Standard output may be a pipe that receives the copied command lines.
            ended = subprocess.run(words, env=dict(env.variables), stdout=env.stderr, check=False)
            if ended.returncode == 0:
                return True
            env.stderr.write("\nEnter goes back to the explorer, options such as --store file try again: ")
            env.stderr.flush()
            more = env.stdin.readline().split()
            if not more:
                return False
            words = process_words("auth", "login", api, *options, *more)
    finally:
        signal.signal(signal.SIGINT, before)


class _KeyLabel(Static):
    """A key in the footer. A click does what the key does.

    Args:
        owner: The widget or application that has the action.
    """

    def __init__(self, key: str, label: str, action: str, owner: DOMNode) -> None:
        super().__init__(Content.assemble((key, "bold $footer-key-foreground"), f" {label}"), classes="key")
        self._action, self._owner = action, owner

    async def on_click(self) -> None:
        """Do what the key does."""
        await self.app.run_action(self._action, self._owner)


class _KeyFooter(Footer):
    """The most useful keys. While you type, these are keys that write no letter."""

    def compose(self) -> ComposeResult:
        """Make the keys."""
        focused, response = self.screen.focused, self.screen.query_one(ResponsePane)
        is_elsewhere = isinstance(self.app.screen, ModalScreen)
        for key, while_typing, label, action in _FOOTER_KEYS:
            is_typed = focused is not None and focused.check_consume_key(key, key if len(key) == 1 else None)
            is_finding = action == "search" and not is_elsewhere and response.has_focus_within
            if is_finding and not is_typed:
                yield from (_KeyLabel(*words, response) for words in _RESPONSE_KEYS)
            elif self.app.check_action(action, ()) and not (
                action == "search" and isinstance(focused, SearchBox)
            ):
                yield _KeyLabel(while_typing if is_typed or is_elsewhere else key, label, action, self.app)


class ExplorerApp(App[None]):
    """The explorer.

    Attributes:
        copied: The command lines that were copied.
        failure: The exception that ended the explorer, if one did.
        is_checked: Whether the form was checked since its last change.

    Args:
        options: The options of calls and validation.
        opening: The arguments that opened the document, which precede the API.
        read_line: Parses the command line of an earlier call.
    """

    CSS = STYLE_SHEET
    AUTO_FOCUS = "#search"
    BINDINGS = [  # noqa: RUF012
        # With priority, so that the next key already goes to the widget that Tab has focused.
        Binding("tab", "app.focus_next", show=False, priority=True),
        Binding("shift+tab", "app.focus_previous", show=False, priority=True),
        Binding("f1", "keys", show=False, priority=True),
        Binding("question_mark", "keys", show=False),
        Binding("f2", "search", show=False, priority=True),
        Binding("slash", "search", show=False),
        Binding("f3", "request", show=False, priority=True),
        Binding("f4", "response", show=False, priority=True),
        Binding("f5", "send", show=False, priority=True),
        Binding("ctrl+s", "send", show=False, priority=True),
        Binding("escape", "cancel", show=False),
        Binding("escape", "go_left", show=False),
        Binding("f6", "text", show=False, priority=True),
        Binding("f7", "example", show=False, priority=True),
        Binding("f8", "empty", show=False, priority=True),
        Binding("ctrl+o", "about", show=False, priority=True),
        Binding("f9", "copy", show=False, priority=True),
        Binding("ctrl+l", "plans", show=False, priority=True),
        Binding("ctrl+y", "copy", show=False, priority=True),
        Binding("f10", "quit", show=False, priority=True),
        Binding("f12", "about", show=False, priority=True),
        Binding("ctrl+q", "quit", show=False, priority=True),
        Binding("q", "quit", show=False),
        Binding("z", "zoom", show=False),
    ]

    class _Checked(Message):
        def __init__(self, draft: Draft, checked: Checked, target: str = "") -> None:
            super().__init__()
            self.draft, self.checked, self.target = draft, checked, target

    class _Found(Message):
        def __init__(self, text: str, operations: list[OperationSummary]) -> None:
            super().__init__()
            self.text, self.operations = text, operations

    def __init__(
        self,
        env: Environment,
        api: OpenedApi,
        options: Options,
        opening: Sequence[str],
        read_line: ReadLine,
    ) -> None:
        is_plain = bool(env.variables.get("NO_COLOR"))
        super().__init__(
            ansi_color=True if is_plain else None
        )  # which selects the filter that removes colours
        self._env, self._api, self._options, self._opening = env, api, options, tuple(opening)
        settings_of(env, api, options)  # reports invalid options before the screen changes
        self._read_line, self._began = read_line, time.time()
        self._operations: list[OperationSummary] = []
        self._sought = ""
        self._is_hurried = False
        self._pane, self._is_zoomed, self._width = "operations", False, self.size.width
        self._caller = Caller(env, lambda draft: self._words(draft, is_masked=True))
        self._plans = Plans(
            env,
            api,
            options,
            lambda draft: (self._settings(draft), self._options_of(draft)),
            self._caller,
        )
        self._check_timer: Timer | None = None
        self.copied: list[str] = []
        self.is_checked = True
        self.failure: Exception | None = None
        for theme in (PLAIN, ANSI_LIGHT):
            self.register_theme(theme)
        if is_plain:
            self.theme = PLAIN.name
        elif self.console.color_system == "standard":
            self.theme = "ansi-dark"

    def compose(self) -> ComposeResult:
        """Make the panes."""
        meta = self._api.catalog.meta
        title = f"{self._api.name}  {meta['title']} {meta['version']}"
        with Horizontal(id="title-bar"):
            yield Static(visible(title, keep=""), id="api", markup=False)
            yield Static(
                self._target_of(settings_of(self._env, self._api, self._options)), id="target", markup=False
            )
        with Horizontal(id="panes"):
            with Vertical(id="operations", classes="pane"):
                yield SearchBox()
                yield OperationList(id="list")
            yield RequestForm(id="request")
            earlier = partial(earlier_calls, self._env, self._api, self._began)
            yield ResponsePane(self._env.variables, earlier, id="response")
        yield self._caller
        yield self._plans
        yield _KeyFooter(id="footer")

    def on_mount(self) -> None:
        """List the operations."""
        for name, title in (
            ("operations", "F2 Operations"),
            ("request", "F3 Request"),
            ("response", "F4 Response"),
        ):
            pane = self.query_one(f"#{name}")
            pane.border_title = title
            pane.add_class("pane")
        self._operations = [summary for summary in self._api.catalog.each_summary() if not summary.is_hidden]
        self.query_one(OperationList).show(self._groups())
        profiles = self._api.entry.get("profiles", {})
        self.query_one(RequestForm).set_up(
            self._options, list(profiles) if isinstance(profiles, dict) else ()
        )
        self.set_interval(0.25, self._show_time)

    def on_resize(self, event: events.Resize) -> None:
        """Arrange the panes for the width."""
        self._width = event.size.width
        self._arrange()

    def _arrange(self) -> None:
        """Show the panes that fit beside the one with the focus. A hidden pane cannot have the focus."""
        width, pane = self._width, self._pane
        if self._is_zoomed or width < _HALF:
            shown = {pane}
        elif width >= _WIDE:
            shown = {"operations", "request", "response"}
        elif pane == "operations" or (width < _MIDDLE and pane == "request"):
            shown = {"operations", "request"}
        else:
            shown = {"request", "response"} if width >= _MIDDLE else {pane}
        screen = self.screen_stack[0]
        screen.set_class(len(shown) == 3, "wide")
        for shown_pane in screen.query(".pane"):
            shown_pane.set_class(shown_pane.id not in shown, "away")
        longest = screen.query_one(OperationList).longest
        if width >= _WIDE:
            room = min(longest, width // 4)
        else:
            room = min(max(longest, _LEFT_WITH_FOCUS), width * 3 // 5) if pane == "operations" else 0
        screen.query_one("#operations").styles.width = "100%" if len(shown) == 1 else max(room, _LEFT)

    def _handle_exception(self, error: Exception) -> None:
        # textual would print a traceback with the values of all variables.
        self.failure = self.failure or error
        self.exit()

    @property
    def _is_left(self) -> bool:
        """Whether the screen is gone: what threads and timers report may arrive after a person left."""
        return not self.query(RequestForm)

    @on(FailedWork)
    def _fail(self, message: FailedWork) -> None:
        raise message.error

    # Operations

    def _groups(self) -> list[OperationGroup]:
        return grouped(self._operations, tag_tree(self._api.catalog.meta))

    @on(Input.Changed, "#search")
    def _searched(self, event: Input.Changed) -> None:
        text = event.value
        if len(text) < 2:
            self.refresh_bindings()  # a question mark is a key only in an empty box
        if not text.strip():
            self.query_one(OperationList).show(self._groups())
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
        if self._is_left or message.text != self._sought:
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
        self.query_one(ResponsePane).open(operation.name)
        self._turn_to("request")
        form.focus_first()

    # The request

    def _settings(self, draft: Draft) -> CallSettings:
        """Return the settings for the call of a draft.

        Raises:
            DynacliError: The server or the profile does not fit the API.
        """
        return settings_of(self._env, self._api, self._options_of(draft))

    def _options_of(self, draft: Draft) -> Options:
        given, query = draft.settings, (*self._options.query, *draft.pairs)
        return replace(
            self._options, server=given.get(SERVER, ""), profile=given.get(PROFILE, ""), query=query
        )

    def _target_of(self, settings: CallSettings, described: DescribedOperation | None = None) -> str:
        """Return the profile and the server of a call, for the title."""
        profile, server = f"profile {settings.profile}" if settings.profile else "", settings.server
        with suppress(DynacliError):  # the server is not known; the form shows why
            server = base_url_of(described, settings) if described is not None else server
        return visible("  ".join(filter(None, (profile, mask_url(server)))), keep="")

    def _words(self, draft: Draft, *, is_masked: bool) -> list[str]:
        """Return the arguments of the command line that makes the request of a draft."""
        options = option_arguments(self._options_of(draft), is_masked=is_masked)
        return command_words(draft, [*self._opening, *options], is_masked=is_masked)

    def _line(self, draft: Draft, *, is_masked: bool) -> str:
        """Return the command line that makes the request of a draft, and filters the response as on the screen."""
        shown = self.query_one(ResponsePane).words_for(draft.described.operation.name)
        return command_line([*shown, *self._words(draft, is_masked=is_masked)])

    @on(ResponsePane.Filtered)
    def _show_filter(self) -> None:
        self._show_line()

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
        draft = None if self._is_left else self.query_one(RequestForm).draft
        if draft is not None:
            work_aside(self, lambda: self._checked(draft))

    def _checked(self, draft: Draft) -> Message:
        try:
            settings = self._settings(draft)
            return self._Checked(
                draft, check_draft(draft, settings), self._target_of(settings, draft.described)
            )
        except DynacliError as error:
            return self._Checked(draft, Checked({}, error.message))

    @on(_Checked)
    def _take_check(self, message: _Checked) -> None:
        if self._is_left:
            return
        form = self.query_one(RequestForm)
        if form.draft == message.draft:
            form.mark(message.checked)
            self.query_one("#target", Static).update(message.target)
            self.is_checked = True

    def on_descendant_focus(self) -> None:
        """Show a hint about the input that has the focus and, in a narrow terminal, its pane."""
        focused = self.focused
        self.query_one(RequestForm).show_hint(focused)
        if focused is not None:
            self._turn_to(
                next(
                    (ancestor.id for ancestor in focused.ancestors_with_self if ancestor.has_class("pane")),
                    None,
                )
            )

    def _turn_to(self, pane: str | None) -> None:
        """Show a pane if the terminal has no room for all. Another pane ends the zoom."""
        if pane is not None and pane != self._pane:
            self._pane, self._is_zoomed = pane, False
            self._arrange()

    def action_zoom(self) -> None:
        """Show the pane with the focus alone, or all panes again."""
        self._is_zoomed = not self._is_zoomed
        self._arrange()

    def _is_in_response(self, widget: Widget) -> bool:
        return any(ancestor.id == "response" for ancestor in widget.ancestors_with_self)

    # The call

    @property
    def is_calling(self) -> bool:
        """Whether a call is in progress."""
        return self._caller.is_calling

    def action_send(self) -> None:
        """Send the request, after a confirmation if one is needed."""
        draft = self.query_one(RequestForm).draft
        if draft is None:
            self.notify("Choose an operation first", severity="warning")
            return
        if self._caller.is_calling:
            self.notify("A call is under way; Esc cancels it", severity="warning")
            return
        self.query_one(RequestForm).show_missing()
        try:
            settings = self._settings(draft)
            question = question_before(draft, settings, self._line(draft, is_masked=True))
        except DynacliError as error:
            self.notify(f"{error.message}: {error.reason}", severity="error", markup=False)
            return
        if not question:
            self._send(draft, settings)
            return

        def take(chosen: str | None) -> None:
            if chosen == "yes":
                self._send(draft, settings)
            elif chosen == "plan":
                self._plans.plan(draft)

        is_dangerous = draft.described.operation.method == "DELETE"
        dialog = QuestionDialog(question, is_dangerous=is_dangerous, may_plan=changes(draft.described))
        self.push_screen(dialog, take)

    def _send(self, draft: Draft, settings: CallSettings) -> None:
        pane = self.query_one(ResponsePane)
        pane.begin(draft.described.operation.name)
        self._caller.send(draft, settings)
        self._turn_to("response")
        pane.focus_content()
        self.refresh_bindings()

    @on(Caller.Shown)
    def _take_event(self, message: Caller.Shown) -> None:
        if self._is_left:
            return
        self.refresh_bindings()
        at = time.strftime("%H:%M:%S")
        self.query_one(ResponsePane).announce(message.event, message.draft, at)
        if isinstance(message.event, ResponsePart):
            self._caller.go_on()

    def action_plans(self) -> None:
        """List the plans of the API, and offer to plan the request of the form."""
        self._plans.list_plans(self.query_one(RequestForm).draft)

    def _show_time(self) -> None:
        if self._caller.is_calling:
            self.query_one(ResponsePane).show_time(self._caller.seconds)

    def action_cancel(self) -> None:
        """Cancel the call in progress."""
        self._caller.cancel()

    def action_go_left(self) -> None:
        """Go to the pane on the left."""
        focused = self.focused
        if self._is_zoomed:
            self.action_zoom()
        elif focused is not None and self._is_in_response(focused):
            if not self.query_one(ResponsePane).leave_box():
                self.action_request()
        elif isinstance(focused, SearchBox):
            focused.leave()
        else:
            self._turn_to("operations")
            self.set_focus(self.query_one(OperationList))

    # Keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002
        """Return whether a key has an effect now; the footer shows only such keys."""
        if isinstance(self.screen, ModalScreen) and action in _NOT_IN_DIALOGS:
            return False
        return self._caller.is_calling if action == "cancel" else True

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:  # noqa: ARG002
        """Yield the commands of the palette."""
        for title, key, about, action in _COMMANDS:
            if action != "change_theme" or self.theme != PLAIN.name:
                yield SystemCommand(
                    f"{title} ({key})" if key else title, about, partial(self.run_action, action)
                )

    def action_keys(self) -> None:
        """Show the keys."""
        self.push_screen(TextDialog(_KEYS))

    def action_search(self) -> None:
        """Go to the search box."""
        self._turn_to("operations")
        self.set_focus(self.query_one("#search"))

    def action_request(self) -> None:
        """Go to the form."""
        self._turn_to("request")
        self.query_one(RequestForm).focus_again()

    def action_response(self) -> None:
        """Go to the response."""
        self._turn_to("response")
        self.query_one(ResponsePane).focus_content()

    async def action_text(self) -> None:
        """Show the body as text, or as a form."""
        await self.query_one(RequestForm).toggle_text()

    async def action_example(self) -> None:
        """Fill in an example."""
        form = self.query_one(RequestForm)
        if form.draft is None:
            return
        operation = form.draft.described.operation
        try:
            example = self._read_line((*self._opening, self._api.name, operation.name, *operation.example))
        except DynacliError as error:
            self.notify(f"{error.message}: {error.reason}", severity="error", markup=False)
        else:
            await form.fill_example(example)

    def action_empty(self) -> None:
        """Give an empty string for the input that has the focus, or take it back."""
        self.query_one(RequestForm).give_empty(self.focused)

    def action_about(self) -> None:
        """Open a dialog about the input that has the focus."""
        self.query_one(RequestForm).show_about(self._env)

    def action_copy(self) -> None:
        """Copy the command line of the form."""
        draft = self.query_one(RequestForm).draft
        if draft is None:
            self.notify("Choose an operation first", severity="warning")
            return
        line = self._line(draft, is_masked=False)
        self.copied.append(line)
        self.copy_to_clipboard(line)
        self.notify("Copied the command; it is printed when you quit, too", markup=False)

    def action_sign_in(self) -> None:
        """Sign in on the terminal, outside the explorer."""
        draft = self.query_one(RequestForm).draft
        given = draft.settings if draft is not None else {}
        options = [f"--{name}={given[name]}" for name in (SERVER, PROFILE) if given.get(name)]
        try:
            with self.suspend():
                is_signed_in = _sign_in(self._env, self._api.name, options)
        except (SuspendNotSupported, OSError):
            line = f"{invocation('auth login', self._api.name)} {' '.join(options)}".rstrip()
            self.notify(f"This terminal cannot be given back; sign in with `{line}`", markup=False)
            return
        self.refresh(layout=True)
        if is_signed_in:
            self.notify("F5 sends the request again")

    @on(ResponsePane.Recalled)
    async def _recalled(self, event: ResponsePane.Recalled) -> None:
        made: FormCall | KeptCall
        if isinstance(event.made, FormCall):
            made, draft = event.made, event.made.draft
        else:
            try:
                line = self._read_line(event.made.words)
                draft = draft_of(self._api, line)
                row = with_messages(self._env, event.made)
                made = KeptCall(row, draft, line.left_out, self._settings(draft))
            except DynacliError as error:
                self.notify(f"{error.message}: {error.reason}", severity="error", markup=False)
                return
        form = self.query_one(RequestForm)
        await form.recall(draft)
        if isinstance(made, KeptCall) and form.draft is not None:
            made = made._replace(draft=form.draft)  # the form has added the rows
        self.query_one(ResponsePane).recall(made)
