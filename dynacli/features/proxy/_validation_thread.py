"""Exchanges that passed through the proxy, and the thread that validates them.

The exchanges themselves never wait for the queue of that thread. A passed exchange is validated in the form of a
recorded one, so that both are validated in the same way.
"""

import queue
import threading
import time
from collections.abc import Callable

from dynacli.features.proxy._messages import RawHeaders, ResponseMessageHead
from dynacli.http.encodings import BadEncodingError, TooLargeError, decode_whole
from dynacli.http.exchange import RENDER_LIMIT
from dynacli.http.item_reader import complete_items
from dynacli.http.semantics import essence, is_sequence
from dynacli.traffic.recorded_request import RecordedExchange, RecordedRequest, RecordedResponse

_MOST_COPIED = 8 * 1024 * 1024
"""The largest body in bytes that is copied, to be validated."""
_MOST_OF_ALL = 64 * 1024 * 1024
"""Bytes of the copies that there are at the same time."""
_MOST_VALIDATED = 5_000
"""Exchanges that wait to be validated; of those that come when there are more, only the heads are reported."""
_MANY = 2_500
"""Exchanges that wait while others pass; if there are more, they are validated anyway."""
_WINDOW = 0.005
"""Seconds for which the validator looks how many exchanges begin."""
_FEW = 1
"""Exchanges of a window beside which it validates."""
_MOST_WINDOWS = 10
"""Windows that it waits at most."""
_MOST_WAITING = 20_000
"""Exchanges that wait at all; those that come when there are more are counted."""


class CopyBudget:
    """How much memory all copies may take together; one thread makes them, and another one forgets them."""

    def __init__(self) -> None:
        self._used, self._lock = 0, threading.Lock()

    def take(self, size: int) -> bool:
        """Take so many bytes, and return whether they were there."""
        with self._lock:
            is_there = self._used + size <= _MOST_OF_ALL
            if is_there:
                self._used += size
            return is_there

    @property
    def is_tight(self) -> bool:
        """Whether more than half of it is taken."""
        return self._used > _MOST_OF_ALL // 2

    def give_back(self, size: int) -> None:
        """Give back what was taken."""
        with self._lock:
            self._used -= size


class _CopiedBody:
    """The copy of a body that is passed on.

    Attributes:
        size: The bytes that have passed.
        loss: Why there is no copy; empty if there is one.
    """

    def __init__(self, budget: CopyBudget) -> None:
        self._budget, self._pieces = budget, bytearray()
        self.size = 0
        self.loss = ""

    def add(self, piece: bytes) -> None:
        """Add a piece that is passed on."""
        self.size += len(piece)
        if self.loss:
            return
        if self.size > _MOST_COPIED:
            self._lose(f"the body is larger than {_MOST_COPIED // 1024 // 1024} MiB")
        elif not self._budget.take(len(piece)):
            self._lose("too many large bodies passed at the same time")
        else:
            self._pieces += piece

    def _lose(self, loss: str) -> None:
        self.loss = loss
        self.release()

    @property
    def content(self) -> bytes:
        """The bytes, as they were encoded on the way."""
        return bytes(self._pieces)

    def release(self) -> None:
        """Forget the copy."""
        self._budget.give_back(len(self._pieces))
        self._pieces = bytearray()


class PassedExchange:
    """A request, and what became of it; filled while it passes.

    Attributes:
        status: That of the response; 0 if none came from the upstream.
        is_complete: Whether the whole response came.
        ended_by: Who ended it before the response was complete, without the upstream's doing; empty for no one.
        refusal: Why the proxy did not pass the request on; empty if it did.
        error: Why no response came from the upstream.
        is_broken_off: Whether the upstream closed the connection before its response was complete.
        seconds: From the head of the request to the end of the response.
        skipped: Why it is not validated; empty if it is.

    Args:
        target: The path and the query that the client asked for.
        url: That of the upstream.
    """

    def __init__(self, method: str, target: str, url: str, headers: RawHeaders, budget: CopyBudget) -> None:
        self.method, self.target, self.url, self.headers = method, target, url, headers
        self.started, self._start = time.time(), time.monotonic()
        self.body, self.response_body = _CopiedBody(budget), _CopiedBody(budget)
        self.status, self.reason, self.http_version = 0, "", ""
        self.response_headers: RawHeaders = []
        self.is_complete = self.is_broken_off = False
        self.ended_by = self.refusal = self.error = self.skipped = ""
        self.seconds = 0.0

    def begin_response(self, head: ResponseMessageHead) -> None:
        """Note what the head of the response says."""
        self.status, self.reason = head.status, head.reason.decode("latin-1")
        self.http_version, self.response_headers = f"HTTP/{head.version.decode('ascii')}", head.headers

    def end(self) -> None:
        """Note that it is over."""
        self.seconds = time.monotonic() - self._start

    def release(self) -> None:
        """Forget the bodies."""
        self.body.release()
        self.response_body.release()


class ValidationThread(threading.Thread):
    """Validates exchanges, one after the other, and rather while hardly anything passes.

    Both want the interpreter, and whoever waits for the kernel has to give it away: beside a validator that does not
    stop, an exchange takes ten times as long.

    Attributes:
        lost: How many exchanges were only counted.
        failure: The exception that ended the validating; None if there is none.

    Args:
        validator: Validates an exchange, and tells what it found.
        budget: That of the bodies that wait to be validated.
    """

    def __init__(self, validator: Callable[[PassedExchange], None], budget: CopyBudget) -> None:
        # A daemon: a person who presses Ctrl-C a second time does not wait for what is left.
        super().__init__(name="dynacli-validation", daemon=True)
        self._validate, self._budget = validator, budget
        self._on_failure: Callable[[], None] | None = None
        self._begun = self._seen = 0
        self._queue: queue.SimpleQueue[PassedExchange | None] = queue.SimpleQueue()
        self.lost = 0
        self.failure: BaseException | None = None

    def start_with(self, on_failure: Callable[[], None]) -> None:
        """Start validating.

        Args:
            on_failure: Called if it fails, from this thread.
        """
        self._on_failure = on_failure
        self.start()

    def begin(self) -> None:
        """Note that an exchange begins."""
        self._begun += 1

    def put(self, passed: PassedExchange) -> None:
        """Let an exchange be validated that is over; never waits."""
        waiting = self._queue.qsize()
        if waiting >= _MOST_WAITING or self.failure is not None:
            self.lost += 1
            passed.release()
            return
        if waiting >= _MOST_VALIDATED and not passed.refusal:
            passed.skipped = "too many exchanges wait to be validated"
            passed.release()
        self._queue.put(passed)

    def run(self) -> None:
        """Validate until `finish` is called."""
        try:
            while (passed := self._queue.get()) is not None:
                self._wait_for_quiet()
                self._validate(passed)
                passed.release()
        except BaseException as error:  # noqa: BLE001  - raised again by `finish`, in the thread that waits
            self.failure = error
            if self._on_failure is not None:
                self._on_failure()

    def _wait_for_quiet(self) -> None:
        """Wait until few exchanges begin, but not for long."""
        for _ in range(_MOST_WINDOWS):
            if self._begun == self._seen or self._queue.qsize() >= _MANY or self._budget.is_tight:
                return
            self._seen = self._begun
            time.sleep(_WINDOW)
            if self._begun - self._seen <= _FEW:
                return

    def finish(self) -> None:
        """Wait until everything is validated.

        Raises:
            BaseException: What ended the validating.
        """
        self._queue.put(None)
        while self.is_alive():
            self.join(0.2)  # without a limit, the wait could not be interrupted everywhere
        if self.failure is not None:
            raise self.failure


def recorded_exchange(passed: PassedExchange) -> RecordedExchange:
    """Return a passed exchange as a recording has it, its bodies decoded."""
    request = RecordedRequest(passed.method, passed.url, _decoded_headers(passed.headers))
    content, loss = _decoded_body(passed.body, passed.headers)
    return RecordedExchange(
        request,
        content or None,
        loss,
        _response_of(passed) if passed.status else None,
        passed.error or (passed.ended_by and f"{passed.ended_by} came first"),
        passed.started,
        passed.seconds,
        passed.is_broken_off,
    )


def _response_of(passed: PassedExchange) -> RecordedResponse:
    headers = _decoded_headers(passed.response_headers)
    body, loss = _decoded_body(passed.response_body, passed.response_headers)
    if not passed.is_complete and not loss:
        media_type = essence(_header(passed.response_headers, b"content-type"))
        body = complete_items(body or b"", media_type) if is_sequence(media_type) else None
        ended_by = passed.ended_by or "the server"
        loss = f"{ended_by} ended the response early: only what came before is validated"
    size = passed.response_body.size
    return RecordedResponse(passed.status, passed.reason, passed.http_version, headers, body, size, loss)


def _decoded_headers(headers: RawHeaders) -> tuple[tuple[str, str], ...]:
    return tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in headers)


def _header(headers: RawHeaders, name: bytes) -> str:
    return b", ".join(value for key, value in headers if key.lower() == name).decode("latin-1")


def _decoded_body(body: _CopiedBody, headers: RawHeaders) -> tuple[bytes | None, str]:
    """Return a body without its content encoding, or None and why it cannot be validated."""
    if body.loss or not body.size:
        return (None, body.loss) if body.loss else (b"", "")
    encodings = _header(headers, b"content-encoding").split(",")
    try:
        return decode_whole(body.content, encodings, RENDER_LIMIT), ""
    except TooLargeError:
        return (
            None,
            f"the body is larger than {RENDER_LIMIT // 1024 // 1024} MiB without its content encoding",
        )
    except BadEncodingError as error:
        return None, f"the body cannot be decoded: {error}"
