"""One HTTP exchange: its limits, its response, the client that makes it, and a time limit for the whole of it.

The client is httpx without its own redirects, credentials, cookies and decoding.
httpx limits each read, not their sum, and nothing limits the look-up of a host name.
So the exchange runs in a thread of its own, and the thread that waits for it can give up:
it cuts the connections, which ends the exchange's thread too.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar, cast

import dynacli
from dynacli.errors import RefusedError
from dynacli.http.built_request import Request
from dynacli.http.failures import from_client_setup, timed_out
from dynacli.http.semantics import JSON_LINES, SAFE_METHODS
from dynacli.record import record
from dynacli.urls import origin_of, socket_of, split_url, url_on_the_wire, without_query

if TYPE_CHECKING:
    import socket
    import ssl

    from dynacli.http.import_httpx import httpx
    from dynacli.http.rate_limit import RateLimit

_T = TypeVar("_T")
REDIRECTS = frozenset({301, 302, 303, 307, 308})
_GRACE_SECONDS = 0.5
"""How long to wait for a thread whose connections were cut; only the look-up of a host name takes longer."""
MIB = 1024 * 1024
RENDER_LIMIT = 64 * MIB
CONNECT_SECONDS = 10.0
PASSING = frozenset({408, 425, 429, 502, 503, 504})
"""Statuses after which the same request may go well a little later."""
_SERVER_ERROR = 500


class Login(Protocol):
    """Signs the requests of a call in."""

    def signed(self, request: Request) -> Request:
        """Return a request as it is sent; called for each, redirected and repeated ones included."""

    def wants_again(self, request: Request, status: int, headers: Iterable[tuple[str, str]]) -> bool:
        """Return whether the request is signed and sent again; called with each response.

        Args:
            request: As it was before it was signed.
            status: Of the response.
            headers: Of the response, in their order.
        """


class Certificates(Protocol):
    """The certificates that connections show and trust."""

    def context(self, origin: str) -> ssl.SSLContext | None:
        """Return what a connection to an origin is made with; None for the authorities of the system."""


def open_client(
    server: str,
    *,
    connect: float,
    read: float,
    context: ssl.SSLContext | None = None,
    has_http2: bool = False,
) -> httpx.Client:
    """Return an HTTP client for the URLs of one scheme, or for one socket, to which no proxy leads.

    It follows no redirect, sends no credential of its own (no netrc), keeps no cookie,
    and has `User-Agent` and `Accept-Encoding` set.

    Args:
        server: `http`, `https`, or the origin of a socket.
        connect: The seconds that connecting may take.
        read: The seconds that may pass between two pieces of a response.
        context: The certificates that connections are made with; None for those of the system.
        has_http2: Whether HTTP/2 is offered to a server that speaks TLS (RFC 9113, section 3.2).

    Raises:
        UsageError: A proxy or certificate variable of the environment is malformed.
    """
    from dynacli.http.import_httpx import decoding_packages, httpx

    encodings = ", ".join(["gzip", "deflate", *decoding_packages()])
    socket_path, nothing = socket_of(server), cast("ssl.SSLContext", _NoCertificates())
    try:
        return httpx.Client(
            headers={"User-Agent": dynacli.user_agent, "Accept-Encoding": encodings},
            timeout=httpx.Timeout(read, connect=connect),
            verify=(context or True) if server == "https" else nothing,
            transport=httpx.HTTPTransport(verify=nothing, uds=socket_path) if socket_path else None,
            trust_env=not socket_path,
            http2=has_http2 and server == "https",
            follow_redirects=False,
            event_hooks={"response": [_hide_location]},
        )
    except (ValueError, ImportError, OSError, httpx.InvalidURL) as error:
        raise from_client_setup(error) from error


class OneContext:
    """The certificates of connections to whatever origin.

    Args:
        context: None for the authorities of the system.
    """

    def __init__(self, context: ssl.SSLContext | None) -> None:
        self._context = context

    def context(self, origin: str) -> ssl.SSLContext | None:  # noqa: ARG002
        """Return what a connection to any origin is made with."""
        return self._context


def system_context() -> ssl.SSLContext:
    """Return what connections are made with that trust the authorities of the system, or those of `SSL_CERT_FILE`."""
    from dynacli.http.import_httpx import httpx

    return httpx.create_ssl_context()


class ClientPool:
    """Clients that keep their connections open between exchanges, for calls from several threads."""

    def __init__(self) -> None:
        self._clients: dict[tuple[str, ssl.SSLContext | None, bool], httpx.Client] = {}
        self._lock = threading.Lock()

    @contextlib.contextmanager
    def client(
        self,
        server: str,
        *,
        connect: float,
        read: float,
        context: ssl.SSLContext | None = None,
        has_http2: bool = False,
    ) -> Iterator[httpx.Client]:
        """Yield the client for a server, which stays open after the block; the arguments are those of `open_client`.

        Raises:
            UsageError: A proxy or certificate variable of the environment is malformed.
        """
        with self._lock:
            client = self._clients.get((server, context, has_http2))
            if client is None:
                client = open_client(server, connect=connect, read=read, context=context, has_http2=has_http2)
                self._clients[server, context, has_http2] = client
                # The cookie of a response is not a part of the next request.
                client.cookies.extract_cookies = _keep_none  # type: ignore[method-assign, assignment]
        yield client

    def connections(self) -> Connections:
        """Return what a new exchange notes its connections in."""
        return Connections()

    def close(self) -> None:
        """Close all connections."""
        with self._lock:
            for client in self._clients.values():
                client.close()
            self._clients.clear()


class EndableClients(ClientPool):
    """The clients of one call and its pages, which another thread can end.

    It remembers every exchange, since a later one may use the connection that an earlier one has opened.

    Args:
        check: Called with each new connection before anything is sent over it; raises if it may not be used.
    """

    def __init__(self, check: Callable[[socket.socket], None] | None = None) -> None:
        super().__init__()
        self._check = check
        self._exchanges: list[Connections] = []
        self._is_ended = False

    def connections(self) -> Connections:
        """Return what a new exchange notes its connections in; after the end it gets none."""
        connections = super().connections()
        connections.check = self._check
        with self._lock:
            self._exchanges.append(connections)
            if self._is_ended:
                connections.cut()
        return connections

    @property
    def is_connected(self) -> bool:
        """Whether a connection of an earlier exchange is still open."""
        with self._lock:
            return any(socket.fileno() >= 0 for exchange in self._exchanges for socket in exchange.sockets)

    def end(self) -> None:
        """Cut all connections, from any thread, and let no further request be sent."""
        with self._lock:
            self._is_ended = True
            for connections in self._exchanges:
                connections.cut()


class _NoCertificates:
    """An SSL context that trusts no one, so that TLS fails, should it be used anyway.

    Loading the certificate authorities takes 15 ms, the import of `ssl` 4 ms, and an `http:` URL needs neither.
    """

    def __getattr__(self, name: str) -> Any:
        return getattr(self._context, name)

    @cached_property
    def _context(self) -> ssl.SSLContext:
        import ssl

        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def _keep_none(_: httpx.Response) -> None:
    pass


def _hide_location(response: httpx.Response) -> None:
    # httpx parses `Location` even if it follows no redirect, and raises if the URL is malformed.
    response.extensions["headers"] = response.headers
    if "Location" in response.headers:
        response.headers = response.headers.copy()
        del response.headers["Location"]


def check_unchanged(made: httpx.URL, url: str) -> None:
    """Check that the client sends to the URL that was built and checked: httpx resolves `..`, for example."""
    built = url_on_the_wire(url)
    if str(made) == built:
        return
    parts = split_url(url)
    path = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
    if made.raw_path.decode("ascii").removesuffix("?") != path or origin_of(str(made)) != origin_of(built):
        raise RefusedError(
            "The request would go to another URL than the one that was built",
            reason=f"The client would send to `{without_query(str(made))}`",
            hint="Give the server's address in its plain form with `--server`",
        )


def headers_of(response: httpx.Response) -> httpx.Headers:
    """Return the headers of a response as the server sent them, with `Location`."""
    headers: httpx.Headers = response.extensions["headers"]
    return headers


class Connections:
    """The connections of an exchange: they are cut when the exchange takes too long."""

    def __init__(self) -> None:
        self._cut = threading.Event()
        self.check: Callable[[socket.socket], None] | None = None
        """Called with each new connection before anything is sent over it; raises if it may not be used."""
        self._sockets: list[socket.socket] = []
        self._paused = 0.0
        self._paused_since: float | None = None

    @property
    def paused(self) -> float:
        """The seconds in which the exchange waited for this program and not for the server."""
        since = self._paused_since
        return self._paused + (0 if since is None else time.monotonic() - since)

    @property
    def is_cut(self) -> bool:
        """Whether the exchange has been ended."""
        return self._cut.is_set()

    def wait(self, seconds: float) -> None:
        """Wait, at most until the exchange is ended."""
        self._cut.wait(seconds)

    @contextlib.contextmanager
    def pause(self) -> Iterator[None]:
        """Do not count the time that a block takes towards the time limit."""
        self._paused_since = time.monotonic()
        try:
            yield
        finally:
            self._paused, self._paused_since = self.paused, None

    def trace(self, event: str, info: dict[str, Any]) -> None:
        """Add the connection of an event; made for httpcore's extension `trace`.

        See https://www.encode.io/httpcore/extensions/#trace
        """
        is_new = event in {"connection.connect_tcp.complete", "connection.connect_unix_socket.complete"}
        # TLS puts another socket instead of the one that was opened.
        if is_new or event.endswith(".start_tls.complete"):
            import socket  # 6 ms that a run does without which sends nothing

            connection = info["return_value"].get_extra_info("socket")
            if isinstance(connection, socket.socket):
                if event == "connection.connect_unix_socket.complete":
                    from dynacli.http.sockets import check_socket

                    # Again, as another user may have put a socket there after the first look.
                    check_socket(connection.getpeername())
                if is_new and self.check is not None:
                    self.check(connection)
                self.take(connection)

    def take(self, connection: socket.socket) -> None:
        """Add a connection, for instance one that is still open from an earlier exchange."""
        self._sockets.append(connection)
        if self.is_cut:
            self.cut()

    def take_from(self, extensions: Mapping[str, Any]) -> None:
        """Add the connection of a response, given the extensions of its httpx response.

        See https://www.encode.io/httpcore/extensions/#network_stream
        """
        import socket

        stream = extensions.get("network_stream")
        connection = None if stream is None else stream.get_extra_info("socket")
        if isinstance(connection, socket.socket):
            self.take(connection)

    @property
    def sockets(self) -> tuple[socket.socket, ...]:
        """All connections that were added."""
        return tuple(self._sockets)

    def cut(self) -> None:
        """End every wait for the server, also on connections that are added later."""
        import socket

        self._cut.set()
        for connection in self._sockets:
            # Closing would not wake a thread that reads; it may also be closed already.
            with contextlib.suppress(OSError):
                socket.socket.shutdown(connection, socket.SHUT_RDWR)


class _Exchange(threading.Thread, Generic[_T]):
    """The thread that an exchange runs in.

    Attributes:
        end: Set when it has ended.
        result: What it has returned; missing after an error.
        error: What it has raised; None for nothing.
    """

    result: _T

    def __init__(self, work: Callable[[], _T]) -> None:
        super().__init__(name="dynacli-exchange", daemon=True)
        self._work = work
        self.error: BaseException | None = None
        # Not `join` and `is_alive`: up to Python 3.12 a thread whose `join` is interrupted counts as ended,
        # although it goes on (https://github.com/python/cpython/issues/90882).
        self.end = threading.Event()

    def run(self) -> None:
        try:
            self.result = self._work()
        except BaseException as error:  # noqa: BLE001  - raised again in the thread that waits
            self.error = error
        finally:
            self.end.set()


def run_within(seconds: float | None, url: str, work: Callable[[], _T], connections: Connections) -> _T:
    """Run an exchange under a time limit: return what `work` returns, or raise what it raises.

    Ctrl-C ends the wait at once, too.

    Args:
        seconds: The time limit of the whole exchange; None for none.
        url: The URL that messages name; shown without its query.
        work: Makes the exchange.
        connections: The connections that it uses, each added before it is used.

    Raises:
        TimedOutError: The time was used up.
    """
    exchange = _Exchange(work)
    exchange.start()
    try:
        start, left = time.monotonic(), seconds
        while not exchange.end.is_set() and (left is None or left > 0):
            exchange.end.wait(left)
            left = seconds and start + seconds + connections.paused - time.monotonic()
        is_late = not exchange.end.is_set()
    finally:
        if not exchange.end.is_set():
            connections.cut()
            exchange.end.wait(_GRACE_SECONDS)
    if is_late:
        raise timed_out(url, seconds or 0)
    if exchange.error is not None:
        raise exchange.error
    return exchange.result


@record
class Budget:
    """How long a call may take, how large its response may be, and how far it follows redirects.

    Args:
        total: Seconds for the whole call; None if only connecting and each reading are limited.
        max_bytes: The largest size of a response that is kept in memory.
        ends_with: Returns whether the first redirect is the final response; None to follow it.
        connect: The seconds that connecting may take.
        read: The seconds that may pass between two pieces of a response; None if the total alone limits them.
        follow: Returns the request that a redirect of a safe method leads to, and None if the redirect is the
            final response: called with the request, the response, and the redirects so far, to which it adds. None for
            the rules of a call, `_redirects.following_request`.
        permit: Called with each request that a redirect leads to; its exceptions end the call. None to permit all.
        has_http2: Whether HTTP/2 is offered to servers that speak TLS.
    """

    total: float | None = None
    max_bytes: int = RENDER_LIMIT
    ends_with: Callable[[WireResponse], bool] | None = None
    connect: float = CONNECT_SECONDS
    read: float | None = None
    follow: FollowRedirect | None = None
    permit: Callable[[Request], None] | None = None
    has_http2: bool = False


@record
class Retries:
    """How often a request is sent again, if it may be, after a failure that may pass.

    Args:
        count: The number of further tries.
        after_lost_connections: Whether a connection that cannot be made, or breaks before the response, is tried again.
        waiting: Makes the block in which the call waits for its next try, for example to say so.
        wait: Waits for so many seconds; by default in real time, until the call is ended.
        rate: How often requests may be sent; each try keeps to it.
        statuses: Further statuses after which a request of a safe method is sent again.
    """

    count: int = 0
    after_lost_connections: bool = True
    waiting: Callable[[Pause], contextlib.AbstractContextManager[None]] | None = None
    wait: Callable[[float], object] | None = None
    rate: RateLimit | None = None
    statuses: tuple[int, ...] = ()


@record
class WireResponse:
    """The final response of a call.

    Args:
        url: The URL of the request that it responds to, after redirects.
        headers: The headers in their order, repeated ones repeated.
        body: The decoded body; empty if it was not kept.
        seconds: The time from the start of sending until the body was read.
        hops: (status, URL) of each redirect on the way.
        size: The number of bytes of the decoded body, kept or not.
        tries: How often the request was sent until this response came.
        redirect_headers: The headers of the first redirect on the way.
        set_cookies: (URL, value) of each `Set-Cookie` of this response, and of those before it in the call.
        cache: What the response cache did: `hit` for a stored response, `revalidated` for one that the server
            confirmed, `miss` for one of the server's; empty if it was not asked.
        age: How many seconds old a stored response is.
        is_refusal: Whether the body says that the call failed, by the expression `success` of the configuration.
        is_json_lines: Whether the body is JSON Lines, although the server calls it JSON.
    """

    status: int
    reason: str
    http_version: str
    url: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    seconds: float
    hops: tuple[tuple[int, str], ...] = ()
    size: int = 0
    tries: int = 1
    redirect_headers: tuple[tuple[str, str], ...] = ()
    set_cookies: tuple[tuple[str, str], ...] = ()
    cache: str = ""
    age: float = 0.0
    is_refusal: bool = False
    is_json_lines: bool = False

    @property
    def is_success(self) -> bool:
        """Whether the call did what was asked for: a 2xx whose body, once it is there, says nothing else."""
        return 200 <= self.status < 300 and not self.is_refusal

    def header(self, name: str) -> str:
        """Return a header's value, several joined by commas (RFC 9110, section 5.3); empty when absent.

        `Content-Type` is the one that the body has in fact; `headers` has what the server says of it.
        """
        if self.is_json_lines and name == "content-type":
            return JSON_LINES
        return ", ".join(values_of(self.headers, name))


def values_of(headers: Iterable[tuple[str, str]], name: str) -> list[str]:
    """Return the values of all headers of a name, whose case does not matter."""
    wanted = name.lower()
    return [value for key, value in headers if key.lower() == wanted]


def may_pass(response: WireResponse, method: str, statuses: Sequence[int] = ()) -> bool:
    """Return whether the same request may go well a little later.

    After a 500 with `Retry-After`, and after further statuses, only one of a safe method may.

    Args:
        response: The response, with or without its body.
    """
    if response.status in PASSING or method not in SAFE_METHODS:
        return response.status in PASSING
    is_asked = response.status == _SERVER_ERROR and response.header("retry-after") != ""
    return is_asked or response.status in statuses


def stated_length(response: WireResponse) -> int | None:
    """Return the length that a response states for its body as it is sent; None if it states none."""
    length = response.header("content-length")
    return int(length) if length.isascii() and length.isdecimal() and len(length) < 20 else None


FollowRedirect = Callable[[Request, WireResponse, list[tuple[int, str]]], Request | None]


@record
class Pause:
    """The time between two tries.

    Args:
        seconds: How long it is.
        reason: What failed, in a few words.
        next_try: The number of the try after it, counted from 1.
        tries: How many tries there are at most.
    """

    seconds: float
    reason: str
    next_try: int
    tries: int

    def __str__(self) -> str:
        """Return the sentence that says what is waited for."""
        return f"{self.reason}; try {self.next_try} of {self.tries} in {seconds_text(self.seconds)}"

    def wait(self, retries: Retries, connections: Connections) -> None:
        """Wait until the next try may begin; a call that is ended meanwhile waits no longer."""
        with contextlib.nullcontext() if retries.waiting is None else retries.waiting(self):
            (retries.wait or connections.wait)(self.seconds)
            if retries.rate is not None:
                (retries.wait or connections.wait)(retries.rate.take())


def seconds_text(seconds: float) -> str:
    """Return a pause in seconds, those below ten with a tenth: `2.5 s`."""
    return f"{seconds:.{0 if seconds >= 10 else 1}f} s"
