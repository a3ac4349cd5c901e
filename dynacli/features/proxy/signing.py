"""The decisions about each request of `proxy --sign`, and its call with the API's credential."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from urllib.parse import unquote_plus

from dynacli.client.call import Call, base_url_of
from dynacli.client.call_settings import CallSettings
from dynacli.client.described_operation import DescribedOperation
from dynacli.client.engine.call_engine import Engine
from dynacli.client.inputs.call_inputs import CallValues, TypedWords
from dynacli.client.operation_at import operation_at
from dynacli.client.policy.policy_rules import CONFIRMED
from dynacli.client.readings import overrides_of
from dynacli.environment import Consent, Environment, invocation
from dynacli.errors import AuthError, DynacliError, NetworkError, RefusedError, TimedOutError, UsageError
from dynacli.features.proxy._messages import OwnResponse, RequestHead
from dynacli.features.proxy._passing_exchange import RequestGate, of_connection
from dynacli.features.proxy._searched_body import SecretSearch, is_searchable
from dynacli.features.proxy._signed_exchange import (
    ClientGoneError,
    ResponseStart,
    SignedExchange,
    SignedRequest,
    failed,
)
from dynacli.features.proxy.session_token import SessionToken
from dynacli.http.built_request import Pair, Request, RequestParts
from dynacli.http.exchange import ClientPool, WireResponse
from dynacli.http.semantics import is_event_stream, is_sequence
from dynacli.http.send import Pieces
from dynacli.record import record, replace
from dynacli.registry.opened_api import OpenedApi
from dynacli.secrets import Secret, secret_pieces
from dynacli.traffic.recorded_request import OperationFinder, RecordedRequest
from dynacli.urls import join_url, split_url

_NOT_SENT = frozenset(
    (
        *(b"host", b"content-length", b"transfer-encoding", b"trailer", b"expect", b"accept-encoding"),
        # A part of a response cannot be searched for a secret.
        *(b"range", b"if-range"),
        # They say something about a browser, or about the connection with this proxy.
        *(b"origin", b"referer", b"forwarded", b"via"),
    )
)
"""Headers of a request, in lower case, that the API does not get."""
_NOT_RETURNED = frozenset({"content-length", "content-encoding", "transfer-encoding", "trailer", "alt-svc"})
_OWN_SITES = frozenset({"same-origin", "none"})
_WITHOUT_BODY = frozenset({204, 304})
_PARTIAL = 206


class OfProxy(Consent):
    """The consent for requests of programs."""

    hint = "Start the proxy with `--yes`, or at a terminal without a program"
    hint_on_reading = "To allow it, the user must start the proxy with `--write`"


@record
class Decided:
    """The decision about a request.

    Args:
        by: Who or what decided: `token`, `document`, `policy`, `you`, ...
        refused: The response to a refused request; None if it is allowed.
        operation: The name of its operation; empty if it has none.
    """

    by: str
    refused: OwnResponse | None = None
    operation: str = ""


class RefusedRequest(Exception):  # noqa: N818  - no error: the program gets the response
    """A request is refused.

    Attributes:
        decided: The decision.
        response: The response for the program.
    """

    def __init__(self, by: str, response: OwnResponse, operation: str = "") -> None:
        super().__init__(by)
        self.decided, self.response = Decided(by, response, operation), response


@record
class SigningTerms:
    """The rights that the user gives to programs.

    Args:
        may_write: Whether operations that may change data are allowed.
        keeps_cookies: Whether cookies pass between program and API.
        most_requests: Maximum number of requests; 0 for no limit.
        is_expired: Returns whether the token is not accepted any more.
        ask: Asks the user to confirm a request; None if dynacli cannot ask.
    """

    may_write: bool
    keeps_cookies: bool
    most_requests: int
    is_expired: Callable[[], bool]
    ask: Callable[[str], bool] | None


@record
class SignedLine:
    """A request that is over, for the log. It has no secret.

    Args:
        at: Time of its beginning, in seconds since 1970.
        status: The status of the response; 0 if the client left before.
        decided: Who decided.
        reason: The reason of a refusal or a failure; empty for none.
    """

    at: float
    method: str
    path: str
    status: int
    seconds: float
    decided: Decided
    reason: str


class RequestSigner:
    """Decides about requests, and makes calls for them.

    Args:
        api: The API. All threads share it.
        settings: The settings of all calls.
        base: The base URL of the server.
        log: Called with each finished request, in any thread.
    """

    def __init__(
        self,
        env: Environment,
        api: OpenedApi,
        settings: CallSettings,
        terms: SigningTerms,
        *,
        base: str,
        token: SessionToken,
        gate: RequestGate,
        own_origins: frozenset[str],
        log: Callable[[SignedLine], None],
    ) -> None:
        consent = OfProxy(is_given=settings.consent.is_given)
        reads_only_by = "" if terms.may_write else f"`{invocation('proxy')} --sign` without `--write`"
        self._settings = replace(
            settings,
            level="off",
            consent=consent,
            reads_only_by=reads_only_by,
            cache=None,
            success="",
            follows_redirects=False,
        )
        self._env, self._api, self._terms, self._base = env, api, terms, base
        self._token, self._gate, self._own_origins, self._log = token, gate, own_origins, log
        self._finder = OperationFinder(api, (base,))
        self.clients = ClientPool()
        self._lock, self._asking = threading.RLock(), threading.Lock()
        self._count = 0
        self._engine = Engine(env, self._settings, clients=self.clients, lock=self._lock)

    def refuses(self, exchange: SignedExchange) -> OwnResponse | None:
        """Return the response to a request that its headers alone forbid, which is logged; None if they do not."""
        refusal = self._refusal(exchange.head)
        if refusal is None:
            return None
        self.report(exchange, refusal.decided)
        return refusal.response

    def _refusal(self, head: RequestHead) -> RefusedRequest | None:
        response = self._gate.refusal(head, (None, None))
        if response is not None:
            return RefusedRequest("host" if response.status == 421 else "request", response)
        if not head.target.startswith(b"/"):
            return _refused("request", 400, "The target of the request is not a path")
        origin = head.values.get(b"origin")
        site = head.values.get(b"sec-fetch-site", b"none").decode("latin-1").lower()
        is_foreign = origin is not None and origin.decode("latin-1").lower() not in self._own_origins
        if is_foreign or site not in _OWN_SITES:
            reason = "It comes from a page of another site"
            return _refused("origin", 403, "Pages in a browser cannot use this proxy", reason)
        query = head.target.partition(b"?")[2]
        if not self._token.is_in(head.headers, query):
            return _refused(
                "token",
                401,
                "The request has no token of this session",
                "The token must be where the API expects its credential",
                "Use the variables that dynacli printed",
            )
        if self._terms.is_expired():
            return _refused(
                "expiry", 401, "The token of this session has expired", "", "Start the proxy again"
            )
        return None

    def report(self, exchange: SignedExchange, decided: Decided, status: int = 0, reason: str = "") -> None:
        """Log a request that is over."""
        refused = decided.refused
        head = exchange.head
        target = self._token.mask(head.target.decode("latin-1"))
        self._log(
            SignedLine(
                exchange.started,
                head.method.decode("ascii"),
                target.partition("?")[0],
                status or (refused.status if refused is not None else 0),
                exchange.seconds,
                decided,
                reason or (refused.sentence if refused is not None else ""),
            )
        )

    def call(self, exchange: SignedExchange, request: SignedRequest) -> None:
        """Make the call for a request, and pass its response on.

        Raises:
            ClientGoneError: The client has left.
        """
        try:
            with self._lock:
                described, built = self._built(request)
            engine = self._engine.remembering(TypedWords())
            call, decided = self._permitted(engine, described, built)
            _add_credential(call)
            self._take_one(described)
        except RefusedRequest as refused:
            self.report(exchange, refused.decided)
            exchange.respond(refused.response)
            return
        _SignedCall(self, engine, call, exchange, decided).make()

    def _built(self, request: SignedRequest) -> tuple[DescribedOperation, Request]:
        """Return the operation of a request, and the request for the API without its credential.

        Raises:
            RefusedRequest: No operation fits, or the request cannot be passed on.
        """
        head, settings = request.head, self._settings
        method, (path, _, query) = head.method.decode("ascii"), request.path.partition("?")
        unsent = _NOT_SENT | of_connection(head)
        headers = tuple(
            (name, value)
            for name, value in self._token.without(head.headers, keeps_cookies=self._terms.keeps_cookies)
            if name.lower().encode() not in unsent
        )
        query = self._token.query_without(query)
        if self._token.is_elsewhere(
            path.encode(),
            query.encode(),
            request.body or b"",
            *(value.encode("latin-1") for _, value in headers),
        ):
            raise _refused("token", 400, "The token of this session is in the request a second time")
        target = f"{path}{'?' * bool(query)}{query}"
        url = f"{self._base}{target}"
        match = self._finder.find_request(RecordedRequest(method, url, headers))
        if match is None and method == "HEAD":
            match = self._finder.find_request(RecordedRequest("GET", url, headers))
        if match is None:
            raise _refused(
                "document",
                404,
                f"`{self._api.name}` has no such operation",
                "The document has no operation with this method and path",
                f"`{invocation('operations', self._api.name)}` lists them",
            )
        described = DescribedOperation(self._api, match.operation)
        try:
            base = base_url_of(described, settings)
        except DynacliError as error:
            raise RefusedRequest("server", failed(error, 502, "destination_unavailable")) from None
        names = {name.lower() for name, _ in settings.headers}
        headers = (*(pair for pair in headers if pair[0].lower() not in names), *settings.headers)
        # Named as added, so that pairs with names of secrets are masked in the history.
        pairs = tuple(
            Pair(unquote_plus(name), unquote_plus(value), f"{name}={value}")
            for name, _, value in (pair.partition("=") for pair in query.split("&") if pair)
        )
        parts = RequestParts(match.path_values, pairs, {}, (), added=frozenset(pair.name for pair in pairs))
        return described, Request(method, f"{base}{url[len(match.base) :]}", headers, request.body, parts)

    def _permitted(
        self, engine: Engine, described: DescribedOperation, built: Request
    ) -> tuple[Call, Decided]:
        """Return the call for a request, before its credential is resolved, and who allowed it.

        Raises:
            RefusedRequest: The request is not allowed.
        """
        name = described.operation.name
        asked, doubt = overrides_of(built)
        if asked or doubt:
            source = next(iter(asked.values()), doubt)
            raise _refused(
                "method override",
                403,
                "The request may be executed with another method than its own",
                f"{source[:1].upper()}{source[1:]} asks for another method",
                operation=name,
            )
        by = "policy" if self._settings.policy is not None or self._settings.others is not None else ""
        settings = self._settings
        while True:
            try:
                call = engine.prepare(
                    described, CallValues({}), settings, built=built, is_signed=False, is_checked=False
                )
            except RefusedError as error:
                policy = error.details.get("policy") or {}
                if policy.get("decision") == CONFIRMED and settings is self._settings and self._terms.ask:
                    with self._asking:
                        is_agreed = self._terms.ask(_confirmation_of(described, built, error.reason))
                    if is_agreed:
                        settings, by = replace(settings, consent=OfProxy(is_given=True)), "you"
                        continue
                    raise _refused(
                        "you", 403, "The user did not confirm the request", operation=name
                    ) from None
                decided_by = "policy" if policy else "read-only"
                denied = failed(error, 403, "http_request_denied")
                raise RefusedRequest(decided_by, denied, name) from None
            except UsageError as error:
                invalid = failed(error, 400, "http_request_error")
                raise RefusedRequest("request", invalid, name) from None
            return call, Decided(by or ("--write" if self._terms.may_write else "read-only"), None, name)

    def _take_one(self, described: DescribedOperation) -> None:
        """Count a request that is passed on.

        Raises:
            RefusedRequest: The limit is reached.
        """
        with self._lock:
            if self._terms.most_requests and self._count >= self._terms.most_requests:
                raise _refused(
                    "limit",
                    429,
                    "All requests of this session are used up",
                    f"`--max-requests` is {self._terms.most_requests:,}",
                    operation=described.operation.name,
                )
            self._count += 1

    def own_headers(self, call: Call, response: WireResponse, host: str) -> Iterator[tuple[str, str]]:
        """Yield the headers of a response for the program, before secrets are replaced."""
        connection = {word.strip().lower() for word in response.header("connection").split(",")}
        for name, value in response.headers:
            key = name.lower()
            if key in _NOT_RETURNED or key in connection or key.encode() in of_connection():
                continue
            if key.startswith("set-cookie") and not self._terms.keeps_cookies:
                continue
            if key in {"location", "content-location"}:
                yield name, self._own_path(call, value)
            elif key == "link" and host:
                base = base_url_of(call.described, call.settings)
                yield name, value.replace(f"<{base}/", f"<http://{host}/")
            else:
                yield name, value

    def _own_path(self, call: Call, location: str) -> str:
        """Return the path at the proxy for a URL of the API; other URLs stay.

        A program that followed it to the API would be there without the credential.
        """
        base = base_url_of(call.described, call.settings)
        with suppress(ValueError):
            url = join_url(call.request.url, location)
            path = url.removeprefix(base)
            if path != url and path.startswith("/") and split_url(url).netloc == split_url(base).netloc:
                return path
        return location

    @property
    def keeps_cookies(self) -> bool:
        """Whether cookies pass between program and API."""
        return self._terms.keeps_cookies

    def command_of(self, call: Call) -> list[str]:
        """Return the arguments of a command that makes the same call, for the history."""
        api, operation, request = self._api, call.described.operation, call.request
        base = base_url_of(call.described, call.settings)
        with self._lock:
            found = operation_at(api.catalog, operation.method, request.url.removeprefix(base))
        options = found[1] if found is not None and found[0].name == operation.name else []
        return [api.name, operation.name, *options]


class _SignedCall:
    """The call for one request."""

    def __init__(
        self, signer: RequestSigner, engine: Engine, call: Call, exchange: SignedExchange, decided: Decided
    ) -> None:
        self._signer, self._engine, self._call, self._exchange = signer, engine, call, exchange
        self._decided, self._status = decided, 0
        self._masker = call.signed.masker

    def make(self) -> None:
        """Make the call, and pass its response on.

        Raises:
            ClientGoneError: The client has left.
        """
        exchange, call = self._exchange, self._call
        error: BaseException | None = None
        response: WireResponse | None = None
        own: OwnResponse | None = None
        try:
            exchange.check_that_client_waits()
            response = self._engine.validate(call, self._engine.send(call, self._receive)).response
        except DynacliError as failure:
            error = failure
            status, kind = _problem_kind(failure)
            own = failed(failure, status, kind)
        except BaseException as failure:
            error = failure
            raise
        finally:
            self._note(response, error, own)
        if own is None:
            exchange.end_response()
        elif exchange.has_response:
            exchange.break_off()
        else:
            exchange.respond(own)

    def _note(
        self, response: WireResponse | None, error: BaseException | None, own: OwnResponse | None
    ) -> None:
        words = self._signer.command_of(self._call)
        self._engine.record_end(words, error, response)
        reason = own.sentence if own is not None else ""
        if isinstance(error, ClientGoneError):
            reason = "The client left"
        status = self._status or (own.status if own is not None else 0)
        self._signer.report(self._exchange, self._decided, status, reason)

    def _receive(self, response: WireResponse, pieces: Pieces) -> bytes:
        """Pass a response on while it arrives. Nothing of it is kept."""
        call, exchange = self._call, self._exchange
        media_type = response.header("content-type")
        self._check_searchable(response, media_type)
        self._masker = self._masker.joined(call.signed.masker)  # a refreshed token is a second secret
        if not self._signer.keeps_cookies:
            cookies = [value for name, value in response.headers if name.lower() == "set-cookie"]
            texts = (text for value in cookies for text in secret_pieces(value, "set-cookie"))
            self._masker = self._masker.extended(map(Secret, texts))
        search = SecretSearch(self._masker)
        has_body = call.request.method != "HEAD" and response.status not in _WITHOUT_BODY
        host = exchange.head.values.get(b"host", b"").decode("latin-1")
        headers = [
            (name, search.mask(value)) for name, value in self._signer.own_headers(call, response, host)
        ]
        if not has_body and response.header("content-length") and not pieces.is_encoded:
            headers.append(("Content-Length", response.header("content-length")))
        if is_event_stream(media_type) or is_sequence(media_type):
            pieces.wait_forever()
        body = iter(pieces.as_sent() if response.is_json_lines else pieces)
        first = next(body, b"") if pieces.is_encoded and has_body else b""  # an unknown encoding shows here
        start = ResponseStart(response.status, search.mask(response.reason), tuple(headers), has_body)

        def content() -> Iterator[bytes]:
            yield first
            yield from body

        self._status = response.status
        exchange.pass_on(start, search.masked(content()) if has_body else iter(()))
        return b""

    @staticmethod
    def _check_searchable(response: WireResponse, media_type: str) -> None:
        if response.status == _PARTIAL or not is_searchable(media_type):
            what = "is only a part" if response.status == _PARTIAL else "has an unknown charset"
            raise NetworkError(
                "The response of the API is not passed on",
                reason=f"It {what}, so it cannot be searched for the credential",
            )


def _add_credential(call: Call) -> None:
    """Add the credential of the API to a call that is allowed.

    Raises:
        RefusedRequest: The credential is missing, or must not go to the server.
    """
    try:
        call.sign()
    except DynacliError as error:
        status, kind = _problem_kind(error)
        name = call.described.operation.name
        raise RefusedRequest("credential", failed(error, status, kind), name) from None


def _problem_kind(error: DynacliError) -> tuple[int, str]:
    """Return the status of the response to a request whose call failed, and the kind of error (RFC 9209)."""
    if isinstance(error, TimedOutError):
        return 504, "connection_timeout"
    if isinstance(error, RefusedError):
        return 403, "http_request_denied"
    if isinstance(error, AuthError):
        return 502, "proxy_configuration_error"
    return 502, "destination_unavailable"


def _refused(
    by: str, status: int, title: str, reason: str = "", hint: str = "", *, operation: str = ""
) -> RefusedRequest:
    kind = "http_request_error" if status == 400 else "http_request_denied"
    return RefusedRequest(by, OwnResponse(status, kind, title, reason, hint), operation)


def _confirmation_of(described: DescribedOperation, built: Request, reason: str) -> str:
    path = split_url(built.url).path
    wish = f" ({reason})" if reason else ""
    name = described.operation.name
    return f"A program wants {built.method} {path} (`{name}` of `{described.api.name}`). Send it?{wish}"
