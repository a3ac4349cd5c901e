"""Compares the servers of two documents or operations."""

from typing import Any

from dynacli.changes.comparing.canonical_values import canonical
from dynacli.changes.comparing.compared_document import Place, child
from dynacli.changes.comparing.comparison import Pair

__all__ = ["compare_servers"]


def compare_servers(pair: Pair, old: Place, new: Place) -> None:
    """Compare two lists of servers by their URLs.

    A list that is missing or empty is one server at `/` (OpenAPI 3.1.1, "OpenAPI Object").
    """
    before, after = _by_url(old), _by_url(new)
    for url, place in after.items():
        if url not in before:
            pair.add_change("server-added", place, None, url, rule="same-on-the-wire")
        elif _variables(before[url].node) != _variables(place.node):
            variables = child(place, "variables")
            pair.add_change(
                "server-changed",
                variables if variables.node is not None else place,
                _member(before[url].node, "variables"),
                variables.node,
            )
    for url, place in before.items():
        if url not in after:
            pair.add_change("server-removed", place, url, None)


def _by_url(place: Place) -> dict[str, Place]:
    found: dict[str, Place] = {}
    for index, server in enumerate(place.node if isinstance(place.node, list) else ()):
        url = server.get("url") if isinstance(server, dict) else None
        if isinstance(url, str):
            found.setdefault(url.rstrip("/") or "/", child(place, index, f"server {url}"))
    return found or {"/": place._replace(node=None, subject="server /")}


def _variables(server: Any) -> bytes:
    """Return the comparable parts of a server's variables: defaults and allowed values, no descriptions."""
    variables = _member(server, "variables")
    if not isinstance(variables, dict):
        return canonical({})
    return canonical(
        {
            name: [_member(variable, "default"), _member(variable, "enum")]
            for name, variable in sorted(variables.items(), key=str)
        }
    )


def _member(node: Any, key: str) -> Any:
    return node.get(key) if isinstance(node, dict) else None
