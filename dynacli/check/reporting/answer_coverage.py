"""How many of the documented answers came: by their status alone, whatever their media type."""

from collections.abc import Iterable

from dynacli.check.check_records import CheckedOperation
from dynacli.model.operation import documented_status
from dynacli.record import record

__all__ = ["AnswerCoverage", "coverage_of", "total_coverage"]


@record
class AnswerCoverage:
    """The documented answers of an operation, and those that came.

    Args:
        documented: The answers that the document has: `200`, `4XX`, `default`.
        seen: Those among them that came.
    """

    documented: tuple[str, ...] = ()
    seen: tuple[str, ...] = ()


def coverage_of(checked: CheckedOperation) -> AnswerCoverage:
    """Return which of one operation's documented answers came."""
    documented = [response.status for response in checked.operation.responses]
    answers = [exchange.answer for exchange in checked.exchanges if exchange.answer is not None]
    # A redirect that was followed came, too.
    statuses = [*checked.statuses, *(status for answer in answers for status, _ in answer.hops)]
    seen = {documented_status(status, documented) for status in statuses}
    return AnswerCoverage(tuple(documented), tuple(status for status in documented if status in seen))


def total_coverage(operations: Iterable[CheckedOperation]) -> tuple[int, int]:
    """Return how many documented answers came, and how many there are."""
    coverages = [coverage_of(checked) for checked in operations]
    return sum(len(each.seen) for each in coverages), sum(len(each.documented) for each in coverages)
