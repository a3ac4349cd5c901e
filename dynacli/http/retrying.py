"""Repeating failed requests: whether to repeat one, and the pause before it."""

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
"""Maximum pause before the second try, in seconds. The maximum doubles with each further try."""
MAX_PAUSE = 30.0
"""Maximum pause in seconds. If a server asks for a longer one, the request is not repeated."""
_LEAST_DATE = 1e9
"""Larger numbers are seconds since 1970, because no server asks for a pause of thirty years."""
_MOST_DATE = 1e11
"""Larger numbers are not seconds since 1970, either."""
_NUMBER = re.compile(r"\d+(?:\.\d+)?", re.ASCII)
_LOST = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.ReadError,
    httpx.WriteError,
    httpx.RemoteProtocolError,
)
"""The exceptions for a connection that failed, or that broke before the response."""


def pause_after(
    failure: WireResponse | DynacliError,
    request: Request,
    retries: Retries,
    tries: int,
    left: float | None,
) -> Pause | None:
    """Return the pause before a request is repeated; None if it is not repeated.

    Args:
        failure: A response with a temporary failure, or the error that ended the exchange.
        request: The request.
        retries: The rules for repeating.
        tries: Number of times that the request was sent so far.
        left: Remaining time of the call in seconds; None if it has no time limit.
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
    """Return the pause in seconds after a number of tries, if the server does not ask for another one."""
    return uniform(0.5, 1) * FIRST_PAUSE * float(2 ** (tries - 1))  # noqa: S311  - it only spreads clients


def is_lost_connection(error: DynacliError) -> bool:
    """Return whether a connection failed or broke, for a reason that may be temporary."""
    found = list(causes(error))
    is_lost = any(isinstance(cause, _LOST) for cause in found)
    if isinstance(error, TimedOutError):
        return is_lost
    # An invalid certificate and an unknown host name are not temporary.
    return is_lost and not any(
        isinstance(cause, ssl.SSLError)
        or (isinstance(cause, socket.gaierror) and cause.errno != socket.EAI_AGAIN)
        for cause in found
    )


def seconds_asked(headers: Iterable[tuple[str, str]], now: float) -> float | None:
    """Return the number of seconds that a server asks to wait; None if it does not ask.

    `Retry-After` (RFC 9110, section 10.2.3) takes precedence. Without it, headers of an exhausted rate limit count, in
    three formats: `RateLimit` (draft-ietf-httpapi-ratelimit-headers), the headers of its first drafts, and these with
    `X-`. Malformed values are ignored.

    Args:
        headers: Headers of the response.
        now: Current time in seconds since 1970. The `Date` of the response takes precedence.
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
            if not any(left):  # the limit is used up, or the server does not say how much is left
                asked += [_seconds_until(value, now) for value in values.get(f"{prefix}-reset", ())]
    return _longest(asked)


def _longest(seconds: Iterable[float | None]) -> float | None:
    return max((second for second in seconds if second is not None), default=None)


def _exhausted(value: str) -> list[str]:
    """Return the times in seconds until the exhausted limits of a `RateLimit` header are reset, as text."""
    found = []
    # `"default";r=0;t=30, "daily";r=10;t=3600`, or in earlier drafts `limit=100, remaining=0, reset=30`
    is_list = ";" in value
    for item in re.sub(r'"[^"]*"', "", value).split("," if is_list else "\n"):
        fields: dict[str, str] = dict(re.findall(r"([a-z]+)\s*=\s*(\d+)", item))
        if _decimal_number(fields.get("r", fields.get("remaining", ""))) == 0:
            found.append(fields.get("t", fields.get("reset", "")))
    return found


def _seconds_until(value: str, now: float) -> float | None:
    """Return the seconds from now that a value means: a number of seconds, a timestamp or a date; None if malformed."""
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
