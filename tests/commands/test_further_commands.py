"""Commands that other packages bring: one is called if no API has its name, and its words are its own."""

from pathlib import Path

import pytest

from tests.documents import pets, register
from tests.harness import run_cli

_COMMANDS = """
import click

@click.command()
@click.option("--profile", default="none")
@click.argument("word", default="")
def more(profile, word):
    click.echo(f"{profile} {word}")
"""


@pytest.fixture(autouse=True)
def _installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Install a package with the commands `more` and `shop`."""
    metadata = tmp_path / "more_of_it-1.dist-info"
    metadata.mkdir()
    (tmp_path / "more_of_it.py").write_text(_COMMANDS)
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: more-of-it\nVersion: 1\n")
    (metadata / "entry_points.txt").write_text(
        "[dynacli.commands]\nmore = more_of_it:more\nshop = more_of_it:more\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))


def test_a_command_of_another_package_takes_its_own_options(capsys: pytest.CaptureFixture[str]) -> None:
    """Also those that have the names of dynacli's options, such as `--profile`."""
    assert 0 == run_cli("more", "--profile", "p", "w").exit_code
    assert "p w\n" == capsys.readouterr().out


@pytest.mark.parametrize(
    "words",
    [
        pytest.param(("list-pets", "--limti", "1"), id="option"),
        pytest.param(("list-pest",), id="operation"),
        pytest.param(("create-pet", "--content-type", "text/none", "--offline"), id="before-it-is-opened"),
    ],
)
def test_an_api_wins_over_a_command_of_its_name(
    words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    """Whatever is wrong with the call: a word that was meant for the API is never given to another program."""
    register("shop", pets())
    result = run_cli("shop", *words)
    assert (2, "") == (result.exit_code, capsys.readouterr().out)
    assert f"{words[1] if len(words) > 1 else words[0]}" in result.stderr


def test_a_mistyped_command_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    """If neither an API nor a package has the name, dynacli's own commands are among the nearest names."""
    result = run_cli("serch")
    assert (2, "") == (result.exit_code, capsys.readouterr().out)
    assert "`search`" in result.stderr
