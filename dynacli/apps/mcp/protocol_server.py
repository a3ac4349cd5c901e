"""The server of the protocol, by the official SDK: it answers each message, and ends the call that nobody waits for."""

import time
from collections.abc import Callable
from typing import Any, TypeVar

import anyio
import anyio.to_thread
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.shared.exceptions import MCPError
from mcp_types import (
    INVALID_PARAMS,
    CallToolRequestParams,
    CallToolResult,
    ListResourcesResult,
    ListToolsResult,
    PaginatedRequestParams,
    ReadResourceRequestParams,
    ReadResourceResult,
    Resource,
    TextResourceContents,
    Tool,
)

from dynacli import __version__
from dynacli.apps.mcp.tools import Tools, check_arguments, instructions, tool_list
from dynacli.errors import DynacliError, InternalError
from dynacli.http.exchange import EndableClients

__all__ = ["protocol_server"]

_AT_ONCE = 16
"""Calls that are under way at the same time; further ones wait."""
_TELLING_SECONDS = 5.0
"""How often a client is told that a call goes on, which keeps it from giving up."""

T = TypeVar("T")
Context = ServerRequestContext[Any, Any]


def protocol_server(tools: Tools) -> Server[Any]:
    """Return the server, which any transport can run."""
    handlers = _Handlers(tools)
    served = tools.served
    return Server(
        "dynacli",
        version=__version__,
        instructions=instructions(served.names, is_writing=served.is_writing),
        on_list_tools=handlers.list_tools,
        on_call_tool=handlers.call_tool,
        on_list_resources=handlers.list_resources,
        on_read_resource=handlers.read_resource,
    )


class _Progress:
    """How far a call is, for the client that waits for it."""

    def __init__(self) -> None:
        self._since, self._message = time.monotonic(), "The server has not answered yet"
        self._changed = anyio.Event()

    def tell(self, message: str) -> None:
        """Note how far it is, in the thread of the call."""
        self._message = message
        anyio.from_thread.run_sync(self._changed.set)

    async def report(self, context: Context) -> None:
        """Tell the client what is new, and now and then that there is nothing new; the seconds only grow."""
        while True:
            with anyio.move_on_after(_TELLING_SECONDS):
                await self._changed.wait()
            self._changed = anyio.Event()
            seconds = round(time.monotonic() - self._since, 3)
            await context.session.report_progress(seconds, None, self._message)


class _Handlers:
    """What is done about each kind of message."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools
        # One of their own: standard input is read by a thread, too, and a cancellation has to be read at any time.
        self._threads = anyio.CapacityLimiter(_AT_ONCE)

    async def _in_thread(self, work: Callable[[], T]) -> T:
        """Return what a function returns; its errors become those of the protocol."""
        try:
            return await anyio.to_thread.run_sync(work, abandon_on_cancel=True, limiter=self._threads)
        except DynacliError as error:
            raise MCPError(INVALID_PARAMS, error.message, {"hint": error.hint}) from error

    def _list(self) -> list[Tool]:
        served = self._tools.served
        return tool_list(served.names, served.callable_methods())

    async def list_tools(self, context: Context, params: PaginatedRequestParams | None) -> ListToolsResult:  # noqa: ARG002
        """Return the tools."""
        return ListToolsResult(tools=await self._in_thread(self._list))

    async def call_tool(self, context: Context, params: CallToolRequestParams) -> CallToolResult:
        """Use a tool, and let the client know how far it is; where the client cancels, the call ends."""
        arguments = params.arguments or {}
        names = await self._in_thread(lambda: self._tools.served.names)
        tool = next((each for each in tool_list(names, ()) if each.name == params.name), None)
        if tool is None:
            raise MCPError(INVALID_PARAMS, f"There is no tool `{params.name[:60]}`")
        try:
            check_arguments(tool, arguments)
        except DynacliError as error:
            return self._tools.failed(error)
        clients, progress = EndableClients(), _Progress()
        result: CallToolResult | None = None
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(progress.report, context)
            try:
                result = await anyio.to_thread.run_sync(
                    lambda: self._tools.use(params.name, arguments, clients, progress.tell),
                    abandon_on_cancel=True,
                    limiter=self._threads,
                )
            finally:
                clients.end()
            tasks.cancel_scope.cancel()
        return result or self._tools.failed(InternalError("The tool gave no answer"))

    async def list_resources(
        self,
        context: Context,  # noqa: ARG002
        params: PaginatedRequestParams | None,  # noqa: ARG002
    ) -> ListResourcesResult:
        """Return a resource for each API."""
        found = await self._in_thread(self._tools.resources)
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

    async def read_resource(self, context: Context, params: ReadResourceRequestParams) -> ReadResourceResult:  # noqa: ARG002
        """Return the landing page of an API."""
        text = await self._in_thread(lambda: self._tools.landing(params.uri))
        return ReadResourceResult(
            contents=[TextResourceContents(uri=params.uri, mime_type="text/plain", text=text)]
        )
