"""Server Objects → the servers of a document, a path or an operation."""

from collections.abc import Callable, Mapping
from typing import Any

from dynacli.model.lenient_reading import list_or_empty, text_or_empty
from dynacli.model.operation import Server

__all__ = ["read_servers", "server_row"]


def read_servers(raw: Any, warn: Callable[..., None], *where: str) -> tuple[Server, ...]:
    """Return the servers of a `servers` array; entries that are no Server Objects are left out.

    Args:
        warn: Called with a message and the steps of a JSON pointer.
        where: The steps to the array.
    """
    servers = []
    for index, item in enumerate(list_or_empty(raw)):
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
                text_or_empty(item.get("description")),
                _variables(variables) if isinstance(variables, Mapping) else None,
                text_or_empty(item.get("name")),
            )
        )
    return tuple(servers)


def _variables(raw: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    variables = {}
    for name, variable in raw.items():
        if isinstance(variable, Mapping):
            allowed = map(_variable_value, list_or_empty(variable.get("enum")))
            variables[name] = {
                "default": _variable_value(variable.get("default")),
                "enum": [text for text in allowed if text is not None],
            }
    return variables


def _variable_value(value: Any) -> str | None:
    """Return the value of a server variable as text, since ports are often numbers; None where there is no value."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return text_or_empty(value) if isinstance(value, str | int | float) else None


def server_row(server: Server) -> dict[str, Any]:
    """Return a server as the catalog stores it; `Server(**row)` reads it back."""
    row = {"url": server.url, "description": server.description, "variables": server.variables or {}}
    return {**row, "name": server.name} if server.name else row
