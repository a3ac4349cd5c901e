"""`--sql`: one SELECT over a response."""

import json
import time
from typing import Any

import pytest

import dynacli
from dynacli.errors import FormatError, UsageError
from dynacli.features.sql import run_query
from tests.documents import get, save_api
from tests.harness import Recorder, Response, assert_ended, json_response, run_cli

_ITEM = {
    "type": "object",
    "properties": {"id": {"type": "integer"}, "name": {"type": "string"}, "gone": {"type": "string"}},
}
_SCHEMA = {
    "type": "object",
    "properties": {"rows": {"type": "array", "items": _ITEM}, "total": {"type": "integer"}},
}
_VALUE = {
    "rows": [
        {"id": 1, "name": "a", "owner": {"login": "x", "deep": {"a": 1}}, "tags": ["t"], "ok": True},
        {"id": 2, "name": None, "owner": {"login": "y"}, "ok": False},
    ],
    "warnings": [{"text": "careful"}],
    "total": 2,
}


def _api(server: Recorder, value: Any = _VALUE) -> str:
    server.responses["/things"] = value if isinstance(value, Response) else json_response(value)
    responses = {"200": {"description": "", "content": {"application/json": {"schema": _SCHEMA}}}}
    return save_api(get("/things", "listThings", responses=responses), server=server)


def _ask(server: Recorder, query: str, *words: str, value: Any = _VALUE) -> Any:
    return run_cli(_api(server, value), "list-things", "--sql", query, "--validate", "off", *words)


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("query", "rows"),
    [
        ("select id, name from rows order by id desc", [{"id": 2, "name": None}, {"id": 1, "name": "a"}]),
        ('select "owner.login" from rows', [{"owner.login": "x"}, {"owner.login": "y"}]),
        ("select tags, ok from rows where ok", [{"tags": '["t"]', "ok": 1}]),
        ("select json_extract(\"owner.deep\", '$.a') as a from rows limit 1", [{"a": 1}]),
        ("select gone from rows limit 1", [{"gone": None}]),
        ("select * from response", [{"total": 2}]),
        ("select text from warnings", [{"text": "careful"}]),
        ("select count(*), count(*) from rows", [{"count(*)": 2, "count(*)_2": 2}]),
        ("with two as (select 2 as n) select n from two;", [{"n": 2}]),
        ("-- all\nselect 1 as one /* or two */", [{"one": 1}]),
        ("select 1e999 as big, x'6869' as bytes", [{"big": None, "bytes": "aGk="}]),
        ("select id from rows where id > 9", []),
        (
            'select json_array(1) as "a[0].b", json_extract(_json, \'$.tags[0]\') as "x.y" from rows limit 1',
            [{"a[0].b": "[1]", "x.y": "t"}],
        ),
    ],
)
def test_the_result_is_a_list_of_objects(server: Recorder, query: str, rows: Any) -> None:
    """Of the rows that SQLite returns, over the items, the response and its other lists."""
    result = _ask(server, query)
    assert (0, rows) == (result.exit_code, result.json), result.stderr


def test_an_item_is_there_as_it_was_sent(server: Recorder) -> None:
    """In `_json`, with every digit."""
    text = '{"rows":[{"id":12345678901234567890,"name":"a","price":0.10000000000000000001}]}'
    result = _ask(
        server,
        "select _json, id, price from rows",
        value=Response(200, text.encode()),
    )
    (row,) = result.json
    assert '{"id":12345678901234567890,"name":"a","price":0.10000000000000000001}' == row["_json"]
    assert ("12345678901234567890", "0.10000000000000000001") == (row["id"], row["price"])


def test_a_terminal_gets_a_table_with_the_columns_as_asked(server: Recorder) -> None:
    """A pipe gets JSON, and `-o` any format."""
    words = (
        _api(server),
        "list-things",
        "--sql",
        "select ok, name, id from rows where id = 1",
        "--validate",
        "off",
    )
    table = run_cli(*words, terminal=("stdout",)).stdout.replace("\x1b[1m", "").replace("\x1b[22m", "")
    assert ["ok", "name", "id"] == table.split("\n")[0].split()
    assert ["ok,name,id", "1,a,1"] == run_cli(*words, "-o", "csv").stdout.split()


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("", "is not one SELECT"),
        ("delete from rows", "is not one SELECT"),
        ("select 1; select 2", "is not one SELECT"),
        ("pragma table_info(rows)", "is not one SELECT"),
        ("attach 'x' as y", "is not one SELECT"),
        ("explain select 1", "is not one SELECT"),
        ("select * fro rows", "has a syntax error"),
        ("select (1", "has a syntax error"),
        ("with x as (select 1) delete from rows", "is not one SELECT"),
        ("select load_extension('x')", "is refused"),
        ("select readfile('/etc/passwd')", "is refused"),
        ("select * from pragma_database_list", "is refused"),
        ('select * from "pragma_table_info"(1)', "is refused"),
        ("select uper(name) from rows", "has an unknown function `uper`\n  hint: Did you mean `upper`"),
        ("select x.b from (select nix(a, n.c) as b from rows n) x", "has an unknown function `nix`"),
    ],
)
def test_what_is_no_reading_is_refused_before_anything_is_sent(
    server: Recorder, query: str, said: str
) -> None:
    """Exit code 2."""
    result = _ask(server, query)
    assert_ended(result, 2, said)
    assert [] == server.requests


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("select nme from rows", "Did you mean `name`?"),
        ('select "nme" from rows', "has no column `nme`"),
        ('select id from rows where name = "fail"', "put it in single quotes: `'fail'`"),
        ("select id from rws", "Did you mean `rows`?"),
        ("select zeroblob(999999999)", "string or blob too big"),
    ],
)
def test_an_unknown_name_is_an_error_of_the_format(server: Recorder, query: str, said: str) -> None:
    """Exit code 13; the response is printed as JSON. A name in double quotes is never text."""
    result = _ask(server, query)
    assert_ended(result, 13, said)
    assert _VALUE == result.json


def test_a_query_that_never_ends_is_ended(server: Recorder, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a time, with exit code 13."""
    monkeypatch.setattr(run_query, "MOST_SECONDS", 0.2)
    endless = "with recursive n(x) as (select 1 union all select x + 1 from n) select count(*) from n"
    assert_ended(_ask(server, endless), 13, "it takes more than 0.2 seconds")


def test_a_query_that_takes_too_much_memory_is_ended(
    server: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With exit code 13."""
    monkeypatch.setattr(run_query, "_MOST_MEMORY", 20_000_000)
    query = (
        "with recursive n(x, y) as (select 1, zeroblob(100000)"
        " union all select x + 1, zeroblob(100000) from n limit 5000) select group_concat(hex(y)) from n"
    )
    assert_ended(_ask(server, query), 13)


def test_filters_are_not_combined(server: Recorder) -> None:
    """Exit code 2."""
    assert_ended(_ask(server, "select 1", "-f", "rows"), 2, "`--filter` and `--sql` cannot be combined")


def test_an_error_of_the_server_is_printed_as_it_came(server: Recorder) -> None:
    """The query is for successful responses."""
    result = _ask(server, "select id from rows", value=Response(404, b'{"message":"gone"}'))
    assert (4, {"message": "gone"}) == (result.exit_code, result.json)


def test_all_pages_are_asked_together() -> None:
    """After they are merged."""
    result = run_cli(
        "demo", "search-runs", "--range", "7d", "--all", "--sql", "select count(*) as n from rows"
    )
    assert [{"n": 230}] == result.json


def test_a_batch_is_asked_as_a_whole(server: Recorder) -> None:
    """Its results are the rows."""
    result = run_cli(
        *(
            "batch",
            _api(server),
            "list-things",
            "-",
            "--sql",
            'select count(*) as n, max("status") as s from rows',
        ),
        *("--validate", "off", "-o", "json"),
        stdin=b"{}\n{}\n",
    )
    assert_ended(result, 0)
    assert [{"n": 2, "s": 200}] == result.json


@pytest.mark.parametrize("value", [[], [1, 2], "text", 7, None, {"a": {"b": 1}}, [{"": 1, "a\0b": 2}]])
def test_any_response_can_be_asked(server: Recorder, value: Any) -> None:
    """Also one without items, which has no table `rows`."""
    result = _ask(server, "select 1 as one", value=value)
    assert [{"one": 1}] == json.loads(result.stdout)


@pytest.mark.parametrize(
    ("query", "value", "rows"),
    [
        (
            "select t.value from rows, json_each(tags) t",
            {"rows": [{"tags": ["x", "y"]}]},
            [{"value": "x"}, {"value": "y"}],
        ),
        ("select count(*) as n from rows, json_tree(_json)", {"rows": [{"id": 1}]}, [{"n": 2}]),
        (
            "select value, _json from rows",
            ["a", None, 1],
            [
                {"value": "a", "_json": '"a"'},
                {"value": None, "_json": "null"},
                {"value": 1, "_json": "1"},
            ],
        ),
        (
            'select total, "meta.page" from response',
            {"rows": [], "total": 1, "meta": {"page": 2, "deep": {}}},
            [{"total": 1, "meta.page": 2}],
        ),
        ("select rtrim('aab', 'ab') as d, trim(121, 1) as f", {}, [{"d": "", "f": "2"}]),
        ("select cast(x'ff' as text) as bad", {}, [{"bad": "\ufffd"}]),
        (
            "select instr('abc', 'c') as a, instr('abc', 'x') as b, instr(null, 'c') as c, instr(x'0102', x'02') as d",
            {},
            [{"a": 3, "b": 0, "c": None, "d": 2}],
        ),
        (
            "select replace('aba', 'a', 'cc') as a, replace('aba', '', 'c') as b, replace(121, 1, 3) as c",
            {},
            [{"a": "ccbcc", "b": "aba", "c": "323"}],
        ),
        (
            "select trim(' a ') as a, trim('xyayx', 'yx') as b, ltrim('aab', 'a') as c, trim(null) as e",
            {},
            [{"a": "a", "b": "a", "c": "b", "e": None}],
        ),
    ],
)
def test_functions_and_tables_are_those_of_sqlite(
    server: Recorder, query: str, value: Any, rows: Any
) -> None:
    """JSON functions read lists, plain items are in `value`, and objects of a response have columns."""
    result = _ask(server, query, value=value)
    assert (0, rows, "") == (result.exit_code, json.loads(result.stdout), result.stderr)


@pytest.mark.sampled(0)
@pytest.mark.no_cover
@pytest.mark.parametrize(
    "query",
    [
        "select instr(hex(zeroblob(20000000)), hex(zeroblob(10000000)) || '1')",
        "select length(replace(hex(zeroblob(20000000)), hex(zeroblob(10000000)) || '1', ''))",
        "select length(replace(hex(zeroblob(20000000)), '0', hex(zeroblob(1000))))",
        f"select hex(zeroblob(20000000)) like '%{'0' * 2000}1'",
        "select length(trim(hex(zeroblob(20000000)), hex(zeroblob(10000000))))",
        "select length(rtrim(hex(zeroblob(20000000)), '1' || hex(zeroblob(10000000))))",
        "select zeroblob(1000000000)",
    ],
)
def test_no_function_runs_for_hours_within_sqlite(server: Recorder, query: str) -> None:
    """A function either ends soon or fails with 13."""
    began = time.monotonic()
    result = _ask(server, query)
    assert result.exit_code in {0, 13}
    assert time.monotonic() - began < 20


@pytest.mark.parametrize(
    "query", ["select ?", "select :name from rows", "select a, r.b, ? from rows r, pets", "select '\udcff'"]
)
def test_a_parameter_or_half_a_character_is_refused(server: Recorder, query: str) -> None:
    """Exit code 2, before anything is sent."""
    result = _ask(server, query)
    assert (2, []) == (result.exit_code, server.requests)
    assert "Traceback" not in result.stderr


def test_a_python_program_asks_a_response(server: Recorder) -> None:
    """With the same errors."""
    with dynacli.open_api(_api(server), validate="off") as api:
        response = api.call("list-things")
        assert [{"n": 2}] == response.sql("select count(*) as n from rows")
        with pytest.raises(UsageError, match="is not one SELECT"):
            response.sql("delete from rows")
        with pytest.raises(FormatError, match="has no column `nme`"):
            response.sql("select nme from rows")


def test_fields_that_only_the_document_names_are_columns(server: Recorder) -> None:
    """Also those of objects, which themselves are no columns, and those of the response."""
    owner = {"type": "object", "properties": {"login": {"type": "string"}}}
    item = {"type": "object", "properties": {"id": {"type": "integer"}, "owner": owner}}
    rows = {"type": "array", "items": item}
    schema = {"type": "object", "properties": {"rows": rows, "total": {"type": "integer"}, "meta": owner}}
    responses = {"200": {"description": "", "content": {"application/json": {"schema": schema}}}}
    server.responses["/things"] = json_response({"rows": []})
    api = save_api(get("/things", "listThings", responses=responses), server=server)
    result = run_cli(api, "list-things", "--sql", 'select "owner.login" from rows')
    assert (0, "[]\n") == (result.exit_code, result.stdout)
    result = run_cli(api, "list-things", "--sql", "select * from response")
    assert [{"total": None, "meta.login": None}] == json.loads(result.stdout)
    assert 13 == run_cli(api, "list-things", "--sql", "select owner from rows").exit_code


@pytest.mark.parametrize(
    ("value", "rows"),
    [([1], [{"value": None}]), (7, [{"value": 7}]), ("a", [{"value": "a"}]), ({"a": [1]}, [{"value": None}])],
)
def test_a_response_without_fields_has_one_column(server: Recorder, value: Any, rows: Any) -> None:
    """`value`, which has the response if that is no list or object."""
    server.responses["/things"] = json_response(value)
    api = save_api(get("/things", "listThings"), server=server)
    result = run_cli(api, "list-things", "--sql", "select * from response")
    assert rows == json.loads(result.stdout), result.stderr


def test_an_empty_result_has_its_columns(server: Recorder) -> None:
    """CSV has a header, as with rows; brackets in a name are no path."""
    result = _ask(server, 'select id, name as "a[0].b" from rows where 0', "-o", "csv")
    assert (0, "id,a[0].b\r\n") == (result.exit_code, result.stdout)
    result = _ask(server, 'select id as "a[0].b" from rows limit 1', "-o", "csv")
    assert (0, "a[0].b\r\n1\r\n") == (result.exit_code, result.stdout)


def test_an_agent_gets_no_filter_beside_sql(server: Recorder) -> None:
    """The two cannot be combined, so that no command suggests that."""
    value = {"rows": [{"id": number, "name": "a" * 900, "tags": ["b" * 900]} for number in range(9)]}
    for query in ("select id, name, tags from rows", "select group_concat(name || tags) as a from rows"):
        result = _ask(server, query, "-o", "agent", "--max-bytes", "300", value=value)
        assert result.stdout.startswith("rows: ")
        assert " -f " not in result.stdout
