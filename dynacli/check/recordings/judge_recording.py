"""Every exchange of a recording is judged; of those that came to the same, one is kept.

So the memory that a recording takes depends on how many different things are found, and not on its length.
"""

import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

from dynacli.check.check_records import CheckedOperation, Exchange
from dynacli.check.recordings.exchange_judge import ExchangeJudge
from dynacli.check.recordings.recorded_call import exchange_of
from dynacli.check.reporting.check_results import CheckResults
from dynacli.check.reporting.defects import starred
from dynacli.client.call_settings import CallSettings
from dynacli.library.opened_api import OpenedApi
from dynacli.model.operation import documented_status
from dynacli.traffic.operation_finder import MatchedOperation, OperationFinder
from dynacli.traffic.recorded_request import RecordedExchange
from dynacli.urls import origin_of
from dynacli.validation.findings.finding import Finding, Verdict

__all__ = ["RecordingJudge"]

_MOST_KEPT = 100
"""Different exchanges that are kept of one operation."""
_MOST_BYTES = 64 * 1024 * 1024
"""Bytes of bodies that are kept of all exchanges."""
_Key = tuple[object, ...]


class RecordingJudge:
    """Judges the exchanges of one API.

    Attributes:
        count: How many exchanges there are.
        elsewhere: Host → how many exchanges with it belong to no operation.
        possible_servers: Base URL that is no server of the document → how many exchanges would belong to operations
            if it were.
        unlisted: How many exchanges had findings that are not listed, because there are too many different ones.

    Args:
        server: The base URL whose exchanges are judged; empty for the servers of the document.
    """

    def __init__(self, api: OpenedApi, settings: CallSettings, server: str) -> None:
        self._api, self._settings = api, settings
        self._finder = OperationFinder(api, server)
        self._judge = ExchangeJudge(api, settings)
        self._kept: dict[str, dict[_Key, Exchange]] = {}
        self._bytes = 0
        self._start = time.monotonic()
        self.count = 0
        self.elsewhere: Counter[str] = Counter()
        self.possible_servers: Counter[str] = Counter()
        self.unlisted = 0

    def add(self, recorded: RecordedExchange) -> None:
        """Judge an exchange, if it belongs to an operation."""
        self.count += 1
        request = recorded.request
        match = self._finder.find(request.method, request.url)
        if match is not None:
            self._keep(recorded, match)
            return
        try:
            host = origin_of(request.url)
        except ValueError:
            host = "a URL that cannot be read"
        # `data:` and `about:blank` have none.
        self.elsewhere["no host" if host.endswith("://") else host] += 1
        other = self._finder.find_anywhere(request.method, request.url)
        if other is not None:
            self.possible_servers[other.base] += 1

    @property
    def has_found(self) -> bool:
        """Whether an exchange belongs to an operation."""
        return bool(self._kept)

    def results(self, *, is_interrupted: bool = False) -> CheckResults:
        """Return what was found: the operations with exchanges, and those without."""
        checked, unseen = [], []
        for summary in self._api.catalog.each_summary():
            kept = self._kept.get(summary.name)
            operation = self._finder.operation(summary.name)
            if kept:
                checked.append(CheckedOperation(operation, tuple(kept.values())))
            else:
                reason = "the recording has no such exchange"
                unseen.append(CheckedOperation(operation, skip_reason=reason, skip_kind="unseen"))
        return CheckResults(
            self._api,
            checked,
            unseen,
            seconds=time.monotonic() - self._start,
            is_interrupted=is_interrupted,
            is_recorded=True,
        )

    def _keep(self, recorded: RecordedExchange, match: MatchedOperation) -> None:
        operation, answer = match.operation, recorded.answer
        verdict = self._judge.exchange(recorded, match) if self._settings.level != "off" else None
        kept = self._kept.setdefault(operation.name, {})
        key = (answer.status if answer is not None else recorded.error, *_tellings(verdict))
        if key in kept:
            known = kept[key]
            kept[key] = replace(known, times=known.times + 1, seconds=max(known.seconds, recorded.seconds))
        elif len(kept) < _MOST_KEPT:
            documented = [response.status for response in operation.responses]
            is_judged = (
                verdict is not None
                and answer is not None
                and bool(documented_status(answer.status, documented))
            )
            self._bytes += len(recorded.content or b"") + len((answer and answer.body) or b"")
            exchange = exchange_of(recorded, match, verdict, is_judged=is_judged)
            kept[key] = exchange if self._bytes <= _MOST_BYTES else _without_bodies(exchange)
        elif verdict is not None and verdict.findings:
            self.unlisted += 1


def _tellings(verdict: Verdict | None) -> tuple[object, ...]:
    """Return what is the same in exchanges that tell the same."""
    if verdict is None:
        return ()
    suppressed = (finding for finding, _ in verdict.suppressed)
    return (
        *(_finding_texts(found) for found in (verdict.findings, verdict.tolerated, suppressed)),
        frozenset((*verdict.unchecked, *verdict.failures)),
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
