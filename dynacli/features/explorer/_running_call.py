"""Calls and other work in separate threads, which send their results to the screen as messages."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from threading import Event as ThreadEvent
from threading import Thread
from typing import TYPE_CHECKING, NamedTuple

from textual import on
from textual.message import Message
from textual.message_pump import MessagePump
from textual.widget import Widget

from dynacli.client.call import (
    CacheUnusable,
    Call,
    CallEvent,
    Findings,
    ResponseHead,
    ResponsePart,
    ResponseReceived,
    Retrying,
)
from dynacli.client.call_settings import CallSettings
from dynacli.client.engine.call_engine import CallHistory, Engine, MadeCall
from dynacli.client.engine.series import Series, WaitPause
from dynacli.client.inputs.call_inputs import CallInputs, TypedWords
from dynacli.client.inputs.query_pairs import undeclared_notes
from dynacli.client.pages.merged_pages import MergedPages
from dynacli.client.pages.page_loop import PageLoop, received_page
from dynacli.environment import Consent, Environment
from dynacli.errors import DynacliError, InternalError
from dynacli.features.explorer._dialogs import QuestionDialog
from dynacli.features.explorer.drafts import Draft, inputs_of
from dynacli.features.explorer.form_rows import FurtherCalls, further_calls
from dynacli.http.exchange import RENDER_LIMIT, EndableClients, WireResponse
from dynacli.openapi.model.wording import counted
from dynacli.record import replace

if TYPE_CHECKING:
    from dynacli.validation.finding import ValidationResult

_KEPT_OF_STREAM = 8 * 1024 * 1024
"""Maximum bytes of a stream that are stored for the views of the whole response."""
_MOST_UNSEEN = 8
"""Maximum number of pieces of a stream that are not shown yet; then reading pauses."""
_GRACE = 1.0
"""Seconds until a cancelled call is given up."""


class FailedWork(Message):
    """The message that work in a thread failed.

    Attributes:
        error: The exception.
    """

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error


def work_aside(owner: MessagePump, work: Callable[[], Message | None]) -> None:
    """Start some work in a thread.

    Args:
        owner: Receives the message.
        work: Returns the message; None for none.
    """

    def run() -> None:
        try:
            message = work()
        except Exception as error:  # noqa: BLE001  - raised again in the thread that draws
            message = FailedWork(error)
        if message is not None:
            owner.post_message(message)

    Thread(target=run, name="dynacli-aside", daemon=True).start()


class ProgressText(NamedTuple):
    """The progress of a call, or the reason of a pause."""

    text: str


class Ended(NamedTuple):
    """The end of a call, or of one of several calls.

    Args:
        call: The call; None if none could be made.
        response: The response with the stored part of its body; None if there is no response.
        validation: The validation result; None if nothing was validated.
        error: The error; None if the call succeeded.
        was_cancelled: Whether the call was cancelled.
        notes: Further notes about the call.
        is_last: Whether no further call is made.
    """

    call: Call | None
    response: WireResponse | None
    validation: ValidationResult | None
    error: DynacliError | None
    was_cancelled: bool
    notes: tuple[str, ...] = ()
    is_last: bool = True


Event = ResponseHead | ResponsePart | ProgressText | Ended
"""An event of a call: headers or a part of a stream, its progress, or its end."""


class _CancelledError(Exception):
    """The call was cancelled during a pause."""


class RunningCall:
    """A call in progress.

    Args:
        ask: Asks whether credentials may go to an origin.
        announce: Receives the events, in the thread of the call.
    """

    def __init__(
        self,
        env: Environment,
        draft: Draft,
        settings: CallSettings,
        ask: Callable[[str], bool],
        announce: Callable[[RunningCall, Event], object],
    ) -> None:
        self.draft, self.settings = draft, settings
        self._announce = announce
        self._clients = EndableClients()
        self._engine = Engine(
            env, settings, clients=self._clients, ask=ask, on_event=self._take, keep=self._history_of
        )
        self._is_cancelled = threading.Event()
        self._room = threading.Semaphore(_MOST_UNSEEN)
        self._pages: MergedPages | None = None
        self._came: MadeCall | None = None
        self._stream: WireResponse | None = None
        self._notes: list[str] = []
        self._kept: list[bytes] = []
        self._size = 0
        self._begun = 0.0

    @property
    def call(self) -> Call | None:
        """The call, or the last one of several; None until its request is built."""
        return self._engine.latest

    @property
    def is_cancelled(self) -> bool:
        """Whether the call was cancelled."""
        return self._is_cancelled.is_set()

    def start(self) -> None:
        """Start the call."""
        self._begun = time.monotonic()
        threading.Thread(target=self._run, name="dynacli-explored-call", daemon=True).start()

    def cancel(self) -> None:
        """Cancel the call: cut its connections, and prevent new ones."""
        self._is_cancelled.set()
        self._room.release()
        self._clients.end()

    def take_piece(self) -> None:
        """Allow another piece of a stream, after one was shown."""
        self._room.release()

    def ended(self, error: DynacliError | None = None) -> Ended:
        """Return the end of the call, with everything that was received so far."""
        came = self._pages.made if self._pages is not None else self._came
        call = self.call
        broken_off = (call, self._stream, None if call is None else call.validation)
        call, response, validation = came or broken_off
        if self._stream is not None and response is not None:  # it may be incomplete
            seconds = time.monotonic() - self._begun
            response = replace(response, body=b"".join(self._kept), size=self._size, seconds=seconds)
        return Ended(call, response, validation, error, self.is_cancelled, tuple(self._notes))

    def record(self, words: Sequence[str], ended: Ended) -> None:
        """Record the call in the history, if something was sent or a stored response was used.

        Args:
            words: The arguments after the program's name, with secret inputs masked.
        """
        error = KeyboardInterrupt() if ended.was_cancelled else ended.error
        self._engine.record_end(words, error, ended.response)

    def _history_of(self, call: Call) -> CallHistory:
        pairs = (*self.settings.query, *self.settings.server_variables)
        typed = TypedWords(
            assignments=[f"{name}={value}" for name, value in pairs], texts=(self.draft.text or "",)
        )
        return CallHistory(self._engine.env, call, typed, lambda _: None)

    def _run(self) -> None:
        error: DynacliError | None = None
        try:
            self._make()
        except DynacliError as failure:
            error = failure
        except _CancelledError:
            pass
        except Exception as failure:  # noqa: BLE001  - a defect is shown instead of the response
            # The text of an unknown exception may hold secrets, so only its class is shown.
            error = InternalError("This is a defect in dynacli", reason=type(failure).__name__)
        finally:
            self._clients.close()
        self._announce(self, self.ended(error))

    def _make(self) -> None:
        draft, settings, engine = self.draft, self.settings, self._engine
        inputs = inputs_of(draft, settings)
        self._notes += undeclared_notes(draft.described, inputs.query, settings.level)
        further = further_calls(draft.described, draft.settings, settings)
        if further.is_of_pages:
            self._list(inputs, further)
        elif further:
            Series(
                engine,
                follow=further.follow,
                until=further.wait,
                on_next=lambda made, _: self._show(made),
                sleep=self._sleep,
            ).make(draft.described, inputs)
        else:
            call = engine.prepare(draft.described, inputs)
            made = engine.validate(call, engine.send(call, has_parts=True))
            if self._stream is None:
                self._notes += _page_notes(call, made.response)

    def _list(self, inputs: CallInputs, further: FurtherCalls) -> None:
        loop = PageLoop(
            self._engine,
            self.draft.described,
            inputs,
            reading="exact",
            max_items=further.max_items,
            is_keyset_asked=further.all == "keyset",
        )
        loop.check_list()
        self._pages = pages = MergedPages(loop)
        for page in loop:
            pages.add(page)
            pages.keep(page.items or ())
            total = f" of {loop.total:,}" if loop.total is not None else ""
            self._announce(self, ProgressText(f"{counted(page.number, 'page')}, {loop.count:,}{total} items"))
            if pages.size > RENDER_LIMIT:
                self._notes.append("There are more: the command line writes lists of any size")
                break
        if pages.last is not None:
            came = f"{counted(pages.last.number, 'page')}, {counted(loop.count, 'item')}"
            self._notes.append(loop.note or came)

    def _sleep(self, seconds: float) -> None:
        if self._is_cancelled.wait(seconds):
            raise _CancelledError

    def _show(self, made: MadeCall) -> None:
        """Show a response that is not the last one."""
        self._announce(self, Ended(*made, None, was_cancelled=False, is_last=False))

    def _take(self, event: CallEvent) -> None:
        """Handle an event of the engine."""
        if isinstance(event, CacheUnusable):
            self._notes += [] if event.text in self._notes else [event.text]
        elif isinstance(event, Retrying):
            if isinstance(event.pause, WaitPause) and self._came is not None:
                self._show(self._came)
            self._announce(self, ProgressText(event.call.signed.masker.mask(str(event.pause))))
        elif isinstance(event, ResponseHead) and event.is_stream:
            self._stream = event.response
            self._announce(self, event)
        elif isinstance(event, ResponsePart):
            self._size = event.size
            if event.size <= _KEPT_OF_STREAM:
                self._kept.append(event.content)
            if not self.is_cancelled:
                self._room.acquire()
            self._announce(self, event)
        elif isinstance(event, ResponseReceived):
            self._came = MadeCall(event.call, event.response, None)
        elif isinstance(event, Findings):
            self._came = MadeCall(event.call, event.response, event.validation)


def _page_notes(call: Call, response: WireResponse) -> tuple[str, ...]:
    """Return a note on the other pages, if the response is one page of a longer list."""
    page = received_page(call, response) if response.is_success else None
    if page is None:
        return ()
    count = f"{page.items:,} of {page.total:,}" if page.total is not None else f"{page.items:,}"
    return (f"{count} items; `all` in the form asks for all pages",)


class Caller(Widget):
    """Makes the calls. This widget is never visible.

    Args:
        words: Returns the arguments of a draft's command line, with secrets masked.
    """

    DEFAULT_CSS = "Caller { display: none; }"

    class Shown(Message):
        """An event of the call in progress, to be shown."""

        def __init__(self, draft: Draft, event: Event) -> None:
            super().__init__()
            self.draft, self.event = draft, event

    class _Happened(Message):
        def __init__(self, call: RunningCall, event: Event) -> None:
            super().__init__()
            self.call, self.event = call, event

    class _Asked(Message):
        def __init__(
            self, question: str, action: str, responses: list[bool], has_response: ThreadEvent
        ) -> None:
            super().__init__()
            self.question, self.action = question, action
            self.responses, self.has_response = responses, has_response

    def __init__(self, env: Environment, words: Callable[[Draft], Sequence[str]]) -> None:
        super().__init__()
        self._env, self._words = env, words
        self._under_way: RunningCall | None = None
        self._began = 0.0

    @property
    def is_calling(self) -> bool:
        """Whether a call is in progress."""
        return self._under_way is not None

    @property
    def seconds(self) -> float:
        """Seconds since the start of the call."""
        return time.monotonic() - self._began

    def send(self, draft: Draft, settings: CallSettings) -> None:
        """Start the call of a draft, which needs no further confirmation."""
        settings = replace(settings, consent=Consent(is_given=True))
        self._under_way = RunningCall(self._env, draft, settings, self.ask_origin, self._announce)
        self._began = time.monotonic()
        self._under_way.start()

    def go_on(self) -> None:
        """Allow another piece of a stream, after one was shown."""
        if self._under_way is not None:
            self._under_way.take_piece()

    def cancel(self) -> None:
        """Cancel the call in progress."""
        call = self._under_way
        if call is not None:
            call.cancel()
            # A look-up of a host name, or a wait for a connection, cannot be interrupted, so it is abandoned.
            self.set_timer(_GRACE, lambda: self._take(self._Happened(call, call.ended())))

    def on_unmount(self) -> None:
        """Cancel the call in progress."""
        if self._under_way is not None:
            self._under_way.cancel()

    def _announce(self, call: RunningCall, event: Event) -> None:
        self.post_message(self._Happened(call, event))

    @on(_Happened)
    def _take(self, message: _Happened) -> None:
        call, event = message.call, message.event
        if call is not self._under_way:
            return
        if isinstance(event, Ended) and event.is_last:
            self._under_way = None
            words = self._words(call.draft)
            work_aside(self, lambda: call.record(words, event))
        self.post_message(self.Shown(call.draft, event))

    def ask_origin(self, origin: str) -> bool:
        """Ask, from another thread, whether credentials may go to an origin."""
        return self.ask(f"Send the credential to {origin} from now on?")

    def ask(self, question: str, action: str = "Send") -> bool:
        """Ask a question from a thread that does not draw, and return whether you agree.

        Args:
            action: The label of the button for yes.
        """
        responses: list[bool] = []
        has_response = ThreadEvent()
        self.post_message(self._Asked(question, action, responses, has_response))
        has_response.wait()
        return bool(responses and responses[0])

    @on(_Asked)
    def _ask(self, message: _Asked) -> None:
        def take(chosen: str | None) -> None:
            message.responses.append(chosen == "yes")
            message.has_response.set()

        dialog = QuestionDialog(message.question, is_dangerous=True, action=message.action)
        self.app.push_screen(dialog, take)
