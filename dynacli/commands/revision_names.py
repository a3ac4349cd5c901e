"""The revisions of an API, as a person names them: by the first digits of their name."""

from collections.abc import Sequence
from typing import Any

from dynacli.environment import invocation
from dynacli.errors import UsageError
from dynacli.library.revisions.revisions import Revisions

__all__ = ["SHOWN_DIGITS", "find_revision", "installed_text", "revision_before"]

SHOWN_DIGITS = 12
"""Digits of a revision's name that lists show; commands take as few as tell it from the others."""

_MIN_DIGITS = 4


def find_revision(
    revisions: Revisions, word: str, name: str, others: Sequence[dict[str, Any]] = ()
) -> dict[str, Any]:
    """Return the pointer to the revision that a word names.

    Args:
        word: The first digits of the revision's name, four at least.
        name: The name of the API.
        others: Pointers to further revisions, which were never current.

    Raises:
        UsageError: The word names no revision, or several.
    """
    by_name = {pointer["revision"]: pointer for pointer in (*others, *revisions.history())}
    history, digits = list(by_name.values()), word.lower()
    matching = [
        pointer
        for pointer in history
        if len(digits) >= _MIN_DIGITS and pointer["revision"].startswith(digits)
    ]
    if len(matching) == 1:
        return matching[0]
    latest = ", ".join(f"`{pointer['revision'][:SHOWN_DIGITS]}`" for pointer in history[:5])
    raise UsageError(
        f"`{name}` has {'several revisions' if matching else 'no revision'} `{word}`",
        why=f"The latest are {latest}" if latest else "The cache has none",
        hint=f"See them all: `{invocation('api history', name)}`",
        near=[pointer["revision"] for pointer in (matching or history)[:5]],
    )


def revision_before(revisions: Revisions, revision: str) -> dict[str, Any] | None:
    """Return the pointer to the revision that was current before another; None where there is none."""
    history = revisions.history()
    names = [pointer["revision"] for pointer in history]
    if revision not in names:
        return history[0] if history else None
    return next(iter(history[names.index(revision) + 1 :]), None)


def installed_text(pointer: dict[str, Any]) -> str:
    """Return when a revision became current, to the minute in UTC; `-` where that is not known."""
    from datetime import UTC, datetime

    at = pointer.get("installed_at", pointer.get("fetched_at"))
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M") if at else "-"
