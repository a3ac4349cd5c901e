"""The references of a document replaced by their targets, with prance.

prance resolves the targets of the references in a copy of the document. Everything in the copy that prance must not
follow, or handles wrongly, is set aside before and put back afterwards. prance 26.7.19 handles wrongly:

- a `$ref` in `example`, `x-*` and other data: it takes it for a reference, and fails if it is not text;
- a reference that dangles or goes through another one (`#/a/b` if `a` is a `$ref`): it raises an exception;
- fragments: it does not decode `%7B` (RFC 6901, section 6), and loses an empty first step and line ends;
- long references: it takes each for the name of a file and asks the system about each of its steps,
  so it is given each reference once, under a short name;
- keywords beside a `$ref`: it drops them, and then writes a reference inside of them into the shared target,
  where it changes every other place that refers to that;
- targets inside of targets: it copies each target whole, so that a chain of them multiplies the document.

prance is given no reference that leaves the document, so it opens no file and no connection.
"""

import os
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

from dynacli.openapi.document.json_trees import follow, join
from dynacli.openapi.document.references.scan import Locator, Site, StepLink, Steps, sites_of, steps_of

# The URI that prance takes the document to have; its cache holds the targets under it, so it is never opened.
# It has a drive because Windows, which prance asks, calls a path without one relative.
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

    - The target of several references is a shared object: it must not be changed, and walking through all paths to it
      takes long, since the unfolded tree can be far larger than the document.
    - A reference that closes a cycle, dangles or leaves the document stays a `$ref`.
    - Keywords beside a `$ref`: annotations such as descriptions win over those of the target.
      Restrictions are joined with those of the target by `allOf` in 3.1, and dropped in 3.0, if they have no
      meaning ("Reference Object"). In any object but a schema all keywords win.

    Args:
        tree: The document, plain JSON; it is not changed.
        uri: Its base URI: a reference to this URI stays in the document.
    """
    if not isinstance(tree, dict):
        return tree
    copy, sites = _copied(tree)
    prepared = _PreparedCopy(copy, sites, is_3_0=str(tree.get("openapi")).startswith("3.0"))
    targets = prepared.take_out(uri)
    return prepared.put_back(_resolved(targets))


def _copied(tree: dict[str, Any]) -> tuple[dict[str, Any], list[Site] | None]:
    """Return a copy of a tree in which each object that has a `$ref` may be changed, and all its references.

    Of a document whose only keys `$ref` are references the rest is shared; else all is copied, and None is returned.
    """
    from dynacli.import_orjson import orjson

    try:
        content = orjson.dumps(tree)
    except TypeError:  # integers beyond 64 bits, lone surrogates
        return deepcopy(tree), None
    sites = list(sites_of(tree))
    # In the text of a value, the quotation mark before the colon would be escaped.
    if content.count(b'"$ref":') != sum(site.keyword == "$ref" for site in sites):
        return orjson.loads(content), None
    copies = _Copies(tree)
    sites = [site._replace(node=copies.at(site.link)) if site.keyword == "$ref" else site for site in sites]
    return copies.top, sites


class _Copies:
    """A tree in which objects and lists are copied when they are asked for, with those around them, each once."""

    def __init__(self, tree: dict[str, Any]) -> None:
        self.top = tree.copy()
        # The chains of steps are shared, and stay as long as the sites do.
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
    """Return the targets of references, with the references in them replaced by prance.

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
    # prance has put its input into the cache, where it looks up the targets of references.
    cache.update({key: {_TARGETS: targets} for key in cache})
    resolver.resolve_references()
    resolved: list[Any] = resolver.specs
    return resolved


def _reference_to(number: int) -> str:
    return f"#/{_TARGETS}/{number}"


class _PreparedCopy:
    """A copy of a document in which the parts that prance must not see are set aside.

    Args:
        copy: The copy.
        sites: All its references, if nothing else in it has a key `$ref`; None if that is not known.
    """

    def __init__(self, copy: dict[str, Any], sites: list[Site] | None, *, is_3_0: bool) -> None:
        self.copy = copy
        self.sites = sites
        self.is_3_0 = is_3_0
        # Random, so that no document can hold these keys itself.
        mark = os.urandom(8).hex()
        self.kept = f"kept-{mark}"
        self.target = f"target-{mark}"
        self.beside = f"beside-{mark}"
        # The steps to each target of references → its number.
        self.numbers: dict[Steps, int] = {}
        # The place of each reference: the object or list around it, the key in that, and the number of its target.
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
        # Looked up before anything is moved, because moving changes the steps to places.
        self.numbers = {
            steps: number for number, steps in enumerate(dict.fromkeys(target for _, target in good))
        }
        targets = [follow(self.copy, steps) for steps in self.numbers]
        holders = [self._holder_of(site) for site, _ in good]
        followed = {id(site.node) for site, _ in good}
        # Only objects with references are copies; those of identifiers are the document's own.
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
                # The keywords beside a reference are a level deeper now.
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
        """Return the copy with resolved targets instead of references, and with all that was set aside."""
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
            # A node may be joined already, as part of the chain of an earlier one.
            if self.target in node:
                self._join_chain(node)
            if self.kept in node:
                node["$ref"] = node.pop(self.kept)
            elif isinstance(node.get("$ref"), str):
                # A cycle: write the reference as documents do. A joined node may have it in that form already.
                node["$ref"] = spellings.get(node["$ref"], node["$ref"])
        return top

    def _join_chain(self, node: dict[str, Any]) -> None:
        """Join a target with the keywords beside the reference, innermost target first if it is a reference, too."""
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
            return {**target, **beside}  # a cycle or a dangling reference: as the document has it
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
        if type(node) is dict:
            yield node
            node = node.values()
        # Not `isinstance`, which takes a third longer, over all values of a document.
        stack += [member for member in node if type(member) is dict or type(member) is list]


def _too_nested(targets: set[Steps]) -> set[Steps]:
    """Return the targets that are inside of too many other targets."""
    too_nested: set[Steps] = set()
    around: list[Steps] = []
    # In sorted order, a place comes right before all places inside of it.
    for steps in sorted(targets):
        while around and steps[: len(around[-1])] != around[-1]:
            around.pop()
        if len(around) >= _MAX_NESTED_TARGETS:
            too_nested.add(steps)
        else:
            around.append(steps)
    return too_nested
