"""`dynacli auth login` signs in with OAuth; calls carry the token, and refresh it before it ends and after a 401."""

import getpass
import shlex
import socket
import subprocess
import sys
import time
import webbrowser
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dynacli.auth.credential_store import CredentialStore
from dynacli.environment import Environment
from dynacli.errors import AuthError
from dynacli.features.sign_in import interactive_grants
from dynacli.features.sign_in.oauth import SignInContext
from dynacli.features.sign_in.oauth_sign_in import refresh_credential
from tests.auth.oauth_provider import Browser, OAuthProvider, parameters
from tests.auth.shop import Shop
from tests.auth.stored_file import change_credential, credentials_file, stored_credential
from tests.harness import RecordedRequest, Recorder, Response, Result, assert_ended, json_response, run_cli

_STORE = ("--store", "file")


@pytest.fixture
def provider(other_server: Recorder) -> OAuthProvider:
    """A provider at another origin than the API."""
    return OAuthProvider(other_server)


def _flows(provider: OAuthProvider, *kinds: str) -> dict[str, Any]:
    origin = provider.server.origin
    flow = {
        "authorizationUrl": f"{origin}/authorize",
        "tokenUrl": f"{origin}/token",
        "scopes": {"read": "", "write": ""},
    }
    return {"type": "oauth2", "flows": dict.fromkeys(kinds, flow)}


@pytest.fixture
def shop(server: Recorder, provider: OAuthProvider) -> Shop:
    """An API that wants a token of the provider."""
    made = Shop(server)
    made.register({"auth": _flows(provider, "authorizationCode")}, [{"auth": ["read"]}])
    return made


@pytest.fixture(autouse=True)
def browser(monkeypatch: pytest.MonkeyPatch) -> Browser:
    """A browser in which the person agrees to everything."""
    made = Browser()
    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.setattr(webbrowser, "open", made.open)
    return made


@pytest.fixture(autouse=True)
def _quick_device(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a device ask as often as its provider says; `test_odd_times_of_a_device_code` is about the least pause."""
    monkeypatch.setattr(interactive_grants, "_SHORTEST_INTERVAL", 0.0)


def _login(provider: OAuthProvider, *words: str, **more: Any) -> Result:
    accepted = ("--accept-origin", provider.server.origin)
    return run_cli("auth", "login", "shop", "--client-id", "cli", *accepted, *_STORE, *words, **more)


def _tokens(shop: Shop) -> list[str]:
    return [request.headers["authorization"][0].removeprefix("Bearer ") for request in shop.server.requests]


def test_a_browser(shop: Shop, provider: OAuthProvider, home: Path) -> None:
    """The token goes to the API alone, and no part of the sign-in is shown but the address."""
    result = _login(provider)
    assert 0 == result.exit_code
    assert f"Sign in in the browser: {provider.server.origin}/authorize?response_type=code" in result.stderr
    assert not [secret for secret in provider.given if secret in result.stderr + result.stdout]
    kept = stored_credential(home)
    assert (["read"], True) == (kept["scopes"], kept["expires_at"] > time.time() + 3000)
    assert 0 == shop.call().exit_code
    assert [kept["secrets"]["credential"]] == _tokens(shop)
    assert run_cli("auth", "status").stdout.rstrip().endswith("refreshed by itself  read")
    (row,) = run_cli("auth", "status", "-o", "json").json
    assert ("oauth2", ["read"], True) == (row["kind"], row["scopes"], row["refreshable"])


@pytest.mark.usefixtures("shop")
def test_an_origin_that_only_the_document_names(provider: OAuthProvider) -> None:
    """A document does not say where tokens are fetched: a person does."""
    result = run_cli("auth", "login", "shop", "--client-id", "cli", *_STORE)
    assert 11 == result.exit_code
    assert f"--accept-origin {provider.server.origin}" in result.stderr
    assert [] == provider.server.requests


@pytest.mark.usefixtures("shop")
def test_no_client(provider: OAuthProvider) -> None:
    """Without a client there is nothing to ask for."""
    result = run_cli("auth", "login", "shop", "--accept-origin", provider.server.origin, *_STORE)
    assert 2 == result.exit_code
    assert "--client-id ID" in result.stderr


@pytest.mark.usefixtures("shop")
def test_pasted(provider: OAuthProvider, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a display and a device flow the address is shown; without a person there is no one to paste."""
    for name in ("BROWSER", "DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    provider.server.responses["/.well-known/openid-configuration"] = Response(404)
    assert 10 == _login(provider).exit_code
    result = _login(provider, stdin=b"nonsense\n", terminal=("stdin", "stderr"))
    assert 10 == result.exit_code
    assert "Paste that address" in result.stderr


def _with_a_code(provider: OAuthProvider) -> None:
    """Let the provider give a code for another device, with which someone signs in at once."""
    found = {
        "device_code": "d",
        "user_code": "WDJB-MJHT",
        "verification_uri": f"{provider.server.origin}/code",
    }
    provider.server.responses["/device"] = json_response({**found, "interval": 0.01})
    provider.grants["d"] = {"scope": "read"}


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("variables", "opens"),
    [
        ({"DISPLAY": ":0"}, True),
        ({"WAYLAND_DISPLAY": "wayland-0"}, True),
        ({"BROWSER": "firefox"}, False),
        ({"BROWSER": "firefox", "SSH_CONNECTION": "10.0.0.1 1 10.0.0.2 22"}, False),
        ({"DISPLAY": ":0", "SSH_TTY": "/dev/pts/1"}, False),
        ({"DISPLAY": "localhost:10.0", "SSH_CLIENT": "10.0.0.1 1 22", "BROWSER": "firefox"}, False),
    ],
)
@pytest.mark.usefixtures("shop")
def test_what_counts_as_a_display(
    provider: OAuthProvider,
    browser: Browser,
    monkeypatch: pytest.MonkeyPatch,
    variables: dict[str, str],
    opens: bool,
) -> None:
    """A browser opens if there is a display, and not over SSH; else a person signs in on another device."""
    monkeypatch.setattr(sys, "platform", "linux")
    for name in ("BROWSER", "DISPLAY", "WAYLAND_DISPLAY", "SSH_CONNECTION", "SSH_CLIENT", "SSH_TTY"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    _with_a_code(provider)
    result = _login(provider)
    assert (0, opens) == (result.exit_code, browser.callback != ""), result.stderr
    assert opens is ("WDJB-MJHT" not in result.stderr)


@pytest.mark.parametrize("words", [(), ("--no-browser",)], ids=["usual", "no browser"])
@pytest.mark.usefixtures("shop")
def test_an_agent(
    provider: OAuthProvider, browser: Browser, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    """It is given no browser and not asked: a person signs in on another device, or the error says who can."""
    monkeypatch.setenv("AI_AGENT", "1")
    terminal = ("stdin", "stdout", "stderr")
    _with_a_code(provider)
    result = _login(provider, *words, terminal=terminal)
    assert_ended(result, 0, "enter the code WDJB-MJHT")
    provider.server.responses["/.well-known/openid-configuration"] = Response(404)
    result = _login(provider, *words, terminal=terminal)
    assert_ended(result, 10, "Ask the user to run this on a terminal")
    assert "" == browser.callback


@pytest.mark.usefixtures("shop")
def test_a_device_flow_that_the_document_does_not_have(provider: OAuthProvider) -> None:
    """`--device` looks for the provider's metadata; what the provider refuses ends in 10."""
    provider.server.responses["/device"] = json_response({"error": "access_denied"}, 400)
    result = _login(provider, "--device")
    assert 10 == result.exit_code
    assert "access_denied" in result.stderr
    provider.server.responses["/.well-known/openid-configuration"] = Response(404)
    result = _login(provider, "--device")
    assert 2 == result.exit_code
    assert "The provider offers `authorizationCode`" in result.stderr


@pytest.mark.parametrize(
    ("token_path", "metadata_path", "key"),
    [
        ("/realms/shop/protocol/openid-connect/token", "/realms/shop/.well-known/openid-configuration", ""),
        ("/token", "/meta/.well-known/oauth-authorization-server", "oauth2MetadataUrl"),
    ],
    ids=["of a tenant", "named"],
)
def test_where_the_metadata_of_a_provider_is(
    server: Recorder, provider: OAuthProvider, home: Path, token_path: str, metadata_path: str, key: str
) -> None:
    """It is where the document says, else at the usual places, which are those of a tenant, too."""
    shop = Shop(server)
    scheme = _flows(provider, "authorizationCode")
    scheme["flows"]["authorizationCode"]["tokenUrl"] = f"{provider.server.origin}{token_path}"
    shop.register(
        {"auth": scheme | ({key: f"{provider.server.origin}{metadata_path}"} if key else {})}, [{"auth": []}]
    )
    del provider.server.responses["/.well-known/openid-configuration"]
    provider.server.responses[metadata_path] = json_response(provider.metadata)
    _with_a_code(provider)
    assert 0 == _login(provider, "--device").exit_code
    assert provider.given[-2] == stored_credential(home)["secrets"]["credential"]


@pytest.mark.parametrize("is_relative", [False, True])
def test_openid_connect(server: Recorder, provider: OAuthProvider, home: Path, is_relative: bool) -> None:
    """The endpoints come from the provider's metadata, whose origin has to be accepted first."""
    shop = Shop(server)
    url = f"{provider.server.origin}/.well-known/openid-configuration"
    if is_relative:
        shop.server.responses["/.well-known/openid-configuration"] = json_response(provider.metadata)
        url = "/.well-known/openid-configuration"
    shop.register({"auth": {"type": "openIdConnect", "openIdConnectUrl": url}}, [{"auth": ["write"]}])
    assert 11 == run_cli("auth", "login", "shop", "--client-id", "cli", *_STORE).exit_code
    assert [] == provider.server.requests
    assert 0 == _login(provider).exit_code
    assert ["openid", "offline_access", "write"] == stored_credential(home)["scopes"]
    asked = next(
        request.target for request in provider.server.requests if request.target.startswith("/authorize")
    )
    assert "consent" == parameters(asked)["prompt"]


def test_the_configuration_names_the_client(shop: Shop, provider: OAuthProvider, home: Path) -> None:
    """What is written once need not be typed; what is typed counts first."""
    path = home / "config/config.toml"
    text = '[apis.shop.auth.auth]\nclient_id = "cli"\nscopes = ["write"]\naudience = "https://api"\n'
    shop.configure(home, f'{text}callback_host = "localhost"\n')
    words = ("auth", "login", "shop", "--accept-origin", provider.server.origin, *_STORE)
    assert 0 == run_cli(*words).exit_code
    asked = parameters(provider.server.requests[0].target.partition("?")[2])
    assert ("write", "https://api") == (asked["scope"], asked["audience"])
    assert asked["redirect_uri"].startswith("http://localhost:")
    assert 0 == run_cli(*words, "--scope", "read", "--scope", "write").exit_code
    assert ["read", "write"] == stored_credential(home)["scopes"]
    path.write_text(path.read_text().replace('"cli"', "5"))
    assert 12 == run_cli(*words).exit_code


def test_a_missing_scope(shop: Shop, provider: OAuthProvider) -> None:
    """A token that says its scopes is not sent if it lacks one; the message has the line that gets it."""
    assert 0 == _login(provider, "--scope", "write").exit_code
    result = shop.call()
    assert 10 == result.exit_code
    assert "lacks the scope `read`" in result.stderr
    assert [] == shop.server.requests
    explained = run_cli("auth", "explain", "shop", "list-items")
    assert 10 == explained.exit_code
    assert "it is missing (The stored token for `auth` lacks the scope `read`)" in explained.stdout
    line = explained.stdout.partition("Sign in again: `")[2].partition("`")[0]
    assert line in result.stderr
    assert 0 == run_cli(*shlex.split(line)[1:]).exit_code
    assert 0 == shop.call().exit_code


@pytest.mark.parametrize("left", [10.0, -10.0], ids=["soon", "over"])
def test_a_token_is_refreshed_before_it_ends(
    shop: Shop, provider: OAuthProvider, home: Path, left: float
) -> None:
    """A call refreshes a token that ends soon or has ended, and the next one carries the same new one."""
    _login(provider)
    old = stored_credential(home)
    change_credential(home, expires_at=time.time() + left)
    provider.server.requests.clear()
    assert 0 == shop.call().exit_code
    assert 0 == shop.call().exit_code
    new = stored_credential(home)
    assert {old["secrets"]["refresh_token"]} == provider.used
    assert [new["secrets"]["credential"]] * 2 == _tokens(shop)
    assert new["secrets"]["credential"] != old["secrets"]["credential"]
    assert 1 == len(provider.server.requests)


@pytest.mark.usefixtures("shop")
def test_explaining_refreshes_nothing(provider: OAuthProvider, home: Path) -> None:
    """`auth explain` tells that there is a credential, and asks no provider."""
    _login(provider)
    change_credential(home, expires_at=1.0)
    provider.server.requests.clear()
    assert 0 == run_cli("auth", "explain", "shop", "list-items").exit_code
    assert [] == provider.server.requests


@pytest.mark.sampled(4)
@pytest.mark.parametrize(
    ("response", "left", "code"),
    [
        (Response(500, b"<html>"), 10.0, 0),
        (Response(500, b"<html>"), -10.0, 10),
        (json_response({"error": "invalid_grant"}, 400), 10.0, 0),
        (json_response({"error": "invalid_grant"}, 400), -10.0, 10),
        (json_response({"access_token": "a\nb", "token_type": "Bearer"}), -10.0, 10),
        (Response(302, headers={"Location": "/elsewhere"}), -10.0, 11),
    ],
    ids=["500-soon", "500-over", "refused-soon", "refused-over", "nonsense", "redirect"],
)
def test_a_refresh_that_fails(
    shop: Shop, provider: OAuthProvider, home: Path, response: Response, left: float, code: int
) -> None:
    """The old token stays, and is used as long as it is good; what is refused for good is not asked again."""
    _login(provider)
    old = stored_credential(home)["secrets"]
    change_credential(home, expires_at=time.time() + left)
    provider.server.responses["/token"] = response
    result = shop.call()
    assert code == result.exit_code
    kept = stored_credential(home)
    assert old["credential"] == kept["secrets"]["credential"]
    assert (b"invalid_grant" in response.body) is ("refresh_token" not in kept["secrets"])
    assert ([old["credential"]] if code == 0 else []) == _tokens(shop)
    if b"invalid_grant" in response.body and left < 0:
        assert "dynacli auth login shop" in result.stderr
        provider.server.requests.clear()
        assert 10 == shop.call().exit_code
        assert [] == provider.server.requests


def test_a_provider_that_cannot_be_reached(server: Recorder, provider: OAuthProvider, home: Path) -> None:
    """The error says that it is the provider who refreshes the token, not the API; the credential stays."""
    shop = Shop(server)
    shop.register({"auth": _flows(provider, "authorizationCode")}, [{"auth": ["read"]}])
    _login(provider)
    old = stored_credential(home)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{taken.getsockname()[1]}/token"
        change_credential(home, expires_at=1.0, refresh=old["refresh"] | {"token_url": nobody})
        for result in (shop.call(), run_cli("auth", "token", "shop")):
            assert 6 == result.exit_code
            assert "the stored token for `auth` has ended, and is refreshed there" in result.stderr
    assert ([], old["secrets"]) == (shop.server.requests, stored_credential(home)["secrets"])


def _once(response: Response, then: Response) -> Callable[[RecordedRequest], Response]:
    responses = [then, response]
    return lambda _: responses.pop() if len(responses) > 1 else responses[0]


def test_a_401(shop: Shop, provider: OAuthProvider, home: Path) -> None:
    """A token that the API refuses is refreshed once, and a safe call made again."""
    _login(provider)
    old = stored_credential(home)["secrets"]["credential"]
    shop.server.responses["/items"] = _once(Response(401, b'{"message":"old"}'), Response(200, b"[1]"))
    result = shop.call()
    assert (0, "[1]") == (result.exit_code, result.stdout)
    new = stored_credential(home)["secrets"]["credential"]
    assert [old, new] == _tokens(shop)
    shop.server.requests.clear()
    shop.server.responses["/items"] = Response(401, b'{"message":"always"}')
    assert 4 == shop.call().exit_code
    assert 2 == len(shop.server.requests)


def test_a_401_without_a_new_token(shop: Shop, provider: OAuthProvider) -> None:
    """If the token cannot be refreshed, the API's response says what is wrong."""
    _login(provider)
    provider.server.responses["/token"] = json_response({"error": "invalid_grant"}, 400)
    shop.server.responses["/items"] = Response(401, b'{"message":"no"}')
    result = shop.call()
    assert (4, '{"message":"no"}') == (result.exit_code, result.stdout)
    assert "The stored credential for `auth` is no longer valid" in result.stderr
    assert "dynacli auth login shop" in result.stderr
    assert 1 == len(shop.server.requests)


def test_a_401_of_an_unsafe_call(server: Recorder, provider: OAuthProvider, home: Path) -> None:
    """What changes something is not sent again; the next call has the new token."""
    shop = Shop(server)
    shop.register({"auth": _flows(provider, "authorizationCode")}, [{"auth": []}])
    _login(provider)
    old = stored_credential(home)["secrets"]["credential"]
    shop.server.responses["/items"] = Response(401, b"{}")
    assert 4 == run_cli("request", "shop", "POST", "/items", "--auth", "auth").exit_code
    assert [old] == _tokens(shop)
    assert old != stored_credential(home)["secrets"]["credential"]


def test_another_program_was_faster(shop: Shop, provider: OAuthProvider, home: Path) -> None:
    """A refresh token that another one has used is not reason to forget the token that this one got."""
    _login(provider)
    change_credential(home, expires_at=1.0)

    def refuse(_: RecordedRequest) -> Response:
        secrets = {"credential": "theirs", "refresh_token": "theirs-too"}
        change_credential(home, secrets=secrets, expires_at=time.time() + 3600)
        return json_response({"error": "invalid_grant"}, 400)

    provider.server.responses["/token"] = refuse
    assert 0 == shop.call().exit_code
    assert ["theirs"] == _tokens(shop)
    assert "theirs-too" == stored_credential(home)["secrets"]["refresh_token"]


def test_client_credentials(
    server: Recorder, provider: OAuthProvider, canary: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A client with a secret signs in without a person; the secret stays where it is, and its token is renewed."""
    shop = Shop(server)
    shop.register({"auth": _flows(provider, "clientCredentials")}, [{"auth": ["read"]}])
    shop.configure(home, '[apis.shop.auth.auth]\nclient_secret = "env:SHOP_SECRET"\nscopes = "read write"\n')
    provider.client_secret = canary
    assert 10 == _login(provider).exit_code
    monkeypatch.setenv("SHOP_SECRET", canary)
    assert 0 == _login(provider).exit_code
    assert ["read", "write"] == stored_credential(home)["scopes"]
    change_credential(home, expires_at=1.0)
    assert 0 == shop.call().exit_code
    assert [provider.given[1]] == _tokens(shop)


def test_the_secret_of_a_client_is_typed(
    server: Recorder, provider: OAuthProvider, monkeypatch: pytest.MonkeyPatch, home: Path
) -> None:
    """If no reference leads to it, a person is asked for it, and it is kept with the token."""
    shop = Shop(server)
    shop.register({"auth": _flows(provider, "clientCredentials")}, [{"auth": ["read"]}])
    provider.client_secret = "typed-secret"
    result = _login(provider)
    assert_ended(result, 2, "`client_secret` in `[apis.shop.auth.auth]`")
    monkeypatch.setattr(getpass, "getpass", lambda *_, **__: "typed-secret")
    assert 0 == _login(provider, terminal=("stdin", "stderr")).exit_code
    change_credential(home, expires_at=1.0)
    assert 0 == shop.call().exit_code
    assert [provider.given[1]] == _tokens(shop)


@pytest.mark.parametrize("is_configured", [False, True])
def test_a_password_where_there_is_nothing_else(
    server: Recorder,
    provider: OAuthProvider,
    monkeypatch: pytest.MonkeyPatch,
    home: Path,
    is_configured: bool,
) -> None:
    """The password goes to the token endpoint, with a warning, and is not kept."""
    shop = Shop(server)
    shop.register({"auth": _flows(provider, "password")}, [{"auth": []}])
    monkeypatch.setattr(getpass, "getpass", lambda *_, **__: "person-password")
    if is_configured:
        monkeypatch.setenv("SHOP_PASSWORD", "person-password")
        monkeypatch.setenv("SHOP_USER", "ann")
        shop.configure(
            home, '[apis.shop.auth.auth]\nusername = "env:SHOP_USER"\npassword = "env:SHOP_PASSWORD"\n'
        )
        result = _login(provider)
    else:
        result = _login(provider, stdin=b"ann\n", terminal=("stdin", "stderr"))
    assert 0 == result.exit_code
    said = " ".join(result.stderr.split())
    assert "no other way to sign in than to give dynacli your password" in said
    asked = parameters(provider.server.last.body.decode())
    assert ("password", "ann", "person-password") == tuple(
        asked[name] for name in ("grant_type", "username", "password")
    )
    assert "person-password" not in credentials_file(home).read_text()


def test_implicit_where_there_is_nothing_else(server: Recorder, provider: OAuthProvider) -> None:
    """The implicit flow is used with a warning; here no one hands on what the browser was given."""
    shop = Shop(server)
    shop.register({"auth": _flows(provider, "implicit")}, [{"auth": []}])
    result = _login(provider, "--no-browser", stdin=b"\n", terminal=("stdin", "stderr"))
    assert 10 == result.exit_code
    assert "no other way to sign in than the implicit flow" in result.stderr


def test_a_document_without_endpoints(server: Recorder, provider: OAuthProvider) -> None:
    """A document that says no way to sign in leaves a token that is typed."""
    shop = Shop(server)
    shop.register({"auth": {"type": "oauth2", "flows": {}}}, [{"auth": []}])
    result = _login(provider)
    assert 2 == result.exit_code
    assert "--with-token" in result.stderr


def test_another_device_signs_in(server: Recorder, provider: OAuthProvider, home: Path) -> None:
    """OpenAPI 3.2 has a flow for other devices, which is taken if there is no display."""
    shop = Shop(server)
    origin = provider.server.origin
    flow = {"deviceAuthorizationUrl": f"{origin}/device", "tokenUrl": f"{origin}/token", "scopes": {}}
    shop.register({"auth": {"type": "oauth2", "flows": {"deviceAuthorization": flow}}}, [{"auth": []}])
    _with_a_code(provider)
    result = _login(provider)
    assert 0 == result.exit_code
    assert "enter the code WDJB-MJHT" in result.stderr
    assert provider.given[-2] == stored_credential(home)["secrets"]["credential"]


@pytest.mark.long
def test_many_processes_refresh_once(shop: Shop, provider: OAuthProvider, home: Path) -> None:
    """Fifty processes that find the same token over ask the provider once, and all carry what it gave."""
    _login(provider)
    change_credential(home, expires_at=1.0)
    provider.server.requests.clear()
    words = [sys.executable, "-m", "dynacli", "shop", "list-items"]
    processes = [
        subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL)
        for _ in range(50)
    ]
    said = [process.communicate()[1] for process in processes]
    assert [0] * 50 == [process.returncode for process in processes], said
    assert ["/token"] == [request.target for request in provider.server.requests]
    assert [stored_credential(home)["secrets"]["credential"]] * 50 == _tokens(shop)


@pytest.mark.usefixtures("shop")
def test_a_token_that_another_process_has_refreshed(provider: OAuthProvider, home: Path) -> None:
    """After the lock the store is read again: a newer token is taken, and one that is gone is not asked for."""
    _login(provider)
    store = CredentialStore(Environment())
    found = store.find(("shop", "", "auth"))
    assert found is not None
    provider.server.requests.clear()
    change_credential(home, secrets={"credential": "newer", "refresh_token": "newer-too"})
    assert (
        "newer"
        == refresh_credential(store, found, lambda: None, SignInContext()).secrets["credential"].reveal()
    )
    change_credential(
        home, refresh={"kind": "authorizationCode"}, secrets={"credential": "x", "refresh_token": "y"}
    )
    damaged = store.find(found.place)
    assert damaged is not None
    with pytest.raises(AuthError, match="no longer valid"):
        refresh_credential(store, damaged, lambda: None, SignInContext())
    assert 0 == run_cli("auth", "logout", "shop").exit_code
    with pytest.raises(AuthError, match="no longer valid"):
        refresh_credential(store, found, lambda: None, SignInContext())
    assert [] == provider.server.requests
