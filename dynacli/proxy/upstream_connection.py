"""A connection with the upstream, which serves one exchange after the other."""

import asyncio
from typing import TYPE_CHECKING, cast

from dynacli.proxy.message_head import BadMessageError, ResponseHead

if TYPE_CHECKING:
    from dynacli.proxy.passing_exchange import PassingExchange

__all__ = ["CHUNK", "UpstreamConnection"]

CHUNK = 64 * 1024
"""Bytes that wait in one direction of a connection, before its sender has to wait."""


class UpstreamConnection(asyncio.Protocol):
    """A connection with the upstream.

    Attributes:
        transport: What is written to.
        exchange: What uses the connection; None while it is idle.
        is_open: Whether both sides can still send.
        is_reused: Whether it has served an exchange before.
        idle_since: By the clock of the event loop.

    Args:
        addresses: Both addresses of each connection that there is; it adds its own for as long as it lasts.
    """

    transport: asyncio.Transport

    def __init__(self, addresses: set[object]) -> None:
        self._addresses = addresses
        self._ends: object = None
        self.exchange: PassingExchange | None = None
        self._received = bytearray()
        self._tunnel: asyncio.Future[None] | None = None
        self.is_open, self.is_reused, self.idle_since = True, False, 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Note what is written to."""
        self.transport = cast("asyncio.Transport", transport)
        self._ends = transport.get_extra_info("sockname"), transport.get_extra_info("peername")
        self._addresses.add(self._ends)
        self.transport.set_write_buffer_limits(high=CHUNK)

    def data_received(self, data: bytes) -> None:
        """Hand on what has come."""
        self._received += data
        if self._tunnel is not None:
            self._look_for_tunnel(self._tunnel)
        elif self.exchange is not None:
            self.exchange.answer_came(self._received)
        else:
            # Some servers answer before they are asked, that they have no room.
            self.transport.pause_reading()

    def eof_received(self) -> None:
        """Note that the upstream sends nothing more; the connection is closed then."""
        self._end(is_broken=False)

    def connection_lost(self, exc: Exception | None) -> None:
        """Note that the connection is over."""
        self._addresses.discard(self._ends)
        self._end(is_broken=exc is not None)

    def _end(self, *, is_broken: bool) -> None:
        was_open, self.is_open = self.is_open, False
        if self._tunnel is not None and not self._tunnel.done():
            self._tunnel.set_exception(BadMessageError("the proxy has closed the connection"))
        if was_open and self.exchange is not None:
            self.exchange.upstream_ended(is_broken=is_broken)

    def pause_writing(self) -> None:
        """Let nothing more be sent."""
        if self.exchange is not None:
            self.exchange.upstream_is_full(is_full=True)

    def resume_writing(self) -> None:
        """Let the rest be sent."""
        if self.exchange is not None:
            self.exchange.upstream_is_full(is_full=False)

    def serve(self, exchange: "PassingExchange", request: bytes) -> None:
        """Serve an exchange from now on.

        Args:
            request: What is there of it.
        """
        self.exchange = exchange
        self.transport.write(request)
        if self._received:
            self.transport.resume_reading()
            exchange.answer_came(self._received)
        if not self.is_open and self.exchange is exchange:
            exchange.upstream_ended(is_broken=True)

    @property
    def is_reusable(self) -> bool:
        """Whether another exchange can follow: a server that sends more than it was asked for has lost count."""
        return self.is_open and not self.transport.is_closing() and not self._received

    async def tunnel(self, request: bytes) -> None:
        """Let a proxy connect through to the server.

        Args:
            request: That asks for it.

        Raises:
            BadMessageError: It does not.
        """
        self._tunnel = asyncio.get_running_loop().create_future()
        self.transport.write(request)
        try:
            await self._tunnel
        finally:
            self._tunnel = None
        if self._received:
            # It would be taken for an answer of the server, which has not shown yet who it is.
            raise BadMessageError("it sends more than it was asked for")

    def _look_for_tunnel(self, tunnel: "asyncio.Future[None]") -> None:
        if tunnel.done():
            return
        try:
            head = ResponseHead.taken(self._received)
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
