"""Changes arranged for a reader: what many operations share is told once, what breaks comes first."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from dynacli.changes.change_records import Change, ChangedOperation, Changes, OperationKey

__all__ = ["Report", "RowOf", "changes_json", "report", "shown_name"]

RowOf = Callable[[OperationKey], Mapping[str, Any] | None]
"""The row of an operation as lists of operations have it; None for one that has no command."""

_MANY = 4
"""From so many operations on, a change is told by itself."""


@dataclass(frozen=True)
class Report:
    """What is to be told, in its order.

    Args:
        shared: Changes that many operations have, with these.
        own: Operations with their other changes.
        document: What is about none of them.
        texts: How many changes are left out that are about words for people.
    """

    shared: tuple[tuple[Change, tuple[ChangedOperation, ...]], ...]
    own: tuple[tuple[ChangedOperation, tuple[Change, ...]], ...]
    document: tuple[Change, ...]
    texts: int


def report(changes: Changes, *, has_texts: bool = False) -> Report:
    """Arrange changes.

    Args:
        has_texts: Whether changes of words for people are told, too.
    """
    users: dict[int, list[ChangedOperation]] = {}
    by_id: dict[int, Change] = {}
    texts = set()
    for operation in changes.changed:
        for change in operation.what:
            if change.is_text and not has_texts:
                texts.add(id(change))
                continue
            by_id[id(change)] = change
            users.setdefault(id(change), []).append(operation)
    many = {key for key, operations in users.items() if len(operations) >= _MANY}
    shared = [(by_id[key], tuple(users[key])) for key in by_id if key in many]
    own = []
    for operation in changes.changed:
        kept = [one for one in operation.what if id(one) in by_id and id(one) not in many]
        if kept:
            own.append((operation, tuple(sorted(kept, key=_weight))))
    document = [one for one in changes.document if has_texts or not one.is_text]
    left_out = len(texts) + len(changes.document) - len(document)
    return Report(
        tuple(sorted(shared, key=lambda one: (_weight(one[0]), -len(one[1])))),
        tuple(sorted(own, key=lambda one: min(map(_weight, one[1])))),
        tuple(sorted(document, key=_weight)),
        left_out,
    )


def _weight(change: Change) -> int:
    """Return what comes first: what breaks, then what has no verdict."""
    return {True: 0, None: 1, False: 2}[change.breaking]


def shown_name(key: OperationKey, row: Mapping[str, Any] | None) -> tuple[str, str]:
    """Return what an operation is called, and its method and path; the first is empty where it has no command."""
    return (str(row["name"]) if row is not None else "", f"{key.method} {key.path}")


def changes_json(
    changes: Changes, from_: Any, to: Any, old_row_of: RowOf, new_row_of: RowOf
) -> dict[str, Any]:
    """Return changes in the shape of `-o json`.

    Args:
        from_: What the old revision is called.
        to: What the new one is called.
        old_row_of: The rows of the old revision.
        new_row_of: Those of the new one.
    """
    return {
        "from": from_,
        "to": to,
        "added": [_row(key, new_row_of) for key in changes.added],
        "removed": [_row(key, old_row_of) for key in changes.removed],
        "changed": [
            {"operation": _row(one.new, new_row_of), "what": [each.as_json() for each in one.what]}
            for one in changes.changed
        ],
        "document": [one.as_json() for one in changes.document],
    }


def _row(key: OperationKey, row_of: RowOf) -> dict[str, Any]:
    row = row_of(key)
    if row is not None:
        return dict(row)
    # It has no command: one that the document hides, or that cannot be read.
    return {
        "api": None,
        "name": None,
        "operation_id": None,
        "method": key.method,
        "path": key.path,
        "tags": [],
        "summary": "",
        "deprecated": False,
    }
