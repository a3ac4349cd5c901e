"""The stems of a catalog, and those that a document has for a word of a question.

These are other forms of the word, its parts, and what a typo was to be.
FTS5 would keep stems in its own tables, and each takes a page at least: a fifth of the catalog of a small
document (https://www.sqlite.org/fts5.html, "FTS5 Data Structures").
"""

import json
from collections.abc import Iterable, Iterator, Mapping

from dynacli.openapi.catalog._search_words import known_words
from dynacli.openapi.catalog._search_words import stem as stem_of
from dynacli.openapi.catalog.catalog_file import Catalog, DamagedCatalogError

_STEPS = 20
"""In how many steps it is stated how well an operation has a stem, from nothing to wholly, which are both left out."""
_FORM = 0.75
"""How well another form of a word stands for it: `notification` for `notify`."""
_ENDINGS = frozenset(
    (
        *(
            "able",
            "al",
            "ance",
            "ant",
            "at",
            "ation",
            "ator",
            "e",
            "ee",
            "ence",
            "ent",
            "er",
            "ic",
            "ing",
            "ion",
        ),
        *("ist", "iti", "ive", "ment", "or", "ship", "ur"),
    )
)
_ABOUT = 0.6
"""From here on an operation is about a word."""
_SHORTEST_FORM, _SHORTEST_PART, _SHORTEST_TYPO = 4, 3, 4
"""Letters that a word has at least whose forms, parts or typos are looked for."""
_SHORTEST_USUAL = 6
"""Letters of a word with a typo that may be meant for one that the document does not have."""
_TWO_TYPOS = 8
"""The length from which on a word may have two typos."""


def stem_rows(stems: Mapping[str, Mapping[int, float]]) -> Iterator[tuple[str, int, str]]:
    """Yield stems as the rows of a catalog: the stem, how many operations have it, and these.

    Args:
        stems: Stem → number of an operation → how well it has the stem, from 0 to 1.
    """
    for stem, matches in stems.items():
        steps = [
            [number, min(max(round(_STEPS * match), 1), _STEPS - 1)] for number, match in matches.items()
        ]
        yield stem, len(steps), json.dumps(steps, separators=(",", ":"))


class StemIndex:
    """The stems of a catalog.

    Raises:
        DamagedCatalogError: From any method, when the catalog is damaged.
    """

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._read: dict[str, dict[int, float]] = {}

    def matches(self, stem: str) -> dict[int, float]:
        """Return number of an operation → how well it has a stem, from 0 to 1; empty if no operation has it."""
        if stem not in self._read:
            found: dict[int, float] = {}
            try:
                for (text,) in self._catalog.rows("SELECT matches FROM stems WHERE stem = ?", stem):
                    found = {int(number): step / _STEPS for number, step in json.loads(text)}
            except (OverflowError, RecursionError, TypeError, ValueError) as error:
                raise DamagedCatalogError(self._catalog.path) from error
            self._read[stem] = found
        return self._read[stem]

    def known(self, stems: Iterable[str]) -> dict[str, int]:
        """Return those of some stems that the document has → the number of operations that have it."""
        return {stem: len(found) for stem in stems if (found := self.matches(stem))}

    def beginning_with(self, prefix: str) -> list[str]:
        """Return the stems that begin with a text."""
        # U+10FFFF sorts after every letter.
        return list(self._counts("stem >= ? AND stem < ?", prefix, f"{prefix}\U0010ffff"))

    def of_length(self, shortest: int, longest: int) -> dict[str, int]:
        """Return the stems of some lengths → the number of operations that have it."""
        return self._counts("length(stem) BETWEEN ? AND ?", shortest, longest)

    def _counts(self, condition: str, *values: str | int) -> dict[str, int]:
        rows = self._catalog.rows(f"SELECT stem, operations FROM stems WHERE {condition}", *values)  # noqa: S608
        if any(type(stem) is not str or type(count) is not int for stem, count in rows):
            raise DamagedCatalogError(self._catalog.path)
        return dict(rows)


class Vocabulary:
    """The stems of the words that a catalog's index has.

    Raises:
        DamagedCatalogError: From any method, when the catalog is damaged.
    """

    def __init__(self, index: StemIndex) -> None:
        self._index = index

    def known(self, stems: Iterable[str]) -> dict[str, int]:
        """Return those of some stems that the document has → the number of operations that have it."""
        return self._index.known(stems)

    def fitted(self, stem: str, meanings: Mapping[str, float], *, with_forms: bool) -> list[dict[str, float]]:
        """Return what stands for a word in the document: stem → how well it does, for each part of the word.

        Args:
            stem: Its stem.
            meanings: Stems that may stand for it, itself first.
            with_forms: Whether other forms of it do, too.
        """
        stems = dict(meanings)
        if stem not in self.known([stem]):
            parts = self.parts(stem)
            if parts:
                return [{part: 1.0} for part in parts]
        if with_forms:
            for form in self._forms(stem):
                stems.setdefault(form, _FORM)
        return [stems]

    def _forms(self, stem: str) -> list[str]:
        """Return the stems that are other forms of a stem."""
        if len(stem) < _SHORTEST_FORM:
            return []
        base = stem if len(stem) < 6 else stem[:-1]
        longer = [term for term in self._index.beginning_with(base) if _is_form(term, stem, base)]
        shorter = [stem.removesuffix(ending) for ending in _ENDINGS if stem.endswith(ending)]
        shorter += [f"{item}{last}" for item in shorter for last in "eit"]
        return [*longer, *sorted(self.known(item for item in shorter if len(item) >= _SHORTEST_FORM))]

    def parts(self, stem: str) -> tuple[str, ...]:
        """Return the two stems that a word is put together of: `data` and `center`; empty if there are none."""
        places = range(_SHORTEST_PART, len(stem) - _SHORTEST_PART + 1)
        splits = [(stem[:at], stem[at:]) for at in places]
        known = self.known({part for split in splits for part in split}) if splits else {}
        found = (split for split in splits if known.keys() >= {*split} and self._stand_together(split))
        return next(found, ())

    def _stand_together(self, parts: tuple[str, str]) -> bool:
        """Return whether an operation is about both parts of a word."""
        first, second = (
            {number for number, match in self._index.matches(part).items() if match >= _ABOUT}
            for part in parts
        )
        return not first.isdisjoint(second)

    def repaired(self, word: str, stem: str) -> str:
        """Return the stem that a strange word was to be; its own stem if there is none that is near.

        Args:
            word: In lower case.
            stem: Its stem.
        """
        if len(word) < _SHORTEST_TYPO or not word.isascii():
            return stem
        most = 2 if len(word) >= _TWO_TYPOS else 1
        known = self._index.of_length(len(stem) - most, len(word) + most)
        usual = known_words() if len(word) >= _SHORTEST_USUAL else ()
        letters = set(word)
        near: list[tuple[int, int, str]] = []
        for term, count in (*known.items(), *((item, 0) for item in usual)):
            begins_alike = term[0] == word[0] or term[:2] == word[1::-1]
            if begins_alike and len(letters.symmetric_difference(term)) <= 2 * most:
                distance = min(_distance(word, term, most), _distance(stem, term, most))
                if distance <= most:
                    near.append((distance, -count, term if count else stem_of(term)))
        return min(near)[2] if near else stem


def _is_form(term: str, stem: str, base: str) -> bool:
    rest, own = term[len(base) :], stem[len(base) :]
    return term != stem and (not rest or rest in _ENDINGS or rest.removeprefix(own) in _ENDINGS)


def _distance(left: str, right: str, most: int) -> int:
    """Return how many letters are wrong, missing, too much or exchanged; more than `most` if there are more."""
    if abs(len(left) - len(right)) > most:
        return most + 1
    earlier: list[int] = []
    before = list(range(len(right) + 1))
    for i, letter in enumerate(left, 1):
        row = [i]
        for j, other in enumerate(right, 1):
            cost = min(before[j] + 1, row[-1] + 1, before[j - 1] + (letter != other))
            if i > 1 and j > 1 and letter == right[j - 2] and left[i - 2] == other:
                cost = min(cost, earlier[j - 2] + 1)
            row.append(cost)
        if min(row) > most:
            return most + 1
        earlier, before = before, row
    return before[-1]
