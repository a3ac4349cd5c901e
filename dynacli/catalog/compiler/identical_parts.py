"""Tells which parts of a document are equal, so that each is compiled once."""

import hashlib
from collections.abc import Mapping
from typing import Any

__all__ = ["Originals", "digest_of"]

_MOST_PARTS = 24
"""How many objects and lists a part may have; comparing larger ones costs more than it saves."""


class Originals:
    """Returns for an object of a document the first object that is equal to it.

    An object that has a reference in it, or is large, is returned itself: it may contain itself.
    """

    def __init__(self) -> None:
        self._firsts: dict[bytes, Mapping[str, Any]] = {}
        # The keys are ids of objects, which stay unique only as long as the objects are there.
        self._known: dict[int, tuple[Mapping[str, Any], Mapping[str, Any]]] = {}

    def __call__(self, value: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the first object that is equal to this one; neither may be changed."""
        if id(value) not in self._known:
            self._known[id(value)] = value, self._first(value) if _is_small(value) else value
        return self._known[id(value)][1]

    def _first(self, value: Mapping[str, Any]) -> Mapping[str, Any]:
        from dynacli.import_orjson import orjson

        try:
            return self._firsts.setdefault(orjson.dumps(value), value)
        except TypeError:  # integers beyond 64 bits, lone surrogates
            return value


def digest_of(value: Any) -> bytes | int:
    """Return a key that two values have in common only if they are equal.

    Args:
        value: A part of the document with its references in place; with references replaced it may contain itself.
    """
    from dynacli.import_orjson import orjson

    try:
        return hashlib.sha256(orjson.dumps(value)).digest()
    except TypeError:  # integers beyond 64 bits, lone surrogates
        return id(value)


def _is_small(value: Any) -> bool:
    """Return whether a value has no reference in it, and few parts."""
    stack, left = [value], _MOST_PARTS
    while stack:
        node = stack.pop()
        left -= 1
        if left < 0 or (isinstance(node, dict) and "$ref" in node):
            return False
        members = node.values() if isinstance(node, dict) else node
        stack.extend([member for member in members if isinstance(member, (dict, list))])
    return True
