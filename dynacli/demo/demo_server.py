"""The stand-in on a socket: uvicorn, in a thread or in the foreground."""

import asyncio
import logging
import signal
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from types import FrameType, TracebackType

import uvicorn

from dynacli.demo.application import application
from dynacli.demo.demo_document import served_document
from dynacli.demo.demo_facts import API_KEYS, BASE_PATH, DemoServer
from dynacli.demo.misbehaviour import check_misbehaviours
from dynacli.demo.operations.operation_table import operations
from dynacli.errors import UsageError

__all__ = ["BackgroundServer", "serve"]

_HOST = "127.0.0.1"

# How long open answers may take to be written out at the end, in seconds.
_GRACE = 0.05


class _Server(uvicorn.Server):
    """A uvicorn server that says when it is ready, and stops at once when it is told to.

    uvicorn looks every 100 ms whether it should stop, then waits another 100 ms, then waits for all answers
    without a limit; here the end is an event, and an answer that never comes does not hold it up.
    """

    def __init__(self, config: uvicorn.Config, on_ready: Callable[[Callable[[], None]], None]) -> None:
        super().__init__(config)
        self._on_ready = on_ready

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        # uvicorn sends itself the signal again at the end; here the caller decides about signals.
        yield

    async def main_loop(self) -> None:
        loop = asyncio.get_running_loop()
        ended = asyncio.Event()

        def stop() -> None:
            loop.call_soon_threadsafe(ended.set)

        try:
            self._on_ready(stop)
        except BaseException:
            # uvicorn ends in good order only when this method returns.
            await self.shutdown()
            raise
        await ended.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for listener in self.servers:
            listener.close()
        for sock in sockets or ():
            sock.close()
        # Closing a transport writes out what it holds; where no answer came, it just ends.
        for connection in list(self.server_state.connections):
            connection.transport.close()
        deadline = asyncio.get_running_loop().time() + _GRACE
        while self.server_state.connections or self.server_state.tasks:
            if asyncio.get_running_loop().time() > deadline:
                for connection in list(self.server_state.connections):
                    connection.transport.abort()
                break
            await asyncio.sleep(0.001)


class _Prepared:
    """A bound socket and the application for it: everything that can fail, before anything runs."""

    def __init__(self, *, port: int, with_next: bool, misbehave: Mapping[str, str]) -> None:
        offered = operations(with_next=with_next)
        check_misbehaviours(misbehave, {operation.id: operation for operation in offered})
        self._application = application(offered, served_document(with_next=with_next), misbehave)
        self._socket = _bound(port)
        origin = f"http://{_HOST}:{self._socket.getsockname()[1]}"
        self.description = DemoServer(origin, f"{origin}{BASE_PATH}/openapi", API_KEYS)

    def run(self, on_ready: Callable[[Callable[[], None]], None]) -> None:
        """Runs the server until the function that `on_ready` was given is called, from whichever thread."""
        config = uvicorn.Config(
            self._application,
            loop="asyncio",
            # The same parser on every machine, whatever else is installed.
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


class BackgroundServer:
    """A context manager that runs the stand-in in a daemon thread; entering gives the `DemoServer`.

    Raises:
        UsageError: The port cannot be had, or `misbehave` names an unknown operation or kind.
        FileError: The shipped document cannot be read.
    """

    def __init__(self, *, port: int, with_next: bool, misbehave: Mapping[str, str]) -> None:
        self._prepared = _Prepared(port=port, with_next=with_next, misbehave=misbehave)
        self._ready: Future[Callable[[], None]] = Future()
        self._thread = threading.Thread(target=self._run, name="dynacli-demo", daemon=True)

    def __enter__(self) -> DemoServer:
        self._thread.start()
        self._stop = self._ready.result()
        return self._prepared.description

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()
        self._thread.join()

    def _run(self) -> None:
        try:
            self._prepared.run(self._ready.set_result)
        except OSError as error:
            # The one that waits in `__enter__` has to hear of it.
            if self._ready.done():
                raise
            self._ready.set_exception(error)


def serve(
    *, port: int, with_next: bool, misbehave: Mapping[str, str], on_ready: Callable[[DemoServer], None]
) -> None:
    """Runs the stand-in until SIGINT or SIGTERM.

    Raises:
        UsageError: The port cannot be had, or `misbehave` names an unknown operation or kind.
        FileError: The shipped document cannot be read.
    """
    prepared = _Prepared(port=port, with_next=with_next, misbehave=misbehave)
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
    """Handles SIGINT and SIGTERM for as long as the block lasts; does nothing outside the main thread."""
    # `asyncio.run` puts a handler of its own in the place of Python's default one, but of no other;
    # so these have to be there before it starts and stay until it has ended.
    numbers = (signal.SIGINT, signal.SIGTERM)
    is_main = threading.current_thread() is threading.main_thread()
    before = {number: signal.signal(number, handle) for number in numbers} if is_main else {}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _bound(port: int) -> socket.socket:
    # With the protocol named, asyncio turns Nagle's algorithm off; else every second answer waits 40 ms.
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        # So that the port of a stand-in that has just ended can be had again.
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((_HOST, port))
        # Two sockets may share an address until one of them listens; uvicorn listens much later.
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
