"""The operations of the tags org and mcpServers."""

from typing import Any

from dynacli.demo.body_shapes import MCP_SERVER
from dynacli.demo.error_answers import not_found
from dynacli.demo.operations.demo_operation import Answer, Call, Operation
from dynacli.demo.query_parameters import Kind, Slugs

__all__ = ["CATEGORIES", "SERVER_OPERATIONS", "in_categories"]

CATEGORIES: dict[str, Kind] = {"category": Slugs(), "categorySlug": Slugs(is_list=False)}


def in_categories(call: Call, categories: list[str]) -> bool:
    """Returns whether a record with these categories passes both category filters."""
    any_of, exactly = call.query["category"], call.query["categorySlug"]
    return (any_of is None or not set(any_of).isdisjoint(categories)) and (
        exactly is None or exactly in categories
    )


def _org(call: Call) -> Answer:
    actor = {
        "apiKeyId": f"key_demo{call.role}",
        "apiKeyName": f"demo {call.role}",
        "userProfileId": None,
        "role": call.role,
        "email": None,
    }
    organization = {"id": "org_demo", "slug": "your-org", "name": "Your organization"}
    return Answer(200, {"organization": organization, "actor": actor})


def _list(call: Call) -> Answer:
    rows = [server for server in call.store.servers.values() if in_categories(call, server["categories"])]
    return Answer(200, {"rows": sorted(rows, key=_name)})


def _create(call: Call) -> Answer:
    return Answer(201, call.store.add_server(call.body))


def _get(call: Call) -> Answer:
    server = call.store.servers.get(call.id)
    if server is None:
        raise not_found("MCP server", call.id)
    return Answer(200, server)


def _name(record: dict[str, Any]) -> tuple[str, str]:
    return record["name"].casefold(), record["id"]


SERVER_OPERATIONS = (
    Operation("getOrg", "GET", "/org", _org),
    Operation("listMcpServers", "GET", "/mcp-servers", _list, query=CATEGORIES),
    Operation(
        "createMcpServer", "POST", "/mcp-servers", _create, body=MCP_SERVER, needs_body=True, writes=True
    ),
    Operation("getMcpServer", "GET", "/mcp-servers/{id}", _get),
)
