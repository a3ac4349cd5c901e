"""Servers of documents that are placeholders: nobody runs the API at `localhost:5000` or `yourdomain.com`.

Many applications ship a document whose server is that of a developer. An instance that serves the document is likely
the API itself, below the same path.
"""

import re
from collections.abc import Sequence
from urllib.parse import urlsplit

from dynacli.environment import invocation
from dynacli.errors import UsageError
from dynacli.model.operation import Server
from dynacli.request.choose_server import choose_server
from dynacli.urls import is_loopback, origin_of

__all__ = ["hint_at_document", "server_at_document"]

_RESERVED = re.compile(r"(?:.+\.)?(?:example(?:\.(?:com|net|org))?|test|invalid|localhost)")
"""Names that no server has: RFC 2606, RFC 6761."""
_WORDS = re.compile(
    r"(?:www\.|api\.)?(?:(?:your|my)[-_]?)?(?:domain|host|hostname|server|instance|company|site|website|app)"
    r"(?:[-_]?name)?(?:\.(?:com|org|net|io|tld|local|xyz))?"
    r"|(?:.*\.)?(?:your[-_].*|your(?:own|domain|host|server|instance|company|api|app|site|org|name).*"
    r"|(?:change|replace)[-_]?me.*|placeholder.*)"
)
"""Names that stand for one to fill in."""
_VARIABLE = re.compile(r"\{([^{}]*)\}")
_UNKNOWN = re.compile(r"[{}<>\s]")


def server_at_document(servers: Sequence[Server], document_uri: str) -> str:
    """Return the base URL of a call that the first server is likely a placeholder for.

    It has the origin of the document and the path of the first server. It is empty if the document has no origin, and
    if the first server is there already or looks like a real one.

    Args:
        servers: Those of the operation, else of its path, else of the document.
        document_uri: The URI that the document was fetched from.
    """
    if not servers or not document_uri.startswith(("http://", "https://")):
        return ""
    own = origin_of(document_uri)
    try:
        url = choose_server(servers, document_uri)
    except UsageError:
        url = ""
    if url and (origin_of(url) == own or not _is_placeholder(url, own)):
        return ""
    try:
        return choose_server((), document_uri, own + _path_of(servers[0]))
    except UsageError:
        return own


def hint_at_document(servers: Sequence[Server], document_uri: str, registered: str = "") -> str:
    """Return how a person calls the API at the origin of its document; empty if its first server is no placeholder.

    Args:
        servers: Those of the operation, else of its path, else of the document.
        document_uri: The URI that the document was fetched from.
        registered: The name that the API is registered under; empty if it is not.
    """
    from shlex import quote

    instead = server_at_document(servers, document_uri)
    if not instead:
        return ""
    kept = (
        f", or for all calls `{invocation('api set', registered)} {quote(f'server={instead}')}`"
        if registered
        else ""
    )
    return f"If the API is where its document came from: `--server {quote(instead)}`{kept}"


def _path_of(server: Server) -> str:
    """Return the path of a server, without the segments from the first one on that is not known."""
    described = server.variables or {}

    def value(found: re.Match[str]) -> str:
        default = described.get(found[1], {}).get("default")
        return found[0] if default is None else str(default)

    text = _VARIABLE.sub(value, server.url).partition("?")[0].partition("#")[0]
    path = "/" + text.rpartition("//")[2].partition("/")[2]
    segments: list[str] = []
    for segment in path.split("/"):
        if _UNKNOWN.search(segment) or segment in {".", ".."}:
            break
        segments.append(segment)
    return "/".join(segments).rstrip("/")


def _is_placeholder(url: str, own: str) -> bool:
    """Return whether the API is likely not at a server, but at the origin of its document.

    It is so as well for any document that this machine serves.

    Args:
        own: The origin of the document.
    """
    host = (urlsplit(url).hostname or "").rstrip(".").lower()
    if is_loopback(host) or host == "0.0.0.0":  # noqa: S104  - it is only compared
        return True
    document_host = urlsplit(own).hostname or ""
    if is_loopback(document_host) or ("." not in host and host != document_host):
        return True
    return any(pattern.fullmatch(host) for pattern in (_RESERVED, _WORDS))
