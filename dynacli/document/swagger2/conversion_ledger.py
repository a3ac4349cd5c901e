"""What the parts of one conversion tell each other: where things went, what refers, what was lost."""

from typing import Any, Literal, NamedTuple

from dynacli.document.pointer import MISSING, join, step_into
from dynacli.document.references.place_origins import Move
from dynacli.document.references.scan import Locator
from dynacli.document.swagger2.converted_places import ConvertedPlace

__all__ = ["Kind", "Ledger", "Referrer"]

Kind = Literal["", "schemas", "parameters", "responses", "requestBodies", "headers", "pathItems"]
"""What a reference has to lead to, as `components` of 3.0 calls it; empty where that is not known."""

_MAX_HOPS = 100

_MAX_COPIED = 16 * 1024 * 1024
"""How much of a document may be written more than once, in characters with 8 more for each value.

Swagger says once for many operations what OpenAPI says in each of them: media types, shared bodies and
responses. Without a limit a document of a megabyte could be made to become one of a terabyte.
"""

_COST_OF_COPY = 200
"""What each copy counts beside what is in it: it takes an entry, and places that are remembered."""


class Referrer(NamedTuple):
    """An object of the new document that refers to another place, in words of the old document still.

    Args:
        node: The object that has the reference.
        key: Its key in there, for instance `$ref`.
        kind: What it has to lead to.
    """

    node: dict[str, Any]
    key: str
    kind: Kind


class Ledger:
    """The book that is kept of one conversion.

    Args:
        source: The Swagger document.

    Attributes:
        moves: Where parts of the new document stood.
        warnings: (message, JSON pointer in the Swagger document).
        referrers: References that still have to be turned to where their targets went.
    """

    def __init__(self, source: dict[str, Any]) -> None:
        self.source = source
        self.moves: list[Move] = []
        self.warnings: list[tuple[str, str]] = []
        self.referrers: list[Referrer] = []
        self._went: dict[str, str] = {}
        self._locator = Locator(source, "", [])
        self._located: dict[str, tuple[str, ...] | None] = {}
        self._left = _MAX_COPIED

    def warn(self, message: str, spot: ConvertedPlace) -> None:
        """Note that something could not be carried over."""
        self.warnings.append((message, spot.old))

    def moved(self, spot: ConvertedPlace) -> None:
        """Note where a part went; of several places the first is the one that references get."""
        self.came(spot)
        self._went.setdefault(spot.old, spot.new)

    def has_moved(self, old: str) -> bool:
        """Tell whether the part at a JSON pointer of the Swagger document is written somewhere already."""
        return old in self._went

    def came(self, spot: ConvertedPlace) -> None:
        """Note where a part came from that references to that place do not get."""
        self.moves.append(Move(spot.new, 0, spot.old))

    def made(self, value: Any, new: ConvertedPlace, old: str) -> Any:
        """Note that a part was made out of another one, and return it.

        Args:
            value: The part; everything in it was made of the same place.
            new: Where it is in the new document.
            old: The JSON pointer in the Swagger document of what it was made of.
        """
        self._made(value, new.new, old)
        return value

    def _made(self, value: Any, new: str, old: str) -> None:
        self.moves.append(Move(new, 0, old))
        if isinstance(value, dict):
            for key, item in value.items():
                self._made(item, new + join((key,)), old)
        elif isinstance(value, list):
            for index, item in enumerate(value):
                self._made(item, new + join((index,)), old)

    def refer(self, node: dict[str, Any], key: str, kind: Kind) -> None:
        """Note that an object of the new document has a reference of the old one."""
        self.referrers.append(Referrer(node, key, kind))

    def referring(self, raw: dict[str, Any], kind: Kind) -> dict[str, Any]:
        """Return a copy of an object of the old document that has a `$ref`, which is noted."""
        made = dict(raw)
        self.refer(made, "$ref", kind)
        return made

    def where_to(self, old: str) -> str:
        """Return the JSON pointer in the new document of what stood at one in the Swagger document."""
        start = old
        while start and start not in self._went:
            start = start.rpartition("/")[0]
        return self._went.get(start, "") + old[len(start) :]

    def locate(self, ref: str) -> tuple[str, ...] | None:
        """Return the steps to what a reference means in the Swagger document; None where that is nothing.

        References on the way are followed (`#/a/b` where `a` is a `$ref`), one at its end is not.
        """
        if ref not in self._located:
            self._located[ref] = self._locator.locate_ref(ref)
        return self._located[ref]

    def follow(self, node: Any) -> tuple[Any, tuple[str, ...]]:
        """Return what stands at the end of a chain of references in the Swagger document, and the steps to it.

        Returns:
            The value and its steps; `MISSING` where the chain leads nowhere or around. The node itself,
            without steps, where it is no reference.
        """
        steps: tuple[str, ...] = ()
        for _ in range(_MAX_HOPS):
            ref = node.get("$ref") if isinstance(node, dict) else None
            if not isinstance(ref, str):
                return node, steps
            found = self.locate(ref)
            if found is None:
                break
            steps = found
            node = self.at(steps)
        return MISSING, ()

    def at(self, steps: tuple[str, ...]) -> Any:
        """Return the value at the end of steps that exist."""
        node: Any = self.source
        for step in steps:
            node = step_into(node, step)
        return node

    def affords(self, *values: Any, spot: ConvertedPlace) -> bool:
        """Tell whether these may be written once more; past the limit a warning says that they were not."""
        cost = _COST_OF_COPY + sum(_size(value, self._left) for value in values)
        if cost > self._left:
            if self._left:
                self.warn(
                    "This is shared by too many operations to be written into each;"
                    " it and all further ones like it are not",
                    spot,
                )
            self._left = 0
            return False
        self._left -= cost
        return True


def _size(value: Any, most: int) -> int:
    size = 0
    stack = [value]
    while stack and size <= most:
        node = stack.pop()
        size += 8
        if isinstance(node, str):
            size += len(node)
        elif isinstance(node, dict):
            size += sum(map(len, node))
            stack.extend(node.values())
        elif isinstance(node, list):
            stack.extend(node)
    return size
