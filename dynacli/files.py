"""How dynacli writes files of its own: whole or not at all, one writer at a time, for nobody else's eyes."""

import errno
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from dynacli.errors import FileError

__all__ = [
    "LOCK_SECONDS",
    "aside",
    "held_lock",
    "locked",
    "make_directory",
    "move_into_place",
    "put_away",
    "sweep",
    "write_atomically",
]

LOCK_SECONDS = 10.0

_ASIDE = ".part"
_LONGEST_SECONDS = 3600
"""After that, who writes a file is not at it any more."""


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


def write_atomically(path: str, content: bytes, *, is_lasting: bool = True) -> None:
    """Write a file of our own (mode 0600), complete or not at all.

    Args:
        is_lasting: Whether it has to survive a loss of power, too; the disk is waited for then.

    Raises:
        OSError: It cannot be written; what stood there stays.
    """
    temporary = aside(path)
    try:
        descriptor = os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with open(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            if is_lasting:
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


def put_away(path: str) -> None:
    """Remove a file of our own; a directory that somebody has put in its place is moved aside.

    Raises:
        OSError: It cannot be done.
    """
    try:
        os.unlink(path)
    except OSError:
        if os.path.islink(path) or not os.path.isdir(path):
            raise
        os.rename(path, aside(path))


def sweep(directory: str, of: str = "") -> None:
    """Remove what a writer that was killed left behind; what a living one is about to move into place stays.

    Args:
        of: The name of the file that was written, where the directory is not ours alone.

    Raises:
        OSError: The directory cannot be looked into.
    """
    with os.scandir(directory) as entries:
        left = [one for one in entries if one.name.endswith(_ASIDE) and (not of or _is_aside(one.name, of))]
    for entry in left:
        try:
            if not _is_being_written(entry):
                os.unlink(entry.path)
        except OSError:
            continue  # it is in nobody's way


def _is_aside(name: str, of: str) -> bool:
    """Tell whether a name is one that `aside` makes for a file."""
    number, _, random = name.removeprefix(f"{of}.").removesuffix(_ASIDE).partition("-")
    return name.startswith(f"{of}.") and number.isdigit() and len(random) == 8 and random.isalnum()


def _is_being_written(entry: "os.DirEntry[str]") -> bool:
    """Tell whether the process in a name made by `aside` may still be at it."""
    owner = entry.name.removesuffix(_ASIDE).rpartition(".")[2].partition("-")[0]
    if not owner.isdigit() or time.time() - entry.stat(follow_symlinks=False).st_mtime > _LONGEST_SECONDS:
        return False
    try:
        os.kill(int(owner), 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:
        return True  # it is there, and somebody else's
    return True


def held_lock(path: str, seconds: float) -> int | None:
    """Return an open file that is locked until it is closed; None where another process held it for so long.

    A process that dies lets go of it.

    Args:
        path: The file, which is made where it is not there.
        seconds: How long the other one is waited for; 0 for not at all.

    Raises:
        OSError: There can be no such lock here.
    """
    import fcntl

    end = time.monotonic() + seconds
    while True:
        descriptor = _lock_file(path)
        is_locked = False
        try:
            with suppress(BlockingIOError):
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                # One that was removed keeps nobody away: who comes now makes another.
                is_locked = _is_at(path, descriptor)
        finally:
            if not is_locked:
                os.close(descriptor)
        if is_locked or time.monotonic() >= end:
            return descriptor if is_locked else None
        time.sleep(0.02)


def _lock_file(path: str) -> int:
    flags = os.O_CREAT | os.O_RDWR | getattr(os, "O_NOFOLLOW", 0)
    try:
        return os.open(path, flags, 0o600)
    except FileNotFoundError:
        make_directory(os.path.dirname(path))
    except OSError:
        if not os.path.islink(path) and not os.path.isdir(path):
            raise
        with suppress(FileNotFoundError):  # another process has just done the same
            os.rename(path, aside(path))
    return os.open(path, flags, 0o600)


def _is_at(path: str, descriptor: int) -> bool:
    try:
        return os.path.samestat(os.lstat(path), os.fstat(descriptor))
    except FileNotFoundError:
        return False


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
        descriptor = held_lock(os.path.join(directory, "lock"), LOCK_SECONDS)
    except ImportError:  # no such locks on Windows; there the last one wins
        yield
        return
    if descriptor is None:
        raise FileError(
            f"Another dynacli has been {busy} for over {LOCK_SECONDS:.0f} seconds",
            hint="Wait for it or end it, then try again",
        )
    try:
        yield
    finally:
        os.close(descriptor)
