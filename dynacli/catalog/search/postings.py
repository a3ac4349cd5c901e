"""The operations that have a stem, and how well each has it, as the few bytes that a catalog keeps of them.

Nothing but these is read in a search. FTS5 would keep them in tables of its own, of which each takes a page at least: a
fifth of the catalog of a small document (https://www.sqlite.org/fts5.html, "FTS5 Data Structures").
"""

from collections.abc import Iterator
from typing import Any

from dynacli.catalog.store.catalog_file import Catalog, DamagedCatalogError

__all__ = ["Postings", "count_postings", "find_stems", "read_postings"]

_STEPS = 20
"""In how many steps is told how well an operation has a stem, from nothing to wholly, which are both left out."""

_MORE = 128
"""Set in each byte of a number but its last; the other 7 bits are the number's, the lowest first."""
_UNFINISHED = bytes(range(_MORE, 256))


class Postings:
    """Collects the operations that have a stem, as bytes."""

    def __init__(self) -> None:
        self.packed = bytearray()
        self._last = 0

    def add(self, number: int, match: float) -> None:
        """Add an operation.

        Args:
            number: Of the operation; no smaller than that before it.
            match: How well it has the stem, from 0 to 1.
        """
        step = min(max(round(_STEPS * match), 1), _STEPS - 1)
        rest, self._last = (number - self._last) * _STEPS + step, number
        while rest >= _MORE:
            self.packed.append(rest % _MORE + _MORE)
            rest //= _MORE
        self.packed.append(rest)


def find_stems(catalog: Catalog, condition: str, *values: Any) -> list[tuple[str, bytes]]:
    """Return the stems of a catalog that fulfil a condition in SQL, in their order, each with its postings.

    Raises:
        DamagedCatalogError: The catalog is damaged.
    """
    rows = catalog.rows(f"SELECT stem, operations FROM stems WHERE {condition} ORDER BY stem", *values)  # noqa: S608
    if any(type(stem) is not str or type(packed) is not bytes for stem, packed in rows):
        raise DamagedCatalogError(catalog.path)
    return rows


def read_postings(packed: bytes) -> Iterator[tuple[int, float]]:
    """Yield the number of each operation, and how well it has the stem, from 0 to 1."""
    number = value = 0
    factor = 1
    for byte in packed:
        if byte >= _MORE:
            value += (byte - _MORE) * factor
            factor *= _MORE
        else:
            distance, step = divmod(value + byte * factor, _STEPS)
            number += distance
            yield number, step / _STEPS
            value, factor = 0, 1


def count_postings(packed: bytes | bytearray) -> int:
    """Return how many operations have the stem."""
    return len(packed.translate(None, _UNFINISHED))
