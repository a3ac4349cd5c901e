"""Which operations a check calls: those that only read, and those that the person names."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from dynacli.client.unknown_operation import unknown_operation
from dynacli.errors import UsageError
from dynacli.library.opened_api import OpenedApi
from dynacli.model.operation import Operation

__all__ = ["READING_METHODS", "Selection", "select_operations"]

READING_METHODS = frozenset({"GET", "HEAD"})
"""Methods that are called without being named. OPTIONS and TRACE are safe too (RFC 9110, section 9.2.1),
and say more of the server than of the operation."""


class Selection(NamedTuple):
    """The operations that are looked at, in document order.

    Args:
        called: The operations to call.
        left_out: The operations that may change something and were not named.
    """

    called: tuple[Operation, ...]
    left_out: tuple[Operation, ...]


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
    only_names = {_operation_name(api, word) for word in only}
    added_names = {_operation_name(api, word) for word in named}
    summaries = catalog.summaries()
    scope = _names_with_tag(api, tags) if tags else {summary.name for summary in summaries}
    if only_names:
        scope &= only_names
    called, left_out = [], []
    for summary in summaries:
        is_in_scope = summary.name in scope
        if summary.name in added_names or (is_in_scope and summary.method in READING_METHODS):
            called.append(catalog.operation(summary.name))
        elif is_in_scope:
            left_out.append(catalog.operation(summary.name))
    return Selection(tuple(called), tuple(left_out))


def _operation_name(api: OpenedApi, word: str) -> str:
    name = api.catalog.find(word)
    if name is None:
        raise unknown_operation(api, word)
    return name


def _names_with_tag(api: OpenedApi, tags: Iterable[str]) -> set[str]:
    names: set[str] = set()
    for word in tags:
        key = api.catalog.tag(word)
        if not key:
            known = ", ".join(f"`{tag}`" for tag in list(api.catalog.tags())[:20])
            raise UsageError(
                f"No operation has the tag `{word}`",
                why=f"The tags are {known}" if known else "There are no tags",
            )
        names.update(summary.name for summary in api.catalog.summaries(key))
    return names
