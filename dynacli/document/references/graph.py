"""Finds every part of a document's files that something refers to, starting with the file that was named."""

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from dynacli.document.objects import DOCUMENT, PATH_ITEM, SCHEMA, ObjectKind, kind_at, kind_in_list
from dynacli.document.pointer import MISSING, follow, step_into
from dynacli.document.references.document_files import Files, OpenFile, UnreadableError
from dynacli.document.references.scan import (
    REFERENCES,
    Link,
    Site,
    Steps,
    looks_like_reference,
    sites_of,
    steps_of,
)
from dynacli.document.references.targets import Target, Targets

__all__ = ["Failure", "Graph", "Part", "Use"]

_NAMES_OF_ITSELF = frozenset({"$id", "$anchor", "$dynamicAnchor"})
_DYNAMIC = frozenset({"$dynamicRef", "$recursiveRef"})


@dataclass(slots=True, eq=False)
class Part:
    """A place that something refers to.

    Args:
        order: Its number, in the order that the parts are met in.
        file: Where it stands.
        steps: To it in that file.
        kind: What is referred to as.
        section: The section of components that such parts belong in; empty where it is put in place
            of what refers to it.
        value: What stands there.
        uses: What refers to it.
        is_copy: Whether it is the place as it is for one of those that lead to it.
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
        """Whether it stands in the file that was named, and stays there."""
        return self.file.number == 0 and not self.is_copy


@dataclass(slots=True, eq=False)
class Use:
    """A reference that leads to a part.

    Args:
        site: The reference.
        steps: To the object that holds it, in its file.
        within: The part that it was found in.
        target: What it leads to.
        is_replaced: Whether what it leads to takes its place.
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
        file: Where it stands.
        steps: To the object that holds it.
        reason: Why, for a person.
    """

    site: Site
    file: OpenFile
    steps: Steps
    reason: str


class Graph:
    """The parts of a document's files and what refers to them, in document order.

    Attributes:
        parts: What is referred to; the first one is the file that was named.
        uses: The references that have to change.
        failures: Those that cannot be followed.
        undecided: Those that mean something else for each way that leads to them.
        identifiers: Where schemas have names of their own.

    Args:
        files: The file that was named; those that it leads to are read.
        sections: The sections of components that the document has.
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
        self._targets = Targets(files)
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
                for site in sites_of(part.value, part.kind, _link_of(part.steps), self._seen):
                    self._meet(part, site)
            # Which anchors a dynamic reference may mean is known when all files are.
            later, self._later = self._later, []
            for part, site in later:
                self._follow(part, site)
            if later:
                continue
            # A schema may have been referred to by its `$id` before the file that it is in was.
            if self._failed and known != len(self._files.ids):
                known = len(self._files.ids)
                again, self._failed = self._failed, []
                self._targets.forget_failures()
                for part, site, _ in again:
                    self._follow(part, site)
                continue
            if not is_bound and any(file.dynamic for file in self._files.opened):
                is_bound = True
                self._bind()
                continue
            self.failures.extend(failure for _, _, failure in self._failed)
            return

    def _bind(self) -> None:
        """Let what refers to a template lead to a copy, where its dynamic references mean something of their own."""
        from dynacli.document.references.dynamic_scopes import DynamicScopes

        scopes = DynamicScopes(self._files.opened, self._target_or_undecided)
        if not scopes:
            return
        keys = {}
        for use in self.uses:
            if use.site.kind is SCHEMA and use.site.keyword != "mapping":
                to = use.target
                key = scopes.entered(use.within.file, use.steps, Target(to.file, to.steps))
                if key is not None:
                    keys[use] = key
        copies = {}
        for key, copy in scopes.copies.items():
            part = Part(len(self.parts), *copy.target, SCHEMA, SCHEMA.section, copy.value, is_copy=True)
            self.parts.append(part)
            self.identifiers.extend(copy.identifiers)
            copies[key] = part
        for use, key in keys.items():
            use.target.uses.remove(use)
            use.target = copies[key]
            use.target.uses.append(use)
        for key, copy in scopes.copies.items():
            for site, meant in copy.references:
                to = self._place_of(meant, site) if isinstance(meant, Target) else copies[meant]
                use = Use(site, steps_of(site.link), copies[key], to, is_replaced=False)
                to.uses.append(use)
                self.uses.append(use)

    def _place_of(self, target: Target, site: Site) -> Part:
        section = site.kind.section or "-"
        return self._part(target, site.kind, section)

    def _target_or_undecided(self, file: OpenFile, steps: Steps, site: Site) -> Target | None:
        count = len(self.undecided)
        found = self._target(file, steps, site)
        del self.undecided[count:]
        return found

    def _meet(self, part: Part, site: Site) -> None:
        if site.keyword in _NAMES_OF_ITSELF:
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
            # What leads nowhere within the document is told where it is used.
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
            self._failed.append(
                (part, site, Failure(site, file, steps, "a whole file cannot be a reference to another"))
            )
            return
        found = self._part(target, site.kind, section if not stays else section or "-")
        use = Use(site, steps, part, found, is_replaced)
        found.uses.append(use)
        self.uses.append(use)

    def _part(self, target: Target, kind: ObjectKind, section: str) -> Part:
        key = target.file.number, target.steps, section
        found = self._by_place.get(key)
        if found is None:
            value = follow(target.file.tree, target.steps)
            found = Part(len(self.parts), target.file, target.steps, kind, section, value)
            self._by_place[key] = found
            self.parts.append(found)
        return found

    def _walk_unseen(self, target: Target, kind: ObjectKind) -> None:
        """Look for references at a place that one leads to, although it is in what counts as data."""
        value = follow(target.file.tree, target.steps)
        if isinstance(value, (dict, list)) and id(value) not in self._seen:
            self._part(target, kind, kind.section or "-")

    def _target(self, file: OpenFile, steps: Steps, site: Site) -> Target | None:
        """Return what a reference means; None where it is the name of a schema of the document.

        Raises:
            UnreadableError: It means nothing that can be read.
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
            anchors = [
                (one, place) for one in self._files.opened for _, place in one.dynamic.get(_fragment(ref), ())
            ]
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
        """Tell whether a dynamic reference leads to no dynamic anchor at first, and so is an ordinary one.

        JSON Schema Core 2020-12, section 8.2.3.2.
        """
        if not anchors:
            return False
        try:
            found = self._targets.find(file, steps, ref)
        except UnreadableError:
            return False
        return all(found.file is not one or found.steps != place for one, place in anchors)


def _is_placeholder(target: Target) -> bool:
    """Tell whether a schema is one that nothing fits, which others take the place of (JSON Schema, `$dynamicRef`)."""
    value = follow(target.file.tree, target.steps)
    return value is False or (isinstance(value, dict) and value.get("not") in ({}, True))


def _fragment(ref: str) -> str:
    return ref.partition("#")[2]


def _link_of(steps: Steps) -> Link:
    link: Link = None
    for step in steps:
        link = (link, step)
    return link


def _outermost_schema(tree: Any, steps: Steps) -> Steps:
    """Return the steps to the outermost schema around a place, the place itself where there is none."""
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
