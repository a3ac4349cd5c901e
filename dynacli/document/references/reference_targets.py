"""The places that references lead to, across the files of a document."""

from itertools import takewhile
from typing import NamedTuple

from dynacli.document.file_names import file_name
from dynacli.document.pointer import follow, follow_partly, from_fragment
from dynacli.document.references.document_files import Files, OpenFile, UnreadableError, absolute
from dynacli.document.references.scan import Steps

__all__ = ["Target", "TargetFinder"]

_MAX_HOPS = 100
_CIRCLE = "it leads around in a circle of references"


class Target(NamedTuple):
    """The place that a reference leads to.

    Args:
        file: The file that it is in.
        steps: The steps to it, with references on the way followed.
    """

    file: OpenFile
    steps: Steps


class TargetFinder:
    """Finds the targets of references, each spelling once.

    Args:
        files: The files that were read so far; references to others open them.
    """

    def __init__(self, files: Files) -> None:
        self._files = files
        self._known: dict[tuple[int, Steps, str, Steps], Target | str] = {}
        self._ends: dict[tuple[int, Steps], Target | str] = {}

    def find(self, file: OpenFile, steps: Steps, ref: str) -> Target:
        """Return the target of a reference; of a chain of references the first target that is in the root document.

        Args:
            file: The file that the reference is in.
            steps: The steps to the object that holds it.
            ref: The reference as written.

        Raises:
            UnreadableError: It leads nowhere, in a circle, or to a file that cannot be read.
        """
        fragment = ref.partition("#")[2]
        # Where several anchors have the same name, the place of the reference decides between them.
        near = steps if fragment and not fragment.startswith("/") else ()
        key = file.number, file.resource_at(steps), ref, near
        if key not in self._known:
            try:
                self._known[key] = self._past_aliases(self._locate(file, key[1], steps, ref, 0))
            except UnreadableError as error:
                self._known[key] = str(error)
        target = self._known[key]
        if isinstance(target, str):
            raise UnreadableError(target)
        return target

    def forget_failures(self) -> None:
        """Let references that led nowhere be looked up again, because more files are known now."""
        self._known = {key: target for key, target in self._known.items() if not isinstance(target, str)}
        self._ends = {place: end for place, end in self._ends.items() if not isinstance(end, str)}

    def _past_aliases(self, target: Target) -> Target:
        """Return the end of a chain of objects that hold nothing but a reference to the next.

        The chain ends at the first object in the root document, because its parts have names of their own.
        Every place on the way learns its end, or a chain of references to each of its members would be followed anew
        for each of them.
        """
        way: dict[tuple[int, Steps], Target] = {}
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
            except UnreadableError as error:
                known = str(error)
                break
        for place, passed in reversed(way.items()):
            # An object in the root document is the target, whatever its own reference leads to but a circle.
            if passed.file.number == 0 and known != _CIRCLE:
                known = passed
            self._ends[place] = known
        if isinstance(known, str):
            raise UnreadableError(known)
        return known

    def _locate(self, file: OpenFile, resource: Steps, steps: Steps, ref: str, hops: int) -> Target:
        head, _, fragment = ref.partition("#")
        if not ref:
            raise UnreadableError("it is empty")
        starts = [self._open(file, resource, head) if head else Target(file, resource)]
        if starts[0].steps:
            # In JSON Schema a pointer starts at the schema with the `$id`; many documents mean their own root.
            starts.append(Target(starts[0].file, ()))
        for start in starts:
            target = self._at_fragment(start, fragment, steps if start.file is file else (), hops)
            if target is not None:
                return target
        in_file = f" in `{file_name(starts[0].file.uri)}`" if head else ""
        raise UnreadableError(f"there is nothing at `#{fragment}`{in_file}")

    def _open(self, file: OpenFile, resource: Steps, head: str) -> Target:
        """Return the document or the schema that the URI of a reference means.

        The base is tried in this order: the `$id` around the reference, the file's `$self`, the file's own URI.
        Many schemas have an `$id` that nothing is served at, and references in a copy of a document are relative
        to where the copy is.
        """
        bases = [file.base, file.uri]
        if resource:
            bases.insert(0, file.resources[resource])
        candidates = list(dict.fromkeys(absolute(base, head) for base in bases))
        is_remote = bool(file.uri) and not file.uri.startswith("file:")
        if is_remote and any(uri.startswith("file:") for uri in candidates):
            # Even where such a file may be read, a document from the network must not choose it.
            raise UnreadableError("a remote document may not lead to files of this machine")
        for uri in candidates:
            if uri in self._files.ids:
                return Target(*self._files.ids[uri])
            known = self._files.known(uri)
            if known is not None:
                return Target(known, ())
        failure = None
        for uri in candidates:
            try:
                return Target(self._files.open(uri), ())
            except UnreadableError as error:
                failure = failure or error
        raise failure or UnreadableError("it is empty")

    def _at_fragment(self, start: Target, fragment: str, near: Steps, hops: int) -> Target | None:
        file = start.file
        anchored = file.anchors.get(fragment)
        if anchored and fragment:
            return Target(file, nearest(anchored, start.steps, near))
        steps = from_fragment(f"#{fragment}")
        return None if steps is None else self._walk(file, start.steps + steps, hops)

    def _walk(self, file: OpenFile, steps: Steps, hops: int) -> Target | None:
        """Return the place at the end of the steps, with references on the way followed; None where there is none."""
        node, length = follow_partly(file.tree, steps)
        if length == len(steps):
            return Target(file, steps)
        ref = node.get("$ref") if isinstance(node, dict) else None
        if not isinstance(ref, str) or hops >= _MAX_HOPS:
            return None
        here = steps[:length]
        target = self._locate(file, file.resource_at(here), here, ref, hops + 1)
        return self._walk(target.file, target.steps + steps[length:], hops + 1)


def nearest(anchored: list[tuple[Steps, Steps]], resource: Steps, near: Steps) -> Steps:
    """Return the place that an anchor of several places means: the nearest in the resource, else the nearest of all.

    Args:
        anchored: The steps to each place's resource, and to the place.
        resource: The steps to the resource that the reference is resolved in.
        near: The steps to the reference.
    """
    own = [place for around, place in anchored if around == resource] or [place for _, place in anchored]
    return max(own, key=lambda place: _shared(place, near))


def _shared(left: Steps, right: Steps) -> int:
    """Return how many steps both start with."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(left, right, strict=False)))
