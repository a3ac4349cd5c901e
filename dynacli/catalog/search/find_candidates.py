"""The operations of a catalog that have words of a question, found by its index."""

from collections.abc import Mapping
from math import log

from dynacli.catalog.search.question import Question
from dynacli.catalog.store.catalog_file import Catalog
from dynacli.model.operation import OperationSummary
from dynacli.record import record

__all__ = ["Candidate", "Candidates", "find_candidates", "has_index"]

_MOST = 60
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

_HALF = 0.3
"""The sum of weights with which an operation has a word by half."""

_TELLING = 0.25
"""From here on an operation is about a term, and does not only mention it."""


@record
class Candidate:
    """An operation that has words of a question.

    Args:
        matched: Number of a term → how well the operation has it, from 0 to 1.
    """

    operation: OperationSummary
    matched: dict[int, float]


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
    hits = _hits(catalog, [term.stems for term in question.terms])
    rarity = _rarity(hits, len(question.terms), catalog.meta["operations"])
    matched: dict[int, dict[int, float]] = {}
    scores: dict[int, float] = {}
    for doc, number, match in hits:
        matched.setdefault(doc, {})[number] = match
        scores[doc] = scores.get(doc, 0.0) + match * rarity[number]
    best = sorted(scores, key=lambda doc: (-scores[doc], doc))[:_MOST]
    best.sort()
    operations = catalog.each_summary(numbers=best)
    found = zip(best, operations, strict=False)
    return Candidates([Candidate(operation, matched[doc]) for doc, operation in found], rarity)


def _hits(catalog: Catalog, terms: list[Mapping[str, float]]) -> list[tuple[int, int, float]]:
    """Return the number of an operation, that of a term, and how well the operation has it."""
    wanted = [(stem, number, weight) for number, stems in enumerate(terms) for stem, weight in stems.items()]
    if not wanted:
        return []
    cases = " ".join(f"WHEN '{column}' THEN {weight}" for column, weight in _WEIGHTS.items())
    return catalog.rows(
        f"WITH wanted (term, number, weight) AS (VALUES {','.join(['(?, ?, ?)'] * len(wanted))}),"  # noqa: S608
        f" hits AS (SELECT doc, number, weight, sum(CASE col {cases} END) AS match FROM wanted"
        " CROSS JOIN search_places AS places ON places.term = wanted.term GROUP BY doc, number, wanted.term)"
        f" SELECT doc, number, max(weight * match / (match + {_HALF})) FROM hits GROUP BY doc, number",
        *(value for row in wanted for value in row),
    )


def _rarity(hits: list[tuple[int, int, float]], terms: int, count: int) -> list[float]:
    seen, mentioned = [0] * terms, [0] * terms
    for _, number, match in hits:
        mentioned[number] += 1
        if match >= _TELLING:
            seen[number] += 1
    frequencies = [about or mention for about, mention in zip(seen, mentioned, strict=True)]
    return [log(1 + (count + 0.5) / (frequency + 0.5)) if frequency else 0.0 for frequency in frequencies]
