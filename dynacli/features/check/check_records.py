"""The records of a check: its calls and findings, as data for `-o json`, for reports and for text.

Equal findings are merged into one defect.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from dynacli.client.links.follow_link import json_of
from dynacli.errors import DynacliError
from dynacli.http.deprecation import deprecation_text
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
"""Default time limit of one call, in seconds; a single slow operation must not delay a whole check."""
INVENTED = "invented"
"""Origin of a value that was invented to fit the schema, and that the server may not know."""
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
"""Rules that a server usually breaks for all operations in the same way."""
_FEWEST_MERGED = 4
"""Minimum number of fields with the same defect that are merged."""


RecordKey = tuple[str, ...]


@record
class InputValue:
    """A value of an input, and its origin.

    Args:
        location: `path`, `query`, `header`, `cookie`, `querystring`, or `body` for a field of the body.
        name: The name of the parameter in the request; for `body`, the option of the field, such as `schedule.cron`.
        value: A JSON value.
        origin: `set` (you set it), `link`, `response`, `example`, `default`, or `invented`.
        source: For `link` and `response`, the name of the operation whose response contained the value.
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
        """The origin as text."""
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
    """A planned call.

    Args:
        operation_name: The name of the operation.
        values: The values to send; the rest of a required body comes from its example.
        probe: `method`, `credentials` or `request` for a call that the server must refuse because of it; else empty.
    """

    operation_name: str
    values: tuple[InputValue, ...] = ()
    probe: str = ""

    @property
    def invented_values(self) -> tuple[InputValue, ...]:
        """The values that were invented to fit a schema."""
        return tuple(value for value in self.values if value.origin == INVENTED)

    @property
    def path_values(self) -> dict[str, Any]:
        """Path parameter → its value."""
        return {value.name: value.value for value in self.values if value.location == "path"}


@record
class Exchange:
    """A call that was made, with its request and its response or error.

    Args:
        planned: The call, as it was planned.
        request: The request with its credentials, which must not be printed.
        shown: The request with masked secrets.
        masker: Masks the secrets of this call in everything that is printed.
        response: The response; None if `error` ended the call.
        error: The error of the call, with masked secrets; None after a response.
        validation: The validation result of the response, or of a connection that the server closed too early; None if
            validation is off or the call failed for another reason. In a recording it includes the request.
        seconds: Time from sending to the last byte or the failure.
        sent_json: The JSON value of the request body; None if there is none.
        started: Time of sending, in seconds since 1970.
        cut_reason: Reason why the body of the response is incomplete or missing; empty if it is complete.
        is_validated: Whether the document describes the response.
        times: Number of exchanges of a recording with the same result, which this one represents.
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
        """Whether the validation result has findings."""
        return self.validation is not None and not self.validation.is_valid

    @property
    def is_success(self) -> bool:
        """Whether the response has a 2xx status."""
        return self.response is not None and self.response.is_success

    @property
    def error_text(self) -> str:
        """The error of the call and its reason; empty after a response."""
        return (
            ": ".join(filter(None, (self.error.message, self.error.reason))) if self.error is not None else ""
        )

    def response_json(self) -> Any:
        """Return the JSON value of a successful response; None if it has none."""
        if self.response is None or not self.is_success:
            return None
        return json_of(ReceivedBody(self.response.body, self.response.header("content-type")))


@record
class CheckedOperation:
    """The results of one operation in a check.

    Args:
        operation: The operation.
        exchanges: Its calls, in the planned order.
        skip_reason: Reason why it was not called; empty if it was called.
        skip_kind: `unsafe`, `dangerous`, `skipped`, `values`, `request`, `auth`, `refused`, `interrupted` or `unseen`;
            empty if it was called.
        unsent: The planned calls that could not be made, each with the reason.
        probes: The calls that the server must refuse; they do not count as calls of the operation.
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
        """Number of calls, without the probes."""
        return sum(exchange.times for exchange in self.exchanges)

    @property
    def has_findings(self) -> bool:
        """Whether a call or a probe has findings."""
        return any(exchange.has_findings for exchange in self.all_exchanges)

    @property
    def statuses(self) -> tuple[int, ...]:
        """The different statuses of its responses, in the order of the calls."""
        return tuple(
            dict.fromkeys(
                exchange.response.status for exchange in self.exchanges if exchange.response is not None
            )
        )


@record
class ComparedCall:
    """A call that was made on two servers.

    Args:
        exchange: The call on the second server.
        differences: The differences between the responses, without secrets; empty if they are equal.
        left_out: Number of differences in values that change with every response.
    """

    exchange: Exchange
    differences: tuple[Difference, ...] = ()
    left_out: int = 0

    @property
    def operation_name(self) -> str:
        """The operation's name."""
        return self.exchange.operation_name

    def findings(self) -> tuple[dict[str, Any], ...]:
        """Return the differences as findings, in the format of the validation report."""
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
        """Return the call for `check -o json`."""
        return {
            "operation": self.operation_name,
            "equal": not self.differences,
            "differences": [difference.as_json() for difference in self.differences],
        }


@record
class ResponseCoverage:
    """The documented responses of an operation, and the ones that were seen.

    Args:
        documented: The responses in the document: `200`, `4XX`, `default`.
        seen: The documented responses that the server sent.
    """

    documented: tuple[str, ...] = ()
    seen: tuple[str, ...] = ()


def coverage_of(checked: CheckedOperation) -> ResponseCoverage:
    """Return the documented responses of an operation, and the ones that the server sent."""
    documented = [response.status for response in checked.operation.responses]
    responses = [exchange.response for exchange in checked.exchanges if exchange.response is not None]
    # A redirect that was followed counts as a response, too.
    statuses = [*checked.statuses, *(status for response in responses for status, _ in response.hops)]
    seen = {documented_status(status, documented) for status in statuses}
    return ResponseCoverage(tuple(documented), tuple(status for status in documented if status in seen))


def total_coverage(operations: Iterable[CheckedOperation]) -> tuple[int, int]:
    """Return the number of documented responses that were seen, and the number of all."""
    coverages = [coverage_of(checked) for checked in operations]
    return sum(len(coverage.seen) for coverage in coverages), sum(
        len(coverage.documented) for coverage in coverages
    )


class CheckResults:
    """The results of a check, with masked secrets.

    Args:
        checked: The results of each selected operation.
        left_out: The operations that were not selected, each with the reason.
        seconds: Duration of the check.
        is_interrupted: Whether Ctrl-C ended it early.
        is_recorded: Whether the calls come from a recording, so that requests were validated, too.
        against: The calls that were compared with another server; None without `--against`.
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
        """Return the findings of a call, in the format of the validation report."""
        if self._findings is None:
            self._findings = self._locate_findings()
        return self._findings.get(id(exchange), [])

    def _locate_findings(self) -> dict[int, list[dict[str, Any]]]:
        """Return the findings of all calls at once, so that the files of the document are read only once."""
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
        """Return the calls of an operation that were compared with another server."""
        return [
            compared_call
            for compared_call in self.against or ()
            if compared_call.operation_name == checked.operation.name
        ]

    def calls(self) -> list[ValidatedCall]:
        """Return the entries of reports: each call, and each operation that was not called."""
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
        """Return an object for each operation, with the validation report of its responses."""
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
            "deprecated": _distinct(text for exchange in exchanges for text in deprecations_of(exchange)),
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
    """Return findings, each with the number of its call."""
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
    """Return the values of a call with their origins and with masked credentials."""
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
    """Return whether a value is a credential."""
    keys = ((location, name.lower()) for location, name in operation.api_keys)
    return (value.location, value.name.lower()) in {*keys, ("header", "authorization"), ("header", "cookie")}


def not_validated_of(exchange: Exchange) -> tuple[str, ...]:
    """Return the reasons why parts of a response were not validated."""
    if exchange.validation is None:
        return ()
    reasons = _distinct([*exchange.validation.failures, *exchange.validation.not_validated])
    return tuple(exchange.masker.mask(reason) for reason in reasons)


def tolerated_of(exchange: Exchange) -> list[dict[str, Any]]:
    """Return the findings on a response that only count at the level `exact`."""
    if exchange.validation is None:
        return []
    return [exchange.masker.mask_value(finding.as_json()) for finding in exchange.validation.tolerated]


def suppressed_of(exchange: Exchange) -> tuple[dict[str, Any], ...]:
    """Return the findings that the configuration suppresses, each with the reason."""
    if exchange.validation is None:
        return ()
    rows = ({**finding.as_json(), "reason": reason} for finding, reason in exchange.validation.suppressed)
    return tuple(exchange.masker.mask_value(row) for row in rows)


def deprecations_of(exchange: Exchange) -> tuple[str, ...]:
    """Return what the headers of the response say about the end of the operation: nothing, or one text."""
    text = "" if exchange.response is None else deprecation_text(exchange.response)
    return (exchange.masker.mask(text),) if text else ()


def error_of(exchange: Exchange) -> str:
    """Return the error of a call on one line, without the query of the URL; empty after a response."""
    url = exchange.shown.url
    return " ".join(exchange.error_text.replace(url, without_query(url)).split())


def curl_of(exchange: Exchange) -> str:
    """Return the call as a curl command with masked secrets."""
    return exchange.masker.mask(as_curl(exchange.shown))


def _distinct(texts: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(texts))


@record
class Defect:
    """A finding and its repetitions.

    Args:
        checked: The operation where it was found first.
        exchange: The call where it was found first.
        number: Index of the finding among the findings of that call.
        finding: The finding in the format of the validation report.
        more: Number of further such findings of the operation.
        places: The pointers of all these findings, with `*` for indices.
        others: The names of other operations with such findings.
    """

    checked: CheckedOperation
    exchange: Exchange
    number: int
    finding: Mapping[str, Any]
    more: int = 0
    places: tuple[str, ...] = ()
    others: tuple[str, ...] = ()


def find_defects(results: CheckResults) -> list[Defect]:
    """Return each defect once, in the order of first finding."""
    defects: dict[RecordKey, Defect] = {}
    first_alike: dict[RecordKey, RecordKey] = {}
    for checked in results.checked:
        for exchange, number, finding in _distinct_findings(results, checked):
            key, place = (finding["where"], *_defect_key(finding)), starred(finding["pointer"])
            if _IN_OWN_RESPONSE.match(finding["schema_pointer"]):
                # Operations that repeat a schema have its defects at different locations in the document.
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
    """Merge the defects of one operation if many of its fields break the same rule.

    The first defect represents all, and has the locations of the others.
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
    """Yield the locations of a defect; the location of a missing property ends with its name."""
    finding = defect.finding
    is_missing = finding["rule"] in _NAMING_RULES and isinstance(finding["expected"], str)
    yield from (f"{place}/{finding['expected']}" if is_missing else place for place in defect.places)


def finding_key(finding: Mapping[str, Any]) -> RecordKey:
    """Return a key that is the same for findings that several calls of an operation repeat."""
    return finding["where"], finding["rule"], finding["pointer"], finding["message"]


def starred(pointer: str) -> str:
    """Return a pointer with `*` for indices: `/data/*/id`."""
    return _INDEX.sub("/*", pointer)


def _distinct_findings(
    results: CheckResults, checked: CheckedOperation
) -> Iterator[tuple[Exchange, int, dict[str, Any]]]:
    """Yield the different findings of an operation, each with its call and its index in that call."""
    seen: set[RecordKey] = set()
    for exchange in checked.all_exchanges:
        for number, finding in enumerate(results.findings(exchange)):
            if finding_key(finding) not in seen:
                seen.add(finding_key(finding))
                yield exchange, number, finding


def _defect_key(finding: Mapping[str, Any]) -> RecordKey:
    """Return a key that is the same for all findings of one defect.

    The key is the rule and its location in the document. If the rule is about a name, the message is part of the key,
    because it contains the name. For a schema inside an operation, the message and the pointer replace the location,
    so that other operations can have the same defect.
    """
    rule, schema_pointer = finding["rule"], finding["schema_pointer"]
    if rule in _RULES_OF_THE_SERVER:
        return rule, finding["message"]
    if not (rule in _NAMING_RULES or rule.startswith(_NAMING_PREFIXES)):
        return rule, schema_pointer
    if rule == "undocumented-status":
        return rule, str(finding["got"])  # the message also lists the documented statuses, which differ
    if schema_pointer.startswith("/paths/"):
        return rule, finding["message"], starred(finding["pointer"])
    return rule, schema_pointer, finding["message"]
