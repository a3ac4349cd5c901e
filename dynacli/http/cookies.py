"""Cookies of responses: parsing them, and sending them with the next try of a call.

dynacli uses them in two cases: for signing in, and for the tries of one call, because load balancers set a cookie with
a 503 and expect it back. A cookie belongs to the origin of its response, which is stricter than `Domain`.
Sources: RFC 6265, section 5. For prefixes and sizes, RFC 6265bis (draft-ietf-httpbis-rfc6265bis).
"""

import re
import time
from collections.abc import Iterable, Mapping
from email.utils import mktime_tz, parsedate_tz
from ipaddress import ip_address
from typing import Any

from dynacli.http.built_request import Request
from dynacli.record import record
from dynacli.urls import is_loopback, origin_of, split_url

_PAIR = re.compile(r"[^\x00-\x20\x7f-\x9f=;,\"]+=[^\x00-\x1f\x7f-\x9f;]*")
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_MOST_CHARACTERS = 4096
_MOST_COOKIES = 50
_LAST_MOMENT = 253_402_300_799
"""The end of the year 9999, the last year of Python's dates."""


@record
class Cookie:
    """A cookie that a response has set.

    Args:
        origin: Origin of the response.
        path: Path of the requests that the cookie is sent with.
        name: Name of the cookie.
        value: Value of the cookie, as it is sent, including any quotes.
        is_secure: Whether the cookie is sent only over encrypted connections and to this machine.
        expires_at: Time of expiry, in seconds since 1970; None if the server gives none.
    """

    origin: str
    path: str
    name: str
    value: str
    is_secure: bool
    expires_at: float | None

    @property
    def place(self) -> dict[str, Any]:
        """Name, path and security of the cookie, as the credential store has them."""
        return {"name": self.name, "path": self.path, "secure": self.is_secure}

    def is_for(self, url: str) -> bool:
        """Return whether requests to a URL send the cookie (section 5.4)."""
        return origin_of(url) == self.origin and goes_to(url, self.path, is_secure=self.is_secure)


def goes_to(url: str, path: str, *, is_secure: bool) -> bool:
    """Return whether a cookie with a path is sent to a URL of its origin (sections 5.1.4 and 5.4)."""
    asked = split_url(url).path or "/"
    is_below = asked.startswith(path) and (path.endswith("/") or asked[len(path) :][:1] in ("", "/"))
    return is_below and (not is_secure or _is_safe(url))


def _is_safe(url: str) -> bool:
    parts = split_url(url)
    return parts.scheme == "https" or is_loopback(parts.hostname or "")


def read_cookie(url: str, text: str, now: float) -> Cookie | None:
    """Return the cookie of a header `Set-Cookie`; None if the response may not set it.

    A cookie that the server removes is returned as an expired one.

    Args:
        url: URL of the request.
        text: Value of the header.
        now: Current time, in seconds since 1970.
    """
    pair, *attributes = (piece.strip() for piece in text.split(";"))
    given: dict[str, str] = {}
    for attribute in attributes:
        key, _, value = attribute.partition("=")
        given[key.strip().lower()] = value.strip()
    is_sound = _PAIR.fullmatch(pair) is not None and len(pair) <= _MOST_CHARACTERS
    if not is_sound or _CONTROL.search(text) or not _may_set(url, pair, given):
        return None
    path = given.get("path", "")
    if not path.startswith("/"):
        path = split_url(url).path.rpartition("/")[0] or "/"
    name, _, value = pair.partition("=")
    return Cookie(origin_of(url), path, name, value, "secure" in given, _end(given, now))


def _may_set(url: str, pair: str, given: Mapping[str, str]) -> bool:
    """Return whether a response may set a cookie with these attributes."""
    host, domain = split_url(url).hostname or "", given.get("domain", "").lower().removeprefix(".")
    if ("secure" in given and not _is_safe(url)) or (domain and not _is_within(host, domain)):
        return False
    prefix = pair[:9].lower()
    if prefix.startswith("__host-"):
        return "secure" in given and not domain and given.get("path") == "/"
    return "secure" in given or not prefix.startswith("__secure-")


def _is_within(host: str, domain: str) -> bool:
    """Return whether a host is a domain, or a subdomain of it (section 5.1.3) and the domain is not a top-level one."""
    if host == domain:
        return True
    try:
        ip_address(host)
    except ValueError:
        return "." in domain and host.endswith(f".{domain}")
    return False


def _end(given: Mapping[str, str], now: float) -> float | None:
    """Return the time of expiry of a cookie; `Max-Age` takes precedence over `Expires`."""
    age = given.get("max-age", "")
    if re.fullmatch(r"-?\d{1,18}", age, re.ASCII):
        return min(max(now + int(age), 0.0), _LAST_MOMENT) if int(age) > 0 else now
    try:
        expires = parsedate_tz(given.get("expires", ""))
        return None if expires is None else float(min(max(mktime_tz(expires), 0), _LAST_MOMENT))
    except (ValueError, OverflowError, IndexError, TypeError):
        return None


class RetryCookies:
    """The cookies that the responses of one call have set, for its next try. They are not stored."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str, str], Cookie] = {}

    def keep(self, url: str, headers: Iterable[tuple[str, str]]) -> None:
        """Add the cookies that a response sets, and drop those that it expires.

        Args:
            url: URL of the request.
            headers: Headers of the response.
        """
        now = time.time()
        for name, value in headers:
            cookie = read_cookie(url, value, now) if name.lower() == "set-cookie" else None
            if cookie is None:
                continue
            key = (cookie.origin, cookie.path, cookie.name)
            self._kept.pop(key, None)
            has_ended = cookie.expires_at is not None and cookie.expires_at <= now
            if not has_ended and len(self._kept) < _MOST_COOKIES:
                self._kept[key] = cookie

    def added(self, request: Request) -> Request:
        """Return a request with the cookies for its URL added; cookies that it already has stay."""
        if not self._kept:
            return request
        sent = [value for name, value in request.headers if name.lower() == "cookie"]
        names = {pair.partition("=")[0].strip() for value in sent for pair in value.split(";")}
        found = [
            cookie
            for cookie in self._kept.values()
            if cookie.is_for(request.url) and cookie.name not in names
        ]
        if not found:
            return request
        found.sort(key=lambda cookie: -len(cookie.path))
        others = tuple(pair for pair in request.headers if pair[0].lower() != "cookie")
        value = "; ".join([*sent, *(f"{cookie.name}={cookie.value}" for cookie in found)])
        return request._replace(headers=(*others, ("Cookie", value)))
