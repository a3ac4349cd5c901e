"""The operations of a catalog that have words of a question, found by its index."""

from collections.abc import Mapping
from math import log

from dynacli.catalog.search.question import Question
from dynacli.catalog.store.catalog_file import Catalog
from dynacli.model.operation import OperationSummary
from dynacli.record import record

__all__ = ["Candidate", "Candidates", "find_candidates", "has_index"]

_MOST = 40
"""Operations that are looked at closely."""

_WEIGHTS = {
    "name": 0.5,
    "path": 0.45,
    "summary": 0.55,
    "tags": 0.25,
    "description": 0.2,
    "inputs": 0.12,
    "choices": 0.12,
    "body": 0.12,
    "answer": 0.06,
}
"""Column of the index → how much a word there says about the operation."""

_TOLD = (
    f"SELECT doc, sum(CASE col {' '.join(f'WHEN {column!r} THEN {weight}' for column, weight in _WEIGHTS.items())} END)"  # noqa: S608
    " FROM search_places WHERE term = ? GROUP BY doc"
)
"""Of a stem: the number of each operation that has it, and the sum of the weights of the columns where it does."""

_HALF = 0.3
"""The sum of weights with which an operation has a word by half."""

_TELLING = 0.25
"""From here on an operation is about a term, and does not only mention it."""


@record
class Candidate:
    """An operation that has words of a question.

    Args:
        matched: How well the operation has each term, from 0 to 1.
    """

    operation: OperationSummary
    matched: list[float]


@record
class Candidates:
    """The operations that have most of a question's words.

    Args:
        rarity: For each term, how much it tells operations apart: the rarer, the more.
    """

    found: list[Candidate]
    rarity: list[float]


def has_index(catalog: Catalog) -> bool:
    """Return whether a catalog has an index; SQLite may have been built without FTS5."""
    return bool(catalog.rows("SELECT 1 FROM sqlite_master WHERE name = 'search'"))


def find_candidates(catalog: Catalog, question: Question) -> Candidates:
    """Return the operations that have most of a question's words.

    Raises:
        DamagedCatalogError: The catalog is damaged.
    """
    matches = [_matches(catalog, term.stems) for term in question.terms]
    rarity = [_rarity(found, catalog.meta["operations"]) for found in matches]
    scores: dict[int, float] = {}
    for found, weight in zip(matches, rarity, strict=True):
        for number, match in found.items():
            scores[number] = scores.get(number, 0.0) + match * weight
    best = sorted(scores, key=lambda number: (-scores[number], number))[:_MOST]
    best.sort()
    candidates = [
        Candidate(operation, [found.get(number, 0.0) for found in matches])
        for number, operation in zip(best, catalog.each_summary(numbers=best), strict=False)
    ]
    return Candidates(candidates, rarity)


def _matches(catalog: Catalog, stems: Mapping[str, float]) -> dict[int, float]:
    """Return number of an operation → how well it has one of some stems."""
    found: dict[int, float] = {}
    for stem, weight in stems.items():
        for number, told in catalog.rows(_TOLD, stem):
            match = weight * told / (told + _HALF)
            if match > found.get(number, 0.0):
                found[number] = match
    return found


def _rarity(found: Mapping[int, float], operations: int) -> float:
    """Return how much a term tells operations apart: nothing where none has it."""
    frequency = sum(match >= _TELLING for match in found.values()) or len(found)
    return log(1 + (operations + 0.5) / (frequency + 0.5)) if frequency else 0.0
