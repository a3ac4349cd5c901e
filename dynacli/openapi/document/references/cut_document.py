"""Reduced documents: with some operations, with the parameters alone, or without dangling references in data.

A document that is cut to some operations is valid if the whole document is.
The compiler cuts documents to their parameters, because only parameters need replaced references.
This saves most of the time and memory that replacing every reference takes.

A `$ref` in an extension (`x-*`) or an `example` is data and no reference (OpenAPI 3.1.1, "Specification Extensions").
So the file that it names does not become part of the document. Some tools follow it anyway, and fail if the
document is in another folder. A portable document has no such `$ref`.
"""

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from dynacli.openapi.document.json_trees import MISSING, follow, follow_partly, fragment_of, from_fragment
from dynacli.openapi.document.objects import (
    DATA,
    DOCUMENT,
    EXAMPLE,
    OPERATION,
    PATH_ITEM,
    WEBHOOKS,
    ObjectKind,
    kind_at,
    kind_below,
    kind_in_list,
    operations_of,
)
from dynacli.openapi.document.references.scan import Site, Steps, follow_references, past_references, sites_of
from dynacli.openapi.references import REFERENCE, beside_reference, reference_of

_PATHS: Steps = ("paths",)
_SCHEMAS: Steps = ("components", "schemas")
_OF_OPERATION = (REFERENCE, "parameters")
_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9._-]+")  # OpenAPI 3.1.1, "Components Object"
_AT_THE_TOP = ("openapi", "$self", "jsonSchemaDialect", "info", "servers", "security", "tags", "externalDocs")
_LINKS = "links"
_LEFT_OUT = object()


def cut_to_parameters(tree: dict[str, Any]) -> dict[str, Any]:
    """Return a document with its paths, the parameters of each operation, and the targets of their references.

    All parts have the same location as before, and the parameters are shared with the document.

    Args:
        tree: The document, in which every reference is a pointer.
    """
    if "paths" not in tree:
        return {"openapi": tree.get("openapi")}
    paths = kind_at(DOCUMENT, "paths")
    return _with_targets(
        tree,
        {"openapi": tree.get("openapi")},
        {_PATHS: _inputs_only(tree["paths"], paths)},
        cut_part=_inputs_only,
    )


def _with_targets(
    tree: dict[str, Any],
    cut: dict[str, Any],
    parts: dict[Steps, Any],
    *,
    cut_part: Callable[[Any, ObjectKind], Any] = lambda part, _: part,
    around: Callable[[Steps], Steps] = lambda steps: steps,
) -> dict[str, Any]:
    """Return a document with some parts of another document and the targets of their references, at the same locations.

    Args:
        tree: The whole document, in which every reference is a pointer.
        cut: The other members at the top of the result; it is changed.
        parts: The steps to each part → its reduced value.
        cut_part: Returns the reduced value of a target, given the target and its kind.
        around: Returns the steps to the part to include for a target: the target itself, or a part around it.
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


def _inputs_only(node: Any, kind: ObjectKind) -> Any:
    """Return a part of the document with only the parameters of its operations."""
    if not isinstance(node, dict):
        return node
    if kind is OPERATION:
        return {key: node[key] for key in _OF_OPERATION if key in node}
    if kind is PATH_ITEM or kind.members in (PATH_ITEM, OPERATION):
        return {key: _inputs_only(value, kind_at(kind, key)) for key, value in node.items()}
    return node


def _target(tree: dict[str, Any], site: Site) -> Steps | None:
    """Return the steps to the target of a reference, or to a reference on the way to it; None if there is neither."""
    ref = site.ref
    if site.keyword == "mapping" and isinstance(ref, str) and follow(tree, (*_SCHEMAS, ref)) is not MISSING:
        return (*_SCHEMAS, ref)
    steps = from_fragment(ref) if isinstance(ref, str) else None
    if steps is None:
        return None
    node, length = follow_partly(tree, steps)
    is_there = length == len(steps) or reference_of(node) is not None
    return steps[:length] if is_there else None


def _lay(cut: dict[str, Any], tree: dict[str, Any], steps: Steps, part: Any) -> None:
    """Add a part of the whole document to the reduced one, unless it is there already."""
    here, source = cut, tree
    for step in steps[:-1]:
        source = source[step]
        if isinstance(source, list):
            here[step] = source  # with all items, so that indexes stay the same
            return
        here = here.setdefault(step, {})
        if here is source:
            return
    here[steps[-1]] = part


def _move_to_components(
    tree: dict[str, Any], cut: dict[str, Any], cut_part: Callable[[Any, ObjectKind], Any]
) -> None:
    """Turn the targets of references that are in removed operations into components.

    Args:
        tree: The whole document, in which every reference is a pointer.
        cut: The reduced document, which is changed; it shares no object that holds a reference with the whole.
        cut_part: Returns a reduced copy of a target, given the target and its kind.
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
                # OpenAPI has no components of this kind, so the target replaces the reference.
                site.node.clear()
                site.node.update(part)
                continue
        site.node[site.name or site.keyword] = fragment_of(places.get(target, target))


def _lost(tree: dict[str, Any], cut: dict[str, Any], site: Site) -> Steps | None:
    """Return the steps, in the whole document, to a target that the reduced document lacks; None if it has it."""
    steps = from_fragment(site.ref) if isinstance(site.ref, str) and not site.is_optional else None
    if not steps or steps[0] not in ("paths", *WEBHOOKS) or past_references(cut, steps) is not None:
        return None
    return past_references(tree, steps)


def _add(cut: dict[str, Any], section: str, origin: Steps, part: Any) -> Steps:
    """Add a component that is named after its location in the whole document, and return the steps to it."""
    components = cut.setdefault("components", {}).setdefault(section, {})
    name = wanted = _NOT_IN_NAMES.sub("_", "_".join(origin[1:])).strip("_")
    number = 1
    while name in components:
        number += 1
        name = f"{wanted}{number}"
    components[name] = part
    return "components", section, name


def cut_to_operations(tree: dict[str, Any], places: Collection[tuple[str, str]]) -> dict[str, Any]:
    """Return a document with only some operations, and the components, tags and security schemes that they need.

    Links to removed operations are removed, too.

    Args:
        tree: The document, in which every reference is a pointer.
        places: The path and the method, in capitals, of each operation to include.
    """
    paths = {
        path: _item(tree, item, {method for known, method in places if known == path})
        for path, item in tree.get("paths", {}).items()
        if any(known == path for known, _ in places)
    }
    kept = [
        operation.operation
        for item in paths.values()
        for operation in operations_of(item)
        if isinstance(operation.operation, Mapping)
    ]
    cut = {key: tree[key] for key in _AT_THE_TOP if key in tree}
    if "tags" in cut:
        named = {tag for operation in kept for tag in operation.get("tags") or ()}
        cut["tags"] = _tags_with_parents(cut["tags"], named)
    requirements = [
        requirement
        for holder in (tree, *kept)
        for requirement in holder.get("security") or ()
        if isinstance(requirement, Mapping)
    ]
    schemes = tree.get("components", {}).get("securitySchemes", {})
    parts: dict[tuple[str, ...], Any] = {
        ("components", "securitySchemes", name): schemes[name]
        for requirement in requirements
        for name in requirement
        if name in schemes
    }
    without_links = _Links(kept, places)
    kind = kind_at(DOCUMENT, "paths")
    parts[("paths",)] = without_links.cut(paths, kind)
    made = _with_targets(tree, cut, parts, cut_part=without_links.cut, around=_component)
    if made is tree:
        return tree
    # The targets of references may have added parts of other operations.
    made["paths"] = without_links.cut(paths, kind)
    for section in WEBHOOKS:
        made.pop(section, None)
    _move_to_components(tree, made, without_links.cut)
    return made


def _tags_with_parents(tags: Iterable[Any], named: set[Any]) -> list[Any]:
    """Return the tags with some names, and their parents (OpenAPI 3.2, "Tag Object", `parent`)."""
    known = {tag.get("name"): tag for tag in tags if isinstance(tag, Mapping)}
    kept: set[Any] = set()
    waiting = list(named)
    while waiting:
        name = waiting.pop()
        if name in known and name not in kept:
            kept.add(name)
            waiting.append(known[name].get("parent"))
    return [tag for name, tag in known.items() if name in kept]


def _component(steps: tuple[str, ...]) -> tuple[str, ...]:
    """Return the steps to the whole component around a part, because a part alone may be an invalid component."""
    return steps[:3] if steps[:1] == ("components",) else steps


def _item(tree: dict[str, Any], item: Any, methods: set[str]) -> dict[str, Any]:
    """Return a Path Item with some of its operations; if it is a reference, it is replaced by its target."""
    whole = follow_references(tree, item)
    whole = {**whole, **beside_reference(item)}
    left = {operation.steps for operation in operations_of(whole) if operation.method not in methods}
    kept = {key: value for key, value in whole.items() if (key,) not in left}
    if "additionalOperations" in kept:
        others = {
            key: value
            for key, value in kept.pop("additionalOperations").items()
            if ("additionalOperations", key) not in left
        }
        kept |= {"additionalOperations": others} if others else {}
    return kept


class _Links:
    """Removes the links to removed operations.

    Args:
        kept: The operations of the reduced document.
        places: Their paths and methods.
    """

    def __init__(self, kept: Iterable[Mapping[str, Any]], places: Collection[tuple[str, str]]) -> None:
        ids = (operation.get("operationId") for operation in kept)
        self._ids = {name for name in ids if isinstance(name, str)}
        self._places = places

    def cut(self, node: Any, kind: ObjectKind) -> Any:
        """Return a part of the document without links to removed operations."""
        if isinstance(node, list):
            return [self.cut(item, kind) for item in node]
        if not isinstance(node, dict) or kind is DATA or kind is EXAMPLE:
            return node
        kept = {}
        for key, value in node.items():
            inner = kind_below(kind, key, value)
            if inner.section == _LINKS and isinstance(value, dict) and not self._is_kept(value):
                continue
            kept[key] = self.cut(value, inner)
        return kept

    def _is_kept(self, link: Mapping[str, Any]) -> bool:
        wanted, ref = link.get("operationId"), link.get("operationRef")
        if isinstance(wanted, str):
            return wanted in self._ids
        steps = from_fragment(ref) if isinstance(ref, str) and ref.startswith("#") else None
        return not steps or (*steps[1:2], steps[-1].upper()) in self._places


class Portable(NamedTuple):
    """A portable document.

    Args:
        tree: The document; unchanged parts are shared with the document that it was made from.
        left_out: `example` or the key of an extension → the number of references that were removed from it.
    """

    tree: dict[str, Any]
    left_out: dict[str, int]


def make_portable(tree: dict[str, Any]) -> Portable:
    """Return a document without dangling `$ref`s in extensions and examples; absolute URLs stay.

    An example is removed only if it is nothing but a `$ref`, because a `$ref` within an example may be meant as data.
    """
    walk = _Walk(tree)
    return Portable(walk.described(tree, DOCUMENT), walk.left_out)


class _Walk:
    """A walk through a document that removes dangling references from its data."""

    def __init__(self, tree: dict[str, Any]) -> None:
        self.tree = tree
        self.left_out: dict[str, int] = {}

    def described(self, node: Any, kind: ObjectKind) -> Any:
        """Return a part of the document without dangling references in extensions and examples."""
        if isinstance(node, list):
            items = [self.described(item, kind) if isinstance(item, dict | list) else item for item in node]
            return _same_or(node, items)
        changed: dict[str, Any] = {}
        for key, value in node.items():
            if not isinstance(value, dict | list):
                continue
            inner = kind_at(kind, key)
            if inner is not DATA:
                inner = kind_in_list(inner, key) if isinstance(value, list) else inner
                made = self.described(value, inner) if inner is not DATA else value
            elif key.startswith("x-") or (key == "example" and list(value) == [REFERENCE]):
                made = self._data(value, key)
            else:
                continue
            if made is not value:
                changed[key] = made
        return _with_changed(node, changed)

    def _data(self, node: Any, extension: str) -> Any:
        """Return a part of an extension or example without dangling references."""
        if isinstance(node, list):
            items = [self._data(item, extension) for item in node]
            kept = [item for item in items if item is not _LEFT_OUT]
            return _LEFT_OUT if node and not kept else _same_or(node, kept)
        if not isinstance(node, dict):
            return node
        if self._leads_nowhere(node.get(REFERENCE)):
            self.left_out[extension] = self.left_out.get(extension, 0) + 1
            return _LEFT_OUT
        members = {key: self._data(value, extension) for key, value in node.items()}
        return _with_changed(node, {key: value for key, value in members.items() if value is not node[key]})

    def _leads_nowhere(self, ref: Any) -> bool:
        if not isinstance(ref, str):
            return False
        if not ref.startswith("#"):
            try:
                return not urlsplit(ref).scheme
            except ValueError:
                return True
        steps = from_fragment(ref)
        return steps is None or follow(self.tree, steps) is MISSING


def _same_or(node: list[Any], items: list[Any]) -> list[Any]:
    is_same = len(node) == len(items) and all(old is new for old, new in zip(node, items, strict=True))
    return node if is_same else items


def _with_changed(node: dict[str, Any], changed: dict[str, Any]) -> dict[str, Any]:
    if not changed:
        return node
    merged = {**node, **changed}
    return {key: value for key, value in merged.items() if value is not _LEFT_OUT}
