"""Changes arranged for a reader: breaking ones first, and a change that many operations share only once."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dynacli.changes.change_records import Change, ChangedOperation, Changes, OperationKey

__all__ = ["Report", "RowOf", "arrange", "name_and_key", "names_in_short"]

RowOf = Callable[[OperationKey], Mapping[str, Any] | None]
"""Returns the row of an operation in lists of operations; None for an operation that has no command."""

_MANY = 4
"""A change in this many operations or more is reported once, with their names."""
_MOST_NAMES = 3


@dataclass(frozen=True)
class Report:
    """The changes to report, in order.

    Args:
        shared: Each change that many operations share, with these operations.
        operations: The operations with their other changes.
        document: The changes of the document as a whole.
        hidden_texts: How many changes of texts for people are left out.
    """

    shared: tuple[tuple[Change, tuple[ChangedOperation, ...]], ...]
    operations: tuple[tuple[ChangedOperation, tuple[Change, ...]], ...]
    document: tuple[Change, ...]
    hidden_texts: int


def arrange(changes: Changes, *, has_texts: bool = False) -> Report:
    """Return changes in the order of a report.

    Args:
        has_texts: Whether changes of texts for people are reported, too.
    """
    users: dict[int, list[ChangedOperation]] = {}
    by_id: dict[int, Change] = {}
    texts = set()
    for operation in changes.changed:
        for change in operation.changes:
            if change.is_text and not has_texts:
                texts.add(id(change))
                continue
            by_id[id(change)] = change
            users.setdefault(id(change), []).append(operation)
    many = {key for key, operations in users.items() if len(operations) >= _MANY}
    shared = [(by_id[key], tuple(users[key])) for key in by_id if key in many]
    others = []
    for operation in changes.changed:
        own = [change for change in operation.changes if id(change) in by_id and id(change) not in many]
        if own:
            others.append((operation, tuple(sorted(own, key=_rank))))
    document = [change for change in changes.document if has_texts or not change.is_text]
    return Report(
        tuple(sorted(shared, key=lambda entry: (_rank(entry[0]), -len(entry[1])))),
        tuple(sorted(others, key=lambda entry: min(map(_rank, entry[1])))),
        tuple(sorted(document, key=_rank)),
        len(texts) + len(changes.document) - len(document),
    )


def _rank(change: Change) -> int:
    """Return 0 for a change that breaks a client, 1 for one without a verdict, 2 for a harmless one."""
    return {True: 0, None: 1, False: 2}[change.breaking]


def name_and_key(key: OperationKey, row: Mapping[str, Any] | None) -> tuple[str, str]:
    """Return an operation's name, and its method and path; the name is empty where it has no command."""
    return (str(row["name"]) if row is not None else "", f"{key.method} {key.path}")


def names_in_short(operations: Sequence[ChangedOperation], row_of: RowOf, show: Callable[[str], str]) -> str:
    """Return the first names of operations, and how many more there are: `a, b, c and 4 more`.

    Args:
        show: Returns a name as the report writes it.
    """
    keys = [operation.new for operation in operations[:_MOST_NAMES]]
    named = [name_and_key(key, row_of(key)) for key in keys]
    names = ", ".join(show(name or method_and_path) for name, method_and_path in named)
    more = len(operations) - len(named)
    return f"{names} and {more:,} more" if more else names
