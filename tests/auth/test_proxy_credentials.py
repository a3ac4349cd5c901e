"""Proxies want a user name and a password, which stand in a variable and are shown nowhere."""

from base64 import b64encode

import pytest

from tests.auth.shop import Shop
from tests.documents import BEARER, document, operation, save
from tests.harness import Answer, Recorder, run_cli


def proxy_of(server: Recorder, password: str) -> str:
    """Return the value of a variable for a proxy."""
    return server.origin.replace("://", f"://me:{password}@")


def test_a_proxy_gets_its_credential(
    shop: Shop, other_server: Recorder, canary: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The credential of the proxy goes to the proxy, beside that of the API, and `-v` shows neither."""
    shop.register({"auth": BEARER}, [{"auth": []}])
    monkeypatch.setenv("DYNACLI_SHOP_TOKEN", "token-of-the-api")
    monkeypatch.setenv("HTTP_PROXY", proxy_of(other_server, canary))
    other_server.answers[f"{shop.server.origin}/items"] = Answer()
    result = shop.call("-v")
    assert (0, []) == (result.exit_code, shop.server.requests)
    sent = other_server.last.headers
    expected = b64encode(f"me:{canary}".encode()).decode()
    assert (["Bearer token-of-the-api"], [f"Basic {expected}"]) == (
        sent["authorization"],
        sent["proxy-authorization"],
    )
    assert expected not in result.stderr


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_proxy_that_refuses_is_named(
    other_server: Recorder, canary: str, monkeypatch: pytest.MonkeyPatch, scheme: str
) -> None:
    """Its 407 says that the variable is wrong, whose value stays hidden."""
    monkeypatch.setenv(f"{scheme.upper()}_PROXY", proxy_of(other_server, canary))
    origin = f"{scheme}://shop.invalid"
    target = "shop.invalid:443" if scheme == "https" else f"{origin}/a"
    other_server.answers[target] = Answer(407, b"{}")
    api = save(document({"/a": {"get": operation("get-a")}}, [origin]))
    result = run_cli(api, "get-a", "-v", "--retries", "0")
    assert ((6 if scheme == "https" else 4), 1) == (result.exit_code, len(other_server.requests))
    assert "`HTTPS_PROXY`" in result.stderr if scheme == "https" else "`HTTP_PROXY`" in result.stderr
    assert b64encode(f"me:{canary}".encode()).decode() not in result.stderr
