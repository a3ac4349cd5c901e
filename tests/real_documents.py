"""Finds whole OpenAPI documents to try dynacli on: a few of our own, and real ones that a clone does not bring."""

import os
import re
from argparse import ArgumentParser, Namespace
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from _pytest.mark import ParameterSet

FOLDER = Path(
    os.environ.get("DYNACLI_TEST_CORPUS") or Path(__file__).resolve().parents[2] / "shared" / "corpus"
)
"""The folder of real documents, which `DYNACLI_TEST_CORPUS` names."""

OWN = Path(__file__).with_name("whole_documents")
"""The folder of our own documents, which have a bit of everything that the real ones have."""

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


def own_and_real(own: Iterable[str], real: Iterable[str]) -> list[ParameterSet]:
    """Return the paths of documents as parameters of a test, which is left out if the real ones are missing."""
    is_missing = pytest.mark.skipif(not FOLDER.is_dir(), reason=f"there are no real documents in {FOLDER}")
    return [
        *(pytest.param(OWN / name, id=name) for name in own),
        *(pytest.param(FOLDER / name, id=name, marks=[pytest.mark.corpus, is_missing]) for name in real),
    ]


def parsed_with_folder(parser: ArgumentParser) -> Namespace:
    """Return the arguments of a program that reads a `folder`, by default that of the real documents.

    If there is none, the program ends with the exit code 3.
    """
    parser.add_argument("folder", nargs="?", type=Path, default=FOLDER)
    chosen = parser.parse_args()
    if not chosen.folder.is_dir():
        parser.exit(
            3, f"{chosen.folder} is missing (set DYNACLI_TEST_CORPUS to the folder of real documents)\n"
        )
    return chosen
