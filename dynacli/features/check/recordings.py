"""Validation of the exchanges of other programs, from a recording or a proxy.

One exchange represents all exchanges with the same result. Secrets are masked.
"""

import time
from collections import Counter
from collections.abc import Iterable

from dynacli.client.call_settings import CallSettings
from dynacli.errors import NetworkError
from dynacli.features.check.check_records import (
    CheckedOperation,
    CheckResults,
    Exchange,
    PlannedCall,
    starred,
)
from dynacli.http.built_request import Request
from dynacli.http.exchange import WireResponse
from dynacli.openapi.model.operation import documented_status
from dynacli.record import replace
from dynacli.registry.opened_api import OpenedApi
from dynacli.secrets import (
    mask_header,
    mask_url,
)
from dynacli.traffic.recorded_request import (
    MatchedOperation,
    OperationFinder,
    RecordedExchange,
)
from dynacli.traffic.validate_exchange import (
    ExchangeValidator,
    ValidatedExchange,
    masker_of,
    request_parts,
    secret_names_of,
)
from dynacli.urls import origin_of
from dynacli.validation.finding import Finding, ValidationResult

_MOST_KEPT = 100
"""Maximum number of different exchanges to store of one operation."""
_MOST_BYTES = 64 * 1024 * 1024
"""Maximum size of all stored bodies, in bytes."""


_Key = tuple[object, ...]


def _exchange_of(
    api: OpenedApi,
    recorded: RecordedExchange,
    match: MatchedOperation,
    validation: ValidationResult | None,
    *,
    is_validated: bool,
) -> Exchange:
    """Return an exchange for reports, with masked secrets.

    Args:
        validation: Result on the request and the response; None if validation is off.
        is_validated: Whether the document describes the response.
    """
    request, names = recorded.request, secret_names_of(api, match.operation)
    masker = masker_of(recorded, match.path_values, names)
    whole = Request(
        request.method, request.url, request.headers, recorded.content, request_parts(recorded, match)
    )
    headers = tuple((name, mask_header(name, masker.mask(value), names)) for name, value in request.headers)
    response = recorded.response
    return Exchange(
        PlannedCall(match.operation.name),
        whole,
        whole._replace(url=masker.mask(mask_url(request.url, names)), headers=headers),
        masker,
        None
        if response is None
        else WireResponse(
            response.status,
            response.reason,
            response.http_version,
            request.url,
            response.headers,
            response.body or b"",
            recorded.seconds,
            size=response.size or 0,
        ),
        NetworkError("No response was recorded", reason=masker.mask(recorded.error))
        if response is None
        else None,
        validation,
        recorded.seconds,
        started=recorded.started,
        cut_reason=response.loss if response is not None else "",
        is_validated=is_validated,
    )


class RecordingValidator:
    """Validates the exchanges of one API.

    Attributes:
        count: Number of exchanges.
        elsewhere: Host → number of its exchanges that belong to no operation.
        possible_servers: Base URL that the document lacks → number of exchanges that would belong to operations there.
        unlisted: Number of exchanges with findings that are not listed, because there are too many different ones.

    Args:
        servers: The base URLs whose exchanges are validated; empty for the servers of the document.
        is_whole: Whether requests are complete, including their credentials.
    """

    def __init__(
        self, api: OpenedApi, settings: CallSettings, servers: Iterable[str] = (), *, is_whole: bool = False
    ) -> None:
        self._api, self._settings = api, settings
        self._finder = OperationFinder(api, servers)
        self._validator, self._is_whole = ExchangeValidator(api, settings), is_whole
        self._kept: dict[str, dict[_Key, Exchange]] = {}
        self._bytes = 0
        self._start = time.monotonic()
        self.count = 0
        self.elsewhere: Counter[str] = Counter()
        self.possible_servers: Counter[str] = Counter()
        self.unlisted = 0

    def unvalidated(self, recorded: RecordedExchange) -> ValidatedExchange | None:
        """Find the operation of an exchange without validating it; None if it belongs to none."""
        match = self._finder.find_request(recorded.request)
        return ValidatedExchange(match, None, is_validated=False) if match is not None else None

    def add(self, recorded: RecordedExchange) -> ValidatedExchange | None:
        """Validate an exchange; return None if it belongs to no operation."""
        self.count += 1
        request = recorded.request
        match = self._finder.find_request(request)
        if match is not None:
            return self._keep(recorded, match)
        try:
            host = origin_of(request.url)
        except ValueError:
            host = "a URL that cannot be read"
        # `data:` and `about:blank` have no host.
        self.elsewhere["no host" if host.endswith("://") else host] += 1
        other = self._finder.find_request_anywhere(request)
        if other is not None:
            self.possible_servers[other.base] += 1
        return None

    @property
    def unlisted_text(self) -> str:
        """A sentence about the exchanges with findings that are not listed."""
        return f"{self.unlisted:,} more exchanges have findings that are not listed, because there are too many kinds"

    @property
    def has_found(self) -> bool:
        """Whether an exchange belongs to an operation."""
        return bool(self._kept)

    def results(
        self, *, is_interrupted: bool = False, unseen_reason: str = "the recording has no such exchange"
    ) -> CheckResults:
        """Return the results: the operations with exchanges, and those without.

        Args:
            unseen_reason: Reason for an operation without exchanges.
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

    def _keep(self, recorded: RecordedExchange, match: MatchedOperation) -> ValidatedExchange:
        operation, response = match.operation, recorded.response
        validation = None
        if self._settings.level != "off":
            validation = self._validator.exchange(recorded, match, is_whole=self._is_whole)
        documented = [described.status for described in operation.responses]
        is_validated = (
            validation is not None
            and response is not None
            and bool(documented_status(response.status, documented))
        )
        kept = self._kept.setdefault(operation.name, {})
        added = request_parts(recorded, match).added
        key = (response.status if response is not None else recorded.error, added, *_tellings(validation))
        if key in kept:
            known = kept[key]
            kept[key] = replace(known, times=known.times + 1, seconds=max(known.seconds, recorded.seconds))
        elif len(kept) < _MOST_KEPT:
            self._bytes += len(recorded.content or b"") + len((response and response.body) or b"")
            exchange = _exchange_of(self._api, recorded, match, validation, is_validated=is_validated)
            kept[key] = exchange if self._bytes <= _MOST_BYTES else _without_bodies(exchange)
        elif validation is not None and validation.findings:
            self.unlisted += 1
        return ValidatedExchange(match, validation, is_validated)


def _tellings(validation: ValidationResult | None) -> tuple[object, ...]:
    """Return a key of a validation result that is the same for exchanges with the same findings."""
    if validation is None:
        return ()
    suppressed = (finding for finding, _ in validation.suppressed)
    return (
        *(_finding_texts(found) for found in (validation.findings, validation.tolerated, suppressed)),
        frozenset((*validation.not_validated, *validation.failures)),
    )


def _finding_texts(findings: Iterable[Finding]) -> frozenset[tuple[str, ...]]:
    return frozenset(
        (finding.where, finding.rule, starred(finding.pointer), finding.message) for finding in findings
    )


def _without_bodies(exchange: Exchange) -> Exchange:
    response = exchange.response
    return replace(
        exchange,
        request=exchange.request._replace(body=None),
        shown=exchange.shown._replace(body=None),
        response=replace(response, body=b"") if response is not None else None,
        cut_reason=exchange.cut_reason or "the body is not kept, because there are too many",
    )
