"""The merged document, put together from the parts of several documents, with the origins of its parts."""

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from dynacli.document.json_trees import copy_json
from dynacli.document.merging.component_names import UnitNames
from dynacli.document.merging.merged_paths import MergedPath
from dynacli.document.merging.merged_references import Hoisted
from dynacli.document.merging.merged_source import SourceDocument
from dynacli.document.merging.shared_units import Unit, Units
from dynacli.document.pointer import MISSING, follow, join
from dynacli.document.references.place_origins import Move, Origins
from dynacli.document.references.scan import Steps

__all__ = ["Assembly"]

OF_THE_FIRST = frozenset(
    {"openapi", "info", "servers", "security", "externalDocs", "jsonSchemaDialect", "$self"}
)
"""The fields that the merged document has from the first document alone."""


class Assembly:
    """The merged document while it is put together.

    Attributes:
        tree: The merged document; it starts as the first of the documents.

    Args:
        sources: The documents, with their references redirected to places in the merged document.
    """

    def __init__(self, sources: Sequence[SourceDocument], names: UnitNames) -> None:
        self._sources = sources
        self._names = names
        self.tree = sources[0].tree
        self._placed: dict[str, tuple[int, str]] = {"": (0, "")}
        self._removable: set[Unit] = set()

    def add_components(self, units: Sequence[Units], hoisted: Sequence[Hoisted]) -> None:
        """Add the components, the webhooks, and the other top-level fields of the later documents."""
        for source, later_units in zip(self._sources[1:], units[1:], strict=True):
            for unit in later_units.texts:
                self._add_unit(source, unit)
        for source, parts in zip(self._sources, hoisted, strict=True):
            for steps, unit in parts.items():
                self._put(unit, source.number, steps, copy_json(follow(source.tree, steps)))
                self._removable.add(unit)

    def _add_unit(self, source: SourceDocument, unit: Unit) -> None:
        if unit[0] in OF_THE_FIRST or unit[0] in {"paths", "tags"}:
            return
        new = self._names.of(source.number, unit)
        if self._names.owner(source.number, unit) == source.number and follow(self.tree, new) is MISSING:
            self._put(new, source.number, unit, copy_json(follow(source.tree, unit)))
            if new != unit and new[0] == "components":
                self._removable.add(new)

    def add_paths(self, plan: Mapping[str, MergedPath]) -> None:
        """Add the paths of the later documents, and join the paths that several documents have."""
        for name, path in plan.items():
            first, *others = path.taken
            here = ("paths", name)
            if first and not path.is_joined:
                self._put(here, first, here, copy_json(self._sources[first].tree["paths"][name]))
            if not path.is_joined:
                continue
            item = copy_json(self._sources[first].tree["paths"][name])
            if not isinstance(item, dict):
                item = {}
            if path.is_pushed:
                kept = {steps[0] for steps in path.taken[first]}
                item = {key: value for key, value in item.items() if key in kept}
            if first:
                self._put(here, first, here, item)
            else:
                self.tree["paths"][name] = item
            for number in others:
                for steps in path.taken[number]:
                    place = (*here, *steps)
                    self._put(place, number, place, copy_json(follow(self._sources[number].tree, place)))

    def add_tags(self) -> None:
        """Add the tags that the first document does not have, and descriptions to tags without one."""
        for source in self._sources[1:]:
            tags = source.tree.get("tags")
            for index, tag in enumerate(tags if isinstance(tags, list) else ()):
                self._add_tag(source.number, index, tag)

    def _add_tag(self, number: int, index: int, tag: Any) -> None:
        name = tag.get("name") if isinstance(tag, dict) else None
        tags = self.tree.setdefault("tags", [])
        if not isinstance(name, str) or not isinstance(tags, list):
            return
        origin = ("tags", str(index))
        for known, own in enumerate(tags):
            if isinstance(own, dict) and own.get("name") == name:
                if tag.get("description") and not own.get("description"):
                    own["description"] = tag["description"]
                    place = join(("tags", str(known), "description"))
                    self._placed[place] = (number, join((*origin, "description")))
                return
        self._placed[join(("tags", str(len(tags))))] = (number, join(origin))
        tags.append(copy_json(tag))

    def remove_unused(self) -> None:
        """Remove the components with new names that no reference leads to any more."""
        units = Units(self.tree)
        used: set[Unit] = set()
        waiting = [unit for unit in units.texts if unit not in self._removable]
        while waiting:
            unit = waiting.pop()
            if unit not in used and unit in units.needs:
                used.add(unit)
                waiting.extend(units.needs[unit])
        for unit in sorted(self._removable - used):
            holder = follow(self.tree, unit[:-1])
            if isinstance(holder, dict):
                holder.pop(unit[-1], None)
                del self._placed[join(unit)]
                for length in range(len(unit) - 1, 0, -1):
                    self._drop_empty(unit[:length])

    def _drop_empty(self, steps: Steps) -> None:
        """Remove an object that was made for a component that was removed."""
        if join(steps) in self._placed and follow(self.tree, steps) == {}:
            del follow(self.tree, steps[:-1])[steps[-1]]
            del self._placed[join(steps)]

    def _put(self, steps: Steps, number: int, origin: Steps, value: Any) -> None:
        """Put a part at its place, and make the objects around it that are missing."""
        node = self.tree
        for length, step in enumerate(steps[:-1], 1):
            if not isinstance(node.get(step), dict):
                node[step] = {}
                self._placed[join(steps[:length])] = (number, join(origin[:length]))
            node = node[step]
        node[steps[-1]] = value
        self._placed[join(steps)] = (number, join(origin))

    def origins(self) -> Origins:
        """Return the origins of the parts of the merged document in the files of all documents."""
        return Origins(self._moves())

    def _moves(self) -> Iterator[Move]:
        all_origins = [source.origins() for source in self._sources]
        moves = [{move.pointer: move for move in origins} for origins in all_origins]
        sorted_pointers = [sorted(origin_by_pointer) for origin_by_pointer in moves]
        for pointer, (number, old) in self._placed.items():
            offset = self._sources[number].first_file
            place = all_origins[number].locate(old)
            if (number, old) != (0, pointer) or place.file or place.pointer != pointer:
                yield Move(pointer, place.file + offset, place.pointer)
            inside = sorted_pointers[number]
            for index in range(bisect_left(inside, f"{old}/"), len(inside)):
                if not inside[index].startswith(f"{old}/"):
                    break
                new = pointer + inside[index][len(old) :]
                if self._around(new) == pointer:
                    move = moves[number][inside[index]]
                    yield Move(new, move.file + offset, move.origin)

    def _around(self, pointer: str) -> str:
        """Return the innermost part around a place that was put there as a whole."""
        while pointer not in self._placed:
            pointer = pointer.rpartition("/")[0]
        return pointer
