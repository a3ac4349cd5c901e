"""The operations that a person means by what is typed into the search box."""

from collections.abc import Sequence
from contextlib import suppress

from dynacli.client.search_operations import search_operations
from dynacli.errors import UsageError
from dynacli.library.opened_api import OpenedApi
from dynacli.model.operation import OperationSummary

__all__ = ["find_operations"]

_MOST_MEANT = 30
"""How many operations are listed that have another name for what was typed."""


def find_operations(
    api: OpenedApi, operations: Sequence[OperationSummary], text: str
) -> list[OperationSummary]:
    """Return the operations that fit a text, the best first.

    First comes the one of that name, then what the search finds, then all whose name, path or summary has the words.

    Args:
        operations: All that may be found.

    Raises:
        DamagedCatalogError: The catalog is damaged.
    """
    by_name = {operation.name: operation for operation in operations}
    found = {name: operation for name, operation in by_name.items() if name == text.strip()}
    with suppress(UsageError):  # only half a word was typed, or the SQLite of this Python cannot search
        for hit in search_operations([api], text, _MOST_MEANT):
            if hit.name in by_name:
                found[hit.name] = by_name[hit.name]
    words = text.lower().split()
    for operation in operations:
        told = f"{operation.name} {operation.method} {operation.path} {operation.summary}".lower()
        if all(word in told for word in words):
            found[operation.name] = operation
    return list(found.values())
