"""The URLs that a search may ask for: those at the origin that the person named, and no others."""

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from dynacli.http.import_httpx import httpx

__all__ = ["Address", "SearchedOrigin"]

_MAX_LENGTH = 2000
_NOT_IN_URLS = frozenset('<>{}|\\^`" ')
"""Characters that no URL has (RFC 3986, section 2); braces belong to templates."""
_DEFAULT_PORTS = {"http": 80, "https": 443}
_FILE = re.compile(r"\.[A-Za-z]{2,5}")


class Address(NamedTuple):
    """The URL that a reference leads to.

    Args:
        url: An absolute URL without fragment.
        is_same_origin: Whether it is at the origin that the person named.
    """

    url: str
    is_same_origin: bool


class SearchedOrigin:
    """The origin that is searched (RFC 6454), and the URL of it that the person gave."""

    def __init__(self, url: str) -> None:
        """Make the origin of a URL.

        Raises:
            httpx.InvalidURL: The URL is malformed.
        """
        from dynacli.http.import_httpx import httpx

        parsed = httpx.URL(url).copy_with(fragment=None)
        self._url = parsed.copy_with(raw_path=parsed.raw_path)  # `/` where it has none
        self.url = str(self._url)
        self.host = self._url.host

    def at(self, path: str) -> str:
        """Return the URL of a path under the root of the origin; the path has no leading slash."""
        return str(self._url.copy_with(raw_path=f"/{path}".encode()))

    def prefix(self, *, is_page: bool) -> str:
        """Return the path that the API is under, for instance `api/v1/`, without leading slash.

        Args:
            is_page: Whether the given URL is that of a page of the API, rather than of the API itself. A last segment
                such as `index.html` is always a page; `v1.2` is not.
        """
        path = self._url.raw_path.decode().partition("?")[0]
        directory, _, last = path.rpartition("/")
        is_file = is_page or _FILE.fullmatch(last[max(last.rfind("."), 0) :])
        return f"{directory if is_file or not last else path}/".lstrip("/")

    def find(self, reference: str, base: str) -> Address | None:
        """Return where a reference leads, or None where it cannot be followed.

        Args:
            reference: A URL or a relative reference, from anywhere.
            base: The URL that the reference is relative to.
        """
        from dynacli.http.import_httpx import httpx

        reference = reference.strip()
        if not reference or len(reference) > _MAX_LENGTH or not reference.isprintable():
            return None
        if not _NOT_IN_URLS.isdisjoint(reference):
            return None
        try:
            # ValueError: also the UnicodeError that httpx's library for international host names raises.
            target = httpx.URL(base).join(reference).copy_with(fragment=None)
            if target.scheme not in _DEFAULT_PORTS or not target.host or target.userinfo:
                return None
            target = self._encrypted(target)
            return Address(str(target), _origin(target) == _origin(self._url))
        except (httpx.InvalidURL, ValueError):
            return None

    def has(self, url: str) -> bool:
        """Return whether an absolute URL is one of this origin."""
        address = self.find(url, url)
        return address is not None and address.is_same_origin

    def is_upgrade(self, location: str) -> bool:
        """Return whether a redirect leads from `http` to `https` of the same host."""
        address = self.find(location, self.url)
        if address is None or self._url.scheme != "http":
            return False
        from dynacli.http.import_httpx import httpx

        target = httpx.URL(address.url)
        return target.scheme == "https" and target.host == self._url.host

    def _encrypted(self, target: "httpx.URL") -> "httpx.URL":
        # Behind a proxy that ends TLS, an application often takes itself to be served over `http`.
        # Asking over `https` stays at the origin that was named.
        is_same_host = target.host == self._url.host and target.port is None and self._url.port is None
        if is_same_host and target.scheme == "http" and self._url.scheme == "https":
            return target.copy_with(scheme="https")
        return target


def _origin(url: "httpx.URL") -> tuple[str, str, int]:
    return url.scheme, url.host, url.port or _DEFAULT_PORTS[url.scheme]
