"""The server behind the proxy, and the connections with it, which serve one exchange after the other."""

import asyncio
import socket
import ssl
import time
from urllib.parse import urlsplit

import h11

from dynacli.errors import DynacliError, TimedOutError, UsageError
from dynacli.proxy.byte_reader import ByteReader
from dynacli.serving.listening_socket import ANYWHERE
from dynacli.urls import DEFAULT_PORTS, authority
from dynacli.wire.failures import from_connecting

__all__ = ["MAX_HEAD", "UpstreamConnection", "UpstreamServer"]

MAX_HEAD = 64 * 1024
"""The largest head of a message in bytes."""
_CONNECT_SECONDS = 10.0
# Many servers close a connection that is idle for five seconds; a request that is sent in that moment is lost.
_IDLE_SECONDS = 2.0
_MOST_IDLE = 64


class UpstreamConnection:
    """A connection with the upstream.

    Attributes:
        http: Its state.
        is_reused: Whether it has served an exchange before.

    Args:
        reader: What comes from the upstream.
        writer: What goes to it.
    """

    def __init__(self, reader: ByteReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer
        self.http = h11.Connection(h11.CLIENT, max_incomplete_event_size=MAX_HEAD)
        self.is_reused = False
        self.idle_since = 0.0

    @property
    def is_open(self) -> bool:
        """Whether both sides can still send."""
        return not (self.reader.at_eof() or self.writer.is_closing())

    def abort(self) -> None:
        """End the connection at once."""
        self.writer.transport.abort()


class UpstreamServer:
    """The server that requests are passed on to.

    Attributes:
        base: Its base URL, without a slash at its end.
        authority: The value of `Host` in requests to it.

    Args:
        base: As `choose_server` returns it.
        context: The certificates of the connections; None for plain HTTP.
    """

    def __init__(self, base: str, context: ssl.SSLContext | None) -> None:
        parts = urlsplit(base)
        self.base, self._context = base, context
        self.host = parts.hostname or ""
        self.port = parts.port or DEFAULT_PORTS[parts.scheme]
        self.authority = authority(parts.scheme, self.host, parts.port)
        self._path = parts.path.encode()
        self._origin = f"{parts.scheme}://{self.authority}"
        self._idle: list[UpstreamConnection] = []
        self._own_addresses: set[object] = set()

    def target(self, path: bytes) -> bytes:
        """Return the target of a request below the base URL.

        Args:
            path: The path and the query that the client asked for, or `*`.
        """
        return path if path == b"*" else self._path + path

    def url(self, path: bytes) -> str:
        """Return the URL of a request below the base URL."""
        return self._origin + self.target(path).decode("latin-1")

    def is_own(self, address: object) -> bool:
        """Return whether one of these connections comes from an address, so that they lead back to the proxy."""
        return address in self._own_addresses

    def check_that_it_is_not(self, sock: socket.socket) -> None:
        """Check that the upstream is not what listens at a socket.

        Raises:
            UsageError: It is, so that each request would come back for ever.
        """
        address, port = sock.getsockname()[:2]
        if port != self.port:
            return
        try:
            found = socket.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            return  # each request is told that there is no such host
        hosts = {str(each[4][0]) for each in found}
        is_anywhere = address in ANYWHERE and not hosts.isdisjoint({"127.0.0.1", "::1", *ANYWHERE})
        if address in hosts or is_anywhere:
            raise UsageError(
                f"The upstream `{self._origin}` is this proxy itself",
                why="It would pass each request on to itself, for ever",
                hint="Name the server with `--upstream URL`, or give another `--port`",
            )

    async def connect(self, *, is_new: bool = False) -> UpstreamConnection:
        """Return a connection for one exchange.

        Args:
            is_new: Whether it must not have served another.

        Raises:
            NetworkError: No connection comes about.
            TimedOutError: None does in time.
        """
        while self._idle and not is_new:
            connection = self._idle.pop()
            if connection.is_open and time.monotonic() - connection.idle_since < _IDLE_SECONDS:
                connection.is_reused = True
                return connection
            self.end(connection)
        try:
            async with asyncio.timeout(_CONNECT_SECONDS):
                return await self._opened()
        except TimeoutError:
            raise TimedOutError(
                f"`{self.authority}` did not accept the connection in time",
                why="It is down, overloaded, or something on the way drops what is sent",
                hint="Check the address and the network, or try again later",
            ) from None
        except OSError as error:
            raise self._failure(error) from error

    def _failure(self, error: OSError) -> DynacliError:
        return from_connecting(error, self.authority, "")

    async def _opened(self) -> UpstreamConnection:
        reader, loop = ByteReader(), asyncio.get_running_loop()
        transport, protocol = await loop.create_connection(
            lambda: asyncio.StreamReaderProtocol(reader, loop=loop),
            self.host,
            self.port,
            ssl=self._context,
            happy_eyeballs_delay=0.25,
        )
        connection = UpstreamConnection(reader, asyncio.StreamWriter(transport, protocol, reader, loop))
        self._own_addresses.add(transport.get_extra_info("sockname"))
        return connection

    def keep(self, connection: UpstreamConnection) -> None:
        """Keep a connection for another exchange if it can serve one."""
        http = connection.http
        is_done = http.our_state is h11.DONE and http.their_state is h11.DONE
        if not is_done or http.trailing_data[0] or not connection.is_open or len(self._idle) >= _MOST_IDLE:
            self.end(connection)
            return
        http.start_next_cycle()
        connection.idle_since = time.monotonic()
        self._idle.append(connection)

    def end(self, connection: UpstreamConnection) -> None:
        """End a connection."""
        self._own_addresses.discard(connection.writer.get_extra_info("sockname"))
        connection.abort()

    def close(self) -> None:
        """End the connections that are kept."""
        while self._idle:
            self.end(self._idle.pop())
