"""One exchange on its way: the request to the upstream, and the response back, in pieces as they arrive.

Headers are forwarded as RFC 9110 requires of a proxy (section 7.6), and bodies keep their framing. Some requests are
refused: those that no proxy can forward, loops, and those that a policy denies. The policy of an API binds every way to
the API's server.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterable
from functools import wraps
from math import inf
from typing import Concatenate, ParamSpec, Protocol

from dynacli.client.call_settings import CallSettings
from dynacli.client.described_operation import DescribedOperation
from dynacli.client.operation_at import UndocumentedOperation
from dynacli.client.policy.permit_request import permit_request
from dynacli.errors import DynacliError, RefusedError
from dynacli.features.proxy._messages import (
    BadMessageError,
    BodyUntilEnd,
    MessageBody,
    MessageHead,
    OwnResponse,
    RequestHead,
    ResponseMessageHead,
    as_chunk,
    broken_upstream,
    defective,
    from_error,
    request_body,
    response_body,
    tokens,
)
from dynacli.features.proxy._validation_thread import CopyBudget, PassedExchange
from dynacli.features.proxy.upstream_server import UpstreamConnection, UpstreamServer
from dynacli.http.built_request import Request
from dynacli.http.serving import is_own_host
from dynacli.openapi.model.operation import Operation
from dynacli.record import record
from dynacli.registry.opened_api import OpenedApi
from dynacli.traffic.recorded_request import OperationFinder, RecordedRequest

_MOST_LOOKED_AT = 1024 * 1024
# RFC 9110, section 7.6.1; `Transfer-Encoding` stays, because the framing does.
_OF_CONNECTION = frozenset(
    (
        *(b"connection", b"keep-alive", b"proxy-connection", b"te", b"upgrade", b"http2-settings"),
        *(b"proxy-authenticate", b"proxy-authorization"),
    )
)
# A sender must not list these in `Connection`. Without them, the message would have another meaning.
_NEVER_OF_CONNECTION = frozenset({b"content-length", b"transfer-encoding", b"host"})
STALLED_SECONDS = 300.0
"""Seconds without a byte until a side is taken to have failed."""
LINGER_SECONDS = 5.0
"""Seconds for a client to finish a request that already has a response, or to leave."""
_REPEATABLE = frozenset({b"GET", b"HEAD", b"OPTIONS", b"TRACE"})


_P = ParamSpec("_P")


class PolicyCheck:
    """Applies the policy of the API to requests.

    Args:
        settings: The settings with the policy. They ask no question, because the client is not at this terminal.
        base: The base URL of the upstream.
        servers: The base URLs of the operations.
    """

    def __init__(self, api: OpenedApi, settings: CallSettings, base: str, servers: Iterable[str]) -> None:
        self._api, self._settings, self._base = api, settings, base
        self._finder = OperationFinder(api, servers)

    def __call__(self, passed: PassedExchange, body: bytes | None) -> OwnResponse | None:
        """Return the response to a request that the policy denies; None if it permits the request.

        Args:
            body: The body; None if it is too large to be checked.
        """
        method = passed.method.upper()  # as many servers read it
        headers = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in passed.headers)
        request = Request(method, passed.url, headers, body)
        match = self._finder.find_request(RecordedRequest(method, passed.url, headers))
        base = self._base if match is None else match.base
        try:
            described = (
                self._described(passed, method)
                if match is None
                else DescribedOperation(self._api, match.operation)
            )
            self._settings.permit(described)
            permit_request(described, self._settings, request, base, is_whole=body is not None)
        except RefusedError as error:
            return OwnResponse(403, "http_request_denied", error.message, error.reason, error.hint)
        return None

    def _described(self, passed: PassedExchange, method: str) -> DescribedOperation:
        # This path may be another spelling of an operation's path, so whatever is denied for any operation applies.
        path = passed.target.partition("?")[0]
        return UndocumentedOperation(self._api, Operation(f"{method} {path}", "", method, path))


class Upstream(Protocol):
    """The server that the proxy forwards to, as the gate needs it.

    Attributes:
        authority: The value of `Host` in requests to it.
    """

    authority: str

    def is_own(self, peer: object, own: object) -> bool:
        """Return whether a connection of a client comes from the proxy itself."""


class RequestGate:
    """Decides which requests are refused, and why.

    Attributes:
        most_looked_at: Maximum bytes of a body that the policy checks.

    Args:
        own_names: The host names of the proxy; None if a request may name any host.
        policy: The check by the policy; None if there is no policy.
    """

    most_looked_at = _MOST_LOOKED_AT

    def __init__(
        self,
        own_names: frozenset[str] | None,
        upstream: Upstream,
        policy: PolicyCheck | None,
    ) -> None:
        self._own_names, self._upstream, self._policy = own_names, upstream, policy

    def refusal(self, request: RequestHead, ends: tuple[object, object]) -> OwnResponse | None:
        """Return the response to a request that cannot be forwarded because of its start line or headers; else None.

        Args:
            ends: The address of the client, and the address that it connected to.
        """
        if self._upstream.is_own(*ends):
            return OwnResponse(
                508,
                "proxy_loop_detected",
                "The upstream is this proxy itself",
                "The proxy received its own request",
                "Start it with the URL of another server: `--upstream URL`",
            )
        if request.method == b"CONNECT":
            return OwnResponse(
                501,
                "http_request_error",
                "This proxy makes no tunnels",
                "It replaces one server",
                "Give the client its URL as the server's, not as a proxy's",
            )
        if request.has_token(b"upgrade", b"websocket"):
            return OwnResponse(
                501,
                "http_upgrade_failed",
                "WebSocket connections are not passed on",
                "What is sent over them is not HTTP, and no OpenAPI document describes it",
                "Give the client the server's own URL for them",
            )
        if b"#" in request.target:
            return OwnResponse(
                400,
                "http_request_error",
                "The target of the request has a `#`",
                "Servers differ in whether they take what follows for a part of the path",
                "Write it as `%23`",
            )
        if not _path_of_target(request.target):
            return OwnResponse(400, "http_request_error", "The target of the request is not a path")
        return self._misdirected(request)

    def _misdirected(self, request: RequestHead) -> OwnResponse | None:
        """Return the response to a request for another host.

        A page of any site can reach a server on loopback under its own name (DNS rebinding). The upstream could not
        notice that, because it gets another `Host`.
        """
        host = (_authority(request.target) or request.values.get(b"host", b"")).decode("latin-1")
        names = self._own_names
        if names is None or not host or host == self._upstream.authority or is_own_host(host, names):
            return None
        return OwnResponse(
            421,
            "http_request_denied",
            "The request names another host than this proxy",
            "A page of another site may have sent it, under a name that leads here",
            "Name 127.0.0.1 or localhost, or start the proxy with `--preserve-host`",
        )

    @property
    def wants_body(self) -> bool:
        """Whether bodies are checked before a request is forwarded: a field of them may override the method."""
        return self._policy is not None

    def policy_refusal(self, passed: PassedExchange, *, is_whole: bool) -> OwnResponse | None:
        """Return the response to a request that the policy denies; None if it permits the request.

        Args:
            is_whole: Whether the body is complete.
        """
        if self._policy is None:
            return None
        return self._policy(passed, passed.body.content if is_whole else None)


def of_connection(head: MessageHead | None = None) -> frozenset[bytes]:
    """Return the lower-case names of the headers that are about one connection (RFC 9110, section 7.6.1).

    Args:
        head: The message, which may name further ones; None for none.
    """
    if head is None:
        return _OF_CONNECTION
    return _OF_CONNECTION.union(tokens(head.values.get(b"connection", b""))) - _NEVER_OF_CONNECTION


def _path_of_target(target: bytes) -> bytes:
    """Return the path and the query of a request's target; empty if it has none (RFC 9112, section 3.2)."""
    if target.startswith(b"/") or target == b"*":
        return target
    scheme, mark, rest = target.partition(b"://")
    if not mark or scheme.lower() not in {b"http", b"https"}:
        return b""
    path = rest[len(_authority(target)) :]
    return path if path.startswith(b"/") else b"/" + path


def _authority(target: bytes) -> bytes:
    """Return the host in a request's target; empty if it has none."""
    _, _, rest = target.partition(b"://")
    return re.split(rb"[/?]", rest, maxsplit=1)[0] if not target.startswith(b"/") else b""


def _passed_lines(head: MessageHead, host: bytes = b"", *, is_unchunked: bool = False) -> bytes:
    """Return the lines of the headers for the other side, without those for the proxy.

    Args:
        host: The new value of `Host`; empty if it stays.
        is_unchunked: Whether the body is forwarded without its transfer encoding.
    """
    if _OF_CONNECTION.isdisjoint(head.values) and not host and not is_unchunked:
        return head.block
    dropped = of_connection(head)
    if is_unchunked:
        dropped = dropped.union((b"transfer-encoding", b"trailer"))
    lines = []
    for (name, _), line in zip(head.headers, head.block.splitlines(keepends=True), strict=True):
        key = name.lower()
        if key == b"host" and host:
            lines.append(b"%b: %b\r\n" % (name, host))
        elif key not in dropped:
            lines.append(line)
    return b"".join(lines)


def _passed_request(head: RequestHead, target: bytes, host: bytes, further: bytes) -> bytes:
    """Return the request line and the headers for the upstream.

    Args:
        host: The value of `Host`; empty if the client's own stays.
        further: Header lines for a proxy in between.
    """
    lines = _passed_lines(head, host)
    if host and b"host" not in head.values:
        lines = b"Host: %b\r\n%b" % (host, lines)  # a client that speaks HTTP/1.0
    if any(word.partition(b";")[0].strip() == b"trailers" for word in tokens(head.values.get(b"te", b""))):
        # Trailers are forwarded, so the upstream may send some (RFC 9110, section 10.1.4).
        further += b"TE: trailers\r\nConnection: TE\r\n"
    return b"%b %b HTTP/1.1\r\n%b%b\r\n" % (head.method, target, lines, further)


def _passed_interim(head: ResponseMessageHead) -> bytes:
    """Return the status line and the headers of an interim response (RFC 9110, section 15.2)."""
    return b"%b%b\r\n" % (head.line, _passed_lines(head))


def _passed_response(head: ResponseMessageHead, further: bytes, *, is_unchunked: bool) -> bytes:
    """Return the status line and the headers of a response for the client.

    Args:
        further: Lines about the connection with the client.
        is_unchunked: Whether the body is forwarded without its transfer encoding, which HTTP/1.0 does not have.
    """
    line = head.line if head.version == b"1.1" else b"HTTP/1.1" + head.line[8:]
    return b"%b%b%b\r\n" % (line, _passed_lines(head, is_unchunked=is_unchunked), further)


class _PassingResponse:
    """The response to one request. It is also copied to the passed exchange.

    Attributes:
        has_begun: Whether its headers have arrived.
        leaves_connection: Whether the connection can serve another exchange.

    Args:
        request: The request line and the headers of the request.
    """

    def __init__(self, request: RequestHead, passed: PassedExchange) -> None:
        self._request, self._passed = request, passed
        self._is_old = request.version == b"1.0"
        self.has_begun = self.leaves_connection = False
        self._body: MessageBody | None = None

    @property
    def is_over(self) -> bool:
        """Whether the response is complete."""
        return self._body is not None and self._body.is_over

    def take(self, received: bytearray, *, must_close: bool) -> bytes:
        """Take received bytes, and return the bytes for the client.

        Args:
            must_close: Whether the connection with the client ends after the response.

        Raises:
            BadMessageError: The bytes are not a response of HTTP/1.1.
        """
        pieces: list[bytes] = []
        while self._body is None:
            head = ResponseMessageHead.taken(received)
            if head is None:
                return b"".join(pieces)
            pieces.append(self._head(head, must_close=must_close))
        piece, content = self._body.take(received)
        self._passed.response_body.add(content)
        if self._is_old:
            piece = content
        elif isinstance(self._body, BodyUntilEnd):
            piece = as_chunk(piece)
        return b"".join((*pieces, piece))

    def _head(self, head: ResponseMessageHead, *, must_close: bool) -> bytes:
        if head.status == 101:
            raise BadMessageError("it switches to another protocol")
        if head.status < 200:
            return b"" if self._is_old else _passed_interim(head)
        self._passed.begin_response(head)
        self._body = response_body(head, self._request.method)
        is_until_end = isinstance(self._body, BodyUntilEnd)
        self.has_begun, self.leaves_connection = True, not head.closes and not is_until_end
        further = b"Transfer-Encoding: chunked\r\n" if is_until_end and not self._is_old else b""
        if must_close:
            further += b"Connection: close\r\n"
        return _passed_response(head, further, is_unchunked=self._is_old)

    def end(self) -> bytes | None:
        """Return the last bytes for the client after the upstream closed the connection; None if that is too early."""
        if not isinstance(self._body, BodyUntilEnd):
            return None
        self._body.is_over = True
        return b"" if self._is_old else b"0\r\n\r\n"


class Deadline:
    """Calls a function at a certain time.

    Moving the time costs a comparison: the timer of the event loop stays, and checks the time when it fires.
    """

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._at, self._on_time = inf, self.clear
        self._timer: asyncio.TimerHandle | None = None

    def move(self, seconds: float, on_time: Callable[[], None]) -> None:
        """Set the time to a number of seconds from now.

        Args:
            on_time: The function to call.
        """
        self._at, self._on_time = self._loop.time() + seconds, on_time
        if self._timer is None or self._timer.when() > self._at:
            self._start()

    def clear(self) -> None:
        """Remove the deadline."""
        self._at, self._on_time = inf, self.clear

    def end(self) -> None:
        """Remove the deadline and its timer."""
        self.clear()
        if self._timer is not None:
            self._timer.cancel()

    def _start(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_at(self._at, self._look)

    def _look(self) -> None:
        self._timer = None
        if self._at == inf:
            return
        if self._at > self._loop.time():
            self._start()
            return
        on_time = self._on_time
        self.clear()
        on_time()


class Client(Protocol):
    """The connection of a client as an exchange uses it.

    Attributes:
        ends: The address of the client, and the address that it connected to.
        deadline: The time limit for the next action of the client or the upstream.
        must_close: Whether the connection ends after the exchange.
        has_ended: Whether the client sends nothing more.
        is_full: Whether the client reads too slowly.
    """

    ends: tuple[object, object]
    deadline: Deadline
    must_close: bool
    has_ended: bool
    is_full: bool

    def write(self, data: bytes) -> None:
        """Send something to the client."""

    def give(self, response: OwnResponse, *, is_to_head: bool = False) -> None:
        """Send a response of the proxy itself."""

    def hold(self, *, is_held: bool) -> None:
        """Pause or resume reading from the client."""

    def exchange_over(self, *, is_read: bool) -> None:
        """Go on to the next request."""

    def close(self) -> None:
        """Close the connection after everything was sent."""

    def abort(self) -> None:
        """Close the connection at once."""


@record
class Passage:
    """The parts that all exchanges share.

    Args:
        gate: Decides which requests are refused.
        budget: The memory for copies of bodies.
        on_begin: Called when an exchange begins.
        on_end: Called with each exchange when it is over.
        on_defect: Called with an unexpected exception that belongs to no exchange.
        keeps_host: Whether the upstream gets the client's `Host`.
        seconds: Time limit for the headers of the upstream's response.
    """

    upstream: UpstreamServer
    gate: RequestGate
    budget: CopyBudget
    on_begin: Callable[[], None]
    on_end: Callable[[PassedExchange], None]
    on_defect: Callable[[BaseException], None]
    keeps_host: bool
    seconds: float


def _guarded(
    step: Callable[Concatenate[PassingExchange, _P], None],
) -> Callable[Concatenate[PassingExchange, _P], None]:
    """Make an unexpected exception of a step end only its exchange, and never the proxy."""

    @wraps(step)
    def guarded(exchange: PassingExchange, /, *args: _P.args, **kwargs: _P.kwargs) -> None:
        try:
            step(exchange, *args, **kwargs)
        except Exception as error:  # noqa: BLE001  - it is reported with the exchange
            exchange.fail(error)

    return guarded


class PassingExchange:
    """Forwards one request, and its response back.

    Attributes:
        head: The request line and the headers of the request.
        passed: The record of the exchange, for the validation.
    """

    def __init__(self, passage: Passage, client: Client, head: RequestHead) -> None:
        self._passage, self._client, self.head = passage, client, head
        self._path = _path_of_target(head.target)
        method, target = head.method.decode("ascii"), self._path.decode("latin-1")
        url = passage.upstream.url(self._path)
        self.passed = PassedExchange(method, target, url, head.headers, passage.budget)
        self._body = request_body(head)
        self._unsent: list[bytes] = []
        self._is_over = self._upstream_is_full = False
        self._opening: asyncio.Task[None] | None = None
        self._connection: UpstreamConnection | None = None
        self._response = _PassingResponse(head, self.passed)
        passage.on_begin()

    @property
    def is_read(self) -> bool:
        """Whether the request is complete."""
        return self._body.is_over

    @_guarded
    def begin(self, received: bytearray) -> None:
        """Begin with the bytes that followed the headers."""
        gate, head = self._passage.gate, self.head
        refusal = gate.refusal(head, self._client.ends)
        piece = self._take(received)
        if self._is_over:
            return
        # Reading may be paused, if the request came before the previous response was sent.
        self._client.hold(is_held=False)
        if refusal is not None:
            self._refuse(refusal)
            return
        if head.has_token(b"expect", b"100-continue") and not piece and gate.wants_body:
            self._client.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        self._unsent.append(piece)
        self._hold_against_policy()

    @_guarded
    def request_came(self, received: bytearray) -> None:
        """Pass on received bytes of the body."""
        piece = self._take(received)
        if self._is_over:
            return
        if self._connection is not None:
            if self._connection.is_open:
                self._connection.transport.write(piece)
            # If the upstream has closed, the rest is read anyway, so that the client goes on to its response.
            if self.passed.is_complete and self._body.is_over:
                self._finish()
            else:
                self.wait()
            return
        self._unsent.append(piece)
        self._hold_against_policy()

    def _take(self, received: bytearray) -> bytes:
        try:
            piece, content = self._body.take(received)
        except BadMessageError as error:
            self._refuse(OwnResponse(400, "http_request_error", "The request is not HTTP/1.1", error.reason))
            return b""
        if self._body.has_trailers and self._passage.gate.wants_body:
            reason = "A server may take them for headers, which a policy is about"
            self._refuse(OwnResponse(400, "http_request_error", "The request has trailers", reason))
            return b""
        self.passed.body.add(content)
        return piece

    def _hold_against_policy(self) -> None:
        """Apply the policy to the request, as soon as enough of it has arrived."""
        gate, passed = self._passage.gate, self.passed
        is_small = passed.body.size <= gate.most_looked_at
        if not self._body.is_over and is_small and gate.wants_body:
            self.wait()
            return
        refusal = gate.policy_refusal(passed, is_whole=self._body.is_over and is_small)
        if refusal is not None:
            self._refuse(refusal)
            return
        self._connect(self._passage.upstream.idle())

    def _refuse(self, response: OwnResponse) -> None:
        self.passed.refusal = response.sentence
        self._give(response)

    def _connect(self, idle: UpstreamConnection | None) -> None:
        if idle is not None:
            self._send(idle)
            return
        self._client.hold(is_held=True)
        self._client.deadline.clear()  # connecting has its own time limit
        self._opening = asyncio.get_running_loop().create_task(self._open())

    async def _open(self) -> None:
        upstream = self._passage.upstream
        try:
            connection = await upstream.connect()
        except DynacliError as error:
            if not self._is_over:
                self._client.hold(is_held=False)
                self.passed.error = error.message
                self._give(from_error(error))
            return
        except Exception as error:  # noqa: BLE001  - it is reported with the exchange
            self.fail(error)
            return
        if self._is_over:
            upstream.keep(connection)  # for another client; this one has left
            return
        self._client.hold(is_held=False)
        self._send(connection)

    @_guarded
    def _send(self, connection: UpstreamConnection) -> None:
        """Send the part of the request that has arrived."""
        self._connection, passage = connection, self._passage
        is_kept = passage.keeps_host and b"host" in self.head.values  # HTTP/1.0 needs no `Host`
        host = b"" if is_kept else passage.upstream.authority.encode()
        target, further = passage.upstream.target(self._path), passage.upstream.further_headers
        # A single write, and so a single packet, for most requests.
        request = b"".join((_passed_request(self.head, target, host, further), *self._unsent))
        if not self._body.is_over:
            self._unsent.clear()  # a complete request is kept, to repeat it if necessary
        self.wait()
        connection.serve(self, request)

    @_guarded
    def response_came(self, received: bytearray) -> None:
        """Pass on received bytes of the response."""
        response, client = self._response, self._client
        if self.passed.is_complete:
            # The upstream sends more than its response, while the client still sends its request.
            if self._connection is not None:
                self._connection.abort()
            return
        try:
            client.write(response.take(received, must_close=client.must_close))
        except BadMessageError as error:
            self._break_off(f"What it sent is not HTTP/1.1: {error.reason}")
            return
        if response.is_over:
            self._complete()
        else:
            self.wait()

    def _complete(self) -> None:
        self.passed.is_complete = True
        if self._body.is_over:
            self._finish()
        else:
            self.wait()

    def _finish(self) -> None:
        self._end(is_kept=self._response.leaves_connection)
        self._client.exchange_over(is_read=True)

    @_guarded
    def upstream_ended(self, *, is_broken: bool) -> None:
        """Note that the upstream sends nothing more.

        Args:
            is_broken: Whether the connection broke.
        """
        connection, last = self._connection, None if is_broken else self._response.end()
        if last is not None:
            self._client.write(last)
            self._complete()
        elif connection is not None and connection.is_reused and self._may_repeat():
            # A server may close an idle connection at the moment of its next use (RFC 9110, section 9.2.2).
            self._connection = None
            connection.abort()
            self._connect(None)
        elif not self.passed.is_complete:
            self._break_off("It closed the connection before all of it came")

    def _may_repeat(self) -> bool:
        return not self._response.has_begun and self._body.is_over and self.head.method in _REPEATABLE

    def _break_off(self, reason: str) -> None:
        """End the exchange after a failure of the upstream."""
        self.passed.is_broken_off = True
        self._give(broken_upstream(reason))

    @_guarded
    def client_is_full(self, *, is_full: bool) -> None:
        """Read the response only as fast as the client takes it."""
        connection = self._connection
        if connection is not None:
            (connection.transport.pause_reading if is_full else connection.transport.resume_reading)()
            self.wait()

    @_guarded
    def upstream_is_full(self, *, is_full: bool) -> None:
        """Read the request only as fast as the upstream takes it."""
        self._upstream_is_full = is_full
        self._client.hold(is_held=is_full)
        self.wait()

    def _give(self, response: OwnResponse) -> None:
        """End the exchange with a response of the proxy itself, unless the upstream's response has begun."""
        self._end()
        client, is_read = self._client, self._body.is_over
        if self._response.has_begun:
            client.close()
            return
        client.must_close |= not is_read
        client.give(response, is_to_head=self.head.method == b"HEAD")
        client.exchange_over(is_read=is_read)

    def leave(self, who: str) -> None:
        """End the exchange, because one side has left.

        Args:
            who: The side that left.
        """
        if not self._is_over:
            self.passed.ended_by = who
            self._end()

    def fail(self, error: Exception) -> None:
        """End the exchange after an unexpected exception."""
        if self._is_over:
            self._client.abort()
            return
        response = defective(error)
        self.passed.error = response.sentence
        self._give(response)

    def _end(self, *, is_kept: bool = False) -> None:
        """Note that the exchange is over.

        Args:
            is_kept: Whether the connection with the upstream may serve another one.
        """
        connection, self._connection, self._is_over = self._connection, None, True
        if connection is not None and is_kept:
            self._passage.upstream.keep(connection)
        elif connection is not None:
            connection.abort()
        self._client.deadline.clear()
        self._client.hold(is_held=False)
        self.passed.end()
        self._passage.on_end(self.passed)

    def wait(self) -> None:
        """Set the time limit for the next event."""
        client, deadline = self._client, self._client.deadline
        if self.passed.is_complete:
            deadline.move(LINGER_SECONDS, self._leave_the_rest)
        elif client.has_ended:
            deadline.move(LINGER_SECONDS, self._lose_client)
        elif self._upstream_is_full:
            deadline.move(STALLED_SECONDS, self._lose_upstream)
        elif not self._body.is_over:
            deadline.move(STALLED_SECONDS, self._refuse_the_rest)
        elif not self._response.has_begun:
            deadline.move(self._passage.seconds, self._miss_response)
        elif client.is_full:
            deadline.move(STALLED_SECONDS, self._lose_client)
        else:
            deadline.clear()  # a stream may last for ever

    @_guarded
    def _leave_the_rest(self) -> None:
        self._end()
        self._client.exchange_over(is_read=False)

    @_guarded
    def _lose_client(self) -> None:
        self.leave("the client")
        self._client.abort()

    @_guarded
    def _lose_upstream(self) -> None:
        self._break_off("It stopped reading the request")

    @_guarded
    def _refuse_the_rest(self) -> None:
        self._refuse(OwnResponse(408, "http_request_error", "The client sent nothing more of its request"))

    @_guarded
    def _miss_response(self) -> None:
        self.passed.error = f"The server did not respond within {self._passage.seconds:g} s"
        title = "The upstream did not respond in time"
        self._give(OwnResponse(504, "http_response_timeout", title, self.passed.error))
