"""Responses for Python programs.

The items of JSON lines, JSON sequences and server-sent events can be read while they arrive. A download writes the
body to a file.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from functools import cached_property
from types import GenericAlias, TracebackType
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
from dynacli.options.command_table import feature
from dynacli.record import replace
from dynacli.validation.read_body import UnreadBody

if TYPE_CHECKING:
    from dynacli.client.pages.page_loop import RespondedPage
    from dynacli.client.responses.compare_calls import ReceivedResponse
    from dynacli.media.text_values import BodySchema
    from dynacli.secrets import Masker
    from dynacli.validation.finding import Finding, ValidationResult

_GRACE_SECONDS = 2
"""Seconds to wait for the thread of a stream after its connection was closed."""
_PARTIAL = 206


_Result = WireResponse | bytes | MadeCall
"""Results of an exchange: for a stream its headers, each part and the final result; otherwise only the final result."""


class _Headers(Mapping[str, str]):
    """Headers of a response by name, ignoring case. Repeated values are joined (RFC 9110, section 5.3).

    Attributes:
        pairs: Names and values as received.
    """

    def __init__(self, pairs: tuple[tuple[str, str], ...]) -> None:
        self.pairs = pairs

    def __getitem__(self, name: str) -> str:
        """Return the value of a header, or several joined by commas."""
        values = self.get_all(name)
        if not values:
            raise KeyError(name)
        return ", ".join(values)

    def __iter__(self) -> Iterator[str]:
        """Yield each name once, in lower case."""
        return iter(dict.fromkeys(name.lower() for name, _ in self.pairs))

    def __len__(self) -> int:
        """Return the number of different names."""
        return len({name.lower() for name, _ in self.pairs})

    def get_all(self, name: str) -> list[str]:
        """Return all values of a header; empty if it is missing."""
        return [value for key, value in self.pairs if key.lower() == name.lower()]


class Response:
    """The response to a call.

    Attributes:
        status: Status code of the final response.
        headers: Its headers, by name in any case.
        content: Its body in bytes, after removing the content encoding.
        request: The request that was sent, with its secrets masked.
        seconds: Time from the start of sending until the body was read.
        cache: Effect of the response cache: `hit`, `revalidated` or `miss`; empty if it was not used.
        findings: Parts of the response that do not match the document; empty if it is valid or was not validated.
        tolerated: Deviations in request and response that are findings only at the level `exact`.
        not_validated: Reasons why parts were not validated.
        is_validated: True if the response was validated.
        items: Items of a page of `Api.pages`; None if it has none, and for other responses.
    """

    def __init__(
        self,
        call: Call,
        response: WireResponse,
        validation: ValidationResult | None,
        lock: threading.RLock,
        arguments: Sequence[str],
        items: list[Any] | None = None,
    ) -> None:
        self._call, self._response, self._lock, self._arguments = call, response, lock, arguments
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

    def __class_getitem__(cls, data: Any) -> GenericAlias:
        """Return `Response[T]`, which annotations have after `dynacli stubs`; `T` is the type of `data`."""
        return GenericAlias(cls, data)

    def __repr__(self) -> str:
        """Return the status and the name of the operation."""
        return f"<Response {self.status} to {self._call.described.operation.name}>"

    @property
    def data(self) -> Any:
        """Value of the body: of JSON, YAML, XML, a form, CBOR or MessagePack; a list for JSON lines.

        Other text is a string, and other content is bytes. So is a body that does not match its media type. It is None
        if there is no body.
        """
        from dynacli.media.body_value import NoValueError, own_value
        from dynacli.text.body_text import decoded

        # Parsed again for a page, so that the program can change this value without changing `items`.
        call = self._call
        body = (call if self.items is None else call.described).received(self._response)
        try:
            with self._lock if is_structured(body.media_type) else nullcontext():
                return own_value(body)
        except NoValueError:
            text = decoded(body.content, body.media_type)
            return body.content if text is None else text

    def sql(self, query: str) -> list[dict[str, Any]]:
        """Return the rows of one SELECT of SQLite over the items of the response, the table `rows`.

        For example:

            api.call("search-runs", range="7d").sql("select status, count(*) as runs from rows group by 1")

        Raises:
            UsageError: The query is not one SELECT, or does more than reading.
            FormatError: The response has no value, a name is unknown, or the query takes too long.
        """
        from dynacli.errors import FormatError
        from dynacli.media.body_value import NoValueError, exact_value

        run_query = feature("sql.run_query")
        run_query.check_query(query)
        with self._lock:
            body = self._call.received(self._response)
            try:
                value = exact_value(body)
            except NoValueError as error:
                raise FormatError("The response cannot be asked by SQL", reason=str(error)) from error
        rows: list[dict[str, Any]] = run_query.query_result(value, query, body)
        return rows

    def body_schema(self) -> BodySchema:
        """Return the schema of the body in the document."""
        with self._lock:
            return self._call.described.response_schema(self.status, self._response.headers)

    @property
    def masked_headers(self) -> dict[str, list[str]]:
        """Headers for filters: lower-case name → values, with secrets masked."""
        headers: dict[str, list[str]] = self._call.signed.head_of(self._response)["headers"]
        return headers

    @property
    def following(self) -> RespondedPage | None:
        """The page of the response, if another page of its list follows; else None."""
        from dynacli.client.pages.page_loop import received_page

        with self._lock:
            return received_page(self._call, self._response) if self._response.is_success else None

    @property
    def described(self) -> DescribedOperation:
        """The called operation, with its part of the document."""
        return self._call.described

    @property
    def validations(self) -> tuple[ValidationResult, ...]:
        """Validation results of the request and the response, if they were validated."""
        of_request = self._call.validating.validation if self._call.validating is not None else None
        return tuple(validated for validated in (of_request, self._validation) if validated is not None)

    @property
    def notes(self) -> tuple[str, ...]:
        """Notes on the request: a sentence for each name in its query that the document does not declare."""
        from dynacli.client.inputs.query_pairs import undeclared_notes

        call = self._call
        return tuple(undeclared_notes(call.described, call.values.query, call.settings.level))

    @property
    def redirects(self) -> tuple[int, ...]:
        """Statuses of the redirects that were followed."""
        return tuple(status for status, _ in self._response.hops)

    @cached_property
    def masker(self) -> Masker:
        """Masker for the secrets of the call and of cookies that it received."""
        return self._call.signed.response_masker(self._response.headers)

    @property
    def received(self) -> ReceivedResponse:
        """The response as a side of a comparison."""
        from dynacli.client.responses.compare_calls import ReceivedResponse

        return ReceivedResponse(self._call.signed.masker.mask(self.request.url), self._response, self.masker)

    def raise_for_status(self) -> Response:
        """Return this response if its status is 2xx and its body does not report a failure.

        Raises:
            HttpError: The call failed.
        """
        if self._response.is_success:
            return self
        from dynacli.client.responses.response_errors import http_error

        raise self._call.signed.masker.mask_error(http_error(self._call, self._response))

    def raise_for_findings(self) -> Response:
        """Return this response if it matches the document.

        Raises:
            MismatchError: The response does not match. The error has each finding with its location.
        """
        if self._validation is None or self._validation.is_valid:
            return self
        from dynacli.client.responses.response_errors import mismatch_error

        with self._lock:
            raise mismatch_error(self._call, self._response, self._validation)


class StreamedResponse(Response):
    """A response that is available after its headers. Iterate over it once to read its items.

    Use it in a `with` block or close it, because an unread response keeps its connection. Results such as `findings`
    are complete after the last item was read.

    Attributes:
        is_stream: True if it has items; False if `content` and `data` are available, as in other responses.
        unread: Number of items that were left out, because they are too large or not JSON.
    """

    def __init__(
        self, engine: Engine, described: DescribedOperation, inputs: CallInputs, arguments: Sequence[str]
    ) -> None:
        self._exchange = _Exchange(engine, described, inputs, arguments)
        try:
            first = self._exchange.take()
        except BaseException:
            self._exchange.close()
            raise
        self.unread = 0
        self._is_read = False
        self.is_stream = isinstance(first, WireResponse)
        if isinstance(first, MadeCall):
            super().__init__(*first, engine.lock, arguments)
        elif isinstance(first, WireResponse):
            super().__init__(self._exchange.call, first, None, engine.lock, arguments)

    def __enter__(self) -> Self:
        """Return the response itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close the response."""
        self.close()

    def close(self) -> None:
        """Close the connection, even if items are unread. Calling this again does nothing."""
        self._exchange.close()

    def __iter__(self) -> Iterator[Any]:
        """Yield the items as they arrive.

        Raises:
            HttpError: The status is not a success.
            FormatError: The response is not a stream.
            UsageError: The items were read before, or the response is closed.
            NetworkError: The connection broke, and the stream cannot be resumed.
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
            result = self._exchange.take()
            if not isinstance(result, bytes):
                break
            for item in reader.feed(result):
                self.unread = reader.unread
                yield item
        yield from reader.end()
        self.unread = reader.unread
        if isinstance(result, MadeCall):
            self._response = result.response
            self.seconds = result.response.seconds
            self._note_validation(result.validation)


class _ClosedError(Exception):
    """Raised in the thread of a stream after the program has closed it."""


class _Exchange:
    """The exchange of a stream in a thread, which waits until the program has taken each part."""

    def __init__(
        self, engine: Engine, described: DescribedOperation, inputs: CallInputs, arguments: Sequence[str]
    ) -> None:
        self.is_closed = False
        self._arguments = arguments
        self._listener = engine.on_event
        self._engine = engine.listened_by(self._take, is_apart=True)
        self.call = self._engine.prepare(described, inputs)
        self._results: list[_Result | BaseException] = []
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="dynacli-stream", daemon=True)
        self._thread.start()

    def take(self) -> _Result:
        """Return the next result.

        Raises:
            UsageError: The exchange is closed.
            BaseException: The exchange ended with it.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._results or self.is_closed)
            if not self._results:
                raise UsageError("The response is closed", hint="Read its items before you close it")
            result = self._results.pop()
            self._changed.notify_all()
        if isinstance(result, BaseException):
            raise result
        return result

    def close(self) -> None:
        """End the exchange if it is still running."""
        with self._changed:
            self.is_closed = True
            self._results.clear()
            self._changed.notify_all()
        if self.call.pieces is not None and self._thread.is_alive():
            self.call.pieces.cut()
            self._thread.join(_GRACE_SECONDS)

    def _hand_over(self, result: _Result | BaseException) -> None:
        with self._changed:
            self._changed.wait_for(lambda: not self._results or self.is_closed)
            if self.is_closed:
                raise _ClosedError
            self._results.append(result)
            self._changed.notify_all()

    def _take(self, event: CallEvent) -> None:
        """Pass events to the listener, and hand over the headers and the parts of a stream."""
        if self._listener is not None:
            self._listener(event)
        if isinstance(event, ResponseHead) and event.is_stream:
            self._hand_over(event.response)
        elif isinstance(event, ResponsePart):
            self._hand_over(event.content)

    def _run(self) -> None:
        try:
            response = self._engine.send(self.call, has_parts=True)
            made = self._engine.validate(self.call, response)
            self._engine.record_end(self._arguments, None, response)
            self._hand_over(made)
        except _ClosedError:
            self._engine.record_end(self._arguments, None, None)
        except BaseException as error:  # noqa: BLE001  - raised again in the thread that takes the items
            self._engine.record_end(self._arguments, error, None)
            with suppress(_ClosedError):
                self._hand_over(error)


class _SavedBody(UnreadBody):
    """A body that was written to a file."""

    reason = "the body of a download is validated by its size alone"


def download_response(
    engine: Engine, described: DescribedOperation, inputs: CallInputs, path: str, *, is_resumed: bool
) -> MadeCall:
    """Make a call, and write the body of a success to a file.

    Args:
        path: The file. It is complete at the end, or unchanged.
        is_resumed: True to save an interrupted download, and to resume it.

    Raises:
        DynacliError: The call failed, or the file cannot be written.
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
                continue  # the outdated part was removed, so the next request is for the whole


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
            # Only a compressed body is limited, because it may be a decompression bomb.
            for piece in pieces.up_to(FILE_LIMIT) if pieces.is_encoded else pieces.as_sent():
                write(piece)
        is_saved = True
        return b""

    response = engine.send(call, receive)
    if partial is not None and partial.is_part:
        return engine.validate(call, replace(response, status=_PARTIAL), is_part=True)
    return engine.validate(call, response, _SavedBody(response.size) if is_saved and response.size else None)
