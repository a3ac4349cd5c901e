"""Proxies want a user name and a password, which stand in a variable and are shown nowhere."""

from base64 import b64encode

import pytest

from tests.auth.shop import Shop
from tests.documents import BEARER, get, save_api
from tests.harness import Recorder, Response, assert_ended, run_cli


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
    other_server.responses[f"{shop.server.origin}/items"] = Response()
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
    other_server.responses[target] = Response(407, b"{}")
    api = save_api(get("/a", "get-a"), server=origin)
    result = run_cli(api, "get-a", "-v", "--retries", "0")
    assert ((6 if scheme == "https" else 4), 1) == (result.exit_code, len(other_server.requests))
    assert "`HTTPS_PROXY`" in result.stderr if scheme == "https" else "`HTTP_PROXY`" in result.stderr
    assert b64encode(f"me:{canary}".encode()).decode() not in result.stderr


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_proxy_that_is_not_there_is_named(
    canary: str, monkeypatch: pytest.MonkeyPatch, scheme: str
) -> None:
    """The message does not blame the server, and shows neither name nor password."""
    monkeypatch.setenv(f"{scheme.upper()}_PROXY", f"http://me:{canary}@127.0.0.1:1")
    api = save_api(get("/a", "get-a"), server=f"{scheme}://127.0.0.1:2")
    for words in ((api, "get-a", "--retries", "0"), ("api", "add", "far", f"{scheme}://127.0.0.1:2/d.json")):
        result = run_cli(*words)
        assert 6 == result.exit_code
        assert "`127.0.0.1:1` refuses the connection" in result.stderr
        assert "It is the proxy that a variable such as `HTTPS_PROXY` names" in result.stderr
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    assert "`127.0.0.1:2` refuses the connection" in run_cli(api, "get-a", "--retries", "0").stderr


def test_a_document_behind_a_proxy_that_refuses(
    other_server: Recorder, canary: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The hint is about the proxy."""
    monkeypatch.setenv("HTTP_PROXY", proxy_of(other_server, canary))
    url = "http://shop.invalid/d.json"
    other_server.responses[url] = Response(407, b"{}")
    result = run_cli("api", "add", "far", url, "--no-discovery")
    assert_ended(result, 8, "such as `HTTP_PROXY`")
