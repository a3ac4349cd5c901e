"""A list is written as it is read: the same bytes, without the memory, and no longer than someone reads."""

import io
import os
import sqlite3
import subprocess
import sys
import tracemalloc
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from dynacli.environment import Environment
from dynacli.output.output_format import form_of
from dynacli.output.render import write_data, write_rows
from dynacli.text.terminal import Painter
from tests.documents import get, save_api
from tests.harness import run_cli

ROWS: list[dict[str, Any]] = [
    {"name": "a", "tags": [], "count": 1},
    {"name": "é \x1b[31m\u202e\r\n", "tags": ["x", "y: z"], "count": None},
    {"name": "no", "tags": {"deep": [{"deeper": True}]}, "count": 1.5},
]


class _Terminal(io.TextIOWrapper):
    def isatty(self) -> bool:
        return True


def _lines(rows: Iterable[dict[str, Any]], paint: Painter, width: int) -> Iterator[str]:
    return (f"{paint.bold(str(row['count']))} {width} {row['name'][:1]}" for row in rows)


@pytest.mark.parametrize("is_terminal", [False, True], ids=["pipe", "terminal"])
@pytest.mark.parametrize("output_format", ["auto", "json", "yaml", "raw", "text", "@list.json"])
@pytest.mark.parametrize("count", [0, 1, 3])
def test_rows_are_written_as_the_list_of_them_is(count: int, output_format: str, is_terminal: bool) -> None:
    """In each format, on a terminal or not, a list written row by row has the bytes of the list written whole."""
    written = []
    rows = ROWS[:count]
    for is_whole in (True, False):
        content = io.BytesIO()
        stdout = (_Terminal if is_terminal else io.TextIOWrapper)(content, encoding="utf-8")
        env = Environment(stdout=stdout, stderr=io.StringIO(), variables={"TERM": "xterm"})
        if is_whole:
            write_data(
                env, rows, form_of(output_format), lambda paint, width: "\n".join(_lines(rows, paint, width))
            )
        else:
            write_rows(
                env, iter(rows), form_of(output_format), lambda paint, width: _lines(rows, paint, width)
            )
        file = Path("list.json")
        written.append((content.getvalue(), file.read_bytes() if file.exists() else b""))
        file.unlink(missing_ok=True)
    assert any(written[0])
    assert written[0] == written[1]


@pytest.mark.exhaustive
@pytest.mark.parametrize("output_format", ["json", "text"])
def test_a_list_of_any_length_takes_no_memory(output_format: str) -> None:
    """Twenty thousand rows of a kilobyte need less than two thousand of them would."""
    rows: Iterator[dict[str, Any]] = ({"name": "x" * 1000, "count": number} for number in range(20_000))
    with open(os.devnull, "w", encoding="utf-8") as nowhere:
        env = Environment(stdout=nowhere, stderr=io.StringIO(), variables={})
        tracemalloc.start()
        try:
            write_rows(env, rows, form_of(output_format), lambda paint, width: _lines(rows, paint, width))
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert peak < 2_000_000


def _long_document(count: int) -> str:
    return save_api(*(get(f"/{number}", f"get{number}") for number in range(count)))


@pytest.mark.exhaustive
def test_a_list_that_nobody_reads_on_ends_quietly() -> None:
    """The first line is there at once; when the pipe is closed after it, the run ends without a message."""
    api = _long_document(3000)
    assert 0 == run_cli(api).exit_code  # compiled
    command = [sys.executable, "-m", "dynacli", "operations", api, "-o", "text"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert b"  get0  " == process.stdout.readline()[:8]
        process.stdout.close()
        assert b"" == process.stderr.read()
    assert 141 == process.wait() % 256 or -13 == process.returncode


@pytest.mark.exhaustive
@pytest.mark.parametrize("output_format", ["json", "text", "yaml"])
def test_a_list_goes_on_where_the_catalog_is_damaged(output_format: str, home: Path) -> None:
    """A row that cannot be read is found when a part of the list is written: the rest comes from a new catalog."""
    api = _long_document(400)
    words = ("operations", api, "-o", output_format)
    os.utime(api, (1_000_000_000, 1_000_000_000))  # a file that changed just now is read again
    whole = run_cli(*words)
    (path,) = home.rglob("*.sqlite")
    for _ in range(2):
        catalog = sqlite3.connect(path)
        catalog.execute("UPDATE operations SET tags = '[' WHERE id = 250")
        catalog.commit()
        catalog.close()
        again = run_cli(*words)
        assert (0, whole.stdout, "") == (again.exit_code, again.stdout, again.stderr)
    assert whole.stdout == run_cli(*words).stdout
