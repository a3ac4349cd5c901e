"""The engine: it makes every call, from inputs to history, and passes events to its listener.

No other module builds, sends, validates or records a call. Pages, waits, links, the rows of a batch and the probes
of a check are loops over it.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import suppress
from functools import cached_property, partial
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote, unquote_plus

from dynacli.client.call import (
    Call,
    CallFailed,
    Findings,
    Recorded,
    RequestBuilt,
    ResponseHead,
    ResponsePart,
    ResponseReceived,
    base_url_of,
)
from dynacli.client.call_settings import CallSettings
from dynacli.client.described_operation import DescribedOperation
from dynacli.client.inputs.call_inputs import CallInputs, CallValues, TypedWords
from dynacli.client.inputs.collect_values import collect_values
from dynacli.client.sign_request import is_secret_input
from dynacli.environment import Environment, variable
from dynacli.errors import DynacliError, FileError, FormatError, HttpError
from dynacli.http.built_request import Request
from dynacli.http.semantics import is_event_stream, is_json, is_sequence
from dynacli.openapi.catalog.catalog_file import DamagedCatalogError
from dynacli.record import replace
from dynacli.registry.record_call import (
    HISTORY_MODES,
    LARGEST_REMEMBERED,
    MOST_REMEMBERED,
    AskedPath,
    ReceivedPath,
    RecordedCall,
    UnusualHistoryError,
    api_key,
    history_mode,
    received_path,
    record_call,
)
from dynacli.urls import split_url

if TYPE_CHECKING:
    from dynacli.client.call import CallEvent, Listener
    from dynacli.client.masked_call import MaskedCall
    from dynacli.http.exchange import ClientPool, WireResponse
    from dynacli.http.send import Pieces, Receive
    from dynacli.openapi.model.operation import Field
    from dynacli.secrets import Masker
    from dynacli.validation.finding import ValidationResult
    from dynacli.validation.read_body import UnreadBody
    from dynacli.validation.validate_by_level import LevelValidator

NOTHING_SENT = (2, 8, 10)
"""Exit codes of runs that sent nothing to the API."""
_INTERRUPTED = 130
_WITH_MORE = frozenset({"object", "array", "any"})
_MARKS = frozenset("?@{[")
"""Characters of arguments that may contain a URL with a query, the name of a file, or JSON."""


class MadeCall(NamedTuple):
    """A call that got a response.

    Args:
        call: The call.
        response: Its response.
        validation: Validation result of the response; None if nothing was validated.
    """

    call: Call
    response: WireResponse
    validation: ValidationResult | None


class Engine:
    """Makes calls: builds, signs, validates and sends their requests, and validates their responses.

    Calls may be prepared in one thread and sent in others.

    Attributes:
        env: Environment of the run.
        settings: Settings of calls that have none of their own.
        latest: The latest prepared call; None before the first one.
        history: History entry of the latest call with a response, or of the first call; None if nothing is saved.

    Args:
        clients: Keeps connections open between calls; None to connect for each call.
        ask: Asks the user whether credentials may go to a new origin; None if dynacli cannot ask.
        lock: Held while a call is prepared or validated, if threads share the document.
        on_event: Receives the events of the calls; None to announce none.
        on_unsigned: Receives the reason if a request that is only shown has no credential; None to raise it.
        keep: Makes the history entry of a call; None to save nothing.
    """

    def __init__(
        self,
        env: Environment,
        settings: CallSettings,
        *,
        clients: ClientPool | None = None,
        ask: Callable[[str], bool] | None = None,
        lock: threading.RLock | None = None,
        on_event: Listener | None = None,
        on_unsigned: Callable[[DynacliError], object] | None = None,
        keep: Callable[[Call], CallHistory] | None = None,
    ) -> None:
        self.env, self.settings, self.clients = env, settings, clients
        self.lock = lock or threading.RLock()
        self.on_event = on_event
        self.latest: Call | None = None
        self.history: CallHistory | None = None
        self._coming: CallHistory | None = None
        self._ask, self._on_unsigned, self._keep = ask, on_unsigned, keep
        self._validators: dict[str, LevelValidator] = {}

    def listened_by(self, on_event: Listener | None, *, is_apart: bool = False) -> Engine:
        """Return the engine with another listener.

        Args:
            on_event: Receives the events instead of the current listener; None to keep that one.
            is_apart: True for separate validators, so that it can validate in parallel with other engines.
        """
        if on_event is None and not is_apart:
            return self
        made = self.with_settings(self.settings)
        made.on_event = on_event or self.on_event
        if not is_apart:
            made._validators = self._validators  # noqa: SLF001  - an engine, too
        return made

    def with_settings(self, settings: CallSettings) -> Engine:
        """Return an engine with other settings, and with new validators."""
        return Engine(
            self.env,
            settings,
            clients=self.clients,
            ask=self._ask,
            lock=self.lock,
            on_event=self.on_event,
            on_unsigned=self._on_unsigned,
            keep=self._keep,
        )

    def forget(self) -> None:
        """Forget the validators, because the document has changed."""
        self._validators.clear()

    def announce(self, event: CallEvent) -> None:
        """Pass an event to the listener."""
        if self.on_event is not None:
            self.on_event(event)

    def prepare(
        self,
        described: DescribedOperation,
        inputs: CallInputs | CallValues,
        settings: CallSettings | None = None,
        *,
        url: str = "",
        after: Call | None = None,
        is_signed: bool = True,
        is_checked: bool = True,
        unvalidated: Collection[tuple[str, ...]] = (),
        built: Request | None = None,
    ) -> Call:
        """Return a call whose request is built, signed and valid.

        Args:
            inputs: The inputs, or the values collected from them.
            settings: Settings of this call; None for those of the engine.
            url: URL of the request, if a response provided it.
            after: The call of the first page, if this is a later page. It was validated, and only the server's own
                values differ.
            is_signed: False to leave the credentials to `Call.sign`.
            is_checked: False to validate the request while the connection is opened.
            unvalidated: Location and name of each parameter that is not validated.
            built: The request that another program built, without its credentials; None to build it from the inputs.

        Raises:
            UsageError: An input, a header, a server or the request is invalid.
            AuthError: A credential is missing.
            RefusedError: A safety rule of dynacli or the policy refuses the call.
        """
        settings = settings or self.settings
        name = described.operation.name
        with self.lock:
            values = inputs
            if isinstance(values, CallInputs):
                values = collect_values(described, values, is_strict=settings.level != "off")
            adapt = None
            if url:
                adapt = _request_of_page(url, described, settings, values)
            call = Call(
                self.env,
                described,
                values,
                settings,
                validator=self._validators.get(name),
                adapt=adapt,
                validating=None if after is None else after.validating,
                on_event=self.on_event,
                built=built,
            )
            if is_signed:
                call.sign(self._ask, self._on_unsigned)
            else:
                call.leave_unsigned()
            call.given = inputs if isinstance(inputs, CallInputs) else None
            self.latest = call
            if self._keep is not None and after is None:
                self._coming = self._keep(call)
                self.history = self.history or self._coming
            self.announce(RequestBuilt(call))
            if is_checked and after is None:
                self._check(call, unvalidated)
        return call

    def _check(self, call: Call, unvalidated: Collection[tuple[str, ...]]) -> None:
        if call.validating is None:
            return
        if self.clients is not None:
            # Imported before openapi-core, which validation loads, and before several threads need it at once.
            import dynacli.http.import_httpx
            import dynacli.http.send  # noqa: F401
        call.check_request(unvalidated)
        self._validators[call.described.operation.name] = call.validating.validator

    def send(self, call: Call, receive: Receive | None = None, *, has_parts: bool = False) -> WireResponse:
        """Send a call from any thread, and return its response.

        Args:
            receive: Reads the body while it is received; None to read it into memory.
            has_parts: True to announce a successful stream in parts. It is validated meanwhile and not kept.

        Raises:
            DynacliError: The call failed. Secrets are masked in the error.
        """

        def read(response: WireResponse, pieces: Pieces) -> bytes:
            call.pieces = pieces
            if self.history is not None:
                self.history.note_head(response)
            is_stream = has_parts and response.is_success and is_sequence(response.header("content-type"))
            self.announce(ResponseHead(call, response, is_stream))
            if is_stream:
                call.validate_stream(response, self._announced_parts(call, response, pieces))
                return b""
            return (receive or read_whole)(response, pieces)

        try:
            response = call.send(read, self.clients)
        except BaseException as error:
            if self._coming is not None:
                self._coming.note_validation(call.validation)
            self.announce(CallFailed(call, error))
            raise
        self.announce(ResponseReceived(call, response))
        return response

    def _announced_parts(self, call: Call, response: WireResponse, pieces: Pieces) -> Iterator[bytes]:
        """Yield the parts of a stream, each after it was announced."""
        from dynacli.http.event_stream import pieces_of_items

        for part in pieces_of_items(pieces, response.header("content-type")):
            self.announce(ResponsePart(call, part, pieces.size))
            yield part

    def validate(
        self,
        call: Call,
        response: WireResponse,
        body: bytes | UnreadBody | None = None,
        *,
        is_part: bool = False,
    ) -> MadeCall:
        """Validate a response, unless that happened while it was received, and note it for the history.

        Args:
            body: The body to validate; None for the body of the response.
            is_part: True if the response is the rest of a file, which the document does not describe.

        Raises:
            FileError: The cache was damaged during the call.
        """
        with self.lock:
            if call.validation is None and not is_part:
                try:
                    call.validate_response(response, response.body if body is None else body)
                except DamagedCatalogError as damage:
                    from dynacli.client.damaged_cache import explain_damage

                    explain_damage(damage, has_sent=True)
            if self._coming is not None:
                self.history = self._coming
                self.history.note_validation(call.validation)
                self.history.note_response(call, response)
        self.announce(Findings(call, response, call.validation, self.lock))
        return MadeCall(call, response, call.validation)

    def make(
        self,
        described: DescribedOperation,
        inputs: CallInputs | CallValues,
        settings: CallSettings | None = None,
        *,
        url: str = "",
        after: Call | None = None,
        seconds: float | None = None,
        receive: Receive | None = None,
    ) -> MadeCall:
        """Make a call, and read its whole response. The arguments are as in `prepare`.

        Args:
            seconds: Time limit if it is shorter than the limit of the settings; None for no further limit.
            receive: As in `send`.

        Raises:
            DynacliError: The call failed. Secrets are masked in the error.
        """
        settings = settings or self.settings
        if seconds is not None and (settings.timeout is None or seconds < settings.timeout):
            settings = replace(settings, timeout=seconds)
        call = self.prepare(described, inputs, settings, url=url, after=after)
        return self.validate(call, self.send(call, receive))

    def record(self, words: Sequence[str], exit_code: int) -> None:
        """Save the latest call in the history at the end of the run.

        Args:
            words: The command line without the program's name.
        """
        history, self.history = self.history, None
        if history is not None and history.record(words, exit_code):
            self.announce(Recorded(history.call))

    def record_end(
        self, words: Sequence[str], error: BaseException | None, response: WireResponse | None
    ) -> None:
        """Save the latest call in the history, if it was sent or got a stored response.

        Args:
            words: The command line of the call, without the program's name.
            error: The exception that ended the call; None after a response.
            response: Its response; None if there is none.
        """
        is_stored = response is not None and bool(response.cache)
        if self.latest is None or not (self.latest.has_sent or is_stored):
            return
        code = 0
        if isinstance(error, DynacliError):
            code = error.exit_code
        elif error is not None:
            code = _INTERRUPTED
        elif response is not None and not response.is_success:
            code = HttpError(response.status, "").exit_code
        self.record(words, code)

    def remembering(self, typed: TypedWords) -> Engine:
        """Return an engine for calls that `record_end` saves in the history as one command.

        Args:
            typed: Arguments besides the inputs.
        """
        made = self.with_settings(self.settings)
        made._validators = self._validators  # noqa: SLF001  - an engine, too
        made._keep = lambda call: CallHistory(self.env, call, typed, lambda _: None)  # noqa: SLF001
        return made


def read_whole(response: WireResponse, pieces: Pieces) -> bytes:  # noqa: ARG001
    """Return a body, read into memory.

    Raises:
        NetworkError: The body is too large.
    """
    from dynacli.http.exchange import RENDER_LIMIT

    return pieces.joined(RENDER_LIMIT, "Write it to a file: `-o @FILE`")


def read_finite(response: WireResponse, pieces: Pieces) -> bytes:
    """Return a body, read into memory, unless it could be endless.

    Raises:
        FormatError: The response is a stream of events.
        NetworkError: The body is too large.
    """
    if is_event_stream(response.header("content-type")):
        raise FormatError("The response cannot be compared", reason="It is a stream of events")
    from dynacli.http.exchange import RENDER_LIMIT

    return pieces.joined(RENDER_LIMIT, "Request fewer items")


def _may_hold_secret(field: Field) -> bool:
    """Return whether a field is a secret, or may contain one that the catalog does not list separately."""
    items = field.value.items
    return (items is not None and items.type in _WITH_MORE) or is_secret_input(field)


class CallHistory:
    """Collects the history entry of a call. All pages of a list are one entry.

    Attributes:
        call: The call; the first one if there are several pages.
        response: Its response; None if there is none.

    Args:
        typed: Arguments besides the inputs.
        warn: Receives warnings about the history.
    """

    def __init__(
        self, env: Environment, call: Call, typed: TypedWords, warn: Callable[[str], object]
    ) -> None:
        self._env, self.call, self._typed, self._warn = env, call, typed, warn
        self._started = time.time()
        self.response: WireResponse | None = None
        self._findings: int | None = None
        self._size: int | None = None
        self._seconds = 0.0
        self._received: list[ReceivedPath] = []
        self._remembered = 0
        self._mode = ""
        self._masked: MaskedCall | None = None

    def note_head(self, response: WireResponse) -> None:
        """Note the first response when its headers arrive; its body may still fail."""
        if self._size is None:
            self.response = response

    def note_validation(self, validation: ValidationResult | None) -> None:
        """Note the validation result of a response, or of the part that was received."""
        validating = self.call.validating
        if validation is not None and validating is not None:
            before = len(validating.validation.findings) if self._findings is None else self._findings
            self._findings = before + len(validation.findings)

    def note_response(self, call: Call, response: WireResponse) -> None:
        """Note a complete response and the ids in it. Call this while the API is open.

        Args:
            call: The call that it responds to.
        """
        self.response = response
        self._size = (self._size or 0) + response.size
        self._seconds += response.seconds
        if self._find_mode() == "off" or self._remembered >= MOST_REMEMBERED or response.is_refusal:
            return
        api, request = call.described.api, call.signed.request
        asked = AskedPath(
            self._started,
            api_key(api.revisions.directory),
            request.method,
            call.described.operation.path,
            request.parts.path,
            call.signed.shown.url.partition("?")[2],
        )
        is_whole = len(response.body) == response.size <= LARGEST_REMEMBERED
        body, read = call.received(response), None
        if is_whole and body.content and is_json(body.media_type):
            read = partial(body.value, "plain", json.loads)
        responded = received_path(asked, response.status, read, api.catalog, self._masker(()).mask)
        if responded is not None:
            self._received.append(responded)
            self._remembered += responded.items

    def _find_mode(self) -> str:
        """Return the history mode: `off` if the setting is invalid or cannot be read."""
        if not self._mode:
            try:
                self._mode = history_mode(self._env)
            except FileError:
                self._mode = "off"
            if self._mode not in HISTORY_MODES:
                self._warn(
                    f"Invalid history mode `{self._mode}`: no calls are saved\n"
                    f"`{variable('HISTORY')}` and `history` in the configuration must be `off`, `headers` or `full`"
                )
                self._mode = "off"
        return self._mode

    def _masker(self, words: Sequence[str]) -> Masker:
        """Return the masker for the secrets of the call. Inputs are searched once, if they may contain secrets.

        Args:
            words: The command line without the program's name.
        """
        if self._masked is None and (self._may_hold_secrets or not _MARKS.isdisjoint("".join(words))):
            from dynacli.client.masked_call import MaskedCall

            self._masked = MaskedCall(self.call, self._typed)
        return self.call.signed.masker if self._masked is None else self._masked.masker

    @cached_property
    def _may_hold_secrets(self) -> bool:
        """True if an input of the call may contain a secret besides its credentials."""
        typed, described = self._typed, self.call.described
        media_type = described.media_type
        return (
            not described.is_documented
            or bool(self.call.signed.request.parts.added)
            or bool(typed.headers or typed.part_headers or typed.assignments or any(typed.texts))
            or any(map(is_secret_input, described.operation.parameters))
            or (
                media_type is not None
                and (media_type.is_cut or any(map(_may_hold_secret, media_type.fields)))
            )
        )

    def record(self, words: Sequence[str], exit_code: int) -> bool:
        """Save the call in the history at its end, and return whether dynacli tried to.

        Args:
            words: The command line without the program's name.
        """
        if exit_code in NOTHING_SENT or self._find_mode() == "off":
            return False
        # A failure to save is not worth a message. ValueError is raised for text that is not Unicode.
        with suppress(OSError, ValueError, FileError, DamagedCatalogError):
            self._write(self._recorded(words, exit_code))
        return True

    def _recorded(self, words: Sequence[str], exit_code: int) -> RecordedCall:
        signed, described, masker = self.call.signed, self.call.described, self._masker(words)
        shown, url = list(map(masker.mask, words)), signed.shown.url
        if self._masked is not None:
            shown, url = self._masked.words(words), self._masked.url
        messages = None
        if self._mode == "full":
            from dynacli.client.masked_call import MaskedCall

            messages = (self._masked or MaskedCall(self.call, self._typed)).messages(self.response)
        return RecordedCall(
            self._started,
            json.dumps(shown),
            described.api.name,
            api_key(described.api.revisions.directory),
            masker.mask(described.operation.name),
            signed.request.method,
            url,
            self.response.status if self.response is not None else None,
            self._seconds or time.time() - self._started,
            self._size,
            self._findings,
            exit_code,
            messages,
            self.response.cache or None if self.response is not None else None,
        )

    def _write(self, call: RecordedCall) -> None:
        try:
            is_time_to_sweep = record_call(self._env, call, self._received)
        except UnusualHistoryError as unusual:
            from dynacli.registry.call_history import record_with_care

            if note := record_with_care(self._env, call, self._received, unusual):
                self._warn(note)
            return
        if is_time_to_sweep:
            from dynacli.registry.call_history import sweep_history

            sweep_history(self._env)


def _request_of_page(
    url: str, described: DescribedOperation, settings: CallSettings, values: CallValues
) -> Callable[[Request], Request]:
    """Return a function that changes the request of the first page into the request of another page.

    A search by POST keeps its method if the path stays the same, or if the document has a POST at the new path.
    Otherwise the URL alone is enough, and the request is a GET.

    Args:
        url: URL of the page.
        values: Values from which the request is built.
    """
    from dynacli.client.operation_at import operation_at

    def adapt(request: Request) -> Request:
        path = split_url(url).path
        is_elsewhere = path != split_url(request.url).path
        if request.method == "POST" and is_elsewhere:
            base = split_url(base_url_of(described, settings)).path.rstrip("/")
            if operation_at(described.api.catalog, "POST", path.removeprefix(base)) is None:
                headers = tuple(pair for pair in request.headers if pair[0].lower() != "content-type")
                request = request._replace(method="GET", headers=headers, body=None)
        return request._replace(url=_with_own_keys(url, described, values))

    return adapt


def _with_own_keys(url: str, described: DescribedOperation, values: CallValues) -> str:
    """Return a URL with the API keys that were given as inputs, instead of those that the server repeats in it.

    Signing the request adds the keys of environment variables.
    """
    names = {name for location, name in described.operation.api_keys if location == "query"}
    if not names:
        return url
    parts = split_url(url)
    pairs = [pair for pair in parts.query.split("&") if pair]
    kept = [pair for pair in pairs if unquote_plus(pair.partition("=")[0]) not in names]
    given = [(name, values.parameters.get(("query", name))) for name in sorted(names)]
    given += [(pair.name, pair.value) for pair in values.query if pair.name in names]
    kept += [
        f"{quote(name, safe='')}={quote(str(value), safe='')}" for name, value in given if value is not None
    ]
    return parts._replace(query="&".join(kept)).geturl()
