"""Notes on operations that a server is going to end: the headers `Deprecation` (RFC 9745) and `Sunset` (RFC 8594)."""

from __future__ import annotations

import json
import os
import re
from contextlib import suppress
from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime

from dynacli.client.call import Call
from dynacli.commands.run import Run
from dynacli.environment import Environment
from dynacli.errors import FileError
from dynacli.files import make_own_directory, write_file
from dynacli.http.exchange import WireResponse
from dynacli.http.link_values import parse_links
from dynacli.registry.record_call import api_key
from dynacli.text.terminal import visible
from dynacli.urls import join_url

_SECONDS = re.compile(r"@(-?[0-9]{1,12})")
"""A date of RFC 9651, section 3.3.7: seconds since 1970."""
_MOST_KEPT = 1_000


def note_deprecation(run: Run, call: Call, response: WireResponse) -> None:
    """Print that a server will end an operation, once a day for each operation."""
    text = _deprecation_text(call.described.operation.name, response)
    key = f"{api_key(call.described.api.revisions.directory)} {call.described.operation.name}"
    if text and not run.env.is_quiet and _is_first_today(run.env, key):
        run.note(call.signed.response_masker(response.headers).mask(text))


def _deprecation_text(name: str, response: WireResponse) -> str:
    """Return the sentence about the headers of a response; empty if they say nothing that can be read."""
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
    return f"`{name}` {' and '.join(said)}{more}"


def _day(text: str) -> date | None:
    """Return the day of a header; None if the header has no date."""
    seconds = _SECONDS.match(text)
    with suppress(ValueError, OverflowError, OSError):
        if seconds is not None:
            return datetime.fromtimestamp(int(seconds[1]), UTC).date()
        return parsedate_to_datetime(text).date()
    return None


def _is_first_today(env: Environment, key: str) -> bool:
    """Return whether a note is the first one of the day, and remember it. Without a state directory, each one is."""
    today = f"{datetime.now().astimezone():%Y-%m-%d}"
    try:
        path = os.path.join(env.state_dir, "deprecations.json")
        known = _known(path)
        if known.get(key) == today:
            return False
        kept = {name: day for name, day in known.items() if day == today}
        if len(kept) < _MOST_KEPT:
            make_own_directory(env.state_dir)
            write_file(path, json.dumps({**kept, key: today}).encode())
    except (OSError, FileError):
        return True
    return True


def _known(path: str) -> dict[str, str]:
    """Return what was noted; nothing if the file is missing or damaged."""
    try:
        with open(path, "rb") as file:
            found = json.loads(file.read())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
