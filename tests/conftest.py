"""What every test gets: a home of its own, no network but loopback, and a secret that must not leak."""

import functools
import gc
import os
import secrets
import signal
import socket
import sys
import tempfile
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest

from dynacli.environment import Environment
from dynacli.http import retrying
from tests import harness, sampling
from tests.real_documents import FOLDER, OWN
from tests.registry.crash_points import library
from tests.registry.forked_runs import Forks, forking

# A job in the background of a script, or under `nohup`, ignores SIGINT, and so would every process that it starts;
# a handler is not inherited, so with one the tests and their processes are interrupted as in a terminal.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Collect no garbage while tests are collected, and leave all of them out of each collection afterwards.

    What was garbage by then stays: looking for it takes longer than all later collections. They are as rare as in a
    process of dynacli.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.set_threshold(100_000, 20, 100)
        gc.enable()


_CHANGING = {
    *("http_proxy", "https_proxy", "all_proxy", "no_proxy"),
    *("no_color", "columns", "ssl_cert_file", "ssl_cert_dir"),
}
"""Variables, in lower case, that change what programs do."""

_IN_MEMORY = Path("/dev/shm")  # noqa: S108 - directories of tests have names of their own there
"""Where Linux keeps files in memory."""

_ENOUGH = 4 << 30
"""As many free bytes let the directories of all tests be in memory; containers often have 64 MiB."""


def pytest_configure(config: pytest.Config) -> None:
    """Let Hypothesis make up fewer examples in the quick run, and workers of pytest-xdist keep a module together.

    What a module or the session shares is made once then, not in each worker. The tests make and remove a hundred
    thousand files, which a disk that others write to makes them wait for, so they are in memory if there is room.
    """
    sampling.choose_profile(config)
    if _has_room_in_memory():
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(_IN_MEMORY))
    if getattr(config.option, "dist", "") == "load":
        config.option.dist = "worksteal"


def _has_room_in_memory() -> bool:
    """Return whether the directories of the tests can be in memory, programs that they write there included."""
    if os.name == "nt" or not os.access(_IN_MEMORY, os.W_OK):
        return False
    place = os.statvfs(_IN_MEMORY)
    return place.f_bavail * place.f_frsize >= _ENOUGH and not place.f_flag & os.ST_NOEXEC


def pytest_xdist_auto_num_workers() -> int:
    """Return how many workers `-n auto` begins: one more than there are processors, because some tests only wait."""
    return (os.cpu_count() or 1) + 1


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what the quick run leaves out, before the expression of markers is applied."""
    sampling.mark_exhaustive(items)


@pytest.hookimpl(hookwrapper=True, trylast=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """Let `no_cover` pause all measuring of coverage.

    In a worker of pytest-xdist, pytest-cov 7.1 measures twice: its `CovPlugin.__init__` starts it, and so does its
    `pytest_sessionstart`. The marker pauses the second, which lets the first go on.
    """
    tracer = sys.gettrace() if item.get_closest_marker("no_cover") else None
    if tracer:
        sys.settrace(None)
    yield
    if tracer:
        sys.settrace(tracer)


class _Places:
    """Directories for tests: `home` and `here` below one of their own; what a test left untouched the next one gets.

    Most tests are about values alone, and making directories would take longer than they do.
    """

    def __init__(self, base: Path) -> None:
        self._base = base
        self._number = 0
        self._states: list[tuple[list[str], int]] = []

    def place(self) -> Path:
        """Return a directory that has two empty ones."""
        if not self._states or self._states != self._found():
            self._number += 1
            for name in ("home", "here"):
                (self._base / str(self._number) / name).mkdir(parents=True)
            self._states = self._found()
        return self._base / str(self._number)

    def _found(self) -> list[tuple[list[str], int]]:
        """Return what stands in each directory, and who may use it."""
        top = self._base / str(self._number)
        try:
            return [
                (sorted(os.listdir(path)), path.stat().st_mode) for path in (top, top / "home", top / "here")
            ]
        except OSError:
            return []


@pytest.fixture(scope="session")
def places(tmp_path_factory: pytest.TempPathFactory) -> _Places:
    """Directories of this session."""
    return _Places(tmp_path_factory.mktemp("places"))


@functools.cache
def _changes_runs(name: str) -> bool:
    """Return whether a variable would change what dynacli does."""
    # The suite runs with the HTTP library that it was started with; see `python -m tests.tasks httpx2`.
    is_our_own = name.startswith("DYNACLI_") and name != "DYNACLI_HTTP"
    return is_our_own or name.lower() in _CHANGING or Environment(variables={name: "1"}).is_agent


@pytest.fixture(autouse=True)
def home(places: _Places, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the test directories of its own, and no variable that would change what dynacli does."""
    for name in filter(_changes_runs, list(os.environ)):
        monkeypatch.delenv(name)
    place = places.place()
    home = place / "home"
    for name in ("HOME", "USERPROFILE"):  # that of Windows
        monkeypatch.setenv(name, str(home))
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("DYNACLI_CACHE_DIR", str(home / "cache"))
    monkeypatch.setenv("DYNACLI_CONFIG_DIR", str(home / "config"))
    monkeypatch.setenv("DYNACLI_STATE_DIR", str(home / "state"))
    monkeypatch.chdir(place / "here")
    harness._results.clear()
    return home


@pytest.fixture(scope="session", autouse=True)
def quiet() -> Iterator[None]:
    """Let nothing connect to anywhere but this machine, and nothing wait for the disk or for another try.

    No test cuts the power, and a disk under load takes its time. What happens if `fsync` fails or the process dies
    at it is tested with the real one, in processes of their own; how long a pause between tries is has tests, too.
    """
    connect = socket.socket.connect

    def only_here(self: socket.socket, address: Any) -> None:
        is_far = not str(address[0]).startswith(("127.", "::1", "localhost"))
        if is_far and self.family in {socket.AF_INET, socket.AF_INET6}:
            pytest.fail(f"a test tried to connect to {address[0]}")
        connect(self, address)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", only_here)
        patch.setattr(os, "fsync", lambda _: None)
        patch.setattr(retrying, "FIRST_PAUSE", 0.0)
        if os.name == "nt":  # files have the bytes that they have elsewhere
            written = functools.partialmethod(Path.write_text, encoding="utf-8", newline="\n")
            patch.setattr(Path, "write_text", written)
        yield


@pytest.fixture
def canary(home: Path) -> Iterator[str]:
    """A fresh secret; at the end it must be in no output, and in no file but the store of credentials."""
    secret = f"canary-{secrets.token_hex(12)}"
    yield secret
    for result in harness._results:
        assert secret not in result.stdout
        assert secret not in result.stderr
    for path in home.rglob("*"):
        if path.is_file() and (path.name, path.stat().st_mode & 0o777) != ("credentials.json", 0o600):
            assert secret.encode() not in path.read_bytes(), path


@pytest.fixture
def corpus() -> Path:
    """The folder of real OpenAPI documents; a test that needs it is skipped if it is missing."""
    if not FOLDER.is_dir():
        pytest.skip(f"the folder of real documents is missing: {FOLDER} (set DYNACLI_TEST_CORPUS)")
    return FOLDER


@pytest.fixture(scope="module", params=["own", pytest.param("real", marks=pytest.mark.corpus)])
def folder(request: pytest.FixtureRequest) -> Path:
    """A folder of whole documents: our own, and that of the real ones if it is there."""
    if request.param == "own":
        return OWN
    if not FOLDER.is_dir():
        pytest.skip(f"the folder of real documents is missing: {FOLDER} (set DYNACLI_TEST_CORPUS)")
    return FOLDER


@pytest.fixture
def server() -> Iterator[harness.Recorder]:
    """A recording server on loopback."""
    with harness.recording() as recorder:
        yield recorder


@pytest.fixture(scope="session")
def killer(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The library that kills processes; empty if it cannot be compiled."""
    return library(tmp_path_factory.mktemp("library"))


@pytest.fixture(scope="session")
def forks(killer: str) -> Iterator[Forks]:
    """A process with children in surroundings of their own, which can be killed at any change of a file."""
    with forking(killer) as forks:
        yield forks


@pytest.fixture
def other_server() -> Iterator[harness.Recorder]:
    """A second one, on another port and so of another origin."""
    with harness.recording() as recorder:
        yield recorder


@pytest.fixture
def drafts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The directory of drafts, of this test alone; no editor is named."""
    directory = tmp_path / "drafts"
    directory.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(directory))
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.delenv("EDITOR", raising=False)
    return directory
