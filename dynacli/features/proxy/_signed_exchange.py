"""One exchange of `proxy --sign`: the request of a program, sent with the API's credential by the engine of calls.

The request is read completely, and every check comes before the credential is resolved. A thread makes the call, and
hands the response to the event loop piece by piece.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from typing import Protocol

from dynacli.errors import DynacliError
from dynacli.features.proxy._messages import (
    BadMessageError,
    OwnResponse,
    RequestHead,
    as_chunk,
    defective,
    request_body,
)
from dynacli.features.proxy._passing_exchange import LINGER_SECONDS, STALLED_SECONDS, Client
from dynacli.record import record

_MOST_BODY = 16 * 1024 * 1024
"""Maximum size in bytes of a request's body."""


@record
class SignedRequest:
    """A request of a program, completely read.

    Args:
        head: Its request line and headers.
        path: The requested path and query.
        body: Its body; None if it has none.
    """

    head: RequestHead
    path: str
    body: bytes | None


@record
class ResponseStart:
    """The status and the headers of a response for the program.

    Args:
        status: The status code.
        reason: The reason phrase.
        headers: Names and values, without those about the connection and the length.
        has_body: Whether a body follows.
    """

    status: int
    reason: str
    headers: tuple[tuple[str, str], ...]
    has_body: bool


class ClientGoneError(Exception):
    """The client has left, or reads nothing more."""


class SigningService(Protocol):
    """Decides about the requests of a program, and calls the API for it."""

    def refuses(self, exchange: SignedExchange) -> OwnResponse | None:
        """Return the response to a request that its headers alone forbid, which is logged; None if they do not."""

    def call(self, exchange: SignedExchange, request: SignedRequest) -> None:
        """Make the call for a request, and pass its response on.

        Raises:
            ClientGoneError: The client has left.
        """


class SignedExchange:
    """Reads one request, and writes its response.

    Attributes:
        head: The request line and the headers of the request.
        started: Time of its beginning, in seconds since 1970.
    """

    def __init__(self, signer: SigningService, client: Client, head: RequestHead) -> None:
        self._signer, self._client, self.head = signer, client, head
        self._loop = asyncio.get_running_loop()
        self.started, self._begun = time.time(), time.monotonic()
        self._body, self._content = request_body(head), bytearray()
        self._is_over = self._has_response = self._is_old = False
        self._is_chunked = self._is_calling = False
        self._room = threading.Event()
        self._room.set()

    @property
    def seconds(self) -> float:
        """Seconds since its beginning."""
        return time.monotonic() - self._begun

    @property
    def is_read(self) -> bool:
        """Whether the request is complete."""
        return self._body.is_over

    def check_that_client_waits(self) -> None:
        """Check that the client still waits for its response.

        Raises:
            ClientGoneError: The client has left.
        """
        if self._is_over:
            raise ClientGoneError

    def begin(self, received: bytearray) -> None:
        """Begin with the bytes that followed the headers."""
        self._client.hold(is_held=False)
        refusal = self._signer.refuses(self)
        if refusal is not None:
            self.give(refusal)
            return
        if self.head.length is not None and self.head.length > _MOST_BODY:
            self._refuse_large()
            return
        if self.head.has_token(b"expect", b"100-continue") and not received:
            self._client.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        self.request_came(received)

    def request_came(self, received: bytearray) -> None:
        """Keep received bytes of the body; make the call when it is complete."""
        try:
            _, content = self._body.take(received)
        except BadMessageError as error:
            self.give(OwnResponse(400, "http_request_error", "The request is not HTTP/1.1", error.reason))
            return
        self._content += content
        if len(self._content) > _MOST_BODY:
            self._refuse_large()
        elif self._body.has_trailers:
            reason = "A server may take them for headers, which a policy is about"
            self.give(OwnResponse(400, "http_request_error", "The request has trailers", reason))
        elif self._body.is_over:
            self._call()
        else:
            self.wait()

    def _refuse_large(self) -> None:
        reason = f"Its body is larger than {_MOST_BODY // 1024 // 1024} MiB"
        self.give(OwnResponse(413, "http_request_error", "The request is too large", reason))

    def _call(self) -> None:
        self._is_calling = True
        self._client.deadline.clear()  # the call has its own time limits
        has_body = bool(self._content) or self.head.is_chunked or self.head.length is not None
        target = self.head.target.decode("ascii")
        request = SignedRequest(self.head, target, bytes(self._content) if has_body else None)
        threading.Thread(target=self._work, args=(request,), name="dynacli-signed", daemon=True).start()

    def _work(self, request: SignedRequest) -> None:
        """Make the call, in a thread of its own."""
        try:
            self._signer.call(self, request)
        except ClientGoneError:
            return
        except Exception as error:  # noqa: BLE001  - the client gets an error, and the proxy serves the others
            self.respond(defective(error))

    def in_loop(self, step: Callable[[], None]) -> None:
        """Run a step in the event loop, and wait for its end.

        Raises:
            ClientGoneError: The client has left, or the proxy has ended.
        """
        done = threading.Event()

        def run() -> None:
            try:
                if not self._is_over:
                    step()
            finally:
                done.set()

        try:
            self._loop.call_soon_threadsafe(run)
        except RuntimeError:  # the loop is closed
            raise ClientGoneError from None
        if not done.wait(STALLED_SECONDS) or self._is_over:
            raise ClientGoneError

    def respond(self, response: OwnResponse) -> None:
        """Send a response of the proxy itself, from the thread of the call."""
        try:
            self.in_loop(lambda: self.give(response))
        except ClientGoneError:
            return

    def pass_on(self, start: ResponseStart, pieces: Iterator[bytes]) -> None:
        """Send a response to the client, from the thread of the call.

        Raises:
            ClientGoneError: The client has left, or reads nothing more.
            DynacliError: The response broke off.
        """
        self.in_loop(lambda: self._begin_response(start))
        for piece in pieces:
            if not self._room.wait(STALLED_SECONDS):
                self.in_loop(self._client.abort)
                raise ClientGoneError
            self.in_loop(lambda piece=piece: self._write(piece))  # type: ignore[misc]

    def end_response(self) -> None:
        """End the response, from the thread of the call, and go on to the next request."""

        def end() -> None:
            if self._is_chunked:
                self._client.write(b"0\r\n\r\n")
            self._end()
            self._client.exchange_over(is_read=True)

        try:
            self.in_loop(end)
        except ClientGoneError:
            return

    def break_off(self) -> None:
        """Close the connection, because the rest of a response is missing."""
        try:
            self.in_loop(self._client.abort)
        except ClientGoneError:
            return

    @property
    def has_response(self) -> bool:
        """Whether a response has begun."""
        return self._has_response

    def _begin_response(self, start: ResponseStart) -> None:
        self._has_response = True
        is_old = self.head.version == b"1.0"
        self._is_chunked = start.has_body and not is_old
        if start.has_body and is_old:
            self._client.must_close = True
        lines = [f"HTTP/1.1 {start.status} {start.reason}"]
        lines += [f"{name}: {value}" for name, value in start.headers]
        lines += ["Transfer-Encoding: chunked"] if self._is_chunked else []
        lines += ["Connection: close"] if self._client.must_close else []
        self._client.write("\r\n".join([*lines, "", ""]).encode("latin-1", "replace"))

    def _write(self, piece: bytes) -> None:
        self._client.write(as_chunk(piece) if self._is_chunked else piece)

    def give(self, response: OwnResponse) -> None:
        """End the exchange with a response of the proxy itself."""
        if self._is_over:
            return
        if self._has_response:
            self._client.abort()
            return
        client, is_read = self._client, self.is_read
        self._end()
        client.must_close |= not is_read
        client.give(response, is_to_head=self.head.method == b"HEAD")
        client.exchange_over(is_read=is_read)

    def _end(self) -> None:
        self._is_over = True
        self._room.set()
        self._client.deadline.clear()
        self._client.hold(is_held=False)

    def leave(self, who: str) -> None:  # noqa: ARG002  - both sides end it in the same way
        """End the exchange, because the client has left or the proxy ends."""
        self._is_over = True
        self._room.set()

    def client_is_full(self, *, is_full: bool) -> None:
        """Read the response only as fast as the client takes it."""
        (self._room.clear if is_full else self._room.set)()

    def wait(self) -> None:
        """Set the time limit for the next event."""
        if self._is_over:
            return
        client, deadline = self._client, self._client.deadline
        if client.has_ended:
            deadline.move(LINGER_SECONDS, client.abort)
        elif not self.is_read:
            reason = "The client sent nothing more of its request"
            deadline.move(STALLED_SECONDS, lambda: self.give(OwnResponse(408, "http_request_error", reason)))


def failed(error: DynacliError, status: int, kind: str) -> OwnResponse:
    """Return the response to a request whose call failed."""
    return OwnResponse(status, kind, error.message, error.reason, error.hint)
