"""The proxy as a server: it takes connections until a signal comes."""

import asyncio
import socket
import sys
from collections.abc import Callable
from typing import Any

from dynacli.http.serving import handle_signals, kept_handlers
from dynacli.proxy.client_connection import ClientConnection
from dynacli.proxy.passing_exchange import Passage

__all__ = ["serve_proxy"]

_GRACE = 0.5
"""Seconds that exchanges under way are given at the end."""
_REPETITION = 0.1
"""Seconds in which a signal may come once more: programs that start others pass on what the terminal sent to both."""
_LOOKS = 50
"""How often it is looked in that time whether they are over."""
_SWITCH_SECONDS = 0.00002
"""How long another thread may keep the interpreter, which is let go at each call of the kernel.

Python has 5 ms. Beside a judge that does not wait, 50 requests at once took 45 ms each with 0.5 ms, and with this 25.
"""


def serve_proxy(
    passage: Passage, sock: socket.socket, on_ready: Callable[[Callable[[], None]], None]
) -> None:
    """Serve in the foreground until SIGINT or SIGTERM.

    Args:
        sock: It listens already, and is closed at the end.
        on_ready: Called once when connections are accepted, with a function that ends the serving from any thread.
    """
    interval = sys.getswitchinterval()
    # The thread that judges lets go of the interpreter as soon as something comes.
    sys.setswitchinterval(_SWITCH_SECONDS)
    try:
        with kept_handlers():
            asyncio.run(_serve(passage, sock, on_ready))
    finally:
        sys.setswitchinterval(interval)


async def _serve(
    passage: Passage, sock: socket.socket, on_ready: Callable[[Callable[[], None]], None]
) -> None:
    loop, ended = asyncio.get_running_loop(), asyncio.Event()
    connections: set[ClientConnection] = set()

    def note_defect(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        # asyncio closes the connection, if it belongs to one, and goes on.
        defect = context.get("exception")
        if defect is None:
            loop.default_exception_handler(context)
        elif not isinstance(defect, OSError):  # too many open files, or a broken connection
            passage.on_defect(defect)

    def stop() -> None:
        loop.call_soon_threadsafe(ended.set)

    loop.set_exception_handler(note_defect)
    server = await loop.create_server(lambda: ClientConnection(passage, connections), sock=sock)
    try:
        handle_signals(lambda _: ended.set())
        on_ready(stop)
        await ended.wait()
    finally:
        server.close()
        # While the loop runs, a signal that comes twice is taken as one.
        await asyncio.sleep(_REPETITION)
        for _ in range(_LOOKS):
            if not any(connection.exchange for connection in connections):
                break
            await asyncio.sleep(_GRACE / _LOOKS)
        for connection in tuple(connections):
            connection.end()
        passage.upstream.close()
        await asyncio.sleep(0)  # each connection that was ended is closed in the next turn
