"""The flows of OAuth 2.0 that a document describes, and the endpoints of each (OpenAPI 3.2.0, `OAuth Flow Object`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urljoin

from dynacli.record import record
from dynacli.urls import origin_of

CODE, DEVICE, CLIENT_CREDENTIALS = "authorizationCode", "deviceAuthorization", "clientCredentials"

PASSWORD, IMPLICIT = "password", "implicit"
"""The kinds of flows by their names in the OAuth Flows Object (OpenAPI 3.2.0)."""

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


@record
class OAuthFlow:
    """A flow to get a token, with the endpoints of the provider.

    Args:
        kind: `authorizationCode`, `deviceAuthorization`, `clientCredentials`, `password` or `implicit`.
        authorization_url: URL of the sign-in page; empty if the flow has none.
        token_url: URL of the token endpoint; empty if the flow has none.
        device_url: URL of the device authorization endpoint; empty if the flow has none.
        refresh_url: URL for refreshing tokens; empty for the token endpoint.
        scopes: The scopes that the document lists.
        issuer: Identifier of the provider (RFC 8414), which its responses contain; empty if unknown.
        auth_methods: Client authentication methods of the token endpoint, from the provider's metadata.
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
        """The URLs that receive secrets or codes, or that the user opens."""
        urls = (self.authorization_url, self.token_url, self.device_url, self.refresh_url)
        return tuple(dict.fromkeys(url for url in urls if url))

    @property
    def origins(self) -> tuple[str, ...]:
        """The origins of the endpoints."""
        return tuple(dict.fromkeys(map(origin_of, self.endpoints)))


def flows_of(scheme: Mapping[str, Any], base: str = "") -> tuple[OAuthFlow, ...]:
    """Return the flows of a Security Scheme Object that have their endpoints, in the document's order.

    Args:
        scheme: A scheme of the type `oauth2`. If its endpoints are in its metadata, it has no flows here.
        base: URL of the server, for relative endpoints (OpenAPI 3.0.4, "Relative References in URLs").
    """
    flows = scheme.get("flows")
    found = []
    for name, flow in flows.items() if isinstance(flows, Mapping) else ():
        if name not in _NEEDED or not isinstance(flow, Mapping):
            continue
        scopes = flow.get("scopes")
        authorization_url, token_url, device_url, refresh_url = (
            _absolute_url(flow.get(key), base) for key in _URLS
        )
        listed = tuple(map(str, scopes)) if isinstance(scopes, Mapping) else ()
        made = OAuthFlow(name, authorization_url, token_url, device_url, refresh_url, listed)
        if all(getattr(made, field) for field in _NEEDED[name]):
            found.append(made)
    return tuple(found)


def _absolute_url(value: Any, base: str) -> str:
    if not isinstance(value, str):
        return ""
    try:
        return urljoin(base, value.strip())
    except ValueError:
        return value
