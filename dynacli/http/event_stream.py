"""Server-sent events, resumed after the last event if the connection is lost.

See https://html.spec.whatwg.org/multipage/server-sent-events.html#sse-processing-model
"""

import json
import re
from collections.abc import Iterable, Iterator
from contextlib import ExitStack

from dynacli.errors import NetworkError, TimedOutError
from dynacli.http.exchange import PASSING, Pause, WireResponse
from dynacli.http.retrying import MAX_PAUSE, is_lost_connection, usual_pause
from dynacli.http.semantics import is_event_stream, is_json_sequence
from dynacli.http.send import Pieces
from dynacli.urls import without_query

_END_OF_EVENT = re.compile(rb"(?>\r\n|\n|\r)(?>\r\n|\n|\r)")
"""The end of a line, in one of three notations, and the empty line after it."""
MAX_EVENT = 16 * 1024 * 1024
"""Maximum size of an event that is held back until it is complete, in bytes."""
_LINE = re.compile(rb"\r\n|\n|\r")
_NO_CONTENT = 204
_LINE_END = re.compile(rb"\n")
_RECORD = re.compile(rb"\x1e")
_LONG = b"data:"
"""Placeholder for an item that is too long to keep. It counts as an item in every kind of stream."""
_DATA = re.compile(rb"(?:^|\r|\n)data(?:[:\r\n]|$)")
"""The field that every event must have."""


class EventPieces:
    """The body of an event stream, in pieces of whole events.

    If the connection breaks and an event had an id, the stream resumes with `Last-Event-ID`. It tries as often in a row
    as `--retries` allows, after the pause that the server wants (`retry:`, at most 30 s). If the server ends the
    stream, it does not resume.

    Args:
        pieces: The body as it arrives. Its size also counts the bytes after resuming.
    """

    def __init__(self, pieces: Pieces) -> None:
        self._pieces, self._call, self._request = pieces, pieces.call, pieces.request
        self._last_id = b""
        self._pause: float | None = None
        self._losses = 0

    def __iter__(self) -> Iterator[bytes]:
        """Yield whole events, and an incomplete one at the end only if the server ends the body.

        Raises:
            NetworkError: The connection broke, and the stream cannot be resumed.
            TimedOutError: The time of the call is used up.
        """
        pieces = iter(self._pieces)
        while True:
            try:
                yield from self._whole(pieces)
            except NetworkError as failure:
                if self._call.connections.is_cut or not self._last_id or not is_lost_connection(failure):
                    raise
                if self._losses >= self._call.retries.count:
                    raise
                pieces = self._rest_after(failure)
            else:
                return

    def _whole(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        """Yield pieces of whole events, and the rest at the end."""
        rest, seen = b"", 0
        for piece in pieces:
            rest += piece
            end = 0
            for found in _END_OF_EVENT.finditer(rest, seen):
                self._note(rest[end : found.end()])
                end = found.end()
            if not end and len(rest) > MAX_EVENT:
                end = len(rest)
            if end:
                self._losses = 0
                yield rest[:end]
                rest = rest[end:]
            # The end of an event has up to four bytes, and the last one may not have arrived yet.
            seen = max(len(rest) - 3, 0)
        if rest:
            yield rest

    def _note(self, event: bytes) -> None:
        for line in _LINE.split(event):
            name, _, value = line.partition(b":")
            value = value.removeprefix(b" ")
            if name == b"id" and b"\0" not in value:
                self._last_id = value
            elif name == b"retry" and value.isdigit():
                self._pause = min(int(value[:9]) / 1000, MAX_PAUSE)

    def _rest_after(self, failure: NetworkError) -> Iterator[bytes]:
        """Request the stream after the last event until the server responds, and yield its pieces.

        Raises:
            DynacliError: All tries failed, or the response is not a stream of events.
        """
        call = self._call
        headers = [pair for pair in self._request.headers if pair[0].lower() != "last-event-id"]
        headers.append(("Last-Event-ID", self._last_id.decode("latin-1")))
        request = self._request._replace(headers=tuple(headers))
        while self._losses < call.retries.count:
            self._losses += 1
            seconds = usual_pause(self._losses) if self._pause is None else self._pause
            pause = Pause(seconds, failure.message, self._losses, call.retries.count)
            pause.wait(call.retries, call.connections)
            if call.connections.is_cut:
                break
            with ExitStack() as opened:
                try:
                    response, more = opened.enter_context(call.asked(request))
                except NetworkError as error:
                    if call.connections.is_cut or not is_lost_connection(error):
                        raise
                    failure = error
                    continue
                if response.status not in PASSING:
                    yield from self._more(response, more)
                    return
                failure = self._refused(response)
        raise failure

    def _more(self, response: WireResponse, more: Pieces) -> Iterator[bytes]:
        if response.status == _NO_CONTENT:
            return  # a 204 means that no more events follow
        if (
            not 200 <= response.status < 300
            or "text/event-stream" not in response.header("content-type").lower()
        ):
            raise self._refused(response)
        if self._pieces.waits_forever:
            more.wait_forever()
        size = self._pieces.size
        for piece in more:
            self._pieces.size = size + more.size
            yield piece

    def _refused(self, response: WireResponse) -> NetworkError:
        return NetworkError(
            f"The events of `{without_query(self._request.url)}` broke off",
            reason=f"Asked for the rest, the server responded with {response.status} {response.reason}".rstrip(),
            hint="Try again; `--retries 0` does not ask for the rest",
        )


def _end_of_item(media_type: str) -> re.Pattern[bytes]:
    if is_event_stream(media_type):
        return _END_OF_EVENT
    return _RECORD if is_json_sequence(media_type) else _LINE_END


def pieces_of_items(pieces: Pieces, media_type: str, count: int | None = None) -> Iterator[bytes]:
    """Yield the body of a stream. A stream of events resumes after a lost connection, and has no read timeout.

    Args:
        pieces: The body as it arrives.
        media_type: The value of `Content-Type`, of a sequence.
        count: Maximum number of items, at least 1; None for all.
    """
    found: Iterable[bytes] = pieces
    if is_event_stream(media_type):
        found = EventPieces(pieces)
        if pieces.call.budget.total is None:
            pieces.wait_forever()
    return iter(found) if count is None else _first_items(found, media_type, count)


def _first_items(pieces: Iterable[bytes], media_type: str, count: int) -> Iterator[bytes]:
    """Yield the beginning of a body, up to the end of the last of `count` items."""
    end_of_item = _end_of_item(media_type)
    left, rest = count, b""
    for piece in pieces:
        # Pieces are yielded at once; `rest` only keeps the text of the current item, to see whether it counts.
        begun, rest, start = len(rest), rest + piece, 0
        for found in end_of_item.finditer(rest):
            is_item = _is_item(rest[start : found.start()], media_type)
            start = found.end()
            left -= is_item
            if left == 0:
                # A record separator belongs to the record after it.
                end = found.start() if end_of_item is _RECORD else found.end()
                if end > begun:
                    yield rest[begun:end]
                return
        yield piece
        rest = rest[start:] if len(rest) - start < MAX_EVENT else _LONG


def _is_item(text: bytes, media_type: str) -> bool:
    return bool(_DATA.search(text)) if is_event_stream(media_type) else bool(text.strip())


class WholeItems:
    """The body of a stream in pieces of whole items, without an item that is cut off.

    Attributes:
        count: Number of yielded items.
        ended_by: The exception that interrupted the body, if all yielded items are whole; else None.

    Args:
        pieces: The body as it arrives.
        media_type: The value of `Content-Type`, of a sequence.
    """

    def __init__(self, pieces: Iterable[bytes], media_type: str) -> None:
        self._pieces, self._media_type = pieces, media_type
        self.count = 0
        self.ended_by: BaseException | None = None

    def __iter__(self) -> Iterator[bytes]:
        """Yield the items, and the rest at the end of the body.

        Raises:
            NetworkError: The connection broke.
            TimedOutError: The time of the call is used up.
            KeyboardInterrupt: The user interrupted the call.
        """
        end_of_item, rest, seen, is_cut = _end_of_item(self._media_type), b"", 0, False
        pieces = iter(self._pieces)
        while True:
            try:
                piece = next(pieces, b"")
            except (NetworkError, TimedOutError, KeyboardInterrupt) as error:
                if not is_cut:
                    if _is_whole_value(rest):
                        self.count += 1
                        yield rest
                    self.ended_by = error
                raise
            if not piece:
                break
            rest, end = rest + piece, 0
            for found in end_of_item.finditer(rest, seen):
                # A record separator belongs to the record after it.
                ends = found.start() if end_of_item is _RECORD else found.end()
                self.count += is_cut or _is_item(rest[end:ends].removeprefix(b"\x1e"), self._media_type)
                end, is_cut = ends, False
            if not end and len(rest) > MAX_EVENT:
                end, is_cut = len(rest), True
            if end:
                yield rest[:end]
                rest = rest[end:]
            # The end of an event has up to four bytes, and the last one may not have arrived yet.
            seen = max(len(rest) - 3, 0)
        if rest:
            yield rest


def _is_whole_value(text: bytes) -> bool:
    """Return whether an unfinished line or record is a complete JSON value, which no further text could continue."""
    text = text.removeprefix(b"\x1e")
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return text.strip()[-1:] in {b"}", b"]", b'"'} or text.endswith(b"\n")
