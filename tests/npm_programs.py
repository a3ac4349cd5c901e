"""Programs from npm that judge from outside what dynacli writes and sends.

They are looked for in the folder that `DYNACLI_TEST_NPM` names, where `npm install --prefix FOLDER ...` put them.
"""

import os
from pathlib import Path

import pytest

__all__ = ["package", "program"]

# Before a test begins: in a test no variable of dynacli's is left.
_FOLDER = os.environ.get("DYNACLI_TEST_NPM", "")


def program(name: str) -> str:
    """Return the path of a program; a test that needs it is skipped where it is not installed."""
    path = Path(_FOLDER) / "node_modules" / ".bin" / name
    if not _FOLDER or not path.exists():
        pytest.skip(f"`{name}` is not installed (set DYNACLI_TEST_NPM to the folder it was installed into)")
    return str(path)


def package(name: str) -> Path:
    """Return the folder of a package; a test that needs it is skipped where it is not installed."""
    path = Path(_FOLDER) / "node_modules" / name
    if not _FOLDER or not path.is_dir():
        pytest.skip(f"`{name}` is not installed (set DYNACLI_TEST_NPM to the folder it was installed into)")
    return path
