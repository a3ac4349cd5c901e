"""The tree of the tags of a document.

It comes from the fields `parent` and `kind` of Tag Objects (OpenAPI 3.2, "Tag Object"), and from `x-tagGroups`, which
several renderers of documentation read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from dynacli.openapi.model.kebab_names import kebab
from dynacli.record import record

_DEEPEST = 8
"""Maximum number of tags above a tag; further ones are ignored."""
_NAVIGATION = "nav"
"""The kind of tags that group operations; others, such as `badge`, mark them."""
_SEPARATOR = " / "


@record
class TagTree:
    """The tags in groups.

    Args:
        parents: Tag → the tag or group above it.
        order: Tags and groups, each before those below it.
        marks: The tags that mark operations instead of grouping them.
    """

    parents: Mapping[str, str]
    order: tuple[str, ...]
    marks: frozenset[str]

    def path(self, tag: str) -> tuple[str, ...]:
        """Return the groups above a tag, from the top, and the tag."""
        path = [tag]
        while (above := self.parents.get(path[0])) is not None and len(path) <= _DEEPEST:
            path.insert(0, above)
        return tuple(path)

    def title(self, tag: str) -> str:
        """Return the path of a tag as a text: `Site / files`."""
        return _SEPARATOR.join(self.path(tag))

    def main_tag(self, tags: Iterable[str]) -> str:
        """Return the tag of an operation that groups it; empty without a tag."""
        tags = list(tags)
        return next((tag for tag in tags if tag not in self.marks), tags[0] if tags else "")

    def grouping(self, tags: Iterable[str]) -> list[str]:
        """Return the tags of an operation that group it; all of them if none does."""
        tags = list(tags)
        return [tag for tag in tags if tag not in self.marks] or tags

    def sorted(self, tags: Iterable[str]) -> list[str]:
        """Return tags in the order of the tree. Tags that it lacks come last, in their own order."""
        places = {tag: place for place, tag in enumerate(self.order)}
        return sorted(tags, key=lambda tag: places.get(tag, len(places)))

    def below(self, tag: str) -> set[str]:
        """Return the tags below a tag or group, which may be in kebab case, in kebab case."""
        key = kebab(tag)
        return {kebab(name) for name in self.order if key in map(kebab, self.path(name)[:-1])}


def tag_tree(meta: Mapping[str, Any]) -> TagTree:
    """Return the tree from the metadata of a compiled document. It is empty if the document has none."""
    row = meta.get("tag_tree") or {}
    return TagTree(row.get("parents", {}), tuple(row.get("order", ())), frozenset(row.get("marks", ())))


def compile_tag_tree(tree: Mapping[str, Any]) -> dict[str, Any]:
    """Return the tree of the tags of a document as data; empty if all tags are on one level."""
    tags = [tag for tag in _objects(tree.get("tags")) if isinstance(tag.get("name"), str)]
    groups = [group for group in _objects(tree.get("x-tagGroups")) if isinstance(group.get("name"), str)]
    names = dict.fromkeys([*(group["name"] for group in groups), *(tag["name"] for tag in tags)])
    parents: dict[str, str] = {}
    for group in groups:
        for tag in group["tags"] if isinstance(group.get("tags"), list) else ():
            if isinstance(tag, str) and tag != group["name"]:
                parents.setdefault(tag, group["name"])
                names.setdefault(tag)
    for tag in tags:
        if isinstance(tag.get("parent"), str) and tag["parent"] in names:
            parents[tag["name"]] = tag["parent"]
    kinds = {tag["name"]: tag.get("kind") for tag in tags}
    marks = [name for name, kind in kinds.items() if isinstance(kind, str) and kind != _NAVIGATION]
    for name in names:
        _cut_circle(name, parents)
    if not parents and not marks:
        return {}
    return {"parents": parents, "order": _in_order(names, parents), "marks": marks}


def _objects(value: Any) -> list[Mapping[str, Any]]:
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []


def _cut_circle(name: str, parents: dict[str, str]) -> None:
    """Remove the parent of a tag that is above itself, or too far below the top."""
    above, count = parents.get(name), 0
    while above is not None and above != name and count < _DEEPEST:
        above, count = parents.get(above), count + 1
    if above is not None:
        del parents[name]


def _in_order(names: Iterable[str], parents: Mapping[str, str]) -> list[str]:
    """Return names with each before those below it."""
    children: dict[str | None, list[str]] = {}
    for name in names:
        children.setdefault(parents.get(name), []).append(name)
    order: list[str] = []
    waiting = children.get(None, [])[::-1]
    while waiting:
        order.append(waiting.pop())
        waiting += children.get(order[-1], [])[::-1]
    return order
