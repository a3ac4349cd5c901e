"""Puts the files of a document into one tree, in which every reference is a pointer.

Three steps, each linear in what is read:

1. `graph`: every reference is found, starting with the file that was named, and what it leads to is a part;
2. `placement`: every part gets a place in the document, and every reference becomes the pointer to it;
3. here the parts are moved to their places, or copied where they are needed more than once.

A reference that cannot be followed stays, with a warning.
"""

from bisect import bisect_left
from dataclasses import dataclass
from typing import Any, NamedTuple

from dynacli.document.limits import MAX_DEPTH, MAX_NODES
from dynacli.document.objects import SCHEMA, sections_of
from dynacli.document.pointer import follow, fragment_of, join
from dynacli.document.references.document_files import Files, absolute
from dynacli.document.references.graph import Graph, Part, Use
from dynacli.document.references.place_origins import Move, Origins, Place
from dynacli.document.references.placement import Placement
from dynacli.document.references.scan import KNOWN_DIALECTS, Steps

__all__ = ["Bundled", "bundle"]

_MAX_COPIED = MAX_NODES // 4
"""How many values may be copied because parts are in place of several references."""

_MAX_PLACES = 200_000
"""How many parts are told where they came from, those inside of others counted each time."""

_MAX_NESTED = 50
"""How many parts may be put in place inside of each other."""


@dataclass(frozen=True)
class Bundled:
    """One document made of its files.

    Args:
        tree: The document.
        origins: Where its parts stand in the files.
        warnings: (message, place) of each reference that cannot be followed.
        unread: Each such reference as it stands in the tree → why.
    """

    tree: dict[str, Any]
    origins: Origins
    warnings: tuple[tuple[str, Place], ...]
    unread: dict[str, str]


def bundle(files: Files, version: str) -> Bundled:
    """Return one document with all that the file that was named leads to; the trees of the files are used up.

    Args:
        files: With the one that was named.
        version: Of that one.
    """
    sections = sections_of(version)
    graph = Graph(files, frozenset(sections))
    has_definitions = version not in {"2.0", "3.0"}
    placement = Placement(graph, sections, has_definitions=has_definitions)
    return _Assembly(graph, placement, has_definitions=has_definitions).run()


class _Moved(NamedTuple):
    """A part, or what stands beside a reference to one, where it was put."""

    steps: Steps
    file: int
    origin: Steps


class _Assembly:
    """The moving of the parts to their places."""

    def __init__(self, graph: Graph, placement: Placement, *, has_definitions: bool) -> None:
        self.has_definitions = has_definitions
        self.graph = graph
        self.placement = placement
        self.unread: dict[str, str] = {}
        self.warnings = [
            (
                f"`{failure.site.ref}` cannot be followed: {failure.reason}",
                Place(failure.file.number, join(failure.steps)),
            )
            for failure in graph.failures
        ]
        self.warnings.extend(
            (
                f"`{undecided.site.ref}` is taken for any value: {undecided.reason}",
                Place(undecided.file.number, join(undecided.steps)),
            )
            for undecided in graph.undecided
        )
        self.budget = _MAX_COPIED
        self.places_left = _MAX_PLACES
        self.placed: set[int] = set()
        self.busy: set[Part] = set()
        self.replacements: dict[int, Any] = {}
        # The references that are replaced, of each file in the order of their places.
        self.replaced: dict[int, list[tuple[Steps, Use]]] = {}
        self.holders: dict[Use, Any] = {}
        self.moved: dict[Use, list[_Moved]] = {}
        for use in graph.uses:
            if use.is_replaced:
                self.replaced.setdefault(use.within.file.number, []).append((use.steps, use))
                # Before anything moves; the value of a whole file is in nothing.
                self.holders[use] = follow(use.within.file.tree, use.steps[:-1]) if use.steps else None
        for uses in self.replaced.values():
            uses.sort(key=lambda entry: entry[0])

    def run(self) -> Bundled:
        tree: dict[str, Any] = self.graph.parts[0].value
        self._rewrite()
        moved = self._complete(self.graph.parts[0], 0)
        for part, steps in self.placement.added:
            inner = self._complete(part, 0)
            value = self._taken(part)
            section = tree
            for step in steps[:-1]:
                if not isinstance(section.get(step), dict):
                    section[step] = {}
                section = section[step]
            section[steps[-1]] = {} if value is None else value
            moved.append(_Moved(steps, part.file.number, part.steps))
            moved.extend(_Moved(steps + one.steps, one.file, one.origin) for one in inner)
        moves = (Move(join(one.steps), one.file, join(one.origin)) for one in moved)
        return Bundled(tree, Origins(moves), tuple(self.warnings), self.unread)

    def _rewrite(self) -> None:
        """Turn every reference into the pointer to the place of what it leads to."""
        for use in self.graph.uses:
            site = use.site
            ref = fragment_of(self.placement.of(use.target))
            if site.keyword == "mapping":
                site.node[site.name] = ref
            elif site.keyword != "$ref" and "$ref" not in site.node:
                # What a dynamic reference leads to does not hang on the way to it any more.
                del site.node[site.keyword]
                site.node["$ref"] = ref
            else:
                site.node[site.keyword] = ref
        root = self.graph.parts[0].file
        for failure in self.graph.failures:
            shown = failure.site.ref
            if failure.file is not root:
                shown = self._as_seen_from_root(failure.file.base, shown)
                failure.site.node[failure.site.name or failure.site.keyword] = shown
            self.unread[shown] = failure.reason
        for undecided in self.graph.undecided:
            del undecided.site.node[undecided.site.keyword]
        # A pointer would start at the schema that has an `$id`, and no reference needs one any more.
        for site in self.graph.identifiers:
            site.node.pop(site.keyword, None)
        for part in self.graph.parts:
            if (
                part.kind is SCHEMA
                and not part.is_in_root
                and not part.steps
                and isinstance(part.value, dict)
            ):
                if str(part.value.get("$schema")).rstrip("#") in KNOWN_DIALECTS:
                    del part.value["$schema"]
                for keyword in () if self.has_definitions else ("definitions", "$defs"):
                    part.value.pop(keyword, None)

    def _as_seen_from_root(self, base: str, ref: str) -> str:
        uri = absolute(base, ref)
        directory = self.graph.parts[0].file.uri.rpartition("/")[0] + "/"
        fragment = "#" + ref.partition("#")[2] if "#" in ref else ""
        return uri.removeprefix(directory) + fragment

    def _complete(self, part: Part, depth: int) -> list[_Moved]:
        """Replace all references inside of a part that are to be; return where in it something was moved to."""
        self.busy.add(part)
        moved: list[_Moved] = []
        # From the end: what stands beside a reference is finished before that is replaced.
        for use in reversed(self._replaced_in(part)):
            found = self.moved.get(use)
            if found is None:
                found = self._replace(use, depth)
            self.places_left -= len(found)
            if self.places_left < 0:
                continue  # places are for messages, and of so many copies nobody looks at the last ones
            start = use.steps[len(part.steps) :]
            moved.extend(_Moved(start + one.steps, one.file, one.origin) for one in found)
        self.busy.discard(part)
        return moved

    def _replaced_in(self, part: Part) -> list[Use]:
        entries = self.replaced.get(part.file.number, [])
        found = []
        for index in range(bisect_left(entries, part.steps, key=lambda entry: entry[0]), len(entries)):
            steps, use = entries[index]
            if steps[: len(part.steps)] != part.steps:
                break
            found.append(use)
        return found

    def _replace(self, use: Use, depth: int) -> list[_Moved]:
        part = use.target
        if part in self.busy:
            return []  # it closes a circle, and stays the pointer to the place around it
        if depth >= _MAX_NESTED:
            return self._left(use, f"more than {_MAX_NESTED} files are nested in each other here")
        inner = self._complete(part, depth + 1)
        try:
            value = self._taken(part)
        except _TooMuchError as error:
            return self._left(use, str(error))
        node = use.site.node
        beside = {key: one for key, one in node.items() if key != "$ref"}
        moved = [_Moved((), part.file.number, part.steps), *inner]
        if beside and isinstance(value, dict):
            value = {**value, **beside}
            moved = [one for one in moved if not one.steps or one.steps[0] not in beside]
            moved.extend(_Moved((key,), use.within.file.number, (*use.steps, key)) for key in beside)
        holder = self.holders[use]
        if isinstance(holder, list):
            holder[int(use.steps[-1])] = value
        elif holder is not None:
            holder[use.steps[-1]] = value
        self.replacements[id(node)] = value
        self.moved[use] = moved
        return moved

    def _left(self, use: Use, reason: str) -> list[_Moved]:
        """Leave a reference as it is, with a warning."""
        file = use.within.file
        message = f"`{use.site.ref}` cannot be followed: {reason}"
        self.warnings.append((message, Place(file.number, join(use.steps))))
        self.unread[use.site.node["$ref"]] = reason
        self.moved[use] = []
        return []

    def _taken(self, part: Part) -> Any:
        """Return the value of a part: itself the first time if nothing else holds it, else a copy.

        Raises:
            _TooMuchError: The copies are too many or too deep.
        """
        value = part.value
        value = self.replacements.get(id(value), value)
        if not isinstance(value, (dict, list)):
            return value
        if id(value) not in self.placed and not self.placement.is_inside_another(part):
            self.placed.add(id(value))
            return value
        return self._copied(value)

    def _copied(self, tree: Any) -> Any:
        top: list[Any] = [None]
        stack: list[tuple[Any, Any, Any, int]] = [(tree, top, 0, 0)]
        while stack:
            node, parent, key, depth = stack.pop()
            self.budget -= 1
            if self.budget < 0:
                raise _TooMuchError(f"more than {_MAX_COPIED:,} values would be copies of others")
            if depth > MAX_DEPTH:
                raise _TooMuchError(f"the document would be nested deeper than {MAX_DEPTH} levels")
            if isinstance(node, dict):
                parent[key] = copy = dict.fromkeys(node)
                stack.extend((value, copy, name, depth + 1) for name, value in node.items())
            elif isinstance(node, list):
                parent[key] = copied = [None] * len(node)
                stack.extend((value, copied, index, depth + 1) for index, value in enumerate(node))
            else:
                parent[key] = node
        return top[0]


class _TooMuchError(Exception):
    """A document would become larger than any may be."""
