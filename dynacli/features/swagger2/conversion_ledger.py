"""The ledger of a conversion: moved parts, references to rewrite, and warnings about lost parts."""

from __future__ import annotations

from functools import lru_cache
from operator import itemgetter
from typing import Any, Literal, NamedTuple

from dynacli.openapi.document.json_trees import MISSING, join, step_into
from dynacli.openapi.document.references.place_origins import Move
from dynacli.openapi.document.references.scan import Locator
from dynacli.openapi.references import REFERENCE, DanglingReferenceError, end_of_references, reference_of

Kind = Literal["", "schemas", "parameters", "responses", "requestBodies", "headers", "pathItems"]
"""The section of `components` in 3.0 for the target of a reference; empty if unknown."""

_MAX_COPIED = 16 * 1024 * 1024
"""Maximum size of all copies, counted in characters, and 8 more for each value.

Swagger states media types, shared bodies and shared responses once for many operations. OpenAPI repeats them in each
operation, so without a limit a megabyte could become a terabyte.
"""

_COST_OF_COPY = 200
"""Size of a copy in addition to its content, for its key and the notes of its origins."""


# Most steps are the same few: `schema`, `properties`, `0`.
_joined = lru_cache(maxsize=1024)(join)


class _Referrer(NamedTuple):
    """An object of the new document with a reference that still has its value from the Swagger document.

    Args:
        node: The object.
        key: The key of the reference, for instance `$ref`.
        kind: The kind of the reference's target.
    """

    node: dict[str, Any]
    key: str
    kind: Kind


class Ledger:
    """The record of a conversion, which most code uses through `ConvertedPlace`.

    Attributes:
        moves: The origins of parts of the new document.
        warnings: A message and a JSON pointer in the Swagger document, for each part that could not be converted.
        referrers: The references that must still be rewritten.
    """

    def __init__(self, source: dict[str, Any]) -> None:
        self.source = source
        self.moves: list[Move] = []
        self.warnings: list[tuple[str, str]] = []
        self.referrers: list[_Referrer] = []
        self._new_pointers: dict[str, str] = {}
        self._locator = Locator(source, "", [])
        self._located: dict[str, tuple[str, ...] | None] = {}
        self._copies_left = _MAX_COPIED

    def note_move(self, old: str, new: str) -> None:
        """Note the new location of a part; references use the first location if there are several."""
        self.note_origin(old, new)
        self._new_pointers.setdefault(old, new)

    def has_moved(self, old: str) -> bool:
        """Return whether a part of the Swagger document already has a location in the new document."""
        return old in self._new_pointers

    def note_origin(self, old: str, new: str) -> None:
        """Note the origin of a part, without changing references to the origin."""
        self.moves.append(Move(new, 0, old))

    def note_made(self, value: Any, new: str, old: str) -> None:
        """Note that a part and all its contents were made from one part of the Swagger document."""
        self.moves.append(Move(new, 0, old))
        if isinstance(value, dict):
            for key, item in value.items():
                self.note_made(item, new + join((key,)), old)
        elif isinstance(value, list):
            for index, item in enumerate(value):
                self.note_made(item, new + join((index,)), old)

    def add_referrer(self, node: dict[str, Any], key: str, kind: Kind) -> None:
        """Note a reference in the new document that must be rewritten."""
        self.referrers.append(_Referrer(node, key, kind))

    def note_reference(self, node: dict[str, Any], kind: Kind) -> None:
        """Note the `$ref` of an object of the new document, if it has one."""
        if reference_of(node) is not None:
            self.add_referrer(node, REFERENCE, kind)

    def copy_reference(self, raw: dict[str, Any], kind: Kind) -> dict[str, Any]:
        """Return a copy of an object of the Swagger document that has a `$ref`, and note the reference."""
        copy = dict(raw)
        self.note_reference(copy, kind)
        return copy

    def new_pointer(self, old: str) -> str:
        """Return the new JSON pointer of a part of the Swagger document."""
        start = old
        while start and start not in self._new_pointers:
            start = start.rpartition("/")[0]
        return self._new_pointers.get(start, "") + old[len(start) :]

    def locate(self, ref: str) -> tuple[str, ...] | None:
        """Return the steps to the target of a reference in the Swagger document; None if there is none.

        References on the way are followed, such as `a` in `#/a/b`. A target that is a reference itself is not followed.
        """
        if ref not in self._located:
            self._located[ref] = self._locator.locate_ref(ref)
        return self._located[ref]

    def follow(self, node: Any) -> tuple[Any, tuple[str, ...]]:
        """Follow a chain of references in the Swagger document to its end.

        Returns:
            The value at the end, and the steps to it. The value is `MISSING` if the chain is broken or circular. If the
            node is not a reference, the node itself and no steps.
        """
        try:
            start: tuple[Any, tuple[str, ...]] = node, ()
            return end_of_references(start, self._target, itemgetter(0))
        except LookupError:
            return MISSING, ()

    def _target(self, ref: str) -> tuple[Any, tuple[str, ...]]:
        steps = self.locate(ref)
        if steps is None:
            raise DanglingReferenceError(ref)
        return self.value_at(steps), steps

    def value_at(self, steps: tuple[str, ...]) -> Any:
        """Return the value at the end of steps that exist."""
        node: Any = self.source
        for step in steps:
            node = step_into(node, step)
        return node

    def may_copy(self, values: tuple[Any, ...], old: str) -> bool:
        """Return whether values may be copied; warn the first time that they may not."""
        cost = _COST_OF_COPY + sum(_copied_size(value, self._copies_left) for value in values)
        if cost > self._copies_left:
            if self._copies_left:
                message = (
                    "This is shared by too many operations to be written into each;"
                    " it and all further ones like it are not"
                )
                self.warnings.append((message, old))
            self._copies_left = 0
            return False
        self._copies_left -= cost
        return True


def _copied_size(value: Any, most: int) -> int:
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


class ConvertedPlace:
    """The old and the new location of a part that is converted.

    Args:
        old: JSON pointer in the Swagger document.
        new: JSON pointer in the OpenAPI document.
    """

    __slots__ = ("ledger", "new", "old")

    def __init__(self, ledger: Ledger, old: str = "", new: str = "") -> None:
        self.ledger = ledger
        self.old = old
        self.new = new

    def at(self, old: str, new: str = "") -> ConvertedPlace:
        """Return another location in the same conversion."""
        return ConvertedPlace(self.ledger, old, new)

    def below(self, *steps: str | int) -> ConvertedPlace:
        """Return a location below this one, by the same steps in both documents."""
        piece = _joined(steps)
        return self.at(self.old + piece, self.new + piece)

    def relocated(self, old: tuple[str | int, ...], new: tuple[str | int, ...]) -> ConvertedPlace:
        """Return a location below this one, by different steps in the two documents."""
        return self.at(self.old + _joined(old), self.new + _joined(new))

    def warn(self, message: str) -> None:
        """Add a warning about the part at this location."""
        self.ledger.warnings.append((message, self.old))

    def note_move(self) -> None:
        """Note this new location of a part; references use the first location if there are several."""
        self.ledger.note_move(self.old, self.new)

    def note_origin(self) -> None:
        """Note the origin of the part, without changing references to the origin."""
        self.ledger.note_origin(self.old, self.new)

    def note_made(self, value: Any, old: str) -> Any:
        """Note that this part and all its contents were made from one part of the Swagger document; return the part."""
        self.ledger.note_made(value, self.new, old)
        return value

    def may_copy(self, *values: Any) -> bool:
        """Return whether values may be copied to this location; warn the first time that they may not."""
        return self.ledger.may_copy(values, self.old)
