"""One HTTP exchange: its client, its limits, its response, and a time limit for the whole exchange.

The client is httpx, without its redirects, credentials, cookies and decoding.
httpx limits the time of each read, but not of all reads together, and nothing limits a DNS query.
So the exchange runs in a separate thread. If the waiting thread gives up, it cuts the connections, which ends the
separate thread, too.
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
"""Time to wait for a thread after its connections were cut. Only a DNS query may take longer."""
MIB = 1024 * 1024
RENDER_LIMIT = 64 * MIB
CONNECT_SECONDS = 10.0
PASSING = frozenset({408, 425, 429, 502, 503, 504})
"""Statuses after which the same request may succeed a little later."""
_SERVER_ERROR = 500


class Login(Protocol):
    """Adds credentials to the requests of a call."""

    def signed(self, request: Request) -> Request:
        """Return a request with its credentials; called for each request, also redirected and repeated ones."""

    def wants_again(self, request: Request, status: int, headers: Iterable[tuple[str, str]]) -> bool:
        """Return whether to sign the request and send it again; called with each response.

        Args:
            request: The request without credentials.
            status: Status of the response.
            headers: Headers of the response, in order.
        """


class Certificates(Protocol):
    """The client certificates and trusted authorities of connections."""

    def context(self, origin: str) -> ssl.SSLContext | None:
        """Return the context for connections to an origin; None for the authorities of the system."""


def open_client(
    server: str,
    *,
    connect: float,
    read: float,
    context: ssl.SSLContext | None = None,
    has_http2: bool = False,
) -> httpx.Client:
    """Return an HTTP client for the URLs of one scheme, or for one socket.

    The client follows no redirects and adds no credentials (no netrc). It sets `User-Agent` and `Accept-Encoding`.
    For a socket it uses no proxy.

    Args:
        server: `http`, `https`, or the origin of a socket.
        connect: Time limit for connecting, in seconds.
        read: Time limit between two pieces of a response, in seconds.
        context: The TLS context of connections; None for the authorities of the system.
        has_http2: Whether to offer HTTP/2 over TLS (RFC 9113, section 3.2).

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
    """One TLS context for connections to all origins.

    Args:
        context: The context; None for the authorities of the system.
    """

    def __init__(self, context: ssl.SSLContext | None) -> None:
        self._context = context

    def context(self, origin: str) -> ssl.SSLContext | None:  # noqa: ARG002
        """Return the context for all origins."""
        return self._context


def system_context() -> ssl.SSLContext:
    """Return a context that trusts the authorities of the system, or of `SSL_CERT_FILE`."""
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
        """Yield the client for a server, which stays open after the block. The arguments are those for `open_client`.

        Raises:
            UsageError: A proxy or certificate variable of the environment is malformed.
        """
        with self._lock:
            client = self._clients.get((server, context, has_http2))
            if client is None:
                client = open_client(server, connect=connect, read=read, context=context, has_http2=has_http2)
                self._clients[server, context, has_http2] = client
                # A cookie of a response must not become a part of the next request.
                client.cookies.extract_cookies = _keep_none  # type: ignore[method-assign, assignment]
        yield client

    def connections(self) -> Connections:
        """Return the list of connections for a new exchange."""
        return Connections()

    def close(self) -> None:
        """Close all connections."""
        with self._lock:
            for client in self._clients.values():
                client.close()
            self._clients.clear()


class EndableClients(ClientPool):
    """The clients of one call and its pages, which another thread can stop.

    The pool remembers every exchange, because a later exchange may use the connection of an earlier one.

    Args:
        check: Called with each new connection before anything is sent over it. It raises if the connection is refused.
    """

    def __init__(self, check: Callable[[socket.socket], None] | None = None) -> None:
        super().__init__()
        self._check = check
        self._exchanges: list[Connections] = []
        self._is_ended = False

    def connections(self) -> Connections:
        """Return the list of connections for a new exchange; after `end`, they are cut at once."""
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
        """Cut all connections and refuse further requests; may be called from any thread."""
        with self._lock:
            self._is_ended = True
            for connections in self._exchanges:
                connections.cut()


class _NoCertificates:
    """A TLS context without authorities, so that TLS connections fail.

    It is for `http:` URLs, which need no TLS: loading the authorities takes 15 ms, and importing `ssl` 4 ms.
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
    # httpx parses `Location` even without following redirects, and raises if the URL is malformed.
    response.extensions["headers"] = response.headers
    if "Location" in response.headers:
        response.headers = response.headers.copy()
        del response.headers["Location"]


def check_unchanged(made: httpx.URL, url: str) -> None:
    """Check that the client does not change the URL of a request: httpx resolves `..`, for example.

    Raises:
        RefusedError: The client would send to another URL.
    """
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
    """The connections of an exchange, which can be cut if the exchange takes too long."""

    def __init__(self) -> None:
        self._cut = threading.Event()
        self.check: Callable[[socket.socket], None] | None = None
        """Called with each new connection before anything is sent over it. It raises if the connection is refused."""
        self._sockets: list[socket.socket] = []
        self._paused = 0.0
        self._paused_since: float | None = None

    @property
    def paused(self) -> float:
        """Number of seconds in which the exchange waited for this program, not for the server."""
        since = self._paused_since
        return self._paused + (0 if since is None else time.monotonic() - since)

    @property
    def is_cut(self) -> bool:
        """Whether the exchange has been ended."""
        return self._cut.is_set()

    def wait(self, seconds: float) -> None:
        """Wait for a number of seconds, or until the exchange is stopped."""
        self._cut.wait(seconds)

    @contextlib.contextmanager
    def pause(self) -> Iterator[None]:
        """Exclude the time of a block from the time limit."""
        self._paused_since = time.monotonic()
        try:
            yield
        finally:
            self._paused, self._paused_since = self.paused, None

    def trace(self, event: str, info: dict[str, Any]) -> None:
        """Add the connection of an event; used as httpcore's extension `trace`.

        See https://www.encode.io/httpcore/extensions/#trace
        """
        is_new = event in {"connection.connect_tcp.complete", "connection.connect_unix_socket.complete"}
        # With TLS, a second socket replaces the opened one.
        if is_new or event.endswith(".start_tls.complete"):
            import socket  # takes 6 ms, and runs that send nothing do not need it

            connection = info["return_value"].get_extra_info("socket")
            if isinstance(connection, socket.socket):
                if event == "connection.connect_unix_socket.complete":
                    from dynacli.http.sockets import check_socket

                    # Checked again, because another user may have replaced the socket after the first check.
                    check_socket(connection.getpeername())
                if is_new and self.check is not None:
                    self.check(connection)
                self.take(connection)

    def take(self, connection: socket.socket) -> None:
        """Add a connection, for example an open one of an earlier exchange."""
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
        """Interrupt all waiting for the server, also on connections that are added later."""
        import socket

        self._cut.set()
        for connection in self._sockets:
            # `shutdown` wakes a thread that is reading; `close` would not. The socket may already be closed.
            with contextlib.suppress(OSError):
                socket.socket.shutdown(connection, socket.SHUT_RDWR)


class _Exchange(threading.Thread, Generic[_T]):
    """The thread of an exchange.

    Attributes:
        end: Event that is set when the exchange has ended.
        result: Return value of the exchange; missing after an error.
        error: Exception that the exchange raised; None if it raised none.
    """

    result: _T

    def __init__(self, work: Callable[[], _T]) -> None:
        super().__init__(name="dynacli-exchange", daemon=True)
        self._work = work
        self.error: BaseException | None = None
        # Not `join` and `is_alive`: up to Python 3.12 a thread whose `join` is interrupted counts as ended,
        # although it is still running (https://github.com/python/cpython/issues/90882).
        self.end = threading.Event()

    def run(self) -> None:
        try:
            self.result = self._work()
        except BaseException as error:  # noqa: BLE001  - raised again in the waiting thread
            self.error = error
        finally:
            self.end.set()


def run_within(seconds: float | None, url: str, work: Callable[[], _T], connections: Connections) -> _T:
    """Run an exchange with a time limit. Return the result of `work`, or raise its exception.

    Ctrl-C also stops the exchange at once.

    Args:
        seconds: Time limit for the whole exchange; None for none.
        url: The URL for messages, which show it without its query.
        work: The function that makes the exchange.
        connections: The connections of the exchange, each added before its first use.

    Raises:
        TimedOutError: The exchange took longer than the time limit.
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
    """The limits of a call: its time, the size of its response, and its redirects.

    Args:
        total: Time limit for the whole call, in seconds; None to limit only connecting and each read.
        max_bytes: Maximum size of a response in memory.
        ends_with: Returns whether the first redirect is the final response; None to follow it.
        connect: Time limit for connecting, in seconds.
        read: Time limit between two pieces of a response, in seconds; None if only `total` limits it.
        follow: Returns the request after a redirect of a safe method, or None if the redirect is the final response.
            It gets the request, the response and the list of redirects, to which it adds. None for the usual rules,
            `_redirects.following_request`.
        permit: Called with each redirected request. Its exceptions end the call. None to permit all.
        has_http2: Whether to offer HTTP/2 over TLS.
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
    """The rules for repeating a request after a temporary failure.

    Args:
        count: Maximum number of repetitions.
        after_lost_connections: Whether to repeat a request after a failed connection, or one lost before the response.
        waiting: Makes a context manager that is active during each pause, for example to report it.
        wait: Waits for a number of seconds; None to wait in real time, until the call is stopped.
        rate: The rate limit that each try obeys; None for no limit.
        statuses: Further statuses after which a request with a safe method is repeated.
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
        status: The status code.
        reason: The reason phrase.
        http_version: The version in the status line.
        url: URL of the request, after redirects.
        headers: The headers in order. Repeated headers are repeated.
        body: The decoded body; empty if it was not kept in memory.
        seconds: Time from the start of sending to the end of the body.
        hops: (status, URL) of each redirect of the call.
        size: Number of bytes of the decoded body, even if it was not kept.
        tries: Number of times that the request was sent.
        redirect_headers: Headers of the first redirect.
        set_cookies: (URL, value) of each `Set-Cookie` of this response and of the earlier responses of the call.
        cache: `hit` for a stored response, `revalidated` for a stored response that the server confirmed, `miss` for
            a response of the server; empty without a cache.
        age: Age of a stored response in seconds.
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
        """Whether the call succeeded: the status is a 2xx, and the body does not report a failure."""
        return 200 <= self.status < 300 and not self.is_refusal

    def header(self, name: str) -> str:
        """Return the values of a header, joined by commas (RFC 9110, section 5.3); empty if it is absent.

        `content-type` is the real type of the body, which may differ from the type in `headers`.
        """
        if self.is_json_lines and name == "content-type":
            return JSON_LINES
        return ", ".join(values_of(self.headers, name))


def values_of(headers: Iterable[tuple[str, str]], name: str) -> list[str]:
    """Return the values of all headers with a name, ignoring case."""
    wanted = name.lower()
    return [value for key, value in headers if key.lower() == wanted]


def may_pass(response: WireResponse, method: str, statuses: Sequence[int] = ()) -> bool:
    """Return whether the same request may succeed a little later.

    After a 500 with `Retry-After`, and after the further statuses, this holds only for a safe method.

    Args:
        response: The response, with or without its body.
        method: Method of the request.
        statuses: Further statuses after which a request may be repeated.
    """
    if response.status in PASSING or method not in SAFE_METHODS:
        return response.status in PASSING
    is_asked = response.status == _SERVER_ERROR and response.header("retry-after") != ""
    return is_asked or response.status in statuses


def stated_length(response: WireResponse) -> int | None:
    """Return the `Content-Length` of a response; None if it is missing or malformed."""
    length = response.header("content-length")
    return int(length) if length.isascii() and length.isdecimal() and len(length) < 20 else None


FollowRedirect = Callable[[Request, WireResponse, list[tuple[int, str]]], Request | None]


@record
class Pause:
    """The pause between two tries.

    Args:
        seconds: Length of the pause.
        reason: Short description of the failure.
        next_try: Number of the next try, counted from 1.
        tries: Maximum number of tries.
    """

    seconds: float
    reason: str
    next_try: int
    tries: int

    def __str__(self) -> str:
        """Return the reason for the pause and its length as a sentence."""
        return f"{self.reason}; try {self.next_try} of {self.tries} in {seconds_text(self.seconds)}"

    def wait(self, retries: Retries, connections: Connections) -> None:
        """Wait until the next try may begin, or the call is stopped."""
        with contextlib.nullcontext() if retries.waiting is None else retries.waiting(self):
            (retries.wait or connections.wait)(self.seconds)
            if retries.rate is not None:
                (retries.wait or connections.wait)(retries.rate.take())


def seconds_text(seconds: float) -> str:
    """Return a number of seconds as text, with one decimal if it is below ten: `2.5 s`."""
    return f"{seconds:.{0 if seconds >= 10 else 1}f} s"
