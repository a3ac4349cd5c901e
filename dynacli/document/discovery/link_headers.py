"""The `Link` headers of an answer (RFC 8288, section 3)."""

import re
from collections.abc import Iterable
from typing import NamedTuple

from dynacli.document.discovery.discovered import Lead, Role

__all__ = ["Link", "leads_of", "parse_links"]

_SEPARATORS = re.compile(r"[\s,]*+")
_PARAMETER = re.compile(
    r"""
    (?:\s*+;)++\s*+                                # an empty parameter is skipped
    (?P<name>[^\s;=,"<>]++)\s*+
    (?:=\s*+(?:"(?P<quoted>(?:[^"\\]|\\.)*+)"|(?P<plain>[^\s;,"]*+)))?
    """,
    re.VERBOSE | re.DOTALL,
)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_MAX_LINKS = 200

_ROLES = {
    "service-desc": Role.DOCUMENT,
    "describedby": Role.DOCUMENT,
    "api-catalog": Role.CATALOG,
    "item": Role.API,
    "service-doc": Role.PAGE,
}
"""Link relation → its expected target (RFC 8631, RFC 9727); `describedby` is older and still in use."""


class Link(NamedTuple):
    """A link of a `Link` header, a catalog or a page.

    Args:
        target: A URL, or relative to that of the answer.
        relations: The link relations in lower case, in their order.
        anchor: The subject of the link, where that is not the URL that was asked for.
        media_type: The media type of the target; empty where the link does not say.
    """

    target: str
    relations: tuple[str, ...]
    anchor: str = ""
    media_type: str = ""


def parse_links(values: Iterable[str]) -> list[Link]:
    """Return the links of `Link` headers; malformed ones are left out.

    Args:
        values: The value of each `Link` header, which may hold several links.
    """
    links: list[Link] = []
    for value in values:
        position, last = 0, value.rfind(">")
        while len(links) < _MAX_LINKS and (match := _SEPARATORS.match(value, position)):
            position = match.end()
            if position >= last:
                break
            if value[position] != "<":
                # Not the start of a link: skip to the next comma.
                position = value.find(",", position)
                if position < 0:
                    break
                continue
            end = value.find(">", position)
            target = value[position + 1 : end].strip()
            parameters, position = _parameters(value, end + 1)
            relations = tuple(parameters.get("rel", "").lower().split())
            links.append(Link(target, relations, parameters.get("anchor", ""), parameters.get("type", "")))
    return links


def _parameters(value: str, position: int) -> tuple[dict[str, str], int]:
    parameters: dict[str, str] = {}
    while match := _PARAMETER.match(value, position):
        position = match.end()
        quoted = match["quoted"]
        text = _ESCAPE.sub(r"\1", quoted) if quoted is not None else match["plain"] or ""
        # Of several `rel`, the first counts (RFC 8288, section 3.3).
        parameters.setdefault(match["name"].lower(), text)
    return parameters, position


def leads_of(links: Iterable[Link]) -> list[Lead]:
    """Return the links that may lead to a document, judged by relation and media type.

    `alternate` counts where its media type is OpenAPI's own.
    """
    leads = []
    for link in links:
        if not link.target:
            continue
        for relation in link.relations:
            if relation in _ROLES:
                role = _ROLES[relation]
                leads.append(Lead(link.target, role, is_stated=role is not Role.PAGE))
                break
            if relation == "alternate" and "openapi" in link.media_type.lower():
                leads.append(Lead(link.target, is_stated=True))
                break
    return leads
