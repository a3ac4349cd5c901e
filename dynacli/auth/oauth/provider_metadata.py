"""The metadata of a provider: its endpoints (OpenID Connect Discovery 1.0, RFC 8414)."""

from dynacli.auth.oauth.oauth_flow import (
    CLIENT_CREDENTIALS,
    CODE,
    DEVICE,
    OAuthFlow,
    SignInContext,
    check_endpoint,
)
from dynacli.auth.oauth.provider_exchange import ask_provider
from dynacli.auth.oauth.token_endpoint import json_object
from dynacli.errors import AuthError
from dynacli.urls import without_query

__all__ = ["discover_flows"]

_WELL_KNOWN = "/.well-known/"
_OPENID = f"{_WELL_KNOWN}openid-configuration"


def discover_flows(url: str, context: SignInContext) -> tuple[OAuthFlow, ...]:
    """Return the flows that a provider's metadata has endpoints for, that with a browser first.

    Args:
        url: The document's `openIdConnectUrl` or `oauth2MetadataUrl`; where it names the provider alone, the metadata
            is looked for at its usual place there.

    Raises:
        AuthError: There is no metadata.
        RefusedError: An endpoint may not be used.
        DynacliError: The provider cannot be reached, or may not be asked.
    """
    place = url if _WELL_KNOWN in url else url.rstrip("/") + _OPENID
    answer = ask_provider(place, "metadata", context)
    found = json_object(answer)
    token_url = _text(found.get("token_endpoint"))
    if answer.status != 200 or not token_url:
        raise AuthError(
            f"`{without_query(place)}` says nothing of how to sign in",
            why="It names no `token_endpoint`"
            if answer.status == 200
            else f"It answered with {answer.status}",
            hint="Check the address in the document",
        )
    authorization_url, device_url = (
        _text(found.get(key)) for key in ("authorization_endpoint", "device_authorization_endpoint")
    )
    grants = _texts(found.get("grant_types_supported"))
    for role, endpoint in (
        ("token endpoint", token_url),
        ("authorization endpoint", authorization_url),
        ("device authorization endpoint", device_url),
    ):
        if endpoint:
            check_endpoint(endpoint, role)
    has_endpoints = {
        CODE: bool(authorization_url),
        DEVICE: bool(device_url),
        CLIENT_CREDENTIALS: not grants or "client_credentials" in grants,
    }
    return tuple(
        OAuthFlow(
            kind,
            authorization_url,
            token_url,
            device_url,
            scopes=_texts(found.get("scopes_supported")),
            issuer=_text(found.get("issuer")),
            auth_methods=_texts(found.get("token_endpoint_auth_methods_supported")),
        )
        for kind, is_there in has_endpoints.items()
        if is_there
    )


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _texts(value: object) -> tuple[str, ...]:
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()
