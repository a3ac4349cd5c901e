"""The calls of the pages of one list: each is built, signed and sent by itself, and its answer is judged."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote_plus, urlsplit

from dynacli.client.call import Call, base_url_of
from dynacli.client.call_settings import CallSettings
from dynacli.client.described_operation import DescribedOperation
from dynacli.client.inputs.call_inputs import CallInputs, CallValues, collect_values
from dynacli.client.operation_at import operation_at
from dynacli.environment import Environment
from dynacli.http.built_request import Request
from dynacli.record import replace

if TYPE_CHECKING:
    import threading

    from dynacli.http.exchange import ClientPool
    from dynacli.http.send import Answer
    from dynacli.validation.findings.finding import Verdict
    from dynacli.validation.judge_by_level import JudgeByLevel

__all__ = ["PageCalls", "Waiting"]

Waiting = Callable[[Call, object], AbstractContextManager[None]]
"""(a call, what says as text why and how long it waits) → the block in which it waits before it is tried again."""


class PageCalls:
    """Makes the calls of the pages of one list.

    The request of the first page is judged, as that of any call is. Those of the others differ from it in what the
    server itself has named, and are not refused.

    Attributes:
        first: The call of the first page; None before it was made.
        last: The latest call.

    Args:
        clients: Keeps the connection open from page to page.
        ask: Asks the person whether credentials may go to a new origin; None where nobody can be asked.
        judge: The judge of the operation, where an earlier call has made it.
        lock: Held while something is judged.
        before_sending: Called with a call when its connection stands.
        waiting: Makes the block in which a call waits before it is tried again.
    """

    def __init__(
        self,
        env: Environment,
        described: DescribedOperation,
        settings: CallSettings,
        clients: "ClientPool",
        *,
        ask: Callable[[str], bool] | None = None,
        judge: "JudgeByLevel | None" = None,
        lock: "threading.RLock | None" = None,
        before_sending: Callable[[Call], None] = lambda call: None,  # noqa: ARG005
        waiting: "Waiting | None" = None,
    ) -> None:
        self._env, self._described, self._settings, self._clients = env, described, settings, clients
        self._ask, self._judge, self._before_sending = ask, judge, before_sending
        self._waiting = waiting
        self._lock: AbstractContextManager[object] = lock or nullcontext()
        self.first: Call | None = None
        self.last: Call | None = None

    def __call__(
        self, inputs: CallInputs, url: str = "", seconds: float | None = None
    ) -> "tuple[Call, Answer, Verdict | None]":
        """Make the call of a page.

        Args:
            inputs: Those of the page.
            url: Its URL, where an answer gave one.
            seconds: How long it may take at most, where the settings allow more; None where nothing else limits it.

        Raises:
            DynacliError: The call fails; no secret is in it.
        """
        import dynacli.http.import_httpx  # noqa: F401  - before openapi-core, which is imported to judge

        settings = self._settings
        if seconds is not None and (settings.timeout is None or seconds < settings.timeout):
            settings = replace(settings, timeout=seconds)
        with self._lock:
            values = collect_values(self._described, inputs, is_strict=settings.level != "off")
            call = Call(
                self._env,
                self._described,
                values,
                settings,
                ask=self._ask,
                judge=self._judge,
                adapt=(lambda request: self._led_to(url, request, values)) if url else None,
                judging=self.first.judging if self.first is not None else None,
            )
            if self.first is None:
                call.check_request()
        self.last = call
        if self.first is None:
            self.first = call
        waiting = self._waiting
        answer = call.send(
            before_sending=lambda: self._before_sending(call),
            waiting=None if waiting is None else lambda pause: waiting(call, pause),
            clients=self._clients,
        )
        with self._lock:
            return call, answer, call.judge_answer(answer, answer.body)

    def _led_to(self, url: str, request: Request, values: CallValues) -> Request:
        """Return the request of a page whose URL an answer gave.

        A search that is made by POST goes on by POST at its own path, and where the document has one at the new path;
        elsewhere the URL is all that is needed.
        """
        path = urlsplit(url).path
        is_elsewhere = path != urlsplit(request.url).path
        if request.method == "POST" and is_elsewhere:
            base = urlsplit(base_url_of(self._described, self._settings)).path.rstrip("/")
            if operation_at(self._described.api.catalog, "POST", path.removeprefix(base)) is None:
                headers = tuple(pair for pair in request.headers if pair[0].lower() != "content-type")
                request = request._replace(method="GET", headers=headers, body=None)
        return request._replace(url=self._with_own_keys(url, values))

    def _with_own_keys(self, url: str, values: CallValues) -> str:
        """Return a URL without the API keys that a server repeats in it, and with those that were given as inputs.

        Those of the environment are added when the request is signed.
        """
        names = {name for location, name in self._described.operation.api_keys if location == "query"}
        if not names:
            return url
        parts = urlsplit(url)
        pairs = [pair for pair in parts.query.split("&") if pair]
        kept = [pair for pair in pairs if unquote_plus(pair.partition("=")[0]) not in names]
        given = [(name, values.parameters.get(("query", name))) for name in sorted(names)]
        kept += [
            f"{quote(name, safe='')}={quote(str(value), safe='')}"
            for name, value in given
            if value is not None
        ]
        return parts._replace(query="&".join(kept)).geturl()
