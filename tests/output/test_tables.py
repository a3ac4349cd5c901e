"""Tables on a terminal: a name first and an id last, as much as fits, and nothing that drives the terminal."""

import io
import json
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from dynacli.environment import Environment
from dynacli.http.semantics import ReceivedBody
from dynacli.openapi.model.find_items import KnownItems
from dynacli.output.output_format import OutputFormat, form_of
from dynacli.output.render import write_body

UUID = "f7a5717e-f62d-521b-8bf9-11068277bad6"
RUN: dict[str, Any] = {
    "url": "https://example.com/runs/1",
    "workflowId": "wf_search",
    "steps": [{"n": 1}],
    "cost": 1.5,
    "created_at": "2026-07-01T12:00:00Z",
    "status": "pass",
    "title": "Search returns the issues that were updated in the last week",
    "note": None,
    "id": UUID,
}


class _Terminal(io.TextIOWrapper):
    def isatty(self) -> bool:
        return True


def shown(
    value: Any,
    columns: int,
    form: OutputFormat | None = None,
    *,
    encoding: str = "utf-8",
    known: KnownItems | None = None,
    variables: Mapping[str, str] = MappingProxyType({"NO_COLOR": "1"}),
) -> tuple[str, str]:
    """Return what a terminal of so many columns shows of a response, and what is reported beside it."""
    content, stderr = io.BytesIO(), io.StringIO()
    stdout = _Terminal(content, encoding=encoding)
    env = Environment(
        stdout=stdout, stderr=stderr, variables={"COLUMNS": str(columns), "TERM": "xterm", **variables}
    )
    body = ReceivedBody(json.dumps(value).encode(), "application/json", known=lambda: known)
    write_body(env, body, form or OutputFormat("table"))
    return content.getvalue().decode(), stderr.getvalue()


@pytest.mark.parametrize(
    ("columns", "names", "hidden"),
    [
        (40, "id", "title, status, created_at, cost, workflowId, url, steps, note"),
        (70, "title id", "status, created_at, cost, workflowId, url, steps, note"),
        (96, "title status cost id", "created_at, workflowId, url, steps, note"),
        (200, "title status created_at cost workflowId url steps id note", ""),
    ],
)
def test_a_table_fits_the_terminal(columns: int, names: str, hidden: str) -> None:
    """Columns that do not fit are named on standard error; an id is never cut, other long texts are."""
    table, said = shown([RUN], columns)
    lines = table.splitlines()
    assert names == " ".join(lines[0].split())
    assert UUID in lines[2]
    assert max(map(len, lines)) <= columns
    assert (f"Not shown: {hidden} (`--columns` chooses, `-o csv` has all)\n" if hidden else "") == said


def test_what_tells_items_apart_is_read_first() -> None:
    """The name, then states and dates that differ; the id, whole; then what is the same or empty in all rows."""
    rows = [
        {
            "id": f"wf_{'x' * 50}{number}",
            "kind": "web",
            "note": "",
            "started": f"2026-07-0{number}",
            "reason": ["timeout", "crash"][number % 2],
            "status": "failed",
            "size": number,
            "name": f"Run {number}",
        }
        for number in range(1, 7)
    ]
    table, said = shown(rows, 200)
    assert "name reason status started size id kind note" == " ".join(table.splitlines()[0].split())
    assert f"wf_{'x' * 50}1" in table.splitlines()[2]
    assert "" == said
    narrow, said = shown(rows, 59)
    assert f"wf_{'x' * 50}1" == narrow.splitlines()[2]
    assert said.startswith("Not shown: name, reason, status, started, size, kind, note ")


@pytest.mark.parametrize(
    ("encoding", "cell"), [("utf-8", "Found a very long an…"), ("ascii", "Found a very long...")]
)
def test_a_text_that_is_cut_says_so(encoding: str, cell: str) -> None:
    """It ends in an ellipsis, or in three points if the encoding has none."""
    rows = [{"id": "i" * 37, "title": "Found a very long and winding road to the bug"}]
    table, _ = shown(rows, 60, encoding=encoding)
    assert cell == table.splitlines()[2][:21].strip()


def test_words_that_mean_success_or_failure_have_a_colour() -> None:
    """They are whole values of a column whose schema has `enum`; ids are dim, and all is plain without colour."""
    rows = [
        {"id": "a1", "state": "ok", "title": "ok"},
        {"id": "a2", "state": "timed-out", "title": "x"},
        {"id": "a3", "state": "queued", "title": "y"},
        {"id": "a4", "state": "odd", "title": "z"},
    ]
    known = KnownItems(names=("id", "state", "title"), states=("state",))
    table, _ = shown(rows, 80, known=known, variables={})
    assert [
        "ok     \x1b[32mok\x1b[39m         \x1b[2ma1\x1b[22m",
        "x      \x1b[31mtimed-out\x1b[39m  \x1b[2ma2\x1b[22m",
        "y      \x1b[33mqueued\x1b[39m     \x1b[2ma3\x1b[22m",
        "z      odd        \x1b[2ma4\x1b[22m",
    ] == table.splitlines()[2:]
    plain, _ = shown(rows, 80, known=known)
    assert "\x1b" not in plain
    kinds = KnownItems(names=("id", "triggerType"), states=("triggerType",))
    of_kinds = [{"id": "a1", "triggerType": "scheduled"}, {"id": "a2", "triggerType": "manual"}]
    assert "\x1b[33m" not in shown(of_kinds, 80, known=kinds, variables={})[0]


@pytest.mark.parametrize(
    ("value", "is_table"),
    [
        ([{"id": 1}], True),
        ({"data": [{"id": 1}], "total": 1}, True),
        ([], False),
        ([{"id": 1}, 2], False),
        ([1, 2], False),
        ({"id": 1, "steps": [{"n": 1}]}, False),
        ("text", False),
    ],
)
def test_a_list_of_objects_is_a_table_for_a_person(value: Any, is_table: bool) -> None:
    """Everything else stays JSON: other values, errors, and all that is not for a terminal."""
    text, _ = shown(value, 80, OutputFormat())
    assert is_table == (text.splitlines()[0].strip() == "id")
    assert json.loads(shown(value, 80, OutputFormat("text"))[0]) == value
    assert json.loads(shown(value, 80, OutputFormat().of_error)[0]) == value
    assert json.loads(shown(value, 80, OutputFormat(), variables={"CLAUDECODE": "1"})[0]) == value


def test_of_many_columns_that_do_not_fit_some_are_named() -> None:
    """The others are counted."""
    table, said = shown([{f"column-{number}": "x" * 10 for number in range(20)}], 40)
    assert "column-0    column-1    column-2" == table.splitlines()[0]
    named = ", ".join(f"column-{number}" for number in range(3, 11))
    assert f"Not shown: {named} and 9 more (`--columns` chooses, `-o csv` has all)\n" == said


@pytest.mark.corpus
def test_a_real_list_shows_what_a_person_looks_for(corpus: Path) -> None:
    """Of the 33 fields of an issue of GitHub, those that tell which one it is come first."""
    examples = json.loads((corpus / "github.json").read_text())["components"]["examples"]
    table, said = shown(examples["issue-items"]["value"], 110)
    first, _, *rows = table.splitlines()
    assert "title state created_at updated_at body id number" == " ".join(first.split())
    issue = (
        "Found a bug open 2011-04-22T13:33:48Z 2011-04-22T13:33:48Z I'm having a problem with this. 1 1347"
    )
    assert [issue] == [" ".join(row.split()) for row in rows]
    assert said.startswith("Not shown: ")


def test_columns_that_are_asked_for_are_all_there() -> None:
    """They are in the order in which they were named, and narrowed if that is needed."""
    table, said = shown([RUN], 60, form_of("table", columns="title,steps.0.n,status"))
    assert [
        "title                                      steps.0.n  status",
        "-----------------------------------------  ---------  ------",
        "Search returns the issues that were upda…          1  pass",
    ] == table.splitlines()
    assert "" == said


def test_an_object_in_a_cell_is_shown_by_the_field_that_names_it() -> None:
    """It is a name, else an id, that all have, and its column is called as `--columns` would choose it."""
    rows = [
        {
            "id": 1,
            "owner": {"id": 7, "login": "ann"},
            "track": {"uri": "u", "id": "t1"},
            "mixed": {"name": "x"},
        },
        {"id": 2, "owner": {"id": 8, "login": None}, "track": None, "mixed": "text", "dim": {"w": 1}},
    ]
    table, _ = shown(rows, 80)
    assert [
        "owner.login  track.id  mixed         dim      id",
        "-----------  --------  ------------  -------  --",
        'ann          t1        {"name":"x"}            1',
        '                       text          {"w":1}   2',
    ] == [line.rstrip() for line in table.splitlines()]
    chosen, _ = shown(rows, 80, form_of("table", columns="id,owner"))
    assert ' 1  {"id":7,"login":"ann"}' == chosen.splitlines()[2]


def test_columns_that_cannot_be_narrowed_are_lines() -> None:
    """If so many columns are asked for that none would be readable, a row is a group of lines."""
    wide = {name: name * 40 for name in "abcdef"}
    table, _ = shown([wide, wide], 60, form_of("table", columns="a,b,c,d,e,f"))
    assert ["a: " + "a" * 40, "b: " + "b" * 40] == table.splitlines()[:2]


def test_a_single_object_has_a_line_for_each_field() -> None:
    """A text is wrapped, and what is nested is cut."""
    value = {"id": 1, "text": "word " * 12, "nested": {"a": "b" * 50}, "empty": None, "e\x1b": "f\x1bg\nh"}
    table, said = shown(value, 50)
    assert table.splitlines() == [
        "id      1",
        "text    word word word word word word word word",
        "        word word word word",
        f'nested  {{"a":"{"b" * 33}...',
        "empty",
        "e\\x1b   f\\x1bg",
        "        h",
    ]
    assert "" == said


def test_cells_are_aligned_and_harmless() -> None:
    """Wide characters take two columns, control characters are escapes, and numbers are aligned to the right."""
    table, _ = shown([{"name": "日本", "n": 5}, {"name": "a\x1b[2J\nb", "n": 10}], 80)
    assert [
        "name          n",
        "-----------  --",
        "日本          5",
        "a\\x1b[2J\\nb  10",
    ] == table.splitlines()


def test_csv_on_a_terminal_is_harmless() -> None:
    """Lines end as on a terminal, and control characters are escapes."""
    assert ("a\nx\\x1b\n", "") == shown([{"a": "x\x1b"}], 80, OutputFormat("csv"))


@pytest.mark.parametrize("name", ["ndjson", "lines", "gron", "json", "yaml", "table", "tsv"])
def test_no_format_lets_anything_drive_the_terminal(name: str) -> None:
    """What would drive or deceive a terminal is an escape in each format, in keys and in values."""
    for value in ([{"a\x1b": "\x1b\u202e"}], ["\x1b\u202e"], {"a\x1b": "\x1b\u202e"}):
        text, _ = shown(value, 80, OutputFormat(name))
        assert any(escape in text for escape in ("x1b", "u001b", "\\e"))
        assert not {"\x1b", "\u202e"} & set(text)


@pytest.mark.parametrize(
    ("value", "note"),
    [
        (
            {"id": 1, "spans": [{"n": 1}], "runs": [{"n": 1}, {"n": 2}]},
            "`runs` has 2 items; as a table: `-f runs -o table`\n",
        ),
        ({"id": 1, "tags": ["a", "b"], "none": []}, ""),
        ({"id": 1, "x y": [{"n": 1}]}, ""),
    ],
    ids=["objects", "strings", "no-word"],
)
def test_a_list_in_a_cell_leads_to_a_table_of_it(value: dict[str, Any], note: str) -> None:
    """One object with lists in it is a row, in which nobody reads them."""
    stderr = io.StringIO()
    env = Environment(stdout=io.TextIOWrapper(io.BytesIO()), stderr=stderr, variables={})
    body = ReceivedBody(
        json.dumps(value).encode(), "application/json", known=lambda: KnownItems(holder="none")
    )
    write_body(env, body, OutputFormat("table"))
    assert note == stderr.getvalue()
