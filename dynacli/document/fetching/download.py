"""Documents downloaded over HTTP, under dynacli's own rules for redirects, encodings, size and time."""

import time
from typing import TYPE_CHECKING, NamedTuple

from dynacli.document.fetched import SIGN_IN, DocumentLogin, Fetched
from dynacli.document.fetching.cache_control import max_age_of
from dynacli.document.limits import (
    CONNECT_SECONDS,
    MAX_BYTES,
    MAX_REDIRECTS,
    READ_SECONDS,
    TOTAL_SECONDS,
    in_mebibytes,
)
from dynacli.environment import invocation
from dynacli.errors import DocumentError, NetworkError, RefusedError
from dynacli.http.encodings import BadEncodingError, decode_chunks
from dynacli.http.exchange import REDIRECTS, Connections, headers_of, open_client, run_within
from dynacli.http.failures import from_httpx, timed_out
from dynacli.urls import without_query

if TYPE_CHECKING:
    import socket
    import ssl
    from collections.abc import Mapping

    from dynacli.http.import_httpx import httpx
    from dynacli.http.peers import Peers

__all__ = ["Downloads", "Head"]

_ACCEPT = (
    "application/vnd.oai.openapi+json, application/vnd.oai.openapi, application/json, application/yaml, "
    "application/x-yaml;q=0.9, text/yaml;q=0.9, text/plain;q=0.5, */*;q=0.1"
)
_MAX_ERROR_PAGE = 2**20
_WHO_ASKS = frozenset({"authorization", "cookie"})
_HINTS = {
    401: "The document itself needs signing in; `{page}` says how",
    403: "The server does not give the document to everyone; `{page}` says how to sign in",
    404: "Check the URL; the document often is at `/openapi.json` or `/v3/api-docs`",
    407: "Check the user name and the password in the variable of the proxy, such as `HTTP_PROXY`",
    429: "The server limits how often it is asked; try again later",
}


class Head(NamedTuple):
    """The status and headers of an answer, also where it was no document.

    Args:
        status: The status code.
        media_type: The media type of `Content-Type`, lower case, without parameters.
        location: Where the answer redirects to, or empty.
        links: The `Link` headers.
    """

    status: int
    media_type: str
    location: str
    links: tuple[str, ...]


class Downloads:
    """Downloads documents one after the other, over connections that stay open in between.

    Attributes:
        head: The head of the last answer; None while there is none.
        error_page: The content of the last answer, where that was an error whose content was asked for.

    Args:
        accept: The value of the header `Accept`.
        peers: Decides which connections may be used; without it, all may.
    """

    def __init__(self, *, accept: str = _ACCEPT, peers: "Peers | None" = None) -> None:
        self.accept = accept
        self.head: Head | None = None
        self.error_page: Fetched | None = None
        self._peers = peers
        self._connections: Connections | None = None
        self._is_cut = False
        self._clients: dict[tuple[str, ssl.SSLContext | None], httpx.Client] = {}
        self._open: tuple[socket.socket, ...] = ()

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
            timeout: A time limit in seconds for the whole; the built-in one holds besides.
            etag: The `ETag` of the revision at hand, or empty.
            last_modified: The `Last-Modified` of the revision at hand, or empty.
            login: Signs in at the origin of the URL: before the first request, and where the server answers with
                401 or 403. Redirects stay within that origin, so the credentials never leave it.
            keeps_error_page: Whether the content of an answer with an error is read, too, as far as it is small.

        Raises:
            DocumentError: The server answered with an error, or with more than the limit.
            NetworkError: The connection failed or broke.
            TimedOutError: A time limit was reached.
            RefusedError: The server redirects to another origin.
            UsageError: A proxy or certificate variable is malformed.
        """
        budget = min(timeout or TOTAL_SECONDS, TOTAL_SECONDS)
        download = _Download(
            self,
            url,
            budget,
            _conditions(etag, last_modified),
            login or DocumentLogin(),
            keeps_error_page=keeps_error_page,
        )
        is_fresh = not self._open
        self.head = self.error_page = None
        try:
            return self._run(download)
        except NetworkError:
            # A server may close an idle connection just when it is used again: try once more with a new one.
            self.close()
            if is_fresh or self._is_cut or time.monotonic() >= download.deadline:
                raise
        except BaseException:
            self.close()
            raise
        return self._run(download)

    def _run(self, download: "_Download") -> Fetched:
        def run(connections: Connections) -> Fetched:
            self._connections = connections
            connections.check = None if self._peers is None else self._peers.check
            for connection in self._open:
                connections.take(connection)
            if self._is_cut:
                connections.cut()
            try:
                return download.run(connections)
            finally:
                self._open = tuple(
                    connection for connection in connections.sockets if connection.fileno() >= 0
                )

        return run_within(max(download.deadline - time.monotonic(), 0.001), download.url, run)

    def client(self, scheme: str, context: "ssl.SSLContext | None" = None) -> "httpx.Client":
        """Return the client for URLs of a scheme.

        Args:
            context: What connections are made with; None for the authorities of the system.

        Raises:
            UsageError: A proxy or certificate variable of the environment is malformed.
        """
        client = self._clients.get((scheme, context))
        if client is None:
            client = open_client(scheme, connect=CONNECT_SECONDS, read=READ_SECONDS, context=context)
            self._clients[scheme, context] = client
        return client

    def cut(self) -> None:
        """End the download that another thread waits for, and all later ones: each raises a `NetworkError`."""
        self._is_cut = True
        if self._connections is not None:
            self._connections.cut()

    def close(self) -> None:
        """Close all connections."""
        clients, self._clients, self._open = self._clients, {}, ()
        for client in clients.values():
            client.close()


def _conditions(etag: str, last_modified: str) -> dict[str, str]:
    """Return the headers of a conditional request (RFC 9110, section 13.1)."""
    headers = {"If-None-Match": etag, "If-Modified-Since": last_modified}
    # The values come from a cache file, which may be damaged.
    return {
        name: value for name, value in headers.items() if value and value.isascii() and value.isprintable()
    }


class _Download:
    """A download, through all its redirects."""

    def __init__(
        self,
        downloads: Downloads,
        url: str,
        budget: float,
        conditions: dict[str, str],
        login: DocumentLogin,
        *,
        keeps_error_page: bool = False,
    ) -> None:
        self.downloads = downloads
        self.keeps_error_page = keeps_error_page
        self.url = url
        self.budget = budget
        self.deadline = time.monotonic() + budget
        self.conditions = conditions
        self.login = login
        self.challenge: str | None = None
        self.credentials: Mapping[str, str] = {}

    def run(self, connections: Connections) -> Fetched:
        from dynacli.http.import_httpx import httpx

        url = httpx.URL(self.url)
        self.credentials = self.login.headers(str(url), self.challenge)
        headers = {"Accept": self.downloads.accept, **self.conditions}
        client = self.downloads.client(url.scheme, self.login.context() if url.scheme == "https" else None)
        timeout = httpx.Timeout(min(READ_SECONDS, self.budget), connect=min(CONNECT_SECONDS, self.budget))
        for _ in range(MAX_REDIRECTS + 1):
            # httpx sends the cookies of earlier answers; no cookie is kept here.
            client.cookies = httpx.Cookies()
            request = client.build_request(
                "GET",
                url,
                headers={**headers, **self.credentials},
                timeout=timeout,
                extensions={"trace": connections.trace},
            )
            try:
                response = client.send(request, stream=True, auth=None)
                try:
                    self.downloads.head = _head(response)
                    if self._signs_in(response, str(url)):
                        continue
                    if response.status_code not in REDIRECTS or "location" not in headers_of(response):
                        return self._accept(response)
                    url = _redirected(url, headers_of(response)["location"])
                    self.credentials = self.login.headers(str(url), self.challenge)
                finally:
                    response.close()
            except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
                raise from_httpx(error, str(url)) from error
        raise DocumentError(
            f"`{without_query(self.url)}` redirects more than {MAX_REDIRECTS} times",
            hint="Give the URL of the document itself",
        )

    def _signs_in(self, response: "httpx.Response", url: str) -> bool:
        """Return whether the request can be sent again with credentials that the server asked for."""
        if response.status_code not in SIGN_IN or self.challenge is not None:
            return False
        self.challenge = _challenge_of(response)
        sent, self.credentials = self.credentials, self.login.headers(url, self.challenge)
        return self.credentials != sent

    def _accept(self, response: "httpx.Response") -> Fetched:
        shown = without_query(self.url)
        status = response.status_code
        if status == 304 and self.conditions:
            return Fetched(
                b"",
                etag=response.headers.get("etag", ""),
                last_modified=response.headers.get("last-modified", ""),
                not_modified=True,
                uri=str(response.url),
                max_age=max_age_of(response.headers),
                depends_on_who_asks=self._depends_on_who_asks(response),
            )
        if not response.is_success:
            if self.keeps_error_page:
                self.downloads.error_page = self._error_page(response)
            why = response.reason_phrase if response.reason_phrase.isprintable() else ""
            hint = _HINTS.get(status, "Check the URL, or try again later" if status >= 500 else "")
            hint = hint.format(page=invocation("help documents"))
            if status in SIGN_IN:
                advice = self.login.advice(str(response.url), _challenge_of(response))
                if advice is not None:
                    why, hint = "; ".join(filter(None, (why, advice.why))), advice.hint
            raise DocumentError(
                f"`{shown}` answered with {status} instead of a document", why=why, hint=hint, status=status
            )
        try:
            content = self._content(response, MAX_BYTES)
        except BadEncodingError as error:
            kind = NetworkError if error.is_cut else DocumentError
            raise kind(f"`{shown}` cannot be read", why=str(error)) from error
        return Fetched(
            content,
            media_type=_media_type(response.headers),
            etag=response.headers.get("etag", ""),
            last_modified=response.headers.get("last-modified", ""),
            uri=str(response.url),
            max_age=max_age_of(response.headers),
            depends_on_who_asks=self._depends_on_who_asks(response),
        )

    def _depends_on_who_asks(self, response: "httpx.Response") -> bool:
        names = response.headers.get_list("vary", split_commas=True)
        return not self.credentials and any(name.strip().lower() in _WHO_ASKS for name in names)

    def _error_page(self, response: "httpx.Response") -> Fetched | None:
        try:
            content = self._content(response, _MAX_ERROR_PAGE)
        except (BadEncodingError, DocumentError):
            return None  # the error itself tells enough
        return Fetched(content, media_type=_media_type(response.headers), uri=str(response.url))

    def _content(self, response: "httpx.Response", limit: int) -> bytes:
        encodings = response.headers.get_list("content-encoding", split_commas=True)
        return b"".join(decode_chunks(response.iter_raw(), encodings, lambda size: self._check(size, limit)))

    def _check(self, size: int, limit: int) -> None:
        if size > limit:
            raise DocumentError(f"`{without_query(self.url)}` is larger than {in_mebibytes(limit)}")
        if time.monotonic() > self.deadline:
            raise timed_out(self.url, self.budget)


def _challenge_of(response: "httpx.Response") -> str:
    return ", ".join(response.headers.get_list("www-authenticate"))


def _head(response: "httpx.Response") -> Head:
    headers = headers_of(response)
    return Head(
        response.status_code,
        _media_type(headers),
        headers.get("location", "") if response.status_code in REDIRECTS else "",
        tuple(headers.get_list("link")),
    )


def _media_type(headers: "httpx.Headers") -> str:
    return str(headers.get("content-type", "")).partition(";")[0].strip().lower()


def _redirected(url: "httpx.URL", location: str) -> "httpx.URL":
    """Return where a redirect leads, if it stays within the origin (RFC 6454, section 4)."""
    target = url.join(location).copy_with(username=None, password=None, fragment=None)
    if _origin(target) == _origin(url):
        return target
    shown = without_query(str(target))
    if url.scheme == "https" and target.scheme == "http":
        raise RefusedError(
            f"`{without_query(str(url))}` redirects to `{shown}`, which is not encrypted",
            hint="Give an `https://` URL of the document",
        )
    raise RefusedError(
        f"`{without_query(str(url))}` redirects to another origin, `{target.scheme}://{target.netloc.decode()}`",
        why="A document is taken only from the origin that you named",
        hint=f"If you trust it, give the new URL: `{shown}`",
    )


def _origin(url: "httpx.URL") -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port or {"http": 80, "https": 443}.get(url.scheme)
