"""The server of a mock: finds the operation of a request, validates it, responds, and reports the exchange.

Over HTTP it is an ASGI application that handles one request at a time. uvicorn serves it until a signal.
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
import socket
import time
from collections.abc import AsyncIterable, Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import Any

import uvicorn
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from dynacli.auth.credentials import WITH_TOKEN, kind_of
from dynacli.client.call_settings import CallSettings
from dynacli.errors import InternalError
from dynacli.features.mock._mock_responses import (
    MadeResponse,
    MockResponses,
    PreferenceError,
    Preferences,
    ProblemError,
    preferences_of,
    response_of,
)
from dynacli.features.mock._state_file import ControlRoutes
from dynacli.features.mock._stateful_responses import StatefulResponses
from dynacli.http.encodings import BadEncodingError, TooLargeError, decode_whole
from dynacli.http.serving import handle_signals, kept_handlers
from dynacli.openapi.document.objects import METHODS
from dynacli.openapi.model.operation import Operation, SecurityScheme, Server
from dynacli.record import record, replace
from dynacli.registry.opened_api import OpenedApi
from dynacli.text.terminal import Painter
from dynacli.traffic.recorded_request import (
    MatchedOperation,
    OperationFinder,
    RecordedExchange,
    RecordedRequest,
    RecordedResponse,
)
from dynacli.traffic.validate_exchange import ExchangeValidator, ShownExchange
from dynacli.urls import is_served, join_url, split_url
from dynacli.validation.finding import Finding, ValidationResult

_VARIABLE = re.compile(r"\{([^{}]+)\}")
_ORIGIN = re.compile(r"[^/]*://[^/]*")
FINDINGS_HEADER = "Dynacli-Findings"
"""The response header with the findings of the request, which a documented body cannot hold."""
_LONGEST_HEADER = 4_000
_UNAUTHORIZED, _UNSUPPORTED, _INVALID = "missing-security", "undocumented-media-type", ""
_STATUSES = {_UNAUTHORIZED: (401,), _UNSUPPORTED: (415, 422, 400), _INVALID: (422, 400)}
"""Rule → the statuses that refuse a request with such a finding, the best first. They are the same as in Prism."""
_HOST = "http://localhost"
_LARGEST_BODY = 64 * 1024 * 1024
_SECONDS_FOR_BODY = 60.0
# Seconds for writing out open responses when the server stops.
_GRACE = 0.05
# asyncio makes a task for an accepted connection, then a transport, then calls the protocol: each takes a turn of the
# loop. If the listener closes before the last one, `asyncio.Server._attach` fails an assertion in the middle of making
# the transport, and the connection is never closed.
_TURNS_OF_AN_ACCEPTED_CONNECTION = 3


class MockRoutes:
    """Finds operations below the paths of the document's servers, and at the root."""

    def __init__(self, api: OpenedApi) -> None:
        self._api = api
        self._finder = OperationFinder(api)
        self._patterns: dict[str, re.Pattern[str]] = {}

    def find(self, method: str, url: str) -> list[MatchedOperation]:
        """Return the operations that a request may be for, the likeliest first. HEAD also finds a GET."""
        matches = self._finder.find_behind(method, url, self._is_base)
        if not matches and method == "HEAD":
            matches = self._finder.find_behind("GET", url, self._is_base)
        return matches

    def allowed(self, url: str) -> list[str]:
        """Return the methods of the path of a URL; an empty list if the document has no such path."""
        found = {method for method in self._finder.methods if self.find(method, url)}
        if not found:
            return []
        return sorted(found | {"OPTIONS"} | ({"HEAD"} if "GET" in found else set()))

    def _is_base(self, operation: Operation, base: str) -> bool:
        path = split_url(base).path
        if not path:
            return True
        key = operation.name if operation.servers else ""
        if key not in self._patterns:
            # A client with one server for all operations sends everything there.
            servers = (*operation.servers, *self._api.servers)
            self._patterns[key] = re.compile(
                "|".join(_path_pattern(server, self._api.uri) for server in servers) or "(?!)"
            )
        return self._patterns[key].fullmatch(path) is not None


def base_path(api: OpenedApi) -> str:
    """Return the path of the document's first server, with the defaults of its variables; empty without a server."""
    if not api.servers:
        return ""
    server = api.servers[0]
    return _path_of_url(_VARIABLE.sub(lambda match: _default(server, match[1]), server.url), api.uri)


def _path_pattern(server: Server, uri: str) -> str:
    """Return a regular expression for the path of a server, in which a variable matches any value."""
    names: list[str] = []

    def mark(match: re.Match[str]) -> str:
        default = _default(server, match[1])
        if "://" in default:
            return default  # `{baseUrl}/v2`
        names.append(default)
        return "\0"

    marked = _path_of_url(_VARIABLE.sub(mark, server.url), uri)
    # Variables of the host are not in the path, and precede those of the path.
    defaults = iter(names[len(names) - marked.count("\0") :])
    pieces = (re.escape(piece) for piece in marked.split("\0"))
    pattern = next(pieces)
    for piece in pieces:
        # A default may have slashes: `api/v2`.
        pattern += f"(?:[^/]+|{re.escape(next(defaults))}){piece}"
    return f"(?:{pattern})"


def _path_of_url(url: str, uri: str) -> str:
    """Return the path of a URL without a slash at its end. The URL may be relative and may contain marks."""
    origin = _ORIGIN.match(url)
    if origin is not None:
        path = url[origin.end() :]
    elif is_served(uri):
        path = split_url(join_url(uri, url)).path
    else:
        path = f"/{url.lstrip('./')}"
    return path.partition("?")[0].partition("#")[0].rstrip("/")


def _default(server: Server, name: str) -> str:
    variable = (server.variables or {}).get(name)
    default = variable.get("default") if isinstance(variable, dict) else None
    return default if isinstance(default, str) else name


@record
class MockExchange:
    """A request and its response.

    Args:
        match: The operation of the request; None if the document has none.
        validation: The findings about the request and the response; None if nothing was validated.
        source: The origin of the response's body, or the reason of an error; empty if there is no body.
    """

    recorded: RecordedExchange
    match: MatchedOperation | None = None
    validation: ValidationResult | None = None
    source: str = ""


class MockServer:
    """Responds to the requests of an API, one at a time.

    Args:
        settings: At `strict` and `exact`, an invalid request is refused. At `warn`, it is treated like a valid one. At
            `off`, nothing is validated.
        is_dynamic: Whether each response has new random values, if the client does not say.
        has_examples: Whether to send documented examples, if the client names none.
        is_stateful: Whether to remember what clients create, change and delete.
        is_empty: Whether to remember nothing from the examples of the document.

    Attributes:
        state: What it remembers; None if it remembers nothing.
    """

    def __init__(
        self,
        api: OpenedApi,
        settings: CallSettings,
        *,
        is_dynamic: bool = False,
        has_examples: bool = True,
        is_stateful: bool = False,
        is_empty: bool = False,
    ) -> None:
        self._level = settings.level
        self._routes = MockRoutes(api)
        self._validator = ExchangeValidator(api, settings)
        self._responses = MockResponses(
            api, self._validator, is_dynamic=is_dynamic, has_examples=has_examples
        )
        self.state = StatefulResponses(api, self._responses, is_empty=is_empty) if is_stateful else None

    def respond(self, received: RecordedExchange) -> MockExchange:
        """Return the exchange of a request with its response. An exception becomes a response with status 500."""
        start = time.monotonic()
        try:
            exchange = self._received(received)
        except ProblemError as problem:
            exchange = _with_response(MockExchange(received), problem.response, problem.detail)
        except Exception as error:  # noqa: BLE001  - it is reported with the exchange
            reported = ProblemError(500, InternalError.caused_by(error).line)
            exchange = _with_response(MockExchange(received), reported.response, reported.detail)
        recorded = replace(exchange.recorded, seconds=time.monotonic() - start)
        return replace(exchange, recorded=recorded)

    def _received(self, received: RecordedExchange) -> MockExchange:
        try:
            preferences, request = preferences_of(received.request)
        except PreferenceError as error:
            raise ProblemError(400, str(error)) from error
        matches = self._routes.find(request.method, request.url)
        if not matches:
            return self._without_operation(received)
        match, validation = self._validated(replace(received, request=request), matches)
        exchange = MockExchange(received, match, validation if self._level != "off" else None)
        accept = [value for name, value in request.headers if name.lower() == "accept"]
        try:
            if validation.findings and self._level in {"strict", "exact"}:
                return self._refused(exchange, match, validation, accept)
            made = self._from_state(match, replace(received, request=request), preferences, accept)
            made = made or self._responses.success(match, preferences, accept)
        except ProblemError as problem:
            return _with_response(exchange, problem.response, problem.detail)
        return _with_made(exchange, made, validation.findings)

    def _from_state(
        self,
        match: MatchedOperation,
        received: RecordedExchange,
        preferences: Preferences,
        accept: Sequence[str],
    ) -> MadeResponse | None:
        return None if self.state is None else self.state.respond(match, received, preferences, accept)

    def _validated(
        self, received: RecordedExchange, matches: Sequence[MatchedOperation]
    ) -> tuple[MatchedOperation, ValidationResult]:
        """Return the first operation that allows a request, and its validation result; else the first operation."""
        if self._level == "off":
            return matches[0], ValidationResult()
        validated = []
        for match in matches:
            validated.append((match, self._validator.request(received, match, is_whole=True)))
            if validated[-1][1].is_valid:
                return validated[-1]
        return validated[0]

    def _without_operation(self, received: RecordedExchange) -> MockExchange:
        """Return the response to OPTIONS for a path without this method.

        Raises:
            ProblemError: The document has no such path, or the path has no such method.
        """
        request = received.request
        allowed = self._routes.allowed(request.url)
        if not allowed:
            raise ProblemError(404, "The document has no such path")
        listed = ", ".join(allowed)
        headers = [("Allow", listed)]
        if request.method == "OPTIONS":
            return _with_response(MockExchange(received), response_of(204, headers, b""), "")
        raise ProblemError(405, f"This path has {listed}, and not {request.method}", headers=headers)

    def _refused(
        self,
        exchange: MockExchange,
        match: MatchedOperation,
        validation: ValidationResult,
        accept: Sequence[str],
    ) -> MockExchange:
        """Return the documented response to an invalid request.

        Raises:
            ProblemError: The document has none.
        """
        rules = {finding.rule for finding in validation.findings}
        rule = next((item for item in (_UNAUTHORIZED, _UNSUPPORTED) if item in rules), _INVALID)
        headers = _challenges(match.operation) if rule == _UNAUTHORIZED else ()
        made = self._responses.failure(match, _STATUSES[rule], accept)
        if made is None:
            raise ProblemError(
                _STATUSES[rule][0],
                "The document does not allow this request, and has no response that says so",
                headers=headers,
                findings=[finding.as_json() for finding in validation.findings],
            )
        # A challenge made from the document has random values, which no client understands.
        kept = made.response.headers
        if headers:
            kept = tuple(header for header in kept if header[0].lower() != "www-authenticate")
        response = replace(made.response, headers=(*kept, *headers))
        return _with_made(exchange, replace(made, response=response), validation.findings)


def _with_made(exchange: MockExchange, made: MadeResponse, findings: Iterable[Finding]) -> MockExchange:
    """Return the exchange with a documented response, whose header lists the findings of the request."""
    if exchange.validation is not None:
        exchange.validation.extend(made.findings)
    messages = [f"{finding.pointer or 'body'}: {finding.message}" for finding in findings]
    reported: tuple[tuple[str, str], ...] = ()
    if messages:
        # Escaped as ASCII, because a header cannot hold other text (RFC 8941).
        text = json.dumps(messages)
        reported = (
            (FINDINGS_HEADER, text if len(text) <= _LONGEST_HEADER else json.dumps([messages[0][:500]])),
        )
    response = replace(made.response, headers=(*made.response.headers, *reported))
    return _with_response(exchange, response, made.source)


def _with_response(exchange: MockExchange, response: RecordedResponse, source: str) -> MockExchange:
    return replace(exchange, recorded=replace(exchange.recorded, response=response), source=source)


def _challenges(operation: Operation) -> tuple[tuple[str, str], ...]:
    """Return a `WWW-Authenticate` for each scheme that HTTP has a name for (RFC 9110, section 11.6.1)."""
    schemes = [scheme for alternative in operation.security for scheme in alternative]
    return tuple(("WWW-Authenticate", text) for text in dict.fromkeys(filter(None, map(_challenge, schemes))))


def _challenge(scheme: SecurityScheme) -> str:
    kind = kind_of(scheme)
    if scheme.type not in {"http", *WITH_TOKEN} or not kind.isalnum():
        return ""
    nonce = ', qop="auth", nonce="mock"' if kind == "digest" else ""
    return f'{kind.capitalize()} realm="mock"{nonce}'


class ShownMock(ShownExchange):
    """An exchange of a mock for the report, with the origin of the response's body."""

    def __init__(self, api: OpenedApi, exchange: MockExchange) -> None:
        recorded = exchange.recorded
        parts = split_url(recorded.request.url)
        target = f"{parts.path}?{parts.query}" if parts.query else parts.path
        sizes = len(recorded.content or b""), len((recorded.response and recorded.response.body) or b"")
        super().__init__(api, recorded, exchange.match, exchange.validation, target, sizes)
        self._source = exchange.source

    def outcome(self, paint: Painter) -> str:
        """Return the origin of the body, or the reason of an error."""
        return paint.dim(self.shown(self._source)) if self._source else ""

    def members(self) -> dict[str, Any]:
        """Return the origin as data."""
        return {"from": self._source or None}


async def _read_exchange(request: Request, limit: int) -> RecordedExchange:
    """Return a request with its complete, decoded body, and without a response.

    Args:
        limit: Maximum bytes of a body, before and after decoding.

    Raises:
        TooLargeError: The body is larger than the limit.
        BadEncodingError: The body does not have the encoding that its headers name.
        ClientDisconnect: The client disconnected before the end of the body.
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
    """Return the URL of a request as it was sent, percent-encoded, with a fixed host."""
    raw, query = scope["raw_path"], scope["query_string"]
    path = raw.decode("latin-1") if isinstance(raw, bytes) else ""
    if not path.startswith("/"):  # requests to a proxy have complete URLs (RFC 9112, section 3.2.2)
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


def mock_application(
    server: MockServer,
    report: Callable[[MockExchange], None],
    *,
    has_cors: bool = True,
    has_control: bool = True,
) -> ASGIApp:
    """Return the ASGI application of a mock.

    Args:
        report: Called with each exchange before its response is sent, one at a time and in a separate thread. If it
            raises an exception, the client gets a 500.
        has_cors: Whether pages of every origin may call the mock. Preflight requests then get a response.
        has_control: Whether programs on this machine may read and replace the state of the mock.
    """
    mock = _MockApplication(server, report)
    application: ASGIApp = mock
    if has_cors:
        application = _open_to_pages(application)
    if server.state is None or not has_control:
        return application
    # Outside the CORS middleware, which would open the state to pages of every origin.
    return ControlRoutes(application, server.state, mock.call)


def _open_to_pages(application: ASGIApp) -> ASGIApp:
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
        # A single thread uses the catalog and the validators, and does not block the loop.
        self._worker = ThreadPoolExecutor(1, "dynacli-mock")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        responded: RecordedExchange | MockExchange
        try:
            async with asyncio.timeout(_SECONDS_FOR_BODY):
                received = await _read_exchange(request, _LARGEST_BODY)
        except ClientDisconnect:
            return
        except TimeoutError:
            responded = _unread(request, ProblemError(408, "The body of the request did not come"))
        except TooLargeError:
            responded = _unread(request, ProblemError(413, f"A body has at most {_LARGEST_BODY:,} bytes"))
        except BadEncodingError as error:
            responded = _unread(request, ProblemError(415, f"The body cannot be decoded: {error}"))
        else:
            responded = received
        loop = asyncio.get_running_loop()
        response = await loop.run_in_executor(self._worker, self._finish, responded)
        if response is not None:
            await _sent_response(response)(scope, receive, send)

    async def call(self, function: Callable[[], Response]) -> Response:
        """Call a function in the thread that responds to requests."""
        return await asyncio.get_running_loop().run_in_executor(self._worker, function)

    def _finish(self, asked: RecordedExchange | MockExchange) -> RecordedResponse | None:
        """Make the response to a request if it has none yet, report the exchange, and return the response."""
        exchange = asked if isinstance(asked, MockExchange) else self._server.respond(asked)
        self._report(exchange)
        return exchange.recorded.response


def _unread(request: Request, problem: ProblemError) -> MockExchange:
    # The unread rest of the body would be taken for another request.
    problem.headers = (("Connection", "close"),)
    recorded = RecordedExchange(
        RecordedRequest(request.method, _url_of(request.scope)),
        content_loss=problem.detail,
        response=problem.response,
        started=time.time(),
    )
    return MockExchange(recorded, source=problem.detail)


def _sent_response(response: RecordedResponse) -> Response:
    content = response.body or b""
    # uvicorn drops the body of a response to HEAD, and keeps its length.
    made = Response(content, response.status)
    del made.headers["content-length"]
    raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in response.headers]
    if response.status not in {204, 304}:
        raw.append((b"Content-Length", b"%d" % len(content)))
    made.raw_headers = raw
    return made


class _Server(uvicorn.Server):
    """A uvicorn server that reports when it is ready, and stops at once.

    uvicorn itself checks every 100 ms whether to stop, waits for another 100 ms, and then for all responses without a
    limit. This class waits for an event, and gives open responses only `_GRACE` seconds.
    """

    def __init__(self, config: uvicorn.Config, on_ready: Callable[[Callable[[], None]], None]) -> None:
        super().__init__(config)
        self._on_ready = on_ready

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        # uvicorn's own method raises the signal again at the end; here the caller handles signals.
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
        with suppress(NotImplementedError):  # the event loop of Windows has no readers to remove
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


class _ReportingApplication:
    """An application that reports its exceptions. uvicorn then responds with 500, and serves the other clients."""

    def __init__(self, application: ASGIApp, announce: Callable[[Exception], None]) -> None:
        self._application, self._announce = application, announce

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Respond to a request."""
        try:
            await self._application(scope, receive, send)
        except Exception as error:
            self._announce(error)
            raise


def _run(application: ASGIApp, sock: socket.socket, on_ready: Callable[[Callable[[], None]], None]) -> None:
    """Run the server until any thread calls the function that `on_ready` gets."""
    config = uvicorn.Config(
        application,
        loop="asyncio",
        # The same parser on every machine, even if others are installed.
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
    application: ASGIApp,
    sock: socket.socket,
    on_ready: Callable[[Callable[[], None]], None],
    announce: Callable[[Exception], None],
) -> int | None:
    """Serve in the foreground until SIGINT or SIGTERM, or until the function of `on_ready` stops the server.

    Outside the main thread, signals cannot be handled and do not stop the server.

    Args:
        sock: A listening socket, which is closed at the end.
        on_ready: Called once when connections are accepted, with a function that stops the server.
        announce: Called with an exception of an exchange; the client gets 500.

    Returns:
        The number of the signal that stopped the server, while the process still runs; None without a signal.
    """
    signals: list[int] = []

    def is_ready(stop: Callable[[], None]) -> None:
        def end(number: int) -> None:
            signals.append(number)
            stop()

        handle_signals(end)
        on_ready(stop)

    with kept_handlers():
        _run(_ReportingApplication(application, announce), sock, is_ready)
    return signals[0] if signals else None
