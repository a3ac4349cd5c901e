"""`DYNACLI_<API>_USERNAME` and `_PASSWORD` sign in by OAuth's password flow, and the token is kept as others are."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.auth.fake_keyring import Keyring
from tests.auth.oauth_provider import parameters
from tests.auth.shop import Shop
from tests.auth.stored_file import credentials_file
from tests.documents import BASIC, document, operation, serve
from tests.dry_runs import dry_run
from tests.harness import RecordedRequest, Recorder, Response, assert_ended, json_response, run_cli


class _Provider:
    """A provider of tokens with a refresh token each, for one name and password.

    Attributes:
        asked: The forms that it was sent.
        good: The tokens that the API takes.
    """

    def __init__(self, shop: Shop, password: str) -> None:
        self.asked: list[dict[str, str]] = []
        self.good: list[str] = []
        self._password = password
        shop.server.responses |= {"/token": self._token, "/items": self._items}

    def _token(self, request: RecordedRequest) -> Response:
        form = parameters(request.body.decode())
        self.asked.append(form)
        is_known = form["grant_type"] == "refresh_token" or form.get("password") == self._password
        if not is_known:
            return json_response({"detail": f"Wrong\x1b[31m password {form['password']}"}, 401)
        self.good.append(f"access-{len(self.asked)}")
        return json_response({"access_token": self.good[-1], "refresh_token": f"refresh-{len(self.asked)}"})

    def _items(self, request: RecordedRequest) -> Response:
        is_good = request.headers.get("authorization") == [f"Bearer {(self.good or [''])[-1]}"]
        return Response() if is_good else Response(401)

    @property
    def grants(self) -> list[str]:
        """The kinds of what was asked for."""
        return [form["grant_type"] for form in self.asked]


_SCHEME = {"type": "oauth2", "flows": {"password": {"tokenUrl": "token", "scopes": {}}}}


@pytest.fixture
def provider(shop: Shop, canary: str, monkeypatch: pytest.MonkeyPatch) -> _Provider:
    """The shop's own provider, with the name and password in the variables."""
    shop.register({"auth": _SCHEME}, [{"auth": []}])
    monkeypatch.setenv("DYNACLI_SHOP_USERNAME", "ann")
    monkeypatch.setenv("DYNACLI_SHOP_PASSWORD", canary)
    return _Provider(shop, canary)


def _revoke(provider: _Provider) -> None:
    provider.good.append("none of those")


def test_the_variables_sign_in_once_and_refresh(
    provider: _Provider, shop: Shop, ring: Keyring, home: Path
) -> None:
    """The token is kept in the keyring, bound to the origin, and refreshed after a 401."""
    assert ring is not None
    assert [0, 0] == [shop.call().exit_code, shop.call().exit_code]
    assert ["password"] == provider.grants
    (row,) = run_cli("auth", "status", "-o", "json").json
    assert ("keyring", [shop.server.origin], True) == (row["store"], row["origins"], row["refreshable"])
    assert "ann" not in credentials_file(home).read_text()
    _revoke(provider)
    assert 0 == shop.call().exit_code
    assert ["password", "refresh_token"] == provider.grants


def test_without_a_keyring_each_run_signs_in(
    provider: _Provider, shop: Shop, home: Path, no_ring: None
) -> None:
    """A file keeps the token only if a person has asked for one, as `auth login --store file` does."""
    assert no_ring is None
    assert [0, 0] == [shop.call().exit_code, shop.call().exit_code]
    assert ["password", "password"] == provider.grants
    assert not credentials_file(home).exists()
    assert 0 == run_cli("auth", "login", "shop", "--store", "file").exit_code
    assert [0, 0] == [shop.call().exit_code, shop.call().exit_code]
    assert 3 == len(provider.grants)


def test_a_series_signs_in_once(provider: _Provider, no_ring: None) -> None:
    """The calls of a batch share the token, even if nothing keeps it."""
    assert no_ring is None
    assert 0 == run_cli("batch", "shop", "list-items", "-", stdin=b"{}\n{}\n{}\n").exit_code
    assert ["password"] == provider.grants


def test_a_wrong_password_is_told(
    provider: _Provider, shop: Shop, ring: Keyring, canary: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The exit code is 10, nothing goes to the API, and what the server says is made safe, whatever is stored."""
    assert ring is not None
    assert 0 == shop.call().exit_code
    shop.server.requests.clear()
    monkeypatch.setenv("DYNACLI_SHOP_PASSWORD", f"wrong-{canary}")
    result = shop.call("--error-format", "json")
    assert (10, "Check `DYNACLI_SHOP_USERNAME` and `DYNACLI_SHOP_PASSWORD`") == (
        result.exit_code,
        result.error["hint"],
    )
    assert "Wrong\\x1b[31m password ***" == result.error["reason"]
    assert ["/token"] == [request.target for request in shop.server.requests]
    assert "password" == provider.grants[-1]


def test_where_nobody_can_be_asked_the_variables_are_named(shop: Shop) -> None:
    """Signing in without a terminal leads to the variables of the password flow."""
    shop.register({"auth": _SCHEME}, [{"auth": []}])
    result = run_cli("auth", "login", "shop", "--error-format", "json")
    assert 2 == result.exit_code
    assert result.error["hint"].startswith("Set `DYNACLI_SHOP_USERNAME` and `DYNACLI_SHOP_PASSWORD`")


def test_a_token_wins(provider: _Provider, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """An explicit `_TOKEN` is sent, and no one signs in."""
    monkeypatch.setenv("DYNACLI_SHOP_TOKEN", "own")
    provider.good.append("own")
    assert 0 == shop.call().exit_code
    assert [] == provider.asked


def test_what_is_only_shown_signs_nobody_in(provider: _Provider) -> None:
    """A dry run and `auth explain` name the variable, and ask no provider."""
    assert ["Authorization", "Bearer ***"] in dry_run("shop", "list-items").json["headers"]
    explained = run_cli("auth", "explain", "shop", "list-items")
    assert 0 == explained.exit_code
    assert "from DYNACLI_SHOP_USERNAME" in explained.stdout
    assert "by DYNACLI_SHOP_USERNAME and DYNACLI_SHOP_PASSWORD" in run_cli("shop").stdout
    assert [] == provider.asked


def test_another_origin_gets_no_password(
    shop: Shop, other_server: Recorder, canary: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The document alone does not decide where the password goes."""
    flows = {"password": {"tokenUrl": f"{other_server.origin}/token", "scopes": {}}}
    shop.register({"auth": {"type": "oauth2", "flows": flows}}, [{"auth": []}])
    monkeypatch.setenv("DYNACLI_SHOP_USERNAME", "ann")
    monkeypatch.setenv("DYNACLI_SHOP_PASSWORD", canary)
    result = shop.call()
    assert (11, []) == (result.exit_code, [*other_server.requests, *shop.server.requests])
    assert f"--accept-origin {other_server.origin}" in result.stderr
    other_server.responses["/token"] = json_response({"access_token": "t"})
    assert 0 == shop.call("--accept-origin", other_server.origin).exit_code


def test_what_a_person_signed_in_with_stays(
    provider: _Provider, shop: Shop, ring: Keyring, canary: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A token of the variables never takes the place of one that a person has stored."""
    assert ring is not None
    monkeypatch.delenv("DYNACLI_SHOP_PASSWORD")
    assert 0 == run_cli("auth", "login", "shop", "--with-token", stdin=b"persons").exit_code
    monkeypatch.setenv("DYNACLI_SHOP_PASSWORD", canary)
    assert 0 == shop.call().exit_code
    assert ["password"] == provider.grants
    assert "persons\n" == run_cli("auth", "token", "shop").stdout


_SCHEMES: dict[str, Any] = {
    "auth": _SCHEME,
    "login": BASIC,
    "key": {"type": "apiKey", "in": "header", "name": "X-Key"},
}


def test_several_ways_to_sign_in_are_told_apart(shop: Shop) -> None:
    """`auth login` asks which one is meant, and the error says what each wants if no one can be asked."""
    shop.register(_SCHEMES, [{name: []} for name in _SCHEMES])
    result = run_cli(
        "auth", "login", "shop", "--store", "file", "--with-token", "--error-format", "json", stdin=b"x"
    )
    assert (2, "`shop` has several ways to sign in, and you named none") == (
        result.exit_code,
        result.error["message"],
    )
    assert (
        "Name one: `--scheme auth` (user name and password, or an OAuth 2 access token), `--scheme key` "
        "(an API key in header `X-Key`), `--scheme login` (user name and password)"
    ) == result.error["hint"]
    login = ("auth", "login", "shop", "--store", "file")
    asked = run_cli(*login, "--with-token", stdin=b"2\nabc", terminal=("stdin", "stderr"))
    assert "  3 login: user name and password\n" in asked.stderr
    assert 0 == run_cli(*login, "--with-token", "--scheme", "key", stdin=b"abc").exit_code


def test_a_name_and_a_password_are_no_token(shop: Shop, canary: str) -> None:
    """A bearer scheme that gets `USERNAME:PASSWORD` says so, stores nothing and repeats nothing."""
    shop.register(_SCHEMES, [{"auth": []}])
    login = ("auth", "login", "shop", "--store", "file", "--with-token")
    result = run_cli(*login, stdin=f"ann:{canary}".encode())
    assert_ended(result, 10, "this has the form `USERNAME:PASSWORD`")
    assert "`dynacli auth login shop --scheme login`" in result.stderr
    assert [] == run_cli("auth", "status", "-o", "json").json


@pytest.mark.parametrize("words", [(), ("--with-token",)])
def test_a_password_from_standard_input_reaches_an_optional_field(
    words: tuple[str, ...], shop: Shop, canary: str
) -> None:
    """Many documents mark no field of a sign-in as required; the first secret one gets the password."""
    fields = {"username": {"type": "string"}, "password": {"type": "string"}}
    body = {"content": {"application/json": {"schema": {"type": "object", "properties": fields}}}}
    paths = {
        "/items": {"get": operation("list-items", security=[{"auth": []}])},
        "/login": {"post": operation("login", requestBody=body)},
    }
    url = serve(shop.server, document(paths, None, schemes={"auth": {"type": "http", "scheme": "bearer"}}))
    shop.server.responses["/login"] = json_response({"token": "t"})
    assert 0 == run_cli("api", "add", "shop", url).exit_code
    line = (
        "auth",
        "login",
        "shop",
        "--store",
        "file",
        "--operation",
        "login",
        *words,
        "--",
        "--username",
        "ann",
    )
    assert 0 == run_cli(*line, stdin=f"{canary}\n".encode()).exit_code
    assert {"username": "ann", "password": canary} == json.loads(shop.server.last.body)
