"""The links of an answer that may lead to a document."""

from collections.abc import Iterable

from dynacli.document.discovery.discovered import Lead, Role
from dynacli.http.link_values import Link

__all__ = ["leads_of"]

_ROLES = {
    "service-desc": Role.DOCUMENT,
    "describedby": Role.DOCUMENT,
    "api-catalog": Role.CATALOG,
    "item": Role.API,
    "service-doc": Role.PAGE,
}
"""Link relation → its expected target (RFC 8631, RFC 9727); `describedby` is older and still in use."""


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
