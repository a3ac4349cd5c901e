"""One call, from building its request to validating its response, and the events of a call."""

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
from dynacli.options.command_table import feature, has_feature
from dynacli.record import record, replace
from dynacli.request.build_request import build_request, check_header, kept_slashes
from dynacli.request.choose_server import check_path, choose_server

if TYPE_CHECKING:
    from threading import RLock

    from dynacli.http.caching import CachedExchange, CacheSpec, Headers
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
"""Minimum time for validating a response, even if it arrives just before the call's time limit."""


_base_url = lru_cache(maxsize=64)(choose_server)
"""Cached, because all calls of an operation share their base URL, and often all operations do."""


def base_url_of(described: DescribedOperation, settings: CallSettings) -> str:
    """Return the base URL of an operation, to which its path is added.

    Raises:
        UsageError: No server is known, or the requested server is not available.
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
        RefusedError: The request would leave the operation's path, or the policy refuses the call.
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


def _checked_request(described: DescribedOperation, settings: CallSettings, request: Request) -> Request:
    """Return a request that another program built, if it may be sent.

    Raises:
        UsageError: No server is known.
        RefusedError: The request would leave the operation's path, or the policy refuses the call.
    """
    settings.permit(described)
    operation, base_url = described.operation, base_url_of(described, settings)
    _permit_built(described, settings, request, base_url)
    check_path(request.url, base_url, operation.path)
    return request


def _permit_built(
    described: DescribedOperation, settings: CallSettings, request: Request, base_url: str
) -> None:
    """Apply the policies to a built request, which a server could take for another operation or method.

    Raises:
        RefusedError: A policy refuses the request.
    """
    if settings.policy is not None or settings.others is not None or settings.reads_only_by:
        from dynacli.client.policy.permit_request import permit_request

        permit_request(described, settings, request, base_url)
    elif _may_ask_for_a_method(request):
        from dynacli.client.readings import overrides_of

        # The policy denies nothing, but it may want a request that overrides its method confirmed.
        if asked := overrides_of(request, is_strict=False).asked:
            settings.permit(described, asked)


def _may_ask_for_a_method(request: Request) -> bool:
    """Return whether a request could override its method. A quick look, which is only wrong if it says yes."""
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


def _is_end(_: WireResponse) -> bool:
    return True


class _AgainError(Exception):
    """Raised after the token was refreshed, before the body is read, to send the request again."""


class Call:
    """A call that is ready to be sent. `Engine.prepare` makes one.

    Attributes:
        env: Environment of the run.
        described: The operation.
        values: Values from which the request was built.
        given: The inputs as given; None if the caller gave only values.
        request: The request without its credentials.
        signed: The request with its credentials.
        settings: Settings of the call.
        validating: Validator of the request; None if nothing is validated.
        validation: Validation result of the response; None before it was validated, and if nothing is.
        pieces: Body of the response while it is received; None before its headers.
        has_sent: True if the request may have been sent.
        renewal: True if the stored token was refreshed after a 401; the error if refreshing failed.

    Args:
        validator: Validator of the operation, if an earlier call has made it.
        adapt: Changes the built request before it is signed; None to change nothing.
        validating: Validator of the request that this one follows; it validates the response.
        on_event: Receives the events of the call.
        built: The request that another program built, without its credentials; None to build it from the values.

    Raises:
        UsageError: A header, server or value cannot be sent.
        RefusedError: The request would leave the operation's path, or the policy refuses the call.
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
        built: Request | None = None,
    ) -> None:
        self.env, self.described, self.values, self.settings = env, described, values, settings
        self.given: CallInputs | None = None
        self.has_sent = self._is_refused = False
        self.renewal: bool | DynacliError = False
        self.validation: ValidationResult | None = None
        self.pieces: Pieces | None = None
        self._on_event = on_event
        self._ask: Callable[[str], bool] | None = None
        self._cached: CachedExchange | None = None
        self._asking_later = asking_later = settings.asking_later()
        if built is None:
            request = request_of(described, asking_later, values)
        else:
            request = _checked_request(described, asking_later, built)
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
        """Send no further credentials with the request, and mask those that the caller gave.

        Raises:
            FileError: The file of certificate authorities cannot be read.
        """
        self.signed = unsigned(self.described.operation, self.request, self.settings, self.env)

    def sign(
        self,
        ask: Callable[[str], bool] | None = None,
        on_unsigned: Callable[[DynacliError], object] | None = None,
    ) -> None:
        """Add credentials to the request, and ask for the confirmation that the policy requires.

        Args:
            ask: Asks the user whether credentials may go to a new origin; None if dynacli cannot ask.
            on_unsigned: Receives the reason if a request that is only shown has no credential; None to raise it.

        Raises:
            RefusedError: The user does not accept a new origin for the credential, or does not confirm the call.
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
        """Validate the request before it is sent.

        Args:
            unvalidated: Location and name of each parameter that is not validated.

        Raises:
            UsageError: The request does not match the document. Secrets are masked in the error.
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
        """Wait for the validation result of the request.

        Raises:
            UsageError: The request does not match the document.
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
        """Send the request if it matches the document, and return the response.

        If the server refuses a token that has not expired, dynacli refreshes the token. It sends the request again if
        that is safe. It does not repeat a change, because the server may already have made a part of it.

        Args:
            receive: Reads the body of the response as it is received.
            clients: Keeps connections open between calls; None for a new connection.

        Raises:
            UsageError: The request does not match the document.
            DynacliError: The call failed, or `receive` or a listener raised an error. Secrets are masked in it.
        """
        try:
            reused = None if self.settings.cache is None else self._look_up(self.settings.cache)
            if reused is not None:
                response = self._reuse(*reused, receive)
            else:
                # Imported first: it replaces modules that httpx and openapi-core would load from each other without
                # need.
                import dynacli.http.import_httpx  # noqa: F401

                if self.validating is not None and not self.validating.has_begun:
                    self.validating.start()  # in a thread, while httpx connects
                if self.signed.renew is None:
                    response = self._send(receive, clients)
                else:
                    response = self._send_renewing(receive, clients)
        except DynacliError as error:
            self._explain(error)
            raise self.signed.masker.mask_error(error) from error.__cause__
        if self.signed.cookies is not None and response.set_cookies:
            with suppress(AuthError):  # the call succeeded; the next one is signed with the old cookie
                self.signed.cookies.take_cookies(response.set_cookies)
        if self.settings.success and response.is_success:
            response = self._with_reported_failure(response)
        if self.signed.request.method not in SAFE_METHODS and 200 <= response.status < 400:
            self._forget_changed(response)
        if program().hooks:
            from dynacli.client._call_hooks import call_after

            call_after(self.described.operation.name, self.signed.shown, response)
        return response

    def received(self, response: WireResponse) -> ReceivedBody:
        """Return the body of a response, the same object each time, with the values already read from it.

        It is stored in the response, not in the call, so that the calls of many pages do not keep all bodies.
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
        """Read the body of a merged response as JSON, whatever media type it has."""
        response.__dict__["received"] = replace(self.received(response), media_type="application/json")

    def _with_reported_failure(self, response: WireResponse) -> WireResponse:
        """Return a response, marked as failed if its body says so. A body without a value says nothing."""
        from dynacli.errors import FormatError
        from dynacli.media.body_value import NoValueError, exact_value
        from dynacli.text.filter_value import filtered, is_true

        try:
            value = exact_value(self.received(response))
            is_refusal = bool(response.body) and not is_true(filtered(value, self.settings.success))
        except NoValueError:
            is_refusal = False
        except FormatError:
            is_refusal = True  # the expression does not apply to this body
        if not is_refusal:
            return response
        if self._cached is not None:
            self._cached.leave_out()
        return replace(response, is_refusal=True)

    def _forget_changed(self, response: WireResponse) -> None:
        """Remove stored responses that may be outdated after the call."""
        if os.path.isdir(self.env.responses_dir) and has_feature("cache"):
            feature("cache.stored_responses").forget_changed(self, response)

    def _send_renewing(self, receive: Receive, clients: ClientPool | None) -> WireResponse:
        """Send the request, and repeat it with a new token if the server refuses the old one."""
        try:
            return self._send(lambda response, pieces: self._renewed(response, pieces, receive), clients)
        except _AgainError:
            self.sign(self._ask)
            if self._cached is not None:
                self._cached.look_up()
            return self._send(receive, clients)

    def _look_up(self, spec: CacheSpec) -> tuple[WireResponse, Pieces] | None:
        """Return a stored response and its body, if it can be used instead of sending the request.

        Raises:
            NetworkError: No response is stored, and nothing may be sent.
        """

        def report(text: str) -> None:
            if self._on_event is not None:
                self._on_event(CacheUnusable(self, text))

        cached: CachedExchange = feature("cache.stored_responses").CachedCall(self, spec, report)
        self._cached = cached
        return cached.reusable()

    def _reuse(self, response: WireResponse, pieces: Pieces, receive: Receive) -> WireResponse:
        """Return a stored response with its body, if the request matches the document."""
        self._check()
        start = time.monotonic()
        body = receive(response, pieces)
        return replace(response, body=body, size=pieces.size, seconds=time.monotonic() - start)

    def _send(
        self, receive: Receive, clients: ClientPool | None, conditions: Headers | None = None
    ) -> WireResponse:
        """Send the request.

        Args:
            conditions: Headers that ask whether a stored response is still valid; None to look for one first.
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
        ends_with: Callable[[WireResponse], bool] | None = None
        if settings.ends_with_redirects:
            ends_with = self._is_way_out
        elif not settings.follows_redirects:
            ends_with = _is_end
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
        """Yield a function that is called with the size of each part of the body that was sent."""
        body, sent = self.signed.request.body, 0

        def announce(count: int) -> None:
            nonlocal sent
            sent += count
            if self._on_event is not None and not isinstance(body, bytes | None):
                self._on_event(Progress(self, sent, body.length))

        announce(0)
        yield announce

    def _pass_gate(self) -> None:
        """Approve the request after its connection is open and before it is sent."""
        self._check()
        if self._on_event is not None:
            self._on_event(Sending(self, 1))
        # From here on the request may have been sent, so a retry needs permission.
        self.has_sent = True

    def _renewed(self, response: WireResponse, pieces: Pieces, receive: Receive) -> bytes:
        """Read a response, unless its 401 leads to a new token with which the request can be sent again."""
        if response.status == 401:
            try:
                with pieces.call.connections.pause():
                    if self.signed.renew is not None:
                        self.signed.renew()
                self.renewal = True
            except DynacliError as error:
                # The server's own response explains the failure better.
                self.renewal = self.signed.masker.mask_error(error)
            if self.renewal is True and self.signed.request.method in SAFE_METHODS:
                raise _AgainError
        return receive(response, pieces)

    def _explain(self, error: DynacliError) -> None:
        """Add hints to the error of a failed call.

        Raises:
            UsageError: Nothing was sent, and the request does not match the document.
        """
        if not self.has_sent:
            # An invalid request is reported first, whatever the network does.
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
        """Return the rules for retries. An unsafe request needs your permission or an idempotency key."""
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
            self._check()  # an invalid request is not tried again
        if self._on_event is None:
            yield
            return

        self._on_event(Retrying(self, pause))
        yield
        self._on_event(Sending(self, pause.next_try))

    def _permit_redirect(self, request: Request) -> None:
        """Follow a redirect if the policy allows its request.

        Raises:
            RefusedError: The policy denies the request.
        """
        from dynacli.client.policy.permit_request import permit_redirect

        permit_redirect(self.described, self.settings, request, base_url_of(self.described, self.settings))

    def _is_way_out(self, response: WireResponse) -> bool:
        """Return whether a response is a documented redirect to a URL that is not in the document."""
        from dynacli.client.operation_at import is_documented_way_out

        api, operation = self.described.api, self.described.operation
        location = response.header("location")
        return bool(location) and is_documented_way_out(
            api, operation, response.url, response.status, location
        )

    def validate_response(
        self, response: WireResponse, body: bytes | StreamedBody | UnreadBody
    ) -> ValidationResult | None:
        """Return the validation result of a response; None if nothing is validated.

        Args:
            response: The response, with or without its body.
            body: Its body, which may still be on its way.
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
            results = (self.validating.validation, validation)
            self._cached.store(is_valid=not any(result.has_something_to_report for result in results))
        return validation

    def validate_stream(self, response: WireResponse, pieces: Iterable[bytes]) -> None:
        """Read and validate the body of a stream, which may never end.

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
        method: The HTTP method.
        url: The absolute, percent-encoded URL.
        headers: Names and values in the order in which they were sent.
        content: The body; None if there was none, or if it was streamed.
    """

    method: str
    url: str
    headers: tuple[tuple[str, str], ...]
    content: bytes | None


def sent_request(call: Call) -> SentRequest:
    """Return the request of a call with its secrets masked."""
    shown = call.signed.shown
    content = shown.body if isinstance(shown.body, bytes) else None
    return SentRequest(shown.method, shown.url, shown.headers, content)


class CallEvent:
    """Something that happened in a call.

    Attributes:
        name: Name of the event: `request_built`, `sending`, ...
        call: The call; None for a row of a batch from which no call could be made.
    """

    name: ClassVar[str] = ""
    call: Call | None

    @property
    def operation(self) -> str:
        """Name of the called operation."""
        return "" if self.call is None else self.call.described.operation.name

    @property
    def request(self) -> SentRequest | None:
        """The request, with its secrets masked; None if there is none."""
        return None if self.call is None else sent_request(self.call)


class Pausing(Protocol):
    """A pause of a call. As a string it gives the reason and the duration.

    Attributes:
        seconds: Duration in seconds.
        reason: The failure, or the condition that is not true yet.
    """

    @property
    def seconds(self) -> float:
        """Duration in seconds."""

    @property
    def reason(self) -> str:
        """The failure, or the condition that is not true yet."""


@record
class RequestBuilt(CallEvent):
    """A request was built and has its credentials."""

    name = "request_built"
    call: Call


@record
class RequestInvalid(CallEvent):
    """A request does not match the document. It is not sent, and the call ends with this error.

    Args:
        error: A `UsageError` with the findings in its details.
    """

    name = "request_invalid"
    call: Call
    error: DynacliError


@record
class Sending(CallEvent):
    """A request is about to be sent. It matches the document.

    Args:
        tries: Number of the try, counted from 1. Later tries may still have to connect.
    """

    name = "sending"
    call: Call
    tries: int


@record
class Retrying(CallEvent):
    """A call pauses before a retry after a temporary failure, or before the next call of `wait`.

    Args:
        pause: The pause, with `pause.reason` and `pause.seconds`.
    """

    name = "retrying"
    call: Call
    pause: Pausing


@record
class Progress(CallEvent):
    """A further part of a body from files was sent.

    Args:
        sent: Bytes of the body that this try has sent so far.
        total: Size of the body in bytes; None if unknown.
    """

    name = "progress"
    call: Call
    sent: int
    total: int | None


@record
class CacheUnusable(CallEvent):
    """The response cache is too small or cannot be read or written. The call continues without it.

    Args:
        text: The problem, in a sentence.
    """

    name = "cache_unusable"
    call: Call
    text: str


@record
class ResponseHead(CallEvent):
    """The status and the headers of the final response were received.

    Args:
        response: The response without its body: `status`, `reason`, `url`, `headers`.
        is_stream: True if its body is reported in parts.
    """

    name = "response_head"
    call: Call
    response: WireResponse
    is_stream: bool = False


@record
class ResponsePart(CallEvent):
    """A part of a streamed body was received. In a stream of events, each part is a whole event.

    Args:
        content: The part.
        size: Bytes of the body received so far.
    """

    name = "response_part"
    call: Call
    content: bytes
    size: int


@record
class CallFailed(CallEvent):
    """A call failed or was interrupted after its request was built.

    Args:
        error: The exception. Secrets are masked in a `DynacliError`.
    """

    name = "failed"
    call: Call
    error: BaseException


@record
class ResponseReceived(CallEvent):
    """A response was received completely.

    Args:
        response: The response.
    """

    name = "response"
    call: Call
    response: WireResponse


@record
class Findings(CallEvent):
    """The validation of a response is done, or was left out.

    Args:
        response: The response.
        validation: The validation result; None if nothing was validated.
        lock: Held while the document is read.
    """

    name = "findings"
    call: Call
    response: WireResponse
    validation: ValidationResult | None
    lock: RLock

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Findings in the response; empty if it is valid."""
        return () if self.validation is None else tuple(self.validation.findings)


class Page(NamedTuple):
    """A page of a list.

    Args:
        number: Number of the page, counted from 1.
        call: The call that fetched it.
        response: Its response.
        validation: Validation result of the response.
        value: Value of the body; None if the body is not JSON.
        items: Items of the page; None if the response has no list.
    """

    number: int
    call: Call
    response: WireResponse
    validation: ValidationResult | None
    value: Any
    items: list[Any] | None


@record
class PageCame(CallEvent):
    """A page of a list was received.

    Args:
        page: The page, with its number, items and response.
        count: Number of items received so far.
        total: Number of items on all pages; None if no response states it.
    """

    name = "page"
    call: Call
    page: Page
    count: int
    total: int | None


@record
class RowDone(CallEvent):
    """A row of a batch is done, sent or not. This event replaces `findings`.

    Args:
        named: Operation that the row names.
        result: Result of the row, with the findings.
        response: The response; None if there is none.
    """

    name = "row"
    call: Call | None
    named: str
    result: RowResult
    response: WireResponse | None

    @property
    def operation(self) -> str:
        """Operation that the row names."""
        return self.named


@record
class Recorded(CallEvent):
    """A call was saved in the history."""

    name = "recorded"
    call: Call


Listener = Callable[[CallEvent], object]
"""A function that receives the events of calls, in the thread of the call. If it raises, the call ends."""


@record
class RowResult:
    """The result of a row.

    Args:
        row: Number of the row in the file, counted from 1.
        status: Status of the response; None if there is none.
        exit_code: Exit code that the call alone would have.
        data: Value of the response: the value of JSON, a list for JSON lines, otherwise a string. None if there is
            none. Binary data is an object whose only member is `base64`.
        findings: Findings in the request and the response, as in the validation report.
        error: The error as `--error-format json` prints it; None if there was a response.
        headers: Headers of the response by their lower-case names, with secrets masked; None without a response.
    """

    row: int
    status: int | None
    exit_code: int
    data: Any = None
    findings: tuple[Any, ...] = ()
    error: Mapping[str, Any] | None = None
    headers: Mapping[str, list[str]] | None = None

    def as_json(self, *, has_headers: bool = False) -> dict[str, Any]:
        """Return the result as a line of the results file."""
        line = {
            "row": self.row,
            "status": self.status,
            **({"headers": self.headers} if has_headers else {}),
            "exit_code": self.exit_code,
            "data": self.data,
            "findings": list(self.findings),
        }
        return line if self.error is None else {**line, "error": dict(self.error)}
