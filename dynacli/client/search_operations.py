"""Searching the operations of APIs by the words of a question."""

from collections.abc import Iterable

from dynacli.catalog.search.find_candidates import has_index
from dynacli.catalog.search.question import read_question
from dynacli.catalog.search.rank_operations import rank_operations
from dynacli.errors import UsageError
from dynacli.library.opened_api import OpenedApi
from dynacli.record import record

__all__ = ["Hit", "search_operations"]


@record
class Hit:
    """An operation that a search found.

    Args:
        api: The name of its API.
        score: How well it fits; comparable between APIs.
        reasons: What the score is made of: a text and its part of the score.
    """

    api: str
    name: str
    method: str
    path: str
    summary: str
    score: float
    reasons: tuple[tuple[str, float], ...] = ()
    is_deprecated: bool = False


def search_operations(apis: Iterable[OpenedApi], words: str, most: int = 5) -> list[Hit]:
    """Return the operations that fit a question, the best first; hidden ones are left out.

    Args:
        apis: The APIs that are searched.
        words: The question, in plain words.
        most: How many are returned.

    Raises:
        UsageError: The question has no words, or SQLite cannot search.
        DamagedCatalogError: A catalog is damaged.
    """
    question = read_question(words)
    if not question.terms:
        raise UsageError(
            "There is nothing to search for",
            why="The question has no words but those that every text has",
            hint="Say what is to be done, and to what: `dynacli search create a user`",
        )
    hits = []
    for api in apis:
        if not has_index(api.catalog):
            raise UsageError(
                "The operations cannot be searched",
                why="The SQLite of this Python has no FTS5",
                hint=f"See them all: `dynacli operations {api.name}`",
            )
        for ranked in rank_operations(api.catalog, question):
            operation = ranked.operation
            if not operation.is_hidden:
                hits.append(
                    Hit(
                        api.name,
                        operation.name,
                        operation.method,
                        operation.path,
                        operation.summary,
                        round(ranked.score, 4),
                        ranked.reasons,
                        operation.is_deprecated,
                    )
                )
    hits.sort(key=lambda hit: -hit.score)
    return hits[:most]
