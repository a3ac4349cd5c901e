"""Excerpts of a message: the few lines around the value that a finding is about, with a marker under it.

A body is scanned once for all values that are looked for, and only the lines that are shown are laid out.
Scalars and keys are shown as they came, like in `dynacli.text.json_text`.
"""

import json
import re
from collections import deque
from collections.abc import Iterable, Iterator
from json.decoder import scanstring  # type: ignore[attr-defined]  # typeshed leaves it out
from typing import Any, NamedTuple

from dynacli.text.json_text import escape_unsafe
from dynacli.text.terminal import cell_width, visible

__all__ = ["ExcerptTarget", "in_margin", "json_excerpts", "marked"]

_MARGIN = "    | "
"""The beginning of each line of an excerpt."""

_WIDTH = 76
_LONGEST = 56
"""The most columns of a marked value."""
_LONGEST_SIBLING = 36
_BEFORE = 2
"""How many neighbours are shown before a value; a single one is shown after it."""
_MOST_LEVELS = 5
_DEEPEST = 200
_MOST_MEMBERS = 2_000_000
"""How many members are scanned, which takes a second; values after them are not found."""

_SPACE = re.compile(r"[ \t\r\n]*+")
# Numbers stay text: parsing a number takes time with the square of its digits.
_DECODER = json.JSONDecoder(parse_int=str, parse_float=str)


class ExcerptTarget(NamedTuple):
    """A value to show and mark.

    Args:
        pointer: JSON pointer (RFC 6901) to the value.
        is_name: Whether the property's name is marked instead of its value.
        is_about_names: Whether an object is shown as its property names alone.
    """

    pointer: str
    is_name: bool = False
    is_about_names: bool = False


def in_margin(lines: Iterable[str]) -> str:
    """Return the lines of an excerpt as text with a margin, as messages show it."""
    return "\n".join(f"{_MARGIN}{line}" for line in lines)


def marked(before: str, value: str, after: str = "") -> list[str]:
    """Return a line with a value, and below it the line with the value's marker."""
    shown = _cut(visible(value[: _LONGEST * 4], keep=""), _LONGEST)
    before, after = visible(before, keep=""), visible(after, keep="")
    return [f"{before}{shown}{after}", _marker(before, shown)]


def json_excerpts(text: str, targets: Iterable[ExcerptTarget]) -> dict[ExcerptTarget, list[str]]:
    """Return the lines around each value that is found; a text that is not JSON has none."""
    targets = [target for target in targets if target.pointer.count("/") <= _DEEPEST]
    found = _Scan(text, {target.pointer for target in targets}).found
    return {
        target: _laid_out(text, value, target) for target in targets if (value := found.get(target.pointer))
    }


class _Value:
    """A value in the text, by its position.

    Attributes:
        parent: The container, None for the whole text.
        name: The start and end of its key in an object, (0, 0) elsewhere.
        before: (start of the key or value, start of the value, its end) of the nearest neighbours before it.
        index: How many neighbours come before it.
    """

    __slots__ = ("before", "end", "index", "name", "parent", "start")

    def __init__(self, parent: "_Value | None", name: tuple[int, int], start: int) -> None:
        self.parent, self.name, self.start = parent, name, start
        self.end = start
        self.before: tuple[tuple[int, int, int], ...] = ()
        self.index = 0


class _Scan:
    """A single scan of a JSON text, which notes the positions of the values that are looked for.

    Of several properties with the same name the last one counts, as it does for JSON parsers.

    Attributes:
        found: JSON pointer → value.
    """

    def __init__(self, text: str, pointers: set[str]) -> None:
        self.found: dict[str, _Value] = {}
        self._text = text
        self._members = 0
        # The keys are steps of pointers; the key None holds the pointer that ends at this node.
        tree: dict[str | None, Any] = {}
        for pointer in pointers:
            node = tree
            for step in pointer.split("/")[1:]:
                node = node.setdefault(step.replace("~1", "/").replace("~0", "~"), {})
            node[None] = pointer
        try:
            whole = _Value(None, (0, 0), _skip_space(text, 0))
            self._scan_value(whole, tree)
            if _skip_space(text, whole.end) < len(text):
                self.found.clear()
        except (ValueError, IndexError, StopIteration, RecursionError):
            self.found.clear()  # the text is not JSON, nested too deeply, or too long

    def _scan_value(self, value: _Value, node: dict[str | None, Any]) -> None:
        """Find the end of a value, and inside it the values that are looked for."""
        if self._text[value.start] in "{[" and node.keys() - {None}:
            value.end = self._scan_members(value, node)
        else:
            _, value.end = _DECODER.raw_decode(self._text, value.start)
        if None in node:
            self.found[node[None]] = value

    def _scan_members(self, parent: _Value, node: dict[str | None, Any]) -> int:
        text, at = self._text, _skip_space(self._text, parent.start + 1)
        is_object = text[parent.start] == "{"
        closer = "}" if is_object else "]"
        before: deque[tuple[int, int, int]] = deque(maxlen=_BEFORE)
        index = 0
        while text[at] != closer:
            first, key, name = at, str(index), (0, 0)
            if is_object:
                key, at = scanstring(text, at + 1, True)
                name = (first, at)
                colon = _skip_space(text, at)
                if text[first] != '"' or text[colon] != ":":
                    raise ValueError(at)
                at = _skip_space(text, colon + 1)
            below = node.get(key)
            if below is None:
                _, end = _DECODER.raw_decode(text, at)
            else:
                self._forget(below)
                value = _Value(parent, name, at)
                value.before, value.index = tuple(before), index
                self._scan_value(value, below)
                end = value.end
            before.append((first, at, end))
            index += 1
            self._members += 1
            if self._members > _MOST_MEMBERS:
                raise ValueError(at)
            at = _skip_space(text, end)
            if text[at] == ",":
                at = _skip_space(text, at + 1)
                if text[at] == closer:
                    raise ValueError(at)
            elif text[at] != closer:
                raise ValueError(at)
        return at + 1

    def _forget(self, node: dict[str | None, Any]) -> None:
        for step, below in node.items() if self.found else ():
            if step is None:
                self.found.pop(below, None)
            else:
                self._forget(below)


def _laid_out(text: str, value: _Value, target: ExcerptTarget) -> list[str]:
    chain = [value]
    while chain[-1].parent is not None:
        chain.append(chain[-1].parent)
    ancestors = chain[:0:-1][-_MOST_LEVELS:]
    lines = ["..."] if len(ancestors) < len(chain) - 1 else []
    for depth, ancestor in enumerate(ancestors):
        indent = "  " * depth
        # The outermost container that is shown has a name if its own containers are left out.
        lines += [f"{indent}..."] * (depth > 0 and ancestor.index > 0)
        lines.append(f"{indent}{_key(text, ancestor)}{text[ancestor.start]}")
    indent = "  " * len(ancestors)
    lines += [f"{indent}..."] * (value.index > len(value.before))
    lines += [f"{indent}{_neighbour(text, *positions)}," for positions in value.before]
    behind, is_last = _behind(text, value)
    key = _key(text, value)
    shown = _short(text, value.start, value.end, is_about_names=target.is_about_names)
    lines.append(f"{indent}{key}{shown}" + ("," if behind else ""))
    lines.append(
        _marker(indent, key.removesuffix(": ")) if target.is_name and key else _marker(indent + key, shown)
    )
    if behind:
        lines.append(f"{indent}{behind}" + ("" if is_last else ","))
    lines += [f"{indent}..."] * (not is_last)
    return lines


def _behind(text: str, value: _Value) -> tuple[str, bool]:
    """Return the neighbour after a value, and whether no further neighbour follows."""
    if value.parent is None:
        return "", True
    members = _members(text, value.parent.start, _next(text, value.end))
    neighbour = next(members, None)
    return ("", True) if neighbour is None else (_neighbour(text, *neighbour), next(members, None) is None)


def _next(text: str, end: int) -> int:
    """Return where the member after a value starts."""
    at = _skip_space(text, end)
    return _skip_space(text, at + 1) if text[at : at + 1] == "," else at


def _skip_space(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at


def _members(text: str, container: int, at: int) -> Iterator[tuple[int, int, int]]:
    """Yield (start, start of the value, its end) of the members of a container, from a position on."""
    is_object = text[container] == "{"
    while text[at : at + 1] not in {"", "}", "]"}:
        first = at
        if is_object:
            _, at = scanstring(text, at + 1, True)
            at = _skip_space(text, _skip_space(text, at) + 1)
        _, end = _DECODER.raw_decode(text, at)
        yield first, at, end
        at = _next(text, end)


def _key(text: str, value: _Value) -> str:
    start, end = value.name
    return f"{_scalar(text, start, end, _LONGEST_SIBLING)}: " if end else ""


def _neighbour(text: str, first: int, start: int, end: int) -> str:
    name = ""
    if first < start:
        _, behind = scanstring(text, first + 1, True)
        name = f"{_scalar(text, first, behind, _LONGEST_SIBLING)}: "
    return name + _tiny(text, start, end, _LONGEST_SIBLING)


def _tiny(text: str, start: int, end: int, width: int) -> str:
    """Return a value in a few characters; a container shows only whether it is empty."""
    opener = text[start]
    if opener not in "{[":
        return _scalar(text, start, end, width)
    inside = "" if _skip_space(text, start + 1) == end - 1 else "..."
    return f"{opener}{inside}{text[end - 1]}"


def _short(text: str, start: int, end: int, *, is_about_names: bool) -> str:
    """Return a value on one line; a container shows as many members as fit."""
    if text[start] not in "{[":
        return _scalar(text, start, end, _LONGEST)
    pieces: list[str] = []
    used = 2
    for first, at, behind in _members(text, start, _skip_space(text, start + 1)):
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
    """Return text of at most so many columns; cut text ends in `...`, which also marks a secret that was cut."""
    if cell_width(text) <= width:
        return text
    kept = text[: width - 3]
    while cell_width(kept) > width - 3:
        kept = kept[:-1]
    return f"{kept}..."


def _marker(before: str, value: str) -> str:
    return " " * cell_width(before) + "^" * max(1, cell_width(value))
