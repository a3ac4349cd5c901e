"""How much changed since a person was last told: counted by the refresh that found it, said once by a later run.

The counts stand in `news.json` beside the pointer. The run that removes the file says them, so that no other does.
"""

import os
from typing import TYPE_CHECKING, Any, NamedTuple

from dynacli.errors import DynacliError
from dynacli.files import remove_file
from dynacli.registry.revisions.revisions import NEWS, Revisions, is_revision, type_fits

if TYPE_CHECKING:
    from dynacli.openapi.document.load import Document

__all__ = ["News", "note_news", "take_news"]


class News(NamedTuple):
    """How much changed between two revisions.

    Args:
        since: The revision that the person knows.
        to: The revision that is current now.
        added: How many operations are new.
        changed: How many operations changed in a way that a client can notice.
        removed: How many operations are gone.
        document: How many changes are not about a single operation.
    """

    since: str
    to: str
    added: int
    changed: int
    removed: int
    document: int

    @property
    def summary(self) -> str:
        """The counts in words."""
        parts = []
        if self.added:
            parts.append(f"{self.added:,} new operation{'' if self.added == 1 else 's'}")
        parts.extend(
            f"{count:,} {word}"
            for count, word in ((self.changed, "changed"), (self.removed, "removed"))
            if count
        )
        return ", ".join(parts) or "its document changed"


def note_news(
    revisions: Revisions,
    before: dict[str, Any],
    after: dict[str, Any],
    name: str,
    document: "Document | None" = None,
) -> None:
    """Count what changed since a person was last told, and write it down for a later run.

    Revisions that cannot be compared make no news, and neither does a cache that cannot be written.

    Args:
        before: The pointer to the revision that was current until now.
        after: The pointer to the revision that is current from now on.
        name: How messages call the document.
        document: The document of the new revision, where it is at hand.
    """
    from dynacli.openapi.catalog.compiler.garbage_collection import without_collector
    from dynacli.openapi.changes.compare import compare
    from dynacli.registry.read_sources import read_cached_document

    since = revisions.read_state(NEWS).get("since")
    known = revisions.pointer_to(since) if isinstance(since, str) and is_revision(since) else None
    known = known or before
    try:
        with without_collector():
            old = read_cached_document(revisions, known, name)
            new = document or read_cached_document(revisions, after, name)
            if old is None or new is None:
                return
            changes = compare(old.tree, new.tree)
        news = News(
            known["revision"],
            after["revision"],
            len(changes.added),
            len(changes.noticed),
            len(changes.removed),
            sum(not change.is_text for change in changes.document),
        )
        revisions.write_state(NEWS, news._asdict() if any(news[2:]) else {}, is_lasting=False)
    except (OSError, DynacliError):
        return


def take_news(revisions: Revisions) -> News | None:
    """Return what a person has not been told yet, for this run to say; None where there is nothing."""
    path = os.path.join(revisions.directory, NEWS)
    if not os.path.lexists(path):
        return None
    state = revisions.read_state(NEWS)
    try:
        remove_file(path)
    except OSError:
        return None  # another run says it, or every later run would say it again
    values: list[Any] = [state.get(key) for key in News._fields]
    if not all(isinstance(value, str) and is_revision(value) for value in values[:2]):
        return None
    if not all(type_fits(value, int) and value >= 0 for value in values[2:]):
        return None
    return News(*values)
