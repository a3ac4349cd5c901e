"""The configuration as a process reads it: once, as long as it is the same file."""

import os
import time
import tomllib
from pathlib import Path
from typing import Any

import pytest

from dynacli.environment import Environment
from dynacli.registry.configuration import Configuration
from tests.documents import pets, register


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
def path(home: Path) -> Path:
    """The configuration, with a registered API `shop`."""
    register("shop", pets())
    return home / "config" / "config.toml"


def _names() -> list[str]:
    return list(Configuration(Environment()).apis())


@pytest.mark.usefixtures("path")
def test_a_process_parses_it_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What one process asks twice is read once."""
    parser = _Parser(monkeypatch)
    assert (["shop"], ["shop"], 1) == (_names(), _names(), parser.count)


@pytest.mark.parametrize("keeps_time", [False, True])
def test_what_a_person_changes_counts_at_once(path: Path, keeps_time: bool) -> None:
    """An edit in the same file, of the same size, even one that sets the time back."""
    assert ["shop"] == _names()
    before = path.stat()
    time.sleep(0.02)  # the clock of a file system ticks every 4 ms, and no person edits within one tick
    with path.open("r+") as file:
        text = file.read()
        file.seek(0)
        file.write(text.replace("[apis.shop]", "[apis.club]"))
    if keeps_time:
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert (["club"], before.st_size) == (_names(), path.stat().st_size)


def test_another_file_in_its_place_counts_at_once(path: Path) -> None:
    """A file that is moved there, and one that is gone."""
    assert ["shop"] == _names()
    other = path.with_name("other")
    other.write_text(path.read_text().replace("[apis.shop]", "[apis.club]"))
    other.rename(path)
    assert ["club"] == _names()
    path.unlink()
    assert [] == _names()
