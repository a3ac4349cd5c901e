"""Exchanges that passed through the proxy, and the thread that validates them.

The traffic never waits for that thread. A passed exchange is turned into a recorded one, so that both are validated in
the same way.
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
"""Maximum size in bytes of a body that is copied for the validation."""
_MOST_OF_ALL = 64 * 1024 * 1024
"""Maximum bytes of all copies at the same time."""
_MOST_VALIDATED = 5_000
"""Maximum number of exchanges that wait for validation. Further ones are reported without it."""
_MANY = 2_500
"""Number of waiting exchanges from which they are validated even while others pass."""
_WINDOW = 0.005
"""Seconds for which the thread counts the exchanges that begin."""
_FEW = 1
"""Maximum number of exchanges in a window that still allows validation."""
_MOST_WINDOWS = 10
"""Maximum number of windows to wait."""
_MOST_WAITING = 20_000
"""Maximum number of exchanges that wait at all. Further ones are only counted."""


class CopyBudget:
    """The memory for all copies. One thread takes it, and another one gives it back."""

    def __init__(self) -> None:
        self._used, self._lock = 0, threading.Lock()

    def take(self, size: int) -> bool:
        """Take memory, and return whether it was available."""
        with self._lock:
            is_there = self._used + size <= _MOST_OF_ALL
            if is_there:
                self._used += size
            return is_there

    @property
    def is_tight(self) -> bool:
        """Whether more than half of the memory is taken."""
        return self._used > _MOST_OF_ALL // 2

    def give_back(self, size: int) -> None:
        """Give memory back."""
        with self._lock:
            self._used -= size


class _CopiedBody:
    """The copy of a body that is passed on.

    Attributes:
        size: Number of bytes that have passed.
        loss: The reason why there is no copy; empty if there is one.
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
        """The bytes, still in their content encoding."""
        return bytes(self._pieces)

    def release(self) -> None:
        """Discard the copy."""
        self._budget.give_back(len(self._pieces))
        self._pieces = bytearray()


class PassedExchange:
    """A request and its result, which are filled in while they pass.

    Attributes:
        status: The status of the response; 0 if the upstream sent no response.
        is_complete: Whether the response is complete.
        ended_by: The side that ended the exchange early, if it was not the upstream; else empty.
        refusal: The reason why the proxy refused the request; empty if it did not.
        error: The reason why the upstream sent no response.
        is_broken_off: Whether the upstream closed the connection before its response was complete.
        seconds: Duration from the headers of the request to the end of the response.
        skipped: The reason why it is not validated; empty if it is.

    Args:
        target: The requested path and query.
        url: The URL at the upstream.
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
        """Store the status line and the headers of the response."""
        self.status, self.reason = head.status, head.reason.decode("latin-1")
        self.http_version, self.response_headers = f"HTTP/{head.version.decode('ascii')}", head.headers

    def end(self) -> None:
        """Store the duration."""
        self.seconds = time.monotonic() - self._start

    def release(self) -> None:
        """Discard the copies of the bodies."""
        self.body.release()
        self.response_body.release()


class ValidationThread(threading.Thread):
    """Validates exchanges one after the other, if possible while few others pass.

    Validation and traffic compete for the interpreter. Beside a thread that validates without a pause, an exchange
    takes ten times as long.

    Attributes:
        lost: Number of exchanges that were only counted.
        failure: The exception that ended the validation, if one did.

    Args:
        validator: Validates and reports an exchange.
        budget: The memory for the copies of bodies.
    """

    def __init__(self, validator: Callable[[PassedExchange], None], budget: CopyBudget) -> None:
        # A daemon thread, so that a second Ctrl-C does not wait for the rest.
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
            on_failure: Called from this thread if the validation fails.
        """
        self._on_failure = on_failure
        self.start()

    def begin(self) -> None:
        """Count an exchange that begins."""
        self._begun += 1

    def put(self, passed: PassedExchange) -> None:
        """Queue a finished exchange for validation, without waiting."""
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
        """Wait for a short time until few exchanges begin."""
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
            BaseException: The exception that ended the validation.
        """
        self._queue.put(None)
        while self.is_alive():
            self.join(0.2)  # without a limit, some systems cannot interrupt the wait
        if self.failure is not None:
            raise self.failure


def recorded_exchange(passed: PassedExchange) -> RecordedExchange:
    """Return a passed exchange as a recorded one, with decoded bodies."""
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
    """Return a body without its content encoding, or None and the reason why it cannot be validated."""
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
