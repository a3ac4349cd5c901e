"""Writing a file so that it is complete or untouched.

The data goes to a temporary file beside the target, is synced to the disk, and takes the target's name
in one step (POSIX, `rename`): a reader, a crash or a full disk never meets half of it.
"""

import errno
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import RawIOBase
from pathlib import Path
from typing import Any

from dynacli.errors import FileError

__all__ = ["USER_MODE", "write_file", "written_file"]

# What programs create files with; the umask takes from it.
USER_MODE = 0o666

_WHY = {
    errno.EACCES: "permission is denied",
    errno.EPERM: "permission is denied",
    errno.EROFS: "the file system is read-only",
    errno.ENOSPC: "no space is left on the disk",
    errno.EDQUOT: "the disk quota is used up",
    errno.EFBIG: "it would be larger than a file may be here",
    errno.ENAMETOOLONG: "the name is too long",
    errno.ELOOP: "its symbolic links run in a circle",
}


def write_file(path: Path, data: bytes, *, mode: int = 0o600) -> None:
    """Write a file, completely or not at all; an existing one is replaced.

    A symbolic link that the user or root made is followed, one that somebody else made is refused.
    A device or a named pipe is written to directly: it has no content to keep whole.

    Args:
        path: The target; its directory exists.
        data: The whole content.
        mode: The permissions before the umask, from the file's creation on: 0o600 for dynacli's own state,
            `USER_MODE` for a file that the user named. Replacing a file never loosens its permissions.

    Raises:
        FileError: The file cannot be written; nothing was changed and nothing is left behind.
    """
    with written_file(path, mode=mode) as write:
        write(data)


@contextmanager
def written_file(path: Path, *, mode: int = 0o600) -> Iterator[Callable[[bytes], None]]:
    """Write a file piece by piece, completely or not at all, as `write_file` does.

    Args:
        path: The target; its directory exists.
        mode: The same as that of `write_file`.

    Yields:
        What writes a piece. The file takes the target's place at the end of the block,
        and is gone where an exception ends it.

    Raises:
        FileError: The file cannot be written; nothing was changed and nothing is left behind.
    """
    opened = _opened(path, mode)
    try:
        file = opened.__enter__()
    except (OSError, ValueError) as error:
        raise _as_file_error(path, error) from error

    def write(piece: bytes) -> None:
        try:
            _write_all(file, piece)
        except OSError as error:
            raise _as_file_error(path, error) from error

    try:
        yield write
    except BaseException as error:
        opened.__exit__(type(error), error, error.__traceback__)
        raise
    try:
        opened.__exit__(None, None, None)
    except OSError as error:
        raise _as_file_error(path, error) from error


@contextmanager
def _opened(path: Path, mode: int) -> Iterator[Any]:
    existing = _status(path)
    if existing is not None and stat.S_ISDIR(existing.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if existing is not None and not stat.S_ISREG(existing.st_mode):
        with path.open("wb", buffering=0) as file:
            yield file
        return
    if existing is None:
        permissions = mode
    elif os.access(path, os.W_OK):
        permissions = mode & stat.S_IMODE(existing.st_mode)
    else:  # a rename would succeed, but a file that its owner protected is not to be replaced
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
    target = _followed(path)
    # A name of its own, not one made of the target's, which may already be as long as names can be.
    temporary = target.parent / f".dynacli-{os.urandom(8).hex()}.part"
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, permissions)
    try:
        with open(descriptor, "wb", buffering=0) as file:
            yield file
            os.fsync(file.fileno())
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)  # after the replacement there is none
    _sync_directory(target.parent)


def _status(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except FileNotFoundError:  # also for a link to a file that is not there yet
        return None


def _followed(path: Path) -> Path:
    for _ in range(40):  # as many links as Linux follows
        if not path.is_symlink():
            return path
        if path.lstat().st_uid not in {os.geteuid(), 0}:
            raise FileError(
                f"`{path}` cannot be written",
                why="it is a symbolic link that another user made",
                hint="name the file itself, or one in a directory of your own",
            )
        path = path.parent / path.readlink()
    raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(path))


def _write_all(file: RawIOBase, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[file.write(rest) or 0 :]


def _sync_directory(directory: Path) -> None:
    try:
        descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError:  # a directory that may be written but not read: the file is whole, that is what counts
        return
    try:
        os.fsync(descriptor)
    except OSError:  # file systems without it: the same
        return
    finally:
        os.close(descriptor)


def _as_file_error(path: Path, error: OSError | ValueError) -> FileError:
    what = f"`{path}` cannot be written"
    if not isinstance(error, OSError):  # a null character, or one that file names cannot have
        return FileError(what, why="no file can have this name")
    code = error.errno or 0
    if code == errno.EISDIR:
        return FileError(what, why="it is a directory", hint="name a file")
    if code in {errno.ENOENT, errno.ENOTDIR}:
        why = f"`{path.parent}` is not a directory"
        return FileError(what, why=why, hint=f"make the directory first: `mkdir -p {path.parent}`")
    if code in {errno.ENOSPC, errno.EDQUOT}:
        return FileError(what, why=_WHY[code], hint="free some space, or name a file on another disk")
    return FileError(what, why=_WHY.get(code) or os.strerror(code), hint="name a file in another directory")
