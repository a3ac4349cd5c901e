"""Gives each way to a template what its dynamic references mean there.

A `$dynamicRef` means the schema with its anchor in the outermost resource that led to it (JSON Schema Core 2020-12,
section 8.2.3.2). So a template, which several schemas refer to and each fills in by an anchor of its own, is copied
for each of them; in the copy the reference is an ordinary one.
"""

from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from typing import Any, NamedTuple

from dynacli.document.limits import MAX_NODES
from dynacli.document.objects import SCHEMA
from dynacli.document.pointer import follow
from dynacli.document.references.document_files import OpenFile, UnreadableError
from dynacli.document.references.scan import REFERENCES, Link, Site, Steps, sites_of, steps_of
from dynacli.document.references.targets import Target

__all__ = ["Copy", "DynamicScopes"]

_MOST = 1_000
_MOST_VALUES = MAX_NODES // 4
_MOST_LOOKED_AT = 100_000
"""Copies, values in them, and places that are looked at for what they lead to.

In a document that asks for more the rest of the references mean what they mean by themselves.
"""

Scope = Mapping[str, Target]
"""Names of dynamic anchors → where they lead, by the outermost resource that has each."""

_Key = tuple[int, Steps, frozenset[tuple[str, int, Steps]]]


class Copy(NamedTuple):
    """A place that is to be copied for a scope.

    Args:
        target: The place.
        value: The copy.
        references: Each of its references, with what it leads to: a copy by its key, or a place.
        identifiers: Where schemas in it have names of their own.
    """

    target: Target
    value: Any
    references: list[tuple[Site, "_Key | Target"]]
    identifiers: list[Site]


class DynamicScopes:
    """The dynamic anchors that several resources have, and the copies that they make necessary.

    Args:
        files: All that were read.
        means: Returns what a reference of a file means by itself; the steps are to where it stands.
    """

    def __init__(
        self, files: list[OpenFile], means: Callable[[OpenFile, Steps, Site], Target | None]
    ) -> None:
        self._means = means
        self.copies: dict[_Key, Copy] = {}
        self._waiting: list[tuple[Copy, Scope]] = []
        self._needed: dict[tuple[int, Steps], frozenset[str]] = {}
        self._own: dict[tuple[int, Steps], dict[str, Target]] = {}
        places: dict[str, set[tuple[int, Steps]]] = {}
        for file in files:
            for name, anchored in file.dynamic.items():
                for resource, steps in anchored:
                    self._own.setdefault((file.number, resource), {}).setdefault(name, Target(file, steps))
                    places.setdefault(name, set()).add((file.number, resource))
        self._values_left, self._looks_left = _MOST_VALUES, _MOST_LOOKED_AT
        self._names = frozenset(name for name, resources in places.items() if len(resources) > 1)

    def __bool__(self) -> bool:
        return bool(self._names)

    def entered(self, file: OpenFile, steps: Steps, target: Target) -> "_Key | None":
        """Return the copy that a reference of the document leads to; None where it leads to the place itself."""
        if self._resource(file, steps) == self._resource(target.file, target.steps):
            return None
        found = self._bound(target, self._widened(file, steps, {}))
        while self._waiting:
            self._follow(*self._waiting.pop())
        return None if isinstance(found, Target) else found

    def _resource(self, file: OpenFile, steps: Steps) -> tuple[int, Steps]:
        return file.number, file.resource_at(steps)

    def _widened(self, file: OpenFile, steps: Steps, scope: Scope) -> Scope:
        """Return a scope with the anchors of the resource of a place, as far as nothing outside has them."""
        own = self._own.get(self._resource(file, steps), {})
        return {**{name: one for name, one in own.items() if name in self._names}, **scope}

    def _bound(self, target: Target, scope: Scope) -> "_Key | Target":
        needed = self._needs(target) & scope.keys()
        own = self._own.get(self._resource(target.file, target.steps), {})
        if all(own.get(name) == scope[name] for name in needed):
            return target
        bound = frozenset((name, scope[name].file.number, scope[name].steps) for name in needed)
        key = target.file.number, target.steps, bound
        if key not in self.copies:
            value = follow(target.file.tree, target.steps)
            self._values_left -= _size(value)
            if len(self.copies) >= _MOST or self._values_left < 0:
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
            meant = self._meant(file, site, inner)
            if meant is not None:
                copy.references.append((site, self._bound(meant, inner)))

    def _meant(self, file: OpenFile, site: Site, scope: Scope) -> Target | None:
        try:
            if site.keyword == "$dynamicRef":
                name = site.ref.partition("#")[2]
                plain = site._replace(keyword="$ref")
                if name in scope and self._is_dynamic(self._means(file, steps_of(site.link), plain), name):
                    return scope[name]
            return self._means(file, steps_of(site.link), site)
        except UnreadableError:
            return None  # it was told where the place itself was looked at

    def _is_dynamic(self, target: Target | None, name: str) -> bool:
        own = {} if target is None else self._own.get(self._resource(target.file, target.steps), {})
        return own.get(name) == target

    def _needs(self, target: Target) -> frozenset[str]:
        """Return the names of dynamic references that a place leads to."""
        start = target.file.number, target.steps
        if start not in self._needed:
            names: set[str] = set()
            seen = {start}
            waiting = [target]
            while waiting and self._looks_left > 0:
                self._looks_left -= 1
                file, steps = waiting.pop()
                for site in _sites(follow(file.tree, steps), steps):
                    if site.keyword not in REFERENCES and site.keyword != "mapping":
                        continue
                    if site.keyword == "$dynamicRef":
                        names.update({site.ref.partition("#")[2]} & self._names)
                    found = self._meant(file, site, {})
                    if found is not None and (found.file.number, found.steps) not in seen:
                        seen.add((found.file.number, found.steps))
                        waiting.append(found)
            self._needed[start] = frozenset(names)
        return self._needed[start]


def _size(value: Any) -> int:
    count, waiting = 0, [value]
    while waiting:
        node = waiting.pop()
        count += 1
        if isinstance(node, dict):
            waiting.extend(node.values())
        elif isinstance(node, list):
            waiting.extend(node)
    return count


def _sites(value: Any, steps: Steps) -> Iterator[Site]:
    link: Link = None
    for step in steps:
        link = (link, step)
    for site in sites_of(value, SCHEMA, link):
        if isinstance(site.ref, str):
            yield site
