"""Probes: what a server ought to refuse is asked for, and nothing that could change anything.

- `method`: TRACE, else OPTIONS, whichever the path does not document, without credentials. Found where it is answered
  with 2xx, where 405 comes without `Allow`, and where `Allow` names a method that the document does not have.
- `credentials`: a read that needs a credential, without one. Found where it is answered with 2xx.
- `request`: a read with a value that the document does not allow, or without one that it requires. Found likewise.

TRACE and OPTIONS are safe (RFC 9110, section 9.2.1): a method with another meaning is never tried out.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from dynacli.check.check_records import INVENTED, CheckedOperation, Exchange, InputValue, PlannedCall
from dynacli.check.planning.select_operations import READING_METHODS
from dynacli.openapi.model.acting_names import acting_word
from dynacli.openapi.model.operation import Operation, OperationSummary

__all__ = [
    "MAX_PROBES",
    "documented_methods",
    "invalid_calls",
    "needs_credentials",
    "plan_probes",
    "possible_probes",
]

MAX_PROBES = 50
"""Probes of one kind."""
_PLACEHOLDER = re.compile(r"\{[^{}]*\}")
_WRONG_VALUES = ("dynacli-invalid", -1)


def plan_probes(operations: Sequence[CheckedOperation]) -> tuple[list[PlannedCall], int]:
    """Return the probes of a check, and the number of those that are left out because they would be too many."""
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
        if asked is not None and needs_credentials(operation):
            probes["credentials"].append(_without_credentials(operation, asked))
    planned = [probe for kind in probes.values() for probe in kind[:MAX_PROBES]]
    return planned, sum(map(len, probes.values())) - len(planned)


def possible_probes(operations: Iterable[Operation]) -> dict[str, list[str]]:
    """Return operation → the kinds of its probes, as far as they are known before anything is sent.

    Whether there is a good call to start from, and a wrong value for it, turns out later.
    """
    probes: dict[str, list[str]] = {}
    counts = dict.fromkeys(("method", "credentials", "request"), 0)
    paths = set()
    for operation in operations:
        if operation.method not in READING_METHODS or acting_word(operation):
            continue
        kinds = {
            "method": operation.path not in paths,
            "credentials": needs_credentials(operation),
            "request": bool(operation.parameters),
        }
        paths.add(operation.path)
        own = [kind for kind, is_possible in kinds.items() if is_possible and counts[kind] < MAX_PROBES]
        counts |= {kind: counts[kind] + 1 for kind in own}
        probes[operation.name] = own
    return probes


def needs_credentials(operation: Operation) -> bool:
    """Return whether an operation always needs a credential that is a part of the request."""
    return bool(operation.security) and all(
        any(scheme.type != "mutualTLS" for scheme in alternative) for alternative in operation.security
    )


def _without_credentials(operation: Operation, planned: PlannedCall) -> PlannedCall:
    keys = operation.api_keys
    values = tuple(value for value in planned.values if value.key not in keys)
    return PlannedCall(planned.operation_name, values, "credentials")


def invalid_calls(operation: Operation, planned: PlannedCall) -> Iterator[PlannedCall]:
    """Yield calls that differ from a good call in one value, which may be wrong; the document says whether it is."""
    for parameter in operation.parameters:
        if parameter.location in {"query", "header"} and parameter.is_required:
            yield _with_values(planned, [value for value in planned.values if value.key != parameter.key])
    for parameter in sorted(operation.parameters, key=lambda parameter: parameter.location == "path"):
        if parameter.location not in {"query", "path"}:
            continue
        key = parameter.key
        others = [value for value in planned.values if value.key != key]
        for wrong in _WRONG_VALUES:
            # A text is a text in every URL, whatever digits it has.
            value = str(wrong) if parameter.value.type == "string" else wrong
            yield _with_values(planned, [*others, InputValue(*key, value, INVENTED)])


def _with_values(planned: PlannedCall, values: Sequence[InputValue]) -> PlannedCall:
    return replace(planned, values=tuple(values))


def documented_methods(exchange: Exchange, path: str, operations: Sequence[OperationSummary]) -> set[str]:
    """Return the methods that the document has for the path that a call asked for, under any of its templates.

    Args:
        path: The path of the call's operation.
    """
    asked = _PLACEHOLDER.sub(lambda found: exchange.request.parts.path.get(found[0][1:-1], "x"), path)
    methods = set()
    for operation in operations:
        pieces = map(re.escape, _PLACEHOLDER.split(operation.path))
        if re.fullmatch("[^/]+".join(pieces), asked):
            methods.add(operation.method)
    return methods
