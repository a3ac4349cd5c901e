"""`dynacli sql`: reads mirrors."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.features.sql.changing_list import ChangingList
from tests.harness import Recorder, assert_ended, run_cli


@pytest.fixture(name="api")
def _api(server: Recorder) -> str:
    issues = ChangingList()
    issues.add(1, 2, 3)
    issues.add(2, state="open")
    api = issues.start(server)
    assert_ended(run_cli("sync", api, "list-issues", "a"), 0)
    return api


def test_a_mirror_is_asked(api: str) -> None:
    """By one SELECT, with any format."""
    result = run_cli("sql", api, "select number, state from issues where state is not null")
    assert [{"number": 2, "state": "open"}] == result.json
    table = run_cli("sql", api, "select number from issues limit 1", "-o", "csv")
    assert ["number", "1"] == table.stdout.split()


def test_without_a_query_the_tables_are_listed(api: str) -> None:
    """With columns, rows and age."""
    (table,) = run_cli("sql", api, "-o", "json").json
    assert ("issues", 3) == (table["table"], table["rows"])
    assert {"number", "title", "_repo", "_json"} <= set(table["columns"])
    assert "issues  3 rows, synced 20" in run_cli("sql", api).stdout


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("select nummer from issues", "has the column `nummer`"),
        ("select number from isues", "Did you mean `issues`"),
        ("delete from issues", "is not one SELECT"),
        ("with x as (select 1) delete from issues", "is not one SELECT"),
        ("select * from pragma_database_list", "is refused"),
    ],
)
def test_what_cannot_be_asked_is_an_error_of_usage(api: str, query: str, said: str) -> None:
    """Exit code 2, and the mirror stays as it is."""
    assert_ended(run_cli("sql", api, query), 2, said)
    assert [{"n": 3}] == run_cli("sql", api, "select count(*) as n from issues").json


def test_several_mirrors_are_asked_together(api: str) -> None:
    """Each under the name of its API."""
    run_cli("sync", "demo", "list-workflows")
    result = run_cli("sql", f"demo,{api}", f'select count(*) as n from demo.workflows, "{api}".issues')  # noqa: S608
    assert [{"n": 36}] == result.json


def test_there_is_no_mirror_yet() -> None:
    """The error has the command that makes one."""
    assert_ended(run_cli("sql", "demo", "select 1"), 2, "`demo` has no mirror", "dynacli sync demo OPERATION")
    assert_ended(run_cli("sql"), 2, "Name the API")


def test_any_mirror_is_read_by_its_file(server: Recorder) -> None:
    """Also one of another machine; its views cannot do more than read."""
    issues = ChangingList()
    issues.add(1)
    run_cli("sync", issues.start(server), "list-issues", "a", "--into", "other.db")
    assert [{"number": 1}] == run_cli("sql", "--file", "other.db", "select number from issues").json
    with closing(sqlite3.connect("other.db")) as db, db:
        db.execute("CREATE VIEW evil AS SELECT load_extension('x') AS y")
    assert_ended(run_cli("sql", "--file", "other.db", "select y from evil"), 13)


def test_a_file_that_is_no_mirror_is_refused() -> None:
    """Exit code 12."""
    Path("notes.db").write_text("no database, but long enough for SQLite to look at it" * 20)
    assert_ended(run_cli("sql", "--file", "notes.db", "select 1"), 12, "cannot be read")


def test_mirrors_are_listed_shown_and_dropped() -> None:
    """Removing one needs agreement."""
    run_cli("sync", "demo", "list-workflows")
    assert "demo" in {row["api"] for row in run_cli("sync", "list", "-o", "json").json}
    shown = run_cli("sync", "show", "demo", "-o", "json").json
    assert ("list-workflows", ["id"]) == (shown["feeds"][0]["operation"], shown["feeds"][0]["key"])
    assert_ended(run_cli("sync", "drop", "demo/workflows"), 11, "--yes")
    assert_ended(run_cli("sync", "drop", "demo/workflow", "--yes"), 2, "Did you mean `workflows`?")
    assert_ended(run_cli("sync", "drop", "demo/workflows", "--yes"), 0)
    assert_ended(run_cli("sync", "drop", "demo", "--yes"), 0)
    assert_ended(run_cli("sync", "demo"), 2, "has no mirror")


def test_a_mirror_with_damaged_pages_is_no_defect() -> None:
    """Reading ends with 12; `sync` moves the file aside and never removes it."""
    file = Path("one.db")
    run_cli("sync", "demo", "search-runs", "--range", "7d", "--into", str(file))
    content = file.read_bytes()
    damaged = bytearray(content)
    for begin in range(4 * 16384, len(content), 4096):
        damaged[begin : begin + 200] = b"\xff" * 200
    file.write_bytes(damaged)
    assert_ended(run_cli("sql", "--file", str(file), "select * from runs"), 12, "is damaged")
    assert_ended(run_cli("sync", "demo", "--into", str(file)), 12, "it is kept as `one.db.damaged-1`")
    kept = Path("one.db.damaged-1").read_bytes()
    assert bytes(damaged[4096:]) == kept[4096:]  # the first page has the settings of SQLite


def test_a_mirror_of_nothing_known_is_an_error_of_usage() -> None:
    """Neither an unknown API nor a missing file is taken for an API without a mirror."""
    assert_ended(run_cli("sql", "demoo", "select 1"), 2, "There is no API `demoo`")
    assert_ended(run_cli("sql", "--file", "none.db", "select 1"), 2, "There is no file `none.db`")
    assert_ended(run_cli("sql", "--file", "none.db"), 2, "There is no file `none.db`")
