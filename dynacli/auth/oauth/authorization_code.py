"""Signing in with a browser: the authorization code with PKCE (RFC 6749, section 4.1; RFC 7636; RFC 8252)."""

import secrets
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from hashlib import sha256
from urllib.parse import urlencode, urlsplit

from dynacli.auth.oauth.callback_listener import Callback, callback_url, listening, parameters_of
from dynacli.auth.oauth.oauth_flow import (
    IMPLICIT,
    OAuthClient,
    OAuthFlow,
    SignInContext,
    Token,
    check_endpoint,
)
from dynacli.auth.oauth.token_endpoint import read_token, refused_as, request_token, scope_and_audience
from dynacli.auth.secret import Secret
from dynacli.environment import invocation
from dynacli.errors import AuthError
from dynacli.text.terminal import visible

__all__ = ["sign_in_by_code"]


def sign_in_by_code(flow: OAuthFlow, client: OAuthClient, context: SignInContext) -> Token:
    """Return a token after the person signed in in a browser.

    Where the context has no browser, the person opens the URL elsewhere and pastes the address that they are sent to.
    A flow of the kind `implicit`, which gives the token itself to the browser (RFC 6749, section 4.2), works alike.

    Raises:
        AuthError: The person or the provider refuses, nobody came back in time, or the answer is no token.
        DynacliError: The provider cannot be reached, or may not be asked.
    """
    check_endpoint(flow.authorization_url, "authorization endpoint")
    is_implicit = flow.kind == IMPLICIT
    if not is_implicit:
        check_endpoint(flow.token_url, "token endpoint")
    state, verifier = secrets.token_urlsafe(32), Secret(secrets.token_urlsafe(48))
    asked = {
        "response_type": "token" if is_implicit else "code",
        "client_id": client.client_id,
        "state": state,
        **dict(scope_and_audience(client)),
    }
    if "offline_access" in client.scopes:
        asked["prompt"] = "consent"  # OpenID Connect Core 1.0, section 11
    if not is_implicit:
        challenge = urlsafe_b64encode(sha256(verifier.reveal().encode()).digest()).rstrip(b"=").decode()
        asked |= {"code_challenge": challenge, "code_challenge_method": "S256"}
    asked_at = context.clock()
    if context.open_browser is None:
        redirect = callback_url(context.callback_host, context.callback_port or _any_port())
        answer = _pasted(_authorization_url(flow, {**asked, "redirect_uri": redirect}), state, context)
    else:
        with listening(context.callback_host, context.callback_port) as listener:
            redirect = listener.url
            url = _authorization_url(flow, {**asked, "redirect_uri": redirect})
            context.tell(f"Sign in in the browser: {url}")
            if not context.open_browser(url):
                context.tell("No browser could be opened; open that address in one on this machine")
            answer = listener.wait(context.seconds)
    _check(answer, state, flow)
    if is_implicit:
        return read_token(answer, flow.authorization_url, asked_at, client)
    form = [("grant_type", "authorization_code"), ("code", answer["code"]), ("redirect_uri", redirect)]
    form.append(("code_verifier", verifier.reveal()))
    return request_token(flow, client, form, context, [verifier, Secret(answer["code"])])


def _authorization_url(flow: OAuthFlow, asked: Mapping[str, str]) -> str:
    parts = urlsplit(flow.authorization_url)
    # A query of its own stays (RFC 6749, section 3.1).
    query = "&".join(filter(None, [parts.query, urlencode(asked)]))
    return parts._replace(query=query, fragment="").geturl()


def _any_port() -> int:
    """Return a port at which nothing needs to listen: the browser is on another machine, and shows an error there."""
    return 49152 + secrets.randbelow(16384)  # RFC 6335, section 6: for temporary use


def _pasted(url: str, state: str, context: SignInContext) -> Callback:
    """Return the provider's answer as the person pastes it: the address that the browser was sent to, or the code."""
    if context.ask is None:
        raise AuthError(
            "Signing in needs a browser, or a person who pastes its answer",
            why="There is neither here",
            hint="Let a person run this on a terminal; or give a token: "
            f"`{invocation('auth login', 'API')} --with-token < FILE`",
        )
    context.tell(f"Open this address in a browser, and sign in: {url}")
    context.tell("The page that comes then cannot be shown; its address is the answer")
    started = context.clock()
    text = context.ask("Paste that address, or the code in it").strip()
    if context.clock() - started > context.seconds:
        raise AuthError("The answer came too late", hint="Sign in again")
    if "=" not in text:
        return {"code": text, "state": state} if text else {}
    return parameters_of(text.replace("#", "?").rpartition("?")[2])


def _check(answer: Callback, state: str, flow: OAuthFlow) -> None:
    """Check that an answer belongs to this sign-in and allows it.

    Raises:
        AuthError: It does not.
    """
    name = "access_token" if flow.kind == IMPLICIT else "code"
    if not secrets.compare_digest(answer.get("state", "").encode(), state.encode()):
        raise AuthError(
            "The answer from the browser belongs to another sign-in",
            why="Its `state` is not the one that was sent",
            hint="Sign in again, and finish in the page that opens",
        )
    # RFC 9207: the answer of another provider, which would be given this one's code.
    if flow.issuer and answer.get("iss", flow.issuer) != flow.issuer:
        raise AuthError(
            "The answer from the browser comes from another provider",
            why=f"It is not of `{visible(flow.issuer, keep='')}`",
            hint="Sign in again; if it stays so, do not trust the page",
        )
    if "error" in answer:
        raise refused_as(answer["error"], answer.get("error_description", ""), flow.authorization_url)
    if not answer.get(name):
        raise AuthError(
            f"The answer from the browser holds no `{name}`",
            hint="Sign in again, and paste the whole address where you are asked for it",
        )
