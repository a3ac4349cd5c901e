"""Server Objects → the servers of a document, a path or an operation."""

from collections.abc import Callable, Mapping
from typing import Any

from dynacli.model.lenient_reading import listed, text
from dynacli.model.operation import Server

__all__ = ["read_servers", "server_row"]


def read_servers(raw: Any, warn: Callable[..., None], *where: str) -> tuple[Server, ...]:
    """Return the servers of a `servers` array; what is none is left out.

    Args:
        raw: The array.
        warn: Called with a message and the steps of a pointer.
        where: The steps to the array.
    """
    servers = []
    for index, item in enumerate(listed(raw)):
        if not isinstance(item, Mapping) or not isinstance(item.get("url"), str):
            warn("A server without a `url` is left out", *where, str(index))
            continue
        url = item["url"].strip()
        if "?" in url or "#" in url:
            # OpenAPI 3.2.0, "Server Object": "Query and fragment MUST NOT be part of this URL".
            warn("The query and the fragment of a server's URL are not sent", *where, str(index), "url")
        variables = item.get("variables")
        servers.append(
            Server(
                url,
                text(item.get("description")),
                {
                    name: {
                        "default": _value(one.get("default")),
                        "enum": [
                            each for one in listed(one.get("enum")) if (each := _value(one)) is not None
                        ],
                    }
                    for name, one in variables.items()
                    if isinstance(one, Mapping)
                }
                if isinstance(variables, Mapping)
                else None,
                text(item.get("name")),
            )
        )
    return tuple(servers)


def _value(value: Any) -> str | None:
    """Return a variable's value as text: ports are often numbers; None where there is none."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return text(value) if isinstance(value, str | int | float) else None


def server_row(server: Server) -> dict[str, Any]:
    """Return a server as the catalog keeps it; `Server(**row)` reads it back."""
    row = {"url": server.url, "description": server.description, "variables": server.variables or {}}
    return {**row, "name": server.name} if server.name else row
