"""People sign in at the providers of others, in a real browser and on another device."""

import json
import threading
import time
import webbrowser
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from dynacli.auth.oauth.authorization_code import sign_in_by_code
from dynacli.auth.oauth.device_code import sign_in_by_device
from dynacli.auth.oauth.oauth_flow import (
    CLIENT_CREDENTIALS,
    CODE,
    DEVICE,
    PASSWORD,
    OAuthClient,
    OAuthFlow,
    SignInContext,
)
from dynacli.auth.oauth.provider_metadata import discover_flows
from dynacli.auth.oauth.token_endpoint import refresh, sign_in_by_client_credentials, sign_in_by_password
from dynacli.auth.secret import Secret
from dynacli.errors import AuthError
from tests.auth.headless_browser import headless_browser
from tests.auth.oauth_provider import Browser, fetch, parameters
from tests.auth.shop import Shop
from tests.harness import Recorder, Result, run_cli
from tests.validation.real_servers import RealServer, serving

pytestmark = [pytest.mark.exhaustive, pytest.mark.servers]

_SCRIPT = Path(__file__).with_name("oidc_provider.mjs")
_OIDC = RealServer(
    "oidc-provider",
    "node_modules/oidc-provider/lib/index.js",
    lambda program, port, _: ["node", str(_SCRIPT), str(Path(program).parents[2]), str(port)],
    "/.well-known/openid-configuration",
)
_PERSON = {"login": "ann", "password": "any"}


@pytest.fixture
def provider(tmp_path: Path) -> Iterator[str]:
    """The origin of a running `oidc-provider`."""
    directory = tmp_path / "provider"
    directory.mkdir()
    with serving(_OIDC, directory) as origin:
        yield origin


@pytest.fixture
def shop(server: Recorder, provider: str) -> Shop:
    """An API that names the provider."""
    made = Shop(server)
    url = f"{provider}/.well-known/openid-configuration"
    made.register({"auth": {"type": "openIdConnect", "openIdConnectUrl": url}}, [{"auth": []}])
    return made


def _login(provider: str, *words: str) -> Result:
    return run_cli(
        *("auth", "login", "shop", "--client-id", "cli", "--accept-origin", provider, "--store", "file"),
        *words,
    )


def _change(home: Path, **more: Any) -> dict[str, Any]:
    path = home / "state/credentials/credentials.json"
    content = json.loads(path.read_text())
    content["credentials"][0] |= more
    path.write_text(json.dumps(content))
    return dict(content["credentials"][0])


def test_a_browser_signs_in(
    shop: Shop, provider: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, home: Path
) -> None:
    """PKCE, the pages of the provider, rotated refresh tokens, and an old one that ends the session when it is used."""
    monkeypatch.setenv("DISPLAY", ":0")
    with headless_browser(tmp_path / "profile") as browser:
        threads: list[threading.Thread] = []

        def open_browser(url: str) -> bool:
            words = (url, _PERSON, "go back to the terminal")
            threads.append(threading.Thread(target=browser.fill_in, args=words))
            threads[0].start()
            return True

        monkeypatch.setattr(webbrowser, "open", open_browser)
        result = _login(provider)
        threads[0].join()
    assert 0 == result.exit_code, result.stderr
    first = _change(home, expires_at=1.0)
    assert {"openid", "offline_access"} <= set(first["scopes"])
    assert 0 == shop.call().exit_code
    second = _change(home)
    assert second["expires_at"] > time.time()
    assert first["secrets"]["refresh_token"] != second["secrets"]["refresh_token"]
    tokens = [request.headers["authorization"][0] for request in shop.server.requests]
    assert [f"Bearer {second['secrets']['credential']}"] == tokens

    _change(home, expires_at=1.0, secrets=first["secrets"])
    result = shop.call()
    assert 10 == result.exit_code
    assert "dynacli auth login shop" in result.stderr


def test_another_device_signs_in(provider: str, tmp_path: Path) -> None:
    """A code that is shown here is typed in a browser elsewhere."""
    told: list[str] = []
    with headless_browser(tmp_path / "profile") as browser:

        def wait(_: float) -> None:
            url, code = told[0].removeprefix("Open ").split()[0], told[1].rpartition(" ")[2]
            browser.fill_in(url, {**_PERSON, "user_code": code}, "Sign-in Success")

        context = SignInContext(tell=told.append, wait=wait)
        flow = next(each for each in discover_flows(provider, context) if each.kind == DEVICE)
        token = sign_in_by_device(flow, OAuthClient("cli", None, ("openid",)), context)
    assert token.expires_at is not None


def test_a_client_signs_in(shop: Shop, provider: str, monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    """A client with a secret needs no person; its secret has characters that are encoded in a header."""
    monkeypatch.setenv("ROBOT", "the secret: of a robot?")
    shop.configure(home, '[apis.shop.auth.auth]\nclient_secret = "env:ROBOT"\nscopes = ["read"]\n')
    result = run_cli(
        *("auth", "login", "shop", "--client-id", "robot", "--accept-origin", provider, "--store", "file")
    )
    assert 0 == result.exit_code, result.stderr
    assert 0 == shop.call().exit_code


_AUTHLIB = RealServer(
    "authlib",
    "bin/python",
    lambda program, port, _: [program, str(Path(__file__).with_name("authlib_server.py")), str(port)],
    "/",
)


@pytest.fixture
def authlib(tmp_path: Path) -> Iterator[str]:
    """The origin of a provider made of Authlib's server."""
    directory = tmp_path / "authlib"
    directory.mkdir()
    with serving(_AUTHLIB, directory) as origin:
        yield origin


def _flow(origin: str, kind: str) -> OAuthFlow:
    return OAuthFlow(kind, f"{origin}/authorize", f"{origin}/token")


def test_each_flow_of_authlib(authlib: str) -> None:
    """Authlib's server gives a token in each flow, and a refresh token is good once."""
    read = ("read",)
    person, context = OAuthClient("cli", None, read), SignInContext(open_browser=Browser().open)
    token = sign_in_by_code(_flow(authlib, CODE), person, context)
    assert read == token.scopes
    assert token.refresh_token is not None
    again = refresh(_flow(authlib, CODE), person, token.refresh_token, context)
    assert again.refresh_token is not None
    assert token.access_token.reveal() != again.access_token.reveal()
    with pytest.raises(AuthError, match="invalid_grant"):
        refresh(_flow(authlib, CODE), person, token.refresh_token, context)
    for name in ("basic", "post"):
        client = OAuthClient(name, Secret("a:b c+d%"), read)
        assert (
            read == sign_in_by_client_credentials(_flow(authlib, CLIENT_CREDENTIALS), client, context).scopes
        )
        wrong = OAuthClient(name, Secret("wrong"), read)
        with pytest.raises(AuthError, match="invalid_client"):
            sign_in_by_client_credentials(_flow(authlib, CLIENT_CREDENTIALS), wrong, context)
    password = Secret("of ann & co.")
    assert read == sign_in_by_password(_flow(authlib, PASSWORD), person, "ann", password, context).scopes
    with pytest.raises(AuthError, match="The provider refuses"):
        sign_in_by_password(_flow(authlib, PASSWORD), person, "ann", Secret("wrong"), context)


def test_authlib_wants_the_verifier_of_the_code(authlib: str) -> None:
    """A code is good for nobody but the sign-in that asked for it."""
    codes: list[str] = []

    def open_browser(url: str) -> bool:
        location = fetch(url)[1]
        codes.append(parameters(urlsplit(location).query)["code"])
        return Browser(lambda _: location.replace(codes[-1], codes[0])).open(url)

    person, context = OAuthClient("cli"), SignInContext(open_browser=open_browser)
    assert sign_in_by_code(_flow(authlib, CODE), person, context).access_token
    with pytest.raises(AuthError, match="invalid_grant"):
        sign_in_by_code(_flow(authlib, CODE), person, context)
