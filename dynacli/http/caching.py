"""The rules of a private cache: which responses are stored, how long they are fresh, and when they are reused.

Source: RFC 9111, "HTTP Caching". All functions are pure: they take records and the time, and return decisions.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, NamedTuple, Protocol

from dynacli.http.semantics import is_sequence
from dynacli.record import record, replace
from dynacli.secrets import is_secret_header

if TYPE_CHECKING:
    from dynacli.http.exchange import WireResponse
    from dynacli.http.send import Pieces, Receive

Headers = tuple[tuple[str, str], ...]
"""Pairs of name and value, in order."""

REVALIDATE = "revalidate"
AUTO = "auto"

_DIRECTIVE = re.compile(r'([a-z0-9-]+)(?:\s*=\s*(?:"([^"]*)"|([^\s,"]*)))?', re.IGNORECASE)
_LONGEST_FIELD = 8000
_MOST_NAMES = 32
"""Maximum number of names in `Vary` of a stored response. A longer list avoids caching, or tries to fill the cache."""
_HEURISTIC_SHARE = 0.1
_LONGEST_HEURISTIC = 86_400.0
_HEURISTIC = frozenset({200, 203, 204, 206, 300, 301, 308, 404, 405, 410, 414, 501})
"""Statuses that may be stored and reused without explicit freshness (RFC 9110, section 15.1)."""
_NEVER_STORED = frozenset({206, 304, 401, 407, 428, 429, 431, 511})
"""Statuses of responses that are not stored: partial content, 304, requests to sign in, and statuses of RFC 6585."""
_CONDITIONAL = frozenset(
    {"if-match", "if-modified-since", "if-none-match", "if-range", "if-unmodified-since", "range"}
)
_OF_CONNECTION = frozenset(
    {
        *("connection", "keep-alive", "proxy-authenticate", "proxy-authentication-info", "proxy-connection"),
        *("proxy-authorization", "te", "trailer", "transfer-encoding", "upgrade"),
    }
)
"""Headers for one connection or one proxy (RFC 9111, section 3.1)."""
_OF_CLIENT = frozenset({"authentication-info", "set-cookie", "set-cookie2"})
_NOT_UPDATED = frozenset({"content-encoding", "content-length", "content-range", "content-type"})
"""Headers that describe the stored body, so a 304 does not update them (RFC 9111, section 3.2)."""
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_HALF_A_CENTURY = 50


class CachedExchange(Protocol):
    """A call whose response may come from the response cache, or be stored in it."""

    def look_up(self) -> None:
        """Find the stored response for the request."""

    def reusable(self) -> tuple[WireResponse, Pieces] | None:
        """Return a stored response and its body if the server need not be asked; else None."""

    def exchange(self, receive: Receive, send: Callable[[Receive, Headers], WireResponse]) -> WireResponse:
        """Send the request, and return the response, or the stored one if the server confirms it.

        Args:
            receive: Reads the body of the response.
            send: Sends the request with further headers.
        """

    def leave_out(self) -> None:
        """Store no response, and remove the stored one."""

    def store(self, *, is_valid: bool) -> None:
        """Store the response of the call, if it may be stored.

        Args:
            is_valid: True if validation of request and response found nothing to report.
        """


@record
class CacheSpec:
    """Settings for storing and reusing the responses of calls.

    Args:
        mode: `REVALIDATE`, `AUTO`, or empty if the user gives a lifetime.
        seconds: The lifetime that the user gives.
        is_offline: Whether stored responses of any age are used, and no request is sent.
        stores: Whether responses are stored.
    """

    mode: str
    seconds: float = 0.0
    is_offline: bool = False
    stores: bool = True


@record
class StoredHead:
    """A stored response without its body.

    Args:
        status: The status code.
        reason: The reason phrase.
        http_version: The version in the status line: `HTTP/1.1`.
        headers: The stored headers.
        requested_at: Time of the request, in seconds since 1970 by the clock of this machine.
        received_at: Time at which the headers arrived, or the headers of the 304 that confirmed the response.
        valid: Identifier of the validation that the response passed; empty if it passed none.
    """

    status: int
    reason: str
    http_version: str
    headers: Headers
    requested_at: float
    received_at: float
    valid: str = ""


def cache_control(headers: Headers) -> dict[str, str]:
    """Return the directives of `Cache-Control`: name in lower case → value (RFC 9111, section 5.2).

    Of repeated directives the first counts. A field that is too long counts as `no-store`.
    """
    directives: dict[str, str] = {}
    field = _joined_values(headers, "cache-control")
    for name, quoted, plain in _DIRECTIVE.findall(field if len(field) <= _LONGEST_FIELD else "no-store"):
        directives.setdefault(name.lower(), quoted or plain)
    return directives


def delta_seconds(text: str | None) -> float | None:
    """Return a number of seconds (RFC 9111, section 1.2.2); None if the text is not a number."""
    text = (text or "").strip()
    # Ten digits are 300 years. Larger numbers are allowed, but make no difference.
    return float(text[:10]) if text.isascii() and text.isdigit() else None


def _joined_values(headers: Headers, name: str) -> str:
    """Return the values of all headers with a name, joined by commas (RFC 9110, section 5.3)."""
    return ", ".join(value.strip() for key, value in headers if key.lower() == name)


class _Date(NamedTuple):
    """The parts of a date as texts, and the number of digits of its year."""

    day: str
    month: str
    year: str
    time: str
    digits: int = 4


def _http_date(text: str) -> float | None:
    """Return a date as seconds since 1970; None if the text has none of the formats in RFC 9110, section 5.6.7."""
    found: _Date | None = None
    match text.strip().split(" "):
        case [weekday, day, month, year, time, zone] if weekday[3:] == "," and zone.upper() == "GMT":
            found = _Date(day, month, year, time)
        case [weekday, date, time, zone] if weekday[-4:].lower() == "day," and zone.upper() == "GMT":
            day, _, rest = date.partition("-")
            found = _Date(day, *rest.partition("-")[::2], time, 2)
        case [_, month, "", day, time, year]:
            found = _Date(f"0{day}", month, year, time)
        case [_, month, day, time, year]:
            found = _Date(day, month, year, time)
    return None if found is None else _seconds_of(found)


def _seconds_of(date: _Date) -> float | None:
    from datetime import UTC, datetime

    numbers = [date.day, date.year, *date.time.split(":")]
    widths = [2, date.digits, 2, 2, 2]
    if [len(number) for number in numbers] != widths or not all(
        number.isascii() and number.isdigit() for number in numbers
    ):
        return None
    day, year, hour, minute, second = map(int, numbers)
    if date.digits == 2:
        # A year more than fifty years in the future belongs to the last century (RFC 9110, section 5.6.7).
        now = datetime.now(UTC).year
        year += now - now % 100
        year -= 100 if year > now + _HALF_A_CENTURY else 0
    try:
        month = _MONTHS.index(date.month.lower()) + 1
        return datetime(year, month, day, hour, minute, min(second, 59), tzinfo=UTC).timestamp()
    except (ValueError, OverflowError):
        return None


def is_cacheable_request(method: str, headers: Headers, body: object) -> bool:
    """Return whether a request can be served from the cache, and its response stored.

    The cache leaves out requests with a condition, a range or `no-store` (RFC 9111, section 5.2.1.5).
    """
    return (
        method in {"GET", "HEAD"}
        and body is None
        and _CONDITIONAL.isdisjoint(name.lower() for name, _ in headers)
        and "no-store" not in cache_control(headers)
    )


def may_store(spec: CacheSpec, status: int, headers: Headers, received_at: float) -> bool:
    """Return whether the response to a cacheable request is stored (RFC 9111, section 3).

    `no-store` overrides all options of the user, and also `must-understand`.

    Args:
        received_at: Time of arrival, in seconds since 1970.
    """
    directives = cache_control(headers)
    if not spec.stores or "no-store" in directives or not 200 <= status < 600 or status in _NEVER_STORED:
        return False
    if varying_names(headers) is None or is_sequence(_joined_values(headers, "content-type")):
        return False
    if spec.mode != AUTO:
        is_known = spec.mode != REVALIDATE or bool(
            _joined_values(headers, "etag") or _joined_values(headers, "last-modified")
        )
        return status < 300 and is_known
    explicit = _explicit_lifetime(headers, received_at)
    if status >= 500:
        return bool(explicit)
    is_marked = not {"public", "private"}.isdisjoint(directives)
    return explicit is not None or is_marked or status in _HEURISTIC


def _is_whole_success(status: int) -> bool:
    """Return whether a status means success with the whole content."""
    return 200 <= status < 300 and status not in _NEVER_STORED


def stored_headers(headers: Headers) -> Headers:
    """Return the headers of a response that are stored (RFC 9111, section 3.1).

    These are not stored: headers of the connection, cookies, secrets, and the headers that `no-cache="..."` lists.
    """
    named = f"{_joined_values(headers, 'connection')},{cache_control(headers).get('no-cache', '')}"
    left_out = {*_OF_CONNECTION, *_OF_CLIENT, *(name.strip().lower() for name in named.split(","))}
    return tuple(
        pair for pair in headers if pair[0].lower() not in left_out and not is_secret_header(pair[0])
    )


def varying_names(headers: Headers) -> tuple[str, ...] | None:
    """Return the sorted names in `Vary`, in lower case; None for `*` or too many names (RFC 9111, section 4.1)."""
    names = {name.strip().lower() for name in _joined_values(headers, "vary").split(",")} - {""}
    if "*" in names or len(names) > _MOST_NAMES or sum(map(len, names)) > _LONGEST_FIELD:
        return None
    return tuple(sorted(names))


def _lifetime_of(stored: StoredHead) -> float:
    """Return the freshness lifetime of a response in seconds (RFC 9111, section 4.2.1)."""
    explicit = _explicit_lifetime(stored.headers, stored.received_at)
    if explicit is not None:
        return explicit
    modified = _http_date(_joined_values(stored.headers, "last-modified"))
    if modified is None or not (stored.status in _HEURISTIC or "public" in cache_control(stored.headers)):
        return 0.0
    # RFC 9111, section 4.2.2
    since = _date_of(stored.headers, stored.received_at) - modified
    return min(max(since, 0.0) * _HEURISTIC_SHARE, _LONGEST_HEURISTIC)


def _explicit_lifetime(headers: Headers, received_at: float) -> float | None:
    """Return the explicit freshness lifetime in seconds; 0 if it is malformed, None if there is none."""
    directives = cache_control(headers)
    if "max-age" in directives:
        return delta_seconds(directives["max-age"]) or 0.0
    expires = _joined_values(headers, "expires")
    if not expires:
        return None
    end = _http_date(expires)
    return 0.0 if end is None else max(end - _date_of(headers, received_at), 0.0)


def _date_of(headers: Headers, received_at: float) -> float:
    date = _http_date(_joined_values(headers, "date"))
    return received_at if date is None else date


def age_of(stored: StoredHead, now: float) -> float:
    """Return the age of a response: the seconds since the server made or confirmed it (RFC 9111, section 4.2.3).

    Args:
        now: Current time, in seconds since 1970. If the clock was set back, the age is the age on arrival.
    """
    apparent = max(0.0, stored.received_at - _date_of(stored.headers, stored.received_at))
    given = delta_seconds(_joined_values(stored.headers, "age").partition(",")[0]) or 0.0
    corrected = given + max(0.0, stored.received_at - stored.requested_at)
    return max(apparent, corrected) + max(0.0, now - stored.received_at)


def may_reuse(spec: CacheSpec, stored: StoredHead, asked: Mapping[str, str], now: float) -> bool:
    """Return whether a stored response may be used without a request to the server (RFC 9111, section 4).

    Args:
        asked: The directives of the request's `Cache-Control`; see `asked_directives`.
        now: Current time, in seconds since 1970.
    """
    if spec.is_offline:
        return True
    age, given = age_of(stored, now), cache_control(stored.headers)
    longest = delta_seconds(asked.get("max-age"))
    # If the clock was set back, the age of the response is unknown.
    if (
        spec.mode == REVALIDATE
        or "no-cache" in asked
        or now < stored.received_at
        or (longest is not None and age > longest)
    ):
        return False
    if spec.mode != AUTO:
        return _is_whole_success(stored.status) and now - stored.received_at < spec.seconds
    if given.get("no-cache") == "":
        return False
    left = _lifetime_of(stored) - age
    if left > 0:
        return left >= (delta_seconds(asked.get("min-fresh")) or 0.0)
    if "max-stale" not in asked or "must-revalidate" in given:
        return False
    return not asked["max-stale"] or -left <= (delta_seconds(asked["max-stale"]) or 0.0)


def asked_directives(headers: Headers) -> dict[str, str]:
    """Return the directives of a request; `Pragma: no-cache` counts without `Cache-Control` (RFC 9111, section 5.4)."""
    asked = cache_control(headers)
    return asked or ({"no-cache": ""} if "no-cache" in _joined_values(headers, "pragma").lower() else {})


def conditions_of(stored: StoredHead) -> Headers:
    """Return the headers of a conditional request that revalidates a stored response (RFC 9111, section 4.3.1)."""
    found = (
        ("If-None-Match", _joined_values(stored.headers, "etag")),
        ("If-Modified-Since", _joined_values(stored.headers, "last-modified")),
    )
    return tuple((name, value) for name, value in found if value)


def freshened(
    stored: StoredHead, headers: Headers, requested_at: float, received_at: float
) -> StoredHead | None:
    """Return a stored response, updated with the headers of a 304 (RFC 9111, sections 3.2 and 4.3.4).

    Args:
        headers: Headers of the 304.
        requested_at: Time of the request that led to the 304.
        received_at: Time at which the 304 arrived.

    Returns:
        The updated response; None if the 304 has a different strong validator, so it belongs to another response.
    """
    etag = _joined_values(headers, "etag")
    if etag and not etag.startswith("W/") and etag != _joined_values(stored.headers, "etag"):
        return None
    new = tuple(pair for pair in stored_headers(headers) if pair[0].lower() not in _NOT_UPDATED)
    # The stored `Age` and `Date` say nothing about the age of the 304, even if it has neither.
    names = {"age", "date", *(name.lower() for name, _ in new)}
    old = (pair for pair in stored.headers if pair[0].lower() not in names)
    return replace(stored, headers=(*old, *new), requested_at=requested_at, received_at=received_at)
