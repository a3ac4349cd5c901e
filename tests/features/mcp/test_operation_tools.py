"""With `mcp --tools operations`, each operation of a small API is a typed tool."""

from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from mcp import Client
from mcp_types import CallToolResult, Tool

from tests.documents import get, operation, save_api
from tests.features.mcp.clients import converse
from tests.harness import Recorder, Response, json_response, run_cli

CANARY = "canary-5d1f0c"
ITEM = {"type": "object", "required": ["id"], "properties": {"id": {"type": "integer"}}}
BODY = {
    "type": "object",
    "required": ["name", "parent"],
    "properties": {
        "id": {"type": "integer", "readOnly": True},
        "name": {"type": "string", "enum": ["a", "b"]},
        "parent": {"$ref": "#/components/schemas/Node"},
    },
}
NODE = {"type": "object", "properties": {"below": {"$ref": "#/components/schemas/Node"}}}


def _answer(schema: Any) -> dict[str, Any]:
    return {"200": {"description": "", "content": {"application/json": {"schema": schema}}}}


def _save(server: Recorder) -> None:
    parameter = {"name": "pageSize", "in": "query", "schema": {"type": "integer", "maximum": 9}}
    paths = get("/items", "listItems", responses=_answer({"type": "array", "items": ITEM}))
    paths["/items"]["get"]["parameters"] = [parameter]
    paths |= get("/item", "result", responses=_answer(ITEM))
    paths["/items"]["post"] = operation(
        "makeItem", requestBody={"required": True, "content": {"application/json": {"schema": BODY}}}
    )
    paths["/item"]["delete"] = operation("dropItem", responses={"204": {"description": ""}})
    save_api(paths, server=server, components={"schemas": {"Node": NODE}})
    server.responses["/items"] = json_response([{"id": 1}])
    server.responses["/item"] = json_response({"id": 2})


async def _tools(client: Client) -> dict[str, Tool]:
    return {tool.name: tool for tool in (await client.list_tools()).tools}


def test_each_operation_is_a_tool(server: Recorder) -> None:
    """Its schemas are those of the document, its annotations say what it may change, and its name is free."""
    _save(server)
    tools = converse(["./api.json", "--write", "--tools", "operations"], _tools)
    assert {"result", "list-items", "call-result", "make-item", "drop-item"} == tools.keys()
    made, listed = tools["make-item"].input_schema, tools["list-items"]
    assert {"name", "parent"} == made["properties"].keys() == set(made["required"])
    assert ["a", "b"] == made["properties"]["name"]["enum"]
    assert 9 == listed.input_schema["properties"]["page-size"]["maximum"]
    assert {"result"} == (listed.output_schema or {})["properties"].keys()
    assert {"id"} == (tools["call-result"].output_schema or {})["properties"].keys()
    for tool in tools.values():
        for schema in filter(None, (tool.input_schema, tool.output_schema)):
            assert jsonschema_rs.meta.is_valid(schema), schema
            assert "$ref" not in str(schema)
        hints = tool.annotations
        assert hints is not None
        is_reading = tool.name not in {"make-item", "drop-item"}
        assert (is_reading, not is_reading) == (hints.read_only_hint, bool(hints.destructive_hint))
    reading = converse(["./api.json", "--tools", "operations"], _tools)
    assert {"result", "list-items", "call-result"} == reading.keys()


def test_long_names_stay_apart(server: Recorder) -> None:
    """Clients take names of 64 characters; operations that differ after them are several tools."""
    names = [f"{'item' * 18}{end}" for end in "abc"]
    save_api(*(get(f"/{name}", name, responses=_answer(ITEM)) for name in names), server=server)
    tools = converse(["./api.json", "--tools", "operations"], _tools)
    assert len(names) + 1 == len(tools)
    assert all(len(name) <= 64 for name in tools)


def test_structured_content_is_the_response(server: Recorder, monkeypatch: pytest.MonkeyPatch) -> None:
    """A large one has its handle in `_meta`, a wrong one is an error, and no secret gets through."""
    monkeypatch.setenv("DYNACLI_TOKEN", CANARY)
    _save(server)
    server.responses["/items"] = json_response([{"id": number, "text": CANARY} for number in range(500)])

    async def act(client: Client) -> list[CallToolResult]:
        listed = await client.call_tool("list-items", {"page-size": 5})
        handle = (listed.meta or {})["dynacli"]["stored"]["result"]
        rest = await client.call_tool("result", {"result": handle, "from": 499})
        one = await client.call_tool("call-result", {})
        server.responses["/item"] = json_response({"id": f"not a number: {CANARY}"})
        wrong = await client.call_tool("call-result", {})
        refused = await client.call_tool("list-items", {"size": 50})
        server.responses["/item"] = Response(204)
        dropped = await client.call_tool("drop-item", {})
        return [listed, rest, one, wrong, refused, dropped]

    words = ["./api.json", "--write", "--yes", "--tools", "operations", "--max-bytes", "3000"]
    listed, rest, one, wrong, refused, dropped = converse(words, act)
    assert {"id": 0, "text": "***"} == listed.structured_content["result"][0]
    assert [{"id": 499, "text": "***"}] == rest.structured_content["data"]
    assert {"id": 2} == one.structured_content
    assert (True, "not a number: ***") == (wrong.is_error, wrong.structured_content["data"]["id"])
    assert "list-items {}" == refused.structured_content["error"]["try"]
    assert not dropped.is_error, dropped
    assert CANARY not in "".join(result.model_dump_json() for result in (listed, rest, wrong, refused))
    assert not [
        path
        for path in Path.cwd().parent.rglob("*")
        if path.is_file() and CANARY in path.read_text("latin-1")
    ]


def test_only_one_small_api_is_taken(server: Recorder) -> None:
    """Only operations that the agent can call count, and the error says what to do."""
    paths = {f"/{number}": {"post": operation(f"make{number}")} for number in range(41)}
    save_api(paths | get("/a", "getA"), server=server)
    assert {"result", "get-a"} == converse(["./api.json", "--tools", "operations"], _tools).keys()
    large = run_cli("mcp", "./api.json", "--write", "--tools", "operations")
    assert 2 == large.exit_code
    assert "Agents may call 42, and the limit is 40" in large.stderr
    assert "`search`" in large.stderr
    assert 2 == run_cli("mcp", "demo", "./api.json", "--tools", "operations").exit_code
