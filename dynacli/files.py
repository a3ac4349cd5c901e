"""Writing files: whole or not at all, and by one process at a time.

dynacli writes the content to a new file beside the target and then renames it, in one step (POSIX, `rename`).
A reader never sees half of a file, even after a crash or with a full disk.

dynacli's own files are readable by their user alone, and replace anything else at their path.
A pipe or a device at such a path is never opened for reading, because that could block forever.
For a file that the user names, dynacli keeps links, permissions and the directory as they are.
"""

from __future__ import annotations

import errno
import os
import stat
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import IO

from dynacli.environment import program
from dynacli.errors import FileError

LOCK_SECONDS = 10.0
_READING_SECONDS = 1.0
"""Time to wait on Windows for other processes that read a file."""
_KEY_BYTES = 32
_PRIVATE, _SHARED = 0o600, 0o666
"""The permissions of a new file, before the umask removes some."""
_UNFINISHED = ".part"
_LONGEST_SECONDS = 3600
"""Age of an unfinished file after which its writer counts as ended."""
_WHY = {
    errno.EACCES: "permission is denied",
    errno.EEXIST: "it is there already, and only a file that you name is replaced",
    errno.EPERM: "permission is denied",
    errno.EROFS: "the file system is read-only",
    errno.ENOSPC: "no space is left on the disk",
    errno.EDQUOT: "the disk quota is used up",
    errno.EFBIG: "it would be larger than a file may be here",
    errno.ENAMETOOLONG: "the name is too long",
    errno.ELOOP: "its symbolic links run in a circle",
}


def is_url(location: str) -> bool:
    """Return whether the location of a document is a URL (of a server or a socket), not the path of a file."""
    return "://" in location or location.startswith("unix:")


def looks_like_source(word: str) -> bool:
    """Return whether an argument names a document, not a registered API."""
    return word == "-" or "/" in word or word.lower().endswith((".json", ".yaml", ".yml"))


def is_hidden(path: str) -> bool:
    """Return whether a segment of a normalized relative path begins with a dot, like many files with secrets."""
    return f"/{path.replace(os.sep, '/')}".count("/.") > 0


def regular_file(path: str, flags: int = os.O_RDONLY) -> int:
    """Open a regular file; use this function as an `opener` of `open`.

    Raises:
        OSError: The file cannot be opened, or is not a regular file.
    """
    # Checked before opening, because opening a device can have effects, and again after it, because another process may
    # have replaced the file.
    _check_regular(os.stat(path), path)
    descriptor = os.open(path, flags | getattr(os, "O_NONBLOCK", 0), 0o600)
    try:
        _check_regular(os.fstat(descriptor), path)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def _check_regular(found: os.stat_result, path: str) -> None:
    """Check that a path is a regular file.

    Raises:
        OSError: The path is a directory, a pipe, a socket or a device.
    """
    if stat.S_ISDIR(found.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), path)
    if not stat.S_ISREG(found.st_mode):
        raise OSError(errno.EINVAL, "It is a pipe or a device, not a file", path)


def make_directory(path: str) -> None:
    """Create a directory and its missing parents, readable only by the owner.

    Raises:
        OSError: The directory cannot be created.
    """
    # `os.makedirs` would apply its mode only to the last directory.
    above = os.path.dirname(path)
    if above and not os.path.isdir(above):
        make_directory(above)
    try:
        os.mkdir(path, 0o700)
    except FileExistsError:
        if not os.path.isdir(path):
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), path) from None


def make_own_directory(path: str, *, may_be_link: bool = False) -> None:
    """Create a directory, as `make_directory` does, and check that no other user can write in it.

    Args:
        may_be_link: Whether the path may be a symbolic link to a directory.

    Raises:
        OSError: The directory cannot be created, another user can write in it, or its path is relative. A relative
            path could lead into a directory from elsewhere, such as a clone.
    """
    if not os.path.isabs(path):
        raise PermissionError(f"`{path}` is not an absolute path")
    make_directory(path)
    check_own(os.stat(path) if may_be_link else os.lstat(path), path)


def check_own(
    found: os.stat_result, path: str, *, is_secret: bool = False, may_be_of_root: bool = False
) -> None:
    """Check that no other user owns or can change a file or directory.

    Args:
        found: The result of `os.lstat`, or of `os.stat` if the path may be a symbolic link.
        path: The path, for the error.
        is_secret: Whether other users must not be able to read it, either.
        may_be_of_root: Whether root may own it: root can change any file anyway.

    Raises:
        PermissionError: Another user owns the file, can change it, or can read a secret one.
    """
    from dynacli.system import others_may_write, own_user, user_name

    if stat.S_ISLNK(found.st_mode):
        raise PermissionError(f"`{path}` is a symbolic link")
    if found.st_uid != own_user() and not (may_be_of_root and found.st_uid == 0):
        owner = user_name(found.st_uid)
        raise PermissionError(f"other users can write `{path}`, which belongs to {owner}")
    if others_may_write(found):
        raise PermissionError(f"other users can write `{path}`")
    if is_secret and others_may_write(found, stat.S_IRWXG | stat.S_IRWXO):
        raise PermissionError(f"other users can read `{path}`")


def secret_key(path: str, busy: str) -> bytes:
    """Return the 32 random bytes of a key file, and create the file if there is none.

    A damaged key is not replaced, because everything made with it would become invalid.

    Args:
        path: The file, in a directory that `make_own_directory` has checked.
        busy: The work of another process that creates the key, for the message that it takes too long.

    Raises:
        OSError: The file cannot be read or created, is damaged, or other users can read or change it.
        FileError: Another process has taken too long to create the file.
    """
    if not os.path.lexists(path):
        with locked(os.path.dirname(path), busy):
            if not os.path.lexists(path):
                write_file(path, os.urandom(_KEY_BYTES))
    check_own(os.lstat(path), path, is_secret=True)
    with open(path, "rb", opener=regular_file) as file:
        key = file.read(_KEY_BYTES + 1)
    if len(key) != _KEY_BYTES:
        raise OSError(f"`{path}` is damaged")
    return key


def write_file(path: str, content: bytes, *, is_lasting: bool = True) -> None:
    """Write one of dynacli's own files, as `replace_file` does.

    Raises:
        OSError: The file cannot be written. An earlier file at this path stays.
    """
    with replace_file(path, is_lasting=is_lasting) as file:
        _write_all(file, content)


@contextmanager
def replace_file(path: str, mode: int = _PRIVATE, *, is_lasting: bool = True) -> Iterator[IO[bytes]]:
    """Open a new file that replaces the file at a path when the block ends. If the block fails, remove it.

    Args:
        mode: The permissions of the file before the umask, from its creation on.
        is_lasting: Whether the content must survive a loss of power, so the disk is waited for.

    Yields:
        The new file, unbuffered. Its `name` is its temporary path.

    Raises:
        OSError: The file cannot be written. An earlier file at this path stays.
    """
    temporary = _name_beside(path)
    try:
        with open(
            temporary, "xb", buffering=0, opener=lambda name, flags: os.open(name, flags, mode)
        ) as file:
            yield file
            if is_lasting:
                os.fsync(file.fileno())
        try:
            _replace(temporary, path)
        except (IsADirectoryError, PermissionError):  # the second on Windows
            if os.path.islink(path) or not os.path.isdir(path):
                raise
            # dynacli did not create this directory, so it keeps its content.
            os.rename(path, _name_beside(path))
            os.replace(temporary, path)
    except BaseException:
        with suppress(FileNotFoundError):  # the file could not be created
            os.unlink(temporary)
        raise


def _replace(source: str, target: str) -> None:
    """Replace a file with another one. On Windows, wait a moment for processes that have it open.

    Raises:
        OSError: The file cannot be replaced.
    """
    end = time.monotonic() + _READING_SECONDS
    while True:
        try:
            os.replace(source, target)
        except PermissionError:
            if os.name != "nt" or os.path.isdir(target) or time.monotonic() >= end:
                raise
            time.sleep(0.01)
        else:
            return


def _name_beside(path: str) -> str:
    """Return a path in the same directory that no other process or thread uses."""
    directory, name = os.path.split(path)
    return os.path.join(directory, f"{_beginning(name)}{os.getpid()}-{os.urandom(4).hex()}{_UNFINISHED}")


def _beginning(name: str) -> str:
    # The name of the target may already have the maximum length: 255 bytes, and a character may have four bytes.
    return f".{name[:50]}."


def _write_all(file: IO[bytes], data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[file.write(rest) or 0 :]


def remove_file(path: str) -> None:
    """Remove one of dynacli's own files; rename it if it is a directory instead.

    Raises:
        OSError: The file cannot be removed.
    """
    try:
        os.unlink(path)
    except OSError:
        if os.path.islink(path) or not os.path.isdir(path):
            raise
        os.rename(path, _name_beside(path))


def sweep(directory: str, name: str = "") -> None:
    """Remove the unfinished files of writers that were killed; keep the files of running writers.

    Args:
        name: The target of the writers, if the directory also has files of other programs; empty for any target.

    Raises:
        OSError: The directory cannot be listed.
    """
    with os.scandir(directory) as entries:
        unfinished = [
            entry
            for entry in entries
            if entry.name.endswith(_UNFINISHED) and (not name or _is_beside(entry.name, name))
        ]
    for entry in unfinished:
        try:
            if not _is_being_written(entry):
                os.unlink(entry.path)
        except OSError:
            continue  # a leftover file does no harm


def _is_beside(found: str, name: str) -> bool:
    """Return whether `_name_beside` may have made a name for a file."""
    start = _beginning(name)
    number, _, random = found.removeprefix(start).removesuffix(_UNFINISHED).partition("-")
    return found.startswith(start) and number.isdigit() and len(random) == 8 and random.isalnum()


def _is_being_written(entry: os.DirEntry[str]) -> bool:
    """Return whether the process in a name made by `_name_beside` may still be writing."""
    owner = entry.name.removesuffix(_UNFINISHED).rpartition(".")[2].partition("-")[0]
    if not owner.isdigit() or time.time() - entry.stat(follow_symlinks=False).st_mtime > _LONGEST_SECONDS:
        return False
    from dynacli.system import is_running

    return is_running(int(owner))


def write_named_file(path: str | os.PathLike[str], data: bytes, *, is_private: bool = False) -> None:
    """Write a file that the user named, as `replace_named_file` does.

    Raises:
        FileError: The file cannot be written. An earlier file stays, and no part is left over.
    """
    with replace_named_file(path, is_private=is_private) as write:
        write(data)


@contextmanager
def replace_named_file(
    path: str | os.PathLike[str], *, is_private: bool = False, may_replace: bool = True
) -> Iterator[Callable[[bytes], None]]:
    """Write a file that the user named, in chunks. It replaces the target when the block ends.

    The function follows symbolic links of the user and of root. It refuses links of other users, also those for a
    directory of the path.
    It writes directly to a device or a named pipe, which has no earlier content to save.

    Args:
        path: The target, in an existing directory. Replacing a file never loosens its permissions.
        is_private: Whether only the owner may read a new file; if not, the umask decides.
        may_replace: Whether an existing file may be replaced.

    Yields:
        A function that writes a chunk.

    Raises:
        FileError: The file cannot be written. An earlier file stays, and no part is left over.
    """
    name = os.fspath(path)

    def write(piece: bytes) -> None:
        try:
            _write_all(file, piece)
        except OSError as error:
            raise cannot_be_written(name, error) from error

    is_from_block = False
    try:
        mode = _PRIVATE if is_private else _SHARED
        with _opened_target(name, mode) if may_replace else _new_file(name, mode) as file:
            try:
                yield write
            except BaseException:
                is_from_block = True
                raise
    except (OSError, ValueError) as error:
        if is_from_block:
            raise
        raise cannot_be_written(name, error) from error


@contextmanager
def _new_file(path: str, mode: int) -> Iterator[IO[bytes]]:
    _check_links(path)
    if os.path.lexists(path):
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), path)
    temporary = _name_beside(path)
    try:
        with replace_file(temporary, mode) as file:
            yield file
        try:
            os.link(temporary, path)  # unlike a rename, it does not replace an existing file
        except FileExistsError:
            raise
        except OSError:  # file systems without links
            os.rename(temporary, path)
    finally:
        with suppress(FileNotFoundError):
            os.unlink(temporary)
    _sync_directory_of(path)


def finish_named_file(unfinished: str, path: str) -> None:
    """Rename a finished file to the name that the user gave, in the same directory.

    Raises:
        FileError: The file cannot be renamed. Both files stay.
    """
    try:
        check_named_file(path)
        if os.path.exists(path):
            found = os.stat(path)
            os.chmod(unfinished, os.stat(unfinished).st_mode & stat.S_IMODE(found.st_mode))
        _replace(unfinished, followed_links(path))
    except OSError as error:
        raise cannot_be_written(path, error) from error
    _sync_directory_of(unfinished)


def check_named_file(path: str) -> None:
    """Check that a path of the user is free, or is a file that can be replaced.

    Raises:
        FileError: The path is not a regular file.
        OSError: The file must not be written.
    """
    with suppress(FileNotFoundError):
        existing = os.stat(path)
        _check_replaceable(path, existing)
        if not stat.S_ISREG(existing.st_mode):
            raise FileError(
                f"`{path}` cannot be resumed", reason="it is a device or a pipe", hint="name a file"
            )


def _check_replaceable(path: str, existing: os.stat_result) -> None:
    if stat.S_ISDIR(existing.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), path)
    # A rename would succeed, but the owner protected the file.
    if not os.access(path, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)


@contextmanager
def _opened_target(path: str, mode: int) -> Iterator[IO[bytes]]:
    existing = None
    with suppress(FileNotFoundError):  # also raised for a link to a file that does not exist yet
        existing = os.stat(path)
    if existing is not None:
        if not stat.S_ISREG(existing.st_mode) and not stat.S_ISDIR(existing.st_mode):
            _check_links(path)
            with open(path, "wb", buffering=0) as file:
                yield file
            return
        _check_replaceable(path, existing)
        mode &= stat.S_IMODE(existing.st_mode)
    target = followed_links(path)
    with replace_file(target, mode) as file:
        yield file
    _sync_directory_of(target)


def followed_links(path: str) -> str:
    """Return the target of symbolic links that the user or root made.

    Raises:
        FileError: Another user made a link, or a link for a directory of the path.
        OSError: The links form a circle.
    """
    for _ in range(40):  # as many links as Linux follows
        _check_links(path)
        if not os.path.islink(path):
            return path
        path = os.path.join(os.path.dirname(path), os.readlink(path))
    raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), path)


def _check_links(path: str) -> None:
    """Check that no part of a path is a symbolic link of another user.

    Raises:
        FileError: Another user made a link.
        OSError: A directory of the path cannot be read.
    """
    from dynacli.system import own_user

    while True:
        with suppress(FileNotFoundError, NotADirectoryError):
            found = os.lstat(path)
            if stat.S_ISLNK(found.st_mode) and found.st_uid not in {own_user(), 0}:
                raise FileError(
                    f"`{path}` cannot be written",
                    reason="it is a symbolic link that another user made",
                    hint="name the file itself, or one in a directory of your own",
                )
        above = os.path.dirname(path.rstrip("/"))
        if above in {path, ""}:
            return
        path = above


def _sync_directory_of(path: str) -> None:
    from dynacli.system import sync_directory

    sync_directory(os.path.dirname(path) or os.curdir)


def cannot_be_written(path: str, error: OSError | ValueError) -> FileError:
    """Return the error for a file that the user named, or for a file beside it."""
    message = f"`{path}` cannot be written"
    if not isinstance(error, OSError):  # a character is not allowed in names, such as NUL
        return FileError(message, reason="no file can have this name")
    code = error.errno or 0
    if code == errno.EISDIR:
        return FileError(message, reason="it is a directory", hint="name a file")
    if code in {errno.ENOENT, errno.ENOTDIR}:
        directory = os.path.dirname(path) or os.curdir
        from shlex import quote

        reason = f"`{directory}` is not a directory"
        return FileError(
            message, reason=reason, hint=f"Create the directory first: `mkdir -p {quote(directory)}`"
        )
    if code == errno.EEXIST:
        return FileError(message, reason=_WHY[code], hint="give a name by `-o @FILE`, or move the file away")
    if code in {errno.ENOSPC, errno.EDQUOT}:
        return FileError(message, reason=_WHY[code], hint="free some space, or name a file on another disk")
    return FileError(
        message, reason=_WHY.get(code) or os.strerror(code), hint="name a file in another directory"
    )


@contextmanager
def locked(directory: str, busy: str) -> Iterator[None]:
    """Lock a directory for other writers during the block; readers do not wait.

    Args:
        busy: The work of the other process, for the message that it takes too long.

    Raises:
        OSError: The lock file cannot be created.
        FileError: Another process has held the lock for too long.
    """
    with hold_lock(os.path.join(directory, "lock"), LOCK_SECONDS) as is_alone:
        if not is_alone:
            raise FileError(
                f"Another {program().name} has been {busy} for over {LOCK_SECONDS:.0f} seconds",
                hint="Wait for it or end it, then try again",
            )
        yield


@contextmanager
def hold_lock(path: str, seconds: float, *, is_needed: bool = True) -> Iterator[bool]:
    """Hold a lock during the block; the system releases it if the process dies.

    Args:
        path: The lock file, created if it does not exist.
        seconds: Time to wait for another process that holds the lock; 0 to try once.
        is_needed: Whether failing to create the lock is an error; if not, the block runs without a lock.

    Yields:
        Whether no other process holds the lock.

    Raises:
        OSError: The lock file cannot be created.
    """
    descriptor, is_alone = None, True
    try:
        descriptor = _lock(path, seconds)
        is_alone = descriptor is not None
    except OSError:
        if is_needed:
            raise
    try:
        yield is_alone
    finally:
        if descriptor is not None:
            os.close(descriptor)


def _lock(path: str, seconds: float) -> int | None:
    """Return the open, locked file, which unlocks when it is closed; None if another process held the lock too long."""
    from dynacli.system import try_lock

    end = time.monotonic() + seconds
    while True:
        descriptor = _open_lock_file(path)
        is_locked = False
        try:
            # A lock on a removed file is useless: the next process creates and locks a new file.
            is_locked = try_lock(descriptor) and _is_at(path, descriptor)
        finally:
            if not is_locked:
                os.close(descriptor)
        if is_locked or time.monotonic() >= end:
            return descriptor if is_locked else None
        time.sleep(0.02)


def _open_lock_file(path: str) -> int:
    flags = os.O_CREAT | os.O_RDWR | getattr(os, "O_NOFOLLOW", 0)
    try:
        with suppress(FileNotFoundError):  # the file is created below
            _check_regular(os.lstat(path), path)
        return os.open(path, flags, 0o600)
    except FileNotFoundError:
        make_directory(os.path.dirname(path))
    except OSError:
        if not os.path.lexists(path) or (os.path.isfile(path) and not os.path.islink(path)):
            raise
        with suppress(FileNotFoundError):  # another process has just renamed it
            os.rename(path, _name_beside(path))
    return os.open(path, flags, 0o600)


def _is_at(path: str, descriptor: int) -> bool:
    try:
        return os.path.samestat(os.lstat(path), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def write_named_files(directory: str, files: Mapping[str, bytes]) -> None:
    """Write files into a directory that the user named, and create missing directories.

    A symbolic link must not lead out of the directory, because it may have come with a clone or an archive.

    Args:
        directory: The directory that the user named.
        files: Path below the directory, with `/` → content.

    Raises:
        FileError: A file cannot be written. If a path is invalid, no file was written.
    """
    paths = {os.path.join(directory, *name.split("/")): data for name, data in files.items()}
    root = os.path.realpath(directory)
    for path in paths:
        try:
            _check_links(path)
            if os.path.commonpath([root, os.path.realpath(path)]) != root:
                raise FileError(
                    f"`{path}` cannot be written",
                    reason="a symbolic link leads out of the directory that you name",
                    hint="remove the link, or name another directory",
                )
        except (OSError, ValueError) as error:
            raise cannot_be_written(path, error) from error
    for path, data in paths.items():
        try:
            os.makedirs(os.path.dirname(path) or os.curdir, exist_ok=True)
        except OSError as error:
            raise cannot_be_written(path, error) from error
        write_named_file(path, data)
