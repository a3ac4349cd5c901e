"""The order of the operations that have words of a question."""

from collections.abc import Iterator

from dynacli.catalog.search.find_candidates import Candidate, find_candidates
from dynacli.catalog.search.question import Question, action_of
from dynacli.catalog.search.search_words import STOP_WORDS, stem, words_of
from dynacli.catalog.store.catalog_file import Catalog
from dynacli.model.operation import OperationSummary
from dynacli.record import record

__all__ = ["Ranked", "rank_operations"]


@record
class Ranked:
    """An operation with its place among others.

    Args:
        score: From 0 to about 1.5; scores of different catalogs can be compared.
        reasons: What the score is made of: a text and its part of the score.
    """

    operation: OperationSummary
    score: float
    reasons: tuple[tuple[str, float], ...]


def rank_operations(catalog: Catalog, question: Question) -> list[Ranked]:
    """Return the operations of a catalog that have words of a question, the best first.

    Raises:
        DamagedCatalogError: The catalog is damaged.
    """
    candidates, rarity = find_candidates(catalog, question)
    total = sum(rarity) or 1.0
    ranked = [_ranked(candidate, question, [weight / total for weight in rarity]) for candidate in candidates]
    ranked.sort(key=lambda each: (-each.score, len(each.operation.path), each.operation.name))
    return ranked


def _ranked(candidate: Candidate, question: Question, weights: list[float]) -> Ranked:
    operation = candidate.operation
    covered = sum(weights[number] * match for number, match in candidate.matched.items())
    stems = {other for term in question.terms for other in term.stems}
    subject = _subject(operation)
    surplus = [word for word in subject if word not in stems]
    precision = 1 - len(surplus) / (len(subject) or 1)
    action = _agreement(operation, question)
    reasons = (
        ("words", covered),
        ("nothing else in its name", 0.25 * precision),
        ("what it does", action),
        ("deprecated", -0.1 if operation.is_deprecated else 0.0),
    )
    return Ranked(operation, sum(part for _, part in reasons), reasons)


def _subject(operation: OperationSummary) -> list[str]:
    """Return what an operation is about: the stems of its name and of the steps of its path, without verbs."""
    words = [
        *words_of(operation.name),
        *(word for step in _literals(operation.path) for word in words_of(step)),
    ]
    stems = dict.fromkeys(stem(word) for word in words if word not in STOP_WORDS)
    return [each for each in stems if not action_of(each) and len(each) > 1]


def _literals(path: str) -> Iterator[str]:
    return (step for step in path.split("/") if not step.startswith("{"))


def _agreement(operation: OperationSummary, question: Question) -> float:
    """Return how well what an operation does fits what the question wants to be done."""
    done = _done(operation)
    if question.actions:
        wanted = question.actions
        if done in wanted:
            return 0.25
        if done in {"list", "get"} and not {"list", "get"}.isdisjoint(wanted):
            return 0.15 if (done == "list") == question.is_plural else 0.05
        return 0.0
    return (0.1 if (done == "list") == question.is_plural else 0.05) if done in {"list", "get"} else 0.0


def _done(operation: OperationSummary) -> str:
    """Return what an operation does, by its method, the end of its path, and the verb in its name."""
    ends_in_one = operation.path.rstrip("/").endswith("}")
    if operation.method == "GET":
        return "get" if ends_in_one else "list"
    if operation.method == "DELETE":
        return "delete"
    if operation.method in {"PUT", "PATCH"}:
        return "update"
    for word in words_of(operation.name):
        action = action_of(stem(word))
        if action:
            return action
    return "create"
