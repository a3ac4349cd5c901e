"""A hint at what is wrong with the check itself, where nearly all answers are the same refusal."""

from collections.abc import Container, Sequence

from dynacli.check.check_records import INVENTED, Exchange
from dynacli.check.reporting.check_results import CheckResults
from dynacli.check.running.operation_judge import GONE
from dynacli.environment import invocation
from dynacli.urls import without_query
from dynacli.validation.judge import UNAUTHORIZED

__all__ = ["check_hint"]

_LEAST_ANSWERS = 3
_NEARLY_ALL = 0.9


def check_hint(results: CheckResults) -> str:
    """Return a sentence; empty where nothing is conspicuous.

    Where the ids in all paths were made up, a 404 says nothing about the server.
    """
    answered = [exchange for exchange in results.exchanges if exchange.answer is not None]
    gone = _with_status(GONE, answered)
    if gone and not all(map(_has_invented_path, gone)):
        bases = {exchange.masker.mask(_base_url(results, exchange)) for exchange in gone}
        server = f"`{bases.pop()}`" if len(bases) == 1 else "what they were sent to"
        return f"{_count(gone, answered)}: is {server} the right server? (`--server`)"
    unauthorized = _with_status(UNAUTHORIZED, answered)
    if unauthorized:
        count = _count(unauthorized, answered)
        return f"{count}: how to give credentials stands in `{invocation('help credentials')}`"
    return ""


def _with_status(statuses: Container[int], answered: Sequence[Exchange]) -> list[Exchange]:
    """Return the calls that were answered with one of the statuses; none where they are not nearly all."""
    found = [exchange for exchange in answered if exchange.answer and exchange.answer.status in statuses]
    is_nearly_all = len(answered) >= _LEAST_ANSWERS and len(found) >= _NEARLY_ALL * len(answered)
    return found if is_nearly_all else []


def _count(alike: Sequence[Exchange], answered: Sequence[Exchange]) -> str:
    statuses = sorted({exchange.answer.status for exchange in alike if exchange.answer is not None})
    count = f"All {len(alike)}" if len(alike) == len(answered) else f"{len(alike)} of {len(answered)}"
    return f"{count} answers are {' or '.join(map(str, statuses))}"


def _has_invented_path(exchange: Exchange) -> bool:
    return any(value.location == "path" and value.origin == INVENTED for value in exchange.planned.values)


def _base_url(results: CheckResults, exchange: Exchange) -> str:
    """Return the URL that the operation's path was put behind."""
    operations = (checked.operation for checked in results.checked)
    path = next(each.path for each in operations if each.name == exchange.operation_name)
    return without_query(exchange.shown.url).rsplit("/", path.partition("?")[0].count("/"))[0]
