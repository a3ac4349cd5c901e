"""The items that a mock remembers: by resource, id, and the items that contain them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

_MOST_ITEMS = 100_000
_MOST_BYTES = 256 * 1024 * 1024
"""Limits of everything that a mock remembers."""


class FullStateError(Exception):
    """The mock remembers as much as it may; the message says which limit is reached."""


class NoItemError(ValueError):
    """A value cannot be written as JSON, and so cannot be an item; the message has the reason."""


@dataclass(eq=False)
class KeptItem:
    """An item of a resource.

    Attributes:
        id: Its id, as the path has it, decoded.
        value: Its JSON value, with the fields that only requests have.
        within: Template of an enclosing item → the id of that item. An item is in every parent that it does not name.
        size: Size of the value in bytes.
    """

    id: str
    value: Any
    within: dict[str, str] = field(default_factory=dict)
    size: int = 0

    def is_in(self, within: Mapping[str, str]) -> bool:
        """Return whether the item is in the items that a path names."""
        return all(self.within.get(template, text) == text for template, text in within.items())


class KeptItems:
    """All items, by the name of their resource, in the order of their creation."""

    def __init__(self) -> None:
        self._by_id: dict[str, dict[str, list[KeptItem]]] = {}
        self._all: dict[str, dict[KeptItem, None]] = {}
        self.count = self.bytes = 0

    def find(self, resource: str, id_: str, within: Mapping[str, str]) -> KeptItem | None:
        """Return the item with an id in the given items; None if there is none."""
        alike = self._by_id.get(resource, {}).get(id_, ())
        return next((item for item in alike if item.is_in(within)), None)

    def alike(self, resource: str, id_: str) -> Iterable[KeptItem]:
        """Return the items with an id, in all enclosing items."""
        return tuple(self._by_id.get(resource, {}).get(id_, ()))

    def list(self, resource: str, within: Mapping[str, str]) -> Iterator[KeptItem]:
        """Yield the items of a resource in the given items."""
        return (item for item in list(self._all.get(resource, ())) if item.is_in(within))

    def resources(self) -> Iterable[str]:
        """Return the names of the resources that have items."""
        return [name for name, items in self._all.items() if items]

    def add(self, resource: str, item: KeptItem) -> None:
        """Add an item.

        Raises:
            FullStateError: A limit is reached.
            NoItemError: A number is too large for JSON: `1e400`.
        """
        item.size = self._checked_size(item.value, 0, 1)
        self._by_id.setdefault(resource, {}).setdefault(item.id, []).append(item)
        self._all.setdefault(resource, {})[item] = None
        self.count += 1
        self.bytes += item.size

    def change(self, item: KeptItem, value: Any) -> None:
        """Replace the value of an item.

        Raises:
            FullStateError: A limit is reached.
            NoItemError: A number is too large for JSON: `1e400`.
        """
        size = self._checked_size(value, item.size, 0)
        self.bytes += size - item.size
        item.value, item.size = value, size

    def remove(self, resource: str, item: KeptItem) -> None:
        """Remove an item."""
        self._all[resource].pop(item)
        alike = self._by_id[resource][item.id]
        alike.remove(item)
        if not alike:
            del self._by_id[resource][item.id]
        self.count -= 1
        self.bytes -= item.size

    def _checked_size(self, value: Any, before: int, added: int) -> int:
        try:
            size = len(json.dumps(value, default=str, allow_nan=False))
        except ValueError as error:
            raise NoItemError("A number is too large to remember") from error
        if self.count + added > _MOST_ITEMS:
            raise FullStateError(f"The mock remembers at most {_MOST_ITEMS:,} objects")
        if self.bytes - before + size > _MOST_BYTES:
            raise FullStateError(f"The mock remembers at most {_MOST_BYTES >> 20} MiB")
        return size
