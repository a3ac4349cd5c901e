"""One run of the proxy: requests pass on one side, and on the other what has passed is judged and told."""

import socket
from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from dynacli.check.recordings.judge_recording import RecordingJudge
from dynacli.client.call_settings import CallSettings
from dynacli.errors import DynacliError, InternalError
from dynacli.http.serving import LOOPBACK
from dynacli.library.opened_api import OpenedApi
from dynacli.proxy.exchange_lines import ToldPassage
from dynacli.proxy.judging_thread import JudgingThread
from dynacli.proxy.passed_exchange import CopyBudget, PassedExchange
from dynacli.proxy.passing_exchange import Passage
from dynacli.proxy.record_exchange import recorded_exchange
from dynacli.proxy.request_gate import RequestGate
from dynacli.proxy.serve_proxy import serve_proxy
from dynacli.proxy.upstream_server import UpstreamServer
from dynacli.record import record
from dynacli.urls import origin_of

if TYPE_CHECKING:
    from dynacli.proxy.policy_check import PolicyCheck

__all__ = ["ProxySettings", "run_proxy"]


@record
class ProxySettings:
    """How a proxy runs.

    Args:
        host: Where it listens, as it was given.
        keeps_host: Whether the upstream gets the client's `Host`.
        seconds: How long the upstream may take for the head of an answer.
    """

    host: str
    keeps_host: bool
    seconds: float


def run_proxy(
    api: OpenedApi,
    settings: CallSettings,
    proxy: ProxySettings,
    upstream: UpstreamServer,
    sock: socket.socket,
    *,
    tell: Callable[[ToldPassage], None],
    warn: Callable[[str], None],
    on_ready: Callable[[], None],
) -> tuple[RecordingJudge, int]:
    """Let requests pass until SIGINT or SIGTERM, and judge them all.

    Args:
        sock: It listens already, and is closed at the end.
        tell: Called with each exchange, in a thread of its own; a `DynacliError` or `OSError` ends the run, because
            nothing can be written any more.
        warn: Called with a line about an exception that nothing expects; the run goes on.
        on_ready: Called once when requests can come.

    Returns:
        What was found, and how many exchanges there were that nobody had the time to look at.

    Raises:
        UsageError: The upstream is the proxy itself.
        KeyboardInterrupt: A second signal came before all was judged.
    """
    upstream.check_that_it_is_not(sock)
    servers = _bases(api, upstream.base)
    judge = RecordingJudge(api, settings, servers, is_whole=True)

    def told(passed: PassedExchange) -> ToldPassage:
        recorded = recorded_exchange(passed)
        judged = None
        try:
            judged = (judge.unjudged if passed.refusal or passed.skipped else judge.add)(recorded)
        except Exception as error:  # noqa: BLE001  - the exchange is told as one that was not judged
            passed.skipped = InternalError.caused_by(error).line
        return ToldPassage(api, passed, recorded, judged)

    def judge_and_tell(passed: PassedExchange) -> None:
        try:
            tell(told(passed))
        except (DynacliError, OSError):
            raise  # nothing can be written any more
        except Exception as error:  # noqa: BLE001  - the others are judged
            warn(f"`{passed.method}`: an exchange was not judged: {InternalError.caused_by(error).line}")

    def note_defect(error: BaseException) -> None:
        warn(f"A connection was closed: {InternalError.caused_by(error).line}")

    budget = CopyBudget()
    thread = JudgingThread(judge_and_tell, budget)
    names = None if proxy.keeps_host or proxy.host not in LOOPBACK else frozenset({proxy.host})
    gate = RequestGate(names, upstream, _policy_check(api, settings, upstream.base, servers))
    passage = Passage(
        upstream, gate, budget, thread.begin, thread.put, note_defect, proxy.keeps_host, proxy.seconds
    )

    def is_ready(stop: Callable[[], None]) -> None:
        thread.start_with(stop)
        on_ready()

    try:
        serve_proxy(passage, sock, is_ready)
    finally:
        thread.finish()
    return judge, thread.lost


def _bases(api: OpenedApi, base: str) -> frozenset[str]:
    """Return the base URLs of operations: the upstream's, or below its origin the path of a server of the document."""
    origin, paths = origin_of(base), (urlsplit(server.url).path for server in api.servers)
    return frozenset({base, *(f"{origin}{path.rstrip('/')}" for path in paths if path.startswith("/"))})


def _policy_check(
    api: OpenedApi, settings: CallSettings, base: str, servers: frozenset[str]
) -> "PolicyCheck | None":
    if settings.policy is None and settings.others is None:
        return None
    from dynacli.proxy.policy_check import PolicyCheck

    return PolicyCheck(api, settings, base, servers)
