"""Hostile documents are refused with a message that names the reason, or survived."""

import csv
import json
import subprocess
import sys
from pathlib import Path

import pytest

from dynacli.errors import DocumentError
from dynacli.openapi.document.load import Document, load
from dynacli.openapi.document.positions import positions_of

HOSTILE = Path(__file__).parents[1] / "hostile"


def _rows() -> list[dict[str, str]]:
    with (HOSTILE / "INDEX.tsv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


ROWS = _rows()
REFUSED = [row for row in ROWS if row["level"] == "read" and row["exit code"] != "0"]
READABLE = [row for row in ROWS if row not in REFUSED]


def _load(name: str) -> Document:
    return load((HOSTILE / name).read_bytes(), name)


def test_table_is_complete() -> None:
    """Every hostile document has one row, and every row has its document."""
    expected = sorted(path.name for path in HOSTILE.iterdir() if path.name != "INDEX.tsv")
    assert expected == sorted(row["file"] for row in ROWS)


@pytest.mark.sampled(5)
@pytest.mark.parametrize("row", REFUSED, ids=[row["file"] for row in REFUSED])
def test_refused_documents_say_why(row: dict[str, str]) -> None:
    """A document that cannot be used ends with its exit code, and the message holds the reason."""
    with pytest.raises(DocumentError) as caught:
        _load(row["file"])
    error = caught.value
    assert int(row["exit code"]) == error.exit_code
    assert row["phrase"] in f"{error.message}\n{error.reason}\n{error.hint}"


@pytest.mark.parametrize("row", READABLE, ids=[row["file"] for row in READABLE])
def test_survived_documents_go_all_the_way(row: dict[str, str]) -> None:
    """A document that can be used at all is scanned, resolved, reported on and located."""
    document = _load(row["file"])
    before = json.dumps(document.tree)
    assert isinstance(document.resolved, dict)
    located = positions_of(document.content, [problem.pointer for problem in document.problems])
    assert all(position.line >= 1 for position in located.values())
    assert document.scan is not None
    assert before == json.dumps(document.tree)


WATCHED = """
import pathlib, sys
from dynacli.openapi.document.load import load

def read(path):
    content = path.read_bytes()
    def job():
        document = load(content, "a")
        return document.scan, document.resolved, document.problems
    return job

jobs = [read(path) for path in map(pathlib.Path, sys.argv[1:])]
for job in jobs:  # everything that is imported when it is needed is there after this
    job()
seen = []
sys.addaudithook(lambda event, args: seen.append(event) if event.split(".")[0] in KINDS else None)
for job in jobs:
    job()
print(*sorted(set(seen)))
"""


@pytest.mark.exhaustive
def test_reading_a_document_opens_nothing() -> None:
    """While a document is read, no file is opened, no connection made and no program run."""
    kinds = {"open", "socket", "urllib", "http", "import", "subprocess", "exec", "compile", "ctypes"}
    script = f"KINDS = {kinds!r}\n{WATCHED}"
    paths = [str(HOSTILE / row["file"]) for row in READABLE]
    done = subprocess.run(
        [sys.executable, "-c", script, *paths], capture_output=True, text=True, check=True, timeout=120
    )
    # Importing inside a function asks for a module that is there already.
    assert set() == set(done.stdout.split()) - {"import"}
