"""The body of an answer as it comes, piece by piece."""

import socket
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING

from dynacli.errors import NetworkError
from dynacli.urls import without_query
from dynacli.wire.deadline import Connections
from dynacli.wire.encodings import BadEncodingError, decode_chunks
from dynacli.wire.http_client import headers_of

if TYPE_CHECKING:
    import httpx

__all__ = ["Pieces"]

_MIB = 1024 * 1024


class Pieces:
    """The decoded body of an answer, which can be read once.

    Attributes:
        size: The number of decoded bytes so far.
        is_encoded: Whether the server sent the body with a content coding, and so with another size.

    Args:
        response: The answer; its head was read.
        url: The URL that messages name, without its query.
        check_time: Raises when the time of the call is used up.
        connections: The connections of the call.
    """

    def __init__(
        self, response: "httpx.Response", url: str, check_time: Callable[[], object], connections: Connections
    ) -> None:
        self._response, self._name = response, without_query(url)
        self._check_time, self._connections = check_time, connections
        self._encodings = headers_of(response).get_list("content-encoding", split_commas=True)
        self.is_encoded = any(name.strip().lower() not in ("", "identity") for name in self._encodings)
        self.size = 0

    def __iter__(self) -> Iterator[bytes]:
        """Yield the pieces; none of them is empty.

        Raises:
            NetworkError: The body is not encoded as the answer says, or the connection was cut on this side.
            TimedOutError: The time of the call is used up.
            httpx.HTTPError: The connection failed or broke.
        """
        try:
            for piece in self._decoded():
                if piece:
                    yield piece
        except BadEncodingError as error:
            raise NetworkError(
                f"The answer of `{self._name}` cannot be read",
                why=str(error),
                hint="Try again; if it stays so, the server or a proxy on the way is broken",
            ) from error
        if self._connections.is_cut:
            # Where the answer states no length, a cut connection looks like the end of the body.
            raise NetworkError(f"The answer of `{self._name}` broke off", why="Nobody waits for it any more")

    def _decoded(self) -> Iterator[bytes]:
        if self.is_encoded:
            yield from decode_chunks(self._response.iter_raw(), self._encodings, self._check)
            return
        for chunk in self._response.iter_raw():
            self._check(self.size + len(chunk))
            yield chunk

    def _check(self, size: int) -> None:
        self.size = size
        self._check_time()

    def up_to(self, limit: int, hint: str = "") -> Iterator[bytes]:
        """Yield the pieces of a body that is at most so large.

        Args:
            limit: The largest size in bytes.
            hint: What a person can do about a larger body.

        Raises:
            NetworkError: The body is larger, or reading it failed.
        """
        for piece in self:
            if self.size > limit:
                raise NetworkError(
                    f"The answer of `{self._name}` is larger than {limit // _MIB} MiB", hint=hint
                )
            yield piece

    def wait_forever(self) -> None:
        """Remove the limit on the time between two pieces; must be called before the body is read.

        TCP keep-alive still finds out when the other side is gone.
        """
        # httpcore looks this up when it begins to read the body.
        self._response.request.extensions["timeout"]["read"] = None
        for connection in self._connections.sockets:
            with suppress(OSError):
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)

    def cut(self) -> None:
        """End the connection, from any thread; a thread that waits for a piece gets an error."""
        self._connections.cut()
