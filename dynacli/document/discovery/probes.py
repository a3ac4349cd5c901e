"""Several requests at once to one origin, under limits of their number, their time and their connections."""

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

__all__ = ["Answer", "Probes"]

MAX_CONNECTIONS = 6
PROBE_SECONDS = 8.0
"""The time for one place; some frameworks work their document out when they are first asked for it."""

_GRACE_SECONDS = 1.0
"""How long a request that was cut is waited for; only the look-up of a name and connecting outlast it."""

_ACCEPT = (
    "application/vnd.oai.openapi+json, application/vnd.oai.openapi, application/openapi+json, "
    "application/vnd.openapi+json, application/json, application/linkset+json;q=0.9, application/yaml;q=0.9, "
    "application/x-yaml;q=0.9, text/yaml;q=0.9, text/html;q=0.6, text/plain;q=0.5, */*;q=0.1"
)


class Answer(NamedTuple):
    """What came from one place.

    Args:
        fetched: What it gave, where it gave something.
        error: Why it gave nothing.
        head: What it said besides; None where it said nothing at all.
    """

    fetched: Fetched | None = None
    error: DynacliError | None = None
    head: Head | None = None


_Result = tuple[int, Answer | BaseException]


class Probes:
    """Asks for URLs, each over one of at most six connections; no request has a credential or a cookie."""

    def __init__(self) -> None:
        self.peers = Peers()
        self._downloads = [Downloads(accept=_ACCEPT, peers=self.peers) for _ in range(MAX_CONNECTIONS)]
        self._threads: list[threading.Thread] = []
        self._is_over = False

    def ask_first(self, url: str, *, timeout: float | None, patience: float) -> Answer:
        """Return what comes from the URL that a person gave.

        Args:
            timeout: A budget in seconds, as for any download: it may be a document, large and slow.
            patience: The seconds after which only what may be a document is waited for.
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
                # The places get another one; this one is of no use any more.
                self._downloads.append(self._downloads.pop(0))
                self._downloads.insert(0, Downloads(accept=_ACCEPT, peers=self.peers))
                return Answer(None, timed_out(url, patience), head)
            _, answer = results.get()
        except BaseException:
            downloads.cut()
            raise
        return _raised(answer)

    def ask(self, urls: Sequence[str], *, deadline: float) -> list[Answer | None]:
        """Return what comes from several URLs, in their order; None for one whose turn did not come.

        Args:
            deadline: When it is over, by `time.monotonic`; there are no further requests then.
        """
        waiting = deque(enumerate(urls))
        begun: set[int] = set()
        results: queue.SimpleQueue[_Result] = queue.SimpleQueue()

        def work(downloads: Downloads) -> None:
            while waiting and not self._is_over:
                try:
                    index, url = waiting.popleft()
                except IndexError:  # another one was faster
                    return
                begun.add(index)
                seconds = min(PROBE_SECONDS, deadline - time.monotonic())
                results.put((index, _caught(downloads, url, max(seconds, 0.001))))

        for downloads in self._downloads[: min(len(urls), MAX_CONNECTIONS)]:
            self._start(partial(work, downloads))
        answers: dict[int, Answer] = {}
        try:
            while len(answers) < len(urls):
                index, answer = results.get(timeout=max(deadline - time.monotonic(), 0.001))
                answers[index] = _raised(answer)
        except queue.Empty:
            self.close()
            for index in begun:
                answers.setdefault(index, Answer(None, timed_out(urls[index], PROBE_SECONDS)))
        except BaseException:
            self.close()
            raise
        return [answers.get(index) for index in range(len(urls))]

    def close(self) -> None:
        """End all requests, and close the connections; nothing is asked for afterwards."""
        self._is_over = True
        for downloads in self._downloads:
            downloads.cut()
        end = time.monotonic() + _GRACE_SECONDS
        for thread in self._threads:
            thread.join(max(end - time.monotonic(), 0))
        for downloads in self._downloads:
            downloads.close()

    def _start(self, work: Callable[[], None]) -> None:
        # Not an executor: the interpreter would wait for its threads at the end, and a look-up of a name can hang.
        thread = threading.Thread(target=work, name="dynacli-discovery", daemon=True)
        self._threads = [one for one in self._threads if one.is_alive()] + [thread]
        thread.start()


def _caught(downloads: Downloads, url: str, timeout: float | None) -> Answer | BaseException:
    """Return what a download gives or how it fails; any other exception is handed to the thread that waits."""
    try:
        return Answer(downloads.download(url, timeout=timeout), None, downloads.head)
    except DynacliError as error:
        return Answer(None, error, downloads.head)
    except BaseException as error:  # noqa: BLE001  - raised again in the thread that waits
        return error


def _raised(answer: Answer | BaseException) -> Answer:
    if isinstance(answer, BaseException):
        raise answer
    return answer
