"""The bytes of a source, and the login for the server of a document."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import ssl

SIGN_IN = frozenset({401, 403})
"""The statuses of responses that ask for a credential."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """The content of a file or URL, and the response headers about it.

    Args:
        content: The bytes of the document, decompressed; empty if `not_modified`.
        media_type: The media type of `Content-Type`, lower case, without parameters; empty for files.
        etag: The `ETag` for the next conditional request (RFC 9110, section 8.8.3), or empty.
        last_modified: The `Last-Modified` for the next conditional request, or empty.
        not_modified: Whether the server responded with 304, so that the stored revision is still current.
        uri: The base URI of the document, after redirects.
        max_age: The number of seconds until the document is due for a refresh; None if the server does not say.
        depends_on_who_asks: Whether it was fetched without a credential, and requests with one get another document
            (`Vary`: RFC 9110, section 12.5.5).
    """

    content: bytes
    media_type: str = ""
    etag: str = ""
    last_modified: str = ""
    not_modified: bool = False
    uri: str = ""
    max_age: float | None = None
    depends_on_who_asks: bool = False


class Advice(NamedTuple):
    """The reason and the hint of the error if a server refuses the document.

    Args:
        reason: The credentials that were sent or not sent; may be empty.
        hint: The setting or the argument that is missing.
    """

    reason: str
    hint: str


class DocumentLogin:
    """Signs in at the server of a document.

    This base class sends no credential, and trusts the certificate authorities of the system.
    """

    def headers(self, url: str, challenge: str | None = None) -> Mapping[str, str]:  # noqa: ARG002
        """Return the headers that sign in a GET request.

        Args:
            url: The URL of the request, at the document's own origin.
            challenge: The challenge of the server (`WWW-Authenticate`). None before the first request: then
                only headers that need no challenge are returned.
        """
        return {}

    def advice(self, url: str, challenge: str) -> Advice | None:  # noqa: ARG002
        """Return advice for the user if the server refused a request with all available credentials.

        Args:
            url: The URL of the request.
            challenge: The challenge of the server; empty if it sent none.
        """
        return None

    def context(self) -> ssl.SSLContext | None:
        """Return the TLS context for connections to the document's own origin; None for the system's context."""
        return None

    def elsewhere(self) -> DocumentLogin:
        """Return the login for other origins: no credential, but the same certificate authorities."""
        return self
