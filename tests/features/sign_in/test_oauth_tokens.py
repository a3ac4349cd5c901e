"""Tokens are got and refreshed as RFC 6749 says, and no response is taken for a token that is none."""

import json
import math
from threading import Event
from typing import Any

import pytest

from dynacli.auth.oauth_flows import CLIENT_CREDENTIALS, PASSWORD, OAuthFlow, flows_of
from dynacli.errors import AuthError, DynacliError, NetworkError, RefusedError, TimedOutError
from dynacli.features.sign_in.oauth import (
    OAuthClient,
    SignInContext,
    Token,
    refresh,
    sign_in_by_client_credentials,
    sign_in_by_password,
)
from dynacli.secrets import Secret
from tests.auth.oauth_provider import OAuthProvider, parameters
from tests.harness import RecordedRequest, Recorder, Response, json_response

_CONTEXT = SignInContext(clock=lambda: 1000.0)


def _flow(server: Recorder, **more: Any) -> OAuthFlow:
    return OAuthFlow(CLIENT_CREDENTIALS, token_url=f"{server.origin}/token", **more)


def _refused(server: Recorder, response: Response, canary: str = "canary") -> DynacliError:
    """Return the error that a response of the token endpoint ends in."""
    server.responses["/token"] = response
    client = OAuthClient("cli", Secret(canary))
    with pytest.raises(DynacliError) as caught:
        refresh(_flow(server), client, Secret(f"{canary}-refresh"), _CONTEXT)
    assert canary not in json.dumps(caught.value.as_json())
    return caught.value


@pytest.mark.parametrize("secret", ["plain-secret", "a b:c&d%e/é"])
@pytest.mark.parametrize("takes", ["basic", "post"])
@pytest.mark.parametrize("is_shown", [False, True], ids=["tried", "reported"])
def test_client_credentials(server: Recorder, secret: str, takes: str, is_shown: bool) -> None:
    """A client authenticates as the provider wants it, which is tried out if nothing says so."""
    provider = OAuthProvider(server, secret, (takes,))
    flow = _flow(server, auth_methods=(f"client_secret_{takes}",) if is_shown else ())
    client = OAuthClient("cli", Secret(secret), ("read", "write"), "https://api.example.com")
    token = sign_in_by_client_credentials(flow, client, _CONTEXT)
    assert provider.given == [token.access_token.reveal()]
    assert (("read", "write"), 4600.0) == (token.scopes, token.expires_at)
    assert "https://api.example.com" == parameters(server.last.body.decode())["audience"]
    assert (1 if is_shown or takes == "basic" else 2) == len(server.requests)


def test_password(server: Recorder) -> None:
    """The name and password of a person go to the token endpoint, without a client if there is none."""
    server.responses["/token"] = json_response({"access_token": "abc", "token_type": "Bearer"})
    flow = OAuthFlow(PASSWORD, token_url=f"{server.origin}/token")
    token = sign_in_by_password(flow, OAuthClient(""), "ann", Secret("p w"), _CONTEXT)
    assert (None, None) == (token.expires_at, token.refresh_token)
    assert b"grant_type=password&username=ann&password=p+w" == server.last.body


@pytest.mark.parametrize("rotates", [False, True])
def test_refresh(server: Recorder, rotates: bool) -> None:
    """A refresh gives the refresh token to use from now on: a new one, or the same again."""
    more = {"refresh_token": "new"} if rotates else {}
    server.responses["/again"] = json_response({"access_token": "abc", "token_type": "Bearer", **more})
    token = refresh(
        _flow(server, refresh_url=f"{server.origin}/again"), OAuthClient("cli"), Secret("old"), _CONTEXT
    )
    assert token.refresh_token is not None
    assert ("new" if rotates else "old") == token.refresh_token.reveal()
    assert b"grant_type=refresh_token&refresh_token=old&client_id=cli" == server.last.body


_GOOD = {"access_token": "abc", "token_type": "Bearer"}


@pytest.mark.parametrize(
    ("more", "expires_at", "scopes"),
    [
        ({}, None, ("asked",)),
        ({"expires_in": 60}, 1060.0, ("asked",)),
        ({"expires_in": "60"}, 1060.0, ("asked",)),
        ({"expires_in": None, "scope": None}, None, ("asked",)),
        ({"scope": "read write"}, None, ("read", "write")),
        ({"scope": "read,write"}, None, ("read", "write")),
        ({"scope": ["read"]}, None, ("read",)),
        ({"scope": "\ud800 \x1b[2J read"}, None, ("read",)),
        ({"token_type": "BEARER"}, None, ("asked",)),
        ({"refresh_token": ""}, None, ("asked",)),
    ],
    ids=str,
)
def test_tokens(server: Recorder, more: Any, expires_at: float | None, scopes: tuple[str, ...]) -> None:
    """Providers write the same in several ways."""
    server.responses["/token"] = json_response({**_GOOD, **more})
    token = sign_in_by_client_credentials(
        _flow(server), OAuthClient("cli", Secret("secret"), ("asked",)), _CONTEXT
    )
    assert expires_at == token.expires_at
    assert scopes == token.scopes
    assert token.refresh_token is None
    assert "abc" not in str(token)


@pytest.mark.parametrize(
    "found",
    [
        [],
        {},
        {"token_type": "Bearer"},
        {**_GOOD, "access_token": ""},
        {**_GOOD, "access_token": 5},
        {**_GOOD, "access_token": "a\r\nX-Evil: 1"},
        {**_GOOD, "access_token": "a b"},
        {**_GOOD, "refresh_token": "a\nb"},
        {**_GOOD, "refresh_token": 7},
        {**_GOOD, "token_type": "mac"},
        {**_GOOD, "token_type": ["Bearer"]},
        {**_GOOD, "expires_in": "soon"},
        {**_GOOD, "expires_in": "-1"},
        {**_GOOD, "expires_in": -1},
        {**_GOOD, "expires_in": 0},
        {**_GOOD, "expires_in": True},
        {**_GOOD, "expires_in": []},
        {**_GOOD, "expires_in": 10 * 365 * 86400},
        {**_GOOD, "expires_in": math.inf},
        {**_GOOD, "expires_in": math.nan},
    ],
    ids=str,
)
def test_nonsense_is_no_token(server: Recorder, found: Any) -> None:
    """A response that is not a token ends in 10, and its text shows nothing of it."""
    error = _refused(server, json_response(found))
    assert isinstance(error, AuthError)
    assert "cannot be used" in error.message
    assert "X-Evil" not in error.reason


@pytest.mark.parametrize(
    ("response", "kind", "text"),
    [
        (Response(500, b"<html>Oops</html>", {"Content-Type": "text/html"}), AuthError, "500"),
        (
            Response(200, b"<html>Sign in</html>", {"Content-Type": "text/html"}),
            AuthError,
            "not a JSON object",
        ),
        (Response(200, b"[" * 100_000), AuthError, "not a JSON object"),
        (Response(200, b"{}", {"Content-Type": "application/json"}), AuthError, "or an empty one"),
        (Response(200, b" " * (1024 * 1024 + 1)), AuthError, "larger than 1 MiB"),
        (Response(200, b"x", {"Content-Encoding": "compress"}), AuthError, "content encoding"),
        (Response(302, b"", {"Location": "http://evil.example/"}), RefusedError, "redirects"),
        (Response(307, b"", {"Location": "/elsewhere"}), RefusedError, "redirects"),
        (Response(200, b"x", {"Content-Length": "500", "Connection": "close"}), NetworkError, "broke off"),
        (
            json_response({"error": "invalid_grant", "error_description": "canary-refresh"}, 400),
            AuthError,
            "***",
        ),
        (json_response({"error": "bad_code"}), AuthError, "refuses: bad_code"),
        (json_response({"error": "\x1b[31m", "error_description": "a\x1b[2Jb"}, 400), AuthError, "400"),
        (json_response({"detail": "Wrong password"}, 401), AuthError, "Wrong password"),
    ],
    ids=[
        "500",
        "html",
        "deep",
        "empty",
        "large",
        "encoding",
        "redirect",
        "307",
        "cut",
        "secret",
        "200",
        "escape",
        "detail",
    ],
)
def test_refusals(server: Recorder, response: Response, kind: type[DynacliError], text: str) -> None:
    """What is wrong at the token endpoint is said in one's own words; redirects are not followed."""
    error = _refused(server, response)
    assert kind is type(error) or isinstance(error, kind)
    assert text in f"{error.message}: {error.reason}"
    assert "\x1b" not in f"{error.message}{error.reason}"
    assert {"/token"} == {request.target for request in server.requests}


def test_the_detail_of_a_refused_refresh_token(server: Recorder) -> None:
    """A caller knows from the error whether the refresh token is no longer valid."""
    error = _refused(server, json_response({"error": "invalid_grant"}, 400))
    assert "invalid_grant" == error.details["oauth_error"]


def test_nobody_listens() -> None:
    """A token endpoint that cannot be reached is a matter of the network: 6."""
    flow = OAuthFlow(CLIENT_CREDENTIALS, token_url="http://127.0.0.1:9/token")
    with pytest.raises(NetworkError, match="refuses the connection"):
        sign_in_by_client_credentials(flow, OAuthClient("cli", Secret("secret")), _CONTEXT)


def test_a_silent_token_endpoint(server: Recorder) -> None:
    """A token endpoint that does not respond in time ends in 7."""
    given_up = Event()

    def never(_: RecordedRequest) -> Response:
        given_up.wait()
        return Response()

    server.responses["/token"] = never
    client = OAuthClient("cli", Secret("secret"))
    try:
        with pytest.raises(TimedOutError):
            sign_in_by_client_credentials(_flow(server), client, SignInContext(timeout=0.01))
    finally:
        given_up.set()


@pytest.mark.parametrize(
    "url",
    [
        "",
        "http://example.com/token",
        "ftp://127.0.0.1/token",
        "https://",
        "https://a b/",
        "https://a:x/",
        "/token",
    ],
)
def test_unsafe_endpoints(url: str) -> None:
    """Secrets go over TLS, or stay on this machine."""
    flow = OAuthFlow(CLIENT_CREDENTIALS, token_url=url)
    with pytest.raises(RefusedError):
        sign_in_by_client_credentials(flow, OAuthClient("cli", Secret("secret")), _CONTEXT)


def test_flows_of_a_document() -> None:
    """The flows of a document are those whose endpoints it names, also relative to its server."""
    scheme = {
        "type": "oauth2",
        "flows": {
            "implicit": {"scopes": {}},
            "password": {"tokenUrl": "token", "scopes": {"read": "", "write": ""}},
            "authorizationCode": {"authorizationUrl": "https://a.example/auth", "tokenUrl": "//[bad"},
            "deviceAuthorization": {
                "deviceAuthorizationUrl": "/device",
                "tokenUrl": "/token",
                "refreshUrl": "/r",
            },
            "clientCredentials": 5,
            "x-own": {"tokenUrl": "/token"},
        },
    }
    base = "https://api.example.com/v1/"
    assert (
        OAuthFlow("password", token_url=f"{base}token", scopes=("read", "write")),
        OAuthFlow("authorizationCode", "https://a.example/auth", "//[bad"),
        OAuthFlow(
            "deviceAuthorization",
            token_url="https://api.example.com/token",
            device_url="https://api.example.com/device",
            refresh_url="https://api.example.com/r",
        ),
    ) == flows_of(scheme, base)
    assert () == flows_of({"type": "oauth2"})
    assert ("https://api.example.com",) == flows_of(scheme, base)[2].origins


def test_a_token_shows_nothing() -> None:
    """The text of a token masks its secrets."""
    assert "abc" not in repr(Token(Secret("abc"), None, Secret("abcd")))
