"""Catalogs of APIs: a set of links as JSON (RFC 9264, section 4.2; RFC 9727)."""

from collections.abc import Iterator
from typing import Any

from dynacli.document.discovery.discovered import Lead, Role
from dynacli.document.discovery.link_headers import leads_of
from dynacli.http.link_values import Link

__all__ = ["is_linkset", "read_linkset"]

_MAX_CONTEXTS = 1000


def is_linkset(tree: Any) -> bool:
    """Return whether a value is a set of links."""
    return isinstance(tree, dict) and isinstance(tree.get("linkset"), (list, dict))


def read_linkset(tree: Any) -> list[Lead]:
    """Return the links of a set that may lead to a document: descriptions, other catalogs, the APIs themselves.

    A link to documentation for people is left out where the same API links to its description.
    Malformed links are left out, too.
    """
    contexts = tree["linkset"] if is_linkset(tree) else []
    leads: list[Lead] = []
    for context in (contexts if isinstance(contexts, list) else [contexts])[:_MAX_CONTEXTS]:
        if isinstance(context, dict):
            own = leads_of(_links_of(context))
            is_described = any(lead.role is Role.DOCUMENT for lead in own)
            leads.extend(lead for lead in own if lead.role is not Role.PAGE or not is_described)
    return leads


def _links_of(context: dict[str, Any]) -> Iterator[Link]:
    for relation, targets in context.items():
        for target in targets if isinstance(targets, list) else [targets]:
            href = target.get("href") if isinstance(target, dict) else None
            if isinstance(href, str):
                kind = target.get("type")
                yield Link(href, (str(relation).lower(),), media_type=kind if isinstance(kind, str) else "")
