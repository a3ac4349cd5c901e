"""Running the server of the protocol: over standard input and output, or over HTTP on this machine."""

import asyncio
import logging
import os
import sys
import threading
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any, BinaryIO

import anyio
from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server

from dynacli.environment import Environment

if TYPE_CHECKING:
    from dynacli.apps.mcp.http_place import HttpPlace

__all__ = ["run_over_http", "run_over_stdio"]

_LONGEST_LINE = 16 * 1024 * 1024
_MOST_WAITING = 64


class _MessageLines:
    """Reads lines in a thread that does not keep the process from ending while nothing comes.

    The SDK and anyio read in threads that are waited for, so that Ctrl-C would have no effect before the next message
    (https://anyio.readthedocs.io/en/stable/threads.html#reacting-to-cancellation-in-worker-threads).

    Args:
        file: Where they come from.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._waiting: asyncio.Queue[str | None] = asyncio.Queue()
        self._room = threading.Semaphore(_MOST_WAITING)
        self._loop = asyncio.get_running_loop()
        threading.Thread(target=self._read, name="dynacli-stdin", daemon=True).start()

    def _read(self) -> None:
        line: str | None = ""
        while line is not None:
            try:
                line = self._line()
            except (OSError, ValueError):  # it is closed: the client is gone
                line = None
            self._room.acquire()
            try:
                self._loop.call_soon_threadsafe(self._waiting.put_nowait, line)
            except RuntimeError:  # the loop has ended
                return

    def _line(self) -> str | None:
        """Return the next line; None at the end. One that is too long is cut, and so is no message."""
        line = self._file.readline(_LONGEST_LINE)
        if not line:
            return None
        rest = line
        while len(rest) == _LONGEST_LINE and not rest.endswith(b"\n"):
            rest = self._file.readline(_LONGEST_LINE)
            line = b"{"
        return line.decode("utf-8", "replace")

    def __aiter__(self) -> AsyncIterator[str]:
        """Return the lines."""
        return self

    async def __anext__(self) -> str:
        """Return the next line."""
        line = await self._waiting.get()
        self._room.release()
        if line is None:
            raise StopAsyncIteration
        return line


def _own_stdin(env: Environment) -> BinaryIO:
    """Return the bytes of standard input; from then on the process and its children find it empty."""
    file: BinaryIO = env.stdin.buffer
    try:
        descriptor = file.fileno()
    except (OSError, ValueError):
        return file
    if descriptor != 0:
        return file
    own = os.fdopen(os.dup(0), "rb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    return own


_MOST_SESSIONS = 100
_IDLE_SECONDS = 30 * 60.0
_ENDING_SECONDS = 3


def run_over_stdio(server: Server[Any], env: Environment) -> None:
    """Serve one client until it closes standard input.

    Standard output has the messages of the protocol alone: whatever else would be written there goes to standard error.

    Raises:
        OSError: Standard output cannot be written.
    """
    _silence()

    async def run() -> None:
        stdin: Any = _MessageLines(_own_stdin(env))
        # The SDK takes that of the process itself, so that nobody else can write between its messages.
        stdout = None if env.stdout is sys.stdout else anyio.wrap_file(env.stdout)
        async with stdio_server(stdin, stdout) as (incoming, outgoing):
            await server.run(incoming, outgoing, server.create_initialization_options())

    try:
        anyio.run(run)
    except BaseExceptionGroup as group:
        # A client that is gone, or a full disk, is no defect: that error alone says how the run ends.
        failure = _output_failure(group)
        if failure is None:
            raise
        raise failure from None


def _output_failure(group: BaseExceptionGroup) -> OSError | None:
    for error in group.exceptions:
        found = _output_failure(error) if isinstance(error, BaseExceptionGroup) else error
        if isinstance(found, OSError):
            return found
    return None


def run_over_http(server: Server[Any], place: "HttpPlace") -> None:
    """Serve clients over streamable HTTP until SIGINT or SIGTERM."""
    import uvicorn

    from dynacli.apps.mcp.http_place import http_application

    _silence()
    application = http_application(
        server, place, max_sessions=_MOST_SESSIONS, session_idle_timeout=_IDLE_SECONDS
    )
    config = uvicorn.Config(
        application,
        log_config=None,
        access_log=False,
        server_header=False,
        lifespan="on",
        timeout_graceful_shutdown=_ENDING_SECONDS,
    )
    uvicorn.Server(config).run(sockets=[place.socket])


def _silence() -> None:
    """Let no library write to standard error: what goes wrong is told to the client."""
    for name in ("mcp", "uvicorn", "uvicorn.error"):
        logger = logging.getLogger(name)
        logger.propagate = False
        logger.addHandler(logging.NullHandler())
