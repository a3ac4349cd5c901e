"""The places that the parts of a document's files get in the document that is put together from them."""

import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

from dynacli.document.references.reference_graph import Part, ReferenceGraph, Use
from dynacli.document.references.scan import Steps

__all__ = ["Placement"]

_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9._-]+")  # OpenAPI 3.1.1, "Components Object"
_DEFINITIONS = frozenset({"definitions", "$defs"})


class Placement:
    """The places of all parts.

    - A part that takes the place of the references to it has the place of the first of them.
    - A component that holds nothing but a reference has the referenced part in its place.
    - A part inside of another part stays there.
    - All other parts become new components, named after their key or file.

    Args:
        sections: Section of components → the steps to it.
        has_definitions: Whether schemas of the document may hold definitions of other schemas.
    """

    def __init__(
        self, graph: ReferenceGraph, sections: Mapping[str, Steps], *, has_definitions: bool
    ) -> None:
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
        self._fill_components()
        for part in graph.parts:
            self._place(part)

    def steps_to(self, part: Part) -> Steps:
        """Return the steps to a part in the document."""
        return self._places[part]

    def is_inside_another(self, part: Part) -> bool:
        """Return whether a part is inside of another part of its file."""
        return any(
            (part.file.number, part.steps[:length]) in self._around for length in range(len(part.steps))
        )

    def _fill_components(self) -> None:
        """Place parts into the components that hold nothing but a reference to them."""
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
        """Return the steps to a reference in the document; None where they depend on the places of new components."""
        inner: Steps = ()
        while not use.within.is_in_root:
            inner = use.steps[len(use.within.steps) :] + inner
            if use.within.section:
                return None
            use = use.within.uses[0]
        return use.steps + inner

    def _place(self, part: Part) -> Steps | None:
        """Return the place of a part; None where it depends on a place that is being determined already."""
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
            place = self._determine(part)
        finally:
            self._busy.discard(part)
        if place is not None:
            self._places[part] = place
        return place

    def _determine(self, part: Part) -> Steps | None:
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
        taken_names = self._taken.get(part.section)
        if taken_names is None:
            taken_names = self._taken[part.section] = set(self._names_of(self._sections[part.section]))
        wanted = _wanted_name(part)
        name, number = wanted, 1
        while name in taken_names:
            number += 1
            name = f"{wanted}_{number}"
        taken_names.add(name)
        return name

    def _names_of(self, section: Steps) -> Iterable[str]:
        """Return the names that a section will have, those from files that take the place of a reference included."""
        nodes = [self._graph.parts[0].value]
        for step in section:
            nodes = [layer[step] for node in nodes for layer in self._layers(node) if step in layer]
        return [name for node in nodes for layer in self._layers(node) for name in layer]

    def _layers(self, node: Any) -> list[dict[str, Any]]:
        """Return an object and, where it is a reference, the objects that will take its place."""
        layers = []
        seen: set[int] = set()
        while isinstance(node, dict) and id(node) not in seen:
            seen.add(id(node))
            layers.append(node)
            use = self._replaced.get(id(node))
            node = use.target.value if use else None
        return layers


def _wanted_name(part: Part) -> str:
    """Return a name for a part: its key, or else the name of its file."""
    file = unquote(urlsplit(part.file.uri).path.rpartition("/")[2])
    stem = file.rpartition(".")[0] or file
    last = part.steps[-1] if part.steps else stem
    if part.steps and last.isdigit():
        last = "-".join(part.steps[-2:])
    name = _NOT_IN_NAMES.sub("_", last).strip("_") or _NOT_IN_NAMES.sub("_", stem).strip("_")
    return name or part.section
