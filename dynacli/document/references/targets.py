"""Finds what the references of one file mean, in that file and in the others that it leads to."""

from typing import NamedTuple

from dynacli.document.file_names import file_name
from dynacli.document.pointer import MISSING, follow, from_fragment, step_into
from dynacli.document.references.document_files import Files, OpenFile, UnreadableError, absolute
from dynacli.document.references.scan import Steps

__all__ = ["Target", "Targets"]

_MAX_HOPS = 100


class Target(NamedTuple):
    """What a reference means.

    Args:
        file: Where it stands.
        steps: To it, past further references on the way.
    """

    file: OpenFile
    steps: Steps


class Targets:
    """Follows references through files, each spelling once.

    Args:
        files: Those that were read so far; others are opened as they are met.
    """

    def __init__(self, files: Files) -> None:
        self._files = files
        self._known: dict[tuple[int, Steps, str, Steps], Target | str] = {}

    def find(self, file: OpenFile, steps: Steps, ref: str) -> Target:
        """Return what a reference means; of a chain of references, the first one that is in the root document.

        Args:
            file: Where the reference stands.
            steps: To the object that holds it.
            ref: The reference as written.

        Raises:
            UnreadableError: It leads nowhere, around in a circle, or to what cannot be read.
        """
        fragment = ref.partition("#")[2]
        # Which of several anchors with one name is meant depends on the place; nothing else does.
        near = steps if fragment and not fragment.startswith("/") else ()
        key = file.number, file.resource_at(steps), ref, near
        if key not in self._known:
            try:
                self._known[key] = self._past_aliases(self._locate(file, key[1], steps, ref, 0))
            except UnreadableError as error:
                self._known[key] = str(error)
        found = self._known[key]
        if isinstance(found, str):
            raise UnreadableError(found)
        return found

    def forget_failures(self) -> bool:
        """Look again for what was not found, as more files are known now; tell whether there is any."""
        failed = [key for key, found in self._known.items() if isinstance(found, str)]
        for key in failed:
            del self._known[key]
        return bool(failed)

    def _past_aliases(self, target: Target) -> Target:
        """Return the end of a chain of objects that are nothing but references to the next.

        It ends at the root document already, whose parts have names of their own.
        """
        result = target if target.file.number == 0 else None
        seen: set[tuple[int, Steps]] = set()
        while True:
            node = follow(target.file.tree, target.steps)
            if not isinstance(node, dict) or len(node) != 1 or not isinstance(node.get("$ref"), str):
                return result or target
            if (target.file.number, target.steps) in seen:
                raise UnreadableError("it leads around in a circle of references")
            seen.add((target.file.number, target.steps))
            resource = target.file.resource_at(target.steps)
            try:
                target = self._locate(target.file, resource, target.steps, node["$ref"], 0)
            except UnreadableError:
                # What the root document refers to in its own words is its own affair.
                if result is not None:
                    return result
                raise
            if result is None and target.file.number == 0:
                result = target

    def _locate(self, file: OpenFile, resource: Steps, steps: Steps, ref: str, hops: int) -> Target:
        head, hash_sign, fragment = ref.partition("#")
        if not head:
            if not hash_sign:
                raise UnreadableError("it is empty")
            starts = [Target(file, resource)]
        else:
            starts = [self._open(file, resource, head)]
        if starts[0].steps:
            # By JSON Schema a pointer starts at the schema with the `$id`; many mean the document.
            starts.append(Target(starts[0].file, ()))
        for start in starts:
            found = self._within(start, fragment, steps if start.file is file else (), hops)
            if found is not None:
                return found
        where = f" in `{file_name(starts[0].file.uri)}`" if head else ""
        raise UnreadableError(f"there is nothing at `#{fragment}`{where}")

    def _open(self, file: OpenFile, resource: Steps, head: str) -> Target:
        """Return the document or the schema that a URI means.

        Its base is the `$id` around it, then the file's own name for itself, then where the file is: schemas
        carry identifiers that nobody resolves by, and a copy of a document is still relative to itself.
        """
        bases = [file.base, file.uri]
        if resource:
            bases.insert(0, file.resources[resource])
        candidates = list(dict.fromkeys(absolute(base, head) for base in bases))
        if (
            file.uri
            and not file.uri.startswith("file:")
            and any(uri.startswith("file:") for uri in candidates)
        ):
            # Whatever else may be read: what came over the network does not choose files of this machine.
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

    def _within(self, start: Target, fragment: str, near: Steps, hops: int) -> Target | None:
        file = start.file
        anchored = file.anchors.get(fragment)
        if anchored and fragment:
            return Target(file, nearest(anchored, start.steps, near))
        steps = from_fragment(f"#{fragment}")
        return None if steps is None else self._walk(file, start.steps + steps, hops)

    def _walk(self, file: OpenFile, steps: Steps, hops: int) -> Target | None:
        """Return the place at the end of steps some of which may go through references."""
        taken: list[str] = []
        node = file.tree
        for index, step in enumerate(steps):
            child = step_into(node, step)
            if child is MISSING:
                ref = node.get("$ref") if isinstance(node, dict) else None
                if not isinstance(ref, str) or hops >= _MAX_HOPS:
                    return None
                here = tuple(taken)
                target = self._locate(file, file.resource_at(here), here, ref, hops + 1)
                return self._walk(target.file, target.steps + steps[index:], hops + 1)
            taken.append(step)
            node = child
        return Target(file, tuple(taken))


def nearest(anchored: list[tuple[Steps, Steps]], resource: Steps, near: Steps) -> Steps:
    """Return which of the places with one anchor is meant: of the resource if it has one, then the nearest.

    Args:
        anchored: The steps to each place's resource, and to the place.
        resource: The steps to the resource that the reference is resolved in.
        near: The steps to the reference.
    """
    own = [place for around, place in anchored if around == resource] or [place for _, place in anchored]
    return max(own, key=lambda place: _shared(place, near))


def _shared(one: Steps, other: Steps) -> int:
    count = 0
    for a, b in zip(one, other, strict=False):
        if a != b:
            break
        count += 1
    return count
