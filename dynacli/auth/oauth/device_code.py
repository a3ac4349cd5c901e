"""Signing in on another device: the person types a short code there (RFC 8628)."""

from typing import Any

from dynacli.auth.oauth.oauth_flow import OAuthClient, OAuthFlow, SignInContext, Token, check_endpoint
from dynacli.auth.oauth.token_endpoint import (
    ask_as_client,
    error_code,
    json_object,
    refusal,
    request_token,
    scope_and_audience,
)
from dynacli.auth.secret import Masker, Secret
from dynacli.errors import AuthError, TimedOutError
from dynacli.text.terminal import visible
from dynacli.urls import without_query

__all__ = ["sign_in_by_device"]

_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
_ROLE = "device authorization endpoint"
_LONGEST = 1800.0
"""The most seconds that a code is waited for, however long the provider lets it live."""
_INTERVAL, _LONGEST_INTERVAL = 5.0, 60.0
"""Seconds between two questions, where the provider names none, and at most."""


def sign_in_by_device(flow: OAuthFlow, client: OAuthClient, context: SignInContext) -> Token:
    """Return a token after the person signed in on another device.

    Raises:
        AuthError: The person or the provider refuses, the code ended before, or the answer is no token.
        DynacliError: The provider cannot be reached, or may not be asked.
    """
    found = _ask_for_code(flow, client, context)
    secret = Secret(found["device_code"])
    context.tell(f"Open {visible(found['verification_uri'], keep='')} on any device")
    context.tell(f"and enter the code {visible(found['user_code'], keep='')}")
    end = context.clock() + min(_seconds(found.get("expires_in"), _LONGEST), _LONGEST)
    interval = min(_seconds(found.get("interval"), _INTERVAL), _LONGEST_INTERVAL)
    form = [("grant_type", _GRANT), ("device_code", secret.reveal())]
    while context.clock() + interval < end:
        context.wait(interval)
        try:
            return request_token(flow, client, form, context, [secret])
        except TimedOutError:
            interval *= 2  # RFC 8628, section 3.5
        except AuthError as error:
            match error.details.get("oauth_error"):
                case "authorization_pending":
                    pass
                case "slow_down":
                    interval += 5
                case "expired_token":
                    break
                case _:
                    raise
    raise AuthError(
        "Nobody signed in before the code ended",
        why=f"`{without_query(flow.device_url)}` gave it for a limited time",
        hint="Sign in again, and enter the new code",
    )


def _ask_for_code(flow: OAuthFlow, client: OAuthClient, context: SignInContext) -> dict[str, Any]:
    """Return what the person needs to sign in (RFC 8628, section 3.2)."""
    answer = ask_as_client(flow, client, flow.device_url, _ROLE, scope_and_audience(client), context)
    masker = Masker([client.client_secret] if client.client_secret else [])
    if error_code(answer) or answer.status != 200:
        raise refusal(answer, flow.device_url, _ROLE, masker)
    found = json_object(answer)
    # Google wrote `verification_url` before there was the RFC.
    found.setdefault("verification_uri", found.get("verification_url"))
    missing = [
        name
        for name in ("device_code", "user_code", "verification_uri")
        if not isinstance(found.get(name), str) or not found[name]
    ]
    if missing:
        raise AuthError(
            f"The answer of the {_ROLE} `{without_query(flow.device_url)}` cannot be used",
            why=f"It holds no `{missing[0]}`",
            hint="The provider is broken, or the address in the document leads elsewhere",
        )
    check_endpoint(found["verification_uri"], "page for codes")
    return found


def _seconds(value: Any, default: float) -> float:
    """Return a number of seconds; the default where the provider gives none that can be."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number and 0 < value < _LONGEST * 1000 else default
