"""A document cut down to its parameters and all that they refer to.

Only for the parameters of its operations does the compiler need references replaced. That is a small part of most
documents, and replacing every reference takes more time and memory than all else that is made of them.
"""

from collections.abc import Callable
from typing import Any

from dynacli.document.objects import DOCUMENT, OPERATION, PATH_ITEM, ObjectKind, kind_at
from dynacli.document.pointer import MISSING, follow, follow_partly, from_fragment
from dynacli.document.references.scan import Site, Steps, sites_of

__all__ = ["cut_to_parameters", "with_targets"]

_PATHS: Steps = ("paths",)
_SCHEMAS: Steps = ("components", "schemas")
_OF_OPERATION = ("$ref", "parameters")


def cut_to_parameters(tree: dict[str, Any]) -> dict[str, Any]:
    """Return a document with its paths, of each operation the parameters alone, and whatever is referred to there.

    Everything stands at the same place as before, and is shared with the document.

    Args:
        tree: The document, in which every reference is a pointer.
    """
    if "paths" not in tree:
        return {"openapi": tree.get("openapi")}
    paths = kind_at(DOCUMENT, "paths")
    return with_targets(
        tree, {"openapi": tree.get("openapi")}, {_PATHS: _cut(tree["paths"], paths)}, cut_part=_cut
    )


def with_targets(
    tree: dict[str, Any],
    cut: dict[str, Any],
    parts: dict[Steps, Any],
    *,
    cut_part: Callable[[Any, ObjectKind], Any] = lambda part, _: part,
    around: Callable[[Steps], Steps] = lambda steps: steps,
) -> dict[str, Any]:
    """Return a document with some parts of another one, and with whatever they refer to, at the same places.

    Args:
        tree: The whole document, in which every reference is a pointer.
        cut: The members at the top that are kept besides; it is changed.
        parts: The steps to each part that is kept → what is kept of it.
        cut_part: Returns what is kept of a part of some kind that is referred to.
        around: Returns the steps to the part that comes along with one that is referred to.
    """
    found = dict(parts)
    kinds = {steps: _kind_of(steps) for steps in parts}
    seen: set[int] = set()
    waiting = list(kinds)
    while waiting:
        steps = waiting.pop()
        if steps not in found:
            found[steps] = cut_part(follow(tree, steps), kinds[steps])
        for site in sites_of(found[steps], kinds[steps], seen=seen):
            target = _target(tree, site)
            if target is None:
                continue
            part = around(target)
            if part not in kinds:
                kinds[part] = site.kind if part == target else _kind_of(part)
                waiting.append(part)
    # In sorted order, a part comes before all parts inside of it.
    for steps in sorted(found):
        if not steps:
            return tree
        _lay(cut, tree, steps, found[steps])
    return cut


def _kind_of(steps: Steps) -> ObjectKind:
    kind = DOCUMENT
    for step in steps:
        kind = kind_at(kind, step)
    return kind


def _cut(node: Any, kind: ObjectKind) -> Any:
    """Return a part of the document without what its operations have beside their parameters."""
    if not isinstance(node, dict):
        return node
    if kind is OPERATION:
        return {key: node[key] for key in _OF_OPERATION if key in node}
    if kind is PATH_ITEM or kind.members in (PATH_ITEM, OPERATION):
        return {key: _cut(value, kind_at(kind, key)) for key, value in node.items()}
    return node


def _target(tree: dict[str, Any], site: Site) -> Steps | None:
    """Return the steps to the target of a reference, or to another reference that stands on the way; else None."""
    ref = site.ref
    if site.keyword == "mapping" and isinstance(ref, str) and follow(tree, (*_SCHEMAS, ref)) is not MISSING:
        return (*_SCHEMAS, ref)
    steps = from_fragment(ref) if isinstance(ref, str) else None
    if steps is None:
        return None
    node, length = follow_partly(tree, steps)
    is_there = length == len(steps) or (isinstance(node, dict) and "$ref" in node)
    return steps[:length] if is_there else None


def _lay(cut: dict[str, Any], tree: dict[str, Any], steps: Steps, part: Any) -> None:
    """Lay a part of a document into the document that is cut, unless it is there already."""
    here, source = cut, tree
    for step in steps[:-1]:
        source = source[step]
        if isinstance(source, list):
            here[step] = source  # other items of the list come along
            return
        here = here.setdefault(step, {})
        if here is source:
            return
    here[steps[-1]] = part
