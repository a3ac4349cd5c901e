"""Which parts of two documents are the same without looking into them.

Two values are the same when they are equal and all that they refer to is the same. For a value that is equal
it is enough to know whether one of the references in it is *touched*: leads to something that differs, or to
something with a touched reference in it. That is found out once for each reference.
"""

from typing import Any

import orjson

from dynacli.changes.comparing.compared_document import Side

__all__ = ["Touched"]

_MOST_NODES = 3_000_000
"""References into each other's insides would have the same parts walked again and again; then nothing is skipped."""

_NESTED = (dict, list)
_DIALECT = frozenset(("exclusiveMinimum", "exclusiveMaximum", "$ref"))
"""Keywords that mean one thing in OpenAPI 3.0 and another later, `$ref` where something stands beside it."""


class Touched:
    """Tells equal values that mean the same from those that refer to something that changed.

    Args:
        old: The old document.
        new: The new one.
    """

    def __init__(self, old: Side, new: Side) -> None:
        self._old, self._new = old, new
        self._has_other_dialect = old.is_3_0 != new.is_3_0
        self._left = _MOST_NODES
        self._loud: dict[int, bool] = {}
        self._refs = self._find()

    def is_same(self, old: Any, new: Any) -> bool:
        """Return whether a value of the old document and one of the new mean the same, as far as is plain."""
        return self._left > 0 and _is_equal(old, new) and not self._is_loud(new)

    def _find(self) -> set[str]:
        """Return the references of the new document that are touched."""
        users: dict[str, set[str]] = {}
        touched: set[str] = set()
        tree = self._new.tree
        waiting = list(self._in_node([tree.get(word) for word in ("paths", "webhooks", "x-webhooks")]))
        seen = set(waiting)
        while waiting:
            ref = waiting.pop()
            old, new = self._old.target(ref), self._new.target(ref)
            if new is None:
                if old is not None:
                    touched.add(ref)
                continue
            inner = self._in_node(new.node)
            if old is None or not _is_equal(old.node, new.node) or self._is_of_dialect(new.node):
                touched.add(ref)
            for one in inner:
                users.setdefault(one, set()).add(ref)
                if one not in seen:
                    seen.add(one)
                    waiting.append(one)
        spreading = list(touched)
        while spreading:
            for user in users.get(spreading.pop(), ()):
                if user not in touched:
                    touched.add(user)
                    spreading.append(user)
        return touched

    def _in_node(self, node: Any) -> set[str]:
        """Return the references in a value, those in examples included: one too many does no harm."""
        found: set[str] = set()
        stack = [node]
        while stack and self._left > 0:
            self._left -= 1
            one = stack.pop()
            values: list[Any] = one if isinstance(one, list) else []
            if isinstance(one, dict):
                for word in ("$ref", "$dynamicRef"):
                    if word in one and isinstance(one[word], str):
                        found.add(one[word])
                values = list(one.values())
            stack.extend([each for each in values if isinstance(each, _NESTED)])
        return found

    def _is_of_dialect(self, node: Any) -> bool:
        """Return whether a value has something that means another thing in the other version."""
        if not self._has_other_dialect:
            return False
        stack = [node]
        while stack:
            one = stack.pop()
            if isinstance(one, dict):
                if self._has_dialect(one):
                    return True
                stack.extend(one.values())
            elif isinstance(one, list):
                stack.extend(one)
        return False

    @staticmethod
    def _has_dialect(node: dict[str, Any]) -> bool:
        words = _DIALECT & node.keys()
        return bool(words) and (words != {"$ref"} or len(node) > 1)

    def _is_loud(self, node: Any) -> bool:
        """Return whether a value has a touched reference in it; each is looked into once."""
        if not isinstance(node, _NESTED) or not (self._refs or self._has_other_dialect):
            return False
        known = self._loud.get(id(node))
        if known is None:
            known = isinstance(node, dict) and self._is_loud_itself(node)
            for one in node.values() if isinstance(node, dict) else node:
                # All are looked into, so that asking about a part later costs nothing.
                if isinstance(one, _NESTED) and self._is_loud(one):
                    known = True
            self._loud[id(node)] = known
        return known

    def _is_loud_itself(self, node: dict[str, Any]) -> bool:
        if "$ref" in node and isinstance(node["$ref"], str) and node["$ref"] in self._refs:
            return True
        if (
            "$dynamicRef" in node
            and isinstance(node["$dynamicRef"], str)
            and node["$dynamicRef"] in self._refs
        ):
            return True
        return self._has_other_dialect and self._has_dialect(node)


def _is_equal(old: Any, new: Any) -> bool:
    """Return whether two values are equal in JSON: to Python, true is 1."""
    if old != new:
        return False
    try:
        return orjson.dumps(old) == orjson.dumps(new) or _sorted(old) == _sorted(new)
    except (TypeError, RecursionError):  # an integer of many digits, a lone surrogate
        return False


def _sorted(value: Any) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
