"""Unix sockets as servers: parsing their URLs, and checking who controls a socket.

A user who can replace a socket receives the requests to it, with their bodies and credentials. So dynacli checks each
directory of the path, as sshd does (`StrictModes`, sshd_config(5)): if users besides its owner can write in it, the
next entry of the path must belong to you or root. The socket itself must belong to you, to root, or to the owner of
its directory, such as `/run/caddy/admin.sock`.
"""

import errno
import os
import socket
import stat

from dynacli.errors import DynacliError, NetworkError, RefusedError, UnreachableError, UsageError
from dynacli.system import others_may_write, own_user, user_name
from dynacli.urls import socket_of, split_url

_LONGEST = 107
"""Maximum length of a path in bytes (unix(7), `sun_path`)."""
_MOST_LINKS = 40  # the maximum of Linux: path_resolution(7)
_AMBIGUOUS = frozenset("?#%@\\{}<>\"'`")
"""Characters with a special meaning in URLs, in templates of servers, or in messages."""
_WRITTEN = "`unix:/ABSOLUTE/PATH`, and `:/BASE` after it for a path below"


def parse_socket(url: str) -> str:
    """Return the path of the socket in a URL.

    Raises:
        UsageError: The path is not absolute and normalized, or the system does not support Unix sockets.
    """
    path = split_url(url).netloc
    reason = ""
    if not path.startswith("/"):
        reason = "The path of the socket is relative"
    elif not path.isprintable() or " " in path or not _AMBIGUOUS.isdisjoint(path):
        reason = "The path of the socket has a character that is not allowed there"
    elif os.path.normpath(path) != path or path == "/":
        reason = "The path of the socket has `//`, `.`, `..` or a `/` at its end"
    elif len(os.fsencode(path)) > _LONGEST:
        reason = f"The path of the socket is longer than {_LONGEST} bytes"
    elif os.name != "posix" or not hasattr(socket, "AF_UNIX"):
        reason = "This system has no Unix sockets, or Python does not offer them"
    if reason:
        plain = os.path.normpath("/" + path.lstrip("/"))
        is_slashes = path.startswith("//") and plain == "/" + path.lstrip("/")
        hint = f"Write `unix:{plain}`" if is_slashes else f"Write {_WRITTEN}"
        raise UsageError("The address of the socket cannot be used", reason=reason, hint=hint)
    return path


def check_socket(path: str) -> None:
    """Check that a path is a socket, and that no other user controls it.

    Args:
        path: An absolute, normalized path, as `parse_socket` returns it.

    Raises:
        NetworkError: The socket does not exist, or this user cannot access it.
        UsageError: The path is not a socket.
        RefusedError: Another user may control the socket.
    """
    try:
        found, directory = _walk(path)
    except OSError as error:
        raise from_socket(error, path) from error
    if not stat.S_ISSOCK(found.st_mode):
        raise UsageError(
            f"`{path}` is not a socket",
            reason="It is a directory" if stat.S_ISDIR(found.st_mode) else "It is a file of another kind",
            hint="Give the path of the socket that the server listens on",
        )
    if found.st_uid not in {*_trusted(), directory.st_uid}:
        raise _refusal(path, f"It belongs to {user_name(found.st_uid)}, who gets all that is sent there")


def check_private(url: str) -> None:
    """Check that credentials may be sent to a URL. If it is a socket, other users must not write to its directory.

    In `/tmp`, for example, any user can take the path of a socket after its server has ended. Calls without credentials
    are allowed there.

    Raises:
        RefusedError: Other users can write to the directory of the socket.
    """
    path = socket_of(url)
    try:
        directory = _walk(path)[1] if path else None
    except OSError:
        return  # the call reports this error
    if directory is not None and others_may_write(directory):
        raise RefusedError(
            f"No credential is sent to the socket `{path}`",
            reason="Other users can write to its directory, and could replace it after its server has ended",
            hint="Let the server listen in a directory that only you, or its own user, can write to",
        )


def from_socket(error: OSError, path: str) -> DynacliError:
    """Return the error for a failed connection to a socket."""
    match error.errno:
        case errno.ENOENT | errno.ENOTDIR:
            return NetworkError(
                f"There is no socket `{path}`",
                reason="The server is not running, or listens elsewhere",
                hint="Start the server, or give the path that it listens on",
            )
        case errno.EACCES | errno.EPERM:
            return NetworkError(
                f"You may not use the socket `{path}`",
                reason="Your user may not enter its directory, or may not write to it",
                hint=f"See who may: `ls -l {path}`. Services often have a group for that",
            )
        case errno.ECONNREFUSED:
            return UnreachableError(
                f"Nothing listens on the socket `{path}`",
                reason="The server that made it has ended",
                hint="Start the server",
            )
        case _:
            return UnreachableError(
                f"Cannot connect to the socket `{path}`",
                reason=error.strerror or "",
                hint="Check the path and the server",
            )


def _walk(path: str) -> tuple[os.stat_result, os.stat_result]:
    """Return the `lstat` results of the end of a path and of its directory, following and checking each link.

    Raises:
        OSError: An entry of the path does not exist or cannot be read.
        RefusedError: Another user may control a part of the path.
    """
    way, links, left = [("/", os.lstat("/"))], 0, path.split("/")[::-1]
    while left:
        name = left.pop()
        if name in {"", "."}:
            continue
        if name == "..":
            way = way[:-1] or way
            continue
        directory, parent = way[-1]
        place = os.path.join(directory, name)
        found = os.lstat(place)
        if others_may_write(parent) and found.st_uid not in _trusted():
            user = user_name(found.st_uid)
            raise _refusal(path, f"Other users can write to `{directory}`, and {user} made `{place}`")
        if others_may_write(parent, stat.S_IWOTH) and not parent.st_mode & stat.S_ISVTX:
            raise _refusal(path, f"Every user can replace what is in `{directory}`")
        if not stat.S_ISLNK(found.st_mode):
            way.append((place, found))
            continue
        links, target = links + 1, os.readlink(place)
        if links > _MOST_LINKS:
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
        if target.startswith("/"):
            del way[1:]
        left += target.split("/")[::-1]
    return way[-1][1], way[-2:][0][1]


def _trusted() -> tuple[int, int]:
    return 0, own_user()


def _refusal(path: str, reason: str) -> RefusedError:
    return RefusedError(
        f"Nothing is sent to the socket `{path}`",
        reason=reason,
        hint="Let the server listen in a directory that only you, or its own user, can write to",
    )
