"""The values of `Link` headers (RFC 8288, section 3)."""

import re
from collections.abc import Iterable
from typing import NamedTuple

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


class Link(NamedTuple):
    """A link of a `Link` header, a catalog or a page.

    Args:
        target: URL of the target, which may be relative to the URL of the response.
        relations: The link relations in lower case, in order.
        anchor: The subject of the link; empty if it is the requested URL.
        media_type: Media type of the target; empty if it is unknown.
    """

    target: str
    relations: tuple[str, ...]
    anchor: str = ""
    media_type: str = ""


def parse_links(values: Iterable[str]) -> list[Link]:
    """Return the links of `Link` headers, without malformed ones.

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
            parameters, position = _link_parameters(value, end + 1)
            relations = tuple(parameters.get("rel", "").lower().split())
            links.append(Link(target, relations, parameters.get("anchor", ""), parameters.get("type", "")))
    return links


def _link_parameters(value: str, position: int) -> tuple[dict[str, str], int]:
    parameters: dict[str, str] = {}
    while match := _PARAMETER.match(value, position):
        position = match.end()
        quoted = match["quoted"]
        text = _ESCAPE.sub(r"\1", quoted) if quoted is not None else match["plain"] or ""
        # Of several `rel`, the first counts (RFC 8288, section 3.3).
        parameters.setdefault(match["name"].lower(), text)
    return parameters, position
