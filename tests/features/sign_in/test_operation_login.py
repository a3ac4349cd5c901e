"""Signing in by an operation of the API itself, whose response has the token."""

import getpass
import json
from typing import Any

import pytest

from tests.auth.shop import Shop
from tests.documents import BEARER, document, operation, serve
from tests.harness import Response, assert_ended, run_cli

LOGIN = {
    "type": "object",
    "required": ["username", "password"],
    "properties": {"username": {"type": "string"}, "password": {"type": "string", "format": "password"}},
}


@pytest.fixture
def market(shop: Shop) -> Shop:
    """A shop whose operation `login` gives a token, without asking for one."""
    body = {"required": True, "content": {"application/json": {"schema": LOGIN}}}
    paths = {
        "/items": {"get": operation("list-items", security=[{"auth": []}])},
        "/login": {"post": operation("login", requestBody=body, security=[{"auth": []}])},
    }
    url = serve(shop.server, document(paths, None, schemes={"auth": BEARER}))
    assert 0 == run_cli("api", "add", "shop", url).exit_code
    return shop


def response(market: Shop, value: Any, status: int = 200) -> None:
    """Let the operation respond with a value."""
    market.server.responses["/login"] = Response(
        status, json.dumps(value).encode(), {"Content-Type": "application/json"}
    )


def login(*words: str, terminal: tuple[str, ...] = (), at: str = "") -> Any:
    """Sign in by the operation."""
    more = ("--token-at", at) if at else ()
    return run_cli(
        *(
            "auth",
            "login",
            "shop",
            "--store",
            "file",
            "--operation",
            "login",
            *more,
            "--",
            "--username",
            "me",
        ),
        *words,
        terminal=terminal,
    )


@pytest.mark.parametrize(
    ("value", "at"),
    [
        ({"access_token": "tok-5", "expires_in": 60}, ""),
        ({"data": {"token": "tok-5"}}, ""),
        ("tok-5", ""),
        ({"keys": [{"value": "tok-5"}]}, "keys[0].value"),
    ],
    ids=["usual", "in data", "a text", "an expression"],
)
def test_the_token_of_a_response_is_stored(market: Shop, canary: str, value: Any, at: str) -> None:
    """It is sent by the calls that follow; what it was got with is kept nowhere."""
    response(market, value)
    assert 0 == login("--password", canary, at=at).exit_code
    sent = market.server.last
    assert {"username": "me", "password": canary} == json.loads(sent.body)
    assert "authorization" not in sent.headers
    run_cli("shop", "list-items")
    assert ["Bearer tok-5"] == market.server.last.headers["authorization"]
    (row,) = json.loads(run_cli("auth", "status", "-o", "json").stdout)
    assert (value != "tok-5" and "expires_in" in value) is (row["expires_at"] is not None)


def test_a_password_is_asked_for(market: Shop, canary: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the document marks as a password is typed and not shown, if it is not given."""
    response(market, {"token": "tok-5"})
    monkeypatch.setattr(getpass, "getpass", lambda *_, **__: canary)
    assert 0 == login(terminal=("stdin", "stderr")).exit_code
    assert {"username": "me", "password": canary} == json.loads(market.server.last.body)


@pytest.mark.parametrize(
    ("value", "status", "at", "message"),
    [
        ({"token": 5}, 200, "", "has no token"),
        ({"other": "x"}, 200, "token", "has no token at `token`"),
        ({}, 200, "", "It has no fields"),
        ({"error": "no"}, 401, "", "responded with 401"),
    ],
    ids=["no text", "nothing there", "empty", "refused"],
)
def test_a_response_without_a_token(market: Shop, value: Any, status: int, at: str, message: str) -> None:
    """Exit code 10; the old credential stays."""
    response(market, {"token": "tok-old"})
    login("--password", "p")
    response(market, value, status)
    result = login("--password", "secret-word", at=at)
    assert_ended(result, 10, message)
    assert "secret-word" not in result.stderr
    assert "tok-old\n" == run_cli("auth", "token", "shop").stdout


def test_what_does_not_go_together(market: Shop) -> None:
    """Words for an operation want its name."""
    assert market
    for words in (("--", "--username", "me"), ("--token-at", "a")):
        assert 2 == run_cli("auth", "login", "shop", "--store", "file", *words).exit_code
    assert 2 == login("--password", "p", at="][").exit_code
    market.server.requests.clear()
    assert 2 == login("--password", "p", "--dry-run").exit_code
    assert [] == market.server.requests


def test_a_missing_input_is_named_without_a_call_that_shows_the_token(market: Shop) -> None:
    """A corrected line would call the operation alone, and print its token."""
    assert market
    line = "auth login shop --store file --operation login --error-format json -- --username me"
    error = run_cli(*line.split()).error
    assert (["--password"], None) == (error["missing"], error["try"])
