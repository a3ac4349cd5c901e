"""The stems of a catalog, and how well which operation has them.

FTS5 would keep them in tables of its own, of which each takes a page at least: a fifth of the catalog of a small
document (https://www.sqlite.org/fts5.html, "FTS5 Data Structures").
"""

import json
from collections.abc import Iterable, Iterator, Mapping

from dynacli.catalog.store.catalog_file import Catalog, DamagedCatalogError

__all__ = ["StemIndex", "stem_rows"]

_STEPS = 20
"""In how many steps is told how well an operation has a stem, from nothing to wholly, which are both left out."""


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
        """Return number of an operation → how well it has a stem, from 0 to 1; empty where no operation has it."""
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
        # U+10FFFF sorts behind every letter.
        return list(self._counts("stem >= ? AND stem < ?", prefix, f"{prefix}\U0010ffff"))

    def of_length(self, shortest: int, longest: int) -> dict[str, int]:
        """Return the stems of some lengths → the number of operations that have it."""
        return self._counts("length(stem) BETWEEN ? AND ?", shortest, longest)

    def _counts(self, condition: str, *values: str | int) -> dict[str, int]:
        rows = self._catalog.rows(f"SELECT stem, operations FROM stems WHERE {condition}", *values)  # noqa: S608
        if any(type(stem) is not str or type(count) is not int for stem, count in rows):
            raise DamagedCatalogError(self._catalog.path)
        return dict(rows)
