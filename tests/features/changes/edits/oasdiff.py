"""The program oasdiff, asked what it says of two documents.

`DYNACLI_TEST_OASDIFF` names it (`go install github.com/oasdiff/oasdiff@latest`).
"""

import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

# Before a test begins: in a test no variable of dynacli's is left.
_PROGRAM = os.environ.get("DYNACLI_TEST_OASDIFF", "")
_LEVELS = ("", "INFO", "WARN", "ERR")
_OF_NO_EDIT = ("api-version-", "api-major-version-")
"""Remarks that the version of the API should be another one."""
_SECONDS = 120


def ask(old: Mapping[str, Any], new: Mapping[str, Any], folder: Path) -> tuple[str, ...]:
    """Return `ID LEVEL` of each rule that it tells of; a test that asks is skipped if it is not installed.

    Args:
        folder: Where it may read files from.
    """
    if not os.path.isfile(_PROGRAM):
        pytest.skip("oasdiff is not installed (set DYNACLI_TEST_OASDIFF to the program)")
    paths = [folder / "old.json", folder / "new.json"]
    for path, tree in zip(paths, (old, new), strict=True):
        path.write_text(json.dumps(tree), encoding="utf-8")
    words = [_PROGRAM, "changelog", *map(str, paths), "--format", "json"]
    result = subprocess.run(words, capture_output=True, timeout=_SECONDS, check=True)
    found = {f"{change['id']} {_LEVELS[change['level']]}" for change in json.loads(result.stdout) or []}
    return tuple(sorted(line for line in found if not line.startswith(_OF_NO_EDIT)))


def differs(validation: bool | None, reported: tuple[str, ...], *, is_change: bool) -> bool:
    """Return whether a result is another one than that of the program.

    Its errors are what breaks, its warnings what may break; that something is told for information
    contradicts no result but that it breaks.

    Args:
        reported: What the program tells; nothing is not a result.
        is_change: Whether we tell of anything.
    """
    levels = {line.partition(" ")[2] for line in reported}
    if not reported or not is_change:
        return bool(reported)
    if validation:
        return "ERR" not in levels
    return "ERR" in levels if validation is None else bool(levels & {"ERR", "WARN"})
