"""JSON values in a limited number of bytes: too long values are cut, and each cut is reported."""

import json
import math
from collections.abc import Iterator
from typing import Any

from dynacli.client.pages.page_rule import place_at
from dynacli.record import record

_DEEPEST = 60
"""Levels that a value may be nested; pydantic writes the messages of the protocol, and refuses 255 levels."""
_SHORTEST_TEXT = 40
"""Characters that a cut text keeps at least."""
_Steps = tuple[str | int, ...]


@record
class Cut:
    """A part of a value that was shortened.

    Args:
        steps: The keys and indexes of the part in the value.
        kept: The number of items, members or characters that are left.
        of: The number before the cut.
        unit: `items`, `members`, `characters`, or `levels` if the value is nested too deeply.
    """

    steps: _Steps
    kept: int
    of: int
    unit: str

    def as_json(self) -> dict[str, Any]:
        """Return the cut for the response of a tool; for a list, with the JMESPath expression of the rest."""
        place = place_at(*self.steps).text
        reported: dict[str, Any] = {"at": place, "kept": self.kept, "of": self.of, "unit": self.unit}
        if self.unit == "items":
            reported["rest"] = f"{'' if place == '@' else place}[{self.kept}:]"
        return reported


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


def fitted(value: Any, room: int) -> tuple[Any, list[Cut]]:
    """Return a JSON value that is cut to about `room` bytes, and the cuts.

    Lone surrogates, infinite numbers and NaN cannot be sent as JSON, so they are replaced.
    """
    fitting = _Fitting()
    return fitting.fit(value, max(room, 2), ()), sorted(fitting.cuts, key=lambda cut: len(cut.steps))


class _Fitting:
    """A value while it is cut.

    Attributes:
        cuts: The cuts so far.
    """

    def __init__(self) -> None:
        self.cuts: list[Cut] = []

    def fit(self, value: Any, room: int, steps: _Steps) -> Any:
        """Return the value, cut to `room` bytes if it can be made that small."""
        if isinstance(value, dict | list) and value and len(steps) >= _DEEPEST:
            self.cuts.append(Cut(steps, 0, 1, "levels"))
            return None
        match value:
            case dict():
                return self._object(value, room, steps)
            case list():
                return self._list(value, room, steps)
            case str():
                return self._text(value, room, steps)
            case float() if not math.isfinite(value):
                return str(value)
        return value

    def _list(self, items: list[Any], room: int, steps: _Steps) -> list[Any]:
        kept: list[Any] = []
        left = room - 2
        for index, item in enumerate(items):
            size = size_of(item, left) + bool(index)
            if size > left and index:
                break
            # The first item is always kept, because it shows the shape of the others.
            kept.append(self.fit(item, left, (*steps, index)))
            left -= size
        if len(kept) < len(items):
            self.cuts.append(Cut(steps, len(kept), len(items), "items"))
        return kept

    def _object(self, members: dict[str, Any], room: int, steps: _Steps) -> dict[str, Any]:
        sizes: dict[str, int] = {}
        left = math.inf if size_of(members, room) <= room else room - 2
        for key, value in members.items():
            # A member is kept if there is room for its name and a short value.
            least = _bytes(key) + 6
            if least > left and sizes:
                break
            sizes[key] = size_of(value, room)
            left -= least
        if len(sizes) < len(members):
            self.cuts.append(Cut(steps, len(sizes), len(members), "members"))
        names = sum(_bytes(key) + 2 for key in sizes) + 1
        shares = dict(_shares(sizes, room - names))
        return {_sendable(key): self.fit(members[key], share, (*steps, key)) for key, share in shares.items()}

    def _text(self, text: str, room: int, steps: _Steps) -> str:
        text = _sendable(text)
        if size_of(text) <= room:
            return text
        whole = len(text)
        kept = max(_SHORTEST_TEXT, room - 5)
        cut = text[:kept]
        while len(cut) > _SHORTEST_TEXT and size_of(cut) + 3 > room:
            cut = cut[: max(_SHORTEST_TEXT, len(cut) * 3 // 4)]
        if len(cut) >= whole:
            return text
        self.cuts.append(Cut(steps, len(cut), whole, "characters"))
        return f"{cut}..."


def _shares(sizes: dict[str, int], room: int) -> Iterator[tuple[str, int]]:
    """Yield the bytes for each member: small members get their whole size, and large ones share the rest."""
    left, count = room, len(sizes)
    shares: dict[str, int] = {}
    for key, size in sorted(sizes.items(), key=lambda pair: pair[1]):
        shares[key] = min(size, max(left // count, 2))
        left, count = left - shares[key], count - 1
    for key in sizes:
        yield key, shares[key]


def _sendable(text: str) -> str:
    """Return a text without lone surrogates, which UTF-8 cannot encode."""
    if text.isascii():
        return text
    return text.encode("utf-8", "replace").decode()
