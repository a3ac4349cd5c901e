"""One call: its request is built, signed, judged and sent; its answer is judged as it is received."""

import threading
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from dynacli.client.call_settings import CallSettings
from dynacli.client.described_operation import DescribedOperation
from dynacli.client.inputs.call_inputs import CallValues, is_idempotency_key
from dynacli.client.sign_request import Signed, server_hint, sign, unsigned
from dynacli.environment import Environment, program
from dynacli.errors import AuthError, DynacliError, NetworkError, RefusedError, UsageError
from dynacli.http.built_request import Request
from dynacli.lean_imports import import_jsonschema_rs
from dynacli.methods import SAFE_METHODS
from dynacli.model.operation import Server, documented_status
from dynacli.record import replace
from dynacli.request.build_request import build_request, check_header, kept_slashes
from dynacli.request.choose_server import check_path, choose_server

if TYPE_CHECKING:
    from dynacli.client.engine.call_events import Listener
    from dynacli.http.exchange import ClientPool
    from dynacli.http.retrying import Pause
    from dynacli.http.send import Answer, Pieces, Receive, Retries
    from dynacli.validation.bodies.read_forms import UnreadBody
    from dynacli.validation.findings.finding import Verdict
    from dynacli.validation.judge_by_level import JudgeByLevel
    from dynacli.validation.judged_messages import JudgedRequest, JudgedResponse
    from dynacli.validation.streamed_body import StreamedBody

__all__ = ["Call", "CallJudge", "base_url_of", "judged_request", "request_of"]


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


_ALLOWED = frozenset({"undocumented-property"})
"""Rules by which a request holds more than the document mentions, and nothing that it forbids."""


class _AgainError(Exception):
    """The token was refreshed, and nothing of the answer was read."""


class Call:
    """One call, ready to be sent; `Engine.prepare` makes it.

    Attributes:
        env: The surroundings of the run.
        described: The operation.
        values: What the request was built of.
        request: The request, without its credentials.
        signed: The request with its credentials.
        settings: How the call is made and judged.
        judging: Judges the request; None where nothing is judged.
        verdict: The verdict on the answer; None before it was judged, and where nothing is.
        pieces: The body of the answer as it comes; None before its head came.
        has_sent: Whether the request may be on its way.
        renewal: Whether the stored token was refreshed after a 401, or why it could not be.

    Args:
        judge: The judge of the operation, where an earlier call has made it.
        adapt: Makes the request that is signed and sent of the one that is built; None for that itself.
        judging: What has judged the request that this one follows, and judges the answer.
        on_event: Is told what happens in the call.

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
        judge: "JudgeByLevel | None" = None,
        adapt: Callable[[Request], Request] | None = None,
        judging: "CallJudge | None" = None,
        on_event: "Listener | None" = None,
    ) -> None:
        self.env, self.described, self.values, self.settings = env, described, values, settings
        self.has_sent = self._is_refused = False
        self.renewal: bool | DynacliError = False
        self.verdict: Verdict | None = None
        self.pieces: Pieces | None = None
        self._on_event = on_event
        self._ask: Callable[[str], bool] | None = None
        self._asking_later = asking_later = settings.asking_later()
        request = request_of(described, asking_later, values)
        if program().hooks:
            from dynacli.transport.call_hooks import call_before

            request = call_before(described.operation.name, request)
        if adapt is not None:
            request = adapt(request)
            _permit_built(described, asking_later, request, base_url_of(described, settings))
        self.request, self.judging = request, judging
        if settings.level != "off" and judging is None:
            self.judging = CallJudge(described, request, values, settings, judge)

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
            ask: Asks the person whether credentials may go to a new origin; None where nobody can be asked.
            on_unsigned: Told why the request has no credential, which is only shown then; None where that is an error.

        Raises:
            RefusedError: A credential would go to an origin that nobody accepted, or nobody confirms the call.
            AuthError: A credential is missing.
        """
        self._ask = ask
        described = self.described
        try:
            self.signed = sign(
                *(self.env, described.api, described.operation, self.request, self.settings, ask),
                may_send=on_unsigned is None,
            )
        except (AuthError, RefusedError) as error:
            if on_unsigned is None:
                raise
            on_unsigned(error)
            self.leave_unsigned()
        for ask_about in self._asking_later.consent.waiting or ():
            ask_about(self.settings)

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
            self._check()
        except DynacliError as error:
            raise self.signed.masker.mask_error(error) from error.__cause__

    def _check(self) -> None:
        """Wait for the verdict on the request.

        Raises:
            UsageError: The document does not allow it.
        """
        if self.judging is None:
            return
        try:
            self.judging.check()
        except UsageError as error:
            if self._on_event is not None and not self._is_refused:
                from dynacli.client.engine.call_events import RequestInvalid

                self._is_refused = True
                self._on_event(RequestInvalid(self, self.signed.masker.mask_error(error)))
            raise

    def send(self, receive: "Receive", clients: "ClientPool | None" = None) -> "Answer":
        """Send the request once its verdict allows it, and return the answer.

        A token that the server refuses although it has not ended is refreshed. A safe request is then sent once more;
        one that changes something is not, as the server may have done a part of it.

        Args:
            receive: Reads the body of the answer as it comes.
            clients: Keeps connections open between calls; None for a connection of its own.

        Raises:
            UsageError: The document does not allow the request.
            DynacliError: The call fails, or `receive` or a listener raises it; no secret is in it.
        """
        if self.judging is not None and not self.judging.has_begun:
            # First, because httpx and openapi-core are each imported with stand-ins for what neither needs of the
            # other: while the request is judged in a thread of its own, httpx connects.
            import dynacli.http.import_httpx  # noqa: F401

            self.judging.start()
        try:
            if self.signed.renew is None:
                answer = self._send(receive, clients)
            else:
                try:
                    answer = self._send(
                        lambda answer, pieces: self._renewed(answer, pieces, receive), clients
                    )
                except _AgainError:
                    self.sign(self._ask)
                    answer = self._send(receive, clients)
        except DynacliError as error:
            self._explain(error)
            raise self.signed.masker.mask_error(error) from error.__cause__
        if program().hooks:
            from dynacli.transport.call_hooks import call_after

            call_after(self.described.operation.name, self.signed.shown, answer)
        return answer

    def _send(self, receive: "Receive", clients: "ClientPool | None") -> "Answer":
        from dynacli.http.send import Budget, send

        settings, signed, request = self.settings, self.signed, self.signed.request
        if self._on_event is not None and not isinstance(request.body, bytes | None):
            from dynacli.transport.upload import WatchedPayload

            request = request._replace(body=WatchedPayload(request.body, self._telling_progress))
        ends_with = self._is_way_out if settings.ends_with_redirects else None
        return send(
            request,
            Budget(settings.timeout, ends_with=ends_with),
            self._pass_gate,
            receive,
            clients,
            self._retries(),
            signed.login,
            signed.tls,
        )

    @contextmanager
    def _telling_progress(self) -> Iterator[Callable[[int], object]]:
        """Enter with what is told of each further part of the body that was sent."""
        from dynacli.client.engine.call_events import Progress

        body, sent = self.signed.request.body, 0

        def tell(count: int) -> None:
            nonlocal sent
            sent += count
            if self._on_event is not None and not isinstance(body, bytes | None):
                self._on_event(Progress(self, sent, body.length))

        tell(0)
        yield tell

    def _pass_gate(self) -> None:
        """Let the request be sent: the connection stands."""
        self._check()
        if self._on_event is not None:
            from dynacli.client.engine.call_events import Sending

            self._on_event(Sending(self, 1))
        # From here on the request may be on its way; nothing is tried again behind the person's back.
        self.has_sent = True

    def _renewed(self, answer: "Answer", pieces: "Pieces", receive: "Receive") -> bytes:
        """Read an answer, unless the token is refreshed because of it, and the request can be sent again."""
        if answer.status == 401:
            try:
                with pieces.call.connections.pause():
                    if self.signed.renew is not None:
                        self.signed.renew()
                self.renewal = True
            except DynacliError as error:
                # The server's own answer tells what is wrong.
                self.renewal = self.signed.masker.mask_error(error)
            if self.renewal is True and self.signed.request.method in SAFE_METHODS:
                raise _AgainError
        return receive(answer, pieces)

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
            _hint_at_document(error, self.described, self.settings)

    def _retries(self) -> "Retries":
        """Return how often the request is sent again: one that is not safe only where that was said, or has a key."""
        from dynacli.http.send import Retries

        settings = self.settings
        may_repeat = (
            self.signed.request.method in SAFE_METHODS
            or settings.may_retry_unsafe
            or any(is_idempotency_key(each) for each in self.described.operation.parameters)
        )
        count = settings.retries if may_repeat else 0
        statuses = settings.retry_statuses
        return Retries(
            count, settings.may_retry_lost, self._between_tries, rate=settings.rate, statuses=statuses
        )

    @contextmanager
    def _between_tries(self, pause: "Pause") -> Iterator[None]:
        if not self.has_sent:
            self._check()  # a request that is refused needs no second try
        if self._on_event is None:
            yield
            return
        from dynacli.client.engine.call_events import Retrying, Sending

        self._on_event(Retrying(self, pause))
        yield
        self._on_event(Sending(self, pause.next_try))

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
        self.verdict = verdict
        return verdict

    def judge_stream(self, answer: "Answer", pieces: Iterable[bytes]) -> None:
        """Read a body that may go on for ever, and judge it while it comes.

        Args:
            answer: The answer without its body.
        """
        if self.judging is None:
            for _ in pieces:
                pass
            return
        from dynacli.validation.streamed_body import StreamedBody

        body = StreamedBody(pieces)
        self.judge_answer(answer, body)
        body.finish()


class CallJudge:
    """Judges the request of a call, in a thread of its own where it is started.

    Attributes:
        described: The operation.
        has_begun: Whether the request is being judged, or was.
        judge: The judge of the operation, which judges the answer, too; it is there when the request was judged.
        verdict: On the request; it is there when the request was judged.

    Args:
        judge: The judge, where an earlier call has made it.
    """

    judge: "JudgeByLevel"
    verdict: "Verdict"

    def __init__(
        self,
        described: DescribedOperation,
        request: Request,
        values: CallValues,
        settings: CallSettings,
        judge: "JudgeByLevel | None" = None,
    ) -> None:
        self.described, self._request, self._values = described, request, values
        self._settings = settings
        self._known = judge
        self.has_begun = False
        self._thread: threading.Thread | None = None
        self._is_judged: threading.Event | None = None
        self._error: BaseException | None = None

    def start(self) -> None:
        """Judge the request, and then prepare for the answer, in a thread."""
        import_jsonschema_rs()  # while this is the only thread
        self._is_judged = threading.Event()
        self._thread = threading.Thread(target=self._judge_and_prepare, name="dynacli-judge", daemon=True)
        self._thread.start()

    def _judge_and_prepare(self) -> None:
        self.judge_request()
        if self._error is None:
            try:
                self.judge.prepare()
            except BaseException as error:  # noqa: BLE001  - raised again in the thread that waits
                self._error = error

    def judge_request(self) -> None:
        """Judge the request; for a caller who wants no thread."""
        self.has_begun = True
        try:
            from dynacli.validation.judge_by_level import JudgeByLevel

            operation, settings = self.described.operation, self._settings
            self.judge = self._known or JudgeByLevel(
                self.described.api.catalog,
                operation,
                may_accept=settings.may_accept,
                is_exact=settings.level == "exact",
            )
            self.verdict = self.judge.request(judged_request(self._request, self._values))
            settings.set_apart(self.verdict, operation)
        except BaseException as error:  # noqa: BLE001  - raised again in the thread that waits
            self._error = error
        finally:
            if self._is_judged is not None:
                self._is_judged.set()

    def check(self) -> None:
        """Wait for the verdict, and end the call where the document does not allow the request.

        Raises:
            UsageError: The document does not allow the request.
        """
        if self._is_judged is not None:
            self._is_judged.wait()
        if self._error is not None:
            raise self._error
        if all(finding.rule in _ALLOWED for finding in self.verdict.findings):
            return
        from dynacli.client.answers.verdict_text import verdict_json

        raise UsageError(
            "The document does not allow this request",
            why=self.findings_text(),
            hint="Mend it, or send it all the same with `--validate off`",
            **verdict_json(self.described.api, self.verdict),
        )

    def judge_answer(self, answer: "JudgedResponse") -> "Verdict":
        """Return the verdict on the answer."""
        if self._thread is not None:
            self._thread.join()
        if self._error is not None:
            raise self._error
        return self.judge.response(answer)

    def findings_text(self) -> str:
        """Return the findings in the request, each with the part of it that is wrong."""
        from dynacli.client.answers.evidence import Evidence
        from dynacli.client.answers.verdict_text import findings_text

        operation = self.described.operation
        evidence = Evidence.of_request(
            operation.method, operation.path, self._request, self._values.media_type
        )
        return findings_text(self.described.api, self.verdict.findings, evidence, self._settings.is_verbose)


def judged_request(request: Request, values: CallValues) -> "JudgedRequest":
    """Return a request as it is judged."""
    from urllib.parse import unquote

    from dynacli.validation.judged_messages import JudgedRequest

    return JudgedRequest(
        path={name: unquote(text) for name, text in request.parts.path.items()},
        query=[(pair.name, pair.value) for pair in request.parts.query],
        headers=request.parts.headers,
        cookies=[(pair.name, pair.value) for pair in request.parts.cookies],
        media_type=values.media_type,
        body=_judged_body(values),
        values=values.parameters,
        querystring=request.parts.querystring,
    )


def _judged_body(values: CallValues) -> Any:
    """Return the body as it is judged: without the contents that are read only when it is sent."""
    body = values.body
    if isinstance(body, bytes | None) and values.form is None:
        return body
    from dynacli.schema.evaluation.shown_values import BinaryText
    from dynacli.validation.bodies.read_forms import FormValue, UnreadBody

    def text(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: text(item) for name, item in value.items()}
        if isinstance(value, list):
            return [text(item) for item in value]
        return value if isinstance(value, str | int | float | None) else BinaryText(value.size)

    if values.form is not None:
        form = text(values.form)
        if isinstance(form, dict):  # null has no form, and so no part
            form = {name: item for name, item in form.items() if item is not None}
        return FormValue(form)
    size = None if isinstance(body, bytes | None) else body.length
    return b"" if size == 0 else UnreadBody(size)
