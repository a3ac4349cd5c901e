"""Finding the parts of two documents that are the same, and need not be compared.

Two values are the same when they are equal and everything that they refer to is the same. For equal values
it is enough to know whether a reference in them is *touched*: it leads to a value that differs, or to
a value with a touched reference in it. Each reference is followed once.
"""

from collections.abc import Iterator
from typing import Any

from dynacli.changes.comparing.compared_document import ComparedDocument
from dynacli.import_orjson import orjson

__all__ = ["UnchangedParts"]

_MOST_NODES = 3_000_000
"""Where references overlap so much that more nodes would be walked, everything is compared."""

_NESTED = (dict, list)


class UnchangedParts:
    """Tells equal values that mean the same from those that refer to a value that changed.

    Args:
        old: The old document.
        new: The new document.
    """

    def __init__(self, old: ComparedDocument, new: ComparedDocument) -> None:
        self._old, self._new = old, new
        self._left = _MOST_NODES
        self._known: dict[int, bool] = {}
        self._touched_refs = self._find_touched_refs()

    def is_same(self, old: Any, new: Any) -> bool:
        """Return whether a value of the old document and a value of the new one surely mean the same."""
        return self._left > 0 and _is_equal(old, new) and not self._is_touched(new)

    def _find_touched_refs(self) -> set[str]:
        """Return the references of the new document that lead to a change."""
        users: dict[str, set[str]] = {}
        touched: set[str] = set()
        tree = self._new.tree
        waiting = list(self._refs_in([tree.get(key) for key in ("paths", "webhooks", "x-webhooks")]))
        seen = set(waiting)
        while waiting:
            ref = waiting.pop()
            old, new = self._old.target(ref), self._new.target(ref)
            if new is None:
                if old is not None:
                    touched.add(ref)
                continue
            inner_refs = self._refs_in(new.node)
            if old is None or not _is_equal(old.node, new.node):
                touched.add(ref)
            for inner in inner_refs:
                users.setdefault(inner, set()).add(ref)
                if inner not in seen:
                    seen.add(inner)
                    waiting.append(inner)
        spreading = list(touched)
        while spreading:
            for user in users.get(spreading.pop(), ()):
                if user not in touched:
                    touched.add(user)
                    spreading.append(user)
        return touched

    def _refs_in(self, node: Any) -> set[str]:
        """Return the references in a value; those in examples are included, which does no harm."""
        found: set[str] = set()
        stack = [node]
        while stack and self._left > 0:
            self._left -= 1
            current = stack.pop()
            values: list[Any] = current if isinstance(current, list) else []
            if isinstance(current, dict):
                found.update(_own_refs(current) if _has_ref(current) else ())
                values = list(current.values())
            stack.extend([value for value in values if isinstance(value, _NESTED)])
        return found

    def _is_touched(self, node: Any) -> bool:
        """Return whether a value holds a touched reference; each value is searched once."""
        if not isinstance(node, _NESTED) or not self._touched_refs:
            return False
        known = self._known.get(id(node))
        if known is None:
            known = isinstance(node, dict) and self._is_touched_itself(node)
            for value in node.values() if isinstance(node, dict) else node:
                # The search goes on after a find, so that the parts are known when they are asked for.
                if isinstance(value, _NESTED) and self._is_touched(value):
                    known = True
            self._known[id(node)] = known
        return known

    def _is_touched_itself(self, node: dict[str, Any]) -> bool:
        return _has_ref(node) and any(ref in self._touched_refs for ref in _own_refs(node))


def _has_ref(node: dict[str, Any]) -> bool:
    # Asked for each object of a document, of which few have a reference.
    return "$ref" in node or "$dynamicRef" in node


def _own_refs(node: dict[str, Any]) -> Iterator[str]:
    for keyword in ("$ref", "$dynamicRef"):
        if keyword in node and isinstance(node[keyword], str):
            yield node[keyword]


def _is_equal(old: Any, new: Any) -> bool:
    """Return whether two values are equal in JSON; to Python, true equals 1."""
    if old != new:
        return False
    try:
        return orjson.dumps(old) == orjson.dumps(new) or _sorted(old) == _sorted(new)
    except (TypeError, RecursionError):  # an integer of many digits, a lone surrogate
        return False


def _sorted(value: Any) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
