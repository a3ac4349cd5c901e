"""Plans in the explorer: plan a request, list the plans of the API, and show and apply a plan."""

from collections.abc import Callable, Sequence
from contextlib import closing

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.message import Message
from textual.screen import ModalScreen
from textual.widget import Widget
from textual.widgets import Button, OptionList, Static
from textual.widgets.option_list import Option

from dynacli.client.call_settings import CallSettings
from dynacli.client.engine.call_engine import Engine
from dynacli.environment import Consent, Environment
from dynacli.errors import DynacliError, RefusedError, UsageError
from dynacli.features.explorer._response_views import ResponseScreen, response_screen
from dynacli.features.explorer._running_call import Caller, work_aside
from dynacli.features.explorer.drafts import Draft, changes, inputs_of
from dynacli.features.explorer.form_rows import further_calls
from dynacli.features.plans.apply_plan import AppliedPlan, apply_plan, apply_settings
from dynacli.features.plans.make_plan import Planner, planning
from dynacli.features.plans.plan import USUAL_SECONDS, instant
from dynacli.features.plans.plan_store import (
    STATE_DIRECTORY,
    StoredPlan,
    plan_key,
    read_plan,
    save_plan,
    stored_plans,
)
from dynacli.http.exchange import EndableClients
from dynacli.openapi.model.wording import counted
from dynacli.options.standard_options import Options
from dynacli.output.standard_error import write_error, write_note
from dynacli.record import replace
from dynacli.registry.opened_api import OpenedApi
from dynacli.registry.record_call import api_key
from dynacli.text.terminal import Painter, visible

_WIDTH = 70
"""Width of a text in a dialog, in columns."""


def _make_plan(
    env: Environment,
    draft: Draft,
    settings: CallSettings,
    options: Options,
    ask_origin: Callable[[str], bool],
) -> StoredPlan:
    """Plan the request of a draft, and write the plan into the state directory.

    Args:
        settings: The settings of the call.
        options: The options of the explorer and the form.
        ask_origin: Asks whether credentials may go to an origin.

    Raises:
        DynacliError: The request cannot be planned; nothing was sent that changes anything.
    """
    if further_calls(draft.described, draft.settings, settings):
        raise UsageError(
            "A plan has no further calls",
            reason="It is a request that is not sent yet, so there is no response",
            hint="Empty the rows `follow` and `wait`",
        )
    with closing(EndableClients()) as clients:
        engine = Engine(env, planning(settings), clients=clients, ask=ask_origin)
        engine.settings.permit(draft.described)
        planner = Planner(engine, draft.described.api, options, plan_key(env))
        planner.add(engine.prepare(draft.described, inputs_of(draft, settings)))
        plan = planner.plan(USUAL_SECONDS)
    return StoredPlan(plan.name, "ready", plan, path=save_plan(env, plan, STATE_DIRECTORY))


def _plans_of(env: Environment, api: OpenedApi) -> list[StoredPlan]:
    """Return the plans of an API in the state directory, the latest first.

    Raises:
        FileError: The directory cannot be used.
    """
    source = api_key(api.revisions.directory)
    return [
        stored for stored in stored_plans(env) if stored.plan is not None and stored.plan.source == source
    ]


def _apply(
    env: Environment, api: OpenedApi, options: Options, stored: StoredPlan, caller: Caller
) -> AppliedPlan:
    """Apply a plan as it was shown, after a confirmation.

    Raises:
        RefusedError: The plan or the resource has changed, or you declined.
        DynacliError: The plan cannot be checked; nothing was sent that changes anything.
    """
    plan, path = read_plan(env, stored.path)
    if plan != stored.plan:
        raise RefusedError(
            "The plan is not applied",
            reason=f"The file `{path}` was changed since you opened it",
            hint="Open it again",
        )
    settings = replace(apply_settings(env, plan, api, options), consent=Consent(is_given=True))

    def agree(question: str) -> None:
        if not caller.ask(question, "Apply"):
            raise RefusedError.declined("The plan is not applied")

    with closing(EndableClients()) as clients:
        engine = Engine(env, settings, clients=clients, ask=caller.ask_origin)
        return apply_plan(plan, path, api, engine, agree, is_resumed=stored.state == "stopped")


def _plan_text(stored: StoredPlan, screen: ResponseScreen) -> str:
    """Return a plan as a diff, with the colours of a terminal."""
    if stored.plan is None:
        return ""
    lines = stored.plan.lines(Painter.for_stdout(screen.env))
    return "\n".join((f"{'state:':13}{stored.state}", *lines))


def _applied_text(applied: AppliedPlan, screen: ResponseScreen) -> str:
    """Return the result of a plan, with the colours of a terminal."""
    screen.env.stdout.write("".join(f"{line}\n" for line in applied.lines()))
    if applied.path:
        write_note(screen.env, f"{applied.text}; the result is in {visible(applied.path, keep='')}")
    if applied.error is not None:
        write_error(screen.env, applied.error, "text")
    return screen.take()


class PlansDialog(ModalScreen[int | None]):
    """The plans of an API, after the request that may be planned.

    The result is the position of the chosen plan, -1 for the request, None for nothing.

    Args:
        request: The request that may be planned; empty if there is none.
    """

    BINDINGS = [Binding("escape", "leave", show=False)]  # noqa: RUF012
    AUTO_FOCUS = "OptionList"

    def __init__(self, plans: Sequence[StoredPlan], request: str) -> None:
        super().__init__()
        self._plans, self._request = plans, request

    def compose(self) -> ComposeResult:
        """Make the dialog."""
        lines = [f"+ plan {self._request}"] if self._request else []
        lines += [_line_of(stored) for stored in self._plans]
        with Vertical(classes="dialog"):
            yield Static("Plans: requests that are not sent until you apply them", markup=False)
            listed = [
                Option(Text(visible(line, keep=""), no_wrap=True, overflow="ellipsis")) for line in lines
            ]
            yield OptionList(*listed, markup=False, compact=True)
            yield Static("Enter opens, Esc leaves" if lines else "There are none; Esc leaves", markup=False)

    @on(OptionList.OptionSelected)
    def _selected(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(event.option_index - bool(self._request))

    def action_leave(self) -> None:
        """Close the dialog without a choice."""
        self.dismiss(None)


def _line_of(stored: StoredPlan) -> str:
    if stored.plan is None:
        return stored.name
    requests = counted(len(stored.plan.requests), "request")
    return f"{stored.name}  {stored.state}  {requests}, until {instant(stored.plan.expires_at)}"


class PlanDialog(ModalScreen[bool]):
    """A plan to read, and a button to apply it.

    Args:
        text: The plan, with colours.
        action: The label of the button that applies it; empty if it cannot be applied.
    """

    BINDINGS = [  # noqa: RUF012
        Binding("a", "apply", show=False),
        Binding("escape", "leave", show=False),
        Binding("left,right", "app.focus_next", show=False),
    ]

    def __init__(self, text: str, action: str) -> None:
        super().__init__()
        self._text, self._action = text, action

    def compose(self) -> ComposeResult:
        """Make the dialog."""
        with Vertical(classes="dialog"):
            with VerticalScroll(id="plan"):
                yield Static(Text.from_ansi(self._text), markup=False)
            with Horizontal(classes="buttons"):
                if self._action:
                    yield Button(f"{self._action} (a)", id="yes", compact=True)
                yield Button("Close (Esc)", id="no", compact=True)

    def on_mount(self) -> None:
        """Give the focus to the text, which may be longer than the dialog."""
        self.query_one("#plan").focus()

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        self.dismiss(event.button.id == "yes")

    def action_apply(self) -> None:
        """Apply the plan."""
        if self._action:
            self.dismiss(True)

    def action_leave(self) -> None:
        """Close the dialog without applying the plan."""
        self.dismiss(False)


class Plans(Widget):
    """Makes, lists and applies plans. Only the dialogs of this widget are visible.

    Args:
        options: The options of calls, for what a plan does not set.
        settings: Returns the settings and the options for the call of a draft.
        caller: Asks questions while a plan is made or applied.
    """

    DEFAULT_CSS = "Plans { display: none; }"

    class _Listed(Message):
        def __init__(self, draft: Draft | None, plans: list[StoredPlan]) -> None:
            super().__init__()
            self.draft, self.plans = draft, plans

    class _Made(Message):
        def __init__(self, made: StoredPlan | AppliedPlan | DynacliError) -> None:
            super().__init__()
            self.made = made

    def __init__(
        self,
        env: Environment,
        api: OpenedApi,
        options: Options,
        settings: Callable[[Draft], tuple[CallSettings, Options]],
        caller: Caller,
    ) -> None:
        super().__init__()
        self._env, self._api, self._options = env, api, options
        self._settings, self._caller = settings, caller

    def list_plans(self, draft: Draft | None) -> None:
        """Open the list of plans, which also offers to plan a draft that may change something."""
        is_offered = draft is not None and changes(draft.described)
        self._begin(lambda: self._Listed(draft if is_offered else None, _plans_of(self._env, self._api)))

    def plan(self, draft: Draft) -> None:
        """Plan the request of a draft, and show the plan."""
        self.app.notify("Planning: reading the resource")
        self._begin(
            lambda: self._Made(_make_plan(self._env, draft, *self._settings(draft), self._caller.ask_origin))
        )

    def _begin(self, work: Callable[[], Message]) -> None:
        def run() -> Message:
            try:
                return work()
            except DynacliError as error:
                return self._Made(error)

        work_aside(self, run)

    @on(_Listed)
    def _choose(self, message: _Listed) -> None:
        draft, request = message.draft, ""
        if draft is not None:
            request = f"{draft.described.operation.method} {draft.described.operation.path}"

        def take(chosen: int | None) -> None:
            if chosen is not None and chosen >= 0:
                self._open(message.plans[chosen])
            elif chosen is not None and draft is not None:
                self.plan(draft)

        self.app.push_screen(PlansDialog(message.plans, request), take)

    def _open(self, stored: StoredPlan) -> None:
        def take(is_agreed: bool | None) -> None:
            if is_agreed:
                self._begin(
                    lambda: self._Made(_apply(self._env, self._api, self._options, stored, self._caller))
                )

        action = {"ready": "Apply", "stopped": "Resume"}.get(stored.state, "")
        self.app.push_screen(PlanDialog(_plan_text(stored, self._screen), action), take)

    @on(_Made)
    def _show(self, message: _Made) -> None:
        self.app.clear_notifications()  # the note that the resource is being read
        if isinstance(message.made, StoredPlan):
            self._open(message.made)
            return
        screen = self._screen
        if isinstance(message.made, AppliedPlan):
            text = _applied_text(message.made, screen)
        else:
            write_error(screen.env, message.made, "text")
            text = screen.take()
        self.app.push_screen(PlanDialog(text, ""))

    @property
    def _screen(self) -> ResponseScreen:
        return response_screen(_WIDTH, self._env.variables)
