"""Results that are too large for one response: they stay in memory for a time, and a client names them by handles.

A client without a session gets handles that no other client can guess.
"""

from __future__ import annotations

import json
import re
import secrets
import threading
import time
import zlib
from collections import defaultdict
from typing import Any

from dynacli.errors import FormatError, UsageError
from dynacli.features.mcp._byte_budget import json_line
from dynacli.openapi.model.find_items import KnownItems
from dynacli.record import record

_MOST_OF_CLIENT = 64 * 1024 * 1024
"""Maximum number of bytes of the results of one client, as JSON."""
_MOST_OF_ALL = 4 * _MOST_OF_CLIENT
"""Maximum number of bytes of the results of all clients."""
_MOST_SECONDS = 60 * 60.0
_RANDOM_BYTES = 16
_HANDLE = re.compile(r"result:[0-9]+[\w.-]*")
_MOST_LISTED = 10


@record
class LargeResult:
    """A stored result.

    Args:
        handle: The name of the result for the client.
        content: The JSON of the result, compressed.
        size: The number of bytes of the JSON.
        known: The items of the result according to the document; None if unknown.
        note: A note on the source of the result, for the client.
        at: The time when it was stored, in seconds of `time.monotonic`.
    """

    handle: str
    content: bytes
    size: int
    known: KnownItems | None
    note: str
    at: float

    @property
    def value(self) -> Any:
        """The result."""
        return json.loads(zlib.decompress(self.content).decode("utf-8", "surrogatepass"))


class LargeResults:
    """The stored results of all clients of a server.

    If a client stores too much, its oldest results are removed. If all clients store too much, the largest client loses
    its oldest results.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._results: defaultdict[str | None, dict[str, LargeResult]] = defaultdict(dict)
        self._count: defaultdict[str | None, int] = defaultdict(int)

    def add(self, session: str | None, value: Any, note: str, known: KnownItems | None = None) -> LargeResult:
        """Store a result, and return it with its handle.

        Args:
            session: The session of the client; None for a client without one.
            note: A note on the source of the result.

        Raises:
            FormatError: The result is larger than all results of a client may be.
        """
        try:
            text = json_line(value).encode("utf-8", "surrogatepass")
        except RecursionError as error:
            raise FormatError(
                "The result cannot be stored",
                reason="It is nested too deeply",
                hint="Use `filter` for a part",
            ) from error
        if len(text) > _MOST_OF_CLIENT:
            raise FormatError(
                "The result cannot be stored",
                reason=f"It has {len(text):,} bytes, and the limit is {_MOST_OF_CLIENT:,}",
                hint="Use `filter` or `sql` for a part, or a smaller `max_items`",
            )
        content = zlib.compress(text, 1)
        with self._lock:
            self._count[session] += 1
            handle = f"result:{self._count[session]}"
            if session is None:
                handle += f".{secrets.token_urlsafe(_RANDOM_BYTES)}"
            result = LargeResult(handle, content, len(text), known, note, time.monotonic())
            self._results[session][handle] = result
            self._make_room(session)
        return result

    def get(self, session: str | None, handle: str) -> LargeResult:
        """Return a stored result.

        Raises:
            UsageError: The client has no result with this handle, or no longer.
        """
        with self._lock:
            self._make_room(session)
            kept = self._results.get(session, {})
            found = kept.get(handle)
            listed = [] if session is None else list(kept)[-_MOST_LISTED:]
        if found is not None:
            return found
        if not _HANDLE.fullmatch(handle):
            raise UsageError(
                f"`{handle[:60]}` is not the handle of a result",
                reason="Expected a handle such as `result:3`",
            )
        raise UsageError(
            f"There is no result `{handle[:60]}`",
            reason="It belongs to another session, or was removed: results stay for an hour, and at most"
            f" {_MOST_OF_CLIENT // 1024**2} MiB of them",
            hint="Make the call again",
            near=listed,
        )

    def _make_room(self, session: str | None) -> None:
        """Remove results that are too old, and the oldest ones above the limits."""
        latest = time.monotonic() - _MOST_SECONDS
        for name, results in list(self._results.items()):
            for handle in [handle for handle, result in results.items() if result.at < latest]:
                del results[handle]
            if not results:
                del self._results[name]
        sizes = {name: _size(results) for name, results in self._results.items()}
        while sizes.get(session, 0) > _MOST_OF_CLIENT:
            sizes[session] -= _remove_oldest(self._results[session])
        while sum(sizes.values()) > _MOST_OF_ALL:
            largest = max(sizes, key=lambda name: sizes[name])
            sizes[largest] -= _remove_oldest(self._results[largest])


def _size(results: dict[str, LargeResult]) -> int:
    return sum(result.size for result in results.values())


def _remove_oldest(results: dict[str, LargeResult]) -> int:
    """Remove the oldest result, and return its number of bytes."""
    return results.pop(next(iter(results))).size
