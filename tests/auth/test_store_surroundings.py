"""A store that is locked, cut, newer, read-only or on a full disk: nothing is lost, and it is reported."""

import json
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keyring
import pytest

from dynacli import files
from dynacli.auth import credential_store
from dynacli.auth.credential_store import CredentialStore
from dynacli.environment import Environment
from dynacli.errors import AuthError
from dynacli.files import hold_lock
from tests.auth.fake_keyring import Keyring
from tests.auth.oauth_provider import OAuthProvider, signed_in
from tests.auth.shop import Shop
from tests.auth.store_steps import call
from tests.auth.stored_file import credentials_file
from tests.harness import Recorder, Result, assert_ended, run_cli
from tests.registry.forked_runs import Forks, result_of
from tests.registry.surroundings import become_nobody, limit_file_size

LOGIN = ("auth", "login", "shop", "--with-token", "--store", "file")
CALL = ("shop", "list-items")


@pytest.fixture
def for_all(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Directories that others can look into."""
    home = Path(tempfile.mkdtemp())
    home.chmod(0o755)
    for name in ("cache", "config", "state"):
        monkeypatch.setenv(f"DYNACLI_{name.upper()}_DIR", str(home / name))
    yield home
    for path in (home, *home.rglob("*")):
        path.chmod(0o700)
    shutil.rmtree(home)


@pytest.fixture
def provider(
    for_all: Path, server: Recorder, other_server: Recorder, monkeypatch: pytest.MonkeyPatch
) -> OAuthProvider:
    """A provider at which a person has signed in."""
    assert for_all
    made = signed_in(server, other_server, monkeypatch)
    other_server.requests.clear()
    return made


@pytest.fixture
def store(provider: OAuthProvider, for_all: Path) -> Path:
    """The file of the store, with what the provider gave."""
    assert provider
    return credentials_file(for_all)


def end_in(store: Path, seconds: float) -> None:
    """Let the token that is stored end in so many seconds."""
    content = json.loads(store.read_text())
    content["credentials"][0]["expires_at"] = time.time() + seconds
    store.write_text(json.dumps(content))


def pipe(text: str, *words: str) -> list[Any]:
    """Run the program with a text on standard input."""
    keyring.set_keyring(Keyring())
    result = run_cli(*words, stdin=text.encode())
    return [result.exit_code, result.stdout, result.stderr]


def reported(forks: Forks, *steps: Any) -> Result:
    """Return what the last of some steps, a run, gives in a child."""
    result = result_of(forks.child(*steps).values[-1])
    assert "Traceback" not in result.stderr
    assert "defect" not in result.stderr
    return result


def test_a_store_that_is_cut_anywhere(store: Path) -> None:
    """Whatever is missing of it, it is taken for damaged and left as it is."""
    content = store.read_bytes()
    known = CredentialStore(Environment())
    for length in range(0, len(content), 7):
        store.write_bytes(content[:length])
        with pytest.raises(AuthError, match="cannot be read") as caught:
            known.list()
        assert f"rm {store}" in caught.value.hint
    for words in (CALL, ("auth", "status"), LOGIN, ("auth", "logout", "shop"), ("auth", "token", "shop")):
        store.write_bytes(content[: len(content) // 2])
        assert 10 == run_cli(*words, stdin=b"token").exit_code
        assert content[: len(content) // 2] == store.read_bytes()


def test_a_store_of_a_newer_version(store: Path, provider: OAuthProvider) -> None:
    """No verb changes it, not even one that changes the API."""
    content = {**json.loads(store.read_text()), "version": 2, "more": ["of the future"]}
    content["credentials"][0]["expires_at"] = 1.0
    store.write_text(json.dumps(content))
    verbs = {
        CALL: 10,
        LOGIN: 10,
        ("auth", "status"): 10,
        ("auth", "logout", "shop"): 10,
        ("auth", "token", "shop"): 10,
        ("api", "rename", "shop", "market"): 0,
        ("api", "remove", "market"): 0,
    }
    for words, code in verbs.items():
        result = run_cli(*words, stdin=b"token")
        assert code == result.exit_code, (words, result.stderr)
        assert "newer dynacli" in result.stderr, (words, result.stderr)
        assert content == json.loads(store.read_text())
    assert [] == provider.server.requests


@pytest.mark.exhaustive
def test_a_store_that_another_process_has_locked(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is waited for a while; what needs no change goes on."""
    monkeypatch.setattr(files, "LOCK_SECONDS", 0.05)
    monkeypatch.setattr(credential_store, "LOCK_SECONDS", 0.05)
    before = store.read_bytes()
    with hold_lock(str(store.with_name("lock")), 0):
        for words in (LOGIN, ("auth", "logout", "shop")):
            result = run_cli(*words, stdin=b"token")
            assert_ended(result, 10, "Another dynacli")
        assert 0 == run_cli("auth", "status").exit_code
        assert 0 == run_cli(*CALL).exit_code
        assert before == store.read_bytes()
    end_in(store, -60)
    assert 0 == run_cli(*CALL).exit_code
    (refreshing,) = store.parent.glob("?*.lock")
    with hold_lock(str(refreshing), 0):
        end_in(store, 10)
        assert 0 == run_cli(*CALL).exit_code
        end_in(store, -60)
        result = run_cli(*CALL)
        assert_ended(result, 10, "Another dynacli has been refreshing")
    assert 0 == run_cli(*CALL).exit_code


@pytest.mark.parametrize("part", [0, 0.5, 0.99])
@pytest.mark.sampled(1)
def test_a_full_disk(store: Path, provider: OAuthProvider, forks: Forks, part: float) -> None:
    """The provider is not asked for a token that cannot be stored: it might take the old one for it."""
    end_in(store, -60)
    before = store.read_bytes()
    full, place = (limit_file_size, int(len(before) * part)), str(store.parents[1])
    result = reported(forks, full, (call, place, *CALL))
    assert_ended(result, 10, "cannot be written")
    assert before == store.read_bytes()
    assert [] == provider.server.requests
    end_in(store, 10)
    assert 0 == reported(forks, full, (call, place, *CALL)).exit_code
    end_in(store, -60)
    assert 0 == reported(forks, (call, place, *CALL)).exit_code
    assert [] == list(store.parent.glob(".*"))


@pytest.mark.usefixtures("provider")
def test_verbs_on_a_full_disk(store: Path, forks: Forks) -> None:
    """What was stored before stays."""
    before = store.read_bytes()
    for words in (("auth", "logout", "shop"), (*LOGIN[:-1], "keyring"), LOGIN):
        result = reported(forks, (limit_file_size, 0), (pipe, "token", *words))
        assert_ended(result, 10, "cannot be written")
        assert before == store.read_bytes()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
@pytest.mark.sampled(1)
@pytest.mark.parametrize("seconds", [-60, 10, 3600])
def test_a_store_that_is_read_only(
    store: Path, provider: OAuthProvider, for_all: Path, forks: Forks, seconds: float
) -> None:
    """A token that is good is used; no other is asked for, as it could not be kept."""
    end_in(store, seconds)
    for path in (for_all, *for_all.rglob("*")):
        path.chmod(0o555 if path.is_dir() else 0o444)
    place = str(store.parents[1])
    result = reported(forks, (become_nobody,), (call, place, *CALL))
    assert (10 if seconds < 0 else 0) == result.exit_code, result.stderr
    assert (seconds < 0) is ("cannot be written" in result.stderr)
    assert [] == provider.server.requests
    result = reported(forks, (become_nobody,), (call, place, "auth", "logout", "shop"))
    assert_ended(result, 10, "cannot be written")
    assert 0 == reported(forks, (become_nobody,), (call, place, "auth", "status")).exit_code


@pytest.mark.parametrize("taken", ["state", "state/credentials"])
def test_a_file_where_the_store_should_be(shop: Shop, home: Path, taken: str) -> None:
    """What is in the way is named, and stays."""
    shop.register({"auth": {"type": "http", "scheme": "bearer"}}, [{"auth": []}])
    path = home / taken
    path.parent.mkdir(exist_ok=True)
    path.write_text("mine")
    result = run_cli(*LOGIN, stdin=b"token")
    assert_ended(result, 10, "cannot be")
    assert 10 == run_cli(*CALL).exit_code
    assert "mine" == path.read_text()
