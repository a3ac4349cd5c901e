"""The servers of two documents or operations."""

from typing import Any

from dynacli.changes.comparing.compared_document import Place, below
from dynacli.changes.comparing.comparison import Comparison, Pair
from dynacli.changes.reported_values import identity

__all__ = ["compare_servers"]


def compare_servers(run: Comparison, pair: Pair, old: Place, new: Place) -> None:
    """Compare two lists of servers by their URLs.

    A list that is missing or empty is one server at `/` (OpenAPI 3.1.1, "OpenAPI Object").
    """
    was, now = _by_url(old), _by_url(new)
    for url, place in now.items():
        if url not in was:
            run.tell(pair, "server-added", place, None, url, rule="same-on-the-wire")
        elif _variables(was[url].node) != _variables(place.node):
            inner = below(place, "variables")
            run.tell(
                pair,
                "server-changed",
                inner if inner.node is not None else place,
                _of(was[url].node, "variables"),
                inner.node,
            )
    for url, place in was.items():
        if url not in now:
            run.tell(pair, "server-removed", place, url, None)


def _by_url(place: Place) -> dict[str, Place]:
    found: dict[str, Place] = {}
    for index, one in enumerate(place.node if isinstance(place.node, list) else ()):
        url = one.get("url") if isinstance(one, dict) else None
        if isinstance(url, str):
            found.setdefault(_plain(url), below(place, index, f"server {url}"))
    return found or {"/": place._replace(node=None, subject="server /")}


def _plain(url: str) -> str:
    return url.rstrip("/") or "/"


def _variables(node: Any) -> bytes:
    """Return what can stand for the variables of a URL, without the words for people."""
    variables = _of(node, "variables")
    if not isinstance(variables, dict):
        return identity({})
    return identity(
        {name: [_of(one, "default"), _of(one, "enum")] for name, one in sorted(variables.items(), key=str)}
    )


def _of(node: Any, key: str) -> Any:
    return node.get(key) if isinstance(node, dict) else None
