"""The cookies of a call that is tried again: what one response sets, the next try of the same call sends.

Load balancers set a cookie with a 503 and want it back. It belongs to the origin of the response (a stricter rule than
that of `Domain`), and is forgotten when the call ends. Source: RFC 6265, section 5; of the prefixes, RFC 6265bis.
"""

import re
import time
from collections.abc import Iterable
from email.utils import mktime_tz, parsedate_tz
from ipaddress import ip_address
from urllib.parse import urlsplit

from dynacli.http.built_request import Request
from dynacli.record import record
from dynacli.urls import is_loopback, origin_of

__all__ = ["RetryCookies"]

_PAIR = re.compile(r"[^\x00-\x20\x7f-\x9f=;,\"]+=[^\x00-\x1f\x7f-\x9f;]*")
_MOST_CHARACTERS = 4096
_MOST_COOKIES = 50


@record
class _Cookie:
    """A cookie.

    Args:
        origin: The origin that set it.
        path: The path that it is for.
        name: Its name.
        pair: Its name and value, as they are sent.
    """

    origin: str
    path: str
    name: str
    pair: str

    def is_for(self, url: str) -> bool:
        """Return whether a request to a URL sends it (section 5.4)."""
        path = urlsplit(url).path or "/"
        is_below = path.startswith(self.path) and (
            self.path.endswith("/") or path[len(self.path) :][:1] in ("", "/")
        )
        return origin_of(url) == self.origin and is_below


class RetryCookies:
    """The cookies that the responses of one call have set before its last try."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str, str], _Cookie] = {}

    def keep(self, url: str, headers: Iterable[tuple[str, str]]) -> None:
        """Keep the cookies that a response sets, and drop those that it ends.

        Args:
            url: That of the request.
            headers: Those of the response.
        """
        for name, value in headers:
            if name.lower() == "set-cookie":
                self._take(url, value)

    def _take(self, url: str, text: str) -> None:
        pair, *attributes = (piece.strip() for piece in text.split(";"))
        given: dict[str, str] = {}
        for attribute in attributes:
            key, _, value = attribute.partition("=")
            given[key.strip().lower()] = value.strip()
        if not _PAIR.fullmatch(pair) or len(pair) > _MOST_CHARACTERS or not _may_set(url, pair, given):
            return
        path = given.get("path", "")
        if not path.startswith("/"):
            path = urlsplit(url).path.rpartition("/")[0] or "/"
        cookie = _Cookie(origin_of(url), path, pair.partition("=")[0], pair)
        key_of_cookie = (cookie.origin, cookie.path, cookie.name)
        self._kept.pop(key_of_cookie, None)
        if not _has_ended(given) and len(self._kept) < _MOST_COOKIES:
            self._kept[key_of_cookie] = cookie

    def added(self, request: Request) -> Request:
        """Return a request with the cookies that are for its URL; one that it has already stays as it is."""
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
        value = "; ".join([*sent, *(cookie.pair for cookie in found)])
        return request._replace(headers=(*others, ("Cookie", value)))


def _may_set(url: str, pair: str, given: dict[str, str]) -> bool:
    """Return whether a response may set a cookie with these attributes."""
    parts = urlsplit(url)
    host, domain = parts.hostname or "", given.get("domain", "").lower().removeprefix(".")
    is_safe = parts.scheme == "https" or is_loopback(host)
    if ("secure" in given and not is_safe) or (domain and not _is_of(host, domain)):
        return False
    prefix = pair[:9].lower()
    if prefix.startswith("__host-"):
        return "secure" in given and not domain and given.get("path") == "/"
    return "secure" in given or not prefix.startswith("__secure-")


def _is_of(host: str, domain: str) -> bool:
    """Return whether a host is a domain or one of its subdomains (section 5.1.3)."""
    try:
        ip_address(host)
    except ValueError:
        return host == domain or host.endswith(f".{domain}")
    return host == domain


def _has_ended(given: dict[str, str]) -> bool:
    """Return whether a cookie is one that its server takes back: `Max-Age` counts before `Expires`."""
    age = given.get("max-age", "")
    if re.fullmatch(r"-?\d{1,18}", age, re.ASCII):
        return int(age) <= 0
    try:
        expires = parsedate_tz(given.get("expires", ""))
        return expires is not None and mktime_tz(expires) <= time.time()
    except (ValueError, OverflowError, IndexError, TypeError):
        return False
