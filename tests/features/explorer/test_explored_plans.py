"""Plans in the explorer: a call that changes something is planned, and a plan is listed, read and applied."""

import json
from collections.abc import Iterator

import pytest

from tests.documents import get, parameter, patch, save_api
from tests.features.explorer.exploring import Explorer, explored, exploring
from tests.harness import RecordedRequest, Recorder, Response, recording, run_cli

pytestmark = pytest.mark.exhaustive

_PET = {"type": "object", "properties": {"name": {"type": "string"}, "age": {"type": "integer"}}}


@pytest.fixture
def server() -> Iterator[Recorder]:
    """Run a server of one pet, with an entity tag that each change moves."""
    pet = {"name": "Rex", "age": 3}

    def respond(request: RecordedRequest) -> Response:
        if request.method == "PATCH":
            pet.update(json.loads(request.body))
        headers = {"Content-Type": "application/json", "ETag": f'"{sum(map(len, map(str, pet.values())))}"'}
        return Response(200, json.dumps(pet).encode(), headers)

    with recording() as recorder:
        recorder.responses["/pets/7"] = respond
        yield recorder


def _document(server: Recorder) -> str:
    responses = {"200": {"description": "", "content": {"application/json": {"schema": _PET}}}}
    identifier = parameter("id", {"type": "integer"}, "path")
    return save_api(
        get("/pets/{id}", "getPet", identifier, responses=responses),
        patch("/pets/{id}", "updatePet", identifier, body=_PET, responses=responses),
        server=server,
    )


def _methods(server: Recorder) -> list[str]:
    return [request.method for request in server.requests]


async def _fill_in(explorer: Explorer, name: str) -> None:
    await explorer.open("update-pet")
    await explorer.type("7")
    await explorer.press("tab")
    await explorer.type(name)
    await explorer.checked()


def test_a_call_is_planned_read_and_applied_once(server: Recorder) -> None:
    """The question before a call offers it; the plan is a difference, and is applied after a second question."""

    async def work() -> None:
        async with exploring(_document(server), size=(120, 30)) as explorer:
            await _fill_in(explorer, "Tom")
            await explorer.press("f5")
            assert "Plan (p)" in explorer.screen
            await explorer.press("p")
            await explorer.until(lambda: "Apply (a)" in explorer.screen)
            await explorer.until(lambda: "Planning" not in explorer.screen)  # it goes a moment later
            assert "ready" in explorer.screen
            assert "PATCH" in explorer.screen
            assert "Tom" in explorer.screen
            assert ["GET"] == _methods(server)
            await explorer.press("a")
            await explorer.until(lambda: "Apply (y)" in explorer.screen)
            assert "PATCH" not in _methods(server)
            await explorer.press("y")
            await explorer.until(lambda: "1 of 1 request succeeded" in explorer.screen)
            assert 1 == _methods(server).count("PATCH")
            assert ['"4"'] == [request.headers["if-match"][0] for request in server.requests if request.body]
            await explorer.press("escape", "ctrl+l")
            await explorer.until(lambda: "applied  1 request" in explorer.screen)
            await explorer.press("down", "enter")
            await explorer.until(lambda: "state:" in explorer.screen)
            assert "Apply (a)" not in explorer.screen
            await explorer.press("a")
            assert 1 == _methods(server).count("PATCH")

    explored(work())


def test_a_plan_of_the_command_line_is_refused_if_the_resource_moved(server: Recorder) -> None:
    """It is listed, and what differs is shown; a no to the question sends nothing, either."""
    api = _document(server)
    assert 0 == run_cli(api, "update-pet", "7", "--name", "Tom", "--plan", "-").exit_code

    async def work() -> None:
        async with exploring(api, size=(120, 30)) as explorer:
            await explorer.press("ctrl+l")
            await explorer.until(lambda: "ready  1 request" in explorer.screen)
            assert "+ plan" not in explorer.screen  # no request is in the form
            await explorer.press("enter")
            await explorer.until(lambda: "Apply (a)" in explorer.screen)
            await explorer.press("a")
            await explorer.until(lambda: "Apply (y)" in explorer.screen)
            await explorer.press("n")
            await explorer.until(lambda: "you answered no" in explorer.screen)
            assert "PATCH" not in _methods(server)
            run_cli(api, "update-pet", "7", "--age", "40", "--yes")
            await explorer.press("escape", "ctrl+l")
            await explorer.until(lambda: "ready  1 request" in explorer.screen)
            await explorer.press("enter")
            await explorer.until(lambda: "Apply (a)" in explorer.screen)
            await explorer.press("a")
            await explorer.until(lambda: "was changed" in " ".join(explorer.screen.split()))
            assert "/body/age" in explorer.screen
            assert 1 == _methods(server).count("PATCH")

    explored(work())


def test_what_cannot_be_planned_says_why(server: Recorder) -> None:
    """An invalid request is not planned, nor one that the policy denies; nothing is read or written."""

    async def work() -> None:
        api = _document(server)
        async with exploring(api, size=(120, 30)) as explorer:
            await explorer.open("update-pet")
            await explorer.press("ctrl+l")
            await explorer.until(lambda: "+ plan PATCH /pets/{id}" in explorer.screen)
            await explorer.press("enter")
            await explorer.until(lambda: "needs ID" in explorer.screen)
            await explorer.press("escape")
            await explorer.open("get-pet")
            await explorer.press("ctrl+l")
            await explorer.until(lambda: "There are none" in explorer.screen)
        run_cli("api", "add", "pets", api)
        run_cli("config", "set", "apis.pets.policy.deny", '["update-pet"]')
        async with exploring("pets", size=(120, 30)) as explorer:
            await _fill_in(explorer, "Tom")
            await explorer.press("ctrl+l")
            await explorer.until(lambda: "+ plan PATCH" in explorer.screen)
            await explorer.press("enter")
            await explorer.until(lambda: "the policy denies it" in explorer.screen.lower())
        assert [] == server.requests

    explored(work())
