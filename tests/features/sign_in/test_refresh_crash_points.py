"""A call that is killed at any moment of a refresh leaves the old token or the new one, and the next call takes it.

One window is known: a provider that lets a refresh token be used once has given a new one, which is not stored yet.
Whoever is killed there has to sign in again, and is told so.
"""

import json
import os
import signal
import time
import webbrowser
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import keyring
import pytest

from tests.auth.fake_keyring import Keyring
from tests.auth.oauth_provider import Browser, OAuthProvider, parameters
from tests.auth.shop import Shop
from tests.auth.store_steps import call, logout, stored
from tests.auth.stored_file import credentials_file
from tests.harness import RecordedRequest, Recorder, Response, run_cli
from tests.registry.crash_points import arm, changes_made, copied
from tests.registry.forked_runs import Forks

_STRIDE = int(os.environ.get("DYNACLI_TEST_STRIDE", "7"))
"""Of so many moments one is tried in the exhaustive tests."""
_NETWORK = "network"


class Strict:
    """A provider that lets a refresh token be used once, and ends the session if it is used twice; and its API."""

    def __init__(self, provider: OAuthProvider, shop: Shop) -> None:
        self.provider, self.shop = provider, shop
        self._give = provider.server.responses["/token"]
        provider.server.responses["/token"] = self._token
        shop.server.responses["/items"] = self._items
        self.valid: set[str] = set()

    def begin(self, refresh_token: str, *access_tokens: str) -> None:
        """Know these tokens and no others."""
        self.provider.grants = {refresh_token: {"scope": "read"}}
        self.provider.used.clear()
        self.valid = set(access_tokens)
        self.shop.server.requests.clear()

    def _token(self, request: RecordedRequest) -> Response:
        if parameters(request.body.decode()).get("refresh_token") in self.provider.used:
            self.provider.grants.clear()
            self.valid.clear()
        assert callable(self._give)
        response = self._give(request)
        self.valid |= {str(json.loads(response.body).get("access_token"))}
        return response

    def _items(self, request: RecordedRequest) -> Response:
        sent = "".join(request.headers.get("authorization", ()))  # a head that was cut has none
        return Response(200 if sent.removeprefix("Bearer ") in self.valid else 401)


@pytest.fixture
def strict(
    server: Recorder, other_server: Recorder, home: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Strict]:
    """A person's session with the provider; the keyring is a file beside the store."""
    provider, shop = OAuthProvider(other_server), Shop(server)
    flow = {
        "authorizationUrl": f"{other_server.origin}/authorize",
        "tokenUrl": f"{other_server.origin}/token",
        "scopes": {"read": ""},
    }
    shop.register({"auth": {"type": "oauth2", "flows": {"authorizationCode": flow}}}, [{"auth": ["read"]}])
    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.setattr(webbrowser, "open", Browser().open)
    before = keyring.get_keyring()
    (home / "state").mkdir()
    keyring.set_keyring(Keyring(home / "state/keyring.json"))
    yield Strict(provider, shop)
    keyring.set_keyring(before)


def _sign_in(strict: Strict, home: Path, store: str, seconds: float) -> list[str]:
    """Return a token that ends in so many seconds, and its refresh token, which are stored."""
    origin = strict.provider.server.origin
    words = ("auth", "login", "shop", "--client-id", "cli", "--accept-origin", origin, "--store", store)
    assert 0 == run_cli(*words).exit_code
    path = credentials_file(home)
    content = json.loads(path.read_text())
    content["credentials"][0]["expires_at"] = time.time() + seconds
    path.write_text(json.dumps(content))
    return strict.provider.given[-2:]


def _holding(secrets: Iterable[str], place: Path) -> list[Path]:
    """Return the files below a directory that hold one of some secrets."""
    files = [path for path in place.rglob("*") if path.is_file()]
    return [path for path in files if any(secret.encode() in path.read_bytes() for secret in secrets)]


_STATES: list[tuple[int, set[int]]] = [(-60, {10}), (20, {4, 10}), (3600, {4})]


@pytest.mark.exhaustive
@pytest.mark.parametrize(
    ("store", "seconds", "codes", "stride"),
    [
        *(
            pytest.param(store, *state, _STRIDE, marks=pytest.mark.exhaustive)
            for store in ("file", "keyring")
            for state in _STATES
        ),
        ("keyring", 20, {4, 10}, 50),
    ],
)
def test_the_next_call_goes_on(
    strict: Strict,
    forks: Forks,
    home: Path,
    tmp_path: Path,
    store: str,
    seconds: int,
    codes: set[int],
    stride: int,
) -> None:
    """It succeeds, or says how to sign in if the provider has given what no one could store."""
    access, refresh = _sign_in(strict, home, store, seconds)
    place, before, log = str(home / "state"), str(tmp_path / "before"), str(tmp_path / "log")
    copied(place, before)

    def killed(number: int, is_half: bool) -> tuple[int, Any]:
        strict.begin(refresh)
        steps = ((copied, before, place), (arm, [place, _NETWORK], number, is_half, log))
        return forks.child(*steps, (call, place, "shop", "list-items"))

    status, (*_, whole) = killed(0, False)
    assert (0, 0) == (status, whole[0]), whole
    made = changes_made(log)
    moments = [(number, is_half) for number in range(1, len(made) + 1) for is_half in (False, True)]
    kills = 0
    for number, is_half in moments[::stride]:
        moment = (number, is_half, *made[number - 1])
        status, _ = killed(number, is_half)
        assert status in {0, -signal.SIGKILL}, moment
        kills += status != 0
        ((found, _),) = forks.child((stored, place)).values
        assert found["shop"] in {access, *strict.provider.given}, moment
        is_lost = found["shop"] == access and refresh in strict.provider.used
        ((code, _, reported),) = forks.child((call, place, "shop", "list-items")).values
        if is_lost:
            # A response comes in one piece or two, so the moments of two runs differ by some.
            paths = [path for _, path, _ in changes_made(log)]
            assert any(path.endswith(".lock") for path in paths), moment
            assert not any("history" in path for path in paths), moment
            assert code in codes, (moment, reported)
            assert "dynacli auth login shop" in reported
        else:
            assert 0 == code, (moment, reported)
        secrets = (access, refresh, *strict.provider.given)
        assert [{}, 0] == forks.child((logout, place, "shop"), (stored, place)).values[1], moment
        assert not _holding(secrets, Path(place)), moment
    # Half of a change that is not a write cannot be made.
    assert kills >= len(moments[::stride]) // 2


@pytest.mark.exhaustive
def test_many_processes_with_one_keyring(strict: Strict, forks: Forks, home: Path) -> None:
    """Fifty that find the same token over ask the provider once, and find in the keyring what it gave."""
    _, refresh = _sign_in(strict, home, "keyring", -60)
    strict.begin(refresh)
    strict.provider.server.requests.clear()
    ended = forks.at_once(50, (call, str(home / "state"), "shop", "list-items"))
    assert [0] * 50 == [child.values[0][0] for child in ended], [child.values[0][2] for child in ended]
    assert ["/token"] == [request.target for request in strict.provider.server.requests]
    (token,) = strict.valid
    assert [[f"Bearer {token}"]] * 50 == [
        request.headers["authorization"] for request in strict.shop.server.requests
    ]
