"""A server with one document of which everything can be set, and a clock that is put forward.

Nothing waits: what the cache remembers of the time is set back, as if it had been written so long ago.
"""

import contextlib
import json
import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from tests.harness import RecordedRequest, Recorder, Response

MINUTE, HOUR, DAY = 60, 3600, 86_400
_TIMES = frozenset({"fetched_at", "asked_at", "installed_at", "at"})
_PATIENCE_SECONDS = 30


class Served:
    """A document at `/openapi.json` of a server.

    Args:
        recorder: The server.
        document: The document, or whatever else shall come.
    """

    def __init__(self, recorder: Recorder, document: Any = None) -> None:
        self.recorder = recorder
        self.url = f"{recorder.origin}/openapi.json"
        if document is not None:
            self.has(document)

    def has(self, document: Any, status: int = 200, /, **headers: str) -> None:
        """Respond with a document from now on; with 304 if the request names its ETag or its time.

        Args:
            document: An object of JSON, or the bytes that shall come.
            status: The status code.
            headers: Of the response, with `_` for `-`.
        """
        content = document if isinstance(document, bytes) else json.dumps(document).encode()
        named = {name.replace("_", "-"): value for name, value in headers.items()}

        def response(request: RecordedRequest) -> Response:
            if status == 200 and _is_known(request, named):
                return Response(304, b"", named)
            return Response(status, content, {"Content-Type": "application/json", **named})

        self.recorder.responses["/openapi.json"] = response

    def responses(self, response: Response | Callable[[RecordedRequest], Response]) -> None:
        """Response like that from now on."""
        self.recorder.responses["/openapi.json"] = response

    @property
    def asked(self) -> list[RecordedRequest]:
        """The requests for the document so far."""
        return [request for request in self.recorder.requests if request.target.startswith("/openapi.json")]

    @property
    def conditions(self) -> Mapping[str, str]:
        """The conditional headers of the last request for the document."""
        return {name: values[0] for name, values in self.asked[-1].headers.items() if name.startswith("if-")}


def _is_known(request: RecordedRequest, headers: Mapping[str, str]) -> bool:
    tags, times = request.headers.get("if-none-match"), request.headers.get("if-modified-since")
    if tags is not None:  # RFC 9110, section 13.2.2: it alone counts
        return tags == [headers.get("ETag")]
    return times is not None and times == [headers.get("Last-Modified")]


@contextlib.contextmanager
def holding(served: Served) -> Iterator[threading.Event]:
    """Let the server hold its response back until the event that is given, at the latest until the end of the block."""
    release = threading.Event()
    response = served.recorder.responses["/openapi.json"]

    def wait(request: RecordedRequest) -> Response:
        release.wait(_PATIENCE_SECONDS)
        return response(request) if callable(response) else response

    served.responses(wait)
    try:
        yield release
    finally:
        release.set()
        served.responses(response)


def age(home: Path, seconds: float) -> None:
    """Let so much time go by for everything that the cache remembers."""
    for path in (home / "cache" / "documents").rglob("*"):
        if path.name == "refresh.claim":
            claimed = path.stat().st_mtime - seconds
            os.utime(path, (claimed, claimed))
        elif path.suffix == ".json":
            with contextlib.suppress(ValueError):  # it was torn on purpose
                path.write_text(json.dumps(_aged(json.loads(path.read_text()), seconds)))


def _aged(value: Any, seconds: float) -> Any:
    if not isinstance(value, dict):
        return value
    return {
        key: child - seconds if key in _TIMES and isinstance(child, int | float) else _aged(child, seconds)
        for key, child in value.items()
    }


class State(NamedTuple):
    """What the cache has of the one document that there is.

    Args:
        revision: The current one.
        held: Why another one was held back; none if none was.
        failure: Why the last refresh failed, or empty.
        has_news: Whether something is to be reported.
        pointer: All that is remembered of the current revision.
    """

    revision: str
    held: tuple[str, ...]
    failure: str
    has_news: bool
    pointer: Mapping[str, Any]


def state_of(home: Path) -> State:
    """Return what the files of the cache say."""
    (path,) = (home / "cache" / "documents").rglob("current.json")
    pointer = json.loads(path.read_text())
    pending = path.with_name("pending.json")
    found = json.loads(pending.read_text()) if pending.exists() else {}
    failed = found.get("failed", {})
    return State(
        pointer["revision"],
        tuple(found.get("held", {}).get("reasons", ())),
        " ".join(part for part in (failed.get("what", ""), failed.get("reason", "")) if part),
        path.with_name("news.json").exists(),
        pointer,
    )


def until(is_so: Callable[[], Any], event: str) -> None:
    """Wait until something is so, that another process brings about.

    Args:
        event: What is waited for, should it not come.
    """
    end = time.monotonic() + _PATIENCE_SECONDS
    while not is_so():
        assert time.monotonic() < end, f"this has not come about: {event}"
        time.sleep(0.01)
