"""The lines about the age of a document, a newer one that was kept aside, and what is new in it."""

import time

from dynacli.commands.revision_names import SHOWN_DIGITS
from dynacli.environment import invocation, program
from dynacli.library.opened_api import OpenedApi
from dynacli.library.revisions.open_request import NEVER
from dynacli.library.revisions.pending_document import find_pending, last_failure
from dynacli.library.revisions.revisions import age_of
from dynacli.model.wording import age_text

__all__ = ["freshness_notes", "news_note"]


def freshness_notes(api: OpenedApi) -> list[str]:
    """Return the warnings about the document of an API; there are none where it is fresh and nothing was kept aside."""
    name = _shown_name(api)
    wrong = api.open_request.wrong_settings
    return [*(f"{name}: {clause}" for clause in wrong), *_pin_notes(api, name), *_age_notes(api, name)]


def _pin_notes(api: OpenedApi, name: str) -> list[str]:
    open_request = api.open_request
    if not open_request.pin:
        return []
    pinned = f"{name}: the revision {open_request.pin[:SHOWN_DIGITS]} is held"
    unpin = f"`{invocation('api unpin', api.name)}`"
    if api.pointer["revision"] != open_request.pin:
        return [f"{pinned}, and not in the cache any more, so the latest is used; {unpin} goes on with it"]
    return [f"{pinned}, and not refreshed; {unpin} goes on with the latest"] if open_request.refresh else []


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
        age = age_text(age_of(api.pointer, time.time()))
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
    from dynacli.urls import with_masked_query

    return with_masked_query(api.name)


def _fallback_text(api: OpenedApi) -> str:
    """Return why the latest document cannot be used, and which one is used instead."""
    fetched = api.pointer.get("fetched_at")
    summary = api.warning.message if api.warning is not None else ""
    if api.pointer.get("is_shipped"):
        return f"{summary}; the document that came with {program().name} is used instead"
    if not isinstance(fetched, int | float):
        return f"{summary}; the revision of an earlier day is used instead"
    from datetime import UTC, datetime

    date = datetime.fromtimestamp(fetched, UTC).strftime("%Y-%m-%d")
    age = age_of(api.pointer, time.time())
    # The age matters where the document is at a URL, which may have a newer one.
    old = f", {age_text(age)} old," if "://" in api.location and age >= 60 else ""
    return f"{summary}; the revision of {date}{old} is used instead"


def _objections_text(api: OpenedApi, reasons: tuple[str, ...], at: float = 0.0) -> str:
    """Return why a new document was kept aside, and the command that accepts it.

    Args:
        at: When it was kept aside, in seconds since 1970; 0 for just now.
    """
    since = f" ({age_text(max(time.time() - at, 0))} ago)" if at else ""
    refresh = f"{invocation('api refresh', api.name)} --accept"
    command = refresh if api.is_registered else f"{invocation(api=_shown_name(api))} --refresh"
    return (
        f"{_shown_name(api)}: a new document was kept aside{since}, and the one before is used: {'; '.join(reasons)}.\n"
        f"Take it with `{command}`"
    )


def news_note(api: OpenedApi) -> str:
    """Return what changed in the document since this was last called; empty where nothing did."""
    from dynacli.library.news import take_news

    news = take_news(api.revisions)
    if news is None:
        return ""
    history = api.revisions.history()
    # Without `--since` the comparison is with the revision before the current one.
    is_revision_before = len(history) < 2 or history[1]["revision"] == news.since
    since = "" if is_revision_before else f" --since {news.since}"
    return f"{_shown_name(api)}: {news.summary} ({invocation('changes', _shown_name(api))}{since})"
