"""Load a document: from fetched bytes to the tree that the compiler reads.

The files of a document become one tree, in which every reference is a pointer. There are three steps, each linear in
the size of the files:

1. `_reference_graph` finds every reference, starting with the file that the user named. The targets are called parts.
2. Every part gets a location in the document.
3. The parts are moved to their locations, and copied if they have several. Every reference becomes a pointer to its
   part.

A reference that cannot be followed stays, with a warning.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Literal, NamedTuple
from urllib.parse import unquote, urlsplit

from dynacli.errors import DocumentError
from dynacli.openapi.document._reference_graph import LinkedPart, ReferenceGraph, ReferenceUse
from dynacli.openapi.document.document_files import File, Files, Opener, absolute
from dynacli.openapi.document.fetched import Fetched
from dynacli.openapi.document.json_trees import follow, fragment_of, join
from dynacli.openapi.document.limits import MAX_DEPTH, MAX_NODES
from dynacli.openapi.document.objects import SCHEMA, sections_of
from dynacli.openapi.document.overlay import Overlaid, Overlay, apply_overlays
from dynacli.openapi.document.parse import parse_document
from dynacli.openapi.document.plain_json import check_limits, check_version
from dynacli.openapi.document.references.cut_document import cut_to_parameters
from dynacli.openapi.document.references.place_origins import Move, Origins, PlaceInFile
from dynacli.openapi.document.references.resolve import resolve
from dynacli.openapi.document.references.scan import KNOWN_DIALECTS, ScanResult, Steps, scan
from dynacli.openapi.document.workarounds import work_around
from dynacli.options.command_table import feature, has_feature

_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9._-]+")  # OpenAPI 3.1.1, "Components Object"
_DEFINITIONS = frozenset({"definitions", "$defs"})
_MAX_COPIED = MAX_NODES // 4
"""Maximum number of values in the copies of parts that replace several references."""
_MAX_PLACES = 200_000
"""Maximum number of recorded origins; the origin of a nested part counts once for each part around it."""
_MAX_NESTED = 50
"""Maximum depth of nested parts that replace references."""


class Problem(NamedTuple):
    """An error in a document, by the OpenAPI specification.

    Args:
        pointer: The JSON pointer of the error.
        message: One sentence about the error, without a final period.
        file: The number of the file with the error; 0 is the file that the user named.
    """

    pointer: str
    message: str
    file: int = 0


class _Placement:
    """The locations of all parts.

    - A part that replaces its references has the location of the first one.
    - If a component holds nothing but a reference, the referenced part replaces the component.
    - A part inside another part stays there.
    - All other parts become new components, named after their key or file.

    Args:
        sections: Section of components → the steps to it.
        has_definitions: Whether schemas of the document may contain definitions of other schemas.
    """

    def __init__(
        self, graph: ReferenceGraph, sections: Mapping[str, Steps], *, has_definitions: bool
    ) -> None:
        self.added: list[tuple[LinkedPart, Steps]] = []
        self._graph = graph
        self._sections = sections
        self._has_definitions = has_definitions
        self._places: dict[LinkedPart, Steps] = {}
        self._busy: set[LinkedPart] = set()
        self._replaced = {id(use.site.node): use for use in graph.uses if use.is_replaced}
        self._taken: dict[str, set[str]] = {}
        self._around: dict[tuple[int, Steps], list[LinkedPart]] = {}
        for part in graph.parts:
            if not part.is_copy:
                self._around.setdefault((part.file.number, part.steps), []).append(part)
        self._fill_components()
        for part in graph.parts:
            self._place(part)

    def steps_to(self, part: LinkedPart) -> Steps:
        """Return the steps to a part in the document."""
        return self._places[part]

    def is_inside_another(self, part: LinkedPart) -> bool:
        """Return whether a part is inside another part of its file."""
        return any(
            (part.file.number, part.steps[:length]) in self._around for length in range(len(part.steps))
        )

    def _fill_components(self) -> None:
        """Let parts replace the components that hold nothing but a reference to them."""
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

    def _fixed(self, use: ReferenceUse) -> Steps | None:
        """Return the steps to a reference in the document; None if they depend on the names of new components."""
        inner: Steps = ()
        while not use.within.is_in_root:
            inner = use.steps[len(use.within.steps) :] + inner
            if use.within.section:
                return None
            use = use.within.uses[0]
        return use.steps + inner

    def _place(self, part: LinkedPart) -> Steps | None:
        """Return the location of a part; None if it depends on the location of a part that is not determined yet."""
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

    def _determine(self, part: LinkedPart) -> Steps | None:
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

    def _name(self, part: LinkedPart) -> str:
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
        """Return the names that a section will have, including names from files that replace a reference."""
        nodes = [self._graph.parts[0].value]
        for step in section:
            nodes = [layer[step] for node in nodes for layer in self._layers(node) if step in layer]
        return [name for node in nodes for layer in self._layers(node) for name in layer]

    def _layers(self, node: Any) -> list[dict[str, Any]]:
        """Return an object and, if it is a reference, the objects that will replace it."""
        layers = []
        seen: set[int] = set()
        while isinstance(node, dict) and id(node) not in seen:
            seen.add(id(node))
            layers.append(node)
            use = self._replaced.get(id(node))
            node = use.target.value if use else None
        return layers


def _wanted_name(part: LinkedPart) -> str:
    """Return a name for a part: its key if it has one, otherwise the name of its file."""
    file = unquote(urlsplit(part.file.uri).path.rpartition("/")[2])
    stem = file.rpartition(".")[0] or file
    last = part.steps[-1] if part.steps else stem
    if part.steps and last.isdigit():
        last = "-".join(part.steps[-2:])
    name = _NOT_IN_NAMES.sub("_", last).strip("_") or _NOT_IN_NAMES.sub("_", stem).strip("_")
    return name or part.section


@dataclass(frozen=True)
class _Bundled:
    """A document that was joined from its files.

    Args:
        tree: The document.
        origins: The locations of its parts in the files.
        warnings: A message and the location, for each reference that cannot be followed.
        unread: Each of these references, as written in the tree → the reason.
    """

    tree: dict[str, Any]
    origins: Origins
    warnings: tuple[tuple[str, PlaceInFile], ...]
    unread: dict[str, str]


def _bundle(files: Files, version: str) -> _Bundled:
    """Join the files of a document, whose trees become parts of the result.

    Args:
        files: The files; only the file that the user named is read already.
    """
    sections = sections_of(version)
    graph = ReferenceGraph(files, frozenset(sections))
    has_definitions = version not in {"2.0", "3.0"}
    placement = _Placement(graph, sections, has_definitions=has_definitions)
    return _Assembly(graph, placement, has_definitions=has_definitions).run()


class _Moved(NamedTuple):
    """A part, or a value beside a reference, that was moved.

    Args:
        steps: The steps to the new location.
        file: The number of the file that it came from.
        origin: The steps to it in that file.
    """

    steps: Steps
    file: int
    origin: Steps


class _Assembly:
    """A document while its parts are moved to their locations."""

    def __init__(self, graph: ReferenceGraph, placement: _Placement, *, has_definitions: bool) -> None:
        self.has_definitions = has_definitions
        self.graph = graph
        self.placement = placement
        self.unread: dict[str, str] = {}
        self.warnings: list[tuple[str, PlaceInFile]] = []
        for effect, failures in (
            ("cannot be followed", graph.failures),
            ("accepts any value", graph.undecided),
        ):
            for failure in failures:
                message = f"`{failure.site.ref}` {effect}: {failure.reason}"
                self.warnings.append((message, PlaceInFile(failure.file.number, join(failure.steps))))
        self.budget = _MAX_COPIED
        self.places_left = _MAX_PLACES
        self.placed: set[int] = set()
        self.busy: set[LinkedPart] = set()
        self.replacements: dict[int, Any] = {}
        # The references to replace, by file and in the order of their locations.
        self.replaced: dict[int, list[tuple[Steps, ReferenceUse]]] = {}
        self.holders: dict[ReferenceUse, Any] = {}
        self.moved: dict[ReferenceUse, list[_Moved]] = {}
        for use in graph.uses:
            if use.is_replaced:
                self.replaced.setdefault(use.within.file.number, []).append((use.steps, use))
                # Look it up before anything moves. A whole file has no holder.
                self.holders[use] = follow(use.within.file.tree, use.steps[:-1]) if use.steps else None
        for uses in self.replaced.values():
            uses.sort(key=lambda entry: entry[0])

    def run(self) -> _Bundled:
        tree: dict[str, Any] = self.graph.parts[0].value
        self._rewrite()
        moved = self._complete(self.graph.parts[0], 0)
        for part, steps in self.placement.added:
            inner = self._complete(part, 0)
            value = self._take(part)
            section = tree
            for step in steps[:-1]:
                if not isinstance(section.get(step), dict):
                    section[step] = {}
                section = section[step]
            section[steps[-1]] = {} if value is None else value
            moved.append(_Moved(steps, part.file.number, part.steps))
            moved.extend(move._replace(steps=steps + move.steps) for move in inner)
        moves = (Move(join(move.steps), move.file, join(move.origin)) for move in moved)
        return _Bundled(tree, Origins(moves), tuple(self.warnings), self.unread)

    def _rewrite(self) -> None:
        """Turn every reference into a pointer to its target."""
        for use in self.graph.uses:
            site = use.site
            ref = fragment_of(self.placement.steps_to(use.target))
            if site.keyword == "mapping":
                site.node[site.name] = ref
            elif site.keyword != "$ref" and "$ref" not in site.node:
                # Copies have bound the dynamic references, so each has one meaning, like a `$ref`.
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
        # An `$id` would change the meaning of pointers inside its schema, and no reference needs identifiers any more.
        for site in self.graph.identifiers:
            site.node.pop(site.keyword, None)
        for part in self.graph.parts:
            is_whole_file = not part.is_in_root and not part.steps
            if part.kind is SCHEMA and is_whole_file and isinstance(part.value, dict):
                if str(part.value.get("$schema")).rstrip("#") in KNOWN_DIALECTS:
                    del part.value["$schema"]
                for keyword in () if self.has_definitions else ("definitions", "$defs"):
                    part.value.pop(keyword, None)

    def _as_seen_from_root(self, base: str, ref: str) -> str:
        uri = absolute(base, ref)
        directory = self.graph.parts[0].file.uri.rpartition("/")[0] + "/"
        fragment = "#" + ref.partition("#")[2] if "#" in ref else ""
        return uri.removeprefix(directory) + fragment

    def _complete(self, part: LinkedPart, depth: int) -> list[_Moved]:
        """Replace references in a part with their targets, and return the values that were moved into it."""
        self.busy.add(part)
        moved: list[_Moved] = []
        # From the end, so that the values beside a reference are complete before the reference is replaced.
        for use in reversed(self._replaced_in(part)):
            inner = self.moved[use] if use in self.moved else self._replace(use, depth)
            self.places_left -= len(inner)
            if self.places_left < 0:
                continue  # origins are only for messages, so a limited number is enough
            start = use.steps[len(part.steps) :]
            moved.extend(move._replace(steps=start + move.steps) for move in inner)
        self.busy.discard(part)
        return moved

    def _replaced_in(self, part: LinkedPart) -> list[ReferenceUse]:
        entries = self.replaced.get(part.file.number, [])
        uses = []
        for index in range(bisect_left(entries, part.steps, key=lambda entry: entry[0]), len(entries)):
            steps, use = entries[index]
            if steps[: len(part.steps)] != part.steps:
                break
            uses.append(use)
        return uses

    def _replace(self, use: ReferenceUse, depth: int) -> list[_Moved]:
        part = use.target
        if part in self.busy:
            return []  # the reference closes a cycle, so it stays a pointer to the part around it
        if depth >= _MAX_NESTED:
            return self._leave(use, f"more than {_MAX_NESTED} files are nested in each other here")
        inner = self._complete(part, depth + 1)
        try:
            value = self._take(part)
        except _TooMuchError as error:
            return self._leave(use, str(error))
        node = use.site.node
        beside = {key: member for key, member in node.items() if key != "$ref"}
        moved = [_Moved((), part.file.number, part.steps), *inner]
        if beside and isinstance(value, dict):
            value = {**value, **beside}
            moved = [move for move in moved if not move.steps or move.steps[0] not in beside]
            moved.extend(_Moved((key,), use.within.file.number, (*use.steps, key)) for key in beside)
        holder = self.holders[use]
        if holder is not None:
            holder[int(use.steps[-1]) if isinstance(holder, list) else use.steps[-1]] = value
        self.replacements[id(node)] = value
        self.moved[use] = moved
        return moved

    def _leave(self, use: ReferenceUse, reason: str) -> list[_Moved]:
        """Leave a reference as it is, with a warning."""
        file = use.within.file
        message = f"`{use.site.ref}` cannot be followed: {reason}"
        self.warnings.append((message, PlaceInFile(file.number, join(use.steps))))
        self.unread[use.site.node["$ref"]] = reason
        self.moved[use] = []
        return []

    def _take(self, part: LinkedPart) -> Any:
        """Return the value of a part, or a copy if it was taken before or is inside another part.

        Raises:
            _TooMuchError: The copies are too large or too deep.
        """
        value = self.replacements.get(id(part.value), part.value)
        if not isinstance(value, (dict, list)):
            return value
        if id(value) not in self.placed and not self.placement.is_inside_another(part):
            self.placed.add(id(value))
            return value
        return self._copy(value)

    def _copy(self, tree: Any) -> Any:
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
                parent[key] = copies = [None] * len(node)
                stack.extend((value, copies, index, depth + 1) for index, value in enumerate(node))
            else:
                parent[key] = node
        return top[0]


class _TooMuchError(Exception):
    """A document would become larger than the limits allow."""


@dataclass(frozen=True)
class Document:
    """A loaded document.

    Args:
        tree: The document in OpenAPI 3, as plain JSON. Its references are pointers within it, except those in `unread`.
        version: The version of the tree.
        written_in: The value of `openapi` or `swagger` in the document.
        files: The files of the document: the file that the user named, its overlays, then the others.
        origins: The locations in those files that the parts of the tree come from.
        warnings: For each warning a sentence and the location.
        missing: The absolute URIs of the files that could not be read, although dynacli is allowed to read them.
        unread: Each reference of the tree that cannot be followed, as written → the reason.
    """

    tree: dict[str, Any]
    version: Literal["3.0", "3.1", "3.2"]
    written_in: str
    files: tuple[File, ...]
    origins: Origins
    warnings: tuple[tuple[str, PlaceInFile], ...]
    missing: tuple[str, ...] = ()
    unread: Mapping[str, str] = field(default_factory=dict)

    @property
    def uri(self) -> str:
        """The URI of the document; empty for standard input.

        URLs of servers are relative to it. `$self` is a base only for references
        (OpenAPI 3.2.0, "Examples of API Base URL Determination").
        """
        return self.files[0].uri

    @property
    def content(self) -> bytes:
        """The text of the file that the user named, in UTF-8 without a byte order mark."""
        return self.files[0].content

    @cached_property
    def scan(self) -> ScanResult:
        """The references of the document: with a target in it, without a target, and to other documents."""
        return scan(self.tree, self.uri)

    def with_tree(self, tree: dict[str, Any]) -> Document:
        """Return the document with another tree, which has the same references at the same locations."""
        other = replace(self, tree=tree)
        vars(other)["scan"] = self.scan
        return other

    @cached_property
    def resolved(self) -> Any:
        """The tree with its references replaced; subtrees are shared, cycles stay `$ref`s."""
        return resolve(self.tree, uri=self.uri)

    @cached_property
    def resolved_parameters(self) -> Any:
        """The paths with the parameters of their operations, and with references replaced as in `resolved`."""
        return resolve(cut_to_parameters(self.tree), uri=self.uri)

    @cached_property
    def problems(self) -> list[Problem]:
        """The errors in the document by the OpenAPI specification; dynacli uses the document anyway."""
        if not has_feature("specification"):
            return []
        problems: list[Problem] = feature("specification.report").report(self.tree, self.version, self.scan)
        places = [self.origins.locate(problem.pointer) for problem in problems]
        return [
            problem._replace(pointer=place.pointer, file=place.file)
            for problem, place in zip(problems, places, strict=True)
        ]


def load(
    content: bytes | Fetched,
    name: str,
    uri: str = "",
    *,
    opener: Opener | None = None,
    overlays: Sequence[Overlay] = (),
) -> Document:
    """Parse the bytes of a document, join its files, and return the document.

    Args:
        content: The bytes of the document, or the result of `fetch`.
        name: The name of the document in messages: its path or URL.
        uri: Its base URI; if empty, the URI of `content`.
        opener: Reads the other files of the document; without it, references to them cannot be followed.
        overlays: The overlays to apply first, in this order, to the file that the user named.

    Raises:
        DocumentError: The content is not an OpenAPI document, cannot be read, exceeds a limit, or has an unsupported
            version; or an overlay cannot be read or applied.
    """
    if not isinstance(content, Fetched):
        content = Fetched(content)
    uri = uri or content.uri
    parsed = parse_document(content.content, name=name)
    overlaid = apply_overlays(parsed.tree, overlays, name) if overlays else Overlaid(parsed.tree)
    tree, version = overlaid.tree, check_version(overlaid.tree)
    written_in = str(tree.get("openapi", tree.get("swagger")))
    files = Files(replace(parsed, tree=tree), content, uri, opener, overlaid.files)
    bundled = _bundle(files, version)
    tree, origins = bundled.tree, bundled.origins.after(overlaid.origins)
    if len(files.opened) > 1:
        check_limits(tree, name)
    _check_paths(tree, bundled.unread)
    warnings = [(message, PlaceInFile(number, pointer)) for message, number, pointer in files.warnings]
    warnings.extend(overlaid.warnings)
    warnings.extend((message, overlaid.place(place)) for message, place in bundled.warnings)
    if version == "2.0":
        conversion = feature("swagger2.conversion").convert_swagger(tree, uri)
        tree, version = conversion.tree, "3.0"
        warnings.extend((message, origins.locate(pointer)) for message, pointer in conversion.warnings)
        origins = conversion.origins.after(origins)
    elif not isinstance(tree.get("openapi"), str):
        # YAML reads `openapi: 3.0` as a number; the code after this expects a string.
        tree["openapi"] = f"{version}.0"
    worked_around = work_around(tree)
    warnings.extend((message, origins.locate(pointer)) for message, pointer in worked_around.warnings)
    origins = Origins(worked_around.moves).after(origins)
    return Document(
        tree,
        version,
        written_in,
        tuple(files.all),
        origins,
        tuple(warnings),
        tuple(files.missing),
        bundled.unread,
    )


def _check_paths(tree: dict[str, Any], unread: Mapping[str, str]) -> None:
    """Raise an error if the paths of a document are in another file that cannot be used."""
    paths = tree.get("paths")
    ref = paths.get("$ref") if isinstance(paths, dict) and len(paths) == 1 else None
    if isinstance(ref, str) and ref in unread:
        message = f"The paths of the document are in `{ref}`, which cannot be read"
        raise DocumentError(message, reason=unread[ref])
