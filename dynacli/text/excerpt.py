"""The part of a message that a finding is about: a few lines of it, with a marker under the value.

A body is gone through once, whatever is looked for in it, and only the lines that are shown are laid out.
Scalars and keys are shown as they came, in the manner of `dynacli.text.json_text`.
"""

import json
import re
from collections import deque
from collections.abc import Iterable, Iterator
from json.decoder import scanstring  # type: ignore[attr-defined]  # typeshed leaves it out
from typing import Any, NamedTuple

from dynacli.text.json_text import escape_unsafe
from dynacli.text.terminal import cell_width, visible

__all__ = ["MARGIN", "Wanted", "in_margin", "json_excerpts", "marked"]

MARGIN = "    | "
"""What each line of an excerpt begins with."""

_WIDTH = 76
_LONGEST = 56
"""Columns of a value that is marked."""
_LONGEST_SIBLING = 36
_BEFORE = 2
"""Neighbours shown before a value; one is shown behind it."""
_MOST_LEVELS = 5
_DEEPEST = 200
_MOST_MEMBERS = 2_000_000
"""That are gone through, which takes a second; what stands behind them is not shown."""

_SPACE = re.compile(r"[ \t\r\n]*+")
# Numbers stay text: a number of many digits takes time with their square.
_DECODER = json.JSONDecoder(parse_int=str, parse_float=str)


class Wanted(NamedTuple):
    """What is to be shown.

    Args:
        pointer: JSON pointer (RFC 6901) to a value.
        is_name: Whether the name of the property is marked and not its value.
        is_about_names: Whether of an object the names are shown alone.
    """

    pointer: str
    is_name: bool = False
    is_about_names: bool = False


def in_margin(lines: Iterable[str]) -> str:
    """Return lines of an excerpt as they stand in a message."""
    return "\n".join(f"{MARGIN}{line}" for line in lines)


def marked(before: str, value: str, after: str = "") -> list[str]:
    """Return a line of a head with a marker under the value, both without line feeds."""
    shown = _cut(visible(value[: _LONGEST * 4], keep=""), _LONGEST)
    before, after = visible(before, keep=""), visible(after, keep="")
    return [f"{before}{shown}{after}", _marker(before, shown)]


def json_excerpts(text: str, wanted: Iterable[Wanted]) -> dict[Wanted, list[str]]:
    """Return the lines around each value of a JSON text; what is not there has none, and neither has other text."""
    wanted = [one for one in wanted if one.pointer.count("/") <= _DEEPEST]
    reading = _Reading(text, {one.pointer for one in wanted})
    return {one: _laid_out(text, spot, one) for one in wanted if (spot := reading.spots.get(one.pointer))}


class _Spot:
    """A value in the text.

    Attributes:
        parent: The container, None for the whole.
        name: Where its key starts and ends in an object, (0, 0) elsewhere.
        before: (start of the key or value, start of the value, its end) of the neighbours before it.
        index: How many stand before it.
    """

    __slots__ = ("before", "end", "index", "name", "parent", "start")

    def __init__(self, parent: "_Spot | None", name: tuple[int, int], start: int) -> None:
        self.parent, self.name, self.start = parent, name, start
        self.end = start
        self.before: tuple[tuple[int, int, int], ...] = ()
        self.index = 0


class _Reading:
    """One way through a JSON text, which notes where the values that are looked for stand.

    Of several properties of the same name, the last one counts, as it does for those who read the text.
    """

    def __init__(self, text: str, pointers: set[str]) -> None:
        self.spots: dict[str, _Spot] = {}
        self._text = text
        self._members = 0
        # A step is a key; None holds the pointer that ends there.
        tree: dict[str | None, Any] = {}
        for pointer in pointers:
            node = tree
            for step in pointer.split("/")[1:]:
                node = node.setdefault(step.replace("~1", "/").replace("~0", "~"), {})
            node[None] = pointer
        try:
            whole = _Spot(None, (0, 0), self._after_space(0))
            self._value(whole, tree)
            if self._after_space(whole.end) < len(text):
                self.spots.clear()
        except (ValueError, IndexError, StopIteration, RecursionError):
            self.spots.clear()  # no JSON, nested deeper than any reader goes, or too much of it

    def _after_space(self, at: int) -> int:
        found = _SPACE.match(self._text, at)
        return found.end() if found else at

    def _value(self, spot: _Spot, node: dict[str | None, Any]) -> None:
        """Find the end of a value, and on the way there what is looked for inside of it."""
        if self._text[spot.start] in "{[" and node.keys() - {None}:
            spot.end = self._inside(spot, node)
        else:
            _, spot.end = _DECODER.raw_decode(self._text, spot.start)
        if None in node:
            self.spots[node[None]] = spot

    def _inside(self, parent: _Spot, node: dict[str | None, Any]) -> int:
        text, at = self._text, self._after_space(parent.start + 1)
        is_object = text[parent.start] == "{"
        closer = "}" if is_object else "]"
        before: deque[tuple[int, int, int]] = deque(maxlen=_BEFORE)
        index = 0
        while text[at] != closer:
            first, key, name = at, str(index), (0, 0)
            if is_object:
                key, at = scanstring(text, at + 1, True)
                name = (first, at)
                colon = self._after_space(at)
                if text[first] != '"' or text[colon] != ":":
                    raise ValueError(at)
                at = self._after_space(colon + 1)
            below = node.get(key)
            if below is None:
                _, end = _DECODER.raw_decode(text, at)
            else:
                self._forget(below)
                spot = _Spot(parent, name, at)
                spot.before, spot.index = tuple(before), index
                self._value(spot, below)
                end = spot.end
            before.append((first, at, end))
            index += 1
            self._members += 1
            if self._members > _MOST_MEMBERS:
                raise ValueError(at)
            at = self._after_space(end)
            if text[at] == ",":
                at = self._after_space(at + 1)
            elif text[at] != closer:
                raise ValueError(at)
        return at + 1

    def _forget(self, node: dict[str | None, Any]) -> None:
        if self.spots:
            for step, below in node.items():
                if step is None:
                    self.spots.pop(below, None)
                else:
                    self._forget(below)


def _laid_out(text: str, spot: _Spot, wanted: Wanted) -> list[str]:
    chain = [spot]
    while chain[-1].parent is not None:
        chain.append(chain[-1].parent)
    ancestors = chain[:0:-1][-_MOST_LEVELS:]
    lines = ["..."] if len(ancestors) < len(chain) - 1 else []
    for depth, one in enumerate(ancestors):
        indent = "  " * depth
        # The outermost one that is shown has a name where others around it are left out.
        lines += [f"{indent}..."] * (depth > 0 and one.index > 0)
        lines.append(f"{indent}{_key(text, one)}{text[one.start]}")
    indent = "  " * len(ancestors)
    lines += [f"{indent}..."] * (spot.index > len(spot.before))
    lines += [f"{indent}{_neighbour(text, *one)}," for one in spot.before]
    behind, is_last = _behind(text, spot)
    key = _key(text, spot)
    value = _short(text, spot.start, spot.end, is_about_names=wanted.is_about_names)
    lines.append(f"{indent}{key}{value}" + ("," if behind else ""))
    lines.append(
        _marker(indent, key.removesuffix(": ")) if wanted.is_name and key else _marker(indent + key, value)
    )
    if behind:
        lines.append(f"{indent}{behind}" + ("" if is_last else ","))
    lines += [f"{indent}..."] * (not is_last)
    return lines


def _behind(text: str, spot: _Spot) -> tuple[str, bool]:
    """Return the neighbour behind a value, and whether it is the last one."""
    if spot.parent is None:
        return "", True
    members = _members(text, spot.parent.start, _next(text, spot.end))
    found = next(members, None)
    return ("", True) if found is None else (_neighbour(text, *found), next(members, None) is None)


def _next(text: str, end: int) -> int:
    at = _skip(text, end)
    return _skip(text, at + 1) if text[at : at + 1] == "," else at


def _skip(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at


def _members(text: str, container: int, at: int) -> Iterator[tuple[int, int, int]]:
    """Yield (start, start of the value, its end) of the members of a container from a place in it on."""
    is_object = text[container] == "{"
    while text[at : at + 1] not in {"", "}", "]"}:
        first = at
        if is_object:
            _, at = scanstring(text, at + 1, True)
            at = _skip(text, _skip(text, at) + 1)
        _, end = _DECODER.raw_decode(text, at)
        yield first, at, end
        at = _next(text, end)


def _key(text: str, spot: _Spot) -> str:
    start, end = spot.name
    return f"{_scalar(text, start, end, _LONGEST_SIBLING)}: " if end else ""


def _neighbour(text: str, first: int, start: int, end: int) -> str:
    name = ""
    if first < start:
        _, behind = scanstring(text, first + 1, True)
        name = f"{_scalar(text, first, behind, _LONGEST_SIBLING)}: "
    return name + _tiny(text, start, end, _LONGEST_SIBLING)


def _tiny(text: str, start: int, end: int, width: int) -> str:
    """Return a value in a few characters: of a container, whether there is anything in it."""
    opener = text[start]
    if opener not in "{[":
        return _scalar(text, start, end, width)
    inside = "" if _skip(text, start + 1) == end - 1 else "..."
    return f"{opener}{inside}{text[end - 1]}"


def _short(text: str, start: int, end: int, *, is_about_names: bool) -> str:
    """Return a value on one line: of a container, what there is room for."""
    if text[start] not in "{[":
        return _scalar(text, start, end, _LONGEST)
    pieces: list[str] = []
    used = 2
    for first, at, behind in _members(text, start, _skip(text, start + 1)):
        piece = _tiny(text, at, behind, 24)
        if first < at:
            name = _scalar(text, first, scanstring(text, first + 1, True)[1], 24)
            piece = name if is_about_names else f"{name}: {piece}"
        used += cell_width(piece) + 2
        if used > _LONGEST - len("..."):
            pieces.append("...")
            break
        pieces.append(piece)
    return f"{text[start]}{', '.join(pieces)}{text[end - 1]}"


def _scalar(text: str, start: int, end: int, width: int) -> str:
    token = text[start : min(end, start + width * 4)]
    shown = _cut(visible(escape_unsafe(token), keep=""), width)
    return shown if shown.endswith(text[end - 1]) or token[:1] != '"' else f'{shown}"'


def _cut(text: str, width: int) -> str:
    """Return text of at most so many columns; what is cut ends in `...`, by which a cut secret is known, too."""
    if cell_width(text) <= width:
        return text
    kept = text[: width - 3]
    while cell_width(kept) > width - 3:
        kept = kept[:-1]
    return f"{kept}..."


def _marker(before: str, value: str) -> str:
    return " " * cell_width(before) + "^" * max(1, cell_width(value))
