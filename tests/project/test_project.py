"""The project's own facts: what it depends on, what a wheel of it holds, and what its files never mention."""

import importlib.util
import json
import os
import re
import runpy
import subprocess
import sys
import tarfile
import tomllib
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
import yaml

from dynacli.environment import DISTRIBUTION, Program, become, how_to_install
from dynacli.guide.pages import page, topics
from dynacli.options.command_table import COMMANDS
from tests.harness import run_cli

ROOT = Path(__file__).resolve().parents[2]
_PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
_REQUIREMENT = re.compile(r"(?P<name>[A-Za-z0-9._-]+)(?P<extra>\[[^]]*\])?>=(?P<lower>[0-9.]+)(?:,<[0-9.]+)?")


def _requirements() -> dict[str, re.Match[str] | None]:
    return {text: _REQUIREMENT.fullmatch(text) for text in _PROJECT["dependencies"]}


@pytest.mark.parametrize("text", [*_PROJECT["dependencies"], *_PROJECT["optional-dependencies"]["test"]])
def test_every_dependency_has_a_lower_bound_and_no_extra(text: str) -> None:
    """A resolver cannot go back to something old, nor is anything drawn in by an extra such as `prance[osv]`."""
    found = _REQUIREMENT.fullmatch(text)
    assert found is not None
    assert found["extra"] is None


def test_openapi_core_brings_its_own_companions() -> None:
    """Named beside it, openapi-spec-validator or jsonschema-path let a resolver choose a very old openapi-core."""
    names = {found["name"] for found in _requirements().values() if found}
    assert {"prance", "openapi-core"} <= names
    assert set() == names & {"openapi-spec-validator", "openapi-schema-validator", "jsonschema-path"}


def test_the_libraries_that_are_reached_into_have_an_upper_bound() -> None:
    """Their next version may move what dynacli replaces inside them."""
    bounded = {found["name"] for text, found in _requirements().items() if found and "<" in text}
    assert {"openapi-core", "httpx", "click"} <= bounded


def test_the_console_script_is_the_program() -> None:
    """`dynacli` runs what the tests run, and nothing else is put on the path."""
    assert {"dynacli": "dynacli.__main__:run"} == _PROJECT["scripts"]
    assert ">=3.11" == _PROJECT["requires-python"]


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel of the project, built once."""
    if importlib.util.find_spec("hatchling") is None:
        pytest.skip("hatchling, which builds the wheel, is not installed")
    directory = tmp_path_factory.mktemp("wheel")
    flags = ["--no-deps", "--no-build-isolation", "--quiet", "--wheel-dir", str(directory)]
    subprocess.run([sys.executable, "-m", "pip", "wheel", *flags, str(ROOT)], check=True, capture_output=True)
    return next(directory.glob("dynacli_openapi-*.whl"))


@pytest.mark.exhaustive
def test_a_wheel_holds_all_that_the_package_reads(wheel: Path) -> None:
    """The shipped document, all data, every page of the manual, the type marker, and every module are in it."""
    names = set(ZipFile(wheel).namelist())
    package = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "dynacli").rglob("*")
        if path.is_file() and path.suffix in {".py", ".md", ".json", ".typed"}
    }
    assert "dynacli/py.typed" in package
    assert set() == (package | {"dynacli/shipped/armature.json"}) - names


@pytest.mark.exhaustive
def test_a_wheel_holds_nothing_else(wheel: Path) -> None:
    """Neither tests nor caches travel."""
    tops = {name.partition("/")[0] for name in ZipFile(wheel).namelist()}
    start = f"dynacli_openapi-{_PROJECT['version']}"
    assert {"dynacli", f"{start}.data", f"{start}.dist-info"} == tops


def test_a_build_from_git_says_its_commit(wheel: Path, tmp_path: Path) -> None:
    """`--version` has the commit that `git log` names, and its date; where git is missing, the version alone."""
    ZipFile(wheel).extractall(tmp_path)  # noqa: S202  - it was built just now
    command = [sys.executable, "-P", "-m", "dynacli", "--version"]
    said = [
        subprocess.run(command, env={**os.environ, "PYTHONPATH": str(path)}, check=True, capture_output=True)
        for path in (tmp_path, ROOT)
    ]
    log = ["git", "-C", str(ROOT), "log", "-1", "--abbrev=12", "--format=%h(?:-dirty)? %cs"]
    commit = subprocess.run(log, check=False, capture_output=True, text=True).stdout.strip()
    version = rf"dynacli {re.escape(_PROJECT['version'])}"
    assert re.fullmatch(rf"{version} \({commit}\)\n" if commit else rf"{version}\n", said[0].stdout.decode())
    assert re.fullmatch(rf"{version}\n", said[1].stdout.decode())


def test_every_command_has_a_manual_page(wheel: Path) -> None:
    """An installer puts `dynacli.1`, and a page for each command, where `man` finds them."""
    start = f"dynacli_openapi-{_PROJECT['version']}.data/data/share/man/man1/"
    found = {name.removeprefix(start) for name in ZipFile(wheel).namelist() if name.startswith(start)}
    assert {"dynacli.1", *(f"dynacli-{name}.1" for name in COMMANDS)} == found


@pytest.mark.exhaustive
def test_a_source_distribution_makes_the_same_wheel(wheel: Path, tmp_path: Path) -> None:
    """Also without git, inside of another repository, and with another time zone, each byte is the same."""
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "sdist", "-d", str(tmp_path)], cwd=ROOT, check=True
    )
    (archive,) = tmp_path.glob("dynacli_openapi-*.tar.gz")
    subprocess.run(["git", "init", "--quiet", str(tmp_path)], check=True)
    with tarfile.open(archive) as file:
        file.extractall(tmp_path, filter="data")
    sources = archive.with_name(archive.name.removesuffix(".tar.gz"))
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(build, cwd=sources, env={**os.environ, "TZ": "Asia/Tokyo"}, check=True)
    assert wheel.read_bytes() == (tmp_path / wheel.name).read_bytes()


def test_the_shipped_document_is_the_one_in_the_checkout(wheel: Path) -> None:
    """`cache/` and the wheel have the same bytes."""
    shipped = ZipFile(wheel).read("dynacli/shipped/armature.json")
    assert (ROOT / "cache" / "armature.json").read_bytes() == shipped


@pytest.mark.exhaustive
@pytest.mark.skipif(
    not os.environ.get("DYNACLI_TEST_LOWEST"), reason="installs packages; DYNACLI_TEST_LOWEST=1 runs it"
)
def test_the_lower_bounds_are_true(wheel: Path, tmp_path: Path, home: Path) -> None:  # noqa: ARG001
    """With the lowest version of every direct dependency, a validated call of the demo works and warns of nothing."""
    constraints = tmp_path / "constraints.txt"
    lines = [f"{found['name']}=={found['lower']}\n" for found in _requirements().values() if found]
    constraints.write_text("".join(lines))
    programs = tmp_path / "lowest" / "bin"
    subprocess.run([sys.executable, "-m", "venv", str(tmp_path / "lowest")], check=True)
    # pip reads its own variables and configuration, as on any machine.
    install = [
        str(programs / "python"),
        "-m",
        "pip",
        "install",
        "--quiet",
        "-c",
        str(constraints),
        str(wheel),
    ]
    subprocess.run(install, check=True, capture_output=True)
    ended = subprocess.run(
        [
            str(programs / "python"),
            *("-W", "error::DeprecationWarning:dynacli", "-m", "dynacli"),
            *("demo", "search-runs", "--page-size", "2", "--validate", "strict"),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (0, "") == (ended.returncode, ended.stderr)
    assert 2 == len(json.loads(ended.stdout)["rows"])


_INSTALLS_ANOTHER = re.compile(
    r"\b(?:install|uv add|poetry add|download|uvx|--with)\b[^`&|;\n]*?[ '\"]dynacli(?![\w./-])"  # as a package
    r"|\bdynacli\[(?:tui|mcp|httpx2|test)"  # an extra of it
    r"|[\"']dynacli\s*(?:[~=!<>]=|[<>]\d|@)",  # a requirement
    re.IGNORECASE,
)
_INSTALLS_BY_NAME = re.compile(
    r"\b(?:install|uv add|poetry add|download|uvx|--with)\b[^`&|;\n]*?[ '\"]dynacli-openapi\b", re.IGNORECASE
)


@pytest.mark.parametrize(
    "text",
    [
        *(
            "pip install dynacli",
            "`pip install 'dynacli[tui]'`",
            "pipx install dynacli",
            "uv tool install dynacli",
        ),
        *(
            "uvx dynacli demo",
            "python -m pip install -U dynacli",
            'dependencies = ["dynacli~=0.1.0"]',
            "dynacli[mcp]",
        ),
        *('"dynacli >= 1"', "uv add dynacli", "uvx --from dynacli armature", '"dynacli @ https://a/b.whl"'),
        *("Install dynacli again",),
    ],
)
def test_a_text_that_installs_another_project_is_found(text: str) -> None:
    """The pattern of the next test knows each way to say it."""
    assert _INSTALLS_ANOTHER.search(text)
    assert not _INSTALLS_ANOTHER.search(text.replace("dynacli", "dynacli-openapi"))


@pytest.mark.exhaustive
def test_nothing_that_is_printed_or_written_installs_another_project(tmp_path: Path) -> None:
    """`dynacli` on the package index is not dynacli: texts, pages of baked tools and their packages name our own."""
    texts = {
        str(path): path.read_text(encoding="utf-8", errors="replace")
        for path in _files()
        if path.suffix in {".py", ".md", ".toml", ".yml", ""} and "tests" not in path.parts
    }
    for words in ((), ("--package",)):
        result = run_cli(
            "bake", "shop", "--api", "demo", "--out", str(tmp_path / f"shop{len(words)}"), *words
        )
        assert 0 == result.exit_code
        texts[f"bake {words}"] = result.stdout + result.stderr
    module = tmp_path / "shop1" / "shop_cli"
    executable = ZipFile(tmp_path / "shop0").read("__main__.py").decode()
    texts |= {"package": (module / "__init__.py").read_text(), "executable": executable}
    project = (tmp_path / "shop1" / "pyproject.toml").read_text()
    assert [f"dynacli-openapi~={_PROJECT['version']}"] == tomllib.loads(project)["project"]["dependencies"]
    tool = {**runpy.run_path(str(module / "__init__.py"))["TOOL"], "inside": str(module / "document.zip")}
    before = become(Program(**tool))
    try:
        texts |= {f"shop help {topic}": page(topic) or "" for topic, _ in topics()}
    finally:
        become(before)
    assert "pip install '.[tui]'" in texts["shop help explore"]
    # Nobody holds this name on the public index, either.
    assert _INSTALLS_BY_NAME.search("pip install 'dynacli-openapi[tui]'")
    assert {} == {name: found[0] for name, text in texts.items() if (found := _INSTALLS_BY_NAME.search(text))}
    assert {} == {
        name: found[0]
        for name, text in texts.items()
        if (found := _INSTALLS_ANOTHER.search(text.replace("import dynacli", "")))
    }


def test_the_package_is_called_as_messages_call_it() -> None:
    """What a hint tells to install is what `pyproject.toml` names, with extras that it has."""
    assert DISTRIBUTION == _PROJECT["name"]
    assert "`pip install '.[mcp]'` in the checkout of dynacli" == how_to_install("mcp")
    assert {"mcp", "tui", "httpx2"} <= set(_PROJECT["optional-dependencies"])


_UNOWNED = re.compile(
    r"(?:git(?:hub|lab|hubusercontent)\.com|ghcr\.io|codecov\.io/gh)[/:]dynacli\b"
    r"|\bdynacli\.(?:github|gitlab|readthedocs)\.io|--repo[ =]dynacli/|\bgh:dynacli/",
    re.IGNORECASE,
)
"""Accounts and hosts with the name of dynacli, which anybody could register."""


@pytest.mark.parametrize("host", ["github.com/{}/{}", "git@github.com:{}/{}.git", "{}.github.io/{}"])
def test_an_address_without_an_owner_is_found(host: str) -> None:
    """The pattern of the next test knows links, sources of Git and websites."""
    assert _UNOWNED.search(host.format("dynacli", "dynacli"))
    assert not _UNOWNED.search(host.format("cli", "dynacli"))


@pytest.mark.exhaustive
def test_no_text_leads_to_an_address_without_an_owner(tmp_path: Path, home: Path) -> None:  # noqa: ARG001
    """Whoever registers such an account or host would get the first commands of users."""
    texts = {
        path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8", errors="replace")
        for path in _files()
    }
    formats = ("postman", "insomnia", "har", "hurl", "markdown", "html")
    for words in (
        *(("help", topic) for topic, _ in topics()),
        *((command, "--help") for command in COMMANDS),
        *(("export", "demo", "--to", name) for name in formats),
        *(("skill", "demo"), ("--version",), ("doctor",), ("demo", "get-run"), ("./no.json",)),
        ("bake", "shop", "--api", "demo", "--out", str(tmp_path / "shop"), "--package"),
    ):
        result = run_cli(*words)
        texts[" ".join(words)] = result.stdout + result.stderr
    for path in (tmp_path / "shop").rglob("*"):
        if path.is_file():
            texts[path.name] = path.read_bytes().decode("latin-1")
    assert {} == {name: found[0] for name, text in texts.items() if (found := _UNOWNED.search(text))}


_PLACES = (f"{ROOT}/", f"{Path.home()}/")
"""The checkout, and the home of the person who runs the tests."""

_TOPS = (
    *("README.md", "CHANGELOG.md", "pyproject.toml", ".gitignore", ".pre-commit-config.yaml"),
    *(".ci", ".github", "cache", "dynacli", "tests"),
)


def _files() -> list[Path]:
    found = []
    for top in _TOPS:
        path = ROOT / top
        found.extend([path] if path.is_file() else sorted(path.rglob("*")))
    return [
        path
        for path in found
        if path.is_file() and "__pycache__" not in path.parts and path.suffix not in {".pyc", ".sqlite"}
    ]


def test_no_file_mentions_the_place_where_it_was_written() -> None:
    """What stands in a file is true wherever the checkout is."""
    mentions = {
        path.relative_to(ROOT).as_posix()
        for path in _files()
        if any(place.encode() in path.read_bytes() for place in _PLACES)
    }
    assert set() == mentions


_WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


@pytest.mark.parametrize("path", _WORKFLOWS, ids=lambda path: path.stem)
def test_a_workflow_is_what_it_was_when_it_was_read(path: Path) -> None:
    """A tag of an action can be moved, a commit cannot. And a job has no right that it does not name."""
    actions = re.findall(r"uses: (.*)", text := path.read_text(encoding="utf-8"))
    assert [] == [
        action for action in actions if not re.fullmatch(r"[\w./-]+@[0-9a-f]{40} # v[0-9.]+", action)
    ]
    workflow = yaml.safe_load(text)
    assert workflow["permissions"] in ({}, {"contents": "read"})
    assert all("timeout-minutes" in job for job in workflow["jobs"].values())


def test_what_publishes_runs_no_code_of_the_repository() -> None:
    """The job that the index trusts only passes on what another job has built."""
    jobs = yaml.safe_load((ROOT / ".github" / "workflows" / "release.yml").read_text(encoding="utf-8"))[
        "jobs"
    ]
    trusted = {name: job for name, job in jobs.items() if "id-token" in job.get("permissions", {})}
    assert {"attest", "publish"} == set(trusted)
    steps = [step for job in trusted.values() for step in job["steps"]]
    assert set() == {key for step in steps for key in step} - {"uses", "with"}
    assert not any("checkout" in step["uses"] for step in steps)


def test_no_file_holds_both_sides_of_a_conflict() -> None:
    """A merge is finished, also in a text, in which a parser does not find its marks."""
    marks = re.compile(rb"^(<{7}|>{7}) ", re.MULTILINE)
    unfinished = {path.relative_to(ROOT).as_posix() for path in _files() if marks.search(path.read_bytes())}
    assert set() == unfinished


def test_nothing_but_the_agreed_stands_at_the_top() -> None:
    """The top of the project is one look."""
    agreed = {"CHANGELOG.md", "LICENSE", "README.md", "cache", "dynacli", "pyproject.toml", "tests"}
    assert agreed == {path.name for path in ROOT.iterdir() if not path.name.startswith(".")} - {
        "build",
        "dist",
    }
