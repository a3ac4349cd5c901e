"""An exchange that passed through the proxy, with a copy of what it consisted of."""

import threading
import time

from dynacli.apps.proxy._messages import Headers, ResponseHead

__all__ = ["MOST_COPIED", "CopiedBody", "CopyBudget", "PassedExchange"]

MOST_COPIED = 8 * 1024 * 1024
"""The largest body in bytes that is copied, to be judged."""
_MOST_OF_ALL = 64 * 1024 * 1024
"""Bytes of the copies that there are at the same time."""


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


class CopiedBody:
    """The copy of a body that is passed on.

    Attributes:
        size: The bytes that have passed.
        loss: Why there is no copy; empty where there is one.
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
        if self.size > MOST_COPIED:
            self._lose(f"the body is larger than {MOST_COPIED // 1024 // 1024} MiB")
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
        status: That of the answer; 0 where none came from the upstream.
        is_complete: Whether the whole answer came.
        ended_by: Who ended it before the answer was complete, without the upstream's doing; empty for nobody.
        refusal: Why the proxy did not pass the request on; empty where it did.
        error: Why no answer came from the upstream.
        is_broken_off: Whether the upstream closed the connection before its answer was complete.
        seconds: From the head of the request to the end of the answer.
        skipped: Why it is not validated; empty where it is.

    Args:
        target: The path and the query that the client asked for.
        url: That of the upstream.
    """

    def __init__(self, method: str, target: str, url: str, headers: Headers, budget: CopyBudget) -> None:
        self.method, self.target, self.url, self.headers = method, target, url, headers
        self.started, self._start = time.time(), time.monotonic()
        self.body, self.answer_body = CopiedBody(budget), CopiedBody(budget)
        self.status, self.reason, self.http_version = 0, "", ""
        self.answer_headers: Headers = []
        self.is_complete = self.is_broken_off = False
        self.ended_by = self.refusal = self.error = self.skipped = ""
        self.seconds = 0.0

    def begin_answer(self, head: ResponseHead) -> None:
        """Note what the head of the answer says."""
        self.status, self.reason = head.status, head.reason.decode("latin-1")
        self.http_version, self.answer_headers = f"HTTP/{head.version.decode('ascii')}", head.headers

    def end(self) -> None:
        """Note that it is over."""
        self.seconds = time.monotonic() - self._start

    def release(self) -> None:
        """Forget the bodies."""
        self.body.release()
        self.answer_body.release()
