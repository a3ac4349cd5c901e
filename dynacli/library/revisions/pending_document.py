"""What a refresh leaves for a person to know or to decide: why it failed, or a document that was kept aside.

It stands in `pending.json` beside the pointer, so that the pointer changes only where the revision does.
"""

import time
from collections.abc import Sequence
from typing import Any, NamedTuple

from dynacli.errors import DynacliError
from dynacli.library.revisions.revisions import PENDING, Revisions, is_revision

__all__ = [
    "PendingDocument",
    "RefreshFailure",
    "find_pending",
    "forget_pending",
    "keep_aside",
    "last_failure",
    "note_failure",
]


class PendingDocument(NamedTuple):
    """A document that did not take the place of the current revision by itself.

    Args:
        pointer: To its revision, whose files are complete.
        reasons: Why it did not, a clause each.
        at: When that was, in seconds since 1970.
    """

    pointer: dict[str, Any]
    reasons: tuple[str, ...]
    at: float


class RefreshFailure(NamedTuple):
    """Why the last refresh failed.

    Args:
        what: What failed, in a line.
        why: The reason, or empty.
        at: When that was, in seconds since 1970.
    """

    what: str
    why: str
    at: float

    @property
    def summary(self) -> str:
        """Both in one line."""
        why = self.why.partition("\n")[0]
        return f"{self.what} ({why})" if why else self.what


def keep_aside(revisions: Revisions, pointer: dict[str, Any], reasons: Sequence[str]) -> None:
    """Remember a revision that was kept aside, in the place of any before it.

    Raises:
        OSError: It cannot be written.
    """
    held = {"pointer": pointer, "reasons": list(reasons), "at": time.time()}
    revisions.write_state(PENDING, {"held": held})


def note_failure(revisions: Revisions, error: DynacliError) -> None:
    """Remember why a refresh failed; a cache that cannot be written stays as it was."""
    failed = {"what": error.what, "why": error.why, "at": time.time()}
    try:
        revisions.write_state(PENDING, {**revisions.state(PENDING), "failed": failed})
    except OSError:
        return


def forget_pending(revisions: Revisions) -> None:
    """Forget both: the current revision is the one that there is.

    Raises:
        OSError: It cannot be written.
    """
    revisions.write_state(PENDING, {})


def find_pending(revisions: Revisions) -> PendingDocument | None:
    """Return the document that was kept aside; None where there is none."""
    found = revisions.state(PENDING).get("held")
    if not isinstance(found, dict):
        return None
    pointer, reasons, at = revisions.checked(found.get("pointer")), found.get("reasons"), found.get("at")
    if not isinstance(reasons, list) or not all(isinstance(one, str) for one in reasons):
        return None
    if pointer is None or not is_revision(pointer["revision"]) or not isinstance(at, int | float):
        return None
    current = revisions.current()
    if current is not None and current["revision"] == pointer["revision"]:
        return None  # it was taken, by a process that died before it could say so
    return PendingDocument(pointer, tuple(reasons), float(at))


def last_failure(revisions: Revisions) -> RefreshFailure | None:
    """Return why the last refresh failed; None where it did not."""
    found = revisions.state(PENDING).get("failed")
    if not isinstance(found, dict):
        return None
    what, why, at = found.get("what"), found.get("why"), found.get("at")
    if not isinstance(what, str) or not isinstance(why, str) or not isinstance(at, int | float):
        return None
    return RefreshFailure(what, why, float(at))
