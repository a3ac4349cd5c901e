"""Templates: schemas whose dynamic references mean something else for each schema that refers to them.

A `$dynamicRef` means the schema with its anchor in the outermost resource on the way to it (JSON Schema Core 2020-12,
section 8.2.3.2). So a template is copied for each schema that refers to it and fills it in by an anchor of its own;
in the copy the dynamic reference becomes an ordinary one.
"""

from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from typing import Any, NamedTuple

from dynacli.document.json_trees import count_values
from dynacli.document.limits import MAX_NODES
from dynacli.document.objects import SCHEMA
from dynacli.document.pointer import follow
from dynacli.document.references.document_files import OpenFile, UnreadableError
from dynacli.document.references.reference_targets import Target
from dynacli.document.references.scan import REFERENCES, Site, Steps, link_of, sites_of, steps_of

__all__ = ["Copy", "DynamicScopes"]

_MAX_COPIES = 1_000
_MAX_COPIED_VALUES = MAX_NODES // 4
_MAX_SEARCHED_PLACES = 100_000
"""The limits of copies, of the values in them, and of the places that are searched for dynamic references.

Beyond these limits, dynamic references have the meaning that they have by themselves.
"""

Scope = Mapping[str, Target]
"""Name of a dynamic anchor → its place in the outermost resource that has it."""

CopyKey = tuple[int, Steps, frozenset[tuple[str, int, Steps]]]


class Copy(NamedTuple):
    """A copy of a place, made for a scope.

    Args:
        target: The place.
        value: The copy.
        references: Each reference in it, with its target: another copy, by its key, or a place.
        identifiers: The identifiers and anchors of schemas in it.
    """

    target: Target
    value: Any
    references: list[tuple[Site, "CopyKey | Target"]]
    identifiers: list[Site]


class DynamicScopes:
    """The dynamic anchors that several resources have, and the copies that they make necessary.

    Args:
        find_target: Returns the target of a reference by itself, given its file and the steps to it.
    """

    def __init__(
        self, files: list[OpenFile], find_target: Callable[[OpenFile, Steps, Site], Target | None]
    ) -> None:
        self._find_target = find_target
        self.copies: dict[CopyKey, Copy] = {}
        self._waiting: list[tuple[Copy, Scope]] = []
        self._needed: dict[tuple[int, Steps], frozenset[str]] = {}
        self._own: dict[tuple[int, Steps], dict[str, Target]] = {}
        places: dict[str, set[tuple[int, Steps]]] = {}
        for file in files:
            for name, anchored in file.dynamic.items():
                for resource, steps in anchored:
                    self._own.setdefault((file.number, resource), {}).setdefault(name, Target(file, steps))
                    places.setdefault(name, set()).add((file.number, resource))
        self._values_left, self._searches_left = _MAX_COPIED_VALUES, _MAX_SEARCHED_PLACES
        self._names = frozenset(name for name, resources in places.items() if len(resources) > 1)

    def __bool__(self) -> bool:
        return bool(self._names)

    def entered(self, file: OpenFile, steps: Steps, target: Target) -> "CopyKey | None":
        """Return the key of the copy that a reference of the document leads to; None where it leads to no copy."""
        if self._resource(file, steps) == self._resource(target.file, target.steps):
            return None
        bound = self._bound(target, self._widened(file, steps, {}))
        while self._waiting:
            self._follow(*self._waiting.pop())
        return None if isinstance(bound, Target) else bound

    def _resource(self, file: OpenFile, steps: Steps) -> tuple[int, Steps]:
        return file.number, file.resource_at(steps)

    def _widened(self, file: OpenFile, steps: Steps, scope: Scope) -> Scope:
        """Return a scope with the anchors of a place's resource added; those of outer resources win."""
        own = self._own.get(self._resource(file, steps), {})
        return {**{name: anchor for name, anchor in own.items() if name in self._names}, **scope}

    def _bound(self, target: Target, scope: Scope) -> "CopyKey | Target":
        """Return the key of the copy of a place for a scope; the place itself where it needs no copy."""
        needed = self._needs(target) & scope.keys()
        own = self._own.get(self._resource(target.file, target.steps), {})
        if all(own.get(name) == scope[name] for name in needed):
            return target
        bound = frozenset((name, scope[name].file.number, scope[name].steps) for name in needed)
        key = target.file.number, target.steps, bound
        if key not in self.copies:
            value = follow(target.file.tree, target.steps)
            self._values_left -= count_values(value)
            if len(self.copies) >= _MAX_COPIES or self._values_left < 0:
                return target
            self.copies[key] = Copy(target, deepcopy(value), [], [])
            self._waiting.append((self.copies[key], scope))
        return key

    def _follow(self, copy: Copy, scope: Scope) -> None:
        file, steps = copy.target
        for site in _sites(copy.value, steps):
            if site.keyword not in REFERENCES and site.keyword != "mapping":
                copy.identifiers.append(site)
                continue
            inner = self._widened(file, steps_of(site.link), scope)
            target = self._target_in(file, site, inner)
            if target is not None:
                copy.references.append((site, self._bound(target, inner)))

    def _target_in(self, file: OpenFile, site: Site, scope: Scope) -> Target | None:
        try:
            if site.keyword == "$dynamicRef":
                name = site.ref.partition("#")[2]
                plain = site._replace(keyword="$ref")
                if name in scope and self._is_dynamic(
                    self._find_target(file, steps_of(site.link), plain), name
                ):
                    return scope[name]
            return self._find_target(file, steps_of(site.link), site)
        except UnreadableError:
            return None  # reported already, for the reference in the place itself

    def _is_dynamic(self, target: Target | None, name: str) -> bool:
        own = {} if target is None else self._own.get(self._resource(target.file, target.steps), {})
        return own.get(name) == target

    def _needs(self, target: Target) -> frozenset[str]:
        """Return the names of the dynamic references in a place and in all that it refers to."""
        start = target.file.number, target.steps
        if start not in self._needed:
            names: set[str] = set()
            seen = {start}
            waiting = [target]
            while waiting and self._searches_left > 0:
                self._searches_left -= 1
                file, steps = waiting.pop()
                for site in _sites(follow(file.tree, steps), steps):
                    if site.keyword not in REFERENCES and site.keyword != "mapping":
                        continue
                    if site.keyword == "$dynamicRef":
                        names.update({site.ref.partition("#")[2]} & self._names)
                    inner = self._target_in(file, site, {})
                    if inner is not None and (inner.file.number, inner.steps) not in seen:
                        seen.add((inner.file.number, inner.steps))
                        waiting.append(inner)
            self._needed[start] = frozenset(names)
        return self._needed[start]


def _sites(value: Any, steps: Steps) -> Iterator[Site]:
    for site in sites_of(value, SCHEMA, link_of(steps)):
        if isinstance(site.ref, str):
            yield site
