"""The source of a document: the URL, the file or the `-` that the user names.

The module also names the files of documents, and knows the origins and directories that references may refer to.
Runs that need no document import this module of `document` and no other, so it imports nothing slow.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Literal, NamedTuple
from urllib.parse import unquote, urlsplit, urlunsplit

from dynacli.errors import UsageError
from dynacli.files import is_url
from dynacli.urls import authority, origin_of, split_url, without_query

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
_URL_HINT = "A URL looks like `https://api.example.com/openapi.json`"


def file_name(uri: str) -> str:
    """Return the name of the file at a URI.

    Args:
        uri: Absolute, without fragment; empty for standard input.
    """
    if not uri:
        return "-"
    parts = urlsplit(uri)
    return local_path(parts.path) if parts.scheme == "file" else without_query(uri)


def local_path(path: str) -> str:
    """Return the path of a `file:` URL as the operating system writes it.

    Only Windows needs `urllib.request`: importing it takes a tenth of the time to compile a small document.
    """
    if os.name != "nt":
        return unquote(path)
    from urllib.request import url2pathname

    return url2pathname(path)


def shown_file(name: str) -> str:
    """Return the path of a file for messages: relative if it is below the current directory."""
    if not os.path.isabs(name):
        return name
    try:
        relative = os.path.relpath(name)
    except (OSError, ValueError):  # this directory was removed, or the file is on another drive
        return name
    return name if relative.startswith("..") else relative


class Source(NamedTuple):
    """The source of a document.

    Args:
        kind: `url`, `file` or `stdin`.
        location: The URL without userinfo and fragment, the absolute path, or `-`.
        uri: The base URI for relative URLs in the document (RFC 3986, section 5.1);
            empty for standard input, which has none.
    """

    kind: Literal["url", "file", "stdin"]
    location: str
    uri: str

    @property
    def origin(self) -> str:
        """The origin of a URL (RFC 6454), without its default port; empty for files and standard input."""
        return origin_of(self.location) if self.kind == "url" else ""

    @property
    def label(self) -> str:
        """The source for messages; a URL is without its query, which may hold a secret."""
        if self.kind == "url":
            return without_query(self.location)
        return "standard input" if self.kind == "stdin" else self.location


def parse_source(word: str, cwd: Path) -> Source:
    """Return the source that an argument of the command line names.

    Args:
        word: A URL (`http`, `https`, `unix`, `file`), a path, or `-` for standard input.
        cwd: The directory that a relative path starts from.

    Raises:
        UsageError: The argument is empty, or a URL that is malformed, has an unknown scheme, or holds a credential.
    """
    if word == "-":
        return Source("stdin", "-", "")
    if not word.strip() or "\0" in word:
        raise UsageError("The source of a document is empty", hint="Give a URL, a file or `-`")
    if word.startswith("unix:"):
        from dynacli.http.sockets import parse_socket

        parse_socket(word)
        return _socket_url(word)
    scheme = _SCHEME.match(word)
    if not scheme:
        return _source_of_file(cwd / word)
    match scheme[1].lower():
        case "http" | "https":
            return _source_of_url(word)
        case "file":
            return _file_url(word)
        case other:
            raise UsageError(
                f"Cannot read a document over `{other}:`",
                hint="Give an `http://` or `https://` URL, a file, or `-` for standard input",
            )


def _socket_url(word: str) -> Source:
    if not word.isprintable() or " " in word:
        raise UsageError("The URL of the document is malformed", hint=_URL_HINT)
    parts = split_url(word)
    clean = parts._replace(path=parts.path or "/", fragment="").geturl()
    return Source("url", clean, clean)


def _source_of_file(path: Path) -> Source:
    # Do not follow symbolic links: a link stays the same source, even if its target changes later.
    absolute = os.path.normpath(path.absolute())
    return Source("file", absolute, Path(absolute).as_uri())


def _file_url(word: str) -> Source:
    parts = urlsplit(word)
    if parts.netloc not in ("", "localhost"):
        raise UsageError(f"`file:` URLs name files of this machine, not of `{parts.netloc}`")
    return _source_of_file(Path(local_path(parts.path)))


def _source_of_url(word: str) -> Source:
    try:
        parts = urlsplit(word)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        # The text of the error repeats the whole URL, which may hold a secret.
        raise UsageError("The URL of the document is malformed", hint=_URL_HINT) from error
    if "@" in parts.netloc:
        raise UsageError(
            f"The URL for `{host or ''}` holds a user name or a password",
            reason="Secrets are not accepted on the command line, where other programs can see them",
            hint="Leave out what is before the `@`",
        )
    if not host or not word.isprintable() or " " in word:
        raise UsageError("The URL of the document is malformed", hint=_URL_HINT)
    netloc = authority(parts.scheme, host, port)
    clean = urlunsplit((parts.scheme, netloc, parts.path or "/", parts.query, ""))
    return Source("url", clean, clean)


def allowed_directory(word: str, start: str) -> str | None:
    """Return the absolute path of an allowed directory, which need not exist; None for an origin.

    Args:
        word: The origin or directory as the user writes it; `~` is the home directory.
        start: The directory that a relative path starts from.
    """
    if is_url(word):
        return None
    return os.path.normpath(os.path.join(start, os.path.expanduser(word)))


def allowed_place(word: str, start: str) -> str:
    """Return the absolute path of an allowed directory, or an allowed origin unchanged."""
    return allowed_directory(word, start) or word


def directories_of(places: Iterable[str]) -> tuple[str, ...]:
    """Return the allowed directories, without origins, with symbolic links resolved and a slash at the end."""
    return tuple(os.path.join(os.path.realpath(place), "") for place in places if os.path.isabs(place))
