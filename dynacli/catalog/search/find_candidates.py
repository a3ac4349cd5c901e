"""The operations of a catalog that have words of a question, found by its index."""

from math import log

from dynacli.catalog.search.question import Question
from dynacli.catalog.store.catalog_file import Catalog
from dynacli.model.operation import OperationSummary
from dynacli.record import record

__all__ = ["Candidate", "find_candidates", "has_index"]

_MOST = 120
"""Operations that are looked at closely."""

_WEIGHTS = {
    "name": 1.0,
    "path": 0.95,
    "summary": 0.9,
    "tags": 0.7,
    "description": 0.45,
    "inputs": 0.4,
    "choices": 0.35,
    "body": 0.4,
    "answer": 0.25,
}
"""Column of the index → how much a word there says about the operation."""


@record
class Candidate:
    """An operation that has words of a question.

    Args:
        matched: Number of a term → how well the operation has it, from 0 to 1.
    """

    operation: OperationSummary
    matched: dict[int, float]


def has_index(catalog: Catalog) -> bool:
    """Return whether a catalog has an index; SQLite may have been built without FTS5."""
    return bool(catalog.rows("SELECT 1 FROM sqlite_master WHERE name = 'search'"))


def find_candidates(catalog: Catalog, question: Question) -> tuple[list[Candidate], list[float]]:
    """Return the operations that have most of a question's words, and how much each of its terms tells.

    Raises:
        DamagedCatalogError: The catalog is damaged.
    """
    count = catalog.meta["operations"]
    wanted = [
        (stem, number, weight)
        for number, term in enumerate(question.terms)
        for stem, weight in term.stems.items()
    ]
    if not wanted:
        return [], []
    frequencies = _frequencies(catalog, [stem for stem, _, _ in wanted])
    rarity = []
    for term in question.terms:
        seen = frequencies.get(term.stem) or max((frequencies.get(stem, 0) for stem in term.stems), default=0)
        rarity.append(log(1 + (count - seen + 0.5) / (seen + 0.5)) if seen else log(1 + count))
    cases = " ".join(f"WHEN '{column}' THEN {weight}" for column, weight in _WEIGHTS.items())
    rows = catalog.rows(
        f"WITH wanted (term, number, weight) AS (VALUES {','.join(['(?, ?, ?)'] * len(wanted))}),"  # noqa: S608
        f" rarity (number, weight) AS (VALUES {','.join(['(?, ?)'] * len(rarity))}),"
        " hits AS (SELECT doc, wanted.number AS number,"
        f" max(wanted.weight * CASE col {cases} END) AS match FROM wanted CROSS JOIN search_places AS places"
        " ON places.term = wanted.term GROUP BY doc, wanted.number),"
        " best AS (SELECT doc FROM hits JOIN rarity USING (number) GROUP BY doc"
        f" ORDER BY sum(match * rarity.weight) DESC, doc LIMIT {_MOST})"
        " SELECT doc, number, match FROM hits WHERE doc IN (SELECT doc FROM best)",
        *(value for row in wanted for value in row),
        *(value for row in enumerate(rarity) for value in row),
    )
    matched: dict[int, dict[int, float]] = {}
    for doc, number, match in rows:
        matched.setdefault(doc, {})[number] = match
    numbers = sorted(matched)
    found = zip(numbers, catalog.each_summary(numbers=numbers), strict=False)
    return [Candidate(operation, matched[number]) for number, operation in found], rarity


def _frequencies(catalog: Catalog, stems: list[str]) -> dict[str, int]:
    marks = ",".join("?" * len(stems))
    return dict(catalog.rows(f"SELECT term, doc FROM search_terms WHERE term IN ({marks})", *stems))  # noqa: S608
