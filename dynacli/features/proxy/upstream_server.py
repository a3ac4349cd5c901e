"""The upstream server of the proxy, and the connections with it, which serve one exchange at a time."""

from __future__ import annotations

import asyncio
import socket
import ssl
from typing import Protocol, cast
from urllib.parse import urlsplit

from dynacli.errors import NetworkError, TimedOutError, UsageError
from dynacli.features.proxy._messages import BadMessageError, ResponseMessageHead
from dynacli.http.connections import EnvironmentProxy
from dynacli.http.failures import from_connecting
from dynacli.http.serving import ANYWHERE
from dynacli.urls import DEFAULT_PORTS, authority, bracketed

MOST_WAITING = 64 * 1024
"""Maximum bytes that wait in one direction of a connection; then the sender must wait."""
_CONNECT_SECONDS = 10.0
# Many servers close a connection after five idle seconds, and lose a request that arrives at this moment.
_IDLE_SECONDS = 2.0
_MOST_IDLE = 64


class ServedExchange(Protocol):
    """An exchange as its connection with the upstream uses it."""

    def response_came(self, received: bytearray) -> None:
        """Pass on the received part of the response, and remove it from the received bytes."""

    def upstream_ended(self, *, is_broken: bool) -> None:
        """Note that the upstream sends nothing more."""

    def upstream_is_full(self, *, is_full: bool) -> None:
        """Read the request only as fast as the upstream takes it."""


class UpstreamConnection(asyncio.Protocol):
    """A connection with the upstream.

    Attributes:
        transport: The transport of the connection.
        exchange: The exchange in progress; None while the connection is idle.
        is_open: Whether both sides can still send.
        is_reused: Whether it has served an exchange before.
        idle_since: The time when it became idle, by the clock of the event loop.

    Args:
        addresses: Both addresses of each open connection. This connection adds its own while it is open.
    """

    transport: asyncio.Transport

    def __init__(self, addresses: set[object]) -> None:
        self._addresses = addresses
        self._ends: object = None
        self.exchange: ServedExchange | None = None
        self._received = bytearray()
        self._tunnel: asyncio.Future[None] | None = None
        self.is_open, self.is_reused, self.idle_since = True, False, 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Store the transport and its addresses."""
        self.transport = cast("asyncio.Transport", transport)
        self._ends = transport.get_extra_info("sockname"), transport.get_extra_info("peername")
        self._addresses.add(self._ends)
        self.transport.set_write_buffer_limits(high=MOST_WAITING)

    def data_received(self, data: bytes) -> None:
        """Hand received bytes to the exchange, or to the tunnel."""
        self._received += data
        if self._tunnel is not None:
            self._look_for_tunnel(self._tunnel)
        elif self.exchange is not None:
            self.exchange.response_came(self._received)
        else:
            # Some servers send a response before any request, to say that they are too busy.
            self.transport.pause_reading()

    def eof_received(self) -> None:
        """Note that the upstream sends nothing more. The connection is closed then."""
        self._end(is_broken=False)

    def connection_lost(self, exc: Exception | None) -> None:
        """Note that the connection has ended."""
        self._addresses.discard(self._ends)
        self._end(is_broken=exc is not None)

    def _end(self, *, is_broken: bool) -> None:
        was_open, self.is_open = self.is_open, False
        if self._tunnel is not None and not self._tunnel.done():
            self._tunnel.set_exception(BadMessageError("the proxy has closed the connection"))
        if was_open and self.exchange is not None:
            self.exchange.upstream_ended(is_broken=is_broken)

    def pause_writing(self) -> None:
        """Pause sending, because the upstream reads too slowly."""
        if self.exchange is not None:
            self.exchange.upstream_is_full(is_full=True)

    def resume_writing(self) -> None:
        """Resume sending."""
        if self.exchange is not None:
            self.exchange.upstream_is_full(is_full=False)

    def serve(self, exchange: ServedExchange, request: bytes) -> None:
        """Serve an exchange.

        Args:
            request: The bytes of the request that have arrived.
        """
        self.exchange = exchange
        self.transport.write(request)
        if self._received:
            self.transport.resume_reading()
            exchange.response_came(self._received)
        if not self.is_open and self.exchange is exchange:
            exchange.upstream_ended(is_broken=True)

    @property
    def is_reusable(self) -> bool:
        """Whether another exchange can follow. After surplus bytes, it could get the response to this one."""
        return self.is_open and not self.transport.is_closing() and not self._received

    async def tunnel(self, request: bytes) -> None:
        """Ask a proxy for a tunnel to the server.

        Args:
            request: The CONNECT request.

        Raises:
            BadMessageError: The proxy refuses, or its response is invalid.
        """
        self._tunnel = asyncio.get_running_loop().create_future()
        self.transport.write(request)
        try:
            await self._tunnel
        finally:
            self._tunnel = None
        if self._received:
            # These bytes would be taken for a response of the server, which is not authenticated yet.
            raise BadMessageError("it sends more than it was asked for")

    def _look_for_tunnel(self, tunnel: asyncio.Future[None]) -> None:
        if tunnel.done():
            return
        try:
            head = ResponseMessageHead.taken(self._received)
        except BadMessageError as error:
            tunnel.set_exception(error)
            return
        if head is not None:
            is_through = head.status // 100 == 2
            tunnel.set_result(None) if is_through else tunnel.set_exception(BadMessageError("it refuses"))

    def abort(self) -> None:
        """End the connection at once."""
        self.exchange, self.is_open = None, False
        self.transport.abort()


class UpstreamServer:
    """The server that receives the requests.

    Attributes:
        base: Its base URL, without a slash at its end.
        authority: The value of `Host` in requests to it.

    Args:
        base: The URL from `choose_server`.
        context: The TLS settings of the connections; None for plain HTTP.
        via: The proxy that all requests go through; None for direct connections.
    """

    def __init__(
        self, base: str, context: ssl.SSLContext | None, via: EnvironmentProxy | None = None
    ) -> None:
        parts = urlsplit(base)
        self.base, self._context, self._via = base, context, via
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
            path: The requested path and query, or `*`.
        """
        below = b"*" if path == b"*" else self._path + path
        # A proxy without a tunnel gets the complete URL (RFC 9112, section 3.2.2).
        return self._origin.encode() + below if self._via is not None and self._context is None else below

    @property
    def further_headers(self) -> bytes:
        """The header lines for a proxy in between."""
        if self._via is None or self._context is not None or not self._via.authorization:
            return b""
        return b"Proxy-Authorization: %b\r\n" % self._via.authorization

    def url(self, path: bytes) -> str:
        """Return the URL of a request below the base URL."""
        # `*` means the server itself, not a path of it (RFC 9112, section 3.2.4).
        return self._origin + ("" if path == b"*" else (self._path + path).decode("latin-1"))

    def is_own(self, peer: object, own: object) -> bool:
        """Return whether a connection of a client is one of these, so that requests come back to the proxy.

        Args:
            peer: The address of the client.
            own: The address that the client connected to. Connections with different servers may share a port.
        """
        return (peer, own) in self._own_addresses

    def check_that_it_is_not(self, sock: socket.socket) -> None:
        """Check that the upstream is not the server that listens at a socket.

        Raises:
            UsageError: The upstream is this proxy, so each request would come back for ever.
        """
        address, port = sock.getsockname()[:2]
        if port != self.port:
            return
        try:
            found = socket.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            return  # each request reports the unknown host
        hosts = {str(item[4][0]) for item in found}
        is_anywhere = address in ANYWHERE and not hosts.isdisjoint({"127.0.0.1", "::1", *ANYWHERE})
        if address in hosts or is_anywhere:
            raise UsageError(
                f"The upstream `{self._origin}` is this proxy itself",
                reason="It would pass each request on to itself, for ever",
                hint="Name the server with `--upstream URL`, or give another `--port`",
            )

    def idle(self) -> UpstreamConnection | None:
        """Return an idle connection that can serve another exchange; None if there is none."""
        while self._idle:
            connection = self._idle.pop()
            if (
                connection.is_reusable
                and asyncio.get_running_loop().time() - connection.idle_since < _IDLE_SECONDS
            ):
                connection.is_reused = True
                return connection
            connection.abort()
        return None

    async def connect(self) -> UpstreamConnection:
        """Return a new connection.

        Raises:
            NetworkError: The connection failed.
            TimedOutError: The connection took too long.
        """
        try:
            async with asyncio.timeout(_CONNECT_SECONDS):
                return await self._opened()
        except TimeoutError:
            raise TimedOutError(
                f"`{self.authority}` did not accept the connection in time",
                reason="It is down, overloaded, or something on the way drops what is sent",
                hint="Check the address and the network, or try again later",
            ) from None
        except OSError as error:
            raise from_connecting(error, self.authority, self._via.name if self._via else "") from error

    async def _opened(self) -> UpstreamConnection:
        loop, via = asyncio.get_running_loop(), self._via
        _, connection = await loop.create_connection(
            lambda: UpstreamConnection(self._own_addresses),
            self.host if via is None else via.host,
            self.port if via is None else via.port,
            ssl=self._context if via is None else None,
            happy_eyeballs_delay=0.25,
        )
        if via is not None and self._context is not None:
            try:
                await self._make_tunnel(connection, via, self._context)
            except BaseException:
                connection.abort()
                raise
        return connection

    async def _make_tunnel(
        self, connection: UpstreamConnection, via: EnvironmentProxy, context: ssl.SSLContext
    ) -> None:
        """Open a tunnel through a proxy to the server, and start TLS in it (RFC 9110, section 9.3.6)."""
        target = f"{bracketed(self.host)}:{self.port}".encode()
        further = b"Proxy-Authorization: %b\r\n" % via.authorization if via.authorization else b""
        try:
            await connection.tunnel(b"CONNECT %b HTTP/1.1\r\nHost: %b\r\n%b\r\n" % (target, target, further))
        except BadMessageError:
            raise NetworkError(
                f"The proxy `{via.name}` did not let us through to `{self.authority}`",
                reason="A variable of the environment names it, and it refuses",
                hint="Check `HTTPS_PROXY`, with the user name and password that the proxy may want, and `NO_PROXY`",
            ) from None
        plain = connection.transport
        secure = await asyncio.get_running_loop().start_tls(
            plain, connection, context, server_hostname=self.host
        )
        if secure is None:
            raise ConnectionResetError
        connection.connection_made(secure)

    def keep(self, connection: UpstreamConnection) -> None:
        """Store a connection for another exchange, or close it if it cannot serve one."""
        connection.exchange = None
        if not connection.is_reusable or len(self._idle) >= _MOST_IDLE:
            connection.abort()
            return
        connection.transport.resume_reading()
        connection.idle_since = asyncio.get_running_loop().time()
        self._idle.append(connection)

    def close(self) -> None:
        """Close the idle connections."""
        while self._idle:
            self._idle.pop().abort()
