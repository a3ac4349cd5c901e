"""OAuth 2.0 and OpenID Connect: the provider's metadata, requests to its token endpoint, and its tokens.

RFC 6749, RFC 8414 and OpenID Connect Discovery 1.0. Responses are limited in size and time, and redirects are refused.
"""

from __future__ import annotations

import json
import math
import re
import time
from base64 import b64encode
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode, urlsplit

from dynacli.auth.oauth_flows import CLIENT_CREDENTIALS, CODE, DEVICE, OAuthFlow
from dynacli.environment import invocation, program
from dynacli.errors import AuthError, RefusedError
from dynacli.http.built_request import Request
from dynacli.http.encodings import BadEncodingError, TooLargeError
from dynacli.http.exchange import REDIRECTS, Budget, OneContext, WireResponse
from dynacli.http.semantics import ReceivedBody
from dynacli.http.send import Pieces, send
from dynacli.http.sockets import check_private
from dynacli.media.body_value import error_value
from dynacli.openapi.document.json_trees import string_or_empty
from dynacli.record import record, replace
from dynacli.secrets import Masker, Secret
from dynacli.text.body_text import server_message
from dynacli.urls import is_loopback, without_query

if TYPE_CHECKING:
    import ssl

_MAX_BYTES = 1024 * 1024
_TEN_YEARS = 10 * 365 * 86400
_TOKEN = re.compile(r"[\x21-\x7e]+")
"""Characters of a token (RFC 6749, appendix A.12), except the space, which would end the token in a header."""
_ERROR_CODE = re.compile(r"[A-Za-z0-9_.-]{1,60}")
_HINTS = {
    "invalid_client": "Check the client id and its secret, a reference in the configuration: `client_secret`",
    "unauthorized_client": "The provider does not let this client sign in this way; look at how it is registered",
    "invalid_scope": "Ask for other scopes with `--scope`",
    "invalid_grant": "Sign in again with `{login}`",
    "unsupported_grant_type": "The provider does not offer this way of signing in",
    "access_denied": "Sign in again, and allow the access",
}
_WELL_KNOWN = "/.well-known/"
_OPENID = f"{_WELL_KNOWN}openid-configuration"


Form = Sequence[tuple[str, str]]


@record
class OAuthClient:
    """The OAuth client as which the user has registered dynacli at a provider.

    Args:
        client_secret: The secret of the client; None for a public client.
        scopes: The scopes to request; empty for the provider's default.
        audience: The API that the token is for; empty to send none.
    """

    client_id: str
    client_secret: Secret | None = None
    scopes: tuple[str, ...] = ()
    audience: str = ""


@record
class Token:
    """A token from a token endpoint.

    Args:
        expires_at: Expiry in seconds since the epoch; None if unknown.
        scopes: The scopes of the token; if the provider names none, the requested scopes.
    """

    access_token: Secret
    expires_at: float | None = None
    refresh_token: Secret | None = None
    scopes: tuple[str, ...] = ()


@record
class SignInContext:
    """The settings of a sign-in, and the functions that reach the user.

    Args:
        clock: Returns the time in seconds since the epoch.
        wait: Waits for a number of seconds.
        announce: Shows a line without secrets to the user.
        open_browser: Opens a URL, and returns whether that worked; None if there is no browser.
        ask: Asks the user a question, and returns the answer, which is visible while typed; None if dynacli cannot ask.
        callback_host: The loopback host to which the provider sends the browser back.
        callback_port: The port on this host; 0 for any free port.
        seconds: Seconds that the user may take to sign in.
        timeout: Seconds that each exchange with the provider may take.
        tls: TLS settings for the provider; None for the defaults of the system.
    """

    clock: Callable[[], float] = time.time
    wait: Callable[[float], object] = time.sleep
    announce: Callable[[str], object] = str
    open_browser: Callable[[str], bool] | None = None
    ask: Callable[[str], str] | None = None
    callback_host: str = "127.0.0.1"
    callback_port: int = 0
    seconds: float = 300.0
    timeout: float = 30.0
    tls: ssl.SSLContext | None = None


def check_endpoint(url: str, role: str) -> None:
    """Check that the URL of an endpoint is valid, and is encrypted or on this machine.

    Args:
        role: The name of the endpoint in messages, such as `token endpoint`.

    Raises:
        RefusedError: The URL is malformed, or not encrypted and not on loopback.
    """
    try:
        parts = urlsplit(url)
        # A user name before the host can make a URL look like one of another host (RFC 9110, section 4.2.4).
        is_whole = bool(parts.hostname) and parts.port != 0 and "@" not in parts.netloc
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


@record
class ProviderResponse:
    """A response of a provider; its body may contain secrets."""

    status: int
    media_type: str
    body: bytes


def _ask_provider(
    url: str,
    role: str,
    context: SignInContext,
    form: Sequence[tuple[str, str]] | None = None,
    *,
    authorization: str = "",
) -> ProviderResponse:
    """Send a form or a GET request to an endpoint of a provider, and return the response.

    Args:
        role: The name of the endpoint in messages, such as `token endpoint`.
        form: The names and values to send; None for a GET request.
        authorization: The value of the header `Authorization`; empty for none.

    Raises:
        AuthError: The response is too large, or cannot be read.
        NetworkError: The connection failed or broke.
        RefusedError: The URL may not be used, or the endpoint redirects.
        TimedOutError: The time was used up.
        UsageError: A proxy or certificate variable of the environment is malformed.
    """
    check_endpoint(url, role)
    headers = [("Accept", "application/json")]
    if form is not None:
        headers.append(("Content-Type", "application/x-www-form-urlencoded"))
    if authorization:
        headers.append(("Authorization", authorization))
    content = None if form is None else urlencode(form).encode("ascii")
    method = "GET" if form is None else "POST"
    return exchange(method, url, f"provider's {role}", context, headers, content)


def exchange(
    method: str,
    url: str,
    role: str,
    context: SignInContext,
    headers: Sequence[tuple[str, str]],
    content: bytes | None,
) -> ProviderResponse:
    """Send a request that gets a token, and return the response.

    Args:
        role: The name of the endpoint in messages, after "the".
        content: The body; None for none.

    Raises:
        AuthError: The response is too large, or cannot be read.
        NetworkError: The connection failed or broke.
        RefusedError: The server redirects, or other users can replace its socket.
        TimedOutError: The time was used up.
        UsageError: A proxy or certificate variable of the environment is malformed.
    """

    def receive(_: WireResponse, pieces: Pieces) -> bytes:
        try:
            return pieces.whole(_MAX_BYTES)
        except TooLargeError:
            raise _unreadable_response(url, role, "it is larger than 1 MiB") from None
        except BadEncodingError as error:
            raise _unreadable_response(url, role, str(error)) from None

    check_private(url)
    request = Request(method, url, tuple(headers), content)
    budget = Budget(context.timeout, follow=lambda *_: None)
    response = send(request, budget, receive=receive, tls=OneContext(context.tls))
    if response.status in REDIRECTS:
        raise RefusedError(
            f"The {role} `{without_query(url)}` redirects, and dynacli does not follow it",
            reason="Secrets go to the address that was accepted, and to no other",
            hint=f"If the document is wrong, an overlay can correct it: `{invocation('help overlays')}`",
        )
    return ProviderResponse(response.status, response.header("content-type"), response.body)


def _unreadable_response(url: str, role: str, reason: str) -> AuthError:
    return AuthError(f"The response of the {role} `{without_query(url)}` cannot be read", reason=reason)


def sign_in_by_client_credentials(flow: OAuthFlow, client: OAuthClient, context: SignInContext) -> Token:
    """Get a token for the client itself, without a user (RFC 6749, section 4.4).

    Raises:
        AuthError: The provider refuses the client, or the response has no usable token.
        DynacliError: The provider cannot be reached, or dynacli may not contact it.
    """
    form = [("grant_type", "client_credentials"), *scope_and_audience(client)]
    return request_token(flow, client, form, context)


def sign_in_by_password(
    flow: OAuthFlow, client: OAuthClient, username: str, password: Secret, context: SignInContext
) -> Token:
    """Get a token for the name and password of the user (RFC 6749, section 4.3).

    This shows the password to the client, which OAuth was made to avoid. So it is only for APIs that offer no safer
    way.

    Raises:
        AuthError: The provider refuses the user or the client, or the response has no usable token.
        DynacliError: The provider cannot be reached, or dynacli may not contact it.
    """
    form = [("grant_type", "password"), ("username", username), ("password", password.reveal())]
    return request_token(flow, client, [*form, *scope_and_audience(client)], context, [password])


def refresh(flow: OAuthFlow, client: OAuthClient, refresh_token: Secret, context: SignInContext) -> Token:
    """Get a new token for a refresh token (RFC 6749, section 6); it includes the refresh token for the next time.

    Raises:
        AuthError: The provider refuses, or the response has no usable token. If the refresh token is no longer valid,
            the detail `oauth_error` is `invalid_grant`.
        DynacliError: The provider cannot be reached, or dynacli may not contact it.
    """
    # Without `scope`, the token gets the same scopes as before.
    form = [("grant_type", "refresh_token"), ("refresh_token", refresh_token.reveal())]
    token = request_token(flow, client, form, context, [refresh_token], url=flow.refresh_url)
    return token if token.refresh_token is not None else replace(token, refresh_token=refresh_token)


def scope_and_audience(client: OAuthClient) -> list[tuple[str, str]]:
    """Return the parameters `scope` and `audience` of a request, without empty ones."""
    pairs = [("scope", " ".join(client.scopes)), ("audience", client.audience)]
    return [(name, value) for name, value in pairs if value]


def request_token(
    flow: OAuthFlow,
    client: OAuthClient,
    form: Form,
    context: SignInContext,
    secrets: Iterable[Secret] = (),
    *,
    url: str = "",
) -> Token:
    """Request a token from the token endpoint.

    Args:
        form: The parameters of the grant.
        secrets: Secrets in the form, which messages mask.
        url: The URL to use; empty for the flow's token endpoint.

    Raises:
        AuthError: The provider refuses, or the response has no usable token.
        DynacliError: The provider cannot be reached, or dynacli may not contact it.
    """
    url = url or flow.token_url
    asked_at = context.clock()
    response = ask_as_client(flow, client, url, "token endpoint", form, context)
    masker = Masker([*secrets, *([client.client_secret] if client.client_secret else [])])
    if error_code(response) or not 200 <= response.status < 300:
        raise masker.mask_error(refusal(response, url, "token endpoint", masker))
    return read_token(json_object(response), url, asked_at, client)


def ask_as_client(
    flow: OAuthFlow, client: OAuthClient, url: str, role: str, form: Form, context: SignInContext
) -> ProviderResponse:
    """Send a form, and authenticate as the client (RFC 6749, section 2.3).

    If the metadata does not say how clients authenticate, try the header, which each provider must support. If that is
    refused, try the body.
    """
    if client.client_secret is None:
        named = [("client_id", client.client_id)] if client.client_id else []
        return _ask_provider(url, role, context, [*form, *named])
    secret = client.client_secret.reveal()
    in_body = [*form, ("client_id", client.client_id), ("client_secret", secret)]
    takes_basic = not flow.auth_methods or "client_secret_basic" in flow.auth_methods
    if not takes_basic:
        return _ask_provider(url, role, context, in_body)
    # All servers decode `%20` as a space, but some do not decode `+`.
    pair = f"{quote(client.client_id, safe='')}:{quote(secret, safe='')}"
    authorization = f"Basic {b64encode(pair.encode()).decode()}"
    response = _ask_provider(url, role, context, form, authorization=authorization)
    may_take_body = not flow.auth_methods or "client_secret_post" in flow.auth_methods
    if error_code(response) == "invalid_client" and may_take_body:
        return _ask_provider(url, role, context, in_body)
    return response


def json_object(response: ProviderResponse) -> dict[str, Any]:
    """Return the JSON object of a response; empty if the body is anything else."""
    try:
        value = json.loads(response.body)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def error_code(response: ProviderResponse) -> str:
    """Return the error code of a response (RFC 6749, section 5.2), even if the status is a success; empty for none."""
    code = json_object(response).get("error")
    return code if isinstance(code, str) and _ERROR_CODE.fullmatch(code) else ""


def refused_as(code: str, description: object, url: str, masker: Masker | None = None) -> AuthError:
    """Return the error for a provider's error code and description."""
    code = code if _ERROR_CODE.fullmatch(code) else "without a code that can be shown"
    # The description may have several lines, or control characters.
    text = server_message({"error_description": description}, masker.mask if masker else str)
    return AuthError(
        f"The provider refuses: {code}",
        reason=f"`{without_query(url)}` says: {text}" if text else f"`{without_query(url)}` gives no reason",
        hint=_HINTS.get(code, "Look at how the client is registered at the provider").format(
            login=invocation("auth login")
        ),
        oauth_error=code,
    )


def refusal(response: ProviderResponse, url: str, role: str, masker: Masker) -> AuthError:
    """Return the error for an endpoint's response that is not a success."""
    code = error_code(response)
    if code:
        return refused_as(code, json_object(response).get("error_description"), url, masker)
    return AuthError(
        f"The {role} `{without_query(url)}` responded with {response.status}",
        reason=server_message(error_value(ReceivedBody(response.body, response.media_type)), masker.mask)
        or "This is not a response of an OAuth provider (RFC 6749, section 5.2)",
        hint="Try again later" if response.status >= 500 else "Check the address in the document",
        endpoint_status=response.status,
    )


def read_token(found: Mapping[str, Any], url: str, asked_at: float, client: OAuthClient) -> Token:
    """Return the token of a successful response (RFC 6749, section 5.1).

    Args:
        found: The members of the response; empty if it is not a JSON object.
        asked_at: Time of the request in seconds since the epoch.

    Raises:
        AuthError: The response has no usable token.
    """

    def nonsense(reason: str) -> AuthError:
        return AuthError(
            f"The response of the token endpoint `{without_query(url)}` cannot be used",
            reason=reason,
            hint="The provider is broken, or the address in the document leads elsewhere",
        )

    if not found:
        raise nonsense("It is not a JSON object, or an empty one")
    access_token = found.get("access_token")
    if not isinstance(access_token, str) or not access_token:
        raise nonsense("It holds no `access_token`")
    refresh_token = found.get("refresh_token") or None
    for name, value in (("access_token", access_token), ("refresh_token", refresh_token)):
        if value is not None and not (isinstance(value, str) and _TOKEN.fullmatch(value)):
            raise nonsense(f"Its `{name}` holds a character that no token has")
    token_type = found.get("token_type", "Bearer")
    if not isinstance(token_type, str) or token_type.lower() != "bearer":
        raise nonsense(f"Its `token_type` is not `Bearer`, the only one that {program().name} can send")
    seconds = _lifetime(found.get("expires_in"))
    if seconds is not None and not 0 < seconds < _TEN_YEARS:
        raise nonsense("Its `expires_in` is not a number of seconds that a token may live")
    return Token(
        Secret(access_token),
        None if seconds is None else asked_at + seconds,
        None if refresh_token is None else Secret(refresh_token),
        _scopes(found.get("scope"), client.scopes),
    )


def _lifetime(value: Any) -> float | None:
    """Return the seconds of `expires_in`, which some servers send as text; NaN if it is not a number."""
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < 20:
        return float(value)
    if value is None or (isinstance(value, int | float) and not isinstance(value, bool)):
        return value
    return math.nan


def _scopes(value: Any, asked: tuple[str, ...]) -> tuple[str, ...]:
    # RFC 6749, section 3.3, separates scopes by spaces; GitHub uses commas.
    scopes = re.split(r"[\s,]+", value.strip()) if isinstance(value, str) else value
    if not isinstance(scopes, list) or scopes == [""]:
        return asked
    return tuple(scope for scope in scopes if isinstance(scope, str) and _TOKEN.fullmatch(scope))


def discover_flows(url: str, context: SignInContext) -> tuple[OAuthFlow, ...]:
    """Return the flows that a provider offers according to its metadata; the flow with a browser comes first.

    Args:
        url: The document's `openIdConnectUrl` or `oauth2MetadataUrl`. If it has no `/.well-known/`, the standard path
            of the metadata is added.

    Raises:
        AuthError: The metadata is missing, or names no token endpoint.
        RefusedError: The URL of an endpoint may not be used.
        DynacliError: The provider cannot be reached, or dynacli may not contact it.
    """
    place = url if _WELL_KNOWN in url else url.rstrip("/") + _OPENID
    response = _ask_provider(place, "metadata", context)
    found = json_object(response)
    token_url = string_or_empty(found.get("token_endpoint"))
    if response.status != 200 or not token_url:
        raise AuthError(
            f"`{without_query(place)}` does not say how to sign in",
            reason="It names no `token_endpoint`"
            if response.status == 200
            else f"It responded with {response.status}",
            hint="Check the address in the document",
        )
    authorization_url, device_url = (
        string_or_empty(found.get(key)) for key in ("authorization_endpoint", "device_authorization_endpoint")
    )
    grants = _strings_in(found.get("grant_types_supported"))
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
            scopes=_strings_in(found.get("scopes_supported")),
            issuer=string_or_empty(found.get("issuer")),
            auth_methods=_strings_in(found.get("token_endpoint_auth_methods_supported")),
        )
        for kind, is_there in has_endpoints.items()
        if is_there
    )


def _strings_in(value: object) -> tuple[str, ...]:
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()
