"""A call under way: it runs in a thread of its own, tells what comes, and can be cancelled at any moment."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, NamedTuple

from dynacli.catalog.store.catalog_file import DamagedCatalogError
from dynacli.client.call import Call
from dynacli.client.call_settings import CallSettings
from dynacli.client.damaged_cache import explain_damage
from dynacli.client.inputs.call_inputs import CallInputs, collect_values
from dynacli.environment import Environment
from dynacli.errors import DynacliError, InternalError
from dynacli.explorer.form.draft import Draft, inputs_of
from dynacli.explorer.form.further_calls import FurtherCalls, further_calls
from dynacli.http.exchange import EndableClients
from dynacli.http.send import RENDER_LIMIT, Answer, Pieces
from dynacli.model.media_types import is_event_stream, is_sequence
from dynacli.record import replace

if TYPE_CHECKING:
    from dynacli.explorer.calls.several_calls import SeveralCalls
    from dynacli.http.retrying import Pause
    from dynacli.validation.findings.finding import Verdict

__all__ = ["Begun", "Came", "Ended", "Event", "Progress", "RunningCall"]

_KEPT_OF_STREAM = 8 * 1024 * 1024
"""Bytes up to which a stream is kept, for the views of its whole."""
_MOST_UNSEEN = 8
"""Pieces of a stream that were not shown yet, behind which the server waits."""


class Begun(NamedTuple):
    """The head of an answer that is a stream came."""

    call: Call
    answer: Answer


class Came(NamedTuple):
    """A piece of a stream came."""

    piece: bytes


class Progress(NamedTuple):
    """The call is as far as the text says, or waits before it is sent again."""

    text: str


class Ended(NamedTuple):
    """The call ended, or one of several did.

    Args:
        call: None where none could be made.
        answer: The answer, with its body as far as it was kept; None where none came.
        verdict: None where nothing was judged.
        error: Why the call failed; None where it did not.
        was_cancelled: Whether the person ended it.
        notes: What else is to be said of it.
        is_last: Whether no further call is made.
    """

    call: Call | None
    answer: Answer | None
    verdict: "Verdict | None"
    error: DynacliError | None
    was_cancelled: bool
    notes: tuple[str, ...] = ()
    is_last: bool = True


Event = Begun | Came | Progress | Ended


class _CancelledError(Exception):
    """The person ended the call while it waited."""


class RunningCall:
    """A call under way.

    Args:
        ask: Asks the person whether credentials may go to an origin.
        tell: Is told what comes, in the thread of the call.
    """

    def __init__(
        self,
        env: Environment,
        draft: Draft,
        settings: CallSettings,
        ask: Callable[[str], bool],
        tell: "Callable[[RunningCall, Event], object]",
    ) -> None:
        self.draft, self.settings = draft, settings
        self._env, self._ask, self._tell = env, ask, tell
        self._clients = EndableClients()
        self._is_cancelled = threading.Event()
        self._room = threading.Semaphore(_MOST_UNSEEN)
        self._several: SeveralCalls | None = None
        self._call: Call | None = None
        self._answer: Answer | None = None
        self._verdict: Verdict | None = None
        self._notes: tuple[str, ...] = ()
        self._kept: list[bytes] = []
        self._size = 0
        self._begun = 0.0

    @property
    def call(self) -> Call | None:
        """The call, or the last one of several; None as long as its request is not built."""
        return self._several.last if self._several is not None else self._call

    @property
    def is_cancelled(self) -> bool:
        """Whether the person ended the call."""
        return self._is_cancelled.is_set()

    def start(self) -> None:
        """Begin the call."""
        self._begun = time.monotonic()
        threading.Thread(target=self._run, name="dynacli-explored-call", daemon=True).start()

    def cancel(self) -> None:
        """End the call: its connections are cut, and none is used any more."""
        self._is_cancelled.set()
        self._room.release()
        self._clients.end()

    def take_piece(self) -> None:
        """Let a further piece of a stream come, after one was shown."""
        self._room.release()

    def ended(self, error: DynacliError | None = None) -> Ended:
        """Return what came so far as what came in the end."""
        several = self._several
        if several is not None and several.came is not None:
            return Ended(*several.came, error, self.is_cancelled, tuple(several.notes))
        answer = self._answer
        if answer is not None and self._kept:  # a stream, which may have broken off
            seconds = time.monotonic() - self._begun
            answer = replace(answer, body=b"".join(self._kept), size=self._size, seconds=seconds)
        return Ended(self.call, answer, self._verdict, error, self.is_cancelled, self._notes)

    def _run(self) -> None:
        error: DynacliError | None = None
        try:
            self._make()
        except DamagedCatalogError as damage:
            try:
                explain_damage(damage, has_sent=self.call is not None and self.call.has_sent)
            except (DynacliError, DamagedCatalogError) as explained:
                error = explained if isinstance(explained, DynacliError) else _defect(explained)
        except DynacliError as failure:
            error = failure
        except _CancelledError:
            pass
        except Exception as failure:  # noqa: BLE001  - a defect is shown in the place of the answer
            error = _defect(failure)
        finally:
            self._clients.close()
        self._tell(self, self.ended(error))

    def _make(self) -> None:
        import dynacli.http.import_httpx  # noqa: F401  - before openapi-core, which is imported to judge

        draft, settings = self.draft, self.settings
        is_strict = settings.level != "off"
        inputs = inputs_of(draft, is_strict=is_strict)
        further = further_calls(draft.described, draft.settings, settings)
        if further:
            self._make_several(inputs, further)
            return
        values = collect_values(draft.described, inputs, is_strict=is_strict)
        self._call = call = Call(self._env, draft.described, values, settings, ask=self._ask)
        call.check_request()
        answer = call.send(self._receive, waiting=self._waiting, clients=self._clients)
        is_stream, self._answer = self._answer is not None, answer
        if not is_stream:
            self._verdict = call.judge_answer(answer, answer.body)
            self._notes = _page_notes(call, answer)

    def _make_several(self, inputs: CallInputs, further: FurtherCalls) -> None:
        from dynacli.explorer.calls.several_calls import SeveralCalls

        self._several = SeveralCalls(
            self._env,
            self.settings,
            self._clients,
            ask=self._ask,
            say=lambda text: self._tell(self, Progress(text)),
            show=lambda made: self._tell(self, Ended(*made, None, was_cancelled=False, is_last=False)),
            sleep=self._sleep,
        )
        self._several.make(self.draft.described, inputs, further)

    def _sleep(self, seconds: float) -> None:
        if self._is_cancelled.wait(seconds):
            raise _CancelledError

    def _waiting(self, pause: "Pause") -> AbstractContextManager[None]:
        text = str(pause)
        self._tell(self, Progress(self.call.signed.masker.mask(text) if self.call is not None else text))
        return nullcontext()

    def _receive(self, answer: Answer, pieces: Pieces) -> bytes:
        if not 200 <= answer.status < 300 or not is_sequence(answer.header("content-type")):
            return b"".join(pieces.up_to(RENDER_LIMIT))
        call = self.call
        if call is None:
            raise InternalError("An answer came to no call")
        if is_event_stream(answer.header("content-type")) and self.settings.timeout is None:
            pieces.wait_forever()
        self._answer = answer
        self._tell(self, Begun(call, answer))
        if call.judging is None:
            for _ in self._passing(answer, pieces):
                pass
            return b""
        from dynacli.validation.streamed_body import StreamedBody

        body = StreamedBody(self._passing(answer, pieces))
        self._verdict = call.judge_answer(answer, body)
        body.finish()
        return b""

    def _passing(self, answer: Answer, pieces: Pieces) -> Iterator[bytes]:
        """Yield the pieces of a stream, each of which is told first."""
        found: Iterator[bytes] = iter(pieces)
        if is_event_stream(answer.header("content-type")):
            from dynacli.transport.event_stream import EventPieces

            found = iter(EventPieces(pieces))
        for piece in found:
            self._size = pieces.size
            if pieces.size <= _KEPT_OF_STREAM:
                self._kept.append(piece)
            if not self.is_cancelled:
                self._room.acquire()
            self._tell(self, Came(piece))
            yield piece


def _page_notes(call: Call, answer: Answer) -> tuple[str, ...]:
    """Return what is to be said of one page of a list, where the answer shows that there are more."""
    from dynacli.client.pages.answered_page import answered_page

    page = answered_page(call, answer) if 200 <= answer.status < 300 else None
    if page is None:
        return ()
    count = f"{page.items:,} of {page.total:,}" if page.total is not None else f"{page.items:,}"
    return (f"{count} items; `all` in the form asks for all pages",)


def _defect(error: BaseException) -> InternalError:
    # The text of an unknown exception may hold secrets, so only its class is shown.
    return InternalError("This is a defect in dynacli", why=type(error).__name__)
