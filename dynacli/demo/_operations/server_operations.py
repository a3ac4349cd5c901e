"""The operations of the tags org and mcpServers."""

from typing import Any

from dynacli.demo._error_answers import not_found
from dynacli.demo._operations.demo_operation import DemoAnswer, DemoCall, DemoOperation
from dynacli.demo._query_parameters import QueryParameter, SlugsParameter
from dynacli.demo._request_body import MCP_SERVER

__all__ = ["CATEGORIES", "SERVER_OPERATIONS", "in_categories"]

CATEGORIES: dict[str, QueryParameter] = {
    "category": SlugsParameter(),
    "categorySlug": SlugsParameter(is_list=False),
}


def in_categories(call: DemoCall, categories: list[str]) -> bool:
    """Return whether a record with these categories passes both category filters."""
    any_of, exactly = call.query["category"], call.query["categorySlug"]
    return (any_of is None or not set(any_of).isdisjoint(categories)) and (
        exactly is None or exactly in categories
    )


def _org(call: DemoCall) -> DemoAnswer:
    actor = {
        "apiKeyId": f"key_demo{call.role}",
        "apiKeyName": f"demo {call.role}",
        "userProfileId": None,
        "role": call.role,
        "email": None,
    }
    organization = {"id": "org_demo", "slug": "your-org", "name": "Your organization"}
    return DemoAnswer(200, {"organization": organization, "actor": actor})


def _list(call: DemoCall) -> DemoAnswer:
    rows = [server for server in call.store.servers.values() if in_categories(call, server["categories"])]
    return DemoAnswer(200, {"rows": sorted(rows, key=_name)})


def _create(call: DemoCall) -> DemoAnswer:
    return DemoAnswer(201, call.store.add_server(call.body))


def _get(call: DemoCall) -> DemoAnswer:
    server = call.store.servers.get(call.id)
    if server is None:
        raise not_found("MCP server", call.id)
    return DemoAnswer(200, server)


def _name(record: dict[str, Any]) -> tuple[str, str]:
    return record["name"].casefold(), record["id"]


SERVER_OPERATIONS = (
    DemoOperation("getOrg", "GET", "/org", _org),
    DemoOperation("listMcpServers", "GET", "/mcp-servers", _list, query=CATEGORIES),
    DemoOperation(
        "createMcpServer", "POST", "/mcp-servers", _create, body=MCP_SERVER, needs_body=True, writes=True
    ),
    DemoOperation("getMcpServer", "GET", "/mcp-servers/{id}", _get),
)
