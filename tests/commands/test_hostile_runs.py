"""Hostile documents through the command line: a clear end or a working command, never a defect."""

import csv
import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.harness import Result, run_cli

HOSTILE = Path(__file__).parents[1] / "hostile"


def _rows() -> list[dict[str, str]]:
    with (HOSTILE / "INDEX.tsv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


ROWS = _rows()
REFUSED = [row for row in ROWS if row["exit code"] != "0"]
USABLE = [row for row in ROWS if row["exit code"] == "0"]

ALIAS_BOMB = next(row for row in ROWS if row["file"] == "alias-bomb.yaml")
"""Takes a second to refuse."""

# What no message and no page may ever have in it.
NEVER = ("Traceback", "defect in dynacli", "\x1b", "\x9b", "\u202e")


def _run(*words: str) -> Result:
    result = run_cli(*words)
    for text in NEVER:
        assert text not in result.stderr
    return result


@pytest.mark.sampled(12)
@pytest.mark.parametrize(
    "row",
    [
        pytest.param(row, id=row["file"], marks=pytest.mark.exhaustive if row is ALIAS_BOMB else ())
        for row in REFUSED
    ],
)
def test_a_document_that_cannot_be_used_says_why(row: dict[str, str], home: Path) -> None:
    """Every run on it ends with its code and the reason, writes nothing to standard output and keeps nothing."""
    path = str(HOSTILE / row["file"])
    for words in (
        ("operations", path),
        (path, "--help"),
        (path, "list-pets", "--example", "--dry-run", "json"),
        ("api", "show", path),
        ("api", "add", "bad", path),
    ):
        result = _run(*words)
        assert (int(row["exit code"]), "") == (result.exit_code, result.stdout), words
        assert row["phrase"] in result.stderr
    assert [] == [found for found in home.rglob("*") if found.name == "current.json"]
    error = _run("operations", path, "--error-format", "json").error
    assert ("document", int(row["exit code"])) == (error["kind"], error["exit_code"])


@pytest.mark.sampled(3)
@pytest.mark.parametrize("row", USABLE, ids=[row["file"] for row in USABLE])
def test_a_document_that_can_be_used_is_used(row: dict[str, str]) -> None:
    """Its operations are listed, explained and built into requests; what was left out is told."""
    path = str(HOSTILE / row["file"])
    listed = _run("operations", path, "-o", "json")
    assert 0 == listed.exit_code
    assert 0 == _run("operations", path, "-o", "text").exit_code
    assert 0 == _run(path, "--help").exit_code
    assert 0 == _run("__complete", "zsh", path, "").exit_code
    shown = _run("api", "show", path, "-o", "text")
    assert 0 == shown.exit_code
    assert row["phrase"] in shown.stdout
    assert len(listed.json) == _run("api", "show", path, "-o", "json").json["operations"]
    assert (HOSTILE / row["file"]).read_bytes() == _run("document", path).stdout_bytes
    for listed_row in listed.json:
        assert 0 == _run(path, listed_row["name"], "--help").exit_code
        assert 0 == _run("describe", path, listed_row["name"], "-o", "json").exit_code
        assert 0 == _run("describe", path, listed_row["name"], "-o", "text").exit_code
        for level in ("off", "warn"):
            words = (path, listed_row["name"], "--example", "--dry-run", "json", "--validate", level)
            built = _run(*words, "--server", "https://api.example.com")
            assert built.exit_code in {0, 2}, built.stderr
            if built.exit_code == 0:
                assert built.json["url"].startswith("https://api.example.com/")


@pytest.mark.sampled(8)
@pytest.mark.parametrize("row", USABLE, ids=[row["file"] for row in USABLE])
def test_a_document_can_be_written_without_references(row: dict[str, str]) -> None:
    """`document --resolved` ends, with JSON or with a message that it would be too much."""
    result = _run("document", str(HOSTILE / row["file"]), "--resolved", "-o", "json")
    assert result.exit_code in {0, 8}
    if result.exit_code == 0:
        assert isinstance(json.loads(result.stdout_bytes), dict)
    else:
        assert "without references" in result.stderr


WATCHED = """
import os, sys
import dynacli; dynacli.is_own_process = True  # in other processes urllib3 is loaded, which binds a socket
from dynacli.__main__ import main

documents, cache = sys.argv[1].split(os.pathsep), os.environ["DYNACLI_CACHE_DIR"]
bad = set()
library = tuple(os.path.realpath(path) for path in (*sys.path, sys.prefix, sys.base_prefix) if path)

def hook(event, args):
    kind = event.partition(".")[0]
    if kind in {"socket", "subprocess", "ctypes", "urllib", "http", "ssl"} and event not in {"socket.__new__"}:
        bad.add(event)
    elif event in {"os.system", "os.exec", "os.posix_spawn", "os.fork"}:
        bad.add(event)
    elif event == "open" and isinstance(args[0], (str, bytes)):
        path = os.path.realpath(os.fsdecode(args[0]))
        if path not in documents and not path.startswith((cache, *library)) and path != os.devnull:
            bad.add(path)

sys.addaudithook(hook)
null = open(os.devnull, "w")
sys.stdout = sys.stderr = null
for document in documents:
    for words in (["operations", document, "-o", "json"], ["api", "show", document], [document, "--help"],
                  *([document, name, *more] for name in ("list-pets", "get-pets", "add-pet")
                    for more in (["--help"], ["--example", "--dry-run", "json"]))):
        code = main(words)
        assert code != 1, (document, words)
        if code == 8:
            break  # nothing else of it is any better
sys.stdout = sys.__stdout__
print(sorted(bad))
"""


@pytest.mark.exhaustive
@pytest.mark.parametrize(
    "rows",
    [
        pytest.param([row for row in ROWS if row is not ALIAS_BOMB][::3], id="some"),
        pytest.param(ROWS, id="all", marks=pytest.mark.exhaustive),
    ],
)
def test_a_document_touches_nothing_else(rows: list[dict[str, str]], home: Path) -> None:
    """Whatever a document refers to, no other file is opened, no connection made and no program run."""
    documents = [str((HOSTILE / row["file"]).resolve()) for row in rows]
    done = subprocess.run(
        [sys.executable, "-c", WATCHED, ":".join(documents)], capture_output=True, text=True, check=False
    )
    config = home / "config" / "config.toml"
    assert (0, "") == (done.returncode, done.stderr)
    assert set() == set(json.loads(done.stdout.replace("'", '"'))) - {str(config)}
