"""What the form asks for beyond one call: all pages, a wait, and a link that is followed."""

import json
import shlex
import threading
from collections.abc import Iterator
from operator import attrgetter
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from dynacli.environment import Consent
from dynacli.features.explorer._request_form import SettingRow
from dynacli.options.standard_options import CallTerms, Options
from tests.documents import operation, parameter, save_api
from tests.features.explorer.exploring import Explorer, explored, exploring
from tests.harness import RecordedRequest, Recorder, Response, json_response, recording, run_cli

pytestmark = pytest.mark.exhaustive

_TOTAL = 25


@pytest.fixture
def server() -> Iterator[Recorder]:
    """Run a server of a long list, and of jobs that are done when they are asked for a second time."""

    def list_items(request: RecordedRequest) -> Response:
        page = int(dict(parse_qsl(urlsplit(request.target).query)).get("page", "1"))
        items = [{"id": number} for number in range((page - 1) * 10, min(page * 10, _TOTAL))]
        return json_response({"items": items, "total": _TOTAL})

    def job(_: RecordedRequest) -> Response:
        asked = sum(request.target == "/jobs/j1" for request in recorder.requests)
        return json_response({"id": "j1", "done": not asked % 2})

    with recording() as recorder:
        recorder.responses["/items"] = list_items
        recorder.responses["/jobs"] = Response(201, b'{"id": "j1", "status": "queued"}')
        recorder.responses["/jobs/j1"] = job
        yield recorder


def _document(server: Recorder) -> str:
    def response(status: str, schema: dict[str, Any], **more: Any) -> dict[str, Any]:
        return {status: {"description": "", "content": {"application/json": {"schema": schema}}, **more}}

    item = {"type": "object", "properties": {"id": {"type": "integer"}}}
    items = {
        "type": "object",
        "properties": {"items": {"type": "array", "items": item}, "total": {"type": "integer"}},
    }
    job = {"type": "object", "properties": {"id": {"type": "string"}, "status": {"type": "string"}}}
    links = {"job": {"operationId": "getJob", "parameters": {"id": "$response.body#/id"}}}
    listing = operation("listItems", parameter("page", {"type": "integer"}), responses=response("200", items))
    starting = operation("startJob", responses=response("201", job, links=links))
    getting = operation("getJob", parameter("id", {"type": "string"}, "path"), responses=response("200", job))
    paths = {"/items": {"get": listing}, "/jobs": {"post": starting}, "/jobs/{id}": {"get": getting}}
    return save_api(paths, server=server)


async def _set(explorer: Explorer, setting: str, word: str) -> None:
    """Fill a setting of the call in: a choice by its arrow, a text by typing."""
    boxes = {row.row.option: row for row in explorer.app.query(SettingRow)}
    boxes[setting].focus_box()
    await explorer.pilot.pause()
    if word == "->":
        await explorer.press("right")
    else:
        await explorer.type(word)
    await explorer.checked()


@pytest.mark.parametrize(
    ("name", "given", "reported"),
    [
        ("list-items", {"all": "->", "max-items": "22"}, "3 pages, 22 items"),
        ("start-job", {"follow": "->", "wait": "done", "wait-interval": ".01"}, "200 OK"),
    ],
    ids=["pages", "follow and wait"],
)
def test_the_response_is_that_of_the_command_line(
    server: Recorder, name: str, given: dict[str, str], reported: str
) -> None:
    """All pages are one response, and of a wait the last one; the copied line gives the same."""

    async def work() -> None:
        options = Options(terms=CallTerms(consent=Consent(is_given=True)))
        async with exploring(_document(server), options=options) as explorer:
            await explorer.open(name)
            for setting, word in given.items():
                await _set(explorer, setting, word)
            assert "Valid" in explorer.screen, explorer.screen
            await explorer.press("f9", "f5")
            await explorer.responded()
            assert reported in explorer.screen
            await explorer.press("r")
            made = [request.target for request in server.requests]
            result = run_cli(*shlex.split(explorer.app.copied[0])[1:])
            assert json.loads(explorer.response_text.replace("\n", "")) == result.json
            assert made == [request.target for request in server.requests][len(made) :]

    explored(work())


def test_a_wait_says_what_cannot_be_shows_each_response_and_is_cancelled_between_two_calls(
    server: Recorder,
) -> None:
    """What is wrong stands below its row, and is not sent; what came last stays, and no further call is made."""
    server.responses["/jobs/j1"] = Response(200, b'{"id": "j1", "done": false}')

    async def work() -> None:
        async with exploring(_document(server), size=(160, 30)) as explorer:
            await explorer.open("get-job")
            await explorer.type("j1")
            await _set(explorer, "wait", "!")
            assert "^ `--wait` is not a JMESPath" in explorer.screen, explorer.screen
            await explorer.press("backspace")
            await _set(explorer, "wait", "done")
            await _set(explorer, "wait-interval", "6x")
            assert "^ Invalid value `6x`" in explorer.screen, explorer.screen
            await explorer.press("f5")
            await explorer.responded()
            assert "Invalid value `6x` for" in explorer.response_text
            assert [] == server.requests
            await explorer.press("f3", "backspace")
            await _set(explorer, "wait-interval", "0")
            await explorer.press("f5")
            await explorer.until(lambda: "after 1 call; again in 60 s" in explorer.screen)
            assert '"done": false' in explorer.screen
            await explorer.press("escape")
            await explorer.responded()
            assert "200 OK" in explorer.screen
            assert "cancelled" in explorer.screen
            assert '"done": false' in explorer.screen
            # It does not wait on beside the screen.
            await explorer.until(
                lambda: "dynacli-explored-call" not in map(attrgetter("name"), threading.enumerate())
            )
        assert 1 == len(server.requests)

    explored(work())


def test_pairs_of_the_query_get_a_row_that_is_typed_as_in_a_url(server: Recorder) -> None:
    """Its name in the last row of the inputs adds it; the copied line makes the same call."""

    async def work() -> None:
        async with exploring(_document(server), size=(120, 30)) as explorer:
            await explorer.open("get-job")
            await explorer.type("j1")
            explorer.app.query_one("#add").focus()
            await explorer.type("query")
            await explorer.press("enter")
            await explorer.type("trace=a%26b&c=")
            await explorer.checked()
            await explorer.press("f9", "f5")
            await explorer.responded()
            made = server.requests[-1].target
            assert made.endswith("/j1?trace=a%26b&c=")
            assert 0 == run_cli(*shlex.split(explorer.app.copied[0])[1:]).exit_code
            assert made == server.requests[-1].target

    explored(work())
