"""What signing in with OAuth is made of: the endpoints of a provider, the client, and the token it gives."""

import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

from dynacli.auth.secret import Secret
from dynacli.environment import invocation
from dynacli.errors import RefusedError
from dynacli.record import record
from dynacli.urls import is_loopback, origin_of, without_query

if TYPE_CHECKING:
    import ssl

__all__ = [
    "CLIENT_CREDENTIALS",
    "CODE",
    "DEVICE",
    "IMPLICIT",
    "PASSWORD",
    "OAuthClient",
    "OAuthFlow",
    "SignInContext",
    "Token",
    "check_endpoint",
    "flows_of",
]

CODE, DEVICE, CLIENT_CREDENTIALS = "authorizationCode", "deviceAuthorization", "clientCredentials"
PASSWORD, IMPLICIT = "password", "implicit"
"""The kinds of flows by their names in the OAuth Flows Object (OpenAPI 3.2.0)."""


@record
class OAuthFlow:
    """A way to a token, and the endpoints of the provider that it needs.

    Args:
        kind: `authorizationCode`, `deviceAuthorization`, `clientCredentials`, `password` or `implicit`.
        refresh_url: Where tokens are refreshed; empty for the token endpoint.
        scopes: The scopes that the document lists.
        issuer: The provider's own name (RFC 8414), with which it marks its responses; empty where it is not known.
        auth_methods: How the token endpoint lets clients authenticate, where the provider's metadata says so.
    """

    kind: str
    authorization_url: str = ""
    token_url: str = ""
    device_url: str = ""
    refresh_url: str = ""
    scopes: tuple[str, ...] = ()
    issuer: str = ""
    auth_methods: tuple[str, ...] = ()

    @property
    def endpoints(self) -> tuple[str, ...]:
        """The URLs that secrets, codes and the person are sent to."""
        urls = (self.authorization_url, self.token_url, self.device_url, self.refresh_url)
        return tuple(dict.fromkeys(url for url in urls if url))

    @property
    def origins(self) -> tuple[str, ...]:
        """The origins of the endpoints."""
        return tuple(dict.fromkeys(map(origin_of, self.endpoints)))


@record
class OAuthClient:
    """The client as which a person has registered dynacli at a provider.

    Args:
        client_secret: None for a public client.
        scopes: What is asked for; empty for what the provider gives by itself.
        audience: The API that the token is meant for, where the provider wants to know.
    """

    client_id: str
    client_secret: Secret | None = None
    scopes: tuple[str, ...] = ()
    audience: str = ""


@record
class Token:
    """What a token endpoint gave.

    Args:
        expires_at: In seconds since the epoch; None where the provider does not say.
        scopes: What the token is good for; what was asked for, where the provider does not say.
    """

    access_token: Secret
    expires_at: float | None = None
    refresh_token: Secret | None = None
    scopes: tuple[str, ...] = ()


@record
class SignInContext:
    """What signing in takes from its surroundings.

    Args:
        clock: The seconds since the epoch.
        wait: Waits for so many seconds.
        tell: Writes a line to the person; it holds no secret.
        open_browser: Opens a URL, and returns whether it could; None where there is no browser.
        ask: Asks the person a question and returns the line that they answer with, shown as it is typed.
        callback_host: The loopback host that the provider sends the person back to.
        callback_port: Its port; 0 for any that is free.
        seconds: How long signing in may take.
        timeout: The seconds that each exchange with the provider may take.
        tls: The authorities that are trusted for the provider; None for those of the system.
    """

    clock: Callable[[], float] = time.time
    wait: Callable[[float], object] = time.sleep
    tell: Callable[[str], object] = str
    open_browser: Callable[[str], bool] | None = None
    ask: Callable[[str], str] | None = None
    callback_host: str = "127.0.0.1"
    callback_port: int = 0
    seconds: float = 300.0
    timeout: float = 30.0
    tls: "ssl.SSLContext | None" = None


def flows_of(scheme: Mapping[str, Any], base: str = "") -> tuple[OAuthFlow, ...]:
    """Return the flows of a Security Scheme Object that have their endpoints, in the document's order.

    Args:
        scheme: A scheme of the type `oauth2`; one whose endpoints are in its metadata has no flows here.
        base: The URL of the server, to which relative endpoints refer (OpenAPI 3.0.4, "Relative References in URLs").
    """
    flows = scheme.get("flows")
    found = []
    for name, flow in flows.items() if isinstance(flows, Mapping) else ():
        if name not in _NEEDED or not isinstance(flow, Mapping):
            continue
        scopes = flow.get("scopes")
        authorization_url, token_url, device_url, refresh_url = (_url(flow.get(key), base) for key in _URLS)
        listed = tuple(map(str, scopes)) if isinstance(scopes, Mapping) else ()
        made = OAuthFlow(name, authorization_url, token_url, device_url, refresh_url, listed)
        if all(getattr(made, field) for field in _NEEDED[name]):
            found.append(made)
    return tuple(found)


_URLS = ("authorizationUrl", "tokenUrl", "deviceAuthorizationUrl", "refreshUrl")
"""The endpoints of an OAuth Flow Object (OpenAPI 3.2.0)."""
_NEEDED = {
    CODE: ("authorization_url", "token_url"),
    DEVICE: ("device_url", "token_url"),
    CLIENT_CREDENTIALS: ("token_url",),
    PASSWORD: ("token_url",),
    IMPLICIT: ("authorization_url",),
}
"""Kind of a flow → the endpoints that it needs."""


def _url(value: Any, base: str) -> str:
    if not isinstance(value, str):
        return ""
    try:
        return urljoin(base, value.strip())
    except ValueError:
        return value


def check_endpoint(url: str, role: str) -> None:
    """Check that what is sent to an endpoint stays between this machine and the provider.

    Args:
        role: What the endpoint is for, as messages say it: `token endpoint`.

    Raises:
        RefusedError: The URL is malformed, or not encrypted and not on loopback.
    """
    try:
        parts = urlsplit(url)
        is_whole = bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_whole = False
    if not is_whole or not url.isascii() or not url.isprintable() or " " in url:
        raise RefusedError(
            f"The provider's {role} has no usable address",
            reason=f"It is given as `{without_query(url)}`"
            if url
            else "Neither document nor provider names it",
            hint=f"An overlay can correct the document: `{invocation('help overlays')}`",
        )
    if parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname or "")):
        return
    raise RefusedError(
        f"The provider's {role} `{without_query(url)}` is not used",
        reason="It is not encrypted; signing in needs `https`, or `http` on this machine",
        hint=f"If the document is wrong, an overlay can correct it: `{invocation('help overlays')}`",
    )
