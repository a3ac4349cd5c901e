"""A mirror has what the server has: whatever happens between two runs, and in the middle of one."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from dynacli.features.sql import mirrors
from dynacli.files import hold_lock
from tests.documents import delete, get, parameter, save_api
from tests.features.sql.changing_list import ChangingList
from tests.harness import Recorder, Response, assert_ended, json_response, run_cli

FILE = "mirror.db"


def _sync(api: str, *words: str) -> Any:
    return run_cli("sync", api, *words, "--into", FILE)


def _first(api: str, *words: str, repo: str = "a") -> Any:
    return _sync(api, "list-issues", repo, *words)


def rows_of(query: str, file: str = FILE) -> list[Any]:
    """Return the rows of a query on a mirror."""
    with closing(sqlite3.connect(file)) as db:
        return db.execute(query).fetchall()


def _numbers() -> list[int]:
    return [number for (number,) in rows_of("SELECT number FROM issues ORDER BY number")]


def test_a_list_is_stored_whole(server: Recorder) -> None:
    """With all pages, the fields as columns, the item as it was sent, and the inputs as columns."""
    issues = ChangingList()
    issues.add(*range(1, 8), labels=["x"], user={"login": "ann"}, big=12345678901234567890123)
    result = _first(issues.start(server))
    assert_ended(result, 0, "issues: 7 rows, 7 new in 3 requests; kept as a feed")
    assert [(7, "Issue 7", "ann", '["x"]', "a", "12345678901234567890123")] == rows_of(
        'SELECT number, title, "user.login", labels, _repo, big FROM issues WHERE number = 7'
    )
    assert [(0o600,)] == [(Path(FILE).stat().st_mode & 0o777,)]


def test_the_feeds_are_repeated(server: Recorder) -> None:
    """New rows are added, changed rows are changed, and rows that are gone are marked, not removed."""
    issues = ChangingList()
    issues.add(*range(1, 8))
    api = issues.start(server)
    _first(api)
    issues.add(9)
    issues.add(2, title="Changed")
    del issues.rows[3]
    result = _sync(api)
    assert_ended(result, 0, "issues a: 1 changed, 1 new, 1 deleted in 3 requests")
    assert [1, 2, 4, 5, 6, 7, 9] == _numbers()
    assert [(3,)] == rows_of("SELECT number FROM issues_all WHERE _deleted_at IS NOT NULL")
    assert [("Changed",)] == rows_of("SELECT title FROM issues WHERE number = 2")
    issues.add(3)
    _sync(api)
    assert [1, 2, 3, 4, 5, 6, 7, 9] == _numbers()


def test_keys_of_two_feeds_do_not_meet(server: Recorder) -> None:
    """The path inputs are part of the key."""
    issues = ChangingList()
    issues.add(1, 2)
    api = issues.start(server)
    _first(api)
    _first(api, repo="b")
    assert [("a", 1), ("a", 2), ("b", 1), ("b", 2)] == rows_of(
        "SELECT _repo, number FROM issues ORDER BY 1, 2"
    )
    del issues.rows[2]
    _sync(api)
    assert [("a", 1), ("b", 1)] == rows_of("SELECT _repo, number FROM issues ORDER BY 1, 2")


@pytest.mark.parametrize("has_cursor", [True, False])
def test_an_interrupted_pass_goes_on(server: Recorder, has_cursor: bool) -> None:
    """At the page where it stopped, if a cursor names that; else at the beginning. No row is lost."""
    issues = ChangingList(has_cursor=has_cursor)
    issues.add(*range(1, 11))
    issues.before = lambda _request: Response(500) if len(server.requests) > 2 else None
    api = issues.start(server)
    result = _first(api, "--retries", "0")
    assert_ended(result, 5)
    assert list(range(1, 7)) == _numbers()
    issues.before = lambda _request: None
    before = len(server.requests)
    assert_ended(_sync(api), 0)
    assert list(range(1, 11)) == _numbers()
    assert (2 if has_cursor else 5) == len(server.requests) - before


def test_a_cursor_that_the_server_forgot_is_no_loss(server: Recorder) -> None:
    """The pass begins again."""
    issues = ChangingList()
    issues.add(*range(1, 8))
    api = issues.start(server)
    issues.before = lambda _request: Response(500) if len(server.requests) > 1 else None
    _first(api, "--retries", "0")
    issues.before = lambda request: (
        Response(410) if "cursor=3" in request.target and len(server.requests) < 4 else None
    )
    result = _sync(api)
    assert_ended(result, 0, "the pass began again")
    assert list(range(1, 8)) == _numbers()


def test_nothing_is_deleted_after_a_failure(server: Recorder) -> None:
    """Only a pass that reached the last page may say that a row is gone."""
    issues = ChangingList()
    issues.add(*range(1, 8))
    api = issues.start(server)
    _first(api)
    del issues.rows[1]
    begun = len(server.requests)
    issues.before = lambda _request: Response(500) if len(server.requests) > begun + 1 else None
    assert_ended(_sync(api, "--retries", "0"), 5)
    assert list(range(1, 8)) == _numbers()
    assert_ended(_sync(api, "--max-items", "2"), 5)


def test_a_list_that_shrank_by_more_than_half_deletes_nothing_unasked(server: Recorder) -> None:
    """Without a terminal and `--yes` the exit code is 11, and the rows stay."""
    issues = ChangingList()
    issues.add(*range(1, 8))
    api = issues.start(server)
    _first(api)
    for number in range(1, 6):
        del issues.rows[number]
    assert_ended(_sync(api), 11, "5 of 7 rows of `issues a` are not in the list any more", "--yes")
    assert list(range(1, 8)) == _numbers()
    assert_ended(_sync(api, "--yes"), 0, "5 deleted")
    assert [6, 7] == _numbers()


def test_a_total_that_is_not_reached_is_a_warning(server: Recorder) -> None:
    """And the pass deletes nothing."""
    issues = ChangingList(has_total=True, has_cursor=False)
    issues.add(*range(1, 8))
    api = issues.start(server)
    _first(api)
    page = Response(200, b'{"issues":[{"number":1,"updated_at":"2026-01-01T00:00:00Z"}],"total":7}')
    empty = Response(200, b'{"issues":[],"total":7}')
    issues.before = lambda request: (
        page if "page" not in request.target or "page=1" in request.target else empty
    )
    assert_ended(_sync(api), 0, "1 of 7 items were received, so nothing is deleted")
    assert list(range(1, 8)) == _numbers()


@pytest.mark.parametrize(
    ("issue", "said"),
    [
        ({"number": None}, "`number` of item 2 is null or absent"),
        ({"title": "no number"}, "`number` of item 2 is null or absent"),
        ({"number": 1, "title": "another"}, "item 2 has the same key as an earlier one: a, 1"),
    ],
)
def test_a_page_that_contradicts_the_key_is_not_stored(server: Recorder, issue: Any, said: str) -> None:
    """No row is dropped or merged without a word."""
    issues = ChangingList(has_cursor=False)
    issues.add(1)
    issues.rows[2] = {"updated_at": "2026-01-01T00:00:00Z", **issue}
    issues.size = 9
    result = _first(issues.start(server), "--validate", "off")
    assert_ended(result, 13, said, "nothing of this page is stored", "--key FIELD,FIELD")
    assert [] == _numbers()


def test_rows_without_a_key_are_appended(server: Recorder) -> None:
    """Each run adds all items."""
    issues = ChangingList()
    issues.add(1, 2)
    api = issues.start(server)
    _first(api, "--append")
    _sync(api)
    assert [1, 1, 2, 2] == _numbers()


def test_only_what_changed_is_asked_for(server: Recorder) -> None:
    """Since the greatest time that was seen, minus five minutes; `--full` asks for everything."""
    issues = ChangingList(has_since=True)
    issues.add(*range(1, 8), at="2026-01-01T00:00:00Z")
    issues.add(4, at="2026-02-01T00:00:00Z")
    api = issues.start(server)
    _first(api, "--since", "updated_since=updated_at")
    issues.add(5, at="2026-02-01T00:10:00Z", title="Changed")
    del issues.rows[1]
    result = _sync(api)
    assert_ended(result, 0, "issues a: 1 changed, 0 new in 1 request (since 2026-01-31T23:55:00Z)")
    assert "updated_since=2026-01-31T23%3A55%3A00Z" in server.last.target
    assert list(range(1, 8)) == _numbers()
    assert_ended(_sync(api, "--full"), 0, "1 deleted")
    assert list(range(2, 8)) == _numbers()


def test_a_limited_pass_is_not_the_base_of_the_next_one(server: Recorder) -> None:
    """After `--max-items` the next run fetches everything, since older rows are missing."""
    issues = ChangingList(has_since=True)
    issues.add(*range(1, 8))
    issues.add(1, at="2026-02-01T00:00:00Z")
    api = issues.start(server)
    _first(api, "--since", "updated_since=updated_at", "--max-items", "2")
    assert [1, 2] == _numbers()
    _sync(api)
    assert list(range(1, 8)) == _numbers()


def test_a_time_in_the_future_hides_no_change(server: Recorder) -> None:
    """The greatest time is at most the `Date` of the response."""
    issues = ChangingList(has_since=True)
    issues.add(1, at="2199-01-01T00:00:00Z")
    api = issues.start(server)
    _first(api, "--since", "updated_since=updated_at")
    _sync(api)
    assert "2199" not in server.last.target


def test_an_operation_that_changes_something_is_no_feed() -> None:
    """Exit code 11, and nothing is sent."""
    result = run_cli("sync", "demo", "archive-workflow", "x", "--into", FILE)
    assert_ended(result, 11, "error: `dynacli sync` does not call `archive-workflow`")
    assert not Path(FILE).exists()


def _comments(*ids: int) -> dict[str, Response]:
    return {
        f"/repos/a/issues/{number}/comments": json_response(
            [{"id": id_, "text": f"of {number}"} for id_ in ids]
        )
        for number in (1, 2, 3)
    }


def test_children_are_fetched_for_each_parent(server: Recorder) -> None:
    """With the path inputs from its key and columns, and again only for the parents that changed."""
    issues = ChangingList()
    issues.add(1, 2, 3)
    api = issues.start(server)
    _first(api)
    server.responses.update(_comments(7, 8))
    result = _sync(api, "list-comments", "--for", "issues")
    assert_ended(result, 0, "comments: 3 calls for `issues`", "comments: 6 rows, 6 new in 3 requests")
    assert [("a", 1, 7), ("a", 1, 8), ("a", 2, 7)] == rows_of(
        "SELECT _repo, _number, id FROM comments LIMIT 3"
    )
    server.responses.update(_comments(8))
    issues.add(2, title="Changed")
    before = len(server.requests)
    assert_ended(_sync(api), 0, "comments for issues: 0 changed, 0 new, 1 deleted in 1 request")
    assert ["/repos/a/issues", "/repos/a/issues/2/comments"] == [
        request.target.partition("?")[0] for request in server.requests[before:]
    ]
    assert [(1, 7), (1, 8), (2, 8), (3, 7), (3, 8)] == rows_of(
        "SELECT _number, id FROM comments ORDER BY 1, 2"
    )


@pytest.mark.parametrize("parallel", ["1", "4"])
def test_a_parent_that_fails_does_not_stop_the_others(server: Recorder, parallel: str) -> None:
    """The failure is kept, the exit code is the first one's, and the next run makes the failed call again."""
    issues = ChangingList()
    issues.add(1, 2, 3)
    api = issues.start(server)
    _first(api)
    server.responses.update(_comments(7))
    gone = server.responses.pop("/repos/a/issues/2/comments")
    result = _sync(api, "list-comments", "--for", "issues", "--parallel", parallel)
    assert_ended(result, 4, "1 of 3 calls for `issues` failed", "Parent 2: `GET ")
    assert [(1,), (3,)] == rows_of("SELECT _number FROM comments ORDER BY 1")
    server.responses["/repos/a/issues/2/comments"] = gone
    assert_ended(_sync(api, "--parallel", parallel), 0, "comments: 1 call for `issues`")
    assert [(1,), (2,), (3,)] == rows_of("SELECT _number FROM comments ORDER BY 1")


def test_many_calls_are_not_made_unasked(server: Recorder) -> None:
    """Above 100 calls, the user must agree."""
    issues = ChangingList(size=200)
    issues.add(*range(1, 102))
    api = issues.start(server)
    _first(api)
    result = _sync(api, "list-comments", "--for", "issues")
    assert_ended(result, 11, "101 calls for `issues` were not made", "--yes")
    assert 1 == len(server.requests)


def test_shards_share_the_parents(server: Recorder) -> None:
    """Each has a file of its own."""
    issues = ChangingList()
    issues.add(1, 2, 3)
    api = issues.start(server)
    server.responses.update(_comments(7))
    for shard, numbers in (("1/2", [1, 3]), ("2/2", [2])):
        file = f"{shard[0]}.db"
        run_cli("sync", api, "list-issues", "a", "--into", file)
        run_cli("sync", api, "list-comments", "--for", "issues", "--shard", shard, "--into", file)
        assert [(number,) for number in numbers] == rows_of("SELECT _number FROM comments ORDER BY 1", file)


def test_an_item_on_two_pages_is_one_row(server: Recorder) -> None:
    """The later one is stored; if they differ, a warning says so."""
    issues = ChangingList(has_cursor=False)
    issues.add(*range(1, 7))
    page = {"issues": [{"number": 3, "title": "Other", "updated_at": ""}, {"number": 9, "updated_at": ""}]}
    issues.before = lambda request: json_response(page) if "page=2" in request.target else None
    result = _first(issues.start(server), "--validate", "off")
    assert_ended(result, 0, "1 item came twice with different content; the later one is stored")
    assert [(3, "Other"), (9, None)] == rows_of("SELECT number, title FROM issues WHERE number > 2")


def test_without_a_key_nothing_is_fetched(server: Recorder) -> None:
    """If the document shows none, the user names one."""
    item = {"type": "object", "properties": {"text": {"type": "string"}}}
    schema = {"type": "array", "items": item}
    responses = {"200": {"description": "", "content": {"application/json": {"schema": schema}}}}
    api = save_api(get("/notes", "listNotes", responses=responses), server=server)
    server.responses["/notes"] = json_response([{"text": "a"}, {"text": "b"}])
    assert_ended(_sync(api, "list-notes"), 13, "Nothing says which field identifies an item", "--key")
    assert_ended(_sync(api, "list-notes", "--key", "text"), 0, "notes: 2 rows, 2 new in 1 request")


def test_a_damaged_mirror_is_moved_aside(server: Recorder) -> None:
    """It is kept, and the next run begins a new one."""
    issues = ChangingList()
    issues.add(1)
    api = issues.start(server)
    Path(FILE).write_bytes(b"SQLite format 3\0" + b"no database at all, but it begins as one" * 99)
    assert_ended(_first(api), 12, "is damaged", f"{FILE}.damaged-1")
    assert_ended(_first(api), 0)
    assert [1] == _numbers()


@pytest.mark.parametrize("content", [b"", b"some notes that are worth more than a mirror\n" * 99])
def test_another_file_is_not_touched(server: Recorder, content: bytes) -> None:
    """Neither moved nor overwritten; an empty file becomes a mirror."""
    issues = ChangingList()
    issues.add(1)
    Path(FILE).write_bytes(content)
    result = _first(issues.start(server))
    assert_ended(result, 12 if content else 0)
    assert not content or Path(FILE).read_bytes() == content


def test_a_database_of_another_program_is_not_touched(server: Recorder) -> None:
    """Not even its settings."""
    with closing(sqlite3.connect(FILE)) as db, db:
        db.execute("CREATE TABLE notes (text)")
    before = Path(FILE).read_bytes()
    assert_ended(_first(ChangingList().start(server)), 12, "It is a database of another program")
    assert before == Path(FILE).read_bytes()


def test_a_second_run_waits_and_then_gives_up(server: Recorder, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exit code 11, and nothing is sent."""
    issues = ChangingList()
    api = issues.start(server)
    monkeypatch.setattr(mirrors, "_WAIT", 0.1)
    with hold_lock(f"{FILE}.lock", 1):
        assert_ended(_first(api), 11, "is in use")
    assert [] == server.requests


def test_a_mirror_of_somebody_else_sends_nothing_elsewhere(server: Recorder, other_server: Recorder) -> None:
    """The place to go on is only used if it is on the API's own server."""
    issues = ChangingList()
    issues.add(*range(1, 8))
    api = issues.start(server)
    issues.before = lambda _request: Response(500) if len(server.requests) > 1 else None
    _first(api, "--retries", "0")
    with closing(sqlite3.connect(FILE)) as db, db:
        db.execute("UPDATE _passes SET position = ?", (f'{{"url": "{other_server.origin}/repos/a/issues"}}',))
    issues.before = lambda _request: None
    assert_ended(_sync(api), 13, "The mirror names a page on another server")
    assert [] == other_server.requests


def test_a_secret_is_no_input_of_a_feed(server: Recorder) -> None:
    """A mirror stores no secrets."""
    array = {"type": "array", "items": {"type": "object", "properties": {"id": {"type": "string"}}}}
    responses = {"200": {"description": "", "content": {"application/json": {"schema": array}}}}
    key = parameter("api_key", {"type": "string", "format": "password"})
    api = save_api(get("/notes", "listNotes", key, responses=responses), server=server)
    assert_ended(_sync(api, "list-notes", "--api-key", "s3cret-canary"), 2, "a mirror stores no secrets")


def test_pages_that_did_not_change_are_not_sent_again(server: Recorder) -> None:
    """A full pass sends the validators of the last run."""
    issues = ChangingList()
    issues.add(1, 2)
    api = issues.start(server)
    page = json_response({"issues": list(issues.rows.values())}, ETag='"1"')
    issues.before = lambda request: (
        Response(304, b"", {"ETag": '"1"'}) if "if-none-match" in request.headers else page
    )
    _first(api)
    assert_ended(_sync(api), 0, "issues a: 0 changed, 0 new in 1 request")
    assert ['"1"'] == server.last.headers["if-none-match"]
    assert [1, 2] == _numbers()


def test_every_item_is_kept_as_it_was_sent(server: Recorder) -> None:
    """Also with fields that a table cannot have: with reserved names, another case, NUL, half of a surrogate pair."""
    issues = ChangingList()
    fields = (
        r'{"number":1,"updated_at":"","_json":"x","_deleted_at":"2026","rowid":7,"_rowid_":8,"Number":2,"a\u0000b":3,'
        r'"":4,"\"q\"":5,"sur":"\ud800x","small":0.1,"digits":0.1000000000000000055511151231257827,"yes":true,'
        r'"none":null,"deep":{"a":{"b":1},"c":[1]}}'
    )
    issues.before = lambda _request: Response(200, f'{{"issues":[{fields}]}}'.encode())
    api = issues.start(server)
    assert_ended(_first(api, "--validate", "off"), 0)
    assert_ended(_sync(api, "--validate", "off"), 0, "0 changed, 0 new")
    ((text, deleted, *values),) = rows_of(
        'SELECT _json, _deleted_at, rowid, """q""", small, digits, yes, none, "deep.a", "deep.c", sur FROM issues_all'
    )
    assert json.loads(fields) == json.loads(text)
    assert deleted is None
    assert [7, 5, 0.1, "0.1000000000000000055511151231257827", 1, None, '{"b":1}', "[1]", "?x"] == values


def test_a_mirror_of_somebody_else_changes_nothing(server: Recorder) -> None:
    """A feed is only repeated if its operation reads."""
    api = save_api(
        get("/repos/{repo}/issues", "listIssues", parameter("repo", {"type": "string"}, "path")),
        delete("/repos/{repo}", "deleteRepo", parameter("repo", {"type": "string"}, "path")),
        server=server,
    )
    server.responses["/repos/a/issues"] = json_response([{"id": 1}])
    assert_ended(_first(api, "--key", "id"), 0)
    with closing(sqlite3.connect(FILE)) as db, db:
        db.execute("UPDATE _feeds SET operation = 'delete-repo'")
    before = len(server.requests)
    assert_ended(_sync(api, "--yes"), 11)
    assert before == len(server.requests)


def test_a_table_has_one_key(server: Recorder) -> None:
    """Rows of another key would overwrite each other, or be refused by SQLite."""
    issues = ChangingList()
    issues.add(1)
    api = issues.start(server)
    _first(api)
    result = _first(api, "--key", "title", repo="b")
    assert_ended(result, 2, "The table `issues` has another key", "identified by `_repo`, `number`")


def test_a_time_that_is_no_column_asks_for_everything(server: Recorder) -> None:
    """It is too deep in the item, so that a full pass is the only one."""
    time = {"type": "string", "format": "date-time"}
    item = {"type": "object", "properties": {"id": {"type": "integer"}, "updated_at": time}}
    schema = {"type": "array", "items": item}
    responses = {"200": {"description": "", "content": {"application/json": {"schema": schema}}}}
    since = parameter("updated_since", {"type": "string"})
    more = {"x-dynacli-resource": {"changed-at": "/meta/times/updated_at"}}
    api = save_api(get("/notes", "listNotes", since, responses=responses, **more), server=server)
    server.responses["/notes"] = json_response([{"id": 1}])
    assert_ended(_sync(api, "list-notes"), 0)
    assert_ended(_sync(api), 0)
    assert "/notes" == server.last.target
