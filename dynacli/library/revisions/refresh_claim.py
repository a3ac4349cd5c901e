"""The claim to refresh a document in the background: a file whose time says when a run made it.

A run makes it before it starts a process, so that of a hundred runs at once only one starts a process. The file is
removed when the refresh has succeeded. Where the refresh failed it stays, so that the next runs do not try at once.
"""

import os
import time

__all__ = ["RETRY_SECONDS", "drop_refresh_claim", "take_refresh_claim"]

RETRY_SECONDS = 300
"""An older claim counts for nothing: its refresh failed, or the process died."""

_FILE = "refresh.claim"


def take_refresh_claim(directory: str) -> bool:
    """Return whether this run is the one to have a document refreshed.

    Args:
        directory: The document's directory in the cache. Where it cannot be written, a refresh could not be either.
    """
    path = os.path.join(directory, _FILE)
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except FileExistsError:
        return _take_over(path)
    except OSError:
        return False
    return True


def _take_over(path: str) -> bool:
    try:
        # A time in the future comes from a wrong clock.
        if abs(time.time() - os.lstat(path).st_mtime) < RETRY_SECONDS:
            return False
        os.utime(path, follow_symlinks=False)
    except OSError:
        return False  # it was removed just now: the refresh has succeeded
    return True


def drop_refresh_claim(directory: str) -> None:
    """Let the next refresh begin as soon as it is due."""
    try:
        os.unlink(os.path.join(directory, _FILE))
    except OSError:
        return  # there is none, or it counts for nothing after a while
