"""A time limit for a whole HTTP exchange.

httpx limits each read, not their sum, and nothing limits the look-up of a host name.
So the exchange runs in a thread of its own, and the thread that waits for it can give up:
it cuts the connections, which ends the exchange's thread too.
"""

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Generic, TypeVar

from dynacli.errors import InternalError
from dynacli.wire.failures import timed_out

__all__ = ["Connections", "run_within"]

T = TypeVar("T")
_GRACE_SECONDS = 0.5
"""How long to wait for a thread whose connections were cut; only the look-up of a host name takes longer."""


class Connections:
    """The connections of an exchange: they are cut when the exchange takes too long."""

    def __init__(self) -> None:
        self.is_cut = False
        self.check: Callable[[socket.socket], None] | None = None
        """Called with each new connection before anything is sent over it; raises where it may not be used."""
        self._sockets: list[socket.socket] = []
        self._paused = 0.0
        self._paused_since: float | None = None

    @property
    def paused(self) -> float:
        """The seconds in which the exchange waited for this program and not for the server."""
        since = self._paused_since
        return self._paused + (0 if since is None else time.monotonic() - since)

    @contextlib.contextmanager
    def pause(self) -> Iterator[None]:
        """Do not count the time that a block takes towards the time limit."""
        self._paused_since = time.monotonic()
        try:
            yield
        finally:
            self._paused, self._paused_since = self.paused, None

    def trace(self, event: str, info: dict[str, Any]) -> None:
        """Add the connection of an event; made for httpcore's extension `trace`.

        See https://www.encode.io/httpcore/extensions/#trace
        """
        if event == "connection.connect_tcp.complete":
            connection = info["return_value"].get_extra_info("socket")
            if isinstance(connection, socket.socket):
                if self.check is not None:
                    self.check(connection)
                self.take(connection)

    def take(self, connection: socket.socket) -> None:
        """Add a connection, for instance one that is still open from an earlier exchange."""
        self._sockets.append(connection)
        if self.is_cut:
            self.cut()

    def take_from(self, extensions: Mapping[str, Any]) -> None:
        """Add the connection of an answer, given the extensions of its httpx response.

        See https://www.encode.io/httpcore/extensions/#network_stream
        """
        stream = extensions.get("network_stream")
        connection = None if stream is None else stream.get_extra_info("socket")
        if isinstance(connection, socket.socket):
            self.take(connection)

    @property
    def sockets(self) -> tuple[socket.socket, ...]:
        """All connections that were added."""
        return tuple(self._sockets)

    def cut(self) -> None:
        """End every wait for the server, also on connections that are added later."""
        self.is_cut = True
        for connection in self._sockets:
            # Closing would not wake a thread that reads; it may also be closed already.
            with contextlib.suppress(OSError):
                socket.socket.shutdown(connection, socket.SHUT_RDWR)


class _Exchange(threading.Thread, Generic[T]):
    """The thread that an exchange runs in."""

    def __init__(self, work: Callable[[Connections], T], connections: Connections) -> None:
        super().__init__(name="dynacli-exchange", daemon=True)
        self._work, self._connections = work, connections
        self._results: list[T] = []
        self._error: BaseException | None = None
        # Not `join` and `is_alive`: up to Python 3.12 a thread whose `join` is interrupted counts as ended,
        # although it goes on (https://github.com/python/cpython/issues/90882).
        self.end = threading.Event()

    def run(self) -> None:
        try:
            self._results.append(self._work(self._connections))
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


def run_within(seconds: float | None, url: str, work: Callable[[Connections], T]) -> T:
    """Run an exchange under a time limit: return what `work` returns, or raise what it raises.

    Ctrl-C ends the wait at once, too.

    Args:
        seconds: The time limit of the whole exchange; None for none.
        url: The URL that messages name; shown without its query.
        work: Makes the exchange, and adds each connection that it uses to the object that it is called with.

    Raises:
        TimedOutError: The time was used up.
    """
    connections = Connections()
    exchange = _Exchange(work, connections)
    exchange.start()
    try:
        start, left = time.monotonic(), seconds
        while not exchange.end.is_set() and (left is None or left > 0):
            exchange.end.wait(left)
            left = seconds and start + seconds + connections.paused - time.monotonic()
        is_late = not exchange.end.is_set()
    finally:
        if not exchange.end.is_set():
            connections.cut()
            exchange.end.wait(_GRACE_SECONDS)
    if is_late:
        raise timed_out(url, seconds or 0)
    return exchange.result()
