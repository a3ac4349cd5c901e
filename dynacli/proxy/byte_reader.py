"""The bytes that come over a connection, and the news that it has ended."""

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["BUFFER", "CHUNK", "ByteReader", "flush"]

BUFFER = 128 * 1024
"""Bytes that wait in one direction of a connection at most, before its sender has to wait."""
CHUNK = 64 * 1024
"""Bytes that are passed on at a time at most."""


class ByteReader(asyncio.StreamReader):
    """The bytes of a connection; those that came before it broke are read before the end is.

    asyncio's own class forgets them, and with them the answer of a server that refuses a request before all of it
    was sent.

    Attributes:
        on_end: Called when nothing more will come; None where nobody waits for that.
    """

    def __init__(self) -> None:
        super().__init__(limit=BUFFER // 2)  # asyncio lets twice as much wait
        self.on_end: Callable[[], None] | None = None

    def feed_eof(self) -> None:
        """Note the end of the connection."""
        super().feed_eof()
        if self.on_end is not None:
            self.on_end()

    def set_exception(self, exc: Exception) -> None:  # noqa: ARG002  - an end is an end
        """Note that the connection broke."""
        self.feed_eof()


async def flush(writer: asyncio.StreamWriter, seconds: float) -> None:
    """Wait until the peer has taken most of what was written.

    Raises:
        TimeoutError: It takes nothing for too long.
        OSError: The connection broke.
    """
    if writer.transport.get_write_buffer_size() <= CHUNK:
        return
    async with asyncio.timeout(seconds):
        await writer.drain()
