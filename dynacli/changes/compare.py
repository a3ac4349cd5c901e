"""What changed from one revision of a document to another, and whether a client breaks."""

from collections.abc import Mapping
from typing import Any

from dynacli.changes.change_records import ChangedOperation, Changes

__all__ = ["compare"]


def compare(old: Mapping[str, Any], new: Mapping[str, Any]) -> Changes:
    """Return what changed from one document to another.

    Args:
        old: The tree of a loaded document: OpenAPI 3, all references within it.
        new: Another one, which may be written in another version of OpenAPI.
    """
    from dynacli.changes.comparing.compare_document import compare_documents
    from dynacli.changes.comparing.compare_operations import compare_operations, matched, operations
    from dynacli.changes.comparing.compare_security import Credentials
    from dynacli.changes.comparing.compared_document import Place
    from dynacli.changes.comparing.comparison import Comparison

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
