"""Each format that is made of a response's value says what the response said, for each kind of JSON value."""

import csv
import io
import json
import os
import re
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynacli.environment import Environment
from dynacli.errors import FormatError
from dynacli.openapi.model.find_items import KnownItems
from dynacli.output import written_items as written_items_module
from dynacli.output._columns import Columns
from dynacli.output.output_format import OutputFormat, form_of
from dynacli.output.render import write_content
from dynacli.output.written_items import gron_lines, separated_lines, written_items
from dynacli.record import replace
from dynacli.text import filter_value
from dynacli.text.exact_json import compact_json, read_json
from dynacli.text.filter_value import check_filter, filtered
from tests.documents import get, pets, save, save_api
from tests.harness import Recorder, Response, json_response, run_cli

JSON = "application/json"
PETS = b'{"pets": [{"id": 1, "name": "Rex", "tags": ["a", "b"]}, {"id": 2, "price": 1.10, "name": null}], "total": 2}'
PET = b'{"id": 12345678901234567890, "name": "Rex, \\"the\\"\\tdog", "owner": {"login": "ann"}, "on": true}'
FORMATS = ("table", "csv", "tsv", "ndjson", "lines", "gron")


def written(body: bytes, form: OutputFormat, media_type: str = JSON) -> str:
    """Return what is written of a body in a pipe."""
    stdout = io.TextIOWrapper(io.BytesIO())
    write_content(Environment(stdout=stdout, stderr=io.StringIO(), variables={}), body, media_type, form)
    return stdout.buffer.getvalue().decode()


RESPONSES: dict[str, tuple[bytes, tuple[str, ...]]] = {
    "list in an object": (
        PETS,
        (
            'id  name  price  tags\n--  ----  -----  ---------\n 1  Rex          ["a","b"]\n 2         1.10\n',
            'id,name,tags,price\r\n1,Rex,"[""a"",""b""]",\r\n2,,,1.10\r\n',
            'id\tname\ttags\tprice\n1\tRex\t["a","b"]\t\n2\t\t\t1.10\n',
            '{"id":1,"name":"Rex","tags":["a","b"]}\n{"id":2,"price":1.10,"name":null}\n',
            '{"id":1,"name":"Rex","tags":["a","b"]}\n{"id":2,"price":1.10,"name":null}\n',
            (
                'json = {};\njson.pets = [];\njson.pets[0] = {};\njson.pets[0].id = 1;\njson.pets[0].name = "Rex";\n'
                'json.pets[0].tags = [];\njson.pets[0].tags[0] = "a";\njson.pets[0].tags[1] = "b";\n'
                "json.pets[1] = {};\njson.pets[1].id = 2;\njson.pets[1].price = 1.10;\njson.pets[1].name = null;\n"
                "json.total = 2;\n"
            ),
        ),
    ),
    "object": (
        PET,
        (
            'id     12345678901234567890\nname   Rex, "the"\\tdog\nowner  {"login":"ann"}\non     true\n',
            'id,name,owner,on\r\n12345678901234567890,"Rex, ""the""\tdog","{""login"":""ann""}",true\r\n',
            'id\tname\towner\ton\n12345678901234567890\tRex, "the"\\tdog\t{"login":"ann"}\ttrue\n',
            '{"id":12345678901234567890,"name":"Rex, \\"the\\"\\tdog","owner":{"login":"ann"},"on":true}\n',
            '{"id":12345678901234567890,"name":"Rex, \\"the\\"\\tdog","owner":{"login":"ann"},"on":true}\n',
            (
                'json = {};\njson.id = 12345678901234567890;\njson.name = "Rex, \\"the\\"\\tdog";\n'
                'json.owner = {};\njson.owner.login = "ann";\njson.on = true;\n'
            ),
        ),
    ),
    "texts": (
        b'["a b", "c\\nd", "\\\\e", ""]',
        (
            "value\n-----\na b\nc\\nd\n\\e\n\n",
            'value\r\na b\r\n"c\nd"\r\n\\e\r\n""\r\n',
            "value\na b\nc\\nd\n\\\\e\n\n",
            '"a b"\n"c\\nd"\n"\\\\e"\n""\n',
            "a b\nc\\nd\n\\e\n\n",
            'json = [];\njson[0] = "a b";\njson[1] = "c\\nd";\njson[2] = "\\\\e";\njson[3] = "";\n',
        ),
    ),
    "numbers": (
        b"[1e400, -0, 1.50, 1E+2, 0.1]",
        (
            "value\n-----\n1e400\n   -0\n 1.50\n 1E+2\n  0.1\n",
            "value\r\n1e400\r\n-0\r\n1.50\r\n1E+2\r\n0.1\r\n",
            "value\n1e400\n-0\n1.50\n1E+2\n0.1\n",
            "1e400\n-0\n1.50\n1E+2\n0.1\n",
            "1e400\n-0\n1.50\n1E+2\n0.1\n",
            "json = [];\njson[0] = 1e400;\njson[1] = -0;\njson[2] = 1.50;\njson[3] = 1E+2;\njson[4] = 0.1;\n",
        ),
    ),
    "lists in a list": (
        b'[["a", 1], ["b"]]',
        (
            "1  2\n-  -\na  1\nb\n",
            "1,2\r\na,1\r\nb,\r\n",
            "1\t2\na\t1\nb\t\n",
            '["a",1]\n["b"]\n',
            '["a",1]\n["b"]\n',
            'json = [];\njson[0] = [];\njson[0][0] = "a";\njson[0][1] = 1;\njson[1] = [];\njson[1][0] = "b";\n',
        ),
    ),
    "text": (
        b'"a"',
        ("value\n-----\na\n", "value\r\na\r\n", "value\na\n", '"a"\n', "a\n", 'json = "a";\n'),
    ),
    "number": (
        b"1.10",
        ("value\n-----\n 1.10\n", "value\r\n1.10\r\n", "value\n1.10\n", "1.10\n", "1.10\n", "json = 1.10;\n"),
    ),
    "null": (
        b"null",
        ("value\n-----\n\n", 'value\r\n""\r\n', "value\n\n", "null\n", "null\n", "json = null;\n"),
    ),
    "empty list": (b"[]", ("", "", "", "", "", "json = [];\n")),
    "empty object": (b"{}", ("", "", "", "{}\n", "{}\n", "json = {};\n")),
    "nothing": (b"", ("", "", "", "", "", "")),
    "odd keys": (
        b'{"a.b": 1, "": 2, "in": 3, "\xc3\xbc": "=1+1"}',
        (
            "a.b  1\n     2\nin   3\nü    =1+1\n",
            "a.b,,in,ü\r\n1,2,3,=1+1\r\n",
            "a.b\t\tin\tü\n1\t2\t3\t=1+1\n",
            '{"a.b":1,"":2,"in":3,"ü":"=1+1"}\n',
            '{"a.b":1,"":2,"in":3,"ü":"=1+1"}\n',
            'json = {};\njson["a.b"] = 1;\njson[""] = 2;\njson["in"] = 3;\njson["ü"] = "=1+1";\n',
        ),
    ),
}


@pytest.mark.parametrize(("body", "shown"), RESPONSES.values(), ids=list(RESPONSES))
def test_a_format_says_what_the_response_said(body: bytes, shown: tuple[str, ...]) -> None:
    """In a pipe nothing is left out or shortened, and every number has its digits."""
    assert dict(zip(FORMATS, shown, strict=True)) == {
        name: written(body, OutputFormat(name)) for name in FORMATS
    }


ASSIGNMENT = re.compile(r"json((?:\.[\w$]+|\[\d+\]|\[\"(?:[^\"\\]|\\.)*\"\])*) = (.*);", re.DOTALL)
STEP = re.compile(r"\.([\w$]+)|\[(\d+)\]|\[(\"(?:[^\"\\]|\\.)*\")\]")
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: (
        st.lists(inner) | st.dictionaries(st.text() | st.sampled_from(["in", "a\\", '\\"', "$a", "1"]), inner)
    ),
    max_leaves=10,
)


@pytest.mark.exhaustive
@given(VALUES)
def test_a_value_on_one_line_is_what_python_writes(value: Any) -> None:
    """If no number remembers its text, a value is written as `json` writes it."""
    expected = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    assert expected == compact_json(value)


@given(st.lists(st.text("ab ,;\"\r\n\t'\\=") | st.none() | st.integers() | st.booleans(), min_size=1))
def test_rows_of_csv_are_quoted_as_python_does_it(row: list[Any]) -> None:
    """A row has the bytes that `csv.writer` gives it."""
    expected = io.StringIO(newline="")
    csv.writer(expected).writerow(
        {True: "true", False: "false"}.get(cell, cell) if isinstance(cell, bool) else cell for cell in row
    )
    columns = Columns()
    columns.note(row)
    assert expected.getvalue() == list(separated_lines([row], columns, is_csv=True))[1]


def test_assignments_that_repeat_a_long_name_are_refused(
    server: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name of a megabyte above a thousand values would be a gigabyte."""
    monkeypatch.setattr(written_items_module, "_MOST_TEXT", 10_000)
    server.responses["/pets"] = json_response({"x" * 1_000: list(range(20))})
    result = run_cli(save(pets("1", server.origin)), "list-pets", "-o", "gron", "--validate", "off")
    assert (13, b"") == (result.exit_code, result.stdout_bytes), result.stderr
    assert "not enough memory" in result.stderr


@pytest.mark.parametrize("levels", [200, 900])
def test_a_response_of_many_levels_is_never_a_defect(
    levels: int, server: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever reads it, it has a limit before Python has one; the bytes themselves have none."""
    monkeypatch.setenv("DYNACLI_HISTORY", "full")
    body = b'{"a":' * levels + b"1" + b"}" * levels
    server.responses["/pets"] = Response(body=body)
    api = save(pets("1", server.origin))
    came = run_cli(api, "list-pets", "--validate", "off")
    assert (0, body) == (came.exit_code, came.stdout_bytes)
    refused = 13 if levels > 200 else 0
    for words in (("-f", "a"), ("-o", "gron"), ("-o", "yaml")):
        result = run_cli(api, "list-pets", *words, "--validate", "off")
        assert refused == result.exit_code, result.stderr
    assert 0 == run_cli("history", "show", "1", "--as", "har").exit_code


@pytest.mark.parametrize("count", [4300, 4301, 9000])
@pytest.mark.parametrize("place", [0, 1, 429, 4299])
def test_integers_too_long_for_python_keep_their_digits(place: int, count: int) -> None:
    """An integer is found wherever it stands in its text."""
    text = f'[{" " * place}"a",{"7" * count},"-01"]'
    assert text.replace(" ", "") == compact_json(read_json(text))


@given(VALUES)
def test_assignments_say_all_of_a_value(value: Any) -> None:
    """Carried out in their order, they make the value again; no key ends in a way that gron takes for another."""
    holder: dict[Any, Any] = {}
    for line in gron_lines(value):
        assert line.endswith(";\n")
        found = ASSIGNMENT.fullmatch(line.removesuffix("\n"))
        assert found is not None
        target: Any = holder
        step: Any = ""
        for word, index, quoted in STEP.findall(found[1]):
            target, step = target[step], word or (int(index) if index else json.loads(quoted))
            assert "\\\\" not in quoted
        if isinstance(target, list):
            assert step == len(target)
            target.append(json.loads(found[2]))
        else:
            target[step] = json.loads(found[2])
    assert value == holder[""]


FORMED: dict[str, tuple[bytes, OutputFormat, str]] = {
    "columns": (PETS, form_of("csv", columns="tags.0,id"), "tags.0,id\r\na,1\r\n,2\r\n"),
    "columns in brackets": (PETS, form_of("tsv", columns="tags[1]"), "tags.1\nb\n\n"),
    "columns alone": (PETS, form_of(columns="name"), "name\n----\nRex\n\n"),
    "columns of an object": (PET, form_of(columns="owner.login,on"), "owner.login  ann\non           true\n"),
    "a key with a dot": (
        b'[{"a.b": 1, "a": {"b.c": 2}}]',
        form_of("csv", columns="a.b,a.b.c"),
        "a.b,a.b.c\r\n1,2\r\n",
    ),
    "filter": (PETS, form_of(filter_="pets[?id > `1`].price"), "[1.10]\n"),
    "filter-indented": (PETS, form_of("json", filter_="pets[?id > `1`].price"), "[\n  1.10\n]\n"),
    "filter into lines": (PETS, form_of("lines", filter_="pets[].name"), "Rex\n"),
    "filter into a table": (PETS, form_of("table", filter_="pets[].{n: id}"), "n\n-\n1\n2\n"),
    "filter into rows": (PETS, form_of("csv", filter_="pets[].[id, name]"), "1,2\r\n1,Rex\r\n2,\r\n"),
    "columns of rows": (PETS, form_of("csv", filter_="pets[].[id, owner]", columns="1"), "1\r\n1\r\n2\r\n"),
    "a column in a column of rows": (b'[[{"a": [3, 4]}]]', form_of("csv", columns="1.a.0"), "1.a.0\r\n3\r\n"),
    "filter into yaml": (PETS, form_of("yaml", filter_="pets[1]"), "id: 2\nprice: 1.10\nname: null\n"),
    "filter to text": (PETS, form_of(filter_="to_string(pets[1].price)"), '"1.10"\n'),
    "filter to nothing": (PETS, form_of(filter_="cats"), "null\n"),
    "filter to nothing, as a line": (PETS, form_of("lines", filter_="cats"), "null\n"),
    "filter to nothing, as a row": (PETS, form_of("csv", filter_="cats"), 'value\r\n""\r\n'),
    "filter into no lines": (PETS, form_of("lines", filter_="pets[?id > `2`]"), ""),
    "filter of the whole": (PETS, form_of(filter_="sort_by(pets, &id)[-1].id"), "2\n"),
    "a list by its name": (b'{"data": [1], "errors": []}', form_of("csv"), "value\r\n1\r\n"),
    "a list by its ids": (b'{"a": [{"id": 1}], "b": [{"x": 1}]}', form_of("csv"), "id\r\n1\r\n"),
    "a list beside errors": (b'{"errors": [{"id": 1}], "data": [{"x": 1}]}', form_of("csv"), "x\r\n1\r\n"),
    "a list beside a list of texts": (
        b'{"x": [{"a": 1}], "facets": [{"a": 2}], "y": ["b"]}',
        form_of("csv"),
        "a\r\n1\r\n",
    ),
    "a list in an object in an object": (b'{"a": {"b": [{"c": 1}]}, "n": 1}', form_of("csv"), "c\r\n1\r\n"),
    "an embedded list": (
        b'{"_embedded": {"pets": [{"c": 1}]}, "x": [{"c": 2}], "_links": {}}',
        form_of("csv"),
        "c\r\n1\r\n",
    ),
    "lists of something": (b'{"id": 1, "tags": [{"a": 1}]}', form_of("lines"), '{"id":1,"tags":[{"a":1}]}\n'),
    "texts of something": (b'{"name": "a", "tags": ["b"]}', form_of("lines"), '{"name":"a","tags":["b"]}\n'),
    "lists alike": (
        b'{"a": [{"id": 1}], "b": [{"id": 2}]}',
        form_of("lines"),
        '{"a":[{"id":1}],"b":[{"id":2}]}\n',
    ),
}


@pytest.mark.parametrize(("body", "form", "shown"), FORMED.values(), ids=list(FORMED))
def test_what_is_asked_for_is_written(body: bytes, form: OutputFormat, shown: str) -> None:
    """Columns are paths, a filter makes a new value, and its result is written as a response would be."""
    assert shown == written(body, form)


MIXED = b'[{"a": 1}, 2]'
SPARSE = json.dumps([{f"k{row}_{at}": 1 for at in range(10)} for row in range(500)]).encode()
DEEP = b"[" * 100_000 + b"]" * 100_000
REFUSED: dict[str, tuple[bytes, str, OutputFormat, str, str]] = {
    "column": (PETS, JSON, form_of("csv", columns="nam"), "has no column `nam`", "have `name`"),
    "column of texts": (b'["a"]', JSON, form_of("csv", columns="b"), "has no column `b`", "are not objects"),
    "mixed": (MIXED, JSON, form_of("csv"), "is not a table", "of several kinds"),
    "sparse": (
        SPARSE,
        JSON,
        form_of("table"),
        "almost empty",
        "500 rows and 5,000 columns, and 5,000 values",
    ),
    "sparse CSV": (SPARSE, JSON, form_of("csv"), "almost empty", "500 rows and 5,000 columns"),
    "function": (PETS, JSON, form_of(filter_="length(total)"), "filter fails", "In function length()"),
    "order": (PETS, JSON, form_of(filter_="pets[?name < `1`]"), "filter fails", "no order"),
    "no number": (PETS, JSON, form_of(filter_="to_number('nan')"), "filter fails", "not JSON"),
    "html": (
        b"<html>",
        "text/html",
        form_of("table"),
        "cannot be shown as `table`",
        "`text/html`, and is not JSON",
    ),
    "filtered html": (b"<html>", "text/html", form_of(filter_="a"), "cannot be filtered", "and is not JSON"),
    "text": (b"hello", "", form_of("lines"), "cannot be shown as `lines`", "no media type, and is not JSON"),
    "binary": (b"\x00\xff", "image/png", form_of("csv"), "cannot be shown as `csv`", "binary: `image/png`"),
    "broken": (b"[1", JSON, form_of("ndjson"), "cannot be shown as `ndjson`", "called JSON, and is not"),
    "deep": (DEEP, JSON, form_of("gron"), "cannot be shown as `gron`", "nested too deeply"),
}


@pytest.mark.sampled(9)
@pytest.mark.parametrize(
    ("body", "media_type", "form", "message", "reason"), REFUSED.values(), ids=list(REFUSED)
)
@pytest.mark.parametrize("file", ["", "out"], ids=["pipe", "file"])
def test_a_response_that_has_not_the_form_is_not_lost(
    body: bytes, media_type: str, form: OutputFormat, message: str, reason: str, file: str
) -> None:
    """It is written as JSON, or as it came if it is not JSON, and the error says why."""
    stdout = io.TextIOWrapper(io.BytesIO())
    env = Environment(stdout=stdout, stderr=io.StringIO(), variables={})
    with pytest.raises(FormatError, match=message) as caught:
        write_content(env, body, media_type, replace(form, file=file))
    assert reason in caught.value.reason
    came = Path(file).read_bytes() if file else stdout.buffer.getvalue()
    is_json = media_type == JSON and body != b"[1"
    assert body.split() == (b"".join(came.split()).split() if body == DEEP else came.split()) or (
        is_json and json.loads(body) == json.loads(came)
    )


WRONG: dict[str, tuple[str, ...]] = {
    "pets[": ("not a JMESPath expression", "Incomplete expression"),
    "": ("not a JMESPath expression", "empty"),
    "lenght(pets)": ("filter is wrong", "no function `lenght`; it has `length`"),
    "foo(pets)": ("filter is wrong", "no function `foo`"),
    "pets[?contains(name)]": ("filter is wrong", "`contains` takes 2 and not 1 arguments"),
    "merge()": ("filter is wrong", "takes at least 1"),
    "(" * 3000: ("not a JMESPath expression", "nested too deeply"),
    "a" + "|a" * 20_000: ("filter is wrong", "nested too deeply"),
    "a" + " || a" * 101: ("filter is wrong", "nested too deeply"),
    f"[{'9' * 5_000}]": ("not a JMESPath expression", "too many digits"),
}


@pytest.mark.sampled(3)
@pytest.mark.parametrize(("expression", "said"), WRONG.items(), ids=[item[:12] for item in WRONG])
def test_a_wrong_filter_is_found_before_anything_is_sent(
    expression: str, said: tuple[str, str], server: Recorder
) -> None:
    """Its syntax, its functions and their arguments are checked when the command line is read."""
    api = save(pets("1", server.origin))
    result = run_cli(api, "list-pets", "-f", expression)
    assert (2, "", []) == (result.exit_code, result.stdout, server.requests)
    assert all(words in result.stderr for words in said), result.stderr


@pytest.mark.sampled(1)
@pytest.mark.parametrize(
    "part", ["[@,@]", "[@,@][]", "join('',[to_string(@),to_string(@)])", "map(&@,[@,@])"]
)
def test_a_filter_has_a_budget(part: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fifty parts that each double what they are given end with an error, and not with all memory."""
    monkeypatch.setattr(filter_value, "_MOST_STEPS", 100_000)
    expression = "|".join([part] * 50)
    check_filter(expression)
    with pytest.raises(FormatError, match="fails on this response") as caught:
        filtered([1], expression)
    assert "too much" in caught.value.reason


@pytest.mark.parametrize(
    "words",
    [("-o", "json", "--columns", "a"), ("-o", "raw@out", "--columns", "a")],
    ids=["columns-of-json", "columns-of-bytes"],
)
def test_options_that_do_not_go_together_are_refused(words: tuple[str, ...], server: Recorder) -> None:
    """Nothing that was asked for is forgotten silently."""
    result = run_cli(save(pets("1", server.origin)), "list-pets", *words)
    assert (2, []) == (result.exit_code, server.requests)
    assert "cannot be combined" in result.stderr


@pytest.mark.parametrize(("name", "times"), [("ndjson", 0.1), ("lines", 0.1), ("csv", 2.5), ("tsv", 2.5)])
def test_a_list_of_any_length_takes_little_memory(name: str, times: float) -> None:
    """Lines are written as they come; of a table the text of its items is kept, and not Python's values."""
    item = {"id": 1.5, "name": "x" * 100, "owner": {"login": "y" * 100, "roles": ["a", "b"]}, "note": None}
    with open(os.devnull, "w", encoding="utf-8") as nowhere:
        env = Environment(stdout=nowhere, stderr=io.StringIO(), variables={})
        tracemalloc.start()
        try:
            with written_items(env, OutputFormat(name)) as write:
                for number in range(2_000):
                    write({**item, "number": number})
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert peak < times * 2_000 * len(json.dumps(item))


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ({"rows": [], "to\x1btal": 1}, "has the keys `rows` and `to\\x1btal`"),
        (
            {str(n): n for n in range(15)},
            "has the keys `0`, `1`, `2`, `3`, `4`, `5`, `6`, `7`, `8`, `9`, `10`, `11` and 3 more",
        ),
        ({}, "is an empty object"),
        ([1, 2], "is a list of 2 items"),
        ("text", "is a string"),
    ],
)
def test_a_filter_that_gives_null_is_explained(server: Recorder, value: Any, said: str) -> None:
    """A note on standard error says what there is to filter, also for items of a stream and rows of a batch."""
    server.responses["/pets"] = json_response(value)
    word = save(pets("1", server.origin))
    result = run_cli(word, "list-pets", "--validate", "off", "-f", "nothing")
    assert (0, "null\n") == (result.exit_code, result.stdout)
    assert f"The filter gives `null`: the response {said}\n" == result.stderr


_ROWS = {
    "total": 2,
    "empty": [],
    "rows": [
        {"id": 1, "name": "a", "owner": {"login": "b"}, "created_at": None},
        {"id": 2, "name": None, "owner": None},
    ],
}


@pytest.mark.sampled(6)
@pytest.mark.parametrize(
    ("value", "expression", "closest"),
    [
        (_ROWS, "[].name", "rows[].name"),
        (_ROWS, "[?id==`2`].id", "rows[?id==`2`].id"),
        (_ROWS, "[?id==`7`].id", "rows[?id==`7`].id"),
        (_ROWS, "rows.name", "rows[].name"),
        (_ROWS, "data[].id", "rows[].id"),
        (_ROWS, "items[0].id", "rows[0].id"),
        (_ROWS, "Rows[].ID", "rows[].id"),
        (_ROWS, "rows[].nmae", "rows[].name"),
        (_ROWS, "rows[].createdAt", "rows[].created_at"),
        (_ROWS, "rows[?nmae=='a'].id", "rows[?name=='a'].id"),
        (_ROWS, "rows[].{n: nmae}", "rows[].{n: name}"),
        (_ROWS, "totl", "total"),
        (_ROWS, "rows[].nothing_like_it", ""),
        (_ROWS["rows"], "rows[].name", "[].name"),
        (_ROWS["rows"], "name", "[].name"),
        ({"data": {"a-b": [{"x": 1}]}}, '"a-b"[].x', 'data."a-b"[].x'),
    ],
)
def test_a_filter_that_finds_nothing_names_the_closest_that_works(
    server: Recorder, value: Any, expression: str, closest: str
) -> None:
    """The note ends with a filter that differs in few places and works; without one, with what an item has."""
    server.responses["/pets"] = json_response(value)
    words = (save(pets("1", server.origin)), "list-pets", "--validate", "off", "-f")
    note = run_cli(*words, expression).stderr
    if not closest:
        assert note.endswith("; an item of `rows` has the keys `id`, `name`, `owner` and `created_at`\n")
        return
    assert note.endswith(f"; `{closest}` works\n")
    again = run_cli(*words, closest)
    assert (0, "") == (again.exit_code, again.stderr)


def test_a_filter_that_finds_nothing_is_right_if_its_fields_are_there(server: Recorder) -> None:
    """A condition that no item meets, a field that is null and a list that is empty need no note."""
    server.responses["/pets"] = json_response(_ROWS)
    words = (save(pets("1", server.origin)), "list-pets", "--validate", "off", "-f")
    for expression in (
        "rows[?id==`7`].id",
        "empty[].id",
        "rows[].created_at",
        "rows[?name=='c'].owner.login",
    ):
        assert "" == run_cli(*words, expression).stderr


@pytest.mark.parametrize(
    ("expression", "note"),
    [
        ("rows[].{n: id, m: nmae}", "has `nmae` there; `rows[].{n: id, m: name}` works\n"),
        ("[total, totl]", "has `totl` there; `[total, total]` works\n"),
        ("rows[].{n: id, d: documented, l: late}", ""),
    ],
)
def test_a_field_that_is_nowhere_has_a_note(server: Recorder, expression: str, note: str) -> None:
    """A filter that finds something may still name a field that neither any item nor the document has."""
    rows = [*_ROWS["rows"], *({"id": n} for n in range(3, 40)), {"id": 40, "late": 1}]  # type: ignore[misc]
    server.responses["/pets"] = json_response({**_ROWS, "rows": rows})
    schema: dict[str, Any] = {"properties": {"rows": {"items": {"properties": {"documented": {}}}}}}
    responses = {"200": {"description": "OK", "content": {"application/json": {"schema": schema}}}}
    word = save_api(get("/pets", "listPets", responses=responses), server=server)
    result = run_cli(word, "list-pets", "-f", expression)
    assert 0 == result.exit_code
    assert (f"Neither the response nor the document {note}" if note else "") == result.stderr


def test_a_filter_that_fails_names_the_closest_that_works(server: Recorder) -> None:
    """A function that gets null because its list is called otherwise fails, and the hint has the right name."""
    server.responses["/pets"] = json_response(_ROWS)
    error = run_cli(
        save(pets("1", server.origin)), "list-pets", "-f", "length(items)", "--error-format", "json"
    ).error
    assert (13, "The response is printed as JSON; fix the filter: `length(rows)` works") == (
        error["exit_code"],
        error["hint"],
    )


def test_names_of_a_response_do_not_reach_a_terminal_as_they_are(server: Recorder) -> None:
    """A name that would drive a terminal, or is longer than a name, is no part of a filter that is suggested."""
    server.responses["/pets"] = json_response({"ro\x1bws": [{"name": 1}], "r" * 1_000: [{"name": 1}]})
    note = run_cli(save(pets("1", server.origin)), "list-pets", "--validate", "off", "-f", "[].name").stderr
    assert "\x1b" not in note
    assert "r" * 50 not in note


def test_nothing_is_said_of_a_null_that_came(server: Recorder) -> None:
    """The filter of a response that is null gives null, as does a filter that finds something else than null."""
    word = save(pets("1", server.origin))
    for value, expression in ((None, "a"), ({"a": False}, "a"), ({"a": []}, "a")):
        server.responses["/pets"] = json_response(value)
        assert "" == run_cli(word, "list-pets", "--validate", "off", "-f", expression).stderr


def test_items_that_are_all_left_out_are_explained(server: Recorder) -> None:
    """Of a stream or a batch it is said once, and only if the filter gave null for each item."""
    word = save(pets("1", server.origin))
    server.responses["/pets"] = Response(
        body=b'{"id": 1}\n{"id": 2}\n', headers={"Content-Type": "application/jsonl"}
    )
    words = (word, "list-pets", "--validate", "off")
    assert "The filter gives `null`: an item has the keys `id`\n" == run_cli(*words, "-f", "x").stderr
    assert "" == run_cli(*words, "-f", "id == `1` && id").stderr
    Path("rows.ndjson").write_text("{}\n{}\n")
    batch = run_cli("batch", word, "list-pets", "rows.ndjson", "--validate", "off", "-f", "x")
    assert (0, "") == (batch.exit_code, batch.stdout)
    assert "a row has the keys `row`, `status`, `exit_code`, `data` and `findings`; " in batch.stderr


NOTE = {"text": "a\n\tb\x1b[31m\r\n", "tags": ["x", "y"]}


@pytest.mark.parametrize(
    ("expression", "shown"),
    [("text", "a\n\tb\x1b[31m\r\n\n"), ("tags", '["x","y"]\n'), ("tags[0]", "x\n"), ("length(tags)", "2\n")],
)
def test_raw_prints_a_string_of_a_filter_as_it_is(expression: str, shown: str, server: Recorder) -> None:
    """It is for another program or a file, as of `jq -r`; any other value is JSON on one line."""
    server.responses["/pets"] = json_response(NOTE)
    words = (save(pets("1", server.origin)), "list-pets", "--validate", "off", "-f", expression, "-o")
    assert (0, shown) == ((result := run_cli(*words, "raw")).exit_code, result.stdout)
    assert 0 == run_cli(*words, "raw@note.txt").exit_code
    assert shown == Path("note.txt").read_bytes().decode()


def test_raw_strings_reach_no_terminal_unasked(server: Recorder) -> None:
    """A string may hold control sequences, as the bytes of a response do: `--yes` prints it anyway."""
    server.responses["/pets"] = json_response(NOTE)
    words = (save(pets("1", server.origin)), "list-pets", "--validate", "off", "-f", "text", "-o", "raw")
    refused = run_cli(*words, terminal=("stdout",))
    assert (2, "", []) == (refused.exit_code, refused.stdout, server.requests)
    assert "\x1b[31m" in run_cli(*words, "--yes", terminal=("stdout",)).stdout


def _with_optional_columns(server: Recorder, items: Any) -> str:
    server.responses["/rows"] = json_response(items)
    owner = {"type": "object", "properties": {"login": {"type": "string"}}}
    properties = {"id": {"type": "integer"}, "note": {"type": "string"}, "owner": owner}
    content = {JSON: {"schema": {"type": "array", "items": {"type": "object", "properties": properties}}}}
    return save_api(
        get("/rows", "listRows", responses={"200": {"description": "", "content": content}}), server=server
    )


@pytest.mark.parametrize("more", [(), ("--all",)])
@pytest.mark.parametrize(
    ("items", "columns", "shown"),
    [
        ([{"id": 1}, {"id": 2}], "id,note", "id,note\r\n1,\r\n2,\r\n"),
        ([{"id": 1}], "note", 'note\r\n""\r\n'),
        ([{"id": 1}], "id,owner.login", "id,owner.login\r\n1,\r\n"),
        ([], "id,note", "id,note\r\n"),
    ],
)
def test_a_documented_column_that_no_item_has_is_empty(
    more: tuple[str, ...], items: Any, columns: str, shown: str, server: Recorder
) -> None:
    """A property that may be left out is left out of some pages: the table has the same columns each time."""
    result = run_cli(
        _with_optional_columns(server, items), "list-rows", "-o", "csv", "--columns", columns, *more
    )
    assert (0, shown) == (result.exit_code, result.stdout), result.stderr


@pytest.mark.parametrize("columns", ["id,nte", "owner.logn"])
def test_a_column_that_is_nowhere_is_an_error(columns: str, server: Recorder) -> None:
    """Neither the items nor the document have it."""
    api = _with_optional_columns(server, [{"id": 1, "owner": {"login": "a"}}])
    assert 13 == run_cli(api, "list-rows", "-o", "csv", "--columns", columns).exit_code


@pytest.mark.parametrize("form", ["csv", "tsv"])
def test_the_header_of_rows_does_not_depend_on_later_pages(form: str) -> None:
    """It has the columns of the document, then those of the first page. A note names the others."""
    page = [1]
    stdout, stderr = io.StringIO(), io.StringIO()
    env = Environment(stdout=stdout, stderr=stderr, variables={})
    known = KnownItems(names=("id", "name"))
    with written_items(env, form_of(form), known=known, is_later=lambda: page[0] > 1) as write:
        write({"id": 1, "more": 2})
        page[0] = 2
        write({"name": "Rex", "extra": 3})
    rows = [line.split("," if form == "csv" else "\t") for line in stdout.getvalue().splitlines()]
    assert [["id", "name", "more"], ["1", "", "2"], ["", "Rex", ""]] == rows
    assert "without `extra`" in stderr.getvalue()
