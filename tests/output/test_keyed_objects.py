"""Objects that are lists by their keys, and objects that are one thing."""

import csv
import io
import json
from typing import Any

import pytest

from tests.documents import JSON, document, operation, serve
from tests.harness import Recorder, json_response, run_cli

_TASK = {"name": "a", "tags": ["x"], "done": False}
_TASKS = {"t1": _TASK, "t2": {**_TASK, "name": "b", "tags": []}}
_ROWS = [["key", "name", "tags", "done"], ["t1", "a", '["x"]', "false"], ["t2", "b", "[]", "false"]]
_TASK_SCHEMA = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "tags": {"type": "array"}, "done": {"type": "boolean"}},
}
_MAP = {"type": "object", "additionalProperties": _TASK_SCHEMA}


def _object(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties}


def _keyed(name: str, schema: Any, value: Any, rows: Any = _ROWS) -> Any:
    return pytest.param(schema, value, rows, id=name)


_TABLES = [
    _keyed("additional-properties", _MAP, _TASKS),
    _keyed("pattern-properties", {"type": "object", "patternProperties": {"^t": _TASK_SCHEMA}}, _TASKS),
    _keyed("all-of", {"allOf": [_MAP]}, _TASKS),
    _keyed("one-member", _MAP, {"t1": _TASK}, _ROWS[:2]),
    _keyed("only-a-list-within", _MAP, {"t1": {"tags": [1, 2]}}, [["key", "tags"], ["t1", "[1,2]"]]),
    _keyed("undescribed", {}, _TASKS),
    _keyed("any-object", {"type": "object", "additionalProperties": True}, _TASKS),
    _keyed("in-a-wrapper", {}, {"data": _TASKS, "total": 2}),
    _keyed("in-a-described-wrapper", _object(data=_MAP, total={}), {"data": {"t1": _TASK}}, _ROWS[:2]),
    _keyed(
        "called-like-the-path", _object(tasks=_MAP, errors={"type": "array"}), {"tasks": _TASKS, "errors": []}
    ),
    _keyed(
        "lists",
        {"type": "object", "additionalProperties": {"type": "array", "items": {}}},
        {"a": [1], "b": []},
        [["key", "value"], ["a", "[1]"], ["b", "[]"]],
    ),
    _keyed("null", _MAP, {"t1": _TASK, "t2": None}, [*_ROWS[:2], ["t2", "", "", ""]]),
    _keyed(
        "a-key-of-their-own",
        {},
        {"a": {"key": 1}, "b": {"key": 2}},
        [["_key", "key"], ["a", "1"], ["b", "2"]],
    ),
    _keyed(
        "the-same-key",
        {},
        {"a": {"key": "a", "n": 1}, "b": {"key": "b"}},
        [["key", "n"], ["a", "1"], ["b", ""]],
    ),
    _keyed(
        "optional-fields",
        {},
        {"a": {"n": 1}, "b": {"n": 2, "m": None}},
        [["key", "n", "m"], ["a", "1", ""], ["b", "2", ""]],
    ),
]
_SETTINGS = {"smtp": {"host": "h", "port": 1}, "http": {"host": "h", "port": 2}}
_THINGS = [
    pytest.param(_object(smtp={}, http={}), _SETTINGS, id="described-properties"),
    pytest.param({}, {"smtp": {"host": "h", "port": 1}, "log": {"level": "info"}}, id="of-several-shapes"),
    pytest.param({}, {"a": {"value": 1}, "b": {"value": "text"}}, id="of-several-types"),
    pytest.param({}, {"a": {"n": 1, "x": 1, "y": 1}, "b": {"n": 1, "v": 1, "w": 1}}, id="little-in-common"),
    pytest.param({}, {"user": _TASK}, id="one-member"),
    pytest.param({}, {"data": {"n": 1}, "meta": {"n": 1}}, id="an-envelope"),
    pytest.param({}, {"id": 1, "data": 2}, id="plain"),
    pytest.param({}, {"a": {}, "b": {}}, id="empty"),
    pytest.param(
        _object(version={"type": "string"}, overdue={"type": "array", "items": {"type": "string"}}),
        {"version": "1", "overdue": []},
        id="with-an-empty-array-of-texts",
    ),
    pytest.param(
        _object(id={"type": "string"}, steps={"type": "array", "items": _object(n={"type": "integer"})}),
        {"id": "a", "steps": []},
        id="with-an-empty-array-and-an-id",
    ),
    pytest.param({"type": "object", "additionalProperties": {"type": "integer"}}, {"sold": 1}, id="numbers"),
    pytest.param(
        _object(id={}, data=_MAP), {"id": 1, "data": {"t1": {"n": 1}, "t2": {"n": 2}}}, id="of-one-thing"
    ),
]


def _api(server: Recorder, schema: Any, value: Any) -> str:
    responses = {"200": {"description": "OK", "content": {JSON: {"schema": schema}}}}
    server.responses["/tasks"] = json_response(value)
    paths = {"/tasks": {"get": operation("listTasks", responses=responses)}}
    return serve(server, document(paths, (server.origin,)))


@pytest.mark.sampled(3)
@pytest.mark.parametrize(("schema", "value", "rows"), _TABLES)
def test_an_object_keyed_by_id_has_a_row_for_each_key(
    server: Recorder, schema: Any, value: Any, rows: list[list[str]]
) -> None:
    """The key stands in the first column, in each format of rows, with all pages and without."""
    api = _api(server, schema, value)
    for more in ((), ("--all",)):
        reported = run_cli(api, "list-tasks", "-o", "csv", *more)
        assert (0, rows) == (reported.exit_code, list(csv.reader(io.StringIO(reported.stdout))))
        assert "This is one page: its response has several" not in reported.stderr
    tsv = run_cli(api, "list-tasks", "-o", "tsv").stdout.splitlines()
    assert rows == [line.split("\t") for line in tsv]
    for form in ("ndjson", "lines"):
        lines = [json.loads(line) for line in run_cli(api, "list-tasks", "-o", form).stdout.splitlines()]
        assert [row[0] for row in rows[1:]] == [line[rows[0][0]] for line in lines]
    table = run_cli(api, "list-tasks", "-o", "table").stdout.splitlines()
    assert rows[0][0] == table[0].split()[0]
    assert [row[0] for row in rows[1:]] == [line.split()[0] for line in table[2:]]


@pytest.mark.sampled(3)
@pytest.mark.parametrize(("schema", "value"), _THINGS)
def test_an_object_with_objects_as_fields_is_one_row(server: Recorder, schema: Any, value: Any) -> None:
    """Settings with sections are one thing, and so is whatever the document gives named properties."""
    reported = run_cli(_api(server, schema, value), "list-tasks", "-o", "csv")
    header, *rows = csv.reader(io.StringIO(reported.stdout))
    assert (list(value), 1) == (header, len(rows))


def test_an_empty_object_that_is_described_as_a_list_has_no_rows(server: Recorder) -> None:
    """A header is printed, as for an empty list."""
    api = _api(server, _MAP, {})
    assert ["key,name,tags,done"] == run_cli(api, "list-tasks", "-o", "csv").stdout.splitlines()
    assert "" == run_cli(api, "list-tasks", "-o", "ndjson").stdout


@pytest.mark.parametrize(
    "value", [[{"id": 1, "text": "x" * 5000, "more": "y" * 5000}], {"a": 1, "b": "x" * 5000}]
)
def test_the_lines_of_a_table_in_a_pipe_have_an_end(server: Recorder, value: Any) -> None:
    """Cells are cut and that is reported; csv is whole."""
    api = _api(server, {}, value)
    reported = run_cli(api, "list-tasks", "-o", "table")
    assert max(map(len, reported.stdout.splitlines())) <= 2000
    assert "Note: some cells are cut" in reported.stderr
    whole = run_cli(api, "list-tasks", "-o", "csv")
    assert "" == whole.stderr
    assert "x" * 5000 in whole.stdout


def test_a_table_in_a_pipe_whose_lines_fit_is_whole(server: Recorder) -> None:
    """Up to 2,000 characters nothing is cut or said."""
    reported = run_cli(_api(server, {}, [{"id": 1, "text": "x" * 1900}]), "list-tasks", "-o", "table")
    assert "" == reported.stderr
    assert "x" * 1900 in reported.stdout
