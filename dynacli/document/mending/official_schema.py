"""Where a document breaks the official JSON Schema of its version, found in memory that does not grow with the errors.

jsonschema-rs finds all errors before it gives the first, each with a copy of the value that it is about, and of the
errors of all alternatives: a document with many of them would take hundreds of times its size. But telling whether a
value is valid takes nothing. So errors are asked for in small pieces alone, each a document with a few members of a
map or list.
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NoReturn

from dynacli.document.mending.mend import objects_below
from dynacli.document.objects import DOCUMENT, ObjectKind

__all__ = ["errors_of", "place_of", "refuse_to_retrieve"]

Steps = tuple[str | int, ...]
Shifts = tuple[tuple[Steps, int], ...]
"""The lists of which a piece has members from a later one on, the innermost first: (the steps to it, the number of the
member that the piece has first)."""

_LARGE = 1_000
"""A piece with more objects, lists and values than this is made smaller before its errors are asked for."""
_LONG = 20
"""A map or list with more members than this is validated in parts of so many, and then one by one."""

_ANY_VALUE = frozenset({"example", "default", "value", "const"})
"""The keys of objects whose value is not described."""


def place_of(path: Iterable[str | int], shifts: Shifts) -> Steps:
    """Return the steps to a place in the document, given those in a piece of it."""
    place = tuple(path)
    for steps, start in shifts:
        length = len(steps)
        if place[:length] == steps and len(place) > length:
            place = (*steps, int(place[length]) + start, *place[length + 1 :])
    return place


def errors_of(tree: dict[str, Any], version: str) -> Iterator[tuple[Shifts, Any]]:
    """Yield the errors of a document, each with what `place_of` needs; an error may come several times.

    Args:
        tree: The document, plain JSON.
        version: `3.0`, `3.1` or `3.2`.

    Raises:
        ValueError, TypeError, OverflowError: The document has something that JSON cannot hold.
    """
    validator = _validator(version)
    if not validator:
        return
    trunk = _without_extensions(tree)
    if isinstance(tree.get("components"), dict):
        trunk["components"] = _without_extensions(tree["components"])
    maps: list[tuple[Steps, Any]] = [((key,), trunk.get(key)) for key in ("paths", "webhooks")]
    components = trunk.get("components")
    if isinstance(components, dict):
        maps.extend((("components", key), value) for key, value in components.items())
    maps = [(steps, value) for steps, value in maps if isinstance(value, dict)]
    for steps, _ in maps:
        trunk = _with(trunk, steps, {})
    yield from _errors_in(validator, trunk)
    # All of this is valid, so that only what is laid into it can have errors.
    frame = {"openapi": f"{version}.0", "info": {"title": "", "version": ""}, "paths": {}}
    for steps, value in maps:
        yield from _errors_of_members(validator, frame, steps, _Members(value))


def _without_extensions(node: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in node.items() if not str(key).startswith("x-")}


class _Members:
    """A map or list of which parts can be taken."""

    def __init__(self, container: Any) -> None:
        self.is_list = isinstance(container, list)
        self._all: Sequence[Any] = container if self.is_list else list(container.items())

    def __len__(self) -> int:
        return len(self._all)

    def part(self, start: int, count: int) -> Any:
        """Return a map or list with some of the members."""
        part = self._all[start : start + count]
        return part if self.is_list else dict(part)

    def step_in_part(self, start: int) -> str | int:
        """Return the step to the first member of a part."""
        step: str | int = 0 if self.is_list else self._all[start][0]
        return step


def _errors_in(validator: Any, piece: dict[str, Any], below: Steps = ()) -> Iterator[tuple[Shifts, Any]]:
    """Yield the errors of a document; of a large one those in its maps and lists.

    Of a part that is large without these, and without examples and the like, it is the first error.

    Args:
        below: The steps to the part of it whose maps and lists are made smaller; the rest is small.
    """
    from jsonschema_rs import ValidationError

    if validator.is_valid(piece):
        return
    if not _is_large(piece):
        for error in validator.iter_errors(piece):
            yield (), error
        return
    several = list(_with_several_members(piece, below))
    if not several:
        slim = _without_values(piece, DOCUMENT)
        if not _is_large(slim):
            for error in validator.iter_errors(slim):
                yield (), error
            return
        try:
            validator.validate(piece)
        except ValidationError as error:
            yield (), error
        return
    around = piece
    for steps, container, _ in several:
        around = _with(around, steps, type(container)())
    if not validator.is_valid(around):
        # A member of each stays, because a map or list may have to have some.
        for steps, container, kind in several:
            around = _with(around, steps, _smallest(container, kind))
        yield from _errors_in(validator, around, below)
    for steps, container, _ in several:
        yield from _errors_of_members(validator, around, steps, _Members(container))


def _errors_of_members(
    validator: Any, around: dict[str, Any], steps: Steps, members: _Members
) -> Iterator[tuple[Shifts, Any]]:
    """Yield the errors of a document with the members of a map or list, of which some at a time are laid into it."""
    parts = [(0, len(members))]
    while parts:
        start, count = parts.pop()
        piece = _with(around, steps, members.part(start, count))
        if validator.is_valid(piece):
            continue
        if count > 1 and (count > _LONG or _is_large(piece)):
            size = _LONG if count > _LONG else 1
            ends = range(start, start + count, size)
            parts.extend((begin, min(size, start + count - begin)) for begin in reversed(ends))
            continue
        shift = ((steps, start),) if members.is_list and start else ()
        for shifts, error in _errors_in(validator, piece, (*steps, members.step_in_part(start))):
            yield (*shifts, *shift), error


def _with_several_members(tree: dict[str, Any], below: Steps) -> Iterator[tuple[Steps, Any, ObjectKind]]:
    """Yield the maps and lists in a part of a document that have several members and are in no other such.

    Each comes with the steps to it and its kind.
    """
    stack: list[tuple[Any, ObjectKind, Steps]] = [(tree, DOCUMENT, ())]
    while stack:
        node, kind, steps = stack.pop()
        if len(steps) >= len(below) and len(node) > 1 and _is_container(node, kind):
            yield steps, node, kind
        else:
            # `zip` ends with the shorter: what is on the way there counts, and what is below.
            inside = objects_below(node, kind, steps)
            stack.extend(each for each in inside if all(a == b for a, b in zip(each[2], below, strict=False)))


def _is_container(node: Any, kind: ObjectKind) -> bool:
    """Return whether something is a map of names, or a list that is long or holds more than plain values."""
    if isinstance(node, dict):
        return kind.members is not None
    return len(node) > _LONG or any(isinstance(member, dict | list) for member in node)


def _smallest(node: Any, kind: ObjectKind) -> Any:
    """Return an object or list in which each map and list has its first member alone."""
    if _is_container(node, kind):
        node = _Members(node).part(0, 1)
    copy = node.copy()
    for inner, inner_kind, steps in objects_below(node, kind, ()):
        copy[steps[-1]] = _smallest(inner, inner_kind)
    return copy


def _without_values(node: Any, kind: ObjectKind) -> Any:
    """Return an object or list with null for what may be any value, such as examples."""
    copy = node.copy()
    if kind.members is None and isinstance(copy, dict):
        for key, value in node.items():
            is_any = key in _ANY_VALUE or str(key).startswith("x-")
            copy[key] = None if is_any and isinstance(value, dict | list) else value
    for inner, inner_kind, steps in objects_below(node, kind, ()):
        if copy[steps[-1]] is not None:
            copy[steps[-1]] = _without_values(inner, inner_kind)
    return copy


def _is_large(tree: Any) -> bool:
    count, waiting = 0, [tree]
    while waiting:
        node = waiting.pop()
        count += 1
        if count > _LARGE:
            return True
        if isinstance(node, dict):
            waiting.extend(node.values())
        elif isinstance(node, list):
            waiting.extend(node)
    return False


def _with(tree: Any, steps: Steps, value: Any) -> Any:
    """Return a tree with another value at a place; what is not on the way there is shared."""
    if not steps:
        return value
    copy = tree.copy()
    is_there = isinstance(copy, list) or steps[0] in copy
    copy[steps[0]] = _with(copy[steps[0]] if is_there else {}, steps[1:], value)
    return copy


@cache
def _validator(version: str) -> Any:
    """Return the compiled official schema, or None where the installed package has none.

    The schemas are files in openapi-spec-validator, read without importing it, which would take half a second.
    """
    # First, because jsonschema-rs (0.61.0) panics where Ctrl-C comes while it imports it by itself.
    import decimal  # noqa: F401

    import jsonschema_rs

    from dynacli.import_orjson import orjson

    package = find_spec("openapi_spec_validator")
    if not package or not package.origin:
        return None
    file = Path(package.origin).parent / "resources" / "schemas" / f"v{version}" / "schema.json"
    try:
        schema = orjson.loads(file.read_bytes())
    except OSError:
        return None
    _hold_names_apart(schema)
    return jsonschema_rs.validator_for(schema, validate_formats=False, retriever=refuse_to_retrieve)


def _hold_names_apart(schema: Any) -> None:
    """Rewrite the patterns of names in a schema so that an error about a name has its member alone, and not the map."""
    if isinstance(schema, list):
        for item in schema:
            _hold_names_apart(item)
    elif isinstance(schema, dict):
        names = schema.get("propertyNames")
        if isinstance(names, dict) and isinstance(names.get("pattern"), str):
            unlike = f"^(?!{names.pop('pattern')})"
            schema["patternProperties"] = {**schema.get("patternProperties", {}), unlike: False}
        for value in schema.values():
            _hold_names_apart(value)


def refuse_to_retrieve(uri: str) -> NoReturn:
    """Retrieve no schema, for jsonschema-rs, which would fetch it.

    Raises:
        ValueError: Always.
    """
    raise ValueError(uri)
