"""The checks of the project, each by itself or several in a row: `python -m tests.tasks TASK...`.

`.ci/run` makes them all in a fresh virtual environment. A task that fails ends the row with its exit code.
"""

import argparse
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

COVERAGE = 95
"""The least coverage of the quick and the interactive tests, in percent, branches counted."""

_INTERACTIVE = (
    *("client", "openapi/schema", "registry", "request", "traffic"),
    *(
        "features/apis",
        "features/bake",
        "features/batch",
        "features/check",
        "features/explorer",
        "features/jq",
    ),
    *("features/learn", "features/mcp", "features/mock", "features/plans", "features/project_file"),
    *("features/proxy", "features/pytest_plugin", "features/sign_in", "features/sql", "features/stubs"),
    *("features/swagger2", "features/workflows"),
)
"""Folders whose exhaustive tests count for the coverage, since few of their tests are quick."""

_ROOMS = (
    *("auth", "client", "http", "media", "options", "registry", "request"),
    *("features/cache", "features/project_file", "features/sign_in"),
)
"""Folders whose tests are made with the newest Python, too."""

_ON_WINDOWS = (
    "tests/test_system.py",
    "tests/auth/test_stored_credentials.py",
    "tests/features/cache/test_cache_command.py",
    "tests/commands/test_smoke.py",
    "tests/http/test_redirects.py",
    "tests/media/test_decoded_responses.py",
    "tests/options",
    "tests/registry/test_history.py",
    "tests/request/test_bodies.py",
    "tests/validation/test_formats.py",
)
"""Tests that pass on Windows: no test of them takes a function of POSIX alone, permissions or symbolic links."""

_ROOT = Path(__file__).resolve().parents[1]


class Task(NamedTuple):
    """A check, and the commands that make it.

    Args:
        about: What it checks, for the help page.
        commands: Modules of Python with their words, in turn.
        variables: What is added to the environment.
    """

    about: str
    commands: tuple[tuple[str, ...], ...]
    variables: Mapping[str, str] = MappingProxyType({})


TASKS = {
    "lint": Task(
        "ruff, with every rule, and its formatter", (("ruff", "check"), ("ruff", "format", "--check"))
    ),
    "types": Task(
        "mypy, as strict as it can be, and for macOS and Windows",
        (
            ("mypy",),
            ("mypy", ".ci/hatch_build.py"),
            *(("mypy", "--platform", name, "--package", "dynacli") for name in ("darwin", "win32")),
        ),
    ),
    "test": Task("the quick tests", (("pytest", "-n", "auto"),)),
    "interactive": Task(
        "the longer tests of calls and features, which count for the coverage",
        (("pytest", "-n", "auto", "-m", "exhaustive", *(f"tests/{room}" for room in _INTERACTIVE)),),
    ),
    "exhaustive": Task(
        "the other tests that take long; those of other programs and servers need what `.ci/outside` installs",
        (("pytest", "-n", "auto", "-m", "exhaustive", *(f"--ignore=tests/{room}" for room in _INTERACTIVE)),),
    ),
    "httpx2": Task(
        "the tests of HTTP and of calls, with httpx2 in the place of httpx (`pip install '.[httpx2]'`)",
        (
            (
                "pytest",
                "-n",
                "auto",
                *(f"tests/{room}" for room in ("http", "client", "features/batch", "features/cache")),
            ),
        ),
        {"DYNACLI_HTTP": "httpx2"},
    ),
    "newest": Task(
        "the quick tests of calls and documents, for a newer Python than that of the others",
        (("pytest", "-n", "auto", *(f"tests/{room}" for room in _ROOMS)),),
    ),
    "windows": Task(
        "a part of the quick tests, for Windows; elsewhere `.ci/windows` makes a Python that Wine runs",
        (("pytest", *_ON_WINDOWS),),
        {"PYTHONUTF8": "1"},
    ),
    "coverage": Task(
        "the figure of the tests that ran before it, with PYTEST_ADDOPTS='--cov --cov-append --cov-report='",
        (("coverage", "report", "--format=total", f"--fail-under={COVERAGE}"),),
    ),
    "corpus": Task(
        "operations of real documents: help and example (`python -m tests.corpus`: all)",
        (("tests.corpus", "--processes", "2", "--reasons", "--most", "15"),),
    ),
    "wheel": Task(
        "the wheel: pip, pipx and uv install it, and the demo responds",
        (("tests.project.try_wheel",),),
    ),
    "site": Task(
        "the website of the manual, into `build/site`, and its links (`pip install '.[docs]'`)",
        (
            ("tests.website.pages",),
            ("mkdocs", "build", "--quiet", "--strict", "--config-file", ".github/site/mkdocs.yml"),
            ("tests.website.check_site",),
        ),
        {"NO_MKDOCS_2_WARNING": "1"},
    ),
    "bench": Task(
        "the way of one call, and what a newcomer reads (`python -m tests.bench`: ratios, on a quiet machine)",
        (("tests.bench.call_way",), ("tests.bench.newcomer",)),
    ),
}


def _main() -> int:
    lines = "\n".join(f"  {name:12}{task.about}" for name, task in TASKS.items())
    parser = argparse.ArgumentParser(
        prog="python -m tests.tasks",
        description=f"{__doc__}\n{lines}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("tasks", nargs="+", choices=TASKS, metavar="TASK", help="a task of the list above")
    for name in parser.parse_args().tasks:
        variables = {**os.environ, **TASKS[name].variables}
        for command in TASKS[name].commands:
            code = subprocess.run(
                [sys.executable, "-m", *command], cwd=_ROOT, env=variables, check=False
            ).returncode
            if code:
                return code
    return 0


if __name__ == "__main__":
    sys.exit(_main())
