"""The operations that have a stem, and how well each has it, as the few bytes that a catalog keeps of them.

Nothing but these is read in a search. FTS5 would keep them in tables of its own, of which each takes a page at least: a
fifth of the catalog of a small document (https://www.sqlite.org/fts5.html, "FTS5 Data Structures"). A row for each stem
would take as much again as what is in it, so that as many stems share a row as a page has room for.
"""

from bisect import bisect_right
from collections.abc import Iterator, Mapping

from dynacli.catalog.store.catalog_file import Catalog, DamagedCatalogError

__all__ = ["Postings", "StemIndex", "blocks", "count_postings", "read_postings"]

_STEPS = 20
"""In how many steps is told how well an operation has a stem, from nothing to wholly, which are both left out."""

_MORE = 128
"""Set in each byte of a number but its last; the other 7 bits are the number's, the lowest first."""
_UNFINISHED = bytes(range(_MORE, 256))

_ROW = 970
"""Bytes of a row that a page keeps within itself (`PRAGMA page_size`; https://www.sqlite.org/fileformat2.html, 1.6)."""
_END = b"\0"
"""Stands behind stems and postings, and in neither: no number of postings is 0, and none ends with an empty byte."""


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


def blocks(postings: Mapping[str, Postings]) -> Iterator[tuple[str, bytes]]:
    """Yield stems with their postings as the rows of a catalog: the first stem of each, and the bytes of all."""
    first, block = "", b""
    for stem in sorted(postings):
        packed = _END.join((stem.encode(), postings[stem].packed))
        if block and len(first.encode()) + len(block) + len(packed) > _ROW:
            yield first, block
            block = b""
        first, block = (first, block + _END + packed) if block else (stem, packed)
    if block:
        yield first, block


class StemIndex:
    """The stems of a catalog, with their postings.

    Raises:
        DamagedCatalogError: Also from any method, when the catalog is damaged.
    """

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._firsts = [first for (first,) in catalog.rows("SELECT first FROM stems ORDER BY id")]
        if any(type(first) is not str for first in self._firsts):
            raise DamagedCatalogError(catalog.path)
        self._read: dict[int, dict[str, bytes]] = {}

    def postings(self, stem: str) -> bytes:
        """Return the postings of a stem; empty where no operation has it."""
        return self._block(bisect_right(self._firsts, stem) - 1).get(stem, b"")

    def beginning_with(self, prefix: str) -> list[str]:
        """Return the stems that begin with a text."""
        # U+10FFFF sorts behind every letter.
        last = bisect_right(self._firsts, f"{prefix}\U0010ffff")
        numbers = range(max(bisect_right(self._firsts, prefix) - 1, 0), last)
        return [stem for number in numbers for stem in self._block(number) if stem.startswith(prefix)]

    def __iter__(self) -> Iterator[tuple[str, bytes]]:
        """Yield all stems with their postings."""
        for number in range(len(self._firsts)):
            yield from self._block(number).items()

    def _block(self, number: int) -> dict[str, bytes]:
        """Return the stems of a row; none where it is before the first."""
        if number not in self._read:
            parts: list[bytes] = []
            try:
                for (block,) in self._catalog.rows("SELECT block FROM stems WHERE id = ?", number):
                    parts = block.split(_END)
                stems = [stem.decode() for stem in parts[::2]]
                self._read[number] = dict(zip(stems, parts[1::2], strict=True))
            except (AttributeError, TypeError, ValueError) as error:
                raise DamagedCatalogError(self._catalog.path) from error
        return self._read[number]


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
