"""The order of the operations that have words of a question."""

from dynacli.catalog.search.find_candidates import Candidate, find_candidates
from dynacli.catalog.search.named_operations import named_operations, titled_operations
from dynacli.catalog.search.operation_words import OperationWords
from dynacli.catalog.search.postings import StemIndex
from dynacli.catalog.search.question import ALL, DOING, READING, Question, Term, read_question
from dynacli.catalog.search.rarity import rarity
from dynacli.catalog.search.thesaurus import ACTING
from dynacli.catalog.search.vocabulary import Vocabulary
from dynacli.catalog.store.catalog_file import Catalog
from dynacli.model.operation import OperationSummary
from dynacli.record import record

__all__ = ["Ranked", "rank_operations"]

_FITS = {
    ALL: {"list": 0.8, "search": 0.6, "get": 0.4, "create": 0.2, "update": 0.2, ACTING: 0.2, "delete": 0.1},
    "": {"list": 0.6, "get": 0.6, "search": 0.4, "create": 0.4, "update": 0.3, ACTING: 0.35, "delete": 0.1},
    READING: {"list": 1.0, "get": 1.0, "search": 0.7},
    "list": {"list": 1.0, "search": 0.8, "get": 0.5},
    "get": {"get": 1.0, "list": 0.7, "search": 0.5},
    "search": {"search": 1.0, "list": 0.7, "get": 0.3},
    "create": {"create": 1.0, ACTING: 0.4, "update": 0.4},
    "update": {"update": 1.0, ACTING: 0.4, "create": 0.3},
    "delete": {"delete": 1.0, ACTING: 0.3, "update": 0.15},
    DOING: {ACTING: 1.0, "update": 0.9, "create": 0.8, "get": 0.3, "list": 0.3, "delete": 0.1},
    ACTING: {ACTING: 1.0, "create": 0.7, "update": 0.7, "delete": 0.4},
}
"""What a question wants to be done → what an operation does → how well the one is the other."""

# What each reason counts, in parts of what the words of the question count. They are fitted to the questions of the
# tests and to 272 further ones: those of some documents were left out each time, and found as often with these.
_ACTION, _NUMBER, _SUBJECT, _MINE = 0.25, 0.095, 0.1, 0.18
_MORE_SUBJECT, _MORE_NAME, _MORE_PATH, _LENGTH, _DEPRECATED = -0.06, -0.035, -0.13, -0.0012, -0.055

_FULL = 0.8
"""From here on an operation has a word as well as can be."""
_DONE = 0.8
"""From here on an operation does what the end of its path says, which is no noun then."""
_EACH = 0.3
"""How much a word that is not asked for counts, however usual it is."""
_MOST_SURPLUS = 3.0
_REASONS = (
    "the words of the question",
    "what it does",
    "one or many",
    "what it is about",
    "whose it is",
    "what else it is about",
    "what else is in its name",
    "what else is in its path",
    "how long its path is",
    "deprecated",
    "the question names it",
)
"""What the parts of a score are, in their order."""


@record
class Ranked:
    """An operation with its place among others.

    Args:
        score: Up to about 1.6, and more for what the question names; scores of different catalogs can be compared.
        reasons: What the score is made of: a text, and its part of the score.
    """

    operation: OperationSummary
    score: float
    reasons: tuple[tuple[str, float], ...]


def rank_operations(catalog: Catalog, text: str, most: int = 10) -> list[Ranked]:
    """Return the operations of a catalog that have words of a question, the best first, without hidden ones.

    What the question names, by name, operationId, or method and path, comes before all others.

    Args:
        text: The question.
        most: How many are returned.

    Raises:
        DamagedCatalogError: The catalog is damaged.
    """
    index = StemIndex(catalog)
    vocabulary = Vocabulary(index)
    question = read_question(text, vocabulary)
    named = named_operations(catalog, text)
    candidates = find_candidates(catalog, index, question, named)
    scorer = _Scorer(question, candidates.rarity, vocabulary, catalog.meta["operations"])
    titled = titled_operations(catalog, text, [each.number for each in candidates.found])
    calls = {**titled, **named}
    scored = [((*scorer.parts(each), calls.get(each.number, 0.0)), each) for each in candidates.found]
    scored.sort(key=lambda pair: (-round(sum(pair[0]), 6), pair[1].words.length, pair[1].number))
    best = {each.number: parts for parts, each in scored[:most]}
    operations = dict(zip(sorted(best), catalog.each_summary(numbers=best), strict=True))
    return [
        Ranked(operations[number], round(sum(parts), 6), tuple(zip(_REASONS, parts, strict=True)))
        for number, parts in best.items()
    ]


class _Scorer:
    """Scores operations by a question.

    Args:
        weights: For each term of the question, how much it tells operations apart.
        vocabulary: The words of the document.
        operations: How many the document has.
    """

    def __init__(
        self, question: Question, weights: list[float], vocabulary: Vocabulary, operations: int
    ) -> None:
        self._question = question
        self._weights = _weights(question.terms, weights)
        standing: dict[str, float] = {}
        for term in question.terms:
            for stem, weight in term.stems.items():
                standing[stem] = max(weight, standing.get(stem, 0.0))
        counts = vocabulary.known(standing)
        self._asked = {
            stem: (_EACH + rarity(counts.get(stem), operations)) * weight for stem, weight in standing.items()
        }
        self._subjects = [term.stems for term in question.terms if not term.is_context and not term.is_verb]
        self._own_verbs = [term.stems for term in question.terms if term.is_verb and not term.is_generic]

    def parts(self, candidate: Candidate) -> tuple[float, ...]:
        """Return the parts of the score of an operation, in the order of their reasons."""
        question, words = self._question, candidate.words
        fit = self._fit(words)
        target, context, rest = map(self._surplus, words.stems, words.told)
        return (
            self._covered(candidate, fit),
            _ACTION * fit,
            _NUMBER * (words.is_many == question.is_plural),
            _SUBJECT * self._subject(words),
            _MINE * (question.is_mine and words.is_mine),
            _MORE_SUBJECT * target,
            _MORE_NAME * rest,
            _MORE_PATH * context,
            _LENGTH * words.length,
            _DEPRECATED * words.is_deprecated,
        )

    def _fit(self, words: OperationWords) -> float:
        """Return how well what an operation does is what is wanted."""
        fits = _FITS[self._question.action]
        if self._is_compound(words):
            fits = _FITS[ALL if self._question.is_plural else ""]
        elif words.is_post and any(word in stems for stems in self._own_verbs for word in words.target):
            return 1.0  # `POST /forks` forks
        return max(surely * fits.get(done, 0.0) for done, surely in words.actions.items())

    def _is_compound(self, words: OperationWords) -> bool:
        """Return whether what may be the verb of the question is a noun here: `purchase` of `/purchase-orders`."""
        compound = self._question.compound
        is_step = compound and compound == tuple(word for word in words.target if word in compound)
        return bool(is_step) and words.actions.get(ACTING, 0.0) < _DONE

    def _covered(self, candidate: Candidate, fit: float) -> float:
        """Return which part of the question an operation has, the telling words counting more."""
        covered = 0.0
        for term, weight, matched in zip(self._question.terms, self._weights, candidate.matched, strict=True):
            covered += weight * (fit if term.is_generic else min(matched / _FULL, 1.0))
        return covered

    def _subject(self, words: OperationWords) -> float:
        """Return how well the last noun of the path is what the question is about."""
        return max(
            (stems.get(word, 0.0) for stems in self._subjects for word in words.target[-1:]), default=0.0
        )

    def _surplus(self, stems: tuple[str, ...], told: float) -> float:
        """Return how much the question does not have of some words, the rare ones counting more.

        Args:
            told: How much all of them tell.
        """
        asked = sum(self._asked[stem] for stem in stems if stem in self._asked)
        return min(max(told + _EACH * len(stems) - asked, 0.0), _MOST_SURPLUS)


def _weights(terms: tuple[Term, ...], rarity: list[float]) -> list[float]:
    """Return which part of the question each of its terms is; all parts together are 1."""
    things = [weight for term, weight in zip(terms, rarity, strict=True) if not term.is_verb]
    usual = sum(things) / len(things) if things else 1.0
    weights = [
        usual if term.is_generic else min(weight, usual) if term.is_verb else weight
        for term, weight in zip(terms, rarity, strict=True)
    ]
    total = sum(weights) or 1.0
    return [weight / total for weight in weights]
