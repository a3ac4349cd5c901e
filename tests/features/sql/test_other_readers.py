"""The commands of the page about large mirrors, run with DuckDB, pandas and Datasette."""

import json
import os
import re
import shlex
from pathlib import Path

import pytest

import dynacli
from tests.harness import run_cli
from tests.npm_programs import run_program

pytestmark = [pytest.mark.exhaustive, pytest.mark.outside]

# Before a test begins: in a test no variable of dynacli's is left.
_READERS = os.environ.get("DYNACLI_TEST_READERS", "")
_PAGE = Path(dynacli.__file__).parent / "features" / "sql" / "sqlite-files.md"
_EXTENSION = "from duckdb_extensions import import_extension; import_extension('sqlite')"
"""Installs the extension from its package, so that DuckDB fetches nothing."""


def _blocks() -> list[str]:
    """Return the examples of the page; a blank line ends none."""
    blocks: list[list[str]] = []
    is_open = False
    for line in _PAGE.read_text(encoding="utf-8").splitlines():
        if line.startswith("    "):
            if not is_open:
                blocks.append([])
            blocks[-1].append(line[4:])
            is_open = True
        elif line:
            is_open = False
        elif is_open:
            blocks[-1].append("")
    return ["\n".join(block).strip() for block in blocks]


def test_the_page_about_large_mirrors(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each example works, and all programs see the same rows."""
    if not _READERS:
        pytest.skip(
            "DuckDB, pandas and Datasette are not installed (set DYNACLI_TEST_READERS to their folder)"
        )
    monkeypatch.setenv("DYNACLI_SHARD_COUNT", "2")
    _output(f"{_READERS}/bin/python", "-c", _EXTENSION)
    printed = []
    for block in _blocks():
        if not block.startswith("dynacli"):
            is_shell = block.startswith("datasette")
            words = shlex.split(block) if is_shell else ["python", "-c", block]
            printed.append(_output(f"{_READERS}/bin/{words[0]}", *words[1:]))
            continue
        for shard in ("0", "1") if "$" in block else ("0",):
            monkeypatch.setenv("JOB_COMPLETION_INDEX", shard)
            for line in block.replace("$JOB_COMPLETION_INDEX", shard).splitlines():
                result = run_cli(*shlex.split(line)[1:])
                assert 0 == result.exit_code, result.stderr
    by_duckdb, by_pandas, by_datasette, *joined = printed
    fails = _count("demo.sqlite", "select count(*) as n from runs where status = 'fail'")
    assert f" {fails} " in by_duckdb
    assert re.search(rf"fail +{fails}\n", by_pandas)
    assert min(fails, 100) == len(json.loads(by_datasette))
    assert 2 == len(joined)
    calls = sum(_count(f"shard-{shard}.sqlite", "select count(*) as n from tool_calls") for shard in (0, 1))
    assert all(re.search(rf"\b{calls}\b", program) for program in joined)


def _output(*words: str) -> str:
    ended = run_program(*words, HOME=str(Path.cwd()))
    assert 0 == ended.returncode, ended.stderr
    return ended.stdout


def _count(file: str, query: str) -> int:
    return int(run_cli("sql", "--file", file, query).json[0]["n"])
