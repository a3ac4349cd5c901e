"""What came of an answer: all of it, or of a stream its beginning, because a stream may have no end."""

import re
import time
from dataclasses import replace

from dynacli.model.media_types import essence, is_event_stream, is_json_sequence, is_sequence
from dynacli.transport.answer_pieces import Pieces
from dynacli.transport.send import RENDER_LIMIT, Answer

__all__ = ["Arrival"]

_LONG_ENOUGH = 5.0
"""Seconds of a stream that are listened to, once something has come."""
_LARGE_ENOUGH = 1024 * 1024
"""Bytes of a stream that are listened to."""
# The end of an event is an empty line; a line may end in three ways.
# https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream
_END_OF_EVENT = re.compile(rb"\r\n\r\n|\n\n|\r\r")


class Arrival:
    """Reads the body of one answer, and keeps what came even where no more of it comes.

    Args:
        limit: Bytes of an answer that is no stream.
    """

    def __init__(self, limit: int = RENDER_LIMIT) -> None:
        self._limit = limit
        self._head: Answer | None = None
        self._start = time.monotonic()
        self._content = bytearray()
        self._is_whole = False

    def __call__(self, answer: Answer, pieces: Pieces) -> bytes:
        """Read a body; for `send`.

        Raises:
            NetworkError: It is too large, or breaks off.
        """
        self._head, self._is_stream = answer, is_sequence(essence(answer.header("content-type")))
        if not self._is_stream:
            self._is_whole = True
            return b"".join(pieces.up_to(self._limit))
        for piece in pieces:
            self._content += piece
            is_long = time.monotonic() - self._start > _LONG_ENOUGH
            if (is_long or len(self._content) > _LARGE_ENOUGH) and self._items():
                return self._items()
        self._is_whole = True
        return bytes(self._content)

    @property
    def is_cut(self) -> bool:
        """Whether the body is only the beginning of a stream."""
        return self._head is not None and self._is_stream and not self._is_whole

    def begun(self) -> Answer | None:
        """Return a stream whose time was over, as far as it came; None where none began."""
        if self._head is None or not self._is_stream:
            return None
        # The connection was cut, which looks like the end of a body that has no length.
        self._is_whole = False
        return replace(self._head, body=self._items(), seconds=time.monotonic() - self._start)

    def _items(self) -> bytes:
        """Return the items that came as a whole: the last one may be cut anywhere."""
        content, name = bytes(self._content), essence(self._head.header("content-type") if self._head else "")
        if is_event_stream(name):
            ends = [found.end() for found in _END_OF_EVENT.finditer(content)]
            return content[: ends[-1]] if ends else b""
        separator = b"\x1e" if is_json_sequence(name) else b"\n"
        at = content.rfind(separator)
        return content[: at if separator == b"\x1e" else at + 1] if at >= 0 else b""
