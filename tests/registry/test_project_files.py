"""`.dynacli.toml`: a project's own APIs, used only once a person has trusted this content at this path."""

import json
from pathlib import Path

import pytest

from tests.documents import pets, save
from tests.harness import Recorder, Result, json_response, run_cli

_FILE = ".dynacli.toml"
_TERMINAL = ("stdin", "stderr")


def _write(text: str, directory: Path | None = None) -> Path:
    path = (directory or Path.cwd()) / _FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def _shop(server: str = "") -> str:
    save(pets())
    line = f'server = "{server}"\n' if server else ""
    return f'[apis.shop]\nsource = "api.json"\n{line}'


def _trust(*words: str) -> Result:
    return run_cli("config", "trust", "--yes", *words)


def _names() -> list[str]:
    return [row["name"] for row in run_cli("api", "list", "-o", "json").json]


def test_a_file_is_used_once_a_person_has_trusted_it(server: Recorder) -> None:
    """Before `config trust` there is no such API and the error says why; afterwards it is called as any other."""
    server.responses["/pets"] = json_response([])
    path = _write(_shop(server.origin))
    before = run_cli("shop", "list-pets")
    assert (2, 0) == (before.exit_code, len(server.requests))
    assert f"`{path}` is not used, because it is not trusted" in before.stderr
    assert "dynacli config trust" in before.stderr
    assert [] == _names()
    assert 0 == _trust().exit_code
    assert ["shop"] == _names()
    after = run_cli("shop", "list-pets")
    assert (0, "/pets") == (after.exit_code, server.last.target)


def test_a_person_is_asked_about_what_is_shown() -> None:
    """On a terminal the file is shown whole, then a question; anything but yes trusts nothing."""
    _write(_shop("https://shop.example") + 'timeout = 5\n[apis.shop.policy]\ndeny = ["DELETE"]\n')
    no = run_cli("config", "trust", stdin=b"\n", terminal=_TERMINAL)
    assert ([], 11) == (_names(), no.exit_code)
    for line in (
        'source = "api.json"',
        'server = "https://shop.example"',
        "timeout = 5",
        'policy.deny = ["DELETE"]',
        "Credentials go to https://shop.example",
        "all others that begin with DYNACLI_SHOP_",
    ):
        assert f" {line}\n" in no.stderr
    yes = run_cli("config", "trust", stdin=b"y\n", terminal=_TERMINAL)
    assert (["shop"], 0) == (_names(), yes.exit_code)


def test_without_a_terminal_trust_needs_yes() -> None:
    """A script that does not say `--yes` is refused."""
    _write(_shop())
    result = run_cli("config", "trust", stdin=b"y\n")
    assert (11, []) == (result.exit_code, _names())
    assert "--yes" in result.stderr


@pytest.mark.parametrize("name", ["CLAUDECODE", "CODEX_SANDBOX", "AI_AGENT"])
@pytest.mark.parametrize("terminal", [(), _TERMINAL])
def test_an_agent_trusts_nothing(
    name: str, terminal: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An agent is refused, also with `--yes` and on a terminal, but uses what a person has trusted."""
    _write(_shop())
    monkeypatch.setenv(name, "1")
    result = run_cli("config", "trust", "--yes", stdin=b"y\n", terminal=terminal)
    assert (11, []) == (result.exit_code, _names())
    monkeypatch.delenv(name)
    _trust()
    monkeypatch.setenv(name, "1")
    assert ["shop"] == _names()


def test_a_changed_file_is_trusted_again() -> None:
    """Any change ends trust, and going back to the trusted content restores it."""
    path = _write(_shop())
    _trust()
    text = path.read_text()
    path.write_text(text + "# \n")
    assert [] == _names()
    assert "changed since it was trusted" in run_cli("shop").stderr
    path.write_text(text)
    assert ["shop"] == _names()


def test_untrust_forgets_a_file() -> None:
    """After `config untrust` the file is ignored, and it can be named after it was removed."""
    path = _write(_shop())
    _trust()
    assert 0 == run_cli("config", "untrust").exit_code
    assert [] == _names()
    _trust()
    text = path.read_text()
    path.unlink()
    assert 0 == run_cli("config", "untrust", ".").exit_code
    path.write_text(text)
    assert [] == _names()


def test_an_untrusted_file_is_one_note_on_a_terminal() -> None:
    """The note comes once, and never in a pipe."""
    path = _write(_shop())
    words = ("api", "list")
    assert 1 == run_cli(*words, terminal=("stderr",)).stderr.count(f"{path}")
    assert "" == run_cli(*words).stderr


def test_what_is_trusted_is_remembered_for_its_owner_alone(home: Path) -> None:
    """The record has path and SHA-256, and only its owner can read it."""
    path = _write(_shop())
    _trust()
    record = home / "state" / "projects" / "trusted.json"
    assert 0o600 == record.stat().st_mode & 0o777
    assert [str(path)] == list(json.loads(record.read_text())["files"])
