"""The engine: it makes every call, from its inputs to its row in the history, and passes events to its listener.

No one else builds, sends, validates or records a call. A series of calls (pages, a wait, links, the rows of a batch,
the probes of a check) is a loop over it.
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
"""The exit codes that say that nothing reached the API."""
_INTERRUPTED = 130
_WITH_MORE = frozenset({"object", "array", "any"})
_MARKS = frozenset("?@{[")
"""Characters of words that may hold a URL with a query, the name of a file, or JSON."""


class MadeCall(NamedTuple):
    """A call that got a response.

    Args:
        call: The call.
        response: Its response.
        validation: The result on the response; None if nothing was validated.
    """

    call: Call
    response: WireResponse
    validation: ValidationResult | None


class Engine:
    """Makes calls: resolves their inputs, builds, signs, validates and sends them, and validates what comes back.

    Calls may be prepared in one thread and sent in others.

    Attributes:
        env: The surroundings of the run.
        settings: How calls are made and validated, unless one has settings of its own.
        latest: The call that was prepared last; None before the first one.
        history: What the history keeps of the call that got a response last, or is the first; None if that is
            nothing.

    Args:
        clients: Keeps connections open between calls; None for a connection of each call's own.
        ask: Asks the person whether credentials may go to a new origin; None if no one can be asked.
        lock: Held while something is prepared or validated, if other threads use the document, too.
        on_event: Learns what happens; None for no one.
        on_unsigned: Shown why a request has no credential, which is only shown then; None if that is an error.
        keep: Makes what the history keeps of a call; None if it keeps nothing.
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
            on_event: Gets the events instead of the usual listener; None for that one.
            is_apart: Whether it has validators of its own, which validate while those of other calls do.
        """
        if on_event is None and not is_apart:
            return self
        made = self.with_settings(self.settings)
        made.on_event = on_event or self.on_event
        if not is_apart:
            made._validators = self._validators  # noqa: SLF001  - an engine, too
        return made

    def with_settings(self, settings: CallSettings) -> Engine:
        """Return the engine with other settings, and validators of its own."""
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
        """Forget the validators of operations, whose document is another one now."""
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
    ) -> Call:
        """Return a call whose request is built and signed, and allowed by the document.

        Args:
            inputs: What is given, or what the request is built of.
            settings: Those of this call; None for those of the engine.
            url: The URL of the request, if a response gave one.
            after: The call of the first page, if this is a further one: it was validated, and the server itself has
                named what differs.
            is_signed: Whether the request gets credentials now; else `Call.sign` gives them, or no one.
            is_checked: Whether the request is validated now; else that is done while the connection is made.
            unvalidated: (location, name) of parameters that are not validated.

        Raises:
            UsageError: An input, a header or a server does not fit, or the document does not allow the request.
            AuthError: A credential is missing.
            RefusedError: The call would cross a line of trust, or the policy does not let it be made.
        """
        settings = settings or self.settings
        name = described.operation.name
        with self.lock:
            values = inputs
            if isinstance(values, CallInputs):
                values = collect_values(described, values, is_strict=settings.level != "off")
            adapt = None
            if url:
                adapt = _led_to(url, described, settings, values)
            call = Call(
                self.env,
                described,
                values,
                settings,
                validator=self._validators.get(name),
                adapt=adapt,
                validating=None if after is None else after.validating,
                on_event=self.on_event,
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
            # Before openapi-core, which is imported to validate, and before threads need them at once.
            import dynacli.http.import_httpx
            import dynacli.http.send  # noqa: F401
        call.check_request(unvalidated)
        self._validators[call.described.operation.name] = call.validating.validator

    def send(self, call: Call, receive: Receive | None = None, *, has_parts: bool = False) -> WireResponse:
        """Send a call, and return its response; any thread can do it.

        Args:
            receive: Reads the body of the response as it comes; None to keep it as a whole.
            has_parts: Whether the listener gets the body of a success that is a stream part by part; it is
                validated meanwhile and not kept.

        Raises:
            DynacliError: The call fails; no secret is in it.
        """

        def read(response: WireResponse, pieces: Pieces) -> bytes:
            call.pieces = pieces
            if self.history is not None:
                self.history.note_head(response)
            is_stream = has_parts and response.is_success and is_sequence(response.header("content-type"))
            self.announce(ResponseHead(call, response, is_stream))
            if is_stream:
                call.validate_stream(response, self._shown(call, response, pieces))
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

    def _shown(self, call: Call, response: WireResponse, pieces: Pieces) -> Iterator[bytes]:
        """Yield the parts of a stream, after the listener got each."""
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
        """Validate a response, unless it was validated while it came, and note it for the history.

        Args:
            body: The body as it can be validated; None for that of the response.
            is_part: Whether the response is only the rest of a file, which the document does not describe.

        Raises:
            FileError: The cache was damaged meanwhile.
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
        """Make a call whose response is kept as a whole; the arguments are those of `prepare`.

        Args:
            seconds: How long it may take at most, if the settings allow more; None if nothing else limits it.
            receive: As in `send`.

        Raises:
            DynacliError: The call fails; no secret is in it.
        """
        settings = settings or self.settings
        if seconds is not None and (settings.timeout is None or seconds < settings.timeout):
            settings = replace(settings, timeout=seconds)
        call = self.prepare(described, inputs, settings, url=url, after=after)
        return self.validate(call, self.send(call, receive))

    def record(self, words: Sequence[str], exit_code: int) -> None:
        """Write the call that was made last into the history, at the end of the run.

        Args:
            words: The command line after the program's name.
        """
        history, self.history = self.history, None
        if history is not None and history.record(words, exit_code):
            self.announce(Recorded(history.call))

    def record_end(
        self, words: Sequence[str], error: BaseException | None, response: WireResponse | None
    ) -> None:
        """Write the call that was made last into the history, if something was sent or a stored response came.

        Args:
            words: The command line after the program's name that would make it.
            error: What ended the call; None if its response came.
            response: Its response; None if none came.
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
        """Return the engine for the calls of one result, which `record_end` writes into the history.

        Args:
            typed: What was given besides inputs.
        """
        made = self.with_settings(self.settings)
        made._validators = self._validators  # noqa: SLF001  - an engine, too
        made._keep = lambda call: CallHistory(self.env, call, typed, lambda _: None)  # noqa: SLF001
        return made


def read_whole(response: WireResponse, pieces: Pieces) -> bytes:  # noqa: ARG001
    """Return a body that is kept in memory.

    Raises:
        NetworkError: It is too large.
    """
    from dynacli.http.exchange import RENDER_LIMIT

    return pieces.joined(RENDER_LIMIT, "Write it to a file: `-o @FILE`")


def read_finite(response: WireResponse, pieces: Pieces) -> bytes:
    """Return a body that is kept in memory, unless it may have no end.

    Raises:
        FormatError: It is a stream of events.
        NetworkError: It is too large.
    """
    if is_event_stream(response.header("content-type")):
        raise FormatError("The response cannot be compared", reason="It is a stream of events")
    from dynacli.http.exchange import RENDER_LIMIT

    return pieces.joined(RENDER_LIMIT, "Ask for less, such as fewer items")


def _may_hold_secret(field: Field) -> bool:
    """Return whether a field is a secret, or may have one below that has no option of its own in the catalog."""
    items = field.value.items
    return (items is not None and items.type in _WITH_MORE) or is_secret_input(field)


class CallHistory:
    """What the history keeps of a call that was made, or failed on the way; of the pages of a list it is one call.

    Attributes:
        call: The call; the first one of several pages.
        response: Its response; None if none came.

    Args:
        typed: What was typed for it besides its inputs.
        warn: Called with what a person should know of the history.
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
        """Note that the first response begins to come; it may break off."""
        if self._size is None:
            self.response = response

    def note_validation(self, validation: ValidationResult | None) -> None:
        """Note the result on a response, or on the part of it that came."""
        validating = self.call.validating
        if validation is not None and validating is not None:
            before = len(validating.validation.findings) if self._findings is None else self._findings
            self._findings = before + len(validation.findings)

    def note_response(self, call: Call, response: WireResponse) -> None:
        """Note a response that came whole, and what it tells of ids; as long as the API is open.

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
        """Return what is to be kept; a history that cannot be asked for is none."""
        if not self._mode:
            try:
                self._mode = history_mode(self._env)
            except FileError:
                self._mode = "off"
            if self._mode not in HISTORY_MODES:
                self._warn(
                    f"`{self._mode}` says nothing of the history, which keeps nothing now\n"
                    f"`{variable('HISTORY')}`, and `history` in the configuration, are one of `off`, `headers`, `full`"
                )
                self._mode = "off"
        return self._mode

    def _masker(self, words: Sequence[str]) -> Masker:
        """Return what takes the secrets out of the call; those of its inputs are looked for once, if there may be any.

        Args:
            words: The command line after the program's name.
        """
        if self._masked is None and (self._may_hold_secrets or not _MARKS.isdisjoint("".join(words))):
            from dynacli.client.masked_call import MaskedCall

            self._masked = MaskedCall(self.call, self._typed)
        return self.call.signed.masker if self._masked is None else self._masked.masker

    @cached_property
    def _may_hold_secrets(self) -> bool:
        """Whether an input of the call may hold a secret besides its credentials."""
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
        """Write the call into the history, at its end; return whether that was tried.

        Args:
            words: The command line after the program's name.
        """
        if exit_code in NOTHING_SENT or self._find_mode() == "off":
            return False
        # A history that cannot be written is not worth a word; a ValueError comes of text that is not Unicode.
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


def _led_to(
    url: str, described: DescribedOperation, settings: CallSettings, values: CallValues
) -> Callable[[Request], Request]:
    """Return what makes the request of a page of that of its inputs.

    A search that is made by POST goes on by POST at its own path, and if the document has one at the new path;
    elsewhere the URL is all that is needed.

    Args:
        url: The URL of the page.
        values: What the request is built of.
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
    """Return a URL without the API keys that a server repeats in it, and with those that were given as inputs.

    Those of the environment are added when the request is signed.
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
