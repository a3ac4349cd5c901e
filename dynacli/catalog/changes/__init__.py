"""What changed from one revision of a document to another, and whether a client breaks."""

from collections.abc import Mapping
from typing import Any

from dynacli.catalog.changes.kinds import KINDS
from dynacli.catalog.changes.model import Change, ChangedOperation, Changes, OperationKey
from dynacli.catalog.changes.rules import RULES

__all__ = ["KINDS", "RULES", "Change", "ChangedOperation", "Changes", "OperationKey", "compare"]


def compare(old: Mapping[str, Any], new: Mapping[str, Any]) -> Changes:
    """Return what changed from one document to another.

    Args:
        old: The tree of a loaded document: OpenAPI 3, all references within it.
        new: Another one, which may be written in another version of OpenAPI.
    """
    from dynacli.catalog.changes.comparison import Comparison
    from dynacli.catalog.changes.document import compare_documents
    from dynacli.catalog.changes.operations import compare_operations, matched, operations
    from dynacli.catalog.changes.security import Credentials
    from dynacli.catalog.changes.sides import Place

    run = Comparison(old, new)
    was, now = operations(run.old), operations(run.new)
    both = matched(was, now)
    credentials = Credentials(run)
    pairs = [
        (before, after, compare_operations(run, credentials, was[before], now[after]))
        for before, after in both
    ]
    whole = compare_documents(run, credentials)
    run.finish()
    if run.is_cut:
        run.tell(whole, "not-compared", Place(None, "", "document"))
    changed = (ChangedOperation(before, after, run.changes_of(pair)) for before, after, pair in pairs)
    gone, kept = {before for before, _ in both}, {after for _, after in both}
    return Changes(
        added=tuple(key for key in now if key not in kept),
        removed=tuple(key for key in was if key not in gone),
        changed=tuple(one for one in changed if one.what),
        document=run.changes_of(whole),
    )
