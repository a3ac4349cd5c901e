"""What a check found, as data: for `-o json`, for reports, and for what a person reads."""

from collections.abc import Iterable, Sequence
from typing import Any

from dynacli.auth.secret import MASK
from dynacli.check.check_records import CheckedOperation, Exchange, InputValue, PlannedCall
from dynacli.check.reporting.coverage import coverage_of
from dynacli.library.opened_api import OpenedApi
from dynacli.model.operation import Operation
from dynacli.output.reports.judged_calls import JudgedCall
from dynacli.urls import without_query

__all__ = ["UNSAFE", "Results"]

UNSAFE = "it may change something; `--operation NAME` or `--write` calls it all the same"
ALONE = (
    "it may change something, and is not about what is created here; `--operation NAME` calls it all the same"
)


class Results:
    """The outcome of a check; everything that it gives may be shown, secrets are masked.

    Args:
        checked: The operations that were to be called.
        left: Those that may change something and were not to be called.
        seconds: How long all of it took.
        is_interrupted: Whether it was ended before its time.
        may_write: Whether the person let it create and change things.
    """

    def __init__(
        self,
        api: OpenedApi,
        checked: Sequence[CheckedOperation],
        left: Sequence[Operation] = (),
        *,
        seconds: float = 0.0,
        is_interrupted: bool = False,
        may_write: bool = False,
    ) -> None:
        self.api, self.checked, self.left = api, tuple(checked), tuple(left)
        self.seconds, self.is_interrupted = seconds, is_interrupted
        self._unsafe = ALONE if may_write else UNSAFE
        self._located: dict[int, list[dict[str, Any]]] | None = None

    @property
    def exchanges(self) -> tuple[Exchange, ...]:
        """All calls that were made."""
        return tuple(each for one in self.checked for each in one.exchanges)

    def findings(self, exchange: Exchange) -> list[dict[str, Any]]:
        """Return what breaks the document in an answer, in the form of the validation report."""
        if self._located is None:
            self._located = self._locate()
        return self._located.get(id(exchange), [])

    def _locate(self) -> dict[int, list[dict[str, Any]]]:
        """Return the findings of all calls; the files of the document are gone through once for all of them."""
        from dynacli.client.verdict_text import findings_json

        broken = [one for one in self.exchanges if one.verdict is not None and one.verdict.findings]
        found = findings_json(
            self.api, [each for one in broken for each in (one.verdict.findings if one.verdict else ())]
        )
        located: dict[int, list[dict[str, Any]]] = {}
        for one in broken:
            count = len(one.verdict.findings) if one.verdict else 0
            located[id(one)] = [one.masker.mask_value(each) for each in found[:count]]
            found = found[count:]
        return located

    def calls(self) -> list[JudgedCall]:
        """Return what reports are made of: each call, and each operation that was not called."""
        found = []
        for checked in self.checked:
            operation = checked.operation
            head = (self.api.name, operation.name, operation.method, operation.path)
            if not checked.exchanges:
                found.append(JudgedCall(*head, skipped=checked.skip_reason))
            found.extend(self._judged(head, one) for one in checked.exchanges)
        for operation in self.left:
            head = (self.api.name, operation.name, operation.method, operation.path)
            found.append(JudgedCall(*head, skipped=self._unsafe))
        return found

    def _judged(self, head: tuple[str, str, str, str], exchange: Exchange) -> JudgedCall:
        answer = exchange.answer
        return JudgedCall(
            *head,
            url=exchange.shown.url,
            status=answer.status if answer is not None else None,
            seconds=answer.seconds if answer is not None else None,
            findings=tuple(self.findings(exchange)),
            unchecked=unchecked_of(exchange),
            suppressed=suppressed_of(exchange),
            error=error_of(exchange),
        )

    def rows(self) -> list[dict[str, Any]]:
        """Return an object for each operation, the validation report of its answers inside."""
        rows = [self._row(one) for one in self.checked]
        unsafe = (CheckedOperation(one, (), self._unsafe, "unsafe") for one in self.left)
        return [*rows, *map(self._row, unsafe)]

    def _row(self, checked: CheckedOperation) -> dict[str, Any]:
        coverage = coverage_of(checked)
        numbered = list(enumerate(checked.exchanges))
        return {
            "api": self.api.name,
            "operation": checked.operation.name,
            "method": checked.operation.method,
            "path": checked.operation.path,
            "skipped": {"kind": checked.skip_kind, "reason": checked.skip_reason}
            if checked.skip_reason
            else None,
            "statuses": list(checked.statuses),
            "documented": list(coverage.documented),
            "seen": list(coverage.seen),
            "seconds": round(sum(one.seconds for one in checked.exchanges), 4),
            "valid": not checked.has_findings and not any(one.error for one in checked.exchanges),
            "findings": [{**each, "call": number} for number, one in numbered for each in self.findings(one)],
            "unchecked": _unique(each for one in checked.exchanges for each in unchecked_of(one)),
            "suppressed": [
                {**each, "call": number} for number, one in numbered for each in suppressed_of(one)
            ],
            "calls": [_call(checked.operation, one) for one in checked.exchanges],
            "unsent": [
                {"values": planned_values(checked.operation, one), "reason": why}
                for one, why in checked.unsent
            ],
        }


def _call(operation: Operation, exchange: Exchange) -> dict[str, Any]:
    return {
        "url": exchange.shown.url,
        "status": exchange.answer.status if exchange.answer is not None else None,
        "seconds": round(exchange.seconds, 4),
        "values": exchange.masker.mask_value(planned_values(operation, exchange.planned)),
        "error": error_of(exchange) or None,
    }


def planned_values(operation: Operation, planned: PlannedCall) -> list[dict[str, Any]]:
    """Return the values of a call and where each is from; those that are credentials are masked."""
    return [
        {
            "in": one.location,
            "name": one.name,
            "value": MASK if is_secret(operation, one) else one.value,
            "origin": one.origin,
            "from": one.source or None,
        }
        for one in planned.values
    ]


def is_secret(operation: Operation, value: InputValue) -> bool:
    """Tell whether a parameter is a credential as well."""
    place = value.location, value.name.lower()
    schemes = [one for alternative in operation.security for one in alternative if one.type == "apiKey"]
    keys = {(one.location, one.parameter.lower()) for one in schemes}
    return place in keys or place in {("header", "authorization"), ("header", "cookie")}


def unchecked_of(exchange: Exchange) -> tuple[str, ...]:
    """Return what of an answer was not judged, each a reason."""
    if exchange.verdict is None:
        return ()
    reasons = _unique([*exchange.verdict.failures, *exchange.verdict.unchecked])
    return tuple(exchange.masker.mask(one) for one in reasons)


def suppressed_of(exchange: Exchange) -> tuple[dict[str, Any], ...]:
    """Return the findings that the configuration switches off, each with its reason."""
    if exchange.verdict is None:
        return ()
    found = ({**finding.as_json(), "reason": why} for finding, why in exchange.verdict.suppressed)
    return tuple(exchange.masker.mask_value(one) for one in found)


def error_of(exchange: Exchange) -> str:
    """Return why there is no answer, in one line; empty where there is one."""
    error = exchange.error
    if error is None:
        return ""
    told = f"{error.what}: {error.why}" if error.why else error.what
    return " ".join(told.replace(exchange.shown.url, without_query(exchange.shown.url)).split())


def _unique(reasons: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(reasons))
