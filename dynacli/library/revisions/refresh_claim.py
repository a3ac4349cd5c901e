"""The claim to refresh a document in the background: a file whose time says when somebody began.

It is taken before a process is started, so that a hundred runs at once start one. It goes when the refresh has
succeeded, and stays where it failed, so that the next runs do not try again at once.
"""

import os
import time

__all__ = ["RETRY_SECONDS", "drop_refresh_claim", "take_refresh_claim"]

RETRY_SECONDS = 300
"""After this time a claim is nobody's: the refresh failed, or its process died."""

_FILE = "refresh.claim"


def take_refresh_claim(directory: str) -> bool:
    """Return whether it is up to this run to have a document refreshed.

    Args:
        directory: What is kept of the document. Where nothing can be written, nothing could be refreshed.
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
        # A time in the future is of a clock that was wrong.
        if abs(time.time() - os.lstat(path).st_mtime) < RETRY_SECONDS:
            return False
        os.utime(path, follow_symlinks=False)
    except OSError:
        return False  # it is gone just now: whoever took it is done
    return True


def drop_refresh_claim(directory: str) -> None:
    """Let the next refresh begin as soon as it is due."""
    try:
        os.unlink(os.path.join(directory, _FILE))
    except OSError:
        return  # there is none, or it becomes old by itself
