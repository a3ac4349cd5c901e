"""The bytes that were read from a source, and the function that signs in where a server wants it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

__all__ = ["Authorize", "Fetched"]


@dataclass(frozen=True, slots=True)
class Fetched:
    """The content of a file or URL, and what the server said about it.

    Args:
        content: The bytes of the document, decompressed; empty where `not_modified`.
        media_type: The media type of `Content-Type`, lower case, without parameters; empty for files.
        etag: The `ETag` to ask with next time (RFC 9110, section 8.8.3), or empty.
        last_modified: The `Last-Modified` to ask with next time, or empty.
        not_modified: Whether the server said 304: the revision at hand is still the current one.
        uri: The base URI of the document, after redirects.
        max_age: For how many seconds the server lets the document be used before it is asked again; None where
            the server does not say.
    """

    content: bytes
    media_type: str = ""
    etag: str = ""
    last_modified: str = ""
    not_modified: bool = False
    uri: str = ""
    max_age: float | None = None


Authorize = Callable[[str | None], Mapping[str, str]]
"""Returns the headers that sign a request in, given the challenge of an answer (`WWW-Authenticate`); before the first
request, None: then only those that go along unasked."""
