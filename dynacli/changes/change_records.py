"""The records of a comparison of two revisions: changes of operations and of the document."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

from dynacli.changes.change_kinds import KINDS

__all__ = ["Change", "ChangedOperation", "Changes", "OperationKey"]


class OperationKey(NamedTuple):
    """Method and path, which identify an operation within a revision.

    Args:
        method: The HTTP method, in upper case where it is a standard one.
        path: The path, as the document spells it.
    """

    method: str
    path: str


@dataclass(frozen=True, eq=False)
class Change:
    """A change.

    Args:
        kind: A key of `KINDS`.
        pointer: The JSON pointer into the new document, past all references; into the old one for a removal.
        from_: The JSON value in the old document, shortened where it is long; None where there was none.
        to: The JSON value in the new document, likewise.
        breaking: Whether a client that works with the old document can fail; None where no rule tells.
        rule: The key of `RULES` that tells whether the change breaks a client; empty where none does.
        where: `request` or `response` for a part of a message, else empty.
        subject: The name of what changed: `Pet.name`, `query parameter limit`.
    """

    kind: str
    pointer: str
    from_: Any = None
    to: Any = None
    breaking: bool | None = None
    rule: str = ""
    where: str = ""
    subject: str = ""

    @property
    def is_text(self) -> bool:
        """Whether only a text for people changed, which no client can notice."""
        return KINDS[self.kind].is_text

    def as_json(self) -> dict[str, Any]:
        """Return the change as `-o json` writes it."""
        return {
            "kind": self.kind,
            "pointer": self.pointer,
            "from": self.from_,
            "to": self.to,
            "breaking": self.breaking,
            "where": self.where or None,
            "subject": self.subject,
            "rule": self.rule or None,
        }


@dataclass(frozen=True)
class ChangedOperation:
    """An operation that both revisions have, and its changes.

    Args:
        old: The operation's key in the old revision.
        new: Its key in the new revision, which differs where it moved or a path parameter was renamed.
        changes: The changes, roughly in the order of the new document.
    """

    old: OperationKey
    new: OperationKey
    changes: tuple[Change, ...]

    @property
    def is_text(self) -> bool:
        """Whether only texts for people changed."""
        return all(change.is_text for change in self.changes)


@dataclass(frozen=True)
class Changes:
    """All changes from one revision to another.

    Args:
        added: Operations that only the new revision has, in its order.
        removed: Operations that only the old revision has, in its order.
        changed: Operations that both revisions have and that differ, in the order of the new revision.
        document: Changes of the document as a whole: title and version, servers, security schemes, tags, webhooks.
    """

    added: tuple[OperationKey, ...] = ()
    removed: tuple[OperationKey, ...] = ()
    changed: tuple[ChangedOperation, ...] = ()
    document: tuple[Change, ...] = field(default=())

    @cached_property
    def noticed(self) -> tuple[ChangedOperation, ...]:
        """The changed operations in which a client can notice a change."""
        return tuple(operation for operation in self.changed if not operation.is_text)

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.changed or self.document)

    def __iter__(self) -> Iterator[Change]:
        """Yield all changes of operations, then those of the document."""
        for operation in self.changed:
            yield from operation.changes
        yield from self.document
