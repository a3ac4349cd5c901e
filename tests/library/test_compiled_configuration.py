"""The compiled form of `config.toml`: read instead of it as long as it is the same file, and never anything else."""

import json
import os
import tomllib
from pathlib import Path
from typing import Any

import pytest

from dynacli.library.configuration import configuration
from tests.documents import pets, save
from tests.dry_runs import dry_run
from tests.harness import run_cli


class _Parser:
    """Counts how often TOML is parsed."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.count = 0
        self._load = tomllib.load
        monkeypatch.setattr(tomllib, "load", self._counting)

    def _counting(self, file: Any) -> dict[str, Any]:
        self.count += 1
        return self._load(file)


@pytest.fixture
def parser(home: Path, monkeypatch: pytest.MonkeyPatch) -> _Parser:
    """A registered API `shop`, and the times that TOML is parsed afterwards."""
    save(pets())
    assert 0 == run_cli("api", "add", "shop", "./api.json").exit_code
    assert (home / "config" / "config.toml").is_file()
    monkeypatch.setattr(configuration, "_SETTLED_NS", 0)
    return _Parser(monkeypatch)


def _run(word: str = "shop") -> int:
    """Run a command as a process of its own would, and return its exit code."""
    configuration._known.clear()
    return dry_run(word).exit_code


def _written(home: Path) -> Path:
    return home / "cache" / "configuration.json"


def test_toml_is_parsed_once(parser: _Parser, home: Path) -> None:
    """The first run writes the compiled form, and the next ones read it."""
    assert [0, 0, 0] == [_run(), _run(), _run()]
    assert (1, 0o600) == (parser.count, _written(home).stat().st_mode & 0o777)


def test_a_run_parses_toml_once(parser: _Parser, home: Path) -> None:
    """What one process asks twice is read once."""
    _written(home).mkdir()
    assert (0, 1) == (_run(), parser.count)


@pytest.mark.usefixtures("parser")
@pytest.mark.parametrize("keeps_time", [False, True])
def test_what_a_person_changes_counts_at_once(home: Path, keeps_time: bool) -> None:
    """An edit in the same file, of the same size, even one that sets the time back."""
    _run()
    path = home / "config" / "config.toml"
    before = path.stat()
    with path.open("r+") as file:
        text = file.read()
        file.seek(0)
        file.write(text.replace("[apis.shop]", "[apis.club]"))
    if keeps_time:
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert (2, 0, before.st_size) == (_run(), _run("club"), path.stat().st_size)


@pytest.mark.usefixtures("parser")
def test_another_file_in_its_place_counts_at_once(home: Path) -> None:
    """A file that is moved there, and one that is gone."""
    _run()
    path = home / "config" / "config.toml"
    other = path.with_name("other")
    other.write_text(path.read_text().replace("[apis.shop]", "[apis.club]"))
    other.rename(path)
    assert (2, 0) == (_run(), _run("club"))
    path.unlink()
    assert (2, 2) == (_run(), _run("club"))


@pytest.mark.sampled(4)
@pytest.mark.parametrize(
    "damage",
    ["", "{", "null", "[]", "[1, 2, 3]", '["{path}", [], {}]', '["{path}", {stamp}, 5]', "\0", "[" * 100_000],
)
def test_a_damaged_one_heals_itself(parser: _Parser, home: Path, damage: str) -> None:
    """`config.toml` is read then, and the compiled form written anew."""
    _run()
    path, stamp, tables = json.loads(_written(home).read_text())
    _written(home).write_text(damage.replace("{path}", path).replace("{stamp}", json.dumps(stamp)))
    assert (0, 2) == (_run(), parser.count)
    assert [path, stamp, tables] == json.loads(_written(home).read_text())


@pytest.mark.usefixtures("parser")
def test_that_of_another_file_counts_for_nothing(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two configurations may share a cache."""
    _run()
    monkeypatch.setenv("DYNACLI_CONFIG_DIR", str(home / "other"))
    assert 2 == _run()
    (home / "other").mkdir()
    (home / "other" / "config.toml").write_text("[apis.club]\nsource = '/nowhere'\n")
    assert (2, 8) == (_run(), _run("club"))


def test_a_file_that_has_just_changed_is_not_compiled(
    parser: _Parser, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may change again within the same tick of the file system's clock."""
    monkeypatch.setattr(configuration, "_SETTLED_NS", 10**12)
    assert (0, 0, 2) == (_run(), _run(), parser.count)
    assert not _written(home).exists()


def test_it_goes_with_the_cache(parser: _Parser, home: Path) -> None:
    """A cache that was cleared has nothing of it."""
    _run()
    assert 0 == run_cli("cache", "clear").exit_code
    assert (False, 0, 2) == (_written(home).exists(), _run(), parser.count)


def test_dates_stay_in_toml(parser: _Parser, home: Path) -> None:
    """JSON cannot hold everything that TOML can."""
    with (home / "config" / "config.toml").open("a") as file:
        file.write("since = 2026-01-01\n")
    assert (0, 0, 2) == (_run(), _run(), parser.count)
    assert not _written(home).exists()
