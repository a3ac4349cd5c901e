"""A clock that is set back or forward by years: no token is used for ever, refreshed for ever, or lost."""

import json
from base64 import b64encode
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.auth.oauth_provider import OAuthProvider, signed_in
from tests.auth.shop import Shop
from tests.auth.store_steps import call
from tests.auth.stored_file import credentials_file
from tests.documents import BEARER
from tests.harness import Recorder, Response, Result, run_cli
from tests.registry.forked_runs import Forks, result_of
from tests.registry.surroundings import shift_clock

YEARS = 3 * 365 * 86_400.0
FLOW = "authorizationCode"


class At:
    """Runs the program at another time than now, in children of its own."""

    def __init__(self, forks: Forks, home: Path) -> None:
        self._forks, self._place = forks, str(home / "state")

    def __call__(self, seconds: float, *words: str) -> Result:
        """Run the program so many seconds from now."""
        return self.each(seconds, words)[0]

    def each(self, seconds: float, *lines: Sequence[str]) -> list[Result]:
        """Run the program with several lines of words in turn."""
        runs = [(call, self._place, *words) for words in lines]
        ended = self._forks.child((shift_clock, seconds), *runs)
        assert 0 == ended.status
        results = [result_of(value) for value in ended.values[1:]]
        assert [] == [result.stderr for result in results if "defect" in result.stderr]
        return results


@pytest.fixture
def at(forks: Forks, home: Path) -> At:
    """What runs the program at another time."""
    return At(forks, home)


@pytest.fixture
def provider(server: Recorder, other_server: Recorder, monkeypatch: pytest.MonkeyPatch) -> OAuthProvider:
    """A provider at which a person has signed in for an hour."""
    return signed_in(server, other_server, monkeypatch)


@pytest.mark.parametrize("steps", [(-YEARS,), (YEARS,), (YEARS, 0.0), (-YEARS, 0.0), (YEARS, -YEARS, 0.0)])
@pytest.mark.sampled(0)
def test_a_token_is_refreshed_once_for_each_step_of_the_clock(
    provider: OAuthProvider, server: Recorder, at: At, steps: tuple[float, ...]
) -> None:
    """The end that another clock wrote down tells nothing; each call has a token that was got by its own."""
    used: set[str] = set()
    for seconds in steps:
        for _ in range(2):
            result = at(seconds, "shop", "list-items")
            assert 0 == result.exit_code, result.stderr
            assert [f"Bearer {provider.given[-2]}"] == server.last.headers["authorization"]
        assert 1 == len(provider.used - used)
        used = set(provider.used)


def test_a_provider_that_cannot_be_reached_then(
    provider: OAuthProvider, server: Recorder, at: At, home: Path
) -> None:
    """A clock that was set back costs no token: the server knows whether it has ended."""
    before = json.loads(credentials_file(home).read_text())
    provider.server.responses["/token"] = Response(503)
    assert 0 == at(-YEARS, "shop", "list-items").exit_code
    assert [f"Bearer {provider.given[-2]}"] == server.last.headers["authorization"]
    assert 10 == at(YEARS, "shop", "list-items").exit_code
    assert before == json.loads(credentials_file(home).read_text())
    assert 0 == at(0.0, "shop", "list-items").exit_code


@pytest.mark.exhaustive
def test_a_token_that_nothing_refreshes(shop: Shop, at: At) -> None:
    """It is over if the clock says so, and good again when the clock was set right; the server decides then."""
    shop.register({"auth": BEARER}, [{"auth": []}])
    claims = b64encode(json.dumps({"exp": 4_102_444_800}).encode()).decode().rstrip("=")
    login = ("auth", "login", "shop", "--with-token", "--store", "file")
    assert 0 == run_cli(*login, stdin=f"h.{claims}.s".encode()).exit_code
    codes = [at(seconds, "shop", "list-items").exit_code for seconds in (100 * YEARS, 0.0, -YEARS)]
    assert [10, 0, 0] == codes
    shop.server.responses["/items"] = Response(401)
    assert 4 == at(-YEARS, "shop", "list-items").exit_code


@pytest.mark.sampled(2)
@pytest.mark.usefixtures("provider")
@pytest.mark.parametrize("seconds", [-1_700_000_000.0, -YEARS, YEARS, 200 * YEARS])
def test_what_tells_of_credentials(at: At, seconds: float) -> None:
    """No verb fails over a clock, be it at its beginning."""
    results = at.each(
        seconds,
        ("auth", "status"),
        ("auth", "status", "-o", "json"),
        ("auth", "explain", "shop", "list-items"),
        ("shop",),
        ("shop", "list-items", "--dry-run"),
        ("auth", "logout", "shop"),
    )
    assert [0] * 6 == [result.exit_code for result in results], [result.stderr for result in results]


@pytest.mark.parametrize("end", [10**400, 1e308, -1, "soon", 253_402_300_800])
def test_a_token_that_ends_at_no_time(shop: Shop, end: Any) -> None:
    """A JSON Web Token may say anything of its end."""
    shop.register({"auth": BEARER}, [{"auth": []}])
    claims = b64encode(json.dumps({"exp": end}).encode()).decode().rstrip("=")
    login = ("auth", "login", "shop", "--with-token", "--store", "file")
    assert 0 == run_cli(*login, stdin=f"h.{claims}.s".encode()).exit_code
    (row,) = run_cli("auth", "status", "-o", "json").json
    assert row["expires_at"] is None
    assert 0 == shop.call().exit_code
