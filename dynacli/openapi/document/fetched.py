"""The bytes that were read from a source, and what signs in if a server wants it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import ssl

SIGN_IN = frozenset({401, 403})
"""The statuses with which a server asks for a credential."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """The content of a file or URL, and what the server said about it.

    Args:
        content: The bytes of the document, decompressed; empty if `not_modified`.
        media_type: The media type of `Content-Type`, lower case, without parameters; empty for files.
        etag: The `ETag` to ask with next time (RFC 9110, section 8.8.3), or empty.
        last_modified: The `Last-Modified` to ask with next time, or empty.
        not_modified: Whether the server said 304: the revision at hand is still the current one.
        uri: The base URI of the document, after redirects.
        max_age: For how many seconds the server lets the document be used before it is asked again; None if
            the server does not say.
        depends_on_who_asks: Whether it was fetched without a credential, and the server says that others get another
            document (`Vary`: RFC 9110, section 12.5.5).
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
    """What a person can do about a server that refuses the document.

    Args:
        reason: What was sent, and what was not; empty for nothing to say.
        hint: What to set or to give.
    """

    reason: str
    hint: str


class DocumentLogin:
    """Signs in at the server of a document; this one nowhere, and it trusts the authorities of the system."""

    def headers(self, url: str, challenge: str | None = None) -> Mapping[str, str]:  # noqa: ARG002
        """Return the headers that sign a GET request in.

        Args:
            url: Of the request, at the document's own origin.
            challenge: What the server has asked for (`WWW-Authenticate`); None before the first request: then only
                those are returned that go along unasked.
        """
        return {}

    def advice(self, url: str, challenge: str) -> Advice | None:  # noqa: ARG002
        """Return what a person can do if the server has refused a request that was signed in as far as possible.

        Args:
            url: Of the request.
            challenge: What the server has asked for; empty if it does not say.
        """
        return None

    def context(self) -> ssl.SSLContext | None:
        """Return what connections to the document's own origin are made with; None for the system's."""
        return None

    def elsewhere(self) -> DocumentLogin:
        """Return what other origins get: no credential, but the same trust."""
        return self
