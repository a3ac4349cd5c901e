"""What makes the calls of the explorer, one at a time, and tells the explorer what comes of them."""

import time
from collections.abc import Callable, Sequence
from threading import Event as ThreadEvent

from textual import on
from textual.message import Message
from textual.widget import Widget

from dynacli.client.call_settings import CallSettings
from dynacli.client.consent import Consent
from dynacli.environment import Environment
from dynacli.explorer.calls.running_call import Ended, Event, RunningCall
from dynacli.explorer.dialogs import QuestionDialog
from dynacli.explorer.form.draft import Draft
from dynacli.explorer.work_aside import work_aside
from dynacli.record import replace

__all__ = ["Caller"]

_GRACE = 1.0
"""Seconds after which a call that was cancelled is left to itself."""


class Caller(Widget):
    """Makes the calls; it is never seen.

    Args:
        words: Returns the words of the command line of a draft, with the values of secrets masked.
    """

    DEFAULT_CSS = "Caller { display: none; }"

    class Told(Message):
        """Something came of the call that is under way."""

        def __init__(self, draft: Draft, event: Event) -> None:
            super().__init__()
            self.draft, self.event = draft, event

    class _Happened(Message):
        def __init__(self, call: RunningCall, event: Event) -> None:
            super().__init__()
            self.call, self.event = call, event

    class _Asked(Message):
        def __init__(self, origin: str, answers: list[bool], is_answered: ThreadEvent) -> None:
            super().__init__()
            self.origin, self.answers, self.is_answered = origin, answers, is_answered

    def __init__(self, env: Environment, words: Callable[[Draft], Sequence[str]]) -> None:
        super().__init__()
        self._env, self._words = env, words
        self._under_way: RunningCall | None = None
        self._began = 0.0

    @property
    def is_calling(self) -> bool:
        """Whether a call is under way."""
        return self._under_way is not None

    @property
    def seconds(self) -> float:
        """How long the call has been under way."""
        return time.monotonic() - self._began

    def send(self, draft: Draft, settings: CallSettings) -> None:
        """Begin the call of a draft, to which the person has agreed."""
        settings = replace(settings, consent=Consent(is_given=True))
        self._under_way = RunningCall(self._env, draft, settings, self._ask_origin, self._tell)
        self._began = time.monotonic()
        self._under_way.start()

    def go_on(self) -> None:
        """Let a further piece of a stream come, after one was shown."""
        if self._under_way is not None:
            self._under_way.take_piece()

    def cancel(self) -> None:
        """End the call that is under way."""
        call = self._under_way
        if call is not None:
            call.cancel()
            # What looks up the name of a host, or waits for a connection, cannot be ended: nobody waits for it then.
            self.set_timer(_GRACE, lambda: self._take(self._Happened(call, call.ended())))

    def on_unmount(self) -> None:
        """End the call that is under way."""
        if self._under_way is not None:
            self._under_way.cancel()

    def _tell(self, call: RunningCall, event: Event) -> None:
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
        self.post_message(self.Told(call.draft, event))

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
        self.app.push_screen(QuestionDialog(question, is_dangerous=True), take)
