"""Replaces the references of a document by what they mean, with prance.

prance is given a copy in which everything it must not follow, or handles wrongly, is set aside,
and that is put back afterwards. What it does wrongly (26.7.19):

- it takes a `$ref` inside `example`, `x-*` and other data for a reference, and fails on one that is not text;
- one that dangles, or goes through another (`#/a/b` where `a` is a `$ref`), ends it with an exception;
- it does not decode `%7B` in a fragment (RFC 6901, section 6), and loses an empty first step;
- keywords beside a `$ref` are dropped, and a reference inside of them is then written into the shared
  target, where it changes every other place that refers to it;
- each target is copied whole, so that a chain of targets inside targets multiplies the document.

It is never given a reference that leaves the document, so it opens no file and no connection.
"""

import os
from collections.abc import Iterator
from typing import Any

from dynacli.document.pointer import join, split
from dynacli.document.references import Locator, Site, Steps, sites_of

__all__ = ["resolve"]

# A base without a network part; the document is in prance's cache under it, so it is never opened.
_BASE = "file:///document"

_MAX_NESTED_TARGETS = 8

# Keywords beside a `$ref` that describe it and do not restrict the value.
_ANNOTATIONS = frozenset(
    {"title", "description", "summary", "default", "example", "examples", "externalDocs", "xml"}
    | {"deprecated", "readOnly", "writeOnly", "$comment"}
)
# Keywords that restrict it: of these a schema is known.
_CONSTRAINTS = frozenset(
    {"type", "enum", "const", "format", "properties", "patternProperties", "additionalProperties", "items"}
    | {"prefixItems", "contains", "propertyNames", "allOf", "anyOf", "oneOf", "not", "if", "then", "else"}
    | {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minLength", "maxLength"}
    | {"pattern", "minItems", "maxItems", "uniqueItems", "minProperties", "maxProperties"}
    | {"dependentSchemas", "dependentRequired", "unevaluatedProperties", "unevaluatedItems", "nullable"}
)


def resolve(tree: Any, *, uri: str = "") -> Any:
    """Return the document with its internal references replaced by what they mean.

    - The target of several references is one shared object: read it, never change it, and walk it with
      care: the tree that it unfolds to can be far larger than the document.
    - A reference that closes a cycle, dangles or leaves the document stays a `$ref`.
    - What stands beside a `$ref`: descriptions and other annotations win over those of the target.
      Restrictions are joined with the target's by `allOf` in 3.1 and dropped in 3.0, where they mean nothing
      ("Reference Object"); in anything but a schema they win.

    Args:
        tree: The document, plain JSON; it is not changed.
        uri: Its base URI: a reference to the document by its own address is internal.
    """
    if not isinstance(tree, dict):
        return tree
    from prance.util.resolver import RESOLVE_INTERNAL, RefResolver, keep_ref_on_recursion

    resolver = RefResolver(
        tree,
        _BASE,
        reference_cache={},
        recursion_limit=1,
        recursion_limit_handler=keep_ref_on_recursion,
        resolve_types=RESOLVE_INTERNAL,
    )
    # prance's own deep copy, which is also what it looks targets up in.
    aside = _Aside(resolver.specs, is_3_0=str(tree.get("openapi")).startswith("3.0"))
    aside.take_out(uri)
    resolver.resolve_references()
    aside.put_back(resolver.specs)
    return resolver.specs


class _Aside:
    """What is set aside in one copy of a document while prance works on it."""

    def __init__(self, copy: dict[str, Any], *, is_3_0: bool) -> None:
        self.copy = copy
        self.is_3_0 = is_3_0
        # Random, so that no document can hold these keys itself.
        mark = os.urandom(8).hex()
        self.kept = f"kept-{mark}"
        self.target = f"target-{mark}"
        self.beside = f"beside-{mark}"

    def take_out(self, uri: str) -> None:
        sites = list(sites_of(self.copy))
        locator = Locator(self.copy, uri, sites)
        good: list[tuple[Site, Steps]] = []
        for site in sites:
            if site.keyword == "$ref":
                steps = locator.locate(site)
                if steps is not None and _is_safe(steps):
                    good.append((site, steps))
        too_nested = _too_nested({steps for _, steps in good})
        good = [(site, steps) for site, steps in good if steps not in too_nested]
        followed = {id(site.node) for site, _ in good}
        for node in _objects(self.copy):
            if "$ref" in node and id(node) not in followed:
                node[self.kept] = node.pop("$ref")
        for site, _ in good:
            if len(site.node) > 1:
                self._split(site.node)
        # prance reads a pointer unescaped as in RFC 6901, but never percent-decoded.
        spellings = {steps: "#" + join(self._moved(steps)) for _, steps in good}
        for site, steps in good:
            node = site.node.get(self.target, site.node)
            node["$ref"] = spellings[steps]

    def _split(self, node: dict[str, Any]) -> None:
        ref = node.pop("$ref")
        beside = dict(node)
        node.clear()
        node[self.target] = {"$ref": ref}
        node[self.beside] = beside

    def _moved(self, steps: Steps) -> Steps:
        """Return where a place is now that what stood beside a `$ref` is one level deeper."""
        moved: list[str] = []
        node: Any = self.copy
        for step in steps:
            if isinstance(node, dict) and self.beside in node:
                moved.append(self.beside)
                node = node[self.beside]
            moved.append(step)
            node = node[int(step)] if isinstance(node, list) else node[step]
        return tuple(moved)

    def put_back(self, resolved: Any) -> None:
        for node in _objects(resolved):
            # Joined already, where the chain of an earlier node went through this one.
            if self.target in node:
                self._join_chain(node)
            if self.kept in node:
                node["$ref"] = node.pop(self.kept)
            elif isinstance(node.get("$ref"), str):
                # A cycle: say it as a document would.
                steps = [step for step in split(node["$ref"][1:]) if step != self.beside]
                node["$ref"] = "#" + join(steps).replace("%", "%25")

    def _join_chain(self, node: dict[str, Any]) -> None:
        """Join a target with what stood beside the reference, the innermost of a chain first."""
        chain = [node]
        target = node[self.target]
        while isinstance(target, dict) and self.target in target:
            chain.append(target)
            target = target[self.target]
        for outer in reversed(chain):
            joined = self._join(outer[self.target], outer[self.beside])
            outer.clear()
            outer.update(joined)

    def _join(self, target: Any, beside: dict[str, Any]) -> dict[str, Any]:
        annotations = {
            key: value for key, value in beside.items() if key in _ANNOTATIONS or key.startswith("x-")
        }
        if isinstance(target, dict) and ("$ref" in target or self.kept in target):
            return {**target, **beside}  # a cycle or a dead end: as it was written
        is_schema = not isinstance(target, dict) or not beside.keys().isdisjoint(_CONSTRAINTS)
        is_schema = is_schema or isinstance(beside.get("required"), list)
        if not is_schema:
            return {**target, **beside}
        if len(annotations) == len(beside) and isinstance(target, dict):
            return {**target, **annotations}
        if self.is_3_0:
            return {**target, **annotations} if isinstance(target, dict) else annotations
        all_of = beside.get("allOf")
        return {**beside, "allOf": [*(all_of if isinstance(all_of, list) else []), target]}


def _objects(tree: Any) -> Iterator[dict[str, Any]]:
    """Yield every object of a tree once, however often it is shared."""
    seen: set[int] = set()
    stack = [tree]
    while stack:
        node = stack.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, dict):
            yield node
            stack.extend([value for value in node.values() if isinstance(value, (dict, list))])
        else:
            stack.extend([value for value in node if isinstance(value, (dict, list))])


def _is_safe(steps: Steps) -> bool:
    """Tell whether prance finds a target by the text of its pointer."""
    if not steps:
        return True
    # `urllib.parse` removes these from any URL, and prance an empty first step.
    return bool(steps[0]) and not any(c in step for step in steps for c in "\t\r\n")


def _too_nested(targets: set[Steps]) -> set[Steps]:
    """Return the targets that are inside of too many others."""
    found: set[Steps] = set()
    around: list[Steps] = []
    # Sorted, a place comes right before all that is inside of it.
    for steps in sorted(targets):
        while around and steps[: len(around[-1])] != around[-1]:
            around.pop()
        if len(around) >= _MAX_NESTED_TARGETS:
            found.add(steps)
        else:
            around.append(steps)
    return found
