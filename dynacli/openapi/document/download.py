"""Download documents over HTTP, with limits for redirects, encodings, size and time."""

from __future__ import annotations

import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, NamedTuple

from dynacli.environment import invocation
from dynacli.errors import DocumentError, NetworkError, RefusedError
from dynacli.http.built_request import Request
from dynacli.http.caching import cache_control, delta_seconds
from dynacli.http.encodings import BadEncodingError, TooLargeError
from dynacli.http.exchange import REDIRECTS, Budget, EndableClients, WireResponse, values_of
from dynacli.http.failures import from_httpx
from dynacli.http.semantics import essence, header_text
from dynacli.http.send import Pieces, send
from dynacli.http.sockets import check_private
from dynacli.openapi.document.fetched import SIGN_IN, DocumentLogin, Fetched
from dynacli.openapi.document.limits import (
    DOCUMENT_CONNECT_SECONDS,
    DOCUMENT_READ_SECONDS,
    DOCUMENT_TOTAL_SECONDS,
    MAX_BYTES,
    MAX_REDIRECTS,
    in_mebibytes,
)
from dynacli.urls import join_url, origin_of, socket_of, split_url, without_query

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterable

    from dynacli.http.connections import Peers
    from dynacli.http.import_httpx import httpx

_NEVER = frozenset({"no-store", "no-cache"})
_ACCEPT = (
    "application/vnd.oai.openapi+json, application/vnd.oai.openapi, application/json, application/yaml, "
    "application/x-yaml;q=0.9, text/yaml;q=0.9, text/plain;q=0.5, */*;q=0.1"
)
_MAX_ERROR_PAGE = 2**20
_NOT_MODIFIED = 304
_WHO_ASKS = frozenset({"authorization", "cookie"})
_HINTS = {
    401: "The document requires a credential; to set one, see `{page}`",
    403: "The server refuses access to the document; to sign in, see `{page}`",
    404: "Check the URL; the document often is at `/openapi.json` or `/v3/api-docs`",
    407: "Check the user name and the password in the variable of the proxy, such as `HTTP_PROXY`",
    429: "The server limits the number of requests; try again later",
}


def max_age_of(headers: Mapping[str, str]) -> float | None:
    """Return the number of seconds that a response stays fresh; None if the server does not say.

    `no-store` and `no-cache` make it 0, so that the document is due for a refresh at once. dynacli stores the document
    anyway, because its commands come from it. `s-maxage` is for shared caches, and is ignored.
    """
    directives = cache_control(tuple(headers.items()))
    if not _NEVER.isdisjoint(directives):
        return 0.0
    lifetime = delta_seconds(directives.get("max-age"))
    if lifetime is None:
        lifetime = _until_expiry(headers)
    if lifetime is None:
        return None
    return max(lifetime - (delta_seconds(headers.get("age")) or 0.0), 0.0)


def _until_expiry(headers: Mapping[str, str]) -> float | None:
    expires, date = headers.get("expires"), headers.get("date")
    if expires is None or date is None:
        return None
    try:
        # Both times are from the server's clock, so the clock of this machine does not matter.
        return (parsedate_to_datetime(expires) - parsedate_to_datetime(date)).total_seconds()
    except (ValueError, TypeError, OverflowError):
        return 0.0  # an invalid date counts as past (RFC 9111, section 5.3)


class Head(NamedTuple):
    """The status and headers of a response, even if it was not a document.

    Args:
        status: The status code.
        media_type: The media type of `Content-Type`, lower case, without parameters.
        location: The target of a redirect, or empty.
        links: The `Link` headers.
    """

    status: int
    media_type: str
    location: str
    links: tuple[str, ...]


class Downloads:
    """Downloads documents one after the other, over connections that stay open in between.

    Attributes:
        head: The status and headers of the last response; None before the first response.
        error_page: The content of the last response, if it was an error and `keeps_error_page` was true.

    Args:
        accept: The value of the header `Accept`.
        peers: Decides which connections are allowed; None allows all.
    """

    def __init__(self, *, accept: str = _ACCEPT, peers: Peers | None = None) -> None:
        self.accept = accept
        self.head: Head | None = None
        self.error_page: Fetched | None = None
        self._check = None if peers is None else peers.check
        self._clients = EndableClients(self._check)
        self._is_cut = False

    def download(
        self,
        url: str,
        *,
        timeout: float | None = None,
        etag: str = "",
        last_modified: str = "",
        login: DocumentLogin | None = None,
        keeps_error_page: bool = False,
    ) -> Fetched:
        """Return the document at a URL.

        Args:
            url: An `http` or `https` URL without userinfo.
            timeout: A time limit in seconds for the whole download; the built-in limit applies, too.
            etag: The `ETag` of the stored revision, or empty.
            last_modified: The `Last-Modified` of the stored revision, or empty.
            login: Signs in at the origin of the URL, before the first request, and again after a 401 or 403.
                Redirects stay within that origin, so the credentials never leave it.
            keeps_error_page: Whether to read the content of an error response, too, if it is small.

        Raises:
            DocumentError: The server responded with an error, or the document is too large.
            NetworkError: The connection failed or broke.
            TimedOutError: A time limit was reached.
            RefusedError: The server redirects to another origin.
            UsageError: A proxy or certificate variable is malformed.
        """
        budget = min(timeout or DOCUMENT_TOTAL_SECONDS, DOCUMENT_TOTAL_SECONDS)
        download = _Download(
            self,
            url,
            _conditions(etag, last_modified),
            login or DocumentLogin(),
            keeps_error_page=keeps_error_page,
        )
        deadline = time.monotonic() + budget
        is_fresh = not self._clients.is_connected
        self.head = self.error_page = None
        try:
            return download.run(self._clients, budget)
        except NetworkError:
            # The server may have closed the idle connection, so try a new connection.
            self.close()
            left = deadline - time.monotonic()
            if is_fresh or self._is_cut or left <= 0:
                raise
        except BaseException:
            self.close()
            raise
        return download.run(self._clients, left)

    def cut(self) -> None:
        """Stop the current download of another thread and all later downloads: each raises a `NetworkError`."""
        self._is_cut = True
        self._clients.end()

    def close(self) -> None:
        """Close all connections."""
        clients, self._clients = self._clients, EndableClients(self._check)
        clients.end()
        clients.close()
        if self._is_cut:
            self._clients.end()


def _conditions(etag: str, last_modified: str) -> dict[str, str]:
    """Return the headers of a conditional request (RFC 9110, section 13.1)."""
    headers = {"If-None-Match": etag, "If-Modified-Since": last_modified}
    # The values come from a cache file, which may be damaged, so leave out invalid values.
    return {
        name: value for name, value in headers.items() if value and value.isascii() and value.isprintable()
    }


class _Download:
    """A download through all its redirects; it also signs its requests, and provides the TLS context."""

    def __init__(
        self,
        downloads: Downloads,
        url: str,
        conditions: dict[str, str],
        login: DocumentLogin,
        *,
        keeps_error_page: bool,
    ) -> None:
        self.downloads, self.url, self.conditions, self.login = downloads, url, conditions, login
        self.keeps_error_page = keeps_error_page
        self.challenge: str | None = None
        self.credentials: Mapping[str, str] = {}
        self._signed_url = ""

    def run(self, clients: EndableClients, seconds: float) -> Fetched:
        """Return the document, within a number of seconds."""
        from dynacli.http.import_httpx import httpx

        headers = {"Accept": self.downloads.accept, **self.conditions}
        self.challenge, self._signed_url = None, ""
        try:
            url = self.url if socket_of(self.url) else str(httpx.URL(self.url))
        except httpx.InvalidURL as error:
            raise from_httpx(error, self.url) from error
        response = send(
            Request("GET", url, tuple(headers.items())),
            Budget(
                seconds, connect=DOCUMENT_CONNECT_SECONDS, read=DOCUMENT_READ_SECONDS, follow=self._follow
            ),
            receive=self._receive,
            clients=clients,
            login=self,
            tls=self,
        )
        return self._accepted(response)

    def context(self, origin: str) -> ssl.SSLContext | None:
        """Return the TLS context for an origin; None for the system's context."""
        return self.login.context() if origin.startswith("https:") else None

    def signed(self, request: Request) -> Request:
        """Return a request with the credentials for its URL."""
        if self._signed_url != request.url:
            self.credentials = self.login.headers(request.url, self.challenge)
            self._signed_url = request.url
        if self.credentials:
            check_private(request.url)
        return request._replace(headers=(*request.headers, *self.credentials.items()))

    def wants_again(self, request: Request, status: int, headers: Iterable[tuple[str, str]]) -> bool:
        """Return whether to send the request again, with other credentials for the challenge of the server."""
        headers = tuple(headers)
        self.downloads.head = _head(status, headers)
        if status not in SIGN_IN or self.challenge is not None:
            return False
        self.challenge = ", ".join(values_of(headers, "www-authenticate"))
        sent, self.credentials = self.credentials, self.login.headers(request.url, self.challenge)
        return self.credentials != sent

    def _follow(
        self, request: Request, response: WireResponse, hops: list[tuple[int, str]]
    ) -> Request | None:
        """Return the request for a redirect within the origin (RFC 6454, section 4); None without `Location`."""
        location = response.header("location")
        if not location:
            return None
        if len(hops) >= MAX_REDIRECTS:
            raise DocumentError(
                f"`{without_query(self.url)}` redirects more than {MAX_REDIRECTS} times",
                hint="Give the URL of the document itself",
            )
        hops.append((response.status, response.url))
        return request._replace(url=_redirected(request.url, header_text(location)))

    def _receive(self, response: WireResponse, pieces: Pieces) -> bytes:
        """Return the content of a successful response; store the page of an error if `keeps_error_page` is true."""
        if not _is_success(response.status):
            if self.keeps_error_page and not self._is_unchanged(response):
                self.downloads.error_page = _error_page(response, pieces)
            return b""
        shown = without_query(self.url)
        try:
            return pieces.whole(MAX_BYTES)
        except TooLargeError:
            raise DocumentError(f"`{shown}` is larger than {in_mebibytes(MAX_BYTES)}") from None
        except BadEncodingError as error:
            kind = NetworkError if error.is_cut else DocumentError
            raise kind(f"`{shown}` cannot be read", reason=str(error)) from error

    def _is_unchanged(self, response: WireResponse) -> bool:
        return response.status == _NOT_MODIFIED and bool(self.conditions)

    def _accepted(self, response: WireResponse) -> Fetched:
        if not _is_success(response.status) and not self._is_unchanged(response):
            raise self._refusal(response)
        headers = {name.lower(): response.header(name) for name, _ in response.headers}
        asked = [name.strip().lower() for name in headers.get("vary", "").split(",")]
        return Fetched(
            response.body,
            media_type=essence(headers.get("content-type", "")),
            etag=headers.get("etag", ""),
            last_modified=headers.get("last-modified", ""),
            not_modified=self._is_unchanged(response),
            uri=response.url,
            max_age=max_age_of(headers),
            depends_on_who_asks=not self.credentials and not _WHO_ASKS.isdisjoint(asked),
        )

    def _refusal(self, response: WireResponse) -> DocumentError:
        status = response.status
        reason = response.reason if response.reason.isprintable() else ""
        hint = _HINTS.get(status, "Check the URL, or try again later" if status >= 500 else "")
        hint = hint.format(page=invocation("help document"))
        if status in SIGN_IN:
            challenge = ", ".join(values_of(response.headers, "www-authenticate"))
            advice = self.login.advice(response.url, challenge)
            if advice is not None:
                reason, hint = "; ".join(filter(None, (reason, advice.reason))), advice.hint
        shown = without_query(self.url)
        return DocumentError(
            f"`{shown}` responded with {status} instead of a document",
            reason=reason,
            hint=hint,
            status=status,
        )


def _is_success(status: int) -> bool:
    return 200 <= status < 300


def _error_page(response: WireResponse, pieces: Pieces) -> Fetched | None:
    try:
        content = pieces.whole(_MAX_ERROR_PAGE)
    except (BadEncodingError, TooLargeError):
        return None  # the status of the error is enough
    return Fetched(content, media_type=essence(response.header("content-type")), uri=response.url)


def _head(status: int, headers: tuple[tuple[str, str], ...]) -> Head:
    return Head(
        status,
        essence(", ".join(values_of(headers, "content-type"))),
        header_text(", ".join(values_of(headers, "location"))) if status in REDIRECTS else "",
        tuple(map(header_text, values_of(headers, "link"))),
    )


def _redirected(base: str, location: str) -> str:
    """Return the URL of a redirect within the origin (RFC 6454, section 4).

    Raises:
        RefusedError: The redirect leaves the origin.
    """
    from dynacli.http.import_httpx import httpx

    if socket_of(base):
        followed = split_url(join_url(base, location))._replace(fragment="").geturl()
        if socket_of(followed) == socket_of(base):
            return followed
        raise _elsewhere(base, origin_of(followed), followed)
    url = httpx.URL(base)
    target = url.join(location).copy_with(username=None, password=None, fragment=None)
    if _origin(target) == _origin(url):
        return str(target)
    shown = without_query(str(target))
    if url.scheme == "https" and target.scheme == "http":
        raise RefusedError(
            f"`{without_query(str(url))}` redirects to `{shown}`, which is not encrypted",
            hint="Give an `https://` URL of the document",
        )
    raise _elsewhere(base, f"{target.scheme}://{target.netloc.decode()}", str(target))


def _elsewhere(base: str, origin: str, target: str) -> RefusedError:
    return RefusedError(
        f"`{without_query(base)}` redirects to another origin, `{origin}`",
        reason="dynacli fetches a document only from the origin that you named",
        hint=f"If you trust it, give the new URL: `{without_query(target)}`",
    )


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port or {"http": 80, "https": 443}.get(url.scheme)
