"""The filter of a response in the explorer: as `-f` and `-i` of the command line, with their notes and errors."""

import json
import shlex
from collections.abc import Iterator

import pytest

from dynacli.options.standard_options import Options
from tests.documents import get, save_api
from tests.features.explorer.exploring import Explorer, explored, exploring
from tests.harness import Recorder, Response, recording, run_cli

pytestmark = pytest.mark.exhaustive

_ROWS = {"rows": [{"id": 1, "state": "open"}, {"id": 2, "state": "shut"}]}
_JSON = {"Content-Type": "application/json"}


@pytest.fixture
def server() -> Iterator[Recorder]:
    """Run a server of rows, of a stream, and of an error."""
    with recording() as recorder:
        recorder.responses["/rows"] = Response(
            200, json.dumps(_ROWS).encode(), {**_JSON, "ETag": '"7"', "Set-Cookie": "sid=hush-hush"}
        )
        recorder.responses["/lines"] = Response(
            200, b'{"id": 1}\n{"id": 2, "name": "x"}\n', {"Content-Type": "application/jsonl"}
        )
        recorder.responses["/gone"] = Response(410, b'{"why": "moved"}', _JSON)
        yield recorder


def _document(server: Recorder) -> str:
    lines = {"200": {"description": "", "content": {"application/jsonl": {}}}}
    return save_api(
        get("/rows", "listRows"),
        get("/lines", "listLines", responses=lines),
        get("/gone", "getGone"),
        server=server,
    )


async def _called(explorer: Explorer, name: str) -> None:
    await explorer.open(name)
    await explorer.press("f5")
    await explorer.responded()


async def _filter(explorer: Explorer, expression: str) -> None:
    """Type a filter instead of the one before."""
    await explorer.press("f", "end", *["backspace"] * 40)
    await explorer.type(expression)
    await explorer.press("enter")
    await explorer.until(lambda: "Laying out" not in explorer.response_text)


def _words(text: str) -> str:
    return " ".join(text.split())


def test_a_filter_is_that_of_the_command_line(server: Recorder) -> None:
    """Typed, it is applied once it is an expression; the copied command has it, and prints the same."""

    async def work() -> None:
        api = _document(server)
        async with exploring(api, size=(180, 30)) as explorer:
            await _called(explorer, "list-rows")
            await explorer.press("f")
            await explorer.type("rows[].id")
            await explorer.until(lambda: _words(explorer.response_text) == "[ 1, 2 ]")
            await explorer.type(" |")  # no expression yet
            await explorer.pilot.pause(0.5)
            assert _words(explorer.response_text) == "[ 1, 2 ]"
            assert f"$ dynacli -f 'rows[].id' {api} list-rows" in _words(explorer.screen)
            await _filter(explorer, "rows[?state=='open']")
            await explorer.press("f9", "f5")
            await explorer.responded()
            await explorer.until(lambda: '"open"' in explorer.response_text)
            assert '"shut"' not in explorer.response_text
            shown = explorer.response_text
            await explorer.press("t")
            await explorer.until(lambda: "state" in explorer.response_text)
            assert "shut" not in explorer.response_text
            result = run_cli(*shlex.split(explorer.app.copied[0])[1:], "-o", "json")
            assert result.json == json.loads(shown)
            await explorer.press("f", "escape")
            await explorer.until(lambda: "shut" in explorer.response_text)

    explored(work())


@pytest.mark.parametrize(
    ("expression", "reported"),
    [
        ("nothing", "The filter gives `null`: the response has the keys `rows`"),
        (
            '.rows[] | select(.state == "open") | .id',
            "`--jq PROGRAM` filters a result with jq",
        ),
        ("rows[", "The filter is not a JMESPath expression"),
        ("sum(rows[].state)", "The filter fails on this response"),
    ],
    ids=["null", "jq", "half", "fails"],
)
def test_a_filter_that_gives_nothing_says_why(server: Recorder, expression: str, reported: str) -> None:
    """In the words of the command line, above what is shown instead."""

    async def work() -> None:
        async with exploring(_document(server), size=(180, 30)) as explorer:
            await _called(explorer, "list-rows")
            await _filter(explorer, expression)
            await explorer.until(lambda: reported in _words(explorer.response_text))
            assert "{" not in _words(explorer.response_text).partition(reported)[0]

    explored(work())


def test_status_and_headers_are_a_part_of_what_is_filtered(server: Recorder) -> None:
    """With i also of an error, and with secrets masked; without it, an error is shown as it is."""

    async def work() -> None:
        async with exploring(_document(server), size=(180, 30)) as explorer:
            await _called(explorer, "list-rows")
            await explorer.press("i")
            await explorer.until(lambda: '"status": 200' in explorer.response_text)
            assert '"body": {' in explorer.response_text
            assert "hush-hush" not in explorer.screen
            await _filter(explorer, "headers.etag[0]")
            await explorer.until(lambda: explorer.response_text.strip() == r'"\"7\""')
            await explorer.press("f9")
            assert [" -f 'headers.etag[0]' -i "] == [
                line.removeprefix("dynacli").partition(explorer.app._api.name)[0]
                for line in explorer.app.copied
            ]
            await _called(explorer, "get-gone")
            assert "headers.etag" not in explorer.screen  # the filter is that of another operation
            await _filter(explorer, "body.why")
            await explorer.until(lambda: '"why": "moved"' in explorer.response_text)
            await explorer.press("i")
            await explorer.until(lambda: explorer.response_text.startswith('"moved"'))

    explored(work())


def test_a_stream_is_filtered_item_by_item_at_its_end(server: Recorder) -> None:
    """Items without what is looked for are left out."""

    async def work() -> None:
        async with exploring(_document(server), size=(180, 30)) as explorer:
            await explorer.open("list-lines")
            await explorer.press("f4", "f")
            assert "There is no response to filter" in explorer.screen
            await explorer.press("f5")
            await explorer.responded()
            await _filter(explorer, "name")
            await explorer.until(lambda: _words(explorer.response_text) == '[ "x" ]')

    explored(work())


def test_a_response_of_the_history_is_filtered(server: Recorder, monkeypatch: pytest.MonkeyPatch) -> None:
    """As far as the history keeps it."""
    monkeypatch.setenv("DYNACLI_HISTORY", "full")
    api = _document(server)
    run_cli(api, "list-rows")

    async def work() -> None:
        async with exploring(api, size=(180, 30)) as explorer:
            await explorer.press("f4", "y")
            await explorer.until(lambda: "GET list-rows 200" in explorer.screen)
            await explorer.press("enter")
            await explorer.until(lambda: '"shut"' in explorer.response_text)
            await explorer.press("i")
            await _filter(explorer, "[status, headers.etag[0], body.rows[1].id]")
            await explorer.until(lambda: _words(explorer.response_text) == r'[ 200, "\"7\"", 2 ]')
            assert "hush-hush" not in explorer.screen

    explored(work())


@pytest.mark.parametrize(("level", "is_noted"), [("warn", True), ("off", False)])
def test_an_undeclared_name_in_the_query_is_noted(server: Recorder, level: str, *, is_noted: bool) -> None:
    """Above the response, in the words of the command line; not at the level `off`."""

    async def work() -> None:
        options = Options(validate=level, query=("trace=1",))
        async with exploring(_document(server), options=options, size=(180, 30)) as explorer:
            await _called(explorer, "list-rows")
            assert is_noted == ("`trace` is not in the OpenAPI document" in explorer.screen), explorer.screen
            assert server.last.target == "/rows?trace=1"

    explored(work())
