"""Changes what surrounds the program in a forked child: who it is, what it may write, what time it is."""

import os
import time

NOBODY = 54_321
"""The number of a user that is in no list."""


def become_nobody() -> None:
    """Go on as a user who owns nothing."""
    os.setgroups([])
    os.setgid(NOBODY)
    os.setuid(NOBODY)


def limit_file_size(size: int) -> None:
    """Let no file grow beyond a size, as on a full disk."""
    import resource
    import sys

    # Python keeps what it could write of a module's bytecode: https://github.com/python/cpython/issues/126606
    sys.dont_write_bytecode = True
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


def shift_clock(seconds: float) -> None:
    """Put the clock forward, or back if the seconds are negative."""
    now, now_ns = time.time, time.time_ns
    time.time = lambda: now() + seconds
    time.time_ns = lambda: now_ns() + int(seconds * 1e9)


def without_variables(*names: str) -> None:
    """Remove variables of the environment."""
    for name in names:
        os.environ.pop(name, None)
