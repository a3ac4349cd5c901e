"""A connection of a client: its requests are taken one after the other, and each becomes an exchange."""

import asyncio
from typing import cast

from dynacli.apps.proxy._messages import BadMessageError, RequestHead
from dynacli.apps.proxy._own_answers import OwnAnswer, defective, no_room, own_answer
from dynacli.apps.proxy._passing_exchange import (
    LINGER_SECONDS,
    STALLED_SECONDS,
    Deadline,
    Passage,
    PassingExchange,
)
from dynacli.apps.proxy.upstream_server import CHUNK

__all__ = ["ClientConnection"]

_IDLE_SECONDS = 75.0
"""Seconds that a client may take for the head of its next request."""
_MOST_CONNECTIONS = 400
"""Clients at the same time; an exchange takes two descriptors, of which a process usually has 1,024."""


class ClientConnection(asyncio.Protocol):
    """Takes the requests of one client.

    Protocols, and no tasks and streams: a task for each exchange, and a wait for each piece, cost more time than
    everything else that is done here.

    Attributes:
        ends: The address of the client, and the one that it has connected to.
        deadline: Until when it or the upstream has to do something.
        exchange: What passes; None between two requests.
        must_close: Whether the connection ends after the exchange.
        has_ended: Whether the client sends nothing more.
        is_full: Whether the client reads slower than it is sent to.

    Args:
        connections: All that there are; it adds itself for as long as it lasts.
    """

    _transport: asyncio.Transport

    def __init__(self, passage: Passage, connections: "set[ClientConnection]") -> None:
        self._passage, self._connections = passage, connections
        self._received = bytearray()
        self.ends: tuple[object, object] = (None, None)
        self.deadline = Deadline()
        self.exchange: PassingExchange | None = None
        self.must_close = self.has_ended = self.is_full = self._is_over = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Wait for the first request."""
        self._transport = cast("asyncio.Transport", transport)
        self.ends = transport.get_extra_info("peername"), transport.get_extra_info("sockname")
        self._transport.set_write_buffer_limits(high=CHUNK)
        is_one_too_many = len(self._connections) >= _MOST_CONNECTIONS
        self._connections.add(self)
        if is_one_too_many:
            heads = [each.exchange.head for each in self._connections if each.exchange is not None]
            self._refuse(no_room(heads, _MOST_CONNECTIONS))
        else:
            self._wait()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  - an end is an end
        """Note that the connection is over."""
        self._is_over = True
        self.deadline.end()
        self._connections.discard(self)
        if self.exchange is not None:
            self.exchange.leave("the client")

    def data_received(self, data: bytes) -> None:
        """Take what has come."""
        if self._is_over:
            return  # what is still sent of a request that was answered already
        self._received += data
        if self.exchange is None:
            self._next()
        elif not self.exchange.is_read:
            self.exchange.request_came(self._received)
        if len(self._received) > CHUNK:
            self.hold(is_held=True)

    def eof_received(self) -> bool:
        """Note that nothing more comes; a client that has asked may still want its answer."""
        self.has_ended = True
        if self._is_over or self.exchange is None or not self.exchange.is_read:
            return False
        self.exchange.wait()
        return True

    def pause_writing(self) -> None:
        """Read no more of the answer."""
        self.is_full = True
        if self.exchange is not None:
            self.exchange.client_is_full(is_full=True)

    def resume_writing(self) -> None:
        """Read on."""
        self.is_full = False
        if self.exchange is not None:
            self.exchange.client_is_full(is_full=False)
        else:
            self._next()

    def _wait(self) -> None:
        self.deadline.move(_IDLE_SECONDS, self.abort)

    def _next(self) -> None:
        """Begin with the next request, if its head is there."""
        if self.exchange is not None or self.is_full or self._is_over:
            return
        try:
            head = RequestHead.taken(self._received)
        except BadMessageError as error:
            is_large = error.status == 431
            title = "The head of the request is too large" if is_large else "The request is not HTTP/1.1"
            self._refuse(OwnAnswer(error.status, "http_request_error", title, error.reason))
            return
        except Exception as error:  # noqa: BLE001  - the client is told, and the proxy serves the others
            self._refuse(defective(error))
            return
        if head is None:
            self.hold(is_held=False)
            if self.has_ended:
                self.close()
            return
        self.must_close = head.closes
        try:
            self.exchange = PassingExchange(self._passage, self, head)
        except Exception as error:  # noqa: BLE001  - the client is told, and the proxy serves the others
            self._refuse(defective(error))
            return
        self.exchange.begin(self._received)

    def _refuse(self, answer: OwnAnswer) -> None:
        self.must_close = True
        self.give(answer)
        self._linger()

    def write(self, data: bytes) -> None:
        """Send something to the client."""
        if data:
            self._transport.write(data)

    def give(self, answer: OwnAnswer, *, is_to_head: bool = False) -> None:
        """Send an answer of the proxy's own.

        Args:
            is_to_head: Whether it answers HEAD, so that its content is left out.
        """
        self.write(own_answer(answer, must_close=self.must_close, is_to_head=is_to_head))

    def hold(self, *, is_held: bool) -> None:
        """Read nothing more of the client, or go on reading."""
        # What was sent ahead is not added to until some of it is gone.
        is_held |= len(self._received) > CHUNK
        (self._transport.pause_reading if is_held else self._transport.resume_reading)()

    def exchange_over(self, *, is_read: bool) -> None:
        """Go on to the next request.

        Args:
            is_read: Whether the request has come whole.
        """
        self.exchange = None
        if not is_read:
            self._linger()
        elif self.must_close:
            self.close()
        else:
            self._wait()
            if self._received or self.has_ended:
                asyncio.get_running_loop().call_soon(self._next)

    def _linger(self) -> None:
        """Read on for a while: a connection that is closed while its client is sending takes the answer along."""
        self._is_over = True
        self._received.clear()
        if self.has_ended:
            self.close()
            return
        self.hold(is_held=False)
        self._transport.write_eof()
        self.deadline.move(LINGER_SECONDS, self.abort)

    def close(self) -> None:
        """End the connection when all that was sent is read."""
        self._is_over = True
        self._transport.close()
        self.deadline.move(STALLED_SECONDS, self.abort)

    def abort(self) -> None:
        """End the connection at once."""
        self._transport.abort()

    def end(self) -> None:
        """End the connection with the proxy."""
        if self.exchange is not None:
            self.exchange.leave("the end of the proxy")
        self.abort()
