"""Goes through the objects of a document that are no schemas: path items, operations, links, security schemes."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from dynacli.document.objects import DATA, DOCUMENT, EXAMPLE, SCHEMA, ObjectKind, kind_at, kind_in_list
from dynacli.document.references.scan import Link, Site, Steps, sites_of, steps_of

__all__ = ["WEBHOOKS", "Found", "all_sites", "objects_of"]

WEBHOOKS = ("webhooks", "x-webhooks")
"""OpenAPI 3.1 and later, and how documents of 3.0 say it."""

_IS_DATA = frozenset({DATA, EXAMPLE})
_IS_NO_PART = _IS_DATA | {SCHEMA}


class Found(NamedTuple):
    """An object of a document.

    Args:
        node: The object.
        kind: What it is.
        link: The steps to it.
    """

    node: dict[str, Any]
    kind: ObjectKind
    link: Link

    @property
    def steps(self) -> Steps:
        """The steps to it."""
        return steps_of(self.link)


def objects_of(
    tree: dict[str, Any],
    *,
    with_callbacks: bool = True,
    is_left_out: frozenset[ObjectKind] = _IS_NO_PART,
) -> Iterator[Found]:
    """Yield the objects of a document that the specification tells of, in document order, without schemas."""
    stack: list[tuple[Any, ObjectKind, Link]] = [(tree, DOCUMENT, None)]
    while stack:
        node, kind, link = stack.pop()
        if isinstance(node, dict):
            yield Found(node, kind, link)
        below = _below(node, kind, link)
        stack.extend(
            reversed(
                [
                    one
                    for one in below
                    if one[1] not in is_left_out
                    and one[1].members not in is_left_out
                    and (with_callbacks or one[1].section != "callbacks")
                ]
            )
        )


def _below(node: Any, kind: ObjectKind, link: Link) -> Iterator[tuple[Any, ObjectKind, Link]]:
    if isinstance(node, list):
        for index, item in enumerate(node):
            if isinstance(item, (dict, list)):
                yield item, kind, (link, index)
        return
    for key, value in node.items():
        if not isinstance(value, (dict, list)):
            continue
        inner = _webhooks() if kind is DOCUMENT and key in WEBHOOKS else kind_at(kind, key)
        if isinstance(value, list):
            inner = kind_in_list(inner, key)
        yield value, inner, (link, key)


def all_sites(tree: dict[str, Any]) -> Iterator[Site]:
    """Yield every keyword of a document that refers or names, those in the webhooks of 3.0 too."""
    yield from sites_of(tree)
    if isinstance(tree.get(WEBHOOKS[1]), dict):
        yield from sites_of(tree[WEBHOOKS[1]], _webhooks(), (None, WEBHOOKS[1]))
    if str(tree.get("openapi")).startswith("3.2"):
        for found in objects_of(tree, is_left_out=_IS_DATA):
            # OpenAPI 3.2.0, "Discriminator Object": a name or a reference, as in `mapping`.
            node = found.node.get("discriminator") if found.kind is SCHEMA else None
            if isinstance(node, dict) and isinstance(node.get("defaultMapping"), str):
                link = (found.link, "discriminator")
                yield Site(node, link, "mapping", node["defaultMapping"], False, SCHEMA, "defaultMapping")


def _webhooks() -> ObjectKind:
    return kind_at(DOCUMENT, WEBHOOKS[0])
