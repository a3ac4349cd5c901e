"""Where the server listens over HTTP, and who may use it.

Every program on the machine, and every page in a browser, can reach a port on loopback. So a request needs a token,
names this server as its host, and comes from no page of another origin (DNS rebinding: it would name the host that
the browser looked up).
"""

import hmac
import os
import secrets
import socket
from typing import Any, NamedTuple

from mcp.server.auth.provider import AccessToken
from mcp.server.auth.settings import AuthSettings
from mcp.server.lowlevel import Server
from mcp.server.transport_security import TransportSecuritySettings
from pydantic import AnyHttpUrl
from starlette.applications import Starlette

from dynacli.auth.secret import Secret
from dynacli.environment import Environment
from dynacli.errors import RefusedError, UsageError
from dynacli.files import cannot_be_written, check_own, locked, make_directory, regular_file, write_file
from dynacli.http.serving import ANYWHERE, LOOPBACK, listening_socket, origin_at
from dynacli.urls import bracketed

_PATH = "/mcp"
_MOST_PORT = 65_535
_TOKEN_BYTES = 32


class HttpPlace(NamedTuple):
    """Where the server listens.

    Args:
        socket: It listens already.
        host: As it was given.
        token: What each request has to bear; None if a person has said that none is needed.
    """

    socket: socket.socket
    host: str
    token: Secret | None

    @property
    def url(self) -> str:
        """The URL that a client is given."""
        return f"{origin_at(self.socket, self.host)}{_PATH}"

    @property
    def is_local(self) -> bool:
        """Whether only this machine reaches it."""
        return self.host in LOOPBACK


def listening_at(text: str, token: Secret | None) -> HttpPlace:
    """Return the place that `[HOST:]PORT` names, where a socket listens from now on.

    Args:
        token: What each request has to bear; None for nothing.

    Raises:
        UsageError: The text names no place, or the port cannot be had.
        RefusedError: Other machines would reach it without a token.
    """
    host, _, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]") or LOOPBACK[0]
    if not (port.isascii() and port.isdecimal() and len(port) < 6 and int(port) <= _MOST_PORT):
        raise UsageError(
            f"`{text}` names no port to listen at", hint="Write `--http 8643`, or `--http HOST:PORT`"
        )
    if token is None and host not in LOOPBACK:
        raise RefusedError(
            f"The server does not listen at `{host}` without a token",
            reason="Other machines reach it there, and it calls with your credentials",
            hint="Leave out `--token none`",
        )
    return HttpPlace(listening_socket(host, int(port)), host, token)


def token_path(env: Environment) -> str:
    """Return the path of the file that keeps the token."""
    return os.path.join(env.state_dir, "mcp-token")


def kept_token(env: Environment) -> Secret:
    """Return the token of this user's servers; it is made once, so that clients need to be reported only once.

    Raises:
        FileError: It cannot be kept.
    """
    path = token_path(env)
    try:
        make_directory(env.state_dir)
        with locked(env.state_dir, "writing the token of its server"):
            found = _read(path)
            if not found:
                found = secrets.token_urlsafe(_TOKEN_BYTES)
                write_file(path, found.encode())
    except OSError as error:
        raise cannot_be_written(path, error) from error
    return Secret(found)


def _read(path: str) -> str:
    """Return the token of a file; empty if it is none, or if others could have written or read it."""
    try:
        with open(path, "rb", opener=regular_file) as file:
            check_own(os.fstat(file.fileno()), path, is_secret=True)
            text = file.read(1000).decode("ascii", "replace").strip()
    except (FileNotFoundError, PermissionError):
        return ""
    return text if len(text) >= _TOKEN_BYTES and text.isprintable() else ""


def http_application(server: Server[Any], place: HttpPlace, **limits: Any) -> Starlette:
    """Return the application that responds at a place.

    Args:
        limits: What the SDK takes as limits of sessions.
    """
    hosts = [*LOOPBACK[:2], "[::1]", bracketed(place.host)]
    if place.host in ANYWHERE:
        hosts.append(socket.gethostname())
    names = [name for host in dict.fromkeys(hosts) for name in (host, f"{host}:*")]
    security = TransportSecuritySettings(
        enable_dns_rebinding_protection=True,
        allowed_hosts=names,
        allowed_origins=[f"http://{name}" for name in names],
    )
    return server.streamable_http_app(
        streamable_http_path=_PATH,
        host=place.host,
        transport_security=security,
        # There is no provider of tokens, but the SDK checks them only if one is named.
        auth=None
        if place.token is None
        else AuthSettings(issuer_url=AnyHttpUrl(place.url), resource_server_url=None),
        token_verifier=None if place.token is None else _OneToken(place.token),
        **limits,
    )


class _OneToken:
    """Lets in whoever bears the token."""

    def __init__(self, token: Secret) -> None:
        self._token = token.reveal().encode()

    async def verify_token(self, token: str) -> AccessToken | None:
        if not hmac.compare_digest(token.encode("utf-8", "replace"), self._token):
            return None
        return AccessToken(token=token, client_id="client", scopes=[])
