"""Opening files of dynacli's own: what stands in the place of one must hold nobody up.

Opening a named pipe waits for its other end, and reading a device may never end.
"""

import errno
import os
import stat

__all__ = ["check_regular", "regular_file"]


def regular_file(path: str, flags: int = os.O_RDONLY) -> int:
    """Open a file as an `opener` of `open`.

    Raises:
        OSError: It cannot be opened, or is no regular file.
    """
    # Looked at before, because opening a device can do something, and after, because it may be another file by then.
    check_regular(os.stat(path), path)
    descriptor = os.open(path, flags | getattr(os, "O_NONBLOCK", 0), 0o600)
    try:
        check_regular(os.fstat(descriptor), path)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def check_regular(found: os.stat_result, path: str) -> None:
    """Check that what was found at a path is a file.

    Raises:
        OSError: It is a directory, a pipe, a socket or a device.
    """
    if stat.S_ISDIR(found.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), path)
    if not stat.S_ISREG(found.st_mode):
        raise OSError(errno.EINVAL, "It is a pipe or a device, not a file", path)
