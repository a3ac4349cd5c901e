"""How much of what the document says of answers was seen: by their status alone, whatever their media type."""

from collections.abc import Iterable

from dynacli.check.check_records import CheckedOperation
from dynacli.check.planning.answer_links import documented_status
from dynacli.record import record

__all__ = ["Coverage", "coverage_of", "total"]


@record
class Coverage:
    """Documented answers, and those that came.

    Args:
        documented: The answers that the document has: `200`, `4XX`, `default`.
        seen: Those among them that came.
    """

    documented: tuple[str, ...] = ()
    seen: tuple[str, ...] = ()


def coverage_of(checked: CheckedOperation) -> Coverage:
    """Return how much of one operation's answers was seen."""
    documented = [one.status for one in checked.operation.responses]
    answers = [one.answer for one in checked.exchanges if one.answer is not None]
    # A redirect that was followed came, too.
    statuses = [*checked.statuses, *(status for one in answers for status, _ in one.hops)]
    found = {documented_status(status, documented) for status in statuses}
    return Coverage(tuple(documented), tuple(one for one in documented if one in found))


def total(all_checked: Iterable[CheckedOperation]) -> tuple[int, int]:
    """Return how many answers were seen, and how many the document has."""
    found = [coverage_of(one) for one in all_checked]
    return sum(len(one.seen) for one in found), sum(len(one.documented) for one in found)
