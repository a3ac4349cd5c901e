"""Every exchange of a recording is judged; of those that came to the same, one is kept.

So the memory that a recording takes depends on how many different things are found, and not on its length.
"""

import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

from dynacli.check.check_records import CheckedOperation, Exchange
from dynacli.check.recordings._recorded_call import exchange_of
from dynacli.check.recordings.exchange_judge import ExchangeJudge
from dynacli.check.reporting.check_results import CheckResults, starred
from dynacli.client.call_settings import CallSettings
from dynacli.openapi.model.operation import documented_status
from dynacli.record import record
from dynacli.registry.opened_api import OpenedApi
from dynacli.traffic.operation_finder import MatchedOperation, OperationFinder
from dynacli.traffic.recorded_request import RecordedExchange
from dynacli.urls import origin_of
from dynacli.validation.finding import Finding, Verdict

__all__ = ["JudgedExchange", "RecordingJudge"]

_MOST_KEPT = 100
"""Different exchanges that are kept of one operation."""
_MOST_BYTES = 64 * 1024 * 1024
"""Bytes of bodies that are kept of all exchanges."""
_Key = tuple[object, ...]


@record
class JudgedExchange:
    """An exchange of an operation.

    Args:
        verdict: On the request and the answer; None where nothing is judged.
        is_judged: Whether the document describes the answer.
    """

    match: MatchedOperation
    verdict: Verdict | None
    is_judged: bool


class RecordingJudge:
    """Judges the exchanges of one API.

    Attributes:
        count: How many exchanges there are.
        elsewhere: Host → how many exchanges with it belong to no operation.
        possible_servers: Base URL that is no server of the document → how many exchanges would belong to operations
            if it were.
        unlisted: How many exchanges had findings that are not listed, because there are too many different ones.

    Args:
        servers: The base URLs whose exchanges are judged; none for the servers of the document.
        is_whole: Whether requests are there as they were sent, with their credentials.
    """

    def __init__(
        self, api: OpenedApi, settings: CallSettings, servers: Iterable[str] = (), *, is_whole: bool = False
    ) -> None:
        self._api, self._settings = api, settings
        self._finder = OperationFinder(api, servers)
        self._judge, self._is_whole = ExchangeJudge(api, settings), is_whole
        self._kept: dict[str, dict[_Key, Exchange]] = {}
        self._bytes = 0
        self._start = time.monotonic()
        self.count = 0
        self.elsewhere: Counter[str] = Counter()
        self.possible_servers: Counter[str] = Counter()
        self.unlisted = 0

    def unjudged(self, recorded: RecordedExchange) -> JudgedExchange | None:
        """Return an exchange with its operation alone; None where it belongs to none."""
        match = self._finder.find_request(recorded.request)
        return JudgedExchange(match, None, is_judged=False) if match is not None else None

    def add(self, recorded: RecordedExchange) -> JudgedExchange | None:
        """Judge an exchange; None where it belongs to no operation."""
        self.count += 1
        request = recorded.request
        match = self._finder.find_request(request)
        if match is not None:
            return self._keep(recorded, match)
        try:
            host = origin_of(request.url)
        except ValueError:
            host = "a URL that cannot be read"
        # `data:` and `about:blank` have none.
        self.elsewhere["no host" if host.endswith("://") else host] += 1
        other = self._finder.find_request_anywhere(request)
        if other is not None:
            self.possible_servers[other.base] += 1
        return None

    @property
    def has_found(self) -> bool:
        """Whether an exchange belongs to an operation."""
        return bool(self._kept)

    def results(
        self, *, is_interrupted: bool = False, unseen_reason: str = "the recording has no such exchange"
    ) -> CheckResults:
        """Return what was found: the operations with exchanges, and those without.

        Args:
            unseen_reason: Why an operation was not validated that has none.
        """
        checked, unseen = [], []
        for summary in self._api.catalog.each_summary():
            kept = self._kept.get(summary.name)
            operation = self._finder.operation(summary.name)
            if kept:
                checked.append(CheckedOperation(operation, tuple(kept.values())))
            else:
                unseen.append(CheckedOperation(operation, skip_reason=unseen_reason, skip_kind="unseen"))
        return CheckResults(
            self._api,
            checked,
            unseen,
            seconds=time.monotonic() - self._start,
            is_interrupted=is_interrupted,
            is_recorded=True,
        )

    def _keep(self, recorded: RecordedExchange, match: MatchedOperation) -> JudgedExchange:
        operation, answer = match.operation, recorded.answer
        verdict = None
        if self._settings.level != "off":
            verdict = self._judge.exchange(recorded, match, is_whole=self._is_whole)
        documented = [response.status for response in operation.responses]
        is_judged = (
            verdict is not None and answer is not None and bool(documented_status(answer.status, documented))
        )
        kept = self._kept.setdefault(operation.name, {})
        key = (answer.status if answer is not None else recorded.error, *_tellings(verdict))
        if key in kept:
            known = kept[key]
            kept[key] = replace(known, times=known.times + 1, seconds=max(known.seconds, recorded.seconds))
        elif len(kept) < _MOST_KEPT:
            self._bytes += len(recorded.content or b"") + len((answer and answer.body) or b"")
            exchange = exchange_of(recorded, match, verdict, is_judged=is_judged)
            kept[key] = exchange if self._bytes <= _MOST_BYTES else _without_bodies(exchange)
        elif verdict is not None and verdict.findings:
            self.unlisted += 1
        return JudgedExchange(match, verdict, is_judged)


def _tellings(verdict: Verdict | None) -> tuple[object, ...]:
    """Return what is the same in exchanges that tell the same."""
    if verdict is None:
        return ()
    suppressed = (finding for finding, _ in verdict.suppressed)
    return (
        *(_finding_texts(found) for found in (verdict.findings, verdict.tolerated, suppressed)),
        frozenset((*verdict.not_validated, *verdict.failures)),
    )


def _finding_texts(findings: Iterable[Finding]) -> frozenset[tuple[str, ...]]:
    return frozenset(
        (finding.where, finding.rule, starred(finding.pointer), finding.message) for finding in findings
    )


def _without_bodies(exchange: Exchange) -> Exchange:
    answer = exchange.answer
    return replace(
        exchange,
        request=exchange.request._replace(body=None),
        shown=exchange.shown._replace(body=None),
        answer=replace(answer, body=b"") if answer is not None else None,
        cut_reason=exchange.cut_reason or "the body is not kept, because there are too many",
    )
