"""The proxy as a server: it takes connections until a signal comes."""

import asyncio
import socket
import sys
from collections.abc import Callable

from dynacli.proxy.byte_reader import ByteReader
from dynacli.proxy.client_connection import ClientConnection, Passage
from dynacli.serving.handled_signals import handle_signals, kept_handlers

__all__ = ["serve_proxy"]

_GRACE = 0.5
"""Seconds that exchanges under way are given at the end."""
_REPETITION = 0.1
"""Seconds in which a signal may come once more: programs that start others pass on what the terminal sent to both."""
_MOST_CONNECTIONS = 400
"""Clients at the same time; an exchange takes two descriptors, of which a process usually has 1,024."""
_SWITCH_SECONDS = 0.0005
"""How long another thread may keep the interpreter; Python's own value is ten times as long."""


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
    connections: set[asyncio.Task[None]] = set()
    defects: list[BaseException] = []

    def ended_connection(task: asyncio.Task[None]) -> None:
        connections.discard(task)
        defect = None if task.cancelled() else task.exception()
        if defect is not None:
            defects.append(defect)
            ended.set()

    def protocol() -> asyncio.StreamReaderProtocol:
        reader = ByteReader()

        def connected(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            connection = ClientConnection(passage, reader, writer)
            is_full = len(connections) >= _MOST_CONNECTIONS
            task = loop.create_task(connection.refuse() if is_full else connection.serve())
            connections.add(task)
            task.add_done_callback(ended_connection)

        return asyncio.StreamReaderProtocol(reader, connected, loop=loop)

    def stop() -> None:
        loop.call_soon_threadsafe(ended.set)

    server = await loop.create_server(protocol, sock=sock)
    try:
        handle_signals(lambda _: ended.set())
        on_ready(stop)
        await ended.wait()
    finally:
        server.close()
        # While the loop runs, a signal that comes twice is taken as one.
        await asyncio.sleep(_REPETITION)
        if connections:
            await asyncio.wait(connections, timeout=_GRACE)
        for task in connections:
            task.cancel()
        await asyncio.gather(*connections, return_exceptions=True)
        passage.upstream.close()
    if defects:
        raise defects[0]
