"""What is likely wrong with the check itself, where nearly all answers are the same refusal."""

from collections.abc import Callable

from dynacli.check.check_records import INVENTED, Exchange, InputValue
from dynacli.check.reporting.results import Results
from dynacli.check.running.operation_judge import GONE, UNAUTHORIZED
from dynacli.urls import without_query

__all__ = ["hint_of"]

_LEAST = 3
"""Answers from which on they tell something together."""
_NEARLY_ALL = 0.9


def hint_of(results: Results) -> str:
    """Return a sentence; empty where the answers are as they may be.

    Where all that was asked for had an id that was made up, a 404 says nothing of the server.
    """
    answered = [one for one in results.exchanges if one.answer is not None]
    gone = _alike(answered, lambda status: status in GONE)
    if gone and any(all(each.origin != INVENTED for each in _in_path(one)) for one in gone):
        bases = dict.fromkeys(one.masker.mask(_base(results, one)) for one in gone)
        where = f"`{next(iter(bases))}`" if len(bases) == 1 else "what they were sent to"
        return f"{_told(gone, answered)}: is {where} the right server? (`--server`)"
    unsigned = _alike(answered, lambda status: status in UNAUTHORIZED)
    if unsigned:
        return f"{_told(unsigned, answered)}: how to give credentials stands in `dynacli help credentials`"
    return ""


def _alike(answered: list[Exchange], is_such: Callable[[int], bool]) -> list[Exchange]:
    found = [one for one in answered if one.answer is not None and is_such(one.answer.status)]
    return found if len(answered) >= _LEAST and len(found) >= _NEARLY_ALL * len(answered) else []


def _told(alike: list[Exchange], answered: list[Exchange]) -> str:
    statuses = sorted({one.answer.status for one in alike if one.answer is not None})
    count = f"All {len(alike)}" if len(alike) == len(answered) else f"{len(alike)} of {len(answered)}"
    return f"{count} answers are {' or '.join(map(str, statuses))}"


def _in_path(exchange: Exchange) -> list[InputValue]:
    return [one for one in exchange.planned.values if one.location == "path"]


def _base(results: Results, exchange: Exchange) -> str:
    """Return the URL that the operation's path was put behind."""
    path = next(
        one.operation.path for one in results.checked if one.operation.name == exchange.operation_name
    )
    return without_query(exchange.shown.url).rsplit("/", path.partition("?")[0].count("/"))[0]
