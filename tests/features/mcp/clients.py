"""A client of the protocol, the SDK's own, at the other end of `dynacli mcp`."""

import asyncio
import contextlib
import io
import os
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from typing import Any, TypeVar

import anyio
from mcp import Client
from mcp.server.stdio import stdio_server

from dynacli.__main__ import main
from dynacli.environment import Environment

HELLO = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-06-18",
        "capabilities": {},
        "clientInfo": {"name": "test", "version": "1"},
    },
}
T = TypeVar("T")


class Conversation:
    """What stands between a client and a server that runs in this process.

    Attributes:
        to_server: The server's standard input.
        from_server: The server's standard output.
        stderr: What the server wrote to standard error.
        exit_codes: Its exit code, when it has ended.
    """

    def __init__(self) -> None:
        reading, writing = os.pipe()
        self._stdin = io.TextIOWrapper(os.fdopen(reading, "rb"), encoding="utf-8")
        self.to_server = os.fdopen(writing, "w", encoding="utf-8")
        reading, writing = os.pipe()
        self._stdout = os.fdopen(writing, "w", encoding="utf-8")
        self.from_server = os.fdopen(reading, encoding="utf-8")
        self.stderr = io.StringIO()
        self.exit_codes: list[int] = []
        self._thread = threading.Thread(target=self._run, args=((),))

    def start(self, words: Sequence[str]) -> None:
        """Start the server."""
        self._thread = threading.Thread(target=self._run, args=(words,))
        self._thread.start()

    def _run(self, words: Sequence[str]) -> None:
        env = Environment(stdin=self._stdin, stdout=self._stdout, stderr=self.stderr)
        self.exit_codes.append(main(["mcp", *words], env))
        self._stdout.close()
        self._stdin.close()

    def end(self) -> None:
        """Close the server's standard input, and wait until it has ended."""
        with contextlib.suppress(BrokenPipeError):  # a server that has not begun is gone
            self.to_server.close()
        self._thread.join(30)
        self.from_server.close()
        assert not self._thread.is_alive()


@contextlib.contextmanager
def serving(*words: str) -> Iterator[Conversation]:
    """Run `dynacli mcp` in a thread until the end of the block."""
    conversation = Conversation()
    conversation.start(words)
    try:
        yield conversation
    finally:
        conversation.end()
        print(conversation.stderr.getvalue())  # noqa: T201  - pytest shows it where the test fails


@contextlib.asynccontextmanager
async def _transport(conversation: Conversation) -> AsyncIterator[Any]:
    # The SDK's server reads and writes lines as a client does, too.
    reading = anyio.wrap_file(conversation.from_server)
    async with stdio_server(reading, anyio.wrap_file(conversation.to_server)) as streams:
        yield streams
        conversation.to_server.close()  # which ends the server, and by that what waits for its next line


def converse(
    words: Sequence[str], act: Callable[[Client], Awaitable[T]], mode: str = "auto", **client_options: Any
) -> T:
    """Return what a function returns that is given a client of `dynacli mcp` with these words.

    Args:
        mode: `legacy` for the handshake of the protocol's versions before 2026-07-28.
        client_options: More arguments of the client.
    """

    async def run(conversation: Conversation) -> T:
        async with Client(_transport(conversation), mode=mode, **client_options) as client:
            return await act(client)

    with serving(*words) as conversation:
        result = asyncio.run(run(conversation))
    assert [0] == conversation.exit_codes, conversation.stderr.getvalue()
    return result
