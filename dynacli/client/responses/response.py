"""The response to a call that a Python program made.

Some responses a program does not get at once: it reads their items as they come (those of JSON lines, JSON sequences
and server-sent events), or they go into a file.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from functools import cached_property
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from dynacli.client.call import Call, CallEvent, ResponseHead, ResponsePart, sent_request
from dynacli.client.described_operation import DescribedOperation
from dynacli.client.engine.call_engine import Engine, MadeCall
from dynacli.client.inputs.call_inputs import CallInputs
from dynacli.errors import FormatError, UsageError
from dynacli.files import replace_named_file
from dynacli.http.downloads import OutdatedPartError, PartialDownload
from dynacli.http.exchange import RENDER_LIMIT, WireResponse
from dynacli.http.item_reader import ItemReader
from dynacli.http.semantics import is_structured
from dynacli.http.send import FILE_LIMIT, Pieces
from dynacli.record import replace
from dynacli.validation.read_body import UnreadBody

if TYPE_CHECKING:
    from dynacli.client.pages.page_loop import RespondedPage
    from dynacli.client.responses.compare_calls import ReceivedResponse
    from dynacli.media.text_values import BodySchema
    from dynacli.secrets import Masker
    from dynacli.validation.finding import Finding, ValidationResult

_GRACE_SECONDS = 2
"""How long to wait for the thread of a stream whose connection was cut."""
_PARTIAL = 206


_Handed = WireResponse | bytes | MadeCall
"""What an exchange hands over: of a stream its head, each piece and the end; of any other response the end alone."""


class _Headers(Mapping[str, str]):
    """The headers of a response, by name in any case; the values of repeated ones are joined (RFC 9110, section 5.3).

    Attributes:
        pairs: (name, value) as they came, repeated ones repeated.
    """

    def __init__(self, pairs: tuple[tuple[str, str], ...]) -> None:
        self.pairs = pairs

    def __getitem__(self, name: str) -> str:
        """Return the value of a header, several joined by commas."""
        found = self.get_all(name)
        if not found:
            raise KeyError(name)
        return ", ".join(found)

    def __iter__(self) -> Iterator[str]:
        """Yield the names in lower case, each once."""
        return iter(dict.fromkeys(name.lower() for name, _ in self.pairs))

    def __len__(self) -> int:
        """Return how many headers there are, repeated ones counted once."""
        return len({name.lower() for name, _ in self.pairs})

    def get_all(self, name: str) -> list[str]:
        """Return all values of a header, none if it did not come."""
        return [value for key, value in self.pairs if key.lower() == name.lower()]


class Response:
    """The response to one call.

    Attributes:
        status: The status code of the final response.
        headers: Its headers, by name in any case.
        content: Its body in bytes, without its content encoding.
        request: The request that was sent, with its secrets masked.
        seconds: From the start of sending until the body was read.
        cache: What the response cache did: `hit`, `revalidated` or `miss`; empty if it was not asked.
        findings: What in the response does not match the document; empty if nothing does, or nothing was validated.
        tolerated: What in the request and the response does not match the document to the letter, and is a finding at
            the level `exact`.
        not_validated: What could not be validated, a reason each.
        is_validated: Whether the response was validated at all.
        items: The items of a page of `Api.pages`; None if it has none, and for any other response.
    """

    def __init__(
        self,
        call: Call,
        response: WireResponse,
        validation: ValidationResult | None,
        lock: threading.RLock,
        words: Sequence[str],
        items: list[Any] | None = None,
    ) -> None:
        self._call, self._response, self._lock, self._words = call, response, lock, words
        self.items = items
        self.status: int = response.status
        self.headers = _Headers(response.headers)
        self.content: bytes = response.body
        self.request = sent_request(call)
        self.seconds: float = response.seconds
        self.cache: str = response.cache
        self._note_validation(validation)

    def _note_validation(self, validation: ValidationResult | None) -> None:
        self._validation = validation
        self.is_validated = validation is not None
        self.findings: tuple[Finding, ...] = tuple(validation.findings) if validation is not None else ()
        self.tolerated: tuple[Finding, ...] = tuple(
            finding for validated in self.validations for finding in validated.tolerated
        )
        reasons = (*validation.failures, *validation.not_validated) if validation is not None else ()
        self.not_validated: tuple[str, ...] = tuple(dict.fromkeys(reasons))

    def __repr__(self) -> str:
        """Return the status and what was asked for."""
        return f"<Response {self.status} to {self._call.described.operation.name}>"

    @property
    def data(self) -> Any:
        """The value of the body: of JSON, YAML, XML, a form, CBOR or MessagePack its value, of JSON lines a list.

        Of other text it is the text. It is None if there is no body, and the bytes if they are no text. A body that
        is not what its media type promises is text or bytes, too.
        """
        from dynacli.media.body_value import NoValueError, own_value
        from dynacli.text.body_text import decoded

        # A program may change the items of a page, too.
        call = self._call
        body = (call if self.items is None else call.described).received(self._response)
        try:
            with self._lock if is_structured(body.media_type) else nullcontext():
                return own_value(body)
        except NoValueError:
            text = decoded(body.content, body.media_type)
            return body.content if text is None else text

    def body_schema(self) -> BodySchema:
        """Return the document's schema of the body."""
        with self._lock:
            return self._call.described.response_schema(self.status, self._response.headers)

    @property
    def masked_headers(self) -> dict[str, list[str]]:
        """The headers as filters see them: name in lower case → its values, with secrets masked."""
        headers: dict[str, list[str]] = self._call.signed.head_of(self._response)["headers"]
        return headers

    @property
    def following(self) -> RespondedPage | None:
        """What the response tells of the next page of its list; None if it tells of none."""
        from dynacli.client.pages.page_loop import received_page

        with self._lock:
            return received_page(self._call, self._response) if self._response.is_success else None

    @property
    def described(self) -> DescribedOperation:
        """The operation that was called, in its document."""
        return self._call.described

    @property
    def validations(self) -> tuple[ValidationResult, ...]:
        """The results on the request and on the response, as far as each was validated."""
        of_request = self._call.validating.validation if self._call.validating is not None else None
        return tuple(validated for validated in (of_request, self._validation) if validated is not None)

    @property
    def notes(self) -> tuple[str, ...]:
        """What to know of the request: the names in its query that the document does not declare, a sentence each."""
        from dynacli.client.inputs.query_pairs import undeclared_notes

        call = self._call
        return tuple(undeclared_notes(call.described, call.values.query, call.settings.level))

    @property
    def redirects(self) -> tuple[int, ...]:
        """The statuses that were followed on the way to the response."""
        return tuple(status for status, _ in self._response.hops)

    @cached_property
    def masker(self) -> Masker:
        """What masks the secrets that the call has carried, or got by a cookie."""
        return self._call.signed.response_masker(self._response.headers)

    @property
    def received(self) -> ReceivedResponse:
        """The response as one side of a comparison."""
        from dynacli.client.responses.compare_calls import ReceivedResponse

        return ReceivedResponse(self._call.signed.masker.mask(self.request.url), self._response, self.masker)

    def raise_for_status(self) -> Response:
        """Return the response itself if its status is a 2xx, and its body does not say that the call failed.

        Raises:
            HttpError: It is not.
        """
        if self._response.is_success:
            return self
        from dynacli.client.responses.response_errors import http_error

        raise self._call.signed.masker.mask_error(http_error(self._call, self._response))

    def raise_for_findings(self) -> Response:
        """Return the response itself if it matches the document.

        Raises:
            MismatchError: Something does; it names each finding with its place.
        """
        if self._validation is None or self._validation.is_valid:
            return self
        from dynacli.client.responses.response_errors import mismatch_error

        with self._lock:
            raise mismatch_error(self._call, self._response, self._validation)


class StreamedResponse(Response):
    """The response to a call, there as soon as its head is; its items are read by iterating, once.

    Use it in a `with` block, or close it: a response that is not read to its end keeps its connection. What is reported
    of its items, `findings` for example, is complete when the last one was read.

    Attributes:
        is_stream: Whether it has items; else `content` and `data` are there, as of any response.
        unread: How many items could not be read, being too large or no JSON; they are left out.
    """

    def __init__(
        self, engine: Engine, described: DescribedOperation, inputs: CallInputs, words: Sequence[str]
    ) -> None:
        self._exchange = _Exchange(engine, described, inputs, words)
        try:
            first = self._exchange.take()
        except BaseException:
            self._exchange.close()
            raise
        self.unread = 0
        self._is_read = False
        self.is_stream = isinstance(first, WireResponse)
        if isinstance(first, MadeCall):
            super().__init__(*first, engine.lock, words)
        elif isinstance(first, WireResponse):
            super().__init__(self._exchange.call, first, None, engine.lock, words)

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
                reason=f"It is `{media_type}`; only JSON lines, a JSON sequence and server-sent events have items",
                hint="Use its `data`; `items` yields the items of a list",
            )
        if self._is_read or self._exchange.is_closed:
            raise UsageError("The items of a stream can be read only once", hint="Make the call again")
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


class _ClosedError(Exception):
    """No one takes what comes any more."""


class _Exchange:
    """The exchange of a stream, in a thread of its own, which hands over a piece when the one before was taken."""

    def __init__(
        self, engine: Engine, described: DescribedOperation, inputs: CallInputs, words: Sequence[str]
    ) -> None:
        self.is_closed = False
        self._words = words
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
            response = self._engine.send(self.call, has_parts=True)
            made = self._engine.validate(self.call, response)
            self._engine.record_end(self._words, None, response)
            self._hand(made)
        except _ClosedError:
            self._engine.record_end(self._words, None, None)
        except BaseException as error:  # noqa: BLE001  - raised again in the thread that takes the items
            self._engine.record_end(self._words, error, None)
            with suppress(_ClosedError):
                self._hand(error)


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
    settings = engine.settings.without_storing()
    call = engine.prepare(described, inputs, settings)
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
        if not response.is_success:
            return pieces.joined(RENDER_LIMIT)
        with opened(response, pieces) as write:
            # A compressed body may be a bomb: only such a body is limited.
            for piece in pieces.up_to(FILE_LIMIT) if pieces.is_encoded else pieces.as_sent():
                write(piece)
        is_saved = True
        return b""

    response = engine.send(call, receive)
    if partial is not None and partial.is_part:
        return engine.validate(call, replace(response, status=_PARTIAL), is_part=True)
    return engine.validate(call, response, _SavedBody(response.size) if is_saved and response.size else None)
