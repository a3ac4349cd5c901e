"""What changed since a person was last told: counted by the refresh that found it, told once by a later run.

It stands in `news.json` beside the pointer. Whoever removes that file tells it, so that nobody else does.
"""

import os
from typing import TYPE_CHECKING, Any, NamedTuple

from dynacli.catalog.compiler.garbage_collection import without_collector
from dynacli.errors import DynacliError
from dynacli.files import remove_file
from dynacli.library.compose_document import read_cached_document
from dynacli.library.revisions.revisions import NEWS, Revisions, is_revision, type_fits

if TYPE_CHECKING:
    from dynacli.document.load import Document

__all__ = ["News", "note_news", "take_news"]


class News(NamedTuple):
    """How much changed.

    Args:
        since: The revision that the person knows.
        to: The revision that they have now.
        added: New operations.
        changed: Operations that a client can notice another of.
        removed: Operations that are gone.
        document: Changes that are about no single operation.
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
    """Count what changed since a person was last told, and leave it for the next one to tell.

    What cannot be compared or written is not told.

    Args:
        before: The pointer to the revision until now.
        after: The pointer to the one from now on.
        name: How messages call the document.
        document: That one's, where it is at hand.
    """
    from dynacli.changes.compare import compare

    untold = revisions.state(NEWS).get("since")
    known = revisions.pointer_to(untold) if isinstance(untold, str) and is_revision(untold) else None
    since = known or before
    try:
        with without_collector():
            old = read_cached_document(revisions, since, name)
            new = document or read_cached_document(revisions, after, name)
            if old is None or new is None:
                return
            changes = compare(old.tree, new.tree)
        news = News(
            since["revision"],
            after["revision"],
            len(changes.added),
            len(changes.noticed),
            len(changes.removed),
            sum(not one.is_text for one in changes.document),
        )
        revisions.write_state(NEWS, news._asdict() if any(news[2:]) else {}, is_lasting=False)
    except (OSError, DynacliError):
        return


def take_news(revisions: Revisions) -> News | None:
    """Return what has not been told yet, and count it as told; None where there is nothing."""
    path = os.path.join(revisions.directory, NEWS)
    if not os.path.lexists(path):
        return None
    found = revisions.state(NEWS)
    try:
        remove_file(path)
    except OSError:
        return None  # another run tells it, or nobody could keep from telling it again
    values: list[Any] = [found.get(key) for key in News._fields]
    if not all(isinstance(one, str) and is_revision(one) for one in values[:2]):
        return None
    if not all(type_fits(one, int) and one >= 0 for one in values[2:]):
        return None
    return News(*values)
