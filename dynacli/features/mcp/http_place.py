"""The HTTP address of the server, and the checks of each request.

Every program on the machine, and every page in a browser, can reach a port on loopback. So a request needs a token and
the host of this server, and may not come from a page of another origin. The check of the host prevents DNS rebinding.
"""

from __future__ import annotations

import hmac
import os
import secrets
import socket
import time
from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

from mcp.server.auth.provider import AccessToken
from mcp.server.auth.settings import AuthSettings
from mcp.server.lowlevel import Server
from mcp.server.transport_security import TransportSecuritySettings
from pydantic import AnyHttpUrl
from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse

from dynacli.environment import Environment
from dynacli.errors import UsageError
from dynacli.files import cannot_be_written, check_own, locked, make_directory, regular_file, write_file
from dynacli.http.serving import ANYWHERE, LOOPBACK, is_own_host, listening_socket, origin_at
from dynacli.secrets import Secret

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

_PATH = "/mcp"
_MOST_PORT = 65_535
_TOKEN_BYTES = 32
_IDLE_SECONDS = 30 * 60.0
_MOST_SESSIONS = 1_000
"""Sessions that stay open at a time; a session takes less than 100 KB."""
_SESSION = "mcp-session-id"


class HttpPlace(NamedTuple):
    """An address at which the server listens.

    Args:
        socket: The listening socket.
        host: The host as the user gave it.
        token: The token that each request needs.
    """

    socket: socket.socket
    host: str
    token: Secret

    @property
    def url(self) -> str:
        """The URL for clients."""
        return f"{origin_at(self.socket, self.host)}{_PATH}"

    @property
    def is_local(self) -> bool:
        """Whether only programs on this machine can reach the server."""
        return self.host in LOOPBACK


def listening_at(text: str, token: Secret) -> HttpPlace:
    """Listen at `[HOST:]PORT`, and return the address.

    Args:
        token: The token that each request needs.

    Raises:
        UsageError: The text has no valid port, or the server cannot listen there.
    """
    host, _, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]") or LOOPBACK[0]
    if not (port.isascii() and port.isdecimal() and len(port) < 6 and int(port) <= _MOST_PORT):
        raise UsageError(
            f"`{text}` names no port to listen at", hint="Write `--http 8643`, or `--http HOST:PORT`"
        )
    return HttpPlace(listening_socket(host, int(port)), host, token)


def token_path(env: Environment) -> str:
    """Return the path of the file with the token."""
    return os.path.join(env.state_dir, "mcp-token")


def kept_token(env: Environment) -> Secret:
    """Return the stored token of this user's servers; generate it on first use.

    Raises:
        FileError: The token cannot be stored.
    """
    path = token_path(env)
    try:
        make_directory(env.state_dir)
        with locked(env.state_dir, "writing the token of its server"):
            found = _read_token(path)
            if not found:
                found = secrets.token_urlsafe(_TOKEN_BYTES)
                write_file(path, found.encode())
    except OSError as error:
        raise cannot_be_written(path, error) from error
    return Secret(found)


def _read_token(path: str) -> str:
    """Return the token of a file; empty if the file has no valid token, or cannot be opened or trusted."""
    try:
        with open(path, "rb", opener=regular_file) as file:
            check_own(os.fstat(file.fileno()), path, is_secret=True)
            text = file.read(1000).decode("ascii", "replace").strip()
    except (FileNotFoundError, PermissionError):
        return ""
    return text if len(text) >= _TOKEN_BYTES and text.isprintable() else ""


def http_application(server: Server[Any], place: HttpPlace, most: int = _MOST_SESSIONS) -> ASGIApp:
    """Return the application that responds at an address.

    Args:
        most: The number of sessions that may be open at a time.
    """
    application = server.streamable_http_app(
        streamable_http_path=_PATH,
        host=place.host,
        # `_OwnHosts` checks hosts, because the SDK accepts any text as a port.
        transport_security=TransportSecuritySettings(enable_dns_rebinding_protection=False),
        # The SDK checks tokens only if it has the URL of an issuer, so it gets one although there is none.
        auth=AuthSettings(issuer_url=AnyHttpUrl(place.url), resource_server_url=None),
        token_verifier=_OneToken(place.token),
        max_sessions=None,
        session_idle_timeout=_IDLE_SECONDS,
    )
    names = {place.host.lower(), socket.gethostname().lower() if place.host in ANYWHERE else ""}
    return _OwnHosts(_Sessions(application, most), frozenset(names - {""}))


class _OwnHosts:
    """Middleware that refuses requests to another host or from a page of another origin.

    Args:
        names: The hosts at which the server listens.
    """

    def __init__(self, application: ASGIApp, names: frozenset[str]) -> None:
        self._application, self._names = application, names

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            headers = Headers(scope=scope)
            scheme, _, origin = headers.get("origin", "").rpartition("://")
            if not is_own_host(headers.get("host", ""), self._names):
                await PlainTextResponse("Invalid Host header", 421)(scope, receive, send)
                return
            if "origin" in headers and (scheme != "http" or not is_own_host(origin, self._names)):
                await PlainTextResponse("Invalid Origin header", 403)(scope, receive, send)
                return
        await self._application(scope, receive, send)


class _Session:
    """The use of a session."""

    def __init__(self) -> None:
        self.requests: Counter[str] = Counter()
        """Method → number of requests that are under way; a client uses GET to listen."""
        self.used_at = time.monotonic()


class _Sessions:
    """Middleware that ends an old session if a client opens one too many.

    Otherwise, clients that leave without ending their session would lock out all others. The client of an ended session
    gets a 404, after which the protocol has it open another one.
    """

    def __init__(self, application: ASGIApp, most: int) -> None:
        self._application, self._most = application, most
        self._sessions: dict[str, _Session] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._application(scope, receive, send)
            return
        name = Headers(scope=scope).get(_SESSION)
        if name is None:
            await self._make_room(scope)
        session = self._sessions.get(name or "", _Session())

        async def note(message: Message) -> None:
            opened = Headers(raw=message.get("headers", [])).get(_SESSION)
            if name is None and opened and message["type"] == "http.response.start":
                self._sessions[opened] = session
            await send(message)

        session.requests[scope["method"]] += 1
        try:
            await self._application(scope, receive, note)
        finally:
            session.requests[scope["method"]] -= 1
            session.used_at = time.monotonic()
            if scope["method"] == "DELETE":
                self._sessions.pop(name or "", None)

    async def _make_room(self, scope: Scope) -> None:
        """End the least recently used session without a call under way; end sessions that listen last."""
        idle = [name for name, session in self._sessions.items() if not session.requests["POST"]]
        if len(self._sessions) < self._most or not idle:
            return

        def rank(name: str) -> tuple[int, float]:
            session = self._sessions[name]
            return session.requests["GET"], session.used_at

        oldest = min(idle, key=rank)
        headers = [(key, value) for key, value in scope["headers"] if key in {b"host", b"authorization"}]
        ending = {**scope, "method": "DELETE", "headers": [*headers, (_SESSION.encode(), oldest.encode())]}

        async def receive() -> Message:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Message) -> None:
            if message.get("status", 401) not in {401, 403}:
                self._sessions.pop(oldest, None)

        await self._application(ending, receive, send)


class _OneToken:
    """A verifier that accepts one token."""

    def __init__(self, token: Secret) -> None:
        self._token = token.reveal().encode()

    async def verify_token(self, token: str) -> AccessToken | None:
        if not hmac.compare_digest(token.encode("utf-8", "replace"), self._token):
            return None
        return AccessToken(token=token, client_id="client", scopes=[])
