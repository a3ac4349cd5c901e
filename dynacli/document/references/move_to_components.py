"""What stands in an operation and is referred to from others becomes a component where the operation is left out."""

import re
from collections.abc import Callable
from typing import Any

from dynacli.document.objects import WEBHOOKS, ObjectKind
from dynacli.document.pointer import follow, fragment_of, from_fragment
from dynacli.document.references.scan import Site, Steps, past_references, sites_of

__all__ = ["move_to_components"]

_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9._-]+")  # OpenAPI 3.1.1, "Components Object"


def move_to_components(
    tree: dict[str, Any], cut: dict[str, Any], cut_part: Callable[[Any, ObjectKind], Any]
) -> None:
    """Let each reference of a part of a document that leads to a lost operation lead to a component of its own.

    Args:
        tree: The whole document, in which every reference is a pointer.
        cut: The part, which is changed; it shares no object that holds a reference with the whole.
        cut_part: Returns a copy of what is kept of a part of some kind that is referred to.
    """
    places: dict[Steps, Steps] = {}
    waiting = list(sites_of(cut))
    while waiting:
        site = waiting.pop()
        target = _lost(tree, cut, site)
        if target is None:
            continue
        if target[0] in ("paths", *WEBHOOKS) and target not in places:
            part = cut_part(follow(tree, target), site.kind)
            waiting.extend(sites_of(part, site.kind))
            if site.kind.section:
                places[target] = _add(cut, site.kind.section, target, part)
            else:
                # The version has no components of this kind.
                site.node.clear()
                site.node.update(part)
                continue
        site.node[site.name or site.keyword] = fragment_of(places.get(target, target))


def _lost(tree: dict[str, Any], cut: dict[str, Any], site: Site) -> Steps | None:
    """Return the steps, in the whole, to the target of a reference that leads nowhere in the part; else None."""
    steps = from_fragment(site.ref) if isinstance(site.ref, str) and not site.is_optional else None
    if not steps or steps[0] not in ("paths", *WEBHOOKS) or past_references(cut, steps) is not None:
        return None
    return past_references(tree, steps)


def _add(cut: dict[str, Any], section: str, origin: Steps, part: Any) -> Steps:
    """Add a component that is named after its place in the whole, and return the steps to it."""
    components = cut.setdefault("components", {}).setdefault(section, {})
    name = wanted = _NOT_IN_NAMES.sub("_", "_".join(origin[1:])).strip("_")
    number = 1
    while name in components:
        number += 1
        name = f"{wanted}{number}"
    components[name] = part
    return "components", section, name
