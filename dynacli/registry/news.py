"""News of a refresh for the user: the number of changes, the reason of a failure, or a held back document.

The counts of changes are in `news.json` beside the pointer. The run that removes the file reports them, so that no
other run does. The failure and the document that waits for a decision are in `pending.json`, so that the pointer
changes only when the revision does.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from dynacli.errors import DynacliError
from dynacli.files import remove_file
from dynacli.options.command_table import feature
from dynacli.registry.revisions.revisions import NEWS, PENDING, Revisions, is_revision, type_fits

if TYPE_CHECKING:
    from dynacli.openapi.document.load import Document


class News(NamedTuple):
    """Numbers of changes between two revisions.

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
        """The counts as text."""
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
    document: Document | None = None,
) -> None:
    """Count the changes since the last note to the user, and save the counts for a later run.

    Revisions that cannot be compared make no news, and neither does a cache that cannot be written.

    Args:
        before: The pointer to the revision that was current until now.
        after: The pointer to the revision that is current from now on.
        name: How messages call the document.
        document: The document of the new revision, if it is at hand.
    """
    from dynacli.registry.read_sources import read_cached_document, without_collector

    since = revisions.read_state(NEWS).get("since")
    known = revisions.pointer_to(since) if isinstance(since, str) and is_revision(since) else None
    known = known or before
    try:
        with without_collector():
            old = read_cached_document(revisions, known, name)
            new = document or read_cached_document(revisions, after, name)
            if old is None or new is None:
                return
            changes = feature("changes.compare").compare(old.tree, new.tree)
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
    """Return what no note has named yet, for this run to print; None if there is nothing."""
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


class PendingDocument(NamedTuple):
    """A held back document: it does not replace the current revision until the user accepts it.

    Args:
        pointer: To its revision, whose files are complete.
        reasons: Why it was held back, a clause each.
        at: When that was, in seconds since 1970.
    """

    pointer: dict[str, Any]
    reasons: tuple[str, ...]
    at: float


class RefreshFailure(NamedTuple):
    """The failure of the last refresh.

    Args:
        message: The failure, in one line.
        reason: The reason, or empty.
        at: The time in seconds since 1970.
    """

    message: str
    reason: str
    at: float

    @property
    def summary(self) -> str:
        """The failure and its reason, in one line."""
        reason = self.reason.partition("\n")[0]
        return f"{self.message} ({reason})" if reason else self.message


def keep_aside(revisions: Revisions, pointer: dict[str, Any], reasons: Sequence[str]) -> None:
    """Remember a revision that was held back; an earlier one is forgotten.

    Raises:
        OSError: The news cannot be written.
    """
    held = {"pointer": pointer, "reasons": list(reasons), "at": time.time()}
    revisions.write_state(PENDING, {"held": held})


def note_failure(revisions: Revisions, error: DynacliError) -> None:
    """Remember why a refresh failed; if the cache cannot be written, nothing is remembered."""
    failed = {"what": error.message, "reason": error.reason, "at": time.time()}
    try:
        revisions.write_state(PENDING, {**revisions.read_state(PENDING), "failed": failed})
    except OSError:
        return


def forget_pending(revisions: Revisions) -> None:
    """Forget the document that was held back, and the failure: the current revision is what the server has.

    Raises:
        OSError: The news cannot be written.
    """
    revisions.write_state(PENDING, {})


def find_pending(revisions: Revisions) -> PendingDocument | None:
    """Return the document that was held back; None if there is none."""
    held = revisions.read_state(PENDING).get("held")
    if not isinstance(held, dict):
        return None
    pointer, reasons, at = revisions.check_pointer(held.get("pointer")), held.get("reasons"), held.get("at")
    if not isinstance(reasons, list) or not all(isinstance(reason, str) for reason in reasons):
        return None
    if pointer is None or not is_revision(pointer["revision"]) or not isinstance(at, int | float):
        return None
    current = revisions.current()
    if current is not None and current["revision"] == pointer["revision"]:
        return None  # it was accepted by a process that died before it removed the file
    return PendingDocument(pointer, tuple(reasons), float(at))


def last_failure(revisions: Revisions) -> RefreshFailure | None:
    """Return why the last refresh failed; None if it did not."""
    failed = revisions.read_state(PENDING).get("failed")
    if not isinstance(failed, dict):
        return None
    message, reason, at = failed.get("what"), failed.get("reason"), failed.get("at")
    if not isinstance(message, str) or not isinstance(reason, str) or not isinstance(at, int | float):
        return None
    return RefreshFailure(message, reason, float(at))
