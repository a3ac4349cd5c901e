"""The explorer from its start to the answer, as a person uses it: by keys."""

import json
import shlex
from collections.abc import Iterator

import pytest

from tests.documents import document, operation, parameter, save
from tests.explorer.exploring import explored, exploring
from tests.harness import Answer, Recorder, recording, run_cli

_TOY = {"type": "object", "properties": {"label": {"type": "string"}, "price": {"type": "number"}}}
_PET = {
    "type": "object",
    "required": ["name"],
    "properties": {
        "name": {"type": "string", "minLength": 2},
        "age": {"type": "integer"},
        "owner": {"type": "object", "properties": {"email": {"type": "string"}}},
        "toys": {"type": "array", "items": _TOY},
    },
}


@pytest.fixture
def server() -> Iterator[Recorder]:
    """Run a server of pets."""
    with recording() as recorder:
        recorder.answers["/pets"] = Answer(200, json.dumps([{"name": "Rex", "age": 3}]).encode())
        yield recorder


def _pets(server: Recorder) -> str:
    listing = operation(
        "listPets",
        parameter("limit", {"type": "integer", "maximum": 9}),
        parameter("state", {"type": "string", "enum": ["free", "sold"]}),
    )
    adding = operation("addPet", body=_PET)
    return save(document({"/pets": {"get": listing, "post": adding}}, [server.origin]))


def test_a_call_is_found_filled_in_and_sent_and_its_command_line_makes_the_same(server: Recorder) -> None:
    """From the search to the answer without a mouse; what is copied makes the same request."""

    async def work() -> None:
        async with exploring(_pets(server)) as explorer:
            await explorer.open("list-pets")
            await explorer.type("12")
            await explorer.checked()
            assert "^ `12` is more than the maximum of `9`" in explorer.screen
            await explorer.press("backspace", "tab", "right")
            await explorer.checked()
            assert "Valid" in explorer.screen
            await explorer.press("f9", "f5")
            await explorer.answered()
            assert "200 OK" in explorer.screen
            assert '"name": "Rex"' in explorer.screen
            [line] = explorer.app.copied
        assert "/pets?limit=1&state=free" == server.last.target
        assert 0 == run_cli(*shlex.split(line)[1:]).exit_code
        assert server.requests[-1].target == server.requests[-2].target

    explored(work())


@pytest.mark.exhaustive
def test_everything_can_be_done_with_the_mouse(server: Recorder) -> None:
    """An operation, a choice, the key of the footer, a view, and a call of the history."""

    async def work() -> None:
        async with exploring(_pets(server), size=(140, 30)) as explorer:
            pilot = explorer.pilot
            await pilot.click("#list", offset=(8, 1))
            await explorer.until(lambda: explorer.app.is_showing("list-pets"))
            await pilot.click("#rows ChoiceBox")
            await pilot.pause()
            await pilot.click("ChoiceDialog OptionList", offset=(3, 2))
            await explorer.checked()
            assert "list-pets --state sold" in explorer.screen
            [send] = [key for key in explorer.app.query("FooterKey") if "Send" in str(key.render())]
            await pilot.click(send)
            await explorer.answered()
            assert "200 OK" in explorer.screen
            await pilot.click("#tab-table")
            await pilot.pause()
            assert "Rex" in explorer.screen
            await pilot.click("#tab-history")
            await pilot.pause()
            await pilot.click("#made", offset=(3, 0))
            await pilot.pause()
            assert '"name": "Rex"' in explorer.screen
        assert ["/pets?state=sold"] == [request.target for request in server.requests]

    explored(work())


@pytest.mark.exhaustive
def test_the_body_is_text_or_rows_and_rows_only_where_they_give_the_same(server: Recorder) -> None:
    """What no row can give stays a text."""

    async def work() -> None:
        async with exploring(_pets(server)) as explorer:
            await explorer.open("add-pet")
            await explorer.type("Rex")
            await explorer.press("f6")
            await explorer.checked()
            assert '"name": "Rex"' in explorer.screen
            await explorer.press("down", "down", "end", "backspace", "backspace")
            await explorer.checked()
            assert "Valid" not in explorer.screen
            await explorer.type(', "nickname": "R"}')
            await explorer.checked()
            await explorer.press("f6")
            assert "No rows give exactly this body" in explorer.screen

    explored(work())
