"""One call: its request is built, signed, judged and sent; its answer is judged as it is received."""

from collections.abc import Callable, Collection
from contextlib import nullcontext
from functools import lru_cache, partial
from typing import TYPE_CHECKING

from dynacli.client.call_settings import CallSettings
from dynacli.client.described_operation import DescribedOperation
from dynacli.client.inputs.call_inputs import CallValues, is_idempotency_key
from dynacli.client.sign_request import Signed, server_hint, sign
from dynacli.environment import Environment, program
from dynacli.errors import AuthError, DynacliError, NetworkError, RefusedError, UsageError
from dynacli.http.built_request import Request
from dynacli.methods import SAFE_METHODS
from dynacli.model.operation import Server, documented_status
from dynacli.record import replace
from dynacli.request.build_request import build_request, check_header, kept_slashes
from dynacli.request.choose_server import check_path, choose_server

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from dynacli.client.validate_call import CallJudge
    from dynacli.http.exchange import ClientPool
    from dynacli.http.retrying import Pause
    from dynacli.http.send import Answer, Receive, Retries
    from dynacli.library.history.record_call import AnsweredPath
    from dynacli.validation.bodies.read_forms import UnreadBody
    from dynacli.validation.findings.finding import Verdict
    from dynacli.validation.judge_by_level import JudgeByLevel
    from dynacli.validation.streamed_body import StreamedBody

__all__ = ["Call", "base_url_of", "request_of"]


def base_url_of(described: DescribedOperation, settings: CallSettings) -> str:
    """Return the URL that an operation's path is put behind.

    Raises:
        UsageError: There is none, or another one is asked for than there is.
    """
    api = described.api
    servers = described.operation.servers or api.servers
    try:
        return _base_url(servers, api.uri, settings.server, settings.server_variables)
    except UsageError as error:
        _hint_at_document(error, described, settings)
        raise


def _hint_at_document(error: DynacliError, described: DescribedOperation, settings: CallSettings) -> None:
    """Put before a hint the one to call the API where its document came from, if its server is a placeholder."""
    found = server_hint(described.api, described.operation, settings)
    error.hint = ". ".join(filter(None, (found, error.hint)))


@lru_cache(maxsize=64)
def _base_url(
    servers: tuple[Server, ...], uri: str, wanted: str, variables: tuple[tuple[str, str], ...]
) -> str:
    # It is the same for all calls of an operation, and often for all operations.
    return choose_server(servers, uri, wanted, dict(variables))


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
        from dynacli.client.policy.method_overrides import overrides_of

        # Nothing is denied, but a person may be asked before something is deleted.
        if asked := overrides_of(request).asked:
            settings.permit(described, asked)


def _may_ask_for_a_method(request: Request) -> bool:
    """Return whether a request may ask for another method than its own, as far as a quick look tells."""
    if any("method" in name.lower() for name, _ in request.headers):
        return True
    query, body = request.url.partition("?")[2], request.body or b""
    pieces = (body,) if isinstance(body, bytes) else body.pieces
    contents = (query.encode(), *(piece for piece in pieces if isinstance(piece, bytes)))
    return any(mark in content for mark in (b"ethod", b"ETHOD", b"%", b"\\u") for content in contents)


class Call:
    """One call, ready to be sent.

    Attributes:
        env: The surroundings of the run.
        described: The operation.
        values: What the request was built of.
        signed: The request with its credentials.
        settings: How the call is made and judged.
        judging: Judges the request; None where nothing is judged.
        has_sent: Whether the request may be on its way.
        renewal: Whether the stored token was refreshed after a 401, or why it could not be.

    Args:
        ask: Asks the person whether credentials may go to a new origin; None where nobody can be asked.
        judge: The judge of the operation, where an earlier call has made it.
        adapt: Makes the request that is signed and sent of the one that is built; None for that itself.
        judging: What has judged the request that this one follows, and judges the answer.

    Raises:
        UsageError: A header, server or value cannot be sent.
        RefusedError: The path would leave the operation's, a credential go to an origin that nobody accepted, or the
            policy does not let it be called.
        AuthError: A credential is missing.
    """

    def __init__(
        self,
        env: Environment,
        described: DescribedOperation,
        values: CallValues,
        settings: CallSettings,
        *,
        ask: Callable[[str], bool] | None = None,
        judge: "JudgeByLevel | None" = None,
        adapt: Callable[[Request], Request] | None = None,
        judging: "CallJudge | None" = None,
        on_unsigned: Callable[[DynacliError], None] | None = None,
    ) -> None:
        self.env, self.described, self.values, self.settings = env, described, values, settings
        self.has_sent = False
        self.renewal: bool | DynacliError = False
        asking_later = settings.asking_later()
        request = request_of(described, asking_later, values)
        if program().hooks:
            from dynacli.transport.call_hooks import call_before

            request = call_before(described.operation.name, request)
        if adapt is not None:
            request = adapt(request)
            _permit_built(described, asking_later, request, base_url_of(described, settings))
        self._sign = partial(sign, env, described.api, described.operation, request, settings, ask)
        try:
            self.signed: Signed = self._sign()
        except (AuthError, RefusedError) as error:
            if on_unsigned is None:
                raise
            from dynacli.client.sign_request import unsigned

            on_unsigned(error)
            self.signed = unsigned(described.operation, request, settings, env)
        for ask_about in asking_later.consent.waiting or ():
            ask_about(settings)
        self.judging = judging
        if settings.level != "off" and judging is None:
            from dynacli.client.validate_call import CallJudge

            self.judging = CallJudge(described, request, values, settings, judge)

    def check_request(self, unjudged: Collection[tuple[str, ...]] = ()) -> None:
        """Judge the request before it is sent, and end the call where the document does not allow it.

        Args:
            unjudged: (location, name) of parameters of which the document may say anything.

        Raises:
            UsageError: It does not; no secret is in the error.
        """
        if self.judging is None:
            return
        try:
            self.judging.judge_request()
            if unjudged:
                findings = self.judging.verdict.findings
                findings[:] = [
                    each for each in findings if tuple(each.pointer.split("/")[:2]) not in unjudged
                ]
            self.judging.check()
        except DynacliError as error:
            raise self.signed.masker.mask_error(error) from error.__cause__

    def send(
        self,
        receive: "Receive | None" = None,
        *,
        before_sending: Callable[[], None] = lambda: None,
        waiting: "Callable[[Pause], AbstractContextManager[None]] | None" = None,
        clients: "ClientPool | None" = None,
    ) -> "Answer":
        """Send the request once its verdict allows it, and return the answer.

        Args:
            receive: Reads the body of the answer as it comes; without it the body is kept as a whole.
            before_sending: Called when the connection stands and the request was judged.
            waiting: Makes the block in which the call waits before it is tried again, for example to say so.
            clients: Keeps connections open between calls; None for a connection of its own.

        Raises:
            UsageError: The document does not allow the request.
            DynacliError: The call fails, or `receive` or `before_sending` raises it; no secret is in it.
        """
        send = partial(self._send, before_sending=before_sending, waiting=waiting, clients=clients)
        if self.signed.renew is None:
            answer = send(receive)
        else:
            from dynacli.client.credentials.renewed_call import send_renewing

            is_safe = self.signed.request.method in SAFE_METHODS
            answer = send_renewing(send, receive, self._renew, self._sign_again, is_safe=is_safe)
        if program().hooks:
            from dynacli.transport.call_hooks import call_after

            call_after(self.described.operation.name, self.signed.shown, answer)
        return answer

    def ids_of_answer(self, answer: "Answer", at: float, mask: Callable[[str], str]) -> "AnsweredPath | None":
        """Return what the answer tells of ids, which completion offers later; None where it tells nothing.

        Args:
            at: When the call began, in seconds since 1970.
            mask: Takes secrets out of a text.
        """
        from dynacli.library.history.record_call import LARGEST_REMEMBERED, AskedPath, answered_path, api_key
        from dynacli.model.media_types import is_json

        api, request = self.described.api, self.signed.request
        asked = AskedPath(
            at,
            api_key(api.revisions.directory),
            request.method,
            self.described.operation.path,
            request.parts.path,
            self.signed.shown.url.partition("?")[2],
        )
        is_whole = len(answer.body) == answer.size <= LARGEST_REMEMBERED
        body = answer.body if is_whole and is_json(answer.header("content-type")) else b""
        return answered_path(asked, answer.status, body, api.catalog, mask)

    def _renew(self) -> bool:
        """Refresh the stored token, and return whether there is a new one."""
        try:
            if self.signed.renew is not None:
                self.signed.renew()
        except DynacliError as error:
            self.renewal = self.signed.masker.mask_error(error)
            return False
        self.renewal = True
        return True

    def _sign_again(self) -> None:
        self.signed = self._sign()

    def _send(
        self,
        receive: "Receive | None",
        *,
        before_sending: Callable[[], None],
        waiting: "Callable[[Pause], AbstractContextManager[None]] | None",
        clients: "ClientPool | None",
    ) -> "Answer":
        if self.judging is not None and not self.judging.has_begun:
            # First, because httpx and openapi-core are each imported with stand-ins for what neither needs of the
            # other: while the request is judged in a thread of its own, httpx connects.
            import dynacli.http.import_httpx  # noqa: F401

            self.judging.start()
        from dynacli.http.send import Budget, send

        def pass_gate() -> None:
            if self.judging is not None:
                self.judging.check()
            before_sending()
            # From here on the request may be on its way; nothing is tried again behind the person's back.
            self.has_sent = True

        try:
            ends_with = self._is_way_out if self.settings.ends_with_redirects else None
            budget, retries = Budget(self.settings.timeout, ends_with=ends_with), self._retries(waiting)
            request, login, tls = self.signed.request, self.signed.login, self.signed.tls
            return send(request, budget, pass_gate, receive, clients, retries, login, tls)
        except DynacliError as error:
            if self.judging is not None and not self.has_sent:
                # Nothing was sent, so what is wrong with the request comes first, whatever the network does.
                try:
                    self.judging.check()
                except DynacliError as refusal:
                    raise self.signed.masker.mask_error(refusal) from refusal.__cause__
            if "tls" in error.details and self.described.api.is_registered:
                from dynacli.http.failures import with_api_named

                with_api_named(error, self.described.api.name)
            elif isinstance(error, NetworkError) and not self.has_sent:
                _hint_at_document(error, self.described, self.settings)
            raise self.signed.masker.mask_error(error) from error.__cause__

    def _retries(self, waiting: "Callable[[Pause], AbstractContextManager[None]] | None") -> "Retries":
        """Return how often the request is sent again: one that is not safe only where that was said, or has a key."""
        from dynacli.http.send import Retries

        settings, request = self.settings, self.signed.request
        may_repeat = (
            request.method in SAFE_METHODS
            or settings.may_retry_unsafe
            or any(is_idempotency_key(each) for each in self.described.operation.parameters)
        )

        def checked(pause: "Pause") -> "AbstractContextManager[None]":
            if self.judging is not None and not self.has_sent:
                self.judging.check()  # a request that is refused needs no second try
            return nullcontext() if waiting is None else waiting(pause)

        count = settings.retries if may_repeat else 0
        statuses = settings.retry_statuses
        return Retries(count, settings.may_retry_lost, checked, rate=settings.rate, statuses=statuses)

    def _is_way_out(self, answer: "Answer") -> bool:
        """Return whether an answer is a documented redirect to a place that the document does not have."""
        from dynacli.client.operation_at import is_documented_way_out

        api, operation = self.described.api, self.described.operation
        location = answer.header("location")
        return bool(location) and is_documented_way_out(api, operation, answer.url, answer.status, location)

    def judge_answer(self, answer: "Answer", body: "bytes | StreamedBody | UnreadBody") -> "Verdict | None":
        """Return the verdict on an answer; None where nothing is judged.

        Args:
            answer: The answer, with or without its body.
            body: Its body, which may be judged while it comes.
        """
        if self.judging is None:
            return None
        from dynacli.validation.judged_messages import JudgedResponse

        judged, redirects = answer, tuple(status for status, _ in answer.hops)
        if answer.hops:
            first = replace(
                answer, status=redirects[0], url=answer.hops[0][1], headers=answer.redirect_headers
            )
            if self._is_way_out(first):
                from dynacli.validation.bodies.read_forms import RedirectBody

                documented = {each.status: each for each in self.described.operation.responses}
                response = documented[documented_status(first.status, documented)]
                judged, redirects = first, ()
                body = RedirectBody() if response.media_types else b""
        media_type = judged.header("content-type")
        answered = JudgedResponse(judged.status, judged.headers, media_type, body, redirects)
        verdict = self.judging.judge_answer(answered)
        self.settings.set_apart(verdict, self.described.operation, answer.status)
        return verdict
