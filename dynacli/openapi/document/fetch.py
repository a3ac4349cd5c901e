"""Fetch a document and the files that it refers to, under limits of size, time and trust.

This module follows no reference and stores no cookie. It sends a credential only to the document's own origin.
"""

import os
import shlex
import stat
import time
import weakref
from collections.abc import Iterable
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

from dynacli.environment import Environment, invocation
from dynacli.errors import DocumentError, RefusedError, TimedOutError, UsageError
from dynacli.files import is_hidden, regular_file
from dynacli.openapi.document.fetched import DocumentLogin, Fetched
from dynacli.openapi.document.limits import DOCUMENT_TOTAL_SECONDS, MAX_BYTES, MAX_FILES, in_mebibytes
from dynacli.openapi.document.source import Source, directories_of, file_name, local_path, shown_file
from dynacli.urls import origin_of, split_url

if TYPE_CHECKING:
    from dynacli.openapi.document.download import Downloads

_ALLOW_HINT = "If you trust it, add `--allow-ref {}`"


def fetch(
    source: Source,
    env: Environment,
    *,
    timeout: float | None = None,
    etag: str = "",
    last_modified: str = "",
    login: DocumentLogin | None = None,
) -> Fetched:
    """Return the bytes of a document.

    Args:
        source: The source of the document.
        env: The environment, for standard input.
        timeout: A time limit in seconds for the whole download; the built-in limits apply, too.
        etag: The `ETag` of the stored revision, so that the server does not send an unchanged document again.
        last_modified: The `Last-Modified` of the stored revision.
        login: Signs in at the document's own origin.

    Raises:
        DocumentError: The document does not exist, cannot be read, is not a regular file, or is too large;
            or the server responded with an error.
        NetworkError: The connection failed or broke.
        TimedOutError: A time limit was reached.
        RefusedError: The server redirects to another origin.
        UsageError: Standard input has nothing to read, or a proxy variable is malformed.
    """
    match source.kind:
        case "stdin":
            return Fetched(_read_stdin(env))
        case "file":
            return Fetched(read_file(source.location), uri=source.uri)
        case "url":
            from dynacli.openapi.document.download import Downloads

            downloads = Downloads()
            try:
                return downloads.download(
                    source.location,
                    timeout=timeout,
                    etag=etag,
                    last_modified=last_modified,
                    login=login,
                )
            finally:
                downloads.close()


def _read_stdin(env: Environment) -> bytes:
    if env.stdin_is_terminal:
        raise UsageError(
            "Standard input has no document",
            reason="`-` reads a document from a pipe or a file",
            hint="dynacli - OPERATION < openapi.json",
        )
    try:
        content = env.read_stdin("the document", MAX_BYTES + 1)
    except (OSError, ValueError) as error:  # ValueError: text that is not Unicode, or a closed stream
        raise DocumentError("Cannot read the document from standard input") from error
    return _within_limit(content, "The document on standard input")


def read_file(path: str) -> bytes:
    """Return the bytes of a regular file.

    Raises:
        DocumentError: The file does not exist, cannot be read, is not a regular file, or is too large.
    """
    try:
        _check_kind(os.stat(path).st_mode, path)
        with open(path, "rb", opener=regular_file) as file:
            content = file.read(MAX_BYTES + 1)
    except FileNotFoundError as error:
        raise DocumentError(f"There is no file `{path}`", hint=_hint_for_missing(path)) from error
    except OSError as error:
        raise DocumentError(f"Cannot read `{path}`", reason=error.strerror or "") from error
    return _within_limit(content, f"`{path}`")


def _check_kind(mode: int, path: str) -> None:
    if stat.S_ISDIR(mode):
        raise DocumentError(f"`{path}` is a directory", hint="Give the path of the document in it")
    if not stat.S_ISREG(mode):
        raise DocumentError(
            f"`{path}` is not a regular file",
            reason="Pipes, sockets and devices may never end",
            hint="Pipe the document in and give `-`",
        )


def _hint_for_missing(path: str) -> str:
    # `api.example.com/openapi.json` and `localhost:8000/openapi.json` are URLs without a scheme.
    relative = shown_file(path)
    if os.path.isabs(relative):
        return ""
    relative = relative.replace(os.sep, "/")
    host, slash, _ = relative.partition("/")
    if slash and (":" in host or host.partition(":")[0] == "localhost" or "." in host.strip(".")):
        return f"If it is a URL, write `https://{relative}`"
    return ""


def _within_limit(content: bytes, name: str) -> bytes:
    if len(content) > MAX_BYTES:
        raise DocumentError(f"{name} is larger than {in_mebibytes(MAX_BYTES)}")
    return content


class AllowedOpener(Protocol):
    """An `Opener` that can return a known file if the server says that it is unchanged."""

    def __call__(self, uri: str, known: Fetched | None = None, *, may_fetch: bool = True) -> Fetched:
        """Return the content at an absolute URI."""


def allowed_files(
    source: Source,
    allowed: Iterable[str] = (),
    *,
    follows_files: bool = True,
    login: DocumentLogin | None = None,
) -> AllowedOpener:
    """Return a function that reads the files that a document may refer to.

    Args:
        source: The source of the document.
        allowed: More allowed origins, such as `https://schemas.example.com`, and absolute paths of directories.
        follows_files: Whether the document may refer to files in its own directory.
        login: Signs in at the document's own origin.

    Raises:
        ValueError: An origin is malformed.
    """
    return AllowedFiles(source, tuple(allowed), login, follows_files=follows_files).open


class AllowedFiles:
    """Reads the files that a document may refer to, within limits of files, bytes and time."""

    def __init__(
        self,
        source: Source,
        allowed: tuple[str, ...],
        login: DocumentLogin | None,
        *,
        follows_files: bool,
    ) -> None:
        self.source = source
        self.login = login or DocumentLogin()
        self.origins = frozenset(origin_of(place) for place in allowed if not os.path.isabs(place))
        self.folders = directories_of(allowed)
        is_followed = source.kind == "file" and follows_files
        self.own = directories_of([os.path.dirname(source.location)]) if is_followed else ()
        places = (source.location, *allowed, *self.own, *self.folders)
        self.drives = {os.path.splitdrive(place)[0].lower() for place in places}
        self.budget = DOCUMENT_TOTAL_SECONDS
        self.deadline: float | None = None
        self.downloads: Downloads | None = None
        self.files = 0
        self.bytes = 0

    def open(self, uri: str, known: Fetched | None = None, *, may_fetch: bool = True) -> Fetched:
        """Return the content at an absolute URI.

        Args:
            uri: An absolute URI without fragment.
            known: The content from the last read, which is returned if the server says that it is unchanged.
            may_fetch: Whether to use the network.

        Raises:
            RefusedError: The file is not allowed, or a limit of the document is reached.
            DocumentError: The file does not exist, is not a regular file, or is too large; or it is not in the cache
                and `may_fetch` is false.
            NetworkError: The connection failed or broke.
            TimedOutError: A time limit was reached.
        """
        scheme = uri.partition(":")[0].lower() if ":" in uri.partition("/")[0] else ""
        match scheme:
            case "file":
                path = self._local(uri)
                fetched = Fetched(self.read(path, self._count()), uri=uri)
            case "http" | "https" | "unix":
                self._check_origin(uri)
                if not may_fetch:
                    raise DocumentError(
                        f"`{_name_or_uri(uri)}` is not in the cache",
                        hint="Fetch it once: with `--refresh`, and without `--offline`",
                    )
                fetched = self._download(uri, self._count(), known)
            case "":
                raise RefusedError(
                    f"`{uri}` is relative",
                    reason="A document on standard input has no directory for relative references",
                )
            case _:
                raise RefusedError(
                    f"Refused to read `{_name_or_uri(uri)}`",
                    reason=f"dynacli cannot read over `{scheme[:20]}:`",
                )
        self.bytes += len(fetched.content)
        if self.bytes > MAX_BYTES:
            raise RefusedError(
                f"Refused to read `{_name_or_uri(uri)}`",
                reason=f"All files of the document together are larger than {in_mebibytes(MAX_BYTES)}",
            )
        return fetched

    def resolve(self, path: str) -> str:
        """Return the path of a file with its symbolic links resolved."""
        return os.path.realpath(path)

    def read(self, path: str, seconds: float) -> bytes:  # noqa: ARG002
        """Return the bytes of a file.

        Args:
            path: The path as `resolve` returns it.
            seconds: The time limit, for subclasses that read slowly.

        Raises:
            DocumentError: The file does not exist, cannot be read, is not a regular file, or is too large.
        """
        return read_file(path)

    def _local(self, uri: str) -> str:
        parts = urlsplit(uri)
        name = file_name(uri)
        if self.source.kind != "file":
            document = "A remote document" if self.source.kind == "url" else "A document on standard input"
            reason = f"{document} must not refer to local files"
            raise RefusedError(f"Refused to read `{name}`", reason=reason)
        if parts.netloc not in ("", "localhost") or parts.query:
            raise RefusedError(f"Refused to read `{name}`", reason="It is not a file of this machine")
        path = local_path(parts.path)
        if "\0" in path:
            raise DocumentError(f"`{name}` is not a valid file name")
        # To resolve links, Windows would connect to the machine in `\\machine\share`, and sign in there.
        is_near = os.path.splitdrive(path)[0].lower() in self.drives
        resolved = self.resolve(path) if is_near else path
        if path == self.source.location:
            return resolved
        inside = [place for place in (*self.own, *self.folders) if resolved.startswith(place)]
        if not inside:
            # Only documents get the hint: no hint may suggest allowing the directory of `/etc/passwd`.
            is_document = resolved.lower().endswith((".json", ".yaml", ".yml"))
            hint = _ALLOW_HINT.format(shlex.quote(os.path.dirname(resolved))) if is_document else ""
            if self.own:
                reason = f"It is outside of the document's directory, `{os.path.dirname(self.own[0])}`"
            else:
                reason = "Only a registered document is read with other files"
                hint = hint and f"{hint}, or register the document: `{invocation('api add')} NAME FILE`"
            raise RefusedError(f"Refused to read `{name}`", reason=reason, hint=hint)
        if all(is_hidden(resolved.removeprefix(place)) for place in inside):
            raise RefusedError(f"Refused to read `{name}`", reason="A part of its path begins with a dot")
        return resolved

    def _check_origin(self, uri: str) -> None:
        try:
            origin = origin_of(uri)
        except ValueError as error:
            raise RefusedError("The URL of a reference is malformed") from error
        if "@" in split_url(uri).netloc:
            raise RefusedError(
                f"Refused to read `{_name_or_uri(uri)}`", reason="Its URL holds a user name or a password"
            )
        if origin not in self.origins and origin != self.source.origin:
            raise RefusedError(
                f"Refused to read `{_name_or_uri(uri)}`",
                reason=f"`{origin}` is not the origin of the document",
                hint=_ALLOW_HINT.format(origin),
            )

    def _count(self) -> float:
        """Count one more file, and return the seconds left for it."""
        self.files += 1
        if self.files > MAX_FILES:
            raise RefusedError(f"The document has more than {MAX_FILES:,} files")
        now = time.monotonic()
        if self.deadline is None:
            self.deadline = now + self.budget
        if now >= self.deadline:
            raise TimedOutError(
                "The files of the document took too long",
                reason=f"The limit is {self.budget:g} s for all of them",
            )
        return self.deadline - now

    def _download(self, uri: str, seconds: float, known: Fetched | None) -> Fetched:
        if self.downloads is None:
            from dynacli.openapi.document.download import Downloads

            self.downloads = Downloads()
            weakref.finalize(self, self.downloads.close)
        download = self.downloads.download
        login = self.login if origin_of(uri) == self.source.origin else self.login.elsewhere()
        if known is None:
            return download(uri, timeout=seconds, login=login)
        fetched = download(
            uri, timeout=seconds, etag=known.etag, last_modified=known.last_modified, login=login
        )
        return known if fetched.not_modified else fetched


def _name_or_uri(uri: str) -> str:
    try:
        return file_name(uri)
    except ValueError:
        return uri.partition("?")[0]
