"""What a refresh leaves for a person to know or to decide: why it failed, or a document that was held back.

Both stand in `pending.json` beside the pointer, so that the pointer changes only where the revision does.
"""

import time
from collections.abc import Sequence
from typing import Any, NamedTuple

from dynacli.errors import DynacliError
from dynacli.registry.revisions.revisions import PENDING, Revisions, is_revision

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
    """A document that was held back: it may not replace the current revision until a person accepts it.

    Args:
        pointer: To its revision, whose files are complete.
        reasons: Why it was held back, a clause each.
        at: When that was, in seconds since 1970.
    """

    pointer: dict[str, Any]
    reasons: tuple[str, ...]
    at: float


class RefreshFailure(NamedTuple):
    """Why the last refresh failed.

    Args:
        message: What failed, in a line.
        reason: The reason, or empty.
        at: When that was, in seconds since 1970.
    """

    message: str
    reason: str
    at: float

    @property
    def summary(self) -> str:
        """What failed and why, in one line."""
        reason = self.reason.partition("\n")[0]
        return f"{self.message} ({reason})" if reason else self.message


def keep_aside(revisions: Revisions, pointer: dict[str, Any], reasons: Sequence[str]) -> None:
    """Remember a revision that was held back; an earlier one is forgotten.

    Raises:
        OSError: It cannot be written.
    """
    held = {"pointer": pointer, "reasons": list(reasons), "at": time.time()}
    revisions.write_state(PENDING, {"held": held})


def note_failure(revisions: Revisions, error: DynacliError) -> None:
    """Remember why a refresh failed; where the cache cannot be written, nothing is remembered."""
    failed = {"what": error.message, "reason": error.reason, "at": time.time()}
    try:
        revisions.write_state(PENDING, {**revisions.read_state(PENDING), "failed": failed})
    except OSError:
        return


def forget_pending(revisions: Revisions) -> None:
    """Forget the document that was held back, and the failure: the current revision is what the server has.

    Raises:
        OSError: It cannot be written.
    """
    revisions.write_state(PENDING, {})


def find_pending(revisions: Revisions) -> PendingDocument | None:
    """Return the document that was held back; None where there is none."""
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
    """Return why the last refresh failed; None where it did not."""
    failed = revisions.read_state(PENDING).get("failed")
    if not isinstance(failed, dict):
        return None
    message, reason, at = failed.get("what"), failed.get("reason"), failed.get("at")
    if not isinstance(message, str) or not isinstance(reason, str) or not isinstance(at, int | float):
        return None
    return RefreshFailure(message, reason, float(at))
