"""The file, line and column of a location in a document.

dynacli looks positions up only when a message needs them, in the cached files.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from dynacli.errors import DocumentError
from dynacli.openapi.document.json_trees import split
from dynacli.openapi.document.parse import compose_nodes, is_meant_as_json, safe_loader, to_utf8

# The quantifiers are possessive, so that no pattern can backtrack.
_SPACE = re.compile(rb"[ \t\r\n]*+")
_STRING = re.compile(rb'"((?:[^"\\]++|\\.)*+)"', re.DOTALL)
_SCALAR = re.compile(rb"[^\s,{}\[\]\"]++")
# Everything up to the next bracket outside strings.
_TO_BRACKET = re.compile(rb'(?:[^"{}\[\]]++|"(?:[^"\\]++|\\.)*+")*+([{}\[\]])', re.DOTALL)
_LONG = 120
"""Maximum column that messages leave out; documents without line breaks have longer lines."""


class Position(NamedTuple):
    """A position in a text.

    Args:
        line: The line, 1-based.
        column: The column in characters, 1-based.
    """

    line: int
    column: int


def positions_of(content: bytes, pointers: Iterable[str]) -> dict[str, Position]:
    """Return the positions of several JSON pointers (RFC 6901) in a text, without pointers to missing values.

    A member is at its key, an item at its first character. The text is scanned once for all pointers.

    Args:
        content: The text of a valid document, in UTF-8 without a byte order mark.
    """
    wanted = _Wanted({}, [])
    for pointer in dict.fromkeys(pointers):
        node = wanted
        for step in split(pointer):
            node = node.below.setdefault(step, _Wanted({}, []))
        node.pointers.append(pointer)
    return (
        _positions_in_json(content, wanted)
        if is_meant_as_json(content)
        else _positions_in_yaml(content, wanted)
    )


class _Wanted(NamedTuple):
    """A node of the tree of wanted pointers: the pointers to this node, and the nodes below it by key or index."""

    below: dict[str, _Wanted]
    pointers: list[str]


class _Container:
    """An object or list that is scanned because a wanted location is below it."""

    __slots__ = ("index", "is_object", "wanted")

    def __init__(self, wanted: _Wanted, *, is_object: bool) -> None:
        self.wanted = wanted
        self.is_object = is_object
        self.index = 0


def _positions_in_json(content: bytes, wanted: _Wanted) -> dict[str, Position]:
    position = _skip_space(content, 0)
    places = dict.fromkeys(wanted.pointers, position)
    inside: list[_Container] = []
    if wanted.below:
        position = _enter(content, position, wanted, inside)
    while inside:
        container = inside[-1]
        position = _skip_space(content, position)
        symbol = content[position : position + 1]
        if symbol == b",":
            position += 1
        elif symbol in (b"}", b"]"):
            inside.pop()
            position += 1
        elif not symbol:
            break
        else:
            start = position
            step, position = _step(content, position, container)
            below = container.wanted.below.get(step)
            if below:
                # The last of duplicate keys counts, as in the parser.
                places.update(dict.fromkeys(below.pointers, start))
            if below and below.below and content[position : position + 1] in (b"{", b"["):
                position = _enter(content, position, below, inside)
            else:
                position = _skip_value(content, position)
    return _to_positions(content, places)


def _enter(content: bytes, position: int, wanted: _Wanted, inside: list[_Container]) -> int:
    bracket = content[position : position + 1]
    if bracket in (b"{", b"["):
        inside.append(_Container(wanted, is_object=bracket == b"{"))
        return position + 1
    return _skip_value(content, position)


def _step(content: bytes, position: int, container: _Container) -> tuple[str, int]:
    """Return the key or index at a position, and the start of its value."""
    if not container.is_object:
        container.index += 1
        return str(container.index - 1), position
    key = _STRING.match(content, position)
    if not key:
        return "", len(content)
    raw = key[1]
    step = json.loads(key[0]) if b"\\" in raw else raw.decode("utf-8", "replace")
    colon = _skip_space(content, key.end())
    return step, _skip_space(content, colon + 1)


def _skip_space(content: bytes, position: int) -> int:
    space = _SPACE.match(content, position)
    return space.end() if space else position


def _skip_value(content: bytes, position: int) -> int:
    if content[position : position + 1] not in (b"{", b"["):
        scalar = _STRING.match(content, position) or _SCALAR.match(content, position)
        return scalar.end() if scalar else len(content)
    depth = 0
    while True:
        bracket = _TO_BRACKET.match(content, position)
        if not bracket:
            return len(content)
        position = bracket.end()
        depth += 1 if bracket[1] in b"{[" else -1
        if not depth:
            return position


def _to_positions(content: bytes, places: dict[str, int]) -> dict[str, Position]:
    positions: dict[str, Position] = {}
    line, column, counted = 1, 1, 0
    # Count from the position before, because a document may be a single line of many megabytes.
    for pointer, position in sorted(places.items(), key=lambda place: place[1]):
        lines, _, rest = content[counted:position].rpartition(b"\n")
        if len(rest) < position - counted:
            line, column = line + lines.count(b"\n") + 1, 1
        column += len(rest.decode("utf-8", "replace"))
        counted = position
        positions[pointer] = Position(line, column)
    return {pointer: positions[pointer] for pointer in places}


class _Collection:
    """A YAML mapping or sequence during the scan, with the wanted locations below it, if there are any."""

    __slots__ = ("index", "is_mapping", "key", "wanted")

    def __init__(self, wanted: _Wanted | None, *, is_mapping: bool) -> None:
        self.wanted = wanted
        self.is_mapping = is_mapping
        self.index = 0
        # The event of the key whose value comes next.
        self.key: Any = None


def _positions_in_yaml(content: bytes, wanted: _Wanted) -> dict[str, Position]:
    """Return the positions in a YAML text from its events, because all its nodes would take fifty times its size."""
    import yaml

    positions: dict[str, Position] = {}
    inside: list[_Collection] = []
    try:
        for event in yaml.parse(content, Loader=safe_loader()):
            if isinstance(event, yaml.AliasEvent):
                return _positions_in_nodes(content, wanted)
            if isinstance(event, yaml.CollectionEndEvent):
                inside.pop()
            if not isinstance(event, yaml.ScalarEvent | yaml.CollectionStartEvent):
                continue
            below, place = _value_at(inside[-1], event) if inside else (wanted, event)
            if below is not None:
                positions.update(dict.fromkeys(below.pointers, _position(place)))
            if isinstance(event, yaml.CollectionStartEvent):
                is_mapping = isinstance(event, yaml.MappingStartEvent)
                inside.append(_Collection(below, is_mapping=is_mapping))
    except yaml.YAMLError:
        return {}
    return positions


def _value_at(around: _Collection, event: Any) -> tuple[_Wanted | None, Any]:
    """Return the wanted locations at and below a value, and the event with their position; None for a key."""
    if not around.is_mapping:
        around.index += 1
        return (around.wanted.below.get(str(around.index - 1)) if around.wanted else None), event
    key, around.key = around.key, event if around.key is None else None
    # A list or an object as a key has no value.
    if key is None or around.wanted is None or not hasattr(key, "value"):
        return None, event
    return around.wanted.below.get(str(key.value)), key


def _positions_in_nodes(content: bytes, wanted: _Wanted) -> dict[str, Position]:
    """Return the positions in a text with aliases; a location inside an alias is at the node of its anchor."""
    root = compose_nodes(content)
    if root is None:
        return {}
    positions = dict.fromkeys(wanted.pointers, _position(root))
    stack = [(root, wanted)]
    while stack:
        node, wanted = stack.pop()
        for step, place, value in _children(node):
            below = wanted.below.get(step)
            if below:
                positions.update(dict.fromkeys(below.pointers, _position(place)))
                stack.append((value, below))
    return positions


def _position(node: Any) -> Position:
    return Position(node.start_mark.line + 1, node.start_mark.column + 1)


def _children(node: Any) -> Iterable[tuple[str, Any, Any]]:
    """Return for each child its step, the node with its position, and its value."""
    import yaml

    if isinstance(node, yaml.MappingNode):
        return [(str(key.value), key, value) for key, value in node.value if isinstance(key, yaml.ScalarNode)]
    if isinstance(node, yaml.SequenceNode):
        return [(str(index), item, item) for index, item in enumerate(node.value)]
    return []


class Location(NamedTuple):
    """A location in a file.

    Args:
        file: The absolute path or URL of the file, `-` for standard input.
        line: The line, 1-based; None if the text is lost or has no such location.
        column: The column in characters, 1-based; None if there is no line.
        pointer: The JSON pointer in that file.
    """

    file: str
    line: int | None
    column: int | None
    pointer: str


def named_line(line: int, column: int | None) -> str:
    """Return a line as messages name it, with its column if the column is large."""
    return f"line {line}, column {column}" if column is not None and column > _LONG else f"line {line}"


def find_locations(
    files: Sequence[tuple[str, str]],
    content_of: Callable[[int], bytes | None],
    places: Iterable[tuple[int, str]],
) -> list[Location]:
    """Return the location of each JSON pointer; each file is read once for all its pointers.

    Args:
        files: The URI and the name of each file of the document.
        content_of: Returns the bytes of a file by its number; None if they are lost.
        places: The number of a file, and a JSON pointer in it.
    """
    places = list(places)
    pointers: dict[int, list[str]] = {}
    for number, pointer in places:
        pointers.setdefault(number, []).append(pointer)
    positions = {
        number: _find_positions(content_of(number), files[number][1], pointers[number])
        for number in pointers
        if 0 <= number < len(files)
    }
    locations = []
    for number, pointer in places:
        line, column = positions.get(number, {}).get(pointer) or (None, None)
        name = files[number][1] if number < len(files) else ""
        locations.append(Location(name, line, column, pointer))
    return locations


def _find_positions(content: bytes | None, name: str, pointers: list[str]) -> dict[str, Position]:
    if content is None:
        return {}
    try:
        return positions_of(to_utf8(content, name), pointers)
    except DocumentError:
        return {}  # the cached file is damaged
