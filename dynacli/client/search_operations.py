"""Searching the operations of APIs by what a person says in plain words."""

from collections.abc import Iterable

from dynacli.environment import invocation
from dynacli.errors import UsageError
from dynacli.openapi.catalog.question import has_words
from dynacli.openapi.catalog.rank_operations import rank_operations
from dynacli.record import record, replace
from dynacli.registry.opened_api import OpenedApi

__all__ = ["Hit", "search_operations"]

_TIE = 0.01
"""Scores that are no further apart are as good as the same."""


@record
class Hit:
    """An operation that a search found.

    Args:
        api: The name of its API.
        name: Its name.
        method: In capitals.
        path: As the document has it.
        summary: The document's, empty where it has none.
        score: How well it fits, from 0 to about 1.7, and more if the question names it. Scores of different APIs can
            be compared.
        reasons: What the score is made of: a text, and its part of the score.
        calls: How many calls of it the history has; 0, too, where no other hit is as good, so that nobody asked.
    """

    api: str
    name: str
    method: str
    path: str
    summary: str
    score: float
    reasons: tuple[tuple[str, float], ...]
    calls: int = 0

    def explanation(self) -> str:
        """Return one line that says what the score is made of."""
        parts = " ".join(f"{part:+.2f} {text}," for text, part in self.reasons if round(part, 2))
        times = "once" if self.calls == 1 else f"{self.calls} times"
        usage = f"; before others as good, for it was called {times} lately" if self.calls else ""
        return f"{self.api} {self.name}: {self.score:.2f} = {parts.rstrip(',')}{usage}"


def search_operations(apis: Iterable[OpenedApi], words: str, most: int = 5) -> list[Hit]:
    """Return the operations that fit a question, the best first; hidden ones are left out.

    What the question names, by name, operationId, or method and path, comes before all others.
    Of those that fit equally well, the one comes first that was called more often lately, by the history.

    Args:
        apis: The APIs that are searched.
        words: The question.
        most: How many are returned.

    Raises:
        UsageError: The question has no words.
        DamagedCatalogError: A catalog is damaged.
    """
    hits: list[Hit] = []
    searched: dict[str, OpenedApi] = {}
    for api in apis:
        searched[api.name] = api
        for ranked in rank_operations(api.catalog, words, 2 * most):
            each = ranked.operation
            hits.append(
                Hit(api.name, each.name, each.method, each.path, each.summary, ranked.score, ranked.reasons)
            )
    if not hits and not has_words(words):
        raise UsageError(
            "There is nothing to search for",
            reason="The question has no words but such as every text has",
            hint=f"Say what is to be done, and to what: `{invocation('search')} create a user`",
        )
    hits.sort(key=lambda hit: -hit.score)
    return _by_usage(searched, hits, most)[:most]


def _by_usage(apis: dict[str, OpenedApi], hits: list[Hit], most: int) -> list[Hit]:
    """Return hits so that the first ones, where they are as good, are in the order of their usage.

    Args:
        most: How many of them are of interest.
    """
    ordered: list[Hit] = []
    while len(ordered) < min(most, len(hits)):
        rest = hits[len(ordered) :]
        ties = [hit for hit in rest if rest[0].score - hit.score <= _TIE]
        ordered += _most_called_first(apis, ties) if len(ties) > 1 else ties
    return ordered


def _most_called_first(apis: dict[str, OpenedApi], ties: list[Hit]) -> list[Hit]:
    from dynacli.registry.history.history_file import called_operations
    from dynacli.registry.history.record_call import api_key

    usage: dict[tuple[str, str], tuple[int, int]] = {}
    for name in {hit.api: None for hit in ties}:
        api = apis[name]
        wanted = [hit.name for hit in ties if hit.api == name]
        found = called_operations(api.open_request.env, api_key(api.revisions.directory), wanted)
        usage |= {(name, operation): calls for operation, calls in found.items()}
    never = (0, 0)
    ties.sort(key=lambda hit: usage.get((hit.api, hit.name), never), reverse=True)
    return [replace(hit, calls=usage.get((hit.api, hit.name), never)[0]) for hit in ties]
