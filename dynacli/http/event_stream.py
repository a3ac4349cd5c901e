"""Server-sent events, asked for again from where they were if the connection is lost.

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
"""The end of a line, which may be written in three ways, and the empty line after it."""
MAX_EVENT = 16 * 1024 * 1024
"""Bytes up to which an event is held back until it is complete."""
_LINE = re.compile(rb"\r\n|\n|\r")
_NO_CONTENT = 204
_LINE_END = re.compile(rb"\n")
_RECORD = re.compile(rb"\x1e")
_LONG = b"data:"
"""Instead of an item that is too long to keep: it is one, of whatever kind."""
_DATA = re.compile(rb"(?:^|\r|\n)data(?:[:\r\n]|$)")
"""A field of an event without which it is none."""


class EventPieces:
    """The body of a response with events, in pieces of whole events.

    If the connection breaks and the events so far had an id, the rest is asked for with `Last-Event-ID`: as often
    in a row as the call may be tried, after the pause that the server wants (`retry:`, at most 30 s). If the
    server ends the stream, nothing more is asked for.

    Args:
        pieces: The body as it comes; their size counts what comes later, too.
    """

    def __init__(self, pieces: Pieces) -> None:
        self._pieces, self._call, self._request = pieces, pieces.call, pieces.request
        self._last_id = b""
        self._pause: float | None = None
        self._losses = 0

    def __iter__(self) -> Iterator[bytes]:
        """Yield the events; what is after the last one only if the server ends the body.

        Raises:
            NetworkError: The connection broke, and the rest cannot be asked for.
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
        """Yield pieces of whole events, and at the end what is left."""
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
            # The end of an event takes up to four bytes; the last one may still be missing.
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
        """Yield the pieces after the last event; it is asked for until the server responds.

        Raises:
            DynacliError: It was asked for often enough, or the response is no more events.
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
            return  # so a server says that there is nothing more to come
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
    """Yield the body of a stream; events are asked for again if the connection is lost, and waited for.

    Args:
        pieces: The body as it comes.
        media_type: The value of `Content-Type`, of a sequence.
        count: The number of items after which the body ends, at least 1; None for all of it.
    """
    found: Iterable[bytes] = pieces
    if is_event_stream(media_type):
        found = EventPieces(pieces)
        if pieces.call.budget.total is None:
            pieces.wait_forever()
    return iter(found) if count is None else _first_items(found, media_type, count)


def _first_items(pieces: Iterable[bytes], media_type: str, count: int) -> Iterator[bytes]:
    """Yield the beginning of a body, up to the end of as many items."""
    end_of_item = _end_of_item(media_type)
    left, rest = count, b""
    for piece in pieces:
        # What is yielded never waits for the end of an item, but `rest` keeps it to see whether it is one.
        begun, rest, start = len(rest), rest + piece, 0
        for found in end_of_item.finditer(rest):
            is_item = _is_item(rest[start : found.start()], media_type)
            start = found.end()
            left -= is_item
            if left == 0:
                # The separator of the next record belongs to that one.
                end = found.start() if end_of_item is _RECORD else found.end()
                if end > begun:
                    yield rest[begun:end]
                return
        yield piece
        rest = rest[start:] if len(rest) - start < MAX_EVENT else _LONG


def _is_item(text: bytes, media_type: str) -> bool:
    return bool(_DATA.search(text)) if is_event_stream(media_type) else bool(text.strip())


class WholeItems:
    """The body of a stream in pieces of whole items: an item that breaks off is left out.

    Attributes:
        count: How many items were yielded.
        ended_by: Why no more came, if the body broke off and all that was yielded are whole items; else None.

    Args:
        pieces: The body as it comes.
        media_type: The value of `Content-Type`, of a sequence.
    """

    def __init__(self, pieces: Iterable[bytes], media_type: str) -> None:
        self._pieces, self._media_type = pieces, media_type
        self.count = 0
        self.ended_by: BaseException | None = None

    def __iter__(self) -> Iterator[bytes]:
        """Yield the items, and at the end of the body what is left.

        Raises:
            NetworkError: The connection broke.
            TimedOutError: The time of the call is used up.
            KeyboardInterrupt: A person interrupted it.
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
                # The separator of the next record belongs to that one.
                ends = found.start() if end_of_item is _RECORD else found.end()
                self.count += is_cut or _is_item(rest[end:ends].removeprefix(b"\x1e"), self._media_type)
                end, is_cut = ends, False
            if not end and len(rest) > MAX_EVENT:
                end, is_cut = len(rest), True
            if end:
                yield rest[:end]
                rest = rest[end:]
            # The end of an event takes up to four bytes; the last one may still be missing.
            seen = max(len(rest) - 3, 0)
        if rest:
            yield rest


def _is_whole_value(text: bytes) -> bool:
    """Return whether a line or record without an end is a JSON value that nothing could continue."""
    text = text.removeprefix(b"\x1e")
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return text.strip()[-1:] in {b"}", b"]", b'"'} or text.endswith(b"\n")
