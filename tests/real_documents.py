"""Finds the real OpenAPI documents that dynacli is tried on: a folder of them that a clone does not bring."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

__all__ = ["FOLDER", "documents"]

FOLDER = Path(
    os.environ.get("DYNACLI_TEST_CORPUS") or Path(__file__).resolve().parents[2] / "shared" / "corpus"
)
"""The folder that `DYNACLI_TEST_CORPUS` names."""

_SUFFIXES = {".json", ".yaml", ".yml"}
# Of a version that can be used: others are refused, which has tests of its own.
_MARK = re.compile(
    rb"""(?:^|^ {0,8}"|^.?\{")(?:(?:openapi['"]? ?:\s*['"]?3\.[0-2])|(?:swagger['"]? ?:\s*['"]?2\.0))""",
    re.MULTILINE,
)


def documents(folder: Path) -> Iterator[Path]:
    """Yield every file of a folder that says that it is an OpenAPI document."""
    for path in sorted(folder.rglob("*")):
        if path.suffix in _SUFFIXES and path.is_file() and _MARK.search(path.read_bytes()):
            yield path
