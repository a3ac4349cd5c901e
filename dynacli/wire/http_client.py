"""The HTTP client: httpx without its own redirects, credentials, cookies and decoding."""

import threading
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

from dynacli import __version__
from dynacli.wire.encodings import ACCEPTED
from dynacli.wire.failures import from_client_setup

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterator

    from dynacli.wire.import_httpx import httpx

__all__ = ["REDIRECTS", "USER_AGENT", "ClientPool", "headers_of", "open_client"]

REDIRECTS = frozenset({301, 302, 303, 307, 308})
USER_AGENT = f"dynacli/{__version__}"


def open_client(scheme: str, *, connect: float, read: float) -> "httpx.Client":
    """Return an HTTP client for the URLs of one scheme.

    It follows no redirect, sends no credential of its own (no netrc), keeps no cookie,
    and has `User-Agent` and `Accept-Encoding` set.

    Args:
        scheme: `http` or `https`.
        connect: The seconds that connecting may take.
        read: The seconds that may pass between two pieces of an answer.

    Raises:
        UsageError: A proxy or certificate variable of the environment is malformed.
    """
    from dynacli.wire.import_httpx import httpx

    try:
        return httpx.Client(
            headers={"User-Agent": USER_AGENT, "Accept-Encoding": ACCEPTED},
            timeout=httpx.Timeout(read, connect=connect),
            verify=True if scheme == "https" else cast("ssl.SSLContext", _NoCertificates()),
            follow_redirects=False,
            event_hooks={"response": [_hide_location]},
        )
    except (ValueError, ImportError, OSError, httpx.InvalidURL) as error:
        raise from_client_setup(error) from error


class ClientPool:
    """Clients that keep their connections open between exchanges, for calls from several threads."""

    def __init__(self) -> None:
        self._clients: dict[str, httpx.Client] = {}
        self._lock = threading.Lock()

    @contextmanager
    def client(self, scheme: str, *, connect: float, read: float) -> "Iterator[httpx.Client]":
        """Yield the client for a scheme, which stays open after the block; the arguments are those of `open_client`.

        Raises:
            UsageError: A proxy or certificate variable of the environment is malformed.
        """
        with self._lock:
            client = self._clients.get(scheme)
            if client is None:
                client = self._clients[scheme] = open_client(scheme, connect=connect, read=read)
                # The cookie of an answer is no part of the next request.
                client.cookies.extract_cookies = _keep_none  # type: ignore[method-assign, assignment]
        yield client

    def close(self) -> None:
        """Close all connections."""
        with self._lock:
            for client in self._clients.values():
                client.close()
            self._clients.clear()


class _NoCertificates:
    """An SSL context that trusts nobody, so that TLS fails, should it be used all the same.

    Loading the certificate authorities takes 15 ms, the import of `ssl` 4 ms, and an `http:` URL needs neither.
    """

    def __getattr__(self, name: str) -> Any:
        return getattr(self._context, name)

    @cached_property
    def _context(self) -> "ssl.SSLContext":
        import ssl

        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def _keep_none(_: "httpx.Response") -> None:
    pass


def _hide_location(response: "httpx.Response") -> None:
    # httpx parses `Location` even where it follows no redirect, and raises where the URL is malformed.
    response.extensions["headers"] = response.headers.copy()
    response.headers.pop("Location", None)


def headers_of(response: "httpx.Response") -> "httpx.Headers":
    """Return the headers of an answer as the server sent them, with `Location`."""
    headers: httpx.Headers = response.extensions["headers"]
    return headers
