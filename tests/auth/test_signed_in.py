"""The overview tells of stored credentials and of what the configuration says, and reads no secret for it."""

import json
from pathlib import Path

import pytest

from tests.auth.fake_keyring import Keyring
from tests.auth.shop import Shop
from tests.documents import API_KEY, BASIC, BEARER
from tests.harness import run_cli


def line(*words: str) -> str:
    """Return what the overview says of signing in."""
    page = run_cli(*words, "shop").stdout.splitlines()
    return next(" ".join(item.split()) for item in page if item.split()[:1] in (["Sign"], ["Signed"]))


def test_a_stored_credential_is_told(
    shop: Shop, home: Path, ring: Keyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It signs in until it has expired; the keyring is not asked."""
    shop.register({"auth": BEARER}, [{"auth": []}])
    assert "Sign in dynacli auth login shop, or set DYNACLI_SHOP_TOKEN" == line()
    assert "dynacli shop list-items\n" not in run_cli("shop").stdout
    run_cli("auth", "login", "shop", "--with-token", stdin=b"abcdef")
    asked: list[str] = []
    monkeypatch.setattr(ring, "get_password", lambda *words: asked.append(words[1]))
    assert "Signed in by the stored credential" == line()
    assert "dynacli shop list-items\n" in run_cli("shop").stdout
    path = home / "state" / "credentials" / "credentials.json"
    content = json.loads(path.read_text())
    content["credentials"][0]["expires_at"] = 1.0
    path.write_text(json.dumps(content))
    assert "Sign in dynacli auth login shop; the stored credential for `auth` has" == line()
    path.write_text("{")
    assert "Sign in dynacli auth login shop, or set DYNACLI_SHOP_TOKEN" == line()
    assert [] == asked


@pytest.mark.parametrize(
    ("scheme", "table", "expected"),
    [
        (BEARER, 'token = "env:A"', "Signed in by the configuration"),
        (BASIC, 'username = "env:A"', "Signed in by the configuration"),
        (API_KEY, 'key = "env:A"', "Signed in by the configuration"),
        ({"type": "mutualTLS"}, 'cert = "a.pem"', "Signed in by the configuration"),
        ({"type": "http", "scheme": "hmac"}, 'sign = "a"', "Signed in by the configuration"),
        (BEARER, 'key = "env:A"', "Sign in dynacli auth login shop, or set DYNACLI_SHOP_TOKEN"),
    ],
)
def test_what_is_configured_is_told(
    shop: Shop, home: Path, scheme: dict[str, str], table: str, expected: str
) -> None:
    """Whether a reference leads to something is found out by a call."""
    shop.register({"auth": scheme}, [{"auth": []}])
    shop.configure(home, f"[apis.shop.auth.auth]\n{table}")
    assert expected == line()


@pytest.mark.usefixtures("ring")
def test_both_together_are_told(shop: Shop, home: Path) -> None:
    """All schemes of an alternative are needed; a profile has what is its own."""
    shop.register({"auth": BEARER, "key": API_KEY}, [{"auth": [], "key": []}])
    shop.configure(home, '[apis.shop.profiles.test.auth.key]\nkey = "env:A"')
    run_cli("auth", "login", "shop", "--scheme", "auth", "--with-token", stdin=b"abcdef")
    assert line().startswith("Sign in")
    assert "Signed in by the configuration and the stored credential" == line("--profile", "test")
