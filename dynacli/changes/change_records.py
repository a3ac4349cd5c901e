"""What a comparison of two revisions of a document finds."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

from dynacli.changes.change_kinds import KINDS

__all__ = ["Change", "ChangedOperation", "Changes", "OperationKey"]


class OperationKey(NamedTuple):
    """What tells an operation of one revision from all others.

    Args:
        method: As it is sent.
        path: As the document spells it.
    """

    method: str
    path: str


@dataclass(frozen=True, eq=False)
class Change:
    """One difference.

    Args:
        kind: A key of `KINDS`.
        pointer: Where it stands in the new document, past all references; in the old one for what is gone.
        from_: The JSON value in the old document, shortened where it is long; None where there was none.
        to: The JSON value in the new document, likewise.
        breaking: Whether a client that works with the old document can fail; None where no rule tells.
        rule: The key of `RULES` that tells; empty where none does.
        where: `request` or `response` for what is sent or comes, else empty.
        subject: What changed, as a person calls it: `Pet.name`, `query parameter limit`.
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
        """Whether only words for people changed, which no client can notice."""
        return KINDS[self.kind].is_text

    def as_json(self) -> dict[str, Any]:
        """Return it in the shape of the output."""
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
    """An operation that both revisions have.

    Args:
        old: Where it was.
        new: Where it is; another place than `old` for one that moved, or whose path names a parameter anew.
        what: What changed, in the order of the new document as far as that goes.
    """

    old: OperationKey
    new: OperationKey
    what: tuple[Change, ...]

    @property
    def is_text(self) -> bool:
        """Whether only words for people changed."""
        return all(one.is_text for one in self.what)

    @property
    def is_breaking(self) -> bool:
        """Whether a client of the operation can fail."""
        return any(one.breaking for one in self.what)


@dataclass(frozen=True)
class Changes:
    """All that changed from one revision to another.

    Args:
        added: Operations that only the new revision has, in its order.
        removed: Operations that only the old revision has, in its order.
        changed: Operations that both have and that differ, in the order of the new revision.
        document: What is about no single operation: title and version, servers, security schemes, tags, webhooks.
    """

    added: tuple[OperationKey, ...] = ()
    removed: tuple[OperationKey, ...] = ()
    changed: tuple[ChangedOperation, ...] = ()
    document: tuple[Change, ...] = field(default=())

    @cached_property
    def noticed(self) -> tuple[ChangedOperation, ...]:
        """The changed operations in which a client can notice something."""
        return tuple(one for one in self.changed if not one.is_text)

    @property
    def is_breaking(self) -> bool:
        """Whether some client of the old revision can fail with the new one."""
        return bool(self.removed) or any(one.breaking for one in self)

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.changed or self.document)

    def __iter__(self) -> Iterator[Change]:
        """Yield every change of an operation and of the document."""
        for one in self.changed:
            yield from one.what
        yield from self.document
