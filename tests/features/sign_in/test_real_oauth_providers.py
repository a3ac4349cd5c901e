"""People sign in at the providers of others, in a real browser and on another device."""

import json
import threading
import time
import webbrowser
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from dynacli.auth.oauth_flows import CLIENT_CREDENTIALS, CODE, DEVICE, PASSWORD, OAuthFlow
from dynacli.errors import AuthError
from dynacli.features.sign_in.interactive_grants import sign_in_by_code, sign_in_by_device
from dynacli.features.sign_in.oauth import (
    OAuthClient,
    SignInContext,
    Token,
    discover_flows,
    refresh,
    sign_in_by_client_credentials,
    sign_in_by_password,
)
from dynacli.secrets import Secret
from tests.auth.headless_browser import HeadlessBrowser, headless_browser
from tests.auth.oauth_provider import Browser, fetch, parameters
from tests.auth.shop import Shop
from tests.auth.stored_file import change_credential
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
_PERSON = {"login": "ann", "username": "ann", "password": "any"}
"""What is typed into the fields of a form."""


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


def _sign_in(provider: str, browser: HeadlessBrowser, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sign in at the pages of a provider."""
    threads: list[threading.Thread] = []

    def open_browser(url: str) -> bool:
        words = (url, _PERSON, "go back to the terminal")
        threads.append(threading.Thread(target=browser.fill_in, args=words))
        threads[0].start()
        return True

    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.setattr(webbrowser, "open", open_browser)
    result = _login(provider)
    threads[0].join()
    assert 0 == result.exit_code, result.stderr


def _use_twice(shop: Shop, home: Path) -> None:
    """Let the token end and be refreshed, and then use the old refresh token again."""
    first = change_credential(home, expires_at=1.0)
    assert {"openid", "offline_access"} <= set(first["scopes"])
    assert 0 == shop.call().exit_code
    second = change_credential(home)
    assert second["expires_at"] > time.time()
    assert first["secrets"]["refresh_token"] != second["secrets"]["refresh_token"]
    tokens = [request.headers["authorization"][0] for request in shop.server.requests]
    assert [f"Bearer {second['secrets']['credential']}"] == tokens

    change_credential(home, expires_at=1.0, secrets=first["secrets"])
    result = shop.call()
    assert 10 == result.exit_code
    assert "dynacli auth login shop" in result.stderr


def _sign_in_elsewhere(metadata: str, client: str, browser: HeadlessBrowser, field: str, end: str) -> Token:
    """Sign in by a code that is shown here and typed in a browser elsewhere."""
    reported: list[str] = []

    def wait(_: float) -> None:
        url, code = reported[0].removeprefix("Open ").split()[0], reported[1].rpartition(" ")[2]
        browser.fill_in(url, {**_PERSON, field: code}, end)

    context = SignInContext(announce=reported.append, wait=wait)
    flow = next(flow for flow in discover_flows(metadata, context) if flow.kind == DEVICE)
    return sign_in_by_device(flow, OAuthClient(client, None, ("openid",)), context)


def test_a_browser_signs_in(
    shop: Shop, provider: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, home: Path
) -> None:
    """PKCE, the pages of the provider, rotated refresh tokens, and an old one that ends the session when it is used."""
    with headless_browser(tmp_path / "profile") as browser:
        _sign_in(provider, browser, monkeypatch)
    _use_twice(shop, home)


def test_another_device_signs_in(provider: str, tmp_path: Path) -> None:
    """A code that is shown here is typed in a browser elsewhere."""
    with headless_browser(tmp_path / "profile") as browser:
        token = _sign_in_elsewhere(provider, "cli", browser, "user_code", "Sign-in Success")
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
    """A code is good for no one but the sign-in that asked for it."""
    codes: list[str] = []

    def open_browser(url: str) -> bool:
        location = fetch(url)[1]
        codes.append(parameters(urlsplit(location).query)["code"])
        return Browser(lambda _: location.replace(codes[-1], codes[0])).open(url)

    person, context = OAuthClient("cli"), SignInContext(open_browser=open_browser)
    assert sign_in_by_code(_flow(authlib, CODE), person, context).access_token
    with pytest.raises(AuthError, match="invalid_grant"):
        sign_in_by_code(_flow(authlib, CODE), person, context)


_REALM = {
    "realm": "people",
    "enabled": True,
    "revokeRefreshToken": True,
    "refreshTokenMaxReuse": 0,
    "users": [
        {
            "username": "ann",
            "enabled": True,
            "emailVerified": True,
            "realmRoles": ["offline_access"],
            "email": "ann@example.org",
            "firstName": "Ann",
            "lastName": "Other",
            "credentials": [{"type": "password", "value": "any"}],
        }
    ],
    "clients": [
        {
            "clientId": "cli",
            "publicClient": True,
            "redirectUris": ["http://127.0.0.1/callback"],
            "attributes": {"pkce.code.challenge.method": "S256"},
        },
        # If Keycloak asks for PKCE, it does so in the device flow too, which RFC 8628 knows nothing of.
        {
            "clientId": "screen",
            "publicClient": True,
            "standardFlowEnabled": False,
            "attributes": {"oauth2.device.authorization.grant.enabled": "true"},
        },
        {
            "clientId": "robot",
            "secret": "the secret: of a robot?",
            "serviceAccountsEnabled": True,
            "standardFlowEnabled": False,
        },
    ],
}
"""A realm as Keycloak imports it: PKCE for the client of people, and refresh tokens that are good once."""


def _write_realm(program: str, _port: int, directory: Path) -> None:
    for name in ("lib", "providers"):
        (directory / name).symlink_to(Path(program).parents[1] / name)
    (directory / "data/import").mkdir(parents=True)
    (directory / "data/import/people-realm.json").write_text(json.dumps(_REALM))


_KEYCLOAK = RealServer(
    "keycloak",
    "bin/kc.sh",
    lambda program, port, directory: [
        *(program, "start", "--optimized", "--import-realm", "--cache=local", "--hostname-strict=false"),
        *("--http-enabled=true", "--http-host=127.0.0.1", f"--http-port={port}"),
        f"-Dkc.home.dir={directory}",  # if its database is
    ],
    "/realms/people/.well-known/openid-configuration",
    variables=lambda _: {"JAVA_OPTS_APPEND": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -XX:-UseG1GC"},
    prepare=_write_realm,
)


def test_each_flow_of_keycloak(
    server: Recorder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, home: Path
) -> None:
    """Keycloak signs in people, devices and clients; a refresh token that is used twice ends the session."""
    directory = tmp_path / "keycloak"
    directory.mkdir()
    shop = Shop(server)
    with serving(_KEYCLOAK, directory) as origin, headless_browser(tmp_path / "profile") as browser:
        metadata = f"{origin}/realms/people/.well-known/openid-configuration"
        shop.register({"auth": {"type": "openIdConnect", "openIdConnectUrl": metadata}}, [{"auth": []}])
        _sign_in(origin, browser, monkeypatch)
        _use_twice(shop, home)
        assert _sign_in_elsewhere(metadata, "screen", browser, "device_user_code", "Login Successful")

        monkeypatch.setenv("ROBOT", "the secret: of a robot?")
        shop.configure(home, '[apis.shop.auth.auth]\nclient_secret = "env:ROBOT"\n')
        result = _login(origin, "--client-id", "robot")
        assert 0 == result.exit_code, result.stderr
        change_credential(home, expires_at=1.0)
        assert 0 == shop.call().exit_code
