"""The configuration is read from its compiled form as long as nobody changes the file itself."""

import json
import os
import tomllib
from pathlib import Path
from typing import Any

import pytest

from dynacli.library.configuration.configuration import read_compiled
from tests.documents import pets, save
from tests.harness import run_cli


@pytest.fixture
def config() -> Path:
    """The configuration, after an API was registered."""
    assert 0 == run_cli("api", "add", "shop", save(pets())).exit_code
    return Path(os.environ["DYNACLI_CONFIG_DIR"]) / "config.toml"


def _names() -> list[str]:
    return [row["name"] for row in run_cli("api", "list", "-o", "json").json]


def test_what_dynacli_wrote_is_read_without_toml(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After `api add`, `tomllib` is not needed."""
    assert tomllib.loads(config.read_text()) == read_compiled(str(config))

    def refuse(*_: Any) -> Any:
        raise AssertionError("TOML was read")

    monkeypatch.setattr(tomllib, "load", refuse)
    assert "shop" in _names()


@pytest.mark.parametrize("is_same_size", [True, False])
def test_a_change_by_hand_counts_at_once(config: Path, is_same_size: bool) -> None:
    """Also one that leaves the size and the time of the file as they were."""
    before = config.stat()
    text = config.read_text()
    config.write_text(text.replace("[apis.shop]", "[apis.barn]" if is_same_size else "[apis.warehouse]"))
    os.utime(config, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert read_compiled(str(config)) is None
    assert "shop" not in _names()
    assert ("barn" if is_same_size else "warehouse") in _names()


@pytest.mark.parametrize("content", [b"", b"[", b"[1]", b"[[], {}]", b"{}", b"\xff", b"[" * 100_000])
def test_a_damaged_form_is_not_used(config: Path, content: bytes) -> None:
    """Whatever stands there, the file itself is read then."""
    config.with_name(".config.toml.json").write_bytes(content)
    assert read_compiled(str(config)) is None
    assert "shop" in _names()


def test_dates_are_left_to_toml(config: Path) -> None:
    """JSON has no dates, so a configuration with one is not kept."""
    config.write_text(f"since = 2026-01-01\n{config.read_text()}")
    assert 0 == run_cli("api", "add", "other", save(pets(), "other.json")).exit_code
    assert not config.with_name(".config.toml.json").exists()
    assert {"shop", "other"} <= set(_names())


def test_the_form_is_for_its_owner_alone(config: Path) -> None:
    """It says what the configuration says."""
    kept = config.with_name(".config.toml.json")
    assert 0o600 == kept.stat().st_mode & 0o777
    assert "shop" in json.loads(kept.read_text())[1]["apis"]


def test_a_removed_configuration_has_no_form(config: Path) -> None:
    """Nothing is registered any more when the file is gone."""
    config.unlink()
    assert "shop" not in _names()
