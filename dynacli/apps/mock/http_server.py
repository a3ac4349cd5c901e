"""A mock over HTTP: an ASGI application that responds to one request at a time, served by uvicorn until a signal."""

import asyncio
import logging
import socket
import time
from collections.abc import AsyncIterable, Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress

import uvicorn
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from dynacli.apps.mock._mock_responses import ProblemError
from dynacli.apps.mock.mock_server import MockExchange, MockServer
from dynacli.http.encodings import BadEncodingError, TooLargeError, decode_whole
from dynacli.http.serving import handle_signals, kept_handlers
from dynacli.openapi.document.objects import METHODS
from dynacli.traffic.recorded_request import RecordedExchange, RecordedRequest, RecordedResponse

__all__ = ["mock_application", "serve_until_signal"]

_HOST = "http://localhost"


async def _read_exchange(request: Request, limit: int) -> RecordedExchange:
    """Return a request with its whole body, without the body's content encoding, and without a response.

    Args:
        limit: The most bytes of a body, as it comes and decoded.

    Raises:
        TooLargeError: The body has more.
        BadEncodingError: The body is not in the encoding that its headers name.
        ClientDisconnect: The client is gone before the body is whole.
    """
    started = time.time()
    content = await _whole(request.stream(), limit)
    if content:
        content = decode_whole(content, request.headers.getlist("content-encoding"), limit)
    headers = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in request.headers.raw)
    return RecordedExchange(
        RecordedRequest(request.method, _url_of(request.scope), headers),
        content or None,
        started=started,
    )


def _url_of(scope: Mapping[str, object]) -> str:
    """Return the URL of a request as it was sent, percent-encoded, with a host of our own."""
    raw, query = scope["raw_path"], scope["query_string"]
    path = raw.decode("latin-1") if isinstance(raw, bytes) else ""
    if not path.startswith("/"):  # a proxy is asked by whole URLs (RFC 9112, section 3.2.2)
        path = f"/{path.partition('://')[2].partition('/')[2]}"
    text = query.decode("latin-1") if isinstance(query, bytes) else ""
    return f"{_HOST}{path}?{text}" if text else f"{_HOST}{path}"


async def _whole(pieces: AsyncIterable[bytes], limit: int) -> bytes:
    found = bytearray()
    async for piece in pieces:
        found += piece
        if len(found) > limit:
            raise TooLargeError
    return bytes(found)


_LARGEST_BODY = 64 * 1024 * 1024
_SECONDS_FOR_BODY = 60.0


def mock_application(
    server: MockServer,
    report: Callable[[MockExchange], None],
    *,
    has_cors: bool = True,
) -> ASGIApp:
    """Return the application.

    Args:
        report: Learns of each exchange before it gets a response, one at a time and in a thread of their own. If it
            raises an exception, the client gets a 500.
        has_cors: Whether pages of every origin may call it, and preflight requests get a response for them.
    """
    application = _MockApplication(server, report)
    if not has_cors:
        return application
    return CORSMiddleware(
        application,
        # Not `*`, which browsers refuse for requests with credentials.
        allow_origin_regex=".*",
        allow_credentials=True,
        allow_methods=sorted(map(str.upper, METHODS)),
        allow_headers=["*"],
        expose_headers=["*"],
    )


class _MockApplication:
    def __init__(self, server: MockServer, report: Callable[[MockExchange], None]) -> None:
        self._server, self._report = server, report
        # One thread: the catalog and the validators are used by one at a time, and the loop goes on meanwhile.
        self._worker = ThreadPoolExecutor(1, "dynacli-mock")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        answered: RecordedExchange | MockExchange
        try:
            async with asyncio.timeout(_SECONDS_FOR_BODY):
                received = await _read_exchange(request, _LARGEST_BODY)
        except ClientDisconnect:
            return
        except TimeoutError:
            answered = _unread(request, ProblemError(408, "The body of the request did not come"))
        except TooLargeError:
            answered = _unread(request, ProblemError(413, f"A body has at most {_LARGEST_BODY:,} bytes"))
        except BadEncodingError as error:
            answered = _unread(request, ProblemError(415, f"The body cannot be decoded: {error}"))
        else:
            answered = received
        loop = asyncio.get_running_loop()
        response = await loop.run_in_executor(self._worker, self._finish, answered)
        if response is not None:
            await _response(response)(scope, receive, send)

    def _finish(self, asked: RecordedExchange | MockExchange) -> RecordedResponse | None:
        """Respond to a request unless that is done, report the exchange, and return its response."""
        exchange = asked if isinstance(asked, MockExchange) else self._server.respond(asked)
        self._report(exchange)
        return exchange.recorded.response


def _unread(request: Request, problem: ProblemError) -> MockExchange:
    # What is left of the body is in the way of a further request.
    problem.headers = (("Connection", "close"),)
    recorded = RecordedExchange(
        RecordedRequest(request.method, _url_of(request.scope)),
        content_loss=problem.detail,
        response=problem.response,
    )
    return MockExchange(recorded, source=problem.detail)


def _response(response: RecordedResponse) -> Response:
    content = response.body or b""
    # uvicorn drops the body of a response to HEAD, and keeps its length.
    made = Response(content, response.status)
    del made.headers["content-length"]
    raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in response.headers]
    if response.status not in {204, 304}:
        raw.append((b"Content-Length", b"%d" % len(content)))
    made.raw_headers = raw
    return made


# Seconds for writing out open responses when the server stops.
_GRACE = 0.05

# asyncio makes a task for what it accepts, the task makes the transport, and that tells the protocol: a turn of the
# loop each. A connection that is still on this way when its listener closes is left open, and no one closes it:
# `Server._attach` asserts that the listener is open, in the middle of making the transport.
_TURNS_OF_AN_ACCEPTED_CONNECTION = 3


class _Server(uvicorn.Server):
    """A uvicorn server that reports when it is ready, and stops at once.

    uvicorn itself looks every 100 ms whether it should stop, waits for another 100 ms, and then without a limit for
    all responses. This class waits for an event, and does not wait for a response that never comes.
    """

    def __init__(self, config: uvicorn.Config, on_ready: Callable[[Callable[[], None]], None]) -> None:
        super().__init__(config)
        self._on_ready = on_ready

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        # uvicorn's own version sends the signal again at the end; here the caller handles signals.
        yield

    async def main_loop(self) -> None:
        loop = asyncio.get_running_loop()
        ended = asyncio.Event()

        def stop() -> None:
            loop.call_soon_threadsafe(ended.set)

        try:
            self._on_ready(stop)
        except BaseException:
            # uvicorn shuts down in order only if this method returns.
            await self.shutdown()
            raise
        await ended.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        with suppress(NotImplementedError):  # on Windows nothing of this is needed: it has no readers
            for sock in sockets or ():
                asyncio.get_running_loop().remove_reader(sock)
        for _ in range(_TURNS_OF_AN_ACCEPTED_CONNECTION):
            await asyncio.sleep(0)
        for listener in self.servers:
            listener.close()
        for sock in sockets or ():
            sock.close()
        # Closing a transport writes out what it holds; a connection without a response just ends.
        for connection in list(self.server_state.connections):
            connection.transport.close()
        deadline = asyncio.get_running_loop().time() + _GRACE
        while self.server_state.connections or self.server_state.tasks:
            if asyncio.get_running_loop().time() > deadline:
                for connection in list(self.server_state.connections):
                    connection.transport.abort()
                break
            await asyncio.sleep(0.001)


class _TellingApplication:
    """An application whose exceptions are reported; uvicorn responds with 500 and serves the other clients."""

    def __init__(self, application: "ASGIApp", tell: Callable[[Exception], None]) -> None:
        self._application, self._tell = application, tell

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        """Respond to a request."""
        try:
            await self._application(scope, receive, send)
        except Exception as error:
            self._tell(error)
            raise


def _run(application: "ASGIApp", sock: socket.socket, on_ready: Callable[[Callable[[], None]], None]) -> None:
    """Run the server until the function that is passed to `on_ready` is called, in any thread."""
    config = uvicorn.Config(
        application,
        loop="asyncio",
        # The same parser on every machine, whichever others are installed.
        http="h11",
        ws="none",
        lifespan="off",
        log_config=None,
        log_level=logging.CRITICAL + 1,
        access_log=False,
        date_header=False,
        server_header=False,
        proxy_headers=False,
    )
    asyncio.run(_Server(config, on_ready).serve(sockets=[sock]))


def serve_until_signal(
    application: "ASGIApp",
    sock: socket.socket,
    on_ready: Callable[[Callable[[], None]], None],
    tell: Callable[[Exception], None],
) -> int | None:
    """Serve in the foreground until SIGINT or SIGTERM, or until it is stopped.

    Outside of the main thread signals cannot be handled, so only the end of the process stops the server there.

    Args:
        sock: It listens already, and is closed at the end.
        on_ready: Called once when connections are accepted, with a function that stops the server.
        tell: Called with an exception of an exchange, which gets 500.

    Returns:
        The number of the signal, which has only ended the server so far; None if it was stopped.
    """
    signals: list[int] = []

    def is_ready(stop: Callable[[], None]) -> None:
        def end(number: int) -> None:
            signals.append(number)
            stop()

        handle_signals(end)
        on_ready(stop)

    with kept_handlers():
        _run(_TellingApplication(application, tell), sock, is_ready)
    return signals[0] if signals else None
