"""Sends a request, follows its redirects, and passes on the final response while it arrives."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from io import BytesIO
from math import inf
from typing import TYPE_CHECKING, Any

from dynacli.errors import DynacliError, NetworkError, TimedOutError
from dynacli.http.built_request import Request
from dynacli.http.encodings import BadEncodingError, TooLargeError, decode_chunks
from dynacli.http.exchange import (
    MIB,
    REDIRECTS,
    Budget,
    ClientPool,
    Connections,
    Retries,
    WireResponse,
    check_unchanged,
    headers_of,
    may_pass,
    open_client,
    run_within,
    values_of,
)
from dynacli.http.failures import from_httpx, timed_out
from dynacli.http.semantics import SAFE_METHODS
from dynacli.record import replace
from dynacli.urls import origin_of, socket_of, url_on_the_wire, without_query

if TYPE_CHECKING:
    from dynacli.http.cookies import RetryCookies
    from dynacli.http.exchange import Certificates, Login, Pause
    from dynacli.http.import_httpx import httpx

FILE_LIMIT = 1024 * MIB
VALIDATED_LIMIT = 128 * MIB
"""Maximum size of a response that is written while it arrives, and kept for validation if findings are failures."""
WARNED_LIMIT = 12 * MIB
"""The same if findings are warnings. With it, the whole program takes less than 64 MiB of memory."""
READ_SECONDS = 60.0


class Pieces:
    """The decoded body of a response, which can be read once.

    Attributes:
        size: Number of decoded bytes so far.
        is_encoded: Whether the body has a content encoding, so that its size differs from the size of the content.
        waits_forever: Whether the time between two pieces is unlimited.

    Args:
        call: The call.
        request: The request of the response.
        response: The response, before its body is read.
    """

    _ahead: Iterator[bytes] | None = None
    _sent: Iterator[bytes] | None = None

    def __init__(self, call: OneCall, request: Request, response: httpx.Response) -> None:
        self.call, self.request, self._response = call, request, response
        self.waits_forever = False
        self._encodings = headers_of(response).get_list("content-encoding", split_commas=True)
        self.is_encoded = not {"", "identity"}.issuperset(map(str.lower, self._encodings))
        self.size = 0

    @property
    def _name(self) -> str:
        return without_query(self.request.url)

    def whole(self, limit: int) -> bytes:
        """Return the whole body.

        Raises:
            TooLargeError: The body is larger than the limit.
            BadEncodingError: The body cannot be decoded.
            NetworkError: The connection broke, or dynacli cut it.
            TimedOutError: The time of the call is used up, or no data arrived for too long.
        """
        body = BytesIO()
        for piece in self._ahead or self._decoded():
            if self.size > limit:
                raise TooLargeError
            body.write(piece)
        return body.getvalue()

    def __iter__(self) -> Iterator[bytes]:
        """Yield the pieces, without empty ones.

        Raises:
            NetworkError: The connection broke, dynacli cut it, or the body cannot be decoded.
            TimedOutError: The time of the call is used up, or no data arrived for too long.
        """
        try:
            for piece in self._ahead or self._decoded():
                if piece:
                    yield piece
        except BadEncodingError as error:
            raise NetworkError(
                f"The response of `{self._name}` cannot be read",
                reason=str(error),
                hint="Try again; if it happens again, the server or a proxy on the way is broken",
            ) from error

    def look_ahead(self) -> bool:
        """Return whether the body is a sequence of JSON objects; if so, iteration yields each object on its own line.

        Iteration still yields the beginning that was read for this, and raises the error that ended it.
        """
        from dynacli.http.json_objects import begins_with_two_objects, one_a_line

        begun, rest = list[bytes](), self._decoded()
        failure: Exception | None = None
        is_found = False
        try:
            is_found = begins_with_two_objects(rest, begun)
        except (DynacliError, BadEncodingError, TooLargeError) as error:
            failure = error

        def sent() -> Iterator[bytes]:
            yield from begun
            if failure is not None:
                raise failure
            yield from rest

        self._sent = sent()
        self._ahead = one_a_line(self._sent) if is_found else self._sent
        return is_found

    def as_sent(self) -> Pieces:
        """Yield the body unchanged, even if `look_ahead` found a sequence of objects. Return these pieces."""
        self._ahead = self._sent
        return self

    def _decoded(self) -> Iterator[bytes]:
        from dynacli.http.import_httpx import httpx

        received = self._response.iter_raw()
        try:
            if self.is_encoded:
                yield from decode_chunks(received, self._encodings, self._check)
            else:
                for chunk in received:
                    self._check(self.size + len(chunk))
                    yield chunk
        except (httpx.HTTPError, httpx.StreamError) as error:
            raise from_httpx(error, self.request.url) from error
        if self.call.connections.is_cut:
            # Without `Content-Length`, a cut connection looks like the end of the body.
            raise NetworkError(f"The response of `{self._name}` broke off", reason="The call was cancelled")

    def _check(self, size: int) -> None:
        self.size = size
        self.call.left(self.request.url)

    def up_to(self, limit: int, hint: str = "", wanted: Iterable[bytes] | None = None) -> Iterator[bytes]:
        """Yield the pieces of a body up to a maximum size.

        Args:
            limit: Maximum size in bytes.
            hint: Hint of the error for a larger body.
            wanted: The pieces to yield, a part of this body; None for all.

        Raises:
            NetworkError: The body is larger, or reading it failed.
        """
        for piece in self if wanted is None else wanted:
            if self.size > limit:
                raise NetworkError(
                    f"The response of `{self._name}` is larger than {limit // MIB} MiB", hint=hint
                )
            yield piece

    def joined(self, limit: int, hint: str = "") -> bytes:
        """Return a body up to a maximum size, which needs its size in memory only once.

        The arguments and the errors are the same as for `up_to`.
        """
        body = BytesIO()  # `getvalue` makes no copy, unlike a bytearray or joined pieces
        for piece in self.up_to(limit, hint):
            body.write(piece)
        return body.getvalue()

    def wait_forever(self) -> None:
        """Remove the time limit between two pieces. Call this before reading the body.

        TCP keep-alive still detects that the server is gone.
        """
        import socket

        self.waits_forever = True
        # httpcore reads this setting when it starts to read the body.
        self._response.request.extensions["timeout"]["read"] = None
        for connection in self.call.connections.sockets:
            with suppress(OSError):
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)

    def cut(self) -> None:
        """Cut the connection; may be called from any thread. A thread that waits for a piece gets an error."""
        self.call.connections.cut()


Receive = Callable[[WireResponse, Pieces], bytes]
"""(the response without its body, the body as it arrives) → the part of the body to keep."""


def send(
    request: Request,
    budget: Budget,
    before_sending: Callable[[], None] | None = None,
    receive: Receive | None = None,
    clients: ClientPool | None = None,
    retries: Retries = Retries(),  # noqa: B008  - a frozen record
    login: Login | None = None,
    tls: Certificates | None = None,
) -> WireResponse:
    """Send a request and return the final response.

    By default a redirect is followed for safe methods only, at most ten times, and never from https to http.
    A request that is redirected to another origin loses its credentials, its body and most headers.
    A QUERY needs its body, so its redirect to another origin is not followed.

    Args:
        request: The request.
        budget: The limits of the call.
        before_sending: Called when the connection is open, before anything is sent; None for no function. Its
            exceptions end the call.
        receive: Reads the body of the final response, in the thread of the exchange; None to keep the whole body. Its
            exceptions end the call.
        clients: The pool that keeps connections open between calls; None for a new connection.
        retries: The rules for repeating the request. All tries share the time limit.
        login: Adds credentials to each request, and decides after a response whether to send it again.
        tls: The certificates of the connections; None for the authorities of the system.

    Raises:
        NetworkError: The connection failed or broke.
        TimedOutError: A time limit was exceeded.
        RefusedError: A redirect is not safe.
        UsageError: An environment variable for a proxy or for certificates is malformed.
        DynacliError: A function in the arguments raised the error.
    """
    from dynacli.http.import_httpx import httpx  # noqa: F401  - the import must not count towards the time limit

    def whole(response: WireResponse, pieces: Pieces) -> bytes:  # noqa: ARG001
        return pieces.joined(budget.max_bytes, "Write it to a file: `-o @FILE`")

    if retries.rate is not None:
        retries.rate.wait()
    connections = Connections() if clients is None else clients.connections()
    reading = receive or whole
    call = OneCall(request, budget, connections, reading, clients, retries, before_sending, login, tls)
    if budget.total is None and clients is not None:
        # Without a time limit no thread is needed: starting one takes as long as a call to a nearby server.
        return call.response()
    return run_within(budget.total, request.url, call.response, connections)


class OneCall:
    """A call with its limits. All its requests share the time limit, also redirected and repeated ones.

    Attributes:
        retries: The rules for repeating a request.
        before_sending: Called before the first request is sent; None after that.
    """

    def __init__(
        self,
        request: Request,
        budget: Budget,
        connections: Connections,
        receive: Receive,
        clients: ClientPool | None,
        retries: Retries,
        before_sending: Callable[[], None] | None,
        login: Login | None = None,
        tls: Certificates | None = None,
    ) -> None:
        self.budget, self.connections, self.receive = budget, connections, receive
        self.open_client = open_client if clients is None else clients.client
        self.before_sending = before_sending
        self._first, self.retries, self._tries = request, retries, 1
        self.start, self._is_received = time.monotonic(), False
        self._login, self._tls = login, tls
        self._cookies: RetryCookies | None = None
        self._redirect: WireResponse | None = None
        self._set_cookies: list[tuple[str, str]] = []

    def response(self) -> WireResponse:
        """Send the request, follow redirects, repeat it after temporary failures, and return the final response."""
        request = self._first
        hops: list[tuple[int, str]] = []
        while True:
            try:
                sent = request if self._cookies is None else self._cookies.added(request)
                sent = sent if self._login is None else self._login.signed(sent)
                with self.opened(sent) as received:
                    result = self._read(received, request, hops)
            except (NetworkError, TimedOutError) as error:
                pause = None if self._is_received else self._pause_after(error)
                if pause is None:
                    if self._tries > 1:
                        error.details["tries"] = self._tries
                        error.reason = f"{error.reason or 'It failed'}; tried {self._tries} times"
                    raise
                result = pause
            if isinstance(result, WireResponse):
                return result
            if isinstance(result, Request):
                request = result
            else:
                result.wait(self.retries, self.connections)
                if self.connections.is_cut:
                    raise NetworkError("The call was ended", reason="The call was cancelled")
                request, self._tries = self._first, self._tries + 1
                hops.clear()

    def _pause_after(self, failure: WireResponse | DynacliError) -> Pause | None:
        """Return the pause before the request is repeated; None if it is not repeated."""
        if self._tries > self.retries.count:
            return None
        from dynacli.http.retrying import pause_after

        left = None if self.budget.total is None else self.left(self._first.url)
        return pause_after(failure, self._first, self.retries, self._tries, left)

    @contextmanager
    def asked(self, request: Request) -> Iterator[tuple[WireResponse, Pieces]]:
        """Send a further request of the call. Yield its response without the body, and the body as it arrives.

        Raises:
            DynacliError: The exchange fails, which can also happen during the block.
        """
        with self.opened(request) as response:
            yield self.head_of(response, request.url), Pieces(self, request, response)

    @contextmanager
    def opened(self, request: Request) -> Iterator[httpx.Response]:
        """Send a request, and yield the response after reading its headers.

        Raises:
            DynacliError: The exchange fails, which can also happen during the block.
        """
        from dynacli.http.import_httpx import httpx

        left = self.left(request.url)
        connect = min(self.budget.connect, left)
        # The waiting thread enforces the total. If httpx had the same limit, chance would decide which of two messages
        # is shown.
        read = min(self.budget.read or inf, READ_SECONDS if self.budget.total is None else left + 1)
        hook = _SendingHook(self)
        try:
            context = None if self._tls is None else self._tls.context(origin_of(request.url))
            server = request.url.partition(":")[0]
            if path := socket_of(request.url):
                from dynacli.http.sockets import check_socket

                check_socket(path)
                server = origin_of(request.url)
            has_http2 = self.budget.has_http2
            with self.open_client(
                server, connect=connect, read=read, context=context, has_http2=has_http2
            ) as client:
                # httpx would encode text as ASCII, but headers are Latin-1 (RFC 9110, section 5.5).
                headers = [(name.encode("ascii"), text.encode("latin-1")) for name, text in request.headers]
                if not isinstance(request.body, bytes | None) and request.body.length is not None:
                    # Without it httpx uses chunked encoding, which many servers refuse for uploads.
                    headers.append((b"Content-Length", str(request.body.length).encode()))
                prepared = client.build_request(
                    request.method,
                    url_on_the_wire(request.url),
                    headers=headers,
                    content=request.body,
                    timeout=httpx.Timeout(read, connect=connect),
                    extensions={"trace": hook},
                )
                # httpx converts methods to upper case, but they are case-sensitive (RFC 9110, section 9.1).
                prepared.method = request.method
                check_unchanged(prepared.url, request.url)
                hook.extensions = prepared.extensions
                response = client.send(prepared, stream=True, auth=None)
                try:
                    yield response
                finally:
                    response.close()
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
            raise from_httpx(error, request.url) from error
        finally:
            if hook.refusal is not None:
                raise hook.refusal

    def _read(
        self, received: httpx.Response, request: Request, hops: list[tuple[int, str]]
    ) -> WireResponse | Request | Pause:
        """Return the final response, the next request, or the pause before a further try."""
        response = self.head_of(received, request.url, hops)
        self._set_cookies += [(request.url, value) for value in values_of(response.headers, "set-cookie")]
        following: Request | Pause | None = None
        if self._login is not None:
            following = self._after_login(self._login, request, response)
        if following is None and response.status in REDIRECTS:
            following = self._after_redirect(request, response, hops)
        if following is None and may_pass(response, request.method, self.retries.statuses):
            following = self._after_failure(request, response)
        if following is not None:
            return following
        self._is_received = True
        # With TLS, the response uses another socket object than the opened connection.
        self.connections.take_from(received.extensions)
        pieces = Pieces(self, request, received)
        if "content-length" not in headers_of(received):
            from dynacli.http.json_objects import may_be_objects

            if may_be_objects(response.status, response.header("content-type")):
                response = replace(response, is_json_lines=pieces.look_ahead())
        body = self.receive(response, pieces)
        seconds, cookies = time.monotonic() - self.start, tuple(self._set_cookies)
        return replace(response, body=body, size=pieces.size, seconds=seconds, set_cookies=cookies)

    def _after_login(self, login: Login, request: Request, response: WireResponse) -> Request | None:
        """Return the request if it must be sent again with other credentials; else None."""
        return request if login.wants_again(request, response.status, response.headers) else None

    def _after_redirect(
        self, request: Request, response: WireResponse, hops: list[tuple[int, str]]
    ) -> Request | None:
        """Return the request that follows a redirect, if the call permits it; None if the redirect is not followed."""
        ends_with = None if hops else self.budget.ends_with
        if request.method not in SAFE_METHODS or (ends_with is not None and ends_with(response)):
            return None
        from dynacli.http._redirects import following_request

        follow = self.budget.follow or following_request
        self._redirect = self._redirect if hops else response
        following = follow(request, response, hops)
        if following is not None and self.budget.permit is not None:
            self.budget.permit(following)
        return following

    def _after_failure(self, request: Request, response: WireResponse) -> Pause | None:
        """Return the pause before the next try, which sends the cookies of the response; None without a next try."""
        pause = self._pause_after(response)
        if pause is not None and response.header("set-cookie"):
            from dynacli.http.cookies import RetryCookies

            self._cookies = self._cookies or RetryCookies()
            self._cookies.keep(request.url, response.headers)
        return pause

    def head_of(
        self, response: httpx.Response, url: str, hops: Sequence[tuple[int, str]] = ()
    ) -> WireResponse:
        """Return the status, headers and other facts of a response, without its body."""
        return WireResponse(
            status=response.status_code,
            reason=response.reason_phrase,
            http_version=response.http_version,
            url=url if socket_of(url) else str(response.url),
            headers=tuple(
                (key.decode("latin-1"), value.decode("latin-1")) for key, value in headers_of(response).raw
            ),
            body=b"",
            seconds=time.monotonic() - self.start,
            hops=tuple(hops),
            tries=self._tries,
            redirect_headers=self._redirect.headers if hops and self._redirect is not None else (),
        )

    def left(self, url: str) -> float:
        """Return the remaining time of the call in seconds.

        Raises:
            TimedOutError: No time is left.
        """
        if self.budget.total is None:
            return inf
        left = self.budget.total + self.connections.paused - (time.monotonic() - self.start)
        if left <= 0:
            raise timed_out(url, self.budget.total)
        return left


class _SendingHook:
    """A trace function of httpcore that calls a function between connecting and sending.

    See https://www.encode.io/httpcore/extensions/#trace

    Attributes:
        extensions: The extensions of the request. The hook removes itself from them after its event, because reporting
            later events would take time.
        refusal: The error that the function raised; None if it raised none.
    """

    def __init__(self, call: OneCall) -> None:
        self.call = call
        self.extensions: dict[str, Any] = {}
        self.refusal: DynacliError | None = None

    def __call__(self, event: str, info: dict[str, Any]) -> None:
        call = self.call
        try:
            call.connections.trace(event, info)
            if not event.endswith("send_request_headers.started"):
                return
            self.extensions.pop("trace", None)
            if call.before_sending is not None:
                before_sending, call.before_sending = call.before_sending, None
                with call.connections.pause():
                    before_sending()
        except DynacliError as error:
            # httpx would replace the exception, so the caller raises it unchanged.
            self.refusal = error
            raise
