"""The records of a mirror: what is fetched again and again, and what each run did."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dynacli.record import record

_NOTHING: Mapping[str, str] = {}
FULL, CHANGES = "full", "changes"
"""The kinds of passes: over all items, or over what changed since the last pass."""


@record
class Feed:
    """A call of a list that `sync` repeats.

    Args:
        number: Its number in the file; 0 before it is stored.
        operation: The name of the operation.
        inputs: Its inputs, in the format of `--inputs`.
        table: The table of its items.
        columns: Column → value of the inputs that are columns, such as `_owner`.
        key: The columns that identify a row, the inputs first; empty if rows are appended.
        key_reason: The evidence for the key.
        changed_at: The column with the time of the last change; empty if there is none.
        since: The query parameter that asks for what changed since a time; empty if there is none.
        parents: The table whose rows are the parents; empty if the feed is one call.
        filled: Input → column of the parents that fills it.
    """

    number: int
    operation: str
    inputs: Mapping[str, Any]
    table: str
    columns: Mapping[str, Any]
    key: tuple[str, ...] = ()
    key_reason: str = ""
    changed_at: str = ""
    since: str = ""
    parents: str = ""
    filled: Mapping[str, str] = _NOTHING

    @property
    def appends(self) -> bool:
        """Whether each run adds its items as new rows."""
        return not self.key

    @property
    def name(self) -> str:
        """The table and the inputs, as lines about the feed show them."""
        values = [str(value) for value in self.inputs.values() if isinstance(value, str | int | float)]
        ending = [f"for {self.parents}"] if self.parents else []
        return " ".join([self.table, *values, *ending])


@record
class Pass:
    """One pass over the pages of a feed.

    Args:
        number: Its number in the file.
        kind: `full` or `changes`.
        since: The time that it asks for; empty in a full pass.
        position: The next page; None at the beginning, or if the list must be fetched from its beginning.
        greatest: The greatest value of `changed_at` in the pass so far; empty for none.
        requests: The number of pages so far.
        received: The number of items so far.
        added: The number of new rows so far.
        changed: The number of rows so far whose content changed, or that came back.
        deleted: The number of rows that the pass marked as deleted.
        conflicts: The number of items in this run that had another content on an earlier page.
    """

    number: int
    kind: str
    since: str = ""
    position: Mapping[str, Any] | None = None
    greatest: str = ""
    requests: int = 0
    received: int = 0
    added: int = 0
    changed: int = 0
    deleted: int = 0
    conflicts: int = 0
