"""Compares two revisions of a document: what changed, and whether a client breaks."""

from collections.abc import Mapping
from typing import Any

from dynacli.changes.change_records import ChangedOperation, Changes

__all__ = ["compare"]


def compare(old: Mapping[str, Any], new: Mapping[str, Any]) -> Changes:
    """Return what changed from one document to another.

    Args:
        old: The tree of a loaded document: OpenAPI 3, with all references inside it.
        new: The tree of another one, which may be written in another version of OpenAPI.
    """
    from dynacli.changes.comparing.compare_document import compare_documents
    from dynacli.changes.comparing.compare_operations import compare_operations, match_operations, operations
    from dynacli.changes.comparing.compare_schemas import compare_schemas
    from dynacli.changes.comparing.compare_security import Credentials
    from dynacli.changes.comparing.compared_document import Place
    from dynacli.changes.comparing.comparison import Comparison

    comparison = Comparison(old, new, compare_schemas)
    before, after = operations(comparison.old), operations(comparison.new)
    matched = match_operations(before, after)
    credentials = Credentials(comparison)
    pairs = [
        (old_key, new_key, compare_operations(comparison, credentials, before[old_key], after[new_key]))
        for old_key, new_key in matched
    ]
    document = compare_documents(comparison, credentials)
    comparison.finish()
    if comparison.is_cut:
        document.add_change("not-compared", Place(None, "", "document"))
    changed = (
        ChangedOperation(old_key, new_key, comparison.changes_of(pair)) for old_key, new_key, pair in pairs
    )
    matched_old, matched_new = {old_key for old_key, _ in matched}, {new_key for _, new_key in matched}
    return Changes(
        added=tuple(key for key in after if key not in matched_new),
        removed=tuple(key for key in before if key not in matched_old),
        changed=tuple(operation for operation in changed if operation.changes),
        document=comparison.changes_of(document),
    )
