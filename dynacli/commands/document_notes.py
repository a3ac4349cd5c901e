"""Texts about a document: its age, its news, names of revisions, and locations of messages."""

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from typing import Any

from dynacli.environment import invocation, program
from dynacli.errors import DocumentError, UsageError
from dynacli.files import is_url
from dynacli.openapi.model.wording import age_text
from dynacli.registry.news import find_pending, last_failure, take_news
from dynacli.registry.opened_api import OpenedApi
from dynacli.registry.revisions.revisions import NEVER, Revisions, age_of_document

SHOWN_DIGITS = 12
"""Digits of a revision's name in lists. Commands accept fewer, from four, if they are unique."""

_MIN_DIGITS = 4


def find_revision(
    revisions: Revisions, word: str, name: str, others: Sequence[dict[str, Any]] = ()
) -> dict[str, Any]:
    """Return the pointer to the revision of a name.

    Args:
        word: The first digits of the name, at least four.
        name: Name of the API.
        others: Pointers to further revisions that were never current.

    Raises:
        UsageError: No revision matches, or several match.
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
        reason=f"The latest are {latest}" if latest else "The cache has none",
        hint=f"`{invocation('api history', name)}` lists them all",
        near=[pointer["revision"] for pointer in (matching or history)[:5]],
    )


def revision_before(revisions: Revisions, revision: str) -> dict[str, Any] | None:
    """Return the pointer to the revision that was current before another; None if there is none."""
    history = revisions.history()
    names = [pointer["revision"] for pointer in history]
    if revision not in names:
        return history[0] if history else None
    return next(iter(history[names.index(revision) + 1 :]), None)


def installed_text(pointer: dict[str, Any]) -> str:
    """Return the time at which a revision became current, to the minute in UTC; `-` if unknown."""
    from datetime import UTC, datetime

    at = pointer.get("installed_at", pointer.get("fetched_at"))
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M") if at else "-"


def freshness_notes(api: OpenedApi) -> list[str]:
    """Return warnings about the age of a document, its pin, and revisions that are held back."""
    name = _shown_name(api)
    wrong = api.open_request.wrong_settings
    return [*(f"{name}: {clause}" for clause in wrong), *_pin_notes(api, name), *_age_notes(api, name)]


def _pin_notes(api: OpenedApi, name: str) -> list[str]:
    open_request = api.open_request
    if not open_request.pin:
        return []
    pinned = f"{name}: the revision {open_request.pin[:SHOWN_DIGITS]} is pinned"
    unpin = f"`{invocation('api unpin', api.name)}`"
    if api.pointer["revision"] != open_request.pin:
        return [
            f"{pinned}, but no longer in the cache, so {program().name} uses the latest; {unpin} unpins it"
        ]
    return [f"{pinned} and not refreshed; {unpin} follows the latest again"] if open_request.refresh else []


def _age_notes(api: OpenedApi, name: str) -> list[str]:
    if api.warning is not None:
        return [_fallback_text(api)]
    notes = []
    open_request = api.open_request
    pending = find_pending(api.revisions)
    if api.objections:
        notes.append(_objections_text(api, api.objections))
    elif pending is not None and not open_request.pin:
        notes.append(_objections_text(api, pending.reasons, pending.at))
    failure = last_failure(api.revisions)
    if api.is_due and pending is None and not api.objections:
        age = age_text(age_of_document(api.pointer, time.time()))
        if api.pointer.get("is_shipped"):
            notes.append(
                f"{name}: the document that came with {program().name} is used, as long as there is no other"
            )
        elif open_request.offline:
            notes.append(f"{name}: the document is {age} old, and nothing is fetched (--offline)")
        elif open_request.mode == NEVER:
            notes.append(f"{name}: the document is {age} old, and not refreshed (refresh: never)")
        elif failure is not None:
            notes.append(f"{name}: the document is {age} old, and refreshing it failed: {failure.summary}")
    return notes


def _shown_name(api: OpenedApi) -> str:
    if api.is_registered:
        return api.name

    from dynacli.secrets import with_masked_query

    return with_masked_query(api.name)


def _fallback_text(api: OpenedApi) -> str:
    """Return the reason against the latest document, and the revision that is used instead."""
    fetched = api.pointer.get("fetched_at")
    summary = api.warning.message if api.warning is not None else ""
    if api.pointer.get("is_shipped"):
        return f"{summary}; the document that came with {program().name} is used instead"
    if not isinstance(fetched, int | float):
        return f"{summary}; the revision of an earlier day is used instead"
    from datetime import UTC, datetime

    date = datetime.fromtimestamp(fetched, UTC).strftime("%Y-%m-%d")
    age = age_of_document(api.pointer, time.time())
    # The age matters only for a URL, which may have a newer document.
    old = f", {age_text(age)} old," if is_url(api.location) and age >= 60 else ""
    return f"{summary}; the revision of {date}{old} is used instead"


def _objections_text(api: OpenedApi, reasons: tuple[str, ...], at: float = 0.0) -> str:
    """Return the reasons for holding back a new document, and the command that accepts it.

    Args:
        at: Time at which it was held back, in seconds since 1970; 0 for just now.
    """
    since = f" ({age_text(max(time.time() - at, 0))} ago)" if at else ""
    refresh = f"{invocation('api refresh', api.name)} --accept"
    command = refresh if api.is_registered else f"{invocation(api=_shown_name(api))} --refresh"
    return (
        f"{_shown_name(api)}: a new document was held back{since}, and the one before is used: {'; '.join(reasons)}.\n"
        f"Take it with `{command}`"
    )


def news_note(api: OpenedApi) -> str:
    """Return the changes of the document since the last call; empty if there are none."""
    news = take_news(api.revisions)
    if news is None:
        return ""
    history = api.revisions.history()
    # Without `--since`, `changes` compares with the previous revision.
    is_revision_before = len(history) < 2 or history[1]["revision"] == news.since
    since = "" if is_revision_before else f" --since {news.since}"
    return f"{_shown_name(api)}: {news.summary} ({invocation('changes', _shown_name(api))}{since})"


def by_message(rows: Iterable[Mapping[str, Any]]) -> Iterator[tuple[Mapping[str, Any], int]]:
    """Yield the first row of each message, and the number of further rows with the same message."""
    groups: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        groups.setdefault(row["message"], []).append(row)
    for group in groups.values():
        yield group[0], len(group) - 1


def place_parts(row: Mapping[str, Any]) -> list[str]:
    """Return the location of a message: file, line and column as editors read them, and the JSON pointer."""
    from dynacli.openapi.document.source import shown_file

    line_and_column = f":{row['line']}:{row['column']}" if row["line"] else ""
    return [part for part in (f"{shown_file(row['file'])}{line_and_column}", row["pointer"]) if part]


def more_places(count: int) -> str:
    """Return the end of a line with the number of further locations of a message; empty for none."""
    return f", and {count:,} more place{'s' if count > 1 else ''}" if count else ""


def open_cached_revision(opened: OpenedApi, pointer: dict[str, Any], stack: ExitStack) -> OpenedApi:
    """Open another revision of an API.

    Raises:
        DocumentError: The revision was removed from the cache.
    """
    from dynacli.registry.revise import open_cached

    api = open_cached(opened.open_request, opened.revisions, pointer)
    if api is None:
        raise lost_revision(pointer["revision"])
    stack.callback(api.catalog.close)
    return api


def lost_revision(revision: str) -> DocumentError:
    """Return the error for a revision that the cache has dropped."""
    return DocumentError(
        f"The document of the revision `{revision[:SHOWN_DIGITS]}` was removed from the cache",
        hint=f"List the others: `{invocation('api history', 'API')}`",
    )
