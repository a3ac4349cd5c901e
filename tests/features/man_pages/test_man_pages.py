"""The manual pages that a wheel installs below `share/man`."""

import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from dynacli.features.man_pages import man_pages
from dynacli.options.command import Command
from dynacli.options.command_table import COMMANDS


@pytest.fixture(scope="module")
def pages() -> dict[str, str]:
    """The pages of a version, by the names of their files."""
    return man_pages.man_pages("1.2.3", "2026-11-30")


_IMPORTED = """
import sys, dynacli.features.man_pages.man_pages as made
made.man_pages("1", "")
print(*{name.partition(".")[0] for name, module in sys.modules.items() if "site-packages" in str(module)})
"""


def test_the_build_has_the_libraries_that_it_imports() -> None:
    """An installer builds in an environment with those of `build-system` alone, and with what they bring along."""
    project = tomllib.loads((Path(__file__).parents[3] / "pyproject.toml").read_text(encoding="utf-8"))
    named = {re.split("[>=]", text)[0] for text in project["build-system"]["requires"]}
    assert {"hatchling", "markdown-it-py", "orjson"} == named
    ended = subprocess.run([sys.executable, "-c", _IMPORTED], capture_output=True, text=True, check=True)
    # markdown-it uses linkify-it if that is there; setuptools loads its own part into every Python.
    others = {"_distutils_hack", "dynacli", "linkify_it", "markdown_it", "mdurl", "orjson"}
    assert set() == set(ended.stdout.split()) - others


def _entries(entry: Command) -> Iterator[Command]:
    yield entry
    for command in entry.commands:
        yield from _entries(command)


def test_a_page_has_every_option_of_its_command(pages: dict[str, str]) -> None:
    """Also those of subcommands, and their help as in the table."""
    assert len(COMMANDS) + 1 == len(pages)
    for name, entry in COMMANDS.items():
        text = pages[f"dynacli-{name}.1"].replace("\\", "")
        options = {option for command in _entries(entry) if command.runs for option in command.all_options}
        assert set() == {
            option.flags[-1] for option in options if f"fB{', '.join(option.flags)}fR" not in text
        }
        assert {True} == {f"{command.name}" in text for command in _entries(entry)}


def test_the_page_of_dynacli_leads_to_the_others(pages: dict[str, str]) -> None:
    """It lists the commands, and has the sections that every manual page of a command has (man-pages(7))."""
    text = pages["dynacli.1"]
    assert set(pages) - {"dynacli.1"} == {
        f"{name.replace(chr(92), '')}.1"
        for name in re.findall(r"^\\fB(dynacli\\-.*)\\fR\(1\)$", text, re.MULTILINE)
    }
    found = re.findall(r'^\.SH "?([A-Z ]+)', text, re.MULTILINE)
    expected = [
        "NAME",
        "SYNOPSIS",
        "DESCRIPTION",
        "COMMANDS",
        "OPTIONS",
        "ENVIRONMENT",
        "EXIT STATUS",
        "EXAMPLES",
    ]
    assert [*expected, "SEE ALSO"] == found


_CHECKS = {
    "mandoc": ("mandoc", "-Tlint", "-Wwarning"),
    "groff": ("groff", "-ww", "-man", "-k", "-Tutf8", "-z"),
}


@pytest.mark.parametrize("program", _CHECKS)
def test_no_page_has_a_defect(program: str, pages: dict[str, str], tmp_path: Path) -> None:
    """Both programs that people read manual pages with warn of nothing."""
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed")
    for name, text in pages.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    command = [*_CHECKS[program], *(str(tmp_path / name) for name in pages)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (0, "", "") == (ended.returncode, ended.stdout, ended.stderr)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param(".so /etc/passwd", ".so /etc/passwd", id="request"),
        pytest.param("'so x", "'so x", id="request-without-a-break"),
        pytest.param(r"\fBx\n[y] \X'z'", r"\fBx\n[y] \X'z'", id="escapes"),
        pytest.param("--dry-run ^~`'\"", "--dry-run ^~`'\"", id="characters-of-a-shell"),
        pytest.param("give `--all` or `-f 'a b'`", "give --all or -f 'a b'", id="code"),
        pytest.param("one\n.two", "one\n.two", id="two-lines"),
    ],
)
def test_a_text_is_shown_as_it_is(text: str, shown: str) -> None:
    """No text is taken for a request or an escape of roff, and what is copied is what a shell takes."""
    if shutil.which("mandoc") is None:
        pytest.skip("mandoc is not installed")
    page = "\n".join(['.TH X 1 "" "" ""', ".SH X", *man_pages._paragraph(text), ""])
    command = ["mandoc", "-man", "-Tutf8", "-Owidth=78,indent=0"]
    ended = subprocess.run(command, input=page, capture_output=True, text=True, check=True)
    lines = [re.sub(".\b", "", line).strip() for line in ended.stdout.splitlines()]
    assert shown.split("\n") == [line for line in lines if line][2:-1]
