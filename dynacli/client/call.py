"""One call, and the events that tell what happens in it.

Its request is built, signed, validated and sent; its response is validated as it is received.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import lru_cache, partial
from math import inf
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Protocol

from dynacli.client.call_settings import CallSettings
from dynacli.client.call_validator import CallValidator
from dynacli.client.described_operation import DescribedOperation
from dynacli.client.inputs.call_inputs import CallInputs, CallValues
from dynacli.client.inputs.collect_values import is_idempotency_key
from dynacli.client.sign_request import Signed, add_server_hint, sign, unsigned
from dynacli.environment import Environment, program
from dynacli.errors import AuthError, DynacliError, NetworkError, RefusedError, UsageError
from dynacli.http.built_request import Request
from dynacli.http.semantics import SAFE_METHODS, ReceivedBody
from dynacli.openapi.model.operation import documented_status
from dynacli.record import record, replace
from dynacli.request.build_request import build_request, check_header, kept_slashes
from dynacli.request.choose_server import check_path, choose_server

if TYPE_CHECKING:
    from threading import RLock

    from dynacli.client.response_cache import CachedCall
    from dynacli.http.caching import CacheSpec, Headers
    from dynacli.http.exchange import ClientPool, Pause, Retries, WireResponse
    from dynacli.http.send import Pieces, Receive
    from dynacli.validation.finding import Finding, ValidationResult
    from dynacli.validation.read_body import UnreadBody
    from dynacli.validation.streamed_body import StreamedBody
    from dynacli.validation.validate_by_level import LevelValidator

__all__ = [
    "CacheUnusable",
    "Call",
    "CallEvent",
    "CallFailed",
    "Findings",
    "Listener",
    "Page",
    "PageCame",
    "Pausing",
    "Progress",
    "Recorded",
    "RequestBuilt",
    "RequestInvalid",
    "ResponseHead",
    "ResponsePart",
    "ResponseReceived",
    "Retrying",
    "RowDone",
    "Sending",
    "SentRequest",
    "base_url_of",
    "request_of",
    "sent_request",
]


_LEAST_VALIDATION_SECONDS = 0.1
"""How long a response may be validated that came at the last moment."""


_base_url = lru_cache(maxsize=64)(choose_server)
"""It is the same for all calls of an operation, and often for all operations."""


def base_url_of(described: DescribedOperation, settings: CallSettings) -> str:
    """Return the URL that an operation's path is put after.

    Raises:
        UsageError: There is none, or another one is asked for than there is.
    """
    api = described.api
    servers = described.operation.servers or api.servers
    try:
        return _base_url(servers, api.uri, settings.server, settings.server_variables)
    except UsageError as error:
        add_server_hint(error, api, servers, settings)
        raise


def request_of(described: DescribedOperation, settings: CallSettings, values: CallValues) -> Request:
    """Return the request of a call, without credentials.

    Raises:
        UsageError: A header, server or value cannot be sent.
        RefusedError: The path would leave the operation's, or the policy does not let it be called.
    """
    settings.permit(described)
    operation, base_url = described.operation, base_url_of(described, settings)
    for name, value in settings.headers:
        check_header(name, value)
    request = build_request(
        operation,
        base_url,
        values.parameters,
        values.body,
        values.media_type,
        settings.headers,
        query_pairs=[(pair.name, pair.value) for pair in values.query],
        is_strict=settings.level != "off",
    )
    _permit_built(described, settings, request, base_url)
    check_path(request.url, base_url, operation.path, kept_slashes(operation, request.parts))
    return request


def _permit_built(
    described: DescribedOperation, settings: CallSettings, request: Request, base_url: str
) -> None:
    """Let a request be sent, which a server may take for another one, or which goes where another policy holds.

    Raises:
        RefusedError: It is not let.
    """
    if settings.policy is not None or settings.others is not None or settings.reads_only_by:
        from dynacli.client.policy.permit_request import permit_request

        permit_request(described, settings, request, base_url)
    elif _may_ask_for_a_method(request):
        from dynacli.client.readings import overrides_of

        # Nothing is denied, but a person may be asked before something is deleted.
        if asked := overrides_of(request, is_strict=False).asked:
            settings.permit(described, asked)


def _may_ask_for_a_method(request: Request) -> bool:
    """Return whether a request may ask for another method than its own, as far as a quick look tells."""
    for name, _ in request.headers:
        if "method" in name.lower():
            return True
    contents = [request.url.partition("?")[2].encode()]
    if isinstance(request.body, bytes):
        contents.append(request.body)
    elif request.body is not None:
        contents += [piece for piece in request.body.pieces if isinstance(piece, bytes)]
    for content in contents:
        if b"%" in content or b"\\u" in content or b"ethod" in content or b"ETHOD" in content:
            return True
    return False


class _AgainError(Exception):
    """The token was refreshed, and nothing of the response was read."""


class Call:
    """One call, ready to be sent; `Engine.prepare` makes it.

    Attributes:
        env: The surroundings of the run.
        described: The operation.
        values: What the request was built of.
        given: What was given for it; None if only its values were.
        request: The request, without its credentials.
        signed: The request with its credentials.
        settings: How the call is made and validated.
        validating: Validates the request; None if nothing is validated.
        result: The result on the response; None before it was validated, and if nothing is.
        pieces: The body of the response as it comes; None before its head came.
        has_sent: Whether the request may be on its way.
        renewal: Whether the stored token was refreshed after a 401, or why it could not be.

    Args:
        validator: The validator of the operation, if an earlier call has made it.
        adapt: Makes the request that is signed and sent of the one that is built; None for that itself.
        validating: What has validated the request that this one follows, and validates the response.
        on_event: Learns what happens in the call.

    Raises:
        UsageError: A header, server or value cannot be sent.
        RefusedError: The path would leave the operation's, or the policy does not let it be called.
    """

    signed: Signed

    def __init__(
        self,
        env: Environment,
        described: DescribedOperation,
        values: CallValues,
        settings: CallSettings,
        *,
        validator: LevelValidator | None = None,
        adapt: Callable[[Request], Request] | None = None,
        validating: CallValidator | None = None,
        on_event: Listener | None = None,
    ) -> None:
        self.env, self.described, self.values, self.settings = env, described, values, settings
        self.given: CallInputs | None = None
        self.has_sent = self._is_refused = False
        self.renewal: bool | DynacliError = False
        self.validation: ValidationResult | None = None
        self.pieces: Pieces | None = None
        self._on_event = on_event
        self._ask: Callable[[str], bool] | None = None
        self._cached: CachedCall | None = None
        self._asking_later = asking_later = settings.asking_later()
        request = request_of(described, asking_later, values)
        if program().hooks:
            from dynacli.client._call_hooks import call_before

            request = call_before(described.operation.name, request)
        if adapt is not None:
            request = adapt(request)
            _permit_built(described, asking_later, request, base_url_of(described, settings))
        self.request, self.validating = request, validating
        if settings.level != "off" and validating is None:
            self.validating = CallValidator(described, request, values, settings, validator)

    def leave_unsigned(self) -> None:
        """Let the request be without credentials, with what the caller gave as one masked.

        Raises:
            FileError: The authorities cannot be read that its connection trusts.
        """
        self.signed = unsigned(self.described.operation, self.request, self.settings, self.env)

    def sign(
        self,
        ask: Callable[[str], bool] | None = None,
        on_unsigned: Callable[[DynacliError], object] | None = None,
    ) -> None:
        """Give the request its credentials, and ask the person what the policy wants confirmed.

        Args:
            ask: Asks the person whether credentials may go to a new origin; None if no one can be asked.
            on_unsigned: Shown why the request has no credential, which is only shown then; None if that is an error.

        Raises:
            RefusedError: A credential would go to an origin that no one accepted, or no one confirms the call.
            AuthError: A credential is missing.
        """
        self._ask = ask
        described, cache = self.described, self.settings.cache
        try:
            self.signed = sign(
                *(self.env, described.api, described.operation, self.request, self.settings, ask),
                may_send=on_unsigned is None and not (cache is not None and cache.is_offline),
            )
        except (AuthError, RefusedError) as error:
            if on_unsigned is None:
                raise
            on_unsigned(error)
            self.leave_unsigned()
        for ask_about in self._asking_later.consent.waiting or ():
            ask_about(self.settings.consent)

    def check_request(self, unvalidated: Collection[tuple[str, ...]] = ()) -> None:
        """Validate the request before it is sent, and end the call if the document does not allow it.

        Args:
            unvalidated: (location, name) of parameters that are not validated.

        Raises:
            UsageError: It does not; no secret is in the error.
        """
        if self.validating is None:
            return
        try:
            self.validating.validate_request()
            if unvalidated:
                findings = self.validating.validation.findings
                findings[:] = [
                    finding
                    for finding in findings
                    if tuple(finding.pointer.split("/")[:2]) not in unvalidated
                ]
            self._check()
        except DynacliError as error:
            raise self.signed.masker.mask_error(error) from error.__cause__

    def _check(self) -> None:
        """Wait for the result on the request.

        Raises:
            UsageError: The document does not allow it.
        """
        if self.validating is None:
            return
        try:
            if not self.validating.has_begun:
                self.validating.validate_request()
            self.validating.check()
        except UsageError as error:
            if self._on_event is not None and not self._is_refused:
                self._is_refused = True
                self._on_event(RequestInvalid(self, self.signed.masker.mask_error(error)))
            raise

    def send(self, receive: Receive, clients: ClientPool | None = None) -> WireResponse:
        """Send the request once its result allows it, and return the response.

        A token that the server refuses although it has not ended is refreshed. A safe request is then sent again;
        one that changes something is not, as the server may have done a part of it.

        Args:
            receive: Reads the body of the response as it comes.
            clients: Keeps connections open between calls; None for a connection of its own.

        Raises:
            UsageError: The document does not allow the request.
            DynacliError: The call fails, or `receive` or a listener raises it; no secret is in it.
        """
        try:
            reused = None if self.settings.cache is None else self._look_up(self.settings.cache)
            if reused is not None:
                response = self._reuse(*reused, receive)
            else:
                # First, because httpx and openapi-core are each imported with placeholders for what neither needs of
                # the other.
                import dynacli.http.import_httpx  # noqa: F401

                if self.validating is not None and not self.validating.has_begun:
                    self.validating.start()  # in a thread of its own, while httpx connects
                if self.signed.renew is None:
                    response = self._send(receive, clients)
                else:
                    response = self._send_renewing(receive, clients)
        except DynacliError as error:
            self._explain(error)
            raise self.signed.masker.mask_error(error) from error.__cause__
        if self.signed.cookies is not None and response.set_cookies:
            with suppress(AuthError):  # the call went well, and the next one is signed with the old cookie
                self.signed.cookies.take_cookies(response.set_cookies)
        if self.settings.success and response.is_success:
            response = self._looked_into(response)
        if self.signed.request.method not in SAFE_METHODS and 200 <= response.status < 400:
            self._forget_changed(response)
        if program().hooks:
            from dynacli.client._call_hooks import call_after

            call_after(self.described.operation.name, self.signed.shown, response)
        return response

    def received(self, response: WireResponse) -> ReceivedBody:
        """Return the body of a response to the call; asked for again, the same one with what was read of it.

        It is kept beside the fields of the response, and ends with it: the calls of many pages live longer.
        """
        beside = response.__dict__
        if "received" not in beside:
            described, media_type = self.described, response.header("content-type")
            find_schema = partial(described.response_schema, response.status, response.headers)
            beside["received"] = ReceivedBody(
                response.body, media_type, find_schema, lambda: described.known_items
            )
        body: ReceivedBody = beside["received"]
        return body

    def receive_json(self, response: WireResponse) -> None:
        """Let the body of a response that was made of several be JSON, whatever they name it."""
        response.__dict__["received"] = replace(self.received(response), media_type="application/json")

    def _looked_into(self, response: WireResponse) -> WireResponse:
        """Return a response with whether its body says that the call failed; a body without a value says nothing."""
        from dynacli.errors import FormatError
        from dynacli.media.body_value import NoValueError, exact_value
        from dynacli.text.filter_value import filtered, is_true

        try:
            value = exact_value(self.received(response))
            is_refusal = bool(response.body) and not is_true(filtered(value, self.settings.success))
        except NoValueError:
            is_refusal = False
        except FormatError:
            is_refusal = True  # what the expression is about is not there
        if not is_refusal:
            return response
        if self._cached is not None:
            self._cached.leave_out()
        return replace(response, is_refusal=True)

    def _forget_changed(self, response: WireResponse) -> None:
        """Remove the stored responses that the call may have made wrong, if any are stored."""
        if os.path.isdir(self.env.responses_dir):
            from dynacli.client.response_cache import forget_changed

            forget_changed(self, response)

    def _send_renewing(self, receive: Receive, clients: ClientPool | None) -> WireResponse:
        """Send the request, again with a new token if the server refuses the old one."""
        try:
            return self._send(lambda response, pieces: self._renewed(response, pieces, receive), clients)
        except _AgainError:
            self.sign(self._ask)
            if self._cached is not None:
                self._cached.look_up()
            return self._send(receive, clients)

    def _look_up(self, spec: CacheSpec) -> tuple[WireResponse, Pieces] | None:
        """Return the stored response that takes the place of the server's, and its body; None if there is none.

        Raises:
            NetworkError: There is none, and nothing may be sent.
        """
        from dynacli.client.response_cache import CachedCall

        def report(text: str) -> None:
            if self._on_event is not None:
                self._on_event(CacheUnusable(self, text))

        self._cached = CachedCall(self, spec, report)
        return self._cached.reusable()

    def _reuse(self, response: WireResponse, pieces: Pieces, receive: Receive) -> WireResponse:
        """Return a stored response whose request the document allows, after its body is read."""
        self._check()
        start = time.monotonic()
        body = receive(response, pieces)
        return replace(response, body=body, size=pieces.size, seconds=time.monotonic() - start)

    def _send(
        self, receive: Receive, clients: ClientPool | None, conditions: Headers | None = None
    ) -> WireResponse:
        """Send the request.

        Args:
            conditions: Further headers that ask whether a stored response is still right; None to look for one.
        """
        if self._cached is not None and conditions is None:
            return self._cached.exchange(
                receive, lambda receive, conditions: self._send(receive, clients, conditions)
            )
        from dynacli.http.exchange import Budget
        from dynacli.http.send import send

        settings, signed, request = self.settings, self.signed, self.signed.request
        if conditions:
            request = request._replace(headers=(*request.headers, *conditions))
        if self._on_event is not None and not isinstance(request.body, bytes | None):
            from dynacli.http.payload import WatchedPayload

            request = request._replace(body=WatchedPayload(request.body, self._reporting_progress))
        ends_with = self._is_way_out if settings.ends_with_redirects else None
        return send(
            request,
            Budget(
                settings.timeout,
                ends_with=ends_with,
                permit=self._permit_redirect,
                has_http2=settings.has_http2,
            ),
            self._pass_gate,
            receive,
            clients,
            self._retries(),
            signed.login if signed.cookies is None else signed.cookies.guard(signed.login),
            signed.tls,
        )

    @contextmanager
    def _reporting_progress(self) -> Iterator[Callable[[int], object]]:
        """Enter with a function that learns of each further part of the body that was sent."""
        body, sent = self.signed.request.body, 0

        def announce(count: int) -> None:
            nonlocal sent
            sent += count
            if self._on_event is not None and not isinstance(body, bytes | None):
                self._on_event(Progress(self, sent, body.length))

        announce(0)
        yield announce

    def _pass_gate(self) -> None:
        """Let the request be sent: the connection stands."""
        self._check()
        if self._on_event is not None:
            self._on_event(Sending(self, 1))
        # From here on the request may be on its way; nothing is tried again after the person's back.
        self.has_sent = True

    def _renewed(self, response: WireResponse, pieces: Pieces, receive: Receive) -> bytes:
        """Read a response, unless the token is refreshed because of it, and the request can be sent again."""
        if response.status == 401:
            try:
                with pieces.call.connections.pause():
                    if self.signed.renew is not None:
                        self.signed.renew()
                self.renewal = True
            except DynacliError as error:
                # The server's own response tells what is wrong.
                self.renewal = self.signed.masker.mask_error(error)
            if self.renewal is True and self.signed.request.method in SAFE_METHODS:
                raise _AgainError
        return receive(response, pieces)

    def _explain(self, error: DynacliError) -> None:
        """Add to the error of a call that fails what is known of it.

        Raises:
            UsageError: Nothing was sent, and the document does not allow the request.
        """
        if not self.has_sent:
            # What is wrong with the request comes first, whatever the network does.
            try:
                self._check()
            except DynacliError as refusal:
                raise self.signed.masker.mask_error(refusal) from refusal.__cause__
        if "tls" in error.details and self.described.api.is_registered:
            from dynacli.http.failures import with_api_named

            with_api_named(error, self.described.api.name)
        elif isinstance(error, NetworkError) and not self.has_sent:
            add_server_hint(error, self.described.api, self.described.operation.servers, self.settings)

    def _retries(self) -> Retries:
        """Return how often the request is sent again: an unsafe one only if you asked for it, or it has a key."""
        from dynacli.http.exchange import Retries

        settings = self.settings
        may_repeat = (
            self.signed.request.method in SAFE_METHODS
            or settings.may_retry_unsafe
            or any(is_idempotency_key(parameter) for parameter in self.described.operation.parameters)
        )
        count = settings.retries if may_repeat else 0
        statuses = settings.retry_statuses
        return Retries(
            count, settings.may_retry_lost, self._between_tries, rate=settings.rate, statuses=statuses
        )

    @contextmanager
    def _between_tries(self, pause: Pause) -> Iterator[None]:
        if not self.has_sent:
            self._check()  # a request that is refused needs no second try
        if self._on_event is None:
            yield
            return

        self._on_event(Retrying(self, pause))
        yield
        self._on_event(Sending(self, pause.next_try))

    def _permit_redirect(self, request: Request) -> None:
        """Let a redirect be followed if the policy lets its request be sent.

        Raises:
            RefusedError: The policy does not.
        """
        from dynacli.client.policy.permit_request import permit_redirect

        permit_redirect(self.described, self.settings, request, base_url_of(self.described, self.settings))

    def _is_way_out(self, response: WireResponse) -> bool:
        """Return whether a response is a documented redirect to a place that the document does not have."""
        from dynacli.client.operation_at import is_documented_way_out

        api, operation = self.described.api, self.described.operation
        location = response.header("location")
        return bool(location) and is_documented_way_out(
            api, operation, response.url, response.status, location
        )

    def validate_response(
        self, response: WireResponse, body: bytes | StreamedBody | UnreadBody
    ) -> ValidationResult | None:
        """Return the result on a response; None if nothing is validated.

        Args:
            response: The response, with or without its body.
            body: Its body, which may be validated while it comes.
        """
        if self.validating is None:
            if self._cached is not None:
                self._cached.store(is_valid=False)
            return None
        from dynacli.validation.validated_messages import ValidatedResponse

        validated = response
        redirects: tuple[int, ...] = ()
        if response.hops:
            redirects = tuple(status for status, _ in response.hops)
            first = replace(
                response, status=redirects[0], url=response.hops[0][1], headers=response.redirect_headers
            )
            if self._is_way_out(first):
                from dynacli.validation.read_body import RedirectBody

                documented = {response.status: response for response in self.described.operation.responses}
                expected = documented[documented_status(first.status, documented)]
                validated, redirects = first, ()
                body = RedirectBody() if expected.media_types else b""
        media_type = validated.header("content-type")
        received = self.received(response) if body is response.body else None
        timeout, end = self.settings.timeout, inf
        if timeout is not None:
            end = time.perf_counter() + max(timeout - response.seconds, 0) + _LEAST_VALIDATION_SECONDS
        responded = ValidatedResponse(
            validated.status, validated.headers, media_type, body, redirects, received, end
        )
        if validated.is_json_lines:
            responded = responded.as_json_lines()
        validation = self.validating.validate_response(responded)
        self.settings.set_apart(validation, self.described.operation, response.status)
        self.validation = validation
        if self._cached is not None:
            found = (self.validating.validation, validation)
            self._cached.store(is_valid=not any(result.has_something_to_report for result in found))
        return validation

    def validate_stream(self, response: WireResponse, pieces: Iterable[bytes]) -> None:
        """Read a body that may go on for ever, and validate it while it comes.

        Args:
            response: The response without its body.
        """
        if self.validating is None:
            for _ in pieces:
                pass
            return
        from dynacli.validation.streamed_body import StreamedBody

        body = StreamedBody(pieces)
        self.validate_response(response, body)
        body.finish()


@record
class SentRequest:
    """The request that was sent, with its secrets masked.

    Args:
        method: As it was sent.
        url: Absolute, percent-encoded.
        headers: (name, value) in the order in which they were sent.
        content: The body; None if there was none, or if it was read only while it was sent.
    """

    method: str
    url: str
    headers: tuple[tuple[str, str], ...]
    content: bytes | None


def sent_request(call: Call) -> SentRequest:
    """Return the request of a call as it may be shown."""
    shown = call.signed.shown
    content = shown.body if isinstance(shown.body, bytes) else None
    return SentRequest(shown.method, shown.url, shown.headers, content)


class CallEvent:
    """Something that happened in a call.

    Attributes:
        name: Which event it is: `request_built`, `sending`, ...
        call: The call; None if none could be made of a row.
    """

    name: ClassVar[str] = ""
    call: Call | None

    @property
    def operation(self) -> str:
        """The name of the operation that is called."""
        return "" if self.call is None else self.call.described.operation.name

    @property
    def request(self) -> SentRequest | None:
        """The request, with its secrets masked; None if there is none."""
        return None if self.call is None else sent_request(self.call)


class Pausing(Protocol):
    """A time in which a call waits; as text it says why, and for how long.

    Attributes:
        seconds: How long it is.
        reason: What failed, or what is not true yet.
    """

    @property
    def seconds(self) -> float:
        """How long it is."""

    @property
    def reason(self) -> str:
        """What failed, or what is not true yet."""


@record
class RequestBuilt(CallEvent):
    """A request was built, and has its credentials."""

    name = "request_built"
    call: Call


@record
class RequestInvalid(CallEvent):
    """The document does not allow a request, which is not sent; the call ends with this error.

    Args:
        error: A `UsageError`, whose details have the findings.
    """

    name = "request_invalid"
    call: Call
    error: DynacliError


@record
class Sending(CallEvent):
    """A request is about to be sent: the connection stands, and the document allows the request.

    Args:
        tries: Which try it is, counted from 1. Before a further try the connection may still have to be made.
    """

    name = "sending"
    call: Call
    tries: int


@record
class Retrying(CallEvent):
    """A call waits before its request is sent again: it failed in a way that may pass, or `wait` waits.

    Args:
        pause: Why, and how long: `pause.reason`, `pause.seconds`.
    """

    name = "retrying"
    call: Call
    pause: Pausing


@record
class Progress(CallEvent):
    """A further part of a body from files was sent.

    Args:
        sent: How many bytes of the body were sent, since this try began.
        total: How many it has; None if no one knows.
    """

    name = "progress"
    call: Call
    sent: int
    total: int | None


@record
class CacheUnusable(CallEvent):
    """The response cache cannot be read or written, or is too small; the call goes on without it.

    Args:
        text: What is wrong, in a sentence.
    """

    name = "cache_unusable"
    call: Call
    text: str


@record
class ResponseHead(CallEvent):
    """The status and the headers of the final response came.

    Args:
        response: The response without its body: `status`, `reason`, `url`, `headers`.
        is_stream: Whether its body is reported part by part.
    """

    name = "response_head"
    call: Call
    response: WireResponse
    is_stream: bool = False


@record
class ResponsePart(CallEvent):
    """A part of the body of a stream came; of a stream of events a whole event.

    Args:
        content: The part.
        size: How many bytes of the body came so far.
    """

    name = "response_part"
    call: Call
    content: bytes
    size: int


@record
class CallFailed(CallEvent):
    """A call that was to be sent failed, or was interrupted.

    Args:
        error: Why; no secret is in a `DynacliError`.
    """

    name = "failed"
    call: Call
    error: BaseException


@record
class ResponseReceived(CallEvent):
    """A response came whole.

    Args:
        response: The response.
    """

    name = "response"
    call: Call
    response: WireResponse


@record
class Findings(CallEvent):
    """A response was validated, unless the level is `off` or it is only the rest of a file.

    Args:
        response: The response.
        validation: What was found; None if nothing was validated.
        lock: Held while something is looked up in the document.
    """

    name = "findings"
    call: Call
    response: WireResponse
    validation: ValidationResult | None
    lock: RLock

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What in the response does not match the document; empty if it is valid."""
        return () if self.validation is None else tuple(self.validation.findings)


class Page(NamedTuple):
    """A page.

    Args:
        number: Counted from 1.
        call: The call that asked for it.
        response: Its response.
        validation: The result on that.
        value: The value of the body; None if that is not JSON.
        items: The items; None if it has none.
    """

    number: int
    call: Call
    response: WireResponse
    validation: ValidationResult | None
    value: Any
    items: list[Any] | None


@record
class PageCame(CallEvent):
    """A page of a list came.

    Args:
        page: Its number, counted from 1, its items, and its response.
        count: How many items came so far.
        total: How many items there are on all pages; None if no response said it.
    """

    name = "page"
    call: Call
    page: Page
    count: int
    total: int | None


@record
class RowDone(CallEvent):
    """A row of a batch was sent, or could not be; it comes instead of `findings`.

    Args:
        named: The operation that the row names.
        result: What came of it, with the findings.
        response: The response; None if none came.
    """

    name = "row"
    call: Call | None
    named: str
    result: RowResult
    response: WireResponse | None

    @property
    def operation(self) -> str:
        """The operation that the row names."""
        return self.named


@record
class Recorded(CallEvent):
    """A call was written into the history, which keeps those of the command line and of the explorer."""

    name = "recorded"
    call: Call


Listener = Callable[[CallEvent], object]
"""Learns of what happens in calls, each in the thread in which it happens; what it raises ends the call."""


@record
class RowResult:
    """What came of a row.

    Args:
        row: Its number in the file, counted from 1.
        status: That of the response; None if none came.
        exit_code: That of the call, if it had been made alone.
        data: The value of the response: of JSON its value, of JSON lines a list, of other text the text; None if
            there is none. Of a response that is not text it is an object whose only member is `base64`.
        findings: What does not match the document, in the request and the response, as in the validation report.
        error: Why no response came, as `--error-format json` has it; None if one came.
        headers: Those of the response by their names in lower case, with secrets masked; None if none came.
    """

    row: int
    status: int | None
    exit_code: int
    data: Any = None
    findings: tuple[Any, ...] = ()
    error: Mapping[str, Any] | None = None
    headers: Mapping[str, list[str]] | None = None

    def as_json(self, *, has_headers: bool = False) -> dict[str, Any]:
        """Return the line of the result."""
        line = {
            "row": self.row,
            "status": self.status,
            **({"headers": self.headers} if has_headers else {}),
            "exit_code": self.exit_code,
            "data": self.data,
            "findings": list(self.findings),
        }
        return line if self.error is None else {**line, "error": dict(self.error)}
