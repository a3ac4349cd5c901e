"""What a server says about the end of an operation: the headers `Deprecation` (RFC 9745) and `Sunset` (RFC 8594)."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime

from dynacli.http.exchange import WireResponse
from dynacli.http.link_values import parse_links
from dynacli.text.terminal import visible
from dynacli.urls import join_url

_SECONDS = re.compile(r"@(-?[0-9]{1,12})")
"""A date of RFC 9651, section 3.3.7: seconds since 1970."""


def deprecation_text(response: WireResponse) -> str:
    """Return what the headers say of the operation, such as `is deprecated since 2026-01-01`; empty if nothing.

    Headers that cannot be read say nothing. The text can have secrets that the server sent back.
    """
    since, end = response.header("deprecation").strip(), response.header("sunset").strip()
    begin, last = _day(since), _day(end)
    said = []
    if begin is not None or since == "true":  # drafts of RFC 9745 had `true`
        is_future = begin is not None and begin > datetime.now(UTC).date()
        when = "" if begin is None else f" {'from' if is_future else 'since'} {begin}"
        said.append(f"is deprecated{when}")
    if last is not None:
        said.append(f"{'ends' if last >= datetime.now(UTC).date() else 'ended'} on {last}")
    if not said:
        return ""
    values = [value for header, value in response.headers if header.lower() == "link"]
    links = [link.target for link in parse_links(values) if {"deprecation", "sunset"} & {*link.relations}]
    more = ""
    with suppress(ValueError):
        more = f"; see {visible(join_url(response.url, links[0]), keep='')}" if links else ""
    return f"{' and '.join(said)}{more}"


def _day(text: str) -> date | None:
    """Return the day of a header; None if the header has no date."""
    seconds = _SECONDS.match(text)
    with suppress(ValueError, OverflowError, OSError):
        if seconds is not None:
            return datetime.fromtimestamp(int(seconds[1]), UTC).date()
        return parsedate_to_datetime(text).date()
    return None
