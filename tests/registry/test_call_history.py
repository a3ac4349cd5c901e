"""The file of the history: what is kept of calls, and that nothing that happens to the file breaks a call."""

import io
import json
import os
import sqlite3
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from dynacli.__main__ import main
from dynacli.environment import Environment
from dynacli.registry import call_history
from dynacli.registry.record_call import VERSION
from tests.documents import pets, save
from tests.harness import Recorder, Response, assert_ended, json_response, run_cli
from tests.registry.forked_runs import Forks, run, run_times
from tests.registry.surroundings import limit_file_size

_CALL = ("list-pets",)


@pytest.fixture
def api(server: Recorder) -> str:
    """An API that responds."""
    server.responses["/pets"] = Response(body=b'[{"id": 1, "name": "Tom"}]')
    return save(pets("1", server.origin))


@pytest.fixture
def history(home: Path) -> Path:
    """The file of the history."""
    return home / "state" / "history.sqlite"


def _commands() -> list[str]:
    """Return the command lines in the history, the latest first."""
    result = run_cli("history", "-o", "json")
    assert (0, "") == (result.exit_code, result.stderr)
    return [row["command"] for row in result.json]


def _calls(api: str, *more: str) -> str:
    """Make a call that succeeds, and return its messages."""
    result = run_cli(api, *_CALL, *more)
    assert 0 == result.exit_code
    return result.stderr


def test_a_call_is_kept_with_its_facts(api: str, server: Recorder) -> None:
    """A row has the time, the command line, the request, the response, and how the run ended."""
    before = time.time()
    assert "" == _calls(api)
    (row,) = run_cli("history", "-o", "json").json
    at, seconds = row.pop("at"), row.pop("seconds")
    assert before - 1 <= history_seconds(at) <= time.time()
    assert 0 < seconds < 60
    assert {
        "n": 1,
        "api": api,
        "cache": None,
        "operation": "list-pets",
        "command": f"dynacli {api} list-pets",
        "method": "GET",
        "url": f"{server.origin}/pets",
        "status": 200,
        "bytes": 26,
        "findings": 0,
        "exit_code": 0,
    } == row


def history_seconds(text: str) -> float:
    """Return a time of `history -o json` in seconds since 1970."""
    from datetime import datetime

    return datetime.fromisoformat(text).timestamp()


@pytest.mark.parametrize(
    ("words", "response", "kept"),
    [
        pytest.param((), Response(404, b"{}"), [404, 2, 1, 4], id="an-error"),
        pytest.param(("--no-fail",), Response(404, b"{}"), [404, 2, 1, 0], id="an-error-that-is-none"),
        pytest.param(("--validate", "off"), Response(), [200, 2, None, 0], id="not-judged"),
        pytest.param(("--server", "http://127.0.0.1:9"), Response(), [None, None, None, 6], id="no-network"),
        pytest.param(("--dry-run",), Response(), None, id="a-dry-run"),
        pytest.param(("--nonsense",), Response(), None, id="a-mistake"),
    ],
)
def test_what_is_kept_of_calls_that_end_otherwise(
    words: tuple[str, ...], response: Response, kept: list[Any] | None, api: str, server: Recorder
) -> None:
    """A call that fails is kept with its exit code; what was not sent is not a call."""
    server.responses["/pets"] = response
    run_cli(api, *_CALL, *words)
    found = run_cli("history", "-o", "json").json
    assert ([] if kept is None else [kept]) == [
        [row["status"], row["bytes"], row["findings"], row["exit_code"]] for row in found
    ]


def test_only_its_owner_can_read_the_history(api: str, history: Path) -> None:
    """The file is 0600 and its directory 0700."""
    _calls(api)
    modes = [stat.S_IMODE(path.stat().st_mode) for path in (history, history.parent)]
    assert [0o600, 0o700] == modes


@pytest.mark.parametrize(("variable", "configured"), [("off", "full"), ("", "off")])
def test_no_history_is_kept_where_none_is_wanted(
    variable: str, configured: str, api: str, history: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`DYNACLI_HISTORY` decides before the configuration, an empty one as good as none."""
    monkeypatch.setenv("DYNACLI_HISTORY", variable)
    (home / "config").mkdir()
    (home / "config" / "config.toml").write_text(f'history = "{configured}"\n')
    assert "" == _calls(api)
    assert not history.exists()


def test_a_word_that_is_no_way_to_keep_a_history_keeps_none(
    api: str, history: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If no one knows what was meant, nothing is kept, and a warning says which words there are."""
    monkeypatch.setenv("DYNACLI_HISTORY", "none")
    warning = _calls(api)
    assert "Invalid history mode `none`" in warning
    assert "`off`, `headers` or `full`" in warning
    assert not history.exists()


def _cut(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2 + 100)


def _overwrite(path: Path) -> None:
    path.write_bytes(b"no database\n" * 1_000)


def _damage_pages(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[:4096] + b"\xff" * (len(content) - 4096))


def _drop_tables(path: Path) -> None:
    path.unlink()
    with closing(sqlite3.connect(path)) as db:
        db.execute(f"PRAGMA user_version = {VERSION}")


@pytest.mark.parametrize("harm", [_cut, _overwrite, _damage_pages, _drop_tables])
def test_a_damaged_history_is_set_aside_and_begun_anew(
    harm: Callable[[Path], None], api: str, history: Path
) -> None:
    """The call is not broken by it, and says it once."""
    _calls(api)
    harm(history)
    reported = [
        _calls(api, "-v", "--validate", "off").count("damaged, so dynacli started a new one")
        for _ in range(2)
    ]
    assert [1, 0] == reported
    assert 2 == len(_commands())
    assert history.with_name("history.sqlite.damaged").exists()


@pytest.mark.parametrize("harm", [_overwrite, _drop_tables])
def test_reading_a_damaged_history_says_so(harm: Callable[[Path], None], api: str, history: Path) -> None:
    """`history` is an error with what to do about it, and `history clear` does that."""
    _calls(api)
    harm(history)
    result = run_cli("history")
    assert 12 == result.exit_code
    assert "It is damaged" in result.stderr
    assert "dynacli history clear" in result.stderr
    assert 0 == run_cli("history", "clear").exit_code
    assert [] == _commands()


def test_a_history_of_a_later_version_stays_as_it_is(api: str, history: Path) -> None:
    """Calls leave it alone, and `history` says whose it is."""
    _calls(api)
    with sqlite3.connect(history) as db:
        db.execute(f"PRAGMA user_version = {VERSION + 1}")
    before = history.read_bytes()
    assert "" == _calls(api)
    assert before == history.read_bytes()
    result = run_cli("history")
    assert_ended(result, 12, "A later version of dynacli")


def test_a_call_beside_a_writer_waits_for_its_turn(api: str, history: Path) -> None:
    """A locked history breaks no call, and what was called meanwhile is in it later, in its order."""
    _calls(api)
    writer = sqlite3.connect(history, isolation_level=None)
    writer.execute("BEGIN EXCLUSIVE")
    assert ["", ""] == [_calls(api, "--timeout", str(number)) for number in (11, 12)]
    busy = run_cli("history")
    assert_ended(busy, 12, "Another program is writing it")
    writer.execute("COMMIT")
    writer.close()
    _calls(api, "--timeout", "13")
    start = f"dynacli {api} list-pets"
    assert [f"{start} --timeout {number}" for number in (13, 12, 11)] + [start] == _commands()
    assert not history.with_name("history.sqlite.waiting").exists()


def test_a_history_that_nobody_lets_go_of_collects_no_end_of_calls(
    api: str, history: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So many calls wait for their turn, and no more; what waits is also read."""
    _calls(api)
    monkeypatch.setattr(call_history, "_MOST_WAITING", 2)
    writer = sqlite3.connect(history, isolation_level=None)
    writer.execute("BEGIN EXCLUSIVE")
    for _ in range(3):
        _calls(api)
    writer.close()
    assert 3 == len(_commands())


def test_a_waiting_call_that_is_damaged_is_left_out(api: str, history: Path) -> None:
    """Whatever stands among the calls that wait, the others are kept."""
    waiting = history.with_name("history.sqlite.waiting")
    waiting.mkdir(parents=True)
    for number, content in enumerate(
        ("", "[]", '{"a": 1}', "[[1], null]", "[[1,2,3,4,5,6,7,8,9,10,11,12,[]],null]")
    ):
        (waiting / f"{number}.json").write_text(content)
    assert "" == _calls(api)
    assert 1 == len(_commands())
    assert not history.with_name("history.sqlite.waiting").exists()


@pytest.mark.parametrize("there", ["a file", "a directory"])
def test_a_history_that_cannot_be_made_is_not_worth_a_word(there: str, api: str, history: Path) -> None:
    """A call works if its history cannot be written."""
    if there == "a file":
        history.parent.write_text("")
    else:
        history.mkdir(parents=True)
    assert "" == _calls(api)
    cleared = run_cli("history", "clear")
    assert_ended(cleared, 12, "Could not delete the history")


def test_without_a_configuration_that_can_be_read_nothing_is_kept(
    api: str, history: Path, home: Path
) -> None:
    """If no one can tell whether a history is wanted, or what the policy allows, nothing is called."""
    (home / "config").mkdir()
    (home / "config" / "config.toml").write_text("history = off\n")
    result = run_cli(api, *_CALL)
    assert (12, "") == (result.exit_code, result.stdout)
    assert not history.exists()


@pytest.mark.exhaustive
def test_a_disk_that_is_full_breaks_no_call(forks: Forks, server: Recorder, history: Path) -> None:
    """If the history cannot grow, a call is not in it, and what was there stays."""
    server.responses["/pets"] = Response(body=b"[]")
    api = save(pets("1", server.origin))
    _calls(api)
    words = (run, api, *_CALL, "--validate", "off", "-H", "X-Long: " + "y" * 20_000)
    (_, given) = forks.child((limit_file_size, history.stat().st_size), words).values
    assert [0, "[]", ""] == given
    assert 1 == len(_commands())


def test_a_process_that_dies_in_the_middle_leaves_a_whole_history(api: str, history: Path) -> None:
    """Its transaction is undone by whoever opens the history next, also for reading."""
    _calls(api)
    program = (
        "import os, sqlite3, sys; db = sqlite3.connect(sys.argv[1], isolation_level=None);"
        "db.execute('PRAGMA cache_size = 1'); db.execute('BEGIN IMMEDIATE');"
        "[db.execute('INSERT INTO calls (words) VALUES (?)', ['x' * 9000]) for _ in range(20)]; os._exit(0)"
    )
    subprocess.run([sys.executable, "-c", program, str(history)], check=True)
    assert history.with_name("history.sqlite-journal").exists()
    assert 1 == len(_commands())
    assert "" == _calls(api)


@pytest.mark.parametrize(("end", "code"), [(BrokenPipeError, 141), (KeyboardInterrupt, 130)])
def test_a_call_that_is_cut_short_is_kept(end: type[BaseException], code: int, api: str) -> None:
    """Whoever stops reading, or presses Ctrl-C while the response is written, has made the call anyway."""

    class Stdout(io.RawIOBase):
        def writable(self) -> bool:
            return True

        def write(self, _: Any) -> int:
            raise end

    stdout: Any = Stdout()
    assert code == main([api, *_CALL], Environment(stdout=io.TextIOWrapper(stdout, write_through=True)))
    (row,) = run_cli("history", "-o", "json").json
    assert (code, 200) == (row["exit_code"], row["status"])


def test_old_calls_and_too_many_are_removed(api: str, history: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """At times what is older than 30 days goes, and the oldest of what is too many."""
    _calls(api)
    monkeypatch.setattr(call_history, "_MOST_CALLS", 3)
    monkeypatch.setattr(call_history, "_MOST_WITH_MESSAGES", 1)
    db = sqlite3.connect(history, isolation_level=None)
    db.executemany(
        "INSERT INTO calls (n, at, words, messages) VALUES (?, ?, '[]', '{}')",
        [(195, time.time()), (198, time.time()), (199, time.time() - 31 * 86_400)],
    )
    db.execute("UPDATE responses SET at = 0")
    _calls(api)
    assert [(198, None), (200, None)] == db.execute("SELECT n, messages FROM calls ORDER BY n").fetchall()
    assert [(1,)] == db.execute(
        "SELECT count(*) FROM responses WHERE at > 0 OR template = '/pets'"
    ).fetchall()
    db.close()


@pytest.mark.exhaustive
@pytest.mark.parametrize("many", [8, pytest.param(50, marks=pytest.mark.exhaustive)])
def test_many_processes_at_once_lose_nothing(many: int, forks: Forks, server: Recorder) -> None:
    """Each call of each process is in the history, whichever process made the file."""
    server.responses["/pets"] = Response(body=b"[]")
    api = save(pets("1", server.origin))
    assert 0 == run_cli("operations", api).exit_code
    ended = forks.at_once(many, (run_times, 5, "stop", [api, *_CALL, "--validate", "off"]))
    assert [(0, [[[0, 0, "[]", ""]]])] * many == [(child.status, child.values) for child in ended]
    assert many * 5 == len(_commands())


def test_what_full_keeps(api: str, server: Recorder, history: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With `full`, requests and responses are kept with their bodies; large bodies and secret headers are not."""
    monkeypatch.setenv("DYNACLI_HISTORY", "full")
    server.responses["/pets"] = json_response([{"id": 1, "name": "Tom"}], **{"X-Session": "81dc9bdb"})
    _calls(api)
    run_cli(api, "create-pet", "--name", "Tom")
    run_cli(api, "create-pet", "--name", "x" * 300_000)
    with sqlite3.connect(history) as db:
        kept = [json.loads(row[0]) for row in db.execute("SELECT messages FROM calls ORDER BY n")]
    assert [None, '{"name":"Tom"}', None] == [item["request"]["body"] for item in kept]
    assert [0, 14, 300_011] == [item["request"]["size"] for item in kept]
    assert '[{"id": 1, "name": "Tom"}]' == kept[0]["response"]["body"]
    assert ["X-Session", "***"] in kept[0]["response"]["headers"]
