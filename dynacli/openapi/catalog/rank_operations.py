"""Ranks the operations of a document by how well they match a query.

The query is parsed first into its terms with their synonyms, and the action that it asks for.
"""

import re
from collections.abc import Collection, Container, Mapping, Sequence
from math import log

from dynacli.openapi.catalog._search_words import (
    ACTING,
    AKIN,
    STOP_WORDS,
    OperationWords,
    action_of,
    is_generic,
    meanings,
    names_several,
    phrases,
    rarity,
    words_of,
)
from dynacli.openapi.catalog._search_words import stem as stem_of
from dynacli.openapi.catalog.catalog_file import Catalog, DamagedCatalogError
from dynacli.openapi.catalog.vocabulary import StemIndex, Vocabulary
from dynacli.openapi.model.kebab_names import kebab, tag_prefixes
from dynacli.openapi.model.operation import OperationSummary
from dynacli.openapi.model.path_templates import path_values
from dynacli.record import record

_ON_ALL = "all"
"""Action of a query that is only a noun in the plural."""
_READING = "read"
"""Action of a query that asks for information: `who`, `which`, `how many`."""
_DOING = "do"
"""Action of a query with an unknown verb."""

_MOST_WORDS = 60
"""Maximum number of words of a query; the rest is ignored."""
_MOST_TERMS = 16
_LONGEST_WORD = 40
"""Length, in letters, to which a term is cut."""

_ALL = frozenset({"all", "every", "each"})
_MANY = frozenset({"people", "history", "log", "staff", "inventory", "data", "media"})
"""Singular nouns that mean several items."""
_UNSAID = frozenset({"new", *_ALL})
"""Words that are not terms of a query, unless they are its verb."""
_OF_THE_PERSON = frozenset({"me", "my", "mine", "i", "myself"})
_ASKING = frozenset(
    {"who", "which", "what", "where", "when", "is", "are", "does", "did", "has", "have", "whose"}
)
_WHAT = frozenset({"who", "which", "what", "whose", "where", "when", "whether", "if", "how"})
_CHANGING = frozenset({"create", "update", "delete"})
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
"""Position and text of a stop word that is a verb at the beginning of a query."""
_SUBJECTS = frozenset({"i", "we", "you"})
_AUXILIARY = frozenset({"do", "can", "could", "should", "may", "must", "would", "how", "if"})
"""Auxiliaries before a subject whose verb is the verb of the query; `repos I follow` has none."""
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
"""Words after a noun in the plural; a verb such as `runs` is rarely before them."""
_GAP = 4
"""Maximum distance between a verb and its particle, in words: `turn the old server off`."""
_PEOPLE = (
    "user member person people profile participant contact collaborator subscriber watcher assignee customer"
)
_GUESSED = 0.5
"""Weight of a corrected typo, which may be wrong: `cake` for `caa`."""
_PERSON = 0.7
"""Weight of each of `_PEOPLE` for `who`."""
_MOST = 60
"""Number of operations to score in full."""
_SYNONYM = 0.7
"""Factor for the weight of a synonym, if operations are about the original term."""
_USEFUL, _ABOUT = 0.25, 0.45
"""Minimum match with which a term counts for its rarity, and with which an operation is about the term."""
_NAMED, _NAMED_BY_TAG, _TITLED = 10.0, 5.0, 2.0
"""Score of an operation if the query is its name, its name without the tag, or its summary."""
_FEWEST_OF_TITLE = 2
"""Minimum number of terms of a query that is compared with summaries."""
_LONGEST = 1_000
"""Maximum length of a query that may be a name, in characters."""
_MOST_NAMED = 20
"""Maximum number of operations with the same name after their tags; a more frequent name is ignored."""
_PLACE = re.compile(r"(?:([A-Za-z-]+)\s+)?(/.*)", re.DOTALL)
_FITS = {
    _ON_ALL: {
        "list": 0.8,
        "search": 0.6,
        "get": 0.4,
        "create": 0.2,
        "update": 0.2,
        ACTING: 0.2,
        "delete": 0.1,
    },
    "": {"list": 0.6, "get": 0.6, "search": 0.4, "create": 0.4, "update": 0.3, ACTING: 0.35, "delete": 0.1},
    _READING: {"list": 1.0, "get": 1.0, "search": 0.7},
    "list": {"list": 1.0, "search": 0.8, "get": 0.5},
    "get": {"get": 1.0, "list": 0.7, "search": 0.5},
    "search": {"search": 1.0, "list": 0.7, "get": 0.3},
    "create": {"create": 1.0, ACTING: 0.4, "update": 0.4},
    "update": {"update": 1.0, ACTING: 0.4, "create": 0.3},
    "delete": {"delete": 1.0, ACTING: 0.3, "update": 0.15},
    _DOING: {ACTING: 1.0, "update": 0.9, "create": 0.8, "get": 0.3, "list": 0.3, "delete": 0.1},
    ACTING: {ACTING: 1.0, "create": 0.7, "update": 0.7, "delete": 0.4},
}
"""Action of a query → action of an operation → how well they match."""
# Weights of the reasons, relative to the terms of the query. They were fitted to the queries of the tests and 272
# others, and cross-validated by leaving out some documents each time.
_ACTION, _NUMBER, _SUBJECT, _MINE = 0.25, 0.095, 0.1, 0.18
_MORE_SUBJECT, _MORE_NAME, _MORE_PATH, _LENGTH, _DEPRECATED = -0.06, -0.035, -0.13, -0.0012, -0.055
_UNASKED, _TWIN = -0.25, 0.001
FITTING = 0.5
"""Minimum score of a match; for one in a hundred queries of the tests, the right operation is below it."""
_FULL = 0.8
"""Match of a term that counts as a full match."""
_DONE = 0.8
"""Minimum certainty that the end of an operation's path is a verb."""
_EACH = 0.3
"""Weight of any surplus term, in addition to its rarity."""
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
    "it does not do what is asked for",
    "the question names it",
    "it reads, as its POST does",
)
"""Names of the parts of a score, in their order."""


@record
class Term:
    """A term of a query.

    Args:
        stems: Stem → how well it matches the term, from 0 to 1.
        is_verb: Whether the term is the verb of the query.
        is_context: Whether it follows a preposition: `repo` in `issues of a repo`.
        is_generic: Whether it is a verb that only names the action: `create`, `show`.
    """

    stems: dict[str, float]
    is_verb: bool = False
    is_context: bool = False
    is_generic: bool = False


@record
class Question:
    """A parsed query.

    Args:
        terms: Its terms, including the verb.
        action: The action: a value of `action_of`, `_READING`, `_DOING` or `_ON_ALL`; empty if unknown.
        is_plural: Whether it asks for several items.
        is_mine: Whether it is about the user who asks.
        compound: The stems of the verb and the next term, which may together be a noun: `purchase orders`.
    """

    terms: tuple[Term, ...]
    action: str = ""
    is_plural: bool = False
    is_mine: bool = False
    compound: tuple[str, ...] = ()


def has_words(text: str) -> bool:
    """Return whether a text has at least one term besides stop words."""
    return any(word not in STOP_WORDS for word in _rewritten(words_of(text)))


def _read_question(text: str, vocabulary: Vocabulary) -> Question:
    """Return the parsed query.

    Args:
        text: The query.
        vocabulary: The stems of the document, to find other forms and correct typos.

    Raises:
        DamagedCatalogError: The compiled document is damaged.
    """
    words = [word[:_LONGEST_WORD] for word in words_of(text[: 20 * _MOST_WORDS])[:_MOST_WORDS]]
    is_mine = _is_mine(words)
    words = _rewritten(_asked(words))
    stems = _stems(words, vocabulary)
    guessed = frozenset(stems).difference(map(stem_of, words))
    verb = _verb_at(words, stems)
    action = (action_of(stems[verb]) or _DOING) if verb is not None else ""
    if not action and words and (words[0] in _ASKING or "count" in words):
        action = _READING
    is_who = words[:1] == ["who"]
    is_plural = is_who or _is_plural(words, verb)
    if is_plural and not action:
        action = _ON_ALL
    elif is_plural and action == "get" and verb is not None and is_generic(stems[verb]):
        action = "list"  # `get users`
    return Question(
        tuple(_terms(words, stems, verb, vocabulary, guessed, is_who=is_who)),
        action,
        is_plural,
        is_mine or "current" in words or "authenticated" in words,
        _compound(words, stems, verb) if action not in _LOOKING else (),
    )


def _compound(words: Sequence[str], stems: Sequence[str], verb: int | None) -> tuple[str, ...]:
    """Return the stems of a verb and the next term; empty without a verb or if a stop word follows."""
    followed = words[verb + 1 : verb + 2] if verb is not None else ()
    return tuple(stems[verb : verb + 2]) if verb is not None and not STOP_WORDS.issuperset(followed) else ()


def _terms(
    words: Sequence[str],
    stems: Sequence[str],
    verb: int | None,
    vocabulary: Vocabulary,
    guessed: Collection[str],
    *,
    is_who: bool,
) -> list[Term]:
    terms: dict[str, Term] = {}
    if is_who:
        terms["who"] = Term(dict.fromkeys(map(stem_of, _PEOPLE.split()), _PERSON))
    is_context = is_who
    for at, (word, stemmed) in enumerate(zip(words, stems, strict=True)):
        is_context = is_context or (word in _BEFORE_CONTEXT and bool(terms))
        is_verb = at == verb
        if ((word in STOP_WORDS or word in _UNSAID) and not is_verb) or stemmed in terms:
            continue
        found = meanings(stemmed)
        if is_verb and action_of(stemmed):
            # The verb of `file a bug` has no synonyms that are nouns.
            found = {
                other: weight
                for other, weight in found.items()
                if other == stemmed
                or ((weight == AKIN or action_of(other)) and (is_generic(stemmed) or not is_generic(other)))
            }
        generic = is_verb and is_generic(stemmed)
        for parts in vocabulary.fitted(stemmed, found, with_forms=not generic):
            name, sure = next(iter(parts)), _GUESSED if stemmed in guessed else 1.0
            standing = {part: sure * weight for part, weight in parts.items()}
            terms.setdefault(name, Term(standing, is_verb, is_context and not is_verb, generic))
    return list(terms.values())[:_MOST_TERMS]


def has_strange_words(text: str, vocabulary: Vocabulary) -> bool:
    """Return whether a text has a term that is neither in the document nor in the thesaurus.

    Raises:
        DamagedCatalogError: The compiled document is damaged.
    """
    words = words_of(text)[:_MOST_WORDS]
    known = vocabulary.known(map(stem_of, words))
    return any(
        _is_strange(word, stem_of(word), known) and not vocabulary.parts(stem_of(word)) for word in words
    )


def _asked(words: list[str]) -> list[str]:
    """Return a query without its introduction: `see` in `see who watches a repo`."""
    asked = 0
    for at, word in enumerate(words):
        if word in _WHAT:
            asked = at
        elif word not in STOP_WORDS and action_of(stem_of(word)) not in _LOOKING:
            break
    return words[asked:]


def _is_mine(words: Sequence[str]) -> bool:
    """Return whether a query is about the user who asks; `issues in my repo` is about the repo."""
    owned = next((at for at, word in enumerate(words) if word in _OF_THE_PERSON), None)
    if owned is None:
        return False
    return words[owned] != "my" or _BEFORE_CONTEXT.isdisjoint(words[1:owned])


def _stems(words: Sequence[str], vocabulary: Vocabulary) -> list[str]:
    """Return the stems of the terms, after typos are corrected."""
    stems = [stem_of(word) for word in words]
    known = vocabulary.known(stems)
    for at, (word, stemmed) in enumerate(zip(words, stems, strict=True)):
        if _is_strange(word, stemmed, known):
            stems[at] = vocabulary.repaired(word, stemmed)
    return stems


def _is_strange(word: str, stemmed: str, known: Container[str]) -> bool:
    is_said = stemmed not in known and word not in STOP_WORDS and word not in _UNSAID
    return is_said and not action_of(stemmed) and len(meanings(stemmed)) == 1


def _is_plural(words: Sequence[str], verb: int | None) -> bool:
    """Return whether the first noun is plural, or the query asks for all items."""
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
    """Return the index of the main verb; None if there is none."""
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
    """Return whether a possible verb is a noun or an adjective here: `runs that failed`, `allowed origins`."""
    word, followed = words[at], words[at + 1 : at + 2]
    if (word.endswith(("ed", "ing")) and word != stems[at]) or followed == ["of"]:
        return True
    return names_several(word) and (
        not followed or followed[0] not in _AFTER_VERB or followed[0] in _BEHIND_NOUN
    )


def _rewritten(given: Sequence[str]) -> list[str]:
    """Return a query with its phrases replaced by their equivalents in the thesaurus."""
    known = phrases()
    words, found = list(given), []
    at = 0
    while at < len(words):
        if words[at] == "stop" and words[at + 1 : at + 2] and words[at + 1].endswith("ing"):
            words[at] = "remove"  # `stop following` undoes `follow`
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


@record
class _Candidate:
    """An operation that matches terms of a query.

    Args:
        number: Number of the operation in the compiled document.
        words: The stems of the operation.
        matched: How well the operation matches each term, from 0 to 1.
    """

    number: int
    words: OperationWords
    matched: list[float]


@record
class _Candidates:
    """The operations that match most terms of a query.

    Args:
        found: The operations.
        rarity: The rarity of each term, which is its weight.
    """

    found: list[_Candidate]
    rarity: list[float]


def _find_candidates(
    catalog: Catalog, index: StemIndex, question: Question, named: Collection[int] = ()
) -> _Candidates:
    """Return the operations that match most terms of a query, without hidden ones.

    Args:
        named: Operations to include in any case.

    Raises:
        DamagedCatalogError: The compiled document is damaged.
    """
    # Nearly all operations contain a generic verb such as `list`, and their action is known anyway.
    reported = [term for term in question.terms if not term.is_generic] or question.terms
    matches = [_matches(index, term.stems) if term in reported else {} for term in question.terms]
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
        _Candidate(number, known_by, [found.get(number, 0.0) for found in matches])
        for number, known_by in words
    ]
    return _Candidates(candidates, rarity)


def _best(catalog: Catalog, scores: Mapping[int, float], named: Collection[int]) -> list[tuple[int, str]]:
    """Return the number and stems of the operations with the highest scores; if scores tie, fewer stems win."""
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
    """Return number of an operation → how well it matches the best of some stems."""
    found: dict[int, float] = {}
    kept = 1.0
    for stem, weight in stems.items():
        is_subject = False
        for number, match in index.matches(stem).items():
            found[number] = max(kept * weight * match, found.get(number, 0.0))
            is_subject |= kept * weight * match >= _ABOUT
        if weight == 1.0 and is_subject:
            kept = _SYNONYM
    return found


def _rarity(found: Mapping[int, float], operations: int) -> float:
    """Return the rarity of a term, which is its weight; 0 if no operation has it."""
    frequency = sum(match >= _USEFUL for match in found.values()) or len(found)
    return log(1 + (operations + 0.5) / (frequency + 0.5)) if frequency else 0.0


def _named_operations(catalog: Catalog, text: str) -> dict[int, float]:
    """Return number → score of the operations that a text names; the score is higher than terms can reach.

    The case of names, operationIds and paths is ignored. Hidden operations are included.

    Raises:
        DamagedCatalogError: The compiled document is damaged.
    """
    text = text.strip()
    if not text or len(text) > _LONGEST:
        return {}
    place = _PLACE.fullmatch(text)
    if place is not None and (found := _at(catalog, (place[1] or "").upper(), place[2])):
        return dict.fromkeys(found, _NAMED)
    word = kebab(text)
    name = catalog.find(text) or catalog.find(word)
    rows = catalog.rows("SELECT id FROM operations WHERE name = ?", name) if name else []
    # Only a text without spaces can name an operation of a tag: `list regions` does not mean `apps-list-regions`.
    behind = _behind_tags(catalog, word) if len(text.split()) == 1 else ()
    return dict.fromkeys(behind, _NAMED_BY_TAG) | {number: _NAMED for (number,) in rows}


def _titled_operations(catalog: Catalog, text: str, numbers: Collection[int]) -> dict[int, float]:
    """Return number → score of the operations whose summary is the text; the score is higher than for synonyms.

    Stop words and plurals do not count: `list a project` matches `List projects`.

    Args:
        numbers: The operations to compare.

    Raises:
        DamagedCatalogError: The compiled document is damaged.
    """
    words = _useful_words(text)
    if len(words) < _FEWEST_OF_TITLE or not numbers:
        return {}
    found = catalog.each_summary(numbers=numbers)
    pairs = zip(sorted(numbers), found, strict=True)
    return {number: _TITLED for number, summary in pairs if _useful_words(summary.summary) == words}


def _useful_words(text: str) -> list[str]:
    return [stem_of(word) for word in words_of(text[:_LONGEST]) if word not in STOP_WORDS]


def _at(catalog: Catalog, method: str, path: str) -> list[int]:
    """Return the operations at a path of the document or of a call; without a method, operations of all methods."""
    plain, _, fragment = path.partition("#")
    plain, fragment = plain.partition("?")[0], fragment.casefold()
    found: dict[tuple[int, int, bool], list[int]] = {}
    for number, own_method, template in catalog.rows("SELECT id, method, path FROM operations"):
        own, _, own_fragment = template.partition("#")
        own = own.partition("?")[0]
        if method in ("", own_method.upper()) and fragment in ("", own_fragment.casefold()):
            values = path_values(own, plain)
            if values is None:
                values = path_values(own.casefold(), plain.casefold())
            if values is not None:
                # The literal path first, then the one with the fewest values, then one without a fragment.
                key = (own.casefold() != plain.casefold(), len(values), bool(own_fragment))
                found.setdefault(key, []).append(number)
    return found[min(found)] if found else []


def _behind_tags(catalog: Catalog, word: str) -> list[int]:
    """Return the operations whose name is the given name after the prefix of one of their tags."""
    if not word:
        return []
    rows = catalog.rows("SELECT id, name, tags FROM operations WHERE name LIKE ?", f"%-{word}")
    found = [
        number
        for number, name, tags in rows
        if any(f"{prefix}{word}" == name for tag in catalog.tag_keys(tags) for prefix in tag_prefixes(tag))
    ]
    return found if len(found) <= _MOST_NAMED else []


@record
class Ranked:
    """An operation with its score.

    Args:
        score: Up to about 1.6, and more if the query names the operation; comparable between documents.
        reasons: The parts of the score, each with its name.
    """

    operation: OperationSummary
    score: float
    reasons: tuple[tuple[str, float], ...]


def rank_operations(catalog: Catalog, text: str, most: int = 10) -> list[Ranked]:
    """Return the operations that match a query, the best first, without hidden ones.

    Operations that the query names, by name, operationId, or method and path, come first.

    Args:
        text: The query.
        most: Maximum number of operations to return.

    Raises:
        DamagedCatalogError: The compiled document is damaged.
    """
    index = StemIndex(catalog)
    vocabulary = Vocabulary(index)
    question = _read_question(text, vocabulary)
    named = _named_operations(catalog, text)
    candidates = _find_candidates(catalog, index, question, named)
    scorer = _Scorer(question, candidates.rarity, vocabulary, catalog.meta["operations"])
    titled = _titled_operations(catalog, text, [candidate.number for candidate in candidates.found])
    calls = {**titled, **named}
    scored = [
        ((*scorer.parts(candidate), calls.get(candidate.number, 0.0), 0.0), candidate)
        for candidate in candidates.found
    ]
    scored = _with_reading_twins(catalog, scored, named)
    scored.sort(key=lambda pair: (-round(sum(pair[0]), 6), pair[1].words.length, pair[1].number))
    best = {candidate.number: parts for parts, candidate in scored[:most]}
    operations = dict(zip(sorted(best), catalog.each_summary(numbers=best), strict=True))
    return [
        Ranked(operations[number], round(sum(parts), 6), tuple(zip(_REASONS, parts, strict=True)))
        for number, parts in best.items()
    ]


_Scored = list[tuple[tuple[float, ...], _Candidate]]


def _with_reading_twins(catalog: Catalog, scored: _Scored, named: Collection[int]) -> _Scored:
    """Return scores that put a GET before the POST of the same path and summary, unless the query names the POST.

    Raises:
        DamagedCatalogError: The compiled document is damaged.
    """
    if not any(candidate.words.is_post for _, candidate in scored):
        return scored
    numbers = sorted(candidate.number for _, candidate in scored)
    summaries = dict(zip(numbers, catalog.each_summary(numbers=numbers), strict=True))
    posts = {
        (summary.path, summary.summary): sum(parts)
        for parts, candidate in scored
        if (summary := summaries[candidate.number]).method == "POST" and candidate.number not in named
    }
    twins: _Scored = []
    for parts, candidate in scored:
        summary = summaries[candidate.number]
        best = (
            posts.get((summary.path, summary.summary), 0.0)
            if summary.method == "GET" and summary.summary
            else 0.0
        )
        more = max(best + _TWIN - sum(parts), 0.0) if best else 0.0
        twins.append(((*parts[:-1], more), candidate))
    return twins


class _Scorer:
    """Scores operations for a query.

    Args:
        question: The query.
        weights: The rarity of each term of the query.
        vocabulary: The stems of the document.
        operations: Number of operations in the document.
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

    def parts(self, candidate: _Candidate) -> tuple[float, ...]:
        """Return the parts of the score of an operation, in the order of their reasons."""
        question, words = self._question, candidate.words
        fit = self._fit(words)
        target, context, rest = map(self._surplus, words.stems, words.reported)
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
            _UNASKED * (question.action in _CHANGING and not fit),
        )

    def _fit(self, words: OperationWords) -> float:
        """Return how well the actions of an operation match the action of the query."""
        fits = _FITS[self._question.action]
        if self._is_compound(words):
            fits = _FITS[_ON_ALL if self._question.is_plural else ""]
        elif words.is_post and any(word in stems for stems in self._own_verbs for word in words.target):
            return 1.0  # `fork` matches `POST /forks`
        return max(surely * fits.get(done, 0.0) for done, surely in words.actions.items())

    def _is_compound(self, words: OperationWords) -> bool:
        """Return whether the verb of the query is part of a noun in the path: `purchase` of `/purchase-orders`."""
        compound = self._question.compound
        is_step = compound and compound == tuple(word for word in words.target if word in compound)
        return bool(is_step) and words.actions.get(ACTING, 0.0) < _DONE

    def _covered(self, candidate: _Candidate, fit: float) -> float:
        """Return the share of the query that an operation matches, weighted by rarity."""
        covered = 0.0
        for term, weight, matched in zip(self._question.terms, self._weights, candidate.matched, strict=True):
            covered += weight * (fit if term.is_generic else min(matched / _FULL, 1.0))
        return covered

    def _subject(self, words: OperationWords) -> float:
        """Return how well the last noun of the path matches a noun of the query."""
        return max(
            (stems.get(word, 0.0) for stems in self._subjects for word in words.target[-1:]), default=0.0
        )

    def _surplus(self, stems: tuple[str, ...], reported: float) -> float:
        """Return the weight of the stems that the query does not have.

        Args:
            reported: The sum of the rarities of all stems.
        """
        asked = sum(self._asked[stem] for stem in stems if stem in self._asked)
        return min(max(reported + _EACH * len(stems) - asked, 0.0), _MOST_SURPLUS)


def _weights(terms: tuple[Term, ...], rarity: list[float]) -> list[float]:
    """Return the weight of each term of a query; the sum of the weights is 1."""
    things = [weight for term, weight in zip(terms, rarity, strict=True) if not term.is_verb]
    usual = sum(things) / len(things) if things else 1.0
    weights = [
        usual if term.is_generic else min(weight, usual) if term.is_verb else weight
        for term, weight in zip(terms, rarity, strict=True)
    ]
    total = sum(weights) or 1.0
    return [weight / total for weight in weights]
