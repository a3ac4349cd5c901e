"""Responses that are too large for a model are stored for the session, and read by handles."""

import json
from typing import Any

import pytest
from mcp import Client
from mcp_types import CallToolResult

from dynacli.errors import FormatError, UsageError
from dynacli.features.mcp import large_results
from dynacli.features.mcp.large_results import LargeResults
from tests.documents import get, save_api
from tests.features.mcp.clients import converse
from tests.harness import Recorder, Response, json_response

ROWS = [
    {"id": number, "state": "open" if number % 3 else "closed", "text": "x" * 50} for number in range(500)
]


def _text(result: CallToolResult) -> str:
    return "".join(getattr(content, "text", "") for content in result.content)


def _save(server: Recorder, value: Any = None) -> None:
    server.responses["/a"] = json_response({"total": 500, "rows": ROWS} if value is None else value)
    save_api(get("/a", "getA"), server=server)


@pytest.mark.parametrize("mode", ["auto", pytest.param("legacy", marks=pytest.mark.exhaustive)])
def test_a_large_response_is_stored_and_read_in_parts(server: Recorder, mode: str) -> None:
    """The first items come with a handle, count and columns, and `result` gives the rest without another call."""
    _save(server)

    async def act(client: Client) -> list[Any]:
        result = await client.call_tool("call", {"operation": "get-a"})
        stored = result.structured_content["stored"]
        assert ("result:1", 500, "items", "rows", ["id", "state", "text"]) == tuple(
            stored[name] for name in ("result", "count", "of", "at", "columns")
        )
        assert 500 == result.structured_content["data"]["total"]
        seen = list(result.structured_content["data"]["rows"])
        assert stored["next"] == {"result": "result:1", "from": len(seen)}
        while "next" in stored:
            result = await client.call_tool("result", stored["next"])
            assert len(_text(result).encode()) <= 3_000
            assert result.structured_content == json.loads(_text(result))
            stored = result.structured_content["stored"]
            seen += result.structured_content["data"]
        return seen

    assert ROWS == converse(["./api.json", "--max-bytes", "3000"], act, mode)
    assert 1 == len(server.requests)


def test_a_stored_result_is_asked_by_filter_and_sql(server: Recorder) -> None:
    """A filter sees the response as in `call`, a query its items; a result that is large again is stored, too."""
    _save(server)

    async def act(client: Client) -> list[Any]:
        await client.call_tool("call", {"operation": "get-a"})
        asked: list[dict[str, Any]] = [
            {"filter": "[total, length(rows[?state=='closed'])]"},
            {"sql": "select state, count(*) as n from rows group by 1 order by 1"},
            {"from": 498},
            {"from": 3, "max": 2},
            {"filter": "rows[].id", "from": 10, "max": 2},
            {"sql": "select * from rows"},
            {"sql": "select nme from rows"},
            {"filter": "rows[", "sql": ""},
            {"filter": "rows", "sql": "select 1"},
            {"sql": "delete from rows"},
            {"from": 500},
        ]
        return [await client.call_tool("result", {"result": "result:1", **more}) for more in asked]

    found = converse(["./api.json"], act)
    data = [result.structured_content.get("data") for result in found]
    assert [500, 167] == data[0]
    assert [{"state": "closed", "n": 167}, {"state": "open", "n": 333}] == data[1]
    assert [ROWS[498:], ROWS[3:5], [10, 11]] == data[2:5]
    assert ("result:3", 500) == tuple(
        found[5].structured_content["stored"][name] for name in ("result", "count")
    )
    assert [True] * 4 == [result.is_error for result in found[6:10]]
    assert found[6].structured_content["stored"]["count"] == 500
    assert [] == data[10]
    assert 1 == len(server.requests)


def test_a_text_is_read_by_its_characters(server: Recorder) -> None:
    """A response that is no list, and a long description, have handles, too."""
    text = "".join(f"line {number}\n" for number in range(5_000))
    properties = {f"field{number}": {"type": "string", "description": "y" * 80} for number in range(200)}
    schema = {"type": "object", "properties": properties}
    responses = {"200": {"description": "", "content": {"application/json": {"schema": schema}}}}
    save_api(get("/a", "getA", responses=responses), server=server)
    server.responses["/a"] = Response(body=text.encode(), headers={"Content-Type": "text/plain"})

    async def act(client: Client) -> str:
        result = await client.call_tool("call", {"operation": "get-a"})
        content = result.structured_content
        assert (len(text), "characters") == (content["stored"]["count"], content["stored"]["of"])
        seen = content["data"]
        while "next" in content["stored"]:
            content = (await client.call_tool("result", content["stored"]["next"])).structured_content
            seen += content["data"]
        assert seen == text
        described = _text(await client.call_tool("describe", {"operation": "get-a", "path": "response"}))
        assert len(described.encode()) <= 3_000
        rest = json.loads(described[described.rindex("{") : described.rindex("}") + 1])
        text_of_rest: str = (await client.call_tool("result", rest)).structured_content["data"]
        return described + text_of_rest

    described = converse(["./api.json", "--max-bytes", "3000"], act)
    assert "more characters: tool `result` with" in described


def test_large_values_are_named(server: Recorder) -> None:
    """An item that does not fit is left out with its size, and a filter gets at its parts."""
    _save(server, [{"id": 1, "log": "x" * 30_000}, {"id": 2}])

    async def act(client: Client) -> list[Any]:
        result = await client.call_tool("call", {"operation": "get-a"})
        stored = result.structured_content["stored"]
        rest = await client.call_tool("result", stored["next"])
        part = await client.call_tool("result", {"result": "result:1", "filter": "[0].log"})
        return [
            result.structured_content["data"],
            stored,
            rest.structured_content["data"],
            part.structured_content,
        ]

    first, stored, rest, part = converse(["./api.json"], act)
    assert ([], [{"at": "[0]", "bytes": 30_017}]) == (first, stored["left_out"])
    assert [{"id": 2}] == rest
    assert (30_000, "characters") == (part["stored"]["count"], part["stored"]["of"])


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    "handle", ["result:1", "result:1.abc", "nothing", "", "../x", f"result:{'9' * 10_000}"]
)
def test_an_unknown_handle_is_refused(handle: str) -> None:
    """So is the handle of another session, which is a conversation over standard input and output."""

    async def act(client: Client) -> CallToolResult:
        return await client.call_tool("result", {"result": handle})

    result = converse(["demo"], act)
    assert result.is_error
    assert 2 == result.structured_content["error"]["exit_code"]


def test_results_belong_to_a_session() -> None:
    """A handle of another session is unknown; a client without a session gets handles that cannot be guessed."""
    results = LargeResults()
    mine = results.add("a", [1], "")
    assert [1] == results.get("a", mine.handle).value
    anonymous = results.add(None, [2], "")
    assert len(anonymous.handle) > 25
    assert [2] == results.get(None, anonymous.handle).value
    for session, handle in (
        ("b", mine.handle),
        (None, mine.handle),
        ("a", anonymous.handle),
        (None, "result:1"),
    ):
        with pytest.raises(UsageError, match="There is no result"):
            results.get(session, handle)


def test_results_are_removed(monkeypatch: pytest.MonkeyPatch) -> None:
    """After an hour, and the oldest ones above the limit of a client; a number is never used again."""
    monkeypatch.setattr(large_results, "_MOST_OF_CLIENT", 100)
    monkeypatch.setattr(large_results, "_MOST_OF_ALL", 250)
    results = LargeResults()
    for name in ("a", "a", "b", "b", "c", "c"):
        results.add(name, "x" * 48, "")
    with pytest.raises(UsageError):
        results.get("a", "result:1")
    assert ["result:2", "result:2", "result:2"] == [results.get(name, "result:2").handle for name in "abc"]
    with pytest.raises(FormatError):
        results.add("a", "x" * 200, "")
    monkeypatch.setattr(large_results, "_MOST_SECONDS", -1)
    with pytest.raises(UsageError):
        results.get("a", "result:2")
    monkeypatch.undo()
    assert "result:3" == results.add("a", 1, "").handle
