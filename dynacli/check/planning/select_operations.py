"""Which operations a check calls: the safe ones, and what the person names."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from dynacli.client.unknown_operation import unknown_operation
from dynacli.errors import UsageError
from dynacli.library.opened_api import OpenedApi
from dynacli.model.operation import Operation

__all__ = ["SAFE", "Selection", "select_operations"]

SAFE = frozenset({"GET", "HEAD"})
"""Methods that are called without being named. OPTIONS and TRACE are safe too (RFC 9110, section 9.2.1),
and say more of the server than of the operation."""


class Selection(NamedTuple):
    """What is called, and what is not.

    Args:
        operations: Those to call, in document order.
        left: Those that may change something and were not named.
    """

    operations: tuple[Operation, ...]
    left: tuple[Operation, ...]


def select_operations(
    api: OpenedApi, *, only: Sequence[str] = (), named: Sequence[str] = (), tags: Sequence[str] = ()
) -> Selection:
    """Return the operations of a check.

    Args:
        only: The names of operations; where there are some, no others are looked at.
        named: The names of operations that are called although they may change something.
        tags: Where there are some, only operations with one of them are looked at.

    Raises:
        UsageError: No operation has such a name or tag.
    """
    catalog = api.catalog
    wanted = {_found(api, word) for word in only}
    added = {_found(api, word) for word in named}
    summaries = catalog.summaries()
    scope = _tagged(api, tags) if tags else {one.name for one in summaries}
    if wanted:
        scope &= wanted
    chosen, left = [], []
    for one in summaries:
        is_in_scope = one.name in scope
        if one.name in added or (is_in_scope and one.method in SAFE):
            chosen.append(catalog.operation(one.name))
        elif is_in_scope:
            left.append(catalog.operation(one.name))
    return Selection(tuple(chosen), tuple(left))


def _found(api: OpenedApi, word: str) -> str:
    name = api.catalog.find(word)
    if name is None:
        raise unknown_operation(api, word)
    return name


def _tagged(api: OpenedApi, tags: Iterable[str]) -> set[str]:
    names: set[str] = set()
    for word in tags:
        key = api.catalog.tag(word)
        if not key:
            known = ", ".join(f"`{one}`" for one in list(api.catalog.tags())[:20])
            raise UsageError(
                f"No operation has the tag `{word}`",
                why=f"The tags are {known}" if known else "There are no tags",
            )
        names.update(one.name for one in api.catalog.summaries(key))
    return names
