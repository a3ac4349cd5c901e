"""A call that needs confirmation is asked about by the client, if the client can ask."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from mcp import Client
from mcp_types import CallToolResult, ElicitResult

from tests.documents import get, operation, save_api
from tests.features.mcp.clients import converse
from tests.harness import Recorder, Response

CANARY = "canary-5d1f0c"
DROP: dict[str, Any] = {"operation": "drop-item", "inputs": {"id": "7"}}


class _User:
    """The user of a client, who answers each question in the same way."""

    def __init__(self, action: str) -> None:
        self._action = action
        self.questions: list[str] = []

    async def __call__(self, context: Any, params: Any) -> ElicitResult:  # noqa: ARG002
        self.questions.append(params.message)
        return ElicitResult.model_validate({"action": self._action, "content": {}})


def _save(server: Recorder) -> None:
    by_id = {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
    paths = {"/items/{id}": {"delete": operation("dropItem", parameters=[by_id])}} | get("/mine", "getMine")
    paths["/mine"]["get"]["security"] = [{"key": []}]
    schemes = {"key": {"type": "http", "scheme": "bearer"}}
    save_api(paths, server=server, components={"securitySchemes": schemes})
    server.responses["/items/7"] = Response(204, b"", {})


def _call(
    user: _User | None,
    mode: str,
    calls: Sequence[dict[str, Any]] = (DROP,),
    words: Sequence[str] = ("--write",),
) -> list[CallToolResult]:
    async def act(client: Client) -> list[CallToolResult]:
        return [await client.call_tool("call", arguments) for arguments in calls]

    return converse(["./api.json", *words], act, mode, elicitation_callback=user)


@pytest.mark.parametrize("mode", ["auto", "legacy"])
@pytest.mark.parametrize(
    "action", ["accept", pytest.param("decline", marks=pytest.mark.exhaustive), "cancel"]
)
def test_the_client_asks(server: Recorder, monkeypatch: pytest.MonkeyPatch, mode: str, action: str) -> None:
    """The question has the operation and the inputs, without secrets; each call needs an answer of its own."""
    monkeypatch.setenv("DYNACLI_TOKEN", CANARY)
    _save(server)
    user = _User(action)
    with_secret = {**DROP, "inputs": {"id": CANARY}}
    results = _call(user, mode, [DROP, DROP, with_secret])
    assert [action != "accept"] * 2 == [result.is_error for result in results[:2]]
    assert 3 == len(user.questions)
    assert "`drop-item` (DELETE /items/{id})" in user.questions[0]
    assert '"inputs":{"id":"7"}' in user.questions[0]
    assert CANARY not in "".join(user.questions)
    if action == "accept":
        assert ["/items/7", "/items/7"] == [request.target for request in server.requests[:2]]
    else:
        assert [] == server.requests
        assert "did not agree" in results[0].structured_content["error"]["message"]


def test_nothing_else_is_asked(server: Recorder) -> None:
    """A client that cannot ask gets the refusal; reading, a missing credential, and a server without `--write` too."""
    _save(server)
    (refused,) = _call(None, "auto")
    assert "needs confirmation" in refused.structured_content["error"]["message"]
    user = _User("accept")
    mine: dict[str, Any] = {"operation": "get-mine"}
    results = _call(user, "auto", [mine, DROP], words=())
    assert [True, True] == [result.is_error for result in results]
    assert ([], []) == (user.questions, server.requests)


def test_an_answer_belongs_to_a_question(server: Recorder) -> None:
    """An answer that comes with the first request, or with the state of another question, has no effect."""
    _save(server)

    async def act(client: Client) -> list[Any]:
        answers: dict[str, Any] = {"confirm": ElicitResult(action="accept", content={})}

        async def send(inputs: dict[str, Any], state: str | None) -> Any:
            return await client.session.call_tool(
                "call",
                {**DROP, "inputs": inputs},
                input_responses=answers,
                request_state=state,
                allow_input_required=True,
            )

        first = await send({"id": "7"}, None)
        return [
            first,
            await send({"id": "8"}, first.request_state),
            await send({"id": "7"}, first.request_state),
        ]

    first, other, right = converse(["./api.json", "--write"], act, elicitation_callback=_User("accept"))
    assert {first.result_type, other.result_type} == {"input_required"}
    assert not right.is_error
    assert ["/items/7"] == [request.target for request in server.requests]


@pytest.mark.exhaustive
def test_a_cancelled_question_sends_nothing(server: Recorder) -> None:
    """The call is over, so a later answer has no effect."""
    _save(server)
    asked = asyncio.Event()

    async def wait(context: Any, params: Any) -> ElicitResult:  # noqa: ARG001
        asked.set()
        await asyncio.sleep(2)
        return ElicitResult(action="accept", content={})

    async def act(client: Client) -> CallToolResult:
        task = asyncio.create_task(client.call_tool("call", DROP))
        await asyncio.wait_for(asked.wait(), 20)
        task.cancel()
        await asyncio.wait([task])
        await asyncio.sleep(3)
        return await client.call_tool("search", {"query": "drop item"})

    assert not converse(["./api.json", "--write"], act, "legacy", elicitation_callback=wait).is_error
    assert [] == server.requests
