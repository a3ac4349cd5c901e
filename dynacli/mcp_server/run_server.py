"""Running the server of the protocol: over standard input and output, or over HTTP on this machine."""

import logging
import sys
from typing import TYPE_CHECKING, Any

import anyio
from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server

from dynacli.environment import Environment
from dynacli.mcp_server.message_lines import MessageLines, own_stdin

if TYPE_CHECKING:
    from dynacli.mcp_server.http_place import HttpPlace

__all__ = ["run_over_http", "run_over_stdio"]

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
        stdin: Any = MessageLines(own_stdin(env))
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

    from dynacli.mcp_server.http_place import http_application

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
