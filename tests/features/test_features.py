"""An ability is a folder: one is added with four files and a line, and removed with its folder and its line."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

_ROOT = Path(__file__).resolve().parents[2]
_MAP = "dynacli/options/command_table.py"
_REMOVED = ("bake", "cache", "diff", "document", "doctor", "export", "mcp", "mock", "proxy", "skill")
_REMOVED_STAGES = ("jq", "project_file", "specification")
_FILES = {
    "__init__.py": '"""`dynacli greet`: says hello."""\n',
    "entry.py": '''"""The entry of this ability in the table of commands."""

from dynacli.options.command import FIND, Argument, Command

COMMANDS = (
    Command(
        "greet",
        section=FIND,
        runs="features.greet.command:greet",
        help="Say hello to someone",
        examples=("dynacli greet Ada",),
        arguments=(Argument("name"),),
    ),
)
''',
    "command.py": '''"""`dynacli greet`."""

import click

from dynacli.commands.run import Run


@click.pass_obj
def greet(run: Run, name: str) -> None:
    """Run `greet`."""
    click.echo(f"Hello, {name}", file=run.env.stdout)
''',
    "greet.md": "# Greetings\n\n`dynacli greet ADA` greets Ada.\n",
}


def _copy(directory: Path, *names: str) -> Path:
    """Copy folders and files of the project, and return where."""
    for name in names:
        source = _ROOT / name
        if source.is_dir():
            shutil.copytree(source, directory / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, directory / name)
    return directory


def _run(directory: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run Python with the project of a directory."""
    return subprocess.run(
        [sys.executable, *words],
        cwd=directory,
        env={**os.environ, "PYTHONPATH": str(directory), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


def _dynacli(directory: Path, *words: str) -> str:
    """Return what the program of a directory prints."""
    ended = _run(directory, "-m", "dynacli", *words)
    assert (0, "") == (ended.returncode, ended.stderr)
    return ended.stdout


@pytest.mark.exhaustive
def test_a_folder_with_four_files_is_an_ability(tmp_path: Path) -> None:
    """Its command runs, has a help page, completion, a line on the help page of dynacli, and a page of the manual."""
    copy = _copy(tmp_path, "dynacli", "cache")
    folder = copy / "dynacli" / "features" / "greet"
    folder.mkdir()
    for name, text in _FILES.items():
        (folder / name).write_text(text)
    table = copy / _MAP
    text = table.read_text()
    table.write_text(text.replace("_FEATURES = {\n", '_FEATURES = {\n    "greet": "greet",\n', 1))
    assert "Hello, Ada\n" == _dynacli(copy, "greet", "Ada")
    assert "Usage: dynacli greet [OPTIONS] NAME" in _dynacli(copy, "greet", "--help")
    assert re.search(r"greet +Say hello to someone", _dynacli(copy, "--help"))
    assert "greet" in _dynacli(copy, "__complete", "bash", "gre")
    assert "greets Ada" in _dynacli(copy, "help", "greet")


@pytest.mark.long
def test_a_program_without_thirteen_features_works(tmp_path: Path) -> None:
    """Each folder goes with its line of the map and its tests; what is left runs, and its tests pass."""
    copy = _copy(
        tmp_path, "dynacli", "cache", "tests", "pyproject.toml", "README.md", "CHANGELOG.md", ".github"
    )
    table = copy / _MAP
    lines = table.read_text().splitlines(keepends=True)
    for feature in (*_REMOVED, *_REMOVED_STAGES):
        shutil.rmtree(copy / "dynacli" / "features" / feature)
        shutil.rmtree(copy / "tests" / "features" / feature, ignore_errors=True)
        lines = [
            re.sub(rf'"{feature}", |, "{feature}"', "", line) if line.startswith("_STAGES") else line
            for line in lines
            if not re.fullmatch(rf'    "[a-z]+": "{feature}",\n', line)
        ]
    table.write_text("".join(lines))
    (copy / ".dynacli.toml").write_text("[apis.shop]\nsource = 'shop.json'\n")  # which nothing reads now
    page = _dynacli(copy, "--help")
    assert [] == [name for name in _REMOVED if re.search(rf"^ +{name} ", page, re.MULTILINE)]
    history = _dynacli(copy, "history", "--help")
    assert [True, False] == [
        bool(re.search(rf"^ +{name} ", history, re.MULTILINE)) for name in ("show", "export")
    ]
    organization = json.loads(_dynacli(copy, "demo", "get-org", "-o", "json"))
    assert "org_demo" == organization["organization"]["id"]
    tests = ("tests/options", "tests/commands/test_smoke.py", "tests/commands/test_describe.py")
    ended = _run(copy, "-m", "pytest", "-q", "-n", "2", "-p", "no:cacheprovider", *tests)
    assert 0 == ended.returncode, ended.stdout[-3000:]
