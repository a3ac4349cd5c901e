"""Changes as JSON, for programs."""

from collections.abc import Mapping
from typing import Any

from dynacli.changes.change_records import Changes, OperationKey
from dynacli.changes.change_report import RowOf

__all__ = ["changes_json"]


def changes_json(
    changes: Changes, from_: Any, to: Any, old_row_of: RowOf, new_row_of: RowOf
) -> dict[str, Any]:
    """Return changes as `-o json` writes them.

    Args:
        from_: The name of the old revision.
        to: The name of the new revision.
        old_row_of: Returns the rows of the old revision.
        new_row_of: Returns the rows of the new revision.
    """
    return {
        "from": from_,
        "to": to,
        "added": [_row(key, new_row_of) for key in changes.added],
        "removed": [_row(key, old_row_of) for key in changes.removed],
        "changed": [
            {
                "operation": _row(operation.new, new_row_of),
                "what": [change.as_json() for change in operation.changes],
            }
            for operation in changes.changed
        ],
        "document": [change.as_json() for change in changes.document],
    }


def _row(key: OperationKey, row_of: RowOf) -> Mapping[str, Any]:
    row = row_of(key)
    if row is not None:
        return dict(row)
    # The operation has no command: the document hides it, or it cannot be read.
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
