"""Probes: read-only requests that a server must refuse.

- `method`: TRACE or OPTIONS, whichever the path does not document, without credentials. A finding is 2xx for TRACE, a
  405 without `Allow`, or an undocumented method in `Allow`.
- `credentials`: a read-only request that needs a credential, without one. A finding is 2xx.
- `request`: a read-only request with an invalid value, or without a required one. A finding is 2xx.

TRACE and OPTIONS are safe (RFC 9110, section 9.2.1). No other method is tried.
"""

import re
from collections.abc import Iterable, Iterator, Sequence

from dynacli.client.call import Call
from dynacli.client.call_settings import CallSettings
from dynacli.client.call_validator import validated_request
from dynacli.client.described_operation import DescribedOperation
from dynacli.client.engine.call_engine import Engine
from dynacli.client.policy.permission import denial
from dynacli.errors import DynacliError
from dynacli.features.check._call_planner import call_values
from dynacli.features.check.check_records import INVENTED, CheckedOperation, Exchange, InputValue, PlannedCall
from dynacli.features.check.operation_validator import OperationValidator
from dynacli.features.check.select_operations import READING_METHODS
from dynacli.http.exchange import WireResponse
from dynacli.openapi.model.acting_names import acting_word
from dynacli.openapi.model.operation import Operation, OperationSummary
from dynacli.record import replace
from dynacli.secrets import is_secret_header, is_secret_name
from dynacli.validation.finding import Finding, ValidationResult

MAX_PROBES = 50
"""Maximum number of probes of one kind."""
_PLACEHOLDER = re.compile(r"\{[^{}]*\}")
_WRONG_VALUES = ("dynacli-invalid", -1)
_METHODS = ("TRACE", "OPTIONS")
_HARMLESS = frozenset({"HEAD", "OPTIONS", "TRACE", "CONNECT"})
"""Methods that servers support without being told."""
_NOT_ALLOWED = 405


def plan_probes(operations: Sequence[CheckedOperation]) -> tuple[list[PlannedCall], int]:
    """Return the probes of a check, and the number of probes that are left out because of the limit."""
    probes: dict[str, list[PlannedCall]] = {"method": [], "credentials": [], "request": []}
    paths = set()
    for checked in operations:
        operation = checked.operation
        if operation.method not in READING_METHODS or acting_word(operation):
            continue
        good = next((exchange.planned for exchange in checked.exchanges if exchange.is_success), None)
        if good is not None and operation.path not in paths:
            paths.add(operation.path)
            probes["method"].append(replace(good, probe="method"))
        if good is not None and operation.parameters:
            probes["request"].append(replace(good, probe="request"))
        unsent = (
            next((planned for planned, _ in checked.unsent), None) if checked.skip_kind == "auth" else None
        )
        asked = good or unsent
        if asked is not None and _needs_credentials(operation):
            probes["credentials"].append(_without_credentials(operation, asked))
    planned = [probe for kind in probes.values() for probe in kind[:MAX_PROBES]]
    return planned, sum(map(len, probes.values())) - len(planned)


def possible_probes(operations: Iterable[Operation]) -> dict[str, list[str]]:
    """Return operation → the kinds of probes that it may get.

    A probe also needs a successful call and an invalid value, which are not known before anything is sent.
    """
    probes: dict[str, list[str]] = {}
    counts = dict.fromkeys(("method", "credentials", "request"), 0)
    paths = set()
    for operation in operations:
        if operation.method not in READING_METHODS or acting_word(operation):
            continue
        kinds = {
            "method": operation.path not in paths,
            "credentials": _needs_credentials(operation),
            "request": bool(operation.parameters),
        }
        paths.add(operation.path)
        own = [kind for kind, is_possible in kinds.items() if is_possible and counts[kind] < MAX_PROBES]
        counts |= {kind: counts[kind] + 1 for kind in own}
        probes[operation.name] = own
    return probes


def _needs_credentials(operation: Operation) -> bool:
    """Return whether an operation always needs a credential that is a part of the request."""
    return bool(operation.security) and all(
        any(scheme.type != "mutualTLS" for scheme in alternative) for alternative in operation.security
    )


def _without_credentials(operation: Operation, planned: PlannedCall) -> PlannedCall:
    keys = operation.api_keys
    values = tuple(value for value in planned.values if value.key not in keys)
    return PlannedCall(planned.operation_name, values, "credentials")


def _invalid_calls(operation: Operation, planned: PlannedCall) -> Iterator[PlannedCall]:
    """Yield calls that differ from a successful call in one value, which may be invalid or missing."""
    for parameter in operation.parameters:
        if parameter.location in {"query", "header"} and parameter.is_required:
            yield _with_values(planned, [value for value in planned.values if value.key != parameter.key])
    for parameter in sorted(operation.parameters, key=lambda parameter: parameter.location == "path"):
        if parameter.location not in {"query", "path"}:
            continue
        key = parameter.key
        others = [value for value in planned.values if value.key != key]
        for wrong in _WRONG_VALUES:
            # In a URL, any number is also a valid string.
            value = str(wrong) if parameter.value.type == "string" else wrong
            yield _with_values(planned, [*others, InputValue(*key, value, INVENTED)])


def _with_values(planned: PlannedCall, values: Sequence[InputValue]) -> PlannedCall:
    return replace(planned, values=tuple(values))


def _documented_methods(exchange: Exchange, path: str, operations: Sequence[OperationSummary]) -> set[str]:
    """Return the documented methods of the path of a call, for all templates that match it.

    Args:
        path: The path template of the call's operation.
    """
    asked = _PLACEHOLDER.sub(lambda found: exchange.request.parts.path.get(found[0][1:-1], "x"), path)
    methods = set()
    for operation in operations:
        pieces = map(re.escape, _PLACEHOLDER.split(operation.path))
        if re.fullmatch("[^/]+".join(pieces), asked):
            methods.add(operation.method)
    return methods


def prepare_probe(
    engine: Engine,
    described: DescribedOperation,
    planned: PlannedCall,
    validator: OperationValidator,
    operations: Sequence[OperationSummary],
) -> tuple[PlannedCall, Call, Finding | None] | None:
    """Return a probe that can be sent, with the finding on its invalid request; None if there is none.

    Args:
        operations: All operations of the document.
    """
    try:
        if planned.probe == "request":
            return _invalid_call(engine, described, planned, validator)
        method = ""
        if planned.probe == "method":
            documented = {
                operation.method for operation in operations if operation.path == described.operation.path
            }
            method = next((item for item in _METHODS if item not in documented), "")
            other = DescribedOperation(described.api, replace(described.operation, method=method))
            if not method or denial(other, engine.settings.bounds) is not None:
                return None
        return planned, _unsigned_call(engine, described, planned, method), None
    except DynacliError:
        return None  # a request that cannot be built cannot be a probe


def _unsigned_call(engine: Engine, described: DescribedOperation, planned: PlannedCall, method: str) -> Call:
    """Return a call without credentials.

    Args:
        method: The method to use; empty for the method of the operation.
    """
    settings = engine.settings
    keys = {name.lower() for _, name in described.operation.api_keys}
    headers = [pair for pair in settings.headers if not is_secret_header(pair[0], keys)]
    query = [pair for pair in settings.default_query if not is_secret_name(pair[0]) and pair[0] not in keys]
    settings = replace(settings, headers=tuple(headers), default_query=tuple(query), level="off", retries=0)
    values = call_values(described, planned, settings)
    call = engine.prepare(described, values, settings, is_signed=False)
    if method:
        signed = call.signed
        request, shown = (sent._replace(method=method) for sent in (signed.request, signed.shown))
        call.signed = replace(signed, request=request, shown=shown)
    return call


def _invalid_call(
    engine: Engine, described: DescribedOperation, planned: PlannedCall, validator: OperationValidator
) -> tuple[PlannedCall, Call, Finding] | None:
    """Return the first call with an invalid request, with its finding; None if there is none."""
    settings = replace(engine.settings, level="off")
    for wrong in _invalid_calls(described.operation, planned):
        try:
            values = call_values(described, wrong, settings)
            call = engine.prepare(described, values, settings, is_signed=False)
            validation = validator.request(validated_request(call.request, values))
        except DynacliError:
            continue  # the value cannot be sent
        if validation.findings:
            call.sign()
            return wrong, call, validation.findings[0]
    return None


def validate_probe(
    exchange: Exchange,
    described: DescribedOperation,
    settings: CallSettings,
    validator: OperationValidator,
    operations: Sequence[OperationSummary],
    wrong: Finding | None,
) -> Exchange:
    """Return a probe with its validation result: findings if the server did not refuse it.

    Args:
        operations: All operations of the document.
        wrong: The finding on the invalid request; None for other kinds of probes.
    """
    response, validation = exchange.response, ValidationResult()
    if response is not None:
        if exchange.planned.probe == "method":
            validation.extend(_method_findings(exchange, response, described, validator, operations))
        elif exchange.is_success and wrong is not None:
            message = f"the response is {response.status}, although {wrong.message}"
            validation.extend([replace(wrong, rule="accepted-invalid-request", message=message)])
        elif exchange.is_success:
            message = f"the response is {response.status} without the credential that the document asks for"
            place = validator.responses_place
            validation.extend(
                [Finding("response", "ignored-security", "status", message, None, response.status, *place)]
            )
        settings.set_apart(validation, described.operation, response.status)
    return replace(exchange, validation=validation)


def _method_findings(
    exchange: Exchange,
    response: WireResponse,
    described: DescribedOperation,
    validator: OperationValidator,
    operations: Sequence[OperationSummary],
) -> list[Finding]:
    method, place = exchange.request.method, validator.responses_place
    documented = _documented_methods(exchange, described.operation.path, operations)
    listed = ", ".join(f"`{item}`" for item in sorted(documented))
    if exchange.is_success and method not in {"OPTIONS", *documented}:
        message = f"`{method}` returns {response.status}, and the document has only {listed} for this path"
        return [Finding("response", "undocumented-method", "status", message, None, response.status, *place)]
    allowed = re.findall(r"[A-Z]+", response.header("allow").upper())
    if response.status == _NOT_ALLOWED and not allowed:
        message = "405 comes without `Allow`, which says what is allowed (RFC 9110, section 15.5.6)"
        return [Finding("response", "missing-allow", "header/Allow", message, None, None, *place)]
    if response.status != _NOT_ALLOWED and not (exchange.is_success and method == "OPTIONS"):
        return []
    more = [item for item in dict.fromkeys(allowed) if item not in documented | _HARMLESS]
    if not more:
        return []
    named = ", ".join(f"`{item}`" for item in more)
    message = f"`Allow` names {named}, and the document has only {listed} for this path"
    return [
        Finding("response", "undocumented-method", "header/Allow", message, None, ", ".join(more), *place)
    ]
