"""Whether a request that failed is sent again, and how long that waits."""

from __future__ import annotations

import re
import socket
import ssl
import time
from collections.abc import Iterable
from email.utils import mktime_tz, parsedate_tz
from random import uniform
from typing import TYPE_CHECKING

from dynacli.errors import DynacliError, TimedOutError
from dynacli.http.built_request import Request
from dynacli.http.exchange import Pause
from dynacli.http.failures import causes
from dynacli.http.import_httpx import httpx
from dynacli.http.payload import Payload

if TYPE_CHECKING:
    from dynacli.http.exchange import Retries, WireResponse

FIRST_PAUSE = 0.5
"""Seconds before the second try, at most; each further pause may be twice as long as the one before."""
MAX_PAUSE = 30.0
"""Seconds up to which a server is obeyed that says when to come back."""
_LEAST_DATE = 1e9
"""Numbers above it are seconds since 1970: no server asks for a pause of thirty years."""
_MOST_DATE = 1e11
"""Numbers above it are no seconds since 1970 either."""
_NUMBER = re.compile(r"\d+(?:\.\d+)?", re.ASCII)
_LOST = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.ReadError,
    httpx.WriteError,
    httpx.RemoteProtocolError,
)
"""A connection that was not made, or that broke before the response came."""


def pause_after(
    failure: WireResponse | DynacliError,
    request: Request,
    retries: Retries,
    tries: int,
    left: float | None,
) -> Pause | None:
    """Return the pause before a request is sent again; None if it is not.

    Args:
        failure: A response with a status that may pass, or the error by which the exchange ended.
        tries: How often the request was sent so far.
        left: The seconds that the call has left; None for any number.
    """
    seconds = usual_pause(tries)
    if isinstance(failure, DynacliError):
        reason = failure.message
        if not retries.after_lost_connections or not is_lost_connection(failure):
            return None
    else:
        reason = f"{failure.status} {failure.reason}".rstrip()
        seconds = seconds_asked(failure.headers, time.time()) or seconds
    if seconds > MAX_PAUSE or (left is not None and seconds >= left):
        return None
    if isinstance(request.body, Payload) and not request.body.rewind():
        return None
    return Pause(seconds, reason, tries + 1, retries.count + 1)


def usual_pause(tries: int) -> float:
    """Return the seconds of the pause after so many tries, if the server does not say when to come back."""
    return uniform(0.5, 1) * FIRST_PAUSE * float(2 ** (tries - 1))  # noqa: S311  - it only spreads clients


def is_lost_connection(error: DynacliError) -> bool:
    """Return whether a connection could not be made or broke off, and not for a reason that stays."""
    found = list(causes(error))
    is_lost = any(isinstance(cause, _LOST) for cause in found)
    if isinstance(error, TimedOutError):
        return is_lost
    # A certificate is as wrong a moment later, and so is a name that no server knows.
    return is_lost and not any(
        isinstance(cause, ssl.SSLError)
        or (isinstance(cause, socket.gaierror) and cause.errno != socket.EAI_AGAIN)
        for cause in found
    )


def seconds_asked(headers: Iterable[tuple[str, str]], now: float) -> float | None:
    """Return the seconds after which a server wants to be asked again; None if it does not say so.

    `Retry-After` (RFC 9110, section 10.2.3) decides. Without it, what is left of a limit is looked at, in its three
    forms: `RateLimit` (draft-ietf-httpapi-ratelimit-headers), the three headers of its first drafts, and those with
    `X-`. A value that makes no sense is as good as none.

    Args:
        headers: Those of the response.
        now: The seconds since 1970, by the clock of this machine; the response's `Date` wins over it.
    """
    values: dict[str, list[str]] = {}
    for name, value in headers:
        values.setdefault(name.lower(), []).append(value.strip())
    dates = [date for date in map(_date, values.get("date", ())) if date is not None]
    now = dates[0] if dates else now
    asked = [_seconds_until(value, now) for value in values.get("retry-after", ())]
    if not _longest(asked):
        asked += [
            _seconds_until(seconds, now)
            for value in values.get("ratelimit", ())
            for seconds in _exhausted(value)
        ]
        for prefix in ("ratelimit", "x-ratelimit", "x-rate-limit"):
            left = [_decimal_number(value) for value in values.get(f"{prefix}-remaining", ())]
            if not any(left):  # the limit that is used up, or the only one
                asked += [_seconds_until(value, now) for value in values.get(f"{prefix}-reset", ())]
    return _longest(asked)


def _longest(seconds: Iterable[float | None]) -> float | None:
    return max((second for second in seconds if second is not None), default=None)


def _exhausted(value: str) -> list[str]:
    """Return the seconds until each limit of a `RateLimit` header is renewed that is used up."""
    found = []
    # `"default";r=0;t=30, "daily";r=10;t=3600`; in earlier drafts `limit=100, remaining=0, reset=30`
    is_list = ";" in value
    for item in re.sub(r'"[^"]*"', "", value).split("," if is_list else "\n"):
        fields: dict[str, str] = dict(re.findall(r"([a-z]+)\s*=\s*(\d+)", item))
        if _decimal_number(fields.get("r", fields.get("remaining", ""))) == 0:
            found.append(fields.get("t", fields.get("reset", "")))
    return found


def _seconds_until(value: str, now: float) -> float | None:
    """Return the seconds that a value means: a number of them, or a date in one of two forms."""
    number = _decimal_number(value)
    if number is not None and number <= _LEAST_DATE:
        return number
    date = _date(value) if number is None else number
    return date - now if date is not None and now <= date <= _MOST_DATE else None


def _decimal_number(value: str) -> float | None:
    return float(value) if _NUMBER.fullmatch(value) and len(value) < 20 else None


def _date(value: str) -> float | None:
    try:
        parsed = parsedate_tz(value)
        return float(mktime_tz(parsed)) if parsed is not None else None
    except (ValueError, OverflowError, IndexError, TypeError):
        return None
