"""`dynacli proxy --sign` lets a program call an API without the credential."""

from pathlib import Path

import pytest

from tests.documents import delete, get, register_api
from tests.features.proxy.signing_proxy import signing
from tests.harness import Recorder, json_response, run_cli

_BEARER = {"schemes": {"token": {"type": "http", "scheme": "bearer"}}, "security": [{"token": []}]}


@pytest.fixture
def shop(server: Recorder, canary: str, monkeypatch: pytest.MonkeyPatch) -> Recorder:
    """A server of the registered API `shop`, whose credential is the canary."""
    register_api("shop", get("/org", "getOrg"), delete("/org", "deleteOrg"), server=server, **_BEARER)
    assert 0 == run_cli("api", "set", "shop", f"origins={server.origin}").exit_code
    monkeypatch.setenv("DYNACLI_SHOP_TOKEN", canary)
    server.responses["/org"] = json_response({"name": "Small"})
    return server


@pytest.mark.exhaustive
def test_the_token_of_the_session_stands_for_the_credential(shop: Recorder, canary: str) -> None:
    """A program that sends it gets a response, and the server gets the credential."""
    with signing("shop") as proxy:
        reply = proxy.send("/org")
    assert ["SHOP_API_URL", "SHOP_TOKEN"] == list(proxy.variables)
    assert (200, b'{"name": "Small"}') == (reply.status, reply.body)
    assert [f"Bearer {canary}"] == shop.last.headers["authorization"]
    assert "allowed by read-only" in proxy.output[1]


@pytest.mark.exhaustive
@pytest.mark.parametrize("token", ["", "wrong", "dyn_" + "0" * 64])
def test_a_request_without_the_token_is_refused(shop: Recorder, token: str) -> None:
    """Nothing is sent for a request with another token or none."""
    with signing("shop") as proxy:
        reply = proxy.send("/org", token=token)
    assert 401 == reply.status
    assert [] == shop.requests


@pytest.mark.exhaustive
def test_only_known_operations_that_read_are_allowed(shop: Recorder) -> None:
    """A path outside the document is unknown, and a change needs `--write`."""
    with signing("shop") as proxy:
        replies = [proxy.send("/other"), proxy.send("/org", "DELETE"), proxy.send("/org", "PATCH")]
    assert [404, 403, 404] == [reply.status for reply in replies]
    assert [] == shop.requests


@pytest.mark.exhaustive
def test_the_token_is_printed_once(shop: Recorder, home: Path) -> None:
    """It is in no log, no history and no file."""
    with signing("shop") as proxy:
        proxy.send("/org")
        proxy.send(f"/org?token={proxy.token}")
        arguments = Path(f"/proc/{proxy.process.pid}/cmdline").read_bytes()
    assert 1 == proxy.output[0].count(proxy.token)
    assert proxy.token not in proxy.output[1]
    assert proxy.token.encode() not in arguments
    for path in home.rglob("*"):
        assert not path.is_file() or proxy.token.encode() not in path.read_bytes(), path
    assert all(proxy.token not in str(request) for request in shop.requests)
