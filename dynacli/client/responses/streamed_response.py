"""Responses that a Python program does not get at once: whose items it reads as they come, and that go into a file.

Items are those of JSON lines, JSON sequences and server-sent events.
"""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, suppress
from types import TracebackType
from typing import Any, Self

from dynacli.client.call import Call, CallEvent, ResponseHead, ResponsePart
from dynacli.client.described_operation import DescribedOperation
from dynacli.client.engine.call_engine import Engine, MadeCall
from dynacli.client.inputs.call_inputs import CallInputs
from dynacli.client.responses.response import Response
from dynacli.errors import FormatError, UsageError
from dynacli.files import replace_named_file
from dynacli.http.downloads import OutdatedPartError, PartialDownload
from dynacli.http.exchange import RENDER_LIMIT
from dynacli.http.exchange import Response as WireResponse
from dynacli.http.item_reader import ItemReader
from dynacli.http.send import FILE_LIMIT, Pieces
from dynacli.record import replace
from dynacli.validation.read_body import UnreadBody

__all__ = ["StreamedResponse", "download_response"]

_GRACE_SECONDS = 2
"""How long to wait for the thread of a stream whose connection was cut."""


class StreamedResponse(Response):
    """The response to a call, there as soon as its head is; its items are read by iterating, once.

    Use it in a `with` block, or close it: a response that is not read to its end keeps its connection. What is reported
    of its items, `findings` for example, is complete when the last one was read.

    Attributes:
        is_stream: Whether it has items; else `content` and `data` are there, as of any response.
        unread: How many items could not be read, being too large or no JSON; they are left out.
    """

    def __init__(self, engine: Engine, described: DescribedOperation, inputs: CallInputs) -> None:
        self._exchange = _Exchange(engine, described, inputs)
        try:
            first = self._exchange.take()
        except BaseException:
            self._exchange.close()
            raise
        self.unread = 0
        self._is_read = False
        self.is_stream = isinstance(first, WireResponse)
        if isinstance(first, MadeCall):
            super().__init__(*first, engine.lock)
        elif isinstance(first, WireResponse):
            super().__init__(self._exchange.call, first, None, engine.lock)

    def __enter__(self) -> Self:
        """Return the response itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close the response."""
        self.close()

    def close(self) -> None:
        """End the connection, whether all items came or not; calling it again does nothing."""
        self._exchange.close()

    def __iter__(self) -> Iterator[Any]:
        """Yield the items as they come.

        Raises:
            HttpError: The status is not a success.
            FormatError: The response is not a stream.
            UsageError: The items were read before, or the response is closed.
            NetworkError: The connection broke, and cannot be gone on with.
            TimedOutError: A time limit was reached.
        """
        self.raise_for_status()
        if not self.is_stream:
            media_type = self._response.header("content-type").partition(";")[0] or "no declared type"
            raise FormatError(
                f"The response of `{self._call.described.operation.name}` is not a stream",
                reason=f"It is `{media_type}`, where JSON lines, a JSON sequence or server-sent events have items",
                hint="Use its `data`; `items` yields the items of a list",
            )
        if self._is_read or self._exchange.is_closed:
            raise UsageError("The items of a stream are read once", hint="Make the call again")
        self._is_read = True
        return self._items()

    def _items(self) -> Iterator[Any]:
        reader = ItemReader(self._response.header("content-type"), json.loads)
        while True:
            taken = self._exchange.take()
            if not isinstance(taken, bytes):
                break
            for item in reader.feed(taken):
                self.unread = reader.unread
                yield item
        yield from reader.end()
        self.unread = reader.unread
        if isinstance(taken, MadeCall):
            self._response = taken.response
            self.seconds = taken.response.seconds
            self._note_validation(taken.validation)


_Handed = WireResponse | bytes | MadeCall
"""What an exchange hands over: of a stream its head, each piece and the end; of any other response the end alone."""


class _ClosedError(Exception):
    """No one takes what comes any more."""


class _Exchange:
    """The exchange of a stream, in a thread of its own, which hands over a piece when the one before was taken."""

    def __init__(self, engine: Engine, described: DescribedOperation, inputs: CallInputs) -> None:
        self.is_closed = False
        self._listener = engine.on_event
        self._engine = engine.listened_by(self._take, is_apart=True)
        self.call = self._engine.prepare(described, inputs)
        self._handed: list[_Handed | BaseException] = []
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="dynacli-stream", daemon=True)
        self._thread.start()

    def take(self) -> _Handed:
        """Return what comes next.

        Raises:
            UsageError: The exchange is closed.
            BaseException: What ended the exchange.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._handed or self.is_closed)
            if not self._handed:
                raise UsageError("The response is closed", hint="Read its items before that")
            taken = self._handed.pop()
            self._changed.notify_all()
        if isinstance(taken, BaseException):
            raise taken
        return taken

    def close(self) -> None:
        """End the exchange, if it has not ended."""
        with self._changed:
            self.is_closed = True
            self._handed.clear()
            self._changed.notify_all()
        if self.call.pieces is not None and self._thread.is_alive():
            self.call.pieces.cut()
            self._thread.join(_GRACE_SECONDS)

    def _hand(self, thing: _Handed | BaseException) -> None:
        with self._changed:
            self._changed.wait_for(lambda: not self._handed or self.is_closed)
            if self.is_closed:
                raise _ClosedError
            self._handed.append(thing)
            self._changed.notify_all()

    def _take(self, event: CallEvent) -> None:
        """Hand over the head of a stream, and each part of it; what else happens is reported."""
        if self._listener is not None:
            self._listener(event)
        if isinstance(event, ResponseHead) and event.is_stream:
            self._hand(event.response)
        elif isinstance(event, ResponsePart):
            self._hand(event.content)

    def _run(self) -> None:
        try:
            response = self._engine.send(self.call, tells_parts=True)
            self._hand(self._engine.validate(self.call, response))
        except _ClosedError:
            pass
        except BaseException as error:  # noqa: BLE001  - raised again in the thread that takes the items
            with suppress(_ClosedError):
                self._hand(error)


_PARTIAL = 206


class _SavedBody(UnreadBody):
    """A body that went into a file."""

    reason = "the body of a download is validated by its size alone"


def download_response(
    engine: Engine, described: DescribedOperation, inputs: CallInputs, path: str, *, is_resumed: bool
) -> MadeCall:
    """Make a call, and write the body of a success into a file.

    Args:
        path: The file; it is whole at the end, or as it was.
        is_resumed: Whether what came of it is kept if it breaks off, and gone on with.

    Raises:
        DynacliError: The call fails, or the file cannot be written.
    """
    settings = engine.settings
    call = engine.prepare(described, inputs)
    if not is_resumed:
        return _made(engine, call, path, None)
    url = call.request.url
    while True:
        partial = PartialDownload(path, url)
        with partial.held() as headers:
            asking = replace(settings, headers=(*settings.headers, *headers))
            call = engine.prepare(described, call.values, asking)
            try:
                return _made(engine, call, path, partial)
            except OutdatedPartError:
                continue  # the part is gone, so that the next response is of the whole


def _made(engine: Engine, call: Call, path: str, partial: PartialDownload | None) -> MadeCall:
    is_saved = False

    def opened(response: WireResponse, pieces: Pieces) -> AbstractContextManager[Callable[[bytes], None]]:
        return replace_named_file(path) if partial is None else partial.written(response, pieces)

    def receive(response: WireResponse, pieces: Pieces) -> bytes:
        nonlocal is_saved
        if partial is not None and partial.is_there(response):
            return b""
        if not 200 <= response.status < 300:
            return b"".join(pieces.up_to(RENDER_LIMIT))
        with opened(response, pieces) as write:
            # A compressed body may be a bomb: only such a body is limited.
            for piece in pieces.up_to(FILE_LIMIT) if pieces.is_encoded else pieces:
                write(piece)
        is_saved = True
        return b""

    response = engine.send(call, receive)
    if partial is not None and partial.is_part:
        return engine.validate(call, replace(response, status=_PARTIAL), is_part=True)
    return engine.validate(call, response, _SavedBody(response.size) if is_saved and response.size else None)
