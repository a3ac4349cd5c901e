"""An answer on its way: what comes of it from the upstream, as its client understands it."""

from dynacli.proxy.message_body import Body, BodyUntilEnd, as_chunk, response_body
from dynacli.proxy.message_head import BadMessageError, RequestHead, ResponseHead
from dynacli.proxy.passed_exchange import PassedExchange
from dynacli.proxy.passed_heads import passed_interim, passed_response

__all__ = ["PassingAnswer"]


class PassingAnswer:
    """The answer to one request; it is told to the passed exchange as it comes.

    Attributes:
        has_begun: Whether the head has come.
        leaves_connection: Whether the connection can serve another exchange.

    Args:
        request: The head of the request.
    """

    def __init__(self, request: RequestHead, passed: PassedExchange) -> None:
        self._request, self._passed = request, passed
        self._is_old = request.version == b"1.0"
        self.has_begun = self.leaves_connection = False
        self._body: Body | None = None

    @property
    def is_over(self) -> bool:
        """Whether all of it has come."""
        return self._body is not None and self._body.is_over

    def take(self, received: bytearray, *, must_close: bool) -> bytes:
        """Take what has come, and return what is sent to the client.

        Args:
            must_close: Whether the connection with the client ends after it.

        Raises:
            BadMessageError: It is no answer of HTTP/1.1.
        """
        pieces: list[bytes] = []
        while self._body is None:
            head = ResponseHead.taken(received)
            if head is None:
                return b"".join(pieces)
            pieces.append(self._head(head, must_close=must_close))
        piece, content = self._body.take(received)
        self._passed.answer_body.add(content)
        if self._is_old:
            piece = content
        elif isinstance(self._body, BodyUntilEnd):
            piece = as_chunk(piece)
        return b"".join((*pieces, piece))

    def _head(self, head: ResponseHead, *, must_close: bool) -> bytes:
        if head.status == 101:
            raise BadMessageError("it switches to another protocol")
        if head.status < 200:
            return b"" if self._is_old else passed_interim(head)
        self._passed.begin_answer(head)
        self._body = response_body(head, self._request.method)
        is_until_end = isinstance(self._body, BodyUntilEnd)
        self.has_begun, self.leaves_connection = True, not head.closes and not is_until_end
        further = b"Transfer-Encoding: chunked\r\n" if is_until_end and not self._is_old else b""
        if must_close:
            further += b"Connection: close\r\n"
        return passed_response(head, further, is_unchunked=self._is_old)

    def end(self) -> bytes | None:
        """Return what is sent where the upstream has closed the connection; None if that does not end the answer."""
        if not isinstance(self._body, BodyUntilEnd):
            return None
        self._body.is_over = True
        return b"" if self._is_old else b"0\r\n\r\n"
