"""Replace the references of a document with their targets, with prance.

prance resolves the targets of the references in a copy of the document. dynacli first sets aside everything that prance
must not follow or handles wrongly, and puts it back afterwards. prance 26.7.19 has trouble with:

- a `$ref` in `example`, `x-*` and other data: prance follows it, and fails if it is not a string;
- a dangling reference, or one through another reference (`#/a/b` if `a` is a `$ref`): prance raises an exception;
- fragments: prance does not decode `%7B` (RFC 6901, section 6), and loses an empty first step and line ends;
- long references: prance treats each as a file name and searches for each of its steps on the disk.
  So dynacli gives it each reference once, under a short name;
- keywords beside a `$ref`: prance drops them, and then writes a reference inside them into the shared target,
  which changes the target for all its other references;
- targets inside targets: prance copies each target whole, so a chain of them multiplies the document.

prance gets no reference out of the document, so it opens no file and no connection.
"""

import os
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

from dynacli.openapi.document.json_trees import follow, join
from dynacli.openapi.document.references.scan import Locator, Site, StepLink, Steps, sites_of, steps_of

# The document's URI for prance. prance's cache has the targets under this URI, so it is never opened.
# It has a drive because for prance on Windows, a path without a drive is relative.
_BASE = "file:///c:/document"
_TARGETS = "targets"

_MAX_NESTED_TARGETS = 8

# The keywords beside a `$ref` that describe the value and do not restrict it.
_ANNOTATIONS = frozenset(
    {"title", "description", "summary", "default", "example", "examples", "externalDocs", "xml"}
    | {"deprecated", "readOnly", "writeOnly", "$comment"}
)
# The keywords that restrict the value, which only schemas have.
_CONSTRAINTS = frozenset(
    {"type", "enum", "const", "format", "properties", "patternProperties", "additionalProperties", "items"}
    | {"prefixItems", "contains", "propertyNames", "allOf", "anyOf", "oneOf", "not", "if", "then", "else"}
    | {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minLength", "maxLength"}
    | {"pattern", "minItems", "maxItems", "uniqueItems", "minProperties", "maxProperties"}
    | {"dependentSchemas", "dependentRequired", "unevaluatedProperties", "unevaluatedItems", "nullable"}
)


def resolve(tree: Any, *, uri: str = "") -> Any:
    """Return the document with its internal references replaced by their targets.

    - The target of several references is a shared object. Do not change it, and do not walk through every path to it:
      the unfolded tree can be far larger than the document.
    - A reference stays a `$ref` if it closes a cycle, has no target, or refers to another document.
    - Annotations beside a `$ref`, such as descriptions, override the target's annotations.
    - Restrictions beside a `$ref` are joined with the target's by `allOf` in 3.1. In 3.0 they have no meaning
      ("Reference Object") and are dropped.
    - In objects other than schemas, all keywords beside a `$ref` override the target's.

    Args:
        tree: The document, plain JSON; it is not changed.
        uri: Its base URI. References to this URI are references within the document.
    """
    if not isinstance(tree, dict):
        return tree
    copy, sites = _copied(tree)
    prepared = _PreparedCopy(copy, sites, is_3_0=str(tree.get("openapi")).startswith("3.0"))
    targets = prepared.take_out(uri)
    return prepared.put_back(_resolved(targets))


def _copied(tree: dict[str, Any]) -> tuple[dict[str, Any], list[Site] | None]:
    """Return a copy of a tree in which each object with a `$ref` may be changed, and the references of the copy.

    If every key `$ref` is a reference, the copy shares all other objects with the tree. Otherwise everything is
    copied, and None is returned instead of the references.
    """
    from dynacli.import_orjson import orjson

    try:
        content = orjson.dumps(tree)
    except TypeError:  # integers beyond 64 bits, lone surrogates
        return deepcopy(tree), None
    sites = list(sites_of(tree))
    # Only keys match, because quotation marks inside strings are escaped.
    if content.count(b'"$ref":') != sum(site.keyword == "$ref" for site in sites):
        return orjson.loads(content), None
    copies = _Copies(tree)
    sites = [site._replace(node=copies.at(site.link)) if site.keyword == "$ref" else site for site in sites]
    return copies.top, sites


class _Copies:
    """A tree whose objects and lists are copied on request, with the objects around them, each once."""

    def __init__(self, tree: dict[str, Any]) -> None:
        self.top = tree.copy()
        # An `id` is a safe key: the chains of steps are shared, and live as long as the sites.
        self._at: dict[int, Any] = {}

    def at(self, link: StepLink) -> Any:
        """Return the copy at the end of a chain of steps."""
        missing = []
        while link is not None and id(link) not in self._at:
            missing.append(link)
            link = link[0]
        here: Any = self.top if link is None else self._at[id(link)]
        for below in reversed(missing):
            step = below[1]
            here[step] = here = here[step].copy()
            self._at[id(below)] = here
        return here


def _resolved(targets: list[Any]) -> list[Any]:
    """Let prance replace the references inside the targets of references, and return the targets.

    Args:
        targets: The targets; `#/targets/2` in them is a reference to the target with the index 2.
    """
    if not targets:
        return []
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
    # prance looks up targets in its cache, under the key that it made for its input.
    cache.update({key: {_TARGETS: targets} for key in cache})
    resolver.resolve_references()
    resolved: list[Any] = resolver.specs
    return resolved


def _reference_to(number: int) -> str:
    return f"#/{_TARGETS}/{number}"


class _PreparedCopy:
    """A copy of a document that hides from prance the parts that prance must not see.

    Args:
        copy: The copy.
        sites: All its references, if nothing else in it has a key `$ref`; None if something else may have one.
    """

    def __init__(self, copy: dict[str, Any], sites: list[Site] | None, *, is_3_0: bool) -> None:
        self.copy = copy
        self.sites = sites
        self.is_3_0 = is_3_0
        # Random, so that no document contains these keys.
        mark = os.urandom(8).hex()
        self.kept = f"kept-{mark}"
        self.target = f"target-{mark}"
        self.beside = f"beside-{mark}"
        # The steps to each target of references → its number.
        self.numbers: dict[Steps, int] = {}
        # For each reference: the object or list around it, its key there, and the number of its target.
        self.places: list[tuple[Any, Any, int]] = []

    def take_out(self, uri: str) -> list[Any]:
        """Prepare the copy, and return the targets of its references."""
        sites = list(sites_of(self.copy)) if self.sites is None else self.sites
        locator = Locator(self.copy, uri, sites)
        good: list[tuple[Site, Steps]] = []
        for site in sites:
            if site.keyword == "$ref":
                steps = locator.locate(site)
                if steps is not None:
                    good.append((site, steps))
        too_nested = _too_nested({steps for _, steps in good})
        good = [(site, steps) for site, steps in good if steps not in too_nested]
        # Look up all targets now: moving parts changes the steps to them.
        self.numbers = {
            steps: number for number, steps in enumerate(dict.fromkeys(target for _, target in good))
        }
        targets = [follow(self.copy, steps) for steps in self.numbers]
        holders = [self._holder_of(site) for site, _ in good]
        followed = {id(site.node) for site, _ in good}
        # Change only objects with references: objects with identifiers are not copies.
        references = (site.node for site in sites if site.keyword == "$ref")
        for node in _objects(self.copy) if self.sites is None else references:
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
                # `_split` moved the keywords beside a reference one level down.
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
        return holder, self.kept if key == "$ref" else key  # a property may be named `$ref`

    def _split(self, node: dict[str, Any]) -> None:
        """Separate a reference from the keywords beside it."""
        ref = node.pop("$ref")
        beside = dict(node)
        node.clear()
        node[self.target] = {"$ref": ref}
        node[self.beside] = beside

    def put_back(self, resolved: list[Any]) -> Any:
        """Return the copy with resolved targets instead of references, and with the hidden parts restored."""
        spellings = {
            _reference_to(number): "#" + join(steps).replace("%", "%25")
            for steps, number in self.numbers.items()
        }
        top: Any = self.copy
        for holder, key, number in self.places:
            if holder is None:
                top = resolved[number]
            else:
                holder[key] = resolved[number]
        for node in _objects(top):
            # Joining an earlier node may have joined this one, too.
            if self.target in node:
                self._join_chain(node)
            if self.kept in node:
                node["$ref"] = node.pop(self.kept)
            elif isinstance(node.get("$ref"), str):
                # A cycle: restore the reference of the document. In a joined node it may be restored already.
                node["$ref"] = spellings.get(node["$ref"], node["$ref"])
        return top

    def _join_chain(self, node: dict[str, Any]) -> None:
        """Join a target with the keywords beside its reference, in a chain of references from the innermost."""
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
            return {**target, **beside}  # a cycle or a dangling reference stays as it is in the document
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
    """Yield every object of a tree once, even if several others contain it."""
    seen: set[int] = set()
    stack = [tree]
    while stack:
        node = stack.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if type(node) is dict:
            yield node
            node = node.values()
        # `isinstance` would take a third longer for all values of a document.
        stack += [member for member in node if type(member) is dict or type(member) is list]


def _too_nested(targets: set[Steps]) -> set[Steps]:
    """Return the targets that are inside too many other targets."""
    too_nested: set[Steps] = set()
    around: list[Steps] = []
    # In sorted order, a target comes right before all targets inside it.
    for steps in sorted(targets):
        while around and steps[: len(around[-1])] != around[-1]:
            around.pop()
        if len(around) >= _MAX_NESTED_TARGETS:
            too_nested.add(steps)
        else:
            around.append(steps)
    return too_nested
