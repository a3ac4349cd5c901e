"""How dynacli writes files: whole or not at all, and one writer at a time.

The content goes to a new file beside the target, which then takes the target's name in one step (POSIX, `rename`):
a reader, a crash or a full disk never meets half of it.

Files of dynacli's own are for their user alone, and whatever stands instead of one gives way to it. It must hold
no one up: opening a named pipe waits for its other end, and reading a device may never end.
A file that a person names is the person's: its links, its permissions and its directory stay as they are.
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
"""For how long others that read a file are waited for on Windows."""
_KEY_BYTES = 32
_PRIVATE, _SHARED = 0o600, 0o666
"""The permissions of a new file, before the umask removes some."""
_UNFINISHED = ".part"
_LONGEST_SECONDS = 3600
"""A file that takes longer to write than this was left by a process that has ended."""
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
    """Return whether the location of a document is a URL, of a server or of a socket, and not the path of a file."""
    return "://" in location or location.startswith("unix:")


def looks_like_source(word: str) -> bool:
    """Return whether a word names a document rather than a registered API."""
    return word == "-" or "/" in word or word.lower().endswith((".json", ".yaml", ".yml"))


def is_hidden(path: str) -> bool:
    """Return whether a part of a normalized relative path begins with a dot, as those of tools and secrets do."""
    return f"/{path.replace(os.sep, '/')}".count("/.") > 0


def regular_file(path: str, flags: int = os.O_RDONLY) -> int:
    """Open a file as an `opener` of `open`.

    Raises:
        OSError: It cannot be opened, or is not a regular file.
    """
    # Looked at before, because opening a device can do something, and after, because it may be another file by then.
    _check_regular(os.stat(path), path)
    descriptor = os.open(path, flags | getattr(os, "O_NONBLOCK", 0), 0o600)
    try:
        _check_regular(os.fstat(descriptor), path)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def _check_regular(found: os.stat_result, path: str) -> None:
    """Check that what was found at a path is a file.

    Raises:
        OSError: It is a directory, a pipe, a socket or a device.
    """
    if stat.S_ISDIR(found.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), path)
    if not stat.S_ISREG(found.st_mode):
        raise OSError(errno.EINVAL, "It is a pipe or a device, not a file", path)


def make_directory(path: str) -> None:
    """Make a directory and those above it; only the owner can read the new ones.

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


def make_own_directory(path: str, *, may_be_link: bool = False) -> None:
    """Make a directory, as `make_directory` does, and check that no other user can write in it.

    Args:
        may_be_link: Whether the user may have put a symbolic link to a directory there.

    Raises:
        OSError: It cannot be made, another user can write in it, or the path is relative: who makes you enter a
            directory could have brought it.
    """
    if not os.path.isabs(path):
        raise PermissionError(f"`{path}` is not an absolute path")
    make_directory(path)
    check_own(os.stat(path) if may_be_link else os.lstat(path), path)


def check_own(
    found: os.stat_result, path: str, *, is_secret: bool = False, may_be_of_root: bool = False
) -> None:
    """Check that no other user can have made or changed a file or a directory.

    Args:
        found: What `os.lstat` says of it; what `os.stat` says if it may be a symbolic link.
        path: Its path, for the error.
        is_secret: Whether other users may not read it, either.
        may_be_of_root: Whether the administrator may have made it, who can change any file anyway.

    Raises:
        PermissionError: Another user can, or can read it.
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
    """Return the 32 random bytes in a file, which one process makes if it is not there.

    A key that cannot be used is not replaced: what was made with it would count for nothing.

    Args:
        path: The file, in a directory that `make_own_directory` has checked.
        busy: What another process is doing that makes the key, for the message that it takes too long.

    Raises:
        OSError: The file cannot be read or made, is damaged, or other users may have written or read it.
        FileError: Another process has taken too long to make it.
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
    """Write a file of dynacli's own, as `replace_file` does.

    Raises:
        OSError: It cannot be written; the file that stood there stays.
    """
    with replace_file(path, is_lasting=is_lasting) as file:
        _write_all(file, content)


@contextmanager
def replace_file(path: str, mode: int = _PRIVATE, *, is_lasting: bool = True) -> Iterator[IO[bytes]]:
    """Open a new file that takes the place of the one at a path when the block ends, and is removed when it fails.

    Args:
        mode: The permissions of the file before the umask, from its creation on.
        is_lasting: Whether the content has to survive a loss of power; the disk is waited for then.

    Yields:
        The file, unbuffered; its `name` is its path.

    Raises:
        OSError: It cannot be written; the file that stood there stays.
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
            # dynacli did not make it, and nothing in it shall be lost.
            os.rename(path, _name_beside(path))
            os.replace(temporary, path)
    except BaseException:
        with suppress(FileNotFoundError):  # it could not be made
            os.unlink(temporary)
        raise


def _replace(source: str, target: str) -> None:
    """Replace a file by another one; Windows does so once no process has it open.

    Raises:
        OSError: It cannot be put there.
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
    # The name of the target may already be as long as names can be: 255 bytes, up to four for a character.
    return f".{name[:50]}."


def _write_all(file: IO[bytes], data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[file.write(rest) or 0 :]


def remove_file(path: str) -> None:
    """Remove a file of dynacli's own; a directory that someone has put in its place is moved aside.

    Raises:
        OSError: It cannot be removed.
    """
    try:
        os.unlink(path)
    except OSError:
        if os.path.islink(path) or not os.path.isdir(path):
            raise
        os.rename(path, _name_beside(path))


def sweep(directory: str, name: str = "") -> None:
    """Remove the unfinished files of writers that were killed; those of living writers stay.

    Args:
        name: The file that was to be written, if the directory has files of others, too.

    Raises:
        OSError: The directory cannot be looked into.
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
            continue  # it is in no one's way


def _is_beside(found: str, name: str) -> bool:
    """Return whether a name is one that `_name_beside` makes for a file."""
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
    """Write a file that a person named, as `replace_named_file` does.

    Raises:
        FileError: The file cannot be written; nothing was changed and nothing is left over.
    """
    with replace_named_file(path, is_private=is_private) as write:
        write(data)


@contextmanager
def replace_named_file(
    path: str | os.PathLike[str], *, is_private: bool = False, may_replace: bool = True
) -> Iterator[Callable[[bytes], None]]:
    """Write a file that a person named, piece by piece; it takes the target's place when the block ends.

    A symbolic link that the user or root made is followed; one that someone else made is refused, even if it stands
    for a directory of the path.
    A device or a named pipe is written to directly: it has no content to keep whole.

    Args:
        path: The target; its directory exists. Replacing a file never loosens its permissions.
        is_private: Whether only its owner may read a new file; else the umask decides.
        may_replace: Whether a file that is there gives way.

    Yields:
        A function that writes a piece.

    Raises:
        FileError: The file cannot be written; nothing was changed and nothing is left over.
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
            os.link(temporary, path)  # unlike a rename, it replaces nothing that came meanwhile
        except FileExistsError:
            raise
        except OSError:  # file systems without links
            os.rename(temporary, path)
    finally:
        with suppress(FileNotFoundError):
            os.unlink(temporary)
    _sync_directory_of(path)


def finish_named_file(unfinished: str, path: str) -> None:
    """Put a file instead of one that a person named, beside which it was written.

    Raises:
        FileError: It cannot be put there; both files are as they were.
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
    """Check that a file that a person named can be replaced, should there be one.

    Raises:
        FileError: It is not a regular file.
        OSError: It may not be written.
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
    # A rename would succeed, but a file that its owner protected is not to be replaced.
    if not os.access(path, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)


@contextmanager
def _opened_target(path: str, mode: int) -> Iterator[IO[bytes]]:
    existing = None
    with suppress(FileNotFoundError):  # also for a link to a file that is not there yet
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
    """Return the file that symbolic links of the user and of root lead to.

    Raises:
        FileError: Another user made a link, or one that a directory of the path is.
        OSError: The links run in a circle.
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
        FileError: One is.
        OSError: A directory of the path cannot be looked into.
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
    """Return the error for a file that a person named or that stands beside one."""
    message = f"`{path}` cannot be written"
    if not isinstance(error, OSError):  # a null character, or one that file names cannot have
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
    """Keep other processes from writing in a directory for as long as the block lasts; readers are never kept.

    Args:
        busy: What the other process is doing, for the message that it takes too long.

    Raises:
        OSError: The lock cannot be made.
        FileError: Another process has held it for too long.
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
    """Hold a lock for as long as the block lasts; a process that dies releases it.

    Args:
        path: The file that is locked; it is made if it is not there.
        seconds: How long another process that holds the lock is waited for; 0 for not at all.
        is_needed: Whether a lock that cannot be made is an error; else the block runs without it.

    Yields:
        Whether no other process holds it.

    Raises:
        OSError: The lock cannot be made.
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
    """Return an open file that is locked until it is closed; None if another process held it for so long."""
    from dynacli.system import try_lock

    end = time.monotonic() + seconds
    while True:
        descriptor = _open_lock_file(path)
        is_locked = False
        try:
            # A lock file that was removed meanwhile keeps no one away: the next process makes another.
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
        with suppress(FileNotFoundError):  # it is made below
            _check_regular(os.lstat(path), path)
        return os.open(path, flags, 0o600)
    except FileNotFoundError:
        make_directory(os.path.dirname(path))
    except OSError:
        if not os.path.lexists(path) or (os.path.isfile(path) and not os.path.islink(path)):
            raise
        with suppress(FileNotFoundError):  # another process has just done the same
            os.rename(path, _name_beside(path))
    return os.open(path, flags, 0o600)


def _is_at(path: str, descriptor: int) -> bool:
    try:
        return os.path.samestat(os.lstat(path), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def write_named_files(directory: str, files: Mapping[str, bytes]) -> None:
    """Write files into a directory that a person named; directories that are missing are made.

    A symbolic link below the directory is followed only within it: it may have come with a clone or an archive.

    Args:
        files: Path below the directory, with `/` → content.

    Raises:
        FileError: A file cannot be written. If one of the paths is at fault, none is.
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
