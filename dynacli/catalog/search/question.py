"""A question as it is understood: its terms, each with words of the same meaning, and what it wants to be done."""

from functools import cache

from dynacli.catalog.search.search_words import STOP_WORDS, stem, words_of
from dynacli.catalog.search.thesaurus import ACTIONS, GROUPS, PHRASES
from dynacli.record import record

__all__ = ["Question", "Term", "action_of", "read_question"]

_MOST_TERMS = 24
"""Different words of a question that count; longer ones are pasted texts."""

_SYNONYM = 0.7
_ALL = frozenset({"all", "every", "each"})


@record
class Term:
    """A word of a question.

    Args:
        word: As the question has it, in lower case.
        stems: Stem → how well it stands for the word, from 0 to 1; the word's own stem is the first.
    """

    word: str
    stems: dict[str, float]

    @property
    def stem(self) -> str:
        """The stem of the word itself."""
        return next(iter(self.stems))


@record
class Question:
    """A question.

    Args:
        terms: What it is about.
        actions: What is to be done: `list`, `get`, `create`, `update` and `delete`, the surest first; empty where
            the question does not say.
        is_plural: Whether several things are asked for.
    """

    terms: tuple[Term, ...]
    actions: tuple[str, ...] = ()
    is_plural: bool = False


@cache
def _verbs() -> dict[str, str]:
    """Return stem of a verb → what it does."""
    return {stem(verb): action for action, verbs in ACTIONS.items() for verb in verbs.split()}


def action_of(stemmed: str) -> str:
    """Return what a verb does; empty where the word is none that is known."""
    return _verbs().get(stemmed, "")


@cache
def _same(stemmed: str) -> dict[str, float]:
    """Return the stems of the words that mean the same as a word."""
    groups = [list(map(stem, group.split())) for group in GROUPS]
    return {other: _SYNONYM for group in groups if stemmed in group for other in group if other != stemmed}


def read_question(text: str) -> Question:
    """Return a question as it is understood."""
    words = _rewritten(words_of(text))
    kept = [word for word in words if word not in STOP_WORDS and word not in _ALL]
    terms: dict[str, Term] = {}
    actions: dict[str, None] = {}
    for word in kept:
        stemmed = stem(word)
        if len(terms) < _MOST_TERMS and stemmed not in terms:
            terms[stemmed] = Term(word, {stemmed: 1.0, **_same(stemmed)})
            if action := action_of(stemmed):
                actions[action] = None
    is_plural = not _ALL.isdisjoint(words) or any(
        word.endswith("s") and stem(word) != word for word in kept if not action_of(stem(word))
    )
    return Question(tuple(terms.values()), tuple(actions), is_plural)


def _rewritten(words: list[str]) -> list[str]:
    """Return the words with abbreviations and phrases replaced by what they stand for."""
    found: list[str] = []
    at = 0
    while at < len(words):
        for size in (3, 2, 1):
            phrase = " ".join(words[at : at + size])
            if phrase in PHRASES:
                found += PHRASES[phrase].split()
                at += size
                break
        else:
            found.append(words[at])
            at += 1
    return found
