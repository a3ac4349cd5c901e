"""The graph of a document: the parts of its files, and the references between them.

The graph starts with the file that the person named, and every reference adds its target.
"""

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from dynacli.document.objects import DOCUMENT, PATH_ITEM, SCHEMA, ObjectKind, kind_at, kind_in_list
from dynacli.document.pointer import MISSING, follow, step_into
from dynacli.document.references.document_files import Files, OpenFile, UnreadableError
from dynacli.document.references.reference_targets import Target, TargetFinder
from dynacli.document.references.scan import (
    REFERENCES,
    Site,
    Steps,
    link_of,
    looks_like_reference,
    sites_of,
    steps_of,
)

__all__ = ["Failure", "Part", "ReferenceGraph", "Use"]

_IDENTIFIERS = frozenset({"$id", "$anchor", "$dynamicAnchor"})
_DYNAMIC = frozenset({"$dynamicRef", "$recursiveRef"})


@dataclass(slots=True, eq=False)
class Part:
    """A part of a file that a reference leads to.

    Args:
        order: The number of the part, in the order of discovery.
        file: The file that it is in.
        steps: The steps to it in that file.
        kind: The kind of object that the references take it for.
        section: The section of components that such parts belong in; empty where the part takes the place
            of the references to it.
        value: The value there.
        uses: The references to it.
        is_copy: Whether it is a copy that was made for some of the references to it (see `dynamic_scopes`).
    """

    order: int
    file: OpenFile
    steps: Steps
    kind: ObjectKind
    section: str
    value: Any
    uses: "list[Use]" = field(default_factory=list)
    is_copy: bool = False

    @property
    def is_in_root(self) -> bool:
        """Whether the part is in the file that was named, and stays there."""
        return self.file.number == 0 and not self.is_copy


@dataclass(slots=True, eq=False)
class Use:
    """A reference that leads to a part.

    Args:
        site: The reference.
        steps: The steps to the object that holds it, in its file.
        within: The part that it is in.
        target: The part that it leads to.
        is_replaced: Whether the target takes the place of the reference.
    """

    site: Site
    steps: Steps
    within: Part
    target: Part
    is_replaced: bool


class Failure(NamedTuple):
    """A reference that cannot be followed.

    Args:
        site: The reference.
        file: The file that it is in.
        steps: The steps to the object that holds it.
        reason: Why it cannot be followed, for a person.
    """

    site: Site
    file: OpenFile
    steps: Steps
    reason: str


class ReferenceGraph:
    """The parts of a document's files and the references to them, in document order.

    Attributes:
        parts: The parts; the first is the whole file that was named.
        uses: The references that have to change.
        failures: The references that cannot be followed.
        undecided: The references whose meaning depends on which reference led to them.
        identifiers: The identifiers and anchors of schemas.

    Args:
        files: The file that was named; the files that it leads to are read.
        sections: The names of the sections of components that the document may have.
    """

    def __init__(self, files: Files, sections: frozenset[str]) -> None:
        root = files.opened[0]
        self.parts = [Part(0, root, (), DOCUMENT, "", root.tree)]
        self.uses: list[Use] = []
        self.failures: list[Failure] = []
        self.undecided: list[Failure] = []
        self.identifiers: list[Site] = []
        self._files = files
        self._sections = sections
        self._targets = TargetFinder(files)
        self._by_place: dict[tuple[int, Steps, str], Part] = {}
        self._seen: set[int] = set()
        self._plain: set[tuple[str, ObjectKind]] = set()
        self._later: list[tuple[Part, Site]] = []
        self._failed: list[tuple[Part, Site, Failure]] = []
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
            # The anchors that a dynamic reference may mean are known only when all files are read.
            later, self._later = self._later, []
            for part, site in later:
                self._follow(part, site)
            if later:
                continue
            # A reference by `$id` may have come before the file that has this `$id` was read.
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
        """Make references to a template lead to copies of it, in which its dynamic references are bound."""
        from dynacli.document.references.dynamic_scopes import DynamicScopes

        scopes = DynamicScopes(self._files.opened, self._target_or_none)
        if not scopes:
            return
        key_by_use = {}
        for use in self.uses:
            if use.site.kind is SCHEMA and use.site.keyword != "mapping":
                target = use.target
                key = scopes.entered(use.within.file, use.steps, Target(target.file, target.steps))
                if key is not None:
                    key_by_use[use] = key
        part_by_key = {}
        for key, copy in scopes.copies.items():
            part = Part(len(self.parts), *copy.target, SCHEMA, SCHEMA.section, copy.value, is_copy=True)
            self.parts.append(part)
            self.identifiers.extend(copy.identifiers)
            part_by_key[key] = part
        for use, key in key_by_use.items():
            use.target.uses.remove(use)
            use.target = part_by_key[key]
            use.target.uses.append(use)
        for key, copy in scopes.copies.items():
            for site, place in copy.references:
                if isinstance(place, Target):
                    target = self._part(place, site.kind, site.kind.section or "-")
                else:
                    target = part_by_key[place]
                use = Use(site, steps_of(site.link), part_by_key[key], target, is_replaced=False)
                target.uses.append(use)
                self.uses.append(use)

    def _target_or_none(self, file: OpenFile, steps: Steps, site: Site) -> Target | None:
        """Return the target of a reference; None, without noting the reference, where it is undecided."""
        count = len(self.undecided)
        target = self._target(file, steps, site)
        del self.undecided[count:]
        return target

    def _sort_in(self, part: Part, site: Site) -> None:
        if site.keyword in _IDENTIFIERS:
            if site.kind is SCHEMA:
                self.identifiers.append(site)
        elif (site.keyword not in REFERENCES and site.keyword != "mapping") or not isinstance(site.ref, str):
            return
        elif site.keyword in _DYNAMIC:
            self._later.append((part, site))
        else:
            self._follow(part, site)

    def _follow(self, part: Part, site: Site) -> None:
        file = part.file
        is_plain = file.number == 0 and site.ref.startswith("#/") and not file.resources
        if is_plain and (site.ref, site.kind) in self._plain:
            return
        steps = steps_of(site.link)
        try:
            target = self._target(file, steps, site)
        except UnreadableError as error:
            # A reference that leads nowhere in the document itself is reported by those who follow it.
            if file.number or site.ref.partition("#")[0]:
                self._failed.append((part, site, Failure(site, file, steps, str(error))))
            return
        if target is None:
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
            failure = Failure(site, file, steps, "a whole file cannot be a reference to another")
            self._failed.append((part, site, failure))
            return
        referenced = self._part(target, site.kind, section if not stays else section or "-")
        use = Use(site, steps, part, referenced, is_replaced)
        referenced.uses.append(use)
        self.uses.append(use)

    def _part(self, target: Target, kind: ObjectKind, section: str) -> Part:
        key = target.file.number, target.steps, section
        part = self._by_place.get(key)
        if part is None:
            value = follow(target.file.tree, target.steps)
            part = Part(len(self.parts), target.file, target.steps, kind, section, value)
            self._by_place[key] = part
            self.parts.append(part)
        return part

    def _walk_unseen(self, target: Target, kind: ObjectKind) -> None:
        """Search the target of a reference for references where it was not searched yet, because it counts as data."""
        value = follow(target.file.tree, target.steps)
        if isinstance(value, (dict, list)) and id(value) not in self._seen:
            self._part(target, kind, kind.section or "-")

    def _target(self, file: OpenFile, steps: Steps, site: Site) -> Target | None:
        """Return the target of a reference; None where it needs none, or is undecided.

        Raises:
            UnreadableError: The reference cannot be followed.
        """
        ref: str = site.ref
        if site.keyword == "mapping":
            named = ("components", "schemas", ref)
            if follow(file.tree, named) is not MISSING:
                return None if file.number == 0 else Target(file, named)
            if not looks_like_reference(ref):
                return None
        elif site.keyword == "$recursiveRef" and ref == "#":
            resource = file.resource_at(steps)
            return Target(file, resource or _outermost_schema(file.tree, steps))
        elif site.keyword == "$dynamicRef":
            name = ref.partition("#")[2]
            opened = self._files.opened
            anchors = [(other, place) for other in opened for _, place in other.dynamic.get(name, ())]
            if self._is_plain_anchor(file, steps, ref, anchors):
                return self._targets.find(file, steps, ref)
            if len(anchors) == 1:
                return Target(*anchors[0])
            if anchors and _is_placeholder(self._targets.find(file, steps, ref)):
                why = "which of several schemas it means depends on what refers to it"
                self.undecided.append(Failure(site, file, steps, why))
                return None
        return self._targets.find(file, steps, ref)

    def _is_plain_anchor(
        self, file: OpenFile, steps: Steps, ref: str, anchors: list[tuple[OpenFile, Steps]]
    ) -> bool:
        """Return whether a dynamic reference leads, by itself, to no dynamic anchor: then it is like a `$ref`.

        JSON Schema Core 2020-12, section 8.2.3.2.
        """
        if not anchors:
            return False
        try:
            target = self._targets.find(file, steps, ref)
        except UnreadableError:
            return False
        return target not in anchors


def _is_placeholder(target: Target) -> bool:
    """Return whether a schema accepts nothing, which makes it a placeholder for the schemas that extend it."""
    value = follow(target.file.tree, target.steps)
    return value is False or (isinstance(value, dict) and value.get("not") in ({}, True))


def _outermost_schema(tree: Any, steps: Steps) -> Steps:
    """Return the steps to the outermost schema around a place, or to the place itself where there is none."""
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
