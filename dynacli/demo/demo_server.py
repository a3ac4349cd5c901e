"""Serving the stand-in by uvicorn, in a thread or in the foreground."""

import asyncio
import logging
import signal
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from types import FrameType

import uvicorn

from dynacli.demo.application import application
from dynacli.demo.demo_document import served_document
from dynacli.demo.demo_facts import API_KEYS, BASE_PATH, DemoServer
from dynacli.demo.misbehaviour import check_misbehaviours
from dynacli.demo.operations.operation_table import operations
from dynacli.errors import UsageError

__all__ = ["background_server", "serve"]

_HOST = "127.0.0.1"

# Seconds for writing out open answers when the server stops.
_GRACE = 0.05


class _Server(uvicorn.Server):
    """A uvicorn server that reports when it is ready, and stops at once.

    uvicorn itself looks every 100 ms whether it should stop, waits for another 100 ms, and then without a limit for
    all answers. This class waits for an event, and does not wait for an answer that never comes.
    """

    def __init__(self, config: uvicorn.Config, on_ready: Callable[[Callable[[], None]], None]) -> None:
        super().__init__(config)
        self._on_ready = on_ready

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        # uvicorn's own version sends the signal again at the end; here the caller handles signals.
        yield

    async def main_loop(self) -> None:
        loop = asyncio.get_running_loop()
        ended = asyncio.Event()

        def stop() -> None:
            loop.call_soon_threadsafe(ended.set)

        try:
            self._on_ready(stop)
        except BaseException:
            # uvicorn shuts down in order only where this method returns.
            await self.shutdown()
            raise
        await ended.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for listener in self.servers:
            listener.close()
        for sock in sockets or ():
            sock.close()
        # Closing a transport writes out what it holds; a connection without an answer just ends.
        for connection in list(self.server_state.connections):
            connection.transport.close()
        deadline = asyncio.get_running_loop().time() + _GRACE
        while self.server_state.connections or self.server_state.tasks:
            if asyncio.get_running_loop().time() > deadline:
                for connection in list(self.server_state.connections):
                    connection.transport.abort()
                break
            await asyncio.sleep(0.001)


class _PreparedServer:
    """A bound socket and its application: everything that can fail before the server runs."""

    def __init__(self, *, port: int, with_next: bool, misbehave: Mapping[str, str]) -> None:
        offered = operations(with_next=with_next)
        check_misbehaviours(misbehave, {operation.id: operation for operation in offered})
        self._application = application(offered, served_document(with_next=with_next), misbehave)
        self._socket = _bound(port)
        origin = f"http://{_HOST}:{self._socket.getsockname()[1]}"
        self.description = DemoServer(origin, f"{origin}{BASE_PATH}/openapi", API_KEYS)

    def run(self, on_ready: Callable[[Callable[[], None]], None]) -> None:
        """Run the server until the function that is passed to `on_ready` is called, in any thread."""
        config = uvicorn.Config(
            self._application,
            loop="asyncio",
            # The same parser on every machine, whichever others are installed.
            http="h11",
            ws="none",
            lifespan="off",
            log_config=None,
            log_level=logging.CRITICAL + 1,
            access_log=False,
            date_header=False,
            server_header=False,
            proxy_headers=False,
        )
        asyncio.run(_Server(config, on_ready).serve(sockets=[self._socket]))


@contextmanager
def background_server(*, port: int, with_next: bool, misbehave: Mapping[str, str]) -> Iterator[DemoServer]:
    """Run the stand-in in a daemon thread for the duration of a block.

    Raises:
        UsageError: The port cannot be had, or `misbehave` names an unknown operation or kind.
        FileError: The shipped document cannot be read.
    """
    prepared = _PreparedServer(port=port, with_next=with_next, misbehave=misbehave)
    ready: Future[Callable[[], None]] = Future()

    def run() -> None:
        try:
            prepared.run(ready.set_result)
        except OSError as error:
            # The thread that waits for the result raises the error.
            if ready.done():
                raise
            ready.set_exception(error)

    thread = threading.Thread(target=run, name="dynacli-demo", daemon=True)
    thread.start()
    stop = ready.result()
    try:
        yield prepared.description
    finally:
        stop()
        thread.join()


def serve(
    *, port: int, with_next: bool, misbehave: Mapping[str, str], on_ready: Callable[[DemoServer], None]
) -> None:
    """Run the stand-in until SIGINT or SIGTERM.

    Raises:
        UsageError: The port cannot be had, or `misbehave` names an unknown operation or kind.
        FileError: The shipped document cannot be read.
    """
    prepared = _PreparedServer(port=port, with_next=with_next, misbehave=misbehave)
    stops: list[Callable[[], None]] = []
    is_over = threading.Event()

    def is_ready(stop: Callable[[], None]) -> None:
        stops.append(stop)
        if is_over.is_set():
            stop()
        on_ready(prepared.description)

    def end(_number: int, _frame: FrameType | None) -> None:
        is_over.set()
        for stop in stops:
            stop()

    with _handling_signals(end):
        prepared.run(is_ready)


@contextmanager
def _handling_signals(handle: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    """Handle SIGINT and SIGTERM for as long as the block lasts; does nothing outside the main thread."""
    # `asyncio.run` replaces Python's default handler by its own, but no other handler,
    # so these must be set before it starts and until it has ended.
    numbers = (signal.SIGINT, signal.SIGTERM)
    is_main = threading.current_thread() is threading.main_thread()
    before = {number: signal.signal(number, handle) for number in numbers} if is_main else {}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _bound(port: int) -> socket.socket:
    # asyncio turns Nagle's algorithm off only where the protocol is named; else every second answer waits for 40 ms.
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        # The port of a stand-in that has just ended can be used again.
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((_HOST, port))
        # Another process could bind the same address until this socket listens, and uvicorn listens much later.
        sock.listen()
    except (OSError, OverflowError) as error:
        sock.close()
        reason = getattr(error, "strerror", None)
        raise UsageError(
            f"Cannot listen on port {port} of {_HOST}",
            why=reason or "A port is a number from 0 to 65535",
            hint="Give another port, or 0 for a free one",
        ) from error
    return sock
