"""A mock as an ASGI application: requests are read whole, answered one at a time in a thread, and reported."""

import asyncio
import time
from collections.abc import AsyncIterable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor

from starlette.middleware.cors import CORSMiddleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from dynacli.apps.mock._mock_answers import ProblemError
from dynacli.apps.mock.mock_server import MockExchange, MockServer
from dynacli.http.encodings import BadEncodingError, TooLargeError, decode_whole
from dynacli.openapi.document.objects import METHODS
from dynacli.traffic.recorded_request import RecordedAnswer, RecordedExchange, RecordedRequest

__all__ = ["mock_application"]

_HOST = "http://localhost"


async def _read_exchange(request: Request, limit: int) -> RecordedExchange:
    """Return a request with its whole body, without the body's content encoding, and without an answer.

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
        report: Is told of each exchange before it is answered, one at a time and in a thread of their own. If it
            raises an exception, the client gets a 500.
        has_cors: Whether pages of every origin may call it, and preflight requests are answered for them.
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
        # One thread: the catalog and the judges are read by one at a time, and the loop goes on meanwhile.
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
        answer = await loop.run_in_executor(self._worker, self._finish, answered)
        if answer is not None:
            await _response(answer)(scope, receive, send)

    def _finish(self, asked: RecordedExchange | MockExchange) -> RecordedAnswer | None:
        """Answer a request unless that is done, report the exchange, and return its answer."""
        exchange = asked if isinstance(asked, MockExchange) else self._server.respond(asked)
        self._report(exchange)
        return exchange.recorded.answer


def _unread(request: Request, problem: ProblemError) -> MockExchange:
    # What is left of the body is in the way of a further request.
    problem.headers = (("Connection", "close"),)
    recorded = RecordedExchange(
        RecordedRequest(request.method, _url_of(request.scope)),
        content_loss=problem.detail,
        answer=problem.answer,
    )
    return MockExchange(recorded, source=problem.detail)


def _response(answer: RecordedAnswer) -> Response:
    content = answer.body or b""
    # uvicorn drops the body of an answer to HEAD, and keeps its length.
    response = Response(content, answer.status)
    del response.headers["content-length"]
    raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in answer.headers]
    if answer.status not in {204, 304}:
        raw.append((b"Content-Length", b"%d" % len(content)))
    response.raw_headers = raw
    return response
