"""Each scheme with each source of its credential and each outcome, in one generated table."""

import json
from base64 import b64encode
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from tests.auth.digest_server import DigestServer
from tests.auth.shop import Shop
from tests.documents import API_KEY, BASIC, BEARER
from tests.harness import RecordedRequest, Recorder, Response, run_cli

SCHEMES: dict[str, dict[str, Any]] = {
    "bearer": BEARER,
    "basic": BASIC,
    "digest": {"type": "http", "scheme": "digest"},
    "header": API_KEY,
    "query": {"type": "apiKey", "in": "query", "name": "key"},
    "cookie": {"type": "apiKey", "in": "cookie", "name": "sid"},
    "oauth2": {"type": "oauth2", "flows": {}},
    "openIdConnect": {"type": "openIdConnect", "openIdConnectUrl": "https://id.invalid"},
}
OUTCOMES = {
    "right": (0, "present"),
    "refused": (4, "present"),
    "missing": (10, "missing"),
    "expired": (10, "expired"),
    "unreadable": (10, "missing"),
    "wrong origin": (11, "present"),
}
"""Outcome → the exit code of the call, and the state that `auth explain` gives."""

CASES = [
    case
    for case in product(SCHEMES, ("environment", "reference", "file", "keyring"), OUTCOMES)
    if case[2] != "expired" or case[1] in {"file", "keyring"}  # of others no one knows when they end
]


def guard(scheme: str, secret: str) -> Any:
    """Return the response of a server that lets one secret in."""
    if scheme == "digest":
        return DigestServer("me", secret, lambda nonce, _: f'Digest realm="r", nonce="{nonce}", qop="auth"')
    pair = b64encode(f"me:{secret}".encode()).decode()
    expected = {
        "basic": ("authorization", f"Basic {pair}"),
        "header": ("x-api-key", secret),
        "cookie": ("cookie", f"sid={secret}"),
    }.get(scheme, ("authorization", f"Bearer {secret}"))

    def response(request: RecordedRequest) -> Response:
        is_right = request.headers.get(expected[0]) == [expected[1]]
        if scheme == "query":
            is_right = request.target.endswith(f"?key={secret}")
        return Response() if is_right else Response(401)

    return response


def give(
    shop: Shop,
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
    scheme: str,
    source: str,
    secret: str,
    outcome: str,
) -> None:
    """Put a secret, or what an outcome asks for instead, into a source."""
    has_password = scheme in {"basic", "digest"}
    words = (
        ["password"] if has_password else ["key"] if scheme in {"header", "query", "cookie"} else ["token"]
    )
    given = f"{secret}-of-others" if outcome == "refused" else secret
    if outcome == "unreadable":
        given = f"{secret}\x01"
    if source == "environment" and outcome != "missing":
        monkeypatch.setenv(f"DYNACLI_SHOP_{words[0].upper()}", given)
        if has_password:
            monkeypatch.setenv("DYNACLI_SHOP_USERNAME", "me")
    if source == "reference":
        lines = [f'{words[0]} = "env:SHOP_SECRET"', *(['username = "env:SHOP_USER"'] if has_password else [])]
        shop.configure(home, "\n".join(["[apis.shop.auth.auth]", *lines]))
        monkeypatch.setenv("SHOP_USER", "me")
        monkeypatch.setenv("SHOP_SECRET", "" if outcome == "missing" else given)
    if source in {"file", "keyring"} and outcome != "missing":
        text = f"me:{given}" if has_password else given
        stdin = text.rstrip("\x01").encode()
        assert 0 == run_cli("auth", "login", "shop", "--with-token", "--store", source, stdin=stdin).exit_code
        spoil(home / "state" / "credentials" / "credentials.json", outcome)


def spoil(path: Path, outcome: str) -> None:
    """Change what is stored into what an outcome asks for."""
    content = json.loads(path.read_text())
    if outcome == "expired":
        content["credentials"][0]["expires_at"] = 1.0
    if outcome == "unreadable":
        content["credentials"][0] |= {"keyring_id": "lost", "secrets": {}}
    path.write_text(json.dumps(content))


@pytest.mark.sampled(12)
@pytest.mark.usefixtures("ring")
@pytest.mark.parametrize(("scheme", "source", "outcome"), CASES)
def test_a_credential_of_a_scheme(
    shop: Shop,
    other_server: Recorder,
    home: Path,
    canary: str,
    monkeypatch: pytest.MonkeyPatch,
    scheme: str,
    source: str,
    outcome: str,
) -> None:
    """The exit code says what happened, `auth explain` foretells it, and no other origin gets a request."""
    more = {"servers": [{"url": other_server.origin}]} if outcome == "wrong origin" else {}
    shop.register({"auth": SCHEMES[scheme]}, [{"auth": []}], **more)
    shop.server.responses["/items"] = guard(scheme, canary)
    give(shop, home, monkeypatch, scheme, source, canary, outcome)
    code, state = OUTCOMES[outcome]
    result = shop.call("-v")
    assert code == result.exit_code, result.stderr
    assert [] == other_server.requests
    assert bool(shop.server.requests) is (code in {0, 4})
    explained = run_cli("auth", "explain", "shop", "list-items", "-o", "json")
    (reported,) = explained.json["alternatives"][0]["schemes"]
    assert (state, code if code in {10, 11} else 0) == (reported["state"], explained.exit_code)
