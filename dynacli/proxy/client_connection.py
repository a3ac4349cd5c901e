"""A connection of a client: each request is passed on to the upstream, and its answer back, piece by piece."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import h11

from dynacli.errors import DynacliError
from dynacli.proxy.byte_reader import CHUNK, ByteReader, flush
from dynacli.proxy.own_answers import OwnAnswer, broken_upstream, from_error, own_answer_events
from dynacli.proxy.passed_exchange import CopyBudget, PassedExchange
from dynacli.proxy.passed_heads import passed_headers, request_head, response_head, upstream_headers
from dynacli.proxy.request_gate import RequestGate, path_of
from dynacli.proxy.upstream_server import MAX_HEAD, UpstreamConnection, UpstreamServer
from dynacli.record import record

__all__ = ["ClientConnection", "Passage"]

_IDLE_SECONDS = 75.0
"""Seconds that a client may take for the head of its next request."""
_STALLED_SECONDS = 300.0
"""Seconds without a byte after which a client has hung."""
_LINGER_SECONDS = 5.0
"""Seconds in which a client may go on sending a request that was answered already."""
_REPEATABLE = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
_EVENTS_OF_BODY = (h11.Data, h11.EndOfMessage)
_HTTP_BROKEN = "What it sent is not HTTP/1.1, or not all of it came"


@record
class Passage:
    """What all connections share.

    Args:
        gate: Says which requests are not passed on.
        budget: For the copies of bodies.
        passing: Enters while an exchange passes.
        on_exchange: Called with each exchange when it is over.
        keeps_host: Whether the upstream gets the client's `Host`.
        seconds: How long the upstream may take for the head of an answer.
    """

    upstream: UpstreamServer
    gate: RequestGate
    budget: CopyBudget
    passing: Callable[[], AbstractContextManager[None]]
    on_exchange: Callable[[PassedExchange], None]
    keeps_host: bool
    seconds: float


class _HungClientError(Exception):
    """The client sends nothing more of a request that it has begun."""


class ClientConnection:
    """Passes on the requests of one connection, one after the other."""

    def __init__(self, passage: Passage, reader: ByteReader, writer: asyncio.StreamWriter) -> None:
        self._passage, self._reader, self._writer = passage, reader, writer
        self._http = h11.Connection(h11.SERVER, max_incomplete_event_size=MAX_HEAD)
        self._peer = writer.get_extra_info("peername")
        self._is_gone = False

    async def serve(self) -> None:
        """Serve until one side ends the connection."""
        task = asyncio.current_task()

        def end() -> None:
            self._is_gone = True
            if task is not None:
                task.cancel()

        self._reader.on_end = end
        try:
            while (request := await self._next_request()) is not None:
                with self._passage.passing():
                    await self._serve(request)
                if not (self._http.our_state is self._http.their_state is h11.DONE):
                    break
                self._http.start_next_cycle()
            await self._linger()
        except asyncio.CancelledError:
            if not self._is_gone:
                raise
        except (OSError, TimeoutError):
            self._writer.transport.abort()
        finally:
            self._reader.on_end = None
            self._writer.close()

    async def refuse(self) -> None:
        """End the connection, because there are too many."""
        title, why = "There are too many connections", "The proxy serves a limited number at a time"
        try:
            await self._give(OwnAnswer(503, "connection_limit_reached", title, why, "Try again later"))
        except (OSError, TimeoutError):
            self._writer.transport.abort()
        self._writer.close()

    async def _next_request(self) -> h11.Request | None:
        """Return the next request; None where none comes."""
        try:
            async with asyncio.timeout(_IDLE_SECONDS):
                while (event := self._http.next_event()) is h11.NEED_DATA:
                    self._http.receive_data(await self._reader.read(CHUNK))
        except TimeoutError:
            return None
        except h11.RemoteProtocolError as error:
            # Its text is not repeated: it may hold the value of a header.
            too_large = error.error_status_hint == 431
            title = "The head of the request is too large" if too_large else "The request is not HTTP/1.1"
            await self._give(OwnAnswer(error.error_status_hint, "http_request_error", title))
            return None
        return event if isinstance(event, h11.Request) else None

    async def _serve(self, request: h11.Request) -> None:
        passage, headers = self._passage, request.headers.raw_items()
        method, path = request.method.decode("ascii"), path_of(request.target)
        passed = PassedExchange(
            method, path.decode("latin-1"), passage.upstream.url(path), headers, passage.budget
        )
        try:
            refusal = passage.gate.refusal(request, headers, self._peer)
            pieces, end = self._at_hand(passed)
            if refusal is None and end is None and passage.gate.wants_body(method):
                pieces, end = await self._gathered(passed, pieces)
            if refusal is None:
                refusal = passage.gate.policy_refusal(passed, is_whole=end is not None)
            if refusal is not None:
                passed.refusal = refusal.sentence
                await self._give(refusal, is_to_head=method == "HEAD")
                return
            await self._pass_on(request, path, passed, pieces, end)
        except h11.ProtocolError:
            passed.refusal = "The client broke off its request, or it is not HTTP/1.1"
            await self._give(OwnAnswer(400, "http_request_error", "The request is not HTTP/1.1"))
        except _HungClientError:
            passed.refusal = "The client sent nothing more of its request"
            await self._give(OwnAnswer(408, "http_request_error", passed.refusal))
        except asyncio.CancelledError:
            passed.ended_by = "the client" if self._is_gone else "the end of the proxy"
            raise
        except (OSError, TimeoutError):
            passed.ended_by = "the client"  # what concerns the upstream has become an answer
            raise
        finally:
            passed.end()
            passage.on_exchange(passed)

    def _at_hand(self, passed: PassedExchange) -> tuple[list[h11.Data], h11.EndOfMessage | None]:
        """Return what has come of the body of a request, and its end if that has come, too."""
        pieces: list[h11.Data] = []
        while isinstance(event := self._http.next_event(), _EVENTS_OF_BODY):
            if isinstance(event, h11.EndOfMessage):
                return pieces, event
            pieces.append(event)
            passed.body.add(event.data)
        return pieces, None

    async def _gathered(
        self, passed: PassedExchange, pieces: list[h11.Data]
    ) -> tuple[list[h11.Data], h11.EndOfMessage | None]:
        """Return the body of a request as far as the gate wants to see it, and its end if that has come."""
        if self._http.they_are_waiting_for_100_continue:
            go_on = h11.InformationalResponse(status_code=100, headers=[], reason=b"Continue")
            self._writer.write(self._http.send(go_on))
        size, most = sum(len(piece.data) for piece in pieces), self._passage.gate.most_looked_at
        while size <= most:
            await self._receive()
            further, end = self._at_hand(passed)
            pieces += further
            size += sum(len(piece.data) for piece in further)
            if end is not None:
                return pieces, end
        return pieces, None

    async def _receive(self) -> None:
        """Read more of a request.

        Raises:
            _HungClientError: Nothing comes for too long.
        """
        try:
            async with asyncio.timeout(_STALLED_SECONDS):
                self._http.receive_data(await self._reader.read(CHUNK))
        except TimeoutError:
            raise _HungClientError from None

    async def _pass_on(
        self,
        request: h11.Request,
        path: bytes,
        passed: PassedExchange,
        pieces: list[h11.Data],
        end: h11.EndOfMessage | None,
    ) -> None:
        """Pass a request on, and its answer back.

        Args:
            pieces: The beginning of its body.
            end: Its end; None where more of the body is to come.
        """
        upstream = self._passage.upstream
        host = b"" if self._passage.keeps_host else upstream.authority.encode()
        headers, target = upstream_headers(passed.headers, host), upstream.target(path)
        headers = [*headers, *upstream.further_headers]
        # Of the head that is written below, h11 is told what it needs to know.
        head = request
        if passed_headers(passed.headers) is not passed.headers or request.http_version != b"1.1":
            head = h11.Request(method=request.method, target=target, headers=headers)
        may_repeat = end is not None and passed.method in _REPEATABLE
        for is_new in (False, True):
            try:
                connection = await upstream.connect(is_new=is_new)
            except DynacliError as error:
                passed.error = error.message
                await self._give(from_error(error), is_to_head=passed.method == "HEAD")
                return
            connection.http.send(head)
            sent: list[Any] = [request_head(request.method, target, headers)]
            sent += [connection.http.send(piece) for piece in pieces]
            if end is not None:
                sent.append(connection.http.send(end))
            connection.writer.write(b"".join(sent))
            is_answered = False
            try:
                is_answered = await self._exchange(connection, passed, is_sent=end is not None)
            finally:
                if not is_answered:
                    upstream.end(connection)
            if is_answered:
                upstream.keep(connection)
                return
            if passed.status or not (passed.is_broken_off and may_repeat and connection.is_reused):
                break
            # A server may close an idle connection in the moment in which it is used again (RFC 9110, section 9.2.2).
            passed.is_broken_off = False
        if not passed.status:
            late = OwnAnswer(
                504, "http_response_timeout", "The upstream did not answer in time", passed.error
            )
            answer = broken_upstream(_HTTP_BROKEN) if passed.is_broken_off else late
            await self._give(answer, is_to_head=passed.method == "HEAD")

    async def _exchange(
        self, connection: UpstreamConnection, passed: PassedExchange, *, is_sent: bool
    ) -> bool:
        """Exchange the rest of a request for its answer, and return whether all of that passed.

        Args:
            is_sent: Whether the whole request was sent.
        """
        pump = None if is_sent else asyncio.create_task(self._pump(connection, passed))
        try:
            await self._answer(connection, passed, pump)
            if pump is not None:
                async with asyncio.timeout(_LINGER_SECONDS):
                    await pump
        except h11.ProtocolError:
            if passed.is_complete:
                return False
            if pump is not None and pump.done() and not pump.cancelled():
                pump.result()  # it is the request that ended the exchange
            passed.is_broken_off = True
            return False
        except TimeoutError:
            if passed.is_complete:
                return False
            if passed.status:
                raise
            passed.error = f"The server did not answer within {self._passage.seconds:g} s"
            return False
        finally:
            if pump is not None and not pump.cancel() and not pump.cancelled():
                pump.exception()  # which nobody else asks for where the client has left
        return True

    async def _pump(self, connection: UpstreamConnection, passed: PassedExchange) -> None:
        """Pass on the rest of a request's body as it comes."""
        writer = connection.writer
        try:
            while True:
                event = self._http.next_event()
                if event is h11.NEED_DATA:
                    await self._receive()
                    continue
                if not isinstance(event, _EVENTS_OF_BODY):
                    return
                if isinstance(event, h11.Data):
                    passed.body.add(event.data)
                # Where the upstream takes no more, the rest is read, so that the client gets to reading its answer.
                if not writer.is_closing():
                    writer.write(connection.http.send(event) or b"")
                    await self._drained(connection)
                if isinstance(event, h11.EndOfMessage):
                    return
        except (h11.ProtocolError, _HungClientError):
            connection.abort()  # which ends the wait for the answer
            raise

    async def _drained(self, connection: UpstreamConnection) -> None:
        try:
            await flush(connection.writer, _STALLED_SECONDS)
        except (OSError, TimeoutError):
            connection.writer.close()

    async def _answer(
        self, connection: UpstreamConnection, passed: PassedExchange, pump: "asyncio.Task[None] | None"
    ) -> None:
        """Pass an answer on as it comes.

        Args:
            pump: Sends the rest of the request, after which the upstream has its time; None where all was sent.

        Raises:
            ProtocolError: It is no HTTP, or breaks off.
            TimeoutError: The upstream does not begin to answer, or the client does not read.
        """
        http, waiting, seconds = connection.http, bytearray(), self._passage.seconds
        async with asyncio.timeout(None if pump is not None else seconds) as limit:
            if pump is not None:
                pump.add_done_callback(lambda _: _begin_limit(limit, seconds, passed))
            while True:
                event = http.next_event()
                if event is h11.NEED_DATA:
                    await self._send(waiting)
                    http.receive_data(await connection.reader.read(CHUNK))
                    continue
                if isinstance(event, h11.Data):
                    passed.answer_body.add(event.data)
                    waiting += self._http.send(event) or b""
                elif isinstance(event, h11.Response):
                    limit.reschedule(None)
                    waiting += self._head(event, passed)
                elif isinstance(event, h11.InformationalResponse):
                    if self._http.their_http_version != b"1.0":
                        waiting += self._http.send(_informing(event)) or b""
                elif isinstance(event, h11.EndOfMessage):
                    waiting += self._http.send(self._end(event)) or b""
                    break
                else:
                    raise h11.RemoteProtocolError("the upstream closed the connection")
        passed.is_complete = True
        await self._send(waiting)

    def _head(self, response: h11.Response, passed: PassedExchange) -> bytes:
        headers = response.headers.raw_items()
        passed.status, passed.reason = response.status_code, response.reason.decode("latin-1")
        passed.http_version = f"HTTP/{response.http_version.decode('ascii')}"
        passed.answer_headers = headers
        kept = passed_headers(headers)
        if kept is not headers or response.http_version != b"1.1":
            # Else the event is sent as it is: h11 looks through all headers that it has not read itself.
            response = h11.Response(status_code=response.status_code, headers=kept, reason=response.reason)
        return response_head(self._http, response, is_to_head=passed.method == "HEAD")

    def _end(self, event: h11.EndOfMessage) -> h11.EndOfMessage:
        # A client that speaks HTTP/1.0 gets no chunks, behind which trailers stand.
        return h11.EndOfMessage() if self._http.their_http_version == b"1.0" else event

    async def _send(self, waiting: bytearray) -> None:
        if waiting:
            self._writer.write(bytes(waiting))
            waiting.clear()
            await flush(self._writer, _STALLED_SECONDS)

    async def _give(self, answer: OwnAnswer, *, is_to_head: bool = False) -> None:
        """Give an answer of the proxy's own, unless another one has begun."""
        if self._http.our_state not in {h11.IDLE, h11.SEND_RESPONSE}:
            return
        must_close = self._http.their_state is not h11.DONE
        response, content = own_answer_events(answer, must_close=must_close)
        sent = [self._http.send(response), *([] if is_to_head else [self._http.send(content)])]
        self._writer.write(b"".join([*filter(None, sent), self._http.send(h11.EndOfMessage()) or b""]))
        await flush(self._writer, _STALLED_SECONDS)

    async def _linger(self) -> None:
        """Read on if the client is still sending: a connection that is closed before that takes the answer along."""
        is_answered = self._http.our_state in {h11.DONE, h11.MUST_CLOSE}
        if not is_answered or self._http.their_state not in {h11.SEND_BODY, h11.ERROR}:
            return
        self._reader.on_end = None
        try:
            self._writer.write_eof()
            async with asyncio.timeout(_LINGER_SECONDS):
                while await self._reader.read(CHUNK):
                    pass
        except TimeoutError:
            return


def _begin_limit(limit: asyncio.Timeout, seconds: float, passed: PassedExchange) -> None:
    """Let the time for the head of an answer begin, unless it has come, or nobody waits for it any more."""
    is_over = passed.status or passed.ended_by or passed.refusal or passed.is_broken_off
    if not is_over and not limit.expired():
        limit.reschedule(asyncio.get_running_loop().time() + seconds)


def _informing(event: h11.InformationalResponse) -> h11.InformationalResponse:
    headers = passed_headers(event.headers.raw_items())
    return h11.InformationalResponse(status_code=event.status_code, headers=headers, reason=event.reason)
