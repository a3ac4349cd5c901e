"""Keeps the whole time of an exchange, whatever it waits for.

httpx limits each read, not their sum, and nothing limits the look-up of a name.
So the exchange runs in a thread of its own, and the one who waits for it can leave:
the connection is cut, which ends the thread too.
"""

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Generic, TypeVar

from dynacli.errors import InternalError
from dynacli.wire.failures import timed_out

__all__ = ["Line", "within"]

T = TypeVar("T")
_GRACE_SECONDS = 0.5
"""How long a thread whose connection was cut is waited for; only a name's look-up outlasts it."""


class Line:
    """The connections of an exchange, to be cut when nobody waits for it any more."""

    def __init__(self) -> None:
        self.is_cut = False
        self.check: Callable[[socket.socket], None] | None = None
        """Is shown a new connection before anything is sent over it, and raises where it may not be used."""
        self._sockets: list[socket.socket] = []
        self._paused = 0.0
        self._paused_since: float | None = None

    @property
    def paused(self) -> float:
        """The seconds in which the exchange waited for us and not for the other side."""
        since = self._paused_since
        return self._paused + (0 if since is None else time.monotonic() - since)

    @contextlib.contextmanager
    def pause(self) -> Iterator[None]:
        """Stop the clock for a block."""
        self._paused_since = time.monotonic()
        try:
            yield
        finally:
            self._paused, self._paused_since = self.paused, None

    def trace(self, event: str, info: dict[str, Any]) -> None:
        """Take note of a connection; for httpcore's `trace` extension.

        See https://www.encode.io/httpcore/extensions/#trace
        """
        if event == "connection.connect_tcp.complete":
            found = info["return_value"].get_extra_info("socket")
            if isinstance(found, socket.socket):
                if self.check is not None:
                    self.check(found)
                self.take(found)

    def take(self, connection: socket.socket) -> None:
        """Take note of a connection, for instance one that is open since the exchange before."""
        self._sockets.append(connection)
        if self.is_cut:
            self.cut()

    def take_from(self, extensions: Mapping[str, Any]) -> None:
        """Take note of the connection that an answer comes from; for those of httpx.

        See https://www.encode.io/httpcore/extensions/#network_stream
        """
        stream = extensions.get("network_stream")
        found = None if stream is None else stream.get_extra_info("socket")
        if isinstance(found, socket.socket):
            self.take(found)

    @property
    def connections(self) -> tuple[socket.socket, ...]:
        """All that it took note of."""
        return tuple(self._sockets)

    def cut(self) -> None:
        """End every wait for the other side."""
        self.is_cut = True
        for one in self._sockets:
            # Closing would not wake a thread that reads; it may also be closed already.
            with contextlib.suppress(OSError):
                socket.socket.shutdown(one, socket.SHUT_RDWR)


class _Job(threading.Thread, Generic[T]):
    def __init__(self, work: Callable[[Line], T], line: Line) -> None:
        super().__init__(name="dynacli-exchange", daemon=True)
        self._work, self._line = work, line
        self._results: list[T] = []
        self._error: BaseException | None = None
        # Not `join` and `is_alive`: up to Python 3.12 a thread whose `join` is interrupted counts as ended,
        # although it goes on (https://github.com/python/cpython/issues/90882).
        self.end = threading.Event()

    def run(self) -> None:
        try:
            self._results.append(self._work(self._line))
        except BaseException as error:  # noqa: BLE001  - raised again in the thread that waits
            self._error = error
        finally:
            self.end.set()

    def result(self) -> T:
        if self._error is not None:
            raise self._error
        if not self._results:
            raise InternalError("An exchange ended without a result")
        return self._results[0]


def within(seconds: float | None, url: str, work: Callable[[Line], T]) -> T:
    """Return what `work` returns, or raise what it raises, if it takes no longer than it may.

    An interruption (Ctrl-C) is felt at once, too.

    Args:
        seconds: For all of it; None for no limit.
        url: What messages name; shown without its query.
        work: Gets the line that it has to report its connections to.

    Raises:
        TimedOutError: The time was used up.
    """
    line = Line()
    job = _Job(work, line)
    job.start()
    try:
        start, left = time.monotonic(), seconds
        while not job.end.is_set() and (left is None or left > 0):
            job.end.wait(left)
            left = seconds and start + seconds + line.paused - time.monotonic()
        is_late = not job.end.is_set()
    finally:
        if not job.end.is_set():
            line.cut()
            job.end.wait(_GRACE_SECONDS)
    if is_late:
        raise timed_out(url, seconds or 0)
    return job.result()
