"""The links of an index, the page or the JSON that a server has at its root, as far as they may lead to a document.

Whatever its path ends with, a link counts where its own words say that it leads to a description or to documentation.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

from dynacli.openapi.document.discovery._page_references import attributes_of, base_of, path_of
from dynacli.openapi.document.discovery.discovered import Lead, Role

__all__ = ["read_index"]

_MAX_CHARACTERS = 500_000
_MAX_LINKS = 500
_MAX_DEPTH = 6
_MAX_LEADS = 8

_ANCHOR = re.compile(r"<(?:a|link)\s([^<>]*+)>([^<]{0,80}+)", re.IGNORECASE)
_REFERENCE = re.compile(r"(?:https?:/|\.{0,2})/\S{1,500}")
_WORD = re.compile(r"[a-z]+")
_SPECS = frozenset(("openapi", "swagger", "oas", "spec", "specs", "specification", "apispec", "schema"))
"""The words of links that lead to a document itself."""
_DOCS = frozenset(
    ("api", "apis", "doc", "docs", "documentation", "developer", "developers", "reference", "redoc")
)
"""The words of links that lead to pages which may name a document."""
_ASSETS = (".js", ".css", ".png", ".svg", ".ico", ".jpg", ".webp", ".woff2", ".pdf", ".xml", ".zip")


def read_index(content: bytes) -> list[Lead]:
    """Return the links of an index, those that lead to a document before those that lead to a page.

    Args:
        content: HTML or JSON; nothing else has links.
    """
    text = content[:_MAX_CHARACTERS].decode("utf-8", "replace").lstrip("\ufeff \t\r\n")
    links: Iterator[tuple[str, str]] = iter(())
    base = ""
    if text.startswith("<"):
        links, base = _links_of_page(text), base_of(text)
    elif text.startswith(("{", "[")) and len(content) <= _MAX_CHARACTERS:
        try:
            links = _links_of_json(json.loads(text), (), _MAX_DEPTH)
        except (ValueError, RecursionError):
            return []
    leads: dict[str, Lead] = {}
    for number, (reference, label) in enumerate(links):
        role = _role(reference, label)
        if role is not None:
            leads.setdefault(reference, Lead(reference, role, base=base))
        if number >= _MAX_LINKS:
            break
    return sorted(leads.values(), key=lambda lead: lead.role)[:_MAX_LEADS]


def _links_of_page(text: str) -> Iterator[tuple[str, str]]:
    """Yield the reference and the text of each link of a page."""
    for match in _ANCHOR.finditer(text):
        reference = attributes_of(match[1]).get("href", "")
        if reference and not reference.startswith(("#", "mailto:", "javascript:")):
            yield reference, match[2]


def _links_of_json(tree: Any, keys: tuple[str, ...], depth: int) -> Iterator[tuple[str, str]]:
    """Yield each reference in a value, and the words around it: its keys, and the names that stand beside it."""
    if isinstance(tree, str):
        if _REFERENCE.fullmatch(tree):
            yield tree, " ".join(keys[-3:])
    elif depth and isinstance(tree, dict):
        names = [value for key in ("rel", "name", "title", "type") if isinstance(value := tree.get(key), str)]
        for key, value in tree.items():
            yield from _links_of_json(value, (*keys, *names, str(key)), depth - 1)
    elif depth and isinstance(tree, list):
        for value in tree:
            yield from _links_of_json(value, keys, depth - 1)


def _role(reference: str, label: str) -> Role | None:
    """Return what a link is expected to lead to by its text and the end of its path; None where to nothing of use."""
    path = path_of(reference)
    if path.endswith(_ASSETS):
        return None
    end = path.partition("://")[2].partition("/")[2] if "://" in path else path
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", label)
    words = {*_WORD.findall(spaced.lower()), *_WORD.findall(end.rstrip("/").rpartition("/")[2])}
    if words & _SPECS:
        return Role.DOCUMENT
    return Role.PAGE if words & _DOCS else None
