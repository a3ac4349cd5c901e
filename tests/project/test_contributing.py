"""What contributors are told is true: the files that are named exist, and the commands are there."""

import re
import tomllib
from itertools import pairwise
from pathlib import Path

import pytest
import yaml

from tests.tasks import TASKS
from tests.test_rooms import FLOORS

ROOT = Path(__file__).resolve().parents[2]
_PAGES = (".github/CONTRIBUTING.md", ".github/SECURITY.md", "README.md", "CHANGELOG.md")
_PATH = re.compile(r"`((?:dynacli|tests|cache|\.ci|\.github)/[^` ]*|[A-Z]+\.md|pyproject\.toml)")
_LINK = re.compile(r"\]\((?!https?://)([^)#]*)(?:#([^)]*))?\)")
_TASKS = re.compile(r"python -m tests\.tasks((?: [a-z0-9]+)+)")


def _text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", _PAGES)
def test_every_file_that_a_page_names_exists(name: str) -> None:
    """Whoever follows a page finds what it speaks of."""
    assert [] == [path for path in _PATH.findall(_text(name)) if not (ROOT / path).exists()]


def _leads_somewhere(page: Path, path: str, heading: str) -> bool:
    target = page.parent / path if path else page
    if not target.is_file():
        return False
    headings = re.findall(r"^#+ (.*)", target.read_text(encoding="utf-8"), re.MULTILINE)
    return not heading or heading in {text.lower().replace(" ", "-") for text in headings}


@pytest.mark.parametrize("name", _PAGES)
def test_every_link_of_a_page_leads_somewhere(name: str) -> None:
    """A relative link names a file, and after `#` a heading of it."""
    broken = [link for link in _LINK.findall(_text(name)) if not _leads_somewhere(ROOT / name, *link)]
    assert [] == broken


def test_contributing_names_every_room() -> None:
    """Each package has a row in the table."""
    named = set(re.findall(r"`dynacli/([a-z0-9_/]+)(?:/|\.py)`", _text(".github/CONTRIBUTING.md")))
    assert _PACKAGES == named & _PACKAGES


def _is_package(path: str) -> bool:
    return (ROOT / "dynacli" / path / "__init__.py").is_file()


_PACKAGES = {path for name in FLOORS if _is_package(path := name.replace(".", "/"))}


def test_contributing_shows_the_floors_in_their_order() -> None:
    """A package is imported by those above it; those of one line may be on several layers."""
    picture = _text(".github/CONTRIBUTING.md").partition("```text\n")[2].partition("```")[0]
    lines = [re.split(r" {3,}", line)[0].split() for line in picture.splitlines()]
    assert _PACKAGES == {name for line in lines for name in line}
    for above, below in pairwise(lines):
        assert max(map(_layer, below)) <= min(map(_layer, above))


def _layer(name: str) -> int:
    return FLOORS[name.replace("/", ".")]


@pytest.mark.parametrize("name", [".ci/run", ".github/CONTRIBUTING.md", "README.md"])
def test_every_task_that_is_named_is_there(name: str) -> None:
    """`python -m tests.tasks` knows each task by the name that it is called by elsewhere."""
    named = {task for tasks in _TASKS.findall(_text(name)) for task in tasks.split()}
    assert set() == named - set(TASKS)


def test_every_path_of_a_task_is_there() -> None:
    """A task names no folder and no file that has moved."""
    words = {
        word.removeprefix("--ignore=") for task in TASKS.values() for line in task.commands for word in line
    }
    assert [] == [word for word in sorted(words) if "/" in word and not (ROOT / word).exists()]


def test_the_checks_make_every_task() -> None:
    """`.ci/run` leaves none out but that for Windows; the quick tests run by the README's command."""
    made = {task for tasks in _TASKS.findall(_text(".ci/run")) for task in tasks.split()}
    assert set(TASKS) == made | {"test", "windows"}
    assert r"""grep -F "pip install '.[test]'" README.md""" in _text(".ci/run")
    assert 1 == _text("README.md").count("pip install '.[test]'")


def test_the_workflow_makes_the_same_checks() -> None:
    """A pull request runs `.ci/run`, some tests with the newest Python and on Windows, and nothing that you cannot."""
    jobs = yaml.safe_load(_text(".github/workflows/ci.yml"))["jobs"]
    made = {name: [step["run"] for step in job["steps"] if "run" in step] for name, job in jobs.items()}
    assert ["sudo .ci/system", ".ci/run"] == made.pop("checks")
    assert ["python -m pip install '.[test]'", "python -m tests.tasks newest"] == made.pop("newest-python")
    assert ["python -m pip install '.[test]'", "python -m tests.tasks windows"] == made.pop("windows")
    assert {"audit"} == set(made)


def test_the_hooks_are_programs_of_the_project() -> None:
    """What runs at a commit comes with the extra `test`, in the version that is installed."""
    (repository,) = yaml.safe_load(_text(".pre-commit-config.yaml"))["repos"]
    extra = tomllib.loads(_text("pyproject.toml"))["project"]["optional-dependencies"]["test"]
    programs = {hook["entry"].split()[0] for hook in repository["hooks"]}
    assert {"system"} == {hook["language"] for hook in repository["hooks"]}
    assert set() == programs - {requirement.partition(">=")[0] for requirement in extra}


def test_the_example_of_an_option_is_its_entry() -> None:
    """What contributors read about adding an option is what the table has, and such an entry is all it takes."""
    (example,) = re.findall(r"```python\n(.*?)```", _text(".github/CONTRIBUTING.md"), re.DOTALL)
    assert example in _text("dynacli/options/standard_options.py")
    (name,) = re.findall(r"(\w+): bool = ", example)
    named = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "dynacli").rglob("*.py")
        if re.search(rf"\b{name}\b|--{name.replace('_', '-')}\b", path.read_text(encoding="utf-8"))
    }
    assert {"dynacli/options/standard_options.py", "dynacli/commands/run.py"} == named
