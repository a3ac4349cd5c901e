"""The records of a check: its calls, and what it found, as data for `-o json`, for reports and for people.

Equal findings become one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from dynacli.client.links.follow_link import json_of
from dynacli.errors import DynacliError
from dynacli.http.semantics import ReceivedBody
from dynacli.openapi.model.operation import Operation, documented_status
from dynacli.output.finding_reports import ValidatedCall
from dynacli.record import record
from dynacli.registry.opened_api import OpenedApi
from dynacli.request.preview import as_curl
from dynacli.secrets import MASK
from dynacli.urls import without_query
from dynacli.validation.finding_rules import DIFFERS

if TYPE_CHECKING:
    from dynacli.client.responses.compare_responses import Difference
    from dynacli.http.built_request import Request
    from dynacli.http.exchange import WireResponse
    from dynacli.secrets import Masker
    from dynacli.validation.finding import ValidationResult

TIMEOUT = 30.0
"""Seconds for one call: no one waits for a check as they would for a response that they asked for."""
INVENTED = "invented"
"""The origin of a value that was made up to fit the schema, and that the server may know nothing of."""
_DIFFERENCES = {
    "changed": "the other server has another value",
    "removed": "the other server does not have it",
    "added": "only the other server has it",
}
_INDEX = re.compile(r"/\d+(?=/|$)")
_IN_OWN_RESPONSE = re.compile("/paths/[^/]+/[^/]+/responses/")
_NAMING_PREFIXES = ("undocumented", "missing", "additional", "unevaluated")
_NAMING_RULES = frozenset({"required", "dependentRequired", "dependencies"})
_RULES_OF_THE_SERVER = frozenset({"ignored-security", "missing-allow"})
"""Rules that a server breaks for all operations alike, wherever they stand in the document."""
_FEWEST_MERGED = 4
"""Fields with the same defect that become one block."""


RecordKey = tuple[str, ...]


@record
class InputValue:
    """A value of an input, and where it comes from.

    Args:
        location: `path`, `query`, `header`, `cookie`, `querystring`, or `body` for a field of the body.
        name: The parameter's name on the wire; for `body` the option of the field, such as `schedule.cron`.
        value: A JSON value.
        origin: `set` (given by the person), `link`, `response`, `example`, `default`, or `invented`.
        source: The name of the operation whose response gave the value, for `link` and `response`.
    """

    location: str
    name: str
    value: Any
    origin: str
    source: str = ""

    @property
    def key(self) -> tuple[str, str]:
        """The location and name of the input."""
        return self.location, self.name

    @property
    def shown_origin(self) -> str:
        """The origin as a person reads it."""
        match self.origin:
            case "set":
                return "--set"
            case "link":
                return f"a link of {self.source}"
            case "response":
                return f"a response of {self.source}"
            case "example":
                return "an example of the document"
            case "default":
                return "the document's schema"
        return self.origin


@record
class PlannedCall:
    """A call that is to be made.

    Args:
        operation_name: The operation's name.
        values: The values to send; the rest of a required body comes from its example.
        probe: `method`, `credentials` or `request`, if the server ought to refuse the call for that; else empty.
    """

    operation_name: str
    values: tuple[InputValue, ...] = ()
    probe: str = ""

    @property
    def invented_values(self) -> tuple[InputValue, ...]:
        """The values that were made up to fit a schema."""
        return tuple(value for value in self.values if value.origin == INVENTED)

    @property
    def path_values(self) -> dict[str, Any]:
        """Path parameter → its value."""
        return {value.name: value.value for value in self.values if value.location == "path"}


@record
class Exchange:
    """A call that was made: its request, and the response or the error that it ended with.

    Args:
        planned: The call as it was planned.
        request: The request with its credentials; it is never shown.
        shown: The request as a person may see it.
        masker: Takes the secrets of this call out of whatever is printed.
        response: None if none came; then `error` says why.
        error: What ended the call, its secrets masked.
        validation: The result on the response, or on a server that closed the connection without one; None if
            nothing is validated, or the call failed otherwise. A request that the document does not allow is never
            sent, so that requests need no result here.
        seconds: From sending to the last byte, or to the failure.
        sent_json: The JSON value that the body of the request was made from; None if there is none.
        started: When sending began, in seconds since 1970.
        cut_reason: Why the response's body is only the beginning of a stream, or not there at all; empty if it is
            complete.
        is_validated: Whether the document describes the response, so that the result says something about it.
        times: How many exchanges of a recording it stands for, which came to the same.
    """

    planned: PlannedCall
    request: Request
    shown: Request
    masker: Masker
    response: WireResponse | None = None
    error: DynacliError | None = None
    validation: ValidationResult | None = None
    seconds: float = 0.0
    sent_json: Any = None
    started: float = 0.0
    cut_reason: str = ""
    is_validated: bool = False
    times: int = 1

    @property
    def operation_name(self) -> str:
        """The operation's name."""
        return self.planned.operation_name

    @property
    def has_findings(self) -> bool:
        """Whether the response does not match the document, or the server broke it off."""
        return self.validation is not None and not self.validation.is_valid

    @property
    def is_success(self) -> bool:
        """Whether a response came and its status is a 2xx."""
        return self.response is not None and self.response.is_success

    @property
    def error_text(self) -> str:
        """What ended the call, and why; empty if a response came."""
        return (
            ": ".join(filter(None, (self.error.message, self.error.reason))) if self.error is not None else ""
        )

    def response_json(self) -> Any:
        """Return the JSON value of a successful response; None if there is none."""
        if self.response is None or not self.is_success:
            return None
        return json_of(ReceivedBody(self.response.body, self.response.header("content-type")))


@record
class CheckedOperation:
    """What became of an operation in a check.

    Args:
        operation: The operation.
        exchanges: Its calls, in the order in which they were planned.
        skip_reason: Why it was not called; empty if it was.
        skip_kind: `unsafe`, `dangerous`, `skipped`, `values`, `request`, `auth`, `refused` or `interrupted`; empty
            if it was called.
        unsent: The planned calls that were not made although others were, each with the reason.
        probes: The calls that the server ought to refuse; they do not count as calls of the operation.
    """

    operation: Operation
    exchanges: tuple[Exchange, ...] = ()
    skip_reason: str = ""
    skip_kind: str = ""
    unsent: tuple[tuple[PlannedCall, str], ...] = ()
    probes: tuple[Exchange, ...] = ()

    @property
    def all_exchanges(self) -> tuple[Exchange, ...]:
        """The calls, then the probes."""
        return (*self.exchanges, *self.probes)

    @property
    def count(self) -> int:
        """The number of its calls, without the probes."""
        return sum(exchange.times for exchange in self.exchanges)

    @property
    def has_findings(self) -> bool:
        """Whether one of its responses does not match the document, or a probe was not refused."""
        return any(exchange.has_findings for exchange in self.all_exchanges)

    @property
    def statuses(self) -> tuple[int, ...]:
        """The statuses of its responses, each once, in the order in which they came."""
        return tuple(
            dict.fromkeys(
                exchange.response.status for exchange in self.exchanges if exchange.response is not None
            )
        )


@record
class ComparedCall:
    """A call that was made on two servers.

    Args:
        exchange: The second one.
        differences: What differs between the responses, without secrets; empty if they are equal.
        left_out: How many differences are in values that change with every response.
    """

    exchange: Exchange
    differences: tuple[Difference, ...] = ()
    left_out: int = 0

    @property
    def operation_name(self) -> str:
        """The operation's name."""
        return self.exchange.operation_name

    def findings(self) -> tuple[dict[str, Any], ...]:
        """Return the differences as findings of reports, in the form of the validation report."""
        return tuple(
            {
                "where": "response",
                "rule": DIFFERS,
                "pointer": difference.pointer,
                "message": _DIFFERENCES[difference.kind],
                "expected": difference.left,
                "got": difference.right,
                "schema_pointer": "",
                "via": [],
                "document": None,
            }
            for difference in self.differences
        )

    def as_json(self) -> dict[str, Any]:
        """Return the call as `check -o json` has it."""
        return {
            "operation": self.operation_name,
            "equal": not self.differences,
            "differences": [difference.as_json() for difference in self.differences],
        }


@record
class ResponseCoverage:
    """The documented responses of an operation, and those that came.

    Args:
        documented: The responses that the document has: `200`, `4XX`, `default`.
        seen: Those among them that came.
    """

    documented: tuple[str, ...] = ()
    seen: tuple[str, ...] = ()


def coverage_of(checked: CheckedOperation) -> ResponseCoverage:
    """Return which of one operation's documented responses came."""
    documented = [response.status for response in checked.operation.responses]
    responses = [exchange.response for exchange in checked.exchanges if exchange.response is not None]
    # A redirect that was followed came, too.
    statuses = [*checked.statuses, *(status for response in responses for status, _ in response.hops)]
    seen = {documented_status(status, documented) for status in statuses}
    return ResponseCoverage(tuple(documented), tuple(status for status in documented if status in seen))


def total_coverage(operations: Iterable[CheckedOperation]) -> tuple[int, int]:
    """Return how many documented responses came, and how many there are."""
    coverages = [coverage_of(checked) for checked in operations]
    return sum(len(coverage.seen) for coverage in coverages), sum(
        len(coverage.documented) for coverage in coverages
    )


class CheckResults:
    """The results of a check. All that it returns may be shown: secrets are masked.

    Args:
        checked: What became of each operation that was to be called.
        left_out: The operations that were not to be called, each with the reason.
        seconds: How long the check took.
        is_interrupted: Whether Ctrl-C ended it early.
        is_recorded: Whether the calls are those of a recording, so that requests were validated, too.
        against: The calls that were compared with those of another server; None if none were to be.
    """

    def __init__(
        self,
        api: OpenedApi,
        checked: Sequence[CheckedOperation],
        left_out: Sequence[CheckedOperation],
        *,
        seconds: float,
        is_interrupted: bool,
        is_recorded: bool = False,
        against: Sequence[ComparedCall] | None = None,
    ) -> None:
        self.against = against
        self.api, self.checked, self.left_out = api, tuple(checked), tuple(left_out)
        self.seconds, self.is_interrupted, self.is_recorded = seconds, is_interrupted, is_recorded
        self._findings: dict[int, list[dict[str, Any]]] | None = None

    @property
    def exchanges(self) -> tuple[Exchange, ...]:
        """All calls that were made, without the probes."""
        return tuple(exchange for checked in self.checked for exchange in checked.exchanges)

    @property
    def all_exchanges(self) -> tuple[Exchange, ...]:
        """All calls and probes that were made."""
        return tuple(exchange for checked in self.checked for exchange in checked.all_exchanges)

    def findings(self, exchange: Exchange) -> list[dict[str, Any]]:
        """Return the findings on a response, in the form of the validation report."""
        if self._findings is None:
            self._findings = self._locate_findings()
        return self._findings.get(id(exchange), [])

    def _locate_findings(self) -> dict[int, list[dict[str, Any]]]:
        """Return the findings on all responses; the files of the document are read once for all of them."""
        from dynacli.client.responses.validation_text import findings_json

        validated = [
            (exchange, exchange.validation.findings) for exchange in self.all_exchanges if exchange.validation
        ]
        rows = iter(findings_json(self.api, [finding for _, findings in validated for finding in findings]))
        return {
            id(exchange): [exchange.masker.mask_value(next(rows)) for _ in findings]
            for exchange, findings in validated
        }

    def compared(self, checked: CheckedOperation) -> list[ComparedCall]:
        """Return the calls of an operation that were compared with those of another server."""
        return [
            compared_call
            for compared_call in self.against or ()
            if compared_call.operation_name == checked.operation.name
        ]

    def calls(self) -> list[ValidatedCall]:
        """Return what reports are made of: each call, and each operation that was not called."""
        calls = []
        for checked in (*self.checked, *self.left_out):
            if not checked.exchanges:
                calls.append(self._skipped_call(checked.operation, checked.skip_reason))
            calls.extend(
                self._validated_call(checked.operation, exchange) for exchange in checked.all_exchanges
            )
            calls.extend(
                replace(
                    self._validated_call(checked.operation, compared_call.exchange),
                    findings=compared_call.findings(),
                )
                for compared_call in self.compared(checked)
            )
        return calls

    def _skipped_call(self, operation: Operation, reason: str) -> ValidatedCall:
        return ValidatedCall(self.api.name, operation.name, operation.method, operation.path, skipped=reason)

    def _validated_call(self, operation: Operation, exchange: Exchange) -> ValidatedCall:
        response = exchange.response
        return ValidatedCall(
            self.api.name,
            operation.name,
            exchange.shown.method,
            operation.path,
            url=exchange.shown.url,
            status=response.status if response is not None else None,
            seconds=response.seconds if response is not None else None,
            findings=tuple(self.findings(exchange)),
            tolerated=tuple(tolerated_of(exchange)),
            not_validated=not_validated_of(exchange),
            suppressed=suppressed_of(exchange),
            error=error_of(exchange),
        )

    def rows(self) -> list[dict[str, Any]]:
        """Return an object for each operation, the validation report of its responses inside."""
        return [self._row(checked) for checked in (*self.checked, *self.left_out)]

    def _row(self, checked: CheckedOperation) -> dict[str, Any]:
        operation, exchanges, coverage = checked.operation, checked.all_exchanges, coverage_of(checked)
        return {
            "api": self.api.name,
            "operation": operation.name,
            "method": operation.method,
            "path": operation.path,
            "skipped": {"kind": checked.skip_kind, "reason": checked.skip_reason}
            if checked.skip_reason
            else None,
            "statuses": list(checked.statuses),
            "documented": list(coverage.documented),
            "seen": list(coverage.seen),
            "seconds": round(sum(exchange.seconds for exchange in exchanges), 4),
            "valid": not checked.has_findings and not any(exchange.error for exchange in checked.exchanges),
            "findings": _numbered(self.findings(exchange) for exchange in exchanges),
            "tolerated": _numbered(tolerated_of(exchange) for exchange in exchanges),
            "not_validated": _distinct(text for exchange in exchanges for text in not_validated_of(exchange)),
            "suppressed": _numbered(suppressed_of(exchange) for exchange in exchanges),
            "calls": [_call_row(operation, exchange) for exchange in exchanges],
            "unsent": [
                {"values": planned_values(operation, planned), "reason": reason}
                for planned, reason in checked.unsent
            ],
            **(
                {}
                if self.against is None
                else {"against": [compared_call.as_json() for compared_call in self.compared(checked)]}
            ),
        }


def _numbered(findings_of_calls: Iterable[Iterable[dict[str, Any]]]) -> list[dict[str, Any]]:
    """Return findings with the numbers of their calls."""
    return [
        {**finding, "call": number}
        for number, findings in enumerate(findings_of_calls)
        for finding in findings
    ]


def _call_row(operation: Operation, exchange: Exchange) -> dict[str, Any]:
    return {
        "url": exchange.shown.url,
        "status": exchange.response.status if exchange.response is not None else None,
        "seconds": round(exchange.seconds, 4),
        "values": exchange.masker.mask_value(planned_values(operation, exchange.planned)),
        "error": error_of(exchange) or None,
        "curl": curl_of(exchange),
        "probe": exchange.planned.probe or None,
        "times": exchange.times,
    }


def planned_values(operation: Operation, planned: PlannedCall) -> list[dict[str, Any]]:
    """Return the values of a call, each with its origin; credentials among them are masked."""
    return [
        {
            "in": value.location,
            "name": value.name,
            "value": MASK if is_secret(operation, value) else value.value,
            "origin": value.origin,
            "from": value.source or None,
        }
        for value in planned.values
    ]


def is_secret(operation: Operation, value: InputValue) -> bool:
    """Return whether the input of a value is a credential as well."""
    keys = ((location, name.lower()) for location, name in operation.api_keys)
    return (value.location, value.name.lower()) in {*keys, ("header", "authorization"), ("header", "cookie")}


def not_validated_of(exchange: Exchange) -> tuple[str, ...]:
    """Return the reasons why something in a response was not validated."""
    if exchange.validation is None:
        return ()
    reasons = _distinct([*exchange.validation.failures, *exchange.validation.not_validated])
    return tuple(exchange.masker.mask(reason) for reason in reasons)


def tolerated_of(exchange: Exchange) -> list[dict[str, Any]]:
    """Return the findings on a response that count at the level `exact` alone."""
    if exchange.validation is None:
        return []
    return [exchange.masker.mask_value(finding.as_json()) for finding in exchange.validation.tolerated]


def suppressed_of(exchange: Exchange) -> tuple[dict[str, Any], ...]:
    """Return the findings that the configuration switches off, each with the reason."""
    if exchange.validation is None:
        return ()
    rows = ({**finding.as_json(), "reason": reason} for finding, reason in exchange.validation.suppressed)
    return tuple(exchange.masker.mask_value(row) for row in rows)


def error_of(exchange: Exchange) -> str:
    """Return why no response came, in one line and without the query of the URL; empty if a response came."""
    url = exchange.shown.url
    return " ".join(exchange.error_text.replace(url, without_query(url)).split())


def curl_of(exchange: Exchange) -> str:
    """Return the call as a command for curl, its secrets masked."""
    return exchange.masker.mask(as_curl(exchange.shown))


def _distinct(texts: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(texts))


@record
class Defect:
    """A finding, and how often it was found again.

    Args:
        checked: The operation where it was found first.
        exchange: The call where it was found first.
        number: The finding's number among those of that call.
        finding: The finding in the form of the validation report.
        more: How many more such findings the operation has.
        places: The pointers of all of them in that operation, indices as `*`.
        others: The names of the other operations that have it.
    """

    checked: CheckedOperation
    exchange: Exchange
    number: int
    finding: Mapping[str, Any]
    more: int = 0
    places: tuple[str, ...] = ()
    others: tuple[str, ...] = ()


def find_defects(results: CheckResults) -> list[Defect]:
    """Return each defect once, in the order in which they were found."""
    defects: dict[RecordKey, Defect] = {}
    first_alike: dict[RecordKey, RecordKey] = {}
    for checked in results.checked:
        for exchange, number, finding in _distinct_findings(results, checked):
            key, place = (finding["where"], *_defect_key(finding)), starred(finding["pointer"])
            if _IN_OWN_RESPONSE.match(finding["schema_pointer"]):
                # Operations that repeat a schema have its defects at places of their own.
                alike = (finding["where"], finding["rule"], place, finding["message"])
                key = first_alike.setdefault(alike, key)
            defect = defects.get(key)
            if defect is None:
                defects[key] = Defect(checked, exchange, number, finding, places=(place,))
            elif defect.checked is checked:
                places = dict.fromkeys([*defect.places, place])
                defects[key] = replace(defect, more=defect.more + 1, places=tuple(places))
            elif checked.operation.name not in defect.others:
                defects[key] = replace(defect, others=(*defect.others, checked.operation.name))
    return list(defects.values())


def merged_defects(defects: Iterable[Defect]) -> list[Defect]:
    """Return the defects of one operation, with one for each rule that many of its fields break.

    The first stands for them all, with the places of the others.
    """
    by_rule: dict[tuple[str, str], list[Defect]] = {}
    for defect in defects:
        by_rule.setdefault((defect.finding["where"], defect.finding["rule"]), []).append(defect)
    merged = []
    for alike in by_rule.values():
        if len(alike) < _FEWEST_MERGED:
            merged += alike
            continue
        places = [place for defect in alike for place in _places_of_name(defect)]
        others = dict.fromkeys(name for defect in alike for name in defect.others)
        more = sum(defect.more for defect in alike) + len(alike) - 1
        merged.append(replace(alike[0], more=more, places=tuple(dict.fromkeys(places)), others=tuple(others)))
    return merged


def _places_of_name(defect: Defect) -> Iterator[str]:
    """Yield the places of a defect; that of a property which is missing ends with its name."""
    finding = defect.finding
    is_missing = finding["rule"] in _NAMING_RULES and isinstance(finding["expected"], str)
    yield from (f"{place}/{finding['expected']}" if is_missing else place for place in defect.places)


def finding_key(finding: Mapping[str, Any]) -> RecordKey:
    """Return what is the same in findings that several calls of an operation repeat."""
    return finding["where"], finding["rule"], finding["pointer"], finding["message"]


def starred(pointer: str) -> str:
    """Return a pointer that stands for all items of its lists: `/data/*/id`."""
    return _INDEX.sub("/*", pointer)


def _distinct_findings(
    results: CheckResults, checked: CheckedOperation
) -> Iterator[tuple[Exchange, int, dict[str, Any]]]:
    """Yield the findings on an operation's responses, each once, with its call and its number among the call's."""
    seen: set[RecordKey] = set()
    for exchange in checked.all_exchanges:
        for number, finding in enumerate(results.findings(exchange)):
            if finding_key(finding) not in seen:
                seen.add(finding_key(finding))
                yield exchange, number, finding


def _defect_key(finding: Mapping[str, Any]) -> RecordKey:
    """Return what is the same in all findings of one defect.

    That is the rule, and its place in the document. If the rule is about a name, the message belongs to it, because
    it holds the name. A rule of an operation's own part of the document is the same defect in another operation if
    the messages are the same.
    """
    rule, schema_pointer = finding["rule"], finding["schema_pointer"]
    if rule in _RULES_OF_THE_SERVER:
        return rule, finding["message"]
    if not (rule in _NAMING_RULES or rule.startswith(_NAMING_PREFIXES)):
        return rule, schema_pointer
    if rule == "undocumented-status":
        return rule, str(finding["got"])  # the message also lists the documented ones, which differ
    if schema_pointer.startswith("/paths/"):
        return rule, finding["message"], starred(finding["pointer"])
    return rule, schema_pointer, finding["message"]
