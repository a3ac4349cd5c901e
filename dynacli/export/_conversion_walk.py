"""The walk that writes a document in another version: rules change its objects one by one, references follow.

A rule returns an object with the keywords of the new version. What stands below the object may stand elsewhere in
the result, and is converted after it, so a rule leaves it as the old version has it.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import count
from typing import Any, NamedTuple

from dynacli.openapi.document.json_trees import MISSING, follow, fragment_of, from_fragment, join
from dynacli.openapi.document.objects import DATA, DOCUMENT, EXAMPLE, SCHEMA, ObjectKind, kind_below
from dynacli.openapi.document.references.scan import (
    Link,
    Site,
    Steps,
    all_sites,
    follow_references,
    link_of,
    past_references,
    sites_of,
    steps_of,
)

__all__ = ["Here", "Loss", "Rule", "leave_out", "leave_out_components", "walk"]


class Loss(NamedTuple):
    """Something that the new version cannot say.

    Args:
        message: What it is.
        pointer: The JSON pointer of its place in the old document.
    """

    message: str
    pointer: str


class Here:
    """The place of the object that a rule converts.

    Attributes:
        tree: The old document.
    """

    def __init__(self, walk: "_Walk", old: Link, brought: Sequence[str]) -> None:
        self.tree = walk.tree
        self.old = old
        self.brought = brought
        self.moved: dict[Steps, Link] = {}
        self._walk = walk

    def lose(self, message: str, *steps: str | int) -> None:
        """Note that the new version cannot say something; the steps lead to it from the object."""
        moved = self.moved.get(tuple(map(str, steps[:1])))
        place = (*steps_of(self.old), *steps) if moved is None else (*steps_of(moved), *steps[1:])
        self._walk.losses.append(Loss(message, join(place)))

    def move(self, old: Iterable[str | int], new: Iterable[str | int]) -> None:
        """Note that a part of the object stands elsewhere in the result; both are steps from the object."""
        link = self.old
        for step in old:
            link = (link, str(step))
        self.moved[tuple(map(str, new))] = link

    def bring(self, node: dict[str, Any], what: str) -> dict[str, Any]:
        """Return the target of a reference in its place, with the members beside the reference applied to it.

        Args:
            node: The object with the reference.
            what: What it is, for a message.
        """
        target = follow_references(self.tree, node)
        if node["$ref"] in self.brought or not isinstance(target, dict):
            self.lose(f"{what} that contains itself" if target else f"{what} that is nowhere")
            return {}
        self.brought = (*self.brought, node["$ref"])
        own = {key: value for key, value in node.items() if key != "$ref"}
        steps = past_references(self.tree, from_fragment(node["$ref"]) or ())
        for key in target.keys() - own.keys():
            self.moved[(key,)] = link_of((*(steps or ()), key))
        return {**target, **own}


Rule = Callable[[dict[str, Any], Here], dict[str, Any]]
_Rules = Mapping[ObjectKind, Sequence[Rule]]
"""Kind of an object → the rules that are applied to it in turn."""


def walk(
    tree: dict[str, Any], rules: _Rules, booleans: Mapping[bool, Any] | None = None
) -> tuple[dict[str, Any], list[Loss]]:
    """Return a document to whose objects rules were applied, and what got lost; the argument is not changed.

    Args:
        tree: The document, in which every reference is a pointer.
        rules: The rules.
        booleans: What stands for a schema that is true or false; None if it may stay.
    """
    walking = _Walk(tree, rules, booleans)
    made = walking.convert(tree, DOCUMENT, None, None, {}, ())
    walking.lead_references(made)
    return made, walking.losses


class _Walk:
    def __init__(self, tree: dict[str, Any], rules: _Rules, booleans: Mapping[bool, Any] | None) -> None:
        self.tree, self._rules, self._booleans = tree, rules, booleans
        self.losses: list[Loss] = []
        self._new: dict[Steps, Steps] = {}

    def convert(
        self,
        node: Any,
        kind: ObjectKind,
        old: Link,
        new: Link,
        moved: Mapping[Steps, Link],
        brought: Sequence[str],
    ) -> Any:
        """Return a part of the document converted.

        Args:
            node: The part.
            kind: The kind of the part.
            old: The steps to it in the old document.
            new: The steps to it in the new one.
            moved: The parts in it that have come from elsewhere: steps to each from here → its steps in the old one.
            brought: The references around it whose targets were brought here.
        """
        if () in moved:
            old = moved[()]
            self._new.setdefault(steps_of(old), steps_of(new))
        if isinstance(node, bool) and kind is SCHEMA and self._booleans is not None:
            return self._booleans[node]
        if isinstance(node, list):
            return [
                self.convert(item, kind, (old, index), (new, index), _below(moved, str(index)), brought)
                for index, item in enumerate(node)
            ]
        if not isinstance(node, dict):
            return node
        if rules := self._rules.get(kind):
            here = Here(self, old, brought)
            for rule in rules:
                node = rule(node, here)
            moved, brought = {**moved, **here.moved}, here.brought
        if kind is EXAMPLE:
            return node
        made = {}
        for key, value in node.items():
            inner = kind_below(kind, key, value)
            if inner is DATA or (key == "additionalProperties" and isinstance(value, bool)):
                made[key] = value
            else:
                below = _below(moved, key) if moved else moved
                made[key] = self.convert(value, inner, (old, key), (new, key), below, brought)
        return made

    def lead_references(self, made: dict[str, Any]) -> None:
        """Let references lead to the new places; a target that is nowhere becomes a component."""
        waiting = list(all_sites(made))
        known: dict[str, str] = {}
        while waiting:
            site = waiting.pop()
            steps = from_fragment(site.ref) if isinstance(site.ref, str) else None
            if steps is None or site.keyword not in {"$ref", "mapping"}:
                continue
            if site.ref not in known:
                known[site.ref] = self._led(made, site, steps, waiting)
            site.node[site.name or site.keyword] = known[site.ref]

    def _led(self, made: dict[str, Any], site: Site, steps: Steps, waiting: list[Site]) -> str:
        """Return the reference that leads to the same part in the new document."""
        old = past_references(self.tree, steps)
        if old is None:
            return str(site.ref)
        new = self._new_steps(old)
        if follow(made, new) is not MISSING:
            return str(site.ref) if new == steps else fragment_of(new)
        section = site.kind.section
        part = follow(self.tree, old)
        if not section or part is MISSING:
            return str(site.ref)
        named = made.setdefault("components", {}).setdefault(section, {})
        new = ("components", section, _free_name(old, named))
        self._new[old] = new
        named[new[-1]] = self.convert(part, site.kind, link_of(old), link_of(new), {}, ())
        waiting.extend(sites_of(named[new[-1]], site.kind, link_of(new)))
        return fragment_of(new)

    def _new_steps(self, old: Steps) -> Steps:
        for length in range(len(old) if self._new else 0, 0, -1):
            if old[:length] in self._new:
                return (*self._new[old[:length]], *old[length:])
        return old


def _below(moved: Mapping[Steps, Link], step: str) -> Mapping[Steps, Link]:
    """Return what has come from elsewhere into a member, with the steps from there."""
    return {steps[1:]: old for steps, old in moved.items() if steps[:1] == (step,)}


def _free_name(old: Steps, taken: Mapping[str, Any]) -> str:
    """Return a name for a component that is made of a part of the document."""
    name = "".join(char if char.isascii() and (char.isalnum() or char in "._-") else "_" for char in old[-1])
    names: Iterator[str] = (f"{name}-{number}" for number in count(2))
    return name if name not in taken else next(each for each in names if each not in taken)


def leave_out(
    made: dict[str, Any], here: Here, owner: str, *fields: str, at: tuple[str | int, ...] = ()
) -> dict[str, Any]:
    """Remove fields from an object, note those that were there as lost, and return the object.

    Args:
        made: The object, which is changed.
        owner: What it is, for messages.
        fields: The fields.
        at: The steps to it from the place.
    """
    for field in fields:
        if field in made:
            del made[field]
            here.lose(f"`{field}` of {owner}", *at, field)
    return made


def leave_out_components(made: dict[str, Any], here: Here, section: str, owner: str) -> None:
    """Remove a section from the components of a document; wherever one of them is referred to, it is brought there."""
    components = made.get("components")
    if not isinstance(components, dict) or section not in components:
        return
    made["components"] = {key: value for key, value in components.items() if key != section}
    used = {str(site.ref) for site in sites_of(here.tree)}
    for name in components[section]:
        if fragment_of(("components", section, name)) not in used:
            here.lose(f"{owner} that nothing refers to", "components", section, name)
