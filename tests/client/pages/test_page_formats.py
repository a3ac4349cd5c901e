"""The formats of a list of many pages: merged or item by item, with every digit, even if an error ends it."""

import io
import json
import signal
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from dynacli.client.engine.call_engine import Engine
from dynacli.client.pages.merged_pages import MergedPages, text_around
from dynacli.client.pages.page_rule import ResponsePlace
from dynacli.commands.call._call_series import written_list
from dynacli.environment import Environment
from dynacli.errors import FileError
from dynacli.output.output_format import OutputFormat
from tests.client.pages.listed_api import ITEMS, SIZE, ListedApi, array, integer, record, string
from tests.harness import Recorder, Response, run_cli


def _pages(query: dict[str, str]) -> tuple[Any, dict[str, str]]:
    page = int(query.get("page", 1))
    return {"meta": {"total": 7}, "data": ITEMS[(page - 1) * SIZE : page * SIZE]}, {}


_NUMBERED = ListedApi(_pages, record(data=array, meta=record(total=integer)), {"page": integer})
_IDS = [item["id"] for item in ITEMS]
_TEXTS = {
    "ndjson": "".join(f'{{"id":"{id_}"}}\n' for id_ in _IDS),
    "lines": "".join(f'{{"id":"{id_}"}}\n' for id_ in _IDS),
    "csv": "id\r\n" + "".join(f"{id_}\r\n" for id_ in _IDS),
    "tsv": "id\n" + "".join(f"{id_}\n" for id_ in _IDS),
    "auto": '{"meta":{"total":7},"data":[' + ",".join(f'{{"id":"{id_}"}}' for id_ in _IDS) + "]}\n",
    "yaml": "meta:\n  total: 7\ndata:\n" + "".join(f"- id: {id_}\n" for id_ in _IDS),
}


@pytest.mark.sampled(3)
@pytest.mark.parametrize(("output", "text"), _TEXTS.items(), ids=_TEXTS)
def test_a_list_in_each_format(server: Recorder, output: str, text: str) -> None:
    """Items are rows or lines; everything else is one value of all pages."""
    result = run_cli(_NUMBERED.start(server), "list-things", "--all", "-o", output)
    assert (0, text) == (result.exit_code, result.stdout)


def test_a_table_has_the_rows_of_all_pages(server: Recorder) -> None:
    """As the items of one page would be written."""
    result = run_cli(_NUMBERED.start(server), "list-things", "--all", "-o", "table")
    assert _IDS == [line.strip() for line in result.stdout.splitlines() if line.strip() in _IDS]


@pytest.mark.exhaustive
def test_a_filter_sees_the_result_of_all_pages(server: Recorder) -> None:
    """Not each page by itself."""
    result = run_cli(_NUMBERED.start(server), "list-things", "--all", "-f", "length(data)")
    assert (0, "7\n") == (result.exit_code, result.stdout)
    ids = run_cli(_NUMBERED.start(server), "list-things", "--all", "-f", "data[].id", "-o", "lines")
    assert _IDS == ids.stdout.split()


def test_every_digit_of_a_number_stays(server: Recorder) -> None:
    """In items as in what stands around them."""
    text = '{"total":1.10,"data":[{"id":1e400},{"id":123456789012345678901234567890},{"id":-0}]}'
    server.responses["/things"] = Response(body=text.encode())
    word = ListedApi(_pages, {}, {}).start(server)
    server.responses["/things"] = Response(body=text.encode())
    for output in ("auto", "json", "ndjson"):
        written = run_cli(word, "list-things", "--all", "-o", output).stdout
        assert all(number in written for number in ("1e400", "123456789012345678901234567890", "-0"))
        assert "1.10" in written or output == "ndjson"


@pytest.mark.parametrize("output", ["ndjson", "csv", "json"])
def test_what_came_before_an_error_is_written_in_each_format(server: Recorder, output: str) -> None:
    """And the command that goes on has the format, too."""
    word = _NUMBERED.start_otherwise(server, 3, lambda: Response(410))
    result = run_cli(word, "list-things", "--all", "-o", output)
    assert 4 == result.exit_code
    assert all(id_ in result.stdout for id_ in _IDS[:6])
    assert f"go on with: dynacli {word} list-things --all -o {output} --page 3" in result.stderr


def test_an_error_comes_before_a_form_that_does_not_fit(server: Recorder) -> None:
    """Items that make no table are written as JSON, and the error of the page decides the exit code."""
    mixed = {"data": [1, {"id": 2}]}
    link = {"Link": '</things?page=2>; rel="next"'}
    word = ListedApi(lambda _: (mixed, link), {}, {"page": integer}).start(server)
    whole = server.responses["/things"]
    assert callable(whole)
    server.responses["/things"] = lambda request: (
        Response(404) if "page" in request.target else whole(request)
    )
    result = run_cli(word, "list-things", "--all", "-o", "csv")
    assert (4, [1, {"id": 2}]) == (result.exit_code, result.json)
    assert "The response is not a table" in result.stderr
    server.responses["/things"] = lambda request: Response(
        body=b"[]" if "page" in request.target else b'[1,{"id":2}]'
    )
    alone = run_cli(word, "list-things", "--all", "-o", "csv")
    assert (13, [1, {"id": 2}]) == (alone.exit_code, alone.json)


@pytest.mark.parametrize("output", ["json", "csv"])
def test_an_interrupted_list_is_written_and_says_how_to_go_on(
    server: Recorder, output: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C between two pages loses none that came."""
    word = _NUMBERED.start(server)
    make = Engine.make

    def interrupted(self: Engine, *args: Any, **named: Any) -> Any:
        if len(server.requests) == 2:
            raise KeyboardInterrupt
        return make(self, *args, **named)

    monkeypatch.setattr(Engine, "make", interrupted)
    result = run_cli(word, "list-things", "--all", "-o", output)
    assert 128 + signal.SIGINT == result.exit_code
    assert all(id_ in result.stdout for id_ in _IDS[:6])
    line = f"6 items came before that; go on with: dynacli {word} list-things --all -o {output} --page 3"
    assert line in result.stderr


def _linked(query: dict[str, str]) -> tuple[Any, dict[str, str]]:
    page = int(query.get("page", 1))
    links = {"self": "x", "next": f"/things?page={page + 1}" if page < 3 else None}
    value = {
        "links": links,
        "total": 7,
        "cursor": str(page),
        "things": ITEMS[(page - 1) * SIZE : page * SIZE],
    }
    return {"first": True, "result": value, "next_page": page + 1, "n": 1.5}, {}


_LINKED = ListedApi(
    _linked,
    record(result=record(things=array, links=record(next=string), cursor=string)),
    {"page": integer},
)


@pytest.fixture(params=[True, False], ids=["large", "small"])
def _large(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lists that are as large as those that are written while they grow, and such as are written whole."""
    if request.param:
        monkeypatch.setattr("dynacli.commands.call._call_series._WRITTEN_WHOLE", 20)


@pytest.mark.sampled(3)
@pytest.mark.usefixtures("_large")
@pytest.mark.parametrize("output", ["json", "auto", "raw", "@out"])
@pytest.mark.parametrize("api", [_LINKED, _NUMBERED], ids=["linked", "numbered"])
def test_a_large_list_has_the_bytes_of_a_small_one(server: Recorder, api: ListedApi, output: str) -> None:
    """What the last page decides stands after the items, whichever way the list is written."""
    result = run_cli(api.start(server), "list-things", "--all", "-o", output)
    text = Path("out").read_text() if output == "@out" else result.stdout
    value: Any = {"meta": {"total": 7}, "data": ITEMS}
    if api is _LINKED:
        inner = {"total": 7, "things": ITEMS, "links": {"self": "x", "next": None}, "cursor": "3"}
        value = {"first": True, "result": inner, "next_page": 4, "n": 1.5}
    indent, separators = (2, None) if output == "json" else (None, (",", ":"))
    assert (0, json.dumps(value, indent=indent, separators=separators) + "\n") == (result.exit_code, text)


@pytest.mark.sampled(2)
@pytest.mark.usefixtures("_large")
@pytest.mark.parametrize("output", ["json", "@out"])
def test_a_list_that_breaks_off_is_a_whole_value(server: Recorder, output: str) -> None:
    """With the link to the page that is missing, and the command that goes on there."""
    word = _LINKED.start_otherwise(server, 3, lambda: Response(410))
    result = run_cli(word, "list-things", "--all", "-o", output)
    text = Path("out").read_text() if output == "@out" else result.stdout
    found = json.loads(text)["result"]
    assert (4, ITEMS[:6], "/things?page=3") == (result.exit_code, found["things"], found["links"]["next"])
    assert (
        f"6 items came before that; go on with: dynacli {word} list-things --all -o {output} --page 3"
        in result.stderr
    )


@pytest.mark.parametrize(("file", "kept"), [("", 6), ("out", 0)], ids=["pipe", "file"])
def test_a_list_is_a_whole_value_whatever_ends_the_run(file: str, kept: int) -> None:
    """A file stays as it was."""
    Path("out").write_text('{"result":{"things":[]}}')
    content = io.BytesIO()
    env = Environment(stdout=io.TextIOWrapper(content), stderr=io.StringIO(), variables={})
    page, place = _linked({})[0], ResponsePlace("result.things", ("result", "things"))

    def write() -> None:
        with written_list(
            env, OutputFormat(file=file), partial(text_around, page, page, place), 2
        ) as write_more:
            write_more(list(map(json.dumps, ITEMS[:3])))
            write_more(list(map(json.dumps, ITEMS[3:6])))
            raise SystemExit

    with pytest.raises(SystemExit):
        write()
    text = Path("out").read_text() if file else content.getvalue().decode()
    assert ITEMS[:kept] == json.loads(text)["result"]["things"]


def test_nothing_is_written_behind_what_could_not_be() -> None:
    """A full disk may have cut an item."""
    content = io.BytesIO()
    env = Environment(stdout=io.TextIOWrapper(content), stderr=io.StringIO(), variables={})
    around = partial(text_around, ITEMS, ITEMS, ResponsePlace("", ()))
    with written_list(env, OutputFormat(), around, 0) as write_more:
        write_more(["1"])
        written = content.getvalue()
        content.close()
        with pytest.raises(FileError):
            write_more(["2"])
    assert b"[1" == written


def test_an_interruption_waits_for_the_end_of_a_page(
    server: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No item is cut, and the command that goes on begins after those that were written."""
    monkeypatch.setattr("dynacli.commands.call._call_series._WRITTEN_WHOLE", 20)
    keep = MergedPages.keep

    def interrupted(self: MergedPages, items: Any) -> None:
        signal.raise_signal(signal.SIGINT)
        keep(self, items)

    monkeypatch.setattr(MergedPages, "keep", interrupted)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        result = run_cli(_LINKED.start(server), "list-things", "--all")
    finally:
        signal.signal(signal.SIGINT, before)
    assert (128 + signal.SIGINT, ITEMS[:3]) == (result.exit_code, result.json["result"]["things"])
    assert "3 items came before that; go on with" in result.stderr
    assert "--all --page 2" in result.stderr


def test_the_head_of_the_first_page_stands_before_the_result(server: Recorder) -> None:
    """Once, whatever follows."""
    result = run_cli(_NUMBERED.start(server), "list-things", "--all", "-i")
    head, _, body = result.stdout.partition("\n\n")
    assert head.startswith("HTTP/1.1 200")
    assert ITEMS == json.loads(body)["data"]


def test_an_error_is_written_as_it_came_in_any_format(server: Recorder) -> None:
    """A table is asked for of a result, not of an error."""
    word = _NUMBERED.start_otherwise(server, 1, lambda: Response(404, b'{"error":"no"}'))
    result = run_cli(word, "list-things", "--all", "-o", "csv")
    assert (4, '{"error":"no"}') == (result.exit_code, result.stdout)


def test_verbose_shows_each_page(server: Recorder) -> None:
    """Its request and the head of its response."""
    result = run_cli(_NUMBERED.start(server), "list-things", "--all", "-v")
    assert 3 == result.stderr.count("> GET ") == result.stderr.count("< HTTP/1.1 200")


def test_a_report_has_the_findings_of_all_pages(server: Recorder) -> None:
    """As one call."""

    def reply(query: dict[str, str]) -> tuple[Any, dict[str, str]]:
        value, headers = _pages(query)
        return {**value, "data": [{"id": 1} for _ in value["data"]]}, headers

    def numbered(query: dict[str, str]) -> tuple[Any, dict[str, str]]:
        value, headers = reply(query)
        page = int(query.get("page", 1))
        return {**value, "data": [{**item, "n": page} for item in value["data"]]}, headers

    api = ListedApi(numbered, _NUMBERED.schema, {"page": integer})
    result = run_cli(api.start(server), "list-things", "--all", "--report", "json=report.json")
    assert 0 == result.exit_code, result.stderr
    with open("report.json", encoding="utf-8") as file:
        report = json.load(file)
    assert [f"/data/{number}/id" for number in range(7)] == [
        finding["pointer"] for finding in report["findings"]
    ]
