"""The search index of a document, with the stems that match a term of a query.

These are other forms of the term, its parts, and the correction of a typo. The index does not use FTS5, because its
tables would take a fifth of the file of a small document (https://www.sqlite.org/fts5.html, "FTS5 Data Structures").
"""

import json
from collections.abc import Iterable, Iterator, Mapping

from dynacli.openapi.catalog._search_words import known_words
from dynacli.openapi.catalog._search_words import stem as stem_of
from dynacli.openapi.catalog.catalog_file import Catalog, DamagedCatalogError

_STEPS = 20
"""Number of steps to which a match is rounded; step 0 and the last one are not used."""
_FORM = 0.75
"""Weight of another form of a term: `notification` for `notify`."""
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
"""Minimum match of an operation that is about a term."""
_SHORTEST_FORM, _SHORTEST_PART, _SHORTEST_TYPO = 4, 3, 4
"""Minimum length, in letters, of a term with other forms, of a part of a term, and of a term with a typo."""
_SHORTEST_USUAL = 6
"""Minimum length of a typo that may be corrected to a term of the thesaurus, instead of the document."""
_TWO_TYPOS = 8
"""Minimum length of a term that may have two typos."""


def stem_rows(stems: Mapping[str, Mapping[int, float]]) -> Iterator[tuple[str, int, str]]:
    """Yield a row for each stem: the stem, the number of operations that have it, and their matches.

    Args:
        stems: Stem → number of an operation → its match, from 0 to 1.
    """
    for stem, matches in stems.items():
        steps = [
            [number, min(max(round(_STEPS * match), 1), _STEPS - 1)] for number, match in matches.items()
        ]
        yield stem, len(steps), json.dumps(steps, separators=(",", ":"))


class StemIndex:
    """The search index of a compiled document.

    Raises:
        DamagedCatalogError: Any method raises it if the compiled document is damaged.
    """

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._read: dict[str, dict[int, float]] = {}

    def matches(self, stem: str) -> dict[int, float]:
        """Return number of an operation → how well it matches a stem, from 0 to 1; empty if no operation has it."""
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
        """Return stem → number of operations that have it, for the given stems that the document has."""
        return {stem: len(found) for stem in stems if (found := self.matches(stem))}

    def beginning_with(self, prefix: str) -> list[str]:
        """Return the stems that begin with a prefix."""
        # U+10FFFF sorts after every letter.
        return list(self._counts("stem >= ? AND stem < ?", prefix, f"{prefix}\U0010ffff"))

    def of_length(self, shortest: int, longest: int) -> dict[str, int]:
        """Return stem → number of operations that have it, for stems of these lengths."""
        return self._counts("length(stem) BETWEEN ? AND ?", shortest, longest)

    def _counts(self, condition: str, *values: str | int) -> dict[str, int]:
        rows = self._catalog.rows(f"SELECT stem, operations FROM stems WHERE {condition}", *values)  # noqa: S608
        if any(type(stem) is not str or type(count) is not int for stem, count in rows):
            raise DamagedCatalogError(self._catalog.path)
        return dict(rows)


class Vocabulary:
    """Finds the stems of a document that match a term of a query.

    Raises:
        DamagedCatalogError: Any method raises it if the compiled document is damaged.
    """

    def __init__(self, index: StemIndex) -> None:
        self._index = index

    def known(self, stems: Iterable[str]) -> dict[str, int]:
        """Return stem → number of operations that have it, for the given stems that the document has."""
        return self._index.known(stems)

    def fitted(self, stem: str, meanings: Mapping[str, float], *, with_forms: bool) -> list[dict[str, float]]:
        """Return stem → weight of the stems that match a term; for a compound, one mapping for each part.

        Args:
            stem: Stem of the term.
            meanings: Stem → weight, of the stem itself and its synonyms.
            with_forms: Whether to include other forms of the term.
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
        """Return the stems of the document that are other forms of a stem."""
        if len(stem) < _SHORTEST_FORM:
            return []
        base = stem if len(stem) < 6 else stem[:-1]
        longer = [term for term in self._index.beginning_with(base) if _is_form(term, stem, base)]
        shorter = [stem.removesuffix(ending) for ending in _ENDINGS if stem.endswith(ending)]
        shorter += [f"{item}{last}" for item in shorter for last in "eit"]
        return [*longer, *sorted(self.known(item for item in shorter if len(item) >= _SHORTEST_FORM))]

    def parts(self, stem: str) -> tuple[str, ...]:
        """Return the two stems of a compound: `data` and `center` of `datacenter`; empty if there are none."""
        places = range(_SHORTEST_PART, len(stem) - _SHORTEST_PART + 1)
        splits = [(stem[:at], stem[at:]) for at in places]
        known = self.known({part for split in splits for part in split}) if splits else {}
        found = (split for split in splits if known.keys() >= {*split} and self._stand_together(split))
        return next(found, ())

    def _stand_together(self, parts: tuple[str, str]) -> bool:
        """Return whether one operation is about both parts of a compound."""
        first, second = (
            {number for number, match in self._index.matches(part).items() if match >= _ABOUT}
            for part in parts
        )
        return not first.isdisjoint(second)

    def repaired(self, word: str, stem: str) -> str:
        """Return the stem of the term that a typo probably means; its own stem if no term is similar.

        Args:
            word: The typo, in lower case.
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
    """Return the number of wrong, missing, surplus or swapped letters; a number above `most` if there are more."""
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
