"""Requests to one origin, several at a time, each over a connection that stays open for the next."""

import math
import queue
import threading
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from dynacli.errors import DynacliError
from dynacli.http.failures import timed_out
from dynacli.http.peers import Peers
from dynacli.openapi.document._download import Downloads, Head
from dynacli.openapi.document.fetched import DocumentLogin, Fetched

if TYPE_CHECKING:
    import ssl

__all__ = ["MAX_CONNECTIONS", "SLOW_CONNECTIONS", "ProbeResponse", "Probes", "UnaskedLogin"]

MAX_CONNECTIONS = 6
"""Small servers queue five connections and let the next one wait for a second (`socketserver.request_queue_size`)."""
SLOW_CONNECTIONS = 16
"""How many connections a slow server gets: with fewer, its responses to the likeliest places would not come in time."""

_GRACE_SECONDS = 1.0
"""How long to wait for requests that were cut; only the look-up of a host name and connecting take longer."""

_ACCEPT = (
    "application/vnd.oai.openapi+json, application/vnd.oai.openapi, application/openapi+json, "
    "application/vnd.openapi+json, application/json, application/linkset+json;q=0.9, application/yaml;q=0.9, "
    "application/x-yaml;q=0.9, text/yaml;q=0.9, text/html;q=0.6, text/plain;q=0.5, */*;q=0.1"
)


class ProbeResponse(NamedTuple):
    """The response to a request, or why there is none.

    Args:
        fetched: The content, where the request succeeded.
        error: Why it failed.
        head: The status and headers of the response; None where there was no response.
        error_page: The content of a response that is an error, where it was asked for.
    """

    fetched: Fetched | None = None
    error: DynacliError | None = None
    head: Head | None = None
    error_page: Fetched | None = None


_Result = tuple[int, ProbeResponse | BaseException]


class Probes:
    """Sends requests over a few connections, without cookies, and without a credential unless one is given.

    Args:
        peers: The addresses that were connected to before.
    """

    def __init__(self, peers: Peers | None = None) -> None:
        self.peers = peers or Peers()
        self._idle = [self._new_downloads() for _ in range(MAX_CONNECTIONS)]
        self._busy: dict[int, Downloads] = {}
        self._results: queue.SimpleQueue[_Result] = queue.SimpleQueue()
        self._threads: list[threading.Thread] = []

    def _new_downloads(self) -> Downloads:
        return Downloads(accept=_ACCEPT, peers=self.peers)

    def ask_first(
        self,
        url: str,
        *,
        silence: float,
        patience: float,
        login: DocumentLogin | None = None,
    ) -> ProbeResponse | None:
        """Return the response of the URL that a person gave, or None where it is under way still; its number is 0.

        Args:
            silence: How long to wait for a server that is connected, unless it is sending what may be a document.
            patience: How long to wait for a connection.
            login: Signs in, as for any download.
        """
        # As long as any download: the URL may be that of a large document.
        self.start(0, url, None, login, keeps_error_page=True)
        end = time.monotonic() + patience
        while True:
            response = self.next_response(min(silence, end - time.monotonic()))
            if response is not None:
                return response[1]
            if self.is_sending(0):
                silence = patience = end = math.inf
            elif self.peers.is_connected:
                return None
            elif time.monotonic() >= end:
                return ProbeResponse(None, timed_out(url, patience))

    def is_sending(self, number: int) -> bool:
        """Return whether the response to a request has begun to come, and may be a document."""
        head = self._busy[number].head
        return (
            head is not None
            and head.status == 200
            and head.media_type not in {"text/html", "text/event-stream"}
        )

    def widen(self, connections: int = SLOW_CONNECTIONS) -> None:
        """Allow so many connections, by default as many as a slow server gets."""
        count = connections - len(self._idle) - len(self._busy)
        self._idle += [self._new_downloads() for _ in range(count)]

    @property
    def is_free(self) -> bool:
        """Whether one more request can be sent."""
        return bool(self._idle)

    def start(
        self,
        number: int,
        url: str,
        timeout: float | None,
        login: DocumentLogin | None = None,
        *,
        keeps_error_page: bool = False,
    ) -> None:
        """Send a request over a free connection.

        Args:
            number: Of the request, by which `next_answer` names it.
            timeout: A time limit in seconds.
            login: Signs in, as for any download.
            keeps_error_page: Whether the content of a response that is an error is wanted, too.
        """
        downloads = self._busy[number] = self._idle.pop(0)
        results = self._results

        def ask() -> None:
            results.put((number, _caught(downloads, url, timeout, login, keeps_error_page)))

        # Not an executor: at its end the interpreter would wait for the threads, and a look-up of a host name can hang.
        thread = threading.Thread(target=ask, name="dynacli-discovery", daemon=True)
        self._threads = [running for running in self._threads if running.is_alive()] + [thread]
        thread.start()

    def next_response(self, seconds: float) -> tuple[int, ProbeResponse] | None:
        """Return the number of a request and its response, whichever comes next; None where none comes in time.

        Args:
            seconds: How long to wait; infinite for as long as it takes.
        """
        try:
            number, response = self._results.get(timeout=None if seconds == math.inf else max(seconds, 0.001))
        except queue.Empty:
            return None
        self._idle.insert(0, self._busy.pop(number))
        if isinstance(response, BaseException):
            raise response
        return number, response

    def close(self) -> None:
        """End all requests and close the connections; there are no further requests."""
        everything = [*self._idle, *self._busy.values()]
        for downloads in everything:
            downloads.cut()
        end = time.monotonic() + _GRACE_SECONDS
        for thread in self._threads:
            thread.join(max(end - time.monotonic(), 0))
        for downloads in everything:
            downloads.close()


class UnaskedLogin(DocumentLogin):
    """Sends the same headers with each request, whatever the server asks for."""

    def __init__(self, login: DocumentLogin, headers: Mapping[str, str]) -> None:
        self._login, self._headers = login, headers

    def headers(self, url: str, challenge: str | None = None) -> Mapping[str, str]:  # noqa: ARG002
        """Return the headers, as to any other request."""
        return self._headers

    def context(self) -> "ssl.SSLContext | None":
        """Return the certificates of the login that signs in at the given URL."""
        return self._login.context()


def _caught(
    downloads: Downloads, url: str, timeout: float | None, login: DocumentLogin | None, keeps_error_page: bool
) -> ProbeResponse | BaseException:
    """Return the response of a download, or any other exception, for the thread that waits for it."""
    try:
        fetched = downloads.download(url, timeout=timeout, login=login, keeps_error_page=keeps_error_page)
        return ProbeResponse(fetched, None, downloads.head)
    except DynacliError as error:
        return ProbeResponse(None, error, downloads.head, downloads.error_page)
    except BaseException as error:  # noqa: BLE001  - raised again in the thread that waits
        return error
