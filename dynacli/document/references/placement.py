"""Says where each part of a document's files stands when they are one document."""

import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

from dynacli.document.references.graph import Graph, Part, Use
from dynacli.document.references.scan import Steps

__all__ = ["Placement"]

_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9._-]+")  # OpenAPI 3.1.1, "Components Object"
_DEFINITIONS = frozenset({"definitions", "$defs"})


class Placement:
    """The places of all parts; each one that needs a name in the components gets it.

    - A part that is put in place of what refers to it stands where it is referred to first.
    - An entry of the components that is nothing but a reference gets what it refers to.
    - What is inside of another part stays there.
    - All others become new components, named after where they come from.

    Args:
        graph: The parts.
        sections: The steps to each section of components.
        has_definitions: Whether schemas of the document may hold definitions of further ones.
    """

    def __init__(self, graph: Graph, sections: Mapping[str, Steps], *, has_definitions: bool) -> None:
        self.added: list[tuple[Part, Steps]] = []
        self._graph = graph
        self._sections = sections
        self._has_definitions = has_definitions
        self._places: dict[Part, Steps] = {}
        self._busy: set[Part] = set()
        self._replaced = {id(use.site.node): use for use in graph.uses if use.is_replaced}
        self._taken: dict[str, set[str]] = {}
        self._around: dict[tuple[int, Steps], list[Part]] = {}
        for part in graph.parts:
            if not part.is_copy:
                self._around.setdefault((part.file.number, part.steps), []).append(part)
        self._fill_slots()
        for part in graph.parts:
            self._place(part)

    def of(self, part: Part) -> Steps:
        """Return the steps to a part in the one document."""
        return self._places[part]

    def is_inside_another(self, part: Part) -> bool:
        """Tell whether a part is inside of another part, in their file."""
        return any(
            (part.file.number, part.steps[:length]) in self._around for length in range(len(part.steps))
        )

    def _fill_slots(self) -> None:
        for part in self._graph.parts:
            if part.is_in_root or part.section not in self._sections:
                continue
            section = self._sections[part.section]
            for use in part.uses:
                if use.site.keyword != "$ref" or len(use.site.node) > 1:
                    continue
                place = self._fixed(use)
                if place is not None and len(place) == len(section) + 1 and place[:-1] == section:
                    use.is_replaced = True
                    self._places[part] = place
                    break

    def _fixed(self, use: Use) -> Steps | None:
        """Return where a reference stands, if that does not hang on where components are put."""
        rest: Steps = ()
        while not use.within.is_in_root:
            rest = use.steps[len(use.within.steps) :] + rest
            if use.within.section:
                return None
            use = use.within.uses[0]
        return use.steps + rest

    def _place(self, part: Part) -> Steps | None:
        """Return the place of a part; None where it hangs on a place that is being looked for already."""
        if part in self._places:
            return self._places[part]
        if part.is_in_root and part.section:
            self._places[part] = part.steps
            return part.steps
        if part.order == 0:
            self._places[part] = ()
            return ()
        if part in self._busy:
            return None
        self._busy.add(part)
        try:
            place = self._where(part)
        finally:
            self._busy.discard(part)
        if place is not None:
            self._places[part] = place
        return place

    def _where(self, part: Part) -> Steps | None:
        if not part.section:
            use = part.uses[0]
            around = self._place(use.within)
            return None if around is None else around + use.steps[len(use.within.steps) :]
        for length in () if part.is_copy else range(len(part.steps)):
            inner = part.steps[length:]
            if not self._has_definitions and not _DEFINITIONS.isdisjoint(inner[:-1]):
                continue
            for other in self._around.get((part.file.number, part.steps[:length]), ()):
                if other.section or other.order < part.order:
                    around = self._place(other)
                    if around is not None:
                        return around + inner
        place = (*self._sections[part.section], self._name(part))
        self.added.append((part, place))
        return place

    def _name(self, part: Part) -> str:
        taken = self._taken.get(part.section)
        if taken is None:
            taken = self._taken[part.section] = set(self._names_of(self._sections[part.section]))
        wanted = _wanted_name(part)
        name, number = wanted, 1
        while name in taken:
            number += 1
            name = f"{wanted}_{number}"
        taken.add(name)
        return name

    def _names_of(self, section: Steps) -> Iterable[str]:
        """Return the names of a section as they will be, with those that another file has for it."""
        nodes = [self._graph.parts[0].value]
        for step in section:
            nodes = [one[step] for node in nodes for one in self._layers(node) if step in one]
        return [name for node in nodes for one in self._layers(node) for name in one]

    def _layers(self, node: Any) -> list[dict[str, Any]]:
        """Return an object and what will be put in its place."""
        found = []
        seen: set[int] = set()
        while isinstance(node, dict) and id(node) not in seen:
            seen.add(id(node))
            found.append(node)
            use = self._replaced.get(id(node))
            node = use.target.value if use else None
        return found


def _wanted_name(part: Part) -> str:
    """Return what a part is called where it comes from: its key, else its file."""
    file = unquote(urlsplit(part.file.uri).path.rpartition("/")[2])
    stem = file.rpartition(".")[0] or file
    last = part.steps[-1] if part.steps else stem
    if part.steps and last.isdigit():
        last = "-".join(part.steps[-2:])
    name = _NOT_IN_NAMES.sub("_", last).strip("_") or _NOT_IN_NAMES.sub("_", stem).strip("_")
    return name or part.section
