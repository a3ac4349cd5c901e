"""What is said of places in a document, for a person: the same remark once, however many places it is about."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

__all__ = ["distinct", "more_places"]


def distinct(rows: Iterable[Mapping[str, Any]]) -> Iterator[tuple[Mapping[str, Any], int]]:
    """Yield each remark that is made, with the first place that it is made of and the number of further ones."""
    places: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        places.setdefault(row["message"], []).append(row)
    for same in places.values():
        yield same[0], len(same) - 1


def more_places(count: int) -> str:
    """Return what is said of the further places of a remark, as the end of a line; empty where there are none."""
    return f", and {count:,} more place{'s' if count > 1 else ''}" if count else ""
