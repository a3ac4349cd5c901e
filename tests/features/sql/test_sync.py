"""A mirror has what the server has: whatever happens between two runs, and in the middle of one."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from dynacli.features.sql import mirrors
from dynacli.features.sql.mirror_file import MirrorFile
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


@pytest.mark.exhaustive
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
    """The place to go on is only used if it is on the API's own server; else the pass begins again."""
    issues = ChangingList()
    issues.add(*range(1, 8))
    api = issues.start(server)
    issues.before = lambda _request: Response(500) if len(server.requests) > 1 else None
    _first(api, "--retries", "0")
    with closing(sqlite3.connect(FILE)) as db, db:
        db.execute("UPDATE _passes SET position = ?", (f'{{"url": "{other_server.origin}/repos/a/issues"}}',))
    issues.before = lambda _request: None
    assert_ended(_sync(api), 0, "the next page is on another server, so the pass began again")
    assert list(range(1, 8)) == _numbers()
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


@pytest.mark.parametrize("status", [401, 429, 503])
def test_a_failure_does_not_lose_the_place_to_go_on(server: Recorder, status: int) -> None:
    """Only a response that rejects the position lets the pass begin again."""
    issues = ChangingList()
    issues.add(*range(1, 11))
    api = issues.start(server)
    issues.before = lambda _request: Response(status) if len(server.requests) > 2 else None
    assert_ended(_first(api, "--retries", "0"), status // 100)
    assert_ended(_sync(api, "--retries", "0"), status // 100)
    issues.before = lambda _request: None
    before = len(server.requests)
    assert_ended(_sync(api), 0)
    assert ["cursor=6", "cursor=9"] == [request.target[-8:] for request in server.requests[before:]]
    assert list(range(1, 11)) == _numbers()


@pytest.mark.parametrize(
    ("at", "asks"),
    [
        ("0001-01-01T00:00:00Z", False),
        ("2026-01-02T00:00:00", True),
        ("9999-12-31T23:59:59-05:00", True),
        ("yesterday", False),
    ],
)
def test_extreme_times_are_no_failure(server: Recorder, at: str, asks: bool) -> None:
    """The year 1 and what is no time are as if there were none."""
    issues = ChangingList(has_since=True)
    issues.add(1, at=at)
    page = json_response({"issues": list(issues.rows.values())})
    issues.before = lambda _request: page
    api = issues.start(server)
    assert_ended(_first(api, "--since", "updated_since=updated_at", "--validate", "off"), 0)
    assert_ended(_sync(api, "--validate", "off"), 0)
    assert asks == ("updated_since=20" in server.last.target)


def test_a_list_as_an_input_is_a_column(server: Recorder) -> None:
    """It is JSON, like the lists of an item."""
    array = {"type": "array", "items": {"type": "object", "properties": {"id": {"type": "integer"}}}}
    responses = {"200": {"description": "", "content": {"application/json": {"schema": array}}}}
    labels = parameter("labels", {"type": "array", "items": {"type": "string"}})
    api = save_api(get("/notes", "listNotes", labels, responses=responses), server=server)
    server.responses["/notes"] = json_response([{"id": 1}])
    assert_ended(_sync(api, "list-notes", "--labels", "a", "--labels", "b", "--key", "id"), 0)
    assert [('["a","b"]',)] == rows_of("SELECT _labels FROM notes")


def test_a_removed_mirror_leaves_nothing(server: Recorder, tmp_path: Path) -> None:
    """Neither a log nor a lock."""
    issues = ChangingList()
    issues.add(1)
    api = issues.start(server)
    file = tmp_path / "mirrors" / "one.db"
    file.parent.mkdir()
    run_cli("sync", api, "list-issues", "a", "--into", str(file))
    assert_ended(run_cli("sync", "drop", api, "--into", str(file), "--yes"), 0)
    assert [] == list(file.parent.iterdir())


def test_a_mirror_has_one_api_and_one_profile(server: Recorder) -> None:
    """Rows of another account would be taken for deleted ones. Exit code 12, and nothing is sent."""
    issues = ChangingList()
    issues.add(1, 2)
    api = issues.start(server)
    _first(api)
    before = len(server.requests)
    other = issues.start(server, "other.json")
    for words in (
        [other, "list-issues", "a"],
        [other],
        ["drop", other, "--yes"],
    ):
        assert_ended(_sync(*words), 12, "`mirror.db` is the mirror of `", "--into FILE")
    assert before == len(server.requests)
    assert [1, 2] == _numbers()


def test_a_feed_that_fails_does_not_stop_the_others(server: Recorder) -> None:
    """The exit code is the first failure's, and `-o json` has an object for each feed."""
    issues = ChangingList()
    issues.add(1, 2)
    api = issues.start(server)
    _first(api)
    _first(api, repo="b")
    issues.add(3)
    issues.before = lambda request: Response(403) if request.target.startswith("/repos/a") else None
    result = _sync(api, "-o", "json")
    assert_ended(result, 4, "403")
    rows = result.json
    assert [("issues a", 0, False), ("issues b", 1, True)] == [
        (row["feed"], row["new"], row["complete"]) for row in rows
    ]
    issues.before = lambda _request: Response(404)
    result = _sync(api)
    assert_ended(result, 4, "2 of 2 feeds failed", "issues a: ", "issues b: ")


def test_documented_fields_are_columns_without_any_item(server: Recorder) -> None:
    """A query can name them before the first item has them."""
    assert_ended(_first(ChangingList().start(server)), 0)
    assert [] == rows_of("SELECT _repo, number, title, state, updated_at FROM issues")


@pytest.mark.parametrize(
    ("first", "second", "asked"),
    [
        ("2026-01-01T09:00:00+09:00", "2026-01-01T05:00:00Z", "04%3A55%3A00"),
        ("2026-01-01T05:00:00Z", "2026-01-01T09:00:00+09:00", "04%3A55%3A00"),
    ],
)
def test_times_with_offsets_are_compared_as_times(
    server: Recorder, first: str, second: str, asked: str
) -> None:
    """Not as text: the later text may be the earlier time."""
    issues = ChangingList(has_since=True)
    issues.add(1, at=first)
    api = issues.start(server)
    _first(api, "--since", "updated_since=updated_at")
    issues.rows.clear()
    issues.add(2, at=second)
    issues.before = lambda _request: json_response({"issues": list(issues.rows.values())})
    _sync(api)
    _sync(api)
    assert asked in server.last.target


def test_a_corrected_command_is_one_of_sync(server: Recorder) -> None:
    """It keeps the word `sync`, and the option of `sync`."""
    api = ChangingList().start(server)
    result = run_cli("sync", api, "list-issues", "a", "--curser", "x", "--into", FILE)
    assert_ended(result, 2, f"try: dynacli sync {api} list-issues a --cursor x --into {FILE}")


def test_set_names_the_column_that_fills_an_input(server: Recorder) -> None:
    """Also for an operation without a body; without `--for`, such an operation takes none."""
    issues = ChangingList()
    issues.add(1, 2, 3)
    api = issues.start(server)
    _first(api)
    server.responses.update(_comments(7))
    words = ("list-comments", "--set", "number=number")
    assert_ended(_sync(api, *words, "--for", "issues"), 0, "comments: 3 rows, 3 new in 3 requests")
    assert_ended(_sync(api, *words, "a", "1"), 2, "`list-comments` takes no body")
    result = _sync(api, "list-comments", "--for", "issues", "--set", "number=nmber")
    assert_ended(result, 2, "no such column")
    result = _sync(api, "list-comments", "--for", "issues", "--set", "nmber=number")
    assert_ended(result, 2, "`--set nmber=number` fills no input")


def test_a_search_does_not_change_the_name_of_a_table(server: Recorder) -> None:
    """The issues of a repository are `issues`, though a search for issues has the same name."""
    issue = {"type": "object", "required": ["id"], "properties": {"id": {"type": "integer"}}}
    found = {"type": "object", "properties": {"items": {"type": "array", "items": issue}}}
    repo, number = parameter("repo", {"type": "string"}, "path"), parameter("id", {"type": "integer"}, "path")

    def responses(schema: Any) -> Any:
        return {"200": {"description": "", "content": {"application/json": {"schema": schema}}}}

    api = save_api(
        get("/search/issues", "searchIssues", responses=responses(found)),
        get("/repos/{repo}", "getRepo", repo, responses=responses(issue)),
        get(
            "/repos/{repo}/issues", "listIssues", repo, responses=responses({"type": "array", "items": issue})
        ),
        get("/repos/{repo}/issues/{id}", "getIssue", repo, number, responses=responses(issue)),
        server=server,
    )
    server.responses["/repos/a/issues"] = json_response([{"id": 1}])
    assert_ended(_first(api), 0, "issues: 1 row, 1 new")


def test_a_page_that_does_not_match_is_not_stored_at_strict(server: Recorder) -> None:
    """Exit code 9, and the pages before it stay; at `warn`, a rule is reported once."""
    issues = ChangingList()
    issues.add(*range(1, 10))
    issues.add(5, title=7)
    issues.add(6, title=8)
    issues.add(9, title=9)
    api = issues.start(server)
    assert_ended(_first(api, "--validate", "strict"), 9)
    assert [1, 2, 3] == _numbers()
    result = _first(api)
    assert_ended(result, 0)
    assert 1 == result.stderr.count("[type]")
    assert list(range(1, 10)) == _numbers()


def test_a_policy_holds_for_feeds(server: Recorder) -> None:
    """For a new one, and for one that was made before the policy."""
    issues = ChangingList()
    issues.add(1)
    run_cli("api", "add", "tracker", issues.start(server))
    assert_ended(_first("tracker"), 0)
    assert_ended(run_cli("config", "set", 'apis.tracker.policy.deny=["list-issues"]'), 0)
    before = len(server.requests)
    assert_ended(_sync("tracker"), 11)
    assert_ended(_first("tracker", repo="b"), 11)
    assert before == len(server.requests)


def test_a_secret_in_the_next_url_is_not_stored(server: Recorder) -> None:
    """The pass begins again instead."""
    item = {"type": "object", "required": ["id"], "properties": {"id": {"type": "integer"}}}
    schema = {
        "type": "object",
        "properties": {"items": {"type": "array", "items": item}, "next": {"type": "string"}},
    }
    responses = {"200": {"description": "", "content": {"application/json": {"schema": schema}}}}
    api = save_api(
        get("/notes", "listNotes", parameter("page", {"type": "integer"}), responses=responses),
        get("/notes/{id}", "getNote", parameter("id", {"type": "integer"}, "path"), responses=responses),
        server=server,
    )
    following = f"{server.origin}/notes?page=2&access_token=s3cret-canary"

    def respond(request: Any) -> Response:
        if "page=2" in request.target:
            return Response(500)
        return json_response({"items": [{"id": 1}], "next": following})

    server.responses["/notes"] = respond
    assert_ended(_sync(api, "list-notes", "--retries", "0"), 5)
    assert b"s3cret-canary" not in Path(FILE).read_bytes()


@pytest.mark.exhaustive
def test_a_full_disk_loses_no_stored_page(server: Recorder, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exit code 12; the same command goes on when there is room."""
    issues = ChangingList()
    issues.add(*range(1, 40), body="x" * 9_000)
    api = issues.start(server)
    prepare = MirrorFile._prepare

    def small(mirror: MirrorFile, name: str) -> None:
        prepare(mirror, name)
        mirror._db.execute("PRAGMA max_page_count = 20")

    with monkeypatch.context() as patch:
        patch.setattr(MirrorFile, "_prepare", small)
        assert_ended(_first(api), 12, "The disk is full; all pages before this one are stored")
    before = _numbers()
    assert before
    assert list(range(1, len(before) + 1)) == before
    assert_ended(_sync(api), 0)
    assert list(range(1, 40)) == _numbers()
