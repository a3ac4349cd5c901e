"""The messages of a client on standard input, a line each."""

import asyncio
import os
import threading
from collections.abc import AsyncIterator
from typing import BinaryIO

from dynacli.environment import Environment

__all__ = ["MessageLines", "own_stdin"]

_LONGEST_LINE = 16 * 1024 * 1024
_MOST_WAITING = 64


class MessageLines:
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


def own_stdin(env: Environment) -> BinaryIO:
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
