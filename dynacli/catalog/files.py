"""How dynacli writes files of its own: whole or not at all, one writer at a time, for nobody else's eyes."""

import errno
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager

from dynacli.errors import FileError

__all__ = [
    "LOCK_SECONDS",
    "aside",
    "locked",
    "make_directory",
    "move_into_place",
    "sweep",
    "write_atomically",
]

LOCK_SECONDS = 10.0

_ASIDE = ".part"


def make_directory(path: str) -> None:
    """Make a directory and those above it, each of which only its owner can look into.

    Raises:
        OSError: It cannot be made.
    """
    # `os.makedirs` gives its mode to the last one alone.
    above = os.path.dirname(path)
    if above and not os.path.isdir(above):
        make_directory(above)
    try:
        os.mkdir(path, 0o700)
    except FileExistsError:
        if not os.path.isdir(path):
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), path) from None


def aside(path: str) -> str:
    """Return a name beside a file that no other process or thread uses."""
    return f"{path}.{os.getpid()}-{os.urandom(4).hex()}{_ASIDE}"


def write_atomically(path: str, content: bytes) -> None:
    """Write a file of our own (mode 0600), complete or not at all.

    Raises:
        OSError: It cannot be written; what stood there stays.
    """
    temporary = aside(path)
    try:
        descriptor = os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with open(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        move_into_place(temporary, path)
    finally:
        if os.path.exists(temporary):
            os.unlink(temporary)


def move_into_place(temporary: str, path: str) -> None:
    """Give a complete file the name that it is for.

    Raises:
        OSError: It cannot be done; what stood there stays.
    """
    try:
        os.replace(temporary, path)
    except IsADirectoryError:  # it is none of ours, and nothing of it shall be lost
        os.rename(path, aside(path))
        os.replace(temporary, path)


def sweep(directory: str) -> None:
    """Remove what a writer that was killed left behind; only the holder of the directory's lock may do this."""
    with os.scandir(directory) as entries:
        left = [entry.path for entry in entries if entry.name.endswith(_ASIDE)]
    for path in left:
        try:
            os.unlink(path)
        except OSError:
            continue  # it is in nobody's way


@contextmanager
def locked(directory: str, busy: str) -> Iterator[None]:
    """Keep other processes from writing in a directory for as long as the block lasts; readers are never kept.

    Args:
        directory: It exists and can be written.
        busy: What the other one is doing, when it takes too long.

    Raises:
        OSError: The lock cannot be made.
        FileError: Another process has held it for too long.
    """
    try:
        import fcntl
    except ImportError:  # not on Windows; there the last one wins
        yield
        return
    descriptor = os.open(os.path.join(directory, "lock"), os.O_CREAT | os.O_RDWR, 0o600)
    try:
        end = time.monotonic() + LOCK_SECONDS
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > end:
                    raise FileError(
                        f"Another dynacli has been {busy} for over {LOCK_SECONDS:.0f} seconds",
                        hint="Wait for it or end it, then try again",
                    ) from None
                time.sleep(0.02)
        yield
    finally:
        os.close(descriptor)
