"""A question as it is understood: its terms, each with words of the same meaning, and what it wants to be done."""

from collections.abc import Container, Sequence

from dynacli.openapi.catalog._search_words import (
    AKIN,
    STOP_WORDS,
    action_of,
    is_generic,
    meanings,
    names_several,
    phrases,
    stem,
    words_of,
)
from dynacli.openapi.catalog.vocabulary import Vocabulary
from dynacli.record import record

__all__ = ["DOING", "READING", "Question", "Term", "has_strange_words", "has_words", "read_question"]

ALL = "all"
"""What a question wants that only names several things."""
READING = "read"
"""What a question wants that asks for a response: `who`, `which`, `how many`."""
DOING = "do"
"""What a question wants whose verb is not known."""

_MOST_WORDS = 60
"""Words of a question that count; a longer one is a pasted text."""
_MOST_TERMS = 16
_LONGEST = 40
"""Letters of a word that count."""

_ALL = frozenset({"all", "every", "each"})
_MANY = frozenset({"people", "history", "log", "staff", "inventory", "data", "media"})
"""Nouns that are many in the singular."""
_UNSAID = frozenset({"new", *_ALL})
"""Words that are no term unless they are the verb."""
_MINE = frozenset({"me", "my", "mine", "i", "myself"})
_ASKING = frozenset(
    {"who", "which", "what", "where", "when", "is", "are", "does", "did", "has", "have", "whose"}
)
_WHAT = frozenset({"who", "which", "what", "whose", "where", "when", "whether", "if", "how"})
_LOOKING = frozenset({"get", "list", "search"})
_PREPOSITIONS = (
    "of for in on to from with by at into onto as via per through using inside within under between behind against"
    " across over about"
)
_BEFORE_CONTEXT = frozenset(_PREPOSITIONS.split())
_AFTER_VERB = frozenset(
    {"a", "an", "the", "my", "this", "that", "all", "some", "our", "on", "somebody", "someone"}
)
_BEFORE_VERB = frozenset({"to", "and", "or", "please", "i", "we", "can", "you", "not", "let"})
_LIKE = (0, "like")
"""A verb where it begins a question."""
_SUBJECTS = frozenset({"i", "we", "you"})
_AUXILIARY = frozenset({"do", "can", "could", "should", "may", "must", "would", "how", "if"})
"""Words before a subject whose verb is the question's; after a noun it only tells about that: `repos I follow`."""
_PARTICLES = frozenset(
    [
        "off",
        "on",
        "down",
        "up",
        "out",
        "back",
        "away",
        "access",
        "bigger",
        "larger",
        "smaller",
        "public",
        "private",
    ]
)
_BEHIND_NOUN = frozenset(["by", "for", "from", "in", "of", "on", "that", "which", "whose", "with"])
"""Words after a plural that is not a verb."""
_GAP = 4
"""How many words may stand between a verb and its particle: `turn the old server off`."""
_PEOPLE = (
    "user member person people profile participant contact collaborator subscriber watcher assignee customer"
)
_PERSON = 0.7
"""How well one of these stands for `who`."""


@record
class Term:
    """A word of a question.

    Args:
        stems: Stem → how well it stands for the word, from 0 to 1.
        is_verb: Whether it is the verb of the question.
        is_context: Whether it stands after a preposition: `repo` in `issues of a repo`.
        is_generic: Whether it is a verb that says no more than what is done: `create`, `show`.
    """

    stems: dict[str, float]
    is_verb: bool = False
    is_context: bool = False
    is_generic: bool = False


@record
class Question:
    """A question.

    Args:
        terms: What it is about, its verb included.
        action: What is to be done: what `action_of` returns, `READING` or `DOING`; empty if it does not say.
        is_plural: Whether several things are asked for.
        is_mine: Whether it is about who asks.
        compound: The stems of its verb and of the word right after it, which may be a noun together:
            `purchase orders`.
    """

    terms: tuple[Term, ...]
    action: str = ""
    is_plural: bool = False
    is_mine: bool = False
    compound: tuple[str, ...] = ()


def has_words(text: str) -> bool:
    """Return whether a text has a word that a question could be about."""
    return any(word not in STOP_WORDS for word in _rewritten(words_of(text)))


def read_question(text: str, vocabulary: Vocabulary) -> Question:
    """Return a question as it is understood.

    Args:
        vocabulary: The words that the document has: forms of the question's words, and what typos were to be.

    Raises:
        DamagedCatalogError: The catalog of the vocabulary is damaged.
    """
    words = [word[:_LONGEST] for word in words_of(text[: 20 * _MOST_WORDS])[:_MOST_WORDS]]
    is_mine = _is_mine(words)
    words = _rewritten(_asked(words))
    stems = _stems(words, vocabulary)
    verb = _verb_at(words, stems)
    action = (action_of(stems[verb]) or DOING) if verb is not None else ""
    if not action and words and (words[0] in _ASKING or "count" in words):
        action = READING
    is_who = words[:1] == ["who"]
    is_plural = is_who or _is_plural(words, verb)
    if is_plural and not action:
        action = ALL
    elif is_plural and action == "get" and verb is not None and is_generic(stems[verb]):
        action = "list"  # `get users`
    return Question(
        tuple(_terms(words, stems, verb, vocabulary, is_who=is_who)),
        action,
        is_plural,
        is_mine or "current" in words or "authenticated" in words,
        _compound(words, stems, verb) if action not in _LOOKING else (),
    )


def _compound(words: Sequence[str], stems: Sequence[str], verb: int | None) -> tuple[str, ...]:
    """Return the stems of a verb and of the word right after it; empty if there are not both."""
    followed = words[verb + 1 : verb + 2] if verb is not None else ()
    return tuple(stems[verb : verb + 2]) if verb is not None and not STOP_WORDS.issuperset(followed) else ()


def _terms(
    words: Sequence[str], stems: Sequence[str], verb: int | None, vocabulary: Vocabulary, *, is_who: bool
) -> list[Term]:
    terms: dict[str, Term] = {}
    if is_who:
        terms["who"] = Term(dict.fromkeys(map(stem, _PEOPLE.split()), _PERSON))
    is_context = is_who
    for at, (word, stemmed) in enumerate(zip(words, stems, strict=True)):
        is_context = is_context or (word in _BEFORE_CONTEXT and bool(terms))
        is_verb = at == verb
        if ((word in STOP_WORDS or word in _UNSAID) and not is_verb) or stemmed in terms:
            continue
        found = meanings(stemmed)
        if is_verb and action_of(stemmed):
            # `file a bug` is not about files.
            found = {
                other: weight
                for other, weight in found.items()
                if other == stemmed
                or ((weight == AKIN or action_of(other)) and (is_generic(stemmed) or not is_generic(other)))
            }
        generic = is_verb and is_generic(stemmed)
        for parts in vocabulary.fitted(stemmed, found, with_forms=not generic):
            name = next(iter(parts))
            terms.setdefault(name, Term(parts, is_verb, is_context and not is_verb, generic))
    return list(terms.values())[:_MOST_TERMS]


def has_strange_words(text: str, vocabulary: Vocabulary) -> bool:
    """Return whether a text has a word that neither the document nor the language is known to have.

    Raises:
        DamagedCatalogError: The catalog of the vocabulary is damaged.
    """
    words = words_of(text)[:_MOST_WORDS]
    known = vocabulary.known(map(stem, words))
    return any(_is_strange(word, stem(word), known) and not vocabulary.parts(stem(word)) for word in words)


def _asked(words: list[str]) -> list[str]:
    """Return the words of a question without those that only ask for a response: `see` in `see who watches a repo`."""
    asked = 0
    for at, word in enumerate(words):
        if word in _WHAT:
            asked = at
        elif word not in STOP_WORDS and action_of(stem(word)) not in _LOOKING:
            break
    return words[asked:]


def _is_mine(words: Sequence[str]) -> bool:
    """Return whether a question is about who asks, and not only about something in what is theirs."""
    owned = next((at for at, word in enumerate(words) if word in _MINE), None)
    if owned is None:
        return False
    return words[owned] != "my" or _BEFORE_CONTEXT.isdisjoint(words[1:owned])


def _stems(words: Sequence[str], vocabulary: Vocabulary) -> list[str]:
    """Return the stems of words; of a word with a typo, the stem of what it was to be."""
    stems = [stem(word) for word in words]
    known = vocabulary.known(stems)
    for at, (word, stemmed) in enumerate(zip(words, stems, strict=True)):
        if _is_strange(word, stemmed, known):
            stems[at] = vocabulary.repaired(word, stemmed)
    return stems


def _is_strange(word: str, stemmed: str, known: Container[str]) -> bool:
    is_said = stemmed not in known and word not in STOP_WORDS and word not in _UNSAID
    return is_said and not action_of(stemmed) and len(meanings(stemmed)) == 1


def _is_plural(words: Sequence[str], verb: int | None) -> bool:
    """Return whether the first noun is plural, or all are asked for."""
    if not _ALL.isdisjoint(words) or (
        words[:1] in (["which"], ["what"]) and names_several("".join(words[1:2]))
    ):
        return True
    noun = ""
    for at, word in enumerate(words):
        if word in STOP_WORDS or at == verb:
            if noun:
                break
        else:
            noun = word
    return noun in _MANY or names_several(noun)


def _verb_at(words: Sequence[str], stems: Sequence[str]) -> int | None:
    """Return the place of the verb that says what is to be done; None if there is none."""
    first = next((at for at, word in enumerate(words) if word not in STOP_WORDS or (at, word) == _LIKE), None)
    if first is None or words[0] in _ASKING:
        return None
    if action_of(stems[first]) and not _is_noun(words, stems, first):
        return first
    for at in range(1, len(words)):
        is_clause = at > 1 and words[at - 1] in _SUBJECTS and words[at - 2] not in _AUXILIARY
        is_begun = words[at - 1] in _BEFORE_VERB and not is_clause
        if is_begun and words[at] not in STOP_WORDS and action_of(stems[at]):
            return at
    followed = words[first + 1 : first + 2]
    is_verb = followed and followed[0] in _AFTER_VERB and not words[first].endswith("s")
    return first if is_verb else None


def _is_noun(words: Sequence[str], stems: Sequence[str], at: int) -> bool:
    """Return whether a word that may be a verb is none here: `runs that failed`, `allowed origins`."""
    word, followed = words[at], words[at + 1 : at + 2]
    if (word.endswith(("ed", "ing")) and word != stems[at]) or followed == ["of"]:
        return True
    return names_several(word) and (
        not followed or followed[0] not in _AFTER_VERB or followed[0] in _BEHIND_NOUN
    )


def _rewritten(given: Sequence[str]) -> list[str]:
    """Return words with phrases replaced by what they stand for."""
    known = phrases()
    words, found = list(given), []
    at = 0
    while at < len(words):
        if words[at] == "stop" and words[at + 1 : at + 2] and words[at + 1].endswith("ing"):
            words[at] = "remove"  # `stop following` undoes it
        size = next((size for size in (4, 3, 2, 1) if " ".join(words[at : at + size]) in known), 0)
        if size:
            found += known[" ".join(words[at : at + size])].split()
            at += size
            continue
        gap = words[at + 1 : at + 2 + _GAP]
        particle = next((word for word in gap if word in _PARTICLES), "")
        phrase = f"{words[at]} {particle}"
        if phrase in known:
            found += known[phrase].split()
            del words[at + 1 + gap.index(particle)]
        else:
            found.append(words[at])
        at += 1
    return found
