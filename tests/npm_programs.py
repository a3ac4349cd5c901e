"""Programs from npm that validator from outside what dynacli writes and sends.

They are looked for in the folder that `DYNACLI_TEST_NPM` names, where `npm install --prefix FOLDER ...` put them.
"""

import os
import subprocess
from pathlib import Path

import pytest

# Before a test begins: in a test no variable of dynacli's is left.
_FOLDER = os.environ.get("DYNACLI_TEST_NPM", "")


def program(name: str, folder: str = "") -> str:
    """Return the path of a program; a test that needs it is skipped if it is not installed.

    Args:
        name: The name of the program.
        folder: The folder below that of all programs that it was installed into by itself; empty for that one.
    """
    path = Path(_FOLDER) / folder / "node_modules" / ".bin" / name
    if not _FOLDER or not path.exists():
        pytest.skip(f"`{name}` is not installed (set DYNACLI_TEST_NPM to the folder it was installed into)")
    return str(path)


def package(name: str) -> Path:
    """Return the folder of a package; a test that needs it is skipped if it is not installed."""
    path = Path(_FOLDER) / "node_modules" / name
    if not _FOLDER or not path.is_dir():
        pytest.skip(f"`{name}` is not installed (set DYNACLI_TEST_NPM to the folder it was installed into)")
    return path


def run_program(
    *words: str, cwd: str | Path = ".", stdin: str | None = None, **variables: str
) -> subprocess.CompletedProcess[str]:
    """Run a program to its end, two minutes at most, and return what it wrote.

    Args:
        words: The program and its arguments.
        cwd: The folder that it runs in.
        stdin: The text that it reads.
        variables: What is added to its environment.
    """
    return subprocess.run(
        words,
        cwd=cwd,
        env={**os.environ, "NO_COLOR": "1", "CI": "1", **variables},
        input=stdin,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
