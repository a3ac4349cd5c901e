"""The bytes of a document read from its source, under limits of size, time and trust.

No reference is followed and no cookie is kept. A credential is sent only to the document's own origin, where the
person has one for it and the server asks for it.
"""

import os
import stat

from dynacli.environment import Environment
from dynacli.errors import DocumentError, UsageError
from dynacli.openapi.document.fetched import DocumentLogin, Fetched
from dynacli.openapi.document.limits import MAX_BYTES, in_mebibytes
from dynacli.openapi.document.source import Source

__all__ = ["fetch", "read_file"]


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
        source: Where the document is.
        env: The surroundings, for standard input.
        timeout: A time limit in seconds for the whole; the built-in limits hold besides.
        etag: The `ETag` of the revision at hand: an unchanged document is not sent again.
        last_modified: The `Last-Modified` of the revision at hand.
        login: Signs in at the document's own origin, where the server asks for that.

    Raises:
        DocumentError: The document is not there, cannot be read, is not a file, is over the limit,
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
            from dynacli.openapi.document._download import Downloads

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
    # A closed standard input is None, although the annotation does not say so.
    if not env.stdin or env.stdin_is_terminal:
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
        DocumentError: The file is not there, cannot be read, is no regular file, or is over the limit.
    """
    try:
        _check_kind(os.stat(path).st_mode, path)
        # Without O_NONBLOCK, a pipe that took the file's place in the meantime would block this process.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            _check_kind(os.fstat(descriptor).st_mode, path)
            content = file.read(MAX_BYTES + 1)
    except FileNotFoundError as error:
        raise DocumentError(f"There is no file `{path}`", hint=_hint_for_missing(path)) from error
    except OSError as error:
        raise DocumentError(f"Cannot read `{path}`", reason=error.strerror or "") from error
    return _within_limit(content, f"`{path}`")


def _check_kind(mode: int, path: str) -> None:
    if stat.S_ISDIR(mode):
        raise DocumentError(f"`{path}` is a directory", hint="Give the file of the document in it")
    if not stat.S_ISREG(mode):
        raise DocumentError(
            f"`{path}` is not a regular file",
            reason="Pipes, sockets and devices may never end",
            hint="Pipe the document in and give `-`",
        )


def _hint_for_missing(path: str) -> str:
    # `api.example.com/openapi.json` and `localhost:8000/openapi.json` are URLs without their scheme.
    relative = os.path.relpath(path)
    host, slash, _ = relative.partition("/")
    if slash and (":" in host or host.partition(":")[0] == "localhost" or "." in host.strip(".")):
        return f"If it is a URL, write `https://{relative}`"
    return ""


def _within_limit(content: bytes, name: str) -> bytes:
    if len(content) > MAX_BYTES:
        raise DocumentError(f"{name} is larger than {in_mebibytes(MAX_BYTES)}")
    return content
