"""A walk through the objects of a document: path items, operations, links, security schemes."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from dynacli.openapi.document.objects import (
    DATA,
    DOCUMENT,
    EXAMPLE,
    SCHEMA,
    WEBHOOKS,
    ObjectKind,
    kind_at,
    kind_below,
)
from dynacli.openapi.document.references.scan import Link, Site, Steps, sites_of, steps_of

__all__ = [
    "WalkedObject",
    "all_sites",
    "objects_of",
    "requirements_of",
    "security_of",
]

_IS_DATA = frozenset({DATA, EXAMPLE})
_IS_NO_PART = _IS_DATA | {SCHEMA}


class WalkedObject(NamedTuple):
    """An object of a document.

    Args:
        node: The object.
        kind: Its kind.
        link: The steps to it.
    """

    node: dict[str, Any]
    kind: ObjectKind
    link: Link

    @property
    def steps(self) -> Steps:
        """The steps to the object."""
        return steps_of(self.link)


def objects_of(
    tree: dict[str, Any],
    *,
    with_callbacks: bool = True,
    left_out: frozenset[ObjectKind] = _IS_NO_PART,
) -> Iterator[WalkedObject]:
    """Yield the objects of a document that the specification describes, in document order, without schemas."""
    stack: list[tuple[Any, ObjectKind, Link]] = [(tree, DOCUMENT, None)]
    while stack:
        node, kind, link = stack.pop()
        if isinstance(node, dict):
            yield WalkedObject(node, kind, link)
        below = [
            entry
            for entry in _below(node, kind, link)
            if left_out.isdisjoint((entry[1], entry[1].members))
            and (with_callbacks or entry[1].section != "callbacks")
        ]
        stack.extend(reversed(below))


def _below(node: Any, kind: ObjectKind, link: Link) -> Iterator[tuple[Any, ObjectKind, Link]]:
    if isinstance(node, list):
        for index, item in enumerate(node):
            if isinstance(item, (dict, list)):
                yield item, kind, (link, index)
        return
    for key, value in node.items():
        if not isinstance(value, (dict, list)):
            continue
        yield value, kind_below(kind, key, value), (link, key)


def all_sites(tree: dict[str, Any]) -> Iterator[Site]:
    """Yield every reference and identifier of a document, those in the webhooks of 3.0 included."""
    yield from sites_of(tree)
    if isinstance(tree.get(WEBHOOKS[1]), dict):
        yield from sites_of(tree[WEBHOOKS[1]], kind_at(DOCUMENT, WEBHOOKS[0]), (None, WEBHOOKS[1]))
    if str(tree.get("openapi")).startswith("3.2"):
        for walked in objects_of(tree, left_out=_IS_DATA):
            # OpenAPI 3.2.0, "Discriminator Object": a name or a reference, as in `mapping`.
            node = walked.node.get("discriminator") if walked.kind is SCHEMA else None
            if isinstance(node, dict) and isinstance(node.get("defaultMapping"), str):
                link = (walked.link, "discriminator")
                yield Site(node, link, "mapping", node["defaultMapping"], False, SCHEMA, "defaultMapping")


def security_of(node: dict[str, Any]) -> list[Any]:
    """Return the `security` of a document or an operation; a single object counts as a list."""
    security = node.get("security")
    return security if isinstance(security, list) else [security] if isinstance(security, dict) else []


def requirements_of(node: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the security requirements of a document or an operation."""
    return [requirement for requirement in security_of(node) if isinstance(requirement, dict)]
