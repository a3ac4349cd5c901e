"""The graph of a document: the parts of its files, and the references between them.

The graph starts with the file that the user named, and every reference adds its target.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from itertools import takewhile
from typing import Any, NamedTuple

from dynacli.openapi.document.document_files import Files, OpenFile, UnreadableFileError, absolute
from dynacli.openapi.document.json_trees import (
    MISSING,
    count_values,
    follow,
    follow_partly,
    from_fragment,
    step_into,
)
from dynacli.openapi.document.limits import MAX_NODES
from dynacli.openapi.document.objects import DOCUMENT, PATH_ITEM, SCHEMA, ObjectKind, kind_at, kind_in_list
from dynacli.openapi.document.references.scan import (
    REFERENCE_KEYWORDS,
    Site,
    Steps,
    link_of,
    looks_like_reference,
    sites_of,
    steps_of,
)
from dynacli.openapi.document.source import file_name
from dynacli.openapi.references import MOST_HOPS

_CIRCLE = "it is part of a cycle of references"
_IDENTIFIERS = frozenset({"$id", "$anchor", "$dynamicAnchor"})
_DYNAMIC = frozenset({"$dynamicRef", "$recursiveRef"})
_MAX_COPIES = 1_000
_MAX_COPIED_VALUES = MAX_NODES // 4
_MAX_SEARCHED_PLACES = 100_000
"""The maximum numbers of copies, of values in them, and of locations to search for dynamic references.

Beyond these limits, dynacli reads a dynamic reference as a plain one.
"""


CopyKey = tuple[int, Steps, frozenset[tuple[str, int, Steps]]]


class _Target(NamedTuple):
    """The target of a reference.

    Args:
        file: The file that contains the target.
        steps: The steps to the target, after all references on the way.
    """

    file: OpenFile
    steps: Steps


class _TargetFinder:
    """Finds the targets of references, each spelling once.

    Args:
        files: The files that were read so far; a reference to another file opens it.
    """

    def __init__(self, files: Files) -> None:
        self._files = files
        self._known: dict[tuple[int, Steps, str, Steps], _Target | str] = {}
        self._ends: dict[tuple[int, Steps], _Target | str] = {}

    def find(self, file: OpenFile, steps: Steps, ref: str) -> _Target:
        """Return the target of a reference; for a chain of references, the first target in the root document.

        Args:
            file: The file that contains the reference.
            steps: The steps to the object that holds it.
            ref: The reference as written.

        Raises:
            UnreadableFileError: The reference has no target, is in a cycle, or its file cannot be read.
        """
        fragment = ref.partition("#")[2]
        # If several anchors have the same name, the location of the reference decides between them.
        near = steps if fragment and not fragment.startswith("/") else ()
        key = file.number, file.resource_at(steps), ref, near
        if key not in self._known:
            try:
                self._known[key] = self._past_aliases(self._locate(file, key[1], steps, ref, 0))
            except UnreadableFileError as error:
                self._known[key] = str(error)
        target = self._known[key]
        if isinstance(target, str):
            raise UnreadableFileError(target)
        return target

    def forget_failures(self) -> None:
        """Forget references without a target, so that they are looked up again in the files read since."""
        self._known = {key: target for key, target in self._known.items() if not isinstance(target, str)}
        self._ends = {place: end for place, end in self._ends.items() if not isinstance(end, str)}

    def _past_aliases(self, target: _Target) -> _Target:
        """Return the end of a chain of objects that hold nothing but a reference to the next object.

        The chain ends at the first object in the root document, so that a part of this document is named as the
        document names it. The end is stored for every object of the chain, so that no chain is followed twice.
        """
        way: dict[tuple[int, Steps], _Target] = {}
        while True:
            place = target.file.number, target.steps
            known = _CIRCLE if place in way else self._ends.get(place)
            if known is not None:
                break
            way[place] = target
            node = follow(target.file.tree, target.steps)
            if not isinstance(node, dict) or len(node) != 1 or not isinstance(node.get("$ref"), str):
                known = target
                break
            resource = target.file.resource_at(target.steps)
            try:
                target = self._locate(target.file, resource, target.steps, node["$ref"], 0)
            except UnreadableFileError as error:
                known = str(error)
                break
        for place, passed in reversed(way.items()):
            # An object in the root document is the target itself, unless its reference is part of a cycle.
            if passed.file.number == 0 and known != _CIRCLE:
                known = passed
            self._ends[place] = known
        if isinstance(known, str):
            raise UnreadableFileError(known)
        return known

    def _locate(self, file: OpenFile, resource: Steps, steps: Steps, ref: str, hops: int) -> _Target:
        head, _, fragment = ref.partition("#")
        if not ref:
            raise UnreadableFileError("it is empty")
        starts = [self._open(file, resource, head) if head else _Target(file, resource)]
        if starts[0].steps:
            # In JSON Schema a pointer starts at the schema with the `$id`. Many documents start at their root instead.
            starts.append(_Target(starts[0].file, ()))
        for start in starts:
            target = self._at_fragment(start, fragment, steps if start.file is file else (), hops)
            if target is not None:
                return target
        in_file = f" in `{file_name(starts[0].file.uri)}`" if head else ""
        raise UnreadableFileError(f"there is nothing at `#{fragment}`{in_file}")

    def _open(self, file: OpenFile, resource: Steps, head: str) -> _Target:
        """Return the document or schema at the URI of a reference.

        dynacli tries each base in this order: the `$id` around the reference, the file's `$self`, the file's own URI.
        Many schemas have an `$id` that no server responds to. References in a copy of a document are relative to
        the URI of the copy.
        """
        bases = [file.base, file.uri]
        if resource:
            bases.insert(0, file.resources[resource])
        candidates = list(dict.fromkeys(absolute(base, head) for base in bases))
        is_remote = bool(file.uri) and not file.uri.startswith("file:")
        if is_remote and any(uri.startswith("file:") for uri in candidates):
            # Even if dynacli may read such a file, a document from the network must not choose it.
            raise UnreadableFileError("a remote document must not refer to local files")
        for uri in candidates:
            if uri in self._files.ids:
                return _Target(*self._files.ids[uri])
            known = self._files.known(uri)
            if known is not None:
                return _Target(known, ())
        failure = None
        for uri in candidates:
            try:
                return _Target(self._files.open(uri), ())
            except UnreadableFileError as error:
                failure = failure or error
        raise failure or UnreadableFileError("it is empty")

    def _at_fragment(self, start: _Target, fragment: str, near: Steps, hops: int) -> _Target | None:
        file = start.file
        anchored = file.anchors.get(fragment)
        if anchored and fragment:
            return _Target(file, _nearest(anchored, start.steps, near))
        steps = from_fragment(f"#{fragment}")
        return None if steps is None else self._walk(file, start.steps + steps, hops)

    def _walk(self, file: OpenFile, steps: Steps, hops: int) -> _Target | None:
        """Follow the steps and the references on the way, and return the location at the end, if there is one."""
        node, length = follow_partly(file.tree, steps)
        if length == len(steps):
            return _Target(file, steps)
        ref = node.get("$ref") if isinstance(node, dict) else None
        if not isinstance(ref, str) or hops >= MOST_HOPS:
            return None
        here = steps[:length]
        target = self._locate(file, file.resource_at(here), here, ref, hops + 1)
        return self._walk(target.file, target.steps + steps[length:], hops + 1)


def _nearest(anchored: list[tuple[Steps, Steps]], resource: Steps, near: Steps) -> Steps:
    """Return the nearest of several anchors with one name, preferably in the resource of the reference.

    Args:
        anchored: The steps to each anchor's resource, and to the anchor.
        resource: The steps to the resource that the reference is resolved in.
        near: The steps to the reference.
    """
    own = [place for around, place in anchored if around == resource] or [place for _, place in anchored]
    return max(own, key=lambda place: _common_steps(place, near))


def _common_steps(left: Steps, right: Steps) -> int:
    """Return the number of equal steps at the start of two locations."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(left, right, strict=False)))


@dataclass(slots=True, eq=False)
class LinkedPart:
    """A part of a file that is the target of a reference.

    Args:
        order: The number of the part, in the order of discovery.
        file: The file that contains the part.
        steps: The steps to the part in that file.
        kind: The kind of object that the references expect.
        section: The section of components for such parts; empty if the part replaces its references.
        value: The value of the part.
        uses: The references to the part.
        is_copy: Whether the part is a copy for some of its references (see `_DynamicScopes`).
    """

    order: int
    file: OpenFile
    steps: Steps
    kind: ObjectKind
    section: str
    value: Any
    uses: list[ReferenceUse] = field(default_factory=list)
    is_copy: bool = False

    @property
    def is_in_root(self) -> bool:
        """Whether the part is in the root document, and is not a copy."""
        return self.file.number == 0 and not self.is_copy


@dataclass(slots=True, eq=False)
class ReferenceUse:
    """A reference to a part.

    Args:
        site: The reference.
        steps: The steps to the object that holds it, in its file.
        within: The part that contains it.
        target: The part that it refers to.
        is_replaced: Whether the target replaces the reference.
    """

    site: Site
    steps: Steps
    within: LinkedPart
    target: LinkedPart
    is_replaced: bool


class _Failure(NamedTuple):
    """A reference that cannot be followed.

    Args:
        site: The reference.
        file: The file that contains it.
        steps: The steps to the object that holds it.
        reason: The reason, as the message says it.
    """

    site: Site
    file: OpenFile
    steps: Steps
    reason: str


class ReferenceGraph:
    """The parts of a document's files and the references to them, in document order.

    Attributes:
        parts: The parts; the first is the whole root document.
        uses: The references that have to change.
        failures: The references that cannot be followed.
        undecided: The dynamic references that have several possible targets.
        identifiers: The identifiers and anchors of schemas.

    Args:
        files: The root document; the graph reads the files that it refers to.
        sections: The names of the sections of components that the document may have.
    """

    def __init__(self, files: Files, sections: frozenset[str]) -> None:
        root = files.opened[0]
        self.parts = [LinkedPart(0, root, (), DOCUMENT, "", root.tree)]
        self.uses: list[ReferenceUse] = []
        self.failures: list[_Failure] = []
        self.undecided: list[_Failure] = []
        self.identifiers: list[Site] = []
        self._files = files
        self._sections = sections
        self._targets = _TargetFinder(files)
        self._by_place: dict[tuple[int, Steps, str], LinkedPart] = {}
        self._seen: set[int] = set()
        self._plain: set[tuple[str, ObjectKind]] = set()
        self._later: list[tuple[LinkedPart, Site]] = []
        self._failed: list[tuple[LinkedPart, Site, _Failure]] = []
        self._explore()

    def _explore(self) -> None:
        done = 0
        known = -1
        is_bound = False
        while True:
            while done < len(self.parts):
                part = self.parts[done]
                done += 1
                if part.is_copy:
                    continue
                for site in sites_of(part.value, part.kind, link_of(part.steps), self._seen):
                    self._sort_in(part, site)
            # Follow dynamic references last: their anchors are known only after all files are read.
            later, self._later = self._later, []
            for part, site in later:
                self._follow(part, site)
            if later:
                continue
            # Follow failed references again: a file that was read later may have the `$id` that they name.
            if self._failed and known != len(self._files.ids):
                known = len(self._files.ids)
                failed, self._failed = self._failed, []
                self._targets.forget_failures()
                for part, site, _ in failed:
                    self._follow(part, site)
                continue
            if not is_bound and any(file.dynamic for file in self._files.opened):
                is_bound = True
                self._bind()
                continue
            self.failures.extend(failure for _, _, failure in self._failed)
            return

    def _bind(self) -> None:
        """Point references to a template at copies of it, in which its dynamic references are bound."""
        scopes = _DynamicScopes(self._files.opened, self._target_or_none)
        if not scopes:
            return
        key_by_use = {}
        for use in self.uses:
            if use.site.kind is SCHEMA and use.site.keyword != "mapping":
                target = use.target
                key = scopes.entered(use.within.file, use.steps, _Target(target.file, target.steps))
                if key is not None:
                    key_by_use[use] = key
        part_by_key = {}
        for key, copy in scopes.copies.items():
            part = LinkedPart(len(self.parts), *copy.target, SCHEMA, SCHEMA.section, copy.value, is_copy=True)
            self.parts.append(part)
            self.identifiers.extend(copy.identifiers)
            part_by_key[key] = part
        for use, key in key_by_use.items():
            use.target.uses.remove(use)
            use.target = part_by_key[key]
            use.target.uses.append(use)
        for key, copy in scopes.copies.items():
            for site, place in copy.references:
                if isinstance(place, _Target):
                    target = self._part(place, site.kind, site.kind.section or "-")
                else:
                    target = part_by_key[place]
                use = ReferenceUse(site, steps_of(site.link), part_by_key[key], target, is_replaced=False)
                target.uses.append(use)
                self.uses.append(use)

    def _target_or_none(self, file: OpenFile, steps: Steps, site: Site) -> _Target | None:
        """Return the target of a reference; None if it is undecided, without recording it in `undecided`."""
        count = len(self.undecided)
        target = self._target(file, steps, site)
        del self.undecided[count:]
        return target

    def _sort_in(self, part: LinkedPart, site: Site) -> None:
        if site.keyword in _IDENTIFIERS:
            if site.kind is SCHEMA:
                self.identifiers.append(site)
        elif (site.keyword not in REFERENCE_KEYWORDS and site.keyword != "mapping") or not isinstance(
            site.ref, str
        ):
            return
        elif site.keyword in _DYNAMIC:
            self._later.append((part, site))
        else:
            self._follow(part, site)

    def _follow(self, part: LinkedPart, site: Site) -> None:
        file = part.file
        is_plain = file.number == 0 and site.ref.startswith("#/") and not file.resources
        if is_plain and (site.ref, site.kind) in self._plain:
            return
        steps = steps_of(site.link)
        try:
            target = self._target(file, steps, site)
        except UnreadableFileError as error:
            # Dangling references within the root document are reported later, by the functions that follow them.
            if file.number or site.ref.partition("#")[0]:
                self._failed.append((part, site, _Failure(site, file, steps, str(error))))
            return
        if target is None:
            return
        if site.kind.members is SCHEMA and not _is_map_of_schemas(follow(target.file.tree, target.steps)):
            self._failed.append(
                (part, site, _Failure(site, file, steps, "its target is not a map of schemas"))
            )
            return
        section = site.kind.section if site.kind.section in self._sections else ""
        stays = target.file.number == 0 and (
            bool(section) or site.kind is PATH_ITEM or not site.kind.is_known or site.keyword != "$ref"
        )
        if is_plain and stays:
            self._plain.add((site.ref, site.kind))
            if target.file is file:
                self._walk_unseen(target, site.kind)
                return
        is_replaced = not stays and not section
        if is_replaced and not steps and file.number == 0:
            failure = _Failure(site, file, steps, "a document cannot be just a reference to another file")
            self._failed.append((part, site, failure))
            return
        referenced = self._part(target, site.kind, section if not stays else section or "-")
        use = ReferenceUse(site, steps, part, referenced, is_replaced)
        referenced.uses.append(use)
        self.uses.append(use)

    def _part(self, target: _Target, kind: ObjectKind, section: str) -> LinkedPart:
        key = target.file.number, target.steps, section
        part = self._by_place.get(key)
        if part is None:
            value = follow(target.file.tree, target.steps)
            part = LinkedPart(len(self.parts), target.file, target.steps, kind, section, value)
            self._by_place[key] = part
            self.parts.append(part)
        return part

    def _walk_unseen(self, target: _Target, kind: ObjectKind) -> None:
        """Search the target of a reference for references, if it counted as data and was not searched."""
        value = follow(target.file.tree, target.steps)
        if isinstance(value, (dict, list)) and id(value) not in self._seen:
            self._part(target, kind, kind.section or "-")

    def _target(self, file: OpenFile, steps: Steps, site: Site) -> _Target | None:
        """Return the target of a reference; None if the reference can stay as it is, or is undecided.

        Raises:
            UnreadableFileError: The reference cannot be followed.
        """
        ref: str = site.ref
        if site.keyword == "mapping":
            named = ("components", "schemas", ref)
            if follow(file.tree, named) is not MISSING:
                return None if file.number == 0 else _Target(file, named)
            if not looks_like_reference(ref):
                return None
        elif site.keyword == "$recursiveRef" and ref == "#":
            resource = file.resource_at(steps)
            return _Target(file, resource or _outermost_schema(file.tree, steps))
        elif site.keyword == "$dynamicRef":
            name = ref.partition("#")[2]
            opened = self._files.opened
            anchors = [(other, place) for other in opened for _, place in other.dynamic.get(name, ())]
            if self._is_plain_anchor(file, steps, ref, anchors):
                return self._targets.find(file, steps, ref)
            if len(anchors) == 1:
                return _Target(*anchors[0])
            if anchors and _is_placeholder(self._targets.find(file, steps, ref)):
                reason = "its meaning depends on the schema that refers to it"
                self.undecided.append(_Failure(site, file, steps, reason))
                return None
        return self._targets.find(file, steps, ref)

    def _is_plain_anchor(
        self, file: OpenFile, steps: Steps, ref: str, anchors: list[tuple[OpenFile, Steps]]
    ) -> bool:
        """Return whether a dynamic reference is like a `$ref`, because its target has no dynamic anchor.

        JSON Schema Core 2020-12, section 8.2.3.2.
        """
        if not anchors:
            return False
        try:
            target = self._targets.find(file, steps, ref)
        except UnreadableFileError:
            return False
        return target not in anchors


def _is_map_of_schemas(value: Any) -> bool:
    """Return whether a value can be the whole value of `properties`.

    JSON Schema allows no reference there, but some documents have one that refers to another file.
    A file with the settings of another program is not such a map, because its values are strings.
    """
    return isinstance(value, dict) and all(
        isinstance(member, (dict, bool)) or key == "$ref" for key, member in value.items()
    )


def _is_placeholder(target: _Target) -> bool:
    """Return whether a schema accepts no value, so that it is a placeholder for the schemas that extend it."""
    value = follow(target.file.tree, target.steps)
    return value is False or (isinstance(value, dict) and value.get("not") in ({}, True))


def _outermost_schema(tree: Any, steps: Steps) -> Steps:
    """Return the steps to the outermost schema around a location; the steps to the location if there is none."""
    kind, node = DOCUMENT, tree
    for length, step in enumerate(steps):
        if kind is SCHEMA:
            return steps[:length]
        is_key = isinstance(node, dict)
        node = step_into(node, step)
        if is_key:
            kind = kind_at(kind, step)
            if isinstance(node, list):
                kind = kind_in_list(kind, step)
    return steps


Scope = Mapping[str, _Target]
"""Name of a dynamic anchor → its location in the outermost resource with such an anchor."""


class _Copy(NamedTuple):
    """A copy of a part for a scope.

    Args:
        target: The location of the part.
        value: The copy.
        references: Each reference in the copy, with its target: the key of another copy, or a location.
        identifiers: The identifiers and anchors of schemas in the copy.
    """

    target: _Target
    value: Any
    references: list[tuple[Site, CopyKey | _Target]]
    identifiers: list[Site]


class _DynamicScopes:
    """The dynamic anchors with the same name in several resources, and the copies that they require.

    A template is a schema, such as a page of items, that other schemas complete. A copy is the template for one of
    these schemas, with its dynamic references bound like `$ref`s. jsonschema-rs evaluates `$dynamicRef`, too, but
    dynacli needs the copies anyway:

    - Help, options, examples, filters, changes, exports and the mock server follow only `$ref`. In the template they
      would see the placeholder, which accepts any value or none.
    - JSON Schema binds by resource (Core 2020-12, section 8.2.3.2), and one tree is one resource. Without `$id`,
      jsonschema-rs (0.61.2) takes the first anchor of a name for all anchors of this name. With `$id`, a pointer such
      as `#/components/schemas/Pet` has no target inside the resource. Below `components` jsonschema-rs finds no `$id`,
      and fetches it from the network. The index would need a second version of such schemas.

    A document gets no copy unless two of its resources have an anchor of the same name.

    Args:
        find_target: Returns the target of a reference, regardless of scopes, given its file and the steps to it.
    """

    def __init__(
        self, files: list[OpenFile], find_target: Callable[[OpenFile, Steps, Site], _Target | None]
    ) -> None:
        self._find_target = find_target
        self.copies: dict[CopyKey, _Copy] = {}
        self._waiting: list[tuple[_Copy, Scope]] = []
        self._needed: dict[tuple[int, Steps], frozenset[str]] = {}
        self._own: dict[tuple[int, Steps], dict[str, _Target]] = {}
        places: dict[str, set[tuple[int, Steps]]] = {}
        for file in files:
            for name, anchored in file.dynamic.items():
                for resource, steps in anchored:
                    self._own.setdefault((file.number, resource), {}).setdefault(name, _Target(file, steps))
                    places.setdefault(name, set()).add((file.number, resource))
        self._values_left, self._searches_left = _MAX_COPIED_VALUES, _MAX_SEARCHED_PLACES
        self._names = frozenset(name for name, resources in places.items() if len(resources) > 1)

    def __bool__(self) -> bool:
        return bool(self._names)

    def entered(self, file: OpenFile, steps: Steps, target: _Target) -> CopyKey | None:
        """Return the key of the copy that a reference needs as its target; None if it needs no copy."""
        if self._resource(file, steps) == self._resource(target.file, target.steps):
            return None
        bound = self._bound(target, self._widened(file, steps, {}))
        while self._waiting:
            self._follow(*self._waiting.pop())
        return None if isinstance(bound, _Target) else bound

    def _resource(self, file: OpenFile, steps: Steps) -> tuple[int, Steps]:
        return file.number, file.resource_at(steps)

    def _widened(self, file: OpenFile, steps: Steps, scope: Scope) -> Scope:
        """Add the anchors of a location's resource to a scope, unless an outer resource has the same anchor."""
        own = self._own.get(self._resource(file, steps), {})
        return {**{name: anchor for name, anchor in own.items() if name in self._names}, **scope}

    def _bound(self, target: _Target, scope: Scope) -> CopyKey | _Target:
        """Return the key of a target's copy for a scope; the target itself if it needs no copy."""
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
            self.copies[key] = _Copy(target, deepcopy(value), [], [])
            self._waiting.append((self.copies[key], scope))
        return key

    def _follow(self, copy: _Copy, scope: Scope) -> None:
        file, steps = copy.target
        for site in _sites(copy.value, steps):
            if site.keyword not in REFERENCE_KEYWORDS and site.keyword != "mapping":
                copy.identifiers.append(site)
                continue
            inner = self._widened(file, steps_of(site.link), scope)
            target = self._target_in(file, site, inner)
            if target is not None:
                copy.references.append((site, self._bound(target, inner)))

    def _target_in(self, file: OpenFile, site: Site, scope: Scope) -> _Target | None:
        try:
            if site.keyword == "$dynamicRef":
                name = site.ref.partition("#")[2]
                plain = site._replace(keyword="$ref")
                if name in scope and self._is_dynamic(
                    self._find_target(file, steps_of(site.link), plain), name
                ):
                    return scope[name]
            return self._find_target(file, steps_of(site.link), site)
        except UnreadableFileError:
            return None  # reported already, for the same reference outside the copy

    def _is_dynamic(self, target: _Target | None, name: str) -> bool:
        own = {} if target is None else self._own.get(self._resource(target.file, target.steps), {})
        return own.get(name) == target

    def _needs(self, target: _Target) -> frozenset[str]:
        """Return the names of the dynamic references in a target, and in everything that it refers to."""
        start = target.file.number, target.steps
        if start not in self._needed:
            names: set[str] = set()
            seen = {start}
            waiting = [target]
            while waiting and self._searches_left > 0:
                self._searches_left -= 1
                file, steps = waiting.pop()
                for site in _sites(follow(file.tree, steps), steps):
                    if site.keyword not in REFERENCE_KEYWORDS and site.keyword != "mapping":
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
