"""The operations of a catalog that have words of a question, found by its index."""

from collections.abc import Collection, Mapping
from math import log

from dynacli.catalog.search.operation_words import OperationWords
from dynacli.catalog.search.postings import StemIndex, read_postings
from dynacli.catalog.search.question import Question
from dynacli.catalog.store.catalog_file import Catalog, DamagedCatalogError
from dynacli.record import record

__all__ = ["Candidate", "Candidates", "find_candidates"]

_MOST = 60
"""Operations that are looked at closely."""

_SYNONYM = 0.7
"""How much of its weight a word of the same meaning keeps where operations are about the word itself."""

_TELLING, _ABOUT = 0.25, 0.45
"""From here on an operation tells a term from others, and is about it, rather than that it only mentions it."""


@record
class Candidate:
    """An operation that has words of a question.

    Args:
        number: Of the operation in its catalog.
        matched: How well the operation has each term, from 0 to 1.
    """

    number: int
    words: OperationWords
    matched: list[float]


@record
class Candidates:
    """The operations that have most of a question's words.

    Args:
        rarity: For each term, how much it tells operations apart: the rarer, the more.
    """

    found: list[Candidate]
    rarity: list[float]


def find_candidates(
    catalog: Catalog, index: StemIndex, question: Question, named: Collection[int] = ()
) -> Candidates:
    """Return the operations that have most of a question's words, without hidden ones.

    Args:
        named: Operations that are among them whatever words they have.

    Raises:
        DamagedCatalogError: The catalog is damaged.
    """
    # What an operation does is known without its words, of which nearly all have one like `list`.
    told = [term for term in question.terms if not term.is_generic] or question.terms
    matches = [_matches(index, term.stems) if term in told else {} for term in question.terms]
    rarity = [_rarity(found, catalog.meta["operations"]) for found in matches]
    scores: dict[int, float] = {}
    for found, weight in zip(matches, rarity, strict=True):
        for number, match in found.items():
            scores[number] = scores.get(number, 0.0) + match * weight
    try:
        words = [(number, OperationWords.from_text(text)) for number, text in _best(catalog, scores, named)]
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        raise DamagedCatalogError(catalog.path) from error
    candidates = [
        Candidate(number, known_by, [found.get(number, 0.0) for found in matches])
        for number, known_by in words
    ]
    return Candidates(candidates, rarity)


def _best(catalog: Catalog, scores: Mapping[int, float], named: Collection[int]) -> list[tuple[int, str]]:
    """Return number and words of the operations with the highest scores; of equal ones those with the fewest words."""
    least = sorted(scores.values(), reverse=True)[:_MOST][-1:]
    higher = [
        *named,
        *(number for number, score in scores.items() if [score] > least and number not in named),
    ]
    equal = [number for number, score in scores.items() if [score] == least and number not in named]
    select = (
        "SELECT id, words FROM operations WHERE words IS NOT NULL AND id IN ({}) ORDER BY length(words), id LIMIT {}"
    ).format
    rows = catalog.rows(select(",".join(map(str, higher)), len(higher)))
    return [*rows, *catalog.rows(select(",".join(map(str, equal)), max(_MOST - len(higher), 0)))]


def _matches(index: StemIndex, stems: Mapping[str, float]) -> dict[int, float]:
    """Return number of an operation → how well it has one of some stems."""
    found: dict[int, float] = {}
    kept = 1.0
    for stem, weight in stems.items():
        is_subject = False
        for number, match in read_postings(index.postings(stem)):
            found[number] = max(kept * weight * match, found.get(number, 0.0))
            is_subject |= kept * weight * match >= _ABOUT
        if weight == 1.0 and is_subject:
            kept = _SYNONYM
    return found


def _rarity(found: Mapping[int, float], operations: int) -> float:
    """Return how much a term tells operations apart: nothing where none has it."""
    frequency = sum(match >= _TELLING for match in found.values()) or len(found)
    return log(1 + (operations + 0.5) / (frequency + 0.5)) if frequency else 0.0
