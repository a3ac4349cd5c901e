"""Replaces the references of a document by what they mean, with prance.

prance is given what references lead to, from a copy in which everything it must not follow, or handles wrongly,
is set aside, and that is put back afterwards. What it does wrongly (26.7.19):

- it takes a `$ref` inside `example`, `x-*` and other data for a reference, and fails on one that is not text;
- one that dangles, or goes through another (`#/a/b` where `a` is a `$ref`), ends it with an exception;
- it does not decode `%7B` in a fragment (RFC 6901, section 6), loses an empty first step, and line ends in any;
- it takes each reference for the name of a file, and asks the system for each of its steps whether it is one:
  so it is given each reference once, and a short name for it;
- keywords beside a `$ref` are dropped, and a reference inside of them is then written into the shared
  target, where it changes every other place that refers to it;
- each target is copied whole, so that a chain of targets inside targets multiplies the document.

It is never given a reference that leaves the document, so it opens no file and no connection.
"""

import os
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

from dynacli.document.pointer import follow, join
from dynacli.document.references.scan import Locator, Site, Steps, sites_of, steps_of

__all__ = ["resolve"]

# A base without a network part; the targets are in prance's cache under it, so it is never opened.
_BASE = "file:///document"
_TARGETS = "targets"

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
    copy = _copied(tree)
    aside = _Aside(copy, is_3_0=str(tree.get("openapi")).startswith("3.0"))
    targets = aside.take_out(uri)
    return aside.put_back(_resolved(targets))


def _copied(tree: dict[str, Any]) -> dict[str, Any]:
    import orjson

    try:
        copy: dict[str, Any] = orjson.loads(orjson.dumps(tree))
    except TypeError:  # integers beyond 64 bits, lone surrogates
        return deepcopy(tree)
    return copy


def _resolved(targets: list[Any]) -> list[Any]:
    """Return what references lead to, with the references in it replaced by prance.

    Args:
        targets: In them, a reference to the one with the number 2 is `#/targets/2`.
    """
    from prance.util.resolver import RESOLVE_INTERNAL, RefResolver, keep_ref_on_recursion

    cache: dict[Any, Any] = {}
    resolver = RefResolver(
        [{"$ref": _reference_to(number)} for number in range(len(targets))],
        _BASE,
        reference_cache=cache,
        recursion_limit=1,
        recursion_limit_handler=keep_ref_on_recursion,
        resolve_types=RESOLVE_INTERNAL,
    )
    # It has put what it was given under its address, where it looks up what references lead to.
    cache.update({key: {_TARGETS: targets} for key in cache})
    resolver.resolve_references()
    found: list[Any] = resolver.specs
    return found


def _reference_to(number: int) -> str:
    return f"#/{_TARGETS}/{number}"


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
        # What references lead to, each with its number.
        self.numbers: dict[Steps, int] = {}
        # Where what they lead to shall stand: an object or a list, the key, and the number.
        self.places: list[tuple[Any, Any, int]] = []

    def take_out(self, uri: str) -> list[Any]:
        """Prepare the copy, and return what its references lead to."""
        sites = list(sites_of(self.copy))
        locator = Locator(self.copy, uri, sites)
        good: list[tuple[Site, Steps]] = []
        for site in sites:
            if site.keyword == "$ref":
                steps = locator.locate(site)
                if steps is not None:
                    good.append((site, steps))
        too_nested = _too_nested({steps for _, steps in good})
        good = [(site, steps) for site, steps in good if steps not in too_nested]
        # Before anything is moved, while steps lead to where they say.
        self.numbers = {steps: number for number, steps in enumerate(dict.fromkeys(at for _, at in good))}
        targets = [follow(self.copy, steps) for steps in self.numbers]
        holders = [self._holder_of(site) for site, _ in good]
        followed = {id(site.node) for site, _ in good}
        for node in _objects(self.copy):
            if "$ref" in node and id(node) not in followed:
                node[self.kept] = node.pop("$ref")
        for site, steps in good:
            if len(site.node) > 1:
                self._split(site.node)
            site.node.get(self.target, site.node)["$ref"] = _reference_to(self.numbers[steps])
        for (site, steps), (holder, key) in zip(good, holders, strict=True):
            number = self.numbers[steps]
            if self.target in site.node:
                self.places.append((site.node, self.target, number))
            elif isinstance(holder, dict):
                # What stood beside a reference is one level deeper now.
                self.places.append((holder.get(self.beside, holder), key, number))
            else:
                self.places.append((holder, key, number))
        return targets

    def _holder_of(self, site: Site) -> tuple[Any, Any]:
        if site.link is None:
            return None, None
        around, key = site.link
        holder = follow(self.copy, steps_of(around))
        if isinstance(holder, list):
            return holder, int(key)
        return holder, self.kept if key == "$ref" else key  # a property may have that name

    def _split(self, node: dict[str, Any]) -> None:
        ref = node.pop("$ref")
        beside = dict(node)
        node.clear()
        node[self.target] = {"$ref": ref}
        node[self.beside] = beside

    def put_back(self, found: list[Any]) -> Any:
        """Return the copy with what was found in the place of the references, and all that was set aside."""
        spellings = {
            _reference_to(number): "#" + join(steps).replace("%", "%25")
            for steps, number in self.numbers.items()
        }
        top: Any = self.copy
        for holder, key, number in self.places:
            if holder is None:
                top = found[number]
            else:
                holder[key] = found[number]
        for node in _objects(top):
            # Joined already, where the chain of an earlier node went through this one.
            if self.target in node:
                self._join_chain(node)
            if self.kept in node:
                node["$ref"] = node.pop(self.kept)
            elif isinstance(node.get("$ref"), str):
                # A cycle: say it as a document would. What was joined has it from a node that says so already.
                node["$ref"] = spellings.get(node["$ref"], node["$ref"])
        return top

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
