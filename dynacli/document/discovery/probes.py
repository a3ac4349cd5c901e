"""Requests to one origin, several at a time, under limits of number, time and connections."""

import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

from dynacli.document.fetched import Fetched
from dynacli.document.fetching.download import Downloads, Head
from dynacli.errors import DynacliError
from dynacli.wire.failures import timed_out
from dynacli.wire.peers import Peers

__all__ = ["ProbeAnswer", "Probes"]

MAX_CONNECTIONS = 6
PROBE_SECONDS = 8.0
"""The time limit of a request; some frameworks generate their document when it is first asked for."""

_GRACE_SECONDS = 1.0
"""How long to wait for requests that were cut; only the look-up of a host name and connecting take longer."""

_ACCEPT = (
    "application/vnd.oai.openapi+json, application/vnd.oai.openapi, application/openapi+json, "
    "application/vnd.openapi+json, application/json, application/linkset+json;q=0.9, application/yaml;q=0.9, "
    "application/x-yaml;q=0.9, text/yaml;q=0.9, text/html;q=0.6, text/plain;q=0.5, */*;q=0.1"
)


class ProbeAnswer(NamedTuple):
    """The answer to a request, or why there is none.

    Args:
        fetched: The content, where the request succeeded.
        error: Why it failed.
        head: The status and headers of the answer; None where there was no answer.
    """

    fetched: Fetched | None = None
    error: DynacliError | None = None
    head: Head | None = None


_Result = tuple[int, ProbeAnswer | BaseException]


class Probes:
    """Sends requests over at most six connections; no request has a credential or a cookie."""

    def __init__(self) -> None:
        self.peers = Peers()
        self._downloads = [Downloads(accept=_ACCEPT, peers=self.peers) for _ in range(MAX_CONNECTIONS)]
        self._threads: list[threading.Thread] = []
        self._is_over = False

    def ask_first(self, url: str, *, timeout: float | None, patience: float) -> ProbeAnswer:
        """Return the answer of the URL that a person gave.

        Args:
            timeout: A time limit in seconds, as for any download: the URL may be that of a large document.
            patience: The seconds after which the request is given up, unless its answer may be a document.
        """
        downloads = self._downloads[0]
        results: queue.SimpleQueue[_Result] = queue.SimpleQueue()
        self._start(lambda: results.put((0, _caught(downloads, url, timeout))))
        try:
            _, answer = results.get(timeout=patience)
        except queue.Empty:
            head = downloads.head
            if head is None or head.status != 200 or head.media_type in {"text/html", "text/event-stream"}:
                downloads.cut()
                # A cut connection cannot be used again: the requests that follow get a new one.
                self._downloads.append(self._downloads.pop(0))
                self._downloads.insert(0, Downloads(accept=_ACCEPT, peers=self.peers))
                return ProbeAnswer(None, timed_out(url, patience), head)
            _, answer = results.get()
        except BaseException:
            downloads.cut()
            raise
        return _raised(answer)

    def ask(self, urls: Sequence[str], *, deadline: float) -> list[ProbeAnswer | None]:
        """Return the answers of several URLs, in their order; None for each URL whose turn did not come.

        Args:
            deadline: When the last request may start, by `time.monotonic`.
        """
        waiting = deque(enumerate(urls))
        begun: set[int] = set()
        results: queue.SimpleQueue[_Result] = queue.SimpleQueue()

        def work(downloads: Downloads) -> None:
            while waiting and not self._is_over:
                try:
                    index, url = waiting.popleft()
                except IndexError:  # another thread took the last URL
                    return
                begun.add(index)
                seconds = min(PROBE_SECONDS, deadline - time.monotonic())
                results.put((index, _caught(downloads, url, max(seconds, 0.001))))

        for downloads in self._downloads[: min(len(urls), MAX_CONNECTIONS)]:
            self._start(partial(work, downloads))
        answers: dict[int, ProbeAnswer] = {}
        try:
            while len(answers) < len(urls):
                index, answer = results.get(timeout=max(deadline - time.monotonic(), 0.001))
                answers[index] = _raised(answer)
        except queue.Empty:
            self.close()
            for index in begun:
                answers.setdefault(index, ProbeAnswer(None, timed_out(urls[index], PROBE_SECONDS)))
        except BaseException:
            self.close()
            raise
        return [answers.get(index) for index in range(len(urls))]

    def close(self) -> None:
        """End all requests and close the connections; there are no further requests."""
        self._is_over = True
        for downloads in self._downloads:
            downloads.cut()
        end = time.monotonic() + _GRACE_SECONDS
        for thread in self._threads:
            thread.join(max(end - time.monotonic(), 0))
        for downloads in self._downloads:
            downloads.close()

    def _start(self, work: Callable[[], None]) -> None:
        # Not an executor: at its end the interpreter would wait for the threads, and a look-up of a host name can hang.
        thread = threading.Thread(target=work, name="dynacli-discovery", daemon=True)
        self._threads = [running for running in self._threads if running.is_alive()] + [thread]
        thread.start()


def _caught(downloads: Downloads, url: str, timeout: float | None) -> ProbeAnswer | BaseException:
    """Return the answer of a download, or any other exception, for the thread that waits for it."""
    try:
        return ProbeAnswer(downloads.download(url, timeout=timeout), None, downloads.head)
    except DynacliError as error:
        return ProbeAnswer(None, error, downloads.head)
    except BaseException as error:  # noqa: BLE001  - raised again in the thread that waits
        return error


def _raised(answer: ProbeAnswer | BaseException) -> ProbeAnswer:
    if isinstance(answer, BaseException):
        raise answer
    return answer
