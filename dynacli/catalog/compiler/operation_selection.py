"""The operations of a document that a catalog has, and whether their names are short: a tool of one API has both."""

from collections.abc import Iterable
from typing import NamedTuple

from dynacli.model.kebab_names import kebab

__all__ = ["EVERYTHING", "Selection"]


class Selection(NamedTuple):
    """The operations of a document that a catalog has.

    A tag is named in kebab case, an operation by its method and path: `GET /runs`.

    Args:
        only: The tags and operations; without any, all.
        without: Those of them that are left out.
        is_short: Whether names lose the tag in front where they stay unique.
        reserved: The words that no short name can be.
    """

    only: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    is_short: bool = False
    reserved: frozenset[str] = frozenset()

    def has(self, method: str, path: str, tags: Iterable[str]) -> bool:
        """Return whether an operation is one of them."""
        words = {f"{method} {path}", *map(kebab, tags)}
        return (not self.only or not words.isdisjoint(self.only)) and words.isdisjoint(self.without)


EVERYTHING = Selection()
"""All operations, under their usual names."""
