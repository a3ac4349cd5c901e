"""The calls of earlier sessions: listed, opened in the form again, shown and validated, without their secrets."""

import json
from collections.abc import Iterator

import pytest

from dynacli.environment import Consent
from dynacli.options.standard_options import CallTerms, Options
from tests.documents import get, operation, parameter, put, save_api
from tests.features.explorer.exploring import explored, exploring
from tests.harness import Recorder, Response, recording, run_cli

pytestmark = pytest.mark.exhaustive


@pytest.fixture
def server() -> Iterator[Recorder]:
    """Run a server whose pet is not as the document says."""
    with recording() as recorder:
        recorder.responses["/pets/7"] = Response(200, b'{"name": 5, "token": "hush-hush-2"}')
        yield recorder


def _document(server: Recorder) -> str:
    pet = {"type": "object", "properties": {"name": {"type": "string"}, "token": {"type": "string"}}}
    body = {
        "type": "object",
        "properties": {
            "tags": {"type": "array", "items": {"type": "string"}},
            "sizes": {"type": "array", "items": {"type": "integer"}},
            "toys": {
                "type": "array",
                "items": {"type": "object", "properties": {"label": {"type": "string"}}},
            },
            "password": {"type": "string", "format": "password"},
        },
    }
    responses = {"200": {"description": "", "content": {"application/json": {"schema": pet}}}}
    putting = operation(
        "putPet", parameter("id", {"type": "integer"}, "path"), body=body, responses=responses
    )
    return save_api({"/pets/{id}": {"put": putting}}, server=server)


@pytest.mark.parametrize("mode", ["full", "headers"])
def test_a_call_of_the_command_line_is_opened_again(
    server: Recorder, mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With its inputs in their rows; its response is shown and validated as far as it was kept, without any secret."""
    monkeypatch.setenv("DYNACLI_HISTORY", mode)
    api = _document(server)
    tags, sizes = ("--tags", "a b", "--tags", "c"), ("--sizes", "1", "--sizes", "2")
    words = (*tags, *sizes, "--toys.0.label", "ball", "--accept-origin", server.origin)
    made = run_cli(api, "put-pet", "7", *words, "--password", "hush-hush-1", "-H", "X-Api-Key: hush-hush-3")
    assert 200 == run_cli("history", "-o", "json").json[0]["status"], made.stderr

    async def work() -> None:
        options = Options(terms=CallTerms(consent=Consent(is_given=True)))
        async with exploring(api, size=(150, 40), options=options) as explorer:
            await explorer.press("f4", "y")
            await explorer.until(lambda: "PUT put-pet 200" in explorer.screen)
            await explorer.press("enter")
            await explorer.until(lambda: "The form leaves out" in explorer.screen)
            assert "The form leaves out: --accept-origin, --password, -H" in explorer.screen
            if mode == "full":
                assert '"name": 5' in explorer.response_text
                await explorer.press("v")
                assert "[type]" in explorer.response_text
                assert "does not match the document as it is now" in " ".join(explorer.response_text.split())
                await explorer.press("h")
                assert "X-Api-Key: ***" in explorer.response_text
            else:
                assert "The history keeps no more of this call" in explorer.response_text
            await explorer.checked()
            seen = explorer.screen
            await explorer.press("f5")
            await explorer.responded()
            await explorer.until(lambda: 2 == len(run_cli("history", "-o", "json").json))
            assert "hush-hush" not in seen + explorer.response_text.replace("hush-hush-2", "")

    explored(work())
    bodies = [json.loads(request.body) for request in server.requests]
    assert "hush-hush-1" == bodies[0].pop("password")
    assert {"tags": ["a b", "c"], "sizes": [1, 2], "toys": [{"label": "ball"}]} == bodies[0]
    assert bodies[0] == bodies[1]
    kept = run_cli("history", "show", "1", "-o", "json").stdout
    assert (mode == "full") == ('"sizes' in kept.replace("\\", "")), kept.replace("\\", "")
    assert "hush-hush" not in kept


def test_a_call_of_another_document_is_not_listed_and_one_whose_operation_has_gone_says_so(
    server: Recorder,
) -> None:
    """The list is that of the document; what it no longer has cannot be opened."""
    api = _document(server)
    server.responses["/x"] = Response()
    other = save_api(get("/x"), server=server, file="other.json")
    assert 0 == run_cli(other, "x").exit_code
    assert 0 == run_cli(api, "put-pet", "7", "--tags", "x").exit_code
    save_api(put("/cats/{id}", "putCat"), server=server)

    async def work() -> None:
        async with exploring(api, size=(150, 40)) as explorer:
            await explorer.press("f4", "y")
            await explorer.until(lambda: "PUT put-pet 200" in explorer.screen)
            assert "GET x" not in explorer.screen
            await explorer.press("enter")
            await explorer.until(lambda: "cannot be shown in the form" in explorer.screen)

    explored(work())


def test_inputs_as_json_and_pairs_of_the_query_are_opened_again(server: Recorder) -> None:
    """Inputs are in their rows, and pairs in one of their own, written as in a URL; the same request is sent."""
    api = _document(server)
    inputs = '{"id": 7, "tags": ["a"], "toys.0.label": "ball", "query": {"b": ["1", "2"]}}'
    words = ("--inputs", inputs, "--query", "trace=a&b", "--accept-origin", server.origin)
    run_cli(api, "put-pet", *words)

    async def work() -> None:
        options = Options(terms=CallTerms(consent=Consent(is_given=True)))
        async with exploring(api, size=(150, 40), options=options) as explorer:
            await explorer.press("f4", "y")
            await explorer.until(lambda: "PUT put-pet 200" in explorer.screen)
            await explorer.press("enter")
            await explorer.until(lambda: "trace=a%26b" in explorer.screen)
            await explorer.checked()
            await explorer.press("f5")
            await explorer.responded()
            await explorer.until(lambda: 2 == len(server.requests))

    explored(work())
    first, second = server.requests
    assert {"tags": ["a"], "toys": [{"label": "ball"}]} == json.loads(second.body)
    assert sorted(first.target.partition("?")[2].split("&")) == sorted(
        second.target.partition("?")[2].split("&")
    )
