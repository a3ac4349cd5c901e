"""The source of a document: the URL, the file or the `-` that a person names.

Runs that need no document import this module of `document` and no other, so it imports nothing slow.
"""

import os
import re
from pathlib import Path
from typing import Literal, NamedTuple
from urllib.parse import urlsplit, urlunsplit

from dynacli.document.file_names import local_path
from dynacli.errors import UsageError
from dynacli.urls import authority, without_query

__all__ = ["Source", "looks_like_source", "parse_source"]

_ENDINGS = (".json", ".yaml", ".yml")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")


class Source(NamedTuple):
    """A place that a document is read from.

    Args:
        kind: `url`, `file` or `stdin`.
        location: The URL without userinfo and fragment, the absolute path, or `-`.
        uri: The base URI for whatever is relative in the document (RFC 3986, section 5.1);
            empty for standard input, which has none.
    """

    kind: Literal["url", "file", "stdin"]
    location: str
    uri: str

    @property
    def origin(self) -> str:
        """The origin of a URL (RFC 6454), without its default port; empty for files and standard input."""
        parts = urlsplit(self.location)
        return f"{parts.scheme}://{parts.netloc}" if self.kind == "url" else ""

    @property
    def label(self) -> str:
        """The source as messages show it: of a URL without the query, which may hold a secret."""
        if self.kind == "url":
            return without_query(self.location)
        return "standard input" if self.kind == "stdin" else self.location


def looks_like_source(word: str) -> bool:
    """Return whether a word names a document rather than a registered API."""
    return word == "-" or "/" in word or word.lower().endswith(_ENDINGS)


def parse_source(word: str, cwd: Path) -> Source:
    """Return the source that a word means.

    Args:
        word: A URL (`http`, `https`, `file`), a path, or `-` for standard input.
        cwd: The directory that a relative path starts from.

    Raises:
        UsageError: The word is empty or not a usable URL, its scheme is unknown, or it holds a credential.
    """
    if word == "-":
        return Source("stdin", "-", "")
    if not word.strip() or "\0" in word:
        raise UsageError("The source of a document is empty", hint="Give a URL, a file or `-`")
    scheme = _SCHEME.match(word)
    if not scheme:
        return _file(cwd / word)
    match scheme[1].lower():
        case "http" | "https":
            return _url(word)
        case "file":
            return _file_url(word)
        case other:
            raise UsageError(
                f"Documents are not read over `{other}:`",
                hint="Give an `http://` or `https://` URL, a file, or `-` for standard input",
            )


def _file(path: Path) -> Source:
    # Not `Path.resolve()`: a symbolic link may lead to another file later, and is the same source still.
    absolute = os.path.normpath(path.absolute())
    return Source("file", absolute, Path(absolute).as_uri())


def _file_url(word: str) -> Source:
    parts = urlsplit(word)
    if parts.netloc not in ("", "localhost"):
        raise UsageError(f"`file:` URLs name files of this machine, not of `{parts.netloc}`")
    return _file(Path(local_path(parts.path)))


def _url(word: str) -> Source:
    try:
        parts = urlsplit(word)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        # The text of the error repeats the whole URL, which may hold a secret.
        raise UsageError("The URL of the document is malformed", hint=_URL_HINT) from error
    if "@" in parts.netloc:
        raise UsageError(
            f"The URL for `{host or ''}` holds a user name or a password",
            why="Secrets are not accepted on the command line, where other programs can see them",
            hint="Leave out what is before the `@`",
        )
    if not host or not word.isprintable() or " " in word:
        raise UsageError("The URL of the document is malformed", hint=_URL_HINT)
    netloc = authority(parts.scheme, host, port)
    clean = urlunsplit((parts.scheme, netloc, parts.path or "/", parts.query, ""))
    return Source("url", clean, clean)


_URL_HINT = "A URL looks like `https://api.example.com/openapi.json`"
