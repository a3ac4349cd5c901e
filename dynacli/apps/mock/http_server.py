"""An application served by uvicorn until a signal, or until it is stopped."""

import asyncio
import logging
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import uvicorn

from dynacli.http.serving import handle_signals, kept_handlers

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

__all__ = ["serve_until_signal"]

# Seconds for writing out open answers when the server stops.
_GRACE = 0.05

# asyncio makes a task for what it accepts, the task makes the transport, and that tells the protocol: a turn of the
# loop each. A connection that is still on this way when its listener closes is left open, and nobody closes it:
# `Server._attach` asserts that the listener is open, in the middle of making the transport.
_TURNS_OF_AN_ACCEPTED_CONNECTION = 3


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
        with suppress(NotImplementedError):  # on Windows nothing of this is needed: it has no readers
            for sock in sockets or ():
                asyncio.get_running_loop().remove_reader(sock)
        for _ in range(_TURNS_OF_AN_ACCEPTED_CONNECTION):
            await asyncio.sleep(0)
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


class _TellingApplication:
    """An application whose exceptions are told; uvicorn answers with 500 and serves the other clients."""

    def __init__(self, application: "ASGIApp", tell: Callable[[Exception], None]) -> None:
        self._application, self._tell = application, tell

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        """Answer a request."""
        try:
            await self._application(scope, receive, send)
        except Exception as error:
            self._tell(error)
            raise


def _run(application: "ASGIApp", sock: socket.socket, on_ready: Callable[[Callable[[], None]], None]) -> None:
    """Run the server until the function that is passed to `on_ready` is called, in any thread."""
    config = uvicorn.Config(
        application,
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
    asyncio.run(_Server(config, on_ready).serve(sockets=[sock]))


def serve_until_signal(
    application: "ASGIApp",
    sock: socket.socket,
    on_ready: Callable[[Callable[[], None]], None],
    tell: Callable[[Exception], None],
) -> int | None:
    """Serve in the foreground until SIGINT or SIGTERM, or until it is stopped.

    Outside of the main thread signals cannot be handled, so only the end of the process stops the server there.

    Args:
        sock: It listens already, and is closed at the end.
        on_ready: Called once when connections are accepted, with a function that stops the server.
        tell: Called with an exception of an exchange, which is answered with 500.

    Returns:
        The number of the signal, which has only ended the server so far; None where it was stopped.
    """
    signals: list[int] = []

    def is_ready(stop: Callable[[], None]) -> None:
        def end(number: int) -> None:
            signals.append(number)
            stop()

        handle_signals(end)
        on_ready(stop)

    with kept_handlers():
        _run(_TellingApplication(application, tell), sock, is_ready)
    return signals[0] if signals else None
