"""Overlays: changes to a document in a separate file (Overlay Specification 1.0.0 and 1.1.0)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from dynacli.errors import DocumentError, InternalError
from dynacli.openapi.document.document_files import File
from dynacli.openapi.document.fetched import Fetched
from dynacli.openapi.document.json_trees import IndexedSteps, copy_json, count_values, is_same_json, join
from dynacli.openapi.document.limits import MAX_NODES
from dynacli.openapi.document.parse import parse_file
from dynacli.openapi.document.plain_json import check_is_openapi, check_limits
from dynacli.openapi.document.references.place_origins import Move, Origins, PlaceInFile
from dynacli.text.terminal import visible

_Origin = tuple[int, IndexedSteps]
_VERSION = re.compile(r"1\.([01])\.\d+")
_ESCAPES = {"\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r", "\\": "\\\\"}
_MAX_DEPTH = 10_000
"""Maximum depth that `..` searches; a document has at most 200 levels, and an overlay may add more."""
_NEWER_HINT = "Write `overlay: 1.1.0` at its beginning"
_MIXED = "Only values of one kind can be merged: objects, lists or plain values"


_Action = tuple[IndexedSteps, dict[str, Any]]


class _TrackedPlace:
    """A location, and the locations below it with a known origin.

    Attributes:
        origin: The file and the steps that the value came from; None if it came with the value around it.
        below: Key or index → the location below.
    """

    __slots__ = ("below", "origin")

    def __init__(self, origin: _Origin | None = None) -> None:
        self.origin = origin
        self.below: dict[str | int, _TrackedPlace] = {}

    def copy(self, origin: _Origin | None) -> _TrackedPlace:
        """Return a copy of the location and everything below it, with an origin."""
        copied = _TrackedPlace(origin)
        copied.below = {step: place.copy(place.origin) for step, place in self.below.items()}
        return copied


class TrackedOrigins:
    """The origins of the parts of a document; at first, the origin of each part is its own pointer in file 0."""

    def __init__(self) -> None:
        self._top = _TrackedPlace((0, ()))

    def put(self, steps: IndexedSteps, file: int, origin: IndexedSteps) -> None:
        """Record that a value was put at a location.

        Args:
            steps: The steps to the location.
            file: The number of the file that the value came from.
            origin: The steps to the value in that file.
        """
        _reach(self._top, steps[:-1])[0].below[steps[-1]] = _TrackedPlace((file, origin))

    def copy_of(self, steps: IndexedSteps) -> _TrackedPlace:
        """Return a copy of the current origins of a part."""
        place, origin = _reach(self._top, steps)
        return place.copy(origin)

    def put_copy(self, steps: IndexedSteps, copied: _TrackedPlace, inner: IndexedSteps) -> None:
        """Record that a part of a copied value was put at a location.

        Args:
            steps: The steps to the location.
            copied: The origins of the copied value.
            inner: The steps to the part in the copied value.
        """
        part, origin = _reach(copied, inner)
        _reach(self._top, steps[:-1])[0].below[steps[-1]] = part.copy(origin)

    def take(self, steps: IndexedSteps, removed: Sequence[str | int], length: int | None = None) -> None:
        """Record that members were removed from an object, or items from a list.

        Args:
            steps: The steps to the object or the list.
            removed: The keys or indexes that were removed.
            length: The number of items in the list before; None for an object.
        """
        place, (file, origin) = _reach(self._top, steps)
        if length is None:
            for key in removed:
                place.below.pop(key, None)
            return
        removed_indexes = set(removed)
        below: dict[str | int, _TrackedPlace] = {}
        for after, before in enumerate(index for index in range(length) if index not in removed_indexes):
            item = place.below.get(before)
            if after != before:
                item = item or _TrackedPlace()
                item.origin = item.origin or (file, (*origin, before))
            if item is not None:
                below[after] = item
        place.below = below

    def origins(self) -> Origins:
        """Return the origins of all parts that were moved or added."""
        return Origins(self._moves())

    def _moves(self) -> Iterator[Move]:
        waiting: list[tuple[_TrackedPlace, IndexedSteps, _Origin]] = [(self._top, (), (0, ()))]
        while waiting:
            place, steps, (file, origin) = waiting.pop()
            for key, below in place.below.items():
                here, implied = (*steps, key), (file, (*origin, key))
                if below.origin is not None and below.origin != implied:
                    yield Move(join(here), below.origin[0], join(below.origin[1]))
                waiting.append((below, here, below.origin or implied))


def _reach(top: _TrackedPlace, steps: IndexedSteps) -> tuple[_TrackedPlace, _Origin]:
    """Return the tracked location at some steps, and its origin; add the location if it is missing."""
    place = top
    origin: _Origin = top.origin or (0, ())
    for step in steps:
        place = place.below.setdefault(step, _TrackedPlace())
        origin = place.origin or (origin[0], (*origin[1], step))
    return place, origin


def apply_overlay(document: Mapping[str, Any], overlay: Any, name: str = "the overlay") -> dict[str, Any]:
    """Return a document with an overlay applied; neither the document nor the overlay is changed.

    The actions are applied in order (section 4.4.3). An `update` is merged into each object that the `target`
    finds: objects recursively, lists are appended to lists, and any other value replaces the old value. The `update` is
    appended as an item to each array that the `target` finds. `remove` removes all values that the `target` finds.
    A target that finds nothing changes nothing.

    Version 1.1 (section "Action Object") adds:

    - `copy` is a JSONPath to a single value of the document. This value is the `update`.
    - If the `update` and the target are arrays, the items are appended. A plain value replaces a plain value.
    - Values of different kinds are an error: an object, an array and a plain value cannot replace each other, and all
      values that a `target` finds must be of one kind.

    Args:
        document: An OpenAPI document, plain JSON values.
        overlay: The overlay, plain JSON values.
        name: The name of the overlay in messages.

    Raises:
        DocumentError: The overlay is invalid, or one of its actions cannot be applied to this document.
    """
    result: dict[str, Any] = copy_json(document)
    _apply_tracked(result, overlay, name, TrackedOrigins())
    return result


def _apply_tracked(
    document: dict[str, Any], overlay: Any, name: str, origins: TrackedOrigins, file: int = 1
) -> list[tuple[int, str]]:
    """Apply an overlay to a document in place.

    Args:
        document: An OpenAPI document, plain JSON values.
        overlay: The overlay, plain JSON values.
        name: The name of the overlay in messages.
        origins: Gets the origins of the values that the overlay adds.
        file: The number of the overlay in `origins`.

    Returns:
        The number of each action that changes nothing, starting with 1, and the reason.

    Raises:
        DocumentError: The overlay is invalid, or one of its actions cannot be applied to this document.
    """
    is_newer, actions = _actions(overlay, name)
    work = _Application(document, origins, file, is_newer=is_newer)
    idle = []
    for number, action in enumerate(actions, 1):
        reason = work.carry_out(action, number, f"Action {number} of {name}")
        if reason:
            idle.append((number, reason))
    return idle


def path_of(steps: Iterable[str | int]) -> str:
    """Return the JSONPath of a location, normalized except for some quotes (RFC 9535, section 2.7).

    A name with a single quote is in double quotes, because not all readers of overlays can unescape a quote.
    """
    return "$" + "".join(
        f"[{step}]" if isinstance(step, int) else f"[{_jsonpath_string(step)}]" for step in steps
    )


def _jsonpath_string(step: str) -> str:
    quote = '"' if "'" in step and '"' not in step else "'"
    escapes = {**_ESCAPES, quote: f"\\{quote}"}
    escaped = (escapes.get(char) or (f"\\u{ord(char):04x}" if char < " " else char) for char in step)
    return quote + "".join(escaped) + quote


def _actions(overlay: Any, name: str) -> tuple[bool, list[Mapping[str, Any]]]:
    """Return whether an overlay is of version 1.1, and its actions."""
    if not isinstance(overlay, Mapping) or not isinstance(overlay.get("overlay"), str):
        raise DocumentError(
            f"{_capital(name)} is not an OpenAPI overlay",
            reason="It is not an object with a member `overlay`, the version of the specification",
            hint="An overlay begins with `overlay: 1.1.0`",
        )
    version = _VERSION.fullmatch(overlay["overlay"])
    if version is None:
        raise DocumentError(
            f"{_capital(name)} has the unsupported version `{overlay['overlay'][:20]}`",
            hint="Supported versions are 1.0.0 and 1.1.0",
        )
    actions = overlay.get("actions")
    if not isinstance(actions, list):
        raise DocumentError(f"{_capital(name)} has no list of `actions`")
    is_newer = version[1] == "1"
    for number, action in enumerate(actions, 1):
        _check_action(action, f"Action {number} of {name}", is_newer=is_newer)
    return is_newer, actions


def _check_action(action: Any, action_name: str, *, is_newer: bool) -> None:
    if not isinstance(action, Mapping) or not isinstance(action.get("target"), str):
        raise DocumentError(f"{action_name} has no `target`", hint="Give a JSONPath, such as `$.info`")
    if "copy" not in action:
        return
    if not is_newer:
        raise DocumentError(
            f"{action_name} has a `copy`, which version 1.0 does not have",
            hint=_NEWER_HINT,
        )
    if not isinstance(action["copy"], str):
        raise DocumentError(
            f"{action_name} has a `copy` that is not a string", hint="Give a JSONPath, such as `$.info`"
        )
    if "update" in action:
        raise DocumentError(f"{action_name} has both `update` and `copy`", hint="Write two actions")


class _Addition(NamedTuple):
    """A value that an action adds, and its origin.

    Args:
        value: The value, which is copied when it is added.
        put: Records the origin of an added part, given the steps to its location and the steps to it in the value.
    """

    value: Any
    put: Callable[[IndexedSteps, IndexedSteps], None]


class _Application:
    """The changes of an overlay to a document.

    Args:
        file: The number of the overlay in `origins`.
        is_newer: Whether the overlay is of version 1.1.
    """

    def __init__(
        self, document: dict[str, Any], origins: TrackedOrigins, file: int, *, is_newer: bool
    ) -> None:
        self._document = document
        self._origins = origins
        self._file = file
        self._is_newer = is_newer
        self._left = MAX_NODES

    def carry_out(self, action: Mapping[str, Any], number: int, action_name: str) -> str:
        """Apply an action, and return the reason if it changes nothing; else return an empty string."""
        target = action["target"]
        places = _find_places(self._document, "target", target, action_name)
        if action.get("remove") is True:
            if () in places:
                raise DocumentError(
                    f"{action_name} removes the whole document", hint=f"Its target is `{target}`"
                )
            self._remove(places)
        elif "update" not in action and "copy" not in action:
            return f"it has neither {'`update`, `copy`' if self._is_newer else '`update`'} nor `remove`"
        elif places:
            self._add_to(places, self._addition(action, number, action_name), action_name)
        return "" if places else f"its target `{target[:200]}` finds nothing"

    def _addition(self, action: Mapping[str, Any], number: int, action_name: str) -> _Addition:
        if "copy" not in action:
            inside = ("actions", number - 1, "update")
            return _Addition(
                action["update"],
                lambda steps, inner: self._origins.put(steps, self._file, (*inside, *inner)),
            )
        sources = _find_places(self._document, "copy", action["copy"], action_name)
        if len(sources) != 1:
            count = f"{len(sources):,} values" if sources else "nothing"
            raise DocumentError(
                f"{action_name} has a `copy` that finds {count}",
                reason="It must find a single value",
                hint=f"Its `copy` is `{action['copy'][:200]}`",
            )
        (source,) = sources
        value = _value_at_place(self._document, source)
        check_limits(
            value, action["copy"][:200]
        )  # an overlay can copy a value into itself many times, so that it exceeds the limits
        # Copy the value now: it may be around the target, and grow while it is added.
        copied = self._origins.copy_of(source)
        return _Addition(copy_json(value), lambda steps, inner: self._origins.put_copy(steps, copied, inner))

    def _add_to(self, places: list[IndexedSteps], addition: _Addition, action_name: str) -> None:
        self._left -= len(places) * count_values(addition.value)
        if self._left < 0:
            raise DocumentError(
                f"{action_name} would add too much to the document",
                reason=f"An overlay must not add more than {MAX_NODES:,} values",
            )
        nodes = [(steps, _value_at_place(self._document, steps)) for steps in places]
        if self._is_newer and len({_kind(node) for _, node in nodes}) > 1:
            raise DocumentError(
                f"{action_name} has a `target` that finds values of several kinds", reason=_MIXED
            )
        for steps, node in nodes:
            # The update of a node around this node may have replaced it.
            if _is_at(self._document, steps, node):
                self._add(steps, node, addition, action_name)

    def _remove(self, places: Iterable[IndexedSteps]) -> None:
        removed: dict[IndexedSteps, list[str | int]] = {}
        for steps in places:
            removed.setdefault(steps[:-1], []).append(steps[-1])
        # From the end and the inside, so that the steps to the remaining locations stay valid.
        for steps in sorted(removed, key=_sort_key, reverse=True):
            parent = _value_at_place(self._document, steps)
            if isinstance(parent, list):
                indexes = set(removed[steps])
                self._origins.take(steps, removed[steps], len(parent))
                parent[:] = [item for index, item in enumerate(parent) if index not in indexes]
            else:
                self._origins.take(steps, removed[steps])
                for key in removed[steps]:
                    del parent[key]

    def _add(self, steps: IndexedSteps, here: Any, addition: _Addition, action_name: str) -> None:
        value = addition.value
        if isinstance(here, list):
            if self._is_newer and isinstance(value, list):
                self._append(here, value, steps, addition, ())
            else:
                addition.put((*steps, len(here)), ())
                here.append(copy_json(value))
        elif isinstance(here, dict) and isinstance(value, Mapping):
            self._merge(here, value, steps, addition, (), action_name)
        elif self._is_newer and _kind(here) == _kind(value):
            addition.put(steps, ())
            _value_at_place(self._document, steps[:-1])[steps[-1]] = value
        else:
            raise self._unfit(steps, here, action_name)

    def _append(
        self, here: list[Any], items: list[Any], steps: IndexedSteps, addition: _Addition, inner: IndexedSteps
    ) -> None:
        for index, item in enumerate(items):
            addition.put((*steps, len(here)), (*inner, index))
            here.append(copy_json(item))

    def _merge(
        self,
        into: dict[str, Any],
        value: Mapping[str, Any],
        steps: IndexedSteps,
        addition: _Addition,
        inner: IndexedSteps,
        action_name: str,
    ) -> None:
        """Merge an object into an object of the document.

        Args:
            value: A part of the added value.
            steps: The steps to the object in the document.
            inner: The steps to the part in the added value.
        """
        for key, member in value.items():
            here, below, part = into.get(key), (*steps, key), (*inner, key)
            if isinstance(here, dict) and isinstance(member, Mapping):
                self._merge(here, member, below, addition, part, action_name)
            elif isinstance(here, list) and isinstance(member, list):
                self._append(here, member, below, addition, part)
            elif self._is_newer and key in into and _kind(here) != _kind(member):
                raise self._unfit(below, here, action_name)
            else:
                addition.put(below, part)
                into[key] = copy_json(member)

    def _unfit(self, steps: IndexedSteps, here: Any, action_name: str) -> DocumentError:
        """Return the error for a value that cannot be merged into a value of another kind."""
        reason, hint = _MIXED, ""
        if not self._is_newer:
            is_object = isinstance(here, dict)
            reason = "Into an object only an object can be merged" if is_object else "It finds a plain value"
            hint = "" if is_object else f"{_NEWER_HINT}, or let the target be the object around it"
        return DocumentError(
            f"{action_name} cannot be carried out at `{path_of(steps)}`", reason=reason, hint=hint
        )


def _kind(value: Any) -> type:
    """Return the kind of a JSON value for merging: `dict`, `list`, or `object` for a plain value."""
    return dict if isinstance(value, Mapping) else list if isinstance(value, list) else object


def _find_places(document: Any, member: str, path: str, action_name: str) -> list[IndexedSteps]:
    """Return the steps to each location that a JSONPath finds, each location once.

    Args:
        member: The member of the action that has the path: `target` or `copy`.
    """
    from itertools import islice

    from jsonpath_rfc9535 import JSONPathEnvironment, JSONPathError

    class Paths(JSONPathEnvironment):
        max_recursion_depth = _MAX_DEPTH

    try:
        places = [node.location for node in islice(Paths().finditer(path, document), MAX_NODES + 1)]
    except (JSONPathError, RecursionError) as error:
        raise DocumentError(
            f"{action_name} has a `{member}` that is not a JSONPath: `{path[:200]}`",
            reason=str(error).partition("\n")[0],
            hint="Write a JSONPath (RFC 9535), for example `$.paths['/pets'].get`",
        ) from error
    if len(places) > MAX_NODES:
        # Duplicates count: `$..*..*` finds a location once for each location around it.
        raise DocumentError(f"{action_name} has a `{member}` that finds too much: `{path[:200]}`")
    return list(dict.fromkeys(places))


def _sort_key(steps: IndexedSteps) -> tuple[tuple[int, str | int], ...]:
    return tuple((1, step) if isinstance(step, str) else (0, step) for step in steps)


def _value_at_place(node: Any, steps: Iterable[str | int]) -> Any:
    for step in steps:
        node = node[step]
    return node


def _is_at(root: Any, steps: Iterable[str | int], node: Any) -> bool:
    try:
        return _value_at_place(root, steps) is node
    except (LookupError, TypeError):
        return False


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


class _ReplaceWholeError(Exception):
    """An object cannot be updated; the action must remove it from the object around it and add it again."""


def actions_between(
    old: Mapping[str, Any], new: Mapping[str, Any], notes: Mapping[tuple[str, ...], list[str]]
) -> list[dict[str, Any]]:
    """Return the actions that turn one document into another, with at most one update for each object.

    Args:
        old: The document before the actions.
        new: The document after the actions.
        notes: The steps to a location → short texts about its changes, for the descriptions of the actions.

    Raises:
        InternalError: The whole document would have to be replaced.
    """
    try:
        actions = list(_between(old, new, ()))
    except _ReplaceWholeError:
        raise InternalError("an overlay cannot take a plain value from the document itself") from None
    updates = [steps for steps, action in actions if "update" in action]
    descriptions: dict[IndexedSteps, dict[str, None]] = {}
    for place, sentences in notes.items():
        steps = _nearest(place, updates)
        inside = visible("/".join(place[len(steps) :]), keep="")
        lines = (f"{inside}: {sentence}" if inside else sentence for sentence in sentences)
        descriptions.setdefault(steps, {}).update(dict.fromkeys(lines))
    described = {steps: {"description": "; ".join(lines)} for steps, lines in descriptions.items() if lines}
    return [{"target": path_of(steps), **described.get(steps, {}), **action} for steps, action in actions]


def _nearest(place: tuple[str, ...], updates: list[IndexedSteps]) -> IndexedSteps:
    """Return the target of the update that changes a location: the highest one below it, or the nearest around it."""
    below = [steps for steps in updates if _as_strings(steps)[: len(place)] == place]
    around = [steps for steps in updates if place[: len(steps)] == _as_strings(steps)]
    return min(below, key=len) if below else max(around, key=len, default=())


def _as_strings(steps: IndexedSteps) -> tuple[str, ...]:
    return tuple(map(str, steps))


def _between(old: Mapping[str, Any], new: Mapping[str, Any], here: IndexedSteps) -> Iterator[_Action]:
    removed: list[IndexedSteps] = []
    update: dict[str, Any] = {}
    below: list[_Action] = []
    for key, value in old.items():
        if key in new:
            continue
        if not isinstance(value, Mapping | list):
            raise _ReplaceWholeError
        removed.append((*here, key))
    for key, value in new.items():
        if key not in old:
            update[key] = value
            continue
        before = old[key]
        if is_same_json(before, value):
            continue
        if isinstance(before, Mapping) and isinstance(value, Mapping):
            try:
                below.extend(_between(before, value, (*here, key)))
                continue
            except _ReplaceWholeError:
                pass  # the whole object is removed and added again
        if (
            isinstance(before, list)
            and isinstance(value, list)
            and is_same_json(before, value[: len(before)])
        ):
            update[key] = value[len(before) :]  # lists are appended to lists
            continue
        if isinstance(before, Mapping | list):
            removed.append((*here, key))
        elif isinstance(value, Mapping | list):
            raise _ReplaceWholeError
        update[key] = value
    yield from ((steps, {"remove": True}) for steps in removed)
    if update:
        yield here, {"update": update}
    yield from below


class Overlay(NamedTuple):
    """An overlay as it was fetched.

    Args:
        content: The bytes of the overlay, JSON or YAML.
        name: The name of the overlay in messages: its path or URL.
        uri: The URI of the overlay.
    """

    content: bytes
    name: str
    uri: str = ""


class Overlaid(NamedTuple):
    """A document with its overlays applied.

    Args:
        tree: The tree of the file that the user named.
        origins: The origins of its parts. File 0 is the named file, and the overlays are numbered from 1.
        files: The overlays.
        warnings: A message and a location, for each action that changes nothing and each warning of the parser.
    """

    tree: dict[str, Any]
    origins: Origins = Origins()
    files: tuple[File, ...] = ()
    warnings: tuple[tuple[str, PlaceInFile], ...] = ()

    def place(self, place: PlaceInFile) -> PlaceInFile:
        """Return the origin of a location in the named file; locations in other files stay."""
        return place if place.file else self.origins.locate(place.pointer)


def apply_overlays(tree: dict[str, Any], overlays: Sequence[Overlay], name: str) -> Overlaid:
    """Return a document with overlays applied in their order.

    Args:
        tree: The document, plain JSON values, which is changed.
        name: The name of the document in messages.

    Raises:
        DocumentError: An overlay cannot be read or applied, or the result is not a document or exceeds a limit.
    """
    origins = TrackedOrigins()
    files: list[File] = []
    warnings: list[tuple[str, PlaceInFile]] = []
    for number, overlay in enumerate(overlays, 1):
        parsed = parse_file(overlay.content, name=overlay.name)
        files.append(File(overlay.uri, parsed.content, Fetched(overlay.content, uri=overlay.uri)))
        warnings.extend((message, PlaceInFile(number, pointer)) for message, pointer in parsed.warnings)
        for action, reason in _apply_tracked(tree, parsed.tree, f"`{overlay.name}`", origins, number):
            message = f"Action {action} of the overlay `{overlay.name}` changes nothing: {reason}"
            warnings.append((message, PlaceInFile(number, f"/actions/{action - 1}")))
    check_is_openapi(tree, name)
    check_limits(tree, name)
    return Overlaid(tree, origins.origins(), tuple(files), tuple(warnings))
