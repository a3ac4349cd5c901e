"""The MCP servers that the stand-in starts with."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from dynacli.demo.data.data_reference import NOW, identifier, timestamp

__all__ = ["TOOLS", "server_id", "server_record", "servers"]

# Slug of a server → the tools that traces show; the last tool of each changes something.
TOOLS = {
    "github": ("search_issues", "get_issue", "update_issue"),
    "billing": ("list_invoices", "get_order", "create_refund"),
    "handbook": ("search_pages", "read_page", "suggest_edit"),
    "calendar": ("list_events", "find_slot", "move_event"),
    "deploy-cli": ("release_list", "release_show", "release_rollback"),
    "crm": ("find_contact", "get_contact", "update_contact"),
}


@dataclass(frozen=True)
class _Server:
    slug: str
    name: str
    transport: str
    base_url: str | None
    categories: tuple[str, ...]
    kind: str = "mcp"
    environment: str = "production"


_SERVERS = (
    _Server(
        "github", "Production GitHub MCP", "streamable_http", "https://github-mcp.example.com", ("dev-tools",)
    ),
    _Server("billing", "Billing MCP", "streamable_http", "https://billing-mcp.example.com/mcp", ("finance",)),
    _Server("handbook", "Handbook search", "sse", "https://handbook.example.com/sse", ("knowledge",)),
    _Server("calendar", "Calendar MCP", "stdio_hosted", None, ("productivity",)),
    _Server("deploy-cli", "Deploy CLI", "stdio_hosted", None, ("dev-tools", "operations"), kind="cli"),
    _Server(
        "crm",
        "CRM MCP (staging)",
        "streamable_http",
        "https://crm-mcp.example.com",
        ("sales",),
        environment="staging",
    ),
)


def server_id(slug: str) -> str:
    """Return the id of a server that the stand-in starts with."""
    return identifier("mcp-server", slug)


def server_record(
    identity: str, name: str, *, created_at: str, auth_profile_id: str | None = None, **fields: Any
) -> dict[str, Any]:
    """Return a server as the API shows it; fields that are not given have their defaults."""
    return {
        "id": identity,
        "name": name,
        "transport_type": fields.get("transport_type", "streamable_http"),
        "target_kind": fields.get("target_kind", "mcp"),
        "base_url": fields.get("base_url"),
        "categories": list(fields.get("categories", ())),
        "environment": fields.get("environment", "production"),
        "connection_config": fields.get("connection_config", {}),
        "network_policy": fields.get("network_policy", {}),
        "default_auth_profile_id": auth_profile_id,
        "created_at": created_at,
        "updated_at": created_at,
    }


def servers() -> dict[str, dict[str, Any]]:
    """Return the servers by id."""
    records = {}
    for index, server in enumerate(_SERVERS):
        records[server_id(server.slug)] = server_record(
            server_id(server.slug),
            server.name,
            created_at=timestamp(NOW - timedelta(days=120 - 7 * index)),
            auth_profile_id=identifier("auth-profile", server.slug) if server.base_url else None,
            transport_type=server.transport,
            target_kind=server.kind,
            base_url=server.base_url,
            categories=server.categories,
            environment=server.environment,
            connection_config={} if server.base_url else {"command": server.slug},
        )
    return records
