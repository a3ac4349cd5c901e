"""The revisions of an API as a person names them: by the beginning of their name."""

from collections.abc import Sequence
from typing import Any

from dynacli.errors import UsageError
from dynacli.library.revisions.revisions import Revisions

__all__ = ["SHORT", "day_of", "find_revision", "previous"]

SHORT = 12
"""Digits of a revision's name that lists show; each command takes as many as tell it from the others."""

_FEWEST = 4


def find_revision(
    revisions: Revisions, word: str, name: str, others: Sequence[dict[str, Any]] = ()
) -> dict[str, Any]:
    """Return the pointer to the revision that a word means.

    Args:
        word: The first digits of its name, four at least.
        name: How the API is called.
        others: Pointers to revisions that were never current, which may be meant too.

    Raises:
        UsageError: There is none, or there are several.
    """
    known = {one["revision"]: one for one in (*others, *revisions.history())}
    history, wanted = list(known.values()), word.lower()
    found = [one for one in history if len(wanted) >= _FEWEST and one["revision"].startswith(wanted)]
    if len(found) == 1:
        return found[0]
    listed = ", ".join(f"`{one['revision'][:SHORT]}`" for one in history[:5])
    raise UsageError(
        f"`{name}` has {'several revisions' if found else 'no revision'} `{word}`",
        why=f"The latest are {listed}" if listed else "None is kept",
        hint=f"See them all: `dynacli api history {name}`",
        near=[one["revision"] for one in (found or history)[:5]],
    )


def previous(revisions: Revisions, revision: str) -> dict[str, Any] | None:
    """Return the pointer to the revision that was current before another one; None where there is none."""
    history = revisions.history()
    names = [one["revision"] for one in history]
    if revision not in names:
        return history[0] if history else None
    return next(iter(history[names.index(revision) + 1 :]), None)


def day_of(pointer: dict[str, Any]) -> str:
    """Return when a revision became current, to the minute in UTC; `-` where that is not known."""
    from datetime import UTC, datetime

    at = pointer.get("installed_at", pointer.get("fetched_at"))
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M") if at else "-"
