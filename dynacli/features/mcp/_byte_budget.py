"""JSON values in a limited number of bytes.

A part of a value consists of whole items, so a client can get the rest. Reports of dynacli itself are shortened.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from typing import Any

from dynacli.client.pages.page_rule import place_at
from dynacli.openapi.model.find_items import Items, KnownItems, find_items
from dynacli.record import record

_DEEPEST = 60
"""Levels that a value may be nested; pydantic writes the messages of the protocol, and refuses 255 levels."""
_SHORTEST_TEXT = 40
"""Characters that a shortened text keeps at least."""
_MOST_NAMED = 10
"""Maximum number of values that a part names, because they are too large for it."""
_LARGE = 4
"""A member is too large for a part if it takes more than this fraction of the space."""


@record
class ValuePart:
    """The whole items of a value that fit into a response.

    Args:
        value: The part. If the items are in an object, it has the object, too, as long as it is the first part.
        count: The number of items of the value.
        unit: The unit of the items: `items` of a list, `members` of an object, or `characters` of a text.
        following: The number of the first item that is missing; None if there is none.
        path: The path of the list in the value; empty if the value itself is the list.
        left_out: The path and the number of bytes of each value before `following` that is too large.
        items: The items of the list; empty for other values.
    """

    value: Any
    count: int
    unit: str
    following: int | None
    path: str
    left_out: list[dict[str, Any]]
    items: list[Any]


def json_line(value: Any) -> str:
    """Return a value as JSON on one line, without spaces."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def size_of(value: Any, limit: float = math.inf) -> int:
    """Return the number of bytes of a value as JSON; if it exceeds the limit, some number above the limit.

    The rest of a large value is not measured.
    """
    size = 0
    pending: list[Any] = [value]
    while pending and size <= limit:
        part = pending.pop()
        if isinstance(part, dict):
            size += 2 + sum(_bytes(key) + 2 for key in part) - bool(part)
            pending.extend(part.values())
        elif isinstance(part, list):
            size += 2 + max(len(part) - 1, 0)
            pending.extend(part)
        else:
            size += _bytes(part)
    return size


def _bytes(value: Any) -> int:
    return len(json_line(value).encode("utf-8", "replace"))


def is_sendable(value: Any, room: int) -> bool:
    """Return whether a value has at most `room` bytes, and is not nested too deeply."""
    return size_of(value, room) <= room and not _is_deep(value)


def _is_deep(value: Any) -> bool:
    level = [value]
    for _ in range(_DEEPEST):
        level = (
            [
                child
                for part in level
                for child in (part.values() if isinstance(part, dict) else part)
                if isinstance(child, dict | list) and child
            ]
            if any(isinstance(part, dict | list) for part in level)
            else []
        )
        if not level:
            return False
    return True


def value_part(
    value: Any, known: KnownItems | None, room: int, first: int = 0, most: int | None = None
) -> ValuePart:
    """Return the whole items of a value that fit into about `room` bytes.

    Args:
        known: The items according to the document; None if unknown.
        first: The number of the first item, from 0.
        most: Maximum number of items; None for no limit.
    """
    if isinstance(value, str):
        return _part_of_text(value, room, first, most)
    found = find_items(value, known)
    if isinstance(found, Items) and not found.is_keyed:
        return _part_of_list(value, found, room, first, most)
    if isinstance(value, dict):
        return _part_of_object(value, room, first, most)
    is_whole = is_sendable(value, room)
    left_out = [] if is_whole else [_too_large((), value)]
    return ValuePart(sendable(value) if is_whole else None, 1, "items", None, "", left_out, [])


def _too_large(steps: tuple[str | int, ...], value: Any) -> dict[str, Any]:
    return {"at": place_at(*steps).text, "bytes": size_of(value)}


def _part_of_text(text: str, room: int, first: int, most: int | None) -> ValuePart:
    end = len(text) if most is None else min(first + most, len(text))
    part = text[first : min(end, first + room)]
    while part and size_of(sendable(part)) > room:
        part = part[: len(part) * 3 // 4]
    following = first + len(part)
    return ValuePart(
        sendable(part), len(text), "characters", following if following < len(text) else None, "", [], []
    )


def _part_of_list(value: Any, found: Items, room: int, first: int, most: int | None) -> ValuePart:
    left_out: list[dict[str, Any]] = []
    around: dict[str, Any] = {}
    if found.steps and not first:
        around = _around(value, found.steps, room // 2, (), left_out)
    room -= size_of(around)
    kept: list[Any] = []
    following = first
    for item in found.values[first : None if most is None else first + most]:
        if not is_sendable(item, room - 1):
            if not kept:
                left_out.append(_too_large((*found.steps, following), item))
                following += 1
            break
        room -= size_of(item) + 1
        kept.append(sendable(item))
        following += 1
    if around:
        holder = around
        for step in found.steps[:-1]:
            holder = holder[sendable(step)]
        holder[sendable(found.steps[-1])] = kept
    return ValuePart(
        around or kept,
        len(found.values),
        "items",
        following if following < len(found.values) else None,
        place_at(*found.steps).text if found.steps else "",
        left_out,
        found.values,
    )


def _around(
    value: dict[str, Any],
    steps: tuple[str, ...],
    room: int,
    path: tuple[str, ...],
    left_out: list[dict[str, Any]],
) -> dict[str, Any]:
    """Return an object with an empty list at `steps`, and without the members that are too large."""
    around: dict[str, Any] = {}
    for name, member in value.items():
        size = _bytes(name) + 2
        if name == steps[0]:
            around[sendable(name)] = (
                _around(member, steps[1:], room, (*path, name), left_out) if steps[1:] else []
            )
        elif is_sendable(member, room - size):
            around[sendable(name)] = sendable(member)
            room -= size_of(member) + size
        elif len(left_out) < _MOST_NAMED:
            left_out.append(_too_large((*path, name), member))
    return around


def _part_of_object(value: dict[str, Any], room: int, first: int, most: int | None) -> ValuePart:
    left_out: list[dict[str, Any]] = []
    kept: dict[str, Any] = {}
    whole, room = room, room - 2
    following = first
    for name, member in list(value.items())[first : None if most is None else first + most]:
        size = _bytes(name) + 2
        if is_sendable(member, room - size):
            kept[sendable(name)] = sendable(member)
            room -= size_of(member) + size
        elif len(left_out) < _MOST_NAMED and (not kept or not is_sendable(member, whole // _LARGE)):
            named = _too_large((name,), member)
            left_out.append(named)
            room -= size_of(named) + 1
        else:
            break
        following += 1
    return ValuePart(
        kept, len(value), "members", following if following < len(value) else None, "", left_out, []
    )


def sendable(value: Any) -> Any:
    """Return a value without anything that cannot be sent as JSON: lone surrogates, infinite numbers and NaN."""
    match value:
        case dict():
            return {sendable(key): sendable(member) for key, member in value.items()}
        case list():
            return [sendable(item) for item in value]
        case str() if not value.isascii():
            return value.encode("utf-8", "replace").decode()
        case float() if not math.isfinite(value):
            return str(value)
    return value


def fitted(value: Any, room: int, depth: int = 0) -> Any:
    """Return a report of dynacli, shortened to about `room` bytes: it loses last items, and the ends of long texts."""
    room = max(room, 2)
    match value:
        case dict() | list() if value and depth >= _DEEPEST:
            return None
        case dict():
            return _fitted_object(value, room, depth)
        case list():
            return _fitted_list(value, room, depth)
        case str():
            return _fitted_text(value, room)
    return sendable(value)


def _fitted_list(items: list[Any], room: int, depth: int) -> list[Any]:
    kept: list[Any] = []
    left = room - 2
    for index, item in enumerate(items):
        size = size_of(item, left) + bool(index)
        if size > left and index:
            break
        # The first item is always kept, because it shows the shape of the others.
        kept.append(fitted(item, left, depth + 1))
        left -= size
    return kept


def _fitted_object(members: dict[str, Any], room: int, depth: int) -> dict[str, Any]:
    sizes: dict[str, int] = {}
    left = math.inf if size_of(members, room) <= room else room - 2
    for key, value in members.items():
        # A member is kept if there is room for its name and a short value.
        least = _bytes(key) + 6
        if least > left and sizes:
            break
        sizes[key] = size_of(value, room)
        left -= least
    names = sum(_bytes(key) + 2 for key in sizes) + 1
    shares = dict(_shares(sizes, room - names))
    return {sendable(key): fitted(members[key], share, depth + 1) for key, share in shares.items()}


def _fitted_text(text: str, room: int) -> str:
    text = sendable(text)
    if size_of(text) <= room:
        return text
    cut = text[: max(_SHORTEST_TEXT, room - 5)]
    while len(cut) > _SHORTEST_TEXT and size_of(cut) + 3 > room:
        cut = cut[: max(_SHORTEST_TEXT, len(cut) * 3 // 4)]
    return text if len(cut) >= len(text) else f"{cut}..."


def _shares(sizes: dict[str, int], room: int) -> Iterator[tuple[str, int]]:
    """Yield the bytes for each member: small members get their whole size, and large ones share the rest."""
    left, count = room, len(sizes)
    shares: dict[str, int] = {}
    for key, size in sorted(sizes.items(), key=lambda pair: pair[1]):
        shares[key] = min(size, max(left // count, 2))
        left, count = left - shares[key], count - 1
    for key in sizes:
        yield key, shares[key]
