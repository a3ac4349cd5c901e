"""A full disk, a directory of someone else's, no home, a wrong clock: the program works, or says why not."""

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.documents import PETS, SERVER, operation, pets, save
from tests.harness import Recorder, Result, assert_ended, run_cli
from tests.registry.crash_points import damaged, left_behind, seen
from tests.registry.forked_runs import Forks, Step, result_of, run
from tests.registry.surroundings import become_nobody, limit_file_size, shift_clock, without_variables
from tests.served_document import DAY, Served, age

NEW = {"/new": {"get": operation("newOne")}}
NEW_NAMES = [*PETS, "new-one"]
LIST = ("operations", "shop", "-o", "json")
NOT_KEPT = "so the document is compiled for this run alone"
YEARS = 2 * 365 * DAY

is_root = pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can become somebody else, or mount"
)


OLD, CURRENT = pets("1", f"{SERVER}/v1"), pets("2", f"{SERVER}/v2", **NEW)


@pytest.fixture
def served(server: Recorder) -> Served:
    """A document that is registered as `shop`, and has changed since."""
    served = Served(server, OLD)
    assert 0 == run_cli("api", "add", "shop", served.url).exit_code
    served.has(CURRENT)
    return served


def _each(forks: Forks, *steps: Step) -> list[Result]:
    """Return what each run of a child gives."""
    ended = forks.child(*steps)
    assert 0 == ended.status
    results = [result_of(value) for step, value in zip(steps, ended.values, strict=True) if value]
    for result in results:
        assert "Traceback" not in result.stderr
        assert "defect" not in result.stderr
    return results


def _last(forks: Forks, *steps: Step) -> Result:
    return _each(forks, *steps)[-1]


def _names(result: Result) -> list[str]:
    assert 0 == result.exit_code, result.stderr
    return [row["name"] for row in result.json]


def _is_whole(home: Path) -> None:
    places = str(home / "cache"), str(home / "config")
    assert [] == damaged(*places)
    assert [] == left_behind(*places)


@pytest.mark.sampled(2)
@pytest.mark.parametrize("size", [0, 10, 300, 600, 2000, 2048, 5000, 18_000])
@pytest.mark.usefixtures("served")
def test_a_refresh_on_a_full_disk_costs_nothing_but_itself(size: int, forks: Forks, home: Path) -> None:
    """If no file can grow, this run has the new document, the next one the old, and then all is well again."""
    before = _last(forks, (seen_as_run, "shop")).json
    result = _last(forks, (limit_file_size, size), (run, *LIST, "--refresh"))
    assert NEW_NAMES == _names(result)
    assert NOT_KEPT in result.stderr
    _is_whole(home)
    assert before == _last(forks, (seen_as_run, "shop")).json
    assert NEW_NAMES == _names(run_cli(*LIST, "--refresh"))
    assert [0, ""] == [(listed := run_cli(*LIST)).exit_code, listed.stderr]


def seen_as_run(name: str) -> list[Any]:
    """Return what `seen` finds, in the form of a run."""
    return [0, json.dumps(seen(name, "--offline")), ""]


@pytest.mark.parametrize("size", [0, 50])
def test_what_cannot_be_written_down_is_said(size: int, served: Served, forks: Forks, home: Path) -> None:
    """A configuration that cannot be written is an error, and stays as it is."""
    before = (home / "config" / "config.toml").read_bytes()
    for words in (
        ("api", "add", "another", served.url),
        ("api", "pin", "shop"),
        ("api", "rename", "shop", "store"),
    ):
        result = _last(forks, (limit_file_size, size), (run, *words))
        assert 12 == result.exit_code
        assert "config.toml` cannot be changed" in result.stderr
        assert before == (home / "config" / "config.toml").read_bytes()
        _is_whole(home)


@is_root
@pytest.mark.sampled(2)
@pytest.mark.parametrize("free", [0, 4096, 12_288, 28_672])
def test_a_disk_fills_up(
    free: int, forks: Forks, server: Recorder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a disk that is full in the midst of a refresh the old document stays; with some space the new one comes."""
    disk = tmp_path / "disk"
    disk.mkdir()
    words = ["mount", "-t", "tmpfs", "-o", "size=256k,mode=700", "tmpfs", str(disk)]
    if shutil.which("mount") is None or subprocess.run(words, capture_output=True, check=False).returncode:
        pytest.skip("a small disk cannot be mounted here")
    try:
        monkeypatch.setenv("DYNACLI_CACHE_DIR", str(disk / "cache"))
        served = Served(server, OLD)
        assert 0 == run_cli("api", "add", "shop", served.url).exit_code
        served.has(CURRENT)
        space = os.statvfs(disk)
        with (disk / "filler").open("wb") as filler:
            filler.write(b"x" * (space.f_bavail * space.f_frsize - free))
        result = _last(forks, (run, *LIST, "--refresh"))
        assert NEW_NAMES == _names(result)
        assert NOT_KEPT in result.stderr
        assert [] == damaged(str(disk))
        assert [] == left_behind(str(disk))
        assert PETS == _names(_last(forks, (run, *LIST)))
        (disk / "filler").unlink()
        assert NEW_NAMES == _names(_last(forks, (run, *LIST, "--refresh")))
        assert (0, "") == ((listed := run_cli(*LIST)).exit_code, listed.stderr)
    finally:
        subprocess.run(["umount", str(disk)], check=True)


@pytest.fixture
def for_all(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A home that others can look into; what is in it has the mode that the test gives it."""
    home = Path(tempfile.mkdtemp())
    home.chmod(0o755)
    for name in ("cache", "config"):
        monkeypatch.setenv(f"DYNACLI_{name.upper()}_DIR", str(home / name))
    monkeypatch.chdir(home)
    yield home
    for path in (home, *home.rglob("*")):
        if path.is_dir():
            path.chmod(0o700)
    shutil.rmtree(home)


def _let_others(home: Path, *, read: bool) -> None:
    for path in (
        home / "cache",
        *(home / "cache").rglob("*"),
        home / "config",
        *(home / "config").rglob("*"),
    ):
        if path.is_relative_to(home / "cache") and not read:
            path.chmod(0o700 if path.is_dir() else 0o600)
        else:
            path.chmod(0o555 if path.is_dir() else 0o444)


def _somebody() -> tuple[Step, ...]:
    """Return the step that makes modes count."""
    return ((become_nobody,),) if os.geteuid() == 0 else ()


@pytest.mark.sampled(3)
@pytest.mark.parametrize("mode", ["background", "blocking", "never"])
@pytest.mark.parametrize(
    "read", [True, pytest.param(False, marks=is_root)], ids=["read-only", "of-somebody-else"]
)
@pytest.mark.usefixtures("for_all", "served")  # in this order
def test_a_cache_that_cannot_be_written(
    read: bool, mode: str, for_all: Path, forks: Forks, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is in it is used; what is not is fetched and compiled by each run for itself."""
    age(for_all, 2 * DAY)
    _let_others(for_all, read=read)
    monkeypatch.setenv("DYNACLI_REFRESH", mode)
    before = {path: path.stat().st_mtime_ns for path in for_all.rglob("*")}
    is_old = read and mode != "blocking"
    path = save(pets(), "another.json")
    Path(path).chmod(0o644)
    for _ in range(2):
        result, *others, refreshed, pinned, cleared = _each(
            forks,
            *_somebody(),
            (run, *LIST),
            (run, "document", "shop"),
            (run, "shop", "list-pets", "--dry-run", "json"),
            (run, "describe", "shop", "get-pet"),
            (run, "api", "list"),
            (run, "cache", "info"),
            (run, "operations", path),
            (run, *LIST, "--refresh"),
            (run, "api", "refresh", "shop"),
            (run, "api", "pin", "shop"),
            (run, "cache", "clear"),
        )
        assert (PETS if is_old else NEW_NAMES) == _names(result)
        assert is_old is (NOT_KEPT not in result.stderr)
        assert [0] * 7 == [other.exit_code for other in others], [other.stderr for other in others]
        assert_ended(refreshed, 0, NOT_KEPT)
        assert (12 if read else 8) == pinned.exit_code, pinned.stderr
        assert (12 if read else 0) == cleared.exit_code, cleared.stderr
    assert before == {path: path.stat().st_mtime_ns for path in before}


def test_an_empty_directory_that_cannot_be_written(for_all: Path, server: Recorder, forks: Forks) -> None:
    """Nothing can be kept, and everything works."""
    (for_all / "cache").mkdir(mode=0o555)
    served = Served(server, OLD)
    for result in _each(
        forks,
        *_somebody(),
        (run, "operations", served.url),
        (run, served.url, "list-pets", "--dry-run"),
        (run, "document", served.url),
    ):
        assert 0 == result.exit_code, result.stderr
        assert NOT_KEPT in result.stderr
    assert [] == list((for_all / "cache").iterdir())


@is_root
def test_without_a_home_it_says_what_is_missing(for_all: Path, forks: Forks, server: Recorder) -> None:
    """If neither `HOME` nor the list of users tells of a home, directories have to be named."""
    served = Served(server, OLD)
    path = Path(save(pets()))
    path.chmod(0o644)
    names = ("HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME")
    nowhere = ((without_variables, *names, "DYNACLI_CACHE_DIR", "DYNACLI_CONFIG_DIR"), (become_nobody,))
    lines = ("operations ./api.json", f"operations {served.url}", "api list", "cache info")
    for result in _each(forks, *nowhere, *((run, *line.split()) for line in lines)):
        assert 12 == result.exit_code, result.stderr
        assert "There is no home directory" in result.stderr
        assert "DYNACLI_CACHE_DIR" in result.stderr
    for result in _each(forks, *nowhere, (run, "--version"), (run, "--help"), (run, "help", "errors")):
        assert 0 == result.exit_code, result.stderr
    for_all.chmod(0o777)
    named = ((without_variables, *names), (become_nobody,))
    lines = ("operations ./api.json", f"api add shop {served.url}", " ".join(LIST), "api list")
    for result in _each(forks, *named, *((run, *line.split()) for line in lines)):
        assert 0 == result.exit_code, result.stderr


@pytest.mark.exhaustive
@pytest.mark.parametrize("years", [-YEARS, YEARS], ids=["back", "forward"])
def test_a_clock_that_was_wrong_spoils_nothing(
    years: float, server: Recorder, forks: Forks, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Documents come and go while the clock is wrong, and after it was set right, in their order."""
    monkeypatch.setenv("DYNACLI_REFRESH", "blocking")
    served = Served(server, OLD)
    wrong = (shift_clock, years)
    clocks: list[tuple[Step, ...]] = [(), (wrong,), (), (wrong,), ()]
    assert 0 == _last(forks, (run, "api", "add", "shop", served.url)).exit_code
    for number, clock in enumerate(clocks, 2):
        served.has(pets(str(number), f"{SERVER}/v{number}"))
        refreshed, result, listed, compared = _each(
            forks,
            *clock,
            (run, "api", "refresh", "shop"),
            (run, "shop", "list-pets", "--dry-run", "json"),
            (run, "api", "history", "shop", "-o", "json"),
            (run, "changes", "shop", "-o", "json"),
        )
        assert 0 == refreshed.exit_code
        assert "unchanged" not in refreshed.stderr
        assert (0, f"http://127.0.0.1:9/v{number}/pets") == (result.exit_code, result.json["url"])
        history, changes = listed.json, compared.json
        assert [str(count) for count in range(number, 0, -1)] == [row["version"] for row in history]
        assert [True] + [False] * (number - 1) == [row["current"] for row in history]
        assert [history[1]["revision"], history[0]["revision"]] == [changes["from"], changes["to"]]
        _is_whole(home)


@pytest.mark.parametrize("years", [-YEARS, YEARS], ids=["back", "forward"])
def test_a_document_from_another_time_is_asked_for_once(
    years: float, served: Served, forks: Forks, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whichever way the clock was set, a document counts as old, is asked for again, and is fresh then."""
    monkeypatch.setenv("DYNACLI_REFRESH", "blocking")
    for _ in range(2):
        assert NEW_NAMES == _names(_last(forks, (shift_clock, years), (run, *LIST)))
    assert 2 == len(served.asked)
    for _ in range(2):
        assert NEW_NAMES == _names(_last(forks, (run, *LIST)))
    assert 3 == len(served.asked)


@is_root
def test_a_project_file_of_another_user(for_all: Path, forks: Forks, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that may not be read is refused and holds no run up, and what another user trusts is not trusted here."""
    state = for_all / "state"
    monkeypatch.setenv("DYNACLI_STATE_DIR", str(state))
    project = for_all / "project"
    project.mkdir(mode=0o755)
    monkeypatch.chdir(project)
    save(pets())
    path = project / ".dynacli.toml"
    path.write_text('[apis.shop]\nsource = "api.json"\n')
    assert 0 == run_cli("config", "trust", "--yes").exit_code
    assert "shop" in str(run_cli("api", "list"))
    for place in (state, *state.rglob("*")):  # as for a group that shares one
        place.chmod(0o777 if place.is_dir() else 0o644)
    for_all.chmod(0o755)
    listed = _each(forks, (become_nobody,), (run, "api", "list"))[0]
    assert 0 == listed.exit_code
    assert "shop" not in str(listed)
    path.chmod(0)
    trusted, listed = _each(forks, (become_nobody,), (run, "config", "trust", "--yes"), (run, "api", "list"))
    assert_ended(trusted, 12, "permission denied")
    assert 0 == listed.exit_code
    assert "shop" not in str(listed)
