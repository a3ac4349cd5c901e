"""Reading the body of a response: all of it, or the beginning of a stream, because a stream may have no end."""

import re
import time
from dataclasses import replace

from dynacli.http.exchange import RENDER_LIMIT, Response
from dynacli.http.semantics import essence, is_event_stream, is_json_sequence, is_sequence
from dynacli.http.send import Pieces

__all__ = ["ResponseReader", "complete_items"]

_STREAM_SECONDS = 5.0
"""Seconds that a stream is listened to, once an item of it has come."""
_STREAM_BYTES = 1024 * 1024
"""Bytes of a stream that are read, once they hold an item."""
# The end of an event is an empty line; a line may end in three ways.
# https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream
_END_OF_EVENT = re.compile(rb"\r\n\r\n|\n\n|\r\r")


class ResponseReader:
    """Reads the body of one response, and keeps what has come of a stream that goes on."""

    def __init__(self) -> None:
        self._head: Response | None = None
        self._is_stream = False
        self._start = time.monotonic()
        self._content = bytearray()
        self._is_complete = False

    def __call__(self, response: Response, pieces: Pieces) -> bytes:
        """Read a body; `send` calls it with the response's head.

        Raises:
            NetworkError: The body is too large, or breaks off.
        """
        self._head, self._is_stream = response, is_sequence(essence(response.header("content-type")))
        if not self._is_stream:
            self._is_complete = True
            return b"".join(pieces.up_to(RENDER_LIMIT))
        for piece in pieces:
            self._content += piece
            is_long = time.monotonic() - self._start > _STREAM_SECONDS
            if (is_long or len(self._content) > _STREAM_BYTES) and self._complete_items():
                return self._complete_items()
        self._is_complete = True
        return bytes(self._content)

    @property
    def is_cut(self) -> bool:
        """Whether the body is only the beginning of a stream."""
        return self._head is not None and self._is_stream and not self._is_complete

    def partial_response(self) -> Response | None:
        """Return what has come of a stream when the time of the call was over; None if no stream began."""
        if self._head is None or not self._is_stream:
            return None
        # The end of the time cut the connection, which looks like the end of a body that has no length.
        self._is_complete = False
        return replace(self._head, body=self._complete_items(), seconds=time.monotonic() - self._start)

    def _complete_items(self) -> bytes:
        """Return the items of the stream that have come completely: the last item may be cut anywhere."""
        media_type = essence(self._head.header("content-type") if self._head else "")
        return complete_items(bytes(self._content), media_type)


def complete_items(content: bytes, media_type: str) -> bytes:
    """Return the items of the beginning of a stream that are complete.

    Args:
        media_type: Of the stream, without parameters.
    """
    if is_event_stream(media_type):
        ends = [found.end() for found in _END_OF_EVENT.finditer(content)]
        return content[: ends[-1]] if ends else b""
    separator = b"\x1e" if is_json_sequence(media_type) else b"\n"
    end = content.rfind(separator)
    return content[: end if separator == b"\x1e" else end + 1] if end >= 0 else b""
