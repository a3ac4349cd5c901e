"""`dynacli proxy --sign` refreshes OAuth tokens for the programs that use it."""

from __future__ import annotations

import time
import webbrowser
from pathlib import Path

import pytest

from tests.auth.oauth_provider import Browser, OAuthProvider
from tests.auth.shop import Shop
from tests.auth.stored_file import change_credential, stored_credential
from tests.features.proxy.signing_proxy import signing
from tests.harness import RecordedRequest, Recorder, Response, json_response, run_cli


@pytest.fixture
def provider(other_server: Recorder, server: Recorder, monkeypatch: pytest.MonkeyPatch) -> OAuthProvider:
    """A provider at another origin than the API `shop`, at which the user has signed in."""
    made = OAuthProvider(other_server)
    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.setattr(webbrowser, "open", Browser().open)
    urls = {
        "authorizationUrl": f"{other_server.origin}/authorize",
        "tokenUrl": f"{other_server.origin}/token",
    }
    flow = {**urls, "scopes": {"read": ""}}
    Shop(server).register(
        {"auth": {"type": "oauth2", "flows": {"authorizationCode": flow}}}, [{"auth": ["read"]}]
    )
    words = ("--client-id", "cli", "--accept-origin", other_server.origin, "--store", "file")
    assert 0 == run_cli("auth", "login", "shop", *words).exit_code
    return made


@pytest.mark.exhaustive
def test_a_token_that_ends_is_refreshed(server: Recorder, provider: OAuthProvider, home: Path) -> None:
    """The program sends the token of its session before and after."""
    change_credential(home, expires_at=time.time() - 10)
    with signing("shop") as proxy:
        replies = [proxy.send("/items"), proxy.send("/items")]
    assert [200, 200] == [reply.status for reply in replies]
    new = stored_credential(home)["secrets"]["credential"]
    assert [f"Bearer {new}"] * 2 == [request.headers["authorization"][0] for request in server.requests]
    assert 1 == len(provider.used)


@pytest.mark.exhaustive
def test_a_refused_token_is_refreshed(server: Recorder, provider: OAuthProvider, home: Path) -> None:
    """After a 401 of the API, a request that only reads is sent again; the response has neither token."""
    old = stored_credential(home)["secrets"]["credential"]

    def items(request: RecordedRequest) -> Response:
        given = request.headers["authorization"][0]
        return json_response({"echo": [given, old]}, 401 if given == f"Bearer {old}" else 200)

    server.responses["/items"] = items
    with signing("shop") as proxy:
        reply = proxy.send("/items")
    new = stored_credential(home)["secrets"]["credential"]
    assert (200, 2) == (reply.status, len(server.requests))
    assert old != new
    assert new not in reply.text
    assert old not in reply.text
    assert not [secret for secret in provider.given if secret in "".join(proxy.output)]
