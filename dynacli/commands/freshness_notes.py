"""What a person should know of how old a document is, what was kept aside, and what is new: a line each."""

import shlex
import time
from collections.abc import Callable

from dynacli.commands.revision_names import SHORT
from dynacli.library.news import take_news
from dynacli.library.opened_api import OpenedApi
from dynacli.library.revisions.freshness import age_of
from dynacli.library.revisions.open_request import NEVER
from dynacli.library.revisions.pending_document import find_pending, last_failure

__all__ = ["age_told", "freshness_notes", "objections_told", "tell_news"]


def freshness_notes(api: OpenedApi) -> list[str]:
    """Return the warnings that a document comes with; one that is fresh and undisputed has none."""
    name = _called(api)
    wrong = api.open_request.wrong_settings
    return [*(f"{name}: {clause}" for clause in wrong), *_of_hold(api, name), *_of_age(api, name)]


def _of_hold(api: OpenedApi, name: str) -> list[str]:
    open_request = api.open_request
    if not open_request.pin:
        return []
    held, unpin = (
        f"{name}: the revision {open_request.pin[:SHORT]} is held",
        f"`dynacli api unpin {api.name}`",
    )
    if api.pointer["revision"] != open_request.pin:
        return [f"{held}, and not in the cache any more, so the latest is used; {unpin} goes on with it"]
    return [f"{held}, and not refreshed; {unpin} goes on with the latest"] if open_request.refresh else []


def _of_age(api: OpenedApi, name: str) -> list[str]:
    if api.warning is not None:
        return [_after_warning(api)]
    notes = []
    open_request = api.open_request
    held = find_pending(api.revisions)
    if api.objections:
        notes.append(objections_told(api, api.objections))
    elif held is not None and not open_request.pin:
        notes.append(objections_told(api, held.reasons, held.at))
    failure = last_failure(api.revisions)
    if api.is_due and held is None and not api.objections:
        age = age_told(age_of(api.pointer, time.time()))
        if api.pointer.get("is_shipped"):
            notes.append(f"{name}: the document that came with dynacli is used, as long as there is no other")
        elif open_request.offline:
            notes.append(f"{name}: the document is {age} old, and nothing is fetched (--offline)")
        elif open_request.mode == NEVER:
            notes.append(f"{name}: the document is {age} old, and not refreshed (refresh: never)")
        elif failure is not None:
            notes.append(f"{name}: the document is {age} old, and refreshing it failed: {failure.summary}")
    return notes


def _called(api: OpenedApi) -> str:
    from dynacli.urls import with_masked_query

    return with_masked_query(api.name)


def _after_warning(api: OpenedApi) -> str:
    warning, fetched = api.warning, api.pointer.get("fetched_at")
    what = warning.what if warning is not None else ""
    if api.pointer.get("is_shipped"):
        return f"{what}; the document that came with dynacli is used instead"
    if not isinstance(fetched, int | float):
        return f"{what}; the revision of an earlier day is used instead"
    from datetime import UTC, datetime

    date = datetime.fromtimestamp(fetched, UTC).strftime("%Y-%m-%d")
    age = age_of(api.pointer, time.time())
    # Of a file, what counts is which revision; of a URL, for how long nobody has confirmed it.
    told = f", {age_told(age)} old," if "://" in api.location and age >= 60 else ""
    return f"{what}; the revision of {date}{told} is used instead"


def objections_told(api: OpenedApi, reasons: tuple[str, ...], at: float = 0.0) -> str:
    """Return why a document was kept aside, and what takes it.

    Args:
        at: When it was, in seconds since 1970; 0 for just now.
    """
    since = f" ({age_told(max(time.time() - at, 0))} ago)" if at else ""
    refresh = f"dynacli api refresh {shlex.quote(api.name)} --accept"
    how = refresh if api.is_registered else f"dynacli {shlex.quote(_called(api))} --refresh"
    return (
        f"{_called(api)}: a new document was kept aside{since}, and the one before is used: {'; '.join(reasons)}.\n"
        f"Take it with `{how}`"
    )


def age_told(seconds: float) -> str:
    """Return a span of time in its largest unit, for example `3 days`."""
    for size, word in ((86_400, "day"), (3600, "hour"), (60, "minute")):
        if seconds == float("inf"):
            return "an unknown time"
        if seconds >= size:
            count = int(seconds // size)
            return f"{count:,} {word}{'' if count == 1 else 's'}"
    return "less than a minute"


def tell_news(api: OpenedApi, tell: Callable[[str], None]) -> None:
    """Tell what changed since a person was last told, once."""
    news = take_news(api.revisions)
    if news is None:
        return
    name = shlex.quote(_called(api))
    history = api.revisions.history()
    is_last = len(history) < 2 or history[1]["revision"] == news.since
    since = "" if is_last else f" --since {news.since}"
    tell(f"{_called(api)}: {news.summary} (dynacli changes {name}{since})")
