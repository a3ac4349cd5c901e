"""One run of the proxy: accepts connections, forwards requests, and validates and reports exchanges."""

from __future__ import annotations

import asyncio
import socket
import sys
from collections.abc import Callable
from typing import Any, Protocol, cast

from dynacli.client.call_settings import CallSettings
from dynacli.errors import DynacliError, InternalError
from dynacli.features.check.recordings import RecordingValidator
from dynacli.features.proxy._messages import (
    BadMessageError,
    OwnResponse,
    RequestHead,
    defective,
    no_room,
    own_response,
)
from dynacli.features.proxy._passing_exchange import (
    LINGER_SECONDS,
    STALLED_SECONDS,
    Client,
    Deadline,
    Passage,
    PassingExchange,
    PolicyCheck,
    RequestGate,
)
from dynacli.features.proxy._validation_thread import (
    CopyBudget,
    PassedExchange,
    ValidationThread,
    recorded_exchange,
)
from dynacli.features.proxy.upstream_server import MOST_WAITING, UpstreamServer
from dynacli.http.serving import handle_signals, kept_handlers
from dynacli.record import record
from dynacli.registry.opened_api import OpenedApi
from dynacli.text.terminal import Painter
from dynacli.traffic.recorded_request import RecordedExchange
from dynacli.traffic.validate_exchange import ShownExchange, ValidatedExchange
from dynacli.urls import is_loopback, origin_of, split_url

_IDLE_SECONDS = 75.0
"""Time limit in seconds for the headers of a client's next request."""
_MOST_CONNECTIONS = 400
"""Maximum number of clients. An exchange takes two descriptors, and a process usually has 1,024."""
_GRACE = 0.5
"""Seconds for exchanges in progress after the signal to end."""
_REPETITION = 0.1
"""Seconds in which a second signal is ignored: a parent process may repeat the signal of the terminal."""
_LOOKS = 50
"""Number of checks, within `_GRACE`, whether the exchanges are over."""
_SWITCH_SECONDS = 0.00002
"""Maximum seconds that another thread may hold the interpreter.

Python's default is 5 ms. Beside a busy validator, 50 parallel requests took 45 ms each with 0.5 ms, and 25 ms with
this value.
"""


class ClientExchange(Protocol):
    """One request of a client, and its response.

    Attributes:
        head: The request line and the headers of the request.
    """

    head: RequestHead

    @property
    def is_read(self) -> bool:
        """Whether the request is complete."""

    def begin(self, received: bytearray) -> None:
        """Begin with the bytes that followed the headers."""

    def request_came(self, received: bytearray) -> None:
        """Take received bytes of the body."""

    def client_is_full(self, *, is_full: bool) -> None:
        """Read the response only as fast as the client takes it."""

    def wait(self) -> None:
        """Set the time limit for the next event."""

    def leave(self, who: str) -> None:
        """End the exchange, because one side has left."""


BeginExchange = Callable[[Client, RequestHead], ClientExchange]


class ClientConnection(asyncio.Protocol):
    """Handles the requests of one client.

    This is a protocol, without tasks and streams. A task for each exchange, and a wait for each piece, would cost more
    time than everything else here.

    Attributes:
        ends: The address of the client, and the address that it connected to.
        deadline: The time limit for the next action of the client or the upstream.
        exchange: The exchange in progress; None between two requests.
        must_close: Whether the connection ends after the exchange.
        has_ended: Whether the client sends nothing more.
        is_full: Whether the client reads too slowly.

    Args:
        begin_exchange: Returns the exchange for the headers of a request.
        connections: All open connections. This one adds itself while it is open.
    """

    _transport: asyncio.Transport

    def __init__(self, begin_exchange: BeginExchange, connections: set[ClientConnection]) -> None:
        self._begin_exchange, self._connections = begin_exchange, connections
        self._received = bytearray()
        self.ends: tuple[object, object] = (None, None)
        self.deadline = Deadline()
        self.exchange: ClientExchange | None = None
        self.must_close = self.has_ended = self.is_full = self._is_over = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Wait for the first request, or refuse a client above the limit."""
        self._transport = cast("asyncio.Transport", transport)
        self.ends = transport.get_extra_info("peername"), transport.get_extra_info("sockname")
        self._transport.set_write_buffer_limits(high=MOST_WAITING)
        is_one_too_many = len(self._connections) >= _MOST_CONNECTIONS
        self._connections.add(self)
        if is_one_too_many:
            heads = [
                connection.exchange.head
                for connection in self._connections
                if connection.exchange is not None
            ]
            self._refuse(no_room(heads, _MOST_CONNECTIONS))
        else:
            self._wait()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  - an end is an end
        """Note that the connection has ended."""
        self._is_over = True
        self.deadline.end()
        self._connections.discard(self)
        if self.exchange is not None:
            self.exchange.leave("the client")

    def data_received(self, data: bytes) -> None:
        """Handle received bytes."""
        if self._is_over:
            return  # the rest of a request that already has a response
        self._received += data
        if self.exchange is None:
            self._next()
        elif not self.exchange.is_read:
            self.exchange.request_came(self._received)
        if len(self._received) > MOST_WAITING:
            self.hold(is_held=True)

    def eof_received(self) -> bool:
        """Note that the client sends nothing more. It may still wait for its response."""
        self.has_ended = True
        if self._is_over or self.exchange is None or not self.exchange.is_read:
            return False
        self.exchange.wait()
        return True

    def pause_writing(self) -> None:
        """Pause reading the response, because the client reads too slowly."""
        self.is_full = True
        if self.exchange is not None:
            self.exchange.client_is_full(is_full=True)

    def resume_writing(self) -> None:
        """Resume reading the response."""
        self.is_full = False
        if self.exchange is not None:
            self.exchange.client_is_full(is_full=False)
        else:
            self._next()

    def _wait(self) -> None:
        self.deadline.move(_IDLE_SECONDS, self.abort)

    def _next(self) -> None:
        """Begin with the next request, if its headers are complete."""
        if self.exchange is not None or self.is_full or self._is_over:
            return
        try:
            head = RequestHead.taken(self._received)
        except BadMessageError as error:
            is_large = error.status == 431
            title = "The headers of the request are too large" if is_large else "The request is not HTTP/1.1"
            self._refuse(OwnResponse(error.status, "http_request_error", title, error.reason))
            return
        except Exception as error:  # noqa: BLE001  - the client gets an error, and the proxy serves the others
            self._refuse(defective(error))
            return
        if head is None:
            self.hold(is_held=False)
            if self.has_ended:
                self.close()
            return
        self.must_close = head.closes
        try:
            self.exchange = self._begin_exchange(self, head)
        except Exception as error:  # noqa: BLE001  - the client gets an error, and the proxy serves the others
            self._refuse(defective(error))
            return
        self.exchange.begin(self._received)

    def _refuse(self, response: OwnResponse) -> None:
        self.must_close = True
        self.give(response)
        self._linger()

    def write(self, data: bytes) -> None:
        """Send something to the client."""
        if data:
            self._transport.write(data)

    def give(self, response: OwnResponse, *, is_to_head: bool = False) -> None:
        """Send a response of the proxy itself.

        Args:
            is_to_head: Whether the method is HEAD, so that the body is left out.
        """
        self.write(own_response(response, must_close=self.must_close, is_to_head=is_to_head))

    def hold(self, *, is_held: bool) -> None:
        """Pause or resume reading from the client."""
        # Requests that were sent in advance must be handled before more are read.
        is_held |= len(self._received) > MOST_WAITING
        (self._transport.pause_reading if is_held else self._transport.resume_reading)()

    def exchange_over(self, *, is_read: bool) -> None:
        """Continue with the next request.

        Args:
            is_read: Whether the request was read completely.
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
        """Read on for a while: closing the connection while the client sends would discard the response."""
        self._is_over = True
        self._received.clear()
        if self.has_ended:
            self.close()
            return
        self.hold(is_held=False)
        self._transport.write_eof()
        self.deadline.move(LINGER_SECONDS, self.abort)

    def close(self) -> None:
        """Close the connection after everything was sent."""
        self._is_over = True
        self._transport.close()
        self.deadline.move(STALLED_SECONDS, self.abort)

    def abort(self) -> None:
        """Close the connection at once."""
        self._transport.abort()

    def end(self) -> None:
        """Close the connection when the proxy ends."""
        if self.exchange is not None:
            self.exchange.leave("the end of the proxy")
        self.abort()


@record
class Service:
    """The steps of a server for its clients.

    Args:
        begin_exchange: Returns the exchange for the headers of a request.
        on_defect: Called with an unexpected exception that belongs to no exchange.
        on_end: Called in the event loop when no client is connected any more.
        on_signal: Called with the number of a signal; returns whether the server ends.
    """

    begin_exchange: BeginExchange
    on_defect: Callable[[BaseException], None]
    on_end: Callable[[], None]
    on_signal: Callable[[int], bool] = lambda _: True


def serve_clients(
    service: Service, sock: socket.socket, on_ready: Callable[[Callable[[], None]], None]
) -> None:
    """Serve in the foreground until SIGINT or SIGTERM.

    Args:
        sock: A listening socket, which is closed at the end.
        on_ready: Called once when connections are accepted, with a function that stops the server from any thread.
    """
    interval = sys.getswitchinterval()
    # With this, the validating thread releases the interpreter soon after bytes arrive.
    sys.setswitchinterval(_SWITCH_SECONDS)
    try:
        with kept_handlers():
            asyncio.run(_serve(service, sock, on_ready))
    finally:
        sys.setswitchinterval(interval)


async def _serve(
    service: Service, sock: socket.socket, on_ready: Callable[[Callable[[], None]], None]
) -> None:
    loop, ended = asyncio.get_running_loop(), asyncio.Event()
    connections: set[ClientConnection] = set()

    def note_defect(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        # asyncio closes the connection, if the exception belongs to one, and continues.
        defect = context.get("exception")
        if defect is None:
            loop.default_exception_handler(context)
        elif not isinstance(defect, OSError):  # too many open files, or a broken connection
            service.on_defect(defect)

    def stop() -> None:
        loop.call_soon_threadsafe(ended.set)

    loop.set_exception_handler(note_defect)

    def end_by_signal(number: int) -> None:
        if service.on_signal(number):
            ended.set()

    server = await loop.create_server(
        lambda: ClientConnection(service.begin_exchange, connections), sock=sock
    )
    try:
        handle_signals(end_by_signal)
        on_ready(stop)
        await ended.wait()
    finally:
        server.close()
        # While the loop runs, a second signal changes nothing.
        await asyncio.sleep(_REPETITION)
        for _ in range(_LOOKS):
            if not any(connection.exchange for connection in connections):
                break
            await asyncio.sleep(_GRACE / _LOOKS)
        for connection in tuple(connections):
            connection.end()
        service.on_end()
        await asyncio.sleep(0)  # a connection that was ended is closed in the next turn


class ShownPassage(ShownExchange):
    """An exchange for the report, with the reason if it was refused or interrupted.

    Args:
        validated: None if it belongs to no operation; without a result if it was not validated.
    """

    def __init__(
        self,
        api: OpenedApi,
        passed: PassedExchange,
        recorded: RecordedExchange,
        validated: ValidatedExchange | None,
    ) -> None:
        match, validation = (None, None) if validated is None else (validated.match, validated.validation)
        sizes = passed.body.size, passed.response_body.size
        super().__init__(api, recorded, match, validation, passed.target, sizes)
        self._passed, self._validated = passed, validated

    def members(self) -> dict[str, Any]:
        """Return the reasons if it was refused or interrupted."""
        return {"refused": self._passed.refusal or None, "error": self._error() or None}

    def not_validated(self) -> list[str]:
        """Return the reasons why something was not validated. A reason for the whole exchange comes first."""
        reasons = [self._passed.skipped] if self._passed.skipped else []
        return list(dict.fromkeys([*reasons, *super().not_validated()]))

    def _error(self) -> str:
        passed = self._passed
        if passed.error or passed.is_complete or passed.refusal:
            return passed.error
        return f"{passed.ended_by or 'the server'} ended it early"

    def outcome(self, paint: Painter) -> str:
        """Return the result in a few words."""
        passed, count = self._passed, len(self.validation.findings)
        words = []
        if passed.refusal:
            words.append(paint.yellow(f"refused: {self.shown(passed.refusal)}"))
        elif error := self._error():
            words.append(paint.yellow(self.shown(error)))
        if count:
            words.append(paint.red(f"{count:,} findings" if count > 1 else "1 finding"))
        not_validated = self.not_validated()
        if not_validated:
            more = f", and {len(not_validated) - 1} more" if len(not_validated) > 1 else ""
            words.append(f"not all validated: {self.shown(not_validated[0])}{more}")
        if not words and self.has_validation:
            is_validated = self._validated is not None and self._validated.is_validated
            words.append(paint.green("ok") if is_validated else "not validated: the status is not documented")
        return ", ".join(words)


@record
class ProxySettings:
    """The settings of a proxy.

    Args:
        host: The host that it listens at, as it was given.
        keeps_host: Whether the upstream gets the client's `Host`.
        seconds: Time limit for the headers of the upstream's response.
    """

    host: str
    keeps_host: bool
    seconds: float


def run_proxy(
    api: OpenedApi,
    settings: CallSettings,
    proxy: ProxySettings,
    upstream: UpstreamServer,
    sock: socket.socket,
    *,
    announce: Callable[[ShownPassage], None],
    warn: Callable[[str], None],
    on_ready: Callable[[], None],
) -> tuple[RecordingValidator, int]:
    """Forward requests until SIGINT or SIGTERM, and validate all exchanges.

    Args:
        sock: A listening socket, which is closed at the end.
        announce: Called with each exchange, in a separate thread. A `DynacliError` or `OSError` ends the run, because
            nothing more can be written.
        warn: Called with a message about an unexpected exception; the run goes on.
        on_ready: Called once when connections are accepted.

    Returns:
        The validator with its results, and the number of exchanges that came too fast to be validated.

    Raises:
        UsageError: The upstream is the proxy itself.
        KeyboardInterrupt: A second signal came before everything was validated.
    """
    upstream.check_that_it_is_not(sock)
    servers = _bases(api, upstream.base)
    validator = RecordingValidator(api, settings, servers, is_whole=True)

    def reported(passed: PassedExchange) -> ShownPassage:
        recorded = recorded_exchange(passed)
        validated = None
        try:
            validated = (validator.unvalidated if passed.refusal or passed.skipped else validator.add)(
                recorded
            )
        except Exception as error:  # noqa: BLE001  - the exchange is reported as not validated
            passed.skipped = InternalError.caused_by(error).line
        return ShownPassage(api, passed, recorded, validated)

    def validate_and_report(passed: PassedExchange) -> None:
        try:
            announce(reported(passed))
        except (DynacliError, OSError):
            raise  # nothing can be written any more
        except Exception as error:  # noqa: BLE001  - the others are validated
            warn(f"`{passed.method}`: an exchange was not validated: {InternalError.caused_by(error).line}")

    check = _policy_check(api, settings, upstream.base, servers)
    lost = _forward(proxy, upstream, sock, check, validate_and_report, warn, on_ready)
    return validator, lost


def forward_requests(
    proxy: ProxySettings,
    upstream: UpstreamServer,
    sock: socket.socket,
    *,
    receive: Callable[[RecordedExchange], None],
    warn: Callable[[str], None],
    on_ready: Callable[[], None],
) -> int:
    """Forward requests until SIGINT or SIGTERM, without a document.

    Args:
        sock: A listening socket, which is closed at the end.
        receive: Called with each exchange that was forwarded, in a separate thread.
        warn: Called with a message about an unexpected exception; the run goes on.
        on_ready: Called once when connections are accepted.

    Returns:
        The number of exchanges that came too fast.

    Raises:
        UsageError: The upstream is the proxy itself.
    """
    upstream.check_that_it_is_not(sock)

    def forwarded(passed: PassedExchange) -> None:
        if not passed.refusal and not passed.skipped:
            receive(recorded_exchange(passed))

    return _forward(proxy, upstream, sock, None, forwarded, warn, on_ready)


def _bases(api: OpenedApi, base: str) -> frozenset[str]:
    """Return the base URLs of operations: the upstream's, and each path of a document's server at its origin."""
    origin, paths = origin_of(base), (split_url(server.url).path for server in api.servers)
    return frozenset({base, *(f"{origin}{path.rstrip('/')}" for path in paths if path.startswith("/"))})


def _policy_check(
    api: OpenedApi, settings: CallSettings, base: str, servers: frozenset[str]
) -> PolicyCheck | None:
    if settings.policy is None and settings.others is None:
        return None

    return PolicyCheck(api, settings, base, servers)


def _forward(
    proxy: ProxySettings,
    upstream: UpstreamServer,
    sock: socket.socket,
    check: PolicyCheck | None,
    take: Callable[[PassedExchange], None],
    warn: Callable[[str], None],
    on_ready: Callable[[], None],
) -> int:
    """Forward requests until the end, and return the number of exchanges that came too fast.

    Args:
        check: The check by the policy; None if there is no policy.
        take: Called with each exchange, in a separate thread.
    """

    def note_defect(error: BaseException) -> None:
        warn(f"A connection was closed: {InternalError.caused_by(error).line}")

    budget = CopyBudget()
    thread = ValidationThread(take, budget)
    names = frozenset({proxy.host.lower()}) if is_loopback(proxy.host) and not proxy.keeps_host else None
    gate = RequestGate(names, upstream, check)
    passage = Passage(
        upstream, gate, budget, thread.begin, thread.put, note_defect, proxy.keeps_host, proxy.seconds
    )

    def is_ready(stop: Callable[[], None]) -> None:
        thread.start_with(stop)
        on_ready()

    def begin_exchange(client: Client, head: RequestHead) -> ClientExchange:
        return PassingExchange(passage, client, head)

    try:
        serve_clients(Service(begin_exchange, note_defect, upstream.close), sock, is_ready)
    finally:
        thread.finish()
    return thread.lost
