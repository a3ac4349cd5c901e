"""The server of the Model Context Protocol, built on the official SDK, over standard input and output or HTTP.

If a client cancels a call, the server ends it.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any, BinaryIO, TypeVar
from weakref import WeakValueDictionary

import anyio
import anyio.to_thread
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server
from mcp.shared.exceptions import MCPError
from mcp_types import (
    INVALID_PARAMS,
    CallToolRequestParams,
    CallToolResult,
    InputRequiredResult,
    ListResourcesResult,
    ListToolsResult,
    PaginatedRequestParams,
    ReadResourceRequestParams,
    ReadResourceResult,
    Resource,
    TextResourceContents,
)
from mcp_types.version import MODERN_PROTOCOL_VERSIONS

from dynacli import __version__
from dynacli.environment import Environment
from dynacli.errors import DynacliError, InternalError
from dynacli.features.mcp.confirmation import Confirmation
from dynacli.features.mcp.tool_list import TOOL_NAMES, check_arguments, instructions
from dynacli.features.mcp.tools import Tools
from dynacli.http.exchange import EndableClients

if TYPE_CHECKING:
    from dynacli.features.mcp.http_place import HttpPlace

_AT_ONCE = 16
"""Calls of one client to one API that may run at the same time; further calls wait."""
_REPORTING_SECONDS = 5.0
"""Seconds between two reports to a client that a call goes on; without them, the client may give up."""

_T = TypeVar("_T")
Context = ServerRequestContext[Any, Any]
_LONGEST_LINE = 16 * 1024 * 1024
_MOST_WAITING = 64
_ENDING_SECONDS = 3


def protocol_server(tools: Tools) -> Server[Any]:
    """Return the server, which runs over any transport."""
    handlers = _Handlers(tools)
    served = tools.served
    return Server(
        "dynacli",
        version=__version__,
        instructions=instructions(
            served.names, is_writing=served.is_writing, is_typed=tools.operations is not None
        ),
        on_list_tools=handlers.list_tools,
        on_call_tool=handlers.call_tool,
        on_list_resources=handlers.list_resources,
        on_read_resource=handlers.read_resource,
    )


class _Progress:
    """The progress of a call, for the client that waits for it."""

    def __init__(self) -> None:
        self._since, self._message = time.monotonic(), "The server has not responded yet"
        self._changed = anyio.Event()
        self._loop = asyncio.get_running_loop()

    def announce(self, message: str) -> None:
        """Note the progress of the call; any thread may do so."""
        self._message = message
        with suppress(RuntimeError):  # the server has ended
            self._loop.call_soon_threadsafe(self._wake)

    def _wake(self) -> None:
        self._changed.set()

    async def report(self, context: Context) -> None:
        """Send the client each new message, and repeat the last one every few seconds."""
        while True:
            with anyio.move_on_after(_REPORTING_SECONDS):
                await self._changed.wait()
            self._changed = anyio.Event()
            seconds = round(time.monotonic() - self._since, 3)
            await context.session.report_progress(seconds, None, self._message)


class _Handlers:
    """The functions that handle the messages of clients."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools
        self._limiters: WeakValueDictionary[tuple[str, str | None], anyio.CapacityLimiter]
        self._limiters = WeakValueDictionary()

    def _threads(self, context: Context, api: str | None = None) -> anyio.CapacityLimiter:
        """Return the limiter of a client's threads for an API, so that a slow API delays no other client or API.

        Without it, all threads would share the limiter of anyio.

        Args:
            api: The API of a call; None for a list.
        """
        request = context.request  # None over standard input and output
        session = request.headers.get("mcp-session-id", "") if request is not None else ""
        limiter = self._limiters.get((session, api))
        if limiter is None:
            limiter = self._limiters[session, api] = anyio.CapacityLimiter(_AT_ONCE)
        return limiter

    async def _in_thread(self, context: Context, work: Callable[[], _T]) -> _T:
        """Run a function in a thread, and return its result; an error becomes an error of the protocol."""
        limiter = self._threads(context)
        try:
            return await anyio.to_thread.run_sync(work, abandon_on_cancel=True, limiter=limiter)
        except DynacliError as error:
            raise MCPError(INVALID_PARAMS, error.message, {"hint": error.hint}) from error

    async def list_tools(self, context: Context, params: PaginatedRequestParams | None) -> ListToolsResult:  # noqa: ARG002
        """Return the tools."""
        return ListToolsResult(tools=await self._in_thread(context, self._tools.tools))

    async def call_tool(
        self, context: Context, params: CallToolRequestParams
    ) -> CallToolResult | InputRequiredResult:
        """Use a tool, and report its progress to the client; if the client cancels, end the call."""
        arguments = params.arguments or {}
        tools = await self._in_thread(context, lambda: self._tools.tools(params.name))
        tool = next((tool for tool in tools if tool.name == params.name), None)
        if tool is None:
            raise MCPError(INVALID_PARAMS, f"There is no tool `{params.name[:60]}`")
        try:
            # A run validates the inputs of a workflow, and a call those of an operation.
            if tool.name in TOOL_NAMES:
                check_arguments(tool, arguments)
        except DynacliError as error:
            return self._tools.failed(error)
        clients, progress = EndableClients(), _Progress()
        confirmation = Confirmation(context, params, self._tools.served.masker)
        ask = confirmation.ask if confirmation.can_ask else None
        result: CallToolResult | None = None
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(progress.report, context)
            try:
                result = await anyio.to_thread.run_sync(
                    lambda: self._tools.use(
                        params.name, arguments, _session(context), clients, progress.announce, ask
                    ),
                    abandon_on_cancel=True,
                    limiter=self._threads(context, str(arguments.get("api", ""))),
                )
            finally:
                confirmation.end()
                clients.end()
            tasks.cancel_scope.cancel()
        return (
            confirmation.input_required()
            or result
            or self._tools.failed(InternalError("The tool gave no response"))
        )

    async def list_resources(
        self,
        context: Context,
        params: PaginatedRequestParams | None,  # noqa: ARG002
    ) -> ListResourcesResult:
        """Return a resource for each API."""
        found = await self._in_thread(context, self._tools.resources)
        return ListResourcesResult(
            resources=[
                Resource(
                    uri=uri,
                    name=name,
                    description=f"What `{name}` has, who is signed in, and where to begin",
                    mime_type="text/plain",
                )
                for uri, name in found.items()
            ]
        )

    async def read_resource(self, context: Context, params: ReadResourceRequestParams) -> ReadResourceResult:
        """Return the overview of an API."""
        text = await self._in_thread(context, lambda: self._tools.overview(params.uri))
        return ReadResourceResult(
            contents=[TextResourceContents(uri=params.uri, mime_type="text/plain", text=text)]
        )


def _session(context: Context) -> str | None:
    """Return the session of a client: empty over standard input and output, None for a client without one."""
    if context.request is None:
        return ""
    if context.protocol_version in MODERN_PROTOCOL_VERSIONS:
        return None  # the client can send any session id
    found: str | None = context.request.headers.get("mcp-session-id")
    return found


class _MessageLines:
    """The lines of a file, read in a thread that lets the process end at any time.

    A process waits for the threads of the SDK and of anyio, so Ctrl-C would have no effect before the next message
    (https://anyio.readthedocs.io/en/stable/threads.html#reacting-to-cancellation-in-worker-threads).

    Args:
        file: The file with the lines.
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
            except (OSError, ValueError):  # the client has closed the file
                line = None
            self._room.acquire()
            try:
                self._loop.call_soon_threadsafe(self._waiting.put_nowait, line)
            except RuntimeError:  # the loop has ended
                return

    def _line(self) -> str | None:
        """Return the next line; None at the end; for a line that is too long, a text that is not a message."""
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
    """Return standard input for the server alone; the rest of the process and its children then find it empty."""
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


def run_over_stdio(server: Server[Any], env: Environment) -> None:
    """Serve one client until it closes standard input.

    Standard output gets only the messages of the protocol; all other output goes to standard error.

    Raises:
        OSError: Standard output cannot be written.
    """
    _silence()

    async def run() -> None:
        stdin: Any = _MessageLines(_own_stdin(env))
        # Without a file, the SDK takes standard output for itself, so no other text gets between its messages.
        stdout = None if env.stdout is sys.stdout else anyio.wrap_file(env.stdout)
        async with stdio_server(stdin, stdout) as (incoming, outgoing):
            await server.run(incoming, outgoing, server.create_initialization_options())

    try:
        anyio.run(run)
    except BaseExceptionGroup as group:
        # If the client has left or the disk is full, the error of the operating system says enough.
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


def run_over_http(server: Server[Any], place: HttpPlace) -> None:
    """Serve clients over streamable HTTP until SIGINT or SIGTERM."""
    import uvicorn

    from dynacli.features.mcp.http_place import http_application

    _silence()
    config = uvicorn.Config(
        http_application(server, place),
        log_config=None,
        access_log=False,
        server_header=False,
        lifespan="on",
        timeout_graceful_shutdown=_ENDING_SECONDS,
    )
    uvicorn.Server(config).run(sockets=[place.socket])


def _silence() -> None:
    """Keep libraries from writing to standard error: the client gets the errors."""
    for name in ("mcp", "uvicorn", "uvicorn.error"):
        logger = logging.getLogger(name)
        logger.propagate = False
        logger.addHandler(logging.NullHandler())
