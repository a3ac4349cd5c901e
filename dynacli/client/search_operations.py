"""Searching the operations of APIs by what a person says in plain words."""

from collections.abc import Iterable

from dynacli.catalog.search.question import has_words
from dynacli.catalog.search.rank_operations import has_index, rank_operations
from dynacli.errors import UsageError
from dynacli.library.opened_api import OpenedApi
from dynacli.record import record

__all__ = ["Hit", "search_operations"]


@record
class Hit:
    """An operation that a search found.

    Args:
        api: The name of its API.
        name: Its name.
        method: In capitals.
        path: As the document has it.
        summary: The document's, empty where it has none.
        score: How well it fits, from 0 to about 1.7; scores of different APIs can be compared.
        reasons: What the score is made of: a text, and its part of the score.
    """

    api: str
    name: str
    method: str
    path: str
    summary: str
    score: float
    reasons: tuple[tuple[str, float], ...]

    def explanation(self) -> str:
        """Return one line that says what the score is made of."""
        parts = " ".join(f"{part:+.2f} {text}," for text, part in self.reasons if round(part, 2))
        return f"{self.api} {self.name}: {self.score:.2f} = {parts.rstrip(',')}"


def search_operations(apis: Iterable[OpenedApi], words: str, most: int = 5) -> list[Hit]:
    """Return the operations that fit a question, the best first; hidden ones are left out.

    Args:
        apis: The APIs that are searched.
        words: The question.
        most: How many are returned.

    Raises:
        UsageError: The question has no words, or the SQLite of this Python cannot search.
        DamagedCatalogError: A catalog is damaged.
    """
    if not has_words(words):
        raise UsageError(
            "There is nothing to search for",
            why="The question has no words but such as every text has",
            hint="Say what is to be done, and to what: `dynacli search create a user`",
        )
    hits: list[Hit] = []
    for api in apis:
        if not has_index(api.catalog):
            raise UsageError(
                f"The operations of `{api.name}` cannot be searched",
                why="The SQLite of this Python was built without FTS5",
                hint=f"See them all: `dynacli operations {api.name}`",
            )
        for ranked in rank_operations(api.catalog, words):
            each = ranked.operation
            hits.append(
                Hit(api.name, each.name, each.method, each.path, each.summary, ranked.score, ranked.reasons)
            )
    hits.sort(key=lambda hit: -hit.score)
    return hits[:most]
